"""How well pen-drawn digits are read: single digits, numbers, edges, pens, and drawings that are not digits.

    python -m benchmarks.pen_digits --strokes pen-digits.json.gz

The file holds a JSON list (gzipped or not) of {"digit": 0-9, "writer": int, "strokes": [[[x, y], ...], ...]}, y
downwards. The published results are of UCI's Pen-Based Recognition of Handwritten Digits (Alimoglu & Alpaydin 1996,
original trajectories), converted to this form. Each digit is drawn on a canvas of 640×480 pixels, 90 to 220 pixels
large, and read from the picture, as --image does. Nothing is trained on these digits.

Writes pen_digits.json, pen_digits.md and three figures; python -m benchmarks.readme puts the summary into README.md.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from benchmarks import published
from benchmarks.networks import digests
from benchmarks.pen_digits.drawing import open_entries
from benchmarks.pen_digits.measure import measure
from benchmarks.pen_digits.page import figures, gallery_figure, page
from digits import command_line
from digits.errors import UserError, writing
from digits.files import write_json, write_text
from digits.learning import card
from digits.learning.plots import style
from digits.networks import MODELS
from digits.publishing import exclusive, home, settle, staging

FIGURES = ("misses", "risk_coverage", "reliability")
FILES = ("pen_digits.json", "pen_digits.md", *(f"pen_digits_{kind}.png" for kind in FIGURES))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run with the given command line. Returns the exit code."""
    return command_line.run("benchmarks.pen_digits", lambda: _work(arguments), "nothing was written")


def _work(arguments: Sequence[str] | None) -> int:
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.limit and options.output is None:
        parser.error("--limit goes with --output DIR: a quick look does not replace the published results")
    options.output = options.output or published.PLOTS
    entries = open_entries(options.strokes)
    if options.limit:
        entries = entries[:: max(1, len(entries) // options.limit)][: options.limit]
    settle(home(options.models)[0])
    cards = {name: card.read(options.models / f"{name}.json") for name in MODELS}
    temperatures = {name: made["calibration"]["temperature"] for name, made in cards.items()}
    before = digests(options.models)
    folder, name = home(options.output)
    planned = [str(PurePosixPath(name, file)) for file in FILES]
    with exclusive(folder) as writer:
        writer.check(planned)
        results, gallery = measure(entries, options.models, temperatures, options.limit, options.jobs, _report)
        if results["models"] != before:
            raise UserError(f"the networks in {options.models} were replaced while they were measured; measure again")
        text = page(results)
        with staging(writer, planned) as staged, writing(folder):
            write_json(staged.file(name, "pen_digits.json"), results)
            write_text(staged.file(name, "pen_digits.md"), text)
            for kind, figure in {"misses": gallery_figure(gallery), **figures(results)}.items():
                style.save(figure, staged.file(name, f"pen_digits_{kind}.png"))
        print(text, flush=True)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = command_line.OneLineParser(
        "python -m benchmarks.pen_digits", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--strokes", type=Path, required=True, metavar="FILE", help="the pen-drawn digits")
    parser.add_argument("--models", type=Path, default=published.MODELS, metavar="DIR", help="the networks")
    parser.add_argument("--output", type=Path, metavar="DIR", help="where the results go; default: plots/")
    parser.add_argument(
        "--limit",
        type=command_line.number(int, 1),
        metavar="N",
        help="with --output: only N digits, numbers and drawings that are not digits, for a quick look",
    )
    parser.add_argument(
        "--jobs",
        type=command_line.number(int, 1),
        default=-1,
        metavar="N",
        help="processes (default: as many as cores)",
    )
    return parser


def _report(title: str) -> None:
    print(f"measured: {title}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
