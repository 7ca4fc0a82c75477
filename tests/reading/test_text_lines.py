"""Lines and runs, from the boxes of pieces of ink."""

from dataclasses import replace

import numpy as np
import pytest

from digits.reading.segmentation import Segment
from digits.reading.text_lines import text_lines

Box = tuple[int, int, int, int]


def piece(box: Box, ring: bool = False) -> Segment:
    ink = np.full((box[3], box[2]), 255, np.uint8)
    if ring:
        ink[5:-5, 5:-5] = 0
    return Segment(box, ink)


def strokes_of(*boxes: Box) -> list[Segment]:
    """Strokes drawn one after another."""
    return [Segment(box, np.full((box[3], box[2]), 255, np.uint8), 0, (i,)) for i, box in enumerate(boxes)]


def lines_of(boxes: dict[str, Box], rings: str = "") -> str:
    """The pieces' names: lines are separated by "/", runs by "-"."""
    names = list(boxes)
    found = text_lines([piece(box, name in rings) for name, box in boxes.items()])
    return "/".join("-".join("".join(names[i] for i in run) for run in line) for line in found)


CASES: dict[str, tuple[dict[str, Box], str]] = {
    "nothing": ({}, ""),
    "two lines": (
        {"c": (0, 150, 50, 100), "a": (0, 0, 50, 100), "d": (60, 150, 50, 100), "b": (60, 10, 50, 100)},
        "ab/cd",
    ),
    "the bar of a 5 above its body": ({"a": (0, 20, 50, 90), "b": (10, 0, 50, 10), "c": (80, 10, 50, 100)}, "abc"),
    "a small number beside a large digit": (
        {"a": (0, 0, 300, 400), "b": (380, 180, 25, 40), "c": (415, 180, 25, 40)},
        "a-bc",
    ),
    "a dash between two digits": ({"a": (0, 0, 60, 100), "b": (90, 48, 40, 8), "c": (160, 0, 60, 100)}, "a-b-c"),
    "two small lines beside a large digit": (
        {"a": (0, 0, 200, 300), "b": (260, 70, 30, 50), "c": (260, 190, 30, 50), "d": (300, 190, 30, 50)},
        "b/a/cd",
    ),
    "much paper between": ({"a": (0, 0, 60, 100), "b": (300, 0, 60, 100), "c": (370, 5, 60, 100)}, "a-bc"),
    "a box around one line": (
        {"a": (20, 60, 50, 100), "b": (90, 60, 50, 100), "c": (0, 0, 200, 230)},
        "abc",
    ),
    "a rising line": ({name: (70 * i, 200 - 18 * i, 50, 100) for i, name in enumerate("abcdefgh")}, "abcdefgh"),
}


@pytest.mark.parametrize(("boxes", "expected"), CASES.values(), ids=CASES)
def test_lines_and_runs(boxes: dict[str, Box], expected: str) -> None:
    found = lines_of(boxes)
    assert [["".join(sorted(run)) for run in line.split("-")] for line in found.split("/")] == [
        ["".join(sorted(run)) for run in line.split("-")] for line in expected.split("/")
    ]


def test_a_frame_around_several_lines_is_on_none() -> None:
    boxes = {"a": (20, 20, 50, 100), "b": (90, 20, 50, 100), "c": (20, 170, 50, 100), "d": (0, 0, 200, 300)}
    assert lines_of(boxes) == "ab/c"


def test_an_8_of_two_rings_is_on_one_line_and_two_lines_of_0s_are_two() -> None:
    rings = {"a": (10, 0, 50, 50), "b": (5, 52, 60, 60)}
    assert lines_of(rings, rings="ab") == "ab"
    zeros = {"a": (0, 0, 50, 80), "b": (70, 0, 50, 80), "c": (0, 100, 50, 80), "d": (70, 100, 50, 80)}
    assert lines_of(zeros, rings="abcd") == "ab/cd"


def test_strokes_that_touch_are_halves_of_a_digit_but_digits_below_each_other_are_not() -> None:
    halves = strokes_of((0, 0, 52, 50), (2, 48, 50, 54), (100, 0, 60, 100))
    assert text_lines(halves) == [[[0, 1, 2]]]
    assert len(text_lines([replace(piece, strokes=()) for piece in halves])) == 2, "their order says nothing"
    assert len(text_lines([halves[0], halves[2], replace(halves[1], strokes=(9,))])) == 2, "drawn at another time"
    sevens = strokes_of((0, 0, 62, 100), (0, 98, 62, 100))
    assert text_lines(sevens) == [[[0]], [[1]]]
    ones = strokes_of(*((0, 98 * i, 12, 100) for i in range(12)))
    assert text_lines(ones) == [[[i]] for i in range(12)]
    assert text_lines(strokes_of((0, 0, 52, 50), (2, 52, 50, 54))) == [[[0]], [[1]]], "they do not touch"


@pytest.mark.parametrize("seed", range(20))
def test_every_piece_is_on_one_line_or_around_several(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 40))
    sizes = np.exp(rng.uniform(1, 5, (n, 2))).astype(int)
    places = rng.integers(0, 800, (n, 2))
    components = [piece((int(x), int(y), int(w), int(h))) for (x, y), (w, h) in zip(places, sizes, strict=True)]
    used = [i for line in text_lines(components) for run in line for i in run]
    assert len(used) == len(set(used))
    heights = sizes[:, 1]
    missing = set(range(n)) - set(used)
    assert all(heights[i] > np.median(heights) for i in missing)
