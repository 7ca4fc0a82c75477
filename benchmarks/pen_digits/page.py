"""Results on pen-drawn digits as Markdown and as figures."""

from collections.abc import Mapping, Sequence
from typing import Literal

from benchmarks.accuracy import AccuracyMetrics
from benchmarks.pen_digits.crops import REFERENCE
from benchmarks.pen_digits.drawing import AT, HEIGHTS, THICK, THIN
from benchmarks.pen_digits.measure import GAPS, Gallery, Results
from digits import markdown
from digits.learning import calibration
from digits.learning.calibration import Reliability
from digits.learning.plots.calibration import ReliabilityDisplay, RiskCoverageDisplay
from digits.learning.plots.network import GalleryDisplay
from digits.learning.plots.style import Figure
from digits.networks import CORE, DEFAULT, LINE

SINGLES: tuple[
    tuple[Literal["singles", "from strokes", "edge", "pen 2", "pen 3", "pen 14", "pen 24"], str, str], ...
] = (
    ("singles", "8 px pen", "image"),
    ("from strokes", "8 px pen", "strokes"),
    ("edge", "8 px pen, touching an edge", "image"),
    ("pen 2", "2 px pen", "image"),
    ("pen 3", "3 px pen", "image"),
    ("pen 14", "14 px pen", "image"),
    ("pen 24", "24 px pen", "image"),
)
NUMBERS: tuple[tuple[Literal["numbers apart", "numbers tight", "numbers touching"], str], ...] = (
    ("numbers apart", "apart"),
    ("numbers tight", "tight"),
    ("numbers touching", "touching"),
)
WORST = 10  #: signs that are listed
UP_TO = (0, 1, 4)  #: misses of a writer in the first columns of the table of writers

HEAD = """Made with `python -m benchmarks.pen_digits --strokes FILE --handwriting FILE …`. The {n} single digits are by
{writers} people whose handwriting nothing has learned from; the numbers, letters and signs by {left_out} people who
were left out of training. Each accuracy is followed by misses / n in brackets.

{learned} Settings and thresholds, such as the confidence below which a digit is rejected ({confidence:g}) and the
stroke width of the crop ({stroke:g} of 28 pixels), were chosen on MNIST's validation images and on the handwriting that
is learned from or left out of training, so that the figures of the latter may be slightly optimistic."""
DRAWN = """Each is drawn on a canvas of 640×480 pixels, its longer side 90 to 220 pixels, and read from the picture, as
`--image` does, or from its strokes, as the window does. Correct is what is found as exactly one digit, not rejected,
and read correctly."""
REJECTED = """Share of what was found that is rejected, and of digits that were found as something else than one:"""
WRITERS = """Writers by their number of misses (8 px pen, from the image), and the most that one of them has:"""
ROW = """Two to six digits, all by one writer who was left out of training, {heights} pixels high, with a pen of
{pens} pixels for a digit of {at}. The gap is that between the boxes of neighbours' ink, as a share of the digits'
height; below 0 the boxes overlap. Correct is a number of which every digit is, and in which nothing else is found."""
CROPS = """All ink of a drawing (8 px pen) as one crop, read by each network alone: nothing is segmented and nothing
rejected. The last is this project's crop."""
NONE = """How often no digit is read, which is correct here; a miss is a drawing in which a digit is read. Letters and
signs are by the writers left out of training, without those that look like a digit, and drawn like single digits (8 px
pen). Straight lines that are steeper than 45° may be a 1 and are left out. The last row is the share of real digits
that are rejected."""
SIGNS = """Signs in which {name} most often reads a digit: """
CALIBRATION = """Expected calibration error: the absolute difference between confidence and accuracy in {bins} bins of
equal width, averaged over the digits that were found as one digit (8 px pen), before rejection. What is shown as
confidence combines the network's answer with that of {line}. Nothing was fitted on these digits."""
NUMBER_CALIBRATION = """The same of whole numbers (all gaps, from the image): the confidence is that all digits are
right and as many as there are, and 0 where one is rejected."""
RISK_COVERAGE = """Error rate if only the most confident answers are given. Marks: with the rejection as shipped."""


