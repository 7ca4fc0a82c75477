import numpy as np
import pytest
from numpy.typing import NDArray

from digits.learning.evaluation import Metrics
from digits.learning.plots.results import ErrorRatesDisplay, SamplesDisplay, SizeDisplay, comparison
from tests.learning.plots.drawing import check_given_axes, check_own_figure, pixels, points, texts

METRICS = {"ANN": Metrics(10_000, 200, 0.1, 0.977, 0.983), "CNN": Metrics(10_000, 50, 0.02, 0.993, 0.996)}
PARAMETERS, SECONDS = {"ANN": 10, "CNN": 20}, {"ANN": 60.0, "CNN": 300.0}


@pytest.mark.parametrize("post", [{}, {"ANN": 0.954}])
def test_the_compared_draw_on_the_axes_they_are_given_or_on_their_own(
    post: dict[str, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    for display in (ErrorRatesDisplay(METRICS, post), SizeDisplay(METRICS, PARAMETERS, SECONDS)):
        check_given_axes(display, None, monkeypatch)
        check_own_figure(display, "")


def test_samples_draw_on_the_axes_they_are_given_or_on_their_own(
    arrays: dict[str, NDArray[np.uint8]], monkeypatch: pytest.MonkeyPatch
) -> None:
    group = (arrays["x_train"], arrays["y_train"])
    display = SamplesDisplay({"Training": group, "Test": group}, "title")
    check_given_axes(display, 40, monkeypatch)
    assert "Test\n" in texts(display.figure_)
    check_own_figure(display, "title")


def test_samples_show_two_of_each_digit(arrays: dict[str, NDArray[np.uint8]]) -> None:
    shown = SamplesDisplay({"Training: 60 images": (arrays["x_train"], arrays["y_train"])}, "two of each digit").plot()
    assert {"two of each digit", "Training: 60 images", *"0123456789"} <= texts(shown.figure_)
    assert shown.axes_.shape == (1, 2, 10)
    assert len(shown.images_) == 20
    assert np.array_equal(pixels(shown.axes_[0, 0, 0].images[0]), arrays["x_train"][0])
    assert np.array_equal(pixels(shown.axes_[0, 1, 3].images[0]), arrays["x_train"][13])


def test_digits_that_are_missing_leave_blanks(arrays: dict[str, NDArray[np.uint8]]) -> None:
    shown = SamplesDisplay({"eleven images": (arrays["x_test"][:11], arrays["y_test"][:11])}, "").plot()
    assert [ax.has_data() for ax in shown.axes_[0, 1]] == [True] + [False] * 9


@pytest.mark.parametrize("post", [{}, {"ANN": 0.954}])
def test_comparison_shows_errors_misses_and_the_post(post: dict[str, float]) -> None:
    figure = comparison(METRICS, post, PARAMETERS, SECONDS, "The networks compared on MNIST")
    expected = {"The networks compared on MNIST", "2.00% (200 misses)", "0.50% (50 misses)", "ANN\n98.00%"}
    assert expected | {"Error rate on 10,000 test images, with 95% interval"} <= texts(figure)
    assert ("4.60%" in texts(figure)) == ("the post" in texts(figure)) == bool(post)
    assert len(figure.axes) == 2


def test_error_rates_have_the_length_and_the_interval_of_the_error() -> None:
    shown = ErrorRatesDisplay(METRICS, {"ANN": 0.954}).plot()
    assert [bar.get_width() for bar in shown.bars_] == pytest.approx([2, 0.5])
    (interval, _) = shown.errorbar_.lines[2][0].get_segments()
    assert interval[:, 0] == pytest.approx([1.7, 2.3])
    assert shown.post_bars_ is not None
    assert [bar.get_width() for bar in shown.post_bars_] == pytest.approx([4.6])


def test_size_is_in_millions_and_training_in_minutes() -> None:
    shown = SizeDisplay(METRICS, PARAMETERS, SECONDS).plot()
    assert points(shown.points_["CNN"]).tolist() == [[5, pytest.approx(2e-5)]]
    assert shown.text_["CNN"].get_text() == "CNN\n99.50%"
