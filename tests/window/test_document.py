"""The drawing: undo and redo, whether it is saved, and the digits' keys."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from digits.reading.collection import Sample
from digits.reading.ink import Stroke, Strokes
from digits.reading.segmentation import Box, Segment
from digits.window import document as module
from digits.window.document import Document, Photograph, State, digit_key

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
    document.open(State((B,)), Path("b.json"))
    assert document.state.strokes == (B,)
    assert not document.dirty
    image = np.zeros((5, 7, 3), np.uint8)
    document.open(State(photograph=Photograph("p", image, (), image)))
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
    assert document.state.hidden == {digit_key(segment()): (1, 2, 3, 4)}


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


def photograph(megabytes: int) -> Photograph:
    """A photograph that says that it is large; the pages of an empty array take no memory."""
    return Photograph("p", np.zeros((megabytes << 10, 1 << 10, 1), np.uint8), (), INK)


def test_undo_keeps_photographs_of_a_bounded_size_and_always_the_last_step() -> None:
    document = Document()
    document.add(A)
    for _ in range(20):
        document.open(State(photograph=photograph(100)))
        document.add(B)
    kept = {id(state.photograph): state.photograph for state, _, _ in document._past if state.photograph}
    assert sum(each.nbytes for each in kept.values()) >> 20 == 200, "the drawing's own is one of them"
    for size in (1000, 1000):
        document.open(State(photograph=photograph(size)))
    document.undo()
    assert document.state.photograph is not None
    assert document.state.photograph.nbytes >> 20 == 1000
    assert not document.can_undo


def test_a_photograph_s_components_and_preview_count() -> None:
    ink = np.zeros((1000, 1000), np.uint8)
    rgb = np.zeros((1000, 1000, 3), np.uint8)
    large = Photograph("p", rgb, (segment(ink=ink), segment(ink=ink)), rgb)
    assert 5_000_000 <= large.nbytes <= 5_010_000
    assert Photograph("p", rgb, (), ink).nbytes == 4_000_000


def test_undo_keeps_a_bounded_number_of_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_STEPS", 200)
    document = Document()
    for _ in range(300):
        document.set_strokes([A, B])
    n = 0
    while document.can_undo:
        document.undo()
        n += 1
    assert n == 200
    while document.can_redo:
        document.redo()
    assert document.state.strokes == (A, B)


def test_the_memory_of_erased_strokes_is_bounded() -> None:
    document = Document()
    long = tuple((float(i), float(i)) for i in range(100_000))
    for i in range(100):
        document.set_strokes([Stroke(long, float(i))])
    assert 15 <= len(document._past) <= 20


def test_undo_goes_back_to_no_other_file_than_the_drawing_s_own() -> None:
    document = Document()
    document.open(State((A,)), Path("a.json"))
    document.add(B)
    document.mark_saved(Path("b.json"))
    document.undo()
    assert document.path == Path("b.json") and document.dirty, "a.json was saved under another name"
    document.redo()
    assert document.path == Path("b.json")
    document.open(State((B,)), Path("c.json"))
    document.undo()
    assert document.path == Path("b.json"), "this is another drawing again"


def test_a_new_drawing_that_was_saved_has_its_file_after_undo() -> None:
    document = Document()
    document.add(A)
    document.add(B)
    document.mark_saved(Path("a.json"))
    document.undo()
    assert document.path == Path("a.json")
    document.clear()
    assert document.path is None
    document.add(A)
    document.mark_saved(Path("b.json"))
    document.undo()
    document.undo()
    assert document.path == Path("a.json")
