"""Checks a ``.keras`` file that no card vouches for: ``python -m digits.learning.probe``, the file on standard input.

To be run under limits (:func:`digits.network_file.try_out`), before Keras builds anything: only plain networks are
built, of layers whose output and number of weights are computed here from the configuration alone.
"""

import json
import math
import sys
from collections.abc import Callable, Mapping, Sequence
from io import BytesIO
from typing import Any, NamedTuple, NoReturn

from digits.archive import Archive
from digits.image_format import SIZE
from digits.network_file import serve

CONFIG, METADATA, WEIGHTS = "config.json", "metadata.json", "model.weights.h5"
MOST_UNPACKED = 512 << 20  #: bytes
MOST_CONFIG = 1 << 20  #: bytes; the published ones have up to 70,000
MOST_LAYERS = 500
MOST_WEIGHTS = 64_000_000
MOST_VALUES = 1 << 18  #: of a layer's output for one image
MOST_GROUPS, MOST_DEPTH = 5000, 10  #: in the file of weights

ACTIVATIONS = {
    *("elu", "exponential", "gelu", "hard_sigmoid", "hard_swish", "leaky_relu", "linear", "mish", "relu", "relu6"),
    *("selu", "sigmoid", "silu", "softmax", "softplus", "softsign", "swish", "tanh"),
}
#: What a layer's settings may name besides numbers and words, by Keras's module.
OBJECTS = {
    "keras": {"DTypePolicy"},
    "keras.initializers": {
        *("Zeros", "Ones", "Constant", "RandomNormal", "RandomUniform", "TruncatedNormal", "VarianceScaling"),
        *("GlorotNormal", "GlorotUniform", "HeNormal", "HeUniform", "LecunNormal", "LecunUniform"),
    },
    "keras.regularizers": {"L1", "L2", "L1L2"},
    "keras.constraints": {"MaxNorm", "MinMaxNorm", "NonNeg", "UnitNorm"},
}
MODELS = {
    ("keras", "Functional"),
    ("keras", "Model"),
    ("keras", "Sequential"),
    ("keras.src.models.functional", "Functional"),
    ("keras.src.models.sequential", "Sequential"),
}
MODEL_SETTINGS = {
    *("name", "trainable", "dtype", "layers", "input_layers", "output_layers", "build_input_shape"),
}

Shape = tuple[int, ...]  #: of one image's values
Config = Mapping[str, Any]


class Made(NamedTuple):
    """What a layer makes of one image: the shape of its output, and how many weights it has for that, at most."""

    shape: Shape
    weights: int = 0


def check(content: bytes) -> None:
    """Check a ``.keras`` file.

    Raises:
        Exception: what is wrong with it, of whatever kind the library raises that finds it.
    """
    archive = opened(content)
    try:
        check_structure(json.loads(archive.read(CONFIG), parse_constant=_refuse_constant))
    except (AttributeError, LookupError, RecursionError, TypeError) as error:
        raise ValueError(f"its {CONFIG} is not of the form that Keras writes") from error
    check_weights(archive.read(WEIGHTS))


def opened(content: bytes) -> Archive:
    """The zip archive that a ``.keras`` file is; nothing is unpacked yet.

    Raises:
        ValueError: it is damaged, too large, or has other members than Keras writes for a plain network.
    """
    archive = Archive(content, MOST_UNPACKED)
    if archive.members.keys() != {CONFIG, METADATA, WEIGHTS}:
        raise ValueError(f"expected an archive of {CONFIG}, {METADATA} and {WEIGHTS}, got {[*archive.members][:5]}")
    if (size := archive.members[CONFIG].file_size) > MOST_CONFIG:
        raise ValueError(f"{CONFIG} has {size:,} bytes, more than the {MOST_CONFIG:,} that are read")
    return archive


# -- structure ------------------------------------------------------------------------------------


