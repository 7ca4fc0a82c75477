"""Labels and probabilities in, metrics out."""

from dataclasses import dataclass
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import confusion_matrix, log_loss, precision_recall_fscore_support

from digits.image_format import CLASSES
from digits.learning.json_types import Count, Counts, Loss, Number, Share, Shares
from digits.learning.statistics import wilson


class MetricsJson(TypedDict):
    """:class:`Metrics` and the accuracy as JSON's types."""

    accuracy: Share
    n: Number
    misses: Count
    loss: Loss
    low: Share
    high: Share


@dataclass(frozen=True)
class Metrics:
    """Loss and accuracy on one split.

    Attributes:
        n: images.
        misses: images whose most probable digit is not the label.
        loss: mean cross-entropy, nats.
        low, high: 95% interval of the accuracy (Wilson 1927).
    """

    n: int
    misses: int
    loss: float
    low: float
    high: float

    @property
    def accuracy(self) -> float:
        """Share of the images that are read correctly, in [0, 1]."""
        return 1 - self.misses / self.n

    def to_json(self) -> MetricsJson:
        """All fields and the accuracy."""
        return {
            "accuracy": self.accuracy,
            "n": self.n,
            "misses": self.misses,
            "loss": self.loss,
            "low": self.low,
            "high": self.high,
        }

    @classmethod
    def from_json(cls, value: MetricsJson) -> "Metrics":
        """The inverse of :meth:`to_json`."""
        return cls(value["n"], value["misses"], value["loss"], value["low"], value["high"])


class ByClass(TypedDict):
    """Precision, recall, F1 and support, each a list of ten, by digit."""

    precision: Shares
    recall: Shares
    f1: Shares
    support: Counts


def metrics(labels: NDArray[np.uint8], probabilities: NDArray[np.float32]) -> Metrics:
    """Loss, and accuracy with its interval.

    Args:
        labels: shape (n,), 0-9.
        probabilities: shape (n, 10), each row summing to 1.
    """
    n = len(labels)
    misses = int(np.count_nonzero(probabilities.argmax(axis=1) != labels))
    exact = probabilities.astype(np.float64)
    exact /= exact.sum(axis=1, keepdims=True)  # float32 rows sum to 1 only to seven digits
    loss = float(log_loss(labels, exact, labels=range(CLASSES)))
    return Metrics(n, misses, loss, *wilson(n - misses, n))


def by_class(labels: NDArray[np.uint8], predicted: NDArray[np.intp]) -> ByClass:
    """Precision, recall, F1 and support by digit.

    Args:
        labels, predicted: shape (n,), 0-9.
    """
    rows = precision_recall_fscore_support(labels, predicted, labels=range(CLASSES), zero_division=0)
    precision, recall, f1, support = (row.tolist() for row in rows)
    return {"precision": precision, "recall": recall, "f1": f1, "support": [int(n) for n in support]}


def confusion(labels: NDArray[np.uint8], predicted: NDArray[np.intp]) -> NDArray[np.int64]:
    """Counts, shape (10, 10): rows are the true digits, columns the predicted ones."""
    counts: NDArray[np.int64] = confusion_matrix(labels, predicted, labels=range(CLASSES))
    return counts
