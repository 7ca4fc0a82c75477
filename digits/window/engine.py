"""The slow work: opening images, segmenting drawings and running the networks. No widgets."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from digits.errors import UserError
from digits.reading import image_file, page, saliency
from digits.reading.classifier import Classifier
from digits.reading.collection import Entry, Sample
from digits.reading.hand import Hand, Personal, Pupil
from digits.reading.image_file import Source
from digits.reading.ink import MOST_PICTURE, Box, Stroke, Strokes, open_strokes
from digits.reading.line_segmenter import LineSegmenter
from digits.reading.marks import LeftOut
from digits.reading.photograph import page_ink
from digits.reading.recognizer import Reading, Remembered, read
from digits.reading.segmentation import Components, Segment, stroke_components
from digits.reading.words import places_beside, told_apart
from digits.window.document import Photograph, State, digit_key

BATCH = 32  #: collected digits that are looked at in one call
LIKE = 0.6  #: share of two boxes that they have in common if they are of the same digit
QUALITIES = (
    95,
    85,
    70,
    50,
)  #: of a photograph that is too large to be kept without loss: the first that is small enough
LONGEST_JPEG = 65_500  #: px, the longer side that libjpeg writes
LARGEST_PREVIEW = 2400  #: px, the longer side; larger than most screens


@dataclass(frozen=True)
class Result:
    """What was read from a drawing.

    Attributes:
        state: the drawing.
        keys: each digit's key, in reading order.
        readings: by the network's name; all have the same digits in the same order.
        left_out: where the ink beside the digits is, and what it is.
    """

    state: State
    keys: tuple[str, ...]
    readings: Mapping[str, Reading]
    left_out: tuple[LeftOut, ...] = ()


class Engine:
    """The networks, and what is cached between calls. To be used by one thread only."""

    def __init__(self, models: Path) -> None:
        """Load nothing yet; ``models`` is the folder with ``<name>.onnx``."""
        self._models = models
        self._classifiers: dict[str, Classifier | UserError] = {}
        self._pupils: dict[str, Pupil] = {}
        self._segmented = _Segmented(State())
        self._lines: LineSegmenter | None = None
        self._read: dict[str, tuple[Hand | None, Remembered]] = {}
        self._drawn: dict[int, tuple[Stroke, Segment]] = {}  # the strokes of the last drawing as components
        self._keys: dict[int, tuple[Segment, str]] = {}  # of the digits of the last drawing

    def classifier(self, name: str) -> Classifier:
        """A network, loaded when it is first used.

        Raises:
            UserError: it cannot be used; the message says why and how to train it.
        """
        if name not in self._classifiers:
            try:
                self._classifiers[name] = Classifier(self._models / f"{name}.onnx")
            except UserError as error:
                self._classifiers[name] = error
        found = self._classifiers[name]
        if isinstance(found, UserError):
            raise UserError(*found.args)  # the same error again and again would collect every traceback
        return found

    @property
    def lines(self) -> LineSegmenter:
        """Finds the digits; loaded when it is first used."""
        if self._lines is None:
            self._lines = LineSegmenter.open(self._models)
        return self._lines

    def read(self, state: State, names: Sequence[str], hands: Mapping[str, Hand] | None = None) -> Result:
        """Read a drawing with several networks; those that cannot be used are left out.

        Args:
            state: the drawing.
            names: the networks.
            hands: that they know, by network; none by default.
        """
        found = self._segments(state)
        readings = {}
        for name in names:
            try:
                classifier = self.classifier(name)
            except UserError:
                continue  # reported when the window loaded the networks
            hand = (hands or {}).get(name)
            if self._read.get(name, (None, {}))[0] is not hand:
                self._read.pop(name, None)
            remembered = self._read.setdefault(name, (hand, {}))[1]
            readings[name] = read(
                found.digits, Personal(classifier, hand) if hand else classifier, found.unread, remembered
            )
        return Result(state, self._keys_of(found.digits), readings, found.left_out)

    def _keys_of(self, digits: Sequence[Segment]) -> tuple[str, ...]:
        """The keys of digits; of those that are the same objects as before it is known."""
        known = self._keys
        self._keys = {id(digit): known.get(id(digit)) or (digit, digit_key(digit)) for digit in digits}
        return tuple(key for _, key in self._keys.values())

    def open(self, path: Path, number: int = 0) -> State:
        """Open a saved drawing (``.json``), or a page of an image, counted from 0.

        Raises:
            UserError: the file cannot be opened.
        """
        if path.suffix.lower() == ".json":
            return self._drawing(open_strokes(path), str(path))
        content = image_file.content_of(path, str(path))
        name = path.name.encode(errors="backslashreplace").decode()  # a drawing that has it can be saved
        return State(photograph=replace(self._photograph(name, content, str(path), number), file=path))

    def take(self, pasted: Source) -> State:
        """Open an image from the clipboard.

        Raises:
            UserError: the image cannot be opened.
        """
        return State(photograph=self._photograph("pasted image", pasted, "the image on the clipboard"))

    def picture(self, rgb: NDArray[np.uint8], drawing: Strokes, as_it_is: bool) -> State:
        """A photograph of these pixels with what was drawn on it.

        Args:
            rgb: ``uint8`` array of shape (height, width, 3).
            drawing: its strokes, labels and deletions, and the picture's name.
            as_it_is: whether a person has turned or cropped it, so that it is not straightened.
        """
        name = drawing.picture.name if drawing.picture is not None else "picture"
        state = State(drawing.strokes, self._photograph_of(name, rgb, b"", as_it_is=as_it_is))
        return self._labelled(state, drawing)

    def _drawing(self, drawing: Strokes, called: str) -> State:
        """A drawing as it was saved."""
        picture, photograph = drawing.picture, None
        if picture is not None:
            with image_file.opened(picture.content, f"the picture in {called}") as pages:
                rgb = page.open_page(pages, 0)
            photograph = self._photograph_of(picture.name, rgb, picture.content, as_it_is=picture.as_it_is)
        return self._labelled(State(drawing.strokes, photograph), drawing)

    def _labelled(self, state: State, drawing: Strokes) -> State:
        """A state with the labels and deletions of a drawing, on the digits that have their boxes.

        What belongs to no digit, since the ink is told apart otherwise, is kept beside them.
        """
        deleted = drawing.picture.deleted if drawing.picture is not None else ()
        if not drawing.labels and not deleted:
            return state
        digits = self._segments(state).digits
        labels, unmatched = {}, []
        for label in drawing.labels:
            if (digit := at(label.box, digits)) is None:
                unmatched.append(label)
            else:
                strokes = Strokes(tuple(drawing.strokes[i] for i in digit.strokes), drawing.size)
                key = digit_key(digit)
                labels[key] = Sample(key, label.digit, digit.crop, strokes, digit.box)
        found = {box: at(box, digits) for box in deleted}
        hidden = {digit_key(digit) if digit else str(box): digit.box if digit else box for box, digit in found.items()}
        return replace(state, labels=labels, hidden=hidden, unmatched=tuple(unmatched))

    def occlusion(self, name: str, crop: NDArray[np.uint8], digit: int) -> NDArray[np.float32]:
        """The evidence for a digit, ``float32`` of shape (28, 28): see :func:`digits.reading.saliency.occlusion`."""
        return saliency.occlusion(self.classifier(name), crop, digit)

    def learn(self, name: str, entries: Sequence[Entry]) -> Hand | None:
        """Have a network learn the hand from the collected digits.

        A call looks at 32 digits at most, so that a large collection does not delay other work.

        Returns:
            The hand; None if digits remain to be looked at by further calls.

        Raises:
            UserError: the network cannot be used.
        """
        if name not in self._pupils:
            self._pupils[name] = Pupil(self.classifier(name), self.lines)
        return self._pupils[name].learn(entries, BATCH)

    def _segments(self, state: State) -> "_Segmented":
        """The digits of a drawing."""
        known = self._segmented
        if known.state.strokes is not state.strokes or known.state.photograph is not state.photograph:
            drawn, photograph = self._components(state.strokes), state.photograph
            components = [*drawn, *(photograph.components if photograph else ())]
            segments = self.lines.segments(components, remember=True)
            digits, beside = told_apart(segments)
            places = places_beside(components, segments, beside)
            unread = drawn.left_out + (photograph.unread if photograph else 0)
            known = self._segmented = _Segmented(state, digits, tuple(places), unread)
        if state.hidden:
            digits = [digit for digit in known.digits if digit_key(digit) not in state.hidden]
            return replace(known, digits=digits)
        return known

    def _components(self, strokes: Sequence[Stroke]) -> Components:
        """The strokes as components; the same object for a stroke that was there before."""
        drawn = stroke_components(strokes, {key: component for key, (_, component) in self._drawn.items()})
        self._drawn = {id(strokes[i]): (strokes[i], component) for component in drawn for i in component.strokes}
        return drawn

    def _photograph(self, name: str, source: Source, called: str, number: int = 0) -> Photograph:
        """A page of an image, which messages call ``called``, straightened."""
        with image_file.opened(source, called) as pages:
            number = min(number, pages.count - 1)
            rgb = page.open_page(pages, number)
            note = f"without {pages.left_out}" if pages.left_out else ""
            if (count := pages.count) > 1:
                note = page_note(number, count)
        content = source if isinstance(source, bytes) and number == 0 else b""
        return replace(self._photograph_of(name, rgb, content, note), page=number, pages=count)

    def _photograph_of(
        self, name: str, rgb: NDArray[np.uint8], content: bytes, note: str = "", as_it_is: bool = False
    ) -> Photograph:
        """A photograph of these pixels; ``content`` is of their file, if it has no other pages."""
        if not 0 < len(content) <= MOST_PICTURE:
            content, rgb = _encoded(name, rgb)
        found = page_ink(rgb, self.lines, as_it_is)
        height, width = found.image.shape[:2]
        shrink = min(1.0, LARGEST_PREVIEW / max(height, width))
        size = (max(1, round(width * shrink)), max(1, round(height * shrink)))
        preview = cv2.resize(found.image, size, interpolation=cv2.INTER_AREA) if shrink < 1 else found.image
        pieces = found.components
        return Photograph(
            name, found.image, pieces, np.asarray(preview, np.uint8), pieces.left_out, note, content, as_it_is
        )


def page_note(page: int, pages: int) -> str:
    """Which part of a file a page is, counted from 0; "" for all of it."""
    return f"page {page + 1:,} of {pages:,}" if pages > 1 else ""


def at(box: Box, digits: Sequence[Segment]) -> Segment | None:
    """The digit whose box has most in common with another one, if that is most of both."""
    x, y, width, height = box
    best, most = None, LIKE
    for digit in digits:
        left, top, across, down = map(int, digit.box)
        common = max(0, min(x + width, left + across) - max(x, left)) * max(
            0, min(y + height, top + down) - max(y, top)
        )
        share = common / max(1, width * height + across * down - common)
        if share > most:
            best, most = digit, share
    return best


def _encoded(name: str, rgb: NDArray[np.uint8]) -> tuple[bytes, NDArray[np.uint8]]:
    """Pixels as the content of a file that is not too large, and what is read of it.

    Raises:
        UserError: they would be too large as a PNG, and are too many side by side for a JPEG.
    """
    content = io.BytesIO()
    if rgb.size <= 2 * MOST_PICTURE:
        Image.fromarray(rgb).save(content, format="PNG", compress_level=1)
    if not 0 < content.tell() <= MOST_PICTURE:
        if max(rgb.shape) > LONGEST_JPEG:
            raise UserError(
                f"{name} is {max(rgb.shape):,} pixels long, more than {LONGEST_JPEG:,}, and has too much detail to be "
                "kept in a drawing; give a part of it"
            )
        for quality in QUALITIES:
            content = io.BytesIO()
            Image.fromarray(rgb).save(content, format="JPEG", quality=quality)
            if content.tell() <= MOST_PICTURE:
                break
        with image_file.opened(content.getvalue(), "the photograph") as pages:
            rgb = page.open_page(pages, 0)
    return content.getvalue(), rgb


@dataclass(frozen=True)
class _Segmented:
    """The digits of a drawing, where what stands beside them is, and how many pieces of its ink are too many."""

    state: State
    digits: Sequence[Segment] = ()
    left_out: tuple[LeftOut, ...] = ()
    unread: int = 0
