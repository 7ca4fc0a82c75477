"""All is on the screen, and no text is cut off, at any size and with the longest words: what is shown is measured."""

import tkinter as tk
from collections.abc import Iterator
from dataclasses import replace
from tkinter import font

import pytest
import ttkbootstrap as ttk

from digits.networks import MODELS as NAMES
from digits.window import dialogs
from digits.window.about import AboutDialog
from digits.window.bars import shortened
from digits.window.compare import ROW
from digits.window.palette import DARK, LIGHT
from digits.window.room import TITLE, of_screen, within
from digits.window.session import COMPARE, Message
from digits.window.settings import ZOOMS, Settings
from digits.window.sheet import SheetDialog
from tests.handwriting import strokes
from tests.window.conftest import Hand, OpenWindow

SCREEN = (1366, 768)  #: pixels of a small screen
LONG = "the network at this place cannot be read, since something else has been put there; make it with a command " * 2


def labels(widget: tk.Misc) -> Iterator[ttk.Label]:
    """All labels that are seen in a widget, however deep."""
    for child in widget.winfo_children():
        if isinstance(child, (tk.Toplevel, tk.Menu)):
            continue
        if isinstance(child, ttk.Label) and child.winfo_ismapped():
            yield child
        yield from labels(child)


def test_a_text_that_is_too_long_loses_its_middle() -> None:
    assert shortened("four", len, 4) == "four"
    assert shortened("fives", len, 4) == "fi…s"
    assert shortened("words and more", len, 7) == "wor…ore"
    assert shortened("anything", len, 0) == "anything", "the width is not known yet"


@pytest.mark.parametrize("compared", [False, True])
@pytest.mark.parametrize(
    ("zoom", "size"),
    [(100, (800, 600)), (100, (1180, 740)), (125, (1366, 700)), (200, (1600, 940)), (100, (680, 440))],
)
def test_no_text_is_cut_off(open_window: OpenWindow, zoom: int, size: tuple[int, int], compared: bool) -> None:
    hand = open_window(NAMES, settings=Settings(theme="light", zoom=zoom))
    window = hand.window
    window.geometry(f"{size[0]}x{size[1]}")
    hand.until(lambda: window.winfo_width() == size[0])
    write_and_select(hand)
    if compared:
        window.choose_network("Compare")
        hand.settle()
    session = window.session
    assert session.result is not None
    digits = session.result.readings[session.lead].digits
    longest = replace(digits[0], digit=None, rejected="more digits than VGG16 reads", confidence=0.1)
    reading = replace(session.result.readings[session.lead], digits=(longest, *digits[1:]))
    session.take(replace(session.result, readings={**session.result.readings, session.lead: reading}))
    session.fail("ANN", LONG)
    window._show()
    for text in (LONG, "short"):
        session.message = Message(text, alarm=True)
        window.status.show(session.message)
        window.update()
        seen = list(labels(window))
        assert len(seen) >= 3
        for label in seen:
            assert label.winfo_reqwidth() <= label.winfo_width() + 1, label.cget("text")
            assert label.winfo_reqheight() <= label.winfo_height() + 1, label.cget("text")


def write_and_select(hand: Hand) -> None:
    for stroke in strokes("402", 20, 20, 90):
        hand.draw(stroke)
    hand.settle()
    hand.press("<Key-Tab>")


def test_the_pointer_shows_all_of_a_message_that_is_too_long(hand: Hand) -> None:
    status = hand.window.status

    def tips() -> list[str]:
        above = [child for child in status.message.winfo_children() if isinstance(child, tk.Toplevel)]
        return [str(label.cget("text")) for top in above for label in labels(top)]

    status.show(Message("short"))
    status.message.event_generate("<Enter>")
    hand.window.after(400, status.show, Message(LONG))
    hand.until(lambda: "…" in str(status.message.cget("text")))
    assert not tips()
    status.message.event_generate("<Enter>")
    hand.until(lambda: tips() == [LONG], "the tooltip")
    status.show(Message("short"))
    assert not tips()


FOUND = "18 digits and 3 ? in 4 lines · page 2 of 12 · VGG16 1,021 ms · 3 by your hand · 4 beside them left out"
LEARNED = "The newest 1,000 of your 1,234 digits: 1,000 read correctly; learning them does not help"


