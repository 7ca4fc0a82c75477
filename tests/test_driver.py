"""``test.py`` from its command line to the files that it leaves: in this process, and as one of its own where it must.

What it writes goes into temporary folders, never into the project.
"""

import io
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from digits.learning import cli, config, precision
from digits.learning.cli import default_of
from digits.learning.config import MNIST, UCI, Lines, Written, recipe_for
from digits.networks import MODELS
from digits.publishing import LOCK
from digits.study import workers
from digits.study.plan import preprocessing_plan, seeds_plan
from tests.writers import entries

ROOT = Path(__file__).resolve().parent.parent
KINDS = ("architecture", "history", "confusion", "by_class", "misses", "reliability")
ENCODINGS = ("cp1252", "cp437", "ascii")


@dataclass(frozen=True)
class Result:
    """What a run printed, and its exit code."""

    code: int
    out: str
    err: str


Run = Callable[..., Result]


def load_driver() -> Any:
    """``test.py`` as a module; its name is the standard library's."""
    spec = spec_from_file_location("driver", ROOT / "test.py")
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


DRIVER = load_driver()


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project's folder, as far as the output is concerned."""
    return tmp_path_factory.mktemp("project").resolve()


@pytest.fixture(scope="module", autouse=True)
def offline(root: Path) -> Iterator[None]:
    """No MNIST, an empty Keras cache, and no way to the internet."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MNIST_NPZ", raising=False)
        patch.setenv("KERAS_HOME", str(root / "keras"))
        patch.setenv("https_proxy", "http://127.0.0.1:9")
        patch.setattr(workers, "CONNECT", 0.5)
        yield


def run_in(root: Path, *arguments: object) -> Result:
    """Run ``test.py`` in this process."""
    out, err = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = io.StringIO(), io.StringIO()
    try:
        try:
            code = DRIVER.main([*map(str, arguments)], root)
        except SystemExit as end:
            code = end.code
        return Result(int(code or 0), sys.stdout.getvalue(), sys.stderr.getvalue())
    finally:
        sys.stdout, sys.stderr = out, err


@pytest.fixture
def run(root: Path) -> Run:
    return lambda *arguments: run_in(root, *arguments)


def start(*arguments: object, **options: Any) -> "subprocess.Popen[str]":
    """Run ``test.py`` in a process of its own."""
    command = [sys.executable, str(ROOT / "test.py"), *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)


def assert_one_line(result: Result, *words: object) -> None:
    """Exit code 2 and one line on standard error that has all of ``words``."""
    assert result.code == 2, result.err
    assert result.err.startswith("test.py: ")
    assert len(result.err.splitlines()) == 1, result.err
    for word in words:
        assert str(word) in result.err


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below ``folder``, by its path, but locks."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != LOCK)
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def table(result: Result) -> str:
    """What is printed from the table's header on, up to the folders."""
    return result.out[result.out.index("\nmodel ") :].split("\nmodels ")[0].strip()


@pytest.fixture(scope="module")
def trained(root: Path, npz: Path) -> tuple[Path, Result]:
    """All three core networks, trained on a handful of images."""
    output = root / "three networks"
    return output, run_in(root, "--data", npz, "--epochs", 1, "--batch-size", 16, "--output", output)


# -- the command line -------------------------------------------------------------------------


def test_help_comes_at_once_and_needs_no_tensorflow() -> None:
    code = "import sys, runpy; sys.argv = ['test.py', '--help']\n"
    code += "try: runpy.run_path('test.py', run_name='__main__')\nexcept SystemExit: pass\n"
    code += "print('keras' in sys.modules, 'matplotlib' in sys.modules)"
    printed = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True).stdout
    assert "--dataset uci" in printed
    assert printed.endswith("False False\n")


@pytest.mark.parametrize("option", ["epochs", "batch_size", "learning_rate", "seed"])
def test_help_states_the_default_of_every_network_and_dataset(option: str, run: Run) -> None:
    stated = default_of(option)
    assert stated in " ".join(run("--help").out.split())
    usual, _, rest = stated.removeprefix("default: ").partition(" (")
    others = dict(other.rsplit(" ", 1) for other in rest.removesuffix(")").split(", ") if other)
    for network in MODELS:
        assert float(others.get(network, usual)) == getattr(recipe_for(network, MNIST), option)
        assert float(others.get("--dataset uci", usual)) == getattr(recipe_for(network, UCI), option)


