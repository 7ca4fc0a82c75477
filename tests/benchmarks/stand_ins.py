"""What stands in for networks."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from digits.line_image import BLANK, HEIGHT, NO_DIGIT, OUTPUTS, STRIDE, SYMBOLS, LineImage
from digits.reading.line_network import LineNetwork

WIDE = 3  #: times as wide as high, and ink is no digit


class Columns(LineNetwork):
    """Finds a digit, it hardly knows which, in all ink between two columns without any; none in wide ink."""

    def __init__(self) -> None:
        self.name, self.digest, self._path = "LineNet", "c" * 64, Path("LineNet.onnx")

    def _answers(self, lines: Sequence[LineImage]) -> list[NDArray[np.float32]]:
        return [_answer(line.pixels >= 64) for line in lines]


def _answer(ink: NDArray[np.bool_]) -> NDArray[np.float32]:
    answers = np.full((ink.shape[1] // STRIDE, OUTPUTS), -9, np.float32)
    answers[:, BLANK] = 9
    edges = np.flatnonzero(np.diff(np.pad(ink.any(axis=0), 1).astype(int))).reshape(-1, 2)
    for place, (left, right) in enumerate(edges.tolist()):
        rows = np.flatnonzero(ink[:, left:right].any(axis=1))
        column = (left + right) // 2 // STRIDE
        middle = STRIDE * (column + 0.5)
        answers[column, BLANK] = -9
        if right - left > WIDE * (1 + np.ptp(rows)):
            answers[column, NO_DIGIT] = 9
        else:
            answers[column, :NO_DIGIT] = 0
            answers[column, place % 2] = 0.1  # not the one before again, which would be the same digit
        answers[column, SYMBOLS:] = (middle - left) / HEIGHT, (right - middle) / HEIGHT
    return answers


class Bright:
    """A network that takes what has ink in its middle for a 1, and all else for a 0."""

    most = 1000

    def __init__(self, name: str) -> None:
        self.name = name

    def probabilities(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        rows = np.full((len(crops), 10), 1e-6, np.float32)
        has_ink = (crops[:, 12:16, 12:16] > 127).any(axis=(1, 2))
        rows[np.arange(len(crops)), has_ink.astype(int)] = 1 - 9e-6
        return rows
