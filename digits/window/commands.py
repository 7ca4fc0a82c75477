"""Commands, and the menus, shortcuts and tooltips made from them."""

import tkinter as tk
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import ttkbootstrap as ttk

from digits.window.room import TITLE


@dataclass(frozen=True)
class Button:
    """A command's button in the toolbar.

    Attributes:
        icon: the name of a Bootstrap icon.
        place: 1, 2 … from the left, -1, -2 … from the right. Choices such as the tools stand before all others, in
            the order of their commands.
        text: next to the icon.
    """

    icon: str
    place: int = 0
    text: str = ""


@dataclass(frozen=True)
class Command:
    """Something that the program can do.

    Attributes:
        menu: the menu in which it stands.
        label: its text in the menu; unique.
        run: does it.
        keys: shortcuts such as ``Mod+Shift+Z`` or ``P``; Mod is Command on a Mac and Ctrl elsewhere. The menu and
            the tooltip show the first.
        enabled: whether it is possible now.
        chosen: for one choice among several, whether it is the current one.
        rule: whether a line is drawn above it in the menu.
        button: its button in the toolbar, if it has one.
        tip: what the tooltip says in place of the label.
        within: the entry of the menu that opens a further menu with it, if it stands in one.
    """

    menu: str
    label: str
    run: Callable[[], object]
    keys: tuple[str, ...] = ()
    enabled: Callable[[], bool] = lambda: True
    chosen: Callable[[], bool] | None = None
    rule: bool = False
    button: Button | None = None
    tip: str = ""
    within: str = ""

    @property
    def title(self) -> str:
        """The label without the dots that announce a dialog."""
        return self.label.rstrip("…")


#: Tk's names of keys, where they differ from those in the table of commands.
KEYSYMS = {
    "Page Down": "Next",
    "Page Up": "Prior",
    "=": "equal",
    "+": "plus",
    "-": "minus",
    "[": "bracketleft",
    "]": "bracketright",
    "Enter": "KP_Enter",
    "Esc": "Escape",
}


#: The bits of modifiers in an event's state: Ctrl everywhere, Alt and Super on X11, Alt on Windows, both of a Mac's.
CONTROL, X11_ALT, WINDOWS_ALT, COMMAND, OPTION = 0x4, 0x8 | 0x40, 0x20000, 0x8, 0x10


def sequences(key: str, mac: bool) -> list[str]:
    """A shortcut as Tk's event sequences: ``Mod+Z`` gives ``<Control-Key-z>``, and Z for when Caps Lock is on."""
    if key == "Shift+Tab":
        return ["<<PrevWindow>>"]  # on X11, Shift+Tab has another keysym
    *modifiers, last = key.replace("++", "+plus").split("+")
    names = [("Command" if mac else "Control") if name == "Mod" else name for name in modifiers]
    both = dict.fromkeys((last.lower(), last.upper())) if len(last) == 1 else [last]
    return ["<" + "-".join([*names, "Key", KEYSYMS.get(keysym, keysym)]) + ">" for keysym in both]


def accelerator(key: str, mac: bool) -> str:
    """A shortcut as it is shown to the user."""
    return key.replace("Mod", "Command" if mac else "Ctrl")


def shortcuts(commands: Sequence[Command], mac: bool) -> dict[str, str]:
    """The first shortcut of each command that has one, by title, for texts such as ``"{Next digit} selects"``."""
    return {command.title: accelerator(command.keys[0], mac) for command in commands if command.keys}


def tooltip(command: Command, mac: bool) -> str:
    """What a command does, with its shortcut."""
    keys = f"   {accelerator(command.keys[0], mac)}" if command.keys else ""
    return (command.tip or command.title) + keys


def bind(window: tk.Misc, commands: Sequence[Command], first: Callable[[], object]) -> None:
    """Bind all shortcuts in a window; ``first`` is called before it is looked whether a command is possible."""
    mac = is_mac(window)
    for command in commands:
        for key in command.keys:
            run = _handler(command, first)
            for sequence in sequences(key, mac):
                window.bind(sequence, run if "Mod" in key else plain(run))


def plain(act: Callable[["tk.Event[tk.Misc]"], object]) -> Callable[["tk.Event[tk.Misc]"], object]:
    """A handler of a plain key, which leaves the key with Alt or Super to the menus and the desktop."""

    def handle(event: "tk.Event[tk.Misc]") -> object:
        return None if with_alt(event) else act(event)

    return handle


def with_alt(event: "tk.Event[tk.Misc]") -> bool:
    """Whether a key was pressed with Alt or Super, or a Mac's Command or Option; not if that makes the character."""
    state = event.state if isinstance(event.state, int) else 0
    system = str(event.widget.tk.call("tk", "windowingsystem"))
    if system == "aqua":
        makes_character = bool(event.char) and event.char.isprintable()
        return bool(state & COMMAND or (state & OPTION and not makes_character))
    if system == "win32":
        return bool(state & WINDOWS_ALT and not state & CONTROL)  # with Ctrl it is AltGr
    return bool(state & X11_ALT)


