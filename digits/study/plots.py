"""The preprocessing study's figures."""

import digits.learning.plots  # noqa: F401 - before matplotlib

# isort: split
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.container import ErrorbarContainer
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from digits.learning.plots.style import (
    BLUE,
    GREY,
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
from digits.study.comparison import Comparison, NetworkComparison, Row
from digits.study.preprocessing import CORRUPTIONS, VARIANTS, Input, corrupted

COLOURS = {"better": BLUE, "worse": VERMILION}
MARKS = {"better": "▼", "worse": "▲"}


@dataclass
class VariantsDisplay(Display):
    """What each variant makes of the same images: clean digits, and one that is corrupted in every way.

    Args:
        rows: the images after each variant, shape (n, 28, 28, 1), by the variants' titles.
        corruptions: titles of the corruptions, which the last of the n images show; those before are clean.
        title: of the figure.

    Attributes:
        axes_: the axes drawn on, shape (variants, n).
        images_: the images as drawn.
    """

    rows: Mapping[str, Input]
    corruptions: Sequence[str]
    title: str = "Network input by preprocessing: clean digits, and one corrupted in every way"

    @styled
    def plot(self, axes: AxesGrid | None = None) -> "VariantsDisplay":
        """Draw on n ``axes`` per variant, or on a new figure's."""
        n = len(next(iter(self.rows.values())))
        clean = n - len(self.corruptions)
        if axes is None:
            figure = new_figure(9.5, 0.86 * len(self.rows) + 0.9, self.title)
            widths = [1.0] * clean + [0.15] + [1.0] * len(self.corruptions)
            every = figure.subplots(len(self.rows), n + 1, squeeze=False, gridspec_kw={"width_ratios": widths})
            for ax in every[:, clean]:  # the gap
                ax.axis("off")
            axes = np.delete(every, clean, axis=1)
        self.axes_ = grid_of(axes, len(self.rows), n)
        self.figure_ = root(self.axes_[0, 0])
        self.images_ = []
        for row, (title, images) in zip(self.axes_, self.rows.items(), strict=True):
            for ax, image in zip(row, images[..., 0], strict=True):
                blank(ax)
                self.images_.append(ax.imshow(image, cmap="gray_r"))
            row[0].set_ylabel(title, rotation=0, ha="right", va="center", fontsize=9.5, labelpad=8)
        titles = ["clean"] + [""] * (clean - 1) + [*self.corruptions]
        for ax, title in zip(self.axes_[0], titles, strict=True):
            ax.set_title(textwrap.fill(title, 9), fontsize=9.5)
        return self


def variants(images: NDArray[np.uint8], labels: NDArray[np.uint8]) -> VariantsDisplay:
    """All variants of the first test images of a few digits and of the last of these under all corruptions.

    Args:
        images, labels: ``uint8``, shapes (n, 28, 28) and (n,).
    """
    first = [int(np.flatnonzero(labels == digit)[0]) for digit in (2, 4, 5, 7, 8) if digit in labels]
    corruptions = [how for name, how in CORRUPTIONS.items() if name != "clean"]
    shown = np.concatenate([images[first], *(corrupted(how, images[first[-1:]]) for how in corruptions)])
    return VariantsDisplay(
        {variant.title: variant.apply(shown) for variant in VARIANTS.values()}, [how.title for how in corruptions]
    )


@dataclass
class ErrorsDisplay(Display):
    """Error on the clean test images: a panel per network, a row per variant.

    Args:
        comparison: of the study, as :func:`digits.study.comparison.compare` makes it.

    Attributes:
        axes_: the axes drawn on, one per network.
        points_: means and their intervals, by network and variant.
        legend_: below the panels or, on axes that were given, in the last.
    """

    comparison: Comparison

    @styled
    def plot(self, axes: AxesGrid | None = None) -> "ErrorsDisplay":
        """Draw on one of ``axes`` per network, or on a new figure's."""
        networks = {title: _clean(network) for title, network in self.comparison["networks"].items()}
        names = [name for name in VARIANTS if any(name in rows for rows in networks.values())]
        own = axes is None
        if axes is None:
            title = f"{self.comparison['dataset']}: error on clean test images by preprocessing"
            figure = new_figure(2.4 + 3.2 * len(networks), 1.7 + 0.34 * len(names), title)
            axes = figure.subplots(1, len(networks), sharey=True, squeeze=False)
        self.axes_ = grid_of(axes, len(networks))
        self.figure_ = root(self.axes_[0])
        self.points_ = {}
        for ax, (title, rows) in zip(self.axes_, networks.items(), strict=True):
            self.points_[title] = _panel(ax, names, rows, self.comparison["baseline"])
            ax.set(title=title, xlabel="error, % (lower is better)")
            ax.set_yticks(range(len(names))[::-1], [VARIANTS[name].title for name in names])
        self.legend_ = (
            self.figure_.legend(handles=_legend(), loc="outside lower center", ncols=3, fontsize=9)
            if own
            else self.axes_[-1].legend(handles=_legend(), fontsize=9)
        )
        return self


def _panel(ax: Axes, names: Sequence[str], rows: Mapping[str, Row], baseline: str) -> dict[str, ErrorbarContainer]:
    points = {}
    for y, name in zip(range(len(names))[::-1], names, strict=True):
        row = rows.get(name)
        if row is None:
            ax.annotate("not run", (0.03, y), xycoords=("axes fraction", "data"), va="center", color=GREY, fontsize=8)
            continue
        colour = "black" if name == baseline else COLOURS.get(row.get("verdict", ""), GREY)
        error, low, high = 100 * row["error"], 100 * row["low"], 100 * row["high"]
        seeds = [100 * misses / row["n"] for misses in row["misses"]]
        ax.plot(seeds, [y] * len(seeds), "|", color=colour, markersize=9, markeredgewidth=1.2, alpha=0.5)
        points[name] = ax.errorbar(
            error, y, xerr=[[error - low], [high - error]], fmt="o", color=colour, elinewidth=1.2, capsize=3
        )
    if baseline in rows:
        ax.axvline(100 * rows[baseline]["error"], color="black", linestyle=":", linewidth=1)
    ax.set_ylim(-0.6, len(names) - 0.4)
    ax.margins(x=0.08)
    return points


def _legend() -> list[Line2D]:
    entries = {"better than the baseline": BLUE, "worse": VERMILION, "no difference shown": GREY}
    return [
        *(Line2D([], [], marker="o", linestyle="", color=colour, label=label) for label, colour in entries.items()),
        Line2D([], [], color="black", label="mean over the seeds, 95% interval", linewidth=1.2),
        Line2D([], [], marker="|", linestyle="", color="black", label="one seed", markersize=8, alpha=0.5),
        Line2D([], [], color="black", linestyle=":", linewidth=1, label="baseline"),
    ]


@dataclass
class HeatMapDisplay(Display):
    """Error by variant and corruption; coloured by how it compares with the baseline in the same column.

    Args:
        comparison: of the study, as :func:`digits.study.comparison.compare` makes it.
        network: the name of one of its networks.

    Attributes:
        ax_: the axes drawn on.
        im_: the colours: binary logarithm of the error over the baseline's, shape (variants, corruptions).
        text_: the errors as written, of the same shape.
        colorbar_: beside the axes.
    """

    comparison: Comparison
    network: str

    @styled
    def plot(self, ax: Axes | None = None) -> "HeatMapDisplay":
        """Draw on ``ax``, or on a new figure's."""
        columns = self.comparison["networks"][self.network]["corruptions"]
        names = [name for name in VARIANTS if name in columns["clean"]]
        rows = [[column[name] for column in columns.values()] for name in names]
        title = f"{self.network} on {self.comparison['dataset']}: error by preprocessing and corruption"
        ax = axes_or_new(ax, 8.6, 1.9 + 0.36 * len(names), title)
        self.figure_, self.ax_ = root(ax), ax
        ratio = _ratio(rows, [column[self.comparison["baseline"]] for column in columns.values()])
        self.im_ = ax.imshow(ratio, cmap="RdBu_r", vmin=-2, vmax=2, aspect="auto")
        self.text_ = np.empty_like(ratio, object)
        for (y, x), shade in np.ndenumerate(ratio):
            text = f"{percent(rows[y][x]['error'])} {MARKS.get(rows[y][x].get('verdict', ''), '')}".strip()
            colour = "white" if abs(shade) > 1.3 else "black"
            self.text_[y, x] = ax.text(x, y, text, ha="center", va="center", fontsize=9, color=colour)
        ax.set_xticks(range(len(columns)), [self.comparison["corruptions"][name]["title"] for name in columns])
        ax.set_yticks(range(len(names)), [VARIANTS[name].title for name in names])
        ax.xaxis.tick_top()
        ax.tick_params(length=0)
        ax.grid(False)
        ax.set_frame_on(False)
        # a part of the axes, so that these keep their place on a caller's figure
        self.colorbar_ = self.figure_.colorbar(self.im_, cax=ax.inset_axes((1.05, 0.1, 0.03, 0.8)))
        self.colorbar_.set_ticks([-2, -1, 0, 1, 2], labels=["¼ of the\nbaseline", "½", "baseline", "2×", "4×"])
        self.colorbar_.ax.tick_params(labelsize=8)
        level = f"p < {self.comparison['level']:g} after Holm's correction"
        key = f"▼ better, ▲ worse than the baseline in the same column (all seeds, {level})"
        ax.text(0, -0.03, key, transform=ax.transAxes, va="top", fontsize=8.5, color=GREY)
        return self


def _ratio(rows: Sequence[Sequence[Row]], baseline: Sequence[Row]) -> NDArray[np.float64]:
    """The colours' scale: each row's errors over the baseline's, binary logarithm; no error counts as half a miss."""
    errors = np.array([[max(cell["error"], 0.5 / cell["n"]) for cell in row] for row in [*rows, baseline]])
    ratio: NDArray[np.float64] = np.log2(errors[:-1] / errors[-1])
    return ratio


def _clean(network: NetworkComparison) -> Mapping[str, Row]:
    return network["corruptions"]["clean"]
