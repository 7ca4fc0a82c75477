"""The file that --output continues."""

import errno
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO
from unittest import mock

import pytest

from digits.errors import UserError
from digits.reading import results as results_module
from digits.reading.results import MOST_BYTES, MOST_LINES, continued

ROOT = Path(__file__).resolve().parents[2]
READING = {"model": "ANN", "text": "4", "digits": []}


def line(**changed: object) -> bytes:
    """A line of a file, changed."""
    whole = {"image": "a.png", "size": 9, "modified": -9, "network": "0", "page": 1, "pages": 1, **READING}
    return json.dumps(whole | changed).encode() + b"\n"


@pytest.fixture
def page(tmp_path: Path) -> Path:
    path = tmp_path / "page ä.png"
    path.write_bytes(b"not looked at")
    return path


def test_pages_are_added_and_known(tmp_path: Path, page: Path) -> None:
    output = tmp_path / "new" / "read.jsonl"
    with continued(output, "network") as results:
        assert results.known(page) == (set(), False)
        results.add(page, 2, 2, READING)
        assert results.known(page) == ({2}, False)
    with continued(output, "network") as results:
        assert results.known(page) == ({2}, False)
        results.add(page, 1, 2, READING)
        assert results.known(page) == ({1, 2}, True)
    first, second = map(json.loads, output.read_text().splitlines())
    assert (first["page"], second["page"], first["pages"]) == (2, 1, 2)
    assert first["image"] == str(page) and first["text"] == "4"
    with continued(output, "another network") as results:
        assert results.known(page) == (set(), False)
    page.write_bytes(b"changed")
    with continued(output, "network") as results:
        assert results.known(page) == (set(), False)


class Interrupted:
    """A file that Ctrl-C meets before or after one of the calls of its methods."""

    def __init__(self, file: BinaryIO, call: int, after: bool) -> None:
        self._file, self._left, self._after = file, call, after

    def __getattr__(self, name: str) -> Callable[..., object]:
        method = getattr(self._file, name)

        def called(*arguments: object) -> object:
            self._left -= 1
            if self._left == 0 and not self._after:
                raise KeyboardInterrupt
            value = method(*arguments)
            if self._left == 0:
                raise KeyboardInterrupt
            return value

        return called


@pytest.mark.parametrize("after", [False, True])
def test_an_interruption_anywhere_is_counted_rightly(tmp_path: Path, page: Path, after: bool) -> None:
    met = 0
    for call in range(1, 20):
        output = tmp_path / f"{call}.jsonl"
        with continued(output, "net") as results:
            results.add(page, 1, 3, READING)
            file = results._file
            results._file = Interrupted(file, call, after)  # type: ignore[assignment]
            try:
                results.add(page, 2, 3, READING)
            except KeyboardInterrupt:
                met += 1
            results._file = file
            said = results.written
        assert said == results.written == output.read_bytes().count(b"\n"), call
    assert met >= 3


@pytest.mark.parametrize("cut", [1, 11, 12, 60, -1])
def test_the_half_of_a_line_is_dropped(tmp_path: Path, page: Path, cut: int) -> None:
    output = tmp_path / "read.jsonl"
    with continued(output, "network") as results:
        results.add(page, 1, 1, READING)
    whole = output.read_bytes()
    output.write_bytes(whole + whole[:cut])
    with continued(output, "network") as results:
        assert results.known(page)[1]
        results.add(page, 1, 1, READING)
    assert output.read_bytes() == whole * 2


