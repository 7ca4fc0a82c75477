"""Kills processes at chosen changes of the disk, in the middle of a write, and at random moments.

Python announces every renaming, deletion, folder and file opened for writing to audit hooks *before* it happens, so
that a process can be killed right before its n-th change. A limit on the size of files kills it in the middle of a
write, also where a library in C writes. Needs a POSIX system: the processes are forks of one that has imported what
takes long.
"""

import contextlib
import os
import shutil
import signal
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random
from typing import Any, Protocol, TypedDict

from benchmarks.faults.seeds import scratch
from digits.errors import UserError

PATIENCE = 120.0  #: seconds for a process that is not killed
CHAINED = 0.3  #: share of the kills after which what comes next is killed, too
EVENTS = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.truncate", "os.chmod"}
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
HIDDEN = (".partial-", ".incoming-", ".staged-", ".publishing.json", ".unfinished")  #: nothing of it may be left
OLD, NEW = "old", "new"
MIX, LOST = "mix", "lost"


class Scenario(Protocol):
    """Something that changes a folder, and how to tell whether all of it changed or nothing."""

    name: str
    share: int  #: of a hundred kills

    def before(self, folder: Path) -> None:
        """Make the state from which it starts."""

    def act(self, folder: Path) -> None:
        """Change the folder; killed at some moment."""

    def again(self, folder: Path) -> None:
        """What a person does after the process was killed: repeat it, or resume."""

    def check(self, folder: Path, before: Path, after: Path) -> str:
        """Look at a folder as whatever reads it does, and compare it with the states before and after.

        Returns:
            "old", "new", or what is wrong; begins with "mix" or "lost" where it is one.
        """


@dataclass(frozen=True)
class How:
    """How to kill: before the n-th change ("change"), at a size in bytes ("write"), after seconds ("moment")."""

    kind: str
    at: float

    def __str__(self) -> str:
        return f"{self.kind} {self.at:.3f}" if self.kind == "moment" else f"{self.kind} {self.at:.0f}"


class Fault(TypedDict):
    """What was wrong after a kill, the first kill that led to it, and how many did."""

    what: str
    how: str
    n: int


class KillMetrics(TypedDict):
    """What became of the kills of a scenario.

    ``changes`` is the number of places at which it was killed or could have been; ``at`` the kills by their kind;
    ``longest`` the seconds that checking and completing took at most.
    """

    scenario: str
    changes: int
    n: int
    at: dict[str, int]
    survived: int
    mixes: int
    lost: int
    faults: list[Fault]
    longest: float


def run(
    scenarios: Sequence[Callable[[], Scenario]],
    n: int,
    seed: int,
    found: Path,
    report: Callable[[KillMetrics], None] = lambda _: None,
) -> list[KillMetrics]:
    """Kill processes of every scenario.

    Args:
        scenarios: makers of scenarios, each called in a process of its own, which imports what it needs.
        n: kills in all, shared out as the scenarios say; at least one each.
        seed: decides which changes, sizes and moments.
        found: folder for what a fault left; made when there is one.
        report: called with each scenario's metrics.

    Raises:
        UserError: the system cannot fork, or a scenario does not work when nobody is killed.
    """
    if not hasattr(os, "fork"):
        raise UserError("killing needs a POSIX system; leave it out with --only inputs events")
    results = []
    for make in scenarios:
        context = get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=_stage, args=(theirs, make, n, seed, found))
        process.start()
        theirs.close()
        try:
            outcome = ours.recv()
        except EOFError as error:
            raise UserError(f"{make.__name__}: the process that kills ended itself; see above") from error
        finally:
            process.join()
        if isinstance(outcome, str):
            raise UserError(outcome)
        results.append(outcome)
        report(outcome)
    return results


def die_at(n: int, folder: Path) -> None:
    """Have this process killed right before its n-th change in a folder, counted from 1. Cannot be undone."""
    count = 0

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal count
        if _is_change(event, arguments, str(folder)):
            count += 1
            if count == n:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)


def count_changes(folder: Path) -> Callable[[], int]:
    """Count the changes in a folder from now on; returns what tells the number. Cannot be undone."""
    count = 0

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal count
        count += _is_change(event, arguments, str(folder))

    sys.addaudithook(hook)
    return lambda: count


def die_in_a_write(size: int) -> None:
    """Have this process killed as soon as a file that it writes grows beyond a size, which it has then."""
    import resource

    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)  # Python ignores it
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))


