"""Sets of files change in one step, whatever happens at whichever of the calls that write."""

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from digits import publishing
from digits.errors import UserError
from digits.files import PARTIAL, write_text
from digits.publishing import (
    COMPLETE,
    INCOMING,
    JOURNAL,
    LOCK,
    STAGED,
    Busy,
    Staged,
    exclusive,
    home,
    settle,
    staging,
)
from tests.faulty import ELSEWHERE, FLAT_NEW, FLAT_OLD, NEW, OLD, contents, decide, publish, put, scenarios, unsynced

ROOT = Path(__file__).resolve().parent.parent
MEMORY = Path("/dev/shm")
STRIDE = int(os.environ.get("EVERY_WRITE", 4))  #: of all faults but kills, which come at every call that writes

posix = pytest.mark.skipif(sys.platform == "win32", reason="needs processes that fork")


def hidden_names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob(".*"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """With an old set."""
    put(tmp_path / "output", OLD)
    return tmp_path / "output"


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Path]:
    """A folder on another file system than ``tmp_path``."""
    if not MEMORY.is_dir() or os.stat(MEMORY).st_dev == os.stat(tmp_path).st_dev:
        pytest.skip("needs another file system")
    with tempfile.TemporaryDirectory(dir=MEMORY) as place:
        yield Path(place)


# -- whatever happens -------------------------------------------------------------------------


@posix
@pytest.mark.parametrize("name", scenarios(Path()))
def test_no_fault_at_any_write_leaves_a_mix(name: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    elsewhere = request.getfixturevalue("elsewhere") / "plots" if name == ELSEWHERE else tmp_path
    command = [sys.executable, "-m", "tests.faulty", tmp_path / "output", elsewhere, name, str(STRIDE)]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600)
    assert (result.stdout.strip(), result.returncode) == ("", 0), result.stderr


def test_it_is_durable_before_it_is_decided_and_in_place_before_it_is_forgotten(folder: Path) -> None:
    """A power cut keeps what was synced, and of the rest anything."""
    order: list[str] = []

    def note(what: str, original: Callable[..., Any]) -> Callable[..., Any]:
        def noted(first: Any, *rest: Any) -> Any:
            target = rest[0] if rest else first
            name = os.readlink(f"/proc/self/fd/{first}") if isinstance(first, int) else str(target)
            order.append(f"{what} {Path(name).relative_to(folder)}")
            return original(first, *rest)

        return noted

    if not Path("/proc/self/fd").is_dir():
        pytest.skip("needs the names of open files")
    with exclusive(folder) as writer:
        staged = Staged(folder / f"{STAGED}0")
        staged.file("models", "a.json").write_text("new")
        with (
            mock.patch("os.replace", note("put", os.replace)),
            mock.patch("os.fsync", note("sync", os.fsync)),
            mock.patch("os.unlink", note("forget", os.unlink)),
        ):
            writer.publish(staged)
    brought, decided, placed = (number for number, line in enumerate(order) if line.startswith("put "))
    forgotten = order.index(f"forget {JOURNAL}")
    assert order[brought].startswith(f"put models/{INCOMING}")
    assert (order[decided], order[placed]) == (f"put {JOURNAL}", "put models/a.json")
    assert brought < order.index(order[brought].replace("put", "sync")) < order.index("sync models") < decided
    assert "sync ." in order[decided:placed] and "sync models" in order[placed:forgotten]


# -- what a killed process had decided ----------------------------------------------------------


def test_what_was_decided_is_completed_before_reading_and_before_writing(tmp_path: Path) -> None:
    for act in (settle, lambda folder: exclusive(folder).__enter__()):
        folder = tmp_path / str(act)
        decide(folder)
        assert contents(folder) != OLD | NEW
        act(folder)
        assert contents(folder) == OLD | NEW
        assert hidden_names(folder) == [LOCK]


