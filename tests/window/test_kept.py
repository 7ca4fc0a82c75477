"""What others, or the window itself, do at the wrong moment loses nothing: by real events."""

import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from digits.errors import UserError
from digits.reading.ink import Label, Stroke, Strokes, open_strokes, save_strokes
from digits.window import dialogs, recovery
from digits.window.recovery import FOLDER
from digits.window.settings import load
from tests.handwriting import Points, strokes
from tests.window.conftest import FOUR, NUMBER, Hand, OpenWindow
from tests.window.test_nothing_lost import choose, picture


def saved(path: Path, drawn: Sequence[Points], *labels: Label) -> Path:
    """A drawing in a file."""
    save_strokes(path, Strokes(tuple(Stroke(tuple(points), 12) for points in drawn), (640, 480), labels))
    return path


def wait(hand: Hand, seconds: float) -> None:
    """Process events for so long."""
    end = time.monotonic() + seconds
    hand.until(lambda: time.monotonic() > end)


def restore_dialogs(hand: Hand) -> list[dialogs.RestoreDialog]:
    return [child for child in hand.window.winfo_children() if isinstance(child, dialogs.RestoreDialog)]


def reopened(hand: Hand, path: Path) -> str:
    """The number after the drawing was saved and opened again."""
    assert hand.window.files.save()
    hand.window.files.open_path(path)
    hand.settle()
    return hand.number


# ---- labels


