"""How the time for training and reading grows: with images and batch size, digits, pixels, points and pages.

    python -m benchmarks.growth --data mnist.npz

Times each kind of work at several sizes and writes growth.json, growth.md and growth.png, in which a line shows what
linear growth would be. Run it while nothing else is running.
"""

import argparse
import platform
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TypedDict

from benchmarks import published
from benchmarks.growth import measure
from benchmarks.growth.measure import SIZES, Series, exponents, measured
from digits import command_line, markdown
from digits.errors import writing
from digits.files import write_json, write_text
from digits.learning import dataset
from digits.learning.json_types import Line, Number
from digits.learning.precision import fastest
from digits.learning.start import start_keras
from digits.processes import available_cores
from digits.publishing import exclusive, home, staging

PAGE = """# How cost grows

Seconds, the least of {repeats} tries, on {platform}, {cores} cores; trained in {precision}, read with {network}.
The last column is the power of the size with which the time grows between the last two sizes: 1 is linear. Loading
libraries and networks is not counted. An epoch counts what a training run begins with, about three seconds. A page of
20 digits has 194,400 pixels at least, even where the table says 100,000.

![How cost grows](growth.png)
"""


class Growth(TypedDict):
    """What growth.json holds."""

    platform: Line
    cores: Number
    precision: Line
    repeats: Number
    series: list[Series]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run with the given command line. Returns the exit code."""
    return command_line.run("benchmarks.growth", lambda: _work(arguments), "nothing published has changed")


def _work(arguments: Sequence[str] | None) -> int:
    options = _parser().parse_args(arguments)
    data = dataset.load(options.data)
    start_keras()
    found: Growth = {
        "platform": f"{platform.system()} {platform.machine()}",
        "cores": available_cores(),
        "precision": fastest(),
        "repeats": options.repeats,
        "series": [],
    }
    folder, name = home(options.output or published.PLOTS)
    with exclusive(folder) as writer:
        for kind in options.only or SIZES:
            sizes = [size for size in SIZES[kind] if size <= (options.most or size)]
            found["series"].append(measured(kind, sizes, options.repeats, data))
            print(" | ".join(_row(found["series"][-1])), flush=True)
        with staging(writer) as staged, writing(folder):
            from benchmarks.growth.plots import GrowthDisplay
            from digits.learning.plots import style

            write_json(staged.file(name, "growth.json"), found)
            write_text(staged.file(name, "growth.md"), page(found))
            style.save(GrowthDisplay(found["series"]).plot().figure_, staged.file(name, "growth.png"))
    return 0


def page(found: Growth) -> str:
    """The page in Markdown."""
    said = PAGE.format(**found, network=measure.NETWORK)
    rows = [_row(series) for series in found["series"]]
    return "\n".join([said, markdown.table(("what", "by", "size: seconds", "power"), rows, words=(0, 1, 2)), ""])


def _row(series: Series) -> tuple[str, ...]:
    times = zip(series["sizes"], series["seconds"], strict=True)
    listed = ", ".join(f"{size:,}: {seconds:.3g}" for size, seconds in times)
    return (
        series["of"],
        series["by"],
        listed,
        "".join(f"{power:.2f}".replace("-", "−") for power in [*exponents(series)][-1:]),
    )


def _parser() -> argparse.ArgumentParser:
    parser = command_line.OneLineParser(
        "python -m benchmarks.growth", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add, count = parser.add_argument, command_line.number(int, 1)
    add("--data", type=Path, metavar="FILE", help="MNIST, as test.py takes it")
    add("--only", nargs="+", choices=SIZES, metavar="KIND", help=f"from {', '.join(SIZES)}; default: all")
    add("--most", type=count, metavar="N", help="leave out larger sizes")
    add("--repeats", type=count, default=3, metavar="N", help="of each size; the least time counts; default: 3")
    add("--output", type=Path, metavar="DIR", help="where the results go; default: plots/")
    return parser


if __name__ == "__main__":
    sys.exit(main())
