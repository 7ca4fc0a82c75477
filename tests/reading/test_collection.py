"""My handwriting: digits are kept, replaced, removed and exported; whatever ends a process, nothing is lost."""

import csv
import errno
import io
import os
import random
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
from PIL import Image

from digits.errors import UserError
from digits.files import read_bytes
from digits.reading import collection as module
from digits.reading.collection import PORTION, Collection, Sample
from digits.reading.ink import Stroke, Strokes, open_strokes

ROOT = Path(__file__).resolve().parents[2]
A, B = "a1" * 8, "b2" * 8  #: keys as :func:`digits.window.document.digit_key` makes them
posix = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork and named pipes")


def sample(key: str, label: int, drawn: bool = True) -> Sample:
    """A digit; its crop and strokes follow from its key."""
    crop = np.random.default_rng(int(key, 16)).integers(0, 256, (28, 28)).astype(np.uint8)
    strokes = (Stroke(((1.0, 2.0), (float(int(key, 16) % 97), 4.0)), 8.0),) if drawn else ()
    return Sample(key, label, crop, Strokes(strokes, (100, 50)))


def names(folder: Path) -> list[str]:
    """The names of the files in a folder, without hidden ones."""
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))


def png(width: int = 28, height: int = 28) -> bytes:
    content = io.BytesIO()
    pixels = np.random.default_rng(0).integers(0, 256, (height, width)).astype(np.uint8)
    Image.fromarray(pixels).save(content, format="PNG")
    return content.getvalue()


