"""The door for handwriting: characters as pen strokes, by people who are known by a name.

Two formats: JSON, and UNIPEN's text (:mod:`digits.learning.unipen`); both may be packed with gzip. A writer of a JSON
file is known by the name in it, or by the file's name and a number, such as "pen-digits-dev 6"; one of UNIPEN by who
gave the data and the name or the file there, such as "aga/w1"; one of UCI's by the file's name and a comment's number.
"""

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, TypedDict

import msgspec
import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from digits.archive import Gzip
from digits.errors import UserError, reason
from digits.files import read_bytes
from digits.learning import unipen
from digits.learning.json_types import Digit
from digits.line_image import NO_DIGIT

Points = NDArray[np.float32]

MOST = 48 << 20  #: bytes of a file, packed or not
MOST_CHARACTERS = unipen.MOST_SEGMENTS  #: of all files together
MOST_FILES = 50_000  #: in a folder, of any kind
MOST_LISTED = 20  #: files of a folder whose digests are kept one by one
FARTHEST = unipen.FARTHEST  #: largest coordinate accepted
HELD_OUT = 5  #: one writer in so many is left out of training
LOOK_ALIKES = frozenset("OoDQIilj|/\\!()',`ZzSsBbGqgyJ&$")  #: signs that may be taken for a digit: neither one nor none
FORMAT = (
    '[{"digit": 0-9, "writer": "...", "strokes": [[[x, y], ...], ...]}, ...], with "sign" instead of "digit" for others'
)
FORMS = f"give JSON, packed with gzip or not, of the form {FORMAT}, or UNIPEN's text"


@dataclass(frozen=True)
class Character:
    """What somebody has written.

    Attributes:
        label: 0 to 9, or ``NO_DIGIT`` for a sign that nobody takes for a digit.
        writer: who has written it.
        strokes: an array of points for each stroke from pen-down to pen-up, ``float32``, shape (n, 2): x to the right,
            y downwards, in any unit.
        sign: the sign; "" for a digit.
    """

    label: int
    writer: str
    strokes: tuple[Points, ...]
    sign: str = ""


@dataclass(frozen=True)
class Handwriting:
    """Characters by many people.

    Attributes:
        characters: all of them.
        files: SHA-256 of the files that they are from, by name.
    """

    characters: tuple[Character, ...]
    files: Mapping[str, str] = field(default_factory=dict)

    def split(self) -> "tuple[Handwriting, Handwriting]":
        """What to learn from, and the handwriting of the writers that are left out to choose on: one in five."""
        known = [character for character in self.characters if not is_held_out(character.writer)]
        others = [character for character in self.characters if is_held_out(character.writer)]
        return Handwriting(tuple(known), self.files), Handwriting(tuple(others), self.files)

    def by_writer(self) -> dict[str, tuple[Character, ...]]:
        """The characters of each writer."""
        found: dict[str, list[Character]] = {}
        for character in self.characters:
            found.setdefault(character.writer, []).append(character)
        return {writer: tuple(characters) for writer, characters in found.items()}


def is_held_out(writer: str) -> bool:
    """Whether a writer is one of those that are left out of training, which the name alone decides."""
    return hashlib.sha256(writer.encode()).digest()[0] % HELD_OUT == 0