def test_reading_leaves_a_folder_alone_of_which_nothing_was_decided(folder: Path, tmp_path: Path) -> None:
    put(folder, {f"models/{INCOMING}0-0": "half"})
    for place in (folder, tmp_path / "nowhere"):
        settle(place)
    assert hidden_names(folder) == [f"{INCOMING}0-0"]
    assert not (tmp_path / "nowhere").exists()


def journal(hidden: str, file: str) -> str:
    return json.dumps({hidden: {"file": file, "sha256": "0" * 64}})


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        '{"models/.incoming-0-0": 3}',
        '{"models/.incoming-0-0": "models/a.json"}',
        '{"models/.incoming-0-0": {"file": "models/a.json"}}',
        journal("models/.incoming-0-0", "plots/a.json"),
        journal("models/.incoming-0-0", "models/../../a.json"),
        journal("../.incoming-0-0", "../a.json"),
        journal("/tmp/.incoming-0-0", "/tmp/a.json"),
        journal("models/b.json", "models/a.json"),
        journal(".incoming-0-0", ".lock"),
        journal("models/.incoming-0-0", "models/.publishing.json"),
        journal(".incoming-0-0", ""),
        journal(".incoming-0-0", "a\0b"),
        journal(".incoming-0-0", "C:a.json"),
        "[" * 100_000,
        " " * (publishing.MOST_JOURNAL + 1),
        None,
    ],
    ids=lambda content: "a pipe" if content is None else content[:40],
)
def test_a_damaged_journal_is_one_line_at_once(content: str | None, folder: Path) -> None:
    """And nothing is renamed: it may be a stranger's."""
    if content is None:
        if not hasattr(os, "mkfifo"):
            pytest.skip("needs named pipes")
        os.mkfifo(folder / JOURNAL)
    else:
        (folder / JOURNAL).write_text(content)
    put(folder, {"models/.incoming-0-0": "another"})
    began = time.monotonic()
    for act in (settle, publish):
        with pytest.raises(UserError, match=r"\.publishing\.json is damaged \(.*\); delete it") as caught:
            act(folder)
        assert "\n" not in str(caught.value)
    assert time.monotonic() - began < publishing.PATIENCE / 2
    assert contents(folder) == OLD


