"""The ink of one digit to what a network is given: MNIST's format, drawn with MNIST's pen."""

import cv2
import numpy as np
from numpy.typing import NDArray

from digits.image_format import BOX, to_mnist_format

#: Stroke width in the 28×28 crop, pixels, chosen on the development pen digits (benchmarks/pen_digits.py).
STROKE_WIDTH = 2.25
WORK = 80  #: longest side of the ink while its stroke width is changed, pixels
MARGIN = WORK // 4  #: room around it to grow into


def to_crop(ink: NDArray[np.uint8], stroke_width: float | None = STROKE_WIDTH) -> NDArray[np.uint8]:
    """Bring the ink of one digit into MNIST's format.

    Args:
        ink: ``uint8`` array of shape (height, width), bright on 0, any size, any pen.
        stroke_width: in the crop, pixels; None leaves it as it is.

    Returns:
        ``uint8`` array of shape (28, 28); empty where the ink is.
    """
    return to_mnist_format(ink if stroke_width is None else with_stroke_width(ink, stroke_width))


def with_stroke_width(ink: NDArray[np.uint8], stroke_width: float) -> NDArray[np.uint8]:
    """Draw the same digit with another pen: thin strokes become wider, wide strokes thinner.

    The ink grows or shrinks by as much everywhere (a threshold on the distance from its outline), and
    what would vanish while shrinking stays as the middle line of its stroke.

    Args:
        ink: ``uint8`` array of shape (height, width), bright on 0.
        stroke_width: wanted, in pixels of a crop whose longest side is 20 pixels.

    Returns:
        ``uint8`` array, its longest side about 100 pixels, anti-aliased; ``ink`` itself where it is empty.
    """
    height, width = ink.shape
    scale = WORK / max(height, width, 1)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    smooth = cv2.resize(ink, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    smooth = cv2.copyMakeBorder(smooth, MARGIN, MARGIN, MARGIN, MARGIN, cv2.BORDER_CONSTANT, value=0)
    mask = (smooth > 127).astype(np.uint8)
    if not mask.any():
        return ink
    inside = cv2.distanceTransform(mask, cv2.DIST_L2, 5)
    outside = cv2.distanceTransform(1 - mask, cv2.DIST_L2, 5)
    ridge = middle_line(inside)
    now = 2 * float(np.median(inside[ridge]))
    wanted = stroke_width / BOX * (WORK - now) / (1 - stroke_width / BOX)  # the ink's size changes with its pen
    outline = np.where(mask > 0, 0.5 - inside, outside - 0.5)  # distance from it, negative inside
    drawn = (wanted - now) / 2 - outline
    if wanted < now:
        from_ridge = cv2.distanceTransform(1 - ridge.astype(np.uint8), cv2.DIST_L2, 5)
        drawn = np.maximum(drawn, wanted / 2 - from_ridge)
    return (np.clip(drawn + 0.5, 0, 1) * 255).astype(np.uint8)


def middle_line(inside: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Where a distance transform of ink has its ridges: the middle of the strokes."""
    highest = cv2.dilate(inside, np.ones((3, 3), np.uint8))
    ridge: NDArray[np.bool_] = (inside > 0) & (inside >= highest - 1e-6)
    return ridge


def stroke_width_of(mask: NDArray[np.uint8]) -> float:
    """The width of the strokes in a binary image, pixels: twice the median of the middle line's distance."""
    inside = cv2.distanceTransform(cv2.copyMakeBorder(mask, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0), cv2.DIST_L2, 5)
    ridge = middle_line(inside)
    return 2 * float(np.median(inside[ridge])) if ridge.any() else 0.0
