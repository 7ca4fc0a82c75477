"""What was measured, as JSON and as a page."""

import statistics
from typing import TypedDict

from digits import markdown
from digits.learning.json_types import Line, Number, Size, Time
from digits.learning.precision import Precision

OURS, KERAS, TORCH = "ours", "plain Keras", "PyTorch"
HEADER = (
    "network",
    "parameters",
    OURS,
    KERAS,
    f"{TORCH}, the fastest",
    "ours ÷ Keras",
    f"ours ÷ {TORCH}",
    "of the peak",
)
INTRODUCTION = """# How fast networks are trained

Milliseconds of a training step (32 images), medians of {rounds} rounds in which all took turns on one machine
({processor}; {platform}; {versions}). Ours is what `test.py` does, in {precision}: augmentation of every image and
the running mean of the weights included, which the others do without. Plain Keras is its layers, its Adam and `fit()`,
given arrays. PyTorch has the same layers in float32 and in bfloat16 (autocast, channels last), each with its default
Adam and with the fused one. Where a ratio is below 1, ours is faster; ratios depend on the machine less than the
milliseconds.
"""
PEAK = """The last column is the rate of a step's floating-point operations (two for each multiplication, of the forward
pass and, twice as many, of the backward pass) divided by the rate at which this machine multiplies matrices of
4096×4096: {peaks}.
"""


class NetworkSpeed(TypedDict):
    """A network's parameters, the operations of a step, and the milliseconds of a step in each round by who."""

    parameters: Size
    flops: Size
    milliseconds: dict[str, list[Time]]


class Speed(TypedDict):
    """What training_speed.json holds; ``peak`` is the rate of multiplying matrices by precision, GFLOP/s."""

    platform: Line
    processor: Line
    versions: dict[str, Line]
    precision: Precision
    rounds: Number
    peak: dict[Precision, Time]
    networks: dict[str, NetworkSpeed]


def page(speed: Speed) -> str:
    """The page in Markdown."""
    versions = ", ".join(f"{name} {version}" for name, version in speed["versions"].items())
    peaks = ", ".join(f"{rate:,.0f} GFLOP/s in {precision}" for precision, rate in speed["peak"].items())
    shown = {key: speed[key] for key in ("rounds", "processor", "platform", "precision")}  # type: ignore[literal-required]
    rows = [row(name, speed) for name in speed["networks"]]
    lines = [
        INTRODUCTION.format(**shown, versions=versions),
        markdown.table(HEADER, rows),
        "",
        PEAK.format(peaks=peaks),
    ]
    lines += ["## All that took turns", "", "Median, and the fastest and the slowest round.", ""]
    names = list(dict.fromkeys(name for network in speed["networks"].values() for name in network["milliseconds"]))
    table = [(name, *(_spread(network, name) for network in speed["networks"].values())) for name in names]
    return "\n".join([*lines, markdown.table(("", *speed["networks"]), table), ""])


def row(name: str, speed: Speed) -> tuple[str, ...]:
    """A network's row in the table."""
    network = speed["networks"][name]
    ours = fastest(network, OURS)
    assert ours is not None
    rate = network["flops"] / ours / 1e6  # GFLOP/s
    compared = [fastest(network, who) for who in (KERAS, TORCH)]
    return (
        name,
        f"{network['parameters']:,}",
        f"**{ours:.1f}**",
        *("" if other is None else f"{other:.1f}" for other in compared),
        *("" if other is None else f"{ours / other:.2f}" for other in compared),
        f"{rate / speed['peak'][speed['precision']]:.0%}",
    )


def fastest(network: NetworkSpeed, who: str) -> float | None:
    """The smallest median of those whose names begin so, ms; None if there is none."""
    medians = [statistics.median(taken) for name, taken in network["milliseconds"].items() if name.startswith(who)]
    return min(medians, default=None)


def _spread(network: NetworkSpeed, name: str) -> str:
    taken = network["milliseconds"].get(name)
    return f"{statistics.median(taken):.1f} ({min(taken):.1f} – {max(taken):.1f})" if taken else ""
