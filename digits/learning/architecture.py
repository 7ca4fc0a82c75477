"""A network told as a row of boxes, read off its layers."""

import keras

Block = tuple[str, str, str]


def blocks(model: keras.Model) -> list[Block]:
    """Kind, label and output shape of what a reader needs to see of each layer, in order.

    Normalisation, activation, dropout and reshaping are part of every box and not drawn.
    """
    drawn: list[Block] = [("input", "pixels", _shape(model.input_shape))]
    for layer in model.layers:
        if isinstance(layer, keras.layers.Conv2D):
            side = "×".join(map(str, layer.kernel_size))
            drawn.append(("convolution", f"{side}\n{layer.filters}", _shape(layer.output.shape)))
        elif isinstance(layer, keras.layers.MaxPooling2D | keras.layers.AveragePooling2D):
            side = "×".join(map(str, layer.pool_size))
            drawn.append(("pooling", f"{side}\npool", _shape(layer.output.shape)))
        elif isinstance(layer, keras.layers.Add):
            drawn.append(("shortcut", "add", _shape(layer.output.shape)))
        elif isinstance(layer, keras.layers.Dense):
            kind = "output" if layer is model.layers[-1] else "dense"
            drawn.append((kind, f"dense\n{layer.units}", _shape(layer.output.shape)))
    return drawn


def caption(model: keras.Model) -> str:
    """What stands behind the boxes: the layers that every network of this family has."""
    kinds = {type(layer) for layer in model.layers}
    said = []
    if keras.layers.Rescaling in kinds:
        said.append("Pixels in [0, 1] are standardised first")
    if keras.layers.BatchNormalization in kinds:
        said.append("batch normalisation and ReLU follow every convolution and hidden layer")
    if keras.layers.Dropout in kinds:
        said.append("dropout while training")
    return "; ".join([*said, "softmax at the end"]) + "."


def _shape(shape: tuple[int | None, ...]) -> str:
    return "×".join(str(side) for side in shape[1:])
