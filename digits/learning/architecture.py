"""What a network consists of, read from its layers: for its identity, and as a row of boxes."""

import hashlib
import json
from typing import TypedDict

import keras

Block = tuple[str, str, str]


class Identity(TypedDict):
    """What tells a network from another of the same name."""

    parameters: int
    architecture: str


def identity(model: keras.Model) -> Identity:
    """The number of parameters and a fingerprint of the architecture.

    The fingerprint covers every layer's settings, initialisers included, but no name of a layer: Keras numbers unnamed
    layers differently from one run to the next.
    """
    text = json.dumps(model.get_config(), sort_keys=True, default=str)
    for place, layer in enumerate([model, *model.layers]):
        text = text.replace(json.dumps(layer.name), f'"#{place}"')
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


def _shape(shape: tuple[int | None, ...]) -> str:
    return "×".join(str(side) for side in shape[1:])
