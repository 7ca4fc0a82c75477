"""The fused kernels compute what Keras's own layers and optimiser compute."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from numpy.typing import NDArray

from digits.learning.fused import FusedAdam, FusedBatchNormalization, ProductConvolution

Array = NDArray[np.float32]
SETTINGS = {"momentum": 0.8, "epsilon": 1e-6}


def pair(shape: tuple[int, ...]) -> tuple[keras.Layer, keras.Layer]:
    """Keras's layer and the fused one, with the same weights, none of which is what it starts with."""
    rng, both = (
        np.random.default_rng(0),
        (
            keras.layers.BatchNormalization(**SETTINGS),
            FusedBatchNormalization(**SETTINGS),
        ),
    )
    for layer in both:
        layer.build((None, *shape))
    channels = shape[-1]
    weights = [rng.uniform(0.5, 1.5, channels), *rng.normal(size=(2, channels)), rng.uniform(0.5, 1.5, channels)]
    for layer in both:
        layer.set_weights(weights)
    return both


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("shape", [(6,), (5, 4, 6)], ids=["dense", "convolution"])
@pytest.mark.parametrize("scale", [1.0, 1e-3])
def test_batch_normalisation_and_its_gradients_are_kerass(scale: float, shape: tuple[int, ...], training: bool) -> None:
    """Also where the variance is about epsilon, as with small initial weights."""
    rng = np.random.default_rng(1)
    given = tf.constant(scale * rng.normal(size=(8, *shape)) + scale, tf.float32)
    wanted = tf.constant(rng.normal(size=(8, *shape)), tf.float32)
    found: list[list[Any]] = []
    for layer in pair(shape):
        with tf.GradientTape() as tape:
            tape.watch(given)
            answer = layer(given, training=training)
            loss = tf.reduce_sum(answer * wanted)
        gradients = tape.gradient(loss, [given, *(variable.value for variable in layer.trainable_variables)])
        found.append([answer, *gradients, *layer.get_weights()])
    for one, other in zip(*found, strict=True):
        one, other = np.asarray(one), np.asarray(other)
        assert np.allclose(one, other, rtol=1e-4, atol=1e-5 * np.abs(one).max())


def test_batch_normalisation_of_bfloat16_keeps_float32_statistics() -> None:
    plain, _ = pair((5, 4, 6))
    fused = FusedBatchNormalization(**SETTINGS, dtype="mixed_bfloat16")
    fused.build((None, 5, 4, 6))
    fused.set_weights(plain.get_weights())
    given = np.random.default_rng(1).normal(size=(8, 5, 4, 6)).astype(np.float32)
    expected, answer = plain(given, training=True), fused(given, training=True)
    assert answer.dtype == tf.bfloat16 and {weights.dtype for weights in fused.get_weights()} == {np.dtype("float32")}
    assert np.allclose(tf.cast(answer, tf.float32), expected, atol=0.05)
    for one, other in zip(plain.get_weights(), fused.get_weights(), strict=True):
        assert np.allclose(one, other, atol=2e-3)


@pytest.mark.parametrize("side", [1, 2, 4, 5])
@pytest.mark.parametrize("ways", [{}, {"use_bias": True}, {"strides": 2}, {"padding": "valid"}, {"kernel_size": 1}])
def test_a_small_convolution_and_its_gradients_are_kerass(ways: dict[str, Any], side: int) -> None:
    """Those that are no product of matrices are Keras's own."""
    if ways.get("padding") == "valid" and side < 3:
        return
    settings = {"kernel_size": 3, "padding": "same", "use_bias": False, **ways}
    rng = np.random.default_rng(1)
    given = tf.constant(rng.normal(size=(4, side, side, 6)), tf.float32)
    both = keras.layers.Conv2D(5, **settings), ProductConvolution(5, **settings)
    found: list[list[Any]] = []
    for layer in both:
        layer.build(given.shape)
        layer.set_weights(both[0].get_weights())
        with tf.GradientTape() as tape:
            tape.watch(given)
            answer = layer(given)
            loss = tf.reduce_sum(answer * tf.cos(tf.range(5, dtype=tf.float32)))
        gradients = tape.gradient(loss, [given, *(variable.value for variable in layer.trainable_variables)])
        found.append([answer, *gradients])
    for one, other in zip(*found, strict=True):
        assert one.shape == other.shape and np.allclose(one, other, atol=1e-4)


def steps(make: Callable[..., keras.optimizers.Adam], n: int, **options: Any) -> tuple[keras.optimizers.Adam, Array]:
    """An optimiser after some steps, and the variable that it has changed."""
    rng = np.random.default_rng(0)
    variable = keras.Variable(rng.normal(size=(4, 3)).astype(np.float32), name="kernel")
    optimizer = make(keras.optimizers.schedules.CosineDecay(0.1, 20), **options)
    optimizer.build([variable])

    step = tf.function(lambda gradient: optimizer.apply([gradient], [variable]))
    for _ in range(n):
        step(tf.constant(rng.normal(size=(4, 3)), tf.float32))
    changed: Array = variable.numpy()
    return optimizer, changed


@pytest.mark.parametrize("n", [1, 2, 30])
def test_adam_takes_kerass_steps_and_keeps_its_state(n: int) -> None:
    (plain, expected), (fused, found) = steps(keras.optimizers.Adam, n), steps(FusedAdam, n)
    assert np.abs(found - expected).max() < 1e-4 * 0.1  # of the largest step
    assert [variable.name for variable in fused.variables] == [variable.name for variable in plain.variables]
    for one, other in zip(plain.variables, fused.variables, strict=True):
        assert np.allclose(one.numpy(), other.numpy(), rtol=1e-4)  # 1 - 0.999 has four digits in float32


def test_the_running_mean_moves_only_when_it_is_asked_to() -> None:
    optimizer, after = steps(FusedAdam, 3, use_ema=True, ema_momentum=0.9)
    (mean,) = optimizer._model_variables_moving_average
    assert not mean.numpy().any()
    optimizer.average(tf.constant(3))  # the first
    assert mean.numpy() == pytest.approx(after, rel=1e-6)
    mean.assign(tf.ones((4, 3)))
    optimizer.average(tf.constant(2))
    assert mean.numpy() == pytest.approx(0.81 + 0.19 * after, rel=1e-5)
