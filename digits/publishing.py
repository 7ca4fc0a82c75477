"""A set of files changes in one step: whatever ends a process, a folder holds the whole old set or the whole new one.

New files are staged, brought next to their places under hidden names, and named in a journal. From the
moment at which the journal exists the new set counts: whoever holds the folder renames the files into place, and if
that process is killed, the next one does it before it reads (:func:`settle`) or writes (:func:`exclusive`).
"""

import errno
import os
import re
import secrets
import shutil
import signal
import sys
import threading
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from types import FrameType
from typing import TypedDict

from digits.errors import UserError, reason, writing
from digits.files import PARTIAL, lock, read_json, sha256, sync_folder, write_json

JOURNAL = ".publishing.json"  #: :class:`Moved` by hidden name, relative to the folder
LOCK = ".lock"
INCOMING, STAGED = ".incoming-", ".staged-"
MOST_JOURNAL = 1 << 20  #: bytes
PATIENCE = 10.0  #: seconds that a reader waits for another process to put its files into place
A_DAY = 86_400.0  #: seconds after which a temporary file is nobody's, whatever its process
UNCHANGED = "nothing published has changed"
COMPLETE = "everything is done and in its place"
SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


class Busy(UserError):
    """Another process is writing to the folder."""


class Moved(TypedDict):
    """What the journal says of a file: its final name, and its content's SHA-256 by which it is recognised there."""

    file: str
    sha256: str


class Staged:
    """A folder in which a set of files is made, laid out as the one that they are published in.

    Files lie in the folder itself or in a folder in it.
    """

    def __init__(self, folder: Path, planned: Collection[str] = ()) -> None:
        """Make nothing yet.

        Args:
            folder: to make files in.
            planned: those that may be made, as given to :meth:`Writer.check` before; none for any.
        """
        self.folder = folder
        self.files: set[PurePosixPath] = set()
        self._planned = planned

    def file(self, *parts: str) -> Path:
        """Where to write a file; without all that were asked for, nothing is published.

        Args:
            parts: the file's name, or a folder and the name.

        Raises:
            ValueError: it is none of the planned files.
        """
        if self._planned and str(PurePosixPath(*parts)) not in self._planned:
            raise ValueError(f"{PurePosixPath(*parts)} is to be published, but was not planned")
        self.files.add(PurePosixPath(*parts))
        path = self.folder.joinpath(*parts)
        path.parent.mkdir(parents=True, exist_ok=True)
        return path


class Writer:
    """The only writer of a folder; :func:`exclusive` gives it.

    Attributes:
        folder: that it writes to.
        published: whether it has changed anything there.
    """

    def __init__(self, folder: Path, option: str) -> None:
        self.folder, self.published = folder, False
        self._option, self._lock = option, os.stat(folder / LOCK)

    def check(self, files: Collection[str] = ()) -> None:
        """Find out whether files could be published, before they are made at great cost.

        Args:
            files: such as "models/ANN.json"; none for the folder alone.

        Raises:
            UserError: the folder was deleted or replaced, or something is in a file's way.
        """
        try:
            ours = os.path.samestat(os.stat(self.folder / LOCK), self._lock)
        except OSError:
            ours = False
        if not ours:
            raise UserError(
                f"{self.folder} was deleted or replaced while this was running; nothing was published; "
                "repeat the command"
            )
        with writing(self.folder, UNCHANGED, self._option):
            for file in files:
                target = self.folder / file
                if os.path.isdir(target):
                    raise UserError(f"{target} is a folder; move it away: a file is to be written there")
                if os.path.lexists(target.parent) and not os.path.isdir(target.parent):
                    raise UserError(f"{target.parent} is not a folder; move it away: {target.name} is to be put there")
            for folder in {(self.folder / file).parent for file in files}:
                if os.path.isdir(folder):
                    probe = folder / f"{INCOMING}{secrets.token_hex(4)}"
                    probe.touch()
                    probe.unlink()

    def publish(self, staged: Staged) -> None:
        """Put the files of a staging folder into their places, all in one step.

        Args:
            staged: emptied, also where this fails.

        Raises:
            UserError: a file is missing, the folder is not the one that was locked, cannot be written, or the disk is
                full: nothing has changed. Or a file cannot be renamed into its place: the next command will do it.
            KeyboardInterrupt: if :attr:`published`, everything is in place, else nothing has changed.
        """
        files = sorted(staged.files)
        self.check([*map(str, files)])
        if missing := [str(file) for file in files if not (staged.folder / file).is_file()]:
            raise UserError(
                f"{', '.join(missing[:3])}{' and more' if missing[3:] else ''} can no longer be found in "
                f"{staged.folder}; nothing was published; repeat the command"
            )
        token = secrets.token_hex(4)
        incoming = {file: file.with_name(f"{INCOMING}{token}-{number}") for number, file in enumerate(files)}
        try:
            with writing(self.folder, UNCHANGED, self._option):
                for file, hidden in incoming.items():
                    (self.folder / file).parent.mkdir(parents=True, exist_ok=True)
                    _bring(staged.folder / file, self.folder / hidden)
                for folder in {self.folder, *((self.folder / file).parent for file in files)}:
                    sync_folder(folder)
                moved: dict[str, Moved] = {
                    str(hidden): {"file": str(file), "sha256": sha256(self.folder / hidden)}
                    for file, hidden in incoming.items()
                }
            with _undisturbed():
                self._decide(moved)
                _complete(self.folder)
        except BaseException:
            if not os.path.lexists(self.folder / JOURNAL):
                for hidden in incoming.values():
                    _remove(self.folder / hidden)
            raise

    def _decide(self, moved: dict[str, Moved]) -> None:
        """Write the journal: from then on the new set counts."""
        try:
            with writing(self.folder, UNCHANGED, self._option):
                write_json(self.folder / JOURNAL, moved)
        except UserError:
            if not os.path.lexists(self.folder / JOURNAL):  # else what failed came after the decision
                raise
        self.published = True

    def discard(self, path: Path) -> None:
        """Remove a file or a folder of this file system, if it exists, in one step; leave it if that is impossible."""
        gone = self.folder / f"{STAGED}{secrets.token_hex(4)}"
        with suppress(OSError):
            os.replace(path, gone)
            _remove(gone)


