"""The ink of one digit to what a network is given: MNIST's format, drawn with one pen."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from digits.image_format import BOX, SIZE, to_mnist_format

#: Stroke width in the 28×28 crop, pixels: half of MNIST's. A thin pen keeps small loops open, and lets a network know
#: a crop from an image of MNIST, whose 7s are other people's 1s. Chosen on validation and the development pen digits.
STROKE_WIDTH = 1.3
WORK = 80  #: longest side of the ink while it is measured and its stroke width changed, pixels
INK = 100  #: brighter is ink; half of 255 would break the thin grey strokes of small images
MARGIN = WORK // 4  #: room around it to grow into


@dataclass(frozen=True)
class Shape:
    """The ink of one digit at a working size.

    Attributes:
        mask: ``uint8`` array, 1 where there is ink; its longest side 80 pixels, 20 pixels of margin around it.
        inside: ``float32`` array of the same shape: distance to the nearest pixel without ink, pixels.
        middle: ``bool`` array of the same shape: the middle lines of the strokes.
        stroke_width: pixels of this working size.
    """

    mask: NDArray[np.uint8]
    inside: NDArray[np.float32]
    middle: NDArray[np.bool_]
    stroke_width: float


def shape_of(ink: NDArray[np.uint8]) -> Shape | None:
    """Bring ink to the working size and measure its strokes.

    Args:
        ink: ``uint8`` array of shape (height, width), bright on 0, any size, any pen.

    Returns:
        Its shape; None where there is no ink.
    """
    height, width = ink.shape
    scale = WORK / max(height, width, 1)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    smooth = cv2.resize(ink, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    smooth = cv2.copyMakeBorder(smooth, MARGIN, MARGIN, MARGIN, MARGIN, cv2.BORDER_CONSTANT, value=0)
    mask = (smooth > INK).astype(np.uint8)
    if not mask.any():  # a thread that shrinking made grey
        mask = (smooth > 0.5 * smooth.max()).astype(np.uint8)
        if not mask.any():
            return None
    inside, middle, stroke_width = _strokes(mask)
    return Shape(mask, inside, middle, stroke_width)


def stroke_width_of(mask: NDArray[np.uint8]) -> float:
    """The width in pixels of the strokes in an array of 0 and 1; 0.0 where it is empty."""
    framed = cv2.copyMakeBorder(mask, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    return _strokes(framed)[2] if mask.any() else 0.0


def _strokes(mask: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.bool_], float]:
    """Distance transform of ink, its ridges (the middle lines), and twice their median: the stroke width."""
    inside = cv2.distanceTransform(mask, cv2.DIST_L2, 5)
    middle = (mask > 0) & (inside >= cv2.dilate(inside, np.ones((3, 3), np.uint8)) - 1e-6)
    return inside, middle, 2 * float(np.median(inside[middle]))


def to_crop(shape: Shape | None, stroke_width: float = STROKE_WIDTH) -> NDArray[np.uint8]:
    """What a network is given.

    The ink grows or shrinks by as much everywhere (a threshold on the distance from its outline) until
    its strokes have the wanted width; what would vanish while shrinking stays as its middle line.

    Args:
        shape: of the digit's ink; None for no ink.
        stroke_width: wanted, in pixels of the crop.

    Returns:
        ``uint8`` array of shape (28, 28) in MNIST's format; empty where there is no ink.
    """
    if shape is None:
        return np.zeros((SIZE, SIZE), np.uint8)
    now, share = shape.stroke_width, stroke_width / BOX
    wanted = share * (WORK - now) / (1 - share)  # the ink's size changes with its pen
    outside = cv2.distanceTransform(1 - shape.mask, cv2.DIST_L2, 5)
    from_outline = np.where(shape.mask > 0, 0.5 - shape.inside, outside - 0.5)
    drawn = (wanted - now) / 2 - from_outline
    if wanted < now:
        from_middle = cv2.distanceTransform(1 - shape.middle.astype(np.uint8), cv2.DIST_L2, 5)
        drawn = np.maximum(drawn, wanted / 2 - from_middle)
    return to_mnist_format((np.clip(drawn + 0.5, 0, 1) * 255).astype(np.uint8))
