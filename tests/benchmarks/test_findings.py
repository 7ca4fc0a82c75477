import numpy as np
import pytest

from benchmarks.recommendation import findings
from digits.learning import statistics


def test_cochrans_q_of_two_is_mcnemars_chi_squared() -> None:
    wrong = np.random.default_rng(0).random((2, 500)) < [[0.1], [0.2]]
    only_first, only_second = int((wrong[0] & ~wrong[1]).sum()), int((wrong[1] & ~wrong[0]).sum())
    q, _ = findings.cochran(wrong)
    assert q == pytest.approx((only_first - only_second) ** 2 / (only_first + only_second))


def test_cochrans_p_is_that_of_swapping_the_networks_image_by_image() -> None:
    rng = np.random.default_rng(1)
    wrong = rng.random((4, 300)) < [[0.2], [0.24], [0.27], [0.3]]
    q, p = findings.cochran(wrong)
    swapped = [findings.cochran(rng.permuted(wrong, axis=0))[0] for _ in range(4000)]
    assert p == pytest.approx(np.mean(np.array(swapped) >= q - 1e-9), abs=0.02)
    assert 0.001 < p < 0.5


def test_networks_that_never_differ_are_no_different() -> None:
    assert findings.cochran(np.tile([True, False, False], (3, 1))) == (0.0, 1.0)


def test_every_pair_is_tested_and_adjusted_together() -> None:
    wrong = {"A": [*range(60)], "B": [*range(50, 70)], "C": [*range(40, 61)]}
    found = findings.differences(wrong, 1000)
    table = {name: np.isin(np.arange(1000), indices) for name, indices in wrong.items()}
    names = [("A", "B"), ("A", "C"), ("B", "C")]
    raw = {f"{one} {other}": statistics.mcnemar(table[one], table[other]).p for one, other in names}
    assert [(pair.first, pair.second) for pair in found.pairs] == names
    assert [pair.adjusted for pair in found.pairs] == list(statistics.holm(raw).values())
    assert (found.pairs[0].test.only_first, found.pairs[0].test.only_second) == (50, 10)
    assert found.freedom == 2 and found.p < 0.001
    assert found.differ("A", "B") and found.differ("B", "A") and not found.differ("B", "C")


def test_no_pair_differs_unless_the_test_over_all_says_so() -> None:
    pair = findings.Pair("A", "B", statistics.mcnemar(np.ones(20, bool), np.zeros(20, bool)), 0.01)
    assert findings.Differences(9.0, 1, 0.003, (pair,)).differ("A", "B")
    assert not findings.Differences(3.0, 1, 0.08, (pair,)).differ("A", "B")
