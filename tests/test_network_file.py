"""The door of networks' files: the card first, then the bytes, and a stranger's only after a trial."""

import hashlib
import json
import os
import socket
import sys
import time
from pathlib import Path

import pytest

from digits import network_file, networks
from digits.errors import UserError
from digits.network_file import card_of, read, try_out
from tests.small_networks import vouch

TRIAL = "tests.hostile"
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX's kinds of files")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A network's file without a card."""
    path = tmp_path / "models" / "ANN.onnx"
    path.parent.mkdir()
    path.write_bytes(b"good")
    return path


def said(path: Path) -> str:
    with pytest.raises(UserError) as caught:
        read(path, TRIAL)
    assert "\n" not in str(caught.value)
    return str(caught.value)


# -- the card -------------------------------------------------------------------------------------


def test_a_file_that_its_card_lists_is_not_tried_out(path: Path) -> None:
    path.write_bytes(b"crash")
    vouch(path)
    assert read(path, TRIAL) == b"crash"


def test_a_file_that_its_card_does_not_describe_is_refused(path: Path) -> None:
    vouch(path)
    path.write_bytes(b"good!")
    assert f"{path} is not the file that ANN.json describes" in said(path)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"{}",
        b'{"files": []}',
        b'{"files": {"ANN.onnx": 7}}',
        b'{"files": {"ANN.onnx": null}}',
        b'{"files": {}}',
        b'{"files": {"CNN.onnx": "' + hashlib.sha256(b"good").hexdigest().encode() + b'"}}',
        b'{"files": ' * 100_000,
        b"\xff\xfe",
        b" " * (network_file.MOST_CARD + 1),
    ],
    ids=range(12),
)
def test_a_card_that_is_damaged_or_does_not_list_the_file_refuses_it(content: bytes, path: Path) -> None:
    card_of(path).write_bytes(content)
    assert str(card_of(path)) in said(path)


@POSIX
@pytest.mark.parametrize("kind", ["a named pipe", "a folder", "a link to nothing", "a link to a device"])
def test_a_card_that_is_no_file_refuses_the_network(kind: str, path: Path) -> None:
    card = card_of(path)
    if kind == "a named pipe":
        os.mkfifo(card)
    elif kind == "a folder":
        card.mkdir()
    else:
        card.symlink_to("nothing" if kind == "a link to nothing" else "/dev/zero")
    assert "is not a valid model card" in said(path)


def test_a_publication_between_card_and_file_is_noticed(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first look finds the old card and the new file; the journal is there when it looks again."""
    card_of(path).write_text(json.dumps({"files": {path.name: "0" * 64}}))
    settled = []

    def settle(folder: Path) -> None:
        settled.append(folder)
        if len(settled) == 2:
            vouch(path)

    monkeypatch.setattr(network_file, "settle", settle)
    assert read(path, TRIAL) == b"good"
    assert settled == [path.parent.parent] * 2


# -- the file -------------------------------------------------------------------------------------


@POSIX
@pytest.mark.parametrize("listed", [False, True])
@pytest.mark.parametrize(
    "kind",
    [
        "missing",
        "a named pipe",
        "a device",
        "a folder",
        "a link to nothing",
        "a link to itself",
        "a socket",
        "too large",
    ],
)
def test_what_is_no_file_is_one_line(kind: str, listed: bool, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(path.parent)  # a socket's path must be short
    if listed:
        vouch(path)
    path.unlink()
    if kind == "a named pipe":
        os.mkfifo(path)
    elif kind == "a folder":
        path.mkdir()
    elif kind == "a socket":
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(path.name)
    elif kind == "too large":
        path.touch()
        os.truncate(path, network_file.MOST + 1)
    elif kind != "missing":
        targets = {"a device": Path("/dev/zero"), "a link to nothing": Path("nothing"), "a link to itself": path}
        path.symlink_to(targets[kind])
    start = time.monotonic()
    assert str(path) in said(path)
    assert time.monotonic() - start < 5


@pytest.mark.parametrize("name", ["9" * 300 + ".onnx", "a\0b.onnx", "."])
def test_an_impossible_name_is_one_line(name: str, tmp_path: Path) -> None:
    said(tmp_path / name)


def test_the_advice_fits_the_folder(tmp_path: Path) -> None:
    command = "python test.py --models CNN"
    assert networks.remedy(networks.ROOT / "models" / "CNN.onnx") == f"make it with: {command}"
    assert f"{command} --output {tmp_path}," in networks.remedy(tmp_path / "models" / "CNN.onnx")
    assert "copy it from models/" in networks.remedy(tmp_path / "CNN.onnx")
    assert "test.py" not in networks.remedy(tmp_path / "models" / "stranger.onnx")


# -- the trial ------------------------------------------------------------------------------------


def test_a_good_file_without_a_card_is_read(path: Path) -> None:
    assert read(path, TRIAL) == b"good"


def test_what_a_trial_prints_is_not_shown(path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path.write_bytes(b"print")
    assert read(path, TRIAL) == b"print"
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("content", "reason"), [(b"crash", "crashes"), (b"refuse", "two lines"), (b"wait", "takes more than 1 s")]
)
def test_a_trial_that_fails_is_one_line(
    content: bytes, reason: str, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if content == b"wait":
        monkeypatch.setattr(network_file, "SECONDS", 1)
    path.write_bytes(content)
    assert reason in said(path) and "not a network that can be used" in said(path)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not limit a process's memory")
def test_a_trial_takes_2_gb_at_most() -> None:
    with pytest.raises(ValueError, match="more than 2 GB"):
        try_out(b"allocate", TRIAL)
