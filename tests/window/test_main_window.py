"""The window as a person uses it: events in, what stands on the screen out."""

import json
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from digits.errors import UserError
from digits.networks import MODELS as NAMES
from digits.reading.ink import Stroke, rasterise
from digits.window import dialogs
from digits.window.collection import Collection
from digits.window.session import Session
from tests.handwriting import strokes
from tests.window.conftest import MODELS

FOUR = strokes("4", 100, 120, 200)
NUMBER = strokes("4072", 60, 150, 180)


def texts(canvas):
    """The texts that stand on a canvas."""
    return [canvas.itemcget(item, "text") for item in canvas.find_all() if canvas.type(item) == "text"]


def test_the_empty_window_says_what_to_do(hand):
    hint = hand.window.canvas.find_withtag("hint")
    assert "Draw digits here" in hand.window.canvas.itemcget(hint[0], "text")
    hand.draw(FOUR[0])
    assert not hand.window.canvas.find_withtag("hint")


def test_a_four_in_two_strokes_is_one_four(hand):
    hand.write(FOUR)
    assert hand.number == "4"
    assert len(hand.window.canvas.find_withtag("box")) == 1


def test_a_number_is_read_and_copied(hand):
    hand.write(NUMBER)
    assert hand.number == "4072"
    assert "4 digits in 1 line" in hand.status
    hand.press("<Control-Key-c>")
    assert hand.window.clipboard_get() == "4072"


def test_a_stroke_is_read_at_once(hand):
    hand.write(FOUR)
    for stroke in strokes("7", 300, 120, 200):
        hand.draw(stroke)
    start = time.perf_counter()
    hand.until(lambda: hand.number == "47")
    assert time.perf_counter() - start < 0.5  # a few frames; the rest is a busy machine


def test_ink_on_the_screen_is_the_ink_that_is_read(hand):
    hand.write(FOUR[:1])
    stroke, item, picture = next(iter(hand.window.canvas._shown.values()))
    left, top = map(round, hand.window.canvas.coords(item))
    alpha = rasterise([stroke], picture.width(), picture.height(), left, top)
    shown = np.array([[picture._PhotoImage__photo.transparency_get(x, y) for x in range(0, 60)] for y in range(0, 60)])
    assert np.array_equal(~shown, alpha[:60, :60] > 0)


def test_a_click_leaves_a_dot_and_on_a_digit_selects_it(hand):
    hand.draw([(400, 400)])
    assert [len(stroke.points) for stroke in hand.window.document.state.strokes] == [1]
    hand.press("<Escape>")
    hand.write(FOUR)
    hand.draw([(160, 200)])
    assert len(hand.window.document.state.strokes) == 2
    assert hand.window.canvas.find_withtag("ring")


def test_undo_and_redo_and_clear(hand):
    hand.write(NUMBER)
    hand.press("<Control-Key-z>")
    hand.settle()
    assert hand.number == "407"
    hand.press("<Control-Shift-Key-Z>")
    hand.settle()
    assert hand.number == "4072"
    hand.press("<Escape>")
    assert hand.window.document.state.empty
    assert "appears here" in hand.number
    hand.press("<Control-Key-z>")
    hand.settle()
    assert hand.number == "4072"


def test_both_erasers(hand):
    hand.write(strokes("17", 100, 120, 200, gap=1))
    hand.press("<Shift-Key-E>")
    hand.draw([(160, 130), (160, 250)])
    hand.settle()
    assert hand.number == "7"
    hand.press("<Key-e>")
    before = hand.window.document.state.strokes
    left, top, width, height = hand.window.session.reading.digits[0].box
    hand.draw([(left - 30, top + height * 0.6), (left + width + 30, top + height * 0.6)])
    assert len(hand.window.document.state.strokes) == 2
    hand.press("<Control-Key-z>")
    assert hand.window.document.state.strokes is before


def test_brush_keys_stay_within_bounds(hand):
    for _ in range(30):
        hand.press("<Key-bracketleft>")
    assert hand.window.toolbar.pixels.cget("text") == "2 px"
    for _ in range(30):
        hand.press("<Key-bracketright>")
    assert hand.window.toolbar.pixels.cget("text") == "40 px"


