"""The door for handwriting: what is read of JSON and UNIPEN, by whom, and what is refused in one line."""

import gzip
import hashlib
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from digits.errors import UserError
from digits.learning import handwriting
from digits.learning.handwriting import Character, Handwriting, is_held_out, load
from digits.line_image import NO_DIGIT
from tests.handwriting import SHAPES, curve, strokes

Entry = dict[str, Any]
FOUR = {"digit": 4, "writer": 7, "strokes": [[[1, 2], [3.5, 4]], [[5, 6]]]}
TEXT = '.SEGMENT DIGIT 0 ? "8"\n.COMMENT 8 6 138\n.PEN_DOWN\n273 323\n272 327\n.PEN_UP\n.DT 100\n'


def written(path: Path, *entries: Entry, packed: bool = False) -> Path:
    """A JSON file."""
    content = json.dumps(entries).encode()
    path.write_bytes(gzip.compress(content) if packed else content)
    return path


def drawn(writers: Sequence[str | int]) -> list[Entry]:
    """A digit of each kind by each writer."""
    return [
        {"digit": int(digit), "writer": writer, "strokes": strokes(digit, 10, 10, 100, seed=seed)}
        for seed, writer in enumerate(writers)
        for digit in SHAPES
    ]


def tree(folder: Path, writers: int = 1) -> Path:
    """UNIPEN's tree, with an 8 by each writer."""
    for name in (f"w{number}.dat" for number in range(writers)):
        data, inner = folder / "data" / "1a" / "aga" / name, folder / "include" / "aga" / "data" / name
        for file in (data, inner):
            file.parent.mkdir(parents=True, exist_ok=True)
        data.write_text(f'.INCLUDE aga/data/{name}\n.SEGMENT CHARACTER 0 ? "8"\n')
        inner.write_text(".COORD X Y\n.PEN_DOWN\n1 2\n3 4\n.PEN_UP\n")
    return folder


def refused(says: str, *paths: Path) -> None:
    with pytest.raises(UserError, match=says) as caught:
        load(paths)
    assert "\n" not in str(caught.value) and str(paths[-1].parent) in str(caught.value)


# -- what is read ---------------------------------------------------------------------------------


@pytest.mark.parametrize("packed", [False, True])
def test_json(tmp_path: Path, packed: bool) -> None:
    path = written(tmp_path / "pen.v2.json", FOUR, FOUR | {"writer": "Ada"}, packed=packed)
    found = load([path])
    assert [(one.label, one.writer, one.sign) for one in found.characters] == [(4, "pen 7", ""), (4, "Ada", "")]
    assert [stroke.tolist() for stroke in found.characters[0].strokes] == [[[1, 2], [3.5, 4]], [[5, 6]]]
    assert all(stroke.dtype == np.float32 for stroke in found.characters[0].strokes)
    assert found.files == {"pen.v2.json": hashlib.sha256(path.read_bytes()).hexdigest()}


def test_drawn_digits_are_read_as_they_are(tmp_path: Path) -> None:
    found = load([written(tmp_path / "a.json", *drawn(["x", "y"]))])
    assert [one.label for one in found.characters] == [*range(10)] * 2
    assert [len(one.strokes) for one in found.by_writer()["y"]] == [len(shapes) for shapes in SHAPES.values()]
    assert np.allclose(found.characters[0].strokes[0], strokes("0", 10, 10, 100)[0], atol=1e-4)
    assert len(found.characters[0].strokes[0]) >= len(curve([(0, 0), (1, 1)]))


@pytest.mark.parametrize("packed", [False, True])
def test_uci(tmp_path: Path, packed: bool) -> None:
    path = tmp_path / "pendigits-orig.tes"
    text = f".INCLUDE dene.doc\n.HIERARCHY DIGIT\n{TEXT}".encode()
    path.write_bytes(gzip.compress(text) if packed else text)
    (eight,) = load([path]).characters
    assert (eight.label, eight.writer) == (8, "pendigits-orig 6")
    assert eight.strokes[0].tolist() == [[273, -323], [272, -327]]  # their y points up


@pytest.mark.parametrize("given", [".", "data", "data/1a", "data/1a/aga", "data/1a/aga/w0.dat"])
def test_unipen(tmp_path: Path, given: str) -> None:
    found = load([tree(tmp_path) / given])
    assert [(one.label, one.writer) for one in found.characters] == [(8, "aga/w0")]
    inner = hashlib.sha256((tmp_path / "include" / "aga" / "data" / "w0.dat").read_bytes()).hexdigest()
    assert len(found.files) == 2
    assert [name for name, digest in found.files.items() if digest == inner and "include/aga/data/w0.dat" in name]


