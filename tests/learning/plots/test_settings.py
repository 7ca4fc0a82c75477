"""No settings of matplotlib but this project's: in processes of their own, in a stranger's folder."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
DRAW = """
import importlib, sys
importlib.import_module(sys.argv[2])
from pathlib import Path
from digits.learning.plots.style import new_figure, save
figure = new_figure(2, 2, "a title")
figure.subplots().plot([1, 2])
save(figure, Path(sys.argv[1]))
"""
HOSTILE = "text.usetex: True\nlines.color: nonsense\nlines.antialiased: False\nsavefig.format: pdf\nbackend: foo\n"


def drawn(path: Path, folder: Path, module: str, **environment: str) -> str:
    """The digest of a figure that a process draws in that folder, and says nothing."""
    command = [sys.executable, "-c", DRAW, str(path), module]
    environment = os.environ | {"PYTHONPATH": str(ROOT)} | environment
    result = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=60)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize(
    "module", ["digits.learning.plots.results", "digits.study.plots", "benchmarks.recommendation.plots"]
)
def test_a_strangers_folder_and_environment_decide_nothing(module: str, tmp_path: Path) -> None:
    settings = {"MPLCONFIGDIR": str(tmp_path / "config")}
    here, empty = tmp_path / "here", tmp_path / "empty"
    for folder in (here, empty, tmp_path / "config"):
        folder.mkdir()
    usual = drawn(tmp_path / "a.png", empty, module, **settings)
    (here / "matplotlibrc").write_text(HOSTILE)
    (tmp_path / "config" / "matplotlibrc").write_text(HOSTILE)
    settings |= {"MPLBACKEND": "foo", "MATPLOTLIBRC": str(here)}
    assert drawn(tmp_path / "b.png", empty, module, **settings) == usual
    assert drawn(tmp_path / "c.png", here, module, **settings) == usual


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_in_the_current_folder_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "matplotlibrc")
    assert drawn(tmp_path / "a.png", tmp_path, "digits.learning.plots.results")
