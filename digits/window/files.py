"""Everything that the window does with files: open, paste, save, export, and the question before closing."""

import threading
import tkinter as tk
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from digits.errors import UserError, reason
from digits.files import replacing
from digits.reading.ink import Box, Strokes, save_strokes
from digits.window import clipboard, crop_turn, dialogs, modal, picture, summary
from digits.window.document import Photograph, State
from digits.window.engine import LONGEST_JPEG, Engine, page_note
from digits.window.jobs import Jobs
from digits.window.recovery import Origin, Stamp
from digits.window.session import Session

_opening = threading.Lock()  #: an opening that is cancelled runs to its end; two would take twice the memory
DRAWING, PNG, JPEG = ("Drawing", "*.json"), ("PNG picture", "*.png"), ("JPEG picture", "*.jpg")
PICTURES = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG"}  #: Pillow's name of each ending's format
QUALITY = 92  #: of a JPEG
LATER = 50  #: ms until it is looked again whether a stroke has ended, or a dialog was answered


@dataclass(frozen=True)
class Handlers:
    """What the files call.

    Attributes:
        report: given a message, and whether it reports a failure.
        replaced: the drawing was replaced by another.
        saved: the drawing was saved.
        page_size: returns (width, height) of the canvas in the drawing's pixels.
        busy: returns whether the drawing must stay: a stroke is being drawn, or a dialog must be answered first.
    """

    report: Callable[[str, bool], None]
    replaced: Callable[[], None]
    saved: Callable[[], None]
    page_size: Callable[[], tuple[int, int]]
    busy: Callable[[], bool]


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
        self._waiting: Callable[[], None] | None = None  # what is done once the pictures are written
        self._newest: object | None = None  #: identifies the newest opening, until it is shown or given up
        self._stamps = session.stamps
        self.forget_turns()

    # ---- open

    def forget_turns(self) -> None:
        """Count further pages and quarters from what is shown, and not from what was wanted and never came."""
        self._page: tuple[Photograph | None, int] = (None, 0)  # wanted of a photograph, and not shown yet
        self._quarters: tuple[Photograph | None, int] = (None, 0)

    @property
    def opening(self) -> bool:
        """Whether something is being opened."""
        return self._newest is not None

    def cancel(self) -> None:
        """Give up what is being opened."""
        self._newest = None
        self.forget_turns()

    def new(self) -> None:
        """Start on empty paper."""

        def proceed() -> None:
            self._session.remember()
            self._document.clear()
            self._session.selected = None
            self._handlers.replaced()

        self._before("starting a new one", proceed)

    def open(self) -> None:
        """Ask for a drawing or an image and open it."""
        path = dialogs.ask_open(self._window, self._session.settings.folder)
        if path is not None:
            self.open_path(path)

    def open_path(self, path: Path) -> None:
        """Open a drawing or an image, after the question about an unsaved drawing."""

        if _is_missing(path):
            before, self._session.settings = self._session.settings, self._session.settings.without(path)
            known = self._session.settings != before
            shown = summary.shortened(str(path))
            self._fail(UserError(f"{shown} is no longer there" if known else f"There is no file {shown}"))
            return

        def proceed() -> None:
            self._report(f"Opening {path.name} …")
            is_drawing = path.suffix.lower() == ".json"
            self._submit_opening(lambda engine: engine.open(path), path if is_drawing else None, path)

        self._before(f"opening {summary.shortened(path.name)}", proceed)

    def paste(self) -> None:
        """Open the image on the clipboard."""
        try:
            pasted = clipboard.image(self._window)
        except UserError as error:
            self._fail(error)
            return
        if isinstance(pasted, Path):  # copied in a file manager
            self.open_path(pasted)
            return
        self._before("pasting an image", lambda: self._submit_opening(lambda engine: engine.take(pasted), None))

    def take_picture(self) -> None:
        """Open a still picture of the camera."""

        def taken(engine: Engine) -> State:
            from digits.window import camera  # here: OpenCV's cameras take long to load

            return engine.picture(camera.still(), Strokes((), (1, 1)), as_it_is=False)

        self._report("Taking a picture …")
        self._submit_opening(taken, None, before="opening the picture")  # asked once there is one

    def turn_page(self, by: int) -> None:
        """Open another page of the file."""
        state = self._document.state
        photograph = state.photograph
        if photograph is None or photograph.file is None:
            return
        path, start = photograph.file, self._page[1] if self._page[0] is photograph else photograph.page
        number = min(max(start + by, 0), photograph.pages - 1)
        self._page = photograph, number  # for a further turn while this one is not finished
        if number != photograph.page:
            self._before("turning the page", lambda: self._submit_opening(lambda e: e.open(path, number), None, path))

    def turn(self, quarters: int) -> None:
        """Turn the photograph, with what was drawn on it, clockwise by quarters."""
        state = self._document.state
        photograph = state.photograph
        if photograph is None:
            return
        quarters += self._quarters[1] if self._quarters[0] is photograph else 0
        self._quarters = photograph, quarters
        self._replace(photograph, partial(_turned, quarters), lambda: crop_turn.turned(photograph.rgb, quarters))

    def crop(self, box: Box) -> None:
        """Keep a part of the photograph."""
        photograph = self._document.state.photograph
        if photograph is not None:
            self._replace(photograph, partial(_cropped, box), lambda: crop_turn.cropped(photograph.rgb, box))

    def _replace(
        self, photograph: Photograph, changed: Callable[[Strokes], Strokes], pixels: Callable[[], NDArray[np.uint8]]
    ) -> None:
        """Replace the photograph, and what was drawn on it, which can be undone."""
        drawing = changed(self._session.drawing(photograph.size))

        def work(engine: Engine) -> State:
            state = engine.picture(pixels(), drawing, as_it_is=True)
            if state.photograph is None:
                return state
            return replace(
                state,
                photograph=replace(
                    state.photograph,
                    file=photograph.file, page=photograph.page, pages=photograph.pages, note=photograph.note,
                ),
            )  # fmt: skip

        def again() -> None:
            if self._document.state.photograph is photograph:
                self._replace(photograph, changed, pixels)

        self._submit_opening(work, None, again=again)

    @property
    def origin(self) -> Origin:
        """The files that the drawing belongs to."""
        path, photograph = self._document.path, self._document.state.photograph
        stamp = self._stamps.get(path) if path else None
        if photograph is None or photograph.file is None:
            return Origin(path, stamp)
        return Origin(path, stamp, photograph.file, photograph.page, photograph.pages)

    def restore(
        self, path: Path, origin: Origin, done: Callable[[], None], failed: Callable[[UserError], None]
    ) -> None:
        """Open a copy of a drawing that was not saved.

        Args:
            path: of the copy.
            origin: the files that the drawing belongs to.
            done: called once it is open.
            failed: given why it cannot be opened.
        """

        def work(engine: Engine) -> State:
            state, file = engine.open(path), origin.photograph
            if state.photograph is None or file is None or _stamp(file) is None:
                return state
            note = page_note(origin.page, origin.pages)
            page = replace(state.photograph, file=file, page=origin.page, pages=origin.pages, note=note)
            return replace(state, photograph=page)

        def restored() -> None:
            if origin.file is not None:
                self._stamps[origin.file] = origin.stamp
            done()

        def proceed() -> None:
            self._submit_opening(work, origin.file, None, restored, failed=failed)

        self._before("restoring another", proceed)

    def _submit_opening(
        self,
        work: Callable[[Engine], State],
        path: Path | None,
        file: Path | None = None,
        done: Callable[[], None] = lambda: None,
        before: str = "",
        failed: Callable[[UserError], None] | None = None,
        again: Callable[[], None] | None = None,
    ) -> None:
        """Open something.

        Args:
            work: opens it.
            path: the file that Save writes to, if there is one.
            file: that holds it, if there is one.
            done: called once it is shown.
            before: before what the question about an unsaved drawing is asked, if it was not yet.
            failed: given why it cannot be opened; else that is reported.
            again: called instead if something was drawn meanwhile; what is opened is a change of the drawing.
        """

        there, stamp = self._document.state, _stamp(file) if file else None

        def show(opened: State) -> None:
            if self._newest is not newest:
                return  # it was given up
            if self._handlers.busy():  # a stroke, or an answer, belongs to the drawing on which it was begun
                self._window.after(LATER, show, opened)
            elif again is not None and self._document.state is not there:
                again()
            elif before or self._document.state is not there:  # drawn meanwhile
                self._before(before or "opening it", lambda: take(opened), self.cancel)
            else:
                take(opened)

        def take(opened: State) -> None:
            self.cancel()
            if again is None:
                self._session.remember()
            if file is not None:
                self._stamps[file] = stamp
            self._document.open(opened, path, saved=file is not None)
            if file is not None:
                self._session.settings = self._session.settings.used(file)
            self._session.selected = None
            self._session.result = None
            self._handlers.replaced()
            done()

        self._newest = newest = object()

        def alone(engine: Engine) -> State:
            with _opening:
                if self._newest is not newest:
                    raise UserError("another file is opened instead")  # not shown: the result is no longer awaited
                return work(engine)

        def refused(error: UserError) -> None:
            self.cancel()
            (failed or self._fail)(error)

        self._jobs.submit("open", alone, show, refused, urgency=3, long=True, background=True)

    # ---- save

    def save(self) -> bool:
        """Save the drawing to the file that it was last saved to, or ask for one; returns whether it is saved."""
        if self._document.path is None:
            return self.save_as()
        path = self._document.path
        now = _stamp(path)
        changed = now is not None and now != self._stamps.get(path)
        if changed and not dialogs.ask_replace(self._window, path.name, self._factor):
            return False
        return self._save_drawing(path)

    def save_as(self) -> bool:
        """Ask for a file and save the drawing or, by its ending, a picture; returns whether the drawing is saved."""
        if (path := self._ask("Save the drawing", (DRAWING, PNG, JPEG))) is None:
            return False
        if path.suffix.lower() in PICTURES:
            self._save_picture(path, annotated=False)
            return False
        if path.suffix.lower() == ".json":
            return self._save_drawing(path)
        endings = ", ".join([".json", *PICTURES])
        self._fail(UserError(f"{path.name} cannot be saved: a file ends in {endings}; give it one of these endings"))
        return False

    def save_annotated(self) -> None:
        """Ask for a file and save a picture with boxes and digits."""
        if (path := self._ask("Save an annotated picture", (PNG, JPEG), " read")) is None:
            return
        if path.suffix.lower() in PICTURES:
            self._save_picture(path, annotated=True)
            return
        endings = ", ".join(PICTURES)
        self._fail(UserError(f"{path.name} cannot be saved: a picture ends in {endings}; give it one of these endings"))

    def _ask(self, title: str, types: tuple[tuple[str, str], ...], addition: str = "") -> Path | None:
        """Ask where to save; the name of the file that is open is proposed."""
        stem = "".join(filter(str.isprintable, Path(self._document.name).stem)) or "drawing"
        photograph = self._document.state.photograph
        if photograph is not None and photograph.pages > 1 and self._document.path is None:
            stem += f"-{photograph.page + 1}"
        name = f"{stem}{addition}{types[0][1].lstrip('*')}"
        return dialogs.ask_save(self._window, title, name, types, self._session.settings.folder, self._factor)

    def _save_drawing(self, path: Path) -> bool:
        try:
            save_strokes(path, self._session.drawing(self._handlers.page_size()))
        except OSError as error:
            self._fail(_not_written(path, error))
            return False
        except UserError as error:
            self._fail(error)
            return False
        self._document.mark_saved(path)
        self._stamps[path] = _stamp(path)
        self._session.settings = self._session.settings.used(path)
        self._handlers.saved()
        self._report(f"Saved {path}")
        return True

    def _save_picture(self, path: Path, annotated: bool) -> None:
        state, size = self._document.state, self._handlers.page_size()
        marks = self._session.marks() if annotated else []
        kind = PICTURES[path.suffix.lower()]
        longest = max(state.photograph.size) if state.photograph is not None else 0  # other paper is reduced
        if kind == "JPEG" and longest > LONGEST_JPEG:
            why = f"it is {longest:,} pixels long, more than the {LONGEST_JPEG:,} of a JPEG"
            self._fail(UserError(f"{path.name} cannot be saved: {why}; save it as {path.stem}.png"))
            return

        def write() -> None:
            try:
                with replacing(path) as temporary:
                    picture.render(state, size, marks).save(temporary, format=kind, quality=QUALITY)
            except OSError as error:
                raise _not_written(path, error) from error

        def written() -> None:
            unsaved = self._document.dirty and not annotated
            self._report(f"Saved {path}{'; to go on drawing later, save it as .json too' if unsaved else ''}")
            waiting, self._waiting = self._waiting, None
            if waiting is not None:
                waiting()

        def failed(error: UserError) -> None:
            self._waiting = None
            self._fail(error)

        self._report(f"Saving {path.name} …")
        self._jobs.write(write, written, failed)

    def export_collection(self) -> None:
        """Ask for a folder or a zip file and copy the collected digits to it."""
        types, name = (("Zip file", "*.zip"), ("New folder", "*")), self._session.collection_name
        path = dialogs.ask_save(self._window, f"Export {name}", f"{name}.zip", types, "", self._factor)
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
        self._jobs.submit(f"import {path}", lambda _: collection.add(path), done, self._fail, background=True)

    # ---- close

    def before_closing(self, close: Callable[[], None]) -> None:
        """Call ``close`` at once or, if the drawing is unsaved, once the user has saved or discarded it.

        Before that all pictures are written; if one cannot be, the window stays.
        """
        self.once_written(lambda: self._before("closing", close))

    def once_written(self, proceed: Callable[[], None]) -> None:
        """Proceed once all pictures are written, unless one cannot be, no dialog is open, and no stroke drawn."""
        if self._jobs.writing:
            self._report("Saving … The window closes then.")
            self._waiting = lambda: self.once_written(proceed)
        elif self._handlers.busy():
            self._window.after(LATER, self.once_written, proceed)
        else:
            proceed()

    def _before(self, what: str, proceed: Callable[[], None], cancelled: Callable[[], None] | None = None) -> None:
        """Proceed with what replaces the drawing, once it is saved or the user has discarded it."""

        def answered(answer: str) -> None:
            if answer == dialogs.DISCARD or (answer == dialogs.SAVE and self.save()):
                proceed()
            else:
                (cancelled or self.forget_turns)()

        if not self._document.dirty and not self._is_gone():
            proceed()
        elif not modal.raise_open(self._window):
            dialogs.UnsavedDialog(self._window, self._factor, answered, what, asks=self._document.path is None)

    def _is_gone(self) -> bool:
        """Whether the file that held the drawing is no longer there."""
        photograph = self._document.state.photograph
        file = self._document.path or (photograph.file if photograph else None)
        return file is not None and not self._document.state.empty and _stamp(file) is None

    def _report(self, text: str) -> None:
        self._handlers.report(text, False)

    def _fail(self, error: UserError) -> None:
        self._handlers.report(str(error), True)


