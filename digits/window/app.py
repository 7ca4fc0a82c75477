"""Opens the window. Tk is imported only when a window is asked for."""

import ctypes
import gc
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from digits.command_line import complain
from digits.errors import UserError, reason
from digits.networks import MODELS
from digits.reading.cli import PROGRAM
from digits.window import WITHOUT_WINDOW

if TYPE_CHECKING:
    from digits.window.main_window import MainWindow

INTERVAL = 200  #: ms within which a signal closes the window
ARENA_MAX = -8  #: glibc's M_ARENA_MAX


def run(
    models: Path,
    names: Sequence[str] = MODELS,
    hand: Path | None = None,
    settings: Path | None = None,
    file: Path | None = None,
) -> None:
    """Open the window and return once it is closed.

    Args:
        models: folder with ``<name>.onnx``.
        names: the networks, in the order in which they are offered.
        hand: folder of My handwriting, and of other people's hands; default: a folder in the user's home.
        settings: file with the settings kept between runs; default: the platform's configuration folder.
        file: a drawing or an image to open.

    Raises:
        UserError: there is no display, or tkinter or ttkbootstrap is not installed.
        KeyboardInterrupt: Ctrl-C, or another signal that the caller treats in the same way, has closed the window. It
            closes without a question; the settings are saved, and an unsaved drawing is offered at the next start.
    """
    try:
        file = file and file.absolute()
    except OSError as error:
        raise UserError(f"{file} cannot be found: there is no current folder; give a whole path") from error
    share_memory()
    _require_toolkit()
    from digits.reading.collection import Collection, default_folder
    from digits.window.hands import folder_of
    from digits.window.hands import names as names_of_hands
    from digits.window.main_window import MainWindow
    from digits.window.session import Session
    from digits.window.settings import default_path, load, save

    try:
        path = settings or default_path()
        folder, kept = hand or default_folder(), load(path)
        if kept.hand not in names_of_hands(folder):  # of another folder, or deleted
            kept = replace(kept, hand="")
        session = Session(names, Collection(folder_of(folder, kept.hand)), kept)
    except (OSError, RuntimeError) as error:  # no home, or no current folder
        raise UserError(f"there is no folder for what the window keeps ({reason(error)}); set HOME") from error

    def lost() -> None:
        with suppress(OSError):
            save(path, session.settings)

    keep = _when_the_display_is_lost(lost)
    with _collected_here(), _noted_signals() as came:
        reopen = True
        while reopen and not came:
            window = MainWindow(models, session, path, folder, file)
            file = None
            _look_after(window, came)
            window.mainloop()
            reopen = window.reopen
            del window
            gc.collect()
        if session.recovery is not None:  # a signal came before the next window
            session.recovery.close(keep=session.document.dirty)
    del keep
    if came:
        signal.raise_signal(came[0])  # now the caller's handler ends the program


def share_memory() -> None:
    """Let all threads take memory from one place, where the allocator is glibc's.

    Otherwise each has a place of its own, what it has freed no other can use, and a window that has been used for
    hours holds 150 MB more.
    """
    with suppress(OSError, AttributeError):  # another system, or another allocator
        ctypes.CDLL("libc.so.6").mallopt(ARENA_MAX, 1)


def _look_after(window: "MainWindow", came: list[int]) -> None:
    """Regularly do what Tk, which waits in C, keeps Python from doing: close after a signal, and collect garbage."""
    if not window.alive:
        return
    if came:
        window.ended = True
        window.destroy()
        return
    for generation in (2, 1, 0):
        if gc.get_count()[generation] > gc.get_threshold()[generation] > 0:
            gc.collect(generation)
            break
    window.after(INTERVAL, lambda: _look_after(window, came))


@contextmanager
def _collected_here() -> Iterator[None]:
    """Let only this thread collect garbage: Tk's objects must not be freed by a worker's."""
    before = gc.isenabled()
    gc.disable()
    gc.collect()
    gc.freeze()  # what is imported by now need not be examined again and again
    try:
        yield
    finally:
        gc.unfreeze()
        if before:
            gc.enable()


@contextmanager
def _noted_signals() -> Iterator[list[int]]:
    """Yield a list to which the signals that end a program are added, in place of what they would do.

    A KeyboardInterrupt would be raised anywhere in the code that Tk calls, which would print it and go on.
    """
    came: list[int] = []

    def note(number: int, _: FrameType | None) -> None:
        came.append(number)

    if threading.current_thread() is not threading.main_thread():
        yield came
        return
    numbers = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {number: signal.signal(number, note) for number in numbers if signal.getsignal(number) != signal.SIG_IGN}
    try:
        yield came
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _when_the_display_is_lost(save: Callable[[], None]) -> object:
    """End the program in one line, after a last call, when the X server has gone: Xlib would print its own and exit.

    Returns:
        What must be kept alive as long as the window is open.
    """
    if sys.platform in ("win32", "darwin"):
        return None

    def end(_: int) -> int:
        save()
        complain(PROGRAM, UserError("the connection to the display is lost; open the window again"))
        os._exit(2)  # at once: returning would let Xlib exit while threads are running

    try:
        handler = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p)(end)
        ctypes.CDLL("libX11.so.6").XSetIOErrorHandler(handler)
    except (OSError, AttributeError):  # Tk brings its own
        return None
    return handler


def _require_toolkit() -> None:
    try:
        import tkinter  # noqa: F401
    except ImportError as error:
        raise UserError(
            "this Python has no tkinter, which draws the window: install it (Debian and Ubuntu: sudo apt install "
            f"python3-tk, Fedora: sudo dnf install python3-tkinter, Homebrew: brew install python-tk); {WITHOUT_WINDOW}"
        ) from error
    try:
        import ttkbootstrap  # noqa: F401
    except ImportError as error:
        raise UserError(
            f"ttkbootstrap, which the window needs, is missing: pip install -r requirements.txt; {WITHOUT_WINDOW}"
        ) from error
