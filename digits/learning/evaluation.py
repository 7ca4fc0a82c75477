"""Labels and probabilities in, figures out."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest
from sklearn.metrics import confusion_matrix, log_loss, precision_recall_fscore_support

from digits.image_format import CLASSES


@dataclass(frozen=True)
class Score:
    """Loss and accuracy on one part of the data.

    Attributes:
        n: images.
        misses: images whose most probable digit is not the label.
        loss: mean cross-entropy, nats.
        low, high: 95 % interval of the accuracy (Wilson 1927).
    """

    n: int
    misses: int
    loss: float
    low: float
    high: float

    @property
    def accuracy(self) -> float:
        """The part of the images that is read rightly, in [0, 1]."""
        return 1 - self.misses / self.n

    def to_json(self) -> dict[str, Any]:
        return {"accuracy": self.accuracy, **asdict(self)}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "Score":
        return cls(**{key: value[key] for key in cls.__dataclass_fields__})


def score(labels: NDArray[np.uint8], probabilities: NDArray[np.float32]) -> Score:
    """Loss and accuracy with its interval.

    Args:
        labels: shape (n,), 0-9.
        probabilities: shape (n, 10), each row summing to 1.
    """
    n = len(labels)
    misses = int(np.count_nonzero(probabilities.argmax(axis=1) != labels))
    interval = binomtest(n - misses, n).proportion_ci(0.95, method="wilson")
    exact = probabilities.astype(np.float64)
    exact /= exact.sum(axis=1, keepdims=True)  # float32 rows sum to 1 only to seven digits
    loss = float(log_loss(labels, exact, labels=range(CLASSES)))
    return Score(n, misses, loss, float(interval.low), float(interval.high))


def by_class(labels: NDArray[np.uint8], predicted: NDArray[np.intp]) -> dict[str, list[float]]:
    """Precision, recall, F1 and support, each a list of ten, by digit."""
    rows = precision_recall_fscore_support(labels, predicted, labels=range(CLASSES), zero_division=0)
    return {key: row.tolist() for key, row in zip(("precision", "recall", "f1", "support"), rows, strict=True)}


def confusion(labels: NDArray[np.uint8], predicted: NDArray[np.intp]) -> NDArray[np.int64]:
    """Counts, shape (10, 10): rows are the true digits, columns what was read."""
    counts: NDArray[np.int64] = confusion_matrix(labels, predicted, labels=range(CLASSES))
    return counts


def worst_misses(labels: NDArray[np.uint8], probabilities: NDArray[np.float32], most: int) -> NDArray[np.intp]:
    """Indices of the misses read with the greatest confidence, the most confident first."""
    missed = np.flatnonzero(probabilities.argmax(axis=1) != labels)
    confidence = probabilities[missed].max(axis=1)
    return missed[np.argsort(-confidence, kind="stable")][:most]