def test_resizing_moves_no_ink(hand):
    hand.write(FOUR)
    before = hand.window.document.state.strokes
    for size in ("1020x640", "1400x900"):
        hand.window.geometry(size)
        hand.until(lambda size=size: hand.window.winfo_width() == int(size.partition("x")[0]))
    assert hand.window.document.state.strokes is before
    assert hand.window.canvas.view.scale == 1


def test_switching_networks_and_comparing(hand):
    hand.write(NUMBER)
    for key, name in (("<Key-1>", "ANN"), ("<Control-Key-2>", "CNN")):
        hand.press(key)
        hand.settle()
        assert hand.window.panel.choice.chosen.get() == name
        assert hand.window.session.reading.model == name
    hand.press(f"<Key-{len(NAMES) + 1}>")
    hand.settle()
    table = hand.window.panel.compare
    assert table.winfo_ismapped()
    header = [
        table.header.itemcget(item, "text") for item in table.header.find_all() if table.header.type(item) == "text"
    ]
    assert set(NAMES) < set(header)
    assert sum(text.endswith(" ms") for text in header) == len(NAMES)
    cells = texts(table.table)
    assert cells.count("0") == len(NAMES)


def test_tab_selects_and_shows_what_the_network_sees(hand):
    hand.write(NUMBER)
    hand.press("<Key-Tab>")
    detail = hand.window.panel.detail
    assert "Selected: 4" in detail.title.cget("text")
    hand.press("<Shift-Key-Tab>")
    hand.press("<Shift-Key-Tab>")
    assert "Selected: 2" in detail.title.cget("text")
    figures = [
        detail.bars.itemcget(item, "text") for item in detail.bars.find_all() if detail.bars.type(item) == "text"
    ]
    assert sum(text.endswith("%") for text in figures) == 10
    hand.press("<Key-w>")
    hand.until(lambda: "orange" in detail.caption.cget("text"), "what decided")


def test_correcting_is_kept_undone_and_counted(hand, tmp_path):
    hand.write(NUMBER)
    hand.press("<Key-Tab>")
    hand.press("<Key-9>")
    hand.settle()
    assert hand.number == "9072"
    folder = tmp_path / "my handwriting"
    assert sorted(path.suffix for path in folder.iterdir()) == [".json", ".png"]
    assert all(path.name.startswith("9-") for path in folder.iterdir())
    assert "1 digit" in hand.window.status.handwriting.cget("text")
    assert hand.window.session.misses == dict.fromkeys(NAMES, 1)
    hand.press("<Key-4>")
    hand.settle()
    assert len(list(folder.glob("4-*.png"))) == 1
    assert not list(folder.glob("9-*"))
    assert hand.window.session.misses == dict.fromkeys(NAMES, 0)
    hand.press("<Control-Key-z>")
    hand.press("<Control-Key-z>")
    hand.settle()
    assert hand.number == "4072"
    assert not list(folder.iterdir())


def test_a_click_on_a_bar_corrects_the_newest_digit(hand):
    hand.write(NUMBER)
    bars = hand.window.panel.detail.bars
    bars.event_generate("<Button-1>", x=30, y=round(7.5 * bars.winfo_height() / 10))
    hand.window.update()
    assert hand.number == "4077"
    assert [entry.label for entry in hand.window.session.collection.entries] == [7]


def test_confirming_and_deleting_digits(hand):
    hand.write(NUMBER)
    hand.press("<Key-Tab>")
    hand.press("<Key-Return>")
    hand.settle()
    assert [entry.label for entry in hand.window.session.collection.entries] == [4]
    hand.press("<Key-Delete>")
    hand.settle()
    assert hand.number == "072"
    assert len(hand.window.session.collection) == 1


def test_my_handwriting_shows_and_deletes(hand):
    hand.write(NUMBER)
    for _ in range(2):
        hand.press("<Key-Tab>")
        hand.press("<Key-Return>")
    hand.settle()
    hand.window.handwriting()
    dialog = hand.window._handwriting
    hand.until(dialog.winfo_viewable)
    assert dialog.title_label.cget("text") == "2 digits"
    assert "VGG16: 2 right, 0 missed" in dialog.figures.cget("text")
    dialog.gallery.event_generate("<Button-1>", x=20, y=20)
    dialog.delete.invoke()
    hand.settle()
    assert dialog.title_label.cget("text") == "1 digit"
    dialog.close()


