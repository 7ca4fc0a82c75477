import json
import subprocess
import sys
from pathlib import Path
from typing import TypedDict

import pytest

from benchmarks import published
from digits.errors import UserError, writing


class Counted(TypedDict):
    n: int


@pytest.mark.parametrize("content", ["", "[]", "3", '"n"', '{"calls": 1}', "[" * 100_000, '{"n": "1"}', '{"n": NaN}'])
def test_what_is_not_the_result_is_refused_with_the_command_that_makes_it(content: str, tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(UserError, match="with: python make") as caught:
        published.read(path, Counted, "python make.py")
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)


def test_a_result_is_read(tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    path.write_text(json.dumps({"n": 1, "calls": 2}), encoding="utf-8")
    assert published.read(path, Counted, "python make.py") == {"n": 1}


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot write to"), writing(tmp_path):
        (tmp_path / "none" / "result.json").write_text("")


@pytest.mark.parametrize("module", ["pen_digits", "recommendation", "initial_scale", "latency", "readme"])
def test_each_benchmark_runs_as_a_module(module: str) -> None:
    command = [sys.executable, "-m", f"benchmarks.{module}", "--help"]
    shown = subprocess.run(command, cwd=published.ROOT, capture_output=True, encoding="utf-8", timeout=120)
    assert shown.returncode == 0, shown.stderr
    assert shown.stdout.startswith(f"usage: python -m benchmarks.{module} ")
