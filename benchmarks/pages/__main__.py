"""How well numbers on photographed and scanned pages are read, by kind of page.

    python -m benchmarks.pages --handwriting FILE ...

Pages are written with strokes of the writers whom training left out of --handwriting, the files that test.py was given,
and photographed by a program: paper, ruling, light, lens, pen and resolution, each alone and all of it mixed.

Writes pages.json, pages.md and pages.png; python -m benchmarks.readme puts the table into README.md.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from benchmarks import published
from benchmarks.networks import file_of, open_lines
from benchmarks.pages.measure import MIXED, PAGES, Hands, measure, page_of
from benchmarks.pages.page import FIGURE, figure, page
from benchmarks.pen_digits.drawing import hands
from digits import command_line
from digits.errors import UserError, writing
from digits.files import write_json, write_text
from digits.learning import handwriting
from digits.learning.plots import style
from digits.networks import DEFAULT
from digits.publishing import exclusive, home, settle, staging
from digits.reading.classifier import Classifier
from digits.reading.photograph import page_ink
from digits.reading.recognizer import read_segments

FILES = ("pages.json", "pages.md", FIGURE)
SHOWN = 0  #: number of the mixed page that is shown


def main(arguments: Sequence[str] | None = None) -> int:
    """Run with the given command line. Returns the exit code."""
    return command_line.run("benchmarks.pages", lambda: _work(arguments), "nothing was written")


def _work(arguments: Sequence[str] | None) -> int:
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.pages and options.output is None:
        parser.error("--pages goes with --output DIR: a quick look does not replace the published results")
    settle(home(options.models)[0])
    people = handwriting.load(options.handwriting)
    by_hand = hands(people.split()[1].by_writer())
    if not by_hand:
        raise UserError("nobody whom training left out has written enough; give the files that test.py was given")
    folder, name = home(options.output or published.PLOTS)
    planned = [str(PurePosixPath(name, file)) for file in FILES]
    with exclusive(folder) as writer:
        writer.check(planned)
        results = measure(by_hand, people.files, options.models, options.pages or PAGES, _report)
        with staging(writer, planned) as staged, writing(folder):
            write_json(staged.file(name, "pages.json"), results)
            write_text(staged.file(name, "pages.md"), page(results))
            _show(by_hand, options.models, staged.file(name, FIGURE))
    print(page(results), flush=True)
    return 0


def _show(by_hand: Hands, models: Path, path: Path) -> None:
    """Draw a hard page as it is read."""
    lines, network = open_lines(models), Classifier(file_of(models, DEFAULT))
    image = page_of(MIXED, by_hand, SHOWN).image
    found = page_ink(image, lines)
    style.save(figure(image, found, read_segments(found.segments, network)), path)


def _parser() -> command_line.OneLineParser:
    parser = command_line.OneLineParser(
        "python -m benchmarks.pages", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--handwriting", type=Path, nargs="+", required=True, metavar="FILE", help="what test.py was given")
    add("--models", type=Path, default=published.MODELS, metavar="DIR", help="the networks")
    add("--pages", type=command_line.number(int, 1, most=1000), metavar="N", help=f"of each kind; default {PAGES}")
    add("--output", type=Path, metavar="DIR", help="where the results go; default plots/")
    return parser


def _report(title: str) -> None:
    print(f"measured: {title}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
