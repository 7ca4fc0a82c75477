"""Every network in `MODELS`, a further one included; what is known of one in particular is in its committed card."""

import json
from importlib import import_module
from pathlib import Path

import keras
import numpy as np
import pytest

from digits.errors import UserError
from digits.learning import architecture, cli
from digits.line_image import HEIGHT, OUTPUTS, STRIDE
from digits.networks import LINE, MODELS

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


# -- the line network -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def line_network() -> keras.Model:
    keras.utils.set_random_seed(0)
    return cli.checked(LINE, cli.builder(LINE)())


def test_the_line_network_takes_lines_of_any_width(line_network: keras.Model) -> None:
    assert line_network.name == LINE and not line_network.compiled
    assert line_network.input_shape == (None, HEIGHT, None, 1)
    assert line_network.output_shape == (None, 1, None, OUTPUTS)
    for width in (4, 36, 40, 332):
        answers = np.asarray(line_network(np.zeros((2, HEIGHT, width, 1), np.float32)))
        assert answers.shape == (2, 1, width // STRIDE, OUTPUTS)
        assert np.isfinite(answers).all()


def test_the_line_networks_size(line_network: keras.Model) -> None:
    convolutions = [layer for layer in line_network.layers if isinstance(layer, keras.layers.Conv2D)]
    assert (line_network.count_params(), len(convolutions)) == (945_742, 9)
    assert convolutions[-1].name == "answers" and convolutions[-1] is line_network.layers[-1]
    path = CARDS / f"{LINE}.json"
    if path.exists():  # it is trained
        card = json.loads(path.read_text(encoding="utf-8"))
        assert architecture.identity(line_network) == {key: card[key] for key in ("parameters", "architecture")}


def test_a_column_of_answers_is_about_the_pixels_around_it(line_network: keras.Model) -> None:
    """What is seen far away changes nothing, and a line that is moved by a column has its answers moved."""
    line = np.zeros((1, HEIGHT, 400, 1), np.float32)
    line[:, 8:24, 190:210] = np.random.default_rng(0).random((1, 16, 20, 1))
    answers, moved, none = (
        np.asarray(line_network(given))[0, 0]
        for given in (line, np.roll(line, 4 * STRIDE, axis=2), np.zeros_like(line))
    )
    assert np.allclose(answers[20:80], moved[24:84], atol=1e-4)
    changed = np.flatnonzero(np.abs(answers - none).max(axis=1) > 1e-5)
    assert 50 - 12 <= changed.min() <= 47 and 52 <= changed.max() <= 50 + 12


def test_the_seed_decides_the_line_networks_initial_weights(line_network: keras.Model) -> None:
    for seed, same in ((0, True), (1, False)):
        keras.utils.set_random_seed(seed)
        other = cli.builder(LINE)().get_layer("block1_conv1").get_weights()[0]
        assert np.array_equal(line_network.get_layer("block1_conv1").get_weights()[0], other) == same


@pytest.mark.parametrize("shape", [(28, 28, 1), (HEIGHT, None, 3)])
def test_another_kind_of_line_network_is_refused(shape: tuple[int, int | None, int]) -> None:
    pixels = keras.Input(shape)
    other = keras.Model(pixels, keras.layers.Conv2D(OUTPUTS, (28, STRIDE), strides=(28, STRIDE))(pixels))
    with pytest.raises(UserError, match=r"LineNet/__init__.py: expected a network of lines, got"):
        cli.checked(LINE, other)
