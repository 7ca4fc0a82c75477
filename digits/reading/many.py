"""Any number of files, over the cores of this machine, with the answers in the order of the files."""

import itertools
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import cv2

from digits.errors import UserError
from digits.reading.classifier import Classifier, Network
from digits.reading.hand import Hand, Personal
from digits.reading.line_segmenter import LineSegmenter
from digits.reading.recognizer import read_pages

FEW = 12  #: files that are read in this process, because others take a quarter of a second to start
TOGETHER = 4  #: files that a process is given at once
MOST_PAGES = 20  #: of a file whose answers a process gives at once; one with more is read in this process

Known = Callable[[Path], Collection[int]]
#: A file and its pages that are known; or why there is none.
Job = tuple[Path, frozenset[int]] | UserError


@dataclass(frozen=True)
class Answer:
    """What a page says, or what stands in the way of reading it or its file.

    Attributes:
        number, count: of the page, from 1, and of its file's pages.
        text: the digits, with a line break between lines.
        found: what :meth:`digits.reading.recognizer.Reading.as_json` gives.
        unread: number of pieces of ink that were not read.
        error: why it is not read, if it is not.
        beyond: what the file has beyond its pages, in a few words; "" if nothing.
    """

    number: int = 1
    count: int = 1
    text: str = ""
    found: dict[str, Any] = field(default_factory=dict)
    unread: int = 0
    error: UserError | None = None
    beyond: str = ""


@dataclass(frozen=True)
class Reader:
    """What reads.

    Attributes:
        path: the file that the network was loaded from, for other processes.
        classifier: the network.
        lines: finds the digits.
        hand: that the network has learned, if any.
    """

    path: Path
    classifier: Classifier
    lines: LineSegmenter
    hand: Hand | None = None

    @property
    def network(self) -> Classifier | Personal:
        """The network, with the hand if there is one."""
        return Personal(self.classifier, self.hand) if self.hand else self.classifier

    @property
    def digests(self) -> tuple[str, str]:
        """Those of both networks' files."""
        return self.classifier.digest, self.lines.digest


def read_files(
    paths: Iterable[Path | UserError], reader: Reader, known: Known, processes: int
) -> Iterator[tuple[Path, Iterable[Answer]]]:
    """Read files, many of them in several processes.

    Args:
        paths: the files, and errors in their place; taken a few dozen ahead of the answers at most.
        reader: reads in this process; others load the same networks.
        known: the numbers of a file's pages that need not be read.
        processes: how many.

    Yields:
        Each file with its pages' answers, in the order of the files. Those of one that cannot be read end with the
        error.

    Raises:
        UserError: a process was killed, or cannot load the network any more.
    """
    paths, network, lines = iter(paths), reader.network, reader.lines
    first = list(itertools.islice(paths, FEW))
    if len(first) < FEW or processes == 1:
        for path in itertools.chain(first, paths):
            yield _in_place(path) if isinstance(path, UserError) else (path, answers(path, network, lines, known(path)))
        return
    from digits.processes import mapped  # here: joblib takes as long to import as a page to read

    following = itertools.chain(first, paths)
    jobs = _together(path if isinstance(path, UserError) else (path, frozenset(known(path))) for path in following)
    try:
        for read in mapped(partial(_read, reader.path, reader.digests, reader.hand), jobs, processes):
            for path, found in read:
                yield path, answers(path, network, lines, known(path)) if found is None else found
    except ChildProcessError as error:
        raise UserError(
            "a process that reads was killed, probably out of memory; what was read is kept. "
            "Repeat the command with --workers 1"
        ) from error


def answers(path: Path, network: Network | Personal, lines: LineSegmenter, known: Collection[int]) -> Iterator[Answer]:
    """The answers of a file's pages, but for those that are known; what stands in the way of reading it comes last."""
    try:
        for page in read_pages(path, network, lines, known):
            reading, answer = page.reading, partial(Answer, page.number, page.count, beyond=page.left_out)
            if isinstance(reading, UserError):
                yield answer(error=reading)
            else:
                yield answer(reading.text, reading.as_json(), reading.unread)
    except UserError as error:
        yield Answer(error=error)


def _in_place(error: UserError) -> tuple[Path, list[Answer]]:
    return Path(), [Answer(error=error)]


def _together(jobs: Iterator[Job]) -> Iterator[list[Job]]:
    while some := list(itertools.islice(jobs, TOGETHER)):
        yield some


_loaded: list[Reader] = []  #: in a process that reads: its networks


def _read(
    path: Path, digests: tuple[str, str], hand: Hand | None, jobs: list[Job]
) -> list[tuple[Path, list[Answer] | None]]:
    """In another process: the answers of some files; None for one with more pages than are given at once."""
    if not _loaded:
        cv2.setNumThreads(1)
        _loaded.append(Reader(path, Classifier(path), LineSegmenter.open(path.parent), hand))
        if _loaded[0].digests != digests:
            raise UserError(f"{path} or LineNet has changed while files were being read; repeat the command")
    network, lines = _loaded[0].network, _loaded[0].lines
    read: list[tuple[Path, list[Answer] | None]] = []
    for job in jobs:
        if isinstance(job, UserError):
            read.append(_in_place(job))
            continue
        file, known = job
        found = list(itertools.islice(answers(file, network, lines, known), MOST_PAGES))
        read.append((file, None if len(found) == MOST_PAGES else found))
    return read
