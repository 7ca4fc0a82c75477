"""Puts the tables of the committed results into README.md: ``python -m benchmarks.readme``."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks import published
from benchmarks.faults import page as faults_page
from benchmarks.hand import measure as hand_measure
from benchmarks.hand import page as hand_page
from benchmarks.pages import measure as pages_measure
from benchmarks.pages import page as pages_page
from benchmarks.pen_digits import measure as pen_measure
from benchmarks.pen_digits import page as pen_page
from benchmarks.pen_digits.measure import Results
from benchmarks.published import read, read_cards, read_comparison, read_seeds
from benchmarks.recommendation import measure as recommendation_measure
from benchmarks.recommendation import page as recommendation_page
from benchmarks.recommendation.findings import findings
from benchmarks.recommendation.measure import Measured
from digits import command_line
from digits.errors import UserError, reason, writing
from digits.files import read_bytes, write_text
from digits.learning import card
from digits.markdown import with_section
from digits.publishing import home, settle
from digits.study import page as study_page

MOST = 16 << 20  #: bytes of a page


def with_tables(page: str, plots: Path) -> str:
    """A Markdown page with the tables put between their comments.

    Args:
        page: has the sections ``results``, ``seeds``, ``study``, ``pen digits``, ``pages``, ``hand``,
            ``recommendation`` and ``faults``.
        plots: the folder with the results.

    Raises:
        UserError: a result is missing or damaged.
        ValueError: the page does not have each section once.
    """
    for folder in (home(plots)[0], plots / "study"):
        settle(folder)
    cards, seeds, comparison = read_cards(plots), read_seeds(plots), read_comparison(plots)
    pen = read(plots / "pen_digits.json", Results, published.PEN_DIGITS, pen_measure.check)
    pages = read(plots / "pages.json", pages_measure.Results, published.PAGES, pages_measure.check)
    hand = read(plots / "hand.json", hand_measure.Results, published.HAND, hand_measure.check)
    measured = read(plots / "recommendation.json", Measured, published.RECOMMENDATION, recommendation_measure.check)
    broken = read(plots / "faults.json", faults_page.Results, published.FAULTS, faults_page.check)
    sections = {
        "results": card.results_table(cards),
        "seeds": study_page.seeds_table(seeds),
        "study": study_page.summary(comparison),
        "pen digits": pen_page.summary(pen),
        "pages": pages_page.summary(pages),
        "hand": hand_page.summary(hand),
        "recommendation": recommendation_page.summary(findings(measured, cards, pen)),
        "faults": faults_page.summary(broken),
    }
    for name, text in sections.items():
        page = with_section(page, name, text)
    return page


def main(arguments: Sequence[str] | None = None) -> int:
    """Rewrite the README with the given command line. Returns the exit code."""
    return command_line.run("benchmarks.readme", lambda: _work(arguments))


def _work(arguments: Sequence[str] | None) -> int:
    parser = command_line.OneLineParser("python -m benchmarks.readme", description=__doc__)
    parser.add_argument("--plots", type=Path, default=published.PLOTS, metavar="DIR", help="where the results are")
    parser.add_argument("--readme", type=Path, default=published.ROOT / "README.md", metavar="FILE", help="the page")
    options: argparse.Namespace = parser.parse_args(arguments)
    try:
        page = read_bytes(options.readme, MOST).decode("utf-8")
        page = with_tables(page, options.plots)
    except (OSError, ValueError) as error:
        raise UserError(f"{options.readme} cannot be filled in: {reason(error, options.readme)}") from error
    with writing(options.readme.parent, option="--readme FILE"):
        write_text(options.readme, page)
    return 0


if __name__ == "__main__":
    sys.exit(main())
