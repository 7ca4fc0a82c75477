"""Images and files that Tk gives as a text of numbers, and pictures that programs of the system take."""

import io
import os
import socket
import sys
import time
import tkinter as tk
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import numpy as np
import pytest
from PIL import Image

from digits.errors import UserError
from digits.reading.image_file import Source
from digits.window import clipboard

PICTURE = Image.fromarray(np.arange(60, dtype=np.uint8).reshape(4, 5, 3))


class Clipboard:
    """What a widget says is on the clipboard, by target."""

    def __init__(self, offered: dict[str, str], system: str = "x11") -> None:
        self.tk = self
        self._offered, self._system = offered, system

    def call(self, *_: str) -> str:
        return self._system

    def clipboard_get(self, type: str) -> str:
        answer = self._offered.get(type)
        if answer is None or answer.startswith("error: "):
            raise tk.TclError(answer)
        return answer


def widget(system: str = "x11", **offered: str) -> tk.Misc:
    return cast(tk.Misc, Clipboard(offered, system))


def pasted(text: str) -> Source:
    return clipboard.image(widget(**{"image/png": text}))


def numbers(text: str) -> str:
    """A text of another program, as Tk gives it for a target that it does not know."""
    return " ".join(f"0x{byte:x}" for byte in text.encode()) + " "


@pytest.mark.parametrize("written", ["0x{:x}", "0x{:02x}", "0x{:X}"])
def test_bytes_are_read_however_they_are_written(written: str) -> None:
    content = bytes(range(256)) * 2
    assert pasted(" ".join(written.format(byte) for byte in content)) == content


def test_bytes_that_were_taken_for_signed_numbers() -> None:
    assert pasted("0x7f 0xffffff80 0xfffffff5 0xffffffff 0x0 ") == b"\x7f\x80\xf5\xff\0"


@pytest.mark.parametrize("text", ["0x89 0x5g", "0x89 0x123", "hello", "0x89 ä"])
def test_what_is_no_bytes_is_one_line(text: str) -> None:
    with pytest.raises(UserError, match="The image on the clipboard is damaged; copy it again"):
        pasted(text)


def test_a_large_image_is_refused_before_it_is_converted() -> None:
    with pytest.raises(UserError, match=r"more than 30,000,000 bytes; save it and open the file"):
        pasted("0x89 " * 30_000_001)


@pytest.mark.parametrize("given", [numbers, str])
@pytest.mark.parametrize(
    ("target", "listed"),
    [
        ("x-special/gnome-copied-files", "copy\nfile:///home/me/my%20d%C3%ADgits.png\nfile:///home/me/b.png"),
        ("x-special/gnome-copied-files", "cut\nfile:///home/me/my%20d%C3%ADgits.png"),
        ("text/uri-list", "# a list\r\nfile:///home/me/my%20d%C3%ADgits.png\r\nfile:///home/me/b.png\r\n"),
        ("text/uri-list", "https://example.org/c.png\r\nfile://localhost/home/me/my%20d%C3%ADgits.png\r\n"),
        ("text/uri-list", f"file://{socket.gethostname()}/home/me/my%20d%C3%ADgits.png"),
        ("text/uri-list", "sftp://other/a.png\nfile://other/a.png\nfile:/home/me/my%20dígits.png"),
    ],
)
def test_the_first_file_that_was_copied(given: Callable[[str], str], target: str, listed: str) -> None:
    assert clipboard.image(widget(**{target: given(listed)})) == Path("/home/me/my dígits.png")


def test_an_image_comes_before_a_file() -> None:
    both = widget(**{"image/png": "0x1 0x2", "text/uri-list": "file:///a.png"})
    assert clipboard.image(both) == b"\1\2"


def test_what_is_not_among_the_targets_is_not_asked_for() -> None:
    """Xclip answers every target with the same."""
    listed = numbers("file:///a.png")
    same = widget(**{"TARGETS": "TARGETS text/uri-list", "image/png": listed, "text/uri-list": listed})
    assert clipboard.image(same) == Path("/a.png")


def test_a_program_that_does_not_answer_is_asked_once() -> None:
    silent = dict.fromkeys(("TARGETS", *clipboard.FORMATS, *clipboard.FILES), "error: selection owner didn't respond")
    with pytest.raises(UserError, match="does not answer; copy the image again, or open a file"):
        clipboard.image(widget(**silent))


def test_an_image_that_tk_does_not_take_is_said() -> None:
    offered = {"TARGETS": "TARGETS image/png", "image/png": "error: selection property too large"}
    with pytest.raises(UserError, match="larger than Tk takes from this program; save it and open the file"):
        clipboard.image(widget(**offered))


@pytest.mark.parametrize(
    "listed",
    [
        *("", "hello", "/a.png", "copy\n", "http://localhost/a.png", "0x66 0x6g", "0x66 ä"),
        *("file:a.png", "file://other/a.png", "file:///a%00b.png", "file:///a.png?b", "file://[/a.png"),
    ],
)
def test_what_names_no_file_of_this_machine(listed: str) -> None:
    with pytest.raises(UserError, match="There is no image on the clipboard"):
        clipboard.image(widget(**{"text/uri-list": listed}))


