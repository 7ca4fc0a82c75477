"""How much a network's opinion counts beside the line network's: digits.reading.opinions, WEIGHTS.

    python -m benchmarks.opinion_weights --handwriting FILE ...

What is shown as the probability of a digit is the product of both networks' probabilities, each to the power of a
weight. Here the weights are fitted by maximum likelihood to the digits of numbers by writers whom training left out,
for each network, and apart for ink that is whole and ink that was cut. Prints them beside those that are shipped, with
the accuracy and the mean negative log-likelihood of both. --handwriting are the files that test.py was given.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks import published
from benchmarks.networks import open_lines, probabilities, read_networks
from benchmarks.pen_digits.drawing import components_of, draw_wide, hands, number
from benchmarks.pen_digits.measure import GAPS
from digits import command_line, markdown
from digits.errors import UserError
from digits.image_format import CLASSES
from digits.learning import handwriting
from digits.reading.line_segmenter import LineSegmenter
from digits.reading.opinions import LEAST, weights_of
from digits.reading.segmentation import Segment, stroke_components

NUMBERS = 150  #: for each gap
SEED = 1  #: the published figures are of other numbers by the same writers
STEPS = 50  #: of Newton's method at most


@dataclass(frozen=True)
class Opinions:
    """What two networks say of some digits.

    Attributes:
        own, seen: logarithms of the probabilities, shape (n, 10).
        labels: shape (n,).
    """

    own: NDArray[np.float64]
    seen: NDArray[np.float64]
    labels: NDArray[np.int64]

    def log_probabilities(self, weights: tuple[float, float]) -> NDArray[np.float64]:
        """Of the digits, shape (n, 10), with these weights."""
        logs = weights[0] * self.own + weights[1] * self.seen
        normal: NDArray[np.float64] = logs - np.logaddexp.reduce(logs, axis=1, keepdims=True)
        return normal

    def misses(self, weights: tuple[float, float]) -> int:
        """Digits that are read wrongly."""
        return int((self.log_probabilities(weights).argmax(axis=1) != self.labels).sum())

    def loss(self, weights: tuple[float, float]) -> float:
        """The mean negative logarithm of the right digits' probabilities."""
        return -float(self.log_probabilities(weights)[np.arange(len(self.labels)), self.labels].mean())


def fitted(opinions: Opinions) -> tuple[float, float]:
    """The weights of maximum likelihood, by Newton's method: the loss is convex."""
    features = np.stack([opinions.own, opinions.seen], axis=2)
    right = features[np.arange(len(opinions.labels)), opinions.labels]
    weights = np.array([0.5, 0.5])
    for _ in range(STEPS):
        shares = np.exp(opinions.log_probabilities((float(weights[0]), float(weights[1]))))
        mean = np.einsum("nc,ncf->nf", shares, features)
        apart = features - mean[:, np.newaxis]
        gradient = (mean - right).mean(axis=0)
        curvature = np.einsum("nc,ncf,ncg->fg", shares, apart, apart) / len(right) + 1e-6 * np.eye(2)
        step = np.linalg.solve(curvature, gradient)
        weights -= step / max(1.0, float(np.abs(step).max()) / 0.5)
        if np.abs(step).max() < 1e-6:
            break
    return float(weights[0]), float(weights[1])


def numbers(
    by_hand: Sequence[Sequence[handwriting.Character]], n: int, lines: LineSegmenter
) -> list[tuple[Segment, int]]:
    """The digits of n numbers for each gap, from the image and from strokes, wherever as many are found as there are.

    Returns:
        Each with its label.

    Raises:
        UserError: there are none.
    """
    found: list[tuple[Segment, int]] = []
    for gap in GAPS.values():
        for i in range(n):
            rng = np.random.default_rng([SEED, i])
            text, strokes = number(by_hand[int(rng.integers(len(by_hand)))], gap, rng)
            for pieces in (stroke_components(strokes), components_of(draw_wide(strokes))):
                segments = lines.segments(pieces)
                if len(segments) == len(text) and all(segment.seen is not None for segment in segments):
                    found += zip(segments, map(int, text), strict=True)
    if not found:
        raise UserError("in none of the numbers were as many digits found as there are; give more handwriting")
    return found


def table(found: Sequence[tuple[Segment, int]], networks: Mapping[str, NDArray[np.float32]]) -> str:
    """The weights by network and kind of ink.

    Args:
        found: the digits.
        networks: what each network says of them, shape (n, 10).
    """
    seen = np.array([segment.seen[:CLASSES] for segment, _ in found if segment.seen is not None])
    labels, cut = np.array([label for _, label in found]), np.array([segment.is_cut for segment, _ in found])
    rows = []
    for name, own in networks.items():
        for kind, chosen in (("whole", ~cut), ("cut", cut)):
            if not chosen.any():
                continue
            opinions = Opinions(_logs(own[chosen]), _logs(seen[chosen]), labels[chosen])
            for what, weights in (("fitted", fitted(opinions)), ("shipped", weights_of(name, kind == "cut"))):
                misses = markdown.accuracy(opinions.misses(weights), len(opinions.labels))
                shown = (f"{weight:.2f}" for weight in weights)
                rows.append((name, kind, what, *shown, misses, f"{opinions.loss(weights):.4f}"))
    header = ("network", "ink", "weights", "its own", "line network's", "accuracy", "loss")
    return markdown.table(header, rows, words=(0, 1, 2))


def _logs(probabilities: NDArray[np.float32]) -> NDArray[np.float64]:
    logs: NDArray[np.float64] = np.log(np.maximum(probabilities, LEAST).astype(np.float64))
    return logs


def main(arguments: Sequence[str] | None = None) -> int:
    """Run with the given command line. Returns the exit code."""
    return command_line.run("benchmarks.opinion_weights", lambda: _work(arguments))


def _work(arguments: Sequence[str] | None) -> int:
    options = _parser().parse_args(arguments)
    by_hand = hands(handwriting.load(options.handwriting).split()[1].by_writer())
    if not by_hand:
        raise UserError("--handwriting has nobody with enough digits left out of training; give more files")
    networks = read_networks(options.models)
    found = numbers(by_hand, options.numbers, open_lines(options.models))
    crops = np.array([segment.crop for segment, _ in found])
    print(table(found, {name: probabilities(network, crops) for name, network in networks.items()}))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = command_line.OneLineParser(
        "python -m benchmarks.opinion_weights",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--handwriting", type=Path, required=True, nargs="+", metavar="FILE", help="what was learned from"
    )
    parser.add_argument("--models", type=Path, default=published.MODELS, metavar="DIR", help="the networks")
    parser.add_argument(
        "--numbers",
        type=command_line.number(int, 1),
        default=NUMBERS,
        metavar="N",
        help="for each gap (default: %(default)s)",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
