"""What learning a person's hand does, writer by writer, with every network.

    python -m benchmarks.hand --strokes pendigits-orig.tes
    python -m benchmarks.hand --handwriting FILE ...

--strokes are digits by people whose handwriting no network has learned from; the published results are of the test part
of UCI's Pen-Based Recognition of Handwritten Digits. --handwriting are the files that test.py was given: only the
writers that training left out are used, to choose by, and nothing is written unless --output says where. Each person
labels some digits, the others are read before and after. What is measured are so many samples of each digit; digits
that are corrected only where they are misread, in the order written; and mistakes.

Writes hand.json, hand.md and hand.png; python -m benchmarks.readme puts the summary into README.md.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from benchmarks import published
from benchmarks.hand.measure import Page, Results, Writer, network
from benchmarks.hand.page import FIGURE, HandDisplay, page
from benchmarks.networks import digests, file_of, open_lines
from digits import command_line
from digits.errors import UserError, writing
from digits.files import write_json, write_text
from digits.learning import card, handwriting
from digits.learning.handwriting import Handwriting
from digits.learning.plots import style
from digits.line_image import NO_DIGIT
from digits.networks import MODELS
from digits.publishing import exclusive, home, settle, staging
from digits.reading.classifier import Classifier

FILES = ("hand.json", "hand.md", FIGURE)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run with the given command line. Returns the exit code."""
    return command_line.run("benchmarks.hand", lambda: _work(arguments), "nothing was written")


def _work(arguments: Sequence[str] | None) -> int:
    options = _parser().parse_args(arguments)
    settle(home(options.models)[0])
    if options.strokes:
        people = handwriting.load(options.strokes)
        _refuse_taught(options.models, people)
    else:
        people = handwriting.load(options.handwriting).split()[1]
    results = _measured(people, options.models)
    print(page(results), flush=True)
    output = options.output or (published.PLOTS if options.strokes else None)
    if output is None:
        return 0
    folder, name = home(output)
    planned = [str(PurePosixPath(name, file)) for file in FILES]
    with exclusive(folder) as writer, staging(writer, planned) as staged, writing(folder):
        write_json(staged.file(name, "hand.json"), results)
        write_text(staged.file(name, "hand.md"), page(results))
        shown = {name: value["each"] for name, value in results["networks"].items()}
        style.save(HandDisplay(shown).plot().figure_, staged.file(name, FIGURE))
    return 0


def _measured(people: Handwriting, models: Path) -> Results:
    """Everything, one network after the other.

    Raises:
        UserError: a network cannot be used, or was replaced meanwhile; or nobody has written enough.
    """
    before, lines = digests(models), open_lines(models)
    by_writer = people.by_writer()
    pages = []
    for written in by_writer.values():
        if sum(character.label != NO_DIGIT for character in written):
            pages.append(Page.of(written, lines))
    _report(f"{len(pages)} people's digits are found")
    found = {}
    for name in MODELS:
        classifier = Classifier(file_of(models, name))
        found[name] = network([Writer.of(one, classifier) for one in pages])
        _report(name)
    if digests(models) != before:
        raise UserError(f"the networks in {models} were replaced while they were measured; measure again")
    n = sum(int((one.labels != NO_DIGIT).sum()) for one in pages)
    missed = sum(int((~one.found & (one.labels != NO_DIGIT)).sum()) for one in pages)
    return Results(
        files=dict(people.files), writers=len(pages), digits=n, not_found=missed, networks=found, models=before
    )


def _refuse_taught(models: Path, people: Handwriting) -> None:
    for name in MODELS:
        learned = card.read(models / f"{name}.json").get("handwriting", {})
        if {*learned.values()} & {*people.files.values()}:
            raise UserError(f"{name} has learned from {', '.join(people.files)}; give digits by other people")


def _parser() -> argparse.ArgumentParser:
    parser = command_line.OneLineParser(
        "python -m benchmarks.hand", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    given = parser.add_mutually_exclusive_group(required=True)
    given.add_argument("--strokes", type=Path, nargs="+", metavar="FILE", help="digits by other people")
    given.add_argument("--handwriting", type=Path, nargs="+", metavar="FILE", help="what was learned from")
    parser.add_argument("--models", type=Path, default=published.MODELS, metavar="DIR", help="the networks")
    parser.add_argument(
        "--output", type=Path, metavar="DIR", help="where the results go; default with --strokes: plots/"
    )
    return parser


def _report(title: str) -> None:
    print(f"measured: {title}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
