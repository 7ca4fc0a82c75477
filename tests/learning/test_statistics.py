"""Against textbook values, other implementations of the same thing, and brute force."""

import itertools

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from digits.learning import statistics


def wrong(both: int, only_first: int, only_second: int, neither: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Two arrays with these counts."""
    first = np.repeat([True, True, False, False], (both, only_first, only_second, neither))
    second = np.repeat([True, False, True, False], (both, only_first, only_second, neither))
    return first, second


def test_wilsons_interval_of_a_textbook_example() -> None:
    """15 of 148 (Newcombe 1998, *Two-Sided Confidence Intervals for the Single Proportion*, method 3)."""
    assert statistics.wilson(15, 148) == pytest.approx((0.0624, 0.1605), abs=5e-5)
    assert statistics.wilson(0, 20) == pytest.approx((0.0, 0.1611), abs=5e-5)


def test_mcnemar_of_a_textbook_example() -> None:
    """Approval of the prime minister, 86 and 150 changed their minds (Agresti, *Categorical Data Analysis*, 10.1)."""
    result = statistics.mcnemar(*wrong(794, 150, 86, 570))
    assert (result.n, result.only_first, result.only_second) == (1600, 150, 86)
    assert result.difference == -0.04
    assert result.odds_ratio == pytest.approx(86 / 150)
    assert (result.low, result.high) == pytest.approx((-0.0588, -0.0211), abs=2e-4)  # Wald: -0.059 to -0.021
    assert result.p == pytest.approx(2 * stats.binom.cdf(86, 236, 0.5), rel=1e-9)
    assert result.p == pytest.approx(3.1e-5, rel=0.2)  # his z of -4.17, squared


@pytest.mark.parametrize("counts", [(3, 2, 7), (0, 0, 5), (1, 6, 6)])
def test_mcnemars_p_by_counting_every_way_the_coins_can_fall(counts: tuple[int, int, int]) -> None:
    both, one, two = counts
    result = statistics.mcnemar(*wrong(both, one, two, 10))
    falls = [sum(fall) for fall in itertools.product((0, 1), repeat=one + two)]
    extreme = [abs(heads - (one + two) / 2) >= abs(one - two) / 2 for heads in falls]
    assert result.p == pytest.approx(np.mean(extreme))


def test_the_direction_and_the_swap() -> None:
    first, second = wrong(10, 30, 5, 955)
    there, back = statistics.mcnemar(first, second), statistics.mcnemar(second, first)
    assert there.difference == pytest.approx(second.mean() - first.mean())
    assert there.high < 0 < back.low
    assert (there.p, there.difference, there.low) == pytest.approx((back.p, -back.difference, -back.high))


def test_classifiers_that_never_differ() -> None:
    first, second = wrong(5, 0, 0, 95)
    result = statistics.mcnemar(first, second)
    assert (result.difference, result.odds_ratio, result.p) == (0.0, None, 1.0)
    assert result.low < 0 < result.high
    assert statistics.pooled(first[None], second[None]).p == 1.0


def test_the_interval_of_the_difference_covers_it_in_95_of_100_samples() -> None:
    rng = np.random.default_rng(0)
    only_first, only_second, covered = 0.006, 0.002, 0
    for _ in range(2000):
        kinds = rng.multinomial(2000, [0.01, only_first, only_second, 1 - 0.01 - only_first - only_second])
        result = statistics.mcnemar(*wrong(*kinds))
        covered += result.low <= only_second - only_first <= result.high
    assert covered / 2000 == pytest.approx(0.95, abs=0.015)


def test_across_seeds_is_the_paired_t_test() -> None:
    """Student's own data: hours of sleep gained by ten patients with two drugs (Biometrika 1908)."""
    one = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]
    two = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]
    result = statistics.across_seeds(one, two)
    assert result is not None
    assert result.seeds == 10
    assert result.difference == pytest.approx(1.58)
    assert result.p == pytest.approx(0.00283, abs=5e-6)
    assert (result.low, result.high) == pytest.approx((0.7001, 2.4599), abs=1e-4)
    assert result.d_z == pytest.approx(4.0621 / np.sqrt(10), abs=1e-4)
    assert result.p == pytest.approx(2 * stats.t.sf(4.0621, 9), rel=1e-3)


