import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks.pen_digits import measure, page
from benchmarks.pen_digits.__main__ import FILES, main
from digits.errors import UserError
from digits.publishing import exclusive
from digits.reading.recognizer import Digit, Reading
from digits.reading.segmentation import Segment
from tests.benchmarks.small_results import small_results
from tests.handwriting import SHAPES, strokes


def test_the_benchmark_measures_the_projects_own_handwriting(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    entries = [
        {"digit": int(digit), "writer": writer, "strokes": strokes(digit, 0, 0, 400, seed=writer)}
        for writer in range(2)
        for digit in SHAPES
    ]
    path = tmp_path / "strokes.json.gz"
    path.write_bytes(gzip.compress(json.dumps(entries).encode()))
    code = main(["--strokes", str(path), "--output", str(tmp_path), "--limit", "5", "--jobs", "1"])
    printed = capsys.readouterr()
    assert code == 0, printed.err
    assert printed.err.splitlines()[0] == "measured: crops"
    measured = json.loads((tmp_path / "pen_digits.json").read_text(encoding="utf-8"))
    assert set(measured) == measure.Results.__required_keys__
    assert measured["digits"] == 5 and measured["found"]["misses"] == 0
    assert measured["singles"]["CNN"]["misses"] == 0
    assert measured["junk"]["CNN"]["blank"]["misses"] == 0
    assert measured["votes"]["soft vote"]["misses"] == len(measured["wrong"]["soft vote"]["shipped"])
    assert set(measured["wrong"]["ANN"]["unrejected"]) <= set(range(5))
    assert [sum(bins["n"]) for bins in measured["calibration"]["CNN"].values()] == [5, 5]
    text = (tmp_path / "pen_digits.md").read_text(encoding="utf-8")
    assert text == printed.out.removesuffix("\n") and "100.00% (0 / 5)" in text
    for name in ("misses", "risk_coverage", "reliability"):
        assert (tmp_path / f"pen_digits_{name}.png").stat().st_size > 5000


def test_a_quick_look_never_replaces_the_published_results(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["--strokes", "nowhere.json", "--limit", "5"])
    assert "--limit goes with --output DIR" in capsys.readouterr().err


@pytest.mark.parametrize("file", FILES)
def test_what_is_in_the_way_is_reported_before_measuring(
    file: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("benchmarks.pen_digits.__main__.measure", lambda *_: pytest.fail("it was measured"))
    entry = {"digit": 3, "writer": 0, "strokes": [[[0, 0], [1, 1]]]}
    (tmp_path / "strokes.json").write_text(json.dumps([entry]))
    (tmp_path / "look" / file).mkdir(parents=True)
    assert main(["--strokes", str(tmp_path / "strokes.json"), "--output", str(tmp_path / "look")]) == 2
    said = capsys.readouterr().err
    assert len(said.splitlines()) == 1 and f"{file} is a folder; move it away" in said


@pytest.mark.parametrize("option", ["--limit", "--jobs"])
@pytest.mark.parametrize("value", ["0", "-1", "1.5", "many"])
def test_a_bad_number_is_answered_in_one_line(option: str, value: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["--strokes", "strokes.json", option, value])
    said = capsys.readouterr().err
    assert len(said.splitlines()) == 1 and "whole number of at least 1" in said and repr(value) in said


def test_it_is_refused_beside_a_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of the folder that plots/ is in."""
    entry = {"digit": 3, "writer": 0, "strokes": [[[0, 0], [1, 1]]]}
    (tmp_path / "strokes.json").write_text(json.dumps([entry]))
    with exclusive(tmp_path):
        assert main(["--strokes", str(tmp_path / "strokes.json"), "--output", str(tmp_path / "plots")]) == 2
    said = capsys.readouterr().err
    assert len(said.splitlines()) == 1 and f"another run is writing to {tmp_path}" in said


def test_networks_that_are_replaced_meanwhile_are_noticed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = {"digit": 3, "writer": 0, "strokes": [[[0, 0], [1, 1]]]}
    (tmp_path / "strokes.json").write_text(json.dumps([entry]))
    monkeypatch.setattr("benchmarks.pen_digits.__main__.measure", lambda *_: ({"models": {"ANN": "another"}}, None))
    assert main(["--strokes", str(tmp_path / "strokes.json"), "--output", str(tmp_path / "plots")]) == 2
    said = capsys.readouterr().err
    assert len(said.splitlines()) == 1 and "were replaced while they were measured; measure again" in said


def test_a_missing_file_is_answered_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--strokes", str(tmp_path / "none.json")]) == 2
    said = capsys.readouterr().err
    assert len(said.splitlines()) == 1 and said.startswith("benchmarks.pen_digits: ") and "none.json" in said


def digit(read: int, rejected: bool = False) -> Digit:
    row = np.full(10, 0.05, np.float32)
    row[read] = 0.55
    return Digit(None if rejected else read, 0.55, row, Segment((0, 0, 9, 9), np.zeros((9, 9), np.uint8)))


#: One correct, one rejected that would be correct, one misread, one found as two digits.
READINGS = [
    Reading("A", digits, 0.0) for digits in ((digit(3),), (digit(4, rejected=True),), (digit(5),), (digit(7), digit(7)))
]
LABELS = np.array([3, 4, 6, 7], np.uint8)


def test_misses_are_known_by_index_with_and_without_rejection() -> None:
    assert measure.wrong(READINGS, LABELS) == {"shipped": [1, 2, 3], "unrejected": [2, 3]}
    single = measure.single_metrics(READINGS, LABELS)
    assert (single["n"], single["misses"], single["rejected"], single["rejected_of"]) == (4, 3, 1, 5)


def test_confidence_and_rejection_are_measured_on_what_was_found_as_one() -> None:
    found = measure.found_as_one(READINGS, LABELS)
    assert [item.text for item in found.digits] == ["3", "?", "5"] and found.labels.tolist() == [3, 4, 6]
    assert measure.risk_coverage(found) == {
        "curve": {"ranks": [2], "n": 3},  # of equals the first counts as more confident
        "coverage": pytest.approx(2 / 3),
        "risk": pytest.approx(1 / 2),
    }
    result = measure.calibrated(found, 2.0)
    assert result["after"]["ece"] == pytest.approx(abs(2 / 3 - 0.55), abs=1e-6)
    sharper = 0.55**2 / (0.55**2 + 9 * 0.05**2)  # T = 2 undone: every probability squared
    assert result["before"]["confidence"] == [pytest.approx(sharper, abs=1e-6)]
    assert "before" not in measure.calibrated(found, None)
    gallery = measure.gallery("A", found)
    assert (gallery.labels.tolist(), gallery.read.tolist(), gallery.misses, gallery.n) == ([6], [5], 1, 3)
    assert gallery.images.shape == (1, 28, 28) and gallery.confidence == pytest.approx(0.55)


def test_where_nothing_is_found_as_one_digit_it_is_said() -> None:
    with pytest.raises(UserError, match="none of 1 drawings"):
        measure.found_as_one(READINGS[3:], LABELS[3:])


def test_the_page_and_the_summary_hold_the_results() -> None:
    *_, pen = small_results()
    text, summary = page.page(pen), page.summary(pen)
    assert "|  | LeNet | ResNet | MobileNet |" in text
    assert text.count("| 90.00% (500 / 5,000) | 97.00% (150 / 5,000) | 94.00% (300 / 5,000) |") == 6 + 2 + 4
    assert (
        "| letters | 25.00% (15 / 20) |" in text
        and "| **digits, rejected** (should be few) | 0.20% (10 / 5,000) |" in text
    )
    assert "| soft vote |  | 2.04% | 2.00% | 100 |" in text
    assert "soft vote 97.00% (150 / 5,000); majority vote 97.00% (150 / 5,000)" in text
    assert len(summary.splitlines()) == 2 + 6
    assert "| single digit | 90.00% (500 / 5,000) | 97.00% (150 / 5,000) | 94.00% (300 / 5,000) |" in summary
