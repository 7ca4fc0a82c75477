"""Strokes grouped to digits."""

from itertools import combinations

import numpy as np
import pytest
from numpy.typing import NDArray

from digits.line_image import BLANK, NO_DIGIT
from digits.reading.stroke_groups import IMPROBABLE, MOST_STROKES, WIDEST, Group, groupings, groups_of


def boxes_at(*ends: tuple[float, float]) -> NDArray[np.float64]:
    """Strokes 100 high from one x to another."""
    return np.array([(left, 0, right, 100) for left, right in ends], np.float64)


def row(n: int) -> NDArray[np.float64]:
    return boxes_at(*((20.0 * i, 20.0 * i + 15) for i in range(n)))


def improbable(groups: list[Group]) -> dict[Group, NDArray[np.float64]]:
    return {group: np.full(BLANK, -15.0) for group in groups}


def test_a_group_is_up_to_four_strokes_that_follow_in_time_or_from_left_to_right() -> None:
    boxes = boxes_at((0, 50), (60, 110), (20, 30))  # the last was added to the first
    assert set(groups_of(boxes)) == {(0,), (1,), (2,), (0, 1), (1, 2), (0, 1, 2), (0, 2)}
    assert max(map(len, groups_of(row(9)))) == MOST_STROKES
    wide = boxes_at((0, 50), (100 * WIDEST, 100 * WIDEST + 50))
    assert set(groups_of(wide)) == {(0,), (1,)}


@pytest.mark.parametrize("seed", range(8))
def test_the_best_groups_of_all_are_found(seed: int) -> None:
    rng = np.random.default_rng(seed)
    boxes = row(6)
    alone = {group: rng.uniform(-9, 0, BLANK) for group in groups_of(boxes)}
    labels = rng.integers(0, BLANK, 3).tolist()
    ways = groupings(boxes, alone, [labels])

    def value(cuts: tuple[int, ...], given: list[int] | None) -> float:
        groups = [tuple(range(a, b)) for a, b in zip((0, *cuts), (*cuts, 6), strict=True)]
        if any(len(group) > MOST_STROKES for group in groups):
            return -np.inf
        return sum(float(alone[g].max() if given is None else alone[g][given[i]]) for i, g in enumerate(groups))

    expected = max(value(cuts, labels) for cuts in combinations(range(1, 6), 2))
    assert max(way.value for way in ways if way.labels == tuple(labels)) == pytest.approx(expected)
    best = max(value(cuts, None) for n in range(6) for cuts in combinations(range(1, 6), n))
    assert max(way.value for way in ways) == pytest.approx(best)
    assert all(sorted(i for group in way.groups for i in group) == list(range(6)) for way in ways)


def test_a_bar_that_is_added_at_the_end_belongs_to_its_digit() -> None:
    boxes = boxes_at((0, 50), (60, 110), (20, 45))
    alone = improbable(groups_of(boxes))
    alone[0, 2][7] = alone[1,][1] = -0.1
    best = max(groupings(boxes, alone, []), key=lambda way: way.value)
    assert (best.labels, best.groups) == ((7, 1), ((0, 2), (1,)))


def test_groups_are_from_left_to_right_whatever_was_drawn_first() -> None:
    boxes = boxes_at((60, 110), (0, 50))
    alone = improbable(groups_of(boxes))
    alone[0,][3] = alone[1,][5] = -0.1
    best = max(groupings(boxes, alone, [(5, 3)]), key=lambda way: way.value)
    assert (best.labels, best.groups) == ((5, 3), ((1,), (0,)))


def test_what_is_impossible_is_only_very_improbable() -> None:
    alone: dict[Group, NDArray[np.float64]] = {(0,): np.full(BLANK, -np.inf)}
    ways = groupings(boxes_at((0, 10)), alone, [(NO_DIGIT,)])
    assert {way.value for way in ways} == {IMPROBABLE}
    assert (NO_DIGIT,) in {way.labels for way in ways}
