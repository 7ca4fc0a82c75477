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
from typing import TYPE_CHECKING

from digits.errors import UserError
from digits.files import PARTIAL, lock, read_json, write_json
from digits.reading.ink import Strokes, save_strokes

if TYPE_CHECKING:
    from filelock import BaseFileLock

NAME = re.compile(r"\d+-[0-9a-f]{8}\.json")  #: the process, and a number that is drawn
FOLDER = "unsaved"  #: beside the settings
MOST = 100  #: drawings that are offered
MOST_PATH = 1 << 16  #: bytes of a file that says which one the drawing belongs to


@dataclass(frozen=True, eq=False)
class Left:
    """A drawing that an ended window has left. Nobody else is offered it until :meth:`release`.

    Attributes:
        path: its file.
        when: it was written, in seconds since 1970.
        file: that the drawing was opened from, or last saved to, if there is one.
    """

    path: Path
    when: float
    file: Path | None
    _held: "BaseFileLock"

    def discard(self) -> None:
        """Remove the file."""
        with suppress(OSError):
            self.path.unlink(missing_ok=True)
            _file_of(self.path).unlink(missing_ok=True)
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

    @property
    def failure(self) -> str:
        """Why the last copy could not be written; "" if it could, or is not finished."""
        return self._last.result() if self._last is not None and self._last.done() else ""

    @property
    def busy(self) -> bool:
        """Whether the last copy is not finished."""
        return self._last is not None and not self._last.done()

    def write(self, drawing: Strokes, file: Path | None = None) -> None:
        """Write the drawing, and which file it belongs to, soon."""
        self._last = self._thread.submit(self._write, drawing, file)

    def remove(self) -> None:
        """Remove the copy, soon."""
        if self._last is not None:
            self._last = self._thread.submit(self._remove)

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
                yield Left(path, times[path], _noted(path), held)

    def _write(self, drawing: Strokes, file: Path | None) -> str:
        try:
            if self._held is None:
                self._folder.mkdir(parents=True, exist_ok=True)
                held = lock(self._path.with_suffix(".lock"))
                held.acquire()
                self._held = held
            self._note(file)
            save_strokes(self._path, drawing)
        except (OSError, UserError) as error:
            return str(error)
        return ""

    def _note(self, file: Path | None) -> None:
        """Note which file the drawing belongs to; what cannot be noted is asked for when it is saved."""
        with suppress(OSError, ValueError):
            if file is None:
                _file_of(self._path).unlink(missing_ok=True)
            elif _noted(self._path) != file:
                write_json(_file_of(self._path), str(file))

    def _remove(self) -> str:
        with suppress(OSError):
            self._path.unlink(missing_ok=True)
            _file_of(self._path).unlink(missing_ok=True)
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


def _file_of(path: Path) -> Path:
    """Where it is noted which file a copy belongs to."""
    return path.with_suffix(".file")


def _noted(path: Path) -> Path | None:
    """The file that a copy belongs to, as far as that was noted."""
    try:
        file = Path(read_json(_file_of(path), str, MOST_PATH))
    except (OSError, ValueError):
        return None
    return file if file.is_absolute() else None


def _time(path: Path) -> float | None:
    """When a file was changed; None for what is no file."""
    try:
        found = path.lstat()
    except OSError:
        return None
    return found.st_mtime if stat.S_ISREG(found.st_mode) else None
