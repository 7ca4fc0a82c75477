import json

import numpy as np
import pytest
from numpy.typing import NDArray

from digits.learning import evaluation
from digits.learning.evaluation import Metrics

LABELS = np.array([0, 1, 2, 2], np.uint8)


def probabilities(*read: tuple[int, float]) -> NDArray[np.float32]:
    """One row an image: ``confidence`` for the digit read, the rest spread over the others."""
    rows = np.array([[(1 - confidence) / 9] * 10 for _, confidence in read], np.float32)
    for row, (digit, confidence) in zip(rows, read, strict=True):
        row[digit] = confidence
    return rows


def test_metrics_of_known_answers() -> None:
    found = evaluation.metrics(LABELS, probabilities((0, 0.9), (1, 0.5), (2, 0.7), (3, 0.91)))
    assert (found.n, found.misses, found.accuracy) == (4, 1, 0.75)
    expected = -np.log([0.9, 0.5, 0.7, 0.01]).mean()
    assert found.loss == pytest.approx(expected, rel=1e-5)


def test_interval_is_wilsons() -> None:
    """Wilson's score interval of 9,780 in 10,000, worked out from his formula with z = 1.959964."""
    n, correct, z = 10_000, 9_780, 1.959964
    labels = np.zeros(n, np.uint8)
    read = probabilities((0, 0.9)).repeat(n, axis=0)
    read[correct:] = probabilities((1, 0.9))
    found = evaluation.metrics(labels, read)
    p = correct / n
    centre, spread = p + z * z / (2 * n), z * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    assert found.low == pytest.approx((centre - spread) / (1 + z * z / n), abs=1e-9)
    assert found.high == pytest.approx((centre + spread) / (1 + z * z / n), abs=1e-9)


def test_metrics_survive_json() -> None:
    found = Metrics(10, 1, 0.25, 0.6, 0.98)
    assert Metrics.from_json(json.loads(json.dumps(found.to_json()))) == found
    assert found.to_json()["accuracy"] == 0.9


def test_precision_recall_f1_by_digit() -> None:
    found = evaluation.by_class(LABELS, np.array([0, 1, 2, 1]))
    assert found["precision"][1] == 0.5
    assert found["recall"][2] == 0.5
    assert found["f1"][2] == pytest.approx(2 / 3)
    assert found["support"][:3] == [1, 1, 2]
    assert found["precision"][9] == 0  # a digit that never occurs


def test_confusion_has_true_digits_as_rows() -> None:
    counts = evaluation.confusion(LABELS, np.array([0, 1, 2, 7]))
    assert counts.shape == (10, 10)
    assert counts[2, 7] == 1
    assert counts.trace() == 3


def test_support_is_a_count_even_where_everything_is_missed() -> None:
    """scikit-learn counts in floats there."""
    labels = np.arange(10, dtype=np.uint8)
    support = evaluation.by_class(labels, (labels.astype(np.intp) + 1) % 10)["support"]
    assert support == [1] * 10 and all(type(n) is int for n in support)
