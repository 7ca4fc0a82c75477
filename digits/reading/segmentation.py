"""Segmentation of ink into digits: grouping components, and finding the reading order.

The components of a drawing are its strokes, or, if there is only an image, the connected components of its ink.
They are grouped by geometry alone, so every network is given the same digits.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from digits.crop import Shape, shape_of, stroke_width_of, to_crop
from digits.reading.ink import Stroke, bounds, rasterise

Box = tuple[int, int, int, int]  #: x, y, width, height in pixels

INK = 64  #: least value of an ink pixel; fainter anti-aliased edges do not connect components
SPECK = 1.6  #: components smaller than this many stroke widths are specks, unless there is nothing larger
THIN = 0.45  #: in an image, strokes thinner than this many stroke widths are remnants of ruled lines
SMALLEST = 6  #: in an image, components smaller than this many pixels cannot be read
MOST_COMPONENTS = 1000  #: most components kept of an image, the largest; more suggest a texture


@dataclass(frozen=True)
class Segment:
    """The ink of one digit.

    Attributes:
        box: bounding box of the ink.
        ink: ``uint8`` array of shape (box height, box width), bright on 0, without the ink of its neighbours.
        line: number of the line of text, counted from 0 at the top of the page.
        strokes: indices of the strokes it consists of; empty for ink from an image.
    """

    box: Box
    ink: NDArray[np.uint8]
    line: int = 0
    strokes: tuple[int, ...] = ()

    @cached_property
    def shape(self) -> Shape | None:
        """The ink at working size; None if there is no ink."""
        return shape_of(self.ink)

    @cached_property
    def crop(self) -> NDArray[np.uint8]:
        """``uint8`` array of shape (28, 28) in MNIST's format, the input of a network."""
        return to_crop(self.shape)


def segment(components: Sequence[Segment]) -> list[Segment]:
    """Group components into digits.

    Args:
        components: from :func:`stroke_components`, :func:`image_components`, or both in the same coordinates.

    Returns:
        The digits in reading order: lines from top to bottom, left to right within a line.
    """
    return _in_reading_order(_joined(_without_specks(components)))


def stroke_components(strokes: Sequence[Stroke]) -> list[Segment]:
    """Return one component per stroke, in the order in which they were drawn."""
    return [_stroke_component(stroke, i) for i, stroke in enumerate(strokes)]


def _stroke_component(stroke: Stroke, index: int) -> Segment:
    left, top, width, height = bounds([stroke])
    return _trimmed(Segment((left, top, width, height), rasterise([stroke], width, height, left, top), 0, (index,)))


def _trimmed(component: Segment) -> Segment:
    """Shrink the box to the ink."""
    x, y, width, height = cv2.boundingRect(component.ink)
    box = (component.box[0] + x, component.box[1] + y, width, height)
    return replace(component, box=box, ink=component.ink[y : y + height, x : x + width])


def image_components(ink: NDArray[np.uint8]) -> list[Segment]:
    """Return the connected components of the ink in an image: the largest 1000 at most, without tiny ones.

    Args:
        ink: ``uint8`` array of shape (height, width), bright on 0.
    """
    _, labels, stats, _ = cv2.connectedComponentsWithStats((ink >= INK).astype(np.uint8), connectivity=8)
    largest = 1 + np.argsort(-stats[1:, cv2.CC_STAT_AREA], kind="stable")[:MOST_COMPONENTS]
    components = []
    for i in sorted(map(int, largest)):
        x, y, width, height = (int(value) for value in stats[i, :4])
        if max(width, height) < SMALLEST:
            continue
        around = np.s_[y : y + height, x : x + width]
        own = np.where(labels[around] == i, ink[around], 0).astype(np.uint8)
        components.append(Segment((x, y, width, height), own))
    return components


def _without_specks(components: Sequence[Segment]) -> Sequence[Segment]:
    """Drop components no larger than a dot of the pen, and, in an image, those much thinner than the pen.

    The pen width is the median over all ink. If nothing would remain, everything is kept.
    """
    if not components:
        return components
    widths = np.array([stroke_width_of((component.ink >= INK).astype(np.uint8)) for component in components])
    across = np.array([max(component.box[2:]) for component in components])
    pen = _weighted_median(widths, widths * across)
    kept = [
        component
        for component, size, width in zip(components, across, widths, strict=True)
        if size >= SPECK * pen and (component.strokes or width >= THIN * pen)
    ]
    return kept or components


def _weighted_median(values: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    order = np.argsort(values)
    reached = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(reached, reached[-1] / 2)])