def home(folder: Path) -> tuple[Path, str]:
    """The folder whose lock and journal are responsible for a folder, and the latter's name in it.

    They are its own (and the name is ""), but those of ``models`` and ``plots`` are their parent's.
    """
    absolute = Path(os.path.abspath(folder))
    return (absolute.parent, absolute.name) if absolute.name in ("models", "plots") else (folder, "")


@contextmanager
def exclusive(folder: Path, option: str = "--output DIR") -> Iterator[Writer]:
    """Be the only writer of a folder and the folders in it; it is made if it does not exist.

    What an earlier process had decided to publish is completed first; what it had only prepared is removed. The
    operating system releases the lock of a process that ends, however it ends.

    Args:
        folder: see :func:`home`.
        option: with which another place is chosen.

    Raises:
        UserError: the folder cannot be written, another process is writing there (:class:`Busy`), or what was to be
            completed cannot be.
        KeyboardInterrupt: in the block, after it has published: says that everything is done.
    """
    from filelock import Timeout  # here: whoever only reads need not load it

    with writing(folder, option=option):
        if os.path.lexists(folder) and not os.path.isdir(folder):
            raise UserError(f"{folder} is not a folder; choose another place with {option}")
        folder.mkdir(parents=True, exist_ok=True)
        held = lock(folder / LOCK)
        try:
            held.acquire()
        except Timeout as error:
            raise Busy(
                f"another run is writing to {folder}; wait until it has ended, or choose another place with {option}"
            ) from error
    try:
        with writing(folder, option=option):
            _complete(folder)
            _clean(folder)
            writer = Writer(folder, option)
        try:
            yield writer
        except KeyboardInterrupt as error:
            if writer.published:
                raise KeyboardInterrupt(COMPLETE) from error
            raise
    finally:
        held.release()


@contextmanager
def staging(writer: Writer, planned: Collection[str] = ()) -> Iterator[Staged]:
    """Yield a folder to stage files in; publish them once the block has succeeded, and forget them if it fails.

    Args:
        writer: of the folder to publish in.
        planned: see :class:`Staged`.

    Raises:
        UserError: as :meth:`Writer.publish` does.
    """
    staged = Staged(writer.folder / f"{STAGED}{secrets.token_hex(4)}", planned)
    try:
        yield staged
        writer.publish(staged)
    finally:
        _remove(staged.folder)


