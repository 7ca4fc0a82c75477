"""One question at a time: while a dialog must be answered first, nothing opens another one."""

import tkinter as tk
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from weakref import WeakKeyDictionary

_open: "WeakKeyDictionary[tk.Misc, set[object]]" = WeakKeyDictionary()  #: by main window, what is to be answered first


def begin(parent: tk.Misc, question: object) -> None:
    """Note that a dialog above a window must be answered first."""
    _open.setdefault(parent.nametowidget("."), set()).add(question)


def end(parent: tk.Misc, question: object) -> None:
    """Note that it was answered."""
    _open[parent.nametowidget(".")].discard(question)


@contextmanager
def asking(parent: tk.Misc) -> Iterator[None]:
    """While a dialog of Tk's or the system's is open."""
    question, window = object(), parent.nametowidget(".")
    begin(window, question)
    try:
        yield
    finally:
        end(window, question)


def is_asking(widget: tk.Misc) -> bool:
    """Whether a dialog must be answered first."""
    return bool(_open.get(widget.nametowidget(".")))


def is_busy(widget: tk.Misc) -> bool:
    """Whether a dialog must be answered first, or a menu is open, which a dialog would not close."""
    return is_asking(widget) or bool(widget.tk.call("grab", "current", "."))


def raise_open(widget: tk.Misc) -> bool:
    """Raise the dialog that must be answered first, and give it the focus; returns whether there is one.

    The system does so itself with its own dialogs.
    """
    if not is_asking(widget):
        return False
    call = widget.tk.call
    front = str(call("grab", "current", "."))  # Tk's own dialogs are no widgets here
    if front:
        window = str(call("winfo", "toplevel", front))
        call("wm", "deiconify", window)
        call("raise", window)
        last = str(call("focus", "-lastfor", window))
        call("focus", "-force", _first_in(widget, window) if last == window else last)
    return True


def _first_in(widget: tk.Misc, window: str) -> str:
    """Where the focus belongs in a dialog: where it says, or in its first entry; a dialog of Tk's is no widget here."""
    with suppress(KeyError, AttributeError):
        return str(widget.nametowidget(window).first)
    found = [window]
    for path in found:  # which grows
        is_entry = str(widget.tk.call("winfo", "class", path)) in ("Entry", "TEntry")
        if is_entry and str(widget.tk.call(path, "cget", "-takefocus")) != "0":  # as that around Tk's list of files is
            return path
        found += map(str, widget.tk.splitlist(widget.tk.call("winfo", "children", path)))  # type: ignore[no-untyped-call]
    return window


def give_way(window: tk.Tk | tk.Toplevel) -> None:
    """Whenever a window is given the focus, pass it on to the dialog that must be answered first."""
    window.protocol("WM_TAKE_FOCUS", lambda: raise_open(window))
