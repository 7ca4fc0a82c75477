"""Damaged and hostile ``.npz`` and IDX files: each is one line, within 2 GB and 10 s."""

import bz2
import gzip
import io
import lzma
import os
import re
import socket
import struct
import subprocess
import sys
import time
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from digits.errors import UserError
from digits.learning import arrays as door
from digits.learning.arrays import IDX_FILES, KEYS, read_arrays
from digits.learning.dataset import load

Arrays = dict[str, NDArray[Any]]
ROOT = Path(__file__).resolve().parents[2]
HEADER = "{'descr': '|u1', 'fortran_order': False, 'shape': (60, 28, 28), }"


def npy(header: str = HEADER, content: bytes = b"", version: int = 1, length: int | None = None) -> bytes:
    """An array's file with any header."""
    text = header.encode() + b"\n"
    said = len(text) if length is None else length
    return b"\x93NUMPY" + bytes([version, 0]) + struct.pack("<H" if version == 1 else "<I", said) + text + content


def saved(array: NDArray[Any], version: tuple[int, int] | None = None) -> bytes:
    file = io.BytesIO()
    np.lib.format.write_array(file, array, version, allow_pickle=True)  # type: ignore[no-untyped-call]
    return file.getvalue()


def packed(arrays: Arrays, method: int = zipfile.ZIP_DEFLATED, **members: bytes) -> bytes:
    """An ``.npz`` with some of the members' bytes replaced or added."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for key, content in ({key: saved(array) for key, array in arrays.items()} | members).items():
            archive.writestr(f"{key}.npy", content)
    return file.getvalue()


def twice(arrays: Arrays) -> bytes:
    file = io.BytesIO(packed(arrays))
    with zipfile.ZipFile(file, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("y_test.npy", b"")
    return file.getvalue()


def changed(content: bytes, offset: int, value: bytes, signature: bytes = b"PK\1\2") -> bytes:
    """The archive with bytes at an offset in the first entry of its list of members replaced."""
    at = content.index(signature) + offset
    return content[:at] + value + content[at + len(value) :]


def flipped(content: bytes) -> bytes:
    """The archive with a byte near the end of its first member's packed content changed."""
    at = content.index(b"PK\3\4", 1) - 40
    return content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]