def test_saving_and_opening_strokes(hand, tmp_path, monkeypatch):
    path = tmp_path / "my number.json"
    monkeypatch.setattr(dialogs, "ask_save", lambda *_: path)
    monkeypatch.setattr(dialogs, "ask_open", lambda *_: path)
    hand.write(NUMBER)
    drawn = hand.window.document.state.strokes
    hand.press("<Control-Key-s>")
    assert not hand.window.document.dirty
    hand.press("<Escape>")
    hand.press("<Control-Key-o>")
    hand.settle()
    assert hand.number == "4072"
    assert hand.window.document.state.strokes == drawn
    assert not hand.window.document.dirty


def test_saving_pictures_and_opening_one(hand, tmp_path, monkeypatch):
    plain, annotated = tmp_path / "plain.png", tmp_path / "annotated.png"
    hand.write(NUMBER)
    monkeypatch.setattr(dialogs, "ask_save", lambda *_: plain)
    hand.press("<Control-Shift-Key-S>")
    hand.settle()
    monkeypatch.setattr(dialogs, "ask_save", lambda *_: annotated)
    hand.press("<Control-Key-e>")
    hand.settle()
    with Image.open(plain) as image:
        assert image.getcolors(1 << 16)[0] is not None
        ink = np.asarray(image.convert("L")) < 128
    drawn = rasterise(hand.window.document.state.strokes, ink.shape[1], ink.shape[0]) > 127
    assert (ink != drawn).mean() < 0.001
    with Image.open(annotated) as image:
        assert len(image.getcolors(1 << 20)) > len(Image.open(plain).getcolors(1 << 20))
    monkeypatch.setattr(dialogs, "ask_open", lambda *_: plain)
    hand.press("<Control-Key-o>")
    hand.settle()
    assert hand.number == "4072"
    hand.draw(strokes("1", 600, 150, 180)[0])
    hand.settle()
    assert len(hand.number) == 5


def test_what_cannot_be_opened_or_saved_is_said_and_nothing_is_lost(hand, tmp_path, monkeypatch):
    hand.write(FOUR)
    for name, content in (("broken.png", b"\x89PNG nothing"), ("other.json", b"{}"), ("text.txt", b"hello")):
        path = tmp_path / name
        path.write_bytes(content)
        hand.window.open_path(path)
        hand.settle()
        assert name in hand.status
        assert hand.number == "4"
    monkeypatch.setattr(dialogs, "ask_save", lambda *_: tmp_path / "text.txt" / "drawing.json")
    hand.press("<Control-Key-s>")
    assert "cannot be written" in hand.status
    assert hand.window.document.dirty


def test_pasting(hand, tmp_path):
    hand.press("<Control-Key-v>")
    assert "no image on the clipboard" in hand.status
    ink = rasterise([Stroke(tuple(points), 12) for points in strokes("58", 60, 60, 150)], 400, 300)
    Image.fromarray(255 - ink).save(tmp_path / "digits.png")
    content = " ".join(f"0x{byte:02x}" for byte in (tmp_path / "digits.png").read_bytes())
    hand.window.clipboard_clear()
    hand.window.clipboard_append(content, type="image/png", format="STRING")
    hand.press("<Control-Key-v>")
    hand.settle()
    assert hand.number == "58"
    assert hand.window.document.state.photograph.size == (400, 300)


@pytest.mark.parametrize(
    ("damage", "reason"),
    [("missing", "No such file"), ("truncated", "damaged"), ("foreign", "damaged")],
)
def test_a_network_that_cannot_be_used_says_why(open_window, tmp_path, damage, reason):
    models = tmp_path / "models"
    models.mkdir()
    for name in NAMES:
        content = (MODELS / f"{name}.onnx").read_bytes()
        if name == "VGG16" and damage != "missing":
            content = content[:10_000] if damage == "truncated" else b"something else"
        if name != "VGG16" or damage != "missing":
            (models / f"{name}.onnx").write_bytes(content)
    hand = open_window(models, network="VGG16")
    choice = hand.window.panel.choice
    assert str(choice.buttons["VGG16"].cget("state")) == "disabled"
    assert reason in choice.reason.cget("text")
    assert "python test.py --models VGG16" in choice.reason.cget("text")
    hand.write(FOUR)
    assert hand.number == "4"
    assert hand.window.session.reading.model == NAMES[-1]


def test_without_any_network_drawing_works(open_window, tmp_path):
    hand = open_window(tmp_path / "nothing")
    hand.draw(FOUR[0])
    assert len(hand.window.document.state.strokes) == 1
    assert "No network can be used" in hand.number
    assert "make it again" in hand.window.panel.choice.reason.cget("text")


