"""Which pieces of ink are on one line: lines are found before anything is read."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from digits.reading.segmentation import Segment, weighted_median

SMALL = 0.5  #: pieces lower than this share of the usual height join the line that they are nearest to
LARGE = 2.2  #: pieces higher than this many usual heights may be drawn around several lines
OVERLAP = 0.4  #: share of the lower one's height in which neighbours of a line overlap at least
CLOSE = 0.08  #: rings above each other that are this close, as a share of their height, are an 8
BESIDE = 0.8  #: of the higher one's height: pieces farther apart are read without each other

Boxes = NDArray[np.float64]  #: left, top, right, bottom of each piece, shape (n, 4)


def text_lines(components: Sequence[Segment]) -> list[list[int]]:
    """Sort pieces of ink into lines.

    Args:
        components: the pieces.

    Returns:
        The pieces' indices, line by line from top to bottom, from left to right in each. A piece that is drawn around
        several lines is in none.
    """
    if not components:
        return []
    boxes = boxes_of(components)
    heights = boxes[:, 3] - boxes[:, 1]
    across = np.maximum(heights, boxes[:, 2] - boxes[:, 0])
    usual = weighted_median(heights, across)
    units = _rings(components, boxes)
    joined = np.array([_around(boxes[unit]) for unit in units])
    heights = joined[:, 3] - joined[:, 1]
    usual = max(usual, float(np.median(heights[heights >= SMALL * usual])))
    ordinary = np.flatnonzero((heights >= SMALL * usual) & (heights <= LARGE * usual))
    if not len(ordinary):
        ordinary = np.arange(len(units))
    lines = _chains(joined, ordinary)
    left_over = np.setdiff1d(np.arange(len(units)), ordinary)
    for unit in left_over.tolist():
        _add(unit, joined, lines, large=bool(heights[unit] > LARGE * usual))
    lines.sort(key=lambda line: float(np.mean(joined[line][:, [1, 3]])))
    return [
        sorted((i for unit in line for i in units[unit]), key=lambda i: boxes[i, 0] + boxes[i, 2]) for line in lines
    ]


def runs(components: Sequence[Segment], line: Sequence[int]) -> list[list[int]]:
    """Split a line, from left to right, where there is so much paper that the one side says nothing of the other."""
    boxes = boxes_of([components[i] for i in line])
    order = np.argsort(boxes[:, 0], kind="stable")
    found: list[list[int]] = []
    right = highest = 0.0
    for place in order.tolist():
        left, top, end, bottom = boxes[place]
        if not found or left - right > BESIDE * max(highest, bottom - top):
            found.append([])
            right, highest = end, bottom - top
        found[-1].append(line[place])
        right, highest = max(right, end), max(highest, bottom - top)
    return found


def boxes_of(components: Sequence[Segment]) -> Boxes:
    """Left, top, right and bottom of each piece, shape (n, 4)."""
    boxes = np.array([component.box for component in components], np.float64).reshape(-1, 4)
    boxes[:, 2:] += boxes[:, :2]
    return boxes


def _around(boxes: Boxes) -> NDArray[np.float64]:
    return np.concatenate([boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)])


def _rings(components: Sequence[Segment], boxes: Boxes) -> list[list[int]]:
    """The pieces, but two round ones that stand on each other, an 8 of two rings, are together."""
    sizes = boxes[:, 2:] - boxes[:, :2]
    units: list[list[int]] = []
    taken = np.zeros(len(boxes), bool)
    for i in np.argsort(boxes[:, 1], kind="stable").tolist():
        if taken[i]:
            continue
        taken[i] = True
        high = sizes[i, 1] + sizes[:, 1]
        common = np.minimum(boxes[i, 2], boxes[:, 2]) - np.maximum(boxes[i, 0], boxes[:, 0])
        below = boxes[:, 1] - boxes[i, 3]
        fits = ~taken & (np.abs(below) < CLOSE * high) & (common >= 0.5 * np.minimum(sizes[i, 0], sizes[:, 0]))
        fits &= (sizes[:, 0] > 0.6 * sizes[:, 1]) & (sizes[i, 0] > 0.6 * sizes[i, 1])
        fits &= np.maximum(sizes[i], sizes).max(axis=1) < 2 * np.minimum(sizes[i], sizes).max(axis=1)
        others = [j for j in np.flatnonzero(fits).tolist() if _is_ring(components[i]) and _is_ring(components[j])]
        taken[others[:1]] = True
        units.append([i, *others[:1]])
    return units


def _is_ring(component: Segment) -> bool:
    """Whether the middle of a piece is paper, enclosed from left and right, above and below."""
    ink = component.ink > 0
    rows, columns = ink.shape
    row, column = ink[rows // 2], ink[:, columns // 2]
    middle = ink[2 * rows // 5 : 3 * rows // 5 + 1, 2 * columns // 5 : 3 * columns // 5 + 1]
    sides = row[: columns // 2].any() and row[columns // 2 :].any()
    return bool(sides and column[: rows // 2].any() and column[rows // 2 :].any() and not middle.all())


def _chains(boxes: Boxes, chosen: NDArray[np.int64]) -> list[list[int]]:
    """Lines of the chosen pieces: from left to right, each joins the line whose last piece it overlaps most."""
    lines: list[list[int]] = []
    last = np.zeros((len(chosen), 2))  # top and bottom of the last piece of each line
    order = np.argsort(boxes[chosen, 0] + boxes[chosen, 2], kind="stable")
    for i in chosen[order].tolist():
        top, bottom = boxes[i, [1, 3]]
        tops, bottoms = last[: len(lines)].T
        common = np.minimum(bottoms, bottom) - np.maximum(tops, top)
        overlaps = common / np.maximum(np.minimum(bottoms - tops, bottom - top), 1e-6)
        line = int(np.argmax(overlaps)) if lines and overlaps.max() >= OVERLAP else len(lines)
        if line == len(lines):
            lines.append([])
        lines[line].append(i)
        last[line] = top, bottom
    return lines


def _add(unit: int, boxes: Boxes, lines: list[list[int]], large: bool) -> None:
    """Add a piece that is small, or large, to the line that it belongs to; a large one around several to none."""
    left, top, right, bottom = boxes[unit]
    if large:
        inside = [
            line
            for line in lines
            if (
                (boxes[line, 0] < right) & (boxes[line, 2] > left) & (boxes[line, 1] < bottom) & (boxes[line, 3] > top)
            ).any()
        ]
        if len(inside) == 1:
            inside[0].append(unit)
        elif not inside:
            lines.append([unit])
        return
    best, least = -1, np.inf
    for number, line in enumerate(lines):
        apart = np.maximum(boxes[line, 0] - right, left - boxes[line, 2]).clip(min=0)
        over = np.maximum(boxes[line, 1] - bottom, top - boxes[line, 3]).clip(min=0)
        high = boxes[line, 3] - boxes[line, 1]
        distance = np.hypot(apart, 2 * over) / high
        nearest = float(distance.min())
        if nearest < least and float(over[distance.argmin()]) < 0.6 * float(high[distance.argmin()]):
            best, least = number, nearest
    if best >= 0:
        lines[best].append(unit)
    else:
        lines.append([unit])