def test_files_of_a_folder(tmp_path: Path) -> None:
    found = load([tree(tmp_path / "few", writers=2)])
    assert list(found.files) == [f"few/{name}" for name in ("data/1a/aga/w0.dat", "include/aga/data/w0.dat")] + [
        f"few/{name}" for name in ("data/1a/aga/w1.dat", "include/aga/data/w1.dat")
    ]
    many = load([tree(tmp_path / "many", writers=11)])
    assert list(many.files) == ["many"] and len(many.characters) == 11
    (tmp_path / "many" / "data" / "1a" / "aga" / "w5.dat").write_text(
        '.INCLUDE aga/data/w5.dat\n.SEGMENT CHARACTER 0 ? "9"'
    )
    assert load([tmp_path / "many"]).files["many"] != many.files["many"]


def test_what_is_searched(tmp_path: Path) -> None:
    folder = tree(tmp_path) / "data"
    (folder / "README").write_text("no data")
    (folder / "empty.dat").write_text("")
    (folder / "other.dat").write_bytes(bytes(range(256)))
    (folder / "words.dat").write_text('.SEGMENT WORD 0-4 ? "eight"\n')
    (folder / ".hidden.dat").write_text(".SEGMENT CHARACTER\n")
    (folder / ".hidden").mkdir()
    (folder / ".hidden" / "x.dat").write_text(".SEGMENT CHARACTER\n")
    (tmp_path / "include" / "x.dat").write_text(".SEGMENT CHARACTER\n")
    (folder / "b.dat.gz").write_bytes(gzip.compress(TEXT.encode()))
    assert [one.writer for one in load([tmp_path]).characters] == ["aga/w0", "b 6"]


def test_several_files(tmp_path: Path) -> None:
    paths = [written(tmp_path / "a.json", FOUR), written(tmp_path / "b.json", FOUR)]
    found = load([*paths, tree(tmp_path / "u")])
    assert list(found.by_writer()) == ["a 7", "b 7", "aga/w0"]
    assert [len(one.strokes) for one in found.by_writer()["a 7"]] == [2]


@pytest.mark.parametrize(
    ("sign", "label"),
    [("a", NO_DIGIT), ("+", NO_DIGIT), ("é", NO_DIGIT), ("٣", NO_DIGIT), ("5", 5)]
    + [(sign, None) for sign in [*sorted(handwriting.LOOK_ALIKES), "ab", " ", "\x07", "e\u0301"]],
)
def test_signs(tmp_path: Path, sign: str, label: int | None) -> None:
    entry = {"sign": sign, "writer": "w", "strokes": [[[1, 1]]]}
    found = load([written(tmp_path / "a.json", FOUR, entry)]).characters[1:]
    assert [(one.label, one.sign) for one in found] == ([] if label is None else [(label, sign * (label == NO_DIGIT))])


def test_signs_of_unipen(tmp_path: Path) -> None:
    path = tmp_path / "a.dat"
    path.write_text(TEXT + "".join(f'.SEGMENT CHARACTER 0 ? "{label}"\n' for label in ("0", "O", "a", "ab")))
    assert [(one.label, one.sign) for one in load([path]).characters] == [(8, ""), (0, ""), (NO_DIGIT, "a")]


def test_empty_strokes_are_dropped(tmp_path: Path) -> None:
    found = load([written(tmp_path / "a.json", FOUR | {"strokes": [[], [[1, 2]], []]})])
    assert [stroke.tolist() for stroke in found.characters[0].strokes] == [[[1, 2]]]


def test_names_that_are_not_unicode(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"pen\xff.json")
    try:
        written(path, FOUR)
    except OSError:
        pytest.skip("this file system has Unicode names only")
    found = load([path])
    assert found.characters[0].writer == "pen? 7" and list(found.files) == ["pen?.json"]
    found.split()  # hashes the name


# -- who is left out ------------------------------------------------------------------------------


def test_a_fifth_of_the_writers_are_left_out_by_their_name_alone() -> None:
    assert is_held_out("Alan") and not is_held_out("Ada")  # a name never changes sides
    assert 0.17 < np.mean([is_held_out(f"pen {number}") for number in range(2000)]) < 0.23


