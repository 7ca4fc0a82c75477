"""The figure: seconds by size."""

import digits.learning.plots  # noqa: F401 - before matplotlib

# isort: split
from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from benchmarks.growth.measure import Series, exponents
from digits.learning.plots.style import BLUE, GREY, AxesGrid, Display, grid_of, new_figure, root, styled

FEW = 40  #: largest over smallest value, up to which 2 and 5 have a tick, too
ROOM = 1.6  #: above and below what was measured


@dataclass
class GrowthDisplay(Display):
    """Seconds by size for each kind of work, both logarithmic; a grey line shows linear growth.

    Args:
        series: what was measured, one panel each.
        title: of the figure.

    Attributes:
        axes_: the axes drawn on, shape (n / 3, 3).
        lines_: the measured lines.
    """

    series: Sequence[Series]
    title: str = "How cost grows"

    @styled
    def plot(self, axes: AxesGrid | None = None) -> "GrowthDisplay":
        """Draw on the ``axes``, one for each kind, or on a new figure's."""
        rows = -(-len(self.series) // 3)
        if axes is None:
            axes = new_figure(11, 3.3 * rows, self.title).subplots(rows, 3, squeeze=False)
        self.axes_ = grid_of(axes, rows, 3)
        self.figure_ = root(self.axes_[0, 0])
        self.lines_ = []
        for ax, series in zip(self.axes_.flat, self.series, strict=False):
            sizes, seconds = series["sizes"], series["seconds"]
            linear = [seconds[-1] * size / sizes[-1] for size in sizes]
            if seconds[-1] > seconds[0]:
                ax.plot(sizes, linear, color=GREY, linewidth=1, linestyle="--", label="linear")
            (line,) = ax.plot(sizes, seconds, color=BLUE, marker="o", label="measured")
            self.lines_.append(line)
            power = "".join(f"at the end ∝ size^{last:.2f}".replace("-", "−") for last in [*exponents(series)][-1:])
            ax.text(0.97, 0.05, power, transform=ax.transAxes, horizontalalignment="right")
            ax.set(xscale="log", yscale="log", xlabel=series["by"], title=series["of"])
            for axis, values in ((ax.xaxis, sizes), (ax.yaxis, seconds)):
                few = max(values) < FEW * min(values)
                axis.set_major_locator(LogLocator(subs=(1, 2, 5) if few else (1,)))
                axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
                axis.set_minor_formatter(NullFormatter())
            ax.set_ylim(min(seconds) / ROOM, max(seconds) * ROOM)
        for ax in self.axes_[:, 0]:
            ax.set_ylabel("seconds")
        self.axes_[0, 0].legend(loc="upper left")
        return self
