"""Pieces of ink: the strokes of a drawing, or, if there is only an image, the connected components of its ink."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from digits.crop import Shape, shape_of, stroke_width_of, to_crop
from digits.reading.ink import Box as Box  # where most take it from
from digits.reading.ink import Stroke, bounds, finest, outline, rasterise, reduced

INK = 64  #: least value of an ink pixel; fainter anti-aliased edges do not connect components
SPECK = 1.6  #: components smaller than this many stroke widths are specks, unless there is nothing larger
THIN = 0.45  #: in an image, strokes thinner than this many stroke widths are remnants of ruled lines
SMALLEST = 6  #: in an image, components smaller than this many pixels cannot be read
MOST_COMPONENTS = 500  #: most components that are read, the largest; a slow network reads fewer
MOST_AREA = 100_000_000  #: most pixels of the boxes of a page's components: two that are as large as the largest page
MOST_DRAWN = 32_000_000  #: most pixels of the boxes of a drawing's strokes, which is reduced beyond that
LONGEST = 1_000_000  #: most pixels of a side of a stroke's box
SMALL = 1 << 20  #: pixels of an image for which a second thread takes 70 MB at most, and setting the number longer


@dataclass(frozen=True, eq=False)
class _OfInk:
    """What is computed from ink, once for all segments that have the same ink."""

    ink: NDArray[np.uint8]

    @cached_property
    def stroke_width(self) -> float:
        return stroke_width_of((self.ink >= INK).astype(np.uint8))

    @cached_property
    def shape(self) -> Shape | None:
        return shape_of(self.ink)

    @cached_property
    def crop(self) -> NDArray[np.uint8]:
        return to_crop(self.shape)


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
        seen: what the line network says of it: ``float32``, shape (11,), how probable each digit is, and that it is
            none; None if it was not asked.
        is_cut: whether its ink was cut from a neighbour's.
        counted: its share of how probable it is that there are as many digits as were found: the product over
            neighbours that were read together is that probability.
        spaced: whether there is a space before it on its line.
        why: what it is, if that is known and no digit, such as "a dot"; else "".
    """

    box: Box
    ink: NDArray[np.uint8]
    line: int = 0
    strokes: tuple[int, ...] = ()
    step: int = 1
    seen: NDArray[np.float32] | None = None
    is_cut: bool = False
    counted: float = 1.0
    spaced: bool = False
    why: str = ""
    _of_ink: _OfInk | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        """A copy with the same ink shares what is computed from it."""
        if self._of_ink is None or self._of_ink.ink is not self.ink:
            object.__setattr__(self, "_of_ink", _OfInk(self.ink))

    @property
    def stroke_width(self) -> float:
        """Width of the strokes in pixels of the drawing."""
        return self._computed.stroke_width * self.step

    @property
    def shape(self) -> Shape | None:
        """The ink at working size; None if there is no ink."""
        return self._computed.shape

    @property
    def crop(self) -> NDArray[np.uint8]:
        """``uint8`` array of shape (28, 28) in MNIST's format, the input of a network."""
        return self._computed.crop

    @property
    def _computed(self) -> _OfInk:
        assert self._of_ink is not None
        return self._of_ink


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


def stroke_components(strokes: Sequence[Stroke], known: Mapping[int, Segment] | None = None) -> Components:
    """Return one component per stroke, in the order in which they were drawn: the largest 500 at most.

    Allocates 32 MB for the ink of all, for which a larger drawing is reduced, and as much as
    :func:`digits.reading.ink.rasterise`.

    Args:
        strokes: the drawing.
        known: components that were made before, by the ``id`` of the stroke; those that still fit are used again.
    """
    known = known or {}
    outline(strokes)
    edges = np.array([stroke.edges for stroke in strokes]).reshape(-1, 4)
    sizes = (np.ceil(edges[:, 2:]) - np.floor(edges[:, :2])).astype(np.int64)
    across = sizes.max(axis=1)
    largest = np.argsort(-across, kind="stable")
    kept, others = np.sort(largest[:MOST_COMPONENTS]).tolist(), largest[MOST_COMPONENTS:]
    step = step_for(sizes[kept])
    drawn = [reduced(strokes[i], step) for i in kept]
    finer = finest(drawn)
    components = []
    for stroke, i in zip(drawn, kept, strict=True):
        before = known.get(id(strokes[i]))
        if before is not None and before.step == step:
            components.append(before if before.strokes == (i,) else replace(before, strokes=(i,)))
        else:
            components.append(_stroke_component(stroke, i, step, finer))
    return Components(components, _not_specks(across[others] - 2, components))


def _stroke_component(stroke: Stroke, index: int, step: int, finer: float) -> Segment:
    left, top, width, height = bounds([stroke])
    ink = rasterise([stroke], width, height, left, top, finer)
    x, y, width, height = cv2.boundingRect(ink)
    box = ((left + x) * step, (top + y) * step, width * step, height * step)
    return Segment(box, ink[y : y + height, x : x + width], 0, (index,), step)


def image_components(ink: NDArray[np.uint8], step: int = 1) -> Components:
    """Return the connected components of the ink in an image: the largest 500 at most, without tiny ones.

    Allocates up to twenty times the image, and 100 MB for the ink of all: of components with larger boxes than that
    those with the smallest are kept.

    Args:
        ink: ``uint8`` array of shape (height, width), bright on 0.
        step: side of one of its pixels in pixels of the image.
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
        box = (x * step, y * step, width * step, height * step)
        components.append(Segment(box, ink[around] * (labels[around] == i), step=step))
    others = largest[~np.isin(largest, kept)]
    return Components(components, _not_specks(across[others] * step, components))


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


def step_for(sizes: NDArray[np.int64]) -> int:
    """A side of larger pixels, in pixels, with which boxes of these sizes, shape (n, 2), have few enough of them."""
    step = 1
    while np.ceil(sizes / step).prod(axis=1).sum() > MOST_DRAWN or (sizes > LONGEST * step).any():
        step += max(1, step // 8)
    return step


def coarser(component: Segment, step: int) -> Segment:
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


def without_specks(components: Sequence[Segment]) -> Sequence[Segment]:
    """Drop components no larger than a dot of the pen, and, in an image, those much thinner than the pen.

    If nothing would remain, everything is kept.
    """
    pen = pen_of(components)
    kept = [
        component
        for component in components
        if max(component.box[2:]) >= SPECK * pen and (component.strokes or component.stroke_width >= THIN * pen)
    ]
    return kept or components


def _not_specks(across: NDArray[np.int64], components: Sequence[Segment]) -> int:
    """Count the longest sides that are not those of specks, beside the components."""
    return int((across >= SPECK * pen_of(components)).sum()) if len(across) else 0


def pen_of(components: Sequence[Segment]) -> float:
    """The width of the pen in pixels: the median over all ink."""
    if not components:
        return 0.0
    widths = np.array([component.stroke_width for component in components])
    return weighted_median(widths, widths * np.array([max(component.box[2:]) for component in components]))


def weighted_median(values: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    order = np.argsort(values)
    reached = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(reached, reached[-1] / 2)])


def union(components: Sequence[Segment]) -> Segment:
    """Merge components; if their common ink would be too large, it gets larger pixels."""
    step = max(component.step for component in components)
    low = np.array([component.box[:2] for component in components]).min(axis=0)
    high = np.array([np.add(component.box[:2], component.box[2:]) for component in components]).max(axis=0)
    step *= step_for(np.ceil((high - low) / step).astype(np.int64)[np.newaxis])
    components = [coarser(component, step) for component in components]
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
