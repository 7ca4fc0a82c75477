"""The tables of commands and tools in the window: menus, shortcuts, buttons and help."""

import sys
import tkinter as tk
from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import pytest

from digits.reading.ink import Stroke
from digits.window import command_table, dialogs, tools
from digits.window.commands import Command, accelerator, is_mac, sequences
from digits.window.ink_filter import Point
from digits.window.settings import Settings
from digits.window.tools import TOOLS, Paper, Tool
from tests.window.conftest import FOUR, Hand, OpenWindow

x11 = pytest.mark.skipif(sys.platform != "linux", reason="Alt is another modifier elsewhere")


def labels(widget: tk.Misc) -> list[str]:
    """The texts of all labels in a widget, however deep."""
    own = [str(widget.cget("text"))] if widget.winfo_class() == "TLabel" else []
    return own + [text for child in widget.winfo_children() for text in labels(child)]


def entries_of(menu: tk.Menu) -> Iterator[tuple[tk.Menu, int]]:
    """All entries of a menu that run something, each with the menu in which it stands."""
    last = menu.index("end")
    assert last is not None
    for i in range(last + 1):
        kind = menu.type(i)
        if kind == "cascade":
            inside = menu.nametowidget(menu.entrycget(i, "menu"))
            assert isinstance(inside, tk.Menu)
            yield from entries_of(inside)
        elif kind != "separator":
            yield menu, i


def open_menu(menu: tk.Menu) -> None:
    """What Tk does before it shows a menu."""
    menu.tk.call(menu.cget("postcommand"))


def test_every_command_stands_in_a_menu_with_its_shortcut(hand: Hand) -> None:
    mac = is_mac(hand.window)
    assert list(hand.window.menus) == ["File", "Edit", "Digit", "View", "Network", "Hand", "Help"]
    for name, menu in hand.window.menus.items():
        own = [command for command in hand.window.commands if command.menu == name]
        entries = list(entries_of(menu))
        assert [inside.entrycget(i, "label") for inside, i in entries] == [command.label for command in own]
        assert [inside.entrycget(i, "accelerator").rstrip() for inside, i in entries] == [
            accelerator(command.keys[0], mac) if command.keys else "" for command in own
        ]
        bound = [sequence for command in own for key in command.keys for sequence in sequences(key, mac)]
        assert all(hand.window.bind(sequence) for sequence in bound)


def test_labels_and_shortcuts_are_unique(hand_with_all: Hand) -> None:
    commands = hand_with_all.window.commands
    assert len({command.label for command in commands}) == len(commands)
    keys = [key for command in commands for key in command.keys]
    assert len(set(keys)) == len(keys)


@x11
@pytest.mark.parametrize("modifier", ["Mod1", "Mod4"])
def test_with_alt_or_super_no_plain_key_does_anything(
    open_window: OpenWindow, monkeypatch: pytest.MonkeyPatch, modifier: str
) -> None:
    run: list[str] = []

    def told(command: Command) -> Command:
        return replace(command, run=lambda: run.append(command.label), enabled=lambda: True)

    complete = command_table.table
    monkeypatch.setattr(command_table, "table", lambda *given: list(map(told, complete(*given))))
    hand = open_window()
    monkeypatch.setattr(type(hand.window), "correct", lambda _, digit, move_on: run.append(str(digit)))
    shown = [command for command in hand.window.commands if command.keys]
    keys = [(command.label, key) for command in shown for key in command.keys if "Mod" not in key]
    keys += [(str(digit), str(digit)) for digit in range(10)]
    assert len(keys) > 25
    for label, key in keys:
        sequence = sequences(key, is_mac(hand.window))[0].replace("<<PrevWindow>>", "<Shift-Key-ISO_Left_Tab>")
        press = sequence if "Key" in sequence else f"<Key-{key}>"
        hand.press(press.replace("<", f"<{modifier}-"))
        assert not run, (label, key)
        hand.press(press)
        assert run == [label], (label, key)
        run.clear()


@x11
def test_in_a_dialog_a_plain_key_with_alt_does_nothing_either(hand: Hand) -> None:
    hand.write(FOUR)
    hand.press("<Key-4>")
    hand.settle()
    hand.press("<Control-Key-h>")
    dialog = hand.dialog(dialogs.HandwritingDialog)
    dialog.focus_force()
    hand.window.session.selected_entry = hand.window.session.collection.entries[0].key
    for key in ("Delete", "BackSpace", "Escape"):
        dialog.event_generate(f"<Mod1-Key-{key}>")
        hand.settle()
        assert dialog.winfo_exists() and len(hand.window.session.collection) == 1
    dialog.event_generate("<Key-Delete>")
    hand.settle()
    assert not len(hand.window.session.collection)


