"""What learning a hand does, as Markdown and as a figure."""

import digits.learning.plots  # noqa: F401 - before matplotlib

# isort: split
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import cycle

from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from benchmarks.hand.measure import DRAWS, SHOWN, TYPICAL, Change, Results
from digits import markdown
from digits.learning.plots.style import (
    BLUE,
    GREEN,
    GREY,
    MARKERS,
    ORANGE,
    VERMILION,
    Display,
    axes_or_new,
    root,
    styled,
)
from digits.networks import DEFAULT

HEAD = """Made with `python -m benchmarks.hand --strokes FILE …`. {digits} digits by {writers} people of whom no network
has learned. Each is drawn on a canvas and read from its strokes, as in the window; what is rejected counts as misread.
What is not found as one digit ({not_found}) is left out, since a hand does not change that. A person's samples are
drawn {draws} times, and all other digits of the same person are read.
Rates are means over people, and so is the change, with its 95% interval (bootstrap over people); the last column is the
largest rise of the rate of any of them, in points."""
EACH = """So many samples of each digit are kept:"""
CORRECTED = """Only what is misread is corrected, in the order written, and nothing is confirmed:"""
MISTAKES = """What mistakes do:"""
SIDE = """Calibration (expected calibration error of the digits found) and rejection, with {typical} samples of each
digit, as it is → with the hand:"""


def page(results: Results) -> str:
    """plots/hand.md."""
    head = HEAD.format(
        digits=f"{results['digits']:,}", writers=results["writers"], draws=DRAWS, not_found=f"{results['not_found']:,}"
    )
    networks = results["networks"]
    parts = ["# A hand, learned", head, f"![]({FIGURE})", EACH]
    parts.append(_table("samples", {name: value["each"] for name, value in networks.items()}))
    parts += [CORRECTED, _table("course", {name: value["corrected"] for name, value in networks.items()})]
    parts += [MISTAKES, _table("samples", {name: value["mistakes"] for name, value in networks.items()})]
    parts += [SIDE.format(typical=TYPICAL), _side(results)]
    return "\n\n".join(parts) + "\n"


FIGURE = "hand.png"


def _table(what: str, networks: Mapping[str, Mapping[str, Change]]) -> str:
    rows = [(name, label, *_cells(value)) for name, changes in networks.items() for label, value in changes.items()]
    header = ("network", what, "misread", "with the hand", "change", "95% interval", "worst")
    return markdown.table(header, rows, words=(0, 1))


def _cells(value: Change) -> tuple[str, ...]:
    rates = (markdown.percent(rate) for rate in value["rates"])
    counts = (value["before"], value["after"])
    misread = (f"{rate} ({count:,} / {value['n']:,})" for rate, count in zip(rates, counts, strict=True))
    low, high = _signed(value["low"]), _signed(value["high"])
    return (*misread, _signed(relative(value)), f"{low} to {high}", f"{100 * value['worst']:+.2f}".replace("-", "−"))


def relative(value: Change) -> float:
    """The change of the mean rate, as a share of it; 0 where there was nothing to gain."""
    before, after = value["rates"]
    return after / before - 1 if before else 0.0


def _signed(share: float) -> str:
    return f"{share:+.0%}".replace("-", "−")


def _side(results: Results) -> str:
    rows = []
    for name, value in results["networks"].items():
        side = value["side"]
        ece = " → ".join(markdown.percent(share) for share in side["ece"])
        rejected = " → ".join(f"{count:,}" for count in side["rejected"])
        signs = " → ".join(f"{count:,}" for count in side["signs"])
        rows.append((name, ece, rejected, f"{signs} of {side['of_signs']:,}" if side["of_signs"] else "–"))
    header = ("network", "calibration error", "digits rejected", "letters and signs read as digits")
    return markdown.table(header, rows)


def summary(results: Results) -> str:
    """The table in README.md."""
    rows = []
    for name, value in results["networks"].items():
        rows.append((name, *(_course(value["each"][k]) for k in SHOWN)))
    header = ("network", *(f"{k} of each digit" for k in SHOWN))
    return f"{sentence(results)}\n\n{markdown.table(header, rows)}"


def _course(value: Change) -> str:
    before, after = (markdown.percent(rate) for rate in value["rates"])
    return f"{before} → {after} ({_signed(relative(value))})"


def sentence(results: Results) -> str:
    """What it does for a person, in one sentence."""
    value = results["networks"][DEFAULT]["each"][str(TYPICAL)]
    rates = " → ".join(markdown.percent(rate) for rate in value["rates"])
    counts = f"{value['before']:,} → {value['after']:,} of {value['n']:,}"
    return (
        f"**With {TYPICAL} samples of each digit, {DEFAULT} misreads {-relative(value):.0%} fewer of a person's other "
        f"digits**: {rates} ({counts}, {value['writers']} people, {DRAWS} choices of samples each)."
    )


@dataclass
class HandDisplay(Display):
    """The share of digits that are misread by the number of samples of each digit, for each network.

    Args:
        networks: what was measured, by name.
        title: of the figure.

    Attributes:
        ax_: the axes drawn on.
        lines_: by network.
    """

    networks: Mapping[str, Mapping[str, Change]]
    title: str = "A hand, learned"

    @styled
    def plot(self, ax: Axes | None = None) -> "HandDisplay":
        """Draw on ``ax``, or on a new figure's."""
        self.ax_ = ax = axes_or_new(ax, 7, 4.4, self.title)
        self.figure_ = root(ax)
        self.lines_ = {}
        colours, markers = cycle((BLUE, ORANGE, GREEN, VERMILION)), cycle(MARKERS)
        for (name, changes), colour, marker in zip(self.networks.items(), colours, markers, strict=False):
            sizes = [*map(int, changes)]
            before, after = zip(*(value["rates"] for value in changes.values()), strict=True)
            ax.plot(sizes, before, color=colour, linestyle=":", linewidth=1.5)
            (self.lines_[name],) = ax.plot(sizes, after, color=colour, marker=marker, label=name)
            ax.set_xticks(sizes)
        ax.plot([], [], color=GREY, linestyle=":", linewidth=1.5, label="the same digits without the hand")
        ax.set(xlabel="samples of each digit", ylabel="of a person's other digits misread", ylim=(0, None))
        ax.yaxis.set_major_formatter(PercentFormatter(1))
        ax.legend()
        return self
