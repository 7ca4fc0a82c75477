"""From ink to digits: the entry points shared by the window and the command line."""

import math
import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
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
from digits.reading.hand import Personal
from digits.reading.ink import Strokes, open_strokes
from digits.reading.line_segmenter import LineSegmenter
from digits.reading.marks import NOT_A_DIGIT, LeftOut
from digits.reading.opinions import logits, softmax
from digits.reading.page import open_page
from digits.reading.photograph import boxes_in_photograph, page_ink
from digits.reading.segmentation import MOST_COMPONENTS, Box, Components, Segment, stroke_components
from digits.reading.words import places_beside, told_apart

CONFIDENCE = 0.4  #: a digit of less confidence is rejected


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
        moved: whether it would be another digit, or none, without the hand.
        without: that digit, or None; only if it was moved.
    """

    digit: int | None
    confidence: float
    probabilities: NDArray[np.float32]
    segment: Segment
    rejected: str = ""
    is_read: bool = True
    moved: bool = False
    without: int | None = None

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


def text_of(line: Sequence[Digit]) -> str:
    """The digits of a line, with a space between numbers and "?" for what is rejected."""
    return "".join(f" {digit.text}" if digit.segment.spaced else digit.text for digit in line)


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
        unread: number of pieces of ink that were not read because there are too many.
        left_out: where the ink beside the digits is, and what it is. Marks among them are digits that are rejected.
        matrix: takes (x, y, 1) of the page to the photograph that it was straightened from, shape (3, 3); None if it
            was not.
    """

    model: str
    digits: tuple[Digit, ...]
    seconds: float
    unread: int = 0
    left_out: tuple[LeftOut, ...] = ()
    matrix: NDArray[np.float64] | None = None

    @property
    def text(self) -> str:
        """The digits: a line break between lines, a space between numbers, "?" for what is rejected; "" without ink."""
        return "\n".join(map(text_of, self.lines))

    @property
    def lines(self) -> list[list[Digit]]:
        """The digits line by line."""
        return [list(line) for _, line in groupby(self.digits, key=lambda digit: digit.segment.line)]

    def as_json(self) -> dict[str, Any]:
        """Convert to JSON types: the model, the text, its lines, a dictionary for each digit, and what was left out.

        Boxes are in pixels of the file.
        """
        boxes = boxes_in_photograph([digit.box for digit in self.digits], self.matrix)
        digits = [
            {
                "digit": digit.digit,
                "confidence": round(digit.confidence, 6),
                "probabilities": [round(float(value), 6) for value in digit.probabilities],
                "box": list(box),
                **({} if digit.is_read else {"is_read": False}),
                **({"without_hand": digit.without} if digit.moved else {}),
            }
            for digit, box in zip(self.digits, boxes, strict=True)
        ]
        lines = [{"text": text_of(line), "confidence": round(confidence_of(line), 6)} for line in self.lines]
        marks = [LeftOut(digit.box, digit.segment.why) for digit in self.digits if digit.segment.why]
        beside = [*marks, *self.left_out]
        places = boxes_in_photograph([one.box for one in beside], self.matrix)
        named = [{"box": list(box), "why": one.why} for one, box in zip(beside, places, strict=True)]
        left_out = {"left_out": named} if named else {}
        unread = {"unread": self.unread} if self.unread else {}
        return {"model": self.model, "text": self.text, "lines": lines, "digits": digits, **left_out, **unread}


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


def read_pages(
    path: Path, network: Network | Personal, lines: LineSegmenter, known: Collection[int] = ()
) -> Iterator[Page]:
    """Read an image file page by page, or strokes saved as JSON, which are one page.

    Allocates what one page needs: 2 GB at most.

    Args:
        path: the file.
        network: the network, which may know the hand.
        lines: finds the digits.
        known: numbers of pages that need not be read.

    Raises:
        UserError: the file cannot be read; the message names it.
    """
    if path.suffix.lower() == ".json":
        yield Page(1, 1, _read_drawing(open_strokes(path), path, network, lines))
        return
    with image_file.opened(path, str(path)) as pages:
        for index in range(pages.count):
            if index + 1 in known:
                continue
            try:
                reading = read_photograph(open_page(pages, index), network, lines)
            except UserError as error:
                if pages.count == 1:
                    raise
                yield Page(index + 1, pages.count, error, pages.left_out)
            else:
                yield Page(index + 1, pages.count, reading, pages.left_out)


def _read_drawing(drawing: Strokes, path: Path, network: Network | Personal, lines: LineSegmenter) -> Reading:
    """Read strokes, and the picture below them."""
    drawn = stroke_components(drawing.strokes)
    if drawing.picture is None:
        return read_segments(lines.segments(drawn), network, drawn)
    with image_file.opened(drawing.picture.content, f"the picture in {path}") as pages:
        page = page_ink(open_page(pages, 0), lines, drawing.picture.as_it_is)
    components = Components([*drawn, *page.components], drawn.left_out + page.components.left_out)
    deleted = drawing.picture.deleted
    kept = [found for found in lines.segments(components) if found.strokes or found.box not in deleted]
    return replace(read_segments(kept, network, components), matrix=page.matrix)


