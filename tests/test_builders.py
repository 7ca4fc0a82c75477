from importlib import import_module

import keras
import numpy as np
import pytest

from digits.networks import MODELS

PARAMETERS = {"ANN": 1_338_378, "CNN": 586_282, "VGG16": 4_088_362, "ResNet": 484_394}
WEIGHT_LAYERS = {"ANN": (0, 3), "CNN": (6, 2), "VGG16": (13, 3), "ResNet": (8, 1)}


@pytest.fixture(scope="module", params=MODELS)
def model(request: pytest.FixtureRequest) -> keras.Model:
    keras.utils.set_random_seed(0)
    return import_module(request.param).build_model()


def test_shape_and_parameters(model: keras.Model) -> None:
    assert model.input_shape == (None, 28, 28, 1)
    assert model.output_shape == (None, 10)
    assert model.count_params() == PARAMETERS[model.name]


def test_is_not_compiled(model: keras.Model) -> None:
    assert not model.compiled


def test_layers_of_weights(model: keras.Model) -> None:
    convolutions = [layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D)]
    dense = [layer for layer in model.layers if isinstance(layer, keras.layers.Dense)]
    assert (len(convolutions), len(dense)) == WEIGHT_LAYERS[model.name]
    assert dense[-1].name == "predictions"


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
    first = [weights[0] for weights in (model.get_weights(), again.get_weights(), other.get_weights())]
    assert np.array_equal(first[0], first[1])
    assert not np.array_equal(first[0], first[2])
