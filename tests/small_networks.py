"""Tiny networks of 28×28 images to ten probabilities as ``.onnx`` files, and cards that vouch for files."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper


def vouch(path: Path) -> Path:
    """Write a card beside a network's file that lists it; returns the card's path."""
    card = path.with_suffix(".json")
    card.write_text(json.dumps({"files": {path.name: hashlib.sha256(path.read_bytes()).hexdigest()}}))
    return card


def onnx_of(graph: Any) -> Any:
    """A graph as a model that OpenCV reads."""
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 15)], ir_version=8)


def tiny_model(weight: float = 0.1, nodes: Sequence[Any] | None = None) -> Any:
    """A convolution, global average pooling and ten outputs.

    Args:
        weight: one of the convolution's.
        nodes: to take the place of the others, from "pixels" to "probabilities".
    """
    rng = np.random.default_rng(0)
    kernel = rng.normal(size=(4, 1, 3, 3)).astype(np.float32)
    kernel[0, 0] = weight
    tensors = [
        numpy_helper.from_array(kernel, "kernel"),
        numpy_helper.from_array(rng.normal(size=(4, 10)).astype(np.float32), "weights"),
    ]
    usual = [
        helper.make_node("Transpose", ["pixels"], ["turned"], perm=[0, 3, 1, 2]),
        helper.make_node("Conv", ["turned", "kernel"], ["seen"], kernel_shape=[3, 3], pads=[1, 1, 1, 1]),
        helper.make_node("GlobalAveragePool", ["seen"], ["means"]),
        helper.make_node("Flatten", ["means"], ["four"], axis=1),
        helper.make_node("MatMul", ["four", "weights"], ["ten"]),
        helper.make_node("Softmax", ["ten"], ["probabilities"], axis=-1),
    ]
    pixels = helper.make_tensor_value_info("pixels", TensorProto.FLOAT, ["n", 28, 28, 1])
    answer = helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["n", 10])
    return onnx_of(helper.make_graph(list(nodes or usual), "tiny", [pixels], [answer], tensors))


def tiny_onnx(weight: float = 0.1) -> bytes:
    """:func:`tiny_model` as the bytes of a file, about 800 of them."""
    content: bytes = tiny_model(weight).SerializeToString()
    return content