def _turned(quarters: int, drawing: Strokes) -> Strokes:
    """What was drawn on a photograph that is turned clockwise."""
    for _ in range(quarters % 4):
        drawing = _turned_once(drawing)
    return drawing


def _turned_once(drawing: Strokes) -> Strokes:
    width, height = drawing.size

    def box(old: Box) -> Box:
        return height - old[1] - old[3], old[0], old[3], old[2]

    def point(x: float, y: float) -> tuple[float, float]:
        return height - 1 - y, x

    return _moved(drawing, (height, width), point, box)


def _cropped(kept: Box, drawing: Strokes) -> Strokes:
    """What was drawn on a photograph of which a part is kept; what lies outside of that is dropped."""
    left, top, width, height = kept

    def is_kept(x: float, y: float, right: float, bottom: float) -> bool:
        return x < left + width and right > left and y < top + height and bottom > top

    def is_box_kept(box: Box) -> bool:
        return is_kept(box[0], box[1], box[0] + box[2], box[1] + box[3])

    def box(old: Box) -> Box:
        return old[0] - left, old[1] - top, old[2], old[3]

    def point(x: float, y: float) -> tuple[float, float]:
        return x - left, y - top

    picture = drawing.picture
    inside = replace(
        drawing,
        strokes=tuple(stroke for stroke in drawing.strokes if is_kept(*stroke.edges)),
        labels=tuple(label for label in drawing.labels if is_box_kept(label.box)),
        picture=picture and replace(picture, deleted=tuple(filter(is_box_kept, picture.deleted))),
    )
    return _moved(inside, (width, height), point, box)


def _moved(
    drawing: Strokes,
    size: tuple[int, int],
    point: Callable[[float, float], tuple[float, float]],
    box: Callable[[Box], Box],
) -> Strokes:
    strokes = [replace(stroke, points=tuple(point(x, y) for x, y in stroke.points)) for stroke in drawing.strokes]
    labels = [replace(label, box=box(label.box)) for label in drawing.labels]
    picture = drawing.picture
    if picture is not None:
        picture = replace(picture, deleted=tuple(map(box, picture.deleted)))
    return Strokes(tuple(strokes), size, tuple(labels), picture)


def _stamp(path: Path) -> Stamp | None:
    """What changes with a file; None if there is none."""
    try:
        found = path.stat()
    except (OSError, ValueError):
        return None
    return found.st_mtime_ns, found.st_size


def _is_missing(path: Path) -> bool:
    try:
        path.stat()
    except FileNotFoundError:
        return True
    except (OSError, ValueError):  # it is said why when it is opened
        return False
    return False


def _not_written(path: Path, error: OSError) -> UserError:
    return UserError(f"{path} cannot be written: {reason(error)}")
