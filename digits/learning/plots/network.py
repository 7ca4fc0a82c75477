"""One network's figures: what it is made of, how it learned, what it confuses."""

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch, Rectangle
from numpy.typing import NDArray
from sklearn.metrics import ConfusionMatrixDisplay

from digits.image_format import CLASSES
from digits.learning.evaluation import ByClass
from digits.learning.plots.style import (
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    SKY,
    VERMILION,
    AxesGrid,
    Display,
    axes_or_new,
    blank,
    grid_of,
    new_figure,
    root,
    styled,
)
from digits.markdown import percent

#: Colours of the kinds of blocks.
BLOCKS = {
    "input": GREY,
    "convolution": BLUE,
    "pooling": ORANGE,
    "shortcut": SKY,
    "dense": GREEN,
    "output": VERMILION,
}


@dataclass
class ArchitectureDisplay(Display):
    """A network as rows of boxes, from pixels to probabilities.

    Args:
        blocks: kind (a key of :data:`BLOCKS`), label and output shape of each block, in order.
        title: of the figure.
        caption: what applies to every box and is not drawn.

    Attributes:
        ax_: the axes drawn on.
        boxes_: a patch for each block.
        legend_: of the kinds.
    """

    blocks: Sequence[tuple[str, str, str]]
    title: str
    caption: str

    @styled
    def plot(self, ax: Axes | None = None) -> "ArchitectureDisplay":
        """Draw on ``ax``, or on a figure as large as the boxes need."""
        rows = -(-len(self.blocks) // 12)
        columns = -(-len(self.blocks) // rows)
        left, right, top, bottom, spacing = -0.45, max(columns - 0.45, 6.5), 0.95, -0.95, 1.45
        caption = textwrap.fill(self.caption, int(17 * (right - left)))  # so many characters go into an inch
        bottom -= spacing * (rows - 1) + 0.15 * caption.count("\n")
        ax = axes_or_new(ax, right - left, top - bottom + 0.5, self.title)
        ax.set(xlim=(left, right), ylim=(bottom, top), aspect="equal")
        ax.axis("off")
        self.figure_, self.ax_ = root(ax), ax
        places = [(index % columns, -spacing * (index // columns)) for index in range(len(self.blocks))]
        self.boxes_ = [_box(ax, *place, *block) for place, block in zip(places, self.blocks, strict=True)]
        for x, y in places[:-1]:
            if x + 1 < columns:
                ax.annotate("", (x + 0.63, y), (x + 0.37, y), arrowprops={"arrowstyle": "-|>", "color": GREY})
        kinds = list(dict.fromkeys(kind for kind, *_ in self.blocks))
        self.legend_ = ax.legend(
            [Rectangle((0, 0), 1, 1, color=BLOCKS[kind]) for kind in kinds],
            kinds,
            ncols=len(kinds),
            loc="upper left",
            borderaxespad=0,
            handlelength=1,
            handleheight=1,
        )
        ax.text(-0.36, bottom + 0.05, caption, fontsize=8, color="black", va="bottom")
        return self


def _box(ax: Axes, x: float, y: float, kind: str, label: str, shape: str) -> FancyBboxPatch:
    box = FancyBboxPatch(
        (x - 0.36, y - 0.4),
        0.72,
        0.8,
        boxstyle="round,pad=0,rounding_size=0.08",
        facecolor=BLOCKS[kind],
        edgecolor="none",
    )
    ax.add_patch(box)
    ax.text(x, y, label, ha="center", va="center", color="white", fontsize=8.5, fontweight="bold")
    ax.text(x, y - 0.47, shape, ha="center", va="top", color=GREY, fontsize=8)
    return box


@dataclass
class HistoryDisplay(Display):
    """Accuracy and loss by epoch, training and validation.

    Args:
        history: "loss", "accuracy", "val_loss" and "val_accuracy", one value per epoch; accuracy in [0, 1].
        title: of the figure.

    Attributes:
        axes_: the axes drawn on, shape (2,): accuracy, loss.
        lines_: by the keys of ``history``.
    """

    history: Mapping[str, Sequence[float]]
    title: str

    @styled
    def plot(self, axes: AxesGrid | None = None) -> "HistoryDisplay":
        """Draw on the two ``axes``, or on a new figure's."""
        if axes is None:
            axes = new_figure(9.5, 3.9, self.title).subplots(1, 2)
        left, right = self.axes_ = grid_of(axes, 2)
        self.figure_ = root(left)
        self.lines_ = {}
        for ax, key, title, scale in (
            (left, "accuracy", "Accuracy, %", 100),
            (right, "loss", "Loss (cross-entropy)", 1),
        ):
            train = [scale * value for value in self.history[key]]
            validation = [scale * value for value in self.history[f"val_{key}"]]
            epochs = range(1, len(train) + 1)
            (self.lines_[key],) = ax.plot(epochs, train, "o-", color=BLUE, label="training (mean over the epoch)")
            (self.lines_[f"val_{key}"],) = ax.plot(
                epochs, validation, "s--", color=VERMILION, label="validation (at the epoch's end)"
            )
            ax.set(title=title, xlabel="epoch", xticks=_ticks(len(epochs)))
            ax.annotate(
                f"{validation[-1]:.{2 if key == 'accuracy' else 3}f}",
                (len(epochs), validation[-1]),
                (5, 6 if key == "accuracy" else -4),
                textcoords="offset points",
                color=VERMILION,
            )
            ax.margins(x=0.12)
        left.legend(loc="lower right")
        right.legend(loc="upper right")
        return self


def _ticks(epochs: int) -> range:
    return range(1, epochs + 1, max(1, -(-epochs // 10)))


@dataclass
class ConfusionDisplay(Display):
    """Confusion matrix; the diagonal holds the correct answers and is not shaded, so that the misses show.

    Args:
        counts: shape (10, 10), rows the true digits, columns the predicted ones.
        n, misses: of the test images.
        title: of the figure.

    Attributes:
        ax_: the axes drawn on.
        im_: the shading.
        text_: the counts as written, shape (10, 10).
    """

    counts: NDArray[np.int64]
    n: int
    misses: int
    title: str

    @styled
    def plot(self, ax: Axes | None = None) -> "ConfusionDisplay":
        """Draw on ``ax``, or on a new figure's."""
        if ax is None:
            ax = new_figure(6.6, 6.6, self.title).subplots()
        shaded = self.counts * (1 - np.eye(CLASSES, dtype=int))
        drawn = ConfusionMatrixDisplay(shaded).plot(ax=ax, cmap="Oranges", colorbar=False, values_format=",d")
        drawn.im_.set_clim(0, max(4, shaded.max()))
        for (true, predicted), text in np.ndenumerate(drawn.text_):
            text.set_fontsize(9)
            if true == predicted:
                text.set(text=f"{self.counts[true, predicted]:,}", color=GREY)
            elif not shaded[true, predicted]:
                text.set_text("")
        ax.set(xlabel="predicted digit", ylabel="true digit")
        ax.set_title(f"{self.n:,} test images, {self.misses:,} misses")
        ax.grid(False)
        ax.tick_params(length=0)
        self.figure_, self.ax_, self.im_, self.text_ = root(ax), ax, drawn.im_, drawn.text_
        return self


@dataclass
class ByClassDisplay(Display):
    """Precision, recall and F1 by digit.

    Args:
        by_class: "precision", "recall", "f1" in [0, 1] and "support", ten values each.
        title: of the figure.

    Attributes:
        ax_: the axes drawn on.
        points_: by the first three keys of ``by_class``.
        legend_: of the three.
    """

    by_class: ByClass
    title: str

    @styled
    def plot(self, ax: Axes | None = None) -> "ByClassDisplay":
        """Draw on ``ax``, or on a new figure's."""
        ax = axes_or_new(ax, 9.5, 4, self.title, pad=22)  # the legend is between title and axes
        shown = {
            "precision": (self.by_class["precision"], "precision", BLUE, "o", -0.2),
            "recall": (self.by_class["recall"], "recall", ORANGE, "s", 0.0),
            "f1": (self.by_class["f1"], "F1", GREEN, "D", 0.2),
        }
        lowest = min(min(values) for values, *_ in shown.values())
        floor = 100 * max(0.0, lowest - max(0.002, 0.15 * (1 - lowest)))
        self.points_ = {}
        for key, (shares, label, colour, marker, offset) in shown.items():
            x, values = np.arange(CLASSES) + offset, 100 * np.asarray(shares)
            ax.vlines(x, floor, values, color=colour, linewidth=3, alpha=0.35)
            (self.points_[key],) = ax.plot(x, values, marker, color=colour, label=label)
        ax.set(ylabel="%", ylim=(floor, 100 + 0.03 * (100 - floor)), xticks=range(CLASSES))
        ax.set_xticklabels([f"{digit}\nn = {int(n):,}" for digit, n in enumerate(self.by_class["support"])])
        ax.grid(axis="x", visible=False)
        self.legend_ = ax.legend(ncols=3, loc="upper right", bbox_to_anchor=(1, 1.12))
        self.figure_, self.ax_ = root(ax), ax
        return self


@dataclass
class GalleryDisplay(Display):
    """Images that were misread: the digit, what it was read as and with what confidence.

    Args:
        images, labels: ``uint8``, shapes (n, 28, 28) and (n,).
        read: the digits read instead, shape (n,).
        confidence: their probabilities, shape (n,), in [0, 1].
        title: of the figure.

    Attributes:
        axes_: the axes drawn on, one per image and, on a new figure, blank ones that fill the last row.
        images_: the images as drawn.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    read: NDArray[np.intp]
    confidence: NDArray[np.floating[Any]]
    title: str

    @styled
    def plot(self, axes: AxesGrid | None = None) -> "GalleryDisplay":
        """Draw on as many ``axes`` as there are images, or on a new figure's."""
        if axes is None:
            rows = max(1, -(-len(self.images) // 8))
            figure = new_figure(9.5, 1.45 * rows + 0.6, self.title)
            grid: NDArray[Any] = figure.subplots(rows, 8, squeeze=False).ravel()
        else:
            grid = grid_of(axes, len(self.images))
            figure = root(grid[0])
        for ax in grid[len(self.images) :]:
            blank(ax, frame=False)
        self.images_ = []
        shown = zip(self.images, self.labels, self.read, self.confidence, strict=True)
        for ax, (image, label, read, confidence) in zip(grid, shown, strict=False):
            blank(ax)
            self.images_.append(ax.imshow(image, cmap="gray_r", vmin=0, vmax=255))
            ax.set_title(f"{label}, read as {read}\n{percent(confidence, 0)}", fontsize=9, loc="center")
        self.figure_, self.axes_ = figure, grid
        return self
