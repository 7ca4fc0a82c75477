"""How far confidence can be trusted: reliability diagrams and risk–coverage curves."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import cycle

import numpy as np
from matplotlib.axes import Axes
from matplotlib.container import ErrorbarContainer
from matplotlib.ticker import PercentFormatter
from numpy.typing import NDArray

from digits.learning.calibration import BINS, Reliability, coverage_at
from digits.learning.plots.style import (
    BLUE,
    GREEN,
    GREY,
    MARKERS,
    ORANGE,
    SKY,
    VERMILION,
    AxesGrid,
    Display,
    axes_or_new,
    grid_of,
    new_figure,
    root,
    styled,
)
from digits.markdown import percent


@dataclass
class ReliabilityDisplay(Display):
    """Accuracy by confidence with 95% intervals, and below it how many images have that confidence.

    Args:
        panels: the reliability to show in each panel, by the panels' titles.
        title: of the figure.
        what: the images are called.

    Attributes:
        axes_: the axes drawn on, shape (2, panels): accuracies above, counts below.
        points_: accuracies and their intervals, by panel.
        bars_: counts, by panel.
        legend_: below the panels or, on axes that were given, in the first.
    """

    panels: Mapping[str, Reliability]
    title: str
    what: str = "test images"

    @styled
    def plot(self, axes: AxesGrid | None = None) -> "ReliabilityDisplay":
        """Draw on two ``axes`` per panel, all upper ones first, or on a new figure's."""
        n, own = len(self.panels), axes is None
        if axes is None:
            figure = new_figure((3.9 if n < 3 else 3.1) * n + 0.6, 4.9, self.title)
            ratios = {"height_ratios": (3, 1)}
            axes = figure.subplots(2, n, sharex=True, sharey="row", squeeze=False, gridspec_kw=ratios)
        self.axes_ = grid_of(axes, 2, n)
        self.figure_ = root(self.axes_[0, 0])
        self.points_, self.bars_ = {}, {}
        for (name, shown), upper, lower in zip(self.panels.items(), *self.axes_, strict=True):
            self.points_[name] = _accuracy(upper, shown)
            upper.set_title(f"{name}: ECE {percent(shown.ece)}")
            self.bars_[name] = lower.bar(shown.confidence, shown.n, width=0.7 / BINS, color=BLUE, alpha=0.6)
            lower.set(yscale="log", ylim=(0.5, None), xlabel=f"confidence, % (n = {sum(shown.n):,})")
            lower.grid(axis="x", visible=False)
            lower.yaxis.set_major_formatter("{x:,.0f}")
            for ax in (upper, lower):
                ax.set_xlim(0, 1.03)
                ax.xaxis.set_major_formatter(PercentFormatter(1, symbol=""))
        first, below = self.axes_[:, 0]
        first.set_ylabel("accuracy, %")
        below.set_ylabel(self.what)
        handles, labels = first.get_legend_handles_labels()
        self.legend_ = (
            self.figure_.legend(handles, labels, loc="outside lower center", ncols=2, fontsize=9)
            if own
            else first.legend(handles, labels, loc="upper left", fontsize=9)
        )
        return self


def _accuracy(ax: Axes, shown: Reliability) -> ErrorbarContainer:
    accuracy = np.array(shown.correct) / np.array(shown.n)
    low, high = np.array(shown.intervals()).T
    ax.plot((0, 1), (0, 1), "--", color=GREY, linewidth=1.2, label="perfectly calibrated")
    points = ax.errorbar(
        shown.confidence,
        accuracy,
        # accuracy of 0 or 1 is its own bound, but for rounding
        yerr=np.maximum((accuracy - low, high - accuracy), 0),
        fmt="o",
        color=BLUE,
        elinewidth=1.2,
        capsize=3,
        label="measured, 95% interval",
    )
    ax.set_ylim(-0.02, 1.04)
    ax.yaxis.set_major_formatter(PercentFormatter(1, symbol=""))
    return points


@dataclass
class RiskCoverageDisplay(Display):
    """Risk–coverage curves: how the error falls as the least confident answers are rejected.

    Args:
        curves: by network coverage and risk, arrays of one shape in [0, 1], by rising coverage.
        title: of the figure.
        what: the images are called.
        shipped: by network coverage and risk with the rejection as shipped, where there is one.

    Attributes:
        ax_: the axes drawn on.
        curves_: by network.
        shipped_: the marks of what is shipped, by network; empty if nothing is.
        legend_: of the networks.
    """

    curves: Mapping[str, tuple[NDArray[np.float64], NDArray[np.float64]]]
    title: str
    what: str
    shipped: Mapping[str, tuple[float, float]] | None = None

    @styled
    def plot(self, ax: Axes | None = None) -> "RiskCoverageDisplay":
        """Draw on ``ax``, or on a new figure's."""
        ax = axes_or_new(ax, 7.5, 4.6, self.title)
        self.figure_, self.ax_ = root(ax), ax
        self.curves_, self.shipped_ = {}, {}
        looks = zip(cycle((BLUE, ORANGE, GREEN, VERMILION, SKY)), cycle(MARKERS), strict=False)
        for (name, (coverage, risk)), (colour, marker) in zip(self.curves.items(), looks, strict=False):
            label = name
            if self.shipped:
                at, left = self.shipped[name]
                label = f"{name}: coverage {percent(at, 1)}, risk {percent(left, 1)}"
                (self.shipped_[name],) = ax.plot(100 * at, 100 * left, marker, color=colour, markersize=9)
            (self.curves_[name],) = ax.plot(100 * coverage, 100 * risk, color=colour, label=label)
        ax.set_xlabel(f"coverage: {self.what} answered, most confident first, %")
        ax.set_ylabel("risk: errors among those answered, %")
        start = min(self._start(), 99.0)  # some width even where nothing is missed
        ax.set(xlim=(start - 0.1 * (100 - start), 100 + 0.02 * (100 - start)), ylim=(0, None))
        title = "as shipped (marked)" if self.shipped else None
        self.legend_ = ax.legend(loc="upper center", title=title, alignment="left")
        return self

    def _start(self) -> float:
        """The coverage, %, below which no curve has a risk worth showing: a twentieth of the largest at the end."""
        floor = max(risk[-1] for _, risk in self.curves.values()) / 20
        return 100 * min(coverage_at(floor, *curve) for curve in self.curves.values())
