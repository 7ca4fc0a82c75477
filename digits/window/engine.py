"""The slow work: opening images, segmenting drawings and running the networks. No widgets."""

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

BATCH = 32  #: collected digits that are read in one call
LARGEST_PREVIEW = 2400  #: px, the longer side; larger than most screens


@dataclass(frozen=True)
class Result:
    """What was read from a drawing.

    Attributes:
        state: the drawing.
        keys: each digit's key, in reading order.
        readings: by the network's name; all have the same digits in the same order.
    """

    state: State
    keys: tuple[str, ...]
    readings: Mapping[str, Reading]


class Engine:
    """The networks, and what is cached between calls. To be used by one thread only."""

    def __init__(self, models: Path) -> None:
        """Load nothing yet; ``models`` is the folder with ``<name>.onnx``."""
        self._models = models
        self._classifiers: dict[str, Classifier | UserError] = {}
        self._collected: dict[str, dict[str, int]] = {}  # answers by network and key
        self._segmented: tuple[State, list[Segment]] = (State(), [])

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

    def read(self, state: State, names: Sequence[str]) -> Result:
        """Read a drawing with several networks; those that cannot be used are left out."""
        segments = self._segments(state)
        readings = {}
        for name in names:
            try:
                classifier = self.classifier(name)
            except UserError:
                continue  # reported when the window loaded the networks
            readings[name] = read(segments, classifier)
        return Result(state, tuple(map(digit_key, segments)), readings)

    def open(self, path: Path) -> Photograph | Strokes:
        """Open saved strokes (``.json``) or an image.

        Raises:
            UserError: the file cannot be opened.
        """
        if path.suffix.lower() == ".json":
            return open_strokes(path)
        return _photograph(path.name, page.open_image(path))

    def take(self, image: Image.Image) -> Photograph:
        """Prepare an image from the clipboard.

        Raises:
            UserError: the image is damaged.
        """
        try:
            rgb = page.to_rgb(image)
        except (OSError, ValueError, SyntaxError) as error:
            raise UserError("the image on the clipboard is damaged; copy it again") from error
        return _photograph("pasted image", rgb)

    def occlusion(self, name: str, crop: NDArray[np.uint8], digit: int) -> NDArray[np.float32]:
        """The evidence for a digit, ``float32`` of shape (28, 28): see :func:`digits.reading.saliency.occlusion`."""
        return saliency.occlusion(self.classifier(name), crop, digit)

    def misses(self, name: str, entries: Sequence[Entry]) -> int | None:
        """Count a network's misses on the collected digits.

        A call reads 32 digits at most, so that a large collection does not delay other work.

        Returns:
            The number of misses; None if digits remain to be read by further calls.

        Raises:
            UserError: the network cannot be used.
        """
        known = self._collected.setdefault(name, {})
        unknown = [entry for entry in entries if entry.key not in known]
        batch = unknown[:BATCH]
        answers = self.classifier(name).probabilities(np.array([entry.crop for entry in batch], np.uint8))
        known.update(zip((entry.key for entry in batch), map(int, answers.argmax(axis=1)), strict=True))
        if len(unknown) > BATCH:
            return None
        self._collected[name] = {entry.key: known[entry.key] for entry in entries}  # forget what was removed
        return sum(known[entry.key] != entry.label for entry in entries)

    def _segments(self, state: State) -> list[Segment]:
        before, segments = self._segmented
        if before.strokes is not state.strokes or before.photograph is not state.photograph:
            of_photograph = state.photograph.components if state.photograph else ()
            segments = segment([*stroke_components(state.strokes), *of_photograph])
            self._segmented = state, segments
        if not state.hidden:
            return segments
        return [digit for digit in segments if digit_key(digit) not in state.hidden]


def _photograph(name: str, rgb: NDArray[np.uint8]) -> Photograph:
    shrink = LARGEST_PREVIEW / max(rgb.shape[:2])
    preview = cv2.resize(rgb, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA) if shrink < 1 else rgb
    return Photograph(name, rgb, tuple(image_components(page.to_ink(rgb))), np.asarray(preview, np.uint8))
