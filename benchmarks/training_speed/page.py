"""What was measured, as JSON and as a page."""

import statistics
from typing import TypedDict

from digits import markdown
from digits.learning.json_types import Count, Line, Number, Size, Time
from digits.learning.precision import Precision

OURS, KERAS, TORCH = "ours", "plain Keras", "PyTorch"


class NetworkSpeed(TypedDict):
    """A network's parameters, the operations of a step, and the milliseconds of a step in each round by who."""

    parameters: Size
    flops: Size
    milliseconds: dict[str, list[Time]]


class Speed(TypedDict):
    """training_speed.json. ``peak`` is the machine's rate of multiplying matrices by precision, GFLOP/s."""

    platform: Line
    processor: Line
    versions: dict[str, Line]
    precision: Precision
    rounds: Number
    peak: dict[Precision, Time]
    networks: dict[str, NetworkSpeed]


def ratio(network: NetworkSpeed, to: str) -> float | None:
    """Our milliseconds divided by another's, the fastest of those whose name begins so; of medians."""
    others = [statistics.median(taken) for name, taken in network["milliseconds"].items() if name.startswith(to)]
    return statistics.median(network["milliseconds"][OURS]) / min(others) if others else None
