"""Which network for which user, with accuracy, times, sizes and tests of the differences.

    python -m benchmarks.recommendation --data mnist.npz

Reads MNIST's test images with every network and with the three core networks voting, through OpenCV as the window
does, and times it. Everything else comes from results.json (python test.py) and pen_digits.json (python -m
benchmarks.pen_digits), which must be of the same networks.

Writes recommendation.json, recommendation.md and a figure of error by cost; python -m benchmarks.readme puts the
summary into README.md.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

from benchmarks import published
from benchmarks.networks import digests, file_of, open_lines, read_networks
from benchmarks.pen_digits.measure import Results
from benchmarks.pen_digits.measure import check as check_pen_digits
from benchmarks.recommendation.findings import findings
from benchmarks.recommendation.measure import CALLS, ROUNDS, measure
from benchmarks.recommendation.page import page
from benchmarks.recommendation.plots import ParetoDisplay
from digits import command_line
from digits.errors import UserError, writing
from digits.files import write_json, write_text
from digits.learning import dataset
from digits.learning.card import Card
from digits.learning.plots import style
from digits.networks import LINE
from digits.publishing import Writer, exclusive, home, settle, staging

FILES = ("recommendation.json", "recommendation.md", "recommendation_pareto.png")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run with the given command line. Returns the exit code."""
    return command_line.run("benchmarks.recommendation", lambda: _work(arguments), "nothing was written")


def _work(arguments: Sequence[str] | None) -> int:
    options = _parser().parse_args(arguments)
    settle(home(options.models)[0])
    if not options.plots.is_dir():
        raise UserError(f"there is no folder {options.plots} with the other results; check --plots")
    with exclusive(home(options.plots)[0], "--plots DIR") as writer:  # these results and the others belong together
        return _measure(options, options.plots, writer)


def _measure(options: argparse.Namespace, folder: Path, writer: Writer) -> int:
    cards = published.read_cards(folder)
    pen = published.read(folder / "pen_digits.json", Results, published.PEN_DIGITS, check_pen_digits)
    data = dataset.load(options.data)
    check(folder, options.models, data.digest, cards, pen)
    name = home(folder)[1]
    planned = [str(PurePosixPath(name, file)) for file in FILES]
    writer.check(planned)
    images, labels = data.splits()["test"]
    measured = measure(options.models, images, labels, data.digest, options.rounds, options.calls)
    found = findings(measured, cards, pen)
    text = page(found, measured, cards, pen)
    with staging(writer, planned) as staged, writing(folder, option="--plots DIR"):
        write_json(staged.file(name, "recommendation.json"), measured)
        write_text(staged.file(name, "recommendation.md"), text)
        figure = ParetoDisplay([*found.networks, found.vote]).plot().figure_
        style.save(figure, staged.file(name, "recommendation_pareto.png"))
    print(text, flush=True)
    return 0


def check(folder: Path, models: Path, data_digest: str, cards: Mapping[str, Card], pen: Results) -> None:
    """Check that the results in a folder are of these networks and this data.

    Raises:
        UserError: they are not, or a network cannot be read.
    """
    read_networks(models)
    for name, digest in digests(models).items():
        made = cards.get(name)
        if (
            made is None
            or made["data_digest"] != data_digest
            or made["files"].get(file_of(models, name).name) != digest
        ):
            raise UserError(
                f"{folder / 'results.json'} is of another {name} or other data; make it with: {published.RESULTS}"
            )
    for name, digest in {**digests(models), LINE: open_lines(models).digest}.items():
        if pen["models"].get(name) != digest:
            raise UserError(f"{folder / 'pen_digits.json'} is of another {name}; make it with: {published.PEN_DIGITS}")


def _parser() -> argparse.ArgumentParser:
    parser = command_line.OneLineParser(
        "python -m benchmarks.recommendation", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, metavar="FILE", help="MNIST, as test.py takes it")
    parser.add_argument("--models", type=Path, default=published.MODELS, metavar="DIR", help="the networks")
    parser.add_argument(
        "--plots", type=Path, default=published.PLOTS, metavar="DIR", help="where the other results are and these go"
    )
    parser.add_argument(
        "--rounds",
        type=command_line.number(int, 1),
        default=ROUNDS,
        metavar="N",
        help="rounds of timing (default: %(default)s)",
    )
    parser.add_argument(
        "--calls",
        type=command_line.number(int, 1),
        default=CALLS,
        metavar="N",
        help="timed calls a round (default: %(default)s)",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