def check_structure(model: Any) -> int:
    """Check what Keras would build, without building it.

    Args:
        model: the content of ``config.json``.

    Returns:
        The number of weights, at most.

    Raises:
        ValueError: it is not a plain network, or a large one.
        Exception: it is not of the form that Keras writes.
    """
    if (model["module"], model["class_name"]) not in MODELS or model["registered_name"] not in (None, "Functional"):
        raise ValueError(f"it is a {model['module']}.{model['class_name']}, which is not read")
    config = model["config"]
    if others := config.keys() - MODEL_SETTINGS:
        raise ValueError(f"it has the setting {min(others)}, which is not read")
    layers = config["layers"]
    if not 1 < len(layers) <= MOST_LAYERS:
        raise ValueError(f"it has {len(layers):,} layers; 2 to {MOST_LAYERS} are read")
    made: dict[str, Made] = {}
    before: list[str] = []
    for layer in layers:
        name = layer["config"]["name"]
        if name in made:
            raise ValueError("two of its layers have one name")
        inputs = before if model["class_name"] == "Sequential" else _inputs(layer)
        made[name] = _made(layer, [made[one].shape for one in inputs])
        before = [name]
        if sum(one.weights for one in made.values()) > MOST_WEIGHTS:
            raise ValueError(f"it has more than {MOST_WEIGHTS:,} weights")
    for built in (model.get("build_config"), {"input_shape": config.get("build_input_shape")}):
        if built and built["input_shape"] not in (None, [None, SIZE, SIZE, 1]):
            raise ValueError("its input is not a 28×28 image")
    return sum(one.weights for one in made.values())


def _made(layer: Config, inputs: Sequence[Shape]) -> Made:
    """What a layer makes of its inputs."""
    kind, config = layer["class_name"], layer["config"]
    if layer["module"] != "keras.layers" or layer.get("registered_name") is not None or kind not in LAYERS:
        raise ValueError(f"it has a layer {layer['module']}.{kind}, which is not one of those read")
    for key, value in config.items():
        _check_setting(key, value)
    if config.get("data_format", "channels_last") != "channels_last":
        raise ValueError("its channels are not the last axis")
    if kind == "InputLayer":
        if inputs or config["batch_shape"] != [None, SIZE, SIZE, 1]:
            raise ValueError(f"its input is {config['batch_shape']}, not 28×28 images")
    elif not inputs:
        raise ValueError(f"the layer {config['name']} has no input")
    built = (layer.get("build_config") or {}).get("input_shape")
    given = [[None, *shape] for shape in inputs]
    if built is not None and built not in (given, given[0] if len(given) == 1 else None):
        raise ValueError(f"the layer {config['name']} was not built for what it is given")
    made = LAYERS[kind](config, *inputs)
    if not all(side > 0 for side in made.shape) or math.prod(made.shape) > MOST_VALUES:
        raise ValueError(f"the layer {config['name']} makes values of shape {made.shape}")
    return made


def _inputs(layer: Config) -> list[str]:
    """The names of the layers whose output a layer of a functional model is given."""
    nodes = layer["inbound_nodes"]
    if len(nodes) > 1:
        raise ValueError("it uses a layer more than once, which is not read")
    names = []
    for node in nodes:
        (given,) = node["args"]
        if any(value not in (None, False, True) for value in node["kwargs"].values()):
            raise ValueError("a layer is called with settings, which are not read")
        for tensor in given if isinstance(given, list) else [given]:
            name, node_index, tensor_index = tensor["config"]["keras_history"]
            if tensor["class_name"] != "__keras_tensor__" or node_index or tensor_index:
                raise ValueError("a layer is given something else than the output of another")
            names.append(name)
    return names


