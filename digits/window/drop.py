"""Files that are dropped onto the window. Needs tkinterdnd2, which is in no requirements file; without it, none are."""

import tkinter as tk
from collections.abc import Callable, Iterable
from importlib import import_module
from pathlib import Path

from digits.window.clipboard import file_of

MOST_LISTED = 1 << 20  #: characters of a list of files that are looked at
REGISTER = "tkdnd::drop_target"
FILES = "DND_Files"
DROPPED = f"<<Drop:{FILES}>>"
ACTION = "copy"  #: which is what the program that is dragged from is told


def accept_files(widget: tk.Misc, dropped: Callable[[Path], None]) -> bool:
    """Accept files that are dropped onto a widget and those in it.

    Args:
        widget: the window, or a part of it.
        dropped: given the first of the files, which need not exist; called by Tk, once for each drop.

    Returns:
        Whether they are accepted: tkinterdnd2 and its Tcl package can be loaded.
    """

    def take(listed: str) -> str:
        path = first_path(widget, listed)
        if path is not None:
            dropped(path)
        return ACTION

    try:
        import_module("tkinterdnd2.TkinterDnD")._require(widget.winfo_toplevel())
        widget.tk.call(REGISTER, "register", str(widget), FILES)
        widget.tk.call("bind", str(widget), DROPPED, f"{widget.register(take)} %D")
    except (ImportError, AttributeError, RuntimeError, OSError, tk.TclError):
        return False
    return True


def first_path(widget: tk.Misc, listed: str) -> Path | None:
    """The first file in a Tcl list such as ``/a.png {/two words.png}``; None if there is none.

    A list of more than 1,048,576 characters is not looked at.
    """
    if len(listed) > MOST_LISTED:
        return None
    try:
        names = widget.tk.splitlist(listed)  # type: ignore[no-untyped-call]
    except tk.TclError:
        return None
    return next((path for path in _paths(names) if path is not None), None)


def _paths(names: Iterable[str]) -> Iterable[Path | None]:
    """The files, which some systems give as URIs; None for what is on other machines."""
    for name in names:
        yield file_of(name) if "://" in name else Path(name) if name and "\0" not in name else None
