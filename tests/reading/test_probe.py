"""Strangers' ``.onnx`` files, without a card: used, or refused in one line; never a crash."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from digits.errors import UserError
from digits.reading.classifier import Classifier
from digits.reading.probe import MOST_WEIGHTS, check, check_structure
from tests.small_networks import tiny_model, tiny_onnx, vouch

FLIPS = int(os.environ.get("FLIPS", "15"))


def node(kind: str, **attributes: Any) -> Any:
    return helper.make_node(kind, ["pixels"], ["probabilities"], **attributes)


def changed(change: Callable[[Any], object]) -> Any:
    """The tiny network after a change."""
    model = tiny_model()
    change(model)
    return model


def tensor(model: Any, name: str = "weights") -> Any:
    return next(tensor for tensor in model.graph.initializer if tensor.name == name)


def elsewhere(model: Any) -> None:
    tensor(model).data_location = TensorProto.EXTERNAL
    tensor(model).external_data.add(key="location", value="/etc/passwd")


def of_size(*sides: int) -> Callable[[Any], object]:
    return lambda model: tensor(model).dims.__setitem__(slice(None), sides)


def filled(value: float, kind: type[np.generic] = np.float32) -> Callable[[Any], object]:
    return lambda model: tensor(model).CopyFrom(numpy_helper.from_array(np.full((4, 10), value, kind), "weights"))


BRANCH = helper.make_graph([helper.make_node("Relu", ["pixels"], ["out"])], "branch", [], [])
HOSTILE: dict[str, Callable[[], Any]] = {
    "a loop": lambda: tiny_model(nodes=[node("Loop", body=BRANCH)]),
    "a condition": lambda: tiny_model(nodes=[node("If", then_branch=BRANCH, else_branch=BRANCH)]),
    "a subgraph in an operator that is read": lambda: tiny_model(nodes=[node("Relu", then_branch=BRANCH)]),
    "an operator of another domain": lambda: tiny_model(nodes=[node("Relu", domain="com.example")]),
    "an unknown operator": lambda: tiny_model(nodes=[node("Evil")]),
    "a function": lambda: changed(lambda m: m.functions.add(name="f", domain="d")),
    "a training graph": lambda: changed(lambda m: m.training_info.add()),
    "1,001 nodes": lambda: changed(lambda m: m.graph.node.extend([node("Relu")] * 1001)),
    "no nodes": lambda: changed(lambda m: m.graph.ClearField("node")),
    "weights in another file": lambda: changed(elsewhere),
    "more weights than are there": lambda: changed(of_size(4, 10**9)),
    "10^30 weights": lambda: changed(of_size(*[10**15] * 2)),
    "a negative side": lambda: changed(of_size(-1, 10)),
    "another shape": lambda: changed(of_size(10, 4)),
    "NaN": lambda: changed(filled(np.nan)),
    "infinity": lambda: changed(filled(np.inf)),
    "NaN, 16 bits": lambda: changed(filled(np.nan, np.float16)),
    "text as weights": lambda: changed(lambda m: setattr(tensor(m), "data_type", TensorProto.STRING)),
    "a kernel of 10^9": lambda: changed(lambda m: m.graph.node[1].attribute[0].ints.__setitem__(0, 10**9)),
    "a padding of 10^9": lambda: changed(lambda m: m.graph.node[1].attribute[1].ints.__setitem__(0, 10**9)),
    "a negative padding": lambda: changed(lambda m: m.graph.node[1].attribute[1].ints.__setitem__(0, -5)),
    "two values of one name": lambda: changed(lambda m: m.graph.node[2].output.__setitem__(0, "seen")),
    "a value that nothing computes": lambda: changed(lambda m: m.graph.node[2].input.__setitem__(0, "nothing")),
    "a cycle": lambda: changed(lambda m: m.graph.node[1].input.__setitem__(0, "ten")),
    "no output": lambda: changed(lambda m: m.graph.ClearField("output")),
    "two inputs": lambda: changed(lambda m: m.graph.input.add().CopyFrom(m.graph.output[0])),
    "another input": lambda: changed(
        lambda m: setattr(m.graph.input[0].type.tensor_type.shape.dim[1], "dim_value", 32)
    ),
    "no images but text": lambda: changed(
        lambda m: setattr(m.graph.input[0].type.tensor_type, "elem_type", TensorProto.STRING)
    ),
    "the wrong answer": lambda: tiny_model(nodes=[node("Relu")]),
    "no softmax": lambda: changed(lambda m: setattr(m.graph.node[5], "op_type", "Relu")),
}


def test_the_tiny_network_passes() -> None:
    check(tiny_onnx())


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_network_is_refused_before_it_is_used(case: str) -> None:
    with pytest.raises(Exception):  # noqa: B017 - of whatever kind; the process that checks it catches all
        check(HOSTILE[case]().SerializeToString())


@pytest.mark.parametrize("case", [*HOSTILE][:26])
def test_structure_is_refused_before_opencv_is_given_it(case: str) -> None:
    with pytest.raises(Exception):  # noqa: B017
        check_structure(HOSTILE[case]().SerializeToString())


@pytest.mark.parametrize("content", [b"", b"hello", os.urandom(1000), tiny_onnx()[:-100], tiny_onnx() * 2])
def test_what_is_no_network_is_refused(content: bytes) -> None:
    with pytest.raises(Exception):  # noqa: B017
        check(content)


def test_the_number_of_weights_is_limited() -> None:
    """Those of a constant count, too."""
    half = TensorProto(name="half", data_type=TensorProto.FLOAT, dims=[MOST_WEIGHTS // 2 + 1])
    nodes = [helper.make_node("Constant", [], [name], value=half) for name in "ab"]
    with pytest.raises(ValueError, match="more than 64,000,000 weights"):
        check_structure(tiny_model(nodes=[*nodes, node("Relu")]).SerializeToString())


def test_a_strangers_network_is_read_or_refused_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "stranger.onnx"
    path.write_bytes(tiny_onnx())
    assert Classifier(path).probabilities(np.zeros((3, 28, 28), np.uint8)).shape == (3, 10)
    path.write_bytes(HOSTILE["a loop"]().SerializeToString())
    with pytest.raises(UserError, match=r"not a network that can be used \(it uses the operator Loop") as caught:
        Classifier(path)
    assert "\n" not in str(caught.value)


def flipped(content: bytes, rng: np.random.Generator) -> bytes:
    at = int(rng.integers(8 * len(content)))
    return content[: at // 8] + bytes([content[at // 8] ^ 1 << at % 8]) + content[at // 8 + 1 :]


@pytest.mark.parametrize("card", [True, False], ids=["with a card", "without"])
def test_a_flipped_bit_is_refused_or_harmless(card: bool, tmp_path: Path) -> None:
    path, rng = tmp_path / "own.onnx", np.random.default_rng(0)
    path.write_bytes(whole := tiny_onnx())
    if card:
        vouch(path)
    used = 0
    for _ in range(FLIPS):
        path.write_bytes(flipped(whole, rng))
        try:
            answer = Classifier(path).probabilities(np.zeros((1, 28, 28), np.uint8))
        except UserError as error:
            assert "\n" not in str(error)
        else:
            assert answer.sum() == pytest.approx(1, abs=1e-3)
            used += 1
    assert used == 0 if card else used < FLIPS
    print(f"{used} of {FLIPS} used")
