from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from benchmarks import display, latency
from digits.reading.ink import Stroke
from digits.reading.line_segmenter import LineSegmenter
from digits.reading.recognizer import Reading
from tests.benchmarks.stand_ins import Bright


def boxes(reading: Reading) -> list[tuple[int, ...]]:
    return [digit.box for digit in reading.digits]


def test_a_stroke_is_added_to_the_last_digit_of_the_last_line() -> None:
    before, *after = latency.drawings(12, 9)
    assert len(after) == 9 and len(before) >= 11
    for drawing in after:
        assert all(one is other for one, other in zip(before, drawing, strict=False))
        assert 1 <= len(drawing) - len(before) <= 2
        assert min(y for _, y in drawing[-1].points) > 100
    assert any(len(more) == len(fewer) + 1 for fewer, more in pairwise(after))


def test_what_is_remembered_is_read_as_if_it_were_read_anew(columns: LineSegmenter) -> None:
    remembering, anew = (latency.Canvas(columns, Bright("A"), remember) for remember in (True, False))
    for drawing in latency.drawings(5, 6):
        one, other = remembering.read(drawing), anew.read(drawing)
        assert one.text == other.text and boxes(one) == boxes(other)
    assert len(one.digits) == 5


def test_both_ways_are_timed_for_every_stroke(columns: LineSegmenter) -> None:
    taken = latency.latencies(3, 4, columns, Bright("A"))
    assert {way: len(times) for way, times in taken.items()} == {"as in the window": 4, "everything anew": 4}
    assert all((times > 0).all() for times in taken.values())


def test_the_table_compares_what_95_of_100_take() -> None:
    taken = {"as in the window": np.array([10.0] * 19 + [30.0]), "everything anew": np.full(20, 44.0)}
    row, other = latency.table({100: taken}).splitlines()[2:]
    assert row == "| 100 | as in the window | 10.0 | 11.0 | 30.0 | 4.0 × | 20 |"
    assert other == "| 100 | everything anew | 44.0 | 44.0 | 44.0 | 1.0 × | 20 |"


def test_a_page_has_six_digits(columns: LineSegmenter) -> None:
    from benchmarks.pen_digits.drawing import components_of

    for number in range(3):
        image = latency.page(number)
        assert image.dtype == np.uint8 and image[0, 0] == 255
        assert len(columns.segments(components_of(image))) == latency.SIX


@pytest.mark.usefixtures("columns")
def test_it_prints_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert latency.main(["--digits", "2", "--steps", "2", "--network", "ANN"]) == 0
    assert [line.split(" | ")[1] for line in capsys.readouterr().out.splitlines()[2:]] == [
        "as in the window",
        "everything anew",
    ]
    assert latency.main(["--pages", "3", "--network", "ANN"]) == 0
    assert [line.split(" | ")[0] for line in capsys.readouterr().out.splitlines()[2:]] == ["| 1", "| 2"]


def test_networks_that_are_missing_are_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for more in ([], ["--window"] if display.available() else []):
        assert latency.main(["--models", str(tmp_path), *more]) == 2
        said = capsys.readouterr().err
        assert len(said.splitlines()) == 1 and said.startswith("benchmarks.latency: ")


def test_in_the_window_every_stroke_is_timed(capsys: pytest.CaptureFixture[str]) -> None:
    if not display.available():
        pytest.skip("there is no virtual display")
    assert latency.main(["--window", "--digits", "2", "3", "--steps", "2", "--network", "ANN"]) == 0
    rows = [line.strip("| ").split(" | ") for line in capsys.readouterr().out.splitlines()[2:]]
    assert [(size, what) for size, what, *_ in rows] == [
        (size, what) for size in ("2", "3") for what in (latency.MOVE, latency.SHOWN, latency.STANDS)
    ]
    for moved, shown, stands in (rows[:3], rows[3:]):
        assert int(moved[-1]) > 2 and shown[-1] == stands[-1] == "2"
        assert 0 < float(stands[2]) <= float(shown[2])


def test_the_pen_is_seen_along_the_whole_stroke() -> None:
    stroke = Stroke(((0, 0), (30, 40), (30, 52)), 8)
    places = np.array(latency.pen_places(stroke))
    assert places[0].tolist() == [0, 0] and places[-1].tolist() == [30, 52]
    assert np.hypot(*np.diff(places, axis=0).T).max() <= latency.STEP + 1e-9
    assert len(places) == 62 // latency.STEP + 2
