import json

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import softmax
from sklearn.calibration import calibration_curve

from digits.learning import calibration
from digits.learning.calibration import Reliability

Answers = tuple[NDArray[np.uint8], NDArray[np.float32]]


@pytest.fixture(scope="module")
def answers() -> Answers:
    """Labels drawn from the very probabilities given with them: calibrated by construction."""
    rng = np.random.default_rng(0)
    probabilities = softmax(rng.normal(0, 3, (20_000, 10)), axis=1)
    labels = (probabilities.cumsum(axis=1) < rng.random((20_000, 1))).sum(axis=1).astype(np.uint8)
    return labels, probabilities.astype(np.float32)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 1.7])
def test_the_temperature_that_corrupted_the_confidence_is_found(temperature: float, answers: Answers) -> None:
    labels, probabilities = answers
    corrupted = calibration.rescale(probabilities, 1 / temperature).astype(np.float32)
    assert calibration.fit_temperature(labels, corrupted) == pytest.approx(temperature, rel=0.02)


def test_no_other_temperature_gives_less_loss(answers: Answers) -> None:
    labels, probabilities = answers[0][:500], answers[1][:500]

    def loss(temperature: float) -> float:
        return -float(np.log(calibration.rescale(probabilities, temperature)[range(500), labels]).mean())

    best = calibration.fit_temperature(labels, probabilities)
    assert loss(best) <= min(loss(temperature) for temperature in np.geomspace(0.2, 5, 400)) + 1e-9


def test_images_that_are_all_read_correctly_leave_the_temperature_within_its_limits() -> None:
    labels = np.arange(10, dtype=np.uint8)
    temperature = calibration.fit_temperature(labels, softmax(5 * np.eye(10), axis=1).astype(np.float32))
    assert calibration.LIMITS[0] <= temperature < 0.21


def test_rescaling_is_softmax_of_the_divided_logits_and_can_be_undone() -> None:
    logits = np.random.default_rng(1).normal(0, 4, (50, 10))
    probabilities = softmax(logits, axis=1).astype(np.float32)
    scaled = calibration.rescale(probabilities, 2.5)
    assert scaled == pytest.approx(softmax(logits / 2.5, axis=1), abs=1e-6)
    assert calibration.rescale(scaled, 1 / 2.5) == pytest.approx(probabilities, abs=1e-6)
    assert np.array_equal(scaled.argmax(axis=1), probabilities.argmax(axis=1))


def test_probabilities_that_rounding_made_zero_stay_finite() -> None:
    probabilities = np.eye(10, dtype=np.float32)
    labels = (np.arange(10, dtype=np.uint8) + 1) % 10
    assert np.isfinite(calibration.rescale(probabilities, 0.7)).all()
    assert calibration.fit_temperature(labels, probabilities) == pytest.approx(calibration.LIMITS[1], rel=1e-3)


def test_bins_are_scikit_learns(answers: Answers) -> None:
    labels, probabilities = answers
    correct, confidence = probabilities.argmax(axis=1) == labels, probabilities.max(axis=1)
    for equal, strategy in (("width", "uniform"), ("mass", "quantile")):
        bins = calibration.reliability(correct, confidence, equal)
        accuracy, mean = calibration_curve(correct, confidence, n_bins=calibration.BINS, strategy=strategy)
        assert np.array(bins.correct) / bins.n == pytest.approx(accuracy, abs=2e-3 if equal == "mass" else 1e-9)
        assert bins.confidence == pytest.approx(mean, abs=1e-3 if equal == "mass" else 1e-9)
        assert sum(bins.n) == len(labels)


def test_expected_calibration_error_of_a_few_images() -> None:
    """Two at 0.95 of which one is correct, one wrong at 0.3: (2 × |0.5 - 0.95| + 1 × |0 - 0.3|) / 3."""
    bins = calibration.reliability(np.array([True, False, False]), np.array([0.95, 0.95, 0.3]))
    assert bins == Reliability((1, 2), (0, 1), (0.3, 0.95))
    assert bins.ece == pytest.approx(1.2 / 3)
    assert calibration.reliability(np.array([True]), np.array([1.0])).ece == 0


def test_confidence_drawn_from_the_truth_has_hardly_an_error(answers: Answers) -> None:
    bins = calibration.reliability_of(*answers)
    assert bins.ece < 0.01
    assert bins.n[-1] > 1000
    for (low, high), correct, n in zip(bins.intervals(), bins.correct, bins.n, strict=True):
        assert low <= correct / n <= high


def test_the_metrics_are_a_reliability_in_jsons_types(answers: Answers) -> None:
    found = calibration.metrics(*answers)
    assert json.loads(json.dumps(found)) == found
    bins = calibration.reliability_of(*answers)
    assert Reliability.from_json(found) == bins
    assert found["ece"] == bins.ece
    labels, probabilities = answers
    by_mass = calibration.reliability(probabilities.argmax(axis=1) == labels, probabilities.max(axis=1), "mass")
    assert found["adaptive_ece"] == by_mass.ece != bins.ece


def test_confidence_above_accuracy_is_an_excess() -> None:
    assert Reliability((4,), (2,), (0.75,)).excess == pytest.approx(0.25)
    assert Reliability((4, 4), (4, 1), (0.75, 0.5)).excess == pytest.approx(0)


def test_misses_have_their_rank_by_confidence() -> None:
    rows = np.full((5, 10), 0.01)
    for row, (digit, confidence) in zip(rows, ((3, 0.5), (3, 0.9), (4, 0.7), (4, 0.95), (3, 0.6)), strict=True):
        row[digit] = confidence
    labels = np.full(5, 3, np.uint8)
    assert calibration.miss_ranks(labels, rows) == {3: 0, 2: 2}
    assert list(calibration.miss_ranks(labels, rows)) == [3, 2]


def test_misses_with_equal_confidence_have_ranks_of_their_own() -> None:
    """So the risk–coverage curve has as many misses as there are."""
    rows = np.tile(np.eye(10)[4], (3, 1))
    assert sorted(calibration.miss_ranks(np.full(3, 3, np.uint8), rows).values()) == [0, 1, 2]


def test_risk_falls_as_the_least_confident_answers_are_rejected() -> None:
    coverage, risk = calibration.risk_coverage([2], 4)
    assert coverage.tolist() == [0.25, 0.5, 0.75, 1]
    assert risk == pytest.approx([0, 0, 1 / 3, 1 / 4])
    assert not calibration.risk_coverage([], 3)[1].any()


def test_the_coverage_at_a_risk_is_the_greatest_that_keeps_it() -> None:
    curve = calibration.risk_coverage([1, 4, 5], 6)  # 0, 1/2, 1/3, 1/4, 2/5, 1/2
    assert calibration.coverage_at(0.3, *curve) == pytest.approx(4 / 6)
    assert calibration.coverage_at(0.5, *curve) == 1
    assert calibration.coverage_at(0.1, *calibration.risk_coverage([0], 2)) == 0
