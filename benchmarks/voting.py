"""Several networks asked at once, in one classifier's place."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from digits.reading.classifier import Classifier

SOFT, MAJORITY = "soft vote", "majority vote"


class Voting:
    """Reads as a :class:`Classifier` does, with the probabilities of several."""

    def __init__(self, name: str, networks: Sequence[Classifier]) -> None:
        """``name`` says how: "soft vote" or "majority vote"."""
        self.name = name
        self._networks = networks

    def probabilities(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        return VOTES[self.name](np.stack([network.probabilities(crops) for network in self._networks]))


def soft(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """The mean of the networks' probabilities: shape (networks, n, 10) to (n, 10)."""
    mean: NDArray[np.float32] = rows.mean(axis=0)
    return mean


def majority(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """The mean of those that read what most networks read: shape (networks, n, 10) to (n, 10).

    Where no digit has most votes, those with the most are told apart by the mean of all.
    """
    votes = np.eye(rows.shape[-1], dtype=np.float32)[rows.argmax(axis=-1)]
    chosen = (votes.sum(axis=0) + rows.mean(axis=0) / 2).argmax(axis=-1)  # a mean is at most 1: half of it breaks ties
    agreeing = np.take_along_axis(votes, chosen[np.newaxis, :, np.newaxis], axis=-1)
    mean: NDArray[np.float32] = (rows * agreeing).sum(axis=0) / agreeing.sum(axis=0)
    return mean


VOTES = {SOFT: soft, MAJORITY: majority}