@pytest.mark.parametrize(
    "content",
    [b"hello", b"hello\n", b"{}\n", b"[1]\n", b'{"image": "a"}\n', b'{"image": "a"\n', b"\0\xff\n", b"[" * 9999 + b"\n",
     b'{"image": "' + b"a" * (1 << 24), b"\n", b'{"image": ["a"], "size": {}}\n',
     *(line(**{key: value}) for key, value in (
         ("size", float("inf")), ("size", float("nan")), ("size", -1), ("size", 1 << 70), ("size", "7"), ("size", 7.0),
         ("modified", float("-inf")), ("modified", 1 << 63), ("modified", None), ("page", float("inf")), ("page", 0),
         ("page", 2), ("page", 10**30), ("page", True), ("pages", -1), ("pages", 1001), ("image", ["a"]),
         ("image", {}), ("image", 7), ("network", []), ("model", 1), ("text", None), ("digits", {}))),
     line()[:-2] + b"1" * 5000 + b"}\n"],
)  # fmt: skip
def test_any_other_file_is_refused_and_kept(tmp_path: Path, content: bytes) -> None:
    output = tmp_path / "notes.jsonl"
    output.write_bytes(content)
    with pytest.raises(UserError, match=r"notes\.jsonl.*unchanged") as error, continued(output, "network"):
        pytest.fail("it was accepted")
    assert "\n" not in str(error.value) and output.read_bytes() == content


