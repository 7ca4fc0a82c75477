"""Photographed pages as Markdown, and a picture of one that is hard."""

import digits.learning.plots  # noqa: F401 - before matplotlib

# isort: split
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from benchmarks.pages.drawing import Image
from benchmarks.pages.measure import MIXED, NAMES, Condition, Results
from digits import markdown
from digits.learning.plots.style import BLUE, GREY, blank, new_figure, styled
from digits.networks import DEFAULT
from digits.reading.photograph import PageInk
from digits.reading.recognizer import Reading

FIGURE = "pages.png"
HEAD = """Made with `python -m benchmarks.pages --handwriting FILE …`. Numbers of two to six digits by {writers} writers
whom training left out are written on pages, four on each, and photographed by a program; {network} reads them. The
numbers are the same in every condition, pens and sizes are not. A number is missed unless it is read exactly, with
nothing added. *Without a photograph* is what is missed when the same ink is read as it was drawn, which shows what the
page itself costs. *Lines beyond* were read where nothing was written."""
#: What each condition is, as the table says it.
TITLES = {
    "clean": "clean, as scanned",
    "ruled": "ruled paper",
    "squared": "squared paper",
    "table": "a table",
    "form": "a form, a box for each digit",
    "frame": "a frame around the page",
    "underlined": "each number underlined",
    "light": "light from one side",
    "shadow": "a shadow with an edge",
    "vignette": "dark corners",
    "blur": "blur",
    "noise": "noise",
    "JPEG 40-90": "JPEG of quality 40 to 90",
    "perspective": "perspective, up to 25°",
    "turned": "turned, up to 15°",
    "desk": "a sheet on its desk",
    "pencil": "pencil",
    "thin pen": "a thin pen",
    "marker": "a marker",
    "coloured pens": "coloured pens",
    "0.3 megapixels": "0.3 megapixels",
    "12 megapixels": "12 megapixels",
    MIXED: "all of it, mixed",
}


def table(results: Results) -> str:
    """The table of all conditions."""
    rows = [(TITLES[name], *_cells(results["conditions"][name])) for name in NAMES]
    return markdown.table(("page", "numbers read exactly", "without a photograph", "lines beyond"), rows)


def _cells(one: Condition) -> tuple[str, ...]:
    return (
        markdown.accuracy(one["missed"], one["n"]),
        markdown.accuracy(one["unread"], one["n"]),
        f"{one['beyond']:,}",
    )


def page(results: Results) -> str:
    """The page of the results."""
    head = HEAD.format(writers=results["writers"], network=DEFAULT)
    return f"# Photographed pages\n\n{head}\n\n{table(results)}\n\n![a hard page]({FIGURE})\n"


def summary(results: Results) -> str:
    """The part of README.md."""
    return table(results)


@styled
def figure(photograph: Image, found: PageInk, reading: Reading) -> Figure:
    """A photograph, the page that is found in it, and what is read there."""
    made = new_figure(11, 4.6)
    before, after = made.subplots(1, 2)
    for axes, shown, title in ((before, photograph, "the photograph"), (after, found.image, "as it is read")):
        blank(axes)
        axes.imshow(shown)
        axes.set_title(title)
    size = max(found.image.shape) / 100
    for digit in reading.digits:
        x, y, width, height = digit.box
        colour = BLUE if digit.digit is not None else GREY
        after.add_patch(Rectangle((x, y), width, height, fill=False, edgecolor=colour, linewidth=0.8))
        after.text(x + width / 2, y - size, digit.text, color=colour, ha="center", va="bottom", fontsize=8)
    return made
