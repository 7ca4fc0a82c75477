"""No text is cut off, at any size and with the longest words: what is shown is measured."""

import tkinter as tk
from collections.abc import Iterator
from dataclasses import replace

import pytest
import ttkbootstrap as ttk

from digits.networks import MODELS as NAMES
from digits.window.bars import shortened
from digits.window.session import Message
from digits.window.settings import Settings
from tests.handwriting import strokes
from tests.window.conftest import Hand, OpenWindow

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
    ("zoom", "size"), [(100, (800, 600)), (100, (1180, 740)), (125, (1366, 700)), (200, (1600, 940))]
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