def test_help_states_the_default_seeds_of_every_study(run: Run) -> None:
    printed = " ".join(run("--help").out.split())
    assert "default: 0 to 2 (seeds); ANN 0 to 4, CNN 0 to 2, VGG16 0 to 2, others 0 (preprocessing)" in printed
    seeds = {name: {cell.seed for cell in preprocessing_plan([name])} for name in MODELS}
    several = {"ANN": {0, 1, 2, 3, 4}, "CNN": {0, 1, 2}, "VGG16": {0, 1, 2}}
    assert seeds == {name: several.get(name, {0}) for name in MODELS}
    assert {cell.seed for cell in seeds_plan(MODELS)} == {0, 1, 2}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--models", "LeNet"], "invalid choice: 'LeNet' (choose from"),
        (["--epochs", "0"], "--epochs: must be a whole number of at least 1 and at most 10000, got '0'"),
        (["--epochs", "-3"], "got '-3'"),
        (["--epochs", "2.5"], "must be a whole number of at least 1 and at most 10000, got '2.5'"),
        (["--batch-size", "0"], "--batch-size: must be a whole number of at least 1 and at most 1024, got '0'"),
        (["--learning-rate", "0"], "--learning-rate: must be a number above 0 and at most 10.0, got '0'"),
        (["--learning-rate", "nan"], "got 'nan'"),
        (["--learning-rate", "1e30"], "above 0 and at most 10.0, got '1e30'"),
        (["--epochs", "1000000000"], "at most 10000, got '1000000000'"),
        (["--epochs", "1" + 400 * "0"], "at most 10000, got '1000"),
        (["--batch-size", "1000000000000"], "at most 1024, got '1000000000000'"),
        (["--seed", "-1"], "--seed: must be a whole number of at least 0 and at most 4294967295, got '-1'"),
        (["--seed", "4294967296"], "and at most 4294967295, got '4294967296'"),
        (["--dataset", "emnist"], "invalid choice: 'emnist'"),
        (["--dataset", "uci", "--data", "x.npz"], "--data goes with --dataset mnist"),
        (["--dataset", "uci", "--invert"], "--invert goes with --dataset mnist"),
        (["--evaluate", "--resume"], "--resume goes with training"),
        (["--precision", "float16"], "--precision: invalid choice: 'float16' (choose from"),
        (["--evaluate", "--precision", "float32"], "--precision goes with training"),
        (["--replot"], "--replot goes with --evaluate or --study"),
        (["--models", "LineNet"], "LineNet learns from handwriting: name it with --handwriting FILE"),
        (["--models", "ANN", "LineNet", "--resume"], "name it with --handwriting FILE"),
        (["--evaluate", "--models", "LineNet"], "LineNet reads lines, not images of single digits"),
        (["--evaluate", "--handwriting", "people.json"], "--handwriting goes with training, not with --evaluate"),
        (["--study", "seeds", "--models", "LineNet", "--handwriting", "x"], "a study is of networks of single digits"),
        (["--study", "weather"], "--study: invalid choice: 'weather'"),
        (["--study", "preprocessing", "--variants", "sepia"], "--variants: invalid choice: 'sepia'"),
        (
            ["--study", "preprocessing", "--seeds", "-1"],
            "--seeds: must be a whole number of at least 0 and at most 4294967295, got '-1'",
        ),
        (["--study", "preprocessing", "--workers", "0"], "--workers: must be a whole number of at least 1 and at most"),
        (["--study", "preprocessing", "--workers", "100000"], "got '100000'"),
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
        (["--data", str(ROOT / "test.py")], "test.py cannot be read as MNIST's .npz"),
        (["--nonsense"], "unrecognized arguments: --nonsense"),
    ],
)
def test_a_wrong_option_is_one_line(arguments: list[str], message: str, run: Run) -> None:
    assert_one_line(run(*arguments), message)


