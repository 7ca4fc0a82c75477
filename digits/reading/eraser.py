"""Erasing from strokes: all lines near the eraser are cut at once."""

import math
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from digits.reading.ink import Stroke, outline

Point = tuple[float, float]
Floats = NDArray[np.float64]
Numbers = NDArray[np.intp]

CUT = 1 / 16  #: pixels by which the eraser cuts farther than it reaches, so that it does not touch what it left


class Eraser:
    """A round eraser on its way over strokes.

    Holds about 200 bytes for each point, and for each of what is cut.
    """

    def __init__(self, strokes: tuple[Stroke, ...], whole: bool = False) -> None:
        """Look at the strokes; with ``whole``, all of a stroke is removed that the eraser touches."""
        outline(strokes)
        self._strokes = strokes
        self._whole = whole
        count = np.array([len(stroke.path) for stroke in strokes], np.intp)
        paths = np.concatenate([np.empty((0, 2)), *(stroke.path for stroke in strokes)])
        points = np.column_stack([paths, np.arange(len(paths))]).T.copy()
        width = np.array([stroke.width for stroke in strokes], np.float64)
        self._all = _Pieces(points, count, width, np.arange(len(strokes)))
        self._fragments: list[_Pieces] = []

    def erase(self, places: Iterable[Point], radius: float) -> bool:
        """Erase with ``radius`` pixels around some places, one after the other; returns whether anything is touched."""
        touched = False
        for x, y in places:
            pieces = [self._all, *self._fragments]
            cut = [found for each in pieces if (found := each.erase(x, y, radius, self._whole)) is not None]
            if cut:
                touched = True
                self._fragments.append(_Pieces(*(np.concatenate(parts, axis=-1) for parts in zip(*cut, strict=True))))
                self._fragments = [each for each in self._fragments if each.remains.any()]
        return touched

    def remaining(self) -> tuple[Stroke, ...]:
        """The strokes that were not touched and, in place of each other one, what remains of it.

        That is fragments with its width and round ends. They end where the eraser's rim crosses the path, have no
        other new points, and are the same objects as long as they are not touched.
        """
        fragments: dict[int, list[tuple[float, Stroke]]]
        fragments = {i: [] for i in np.flatnonzero(~self._all.remains).tolist()}
        for each in self._fragments:
            for owner, begin, fragment in each.strokes():
                fragments[owner].append((begin, fragment))
        remaining: list[Stroke] = []
        for i, stroke in enumerate(self._strokes):
            if i in fragments:
                remaining += [fragment for _, fragment in sorted(fragments[i], key=lambda each: each[0])]
            else:
                remaining.append(stroke)
        return tuple(remaining)


Cut = tuple[Floats, Numbers, Floats, Numbers]  #: what :class:`_Pieces` are made of