def test_a_cancelled_opening_is_dropped(hand, tmp_path):
    path = tmp_path / "scan.png"
    Image.new("L", (200, 200), 255).save(path)
    hand.write(FOUR)
    hand.window.open_path(path)
    hand.window.cancel()
    time.sleep(0.2)
    hand.settle()
    assert hand.number == "4"
    assert hand.window.document.state.photograph is None


@pytest.mark.parametrize("answer", ["save", "discard", "cancel"])
def test_closing_asks_about_unsaved_strokes(hand, tmp_path, monkeypatch, answer):
    path = tmp_path / "kept.json"
    monkeypatch.setattr(dialogs, "ask_save", lambda *_: path)
    hand.write(FOUR)
    hand.window.close()
    dialog = next(child for child in hand.window.winfo_children() if isinstance(child, dialogs.UnsavedDialog))
    hand.until(dialog.winfo_viewable)
    getattr(dialog, answer).invoke()
    assert hand.window.alive == (answer == "cancel")
    assert path.exists() == (answer == "save")


def test_nothing_is_asked_without_strokes_and_the_choice_is_remembered(hand, tmp_path):
    hand.window.choose_theme("dark")
    hand.press("<Key-1>")
    hand.window.close()
    assert not hand.window.alive
    stored = json.loads((tmp_path / "settings.json").read_text())
    assert (stored["theme"], stored["network"]) == ("dark", "ANN")


@pytest.mark.parametrize("zoom", [100, 200])
def test_light_and_dark_at_any_size(open_window, zoom):
    hand = open_window(zoom=zoom)
    hand.write(FOUR)
    assert hand.number == "4"
    x, y = hand.window.document.state.strokes[0].points[0]
    assert (x, y) == pytest.approx(FOUR[0][0], abs=1)
    hand.window.choose_theme("dark")
    hand.window.update()
    assert hand.window.canvas.cget("background") == hand.window.palette.paper


def test_another_size_opens_the_same_drawing(hand, open_window):
    hand.write(FOUR)
    hand.window.choose_zoom(150)
    assert hand.window.again
    assert not hand.window.alive
    larger = open_window(session=hand.window.session)
    assert larger.window.factor == 1.5
    assert larger.number == "4"


def test_every_command_stands_in_a_menu_with_its_shortcut(hand):
    for name, menu in hand.window.menus.items():
        menu.event_generate("<<MenuSelect>>")
        own = [command for command in hand.window.commands if command.menu == name]
        entries = [i for i in range(menu.index("end") + 1) if menu.type(i) != "separator"]
        assert [menu.entrycget(i, "label") for i in entries] == [command.label for command in own]
        for i, command in zip(entries, own, strict=True):
            assert bool(menu.entrycget(i, "accelerator")) == bool(command.keys)


def test_help_shows_the_shortcuts(hand):
    hand.press("<Key-F1>")
    dialog = next(child for child in hand.window.winfo_children() if isinstance(child, dialogs.HelpDialog))
    hand.until(dialog.winfo_viewable)
    dialog.close()


def test_no_display_is_a_user_error(monkeypatch):
    from digits.window.app import run

    monkeypatch.setenv("DISPLAY", ":4711")
    with pytest.raises(UserError, match="--image"):
        run(Path("models"))


@pytest.mark.parametrize(("module", "remedy"), [("tkinter", "python3-tk"), ("ttkbootstrap", "pip install")])
def test_a_missing_toolkit_is_a_user_error(monkeypatch, module, remedy):
    from digits.window.app import run

    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(UserError, match=remedy):
        run(Path("models"))


def test_a_fourth_network_is_offered_like_the_others(open_window, tmp_path):
    models = tmp_path / "models"
    models.mkdir()
    for name, source in (("ANN", "ANN"), ("BEST", "CNN")):
        (models / f"{name}.onnx").write_bytes((MODELS / f"{source}.onnx").read_bytes())
    hand = open_window(models, Session(("ANN", "BEST"), Collection(tmp_path / "mine")))
    hand.write(FOUR)
    assert hand.window.session.reading.model == "BEST"
    hand.press("<Control-Key-3>")
    hand.settle()
    assert "agree" in hand.window.panel.compare.title.cget("text")