@pytest.mark.parametrize("data", ["own", "uci"])
def test_other_data_never_replaces_the_published_networks(
    data: str, run: Run, root: Path, npz: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(root)
    source = ["--data", npz] if data == "own" else ["--dataset", "uci"]
    assert_one_line(run(*source, "--output", "."), "would replace the published ones", "--output")
    assert not (root / "models").exists()


def test_no_connection_names_both_ways_out(run: Run) -> None:
    assert_one_line(run(), "MNIST cannot be downloaded", "--data FILE", "--dataset uci")


# -- a whole run ------------------------------------------------------------------------------


def test_a_run_saves_and_plots_everything(trained: tuple[Path, Result]) -> None:
    output, result = trained
    assert (result.code, result.err) == (0, "")
    names = ("ANN", "CNN", "VGG16")
    expected = {f"models/{name}.{suffix}" for name in names for suffix in ("keras", "onnx", "json")}
    expected |= {f"plots/{name}_{kind}.png" for name in names for kind in KINDS}
    results = ("samples.png", "comparison.png", "risk_coverage.png", "results.json", "results.md")
    expected |= {f"plots/{name}" for name in results}
    assert set(contents(output)) == expected
    models = json.loads((output / "plots" / "results.json").read_text())["models"]
    assert list(models) == list(names)
    for name in names:
        card = json.loads((output / "models" / f"{name}.json").read_text())
        assert card == models[name]
        recipe = {key: card["recipe"][key] for key in ("optimizer", "epochs", "batch_size", "learning_rate", "seed")}
        assert list(recipe.values()) == ["Adam", 1, 16, 1e-5, 0]
        assert [card["metrics"][split]["n"] for split in ("train", "validation", "test")] == [48, 12, 20]


def test_a_run_prints_what_it_does(trained: tuple[Path, Result], npz: Path) -> None:
    printed = trained[1].out
    assert f"--data {npz}" in printed
    assert "48 train, 12 validation, 20 test images" in printed
    assert "Adam, learning rate 1e-05, 1 epochs, batch size 16, seed 0" in printed
    for name in ("ANN", "CNN", "VGG16"):
        assert f"{name}: training, epoch 1 to 1" in printed
        assert f"{name}: epoch 1/1, " in printed
    assert "MNIST" not in table(trained[1])  # another file is called by its digest
    assert "the post" not in table(trained[1])


def test_the_precision_is_said_and_kept(run: Run, npz: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a processor without bfloat16, which imitates it when asked to."""
    monkeypatch.setattr(precision, "CPUINFO", tmp_path / "none")
    common = ("--models", "ANN", "--data", npz, "--epochs", 1)
    for options, expected, lines in (((), "float32", 0), (("--precision", "bfloat16"), "bfloat16", 1)):
        result = run(*common, *options, "--output", tmp_path / expected)
        assert result.code == 0, result.err
        assert f"  precision {expected}\n" in result.out
        assert result.out.count("only imitates it, slowly: --precision float32 is faster") == lines
        card = json.loads((tmp_path / expected / "models" / "ANN.json").read_text())
        assert card["versions"]["precision"] == expected
        assert f"cores, {expected}." in (tmp_path / expected / "plots" / "results.md").read_text()


def test_another_precision_than_the_usual_one_is_not_the_published_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(precision, "CPUINFO", tmp_path / "none")
    for name, published in ((None, True), ("float32", True), ("bfloat16", False)):
        options = DRIVER.parse([] if name is None else ["--precision", name])
        assert (cli.output_folder(options, MNIST, tmp_path) == tmp_path) == published


def test_evaluating_prints_the_same_table_and_writes_nothing(trained: tuple[Path, Result], run: Run, npz: Path) -> None:
    output, first = trained
    before = contents(output)
    again = run("--evaluate", "--data", npz, "--output", output)
    assert again.code == 0, again.err
    assert table(again) == table(first)
    assert contents(output) == before


def test_replotting_gives_the_same_plots(trained: tuple[Path, Result], run: Run, npz: Path) -> None:
    output, _ = trained
    before = contents(output)
    result = run("--evaluate", "--replot", "--models", "ANN", "--data", npz, "--output", output)
    assert result.code == 0, result.err
    assert contents(output) == before


def test_the_same_seed_gives_the_same_models(trained: tuple[Path, Result], run: Run, npz: Path, tmp_path: Path) -> None:
    """And a network trained on its own joins those of earlier runs in the results."""
    copy = tmp_path / "again"
    shutil.copytree(trained[0], copy)
    result = run("--models", "CNN", "--data", npz, "--epochs", 1, "--batch-size", 16, "--output", copy)
    assert result.code == 0, result.err
    first, second = (keras.saving.load_model(folder / "models" / "CNN.keras") for folder in (trained[0], copy))
    for one, other in zip(first.get_weights(), second.get_weights(), strict=True):
        assert np.array_equal(one, other)
    assert list(json.loads((copy / "plots" / "results.json").read_text())["models"]) == ["ANN", "CNN", "VGG16"]
    assert [line.split()[0] for line in table(result).splitlines() if "train " in line] == ["ANN", "CNN", "VGG16"]


def test_own_data_and_embedded_digits_write_into_runs(run: Run, root: Path, npz: Path) -> None:
    own = run("--models", "ANN", "--data", npz, "--epochs", 1)
    name = re.findall("data [0-9a-f]{8}", own.out)[0]
    uci = run("--models", "ANN", "--dataset", "uci", "--epochs", 1)
    assert uci.code == 0, uci.err
    assert "1,078 train, 360 validation, 359 test images" in uci.out
    written = {path.parents[1].relative_to(root) for path in (root / "runs").rglob("results.json")}
    assert written == {Path("runs/uci"), Path(f"runs/{name.replace(' ', '-')}")}
    assert not (root / "models").exists()
    assert not (root / "plots").exists()


# -- handwriting ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def people(root: Path) -> Path:
    """A file of handwriting."""
    path = root / "people.json"
    path.write_text(json.dumps(entries()))
    return path


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """The line network's run with two batches, and few lines to validate on."""
    recipe = replace(config.OWN_RECIPES["LineNet"], lines=Lines(per_epoch=16, lengths=(1, 2)))
    monkeypatch.setitem(config.OWN_RECIPES, "LineNet", recipe)
    monkeypatch.setattr("digits.learning.line_training.VALIDATION", 100)
    monkeypatch.setattr("digits.learning.line_card.VALIDATION", 100)


@pytest.mark.usefixtures("short")
def test_the_line_network_is_trained_and_kept(run: Run, npz: Path, people: Path, tmp_path: Path) -> None:
    options = ("--data", npz, "--epochs", 1, "--batch-size", 8, "--output", tmp_path)
    result = run("--models", "LineNet", "--handwriting", people, *options)
    assert (result.code, result.err) == (0, "")
    assert "handwriting of 5 writers" in result.out and "LineNet 945,742 parameters" in result.out
    assert "LineNet: epoch 1/1, " in result.out and " of 100 lines read rightly\n" in result.out
    assert "95% interval" not in result.out  # there is no other network yet
    files = {f"models/LineNet.{suffix}" for suffix in ("keras", "onnx", "json")}
    before = contents(tmp_path)
    assert set(before) == files
    card = json.loads(before["models/LineNet.json"])
    assert (card["model"], card["parameters"], card["recipe"]["batch_size"]) == ("LineNet", 945_742, 8)
    assert list(card["handwriting"]) == ["people.json"]

    other = run("--models", "ANN", *options)  # takes no notice of it, and leaves it
    assert other.code == 0, other.err
    assert "LineNet" not in other.out + other.err
    assert [line.split()[0] for line in table(other).splitlines() if "train " in line] == ["ANN"]
    assert list(json.loads((tmp_path / "plots" / "results.json").read_text())["models"]) == ["ANN"]
    evaluated = run("--evaluate", "--data", npz, "--output", tmp_path)
    assert (evaluated.code, table(evaluated)) == (0, table(other))
    assert "LineNet" not in evaluated.out
    assert {name: content for name, content in contents(tmp_path).items() if name in files} == before


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('[{"digit": 4, "wr', "people.json cannot be read as handwriting"),
        ("hello", "people.json is neither JSON nor UNIPEN's text"),
        (json.dumps(entries(["Ada"])), "there are digits by too few writers in"),
        (json.dumps(entries(["Nora"])), "there are digits by too few writers in"),
        (json.dumps(entries(["Ada"], signs="") + entries(["Nora"], digits="")), "digits by too few writers in"),
        (json.dumps(entries(digits="")), "there are no digits in"),
    ],
    ids=["half", "text", "no one left out", "all left out", "signs alone left out", "no digits"],
)
def test_handwriting_that_cannot_be_used_is_one_line(
    content: str, message: str, run: Run, npz: Path, tmp_path: Path
) -> None:
    path, output = tmp_path / "people.json", tmp_path / "output"
    path.write_text(content)
    result = run("--models", "LineNet", "--handwriting", path, "--data", npz, "--output", output)
    assert_one_line(result, message, path)
    assert not output.exists()