@pytest.mark.parametrize("width", [600, 680, 800, 960, 1180, 1366])
@pytest.mark.parametrize("zoom", [100, 150, 200])
def test_the_message_comes_before_what_is_said_of_the_handwriting(
    open_window: OpenWindow, zoom: int, width: int
) -> None:
    hand = open_window(settings=Settings(theme="light", zoom=zoom))
    window, status = hand.window, hand.window.status
    window.minsize(1, 1)
    window.geometry(f"{width}x700")
    hand.until(lambda: window.winfo_width() == width)
    measure = font.nametofont("TkDefaultFont", window).measure
    for text in ("18 digits and 3 ? in 2 lines", FOUND, "short"):
        for learned in ("", "Your 5 digits, learned", LEARNED):
            for progress in (False, True):
                status.show_progress(progress)
                status.show(Message(text))
                status.show_handwriting(learned)
                window.update()
                shown = [str(label.cget("text")) for label in (status.message, status.handwriting)]
                for label in (status.message, status.handwriting):
                    assert label.winfo_reqwidth() <= label.winfo_width() + 1, label.cget("text")
                parts = [status.message, status.handwriting, *([status.cancel] if progress else [])]
                assert apart([part for part in parts if part is not status.handwriting or shown[1]])
                left = box(status.message)[0]
                room = box(status)[2] - left - status._px
                assert box(status.handwriting)[2] <= box(status)[2]
                if measure(text) < 0.6 * room:
                    assert shown[0] == text, "all of the message"
                if measure(text) + measure(learned) + 2 * status._px < room:
                    assert shown[1] == learned, "nothing is shortened without need"


def test_the_pointer_shows_all_of_what_is_said_of_the_handwriting(hand: Hand) -> None:
    status = hand.window.status
    hand.window.geometry("800x600")
    hand.until(lambda: hand.window.winfo_width() == 800)
    status.show(Message(FOUND))
    status.show_handwriting(LEARNED)
    hand.window.update()
    assert "…" in str(status.handwriting.cget("text"))

    def tips() -> list[str]:
        above = [child for child in status.handwriting.winfo_children() if isinstance(child, tk.Toplevel)]
        return [str(label.cget("text")) for top in above for label in labels(top)]

    status.handwriting.event_generate("<Enter>")
    hand.until(lambda: tips() == [LEARNED], "the tooltip")
    hand.press("<Key-e>")
    assert not tips()


# ---- the screen


@pytest.fixture
def small_screen(monkeypatch: pytest.MonkeyPatch) -> tuple[int, int]:
    """Windows take the screen for one of 1366×768 pixels."""
    monkeypatch.setattr(tk.Misc, "winfo_screenwidth", lambda _: SCREEN[0])
    monkeypatch.setattr(tk.Misc, "winfo_screenheight", lambda _: SCREEN[1])
    return SCREEN


