"""Finished numbers in, figures out. Matplotlib appears in this package only.

Every function returns its figure and never shows or saves it; :func:`save` does that. Colours are
Okabe & Ito's, which people with any colour vision can tell apart, and lines differ by marker too.
"""

import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch, Rectangle
from matplotlib.ticker import LogLocator, NullLocator
from numpy.typing import NDArray
from sklearn.metrics import ConfusionMatrixDisplay

from digits.files import replacing
from digits.learning.evaluation import Score

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


def save(figure: Figure, path: Path) -> None:
    """Write the figure as PNG to ``path``, atomically and the same bytes for the same figure."""
    with replacing(path) as temporary:
        figure.savefig(temporary, bbox_inches="tight", pad_inches=0.2, metadata={"Software": None})


def _figure(width: float, height: float, title: str) -> Figure:
    figure = Figure(figsize=(width, height), layout="constrained")
    figure.suptitle(title, x=0.01, ha="left")
    return figure


def percent(part: float, digits: int = 2) -> str:
    """0.9941 as "99.41 %"."""
    return f"{100 * part:.{digits}f} %"


@matplotlib.rc_context(STYLE)
def samples(parts: Mapping[str, tuple[NDArray[np.uint8], NDArray[np.uint8]]], name: str, columns: int = 10) -> Figure:
    """Two rows of images of each part, one column a digit, with the labels above.

    Args:
        parts: title to ``uint8`` images of shape (n, 28, 28) and labels of shape (n,).
        name: of the dataset.
    """
    figure = _figure(9, 1.9 * len(parts) + 0.9, f"{name}: two of each digit")
    for subfigure, (title, (images, labels)) in zip(
        np.atleast_1d(figure.subfigures(len(parts), 1)), parts.items(), strict=True
    ):
        subfigure.suptitle(title, x=0.01, ha="left", fontsize=11, fontweight="normal")
        axes = subfigure.subplots(2, columns, gridspec_kw={"wspace": 0.04, "hspace": 0.04})
        for digit in range(columns):
            chosen = np.flatnonzero(labels == digit)[:2]
            for line in range(2):
                _blank(axes[line, digit])
                if line < len(chosen):
                    axes[line, digit].imshow(images[chosen[line]], cmap="gray_r", vmin=0, vmax=255)
            axes[0, digit].set_title(str(digit), loc="center", fontsize=10)
    return figure


@matplotlib.rc_context(STYLE)
def history(by_epoch: Mapping[str, Sequence[float]], name: str, dataset: str) -> Figure:
    """Accuracy and loss by epoch, training and validation.

    Args:
        by_epoch: "loss", "accuracy", "val_loss" and "val_accuracy", one value an epoch.
    """
    figure = _figure(9.5, 3.9, f"{name} on {dataset}: accuracy and loss by epoch")
    left, right = figure.subplots(1, 2)
    epochs = range(1, len(by_epoch["loss"]) + 1)
    for axes, key, title, scale in ((left, "accuracy", "Accuracy, %", 100), (right, "loss", "Loss (cross-entropy)", 1)):
        train = [scale * value for value in by_epoch[key]]
        validation = [scale * value for value in by_epoch[f"val_{key}"]]
        axes.plot(epochs, train, "o-", color=BLUE, label="training (mean over the epoch)")
        axes.plot(epochs, validation, "s--", color=VERMILION, label="validation (at the epoch's end)")
        axes.set(title=title, xlabel="epoch", xticks=_ticks(len(epochs)))
        form = "{:.2f}" if key == "accuracy" else "{:.3f}"
        axes.annotate(
            form.format(validation[-1]),
            (len(epochs), validation[-1]),
            (5, 6 if key == "accuracy" else -4),
            textcoords="offset points",
            color=VERMILION,
        )
        axes.margins(x=0.12)
    left.legend(loc="lower right")
    right.legend(loc="upper right")
    return figure


