"""My handwriting in the window: what another window changes, what cannot be read or kept, and thousands of digits."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from digits.errors import UserError
from digits.reading.collection import PORTION, Collection, Sample
from digits.reading.ink import Strokes
from digits.window import dialogs
from tests.window.conftest import FOUR, Hand, OpenWindow, texts

A = "a1" * 8


def sample(key: str, label: int) -> Sample:
    return Sample(key, label, np.zeros((28, 28), np.uint8), Strokes((), (10, 10)))


def test_what_another_window_keeps_is_seen_with_the_focus(hand: Hand, tmp_path: Path) -> None:
    other = Collection(tmp_path / "my handwriting")
    other.keep(sample(A, 3))
    hand.window.event_generate("<FocusIn>")
    hand.settle()
    assert hand.window.session.collection.labels() == [3]
    assert "1 digit" in hand.window.status.handwriting.cget("text")


def test_what_another_window_keeps_is_seen_in_the_dialog(hand: Hand, tmp_path: Path) -> None:
    other = Collection(tmp_path / "my handwriting")
    other.keep(sample(A, 3))
    hand.window.show_handwriting()
    hand.settle()
    assert "1 digit" in hand.dialog(dialogs.HandwritingDialog).title_label.cget("text")
    other.keep(sample(A, 5))
    hand.window.show_handwriting()
    hand.settle()
    assert texts(hand.dialog(dialogs.HandwritingDialog).gallery) == ["5?"], "a blank picture is hardly a 5"


def test_what_cannot_be_read_is_said_once(open_window: OpenWindow, tmp_path: Path) -> None:
    folder = tmp_path / "my handwriting"
    folder.mkdir()
    (folder / "3-x.png").mkdir()
    (folder / "4-y.png").write_bytes(b"no picture")
    hand = open_window()
    assert hand.status.endswith(f"2 files in {folder} cannot be read and are left out")
    hand.window.choose_network("ANN")
    hand.window.event_generate("<FocusIn>")
    hand.settle()
    assert "cannot be read" not in hand.status


def test_a_label_that_cannot_be_kept_is_shown_all_the_same(hand: Hand, tmp_path: Path) -> None:
    (tmp_path / "my handwriting").write_text("in the way")
    hand.write(FOUR)
    hand.press("<Key-Tab>")
    hand.press("<Key-9>")
    hand.settle()
    assert hand.number == "9"
    assert "cannot be kept" in hand.status
    assert hand.window.session.message.alarm
    hand.press("<Control-Key-z>")
    hand.settle()
    assert hand.number == "4"


def test_undoing_a_label_gives_the_digit_the_one_that_it_had_in_an_earlier_drawing(
    open_window: OpenWindow, tmp_path: Path
) -> None:
    hand = open_window()
    hand.write(FOUR)
    hand.press("<Key-Tab>")
    hand.press("<Key-9>")
    hand.window.destroy()
    later = open_window()
    later.write(FOUR)
    later.press("<Key-Tab>")
    later.press("<Key-1>")
    later.press("<Key-2>")
    assert Collection(tmp_path / "my handwriting").labels() == [2]
    for expected in ([1], [9]):
        later.press("<Control-Key-z>")
        assert Collection(tmp_path / "my handwriting").labels() == expected
    assert later.number == "4"


def test_a_label_that_cannot_be_removed_is_reported(hand: Hand, monkeypatch: pytest.MonkeyPatch) -> None:
    hand.write(FOUR)
    hand.press("<Key-Tab>")
    hand.press("<Key-9>")

    def refuse(*_: object) -> None:
        raise UserError("the digit cannot be removed")

    monkeypatch.setattr(Collection, "remove", refuse)
    hand.press("<Control-Key-z>")
    hand.settle()
    assert "cannot be removed" in hand.status
    assert hand.window.session.collection.labels() == [9], "it is still there"


def test_thousands_of_digits_are_read_in_the_background_and_drawn_as_far_as_they_are_visible(
    open_window: OpenWindow, tmp_path: Path
) -> None:
    folder, n = tmp_path / "my handwriting", 3 * PORTION
    folder.mkdir()
    for i in range(n):
        Image.new("L", (28, 28)).save(folder / f"{i * 10 // n}-{i:016x}.png")
    hand = open_window(["ANN"])
    assert len(hand.window.session.collection) == n
    hand.window.show_handwriting()
    hand.settle()
    gallery = hand.dialog(dialogs.HandwritingDialog).gallery
    assert {text[0] for text in texts(gallery)} == {"0"}
    gallery.yview_moveto(1.0)
    hand.window.update()
    assert texts(gallery)[-1][0] == "9"
    assert len(gallery.find_all()) < 200
    gallery.event_generate("<Button-1>", x=20, y=20)
    selected = hand.window.session.selected_entry
    assert selected is not None and int(selected, 16) > n - 200, "a click finds the digit that is shown there"
