"""The line network's answers decoded, and its file refused where it is none."""

import itertools
import shutil
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from digits.errors import UserError
from digits.line_image import BLANK, HEIGHT, NO_DIGIT, STRIDE, SYMBOLS, line_image
from digits.reading.ink import rasterise
from digits.reading.line_network import BEAM, LineNetwork, align, beam_search, one_symbol, probability_of
from tests.reading.conftest import MODELS, picture, written
from tests.small_networks import tiny_onnx


@pytest.fixture(scope="module")
def network() -> LineNetwork:
    return LineNetwork(MODELS / "LineNet.onnx")


def logs_of(probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
    """Logarithms of probabilities of the first symbols and the blank by column; of all others 1e-12."""
    full = np.full((len(probabilities), SYMBOLS), 1e-12)
    full[:, : probabilities.shape[1] - 1] = probabilities[:, :-1]
    full[:, BLANK] = probabilities[:, -1]
    logs: NDArray[np.float64] = np.log(full / full.sum(axis=1, keepdims=True))
    return logs


def every_path(probabilities: NDArray[np.float64]) -> dict[tuple[int, ...], float]:
    """The probability of each sequence, added up over all paths: two symbols and the blank."""
    sums: dict[tuple[int, ...], float] = {}
    for path in itertools.product(range(3), repeat=len(probabilities)):
        labels = tuple(symbol for symbol, _ in itertools.groupby(path) if symbol != 2)
        value = float(np.prod([row[symbol] for row, symbol in zip(probabilities, path, strict=True)]))
        sums[labels] = sums.get(labels, 0) + value
    return sums


@pytest.mark.parametrize("seed", range(5))
def test_sequences_have_the_probability_of_all_their_paths(seed: int) -> None:
    probabilities = np.random.default_rng(seed).dirichlet([0.7] * 3, 5)
    found, true = beam_search(logs_of(probabilities)), every_path(probabilities)
    assert len(found) <= BEAM and [value for _, value in found] == sorted((v for _, v in found), reverse=True)
    assert found[0][0] == max(true, key=lambda labels: true[labels])
    for labels, value in found[:3]:
        assert np.exp(value) == pytest.approx(true[labels], rel=0.05)


@pytest.mark.parametrize("seed", range(5))
def test_the_probability_of_a_sequence_is_that_of_all_its_paths(seed: int) -> None:
    probabilities = np.random.default_rng(seed).dirichlet([0.7] * 3, 5)
    logs, true = logs_of(probabilities), every_path(probabilities)
    for labels, value in true.items():
        assert np.exp(probability_of(labels, logs)) == pytest.approx(value, rel=1e-6)
    shorter = logs_of(probabilities[:2])
    for line, row in zip((logs, shorter), one_symbol([logs, shorter]), strict=True):
        assert np.allclose(row[:BLANK], [probability_of((label,), line) for label in range(BLANK)])
        none = [labels for labels in true if set(labels) <= {1}] if line is logs else [(), (1,)]
        swapped = line[:, [0, NO_DIGIT, *range(2, NO_DIGIT), 1, BLANK]]
        assert np.exp(one_symbol([swapped])[0, BLANK]) == pytest.approx(
            sum(np.exp(probability_of(labels, line)) for labels in none), rel=1e-6
        )
    assert one_symbol([]).shape == (0, SYMBOLS)


def test_the_same_digit_twice_needs_paper_between() -> None:
    once = np.array([[0.98, 0.01, 0.01]] * 3)
    assert beam_search(logs_of(once))[0][0] == (0,)
    twice = np.array([[0.98, 0.01, 0.01], [0.01, 0.01, 0.98], [0.98, 0.01, 0.01]])
    assert beam_search(logs_of(twice))[0][0] == (0, 0)


def test_symbols_are_aligned_with_the_columns_where_they_are_probable() -> None:
    probabilities = np.array([[1, 1, 8], [8, 1, 1], [8, 1, 1], [1, 8, 1], [1, 1, 8], [1, 8, 1]]) / 10
    places = align((0, 1, 1), logs_of(probabilities))
    assert [columns.tolist() for columns in places] == [[1, 2], [3], [5]]
    assert align((), logs_of(probabilities)) == []


@pytest.mark.parametrize("height", [40, 120, 700])
@pytest.mark.parametrize("pen", [0.03, 0.07, 0.12])
def test_a_number_of_any_size_and_pen_is_read_where_it_is(network: LineNetwork, height: float, pen: float) -> None:
    strokes = written("40726", height, pen * height)
    line = line_image(picture(strokes), pen * height)
    assert line.pixels.shape[0] == HEIGHT and line.pixels.shape[1] % STRIDE == 0
    best = network.read([line])[0][0]
    assert best.labels == (4, 0, 7, 2, 6)
    middles = [symbol.middle for symbol in best.symbols]
    assert middles == sorted(middles)
    two = strokes[4].path[:, 0] - strokes[0].path[:, 0].min()
    assert best.symbols[3].left + 20 < two.mean() + 40 and best.symbols[3].right > two.mean()
    for symbol in best.symbols:
        assert symbol.left < symbol.middle < symbol.right and symbol.right - symbol.left < 1.2 * height
        assert symbol.seen.shape == (NO_DIGIT + 1,) and symbol.seen.sum() == pytest.approx(1, abs=1e-4)


def test_lines_side_by_side_are_read_as_each_alone(network: LineNetwork) -> None:
    lines = [line_image(picture(written(text, seed=seed)), 8) for seed, text in enumerate(["12", "9", "40726", "38"])]
    together, alone = network.read(lines), [network.read([line])[0] for line in lines]
    assert [found[0].labels for found in together] == [found[0].labels for found in alone]


def test_long_lines_are_read_whole(network: LineNetwork) -> None:
    number = "31415926535897932384"
    labels = network.read([line_image(picture(written(number)), 8)])[0][0].labels
    assert "".join(map(str, labels)) == number


def test_no_ink_is_no_symbol(network: LineNetwork) -> None:
    assert network.read([line_image(rasterise([], 60, 40), 8)])[0][0].labels == ()
    assert network.read([]) == []


def test_a_network_of_single_digits_is_no_line_network(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no network at .*LineNet\.onnx; make it with: python test\.py --models Line"):
        LineNetwork(tmp_path / "models" / "LineNet.onnx")
    (tmp_path / "LineNet.onnx").write_bytes(tiny_onnx())
    with pytest.raises(UserError, match=r"LineNet\.onnx is not a network that can be used \(its input has the shape"):
        LineNetwork(tmp_path / "LineNet.onnx")
    (tmp_path / "LineNet.onnx").write_bytes(b"damaged")
    with pytest.raises(UserError, match=r"LineNet\.onnx is not a network that can be used"):
        LineNetwork(tmp_path / "LineNet.onnx")


def test_a_line_network_without_a_card_is_tried_out(tmp_path: Path, network: LineNetwork) -> None:
    shutil.copy(MODELS / "LineNet.onnx", tmp_path)
    assert LineNetwork(tmp_path / "LineNet.onnx").digest == network.digest
