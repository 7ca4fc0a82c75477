import numpy as np
import pytest

from digits.learning import evaluation
from digits.learning.evaluation import Score

LABELS = np.array([0, 1, 2, 2], np.uint8)


def probabilities(*read: tuple[int, float]) -> np.ndarray:
    """One row an image: ``confidence`` for the digit read, the rest spread over the others."""
    rows = np.array([[(1 - confidence) / 9] * 10 for _, confidence in read], np.float32)
    for row, (digit, confidence) in zip(rows, read, strict=True):
        row[digit] = confidence
    return rows


def test_score_of_known_answers() -> None:
    score = evaluation.score(LABELS, probabilities((0, 0.9), (1, 0.5), (2, 0.7), (3, 0.91)))
    assert (score.n, score.misses, score.accuracy) == (4, 1, 0.75)
    expected = -np.log([0.9, 0.5, 0.7, 0.01]).mean()
    assert score.loss == pytest.approx(expected, rel=1e-5)


def test_interval_is_wilsons() -> None:
    """Wilson's score interval of 9,780 in 10,000, worked out from his formula with z = 1.959964."""
    n, right, z = 10_000, 9_780, 1.959964
    labels = np.zeros(n, np.uint8)
    read = probabilities((0, 0.9)).repeat(n, axis=0)
    read[right:] = probabilities((1, 0.9))
    score = evaluation.score(labels, read)
    p = right / n
    centre, spread = p + z * z / (2 * n), z * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    assert score.low == pytest.approx((centre - spread) / (1 + z * z / n), abs=1e-9)
    assert score.high == pytest.approx((centre + spread) / (1 + z * z / n), abs=1e-9)


def test_a_score_survives_json() -> None:
    score = Score(10, 1, 0.25, 0.6, 0.98)
    assert Score.from_json(score.to_json()) == score
    assert score.to_json()["accuracy"] == 0.9


def test_precision_recall_f1_by_digit() -> None:
    metrics = evaluation.by_class(LABELS, np.array([0, 1, 2, 1]))
    assert metrics["precision"][1] == 0.5
    assert metrics["recall"][2] == 0.5
    assert metrics["f1"][2] == pytest.approx(2 / 3)
    assert metrics["support"][:3] == [1, 1, 2]
    assert metrics["precision"][9] == 0  # a digit that never occurs


def test_confusion_has_true_digits_as_rows() -> None:
    counts = evaluation.confusion(LABELS, np.array([0, 1, 2, 7]))
    assert counts.shape == (10, 10)
    assert counts[2, 7] == 1
    assert counts.trace() == 3


def test_the_most_confident_misses_come_first() -> None:
    read = probabilities((5, 0.6), (1, 0.99), (3, 0.8), (4, 0.5))
    assert evaluation.worst_misses(LABELS, read, 10).tolist() == [2, 0, 3]
    assert evaluation.worst_misses(LABELS, read, 1).tolist() == [2]
