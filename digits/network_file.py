"""A saved network's file: read once, and used only if its card vouches for it or a process of its own has tried it.

NAME.keras and NAME.onnx lie beside their model card, NAME.json, which lists their SHA-256. Whoever opens a network
takes its bytes from :func:`read`, so that the bytes that were checked are the bytes that are used.
"""

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypedDict

from digits.errors import UserError, reason
from digits.files import read_bytes, read_json
from digits.networks import ROOT, remedy
from digits.publishing import settle

MOST = 256 << 20  #: bytes of a network's file
MOST_CARD = 4 << 20  #: bytes of a card; the published ones have 15,000
MEMORY, SECONDS = 2 << 30, 10  #: that trying out a network may take
REFUSED = 3  #: exit code of a process that tried a network and found it wrong

#: One thread and one arena each: what libraries reserve for others would count as memory.
FRUGAL = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "1"}


class Listed(TypedDict):
    """What is needed of a card here: SHA-256 by file name."""

    files: dict[str, str]


def read(path: Path, check: str) -> bytes:
    """Read a network's file.

    With a card beside it, the file must be the one that the card lists, and is not checked any further. Without a card,
    it is tried out first. Allocates 512 MB at most, and in another process 2 GB.

    Args:
        path: of the file.
        check: the module that tries it out, run as ``python -m``; it calls :func:`serve`.

    Raises:
        UserError: the file is missing, cannot be read, is larger than 256 MB, is not what its card lists, or does not
            pass the check; the card is damaged or does not list it.
    """
    content, digest, listed = _read(path)
    if listed not in (None, digest):
        content, digest, listed = _read(path)  # a publication may have come between the card and the file
    if listed is None:
        try:
            try_out(content, check)
        except ValueError as error:
            raise UserError(f"{path} is not a network that can be used ({reason(error)}); {remedy(path)}") from error
    elif listed != digest:
        raise UserError(f"{path} is not the file that {card_of(path).name} describes; {remedy(path)}")
    return content


def card_of(path: Path) -> Path:
    """Where the card of a network's file lies."""
    return path.parent / f"{path.stem}.json"


def _read(path: Path) -> tuple[bytes, str, str | None]:
    """A file's bytes, their SHA-256, and the one that the card lists; None without a card."""
    settle(path.absolute().parent.parent)
    listed = _listed(path)
    try:
        content = read_bytes(path, MOST)
    except FileNotFoundError as error:
        raise UserError(f"no network at {path}; {remedy(path)}") from error
    except (OSError, ValueError) as error:
        raise UserError(f"{path} cannot be read: {reason(error, path)}; {remedy(path)}") from error
    return content, hashlib.sha256(content).hexdigest(), listed


def _listed(path: Path) -> str | None:
    card = card_of(path)
    if not os.path.lexists(card):
        return None
    try:
        files = read_json(card, Listed, MOST_CARD)["files"]
    except (OSError, ValueError) as error:
        raise UserError(f"{card} is not a valid model card ({reason(error, card)}); {remedy(path)}") from error
    if path.name not in files:
        raise UserError(f"{card} does not list {path.name}, so that it is not used; {remedy(path)}")
    return files[path.name]


def try_out(content: bytes, check: str) -> None:
    """Check untrusted bytes in a process of its own: it may take 2 GB (where the system can limit it) and 10 s.

    Args:
        content: the bytes.
        check: a module that calls :func:`serve`.

    Raises:
        ValueError: the check found something wrong, crashed, or took too much memory or time.
    """
    command = [sys.executable, "-m", check]
    try:
        done = subprocess.run(
            command, input=content, capture_output=True, cwd=ROOT, env=os.environ | FRUGAL, timeout=SECONDS
        )
    except subprocess.TimeoutExpired as error:
        raise ValueError(f"checking it takes more than {SECONDS} s") from error
    except OSError as error:
        raise ValueError(f"it cannot be checked: {reason(error)}") from error
    if done.returncode == REFUSED:
        raise ValueError(done.stdout.decode("utf-8", "replace"))
    if done.returncode:
        raise ValueError("checking it crashes, or takes more than 2 GB")


def serve(check: Callable[[bytes], None]) -> int:
    """The other side of :func:`try_out`: check what comes through standard input.

    Args:
        check: raises an exception that says what is wrong; imports what it needs itself, under the limits.

    Returns:
        The exit code.
    """
    if sys.platform != "win32":
        import resource

        for kind, most in ((resource.RLIMIT_AS, MEMORY), (resource.RLIMIT_CPU, 4 * SECONDS), (resource.RLIMIT_CORE, 0)):
            with suppress(OSError, ValueError):  # not every system can limit everything
                resource.setrlimit(kind, (most, most))
    try:
        check(sys.stdin.buffer.read(MOST + 1))
    except MemoryError:
        said = "checking it takes more than 2 GB"
    except Exception as error:  # whatever a library raises when it is given damaged bytes
        said = reason(error)
    else:
        return 0
    sys.stdout.buffer.write(said.encode())
    return REFUSED
