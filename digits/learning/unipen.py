"""UNIPEN's text: the runs of a pen, and segments that say which runs are which character.

The format is that of Guyon, Schomaker, Plamondon, Liberman and Janet, "UNIPEN project of on-line data exchange and
recognizer benchmarks", ICPR 1994. UCI's *Pen-Based Recognition of Handwritten Digits* (Alimoglu and Alpaydin 1996) is
written in it, too. A statement is a dot and a word at the start of a line, and what follows up to the next one:

* ``.PEN_DOWN`` and ``.PEN_UP`` begin a run, whose points follow, one a line; y points upwards.
* ``.COORD X Y T`` names the columns of a point from there on; ``X Y`` if nothing does.
* ``.SEGMENT CHARACTER 87-88,90 OK "4"`` names runs, a quality and a label. Runs are numbered from 0 in the order in
  which they are read, those of the raised pen as well, but only runs that have a point: UNIPEN's own files end every
  stroke with an empty ``.PEN_UP``, which has no number. ``12:5-13:7`` is from the sixth point of run 12 to the eighth
  of run 13. ``DIGIT`` stands for ``CHARACTER`` at UCI; other levels (words, lines) are of no interest here.
* ``.INCLUDE aga/data/w1.dat`` reads another file in its place, from the folder ``include``.
* ``.WRITER_ID w1`` says who writes from there on. At UCI ``.COMMENT 8 6 138`` behind a segment says it: digit, writer,
  instance.

``.DT``, the time between runs, may stand anywhere; all other statements are skipped. This module opens nothing itself.
"""

import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from errno import ENOENT
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from digits.errors import UserError, reason

Points = NDArray[np.float32]
Reader = Callable[[Path], tuple[bytes, str]]  #: a file's content, unpacked, and its SHA-256; OSError or ValueError

FARTHEST = 1e6  #: largest coordinate accepted
MOST_POINTS = 10_000  #: of a character
MOST_SEGMENTS = 200_000  #: of a file
MOST_RUNS = 1_000_000  #: of a file with all that it includes
MOST_NAMED = 12_000_000  #: points and runs that all segments of a file name together, each as often as it is named
MOST_INCLUDES = 100  #: that a file reads
DEEPEST = 4  #: files, each of which is included by the one before
HIGHEST = 8  #: folders above a file in which ``include`` is looked for
LONGEST_SEGMENT = 10_000  #: bytes of its statement
LONGEST_POINT = 200  #: bytes of a point on average
LONGEST_NAME = 100  #: characters of a writer's name
DOCUMENTATION = (".doc", ".lex")  #: files that data can do without; UCI publishes none of its own

STATEMENT = re.compile(rb"^\.(?!DT\b)([A-Z][A-Z0-9_]*)", re.MULTILINE)
TIME = re.compile(rb"^\.DT\b.*$", re.MULTILINE)
LEVEL = re.compile(rb"\s*(?:CHARACTER|DIGIT)\b")
SEGMENT = re.compile(
    rb'\s*(?:CHARACTER|DIGIT)\s+([\d:,\-\s]*\d)(?:\s+([^\s"]+))?(?:\s+"((?:[^"\\]|\\.)*)")?\s*', re.DOTALL
)
PART = re.compile(rb"\s*(\d{1,9})(?::(\d{1,9}))?\s*(?:-\s*(\d{1,9})(?::(\d{1,9}))?\s*)?")
COMMENT = re.compile(rb"\s*\d+\s+(\d{1,9})\s+\d+\s*")
SEGMENT_FORM = 'give .SEGMENT CHARACTER 87-88 ? "4"'


@dataclass(frozen=True)
class Segment:
    """A character that a file names.

    Attributes:
        label: the character.
        writer: who has written it.
        strokes: an array for each stroke, ``float32``, shape (n, 2): x to the right, y **downwards**, in the tablet's
            units. Segments that share runs share memory.
    """

    label: str
    writer: str
    strokes: tuple[Points, ...]


@dataclass(frozen=True)
class Document:
    """The characters of a file.

    Attributes:
        segments: in the order of the file.
        included: SHA-256 of the files that it includes, by path.
    """

    segments: tuple[Segment, ...]
    included: Mapping[Path, str]


