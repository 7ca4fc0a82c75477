"""The contract of the line network: what it is given, and what it answers.

A line of ink is a ``uint8`` image 32 pixels high, as wide as it must be, ink bright (255) on dark paper (0), all
strokes of one width. The network is given such images as ``float32`` in [0, 1] with a channel axis, and answers for
every four columns of pixels: which digit has its middle there, if any, and how far its ink reaches to the left and to
the right. Only NumPy and OpenCV are needed.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from digits.crop import INK, measure, with_stroke_width

HEIGHT = 32  #: of a line, pixels
INK_HEIGHT = 24  #: of its ink from top to bottom, pixels
STRIDE = 4  #: columns of pixels for each column of the answer
MARGIN = 12  #: of paper to the left and right of the ink, pixels
PEN = 2.0  #: width of the strokes, pixels
FINER = 2  #: the ink is that much larger while its strokes are measured and changed
FLATTEST = 4.0  #: ink is not enlarged to more than it would be if it were so many strokes high
WIDEST = 4096  #: pixels of the widest line; ink that would be wider is made smaller

NO_DIGIT = 10  #: the class of ink that is no digit; 0 to 9 are the digits
BLANK = 11  #: the class of columns in which nothing has its middle (CTC's blank)
SYMBOLS = 12  #: digits, no digit, blank
OUTPUTS = (
    SYMBOLS + 2
)  #: logits of the symbols, and how far ink reaches to the left and to the right, in units of HEIGHT


@dataclass(frozen=True)
class LineImage:
    """The ink of a line as the network is given it, and where that was.

    Attributes:
        pixels: ``uint8``, shape (32, width), width a multiple of 4.
        scale: pixels of the line for one of the ink that it was made of.
        left: x of the line's left edge in that ink, pixels.
    """

    pixels: NDArray[np.uint8]
    scale: float
    left: float

    def x_of(self, x: float) -> float:
        """An x of the line in pixels of the ink."""
        return self.left + x / self.scale


def line_image(ink: NDArray[np.uint8], pen: float) -> LineImage:
    """Bring the ink of a line, of any size and any pen, into the network's format.

    Allocates about three times the ink.

    Args:
        ink: ``uint8``, shape (height, width), bright on 0, with some ink.
        pen: width of its strokes, pixels.
    """
    x, y, width, height = cv2.boundingRect(ink)
    width, height = max(width, 1), max(height, 1)
    scale = min(INK_HEIGHT / max(height, FLATTEST * pen), (WIDEST - 2 * MARGIN) / width)
    fine = scale * FINER
    box = ink[y : y + height, x : x + width]
    if pen * fine < FINER and (block := int(1 / fine)) > 1:  # thin strokes would become grey and vanish
        rows = np.maximum.reduceat(box, np.arange(0, height, block), axis=0)
        box = np.maximum.reduceat(rows, np.arange(0, width, block), axis=1)
    size = (max(1, round(width * fine)), max(1, min(round(height * fine), FINER * INK_HEIGHT)))
    small = cv2.resize(box, size, interpolation=cv2.INTER_AREA if fine < 1 else cv2.INTER_LINEAR)
    columns = -(-(size[0] + 2 * FINER * MARGIN) // (FINER * STRIDE)) * FINER * STRIDE
    canvas = np.zeros((FINER * HEIGHT, columns), np.uint8)
    top, left = (FINER * HEIGHT - size[1]) // 2, FINER * MARGIN
    canvas[top : top + size[1], left : left + size[0]] = small
    return LineImage(uniform(canvas), scale, x - MARGIN / scale)


def uniform(canvas: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Ink of twice the size, any pen, as the network is given it: strokes of one width.

    Args:
        canvas: ``uint8``, shape (64, 2 × width), bright on 0.

    Returns:
        ``uint8``, shape (32, width).
    """
    mask = (canvas > INK).astype(np.uint8)
    if not mask.any():
        mask = (canvas > 0.5 * max(1, int(canvas.max()))).astype(np.uint8)
    if not mask.any():
        return np.zeros((canvas.shape[0] // FINER, canvas.shape[1] // FINER), np.uint8)
    drawn = with_stroke_width(measure(mask), FINER * PEN)
    size = canvas.shape[1] // FINER, canvas.shape[0] // FINER
    small: NDArray[np.uint8] = cv2.resize((drawn * 255).astype(np.uint8), size, interpolation=cv2.INTER_AREA)
    return small


def to_input(lines: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Scale lines to what the network is given.

    Args:
        lines: ``uint8``, shape (n, 32, width), width a multiple of 4, ink bright on dark.

    Returns:
        A new ``float32`` array of shape (n, 32, width, 1) in [0, 1].

    Raises:
        ValueError: the shape or dtype is different.
    """
    if lines.ndim != 3 or lines.shape[1] != HEIGHT or lines.shape[2] % STRIDE or lines.dtype != np.uint8:
        raise ValueError(f"expected uint8 lines of shape (n, {HEIGHT}, 4 k), got {lines.dtype} {lines.shape}")
    return lines[..., np.newaxis].astype(np.float32) / np.float32(255)
