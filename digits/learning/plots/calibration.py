"""How much confidence is worth: reliability diagrams, and what withholding the unsure answers gains."""

from collections.abc import Mapping
from itertools import cycle

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter
from numpy.typing import NDArray

from digits.learning.calibration import BINS, Reliability
from digits.learning.plots import BLUE, GREEN, GREY, MARKERS, ORANGE, SKY, STYLE, VERMILION, _figure, percent

Curve = tuple[NDArray[np.float64], NDArray[np.float64]]


@matplotlib.rc_context(STYLE)
def reliability_diagram(panels: Mapping[str, Reliability], title: str, what: str = "test images") -> Figure:
    """Accuracy by confidence, with 95 % intervals, and below it how many images have that confidence.

    Args:
        panels: a title for each panel and what it shows.
        title: of the figure.
        what: the images are called.
    """
    figure = _figure((3.9 if len(panels) < 3 else 3.1) * len(panels) + 0.6, 4.9, title)
    grid = figure.subplots(
        2, len(panels), sharex=True, sharey="row", squeeze=False, gridspec_kw={"height_ratios": (3, 1)}
    )
    for column, (name, shown) in enumerate(panels.items()):
        upper, lower = grid[:, column]
        _accuracy(upper, shown)
        upper.set_title(f"{name}: ECE {percent(shown.ece)}")
        lower.bar(shown.confidence, shown.n, width=0.7 / BINS, color=BLUE, alpha=0.6)
        lower.set(yscale="log", xlim=(0, 1.03), ylim=(0.5, None), xlabel=f"confidence, % (n = {sum(shown.n):,})")
        lower.grid(axis="x", visible=False)
        lower.xaxis.set_major_formatter(PercentFormatter(1, symbol=""))
    grid[0, 0].set(ylabel="read rightly, %")
    grid[0, 0].yaxis.set_major_formatter(PercentFormatter(1, symbol=""))
    figure.legend(*grid[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=2, fontsize=9)
    grid[1, 0].set(ylabel=what)
    grid[1, 0].yaxis.set_major_formatter("{x:,.0f}")
    return figure


def _accuracy(axes: Axes, shown: Reliability) -> None:
    accuracy = np.array(shown.right) / np.array(shown.n)
    low, high = np.array(shown.intervals()).T
    axes.plot((0, 1), (0, 1), "--", color=GREY, linewidth=1.2, label="as sure as right")
    axes.errorbar(
        shown.confidence,
        accuracy,
        # accuracy of 0 or 1 is its own bound, but for rounding
        yerr=np.maximum((accuracy - low, high - accuracy), 0),
        fmt="o",
        color=BLUE,
        elinewidth=1.2,
        capsize=3,
        label="measured, 95 % interval",
    )
    axes.set(ylim=(-0.02, 1.04))


@matplotlib.rc_context(STYLE)
def coverage(
    curves: Mapping[str, Curve], title: str, what: str, shipped: Mapping[str, tuple[float, float]] | None = None
) -> Figure:
    """How the error falls as less sure answers are withheld.

    Args:
        curves: by network the coverage and the error, arrays of one shape in [0, 1], by falling confidence.
        title: of the figure.
        what: the images are called.
        shipped: by network the coverage and the error with the rejection as shipped, where there is one.
    """
    figure = _figure(7.5, 4.6, title)
    axes = figure.subplots()
    looks = zip(cycle((BLUE, ORANGE, GREEN, VERMILION, SKY)), cycle(MARKERS), strict=False)
    for (name, (covered, error)), (colour, marker) in zip(curves.items(), looks, strict=False):
        label = name
        if shipped:
            at, left = shipped[name]
            label = f"{name}: answers {percent(at, 1)}, {percent(left, 1)} wrong"
            axes.plot(100 * at, 100 * left, marker, color=colour, markersize=9)
        axes.plot(100 * covered, 100 * error, color=colour, label=label)
    floor = max(error[-1] for _, error in curves.values()) / 20
    start = 100 * min(covered[error <= floor].max(initial=0) for covered, error in curves.values())
    axes.set(xlabel=f"{what} answered, %, the surest first", ylabel="wrong among those answered, %", ylim=(0, None))
    axes.set_xlim(start - 0.1 * (100 - start), 100 + 0.02 * (100 - start))
    axes.legend(loc="upper left", title="as shipped (marked)" if shipped else None, alignment="left")
    return figure
