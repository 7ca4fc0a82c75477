"""``test.py`` as people run it: a process of its own, in a copy of the project with empty models/ and plots/."""

import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import keras
import numpy as np
import pytest

from digits.networks import MODELS

ROOT = Path(__file__).resolve().parent.parent
Result = subprocess.CompletedProcess[str]
KINDS = ("architecture", "history", "confusion", "by_class", "misses", "reliability")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("project")
    for name in (*MODELS, "digits"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "test.py", folder)
    return folder


def start(project: Path, *arguments: object, **options: object) -> "subprocess.Popen[str]":
    """No MNIST, an empty Keras cache, and no way to the internet."""
    kept = {key: value for key, value in os.environ.items() if key != "MNIST_NPZ"}
    environment = kept | {"KERAS_HOME": str(project / "keras"), "https_proxy": "http://127.0.0.1:9"}
    return subprocess.Popen(
        [sys.executable, project / "test.py", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        **options,  # type: ignore[call-overload]
    )


def run(project: Path, *arguments: object, **options: object) -> Result:
    process = start(project, *arguments, **options)
    output, error = process.communicate(timeout=300)
    return subprocess.CompletedProcess(process.args, process.returncode, output, error)


def assert_one_line(result: Result, *words: object) -> None:
    """Exit code 2 and one line on standard error that says all of ``words``."""
    assert result.returncode == 2, result.stderr
    assert result.stderr.startswith("test.py: ")
    assert len(result.stderr.splitlines()) == 1, result.stderr
    for word in words:
        assert str(word) in result.stderr


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below ``folder``, by its path."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def table(result: Result) -> str:
    """What is printed from the table's header on, up to the folders."""
    return result.stdout[result.stdout.index("\nmodel ") :].split("\nmodels ")[0].strip()


@pytest.fixture(scope="module")
def trained(project: Path, npz: Path) -> tuple[Path, Result]:
    """All three networks, trained on a handful of images."""
    output = project / "three networks"
    return output, run(project, "--data", npz, "--epochs", 1, "--batch-size", 16, "--output", output)


# -- the command line -------------------------------------------------------------------------


def test_help_comes_at_once_and_needs_no_tensorflow(project: Path) -> None:
    result = run(project, "--help")
    assert result.returncode == 0
    assert "--dataset uci" in result.stdout
    code = "import sys, runpy; sys.argv = ['test.py', '--help']\n"
    code += (
        "try: runpy.run_path('test.py', run_name='__main__')\nexcept SystemExit: pass\nprint('keras' in sys.modules)"
    )
    said = subprocess.run([sys.executable, "-c", code], cwd=project, capture_output=True, text=True).stdout
    assert said.endswith("False\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--models", "LeNet"], "invalid choice: 'LeNet' (choose from"),
        (["--epochs", "0"], "--epochs: must be a whole number of at least 1, got '0'"),
        (["--epochs", "-3"], "got '-3'"),
        (["--epochs", "2.5"], "must be a whole number of at least 1, got '2.5'"),
        (["--batch-size", "0"], "--batch-size: must be a whole number of at least 1, got '0'"),
        (["--learning-rate", "0"], "--learning-rate: must be a number above 0, got '0'"),
        (["--learning-rate", "nan"], "got 'nan'"),
        (["--seed", "-1"], "--seed: must be a whole number of at least 0, got '-1'"),
        (["--dataset", "emnist"], "invalid choice: 'emnist'"),
        (["--dataset", "uci", "--data", "x.npz"], "--data goes with --dataset mnist"),
        (["--evaluate", "--resume"], "--resume goes with training"),
        (["--redraw"], "--redraw goes with --evaluate or --study"),
        (["--study", "weather"], "--study: invalid choice: 'weather'"),
        (["--study", "preprocessing", "--variants", "sepia"], "--variants: invalid choice: 'sepia'"),
        (["--study", "preprocessing", "--seeds", "-1"], "--seeds: must be a whole number of at least 0, got '-1'"),
        (["--study", "preprocessing", "--workers", "0"], "--workers: must be a whole number of at least 1, got '0'"),
        (["--study", "preprocessing", "--resume"], "--evaluate and --resume do not go with --study"),
        (["--study", "preprocessing", "--seed", "1"], "the seeds of a study are --seeds N [N ...]"),
        (["--study", "seeds", "--variants", "otsu"], "--variants goes with --study preprocessing"),
        (["--study", "seeds", "--cluster", "x", "--workers", "2"], "a cluster has its own"),
        (["--seeds", "1"], "--seeds goes with --study"),
        (["--cluster", "tcp://127.0.0.1:8786"], "--cluster goes with --study"),
        (
            ["--study", "seeds", "--dataset", "uci", "--cluster", "tcp://127.0.0.1:9"],
            "no Dask scheduler answers at tcp://",
        ),
        (["--data", "nowhere.npz"], "no file or folder at nowhere.npz"),
        (["--data", "test.py"], "test.py cannot be read as MNIST's .npz"),
        (["--nonsense"], "unrecognized arguments: --nonsense"),
    ],
)
def test_a_wrong_option_is_one_line(arguments: list[str], said: str, project: Path) -> None:
    assert_one_line(run(project, *arguments, cwd=project), said)


