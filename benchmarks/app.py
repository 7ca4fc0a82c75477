"""The size of the stand-alone program, and how soon its window can be seen.

    make app
    python -m benchmarks.app

The program is started on a virtual display, with a new home and without Python on its path. Its window can be seen once
a fifth of the screen has changed and more than a few colours are on it.
"""

import argparse
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import ImageGrab

from benchmarks import display
from digits import command_line, markdown
from digits.errors import UserError, reason

ROOT = Path(__file__).resolve().parents[1]
PROGRAM = ROOT / "dist" / "handwritten-digits" / "handwritten-digits"
TIMES = 5  #: that the window is opened
PATIENCE = 30.0  #: s until the window must be visible, and until the program must have ended
PAUSE = 0.01  #: s between two looks at the screen
SHARE, COLOURS = 0.2, 20  #: of the screen that a window covers, and more colours than an empty window has


def clean(home: Path) -> dict[str, str]:
    """An environment without Python: an empty folder as PATH, and ``home`` as home; DISPLAY, where there is one."""
    empty = home / "no programs"
    empty.mkdir(parents=True, exist_ok=True)
    shown = {"DISPLAY": os.environ["DISPLAY"]} if "DISPLAY" in os.environ else {}
    return {"PATH": str(empty), "HOME": str(home), "LANG": "C.UTF-8", **shown}


@contextmanager
def opened(program: Path, environment: Mapping[str, str]) -> Iterator[tuple["subprocess.Popen[bytes]", float]]:
    """Open the window on the display, yield its process and the seconds until it could be seen; end it afterwards.

    Raises:
        UserError: the program cannot be started, ends, or shows no window in 30 s.
    """
    before = _screen()
    start = time.perf_counter()
    try:
        process = subprocess.Popen([program], env=dict(environment), stderr=subprocess.PIPE)
    except OSError as error:
        raise UserError(f"{program} cannot be started ({reason(error)}); build it with: make app") from error
    try:
        while not _shows_window(before, _screen()):
            if process.poll() is not None:
                said = process.stderr.read().decode("utf-8", "replace") if process.stderr else ""
                raise UserError(f"{program} ends with exit code {process.returncode}: {said.strip()[-500:]}")
            if time.perf_counter() - start > PATIENCE:
                raise UserError(f"{program} shows no window in {PATIENCE:.0f} s; start it by hand to see why")
            time.sleep(PAUSE)
        yield process, time.perf_counter() - start
    finally:
        process.kill()
        process.wait()
        if process.stderr:
            process.stderr.close()


def closed(process: "subprocess.Popen[bytes]") -> int:
    """Ask the program to end, as a desktop that shuts down does; returns its exit code.

    Raises:
        UserError: it has not ended after 30 s.
    """
    process.send_signal(signal.SIGTERM)
    try:
        return process.wait(PATIENCE)
    except subprocess.TimeoutExpired as error:
        raise UserError(f"the program has not ended after {PATIENCE:.0f} s; start it by hand to see why") from error


def size(folder: Path) -> int:
    """Bytes of all files below a folder; links count nothing."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


def archive_of(program: Path) -> Path:
    """The archive that ``make app`` puts beside the program's folder, which is what somebody downloads.

    Raises:
        UserError: there is not exactly one.
    """
    found = sorted(program.parent.parent.glob(f"{program.parent.name}-*.tar.gz"))
    if len(found) != 1:
        raise UserError(f"{len(found)} archives beside {program.parent}; build the program with: make app")
    return found[0]


def seconds_to_window(program: Path, times: int) -> list[float]:
    """Seconds from the start to the visible window, each with a new home, after one start that does not count.

    Raises:
        UserError: the window does not open or close.
    """
    taken = []
    for _ in range(times + 1):
        with tempfile.TemporaryDirectory() as home, opened(program, clean(Path(home))) as (process, seconds):
            closed(process)
            taken.append(seconds)
    return taken[1:]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run with the given command line. Returns the exit code."""
    return command_line.run("benchmarks.app", lambda: _work(arguments))


def _work(arguments: Sequence[str] | None) -> int:
    options = _parser().parse_args(arguments)
    program = options.program.absolute()
    sizes = [f"{n / 1e6:.0f} MB" for n in (archive_of(program).stat().st_size, size(program.parent))]
    with display.virtual():
        taken = seconds_to_window(program, options.times)
    middle = f"{statistics.median(taken):.2f} s ({min(taken):.2f} – {max(taken):.2f}, n = {len(taken)})"
    header = ("archive", "unpacked", "until the window can be seen, median (least – most)")
    print(markdown.table(header, [(*sizes, middle)]))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = command_line.OneLineParser(
        "python -m benchmarks.app", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--program", type=Path, default=PROGRAM, metavar="FILE", help="default: in dist/")
    whole = command_line.number(int, 1)
    parser.add_argument("--times", type=whole, default=TIMES, metavar="N", help="starts (default: %(default)s)")
    return parser


def _screen() -> NDArray[np.uint8]:
    """The display's pixels, every fourth in each direction: (height, width, 3)."""
    return np.asarray(ImageGrab.grab(xdisplay=os.environ["DISPLAY"]))[::4, ::4]


def _shows_window(before: NDArray[np.uint8], now: NDArray[np.uint8]) -> bool:
    changed = (before != now).any(axis=2)
    return bool(changed.mean() > SHARE) and len(np.unique(now[changed], axis=0)) > COLOURS


if __name__ == "__main__":
    sys.exit(main())
