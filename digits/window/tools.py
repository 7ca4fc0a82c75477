"""The drawing tools: how each is offered, and what it does between press and release. No widgets.

A further tool is one more entry in :data:`TOOLS`. Its button, menu entry, shortcut, tooltip, line in
the help and behaviour on the canvas all come from that entry.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from digits.reading.eraser import Eraser
from digits.reading.ink import Stroke
from digits.window.ink_filter import InkFilter, Point


class Paper(Protocol):
    """What a tool works on. Points and lengths are in the drawing's pixels."""

    @property
    def strokes(self) -> tuple[Stroke, ...]:
        """The strokes of the drawing."""

    @property
    def pen_width(self) -> float:
        """The pen's diameter."""

    @property
    def pixel(self) -> float:
        """The side of a screen pixel."""

    @property
    def steady(self) -> bool:
        """Whether the pen's jitter is averaged out."""

    @property
    def click_radius(self) -> float:
        """How far the pointer may move between press and release of a click."""

    def preview_line(self, *points: Point) -> None:
        """Show a line in the pen's width until the pointer is released."""

    def preview_strokes(self, strokes: tuple[Stroke, ...]) -> None:
        """Show these strokes in place of the drawing's."""

    def add_stroke(self, stroke: Stroke) -> None:
        """Add a stroke to the drawing."""

    def replace_strokes(self, strokes: tuple[Stroke, ...]) -> None:
        """Replace all strokes of the drawing."""

    def preview_box(self, start: Point, end: Point) -> None:
        """Show a box between two corners until the pointer is released."""

    def crop(self, box: tuple[int, int, int, int]) -> None:
        """Keep a part of the photograph: x, y, width and height."""

    def click(self, point: Point) -> bool:
        """Select the digit at a point; returns whether there is one."""


class Gesture(Protocol):
    """One use of a tool: begun when the pointer is pressed, moved, and released."""

    def move(self, point: Point) -> None:
        """The pointer has moved."""

    def release(self) -> None:
        """The pointer was released where it last moved to."""


@dataclass(frozen=True)
class Tool:
    """One tool.

    Attributes:
        name: its label in the menu; unique.
        button: its short label in the toolbar.
        icon: the name of a Bootstrap icon.
        key: its shortcut, as in :class:`digits.window.commands.Command`.
        tip: what it does, for the tooltip.
        start: begins a gesture at the point where the pointer is pressed.
        reach: radius of the ring around the pointer, in pen diameters; 0 for no ring.
        cursor: Tk's name of the pointer.
        on_photograph: whether it can be used on a photograph only.
    """

    name: str
    button: str
    icon: str
    key: str
    tip: str
    start: Callable[[Paper, Point], Gesture]
    reach: float = 0.0
    cursor: str = "crosshair"
    on_photograph: bool = False


class Draw:
    """Draws a stroke; a click selects a digit, or draws a dot where there is none."""

    def __init__(self, paper: Paper, point: Point) -> None:
        self._paper = paper
        self._start = self._last = point
        self._farthest = 0.0  # from the start
        self._filter = InkFilter(point, paper.pixel, paper.steady)
        self._points = [point]
        paper.preview_line(point)

    def move(self, point: Point) -> None:
        """Extend the stroke by a smooth curve, if the pointer has moved by a screen pixel at least."""
        self._last = point
        self._farthest = max(self._farthest, math.dist(self._start, point))
        self._extend(self._filter.move(point))

    def _extend(self, points: Sequence[Point]) -> None:
        if points:
            self._paper.preview_line(self._points[-1], *points)
            self._points += points

    def release(self) -> None:
        """Add the stroke, or click."""
        start = self._start
        if self._farthest > self._paper.click_radius:
            self._extend(self._filter.release(self._last))
            self._paper.add_stroke(Stroke(tuple(self._points), self._paper.pen_width))
        elif not self._paper.click(start):
            self._paper.add_stroke(Stroke((start,), self._paper.pen_width))


class Erase:
    """Erases along the pointer's path with a round eraser, twice as wide as the pen."""

    def __init__(self, paper: Paper, point: Point, whole: bool) -> None:
        """Erase at a point.

        Args:
            paper: what to erase on.
            point: where the pointer was pressed.
            whole: whether all of a stroke is erased that the eraser touches.
        """
        self._paper = paper
        self._eraser = Eraser(paper.strokes, whole)
        self._remaining: tuple[Stroke, ...] | None = None  # once something is erased
        self._last = point
        self.move(point)

    def move(self, point: Point) -> None:
        """Erase from the last point to this one: a fast pointer leaves gaps between its events."""
        (from_x, from_y), (x, y) = self._last, point
        self._last = point
        radius = self._paper.pen_width
        steps = max(1, math.ceil(math.hypot(x - from_x, y - from_y) / radius))
        shares = [i / steps for i in range(1, steps + 1)]
        places = [(from_x + (x - from_x) * share, from_y + (y - from_y) * share) for share in shares]
        if self._eraser.erase(places, radius):
            self._remaining = self._eraser.remaining()
            self._paper.preview_strokes(self._remaining)

    def release(self) -> None:
        """Change the drawing, if anything was erased."""
        if self._remaining is not None:
            self._paper.replace_strokes(self._remaining)


class Crop:
    """Draws a box, to which the photograph is cropped."""

    def __init__(self, paper: Paper, point: Point) -> None:
        self._paper = paper
        self._start = self._last = point

    def move(self, point: Point) -> None:
        """Draw the box to here."""
        self._last = point
        self._paper.preview_box(self._start, point)

    def release(self) -> None:
        """Crop, unless it was a click."""
        (x0, y0), (x1, y1) = self._start, self._last
        left, top, right, bottom = (math.floor(min(x0, x1)), math.floor(min(y0, y1)), math.ceil(max(x0, x1)),
                                    math.ceil(max(y0, y1)))  # fmt: skip
        if math.dist(self._start, self._last) > self._paper.click_radius and right > left and bottom > top:
            self._paper.crop((left, top, right - left, bottom - top))


def erase_ink(paper: Paper, point: Point) -> Gesture:
    """Erase the ink under the eraser."""
    return Erase(paper, point, whole=False)


def erase_strokes(paper: Paper, point: Point) -> Gesture:
    """Erase every stroke that the eraser touches."""
    return Erase(paper, point, whole=True)


#: All tools, in the order of the toolbar; the first is chosen at the start.
TOOLS = (
    Tool("Pen", "Pen", "pencil-fill", "P", "Draw", Draw),
    Tool("Eraser", "Eraser", "eraser", "E", "Erase ink", erase_ink, reach=1.0),
    Tool("Stroke eraser", "Stroke eraser", "eraser-fill", "Shift+E", "Erase whole strokes", erase_strokes, reach=1.0),
    Tool("Crop", "Crop", "crop", "C", "Keep a part of the photograph", Crop, on_photograph=True),
)