def replaced(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


@posix
@pytest.mark.parametrize("spoil", [None, Path.unlink, lambda path: path.write_text("another"), replaced])
def test_a_file_that_is_lost_while_it_is_put_into_place_is_one_line(
    spoil: Callable[[Path], object] | None, folder: Path
) -> None:
    """Whether what lies there is of the new set is known by its content, not by its being there."""
    decide(folder)
    known = json.loads((folder / JOURNAL).read_text())
    first, second, *_ = known
    if spoil:
        spoil(folder / known[first]["file"])
    else:
        (folder / second).unlink()  # the old file stays where the new one was to be
    with pytest.raises(UserError, match=r"was deleted or changed while .*may not belong together; make it again$"):
        settle(folder)
    publish(folder)
    assert contents(folder) == OLD | NEW
    assert hidden_names(folder) == [LOCK]


HALF = """
import os, signal, sys
from pathlib import Path
from unittest import mock
from tests.faulty import FLAT_NEW, publish
place = os.replace
count = 0
def replace(source, target):
    global count
    count += Path(source).name.startswith(".incoming-")
    if count == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    place(source, target)
with mock.patch("os.replace", replace):
    publish(Path(sys.argv[1]), FLAT_NEW)
"""


@posix
@pytest.mark.parametrize("inner", ["look", "plots", "plots/study"])
def test_what_a_killed_process_had_decided_in_a_folder_survives_a_writer_of_the_outer_one(
    inner: str, tmp_path: Path
) -> None:
    put(tmp_path / inner, FLAT_OLD)
    process = subprocess.run([sys.executable, "-c", HALF, tmp_path / inner], cwd=ROOT, timeout=60)
    assert process.returncode == -signal.SIGKILL
    with exclusive(tmp_path):
        pass
    settle(tmp_path / inner)
    assert contents(tmp_path / inner) == FLAT_OLD | FLAT_NEW
    assert hidden_names(tmp_path / inner) == [LOCK]


@pytest.mark.parametrize("inner", ["look", "plots"])
def test_a_writer_leaves_a_living_one_in_a_folder_in_it_alone(inner: str, tmp_path: Path) -> None:
    with exclusive(tmp_path / inner) as writer, staging(writer) as staged:
        for name, text in NEW.items():
            write_text(staged.file(*name.split("/")), text)
        publish(tmp_path, {"top.md": "another"})
    assert contents(tmp_path / inner) == NEW


def test_only_what_was_planned_can_be_published(folder: Path) -> None:
    refused = pytest.raises(ValueError, match=r"models/b\.json is to be published, but was not")
    with exclusive(folder) as writer, refused, staging(writer, ["models/a.json"]) as staged:
        staged.file("models", "a.json")
        staged.file("models", "b.json")
    assert contents(folder) == OLD


def test_what_cannot_be_put_into_place_is_put_there_by_the_next_command(folder: Path) -> None:
    def refused(source: Path, target: Path) -> None:
        if target == folder / "plots" / "r.md":
            raise PermissionError(errno.EACCES, "Permission denied", str(target))
        original(source, target)

    original = os.replace
    with (
        mock.patch("os.replace", refused),
        pytest.raises(UserError, match=r"are ready but cannot be put into place \(.*r\.md\)"),
    ):
        publish(folder)
    settle(folder)
    assert contents(folder) == OLD | NEW


def test_reading_waits_for_a_living_process(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publishing, "PATIENCE", 0.1)
    with exclusive(folder):
        put(folder, {JOURNAL: "{}"})
        with pytest.raises(Busy, match="another run is writing to"):
            settle(folder)
        monkeypatch.setattr(publishing, "PATIENCE", 10.0)
        later = threading.Timer(0.2, (folder / JOURNAL).unlink)
        later.start()
        settle(folder)
        later.join()


# -- one writer -------------------------------------------------------------------------------


HOLD = """
import sys, time
from pathlib import Path
from digits.publishing import exclusive
with exclusive(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_second_writer_is_refused_under_any_name_of_the_folder_until_the_first_is_killed(
    folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "link").symlink_to(folder)
    process = subprocess.Popen([sys.executable, "-c", HOLD, folder], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None and process.stdout.readline() == "held\n"
    for name in (folder, tmp_path / "link", folder / ".." / folder.name):
        with pytest.raises(Busy, match=r"another run is writing to .*; wait until it has ended, or choose another"):
            publish(name)
    publish(folder / "plots" / "study")  # has a lock of its own
    process.kill()
    process.wait()
    process.stdout.close()
    publish(tmp_path / "link")
    assert contents(folder).items() >= NEW.items()


def test_models_and_plots_are_their_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert home(tmp_path / "plots") == (tmp_path, "plots")
    assert home(tmp_path / "models") == (tmp_path, "models")
    assert home(tmp_path / "plots" / "study") == (tmp_path / "plots" / "study", "")
    (tmp_path / "plots").mkdir()
    monkeypatch.chdir(tmp_path / "plots")
    assert home(Path(".")) == (tmp_path, "plots")


def no_flock(*_: object) -> None:
    raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))


@posix
def test_a_file_system_without_locks_is_one_line(folder: Path) -> None:
    with mock.patch("fcntl.flock", no_flock), pytest.raises(UserError, match=r"cannot write to .*not implemented"):
        publish(folder)
    assert contents(folder) == OLD


@posix
@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda path: path.write_text("mine"), "is not a folder"),
        (lambda path: path.symlink_to("nowhere"), "is not a folder"),
        (lambda path: path.symlink_to(path.name), "is not a folder"),
        (lambda path: path.symlink_to("/dev/null"), "is not a folder"),
        (os.mkfifo, "is not a folder"),
        (lambda path: (path / LOCK).mkdir(parents=True), "cannot write to .*Is a directory"),
        (lambda path: (path.mkdir(), (path / LOCK).symlink_to("nowhere")), "cannot write to "),
    ],
)
def test_what_cannot_be_a_folder_is_one_line(make: Callable[[Path], object], said: str, tmp_path: Path) -> None:
    make(tmp_path / "output")
    with pytest.raises(UserError, match=said) as caught:
        publish(tmp_path / "output")
    assert "\n" not in str(caught.value) and "--output DIR" in str(caught.value)


@pytest.mark.parametrize("path", ["/dev/null/output", "/proc/output", "x" * 300, "x/" * 3000])
def test_where_no_folder_can_be_made_it_is_one_line(path: str, tmp_path: Path) -> None:
    if path.startswith("/") and not Path("/proc").is_dir():
        pytest.skip("needs a folder in which not even root may write")
    with pytest.raises(UserError, match=r"cannot write to .*; free some space or choose another place with --output"):
        publish(tmp_path / path)


# -- what is in the way, or gone ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda folder: (folder / "models" / "a.json" / "x").mkdir(parents=True), "a.json is a folder; move it away"),
        (lambda folder: (folder / "models").write_text("mine"), "models is not a folder; move it away"),
        (lambda folder: (folder / "models").symlink_to("nowhere"), "models is not a folder; move it away"),
        (lambda folder: (folder / "models").symlink_to("models"), "models is not a folder; move it away"),
        (lambda folder: (folder / "models").symlink_to("/proc"), "cannot write to .*; nothing published has changed"),
    ],
)
def test_what_is_in_the_way_is_found_beforehand(spoil: Callable[[Path], object], said: str, tmp_path: Path) -> None:
    if not Path("/proc").is_dir():
        pytest.skip("needs a folder in which not even root may write")
    folder = tmp_path / "output"
    folder.mkdir()
    spoil(folder)
    with exclusive(folder) as writer, pytest.raises(UserError, match=said):
        writer.check(["models/a.json"])
    before = sorted(folder.rglob("*"))
    with pytest.raises(UserError, match=said):
        publish(folder)
    assert sorted(folder.rglob("*")) == before


@pytest.mark.parametrize("replaced", [False, True])
def test_a_folder_that_is_deleted_in_the_middle_is_one_line(replaced: bool, folder: Path) -> None:
    with exclusive(folder) as writer:
        writer.check()
        shutil.rmtree(folder)
        if replaced:
            publish(folder, OLD)
        with pytest.raises(UserError, match=f"{folder} was deleted or replaced while this was running"):
            writer.check()
        with pytest.raises(UserError, match="deleted or replaced"), staging(writer) as staged:
            write_text(staged.file("models", "a.json"), "new")
    assert contents(folder) == (OLD if replaced else {})


def test_a_set_of_which_a_file_is_gone_is_not_published(folder: Path) -> None:
    with (
        exclusive(folder) as writer,
        pytest.raises(UserError, match=r"^models/a.json can no longer be found in .*; nothing was published"),
        staging(writer) as staged,
    ):
        write_text(staged.file("models", "a.keras"), "new")
        write_text(staged.file("models", "a.json"), "new")
        (staged.folder / "models" / "a.json").unlink()
    assert contents(folder) == OLD
    assert hidden_names(folder) == [LOCK]


def test_only_what_was_asked_for_is_published(folder: Path) -> None:
    with exclusive(folder) as writer, staging(writer) as staged:
        write_text(staged.file("models", "a.json"), "new")
        (staged.folder / "models" / ".partial-1-half").write_text("half")
    assert contents(folder) == {**OLD, "models/a.json": "new"}
    assert hidden_names(folder) == [LOCK]


def test_what_killed_processes_left_is_removed_and_what_living_ones_are_writing_is_not(
    folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "elsewhere").mkdir()
    (folder / "linked").symlink_to(tmp_path / "elsewhere")
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    for place in ("", "models/", "linked/"):
        put(
            folder, {f"{place}{INCOMING}0-0": "", f"{place}{PARTIAL}{os.getpid()}-0.json": "", f"{place}{PARTIAL}1": ""}
        )
        (folder / f"{place}{PARTIAL}{dead.pid}-0.json").write_text("half")
        (folder / f"{place}{PARTIAL}-ANN.json").write_text("half")
        os.utime(folder / f"{place}{PARTIAL}-ANN.json", (0, 0))  # of an earlier version
    put(folder, {f"{STAGED}0/models/a.json": "half"})
    before = hidden_names(tmp_path / "elsewhere")
    with exclusive(folder):
        pass
    living = [f"{PARTIAL}1", f"{PARTIAL}{os.getpid()}-0.json"]
    assert hidden_names(folder / "models") == sorted(living)
    assert hidden_names(tmp_path / "elsewhere") == before  # a link may lead to another writer's folder
    assert {path.name for path in folder.glob(".*")} == {LOCK, *living}
    assert contents(folder) == OLD


# -- interrupted ------------------------------------------------------------------------------


def interrupted_at(moment: str, number: int, folder: Path) -> KeyboardInterrupt:
    """Publish, and let a signal come as a file called ``moment`` is renamed into its place."""

    def replace(source: Path, target: Path) -> None:
        original(source, target)
        if Path(target).name == moment:
            signal.raise_signal(number)

    original = os.replace
    with mock.patch("os.replace", replace), pytest.raises(KeyboardInterrupt) as caught:
        publish(folder)
    return caught.value


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("moment", [JOURNAL, "a.json"])
def test_a_signal_during_the_switch_waits_until_it_is_complete(
    moment: str, number: signal.Signals, folder: Path
) -> None:
    """And then has the effect that it had before; the line is true."""
    came: list[int] = []

    def end(number: int, _: object) -> None:
        came.append(number)
        raise KeyboardInterrupt

    before = signal.signal(number, end)
    try:
        if moment == "a.json":
            shutil.rmtree(folder)  # else it comes as the file is staged
            folder.mkdir()
            decide(folder)
            with pytest.raises(KeyboardInterrupt), mock.patch("os.replace", _raising(number)):
                settle(folder)
        else:
            assert str(interrupted_at(moment, number, folder)) == COMPLETE
    finally:
        signal.signal(number, before)
    assert came == [number]
    assert contents(folder) == OLD | NEW
    assert hidden_names(folder) == [LOCK]


def _raising(number: int) -> Callable[[Path, Path], None]:
    original = os.replace

    def replace(source: Path, target: Path) -> None:
        signal.raise_signal(number)
        original(source, target)

    return replace


def test_ctrl_c_after_publishing_says_that_everything_is_done(folder: Path) -> None:
    with pytest.raises(KeyboardInterrupt, match=COMPLETE), exclusive(folder) as writer:
        with staging(writer) as staged:
            write_text(staged.file("top.md"), "new")
        raise KeyboardInterrupt  # as the table is printed
    with pytest.raises(KeyboardInterrupt, match=r"^$"), exclusive(folder):
        raise KeyboardInterrupt


def test_a_thread_may_publish(folder: Path) -> None:
    """Only the main thread can have signals."""
    with unsynced():
        thread = threading.Thread(target=publish, args=[folder])
        thread.start()
        thread.join()
    assert contents(folder) == OLD | NEW


def test_discarding_is_one_step(folder: Path) -> None:
    with exclusive(folder) as writer, suppress(KeyboardInterrupt):
        writer.discard(folder / "nothing")
        with mock.patch("shutil.rmtree", side_effect=KeyboardInterrupt):
            writer.discard(folder / "models")
    assert not (folder / "models").exists()
    with exclusive(folder):
        pass
    assert hidden_names(folder) == [LOCK]
