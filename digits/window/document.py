"""The drawing: strokes, photograph and corrections, with undo and redo. No widgets."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from digits.reading.ink import Stroke, Strokes
from digits.reading.segmentation import Segment


@dataclass(frozen=True, eq=False)
class Photograph:
    """An opened image.

    Attributes:
        name: what a person calls it, such as the file's name.
        rgb: ``uint8`` array of shape (height, width, 3).
        parts: the connected pieces of the ink found on it.
        preview: ``rgb`` itself, or a smaller copy that is quick to show.
    """

    name: str
    rgb: NDArray[np.uint8]
    parts: tuple[Segment, ...]
    preview: NDArray[np.uint8]

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels."""
        return self.rgb.shape[1], self.rgb.shape[0]


@dataclass(frozen=True, eq=False)
class Sample:
    """One digit with the answer that a person gave.

    Attributes:
        key: which ink it is, from :func:`digit_key`.
        label: 0 to 9.
        crop: ``uint8`` array of shape (28, 28).
        strokes: what it was drawn with; without strokes for ink from an image.
    """

    key: str
    label: int
    crop: NDArray[np.uint8]
    strokes: Strokes


@dataclass(frozen=True, eq=False)
class State:
    """A drawing at one moment; changing it makes another.

    Attributes:
        strokes: in the order in which they were drawn; in the photograph's pixels where there is one.
        photograph: what they are drawn upon, if anything.
        hidden: keys of the photograph's digits that were deleted.
        labels: corrected and confirmed digits by key.
    """

    strokes: tuple[Stroke, ...] = ()
    photograph: Photograph | None = None
    hidden: frozenset[str] = frozenset()
    labels: Mapping[str, Sample] = field(default_factory=dict)

    @property
    def empty(self) -> bool:
        """Whether there is nothing to read."""
        return not self.strokes and self.photograph is None


class Document:
    """The drawing that is open, with its past and its undone future."""

    def __init__(self) -> None:
        self.state = State()
        self.path: Path | None = None  #: where Save writes the strokes to
        self._past: list[State] = []
        self._future: list[State] = []
        self._saved: tuple[Stroke, ...] = ()

    @property
    def dirty(self) -> bool:
        """Whether there are strokes that no file holds."""
        return bool(self.state.strokes) and self.state.strokes is not self._saved

    @property
    def can_undo(self) -> bool:
        """Whether there is a step to undo."""
        return bool(self._past)

    @property
    def can_redo(self) -> bool:
        """Whether there is an undone step."""
        return bool(self._future)

    def add(self, stroke: Stroke) -> None:
        """Draw one more stroke."""
        self._change(replace(self.state, strokes=(*self.state.strokes, stroke)))

    def set_strokes(self, strokes: Iterable[Stroke]) -> None:
        """Put other strokes in place of all: what an eraser leaves."""
        self._change(replace(self.state, strokes=tuple(strokes)))

    def clear(self) -> None:
        """Take everything off the paper; what was corrected stays collected."""
        self._change(State(labels=self.state.labels))
        self.path = None

    def open_strokes(self, drawing: Strokes, path: Path | None) -> None:
        """Show a saved drawing in place of this one."""
        self._change(State(drawing.strokes, labels=self.state.labels))
        self.path = path
        self._saved = self.state.strokes

    def open_photograph(self, photograph: Photograph) -> None:
        """Show an image in place of this drawing."""
        self._change(State(photograph=photograph, labels=self.state.labels))
        self.path = None

    def delete(self, segment: Segment) -> None:
        """Take one digit off: its strokes, and its ink where that is a photograph's."""
        strokes = tuple(stroke for i, stroke in enumerate(self.state.strokes) if i not in segment.strokes)
        hidden = self.state.hidden if segment.strokes else self.state.hidden | {digit_key(segment)}
        self._change(replace(self.state, strokes=strokes, hidden=hidden))

    def label(self, sample: Sample) -> None:
        """Note what a digit is; a second answer for the same ink takes the place of the first."""
        self._change(replace(self.state, labels={**self.state.labels, sample.key: sample}))

    def undo(self) -> None:
        """Go back one step, if there is one."""
        if self._past:
            self._future.append(self.state)
            self.state = self._past.pop()

    def redo(self) -> None:
        """Take back the last undo, if there was one and nothing was changed since."""
        if self._future:
            self._past.append(self.state)
            self.state = self._future.pop()

    def mark_saved(self, path: Path) -> None:
        """Note that ``path`` holds the strokes as they are now."""
        self.path = path
        self._saved = self.state.strokes

    def _change(self, state: State) -> None:
        self._past.append(self.state)
        self._future.clear()
        self.state = state


def digit_key(segment: Segment) -> str:
    """16 hexadecimal digits that stand for a digit's ink and place; the same as long as neither changes."""
    digest = hashlib.sha256(repr(tuple(map(int, segment.box))).encode())
    digest.update(np.ascontiguousarray(segment.ink).tobytes())
    return digest.hexdigest()[:16]
