import json
import re
from collections.abc import Iterable
from dataclasses import replace

import pytest

from digits.errors import UserError
from digits.learning.config import MNIST_RECIPE, UCI_RECIPE
from digits.learning.dataset import Dataset
from digits.learning.handwriting import Handwriting
from digits.publishing import exclusive
from digits.study import cell as cells
from digits.study import comparison, page, runner
from digits.study.cell import Cell, Result, Task
from digits.study.plan import preprocessing_plan, seeds_plan
from digits.study.preprocessing import BASELINE, VARIANTS
from digits.study.runner import Study
from tests.study.stand_in import NETWORKS, broken, run, stand_in


def publish(study: Study, planned: Iterable[Cell]) -> None:
    with exclusive(study.folder) as writer:
        runner.publish(study, planned, writer)


def test_what_is_there_is_not_run_again(study: Study, capsys: pytest.CaptureFixture[str]) -> None:
    planned = preprocessing_plan(["ANN"], ["otsu"], [0, 1])
    run(study, planned[:3])
    before = {path: path.stat().st_mtime_ns for path in study.cells.iterdir()}
    run(study, planned)
    assert "4 cells, 3 of them done, 1 to run" in capsys.readouterr().out
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert {path.stem for path in study.cells.iterdir()} == {str(cell) for cell in planned}


def test_what_does_not_fit_is_run(study: Study) -> None:
    planned = preprocessing_plan(["ANN"], ["otsu"], [0])
    run(study, planned)
    (study.cells / "notes.json").write_text("{}")
    (study.cells / "ANN-unit-one.json").write_text("{}")
    assert set(study.finished()) == set(planned)
    others = [
        replace(study, recipes={"ANN": replace(MNIST_RECIPE, epochs=6)}),
        replace(study, recipes={"CNN": MNIST_RECIPE}),
        replace(study, identity=lambda name: {**study.identity(name), "parameters": 1001}),
        replace(study, identity=lambda name: {**study.identity(name), "architecture": "another"}),
        replace(study, dataset=replace(study.dataset, digest="another")),
    ]
    for other in others:
        assert not other.finished()
    file = cells.path_of(study.cells, planned[0])
    file.write_text(file.read_text()[:100])
    assert set(study.finished()) == set(planned[1:])
    run(study, planned)
    assert set(study.finished()) == set(planned)


def test_a_cell_that_is_done_is_reported(study: Study, capsys: pytest.CaptureFixture[str]) -> None:
    run(study, [Cell("ANN", BASELINE, 0)])
    misses = cells.wrong(study.finished()[Cell("ANN", BASELINE, 0)], "clean").sum()
    assert f"1/1 ANN-unit-0: {misses / 2000:.2%} wrong, 60 s\n" in capsys.readouterr().out


def test_a_cell_that_fails_is_named_and_loses_no_other(study: Study, capsys: pytest.CaptureFixture[str]) -> None:
    planned = preprocessing_plan(["ANN"], None, [0])
    failed = run(study, planned, broken)
    assert [(str(outcome.task.cell), outcome.error) for outcome in failed] == [
        ("ANN-otsu-0", "ValueError: the threshold is gone")
    ]
    assert f"/{len(VARIANTS)} ANN-otsu-0: failed: ValueError: the threshold is gone\n" in capsys.readouterr().out
    assert set(study.finished()) == set(planned) - {Cell("ANN", "otsu", 0)}


def test_a_worker_with_another_version_is_found_out(study: Study) -> None:
    def older(task: Task, dataset: Dataset, handwriting: Handwriting | None) -> Result:
        return stand_in(replace(task, recipe=UCI_RECIPE), dataset)

    failed = run(study, [Cell("ANN", BASELINE, 0)], older)
    assert [outcome.error for outcome in failed] == ["the worker runs a different version of this project"]
    assert not study.cells.exists()


def test_a_disk_that_cannot_be_written_is_one_line(study: Study) -> None:
    study.folder.parent.mkdir()
    study.folder.write_text("a file")
    with pytest.raises(UserError, match=r"cannot write to .*study .*finished cells are kept"):
        run(study, [Cell("ANN", BASELINE, 0)])


@pytest.mark.parametrize("file", ["README.md", "seeds.json", "variants.png", "ANN_corrupted.png"])
def test_what_is_in_the_way_is_reported_before_the_first_cell(file: str, study: Study) -> None:
    (study.folder / file).mkdir(parents=True)
    with exclusive(study.folder) as writer, pytest.raises(UserError, match=f"{file} is a folder; move it away"):
        runner.run(study, [Cell("ANN", BASELINE, 0)], lambda _: pytest.fail("a cell began"), writer)


# -- what is published ------------------------------------------------------------------------


def test_everything_that_the_page_shows_is_beside_it(study: Study, done: dict[Cell, Result]) -> None:
    planned = preprocessing_plan(NETWORKS)
    for cell, result in done.items():
        cells.write(study.cells, cell, result)
    publish(study, planned)
    text = (study.folder / "README.md").read_text(encoding="utf-8")
    compared = json.loads((study.folder / "preprocessing.json").read_text(encoding="utf-8"))
    seeds = json.loads((study.folder / "seeds.json").read_text(encoding="utf-8"))
    assert text == page.page(compared, seeds)
    assert compared == comparison.compare(study.dataset, done, [])
    assert seeds == comparison.seeds(study.dataset, done)
    linked = set(re.findall(r"\]\(([^)#:]+)\)", text))
    assert linked >= {"errors.png", "variants.png", "ANN_corrupted.png", "CNN_corrupted.png", "VGG16_corrupted.png"}
    assert all((study.folder / link).exists() for link in linked)


def test_a_network_of_which_only_seeds_were_run_has_no_figure_of_its_own(study: Study) -> None:
    run(study, seeds_plan(["CNN"]))
    run(study, preprocessing_plan(["ANN"], ["otsu"], [0]))
    publish(study, [Cell("ANN", "median", 0)])
    saved = json.loads((study.folder / "preprocessing.json").read_text(encoding="utf-8"))
    assert list(saved["networks"]) == ["ANN"]
    assert saved["missing"] == ["ANN-median-0"]
    assert {path.name for path in study.folder.glob("*.png")} == {"variants.png", "errors.png", "ANN_corrupted.png"}


def test_nothing_to_show_is_one_line(study: Study) -> None:
    with pytest.raises(UserError, match="no finished cell in"):
        publish(study, [])
