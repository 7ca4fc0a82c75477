import shutil
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper, save_model

from digits.errors import UserError
from digits.reading.classifier import Classifier
from tests.reading.conftest import MODELS


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


@pytest.mark.parametrize("damage", ["missing", "empty", "truncated", "text", "another network", "a folder"])
def test_an_unusable_network_is_reported_with_the_command_that_makes_it(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "VGG16.onnx"
    whole = (MODELS / "ANN.onnx").read_bytes()
    if damage == "another network":
        pixels = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 28, 28, 1])
        same = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 28, 28, 1])
        graph = helper.make_graph([helper.make_node("Relu", ["x"], ["y"])], "g", [pixels], [same])
        save_model(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 15)], ir_version=8), path)
    elif damage == "a folder":
        path.mkdir()
    elif damage != "missing":
        path.write_bytes({"empty": b"", "truncated": whole[: len(whole) // 2], "text": b"hello"}[damage])
    with pytest.raises(UserError, match=r"VGG16\.onnx .*python test\.py --models VGG16") as error:
        Classifier(path)
    assert "\n" not in str(error.value)
