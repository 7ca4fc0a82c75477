"""Puts damaged files through the project's readers, in processes that are watched and may die.

An input is decided by the seed, its kind and its number alone, so that each can be made again. What was not read and
not refused in one line is a fault: another exception, more than 10 s, more than 2 GB, the end of the process, or a
line printed past the caller. The files of the first inputs with a fault are kept.
"""

import os
import shutil
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from pathlib import Path
from random import Random
from typing import TypedDict

from benchmarks import published
from benchmarks.faults import mutate, seeds
from benchmarks.faults.readers import Kind, Reader
from benchmarks.faults.scratch import scratch
from benchmarks.faults.seeds import Item
from benchmarks.memory import peak_memory
from digits.errors import UserError
from digits.learning.json_types import Count, Duration, Line, Number

LONGEST = 10.0  #: seconds of computing for one input
STALLED = 6  #: times as long, if it does not compute: other programs may take the processors
MOST = 2_000_000_000  #: bytes for a process that reads
READY = 120.0  #: seconds for a process to import what it needs and to read the whole files
KEPT = 3  #: inputs kept of each fault
MISTAKE = "mistake"  #: of the harness itself
DYING = 5.0  #: seconds for a process to end that does not answer any more
TICK = 0.05  #: seconds between two looks at the memory


class Fault(TypedDict):
    """A fault: what happened, where, in how many inputs; ``first`` is the number of the first."""

    what: Line
    where: Line
    n: Number
    first: Count


class KindMetrics(TypedDict):
    """What became of the inputs of a kind: ``n`` are ``read``, ``refused`` in one line, or in ``faults``.

    ``peak`` is the largest memory of a process that read them, MB; ``seconds`` the longest time for one.
    """

    kind: Line
    n: Number
    read: Count
    refused: Count
    faults: list[Fault]
    peak: Count
    seconds: Duration


def run(
    kinds: Sequence[Kind],
    n: int,
    seed: int,
    found: Path,
    processes: int = 2,
    report: Callable[[KindMetrics], None] = lambda _: None,
    longest: float = LONGEST,
    most: int = MOST,
    draw: Callable[[Path], None] = seeds.draw,
) -> list[KindMetrics]:
    """Put inputs of all kinds through their readers.

    Args:
        kinds: in the order in which they are tried.
        n: inputs in all, shared out as the kinds say; each kind has one at least.
        seed: decides every input.
        found: folder for the files of inputs with a fault; made when there is one.
        processes: that read at the same time.
        report: called with each kind's metrics.
        longest: seconds for an input, after which it is a fault.
        most: bytes of memory, beyond which it is one.
        draw: draws into a folder what the kinds need.

    Raises:
        UserError: a reader cannot be prepared, or refuses a whole file.
    """
    results = []
    total = sum(kind.share for kind in kinds)
    with scratch() as folder:
        _draw(draw, folder)
        for kind in kinds:
            trial = _Trial(kind, max(1, round(n * kind.share / total)), seed, folder, found, longest, most)
            results.append(trial.run(processes))
            report(results[-1])
    return results


def made(kind: Kind, seed: int, index: int, whole: Sequence[Item]) -> Item:
    """The input with a number."""
    others = [content for item in whole for content in item.files.values() if isinstance(content, bytes)]
    return mutate.mutated(whole, Random(f"{seed}/{kind.name}/{index}"), [*others, *_others()])


