"""What a network's confidence is worth, and one number that sets it right.

Temperature scaling (Guo et al. 2017, *On Calibration of Modern Neural Networks*): the logits are divided by one
number T, fitted on images that were not trained on. Which digit is the most probable does not change. Above 1 T
makes a network less sure, below 1 surer.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax

from digits.learning.statistics import wilson

BINS = 15  #: of equal width on [0, 1], as in Guo et al.
LIMITS = (0.2, 5.0)  #: between which the temperature is sought


@dataclass(frozen=True)
class Reliability:
    """Confidence and accuracy of images grouped by confidence; empty groups are left out.

    Attributes:
        n: images in the group.
        right: of them, read rightly.
        confidence: the mean of their highest probabilities.
    """

    n: tuple[int, ...]
    right: tuple[int, ...]
    confidence: tuple[float, ...]

    @property
    def ece(self) -> float:
        """Expected calibration error: by how much confidence and accuracy differ, mean over the images."""
        n = np.array(self.n)
        return float(np.abs(np.array(self.right) - n * np.array(self.confidence)).sum() / n.sum())

    @property
    def excess(self) -> float:
        """By how much the confidence exceeds the accuracy, mean over the images; below 0 it falls short."""
        n = np.array(self.n)
        return float((n * np.array(self.confidence) - np.array(self.right)).sum() / n.sum())

    def intervals(self) -> list[tuple[float, float]]:
        """95 % interval of each group's accuracy (Wilson 1927)."""
        return [wilson(right, n) for right, n in zip(self.right, self.n, strict=True)]

    def to_json(self) -> dict[str, Any]:
        return {"ece": self.ece, **{key: list(value) for key, value in asdict(self).items()}}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "Reliability":
        return cls(**{key: tuple(value[key]) for key in cls.__dataclass_fields__})


def reliability(right: NDArray[np.bool_], confidence: NDArray[np.floating[Any]], equal: str = "width") -> Reliability:
    """Group images by confidence.

    Args:
        right: shape (n,), whether each image is read rightly.
        confidence: shape (n,), the highest probability of each, in [0, 1].
        equal: "width" for 15 groups of equal width on [0, 1], "mass" for 15 groups of equally many images.
    """
    exact = confidence.astype(np.float64)
    if equal == "width":
        place = np.minimum((exact * BINS).astype(int), BINS - 1)
    else:
        place = np.empty(len(exact), int)
        place[np.argsort(exact, kind="stable")] = np.arange(len(exact)) * BINS // len(exact)
    n = np.bincount(place, minlength=BINS)
    hits = np.bincount(place, right, BINS)
    sums = np.bincount(place, exact, BINS)
    groups = np.flatnonzero(n)
    return Reliability(
        tuple(int(n[i]) for i in groups),
        tuple(int(hits[i]) for i in groups),
        tuple(float(sums[i] / n[i]) for i in groups),
    )


def of(labels: NDArray[np.uint8], probabilities: NDArray[np.floating[Any]]) -> Reliability:
    """The reliability of labels, shape (n,), and probabilities, shape (n, 10)."""
    return reliability(probabilities.argmax(axis=1) == labels, probabilities.max(axis=1))


def measured(labels: NDArray[np.uint8], probabilities: NDArray[np.floating[Any]]) -> dict[str, Any]:
    """:func:`of` as JSON's types, and as a check the error over groups of equally many images ("adaptive_ece")."""
    by_mass = reliability(probabilities.argmax(axis=1) == labels, probabilities.max(axis=1), "mass")
    return of(labels, probabilities).to_json() | {"adaptive_ece": by_mass.ece}


def rescale(probabilities: NDArray[np.floating[Any]], temperature: float) -> NDArray[np.float64]:
    """Probabilities as they would be with the logits divided by ``temperature``; 1 / T undoes T."""
    scaled: NDArray[np.float64] = softmax(_logits(probabilities) / temperature, axis=1)
    return scaled


def fit_temperature(labels: NDArray[np.uint8], probabilities: NDArray[np.floating[Any]]) -> float:
    """The temperature that gives the labels the least cross-entropy.

    Args:
        labels: shape (n,), 0-9, of images that were not trained on.
        probabilities: shape (n, 10), as the network gives them.
    """
    logits, rows = _logits(probabilities), np.arange(len(labels))

    def loss(logarithm: float) -> float:
        return -float(log_softmax(logits / np.exp(logarithm), axis=1)[rows, labels].mean())

    found = minimize_scalar(loss, bounds=np.log(LIMITS), method="bounded", options={"xatol": 1e-6})
    return float(np.exp(found.x))


def surer(labels: NDArray[np.uint8], probabilities: NDArray[np.floating[Any]]) -> dict[int, int]:
    """For each miss, by its index and from the surest on, how many images are read with more confidence."""
    order = np.argsort(-probabilities.max(axis=1), kind="stable")
    missed = probabilities.argmax(axis=1) != labels
    return {int(image): rank for rank, image in enumerate(order) if missed[image]}


def coverage(surer: Iterable[int], n: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Coverage and error when only the surest k of n answers are given, for each k from 1 to n.

    Args:
        surer: for each miss, how many images are read with more confidence.
        n: images.
    """
    wrong, answered = np.zeros(n, bool), np.arange(1, n + 1)
    wrong[list(surer)] = True
    return answered / n, np.cumsum(wrong) / answered


def coverage_at(most: float, covered: NDArray[np.float64], error: NDArray[np.float64]) -> float:
    """The greatest coverage, of those of :func:`coverage`, with an error of at most ``most``; 0 without any."""
    return float(covered[error <= most].max(initial=0))


def _logits(probabilities: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Logits up to a constant of each row; what ``float32`` rounds to 0 is taken as its smallest number."""
    logits: NDArray[np.float64] = np.log(np.maximum(probabilities.astype(np.float64), np.finfo(np.float32).tiny))
    return logits