def test_what_is_kept_is_there_the_next_time(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    collection = Collection(folder)
    assert len(collection) == 0
    assert not folder.exists()
    collection.keep(sample("a1", 7))
    collection.keep(sample("b2", 0, drawn=False))
    again = Collection(folder)
    assert again.labels() == [0, 7]
    assert np.array_equal(again.entries[1].crop, sample("a1", 7).crop)
    assert again.counts() == [1, 0, 0, 0, 0, 0, 0, 1, 0, 0]
    assert open_strokes(folder / "7-a1.json") == sample("a1", 7).strokes
    assert names(folder) == ["0-b2.png", "7-a1.json", "7-a1.png"]


def test_another_answer_for_the_same_ink_replaces(tmp_path: Path) -> None:
    collection = Collection(tmp_path)
    collection.keep(sample("a1", 7))
    collection.keep(sample("a1", 1))
    assert collection.labels() == [1]
    assert names(tmp_path) == ["1-a1.json", "1-a1.png"]


def test_of_two_labels_for_the_same_ink_the_newer_counts_until_the_next_change(tmp_path: Path) -> None:
    for label, written in ((7, 100), (1, 200), (4, 150)):
        Collection(tmp_path / f"{label}").keep(sample(A, label))
        os.utime((tmp_path / f"{label}" / f"{label}-{A}.png"), (written, written))
        for name in names(tmp_path / f"{label}"):
            os.replace(tmp_path / f"{label}" / name, tmp_path / name)
    collection = Collection(tmp_path)
    assert collection.labels() == [1]
    collection.keep(sample(A, 7))
    assert [name for name in names(tmp_path) if A in name] == [f"7-{A}.json", f"7-{A}.png"]


def test_removing(tmp_path: Path) -> None:
    collection = Collection(tmp_path)
    collection.keep(sample("a1", 7))
    collection.remove("a1")
    collection.remove("never there")
    assert len(collection) == 0
    assert not names(tmp_path)


@pytest.mark.parametrize("name", ["out.zip", "out"])
def test_exporting_gives_pictures_strokes_and_labels(tmp_path: Path, name: str) -> None:
    collection = Collection(tmp_path / "mine")
    collection.keep(sample("a1", 7))
    collection.keep(sample("b2", 0, drawn=False))
    target = tmp_path / name
    assert collection.export(target) == 0
    if name.endswith(".zip"):
        with zipfile.ZipFile(target) as archive:
            archive.extractall(tmp_path / "unpacked")
        target = tmp_path / "unpacked"
    assert sorted(path.name for path in target.iterdir()) == ["0-b2.png", "7-a1.json", "7-a1.png", "labels.csv"]
    with open(target / "labels.csv", newline="") as file:
        assert list(csv.reader(file)) == [["file", "label"], ["0-b2.png", "0"], ["7-a1.png", "7"]]


def test_exporting_overwrites_no_folder(tmp_path: Path) -> None:
    collection = Collection(tmp_path / "mine")
    collection.keep(sample("a1", 7))
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thing").write_text("mine")
    with pytest.raises(UserError, match="not empty"):
        collection.export(tmp_path / "full")
    with pytest.raises(UserError, match="cannot export"):
        collection.export(tmp_path / "full" / "thing" / "out.zip")


def test_exporting_touches_no_folder_but_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".partial-out").mkdir()
    (tmp_path / ".partial-out" / "thing").write_text("mine")
    collection, other = Collection(tmp_path / "mine"), Collection(tmp_path / "mine")
    collection.keep(sample(A, 7))

    def meanwhile(path: Path, most: int) -> bytes:
        """Let another export to the same name begin and fail in the middle of this one."""
        monkeypatch.setattr(module, "read_bytes", mock.Mock(side_effect=KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            other._export_folder(tmp_path / "out", [])
        monkeypatch.setattr(module, "read_bytes", read_bytes)
        return read_bytes(path, most)

    other.refresh()
    other.read_portion()
    monkeypatch.setattr(module, "read_bytes", meanwhile)
    assert collection.export(tmp_path / "out") == 0
    assert names(tmp_path / "out") == [f"7-{A}.json", f"7-{A}.png", "labels.csv"]
    assert (tmp_path / ".partial-out" / "thing").read_text() == "mine"
    assert sorted(os.listdir(tmp_path)) == [".partial-out", "mine", "out"], "its own is removed"


# ---- files and folders that are not as expected


def _unreadable(path: Path) -> None:
    path.write_bytes(png())
    path.chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("this user may read everything")


def _looping(path: Path) -> None:
    path.symlink_to(path)


def _named_in_no_encoding(path: Path) -> None:
    (path.parent / os.fsdecode(b"3-\xff\xfe.png")).write_bytes(png())


UNREADABLE: dict[str, Callable[[Path], object]] = {
    "no picture": lambda path: path.write_bytes(b"no picture"),
    "empty": lambda path: path.write_bytes(b""),
    "cut off": lambda path: path.write_bytes(png()[:300]),
    "flipped": lambda path: path.write_bytes(png()[:40] + bytes(byte ^ 255 for byte in png()[40:])),
    "too wide": lambda path: path.write_bytes(png(30, 28)),
    "10^9 pixels": lambda path: path.write_bytes(png()[:16] + (b"\0\0\x7f\xff" * 2) + png()[24:]),
    "PostScript": lambda path: path.write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 28 28\n{} loop\n"),
    "large": lambda path: path.write_bytes(png() + bytes(1 << 20)),
    "a folder": lambda path: path.mkdir(),
    "a pipe": lambda path: os.mkfifo(path),
    "a device": lambda path: path.symlink_to("/dev/zero"),
    "a dangling link": lambda path: path.symlink_to(path.parent / "gone"),
    "a circular link": _looping,
    "no permission": _unreadable,
    "a name in no encoding": _named_in_no_encoding,
}


@posix
@pytest.mark.parametrize("kind", UNREADABLE)
def test_a_file_that_cannot_be_read_is_left_out_and_counted(tmp_path: Path, kind: str) -> None:
    Collection(tmp_path).keep(sample(A, 7))
    (tmp_path / "notes.txt").write_text("mine")
    UNREADABLE[kind](tmp_path / f"3-{B}.png")
    before = names(tmp_path)
    collection = Collection(tmp_path)
    assert collection.labels() == [7]
    assert collection.notice() == f"1 file in {tmp_path} cannot be read and is left out"
    assert collection.notice() == "", "it is said once"
    collection.keep(sample(A, 1))
    collection.export(tmp_path / "out.zip")
    assert collection.labels() == [1]
    assert [name for name in names(tmp_path) if A not in name and name != "out.zip"] == [
        name for name in before if A not in name
    ]


@posix
def test_strokes_that_cannot_be_read_do_not_keep_the_digit_from_being_exported(tmp_path: Path) -> None:
    collection = Collection(tmp_path / "mine")
    collection.keep(sample(A, 7))
    (tmp_path / "mine" / f"7-{A}.json").unlink()
    os.mkfifo(tmp_path / "mine" / f"7-{A}.json")
    assert collection.export(tmp_path / "out") == 1
    assert names(tmp_path / "out") == [f"7-{A}.png", "labels.csv"]


def _read_only(path: Path) -> None:
    path.mkdir()
    path.chmod(0o500)
    if os.access(path, os.W_OK):
        path.chmod(0o700)
        pytest.skip("this user may write everywhere")


FOLDERS: dict[str, Callable[[Path], object]] = {
    "a file": lambda path: path.write_text("in the way"),
    "a pipe": lambda path: os.mkfifo(path),
    "a device": lambda path: path.symlink_to("/dev/zero"),
    "a dangling link": lambda path: path.symlink_to(path.parent / "gone"),
    "a circular link": _looping,
    "read-only": _read_only,
}


@posix
@pytest.mark.parametrize("kind", FOLDERS)
def test_a_folder_that_cannot_be_used_is_one_line(tmp_path: Path, kind: str) -> None:
    folder = tmp_path / "mine"
    FOLDERS[kind](folder)
    collection = Collection(folder)
    assert "\n" not in collection.notice()
    for _ in range(2):
        with pytest.raises(UserError, match=r"cannot be kept in .*mine: ") as caught:
            collection.keep(sample(A, 7))
        assert "\n" not in str(caught.value)
    assert len(collection) == 0
    collection.remove(A)


def test_a_name_that_is_too_long_is_one_line(tmp_path: Path) -> None:
    collection = Collection(tmp_path / ("n" * 300))
    assert collection.notice()
    with pytest.raises(UserError, match="cannot be kept"):
        collection.keep(sample(A, 7))


def test_a_disk_that_is_full_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    collection = Collection(tmp_path)
    collection.keep(sample(A, 7))

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    before = names(tmp_path)
    monkeypatch.setattr(module, "save_strokes", full)
    for digit in (sample(A, 1), sample(B, 2)):
        with pytest.raises(UserError, match="No space left"):
            collection.keep(digit)
    assert (names(tmp_path), collection.labels(), Collection(tmp_path).labels()) == (before, [7], [7])


def test_large_collections_are_read_in_portions_and_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for i in range(PORTION + 20):
        (tmp_path / f"{i % 10}-{i:016x}.png").write_bytes(png())
    collection = Collection(tmp_path)
    assert len(collection) == PORTION
    collection.keep(sample(A, 3))
    collection.export(tmp_path / "out.zip")
    assert len(collection) == PORTION + 21, "what is exported is complete"
    monkeypatch.setattr(module, "MOST", 100)
    collection = Collection(tmp_path)
    assert len(collection) == 100
    assert "only 100 of the digits" in collection.notice()


def _no_flock(*_: object) -> None:
    raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))


