"""The cost of accuracy: error against time and size."""

import digits.learning.plots  # noqa: F401 - before matplotlib

# isort: split
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from matplotlib.axes import Axes
from matplotlib.container import ErrorbarContainer

from benchmarks.recommendation.findings import PLACES, Candidate
from digits.learning.plots.style import (
    BLUE,
    GREY,
    VERMILION,
    AxesGrid,
    Display,
    grid_of,
    logarithmic,
    new_figure,
    root,
    styled,
)

NEAR = 1.4  #: costs of less than this ratio lie so near that names in the middle would overlap
COLUMNS = {"time": "milliseconds per digit (lower is better)", "size": "file size, MB (lower is better)"}

#: Cost and error, %, of a candidate.
Point = tuple[float, float]


@dataclass
class ParetoDisplay(Display):
    """Error on MNIST and on pen-drawn digits against milliseconds per digit and megabytes, with 95% intervals.

    The line is the Pareto front: no candidate lies below it and to its left.

    Args:
        candidates: networks and votes.
        title: of the figure.

    Attributes:
        fronts: by row and column the indices of the candidates on the Pareto front, by rising cost.
        axes_: the axes drawn on, shape (2, 2).
        fronts_: the lines, by row and column.
        points_: errors and their intervals, by row, column and name.
    """

    candidates: Sequence[Candidate]
    title: str = "The cost of accuracy"
    fronts: Mapping[tuple[str, str], Sequence[int]] = field(init=False)

    def __post_init__(self) -> None:
        self.fronts = {
            (row, column): pareto_front([_point(candidate, row, column) for candidate in self.candidates])
            for row in PLACES
            for column in COLUMNS
        }

    @styled
    def plot(self, axes: AxesGrid | None = None) -> "ParetoDisplay":
        """Draw on the four ``axes``, row by row, or on a new figure's."""
        if axes is None:
            axes = new_figure(10, 7.6, self.title).subplots(2, 2, sharey="row", sharex="col")
        self.axes_ = grid_of(axes, len(PLACES), len(COLUMNS))
        self.figure_ = root(self.axes_[0, 0])
        self.fronts_, self.points_ = {}, {}
        for grid, (row, place) in zip(self.axes_, PLACES.items(), strict=True):
            for ax, column in zip(grid, COLUMNS, strict=True):
                points = [_point(candidate, row, column) for candidate in self.candidates]
                front = [points[i] for i in self.fronts[row, column]]
                (self.fronts_[row, column],) = ax.step(
                    *zip(*front, strict=True), where="post", color=GREY, linewidth=1.2, zorder=1
                )
                self.points_[row, column] = _panel(ax, self.candidates, points, row)
            n = self.candidates[0].accuracy[row].n
            grid[0].set(title=f"On {place} (n = {n:,})", ylabel="error, % (lower is better)")
        for ax, label in zip(self.axes_[-1], COLUMNS.values(), strict=True):
            ax.set_xlabel(label)
        return self


def _point(candidate: Candidate, row: str, column: str) -> Point:
    cost = candidate.one if column == "time" else candidate.size / 1e6
    return cost, 100 * (1 - candidate.accuracy[row].share)


def _panel(
    ax: Axes, candidates: Sequence[Candidate], points: Sequence[Point], row: str
) -> dict[str, ErrorbarContainer]:
    costs, tallest, drawn = [cost for cost, _ in points], 0.0, {}
    for candidate, (cost, error) in zip(candidates, points, strict=True):
        low, high = (100 * (1 - bound) for bound in reversed(candidate.accuracy[row].interval))
        colour, marker = (VERMILION, "D") if candidate.votes else (BLUE, "o")
        spread = np.maximum([[error - low], [high - error]], 0)
        drawn[candidate.name] = ax.errorbar(
            cost, error, yerr=spread, fmt=marker, color=colour, elinewidth=1.2, capsize=3
        )
        at, offset, side = (low, -5, "top") if candidate.votes else (high, 5, "bottom")
        ax.annotate(
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
    logarithmic(ax, "x")
    ax.set(xlim=(min(costs) / 2, 2 * max(costs)), ylim=(0, 1.1 * tallest))
    return drawn


def _side(cost: float, costs: Sequence[float]) -> str:
    """How to align a name so that it makes room for that of a near neighbour."""
    if any(1 < other / cost < NEAR for other in costs):
        return "right"
    return "left" if any(1 < cost / other < NEAR for other in costs) else "center"


def pareto_front(points: Sequence[Point]) -> list[int]:
    """Indices of the points that no other is as good as in both and better than in one, by rising cost."""
    front: list[int] = []
    for i in sorted(range(len(points)), key=lambda i: points[i]):
        if not front or points[i][1] < points[front[-1]][1]:
            front.append(i)
    return front
