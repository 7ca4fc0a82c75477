"""Shortcuts: as a person reads them and as Tk knows them."""

import pytest

from digits.window.commands import accelerator, sequences


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
def test_sequences(key, expected):
    assert sequences(key, mac=False) == expected


def test_a_mac_has_command_in_place_of_control():
    assert sequences("Mod+O", mac=True)[0] == "<Command-Key-o>"
    assert accelerator("Mod+Shift+Z", mac=True) == "Command+Shift+Z"
    assert accelerator("Mod+Shift+Z", mac=False) == "Ctrl+Shift+Z"