@posix
def test_where_nothing_can_be_locked_nothing_is_changed_but_what_is_there_is_exported(tmp_path: Path) -> None:
    collection = Collection(tmp_path / "mine")
    collection.keep(sample(A, 7))
    with mock.patch("fcntl.flock", _no_flock):
        with pytest.raises(UserError, match=r"cannot be kept in .*not implemented"):
            collection.keep(sample(B, 2))
        assert collection.export(tmp_path / "out") == 0
    assert names(tmp_path / "mine") == names(tmp_path / "out")[:2] == [f"7-{A}.json", f"7-{A}.png"]


@posix
@pytest.mark.parametrize("change", ["relabelled", "removed"])
def test_without_a_lock_a_digit_that_is_changed_while_it_is_exported_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    collection, other = Collection(tmp_path / "mine"), Collection(tmp_path / "mine")
    collection.keep(sample(A, 7))
    other.refresh()
    other.read_portion()

    def meanwhile(path: Path, most: int) -> bytes:
        mocked.stop()
        other.keep(sample(A, 1)) if change == "relabelled" else other.remove(A)
        mocked.start()
        return read_bytes(path, most)

    mocked = mock.patch("fcntl.flock", _no_flock)
    mocked.start()
    try:
        monkeypatch.setattr(module, "read_bytes", meanwhile)
        with pytest.raises(UserError, match=r"mine was changed while it was exported; export it again"):
            collection.export(tmp_path / "out.zip")
    finally:
        mocked.stop()
    assert os.listdir(tmp_path) == ["mine"]


# ---- several writers


def test_two_windows_see_each_other_s_changes(tmp_path: Path) -> None:
    one, other = Collection(tmp_path), Collection(tmp_path)
    one.keep(sample(A, 7))
    assert other.refresh()
    assert not other.refresh()
    other.read_portion()
    assert other.labels() == [7]
    other.keep(sample(A, 1))
    one.keep(sample(A, 3))
    assert names(tmp_path) == [f"3-{A}.json", f"3-{A}.png"]
    other.refresh()
    other.read_portion()
    assert other.labels() == one.labels() == [3]
    other.remove(A)
    one.remove(A)
    assert len(one) == len(other) == len(names(tmp_path)) == 0