def wheel_step(event: "tk.Event[tk.Misc]") -> int:
    """1 or -1: which way the wheel was turned, away from the user or towards; X11 has a button for each way."""
    return 1 if event.num == 4 or event.delta > 0 else -1


def build_menus(window: tk.Tk | tk.Toplevel, table: Callable[[], Sequence[Command]]) -> dict[str, tk.Menu]:
    """Build the menu bar with all commands and their shortcuts.

    Args:
        window: on top of which it stands.
        table: gives the commands, whenever a menu opens.

    Returns:
        The menus by name.
    """
    bar = ttk.Menu(window)
    menus: dict[str, tk.Menu] = {}
    names = list(dict.fromkeys(command.menu for command in table()))
    underlined = _underlined(names)
    for name in names:
        menu = ttk.Menu(bar, tearoff=False)
        _keep_filled(menu, name, table)
        bar.add_cascade(label=name, menu=menu, underline=underlined[name])
        menus[name] = menu
    window.configure(menu=bar)
    return menus


def pop_up(
    window: tk.Tk,
    commands: Sequence[Command],
    further: Sequence[tuple[str, Callable[[], object]]],
    place: tuple[int, int],
) -> None:
    """Show commands, and further entries before them, as a context menu at a place on the screen."""
    menu = ttk.Menu(window, tearoff=False)
    for label, run in further:
        menu.add_command(label=label, command=run)
    if further:
        menu.add_separator()
    kept = [tick for command in commands for tick in _add(menu, command)]
    _break_columns(menu)

    def gone(_: "tk.Event[tk.Misc]") -> None:
        kept.clear()
        window.after_idle(menu.destroy)  # after the command was run

    menu.bind("<Unmap>", gone)
    menu.tk_popup(*place)


def is_mac(window: tk.Misc) -> bool:
    """Whether the window is on a Mac's desktop."""
    return str(window.tk.call("tk", "windowingsystem")) == "aqua"


def _underlined(names: Sequence[str]) -> dict[str, int]:
    """The place in each name of the letter that opens the menu with Alt: the first that no later menu has."""
    places: dict[str, int] = {}
    taken = set[str]()
    for name in reversed(names):  # Help, the last one, is opened by H everywhere
        places[name] = next(i for i, letter in enumerate(name.lower()) if letter not in taken)
        taken.add(name[places[name]].lower())
    return places


def _keep_filled(menu: tk.Menu, name: str, table: Callable[[], Sequence[Command]]) -> None:
    """Fill a menu now and again whenever it opens, with each entry enabled and ticked as it is then."""
    ticks: list[tk.BooleanVar] = []  # kept: Tk loses a variable once Python frees it
    further: dict[str, tk.Menu] = {}

    def fill() -> None:
        for filled in (menu, *further.values()):
            filled.delete(0, "end")
        ticks.clear()
        opened = set[str]()
        for command in table():
            if command.menu != name:
                continue
            if command.rule:
                menu.add_separator()
            if command.within and command.within not in opened:
                opened.add(command.within)
                further.setdefault(command.within, ttk.Menu(menu, tearoff=False))
                menu.add_cascade(label=command.within, menu=further[command.within])
            ticks.extend(_add(further[command.within] if command.within else menu, command))
        _break_columns(menu)

    menu.configure(postcommand=fill)
    fill()


def _break_columns(menu: tk.Menu) -> None:
    """Go on in a further column where the screen ends."""
    last = menu.index("end")
    if last is None:
        return
    entry = menu.yposition(last) - menu.yposition(last - 1) if last else 0
    for i in range(last + 1):
        if menu.type(i) != "separator" and menu.yposition(i) + 2 * entry > menu.winfo_screenheight() - TITLE:
            menu.entryconfigure(i, columnbreak=True)


def _shown_at_right(menu: tk.Menu, command: Command) -> str:
    """The first shortcut of a command as a menu shows it; X11's menus leave no room beside it."""
    if not command.keys:
        return ""
    beside = "  " if str(menu.tk.call("tk", "windowingsystem")) == "x11" else ""
    return accelerator(command.keys[0], is_mac(menu)) + beside


def _add(menu: tk.Menu, command: Command) -> list[tk.BooleanVar]:
    """Add an entry; returns the variable behind its tick, if it has one."""
    keys = _shown_at_right(menu, command)
    state: Literal["normal", "disabled"] = "normal" if command.enabled() else "disabled"
    if command.chosen is None:
        menu.add_command(label=command.label, accelerator=keys, command=command.run, state=state)
        return []
    tick = tk.BooleanVar(menu, command.chosen())
    menu.add_checkbutton(label=command.label, accelerator=keys, command=command.run, state=state, variable=tick)
    return [tick]


def _handler(command: Command, first: Callable[[], object]) -> Callable[["tk.Event[tk.Misc]"], str]:
    def handle(_: "tk.Event[tk.Misc]") -> str:
        first()
        if command.enabled():
            command.run()
        return "break"

    return handle
