"""From the ink of one digit to a network's input: MNIST's format, with strokes of uniform width."""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from digits.image_format import BOX, SIZE, to_mnist_format

#: Stroke width in the 28×28 crop, pixels: half of MNIST's. A thin pen keeps small loops open, and lets a network tell
#: a crop from an image of MNIST, whose 7s look like other people's 1s. Chosen on validation images and the development
#: pen digits.
STROKE_WIDTH = 1.3
WORK = 80  #: longest side of the ink while its stroke width is measured and changed, pixels
INK = 100  #: brighter is ink; half of 255 would break the thin grey strokes of small images
MARGIN = WORK // 4  #: room around it to grow into
THINNEST = 1.2  #: strokes that would be thinner at the working size, pixels, are grown before they are shrunk


@dataclass(frozen=True)
class Shape:
    """The ink of one digit with what is known of its strokes.

    Attributes:
        mask: ``uint8`` array of shape (height, width), 1 where there is ink.
        inside: ``float32`` array of the same shape: distance to the nearest pixel without ink, pixels.
        middle: ``bool`` array of the same shape: the centre lines of the strokes (ridges of ``inside``).
        stroke_width: twice the median distance on the centre lines, pixels; 0.0 without ink.
    """

    mask: NDArray[np.uint8]
    inside: NDArray[np.float32]
    middle: NDArray[np.bool_]
    stroke_width: float


def measure(mask: NDArray[np.uint8]) -> Shape:
    """Find the centre lines and the stroke width of ink.

    Args:
        mask: ``uint8`` array of shape (height, width), 1 where there is ink and 0 elsewhere. Ink that touches the
            border is measured as if it continued beyond it.
    """
    inside = cv2.distanceTransform(mask, cv2.DIST_L2, 5)
    middle = (mask > 0) & (inside >= cv2.dilate(inside, np.ones((3, 3), np.uint8)) - 1e-6)
    return Shape(mask, inside, middle, 2 * float(np.median(inside[middle])) if middle.any() else 0.0)


def with_stroke_width(shape: Shape, wanted: float) -> NDArray[np.float32]:
    """Grow or shrink ink by the same amount everywhere until its strokes have the wanted width.

    The amount is a threshold on the distance from the outline. Where ink would vanish while shrinking, its centre line
    stays, so that thin strokes next to thick ones do not vanish.

    Args:
        shape: of the ink.
        wanted: stroke width in pixels of ``shape``.

    Returns:
        ``float32`` array of the mask's shape in [0, 1]: how much of each pixel is ink.
    """
    now = shape.stroke_width
    outside = cv2.distanceTransform(1 - shape.mask, cv2.DIST_L2, 5)
    drawn = np.where(shape.mask > 0, shape.inside - 0.5, 0.5 - outside) + (wanted - now) / 2
    if wanted < now:
        from_middle = cv2.distanceTransform(1 - shape.middle.astype(np.uint8), cv2.DIST_L2, 5)
        drawn = np.maximum(drawn, wanted / 2 - from_middle)
    return np.clip(drawn + 0.5, 0, 1).astype(np.float32)


def shape_of(ink: NDArray[np.uint8]) -> Shape | None:
    """Scale ink to the working size and measure its strokes.

    Args:
        ink: ``uint8`` array of shape (height, width), bright on 0, any size, any pen.

    Returns:
        Its shape at the working size (longest side 80 pixels, with a margin of 20); None where there is no ink.
    """
    height, width = ink.shape
    scale = WORK / max(height, width, 1)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    ink = _without_hairlines(ink, scale)
    smooth = cv2.resize(ink, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    smooth = cv2.copyMakeBorder(smooth, MARGIN, MARGIN, MARGIN, MARGIN, cv2.BORDER_CONSTANT, value=0)
    mask = (smooth > INK).astype(np.uint8)
    if not mask.any():  # a hairline that shrinking made grey
        mask = (smooth > 0.5 * smooth.max()).astype(np.uint8)
        if not mask.any():
            return None
    return measure(mask)


def _without_hairlines(ink: NDArray[np.uint8], scale: float) -> NDArray[np.uint8]:
    """Ink whose strokes stay unbroken when it is shrunk: itself, or with grown strokes, smaller by a whole factor."""
    if scale >= 1:
        return ink
    block = max(1, int(0.25 / scale))
    rows = np.maximum.reduceat(ink, np.arange(0, ink.shape[0], block), axis=0)
    coarse = np.maximum.reduceat(rows, np.arange(0, ink.shape[1], block), axis=1)
    lacking = THINNEST / (scale * block) - stroke_width_of((coarse > INK).astype(np.uint8))
    if lacking <= 0:
        return ink
    reach = math.ceil(lacking / 2)
    grown: NDArray[np.uint8] = cv2.dilate(coarse, np.ones((2 * reach + 1, 2 * reach + 1), np.uint8))
    return grown


def stroke_width_of(mask: NDArray[np.uint8], most: int = 1 << 22) -> float:
    """Stroke width in pixels of ink.

    Args:
        mask: ``uint8`` array of shape (height, width) of 0 and 1; the ink ends at its border.
        most: pixels that are measured at once; a larger mask is measured in bands across its longer side, for which
            60 MB are allocated at most.

    Returns:
        The width; 0.0 without ink.
    """
    padded = cv2.copyMakeBorder(mask, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    if padded.size <= most:
        return measure(padded).stroke_width
    if padded.shape[1] > padded.shape[0]:
        padded = np.ascontiguousarray(padded.T)
    rows = max(2 * MARGIN, most // padded.shape[1])
    ridges = []
    for top in range(0, len(padded), rows):
        start = max(0, top - MARGIN)  # what is nearest may lie outside the band
        band = measure(padded[start : top + rows + MARGIN])
        own = np.s_[top - start : top - start + rows]
        ridges.append(band.inside[own][band.middle[own]])
    widths = np.concatenate(ridges)
    return 2 * float(np.median(widths)) if len(widths) else 0.0


def to_crop(shape: Shape | None, stroke_width: float = STROKE_WIDTH) -> NDArray[np.uint8]:
    """Make a network's input from a digit's ink.

    Args:
        shape: of the digit's ink at the working size; None for no ink.
        stroke_width: wanted, in pixels of the crop.

    Returns:
        ``uint8`` array of shape (28, 28) in MNIST's format; empty where there is no ink.
    """
    if shape is None:
        return np.zeros((SIZE, SIZE), np.uint8)
    share = stroke_width / BOX
    wanted = share * (WORK - shape.stroke_width) / (1 - share)  # the ink's size changes with its pen
    return to_mnist_format((with_stroke_width(shape, wanted) * 255).astype(np.uint8))
