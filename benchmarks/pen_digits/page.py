"""Results on pen-drawn digits as Markdown and as figures."""

from collections.abc import Mapping, Sequence
from typing import Literal

from benchmarks.accuracy import AccuracyMetrics
from benchmarks.pen_digits.measure import REFERENCE, Gallery, Results
from digits import markdown
from digits.learning import calibration
from digits.learning.calibration import Reliability
from digits.learning.plots.calibration import ReliabilityDisplay, RiskCoverageDisplay
from digits.learning.plots.network import GalleryDisplay
from digits.learning.plots.style import Figure
from digits.networks import CORE

SINGLES: tuple[tuple[Literal["singles", "edge", "pen 3", "pen 5", "pen 14", "pen 24"], str], ...] = (
    ("singles", "8 px pen"),
    ("edge", "8 px pen, touching an edge"),
    ("pen 3", "3 px pen"),
    ("pen 5", "5 px pen"),
    ("pen 14", "14 px pen"),
    ("pen 24", "24 px pen"),
)
NUMBERS: tuple[tuple[Literal["numbers apart", "numbers near"], str], ...] = (
    ("numbers apart", "0.08 – 0.35"),
    ("numbers near", "0 – 0.1, some touch"),
)
HEAD = """Made with `python -m benchmarks.pen_digits --strokes FILE` from {n} digits that people drew with a pen. Each
is drawn on a canvas of 640×480 pixels, its longer side 90 to 220 pixels, and read from the picture as `--image` does.
Each accuracy is followed by misses / n in brackets. The networks were trained on MNIST only. The stroke width of the
crop ({stroke:g} of 28 pixels) and the rejection thresholds were chosen on these digits, so the accuracies are slightly
optimistic."""
JUNK = """How often no digit is read, which is correct here; a miss is a drawing in which a digit is read. The last row
is the share of real digits that are rejected."""
CALIBRATION = """Expected calibration error: the absolute difference between confidence and accuracy in {bins} bins of
equal width, averaged over the digits that were found as one digit, before rejection. Each network's temperature was
fitted on MNIST's validation images, not on these digits."""
RISK_COVERAGE = """Error rate if only the most confident answers are given. Marks: with the rejection as shipped."""


def page(results: Results) -> str:
    """The page ``pen_digits.md``."""
    names = list(results["singles"])
    votes = "; ".join(f"{name} {_cell(value)}" for name, value in results["votes"].items())
    parts = [
        "# Pen-drawn digits",
        HEAD.format(n=f"{results['digits']:,}", stroke=results["stroke_width"]),
        "## Single digits: found as one digit and read correctly",
        markdown.table(("", *names), [(title, *_cells(results[key], names)) for key, title in SINGLES]),
        f"Found as exactly one digit (8 px pen): {_cell(results['found'])}.",
        f"{markdown.in_words(CORE)} voting (8 px pen): {votes}.",
        "## Numbers of three to six digits in a row",
        _numbers_table(results, names),
        "## Crops compared",
        markdown.table(("crop", *names), [(way, *_cells(row, names)) for way, row in results["crops"].items()]),
        "## Drawings that are not digits",
        JUNK,
        _junk_table(results, names),
        "## Calibration",
        CALIBRATION.format(bins=calibration.BINS),
        _calibration_table(results),
        "![accuracy by confidence](pen_digits_reliability.png)",
        "## Risk–coverage curve",
        RISK_COVERAGE,
        "![risk–coverage curve](pen_digits_risk_coverage.png)",
        "## The most confident misses",
        "![misses](pen_digits_misses.png)",
    ]
    return "\n\n".join(parts) + "\n"


def summary(results: Results) -> str:
    """The table in the README."""
    names = list(results["singles"])
    rows = [
        ("single digit, cropped as in the reference", *_cells(results["crops"][REFERENCE], names)),
        ("single digit", *_cells(results["singles"], names)),
        ("single digit touching an edge", *_cells(results["edge"], names)),
        ("number of 3 to 6 digits, all correct", *_cells(results["numbers apart"]["image"], names)),
        ("single digit, 3 px pen", *_cells(results["pen 3"], names)),
        ("single digit, 24 px pen", *_cells(results["pen 24"], names)),
    ]
    return markdown.table(("drawn", *names), rows)


def figures(results: Results) -> dict[str, Figure]:
    """The figures that show what the results hold, by kind."""
    curves = results["risk_coverage"]
    displays = {
        "risk_coverage": RiskCoverageDisplay(
            {name: calibration.risk_coverage(**value["curve"]) for name, value in curves.items()},
            "Pen-drawn digits: risk–coverage curve",
            "digits",
            {name: (value["coverage"], value["risk"]) for name, value in curves.items()},
        ),
        "reliability": ReliabilityDisplay(
            {name: Reliability.from_json(value["after"]) for name, value in results["calibration"].items()},
            "Pen-drawn digits: accuracy by confidence",
            "digits",
        ),
    }
    return {kind: display.plot().figure_ for kind, display in displays.items()}


def gallery_figure(gallery: Gallery) -> Figure:
    """The most confident misses."""
    shown = len(gallery.images)
    which = f"the {shown} most confident of" if shown < gallery.misses else "all"
    title = f"{gallery.network} on pen-drawn digits: {which} {gallery.misses:,} misses in {gallery.n:,} digits"
    display = GalleryDisplay(gallery.images, gallery.labels, gallery.read, gallery.confidence, title)
    return display.plot().figure_


def _numbers_table(results: Results, names: Sequence[str]) -> str:
    columns = ("count", *names)
    rows = [(title, known, *_cells(results[key][known], columns)) for key, title in NUMBERS for known in results[key]]
    header = (
        "gap / size of a digit",
        "read from",
        "correct count and order",
        *(f"{name}, all correct" for name in names),
    )
    return markdown.table(header, rows, words=(0, 1))


def _junk_table(results: Results, names: Sequence[str]) -> str:
    junk = results["junk"]
    rows = [(kind, *(_cell(junk[name][kind]) for name in names)) for kind in junk[names[0]]]
    singles = [results["singles"][name] for name in names]
    rejected = [
        f"{markdown.percent(value['rejected'] / value['rejected_of'])} "
        f"({markdown.misses_of(value['rejected'], value['rejected_of'])})"
        for value in singles
    ]
    return markdown.table(("drawn", *names), [*rows, ("**digits, rejected** (should be few)", *rejected)])


def _calibration_table(results: Results) -> str:
    rows = []
    for name, value in results["calibration"].items():
        before, after = value.get("before"), value["after"]
        rows.append(
            (
                name,
                markdown.percent(before["ece"]) if before else "",
                markdown.percent(after["ece"]),
                markdown.percent(after["adaptive_ece"]),
                f"{sum(after['n']):,}",
            )
        )
    return markdown.table(("", "as trained", "as saved", "as saved, bins of equal size", "n"), rows)


def _cells(accuracies: Mapping[str, AccuracyMetrics], names: Sequence[str]) -> list[str]:
    return [_cell(accuracies[name]) for name in names]


def _cell(value: AccuracyMetrics) -> str:
    return markdown.accuracy(value["misses"], value["n"])
