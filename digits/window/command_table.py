"""All commands of the window, with their menus, shortcuts and buttons.

Shortcuts are written only here and, for the drawing tools, in :data:`digits.window.tools.TOOLS`.
Menus, tooltips, help and advice take them from these tables.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from digits.window import settings, summary
from digits.window.commands import Button, Command
from digits.window.hands import FIRST
from digits.window.session import COMPARE, Session
from digits.window.tools import Tool

THEMES = {"light": "Light", "dark": "Dark", "system": "Follow system"}
PEN_STEP = 2  #: px, by which [ and ] change the pen
#: What the pointer does on the paper, beside using the tool; written as shortcuts are.
GESTURES = (
    ("Right button", "Erase; a click shows a menu"),
    ("Wheel   Shift+wheel", "Move the paper up or down; sideways"),
    ("Middle button   Space+drag", "Move the paper"),
    ("Ctrl+wheel", "Zoom"),
)


class FileActions(Protocol):
    """What the File menu does, and Paste."""

    def new(self) -> object: ...
    def open(self) -> object: ...
    def open_path(self, path: Path) -> object: ...
    def save(self) -> object: ...
    def save_as(self) -> object: ...
    def save_annotated(self) -> object: ...
    def paste(self) -> object: ...
    def take_picture(self) -> object: ...
    def turn(self, quarters: int) -> object: ...
    def turn_page(self, by: int) -> object: ...


class WindowActions(Protocol):
    """What all other commands do."""

    def close(self) -> object: ...
    def show_handwriting(self) -> object: ...
    def write_samples(self) -> object: ...
    def import_digits(self) -> object: ...
    def export_digits(self) -> object: ...
    def hands(self) -> Sequence[str]: ...
    def choose_hand(self, name: str) -> object: ...
    def new_hand(self) -> object: ...
    def switch_learning(self) -> object: ...
    def show_help(self) -> object: ...
    def undo(self) -> object: ...
    def redo(self) -> object: ...
    def copy(self) -> object: ...
    def clear(self) -> object: ...
    def choose_tool(self, tool: Tool) -> object: ...
    def set_pen(self, diameter: int) -> object: ...
    def select_next(self, step: int) -> object: ...
    def select_doubtful(self) -> object: ...
    def deselect(self) -> object: ...
    def zoom_in(self) -> object: ...
    def zoom_out(self) -> object: ...
    def reset_view(self) -> object: ...
    def fit_to_ink(self) -> object: ...
    def switch_labels(self) -> object: ...
    def switch_steady(self) -> object: ...
    def copy_picture(self) -> object: ...
    def show_about(self) -> object: ...
    def confirm(self) -> object: ...
    def delete_digit(self) -> object: ...
    def toggle_evidence(self) -> object: ...
    def choose_theme(self, name: str) -> object: ...
    def choose_zoom(self, zoom: int) -> object: ...
    def choose_network(self, name: str) -> object: ...


def table(window: WindowActions, files: FileActions, session: Session) -> list[Command]:
    """All commands in the order of the menus."""
    return [
        *_file(window, files, session),
        *_edit(window, files, session),
        *_digit(window, session),
        *_view(window, files, session),
        *_network(window, session),
        *_hand(window, session),
        Command("Help", "Shortcuts", window.show_help, ("F1",)),
        Command("Help", "About", window.show_about),
    ]


def _file(window: WindowActions, files: FileActions, session: Session) -> list[Command]:
    def any_drawing() -> bool:
        return not session.document.state.empty

    return [
        Command("File", "New", files.new, ("Mod+N",), any_drawing),
        Command("File", "Open…", files.open, ("Mod+O",), button=Button("folder2-open", -3)),
        Command("File", "Picture from the camera", files.take_picture),
        Command("File", "Save", files.save, ("Mod+S",), any_drawing, rule=True, button=Button("floppy", -1)),
        Command("File", "Save as…", files.save_as, ("Mod+Shift+S",), any_drawing),
        Command("File", "Save annotated picture…", files.save_annotated, ("Mod+E",), any_drawing),
        *(_recent(files, Path(name), i == 0) for i, name in enumerate(session.settings.recent)),
        Command("File", "Quit", window.close, ("Mod+Q",), rule=True),
    ]


def _recent(files: FileActions, path: Path, first: bool) -> Command:
    label = f"{summary.shortened(path.name)}   {summary.shortened(str(path.parent))}"
    return Command("File", label, lambda: files.open_path(path), rule=first)


def _edit(window: WindowActions, files: FileActions, session: Session) -> list[Command]:
    document = session.document

    def can_clear() -> bool:
        return not document.state.empty

    def resize(by: int) -> None:
        window.set_pen(session.pen + by)

    undo, redo, trash = Button("arrow-counterclockwise", 1), Button("arrow-clockwise", 2), Button("trash3", 3)
    return [
        Command("Edit", "Undo", window.undo, ("Mod+Z",), lambda: document.can_undo, button=undo),
        Command("Edit", "Redo", window.redo, ("Mod+Shift+Z", "Mod+Y"), lambda: document.can_redo, button=redo),
        Command("Edit", "Copy number", window.copy, ("Mod+C",), lambda: bool(session.keys), rule=True),
        Command("Edit", "Copy picture", window.copy_picture, ("Mod+Shift+C",), can_clear),
        Command("Edit", "Paste image", files.paste, ("Mod+V",), button=Button("clipboard-plus", -2)),
        Command("Edit", "Clear", window.clear, ("Mod+Delete", "Mod+BackSpace"), can_clear, button=trash),
        *(_tool(window, session, tool) for tool in session.tools),
        Command("Edit", "Steady pen", window.switch_steady, chosen=lambda: session.settings.steady, rule=True),
        Command("Edit", "Thinner pen", lambda: resize(-PEN_STEP), ("[",)),
        Command("Edit", "Thicker pen", lambda: resize(PEN_STEP), ("]",)),
    ]


def _tool(window: WindowActions, session: Session, tool: Tool) -> Command:
    return Command(
        "Edit",
        tool.name,
        lambda: window.choose_tool(tool),
        (tool.key,),
        lambda: session.can_use(tool),
        chosen=lambda: session.tool is tool,
        rule=tool is session.tools[0],
        button=Button(tool.icon, text=tool.button),
        tip=tool.tip,
    )


def _digit(window: WindowActions, session: Session) -> list[Command]:
    def any_digits() -> bool:
        return bool(session.keys)

    def is_selected() -> bool:
        return session.selected_index is not None

    return [
        Command("Digit", "Next digit", lambda: window.select_next(1), ("Tab", "Right"), any_digits),
        Command("Digit", "Previous digit", lambda: window.select_next(-1), ("Shift+Tab", "Left"), any_digits),
        Command("Digit", "Next doubtful digit", window.select_doubtful, ("D",), any_digits),
        Command("Digit", "Deselect", window.deselect, ("Esc",), is_selected),
        Command("Digit", "Confirm digit", window.confirm, ("Return", "Enter"), is_selected, rule=True),
        Command("Digit", "Delete digit", window.delete_digit, ("Delete", "BackSpace"), is_selected),
        Command("Digit", "Show evidence", window.toggle_evidence, ("W",), rule=True,
                chosen=lambda: session.wants_evidence),
    ]  # fmt: skip


def _view(window: WindowActions, files: FileActions, session: Session) -> list[Command]:
    def any_photograph() -> bool:
        return session.has_photograph

    def any_pages() -> bool:
        photograph = session.document.state.photograph
        return photograph is not None and photograph.pages > 1

    return [
        *(_theme(window, session, name, label) for name, label in THEMES.items()),
        *(_zoom(window, session, zoom) for zoom in settings.ZOOMS),
        Command("View", "Zoom in", window.zoom_in, ("Mod+=", "Mod++"), rule=True),
        Command("View", "Zoom out", window.zoom_out, ("Mod+-",)),
        Command("View", "Actual size", window.reset_view, ("Mod+0",)),
        Command("View", "Fit to ink", window.fit_to_ink, ("F",)),
        Command("View", "Turn photograph left", lambda: files.turn(-1), ("Mod+[",), any_photograph, rule=True),
        Command("View", "Turn photograph right", lambda: files.turn(1), ("Mod+]",), any_photograph),
        Command("View", "Next page", lambda: files.turn_page(1), ("Page Down",), any_pages),
        Command("View", "Previous page", lambda: files.turn_page(-1), ("Page Up",), any_pages),
        Command("View", "Labels and frames", window.switch_labels, ("Mod+L",), rule=True,
                chosen=lambda: session.settings.labels),
        Command("View", "Read with my hand", window.switch_learning, rule=True,
                chosen=lambda: session.settings.learns),
    ]  # fmt: skip


def _theme(window: WindowActions, session: Session, name: str, label: str) -> Command:
    def chosen() -> bool:
        return session.settings.theme == name

    return Command("View", label, lambda: window.choose_theme(name), chosen=chosen, within="Theme")


def _zoom(window: WindowActions, session: Session, zoom: int) -> Command:
    def chosen() -> bool:
        return session.settings.zoom == zoom

    label = f"{zoom}%" if zoom else "As the screen"
    return Command("View", label, lambda: window.choose_zoom(zoom), chosen=chosen, within="Interface size")


def _network(window: WindowActions, session: Session) -> list[Command]:
    return [_choice(window, session, name, number) for number, name in enumerate(session.choices, start=1)]


def _hand(window: WindowActions, session: Session) -> list[Command]:
    def any_digits() -> bool:
        return len(session.collection) > 0

    return [
        Command("Hand", f"{session.collection_name}…", window.show_handwriting, ("Mod+H",)),
        Command("Hand", "Write samples…", window.write_samples),
        Command("Hand", "Import…", window.import_digits, rule=True),
        Command("Hand", "Export…", window.export_digits, enabled=any_digits),
        *(_chosen_hand(window, session, name) for name in window.hands()),
        Command("Hand", "New hand…", window.new_hand, rule=True),
    ]


def _chosen_hand(window: WindowActions, session: Session, name: str) -> Command:
    return Command(
        "Hand",
        name,
        lambda: window.choose_hand(name),
        chosen=lambda: (session.settings.hand or FIRST) == name,
        rule=name == FIRST,
    )


def _choice(window: WindowActions, session: Session, name: str, number: int) -> Command:
    return Command(
        "Network",
        name,
        lambda: window.choose_network(name),
        (f"Mod+{number}",),
        lambda: session.can_choose(name),
        lambda: session.chosen == name,
        rule=name == COMPARE,
    )
