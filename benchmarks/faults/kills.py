"""Kills processes at each call that writes, in the middle of a write and at random moments; counts what survives.

Python reports every call that changes a file system to an audit hook before it is made. The processes are forks of one
that has imported what takes long, and run on POSIX systems only. After each fault the folder is read as the next
command would read it, and the command is repeated.
"""

import contextlib
import errno
import os
import shutil
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random
from typing import Any, Protocol, TypedDict

from benchmarks.faults.scratch import scratch
from digits.errors import UserError
from digits.learning.json_types import Count, Duration, Line, Number

PATIENCE = 120.0  #: seconds for a process that is not killed
CHAINED = 0.3  #: share of the kills after which what comes next is killed, too
#: SIGKILL before a call that writes; in the middle of the content that is written next; at a random moment.
KILLS = ("kill", "cut", "moment")
#: Ctrl-C; the disk is full, once; writing is refused from there on.
SHARES = {"kill": 0.45, "cut": 0.3, "moment": 0.25}
REFUSALS = ("interrupt", "full", "denied")
CALLS = ("os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.truncate")
FLAGS = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
CUT = 20  #: bytes of content that are still written
HIDDEN = (".partial-", ".incoming-", ".staged-", ".publishing.json", ".unfinished")  #: nothing of it may be left
OLD, NEW = "old", "new"
MIX, LOST = "mix", "lost"


class Scenario(Protocol):
    """Something that changes a folder, and how to tell whether all of it changed or nothing."""

    name: str
    share: int  #: of the kills, in relation to other scenarios'

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
class Fault:
    """What happens, one of ``KILLS`` and ``REFUSALS``, and at which call that writes, counted from 1; at 0 nothing.

    A "moment" is at so many seconds.
    """

    kind: str
    at: float

    def __str__(self) -> str:
        return f"{self.kind} at {self.at:.3f} s" if self.kind == "moment" else f"{self.kind} at {self.at:.0f}"


class Wrong(TypedDict):
    """What was wrong after a kill, the first kill that led to it, and how many did."""

    what: Line
    how: Line
    n: Number


class KillMetrics(TypedDict):
    """What became of the faults of a scenario.

    ``changes`` is the number of calls that write when nothing happens, ``n`` the faults that came. By their kind,
    ``at`` are those, ``wrong`` those that were not survived, ``mixed`` those of them after which old and new were mixed
    or something was lost. ``longest`` are the seconds that reading and repeating took at most.
    """

    scenario: Line
    changes: Count
    n: Number
    at: dict[str, Count]
    wrong: dict[str, Count]
    mixed: dict[str, Count]
    faults: list[Wrong]
    longest: Duration


def run(
    scenarios: Sequence[type[Scenario]],
    n: int,
    seed: int,
    found: Path,
    kinds: Sequence[str] = KILLS,
    report: Callable[[KillMetrics], None] = lambda _: None,
) -> list[KillMetrics]:
    """Kill processes of every scenario, or refuse them something.

    Args:
        scenarios: each is made in a process of its own, which imports what it needs.
        n: faults in all, shared out as the scenarios say; at least one each.
        seed: decides which changes and moments.
        found: folder for what was left where something was wrong; made when there is something.
        kinds: of the faults.
        report: called with each scenario's metrics.

    Raises:
        UserError: the system cannot fork, or a scenario does not work when nobody is killed.
    """
    if not hasattr(os, "fork"):
        raise UserError("killing needs a POSIX system; leave it out with --only inputs events")
    results, total = [], sum(make.share for make in scenarios)
    for make in scenarios:
        context = get_context("spawn")
        ours, theirs = context.Pipe()
        share = max(1, round(n * make.share / total))
        process = context.Process(target=_stage, args=(theirs, make, share, seed, found, kinds))
        process.start()
        theirs.close()
        try:
            outcome = ours.recv()
        except EOFError as error:
            raise UserError(f"{make.__name__}: the process that kills ended itself; see above") from error
        except KeyboardInterrupt:
            os.kill(process.pid or 0, signal.SIGINT)  # where it did not come from a terminal
            raise
        finally:
            process.join()
        if isinstance(outcome, str):
            raise UserError(outcome)
        results.append(outcome)
        report(outcome)
    return results


