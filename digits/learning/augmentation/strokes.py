"""Strokes of handwriting: distorted as strokes, drawn with any pen, and brought into a network's format."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from digits.crop import MARGIN, WORK, measure, to_crop
from digits.learning.config import Written
from digits.learning.handwriting import Character, Points

SHIFT = 4  #: fractional bits of the coordinates given to OpenCV: 1/16 pixel


def distort_strokes(
    label: int, strokes: Sequence[Points], style: Written, rng: np.random.Generator, shear: float | None = None
) -> list[Points]:
    """Rotate, shear, stretch and bend a character; slash some 0s, and lean 1s.

    Args:
        label: 0 to 9, or ``NO_DIGIT``.
        strokes: of the character, each of shape (n, 2).
        style: how much.
        rng: decides.
        shear: x for each y upwards, where another than a random one is wanted.

    Returns:
        New strokes, their ink's height 1 (or their width, if they are much wider than high), their box from (0, 0).
    """
    if label == 0 and rng.random() < style.slash:
        strokes = [*strokes, _slash(strokes, rng)]
    ends = np.cumsum([len(stroke) for stroke in strokes])
    points = np.concatenate(strokes)
    low, high = points.min(axis=0), points.max(axis=0)
    points = (points - (low + high) / 2) / _unit(high - low)
    angle = np.deg2rad(style.rotation * rng.uniform(-1, 1))
    lean = style.shear * rng.uniform(-1, 1) if shear is None else shear
    lean += style.lean * rng.normal() * (label == 1)
    stretch = np.exp(style.aspect / 2 * rng.uniform(-1, 1))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    points = points @ (turn @ np.array([[stretch, -lean], [0, 1 / stretch]])).T
    if style.waves:
        waves = rng.normal(0, 3, (style.waves, 2))
        sizes = rng.normal(0, style.bend, (style.waves, 2))
        points = points + np.sin(points @ waves.T + rng.uniform(0, 2 * np.pi, style.waves)) @ sizes
    low, high = points.min(axis=0), points.max(axis=0)
    points = ((points - low) / _unit(high - low)).astype(np.float32)
    distorted: list[Points] = np.split(points, ends[:-1])
    return distorted


def _slash(strokes: Sequence[Points], rng: np.random.Generator) -> Points:
    """A stroke through a 0, upwards to the right."""
    points = np.concatenate(strokes)
    low, high = points.min(axis=0), points.max(axis=0)
    ends = np.array(
        [(rng.uniform(-0.2, 0.25), rng.uniform(0.75, 1.2)), (rng.uniform(0.75, 1.2), rng.uniform(-0.2, 0.25))]
    )
    slash: Points = (low + ends * (high - low)).astype(np.float32)
    return slash


def _unit(extent: NDArray[np.floating]) -> float:
    """What counts as the height of ink of some extent (width, height): its own, unless it is much wider than high."""
    return float(max(extent[1], 0.6 * extent[0], 1e-6))


def draw(strokes: Sequence[Points], pen: float, canvas: NDArray[np.uint8]) -> None:
    """Draw strokes, in pixels of the canvas, on it.

    Args:
        strokes: each of shape (n, 2).
        pen: diameter, pixels.
        canvas: ``uint8``, shape (height, width), changed in place.
    """
    thickness = max(1, round(pen))
    for stroke in strokes:
        fixed = np.round(stroke * 2**SHIFT).astype(np.int32)
        if len(fixed) == 1:
            cv2.circle(canvas, fixed[0].tolist(), round(pen / 2 * 2**SHIFT), 255, cv2.FILLED, cv2.LINE_8, SHIFT)
        else:
            cv2.polylines(canvas, [fixed], False, 255, thickness, cv2.LINE_8, SHIFT)


def written_crop(character: Character, style: Written, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Draw a character, distorted, with some pen, and crop it as recognition does.

    Returns:
        ``uint8``, shape (28, 28), in MNIST's format.
    """
    strokes = distort_strokes(character.label, character.strokes, style, rng)
    points = np.concatenate(strokes)
    pen = WORK * float(np.exp(rng.uniform(np.log(style.min_pen), np.log(style.max_pen))))
    scale = (WORK - pen) / max(float(points.max()), 1e-6)
    width, height = (np.ceil(points.max(axis=0) * scale + pen).astype(int) + 2 * MARGIN).tolist()
    canvas = np.zeros((height, width), np.uint8)
    draw([stroke * np.float32(scale) + np.float32(MARGIN + pen / 2) for stroke in strokes], pen, canvas)
    return to_crop(measure((canvas > 0).astype(np.uint8)), rng.uniform(style.min_width, style.max_width))
