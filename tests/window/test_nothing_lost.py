"""What a person has drawn, corrected or opened is never lost: keys, questions, files, crashes and settings."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from digits.reading.ink import Label, Stroke, Strokes, open_strokes, rasterise, save_strokes
from digits.window import dialogs
from digits.window.recovery import FOLDER, Origin, Recovery
from digits.window.settings import Settings, load
from tests.handwriting import strokes
from tests.window.conftest import FOUR, NUMBER, Hand, OpenWindow

EIGHT = strokes("8", 100, 120, 200)


def picture(path: Path, number: str = "58", size: tuple[int, int] = (400, 300)) -> Path:
    """A number as an image."""
    ink = rasterise([Stroke(tuple(points), 12) for points in strokes(number, 60, 60, 150)], *size)
    Image.fromarray(255 - ink).save(path)
    return path


def choose(monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    """What the dialogs for files will answer."""
    monkeypatch.setattr(dialogs, "ask_save", lambda *_: path)
    monkeypatch.setattr(dialogs, "ask_open", lambda *_: path)


# ---- keys


def test_return_keeps_a_correction(hand: Hand) -> None:
    hand.write(EIGHT)
    for key in ("<Key-Tab>", "<Key-0>", "<Key-Return>", "<Key-Return>"):
        hand.press(key)
    hand.settle()
    assert hand.number == "0"
    assert hand.window.session.collection.labels() == [0]


def test_a_digit_key_never_switches_the_network(hand: Hand) -> None:
    before = hand.window.session.lead
    hand.press("<Key-1>")
    hand.write(EIGHT)
    hand.press("<Key-1>")
    hand.settle()
    assert (hand.window.session.lead, hand.number) == (before, "1"), "it belongs to the digit that the panel shows"


def test_typing_goes_through_the_digits(hand: Hand) -> None:
    hand.write(NUMBER)
    hand.press("<Key-Tab>")
    for digit in "1358":
        hand.press(f"<Key-{digit}>")
    hand.settle()
    assert hand.number == "1358"
    assert hand.window.session.selected_index == 3, "the last one stays selected"
    hand.press("<Shift-Key-Tab>")
    hand.press("<Key-6>")
    hand.settle()
    assert hand.number == "1368"
    hand.press("<Control-Key-z>")
    hand.settle()
    assert hand.number == "1358"
    assert hand.window.session.selected_index == 2, "what was taken back is selected"


def test_escape_deselects_and_wipes_nothing(hand: Hand) -> None:
    hand.write(FOUR)
    hand.press("<Key-Tab>")
    for _ in range(3):
        hand.press("<Key-Escape>")
    assert hand.window.session.selected is None
    assert len(hand.window.document.state.strokes) == 2


def test_a_click_on_empty_paper_deselects_and_leaves_no_dot(hand: Hand) -> None:
    hand.write(FOUR)
    hand.press("<Key-Tab>")
    hand.draw([(500, 400)])
    assert hand.window.session.selected is None
    assert len(hand.window.document.state.strokes) == 2
    hand.draw([(500, 400)])
    assert len(hand.window.document.state.strokes) == 3


def test_the_next_doubtful_digit(hand: Hand) -> None:
    hand.write(NUMBER)
    scribble = [(500, 200), (560, 260), (500, 260), (560, 200), (520, 230), (560, 300), (500, 300), (530, 180)]
    hand.write([[(float(x), float(y)) for x, y in scribble]])
    doubtful = hand.window.session.doubtful
    assert doubtful and len(doubtful) < len(hand.window.session.keys)
    hand.press("<Key-d>")
    assert hand.window.session.selected == doubtful[0]
    hand.press("<Key-5>")
    assert doubtful[0] not in hand.window.session.doubtful, "what a person has said is not doubtful"


def test_a_correction_shows_where_nothing_can_be_written(hand: Hand, tmp_path: Path) -> None:
    (tmp_path / "my handwriting").write_text("a file in place of the folder")
    hand.write(FOUR)
    hand.press("<Key-5>")
    hand.settle()
    assert hand.number == "5"
    assert hand.window.session.message.alarm and "my handwriting" in hand.status


# ---- questions


def test_opening_asks_about_an_unsaved_drawing(hand: Hand, tmp_path: Path) -> None:
    hand.write(FOUR)
    hand.window.files.open_path(picture(tmp_path / "a.png"))
    hand.dialog(dialogs.UnsavedDialog).cancel.invoke()
    hand.settle()
    assert hand.number == "4"
    hand.window.files.open_path(tmp_path / "a.png")
    hand.dialog(dialogs.UnsavedDialog).discard.invoke()
    hand.settle()
    assert hand.number == "58"
    hand.window.close()
    assert not hand.window.alive, "the image is in its file"


def test_a_pasted_or_changed_image_is_unsaved(hand: Hand, tmp_path: Path) -> None:
    content = " ".join(f"0x{byte:02x}" for byte in picture(tmp_path / "a.png").read_bytes())
    hand.window.clipboard_clear()
    hand.window.clipboard_append(content, type="image/png", format="STRING")
    hand.press("<Control-Key-v>")
    hand.settle()
    assert hand.window.document.dirty
    hand.window.files.open_path(tmp_path / "a.png")
    hand.dialog(dialogs.UnsavedDialog).discard.invoke()
    hand.settle()
    assert not hand.window.document.dirty
    hand.press("<Key-Tab>")
    hand.press("<Key-7>")
    hand.window.close()
    hand.dialog(dialogs.UnsavedDialog).cancel.invoke()
    assert hand.window.alive and hand.window.document.dirty


# ---- files


def test_corrections_are_in_the_file(open_window: OpenWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hand = open_window()
    choose(monkeypatch, tmp_path / "a.json")
    hand.write(EIGHT)
    hand.press("<Key-Tab>")
    hand.press("<Key-0>")
    hand.press("<Control-Key-s>")
    assert [label.digit for label in open_strokes(tmp_path / "a.json").labels] == [0]
    hand.window.destroy()
    again = open_window()
    again.window.files.open_path(tmp_path / "a.json")
    again.settle()
    assert again.number == "0"
    assert not again.window.document.dirty


def test_a_photograph_is_saved_with_all_that_was_done_to_it(
    open_window: OpenWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand = open_window()
    hand.window.files.open_path(picture(tmp_path / "a.png", "583", (600, 300)))
    hand.settle()
    assert hand.number == "583"
    hand.press("<Key-Tab>")
    hand.press("<Key-Delete>")
    hand.settle()
    hand.press("<Key-9>")
    hand.settle()
    choose(monkeypatch, tmp_path / "a.json")
    hand.press("<Control-Key-s>")
    assert hand.status == f"Saved {tmp_path / 'a.json'}"
    hand.window.destroy()
    again = open_window()
    again.window.files.open_path(tmp_path / "a.json")
    again.settle()
    assert again.number == "93"


@pytest.mark.parametrize("damage", [{"labels": [{"digit": 10, "box": [0, 0, 1, 1]}]}, {"labels": 3},
                                    {"picture": {"name": "a", "content": "AAAA"}}])  # fmt: skip
def test_a_file_with_damaged_labels_or_picture_is_refused(
    hand: Hand, tmp_path: Path, damage: dict[str, object]
) -> None:
    save_strokes(tmp_path / "a.json", Strokes((Stroke(((10, 10), (10, 90)), 9),), (100, 100)))
    content = json.loads((tmp_path / "a.json").read_text())
    (tmp_path / "a.json").write_text(json.dumps({**content, **damage}))
    hand.window.files.open_path(tmp_path / "a.json")
    hand.settle()
    assert hand.window.session.message.alarm and "a.json" in hand.status
    assert hand.window.document.state.empty


def test_labels_of_what_is_not_there_are_ignored(hand: Hand, tmp_path: Path) -> None:
    drawn = tuple(Stroke(tuple(points), 12) for points in FOUR)
    save_strokes(tmp_path / "a.json", Strokes(drawn, (640, 480), (Label(9, (1, 2, 3, 4)),)))
    hand.window.files.open_path(tmp_path / "a.json")
    hand.settle()
    assert hand.number == "4"


@pytest.mark.parametrize(("name", "magic"), [("a.jpg", b"\xff\xd8"), ("a.JPEG", b"\xff\xd8"), ("a.png", b"\x89PNG")])
def test_the_ending_decides_the_format(
    hand: Hand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, magic: bytes
) -> None:
    hand.write(FOUR)
    choose(monkeypatch, tmp_path / name)
    for key in ("<Control-Shift-Key-S>", "<Control-Key-e>"):
        hand.press(key)
        hand.settle()
        assert (tmp_path / name).read_bytes().startswith(magic)
        (tmp_path / name).unlink()


@pytest.mark.parametrize("name", ["a.gif", "a.txt", "a.b"])
def test_another_ending_is_refused_by_its_name(
    hand: Hand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    hand.write(FOUR)
    choose(monkeypatch, tmp_path / name)
    for key in ("<Control-Shift-Key-S>", "<Control-Key-e>"):
        hand.press(key)
        assert hand.status.startswith(f"⚠  {name} cannot be saved")
    assert not (tmp_path / name).exists()


@pytest.mark.parametrize(
    ("name", "chosen", "ending"),
    [("a", "PNG picture", ".png"), ("a", "Drawing", ".json"), ("a.jpg", "PNG picture", ".jpg"), ("a", "else", ".json")],
)
def test_the_chosen_kind_gives_a_missing_ending(name: str, chosen: str, ending: str) -> None:
    types = (("Drawing", "*.json"), ("PNG picture", "*.png"))
    assert dialogs.with_ending(Path("x", name), types, chosen) == Path("x", f"a{ending}")


def test_what_was_drawn_beyond_the_paper_s_edge_is_in_the_picture(
    hand: Hand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand.window.canvas.scroll(300, 0)
    hand.draw([(100, 100), (100, 200)])
    assert hand.window.document.state.strokes[0].points[0][0] < 0
    choose(monkeypatch, tmp_path / "a.png")
    hand.press("<Control-Shift-Key-S>")
    hand.settle()
    assert (np.asarray(Image.open(tmp_path / "a.png").convert("L")) < 128).any()


def test_undo_goes_back_to_the_other_file(hand: Hand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, number in (("a", "4"), ("b", "7")):
        drawn = tuple(Stroke(tuple(points), 12) for points in strokes(number, 100, 120, 200))
        save_strokes(tmp_path / f"{name}.json", Strokes(drawn, (640, 480)))
    before = (tmp_path / "b.json").read_bytes()
    for name in "ab":
        hand.window.files.open_path(tmp_path / f"{name}.json")
        hand.settle()
    hand.press("<Control-Key-z>")
    hand.settle()
    assert (hand.number, hand.window.document.name) == ("4", "a.json")
    hand.press("<Control-Key-s>")
    assert (tmp_path / "b.json").read_bytes() == before
    hand.press("<Control-Key-y>")
    assert hand.window.document.name == "b.json"


def test_labels_do_not_depend_on_what_is_being_read(
    hand: Hand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose(monkeypatch, tmp_path / "a.json")
    hand.write(EIGHT)
    hand.press("<Key-0>")
    hand.window.choose_network("ANN")
    hand.window.session.result = None
    assert hand.window.files.save()
    assert [label.digit for label in open_strokes(tmp_path / "a.json").labels] == [0]
    hand.press("<Control-Key-Delete>")
    hand.press("<Control-Key-z>")
    assert [label.digit for label in hand.window.session.drawing((9, 9)).labels] == [0]
    assert hand.window.session.collection.labels() == [0]
    hand.press("<Control-Key-y>")
    hand.settle()
    assert hand.window.session.collection.labels() == [0], "clearing takes nothing back"


def test_a_discarded_correction_does_not_come_back(hand: Hand, tmp_path: Path) -> None:
    drawn = tuple(Stroke(tuple(points), 12) for points in EIGHT)
    save_strokes(tmp_path / "a.json", Strokes(drawn, (640, 480)))
    hand.window.files.open_path(tmp_path / "a.json")
    hand.settle()
    hand.press("<Key-0>")
    hand.window.files.open_path(tmp_path / "a.json")
    hand.dialog(dialogs.UnsavedDialog).discard.invoke()
    hand.settle()
    assert hand.number == "8"


def test_what_is_drawn_while_a_file_is_opened_is_asked_about(hand: Hand, tmp_path: Path) -> None:
    hand.window.files.open_path(picture(tmp_path / "a.png"))
    hand.draw(FOUR[0])
    hand.until(lambda: any(isinstance(each, dialogs.UnsavedDialog) for each in hand.window.winfo_children()))
    hand.dialog(dialogs.UnsavedDialog).cancel.invoke()
    hand.settle()
    assert len(hand.window.document.state.strokes) == 1


@pytest.mark.parametrize("size", [(1600, 1200), (4000, 3000)])
def test_a_noisy_photograph_that_was_turned_can_be_saved(
    hand: Hand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]
) -> None:
    noise = np.random.default_rng(0).integers(180, 256, (size[1], size[0], 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / "a.jpg", quality=60)
    hand.window.files.open_path(tmp_path / "a.jpg")
    hand.settle()
    hand.window.files.turn(1)
    hand.window.files.turn(1)
    hand.settle()
    state = hand.window.document.state
    assert state.photograph is not None and state.photograph.size == size, "two quarters, however quickly"
    choose(monkeypatch, tmp_path / "a.json")
    assert hand.window.files.save()
    hand.window.files.open_path(tmp_path / "a.json")
    hand.settle()
    again = hand.window.document.state.photograph
    assert again is not None and np.array_equal(again.rgb, state.photograph.rgb)


# ---- crashes

PROGRAM = """
import sys, time
from dataclasses import replace
from pathlib import Path
from digits.reading.collection import Collection
from digits.window.main_window import MainWindow
from digits.window.session import Session
from digits.window.settings import Settings
from tests.window.conftest import FOUR, MODELS, Hand
folder = Path(sys.argv[1])
window = MainWindow(MODELS, Session(["ANN"], Collection(folder / "mine"), Settings(theme="light", zoom=100)),
                    folder / "settings.json")
