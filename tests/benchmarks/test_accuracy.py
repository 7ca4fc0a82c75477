import pytest

from benchmarks.accuracy import Accuracy
from digits.learning import statistics


def test_an_accuracy_is_shown_with_its_misses() -> None:
    accuracy = Accuracy(10_000, 68)
    assert str(accuracy) == "99.32% (68 / 10,000)"
    assert accuracy.share == pytest.approx(0.9932)
    assert accuracy.interval == pytest.approx(statistics.wilson(9932, 10_000))


def test_answers_are_counted() -> None:
    accuracy = Accuracy.of(answer != 3 for answer in range(5))
    assert accuracy == Accuracy(5, 1)
    low, high = statistics.wilson(4, 5)
    assert accuracy.to_json() == {"share": 0.8, "n": 5, "misses": 1, "low": low, "high": high}
