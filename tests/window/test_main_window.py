"""The window as the user sees it: events in, what is shown out."""

import json
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from digits.errors import UserError
from digits.image_format import CLASSES
from digits.networks import DEFAULT
from digits.networks import MODELS as NAMES
from digits.reading.ink import rasterise
from digits.window import dialogs
from digits.window.palette import DARK, LIGHT
from digits.window.session import COMPARE
from digits.window.settings import Settings, load, save
from tests.handwriting import strokes
from tests.window.conftest import FOUR, MODELS, NUMBER, Hand, OpenWindow, option, texts


def test_the_empty_window_says_what_to_do(hand: Hand) -> None:
    (hint,) = hand.window.canvas.find_withtag("hint")
    assert "Draw digits here" in option(hand.window.canvas, hint, "text")
    hand.draw(FOUR[0])
    assert not hand.window.canvas.find_withtag("hint")


def test_a_four_in_two_strokes_is_one_four(hand: Hand) -> None:
    hand.write(FOUR)
    assert hand.number == "4"
    assert len(hand.window.canvas.find_withtag("box")) == 1


def test_a_number_is_read_and_copied(hand: Hand) -> None:
    hand.write(NUMBER)
    assert hand.number == "4072"
    assert "4 digits in 1 line" in hand.status
    hand.press("<Control-Key-c>")
    assert hand.window.clipboard_get() == "4072"
    assert hand.status == "Copied 4072"


def test_a_stroke_is_read_while_slow_work_goes_on(hand: Hand) -> None:
    hand.write(FOUR)
    gate = threading.Event()
    hand.window.jobs.submit("slow", lambda _: gate.wait(10), print, print, background=True)
    for stroke in strokes("7", 300, 120, 200):
        hand.draw(stroke)
    hand.until(lambda: hand.number == "47")
    assert hand.window.jobs.busy
    gate.set()
    hand.settle()


def test_ink_on_the_screen_is_the_ink_that_is_read(hand: Hand) -> None:
    hand.write(FOUR[:1])
    canvas = hand.window.canvas
    (item,) = canvas.find_withtag("ink")
    image = option(canvas, item, "image")
    width, height = (int(canvas.tk.call("image", side, image)) for side in ("width", "height"))
    left, top = map(round, canvas.coords(item))
    shown = [
        [not canvas.tk.getboolean(canvas.tk.call(image, "transparency", "get", x, y)) for x in range(width)]
        for y in range(height)
    ]
    read = rasterise(hand.window.document.state.strokes, width, height, left, top)
    assert read.any()
    assert np.array_equal(shown, read > 0)


def test_a_click_leaves_a_dot_and_on_a_digit_selects_it(hand: Hand) -> None:
    hand.draw([(400, 400)])
    assert [len(stroke.points) for stroke in hand.window.document.state.strokes] == [1]
    hand.press("<Control-Key-Delete>")
    hand.write(FOUR)
    hand.draw([(160, 200)])
    assert len(hand.window.document.state.strokes) == 2
    assert hand.window.canvas.find_withtag("ring")


def test_undo_and_redo_and_clear(hand: Hand) -> None:
    hand.write(NUMBER)
    hand.press("<Control-Key-z>")
    hand.settle()
    assert hand.number == "407"
    hand.press("<Control-Shift-Key-Z>")
    hand.settle()
    assert hand.number == "4072"
    hand.press("<Control-Key-Delete>")
    assert hand.window.document.state.empty
    assert "appears here" in hand.number
    hand.press("<Control-Key-z>")
    hand.settle()
    assert hand.number == "4072"


def test_both_erasers(hand: Hand) -> None:
    hand.write(strokes("17", 100, 120, 200, gap=1))
    hand.press("<Shift-Key-E>")
    assert hand.window.session.tool.name == "Stroke eraser"
    hand.draw([(160, 130), (160, 250)])
    hand.settle()
    assert hand.number == "7"
    hand.press("<Key-e>")
    before = hand.window.document.state.strokes
    reading = hand.window.session.reading
    assert reading is not None
    left, top, width, height = reading.digits[0].box
    hand.draw([(left - 30, top + height * 0.6), (left + width + 30, top + height * 0.6)])
    assert len(hand.window.document.state.strokes) == 2
    hand.press("<Control-Key-z>")
    assert hand.window.document.state.strokes is before


