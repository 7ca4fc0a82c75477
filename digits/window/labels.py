"""Where labels have room beside digits: they cover no ink, and it is plain whose each is. No widgets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

EDGE = 0.04  #: of a frame's shorter side: how thick its edges may be
Rectangle = tuple[float, float, float, float]  #: left, top, right and bottom, in screen pixels
BELOW, ABOVE = "below", "above"


@dataclass(frozen=True)
class Wanted:
    """A digit that wants a label.

    Attributes:
        ink: where its ink is.
        room: pixels between its ink and the label.
        sizes: (width, height) of the texts that it may have, the best first.
        margin: pixels between its ink and the frame that is drawn around it.
        line: the line of text that it is on; None if it is on none.
        doubtful: whether its label comes before others.
    """

    ink: Rectangle
    room: float
    sizes: Sequence[tuple[float, float]]
    margin: float = 0
    line: int | None = None
    doubtful: bool = False


@dataclass(frozen=True)
class Placed:
    """A label: which of the texts it is, and where."""

    text: int
    where: Rectangle


def arrange(wanted: Sequence[Wanted], screen: tuple[int, int], gap: float = 0) -> list[Placed | None]:
    """Place a label below or above each digit, where it covers no ink, no frame and no other label; or none.

    Its middle is no farther from the digit's than half of the digit's width, it reaches no farther to the side than
    half of the way to the next digit, and it is no nearer to another line than to its own. The digits of a line have
    the best text if there is room for it beside each of them, else a shorter one; and no labels if most have no room.
    Doubtful digits choose first, and each has the best text that has room.

    Args:
        wanted: the digits.
        screen: (width, height) of what is seen.
        gap: pixels between labels that stand side by side.
    """
    paper = _Paper(wanted, screen, gap)
    for i in paper.seen:
        if wanted[i].doubtful:
            paper.place(i, range(len(wanted[i].sizes)), (BELOW, ABOVE))
    for line in paper.lines:
        _place_line(line, wanted, paper)
    return paper.placed


def _place_line(line: Sequence[int], wanted: Sequence[Wanted], paper: "_Paper") -> None:
    """Place the labels of what is not doubtful on a line."""
    sure = [i for i in line if not wanted[i].doubtful]
    texts = {i: range(len(wanted[i].sizes)) for i in sure}
    best, shorter = {i: texts[i][:1] for i in sure}, {i: texts[i][1:] or texts[i] for i in sure}
    doubtful = [paper.placed[i] for i in line if wanted[i].doubtful]
    forms = [best, shorter] if all(place is not None and place.text == 0 for place in doubtful) else [shorter]
    for form in forms:
        for sides in ((BELOW,), (ABOVE,), (BELOW, ABOVE)):
            if paper.place_all(sure, form, sides, len(sure)):
                return
    for sides in ((BELOW,), (ABOVE,)):
        if paper.place_all(sure, shorter, sides, (len(sure) + 1) // 2):
            return


class _Paper:
    """What is covered already.

    Attributes:
        taken: the rectangles that no label may cover.
        placed: the label of each digit, if it has one.
        seen: the digits on the screen.
        lines: those of each line; what is on none is a line of its own.
    """

    def __init__(self, wanted: Sequence[Wanted], screen: tuple[int, int], gap: float) -> None:
        self._wanted, self._screen, self._gap = wanted, screen, gap
        self._inks = _array([one.ink for one in wanted])
        self.taken = _array([edge for i in range(len(wanted)) for edge in self._edges(i)])
        self.placed: list[Placed | None] = [None] * len(wanted)
        self.seen = [i for i, one in enumerate(wanted) if _overlap(one.ink, (0, 0, *screen))]
        lines: dict[tuple[int | None, int], list[int]] = {}
        for i in self.seen:
            lines.setdefault((wanted[i].line, -1 if wanted[i].line is not None else i), []).append(i)
        self.lines = list(lines.values())
        self._line_of = {i: np.array(line) for line in self.lines for i in line}

    def place(self, i: int, texts: Sequence[int], sides: Sequence[str]) -> bool:
        """Place the label of a digit: the first of these texts that has room at one of these sides; or none."""
        self.placed[i] = place = self._find(i, texts, sides)
        if place is None:
            return False
        left, top, right, bottom = place.where
        self.taken = np.vstack([self.taken, _array([(left - self._gap, top, right + self._gap, bottom)])])
        return True

    def place_all(self, line: Sequence[int], texts: Mapping[int, Sequence[int]], sides: Sequence[str], n: int) -> bool:
        """Place the labels of these digits, if ``n`` of them at least have room."""
        before, missing = self.taken, 0
        for i in line:
            missing += not self.place(i, texts[i], sides)
            if len(line) - missing < n:
                break
        else:
            return True
        self.taken = before
        for i in line:
            self.placed[i] = None
        return False

    def _find(self, i: int, texts: Sequence[int], sides: Sequence[str]) -> Placed | None:
        one = self._wanted[i]
        left, _, right, _ = one.ink
        for text in texts:
            width, height = one.sizes[text]
            if one.doubtful and text == len(one.sizes) - 1:
                least, most = 0.0, float(self._screen[0])  # where its neighbours have none
            else:
                least, most = self._sides(i)
            low, high = max(least, left - width / 2), min(most, right + width / 2) - width
            if low > high:
                continue
            middle = min(max((left + right - width) / 2, low), high)
            across = (middle, (middle + low) / 2, (middle + high) / 2, low, high)
            places, kept_free = [], []
            near = one.room - one.margin  # to its own frame; a label is expected below
            for side in sides:
                above, below = (0.0, near) if side == BELOW else (2 * near, 0.0)
                for y in self._down(i, side, height):
                    if 0 <= y <= self._screen[1] - height:
                        places += [(x, y, x + width, y + height) for x in across]
                        kept_free += [(x, y - above, x + width, y + height + below) for x in across]
            for k in np.flatnonzero(~self._covers(_array(kept_free))):
                return Placed(text, places[k])
        return None

    def _down(self, i: int, side: str, height: float) -> tuple[float, ...]:
        """Where the top of a label may be at one side: on one level with others of its line, or near its digit."""
        one, line = self._wanted[i], self._inks[self._line_of[i]]
        if side == BELOW:
            near = one.ink[3]
            return _level(near, line[:, 3], height) + one.room, near + one.room
        near = one.ink[1]
        return -_level(-near, -line[:, 1], height) - one.room - height, near - one.room - height

    def _sides(self, i: int) -> tuple[float, float]:
        """How far to the left and right the label of a digit may reach."""
        left, top, right, bottom = self._inks[i]
        inks = self._inks
        around = (inks[:, 0] < left) & (inks[:, 1] < top) & (inks[:, 2] > right) & (inks[:, 3] > bottom)
        within = (inks[:, 0] > left) & (inks[:, 1] > top) & (inks[:, 2] < right) & (inks[:, 3] < bottom)
        beside = inks[(inks[:, 1] < bottom) & (inks[:, 3] > top) & ~around & ~within]
        middle, middles = (left + right) / 2, (beside[:, 0] + beside[:, 2]) / 2
        before, after = beside[middles < middle, 2], beside[middles > middle, 0]
        least = float(((before + left + self._gap) / 2).max(initial=0.0))
        most = float(((after + right - self._gap) / 2).min(initial=float(self._screen[0])))
        return least, most

    def _edges(self, i: int) -> list[Rectangle]:
        """What must not be covered: a digit with its frame, but of what is drawn around others its edges only."""
        one = self._wanted[i]
        left, top, right, bottom = one.ink
        outer = (left - one.margin, top - one.margin, right + one.margin, bottom + one.margin)
        inks = self._inks
        if not ((left < inks[:, 0]) & (top < inks[:, 1]) & (right > inks[:, 2]) & (bottom > inks[:, 3])).any():
            return [outer]
        edge = EDGE * min(right - left, bottom - top)
        return [
            (outer[0], outer[1], outer[2], top + edge),
            (outer[0], bottom - edge, outer[2], outer[3]),
            (outer[0], outer[1], left + edge, outer[3]),
            (right - edge, outer[1], outer[2], outer[3]),
        ]

    def _covers(self, places: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Of each place, whether something is there already."""
        left, top, right, bottom = places.T[:, :, None]
        taken = self.taken
        over = (taken[:, 0] < right) & (taken[:, 2] > left) & (taken[:, 1] < bottom) & (taken[:, 3] > top)
        return np.asarray(over.any(axis=1), np.bool_)


def _level(end: float, ends: NDArray[np.float64], height: float) -> float:
    """Of the levels, a label's height or more apart, on which digits with these ends have their labels, one's own."""
    level = highest = float(ends.min())
    for other in sorted(ends.tolist()):
        if other > highest + height:
            if level >= end:
                break
            highest = other
        level = other
    return level


def _overlap(a: Rectangle, b: Rectangle) -> bool:
    return a[0] < b[2] and a[2] > b[0] and a[1] < b[3] and a[3] > b[1]


def _array(rectangles: Sequence[Rectangle]) -> NDArray[np.float64]:
    return np.array(rectangles, np.float64).reshape(-1, 4)
