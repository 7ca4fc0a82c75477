"""What was read, page by page, in a file that later runs continue: JSON lines, one object for each page."""

import json
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from digits.errors import UserError, reason, writing
from digits.files import opened

SUFFIX = ".jsonl"
START = b'{"image": "'  #: of every line
KEYS = {"image", "size", "modified", "network", "page", "pages", "model", "text", "digits"}
LONGEST = 1 << 24  #: bytes of a line
SYNC = 1.0  #: seconds after which what was written is made to survive a power cut

Source = tuple[str, int, int, str]  #: path, size in bytes, time of change in nanoseconds, digest of the network


class Results:
    """The pages that were read, in a file that only this process writes; :func:`continued` gives it.

    Attributes:
        written: number of pages that this process has added.
    """

    def __init__(self, path: Path, file: BinaryIO, network: str) -> None:
        """Read which pages there are, and drop the half of a line that a killed process has left.

        Allocates about 300 bytes a page, and the longest line.

        Raises:
            UserError: the file holds anything else; it is unchanged.
            OSError: it cannot be read or written.
        """
        self.written = 0
        self._file = file
        self._network = network
        self._pages: dict[Source, tuple[int, set[int]]] = {}
        whole = 0
        while line := file.readline(LONGEST):
            if not line.endswith(b"\n") and START.startswith(line[: len(START)]) and len(line) < LONGEST:
                break  # the process was killed while it wrote
            self._note(path, line)
            whole += len(line)
        file.truncate(whole)
        file.seek(whole)
        self._synced = time.monotonic()

    def _note(self, path: Path, line: bytes) -> None:
        try:
            value = json.loads(line)
            if not isinstance(value, dict) or not value.keys() >= KEYS:
                raise ValueError("a line that is no page")
            source = str(value["image"]), int(value["size"]), int(value["modified"]), str(value["network"])
            count, page = int(value["pages"]), int(value["page"])
        except (ValueError, TypeError, RecursionError) as error:
            raise UserError(
                f"{path} does not hold what was read earlier ({reason(error)}); it is unchanged; give another --output"
            ) from error
        self._pages.setdefault(source, (count, set()))[1].add(page)

    def known(self, path: Path) -> tuple[set[int], bool]:
        """The numbers of the pages of a file, as it is now, that are there; and whether these are all."""
        count, pages = self._pages.get(self._source(path), (0, set()))
        return pages, 0 < count <= len(pages)

    def add(self, path: Path, page: int, pages: int, reading: dict[str, Any]) -> None:
        """Write a page.

        Args:
            path: the file that was read.
            page: its number, from 1.
            pages: number of pages of the file.
            reading: from :meth:`digits.reading.recognizer.Reading.as_json`.

        Raises:
            OSError: the disk is full.
        """
        image, size, modified, network = source = self._source(path)
        value = {"image": image, "size": size, "modified": modified, "network": network, "page": page, "pages": pages}
        self._file.write(json.dumps(value | reading).encode() + b"\n")
        self._file.flush()
        if time.monotonic() - self._synced > SYNC:
            self.sync()
        self._pages.setdefault(source, (pages, set()))[1].add(page)
        self.written += 1

    def sync(self) -> None:
        """Make what was written survive a power cut."""
        os.fsync(self._file.fileno())
        self._synced = time.monotonic()

    def _source(self, path: Path) -> Source:
        try:
            found = os.stat(path)
        except OSError:
            return str(path), 0, 0, self._network  # what reads it will say why
        return str(path), found.st_size, found.st_mtime_ns, self._network


@contextmanager
def continued(path: Path, network: str) -> Iterator[Results]:
    """Open a file of results, which is made if it does not exist; the only process that does.

    Args:
        path: the file, ending in .jsonl.
        network: digest of the network that reads: what another has read counts for nothing.

    Raises:
        UserError: it holds anything else, another process is writing to it, or it cannot be written.
    """
    from filelock import FileLock, Timeout  # here: --help needs neither

    if path.suffix.lower() != SUFFIX:
        raise UserError(f"--output must end in {SUFFIX}, got {path}")
    lock = FileLock(path.with_name(f".{path.name}.lock"), timeout=0, fallback_to_soft=False)
    with writing(path, "what has been read is kept", f"--output FILE{SUFFIX}"), ExitStack() as stack:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            stack.enter_context(lock)
            file = stack.enter_context(opened(path, os.O_RDWR | os.O_CREAT))
        except Timeout as error:
            raise UserError(f"another run is writing to {path}; wait until it has ended, or give another") from error
        except ValueError as error:
            raise UserError(f"{path} cannot be written: {reason(error, path)}; give another --output") from error
        results = Results(path, file, network)
        yield results
        results.sync()
