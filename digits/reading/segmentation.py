"""Segmentation of ink into digits: grouping components, and finding the reading order.

The components of a drawing are its strokes, or, if there is only an image, the connected components of its ink.
They are grouped by geometry alone, so every network is given the same digits.
"""

import heapq
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from digits.crop import Shape, shape_of, stroke_width_of, to_crop
from digits.reading.ink import Stroke, bounds, finest, rasterise, reduced

Box = tuple[int, int, int, int]  #: x, y, width, height in pixels

INK = 64  #: least value of an ink pixel; fainter anti-aliased edges do not connect components
SPECK = 1.6  #: components smaller than this many stroke widths are specks, unless there is nothing larger
THIN = 0.45  #: in an image, strokes thinner than this many stroke widths are remnants of ruled lines
SMALLEST = 6  #: in an image, components smaller than this many pixels cannot be read
MOST_COMPONENTS = 1000  #: most components that are read, the largest; a slow network reads fewer
MOST_AREA = 100_000_000  #: most pixels of the boxes of a page's components: two that are as large as the largest page
MOST_DRAWN = 32_000_000  #: most pixels of the boxes of a drawing's strokes, which is reduced beyond that
LONGEST = 1_000_000  #: most pixels of a side of a stroke's box
SMALL = 1 << 20  #: pixels of an image for which a second thread takes 70 MB at most, and setting the number longer


@dataclass(frozen=True)
class Segment:
    """The ink of one digit.

    Attributes:
        box: bounding box of the ink.
        ink: ``uint8`` array of shape (box height, box width), bright on 0, without the ink of its neighbours.
        line: number of the line of text, counted from 0 at the top of the page.
        strokes: indices of the strokes it consists of; empty for ink from an image.
        step: side of one pixel of ``ink`` in pixels of the drawing: 1 unless the drawing is too large for that.
            Then ``ink`` has the shape of the box divided by it, and the box's numbers are multiples of it.
    """

    box: Box
    ink: NDArray[np.uint8]
    line: int = 0
    strokes: tuple[int, ...] = ()
    step: int = 1

    @cached_property
    def stroke_width(self) -> float:
        """Width of the strokes in pixels of the drawing."""
        return stroke_width_of((self.ink >= INK).astype(np.uint8)) * self.step

    @cached_property
    def shape(self) -> Shape | None:
        """The ink at working size; None if there is no ink."""
        return shape_of(self.ink)

    @cached_property
    def crop(self) -> NDArray[np.uint8]:
        """``uint8`` array of shape (28, 28) in MNIST's format, the input of a network."""
        return to_crop(self.shape)


class Components(tuple[Segment, ...]):
    """The components of a drawing or an image that are read.

    Attributes:
        left_out: the number of those that are not because there are too many; specks do not count.
    """

    left_out: int

    def __new__(cls, components: Iterable[Segment], left_out: int) -> "Components":
        """Components, and how many are left out."""
        made = super().__new__(cls, components)
        made.left_out = left_out
        return made


def segment(components: Iterable[Segment]) -> list[Segment]:
    """Group components into digits.

    Args:
        components: from :func:`stroke_components`, :func:`image_components`, or both in the same coordinates.

    Returns:
        The digits in reading order: lines from top to bottom, left to right within a line.
    """
    found = list(components)
    if not found:
        return []
    step = max(component.step for component in found)
    return _in_reading_order(_joined(_without_specks([_coarser(component, step) for component in found])))


def stroke_components(strokes: Sequence[Stroke]) -> Components:
    """Return one component per stroke, in the order in which they were drawn: the largest 1,000 at most.

    Allocates 32 MB for the ink of all, for which a larger drawing is reduced, and as much as
    :func:`digits.reading.ink.rasterise`.
    """
    boxes = np.array([bounds([stroke]) for stroke in strokes], np.int64).reshape(-1, 4)
    across = boxes[:, 2:].max(axis=1)
    largest = np.argsort(-across, kind="stable")
    kept, others = np.sort(largest[:MOST_COMPONENTS]).tolist(), largest[MOST_COMPONENTS:]
    step = _step(boxes[kept, 2:])
    drawn = [reduced(strokes[i], step) for i in kept]
    finer = finest(drawn)
    components = [_stroke_component(stroke, i, step, finer) for stroke, i in zip(drawn, kept, strict=True)]
    return Components(components, _not_specks(across[others] - 2, components))


