import gzip
import json
import subprocess
import sys
from pathlib import Path

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
    table = (tmp_path / "pen_digits.md").read_text()
    assert table == result.stdout.removesuffix("\n") and "100.00% (0 / 20)" in table
    for name in ("pen_digits_misses.png", "pen_digits_rejection.png"):
        assert (tmp_path / name).stat().st_size > 5000