@pytest.mark.parametrize("data", ["own", "uci"])
def test_other_data_never_replaces_the_published_networks(data: str, project: Path, npz: Path) -> None:
    source = ["--data", npz] if data == "own" else ["--dataset", "uci"]
    result = run(project, *source, "--output", ".", cwd=project)
    assert_one_line(result, "would replace the published ones", "--output")
    assert not (project / "models").exists()


def test_no_connection_names_both_ways_out(project: Path) -> None:
    assert_one_line(run(project), "MNIST cannot be downloaded", "--data FILE", "--dataset uci")


# -- a whole run ------------------------------------------------------------------------------


def test_a_run_saves_and_plots_everything(trained: tuple[Path, Result], npz: Path) -> None:
    output, result = trained
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""
    names = ("ANN", "CNN", "VGG16")
    expected = {f"models/{name}.{suffix}" for name in names for suffix in ("keras", "onnx", "json")}
    expected |= {f"plots/{name}_{kind}.png" for name in names for kind in KINDS}
    results = ("samples.png", "comparison.png", "coverage.png", "results.json", "results.md")
    expected |= {f"plots/{name}" for name in results}
    assert set(contents(output)) == expected
    results = json.loads((output / "plots" / "results.json").read_text())
    assert list(results["models"]) == list(names)
    for name in names:
        card = json.loads((output / "models" / f"{name}.json").read_text())
        assert card == results["models"][name]
        recipe = {key: card["recipe"][key] for key in ("optimizer", "epochs", "batch_size", "learning_rate", "seed")}
        assert list(recipe.values()) == ["Adam", 1, 16, 1e-5, 0]
        assert [card["scores"][part]["n"] for part in ("train", "validation", "test")] == [48, 12, 20]


def test_a_run_says_what_it_does(trained: tuple[Path, Result], npz: Path) -> None:
    said = trained[1].stdout
    assert f"--data {npz}" in said
    assert "48 train, 12 validation, 20 test images" in said
    assert "Adam, learning rate 1e-05, 1 epochs, batch size 16, seed 0" in said
    for name in ("ANN", "CNN", "VGG16"):
        assert f"{name}: epoch 1/1, " in said
    assert "MNIST" not in table(trained[1])  # another file is called by its digest
    assert "the post" not in table(trained[1])


def test_evaluating_prints_the_same_table_and_writes_nothing(
    trained: tuple[Path, Result], project: Path, npz: Path
) -> None:
    output, first = trained
    before = contents(output)
    again = run(project, "--evaluate", "--data", npz, "--output", output)
    assert again.returncode == 0, again.stderr
    assert table(again) == table(first)
    assert contents(output) == before


def test_redrawing_gives_the_same_plots(trained: tuple[Path, Result], project: Path, npz: Path) -> None:
    output, _ = trained
    before = contents(output)
    result = run(project, "--evaluate", "--redraw", "--models", "ANN", "--data", npz, "--output", output)
    assert result.returncode == 0, result.stderr
    assert contents(output) == before


