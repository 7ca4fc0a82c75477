"""Tries out an ``.onnx`` file that no card vouches for: ``python -m digits.reading.probe``, the file on standard input.

To be run under limits (:func:`digits.network_file.try_out`): a damaged network can crash OpenCV. Only plain networks
of the operators that this project's own are made of, or that are like them, get as far as OpenCV.
"""

import math
import sys
from typing import Any

import numpy as np

from digits.image_format import SIZE
from digits.network_file import serve

IMAGES = 100  #: on which a network is run at once
MOST_NODES = 1000
MOST_WEIGHTS = 64_000_000
MOST_SIDE = 1024  #: of a kernel, a stride, a padding

OPERATORS = frozenset(
    """
    Add AveragePool BatchNormalization Cast Clip Concat Constant Conv Div Dropout Elu Flatten Gemm GlobalAveragePool
    GlobalMaxPool HardSigmoid HardSwish Identity LeakyRelu MatMul MaxPool Mul Pad PRelu ReduceMean Relu Reshape Selu
    Sigmoid Softmax Softplus Squeeze Sub Tanh Transpose Unsqueeze
    """.split()  # noqa: SIM905 - a column of 37 lines otherwise
)
SIDES = frozenset({"kernel_shape", "strides", "pads", "dilations", "group"})


def check(content: bytes) -> None:
    """Check a network's structure and weights, then run it on 1, 2 and 100 images.

    Raises:
        Exception: what is wrong with it, of whatever kind the library raises that finds it.
    """
    import cv2

    from digits.reading.classifier import forward, open_network

    check_structure(content)
    cv2.setNumThreads(2)  # each takes room from the limit
    network, rng = open_network(content), np.random.default_rng(0)
    for n in (1, 2, IMAGES):
        forward(network, rng.random((n, SIZE, SIZE, 1), np.float32))


def check_structure(content: bytes, sides: tuple[int, int, int] = (SIZE, SIZE, 1)) -> None:
    """Check that the file describes a plain network, every weight of which is there and finite.

    Args:
        content: of the file.
        sides: height, width and channels of its input; 0 for any.

    Raises:
        ValueError: it does not.
        Exception: it is damaged in a way that the parser of the format finds.
    """
    import onnx

    model = onnx.ModelProto()
    model.ParseFromString(content)
    graph = model.graph
    if model.functions or model.training_info or graph.sparse_initializer:
        raise ValueError("it has functions, a training graph or sparse weights, which are not used")
    if not 0 < len(graph.node) <= MOST_NODES:
        raise ValueError(f"it has {len(graph.node):,} nodes; 1 to {MOST_NODES:,} are read")
    tensors = [*graph.initializer]
    for node in graph.node:
        if node.domain not in ("", "ai.onnx") or node.op_type not in OPERATORS:
            raise ValueError(f"it uses the operator {node.domain}{node.op_type}, which is not one of those read")
        for attribute in node.attribute:
            tensors += _tensors_of(attribute)
    if any(side < 0 for tensor in tensors for side in tensor.dims):
        raise ValueError("weights have a negative side")
    if sum(math.prod(tensor.dims) for tensor in tensors) > MOST_WEIGHTS:
        raise ValueError(f"it has more than {MOST_WEIGHTS:,} weights")
    for tensor in tensors:
        _check_tensor(tensor)
    _check_names(graph, sides)
    onnx.checker.check_model(model, full_check=True)


def _tensors_of(attribute: Any) -> list[Any]:
    from onnx import AttributeProto as Kind

    if attribute.type == Kind.TENSOR:
        return [attribute.t]
    if attribute.type not in (Kind.FLOAT, Kind.INT, Kind.STRING, Kind.FLOATS, Kind.INTS, Kind.STRINGS):
        raise ValueError(f"the attribute {attribute.name} is not of a kind that is read")
    if attribute.name in SIDES and any(not 0 <= side <= MOST_SIDE for side in (attribute.i, *attribute.ints)):
        raise ValueError(f"the attribute {attribute.name} is not between 0 and {MOST_SIDE:,}")
    return []


def _check_tensor(tensor: Any) -> None:
    from onnx import TensorProto, numpy_helper

    if tensor.data_location != TensorProto.DEFAULT or tensor.external_data or tensor.HasField("segment"):
        raise ValueError("weights are said to lie in another file, which is not read")
    if tensor.data_type not in (
        TensorProto.FLOAT,
        TensorProto.FLOAT16,
        TensorProto.DOUBLE,
        TensorProto.INT32,
        TensorProto.INT64,
    ):
        raise ValueError("weights are not of a type that is read")
    values = numpy_helper.to_array(tensor)  # as many as dims say, or ValueError
    if not np.isfinite(values).all():
        raise ValueError("some weights are infinite or not numbers")


def _check_names(graph: Any, wanted: tuple[int, int, int]) -> None:
    """Check that there is one image as input, one output, and that every value is computed once, before it is used."""
    weights = [tensor.name for tensor in graph.initializer]
    inputs = [value for value in graph.input if value.name not in weights]
    if len(inputs) != 1 or len(graph.output) != 1:
        raise ValueError(f"it has {len(inputs)} inputs and {len(graph.output)} outputs; one of each is needed")
    sides = [dimension.dim_value for dimension in inputs[0].type.tensor_type.shape.dim]
    if sides[1:] != [*wanted]:
        shape = ", ".join(str(side or "any") for side in wanted)
        raise ValueError(f"its input has the shape {sides}, not (n, {shape})")
    known = {inputs[0].name, *weights}
    if len(known) != 1 + len(weights):
        raise ValueError("two of its values have one name")
    for node in graph.node:
        if not known.issuperset(name for name in node.input if name):
            raise ValueError(f"a node {node.op_type} uses a value that is not computed before it")
        if not known.isdisjoint(node.output) or len({*node.output}) != len(node.output):
            raise ValueError("two of its values have one name")
        known.update(node.output)
    if graph.output[0].name not in known:
        raise ValueError("its output is not computed")


if __name__ == "__main__":
    sys.exit(serve(check))
