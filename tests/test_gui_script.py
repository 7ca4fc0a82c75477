"""gui_digit_recognizer.py from the command line: --image, which opens no window, and a missing display."""

import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from digits.networks import DEFAULT, MODELS
from digits.reading import classifier, recognizer
from digits.reading.classifier import open_network
from digits.reading.collection import Collection, Sample
from digits.reading.ink import Stroke, Strokes
from digits.reading.recognizer import Reading
from digits.reading.segmentation import stroke_components, union
from gui_digit_recognizer import main
from tests.handwriting import strokes
from tests.reading.conftest import on_paper, picture, written
from tests.small_networks import vouch

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
    assert [line["text"] for line in number["lines"]] == ["4072"] and 0 < number["lines"][0]["confidence"] <= 1
    assert set(number["digits"][0]) == {"digit", "confidence", "probabilities", "box"}
    assert blank == {"image": str(pages / "c.png"), "model": model, "text": "", "lines": [], "digits": []}


def test_lines_of_digits_are_joined_on_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "two lines.png"
    Image.fromarray(np.vstack([picture(written("12")), picture(written("12"))])).save(path)
    assert main(["--image", str(path)]) == 0
    assert capsys.readouterr().out == f"{path}: 12 | 12\n"


def test_a_file_cannot_forge_a_line_of_the_results_by_its_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        Image.fromarray(picture(written("4"))).save(tmp_path / "a\nfake.png: 9\x1b[31m.png")
    except OSError:
        pytest.skip("this file system has no such names")
    assert main(["--image", str(tmp_path)]) == 0
    assert capsys.readouterr().out == f"{tmp_path}/a\\nfake.png: 9\\x1b[31m.png: 4\n"


