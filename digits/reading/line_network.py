"""The line network: a line's ink to the digits on it, from left to right, and where each is. No TensorFlow.

Its answers are decoded by a prefix beam search (Graves et al. 2006; Hannun et al. 2014, *First-Pass Large Vocabulary
Continuous Speech Recognition using Bi-Directional Recurrent DNNs*, algorithm 1) without a language: digits are
independent.
"""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from digits import network_file
from digits.errors import UserError
from digits.line_image import BLANK, HEIGHT, NO_DIGIT, OUTPUTS, STRIDE, SYMBOLS, LineImage, to_input
from digits.networks import remedy

BEAM = 8  #: sequences that are followed
SURE = 0.97  #: if one path through a line is more probable than this, no other is followed
LIKELY = 0.01  #: less probable symbols of a column are not followed
WORTH = 0.003  #: a sequence that is less probable than the best one by this factor is not given
RARER = 1.5  #: logarithm of how much rarer signs are among digits than on the lines that the network has learned from
TOGETHER = 1024  #: pixels of lines that are given to the network side by side, if there are that many
WIDTHS = 64  #: widths that the network is given are multiples of this: each new one takes OpenCV some time


@dataclass(frozen=True)
class Symbol:
    """Something on a line.

    Attributes:
        label: 0 to 9, or ``NO_DIGIT``.
        middle, left, right: x in pixels of the ink.
        seen: ``float32``, shape (11,): how probable each digit, and none, is here.
    """

    label: int
    middle: float
    left: float
    right: float
    seen: NDArray[np.float32]


@dataclass(frozen=True)
class Candidate:
    """A way to read a line.

    Attributes:
        labels: 0 to 9, or ``NO_DIGIT``, from left to right.
        probability: natural logarithm of how probable the sequence is.
        line: as it was read.
        answers: the network's, shape (columns, 14).
        logs: logarithms of the symbols' probabilities by column, shape (columns, 12).
    """

    labels: tuple[int, ...]
    probability: float
    line: LineImage
    answers: NDArray[np.float32]
    logs: NDArray[np.float64]

    @cached_property
    def symbols(self) -> tuple[Symbol, ...]:
        """Where each is."""
        found = []
        for label, columns in zip(self.labels, align(self.labels, self.logs), strict=True):
            column = columns[int(self.logs[columns, label].argmax())]
            x = STRIDE * (column + 0.5)
            to_left, to_right = HEIGHT * self.answers[column, SYMBOLS:]
            logits = self.answers[columns, :BLANK].max(axis=0)
            seen = np.exp(logits - logits.max())
            if label != NO_DIGIT:  # as the whole line has it
                seen[NO_DIGIT] = min(seen[NO_DIGIT], seen[label])
            left, right = self.line.x_of(x - to_left), self.line.x_of(x + to_right)
            found.append(Symbol(label, (left + right) / 2, left, max(right, left), seen / seen.sum()))
        return tuple(found)


