from collections.abc import Iterator
from pathlib import Path

import matplotlib.image
import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from digits.learning import plots
from digits.learning.evaluation import Score


def texts(figure: Figure) -> set[str]:
    """Everything that is written in a figure."""
    return {text.get_text() for text in figure.findobj(Text) if text.get_text()}


def test_samples_show_two_of_each_digit(arrays: dict[str, np.ndarray]) -> None:
    figure = plots.samples({"Training: 60 images": (arrays["x_train"], arrays["y_train"])}, "MNIST")
    assert {"MNIST: two of each digit", "Training: 60 images", *"0123456789"} <= texts(figure)
    shown = [axes.images[0].get_array() for axes in figure.findobj(lambda artist: hasattr(artist, "get_xticks"))]
    assert len(shown) == 20
    assert np.array_equal(shown[0], arrays["x_train"][0])


def test_history_shows_every_epoch_and_the_last_figure() -> None:
    by_epoch = {"loss": [1, 0.5], "accuracy": [0.5, 0.8], "val_loss": [0.9, 0.4], "val_accuracy": [0.6, 0.8125]}
    figure = plots.history(by_epoch, "CNN", "MNIST")
    left, right = figure.axes
    assert left.lines[0].get_ydata().tolist() == [50, 80]
    assert right.lines[1].get_ydata().tolist() == [0.9, 0.4]
    assert list(left.get_xticks()) == [1, 2]
    assert "81.25" in texts(figure)


def test_confusion_shows_the_counts_and_shades_the_misses() -> None:
    counts = np.diag(np.full(10, 1000))
    counts[4, 9] = 7
    figure = plots.confusion(counts, "ANN", "MNIST")
    assert {"1,000", "7", "10,007 test images, 7 misses"} <= texts(figure)
    shaded = figure.axes[0].images[0].get_array()
    assert shaded[4, 9] == 7
    assert shaded.trace() == 0


def test_per_class_shows_three_figures_a_digit() -> None:
    metrics = {"precision": [0.9] * 10, "recall": [0.8] * 10, "f1": [0.85] * 10, "support": [100] * 10}
    axes = plots.per_class(metrics, "ANN", "MNIST").axes[0]
    assert {line.get_label(): set(line.get_ydata()) for line in axes.lines} == {
        "precision": {90},
        "recall": {80},
        "F1": {85},
    }
    assert axes.get_ylim()[0] < 80
    assert "3\nn = 100" in [label.get_text() for label in axes.get_xticklabels()]


@pytest.mark.parametrize(("shown", "title"), [(2, "the 2 most confident of 9 misses"), (0, "all 0 misses")])
def test_misses_tell_what_was_read_as_what(shown: int, title: str, arrays: dict[str, np.ndarray]) -> None:
    rows = np.full((shown, 10), 0.01, np.float32)
    rows[:, 3] = 0.91
    total = (9 if shown else 0, 100)
    figure = plots.misses(arrays["x_test"][:shown], arrays["y_test"][:shown], rows, total, "ANN", "MNIST")
    assert any(title in text for text in texts(figure))
    assert ("1, read as 3\n91 %" in texts(figure)) == (shown > 0)


def test_architecture_draws_a_box_for_each_block() -> None:
    convolutions = [("convolution", "3×3\n32", "28×28×32")] * 13
    blocks = [("input", "pixels", "28×28×1"), *convolutions, ("output", "dense\n10", "10")]
    figure = plots.architecture(blocks, "VGG16", 1234567, "caption")
    assert {"VGG16: 1,234,567 parameters", "dense\n10", "convolution", "caption"} <= texts(figure)
    assert len(figure.axes[0].patches) == 15


@pytest.mark.parametrize("post", [{}, {"ANN": 0.954}])
def test_comparison_shows_errors_misses_and_the_post(post: dict[str, float]) -> None:
    scores = {"ANN": Score(10_000, 200, 0.1, 0.977, 0.983), "CNN": Score(10_000, 50, 0.02, 0.993, 0.996)}
    figure = plots.comparison(scores, post, {"ANN": 10, "CNN": 20}, {"ANN": 60.0, "CNN": 300.0}, "MNIST")
    assert {"2.00 % (200 misses)", "0.50 % (50 misses)", "ANN\n98.00 %"} <= texts(figure)
    assert ("4.60 %" in texts(figure)) == bool(post)
    assert figure.axes[0].patches[0].get_width() == pytest.approx(2)


def test_saving_is_repeatable_and_makes_a_picture(tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        plots.save(plots.confusion(np.eye(10, dtype=int), "ANN", "MNIST"), tmp_path / name)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    assert matplotlib.image.imread(tmp_path / "a.png").shape[0] > 500


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    yield
    from matplotlib import pyplot

    assert not pyplot.get_fignums()  # no figure is kept alive behind the caller's back
