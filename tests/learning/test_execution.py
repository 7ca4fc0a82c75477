"""The twin that is trained in a network's place."""

import keras
import numpy as np
import pytest
from numpy.typing import NDArray

from digits.image_format import to_input
from digits.learning import cli
from digits.learning.execution import TrainingModel
from digits.learning.fused import FusedAdam, FusedBatchNormalization
from digits.learning.line_training import LineTrainingModel
from digits.learning.precision import Precision
from digits.line_image import HEIGHT
from digits.networks import LINE, MODELS

Arrays = dict[str, NDArray[np.uint8]]


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_the_line_networks_twin_has_its_variables_and_answers(precision: Precision) -> None:
    """At any width; its last layer with weights, and what follows, compute in float32."""
    keras.utils.set_random_seed(0)
    network = cli.builder(LINE)()
    twin = LineTrainingModel.of(network, 32, precision)
    for one, other in zip(network.weights, twin.weights, strict=True):
        assert (one.path, one.shape, one.dtype) == (other.path, other.shape, other.dtype)
    assert twin.get_layer("answers").compute_dtype == "float32"
    assert {layer.compute_dtype for layer in twin.layers if layer.name.endswith("_norm")} == {precision}
    for width in (40, 120):
        given = np.random.default_rng(0).random((2, HEIGHT, width, 1), np.float32)
        expected, found = np.asarray(network(given)), np.asarray(twin(given))
        assert found == pytest.approx(expected, abs=1e-4 if precision == "float32" else 0.05 * np.abs(expected).max())


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("name", MODELS)
def test_a_twin_has_the_networks_variables_and_answers(name: str, precision: Precision, arrays: Arrays) -> None:
    keras.utils.set_random_seed(0)
    network = cli.builder(name)()
    twin = TrainingModel.of(network, 32, precision)
    for one, other in zip(network.weights, twin.weights, strict=True):
        assert (one.path, one.shape, one.dtype) == (other.path, other.shape, other.dtype)
        assert np.array_equal(one.numpy(), other.numpy())
    normalised = [layer for layer in twin.layers if isinstance(layer, keras.layers.BatchNormalization)]
    assert normalised and all(isinstance(layer, FusedBatchNormalization) for layer in normalised)
    assert twin.layers[-1].compute_dtype == "float32"
    assert {layer.compute_dtype for layer in normalised} == {precision}
    given = to_input(arrays["x_train"][:8])
    difference = np.abs(np.asarray(network(given)) - np.asarray(twin(given))).max()
    assert difference < (1e-4 if precision == "float32" else 0.05)


def tiny() -> keras.Model:
    keras.utils.set_random_seed(1)
    pixels = keras.Input((28, 28, 1))
    x = keras.layers.Dense(8, use_bias=False)(keras.layers.Flatten()(pixels))
    x = keras.layers.ReLU()(keras.layers.BatchNormalization()(x))
    return keras.Model(pixels, keras.layers.Dense(10, activation="softmax", name="predictions")(x))


def test_an_execution_takes_kerass_steps(arrays: Arrays) -> None:
    """Batch by batch as plain Keras does, the last batch with fewer images; loss and accuracy are the epoch's."""
    images, labels = to_input(arrays["x_train"]), arrays["y_train"]
    network = tiny()
    twin = TrainingModel.of(network, 16, "float32")
    twin.compile(optimizer=FusedAdam(1e-2), jit_compile=False)
    network.compile(
        keras.optimizers.Adam(1e-2), "sparse_categorical_crossentropy", metrics=["accuracy"], jit_compile=False
    )
    expected = network.fit(images, labels, 16, epochs=2, shuffle=False, verbose=0).history
    executed = ((images, labels) for _ in range(3))
    found = twin.fit(executed, steps_per_epoch=1, epochs=2, verbose=0).history
    for key in ("loss", "accuracy"):
        assert found[key] == pytest.approx(expected[key], rel=1e-4)
    assert int(twin.optimizer.iterations) == int(network.optimizer.iterations) == 8
    for one, other in zip(network.get_weights(), twin.get_weights(), strict=True):
        assert np.allclose(one, other, atol=1e-4)
    assert twin.evaluate(images, labels, 25, verbose=0) == pytest.approx(
        network.evaluate(images, labels, 25, verbose=0), rel=1e-4
    )
