"""Photographs in the window: pages, crop and turn, the camera, dropped and copied pictures."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from digits.errors import UserError
from digits.reading.ink import Stroke, rasterise
from digits.window import camera, clipboard, dialogs
from digits.window.about import AboutDialog
from tests.handwriting import strokes
from tests.window.conftest import FOUR, Hand, option


def picture(number: str, size: tuple[int, int] = (600, 300), left: float = 60) -> Image.Image:
    """A number on white paper."""
    ink = rasterise([Stroke(tuple(points), 12) for points in strokes(number, left, 60, 150)], *size)
    return Image.fromarray(255 - ink)


def opened(hand: Hand, path: Path) -> Hand:
    hand.window.files.open_path(path)
    hand.settle()
    return hand


def test_the_pages_of_a_file_are_turned(hand: Hand, tmp_path: Path) -> None:
    path = tmp_path / "pages.tif"
    picture("58").save(path, save_all=True, append_images=[picture("407"), picture("2")])
    opened(hand, path)
    seen = [hand.number]
    for key in ("<Key-Next>", "<Key-Next>", "<Key-Next>", "<Key-Prior>"):
        hand.press(key)
        hand.settle()
        seen.append(hand.number)
    assert seen == ["58", "407", "2", "2", "407"], "there is no fourth"
    assert "page 2 of 3" in hand.status
    assert not hand.window.document.dirty


def test_a_photograph_is_turned_with_what_was_drawn_on_it_and_saved_so(
    hand: Hand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture("7").rotate(90, expand=True).save(tmp_path / "a.png")
    opened(hand, tmp_path / "a.png")
    hand.draw([(300, 40), (330, 60)])
    (x, y) = hand.window.document.state.strokes[0].points[0]
    hand.press("<Control-Key-bracketright>")
    hand.settle()
    state = hand.window.document.state
    assert state.photograph is not None and state.photograph.size == (600, 300)
    assert state.strokes[0].points[0] == (599 - y, x)
    assert hand.window.document.dirty
    hand.press("<Control-Key-z>")
    hand.press("<Control-Key-z>")
    hand.press("<Control-Key-bracketright>")
    hand.settle()
    assert hand.number == "7"
    monkeypatch.setattr(dialogs, "ask_save", lambda *_: tmp_path / "a.json")
    hand.press("<Control-Key-s>")
    opened(hand, tmp_path / "a.json")
    assert hand.number == "7", "as it was turned"


def test_turning_and_cropping_keep_corrections_deletions_and_pages(hand: Hand, tmp_path: Path) -> None:
    path = tmp_path / "pages.tif"
    picture("583").save(path, save_all=True, append_images=[picture("2")])
    opened(hand, path)
    hand.press("<Key-Tab>")
    hand.press("<Key-9>")
    hand.window.session.selected = hand.window.session.keys[2]
    hand.press("<Key-Delete>")
    hand.settle()
    assert hand.number == "98"
    hand.window.files.turn(2)
    hand.settle()
    hand.window.files.turn(2)
    hand.settle()
    assert hand.number == "98"
    hand.window.files.crop((20, 10, 560, 280))
    hand.settle()
    assert hand.number == "98"
    hand.press("<Key-Next>")
    hand.dialog(dialogs.UnsavedDialog).discard.invoke()
    hand.settle()
    assert hand.number == "2"


def test_a_photograph_is_magnified_in_bounded_memory(hand: Hand, tmp_path: Path) -> None:
    picture("58", (3000, 2000)).save(tmp_path / "a.png")
    opened(hand, tmp_path / "a.png")
    canvas = hand.window.canvas
    for _ in range(20):
        hand.press("<Control-Key-equal>")
    (item,) = canvas.find_withtag("photograph")
    image = option(canvas, item, "image")
    width, height = (int(canvas.tk.call("image", side, image)) for side in ("width", "height"))
    pixel = canvas.view.scale * 3000 / 2400  # of the preview, on the screen
    assert width <= canvas.winfo_width() + 2 * pixel + 1
    assert height <= canvas.winfo_height() + 2 * pixel + 1
    canvas.scroll(1e6, 0)
    hand.until(lambda: not canvas.find_withtag("photograph"))


def test_a_photograph_is_cropped(hand: Hand, tmp_path: Path) -> None:
    picture("583").save(tmp_path / "a.png")
    opened(hand, tmp_path / "a.png")
    reading = hand.window.session.reading
    assert reading is not None and reading.text == "583"
    hand.press("<Key-c>")
    x, y, width, height = reading.digits[0].box
    canvas = hand.window.canvas
    corners = [canvas.view.to_screen(x - 20, y - 20), canvas.view.to_screen(x + width + 12, y + height + 20)]
    hand.draw([corners[0], ((corners[0][0] + corners[1][0]) / 2, corners[0][1] + 9), corners[1]])
    hand.settle()
    assert hand.number == "5"
    hand.press("<Control-Key-z>")
    hand.settle()
    assert hand.number == "583"


def test_there_must_be_a_photograph_to_crop(hand: Hand) -> None:
    hand.write(FOUR)
    hand.press("<Key-c>")
    assert hand.window.session.tool.name == "Pen"
    assert str(hand.window.toolbar.buttons["Crop"].cget("state")) == "disabled"
    hand.window.menus["Edit"].tk.call(hand.window.menus["Edit"].cget("postcommand"))
    assert hand.window.menus["Edit"].entrycget("Crop", "state") == "disabled"
    hand.draw([(450, 100), (450, 200), (450, 300)])
    assert len(hand.window.document.state.strokes) == len(FOUR) + 1


@pytest.mark.parametrize("key", ["<Control-Key-z>", "<Control-Key-Delete>", "<Control-Key-n>"])
def test_crop_is_left_with_the_photograph(hand: Hand, tmp_path: Path, key: str) -> None:
    picture("583").save(tmp_path / "a.png")
    opened(hand, tmp_path / "a.png")
    button = hand.window.toolbar.buttons["Crop"]
    assert str(button.cget("state")) == "normal"
    hand.press("<Key-c>")
    assert hand.window.session.tool.name == "Crop"
    hand.press(key)
    hand.settle()
    assert hand.window.document.state.photograph is None
    assert hand.window.session.tool.name == "Pen" and str(button.cget("state")) == "disabled"
    assert hand.window.getvar(str(button.cget("variable"))) == "Pen"


def test_the_camera_s_picture_is_read_and_unsaved(hand: Hand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(camera, "still", lambda: np.asarray(picture("58").convert("RGB")))
    hand.write(FOUR)
    hand.window.files.take_picture()
    hand.until(lambda: any(isinstance(each, dialogs.UnsavedDialog) for each in hand.window.winfo_children()))
    assert hand.number == "4", "it is asked once there is a picture"
    hand.dialog(dialogs.UnsavedDialog).discard.invoke()
    hand.settle()
    assert hand.number == "58"
    assert hand.window.document.dirty


def test_without_a_camera_there_is_one_line(hand: Hand, monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> None:
        raise UserError("There is no camera; plug one in, or open a file")

    monkeypatch.setattr(camera, "still", none)
    hand.write(FOUR)
    hand.window.files.take_picture()
    hand.settle()
    assert "There is no camera" in hand.status and hand.window.session.message.alarm
    assert hand.number == "4", "nothing is replaced"


def test_a_file_that_was_copied_is_opened(hand: Hand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    picture("58").save(tmp_path / "a.png")
    monkeypatch.setattr(clipboard, "image", lambda _: tmp_path / "a.png")
    hand.press("<Control-Key-v>")
    hand.settle()
    assert hand.number == "58"
    assert hand.window.title().startswith("a.png")


def test_a_picture_of_the_drawing_is_copied(hand: Hand, monkeypatch: pytest.MonkeyPatch) -> None:
    copied: list[Image.Image] = []
    monkeypatch.setattr(clipboard, "copy_picture", lambda _, image: copied.append(image))
    hand.write(FOUR)
    hand.press("<Control-Shift-Key-C>")
    assert (np.asarray(copied[0].convert("L")) < 128).any()
    assert hand.status == "Copied the picture"


def test_what_was_read_before_is_listed_and_copied(hand: Hand) -> None:
    hand.write(FOUR)
    hand.press("<Control-Key-Delete>")
    hand.write(strokes("7", 300, 120, 200))
    hand.press("<Control-Key-Delete>")
    rows = hand.window.panel.history._rows
    assert [row.cget("text") for row in rows] == ["7", "4"]
    rows[1].event_generate("<Button-1>")
    assert hand.window.clipboard_get() == "4"


def test_about_says_which_version(hand: Hand) -> None:
    from digits import __version__

    hand.window.show_about()
    dialog = hand.dialog(AboutDialog)
    assert any(__version__ in str(child.cget("text")) for child in dialog.body.winfo_children())
    dialog.close()