def arm(folder: Path, fault: Fault) -> Callable[[], int]:
    """Let a fault come in this process; for good, as an audit hook cannot be removed.

    Returns:
        A function that ends it and returns the number of calls so far.
    """
    import resource  # not on Windows

    count, over = 0, False

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal count
        if over or not _writes(event, arguments, str(folder)):
            return
        count += 1
        if not fault.at or fault.kind == "moment" or count < fault.at or (count > fault.at and fault.kind != "denied"):
            return
        if fault.kind == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        elif fault.kind == "cut":
            signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
            resource.setrlimit(resource.RLIMIT_FSIZE, (CUT, resource.RLIM_INFINITY))
        elif fault.kind == "interrupt":
            os.kill(os.getpid(), signal.SIGINT)
        else:
            code = errno.ENOSPC if fault.kind == "full" else errno.EACCES
            raise OSError(code, os.strerror(code), str(arguments[0]))

    def end() -> int:
        nonlocal over
        over = True
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        return count

    sys.addaudithook(hook)
    return end


def _writes(event: str, arguments: tuple[Any, ...], folder: str) -> bool:
    if event == "open":
        if not isinstance(arguments[2], int) or not arguments[2] & FLAGS:
            return False
    elif event not in CALLS:
        return False
    path = arguments[0]
    if isinstance(path, int):
        return False
    name = os.fsdecode(path)
    return not os.path.isabs(name) or name.startswith(folder)  # relative: to a folder that is being removed


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


# -- one scenario, in a process of its own --------------------------------------------------------


def _stage(connection: Connection, make: type[Scenario], n: int, seed: int, found: Path, kinds: Sequence[str]) -> None:
    from tqdm import tqdm

    tqdm.set_lock(threading.RLock())  # its semaphores, of processes that are killed, would be complained about
    try:
        scenario = make()
        with scratch() as folder:
            result: KillMetrics | str = _Trial(scenario, folder, seed, found, kinds).run(n)
    except UserError as error:
        result = str(error)
    except BaseException:
        result = traceback.format_exc()
    connection.send(result)