def test_a_correction_goes_with_its_ink(hand: Hand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    choose(monkeypatch, tmp_path / "a.json")
    hand.write(strokes("0", 100, 120, 200))
    hand.press("<Key-6>")
    hand.press("<Shift-Key-E>")
    hand.write(strokes("0", 100, 120, 200))
    assert not hand.window.document.state.strokes
    hand.press("<Key-p>")
    hand.write(strokes("8", 100, 120, 200))
    assert (hand.number, reopened(hand, tmp_path / "a.json")) == ("8", "8")


@pytest.mark.parametrize("read", [True, False])
def test_a_correction_of_half_a_digit_is_none_of_the_whole(
    hand: Hand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, read: bool
) -> None:
    choose(monkeypatch, tmp_path / "a.json")
    first, second = FOUR
    hand.write([first])
    hand.press("<Key-6>")
    hand.draw(second)
    if read:
        hand.settle()
    else:  # the copy for a crash is written anew once it is read
        hand.until(lambda: bool(list((tmp_path / FOLDER).glob("*.json"))))
    hand.settle()
    wait(hand, 0.8)
    (copy,) = (tmp_path / FOLDER).glob("*.json")
    assert not open_strokes(copy).labels
    assert reopened(hand, tmp_path / "a.json") == hand.number == "4"


def test_corrections_and_deletions_survive_four_quarters(hand: Hand, tmp_path: Path) -> None:
    hand.window.files.open_path(picture(tmp_path / "a.png", "58379", (900, 300)))
    hand.settle()
    hand.press("<Key-Tab>")
    for key in "1234":
        hand.press(f"<Key-{key}>")
    hand.press("<Key-Delete>")
    hand.settle()
    assert hand.number == "1234"
    for _ in range(4):
        hand.window.files.turn(1)
        hand.settle()
    assert hand.number == "1234"
    assert len(hand.window.session.drawing((900, 300)).labels) == 4


def test_a_label_that_fits_no_digit_stays_in_the_file(hand: Hand, tmp_path: Path) -> None:
    label = Label(9, (100, 120, 150, 60))
    path = saved(tmp_path / "a.json", FOUR, label)
    hand.window.files.open_path(path)
    hand.settle()
    assert hand.number == "4"
    hand.write([[(450, 100), (450, 300)]])
    assert hand.window.files.save()
    assert open_strokes(path).labels == (label,)
    hand.write(strokes("0", 100, 120, 60))
    assert hand.window.files.save()
    after = open_strokes(path)
    hand.window.files.open_path(path)
    hand.settle()
    assert not [sample for sample in hand.window.document.state.labels.values() if sample.label == 9], after.labels


def test_a_digit_typed_after_a_deletion_is_not_the_deleted_one_s(hand: Hand) -> None:
    hand.write(NUMBER)
    hand.press("<Key-Tab>")
    hand.press("<Key-Delete>")
    if not hand.window.session.up_to_date:
        hand.press("<Key-7>")
        assert "still being read" in hand.status
    hand.settle()
    assert hand.number == "072"
    assert len(hand.window.session.collection) == 0


# ---- copies for a crash


def test_a_copy_that_could_not_be_written_is_tried_again(hand: Hand, tmp_path: Path) -> None:
    folder = tmp_path / FOLDER
    folder.write_text("")
    hand.write(FOUR)
    hand.until(lambda: "could not be restored after a crash" in hand.window.session.message.text, "the message")
    folder.unlink()
    hand.until(lambda: folder.is_dir() and bool(list(folder.glob("*.json"))), "the copy")


@pytest.mark.parametrize("full", [False, True])
def test_what_is_restored_is_there_until_there_is_another_copy(
    open_window: OpenWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, full: bool
) -> None:
    folder = tmp_path / FOLDER
    folder.mkdir()
    left = saved(folder / "1-abcdef01.json", FOUR)
    hand = open_window()
    hand.until(lambda: bool(restore_dialogs(hand)))

    def fail(*_: object) -> None:
        raise UserError("no space left")

    if full:
        monkeypatch.setattr(recovery, "save_strokes", fail)
    hand.dialog(dialogs.RestoreDialog).restore.invoke()
    hand.until(lambda: bool(hand.window.document.state.strokes))
    assert left.exists()
    if full:
        wait(hand, 1)
        assert left.exists() and "no space left" in hand.status
    else:
        hand.until(lambda: not left.exists(), "the other copy")
        assert len(list(folder.glob("*.json"))) == 1


# ---- files of others


def test_what_another_program_has_saved_is_asked_about(
    hand: Hand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    path = saved(tmp_path / "a.json", FOUR)
    hand.window.files.open_path(path)
    hand.settle()
    saved(path, NUMBER)
    hand.write([[(500, 300), (500, 400)]])

    def answer(yes: bool) -> None:
        def ask(_: object, name: str, *__: object) -> bool:
            asked.append(name)
            return yes

        monkeypatch.setattr(dialogs, "ask_replace", ask)

    answer(False)
    assert not hand.window.files.save()
    assert len(open_strokes(path).strokes) == len(NUMBER) and hand.window.document.dirty
    answer(True)
    assert hand.window.files.save()
    assert len(open_strokes(path).strokes) == len(FOUR) + 1 and not hand.window.document.dirty
    hand.write([[(550, 300), (550, 400)]])
    assert hand.window.files.save()
    assert asked == ["a.json"] * 2


@pytest.mark.parametrize("name", ["a.json", "a.png"])
def test_a_file_that_is_gone_holds_nothing(hand: Hand, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    hand.window.files.open_path(saved(path, FOUR) if name.endswith("json") else picture(path))
    hand.settle()
    path.unlink()
    hand.window.close()
    hand.dialog(dialogs.UnsavedDialog).cancel.invoke()
    assert hand.window.alive


@pytest.mark.skipif(sys.platform != "linux", reason="names are text elsewhere")
def test_a_name_that_is_no_text_does_no_harm(hand: Hand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / os.fsdecode(b"caf\xe9.png")
    picture(tmp_path / "a.png").rename(path)
    hand.window.files.open_path(path)
    hand.settle()
    assert hand.number == "58"
    hand.press("<Key-7>")
    hand.until(lambda: bool(list((tmp_path / FOLDER).glob("*.json"))), "the copy")
    hand.window.geometry("900x650+40+30")
    choose(monkeypatch, tmp_path / "b.json")
    number = hand.number
    assert reopened(hand, tmp_path / "b.json") == number
    hand.window.close()
    assert not hand.window.alive
    assert load(tmp_path / "settings.json").recent[0].endswith("b.json")


# ---- at the same time


def test_a_drawing_does_not_open_under_the_eraser(hand: Hand, tmp_path: Path) -> None:
    hand.window.files.open_path(saved(tmp_path / "a.json", FOUR))
    hand.settle()
    path = saved(tmp_path / "b.json", strokes("777", 100, 120, 200))
    hand.press("<Key-e>")
    hand.window.files.open_path(path)
    (x, y), canvas = FOUR[0][0], hand.window.canvas
    canvas.event_generate("<ButtonPress-1>", x=round(x), y=round(y))
    canvas.event_generate("<B1-Motion>", x=round(x) + 5, y=round(y) + 5, state=0x100)
    wait(hand, 0.5)
    canvas.event_generate("<ButtonRelease-1>", x=round(x) + 5, y=round(y) + 5, state=0x100)
    hand.until(lambda: bool([c for c in hand.window.winfo_children() if isinstance(c, dialogs.UnsavedDialog)]))
    hand.dialog(dialogs.UnsavedDialog).discard.invoke()
    hand.settle()
    assert hand.number == "777" and not hand.window.document.dirty


def test_a_page_that_was_not_turned_does_not_count(hand: Hand, tmp_path: Path) -> None:
    pages = [Image.open(picture(tmp_path / f"{i}.png", f"{i}{i}")) for i in range(1, 5)]
    pages[0].save(tmp_path / "pages.tif", save_all=True, append_images=pages[1:])
    hand.window.files.open_path(tmp_path / "pages.tif")
    hand.settle()
    hand.press("<Key-7>")
    hand.press("<Key-Next>")
    hand.dialog(dialogs.UnsavedDialog).cancel.invoke()
    hand.press("<Key-Next>")
    hand.dialog(dialogs.UnsavedDialog).discard.invoke()
    hand.settle()
    assert hand.number == "22"
    (tmp_path / "pages.tif").rename(tmp_path / "elsewhere.tif")
    hand.press("<Key-Next>")
    hand.dialog(dialogs.UnsavedDialog).discard.invoke()
    hand.settle()
    (tmp_path / "elsewhere.tif").rename(tmp_path / "pages.tif")
    hand.press("<Key-Next>")
    hand.settle()
    assert hand.number == "33"


def test_each_page_proposes_a_name_of_its_own(hand: Hand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pages = [Image.open(picture(tmp_path / f"{i}.png", f"{i}{i}")) for i in range(1, 3)]
    pages[0].save(tmp_path / "pages.tif", save_all=True, append_images=pages[1:])
    hand.window.files.open_path(tmp_path / "pages.tif")
    hand.settle()
    proposed: list[str] = []
    monkeypatch.setattr(dialogs, "ask_save", lambda _, title, name, *more: proposed.append(name))
    hand.press("<Control-Key-s>")
    hand.press("<Key-Next>")
    hand.settle()
    hand.press("<Control-Key-s>")
    assert proposed == ["pages-1.json", "pages-2.json"]


def test_a_turn_that_was_cancelled_does_not_count(hand: Hand, tmp_path: Path) -> None:
    hand.window.files.open_path(picture(tmp_path / "a.png"))
    hand.settle()
    hand.window.files.turn(1)
    hand.window.cancel()
    hand.settle()
    hand.window.files.turn(1)
    hand.settle()
    photograph = hand.window.document.state.photograph
    assert photograph is not None and photograph.size == (300, 400)


def test_what_was_drawn_outside_of_a_crop_goes_with_it(hand: Hand, tmp_path: Path) -> None:
    hand.window.files.open_path(picture(tmp_path / "a.png", "58", (800, 300)))
    hand.settle()
    hand.window.document.set_strokes(Stroke(tuple(points), 12) for points in strokes("77", 500, 60, 150))
    hand.window._drawing_changed()
    hand.settle()
    assert hand.number == "58 77"
    hand.window.files.crop((0, 0, 400, 300))
    hand.settle()
    assert hand.number == "58" and not hand.window.document.state.strokes
    hand.press("<Control-Key-z>")
    hand.settle()
    assert hand.number == "58 77"


# ---- networks


def slow(hand: Hand, monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Let nothing be read from now on; what was asked for."""
    waiting: list[object] = []
    monkeypatch.setattr(hand.window.jobs, "submit", lambda *given, **_: waiting.append(given))
    return waiting


@pytest.mark.parametrize("how", ["save", "copy"])
def test_corrections_outlive_another_network_that_has_not_read_yet(
    hand_with_all: Hand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    hand = hand_with_all
    choose(monkeypatch, tmp_path / "a.json")
    hand.write(NUMBER)
    hand.press("<Key-Tab>")
    hand.press("<Key-5>")
    with monkeypatch.context() as patch:
        waiting = slow(hand, patch)
        hand.press("<Control-Key-1>")
        assert waiting and not hand.window.session.up_to_date
        if how == "save":
            hand.press("<Control-Key-s>")
            kept = open_strokes(tmp_path / "a.json")
        else:
            kept = hand.window.session.drawing((640, 480))
    assert [label.digit for label in kept.labels] == [5]


def test_what_is_cancelled_is_said_to_be_unread(hand: Hand, monkeypatch: pytest.MonkeyPatch) -> None:
    choose(monkeypatch, Path("no"))
    hand.write(FOUR)
    hand.press("<Key-Tab>")
    hand.press("<Key-9>")
    with monkeypatch.context() as patch:
        slow(hand, patch)
        hand.draw([(400, 100), (400, 300)])
    hand.window.cancel()
    assert hand.number == "Not read. Draw on, or choose a network, to have it read."
    assert [label.digit for label in hand.window.session.drawing((640, 480)).labels] == [9]
    hand.draw([(500, 100), (500, 300)])
    hand.settle()
    assert hand.number == "911"


# ---- what is not read yet


def test_a_digit_typed_while_the_pen_is_down_corrects_nothing(hand: Hand) -> None:
    hand.write(FOUR)
    canvas = hand.window.canvas
    canvas.event_generate("<ButtonPress-1>", x=400, y=100)
    canvas.event_generate("<B1-Motion>", x=400, y=300, state=0x100)
    hand.press("<Key-6>")
    assert "still being read" in hand.status and not canvas.drawing
    hand.settle()
    assert hand.number == "41" and len(hand.window.session.collection) == 0
    assert hand.window.session.selected is None, "a second try corrects the newest digit"
    hand.press("<Key-7>")
    assert hand.number == "47"


@pytest.mark.parametrize("key", ["<Control-Key-c>", "<Key-d>"])
def test_what_is_not_read_yet_is_neither_copied_nor_searched(
    hand: Hand, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    hand.write(FOUR)
    hand.window.clipboard_clear()
    hand.window.clipboard_append("before")
    with monkeypatch.context() as patch:
        slow(hand, patch)
        hand.draw([(400, 100), (400, 300)])
        hand.press(key)
    assert "still being read" in hand.status and hand.window.clipboard_get() == "before"


# ---- what is selected, remembered and opened


@pytest.mark.parametrize(("tabs", "left"), [(1, "12"), (2, "02"), (3, "01")])
def test_the_next_digit_is_selected_after_one_is_deleted(hand: Hand, tabs: int, left: str) -> None:
    hand.write(
        [stroke for x, digit in zip((60, 200, 340), "012", strict=True) for stroke in strokes(digit, x, 120, 200)]
    )
    for _ in range(tabs):
        hand.press("<Key-Tab>")
    hand.press("<Key-Delete>")
    hand.settle()
    assert hand.number == left
    assert hand.window.session.selected_index == (0 if tabs == 1 else 1), "the next one, or the one before the last"
    hand.press("<Key-7>")
    assert hand.number == ("7" + left[1] if tabs == 1 else left[0] + "7")


def test_numbers_are_remembered_once_and_only_those_of_digits(hand: Hand) -> None:
    for _ in range(2):
        hand.write(FOUR)
        hand.window.clear()
        hand.write(strokes("1", 100, 120, 200))
        hand.window.clear()
    assert hand.window.session.earlier_numbers == ["1", "4"]


def test_a_recent_file_that_is_gone_leaves_the_list(hand: Hand, tmp_path: Path) -> None:
    path = saved(tmp_path / "a.json", FOUR)
    hand.window.files.open_path(path)
    hand.settle()
    hand.write([[(500, 300), (500, 400)]])
    path.unlink()
    hand.window.files.open_path(path)
    assert hand.window.session.message.alarm and hand.status.endswith("a.json is no longer there")
    assert hand.window.session.settings.recent == () and len(hand.window.document.state.strokes) > 1


@pytest.mark.parametrize("turns", [1, 2])
def test_what_is_drawn_while_a_photograph_turns_is_turned_with_it(hand: Hand, tmp_path: Path, turns: int) -> None:
    hand.window.files.open_path(picture(tmp_path / "a.png"))
    hand.settle()
    before = hand.window.document.state.photograph
    hand.window.files.turn(1)
    hand.draw([(300, 200), (300, 260)])
    if turns == 2:
        hand.window.files.turn(1)
    hand.settle()
    state = hand.window.document.state
    assert before is not None and state.photograph is not None and len(state.strokes) == 1
    assert (state.photograph.rgb == np.rot90(before.rgb, -turns)).all()
    assert not [child for child in hand.window.winfo_children() if isinstance(child, dialogs.UnsavedDialog)]
    assert not hand.window.session.earlier_numbers, "it is the same drawing"


def test_it_is_said_that_a_picture_is_no_drawing(hand: Hand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    choose(monkeypatch, tmp_path / "a.png")
    hand.write(FOUR)
    hand.press("<Control-Key-s>")
    hand.settle()
    assert hand.status == f"Saved {tmp_path / 'a.png'}; to go on drawing later, save it as .json too"
    assert hand.window.document.dirty


def waiting_opening(hand: Hand, *paths: Path) -> None:
    """Let files be opened while the pen is down, so that they wait."""
    hand.window.canvas.event_generate("<ButtonPress-1>", x=400, y=100)
    for path in paths:
        hand.window.files.open_path(path)
        hand.until(lambda: not hand.window.jobs.busy, "the opening")


def test_a_waiting_opening_can_be_cancelled(hand: Hand, tmp_path: Path) -> None:
    waiting_opening(hand, saved(tmp_path / "a.json", FOUR))
    hand.window.cancel()
    assert not hand.window.files.opening
    hand.window.canvas.event_generate("<ButtonRelease-1>", x=400, y=100)
    wait(hand, 0.3)
    assert len(hand.window.document.state.strokes) == 1 and hand.window.document.name == ""


def test_the_newest_of_two_waiting_openings_is_shown(hand: Hand, tmp_path: Path) -> None:
    waiting_opening(hand, saved(tmp_path / "a.json", FOUR), saved(tmp_path / "b.json", NUMBER))
    hand.window.canvas.event_generate("<ButtonRelease-1>", x=400, y=100)
    hand.until(lambda: any(isinstance(each, dialogs.UnsavedDialog) for each in hand.window.winfo_children()))
    hand.dialog(dialogs.UnsavedDialog).discard.invoke()
    hand.settle()
    assert hand.window.document.name == "b.json" and not hand.window.files.opening


def test_another_size_waits_for_what_is_being_opened(hand: Hand, tmp_path: Path) -> None:
    waiting_opening(hand, saved(tmp_path / "a.json", FOUR))
    hand.window.document.open(hand.window.document.state)
    hand.window.choose_zoom(125)
    assert hand.window.alive and hand.window.files.opening
    hand.window.canvas.finish()
    hand.window.document.mark_saved(saved(tmp_path / "b.json", FOUR))
    hand.until(lambda: not hand.window.alive, "the size")
    assert hand.window.session.document.name == "a.json"


def test_a_stroke_drawn_while_the_last_picture_is_written_is_asked_about(
    hand: Hand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand.write(FOUR)
    hand.window.document.mark_saved(saved(tmp_path / "a.json", FOUR))
    choose(monkeypatch, tmp_path / "a.png")
    hand.press("<Control-Key-e>")
    hand.window.close()
    hand.window.canvas.event_generate("<ButtonPress-1>", x=400, y=100)
    hand.window.canvas.event_generate("<B1-Motion>", x=400, y=200, state=0x100)
    hand.until(lambda: not hand.window.jobs.writing, "the picture")
    wait(hand, 0.2)
    assert hand.window.alive
    hand.window.canvas.event_generate("<ButtonRelease-1>", x=400, y=200)
    hand.until(lambda: any(isinstance(each, dialogs.UnsavedDialog) for each in hand.window.winfo_children()))


def test_a_file_that_never_was_there_is_not_said_to_be_gone(hand: Hand, tmp_path: Path) -> None:
    hand.window.files.open_path(tmp_path / "no.json")
    assert hand.status.endswith(f"There is no file {tmp_path / 'no.json'}")