def _others() -> Sequence[bytes]:
    """Content of other kinds, to be put under any name."""
    global _known
    if not _known:
        items = [*seeds.pictures()[::4], *seeds.strokes()[:1], *seeds.npz()[1:], *seeds.cards(), *seeds.settings()]
        files = [content for item in items for content in item.files.values() if isinstance(content, bytes)]
        _known = [*files, b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n{} loop\n", b"%PDF-1.7\n", b""]
    return _known


_known: list[bytes] = []


def _draw(draw: Callable[[Path], None], folder: Path) -> None:
    """In a process of its own: it needs Keras."""
    process = get_context("spawn").Process(target=draw, args=(folder,))
    process.start()
    process.join()
    if process.exitcode:
        raise UserError("the whole files cannot be drawn; see above, and run the tests")


class _Worker:
    """A process that reads, and what it is reading."""

    def __init__(self, kind: Kind, seed: int, networks: Path, folder: Path) -> None:
        context = get_context("spawn")
        self.folder = folder
        self.connection, theirs = context.Pipe()
        self.process = context.Process(target=_serve, args=(theirs, kind, seed, networks, folder), daemon=True)
        self.process.start()
        theirs.close()
        self.index = -1  #: of the input; -1 while it prepares itself
        self.began, self.before = time.monotonic(), 0.0

    def give(self, index: int) -> None:
        """Have it read an input."""
        self.index, self.began, self.before = index, time.monotonic(), _computed_by(self.process.pid)
        self.connection.send(index)

    def died(self) -> str:
        """How a process ended that has closed its end of the connection."""
        self.process.join(DYING)
        code = self.process.exitcode or 0
        return f"signal {-code}" if code < 0 else f"exit code {code}"

    def end(self) -> None:
        """Kill it, if it has not ended."""
        self.process.kill()
        self.process.join()
        self.connection.close()


class _Trial:
    """All inputs of one kind."""

    def __init__(self, kind: Kind, n: int, seed: int, folder: Path, found: Path, longest: float, most: int) -> None:
        self.kind, self.seed, self.folder, self.found = kind, seed, folder, found
        self.longest, self.most = longest, most
        self.left: Iterator[int] = iter(range(n))
        self.faults: dict[tuple[str, str], Fault] = {}
        self.metrics: KindMetrics = {
            "kind": kind.name,
            "n": n,
            "read": 0,
            "refused": 0,
            "faults": [],
            "peak": 0,
            "seconds": 0.0,
        }

    def run(self, processes: int) -> KindMetrics:
        """Read them all."""
        workers = [self._worker() for _ in range(min(processes, self.metrics["n"]))]
        try:
            while workers:
                ready = wait([worker.connection for worker in workers], TICK)
                workers = [
                    following
                    for worker in workers
                    if (following := self._look(worker, worker.connection in ready)) is not None
                ]
        finally:
            for worker in workers:
                worker.end()
        self.metrics["faults"] = sorted(self.faults.values(), key=lambda fault: -fault["n"])
        self.metrics["seconds"] = round(self.metrics["seconds"], 2)
        return self.metrics

    def _worker(self) -> _Worker:
        folder = Path(tempfile.mkdtemp(dir=self.folder))
        return _Worker(self.kind, self.seed, self.folder, folder)

    def _look(self, worker: _Worker, has_answered: bool) -> _Worker | None:
        """What a worker does next: itself, another in its place, or nobody if nothing is left."""
        seconds = time.monotonic() - worker.began
        if has_answered:
            try:
                answer = worker.connection.recv()
            except (EOFError, OSError):
                return self._replaced(worker, "crash", worker.died(), seconds)
            return self._take(worker, *answer)
        if worker.index >= 0 and (held := _resident(worker.process.pid)) > self.most:
            return self._replaced(worker, "memory", "", seconds, held)
        if worker.index < 0:
            return worker if seconds <= READY else self._replaced(worker, "hang", "", seconds)
        if seconds > self.longest:  # else it is not worth asking
            computed = _computed_by(worker.process.pid) - worker.before
            if computed > self.longest or seconds > STALLED * self.longest:
                return self._replaced(worker, "hang", "", max(computed, self.longest))
        return worker

    def _take(self, worker: _Worker, outcome: str, where: str, seconds: float, peak: int) -> _Worker | None:
        if worker.index < 0:
            if outcome:
                worker.end()
                raise UserError(f"{self.kind.name}: whole files are not read ({outcome} {where}); run the tests first")
            return self._next(worker)
        if outcome == MISTAKE:
            worker.end()
            raise UserError(f"{self.kind.name}: cannot be damaged, {where}; mend benchmarks/faults/mutate.py")
        if outcome in ("read", "refused") and peak <= self.most and seconds <= self.longest:
            self.metrics[outcome] += 1  # type: ignore[literal-required]
            self._note(seconds, peak)
            return self._next(worker)
        if peak > self.most:
            return self._replaced(worker, "memory", "", seconds, peak)
        if seconds > self.longest:
            return self._replaced(worker, "hang", "", seconds, peak)
        self._fault(worker, outcome, where, seconds, peak)
        return self._next(worker)

    def _next(self, worker: _Worker) -> _Worker | None:
        index = next(self.left, None)
        if index is None:
            worker.end()
            return None
        worker.give(index)
        return worker

    def _replaced(self, worker: _Worker, what: str, where: str, seconds: float, peak: int = 0) -> _Worker:
        worker.end()
        if worker.index < 0:
            raise UserError(f"{self.kind.name}: nothing can be read ({what} {where}); run the tests first")
        self._fault(worker, what, where, seconds, peak)
        return self._worker()

    def _fault(self, worker: _Worker, what: str, where: str, seconds: float, peak: int) -> None:
        where = " ".join(where.split())[:200]
        fault = self.faults.setdefault((what, where), {"what": what, "where": where, "n": 0, "first": worker.index})
        fault["n"] += 1
        self._note(seconds, peak)
        if fault["n"] <= KEPT:
            kept = self.found / f"{self.kind.name.replace(' ', '-')}-{worker.index}"
            shutil.rmtree(kept, ignore_errors=True)
            shutil.copytree(
                worker.folder / "input", kept, symlinks=True, ignore=_special, ignore_dangling_symlinks=True
            )
            (kept / "what.txt").write_text(f"{what} {where}\nseed {self.seed}\n", encoding="utf-8")

    def _note(self, seconds: float, peak: int) -> None:
        self.metrics["seconds"] = max(self.metrics["seconds"], seconds)
        self.metrics["peak"] = max(self.metrics["peak"], round(peak / 1e6))


def _special(folder: str, names: Sequence[str]) -> list[str]:
    """What cannot be copied: pipes and sockets."""
    return [name for name in names if not os.path.islink(path := os.path.join(folder, name))
            and not os.path.isfile(path) and not os.path.isdir(path)]  # fmt: skip


def _serve(connection: Connection, kind: Kind, seed: int, networks: Path, folder: Path) -> None:
    """In the worker: read one input after the other, and answer with (outcome, where, seconds, peak memory)."""
    os.chdir(folder)  # what is written to a relative path stays here
    with open(folder / "printed", "wb+") as printed:
        os.dup2(printed.fileno(), 1)
        os.dup2(printed.fileno(), 2)
    try:
        reader = kind.prepare()
        whole = list(kind.draw(networks))
        for item in {id(item): item for item in whole if item.whole}.values():
            outcome, where = _tried(reader, item, folder)
            if outcome != "read":
                connection.send((outcome, where, 0.0, 0))
                return
    except BaseException as error:
        connection.send((type(error).__name__, str(error), 0.0, 0))
        return
    connection.send(("", "", 0.0, 0))
    while True:
        index: int = connection.recv()
        try:
            item = made(kind, seed, index, whole)
        except Exception as error:
            connection.send((MISTAKE, f"input {index}: {error!r}", 0.0, 0))
            return
        before = os.fstat(1).st_size
        began = sum(os.times()[:4])
        outcome, where = _tried(reader, item, folder)
        seconds = sum(os.times()[:4]) - began  # with processes that it started
        sys.stdout.flush()
        sys.stderr.flush()
        if os.fstat(1).st_size > before and outcome in ("read", "refused"):
            outcome, where = "printed", _printed(folder / "printed", before)
        connection.send((outcome, where, seconds, peak_memory()))


def _tried(reader: Reader, item: Item, folder: Path) -> tuple[str, str]:
    """What a reader makes of an input: "read", "refused", or the exception's name and its place."""
    shutil.rmtree(folder / "input", ignore_errors=True)
    (folder / "input").mkdir()
    path = mutate.place(item, folder / "input")
    try:
        reader(path)
    except UserError as error:
        return ("refused", "") if "\n" not in str(error) else ("several lines", place_of(error))
    except BaseException as error:
        return type(error).__name__, place_of(error)
    return "read", ""


def place_of(error: BaseException) -> str:
    """The project's line that an error came through last."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if Path(frame.filename).is_relative_to(published.ROOT / "digits")]
    frame = (ours or list(frames))[-1]
    name = Path(frame.filename)
    place = name.relative_to(published.ROOT) if name.is_relative_to(published.ROOT) else name.name
    return f"{place}:{frame.lineno}"


def _printed(path: Path, start: int) -> str:
    """The first line that was printed, without its numbers, which differ."""
    with open(path, "rb") as file:
        file.seek(start)
        text = file.read(500).decode("utf-8", "replace").strip()
    line = text.splitlines()[0] if text else ""
    return "".join("#" if character.isdigit() else character for character in line)[:100]


def _computed_by(process: int | None) -> float:
    """Seconds that a process, and those that it started and waited for, have computed; 0.0 where it is not known."""
    try:
        fields = Path(f"/proc/{process}/stat").read_bytes().rpartition(b")")[2].split()
        return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError):
        return 0.0


def _resident(pid: int | None) -> int:
    """The memory of a process now, bytes; 0 where it is not known."""
    try:
        pages = Path(f"/proc/{pid}/statm").read_text().split()[1]
    except (OSError, IndexError):
        return 0
    return int(pages) * os.sysconf("SC_PAGE_SIZE")
