"""The drawing: strokes, photograph and corrections, with undo and redo. No widgets."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from digits.reading.collection import Sample
from digits.reading.ink import Label, Stroke
from digits.reading.segmentation import Box, Segment

MOST_STEPS = 10_000  #: that can be undone
MOST_BYTES = 200 << 20  #: that undo keeps alive beside the drawing; a photograph of 50 megapixels has 171 MB


@dataclass(frozen=True, eq=False)
class Photograph:
    """An opened image.

    Attributes:
        name: for display, such as the file's name.
        rgb: ``uint8`` array of shape (height, width, 3); the sheet, if it was straightened.
        components: the connected components of its ink.
        preview: ``rgb`` itself, or a smaller copy that is faster to show; the same layout.
        unread: number of components that are not read because there are too many.
        note: which part of the file it is, such as "page 1 of 3"; "" for all of it.
        content: of the file, for saving; empty if it is too large for that.
        as_it_is: whether the user has turned or cropped it, so that it is not straightened.
        file: with all of its pages, if there is one.
        page: which of them it is, from 0.
        pages: how many there are.
    """

    name: str
    rgb: NDArray[np.uint8]
    components: tuple[Segment, ...]
    preview: NDArray[np.uint8]
    unread: int = 0
    note: str = ""
    content: bytes = b""
    as_it_is: bool = False
    file: Path | None = None
    page: int = 0
    pages: int = 1

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels."""
        return self.rgb.shape[1], self.rgb.shape[0]

    @property
    def nbytes(self) -> int:
        """The memory that it takes, bytes."""
        preview = 0 if self.preview is self.rgb else self.preview.nbytes
        pieces = sum(component.ink.nbytes + 500 for component in self.components)
        return self.rgb.nbytes + preview + len(self.content) + pieces


@dataclass(frozen=True, eq=False)
class State:
    """A drawing at one moment; immutable, so that undo keeps the earlier ones.

    Attributes:
        strokes: in the order in which they were drawn; in the photograph's pixels if there is one, else logical pixels.
        photograph: the image that they are drawn on, if any.
        hidden: the boxes of the photograph's digits that were deleted, by key.
        labels: corrected and confirmed digits, by key.
        unmatched: labels that were opened with the drawing and belong to no digit as it is read now; they are saved.
    """

    strokes: tuple[Stroke, ...] = ()
    photograph: Photograph | None = None
    hidden: Mapping[str, Box] = field(default_factory=dict)
    labels: Mapping[str, Sample] = field(default_factory=dict)
    unmatched: tuple[Label, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether there is nothing to read."""
        return not self.strokes and self.photograph is None


@dataclass(eq=False)
class _Home:
    """The file that Save writes to, if there is one: of all steps of a drawing, before and after it was saved."""

    path: Path | None = None


class Document:
    """The drawing with its undo and redo history.

    The history is bounded by steps and by memory: the oldest steps are forgotten first, the last one never.
    """

    def __init__(self) -> None:
        self.state = State()
        self._home = _Home()
        self._past: list[tuple[State, int, _Home]] = []  # each with the bytes that it alone keeps alive, and its file
        self._future: list[tuple[State, _Home]] = []
        self._saved = self.state

    @property
    def path(self) -> Path | None:
        """The file that Save writes to; None asks."""
        return self._home.path

    @path.setter
    def path(self, path: Path | None) -> None:
        self._home.path = path

    @property
    def dirty(self) -> bool:
        """Whether there is a drawing that no file holds as it is now: its strokes, corrections and deletions."""
        return not self.state.empty and self.state is not self._saved

    @property
    def name(self) -> str:
        """The name of the file that was opened or saved; "" for a drawing that has none."""
        if self.path is not None:
            return self.path.name
        return self.state.photograph.name if self.state.photograph is not None else ""

    @property
    def can_undo(self) -> bool:
        """Whether there is a step to undo."""
        return bool(self._past)

    @property
    def can_redo(self) -> bool:
        """Whether there is a step to redo."""
        return bool(self._future)

    def add(self, stroke: Stroke) -> None:
        """Add a stroke."""
        self._change(replace(self.state, strokes=(*self.state.strokes, stroke)))

    def set_strokes(self, strokes: Iterable[Stroke]) -> None:
        """Replace all strokes."""
        self._change(replace(self.state, strokes=tuple(strokes)))

    def clear(self) -> None:
        """Remove all strokes and the photograph."""
        self._change(State(), _Home())

    def open(self, state: State, path: Path | None = None, saved: bool = True) -> None:
        """Replace the drawing.

        Args:
            state: the new drawing.
            path: the file that Save writes to; None asks.
            saved: whether a file holds it.
        """
        self._change(state, _Home(path))
        if saved:
            self._saved = state

    def delete(self, segment: Segment) -> None:
        """Delete one digit: its strokes, or its ink on the photograph."""
        strokes = tuple(stroke for i, stroke in enumerate(self.state.strokes) if i not in segment.strokes)
        hidden = {} if segment.strokes else {digit_key(segment): segment.box}
        self._change(replace(self.state, strokes=strokes, hidden={**self.state.hidden, **hidden}))

    def label(self, sample: Sample) -> None:
        """Label a digit; a second label for the same ink replaces the first."""
        self._change(replace(self.state, labels={**self.state.labels, sample.key: sample}))

    def undo(self) -> None:
        """Undo the last step, if there is one."""
        if self._past:
            self._future.append((self.state, self._home))
            self.state, _, self._home = self._past.pop()

    def redo(self) -> None:
        """Redo the last undone step, if nothing has changed since."""
        if self._future:
            self._advance(*self._future.pop())

    def mark_saved(self, path: Path) -> None:
        """Record that the drawing was saved to ``path`` as it is now."""
        self.path = path
        self._saved = self.state

    def _change(self, state: State, home: _Home | None = None) -> None:
        """Take a step, to another file where one is given."""
        self._future.clear()
        self._advance(state, home or self._home)
        kept = sum(size for _, size, _ in self._past)
        while len(self._past) > 1 and (len(self._past) > MOST_STEPS or kept > MOST_BYTES):
            kept -= self._past.pop(0)[1]

    def _advance(self, state: State, home: _Home) -> None:
        self._past.append((self.state, _size_beyond(self.state, state), self._home))
        self.state, self._home = state, home


def _size_beyond(state: State, following: State) -> int:
    """About how many bytes a state holds that the one after it does not: its own tuples, and ink that was removed."""
    size = 500 + 8 * len(state.strokes)
    if state.strokes is not following.strokes:
        remaining = set(map(id, following.strokes))
        size += sum(300 + 112 * len(stroke.points) for stroke in state.strokes if id(stroke) not in remaining)
    if state.labels is not following.labels:
        size += 100 * len(state.labels)
    if state.photograph is not None and state.photograph is not following.photograph:
        size += state.photograph.nbytes
    return size


def digit_key(segment: Segment) -> str:
    """Identify a digit by its ink and place: 16 hexadecimal digits that stay the same as long as both do."""
    digest = hashlib.sha256(repr(tuple(map(int, segment.box))).encode())
    digest.update(np.ascontiguousarray(segment.ink).tobytes())
    return digest.hexdigest()[:16]
