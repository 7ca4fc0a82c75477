"""What every entry point has in common: one-line errors, exit codes, and output on streams of any encoding."""

import argparse
import codecs
import io
import math
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, NoReturn, TextIO

from digits.errors import UserError, reason

if TYPE_CHECKING:
    from _typeshed import SupportsWrite

#: How characters that a stream cannot encode are written instead; all others become "?".
INSTEAD = str.maketrans(
    {
        "×": "x",
        "–": "-",
        "−": "-",
        "─": "-",
        "…": "...",
        "→": "->",
        "≠": "!=",
        "≤": "<=",
        "≥": ">=",
        "·": "-",
        "°": " deg",
    }
)


class OneLineParser(argparse.ArgumentParser):
    """Reports a wrong command line in one line, without the usage; exit code 2.

    ``prog`` is what a person types, such as "python test.py"; its last word begins the line.
    """

    def __init__(self, prog: str, **settings: Any) -> None:
        super().__init__(prog, **settings)
        self.register("type", Path, as_path)  # what an argument of ``type=Path`` is converted by

    def error(self, message: str) -> NoReturn:
        """End the program."""
        complain(self.prog.split()[-1], UserError(f"{message}; see {self.prog} --help"))
        self.exit(2)

    def print_help(self, file: "SupportsWrite[str] | None" = None) -> None:
        """Print the help; if it cannot be printed, end the program as :func:`run` does."""

        def work() -> int:
            print(self.format_help(), end="", file=file)
            return 0

        if code := run(self.prog.split()[-1], work):
            self.exit(code)


def run(program: str, work: Callable[[], int], interrupted: str = "") -> int:
    """Do an entry point's work and turn what ends it into an exit code.

    Args:
        program: the name that errors begin with.
        work: parses, calls and prints; returns the exit code.
        interrupted: what to tell a person who presses Ctrl-C, unless the KeyboardInterrupt says more: what is kept, and
            how to continue.

    Returns:
        The exit code: of ``work``; 2 after a :class:`UserError`, whose line is printed to standard error; 130 after
        Ctrl-C, 143 and 129 after SIGTERM and SIGHUP, which end the work in the same way; 0 if the reader of the output
        has gone, as with ``| head``; 2 if the output cannot be written. What cannot be written to standard error is
        dropped, and changes none of these.
    """
    print_anything()
    try:
        os.getcwd()
    except OSError as error:
        complain(program, UserError(f"the current folder cannot be used ({reason(error)}); change to another"))
        return 2
    ended_by: list[int] = []
    try:
        with _ended_by_signals(ended_by):
            code = work()
            sys.stdout.flush()  # here, where what goes wrong can still be reported
        return code
    except UserError as error:
        complain(program, error)
        return 2
    except KeyboardInterrupt as error:
        if kept := str(error) or interrupted:
            _say(f"\n{program}: interrupted; {kept}")
        return 128 + (ended_by[0] if ended_by else signal.SIGINT)
    except OSError as error:
        if not _is_lost(sys.stdout):
            raise  # it is not about the output
        _drop(sys.stdout)
        if isinstance(error, BrokenPipeError):
            return 0
        complain(program, UserError(f"cannot print ({reason(error)}); give the output another place"))
        return 2


@contextmanager
def _ended_by_signals(came: list[int]) -> Iterator[None]:
    """Let SIGTERM and SIGHUP end the block as Ctrl-C does; a signal that comes is added to the list."""

    def end(number: int, _: FrameType | None) -> None:
        came.append(number)
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {number: signal.getsignal(number) for number in numbers}
    handled = [number for number in numbers if before[number] != signal.SIG_IGN]  # ignored under nohup
    for number in handled:
        signal.signal(number, end)
    try:
        yield
    finally:
        for number in handled:
            signal.signal(number, before[number])


def complain(program: str, error: UserError) -> None:
    """Print an error to standard error, in one line whatever it names."""
    _say(f"{program}: {printable(' '.join(str(error).split()))}")


def printable(text: str) -> str:
    """Text with what a terminal might obey, such as escape sequences in the name of a file, written out instead."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode() for character in text
    )


def _say(line: str) -> None:
    """Print to standard error; if that goes nowhere, it is not worth another exit code."""
    try:
        print(line, file=sys.stderr, flush=True)
    except OSError:
        _drop(sys.stderr)


def _drop(stream: TextIO) -> None:
    """Let what a stream still holds go nowhere: else Python fails as it flushes at exit."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, stream.fileno())
    os.close(nothing)


def _is_lost(stream: TextIO) -> bool:
    """Whether what is printed to a stream goes nowhere: its reader has gone, or its disk is full."""
    try:
        print(file=stream, flush=True)
    except OSError:
        return True
    return False


def print_anything() -> None:
    """Let standard output and error print every character whatever their encoding, as on a Windows console."""
    codecs.register_error("digits", _substitute)
    if sys.stdout is None:  # closed, or without a console: libraries expect streams
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - open to the end
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # not an IDE's own
            stream.reconfigure(errors="digits")


def _substitute(error: UnicodeError) -> tuple[str, int]:
    """Write similar ASCII characters, and a question mark where there are none."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end].translate(INSTEAD)
    return text.encode("ascii", "replace").decode("ascii"), error.end


def as_path(text: str) -> Path:
    """A type for argparse: a path. The empty one, as of a variable without a value, would be the current folder."""
    if not text or "\0" in text:
        raise argparse.ArgumentTypeError(f"must be a path, got {text!r}")
    return Path(text)


def number(
    kind: type[int] | type[float], least: float, above: bool = False, most: float = math.inf
) -> Callable[[str], float]:
    """A type for argparse: a finite number of at least (or above) ``least`` and at most ``most``."""

    def convert(text: str) -> float:
        try:
            value: float = kind(text)
            finite = math.isfinite(value)
        except (ValueError, OverflowError):
            finite = False
        if not finite or not least <= value <= most or (above and value == least):
            what = f"{'a whole number' if kind is int else 'a number'} {'above' if above else 'of at least'} {least}"
            what += f" and at most {most}" if most < math.inf else ""
            raise argparse.ArgumentTypeError(f"must be {what}, got {text[:40]!r}")
        return value

    return convert
