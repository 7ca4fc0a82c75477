import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from digits.errors import UserError
from digits.learning import architecture, cli, training
from digits.learning.config import UCI_RECIPE, Written
from digits.learning.dataset import Dataset
from digits.learning.handwriting import Handwriting
from digits.learning.training import Trained
from digits.study import cell as cells
from digits.study.cell import Cell, Result, Task
from digits.study.preprocessing import AMOUNTS, CORRUPTIONS
from tests.json_damage import some_damaged
from tests.study.stand_in import stand_in
from tests.writers import FILES, KNOWN, people

CELL = Cell("ANN", "deskewed", 3)


def task_of(data: Dataset, cell: Cell = CELL) -> Task:
    return Task(
        cell,
        replace(UCI_RECIPE, epochs=1),
        data.digest,
        data.validation_fraction,
        {"parameters": 1000, "architecture": "abc"},
    )


@pytest.fixture(scope="module")
def real_task(data: Dataset) -> Task:
    return replace(task_of(data), network={**architecture.identity(cli.builder("ANN")())})


@pytest.fixture(scope="module")
def real(real_task: Task, data: Dataset) -> Result:
    """The embedded digits, one epoch, in this process."""
    return cells.run_cell(real_task, data)


def test_a_real_cell_agrees_with_the_training(real: Result, data: Dataset) -> None:
    assert real["dataset"] == "UCI digits"
    assert real["n"] == 359
    assert real["validation"]["n"] == 360
    clean = real["test"]["clean"]
    assert 0 < len(clean["index"]) == len(clean["read"]) < 359
    labels = data.y_test[clean["index"]]
    assert all(int(read) != label for read, label in zip(clean["read"], labels, strict=True))
    assert cells.wrong(real, "clean").sum() == len(clean["index"])
    assert set(real["test"]) == set(CORRUPTIONS)
    assert len({str(real["test"][name]) for name in CORRUPTIONS}) == len(CORRUPTIONS)
    assert real["seconds"] > 0


def test_a_real_cell_is_repeatable(real: Result, real_task: Task, data: Dataset) -> None:
    assert cells.run_cell(real_task, data)["test"] == real["test"]


def test_a_real_cell_is_small_and_survives_its_file(real: Result, real_task: Task, tmp_path: Path) -> None:
    assert json.loads(json.dumps(real)) == real
    assert cells.fits(real, real_task)
    cells.write(tmp_path, real_task.cell, real)
    assert [path.name for path in tmp_path.iterdir()] == ["ANN-deskewed-3.json"]
    assert cells.path_of(tmp_path, real_task.cell).stat().st_size < 20_000
    assert cells.read(tmp_path, [real_task]) == {real_task.cell: real}


def test_a_cell_says_what_network_was_really_trained(real: Result, real_task: Task) -> None:
    """A worker with another network in its folder is found out."""
    other = replace(real_task, network={"parameters": 1, "architecture": "what the caller has"})
    assert cells.fits(real, real_task)
    assert not cells.fits(real, other)
    assert real["identity"]["architecture"] == architecture.identity(cli.builder("ANN")())["architecture"]


# -- handwriting ------------------------------------------------------------------------------


def written(task: Task, files: Mapping[str, str] = FILES) -> Task:
    """The same with a share of handwriting, of files with these digests."""
    return replace(task, recipe=replace(task.recipe, written=Written(share=0.5)), handwriting=files)


def test_a_cell_with_handwriting_learns_from_it_and_says_so(
    real: Result, real_task: Task, data: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the writers that are known; the others are left out."""
    learned: list[Handwriting] = []
    train = training.train

    def noted(*arguments: Any, handwriting: Handwriting, **options: Any) -> Trained:
        learned.append(handwriting)
        return train(*arguments, **{**options, "handwriting": handwriting})

    monkeypatch.setattr(training, "train", noted)
    task = written(real_task)
    result = cells.run_cell(task, data, people())
    assert {character.writer for character in learned[0].characters} == set(KNOWN)
    assert result["identity"]["handwriting"] == FILES
    assert cells.fits(result, task) and not cells.fits(result, written(real_task, {"people.json": "6" * 64}))
    assert not cells.fits(result, real_task) and not cells.fits(real, task)
    assert result["test"] != real["test"]


def test_a_cell_whose_recipe_asks_for_none_is_what_it_was(real: Result, real_task: Task, data: Dataset) -> None:
    assert "handwriting" not in real["identity"]
    assert cells.fits(real, replace(real_task, handwriting=FILES))
    again = cells.run_cell(real_task, data, people())
    assert (again["identity"], again["test"]) == (real["identity"], real["test"])


def test_a_cell_without_the_handwriting_that_it_needs_is_refused(real_task: Task, data: Dataset) -> None:
    with pytest.raises(UserError, match=r"^ANN learns from handwriting: name it with --handwriting FILE …$"):
        cells.run_cell(written(real_task), data)


# -- files ------------------------------------------------------------------------------------


@pytest.mark.parametrize("damage", ["missing", "half", "a list", "no identity", "another task's"])
def test_a_file_that_is_damaged_or_another_tasks_is_passed_over(damage: str, data: Dataset, tmp_path: Path) -> None:
    damaged, whole = task_of(data), task_of(data, Cell("ANN", "unit", 3))
    for task in (damaged, whole):
        cells.write(tmp_path, task.cell, stand_in(task, data))
    assert set(cells.read(tmp_path, [damaged, whole])) == {damaged.cell, whole.cell}
    file = cells.path_of(tmp_path, damaged.cell)
    if damage == "missing":
        file.unlink()
    else:
        other = stand_in(replace(damaged, recipe=UCI_RECIPE), data)
        texts = {
            "half": file.read_text()[:100],
            "a list": "[]",
            "no identity": "{}",
            "another task's": json.dumps(other),
        }
        file.write_text(texts[damage])
    assert set(cells.read(tmp_path, [damaged, whole])) == {whole.cell}


def test_whatever_is_odd_in_a_cells_file_is_passed_over_or_harmless(data: Dataset, tmp_path: Path) -> None:
    """One value replaced by an odd one: what is read can be compared."""
    task = task_of(data)
    whole = stand_in(task, data)
    for place, odd in some_damaged(whole, 200):
        cells.path_of(tmp_path, task.cell).write_text(json.dumps(odd), encoding="utf-8")
        for result in cells.read(tmp_path, [task]).values():
            assert result["identity"] == whole["identity"], place
            assert all(cells.wrong(result, name).sum() <= result["n"] for name in CORRUPTIONS), place


@pytest.mark.parametrize("name", AMOUNTS)
def test_another_amount_is_another_task(name: str, data: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of its own variant, and of every corruption, under which each cell is tested."""
    tasks = [task_of(data, Cell("ANN", variant, 0)) for variant in ("unit", name) if variant not in CORRUPTIONS]
    results = [stand_in(task, data) for task in tasks]
    for key, amount in AMOUNTS[name].items():
        with monkeypatch.context() as patched:
            patched.setitem(AMOUNTS[name], key, amount + 1)
            fitting = [cells.fits(*pair) for pair in zip(results, tasks, strict=True)]
        assert fitting == ([False] if name in CORRUPTIONS else [True, False])
