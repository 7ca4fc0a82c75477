"""UNIPEN's text: what is read, and what is refused in one line."""

import hashlib
import re
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from digits.errors import UserError
from digits.learning import unipen
from digits.learning.unipen import Document

MOST = 1 << 20
FOUR = (
    ".PEN_DOWN\n10 90\n20 50\n.PEN_UP\n.PEN_DOWN\n30 90\n30 10\n.PEN_UP\n"  #: runs 0 and 1: the empty ones do not count
)
SAID = '.SEGMENT CHARACTER 0-1 ? "4"\n'


def reader(path: Path) -> tuple[bytes, str]:
    content = path.read_bytes()
    return content, hashlib.sha256(content).hexdigest()


def parsed(text: str | bytes, path: Path = Path("nowhere/digits.dat"), most: int = MOST) -> Document:
    return unipen.read(path, text.encode() if isinstance(text, str) else text, reader, most)


def strokes(text: str) -> list[list[list[float]]]:
    """The strokes of the only character."""
    (segment,) = parsed(text).segments
    return [stroke.tolist() for stroke in segment.strokes]


def refused(text: str | bytes, says: str, path: Path = Path("nowhere/digits.dat"), most: int = MOST) -> None:
    with pytest.raises(UserError, match=says) as caught:
        parsed(text, path, most)
    assert "\n" not in str(caught.value) and str(path) in str(caught.value)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A data file as UNIPEN lays it out: data/1a/aga/w1.dat, which includes include/aga/data/w1.dat."""
    path = tmp_path / "data" / "1a" / "aga" / "w1.dat"
    inner = tmp_path / "include" / "aga" / "data" / "w1.dat"
    for file in (path, inner):
        file.parent.mkdir(parents=True)
    inner.write_text(f".COORD X Y\n{FOUR}")
    path.write_text(f".VERSION 1.0\n.INCLUDE aga/data/w1.dat\n{SAID}")
    return path


def read(path: Path) -> Document:
    return parsed(path.read_bytes(), path)


# -- what is read ---------------------------------------------------------------------------------


def test_strokes_point_down_and_are_float32() -> None:
    (segment,) = parsed(SAID + FOUR).segments
    assert segment.label == "4"
    assert [stroke.tolist() for stroke in segment.strokes] == [[[10, -90], [20, -50]], [[30, -90], [30, -10]]]
    assert all(stroke.dtype == np.float32 for stroke in segment.strokes)


@pytest.mark.parametrize("text", [FOUR + SAID, (FOUR + SAID).replace("\n", "\r\n"), (FOUR + SAID).replace("\n", "\r")])
def test_segments_may_come_last_and_lines_end_in_any_way(text: str) -> None:
    assert len(strokes(text)) == 2


@pytest.mark.parametrize(
    ("runs", "lengths"),
    [
        ("0", [3]),
        ("2", [2]),
        ("0-2", [3, 2]),  # the raised pen is numbered, but no ink
        ("0,2", [3, 2]),
        ("2,0", [2, 3]),
        ("0, 2", [3, 2]),
        ("0 - 2", [3, 2]),
        ("0,2-3", [3, 2, 4]),
        ("0:1", [1]),
        ("0:1-0:2", [2]),
        ("0:1-2:0", [2, 1]),
        ("0:2-3", [1, 2, 4]),
        ("0-3:1", [3, 2, 2]),
        ("0:0-0:0,3:3-3:3", [1, 1]),
    ],
)
def test_delineations(runs: str, lengths: list[int]) -> None:
    text = (
        ".PEN_DOWN\n1 1\n2 2\n3 3\n.PEN_UP\n8 8\n.PEN_DOWN\n4 4\n5 5\n.PEN_UP\n.PEN_DOWN\n6 6\n7 7\n8 8\n9 9\n"
        f'.SEGMENT CHARACTER {runs} OK "5"\n'
    )
    assert [len(stroke) for stroke in strokes(text)] == lengths


def test_points_are_numbered_from_0() -> None:
    assert strokes('.PEN_DOWN\n1 1\n2 2\n3 3\n4 4\n.SEGMENT CHARACTER 0:1-0:2 ? "1"') == [[[2, -2], [3, -3]]]


def test_columns_are_those_of_coord() -> None:
    text = '.COORD T Y P X\n.PEN_DOWN\n9999999 5 6 7\n2 -8 9 1.5\n.SEGMENT CHARACTER 0 ? "1"\n.COORD X Y\n'
    assert strokes(text) == [[[7, -5], [1.5, 8]]]


def test_several_points_in_a_line_and_empty_lines() -> None:
    assert strokes('.PEN_DOWN 1 2\n3 4 5 6\n\n +7. -8e0\n.SEGMENT CHARACTER 0 ? "1"') == [
        [[1, -2], [3, -4], [5, -6], [7, 8]]
    ]


def test_time_and_numbers_of_other_statements_are_no_points() -> None:
    first, second = (
        ".PEN_DOWN\n1 1\n.DT 20\n2 2\n.PEN_UP\n.DT 100\n.START_BOX\n5 5\n",
        ".PEN_DOWN\n3 3\n.H_LINE 2\n4 4\n",
    )
    text = f'.SEGMENT DIGIT 0-1 ? "4"\n{first}{second}'
    assert strokes(text) == [[[1, -1], [2, -2]], [[3, -3]]]


@pytest.mark.parametrize(
    ("segment", "labels"),
    [
        ('CHARACTER 0 ? "4"', ["4"]),
        ('CHARACTER 0 "4"', ["4"]),
        ('CHARACTER 0 OK "4"', ["4"]),
        ('CHARACTER 0 LR "4"', ["4"]),
        ('CHARACTER 0 BAD "4"', []),
        ('DIGIT 0 GOOD "4"', ["4"]),
        ('CHARACTER 0 ?\n "4" ', ["4"]),
        (r'CHARACTER 0 ? "\""', ['"']),
        (r'CHARACTER 0 ? "\\"', ["\\"]),
        ('CHARACTER 0 ? "é"', ["é"]),
        ('CHARACTER 0 ? "44"', []),
        ('CHARACTER 0 ? ""', []),
        ("CHARACTER 0 ?", []),
        ('WORD 0-77 ? "four"', []),
        ('CHARACTERS 0-77 ? "4"', []),
        ("TEXT anything", []),
    ],
)
def test_labels_levels_and_qualities(segment: str, labels: list[str]) -> None:
    assert [found.label for found in parsed(f"{FOUR}.SEGMENT {segment}\n.COMMENT end").segments] == labels


def test_latin_1() -> None:
    assert parsed(f'{FOUR}.SEGMENT CHARACTER 0 ? "é"'.encode("latin-1")).segments[0].label == "é"


@pytest.mark.parametrize(
    ("text", "writer"),
    [
        (SAID + FOUR, "digits"),
        ('.SEGMENT DIGIT 0-1 ? "4"\n.COMMENT 4  11  138\n' + FOUR, "digits 11"),
        ('.SEGMENT DIGIT 0-1 ? "4"\n.COMMENT by number 11\n' + FOUR, "digits"),
        ('.SEGMENT DIGIT 0-1 ? "4"\n' + FOUR + ".COMMENT 4  11  138\n", "digits"),
        (".WRITER_ID w1 and more\n" + SAID + FOUR, "digits w1"),
        (FOUR + ".WRITER_ID w1\n" + SAID, "digits w1"),
        (".WRITER_ID ?\n" + SAID + FOUR, "digits"),
        (".WRITER_ID\n" + SAID + FOUR, "digits"),
    ],
)
def test_writers_of_a_file_of_its_own(text: str, writer: str) -> None:
    assert parsed(text, Path("nowhere/digits.tes.gz")).segments[0].writer == writer


def test_a_tree(tree: Path) -> None:
    document = read(tree)
    assert [(segment.label, segment.writer, len(segment.strokes)) for segment in document.segments] == [
        ("4", "aga/w1", 2)
    ]
    inner = tree.parents[3] / "include" / "aga" / "data" / "w1.dat"
    assert document.included == {inner.resolve(): hashlib.sha256(inner.read_bytes()).hexdigest()}


@pytest.mark.parametrize("place", ["in the included file", "in the file", "at the end of the file"])
def test_writers_of_a_tree(tree: Path, place: str) -> None:
    file = tree.parents[3] / "include" / "aga" / "data" / "w1.dat" if place == "in the included file" else tree
    text, writer = file.read_text(), ".WRITER_ID 01\n"
    file.write_text(text.replace(SAID, writer + SAID) if place == "at the end of the file" else writer + text)
    assert read(tree).segments[0].writer == "aga/01"


def test_each_included_file_has_its_writer(tree: Path) -> None:
    folder = tree.parents[3] / "include" / "aga" / "data"
    for number in (1, 2):
        (folder / f"{number}.dat").write_text(f".WRITER_ID {number}\n.PEN_DOWN\n1 {number}\n")
    tree.write_text(
        '.INCLUDE aga/data/1.dat\n.INCLUDE aga/data/2.dat\n.SEGMENT CHARACTER 1 ? "2"\n.SEGMENT CHARACTER 0 ? "1"\n'
    )
    found = [(segment.label, segment.writer, segment.strokes[0].tolist()) for segment in read(tree).segments]
    assert found == [("2", "aga/2", [[1, -2]]), ("1", "aga/1", [[1, -1]])]


def test_includes_beside_a_file_without_a_tree(tmp_path: Path) -> None:
    (tmp_path / "w.ink").write_text(FOUR)
    path = tmp_path / "w.dat"
    path.write_text(f".INCLUDE w.ink\n{SAID}")
    assert read(path).segments[0].writer == f"{tmp_path.name}/w"


def test_documentation_may_be_missing(tree: Path) -> None:
    tree.write_text(f".INCLUDE aga/aga.doc\n.INCLUDE aga/aga.LEX\n{tree.read_text()}")
    assert len(read(tree).segments) == 1


def test_segments_in_an_included_file(tree: Path) -> None:
    (tree.parents[3] / "include" / "aga" / "char.seg").write_text(SAID)
    tree.write_text(".INCLUDE aga/data/w1.dat\n.INCLUDE aga/char.seg\n")
    assert read(tree).segments[0].writer == "aga/w1"


def test_what_no_segment_names_is_not_looked_at() -> None:
    assert len(strokes(f"{SAID}{FOUR}.PEN_DOWN\nnothing readable\n")) == 2


# -- what is refused ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("points", "line", "says"),
    [
        ("1 2\n3", 3, "'3' is no point of the pen: 2 numbers"),
        ("1 2 3", 2, "'1 2 3' is no point"),
        ("1 two", 2, "'1 two' is no point"),
        ("1 2\n\n1 nan", 4, "'1 nan' is no point of the pen: coordinates"),
        ("1 inf", 2, "'1 inf'"),
        ("1 1e999", 2, "'1 1e999'"),
        ("1 1000001", 2, "'1 1000001' is no point of the pen: coordinates must be numbers up to 1,000,000"),
        ("1 1_0", 2, "'1 1_0'"),
        ("1 1-1", 2, "'1 1-1'"),
        ("1 \x00", 2, r"'1 \?'"),
        ("\x1b[31m 2", 2, "31m 2' is no point"),
    ],
)
def test_bad_points(points: str, line: int, says: str) -> None:
    refused(f'.PEN_DOWN\n{points}\n.PEN_UP\n.SEGMENT CHARACTER 0 ? "1"', f"digits.dat, line {line}: .*{says}")


@pytest.mark.parametrize(
    ("segment", "says"),
    [
        ('CHARACTER 2 ? "4"', "no run 2 of the pen; there are 2"),
        ('CHARACTER 0-999999999 ? "4"', "no run 999999999"),
        ('CHARACTER 0-9999999999999 ? "4"', "runs cannot be read"),
        ('CHARACTER 1-0 ? "4"', "1-0 runs backwards"),
        ('CHARACTER 0:2 ? "4"', "names points 2 to 2 of run 0, which has 2"),
        ('CHARACTER 0:1-0:0 ? "4"', "points 1 to 0"),
        ('CHARACTER 0-1-1 ? "4"', "runs cannot be read"),
        ('CHARACTER 0,,1 ? "4"', "runs cannot be read"),
        ('CHARACTER 0 1 ? "4"', "runs cannot be read"),
        ('CHARACTER ? ? "4"', "cannot be read; give .SEGMENT CHARACTER"),
        ('CHARACTER -1 ? "4"', "runs cannot be read"),
        ('CHARACTER 0 ? "4', "cannot be read"),
        ('CHARACTER 0 ? "4" x', "cannot be read"),
        ("CHARACTER", "cannot be read"),
        ("CHARACTER " + "0," * 6000 + '0 ? "4"', "cannot be read"),
    ],
)
def test_bad_segments(segment: str, says: str) -> None:
    refused(f"{FOUR}.SEGMENT {segment}\n", f"digits.dat, line 9: .*{says}")


def test_a_segment_without_ink() -> None:
    refused('.PEN_UP\n1 1\n.SEGMENT CHARACTER 0 ? "4"', "line 3: the pen is up")


@pytest.mark.parametrize("columns", ["", "X", "X T", "X Y X", "X Y " + "T " * 30])
def test_bad_columns(columns: str) -> None:
    refused(f".COORD {columns}\n", "line 1: .COORD must name X and Y once")


def test_too_many_points() -> None:
    says = "more than 10,000 points"
    refused(".PEN_DOWN\n" + "1 1\n" * 10_001 + '.SEGMENT CHARACTER 0 ? "1"', says)
    refused(".PEN_DOWN\n" + f"{1:300} 1\n" * 10_000 + '.SEGMENT CHARACTER 0 ? "1"', says, most=8 << 20)
    runs = ".PEN_DOWN\n1 1\n" * 101
    refused(runs + f'.SEGMENT CHARACTER {",".join(["0-100"] * 100)} ? "1"', says)
    assert sum(map(len, parsed(runs + '.SEGMENT CHARACTER 0-100 ? "1"').segments[0].strokes)) == 101


def test_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    refused(SAID + FOUR, "has more than 0 MiB with all that it includes", most=10)
    monkeypatch.setattr(unipen, "MOST_NAMED", 7)
    refused(FOUR + SAID * 2, "line 10: the segments overlap too much")
    monkeypatch.setattr(unipen, "MOST_SEGMENTS", 1)
    refused(FOUR + SAID * 2, "line 10: there are more than 1 characters")
    monkeypatch.setattr(unipen, "MOST_RUNS", 1)
    refused(FOUR, "line 5: there are more than 1 runs")


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("/etc/passwd", "/etc/passwd is not in .*include"),
        ("../secret", "../secret is not in"),
        ("aga/../../secret", "is not in"),
        ("aga/link", "aga/link is not in"),
        ("aga/..", "is not in"),
        (".", "is not in"),
        ("", "must name a file"),
        ("a\x00b", "must name a file"),
        ("x" * 2000, "must name a file"),
        ("x" * 300, "cannot be read"),
        ("aga", "cannot be read .*folder"),
        ("aga/data/nothing.dat", "cannot be read .*No such file.*belongs in .*include"),
        ("aga/data/old.dat", "cannot be read .*run `uncompress .*old.dat.Z` first"),
    ],
)
def test_bad_includes(tree: Path, name: str, says: str) -> None:
    folder = tree.parents[3]
    (folder / "secret").write_text(FOUR)
    (folder / "include" / "aga" / "link").symlink_to(folder / "secret")
    (folder / "include" / "aga" / "data" / "old.dat.Z").write_bytes(b"\x1f\x9d")
    text = f".VERSION 1.0\n.INCLUDE {name}\n{SAID}"
    with pytest.raises(UserError, match=f"line 2: .*{says}") as caught:
        unipen.read(tree, text.encode(), readable, MOST)
    assert "\n" not in str(caught.value)


def readable(path: Path) -> tuple[bytes, str]:
    """As the door reads."""
    if path.is_dir():
        raise ValueError("it is a folder, not a file")
    return reader(path)


@pytest.mark.parametrize("files", [["a"], ["a", "b"], ["a", "b", "c"]])
def test_cyclic_includes(tmp_path: Path, files: list[str]) -> None:
    for file, following in zip(files, [*files[1:], files[0]], strict=True):
        (tmp_path / file).write_text(f"{FOUR}.INCLUDE {following}\n")
    with pytest.raises(UserError, match="line 9: a includes itself"):
        read(tmp_path / "a")


def test_includes_are_few_and_flat(tmp_path: Path) -> None:
    for level in range(10):
        (tmp_path / str(level)).write_text(f".INCLUDE {level + 1}\n")
    (tmp_path / "4").write_text(FOUR)
    assert not read(tmp_path / "0").segments
    (tmp_path / "4").write_text(".INCLUDE 5\n")
    with pytest.raises(UserError, match="4, line 1: 5 is one include too many: 4 deep"):
        read(tmp_path / "0")
    (tmp_path / "9").write_text("")
    refused(".INCLUDE 9\n" * 101, "line 101: 9 is one include too many", tmp_path / "x")
    for level in range(3):  # 99 times 99 times 99
        (tmp_path / str(level)).write_text(f".INCLUDE {level + 1}\n" * 99)
    (tmp_path / "3").write_text("")
    with pytest.raises(UserError, match="one include too many"):
        read(tmp_path / "0")


@pytest.mark.parametrize(
    "text",
    [
        ".\n" * 500_000,
        ".A\n" * 300_000,
        ".PEN_DOWN\n" * 100_000,
        FOUR * 20_000,
        ".SEGMENT CHARACTER " + " " * 1_000_000,
        ".SEGMENT CHARACTER " + "1" * 1_000_000,
        ".SEGMENT CHARACTER " + "1 " * 4990,
        '.SEGMENT CHARACTER 1 ? "' + "\\" * 9_000,
        ".WRITER_ID " + "x" * 1_000_000,
        ".COMMENT" + " 1" * 500_000,
        SAID + ".COMMENT" + " " * 1_000_000,
        '.SEGMENT CHARACTER 0 ? "1"\n.PEN_DOWN\n' + " " * 1_000_000 + "x",
        '.SEGMENT CHARACTER 0 ? "1"\n.PEN_DOWN\n' + "\n" * 1_000_000 + "x",
        ".COORD " + "X " * 500_000,
    ],
    ids=range(14),
)
def test_time_grows_no_faster_than_the_text(text: str) -> None:
    start = time.process_time()
    try:
        parsed(text, most=4 << 20)
    except UserError as error:
        assert len(str(error)) < 500
    assert time.process_time() - start < 5


KEYWORDS = [".PEN_DOWN", ".PEN_UP", ".COORD", ".SEGMENT", ".INCLUDE", ".COMMENT", ".WRITER_ID", ".DT", ".X"]
VALUES = ["0", "1", "2", "-1", "0-1", "0:1-1:0", "0,1", "9", "3.5", "1e9", "nan", "X", "Y", "T", "x.dat", "../x", "/"]
WORDS = ["CHARACTER", "DIGIT", "WORD", "?", "OK", "BAD", '"4"', '"a"', '"', "\\", "é"]
SPACES = ["\n", "\r", "\t", "\x00"]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.sampled_from([*KEYWORDS, *VALUES, *WORDS, *SPACES]) | st.text(max_size=3), max_size=40),
    st.integers(0, len(FOUR + SAID)),
)
def test_any_text_is_read_or_refused_in_one_line(words: list[str], at: int) -> None:
    whole = FOUR + SAID
    for text in (" ".join(words).replace(" .", "\n."), f"{whole[:at]}{' '.join(words)}{whole[at:]}"):
        try:
            document = parsed(text)
        except UserError as error:
            assert "\n" not in str(error) and re.search("digits.dat.*;", str(error))
        else:
            for segment in document.segments:
                assert segment.strokes and all(stroke.shape[1:] == (2,) and len(stroke) for stroke in segment.strokes)