def test_a_change_by_a_process_that_does_not_end_is_waited_for_and_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.05)
    code = "import sys, filelock; lock = filelock.FileLock(sys.argv[1]); lock.acquire(); print(1, flush=True); input()"
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / module.LOCK)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout is not None and process.stdin is not None
    process.stdout.readline()
    collection = Collection(tmp_path)
    with pytest.raises(UserError, match="another window"):
        collection.keep(sample(A, 7))
    with pytest.raises(UserError, match=r"cannot be exported: another window"):
        collection.export(tmp_path / "out.zip")
    process.kill()
    process.wait()
    process.stdin.close()
    process.stdout.close()
    collection.keep(sample(A, 7))
    assert collection.labels() == [7]


@posix
def test_two_processes_that_relabel_the_same_digits_leave_one_label_each(tmp_path: Path) -> None:
    keys = [f"{i:016x}" for i in range(1, 6)]
    children = [_fork(lambda seed=seed: _relabel(tmp_path, keys, seed)) for seed in (1, 2)]  # type: ignore[misc]
    assert [os.waitpid(child, 0)[1] for child in children] == [0, 0]
    for key in keys:
        picture, strokes = sorted(
            (path for path in tmp_path.iterdir() if key in path.name), key=lambda path: path.suffix
        )[::-1]
        assert picture.stem == strokes.stem
        assert open_strokes(strokes) == sample(key, 0).strokes
    assert len(Collection(tmp_path)) == len(keys)


@posix
@pytest.mark.parametrize("name", ["out.zip", "out"])
def test_a_digit_that_another_process_relabels_meanwhile_is_exported_with_its_strokes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    collection = Collection(tmp_path / "mine")
    collection.keep(sample(A, 7))
    collection.keep(sample(B, 5))
    wait, go = os.pipe()

    def relabel() -> None:
        os.read(wait, 1)
        Collection(tmp_path / "mine").keep(sample(A, 9))

    def meanwhile(path: Path, most: int) -> bytes:
        """Between the listing and the first strokes: let the other process begin, and end if nothing keeps it."""
        monkeypatch.setattr(module, "read_bytes", read_bytes)
        os.write(go, b"1")
        end = time.monotonic() + 0.5
        while not (tmp_path / "mine" / f"9-{A}.png").exists() and time.monotonic() < end:
            time.sleep(0.01)
        time.sleep(0.05)
        return read_bytes(path, most)

    child = _fork(relabel)
    monkeypatch.setattr(module, "read_bytes", meanwhile)
    assert collection.export(tmp_path / name) == 0
    assert os.waitpid(child, 0)[1] == 0
    assert _exported(tmp_path / name) == [f"5-{B}", f"7-{A}"]
    assert Collection(tmp_path / "mine").labels() == [5, 9]
    os.close(wait)
    os.close(go)


def _relabel(folder: Path, keys: list[str], seed: int) -> None:
    choice, collection = random.Random(seed), Collection(folder)
    for _ in range(200):
        collection.keep(sample(choice.choice(keys), choice.randrange(10)))


def _fork(work: Callable[[], object]) -> int:
    child = os.fork()
    if child == 0:
        code = 1
        try:
            work()
            code = 0
        finally:
            os._exit(code)
    return child


# ---- killed


def _killed_at(n: int, work: Callable[[], object]) -> bool:
    """Do work in a process that dies before its n-th change of the file system; returns whether it came so far."""

    def doomed() -> None:
        left = n

        def count(event: str, arguments: tuple[object, ...]) -> None:
            nonlocal left
            writes = event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR)
            if writes or event in ("os.rename", "os.remove", "os.mkdir", "os.rmdir", "shutil.rmtree"):
                left -= 1
                if left == 0:
                    os._exit(9)

        sys.addaudithook(count)
        work()

    return os.waitstatus_to_exitcode(os.waitpid(_fork(doomed), 0)[1]) == 9


