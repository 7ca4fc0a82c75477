"""Which files are read in folders."""

import os
import sys
from pathlib import Path

import pytest
from PIL import Image

from digits.errors import UserError
from digits.reading.folders import Search
from digits.reading.ink import Strokes, save_strokes
from tests.reading.conftest import written

BLANK = Image.new("L", (8, 8), 255)


def found(*paths: Path) -> tuple[list[str], list[str]]:
    """The names of the files that are to be read, and of those that are left out."""
    search = Search()
    files = [path if isinstance(path, Path) else Path(f"! {path}") for path in search.files(paths)]
    return [path.name for path in files], [path.name for path in search.left_out]


def test_sub_folders_are_read_in_the_order_of_names(tmp_path: Path) -> None:
    for name in ("b/2.png", "b/10.png", "b/a/1.gif", "a.png", "c.tif", "b.bmp", ".hidden/x.png", "b/.x.png"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        BLANK.save(path)
    (tmp_path / "empty").mkdir()
    assert found(tmp_path) == (["a.png", "10.png", "2.png", "1.gif", "b.bmp", "c.tif"], [])
    assert found(tmp_path / "c.tif", tmp_path / "b") == (["c.tif", "10.png", "2.png", "1.gif"], [])


def test_a_file_of_another_kind_is_left_out(tmp_path: Path) -> None:
    save_strokes(tmp_path / "drawn.json", Strokes(tuple(written("4")), (640, 480)))
    (tmp_path / "labels.json").write_text('{"a.png": "4"}')
    (tmp_path / "Thumbs.db").write_bytes(b"\xd0\xcf\x11\xe0")
    (tmp_path / "notes").write_text("BMW P5 is no image")
    (tmp_path / "old.pdf").write_bytes(b"%PDF-1.4")
    (tmp_path / "damaged.PNG").write_text("an error, when it is read")
    BLANK.save(tmp_path / "no suffix", "PNG")
    BLANK.save(tmp_path / "wrong.doc", "TIFF")
    assert found(tmp_path) == (
        ["damaged.PNG", "drawn.json", "no suffix", "wrong.doc"],
        ["Thumbs.db", "labels.json", "notes", "old.pdf"],
    )


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_links_in_a_circle_end(tmp_path: Path) -> None:
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    BLANK.save(inner / "1.png")
    (inner / "up").symlink_to(tmp_path)
    (tmp_path / "again").symlink_to(tmp_path / "a")
    (tmp_path / "self").symlink_to(tmp_path / "self")
    (tmp_path / "gone").symlink_to(tmp_path / "nothing")
    for i in range(30):  # two ways at each of thirty levels
        level = tmp_path / f"level {i}"
        level.mkdir()
        for way in ("left", "right"):
            (level / way).symlink_to(tmp_path / f"level {i + 1}")
    names, left_out = found(tmp_path)
    assert names == ["1.png"] and {"gone", "self"} <= {*left_out}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_in_a_folder_does_not_wait(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    BLANK.save(tmp_path / "a.png")
    assert found(tmp_path) == (["a.png"], ["pipe"])


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="nothing is forbidden to root")
def test_a_folder_that_cannot_be_searched_is_named(tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir()
    BLANK.save(tmp_path / "a.png")
    (tmp_path / "closed").chmod(0)
    search = Search()
    error = next(file for file in search.files([tmp_path]) if isinstance(file, UserError))
    (tmp_path / "closed").chmod(0o700)
    assert "closed cannot be searched: Permission denied" in str(error)


def test_a_folder_without_images_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("nothing")
    search = Search()
    (error,) = search.files([tmp_path])
    assert isinstance(error, UserError) and "has no images in it; give PNG" in str(error)
    assert [path.name for path in search.left_out] == ["notes.txt"]


def test_a_folder_that_vanishes_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(path: Path) -> list[str]:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(os, "listdir", fail)
    (error,) = Search().files([tmp_path])
    assert isinstance(error, UserError) and str(error).endswith(
        "cannot be searched: Permission denied; allow it, or move it away"
    )
