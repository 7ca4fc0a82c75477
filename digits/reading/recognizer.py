"""From ink to digits: the entry points shared by the window and the command line."""

import math
import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digits.errors import UserError
from digits.image_format import CLASSES, SIZE
from digits.line_image import NO_DIGIT
from digits.reading import image_file
from digits.reading.classifier import Network
from digits.reading.ink import open_strokes
from digits.reading.line_segmenter import LineSegmenter
from digits.reading.page import open_page, to_ink
from digits.reading.segmentation import MOST_COMPONENTS, Box, Components, Segment, image_components, stroke_components

CONFIDENCE = 0.4  #: a digit of less confidence is rejected

#: Powers of a network's probabilities and of the line network's in what is shown, fitted by maximum likelihood to
#: digits by writers left out of training (benchmarks/opinion_weights.py): for ResNet, which knows other people's
#: handwriting; for networks that know MNIST alone; and for ink that was cut, which no longer is what was written.
WEIGHTS = {"ResNet": (0.7, 0.2)}
OTHER_WEIGHTS, CUT_WEIGHTS = (0.2, 0.6), (0.25, 1.4)
LEAST = np.float32(1e-6)  #: probability that either grants any digit


@dataclass(frozen=True)
class Digit:
    """The reading of one segment.

    Attributes:
        digit: 0 to 9, or None if the segment is rejected.
        confidence: the highest of the ten probabilities.
        probabilities: ``float32`` array of shape (10,).
        segment: the ink, box, line and strokes, and the crop given to the network.
        rejected: the reason for rejecting the segment in a few words; "" if it is accepted.
        is_read: whether the network was asked, which reads the largest only if there are too many.
    """

    digit: int | None
    confidence: float
    probabilities: NDArray[np.float32]
    segment: Segment
    rejected: str = ""
    is_read: bool = True

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
        """The digit as a character; "?" if rejected."""
        return "?" if self.digit is None else str(self.digit)


def confidence_of(line: Sequence[Digit]) -> float:
    """How probable it is that a whole number is read rightly: all of its digits, and that there are so many.

    0 if a digit is rejected.
    """
    return (
        0.0
        if any(digit.digit is None for digit in line)
        else math.prod(digit.confidence * digit.segment.counted for digit in line)
    )


@dataclass(frozen=True)
class Reading:
    """What one network reads in a drawing.

    Attributes:
        model: name of the network.
        digits: in reading order.
        seconds: time taken by the network for these digits, whenever it has read them.
        left_out: number of pieces of ink that were not read because there are too many.
    """

    model: str
    digits: tuple[Digit, ...]
    seconds: float
    left_out: int = 0

    @property
    def text(self) -> str:
        """The digits, with a line break between lines of text and "?" for a rejected segment; "" if there is no ink."""
        return "\n".join("".join(digit.text for digit in line) for line in self.lines)

    @property
    def lines(self) -> list[list[Digit]]:
        """The digits line by line."""
        return [list(line) for _, line in groupby(self.digits, key=lambda digit: digit.segment.line)]

    def as_json(self) -> dict[str, Any]:
        """Convert to JSON types: the model, the text, its lines, a dictionary for each digit, and what was left out."""
        digits = [
            {
                "digit": digit.digit,
                "confidence": round(digit.confidence, 6),
                "probabilities": [round(float(value), 6) for value in digit.probabilities],
                "box": list(digit.box),
                **({} if digit.is_read else {"is_read": False}),
            }
            for digit in self.digits
        ]
        lines = [
            {"text": "".join(digit.text for digit in line), "confidence": round(confidence_of(line), 6)}
            for line in self.lines
        ]
        left_out = {"left_out": self.left_out} if self.left_out else {}
        return {"model": self.model, "text": self.text, "lines": lines, "digits": digits, **left_out}


@dataclass(frozen=True)
class Page:
    """A page of a file, and what is read there.

    Attributes:
        number: of the page, from 1.
        count: number of pages of the file that can be read.
        reading: what is read; or, if the page is damaged, the error, which names file and page.
        left_out: what the file has beyond its pages, in a few words; "" if nothing.
    """

    number: int
    count: int
    reading: Reading | UserError
    left_out: str = ""