CHANGES: dict[str, tuple[Callable[[Path], object], int | None, int | None]] = {
    "keep": (lambda folder: Collection(folder).keep(sample(A, 7)), None, 7),
    "relabel": (lambda folder: Collection(folder).keep(sample(A, 1)), 7, 1),
    "confirm": (lambda folder: Collection(folder).keep(sample(A, 7)), 7, 7),
    "remove": (lambda folder: Collection(folder).remove(A), 7, None),
    "export": (lambda folder: Collection(folder).export(folder.parent / "out.zip"), 7, 7),
    "export to a folder": (lambda folder: Collection(folder).export(folder.parent / "out"), 7, 7),
}


@posix
@pytest.mark.parametrize("change", CHANGES)
def test_killed_at_any_moment_a_digit_has_its_old_or_its_new_label(tmp_path: Path, change: str) -> None:
    work, old, new = CHANGES[change]
    n, killed = 0, True
    while killed:
        n += 1
        place = tmp_path / f"{n}"
        folder = place / "mine"
        place.mkdir()
        Collection(folder).keep(sample(B, 5))
        if old is not None:
            Collection(folder).keep(sample(A, old))
        killed = _killed_at(n, lambda folder=folder: work(folder))  # type: ignore[misc]
        _check(folder, [new] if not killed else [old, new])
        for target in (place / "out", place / "out.zip"):
            if target.exists():
                assert _exported(target) == [f"5-{B}", f"7-{A}"]
                target.rename(place / f"done {target.name}")
        work(folder)
        Collection(folder).keep(sample(B, 5))
        _check(folder, [new])
        keys = {key: label for key, label in ((A, new), (B, 5)) if label is not None}
        assert names(folder) == sorted(
            f"{label}-{key}{end}" for key, label in keys.items() for end in (".json", ".png")
        )
        assert [path.name for path in folder.iterdir() if path.name.startswith(".")] == [".lock"], (
            "nothing is left over"
        )
    assert n > 3


def _check(folder: Path, expected: list[int | None]) -> None:
    """The folder holds B as 5, A with one of the expected labels, each with its own strokes and picture."""
    labels = {entry.key: entry.label for entry in Collection(folder).entries}
    assert labels.pop(B) == 5
    assert labels.get(A) in expected
    pictures = [name for name in names(folder) if name.endswith(".png")]
    assert len(pictures) == len({name[1:] for name in pictures}), "two labels for the same ink"
    for entry in Collection(folder).entries:
        assert np.array_equal(entry.crop, sample(entry.key, 0).crop)
        assert open_strokes(folder / f"{entry.stem}.json") == sample(entry.key, 0).strokes


def _exported(target: Path) -> list[str]:
    if target.suffix:
        with zipfile.ZipFile(target) as archive:
            table = archive.read("labels.csv").decode()
            assert len(archive.namelist()) == 5
    else:
        table = (target / "labels.csv").read_text()
        assert len(names(target)) == 5
    return [Path(line.split(",")[0]).stem for line in table.splitlines()[1:]]


def test_the_newest_of_each_label_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PORTION", 1)
    keys = [f"{i:016x}" for i in range(8)]
    for place, key in enumerate(keys):
        Collection(tmp_path).keep(sample(key, place % 2))
        for path in tmp_path.glob(f"*{key}.png"):
            os.utime(path, ns=(place, place))
    collection = Collection(tmp_path)
    assert len(collection) == 1
    collection.read_newest(2)
    assert [(entry.label, entry.key) for entry in collection.entries] == [
        (0, keys[0]), (0, keys[4]), (0, keys[6]), (1, keys[5]), (1, keys[7])
    ]  # fmt: skip


# ---- importing


def exported(folder: Path, *samples: Sample) -> Path:
    collection = Collection(folder / "other")
    collection.keep(*samples)
    collection.export(folder / "hand.zip")
    return folder / "hand.zip"


def test_what_was_exported_is_imported_and_what_is_there_stays(tmp_path: Path) -> None:
    path = exported(tmp_path, sample(A, 3), sample(B, 5, drawn=False))
    mine = Collection(tmp_path / "mine")
    mine.keep(sample(A, 7))
    assert mine.add(path) == 1
    assert mine.labels() == [5, 7]
    assert mine.add(path) == 0
    other = Collection(tmp_path / "third")
    assert other.add(path) == 2
    theirs = Collection(tmp_path / "other")
    for ours, given in zip(other.entries, theirs.entries, strict=True):
        assert (ours.key, ours.label) == (given.key, given.label) and np.array_equal(ours.crop, given.crop)
    assert open_strokes(other.folder / f"3-{A}.json") == open_strokes(theirs.folder / f"3-{A}.json")
    assert not (other.folder / f"5-{B}.json").exists()


