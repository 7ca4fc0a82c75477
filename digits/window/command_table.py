"""Every command of the window, with its menu and its shortcuts."""

from typing import TYPE_CHECKING

from digits.window import settings
from digits.window.canvas import ERASER, PEN, STROKE_ERASER
from digits.window.commands import Command
from digits.window.panel import COMPARE

if TYPE_CHECKING:
    from digits.window.main_window import MainWindow

THEMES = {"light": "Light", "dark": "Dark", "system": "As the system"}
STRIDE = 2  #: px, by which [ and ] change the pen


def table(window: "MainWindow") -> list[Command]:
    """All commands in the order of the menus."""
    helping = Command("Help", "Shortcuts", window.help, ("F1",))
    return [*_file(window), *_edit(window), *_digit(window), *_view(window), *_network(window), helping]


def _file(window: "MainWindow") -> list[Command]:
    def some() -> bool:
        return not window.document.state.empty

    def some_strokes() -> bool:
        return bool(window.document.state.strokes)

    return [
        Command("File", "Open…", window.open, ("Mod+O",)),
        Command("File", "Save", window.save, ("Mod+S",), some_strokes, rule=True),
        Command("File", "Save as…", window.save_as, ("Mod+Shift+S",), some),
        Command("File", "Save annotated PNG…", window.save_annotated, ("Mod+E",), some),
        Command("File", "My handwriting…", window.handwriting, ("Mod+H",), rule=True),
        Command("File", "Quit", window.close, ("Mod+Q",), rule=True),
    ]


def _edit(window: "MainWindow") -> list[Command]:
    document = window.document

    def can_clear() -> bool:
        return window.session.selected_index is not None or not document.state.empty

    def resize(by: int) -> None:
        window.set_pen(window.canvas.pen + by)

    return [
        Command("Edit", "Undo", window.undo, ("Mod+Z",), lambda: document.can_undo),
        Command("Edit", "Redo", window.redo, ("Mod+Shift+Z", "Mod+Y"), lambda: document.can_redo),
        Command("Edit", "Copy number", window.copy, ("Mod+C",), lambda: bool(window.session.keys), rule=True),
        Command("Edit", "Paste image", window.paste, ("Mod+V",)),
        Command("Edit", "Clear", window.clear, ("Esc",), can_clear),
        _tool(window, "Pen", PEN, "P", rule=True),
        _tool(window, "Eraser", ERASER, "E"),
        _tool(window, "Stroke eraser", STROKE_ERASER, "Shift+E"),
        Command("Edit", "Thinner pen", lambda: resize(-STRIDE), ("[",)),
        Command("Edit", "Thicker pen", lambda: resize(STRIDE), ("]",)),
    ]


def _tool(window: "MainWindow", label: str, tool: str, key: str, rule: bool = False) -> Command:
    return Command(
        "Edit", label, lambda: window.choose_tool(tool), (key,), chosen=lambda: window.canvas.tool == tool, rule=rule
    )


def _digit(window: "MainWindow") -> list[Command]:
    def some() -> bool:
        return bool(window.session.keys)

    def selected() -> bool:
        return window.session.selected_index is not None

    return [
        Command("Digit", "Next digit", lambda: window.select_next(1), ("Tab", "Right"), some),
        Command("Digit", "Previous digit", lambda: window.select_next(-1), ("Shift+Tab", "Left"), some),
        Command("Digit", "Confirm digit", window.confirm, ("Return", "Enter"), selected, rule=True),
        Command("Digit", "Delete digit", window.delete_digit, ("Delete", "BackSpace"), selected),
        Command("Digit", "What decided", window.toggle_what_decided, ("W",), rule=True,
                chosen=lambda: window.panel.detail.wants_overlay.get()),
    ]  # fmt: skip


def _view(window: "MainWindow") -> list[Command]:
    return [
        *(_theme(window, name, label) for name, label in THEMES.items()),
        *(_zoom(window, zoom) for zoom in settings.ZOOMS),
    ]


def _theme(window: "MainWindow", name: str, label: str) -> Command:
    return Command("View", label, lambda: window.choose_theme(name), chosen=lambda: window.settings.theme == name)


def _zoom(window: "MainWindow", zoom: int) -> Command:
    label = f"Size {zoom} %" if zoom else "Size as the screen"
    return Command(
        "View", label, lambda: window.choose_zoom(zoom), chosen=lambda: window.settings.zoom == zoom, rule=zoom == 0
    )


def _network(window: "MainWindow") -> list[Command]:
    return [_choice(window, name, number) for number, name in enumerate((*window.session.names, COMPARE), start=1)]


def _choice(window: "MainWindow", name: str, number: int) -> Command:
    return Command(
        "Network",
        name,
        lambda: window.choose_network(name),
        (f"Mod+{number}",),
        lambda: window.can_choose(name),
        lambda: window.chosen == name,
        rule=name == COMPARE,
    )
