"""What the networks read in drawings: each drawing is segmented once, and all networks read the same segments."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.networks import open_lines, read_networks
from benchmarks.voting import VOTES
from digits.image_format import SIZE
from digits.networks import CORE
from digits.reading.classifier import Network
from digits.reading.line_segmenter import LineSegmenter
from digits.reading.recognizer import confidence_of, read
from digits.reading.segmentation import Components, Segment

TOGETHER = 64  #: drawings whose crops a network is given at once


@dataclass(frozen=True)
class Answer:
    """What a network, or several that vote, read in a drawing.

    Attributes:
        text: the digits, "?" for what is rejected, with a line break between lines.
        probabilities: of each segment, ``float32``, shape (k, 10), together with what the line network says.
        alone: without that, shape (k, 10).
        confidence: that all of the text is right.
    """

    text: str
    probabilities: NDArray[np.float32]
    alone: NDArray[np.float32]
    confidence: float

    @property
    def segments(self) -> str:
        """A digit or "?" for each segment."""
        return self.text.replace("\n", "")

    @property
    def has_digit(self) -> bool:
        """Whether there is any digit."""
        return self.segments.strip("?") != ""


@dataclass(frozen=True)
class Found:
    """What was found in a drawing.

    Attributes:
        crops: of the segments in reading order, ``uint8``, shape (k, 28, 28).
        is_line: whether all of them are on one line.
        answers: by the network's name, or the kind of vote.
    """

    crops: NDArray[np.uint8]
    is_line: bool
    answers: Mapping[str, Answer]


@dataclass(frozen=True)
class Readers:
    """The networks. OpenCV's cannot be pickled, so every process opens its own."""

    lines: LineSegmenter
    networks: Mapping[str, Network]

    @classmethod
    def open(cls, models: Path) -> "Readers":
        """Open all networks of a folder.

        Raises:
            UserError: one is missing or damaged.
        """
        return cls(open_lines(models), read_networks(models))

    def read(self, drawings: Iterable[Components], votes: bool = False) -> Iterator[Found]:
        """Read drawings with all networks.

        Args:
            drawings: the pieces of ink of each.
            votes: whether the three core networks vote as well.
        """
        drawings = iter(drawings)
        while some := [self.lines.segments(components) for components in islice(drawings, TOGETHER)]:
            yield from self._read(some, votes)

    def _read(self, drawings: Sequence[Sequence[Segment]], votes: bool) -> Iterator[Found]:
        crops = [np.array([found.crop for found in drawing], np.uint8).reshape(-1, SIZE, SIZE) for drawing in drawings]
        rows = {name: network.probabilities(np.concatenate(crops)) for name, network in self.networks.items()}
        if votes:
            rows |= {name: vote(np.stack([rows[voter] for voter in CORE])) for name, vote in VOTES.items()}
        ends = np.cumsum([len(drawing) for drawing in drawings])[:-1]
        by_drawing = {name: np.split(own, ends) for name, own in rows.items()}
        for i, drawing in enumerate(drawings):
            answers = {name: _answer(drawing, name, own[i]) for name, own in by_drawing.items()}
            yield Found(crops[i], len({found.line for found in drawing}) == 1, answers)


class _Known:
    """Gives the answers that a network has given."""

    def __init__(self, name: str, rows: NDArray[np.float32]) -> None:
        self.name, self.most = name, max(1, len(rows))
        self._rows = rows

    def probabilities(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        return self._rows


def _answer(drawing: Sequence[Segment], name: str, rows: NDArray[np.float32]) -> Answer:
    reading = read(drawing, _Known(name, rows))
    together = np.array([digit.probabilities for digit in reading.digits], np.float32).reshape(rows.shape)
    return Answer(reading.text, together, rows, math.prod(map(confidence_of, reading.lines)))