def test_the_same_seed_gives_the_same_models(trained: tuple[Path, Result], project: Path, npz: Path) -> None:
    """And a network trained alone enters the results beside those of earlier runs."""
    output, _ = trained
    copy = project / "again"
    shutil.copytree(output, copy)
    result = run(project, "--models", "CNN", "--data", npz, "--epochs", 1, "--batch-size", 16, "--output", copy)
    assert result.returncode == 0, result.stderr
    first, second = (keras.saving.load_model(folder / "models" / "CNN.keras") for folder in (output, copy))
    for one, other in zip(first.get_weights(), second.get_weights(), strict=True):
        assert np.array_equal(one, other)
    assert list(json.loads((copy / "plots" / "results.json").read_text())["models"]) == ["ANN", "CNN", "VGG16"]
    assert [line.split()[0] for line in table(result).splitlines() if "train " in line] == ["ANN", "CNN", "VGG16"]


def test_own_data_and_embedded_digits_write_into_runs(project: Path, npz: Path) -> None:
    own = run(project, "--models", "ANN", "--data", npz, "--epochs", 1)
    name = re.search("data [0-9a-f]{8}", own.stdout).group()
    uci = run(project, "--models", "ANN", "--dataset", "uci", "--epochs", 1)
    assert uci.returncode == 0, uci.stderr
    assert "1,078 train, 360 validation, 359 test images" in uci.stdout
    written = {path.parents[1].relative_to(project) for path in (project / "runs").rglob("results.json")}
    assert written == {Path("runs/uci"), Path(f"runs/{name.replace(' ', '-')}")}
    assert not (project / "models").exists()
    assert not (project / "plots").exists()


# -- interrupted, killed, refused -------------------------------------------------------------


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_run_goes_on_with_resume(how: signal.Signals, project: Path, npz: Path) -> None:
    def options(output: Path) -> list[object]:
        return ["--models", "ANN", "--data", npz, "--epochs", 12, "--batch-size", 4, "--output", output]

    output, whole = project / f"stopped by {how.name}", project / "left alone"
    process = start(project, *options(output))
    state = output / ".unfinished" / "ANN" / "state.json"
    deadline = time.monotonic() + 120
    while not state.exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(how)
    error = process.communicate(timeout=60)[1]
    assert 0 < len(json.loads(state.read_text())["history"]["loss"]) < 12
    if how == signal.SIGINT:
        assert process.returncode == 130
        assert error.splitlines()[-1].startswith("test.py: interrupted")
        assert "Traceback" not in error
    assert not (output / "models").exists()

    resumed = run(project, *options(output), "--resume")
    assert resumed.returncode == 0, resumed.stderr
    assert not (output / ".unfinished").exists()
    if not whole.exists():
        run(project, *options(whole))
    cards = [json.loads((folder / "models" / "ANN.json").read_text()) for folder in (output, whole)]
    for key in ("history", "scores", "confusion"):
        assert cards[0][key] == cards[1][key]


