"""A copy of the drawing on the disk, from which it is restored after the window was ended. No widgets."""

import os
import re
import secrets
import stat
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

from digits.errors import UserError
from digits.files import PARTIAL, lock, read_json, write_json
from digits.reading.ink import Strokes, save_strokes

if TYPE_CHECKING:
    from filelock import BaseFileLock

NAME = re.compile(r"\d+-[0-9a-f]{8}\.json")  #: the process, and a number that is drawn
FOLDER = "unsaved"  #: beside the settings
MOST = 100  #: drawings that are offered
MOST_NOTE = 1 << 17  #: bytes of a file that says which files a drawing belongs to


Stamp = tuple[int, int]  #: of a file: when it was changed, in ns, and its bytes


@dataclass(frozen=True)
class Origin:
    """Which files a drawing belongs to.

    Attributes:
        file: that Save writes to, if there is one.
        stamp: of that file as it was opened or saved last.
        photograph: the file of the photograph, if there is one.
        page: which of its pages it is, from 0.
        pages: how many it has.
    """

    file: Path | None = None
    stamp: Stamp | None = None
    photograph: Path | None = None
    page: int = 0
    pages: int = 1


NOWHERE = Origin()  #: of a drawing that is in no file


class _Note(TypedDict):
    """An origin as it is noted beside a copy."""

    file: str
    stamp: Stamp | None
    photograph: str
    page: int
    pages: int


@dataclass(frozen=True, eq=False)
class Left:
    """A drawing that an ended window has left. Nobody else is offered it until :meth:`release`.

    Attributes:
        path: its file.
        when: it was written, in seconds since 1970.
        origin: the files that the drawing belongs to.
    """

    path: Path
    when: float
    origin: Origin
    _held: "BaseFileLock"

    def discard(self) -> None:
        """Remove the file."""
        with suppress(OSError):
            self.path.unlink(missing_ok=True)
            _note_of(self.path).unlink(missing_ok=True)
            for unfinished in self.path.parent.glob(f"{PARTIAL}{self.path.name.split('-')[0]}-*"):
                unfinished.unlink(missing_ok=True)
        self._end()

    def set_aside(self) -> Path:
        """Keep the file under another name, by which it is not offered again; returns it."""
        aside = self.path.with_suffix(".damaged")
        try:
            os.replace(self.path, aside)
        except OSError:
            aside = self.path
        self._end()
        return aside

    def release(self) -> None:
        """Leave it to whoever looks next."""
        self._held.release()

    def _end(self) -> None:
        self.release()
        with suppress(OSError):
            self.path.with_suffix(".lock").unlink(missing_ok=True)


class Recovery:
    """The copy of one window's drawing. It is written by a thread of its own, and removed when the window closes.

    A window holds the lock of its file as long as it lives, so that others know it has not been left.
    """

    def __init__(self, folder: Path) -> None:
        """Write nothing yet; ``folder`` is that of all windows."""
        self._folder = folder
        self._path = folder / f"{os.getpid()}-{secrets.token_hex(4)}.json"
        self._held: BaseFileLock | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="recovery")
        self._last: Future[str] | None = None
        self._noted = NOWHERE

    @property
    def failure(self) -> str:
        """Why the last copy could not be written; "" if it could, or is not finished."""
        return self._last.result() if self._last is not None and self._last.done() else ""

    @property
    def busy(self) -> bool:
        """Whether the last copy is not finished."""
        return self._last is not None and not self._last.done()

    def write(self, drawing: Strokes, origin: Origin = NOWHERE) -> None:
        """Write the drawing, and which files it belongs to, soon."""
        self._last = self._thread.submit(self._write, drawing, origin)

    def remove(self) -> None:
        """Remove the copy, soon."""
        if self._last is not None:
            self._last = self._thread.submit(self._remove)

    def wait(self) -> None:
        """Wait until the last copy is finished."""
        if self._last is not None:
            self._last.result()

    def close(self, keep: bool = False) -> None:
        """Finish writing; the copy is removed unless it is to be kept."""
        self._thread.submit(self._close, keep)  # the thread that has acquired the lock must release it
        self._thread.shutdown()

    def left(self) -> Iterator[Left]:
        """The drawings of windows that are no more, the newest first."""
        from filelock import Timeout  # here: the window starts without it

        try:
            found = [path for path in self._folder.iterdir() if NAME.fullmatch(path.name) and path != self._path]
        except OSError:
            return
        times = {path: when for path in found if (when := _time(path)) is not None}
        for path in sorted(times, key=lambda path: -times[path])[:MOST]:
            held = lock(path.with_suffix(".lock"))
            with suppress(OSError, Timeout):
                held.acquire()
                yield Left(path, times[path], _origin(path), held)

    def _write(self, drawing: Strokes, origin: Origin) -> str:
        try:
            if self._held is None:
                self._folder.mkdir(parents=True, exist_ok=True)
                held = lock(self._path.with_suffix(".lock"))
                held.acquire()
                self._held = held
            self._note(origin)
            save_strokes(self._path, drawing)
        except (OSError, UserError) as error:
            return str(error)
        return ""

    def _note(self, origin: Origin) -> None:
        """Note which files the drawing belongs to; what cannot be noted is asked for when it is saved."""
        if origin == self._noted:
            return
        with suppress(OSError, ValueError):
            self._noted = NOWHERE
            _note_of(self._path).unlink(missing_ok=True)
            if origin != NOWHERE:
                names = {"file": str(origin.file or ""), "photograph": str(origin.photograph or "")}
                write_json(_note_of(self._path), {**vars(origin), **names})
            self._noted = origin

    def _remove(self) -> str:
        with suppress(OSError):
            self._path.unlink(missing_ok=True)
            _note_of(self._path).unlink(missing_ok=True)
            self._noted = NOWHERE
        return ""

    def _close(self, keep: bool) -> None:
        if self._held is None:
            return
        if not keep:
            self._remove()
        self._held.release()
        if not keep:
            with suppress(OSError):
                self._path.with_suffix(".lock").unlink()


def _note_of(path: Path) -> Path:
    """Where it is noted which files a copy belongs to."""
    return path.with_suffix(".file")


def _origin(path: Path) -> Origin:
    """The files that a copy belongs to, as far as they were noted."""
    try:
        note = read_json(_note_of(path), _Note, MOST_NOTE)
    except (OSError, ValueError):
        return NOWHERE
    file, photograph = (Path(name) if Path(name).is_absolute() else None for name in (note["file"], note["photograph"]))
    if not 0 <= note["page"] < note["pages"]:
        photograph = None
    return Origin(file, note["stamp"], photograph, note["page"], note["pages"])


def _time(path: Path) -> float | None:
    """When a file was changed; None for what is no file."""
    try:
        found = path.lstat()
    except OSError:
        return None
    return found.st_mtime if stat.S_ISREG(found.st_mode) else None
