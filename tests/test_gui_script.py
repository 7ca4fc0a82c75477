"""gui_digit_recognizer.py from the command line: --image, which opens no window, and a missing display."""

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
from gui_digit_recognizer import main
from tests.reading.conftest import on_paper, picture, written

ROOT = Path(__file__).resolve().parent.parent


def run_process(*arguments: object, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """Run the script in a process of its own, without a display."""
    command = [sys.executable, str(ROOT / "gui_digit_recognizer.py"), *map(str, arguments)]
    inherited = {key: value for key, value in os.environ.items() if key not in ("DISPLAY", "WAYLAND_DISPLAY")}
    return subprocess.run(command, capture_output=True, env=inherited | environment, timeout=60)


@pytest.fixture
def pages(tmp_path: Path) -> Path:
    folder = tmp_path / "Seiten ä"
    folder.mkdir()
    Image.fromarray(picture(written("4072"))).save(folder / "b.png")
    Image.fromarray(on_paper(picture(written("315", seed=3)))).save(folder / "a.jpg", quality=90)
    Image.fromarray(np.full((50, 80), 255, np.uint8)).save(folder / "c.png")
    return folder


def one_line(text: str) -> str:
    assert text.startswith("gui_digit_recognizer.py: ") and text.endswith("\n") and text.count("\n") == 1
    return text


def test_a_folder_is_read_in_the_order_of_its_names(pages: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--image", str(pages)]) == 0
    out, err = capsys.readouterr()
    assert out.splitlines() == [f"{pages / 'a.jpg'}: 315", f"{pages / 'b.png'}: 4072", f"{pages / 'c.png'}: "]
    assert err == ""


@pytest.mark.parametrize("model", MODELS)
def test_json_is_one_line_per_image(pages: Path, model: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--image", str(pages / "b.png"), str(pages / "c.png"), "--model", model, "--json"]) == 0
    number, blank = map(json.loads, capsys.readouterr().out.splitlines())
    assert (number["image"], number["model"], number["text"]) == (str(pages / "b.png"), model, "4072")
    assert [digit["digit"] for digit in number["digits"]] == [4, 0, 7, 2]
    assert set(number["digits"][0]) == {"digit", "confidence", "probabilities", "box"}
    assert blank == {"image": str(pages / "c.png"), "model": model, "text": "", "digits": []}


def test_lines_of_digits_are_joined_on_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "two lines.png"
    Image.fromarray(np.vstack([picture(written("12")), picture(written("12"))])).save(path)
    assert main(["--image", str(path)]) == 0
    assert capsys.readouterr().out == f"{path}: 12 | 12\n"


def test_an_unreadable_file_is_named_and_the_others_are_read(pages: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (pages / "a.txt").write_text("not an image")
    (pages / ".hidden").write_text("not an image")
    assert main(["--image", str(pages), "--json"]) == 2
    out, err = capsys.readouterr()
    assert "a.txt" in one_line(err)
    assert [json.loads(line)["text"] for line in out.splitlines()] == ["315", "4072", ""]


def test_missing_files_and_empty_folders_are_named(pages: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (pages / "empty").mkdir()
    assert main(["--image", *map(str, (pages / "none.png", pages / "empty", pages / "b.png"))]) == 2
    out, err = capsys.readouterr()
    assert out.endswith(": 4072\n")
    missing, empty = err.splitlines()
    assert "none.png" in missing and "empty" in empty


@pytest.mark.parametrize("damage", ["missing", "truncated"])
def test_a_broken_network_is_reported_on_one_line(
    pages: Path, tmp_path: Path, damage: str, capsys: pytest.CaptureFixture[str]
) -> None:
    models = tmp_path / "models"
    models.mkdir()
    if damage == "truncated":
        (models / f"{DEFAULT}.onnx").write_bytes((ROOT / "models" / f"{DEFAULT}.onnx").read_bytes()[:5000])
    assert main(["--image", str(pages), "--models", str(models)]) == 2
    out, err = capsys.readouterr()
    assert out == "" and f"{DEFAULT}.onnx" in one_line(err) and f"python test.py --models {DEFAULT}" in err


@pytest.mark.parametrize("wrong", [["--model", "LeNet", "--image", "x"], ["--json"], ["--image"], ["extra"]])
def test_a_wrong_command_line_is_reported_on_one_line(wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(wrong)
    assert ended.value.code == 2
    out, err = capsys.readouterr()
    assert out == "" and "--help" in one_line(err)


def test_without_a_display_one_line_names_image() -> None:
    result = run_process()
    line = one_line(result.stderr.decode())
    assert result.returncode == 2 and "no display" in line and "--image" in line


def test_images_are_read_without_tk_keras_or_a_home(pages: Path, tmp_path: Path) -> None:
    for name in ("tkinter", "_tkinter", "tensorflow", "keras", "matplotlib", "ttkbootstrap"):
        (tmp_path / f"{name}.py").write_text("raise ImportError('not needed for this')")
    result = run_process(
        "--image", pages / "b.png", PYTHONPATH=str(tmp_path), HOME=str(tmp_path / "nobody"), PYTHONUTF8="1"
    )
    assert (result.returncode, result.stderr, result.stdout.decode()) == (0, b"", f"{pages / 'b.png'}: 4072\n")


def test_help_needs_neither_opencv_nor_tk(tmp_path: Path) -> None:
    for name in ("cv2", "PIL", "tkinter", "_tkinter", "tensorflow", "keras", "matplotlib", "ttkbootstrap"):
        (tmp_path / f"{name}.py").write_text("raise ImportError('not needed for this')")
    result = run_process("--help", PYTHONPATH=str(tmp_path))
    assert (result.returncode, result.stderr) == (0, b"") and b"--image" in result.stdout


def test_output_may_be_closed_early(pages: Path) -> None:
    if not (head := shutil.which("head")):
        pytest.skip("needs head")
    script = f"'{sys.executable}' gui_digit_recognizer.py --image " + f"'{pages}' " * 50 + f"| {head} -n 1"
    result = subprocess.run(script, shell=True, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert result.stderr == "" and result.stdout.count("\n") == 1


ENCODINGS = ["cp1252", "cp437", "ascii"]


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_any_file_name_is_printed_in_any_encoding(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "Seiten ä–×.png"
    Image.fromarray(picture(written("4072"))).save(path)
    missing = tmp_path / "keine ä–×.png"
    result = run_process("--image", path, missing, "--model", "ANN", PYTHONUTF8="0", PYTHONIOENCODING=encoding)
    assert result.returncode == 2
    assert b"Seiten " in result.stdout and result.stdout.count(b"\n") == 1
    assert result.stdout.rstrip().endswith(b": 4072")
    assert result.stderr.count(b"\n") == 1 and b"keine " in result.stderr


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_help_is_printed_in_any_encoding(encoding: str) -> None:
    result = run_process("--help", PYTHONUTF8="0", PYTHONIOENCODING=encoding)
    assert (result.returncode, result.stderr) == (0, b"") and b"--collection" in result.stdout
