"""Segments to a reading: what the window and the headless mode both call."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digits.image_format import SIZE
from digits.reading.classifier import Classifier
from digits.reading.ink import open_strokes
from digits.reading.page import open_image, to_ink
from digits.reading.rejection import hatched, why_rejected
from digits.reading.segmentation import Box, Segment, image_components, segment, stroke_components


@dataclass(frozen=True)
class Digit:
    """One digit as it was read.

    Attributes:
        digit: 0 to 9, or None where it is rejected ("?").
        confidence: the highest of the ten probabilities.
        probabilities: ``float32`` array of shape (10,).
        segment: its ink, its box, its line, its strokes, and the crop that the network was given.
        rejected: why it is no digit, in a few words; "" where it is one.
    """

    digit: int | None
    confidence: float
    probabilities: NDArray[np.float32]
    segment: Segment
    rejected: str = ""

    @property
    def box(self) -> Box:
        """(x, y, width, height) in pixels."""
        return self.segment.box

    @property
    def crop(self) -> NDArray[np.uint8]:
        """``uint8`` array of shape (28, 28)."""
        return self.segment.crop

    @property
    def text(self) -> str:
        """The digit, "?" where it is rejected."""
        return "?" if self.digit is None else str(self.digit)


@dataclass(frozen=True)
class Reading:
    """What one network reads: the digits in reading order, and how long the network took in seconds."""

    model: str
    digits: tuple[Digit, ...]
    seconds: float

    @property
    def text(self) -> str:
        """One line of text a line of digits; "?" for a rejected digit; "" without ink."""
        lines = groupby(self.digits, key=lambda digit: digit.segment.line)
        return "\n".join("".join(digit.text for digit in line) for _, line in lines)

    def as_json(self) -> dict[str, Any]:
        """The reading as JSON's types: model, text, and a dictionary for each digit."""
        digits = [
            {
                "digit": digit.digit,
                "confidence": round(digit.confidence, 6),
                "probabilities": [round(float(value), 6) for value in digit.probabilities],
                "box": list(digit.box),
            }
            for digit in self.digits
        ]
        return {"model": self.model, "text": self.text, "digits": digits}


def read_file(path: Path, classifier: Classifier) -> Reading:
    """Read an image, or strokes saved as JSON.

    Raises:
        UserError: the file cannot be read; the message is one line that names it.
    """
    if path.suffix.lower() == ".json":
        parts = stroke_components(open_strokes(path).strokes)
    else:
        parts = image_components(to_ink(open_image(path)))
    return read(segment(parts), classifier)


def read(segments: Sequence[Segment], classifier: Classifier) -> Reading:
    """Read the digits of a drawing with one network, in one call.

    Args:
        segments: in reading order, as :func:`digits.reading.segmentation.segment` gives them.
        classifier: the network.
    """
    crops = np.array([part.crop for part in segments], np.uint8).reshape(-1, SIZE, SIZE)
    start = time.perf_counter()
    probabilities = classifier.probabilities(crops)
    seconds = time.perf_counter() - start
    digits = []
    for part, row, hatching in zip(segments, probabilities, hatched(segments), strict=True):
        confidence = float(row.max())
        rejected = "hatching" if hatching else why_rejected(part.shape, confidence)
        digits.append(Digit(None if rejected else int(row.argmax()), confidence, row, part, rejected))
    return Reading(classifier.name, tuple(digits), seconds)
