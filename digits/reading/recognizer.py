"""From ink to digits: the entry points shared by the window and the command line."""

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
from digits.reading import image_file
from digits.reading.classifier import Network
from digits.reading.ink import open_strokes
from digits.reading.page import open_page, to_ink
from digits.reading.rejection import hatched, why_rejected
from digits.reading.segmentation import Box, Components, Segment, image_components, segment, stroke_components


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


@dataclass(frozen=True)
class Reading:
    """What one network reads in a drawing.

    Attributes:
        model: name of the network.
        digits: in reading order.
        seconds: time taken by the network.
        left_out: number of pieces of ink that were not read because there are too many.
    """

    model: str
    digits: tuple[Digit, ...]
    seconds: float
    left_out: int = 0

    @property
    def text(self) -> str:
        """The digits, with a line break between lines of text and "?" for a rejected segment; "" if there is no ink."""
        lines = groupby(self.digits, key=lambda digit: digit.segment.line)
        return "\n".join("".join(digit.text for digit in line) for _, line in lines)

    def as_json(self) -> dict[str, Any]:
        """Convert to JSON types: the model, the text, a dictionary for each digit, and what was left out."""
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
        left_out = {"left_out": self.left_out} if self.left_out else {}
        return {"model": self.model, "text": self.text, "digits": digits, **left_out}


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


def read_pages(path: Path, classifier: Network, known: Collection[int] = ()) -> Iterator[Page]:
    """Read an image file page by page, or strokes saved as JSON, which are one page.

    Allocates what one page needs: 2 GB at most.

    Args:
        path: the file.
        classifier: the network.
        known: numbers of pages that need not be read.

    Raises:
        UserError: the file cannot be read; the message names it.
    """
    if path.suffix.lower() == ".json":
        yield Page(1, 1, _read_components(stroke_components(open_strokes(path).strokes), classifier))
        return
    with image_file.opened(path, str(path)) as pages:
        for index in range(pages.count):
            if index + 1 in known:
                continue
            try:
                reading = _read_components(image_components(to_ink(open_page(pages, index))), classifier)
            except UserError as error:
                if pages.count == 1:
                    raise
                yield Page(index + 1, pages.count, error, pages.left_out)
            else:
                yield Page(index + 1, pages.count, reading, pages.left_out)


def read_file(path: Path, classifier: Network) -> Reading:
    """Read the first page of a file.

    Raises:
        UserError: it cannot be read; the message names it.
    """
    reading = next(read_pages(path, classifier)).reading
    if isinstance(reading, UserError):
        raise reading
    return reading


def _read_components(components: Components, classifier: Network) -> Reading:
    return read(segment(components), classifier, components.left_out)


def read(segments: Sequence[Segment], classifier: Network, left_out: int = 0) -> Reading:
    """Read the digits of a drawing with one network, as one batch: the largest, if there are more than it reads.

    Args:
        segments: in reading order, with their lines numbered, from :func:`digits.reading.segmentation.segment`.
        classifier: the network.
        left_out: number of pieces of ink that are not among them.
    """
    across = np.array([max(found.box[2:]) for found in segments], np.int64)
    chosen = np.sort(np.argsort(-across, kind="stable")[: classifier.most])
    crops = np.array([segments[i].crop for i in chosen], np.uint8).reshape(-1, SIZE, SIZE)
    start = time.perf_counter()
    rows = np.full((len(segments), CLASSES), 1 / CLASSES, np.float32)
    rows[chosen] = classifier.probabilities(crops)
    seconds = time.perf_counter() - start
    is_read = np.isin(np.arange(len(segments)), chosen)
    digits = []
    for found, row, hatching, asked in zip(segments, rows, hatched(segments), is_read, strict=True):
        confidence = float(row.max())
        if not asked:
            rejected = f"more digits than {classifier.name} reads"
        else:
            rejected = "hatching" if hatching else why_rejected(found.shape, confidence)
        digits.append(Digit(None if rejected else int(row.argmax()), confidence, row, found, rejected, bool(asked)))
    return Reading(classifier.name, tuple(digits), seconds, left_out + len(segments) - len(chosen))