def read_pages(path: Path, classifier: Network, lines: LineSegmenter, known: Collection[int] = ()) -> Iterator[Page]:
    """Read an image file page by page, or strokes saved as JSON, which are one page.

    Allocates what one page needs: 2 GB at most.

    Args:
        path: the file.
        classifier: the network.
        lines: finds the digits.
        known: numbers of pages that need not be read.

    Raises:
        UserError: the file cannot be read; the message names it.
    """
    if path.suffix.lower() == ".json":
        yield Page(1, 1, _read_components(stroke_components(open_strokes(path).strokes), classifier, lines))
        return
    with image_file.opened(path, str(path)) as pages:
        for index in range(pages.count):
            if index + 1 in known:
                continue
            try:
                reading = _read_components(image_components(to_ink(open_page(pages, index))), classifier, lines)
            except UserError as error:
                if pages.count == 1:
                    raise
                yield Page(index + 1, pages.count, error, pages.left_out)
            else:
                yield Page(index + 1, pages.count, reading, pages.left_out)


def read_file(path: Path, classifier: Network, lines: LineSegmenter) -> Reading:
    """Read the first page of a file.

    Raises:
        UserError: it cannot be read; the message names it.
    """
    reading = next(read_pages(path, classifier, lines)).reading
    if isinstance(reading, UserError):
        raise reading
    return reading


def _read_components(components: Components, classifier: Network, lines: LineSegmenter) -> Reading:
    return read(lines.segments(components), classifier, components.left_out)


#: A network's answers by the identity of the crop, with the seconds that each took.
Remembered = dict[int, tuple[NDArray[np.uint8], NDArray[np.float32], float]]


def read(
    segments: Sequence[Segment], classifier: Network, left_out: int = 0, remembered: Remembered | None = None
) -> Reading:
    """Read the digits of a drawing with one network, as one batch: the largest, if there are more than can be read.

    Args:
        segments: in reading order, with their lines numbered, from
            :meth:`digits.reading.line_segmenter.LineSegmenter.segments`.
        classifier: the network.
        left_out: number of pieces of ink that are not among them.
        remembered: the network's answers for the crops of the last call, which is changed to those of this one.
    """
    known = dict(remembered or {})
    across = np.array([max(found.box[2:]) for found in segments], np.int64)
    chosen = np.sort(np.argsort(-across, kind="stable")[: min(classifier.most, MOST_COMPONENTS)])
    crops = {i: segments[i].crop for i in chosen.tolist()}
    new = [i for i, crop in crops.items() if id(crop) not in known]
    given = np.array([crops[i] for i in new], np.uint8).reshape(-1, SIZE, SIZE)
    start = time.perf_counter()
    rows = np.full((len(segments), CLASSES), 1 / CLASSES, np.float32)
    rows[new] = classifier.probabilities(given)
    seconds = dict.fromkeys(new, (time.perf_counter() - start) / max(1, len(new)))
    for i, crop in crops.items():
        if id(crop) in known:
            _, rows[i], seconds[i] = known[id(crop)]
    if remembered is not None:
        remembered.clear()
        remembered.update((id(crop), (crop, rows[i], seconds[i])) for i, crop in crops.items())
    is_read = np.isin(np.arange(len(segments)), chosen)
    digits = []
    for found, own, asked in zip(segments, rows, is_read, strict=True):
        row = together(own, found, classifier.name) if asked else own
        confidence = float(row.max())
        rejected = _why_rejected(found, confidence) if asked else f"more digits than {classifier.name} reads"
        digits.append(Digit(None if rejected else int(row.argmax()), confidence, row, found, rejected, bool(asked)))
    return Reading(classifier.name, tuple(digits), sum(seconds.values()), left_out + len(segments) - len(chosen))


def together(own: NDArray[np.float32], found: Segment, name: str) -> NDArray[np.float32]:
    """The probabilities of the digits, shape (10,), from those of a network and what the line network says.

    Args:
        own: the network's, shape (10,).
        found: the segment.
        name: of the network.

    Returns:
        The product of both, each to the power of its weight, scaled to sum to 1: a logarithmic opinion pool (Genest &
        Zidek 1986).
    """
    if found.seen is None:
        return own
    weights = weights_of(name, found.is_cut)
    logs = weights[0] * np.log(np.maximum(own, LEAST)) + weights[1] * np.log(np.maximum(found.seen[:CLASSES], LEAST))
    row = np.exp(logs - logs.max())
    return np.asarray(row / row.sum(), np.float32)


def weights_of(name: str, is_cut: bool) -> tuple[float, float]:
    """The weights of a network and of the line network, for ink that is whole or was cut."""
    return CUT_WEIGHTS if is_cut else WEIGHTS.get(name, OTHER_WEIGHTS)


def _why_rejected(found: Segment, confidence: float) -> str:
    """Why ink is no digit, in a few words; "" if it is one."""
    if not found.crop.any():
        return "no ink"
    if found.seen is not None and int(found.seen.argmax()) == NO_DIGIT:
        return "not a digit"
    return "" if confidence >= CONFIDENCE else "the network is not sure"
