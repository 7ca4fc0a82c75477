"""What a network consists of, read from its layers: for its identity, and as a row of boxes."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any, TypedDict

import keras

Block = tuple[str, str, str]


class Identity(TypedDict):
    """Distinguishes networks of the same name."""

    parameters: int
    architecture: str


def identity(model: keras.Model) -> Identity:
    """The number of parameters and a fingerprint of the architecture.

    The fingerprint covers every layer's settings, initialisers included, but no name of a layer: Keras numbers unnamed
    layers differently from one run to the next.
    """
    places = {layer.name: f"#{place}" for place, layer in enumerate([model, *model.layers])}
    text = json.dumps(_without_names(model.get_config(), places), sort_keys=True, default=str)
    return {
        "parameters": model.count_params(),
        "architecture": hashlib.sha256(text.encode()).hexdigest()[:16],
    }


def blocks(model: keras.Model) -> list[Block]:
    """Kind, label and output shape of each layer worth showing, in order.

    Normalisation, activation, dropout and reshaping belong to every box and are not shown.
    """
    shown: list[Block] = [("input", "pixels", _shape(model.input_shape))]
    for layer in model.layers:
        if isinstance(layer, keras.layers.Conv2D):
            side = "×".join(map(str, layer.kernel_size))
            shown.append(("convolution", f"{side}\n{layer.filters}", _shape(layer.output.shape)))
        elif isinstance(layer, keras.layers.MaxPooling2D | keras.layers.AveragePooling2D):
            side = "×".join(map(str, layer.pool_size))
            shown.append(("pooling", f"{side}\npool", _shape(layer.output.shape)))
        elif isinstance(layer, keras.layers.Add):
            shown.append(("shortcut", "add", _shape(layer.output.shape)))
        elif isinstance(layer, keras.layers.Dense):
            kind = "output" if layer is model.layers[-1] else "dense"
            shown.append((kind, f"dense\n{layer.units}", _shape(layer.output.shape)))
    return shown


def caption(model: keras.Model) -> str:
    """The layers behind the boxes that are not shown, in a sentence."""
    kinds = {type(layer) for layer in model.layers}
    phrases = []
    if keras.layers.Rescaling in kinds:
        phrases.append("Pixels in [0, 1] are standardised first")
    if keras.layers.BatchNormalization in kinds:
        phrases.append("batch normalisation and ReLU follow every convolution and hidden layer")
    if keras.layers.Dropout in kinds:
        phrases.append("dropout while training")
    return "; ".join([*phrases, "softmax at the end"]) + "."


def _without_names(config: Any, places: Mapping[str, str]) -> Any:
    """A configuration with every layer's name replaced by its place, where a layer is named or used as input.

    Not wherever the word occurs: "activation" or "softmax" may be the name of one layer and a setting of another.
    """
    if isinstance(config, dict):
        return {
            key: places.get(value, value) if key == "name" and isinstance(value, str) else _without_names(value, places)
            for key, value in config.items()
        }
    if isinstance(config, list | tuple):
        if len(config) == 3 and isinstance(config[0], str):  # a layer's name and which of its outputs
            return [places.get(config[0], config[0]), *config[1:]]
        return [_without_names(value, places) for value in config]
    return config


def _shape(shape: tuple[int | None, ...]) -> str:
    return "×".join(str(side) for side in shape[1:])
