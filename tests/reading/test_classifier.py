import shutil
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from digits.errors import UserError
from digits.reading.classifier import BATCH, Classifier, open_network, operations
from tests.reading.conftest import MODELS
from tests.small_networks import onnx_of, tiny_onnx, vouch


def test_a_batch_gives_the_same_probabilities_as_single_crops(cnn: Classifier) -> None:
    crops = np.random.default_rng(0).integers(0, 256, (5, 28, 28), np.uint8)
    together = cnn.probabilities(crops)
    assert together.shape == (5, 10) and together.dtype == np.float32
    np.testing.assert_allclose(together.sum(axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(together, np.concatenate([cnn.probabilities(crop[None]) for crop in crops]), atol=1e-5)


def test_probabilities_are_not_overwritten_by_the_next_call(cnn: Classifier) -> None:
    first = cnn.probabilities(np.zeros((1, 28, 28), np.uint8))
    before = first.copy()
    cnn.probabilities(np.full((1, 28, 28), 255, np.uint8))
    assert np.array_equal(first, before)


def test_an_empty_batch_gives_no_probabilities(cnn: Classifier) -> None:
    assert cnn.probabilities(np.zeros((0, 28, 28), np.uint8)).shape == (0, 10)


def test_a_non_ascii_path_is_read(tmp_path: Path) -> None:
    path = tmp_path / "Größe 数字" / "ANN.onnx"
    path.parent.mkdir()
    shutil.copy(MODELS / "ANN.onnx", path)
    assert Classifier(path).name == "ANN"


@pytest.mark.parametrize("damage", ["missing", "empty", "truncated", "text", "a folder"])
def test_an_unusable_network_is_reported_with_the_command_that_makes_it(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "VGG16.onnx"
    whole = (MODELS / "ANN.onnx").read_bytes()
    if damage == "a folder":
        path.mkdir()
    elif damage != "missing":
        path.write_bytes({"empty": b"", "truncated": whole[: len(whole) // 2], "text": b"hello"}[damage])
    with pytest.raises(UserError, match=r"VGG16\.onnx.*python test\.py --models VGG16") as error:
        Classifier(path)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("damage", ["another network", "text", "NaN"])
def test_a_network_that_its_card_vouches_for_must_work_all_the_same(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "VGG16.onnx"
    path.write_bytes({"another network": relu(), "text": b"hello", "NaN": tiny_onnx(weight=np.nan)}[damage])
    vouch(path)
    with pytest.raises(UserError, match=r"VGG16\.onnx .*python test\.py --models VGG16") as error:
        Classifier(path)
    assert "\n" not in str(error.value)


def relu() -> bytes:
    pixels = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 28, 28, 1])
    same = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 28, 28, 1])
    graph = helper.make_graph([helper.make_node("Relu", ["x"], ["y"])], "g", [pixels], [same])
    content: bytes = onnx_of(graph).SerializeToString()
    return content


def test_any_number_of_crops_is_read(tmp_path: Path) -> None:
    path = tmp_path / "own.onnx"
    path.write_bytes(tiny_onnx())
    vouch(path)
    crops = np.random.default_rng(0).integers(0, 256, (2 * BATCH + 1, 28, 28), np.uint8)
    network = Classifier(path)
    assert np.array_equal(network.probabilities(crops), np.concatenate([network.probabilities(c[None]) for c in crops]))


def test_an_answer_that_is_no_probability_is_one_line(tmp_path: Path) -> None:
    """Of an empty image the mean is 0, of others infinite."""
    path = tmp_path / "own.onnx"
    path.write_bytes(tiny_onnx(weight=2e36))
    vouch(path)
    network = Classifier(path)
    with pytest.raises(UserError, match=r"own\.onnx does not return ten probabilities"):
        network.probabilities(np.full((1, 28, 28), 255, np.uint8))


def network_of(*nodes: Any, **weights: NDArray[np.float32]) -> Any:
    """An OpenCV network of these nodes, from "pixels" on, that gives "probabilities"."""
    shape = helper.make_tensor_value_info("pixels", TensorProto.FLOAT, [None, 28, 28, 1])
    given = [numpy_helper.from_array(value, name) for name, value in weights.items()]
    graph = helper.make_graph(
        list(nodes), "made", [shape], [helper.make_tensor_value_info("out", TensorProto.FLOAT, [None] * 4)], given
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    return cv2.dnn.readNetFromONNX(np.frombuffer(model.SerializeToString(), np.uint8))


def test_operations_are_counted_of_products_too_and_of_grouped_convolutions_once() -> None:
    first, second = np.ones((1, 64), np.float32), np.ones((64, 900), np.float32)
    nodes = [helper.make_node("MatMul", ["pixels", "a"], ["x"]), helper.make_node("MatMul", ["x", "b"], ["out"])]
    product, true = network_of(*nodes, a=first, b=second), 2 * 28 * 28 * 64 * 901
    assert true <= operations(product) < 1.5 * true and product.getFLOPS((1, 28, 28, 1)) < 0.1 * true
    channels = helper.make_node("Transpose", ["pixels"], ["x"], perm=[0, 3, 1, 2])
    wide = helper.make_node("Conv", ["x", "a"], ["y"], kernel_shape=[1, 1])
    kernels = np.ones((256, 1, 3, 3), np.float32)
    grouped = helper.make_node("Conv", ["y", "b"], ["out"], kernel_shape=[3, 3], pads=[1] * 4, group=256)
    many = network_of(channels, wide, grouped, a=np.ones((256, 1, 1, 1), np.float32), b=kernels)
    true = 2 * 28 * 28 * 256 * 10
    assert true <= operations(many) < 4 * true and many.getFLOPS((1, 28, 28, 1)) > 50 * true


def test_operations_of_a_published_network_are_those_of_its_layers() -> None:
    multiplications = 267_641_856  # of VGG16's thirteen convolutions
    network = open_network((MODELS / "VGG16.onnx").read_bytes())
    assert operations(network) == pytest.approx(2 * multiplications, rel=0.1)
