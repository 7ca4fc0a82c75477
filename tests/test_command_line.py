import argparse
import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from digits import command_line
from digits.command_line import OneLineParser, print_anything, run
from digits.errors import UserError

ROOT = Path(__file__).resolve().parents[1]
INTERRUPTED = """
import signal, sys
from digits.command_line import run
sys.exit(run('test.py', lambda: signal.raise_signal(signal.SIGINT), 'all is kept'))
"""


def raising(error: BaseException) -> int:
    raise error


# -- what is shown and what is taken ------------------------------------------------------------


def test_a_terminal_obeys_nothing_that_an_error_names(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("test.py", lambda: raising(UserError("no file \x1b[31m\x07\u202e\udcff größe × at all"))) == 2
    assert capsys.readouterr().err == "test.py: no file \\x1b[31m\\x07\\u202e\\udcff größe × at all\n"


def test_a_deleted_folder_to_work_in_is_one_line(tmp_path: Path) -> None:
    command = "import os, sys, test; os.mkdir('gone'); os.chdir('gone'); os.rmdir('../gone'); "
    command += "sys.exit(test.main(['--evaluate', '--dataset', 'uci', '--output', 'models']))"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", command], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1 and "current folder" in done.stderr


@pytest.mark.parametrize("odd", ["", "a\0b.jsonl"])
@pytest.mark.parametrize("option", ["--data", "--output"])
def test_a_path_is_not_empty_and_has_no_nul(option: str, odd: str, capsys: pytest.CaptureFixture[str]) -> None:
    parser = OneLineParser("python test.py")
    parser.add_argument(option, type=Path)
    assert parser.parse_args([option, "here"]) == argparse.Namespace(**{option[2:]: Path("here")})
    with pytest.raises(SystemExit):
        parser.parse_args([option, odd])
    assert f"must be a path, got {odd!r}" in capsys.readouterr().err


# -- exit codes -------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [0, 1])
def test_work_that_ends_well_gives_its_own_exit_code(code: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("test.py", lambda: code) == code
    assert capsys.readouterr() == ("", "")


def test_a_users_error_is_one_line_on_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("test.py", lambda: raising(UserError("no model at models/ANN.keras"))) == 2
    assert capsys.readouterr() == ("", "test.py: no model at models/ANN.keras\n")


@pytest.mark.parametrize(
    ("interrupted", "said"),
    [("", ""), ("finished epochs are kept", "\ntest.py: interrupted; finished epochs are kept\n")],
)
def test_ctrl_c_says_what_is_kept(interrupted: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("test.py", lambda: raising(KeyboardInterrupt()), interrupted) == 130
    assert capsys.readouterr() == ("", said)


def test_any_other_error_is_a_bug_and_keeps_its_traceback() -> None:
    with pytest.raises(ZeroDivisionError):
        run("test.py", lambda: raising(ZeroDivisionError()))


def test_a_reader_that_has_gone_is_not_an_error() -> None:
    """As with ``| head``: nothing is complained about, not even while Python flushes at exit."""
    code = """
import sys
from digits.command_line import run
def work():
    for number in range(100_000):
        print(number)
    return 0
sys.exit(run("test.py", work))
"""
    process = subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stderr is not None
    assert process.stdout.readline() == "0\n"
    process.stdout.close()
    assert process.stderr.read() == ""
    assert process.wait(60) == 0
    process.stderr.close()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
@pytest.mark.parametrize("n", [1, 100_000])
def test_output_that_cannot_be_written_is_one_line(n: int) -> None:
    code = f"""
import sys
from digits.command_line import run
def work():
    for number in range({n}):
        print(number)
    return 0
sys.exit(run("test.py", work))
"""
    with open("/dev/full", "w") as full:
        result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, stdout=full, stderr=subprocess.PIPE, text=True)
    assert result.returncode == 2
    assert result.stderr == "test.py: cannot print (No space left on device); give the output another place\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a shell and a device that is always full")
@pytest.mark.parametrize("script", ["test.py", "gui_digit_recognizer.py"])
@pytest.mark.parametrize(
    ("where", "code", "message"),
    [(">/dev/full", 2, "cannot print (No space left on device)"), (">&-", 0, ""), ("| true", 0, "")],
)
def test_help_that_cannot_be_printed_is_one_line_or_none(where: str, code: int, message: str, script: str) -> None:
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONUNBUFFERED"}
    result = subprocess.run(
        ["bash", "-o", "pipefail", "-c", f"'{sys.executable}' {script} --help {where}"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert result.returncode == code
    assert message in result.stderr and len(result.stderr.splitlines()) == bool(message)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a shell and a device that is always full")
@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("gui_digit_recognizer.py --model ANN --image nowhere.png", 2),
        ("gui_digit_recognizer.py --model ANN --models nowhere --image nowhere.png", 2),
        ("gui_digit_recognizer.py --nonsense", 2),
        ("test.py --epochs 0", 2),
        (f'-c "{INTERRUPTED}"', 130),
    ],
)
@pytest.mark.parametrize("where", ["2>/dev/full", "2> >(true)", ">/dev/full 2>&1"])
def test_an_error_that_cannot_be_printed_keeps_its_exit_code(command: str, code: int, where: str) -> None:
    script = f"'{sys.executable}' {command} {where}"
    result = subprocess.run(["bash", "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert (result.returncode, result.stdout, result.stderr) == (code, "", "")


def test_an_error_never_goes_to_standard_output() -> None:
    """Not even where standard error is closed: the output may be somebody's data."""
    command = f"'{sys.executable}' gui_digit_recognizer.py --json --image nowhere.png 2>&-"
    result = subprocess.run(["bash", "-c", command], cwd=ROOT, capture_output=True, text=True)
    assert (result.returncode, result.stdout) == (2, "")


def test_other_errors_of_the_system_are_not_hidden() -> None:
    def work() -> int:
        raise BrokenPipeError("of a worker")

    with pytest.raises(BrokenPipeError, match="of a worker"):
        run("test.py", work)


def test_an_error_is_one_line_whatever_it_names(capsys: pytest.CaptureFixture[str]) -> None:
    def work() -> int:
        raise UserError("a\nb.png cannot be read")

    assert run("test.py", work) == 2
    assert capsys.readouterr().err == "test.py: a b.png cannot be read\n"


def test_a_wrong_option_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    parser = OneLineParser("python test.py")
    parser.add_argument("--models", choices=["ANN"])
    with pytest.raises(SystemExit) as caught:
        parser.parse_args(["--models", "a\nb"])
    assert caught.value.code == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("test.py: argument --models: invalid choice: ")
    assert err.endswith("; see python test.py --help\n")
    assert err.count("\n") == 1
    assert isinstance(parser, argparse.ArgumentParser)


# -- output of any characters on streams of any encoding --------------------------------------

TEXT = "×–─→≠ä\udc80"  # the last is what Python makes of a byte of a file's name that is not UTF-8


@pytest.mark.parametrize(
    ("encoding", "written"),
    [
        ("utf-8", "×–─→≠ä?"),
        ("cp1252", "×–-->!=ä?"),
        ("cp437", "x-─->!=ä?"),
        ("ascii", "x--->!=??"),
    ],
)
@pytest.mark.parametrize("name", ["stdout", "stderr"])
def test_every_character_is_written_somehow(
    name: str, encoding: str, written: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    buffer = io.BytesIO()
    stream = io.TextIOWrapper(buffer, encoding)
    monkeypatch.setattr(sys, name, stream)
    print_anything()
    print(TEXT, file=stream, flush=True)
    assert buffer.getvalue().decode(encoding) == written + os.linesep


def test_everything_that_is_written_instead_can_be_written_anywhere() -> None:
    assert all(isinstance(text, str) and text.isascii() for text in command_line.INSTEAD.values())


def test_an_error_in_any_characters_is_one_line_in_ascii(monkeypatch: pytest.MonkeyPatch) -> None:
    buffer = io.BytesIO()
    monkeypatch.setattr(sys, "stderr", io.TextIOWrapper(buffer, "ascii"))
    assert run("test.py", lambda: raising(UserError(f"expected 28×28: {TEXT}"))) == 2
    assert buffer.getvalue().decode("ascii") == "test.py: expected 28x28: x--->!=?\\udc80" + os.linesep


def test_reading_is_not_affected() -> None:
    print_anything()
    with pytest.raises(UnicodeDecodeError):
        b"\xff".decode("ascii", "digits")


@pytest.mark.parametrize("stream", [None, io.StringIO()], ids=["none", "an IDE's own"])
def test_a_stream_that_is_none_or_no_file_is_left_alone(
    stream: io.StringIO | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdout", stream)
    monkeypatch.setattr(sys, "stderr", stream)
    assert run("test.py", lambda: 0) == 0
    assert run("test.py", lambda: raising(UserError("no model"))) == 2
    if stream is not None:
        assert stream.getvalue() == "test.py: no model\n"