def _stroke_component(stroke: Stroke, index: int, step: int, finer: float) -> Segment:
    left, top, width, height = bounds([stroke])
    ink = rasterise([stroke], width, height, left, top, finer)
    x, y, width, height = cv2.boundingRect(ink)
    box = ((left + x) * step, (top + y) * step, width * step, height * step)
    return Segment(box, ink[y : y + height, x : x + width], 0, (index,), step)


def image_components(ink: NDArray[np.uint8]) -> Components:
    """Return the connected components of the ink in an image: the largest 1,000 at most, without tiny ones.

    Allocates up to twenty times the image, and 100 MB for the ink of all: of components with larger boxes than that
    those with the smallest are kept.

    Args:
        ink: ``uint8`` array of shape (height, width), bright on 0.
    """
    labels, stats = _labelled((ink >= INK).astype(np.uint8))
    across = stats[:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]].max(axis=1)
    readable = 1 + np.flatnonzero(across[1:] >= SMALLEST)
    largest = readable[np.argsort(-across[readable], kind="stable")]
    kept, area = [], 0
    boxes = stats[:, cv2.CC_STAT_WIDTH].astype(np.int64) * stats[:, cv2.CC_STAT_HEIGHT]
    for i in sorted(largest[:MOST_COMPONENTS].tolist(), key=lambda i: int(boxes[i])):  # frames and rules come last
        if area + boxes[i] <= MOST_AREA:
            kept.append(i)
            area += int(boxes[i])
    components = []
    for i in sorted(kept):
        x, y, width, height = stats[i, :4].tolist()
        around = np.s_[y : y + height, x : x + width]
        components.append(Segment((x, y, width, height), ink[around] * (labels[around] == i)))
    others = largest[~np.isin(largest, kept)]
    return Components(components, _not_specks(across[others], components))


