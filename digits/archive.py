"""Zip archives (``.npz``, ``.keras``) and gzip, unpacked within bounds."""

import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import IO

MOST_DIRECTORY = 1 << 20  #: bytes of the list of members; Python needs about twenty times as much for it
END, END_SIZE, LARGE = b"PK\5\6", 22, b"PK\6\7"
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
ENCRYPTED = 1  #: of a member's flags


class Archive:
    """The members of a zip archive.

    Nothing is unpacked before it is known what all of it comes to.
    """

    def __init__(self, content: bytes, most: int, most_directory: int = MOST_DIRECTORY) -> None:
        """Read the list of members, for which twenty times its bytes are allocated.

        Args:
            content: of the file.
            most: bytes that all members together may have once they are unpacked.
            most_directory: bytes that the list may have.

        Raises:
            ValueError: it is damaged, too large, or packed in a way that is not read.
        """
        _check_directory(content, most_directory)
        with _reading():
            members = zipfile.ZipFile(BytesIO(content)).infolist()
        self._content = content
        self.members = {member.filename: member for member in members}
        for member in members:
            if member.flag_bits & ENCRYPTED or member.compress_type not in METHODS:
                raise ValueError(f"{member.filename} is encrypted or compressed in a way that is not read")
        if len(self.members) < len(members):
            raise ValueError("two of its files have one name")
        if (total := sum(member.file_size for member in members)) > most:
            raise ValueError(f"it holds {total:,} bytes once it is unpacked, more than the {most:,} that are read")

    @contextmanager
    def open(self, name: str) -> Iterator[IO[bytes]]:
        """Open a member, of which no more can be read than the list says.

        Raises:
            ValueError: there is none of that name, or it is damaged.
        """
        if name not in self.members:
            raise ValueError(f"{name} is missing")
        with _reading(), zipfile.ZipFile(BytesIO(self._content)) as archive, archive.open(name) as file:
            yield file

    def each(self, names: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """The names and contents of some members, checked by their CRC; allocates the size of one at a time.

        Raises:
            ValueError: one is damaged.
        """
        with _reading(), zipfile.ZipFile(BytesIO(self._content)) as archive:
            for name in names:
                content = archive.read(self.members[name])
                if len(content) != self.members[name].file_size:
                    raise ValueError(f"{name} ends early")
                yield name, content

    def read(self, name: str) -> bytes:
        """A whole member, checked by its CRC; allocates its size.

        Raises:
            ValueError: there is none of that name, or it is damaged.
        """
        with self.open(name) as file:
            content = file.read()
            if len(content) != self.members[name].file_size:
                raise ValueError(f"{name} ends early")
            return content


class Gzip:
    """A gzip-compressed file, unpacked as far as asked for."""

    def __init__(self, content: bytes) -> None:
        """Unpack nothing yet; ``content`` is the file's."""
        self._stream, self._packed, self._left = zlib.decompressobj(31), BytesIO(content), b""

    def read(self, size: int) -> bytes:
        """The next ``size`` bytes; fewer at the end, which is checked by its CRC.

        Raises:
            ValueError: it is damaged, ends early, or something follows it.
        """
        content = b""
        while len(content) < size and not self._stream.eof:
            if not (packed := self._left or self._packed.read(1 << 16)):
                raise ValueError("its gzip ends early")
            try:
                content += self._stream.decompress(packed, size - len(content))
            except zlib.error as error:
                raise ValueError("its gzip is damaged") from error
            self._left = self._stream.unconsumed_tail
        if self._stream.unused_data or (self._stream.eof and self._packed.read(1)):
            raise ValueError("something follows its gzip; unpack it first")
        return content


@contextmanager
def _reading() -> Iterator[None]:
    """Turn whatever :mod:`zipfile` stumbles over in damaged bytes, some twelve kinds of exceptions, into one."""
    try:
        yield
    except (ValueError, MemoryError):
        raise
    except Exception as error:
        raise ValueError(str(error) or type(error).__name__) from error


def _check_directory(content: bytes, most: int) -> None:
    """Check that there is a list of members, and that it is short."""
    at = content.rfind(END, max(0, len(content) - END_SIZE - 0xFFFF))
    if at < 0 or len(content) < at + END_SIZE:
        raise ValueError("it is not a zip archive, or ends early")
    (size,) = struct.unpack_from("<I", content, at + 12)
    if size > most or LARGE in content[max(0, at - 20) : at]:
        raise ValueError("the list of its files is too long")
