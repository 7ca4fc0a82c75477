"""My handwriting: digits are kept, replaced, removed and exported, and never half-written."""

import csv
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from digits.errors import UserError
from digits.reading.ink import Stroke, Strokes, open_strokes
from digits.window.collection import Collection
from digits.window.document import Sample


def sample(key: str, label: int, drawn: bool = True) -> Sample:
    crop = np.random.default_rng(int(key, 16)).integers(0, 256, (28, 28)).astype(np.uint8)
    strokes = (Stroke(((1.0, 2.0), (3.0, 4.0)), 8.0),) if drawn else ()
    return Sample(key, label, crop, Strokes(strokes, (100, 50)))


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
    assert sorted(path.name for path in folder.iterdir()) == ["0-b2.png", "7-a1.json", "7-a1.png"]


def test_another_answer_for_the_same_ink_replaces(tmp_path: Path) -> None:
    collection = Collection(tmp_path)
    collection.keep(sample("a1", 7))
    collection.keep(sample("a1", 1))
    assert collection.labels() == [1]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["1-a1.json", "1-a1.png"]


def test_removing(tmp_path: Path) -> None:
    collection = Collection(tmp_path)
    collection.keep(sample("a1", 7))
    collection.remove("a1")
    collection.remove("never there")
    assert len(collection) == 0
    assert not list(tmp_path.iterdir())


def test_foreign_and_damaged_files_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "3-cc.png").write_bytes(b"no picture")
    Image.new("L", (30, 28)).save(tmp_path / "4-dd.png")
    (tmp_path / "5-ee.png").symlink_to(tmp_path / "gone.png")
    (tmp_path / "notes.txt").write_text("mine")
    assert len(Collection(tmp_path)) == 0
    assert len(list(tmp_path.iterdir())) == 4


def test_a_folder_that_cannot_be_written_loses_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    collection = Collection(tmp_path / "file")
    with pytest.raises(UserError, match="cannot be kept"):
        collection.keep(sample("a1", 7))
    assert len(collection) == 0


@pytest.mark.parametrize("name", ["out.zip", "out"])
def test_exporting_gives_pictures_strokes_and_labels(tmp_path: Path, name: str) -> None:
    collection = Collection(tmp_path / "mine")
    collection.keep(sample("a1", 7))
    collection.keep(sample("b2", 0, drawn=False))
    target = tmp_path / name
    collection.export(target)
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