def page(results: Results) -> str:
    """The page ``pen_digits.md``."""
    names = list(results["singles"])
    votes = "; ".join(f"{name} {_cell(value)}" for name, value in results["votes"].items())
    parts = [
        "# Pen-drawn digits",
        _head(results, names),
        "## Single digits",
        DRAWN,
        _singles_table(results, names),
        f"{markdown.in_words(CORE)} voting (8 px pen): {votes}.",
        REJECTED,
        _rejected_table(results, names),
        WRITERS,
        _writers_table(results, names),
        "## Numbers of two to six digits",
        ROW.format(heights="{} to {}".format(*HEIGHTS), pens=f"{THIN} to {THICK}", at=AT),
        _numbers_table(results, names),
        "## Crops compared",
        CROPS,
        markdown.table(("crop", *names), [(way, *_cells(row, names)) for way, row in results["crops"].items()]),
        "## What is not a digit",
        NONE,
        _none_table(results, names),
        *_worst_signs(results),
        "## Calibration",
        CALIBRATION.format(bins=calibration.BINS, line=LINE),
        _calibration_table(results),
        NUMBER_CALIBRATION,
        _number_calibration_table(results),
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
        ("single digit, 2 px pen", *_cells(results["pen 2"], names)),
        ("single digit, 24 px pen", *_cells(results["pen 24"], names)),
        ("number of 2 to 6 digits, apart", *_cells(results["numbers apart"]["image"], names)),
        ("number of 2 to 6 digits, tight", *_cells(results["numbers tight"]["image"], names)),
        ("number of 2 to 6 digits, touching", *_cells(results["numbers touching"]["image"], names)),
        ("letter or sign, no digit read", *_cells(results["signs"], names)),
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
            {name: Reliability.from_json(value["together"]) for name, value in results["calibration"].items()},
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


def _head(results: Results, names: Sequence[str]) -> str:
    taught = [name for name in names if name in results["taught"]]
    others = [name for name in names if name not in taught]
    said = [f"{markdown.in_words(others)} learned from MNIST alone"] if others else []
    said.append(f"{markdown.in_words([*taught, LINE])} from MNIST and the handwriting of further people")
    return HEAD.format(
        n=f"{results['digits']:,}",
        writers=results["people"]["writers"],
        left_out=results["left out"]["writers"],
        learned="; ".join(said) + ".",
        confidence=results["confidence"],
        stroke=results["stroke_width"],
    )


def _singles_table(results: Results, names: Sequence[str]) -> str:
    rows = [(title, known, *_cells(results[key], names)) for key, title, known in SINGLES]
    return markdown.table(("drawn with", "read from", *names), rows, words=(0, 1))


def _rejected_table(results: Results, names: Sequence[str]) -> str:
    rows = []
    for key, title, known in SINGLES:
        not_one = results["found"][key]
        rows.append(
            (
                title,
                known,
                *(_share(results[key][name]["rejected"], results[key][name]["rejected_of"]) for name in names),
                _share(not_one["misses"], not_one["n"]),
            )
        )
    header = ("drawn with", "read from", *(f"{name} rejects" for name in names), "not found as one")
    return markdown.table(header, rows, words=(0, 1))


def _writers_table(results: Results, names: Sequence[str]) -> str:
    rows = []
    for name in names:
        misses = [own["misses"] for own in results["by writer"][name].values()]
        counts, low = [], -1
        for high in UP_TO:
            counts.append(sum(low < missed <= high for missed in misses))
            low = high
        worst = max(results["by writer"][name].values(), key=lambda own: own["misses"])
        counts.append(len(misses) - sum(counts))
        rows.append((name, *map(str, counts), markdown.misses_of(worst["misses"], worst["n"])))
    return markdown.table(("writers with", "no miss", "1", "2 to 4", "5 or more", "the most"), rows)


def _numbers_table(results: Results, names: Sequence[str]) -> str:
    columns = ("count", *names)
    rows = [
        (f"{title}, {_gap(*GAPS[title])}", known, *_cells(results[key][known], columns))
        for key, title in NUMBERS
        for known in results[key]
    ]
    header = ("gap", "read from", "as many digits as there are", *(f"{name}, all correct" for name in names))
    return markdown.table(header, rows, words=(0, 1))


def _gap(low: float, high: float) -> str:
    return f"{low:g} to {high:g}".replace("-", "−")


def _none_table(results: Results, names: Sequence[str]) -> str:
    junk = results["junk"]
    rows = [("letters and signs", *_cells(results["signs"], names))]
    rows += [(kind, *(_cell(junk[name][kind]) for name in names)) for kind in junk[names[0]]]
    singles = [results["singles"][name] for name in names]
    rejected = [_share(value["rejected"], value["rejected_of"]) for value in singles]
    return markdown.table(("drawn", *names), [*rows, ("**digits, rejected** (should be few)", *rejected)])


def _worst_signs(results: Results) -> list[str]:
    """A paragraph, if a digit was read in any sign."""
    by_misses = sorted(results["by sign"].items(), key=lambda item: (-item[1]["misses"], item[0]))
    listed = [f"`{sign}` {own['misses']} / {own['n']}" for sign, own in by_misses[:WORST] if own["misses"]]
    return [f"{SIGNS.format(name=DEFAULT)}{', '.join(listed)}."] if listed else []


def _calibration_table(results: Results) -> str:
    rows = [
        (
            name,
            markdown.percent(value["alone"]["ece"]),
            markdown.percent(value["together"]["ece"]),
            markdown.percent(value["together"]["adaptive_ece"]),
            f"{sum(value['together']['n']):,}",
        )
        for name, value in results["calibration"].items()
    ]
    return markdown.table(("", "the network alone", "as shown", "as shown, bins of equal size", "n"), rows)


def _number_calibration_table(results: Results) -> str:
    rows = []
    for name, value in results["number calibration"].items():
        n = sum(value["n"])
        mean = sum(count * confidence for count, confidence in zip(value["n"], value["confidence"], strict=True)) / n
        right = markdown.accuracy(n - sum(value["correct"]), n)
        rows.append((name, right, *map(markdown.percent, (mean, value["ece"], value["adaptive_ece"]))))
    header = ("", "right", "mean confidence", "calibration error", "bins of equal size")
    return markdown.table(header, rows)


def _cells(accuracies: Mapping[str, AccuracyMetrics], names: Sequence[str]) -> list[str]:
    return [_cell(accuracies[name]) for name in names]


def _cell(value: AccuracyMetrics) -> str:
    return markdown.accuracy(value["misses"], value["n"])


def _share(part: int, n: int) -> str:
    return f"{markdown.percent(part / n)} ({markdown.misses_of(part, n)})"
