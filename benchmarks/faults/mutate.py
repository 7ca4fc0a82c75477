"""Damages files at random: always the same for the same seed."""

import gzip
import io
import json
import os
import socket
import struct
import sys
import zipfile
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any

from benchmarks.faults import seeds
from benchmarks.faults.seeds import Item

MOST = 4  #: changes of one input
LARGEST = 8 << 20  #: bytes of a mutated file
#: What may lie in the place of a file; on Windows only the folder.
SPECIAL = ("folder",) if sys.platform == "win32" else (
    "folder", "fifo", "socket", "dangling", "circular", "zero", "random", "null",
)  # fmt: skip
INTEGERS = (0, 1, -1, 2, 127, 128, 255, 256, 32767, 32768, 65535, 65536, 2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**63 - 1)
FORMATS = [(order + code, size) for order in "<>" for code, size in (("b", 1), ("h", 2), ("i", 4), ("q", 8))]
NUMBERS = (0, -1, 1, 2, 0.1, 0.5, 1e-9, 40, 400, 4000, 9999, 10_000, -10_000, 10_001, 1e6, 1e18, 1e308, -1e308, 2**31,
           2**32, 2**53, 2**63, 2**64, 10**40)  # fmt: skip
TEXTS = ("", "0", "ANN", "nan", "../../x", "/etc/passwd", "C:\\x", "\0", "\u2028", "é" * 300, "x" * 100_000, "<script>")
WORDS = (b"NaN", b"Infinity", b"-Infinity", b"1e999", b"-0", b"1" * 400, b'"\\ud800"', b"null", b"true", b"[]", b"{}",
         b"[" * 100_000, b'{"a":' * 5000, b"\xff\xfe", b"\xef\xbb\xbf", b"//", b"'", b",,")  # fmt: skip
HEADERS = (
    ("shape", ("(10000000000000,)", "(10**30,)", "(1" + "0" * 30 + ", 28, 28)", "(-1, 28, 28)", "(20, 28", "20", "()",
               "(True, 28, 28)", "(20, 28, 28, 1)", "(20, 0, 28)", "(2.5,)", "None", "(" * 300 + ")" * 300)),
    ("descr", ("'|O'", "'|b1'", "'<f8'", "'<U100000000'", "'|V0'", "'|S1'", "'>u2'", "[('a', '|u1')]", "'<M8[s]'", "7",
               "'x'", "('|u1', (28,))", "None", "'|u1,|u1'", "[('a', '|O')]")),
    ("fortran_order", ("True", "None", "7", "__import__('os')")),
)  # fmt: skip

FARTHEST = 1e300  #: larger numbers cannot be computed with

Change = Callable[[bytes, Random, Sequence[bytes]], bytes]


def mutated(whole: Sequence[Item], rng: Random, others: Sequence[bytes]) -> Item:
    """One of the seeds with one of its files damaged, replaced or taken away.

    Args:
        whole: inputs of one kind.
        rng: decides everything.
        others: the content of files of any kind, to be spliced in, or put under this one's name.
    """
    seed = rng.choice(whole)
    files = dict(seed.files)
    for _ in range(1 if len(files) == 1 else rng.randint(1, 2)):
        name = rng.choice(sorted(files))
        before = files[name]
        how = rng.random()
        if how < 0.01:
            files[name] = rng.choice(SPECIAL)
        elif how < 0.02 and len(files) > 1:
            del files[name]
        elif isinstance(before, bytes):
            files[name] = damaged(before, rng, others)
    return Item(files, seed.target)


def damaged(content: bytes, rng: Random, others: Sequence[bytes]) -> bytes:
    """Content with one to four changes that its format suggests."""
    if rng.random() < 0.02:
        content = rng.choice(others)
        if rng.random() < 0.5:
            return content
    for _ in range(rng.choice((1, 1, 1, 2, 3, MOST))):
        content = rng.choice(_changes(content, rng))(content, rng, others)[:LARGEST]
    return content


def _changes(content: bytes, rng: Random) -> Sequence[Change]:
    """The changes for this kind of content; plain damage in any kind."""
    if rng.random() < 0.15:
        return BYTES
    if content[:1] in b"{[" and content:
        return (_json,)
    if content[:2] == b"\x1f\x8b":
        return (*BYTES, *[_gzipped] * 24)
    if content[:4] == b"PK\3\4":
        return (_member,)
    if content[:6] == b"\x93NUMPY":
        return (_header,)
    if content[:4] == b"\x89PNG":
        return (*BYTES, _integer, *[_chunk] * 8)
    return (*BYTES, _integer, _integer, _integer)


def place(item: Item, folder: Path) -> Path:
    """Write an input into an empty folder. Returns the path to be read."""
    for name, content in item.files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            _place_special(path, content)
    return folder / item.target


