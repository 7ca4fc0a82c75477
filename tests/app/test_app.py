"""The stand-alone program that the environment variable APP names, where there is no Python: ``make test-app``."""

import json
import os
import subprocess
from pathlib import Path

import pytest
from PIL import Image

from benchmarks import app
from digits.networks import LINE, MODELS
from tests.reading.conftest import picture, written

LARGEST = 150e6  #: bytes of what somebody downloads
SLOWEST = 1.5  #: s until the window can be seen
PAGES = 14  #: more than are read in one process


@pytest.fixture(scope="module")
def program() -> Path:
    """The built program."""
    if "APP" not in os.environ:
        pytest.skip("needs the stand-alone program: make test-app, or set APP to it")
    return Path(os.environ["APP"]).absolute()


def read(program: Path, home: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Run the program without a display."""
    environment = {name: value for name, value in app.clean(home).items() if name != "DISPLAY"}
    command = [str(program), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", env=environment, timeout=120)


def test_its_size_is_that_of_a_download(program: Path) -> None:
    assert 20e6 < app.archive_of(program).stat().st_size <= LARGEST


def test_it_holds_the_networks_and_no_training(program: Path) -> None:
    names = {path.relative_to(program.parent).as_posix() for path in program.parent.rglob("*")}
    assert {f"_internal/models/{name}.onnx" for name in (*MODELS, LINE)} <= names
    assert {"handwritten-digits.png", "handwritten-digits.desktop", "LICENSE", "licences.md"} <= names
    assert {f"licences/{library}" for library in ("Python", "numpy", "opencv-python-headless", "pillow")} <= names
    content = program.read_bytes()  # in which the modules are listed by name
    assert b"digits.reading.recognizer" in content
    for module in ("tensorflow", "keras", "matplotlib", "sklearn"):
        assert not [name for name in names if module in name.lower().split("/")]
        assert f"{module}.".encode() not in content


def test_the_window_opens_and_closes_without_python(program: Path, screen: None, tmp_path: Path) -> None:
    environment = app.clean(tmp_path)
    assert not any(Path(environment["PATH"]).iterdir())
    with app.opened(program, environment) as (process, _):
        assert app.closed(process) == 128 + 15
        assert process.stderr and process.stderr.read() == b""


@pytest.mark.skipif("CI" in os.environ, reason="needs a machine of its own: the time is what is measured")
def test_the_window_can_be_seen_at_once(program: Path, screen: None) -> None:
    assert sorted(app.seconds_to_window(program, 5))[2] <= SLOWEST


def test_it_reads_an_image_without_a_display(program: Path, tmp_path: Path) -> None:
    path = tmp_path / "Zahl ä.png"
    Image.fromarray(picture(written("4072"))).save(path)
    done = read(program, tmp_path, "--image", path, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["text"] == "4072"


def test_it_reads_many_images_in_several_processes(program: Path, tmp_path: Path) -> None:
    paths = [tmp_path / f"{number:02}.png" for number in range(PAGES)]
    for path in paths:
        Image.fromarray(picture(written("315", seed=3))).save(path)
    done = read(program, tmp_path, "--workers", 2, "--image", *paths)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [f"{path}: 315" for path in paths]


def test_it_tries_out_a_network_without_a_card(program: Path, tmp_path: Path) -> None:
    path, models = tmp_path / "7.png", tmp_path / "models"
    Image.fromarray(picture(written("72"))).save(path)
    models.mkdir()
    for name in ("ANN", LINE):
        (models / f"{name}.onnx").write_bytes((program.parent / f"_internal/models/{name}.onnx").read_bytes())
    arguments = ("--image", path, "--models", models, "--model", "ANN")
    assert read(program, tmp_path, *arguments).stdout == f"{path}: 72\n"
    (models / "ANN.onnx").write_bytes(b"no network")
    done = read(program, tmp_path, *arguments)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "is not a network that can be used" in done.stderr


@pytest.mark.parametrize("arguments", [("-c", "print(1)"), ("-m", "this"), ()])
def test_anything_else_is_refused_in_one_line(program: Path, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    done = read(program, tmp_path, *arguments)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
