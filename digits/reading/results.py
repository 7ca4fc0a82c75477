"""What was read, page by page, in a file that later runs continue: JSON lines, one object for each page."""

import json
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated, Any, BinaryIO, TypedDict

import msgspec

from digits.errors import UserError, reason, writing
from digits.files import lock, opened
from digits.reading.image_file import MOST_PAGES

SUFFIX = ".jsonl"
START = b'{"image": "'  #: of every line
LONGEST = 1 << 22  #: bytes of a line; that of a page of 500 digits has 125,000
MOST_BYTES = 250_000_000  #: of a file
MOST_LINES = 500_000  #: of a file
SYNC = 1.0  #: seconds after which what was written is made to survive a power cut

Source = tuple[str, int, int, str]  #: path, size in bytes, time of change in nanoseconds, digest of the networks
Number = Annotated[int, msgspec.Meta(ge=1, le=MOST_PAGES)]


class _Line(TypedDict):
    """What a line must hold at least."""

    image: str
    size: Annotated[int, msgspec.Meta(ge=0, le=(1 << 63) - 1)]
    modified: Annotated[int, msgspec.Meta(ge=-(1 << 63), le=(1 << 63) - 1)]
    network: str
    page: Number
    pages: Number
    model: str
    text: str
    digits: list[Any]


class Results:
    """The pages that were read, in a file that only this process writes; :func:`continued` gives it."""

    def __init__(self, path: Path, file: BinaryIO, network: str) -> None:
        """Read which pages there are, and drop the half of a line that a killed process has left.

        Allocates about 400 bytes a page and four for each character of its file's name, with 500,000 pages and 250 MB
        at most; and thirty times the longest line, of 4 MB at most.

        Raises:
            UserError: the file holds anything else, or more; it is unchanged.
            OSError: it cannot be read or written.
        """
        self._path, self._place = path, os.stat(path)
        self._file = file
        self._network = network
        self._pages: dict[Source, tuple[int, set[int]]] = {}
        whole, lines = 0, 0
        while line := file.readline(LONGEST):
            if not line.endswith(b"\n") and START.startswith(line[: len(START)]) and len(line) < LONGEST:
                break  # the process was killed while it wrote
            whole, lines = whole + len(line), lines + 1
            if whole > MOST_BYTES or lines > MOST_LINES:
                raise UserError(f"{_too_long(path)}; it is unchanged; give another --output")
            self._note(path, line)
        file.truncate(whole)
        file.seek(whole)
        self._bytes, self._lines = whole, lines
        self._counted = 0, whole  # pages added, and where the last of them ends: together, whatever interrupts
        self._synced = time.monotonic()

    @property
    def written(self) -> int:
        """Number of pages that this process has added; right even where an interruption has met :meth:`add`."""
        n, end = self._counted
        if not self._file.closed and (now := self._file.tell()) > end:
            self._counted = n, _ = n + 1, now
        return n

    def _note(self, path: Path, line: bytes) -> None:
        try:
            value = msgspec.convert(json.loads(line), _Line)  # msgspec's own reader refuses names that are not UTF-8
            source = value["image"], value["size"], value["modified"], value["network"]
            if value["page"] > value["pages"]:
                raise ValueError(f"page {value['page']} of {value['pages']}")
        except (ValueError, RecursionError) as error:
            raise UserError(
                f"{path} does not hold what was read earlier ({reason(error)}); it is unchanged; give another --output"
            ) from error
        self._count(source, value["page"], value["pages"])

    def _count(self, source: Source, page: int, pages: int) -> None:
        _, found = self._pages.get(source, (0, set[int]()))
        found.add(page)
        self._pages[source] = pages, found

    def known(self, path: Path) -> tuple[set[int], bool]:
        """The numbers of the pages of a file, as it is now, that are there; and whether these are all."""
        count, pages = self._pages.get(self._source(path), (0, set()))
        return pages, count > 0 and pages.issuperset(range(1, count + 1))

    def add(self, path: Path, page: int, pages: int, reading: dict[str, Any]) -> None:
        """Write a page.

        Args:
            path: the file that was read.
            page: its number, from 1.
            pages: number of pages of the file.
            reading: from :meth:`digits.reading.recognizer.Reading.as_json`.

        Raises:
            UserError: the file was deleted or replaced, or is as long as one may be.
            OSError: the disk is full.
        """
        image, size, modified, network = source = self._source(path)
        value = {"image": image, "size": size, "modified": modified, "network": network, "page": page, "pages": pages}
        line = json.dumps(value | reading).encode() + b"\n"
        self._bytes, self._lines = self._bytes + len(line), self._lines + 1
        if self._bytes > MOST_BYTES or self._lines > MOST_LINES:
            raise UserError(f"{_too_long(self._path)}; what has been read is kept; give another --output")
        self._file.write(line)
        self._counted = self._counted[0] + 1, self._file.tell()
        self._file.flush()
        self._check()
        if time.monotonic() - self._synced > SYNC:
            self.sync()
        self._count(source, page, pages)

    def sync(self) -> None:
        """Make what was written survive a power cut.

        Raises:
            UserError: the file was deleted or replaced.
            OSError: the disk is full.
        """
        self._check()
        os.fsync(self._file.fileno())
        self._synced = time.monotonic()

    def _check(self) -> None:
        try:
            ours = os.path.samestat(os.stat(self._path), self._place)
        except OSError:
            ours = False
        if not ours:
            raise UserError(
                f"{self._path} was deleted or replaced while this was running, and what was read is lost; "
                "repeat the command"
            )

    def _source(self, path: Path) -> Source:
        try:
            found = os.stat(path)
        except OSError:
            return str(path), 0, 0, self._network  # what reads it will say why
        return str(path), found.st_size, found.st_mtime_ns, self._network


def _too_long(path: Path) -> str:
    return f"{path} has more than the {MOST_LINES:,} pages or {MOST_BYTES:,} bytes that are read"


@contextmanager
def continued(path: Path, network: str) -> Iterator[Results]:
    """Open a file of results, which is made if it does not exist; the only process that does.

    Args:
        path: the file, ending in .jsonl.
        network: digest of the networks that read: what others have read counts for nothing.

    Raises:
        UserError: it holds anything else, another process is writing to it, or it cannot be written.
    """
    from filelock import Timeout  # here: --help needs neither

    if path.suffix.lower() != SUFFIX:
        raise UserError(f"--output must end in {SUFFIX}, got {path}")
    path = Path(os.path.realpath(path))  # the same for every link to it
    with writing(path, "what has been read is kept", f"--output FILE{SUFFIX}"), ExitStack() as stack:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            stack.enter_context(lock(path.with_name(f".{path.name}.lock")))
            file = stack.enter_context(opened(path, os.O_RDWR | os.O_CREAT))
        except Timeout as error:
            raise UserError(f"another run is writing to {path}; wait until it has ended, or give another") from error
        except ValueError as error:
            raise UserError(f"{path} cannot be written: {reason(error, path)}; give another --output") from error
        results = Results(path, file, network)
        yield results
        results.sync()