@x11
def test_alt_and_the_underlined_letter_open_each_menu(hand: Hand) -> None:
    window, opened, letters = hand.window, list[str](), list[str]()
    hand.write(FOUR)
    for i, (name, menu) in enumerate(window.menus.items()):
        menu.configure(postcommand=partial(opened.append, name))
        letters.append(name[int(window.tk.call(window.cget("menu"), "entrycget", i, "-underline"))].lower())
        hand.press(f"<Mod1-Key-{letters[-1]}>")
        assert opened[-1:] == [name]
        for _ in range(2):
            window.tk.eval("event generate [focus] <Key-Escape>")
            window.update()
    assert len(set(letters)) == len(letters) and letters[-1] == "h"
    assert window.session.tool is TOOLS[0] and window.session.selected is None


def test_a_menu_that_opens_shows_what_is_possible_and_chosen(hand: Hand) -> None:
    menu = hand.window.menus["Edit"]

    def states(*names: str) -> list[str]:
        open_menu(menu)
        return [str(menu.entrycget(name, "state")) for name in names]

    def ticked() -> list[str]:
        open_menu(menu)
        return [tool.name for tool in TOOLS if hand.window.getvar(menu.entrycget(tool.name, "variable"))]

    assert states("Undo", "Redo", "Copy number") == ["disabled"] * 3
    assert ticked() == ["Pen"]
    hand.write(FOUR)
    hand.press("<Key-e>")
    assert states("Undo", "Redo", "Copy number") == ["normal", "disabled", "normal"]
    assert ticked() == ["Eraser"]


def test_toolbar_buttons_show_what_is_possible_and_run_their_command(hand: Hand) -> None:
    buttons = hand.window.toolbar.buttons
    assert list(buttons)[: len(TOOLS)] == [tool.name for tool in TOOLS]
    left_to_right = sorted(buttons, key=lambda label: buttons[label].winfo_rootx())
    assert left_to_right[len(TOOLS) :] == ["Undo", "Redo", "Clear", "Open…", "Paste image", "Save"]
    assert str(buttons["Undo"].cget("state")) == "disabled"
    hand.write(FOUR)
    assert str(buttons["Undo"].cget("state")) == "normal"
    buttons["Clear"].invoke()
    assert hand.window.document.state.empty


def test_help_shows_all_shortcuts(hand: Hand) -> None:
    hand.press("<Key-F1>")
    dialog = hand.dialog(dialogs.HelpDialog)
    shown, mac = labels(dialog), is_mac(hand.window)
    for command in hand.window.commands:
        if command.keys:
            keys = "   ".join(accelerator(key, mac) for key in command.keys)
            assert shown[shown.index(keys) + 1] == command.title
    for keys, what in command_table.GESTURES:
        assert shown[shown.index(keys) + 1] == what
    assert any("press Tab" in text and "press Return" in text for text in shown)
    hand.press("<Key-F1>")
    assert sum(isinstance(child, dialogs.HelpDialog) for child in hand.window.winfo_children()) == 1
    dialog.close()
    assert not dialog.winfo_exists()


@pytest.mark.parametrize(
    ("bound", "named"),
    [
        ("<Button-4>", "Wheel"), ("<Shift-Button-4>", "Shift+wheel"), ("<Control-Button-4>", "Ctrl+wheel"),
        ("<B2-Motion>", "Middle button"), ("<KeyPress-space>", "Space+drag"), ("<B3-Motion>", "Right button"),
    ],
)  # fmt: skip
def test_what_the_pointer_does_is_in_the_help(hand: Hand, bound: str, named: str) -> None:
    assert hand.window.canvas.bind(bound)
    assert any(named in keys for keys, _ in command_table.GESTURES)


class StraightLine:
    """A further tool, which draws a straight line from press to release."""

    def __init__(self, paper: Paper, point: Point) -> None:
        self._paper, self._start, self._end = paper, point, point

    def move(self, point: Point) -> None:
        self._end = point

    def release(self) -> None:
        self._paper.add_stroke(Stroke((self._start, self._end), self._paper.pen_width))


def test_a_further_tool_is_one_entry_in_the_table(open_window: OpenWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    line = Tool("Straight line", "Line", "slash-lg", "L", "Draw a straight line", StraightLine, cursor="tcross")
    monkeypatch.setattr(tools, "TOOLS", (*TOOLS, line))
    hand = open_window(settings=Settings(theme="light", place=(0, 0, 1500, 740)))
    window = hand.window
    button = window.toolbar.buttons["Straight line"]
    assert button.cget("text") == "Line"
    assert window.menus["Edit"].entrycget("Straight line", "accelerator").rstrip() == "L"
    window.show_help()
    help_dialog = hand.dialog(dialogs.HelpDialog)
    assert "Straight line" in labels(help_dialog)
    help_dialog.close()
    hand.press("<Key-l>")
    assert window.session.tool is line
    assert window.canvas.cget("cursor") == "tcross"
    hand.draw([(100, 100), (130, 180), (200, 100)])
    (stroke,) = window.document.state.strokes
    assert stroke.points == ((100, 100), (200, 100))
    window.menus["Edit"].invoke("Pen")
    assert window.session.tool is TOOLS[0]
    assert window.canvas.cget("cursor") == TOOLS[0].cursor
    button.invoke()
    assert window.session.tool is line
