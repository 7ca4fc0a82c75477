from importlib import import_module
from pathlib import Path

import pytest

from benchmarks.initial_scale import main


def test_a_line_for_each_scale_and_the_network_stays_as_it_was(npz: Path, capsys: pytest.CaptureFixture[str]) -> None:
    builder = import_module("ANN")
    usual = builder.INITIAL_SCALE
    assert main(["ANN", "0.1", "--data", str(npz)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1 and lines[0].startswith("ANN, initial weights × 0.1: validation accuracy ")
    assert " / 12), training loss " in lines[0]
    assert usual == builder.INITIAL_SCALE


@pytest.mark.parametrize("scale", ["0", "-1", "nan", "inf", "small"])
def test_a_scale_must_be_a_number_above_0(scale: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["ANN", "0.1", "--", scale])
    said = capsys.readouterr().err
    assert len(said.splitlines()) == 1 and f"must be a number above 0, got {scale!r}" in said


def test_missing_data_is_answered_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ANN", "0.1", "--data", str(tmp_path / "none.npz")]) == 2
    said = capsys.readouterr().err
    assert len(said.splitlines()) == 1 and said.startswith("benchmarks.initial_scale: ") and "none.npz" in said
