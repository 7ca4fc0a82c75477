"""A virtual display, on which windows are tried, driven and photographed where nobody looks."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from digits.errors import UserError


def available() -> bool:
    """Whether there is Xvfb, which makes one."""
    return shutil.which("Xvfb") is not None


@contextmanager
def virtual() -> Iterator["subprocess.Popen[bytes]"]:
    """Run Xvfb with 1600×1000 pixels, set DISPLAY to it, and yield its process.

    Raises:
        UserError: Xvfb is not installed or does not start.
    """
    program = shutil.which("Xvfb")
    if program is None:
        raise UserError("a virtual display needs Xvfb: sudo apt install xvfb")
    before = os.environ.get("DISPLAY")
    reading, writing = os.pipe()
    command = [program, "-displayfd", str(writing), "-screen", "0", "1600x1000x24", "-nolisten", "tcp"]
    command += ["-noreset"]  # or it refuses who comes just after the last one has gone
    server = subprocess.Popen(command, pass_fds=(writing,), stderr=subprocess.DEVNULL)
    os.close(writing)
    try:
        with os.fdopen(reading) as pipe:
            number = pipe.readline().strip()  # Xvfb picks a free one and writes it once it is ready
        if not number:
            raise UserError("Xvfb does not start; run it to see why")
        os.environ["DISPLAY"] = f":{number}"
        yield server
    finally:
        server.terminate()
        server.wait()
        if before is None:
            os.environ.pop("DISPLAY", None)
        else:
            os.environ["DISPLAY"] = before


@contextmanager
def wherever() -> Iterator[None]:
    """A virtual display, where there is Xvfb; else the one that there is.

    Raises:
        UserError: there is neither.
    """
    if available():
        with virtual():
            yield
        return
    if sys.platform not in ("win32", "darwin") and not os.environ.get("DISPLAY"):
        raise UserError("a window needs a display, or Xvfb: sudo apt install xvfb")
    yield
