import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path
from unittest import mock

import pytest
from filelock import Timeout

from digits.files import lock, read_bytes, replacing, sha256, write_json, write_text


def test_a_file_is_written_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    write_json(tmp_path / "new" / "card.json", {"größe": 1})
    assert (tmp_path / "new" / "card.json").read_text(encoding="utf-8") == '{\n  "größe": 1\n}\n'
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["card.json"]


def test_the_old_file_stays_when_writing_fails(tmp_path: Path) -> None:
    path = tmp_path / "model.weights.h5"
    write_text(path, "old")
    with pytest.raises(ZeroDivisionError), replacing(path) as temporary:
        assert temporary.name.endswith(".weights.h5")
        temporary.write_text("ne")
        raise ZeroDivisionError
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_the_old_file_stays_when_the_process_is_killed_in_the_middle(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    write_text(path, "old")
    code = f"""
import time
from pathlib import Path
from digits.files import replacing
with replacing(Path({str(path)!r})) as temporary:
    temporary.write_text("half")
    time.sleep(60)
"""
    process = subprocess.Popen([sys.executable, "-c", code], cwd=Path(__file__).parent.parent)
    deadline = time.monotonic() + 30
    while not list(tmp_path.glob(".partial-*")) and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert len(list(tmp_path.glob(".partial-*"))) == 1
    assert path.read_text() == "old"


def test_two_writers_of_one_file_do_not_meet(tmp_path: Path) -> None:
    """Not even two with the same number, as in two containers that share a folder."""
    path = tmp_path / "results.json"
    with replacing(path) as first, replacing(path) as second:
        assert first != second
        first.write_text("first")
        second.write_text("second")
    assert path.read_text() == "first"
    assert list(tmp_path.iterdir()) == [path]


def test_a_name_may_be_as_long_as_the_file_system_allows(tmp_path: Path) -> None:
    for name in (f"{'x' * 250}.json", f"x.{'y' * 245}.json", f"{'ä' * 125}.json"):
        write_text(tmp_path / name, name)
        assert (tmp_path / name).read_text() == name


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_what_is_no_file_is_not_replaced(tmp_path: Path) -> None:
    """Least of all /dev/null."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    for name, kind in (("pipe", "a named pipe"), ("folder", "a folder")):
        with pytest.raises(OSError, match=f"{name} is {kind}, not a file"):
            write_text(tmp_path / name, "new")
    if os.path.exists(os.devnull):
        with pytest.raises(OSError, match=f"{os.devnull} is a device, not a file"):
            write_text(Path(os.devnull), "new")
        assert stat.S_ISCHR(os.stat(os.devnull).st_mode)
    assert {path.name for path in tmp_path.iterdir()} == {"pipe", "folder"}


@pytest.mark.skipif(sys.platform == "win32", reason="folders cannot be opened")
def test_the_new_name_survives_a_power_cut(tmp_path: Path) -> None:
    synced: list[int] = []
    with mock.patch("os.fsync", lambda handle: synced.append(os.fstat(handle).st_ino)):
        write_text(tmp_path / "a.json", "new")
    assert synced == [(tmp_path / "a.json").stat().st_ino, tmp_path.stat().st_ino]


def test_sha256_of_known_bytes(tmp_path: Path) -> None:
    (tmp_path / "abc").write_bytes(b"abc")
    assert sha256(tmp_path / "abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="needs /proc")
def test_what_is_no_file_is_named_and_not_left_open(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    before = len(os.listdir("/proc/self/fd"))
    for path, kind in (
        (tmp_path / "folder", "a folder"),
        (tmp_path / "pipe", "a named pipe"),
        (Path("/dev/zero"), "a device"),
    ):
        with pytest.raises(ValueError, match=f"it is {kind}, not a file"):
            read_bytes(path, 10)
    assert len(os.listdir("/proc/self/fd")) == before


@pytest.mark.parametrize("kind", ["content", "hard link", "link", "dangling link"])
def test_a_lock_never_empties_a_file(kind: str, tmp_path: Path) -> None:
    there, path = tmp_path / "mine", tmp_path / ".lock"
    there.write_text("mine")
    if kind == "content":
        path.write_text("mine")
    elif kind == "hard link":
        os.link(there, path)
    else:
        path.symlink_to(there if kind == "link" else tmp_path / "nothing")
    with pytest.raises(FileExistsError):
        lock(path)
    assert there.read_text() == "mine" and (kind != "content" or path.read_text() == "mine")


def test_a_lock_is_for_one_and_can_be_taken_again(tmp_path: Path) -> None:
    with lock(tmp_path / ".lock"), pytest.raises(Timeout):
        lock(tmp_path / ".lock").acquire()
    with lock(tmp_path / ".lock"):
        pass


needs_links = pytest.mark.skipif(sys.platform == "win32", reason="needs links and modes")


@needs_links
def test_what_a_link_names_is_replaced_and_the_link_stays(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    for name, target in (("a", "real/a"), ("b", "a"), ("new", "real/new"), ("far", tmp_path / "real" / "far")):
        (tmp_path / name).symlink_to(target)
    (tmp_path / "real" / "a").write_text("old")
    for name, written in (("a", "a"), ("b", "a"), ("new", "new"), ("far", "far")):
        write_text(tmp_path / name, name)
        assert (tmp_path / name).is_symlink() and (tmp_path / "real" / written).read_text() == name
    with pytest.raises(ZeroDivisionError), replacing(tmp_path / "b") as temporary:
        assert temporary.parent == tmp_path / "real", "a rename is atomic only within one file system"
        temporary.write_text("half")
        raise ZeroDivisionError
    assert (tmp_path / "b").read_text() == "b"
    assert sorted(path.name for path in (tmp_path / "real").iterdir()) == ["a", "far", "new"]


@needs_links
def test_a_link_to_what_is_no_file_is_refused_and_stays(tmp_path: Path) -> None:
    targets = {"circular": "circular", "a folder": str(tmp_path), "a device": os.devnull}
    for name, target in targets.items():
        (tmp_path / name).symlink_to(target)
        with pytest.raises(OSError, match="symbolic links" if name == "circular" else name):
            write_text(tmp_path / name, "new")
        assert (tmp_path / name).is_symlink()
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(targets)


@needs_links
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o444, 0o755])
def test_a_file_stays_as_open_to_others_as_it_was(tmp_path: Path, mode: int) -> None:
    for name in ("a", "link"):
        (tmp_path / "a").write_text("old")
        (tmp_path / "a").chmod(mode)
        if name == "link":
            (tmp_path / name).symlink_to("a")
        write_text(tmp_path / name, "new")
        assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == mode and (tmp_path / "a").read_text() == "new"
        (tmp_path / "a").chmod(0o600)


@pytest.mark.parametrize("name", ["a\0.json", "\0", "a\0/b.json"])
def test_no_file_can_have_a_nul_in_its_name(tmp_path: Path, name: str) -> None:
    with pytest.raises(OSError, match="NUL"):
        write_text(tmp_path / name, "new")
    assert not list(tmp_path.iterdir())
