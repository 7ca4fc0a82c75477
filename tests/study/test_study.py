"""The study with a stand-in for the training, but with real processes, files, pages and a real cluster."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import cloudpickle
import numpy as np
import pytest
from digits.learning.cells import Cell, Task
from digits.learning.preprocessing import BASELINE, CORRUPTIONS, VARIANTS
from digits.learning.study import Study
from digits.learning.workers import Outcome
from distributed import Client
from matplotlib.text import Text

from digits.errors import UserError
from digits.learning import cells, study, study_figures, study_page, workers
from digits.learning.config import MNIST_RECIPE, UCI_RECIPE
from digits.learning.dataset import Dataset, load_uci
from digits.learning.plots import study as drawn

cloudpickle.register_pickle_by_value(sys.modules[__name__])  # workers cannot import a test

ROOT = Path(__file__).resolve().parents[2]
N = 2000  #: test images of the stand-in
#: What a variant does to the chance of a miss; the rest do nothing.
EFFECT = {"deskewed": 0.3, "otsu": 2.0}


def stand_in(task: Task, dataset: Dataset) -> dict[str, Any]:
    """A cell without training: images are hard or easy, and the variant makes them more or less so."""
    assert dataset.digest == task.data_digest  # the data arrives at the worker
    cell = task.cell
    hard = np.random.default_rng(0).random(N) ** 6 * 0.5
    common, own = np.random.default_rng(cell.seed), np.random.default_rng([cell.seed, *cell.variant.encode()])
    test: dict[str, Any] = {"n": N}
    for place, name in enumerate(CORRUPTIONS):
        luck = np.where(own.random(N) < 0.1, own.random(N), common.random(N))
        missed = np.flatnonzero(luck < hard * (1 + place) * EFFECT.get(cell.variant, 1))
        test[name] = {"index": missed.tolist(), "read": "3" * len(missed)}
    return {
        "identity": task.identity(),
        "dataset": dataset.name,
        "validation": {"n": 1000, "misses": 40},
        "test": test,
        "seconds": 60.0,
        "versions": {"tensorflow": "2", "keras": "3", "python": "3.13", "platform": "Linux", "cores": 2},
    }


def slow(task: Task, dataset: Dataset) -> dict[str, Any]:
    time.sleep(0.4)
    return stand_in(task, dataset)


def broken(task: Task, dataset: Dataset) -> dict[str, Any]:
    if task.cell.variant == "otsu":
        raise ValueError("the threshold\nis gone")
    return stand_in(task, dataset)


def here(tasks: list[Task], runner: Any, dataset: Dataset) -> Iterator[Outcome]:
    """A pool without processes."""
    return (workers._guarded(runner, task, dataset) for task in tasks)


@pytest.fixture(scope="module")
def data() -> Dataset:
    return load_uci()


@pytest.fixture
def made(data: Dataset, tmp_path: Path) -> Study:
    names = ("ANN", "CNN", "VGG16")
    return Study(data, dict.fromkeys(names, MNIST_RECIPE), lambda name: 1000, tmp_path / "plots" / "study")


def run(made: Study, planned: list[Cell], runner: Any = stand_in) -> list[Outcome]:
    return study.run(made, planned, lambda tasks: here(list(tasks), runner, made.dataset))


def figures(made: Study, planned: list[Cell]) -> dict[str, Any]:
    run(made, planned)
    return study_figures.preprocessing(made.dataset, made.finished(), [])


# -- the plan ---------------------------------------------------------------------------------


def test_the_plan_has_the_seeds_and_variants_that_are_promised() -> None:
    plan = study.preprocessing_plan(["ANN", "CNN", "VGG16"])
    assert len(plan) == len(set(plan)) == 12 * 5 + 12 * 3 + 5
    for network, seeds, variants in (("ANN", 5, set(VARIANTS)), ("CNN", 3, set(VARIANTS)), ("VGG16", 1, None)):
        assert {cell.seed for cell in plan if cell.network == network} == set(range(seeds))
        chosen = {cell.variant for cell in plan if cell.network == network}
        assert chosen == (variants or {"unit", "standardised", "deskewed", "stroke-width", "blurred"})


def test_one_seed_of_everything_comes_first_and_small_networks_before_large_ones() -> None:
    plan = study.preprocessing_plan(["ANN", "CNN", "VGG16"])
    first = plan[: 12 + 12 + 5]
    assert {cell.seed for cell in first} == {0}
    assert [cell.network for cell in first] == ["ANN"] * 12 + ["CNN"] * 12 + ["VGG16"] * 5
    assert first[0].variant == BASELINE


def test_options_of_the_plan() -> None:
    plan = study.preprocessing_plan(["ANN"], ["otsu", "otsu"], [7, 3, 7])
    assert plan == [Cell("ANN", variant, seed) for seed in (7, 3) for variant in (BASELINE, "otsu")]
    assert study.seeds_plan(["VGG16"]) == [Cell("VGG16", BASELINE, seed) for seed in (0, 1, 2)]
    assert study.seeds_plan(["ANN"], [4]) == [Cell("ANN", BASELINE, 4)]


# -- running and going on ---------------------------------------------------------------------


def test_what_is_there_is_not_run_again_and_what_does_not_fit_is(made: Study, capsys: Any) -> None:
    planned = study.preprocessing_plan(["ANN"], ["otsu"], [0, 1])
    run(made, planned[:3])
    before = {path: path.stat().st_mtime_ns for path in made.cells.iterdir()}
    run(made, planned)
    assert "4 cells, 3 of them done, 1 to run" in capsys.readouterr().out
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert {path.stem for path in made.cells.iterdir()} == {str(cell) for cell in planned}

    others = [
        replace(made, recipes={"ANN": replace(MNIST_RECIPE, epochs=6)}),
        replace(made, parameters=lambda name: 1001),
        replace(made, dataset=replace(made.dataset, digest="another")),
    ]
    for other in others:
        assert not other.finished()
    file = cells.path_of(made.cells, planned[0])
    file.write_text(file.read_text()[:100])
    assert set(made.finished()) == set(planned[1:])
    run(made, planned)
    assert set(made.finished()) == set(planned)


def test_a_cell_that_fails_is_named_and_loses_no_other(made: Study, capsys: Any) -> None:
    planned = study.preprocessing_plan(["ANN"], None, [0])
    failed = run(made, planned, broken)
    assert [(str(outcome.task.cell), outcome.error) for outcome in failed] == [
        ("ANN-otsu-0", "ValueError: the threshold is gone")
    ]
    assert "/12 ANN-otsu-0: failed: ValueError: the threshold is gone\n" in capsys.readouterr().out
    assert set(made.finished()) == set(planned) - {Cell("ANN", "otsu", 0)}


def test_a_worker_with_another_version_is_found_out(made: Study) -> None:
    def older(task: Task, dataset: Dataset) -> dict[str, Any]:
        return stand_in(replace(task, recipe=UCI_RECIPE), dataset)

    failed = run(made, [Cell("ANN", BASELINE, 0)], older)
    assert [outcome.error for outcome in failed] == ["the worker has another version of this project"]
    assert not made.cells.exists()


def test_a_real_cell_is_small_repeatable_and_agrees_with_the_training(data: Dataset, tmp_path: Path) -> None:
    """The embedded digits, one epoch, in this process."""
    task = Task(Cell("ANN", "deskewed", 3), replace(UCI_RECIPE, epochs=1), data.digest, 1_338_378)
    result = cells.run_cell(task, data)
    assert json.loads(json.dumps(result)) == result
    assert cells.fits(result, task)
    assert not cells.fits(result, replace(task, cell=Cell("ANN", "deskewed", 4)))
    again = cells.run_cell(task, data)
    assert again["test"] == result["test"]
    assert result["validation"]["n"] == 360
    clean = result["test"]["clean"]
    assert 0 < len(clean["index"]) == len(clean["read"]) < 359
    labels = data.y_test[clean["index"]]
    assert all(int(read) != label for read, label in zip(clean["read"], labels, strict=True))
    assert cells.wrong(result, "clean").sum() == len(clean["index"])
    assert len({str(result["test"][name]) for name in CORRUPTIONS}) == 5
    cells.write(tmp_path, task.cell, result)
    assert cells.path_of(tmp_path, task.cell).stat().st_size < 20_000
    assert cells.read(tmp_path, [task]) == {task.cell: result}


def test_a_disk_that_cannot_be_written_is_one_line(made: Study) -> None:
    made.folder.parent.mkdir()
    made.folder.write_text("a file")
    with pytest.raises(UserError, match=r"cannot write to .*study .*finished cells are kept"):
        run(made, [Cell("ANN", BASELINE, 0)])


# -- processes --------------------------------------------------------------------------------


def test_processes_do_what_this_one_does(made: Study) -> None:
    planned = study.preprocessing_plan(["ANN"], ["otsu", "deskewed"], [0, 1])
    with workers.pool(None, 2, made.dataset, broken) as (pool, place):
        assert place == "2 processes"
        failed = study.run(made, planned, pool)
    assert {outcome.task.cell.variant for outcome in failed} == {"otsu"}
    done = made.finished()
    assert len(done) == 4
    assert all(result == stand_in(made.task(cell), made.dataset) for cell, result in done.items())


def test_a_process_that_is_killed_is_one_line_and_leaves_what_was_finished(made: Study) -> None:
    def killed(task: Task, dataset: Dataset) -> dict[str, Any]:
        if task.cell.seed == 5:
            while not first.exists():  # the other process may be slow to start
                time.sleep(0.01)
            os.kill(os.getpid(), signal.SIGKILL)
        return stand_in(task, dataset)

    first = made.cells / f"ANN-{BASELINE}-0.json"
    with (
        workers.pool(None, 2, made.dataset, killed) as (pool, _),
        pytest.raises(UserError, match=r"a worker process was killed.*the same command goes on"),
    ):
        study.run(made, study.seeds_plan(["ANN"], range(6)), pool)
    assert Cell("ANN", BASELINE, 0) in made.finished()


# -- a cluster --------------------------------------------------------------------------------


@pytest.fixture
def cluster() -> Iterator[tuple[str, list["subprocess.Popen[bytes]"]]]:
    """A scheduler and two workers, processes of their own; its address and the workers."""
    processes = []

    def start(module: str, *arguments: str) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", f"distributed.cli.{module}", "--no-dashboard", *arguments]
        process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, env=os.environ | {"PYTHONPATH": "."})
        processes.append(process)
        return process

    scheduler = start("dask_scheduler", "--host", "127.0.0.1", "--port", "0")
    assert scheduler.stderr is not None
    address = next(found.group() for line in scheduler.stderr if (found := re.search(r"tcp://\S+", line.decode())))
    try:
        started = [start("dask_worker", address, "--nthreads", "1", "--no-nanny") for _ in range(2)]
        with Client(address, set_as_default=False) as client:
            client.wait_for_workers(2, timeout=60)
        yield address, started
    finally:
        for process in processes:
            process.kill()
            process.communicate()


def test_a_cluster_of_which_a_worker_is_killed_loses_nothing(
    cluster: tuple[str, list["subprocess.Popen[bytes]"]], made: Study
) -> None:
    address, processes = cluster
    planned = study.preprocessing_plan(["ANN"], None, [0])
    with workers.pool(address, None, made.dataset, slow) as (pool, place):
        assert place == f"the cluster at {address}"

        def kill_in_the_middle(tasks: Any) -> Iterator[Outcome]:
            for number, outcome in enumerate(pool(tasks)):
                if number == 3:
                    processes[0].send_signal(signal.SIGKILL)
                yield outcome

        assert study.run(made, planned, kill_in_the_middle) == []
    assert processes[0].wait(5) == -signal.SIGKILL
    assert processes[1].poll() is None
    done = made.finished()
    assert set(done) == set(planned)
    assert all(result == stand_in(made.task(cell), made.dataset) for cell, result in done.items())


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:9", "nonsense://x:1", "127.0.0.1:99999"])
def test_a_wrong_address_is_one_line_within_seconds(address: str, data: Dataset) -> None:
    began = time.monotonic()
    with (
        pytest.raises(UserError, match=r"no Dask scheduler answers at .*; start one with: dask scheduler") as caught,
        workers.pool(address, None, data, stand_in),
    ):
        pass
    assert "\n" not in str(caught.value)
    assert time.monotonic() - began < 15


def test_the_data_travels_as_it_is(data: Dataset) -> None:
    travelled = workers._unpacked(workers._packed(data))
    assert (travelled.name, travelled.digest, travelled.validation_fraction) == (data.name, data.digest, 0.25)
    for part, (images, labels) in data.split().items():
        assert np.array_equal(travelled.split()[part][0], images)
        assert np.array_equal(travelled.split()[part][1], labels)


# -- figures and page -------------------------------------------------------------------------


def test_the_figures_find_what_was_put_in(made: Study) -> None:
    rows = figures(made, study.preprocessing_plan(["ANN"]))["networks"]["ANN"]["corruptions"]["clean"]
    assert {name: row.get("verdict") for name, row in rows.items()} == {
        name: {"deskewed": "better", "otsu": "worse", BASELINE: None}.get(name, "no difference shown")
        for name in VARIANTS
    }
    row, base = rows["deskewed"], rows[BASELINE]
    assert (row["seeds"], row["n"]) == ([0, 1, 2, 3, 4], N)
    assert row["error"] == pytest.approx(sum(row["misses"]) / 5 / N)
    assert row["low"] < row["error"] < row["high"]
    assert row["pooled"]["difference"] == pytest.approx(row["error"] - base["error"])
    assert row["across_seeds"]["difference"] == pytest.approx(row["error"] - base["error"])
    assert row["mcnemar"]["difference"] == pytest.approx((row["misses"][0] - base["misses"][0]) / N)
    for test in study_figures.TESTS:
        assert min(row[test]["p_holm"], 1) == pytest.approx(min(1, 11 * row[test]["p"]), rel=1)
        assert row[test]["p_holm"] >= row[test]["p"]
        smallest = min((other for other in rows.values() if other.get(test)), key=lambda other: other[test]["p"])
        assert smallest[test]["p_holm"] == pytest.approx(min(1, 11 * smallest[test]["p"]))


def test_the_baselines_further_seeds_are_left_to_the_seeds_table(made: Study) -> None:
    run(made, study.seeds_plan(["VGG16"]))
    rows = figures(made, study.preprocessing_plan(["VGG16"]))["networks"]["VGG16"]["corruptions"]["clean"]
    assert all(row["seeds"] == [0] for row in rows.values())
    assert rows["deskewed"]["across_seeds"] is None
    assert rows["deskewed"]["pooled"]["p"] == pytest.approx(rows["deskewed"]["mcnemar"]["p"])
    seeds = study_figures.seeds(made.dataset, made.finished())["networks"]["VGG16"]
    assert list(seeds["misses"]) == ["0", "1", "2"]
    assert seeds["accuracy"] == pytest.approx(1 - sum(seeds["misses"].values()) / 3 / N)


def test_a_network_of_which_only_seeds_were_run_has_no_table_of_its_own(made: Study) -> None:
    run(made, study.seeds_plan(["CNN"]))
    run(made, study.preprocessing_plan(["ANN"], ["otsu"], [0]))
    study.publish(made, [])
    saved = json.loads((made.folder / "preprocessing.json").read_text(encoding="utf-8"))
    page = (made.folder / "README.md").read_text(encoding="utf-8")
    assert list(saved["networks"]) == ["ANN"]
    assert "## ANN, clean test images" in page
    assert "## CNN, clean test images" not in page
    assert re.search(r"^\| CNN +\| \d", page, re.MULTILINE)  # in the table of seeds
    assert re.search(r"^- \*\*CNN\*\*: [\d,]+ parameters; epochs \d", page, re.MULTILINE)  # and how it was trained
    assert not (made.folder / "CNN_spoilt.png").exists()


def test_the_page_answers_shows_every_figure_and_says_how(made: Study) -> None:
    planned = study.preprocessing_plan(["ANN", "CNN", "VGG16"])
    run(made, planned)
    study.publish(made, planned)
    page = (made.folder / "README.md").read_text(encoding="utf-8")
    saved = json.loads((made.folder / "preprocessing.json").read_text(encoding="utf-8"))
    seeds = json.loads((made.folder / "seeds.json").read_text(encoding="utf-8"))
    assert page == study_page.page(saved, seeds)
    answer = page.split("\n\n")[1]
    assert "Yes: some lower the error significantly (ANN, CNN and VGG16), others raise it (ANN and CNN)." in answer
    rows = saved["networks"]["CNN"]["corruptions"]["clean"]
    misses = f"{sum(rows['deskewed']['misses']) / 3:.1f}".removesuffix(".0")
    assert f"1 lowers it, de-skewed {100 * rows['deskewed']['error']:.2f} % ({misses});" in page
    assert "for 9 no difference is shown" in page
    for name, row in rows.items():
        assert f"| {VARIANTS[name].title} | 3 | {100 * row['error']:.2f} % |" in page
    assert "101 cells" in page
    assert "Not finished" not in page
    linked = set(re.findall(r"\]\(([^)#:]+)\)", page))
    assert linked >= {"errors.png", "variants.png", "ANN_spoilt.png", "CNN_spoilt.png", "VGG16_spoilt.png"}
    assert all((made.folder / link).exists() for link in linked)


def test_a_page_of_an_unfinished_study_says_what_is_missing(made: Study) -> None:
    planned = study.preprocessing_plan(["ANN"], ["otsu", "median"], [0])
    run(made, planned[1:2])
    study.publish(made, planned)
    page = (made.folder / "README.md").read_text(encoding="utf-8")
    assert "Nothing to compare yet" in page
    assert "**Not finished:** planned cells that are missing: ANN-unit-0, ANN-median-0." in page
    run(made, planned[:2])
    study.publish(made, planned)
    page = (made.folder / "README.md").read_text(encoding="utf-8")
    misses = cells.wrong(made.finished()[Cell("ANN", BASELINE, 0)], "clean").sum()
    assert (
        f"**ANN**, 1 seed, with the baseline {misses / N:.2%} ({misses}): no difference is shown.".replace("%", " %")
        in page
    )
    assert "that are missing: ANN-median-0." in page


def test_many_missing_cells_are_counted(made: Study) -> None:
    planned = study.preprocessing_plan(["ANN", "CNN"])
    run(made, planned[:24])
    study.publish(made, planned)
    page = (made.folder / "README.md").read_text(encoding="utf-8")
    assert "**ANN**, 1 seed, with" in page
    run(made, [Cell("ANN", "otsu", 1)])
    study.publish(made, planned)
    page = (made.folder / "README.md").read_text(encoding="utf-8")
    assert "**ANN**, 1 to 2 seeds, with" in page
    told = "**Not finished:** 71 planned cells are missing, 47 of ANN and 24 of CNN."
    assert told in page
    summary = study_page.summary(json.loads((made.folder / "preprocessing.json").read_text(encoding="utf-8")))
    assert told in summary
    assert {line for line in summary.splitlines() if line not in page} == {"Where the test images are spoilt:"}


def test_nothing_to_show_is_one_line(made: Study) -> None:
    with pytest.raises(UserError, match="no finished cell in"):
        study.publish(made, [])


def test_no_difference_is_said_so(made: Study) -> None:
    run(made, study.preprocessing_plan(["ANN"], ["plain", "median"], [0]))
    study.publish(made, [])
    assert "**No significant difference could be shown.**" in (made.folder / "README.md").read_text(encoding="utf-8")


def test_the_plots_say_what_the_figures_say(made: Study) -> None:
    found = figures(made, study.preprocessing_plan(["ANN", "VGG16"]))
    figure = drawn.errors(found)
    ann, vgg16 = figure.axes
    assert [axes.get_title(loc="left") for axes in (ann, vgg16)] == ["ANN", "VGG16"]
    assert [label.get_text() for label in ann.get_yticklabels()] == [variant.title for variant in VARIANTS.values()]
    assert sum(text.get_text() == "not run" for text in vgg16.texts) == 7
    heat = drawn.heat_map(found, "ANN")
    texts = {text.get_text() for text in heat.findobj(Text)}
    rows = found["networks"]["ANN"]["corruptions"]["clean"]
    assert f"{100 * rows['deskewed']['error']:.2f} % ▼" in texts
    assert f"{100 * rows['otsu']['error']:.2f} % ▲" in texts
    assert {how.title for how in CORRUPTIONS.values()} <= texts
    shown = drawn.variants(made.dataset.x_test, made.dataset.y_test)
    assert {variant.title for variant in VARIANTS.values()} <= {text.get_text() for text in shown.findobj(Text)}
    assert len([axes for axes in shown.axes if axes.images]) == 12 * (5 + 4)