def test_across_two_seeds_by_cauchys_distribution() -> None:
    """With one degree of freedom, p is 1 - 2/π · arctan t. Differences of 1 and 3 points: t = 2."""
    result = statistics.across_seeds([0.02, 0.03], [0.03, 0.06])
    back = statistics.across_seeds([0.03, 0.06], [0.02, 0.03])
    assert result is not None and back is not None
    assert result.p == pytest.approx(1 - 2 / np.pi * np.arctan(2)) == pytest.approx(back.p)
    assert result.d_z == pytest.approx(np.sqrt(2))
    assert result.low == pytest.approx(0.02 - 0.01 * np.tan(0.95 * np.pi / 2))
    assert (result.difference, result.low, result.high) == pytest.approx((-back.difference, -back.high, -back.low))


def test_across_seeds_without_variation_or_without_seeds() -> None:
    assert statistics.across_seeds([0.1], [0.2]) is None
    same = statistics.across_seeds([0.1, 0.2], [0.1, 0.2])
    assert same is not None
    assert (same.p, same.d_z) == (1.0, None)
    moved = statistics.across_seeds([0.1, 0.2], [0.2, 0.3])
    assert moved is not None
    assert (moved.p, moved.d_z) == (0.0, None)
    assert (moved.low, moved.high) == pytest.approx((0.1, 0.1))
    with pytest.raises(ValueError, match="got 2 and 3"):
        statistics.across_seeds([0, 1], [0, 1, 2])


def test_pooled_is_close_to_the_t_test_over_images() -> None:
    rng = np.random.default_rng(1)
    first, second = rng.random((3, 5000)) < 0.03, rng.random((3, 5000)) < 0.037
    result = statistics.pooled(first, second)
    expected = stats.ttest_1samp(second.mean(axis=0) - first.mean(axis=0), 0)
    assert (result.n, result.seeds) == (5000, 3)
    assert result.difference == pytest.approx(second.mean() - first.mean())
    assert 0.0001 < result.p == pytest.approx(expected.pvalue, rel=0.2)
    assert (result.low, result.high) == pytest.approx(tuple(expected.confidence_interval()), abs=1e-5)
    assert result.odds_ratio == pytest.approx((second & ~first).sum() / (first & ~second).sum())


def test_pooled_by_swapping_the_two_in_every_possible_way() -> None:
    rng = np.random.default_rng(2)
    first, second = rng.random((4, 12)) < 0.3, rng.random((4, 12)) < 0.5
    sums = second.sum(axis=0) - first.sum(axis=0)
    assert set(np.abs(sums)) >= {0, 1, 2}
    totals = [abs(np.dot(signs, sums)) for signs in itertools.product((-1, 1), repeat=12)]
    assert statistics.pooled(first, second).p == pytest.approx(np.mean(np.array(totals) >= abs(sums.sum())))


def test_pooled_with_one_seed_is_mcnemar() -> None:
    first, second = wrong(20, 25, 40, 915)
    assert statistics.pooled(first[None], second[None]).p == pytest.approx(statistics.mcnemar(first, second).p)


def test_repeating_a_seed_adds_no_evidence() -> None:
    first, second = wrong(20, 25, 40, 915)
    one = statistics.pooled(first[None], second[None])
    three = statistics.pooled(np.stack([first] * 3), np.stack([second] * 3))
    assert three.p == pytest.approx(one.p)
    assert (three.low, three.high) == pytest.approx((one.low, one.high))


def test_holm_of_a_textbook_example() -> None:
    """0.01, 0.04, 0.03 and 0.005 become 0.03, 0.06, 0.06 and 0.02 (as R's p.adjust has them)."""
    adjusted = statistics.holm({"a": 0.01, "b": 0.04, "c": 0.03, "d": 0.005})
    assert list(adjusted) == ["a", "b", "c", "d"]
    assert list(adjusted.values()) == pytest.approx([0.03, 0.06, 0.06, 0.02])


def test_holm_never_exceeds_1_nor_bonferroni_and_keeps_the_order() -> None:
    rng = np.random.default_rng(3)
    for _ in range(50):
        values = {str(index): float(value) for index, value in enumerate(rng.random(12) ** 3)}
        adjusted = statistics.holm(values)
        by_size = sorted(values, key=values.__getitem__)
        assert [adjusted[name] for name in by_size] == sorted(adjusted.values())
        assert all(values[name] <= adjusted[name] <= min(1, 12 * values[name]) for name in values)
    assert statistics.holm({}) == {}


def test_what_does_not_belong_together_is_refused() -> None:
    with pytest.raises(ValueError, match="expected two bool arrays"):
        statistics.mcnemar(np.zeros(3, bool), np.zeros(4, bool))
    with pytest.raises(ValueError, match="int64"):
        statistics.mcnemar(np.zeros(3, int), np.zeros(3, int))
    with pytest.raises(ValueError, match=r"2 dimension"):
        statistics.pooled(np.zeros(3, bool), np.zeros(3, bool))
