from collections import Counter

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks import voting

CROPS = np.zeros((400, 28, 28), np.uint8)


class Fixed:
    """A network that always gives the same answers."""

    name, most = "fixed", 1000

    def __init__(self, rows: NDArray[np.float32]) -> None:
        self._rows = rows

    def probabilities(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        return self._rows[: len(crops)]


@pytest.fixture(scope="module")
def rows() -> NDArray[np.float32]:
    return np.random.default_rng(0).dirichlet(np.full(10, 0.3), (3, 400)).astype(np.float32)


def test_the_soft_vote_is_the_mean(rows: NDArray[np.float32]) -> None:
    together = voting.Voting("soft vote", [Fixed(row) for row in rows]).probabilities(CROPS)
    assert together == pytest.approx((rows[0] + rows[1] + rows[2]) / 3, abs=1e-6)


def test_two_of_three_decide_and_the_third_does_not_however_confident(rows: NDArray[np.float32]) -> None:
    together = voting.Voting("majority vote", [Fixed(row) for row in rows]).probabilities(CROPS)
    kinds = set()
    for i, answer in enumerate(together):
        read = [int(row[i].argmax()) for row in rows]
        digit, votes = Counter(read).most_common(1)[0]
        kinds.add(votes)
        if votes > 1:
            agreeing = [row[i] for row, one in zip(rows, read, strict=True) if one == digit]
            assert answer.argmax() == digit
            assert answer == pytest.approx(np.mean(agreeing, axis=0), abs=1e-6)
        else:  # all differ: the one that the mean of all prefers
            assert answer.argmax() == max(read, key=lambda one: rows[:, i, one].mean())
        assert answer.sum() == pytest.approx(1, abs=1e-5)
    assert kinds == {1, 2, 3}


def test_nothing_to_read_gives_nothing() -> None:
    empty = Fixed(np.zeros((0, 10), np.float32))
    for name in (voting.SOFT, voting.MAJORITY):
        assert voting.Voting(name, [empty] * 3).probabilities(np.zeros((0, 28, 28), np.uint8)).shape == (0, 10)
