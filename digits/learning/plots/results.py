"""Figures of the data and of all networks side by side."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.container import BarContainer
from numpy.typing import NDArray

from digits.image_format import CLASSES
from digits.learning.evaluation import Metrics
from digits.learning.plots.style import (
    BLUE,
    MARKERS,
    ORANGE,
    AxesGrid,
    Display,
    Figure,
    blank,
    grid_of,
    logarithmic,
    new_figure,
    root,
    styled,
)
from digits.markdown import percent

SAMPLES = 2  #: images of each digit


@dataclass
class SamplesDisplay(Display):
    """Two rows of images of each group, one column per digit, with the labels above.

    Args:
        samples: by the groups' titles ``uint8`` images, shape (n, 28, 28), and labels, shape (n,); of each digit the
            first two are shown.
        title: of the figure.

    Attributes:
        axes_: the axes drawn on, shape (groups, 2, 10).
        images_: the images as drawn.
    """

    samples: Mapping[str, tuple[NDArray[np.uint8], NDArray[np.uint8]]]
    title: str

    @styled
    def plot(self, axes: AxesGrid | None = None) -> "SamplesDisplay":
        """Draw on 20 ``axes`` per group, or on a new figure's."""
        groups, own = len(self.samples), axes is None
        if axes is None:
            figure = new_figure(9, 1.9 * groups + 0.9, self.title)
            rows = figure.subfigures(groups, 1, squeeze=False)[:, 0]
            spacing = {"wspace": 0.04, "hspace": 0.04}
            axes = np.array([row.subplots(SAMPLES, CLASSES, gridspec_kw=spacing) for row in rows])
        self.axes_ = grid_of(axes, groups, SAMPLES, CLASSES)
        self.figure_ = root(self.axes_[0, 0, 0])
        self.images_ = []
        for grid, (title, (images, labels)) in zip(self.axes_, self.samples.items(), strict=True):
            for digit, column in enumerate(grid.T):
                for ax in column:
                    blank(ax)
                chosen = images[np.flatnonzero(labels == digit)[:SAMPLES]]
                for ax, image in zip(column, chosen, strict=False):
                    self.images_.append(ax.imshow(image, cmap="gray_r", vmin=0, vmax=255))
                column[0].set_title(str(digit), loc="center", fontsize=10)
            if own:
                grid[0, 0].figure.suptitle(title, x=0.01, ha="left", fontsize=11, fontweight="normal")
            else:
                grid[0, 0].set_title(f"{title}\n")  # the line below is the digit's
        return self


@dataclass
class ErrorRatesDisplay(Display):
    """Error rates with their 95% intervals next to the post's.

    Args:
        metrics: on the test images, by network.
        post: test accuracy in the post by network, in [0, 1]; empty where the data is not MNIST.

    Attributes:
        ax_: the axes drawn on.
        bars_: this project's error rates, a bar per network.
        errorbar_: their intervals.
        post_bars_: the post's error rates; None if there are none.
    """

    metrics: Mapping[str, Metrics]
    post: Mapping[str, float]

    @styled
    def plot(self, ax: Axes | None = None) -> "ErrorRatesDisplay":
        """Draw on ``ax``, or on a new figure's."""
        ax = new_figure(6.2, 4).subplots() if ax is None else ax
        names, found = list(self.metrics), list(self.metrics.values())
        y, height = np.arange(len(names))[::-1], 0.36 if self.post else 0.6
        ours = y + (height / 2 if self.post else 0)
        errors, low, high = (
            100 * (1 - np.array(shares))
            for shares in zip(*((one.accuracy, one.high, one.low) for one in found), strict=True)
        )
        self.figure_, self.ax_ = root(ax), ax
        self.bars_ = ax.barh(ours, errors, height, color=BLUE, label="this project")
        self.errorbar_ = ax.errorbar(
            errors, ours, xerr=[errors - low, high - errors], fmt="none", ecolor="black", elinewidth=1.2, capsize=3
        )
        for at, end, one in zip(ours, high, found, strict=True):
            _beside(ax, end, at, f"{percent(1 - one.accuracy)} ({one.misses:,} misses)")
        self.post_bars_ = self._plot_post(ax, dict(zip(names, y - height / 2, strict=True)), height)
        ax.set(
            title=f"Error rate on {found[0].n:,} test images, with 95% interval",
            xlabel="error, % (lower is better)",
            yticks=y,
            yticklabels=names,
            ylim=(-0.6, len(names) - 0.4),
        )
        ax.grid(axis="y", visible=False)
        ax.margins(x=0.3)
        return self

    def _plot_post(self, ax: Axes, places: Mapping[str, float], height: float) -> BarContainer | None:
        if not self.post:
            return None
        known = {at: 1 - self.post[name] for name, at in places.items() if name in self.post}
        bars = ax.barh(
            list(known),
            [100 * error for error in known.values()],
            height,
            color=ORANGE,
            hatch="//",
            edgecolor="white",
            label="the post",
        )
        for at, error in known.items():
            _beside(ax, 100 * error, at, percent(error))
        ax.legend(loc="lower right")
        return bars


def _beside(ax: Axes, x: float, y: float, text: str) -> None:
    ax.annotate(text, (x, y), (5, 0), textcoords="offset points", va="center", fontsize=9)


@dataclass
class SizeDisplay(Display):
    """Networks by training time and number of parameters, with their accuracies.

    Args:
        metrics: on the test images, by network.
        parameters: by network.
        seconds: of training, by network.

    Attributes:
        ax_: the axes drawn on.
        points_: by network.
        text_: by network.
    """

    metrics: Mapping[str, Metrics]
    parameters: Mapping[str, int]
    seconds: Mapping[str, float]

    @styled
    def plot(self, ax: Axes | None = None) -> "SizeDisplay":
        """Draw on ``ax``, or on a new figure's."""
        ax = new_figure(4.4, 4).subplots() if ax is None else ax
        self.figure_, self.ax_ = root(ax), ax
        self.points_, self.text_ = {}, {}
        for index, (name, found) in enumerate(self.metrics.items()):
            at = self.seconds[name] / 60, self.parameters[name] / 1e6
            (self.points_[name],) = ax.plot(*at, MARKERS[index % len(MARKERS)], color=BLUE, markersize=10)
            self.text_[name] = ax.annotate(
                f"{name}\n{percent(found.accuracy)}", at, (8, 8), textcoords="offset points", fontsize=9
            )
        ax.set(title="Size and training time", xlabel="training, minutes", ylabel="parameters, millions")
        logarithmic(ax, "x", "y")
        ax.margins(0.3)
        return self


@styled
def comparison(
    metrics: Mapping[str, Metrics],
    post: Mapping[str, float],
    parameters: Mapping[str, int],
    seconds: Mapping[str, float],
    title: str,
) -> Figure:
    """Error rates, and size and training time, on one figure; arguments as the two displays'."""
    figure = new_figure(10, 4.2, title)
    left, right = figure.subplots(1, 2, gridspec_kw={"width_ratios": (3, 2)})
    ErrorRatesDisplay(metrics, post).plot(left)
    SizeDisplay(metrics, parameters, seconds).plot(right)
    return figure