def _place_special(path: Path, kind: str) -> None:
    if kind == "folder":
        path.mkdir()
    elif kind == "fifo":
        os.mkfifo(path)
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(os.path.relpath(path))  # their paths may have 100 characters
    else:
        path.symlink_to({"dangling": "nowhere", "circular": path.name}.get(kind, f"/dev/{kind}"))


# -- bytes ----------------------------------------------------------------------------------------


def _flip(content: bytes, rng: Random, _: Sequence[bytes]) -> bytes:
    if not content:
        return content
    changed = bytearray(content)
    for _time in range(rng.choice((1, 1, 2, 8))):
        changed[_at(rng, len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def _set(content: bytes, rng: Random, _: Sequence[bytes]) -> bytes:
    if not content:
        return content
    at = _at(rng, len(content))
    return content[:at] + bytes((rng.choice((0, 255, rng.randrange(256))),)) + content[at + 1 :]


def _insert(content: bytes, rng: Random, _: Sequence[bytes]) -> bytes:
    at = _at(rng, len(content) + 1)
    return content[:at] + rng.choice((rng.randbytes(rng.randint(1, 64)), bytes(rng.randint(1, 4096)))) + content[at:]


def _delete(content: bytes, rng: Random, _: Sequence[bytes]) -> bytes:
    first, last = _block(rng, len(content))
    return content[:first] + content[last:]


def _duplicate(content: bytes, rng: Random, _: Sequence[bytes]) -> bytes:
    first, last = _block(rng, len(content))
    return content[:last] + content[first:last] * rng.choice((1, 1, 2, 100)) + content[last:]


def _truncate(content: bytes, rng: Random, _: Sequence[bytes]) -> bytes:
    return content[: rng.choice((rng.choice((0, 1, 16)), *(rng.randint(0, len(content)) for _time in range(6))))]


def _splice(content: bytes, rng: Random, others: Sequence[bytes]) -> bytes:
    other = rng.choice(others)
    return content[: rng.randint(0, len(content))] + other[rng.randint(0, len(other)) :]


def _integer(content: bytes, rng: Random, _: Sequence[bytes]) -> bytes:
    """An interesting number of 1 to 8 bytes in either order, mostly near the beginning, where headers are."""
    code, size = rng.choice(FORMATS)
    if len(content) < size:
        return content
    at = _at(rng, len(content) - size + 1)
    number = rng.choice(INTEGERS) % 2 ** (8 * size)
    packed = struct.pack(code.upper(), number)
    return content[:at] + packed + content[at + size :]


BYTES: Sequence[Change] = (_flip, _flip, _set, _insert, _delete, _duplicate, _truncate, _splice)


def _at(rng: Random, size: int) -> int:
    """A place in a file: two times of five in its first 128 bytes."""
    return rng.randrange(min(size, 128) if rng.random() < 0.4 else size) if size else 0


def _block(rng: Random, size: int) -> tuple[int, int]:
    first = _at(rng, size + 1)
    return first, min(size, first + rng.choice((1, 4, 16, 100, 1000)))


# -- JSON -----------------------------------------------------------------------------------------


def _json(content: bytes, rng: Random, others: Sequence[bytes]) -> bytes:
    """A value replaced, taken away, repeated, renamed or doubled; as bytes if it is no JSON any more."""
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        return rng.choice(BYTES)(content, rng, others)
    holders = _holders(value)
    if not holders:
        return json.dumps(_value(rng, value)).encode()
    numbers = [
        (holder, key)
        for holder in holders
        for key in _keys(holder)
        if type(holder[key]) in (int, float) and key != "version"
    ]
    if numbers and rng.random() < 0.6:
        _change_numbers(numbers, rng)
        return _dumped(value)
    holder = rng.choice(holders)
    key = rng.choice(_keys(holder))
    how = rng.random()
    if how < 0.7:
        holder[key] = _value(rng, holder[key])
    elif how < 0.78:
        del holder[key]
    elif how < 0.86 and isinstance(holder, list):
        holder[key : key + 1] = [holder[key]] * rng.choice((2, 2, 10, 10, 100, 1000))
    elif how < 0.9 and isinstance(holder, dict):
        holder[rng.choice(TEXTS)] = holder.pop(key)
    else:  # something that Python's JSON would not write
        mark = "-a mark-"
        holder[key] = mark
        word = rng.choice(WORDS) if how < 0.98 else b'1, "twice": 2, "twice": 3'
        return json.dumps(value, ensure_ascii=True).encode().replace(f'"{mark}"'.encode(), word)
    return _dumped(value)


def _keys(holder: Any) -> list[Any]:
    return list(holder) if isinstance(holder, dict) else list(range(len(holder)))


def _change_numbers(numbers: Sequence[tuple[Any, Any]], rng: Random) -> None:
    """Change one number or several, or multiply all, by amounts that leave most of them plausible."""
    numbers = [(holder, key) for holder, key in numbers if abs(holder[key]) < FARTHEST]  # larger: changed already
    if rng.random() < 0.1:
        factor = rng.choice((-1, 0, 1e-3, 0.5, 2, 10, 15, 1000))
        for holder, key in numbers:
            holder[key] *= factor
        return
    for holder, key in rng.sample(numbers, min(len(numbers), rng.choice((1, 1, 2, 10)))):
        before = holder[key]
        near = before + rng.uniform(-1, 1) * rng.choice((1, 100, 10_000))
        holder[key] = rng.choice((rng.choice(NUMBERS), before * 2, -before, near, near))


def _dumped(value: Any) -> bytes:
    try:
        return json.dumps(value).encode()
    except (ValueError, RecursionError):  # a number of too many digits
        return b"[" * 2000


def _holders(value: Any) -> list[Any]:
    """Every list and dictionary in a value that is not empty."""
    found: list[Any] = []
    todo = [value]
    while todo:
        one = todo.pop()
        if isinstance(one, dict | list) and one:
            found.append(one)
            todo += one.values() if isinstance(one, dict) else one
    return found


def _value(rng: Random, before: Any) -> Any:
    """Another value: mostly of the same type, since another type is refused at once."""
    if isinstance(before, str) and rng.random() < 0.5:
        return rng.choice(TEXTS)
    nested: Any = []
    for _ in range(rng.choice((1, 10, 500))):
        nested = [nested]
    return rng.choice((None, True, False, rng.choice(NUMBERS), rng.choice(TEXTS), [], {}, [before], nested))


def _gzipped(content: bytes, rng: Random, others: Sequence[bytes]) -> bytes:
    """A gzipped file with its inside damaged."""
    try:
        inside = gzip.decompress(content)
    except (OSError, EOFError, zlib.error):
        return rng.choice(BYTES)(content, rng, others)
    return gzip.compress(damaged(inside, rng, others)[:LARGEST], 1, mtime=0)


def _chunk(content: bytes, rng: Random, others: Sequence[bytes]) -> bytes:
    """A PNG with the inside of a chunk damaged and its checksum right; image data is unpacked for it."""
    chunks, at = [], 8
    while at + 8 <= len(content):
        (size,) = struct.unpack_from(">I", content, at)
        chunks.append((content[at + 4 : at + 8], content[at + 8 : at + 8 + size]))
        at += 12 + size
    if not chunks:
        return rng.choice(BYTES)(content, rng, others)
    place = rng.randrange(len(chunks))
    kind, data = chunks[place]
    try:
        inside = zlib.decompress(data) if kind == b"IDAT" else data
    except zlib.error:
        inside = data
    changed = rng.choice((_integer, *BYTES))(inside, rng, others)
    chunks[place] = (kind, zlib.compress(changed, 1) if kind == b"IDAT" else changed)
    return content[:8] + b"".join(seeds.png_chunk(*chunk) for chunk in chunks)


# -- archives and arrays --------------------------------------------------------------------------


def _member(content: bytes, rng: Random, others: Sequence[bytes]) -> bytes:
    """An archive with one member damaged, doubled, renamed, taken away or compressed in another way."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = {info.filename: archive.read(info) for info in archive.infolist() if info.file_size < LARGEST}
    except Exception:  # damaged by an earlier change, in any of a dozen ways
        return rng.choice(BYTES)(content, rng, others)
    if not members:
        return content
    name = rng.choice(sorted(members))
    how = rng.random()
    if how < 0.75:
        members[name] = damaged(members[name], rng, others)
    elif how < 0.85:
        del members[name]
    else:
        members[rng.choice(("../out.npy", "/tmp/out", "x" * 60_000, "x_test.npy", "config.json", ""))] = members[name]
    file = io.BytesIO()
    methods = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
    with zipfile.ZipFile(file, "w", rng.choice(methods), compresslevel=1) as archive:
        for member, inside in members.items():
            archive.writestr(zipfile.ZipInfo(member), inside, archive.compression)
    return file.getvalue()


def _header(content: bytes, rng: Random, others: Sequence[bytes]) -> bytes:
    """An array file whose header says something else."""
    if rng.random() < 0.3 or len(content) < 10:
        return rng.choice((_integer, *BYTES))(content, rng, others)
    size = struct.unpack_from("<H", content, 8)[0]
    header, rest = content[10 : 10 + size].decode("latin-1"), content[10 + size :]
    key, choices = rng.choice(HEADERS)
    before, found, after = header.partition(f"'{key}': ")
    end = after.find("), ") + 1 if key == "shape" else after.find(",")
    if found:
        header = f"{before}{found}{rng.choice(choices)}{after[max(0, end) :]}"
    packed = header.encode("latin-1")[:65535]
    return content[:8] + struct.pack("<H", len(packed)) + packed + rest
