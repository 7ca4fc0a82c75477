from typing import Any

import keras
import numpy as np
import pytest

from digits.image_format import TRAIN_MEAN, TRAIN_STD
from digits.learning import layers


def outputs_of(kernel_layer: str, **options: Any) -> keras.Model:
    pixels = keras.Input((6, 6, 8) if kernel_layer == "convolution" else (32,))
    return keras.Model(pixels, getattr(layers, kernel_layer)(pixels, 16, name="layer", **options))


@pytest.mark.parametrize("kind", ["convolution", "dense"])
def test_the_scale_multiplies_hes_deviation(kind: str) -> None:
    keras.utils.set_random_seed(0)
    kernel = outputs_of(kind, scale=0.03).get_layer("layer").kernel.numpy()
    he = np.sqrt(2 / np.prod(kernel.shape[:-1]))
    assert kernel.std() == pytest.approx(0.03 * he, rel=0.1)


@pytest.mark.parametrize("kind", ["convolution", "dense"])
def test_the_identity_passes_every_channel_on(kind: str) -> None:
    """Output i is fed by input i modulo inputs, far above the random part."""
    model = outputs_of(kind, scale=1e-4, identity=True)
    kernel = model.get_layer("layer").kernel.numpy()
    middle = kernel[1, 1] if kind == "convolution" else kernel
    strong = np.argwhere(middle > 0.5 * layers.IDENTITY * 1e-4 * np.sqrt(2))
    assert [tuple(pair) for pair in strong[np.argsort(strong[:, 1])]] == [
        (out % middle.shape[0], out) for out in range(16)
    ]


@pytest.mark.parametrize("identity", [False, True])
def test_the_running_variance_starts_near_the_real_one(identity: bool) -> None:
    keras.utils.set_random_seed(0)
    model = outputs_of("convolution", scale=0.03, identity=identity)
    given = np.maximum(np.random.default_rng(0).standard_normal((64, 6, 6, 8)), 0).astype(np.float32)
    before = keras.Model(model.input, model.get_layer("layer").output).predict(given, verbose=0)
    start = model.get_layer("layer_norm").moving_variance.numpy()[0]
    assert 0.3 < before.var() / start < 3


def test_the_input_is_standardised_by_the_training_constants() -> None:
    pixels, x = layers.inputs()
    given = np.full((1, 28, 28, 1), TRAIN_MEAN + TRAIN_STD, np.float32)
    assert keras.Model(pixels, x).predict(given, verbose=0) == pytest.approx(1, abs=1e-5)
