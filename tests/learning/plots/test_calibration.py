import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from digits.learning.calibration import Reliability
from digits.learning.plots.calibration import coverage, reliability_diagram


def texts(figure: Figure) -> set[str]:
    return {text.get_text() for text in figure.findobj(Text)}


def test_a_reliability_diagram_shows_accuracy_its_interval_and_how_many() -> None:
    before, after = Reliability((4, 16), (2, 16), (0.5, 0.9)), Reliability((20,), (18,), (0.9,))
    figure = reliability_diagram({"as trained": before, "at T = 0.70": after}, "CNN on MNIST", "digits")
    assert {"as trained: ECE 8.00 %", "at T = 0.70: ECE 0.00 %", "digits", "confidence, % (n = 20)"} <= texts(figure)
    upper, _, lower, _ = figure.axes
    diagonal, points = upper.lines[0], upper.containers[0].lines[0]
    assert diagonal.get_xydata().tolist() == [[0, 0], [1, 1]]
    assert points.get_xydata().tolist() == [[0.5, 0.5], [0.9, 1.0]]
    bars = upper.containers[0].lines[2][0].get_segments()
    assert [bar[:, 1].tolist() for bar in bars] == [pytest.approx(bounds) for bounds in before.intervals()]
    assert [bar.get_height() for bar in lower.patches] == [4, 16]


@pytest.mark.parametrize("shipped", [None, {"A": (0.9, 0.1)}])
def test_coverage_shows_each_curve_and_what_is_shipped(shipped: dict[str, tuple[float, float]] | None) -> None:
    covered, error = np.linspace(0.01, 1, 100), np.linspace(0, 0.2, 100)
    figure = coverage({"A": (covered, error)}, "Coverage and error", "digits", shipped)
    axes = figure.axes[0]
    curve = axes.lines[-1]
    assert curve.get_xdata().tolist() == pytest.approx(100 * covered)
    assert curve.get_ydata().tolist() == pytest.approx(100 * error)
    assert len(axes.lines) == (2 if shipped else 1)
    assert curve.get_label() == ("A: answers 90.0 %, 10.0 % wrong" if shipped else "A")
    assert axes.get_xlim()[0] < 5  # the error is above a twentieth of its last from there on


def test_coverage_begins_where_the_errors_do() -> None:
    n = 1000
    wrong = np.isin(np.arange(n), [950, 980, 990])
    answered = np.arange(1, n + 1)
    figure = coverage({"A": (answered / n, np.cumsum(wrong) / answered)}, "", "images")
    low, high = figure.axes[0].get_xlim()
    assert 93 < low < 95.1 and high > 100
