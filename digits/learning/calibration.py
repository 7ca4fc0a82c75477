"""How far confidence and accuracy agree, temperature scaling, and what rejecting the least confident answers gains.

Temperature scaling (Guo et al. 2017, *On Calibration of Modern Neural Networks*): the logits are divided by one
number T, fitted on images that were not trained on. The most probable digit does not change. T above 1 makes a network
less confident, below 1 more confident.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any, TypedDict

import numpy as np
from msgspec import Meta
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax

from digits.learning.json_types import Count, Number, Share
from digits.learning.statistics import wilson

BINS = 15  #: of equal width on [0, 1], as in Guo et al.
LIMITS = (0.2, 5.0)  #: range in which the temperature is searched


@dataclass(frozen=True)
class Reliability:
    """Confidence and accuracy of images in bins of confidence; empty bins are left out.

    Attributes:
        n: images in each bin.
        correct: of them, read correctly.
        confidence: the mean of their highest probabilities.
    """

    n: tuple[int, ...]
    correct: tuple[int, ...]
    confidence: tuple[float, ...]

    @property
    def ece(self) -> float:
        """Expected calibration error: absolute difference of confidence and accuracy, averaged over the images."""
        n = np.array(self.n)
        return float(np.abs(np.array(self.correct) - n * np.array(self.confidence)).sum() / n.sum())

    @property
    def excess(self) -> float:
        """Confidence minus accuracy, averaged over the images: above 0 overconfident, below 0 underconfident."""
        n = np.array(self.n)
        return float((n * np.array(self.confidence) - np.array(self.correct)).sum() / n.sum())

    def intervals(self) -> list[tuple[float, float]]:
        """95% interval of each bin's accuracy (Wilson 1927)."""
        return [wilson(correct, n) for correct, n in zip(self.correct, self.n, strict=True)]

    @classmethod
    def from_json(cls, value: "ReliabilityMetrics") -> "Reliability":
        """From the output of :func:`metrics`."""
        return cls(tuple(value["n"]), tuple(value["correct"]), tuple(value["confidence"]))


class ReliabilityMetrics(TypedDict):
    """A :class:`Reliability` as JSON's types, and the error over bins of equally many images."""

    ece: Share
    n: Annotated[list[Number], Meta(min_length=1, max_length=BINS)]
    correct: list[Count]
    confidence: list[Share]
    adaptive_ece: Share


def check(value: ReliabilityMetrics) -> None:
    """Check that what was read from a file is the reliability of something.

    Raises:
        ValueError: its bins do not belong together.
    """
    if not len(value["n"]) == len(value["correct"]) == len(value["confidence"]):
        raise ValueError("the bins of a reliability are not equally many")
    if any(correct > n for correct, n in zip(value["correct"], value["n"], strict=True)):
        raise ValueError("a bin of a reliability has more correct answers than answers")


def reliability(correct: NDArray[np.bool_], confidence: NDArray[np.floating[Any]], equal: str = "width") -> Reliability:
    """Group images by confidence.

    Args:
        correct: shape (n,), whether each image is read correctly.
        confidence: shape (n,), the highest probability of each, in [0, 1].
        equal: "width" for 15 bins of equal width on [0, 1], "mass" for 15 bins of equally many images.
    """
    exact = confidence.astype(np.float64)
    if equal == "width":
        place = np.minimum((exact * BINS).astype(int), BINS - 1)
    else:
        place = np.empty(len(exact), int)
        place[np.argsort(exact, kind="stable")] = np.arange(len(exact)) * BINS // len(exact)
    n = np.bincount(place, minlength=BINS)
    hits = np.bincount(place, correct, BINS)
    sums = np.bincount(place, exact, BINS)
    bins = np.flatnonzero(n)
    return Reliability(
        tuple(int(n[i]) for i in bins),
        tuple(int(hits[i]) for i in bins),
        tuple(float(sums[i] / n[i]) for i in bins),
    )


def reliability_of(labels: NDArray[np.uint8], probabilities: NDArray[np.floating[Any]]) -> Reliability:
    """The reliability of labels, shape (n,), and probabilities, shape (n, 10)."""
    return reliability(probabilities.argmax(axis=1) == labels, probabilities.max(axis=1))


def metrics(labels: NDArray[np.uint8], probabilities: NDArray[np.floating[Any]]) -> ReliabilityMetrics:
    """:func:`metrics_of` labels, shape (n,), and probabilities, shape (n, 10)."""
    return metrics_of(probabilities.argmax(axis=1) == labels, probabilities.max(axis=1))


def metrics_of(correct: NDArray[np.bool_], confidence: NDArray[np.floating[Any]]) -> ReliabilityMetrics:
    """:func:`reliability` as JSON's types, with the error over bins of equally many images as a check."""
    found = reliability(correct, confidence)
    return {
        "ece": found.ece,
        "n": list(found.n),
        "correct": list(found.correct),
        "confidence": list(found.confidence),
        "adaptive_ece": reliability(correct, confidence, "mass").ece,
    }


def rescale(probabilities: NDArray[np.floating[Any]], temperature: float) -> NDArray[np.float64]:
    """Probabilities as they would be with the logits divided by ``temperature``; 1 / T undoes T."""
    scaled: NDArray[np.float64] = softmax(_logits(probabilities) / temperature, axis=1)
    return scaled


def fit_temperature(labels: NDArray[np.uint8], probabilities: NDArray[np.floating[Any]]) -> float:
    """The temperature that minimises the cross-entropy.

    Args:
        labels: shape (n,), 0-9, of images that were not trained on.
        probabilities: shape (n, 10), as the network gives them.
    """
    logits, rows = _logits(probabilities), np.arange(len(labels))

    def loss(logarithm: float) -> float:
        return -float(log_softmax(logits / np.exp(logarithm), axis=1)[rows, labels].mean())

    found = minimize_scalar(loss, bounds=np.log(LIMITS), method="bounded", options={"xatol": 1e-6})
    return float(np.exp(found.x))


def miss_ranks(labels: NDArray[np.uint8], probabilities: NDArray[np.floating[Any]]) -> dict[int, int]:
    """The rank of each miss among all n answers by confidence: 0 for the most confident.

    Args:
        labels: shape (n,), 0-9.
        probabilities: shape (n, 10).

    Returns:
        Rank by the index of the missed image, the most confident first.
    """
    order = np.argsort(-probabilities.max(axis=1), kind="stable")
    missed = probabilities.argmax(axis=1) != labels
    return {int(image): rank for rank, image in enumerate(order) if missed[image]}


def risk_coverage(ranks: Iterable[int], n: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Risk–coverage curve (El-Yaniv & Wiener 2010): only the k most confident of n answers are given, k from 1 to n.

    Args:
        ranks: of the misses by confidence, as :func:`miss_ranks` gives them.
        n: answers.

    Returns:
        Coverage (the share of answers given) and risk (the error rate among them), shape (n,) each, in [0, 1].
    """
    wrong, answered = np.zeros(n, bool), np.arange(1, n + 1)
    wrong[list(ranks)] = True
    return answered / n, np.cumsum(wrong) / answered


def coverage_at(most: float, coverage: NDArray[np.float64], risk: NDArray[np.float64]) -> float:
    """The greatest coverage of a risk–coverage curve at a risk of at most ``most``; 0.0 where there is none."""
    return float(coverage[risk <= most].max(initial=0))


def _logits(probabilities: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Logits up to a constant per row; what ``float32`` rounds to 0 counts as its smallest normal number."""
    logits: NDArray[np.float64] = np.log(np.maximum(probabilities.astype(np.float64), np.finfo(np.float32).tiny))
    return logits
