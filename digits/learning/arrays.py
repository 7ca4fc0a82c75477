"""MNIST's four arrays from a file: the door for ``.npz`` archives and for folders of IDX files.

A header says how many bytes follow; it is checked before anything is allocated, and exactly so many are read. At most
1.7 GB are allocated: the largest file that is read, the arrays, and one of them again to turn it from columns to rows.
"""

import math
import os
import re
import struct
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from digits.archive import Archive, Gzip
from digits.files import read_bytes
from digits.image_format import SIZE

Bytes = NDArray[np.uint8]
Arrays = Mapping[str, Bytes]

MOST = 512 << 20  #: bytes of the four arrays, and of a file: 650,000 images
MOST_OTHER = 64 << 20  #: bytes that further arrays in the file may have
MOST_PACKED = 128 << 20  #: bytes of a gzip-compressed file
MOST_HEADER = 1 << 12  #: bytes

KEYS = ("x_train", "y_train", "x_test", "y_test")
#: The name of each IDX file, as MNIST's authors publish it; on Kaggle a dot stands for the second hyphen.
IDX_FILES = {
    "x_train": "train-images-idx3-ubyte",
    "y_train": "train-labels-idx1-ubyte",
    "x_test": "t10k-images-idx3-ubyte",
    "y_test": "t10k-labels-idx1-ubyte",
}
IDX_START = b"\0\0\x08"  #: of an IDX file of unsigned bytes
KINDS = {"<f8": "float64", "<f4": "float32", "<i8": "int64", "<i4": "int32", "|b1": "bool", "|O": "Python objects"}
#: A whole ``.npy`` header, as NumPy writes it; the lengths of versions 1 and of 2 and 3, what is measured by them, the
#: type, the order and the shape.
NPY_HEADER = re.compile(
    rb"\x93NUMPY(?:\x01\0(.{2})|[\x02\x03]\0(.{4}))"
    rb"(\{'descr': '([<>|=]?\w{1,9})', 'fortran_order': (False|True), "
    rb"'shape': \(((?:\d{1,20}L?, ?)*(?:\d{1,20}L?)?)\),? ?\} *\n)",
    re.DOTALL,
)


class Header(NamedTuple):
    """What the header of a ``.npy`` file says.

    Attributes:
        kind: data type, as NumPy spells it, such as "<f4".
        in_columns: whether the first index changes fastest in what follows.
        shape: of the array.
        length: bytes of the header itself.
    """

    kind: str
    in_columns: bool
    shape: tuple[int, ...]
    length: int


class Stream(Protocol):
    """What is read piece by piece."""

    def read(self, size: int, /) -> bytes:
        """The next bytes, ``size`` of them at most."""


def read_arrays(path: Path) -> dict[str, Bytes]:
    """The four arrays of an ``.npz`` as Keras lays out MNIST, or of a folder of IDX files, gzip-compressed or not.

    Returns:
        Arrays of their own, ``uint8``: images of shape (n, 28, 28) and labels of shape (n,), by the names in ``KEYS``.

    Raises:
        OSError: a file is missing or cannot be read.
        ValueError: a file is damaged, too large, or holds arrays of another shape or type.
    """
    if os.path.isdir(path):
        return _read_idx_folder(path)
    return _read_npz(read_bytes(path, MOST + MOST_OTHER))


def _read_npz(content: bytes) -> dict[str, Bytes]:
    if content.startswith(IDX_START):
        raise ValueError("it is one IDX file; give the folder with all four")
    archive = Archive(content, MOST + MOST_OTHER)
    arrays: dict[str, Bytes] = {}
    for key in KEYS:
        with archive.open(f"{key}.npy") as file:
            arrays[key] = _read_npy(key, file, MOST - _size(arrays))
    return arrays


def read_header(key: str, start: bytes) -> Header:
    """Read a ``.npy`` header without evaluating it, as NumPy does.

    Args:
        key: the array's name, for the message.
        start: the file's first bytes, :data:`MOST_HEADER` of them if it has so many.

    Raises:
        ValueError: it is not the header of an array of plain numbers, as NumPy writes it.
    """
    found = NPY_HEADER.match(start)
    length = int.from_bytes(found[1] or found[2], "little") if found else -1
    if not found or length != len(found[3]):
        raise ValueError(f"{key} does not begin as a plain array that NumPy has written")
    shape = tuple(int(side) for side in re.findall(rb"\d+", found[6]))
    return Header(found[4].decode("latin-1"), found[5] == b"True", shape, found.end())


