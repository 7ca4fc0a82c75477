"""One table of commands, from which the menus and the shortcuts are made."""

import tkinter as tk
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import ttkbootstrap as ttk


@dataclass(frozen=True)
class Command:
    """One thing that the program does.

    Attributes:
        menu: the menu that it stands in.
        label: its text there.
        run: does it.
        keys: shortcuts as ``Mod+Shift+Z`` or ``P``; Mod is Command on a Mac and Ctrl elsewhere. The menu shows
            the first.
        enabled: whether it can be done now.
        chosen: for a choice among several, whether it is the one in force.
        rule: whether a line is drawn above it.
    """

    menu: str
    label: str
    run: Callable[[], object]
    keys: tuple[str, ...] = ()
    enabled: Callable[[], bool] = lambda: True
    chosen: Callable[[], bool] | None = None
    rule: bool = False


SIGNS = {"[": "bracketleft", "]": "bracketright", "Enter": "KP_Enter", "Esc": "Escape"}


def sequences(key: str, mac: bool) -> list[str]:
    """A shortcut as Tk's event sequences: ``Mod+Z`` gives ``<Control-Key-z>``, and Z for when Caps Lock is on."""
    if key == "Shift+Tab":
        return ["<<PrevWindow>>"]  # its keysym has another name on X11
    *modifiers, last = key.split("+")
    names = [("Command" if mac else "Control") if name == "Mod" else name for name in modifiers]
    both = dict.fromkeys((last.lower(), last.upper())) if len(last) == 1 else [last]
    return ["<" + "-".join([*names, "Key", SIGNS.get(sign, sign)]) + ">" for sign in both]


def accelerator(key: str, mac: bool) -> str:
    """A shortcut as a person reads it."""
    return key.replace("Mod", "Command" if mac else "Ctrl")


def bind(window: tk.Misc, commands: Sequence[Command]) -> None:
    """Make the shortcuts work in a window."""
    mac = is_mac(window)
    for command in commands:
        for key in command.keys:
            for sequence in sequences(key, mac):
                window.bind(sequence, _handler(command))


def build_menus(window: tk.Tk | tk.Toplevel, commands: Sequence[Command]) -> dict[str, tk.Menu]:
    """Make the menu bar; every command stands in it with its shortcut.

    Returns:
        The menus by name.
    """
    bar = ttk.Menu(window)
    menus: dict[str, tk.Menu] = {}
    for name in dict.fromkeys(command.menu for command in commands):
        menu = ttk.Menu(bar, tearoff=False)
        own = [command for command in commands if command.menu == name]
        menu.configure(postcommand=lambda menu=menu, own=own: _fill(menu, own))
        _fill(menu, own)
        bar.add_cascade(label=name, menu=menu, underline=0)
        menus[name] = menu
    window.configure(menu=bar)
    return menus


def is_mac(window: tk.Misc) -> bool:
    """Whether the window stands on a Mac's desktop."""
    return str(window.tk.call("tk", "windowingsystem")) == "aqua"


def _fill(menu: tk.Menu, commands: Sequence[Command]) -> None:
    """Write a menu anew, each entry enabled and ticked as it is now."""
    menu.delete(0, "end")
    mac = is_mac(menu)
    for command in commands:
        if command.rule:
            menu.add_separator()
        keys = accelerator(command.keys[0], mac) if command.keys else ""
        state: Literal["normal", "disabled"] = "normal" if command.enabled() else "disabled"
        if command.chosen is None:
            menu.add_command(label=command.label, accelerator=keys, command=command.run, state=state)
        else:
            tick = tk.BooleanVar(menu, command.chosen())
            menu.add_checkbutton(label=command.label, accelerator=keys, command=command.run, state=state, variable=tick)
            setattr(menu, f"tick_{command.label}", tick)  # Tk forgets a variable that Python no longer holds


def _handler(command: Command) -> Callable[["tk.Event[tk.Misc]"], str]:
    def handle(_: "tk.Event[tk.Misc]") -> str:
        if command.enabled():
            command.run()
        return "break"

    return handle