def _bond(a: Segment, b: Segment) -> float:
    """Return how strongly two components belong to one digit; 0 if they do not.

    All lengths are relative to the larger component or to the smaller extent of the two.
    """
    left, right = sorted((a.box, b.box), key=lambda box: box[0] + box[2] / 2)
    (xa, ya, wa, ha), (xb, yb, wb, hb) = left, right
    size = max(ha, hb, 0.6 * max(wa, wb))
    over_x = (min(xa + wa, xb + wb) - max(xa, xb)) / max(min(wa, wb), 0.25 * size)  # a 1 is as narrow as its pen
    over_y = (min(ya + ha, yb + hb) - max(ya, yb)) / min(ha, hb)
    gap_x = (max(xa, xb) - min(xa + wa, xb + wb)) / size
    gap_y = (max(ya, yb) - min(ya + ha, yb + hb)) / size
    union_width = max(xa + wa, xb + wb) - min(xa, xb)
    union_height = max(ya + ha, yb + hb) - min(ya, yb)
    touching = _touching(a, b)
    if min(ha, hb) < 0.5 * max(ha, hb) and (touching or (over_x >= 0.1 and gap_y < 0.2)):
        return max(over_x, 0.01)  # a bar of a 5, the crossing of a 7, the base of a 1
    if over_x >= 0.6 and over_y >= 0.3:
        return over_x  # one inside the other: a 0 drawn twice
    if over_x >= 0.5 and gap_y < 0.08 and union_width >= 0.5 * union_height:
        return over_x  # one on top of the other: an 8 of two rings, but not two lines of digits
    stepped = yb - ya >= 0.2 * size or (gap_x <= 0.05 and yb + hb - ya - ha >= 0.35 * size)
    if gap_x <= 0.1 and over_y > 0 and union_width <= 0.8 * union_height and stepped:
        return 0.5  # the right one starts or ends lower: an open 4
    return over_x if over_x >= 0.25 and touching else 0


def _touching(a: Segment, b: Segment) -> bool:
    """Return whether the ink of two components overlaps."""
    (xa, ya, wa, ha), (xb, yb, wb, hb) = a.box, b.box
    left, top, right, bottom = max(xa, xb), max(ya, yb), min(xa + wa, xb + wb), min(ya + ha, yb + hb)
    if left >= right or top >= bottom:
        return False
    ink_a = a.ink[top - ya : bottom - ya, left - xa : right - xa]
    ink_b = b.ink[top - yb : bottom - yb, left - xb : right - xb]
    return bool(((ink_a >= INK) & (ink_b >= INK)).any())


def _joined(components: Sequence[Segment]) -> list[Segment]:
    """Merge the two components with the strongest bond, recompute the bonds, and repeat until no bond is left."""
    alive = dict(enumerate(components))
    bonds: dict[tuple[int, int], float] = {}

    def update_bonds(i: int) -> None:
        for j in _near(alive, i):
            if (bond := _bond(alive[i], alive[j])) > 0:
                bonds[min(i, j), max(i, j)] = bond

    for i in alive:
        update_bonds(i)
    new = len(components)
    while bonds:
        a, b = max(bonds, key=lambda pair: bonds[pair])
        alive[new] = _union([alive.pop(a), alive.pop(b)])
        bonds = {pair: bond for pair, bond in bonds.items() if not {a, b} & {*pair}}
        update_bonds(new)
        new += 1
    return list(alive.values())


def _near(components: dict[int, Segment], i: int) -> list[int]:
    """Return the components whose boxes are nearer to component i than half the larger one's size."""
    keys = [j for j in components if j != i]
    if not keys:
        return []
    own, boxes = np.array(components[i].box), np.array([components[j].box for j in keys])
    start, end = boxes[:, :2], boxes[:, :2] + boxes[:, 2:]
    gap = np.maximum(start, own[:2]) - np.minimum(end, own[:2] + own[2:])
    reach = np.maximum(boxes[:, 2:].max(axis=1), own[2:].max())
    return [keys[k] for k in np.flatnonzero(gap.max(axis=1) < reach / 2)]


def _union(components: Sequence[Segment]) -> Segment:
    left = min(component.box[0] for component in components)
    top = min(component.box[1] for component in components)
    right = max(component.box[0] + component.box[2] for component in components)
    bottom = max(component.box[1] + component.box[3] for component in components)
    ink = np.zeros((bottom - top, right - left), np.uint8)
    for component in components:
        x, y, width, height = component.box
        around = ink[y - top : y - top + height, x - left : x - left + width]
        np.maximum(around, component.ink, out=around)
    strokes = tuple(sorted(index for component in components for index in component.strokes))
    return Segment((left, top, right - left, bottom - top), ink, 0, strokes)


def _in_reading_order(digits: Sequence[Segment]) -> list[Segment]:
    """Sort the digits and number their lines. Each digit joins the line whose last digit it overlaps most in height."""
    lines: list[list[Segment]] = []
    for digit in sorted(digits, key=lambda digit: digit.box[0] + digit.box[2] / 2):
        overlaps = [_vertical_overlap(line[-1], digit) for line in lines]
        if overlaps and max(overlaps) >= 0.4:
            lines[int(np.argmax(overlaps))].append(digit)
        else:
            lines.append([digit])
    lines.sort(key=lambda line: float(np.mean([digit.box[1] + digit.box[3] / 2 for digit in line])))
    return [replace(digit, line=i) for i, line in enumerate(lines) for digit in line]


def _vertical_overlap(a: Segment, b: Segment) -> float:
    """Return the vertical overlap of two boxes as a fraction of the smaller height; negative for a gap."""
    return (min(a.box[1] + a.box[3], b.box[1] + b.box[3]) - max(a.box[1], b.box[1])) / min(a.box[3], b.box[3])
