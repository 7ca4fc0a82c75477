from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from digits.learning.evaluation import ByClass
from digits.learning.plots.network import (
    ArchitectureDisplay,
    ByClassDisplay,
    ConfusionDisplay,
    GalleryDisplay,
    HistoryDisplay,
)
from digits.learning.plots.style import Display
from tests.learning.plots.drawing import check_given_axes, check_own_figure, pixels, points, texts

HISTORY = {
    "loss": [1.0, 0.5],
    "accuracy": [0.5, 0.8],
    "val_loss": [0.9, 0.4],
    "val_accuracy": [0.6, 0.8125],
}
BLOCKS = [
    ("input", "pixels", "28×28×1"),
    *[("convolution", "3×3\n32", "28×28×32")] * 13,
    ("output", "dense\n10", "10"),
]
BY_CLASS: ByClass = {
    "precision": [0.9] * 10,
    "recall": [0.8] * 10,
    "f1": [0.85] * 10,
    "support": [100] * 10,
}
#: Each display and the axes it takes, None for a single one.
DISPLAYS: dict[str, tuple[Callable[[], Display], int | None]] = {
    "architecture": (lambda: ArchitectureDisplay(BLOCKS, "title", "caption"), None),
    "history": (lambda: HistoryDisplay(HISTORY, "title"), 2),
    "confusion": (lambda: ConfusionDisplay(np.eye(10, dtype=int), 10, 0, "title"), None),
    "by class": (lambda: ByClassDisplay(BY_CLASS, "title"), None),
    "gallery": (lambda: gallery(np.zeros((3, 28, 28), np.uint8), np.ones(3, np.uint8), "title"), 3),
}


def gallery(images: NDArray[np.uint8], labels: NDArray[np.uint8], title: str) -> GalleryDisplay:
    """All of them read as 3 with a confidence of 91%."""
    return GalleryDisplay(images, labels, np.full(len(images), 3), np.full(len(images), 0.91, np.float32), title)


@pytest.mark.parametrize("name", DISPLAYS)
def test_each_draws_on_the_axes_it_is_given_or_on_its_own(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    make, needed = DISPLAYS[name]
    check_given_axes(make(), needed, monkeypatch)
    check_own_figure(make(), "title")


def test_history_shows_every_epoch_and_the_last_figure() -> None:
    shown = HistoryDisplay(HISTORY, "CNN on MNIST").plot()
    left, right = shown.axes_
    assert points(left.lines[0]).tolist() == [[1, 50], [2, 80]]
    assert points(right.lines[1]).tolist() == [[1, 0.9], [2, 0.4]]
    assert shown.lines_["accuracy"] is left.lines[0] and shown.lines_["val_loss"] is right.lines[1]
    assert list(left.get_xticks()) == [1, 2]
    assert {"CNN on MNIST", "81.25", "0.400"} <= texts(shown.figure_)


def test_confusion_shows_the_counts_and_shades_the_misses() -> None:
    counts = np.diag(np.full(10, 1000))
    counts[4, 9] = 7
    shown = ConfusionDisplay(counts, 10_007, 7, "ANN on MNIST").plot()
    expected = {"ANN on MNIST", "1,000", "7", "10,007 test images, 7 misses", "predicted digit", "true digit"}
    assert expected <= texts(shown.figure_)
    shaded = pixels(shown.im_)
    assert shaded[4, 9] == 7
    assert shaded.trace() == 0
    assert [shown.text_[at].get_text() for at in ((4, 4), (4, 9), (9, 4))] == ["1,000", "7", ""]


def test_by_class_shows_three_figures_a_digit() -> None:
    shown = ByClassDisplay(BY_CLASS, "ANN on MNIST").plot()
    ax = shown.ax_
    assert {line.get_label(): set(points(line)[:, 1]) for line in ax.lines} == {
        "precision": {90},
        "recall": {80},
        "F1": {85},
    }
    assert list(shown.points_.values()) == list(ax.lines)
    assert ax.get_ylim()[0] < 80
    assert "3\nn = 100" in [label.get_text() for label in ax.get_xticklabels()]


@pytest.mark.parametrize("n", [2, 0])
def test_the_gallery_tells_what_was_read_as_what(n: int, arrays: dict[str, NDArray[np.uint8]]) -> None:
    shown = gallery(arrays["x_test"][:n], arrays["y_test"][:n], "all of them").plot()
    assert "all of them" in texts(shown.figure_)
    assert ("1, read as 3\n91%" in texts(shown.figure_)) == (n > 0)
    assert len(shown.images_) == n
    assert all(np.array_equal(pixels(shown.images_[i]), arrays["x_test"][i]) for i in range(n))


def test_architecture_draws_a_box_for_each_block() -> None:
    shown = ArchitectureDisplay(BLOCKS, "VGG16: 1,234,567 parameters", "caption").plot()
    assert {"VGG16: 1,234,567 parameters", "dense\n10", "convolution", "caption"} <= texts(shown.figure_)
    assert list(shown.ax_.patches) == shown.boxes_
    assert len(shown.boxes_) == 15