def test_an_unreadable_file_is_named_and_the_others_are_read(pages: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (pages / "a.png").write_text("not an image")
    (pages / ".hidden").write_text("not an image")
    assert main(["--image", str(pages), "--json"]) == 2
    out, err = capsys.readouterr()
    assert "a.png" in one_line(err)
    assert [json.loads(line)["text"] for line in out.splitlines()] == ["315", "4072", ""]


def test_what_is_no_image_in_a_folder_is_named_once(pages: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for i in range(12):
        (pages / f"{i:02}.txt").write_text("not an image")
    assert main(["--image", str(pages), "--model", "ANN"]) == 0
    line = one_line(capsys.readouterr().err)
    assert "00.txt" in line and "09.txt and 2 more" in line and "10.txt" not in line
    assert main(["--image", str(pages / "00.txt"), "--model", "ANN"]) == 2
    assert "00.txt is not an image; give PNG" in one_line(capsys.readouterr().err)


def test_every_page_is_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, *others = [Image.fromarray(picture(written(number))) for number in ("12", "34", "5")]
    path = tmp_path / "pages.tif"
    first.save(path, save_all=True, append_images=others, compression="tiff_lzw")
    assert main(["--image", str(path)]) == 0
    assert capsys.readouterr() == (f"{path}, page 1: 12\n{path}, page 2: 34\n{path}, page 3: 5\n", "")
    assert main(["--image", str(path), "--json"]) == 0
    lines = list(map(json.loads, capsys.readouterr().out.splitlines()))
    assert [(line["page"], line["pages"], line["text"]) for line in lines] == [(1, 3, "12"), (2, 3, "34"), (3, 3, "5")]
    path.write_bytes(path.read_bytes()[:-300])  # without the end of the last page's directory
    assert main(["--image", str(path)]) == 2
    out, err = capsys.readouterr()
    assert out == f"{path}, page 1: 12\n{path}, page 2: 34\n" and f"{path}, page 3 cannot be read" in one_line(err)


def test_further_frames_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, *others = [Image.fromarray(picture(written("12", seed=seed))) for seed in range(3)]
    path = tmp_path / "animation.png"
    first.save(path, save_all=True, append_images=others)
    assert main(["--image", str(path)]) == 0
    out, err = capsys.readouterr()
    assert out == f"{path}: 12\n" and "animation.png has more than is read: 2 further frames" in one_line(err)


def test_ink_that_is_not_read_is_named(
    pages: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def read(*_: object) -> Reading:
        return Reading("ANN", (), 0.0, 1234)

    monkeypatch.setattr(recognizer, "read", read)
    assert main(["--image", str(pages / "b.png"), "--model", "ANN"]) == 0
    said = "b.png has too much ink: 1,234 pieces are not read by ANN"
    assert said in one_line(capsys.readouterr().err)
    assert main(["--image", str(pages / "b.png"), "--model", "ANN", "--json"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["unread"] == 1234 and said in one_line(err)


@pytest.mark.parametrize(
    "name",
    ["a pipe", "/dev/zero", "/dev/random", "/dev/null", "a socket", "a dangling link", "a circular link", "a long name",
     "below a file", "a folder", "/proc/self/mem", "forbidden"],
)  # fmt: skip
@pytest.mark.skipif(sys.platform == "win32", reason="these exist on POSIX")
def test_what_is_no_file_is_named_in_one_line(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / f"{name.split('/')[-1]}.png"
    with socket.socket(socket.AF_UNIX) as server:
        if name == "a pipe":
            os.mkfifo(path)
        elif name == "a socket":
            monkeypatch.chdir(tmp_path)  # its name may not be long
            server.bind(path.name)
        elif name.startswith("/"):
            if not Path(name).exists():
                pytest.skip(f"needs {name}")
            path.symlink_to(name)
        elif "link" in name:
            path.symlink_to(path if "circular" in name else tmp_path / "nothing")
        elif name == "a long name":
            path = tmp_path / ("a" * 300 + ".png")
        elif name == "below a file":
            path.write_bytes(b"")
            path = path / "a.png"
        elif name == "a folder":
            path.mkdir()
        else:
            if os.geteuid() == 0:
                pytest.skip("nothing is forbidden to root")
            path.write_bytes(b"")
            path.chmod(0)
        assert main(["--image", str(path), "--model", "ANN"]) == 2
    out, err = capsys.readouterr()
    assert out == "" and str(path) in one_line(err)


def test_output_is_continued(pages: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = tmp_path / "read.jsonl"
    command = ["--image", str(pages), "--model", "ANN", "--output", str(output)]
    assert main(command) == 0
    assert capsys.readouterr() == (f"{output}: 3 pages added\n", "")
    first = output.read_bytes()
    lines = list(map(json.loads, first.splitlines()))
    assert [line["text"] for line in lines] == ["315", "4072", ""] and lines[0]["page"] == lines[0]["pages"] == 1
    (pages / "d").mkdir()
    Image.fromarray(picture(written("7"))).save(pages / "d" / "d.png")
    (pages / "damaged.png").write_bytes(b"")
    for added in (1, 0):
        assert main(command) == 2  # the damaged one is tried again
        out, err = capsys.readouterr()
        assert out == f"{output}: {added} page{'s' * (added != 1)} added\n" and "damaged.png" in one_line(err)
    assert output.read_bytes().startswith(first) and output.read_bytes().count(b"\n") == 4
    assert main([*command[:3], "CNN", *command[4:]]) == 2
    assert output.read_bytes().count(b"\n") == 8


@pytest.mark.skipif(sys.platform == "win32", reason="an open file cannot be deleted there")
def test_an_output_that_is_deleted_ends_the_run(
    pages: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "read.jsonl"
    read = recognizer.read

    def deleted(*arguments: Any) -> Reading:
        output.unlink()
        return read(*arguments)

    monkeypatch.setattr(recognizer, "read", deleted)
    assert main(["--image", str(pages), "--model", "ANN", "--output", str(output)]) == 2
    out, err = capsys.readouterr()
    assert out == "" and "read.jsonl was deleted or replaced while this was running" in one_line(err)


def test_the_output_names_the_network_that_was_loaded(
    pages: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not the one that a training has published since."""
    models, output = tmp_path / "models", tmp_path / "read.jsonl"
    models.mkdir()
    loaded = (ROOT / "models" / "ANN.onnx").read_bytes()
    (models / "ANN.onnx").write_bytes(loaded)
    vouch(models / "ANN.onnx")

    def opened(content: bytes) -> object:
        (models / "ANN.onnx").write_bytes(b"another")
        return open_network(content)

    monkeypatch.setattr(classifier, "open_network", opened)
    assert main(["--image", str(pages), "--models", str(models), "--model", "ANN", "--output", str(output)]) == 0
    lines = sha256((ROOT / "models" / "LineNet.onnx").read_bytes()).hexdigest()
    both = sha256(f"{sha256(loaded).hexdigest()}{lines}".encode()).hexdigest()
    assert {json.loads(line)["network"] for line in output.read_text().splitlines()} == {both}


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
def test_memory_does_not_grow_with_the_pages(tmp_path: Path) -> None:
    for i in range(400):
        Image.fromarray(picture(written(f"{i:03}", height=60, pen=4, seed=i))).save(tmp_path / f"{i:03}.png")
    code = """
import sys
from pathlib import Path
from digits.reading import cli

def take(run, path, pages, before=cli._Run.take):
    before(run, path, pages)
    held.append(4096 * int(Path("/proc/self/statm").read_text().split()[1]))

held, cli._Run.take = [], take
assert cli.read_images([Path(sys.argv[1])], Path("models/ANN.onnx"), output=Path(sys.argv[2])) == 0
print(len(held), max(held[-100:]) - max(held[:100]))
"""
    command = [sys.executable, "-c", code, str(tmp_path), str(tmp_path / "read.jsonl")]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    n, more = map(int, ended.stdout.splitlines()[-1].split())
    assert n == 400 and more < 4 << 20, ended.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="sends signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_an_interrupted_run_goes_on(tmp_path: Path, number: signal.Signals) -> None:
    folder, output = tmp_path / "pages", tmp_path / "read.jsonl"
    folder.mkdir()
    for i in range(40):
        Image.fromarray(picture(written(str(100 + i)))).save(folder / f"{i:02}.png")
    command = [sys.executable, "gui_digit_recognizer.py", "--image", str(folder), "--model", "ANN"]
    command += ["--output", str(output)]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE) as process:
        deadline = time.monotonic() + 30
        while not output.exists() or output.read_bytes().count(b"\n") < 5:
            assert time.monotonic() < deadline
            time.sleep(0.005)
        process.send_signal(number)
        assert process.stderr is not None
        said = process.stderr.read().decode()
    n = output.read_bytes().count(b"\n")
    if process.returncode:  # else it had already ended
        assert process.returncode == {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGKILL: -signal.SIGKILL}[number]
        if number != signal.SIGKILL:
            assert f"interrupted; {n} pages read and kept in {output}; the same command goes on" in said
            assert said.strip().count("\n") == 0
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert (ended.returncode, ended.stderr, ended.stdout) == (0, "", f"{output}: {40 - n} pages added\n")
    images = [json.loads(line)["image"] for line in output.read_text().splitlines()]
    assert images == sorted(str(path) for path in folder.iterdir())


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_behind_the_output_is_one_line(pages: Path) -> None:
    with open("/dev/full", "wb") as full:
        command = [sys.executable, "gui_digit_recognizer.py", "--model", "ANN", "--image", str(pages)]
        ended = subprocess.run(command, cwd=ROOT, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60)
    assert ended.returncode == 2 and "cannot print (No space left on device)" in one_line(ended.stderr)


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="needs a terminal")
def test_progress_is_shown_on_a_terminal_only(pages: Path, tmp_path: Path) -> None:
    command = [sys.executable, "gui_digit_recognizer.py", "--image", str(pages), "--model", "ANN"]
    import fcntl  # POSIX
    import termios

    ours, theirs = os.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("4H", 24, 80, 0, 0))
    given = [*command, "--output", str(tmp_path / "a.jsonl")]
    ended = subprocess.run(given, cwd=ROOT, stdout=subprocess.PIPE, stderr=theirs, timeout=60)
    os.write(theirs, b"the end")
    assert ended.returncode == 0 and b"/3 [" in os.read(ours, 10_000)
    os.close(theirs)
    os.close(ours)
    assert run_process(*command[2:], "--output", tmp_path / "b.jsonl").stderr == b""


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


@pytest.mark.parametrize(
    "wrong",
    [
        ["--model", "LeNet", "--image", "x"],
        ["--json"],
        ["--output", "a.jsonl"],
        ["--image"],
        ["one.png", "two.png"],
        ["", "--model", "ANN"],
        ["one.png", "--json"],
        ["one.png", "--image", "x"],
        ["--image", "x", "--", "one.png"],
        ["--image", "x", "--json", "--output", "a.jsonl"],
    ],
)
def test_a_wrong_command_line_is_reported_on_one_line(wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(wrong)
    assert ended.value.code == 2
    out, err = capsys.readouterr()
    assert out == "" and "--help" in one_line(err)


def collected(folder: Path, number: str, labels: Sequence[int], seeds: Sequence[int]) -> Path:
    """A collection of digits that are written as ``number`` and labelled otherwise."""
    samples: list[Sample] = []
    for seed in seeds:
        for digit, label in zip(number, labels, strict=True):
            drawn = tuple(Stroke(tuple(points), 10) for points in strokes(digit, 30, 30, 120, seed=seed))
            key = f"{len(samples):016x}"
            samples.append(Sample(key, label, union(stroke_components(drawn)).crop, Strokes(drawn, (200, 200))))
    Collection(folder).keep(*samples)
    return folder


def test_a_hand_is_used_without_a_window(pages: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hand = collected(tmp_path / "hand", "7", [1], range(5))
    read = ["--image", str(pages / "b.png"), "--output", str(tmp_path / "read.jsonl")]
    assert main(read) == main([*read, "--hand", str(hand)]) == main([*read, "--hand", str(hand)]) == 0
    lines = [json.loads(line) for line in (tmp_path / "read.jsonl").read_text().splitlines()]
    assert [line["text"] for line in lines] == ["4072", "4012"], "with another hand it is read again"
    assert [digit.get("without_hand") for digit in lines[1]["digits"]] == [None, None, 7, None]
    capsys.readouterr()


def test_a_hand_that_does_not_help_is_not_used(
    pages: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("digits.reading.hand.Hand.helps", False)
    hand = collected(tmp_path / "hand", "7", [1], range(5))
    assert main(["--image", str(pages / "b.png"), "--hand", str(hand)]) == 0
    out, err = capsys.readouterr()
    assert out.endswith(": 4072\n") and "is not used" in one_line(err)


def test_a_home_that_nobody_has_is_one_line(pages: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--image", str(pages / "b.png"), "--hand", "~nobody-at-all/x"])
    assert ended.value.code == 2 and "no home called ~nobody-at-all" in one_line(capsys.readouterr().err)


@pytest.mark.parametrize("what", ["missing", "empty", "a file"])
def test_a_hand_without_digits_is_one_line(
    what: str, pages: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "hand"
    if what == "empty":
        folder.mkdir()
    elif what == "a file":
        folder.write_text("x")
    assert main(["--image", str(pages / "b.png"), "--hand", str(folder)]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.splitlines()[-1].endswith("give the folder in which the window keeps corrected digits")
    assert len(err.splitlines()) <= 1


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
    assert (result.returncode, result.stderr) == (0, b"") and b"--hand" in result.stdout
