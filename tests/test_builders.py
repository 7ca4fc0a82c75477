"""Every network in `MODELS`, a further one included; what is known of one in particular is in its committed card."""

import json
from importlib import import_module
from pathlib import Path

import keras
import numpy as np
import pytest

from digits.learning import architecture
from digits.networks import MODELS

CARDS = Path(__file__).parents[1] / "models"
#: Convolutions and dense layers of the networks that are known; a further one need not be named here.
WEIGHT_LAYERS = {"ANN": (0, 3), "CNN": (6, 2), "VGG16": (13, 3), "ResNet": (8, 1)}


@pytest.fixture(scope="module", params=MODELS)
def model(request: pytest.FixtureRequest) -> keras.Model:
    keras.utils.set_random_seed(0)
    return import_module(request.param).build_model()


def test_name_and_shape(model: keras.Model) -> None:
    assert model.name in MODELS
    assert model.input_shape == (None, 28, 28, 1)
    assert model.output_shape == (None, 10)


def test_is_the_network_that_the_committed_card_describes(model: keras.Model) -> None:
    """The same number of parameters and the same settings of every layer: what is published is what is built here."""
    path = CARDS / f"{model.name}.json"
    if path.exists():  # a further network has none before it is trained
        card = json.loads(path.read_text(encoding="utf-8"))
        assert architecture.identity(model) == {key: card[key] for key in ("parameters", "architecture")}


def test_is_not_compiled(model: keras.Model) -> None:
    assert not model.compiled


def test_layers_of_weights(model: keras.Model) -> None:
    convolutions = [layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D)]
    dense = [layer for layer in model.layers if isinstance(layer, keras.layers.Dense)]
    found = len(convolutions), len(dense)
    assert found == WEIGHT_LAYERS.get(model.name, found)
    assert dense[-1].name == "predictions"  # calibration divides its weights by the temperature
    assert dense[-1] is model.layers[-1]


def test_gives_probabilities_before_any_training(model: keras.Model) -> None:
    given = np.random.default_rng(0).random((4, 28, 28, 1), np.float32)
    probabilities = np.asarray(model(given))
    assert probabilities.sum(axis=1) == pytest.approx(np.ones(4), abs=1e-5)
    assert (probabilities >= 0).all()


def test_the_seed_decides_the_initial_weights(model: keras.Model) -> None:
    keras.utils.set_random_seed(0)
    again = import_module(model.name).build_model()
    keras.utils.set_random_seed(1)
    other = import_module(model.name).build_model()
    for mine, same, different in zip(model.get_weights(), again.get_weights(), other.get_weights(), strict=True):
        assert np.array_equal(mine, same)
        assert mine.ndim == 1 or not np.array_equal(mine, different)  # biases and statistics start as constants