@pytest.mark.parametrize("given", [numbers, str])
def test_a_long_list_is_not_looked_at_beyond_its_start(given: Callable[[str], str]) -> None:
    first = widget(**{"text/uri-list": given("file:///a.png\n" + "file:///b.png\n" * 100_000)})
    assert clipboard.image(first) == Path("/a.png")
    for listed in ("file:///" + "a" * 70_000, "#\n" * 40_000 + "file:///a.png"):
        with pytest.raises(UserError, match="no image"):
            clipboard.image(widget(**{"text/uri-list": given(listed)}))


Programs = Callable[[str, str], None]


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Programs]:
    """Puts a stand-in for a program of the system, written in Python, where alone programs are searched for."""
    if os.name == "nt":
        pytest.skip("a script is no program on Windows")
    folder = tmp_path / "programs"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setenv("TAKEN", str(tmp_path / "taken"))
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    started = tmp_path / "started"
    monkeypatch.setenv("STARTED", str(started))

    def put(name: str, code: str) -> None:
        path = folder / name
        path.write_text(f"#!{sys.executable}\nimport os, pathlib, sys, time\n{code}\n")
        path.chmod(0o755)

    yield put
    if started.exists():
        os.kill(int(started.read_text()), 9)


TAKE = "pathlib.Path(os.environ['TAKEN']).write_bytes(sys.stdin.buffer.read() + ' '.join(sys.argv[1:]).encode())"
#: As xclip does: a copy of the process stays, with all that it has inherited.
STAY = """
if child := os.fork():
    pathlib.Path(os.environ['STARTED']).write_text(str(child))
else:
    time.sleep(60)
"""


def content() -> bytes:
    saved = io.BytesIO()
    PICTURE.save(saved, "PNG", compress_level=1)
    return saved.getvalue()


def test_xclip_takes_a_picture_and_is_not_waited_for(programs: Programs, tmp_path: Path) -> None:
    programs("xclip", TAKE + STAY)
    start = time.monotonic()
    clipboard.copy_picture(widget(), PICTURE)
    assert time.monotonic() < start + 8
    assert (tmp_path / "taken").read_bytes() == content() + b"-selection clipboard -target image/png -in"
    child = int((tmp_path / "started").read_text())
    os.kill(child, 0)  # it is still there
    assert os.getsid(child) != os.getsid(0)  # and is not interrupted with this process


def test_wl_copy_is_preferred_on_wayland(programs: Programs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    programs("xclip", TAKE)
    programs("wl-copy", TAKE)
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")
    clipboard.copy_picture(widget(), PICTURE)
    assert (tmp_path / "taken").read_bytes() == content() + b"--type image/png"
    (tmp_path / "programs" / "wl-copy").unlink()
    clipboard.copy_picture(widget(), PICTURE)
    assert (tmp_path / "taken").read_bytes().endswith(b"-in")


def test_what_is_missing_is_said(programs: Programs, monkeypatch: pytest.MonkeyPatch) -> None:
    programs("wl-copy", TAKE)
    with pytest.raises(UserError, match="xclip is needed, which is missing; install xclip, or save the picture"):
        clipboard.copy_picture(widget(), PICTURE)
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")
    with pytest.raises(UserError, match="wl-copy is needed, which is missing; install wl-clipboard, or save"):
        clipboard.copy_picture(widget(), PICTURE)
    for system, name in (("aqua", "osascript"), ("win32", "powershell")):
        with pytest.raises(UserError, match=rf"{name}, which copies pictures, cannot be run \(.*\); save the picture"):
            clipboard.copy_picture(widget(system), PICTURE)


def test_a_program_that_fails_or_hangs_is_one_line(programs: Programs, monkeypatch: pytest.MonkeyPatch) -> None:
    programs("xclip", "print('no display', file=sys.stderr); sys.exit(3)")
    with pytest.raises(UserError, match=r"xclip has not taken the picture \(exit code 3\)"):
        clipboard.copy_picture(widget(), PICTURE)
    monkeypatch.setattr(clipboard, "LIMIT", 0.2)
    programs("xclip", "time.sleep(60)")
    start = time.monotonic()
    with pytest.raises(UserError, match=r"xclip has not taken the picture within 0\.2 s"):
        clipboard.copy_picture(widget(), PICTURE)
    assert time.monotonic() < start + 10


@pytest.mark.parametrize(("system", "name"), [("aqua", "osascript"), ("win32", "powershell")])
def test_elsewhere_a_program_is_given_a_file_that_is_removed(
    programs: Programs, tmp_path: Path, system: str, name: str
) -> None:
    path = "os.environ.get('COPIED_PICTURE', sys.argv[-1])"
    programs(
        name,
        f"taken = pathlib.Path(os.environ['TAKEN']); taken.write_bytes(pathlib.Path({path}).read_bytes());"
        f"taken.with_suffix('.txt').write_text({path})",
    )
    clipboard.copy_picture(widget(system), PICTURE)
    assert (tmp_path / "taken").read_bytes() == content()
    assert not Path((tmp_path / "taken.txt").read_text()).exists()


def test_a_picture_that_is_too_large_is_refused() -> None:
    with pytest.raises(UserError, match=r"5001×5000 pixels, more than 25,000,000"):
        clipboard.copy_picture(widget(), Image.new("1", (5001, 5000)))
