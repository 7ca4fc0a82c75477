"""What all figures share: colours, sizes, how a figure is made and how it is saved.

Colours are Okabe & Ito's, which people with any colour vision can tell apart, and lines differ by marker too.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator
from numpy.typing import NDArray

from digits.files import replacing

__all__ = [
    "BLUE",
    "GREEN",
    "GREY",
    "MARKERS",
    "ORANGE",
    "SKY",
    "STYLE",
    "VERMILION",
    "AxesGrid",
    "Display",
    "Figure",
    "axes_or_new",
    "blank",
    "grid_of",
    "logarithmic",
    "new_figure",
    "root",
    "save",
    "styled",
]

BLUE, ORANGE, GREEN, VERMILION, SKY, GREY = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#56B4E9", "#6B7280"
MARKERS = "osD^vP"
STYLE: dict[str, Any] = {
    "figure.dpi": 120,
    "figure.facecolor": "white",
    "figure.titlesize": 14,
    "figure.titleweight": "bold",
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "axes.titlesize": 11,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": GREY,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#E5E7EB",
    "lines.linewidth": 2,
    "lines.markersize": 6,
    "legend.frameon": False,
}

#: Decorates what draws, so that it draws in this style.
styled = matplotlib.rc_context(STYLE)

#: Axes in one array or sequence, as ``Figure.subplots`` gives them.
AxesGrid = NDArray[Any] | Sequence[Axes]


class Display(Protocol):
    """Finished numbers and how to draw them, after scikit-learn's displays.

    ``plot`` draws on the axes that it is given, or on those of a new figure that is not pyplot's; it neither shows
    nor saves. Attributes whose names end with an underscore are there once it has been called.

    Attributes:
        figure_: the figure drawn on.
    """

    figure_: Figure

    def plot(self) -> "Display":
        """Draw; every display takes optional axes, too."""
        ...


def new_figure(width: float, height: float, title: str = "") -> Figure:
    """An empty figure of ``width`` by ``height`` inches, outside pyplot."""
    figure = Figure(figsize=(width, height), layout="constrained")
    if title:
        figure.suptitle(title, x=0.01, ha="left")
    return figure


def axes_or_new(ax: Axes | None, width: float, height: float, title: str, **options: Any) -> Axes:
    """The given axes under ``title``, or those of a new figure under it; ``options`` are of the axes' title."""
    if ax is None:
        return new_figure(width, height, title).subplots()
    ax.set_title(title, **options)
    return ax


def grid_of(axes: AxesGrid, *shape: int) -> NDArray[Any]:
    """The given axes as an array of this shape.

    Raises:
        ValueError: there are more or fewer.
    """
    grid = np.asarray(axes, object)
    needed = int(np.prod(shape))
    if grid.size != needed:
        raise ValueError(f"expected {needed} axes, got {grid.size}")
    return grid.reshape(shape)


def root(ax: Axes) -> Figure:
    """The figure that the axes lie on, even within a subfigure."""
    figure = ax.get_figure(root=True)
    if figure is None:
        raise ValueError("the axes were removed from their figure")
    return figure


def save(figure: Figure, path: Path) -> None:
    """Write the figure as PNG to ``path``, atomically and the same bytes for the same figure."""
    with replacing(path) as temporary:
        figure.savefig(temporary, bbox_inches="tight", pad_inches=0.2, metadata={"Software": None})


def blank(ax: Axes, frame: bool = True) -> None:
    """Take away ticks, grid and, without ``frame``, spines: the axes hold an image, or nothing."""
    ax.set(xticks=[], yticks=[])
    ax.grid(False)
    for spine in ax.spines.values():
        spine.set(visible=frame, color="#D1D5DB")


def logarithmic(ax: Axes, *names: str) -> None:
    """Make axes ("x", "y") logarithmic with ticks at 1, 2 and 5, written out."""
    for name in names:
        ax.set(**{f"{name}scale": "log"})
        axis = ax.xaxis if name == "x" else ax.yaxis
        axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axis.set_minor_locator(NullLocator())
        axis.set_major_formatter("{x:g}")
