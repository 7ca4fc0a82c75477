import io
import itertools

import numpy as np
import pytest
from matplotlib.text import Text

from benchmarks.accuracy import Accuracy
from benchmarks.recommendation.findings import Candidate
from benchmarks.recommendation.plots import ParetoDisplay, pareto_front
from tests.learning.plots.drawing import check_given_axes, check_own_figure, points


@pytest.fixture
def candidates() -> list[Candidate]:
    shares = {"mnist": Accuracy(10_000, 100), "pen": Accuracy(1000, 50)}
    return [
        Candidate("A", False, shares, 10, 60, 0.1, 0.5, 2_000_000),
        Candidate("B", False, shares | {"pen": Accuracy(1000, 20)}, 20, 90, 1.0, 5.0, 4_000_000),
        Candidate("soft vote", True, shares, 30, 150, 1.1, 5.5, 6_000_000),
    ]


def test_the_front_is_what_nothing_else_is_as_good_as_in_both() -> None:
    points = [(float(x), float(y)) for x, y in np.random.default_rng(0).integers(0, 30, (40, 2))]
    front = {points[i] for i in pareto_front(points)}
    assert front == {
        one for one in points if not any(other != one and other[0] <= one[0] and other[1] <= one[1] for other in points)
    }
    assert len(front) > 1


def test_it_draws_on_the_axes_it_is_given_or_on_its_own(
    candidates: list[Candidate], monkeypatch: pytest.MonkeyPatch
) -> None:
    check_given_axes(ParetoDisplay(candidates), 4, monkeypatch)
    check_own_figure(ParetoDisplay(candidates), "The cost of accuracy")


def test_the_picture_shows_everyone_in_four_panels(candidates: list[Candidate]) -> None:
    shown = ParetoDisplay(candidates).plot()
    assert shown.axes_.shape == (2, 2)
    costs, errors = [(0.1, 1, 1.1), (2, 4, 6)] * 2, [(1, 1, 1)] * 2 + [(5, 2, 5)] * 2
    for ax, drawn, *expected in zip(shown.axes_.flat, shown.points_.values(), costs, errors, strict=True):
        assert list(drawn) == ["A", "B", "soft vote"]
        assert {"A", "B", "soft vote"} <= {text.get_text() for text in ax.texts}
        found = np.concatenate([points(each.lines[0]) for each in drawn.values()])
        assert np.allclose(found.T, expected)
    assert shown.fronts["pen", "time"] == [0, 1]
    assert points(shown.fronts_["pen", "time"]) == pytest.approx(np.array([[0.1, 5], [1, 2]]))
    assert shown.axes_[0, 0].get_title(loc="left") == "On MNIST's test images (n = 10,000)"


def test_the_names_of_neighbours_do_not_overlap() -> None:
    share = {"mnist": Accuracy(10_000, 50), "pen": Accuracy(1000, 20)}
    names = ("CNN", "ResNet", "VGG16")
    alike = [
        Candidate(name, False, share, 10, 60, time, 1.0, size)
        for name, time, size in zip(names, (0.6, 0.67, 1.8), (2_300_000, 1_900_000, 16_000_000), strict=True)
    ]
    shown = ParetoDisplay(alike).plot()
    shown.figure_.savefig(io.BytesIO())
    for ax in shown.axes_.flat:
        boxes = [text.get_window_extent() for text in ax.findobj(Text) if text.get_text() in names]
        assert len(boxes) == 3
        assert not any(one.overlaps(other) for one, other in itertools.combinations(boxes, 2))
