"""Breaks things on purpose: kills processes, damages files, uses the window at random; counts what survives.

    python -m benchmarks.faults

Three parts: "inputs" (damaged files of every kind through the readers), "kills" (processes killed, interrupted and
refused at every call that writes), and "events" (random events in the window). The seed and the number of a fault
decide it. With fewer tries than the published ones, or a part alone, --output is needed; the parts that a folder has
already from the same seed are kept. What led to a fault is kept in faults-found/ in the output folder.

Writes faults.json and faults.md; python -m benchmarks.readme puts the summary into README.md. The exit code is 1 if
something did not survive.
"""

import argparse
import contextlib
import platform
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

from benchmarks import published
from benchmarks.faults import driving, inputs, kills, page, readers, scenarios
from benchmarks.faults.inputs import KindMetrics
from benchmarks.faults.kills import KillMetrics
from benchmarks.faults.page import Results
from digits import command_line
from digits.errors import writing
from digits.files import read_json, write_json, write_text
from digits.publishing import exclusive, home, staging

PARTS = ("kills", "inputs", "events")
FULL = {"kills": 500, "inputs": 100_000, "events": 20_000}
MOST = 64 << 20  #: bytes of a faults.json
REFUSALS = 5  #: one refusal for so many kills


def main(arguments: Sequence[str] | None = None) -> int:
    """Run with the given command line. Returns the exit code."""
    return command_line.run("benchmarks.faults", lambda: _work(arguments), "finished parts are kept")


def _work(arguments: Sequence[str] | None) -> int:
    parser = _parser()
    options = parser.parse_args(arguments)
    less = any(getattr(options, part) < FULL[part] for part in PARTS)
    if (less or options.only) and options.output is None:
        parser.error("fewer tries and --only go with --output DIR: a quick look does not replace the published results")
    options.output = options.output or published.PLOTS
    results = _earlier(options.output, options.seed)
    folder, name = home(options.output)
    with exclusive(folder) as writer:
        for part in options.only or PARTS:
            _run(part, options, results)
            with staging(writer) as staged, writing(folder):
                write_json(staged.file(name, "faults.json"), results)
                write_text(staged.file(name, "faults.md"), page.page(results))
    print(page.page(results), flush=True)
    return 0 if page.clean(results) else 1


def _run(part: str, options: argparse.Namespace, results: Results) -> None:
    """Run a part and put what it found into the results."""
    found = options.output / "faults-found"
    if part == "kills":
        every, n = scenarios.scenarios(), options.kills
        results["kills"] = kills.run(every, n, options.seed, found, kills.KILLS, _report_kills)
        results["refusals"] = kills.run(every, n // REFUSALS, options.seed, found, kills.REFUSALS, _report_kills)
    elif part == "inputs":
        results["inputs"] = inputs.run(readers.KINDS, options.inputs, options.seed, found, report=_report_inputs)
    else:
        results["events"] = driving.run(options.events, options.seed)
        _report(f"{results['events']['n']:,} events, {len(results['events']['exceptions'])} kinds of exceptions")


def _report_kills(metrics: KillMetrics) -> None:
    _report(f"{metrics['scenario']}: {metrics['n']:,} faults, {sum(metrics['wrong'].values()):,} not survived")


def _report_inputs(metrics: KindMetrics) -> None:
    bad = metrics["n"] - metrics["read"] - metrics["refused"]
    _report(f"{metrics['kind']}: {metrics['n']:,} inputs, {bad:,} faults")


def _report(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _earlier(folder: Path, seed: int) -> Results:
    """What the folder has from the same seed, to be completed."""
    here = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
    with contextlib.suppress(OSError, ValueError):
        known = read_json(folder / "faults.json", dict[str, Any], MOST)
        if (known.get("seed"), known.get("platform")) == (seed, here):
            return cast(Results, known)
    return {"seed": seed, "platform": here}


def _parser() -> argparse.ArgumentParser:
    parser = command_line.OneLineParser(
        "python -m benchmarks.faults", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add, count = parser.add_argument, command_line.number(int, 1)
    add("--seed", type=command_line.number(int, 0), default=0, metavar="N", help="decides every fault (default: 0)")
    add("--kills", type=count, default=FULL["kills"], metavar="N", help="processes killed (default: %(default)s)")
    add("--inputs", type=count, default=FULL["inputs"], metavar="N", help="damaged files (default: %(default)s)")
    add("--events", type=count, default=FULL["events"], metavar="N", help="events in the window (default: %(default)s)")
    add("--only", nargs="+", choices=PARTS, metavar="PART", help=f"from {', '.join(PARTS)}; with --output")
    add("--output", type=Path, metavar="DIR", help="where the results go; default: plots/")
    return parser


if __name__ == "__main__":
    sys.exit(main())
