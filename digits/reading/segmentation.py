"""Ink to digits: what belongs together, what is apart, and in which order it is read.

The parts of a drawing are its strokes, or, where only an image is known, the connected components of its ink.
Which parts make one digit is told from their boxes alone, so that every network is given the same digits.
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

INK = 64  #: a pixel of at least this is ink; the anti-aliased edge below it joins nothing
SPECK = 1.6  #: parts of fewer stroke widths across are specks where there are larger ones
THIN = 0.45  #: ink of an image narrower than this many stroke widths is no writing: what is left of a printed line
SMALLEST = 6  #: parts of an image with fewer pixels across cannot be read
MOST_COMPONENTS = 1000  #: more is a texture and no page of digits; the largest are kept


@dataclass(frozen=True)
class Segment:
    """The ink of one digit.

    Attributes:
        box: where its ink is.
        ink: ``uint8`` array of shape (box height, box width), bright on 0: its own ink alone.
        line: 0 for the uppermost line of the page.
        strokes: indices of the strokes that it is made of; empty for ink from an image.
    """

    box: Box
    ink: NDArray[np.uint8]
    line: int = 0
    strokes: tuple[int, ...] = ()

    @cached_property
    def shape(self) -> Shape | None:
        """Its ink at a working size; None for no ink."""
        return shape_of(self.ink)

    @cached_property
    def crop(self) -> NDArray[np.uint8]:
        """``uint8`` array of shape (28, 28): what a network is given."""
        return to_crop(self.shape)


def segment(parts: Sequence[Segment]) -> list[Segment]:
    """Find the digits of a drawing.

    Args:
        parts: from :func:`stroke_components`, :func:`image_components`, or both in the same coordinates.

    Returns:
        The digits in reading order: lines from top to bottom, in a line from left to right.
    """
    return _in_reading_order(_joined(_without_specks(parts)))


def stroke_components(strokes: Sequence[Stroke]) -> list[Segment]:
    """A part for each stroke, in the order in which they were drawn."""
    return [_stroke_component(stroke, i) for i, stroke in enumerate(strokes)]


def _stroke_component(stroke: Stroke, index: int) -> Segment:
    left, top, width, height = bounds([stroke])
    return _trimmed(Segment((left, top, width, height), rasterise([stroke], width, height, left, top), 0, (index,)))


def _trimmed(part: Segment) -> Segment:
    x, y, width, height = cv2.boundingRect(part.ink)
    box = (part.box[0] + x, part.box[1] + y, width, height)
    return replace(part, box=box, ink=part.ink[y : y + height, x : x + width])


def image_components(ink: NDArray[np.uint8]) -> list[Segment]:
    """A part for each connected component of an image's ink.

    Args:
        ink: ``uint8`` array of shape (height, width), bright on 0.
    """
    _, labels, stats, _ = cv2.connectedComponentsWithStats((ink >= INK).astype(np.uint8), connectivity=8)
    largest = 1 + np.argsort(-stats[1:, cv2.CC_STAT_AREA], kind="stable")[:MOST_COMPONENTS]
    parts = []
    for i in sorted(map(int, largest)):
        x, y, width, height = (int(value) for value in stats[i, :4])
        if max(width, height) < SMALLEST:
            continue
        around = np.s_[y : y + height, x : x + width]
        parts.append(Segment((x, y, width, height), np.where(labels[around] == i, ink[around], 0).astype(np.uint8)))
    return parts


def _without_specks(parts: Sequence[Segment]) -> Sequence[Segment]:
    """Drop what is no larger across than a dot of the pen, and, of an image, much thinner than the pen.

    The pen's width is the median over all ink. Where nothing would be left, everything is kept.
    """
    if not parts:
        return parts
    widths = np.array([stroke_width_of((part.ink >= INK).astype(np.uint8)) for part in parts])
    across = np.array([max(part.box[2:]) for part in parts])
    pen = _weighted_median(widths, widths * across)
    kept = [
        part
        for part, size, width in zip(parts, across, widths, strict=True)
        if size >= SPECK * pen and (part.strokes or width >= THIN * pen)
    ]
    return kept or parts


def _weighted_median(values: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    order = np.argsort(values)
    reached = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(reached, reached[-1] / 2)])


def _bond(a: Segment, b: Segment) -> float:
    """How strongly two parts belong to one digit; 0 for not at all.

    Every length is relative to the taller part or to the smaller extent of the two.
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
        return over_x  # one within the other: a 0 drawn twice
    if over_x >= 0.5 and gap_y < 0.08 and union_width >= 0.5 * union_height:
        return over_x  # one upon the other: an 8 of two rings, and not two lines of digits
    stepped = yb - ya >= 0.2 * size or (gap_x <= 0.05 and yb + hb - ya - ha >= 0.35 * size)
    if gap_x <= 0.1 and over_y > 0 and union_width <= 0.8 * union_height and stepped:
        return 0.5  # the right one begins or ends lower: an open 4
    return over_x if over_x >= 0.25 and touching else 0