def _labelled(mask: NDArray[np.uint8]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Label the connected components of a mask; returns the labels and OpenCV's statistics, of the paper first."""
    threads = cv2.getNumThreads()
    large = mask.size > SMALL
    try:
        if large:  # with two, OpenCV takes 4 GB and six seconds for millions of specks, with one a quarter
            cv2.setNumThreads(1)
        _, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    finally:
        if large:
            cv2.setNumThreads(threads)
    return labels, stats


def _step(sizes: NDArray[np.int64]) -> int:
    """A side of larger pixels, in pixels, with which boxes of these sizes, shape (n, 2), have few enough of them."""
    step = 1
    while np.ceil(sizes / step).prod(axis=1).sum() > MOST_DRAWN or (sizes > LONGEST * step).any():
        step += max(1, step // 8)
    return step


def _coarser(component: Segment, step: int) -> Segment:
    """A component with larger pixels: ``step`` is a multiple of its own. Each is as bright as the brightest in it."""
    factor = step // component.step
    if factor == 1:
        return component
    x, y, width, height = (value // component.step for value in component.box)
    xs = np.arange(x // factor, -(-(x + width) // factor))
    ys = np.arange(y // factor, -(-(y + height) // factor))
    rows = np.maximum.reduceat(component.ink, np.maximum(ys * factor - y, 0), axis=0)
    ink = np.maximum.reduceat(rows, np.maximum(xs * factor - x, 0), axis=1)
    box = (int(xs[0]) * step, int(ys[0]) * step, len(xs) * step, len(ys) * step)
    return replace(component, box=box, ink=ink, step=step)


def _without_specks(components: Sequence[Segment]) -> Sequence[Segment]:
    """Drop components no larger than a dot of the pen, and, in an image, those much thinner than the pen.

    If nothing would remain, everything is kept.
    """
    pen = _pen(components)
    kept = [
        component
        for component in components
        if max(component.box[2:]) >= SPECK * pen and (component.strokes or component.stroke_width >= THIN * pen)
    ]
    return kept or components


def _not_specks(across: NDArray[np.int64], components: Sequence[Segment]) -> int:
    """Count the longest sides that are not those of specks, beside the components."""
    return int((across >= SPECK * _pen(components)).sum()) if len(across) else 0


def _pen(components: Sequence[Segment]) -> float:
    """The width of the pen in pixels: the median over all ink."""
    if not components:
        return 0.0
    widths = np.array([component.stroke_width for component in components])
    return _weighted_median(widths, widths * np.array([max(component.box[2:]) for component in components]))


def _weighted_median(values: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    order = np.argsort(values)
    reached = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(reached, reached[-1] / 2)])


class _Grouping:
    """Components and what they were merged into, each identified by its number; the bonds between them.

    Attributes:
        boxes: ``float64`` array of shape (n, 4): x, y, width and height of each in pixels.
        alive: ``bool`` array of shape (n,): what has not been merged.
        parts: the components of which each consists.
    """

    def __init__(self, components: Sequence[Segment]) -> None:
        """Start with the components as they are."""
        self._components = components
        n = len(components)
        self.boxes = np.zeros((2 * n, 4))
        self.boxes[:n] = [component.box for component in components]
        self.alive = np.zeros(2 * n, bool)
        self.alive[:n] = True
        self.parts = [[i] for i in range(n)]
        self._touching = np.full((2 * n, 2 * n), -1, np.int8)  # 1 or 0; -1 while it is not known
        of_image = np.flatnonzero([not component.strokes for component in components])
        self._touching[np.ix_(of_image, of_image)] = 0  # the components of an image do not touch
        for i in range(n):
            self._touching[i, :n][~self._overlap(np.array(i), np.arange(n))] = 0

    def merge(self, a: int, b: int) -> int:
        """Merge two; returns the number of the result."""
        new = len(self.parts)
        self.parts.append(self.parts[a] + self.parts[b])
        start = np.minimum(self.boxes[a, :2], self.boxes[b, :2])
        end = np.maximum(self.boxes[a, :2] + self.boxes[a, 2:], self.boxes[b, :2] + self.boxes[b, 2:])
        self.boxes[new] = (*start, *(end - start))
        either, both = self._touching[[a, b]].max(axis=0), self._touching[[a, b]].min(axis=0)
        self._touching[new] = self._touching[:, new] = np.where(either == 1, 1, both)
        self.alive[[a, b]] = False
        self.alive[new] = True
        return new

    def near(self, i: int) -> NDArray[np.int64]:
        """The numbers of those whose boxes are nearer to i than half the larger one's size, in ascending order."""
        others = np.flatnonzero(self.alive[: len(self.parts)])
        others = others[others != i]
        own, boxes = self.boxes[i], self.boxes[others]
        start, end = boxes[:, :2], boxes[:, :2] + boxes[:, 2:]
        gap = np.maximum(start, own[:2]) - np.minimum(end, own[:2] + own[2:])
        reach = np.maximum(boxes[:, 2:].max(axis=1), own[2:].max())
        near: NDArray[np.int64] = others[gap.max(axis=1) < reach / 2]
        return near

    def bonds(self, i: int, others: NDArray[np.int64], before: bool) -> NDArray[np.float64]:
        """Return how strongly i and each of the others belong to one digit; 0 if they do not.

        All lengths are relative to the larger one or to the smaller extent of the two.

        Args:
            i: the number of the one.
            others: the numbers of the others, shape (n,).
            before: whether i counts as the left one where both have their centre at the same x.
        """
        own, boxes = np.broadcast_to(self.boxes[i], (len(others), 4)), self.boxes[others]
        centre, centres = own[:, 0] + own[:, 2] / 2, boxes[:, 0] + boxes[:, 2] / 2
        is_left = (centre <= centres if before else centre < centres)[:, np.newaxis]
        (xa, ya, wa, ha), (xb, yb, wb, hb) = np.where(is_left, own, boxes).T, np.where(is_left, boxes, own).T
        size = np.maximum(np.maximum(ha, hb), 0.6 * np.maximum(wa, wb))
        common_x = np.minimum(xa + wa, xb + wb) - np.maximum(xa, xb)
        common_y = np.minimum(ya + ha, yb + hb) - np.maximum(ya, yb)
        over_x = common_x / np.maximum(np.minimum(wa, wb), 0.25 * size)  # a 1 is as narrow as its pen
        over_y = common_y / np.minimum(ha, hb)
        gap_x, gap_y = -common_x / size, -common_y / size
        union_width = np.maximum(xa + wa, xb + wb) - np.minimum(xa, xb)
        union_height = np.maximum(ya + ha, yb + hb) - np.minimum(ya, yb)

        unequal = np.minimum(ha, hb) < 0.5 * np.maximum(ha, hb)
        # a bar of a 5, the crossing of a 7, the base of a 1
        attached = unequal & (over_x >= 0.1) & (gap_y < 0.2)
        # one inside the other: a 0 drawn twice
        inside = (over_x >= 0.6) & (over_y >= 0.3)
        # one on top of the other: an 8 of two rings, but not two lines of digits
        stacked = (over_x >= 0.5) & (gap_y < 0.08) & (union_width >= 0.5 * union_height)
        # the right one starts or ends lower: an open 4
        lower = (yb - ya >= 0.2 * size) | ((gap_x <= 0.05) & (yb + hb - ya - ha >= 0.35 * size))
        open_four = (gap_x <= 0.1) & (over_y > 0) & (union_width <= 0.8 * union_height) & lower

        overlapping = (common_x > 0) & (common_y > 0)
        matters = ~attached & ~inside & ~stacked & (unequal | (~open_four & (over_x >= 0.25)))
        touching = self._touching[i, others] == 1
        for place in np.flatnonzero(overlapping & matters & (self._touching[i, others] < 0)).tolist():
            j = int(others[place])
            touching[place] = self._touching[i, j] = self._touching[j, i] = self._touch(i, j)
        return np.select(
            [attached | (unequal & touching), inside | stacked, open_four, touching & (over_x >= 0.25)],
            [np.maximum(over_x, 0.01), over_x, np.full(len(others), 0.5), over_x],
            0.0,
        )

    def _touch(self, a: int, b: int) -> bool:
        """Return whether the ink of two, whose boxes overlap, overlaps."""
        if max(a, b) < len(self._components):
            return self._share_ink(a, b)
        parts = np.ix_(self.parts[a], self.parts[b])
        unknown = self._touching[parts] < 0
        for row, column in np.argwhere(unknown & self._overlap(*parts)).tolist():
            i, j = self.parts[a][row], self.parts[b][column]
            found = self._share_ink(i, j)
            self._touching[i, j] = self._touching[j, i] = found
            if found:
                return True
        return False

    def _overlap(self, a: NDArray[np.int64], b: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return whether boxes overlap, for arrays of numbers of any shapes that fit together."""
        first, second = self.boxes[a], self.boxes[b]
        start = np.maximum(first[..., :2], second[..., :2])
        end = np.minimum(first[..., :2] + first[..., 2:], second[..., :2] + second[..., 2:])
        return np.asarray((start < end).all(axis=-1))

    def _share_ink(self, i: int, j: int) -> bool:
        """Return whether the ink of two components overlaps."""
        xa, ya, right_a, bottom_a, a = self._packed[i]
        xb, yb, right_b, bottom_b, b = self._packed[j]
        left, right = max(xa, xb), min(right_a, right_b)
        top, bottom = max(ya, yb), min(bottom_a, bottom_b)
        common = a[top - ya : bottom - ya, left - xa : right - xa] & b[top - yb : bottom - yb, left - xb : right - xb]
        return common.any().item()

    @cached_property
    def _packed(self) -> list[tuple[int, int, int, int, NDArray[np.uint8]]]:
        """The ink of each component, eight pixels to the byte, and left, top, right and bottom of these bytes."""
        packed = []
        for component in self._components:
            x, y = component.box[0] // component.step, component.box[1] // component.step
            ink = np.packbits(np.pad(component.ink >= INK, ((0, 0), (x % 8, 0))), axis=1)
            packed.append((x // 8, y, x // 8 + ink.shape[1], y + ink.shape[0], ink))
        return packed

    def result(self) -> list[Segment]:
        """What is alive, each with the ink of its parts."""
        alive = np.flatnonzero(self.alive).tolist()
        merged = np.array([i for i in alive if len(self.parts[i]) > 1], np.int64)
        step = self._components[0].step
        step *= _step(np.ceil(self.boxes[merged, 2:] / step).astype(np.int64))
        found = []
        for i in alive:
            parts = [self._components[part] for part in self.parts[i]]
            found.append(parts[0] if len(parts) == 1 else _union([_coarser(part, step) for part in parts]))
        return found


def _joined(components: Sequence[Segment]) -> list[Segment]:
    """Merge the two components with the strongest bond, compute the bonds of the result, and repeat until none is left.

    Of equal bonds the one found first counts.
    """
    group = _Grouping(components)
    found = _first_bonds(group, len(components))  # by number: with which others, in ascending order, and how strong
    heap: list[tuple[float, int, int]] = []  # the strongest bond of each, with a number that may have been merged since

    def offer(i: int) -> None:
        others, strength = found[i]
        there = group.alive[others]
        found[i] = others, strength = others[there], strength[there]
        if len(others):
            best = int(np.argmax(strength))
            heapq.heappush(heap, (-float(strength[best]), i, int(others[best])))

    for i in range(len(components)):
        offer(i)
    while heap:
        _, i, j = heapq.heappop(heap)
        if group.alive[i] and group.alive[j]:
            new = group.merge(min(i, j), max(i, j))
            others = group.near(new)
            found.append(_positive(others, group.bonds(new, others, before=True)))
            offer(new)
        elif group.alive[i]:
            offer(i)
    return group.result()


Bonds = tuple[NDArray[np.int64], NDArray[np.float64]]  #: with which others, in ascending order, and how strong


def _first_bonds(group: _Grouping, n: int) -> list[Bonds]:
    """The bonds between n components, each listed once: with the one that comes first in the order of the components.

    Where two have their centre at the same x, the bond is that with the later one on the left if there is one, else
    that with the earlier one on the left. Then it is listed with the later one if it exists one way only.
    """
    found: list[Bonds] = []
    late: list[list[tuple[int, float]]] = [[] for _ in range(n)]
    for i in range(n):
        others = group.near(i)
        others = others[others > i]
        strength = group.bonds(i, others, before=True)
        reverse = group.bonds(i, others, before=False)
        for place in np.flatnonzero((strength <= 0) & (reverse > 0)).tolist():
            late[int(others[place])].append((i, float(reverse[place])))
        own, best = _positive(others, np.where(strength > 0, np.where(reverse > 0, reverse, strength), 0))
        before = np.array(late[i]).reshape(-1, 2)
        found.append((np.concatenate([before[:, 0].astype(np.int64), own]), np.concatenate([before[:, 1], best])))
    return found


def _positive(others: NDArray[np.int64], strength: NDArray[np.float64]) -> Bonds:
    return others[strength > 0], strength[strength > 0]


def _union(components: Sequence[Segment]) -> Segment:
    """Merge components with pixels of the same size."""
    step = components[0].step
    boxes = np.array([component.box for component in components]) // step
    left, top = boxes[:, :2].min(axis=0).tolist()
    right, bottom = (boxes[:, :2] + boxes[:, 2:]).max(axis=0).tolist()
    ink = np.zeros((bottom - top, right - left), np.uint8)
    for component, (x, y, width, height) in zip(components, boxes.tolist(), strict=True):
        around = ink[y - top : y - top + height, x - left : x - left + width]
        np.maximum(around, component.ink, out=around)
    strokes = tuple(sorted(index for component in components for index in component.strokes))
    box = (left * step, top * step, (right - left) * step, (bottom - top) * step)
    return Segment(box, ink, 0, strokes, step)


def _in_reading_order(digits: Sequence[Segment]) -> list[Segment]:
    """Sort the digits and number their lines. Each digit joins the line whose last digit it overlaps most in height."""
    lines: list[list[Segment]] = []
    last = np.zeros((len(digits), 2))  # y and height of the last digit of each line
    for digit in sorted(digits, key=lambda digit: digit.box[0] + digit.box[2] / 2):
        y, height = digit.box[1], digit.box[3]
        tops, heights = last[: len(lines)].T
        overlaps = (np.minimum(tops + heights, y + height) - np.maximum(tops, y)) / np.minimum(heights, height)
        line = int(np.argmax(overlaps)) if lines and overlaps.max() >= 0.4 else len(lines)
        if line == len(lines):
            lines.append([])
        lines[line].append(digit)
        last[line] = y, height
    lines.sort(key=lambda line: float(np.mean([digit.box[1] + digit.box[3] / 2 for digit in line])))
    return [replace(digit, line=i) for i, line in enumerate(lines) for digit in line]