Coordinate = Annotated[float, Meta(ge=-FARTHEST, le=FARTHEST)]
Point = tuple[Coordinate, Coordinate]
Stroke = Annotated[list[Point], Meta(max_length=unipen.MOST_POINTS)]
Name = Annotated[str, Meta(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$")]
Number = Annotated[int, Meta(ge=-(10**15), le=10**15)]


class _Ink(TypedDict):
    writer: Name | Number
    strokes: Annotated[list[Stroke], Meta(max_length=unipen.MOST_POINTS)]


class _Entry(_Ink, total=False):
    digit: Digit
    sign: Annotated[str, Meta(min_length=1, max_length=20)]


_ENTRIES = msgspec.json.Decoder(Annotated[list[msgspec.Raw], Meta(max_length=MOST_CHARACTERS)])
_ENTRY = msgspec.json.Decoder(_Entry)


def load(paths: Sequence[Path]) -> Handwriting:
    """Read handwriting from files, or from folders as UNIPEN lays them out.

    Of signs, those that look like a digit are left out, as is what is labelled with several characters. Allocates at
    most about 2 GB for a file of the largest size.

    Args:
        paths: JSON or UNIPEN, by their content; packed with gzip or not. Of a folder all that is called ``*.dat`` is
            read, but for what lies in a folder ``include``, which is read where it is included.

    Raises:
        UserError: a file cannot be read, or holds something else; it names the file.
    """
    characters: list[Character] = []
    files: dict[str, str] = {}
    if len({os.path.abspath(path) for path in paths}) < len(paths):
        raise UserError(f"a file is given twice in {', '.join(map(str, paths))}; give each once")
    for path in paths:
        found, digests = _load(path, MOST_CHARACTERS - len(characters))
        characters += found
        if other := next((name for name, digest in digests.items() if files.get(name, digest) != digest), None):
            raise UserError(f"{path}: two different files are called {other}; rename one")
        files |= digests
    if not any(character.label != NO_DIGIT for character in characters):
        raise UserError(f"there are no digits in {', '.join(map(str, paths))}; give files of handwritten digits")
    return Handwriting(tuple(characters), files)


def _load(path: Path, most: int) -> tuple[list[Character], dict[str, str]]:
    """At most so many characters of a file or a folder, and the SHA-256 of what has been read, by name."""
    if os.path.isdir(path):  # never raises
        return _load_folder(path, most)
    content, digest = _opened(path)
    digests = {unipen.readable(path.name): digest}
    if content.lstrip(b" \t\r\n")[:1] in (b"[", b"{"):
        characters = _from_json(path, content)
    elif unipen.is_unipen(content):
        document = unipen.read(path, content, _read, MOST)
        if not document.segments:
            raise UserError(
                f'{path} has no segments of characters; give UNIPEN\'s text with .SEGMENT CHARACTER 12 ? "4"'
            )
        characters = _labelled(document)
        digests |= _names(path.parent, document.included)
    else:
        raise UserError(f"{path} is neither JSON nor UNIPEN's text; {FORMS}")
    _check_number(path, len(characters), most)
    return characters, digests


def _load_folder(folder: Path, most: int) -> tuple[list[Character], dict[str, str]]:
    """The same of all UNIPEN files in a folder that have segments of characters."""
    characters: list[Character] = []
    read: dict[Path, str] = {}
    for path in _data_files(folder):
        content, digest = _opened(path)
        if not unipen.is_unipen(content):
            continue
        document = unipen.read(path, content, _read, MOST)
        if document.segments:
            characters += _labelled(document)
            read |= {path: digest, **document.included}
            _check_number(folder, len(characters), most)
    if not read:
        raise UserError(
            f"{folder} has no .dat file with segments of characters; give UNIPEN's folder, or files by name"
        )
    name = unipen.readable(Path(os.path.abspath(folder)).name)
    digests = {f"{name}/{inner}": digest for inner, digest in _names(folder, read).items()}
    if len(digests) > MOST_LISTED:
        lines = "".join(f"{inner} {digest}\n" for inner, digest in sorted(digests.items()))
        digests = {name: hashlib.sha256(lines.encode()).hexdigest()}
    return characters, digests


def _data_files(folder: Path) -> list[Path]:
    """What is called ``*.dat`` or ``*.dat.gz`` in a folder and in those in it, sorted; neither hidden nor included."""

    def refuse(error: OSError) -> None:
        raise UserError(f"{folder} cannot be searched ({reason(error, folder)}); make it readable") from error

    found: list[Path] = []
    packed, files = None, 0
    for parent, folders, names in os.walk(folder, onerror=refuse):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name != "include")
        files += len(names)
        if files > MOST_FILES:
            raise UserError(f"{folder} has more than {MOST_FILES:,} files, which are not searched; give a folder in it")
        for name in names:
            if name.startswith("."):
                continue
            if name.endswith((".dat", ".dat.gz")):
                found.append(Path(parent, name))
            elif name.endswith(".dat.Z"):
                packed = Path(parent, name)
    if packed and not found:
        raise _compressed(packed)
    return sorted(found)


def _names(folder: Path, files: Mapping[Path, str]) -> dict[str, str]:
    """Digests by the files' names in a folder; of what lies elsewhere from ``include`` on, or by the name alone."""
    names: dict[str, str] = {}
    top = Path(os.path.realpath(folder))
    for path, digest in files.items():
        real = Path(os.path.realpath(path))
        if top in real.parents:
            inner = real.relative_to(top)
        else:
            at = real.parts.index("include") if "include" in real.parts else -1
            inner = Path(*real.parts[at:])
        names["".join(letter if letter.isprintable() else "?" for letter in inner.as_posix())] = digest
    return names


def _check_number(path: Path, number: int, most: int) -> None:
    if number > most:
        raise UserError(f"{path}: more than {MOST_CHARACTERS:,} characters are not read; give fewer files")


def _opened(path: Path) -> tuple[bytes, str]:
    """As :func:`_read`, with one line for whatever is wrong."""
    try:
        return _read(path)
    except (OSError, ValueError) as error:
        raise UserError(f"{path} cannot be read as handwriting ({reason(error, path)}); {FORMS}") from error


def _read(path: Path) -> tuple[bytes, str]:
    """A file's content, unpacked, and the SHA-256 of the file. Allocates three times ``MOST`` at most.

    Raises:
        OSError: it cannot be read.
        ValueError: it is no file, too large, or damaged.
        UserError: it is packed with compress.
    """
    content = read_bytes(path, MOST)
    digest = hashlib.sha256(content).hexdigest()
    if content.startswith(b"\x1f\x9d"):
        raise _compressed(path)
    if content.startswith(b"\x1f\x8b"):
        packed = Gzip(content)
        content = packed.read(MOST)
        if packed.read(1):
            raise ValueError(f"it has more than {MOST >> 20} MiB once it is unpacked")
    return content, digest


def _compressed(path: Path) -> UserError:
    return UserError(f"{path} is packed with compress, which is not unpacked here; run `uncompress {path}` first")


def _from_json(path: Path, content: bytes) -> list[Character]:
    """The characters of a JSON file."""
    stem, place = unipen.stem(path), ""
    characters: list[Character] = []
    try:
        for number, raw in enumerate(_ENTRIES.decode(content), 1):  # one by one: lists of numbers take much memory
            place = f"character {number:,}: "
            if character := _character(_ENTRY.decode(raw), stem):
                characters.append(character)
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path} cannot be read as handwriting ({place}{reason(error)}); {FORMS}") from error
    return characters