@pytest.mark.parametrize(
    ("arguments", "published"),
    [
        (["--models", "ResNet"], False),
        (["--models", "ANN", "ResNet"], False),
        (["--models", "ResNet", "--handwriting", "people.json"], True),
        (["--models", "LineNet", "--handwriting", "people.json"], True),
        (["--models", "ANN"], True),
        ([], True),
        (["--models", "ANN", "--handwriting", "people.json"], True),
        (["--models", "ResNet", "--handwriting", "people.json", "--seed", "1"], False),
        (["--evaluate", "--models", "ResNet"], True),
        (["--study", "seeds", "--models", "ResNet"], True),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_network_without_the_handwriting_of_its_recipe_is_not_the_published_one(
    arguments: list[str], published: bool, tmp_path: Path
) -> None:
    folder = cli.output_folder(DRIVER.parse(arguments), MNIST, tmp_path)
    assert (folder == tmp_path) == published
    assert published or folder.parent == tmp_path / "runs"


def test_without_handwriting_none_is_mixed_in() -> None:
    names = ("ANN", "ResNet")
    with_it, without = (cli.recipes(names, MNIST, {"seed": 3}, mixed) for mixed in (True, False))
    assert with_it["ResNet"].written.share == 0.4 and not with_it["ANN"].needs_handwriting
    assert not any(recipe.needs_handwriting for recipe in without.values())
    assert replace(with_it["ResNet"], written=Written()) == without["ResNet"]
    assert with_it["ANN"] == without["ANN"] == replace(recipe_for("ANN", MNIST), seed=3)
    assert not cli.recipes(names, UCI, {})["ResNet"].needs_handwriting


def test_the_help_names_the_networks_that_learn_from_handwriting(run: Run) -> None:
    said = " ".join(run("--help").out.split()).partition("JSON or UNIPEN, files or folders: ")[2]
    asking = {name for name in (*MODELS, "LineNet") if recipe_for(name, MNIST).needs_handwriting}
    assert {name for name in (*MODELS, "LineNet") if name in said.partition(" learn from")[0]} == asking


# -- consoles that cannot print every character -----------------------------------------------


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_console_of_any_encoding_shows_help_and_tables(
    encoding: str, trained: tuple[Path, Result], root: Path, npz: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for arguments in (["--help"], ["--evaluate", "--models", "ANN", "--data", npz, "--output", trained[0]]):
        out = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
        monkeypatch.setattr(sys, "stdout", out)
        try:
            code = DRIVER.main([*map(str, arguments)], root)
        except SystemExit as end:
            code = end.code
        out.flush()
        assert not code
        printed = out.buffer.getvalue().decode(encoding)
        assert ("tcp://" if arguments == ["--help"] else "ANN") in printed


def test_a_training_run_whose_output_goes_to_a_file_ends_well(npz: Path, tmp_path: Path) -> None:
    """As on a Windows console: ``python test.py … > log``."""
    environment = os.environ | {"PYTHONUTF8": "0", "PYTHONIOENCODING": "cp437"}
    arguments = ("--models", "ANN", "--data", npz, "--epochs", 1, "--output", tmp_path / "output")
    process = start(*arguments, env=environment, encoding="cp437")
    out, err = process.communicate(timeout=120)
    assert (process.returncode, err) == (0, "")
    assert "95% interval" in out and re.search(r"\d% - \d", out)


# -- interrupted, killed, refused -------------------------------------------------------------


def interrupted_options(npz: Path, output: Path) -> list[object]:
    return ["--models", "ANN", "--data", npz, "--epochs", 8, "--batch-size", 8, "--output", output]


@pytest.fixture(scope="module")
def left_alone(root: Path, npz: Path) -> dict[str, Any]:
    """The card of the run that the interrupted ones must end like."""
    output = root / "left alone"
    assert run_in(root, *interrupted_options(npz, output)).code == 0
    card: dict[str, Any] = json.loads((output / "models" / "ANN.json").read_text())
    return card


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_an_interrupted_run_continues_with_resume(
    how: signal.Signals, run: Run, npz: Path, tmp_path: Path, left_alone: dict[str, Any]
) -> None:
    output = tmp_path / "stopped"
    process = start(*interrupted_options(npz, output))
    state = output / ".unfinished" / "ANN" / "state.json"
    deadline = time.monotonic() + 120
    while not state.exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    (output / "models").mkdir()  # else there is nothing to replot from
    for options in ([], ["--resume"], ["--evaluate", "--replot"]):  # it is still running
        second = run(*interrupted_options(npz, output), *options)
        assert_one_line(second, f"another run is writing to {output}; wait until it has ended", "--output DIR")
        assert "Training" not in second.out
    assert process.poll() is None
    process.send_signal(how)
    error = process.communicate(timeout=60)[1]
    assert 0 < len(json.loads(state.read_text())["history"]["loss"]) < 8
    if how != signal.SIGKILL:
        assert process.returncode == 128 + how
        assert error.splitlines()[-1].startswith("test.py: interrupted; nothing published has changed")
        assert "Traceback" not in error
    (output / "models").rmdir()  # it is empty

    resumed = run(*interrupted_options(npz, output), "--resume")
    assert resumed.code == 0, resumed.err
    assert not (output / ".unfinished").exists()
    card = json.loads((output / "models" / "ANN.json").read_text())
    for key in ("history", "metrics", "confusion"):
        assert card[key] == left_alone[key]


def quota() -> None:
    """No file larger than 2 MB, as on a disk that is nearly full; ANN's weights and moments take 16 MB."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, 2_000_000))


def test_a_full_disk_is_one_line_and_leaves_the_previous_outputs_whole(
    trained: tuple[Path, Result], npz: Path, tmp_path: Path
) -> None:
    output = tmp_path / "output"
    shutil.copytree(trained[0], output)
    before = contents(output)
    arguments = ("--models", "ANN", "--data", npz, "--epochs", 1, "--output", output)
    process = start(*arguments, preexec_fn=quota)
    out, err = process.communicate(timeout=120)
    said = f"cannot write to {output}", "nothing published has changed", "--output DIR"
    assert_one_line(Result(process.returncode, out, err), *said)
    after = contents(output)
    assert {name: content for name, content in after.items() if not name.startswith(".unfinished")} == before


@pytest.fixture(params=[12, 22], ids=lambda size: f"{size} MB")
def small_disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """A disk of its own, full during the training or only when the network is saved."""
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={request.param}m", "tmpfs", tmp_path], check=False)
    if mounted.returncode:
        pytest.skip("needs the right to mount a small disk")
    yield tmp_path
    subprocess.run(["umount", tmp_path], check=True)


@pytest.mark.skipif(not shutil.which("mount"), reason="needs mount")
def test_a_disk_that_fills_up_is_one_line(small_disk: Path, run: Run, npz: Path) -> None:
    result = run("--models", "ANN", "--data", npz, "--epochs", 1, "--output", small_disk / "output")
    assert_one_line(result, "cannot write to", "No space left on device")
    assert {path.name for path in (small_disk / "output").iterdir()} == {".unfinished", LOCK}


@pytest.mark.parametrize("option", [[], ["--evaluate", "--replot"], ["--study", "seeds"]])
def test_an_output_that_cannot_be_a_folder_is_one_line(option: list[str], run: Run, npz: Path, tmp_path: Path) -> None:
    """Before anything is trained, and before Keras is imported."""
    (tmp_path / "a file").write_text("mine")
    (tmp_path / "dangling").symlink_to("nowhere")
    (tmp_path / "circular").symlink_to("circular")
    os.mkfifo(tmp_path / "pipe")
    for name in ("a file", "dangling", "circular", "pipe", "x" * 300, "/dev/null", "/proc/digits"):
        result = run("--models", "ANN", "--data", npz, "--output", tmp_path / name, *option)
        assert_one_line(result, tmp_path / name, "--output DIR")
        assert "Training" not in result.out and "Evaluating" not in result.out
    assert (tmp_path / "a file").read_text() == "mine"
    for name in ("dangling", "circular", "pipe", "x" * 300):
        assert_one_line(run("--evaluate", "--models", "ANN", "--data", npz, "--output", tmp_path / name), name)


def test_a_folder_to_replot_that_does_not_exist_is_not_made(run: Run, npz: Path, tmp_path: Path) -> None:
    result = run("--evaluate", "--replot", "--models", "ANN", "--data", npz, "--output", tmp_path / "mistyped")
    assert_one_line(result, "there is no", tmp_path / "mistyped" / "models", "--output DIR")
    assert not (tmp_path / "mistyped").exists()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_log_is_not_blamed_on_the_output(npz: Path, tmp_path: Path) -> None:
    with open("/dev/full", "w") as full:
        arguments = ["--models", "ANN", "--data", str(npz), "--epochs", "1", "--output", str(tmp_path / "output")]
        command = [sys.executable, str(ROOT / "test.py"), *arguments]
        result = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True)
    assert result.returncode == 2
    assert result.stderr == "test.py: cannot print (No space left on device); give the output another place\n"


@pytest.mark.skipif(not Path("/proc").exists(), reason="needs a folder in which not even root may write")
def test_an_output_without_permission_is_one_line(run: Run, npz: Path) -> None:
    result = run("--models", "ANN", "--data", npz, "--output", "/proc/digits")
    assert_one_line(result, "cannot write to /proc/digits", "choose another place with --output DIR")


def test_a_corrupt_saved_model_is_one_line(trained: tuple[Path, Result], run: Run, npz: Path, tmp_path: Path) -> None:
    output = tmp_path / "output"
    shutil.copytree(trained[0], output)
    model = output / "models" / "ANN.keras"
    model.write_bytes(model.read_bytes()[:1000])
    result = run("--evaluate", "--models", "ANN", "--data", npz, "--output", output)
    assert_one_line(result, "ANN.keras is not the file that ANN.json describes", "python test.py --models ANN")


# -- studies ----------------------------------------------------------------------------------


def test_a_study_is_interrupted_and_continues_and_both_share_their_cells(run: Run, npz: Path, tmp_path: Path) -> None:
    output = tmp_path / "a study"
    cells = output / "plots" / "study" / "cells"
    options = ["--models", "ANN", "--data", npz, "--epochs", 4, "--batch-size", 4, "--output", output]
    study = ["--study", "preprocessing", "--variants", "otsu", "--seeds", 0, 1, *options]

    process = start(*study, start_new_session=True)
    deadline = time.monotonic() + 300
    while not list(cells.glob("ANN*.json")) and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does
    _, error = process.communicate(timeout=120)
    assert process.returncode == 130, error
    line = "test.py: interrupted; finished cells are kept. To continue, repeat the command"
    assert error.strip().splitlines() == [line]
    before = contents(cells)
    assert 0 < len(before) < 4

    resumed = run(*study)
    assert (resumed.code, resumed.err) == (0, "")
    assert f"4 cells, {len(before)} of them done, {4 - len(before)} to run" in resumed.out
    assert contents(cells).items() >= before.items()
    names = {f"ANN-{variant}-{seed}.json" for variant in ("unit", "otsu") for seed in (0, 1)}
    assert set(contents(cells)) == names
    pages = {"README.md", "preprocessing.json", "seeds.json", "errors.png", "variants.png", "ANN_corrupted.png"}
    assert {path.name for path in (output / "plots" / "study").iterdir()} == pages | {"cells", LOCK}

    seeds = run("--study", "seeds", "--seeds", 0, 1, *options)
    assert "2 cells, 2 of them done, 0 to run" in seeds.out
    misses = json.loads((output / "plots" / "study" / "seeds.json").read_text())["networks"]["ANN"]["misses"]
    assert list(misses) == ["0", "1"]
    whole = contents(output)
    again = run(*study, "--replot")
    assert again.code == 0, again.err
    assert contents(output) == whole


def test_a_study_of_other_data_or_another_recipe_stays_out_of_the_published_one(
    run: Run, root: Path, npz: Path
) -> None:
    result = run("--study", "seeds", "--models", "ANN", "--seeds", 0, "--data", npz, "--replot")
    assert_one_line(result, "no finished cell in", root / "runs", "nothing to show")
