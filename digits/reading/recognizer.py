"""Segments to a reading: what the window and the headless mode both call."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from digits.image_format import SIZE
from digits.reading.classifier import Classifier
from digits.reading.crop import to_crop
from digits.reading.segmentation import Box, Segment


@dataclass(frozen=True)
class Digit:
    """One digit as it was read.

    Attributes:
        digit: 0 to 9, or None where it is rejected ("?").
        confidence: the highest of the ten probabilities.
        probabilities: ``float32`` array of shape (10,).
        segment: its ink, its box, its line, its strokes.
        crop: ``uint8`` array of shape (28, 28): what the network was given.
    """

    digit: int | None
    confidence: float
    probabilities: NDArray[np.float32]
    segment: Segment
    crop: NDArray[np.uint8]

    @property
    def box(self) -> Box:
        """(x, y, width, height) in pixels."""
        return self.segment.box

    @property
    def text(self) -> str:
        """The digit, "?" where it is rejected."""
        return "?" if self.digit is None else str(self.digit)


@dataclass(frozen=True)
class Reading:
    """What one network reads: the digits in reading order, and how long that took in seconds."""

    model: str
    digits: tuple[Digit, ...]
    seconds: float

    @property
    def text(self) -> str:
        """One line of text a line of digits; "?" for a rejected digit; "" without ink."""
        lines = groupby(self.digits, key=lambda digit: digit.segment.line)
        return "\n".join("".join(digit.text for digit in line) for _, line in lines)


def read(segments: Sequence[Segment], classifier: Classifier) -> Reading:
    """Read the digits of a drawing with one network, in one call."""
    start = time.perf_counter()
    crops = np.array([to_crop(segment.ink) for segment in segments], np.uint8).reshape(-1, SIZE, SIZE)
    probabilities = classifier.probabilities(crops)
    digits = tuple(
        Digit(int(row.argmax()), float(row.max()), row, segment, crop)
        for segment, crop, row in zip(segments, crops, probabilities, strict=True)
    )
    return Reading(classifier.name, digits, time.perf_counter() - start)
