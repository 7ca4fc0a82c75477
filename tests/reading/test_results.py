"""The file that --output continues."""

import errno
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from unittest import mock

import pytest

from digits.errors import UserError
from digits.reading.results import continued

READING = {"model": "ANN", "text": "4", "digits": []}


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
     b'{"image": "' + b"a" * (1 << 24), b"\n", b'{"image": ["a"], "size": {}}\n'],
)  # fmt: skip
def test_any_other_file_is_refused_and_kept(tmp_path: Path, content: bytes) -> None:
    output = tmp_path / "notes.jsonl"
    output.write_bytes(content)
    with pytest.raises(UserError, match=r"notes\.jsonl.*unchanged") as error, continued(output, "network"):
        pytest.fail("it was accepted")
    assert "\n" not in str(error.value) and output.read_bytes() == content


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
