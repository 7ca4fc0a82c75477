"""What happens while the pointer is down, or when its release never comes: by real events."""

import tkinter as tk
from pathlib import Path

import pytest

from digits.window import dialogs
from digits.window.recovery import FOLDER
from digits.window.settings import Settings
from tests.handwriting import strokes
from tests.window.conftest import FOUR, Hand, OpenWindow
from tests.window.test_nothing_lost import picture
from tests.window.test_recovery import leave


def press(hand: Hand, x: int, y: int, *more: tuple[int, int], button: int = 1) -> None:
    """Press a button at a place, and move on without a release."""
    canvas = hand.window.canvas
    canvas.event_generate(f"<ButtonPress-{button}>", x=x, y=y)
    for x, y in more:
        canvas.event_generate(f"<B{button}-Motion>", x=x, y=y, state=0x80 << button)
    hand.window.update()


def release(hand: Hand, x: int, y: int, button: int = 1) -> None:
    hand.window.canvas.event_generate(f"<ButtonRelease-{button}>", x=x, y=y, state=0x80 << button)
    hand.window.update()


def save(hand: Hand, folder: Path) -> None:
    """Save the drawing."""
    hand.window.document.path = folder / "a.json"
    assert hand.window.files.save() and not hand.window.document.dirty


def close_dialogs(hand: Hand) -> None:
    for child in hand.window.winfo_children():
        if isinstance(child, dialogs.Dialog):
            child.close()
    hand.window.update()