def _check_setting(key: str, value: Any) -> None:
    """Check that a layer's setting is a word, a number, or a list or an object of such as Keras itself has."""
    if isinstance(value, dict):
        if value["class_name"] not in OBJECTS.get(value["module"], ()) or value.get("registered_name") is not None:
            raise ValueError(f"its {key} is a {value['module']}.{value['class_name']}, which is not read")
        if value["class_name"] == "DTypePolicy" and value["config"]["name"] != "float32":
            raise ValueError(f"its {key} is {value['config']['name']}; float32 is read")
        if any(isinstance(one, dict | list) for one in value["config"].values()):
            raise ValueError(f"its {key} has settings that are not read")
    elif isinstance(value, list):
        if key not in ("axis", "batch_shape", "dilation_rate", "kernel_size", "padding", "pool_size", "strides",
                       "shared_axes", "target_shape"):  # fmt: skip
            raise ValueError(f"its {key} is a list, which is not read")
    elif (
        (key == "activation" and value not in ACTIVATIONS)
        or (key == "dtype" and value != "float32")
        or (key.endswith("_initializer") and isinstance(value, str))
    ):
        raise ValueError(f"its {key} is {value}, which is not read")


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"one of its settings is {name}")


# -- layers ---------------------------------------------------------------------------------------


def _same(config: Config, *inputs: Shape) -> Made:
    (shape,) = inputs
    return Made(shape)


def _merged(config: Config, *inputs: Shape) -> Made:
    if len({*inputs}) != 1:
        raise ValueError(f"it merges values of different shapes, {inputs}")
    return Made(inputs[0])


def _concatenated(config: Config, *inputs: Shape) -> Made:
    if config["axis"] not in (-1, len(inputs[0])) or len({shape[:-1] for shape in inputs}) != 1:
        raise ValueError(f"it concatenates values of shapes {inputs}")
    return Made((*inputs[0][:-1], sum(shape[-1] for shape in inputs)))


def _input(config: Config) -> Made:
    return Made((SIZE, SIZE, 1))


def _dense(config: Config, *inputs: Shape) -> Made:
    (shape,), units = inputs, _whole(config["units"])
    return Made((*shape[:-1], units), (shape[-1] + 1) * units)


def _normalised(config: Config, *inputs: Shape) -> Made:
    (shape,) = inputs
    if config["axis"] not in (-1, len(shape), [-1], [len(shape)]):
        raise ValueError(f"it normalises along the axis {config['axis']}, which is not read")
    return Made(shape, 4 * shape[-1])


def _prelu(config: Config, *inputs: Shape) -> Made:
    (shape,) = inputs
    return Made(shape, math.prod(shape))


def _flattened(config: Config, *inputs: Shape) -> Made:
    (shape,) = inputs
    return Made((math.prod(shape),))


def _reshaped(config: Config, *inputs: Shape) -> Made:
    (shape,), sides = inputs, tuple(_whole(side) for side in config["target_shape"])
    if math.prod(sides) != math.prod(shape):
        raise ValueError(f"it reshapes {shape} to {sides}")
    return Made(sides)


def _padded(config: Config, *inputs: Shape) -> Made:
    ((height, width, channels),), padding = inputs, config["padding"]
    (top, bottom), (left, right) = ([_whole(side, least=0) for side in pair] for pair in padding)
    return Made((height + top + bottom, width + left + right, channels))


def _pooled(config: Config, *inputs: Shape) -> Made:
    ((height, width, channels),) = inputs
    return Made((*_windows((height, width), config, "pool_size"), channels))


def _pooled_globally(config: Config, *inputs: Shape) -> Made:
    ((*_, channels),) = inputs
    return Made((1, 1, channels) if config["keepdims"] else (channels,))


