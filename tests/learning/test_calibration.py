import json

import numpy as np
import pytest
from scipy.special import softmax
from sklearn.calibration import calibration_curve

from digits.learning import calibration
from digits.learning.calibration import Reliability


@pytest.fixture(scope="module")
def answers() -> tuple[np.ndarray, np.ndarray]:
    """Labels drawn from the very probabilities given with them: calibrated by construction."""
    rng = np.random.default_rng(0)
    probabilities = softmax(rng.normal(0, 3, (20_000, 10)), axis=1)
    labels = (probabilities.cumsum(axis=1) < rng.random((20_000, 1))).sum(axis=1).astype(np.uint8)
    return labels, probabilities.astype(np.float32)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 1.7])
def test_the_temperature_that_spoilt_the_confidence_is_found(
    temperature: float, answers: tuple[np.ndarray, np.ndarray]
) -> None:
    labels, probabilities = answers
    spoilt = calibration.rescale(probabilities, 1 / temperature).astype(np.float32)
    assert calibration.fit_temperature(labels, spoilt) == pytest.approx(temperature, rel=0.02)


def test_no_other_temperature_gives_less_loss(answers: tuple[np.ndarray, np.ndarray]) -> None:
    labels, probabilities = (part[:500] for part in answers)

    def loss(temperature: float) -> float:
        return -np.log(calibration.rescale(probabilities, temperature)[range(500), labels]).mean()

    best = calibration.fit_temperature(labels, probabilities)
    assert loss(best) <= min(loss(temperature) for temperature in np.geomspace(0.2, 5, 400)) + 1e-9


def test_images_that_are_all_read_rightly_leave_the_temperature_within_its_limits() -> None:
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


def test_groups_are_scikit_learns(answers: tuple[np.ndarray, np.ndarray]) -> None:
    labels, probabilities = answers
    right, confidence = probabilities.argmax(axis=1) == labels, probabilities.max(axis=1)
    for equal, strategy in (("width", "uniform"), ("mass", "quantile")):
        groups = calibration.reliability(right, confidence, equal)
        accuracy, mean = calibration_curve(right, confidence, n_bins=calibration.BINS, strategy=strategy)
        assert np.array(groups.right) / groups.n == pytest.approx(accuracy, abs=2e-3 if equal == "mass" else 1e-9)
        assert groups.confidence == pytest.approx(mean, abs=1e-3 if equal == "mass" else 1e-9)
        assert sum(groups.n) == len(labels)


def test_expected_calibration_error_of_a_few_images() -> None:
    """Two at 0.95 of which one is right, one wrong at 0.3: (2 × |0.5 - 0.95| + 1 × |0 - 0.3|) / 3."""
    groups = calibration.reliability(np.array([True, False, False]), np.array([0.95, 0.95, 0.3]))
    assert groups == Reliability((1, 2), (0, 1), (0.3, 0.95))
    assert groups.ece == pytest.approx(1.2 / 3)
    assert calibration.reliability(np.array([True]), np.array([1.0])).ece == 0


def test_confidence_drawn_from_the_truth_has_hardly_an_error(answers: tuple[np.ndarray, np.ndarray]) -> None:
    groups = calibration.of(*answers)
    assert groups.ece < 0.01
    assert groups.n[-1] > 1000
    for (low, high), right, n in zip(groups.intervals(), groups.right, groups.n, strict=True):
        assert low <= right / n <= high


def test_a_reliability_survives_json() -> None:
    groups = Reliability((3, 4), (1, 4), (0.4, 0.9))
    assert Reliability.from_json(json.loads(json.dumps(groups.to_json()))) == groups


def test_misses_know_how_many_are_surer() -> None:
    rows = np.full((5, 10), 0.01)
    for row, (digit, confidence) in zip(rows, ((3, 0.5), (3, 0.9), (4, 0.7), (4, 0.95), (3, 0.6)), strict=True):
        row[digit] = confidence
    labels = np.full(5, 3, np.uint8)
    assert calibration.surer(labels, rows) == {3: 0, 2: 2}
    assert list(calibration.surer(labels, rows)) == [3, 2]


def test_error_falls_as_unsure_answers_are_withheld() -> None:
    covered, error = calibration.coverage([2], 4)
    assert covered.tolist() == [0.25, 0.5, 0.75, 1]
    assert error == pytest.approx([0, 0, 1 / 3, 1 / 4])
    assert not calibration.coverage([], 3)[1].any()


def test_the_coverage_at_an_error_is_the_greatest_that_keeps_it() -> None:
    curve = calibration.coverage([1, 4, 5], 6)  # 0, 1/2, 1/3, 1/4, 2/5, 1/2
    assert calibration.coverage_at(0.3, *curve) == pytest.approx(4 / 6)
    assert calibration.coverage_at(0.5, *curve) == 1
    assert calibration.coverage_at(0.1, *calibration.coverage([0], 2)) == 0
