"""MNIST's digits as other people write them: with strokes that are rare in MNIST, all drawn with one pen.

People outside the United States, where MNIST's writers lived, give a 1 a flag and a foot, cross a 7, curl the foot of
a 9 and leave the right stem of a 4 short. Such strokes are added to MNIST's own digits (or removed), the result is
warped, and is then cropped by the same function that crops what is drawn in the window (:mod:`digits.crop`).
"""

from collections.abc import Callable
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from digits.crop import shape_of, stroke_width_of, to_crop
from digits.image_format import SIZE
from digits.learning.config import Restyle

Image = NDArray[np.uint8]
Points = NDArray[np.float64]


def restyle(
    images: NDArray[np.uint8], labels: NDArray[np.uint8], style: Restyle, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Restyle every digit as someone else might have written it.

    Args:
        images: ``uint8``, shape (n, 28, 28), ink bright on dark.
        labels: shape (n,), 0-9: which strokes are added depends on the digit.
        style: how often and how much.
        rng: decides; the same state gives the same images.

    Returns:
        New images of the same shape and dtype, in MNIST's format, with strokes of uniform width.
    """
    return np.stack([_restyle(image, int(label), style, rng) for image, label in zip(images, labels, strict=True)])


def _restyle(image: Image, label: int, style: Restyle, rng: np.random.Generator) -> Image:
    side = style.zoom * SIZE
    ink = cv2.resize(image, (side, side), interpolation=cv2.INTER_CUBIC)
    lean = 0.0
    if (ink > style.ink).any():
        if label in STYLES:
            lean = STYLES[label](Pen(ink, style), style, rng)
        if rng.random() < style.gap:
            _add_gap(Pen(ink, style), rng)
    warped = cv2.remap(ink, _map(style, rng, lean), None, cv2.INTER_LINEAR)
    x, y, width, height = cv2.boundingRect((warped > style.ink).astype(np.uint8))
    shape = shape_of(warped[y : y + height, x : x + width]) if width else None
    return to_crop(shape, rng.uniform(style.min_width, style.max_width))


class Pen:
    """Where the ink of one digit is, and how wide its strokes are; draws further strokes of that width.

    Attributes:
        ink: the working image, ``uint8``, shape (side, side), drawn on in place.
        xs, ys: coordinates of its ink pixels.
        width: of its strokes, pixels of the working image.
    """

    def __init__(self, ink: Image, style: Restyle):
        self.ink = ink
        mask = (ink > style.ink).astype(np.uint8)
        self.ys, self.xs = np.nonzero(mask)
        self.width = stroke_width_of(mask)
        self.top, self.bottom = self.ys.min() + self.width / 2, self.ys.max() - self.width / 2
        self.left, self.right = int(self.xs.min()), int(self.xs.max())
        self.high, self.wide = float(np.ptp(self.ys)), float(np.ptp(self.xs))

    def first(self) -> Points:
        """Middle of the upper end, (x, y)."""
        return np.array([self.xs[self.ys <= self.top].mean(), self.top])

    def last(self) -> Points:
        """Middle of the lower end, (x, y)."""
        return np.array([self.xs[self.ys >= self.bottom].mean(), self.bottom])

    def curve(self, start: Points, control: Points, end: Points) -> None:
        """Draw a quadratic Bézier curve."""
        t = np.linspace(0, 1, 8)[:, np.newaxis]
        points = (1 - t) ** 2 * start + 2 * t * (1 - t) * control + t**2 * end
        fixed = np.round(points * 16).astype(np.int32)  # OpenCV's sixteenths of a pixel
        cv2.polylines(self.ink, [fixed], False, 255, max(1, round(self.width)), cv2.LINE_AA, 4)

    def line(self, middle: Points, length: float, slope: float) -> None:
        """Draw a line of the given length, measured along x, and slope, in degrees, downwards to the right."""
        half = np.array([0.5, 0.5 * np.tan(np.deg2rad(slope))]) * length
        self.curve(middle - half, middle, middle + half)


def _one(pen: Pen, style: Restyle, rng: np.random.Generator) -> float:
    """A flag, which leaves the top to the left and downwards at an angle to the stem, and a foot. Returns the lean."""
    first, last, lean = pen.first(), pen.last(), 0.0
    if rng.random() < style.flag:
        angle, length = np.deg2rad(rng.uniform(14, 60)), rng.uniform(0.15, 0.9)
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        flag = length * turn @ (last - first)
        across = np.array([flag[1], -flag[0]])
        pen.curve(first, first + flag / 2 + 0.4 * rng.normal() * across, first + flag)
        lean = rng.uniform() * max(0.0, style.lean - (first[0] - last[0]) / max(pen.high, 1))
    if rng.random() < style.foot:
        length = rng.uniform(0.25, 0.8) * pen.high
        pen.line(last + np.array([rng.uniform(-0.15, 0.15) * length, 0]), length, rng.uniform(-12, 12))
    return lean


def _four(pen: Pen, style: Restyle, rng: np.random.Generator) -> float:
    """The right stem is short: it reaches only a little above and below the bar."""
    if rng.random() < style.short_stem:
        rows = range(int(pen.top + 0.3 * pen.high), int(pen.top + 0.8 * pen.high))
        wide = [np.ptp(pen.xs[pen.ys == row]) if (pen.ys == row).any() else 0 for row in rows]
        if wide:
            bar = rows[int(np.argmax(wide))]
            upper = max(0, int(bar - rng.uniform(0.6, 2) * pen.width))
            lower = int(bar + rng.uniform(2, 5) * pen.width)
            stem = int((pen.left + pen.right) / 2 + rng.uniform(-0.1, 0.05) * pen.wide)
            cut = pen.ink.copy()
            cut[:upper, stem:] = cut[lower:] = 0
            _keep_largest_component(cut, style)
            if np.count_nonzero(cut > style.ink) > len(pen.xs) / 2:  # otherwise the bar was misidentified
                pen.ink[:] = cut
    return 0.0


def _seven(pen: Pen, style: Restyle, rng: np.random.Generator) -> float:
    """A bar across the stem, and a serif where the pen begins."""
    if rng.random() < style.bar:
        y = pen.top + rng.uniform(0.35, 0.82) * pen.high
        near = np.abs(pen.ys - y) <= 1
        if near.any():
            length = rng.uniform(0.3, 1) * max(pen.wide, 0.5 * pen.high)
            middle = np.array([pen.xs[near].mean() + rng.uniform(-0.2, 0.3) * length, y])
            pen.line(middle, length, rng.uniform(-25, 20))
    if rng.random() < style.serif:
        start = np.argmin(np.where(pen.ys < pen.top + 0.35 * pen.high, pen.xs, len(pen.ink)))
        at = np.array([pen.xs[start] + pen.width / 2, pen.ys[start]])
        end = at + rng.uniform(0.08, 0.25) * pen.high * np.array([rng.uniform(-0.3, 0.3), 1])
        pen.curve(at, (at + end) / 2, end)
    return 0.0


def _nine(pen: Pen, style: Restyle, rng: np.random.Generator) -> float:
    """A foot that curls to the left."""
    if rng.random() < style.hook:
        last, length = pen.last(), rng.uniform(0.2, 1.2) * max(pen.wide, 0.4 * pen.high)
        sag, rise = rng.uniform(0, 0.6) * length, rng.uniform(-0.1, 0.5) * length
        pen.curve(last, last + np.array([-0.4 * length, sag]), last + np.array([-length, sag - rise]))
    return 0.0


#: What people do differently to a digit: changes the pen's ink in place and returns how far to lean it, as shear.
STYLES: dict[int, Callable[[Pen, Restyle, np.random.Generator], float]] = {1: _one, 4: _four, 7: _seven, 9: _nine}


def _add_gap(pen: Pen, rng: np.random.Generator) -> None:
    """A gap where the pen hardly touched the paper."""
    at = rng.integers(len(pen.xs))
    cv2.circle(pen.ink, (int(pen.xs[at]), int(pen.ys[at])), round(rng.uniform(0.5, 0.9) * pen.width), 0, cv2.FILLED)


def _keep_largest_component(ink: Image, style: Restyle) -> None:
    _, components, stats, _ = cv2.connectedComponentsWithStats((ink > style.ink).astype(np.uint8))
    if len(stats) > 2:
        ink[components != 1 + np.argmax(stats[1:, cv2.CC_STAT_AREA])] = 0


@cache
def _grid(side: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Offsets of the pixels from the centre, and the products of their coordinates; (side, side, 2) and (…, 3)."""
    middle = (side - 1) / 2
    along = np.arange(side, dtype=np.float32) - np.float32(middle)
    offsets: NDArray[np.float32] = np.stack(np.meshgrid(along, along), axis=-1)
    unit = offsets / np.float32(side / 2)
    x, y = unit[..., 0], unit[..., 1]
    squares: NDArray[np.float32] = np.stack([x**2, x * y, y**2], axis=-1)
    return offsets, squares


def _map(style: Restyle, rng: np.random.Generator, lean: float) -> NDArray[np.float32]:
    """Where each pixel of the warped image comes from, shape (side, side, 2): affine, bent and elastic."""
    side = style.zoom * SIZE
    offsets, squares = _grid(side)
    angle = np.deg2rad(style.rotation * rng.uniform(-1, 1))
    shear = style.shear * rng.uniform(-1, 1) + lean
    stretch = np.exp(style.aspect / 2 * rng.uniform(-1, 1))
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    linear = rotation @ np.array([[stretch, shear / stretch], [0, 1 / stretch]])
    bend = style.bend * side * rng.uniform(-1, 1, (3, 2))
    field = (style.elastic * style.zoom * rng.normal(size=(style.grid, style.grid, 2))).astype(np.float32)
    moved: NDArray[np.float32] = offsets @ linear.T.astype(np.float32) + np.float32((side - 1) / 2)
    moved += squares @ bend.astype(np.float32)
    moved += cv2.resize(field, (side, side), interpolation=cv2.INTER_CUBIC)
    return moved