def _convolved(config: Config, *inputs: Shape) -> Made:
    ((height, width, channels),), filters, groups = inputs, _whole(config["filters"]), _whole(config["groups"])
    if channels % groups:
        raise ValueError(f"it convolves {channels} channels in {groups} groups")
    weights = (_area(config["kernel_size"]) * channels // groups + 1) * filters
    return Made((*_windows((height, width), config, "kernel_size"), filters), weights)


def _convolved_by_channel(config: Config, *inputs: Shape) -> Made:
    ((height, width, channels),) = inputs
    outputs = channels * _whole(config["depth_multiplier"])
    weights = (_area(config["kernel_size"]) + 1) * outputs
    if "filters" in config:  # separable: then every pixel by itself
        filters = _whole(config["filters"])
        outputs, weights = filters, weights + (outputs + 1) * filters
    return Made((*_windows((height, width), config, "kernel_size"), outputs), weights)


def _windows(sides: Sequence[int], config: Config, size: str) -> Shape:
    """How often a window fits into each side."""
    fitting = []
    for side, window, stride, dilation in zip(
        sides, config[size], config["strides"], config.get("dilation_rate", [1, 1]), strict=True
    ):
        step, reach = _whole(stride), _whole(dilation) * (_whole(window) - 1) + 1
        if config["padding"] not in ("same", "valid"):
            raise ValueError(f"its padding is {config['padding']}, which is not read")
        fitting.append(-(-side // step) if config["padding"] == "same" else (side - reach) // step + 1)
    return tuple(fitting)


def _area(sides: Sequence[Any]) -> int:
    return math.prod(_whole(side) for side in sides)


def _whole(value: Any, least: int = 1) -> int:
    if type(value) is not int or not least <= value <= MOST_VALUES:
        raise ValueError(f"one of its sides is {value}")
    return value


LAYERS: dict[str, Callable[..., Made]] = {
    "InputLayer": _input,
    "Dense": _dense,
    "Conv2D": _convolved,
    "DepthwiseConv2D": _convolved_by_channel,
    "SeparableConv2D": _convolved_by_channel,
    "BatchNormalization": _normalised,
    "LayerNormalization": _normalised,
    "PReLU": _prelu,
    "MaxPooling2D": _pooled,
    "AveragePooling2D": _pooled,
    "GlobalMaxPooling2D": _pooled_globally,
    "GlobalAveragePooling2D": _pooled_globally,
    "Flatten": _flattened,
    "Reshape": _reshaped,
    "ZeroPadding2D": _padded,
    "Concatenate": _concatenated,
    **dict.fromkeys(("Add", "Average", "Maximum", "Minimum", "Multiply"), _merged),
    **dict.fromkeys(("Activation", "ELU", "LeakyReLU", "ReLU", "Softmax"), _same),
    **dict.fromkeys(("Dropout", "GaussianDropout", "GaussianNoise", "Rescaling", "SpatialDropout2D"), _same),
}


# -- weights --------------------------------------------------------------------------------------


def check_weights(content: bytes) -> None:
    """Check that an HDF5 file holds nothing but finite numbers, all of which lie in it as they are.

    Raises:
        ValueError: it holds something else.
        Exception: it is damaged in a way that the reader of the format finds.
    """
    import h5py

    with h5py.File(BytesIO(content), "r") as file:
        groups = [(file, 0)]
        for group, depth in groups:  # grows
            for name in group:
                if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                    raise ValueError("its weights are said to lie elsewhere, which is not read")
                member = group[name]
                if isinstance(member, h5py.Dataset):
                    _check_dataset(member)
                elif not isinstance(member, h5py.Group) or depth == MOST_DEPTH or len(groups) == MOST_GROUPS:
                    raise ValueError("its weights are not arranged as Keras does")
                else:
                    groups.append((member, depth + 1))


def _check_dataset(dataset: Any) -> None:
    import numpy as np

    if dataset.is_virtual or dataset.external or dataset.chunks or dataset.dtype.kind not in "fiu":
        raise ValueError("its weights are not stored as plain numbers")
    if dataset.nbytes != (dataset.id.get_storage_size() or 0) and dataset.size:
        raise ValueError("some of its weights are missing")
    if not np.isfinite(dataset[()]).all():
        raise ValueError("some weights are infinite or not numbers")


if __name__ == "__main__":
    sys.exit(serve(check))
