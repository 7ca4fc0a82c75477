from collections import Counter
from importlib import import_module
from typing import Any

import keras
import pytest

from digits.learning import architecture, layers


@pytest.mark.parametrize(
    ("name", "counts"),
    [
        ("ANN", {"input": 1, "dense": 2, "output": 1}),
        ("CNN", {"input": 1, "convolution": 6, "pooling": 3, "dense": 1, "output": 1}),
        ("VGG16", {"input": 1, "convolution": 13, "pooling": 5, "dense": 2, "output": 1}),
        ("ResNet", {"input": 1, "convolution": 8, "pooling": 2, "shortcut": 2, "output": 1}),
    ],
)
def test_blocks_are_the_layers_that_a_reader_needs(name: str, counts: dict[str, int]) -> None:
    model = import_module(name).build_model()
    blocks = architecture.blocks(model)
    assert Counter(kind for kind, *_ in blocks) == counts
    assert blocks[0] == ("input", "pixels", "28×28×1")
    assert blocks[-1] == ("output", "dense\n10", "10")
    assert "batch normalisation" in architecture.caption(model)


def network(
    units: int = 8,
    scale: float = 0.1,
    momentum: float = 0.9,
    epsilon: float = 1e-6,
    dropout: float = 0.2,
    activation: str = "relu",
    rescaling: float = 2.0,
) -> keras.Model:
    """A small network with named layers, as the builders make them."""
    pixels = keras.Input((28, 28, 1), name="pixels")
    x = keras.layers.Rescaling(rescaling, name="standardise")(pixels)
    x = keras.layers.Flatten(name="flatten")(x)
    x = keras.layers.Dense(units, kernel_initializer=layers.initializer(scale), name="dense1")(x)
    x = keras.layers.BatchNormalization(momentum=momentum, epsilon=epsilon, name="dense1_norm")(x)
    x = keras.layers.Activation(activation, name="dense1_activation")(x)
    x = keras.layers.Dropout(dropout, name="dropout")(x)
    return keras.Model(pixels, keras.layers.Dense(10, activation="softmax", name="predictions")(x), name="small")


@pytest.mark.parametrize(
    "change",
    [
        {"units": 9},
        {"scale": 0.2},
        {"momentum": 0.99},
        {"epsilon": 1e-3},
        {"dropout": 0.3},
        {"activation": "gelu"},
        {"rescaling": 3.0},
    ],
    ids=lambda change: next(iter(change)),
)
def test_any_setting_of_a_layer_gives_another_identity(change: dict[str, Any]) -> None:
    plain, other = architecture.identity(network()), architecture.identity(network(**change))
    assert other["architecture"] != plain["architecture"]
    assert (other["parameters"] != plain["parameters"]) == ("units" in change)


def test_the_same_network_has_the_same_identity() -> None:
    assert architecture.identity(network()) == architecture.identity(network())
    assert architecture.identity(network())["parameters"] == network().count_params()


def unnamed(activation: str = "relu", shortcut: int = 0) -> keras.Model:
    """A network whose layers Keras numbers, each in a new way; some of their names are words of the settings, too."""
    pixels = keras.Input((28, 28, 1))
    x = keras.layers.Flatten()(pixels)
    hidden = [keras.layers.Dense(6, activation="softmax")(x)]
    for _ in range(2):
        hidden.append(keras.layers.Dense(6)(keras.layers.Activation(activation)(hidden[-1])))
    x = keras.layers.Add()([hidden[shortcut], hidden[-1]])
    x = keras.layers.Dropout(0.5)(x)
    return keras.Model(pixels, keras.layers.Softmax()(keras.layers.Dense(10)(x)))


def test_the_numbers_that_keras_gives_unnamed_layers_do_not_matter() -> None:
    keras.utils.clear_session()
    first, second = unnamed(), unnamed()
    assert [layer.name for layer in first.layers] != [layer.name for layer in second.layers]
    assert architecture.identity(first) == architecture.identity(second)
    assert architecture.identity(first) != architecture.identity(unnamed("gelu"))


def test_which_layer_feeds_which_matters() -> None:
    first, second = architecture.identity(unnamed(shortcut=0)), architecture.identity(unnamed(shortcut=1))
    assert first["parameters"] == second["parameters"]
    assert first["architecture"] != second["architecture"]
