import io
import itertools

import numpy as np
import pytest
from matplotlib.text import Text

from digits.learning.plots.recommendation import pareto, pareto_front
from digits.learning.recommendation import Candidate, Share


def test_the_front_is_what_nothing_else_is_as_good_as_in_both() -> None:
    points = [tuple(point) for point in np.random.default_rng(0).integers(0, 30, (40, 2)).tolist()]
    front = {points[i] for i in pareto_front(points)}
    assert front == {
        one for one in points if not any(other != one and other[0] <= one[0] and other[1] <= one[1] for other in points)
    }
    assert len(front) > 1


def test_the_picture_shows_everyone_in_four_panels() -> None:
    shares = {"mnist": Share(10_000, 100), "pen": Share(1000, 50)}
    everyone = [
        Candidate("A", False, shares, 10, 60, 0.1, 0.5, 2_000_000),
        Candidate("B", False, shares | {"pen": Share(1000, 20)}, 20, 90, 1.0, 5.0, 4_000_000),
        Candidate("soft vote", True, shares, 30, 150, 1.1, 5.5, 6_000_000),
    ]
    figure = pareto(everyone)
    assert len(figure.axes) == 4
    for axes, costs, errors in zip(
        figure.axes, [(0.1, 1, 1.1), (2, 4, 6)] * 2, [(1, 1, 1)] * 2 + [(5, 2, 5)] * 2, strict=True
    ):
        shown = [container.lines[0].get_xydata()[0].tolist() for container in axes.containers]
        assert shown == [pytest.approx(point) for point in zip(costs, errors, strict=True)]
        assert {"A", "B", "soft vote"} <= {text.get_text() for text in axes.findobj(Text)}
    assert figure.axes[2].lines[0].get_ydata() == pytest.approx([5, 2])
    assert figure.axes[0].get_title(loc="left") == "On MNIST's test images (n = 10,000)"


def test_the_names_of_neighbours_do_not_overlap() -> None:
    share = {"mnist": Share(10_000, 50), "pen": Share(1000, 20)}
    names = ("CNN", "ResNet", "VGG16")
    alike = [
        Candidate(name, False, share, 10, 60, time, 1.0, size)
        for name, time, size in zip(names, (0.6, 0.67, 1.8), (2_300_000, 1_900_000, 16_000_000), strict=True)
    ]
    figure = pareto(alike)
    figure.savefig(io.BytesIO())
    for axes in figure.axes:
        boxes = [text.get_window_extent() for text in axes.findobj(Text) if text.get_text() in names]
        assert len(boxes) == 3
        assert not any(one.overlaps(other) for one, other in itertools.combinations(boxes, 2))