def test_an_eraser_shows_its_reach(hand: Hand) -> None:
    canvas = hand.window.canvas
    canvas.event_generate("<Motion>", x=300, y=200)
    assert not canvas.find_withtag("reach")
    hand.press("<Key-e>")
    canvas.event_generate("<Motion>", x=300, y=200)
    (ring,) = canvas.find_withtag("reach")
    pen = hand.window.session.pen
    assert canvas.coords(ring) == [300 - pen, 200 - pen, 300 + pen, 200 + pen]
    hand.press("<Key-p>")
    assert not canvas.find_withtag("reach")


def test_brush_keys_stay_within_bounds(hand: Hand) -> None:
    for key, end in (("<Key-bracketleft>", 2), ("<Key-bracketright>", 40)):
        for _ in range(30):
            hand.press(key)
        assert hand.window.toolbar.pixels.cget("text") == f"{end} px"
        assert hand.window.session.pen == end


def test_a_click_beside_the_slider_s_knob_moves_it_there_and_the_wheel_by_one(hand: Hand) -> None:
    scale, session = hand.window.toolbar.scale, hand.window.session

    def at(share: float) -> int:
        return round(share * scale.winfo_width())

    bottom = scale.winfo_height() - 1
    for place, y, least, most in ((0.9, 1, 34, 40), (0.1, bottom // 2, 2, 8), (0.5, bottom, 18, 24)):
        scale.event_generate("<ButtonPress-1>", x=at(place), y=y)
        hand.window.update()
        assert least <= session.pen <= most, place
        scale.event_generate("<B1-Motion>", x=at(0.75), y=y, state=0x100)
        scale.event_generate("<ButtonRelease-1>", x=at(0.75), y=y, state=0x100)
        hand.window.update()
        assert 27 <= session.pen <= 35, "dragged on from there"
    before = session.pen
    for button, pen in ((4, before + 1), (5, before), (5, before - 1)):
        scale.event_generate(f"<Button-{button}>", x=at(0.5), y=1)
        hand.window.update()
        assert session.pen == pen and hand.window.toolbar.pixels.cget("text") == f"{pen} px"


def test_resizing_moves_no_ink(hand: Hand) -> None:
    hand.write(FOUR)
    before = hand.window.document.state.strokes

    def resize(width: int, height: int) -> None:
        hand.window.geometry(f"{width}x{height}")
        hand.until(lambda: hand.window.winfo_width() == width)

    resize(1020, 640)
    resize(1400, 900)
    assert hand.window.document.state.strokes is before
    assert hand.window.canvas.view.scale == 1


def test_switching_networks_and_comparing(hand_with_all: Hand) -> None:
    hand = hand_with_all
    hand.write(NUMBER)
    for key, name in (("<Control-Key-1>", "ANN"), ("<Control-Key-2>", "CNN")):
        hand.press(key)
        hand.settle()
        assert hand.window.panel.choice.chosen.get() == name
        assert hand.model == name
    hand.press(f"<Control-Key-{len(NAMES) + 1}>")
    hand.settle()
    table = hand.window.panel.compare
    assert table.winfo_ismapped()
    header = texts(table.header)
    assert set(NAMES) < set(header)
    assert sum(text.endswith(" ms") for text in header) == len(NAMES)
    assert texts(table.table).count("0") == len(NAMES)


def test_tab_selects_and_shows_what_the_network_sees(hand: Hand) -> None:
    hand.write(NUMBER)
    hand.press("<Key-Tab>")
    detail = hand.window.panel.detail
    assert "Selected: 4" in detail.title.cget("text")
    hand.press("<Shift-Key-Tab>")
    hand.press("<Shift-Key-Tab>")
    assert "Selected: 2" in detail.title.cget("text")
    assert sum(text.endswith("%") for text in texts(detail.bars)) == CLASSES


def test_evidence_is_shown_by_its_key_and_by_its_tick_box(hand: Hand) -> None:
    hand.write(FOUR)
    detail = hand.window.panel.detail
    hand.press("<Key-w>")
    hand.until(lambda: "orange" in detail.caption.cget("text"), "the evidence")
    assert hand.window.session.wants_evidence
    ticked = str(detail.tick.cget("variable"))
    assert hand.window.getvar(ticked)
    detail.tick.invoke()
    assert not hand.window.session.wants_evidence
    assert not hand.window.getvar(ticked)
    assert "orange" not in detail.caption.cget("text")


def test_advice_names_the_shortcuts(hand: Hand) -> None:
    hint = hand.window.panel.detail.hint
    hand.write(FOUR)
    assert "with Tab" in hint.cget("text")
    hand.press("<Key-Tab>")
    assert "Press Return" in hint.cget("text")
    hand.press("<Key-Return>")
    assert "Kept in My handwriting" in hint.cget("text"), "the last digit stays selected"


def test_correcting_is_kept_undone_and_counted(hand_with_all: Hand, tmp_path: Path) -> None:
    hand = hand_with_all
    hand.write(NUMBER)
    hand.press("<Key-Tab>")
    hand.press("<Key-9>")
    hand.settle()
    assert hand.number == "9072"
    folder = tmp_path / "my handwriting"
    assert sorted(path.suffix for path in folder.glob("[0-9]*")) == [".json", ".png"]
    assert all(path.name.startswith("9-") for path in folder.glob("[0-9]*"))
    assert "1 digit" in hand.window.status.handwriting.cget("text")
    assert {name: one.before for name, one in hand.window.session.hands.items()} == dict.fromkeys(NAMES, 0)
    assert hand.window.session.selected_index == 1, "the next one"
    hand.press("<Shift-Key-Tab>")
    hand.press("<Key-4>")
    hand.settle()
    assert len(list(folder.glob("4-*.png"))) == 1
    assert not list(folder.glob("9-*"))
    assert {name: one.before for name, one in hand.window.session.hands.items()} == dict.fromkeys(NAMES, 1)
    hand.press("<Control-Key-z>")
    hand.press("<Control-Key-z>")
    hand.settle()
    assert hand.number == "4072"
    assert not list(folder.glob("[0-9]*"))


def test_an_undo_that_cannot_change_the_collection_is_reported(hand: Hand, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(key: str) -> None:
        raise UserError(f"{key} cannot be removed")

    hand.write(FOUR)
    hand.press("<Key-Tab>")
    hand.press("<Key-9>")
    monkeypatch.setattr(hand.window.session.collection, "remove", fail)
    hand.press("<Control-Key-z>")
    hand.settle()
    assert hand.number == "4"
    assert "cannot be removed" in hand.status
    assert hand.window.session.message.alarm


def test_a_click_on_a_bar_corrects_the_newest_digit(hand: Hand) -> None:
    hand.write(NUMBER)
    bars = hand.window.panel.detail.bars
    bars.event_generate("<Button-1>", x=30, y=round(7.5 * bars.winfo_height() / 10))
    hand.window.update()
    assert hand.number == "4077"
    assert [entry.label for entry in hand.window.session.collection.entries] == [7]


def test_confirming_and_deleting_digits(hand: Hand) -> None:
    hand.write(NUMBER)
    hand.press("<Key-Tab>")
    hand.press("<Key-Return>")
    hand.settle()
    assert [entry.label for entry in hand.window.session.collection.entries] == [4]
    hand.press("<Shift-Key-Tab>")
    hand.press("<Key-Delete>")
    hand.settle()
    assert hand.number == "072"
    assert len(hand.window.session.collection) == 1


def test_my_handwriting_shows_and_deletes(hand: Hand) -> None:
    hand.write(NUMBER)
    hand.press("<Key-Tab>")
    for _ in range(2):
        hand.press("<Key-Return>")
    hand.settle()
    hand.press("<Control-Key-h>")
    dialog = hand.dialog(dialogs.HandwritingDialog)
    assert dialog is hand.window.handwriting.dialog
    assert dialog.title_label.cget("text") == "2 digits"
    assert f"{DEFAULT}: 2 of 2 right" in dialog.metrics.cget("text")
    assert str(dialog.delete.cget("state")) == "disabled"
    dialog.gallery.event_generate("<Button-1>", x=20, y=20)
    assert hand.window.session.selected_entry == hand.window.session.collection.entries[0].key
    dialog.delete.invoke()
    hand.settle()
    assert dialog.title_label.cget("text") == "1 digit"
    dialog.close()
    assert not dialog.winfo_exists()


@pytest.mark.parametrize(
    ("damage", "reason"),
    [("missing", "no network"), ("truncated", "not a network that can"), ("foreign", "not a network that can")],
)
def test_a_network_that_cannot_be_used_says_why(
    open_window: OpenWindow, tmp_path: Path, damage: str, reason: str
) -> None:
    models = tmp_path / "models"
    models.mkdir()
    (models / "ANN.onnx").write_bytes((MODELS / "ANN.onnx").read_bytes())
    if damage != "missing":
        content = (MODELS / "VGG16.onnx").read_bytes()[:10_000] if damage == "truncated" else b"something else"
        (models / "VGG16.onnx").write_bytes(content)
    hand = open_window(("ANN", "VGG16"), models, settings=Settings(theme="light", network="VGG16"))
    choice = hand.window.panel.choice
    assert str(choice.buttons["VGG16"].cget("state")) == "disabled"
    assert str(choice.buttons["ANN"].cget("state")) == "normal"
    assert reason in choice.reason.cget("text")
    assert "python test.py --models VGG16" in choice.reason.cget("text")
    hand.write(FOUR)
    assert hand.number == "4"
    assert hand.model == "ANN"


def test_without_any_network_drawing_works(open_window: OpenWindow, tmp_path: Path) -> None:
    hand = open_window(models=tmp_path / "nothing")
    hand.draw(FOUR[0])
    assert len(hand.window.document.state.strokes) == 1
    assert "No network can be used" in hand.number
    assert "no network at" in hand.window.panel.choice.reason.cget("text")


def test_a_further_network_is_offered_like_the_others(open_window: OpenWindow, tmp_path: Path) -> None:
    models = tmp_path / "models"
    models.mkdir()
    for name, source in (("ANN", "ANN"), ("BEST", "CNN")):
        (models / f"{name}.onnx").write_bytes((MODELS / f"{source}.onnx").read_bytes())
    hand = open_window(("ANN", "BEST"), models)
    hand.write(FOUR)
    assert hand.model == "BEST"
    hand.press("<Control-Key-3>")
    hand.settle()
    assert hand.window.session.chosen == COMPARE
    assert "agree" in hand.window.panel.compare.title.cget("text")


def test_choices_are_kept_for_the_next_run(hand: Hand, tmp_path: Path) -> None:
    hand.window.choose_theme("dark")
    hand.press("<Control-Key-1>")
    hand.press("<Key-bracketright>")
    hand.window.close()
    assert not hand.window.alive
    stored = json.loads((tmp_path / "settings.json").read_text())
    assert (stored["theme"], stored["network"], stored["pen"]) == ("dark", "ANN", Settings().pen + 2)


@pytest.mark.parametrize("zoom", [100, 200])
def test_light_and_dark_at_any_size(open_window: OpenWindow, zoom: int) -> None:
    hand = open_window(settings=Settings(theme="light", zoom=zoom))
    assert hand.window.canvas.cget("background") == LIGHT.paper
    hand.write(FOUR)
    assert hand.number == "4"
    x, y = hand.window.document.state.strokes[0].points[0]
    assert (x, y) == pytest.approx(FOUR[0][0], abs=1)
    hand.window.choose_theme("dark")
    hand.window.update()
    assert hand.window.canvas.cget("background") == DARK.paper
    assert str(hand.window.status.message.cget("foreground")) == DARK.muted


def test_another_size_opens_the_same_drawing(hand: Hand, open_window: OpenWindow) -> None:
    hand.write(FOUR)
    hand.window.choose_zoom(150)
    assert hand.window.reopen
    assert not hand.window.alive
    larger = open_window(session=hand.window.session)
    assert larger.window.factor == 1.5
    assert larger.number == "4"


def test_the_program_opens_the_window_again_at_another_size(
    display: None, collected_here: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from digits.window.app import run
    from digits.window.main_window import MainWindow

    factors = []

    def use(window: MainWindow) -> None:
        factors.append(window.factor)
        if len(factors) == 1:
            window.choose_zoom(150)
        else:
            window.close()

    monkeypatch.setattr(MainWindow, "mainloop", use)
    save(tmp_path / "settings.json", Settings(theme="light", zoom=100))
    run(MODELS, ("ANN",), tmp_path, tmp_path / "settings.json")
    assert factors == [1.0, 1.5]
    assert load(tmp_path / "settings.json").zoom == 150


def test_no_display_is_a_user_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from digits.window.app import run

    monkeypatch.setenv("DISPLAY", ":4711")
    with pytest.raises(UserError, match="--image"):
        run(Path("models"), hand=tmp_path, settings=tmp_path / "settings.json")


@pytest.mark.parametrize(("module", "remedy"), [("tkinter", "python3-tk"), ("ttkbootstrap", "pip install")])
def test_a_missing_toolkit_is_a_user_error(monkeypatch: pytest.MonkeyPatch, module: str, remedy: str) -> None:
    from digits.window.app import run

    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(UserError, match=remedy):
        run(Path("models"))


def test_no_timer_outlives_the_window(hand: Hand) -> None:
    hand.window.tk.eval("after 1 {winfo exists .}")
    tk = hand.window.tk
    hand.window.destroy()
    assert tk.eval("after info") == ""


def test_rows_of_networks_that_no_longer_lead_cannot_be_selected(hand: Hand, monkeypatch: pytest.MonkeyPatch) -> None:
    hand.write(FOUR)
    monkeypatch.setattr(hand.window.recognition, "read", lambda: None)  # the new reading takes a while
    hand.window.choose_network("ANN")
    hand.window.choose_network(COMPARE)
    hand.window.update()
    raised: list[object] = []
    monkeypatch.setattr(hand.window, "report_callback_exception", lambda *found: raised.append(found))
    hand.window.panel.compare.table.event_generate("<Button-1>", x=20, y=10)
    hand.window.update()
    assert raised == []
    assert hand.window.session.selected is None


def test_what_a_key_finds_nothing_to_do_for_is_said(hand: Hand) -> None:
    hand.write(FOUR)
    hand.press("<Key-Tab>")
    hand.press("<Key-Return>")
    hand.press("<Key-d>")
    assert hand.status == "No digit is doubtful"
    hand.press("<Control-Key-equal>")
    assert hand.status == "Zoom 125%"


@pytest.mark.parametrize("photograph", [False, True])
def test_the_zoom_that_is_said_is_the_one_that_is_shown(hand: Hand, tmp_path: Path, photograph: bool) -> None:
    window, canvas = hand.window, hand.window.canvas
    if photograph:
        Image.new("L", (1200, 900), 255).save(tmp_path / "a.png")
        window.files.open_path(tmp_path / "a.png")
        hand.settle()
    hand.write(FOUR)

    def said() -> bool:
        return hand.status == f"Zoom {round(100 * canvas.view.scale)}%"

    assert "Zoom" not in hand.status
    for key in ("<Control-Key-equal>", "<Key-f>", "<Control-Key-minus>", "<Control-Key-0>"):
        hand.press(key)
        assert said(), key
    for button in (4, 5, 5):
        canvas.event_generate(f"<Control-Button-{button}>", x=100, y=100)
        window.update()
        assert said()
    for _ in range(30):
        hand.press("<Control-Key-equal>")
    assert said(), "as far as it goes"
    hand.press("<Control-Key-0>")
    for width in (700, 1100):
        window.geometry(f"{width}x500")
        hand.until(lambda width=width: window.winfo_width() == width)  # type: ignore[misc]
        assert said(), "another size of the window"
    hand.press("<Key-Tab>")
    hand.press("<Control-Key-c>")
    window.geometry("800x500")
    hand.until(lambda: window.winfo_width() == 800)
    assert hand.status.startswith("Copied"), "not said unless it was"
    hand.press("<Control-Key-equal>")
    hand.press("<Control-Key-z>")
    hand.settle()
    assert "Zoom" not in hand.status


def test_an_eraser_says_what_it_does_on_a_photograph(hand: Hand, tmp_path: Path) -> None:
    hand.press("<Key-e>")
    assert "photograph" not in hand.status
    Image.new("L", (200, 200), 255).save(tmp_path / "a.png")
    hand.window.files.open_path(tmp_path / "a.png")
    hand.settle()
    hand.press("<Shift-Key-E>")
    assert "digit of the photograph" in hand.status


def test_a_new_drawing_asks_about_the_last_one(hand: Hand) -> None:
    hand.write(FOUR)
    hand.press("<Control-Key-n>")
    hand.dialog(dialogs.UnsavedDialog).cancel.invoke()
    assert hand.number == "4"
    hand.press("<Control-Key-n>")
    hand.dialog(dialogs.UnsavedDialog).discard.invoke()
    hand.settle()
    assert hand.window.document.state.empty
    hand.press("<Control-Key-z>")
    hand.settle()
    assert hand.number == "4"


@pytest.mark.skipif(sys.platform != "linux", reason="Tk's own dialogs for files")
def test_ctrl_a_selects_all_of_a_name_and_hidden_files_are_hidden(hand: Hand) -> None:
    hand.window.new_hand()
    entry = hand.dialog(dialogs.NameDialog).entry
    entry.focus_force()
    entry.insert(0, "Anna")
    hand.window.update()
    entry.event_generate("<Control-Key-a>")
    hand.window.update()
    assert entry.selection_present() and entry.index("sel.last") == 4
    assert str(hand.window.tk.eval("set ::tk::dialog::file::showHiddenVar")) == "0"
