"""Rejection of ink that is not a digit: dots, lines, scribbles, hatching, and anything the network is unsure of.

A network returns one of ten digits for any input, often with high confidence, so most of these rules look at the ink
and not at the probabilities. All thresholds were chosen on the development pen digits, of which about 1% may be
rejected, and on drawn junk (measured by benchmarks/pen_digits, with results in plots/pen_digits.md).
"""

import math
from collections.abc import Sequence

import cv2
import numpy as np

from digits.crop import MARGIN, WORK, Shape
from digits.reading.segmentation import Segment

CONFIDENCE = 0.4  #: confidence needed for ink of ordinary shape
SURE = 0.9  #: confidence needed for ink of the most unusual shape that is still accepted
LEANING = (-15.0, 38.0)  #: how far a straight 1 may lean from vertical, degrees, positive to the right
COMPONENTS = 4  #: a digit has fewer connected components
HOLES = 4  #: a digit has fewer holes
NOTCHES = 5  #: a digit has fewer deep notches in its outline, such as those between the arms of a letter
LENGTH = (2.5, 3.7)  #: total stroke length over longest side: unusual above the first, rejected above the second
WIDTH = (1.05, 1.45)  #: width over height: unusual above the first, most unusual above the second
TOO_WIDE = 1.8  #: width over height: rejected above this


def why_rejected(shape: Shape | None, confidence: float) -> str:
    """Decide whether to reject ink.

    Args:
        shape: shape of the ink; None if there is no ink.
        confidence: highest probability from the network, in [0, 1].

    Returns:
        The reason for rejecting it in a few words; "" to accept it.
    """
    if shape is None:
        return "no ink"
    if _is_dot(shape):
        return "a dot"
    lean = straight_lean(shape)
    if lean is not None and not LEANING[0] <= lean <= LEANING[1]:
        return "a line"
    width, height = shape.mask.shape[1] - 2 * MARGIN, shape.mask.shape[0] - 2 * MARGIN
    length = float(shape.mask.sum()) / shape.stroke_width / max(width, height)
    holes, notches = _holes(shape), _notches(shape)
    if width > TOO_WIDE * height:
        return "too wide for a digit"
    if cv2.connectedComponents(shape.mask)[0] - 1 >= COMPONENTS:
        return "too many separate strokes for a digit"
    if holes >= HOLES:
        return "too many holes for a digit"
    if notches >= NOTCHES:
        return "too jagged for a digit"
    if length > LENGTH[1]:
        return "too much ink for a digit"
    unusual = max(
        _fraction(length, *LENGTH),
        _fraction(width / height, *WIDTH),
        (0.0, 0.0, 0.4, 0.9)[holes],
        0.5 if notches == NOTCHES - 1 else 0.0,
    )
    return "" if confidence >= CONFIDENCE + (SURE - CONFIDENCE) * unusual else "the network is not sure"


def _fraction(value: float, low: float, high: float) -> float:
    """Map a value linearly from [low, high] to [0, 1], clipped."""
    return min(max((value - low) / (high - low), 0.0), 1.0)


def straight_lean(shape: Shape) -> float | None:
    """Return how far a straight line leans from vertical, in degrees, positive to the right; None for any other ink."""
    y, x = np.nonzero(shape.mask)
    if len(x) < 2:
        return None
    spread, axes = np.linalg.eigh(np.cov(np.stack([x, y])))
    breadth = math.sqrt(12 * max(spread[0], 0))  # width of a uniform bar with this variance
    if breadth > 1.5 * shape.stroke_width or spread[1] < 9 * spread[0]:
        return None
    along_x, along_y = axes[:, 1]
    lean = math.degrees(math.atan2(along_x, -along_y))
    return (lean + 90) % 180 - 90


def hatched(segments: Sequence[Segment]) -> list[bool]:
    """Find hatching: four or more straight strokes close together, side by side within one line of text.

    Args:
        segments: in reading order, with their lines numbered, from :func:`digits.reading.segmentation.segment`.

    Returns:
        For each segment, whether it is a stroke of hatching.
    """
    straight = [found.shape is not None and straight_lean(found.shape) is not None for found in segments]
    marked = [False] * len(segments)
    start = 0
    for i in range(1, len(segments) + 1):
        if i < len(segments) and straight[i] and straight[i - 1] and _side_by_side(segments[i - 1], segments[i]):
            continue
        if straight[start] and i - start >= 4:
            marked[start:i] = [True] * (i - start)
        start = i
    return marked


def _side_by_side(a: Segment, b: Segment) -> bool:
    """Return whether two segments of the same line are close together; a 1 beneath a 1 is in another line."""
    apart = abs(b.box[0] + b.box[2] / 2 - a.box[0] - a.box[2] / 2)
    return a.line == b.line and apart < 0.3 * min(max(a.box[2:]), max(b.box[2:]))


def _is_dot(shape: Shape) -> bool:
    """Return whether the ink is compact and solid: fills most of its convex hull, less than twice as long as wide."""
    points = cv2.findNonZero(shape.mask)
    (_, (a, b), _) = cv2.minAreaRect(points)
    filled = cv2.fillConvexPoly(np.zeros_like(shape.mask), cv2.convexHull(points), 1)
    return max(a, b) < 2 * max(min(a, b), 1) and bool(shape.mask.sum() > 0.9 * filled.sum())


def _holes(shape: Shape) -> int:
    """Count the holes in the ink, ignoring tiny ones."""
    _, _, stats, _ = cv2.connectedComponentsWithStats(1 - shape.mask, connectivity=4)
    return int((stats[1:, cv2.CC_STAT_AREA] > 12).sum()) - 1  # excluding the paper around the ink


def _notches(shape: Shape) -> int:
    """Count the places where the outline lies deep inside its convex hull."""
    outlines, _ = cv2.findContours(shape.mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    outline = max(outlines, key=len)
    hull = cv2.convexHull(outline, returnPoints=False)
    if len(hull) < 4:
        return 0
    hull[::-1].sort(axis=0)  # OpenCV rejects a hull whose indices are not monotonic
    defects = cv2.convexityDefects(outline, hull)
    return 0 if defects is None else int((defects[:, 0, 3] > 0.15 * WORK * 256).sum())
