"""Shortcuts as the user and as Tk reads them, and the texts made from commands."""

import pytest

from digits.window.commands import Command, accelerator, sequences, shortcuts, tooltip


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("Mod+Z", ["<Control-Key-z>", "<Control-Key-Z>"]),
        ("Mod+Shift+Z", ["<Control-Shift-Key-z>", "<Control-Shift-Key-Z>"]),
        ("Mod+1", ["<Control-Key-1>"]),
        ("P", ["<Key-p>", "<Key-P>"]),
        ("[", ["<Key-bracketleft>"]),
        ("Esc", ["<Key-Escape>"]),
        ("Shift+Tab", ["<<PrevWindow>>"]),
    ],
)
def test_sequences(key: str, expected: list[str]) -> None:
    assert sequences(key, mac=False) == expected


def test_a_mac_has_command_in_place_of_control() -> None:
    assert sequences("Mod+O", mac=True)[0] == "<Command-Key-o>"
    assert accelerator("Mod+Shift+Z", mac=True) == "Command+Shift+Z"
    assert accelerator("Mod+Shift+Z", mac=False) == "Ctrl+Shift+Z"


def test_texts_take_the_shortcuts_from_the_commands() -> None:
    opening = Command("File", "Open…", lambda: None, ("Mod+O", "F3"))
    drawing = Command("Edit", "Pen", lambda: None, ("P",), tip="Draw")
    neither = Command("View", "Dark", lambda: None)
    assert [tooltip(command, mac=False) for command in (opening, drawing, neither)] == [
        "Open   Ctrl+O", "Draw   P", "Dark"
    ]  # fmt: skip
    assert shortcuts([opening, drawing, neither], mac=True) == {"Open": "Command+O", "Pen": "P"}