def _character(entry: _Entry, stem: str) -> Character | None:
    """A character of a JSON file; None for one that is left out.

    Raises:
        ValueError: it is not a character.
    """
    if ("digit" in entry) == ("sign" in entry):
        raise ValueError('it must have either "digit" or "sign"')
    strokes = tuple(np.array(stroke, np.float32) for stroke in entry["strokes"] if stroke)
    if not strokes:
        raise ValueError("it has no stroke with a point")
    if sum(map(len, strokes)) > unipen.MOST_POINTS:
        raise ValueError(f"it has more than {unipen.MOST_POINTS:,} points")
    writer = entry["writer"]
    name = writer if isinstance(writer, str) else f"{stem} {writer}"
    return _named(str(entry["digit"]) if "digit" in entry else entry["sign"], name, strokes)


def _labelled(document: unipen.Document) -> list[Character]:
    """The characters of UNIPEN's text that are not left out."""
    named = (_named(segment.label, segment.writer, segment.strokes) for segment in document.segments)
    return [character for character in named if character]


def _named(label: str, writer: str, strokes: tuple[Points, ...]) -> Character | None:
    """A digit, or a sign that nobody takes for one; None for all others."""
    if len(label) != 1 or label in LOOK_ALIKES or not label.isprintable() or label.isspace():
        return None
    if label in "0123456789":
        return Character(int(label), writer, strokes)
    return Character(NO_DIGIT, writer, strokes, label)
