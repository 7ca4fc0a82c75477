"""gui_digit_recognizer.py as it is run: --image without a window, and no display."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from digits.networks import DEFAULT, MODELS
from tests.reading.conftest import on_paper, picture, written

ROOT = Path(__file__).resolve().parent.parent


def run(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "gui_digit_recognizer.py"), *map(str, arguments)]
    plain = {key: value for key, value in os.environ.items() if key not in ("DISPLAY", "WAYLAND_DISPLAY")}
    return subprocess.run(
        command, capture_output=True, text=True, encoding="utf-8", env=plain | environment, timeout=60
    )


@pytest.fixture
def pages(tmp_path: Path) -> Path:
    folder = tmp_path / "Seiten ä"
    folder.mkdir()
    Image.fromarray(picture(written("4072"))).save(folder / "b.png")
    Image.fromarray(on_paper(picture(written("315", seed=3)))).save(folder / "a.jpg", quality=90)
    Image.fromarray(np.full((50, 80), 255, np.uint8)).save(folder / "c.png")
    return folder


def one_line(result: subprocess.CompletedProcess[str]) -> str:
    assert result.returncode == 2 and "Traceback" not in result.stderr
    assert result.stderr.count("\n") == 1
    return result.stderr


def test_a_folder_is_read_in_the_order_of_its_names(pages: Path) -> None:
    result = run("--image", pages)
    assert result.returncode == 0 and result.stderr == ""
    assert result.stdout.splitlines() == [f"{pages / 'a.jpg'}: 315", f"{pages / 'b.png'}: 4072", f"{pages / 'c.png'}: "]


@pytest.mark.parametrize("model", MODELS)
def test_json_is_one_line_an_image(pages: Path, model: str) -> None:
    result = run("--image", pages / "b.png", pages / "c.png", "--model", model, "--json")
    assert result.returncode == 0
    number, blank = map(json.loads, result.stdout.splitlines())
    assert (number["image"], number["model"], number["text"]) == (str(pages / "b.png"), model, "4072")
    assert [digit["digit"] for digit in number["digits"]] == [4, 0, 7, 2]
    assert set(number["digits"][0]) == {"digit", "confidence", "probabilities", "box"}
    assert blank == {"image": str(pages / "c.png"), "model": model, "text": "", "digits": []}


def test_an_unreadable_file_is_named_and_the_others_are_read(pages: Path) -> None:
    (pages / "a.txt").write_text("no image")
    (pages / ".hidden").write_text("no image")
    result = run("--image", pages, "--json")
    assert "a.txt" in one_line(result)
    assert [json.loads(line)["text"] for line in result.stdout.splitlines()] == ["315", "4072", ""]


def test_what_is_missing_or_empty_is_named(pages: Path) -> None:
    (pages / "empty").mkdir()
    result = run("--image", pages / "none.png", pages / "empty", pages / "b.png")
    assert result.returncode == 2 and result.stdout.endswith(": 4072\n")
    missing, empty = result.stderr.splitlines()
    assert "none.png" in missing and "empty" in empty


@pytest.mark.parametrize("damage", ["missing", "truncated"])
def test_a_broken_network_is_one_line(pages: Path, tmp_path: Path, damage: str) -> None:
    models = tmp_path / "models"
    models.mkdir()
    if damage == "truncated":
        (models / f"{DEFAULT}.onnx").write_bytes((ROOT / "models" / f"{DEFAULT}.onnx").read_bytes()[:5000])
    line = one_line(run("--image", pages, "--models", models))
    assert f"{DEFAULT}.onnx" in line and f"python test.py --models {DEFAULT}" in line


@pytest.mark.parametrize("wrong", [["--model", "LeNet", "--image", "x"], ["--json"], ["--image"], ["extra"]])
def test_a_wrong_command_line_is_one_line(wrong: list[str]) -> None:
    assert "gui_digit_recognizer.py: " in one_line(run(*wrong))


def test_no_display_is_one_line_that_names_image() -> None:
    line = one_line(run())
    assert "no display" in line and "--image" in line


def test_images_are_read_without_tk_keras_or_a_home(pages: Path, tmp_path: Path) -> None:
    for name in ("tkinter", "_tkinter", "tensorflow", "keras", "matplotlib", "ttkbootstrap"):
        (tmp_path / f"{name}.py").write_text("raise ImportError('not needed for this')")
    result = run("--image", pages / "b.png", PYTHONPATH=str(tmp_path), HOME=str(tmp_path / "nobody"))
    assert (result.returncode, result.stdout) == (0, f"{pages / 'b.png'}: 4072\n")


def test_the_reader_may_go_away(pages: Path) -> None:
    if not (head := shutil.which("head")):
        pytest.skip("needs head")
    script = f"'{sys.executable}' gui_digit_recognizer.py --image " + f"'{pages}' " * 50 + f"| {head} -n 1"
    result = subprocess.run(script, shell=True, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert result.stderr == "" and result.stdout.count("\n") == 1
