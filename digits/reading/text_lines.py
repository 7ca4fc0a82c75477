"""Which pieces of ink are on one line: lines are found before anything is read."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from digits.reading.segmentation import INK, Segment, weighted_median

SMALL = 0.5  #: pieces lower than this share of the usual height join the line that they are nearest to
LARGE = 2.2  #: pieces higher than this many usual heights may be drawn around several lines
OVERLAP = 0.4  #: share of the lower one's height in which neighbours of a line overlap at least
CLOSE = 0.08  #: rings above each other that are this close, as a share of their height, are an 8
WIDE = 0.75  #: of their height: strokes that touch below each other and are halves of a digit are wider than that
LAST = 3  #: pieces of a line that say where it is: one may be a half of a digit
BESIDE = 0.8  #: of the lower one's height: pieces farther apart are read without each other
LOWEST = 0.4  #: of the higher one's height: pieces lower than that count as so high there
NEAR = (
    0.3  #: of the height of what it is beside: a small piece within that belongs to it, if it is as near as it is long
)
FLAT, UNDER = 4.0, 0.8  #: a piece that is so many times as wide as high may be so far below what it underlines
FAR = 6.0  #: of its own length: a small piece that is farther away is not on a line
SIZES = 5  #: sizes of writing on a page, each at most half the one before
TOGETHER = 256  #: pieces that are compared with all others in one step

Boxes = NDArray[np.float64]  #: left, top, right, bottom of each piece, shape (n, 4)


def text_lines(components: Sequence[Segment]) -> list[list[list[int]]]:
    """Sort pieces of ink into lines, and these into runs, which are to be read each on its own.

    Args:
        components: the pieces.

    Returns:
        The pieces' indices by line, from top to bottom, and by run, from left to right. A piece that is drawn around
        several lines is in none.
    """
    if not components:
        return []
    boxes = boxes_of(components)
    units = _halves(components, boxes)
    joined = boxes[[unit[0] for unit in units]]
    for i, unit in enumerate(units):
        if len(unit) > 1:
            joined[i] = _around(boxes[unit])
    lines: list[list[list[int]]] = []
    left: NDArray[np.int64] = np.arange(len(units))
    for level in range(SIZES):  # what is much smaller than all that is near it is read on its own
        if not len(left):
            break
        found, left = _lines(joined, left, last=level == SIZES - 1)
        _merge(lines, [_runs(line, joined) for line in found], joined)
    lines.sort(key=lambda line: float(np.mean(joined[[unit for run in line for unit in run]][:, [1, 3]])))
    return [[[i for unit in run for i in units[unit]] for run in _in_order(line, joined)] for line in lines]


def _in_order(line: list[list[int]], boxes: Boxes) -> list[list[int]]:
    """The runs of a line from left to right."""
    return sorted(line, key=lambda run: float(boxes[run][:, [0, 2]].mean()))


def _lines(boxes: Boxes, chosen: NDArray[np.int64], last: bool) -> tuple[list[list[int]], NDArray[np.int64]]:
    """Lines of the pieces of ordinary height among the chosen ones, with what belongs to them; and which are left."""
    heights = boxes[:, 3] - boxes[:, 1]
    across = np.maximum(heights, boxes[:, 2] - boxes[:, 0])
    usual = weighted_median(heights[chosen], across[chosen])
    high = heights[chosen]
    usual = max(usual, float(np.median(high[high >= SMALL * usual])))
    ordinary = chosen[(high >= SMALL * usual) & (high <= LARGE * usual)] if not last else chosen
    lines = _chains(boxes, ordinary)
    left = []
    for unit in np.setdiff1d(chosen, ordinary).tolist():
        if not _add(unit, boxes, lines, large=bool(heights[unit] > LARGE * usual)):
            left.append(unit)
    return lines, np.array(left, np.int64)


def _merge(lines: list[list[list[int]]], found: list[list[list[int]]], boxes: Boxes) -> None:
    """Add lines of small pieces to those beside whose pieces they stand, one beside another; else they stay lines."""
    before = [np.array([unit for run in line for unit in run]) for line in lines]
    wanted: dict[int, list[list[list[int]]]] = {}
    for small in found:
        own = _around(boxes[[unit for run in small for unit in run]])
        beside = [number for number, line in enumerate(before) if _is_beside(own, boxes[line])]
        if len(beside) == 1:
            wanted.setdefault(beside[0], []).append(small)
        else:
            lines.append(small)
    for number, smalls in wanted.items():
        whole: list[int] = before[number].tolist()
        alone: list[list[int]] = []
        joined = boxes.copy()
        for stack in _stacked(smalls, boxes):
            units = [unit for small in stack for run in small for unit in run]
            if len(stack) > 1 and _fits(_around(boxes[units]), boxes[before[number]]):  # a digit in several pieces
                whole += units
                joined[units] = _around(boxes[units])
            elif len(stack) > 1:
                lines += stack
            else:
                alone += stack[0]
        if len(whole) > len(before[number]):
            lines[number] = _runs(whole, joined)
        lines[number] += alone


def _stacked(lines: list[list[list[int]]], boxes: Boxes) -> list[list[list[list[int]]]]:
    """Lines from left to right; those that have columns of pixels in common are together."""
    ends = np.array([_around(boxes[[unit for run in line for unit in run]])[[0, 2]] for line in lines])
    stacks: list[list[list[list[int]]]] = []
    right = -np.inf
    for i in np.argsort(ends[:, 0], kind="stable").tolist():
        if ends[i, 0] >= right:
            stacks.append([])
        stacks[-1].append(lines[i])
        right = max(right, ends[i, 1])
    return stacks


def _fits(own: NDArray[np.float64], line: Boxes) -> bool:
    """Whether pieces above each other take the height of the piece of a line that is nearest to them."""
    aside = np.maximum(line[:, 0] - own[2], own[0] - line[:, 2]).clip(min=0)
    nearest = line[int(aside.argmin())]
    height = nearest[3] - nearest[1]
    return bool(own[3] - own[1] >= 0.6 * height and (np.abs(own[[1, 3]] - nearest[[1, 3]]) <= 0.4 * height).all())


def _is_beside(own: NDArray[np.float64], line: Boxes) -> bool:
    """Whether a small piece is at the height of the piece of a line that is nearest to it, and not far from it."""
    aside = np.maximum(line[:, 0] - own[2], own[0] - line[:, 2]).clip(min=0)
    nearest = int(aside.argmin())
    middle, height = line[nearest, [1, 3]].mean(), line[nearest, 3] - line[nearest, 1]
    near = aside[nearest] <= FAR * max(own[2] - own[0], own[3] - own[1])
    return bool(near and abs(middle - (own[1] + own[3]) / 2) < 0.55 * height)


def _runs(line: Sequence[int], boxes: Boxes) -> list[list[int]]:
    """Split a line where there is so much paper that the one side says nothing of the other."""
    found: list[list[int]] = []
    right = highest = 0.0
    for unit in sorted(line, key=lambda unit: float(boxes[unit, 0])):
        left, top, end, bottom = boxes[unit]
        lower, higher = sorted((highest, bottom - top))
        if not found or left - right > BESIDE * max(lower, LOWEST * higher):
            found.append([])
            right, highest = end, bottom - top
        found[-1].append(unit)
        right, highest = max(right, end), max(highest, bottom - top)
    return found


def boxes_of(components: Sequence[Segment]) -> Boxes:
    """Left, top, right and bottom of each piece, shape (n, 4)."""
    boxes = np.array([component.box for component in components], np.float64).reshape(-1, 4)
    boxes[:, 2:] += boxes[:, :2]
    return boxes


def _around(boxes: Boxes) -> NDArray[np.float64]:
    return np.concatenate([boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)])


def _touch(before: Segment, after: Segment) -> bool:
    """Whether two strokes follow each other and touch."""
    if not (before.strokes and after.strokes) or abs(after.strokes[0] - before.strokes[0]) != 1:
        return False
    step = before.step
    (x, y, width, height), (x2, y2, width2, height2) = (np.array(one.box) // step for one in (before, after))
    left, top = max(x, x2 - 1), max(y, y2 - 1)  # a pixel of paper between them is none
    right, bottom = min(x + width, x2 + width2 + 1), min(y + height, y2 + height2 + 1)
    if right <= left or bottom <= top:
        return False
    there = np.zeros((bottom - top + 2, right - left + 2), bool)
    low, high = max(top - 1, y2), min(bottom + 1, y2 + height2)
    start, end = max(left - 1, x2), min(right + 1, x2 + width2)
    there[low - top + 1 : high - top + 1, start - left + 1 : end - left + 1] = (
        after.ink[low - y2 : high - y2, start - x2 : end - x2] >= INK
    )
    near = cv2.dilate(there.astype(np.uint8), np.ones((3, 3), np.uint8))[1:-1, 1:-1]
    return bool((near * (before.ink[top - y : bottom - y, left - x : right - x] >= INK)).any())


def _halves(components: Sequence[Segment], boxes: Boxes) -> list[list[int]]:
    """The pieces, but two that stand on each other and are one digit, such as an 8, are together.

    These are two rings that are close, and two strokes that follow and touch each other. Either is about as wide as
    high, which digits that stand on each other are not.
    """
    order = np.argsort(boxes[:, 1], kind="stable")
    units: list[list[int]] = []
    taken = np.zeros(len(boxes), bool)
    for start in range(0, len(order), TOGETHER):
        some = order[start : start + TOGETHER]
        all_rings, all_touching = _fitting(boxes[some], boxes)
        any_there = np.any(all_rings | all_touching, axis=1)
        numbers: list[int] = some.tolist()
        for i, rings, touching, any_other in zip(numbers, all_rings, all_touching, any_there.tolist(), strict=True):
            if taken[i]:
                continue
            taken[i] = True
            if not any_other:
                units.append([i])
                continue
            near, close = (np.flatnonzero(there & ~taken).tolist() for there in (rings, touching))
            others = [j for j in near if _is_ring(components[i]) and _is_ring(components[j])]
            others += [j for j in close if _touch(components[i], components[j])]
            taken[others[:1]] = True
            units.append([i, *others[:1]])
    return units


def _fitting(upper: Boxes, boxes: Boxes) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which boxes, shape (n, 4), may be the lower half of a digit whose upper half is one of m.

    Returns:
        Where both may be rings, and where they may be strokes that touch, each of shape (m, n).
    """
    rings, touching = np.zeros((2, len(upper), len(boxes)), bool)
    below = boxes[:, 1] - upper[:, 3:4]
    common = np.minimum(upper[:, 2:3], boxes[:, 2]) - np.maximum(upper[:, 0:1], boxes[:, 0])
    high = (upper[:, 3] - upper[:, 1])[:, np.newaxis] + boxes[:, 3] - boxes[:, 1]
    i, j = np.nonzero((common >= 0) & (boxes[:, 1] > upper[:, 1:2]) & (below < CLOSE * high))  # a few of all pairs
    own, sizes = (upper[:, 2:] - upper[:, :2])[i], (boxes[:, 2:] - boxes[:, :2])[j]
    below, common, high = below[i, j], common[i, j], high[i, j]
    fits = common >= 0.5 * np.minimum(own[:, 0], sizes[:, 0])
    fits &= below > -OVERLAP * np.minimum(own[:, 1], sizes[:, 1])
    fits &= np.maximum(own, sizes).max(axis=1) < 2 * np.minimum(own, sizes).max(axis=1)
    wide = np.minimum(own[:, 0] / own[:, 1], sizes[:, 0] / sizes[:, 1])
    rings[i, j] = fits & (np.abs(below) < CLOSE * high) & (wide > 0.6)
    touching[i, j] = fits & (wide > WIDE)
    return rings, touching