hand = Hand(window)
hand.settle()
hand.write(FOUR)
hand.press("<Key-Tab>")
hand.press("<Key-9>")
end = time.monotonic() + 2
while time.monotonic() < end:
    window.update()
    time.sleep(0.01)
print("drawn", flush=True)
time.sleep(60)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
def test_a_killed_window_s_drawing_is_offered_again(open_window: OpenWindow, tmp_path: Path) -> None:
    root = Path(__file__).resolve().parents[2]
    command = [sys.executable, "-c", PROGRAM, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root) as process:
        assert process.stdout is not None and process.stdout.readline() == "drawn\n"
        other = open_window()
        time.sleep(0.5)
        other.window.update()
        assert not [each for each in other.window.winfo_children() if isinstance(each, dialogs.RestoreDialog)]
        other.window.destroy()
        process.send_signal(signal.SIGKILL)
    hand = open_window()
    hand.until(lambda: any(isinstance(each, dialogs.RestoreDialog) for each in hand.window.winfo_children()))
    hand.dialog(dialogs.RestoreDialog).restore.invoke()
    hand.until(lambda: hand.number == "9", "the drawing with its correction")
    assert hand.window.document.dirty
    hand.until(lambda: len(list((tmp_path / FOLDER).glob("*.json"))) == 1, "its own copy")
    hand.window.destroy()
    assert not list((tmp_path / FOLDER).iterdir()), "it was closed as a person does"