def _read_npy(key: str, file: Stream, most: int) -> Bytes:
    kind, in_columns, shape, length = read_header(key, start := file.read(MOST_HEADER))
    if kind != "|u1":
        raise ValueError(f"{key} must be uint8, got {KINDS.get(kind, kind)} of shape {shape}")
    _check_shape(key, shape, most)
    array = read_content(key, start[length:], file, math.prod(shape))
    return np.ascontiguousarray(array.reshape(shape, order="F")) if in_columns else array.reshape(shape)


def _read_idx_folder(folder: Path) -> dict[str, Bytes]:
    arrays: dict[str, Bytes] = {}
    for key, name in IDX_FILES.items():
        path = _idx_file(folder, name)
        try:
            arrays[key] = _read_idx(key, _unpacked(path), MOST - _size(arrays))
        except ValueError as error:
            raise ValueError(f"{path.name}: {error}") from error
    return arrays


def _unpacked(path: Path) -> Stream:
    content = read_bytes(path, MOST + MOST_HEADER)
    if not content.startswith(b"\x1f\x8b"):
        return BytesIO(content)
    if len(content) > MOST_PACKED:
        raise ValueError(f"it has {len(content):,} bytes; unpack it first")
    return Gzip(content)


def _idx_file(folder: Path, name: str) -> Path:
    """Where an IDX file lies: in a folder, or in a folder of its own in it, by one of its names.

    Raises:
        FileNotFoundError: nowhere.
    """
    names = [spelt + end for spelt in (name, name.replace("-idx", ".idx")) for end in ("", ".gz")]
    for path in [folder / one for one in names] + [folder / one / other for one in names for other in names]:
        if os.path.lexists(path) and not os.path.isdir(path):
            return path
    raise FileNotFoundError(f"{name} or {name}.gz is missing")


def _read_idx(key: str, file: Stream, most: int) -> Bytes:
    """An IDX file of unsigned bytes: 0, 0, 8, dimensions, each as big-endian 32 bits, then bytes."""
    start = file.read(4)
    dimensions = start[3] if len(start) == 4 else 0
    sides = file.read(4 * dimensions) if 0 < dimensions < 4 else b""
    if not start.startswith(IDX_START) or not sides or len(sides) < 4 * dimensions:
        raise ValueError("it is not an IDX file of bytes")
    shape = struct.unpack(f">{dimensions}I", sides)
    _check_shape(key, shape, most)
    return read_content(key, b"", file, math.prod(shape)).reshape(shape)


def _check_shape(key: str, shape: tuple[int, ...], most: int) -> None:
    if key.startswith("x") and (len(shape) != 3 or shape[1:] != (SIZE, SIZE)):
        raise ValueError(f"{key} must be uint8 of shape (n, {SIZE}, {SIZE}), got uint8 {shape}")
    if key.startswith("y") and len(shape) != 1:
        raise ValueError(f"{key} must be uint8 of shape (n,), got uint8 {shape}")
    if math.prod(shape) > most:
        raise ValueError(f"{key} has {math.prod(shape):,} bytes; {MOST:,} are read in all")


def read_content(key: str, start: bytes, file: Stream, size: int) -> Bytes:
    """Exactly ``size`` bytes, the first of which have been read already, up to the end of the file; allocates them.

    Raises:
        ValueError: there are fewer or more.
    """
    array = np.empty(size, np.uint8)
    array[: len(start)] = np.frombuffer(start[:size], np.uint8)
    at = len(start)
    while at < size and (block := file.read(min(size - at, 1 << 20))):
        array[at : at + len(block)] = np.frombuffer(block, np.uint8)
        at += len(block)
    if at < size:
        raise ValueError(f"{key} should hold {size:,} bytes after its header, has {at:,}")
    if at > size or file.read(1):  # reading to the end also checks the CRC
        raise ValueError(f"{key} holds more than the {size:,} bytes that its header says")
    return array


def _size(arrays: Arrays) -> int:
    return sum(array.nbytes for array in arrays.values())