def quota() -> None:
    """No file larger than 2 MB, as on a disk that is nearly full; ANN's weights and moments take 16 MB."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, 2_000_000))


def test_a_full_disk_is_one_line_and_leaves_the_previous_outputs_whole(
    trained: tuple[Path, Result], project: Path, npz: Path
) -> None:
    output, _ = trained
    before = contents(output)
    result = run(project, "--models", "ANN", "--data", npz, "--epochs", 1, "--output", output, preexec_fn=quota)
    assert_one_line(result, f"cannot write to {output}", "is as it was", "--output DIR")
    assert contents(output / "models") | contents(output / "plots") == {
        name.split("/", 1)[1]: content for name, content in before.items()
    }


@pytest.fixture(params=[12, 22], ids=lambda size: f"{size} MB")
def small_disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """A disk of its own, full during the training or only when the network is saved."""
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={request.param}m", "tmpfs", tmp_path], check=False)
    if mounted.returncode:
        pytest.skip("needs the right to mount a small disk")
    yield tmp_path
    subprocess.run(["umount", tmp_path], check=True)


@pytest.mark.skipif(not shutil.which("mount"), reason="needs mount")
def test_a_disk_that_fills_up_is_one_line(small_disk: Path, project: Path, npz: Path) -> None:
    result = run(project, "--models", "ANN", "--data", npz, "--epochs", 1, "--output", small_disk / "output")
    assert_one_line(result, "cannot write to", "No space left on device")
    assert {path.name for path in (small_disk / "output").iterdir()} == {".unfinished"}


def test_an_output_that_cannot_be_a_folder_is_one_line(project: Path, npz: Path) -> None:
    file = project / "a file"
    file.write_text("mine")
    assert_one_line(run(project, "--models", "ANN", "--data", npz, "--output", file), f"cannot write to {file}")
    assert file.read_text() == "mine"


@pytest.mark.skipif(not Path("/proc").exists(), reason="needs a folder in which not even root may write")
def test_an_output_without_permission_is_one_line(project: Path, npz: Path) -> None:
    result = run(project, "--models", "ANN", "--data", npz, "--output", "/proc/digits")
    assert_one_line(result, "cannot write to /proc/digits", "give another folder with --output DIR")


def test_a_corrupt_saved_model_is_one_line(
    trained: tuple[Path, Result], project: Path, npz: Path, tmp_path: Path
) -> None:
    output = tmp_path / "output"
    shutil.copytree(trained[0], output)
    model = output / "models" / "ANN.keras"
    model.write_bytes(model.read_bytes()[:1000])
    result = run(project, "--evaluate", "--models", "ANN", "--data", npz, "--output", output)
    assert_one_line(result, "ANN.keras cannot be loaded as a Keras model", "python test.py --models ANN")


# -- studies ----------------------------------------------------------------------------------


def test_a_study_is_interrupted_and_goes_on_and_both_share_their_cells(project: Path, npz: Path) -> None:
    output = project / "a study"
    cells = output / "plots" / "study" / "cells"
    options = ["--models", "ANN", "--data", npz, "--epochs", 12, "--batch-size", 4, "--output", output]
    study = ["--study", "preprocessing", "--variants", "otsu", "--seeds", 0, 1, *options]

    process = start(project, *study, start_new_session=True)
    deadline = time.monotonic() + 300
    while not list(cells.glob("ANN*.json")) and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does
    _, error = process.communicate(timeout=120)
    assert process.returncode == 130, error
    assert error.strip().splitlines() == ["test.py: interrupted; finished cells are kept. Go on with the same command"]
    before = contents(cells)
    assert 0 < len(before) < 4

    resumed = run(project, *study)
    assert resumed.returncode == 0, resumed.stderr
    assert resumed.stderr == ""
    assert f"4 cells, {len(before)} of them done, {4 - len(before)} to run" in resumed.stdout
    assert contents(cells).items() >= before.items()
    names = {f"ANN-{variant}-{seed}.json" for variant in ("unit", "otsu") for seed in (0, 1)}
    assert set(contents(cells)) == names
    pages = {"README.md", "preprocessing.json", "seeds.json", "errors.png", "variants.png", "ANN_spoilt.png"}
    assert {path.name for path in (output / "plots" / "study").iterdir()} == pages | {"cells"}

    seeds = run(project, "--study", "seeds", "--seeds", 0, 1, *options)
    assert "2 cells, 2 of them done, 0 to run" in seeds.stdout
    table = json.loads((output / "plots" / "study" / "seeds.json").read_text())["networks"]["ANN"]
    assert list(table["misses"]) == ["0", "1"]
    whole = contents(output)
    again = run(project, *study, "--redraw")
    assert again.returncode == 0, again.stderr
    assert contents(output) == whole


def test_a_study_of_other_data_or_another_recipe_stays_out_of_the_published_one(project: Path, npz: Path) -> None:
    result = run(project, "--study", "seeds", "--models", "ANN", "--seeds", 0, "--data", npz, "--redraw")
    assert_one_line(result, "no finished cell in", project / "runs", "nothing to show")
