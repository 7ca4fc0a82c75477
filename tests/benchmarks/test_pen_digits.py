import gzip
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks import pen_digits
from digits.reading.recognizer import Digit, Reading
from digits.reading.segmentation import Segment
from tests.handwriting import SHAPES, strokes

ROOT = Path(__file__).resolve().parents[2]


def test_the_benchmark_measures_the_projects_own_handwriting(tmp_path: Path) -> None:
    entries = [
        {"digit": int(digit), "writer": writer, "strokes": strokes(digit, 0, 0, 400, seed=writer)}
        for writer in range(2)
        for digit in SHAPES
    ]
    path = tmp_path / "strokes.json.gz"
    path.write_bytes(gzip.compress(json.dumps(entries).encode()))
    command = [sys.executable, "benchmarks/pen_digits.py", "--strokes", str(path), "--output", str(tmp_path)]
    result = subprocess.run([*command, "--limit", "20"], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stderr
    measured = json.loads((tmp_path / "pen_digits.json").read_text())
    assert measured["digits"] == 20 and measured["found"]["misses"] == 0
    assert measured["singles"]["CNN"]["misses"] == 0
    assert measured["junk"]["CNN"]["blank"]["misses"] == 0
    assert measured["votes"]["soft vote"]["misses"] == len(measured["wrong"]["soft vote"]["shipped"])
    assert set(measured["wrong"]["ANN"]["unrejected"]) <= set(range(20))
    assert [sum(groups["n"]) for groups in measured["calibration"]["CNN"].values()] == [20, 20]
    table = (tmp_path / "pen_digits.md").read_text()
    assert table == result.stdout.removesuffix("\n") and "100.00% (0 / 20)" in table
    for name in ("pen_digits_misses.png", "pen_digits_rejection.png", "pen_digits_reliability.png"):
        assert (tmp_path / name).stat().st_size > 5000


def test_what_is_wrong_is_known_by_place_with_and_without_rejection() -> None:
    """One right, one rejected that would be right, one misread, one found as two digits."""

    def digit(read: int, rejected: bool = False) -> Digit:
        row = np.full(10, 0.05, np.float32)
        row[read] = 0.55
        return Digit(None if rejected else read, 0.55, row, Segment((0, 0, 9, 9), np.zeros((9, 9), np.uint8)))

    readings = [
        Reading("A", digits, 0.0)
        for digits in ((digit(3),), (digit(4, rejected=True),), (digit(5),), (digit(7), digit(7)))
    ]
    labels = np.array([3, 4, 6, 7], np.uint8)
    assert pen_digits.wrong(readings, labels) == {"shipped": [1, 2, 3], "unrejected": [2, 3]}
    digits, truth = pen_digits.single(readings, labels)
    assert [item.text for item in digits] == ["3", "?", "5"] and truth.tolist() == [3, 4, 6]
    assert pen_digits.rejection(readings, labels) == {
        "curve": {"surer": [2], "n": 3},  # of equals the first counts as the surer
        "answered": pytest.approx(2 / 3),
        "wrong": pytest.approx(1 / 2),
    }
    result = pen_digits.calibrated(readings, labels, 2.0)
    assert result["after"]["ece"] == pytest.approx(abs(2 / 3 - 0.55), abs=1e-6)
    sharper = 0.55**2 / (0.55**2 + 9 * 0.05**2)  # T = 2 undone: every probability squared
    assert result["before"]["confidence"] == [pytest.approx(sharper, abs=1e-6)]
    assert "before" not in pen_digits.calibrated(readings, labels, None)
