"""What ended windows have left is offered, the newest first, whatever else lies in the folder."""

import os
from pathlib import Path

import pytest

from digits.reading.ink import Stroke, Strokes, save_strokes
from digits.window import dialogs
from digits.window.recovery import FOLDER, MOST, Recovery
from tests.handwriting import strokes
from tests.window.conftest import Hand, OpenWindow
from tests.window.test_nothing_lost import picture


def leave(folder: Path, name: str, number: str, when: int) -> Path:
    """A drawing of a number that an ended window has left at a time."""
    folder.mkdir(exist_ok=True)
    drawn = tuple(Stroke(tuple(points), 12) for points in strokes(number, 100, 120, 200))
    save_strokes(folder / name, Strokes(drawn, (640, 480)))
    os.utime(folder / name, (when, when))
    return folder / name


def question(hand: Hand) -> dialogs.RestoreDialog:
    """The dialog that offers a drawing."""
    hand.until(lambda: any(isinstance(each, dialogs.RestoreDialog) for each in hand.window.winfo_children()))
    return hand.dialog(dialogs.RestoreDialog)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_only_files_are_offered(open_window: OpenWindow, tmp_path: Path) -> None:
    folder = tmp_path / FOLDER
    left = leave(folder, "1-abcdef01.json", "7", 1)
    (folder / "2-abcdef02.json").mkdir()
    (folder / "2-abcdef02.json" / "mine").write_text("kept")
    os.mkfifo(folder / "3-abcdef03.json")
    (folder / "4-abcdef04.json").symlink_to("nowhere")
    (folder / "5-abcdef05.json").symlink_to(tmp_path / "settings.json")
    hand = open_window()
    question(hand).restore.invoke()
    hand.until(lambda: hand.number == "7")
    hand.until(lambda: not left.exists())
    assert (folder / "2-abcdef02.json" / "mine").exists()


@pytest.mark.parametrize("content", [b"", b"damaged", b'{"format": 1}', b"\0" * 1000])
def test_a_damaged_drawing_is_named_and_kept_and_the_next_one_offered(
    open_window: OpenWindow, tmp_path: Path, content: bytes
) -> None:
    folder = tmp_path / FOLDER
    leave(folder, "1-abcdef01.json", "7", 1)
    for n in (2, 3):
        (folder / f"{n}-abcdef0{n}.json").write_bytes(content)
    hand = open_window()
    for _ in range(2):
        question(hand).restore.invoke()
        hand.settle()
        assert "is damaged; it is kept as" in hand.window.session.message.text and hand.window.session.message.alarm
    assert {path.name: path.read_bytes() for path in folder.glob("*.damaged")} == {
        "2-abcdef02.damaged": content,
        "3-abcdef03.damaged": content,
    }
    question(hand).restore.invoke()
    hand.until(lambda: hand.number == "7")


@pytest.mark.parametrize("answer", ["restore", "later", "discard"])
def test_a_file_that_is_opened_at_first_and_what_was_left_are_both_shown(
    open_window: OpenWindow, tmp_path: Path, answer: str
) -> None:
    left = leave(tmp_path / FOLDER, "1-abcdef01.json", "7", 1)
    file = picture(tmp_path / "a.png")
    hand = open_window(file=file)
    getattr(question(hand), answer).invoke()
    if answer == "restore":
        hand.until(lambda: hand.number == "7")
        asked = hand.dialog(dialogs.UnsavedDialog)
        asked.discard.invoke()
    hand.until(lambda: hand.number == "58", "the file")
    assert hand.window.title() == "a.png – Handwritten digits"
    hand.until(lambda: left.exists() == (answer == "later"), "the copy")


def test_a_restored_drawing_stays_if_the_file_is_not_to_be_opened(open_window: OpenWindow, tmp_path: Path) -> None:
    leave(tmp_path / FOLDER, "1-abcdef01.json", "7", 1)
    hand = open_window(file=picture(tmp_path / "a.png"))
    question(hand).restore.invoke()
    hand.until(lambda: any(isinstance(each, dialogs.UnsavedDialog) for each in hand.window.winfo_children()))
    hand.dialog(dialogs.UnsavedDialog).cancel.invoke()
    hand.settle()
    assert hand.number == "7" and hand.window.document.dirty


def test_what_cannot_be_discarded_is_not_asked_about_again(
    open_window: OpenWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / FOLDER
    for n in (1, 2):
        leave(folder, f"{n}-abcdef0{n}.json", str(n), n)
    remove = Path.unlink

    def refuse(path: Path, missing_ok: bool = False) -> None:
        if path.suffix == ".json":
            raise PermissionError
        remove(path, missing_ok)

    monkeypatch.setattr(Path, "unlink", refuse)
    hand = open_window()
    for _ in range(2):
        question(hand).discard.invoke()
        hand.window.update()
    assert not [each for each in hand.window.winfo_children() if isinstance(each, dialogs.RestoreDialog)]


def test_other_files_hide_no_drawing(tmp_path: Path) -> None:
    for n in range(5 * MOST):
        (tmp_path / f"{n}-abcdef01.damaged").write_text("")
        (tmp_path / f"{n}-abcdef01.file").write_text("")
    left = [leave(tmp_path, f"{n}-abcdef02.json", "1", n) for n in range(3)]
    found = []
    for each in Recovery(tmp_path).left():
        found.append(each.path)
        each.release()
    assert found == left[::-1]
