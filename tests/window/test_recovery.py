"""What ended windows have left is offered, the newest first, whatever else lies in the folder."""

import os
import signal
from pathlib import Path

import pytest
from PIL import Image

from digits.reading.ink import Stroke, Strokes, open_strokes, rasterise, save_strokes
from digits.window import dialogs
from digits.window.recovery import FOLDER, MOST, Recovery
from tests.handwriting import strokes
from tests.window.conftest import MODELS, Hand, OpenWindow
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


def ended_and_opened_again(hand: Hand, open_window: OpenWindow) -> Hand:
    """A window whose drawing is restored from what the one before has left."""
    hand.window.ended = True
    hand.window.destroy()
    again = open_window()
    question(again).restore.invoke()
    again.until(lambda: not again.window.document.state.empty)
    again.settle()
    return again


@pytest.mark.parametrize("changed", [False, True])
def test_a_restored_drawing_knows_whether_its_file_was_changed(
    open_window: OpenWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changed: bool
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(dialogs, "ask_replace", lambda _window, name, *_: asked.append(name))
    path = leave(tmp_path, "mine.json", "7", 1)
    hand = open_window()
    hand.window.files.open_path(path)
    hand.settle()
    hand.write([[(500, 300), (500, 400)]])
    again = ended_and_opened_again(hand, open_window)
    if changed:
        leave(tmp_path, "mine.json", "8", 2)
    again.press("<Control-Key-s>")
    assert asked == (["mine.json"] if changed else [])
    assert again.window.document.dirty == changed


def test_a_restored_page_knows_its_file(open_window: OpenWindow, tmp_path: Path) -> None:
    pages = [Image.fromarray(255 - rasterise([Stroke(((x, 60), (x, 240)), 16)], 400, 300)) for x in (100, 200, 300)]
    path = tmp_path / "pages.tif"
    pages[0].save(path, save_all=True, append_images=pages[1:])
    hand = open_window()
    hand.window.files.open_path(path)
    hand.settle()
    hand.window.files.turn_page(2)
    hand.settle()
    hand.write([[(500, 300), (500, 400)]])
    again = ended_and_opened_again(hand, open_window)
    assert "page 3 of 3" in again.status and "pages.tif" in again.window.title()
    again.window.document.open(again.window.document.state)  # as if it were saved
    again.window.files.turn_page(-1)
    again.settle()
    assert "page 2 of 3" in again.status


def test_a_restored_page_whose_file_is_gone_stays(open_window: OpenWindow, tmp_path: Path) -> None:
    page = Image.fromarray(255 - rasterise([Stroke(((100, 60), (100, 240)), 16)], 400, 300))
    page.save(tmp_path / "pages.tif", save_all=True, append_images=[page])
    hand = open_window()
    hand.window.files.open_path(tmp_path / "pages.tif")
    hand.settle()
    hand.write([[(500, 300), (500, 400)]])
    (tmp_path / "pages.tif").unlink()
    again = ended_and_opened_again(hand, open_window)
    photograph = again.window.document.state.photograph
    assert photograph is not None and photograph.file is None and len(again.window.document.state.strokes) == 1


@pytest.mark.parametrize(
    "note",
    [
        "",
        "[]",
        '"/a"',
        '{"file": "", "stamp": null, "photograph": "/a.tif", "page": 3, "pages": 3}',
        '{"file": "a.json", "stamp": null, "photograph": "a.tif", "page": 0, "pages": 3}',
        '{"file": "", "stamp": [1], "photograph": "/a.tif", "page": 0, "pages": 3}',
    ],
)
def test_a_note_that_makes_no_sense_names_no_file(tmp_path: Path, note: str) -> None:
    leave(tmp_path, "1-abcdef01.json", "7", 1)
    (tmp_path / "1-abcdef01.file").write_text(note)
    (left,) = Recovery(tmp_path).left()
    assert left.origin.file is None and left.origin.photograph is None


def test_another_size_of_everything_leaves_a_copy_at_every_moment(open_window: OpenWindow, tmp_path: Path) -> None:
    hand = open_window()
    hand.write([[(100, 100), (100, 300)]])
    hand.window.choose_zoom(150)
    (copy,) = (tmp_path / FOLDER).glob("*.json")
    assert len(open_strokes(copy).strokes) == 1
    larger = open_window(session=hand.window.session)
    assert not [each for each in larger.window.winfo_children() if isinstance(each, dialogs.RestoreDialog)]
    larger.write([[(200, 100), (200, 300)]])
    larger.until(lambda: copy.exists() and len(open_strokes(copy).strokes) == 2, "the same copy, with the stroke")
    larger.window.destroy()
    assert not list((tmp_path / FOLDER).iterdir())


def test_a_signal_between_two_windows_leaves_the_copy(
    display: None, collected_here: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from digits.window.app import run
    from digits.window.main_window import MainWindow

    def use(window: MainWindow) -> None:
        window.document.add(Stroke(((100, 100), (100, 300)), 12))
        window.choose_zoom(150)
        os.kill(os.getpid(), signal.SIGTERM)

    came: list[int] = []
    monkeypatch.setattr(MainWindow, "mainloop", use)
    monkeypatch.setattr(signal, "raise_signal", came.append)
    run(MODELS, ("ANN",), tmp_path, tmp_path / "settings.json")
    assert came == [signal.SIGTERM]
    assert len(list((tmp_path / FOLDER).glob("*.json"))) == 1


def test_a_larger_window_asks_nothing_of_its_own_file(
    open_window: OpenWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dialogs, "ask_replace", lambda *_: pytest.fail("nobody else has changed it"))
    path = leave(tmp_path, "mine.json", "7", 1)
    hand = open_window()
    hand.window.files.open_path(path)
    hand.settle()
    hand.window.choose_zoom(150)
    larger = open_window(session=hand.window.session)
    larger.write([[(500, 300), (500, 400)]])
    assert larger.window.files.save()
