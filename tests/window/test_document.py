"""The drawing: undo and redo, whether it is saved, and the digits' keys."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from digits.reading.ink import Stroke, Strokes
from digits.reading.segmentation import Box, Segment
from digits.window.document import Document, Photograph, Sample, digit_key

A, B = Stroke(((10, 10), (20, 20)), 8), Stroke(((50, 10),), 8)
INK = np.full((4, 3), 255, np.uint8)


def segment(box: Box = (1, 2, 3, 4), ink: NDArray[np.uint8] = INK, strokes: tuple[int, ...] = ()) -> Segment:
    return Segment(box, ink, 0, strokes)


def test_every_step_is_undone_and_redone() -> None:
    document = Document()
    document.add(A)
    document.add(B)
    document.set_strokes([B])
    document.clear()
    seen = []
    while document.can_undo:
        document.undo()
        seen.append(document.state.strokes)
    assert seen == [(B,), (A, B), (A,), ()]
    while document.can_redo:
        document.redo()
    assert document.state.empty
    document.redo()
    document.undo()
    assert document.state.strokes == (B,)


def test_a_change_forgets_what_was_undone() -> None:
    document = Document()
    document.add(A)
    document.undo()
    document.add(B)
    assert not document.can_redo


def test_dirty_means_strokes_that_no_file_holds() -> None:
    document = Document()
    assert not document.dirty
    document.add(A)
    assert document.dirty
    document.mark_saved(Path("drawing.json"))
    assert not document.dirty
    document.add(B)
    assert document.dirty
    document.undo()
    assert not document.dirty
    document.clear()
    assert not document.dirty


def test_opening_replaces_and_can_be_undone() -> None:
    document = Document()
    document.add(A)
    document.open_strokes(Strokes((B,), (100, 100)), Path("b.json"))
    assert document.state.strokes == (B,)
    assert not document.dirty
    image = np.zeros((5, 7, 3), np.uint8)
    document.open_photograph(Photograph("p", image, (), image))
    assert document.state.photograph is not None
    assert document.state.photograph.size == (7, 5)
    assert document.path is None
    document.undo()
    document.undo()
    assert document.state.strokes == (A,)


def test_deleting_a_digit_takes_its_strokes_or_hides_its_ink() -> None:
    document = Document()
    document.add(A)
    document.add(B)
    document.delete(segment(strokes=(0,)))
    assert document.state.strokes == (B,)
    document.delete(segment())
    assert document.state.strokes == (B,)
    assert document.state.hidden == {digit_key(segment())}


def test_a_second_answer_takes_the_place_of_the_first() -> None:
    document = Document()
    for label in (3, 5):
        document.label(Sample("key", label, np.zeros((28, 28), np.uint8), Strokes((), (1, 1))))
    assert [sample.label for sample in document.state.labels.values()] == [5]
    document.undo()
    assert [sample.label for sample in document.state.labels.values()] == [3]


def test_the_key_follows_ink_and_place() -> None:
    assert digit_key(segment()) == digit_key(segment(ink=INK.copy(), strokes=(4,)))
    assert digit_key(segment()) != digit_key(segment(box=(2, 2, 3, 4)))
    assert digit_key(segment()) != digit_key(segment(ink=INK - 1))