def _is_ring(component: Segment) -> bool:
    """Whether the middle of a piece is paper, enclosed from left and right, above and below."""
    ink = component.ink > 0
    rows, columns = ink.shape
    row, column = ink[rows // 2], ink[:, columns // 2]
    middle = ink[2 * rows // 5 : 3 * rows // 5 + 1, 2 * columns // 5 : 3 * columns // 5 + 1]
    sides = row[: columns // 2].any() and row[columns // 2 :].any()
    return bool(sides and column[: rows // 2].any() and column[rows // 2 :].any() and not middle.all())


def _chains(boxes: Boxes, chosen: NDArray[np.int64]) -> list[list[int]]:
    """Lines of the chosen pieces: from left to right, each joins the line whose last pieces it overlaps most."""
    lines: list[list[int]] = []
    last: list[tuple[float, float]] = []  # top and bottom of the last pieces of each line
    tops, bottoms = boxes[:, 1].tolist(), boxes[:, 3].tolist()  # Python's own numbers are faster one by one
    order = np.argsort(boxes[chosen, 0] + boxes[chosen, 2], kind="stable")
    for i in chosen[order].tolist():
        top, bottom = tops[i], bottoms[i]
        line, most = len(lines), OVERLAP
        for number, (highest, lowest) in enumerate(last):
            if lowest <= top or highest >= bottom:
                continue
            overlap = (min(lowest, bottom) - max(highest, top)) / max(min(lowest - highest, bottom - top), 1e-6)
            if overlap > most or (overlap == most and line == len(lines)):
                line, most = number, overlap
        if line == len(lines):
            lines.append([])
            last.append((top, bottom))
        lines[line].append(i)
        ends = lines[line][-LAST:]
        last[line] = min(tops[end] for end in ends), max(bottoms[end] for end in ends)
    return lines


def _add(unit: int, boxes: Boxes, lines: list[list[int]], large: bool) -> bool:
    """Add a piece that is small, or large, to the line that it belongs to; returns whether its place is known.

    A large one belongs to what it is drawn around, if that is one line, and is dropped if that is several.
    """
    left, top, right, bottom = boxes[unit].tolist()
    if not lines:
        if large:
            lines.append([unit])
        return large
    starts = np.cumsum([0, *map(len, lines[:-1])])
    there = boxes[[i for line in lines for i in line]]
    if large:
        over = (there[:, 0] < right) & (there[:, 2] > left) & (there[:, 1] < bottom) & (there[:, 3] > top)
        inside = [lines[number] for number in np.flatnonzero(np.logical_or.reduceat(over, starts)).tolist()]
        if len(inside) == 1:
            inside[0].append(unit)
        elif not inside:
            lines.append([unit])
        return True
    reach, best = max(right - left, bottom - top), -1
    least = np.inf
    aside = np.maximum(np.maximum(there[:, 0] - right, left - there[:, 2]), 0)
    gaps = np.maximum(aside, np.maximum(there[:, 1] - bottom, top - there[:, 3]))
    relative = gaps / (there[:, 3] - there[:, 1])
    for number in np.flatnonzero(np.minimum.reduceat(relative, starts) < UNDER).tolist():
        start = int(starts[number])
        nearest = start + int(relative[start : start + len(lines[number])].argmin())
        under = right - left > FLAT * (bottom - top) and aside[nearest] == 0
        if relative[nearest] < min(UNDER if under else NEAR, least) and gaps[nearest] <= reach:
            best, least = number, float(relative[nearest])
    if best >= 0:
        lines[best].append(unit)
    return best >= 0