def _touching(a: Segment, b: Segment) -> bool:
    """Whether the ink of two parts overlaps."""
    (xa, ya, wa, ha), (xb, yb, wb, hb) = a.box, b.box
    left, top, right, bottom = max(xa, xb), max(ya, yb), min(xa + wa, xb + wb), min(ya + ha, yb + hb)
    if left >= right or top >= bottom:
        return False
    ink_a = a.ink[top - ya : bottom - ya, left - xa : right - xa]
    ink_b = b.ink[top - yb : bottom - yb, left - xb : right - xb]
    return bool(((ink_a >= INK) & (ink_b >= INK)).any())


def _joined(parts: Sequence[Segment]) -> list[Segment]:
    """Join the parts that belong together most, look at what they make as one part, and go on until none do."""
    alive = dict(enumerate(parts))
    bonds: dict[tuple[int, int], float] = {}

    def look_at(i: int) -> None:
        for j in _near(alive, i):
            if (bond := _bond(alive[i], alive[j])) > 0:
                bonds[min(i, j), max(i, j)] = bond

    for i in alive:
        look_at(i)
    new = len(parts)
    while bonds:
        a, b = max(bonds, key=lambda pair: bonds[pair])
        alive[new] = _union([alive.pop(a), alive.pop(b)])
        bonds = {pair: bond for pair, bond in bonds.items() if not {a, b} & {*pair}}
        look_at(new)
        new += 1
    return list(alive.values())


def _near(parts: dict[int, Segment], i: int) -> list[int]:
    """The parts whose boxes are nearer to part i than half the larger one's size."""
    keys = [j for j in parts if j != i]
    if not keys:
        return []
    own, boxes = np.array(parts[i].box), np.array([parts[j].box for j in keys])
    start, end = boxes[:, :2], boxes[:, :2] + boxes[:, 2:]
    gap = np.maximum(start, own[:2]) - np.minimum(end, own[:2] + own[2:])
    reach = np.maximum(boxes[:, 2:].max(axis=1), own[2:].max())
    return [keys[k] for k in np.flatnonzero(gap.max(axis=1) < reach / 2)]


def _union(parts: Sequence[Segment]) -> Segment:
    left, top = min(part.box[0] for part in parts), min(part.box[1] for part in parts)
    right = max(part.box[0] + part.box[2] for part in parts)
    bottom = max(part.box[1] + part.box[3] for part in parts)
    ink = np.zeros((bottom - top, right - left), np.uint8)
    for part in parts:
        x, y, width, height = part.box
        around = ink[y - top : y - top + height, x - left : x - left + width]
        np.maximum(around, part.ink, out=around)
    strokes = tuple(sorted(index for part in parts for index in part.strokes))
    return Segment((left, top, right - left, bottom - top), ink, 0, strokes)


def _in_reading_order(parts: Sequence[Segment]) -> list[Segment]:
    """Number the lines and sort. A part continues the line whose last part it overlaps most in height."""
    lines: list[list[Segment]] = []
    for part in sorted(parts, key=lambda part: part.box[0] + part.box[2] / 2):
        overlaps = [_vertical_overlap(line[-1], part) for line in lines]
        if overlaps and max(overlaps) >= 0.4:
            lines[int(np.argmax(overlaps))].append(part)
        else:
            lines.append([part])
    lines.sort(key=lambda line: float(np.mean([part.box[1] + part.box[3] / 2 for part in line])))
    return [replace(part, line=i) for i, line in enumerate(lines) for part in line]


def _vertical_overlap(a: Segment, b: Segment) -> float:
    """Common height of two boxes as a share of the lower one's."""
    return (min(a.box[1] + a.box[3], b.box[1] + b.box[3]) - max(a.box[1], b.box[1])) / min(a.box[3], b.box[3])