def bomb(size: int, said: int | None = None) -> bytes:
    """An ``.npz`` whose first array unpacks to ``size`` zeros, or says that it does."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    content, checksum, block = b"", 0, bytes(1 << 20)
    for _ in range(size >> 20):
        content, checksum = content + packer.compress(block), zlib.crc32(block, checksum)
    content += packer.flush()
    fields = struct.pack("<HHHHHIIIHH", 20, 0, 8, 0, 0, checksum, len(content), said or size, 11, 0)
    local = b"PK\3\4" + fields + b"x_train.npy" + content
    entry = b"PK\1\2" + struct.pack("<H", 20) + fields + struct.pack("<HHHII", 0, 0, 0, 0, 0) + b"x_train.npy"
    return local + entry + b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, 1, 1, len(entry), len(local), 0)


def shape(text: str) -> str:
    return f"{{'descr': '|u1', 'fortran_order': False, 'shape': {text}, }}"


def kind(text: str) -> str:
    return f"{{'descr': {text}, 'fortran_order': False, 'shape': (60, 28, 28), }}"


STRUCTURED = np.zeros(60, [("a", "u1"), ("b", "<f8")])
HEADERS: dict[str, bytes] = {
    "10^13 images": npy(shape("(10000000000000, 28, 28)")),
    "10^30 images": npy(shape(f"({10**30}, 28, 28)")),
    "-1 images": npy(shape("(-1, 28, 28)")),
    "more than the file": npy(shape("(600000, 28, 28)"), bytes(784)),
    "a float": npy(shape("(60.5, 28, 28)")),
    "1,000 dimensions": npy(shape(f"({'28, ' * 1000})")),
    "many digits": npy(shape(f"({'1' * 3000})")),
    "bad parentheses": npy(shape("((60, 28, 28)")),
    "no header": npy(""),
    "garbage": bytes(range(256)),
    "empty": b"",
    "only the magic number": b"\x93NUMPY",
    "deep nesting": npy(shape("(" * 30_000)),
    "a call": npy(kind("__import__('os').abort()")),
    "boolean": saved(np.zeros((60, 28, 28), bool)),
    "structured": saved(STRUCTURED),
    "objects": saved(np.array([{}] * 60)),
    "text": saved(np.array(["a"] * 60)),
    "no type": npy(kind("'|u'")),
    "not a type": npy(kind("'zzzz'")),
    "big-endian": saved(np.zeros((60, 28, 28), ">u2")),
    "version 2 of 4 GB": npy(version=2, length=0xFFFFFFF0),
    "version 3 of 4 GB": npy(version=3, length=0xFFFFFFF0),
    "version 9": npy(version=9),
    "another length": npy(length=70_00),
    "too short": npy(content=bytes(60 * 784 - 1)),
    "too long": npy(content=bytes(60 * 784 + 1)),
    "keys in another form": npy("{'descr': '|u1'}"),
}


def archives(arrays: Arrays) -> dict[str, Callable[[], bytes]]:
    whole = packed(arrays)
    return {
        "LZMA": lambda: packed(arrays, zipfile.ZIP_LZMA),
        "bzip2": lambda: packed(arrays, zipfile.ZIP_BZIP2),
        "an unknown method": lambda: changed(whole, 10, b"\x62\0"),
        "another method than the member's": lambda: changed(packed(arrays, zipfile.ZIP_STORED), 10, b"\x08\0"),
        "encrypted": lambda: changed(whole, 8, b"\1\0"),
        "patched": lambda: changed(whole, 8, b"\x20\0"),
        "a later version": lambda: changed(whole, 6, b"\xff\0"),
        "two of one name": lambda: twice(arrays),
        "missing": lambda: packed({key: arrays[key] for key in KEYS[1:]}),
        "damaged content": lambda: flipped(whole),
        "damaged CRC": lambda: changed(whole, 16, b"\0\0\0\0"),
        "larger than it says": lambda: changed(whole, 24, struct.pack("<I", 1000)),
        "larger than what is read": lambda: changed(whole, 24, struct.pack("<I", 0xF0000000)),
        "a place beyond its end": lambda: changed(whole, 42, struct.pack("<I", 0x7FFFFFFF)),
        "names that overlap": lambda: changed(whole, 28, b"\xff\xff"),
        "a list beyond its start": lambda: changed(whole, 16, struct.pack("<I", 0xFFFFFFF0), b"PK\5\6"),
        "a long list": lambda: changed(whole, 12, struct.pack("<I", 0x7FFFFFFF), b"PK\5\6"),
        "a list of another length": lambda: changed(whole, 12, struct.pack("<I", 7), b"PK\5\6"),
        "64-bit sizes": lambda: changed(whole, 0, b"PK\6\7" + bytes(16) + b"PK\5\6", b"PK\5\6"),
        "truncated": lambda: whole[:-200],
        "a tail": lambda: whole + bytes(100_000),
        "a zip of nothing": lambda: b"PK\5\6" + bytes(18),
    }


def assert_one_line(path: Path) -> str:
    start = time.monotonic()
    with pytest.raises(UserError) as caught:
        load(path, {})
    assert time.monotonic() - start < 10
    assert "\n" not in str(caught.value) and str(path) in str(caught.value) and "--dataset uci" in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("case", HEADERS)
def test_a_header_of_another_kind_is_one_line(case: str, arrays: Arrays, tmp_path: Path) -> None:
    path = tmp_path / "digits.npz"
    path.write_bytes(packed(arrays, x_train=HEADERS[case]))
    assert "x_train" in assert_one_line(path)


@pytest.mark.parametrize("case", archives(dict.fromkeys(KEYS, np.zeros(1, np.uint8))))
def test_an_archive_of_another_kind_is_one_line(case: str, arrays: Arrays, tmp_path: Path) -> None:
    path = tmp_path / "digits.npz"
    path.write_bytes(archives(arrays)[case]())
    assert_one_line(path)


def idx(array: NDArray[Any]) -> bytes:
    return struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.tobytes()


def idx_files(arrays: Arrays) -> dict[str, bytes]:
    whole = idx(arrays["x_train"])
    zipped = gzip.compress(whole)
    return {
        "bad magic": b"\0\0\x0d\3" + whole[4:],
        "10^9 images": b"\0\0\x08\3" + struct.pack(">III", 10**9, 28, 28) + whole[16:],
        "2^96 pixels": b"\0\0\x08\3" + struct.pack(">III", *[0xFFFFFFFF] * 3),
        "255 dimensions": b"\0\0\x08\xff" + b"\0\0\0\1" * 255,
        "no dimensions": b"\0\0\x08\0" + b"\0",
        "one dimension": idx(arrays["y_train"]),
        "trailing bytes": whole + b"\0",
        "short": whole[:-1],
        "only a header": whole[:16],
        "half a header": whole[:9],
        "empty": b"",
        "gzip, truncated": zipped[:-9],
        "gzip, damaged CRC": zipped[:-8] + b"\0\0\0\0" + zipped[-4:],
        "gzip, damaged": zipped[:50] + bytes(50) + zipped[100:],
        "gzip of nothing": gzip.compress(b""),
        "gzip, trailing bytes": zipped + b"x",
        "gzip of several": gzip.compress(whole[:1000]) + gzip.compress(whole[1000:]),
        "gzip of trailing bytes": gzip.compress(whole + b"\0"),
        "gzip of 10^9 images": gzip.compress(b"\0\0\x08\3" + struct.pack(">III", 10**9, 28, 28) + bytes(10_000_000)),
        "bzip2": bz2.compress(whole),
        "LZMA": lzma.compress(whole),
    }


@pytest.mark.parametrize("case", idx_files(dict.fromkeys(KEYS, np.zeros((2, 28, 28), np.uint8))))
def test_an_idx_file_of_another_kind_is_one_line(case: str, arrays: Arrays, tmp_path: Path) -> None:
    for key, name in IDX_FILES.items():
        (tmp_path / name).write_bytes(idx(arrays[key]))
    (tmp_path / IDX_FILES["x_train"]).write_bytes(idx_files(arrays)[case])
    assert IDX_FILES["x_train"] in assert_one_line(tmp_path)


def test_one_idx_file_is_not_the_folder(arrays: Arrays, tmp_path: Path) -> None:
    (tmp_path / "train").write_bytes(idx(arrays["x_train"]))
    assert "give the folder" in assert_one_line(tmp_path / "train")


# -- limits ---------------------------------------------------------------------------------------


def memory_of(path: Path) -> float:
    """The most memory, MB, of a process that is given such data."""
    code = "import sys\nfrom pathlib import Path\nfrom benchmarks.memory import peak_memory\n"
    code += "from digits.learning.arrays import read_arrays\n"
    code += "try: read_arrays(Path(sys.argv[1]))\nexcept ValueError: print(peak_memory())"
    command = [sys.executable, "-c", code, str(path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=10)
    return int(done.stdout) / 1e6


@pytest.mark.skipif(sys.platform == "win32", reason="its peak of memory is not known there")
@pytest.mark.parametrize("case", ["a bomb of 3 GB", "a bomb of 200 MB", "a gzip of 1 GB", "a file of 16 GB"])
def test_a_bomb_takes_little_memory(case: str, arrays: Arrays, tmp_path: Path) -> None:
    path = tmp_path / "bomb"
    if case.startswith("a bomb"):
        path.write_bytes(bomb(200 << 20, 3 << 30 if "3 GB" in case else None))
    elif case == "a file of 16 GB":
        path.touch()
        os.truncate(path, 1 << 34)
    else:
        path.mkdir()
        for key, name in IDX_FILES.items():
            (path / name).write_bytes(idx(arrays[key]))
        content = b"\0\0\x08\3" + struct.pack(">III", 10**9 // 784, 28, 28) + bytes(1 << 25)
        (path / IDX_FILES["x_train"]).write_bytes(gzip.compress(content))
    assert memory_of(path) < 200


def test_all_arrays_together_are_limited(arrays: Arrays, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    size = sum(array.nbytes for array in arrays.values())
    (tmp_path / "digits.npz").write_bytes(packed(arrays))
    for most, refused in ((size, False), (size - 1, True)):
        monkeypatch.setattr(door, "MOST", most)
        if refused:
            assert "are read in all" in assert_one_line(tmp_path / "digits.npz")
        else:
            read_arrays(tmp_path / "digits.npz")


# -- what is read all the same --------------------------------------------------------------------


@pytest.mark.parametrize("case", ["stored", "columns", "version 2", "further arrays", "Python 2", "a comment"])
def test_other_archives_that_hold_the_same_are_read(case: str, arrays: Arrays, tmp_path: Path) -> None:
    images = arrays["x_train"]
    old = HEADER.replace("60,", "60L,").replace(" 28)", " 28L)")
    content = {
        "stored": packed(arrays, zipfile.ZIP_STORED),
        "columns": packed(arrays, x_train=saved(np.asfortranarray(images))),
        "version 2": packed(arrays, x_train=saved(images, (2, 0))),
        "further arrays": packed(arrays | {"x_extra": np.zeros(9, np.uint8)}, z=b"anything"),
        "Python 2": packed(arrays, x_train=npy(old, images.tobytes())),
        "a comment": changed(packed(arrays), 20, b"\3\0abc", b"PK\5\6"),
    }[case]
    (tmp_path / "digits.npz").write_bytes(content)
    read = read_arrays(tmp_path / "digits.npz")
    assert all(np.array_equal(read[key], arrays[key]) for key in KEYS)
    assert all(array.flags.c_contiguous and array.flags.writeable for array in read.values())


# -- what is no file ------------------------------------------------------------------------------


def special(kind: str, path: Path) -> Path:
    """A path of this kind; may be another than the one proposed."""
    if kind == "a named pipe":
        os.mkfifo(path)
    elif kind == "a device":
        return Path("/dev/zero")
    elif kind == "a link to nothing":
        path.symlink_to(path.parent / "nothing")
    elif kind == "a link to itself":
        path.symlink_to(path)
    elif kind == "a long name":
        return path.parent / ("9" * 300)
    elif kind == "a socket":
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(os.path.relpath(path))
    return path


SPECIAL = ["a named pipe", "a device", "a link to nothing", "a link to itself", "a long name", "a socket"]


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX's kinds of files")
@pytest.mark.parametrize("given", ["--data", "MNIST_NPZ", "in the folder"])
@pytest.mark.parametrize("kind", SPECIAL)
def test_what_is_no_file_is_one_line(
    kind: str, given: str, arrays: Arrays, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # a socket's path must be short
    if given == "in the folder":
        for key, name in IDX_FILES.items():
            (tmp_path / name).write_bytes(idx(arrays[key]))
        (tmp_path / IDX_FILES["y_test"]).unlink()
        path = special(kind, tmp_path / IDX_FILES["y_test"])
        if path.parent == tmp_path:
            assert_one_line(tmp_path)
        return
    path = special(kind, tmp_path / "x")
    with pytest.raises(UserError, match=re.escape(str(path))) as caught:
        load(path, {}) if given == "--data" else load(None, {"MNIST_NPZ": str(path)})
    assert "\n" not in str(caught.value)


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX's kinds of files")
@pytest.mark.parametrize("kind", SPECIAL)
def test_a_cache_that_is_no_file_is_not_read(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    cache = tmp_path / "keras" / "datasets"
    cache.mkdir(parents=True)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    if (made := special(kind, cache / "mnist.npz")) != cache / "mnist.npz":
        monkeypatch.setenv("KERAS_HOME", str(made))  # a name too long, or a device where a folder should be
    with pytest.raises(UserError, match="cannot be downloaded") as caught:
        load(None, {}, "http://127.0.0.1:9/mnist.npz")
    assert "\n" not in str(caught.value)