def visible(folder: Path) -> dict[str, bytes]:
    """The files of a folder by their relative paths, without those that are or lie in something hidden."""
    paths = (path for path in sorted(folder.rglob("*")) if path.is_file())
    files = {path.relative_to(folder): path for path in paths}
    return {
        str(name): path.read_bytes() for name, path in files.items() if not any(p.startswith(".") for p in name.parts)
    }


def compare(found: dict[str, bytes], before: dict[str, bytes], after: dict[str, bytes]) -> str:
    """Whether files are all as before or all as after: "old", "new", or what is mixed or lost."""
    if found == after:
        return NEW
    if found == before:
        return OLD
    missing = sorted((before.keys() & after.keys()) - found.keys())
    if missing:
        return f"{LOST}: {missing[0]}"
    old = [name for name in found if name in before and found[name] == before[name] != after.get(name)]
    new = [name for name in found if name in after and found[name] == after[name] != before.get(name)]
    other = [name for name in found if name not in {*old, *new} and found[name] != before.get(name)]
    if other:
        return f"{LOST}: {other[0]} is neither the old one nor the new one"
    return f"{MIX}: {old[:1] or 'none'} are old, {new[:1] or 'none'} are new"


def leftovers(folder: Path) -> list[str]:
    """What nobody needs any more once everything is done."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.name.startswith(HIDDEN))


def _is_change(event: str, arguments: tuple[Any, ...], folder: str) -> bool:
    if event == "open":
        path, mode, flags = arguments
        writes = bool(flags & WRITING) if mode is None else any(letter in mode for letter in "wax+")
        return writes and isinstance(path, str) and path.startswith(folder)
    if event not in EVENTS:
        return False
    try:
        path = os.fsdecode(arguments[0])
    except TypeError:
        return False  # an open file's number
    return path.startswith(folder) or not os.path.isabs(path)  # relative where a tree is removed


# -- one scenario, in a process of its own --------------------------------------------------------


def _stage(connection: Connection, make: Callable[[], Scenario], n: int, seed: int, found: Path) -> None:
    try:
        scenario = make()
        with scratch() as folder:
            result: KillMetrics | str = _Trial(scenario, folder, seed, found).run(n)
    except UserError as error:
        result = str(error)
    except BaseException:
        result = traceback.format_exc()
    connection.send(result)


class _Trial:
    """All kills of one scenario."""

    def __init__(self, scenario: Scenario, root: Path, seed: int, found: Path) -> None:
        self.scenario, self.root, self.found = scenario, root, found
        self.rng = Random(f"{seed}/{scenario.name}")
        self.before, self.after = root / "before", root / "after"
        self.faults: dict[str, Fault] = {}
        self.metrics: KillMetrics = {
            "scenario": scenario.name,
            "changes": 0,
            "n": 0,
            "at": {"change": 0, "write": 0, "moment": 0},
            "survived": 0,
            "mixes": 0,
            "lost": 0,
            "faults": [],
            "longest": 0.0,
        }

    def run(self, n: int) -> KillMetrics:
        """Kill about ``n · share / 100`` processes."""
        n = max(1, round(n * self.scenario.share / 100))
        self.before.mkdir()
        self._must("making the state before", lambda: self.scenario.before(self.before))
        self._copy(self.before, self.after)
        began = time.monotonic()
        changes = int(self._must("the undisturbed change", lambda: self._counted(self.after)))
        seconds = time.monotonic() - began
        self.metrics["changes"] = changes
        sizes = [path.stat().st_size for path in self.after.rglob("*") if path.is_file()]
        for how in self._plan(n, changes, sizes, seconds):
            self._attempt(how, changes)
            if self.metrics["n"] >= n:
                break
        self.metrics["faults"] = sorted(self.faults.values(), key=lambda fault: -fault["n"])
        self.metrics["longest"] = round(self.metrics["longest"], 2)
        return self.metrics

    def _counted(self, folder: Path) -> str:
        number = count_changes(folder)
        self.scenario.act(folder)
        return str(number())

    def _plan(self, n: int, changes: int, sizes: Sequence[int], seconds: float) -> Sequence[How]:
        """Every change, or as many of them, evenly spread, as three quarters of the kills allow; then by chance."""
        first = min(changes, max(1, round(0.75 * n)))
        chosen = [How("change", 1 + place * changes // first) for place in range(first)]
        by_chance = []
        for place in range(3 * n + 20):  # some come too late and kill nobody
            if place % 2:
                by_chance.append(How("write", int(self.rng.choice(sizes) * self.rng.random())))
            else:
                by_chance.append(How("moment", self.rng.random() * seconds))
        return [*chosen, *by_chance]

    def _attempt(self, how: How, changes: int) -> None:
        folder = self.root / "attempt"
        self._copy(self.before, folder)
        if not self._killed(how, folder, self.scenario.act):
            return  # too late
        kills = [how]
        if self.rng.random() < CHAINED:
            second = How("change", self.rng.randint(1, changes))
            if self._killed(second, folder, self.scenario.again):
                kills.append(second)
        for kill in kills:
            self.metrics["at"][kill.kind] += 1
        self.metrics["n"] += len(kills)
        began = time.monotonic()
        problem = self._problem(folder)
        self.metrics["longest"] = max(self.metrics["longest"], time.monotonic() - began)
        if not problem:
            self.metrics["survived"] += len(kills)
            return
        self.metrics["mixes"] += problem.startswith(MIX)
        self.metrics["lost"] += problem.startswith(LOST)
        described = ", then ".join(map(str, kills))
        fault = self.faults.setdefault(problem, {"what": problem, "how": described, "n": 0})
        fault["n"] += 1
        if fault["n"] == 1:
            kept = self.found / f"{self.scenario.name.replace(' ', '-')}-{len(self.faults)}"
            shutil.rmtree(kept, ignore_errors=True)
            shutil.copytree(folder, kept, symlinks=True)
            (kept / "what.txt").write_text(f"{problem}\n{described}\n", encoding="utf-8")

    def _problem(self, folder: Path) -> str:
        """What is wrong with a folder after a kill, or with completing it; "" if nothing is."""
        code, state = self._forked(lambda: self.scenario.check(folder, self.before, self.after))
        if code or state not in (OLD, NEW):
            return state or f"reading it ends with {code}"
        code, said = self._forked(lambda: self.scenario.again(folder) or "")
        if code:
            return f"repeating it ends with {code}: {said}"
        code, state = self._forked(lambda: self.scenario.check(folder, self.before, self.after))
        if code or state != NEW:
            return f"repeating it leaves: {state or code}"
        left = leftovers(folder)
        return f"leftovers: {left[0]}" if left else ""

    def _killed(self, how: How, folder: Path, act: Callable[[Path], None]) -> bool:
        """Run and kill it; returns whether it was killed, and not too late."""

        def work() -> str:
            if how.kind == "change":
                die_at(int(how.at), folder)
            elif how.kind == "write":
                die_in_a_write(int(how.at))
            act(folder)
            return ""

        code, _ = self._forked(work, how.at if how.kind == "moment" else None)
        return code < 0

    def _must(self, what: str, work: Callable[[], str | None]) -> str:
        code, said = self._forked(lambda: work() or "")
        if code:
            raise UserError(f"{self.scenario.name}: {what} ends with {code} ({said}); run the tests first")
        return said

    def _forked(self, work: Callable[[], str], kill_after: float | None = None) -> tuple[int, str]:
        """Work in a fork of this process. Returns its exit code, negative for a signal, and what it returned or said.

        What it prints is thrown away. Its session is its own, so that what it started can be ended with it.
        """
        said = self.root / "said"
        said.write_text("")
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                os.setsid()
                nowhere = os.open(os.devnull, os.O_RDWR)
                for stream in range(3):
                    os.dup2(nowhere, stream)
                text = work()
                code = 0
            except BaseException as error:
                text = f"{type(error).__name__}: {error}"
            with contextlib.suppress(BaseException):
                said.write_text(text, encoding="utf-8")
            os._exit(code)
        end = time.monotonic() + (PATIENCE if kill_after is None else kill_after)
        while True:
            done, status = os.waitpid(pid, os.WNOHANG)
            if done:
                break
            if time.monotonic() > end:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                _, status = os.waitpid(pid, 0)
                if kill_after is None:
                    return 1, "it hangs"
                break
            time.sleep(0.0005 if end - time.monotonic() < 1 else 0.005)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)  # what it left running
        return os.waitstatus_to_exitcode(status), said.read_text(encoding="utf-8")

    def _copy(self, source: Path, target: Path) -> None:
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(source, target, symlinks=True)
