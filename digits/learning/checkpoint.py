"""The door for an unfinished run's variables: an ``.npz`` whose arrays are known before it is opened."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digits.archive import Archive
from digits.files import read_bytes
from digits.learning.arrays import MOST_HEADER, read_content, read_header

MOST_STATE = 1 << 24  #: bytes of the JSON beside it
OVERHEAD = 4096  #: bytes of an array's header and of its place in the archive

Expected = tuple[np.dtype[Any], tuple[int, ...]]  #: data type and shape of an array


def read_variables(path: Path, expected: Sequence[Expected]) -> list[NDArray[Any]]:
    """Read arrays as ``numpy.savez`` writes them without names.

    Allocates at most twice their size and 25 MB.

    Args:
        path: of the file.
        expected: what the arrays must be, in their order.

    Returns:
        Arrays of just these types and shapes; all numbers are finite.

    Raises:
        OSError: it is missing or cannot be read.
        ValueError: it is damaged, or holds other arrays.
    """
    most = sum(dtype.itemsize * math.prod(shape) + OVERHEAD for dtype, shape in expected)
    archive = Archive(read_bytes(path, most + OVERHEAD), most)
    names = [f"arr_{number}.npy" for number in range(len(expected))]
    if archive.members.keys() != set(names):
        raise ValueError(f"{path.name} does not hold this network's {len(names)} variables")
    return [_read(archive, name, *kind) for name, kind in zip(names, expected, strict=True)]


def _read(archive: Archive, name: str, dtype: np.dtype[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    with archive.open(name) as file:
        header = read_header(name, start := file.read(MOST_HEADER))
        if (header.kind, header.shape) != (dtype.str, shape):
            raise ValueError(f"{name} must be {dtype.str} of shape {shape}, got {header.kind} of shape {header.shape}")
        content = read_content(name, start[header.length :], file, dtype.itemsize * math.prod(shape))
    array: NDArray[Any] = content.view(dtype).reshape(shape, order="F" if header.in_columns else "C")
    if dtype.kind == "f" and not np.isfinite(array).all():
        raise ValueError(f"{name} holds values that are no numbers")
    return array
