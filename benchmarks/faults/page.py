"""What was broken on purpose, and what became of it, as Markdown."""

from collections.abc import Iterable, Sequence
from typing import TypedDict

from benchmarks.faults import driving
from benchmarks.faults.driving import EventMetrics
from benchmarks.faults.inputs import LONGEST, MOST, KindMetrics
from benchmarks.faults.kills import KillMetrics
from digits import markdown
from digits.learning.json_types import Count, Line

KILLS = {
    "kill": "SIGKILL before a call that writes",
    "cut": "killed in the middle of a write",
    "moment": "SIGKILL at a random moment",
    "interrupt": "Ctrl-C at a call that writes",
    "full": "the disk is full at a call",
    "denied": "writing is refused from a call on",
}
SURVIVED = "all files are the old ones or the new ones"
HEAD = """Made with `python -m benchmarks.faults`, seed {seed}. Every fault is decided by the seed and its number, so
that it can be made again."""
KILLED = """After each fault the folder is read as the next command would read it, and the command is repeated. It
survived if all files were the old ones or all the new ones, could be read and belonged together, the repeated command
ended well with all the new ones, and nothing was left over. About a third of the faults are followed by a second one
while the command is repeated. "Places" are the calls that write in one undisturbed command."""
READ = """Each input is a whole file with one to four changes: bits and bytes, blocks taken away, doubled or spliced
in, numbers in headers, values in JSON, members of archives, the content of another kind of file, or a pipe, a device or
a folder in its place. It survived if it was read, or refused with one line, within {longest:.0f} s of computing and
{most:.0f} GB, and no library printed anything."""
DRIVEN = """Random events in the window: strokes, clicks, keys, menus, dialogs, files opened and saved. They survived if
no exception was raised anywhere, and memory grew by no more than {growth:.0f} MB from the first half of the events to
the second (between the medians). Resident memory after each tenth of the {n:,} events: {memory} MB."""


class Results(TypedDict, total=False):
    """Everything found, as plots/faults.json holds it; a part that was not run is missing."""

    seed: Count
    platform: Line
    inputs: list[KindMetrics]
    kills: list[KillMetrics]
    refusals: list[KillMetrics]
    events: EventMetrics


def check(results: Results) -> None:
    """Check that what was read from a file is complete, so that its page can be made.

    Raises:
        ValueError: a part is empty, or contradicts itself.
        LookupError: a part is missing.
    """
    results["seed"]
    for one in (*results["kills"], *results["refusals"]):
        if not set(KILLS) >= one["at"].keys() == one["wrong"].keys() == one["mixed"].keys() or not one["at"]:
            raise ValueError(f"{one['scenario']} has other kinds of faults")
    if not (results["kills"] and results["refusals"] and results["inputs"] and results["events"]["memory"]):
        raise ValueError("a part is empty")


def page(results: Results) -> str:
    """The page ``faults.md``."""
    parts = ["# Broken on purpose", HEAD.format(seed=results["seed"]), summary(results)]
    for title, killed in (("Killed", results.get("kills")), ("Interrupted and refused", results.get("refusals"))):
        if killed:
            parts += [f"## {title}", KILLED if title == "Killed" else "The same, but the process can answer."]
            parts += [_kills_table(killed), *_wrong(f"{one['scenario']}: {fault['what']} ({fault['how']})"
                                                    for one in killed for fault in one["faults"])]  # fmt: skip
    if inputs := results.get("inputs"):
        parts += ["## Damaged files", READ.format(longest=LONGEST, most=MOST / 1e9), _inputs_table(inputs)]
        parts += _wrong(
            f"{kind['kind']}: {fault['what']} {fault['where']} ({fault['n']:,} times, first in {fault['first']})"
            for kind in inputs
            for fault in kind["faults"]
        )
    if events := results.get("events"):
        memory = ", ".join(f"{megabytes:.0f}" for megabytes in events["memory"])
        parts += ["## The window", DRIVEN.format(growth=driving.GROWTH, n=events["n"], memory=memory)]
        parts += _wrong(f"{raised['what']}, {raised['n']:,} ×" for raised in events["exceptions"])
    return "\n\n".join(parts) + "\n"


def summary(results: Results) -> str:
    """The table in the README."""
    rows = []
    for kind, title in KILLS.items():
        killed = [one for one in (*results.get("kills", ()), *results.get("refusals", ())) if kind in one["at"]]
        tries = sum(one["at"][kind] for one in killed)
        if tries:
            bad = sum(one["wrong"][kind] for one in killed)
            mixes = sum(one["mixed"][kind] for one in killed)
            rows.append((title, f"{tries:,}", f"{tries - bad:,}", f"{mixes:,}", SURVIVED))
    if inputs := results.get("inputs"):
        tries, bad = sum(kind["n"] for kind in inputs), sum(map(_bad, inputs))
        peak, seconds = max(kind["peak"] for kind in inputs), max(kind["seconds"] for kind in inputs)
        counted = f"read, or refused in one line; at most {peak:,} MB and {seconds:.1f} s"
        rows.append(("damaged file given to a reader", f"{tries:,}", f"{tries - bad:,}", "", counted))
    if events := results.get("events"):
        bad = sum(raised["n"] for raised in events["exceptions"])
        whole = events["memory"][-1] - events["memory"][0]
        counted = f"no exception; memory {driving.grown(events):+.0f} MB, first to last {whole:+.0f} MB"
        rows.append(("random event in the window", f"{events['n']:,}", f"{events['n'] - bad:,}", "", counted))
    return markdown.table(("fault", "tries", "survived", "mixed or lost", "survived means"), rows, words=(0, 4))


def clean(results: Results) -> bool:
    """Whether everything survived."""
    killed = [*results.get("kills", ()), *results.get("refusals", ())]
    events = results.get("events")
    return not (
        any(one["faults"] for one in killed)
        or any(kind["faults"] for kind in results.get("inputs", ()))
        or (events and (events["exceptions"] or driving.grown(events) > driving.GROWTH))
    )


def _kills_table(killed: Sequence[KillMetrics]) -> str:
    kinds = list(killed[0]["at"])
    rows = [
        (
            one["scenario"],
            f"{one['changes']:,}",
            *(f"{one['at'][kind]:,}" for kind in kinds),
            f"{one['n'] - sum(one['wrong'].values()):,} / {one['n']:,}",
            f"{sum(one['mixed'].values()):,}",
            f"{one['longest']:.1f} s",
        )
        for one in killed
    ]
    header = ("command", "places", *(KILLS[kind] for kind in kinds), "survived", "mixed or lost", "longest completion")
    return markdown.table(header, rows)


def _inputs_table(inputs: Sequence[KindMetrics]) -> str:
    rows = [
        (
            kind["kind"],
            f"{kind['n']:,}",
            f"{kind['read']:,}",
            f"{kind['refused']:,}",
            f"{_bad(kind):,}",
            f"{kind['peak']:,} MB",
            f"{kind['seconds']:.1f} s",
        )
        for kind in inputs
    ]
    return markdown.table(("file", "tries", "read", "refused", "faults", "peak memory", "longest"), rows)


def _bad(kind: KindMetrics) -> int:
    return sum(fault["n"] for fault in kind["faults"])


def _wrong(lines: Iterable[str]) -> list[str]:
    listed = [f"- {line}" for line in lines]
    return ["\n".join(["**Not survived:**", "", *listed])] if listed else []
