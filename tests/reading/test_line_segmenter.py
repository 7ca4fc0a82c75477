"""Pieces of ink given to the digits that a line network sees."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from digits.line_image import BLANK, NO_DIGIT, OUTPUTS, STRIDE, SYMBOLS, LineImage
from digits.reading.classifier import Classifier
from digits.reading.ink import Stroke, rasterise
from digits.reading.line_network import Candidate, LineNetwork
from digits.reading.line_segmenter import LineSegmenter
from digits.reading.recognizer import read
from digits.reading.segmentation import Segment, image_components, stroke_components
from tests.reading.conftest import MODELS, found, line_segmenter, picture, written

#: What a stand-in for the network sees: label, left and right as shares of the ink's width.
Seen = Sequence[tuple[int, float, float]]


class StandIn(LineNetwork):
    """Sees in every line what it is told to, but no digit in parts of one; counts the lines that it is given."""

    def __init__(self, *ways: Seen, parts: Seen | None = None) -> None:
        self.digest, self.ways, self.given, self.parts = "0" * 64, ways, 0, parts
        self.alone_given = 0

    def read(self, lines: Sequence[LineImage]) -> list[tuple[Candidate, ...]]:
        self.given += len(lines)
        if self.given > len(lines) and self.parts is not None:
            return [(_candidate(line, self.parts, -0.01),) for line in lines]
        return [tuple(_candidate(line, seen, -0.01 - 0.1 * i) for i, seen in enumerate(self.ways)) for line in lines]

    def alone(self, lines: Sequence[LineImage]) -> NDArray[np.float64]:
        self.alone_given += len(lines)
        return np.array([self.alone_is(line) for line in lines]).reshape(-1, SYMBOLS)

    def alone_is(self, line: LineImage) -> NDArray[np.float64]:
        """What is narrow is a 0, and anything else no digit."""
        logs = np.full(SYMBOLS, -15.0)
        logs[[0] if columns_of(line) < 18 else [NO_DIGIT, BLANK]] = -0.1
        return logs


def columns_of(line: LineImage) -> int:
    return int(line.pixels.any(axis=0).sum())


def _candidate(line: LineImage, seen: Seen, probability: float) -> Candidate:
    columns = line.pixels.shape[1] // STRIDE
    answers = np.full((columns, OUTPUTS), -9, np.float32)
    answers[:, BLANK] = 0
    inked = np.flatnonzero(line.pixels.any(axis=0))
    left, width = inked[0], inked[-1] - inked[0] + 1
    for label, start, end in seen:
        column = int((left + width * (start + end) / 2) // STRIDE)
        x = STRIDE * (column + 0.5)
        answers[column, [label, BLANK]] = 5, -9
        answers[column, SYMBOLS:] = (x - left - width * start) / 32, (left + width * end - x) / 32
    logs = answers[:, :SYMBOLS] - np.logaddexp.reduce(answers[:, :SYMBOLS], axis=1, keepdims=True)
    return Candidate(tuple(label for label, *_ in seen), probability, line, answers, logs.astype(np.float64))


def line(*points: tuple[float, float], pen: float = 8) -> Stroke:
    return Stroke(tuple((float(x), float(y)) for x, y in points), pen)


def segments_of(components: Sequence[Segment], *ways: Seen) -> list[Segment]:
    return LineSegmenter(StandIn(*ways)).segments(components)


TWO_RINGS = [
    line((40, 10), (10, 60), (40, 120), (70, 60), (40, 10)),
    line((100, 10), (66, 60), (100, 120), (130, 60), (100, 10)),
]
HALVES: Seen = ((0, 0.0, 0.5), (0, 0.5, 1.0))


def test_a_piece_that_two_digits_share_is_cut_where_the_least_ink_is() -> None:
    pieces = image_components(picture(TWO_RINGS))
    assert len(pieces) == 1
    left, right = segments_of(pieces, HALVES)
    assert left.is_cut and right.is_cut and left.strokes == ()
    assert left.box[0] + left.box[2] <= right.box[0] + 6
    total = sum(int((part.ink > 0).sum()) for part in (left, right))
    assert total == int((pieces[0].ink > 0).sum()), "no ink is lost or doubled"
    assert abs(int((left.ink > 0).sum()) - int((right.ink > 0).sum())) < 0.25 * total


@pytest.mark.parametrize("n", [2, 7, 40])
def test_each_of_the_pixels_that_are_cut_goes_to_one_digit(n: int) -> None:
    ink = np.zeros((60, 30 * n), np.uint8)
    ink[5:55, 3::9] = ink[28:31] = 255
    ways: Seen = [(1, i / n, (i + 1) / n) for i in range(n)]
    parts = segments_of(image_components(ink), ways)
    assert len(parts) == n and all(part.is_cut for part in parts)
    found = np.zeros_like(ink)
    for part in parts:
        x, y, width, height = part.box
        assert (width, height) == part.ink.shape[::-1] and width < 90
        found[y : y + height, x : x + width] += part.ink
    assert np.array_equal(found, ink)


def test_how_probable_the_count_is_is_shared_by_the_digits() -> None:
    """Of ways with probabilities of exp(-0.01), exp(-0.11) and exp(-0.21) the first and the last have two digits."""
    ways: list[Seen] = [HALVES, ((0, 0.0, 1.0),), ((0, 0.0, 0.5), (6, 0.5, 1.0))]
    left, right = segments_of(image_components(picture(TWO_RINGS)), *ways)
    probabilities = np.exp([-0.01, -0.11, -0.21])
    assert left.counted * right.counted == pytest.approx(probabilities[[0, 2]].sum() / probabilities.sum())
    assert left.counted == right.counted


def test_the_count_of_a_line_that_is_very_improbable_has_a_probability() -> None:
    class Doubtful(StandIn):
        def read(self, lines: Sequence[LineImage]) -> list[tuple[Candidate, ...]]:
            return [tuple(replace(one, probability=-2000.0) for one in ways) for ways in super().read(lines)]

    found = LineSegmenter(Doubtful(HALVES)).segments(image_components(picture(TWO_RINGS)))
    assert [segment.counted for segment in found] == [1, 1]


def test_whole_strokes_go_to_their_digits_although_they_touch() -> None:
    left, right = segments_of(stroke_components(TWO_RINGS), HALVES)
    assert (left.strokes, right.strokes) == ((0,), (1,)) and not (left.is_cut or right.is_cut)


def test_a_way_to_read_that_cuts_a_stroke_gives_way_to_one_that_does_not() -> None:
    ring = stroke_components(TWO_RINGS[:1])
    (one,) = segments_of(ring, HALVES, ((0, 0.0, 1.0),))
    assert one.strokes == (0,) and not one.is_cut
    assert len(segments_of(image_components(picture(TWO_RINGS[:1])), HALVES, ((0, 0.0, 1.0),))) == 2, "ink may be cut"


def test_digits_in_one_stroke_are_cut_if_they_are_no_digit_together() -> None:
    rings = [line(*TWO_RINGS[0].points, *TWO_RINGS[1].points)]
    left, right = segments_of(stroke_components(rings), HALVES, ((0, 0.0, 1.0),))
    assert left.is_cut and right.is_cut and left.strokes == right.strokes == (0,)


def test_strokes_go_to_the_digits_that_they_are_read_best_with() -> None:
    """Of an 8 beside an 8 that reaches into it the network sees too few, and where they are only roughly."""

    class Rings(StandIn):
        def alone_is(self, line: LineImage) -> NDArray[np.float64]:
            """One above another is an 8."""
            logs = np.full(SYMBOLS, -15.0)
            logs[8] = -0.1 if columns_of(line) < 18 else -9
            return logs

    eight = [
        line((30, 10), (10, 30), (30, 50), (50, 30), (30, 10)),
        line((30, 54), (10, 74), (30, 94), (50, 74), (30, 54)),
    ]
    other = [Stroke(tuple((x + 34, y) for x, y in ring.points), ring.width) for ring in eight]
    strokes = [*eight, *other]
    network = Rings(((8, 0.0, 0.6),), ((8, 0.0, 0.7), (8, 0.3, 1.0)))
    segments = LineSegmenter(network).segments(stroke_components(strokes))
    assert [segment.strokes for segment in segments] == [(0, 1), (2, 3)]


def test_how_groups_read_alone_is_kept_with_the_strokes_only() -> None:
    network = StandIn(((0, 0.0, 0.5), (0, 0.4, 1.0)), ((0, 0.0, 0.6),))
    reader = LineSegmenter(network)
    near = [TWO_RINGS[0], Stroke(tuple((x - 8, y) for x, y in TWO_RINGS[1].points), 8)]
    pieces = stroke_components(near)
    reader.segments(pieces)
    first = network.alone_given
    assert first == 3, "either ring, and both"
    reader.segments(pieces, remember=True)
    assert network.alone_given == 2 * first, "nothing was to be kept"
    third = Stroke(tuple((x + 50, y) for x, y in near[1].points), 8)
    reader.segments([*pieces, *stroke_components([*near, third])[2:]], remember=True)
    assert network.alone_given == 2 * first + 3, "the groups with the new one"
    reader.segments(stroke_components([third]), remember=True)
    before = network.alone_given
    reader.segments([*pieces, *stroke_components([*near, third])[2:]])
    assert network.alone_given == before + 6, "forgotten with the strokes"


def test_small_pieces_beside_all_digits_are_left_out_and_large_ones_are_no_digit() -> None:
    body, dot = line((10, 10), (10, 120)), line((70, 60), (74, 60))

    def beside(other: Stroke) -> list[Segment]:
        network = StandIn(((1, 0.0, 0.15),), parts=((NO_DIGIT, 0.0, 1.0),))
        return LineSegmenter(network).segments(stroke_components([body, other]))

    (digit,) = beside(dot)
    assert digit.strokes == (0,)
    _, none = beside(line((70, 10), (90, 120)))
    assert none.strokes == (1,) and none.seen is not None and none.seen.argmax() == NO_DIGIT


def test_neighbours_that_are_seen_as_one_are_read_each_alone() -> None:
    pair = stroke_components([line((10, 10), (10, 120)), line((26, 10), (26, 120))])
    seen, alone = ((1, 0.0, 1.0),), ((1, 0.0, 1.0),)
    two = LineSegmenter(StandIn(seen, parts=alone)).segments(pair)
    assert [segment.strokes for segment in two] == [(0,), (1,)]
    halves = LineSegmenter(StandIn(((0, 0.0, 1.0),), parts=alone)).segments(pair)
    assert [segment.strokes for segment in halves] == [(0, 1)], "a 0 whose halves alone may be 1s"
    (none,) = LineSegmenter(StandIn(((NO_DIGIT, 0.0, 1.0),), parts=alone)).segments(pair)
    assert none.strokes == (0, 1)


def test_a_line_in_which_nothing_is_seen_is_no_digit() -> None:
    (none,) = segments_of(stroke_components(TWO_RINGS), ())
    assert none.strokes == (0, 1) and none.seen is not None and none.seen.argmax() == NO_DIGIT


def test_a_box_is_taken_away_and_the_line_is_read_again() -> None:
    box = line((-20, -20), (160, -20), (160, 150), (-20, 150), (-20, -20))
    network = StandIn(((0, 0.12, 0.46), (0, 0.54, 0.88)))
    segments = LineSegmenter(network).segments(stroke_components([*TWO_RINGS, box]))
    assert network.given == 2
    assert [segment.strokes for segment in segments] == [(0,), (1,)]


def test_what_has_not_changed_is_not_read_again() -> None:
    network = StandIn(((1, 0.0, 1.0),))
    lines = LineSegmenter(network)
    pieces = [Segment((300 * i, 0, 10, 100), np.full((100, 10), 255, np.uint8)) for i in range(5)]
    first = lines.segments(pieces, remember=True)
    assert network.given == 5
    more = [*pieces, Segment((1500, 0, 10, 100), np.full((100, 10), 255, np.uint8))]
    second = lines.segments(more, remember=True)
    assert network.given == 6 and all(a is b for a, b in zip(first, second, strict=False))
    lines.segments(more)
    assert network.given == 6
    assert len(lines.segments(more[1:], remember=True)) == 5 and network.given == 6


def test_not_remembered_is_forgotten() -> None:
    network = StandIn(((1, 0.0, 1.0),))
    lines = LineSegmenter(network)
    pieces = [Segment((0, 0, 10, 100), np.full((100, 10), 255, np.uint8))]
    lines.segments(pieces)
    lines.segments(pieces)
    assert network.given == 2


def test_without_a_line_network_each_piece_is_a_digit(tmp_path: Path) -> None:
    shelf = tmp_path / "models"
    shelf.mkdir()
    (shelf / "LineNet.onnx").write_bytes(b"damaged")
    lines = LineSegmenter.open(shelf)
    assert "LineNet.onnx" in lines.failure and "each piece of ink is taken for a digit" in lines.failure
    assert "\n" not in lines.failure and lines.digest == ""
    segments = lines.segments(stroke_components(written("31")))
    assert [segment.seen for segment in segments] == [None, None]
    assert read(segments, Classifier(MODELS / "CNN.onnx")).text == "31"


def test_a_folder_without_a_line_network_uses_the_projects(tmp_path: Path) -> None:
    assert LineSegmenter.open(tmp_path).digest == line_segmenter().digest != ""


def overlapping(gap: float) -> list[Stroke]:
    """A 4 and a 7 whose boxes overlap by ``-gap`` pixels."""
    four, seven = written("4"), written("7")
    right = max(stroke.path[:, 0].max() for stroke in four)
    left = min(stroke.path[:, 0].min() for stroke in seven)
    moved = [Stroke(tuple((x + right - left + gap, y) for x, y in stroke.points), 8) for stroke in seven]
    return [*four, *moved]


@pytest.mark.parametrize("gap", [20.0, 6.0, -4.0])
def test_neighbours_are_kept_apart_from_strokes_and_from_ink(gap: float) -> None:
    for pieces in (stroke_components(overlapping(gap)), image_components(picture(overlapping(gap)))):
        assert len(found(pieces)) == 2


def test_digits_of_unequal_height_are_two() -> None:
    small = [Stroke(tuple((x + 110, y + 60) for x, y in stroke.points), 8) for stroke in written("7", 70)]
    ink: NDArray[np.uint8] = rasterise([*written("5"), *small], 320, 200)
    assert read(found(image_components(ink)), Classifier(MODELS / "ResNet.onnx")).text == "57"