def drawing(x: float = 10) -> Strokes:
    return Strokes((Stroke(((x, 10), (x, 90)), 9),), (100, 100))


def test_a_restored_drawing_is_saved_to_its_file(hand: Hand, tmp_path: Path) -> None:
    recovery = Recovery(tmp_path / FOLDER)
    recovery.write(drawing(), Origin(tmp_path / "mine.json"))
    recovery.close(keep=True)
    hand.window._offer_left()
    hand.dialog(dialogs.RestoreDialog).restore.invoke()
    hand.settle()
    assert "mine.json" in hand.window.title() and hand.window.document.dirty
    hand.press("<Control-Key-s>")
    assert open_strokes(tmp_path / "mine.json").strokes == drawing().strokes


def test_windows_do_not_mix(tmp_path: Path) -> None:
    one, two, third = Recovery(tmp_path), Recovery(tmp_path), Recovery(tmp_path)
    origin = Origin(tmp_path / "of one é.json", (5, 7), tmp_path / "pages.tif", 2, 3)
    one.write(drawing(1), origin)
    two.write(drawing(2))
    one.close(keep=True)
    left = list(third.left())
    assert left[0].origin == origin
    assert [open_strokes(each.path) for each in left] == [drawing(1)]
    assert not list(Recovery(tmp_path).left()), "it is offered by one window only"
    left[0].release()
    two.close(keep=False)
    again = list(third.left())
    assert [open_strokes(each.path) for each in again] == [drawing(1)]
    again[0].discard()
    third.close()
    assert not list(tmp_path.iterdir())