def box(widget: tk.Misc) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of a widget on the screen."""
    left, top = widget.winfo_rootx(), widget.winfo_rooty()
    return left, top, left + widget.winfo_width(), top + widget.winfo_height()


def seen(widget: tk.Misc) -> bool:
    """Whether all of a widget is seen: it is as large as it needs, and within everything that it lies in."""
    if not widget.winfo_viewable() or widget.winfo_height() < widget.winfo_reqheight():
        return False
    left, top, right, bottom = box(widget)
    around = widget.master
    while isinstance(around, tk.Misc):
        outer = box(around)
        if left < outer[0] or top < outer[1] or right > outer[2] or bottom > outer[3]:
            return False
        if around is widget.winfo_toplevel():
            return True
        around = around.master
    return True


def on_screen(window: tk.Tk | tk.Toplevel) -> bool:
    """Whether all of a window is on the screen, below the room that a title bar takes."""
    left, top, right, bottom = box(window)
    return left >= 0 and top >= 0 and right <= SCREEN[0] and bottom <= SCREEN[1]


def apart(widgets: list[tk.Misc]) -> bool:
    """Whether no two widgets overlap."""
    boxes = [box(widget) for widget in widgets]
    return not any(
        a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3] for i, a in enumerate(boxes) for b in boxes[i + 1 :]
    )


def shown(hand: Hand) -> list[tk.Misc]:
    """What must be seen of the toolbar and the panel, with what is said of one digit or in the comparison."""
    window = hand.window
    panel, detail = window.panel, window.panel.detail
    always = [*window.toolbar.buttons.values(), panel.number, panel.number.button, *panel.choice.buttons.values()]
    if window.session.comparing:
        return [*always, panel.compare.title, panel.compare.header, panel.compare.table]
    if not detail.bars.winfo_ismapped():  # in a low window
        return [*always, detail.title, detail.hint, detail.input]
    return [*always, detail.title, detail.hint, detail.bars, detail.input, detail.caption, detail.tick]


@pytest.mark.parametrize("zoom", ZOOMS[1:])
def test_the_window_fits_a_small_screen(open_window: OpenWindow, small_screen: tuple[int, int], zoom: int) -> None:
    hand = open_window(NAMES, settings=Settings(theme="light", zoom=zoom))
    window = hand.window
    text = window.panel.number.text
    first, last = text.bbox("1.0"), text.bbox("end-2c")
    assert first and last and first[1] == last[1] and last[0] + last[2] <= text.winfo_width(), "what is said at first"
    write_and_select(hand)
    for choice in ("ResNet", COMPARE):
        window.choose_network(choice)
        hand.settle()
        assert on_screen(window)
        assert [str(widget) for widget in shown(hand) if not seen(widget)] == []
        assert apart([*window.toolbar.buttons.values()])
        assert window.canvas.winfo_height() > 0.44 * window.winfo_height()
    height = round(ROW * window.factor)
    assert window.panel.compare.table.winfo_height() % height == 0, "whole rows"


@pytest.mark.parametrize("size", [(680, 440), (680, 520), (800, 529), (800, 530), (800, 600), (800, 740), (890, 500)])
def test_a_narrow_window_shows_one_digit_below_the_paper(open_window: OpenWindow, size: tuple[int, int]) -> None:
    hand = open_window(NAMES)
    window, detail = hand.window, hand.window.panel.detail
    window.geometry(f"{size[0]}x{size[1]}")
    hand.until(lambda: (window.winfo_width(), window.winfo_height()) == size)
    write_and_select(hand)
    assert detail.winfo_rooty() > box(window.canvas)[3]
    assert [str(widget) for widget in shown(hand) if not seen(widget)] == []
    assert "Selected: 4" in detail.title.cget("text")
    assert "Wrong?" in detail.hint.cget("text")
    assert window.panel.winfo_height() <= 0.4 * size[1]
    plain = str(detail.input.cget("image"))
    hand.press("<Key-w>")
    hand.until(lambda: window.session.wants_evidence and str(detail.input.cget("image")) != plain, "the evidence")
    window.choose_network(COMPARE)
    hand.settle()
    assert [str(widget) for widget in shown(hand) if not seen(widget)] == []
    assert window.panel.winfo_height() <= 0.4 * size[1]


def test_a_click_on_a_bar_in_two_columns_corrects(hand: Hand) -> None:
    window, bars = hand.window, hand.window.panel.detail.bars
    window.geometry("800x600")
    hand.until(lambda: window.winfo_width() == 800)
    write_and_select(hand)
    for x, y, digit in ((0.2, 0.7, 3), (0.8, 0.5, 7), (0.99, 0.99, 9)):
        bars.event_generate("<Button-1>", x=round(x * bars.winfo_width()), y=round(y * bars.winfo_height()) - 1)
        window.update()
        assert hand.number == f"{digit}02"


def test_a_panel_without_room_scrolls(hand: Hand) -> None:
    window, tick = hand.window, hand.window.panel.detail.tick
    window.geometry("910x440")
    hand.until(lambda: window.winfo_width() == 910)
    write_and_select(hand)
    window.session.fail("ANN", LONG * 2)
    window._show()
    window.update()
    assert not seen(tick)
    for _ in range(10):
        window.panel.detail.hint.event_generate("<Button-5>")
    window.update()
    assert seen(tick)


@pytest.mark.parametrize("place", [(93, 0, 1180, 740), (-400, -50, 3000, 2000), (5000, 5000, 300, 200)])
@pytest.mark.parametrize("zoom", [100, 200])
def test_a_window_opens_on_the_screen_wherever_it_was(
    open_window: OpenWindow, small_screen: tuple[int, int], place: tuple[int, ...], zoom: int
) -> None:
    window = open_window(settings=Settings(theme="light", zoom=zoom, place=place)).window
    window.update()
    assert on_screen(window)


def open_all_dialogs(hand: Hand) -> list[dialogs.Dialog]:
    """One dialog of each kind that stands above the window, and of those with a question."""
    window = hand.window
    window.show_help()
    window.show_handwriting()
    window.show_about()
    window.write_samples()
    window.new_hand()
    dialogs.UnsavedDialog(window, window.factor, lambda _: None)
    dialogs.RestoreDialog(window, window.factor, "1 January 2026 at 12:00", lambda _: None)
    return [child for child in window.winfo_children() if isinstance(child, dialogs.Dialog)]


@pytest.mark.parametrize("place", [(200, 100, 1180, 740), (20, 200, 700, 500)])
def test_dialogs_stand_in_the_middle_of_the_window(open_window: OpenWindow, place: tuple[int, int, int, int]) -> None:
    hand = open_window(settings=Settings(theme="light", place=place))
    window = hand.window
    write_and_select(hand)
    for dialog in open_all_dialogs(hand):
        hand.until(lambda dialog=dialog: bool(dialog.winfo_viewable()))  # type: ignore[misc]
        hand.until(lambda dialog=dialog: dialog.winfo_width() == dialog.winfo_reqwidth())  # type: ignore[misc]
        left, top, right, bottom = box(dialog)
        around = box(window)
        size, screen = (right - left, bottom - top), of_screen(window)
        x, y = within((around[0] + around[2] - size[0]) // 2, (around[1] + around[3] - size[1]) // 2, size, screen)
        assert abs(left - x) <= 1 and -TITLE // 2 - 1 <= top - y <= 1, type(dialog)


@pytest.mark.parametrize("zoom", [100, 150, 200])
def test_dialogs_fit_a_small_screen(open_window: OpenWindow, small_screen: tuple[int, int], zoom: int) -> None:
    hand = open_window(NAMES, settings=Settings(theme="light", zoom=zoom))
    window = hand.window
    write_and_select(hand)
    hand.press("<Key-Return>")
    hand.settle()
    opened = open_all_dialogs(hand)
    assert len({type(dialog) for dialog in opened}) == 7
    assert {AboutDialog, SheetDialog} < {type(dialog) for dialog in opened}
    for dialog in opened:
        hand.until(lambda dialog=dialog: dialog.winfo_viewable() and on_screen(dialog), dialog.title())  # type: ignore[misc]
        buttons = [made for made, _ in dialog._buttons]
        assert buttons and all(seen(button) for button in buttons), type(dialog)
        assert apart([*buttons])
        hidden = [label for label in labels(dialog.body) if not seen(label)]
        dialog.focus_force()
        window.update()
        for _ in range(40):
            dialog.event_generate("<Next>")
        window.update()
        assert all(seen(label) for label in hidden[-1:]), f"{type(dialog)}: the end can be scrolled to"


def test_at_double_size_a_screen_of_800_by_600_is_wide_enough_for_help_questions_and_menus(
    open_window: OpenWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tk.Misc, "winfo_screenwidth", lambda _: 800)
    monkeypatch.setattr(tk.Misc, "winfo_screenheight", lambda _: 600)
    hand = open_window(settings=Settings(theme="light", zoom=200))
    window = hand.window
    for menu in window.menus.values():
        menu.tk.call(menu.cget("postcommand"))
        assert menu.winfo_reqheight() <= 600
    window.show_help()
    dialogs.ReplaceDialog(window, window.factor, f"{'long-name' * 20}.json", LONG, lambda _: None)
    for kind in (dialogs.HelpDialog, dialogs.ReplaceDialog):
        dialog = hand.dialog(kind)
        hand.until(lambda dialog=dialog: dialog.winfo_width() > 400)  # type: ignore[misc]
        assert dialog.winfo_rootx() + dialog.winfo_width() <= 800, kind
        assert dialog._scrolled.needed[0] <= dialog._scrolled._clip.winfo_width(), kind


@pytest.mark.parametrize("zoom", [100, 200])
def test_menus_fit_a_small_screen(
    open_window: OpenWindow, small_screen: tuple[int, int], monkeypatch: pytest.MonkeyPatch, zoom: int
) -> None:
    recent = tuple(f"/some/folder/drawing {i}.json" for i in range(8))
    hand = open_window(settings=Settings(theme="light", zoom=zoom, recent=recent))
    monkeypatch.setattr(type(hand.window), "hands", lambda _: [f"Hand {i}" for i in range(40)])
    for name, menu in hand.window.menus.items():
        menu.tk.call(menu.cget("postcommand"))
        assert menu.winfo_reqheight() <= SCREEN[1], name
        assert menu.winfo_reqwidth() <= SCREEN[0], name


def test_a_shortcut_does_not_touch_the_edge_of_its_menu(hand: Hand) -> None:
    if hand.window.tk.call("tk", "windowingsystem") != "x11":
        pytest.skip("the system draws the menus")
    assert str(hand.window.menus["File"].entrycget("Save as…", "accelerator")).endswith(" ")


# ---- the panel


@pytest.mark.parametrize("height", range(560, 760, 20))
def test_earlier_numbers_are_shown_as_whole_lines(hand: Hand, height: int) -> None:
    window = hand.window
    window.geometry(f"1180x{height}")
    hand.until(lambda: window.winfo_height() == height)
    write_and_select(hand)
    window.session.earlier_numbers = ["49", "4051\n22", "73", "5", "66"]
    window._show()
    window.update()
    history = window.panel.history
    listed = list(labels(history))
    assert all(seen(label) for label in listed)
    if height >= 700:
        assert len(listed) >= 4


@pytest.mark.parametrize("size", [(1180, 740), (1000, 560), (800, 600)])
def test_nothing_moves_while_the_number_grows(hand: Hand, size: tuple[int, int]) -> None:
    window, panel = hand.window, hand.window.panel
    window.geometry(f"{size[0]}x{size[1]}")
    hand.until(lambda: window.winfo_width() == size[0])
    write_and_select(hand)
    row = window.session.number()[0]
    places = set()
    for n in (1, 2, 3, 5, 8, 20, 400):
        panel.number.show([row] * n, "")
        window.update()
        places.add((panel.choice.winfo_rooty(), panel.detail.winfo_rooty(), window.canvas.winfo_height()))
    assert len(places) == 1
    assert panel.number.bar.winfo_ismapped()
    assert panel.number.text.winfo_height() % panel.number._font.metrics("linespace") == 0, "whole lines"


def test_the_place_is_noted_where_a_window_manager_has_put_the_window(
    hand: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = hand.window
    size = window.winfo_width(), window.winfo_height()
    window.geometry("+40+30")
    hand.until(lambda: window.winfo_rootx() == 40)
    window._note_place()
    assert window.session.settings.place == (40, 30, *size)
    menus = window.winfo_rooty() - 30
    monkeypatch.setattr(window, "winfo_rootx", lambda: 93)  # Tk's geometry stays as it is
    monkeypatch.setattr(window, "winfo_rooty", lambda: 107)
    window._note_place()
    assert window.session.settings.place == (93, 107 - menus, *size)
    monkeypatch.setattr(window, "winfo_viewable", lambda: 0)
    monkeypatch.setattr(window, "winfo_rootx", lambda: 0)
    window._note_place()
    assert window.session.settings.place[0] == 93, "nothing is noted of a window that is not seen"


def test_the_comparison_says_how_long_each_network_took_and_the_status_does_not(hand: Hand) -> None:
    hand.window.choose_network(COMPARE)
    write_and_select(hand)
    assert hand.status == "3 digits in 1 line"


def test_a_tip_has_the_colours_of_the_theme_and_goes_when_a_key_is_pressed(hand: Hand) -> None:
    button = hand.window.toolbar.buttons["Undo"]

    def tips() -> list[ttk.Label]:
        above = [child for child in button.winfo_children() if isinstance(child, tk.Toplevel)]
        return [label for top in above for label in labels(top)]

    for name, palette in (("dark", DARK), ("light", LIGHT)):
        hand.window.choose_theme(name)
        button.event_generate("<Enter>")
        hand.until(lambda: bool(tips()), "the tip")
        style = str(tips()[0].cget("style"))
        colours = [hand.window._style.lookup(style, part) for part in ("foreground", "background")]
        assert colours == [palette.text, palette.soft]
        hand.press("<Key-e>")
        assert not tips()


@pytest.mark.parametrize("zoom", [100, 175, 200])
def test_the_advice_in_place_of_the_number_is_seen(open_window: OpenWindow, zoom: int) -> None:
    hand = open_window(settings=Settings(theme="light", zoom=zoom))
    hand.window.geometry("1100x760")
    hand.window.update()
    text = hand.window.panel.number.text
    hand.until(lambda: text.bbox("1.0") is not None, "the advice")
    box = text.bbox("1.0")
    assert box is not None and box[1] >= 0 and box[1] + box[3] <= text.winfo_height()