@dataclass(frozen=True)
class _Source:
    """A file that is read: its text, and who has given it to UNIPEN; "" for a file of its own."""

    path: Path
    text: bytes
    donor: str = ""

    def fault(self, at: int, wrong: str, remedy: str) -> UserError:
        """The error at a byte of the text."""
        return UserError(f"{self.path}, line {self.text.count(10, 0, at) + 1}: {wrong}; {remedy}")

    def writer(self, name: str) -> str:
        """What a person whose writing is in this file is called among those of all files; ``name`` may be ""."""
        if self.donor:
            return f"{self.donor}/{name or stem(self.path)}"
        return f"{stem(self.path)} {name}".rstrip()


@dataclass(frozen=True, slots=True)
class _Run:
    """Points from pen-down to pen-up, or with a raised pen: where they are in the text, which is read only if named."""

    source: _Source
    start: int
    end: int
    down: bool
    columns: tuple[int, int, int]
    writer: str


@dataclass(slots=True)
class _Segment:
    """A segment that is still to be resolved, since its runs may come later.

    Attributes:
        source: where it is.
        at: and at which byte.
        runs: that it names.
        label: its label.
        writer: who is said to write there; "" if nothing says it.
        number: of the writer, as UCI's comment says it; "" without one.
    """

    source: _Source
    at: int
    runs: bytes
    label: str
    writer: str
    number: str = ""


def read(path: Path, text: bytes, reader: Reader, most: int) -> Document:
    """Read characters from UNIPEN's text.

    Left out are segments of words and lines, segments without a label of one character, and what is marked BAD.
    Allocates at most twenty times ``most``: what is not named by a segment is not looked at.

    Args:
        path: of the text.
        text: of the file.
        reader: opens what it includes.
        most: bytes of the text and of all that it includes.

    Raises:
        UserError: it is damaged, includes what it must not, or names what does not exist; says in which line.
    """
    parser = _Parser(path, reader, most)
    parser.take(_Source(path, _lines(text)), ())
    return Document(tuple(parser.segments()), parser.included)


def is_unipen(text: bytes) -> bool:
    """Whether a text has statements."""
    return STATEMENT.search(_lines(text)) is not None


def root_of(path: Path) -> Path:
    """The folder that the includes of a file are relative to: ``include`` in one of those above it, or its own."""
    folders = list(Path(os.path.abspath(path)).parents)
    return next((folder / "include" for folder in folders[:HIGHEST] if os.path.isdir(folder / "include")), folders[0])


def readable(name: str) -> str:
    """A name from a file system, which need not be Unicode, as text that can be written anywhere."""
    return "".join(letter if letter.isprintable() else "?" for letter in name)[:LONGEST_NAME]


def stem(path: Path) -> str:
    """A file's name up to its first dot."""
    return readable(path.name.partition(".")[0] or path.name)


def _lines(text: bytes) -> bytes:
    """The text with the line ends of Unix."""
    return text.replace(b"\r\n", b"\n").replace(b"\r", b"\n") if b"\r" in text else text


def _decoded(text: bytes) -> str:
    """Text of UNIPEN's time is ASCII, or else Latin-1; text of ours is UTF-8."""
    try:
        return text.decode()
    except UnicodeDecodeError:
        return text.decode("latin-1")


