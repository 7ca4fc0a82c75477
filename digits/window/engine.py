"""What the worker thread does: opens images, reads drawings, asks the networks. No widgets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from digits.errors import UserError
from digits.reading import page, saliency
from digits.reading.classifier import Classifier
from digits.reading.ink import Strokes, open_strokes
from digits.reading.recognizer import Reading, read
from digits.reading.segmentation import Segment, image_components, segment, stroke_components
from digits.window.collection import Entry
from digits.window.document import Photograph, State, digit_key

BATCH = 32  #: collected digits read in one go
LARGEST_PREVIEW = 2400  #: px, the longer side; more than most screens show


@dataclass(frozen=True)
class Result:
    """What was read.

    Attributes:
        state: the drawing that it was read from.
        keys: each digit's key, in reading order.
        readings: by network; each with the same digits in the same order.
    """

    state: State
    keys: tuple[str, ...]
    readings: Mapping[str, Reading]


class Engine:
    """The networks and what is kept between two readings. Used by one thread alone."""

    def __init__(self, models: Path) -> None:
        self._models = models
        self._classifiers: dict[str, Classifier | UserError] = {}
        self._collected: dict[str, dict[str, int]] = {}  # a network's answers by the digit's key
        self._segmented: tuple[State, list[Segment]] = (State(), [])

    def classifier(self, name: str) -> Classifier:
        """A network, read from its file the first time.

        Raises:
            UserError: it cannot be used; the message says why and how to make it.
        """
        if name not in self._classifiers:
            try:
                self._classifiers[name] = Classifier(self._models / f"{name}.onnx")
            except UserError as error:
                self._classifiers[name] = error
        found = self._classifiers[name]
        if isinstance(found, UserError):
            raise found
        return found

    def read(self, state: State, names: Sequence[str]) -> Result:
        """Read a drawing with several networks; those that cannot be used are left out."""
        segments = self._segments(state)
        readings = {}
        for name in names:
            try:
                classifier = self.classifier(name)
            except UserError:
                continue  # the window knows why: it asked for each network when it started
            readings[name] = read(segments, classifier)
        return Result(state, tuple(map(digit_key, segments)), readings)

    def open(self, path: Path) -> Photograph | Strokes:
        """Open a drawing or an image, whichever the file is.

        Raises:
            UserError: the file cannot be opened.
        """
        if path.suffix.lower() == ".json":
            return open_strokes(path)
        return _photograph(path.name, page.open_image(path))

    def take(self, image: Image.Image) -> Photograph:
        """An image from the clipboard.

        Raises:
            UserError: it is damaged.
        """
        try:
            rgb = page.to_rgb(image)
        except (OSError, ValueError, SyntaxError) as error:
            raise UserError("the image on the clipboard is damaged; copy it again") from error
        return _photograph("pasted image", rgb)

    def occlusion(self, name: str, crop: NDArray[np.uint8], digit: int) -> NDArray[np.float32]:
        """What decided; see :func:`digits.reading.saliency.occlusion`."""
        return saliency.occlusion(self.classifier(name), crop, digit)

    def misses(self, name: str, entries: Sequence[Entry]) -> int | None:
        """How many of the collected digits a network takes for another; None if there are more to read.

        A call reads a few dozen at most, so that a large collection never keeps a new stroke waiting.
        """
        known = self._collected.setdefault(name, {})
        unknown = [entry for entry in entries if entry.key not in known]
        some = unknown[:BATCH]
        answers = self.classifier(name).probabilities(np.array([entry.crop for entry in some], np.uint8))
        known.update(zip((entry.key for entry in some), map(int, answers.argmax(axis=1)), strict=True))
        if len(unknown) > BATCH:
            return None
        return sum(known[entry.key] != entry.label for entry in entries)

    def _segments(self, state: State) -> list[Segment]:
        before, segments = self._segmented
        if before.strokes is not state.strokes or before.photograph is not state.photograph:
            parts = [*stroke_components(state.strokes), *(state.photograph.parts if state.photograph else ())]
            segments = segment(parts)
            self._segmented = state, segments
        if not state.hidden:
            return segments
        return [found for found in segments if digit_key(found) not in state.hidden]


def _photograph(name: str, rgb: NDArray[np.uint8]) -> Photograph:
    shrink = LARGEST_PREVIEW / max(rgb.shape[:2])
    preview = cv2.resize(rgb, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA) if shrink < 1 else rgb
    return Photograph(name, rgb, tuple(image_components(page.to_ink(rgb))), np.asarray(preview, np.uint8))
