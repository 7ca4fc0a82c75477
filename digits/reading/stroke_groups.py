"""Which strokes of the pen are one digit's: those that read best together, each group by itself.

Where strokes are known, nothing need be cut: a digit is a few strokes that were drawn one after another, or that lie
one beside another. All such groups are read alone, and the best sequence of groups is found by dynamic programming, as
on-line recognizers do (Tappert, Suen & Wakahara 1990, *The State of the Art in On-Line Handwriting Recognition*).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from digits.line_image import BLANK, FLATTEST, INK_HEIGHT, MARGIN
from digits.line_image import WIDEST as WIDEST_LINE

MOST_STROKES = 4  #: of a digit
MOST_GROUPED = 48  #: strokes on a line that are grouped
WIDEST = 3.0  #: of the line's height: wider groups of several strokes are no digit
FARTHEST = 0.35  #: of the line's height: nor are those in which so much paper is between one and the next
IMPROBABLE = -20.0  #: logarithm of how probable a group is at least
COUNTS = 2  #: numbers of groups that are tried without a sequence

Group = tuple[int, ...]  #: indices of strokes in the order drawn


@dataclass(frozen=True)
class Grouping:
    """A way to read strokes.

    Attributes:
        labels: 0 to 9, or ``NO_DIGIT``, from left to right.
        groups: the strokes of each.
        value: the sum of the logarithms of how probable each group is to be its label alone.
    """

    labels: tuple[int, ...]
    groups: tuple[Group, ...]
    value: float


def orders(boxes: NDArray[np.float64]) -> list[list[int]]:
    """Orders in which a digit's strokes are neighbours: of time, and from left to right if that is another one."""
    in_time = list(range(len(boxes)))
    by_place = np.argsort(boxes[:, 0] + boxes[:, 2], kind="stable").tolist()
    return [in_time] if by_place == in_time else [in_time, by_place]


def columns_of(boxes: NDArray[np.float64], groups: Sequence[Group], pen: float) -> float:
    """About how many columns of pixels the line network is given for groups of strokes, each alone.

    Args:
        boxes: left, top, right and bottom of each stroke, shape (n, 4).
        groups: from :func:`groups_of`.
        pen: width of the strokes, in the same unit.
    """
    total = 0.0
    for group in groups:
        there = boxes[list(group)]
        width, height = there[:, 2].max() - there[:, 0].min(), there[:, 3].max() - there[:, 1].min()
        total += min(INK_HEIGHT * float(width) / max(float(height), FLATTEST * pen, 1) + 2 * MARGIN, WIDEST_LINE)
    return total


def groups_of(boxes: NDArray[np.float64]) -> list[Group]:
    """The groups that may be a digit.

    Args:
        boxes: left, top, right and bottom of each stroke, shape (n, 4).
    """
    height = float(boxes[:, 3].max() - boxes[:, 1].min())
    found: dict[Group, None] = {}
    for order in orders(boxes):
        for start in range(len(order)):
            for end in range(start + 1, min(start + MOST_STROKES, len(order)) + 1):
                group = tuple(sorted(order[start:end]))
                if len(group) == 1 or _may_be_one(boxes[list(group)], height):
                    found[group] = None
    return list(found)


def _may_be_one(boxes: NDArray[np.float64], height: float) -> bool:
    """Whether strokes are near enough to each other for a digit on a line of this height."""
    there = boxes[np.argsort(boxes[:, 0])]
    reach = np.maximum.accumulate(there[:, 2])
    between = float((there[1:, 0] - reach[:-1]).max())
    return between <= FARTHEST * height and float(reach[-1] - there[0, 0]) <= WIDEST * height


def groupings(
    boxes: NDArray[np.float64], alone: Mapping[Group, NDArray[np.float64]], sequences: Sequence[Sequence[int]]
) -> list[Grouping]:
    """The best ways to group strokes.

    Args:
        boxes: left, top, right and bottom of each stroke, shape (n, 4).
        alone: for each group of :func:`groups_of` the logarithms of how probable each symbol is, shape (11,), or more.
        sequences: labels in either order; for each the best groups are found, and for any labels.

    Returns:
        The ways, in no order.
    """
    found: dict[object, Grouping] = {}
    for order in orders(boxes):
        values = np.full((len(order), MOST_STROKES, BLANK), -np.inf)  # by end, length less 1, and label
        for end in range(len(order)):
            for length in range(1, min(MOST_STROKES, end + 1) + 1):
                group = tuple(sorted(order[end + 1 - length : end + 1]))
                if group in alone:
                    values[end, length - 1] = np.maximum(alone[group][:BLANK], IMPROBABLE)
        for sequence in sequences:
            for way in _best(values[:, :, list(sequence)], order, [len(sequence)]):
                labels = dict(zip(way, sequence, strict=True))
                _keep(found, labels, boxes, alone)
        any_label = np.repeat(values.max(axis=2, keepdims=True), len(order), axis=2)
        for way in _best(any_label, order, range(1, len(order) + 1))[:COUNTS]:
            _keep(found, {group: int(alone[group][:BLANK].argmax()) for group in way}, boxes, alone)
    return list(found.values())


def _keep(
    found: dict[object, Grouping],
    labels: Mapping[Group, int],
    boxes: NDArray[np.float64],
    alone: Mapping[Group, NDArray[np.float64]],
) -> None:
    """Add a way to read strokes from left to right."""

    def middle(group: Group) -> float:
        there = boxes[list(group)]
        return float(there[:, 0].min() + there[:, 2].max())

    groups = tuple(sorted(labels, key=middle))
    value = sum(max(float(alone[group][labels[group]]), IMPROBABLE) for group in groups)
    way = Grouping(tuple(labels[group] for group in groups), groups, value)
    found[way.labels, way.groups] = way


def _best(values: NDArray[np.float64], order: Sequence[int], counts: Sequence[int]) -> list[list[Group]]:
    """The best groups for each number of groups, the best first.

    Args:
        values: shape (strokes, most strokes of a group, groups): of a group by its end, length less 1 and place.
        order: of the strokes.
        counts: numbers of groups.
    """
    n, most, places = values.shape
    total = np.full((n + 1, places + 1), -np.inf)
    total[0, 0] = 0
    lengths = np.zeros((n + 1, places + 1), np.int64)
    for end in range(1, n + 1):
        before = total[max(0, end - most) : end][::-1]
        ways = before[:, :-1] + values[end - 1, : len(before)]
        total[end, 1:] = ways.max(axis=0)
        lengths[end, 1:] = ways.argmax(axis=0) + 1
    found = []
    for count in sorted(counts, key=lambda count: -total[n, count]):
        if not np.isfinite(total[n, count]):
            continue
        groups, end = [], n
        for place in range(count, 0, -1):
            start = end - int(lengths[end, place])
            groups.append(tuple(sorted(order[start:end])))
            end = start
        found.append(groups[::-1])
    return found
