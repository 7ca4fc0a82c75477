"""One question at a time: while a dialog must be answered first, nothing opens another one."""

import tkinter as tk
from collections.abc import Iterator
from contextlib import contextmanager
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
        call("focus", "-force", str(call("focus", "-lastfor", window)))
    return True


def give_way(window: tk.Tk | tk.Toplevel) -> None:
    """Whenever a window is given the focus, pass it on to the dialog that must be answered first."""
    window.protocol("WM_TAKE_FOCUS", lambda: raise_open(window))
