"""How well pen-drawn digits are read: single digits, numbers, edges, pens, and drawings that are not digits.

    python -m benchmarks.pen_digits --strokes pendigits-orig.tes --handwriting FILE ...

--strokes are digits by people whose handwriting nothing has learned from; the published results are of the test part of
UCI's Pen-Based Recognition of Handwritten Digits (Alimoglu & Alpaydin 1996, original trajectories). --handwriting are
the files that test.py was given. Of these only the writers that training leaves out are used, for numbers, letters and
signs. Both may be JSON or UNIPEN's text, packed with gzip or not. Each digit is drawn on a canvas of 640×480 pixels, 90
to 220 pixels large, and read from the picture, as --image does, or from its strokes, as the window does.

Writes pen_digits.json, pen_digits.md and three figures; python -m benchmarks.readme puts the summary into README.md.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from benchmarks import published
from benchmarks.pen_digits.measure import files_of, measure
from benchmarks.pen_digits.page import figures, gallery_figure, page
from benchmarks.pen_digits.samples import Samples
from digits import command_line
from digits.errors import UserError, writing
from digits.files import write_json, write_text
from digits.learning import card, handwriting
from digits.learning.handwriting import Handwriting
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
    settle(home(options.models)[0])
    strokes, learned_from = handwriting.load([options.strokes]), handwriting.load(options.handwriting)
    samples = Samples.of(strokes, learned_from, _taught(options.models, strokes), options.limit or 0)
    before = files_of(options.models)
    folder, name = home(options.output)
    planned = [str(PurePosixPath(name, file)) for file in FILES]
    with exclusive(folder) as writer:
        writer.check(planned)
        results, gallery = measure(samples, options.models, options.limit, options.jobs, _report)
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


def _taught(models: Path, strokes: Handwriting) -> list[str]:
    """The networks that have learned from handwriting.

    Raises:
        UserError: a card cannot be read, or a network has learned from the strokes.
    """
    files = {name: card.read(models / f"{name}.json").get("handwriting", {}) for name in MODELS}
    for name, learned in files.items():
        if {*learned.values()} & {*strokes.files.values()}:
            raise UserError(f"{name} has learned from {', '.join(strokes.files)}; give digits by other people")
    return [name for name, learned in files.items() if learned]


def _parser() -> argparse.ArgumentParser:
    parser = command_line.OneLineParser(
        "python -m benchmarks.pen_digits", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--strokes", type=Path, required=True, metavar="FILE", help="digits by other people")
    parser.add_argument(
        "--handwriting", type=Path, required=True, nargs="+", metavar="FILE", help="what was learned from"
    )
    parser.add_argument("--models", type=Path, default=published.MODELS, metavar="DIR", help="the networks")
    parser.add_argument("--output", type=Path, metavar="DIR", help="where the results go; default: plots/")
    parser.add_argument(
        "--limit",
        type=command_line.number(int, 1),
        metavar="N",
        help="with --output: only N digits, signs, numbers and drawings of each kind, for a quick look",
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