def settle(folder: Path) -> None:
    """Complete what a process that was killed had decided to publish. To be called before reading from a folder.

    If a living process is putting its files into place, wait for it.

    Args:
        folder: that was published to, not ``models`` or ``plots`` in it: see :func:`home`.

    Raises:
        UserError: what was to be completed cannot be.
    """
    end = time.monotonic() + PATIENCE
    while os.path.exists(folder / JOURNAL):
        try:
            with exclusive(folder):
                return
        except Busy:
            if time.monotonic() > end:
                raise
            time.sleep(0.02)


def _complete(folder: Path) -> None:
    """Rename every file of the journal, if there is one, into its place, and remove the journal."""
    if not os.path.exists(folder / JOURNAL):
        return
    moved, lost = _journal(folder), []
    with _undisturbed():
        try:
            for hidden, known in moved.items():
                try:
                    os.replace(folder / hidden, folder / known["file"])
                except FileNotFoundError:  # renamed before the process was killed, or removed by something else
                    if not _is(folder / known["file"], known["sha256"]):
                        lost.append(known["file"])
            for parent in {(folder / known["file"]).parent for known in moved.values()}:
                if parent.is_dir():
                    sync_folder(parent)
            os.unlink(folder / JOURNAL)
            sync_folder(folder)
        except OSError as error:
            raise UserError(
                f"new files for {folder} are ready but cannot be put into place ({reason(error)}); close what has the "
                "old ones open, or allow writing there: the next command that uses them will do it"
            ) from error
    if lost:
        raise UserError(
            f"{folder / lost[0]} was deleted or changed while it was put into place, so that what is in {folder} may "
            "not belong together; make it again"
        )


def _is(path: Path, digest: str) -> bool:
    """Whether a file has the content of this SHA-256."""
    try:
        return sha256(path) == digest
    except (OSError, ValueError):
        return False


def _journal(folder: Path) -> dict[str, Moved]:
    """The journal's content, by hidden name; the final one is beside it within the folder.

    Raises:
        UserError: it is damaged, or would rename anything else.
    """
    try:
        moved = read_json(folder / JOURNAL, dict[str, Moved], MOST_JOURNAL)
        for hidden, known in moved.items():
            file = known["file"]
            source, target = PurePosixPath(hidden), PurePosixPath(file)
            inside = not target.is_absolute() and ".." not in target.parts and not set(file + hidden) & set("\\:\0")
            hides = target.name.startswith(".") or not target.name  # such as the lock, or the journal itself
            if not inside or hides or source.parent != target.parent or not source.name.startswith(INCOMING):
                raise ValueError(f"it names {hidden} and {file}")
    except (OSError, ValueError) as error:
        raise UserError(
            f"{folder / JOURNAL} is damaged ({reason(error, folder / JOURNAL)}); delete it, and make again what is in "
            f"{folder}"
        ) from error
    return moved


def _clean(folder: Path) -> None:
    """Remove what killed processes left in a folder and in the folders in it, and nobody will need.

    Folders with a lock or a journal of their own are another writer's, and links may lead to such folders.
    """
    inner = [path for path in folder.iterdir() if os.path.isdir(path) and not os.path.islink(path)]
    for parent in (folder, *inner):
        with suppress(OSError):  # it is another user's
            names = os.listdir(parent)
            if parent != folder and not {LOCK, JOURNAL}.isdisjoint(names):
                continue
            for name in names:
                path = parent / name
                if name.startswith((INCOMING, STAGED)) or (name.startswith(PARTIAL) and _is_left(path)):
                    _remove(path)


def _is_left(path: Path) -> bool:
    """Whether the process that was writing a temporary file has ended."""
    found = re.match(f"{re.escape(PARTIAL)}([0-9]{{1,9}})-", path.name)
    try:
        return bool(found and not _exists(int(found[1]))) or time.time() - path.lstat().st_mtime > A_DAY
    except OSError:
        return False  # renamed just now


def _exists(process: int) -> bool:
    if sys.platform == "win32":
        return True  # asking would end it
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True  # another user's
    return True


def _remove(path: Path) -> None:
    """Remove a file or a folder with everything in it, as far as that is possible."""
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink()


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

    before = {number: signal.getsignal(number) for number in SIGNALS}
    handled = [number for number, handler in before.items() if handler not in (signal.SIG_IGN, None)]
    try:
        for number in handled:
            signal.signal(number, note)
        yield
    finally:
        for number in handled:
            signal.signal(number, before[number])
    if came:
        signal.raise_signal(came[0])
