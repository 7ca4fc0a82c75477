"""Ink to digits: what belongs together, what is apart, and in which order it is read."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from digits.reading.ink import Stroke, bounds, rasterise

Box = tuple[int, int, int, int]  #: x, y, width, height in pixels


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
    line: int
    strokes: tuple[int, ...] = ()


def segment(strokes: Sequence[Stroke] = (), ink: NDArray[np.uint8] | None = None) -> list[Segment]:
    """Find the digits of a drawing.

    Args:
        strokes: in the order in which they were drawn.
        ink: ``uint8`` array of shape (height, width), bright on 0: the ink of an image under the
            strokes, in the same coordinates.

    Returns:
        The digits in reading order: lines from top to bottom, in a line from left to right.
    """
    left, top, width, height = bounds(strokes)
    drawn = rasterise(strokes, width, height, left, top)
    n, labels, stats, _ = cv2.connectedComponentsWithStats(drawn)
    order = sorted(range(1, n), key=lambda i: int(stats[i, 0]))
    return [
        Segment(
            (left + int(x), top + int(y), int(w), int(h)),
            np.where(labels[y : y + h, x : x + w] == i, drawn[y : y + h, x : x + w], 0).astype(np.uint8),
            0,
        )
        for i, (x, y, w, h) in ((i, stats[i, :4]) for i in order)
    ]
