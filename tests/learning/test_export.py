import os
import shutil
import zipfile
from importlib import import_module
from pathlib import Path
from typing import Any

import cv2
import keras
import numpy as np
import pytest
from numpy.typing import NDArray

from digits.errors import UserError
from digits.image_format import to_input
from digits.learning import export
from digits.line_image import HEIGHT, STRIDE
from digits.networks import LINE, MODELS
from tests.small_networks import vouch


def lived_in(name: str) -> keras.Model:
    """A network whose weights and running statistics are all of the size that training leaves."""
    keras.utils.set_random_seed(3)
    model = import_module(name).build_model()
    rng = np.random.default_rng(3)
    model.set_weights(
        [
            weights * (1 + 0.1 * rng.standard_normal(weights.shape)) + 1e-4 * rng.standard_normal(weights.shape)
            for weights in model.get_weights()
        ]
    )
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.moving_variance.assign(np.abs(layer.moving_variance.numpy()))
    if name != LINE:
        model.get_layer("predictions").kernel.assign(rng.standard_normal(model.get_layer("predictions").kernel.shape))
    return model


def opencv_probabilities(path: Path, given: NDArray[np.float32]) -> NDArray[np.float32]:
    network = cv2.dnn.readNetFromONNX(str(path))
    network.setInput(given)
    return np.asarray(network.forward(), np.float32)


@pytest.fixture(scope="module", params=MODELS)
def network(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> keras.Model:
    """One that is exported by Keras, which takes seconds, only once: further times give a copy of that file."""
    model = lived_in(request.param)
    export_as_keras_does, exported = model.export, tmp_path_factory.mktemp("exported") / "model.onnx"

    def once(path: Path, **options: Any) -> None:
        if not exported.exists():
            export_as_keras_does(exported, **options)
        shutil.copy(exported, path)

    model.export = once
    return model


@pytest.fixture(scope="module")
def given(arrays: dict[str, NDArray[np.uint8]]) -> NDArray[np.float32]:
    return to_input(arrays["x_test"])


@pytest.fixture(scope="module")
def expected(network: keras.Model, given: NDArray[np.float32]) -> NDArray[np.float32]:
    answers: NDArray[np.float32] = network.predict(given, verbose=0)
    assert answers.max(axis=1).min() > 0.15  # decided answers, not ten times a tenth
    return answers


def test_a_saved_network_is_loaded_as_it_was(
    network: keras.Model, given: NDArray[np.float32], expected: NDArray[np.float32], tmp_path: Path
) -> None:
    export.save_keras(network, tmp_path / "network.keras")
    loaded = export.load_model(tmp_path / "network.keras")
    assert loaded.predict(given, verbose=0) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("half", [False, True])
def test_the_twins_agree(
    half: bool, network: keras.Model, given: NDArray[np.float32], expected: NDArray[np.float32], tmp_path: Path
) -> None:
    export.save_onnx(network, tmp_path / "network.onnx", half)
    assert opencv_probabilities(tmp_path / "network.onnx", given) == pytest.approx(expected, abs=2e-2 if half else 1e-4)


def test_the_twins_of_the_line_network_agree_at_every_width(tmp_path: Path) -> None:
    """With one after the other given to the same network, and with several lines at once."""
    model = lived_in(LINE)
    export.save_keras(model, tmp_path / "network.keras")
    export.save_onnx(model, tmp_path / "network.onnx")
    loaded = keras.saving.load_model(tmp_path / "network.keras")
    twin = cv2.dnn.readNetFromONNX(str(tmp_path / "network.onnx"))
    rng = np.random.default_rng(0)
    for n, width in ((1, 64), (1, 128), (3, 36), (2, 420), (1, 64), (1, 1028)):
        lines = (rng.random((n, HEIGHT, width, 1)) > 0.8).astype(np.float32)
        expected = model.predict(lines, verbose=0)
        assert expected.shape == (n, 1, width // STRIDE, 14) and np.abs(expected).max() > 0.5
        assert loaded.predict(lines, verbose=0) == pytest.approx(expected, abs=1e-4)
        twin.setInput(lines)
        assert twin.forward().reshape(expected.shape) == pytest.approx(expected, abs=1e-3)


def test_half_precision_halves_the_file(network: keras.Model, tmp_path: Path) -> None:
    export.save_onnx(network, tmp_path / "whole.onnx")
    export.save_onnx(network, tmp_path / "half.onnx", half=True)
    ratio = os.path.getsize(tmp_path / "half.onnx") / os.path.getsize(tmp_path / "whole.onnx")
    assert 0.49 < ratio < 0.55  # what is small stays whole


def test_saved_models_carry_no_optimiser(tmp_path: Path) -> None:
    model = lived_in("ANN")
    model.compile("adam", "sparse_categorical_crossentropy")
    model.optimizer.build(model.trainable_variables)
    export.save_keras(model, tmp_path / "ANN.keras")
    assert os.path.getsize(tmp_path / "ANN.keras") < 4.2 * model.count_params()


def test_a_missing_model_names_the_command_that_makes_it(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no network at .*CNN.keras; .*python test.py --models CNN"):
        export.load_model(tmp_path / "CNN.keras")


@pytest.mark.parametrize("card", [True, False], ids=["with a card", "without"])
@pytest.mark.parametrize("damage", ["truncated", "text", "foreign zip"])
def test_a_damaged_model_is_one_line(damage: str, card: bool, tmp_path: Path) -> None:
    path = tmp_path / "ANN.keras"
    pixels = keras.Input((28, 28, 1))
    export.save_keras(keras.Model(pixels, keras.layers.Dense(10)(keras.layers.Flatten()(pixels))), path)
    path.write_bytes(path.read_bytes()[:5000] if damage == "truncated" else b"not a model")
    if damage == "foreign zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("hello.txt", "hello")
    if card:
        vouch(path)
    said = "cannot be loaded as a Keras model" if card else "is not a network that can be used"
    with pytest.raises(UserError, match=said) as caught:
        export.load_model(path)
    assert "\n" not in str(caught.value)


def test_another_networks_shape_is_refused(tmp_path: Path) -> None:
    keras.Sequential([keras.Input((8,)), keras.layers.Dense(3)]).save(tmp_path / "ANN.keras")
    with pytest.raises(UserError, match=r"its input is \[None, 8\]"):
        export.load_model(tmp_path / "ANN.keras")
    vouch(tmp_path / "ANN.keras")
    with pytest.raises(UserError, match="expected a model of 28×28×1 to 10"):
        export.load_model(tmp_path / "ANN.keras")


def test_code_in_a_model_is_not_run(tmp_path: Path) -> None:
    """Keras's safe mode refuses a Lambda layer, whose Python bytecode loading would execute, whatever a card says."""
    pixels = keras.Input((28, 28, 1))
    x = keras.layers.Lambda(lambda given: given * 2, output_shape=(28, 28, 1))(pixels)
    x = keras.layers.Dense(10)(keras.layers.Flatten()(x))
    keras.Model(pixels, x).save(tmp_path / "ANN.keras")
    with pytest.raises(UserError, match="Lambda"):
        export.load_model(tmp_path / "ANN.keras")
    vouch(tmp_path / "ANN.keras")
    with pytest.raises(UserError, match="cannot be loaded as a Keras model"):
        export.load_model(tmp_path / "ANN.keras")
