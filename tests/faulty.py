"""What is published where a process is killed, interrupted or refused at the n-th of its calls that write.

The faults are those of :mod:`benchmarks.faults.kills`. The processes are forked, so that each may die, and run on POSIX
systems only.

    python -m tests.faulty FOLDER ELSEWHERE NAME STRIDE    lets every fault come while something is published: a kill at
                                                           every call, each other one at every STRIDE-th

is a process of its own because forking one that has imported TensorFlow takes twenty times as long.
"""

import json
import os
import shutil
import signal
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any
from unittest import mock

from benchmarks.faults.kills import REFUSALS, Fault, arm
from digits.errors import UserError, writing
from digits.files import sha256, write_json, write_text
from digits.publishing import COMPLETE, INCOMING, JOURNAL, LOCK, UNCHANGED, Moved, exclusive, settle, staging

KINDS = ("kill", "cut", *REFUSALS)  #: of faults that come at a call

Contents = dict[str, str]


@dataclass(frozen=True)
class Ended:
    """How a process ended.

    Attributes:
        signal: that killed it, or 0.
        writes: calls that wrote, as far as it came to say so.
        said: the line that a person would read, or "".
        bug: the traceback of anything else, or "".
    """

    signal: int = 0
    writes: int = 0
    said: str = ""
    bug: str = ""


def faults(writes: int, stride: int, kills: int) -> Iterator[Fault]:
    """A kill at every ``kills``-th call, every other kind of fault at every ``stride``-th, each from another one on."""
    for place, kind in enumerate(KINDS):
        step = kills if kind == "kill" else stride
        yield from (Fault(kind, at) for at in range(1 + place % step, writes + 1, step))


def forked(work: Callable[[], object], folder: Path, fault: Fault) -> Ended:
    """Do something in a process of its own, in which a fault comes.

    Args:
        work: what it does; TensorFlow cannot compute in it if it has computed in this process.
        folder: absolute; only what is written below it counts.
        fault: that comes.
    """
    reading, writing = os.pipe()
    process = os.fork()
    if not process:
        os.close(reading)
        _die_or_say(work, folder, fault, writing)
    os.close(writing)
    with open(reading, "rb") as pipe:
        said = pipe.read()
    status = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    return Ended(**json.loads(said)) if said else Ended(signal=-status)


def _die_or_say(work: Callable[[], object], folder: Path, fault: Fault, pipe: int) -> None:
    """In the forked process: never returns."""
    ended: dict[str, Any] = {}
    count = arm(folder, fault)
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        work()
    except UserError as error:
        ended["said"] = str(error)
    except KeyboardInterrupt as error:
        ended["said"] = f"interrupted; {str(error) or UNCHANGED}"
    except BaseException:
        ended["bug"] = traceback.format_exc()
    finally:
        os.write(pipe, json.dumps({"writes": count(), **ended}).encode())
        os._exit(0)


# -- what is left of a folder ---------------------------------------------------------------------


@dataclass(frozen=True)
class Scenario:
    """A process that publishes a set of files over another.

    Attributes:
        states: the sets that may be found once it has ended: "old", "new", and others by any name.
        prepare: makes the folder with the old set; its path is absolute and does not exist.
        work: what the process does in the folder.
        again: what a person does after it was killed; it puts the new set there.
        inner: the folder in that folder that is published in; before anybody looks there after the fault, another
            process writes to the outer one.
    """

    states: Mapping[str, Contents]
    prepare: Callable[[Path], object]
    work: Callable[[Path], object]
    again: Callable[[Path], object]
    inner: str = ""


def all_lost(scenario: Scenario, folder: Path, stride: int, kills: int) -> list[str]:
    """Let :func:`faults` come at calls that write, and start again after each. Returns what was lost."""
    with unsynced():
        _prepare(scenario, folder)
        writes = forked(partial(scenario.work, folder), folder, Fault("", 0)).writes
        assert writes > 10
        return [found for fault in faults(writes, stride, kills) if (found := _lost(scenario, folder, fault))]


@contextmanager
def unsynced() -> Iterator[None]:
    """Spare the disk: what a kill leaves does not depend on it, only what a power cut does."""
    with mock.patch("os.fsync"):
        yield


