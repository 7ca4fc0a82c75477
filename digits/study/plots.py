"""The preprocessing study's figures."""

import textwrap
from collections.abc import Mapping
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from digits.learning.plots import BLUE, GREY, STYLE, VERMILION
from digits.learning.plots import _blank as blank
from digits.learning.plots import _figure as new_figure
from digits.learning.preprocessing import CORRUPTIONS, VARIANTS, corrupted

COLOURS = {"better": BLUE, "worse": VERMILION}
MARKS = {"better": "▼", "worse": "▲"}


@matplotlib.rc_context(STYLE)
def variants(images: NDArray[np.uint8], labels: NDArray[np.uint8]) -> Figure:
    """What every variant makes of a few clean digits, and of one digit that is spoilt in every way.

    Args:
        images, labels: test images, ``uint8`` of shape (n, 28, 28), and their labels, shape (n,).
    """
    clean = [int(np.flatnonzero(labels == digit)[0]) for digit in (2, 4, 5, 7, 8) if digit in labels]
    spoilt = np.concatenate([corrupted(how, images[clean[-1:]]) for how in CORRUPTIONS.values()][1:])
    shown = np.concatenate([images[clean], spoilt])
    titles = ["clean"] + [""] * (len(clean) - 1) + [how.title for how in CORRUPTIONS.values()][1:]
    figure = new_figure(
        9.5, 0.86 * len(VARIANTS) + 0.9, "What a network is given: clean digits, and one that is spoilt"
    )
    widths = [1.0] * len(clean) + [0.15] + [1.0] * len(spoilt)
    grid = figure.subplots(len(VARIANTS), len(widths), gridspec_kw={"width_ratios": widths})
    for row, variant in zip(grid, VARIANTS.values(), strict=True):
        row[len(clean)].axis("off")
        cells = [*row[: len(clean)], *row[len(clean) + 1 :]]
        for axes, image in zip(cells, variant.apply(shown)[..., 0], strict=True):
            blank(axes)
            axes.imshow(image, cmap="gray_r")
        row[0].set_ylabel(variant.title, rotation=0, ha="right", va="center", fontsize=9.5, labelpad=8)
    for axes, title in zip([*grid[0][: len(clean)], *grid[0][len(clean) + 1 :]], titles, strict=True):
        axes.set_title(textwrap.fill(title, 9), fontsize=9.5, loc="left")
    return figure


@matplotlib.rc_context(STYLE)
def errors(figures: Mapping[str, Any]) -> Figure:
    """Error on the clean test images: a panel for each network, a row for each variant.

    Args:
        figures: of the study, as ``study_figures.preprocessing`` makes them.
    """
    networks = figures["networks"]
    names = [name for name in VARIANTS if any(name in _clean(network) for network in networks.values())]
    figure = new_figure(
        2.4 + 3.2 * len(networks),
        1.7 + 0.34 * len(names),
        f"{figures['dataset']}: error on clean test images by preprocessing",
    )
    panels = figure.subplots(1, len(networks), sharey=True, squeeze=False)[0]
    for axes, (title, network) in zip(panels, networks.items(), strict=True):
        _panel(axes, names, _clean(network), figures["baseline"])
        axes.set(title=title, xlabel="error, % (less is better)")
    panels[0].set_yticks(range(len(names))[::-1], [VARIANTS[name].title for name in names])
    entries = [("better than the baseline", BLUE), ("worse", VERMILION), ("no difference shown", GREY)]
    handles = [Line2D([], [], marker="o", linestyle="", color=colour, label=label) for label, colour in entries]
    handles += [
        Line2D([], [], color="black", label="mean over the seeds, 95 % interval", linewidth=1.2),
        Line2D([], [], marker="|", linestyle="", color="black", label="one seed", markersize=8, alpha=0.5),
        Line2D([], [], color="black", linestyle=":", linewidth=1, label="baseline"),
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=3, fontsize=9)
    return figure


def _panel(axes: Axes, names: list[str], rows: Mapping[str, Any], baseline: str) -> None:
    for y, name in zip(range(len(names))[::-1], names, strict=True):
        row = rows.get(name)
        if row is None:
            axes.annotate("not run", (0.03, y), xycoords=("axes fraction", "data"), va="center", color=GREY, fontsize=8)
            continue
        colour = "black" if name == baseline else COLOURS.get(row.get("verdict", ""), GREY)
        error, low, high = (100 * row[key] for key in ("error", "low", "high"))
        seeds = [100 * misses / row["n"] for misses in row["misses"]]
        axes.plot(seeds, [y] * len(seeds), "|", color=colour, markersize=9, markeredgewidth=1.2, alpha=0.5)
        axes.errorbar(error, y, xerr=[[error - low], [high - error]], fmt="o", color=colour, elinewidth=1.2, capsize=3)
    if baseline in rows:
        axes.axvline(100 * rows[baseline]["error"], color="black", linestyle=":", linewidth=1)
    axes.set_ylim(-0.6, len(names) - 0.4)
    axes.margins(x=0.08)


@matplotlib.rc_context(STYLE)
def heat_map(figures: Mapping[str, Any], network: str) -> Figure:
    """Error by variant and corruption; coloured by how it compares with the baseline in the same column.

    Args:
        figures: of the study, as ``study_figures.preprocessing`` makes them.
        network: the name of one of its networks.
    """
    columns = figures["networks"][network]["corruptions"]
    names = [name for name in VARIANTS if name in columns["clean"]]
    values = np.array([[columns[corruption][name]["error"] for corruption in columns] for name in names])
    base = np.array([rows[figures["baseline"]]["error"] for rows in columns.values()])
    n = columns["clean"][names[0]]["n"]
    ratio = np.log2(np.maximum(values, 0.5 / n) / np.maximum(base, 0.5 / n))
    figure = new_figure(
        8.6, 1.9 + 0.36 * len(names), f"{network} on {figures['dataset']}: error where images are spoilt"
    )
    axes = figure.subplots()
    image = axes.imshow(ratio, cmap="RdBu_r", vmin=-2, vmax=2, aspect="auto")
    for (y, x), value in np.ndenumerate(values):
        verdict = list(columns.values())[x][names[y]].get("verdict", "")
        axes.text(
            x,
            y,
            f"{100 * value:.2f} % {MARKS.get(verdict, '')}".strip(),
            ha="center",
            va="center",
            fontsize=9,
            color="white" if abs(ratio[y, x]) > 1.3 else "black",
        )
    axes.set_xticks(range(len(columns)), [figures["corruptions"][name]["title"] for name in columns])
    axes.set_yticks(range(len(names)), [VARIANTS[name].title for name in names])
    axes.xaxis.tick_top()
    axes.tick_params(length=0)
    axes.grid(False)
    axes.set_frame_on(False)
    bar = figure.colorbar(image, ax=axes, ticks=[-2, -1, 0, 1, 2], shrink=0.8)
    bar.ax.set_yticklabels(["¼ of the\nbaseline's", "½", "as the\nbaseline", "2 ×", "4 ×"], fontsize=8)
    axes.text(
        0,
        -0.03,
        "▼ better, ▲ worse than the baseline in the same column (all seeds, Holm, 5 %)",
        transform=axes.transAxes,
        va="top",
        fontsize=8.5,
        color=GREY,
    )
    return figure


def _clean(network: Mapping[str, Any]) -> Mapping[str, Any]:
    rows: Mapping[str, Any] = network["corruptions"]["clean"]
    return rows
