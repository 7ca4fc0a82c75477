"""A set of files changes in one step: whatever ends a process, a folder holds the whole old set or the whole new one.

New files are staged, brought next to their places under hidden names, and named in a journal. From the
moment at which the journal exists the new set counts: whoever holds the folder renames the files into place, and if
that process is killed, the next one does it before it reads (:func:`settle`) or writes (:func:`exclusive`).
"""

import errno
import os
import secrets
import shutil
import signal
import sys
import threading
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from types import FrameType

from digits.errors import UserError, reason
from digits.files import read_json, write_json

JOURNAL = ".publishing.json"  #: hidden name → final name, relative to the folder
LOCK = ".lock"
INCOMING, STAGED = ".incoming-", ".staged-"
MOST_JOURNAL = 1 << 20  #: bytes
PATIENCE = 10.0  #: seconds that a reader waits for another process to put its files into place
SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


class Writer:
    """The only writer of a folder; :func:`exclusive` gives it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = os.stat(folder / LOCK)

    def publish(self, staged: Path, expected: Collection[Path] = ()) -> None:
        """Put every file of a staging folder into its place, all in one step.

        Args:
            staged: laid out as the folder; empty afterwards.
            expected: paths relative to ``staged`` without which nothing is published.

        Raises:
            UserError: files are missing, or the folder is not the one that was locked: nothing has changed. Or a file
                cannot be renamed into its place: the next command will do it.
            OSError: the folder cannot be written, or the disk is full; nothing has changed.
            KeyboardInterrupt: everything is in place, and a signal came meanwhile.
        """
        files = sorted(path.relative_to(staged) for path in staged.rglob("*") if path.is_file())
        missing = sorted(map(str, {*expected} - {*files}))
        if missing or not self._still_ours():
            gone = f"; {', '.join(missing[:3])}{' and more' if missing[3:] else ''} can no longer be found" * bool(
                missing
            )
            raise UserError(
                f"{self.folder} was deleted or replaced while this was running{gone}; nothing was published; "
                "repeat the command"
            )
        token = secrets.token_hex(4)
        incoming = {file: file.with_name(f"{INCOMING}{token}-{file.name}") for file in files}
        try:
            for file, hidden in incoming.items():
                if (self.folder / file).is_dir():
                    raise UserError(f"{self.folder / file} is a folder; move it away: a file is to be written there")
                (self.folder / file).parent.mkdir(parents=True, exist_ok=True)
                _bring(staged / file, self.folder / hidden)
            for folder in {(self.folder / file).parent for file in files}:
                sync_folder(folder)
            with _undisturbed():
                write_json(
                    self.folder / JOURNAL, {hidden.as_posix(): file.as_posix() for file, hidden in incoming.items()}
                )
                _complete(self.folder)
        except (OSError, UserError):
            if not (self.folder / JOURNAL).exists():
                for hidden in incoming.values():
                    (self.folder / hidden).unlink(missing_ok=True)
            raise

    def _still_ours(self) -> bool:
        try:
            return os.path.samestat(os.stat(self.folder / LOCK), self._lock)
        except OSError:
            return False


@contextmanager
def exclusive(folder: Path) -> Iterator[Writer]:
    """Be the only writer of a folder, which is made if it does not exist.

    What an earlier process had decided to publish is completed first; what it had only prepared is removed. The
    operating system releases the lock of a process that ends, however it ends.

    Raises:
        UserError: another process is writing there, or what was to be completed cannot be.
        OSError: the folder cannot be written.
    """
    from filelock import FileLock, Timeout  # here: whoever only reads need not load it

    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / LOCK, timeout=0)
    try:
        lock.acquire()
    except Timeout as error:
        raise UserError(
            f"another run is writing to {folder}; wait until it has ended, or choose another place with --output DIR"
        ) from error
    try:
        _complete(folder)
        _clean(folder)
        yield Writer(folder)
    finally:
        lock.release()


@contextmanager
def staging(writer: Writer) -> Iterator[Path]:
    """Yield a folder to stage files in; publish them once the block has succeeded, and forget them if it fails."""
    staged = writer.folder / f"{STAGED}{secrets.token_hex(4)}"
    staged.mkdir()
    try:
        yield staged
        writer.publish(staged)
    finally:
        shutil.rmtree(staged, ignore_errors=True)


def settle(folder: Path) -> None:
    """Complete what a process that was killed had decided to publish. To be called before reading from a folder.

    If a living process is putting its files into place, wait for it.

    Raises:
        UserError: what was to be completed cannot be.
    """
    end = time.monotonic() + PATIENCE
    while os.path.exists(folder / JOURNAL):
        try:
            with exclusive(folder):
                return
        except UserError:
            if time.monotonic() > end:
                raise
            time.sleep(0.02)
        except OSError as error:
            raise _not_completed(folder, error) from error


def sync_folder(folder: Path) -> None:
    """Make the names in a folder survive a power cut, where the platform can."""
    if sys.platform == "win32":
        return  # folders cannot be opened
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _complete(folder: Path) -> None:
    """Rename every file of the journal, if there is one, into its place, and remove the journal."""
    if not os.path.exists(folder / JOURNAL):
        return
    moved, lost = _journal(folder), []
    for hidden, file in moved.items():
        try:
            os.replace(folder / hidden, folder / file)
        except FileNotFoundError:
            if not (folder / file).exists():  # else it was renamed before the process was killed
                lost.append(file)
        except OSError as error:
            raise _not_completed(folder, error) from error
    try:
        for parent in {(folder / file).parent for file in moved.values()}:
            if parent.is_dir():
                sync_folder(parent)
        os.unlink(folder / JOURNAL)
        sync_folder(folder)
    except OSError as error:
        raise _not_completed(folder, error) from error
    if lost:
        raise UserError(f"{folder / lost[0]} was deleted while it was put into place; make it again")


def _journal(folder: Path) -> dict[str, str]:
    """The journal's content: hidden name → final name, side by side within the folder.

    Raises:
        UserError: it is damaged, or would rename anything else.
    """
    try:
        moved = read_json(folder / JOURNAL, dict[str, str], MOST_JOURNAL)
        for hidden, file in moved.items():
            source, target = PurePosixPath(hidden), PurePosixPath(file)
            inside = not target.is_absolute() and ".." not in target.parts and "\\" not in file and ":" not in file
            if not inside or source.parent != target.parent or not source.name.startswith(INCOMING):
                raise ValueError(f"it names {hidden} and {file}")
    except (OSError, ValueError) as error:
        raise UserError(
            f"{folder / JOURNAL} is damaged ({reason(error, folder / JOURNAL)}); delete it, and make again what is in "
            f"{folder}"
        ) from error
    return moved


def _clean(folder: Path) -> None:
    """Remove what a killed process had prepared and nobody will need."""
    for parent in (folder, *(path for path in folder.iterdir() if path.is_dir() and not path.is_symlink())):
        for path in parent.glob(f"{INCOMING}*"):
            path.unlink(missing_ok=True)
    for path in folder.glob(f"{STAGED}*"):
        shutil.rmtree(path, ignore_errors=True)


def _bring(source: Path, target: Path) -> None:
    """Move a file, over the border of a file system if need be, and make its content survive a power cut."""
    try:
        os.replace(source, target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        shutil.copyfile(source, target)
        source.unlink()
    with open(target, "rb+") as file:
        os.fsync(file.fileno())


def _not_completed(folder: Path, error: OSError) -> UserError:
    return UserError(
        f"new files for {folder} are ready but cannot be put into place ({reason(error)}); close what has the old ones "
        "open, or allow writing there, and repeat the command: it will do it"
    )


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Postpone Ctrl-C and termination until the block has ended.

    Raises:
        KeyboardInterrupt: one came.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []

    def note(number: int, _: FrameType | None) -> None:
        came.append(number)

    before = {number: signal.signal(number, note) for number in SIGNALS if signal.getsignal(number) != signal.SIG_IGN}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if came:
        raise KeyboardInterrupt("everything is done and in its place")
