"""What is no digit: dots, lines, scribbles, hatching, and what the network is not sure of.

A network answers one of ten digits whatever it is shown, often with confidence, so most of this looks at the
ink and not at the probabilities. All thresholds were chosen on the development pen digits, of which about
1 % may be rejected, and on drawn junk (benchmarks/pen_digits.py; what came of it is in plots/pen_digits.md).
"""

import math
from collections.abc import Sequence

import cv2
import numpy as np

from digits.crop import MARGIN, WORK, Shape
from digits.reading.segmentation import Segment

CONFIDENCE = 0.4  #: below this the network is not sure of any ink
SURE = 0.9  #: the confidence needed for ink that is as odd as a digit may be
LEANING = (-15.0, 38.0)  #: degrees from upright, to the right positive, that the straight line of a 1 may lean
PIECES = 4  #: separate pieces of ink; a digit has fewer
HOLES = 4  #: holes in the ink; a digit has fewer
NOTCHES = 5  #: deep notches in the outline, as between the arms of a letter; a digit has fewer
LENGTH = (2.5, 3.7)  #: of all strokes in units of the ink's longest side: from here odd, from there no digit
WIDTH = (1.05, 1.45)  #: in units of the ink's height: from here odd, from there as odd as a digit may be
TOO_WIDE = 1.8  #: from here no digit


def why_rejected(shape: Shape | None, confidence: float) -> str:
    """Why ink is no digit, in a few words; "" for a digit.

    Args:
        shape: of the ink; None for no ink.
        confidence: the network's highest probability, in [0, 1].
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
    if cv2.connectedComponents(shape.mask)[0] - 1 >= PIECES:
        return "too many pieces for a digit"
    if holes >= HOLES:
        return "too many holes for a digit"
    if notches >= NOTCHES:
        return "too jagged for a digit"
    if length > LENGTH[1]:
        return "too much ink for a digit"
    odd = max(
        _share(length, *LENGTH),
        _share(width / height, *WIDTH),
        (0.0, 0.0, 0.4, 0.9)[holes],
        0.5 if notches == NOTCHES - 1 else 0.0,
    )
    return "" if confidence >= CONFIDENCE + (SURE - CONFIDENCE) * odd else "the network is not sure"


def _share(value: float, low: float, high: float) -> float:
    """Where a value lies from ``low`` (0) to ``high`` (1)."""
    return min(max((value - low) / (high - low), 0.0), 1.0)


def straight_lean(shape: Shape) -> float | None:
    """How far a straight line leans from upright in degrees, to the right positive; None for any other ink."""
    y, x = np.nonzero(shape.mask)
    if len(x) < 2:
        return None
    spread, axes = np.linalg.eigh(np.cov(np.stack([x, y])))
    breadth = math.sqrt(12 * max(spread[0], 0))  # of a bar with that variance
    if breadth > 1.5 * shape.stroke_width or spread[1] < 9 * spread[0]:
        return None
    along_x, along_y = axes[:, 1]
    lean = math.degrees(math.atan2(along_x, -along_y))
    return (lean + 90) % 180 - 90


def hatched(segments: Sequence[Segment]) -> list[bool]:
    """Find hatching: four or more straight strokes, close side by side within one line of text.

    Args:
        segments: in reading order, with their lines numbered, from :func:`digits.reading.segmentation.segment`.

    Returns:
        For each segment, whether it is a stroke of hatching.
    """
    straight = [part.shape is not None and straight_lean(part.shape) is not None for part in segments]
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
    """Whether two segments are close neighbours in one line of text; a 1 beneath a 1 is in another line."""
    apart = abs(b.box[0] + b.box[2] / 2 - a.box[0] - a.box[2] / 2)
    return a.line == b.line and apart < 0.3 * min(max(a.box[2:]), max(b.box[2:]))


def _is_dot(shape: Shape) -> bool:
    """Compact and filled: as good as its own convex hull, and hardly longer than wide."""
    points = cv2.findNonZero(shape.mask)
    (_, (a, b), _) = cv2.minAreaRect(points)
    filled = cv2.fillConvexPoly(np.zeros_like(shape.mask), cv2.convexHull(points), 1)
    return max(a, b) < 2 * max(min(a, b), 1) and bool(shape.mask.sum() > 0.9 * filled.sum())


def _holes(shape: Shape) -> int:
    _, _, stats, _ = cv2.connectedComponentsWithStats(1 - shape.mask, connectivity=4)
    return int((stats[1:, cv2.CC_STAT_AREA] > 12).sum()) - 1  # without the paper around


def _notches(shape: Shape) -> int:
    """How often the outline lies deep within its convex hull."""
    outlines, _ = cv2.findContours(shape.mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    outline = max(outlines, key=len)
    hull = cv2.convexHull(outline, returnPoints=False)
    if len(hull) < 4:
        return 0
    hull[::-1].sort(axis=0)  # OpenCV refuses a hull that starts in the middle of the outline
    defects = cv2.convexityDefects(outline, hull)
    return 0 if defects is None else int((defects[:, 0, 3] > 0.15 * WORK * 256).sum())