class _Trial:
    """All kills of one scenario."""

    def __init__(self, scenario: Scenario, root: Path, seed: int, found: Path, kinds: Sequence[str]) -> None:
        self.scenario, self.root, self.found, self.kinds = scenario, root, found, kinds
        self.rng = Random(f"{seed}/{scenario.name}")
        self.before, self.after = root / "before", root / "after"
        self.faults: dict[str, Wrong] = {}
        self.metrics: KillMetrics = {
            "scenario": scenario.name,
            "changes": 0,
            "n": 0,
            "at": dict.fromkeys(kinds, 0),
            "wrong": dict.fromkeys(kinds, 0),
            "mixed": dict.fromkeys(kinds, 0),
            "faults": [],
            "longest": 0.0,
        }

    def run(self, n: int) -> KillMetrics:
        """Have ``n`` faults come, and further ones that follow on some of them."""
        self.before.mkdir()
        self._must("making the state before", lambda: self.scenario.before(self.before))
        self._copy(self.before, self.after)
        began = time.monotonic()
        changes = int(self._must("the undisturbed change", lambda: self._counted(self.after)))
        seconds = time.monotonic() - began
        self.metrics["changes"] = changes
        for how in self._plan(n, changes, seconds):
            n -= self._attempt(how, changes)
            if n == 0:
                break
        self.metrics["faults"] = sorted(self.faults.values(), key=lambda fault: -fault["n"])
        self.metrics["longest"] = round(self.metrics["longest"], 2)
        return self.metrics

    def _counted(self, folder: Path) -> str:
        end = arm(folder, Fault("", 0))
        self.scenario.act(folder)
        return str(end())

    def _plan(self, n: int, changes: int, seconds: float) -> Iterator[Fault]:
        """At every call, or as many of them, evenly spread, as a kind's share allows; then by chance.

        More than ``n``, as some come too late and kill nobody.
        """
        shares = {kind: SHARES.get(kind, 1.0) for kind in self.kinds}
        for kind, share in shares.items():
            wanted = max(1, round(n * share / sum(shares.values())))
            first = 0 if kind == "moment" else min(changes, wanted)
            yield from (Fault(kind, 1 + place * changes // first) for place in range(first))
            for _ in range(wanted - first):
                yield self._by_chance(kind, changes, seconds)
        for _ in range(2 * n + 20):
            yield self._by_chance(self.rng.choice(self.kinds), changes, seconds)

    def _by_chance(self, kind: str, changes: int, seconds: float) -> Fault:
        return Fault(kind, self.rng.random() * seconds if kind == "moment" else self.rng.randint(1, changes))

    def _attempt(self, how: Fault, changes: int) -> bool:
        """Have a fault come, and sometimes another one; returns whether the first came in time."""
        folder = self.root / "attempt"
        self._copy(self.before, folder)
        code, said = self._tried(how, folder, self.scenario.act)
        if code == 0 and how.kind in KILLS:
            return False
        came = [how]
        if self.rng.random() < CHAINED:
            kind = self.rng.choice([kind for kind in self.kinds if kind != "moment"])
            second = Fault(kind, self.rng.randint(1, changes))
            if self._tried(second, folder, self.scenario.again)[0]:
                came.append(second)
        for one in came:
            self.metrics["at"][one.kind] += 1
        self.metrics["n"] += len(came)
        began = time.monotonic()
        problem = f"a traceback: {said}" if code > 0 else self._problem(folder)
        self.metrics["longest"] = max(self.metrics["longest"], time.monotonic() - began)
        if problem:
            self._note(problem, came, folder)
        return True

    def _note(self, problem: str, came: Sequence[Fault], folder: Path) -> None:
        for one in came:
            self.metrics["wrong"][one.kind] += 1
            self.metrics["mixed"][one.kind] += MIX in problem or LOST in problem
        described, problem = ", then ".join(map(str, came)), " ".join(problem.split()).replace(str(self.root), "")[:200]
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
        code, said = self._forked(lambda: self._repeated(folder))
        if code:
            return f"repeating it ends with {code}: {said}"
        code, state = self._forked(lambda: self.scenario.check(folder, self.before, self.after))
        if code or state != NEW:
            return f"repeating it leaves: {state or code}"
        left = leftovers(folder)
        return f"leftovers: {left[0]}" if left else ""

    def _repeated(self, folder: Path) -> str:
        self.scenario.again(folder)
        return ""

    def _tried(self, how: Fault, folder: Path, act: Callable[[Path], None]) -> tuple[int, str]:
        """Run until the fault comes. Returns a negative code if it was killed or answered in one line."""

        def work() -> str:
            arm(folder, how)
            try:
                act(folder)
            except (UserError, KeyboardInterrupt):
                os.kill(os.getpid(), signal.SIGKILL)  # answered: as good as killed
            return ""

        return self._forked(work, how.at if how.kind == "moment" else None)

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
                signal.signal(signal.SIGINT, signal.default_int_handler)
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
        done = status = 0
        try:
            while not done and time.monotonic() < end:
                time.sleep(0.0005 if end - time.monotonic() < 1 else 0.005)
                done, status = os.waitpid(pid, os.WNOHANG)
        finally:
            if not done:
                os.kill(pid, signal.SIGKILL)
                _, status = os.waitpid(pid, 0)
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(pid, signal.SIGKILL)  # what it left running
        if not done and kill_after is None:
            return 1, "it hangs"
        return os.waitstatus_to_exitcode(status), said.read_text(encoding="utf-8")

    def _copy(self, source: Path, target: Path) -> None:
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(source, target, symlinks=True)