def read_file(path: Path, network: Network | Personal, lines: LineSegmenter) -> Reading:
    """Read the first page of a file.

    Raises:
        UserError: it cannot be read; the message names it.
    """
    reading = next(read_pages(path, network, lines)).reading
    if isinstance(reading, UserError):
        raise reading
    return reading


def read_photograph(image: NDArray[np.uint8], network: Network | Personal, lines: LineSegmenter) -> Reading:
    """Read a page; the boxes of its digits are in pixels of the straightened page.

    Args:
        image: ``uint8`` RGB array of shape (height, width, 3).
        network: the network, which may know the hand.
        lines: finds the digits.
    """
    page = page_ink(image, lines)
    return replace(read_segments(page.segments, network, page.components), matrix=page.matrix)


@dataclass(frozen=True)
class _Answer:
    """What a network says of a crop, what a hand adds to it, both of shape (10,), and the seconds that it took."""

    crop: NDArray[np.uint8]
    own: NDArray[np.float32]
    moves: NDArray[np.float64]
    seconds: float
    digit: Digit | None = None  # what was made of it


Remembered = dict[int, _Answer]  #: a network's answers by the identity of the crop


def read_segments(
    segments: Sequence[Segment], network: Network | Personal, components: Components | None = None
) -> Reading:
    """Read digits with one network, without what stands beside them.

    Args:
        segments: as for :func:`read`.
        network: the network, which may know the hand.
        components: the pieces of ink that they were found in.
    """
    kept, beside = told_apart(segments)
    pieces = components or Components((), 0)
    places = places_beside(pieces, segments, beside)
    return replace(read(kept, network, pieces.left_out), left_out=tuple(places))


def read(
    segments: Sequence[Segment],
    network: Network | Personal,
    unread: int = 0,
    remembered: Remembered | None = None,
) -> Reading:
    """Read the digits of a drawing with one network, as one batch: the largest, if there are more than can be read.

    Args:
        segments: in reading order, with their lines numbered, from
            :meth:`digits.reading.line_segmenter.LineSegmenter.segments`.
        network: the network, which may know the hand.
        unread: number of pieces of ink that are not among them.
        remembered: the answers of the same network for the crops of the last call, which is changed to those of this.
    """
    known = dict(remembered or {})
    across = np.array([max(found.box[2:]) for found in segments], np.int64)
    chosen = np.sort(np.argsort(-across, kind="stable")[: min(network.most, MOST_COMPONENTS)]).tolist()
    crops = {i: segments[i].crop for i in chosen}
    new = [i for i, crop in crops.items() if id(crop) not in known]
    start = time.perf_counter()
    own, moves = _asked(network, np.array([crops[i] for i in new], np.uint8).reshape(-1, SIZE, SIZE))
    seconds = (time.perf_counter() - start) / max(1, len(new))
    fresh = {i: _Answer(crops[i], own[k], moves[k], seconds) for k, i in enumerate(new)}
    answers = {i: fresh.get(i) or known[id(crop)] for i, crop in crops.items()}
    digits = tuple(
        _digit(found, answers[i], network.name) if i in answers else _unread(found, network.name)
        for i, found in enumerate(segments)
    )
    if remembered is not None:
        remembered.clear()
        for i, answer in answers.items():
            same = answer.digit is digits[i]
            remembered[id(answer.crop)] = answer if same else replace(answer, digit=digits[i])
    took = sum(answer.seconds for answer in answers.values())
    return Reading(network.name, digits, took, unread + len(segments) - len(chosen))


def _asked(network: Network | Personal, crops: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """What a network says of crops, and what a hand adds, both of shape (n, 10)."""
    if isinstance(network, Personal):
        return network.answers(crops)
    own = network.probabilities(crops)
    return own, np.zeros(own.shape)


def _digit(found: Segment, answer: _Answer, name: str) -> Digit:
    if answer.digit is not None and answer.digit.segment is found:
        return answer.digit
    values = logits(answer.own, found.seen, name, found.is_cut)
    row, plain = softmax(values + answer.moves).astype(np.float32), softmax(values)
    rejected = _why_rejected(found, float(row.max()))
    digit = None if rejected else int(row.argmax())
    without = None if _why_rejected(found, float(plain.max())) else int(plain.argmax())
    made = Digit(digit, float(row.max()), row, found, rejected)
    return made if digit == without else replace(made, moved=True, without=without)


def _unread(found: Segment, name: str) -> Digit:
    """A digit that the network was not asked for, since there are too many."""
    row = np.full(CLASSES, 1 / CLASSES, np.float32)
    return Digit(None, float(row.max()), row, found, f"more digits than {name} reads", is_read=False)


def _why_rejected(found: Segment, confidence: float) -> str:
    """Why ink is no digit, in a few words; "" if it is one."""
    if not found.crop.any():
        return "no ink"
    if found.seen is not None and int(found.seen.argmax()) == NO_DIGIT:
        return found.why or NOT_A_DIGIT
    return "" if confidence >= CONFIDENCE else "the network is not sure"
