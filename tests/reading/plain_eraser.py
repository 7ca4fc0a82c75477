"""The eraser as it is easily understood, one stroke and one place at a time, for comparison."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from digits.reading.eraser import CUT, Eraser
from digits.reading.ink import Stroke


def touches(stroke: Stroke, x: float, y: float, radius: float) -> bool:
    """Return whether a round eraser of ``radius`` pixels at (x, y) touches the ink of a stroke."""
    left, top, right, bottom = stroke.edges
    if not (left - radius <= x <= right + radius and top - radius <= y <= bottom + radius):
        return False
    return bool(_distances(stroke, x, y).min() <= radius + stroke.width / 2)


def erase(stroke: Stroke, x: float, y: float, radius: float) -> list[Stroke]:
    """Erase from a stroke with a round eraser of ``radius`` pixels at (x, y).

    Returns:
        The fragments that remain, with the width of the stroke and round ends: the stroke itself if it is not
        touched, an empty list if nothing remains. They end where the eraser's rim crosses the path, and have no other
        new points.
    """
    if not touches(stroke, x, y, radius):
        return [stroke]
    reach = radius + stroke.width / 2 + CUT
    path = stroke.path - (x, y)
    starts, along = path[:-1], np.diff(path, axis=0)
    length = np.maximum(np.hypot(along[:, 0], along[:, 1]), 1e-12)
    nearest = -(starts * along).sum(axis=1) / length**2  # on the line, as a fraction of its length
    aside = (starts[:, 0] * along[:, 1] - starts[:, 1] * along[:, 0]) / length
    half = np.sqrt(np.maximum(reach**2 - aside**2, 0)) / length
    erased = np.hypot(path[:, 0], path[:, 1]) < reach
    crossed = (abs(aside) < reach) & (nearest > 0) & (nearest < 1)
    enters = starts + along * (nearest - half).clip(0, 1)[:, np.newaxis] + (x, y)
    leaves = starts + along * (nearest + half).clip(0, 1)[:, np.newaxis] + (x, y)

    fragments: list[tuple[tuple[float, float], ...]] = []
    begun: tuple[tuple[float, float], ...] = ()  # of the next fragment, before the point ``place``
    place = 0
    for i in map(int, np.flatnonzero(erased[:-1] | erased[1:] | crossed)):
        if not erased[i]:
            fragments.append((*begun, *stroke.points[place : i + 1], (float(enters[i, 0]), float(enters[i, 1]))))
        begun = () if erased[i + 1] else ((float(leaves[i, 0]), float(leaves[i, 1])),)
        place = i + 1
    if not erased[-1]:
        fragments.append((*begun, *stroke.points[place:]))
    return [Stroke(fragment, stroke.width) for fragment in fragments]


def _distances(stroke: Stroke, x: float, y: float) -> NDArray[np.float64]:
    """Distances in pixels from (x, y) to each line segment of the path, or to its only point."""
    points = stroke.path
    starts = points[:-1] if len(points) > 1 else points
    along = points[1:] - starts if len(points) > 1 else np.zeros_like(points)
    length = np.maximum((along**2).sum(axis=1), 1e-12)
    fraction = np.clip((((x, y) - starts) * along).sum(axis=1) / length, 0, 1)
    nearest = starts + fraction[:, np.newaxis] * along
    distances: NDArray[np.float64] = np.hypot(nearest[:, 0] - x, nearest[:, 1] - y)
    return distances


def erase_along(
    strokes: tuple[Stroke, ...], places: Sequence[tuple[float, float]], radius: float, whole: bool
) -> tuple[Stroke, ...]:
    """What remains of strokes."""
    for x, y in places:
        strokes = tuple(
            fragment
            for stroke in strokes
            for fragment in ([] if whole and touches(stroke, x, y, radius) else erase(stroke, x, y, radius))
        )
    return strokes


def erased(
    strokes: tuple[Stroke, ...], places: Sequence[tuple[float, float]], radius: float, whole: bool = False
) -> tuple[Stroke, ...]:
    """What the other one leaves of strokes."""
    eraser = Eraser(strokes, whole)
    return eraser.remaining() if eraser.erase(places, radius) else strokes
