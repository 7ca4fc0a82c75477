"""Everything that the window does with files: open, paste, save, export, and the question before closing."""

import threading
import tkinter as tk
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from digits.errors import UserError, reason
from digits.files import replacing
from digits.reading.ink import Strokes, save_strokes
from digits.window import clipboard, dialogs, picture, summary
from digits.window.document import Photograph
from digits.window.engine import Engine
from digits.window.jobs import Jobs
from digits.window.session import Session

_opening = threading.Lock()  #: an opening that is cancelled runs to its end; two would take twice the memory
STROKES, PNG = ("Strokes", "*.json"), ("PNG picture", "*.png")


@dataclass(frozen=True)
class Handlers:
    """What the files call.

    Attributes:
        report: given a message, and whether it reports a failure.
        replaced: the drawing was replaced by another.
        saved: the drawing was saved.
        page_size: returns (width, height) of the canvas in the drawing's pixels.
    """

    report: Callable[[str, bool], None]
    replaced: Callable[[], None]
    saved: Callable[[], None]
    page_size: Callable[[], tuple[int, int]]


class Files:
    """Asks for files, and reads and writes them."""

    def __init__(self, window: tk.Tk, factor: float, session: Session, jobs: Jobs[Engine], handlers: Handlers) -> None:
        """Set up; no file is touched yet.

        Args:
            window: the parent of the dialogs.
            factor: screen pixels per logical pixel.
            session: holds the drawing.
            jobs: opens images and writes pictures.
            handlers: what the files call.
        """
        self._window = window
        self._factor = factor
        self._session = session
        self._document = session.document
        self._jobs = jobs
        self._handlers = handlers
        self._newest = object()  #: identifies the newest opening

    # ---- open

    def open(self) -> None:
        """Ask for a drawing or an image and open it."""
        path = dialogs.ask_open(self._window)
        if path is not None:
            self.open_path(path)

    def open_path(self, path: Path) -> None:
        """Open a drawing or an image."""
        self._report(f"Opening {path.name} …")
        self._submit_opening(lambda engine: engine.open(path), path)

    def paste(self) -> None:
        """Open the image on the clipboard."""
        try:
            pasted = clipboard.image(self._window)
        except UserError as error:
            self._fail(error)
        else:
            self._submit_opening(lambda engine: engine.take(pasted), None)

    def _submit_opening(self, work: Callable[[Engine], Photograph | Strokes], path: Path | None) -> None:
        def show(opened: Photograph | Strokes) -> None:
            if isinstance(opened, Photograph):
                self._document.open_photograph(opened)
            else:
                self._document.open_strokes(opened, path)
            self._session.selected = None
            self._session.result = None
            self._handlers.replaced()

        self._newest = newest = object()

        def alone(engine: Engine) -> Photograph | Strokes:
            with _opening:
                if self._newest is not newest:
                    raise UserError("another file is opened instead")  # not shown: the result is no longer awaited
                return work(engine)

        self._jobs.submit("open", alone, show, self._fail, urgency=3, long=True, background=True)

    # ---- save

    def save(self) -> bool:
        """Save the strokes to the file that they were last saved to, or ask for one; returns whether they are saved."""
        if self._document.path is None:
            return self.save_as()
        return self._save_strokes(self._document.path)

    def save_as(self) -> bool:
        """Ask for a file and save the strokes or, as ``.png``, a picture; returns whether the strokes are saved."""
        if self._document.state.strokes:
            name, types = "drawing.json", (STROKES, PNG)
        else:  # only a photograph
            name, types = "photograph.png", (PNG, STROKES)
        path = dialogs.ask_save(self._window, "Save the drawing", name, types)
        if path is None:
            return False
        if path.suffix.lower() == ".png":
            self._save_picture(path, annotated=False)
            return False
        return self._save_strokes(path)

    def save_annotated(self) -> None:
        """Ask for a file and save a picture with boxes and digits."""
        path = dialogs.ask_save(self._window, "Save annotated PNG", "digits.png", (PNG,))
        if path is not None:
            self._save_picture(path, annotated=True)

    def _save_strokes(self, path: Path) -> bool:
        try:
            save_strokes(path, Strokes(self._document.state.strokes, self._handlers.page_size()))
        except OSError as error:
            self._fail(_not_written(path, error))
            return False
        except UserError as error:
            self._fail(error)
            return False
        self._document.mark_saved(path)
        self._handlers.saved()
        self._report(f"Saved {path}")
        return True

    def _save_picture(self, path: Path, annotated: bool) -> None:
        state, size = self._document.state, self._handlers.page_size()
        marks = self._session.marks() if annotated else []

        def write(_: Engine) -> None:
            try:
                with replacing(path) as temporary:
                    picture.render(state, size, marks).save(temporary, format="PNG")
            except OSError as error:
                raise _not_written(path, error) from error

        def report(_: None) -> None:
            self._report(f"Saved {path}")

        self._jobs.submit("save", write, report, self._fail, urgency=1, long=True, background=True)

    def export_collection(self) -> None:
        """Ask for a folder or a zip file and copy the collected digits to it."""
        types = (("Zip file", "*.zip"), ("New folder", "*"))
        path = dialogs.ask_save(self._window, "Export my handwriting", "my handwriting.zip", types)
        if path is None:
            return
        collection = self._session.collection
        try:
            without = collection.export(path)
        except UserError as error:
            self._fail(error)
        else:
            lost = f"; the strokes of {without:,} cannot be read" if without else ""
            self._report(f"Exported {summary.counted(len(collection), 'digit')} to {path}{lost}")

    def import_collection(self, added: Callable[[], None]) -> None:
        """Ask for a file of exported digits and add them; ``added`` is called if there are new ones."""
        path = dialogs.ask_import(self._window)
        if path is None:
            return
        collection = self._session.collection

        def done(n: int) -> None:
            self._report(f"{summary.counted(n, 'new digit')} from {path.name}")
            if n:
                added()

        self._report(f"Importing {path.name} …")
        self._jobs.submit("import", lambda _: collection.add(path), done, self._fail, background=True)

    # ---- close

    def before_closing(self, close: Callable[[], None]) -> None:
        """Call ``close`` at once or, if there are unsaved strokes, once the user has saved or discarded them."""

        def answered(answer: str) -> None:
            if answer == dialogs.DISCARD or (answer == dialogs.SAVE and self.save()):
                close()

        if not self._document.dirty:
            close()
        elif not dialogs.raise_existing(self._window, dialogs.UnsavedDialog):
            dialogs.UnsavedDialog(self._window, self._factor, answered)

    def _report(self, text: str) -> None:
        self._handlers.report(text, False)

    def _fail(self, error: UserError) -> None:
        self._handlers.report(str(error), True)


def _not_written(path: Path, error: OSError) -> UserError:
    return UserError(f"{path} cannot be written: {reason(error)}")
