import numpy as np
import pytest

from digits.learning.calibration import Reliability, risk_coverage
from digits.learning.plots.calibration import ReliabilityDisplay, RiskCoverageDisplay
from tests.learning.plots.drawing import check_given_axes, check_own_figure, points, texts

BEFORE, AFTER = Reliability((4, 16), (2, 16), (0.5, 0.9)), Reliability((20,), (18,), (0.9,))
PANELS = {"as trained": BEFORE, "at T = 0.70": AFTER}


@pytest.mark.parametrize("shipped", [None, {"A": (0.9, 0.1)}])
def test_each_draws_on_the_axes_it_is_given_or_on_its_own(
    shipped: dict[str, tuple[float, float]] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    curves = {"A": risk_coverage([95, 99], 100)}
    for display, needed in (
        (ReliabilityDisplay(PANELS, "title"), 4),
        (RiskCoverageDisplay(curves, "title", "digits", shipped), None),
    ):
        check_given_axes(display, needed, monkeypatch)
        check_own_figure(display, "title")


def test_a_reliability_diagram_shows_accuracy_its_interval_and_how_many() -> None:
    shown = ReliabilityDisplay(PANELS, "CNN on MNIST", "digits").plot()
    expected = {"CNN on MNIST", "accuracy, %", "perfectly calibrated", "measured, 95% interval"}
    expected |= {"as trained: ECE 8.00%", "at T = 0.70: ECE 0.00%", "digits", "confidence, % (n = 20)"}
    assert expected <= texts(shown.figure_)
    diagonal, measured = shown.axes_[0, 0].lines[0], shown.points_["as trained"]
    assert points(diagonal).tolist() == [[0, 0], [1, 1]]
    assert points(measured.lines[0]).tolist() == [[0.5, 0.5], [0.9, 1.0]]
    bars = measured.lines[2][0].get_segments()
    assert [bar[:, 1].tolist() for bar in bars] == [pytest.approx(bounds) for bounds in BEFORE.intervals()]
    assert [bar.get_height() for bar in shown.bars_["as trained"]] == [4, 16]


@pytest.mark.parametrize("shipped", [None, {"A": (0.9, 0.1)}])
def test_risk_coverage_shows_each_curve_and_what_is_shipped(shipped: dict[str, tuple[float, float]] | None) -> None:
    coverage = np.linspace(0.01, 1, 100, dtype=np.float64)
    risk = np.linspace(0, 0.2, 100, dtype=np.float64)
    shown = RiskCoverageDisplay({"A": (coverage, risk)}, "Risk–coverage curve", "digits", shipped).plot()
    curve = shown.curves_["A"]
    assert points(curve).T.tolist() == [pytest.approx(100 * coverage), pytest.approx(100 * risk)]
    assert len(shown.ax_.lines) == (2 if shipped else 1)
    assert [points(mark).tolist() for mark in shown.shipped_.values()] == [[[90, 10]]] * bool(shipped)
    assert curve.get_label() == ("A: coverage 90.0%, risk 10.0%" if shipped else "A")
    assert shown.ax_.get_xlabel() == "coverage: digits answered, most confident first, %"
    assert shown.ax_.get_ylabel() == "risk: errors among those answered, %"
    assert shown.ax_.get_xlim()[0] < 5  # the risk is above a twentieth of its last from there on


def test_risk_coverage_begins_where_the_errors_do() -> None:
    shown = RiskCoverageDisplay({"A": risk_coverage([950, 980, 990], 1000)}, "", "images").plot()
    low, high = shown.ax_.get_xlim()
    assert 93 < low < 95.1 and high > 100