def _ticks(epochs: int) -> range:
    return range(1, epochs + 1, max(1, -(-epochs // 10)))


@matplotlib.rc_context(STYLE)
def confusion(counts: NDArray[np.int64], name: str, dataset: str) -> Figure:
    """Confusion matrix; the diagonal holds the right answers and is not shaded, so that the misses show.

    Args:
        counts: shape (10, 10), rows the true digits.
    """
    n, right = int(counts.sum()), int(np.trace(counts))
    figure = _figure(6.6, 6.6, f"{name} on {dataset}: what was read as what")
    axes = figure.subplots()
    misses = counts * (1 - np.eye(10, dtype=int))
    display = ConfusionMatrixDisplay(misses).plot(ax=axes, cmap="Oranges", colorbar=False, values_format=",d")
    display.im_.set_clim(0, max(4, misses.max()))
    for (true, read), text in np.ndenumerate(display.text_):
        text.set_fontsize(9)
        if true == read:
            text.set(text=f"{counts[true, read]:,}", color=GREY)
        elif not misses[true, read]:
            text.set_text("")
    axes.set(xlabel="read as", ylabel="true digit", title=f"{n:,} test images, {n - right:,} misses")
    axes.grid(False)
    axes.tick_params(length=0)
    return figure


@matplotlib.rc_context(STYLE)
def per_class(metrics: Mapping[str, Sequence[float]], name: str, dataset: str) -> Figure:
    """Precision, recall and F1 by digit.

    Args:
        metrics: "precision", "recall", "f1", "support", ten values each.
    """
    figure = _figure(9.5, 4, f"{name} on {dataset}: precision, recall and F1 by digit (test)")
    axes = figure.subplots()
    shown = (("precision", BLUE, "o", -0.2), ("recall", ORANGE, "s", 0.0), ("f1", GREEN, "D", 0.2))
    lowest = min(min(metrics[key]) for key, *_ in shown)
    floor = 100 * max(0.0, lowest - max(0.002, 0.15 * (1 - lowest)))
    for key, colour, marker, offset in shown:
        x = np.arange(10) + offset
        values = 100 * np.asarray(metrics[key])
        axes.vlines(x, floor, values, color=colour, linewidth=3, alpha=0.35)
        axes.plot(x, values, marker, color=colour, label="F1" if key == "f1" else key)
    axes.set(ylabel="%", ylim=(floor, 100 + 0.03 * (100 - floor)), xticks=range(10))
    axes.set_xticklabels([f"{digit}\nn = {int(n):,}" for digit, n in enumerate(metrics["support"])])
    axes.grid(axis="x", visible=False)
    axes.legend(ncols=3, loc="upper right", bbox_to_anchor=(1, 1.12))
    return figure


@matplotlib.rc_context(STYLE)
def misses(
    images: NDArray[np.uint8],
    labels: NDArray[np.uint8],
    probabilities: NDArray[np.float32],
    total: tuple[int, int],
    name: str,
    dataset: str,
    what: str = "test images",
) -> Figure:
    """Gallery of misses with what they are, what was read and how confidently.

    Args:
        images, labels, probabilities: the misses to show, (n, 28, 28), (n,) and (n, 10).
        total: misses and images in the test part.
        what: the images are called.
    """
    columns = 8
    rows = max(1, -(-len(images) // columns))
    shown = f"the {len(images)} most confident of" if len(images) < total[0] else "all"
    title = f"{name} on {dataset}: {shown} {total[0]:,} misses in {total[1]:,} {what}"
    figure = _figure(9.5, 1.45 * rows + 0.6, title)
    grid = np.atleast_2d(figure.subplots(rows, columns, squeeze=False))
    for axes in grid.flat:
        _blank(axes, frame=False)
    for axes, image, label, row in zip(grid.flat, images, labels, probabilities, strict=False):
        _blank(axes)
        axes.imshow(image, cmap="gray_r", vmin=0, vmax=255)
        axes.set_title(f"{label}, read as {row.argmax()}\n{percent(row.max(), 0)}", fontsize=9, loc="center")
    return figure


@matplotlib.rc_context(STYLE)
def architecture(blocks: Sequence[tuple[str, str, str]], name: str, parameters: int, caption: str) -> Figure:
    """The network as a row of boxes, from pixels to probabilities.

    Args:
        blocks: kind ("input", "convolution", "pooling", "shortcut", "dense", "output"), label and shape of what
            comes out, in order.
        caption: what stands behind every box and is not drawn.
    """
    colours = {
        "input": GREY,
        "convolution": BLUE,
        "pooling": ORANGE,
        "shortcut": SKY,
        "dense": GREEN,
        "output": VERMILION,
    }
    rows = -(-len(blocks) // 12)
    columns = -(-len(blocks) // rows)
    left, right, top, bottom, spacing = -0.45, max(columns - 0.45, 6.5), 0.95, -0.95, 1.45
    caption = textwrap.fill(caption, int(17 * (right - left)))  # so many characters go into an inch
    bottom -= spacing * (rows - 1) + 0.15 * caption.count("\n")
    figure = _figure(right - left, top - bottom + 0.5, f"{name}: {parameters:,} parameters")
    axes = figure.subplots()
    axes.set(xlim=(left, right), ylim=(bottom, top), aspect="equal")
    axes.axis("off")
    for index, (kind, label, shape) in enumerate(blocks):
        x, y = index % columns, -spacing * (index // columns)
        axes.add_patch(
            FancyBboxPatch(
                (x - 0.36, y - 0.4),
                0.72,
                0.8,
                boxstyle="round,pad=0,rounding_size=0.08",
                facecolor=colours[kind],
                edgecolor="none",
            )
        )
        axes.text(x, y, label, ha="center", va="center", color="white", fontsize=8.5, fontweight="bold")
        axes.text(x, y - 0.47, shape, ha="center", va="top", color=GREY, fontsize=8)
        if index + 1 < len(blocks) and (index + 1) % columns:
            axes.annotate("", (x + 0.63, y), (x + 0.37, y), arrowprops={"arrowstyle": "-|>", "color": GREY})
    kinds = list(dict.fromkeys(kind for kind, *_ in blocks))
    axes.legend(
        [Rectangle((0, 0), 1, 1, color=colours[kind]) for kind in kinds],
        kinds,
        ncols=len(kinds),
        loc="upper left",
        borderaxespad=0,
        handlelength=1,
        handleheight=1,
    )
    axes.text(-0.36, bottom + 0.05, caption, fontsize=8, color="black", va="bottom")
    return figure


@matplotlib.rc_context(STYLE)
def comparison(
    scores: Mapping[str, Score],
    post: Mapping[str, float],
    parameters: Mapping[str, int],
    seconds: Mapping[str, float],
    dataset: str,
) -> Figure:
    """The networks beside each other and, on MNIST, beside the post's figures.

    Args:
        scores: test score by network.
        post: test accuracy in the post by network; empty where the data is not MNIST.
        parameters, seconds: size and training time by network.
    """
    figure = _figure(10, 4.2, f"The networks compared on {dataset}")
    left, right = figure.subplots(1, 2, gridspec_kw={"width_ratios": (3, 2)})
    _error_rates(left, scores, post)
    for index, name in enumerate(scores):
        right.plot(seconds[name] / 60, parameters[name] / 1e6, MARKERS[index % len(MARKERS)], color=BLUE, markersize=10)
        right.annotate(
            f"{name}\n{percent(scores[name].accuracy)}",
            (seconds[name] / 60, parameters[name] / 1e6),
            (8, 8),
            textcoords="offset points",
            fontsize=9,
        )
    right.set(title="Size and training time", xlabel="training, minutes", ylabel="parameters, millions")
    right.set(xscale="log", yscale="log")
    for axis in (right.xaxis, right.yaxis):
        axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axis.set_minor_locator(NullLocator())
        axis.set_major_formatter("{x:g}")
    right.margins(0.3)
    return figure


def _error_rates(axes: Axes, scores: Mapping[str, Score], post: Mapping[str, float]) -> None:
    names = list(scores)
    y = np.arange(len(names))[::-1]
    height = 0.36 if post else 0.6
    errors = np.array([100 * (1 - scores[name].accuracy) for name in names])
    low = errors - [100 * (1 - scores[name].high) for name in names]
    high = [100 * (1 - scores[name].low) for name in names] - errors
    ours = y + (height / 2 if post else 0)
    axes.barh(ours, errors, height, color=BLUE, label="this project")
    axes.errorbar(errors, ours, xerr=[low, high], fmt="none", ecolor="black", elinewidth=1.2, capsize=3)
    for at, name, error, up in zip(ours, names, errors, high, strict=True):
        axes.annotate(
            f"{error:.2f} % ({scores[name].misses:,} misses)",
            (error + up, at),
            (5, 0),
            textcoords="offset points",
            va="center",
            fontsize=9,
        )
    if post:
        known = [(at, 100 * (1 - post[name])) for at, name in zip(y, names, strict=True) if name in post]
        axes.barh(
            [at - height / 2 for at, _ in known],
            [error for _, error in known],
            height,
            color=ORANGE,
            hatch="//",
            edgecolor="white",
            label="the post",
        )
        for at, error in known:
            axes.annotate(
                f"{error:.2f} %", (error, at - height / 2), (5, 0), textcoords="offset points", va="center", fontsize=9
            )
        axes.legend(loc="lower right")
    n = scores[names[0]].n
    axes.set(
        title=f"Error rate on {n:,} test images, with 95 % interval",
        xlabel="error, % (less is better)",
        yticks=y,
        yticklabels=names,
    )
    axes.grid(axis="y", visible=False)
    axes.margins(x=0.3)


def _blank(axes: Axes, frame: bool = True) -> None:
    axes.set(xticks=[], yticks=[])
    axes.grid(False)
    for spine in axes.spines.values():
        spine.set(visible=frame, color="#D1D5DB")
