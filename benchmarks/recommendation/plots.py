"""What accuracy costs: error against time and size."""

from collections.abc import Callable, Sequence

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator

from digits.learning.plots import BLUE, GREY, STYLE, VERMILION, _figure
from digits.learning.recommendation import MNIST, PEN, Candidate

NEAR = 1.4  #: costs of less than this ratio lie so near that names in the middle would overlap
PANELS = ((MNIST, "MNIST's test images"), (PEN, "what people draw"))


@matplotlib.rc_context(STYLE)
def pareto(candidates: Sequence[Candidate]) -> Figure:
    """Error on MNIST and on what people draw against milliseconds a digit and megabytes, with 95 % intervals."""
    figure = _figure(10, 7.6, "What accuracy costs")
    costs: tuple[tuple[str, Callable[[Candidate], float]], ...] = (
        ("milliseconds for one digit (less is better)", lambda candidate: candidate.one),
        ("size of the file, MB (less is better)", lambda candidate: candidate.size / 1e6),
    )
    for row, (where, place) in zip(figure.subplots(2, 2, sharey="row", sharex="col"), PANELS, strict=True):
        for axes, (label, cost) in zip(row, costs, strict=True):
            _panel(axes, candidates, where, [cost(candidate) for candidate in candidates])
            if axes in figure.axes[2:]:
                axes.set_xlabel(label)
        n = candidates[0].right[where].n
        row[0].set(title=f"On {place} (n = {n:,})", ylabel="error, % (less is better)")
    return figure


def _panel(axes: Axes, candidates: Sequence[Candidate], where: str, costs: Sequence[float]) -> None:
    errors = [100 * (1 - candidate.right[where].accuracy) for candidate in candidates]
    front = pareto_front(list(zip(costs, errors, strict=True)))
    axes.step([costs[i] for i in front], [errors[i] for i in front], where="post", color=GREY, linewidth=1.2, zorder=1)
    tallest = 0.0
    for candidate, cost, error in zip(candidates, costs, errors, strict=True):
        low, high = (100 * (1 - bound) for bound in reversed(candidate.right[where].interval))
        colour = VERMILION if candidate.votes else BLUE
        spread = np.maximum([[error - low], [high - error]], 0)
        axes.errorbar(
            cost, error, yerr=spread, fmt="D" if candidate.votes else "o", color=colour, elinewidth=1.2, capsize=3
        )
        at, offset, side = (low, -5, "top") if candidate.votes else (high, 5, "bottom")
        axes.annotate(
            candidate.name,
            (cost, at),
            (0, offset),
            textcoords="offset points",
            ha=_side(cost, costs),
            va=side,
            fontsize=9,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1},
        )
        tallest = max(tallest, high)
    axes.set(xscale="log", xlim=(min(costs) / 2, 2 * max(costs)), ylim=(0, 1.1 * tallest))
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter("{x:g}")


def _side(cost: float, costs: Sequence[float]) -> str:
    """How to align a name so that it makes room for that of a near neighbour."""
    if any(1 < other / cost < NEAR for other in costs):
        return "right"
    return "left" if any(1 < cost / other < NEAR for other in costs) else "center"


def pareto_front(points: Sequence[tuple[float, float]]) -> list[int]:
    """Indices of the points that no other is as good as in both and better than in one, by rising cost."""
    front: list[int] = []
    for i in sorted(range(len(points)), key=lambda i: points[i]):
        if not front or points[i][1] < points[front[-1]][1]:
            front.append(i)
    return front
