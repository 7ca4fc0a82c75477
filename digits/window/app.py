"""The way into the window. Tk is imported here only when a window is asked for."""

import gc
from collections.abc import Sequence
from pathlib import Path

from digits.errors import UserError
from digits.networks import MODELS

INSTEAD = "to read a file without a window: python gui_digit_recognizer.py --image FILE"


def run(
    models: Path, names: Sequence[str] = MODELS, collection: Path | None = None, settings: Path | None = None
) -> None:
    """Open the window and stay until it is closed.

    Args:
        models: the folder with ``<name>.onnx``.
        names: of the networks, in the order in which they are offered.
        collection: the folder of My handwriting; a folder in the user's home without it.
        settings: the file of what is remembered between runs; in the user's own place without it.

    Raises:
        UserError: there is no display, or Python has no Tk.
    """
    try:
        import tkinter  # noqa: F401
    except ImportError as error:
        raise UserError(
            "this Python has no tkinter, which draws the window: install it (Debian and Ubuntu: sudo apt install "
            f"python3-tk, Fedora: sudo dnf install python3-tkinter, Homebrew: brew install python-tk); {INSTEAD}"
        ) from error
    try:
        import ttkbootstrap  # noqa: F401
    except ImportError as error:
        raise UserError(
            f"ttkbootstrap, which the window needs, is missing: pip install -r requirements.txt; {INSTEAD}"
        ) from error
    from digits.window.collection import Collection, default_folder
    from digits.window.main_window import MainWindow
    from digits.window.session import Session
    from digits.window.settings import default_path

    session = Session(names, Collection(collection or default_folder()))
    again = True
    while again:
        window = MainWindow(models, session, settings or default_path())
        window.mainloop()
        again = window.again
        del window
        gc.collect()  # here and now: what belongs to Tk must not be collected by a worker's thread