class LineNetwork:
    """LineNet, read by OpenCV."""

    def __init__(self, path: Path) -> None:
        """Load the network; the file is opened as :func:`digits.network_file.read` does.

        Raises:
            UserError: it is missing, damaged, or not a line network; the message says how to make it.
        """
        content = network_file.read(path, "digits.reading.line_probe")
        self.name = path.stem
        self.digest = hashlib.sha256(content).hexdigest()
        self._path = path
        try:
            self._network = open_network(content)
            forward(self._network, np.zeros((1, HEIGHT, WIDTHS, 1), np.float32))
        except ValueError as error:
            raise UserError(f"{path} {error}; {remedy(path)}") from error

    def read(self, lines: Sequence[LineImage]) -> list[tuple[Candidate, ...]]:
        """Read lines.

        Args:
            lines: made by :func:`digits.line_image.line_image`.

        Returns:
            For each line the ways to read it, the most probable first; at least one.

        Raises:
            UserError: the network gives something other than it should.
        """
        try:
            return [_decoded(answers, line) for line, answers in zip(lines, self._answers(lines), strict=True)]
        except ValueError as error:
            raise UserError(f"{self._path} {error}; {remedy(self._path)}") from error

    def alone(self, lines: Sequence[LineImage]) -> NDArray[np.float64]:
        """How probable it is that a line is one symbol and nothing else, or has no digit at all.

        Args:
            lines: made by :func:`digits.line_image.line_image`.

        Returns:
            Natural logarithms by line and symbol, shape (n, 12), the last of no digit, whatever else there is.

        Raises:
            UserError: the network gives something other than it should.
        """
        try:
            return one_symbol([log_probabilities(answers) for answers in self._answers(lines)])
        except ValueError as error:
            raise UserError(f"{self._path} {error}; {remedy(self._path)}") from error

    def _answers(self, lines: Sequence[LineImage]) -> list[NDArray[np.float32]]:
        """The network's answers for each line, shape (columns, 14): many lines are given to it side by side."""
        answers: list[NDArray[np.float32]] = []
        start = 0
        while start < len(lines):
            end, width = start + 1, lines[start].pixels.shape[1]
            while end < len(lines) and width + lines[end].pixels.shape[1] <= TOGETHER:
                width += lines[end].pixels.shape[1]
                end += 1
            given = np.zeros((1, HEIGHT, -(-width // WIDTHS) * WIDTHS), np.uint8)
            given[0, :, :width] = np.hstack([line.pixels for line in lines[start:end]])
            found = forward(self._network, to_input(given))[0]
            ends = np.cumsum([line.pixels.shape[1] // STRIDE for line in lines[start:end]])
            answers += np.split(found[: ends[-1]], ends[:-1])
            start = end
        return answers


def open_network(content: bytes) -> Any:
    """Load a network from the bytes of an ``.onnx`` file into OpenCV.

    Raises:
        ValueError: OpenCV cannot.
    """
    try:
        return cv2.dnn.readNetFromONNX(np.frombuffer(content, np.uint8))
    except cv2.error as error:
        raise ValueError("cannot be loaded as a network") from error


def forward(network: Any, given: NDArray[np.float32]) -> NDArray[np.float32]:
    """One call of the network.

    Args:
        network: from :func:`open_network`.
        given: shape (n, 32, width, 1) in [0, 1].

    Returns:
        Shape (n, width / 4, 14).

    Raises:
        ValueError: it gives something else, or values that are no numbers.
    """
    try:
        network.setInput(given)
        answers = np.asarray(network.forward(), np.float32)
    except cv2.error as error:
        raise ValueError("cannot be run") from error
    if answers.shape != (len(given), 1, given.shape[2] // STRIDE, OUTPUTS) or not np.isfinite(answers).all():
        raise ValueError(f"does not return {OUTPUTS} values for each column of a line")
    return answers[:, 0].copy()


def _decoded(answers: NDArray[np.float32], line: LineImage) -> tuple[Candidate, ...]:
    """The ways to read a line from the network's answers, shape (columns, 14)."""
    logs = log_probabilities(answers)
    if _is_number(_greedy(logs)):
        answers = answers.copy()
        answers[:, NO_DIGIT] -= RARER
        logs = log_probabilities(answers)
    sure = float(logs.max(axis=1).sum())
    found = [(_greedy(logs), sure)] if sure > math.log(SURE) else beam_search(logs)
    best = found[0][1]
    kept = [(labels, value) for labels, value in found if value >= best + math.log(WORTH)]
    return tuple(Candidate(labels, value, line, answers, logs) for labels, value in kept)


def _is_number(labels: Sequence[int]) -> bool:
    """Whether labels are mostly digits."""
    digits = sum(label != NO_DIGIT for label in labels)
    return digits >= 2 and 2 * digits > len(labels)


def log_probabilities(answers: NDArray[np.float32]) -> NDArray[np.float64]:
    """The logarithms of the symbols' probabilities by column, shape (columns, 12), from the network's answers."""
    logits = answers[:, :SYMBOLS].astype(np.float64)
    logs: NDArray[np.float64] = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
    return logs


def _greedy(logs: NDArray[np.float64]) -> tuple[int, ...]:
    """The symbols of the most probable path."""
    path = logs.argmax(axis=1)
    starts = np.flatnonzero(np.diff(path, prepend=BLANK))
    return tuple(label for label in path[starts].tolist() if label != BLANK)


def beam_search(logs: NDArray[np.float64]) -> list[tuple[tuple[int, ...], float]]:
    """The most probable sequences of symbols.

    Args:
        logs: logarithms of the symbols' probabilities by column, shape (columns, 12), the blank last.

    Returns:
        At most eight sequences of labels with the logarithm of their probability, the most probable first.
    """
    beam: dict[tuple[int, ...], tuple[float, float]] = {(): (0.0, -math.inf)}  # ending in a blank, and in a symbol
    least = math.log(LIKELY)
    for row in logs:
        blank = float(row[BLANK])
        symbols = [(label, float(row[label])) for label in np.flatnonzero(row[:BLANK] > least).tolist()]
        after: dict[tuple[int, ...], tuple[float, float]] = {}
        for labels, (in_blank, in_symbol) in beam.items():
            either = _sum(in_blank, in_symbol)
            last = labels[-1] if labels else None
            stays = in_symbol + float(row[last]) if last is not None else -math.inf
            before = after.get(labels, (-math.inf, -math.inf))
            after[labels] = _sum(before[0], either + blank), _sum(before[1], stays)
            for label, value in symbols:
                longer = (*labels, label)
                comes = (in_blank if label == last else either) + value
                before = after.get(longer, (-math.inf, -math.inf))
                after[longer] = before[0], _sum(before[1], comes)
        if len(after) > BEAM:
            after = dict(sorted(after.items(), key=lambda item: -_sum(*item[1]))[:BEAM])
        beam = after
    return sorted(((labels, _sum(*values)) for labels, values in beam.items()), key=lambda item: -item[1])


def _sum(a: float, b: float) -> float:
    """The logarithm of the sum of two numbers whose logarithms are given."""
    low, high = (a, b) if a < b else (b, a)
    return high if low == -math.inf else high + math.log1p(math.exp(low - high))


def probability_of(labels: Sequence[int], logs: NDArray[np.float64]) -> float:
    """The logarithm of how probable a sequence is: the sum over all of its paths (Graves et al. 2006, equation 3).

    Args:
        labels: the sequence.
        logs: logarithms of the symbols' probabilities by column, shape (columns, 12).
    """
    states, skips = _states(labels)
    to = np.flatnonzero(skips)
    values = np.full(len(states), -np.inf)
    values[:2] = logs[0, states[:2]]
    for row in logs[1:, states]:
        before = values
        values = before.copy()
        values[1:] = np.logaddexp(values[1:], before[:-1])
        values[to] = np.logaddexp(values[to], before[to - 2])
        values += row
    return float(np.logaddexp.reduce(values[-2:]))


def one_symbol(lines: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """The logarithms of how probable each sequence of one symbol is, and any without a digit, shape (n, 12).

    Args:
        lines: logarithms of the symbols' probabilities by column, each of shape (columns, 12).
    """
    logs = np.full((len(lines), max(map(len, lines), default=0), SYMBOLS), -np.inf)
    logs[:, :, BLANK] = 0  # columns that only a longer line has
    for padded, line in zip(logs, lines, strict=True):
        padded[: len(line)] = line
    before, within, after = np.zeros((len(lines), 1)), *np.full((2, len(lines), BLANK), -np.inf)
    for column in np.moveaxis(logs, 1, 0):
        symbols, blank = column[:, :BLANK], column[:, BLANK:]
        after = np.logaddexp(after, within) + blank
        within = np.logaddexp(within, before) + symbols
        before = before + blank
    no_digit = np.logaddexp(logs[:, :, NO_DIGIT], logs[:, :, BLANK]).sum(axis=1, keepdims=True)
    return np.concatenate([np.logaddexp(within, after), no_digit], axis=1)


def _states(labels: Sequence[int]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """The states that a path runs through, with blanks between the labels, and which may follow that before the last.

    The latter are those of labels over the blank between two that are different.
    """
    states = np.full(2 * len(labels) + 1, BLANK)
    states[1::2] = labels
    skips = np.zeros(len(states), bool)
    skips[3::2] = states[3::2] != states[1:-2:2]
    return states, skips


def align(labels: Sequence[int], logs: NDArray[np.float64]) -> list[NDArray[np.int64]]:
    """The columns of each symbol along the most probable path through them (Viterbi).

    Args:
        labels: the sequence.
        logs: logarithms of the symbols' probabilities by column, shape (columns, 12).
    """
    if not labels:
        return []
    states, skips = _states(labels)
    values = np.full(len(states), -np.inf)
    values[:2] = logs[0, states[:2]]
    steps = np.zeros((len(logs), len(states)), np.int8)
    for column in range(1, len(logs)):
        ways = np.full((3, len(states)), -np.inf)
        ways[0], ways[1, 1:] = values, values[:-1]
        ways[2, 2:] = np.where(skips[2:], values[:-2], -np.inf)
        steps[column] = ways.argmax(axis=0)
        values = ways.max(axis=0) + logs[column, states]
    state = len(states) - 1 if values[-1] >= values[-2] else len(states) - 2
    path = np.zeros(len(logs), np.int64)
    for column in range(len(logs) - 1, -1, -1):
        path[column] = state
        state -= int(steps[column, state])
    return [np.flatnonzero(path == 2 * i + 1) for i in range(len(labels))]