def _prepare(scenario: Scenario, folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    scenario.prepare(folder)


def _lost(scenario: Scenario, folder: Path, fault: Fault) -> str:
    _prepare(scenario, folder)
    ended = forked(partial(scenario.work, folder), folder, fault)
    if scenario.inner:
        with exclusive(folder):
            pass
    settle(folder / scenario.inner)
    state = next((name for name, files in scenario.states.items() if contents(folder) == files), "a mix")
    for left in folder.rglob(".partial-*"):
        os.utime(left, (0, 0))  # the number of the process may be another's by now
    with exclusive(folder / scenario.inner), exclusive(folder) if scenario.inner else nullcontext():
        left_over = hidden(folder, but=".unfinished")
    again = forked(partial(scenario.again, folder), folder, Fault("", 0))
    wrong = {
        "a traceback": ended.bug or again.bug,
        "a mix": state == "a mix",
        "said to be complete": COMPLETE in ended.said and state != "new",
        "said to be unchanged": UNCHANGED in ended.said and state == "new",
        "ended well": not (ended.signal or ended.said or state == "new"),
        "left over": left_over or hidden(folder),
        "cannot be repeated": again.said or contents(folder) != scenario.states["new"],
    }
    found = [f"{what}, {fault}, {ended}, {again}, {sorted(contents(folder))}" for what in wrong if wrong[what]]
    return repr("; ".join(found)) if found else ""


def contents(folder: Path) -> Contents:
    """The visible files below a folder, by path; hidden ones and what lies in hidden folders do not count."""
    found: Contents = {}
    for parent, names, files in os.walk(folder, followlinks=True):
        names[:] = [name for name in names if not name.startswith(".")]
        for file in files:
            path = Path(parent, file)
            if not file.startswith("."):
                found[path.relative_to(folder).as_posix()] = path.read_text(encoding="utf-8")
    return found


def hidden(folder: Path, but: str = LOCK) -> list[str]:
    """What is hidden in a folder, but a lock and what another hidden folder has."""
    found = [path.relative_to(folder) for path in folder.rglob(".*") if path.name not in (LOCK, but)]
    return [str(path) for path in found if but not in path.parts]


def put(folder: Path, files: Contents) -> None:
    """Write files into a folder, which is made."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        write_text(folder / name, text)


# -- what is published ------------------------------------------------------------------------

OLD: Contents = {"models/a.keras": "old " * 9, "models/a.json": "old", "plots/r.md": "old", "plots/b.md": "stays"}
NEW: Contents = {"models/a.keras": "new " * 9, "models/a.json": "new", "plots/r.md": "new", "plots/c.md": "new"}
THIRD: Contents = {**dict.fromkeys(NEW, "third"), "top.md": "third"}
FLAT_OLD, FLAT_NEW = ({name.split("/")[1]: text for name, text in files.items()} for files in (OLD, NEW))
ELSEWHERE = "on two file systems"


def publish(folder: Path, files: Contents = NEW) -> None:
    """Publish files, as the benchmarks do."""
    with exclusive(folder) as writer, staging(writer) as staged, writing(folder, UNCHANGED):
        for name, text in files.items():
            write_text(staged.file(*name.split("/")), text)


def decide(folder: Path) -> None:
    """Leave a folder as a process does that is killed when the first of its files is in its place."""
    put(folder, OLD)
    moved: dict[str, Moved] = {}
    for number, (name, text) in enumerate(NEW.items()):
        hidden = PurePosixPath(name).with_name(f"{INCOMING}0-{number}").as_posix()
        put(folder, {hidden: text})
        moved[hidden] = {"file": name, "sha256": sha256(folder / hidden)}
    write_json(folder / JOURNAL, moved)
    hidden, first = next(iter(moved.items()))
    os.replace(folder / hidden, folder / first["file"])


def _link(folder: Path, elsewhere: Path) -> None:
    """``plots`` is a link to a folder on another file system."""
    shutil.rmtree(elsewhere, ignore_errors=True)
    elsewhere.mkdir()
    folder.mkdir()
    (folder / "plots").symlink_to(elsewhere)
    put(folder, OLD)


def _in(inner: str, contents: Contents) -> Contents:
    return {f"{inner}/{name}": text for name, text in contents.items()}


def _nested(inner: str) -> Scenario:
    """A folder with a lock of its own in another folder, whose files lie in it directly."""

    def prepare(folder: Path) -> None:
        publish(folder / inner, FLAT_OLD)

    def work(folder: Path) -> None:
        publish(folder / inner, FLAT_NEW)

    states = {"old": _in(inner, FLAT_OLD), "new": _in(inner, FLAT_OLD | FLAT_NEW)}
    return Scenario(states, prepare, work, work, inner)


def scenarios(elsewhere: Path) -> dict[str, Scenario]:
    """What is published over what, by name; ``elsewhere`` is a folder that is made on another file system."""
    over = {"old": OLD, "new": OLD | NEW}
    third = partial(publish, files=THIRD)
    decided = {"old": OLD | NEW, "new": OLD | NEW | THIRD}
    return {
        "over an old set": Scenario(over, partial(put, files=OLD), publish, publish),
        "the first set": Scenario({"old": {}, "new": NEW}, lambda _: None, publish, publish),
        "over what a killed process had decided": Scenario(decided, decide, third, third),
        **{f"in {inner}, a folder in another": _nested(inner) for inner in ("look", "plots")},
        ELSEWHERE: Scenario(over, partial(_link, elsewhere=elsewhere), publish, publish),
    }


if __name__ == "__main__":
    place, elsewhere, name, stride = sys.argv[1:]
    print(*all_lost(scenarios(Path(elsewhere))[name], Path(place), int(stride), kills=1), sep="\n")
