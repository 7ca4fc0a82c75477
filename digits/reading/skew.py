"""By how much the lines of a page rise or fall."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from digits.reading.segmentation import Segment, weighted_median

STEEPEST = 25  #: degrees that are tried, to either side
FEWEST = 4  #: pieces from which it can be told
ORDINARY = (0.5, 2.0)  #: usual heights of the pieces that tell it
CLEARER = 1.15  #: by so much lines must be more compact than level ones
ROWS = 12  #: of the profile, for each usual height


def skew_of(components: Sequence[Segment]) -> float:
    """By how many degrees the lines rise to the right; 0 if that cannot be told.

    The profile of ink by rows is the most uneven along the lines (Postl 1986): here that of the pieces' boxes.
    """
    boxes = np.array([component.box for component in components], np.float64).reshape(-1, 4)
    heights = boxes[:, 3]
    if len(boxes) < FEWEST:
        return 0.0
    usual = weighted_median(heights, boxes[:, 2:].max(axis=1))
    kept = boxes[(heights >= ORDINARY[0] * usual) & (heights <= ORDINARY[1] * usual)]
    if len(kept) < FEWEST:
        return 0.0
    angles = np.arange(-STEEPEST, STEEPEST + 1)
    values = np.array([_unevenness(kept, usual, angle) for angle in np.radians(angles)])
    best = int(values.argmax())
    return float(angles[best]) if values[best] >= CLEARER * values[STEEPEST] else 0.0


def _unevenness(boxes: NDArray[np.float64], usual: float, angle: float) -> float:
    """The sum of squares of how many pieces there are at each height, along lines that rise by an angle."""
    middles = boxes[:, 1] + boxes[:, 3] / 2 + np.tan(angle) * (boxes[:, 0] + boxes[:, 2] / 2)
    rows = (middles - middles.min()) * ROWS / usual
    profile = np.zeros(int(rows.max()) + 2 * ROWS)
    for row, half in zip(rows + ROWS / 2, boxes[:, 3] * ROWS / usual / 4, strict=True):
        profile[max(0, int(row - half)) : int(row + half) + 1] += 1
    return float((profile**2).sum())
