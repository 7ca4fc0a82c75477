"""Readers and commands with a fault each, for the tests of the harness; its processes import them by name."""

import os
import signal
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.faults.kills import compare, visible
from benchmarks.faults.readers import Kind, Reader
from benchmarks.faults.seeds import Item
from digits.errors import UserError
from digits.files import write_text

WHOLE = b"a whole file"


def nothing(_: Path) -> None:
    """Draws nothing."""


def whole(_: Path) -> Sequence[Item]:
    """A small file."""
    return [Item({"whole.txt": WHOLE}, "whole.txt")]


def _content(path: Path) -> bytes:
    return path.read_bytes() if path.is_file() and path.stat().st_size else b""


def careful() -> Reader:
    """Reads what begins well, and refuses everything else in one line."""

    def read(path: Path) -> object:
        if not _content(path).startswith(b"a"):
            raise UserError(f"{path.name} does not begin with an a")
        return path

    return read


def raising() -> Reader:
    """Raises where a byte is damaged."""

    def read(path: Path) -> object:
        if _content(path) != WHOLE:
            raise LookupError("nobody has thought of that")
        return path

    return read


def hanging() -> Reader:
    """Does not come to an end where a byte is damaged."""

    def read(path: Path) -> object:
        while _content(path) != WHOLE:
            time.sleep(0.01)
        return path

    return read


def growing() -> Reader:
    """Takes all memory where a byte is damaged."""

    def read(path: Path) -> object:
        held = []
        while _content(path) != WHOLE:
            held.append(b"x" * (1 << 20))
            time.sleep(0.001)
        return held

    return read


def crashing() -> Reader:
    """Ends the process where a byte is damaged."""

    def read(path: Path) -> object:
        if _content(path) != WHOLE:
            os.kill(os.getpid(), signal.SIGSEGV)
        return path

    return read


def printing() -> Reader:
    """A library prints where a byte is damaged."""

    def read(path: Path) -> object:
        if _content(path) != WHOLE:
            os.write(2, b"libwhole: warning 7")
        return path

    return read


def talkative() -> Reader:
    """Refuses in two lines."""

    def read(path: Path) -> object:
        if _content(path) != WHOLE:
            raise UserError("it is damaged\nvery much")
        return path

    return read


def blind() -> Reader:
    """Refuses whole files."""

    def read(path: Path) -> object:
        raise UserError("never")

    return read


def kind(prepare: Callable[[], Reader]) -> Kind:
    """A kind of file with one of the readers above."""
    return Kind(prepare.__name__, 10, whole, prepare)


class Careless:
    """Writes one file after the other: a mix if it is killed between them."""

    name, share = "careless", 100
    files: tuple[str, ...] = ("one.txt", "two.txt")

    def before(self, folder: Path) -> None:
        """Old files."""
        for file in self.files:
            write_text(folder / file, "old" * 30)

    def act(self, folder: Path) -> None:
        """New ones."""
        for file in self.files:
            write_text(folder / file, "new" * 30)

    def again(self, folder: Path) -> None:
        """The same."""
        self.act(folder)

    def check(self, folder: Path, before: Path, after: Path) -> str:
        """All old or all new."""
        return compare(visible(folder), visible(before), visible(after))


class Overwriting(Careless):
    """Writes in place: half a file if it is killed in a write, none if it is killed at the wrong moment."""

    name = "overwriting"
    files = ("one.txt",)

    def act(self, folder: Path) -> None:
        """A new file in the old one's place."""
        (folder / "one.txt").unlink()
        (folder / "one.txt").write_text("new" * 30)

    def again(self, folder: Path) -> None:
        """As a person would."""
        write_text(folder / "one.txt", "new" * 30)


class Stubborn(Careless):
    """Can be killed, but not repeated."""

    name = "stubborn"
    files = ("one.txt",)

    def again(self, folder: Path) -> None:
        """Refuses."""
        raise UserError("no")


class Littering(Careless):
    """Leaves a temporary file behind when it is killed."""

    name = "littering"
    files = ("one.txt",)

    def act(self, folder: Path) -> None:
        """A new file, over a temporary one that nobody removes after a kill."""
        temporary = folder / f".partial-{os.getpid()}"
        temporary.write_text("new" * 30)
        os.replace(temporary, folder / "one.txt")


class Broken(Careless):
    """Does not work even when nobody is killed."""

    name = "broken"

    def act(self, folder: Path) -> None:
        """Fails."""
        raise ValueError("a mistake")