def test_split_keeps_writers_together_and_files() -> None:
    def by(writer: str) -> Character:
        return Character(1, writer, (np.zeros((1, 2), np.float32),))

    both = Handwriting(tuple(by(name) for name in ("Ada", "Alan", "Ada", "Alan")), {"a": "b"})
    learnt, left_out = both.split()
    assert [one.writer for one in learnt.characters] == ["Ada", "Ada"]
    assert [one.writer for one in left_out.characters] == ["Alan", "Alan"]
    assert learnt.files == left_out.files == both.files


# -- what is refused ------------------------------------------------------------------------------

CHARACTER = '{"digit": 1, "writer": "w", "strokes": [[[1, 1]]]}'


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "is neither JSON nor UNIPEN"),
        ("digits", "is neither JSON nor UNIPEN"),
        (bytes(range(256)) * 9, "is neither JSON nor UNIPEN"),
        (b"\x1f\x9d\x90", "is packed with compress.*run `uncompress .*x.json` first"),
        (gzip.compress(b"[]")[:-3], "its gzip ends early"),
        (gzip.compress(b"[]") + b"x", "something follows its gzip"),
        (gzip.compress(b"[]")[:10] + b"\xff" * 9, "its gzip is damaged"),
        (gzip.compress(b"\x1f\x9d"), "neither JSON nor UNIPEN"),
        ("[]", "there are no digits in "),
        ("{}", "Expected `array`"),
        ("[" * 100_000, "cannot be read as handwriting"),
        ("[1]", "character 1: Expected `object`"),
        (f"[{CHARACTER}, {{}}]", "character 2: Object missing required field `writer`"),
        (f"[{CHARACTER}", "truncated"),
        (f"[{CHARACTER}] x", "malformed"),
        ('[{"digit": 10, "writer": "w", "strokes": [[[1, 1]]]}]', "<= 9"),
        ('[{"digit": -1, "writer": "w", "strokes": [[[1, 1]]]}]', ">= 0"),
        ('[{"digit": "1", "writer": "w", "strokes": [[[1, 1]]]}]', "Expected `int`"),
        ('[{"digit": 1.5, "writer": "w", "strokes": [[[1, 1]]]}]', "Expected `int`"),
        ('[{"writer": "w", "strokes": [[[1, 1]]]}]', 'either "digit" or "sign"'),
        ('[{"digit": 1, "sign": "a", "writer": "w", "strokes": [[[1, 1]]]}]', 'either "digit" or "sign"'),
        ('[{"sign": "", "writer": "w", "strokes": [[[1, 1]]]}]', "length >= 1"),
        ('[{"sign": 1, "writer": "w", "strokes": [[[1, 1]]]}]', "Expected `str`"),
        ('[{"digit": 1, "writer": "", "strokes": [[[1, 1]]]}]', "length >= 1"),
        ('[{"digit": 1, "writer": null, "strokes": [[[1, 1]]]}]', "Expected `int | str`"),
        ('[{"digit": 1, "writer": 1e400, "strokes": [[[1, 1]]]}]', "cannot be read"),
        (f'[{{"digit": 1, "writer": {"9" * 5000}, "strokes": [[[1, 1]]]}}]', "cannot be read"),
        ('[{"digit": 1, "writer": "a\\nb", "strokes": [[[1, 1]]]}]', "matching regex"),
        (f'[{{"digit": 1, "writer": "{"w" * 101}", "strokes": [[[1, 1]]]}}]', "length <= 100"),
        ('[{"digit": 1, "writer": "\\ud800", "strokes": [[[1, 1]]]}]', "cannot be read"),
        ('[{"digit": 1, "writer": "w", "strokes": []}]', "no stroke with a point"),
        ('[{"digit": 1, "writer": "w", "strokes": [[], []]}]', "no stroke with a point"),
        ('[{"digit": 1, "writer": "w", "strokes": [[[1]]]}]', "length 2"),
        ('[{"digit": 1, "writer": "w", "strokes": [[[1, 1, 1]]]}]', "length 2"),
        ('[{"digit": 1, "writer": "w", "strokes": [[["1", 1]]]}]', "Expected `float`"),
        ('[{"digit": 1, "writer": "w", "strokes": [[[NaN, 1]]]}]', "malformed"),
        ('[{"digit": 1, "writer": "w", "strokes": [[[1e999, 1]]]}]', "out of range"),
        ('[{"digit": 1, "writer": "w", "strokes": [[[1, -1000001]]]}]', ">= -1000000"),
        (f'[{{"digit": 1, "writer": "w", "strokes": [[{"[1,1]," * 10_000}[1,1]]]}}]', "length <= 10000"),
        (
            f'[{{"digit": 1, "writer": "w", "strokes": [[{"[1,1]," * 9_999}[1,1]], [[1,1]]]}}]',
            "more than 10,000 points",
        ),
        (".VERSION 1.0\n", "has no segments of characters"),
        ('.SEGMENT CHARACTER 0 ? "1"\n', ", line 1: there is no run 0"),
        ('.SEGMENT CHARACTER 0 ? "a"\n.PEN_DOWN\n1 1\n', "there are no digits"),
        (".INCLUDE /dev/zero\n", ", line 1: /dev/zero is not in"),
    ],
    ids=range(44),
)
def test_bad_files_are_one_line(tmp_path: Path, content: str | bytes, says: str) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    refused(says, path)