class _Pieces:
    """Strokes, or fragments of them that were made at one place.

    From each point a line leads to the next of the same piece, and from the last point of a piece to itself.

    Attributes:
        remains: of each piece, whether it was not touched.
    """

    def __init__(self, points: Floats, count: Numbers, width: Floats, owner: Numbers) -> None:
        """Find the box of each line.

        Args:
            points: of all pieces, shape (3, points): x, y, and something that grows along each stroke.
            count: of each piece's points.
            width: of its pen.
            owner: number of the stroke that it is, or is a fragment of.
        """
        self._points, self._count, self._width, self._owner = points, count, width, owner
        self.remains = np.ones(len(count), bool)
        self._first = np.cumsum(count) - count
        self._last = self._first + count - 1
        self._piece = np.repeat(np.arange(len(count)), count)
        self._steps = np.diff(points, axis=1, append=0)
        self._steps[:, self._last] = 0
        starts, ends = points[:2], points[:2] + self._steps[:2]
        margin = (width / 2 + CUT)[self._piece]
        self._low, self._high = np.minimum(starts, ends) - margin, np.maximum(starts, ends) + margin
        self._left, self._top = self._low.min(axis=1, initial=math.inf).tolist()
        self._right, self._bottom = self._high.max(axis=1, initial=-math.inf).tolist()
        self._made: dict[int, tuple[int, float, Stroke]] = {}

    def erase(self, x: float, y: float, radius: float, whole: bool) -> Cut | None:
        """Erase at a place; the pieces that are touched remain no more. Returns their fragments; None if none is."""
        if not (self._left - radius <= x <= self._right + radius and self._top - radius <= y <= self._bottom + radius):
            return None
        near = (self._low[0] <= x + radius) & (self._high[0] >= x - radius)
        near &= (self._low[1] <= y + radius) & (self._high[1] >= y - radius)
        lines = np.flatnonzero(near)
        if not len(lines):
            return None
        piece = self._piece[lines]
        (from_x, from_y), (step_x, step_y) = self._points[:2, lines] - [[x], [y]], self._steps[:2, lines]
        length = np.maximum(step_x * step_x + step_y * step_y, 1e-24)  # squared, as is distance: roots take long
        nearest = -(from_x * step_x + from_y * step_y) / length  # on the line, as a fraction of its length
        closest = nearest.clip(0, 1)
        distance = (from_x + step_x * closest) ** 2 + (from_y + step_y * closest) ** 2
        reach = radius + self._width[piece] / 2
        touched = np.zeros(len(self._count), bool)
        touched[piece[distance <= reach**2]] = True
        if not touched.any():
            return None
        self.remains[touched] = False
        points = np.flatnonzero(touched[self._piece])
        self._low[:, points] = math.inf  # these lines are near no further place
        if whole:
            return np.empty((3, 0)), self._count[:0], self._width[:0], self._owner[:0]

        reach += CUT
        cut = touched[piece] & (distance < reach**2)
        lines, nearest, length, reach = lines[cut], nearest[cut], np.sqrt(length[cut]), reach[cut]
        from_x, from_y, step_x, step_y = from_x[cut], from_y[cut], step_x[cut], step_y[cut]
        aside = (from_x * step_y - from_y * step_x) / length
        half = np.sqrt(np.maximum(reach**2 - aside**2, 0)) / length
        where = np.searchsorted(points, lines)
        erased, crossed = np.zeros(len(points), bool), np.zeros(len(points), bool)
        erased[where] = np.hypot(from_x, from_y) < reach
        crossed[where] = (abs(aside) < reach) & (nearest > 0) & (nearest < 1)
        shares = np.zeros((3, len(points)))  # of each line: its start, where it goes under the eraser, and comes out
        shares[1, where], shares[2, where] = (nearest - half).clip(0, 1), (nearest + half).clip(0, 1)
        return self._cut(points, erased, crossed, shares)

    def _cut(self, points: Numbers, erased: NDArray[np.bool_], crossed: NDArray[np.bool_], shares: Floats) -> Cut:
        """The fragments of some pieces.

        Args:
            points: the numbers of theirs.
            erased: whether each is under the eraser.
            crossed: whether the eraser covers a part of the line from each.
            shares: 0, and at which fractions of the line from each it goes under the eraser, and comes out.
        """
        is_first, is_last = np.zeros(self._points.shape[1], bool), np.zeros(self._points.shape[1], bool)
        is_first[self._first] = is_last[self._last] = True
        ends_erased = np.append(erased[1:], False)
        hit = (erased | ends_erased | crossed) & ~is_last[points]
        comes_out = hit & ~ends_erased
        kept = np.stack([~erased, hit & ~erased, comes_out], axis=1)
        begins = np.stack([is_first[points] & ~erased, np.zeros_like(hit), comes_out], axis=1)[kept]
        line, share = np.repeat(points, 3).reshape(-1, 3)[kept], shares.T[kept]
        first = np.flatnonzero(begins)
        piece = self._piece[line[first]]
        cut: Floats = self._points[:, line] + self._steps[:, line] * share
        return cut, np.diff(np.append(first, len(line))).astype(np.intp), self._width[piece], self._owner[piece]

    def strokes(self) -> list[tuple[int, float, Stroke]]:
        """What remains: of which stroke each is, where it begins on it, and as a stroke of its own."""
        remains = np.flatnonzero(self.remains)
        new = np.array([i for i in remains.tolist() if i not in self._made], np.intp)
        is_new = np.zeros(len(self._count), bool)
        is_new[new] = True
        x, y = self._points[:2, is_new[self._piece]].tolist()
        points, last = list(zip(x, y, strict=True)), np.cumsum(self._count[new])
        along = self._points[2, self._first[new]]
        numbers = (new, last - self._count[new], last, self._width[new], self._owner[new], along)
        for i, start, end, width, owner, place in zip(*(values.tolist() for values in numbers), strict=True):
            self._made[i] = owner, place, Stroke(tuple(points[start:end]), width)
        return [self._made[i] for i in remains.tolist()]