def test_lines_are_bounded(tmp_path: Path, page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    output = tmp_path / "read.jsonl"
    for name, most in (("MOST_LINES", 3), ("MOST_BYTES", 4 * len(line()) - 1)):
        with monkeypatch.context() as patch:
            patch.setattr(results_module, name, most)
            output.write_bytes(line() * 4)
            with pytest.raises(UserError, match=r"read\.jsonl has more than .*unchanged"), continued(output, "network"):
                pytest.fail("it was accepted")
            assert output.read_bytes() == line() * 4
            output.write_bytes(line() * 3)
            with pytest.raises(UserError, match="what has been read is kept"), continued(output, "network") as results:
                results.add(page, 1, 1, READING)
            assert output.read_bytes() == line() * 3


@pytest.mark.skipif(sys.platform == "win32", reason="its peak of memory is not known there")
def test_a_long_file_takes_what_it_may(tmp_path: Path) -> None:
    """A tenth of the most pages, each with a name as long as fits, in characters that take four bytes."""
    output = tmp_path / "read.jsonl"
    with open(output, "wb") as file:
        for number in range(0, MOST_LINES // 10, 1000):
            name = "\N{GRINNING FACE}" + "a" * 300
            file.writelines(line(image=f"{name} {number + i}") for i in range(1000))
    assert output.stat().st_size < MOST_BYTES // 10
    code = (
        "import sys; from pathlib import Path; from benchmarks.memory import peak_memory\n"
        "from digits.reading.results import continued\n"
        "with continued(Path(sys.argv[1]), 'network'): pass\n"
        "print(peak_memory())"
    )
    found = subprocess.run([sys.executable, "-c", code, str(output)], cwd=ROOT, capture_output=True, text=True)
    assert int(found.stdout) < 300_000_000


@pytest.mark.skipif(sys.platform == "win32", reason="names are characters there")
def test_a_name_of_any_bytes_is_known(tmp_path: Path) -> None:
    image, output = Path("\udcff.png"), tmp_path / "read.jsonl"
    for expected in (False, True):
        with continued(output, "network") as results:
            assert results.known(image)[1] == expected
            results.add(image, 1, 1, READING)


def test_all_pages_are_there_if_each_is(tmp_path: Path, page: Path) -> None:
    with continued(tmp_path / "read.jsonl", "network") as results:
        results.add(page, 3, 3, READING)
        results.add(page, 1, 2, READING)
        assert results.known(page) == ({1, 3}, False)


@pytest.mark.skipif(sys.platform == "win32", reason="an open file cannot be deleted there")
@pytest.mark.parametrize("kind", ["deleted", "replaced", "deleted with its folder", "deleted at the end"])
def test_an_output_that_is_gone_is_one_line(tmp_path: Path, page: Path, kind: str) -> None:
    output = tmp_path / "new" / "read.jsonl"
    said = r"read\.jsonl was deleted or replaced while this was running, and what was read is lost; repeat the command"
    with pytest.raises(UserError, match=said), continued(output, "network") as results:
        results.add(page, 1, 2, READING)
        output.unlink()
        if kind == "replaced":
            output.write_bytes(b"mine")
        elif kind == "deleted with its folder":
            shutil.rmtree(output.parent)
        if kind != "deleted at the end":
            results.add(page, 2, 2, READING)
            pytest.fail("it was written")
    assert not output.exists() or output.read_bytes() == b"mine"


def test_the_name_says_what_it_is(tmp_path: Path) -> None:
    output = tmp_path / "results.md"
    with pytest.raises(UserError, match=r"must end in \.jsonl"), continued(output, "network"):
        pytest.fail("it was accepted")
    assert not output.exists()


@pytest.mark.parametrize("kind", ["a folder", "a named pipe", "a link in a circle", "below a file", "a long name"])
def test_a_place_that_cannot_be_written_is_one_line(tmp_path: Path, kind: str) -> None:
    output = tmp_path / "read.jsonl"
    if kind == "a folder":
        output.mkdir()
    elif kind == "a named pipe":
        if not hasattr(os, "mkfifo"):
            pytest.skip("needs named pipes")
        os.mkfifo(output)
    elif kind == "a link in a circle":
        if sys.platform == "win32":
            pytest.skip("links need rights there")
        output.symlink_to(output)
    elif kind == "below a file":
        output.write_bytes(b"")
        output = output / "read.jsonl"
    else:
        output = tmp_path / ("a" * 300 + ".jsonl")
    with pytest.raises(UserError, match=r"jsonl.*--output") as error, continued(output, "network"):
        pytest.fail("it was accepted")
    assert "\n" not in str(error.value)


def test_one_process_at_a_time(tmp_path: Path) -> None:
    output = tmp_path / "read.jsonl"
    with (
        continued(output, "network"),
        pytest.raises(UserError, match="another run is writing"),
        continued(output, "network"),
    ):
        pytest.fail("it was accepted")
    with continued(output, "network"):
        pass


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_one_process_at_a_time_whatever_the_name(tmp_path: Path, page: Path) -> None:
    output, link, folder = tmp_path / "there" / "read.jsonl", tmp_path / "link.jsonl", tmp_path / "here"
    output.parent.mkdir()
    link.symlink_to(output)
    folder.symlink_to(output.parent)
    names = [output, link, folder / "read.jsonl"]
    for first in names:
        with continued(first, "network") as results:
            results.add(page, 1, 1, READING)
            for second in names:
                with pytest.raises(UserError, match="another run is writing"), continued(second, "network"):
                    pytest.fail("it was accepted")
    assert output.read_bytes().count(b"\n") == 3 and link.is_symlink()


def test_the_lock_of_a_killed_process_stops_no_one(tmp_path: Path) -> None:
    output = tmp_path / "read.jsonl"
    code = (
        "import sys, time; from pathlib import Path; from digits.reading.results import continued\n"
        "with continued(Path(sys.argv[1]), 'network'): print('locked', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(output)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stdout.readline().strip() == b"locked"
        with pytest.raises(UserError, match="another run"), continued(output, "network"):
            pytest.fail("it was accepted")
        process.kill()
    deadline = time.monotonic() + 10
    while True:
        try:
            with continued(output, "network"):
                break
        except UserError:
            assert time.monotonic() < deadline
            time.sleep(0.05)


def _no_flock(*_: object) -> None:
    raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="flock is POSIX's")
def test_a_file_system_without_locks_is_one_line(tmp_path: Path) -> None:
    with (
        mock.patch("fcntl.flock", _no_flock),
        pytest.raises(UserError, match=r"cannot write to .*not implemented"),
        continued(tmp_path / "read.jsonl", "network"),
    ):
        pytest.fail("it was accepted")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_one_line(tmp_path: Path, page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = r"cannot write to .*No space left.*what has been read is kept"
    with pytest.raises(UserError, match=said), continued(tmp_path / "read.jsonl", "network") as results:
        full = open("/dev/full", "wb", buffering=0)  # noqa: SIM115 - closed with the test
        monkeypatch.setattr(results, "_file", full)
        results.add(page, 1, 1, READING)
