"""Opens the window. Tk is imported only when a window is asked for."""

import gc
from collections.abc import Sequence
from pathlib import Path

from digits.errors import UserError
from digits.networks import MODELS
from digits.window import WITHOUT_WINDOW


def run(
    models: Path, names: Sequence[str] = MODELS, collection: Path | None = None, settings: Path | None = None
) -> None:
    """Open the window and return once it is closed.

    Args:
        models: folder with ``<name>.onnx``.
        names: the networks, in the order in which they are offered.
        collection: folder of My handwriting; default: a folder in the user's home.
        settings: file with the settings kept between runs; default: the platform's configuration folder.

    Raises:
        UserError: there is no display, or tkinter or ttkbootstrap is not installed.
    """
    _require_toolkit()
    from digits.window.collection import Collection, default_folder
    from digits.window.main_window import MainWindow
    from digits.window.session import Session
    from digits.window.settings import default_path, load

    path = settings or default_path()
    session = Session(names, Collection(collection or default_folder()), load(path))
    reopen = True
    while reopen:
        window = MainWindow(models, session, path)
        window.mainloop()
        reopen = window.reopen
        del window
        gc.collect()  # Tk objects must be freed by this thread, not by a worker's


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