def test_bounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = written(tmp_path / "a.json", FOUR, FOUR)
    monkeypatch.setattr(handwriting, "MOST_CHARACTERS", 3)
    assert len(load([whole]).characters) == 2
    refused("b.json: more than 3 characters", whole, written(tmp_path / "b.json", FOUR, FOUR, FOUR))
    refused("u: more than 3 characters", whole, tree(tmp_path / "u", writers=2))
    monkeypatch.setattr(handwriting, "MOST_FILES", 2)
    refused("u has more than 2 files", tree(tmp_path / "u", writers=3))
    monkeypatch.setattr(handwriting, "MOST", 100)
    refused("a.json .*more than the 100 that are read", whole)
    bomb = tmp_path / "bomb.json"
    bomb.write_bytes(gzip.compress(bytes(10_000)))
    refused("bomb.json .*once it is unpacked", bomb)


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX's kinds of files")
@pytest.mark.parametrize("kind", ["nothing", "a pipe", "a device", "a link to itself", "a long name", "a null byte"])
@pytest.mark.parametrize("place", ["given", "included", "in the folder"])
def test_what_is_no_file_is_one_line(tmp_path: Path, kind: str, place: str) -> None:
    folder = tree(tmp_path)
    path = {
        "given": tmp_path / "x",
        "included": folder / "include" / "aga" / "data" / "w0.dat",
        "in the folder": folder / "data" / "x.dat",
    }[place]
    path.unlink(missing_ok=True)
    if kind == "a pipe":
        os.mkfifo(path)
    elif kind == "a device":
        path.symlink_to("/dev/zero")
    elif kind == "a link to itself":
        path.symlink_to(path)
    elif place != "given" and kind != "nothing":
        return
    elif kind == "a long name":
        path = tmp_path / ("9" * 300)
    elif kind == "a null byte":
        path = tmp_path / "a\x00b"
    if place == "in the folder" and kind == "nothing":
        return
    refused("cannot be read|is not in", path if place == "given" else folder)


def test_a_folder_without_data(tmp_path: Path) -> None:
    refused("has no .dat file with segments of characters", tmp_path)
    (tmp_path / "w.dat.Z").write_bytes(b"\x1f\x9d")
    refused(r"run `uncompress .*w.dat.Z` first", tmp_path)


def test_packed_includes_are_named(tmp_path: Path) -> None:
    inner = tree(tmp_path) / "include" / "aga" / "data" / "w0.dat"
    inner.write_bytes(b"\x1f\x9d\x90")
    refused(f"{inner} is packed with compress", tmp_path)
    inner.rename(inner.with_name("w0.dat.Z"))
    refused(r"w0.dat, line 1: .*run `uncompress .*w0.dat.Z` first", tmp_path)


@pytest.mark.skipif(
    sys.platform == "win32" or not hasattr(os, "getuid") or os.getuid() == 0, reason="needs a plain user"
)
def test_a_folder_that_cannot_be_searched(tmp_path: Path) -> None:
    closed = tree(tmp_path) / "data" / "closed"
    closed.mkdir(mode=0)
    refused("cannot be searched .*closed.*make it readable", tmp_path)


def test_the_same_twice(tmp_path: Path) -> None:
    path = written(tmp_path / "a.json", FOUR)
    refused("is given twice", path, path)
    (tmp_path / "b").mkdir()
    refused("two different files are called a.json; rename one", path, written(tmp_path / "b" / "a.json", FOUR, FOUR))
