"""A further network is one new folder and one line: done in a copy of the project."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LINKED = ("models", "plots", "docs")  #: large, and only read
FURTHER = '''"""LeNet: LeCun et al. 1998, with ReLU and max pooling."""

import keras

from digits.learning import layers


def build_model() -> keras.Model:
    """Two convolutions, each followed by max pooling, and two dense layers."""
    pixels, x = layers.inputs()
    for place, filters in enumerate((6, 16), start=1):
        x = layers.convolution(x, filters, 1.0, f"conv{place}")
        x = keras.layers.MaxPooling2D()(x)
    x = layers.dense(keras.layers.Flatten()(x), 120, 1.0, "dense1")
    return keras.Model(pixels, layers.predictions(x, 1.0), name="Further")
'''


def ignored(folder: str, names: list[str]) -> set[str]:
    """What is not copied: whatever git ignores, and at the top what is linked."""
    top = {"runs", *LINKED} if Path(folder) == ROOT else set()
    return {name for name in names if name.startswith(".") or name == "__pycache__" or name in top}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The project with one more in it: one new folder, and its name in digits/networks.py."""
    folder = tmp_path / "project"
    shutil.copytree(ROOT, folder, ignore=ignored)
    for name in LINKED:
        (folder / name).symlink_to(ROOT / name)
    (folder / "Further").mkdir()
    (folder / "Further" / "__init__.py").write_text(FURTHER, encoding="utf-8")
    networks = folder / "digits" / "networks.py"
    text = networks.read_text(encoding="utf-8")
    listed, n = re.subn(r"^(MODELS = .*)\)$", r'\1, "Further")', text, flags=re.MULTILINE)
    assert n == 1
    networks.write_text(listed, encoding="utf-8")
    return folder


def call(copy: Path, *command: object) -> "subprocess.CompletedProcess[str]":
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST", "MNIST_NPZ"))}
    return subprocess.run(
        [sys.executable, *map(str, command)], cwd=copy, env=environment, capture_output=True, text=True, timeout=300
    )


def test_it_is_trained_and_set_beside_the_others(copy: Path, npz: Path) -> None:
    result = call(copy, "test.py", "--models", "ANN", "Further", "--data", npz, "--epochs", 1, "--output", "runs/one")
    assert (result.returncode, result.stderr) == (0, "")
    assert [line.split()[0] for line in result.stdout.splitlines() if " train  " in line] == ["ANN", "Further"]
    card = json.loads((copy / "runs" / "one" / "models" / "Further.json").read_text())
    assert card["recipe"]["learning_rate"] == 1e-5
    assert (copy / "runs" / "one" / "plots" / "Further_architecture.png").exists()


def test_neither_the_checks_nor_the_tests_need_a_change(copy: Path) -> None:
    linted = call(copy, "-m", "ruff", "check", "--no-cache", "Further", "digits/networks.py")
    assert linted.returncode == 0, linted.stdout
    tests = ("tests/test_builders.py", "tests/test_committed.py", "tests/window/test_session.py")
    tested = call(copy, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", *tests)
    assert tested.returncode == 0, tested.stdout[-3000:]


def test_a_network_without_a_folder_is_one_line(copy: Path, npz: Path) -> None:
    shutil.rmtree(copy / "Further")
    result = call(copy, "test.py", "--models", "Further", "--data", npz)
    assert (result.returncode, len(result.stderr.splitlines())) == (2, 1)
    assert "there is no folder Further/" in result.stderr


def test_a_network_of_another_kind_is_refused_before_it_is_trained(copy: Path, npz: Path) -> None:
    code = copy / "Further" / "__init__.py"
    code.write_text(
        FURTHER.replace("layers.predictions(x, 1.0)", 'keras.layers.Dense(10, name="answer")(x)'), encoding="utf-8"
    )
    result = call(copy, "test.py", "--models", "Further", "--data", npz)
    assert (result.returncode, len(result.stderr.splitlines())) == (2, 1), result.stderr
    assert "whose last layer is called predictions, got" in result.stderr and "answer" in result.stderr
    assert "epoch" not in result.stdout
