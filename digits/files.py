"""Files, written completely or not at all, and read within bounds.

A file is written to a temporary one in the same folder, which is then renamed. Whatever reads a file that a person may
have put there goes through :func:`read_bytes`: it opens nothing but regular files, and knows beforehand how much it may
read.
"""

import errno
import hashlib
import json
import os
import secrets
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar

if TYPE_CHECKING:
    from filelock import BaseFileLock

Value = TypeVar("Value")
PARTIAL = ".partial-"  #: begins the name of a temporary file; the writing process's number follows
_DECODERS: dict[Any, Any] = {}  #: what reads JSON, by the type that it must be of
KINDS = {  #: of files that are not read, by their type in ``st_mode``
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}
UNSYNCED = (errno.EINVAL, errno.ENOTSUP, errno.ENOSYS, errno.EACCES, errno.EPERM)  #: this folder cannot be synced


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path to write to; rename it to ``path`` once the block has succeeded.

    Where ``path`` is a link, what it names is replaced; whoever may read and write the old file may do so with the
    new one. The temporary file lies in its folder (a rename is atomic only within one file
    system) and keeps its suffixes, because Keras and matplotlib choose the format by it. If the
    block fails, the temporary file is removed and what stood at ``path`` is untouched.

    Raises:
        OSError: the folder cannot be made or written, the disk is full, no file can have this name, or what stands at
            ``path`` is not a file.
    """
    if "\0" in str(path):
        raise OSError("no name of a file has a NUL in it")
    path = Path(os.path.realpath(path)) if os.path.islink(path) else path
    path.parent.mkdir(parents=True, exist_ok=True)
    mode = path.lstat().st_mode if os.path.lexists(path) else 0
    if stat.S_ISLNK(mode):
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path))
    if kind := KINDS.get(stat.S_IFMT(mode)):
        raise OSError(f"{path} is {kind}, not a file")
    suffixes = "".join(path.suffixes)[-40:]  # a name may be as long as the file system allows
    temporary = path.with_name(f"{PARTIAL}{os.getpid()}-{secrets.token_hex(4)}{suffixes}")
    try:
        yield temporary
        with open(temporary, "rb+") as file:
            os.fsync(file.fileno())  # first the bytes, then the name: a power cut leaves the old file
        if mode and sys.platform != "win32":
            os.chmod(temporary, stat.S_IMODE(mode))
        os.replace(temporary, path)
        sync_folder(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder survive a power cut, where the platform and the file system can."""
    if sys.platform == "win32":
        return  # folders cannot be opened
    try:
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError as error:
        if error.errno not in UNSYNCED:
            raise


def write_text(path: Path, text: str) -> None:
    """Write ``text`` as UTF-8 to ``path``, atomically."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: Path, value: Any) -> None:
    """Write ``value`` as indented JSON to ``path``, atomically."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")


@contextmanager
def opened(path: Path, flags: int = os.O_RDONLY) -> Iterator[BinaryIO]:
    """Open a regular file, or a link to one, to read or, as ``flags`` say, to write.

    Never waits for a pipe or touches a device.

    Raises:
        OSError: it cannot be opened.
        ValueError: it is not a file.
    """
    handle = os.open(path, flags | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0), 0o666)
    kind = stat.S_IFMT(os.fstat(handle).st_mode)
    if kind != stat.S_IFREG:
        os.close(handle)
        raise ValueError(f"it is {KINDS.get(kind, 'something else')}, not a file")
    with open(handle, "rb" if flags == os.O_RDONLY else "rb+") as file:
        yield file


def read_bytes(path: Path, most: int) -> bytes:
    """Read a file as :func:`opened` opens it. Allocates its size, ``most`` bytes at most.

    Raises:
        OSError: it cannot be read.
        ValueError: it is not a file, or has more than ``most`` bytes.
    """
    with opened(path) as file:
        size = os.fstat(file.fileno()).st_size
        content = file.read(most + 1) if size <= most else b""
    if size > most or len(content) > most:
        raise ValueError(f"it has {size:,} bytes, more than the {most:,} that are read")
    return content


def read_json(path: Path, kind: type[Value], most: int) -> Value:
    """Read a JSON file whose content is of a type: of dictionaries, lists, numbers or TypedDicts.

    Allocates at most about thirty times ``most``. Further keys of a TypedDict are dropped.
    NaN and infinity are refused.

    Raises:
        OSError: it cannot be read.
        ValueError: it is not a file, too large, not JSON, or JSON of another type.
    """
    return parse_json(read_bytes(path, most), kind)


def parse_json(content: bytes, kind: type[Value]) -> Value:
    """The content of a JSON file as :func:`read_json` reads it.

    Raises:
        ValueError: it is not JSON, or JSON of another type.
    """
    import msgspec  # here: most of what imports this module reads no JSON

    if kind not in _DECODERS:  # making one takes longer than reading a short file
        _DECODERS[kind] = msgspec.json.Decoder(kind)
    try:
        value: Value = _DECODERS[kind].decode(content)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    return value


def lock(path: Path, seconds: float = 0.0) -> "BaseFileLock":
    """The system's own lock of a file, which is released when its process ends, however it ends; not yet acquired.

    Args:
        path: of the file, which is made if it does not exist, and stays.
        seconds: to wait for another process before ``filelock.Timeout`` is raised.

    Raises:
        OSError: the file holds something, which locking it would empty, or is known by another name as well.
    """
    from filelock import FileLock  # here: whoever only reads need not load it

    if os.path.lexists(path) and ((found := os.lstat(path)).st_size or found.st_nlink > 1) and not os.path.isdir(path):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))
    return FileLock(path, timeout=seconds, poll_interval=0.005, fallback_to_soft=False)  # a mere file would stay


def sha256(path: Path) -> str:
    """The SHA-256 of a file's bytes, as 64 hexadecimal digits.

    Raises:
        OSError: it cannot be read.
        ValueError: it is not a file.
    """
    digest = hashlib.sha256()
    with opened(path) as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
