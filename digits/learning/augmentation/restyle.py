"""MNIST's digits as other people draw them: with strokes that MNIST hardly has, and with one pen.

People outside MNIST's America give a 1 a flag and a foot, cross a 7, curl the foot of a 9 and leave
the right stem of a 4 short. Such strokes are added to MNIST's own digits (or taken away), the result is
warped, and is then cropped by the very function that crops what is drawn in the window (:mod:`digits.crop`).
"""

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from digits.crop import shape_of, stroke_width_of, to_crop
from digits.image_format import SIZE

Image = NDArray[np.uint8]
Points = NDArray[np.float64]

#: How often a stroke is added or changed, as a part of the images of that digit.
CHANGES = {"flag": 0.75, "foot": 0.25, "bar": 0.6, "serif": 0.2, "hook": 0.7, "short stem": 0.2, "gap": 0.02}

#: How far a digit is warped at most, to either side: rotation in degrees, shear, logarithm of the ratio
#: of width to height, bending (shift at the image's edge that grows with the square of the distance from its
#: middle) as a part of the image's side; for the elastic part (Simard et al. 2003) the standard deviation in
#: pixels of the 28×28 image. A flagged 1 may be made to lean to the right by up to this shear.
WARP = {"rotation": 12.0, "shear": 0.25, "aspect": 0.25, "bend": 0.025, "elastic": 0.35, "lean": 0.7}

#: Pen's width in the crop, pixels; the recogniser's own is 1.3.
WIDTHS = (1.2, 1.45)

ZOOM = 2  #: the working size is this many times 28
SIDE = ZOOM * SIZE
INK = 110  #: brighter is ink
GRID = 5  #: points of the elastic field to either side

_middle = (SIDE - 1) / 2
_pixels = np.stack(np.meshgrid(*2 * [np.arange(SIDE, dtype=np.float32) - np.float32(_middle)]), axis=-1)
_unit = _pixels / np.float32(SIDE / 2)
_squares = np.stack([_unit[..., 0] ** 2, _unit[..., 0] * _unit[..., 1], _unit[..., 1] ** 2], axis=-1)


