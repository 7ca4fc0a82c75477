"""Open, paste, save, export and the question before closing, in the window."""

import errno
import os
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageColor

from digits.reading.ink import FARTHEST, Stroke, Strokes, open_strokes, rasterise, save_strokes
from digits.window import dialogs
from digits.window.canvas import MOST_ITEMS
from digits.window.engine import Engine
from digits.window.palette import LIGHT
from tests.handwriting import strokes
from tests.window.conftest import FOUR, NUMBER, Hand


def test_saving_and_opening_strokes(hand: Hand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "my number.json"
    monkeypatch.setattr(dialogs, "ask_save", lambda *_: path)
    monkeypatch.setattr(dialogs, "ask_open", lambda *_: path)
    hand.write(NUMBER)
    drawn = hand.window.document.state.strokes
    assert hand.window.title().startswith("•")
    hand.press("<Control-Key-s>")
    assert hand.status == f"Saved {path}"
    assert not hand.window.document.dirty
    assert not hand.window.title().startswith("•")
    hand.press("<Control-Key-Delete>")
    hand.press("<Control-Key-o>")
    hand.settle()
    assert hand.number == "4072"
    assert hand.window.document.state.strokes == drawn
    assert not hand.window.document.dirty


def test_saving_again_asks_for_no_file(hand: Hand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "my number.json"
    monkeypatch.setattr(dialogs, "ask_save", lambda *_: path)
    hand.draw(FOUR[0])
    assert hand.window.files.save()
    monkeypatch.setattr(dialogs, "ask_save", lambda *_: pytest.fail("asked"))
    before = path.read_bytes()
    hand.draw(FOUR[1])
    assert hand.window.files.save()
    assert len(path.read_bytes()) > len(before)


def test_saving_pictures_and_opening_one(hand: Hand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain, annotated = tmp_path / "plain.png", tmp_path / "annotated.png"
    hand.write(NUMBER)
    monkeypatch.setattr(dialogs, "ask_save", lambda *_: plain)
    hand.press("<Control-Shift-Key-S>")
    hand.settle()
    assert hand.window.document.dirty, "a picture does not hold the strokes"
    monkeypatch.setattr(dialogs, "ask_save", lambda *_: annotated)
    hand.press("<Control-Key-e>")
    hand.settle()
    without, with_boxes = (np.asarray(Image.open(path).convert("RGB")) for path in (plain, annotated))
    assert without.shape == with_boxes.shape
    drawn = rasterise(hand.window.document.state.strokes, without.shape[1], without.shape[0])
    assert np.array_equal((without == 255).all(axis=2), drawn == 0)
    accent = ImageColor.getrgb(LIGHT.accent)
    assert not (without == accent).all(axis=2).any()
    reading = hand.window.session.reading
    assert reading is not None
    for x, y, width, _ in (digit.box for digit in reading.digits):
        above = (with_boxes[y - 10 : y, x : x + width] == accent).all(axis=2)
        assert above.any(axis=0).all(), "the upper edge of the digit's box"
    monkeypatch.setattr(dialogs, "ask_open", lambda *_: plain)
    hand.press("<Control-Key-o>")
    hand.dialog(dialogs.UnsavedDialog).discard.invoke()
    hand.settle()
    assert hand.number == "4072"
    hand.draw(strokes("1", 600, 150, 180)[0])
    hand.settle()
    assert len(hand.number) == 5


def test_what_cannot_be_opened_or_saved_is_reported_and_nothing_is_lost(
    hand: Hand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand.write(FOUR)
    for name, content in (("broken.png", b"\x89PNG nothing"), ("other.json", b"{}"), ("text.txt", b"hello")):
        path = tmp_path / name
        path.write_bytes(content)
        hand.window.files.open_path(path)
        hand.dialog(dialogs.UnsavedDialog).discard.invoke()
        hand.settle()
        assert name in hand.status
        assert hand.window.session.message.alarm
        assert hand.number == "4"
    monkeypatch.setattr(dialogs, "ask_save", lambda *_: tmp_path / "text.txt" / "drawing.json")
    hand.press("<Control-Key-s>")
    assert "cannot be written" in hand.status
    assert hand.window.document.dirty
    monkeypatch.setattr(dialogs, "ask_save", lambda *_: tmp_path / "text.txt" / "drawing.png")
    hand.press("<Control-Key-e>")
    hand.settle()
    assert "drawing.png cannot be written" in hand.status


def test_pasting(hand: Hand, tmp_path: Path) -> None:
    hand.press("<Control-Key-v>")
    assert "no image on the clipboard" in hand.status
    assert hand.window.session.message.alarm
    ink = rasterise([Stroke(tuple(points), 12) for points in strokes("58", 60, 60, 150)], 400, 300)
    Image.fromarray(255 - ink).save(tmp_path / "digits.png")
    content = " ".join(f"0x{byte:02x}" for byte in (tmp_path / "digits.png").read_bytes())
    hand.window.clipboard_clear()
    hand.window.clipboard_append(content, type="image/png", format="STRING")
    hand.press("<Control-Key-v>")
    hand.settle()
    assert hand.number == "58"
    photograph = hand.window.document.state.photograph
    assert photograph is not None
    assert photograph.size == (400, 300)


def test_a_cancelled_opening_is_dropped(hand: Hand, tmp_path: Path) -> None:
    path = tmp_path / "scan.png"
    Image.new("L", (200, 200), 255).save(path)
    hand.write(FOUR)
    hand.window.files.open_path(path)
    hand.dialog(dialogs.UnsavedDialog).discard.invoke()
    assert hand.window.jobs.busy
    hand.window.status.cancel.invoke()
    assert not hand.window.jobs.busy
    assert hand.status == "Cancelled"
    hand.write(strokes("7", 300, 120, 200))
    assert hand.number == "47"
    assert hand.window.document.state.photograph is None


def test_exporting_my_handwriting(hand: Hand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hand.write(FOUR)
    hand.press("<Key-Tab>")
    hand.press("<Key-Return>")
    hand.window.show_handwriting()
    dialog = hand.dialog(dialogs.HandwritingDialog)
    monkeypatch.setattr(dialogs, "ask_save", lambda *_: tmp_path / "out")
    dialog.export.invoke()
    assert "Exported 1 digit" in hand.status
    assert (tmp_path / "out" / "labels.csv").exists()
    dialog.export.invoke()
    assert "not empty" in hand.status


@pytest.mark.parametrize("answer", ["save", "discard", "cancel"])
def test_closing_asks_about_unsaved_strokes(
    hand: Hand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    path = tmp_path / "kept.json"
    monkeypatch.setattr(dialogs, "ask_save", lambda *_: path)
    hand.write(FOUR)
    hand.window.close()
    dialog = hand.dialog(dialogs.UnsavedDialog)
    hand.window.close()
    assert sum(isinstance(child, dialogs.UnsavedDialog) for child in hand.window.winfo_children()) == 1
    getattr(dialog, answer).invoke()
    assert hand.window.alive == (answer == "cancel")
    assert path.exists() == (answer == "save")


def test_closing_without_strokes_asks_nothing(hand: Hand) -> None:
    hand.window.close()
    assert not hand.window.alive


def _full(*_: object, **__: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
@pytest.mark.parametrize("suffix", [".json", ".png"])
@pytest.mark.parametrize("kind", ["folder", "pipe", "full disk", "long name"])
def test_what_cannot_be_saved_leaves_what_was_there(
    hand: Hand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, suffix: str
) -> None:
    folder = tmp_path / "there"
    folder.mkdir()
    path = folder / ("n" * 300 + suffix if kind == "long name" else f"drawing{suffix}")
    if kind == "folder":
        path.mkdir()
        (path / "mine").write_text("kept")
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "full disk":
        path.write_text("kept")
        monkeypatch.setattr(os, "fsync", _full)
    before = [(each, each.lstat().st_mode) for each in folder.rglob("*")]
    hand.draw(FOUR[0])
    monkeypatch.setattr(dialogs, "ask_save", lambda *_: path)
    hand.press("<Control-Shift-Key-S>")
    hand.settle()
    assert "cannot be written" in hand.status
    assert hand.window.session.message.alarm
    assert [(each, each.lstat().st_mode) for each in folder.rglob("*")] == before
    assert kind != "full disk" or path.read_text() == "kept"
    assert hand.window.document.dirty


def test_however_often_opening_is_cancelled_one_file_is_read_at_a_time(
    hand: Hand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_strokes(tmp_path / "drawing.json", Strokes((Stroke(((10, 10), (50, 90)), 9),), (100, 100)))
    real, reading, most, calls = Engine.open, [0], [0], [0]

    def slow(engine: Engine, path: Path) -> object:
        reading[0], calls[0] = reading[0] + 1, calls[0] + 1
        most[0] = max(most[0], reading[0])
        time.sleep(0.1)
        reading[0] -= 1
        return real(engine, path)

    monkeypatch.setattr(Engine, "open", slow)
    for _ in range(6):
        hand.window.files.open_path(tmp_path / "drawing.json")
        time.sleep(0.02)
        hand.window.cancel()
    hand.window.files.open_path(tmp_path / "drawing.json")
    hand.settle()
    assert len(hand.window.document.state.strokes) == 1
    assert most[0] == 1
    assert calls[0] < 6, "those that had only waited are not read"


def test_the_farthest_drawing_is_shown_drawn_upon_and_saved_so_that_it_can_be_opened(
    hand: Hand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    far, path = float(FARTHEST), tmp_path / "far.json"
    save_strokes(path, Strokes((Stroke(((-far, -far), (far, far)), far), Stroke(((0, far),), 9)), (FARTHEST, FARTHEST)))
    hand.window.files.open_path(path)
    hand.settle()
    assert len(hand.window.document.state.strokes) == 2
    hand.draw([(5, 5), (2000, 2000)])
    monkeypatch.setattr(dialogs, "ask_save", lambda *_: path)
    hand.press("<Control-Key-s>")
    assert hand.status == f"Saved {path}"
    assert open_strokes(path).strokes == hand.window.document.state.strokes


def test_many_strokes_are_shown_as_one_image(hand: Hand) -> None:
    strokes = [Stroke(((2.0 + i % 50, 2.0 + i // 50),), 3) for i in range(MOST_ITEMS + 1)]
    hand.window.document.set_strokes(strokes)
    hand.window.canvas.show(hand.window.document.state.strokes, None)
    assert len(hand.window.canvas.find_withtag("ink")) == 1
    hand.window.canvas.show(tuple(strokes[:9]), None)
    assert len(hand.window.canvas.find_withtag("ink")) == 9