def test_a_saved_drawing_leaves_no_copy(hand: Hand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hand.write(FOUR)
    hand.until(lambda: bool(list((tmp_path / FOLDER).glob("*.json"))), "the copy")
    choose(monkeypatch, tmp_path / "a.json")
    hand.press("<Control-Key-s>")
    hand.until(lambda: not list((tmp_path / FOLDER).glob("*.json")), "no copy")


def test_where_no_copy_can_be_written_it_is_said_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    recovery = Recovery(tmp_path / "file" / "folder")
    recovery.write(drawing())
    recovery.close()
    assert "file" in recovery.failure


# ---- settings


def test_settings_are_written_at_once(hand: Hand, tmp_path: Path) -> None:
    hand.press("<Key-bracketright>")
    hand.until(lambda: load(tmp_path / "settings.json").pen == Settings().pen + 2)
    assert hand.window.alive


def test_place_folder_and_recent_files_are_kept(
    open_window: OpenWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand = open_window()
    hand.window.geometry("900x650+40+30")
    hand.until(lambda: hand.window.winfo_width() == 900)
    (tmp_path / "in").mkdir()
    hand.window.files.open_path(picture(tmp_path / "in" / "a.png"))
    hand.settle()
    assert hand.window.title() == "a.png – Handwritten digits"
    asked: list[Sequence[object]] = []
    monkeypatch.setattr(dialogs, "ask_save", lambda *given: asked.append(given))
    hand.press("<Control-Shift-Key-S>")
    assert asked[0][2] == "a.json" and asked[0][4] == str(tmp_path / "in")
    hand.window.destroy()
    kept = load(tmp_path / "settings.json")
    assert kept.place == (40, 30, 900, 650)
    assert (kept.folder, kept.recent) == (str(tmp_path / "in"), (str(tmp_path / "in" / "a.png"),))
    again = open_window(settings=kept)
    assert (again.window.winfo_width(), again.window.winfo_height()) == (900, 650)
    recent = [command for command in again.window._table() if command.label.startswith("a.png")]
    recent[0].run()
    again.settle()
    assert again.number == "58"


def test_a_maximised_window_is_maximised_again_and_keeps_its_other_size(
    open_window: OpenWindow, tmp_path: Path
) -> None:
    place = (40, 30, 900, 650)
    window = open_window(settings=Settings(theme="light", place=place, maximised=True)).window
    assert window._is_maximised()
    window.geometry("1500x900+0+0")  # by the window manager
    Hand(window).until(lambda: window.winfo_width() == 1500)
    window._tick()
    window.close()
    kept = window.session.settings
    assert (kept.place, kept.maximised) == (place, True)
    again = open_window(settings=kept).window
    again.withdraw()
    again.wm_attributes("-zoomed", False)
    again.deiconify()
    Hand(again).until(lambda: bool(again.winfo_viewable()))
    assert not again._is_maximised()
    assert (again.winfo_width(), again.winfo_height()) == place[2:]
    again.close()
    assert not load(tmp_path / "settings.json").maximised


@pytest.mark.parametrize("maximised", [False, True])
def test_a_window_of_another_size_of_everything_keeps_its_own(open_window: OpenWindow, maximised: bool) -> None:
    settings = Settings(theme="light", zoom=100, place=(40, 30, 900, 600), maximised=maximised)
    sizes = []
    for zoom in (150, 200, 125, 0, 100):  # at 200 there is no room for all of it
        window = open_window(settings=settings).window
        sizes.append((window.winfo_width(), window.winfo_height()))
        left, top = window.winfo_rootx(), window.winfo_rooty()
        assert left >= 0 and left + sizes[-1][0] <= window.winfo_screenwidth()
        assert top >= 0 and top + sizes[-1][1] <= window.winfo_screenheight()
        window.choose_zoom(zoom)
        assert window.reopen
        settings = window.session.settings
        assert (settings.zoom, settings.maximised) == (zoom, maximised)
        if zoom == 0:
            settings = replace(settings, zoom=round(100 * window._screens_factor))
    assert settings.place[2:] == (900, 600)
    assert sizes[:2] == [(900, 600), (1350, 900)] and sizes[3] == (1125, 750)


@pytest.mark.parametrize("place", [(5000, 4000, 900, 600), (-3000, -20, 9000, 9000)])
def test_a_window_is_opened_within_the_screen(open_window: OpenWindow, place: tuple[int, int, int, int]) -> None:
    hand = open_window(settings=Settings(theme="light", place=place))
    window = hand.window
    assert window.winfo_rootx() >= 0 and window.winfo_rootx() + window.winfo_width() <= window.winfo_screenwidth()
    assert window.winfo_rooty() >= 0 and window.winfo_rooty() + window.winfo_height() <= window.winfo_screenheight()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_without_a_home_that_can_be_written_the_window_works(hand: Hand, tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        hand.write(FOUR)
        hand.press("<Key-5>")
        assert hand.number == "5"
    finally:
        tmp_path.chmod(0o700)


def test_a_network_that_is_deleted_says_so_where_its_figures_are(open_window: OpenWindow, tmp_path: Path) -> None:
    from tests.window.conftest import MODELS

    models = tmp_path / "models"
    models.mkdir()
    for name in ("ANN", "CNN"):
        (models / f"{name}.onnx").write_bytes((MODELS / f"{name}.onnx").read_bytes())
    hand = open_window(("ANN", "CNN"), models, settings=Settings(theme="light", network="CNN"))
    hand.write(FOUR)
    (models / "CNN.onnx").unlink()
    hand.press("<Key-Tab>")
    hand.press("<Key-9>")
    hand.settle()
    assert "CNN cannot learn" in hand.window.status.handwriting.cget("text")
    hand.press("<Control-Key-h>")
    assert "CNN.onnx" in hand.dialog(dialogs.HandwritingDialog).metrics.cget("text")
