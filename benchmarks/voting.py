"""Several networks that vote, used like a single classifier."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from digits.reading.classifier import Network

SOFT, MAJORITY = "soft vote", "majority vote"


class Voting:
    """Has the interface of a classifier and combines the probabilities of several."""

    def __init__(self, name: str, networks: Sequence[Network]) -> None:
        """``name`` is the kind of vote: "soft vote" or "majority vote"."""
        self.name = name
        self.most = min(network.most for network in networks)
        self._networks = networks

    def probabilities(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Crops, shape (n, 28, 28), to probabilities, shape (n, 10)."""
        return VOTES[self.name](np.stack([network.probabilities(crops) for network in self._networks]))


def soft(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """The mean of all networks' probabilities: shape (networks, n, 10) to (n, 10)."""
    mean: NDArray[np.float32] = rows.mean(axis=0)
    return mean


def majority(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """The mean over the networks that read what most of them read: shape (networks, n, 10) to (n, 10).

    Ties are broken by the mean of all networks.
    """
    votes = np.eye(rows.shape[-1], dtype=np.float32)[rows.argmax(axis=-1)]
    chosen = (votes.sum(axis=0) + rows.mean(axis=0) / 2).argmax(axis=-1)  # half a mean is at most 1/2: it breaks ties
    agreeing = np.take_along_axis(votes, chosen[np.newaxis, :, np.newaxis], axis=-1)
    mean: NDArray[np.float32] = (rows * agreeing).sum(axis=0) / agreeing.sum(axis=0)
    return mean


VOTES = {SOFT: soft, MAJORITY: majority}