def redraw(images: NDArray[np.uint8], labels: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Draw every digit anew, as someone else might.

    Args:
        images: ``uint8``, shape (n, 28, 28), ink bright on dark.
        labels: shape (n,), 0-9: what is added depends on the digit.
        rng: decides; the same state gives the same images.

    Returns:
        New images of the same shape and type, in MNIST's format, with strokes of one width.
    """
    return np.stack([_redraw(image, int(label), rng) for image, label in zip(images, labels, strict=True)])


def _redraw(image: Image, label: int, rng: np.random.Generator) -> Image:
    ink = cv2.resize(image, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
    lean = 0.0
    if (ink > INK).any():
        if label in STYLES:
            lean = STYLES[label](ink, Pen(ink), rng)
        if rng.random() < CHANGES["gap"]:
            _erase_a_little(ink, Pen(ink), rng)
    warped = cv2.remap(ink, _map(rng, lean), None, cv2.INTER_LINEAR)
    x, y, width, height = cv2.boundingRect((warped > INK).astype(np.uint8))
    shape = shape_of(warped[y : y + height, x : x + width]) if width else None
    return to_crop(shape, rng.uniform(*WIDTHS))


class Pen:
    """Where the ink of one digit is, and how wide its strokes are; draws further strokes as wide."""

    def __init__(self, ink: Image):
        self._ink = ink
        mask = (ink > INK).astype(np.uint8)
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
        cv2.polylines(self._ink, [fixed], False, 255, max(1, round(self.width)), cv2.LINE_AA, 4)

    def line(self, middle: Points, length: float, slope: float) -> None:
        """Draw a line as wide as that (measured along x), with a slope in degrees, downwards to the right."""
        half = np.array([0.5, 0.5 * np.tan(np.deg2rad(slope))]) * length
        self.curve(middle - half, middle, middle + half)


def _one(ink: Image, pen: Pen, rng: np.random.Generator) -> float:
    """A flag, which leaves the top to the left and downwards at an angle to the stem, and a foot. Returns the lean."""
    first, last, lean = pen.first(), pen.last(), 0.0
    if rng.random() < CHANGES["flag"]:
        angle, length = np.deg2rad(rng.uniform(14, 60)), rng.uniform(0.15, 0.9)
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        flag = length * turn @ (last - first)
        across = np.array([flag[1], -flag[0]])
        pen.curve(first, first + flag / 2 + 0.4 * rng.normal() * across, first + flag)
        lean = rng.uniform() * max(0.0, WARP["lean"] - (first[0] - last[0]) / max(pen.high, 1))
    if rng.random() < CHANGES["foot"]:
        length = rng.uniform(0.25, 0.8) * pen.high
        pen.line(last + np.array([rng.uniform(-0.15, 0.15) * length, 0]), length, rng.uniform(-12, 12))
    return lean


def _four(ink: Image, pen: Pen, rng: np.random.Generator) -> float:
    """The right stem is short: it rises and falls not far from the bar."""
    if rng.random() < CHANGES["short stem"]:
        rows = range(int(pen.top + 0.3 * pen.high), int(pen.top + 0.8 * pen.high))
        wide = [np.ptp(pen.xs[pen.ys == row]) if (pen.ys == row).any() else 0 for row in rows]
        if wide:
            bar = rows[int(np.argmax(wide))]
            upper = max(0, int(bar - rng.uniform(0.6, 2) * pen.width))
            lower = int(bar + rng.uniform(2, 5) * pen.width)
            stem = int((pen.left + pen.right) / 2 + rng.uniform(-0.1, 0.05) * pen.wide)
            cut = ink.copy()
            cut[:upper, stem:] = cut[lower:] = 0
            _keep_the_largest_piece(cut)
            if np.count_nonzero(cut > INK) > len(pen.xs) / 2:  # else what was taken for the bar was none
                ink[:] = cut
    return 0.0


def _seven(ink: Image, pen: Pen, rng: np.random.Generator) -> float:
    """A bar across the stem, and a serif where the pen begins."""
    if rng.random() < CHANGES["bar"]:
        y = pen.top + rng.uniform(0.35, 0.82) * pen.high
        near = np.abs(pen.ys - y) <= 1
        if near.any():
            length = rng.uniform(0.3, 1) * max(pen.wide, 0.5 * pen.high)
            middle = np.array([pen.xs[near].mean() + rng.uniform(-0.2, 0.3) * length, y])
            pen.line(middle, length, rng.uniform(-25, 20))
    if rng.random() < CHANGES["serif"]:
        start = np.argmin(np.where(pen.ys < pen.top + 0.35 * pen.high, pen.xs, SIDE))
        at = np.array([pen.xs[start] + pen.width / 2, pen.ys[start]])
        end = at + rng.uniform(0.08, 0.25) * pen.high * np.array([rng.uniform(-0.3, 0.3), 1])
        pen.curve(at, (at + end) / 2, end)
    return 0.0


def _nine(ink: Image, pen: Pen, rng: np.random.Generator) -> float:
    """A foot that curls to the left."""
    if rng.random() < CHANGES["hook"]:
        last, length = pen.last(), rng.uniform(0.2, 1.2) * max(pen.wide, 0.4 * pen.high)
        sag, rise = rng.uniform(0, 0.6) * length, rng.uniform(-0.1, 0.5) * length
        pen.curve(last, last + np.array([-0.4 * length, sag]), last + np.array([-length, sag - rise]))
    return 0.0


#: What people do differently to a digit: changes the ink in place and returns how far it leans, as shear.
STYLES: dict[int, Callable[[Image, Pen, np.random.Generator], float]] = {1: _one, 4: _four, 7: _seven, 9: _nine}


def _erase_a_little(ink: Image, pen: Pen, rng: np.random.Generator) -> None:
    """A gap where the pen hardly touched the paper."""
    at = rng.integers(len(pen.xs))
    cv2.circle(ink, (int(pen.xs[at]), int(pen.ys[at])), round(rng.uniform(0.5, 0.9) * pen.width), 0, cv2.FILLED)


def _keep_the_largest_piece(ink: Image) -> None:
    _, pieces, figures, _ = cv2.connectedComponentsWithStats((ink > INK).astype(np.uint8))
    if len(figures) > 2:
        ink[pieces != 1 + np.argmax(figures[1:, cv2.CC_STAT_AREA])] = 0


def _map(rng: np.random.Generator, lean: float) -> NDArray[np.float32]:
    """Where each pixel of the warped image comes from, shape (side, side, 2): affine, bent and elastic."""
    angle = np.deg2rad(WARP["rotation"] * rng.uniform(-1, 1))
    shear = WARP["shear"] * rng.uniform(-1, 1) + lean
    stretch = np.exp(WARP["aspect"] / 2 * rng.uniform(-1, 1))
    turned = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    linear = turned @ np.array([[stretch, shear / stretch], [0, 1 / stretch]])
    bend = WARP["bend"] * SIDE * rng.uniform(-1, 1, (3, 2))
    field = (WARP["elastic"] * ZOOM * rng.normal(size=(GRID, GRID, 2))).astype(np.float32)
    moved: NDArray[np.float32] = _pixels @ linear.T.astype(np.float32) + np.float32(_middle)
    moved += _squares @ bend.astype(np.float32)
    moved += cv2.resize(field, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
    return moved