@pytest.mark.parametrize(
    "key", ["<Control-Key-n>", "<Key-F1>", "<Control-Key-s>", "<Key-bracketright>", "<Control-Key-h>", "<Key-e>"]
)
def test_a_command_ends_the_stroke_which_is_kept(hand: Hand, monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    monkeypatch.setattr(dialogs, "ask_save", lambda *_: None)
    press(hand, 100, 100, (100, 150), (100, 200))
    hand.press(key)
    close_dialogs(hand)
    canvas = hand.window.canvas
    assert not canvas.drawing and not canvas.find_withtag("preview")
    assert len(hand.window.document.state.strokes) == 1
    release(hand, 100, 200)
    hand.settle()
    assert hand.number == "1"


def test_closing_asks_for_the_stroke_that_is_drawn(hand: Hand) -> None:
    press(hand, 100, 100, (100, 150), (100, 200))
    hand.window.tk.eval(hand.window.protocol("WM_DELETE_WINDOW"))
    assert hand.window.alive
    hand.dialog(dialogs.UnsavedDialog).cancel.invoke()
    assert len(hand.window.document.state.strokes) == 1


def test_a_stroke_that_is_drawn_when_the_system_ends_is_in_the_copy(open_window: OpenWindow, tmp_path: Path) -> None:
    hand = open_window()
    press(hand, 100, 100, (100, 150), (100, 200))
    hand.window.ended = True
    hand.window.destroy()
    assert len(list((tmp_path / FOLDER).glob("*.json"))) == 1


@pytest.mark.parametrize("button", [1, 3])
@pytest.mark.parametrize("key", ["<Control-Key-n>", "<Control-Key-Delete>", "<Key-Delete>"])
def test_what_a_command_does_while_the_eraser_is_down_stays_done(
    hand: Hand, tmp_path: Path, key: str, button: int
) -> None:
    hand.write(FOUR)
    save(hand, tmp_path)
    if key == "<Key-Delete>":
        hand.press("<Key-Tab>")
    if button == 1:
        hand.press("<Key-e>")
    press(hand, 500, 60, (520, 60), button=button)  # it erases nothing of the 4, and then goes on
    hand.press(key)
    after = hand.window.document.state.strokes
    release(hand, 520, 60, button=button)
    assert not after and hand.window.document.state.strokes == after


def test_erased_ink_stays_erased(hand: Hand, tmp_path: Path) -> None:
    hand.write(FOUR)
    save(hand, tmp_path)
    hand.press("<Shift-Key-E>")
    x, y = map(round, FOUR[0][0])
    press(hand, x, y, (x + 1, y + 1))
    hand.press("<Control-Key-n>")
    release(hand, x, y)
    hand.settle()
    close_dialogs(hand)
    assert len(hand.window.document.state.strokes) < len(FOUR), "the erasure was made, and asked about"


def test_a_release_that_never_came_is_noticed(hand: Hand) -> None:
    press(hand, 100, 100, (100, 150), (100, 200))
    hand.window.canvas.event_generate("<Motion>", x=300, y=300)
    hand.settle()
    assert not hand.window.canvas.drawing and hand.number == "1"
    press(hand, 200, 100, (200, 150), (200, 200), button=2)
    hand.window.canvas.event_generate("<Motion>", x=300, y=300)
    hand.draw([(300, 100), (300, 200)])
    assert len(hand.window.document.state.strokes) == 2


def test_another_button_ends_the_gesture_of_the_first(hand: Hand) -> None:
    hand.write(FOUR)
    x, y = map(round, FOUR[0][0])
    press(hand, x, y, (x + 6, y + 6), (x + 12, y + 12), button=3)
    before = hand.window.document.state.strokes
    press(hand, 500, 100, (500, 200))
    assert hand.window.document.state.strokes != before, "what was erased stays erased"
    release(hand, 500, 200)
    assert len(hand.window.document.state.strokes) >= 2


def test_a_dialog_does_not_keep_the_space_bar_down(hand: Hand) -> None:
    canvas = hand.window.canvas
    canvas.event_generate("<KeyPress-space>")
    hand.press("<Key-F1>")
    close_dialogs(hand)
    hand.draw([(300, 100), (300, 200)])
    assert len(hand.window.document.state.strokes) == 1


def test_a_stroke_stays_as_it_is_when_the_window_changes(open_window: OpenWindow) -> None:
    hand = open_window(settings=Settings(theme="light", zoom=100))
    hand.write(FOUR)
    canvas = hand.window.canvas
    press(hand, 300, 100, (300, 150), (300, 200))
    pieces = len(canvas.find_withtag("preview"))
    hand.window.geometry(f"{hand.window.winfo_width() - 150}x{hand.window.winfo_height() - 120}")
    hand.until(lambda: "resized" in canvas._later, "the window's new size")
    assert len(canvas.find_withtag("preview")) == pieces
    canvas.event_generate("<B1-Motion>", x=300, y=260, state=0x100)
    release(hand, 300, 260)
    stroke = hand.window.document.state.strokes[-1]
    xs = {round(x) for x, _ in stroke.points}
    assert max(xs) - min(xs) <= 1 and stroke.width == hand.window.document.state.strokes[0].width
    hand.until(lambda: "resized" not in canvas._later, "the drawing in the new window")


def test_a_command_does_not_crop(hand: Hand, tmp_path: Path) -> None:
    hand.window.files.open_path(picture(tmp_path / "a.png"))
    hand.settle()
    hand.press("<Key-c>")
    before = hand.window.document.state.photograph
    press(hand, 200, 150, (300, 250))
    hand.press("<Key-p>")
    release(hand, 300, 250)
    hand.settle()
    assert hand.window.document.state.photograph is before


def test_a_drawing_is_not_offered_while_one_draws(open_window: OpenWindow, tmp_path: Path) -> None:
    leave(tmp_path / FOLDER, "1-abcdef01.json", "7", 1)
    hand = open_window()

    def offered() -> list[tk.Misc]:
        return [child for child in hand.window.winfo_children() if isinstance(child, dialogs.RestoreDialog)]

    if not offered():
        press(hand, 100, 100, (100, 150))
        hand.window._offer_left()
        assert not offered()
        release(hand, 100, 150)
    hand.until(lambda: bool(offered()), "the question")


def test_a_half_drawn_digit_is_read_once_it_is_drawn(hand: Hand) -> None:
    (stroke,) = strokes("1", 100, 120, 200)
    (x, y), *more = [(round(x), round(y)) for x, y in stroke]
    press(hand, x, y, *more)
    hand.press("<Key-F1>")
    close_dialogs(hand)
    hand.settle()
    assert hand.number == "1"
