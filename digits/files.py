"""Files, written completely or not at all, and read within bounds.

A file is written to a temporary one in the same folder, which is then renamed. Whatever reads a file that a person may
have put there goes through :func:`read_bytes`: it opens nothing but regular files, and knows beforehand how much it may
read.
"""

import hashlib
import json
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

Value = TypeVar("Value")
_DECODERS: dict[Any, Any] = {}  #: what reads JSON, by the type that it must be of
KINDS = {  #: of files that are not read, by their type in ``st_mode``
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path to write to; rename it to ``path`` once the block has succeeded.

    The temporary file lies in the folder of ``path`` (a rename is atomic only within one file
    system) and keeps its suffixes, because Keras and matplotlib choose the format by it. If the
    block fails, the temporary file is removed and what stood at ``path`` is untouched.

    Raises:
        OSError: the folder cannot be made or written, or the disk is full.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".partial-{os.getpid()}-{path.name}")
    try:
        yield temporary
        with open(temporary, "rb+") as file:
            os.fsync(file.fileno())  # first the bytes, then the name: a power cut leaves the old file
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write ``text`` as UTF-8 to ``path``, atomically."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: Path, value: Any) -> None:
    """Write ``value`` as indented JSON to ``path``, atomically."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def read_bytes(path: Path, most: int) -> bytes:
    """Read a regular file, or a link to one.

    Never waits for a pipe or reads a device. Allocates the size of the file, ``most`` bytes at most.

    Raises:
        OSError: it cannot be read.
        ValueError: it is not a file, or has more than ``most`` bytes.
    """
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    with open(handle, "rb") as file:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode):
            raise ValueError(f"it is {KINDS.get(stat.S_IFMT(found.st_mode), 'something else')}, not a file")
        content = file.read(most + 1) if found.st_size <= most else b""
    if found.st_size > most or len(content) > most:
        raise ValueError(f"it has {found.st_size:,} bytes, more than the {most:,} that are read")
    return content


def read_json(path: Path, kind: type[Value], most: int) -> Value:
    """Read a JSON file whose content is of a type: of dictionaries, lists, numbers or TypedDicts.

    Allocates at most about thirty times ``most``. Further keys of a TypedDict are dropped.
    NaN and infinity are refused.

    Raises:
        OSError: it cannot be read.
        ValueError: it is not a file, too large, not JSON, or JSON of another type.
    """
    import msgspec  # here: most of what imports this module reads no JSON

    if kind not in _DECODERS:  # making one takes longer than reading a short file
        _DECODERS[kind] = msgspec.json.Decoder(kind)
    try:
        value: Value = _DECODERS[kind].decode(read_bytes(path, most))
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    return value


def sha256(path: Path) -> str:
    """The SHA-256 of a file's bytes, as 64 hexadecimal digits."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
