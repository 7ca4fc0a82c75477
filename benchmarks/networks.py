"""The saved networks as the benchmarks use them."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from digits.errors import UserError, reason
from digits.files import sha256
from digits.networks import MODELS, remedy
from digits.reading.classifier import Classifier
from digits.reading.line_segmenter import LineSegmenter

BATCH = 500  #: crops per call


def read_networks(folder: Path) -> dict[str, Classifier]:
    """All networks by name. OpenCV's networks cannot be pickled, so every process reads its own.

    Raises:
        UserError: one is missing or damaged.
    """
    return {name: Classifier(file_of(folder, name)) for name in MODELS}


def open_lines(folder: Path) -> LineSegmenter:
    """What finds the digits: the folder's line network, or this project's if it has none.

    Raises:
        UserError: it cannot be used; without it, every piece of ink would count as a digit.
    """
    lines = LineSegmenter.open(folder)
    if lines.failure:
        raise UserError(lines.failure)
    return lines


def file_of(folder: Path, name: str) -> Path:
    """Where a network's ONNX file lies."""
    return folder / f"{name}.onnx"


def digests(folder: Path) -> dict[str, str]:
    """The SHA-256 of each network's ONNX file, by name.

    Raises:
        UserError: one is missing or cannot be read.
    """
    found: dict[str, str] = {}
    for path in (file_of(folder, name) for name in MODELS):
        try:
            found[path.stem] = sha256(path)
        except (OSError, ValueError) as error:
            raise UserError(f"{path} cannot be read: {reason(error, path)}; {remedy(path)}") from error
    return found


def probabilities(network: Classifier, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Probabilities, shape (n, 10), of any number of crops, shape (n, 28, 28), at least 1."""
    return np.concatenate([network.probabilities(crops[i : i + BATCH]) for i in range(0, len(crops), BATCH)])