def _statements(text: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Each statement's keyword, and where what follows it starts and ends."""
    before = None
    for match in STATEMENT.finditer(text):
        if before:
            yield before[1], before.end(), match.start()
        before = match
    if before:
        yield before[1], before.end(), len(text)


@dataclass
class _Parser:
    path: Path
    reader: Reader
    most: int
    included: dict[Path, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.root = root_of(self.path)
        self._left, self._includes, self._named = self.most, 0, 0
        self._runs: list[_Run] = []
        self._segments: list[_Segment] = []
        self._columns = (0, 1, 2)  # of x, of y, and how many there are
        self._writer = ""
        self._points: dict[int, Points] = {}

    def take(self, source: _Source, within: tuple[Path, ...]) -> None:
        """Read the statements of a file and of what it includes; ``within`` holds the files that include it."""
        self._left -= len(source.text)
        if self._left < 0:
            size = f"more than {self.most >> 20} MiB with all that it includes"
            raise UserError(f"{self.path} has {size}, which is not read; split it")
        within = (*within, Path(os.path.realpath(source.path)))
        behind: _Segment | None = None  # the segment that the statement before has been
        for keyword, start, end in _statements(source.text):
            segment, behind = behind, None
            if keyword in (b"PEN_DOWN", b"PEN_UP"):
                self._run(source, start, end, keyword == b"PEN_DOWN")
            elif keyword == b"SEGMENT":
                behind = self._segment(source, start, end)
            elif keyword == b"COMMENT" and segment and (match := COMMENT.fullmatch(source.text, start, end)):
                segment.number = match[1].decode()
            elif keyword == b"COORD":
                self._coordinates(source, start, end)
            elif keyword == b"WRITER_ID":
                words = source.text[start:end].split(None, 1)
                name = readable(_decoded(words[0][:LONGEST_NAME])) if words else ""
                self._writer = name if name.strip("?") else ""
            elif keyword == b"INCLUDE":
                self._include(source, start, end, within)

    def _run(self, source: _Source, start: int, end: int, down: bool) -> None:
        if not TIME.sub(b"", source.text[start:end]).strip():
            return
        if len(self._runs) == MOST_RUNS:
            raise source.fault(start, f"there are more than {MOST_RUNS:,} runs of the pen", "split the file")
        self._runs.append(_Run(source, start, end, down, self._columns, self._writer))

    def _coordinates(self, source: _Source, start: int, end: int) -> None:
        names = source.text[start:end].split(None, 20)
        if not 2 <= len(names) <= 20 or names.count(b"X") != 1 or names.count(b"Y") != 1:
            raise source.fault(start, ".COORD must name X and Y once, among at most 20 columns", "give .COORD X Y")
        self._columns = (names.index(b"X"), names.index(b"Y"), len(names))

    def _segment(self, source: _Source, start: int, end: int) -> _Segment | None:
        if not LEVEL.match(source.text, start, end):
            return None
        if end - start > LONGEST_SEGMENT or not (match := SEGMENT.fullmatch(source.text, start, end)):
            raise source.fault(start, "this segment of a character cannot be read", SEGMENT_FORM)
        if match[3] is None or match[2] == b"BAD":
            return None
        label = _decoded(re.sub(rb"\\(.)", rb"\1", match[3], flags=re.DOTALL))
        if len(label) != 1:
            return None
        if len(self._segments) == MOST_SEGMENTS:
            raise source.fault(start, f"there are more than {MOST_SEGMENTS:,} characters", "split the file")
        segment = _Segment(source, start, match[1], label, self._writer)
        self._segments.append(segment)
        return segment

    def _include(self, source: _Source, start: int, end: int, within: tuple[Path, ...]) -> None:
        words = source.text[start:end].split(None, 1)
        name = _decoded(words[0]) if words else ""
        if not name or len(name) > 1000 or not name.isprintable():
            raise source.fault(start, ".INCLUDE must name a file", "give .INCLUDE aga/data/w1.dat")
        path, root = Path(os.path.realpath(self.root / name)), Path(os.path.realpath(self.root))
        shown = name[:200]
        if root not in path.parents:
            raise source.fault(start, f"{shown} is not in {self.root}", "includes lie in the folder include")
        if path in within:
            raise source.fault(start, f"{shown} includes itself, directly or not", "remove one of the includes")
        self._includes += 1
        if len(within) > DEEPEST or self._includes > MOST_INCLUDES:
            allowed = f"{DEEPEST} deep and {MOST_INCLUDES} in all"
            raise source.fault(start, f"{shown} is one include too many: {allowed} are read", "put them into one file")
        try:
            text, digest = self.reader(path)
        except (OSError, ValueError) as error:
            missing = isinstance(error, OSError) and error.errno == ENOENT
            if missing and path.suffix.lower() in DOCUMENTATION:
                return
            packed = path.with_name(f"{path.name}.Z")
            remedy = (
                f"run `uncompress {packed}` first"
                if missing and os.path.exists(packed)
                else f"it belongs in {self.root}"
            )
            raise source.fault(start, f"{shown} cannot be read ({reason(error, path)})", remedy) from error
        self.included[path] = digest
        folders = path.relative_to(root).parts[:-1] or (Path(os.path.abspath(self.path)).parent.name,)
        self.take(_Source(path, _lines(text), readable(folders[0])), within)

    def segments(self) -> Iterator[Segment]:
        """The characters, once everything has been read."""
        for segment in self._segments:
            strokes, run = self._strokes(segment)
            name = segment.number or run.writer or segment.writer
            yield Segment(segment.label, run.source.writer(name), strokes)

    def _strokes(self, segment: _Segment) -> tuple[tuple[Points, ...], _Run]:
        """The strokes that a segment names, and the last of their runs."""
        strokes: list[Points] = []
        written, points = None, 0
        for part in segment.runs.split(b","):
            if not (match := PART.fullmatch(part)):
                raise segment.source.fault(segment.at, "this segment's runs cannot be read", SEGMENT_FORM)
            first, begin, last, end = (int(number) if number else None for number in match.groups())
            assert first is not None
            if last is None:
                last, end = first, begin
            self._check(segment, first, last)
            for number in range(first, last + 1):
                run = self._runs[number]
                if not run.down:
                    continue
                stroke = self._stroke(number)
                low = begin if begin is not None and number == first else 0
                high = end if end is not None and number == last else len(stroke) - 1
                if not low <= high < len(stroke):
                    wrong = (
                        f"it names points {low} to {high} of run {number}, which has {len(stroke):,}, numbered from 0"
                    )
                    raise segment.source.fault(segment.at, wrong, "name others")
                strokes.append(stroke[low : high + 1])
                points += len(strokes[-1])
                written = run
                self._count(segment, points, len(strokes[-1]))
        if not written:
            raise segment.source.fault(segment.at, "the pen is up in all runs of this segment", "name others")
        return tuple(strokes), written

    def _check(self, segment: _Segment, first: int, last: int) -> None:
        if last < first:
            raise segment.source.fault(segment.at, f"{first}-{last} runs backwards", SEGMENT_FORM)
        if last >= len(self._runs):
            there = f"there are {len(self._runs):,} with points, numbered from 0"
            raise segment.source.fault(segment.at, f"there is no run {last} of the pen; {there}", "name others")
        self._count(segment, last - first, last - first + 1)

    def _count(self, segment: _Segment, points: int, more: int) -> None:
        self._named += more
        if points > MOST_POINTS:
            wrong = f"a character has more than {MOST_POINTS:,} points"
            raise segment.source.fault(segment.at, wrong, "name its own runs only")
        if self._named > MOST_NAMED:
            raise segment.source.fault(segment.at, "the segments overlap too much", "name each run for one character")

    def _stroke(self, number: int) -> Points:
        """The points of a run, y downwards."""
        if number not in self._points:
            self._points[number] = _points(self._runs[number])
        return self._points[number]


def _points(run: _Run) -> Points:
    """Read the points of a run: ``float32``, shape (n, 2), y downwards."""
    source = run.source
    x, y, columns = run.columns
    if run.end - run.start > MOST_POINTS * LONGEST_POINT:
        raise source.fault(run.start, f"a stroke has more than {MOST_POINTS:,} points", "cut it into several")
    lines = TIME.sub(b"", source.text[run.start : run.end]).split(b"\n")
    rows = [line.split() for line in lines]
    try:
        for row in rows:
            if len(row) % columns:
                raise ValueError
        if b"_" in source.text[run.start : run.end]:  # which Python takes in a number
            raise ValueError
        values = np.array(list(map(float, chain.from_iterable(rows)))).reshape(-1, columns)
    except ValueError as error:
        raise _bad_point(run, rows, f"{columns} numbers are expected in each line") from error
    points = np.stack([values[:, x], 0 - values[:, y]], axis=1)
    if not (np.abs(points) <= FARTHEST).all():  # NaN is not, either
        raise _bad_point(run, rows, f"coordinates must be numbers up to {FARTHEST:,.0f}")
    return points.astype(np.float32)


def _bad_point(run: _Run, rows: list[list[bytes]], wrong: str) -> UserError:
    """The error in the first line that is at fault."""
    x, y, columns = run.columns

    def good(row: list[bytes]) -> bool:
        try:
            numbers = [float(word) for word in row]
        except ValueError:
            return False
        places = [*numbers[x::columns], *numbers[y::columns]]
        return not len(row) % columns and b"_" not in b"".join(row) and all(abs(n) <= FARTHEST for n in places)

    line = next((place for place, row in enumerate(rows) if row and not good(row)), 0)
    shown = readable(_decoded(b" ".join(rows[line])[:60]))
    at = run.start
    for _ in range(line):
        at = run.source.text.index(b"\n", at) + 1
    return run.source.fault(at, f"{shown!r} is no point of the pen: {wrong}", "give what .COORD names, such as 273 323")
