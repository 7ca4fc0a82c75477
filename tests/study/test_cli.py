"""The study's command line, with a stand-in for the training."""

import json
from pathlib import Path
from typing import Any

import pytest

from digits.errors import UserError
from digits.learning import card, handwriting
from digits.study import cli
from tests.study.stand_in import stand_in
from tests.test_driver import DRIVER
from tests.writers import entries

pytestmark = pytest.mark.xdist_group("workers")


@pytest.fixture
def people(tmp_path: Path) -> Path:
    """A file of handwriting, for which ResNet's recipe asks."""
    path = tmp_path / "people.json"
    path.write_text(json.dumps(entries()))
    return path


@pytest.fixture(autouse=True)
def untrained(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("digits.study.cell.run_cell", stand_in)


def study(npz: Path, output: Path, *options: object) -> int:
    arguments = ["--study", "seeds", "--seeds", 0, "--workers", 1, "--data", npz, "--output", output, *options]
    return cli.run(DRIVER.parse([*map(str, arguments)]), output.parent / "project")


def identity(output: Path, cell: str) -> Any:
    return json.loads((output / "plots" / "study" / "cells" / f"{cell}.json").read_text())["identity"]


def test_a_study_with_handwriting_and_its_page_without(
    people: Path, npz: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page needs the digests of the files only, and finds them in the network's card."""
    output = tmp_path / "output"
    with pytest.raises(UserError, match=r"^ResNet cannot be trained without handwriting: name it with --handwriting"):
        study(npz, output, "--models", "ANN", "ResNet")
    assert not output.exists()
    assert study(npz, output, "--models", "ANN", "ResNet", "--handwriting", people) == 0
    files = dict(handwriting.load([people]).files)
    assert identity(output, "ResNet-unit-0")["handwriting"] == files
    assert "handwriting" not in identity(output, "ANN-unit-0")

    page = output / "plots" / "study" / "README.md"
    whole = page.read_text(encoding="utf-8")
    assert "ResNet" in whole
    study(npz, output, "--replot")
    assert "ResNet" not in page.read_text(encoding="utf-8")  # no card says what it has learned from
    (output / "models").mkdir()
    (output / "models" / "ResNet.json").write_text("{")
    with pytest.raises(UserError, match=r"ResNet.json is not a valid model card"):
        study(npz, output, "--replot")
    for digests, shown in (({"people.json": "6" * 64}, False), (files, True)):
        monkeypatch.setattr(card, "read", lambda _, digests=digests: {"handwriting": digests})
        study(npz, output, "--replot")
        assert (page.read_text(encoding="utf-8") == whole) == shown


def test_a_damaged_file_of_handwriting_is_one_line(people: Path, npz: Path, tmp_path: Path) -> None:
    people.write_text(people.read_text()[:100])
    with pytest.raises(UserError, match=r"people.json cannot be read as handwriting"):
        study(npz, tmp_path / "output", "--models", "ResNet", "--handwriting", people)
