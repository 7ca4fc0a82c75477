"""The drawing tools, on a paper without a window."""

import math

import numpy as np
import pytest

from digits.reading.ink import Stroke
from digits.window.ink_filter import Point
from digits.window.tools import TOOLS, Tool

PEN, ERASER, STROKE_ERASER, CROP = (
    next(tool for tool in TOOLS if tool.name == name) for name in ("Pen", "Eraser", "Stroke eraser", "Crop")
)
A, B = Stroke(((0.0, 0.0), (100.0, 0.0)), 4), Stroke(((0.0, 50.0), (100.0, 50.0)), 4)


class Sheet:
    """A paper that keeps what the tools do, with a digit at the origin."""

    pen_width, pixel, click_radius, steady = 10.0, 0.5, 3.0, False

    def __init__(self, *strokes: Stroke) -> None:
        self.strokes = strokes
        self.lines: list[tuple[Point, ...]] = []
        self.previews: list[tuple[Stroke, ...]] = []
        self.replaced = 0
        self.boxes: list[tuple[int, int, int, int]] = []

    def preview_box(self, start: Point, end: Point) -> None:
        self.lines.append((start, end))

    def crop(self, box: tuple[int, int, int, int]) -> None:
        self.boxes.append(box)

    def preview_line(self, *points: Point) -> None:
        self.lines.append(points)

    def preview_strokes(self, strokes: tuple[Stroke, ...]) -> None:
        self.previews.append(strokes)

    def add_stroke(self, stroke: Stroke) -> None:
        self.strokes = (*self.strokes, stroke)

    def replace_strokes(self, strokes: tuple[Stroke, ...]) -> None:
        self.strokes = strokes
        self.replaced += 1

    def click(self, point: Point) -> bool:
        return point == (0, 0)


def use(tool: Tool, sheet: Sheet, *points: Point) -> None:
    gesture = tool.start(sheet, points[0])
    for point in points[1:]:
        gesture.move(point)
    gesture.release()


def test_the_pen_draws_and_leaves_out_what_is_closer_than_a_screen_pixel() -> None:
    sheet = Sheet()
    use(PEN, sheet, (0, 0), (0.4, 0), (10, 0), (20, 0), (30, 0))
    assert len(sheet.strokes) == 1
    points = sheet.strokes[0].points
    assert (points[0], points[-1]) == ((0, 0), (30, 0)) and (0.4, 0) not in points
    assert all(abs(y) < 0.01 for _, y in points)
    assert [point for line in sheet.lines[1:] for point in line[1:]] == list(points[1:]), "what is shown is kept"


def test_a_fast_pen_leaves_no_corners() -> None:
    sheet = Sheet()
    circle = [(100 * math.cos(angle), 100 * math.sin(angle)) for angle in np.linspace(0, 5, 14)]
    use(PEN, sheet, *circle)
    along = np.diff(np.array(sheet.strokes[0].points), axis=0)
    turns = np.diff(np.unwrap(np.arctan2(along[:, 1], along[:, 0])))
    assert np.abs(turns).max() < math.radians(15) < 5 / 13, "the pointer's own steps turn by 22°"


def test_cropping_needs_more_than_a_click() -> None:
    sheet = Sheet()
    use(CROP, sheet, (50, 60), (51, 61))
    assert sheet.boxes == []
    use(CROP, sheet, (50, 60.5), (30, 20), (10.5, 20))
    assert sheet.boxes == [(10, 20, 40, 41)]


def test_a_click_of_the_pen_selects_or_else_draws_a_dot() -> None:
    sheet = Sheet()
    use(PEN, sheet, (0, 0), (1, 1))
    assert sheet.strokes == ()
    use(PEN, sheet, (40, 40), (41, 41))
    assert sheet.strokes == (Stroke(((40, 40),), 10.0),)


def test_the_eraser_cuts_a_stroke() -> None:
    sheet = Sheet(A, B)
    use(ERASER, sheet, (50, 0))
    assert len(sheet.strokes) == 3
    assert sheet.strokes[-1] is B
    left, right = sheet.strokes[:2]
    assert max(x for x, _ in left.points) < 40 < 60 < min(x for x, _ in right.points)
    assert sheet.previews == [sheet.strokes]


def test_the_stroke_eraser_removes_whole_strokes() -> None:
    sheet = Sheet(A, B)
    use(STROKE_ERASER, sheet, (50, 0))
    assert sheet.strokes == (B,)


@pytest.mark.parametrize("tool", [ERASER, STROKE_ERASER])
def test_a_fast_eraser_leaves_no_gaps(tool: Tool) -> None:
    sheet = Sheet(A, B)
    use(tool, sheet, (50, -200), (50, 200))
    assert all(abs(x - 50) > 10 for stroke in sheet.strokes for x, _ in stroke.points)
    assert sheet.replaced == 1


@pytest.mark.parametrize("tool", [ERASER, STROKE_ERASER])
def test_an_eraser_that_touches_nothing_changes_nothing(tool: Tool) -> None:
    sheet = Sheet(A, B)
    use(tool, sheet, (300, 300), (310, 300))
    assert sheet.replaced == 0
    assert sheet.previews == []