def picture(size: tuple[int, int] = (28, 28), form: str = "PNG") -> bytes:
    content = io.BytesIO()
    Image.new("L", size, 9).save(content, form)
    return content.getvalue()


STRANGE: dict[str, tuple[dict[str, bytes], str]] = {
    "nothing": ({}, "it holds no digits"),
    "a table alone": ({"labels.csv": b"file,label\n"}, "it holds no digits"),
    "another file": ({f"3-{A}.png": picture(), "notes.txt": b"hello"}, "'notes.txt' is no digit"),
    "a path": ({f"3-{A}.png": picture(), f"../4-{B}.png": picture()}, f"'../4-{B}.png' is no digit"),
    "strokes alone": ({f"3-{A}.png": picture(), f"4-{B}.json": b"{}"}, f"'4-{B}.json' is no digit"),
    "a large picture": ({f"3-{A}.png": picture((280, 280))}, "is not 28 by 28 pixels large"),
    "no picture": ({f"3-{A}.png": b"no picture"}, "is not an image"),
    "many bytes": ({f"3-{A}.png": picture() + bytes(1 << 17)}, "more than the 65,536 of a picture"),
    "two labels": ({f"3-{A}.png": picture(), f"4-{A}.png": picture()}, f"{A} has two labels"),
    "no strokes": ({f"3-{A}.png": picture(), f"3-{A}.json": b"[1]"}, "Expected `object`"),
    "endless strokes": ({f"3-{A}.png": picture(), f"3-{A}.json": b" " * ((1 << 20) + 1)}, "more than the 1,048,576"),
    "a bomb": ({f"3-{A}.png": bytes(201 << 20)}, "more than the 209,715,200 that are read"),
}


@pytest.mark.parametrize("case", STRANGE)
def test_a_strange_import_is_one_line_and_nothing_is_added(case: str, tmp_path: Path) -> None:
    members, why = STRANGE[case]
    path = tmp_path / "hand.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members.items():
            file.writestr(name, content)
    collection = Collection(tmp_path / "mine")
    with pytest.raises(UserError, match="cannot be imported") as caught:
        collection.add(path)
    assert why in str(caught.value) and "\n" not in str(caught.value)
    assert not collection.folder.exists()


@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x03\x04" + bytes(100)])
def test_what_is_no_zip_file_is_not_imported(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "hand.zip").write_bytes(content)
    for path in (tmp_path / "hand.zip", tmp_path, tmp_path / "missing.zip"):
        with pytest.raises(UserError, match=r"give a \.zip file that this program has exported"):
            Collection(tmp_path / "mine").add(path)


def test_a_damaged_export_adds_nothing(tmp_path: Path) -> None:
    """Wherever a byte is changed: it is one line, or what is added is a digit."""
    path = exported(tmp_path, sample(A, 3))
    whole, rng = path.read_bytes(), random.Random(0)
    for _ in range(300):
        damaged = bytearray(whole)
        damaged[rng.randrange(len(whole))] ^= 1 << rng.randrange(8)
        path.write_bytes(damaged)
        mine = Collection(tmp_path / "mine")
        try:
            n = mine.add(path)
        except UserError:
            assert not mine.folder.exists()
        else:
            assert n == 1 and len(mine.entries) == 1
            mine.remove(mine.entries[0].key)
            shutil.rmtree(mine.folder)


def test_the_points_of_all_imported_strokes_are_limited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = exported(tmp_path, sample(A, 3), sample(B, 5))
    monkeypatch.setattr(module, "MOST_POINTS", 3)
    with pytest.raises(UserError, match="more than the 3 points that are read"):
        Collection(tmp_path / "mine").add(path)


def test_an_import_lets_others_have_the_folder_and_what_came_before_a_failure_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "TOGETHER", 2)
    keys = [f"{i:016x}" for i in range(5)]
    path = exported(tmp_path, *(sample(key, 1) for key in keys))
    mine, real, calls = Collection(tmp_path / "mine"), Collection.keep, 0

    def keep(self: Collection, *samples: Sample) -> None:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise UserError("the disk is full")
        real(self, *samples)
        Collection(tmp_path / "mine").remove("nobody")

    monkeypatch.setattr(Collection, "keep", keep)
    with pytest.raises(UserError, match="the disk is full"):
        mine.add(path)
    assert len(mine) == 4
