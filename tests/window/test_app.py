"""The window as a process: ended by a signal or with its display, and started with what is no folder."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks import display as virtual_display
from digits.reading.ink import Stroke, Strokes, save_strokes
from digits.window.settings import Settings, load
from tests.window.conftest import OpenWindow
from tests.window.test_nothing_lost import picture

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 20  #: s; reached only when something is broken
#: Opens the window with an unsaved stroke and both threads at work in OpenCV, and says when it is there.
PROGRAM = """
import os
import sys
import cv2
import numpy as np
from digits.reading.ink import Stroke
from digits.window import main_window

class Window(main_window.MainWindow):
    def __init__(self, *given):
        super().__init__(*given)
        self.document.add(Stroke(((10, 10), (20, 20)), 8))
        self.set_pen(31)
        self.after(50, self.busy)

    def busy(self):
        def work(_):
            return [cv2.GaussianBlur(np.zeros((2000, 2000)), (31, 31), 0) for _ in range(5)]
        for background in (False, True):
            self.jobs.submit("work", work, print, print, background=background)
        then = getattr(self, os.environ["THEN"], None) or getattr(self.files, os.environ["THEN"])
        self.after(100, then)
        print("open", self.session.message.text, flush=True)

main_window.MainWindow = Window
from gui_digit_recognizer import main
sys.exit(main(sys.argv[1:]))
"""

posix = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")


class Running:
    """The window in a process of its own, with a home of its own."""

    def __init__(self, home: Path, *arguments: object, display: str = "", then: str = "update") -> None:
        environment = os.environ | {"HOME": str(home), "XDG_CONFIG_HOME": str(home), "THEN": then}
        if display:
            environment["DISPLAY"] = display
        command = [sys.executable, "-c", PROGRAM, "--models", str(ROOT / "models"), *map(str, arguments)]
        self.process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        self.said = self.process.stdout.readline()

    def end(self) -> tuple[int, str]:
        """Wait for the end; returns the exit code and what was printed to standard error."""
        _, err = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, err


Start = Callable[..., Running]


@pytest.fixture
def start(display: None, tmp_path: Path) -> Iterator[Start]:
    """Starts windows, which are killed after the test."""
    started: list[Running] = []

    def start_one(*arguments: object, **options: str) -> Running:
        started.append(Running(tmp_path, "--hand", tmp_path / "mine", *arguments, **options))
        return started[-1]

    yield start_one
    for each in started:
        each.process.kill()
        each.process.communicate()


@posix
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_signal_closes_the_window_as_a_person_would(start: Start, tmp_path: Path, name: str) -> None:
    running = start()
    assert running.said.startswith("open")
    running.process.send_signal(getattr(signal, name))
    assert running.end() == (128 + getattr(signal, name), "")
    assert replace(load(tmp_path / "handwritten-digits" / "settings.json"), place=()) == Settings(pen=31)


@posix
@pytest.mark.parametrize("dialog", ["open", "close"])
def test_a_signal_closes_a_window_with_an_open_dialog(start: Start, dialog: str) -> None:
    running = start(then=dialog)
    time.sleep(1)  # until the dialog is open
    running.process.terminate()
    assert running.end() == (143, "")


@posix
def test_a_display_that_goes_away_is_one_line(start: Start, tmp_path: Path) -> None:
    if not virtual_display.available() or sys.platform == "darwin":
        pytest.skip("needs Xvfb")
    with virtual_display.virtual() as server:
        running = start(display=os.environ["DISPLAY"])
        assert running.said.startswith("open")
        server.kill()
        server.wait()
        code, err = running.end()
    assert code == 2
    assert err.count("\n") == 1 and "connection to the display" in err
    assert replace(load(tmp_path / "handwritten-digits" / "settings.json"), place=()) == Settings(pen=31)


def _pipe(path: Path) -> None:
    os.mkfifo(path)


SPECIAL: dict[str, Callable[[Path], object]] = {
    "a pipe": _pipe,
    "a device": lambda path: path.symlink_to("/dev/zero"),
}


@posix
@pytest.mark.parametrize("option", ["--hand", "--models"])
@pytest.mark.parametrize("kind", SPECIAL)
def test_the_window_opens_with_what_is_no_folder(start: Start, tmp_path: Path, option: str, kind: str) -> None:
    SPECIAL[kind](tmp_path / "special")
    running = start(option, tmp_path / "special")
    assert running.said.startswith("open")
    assert ("special cannot be read" in running.said) == (option == "--hand")
    running.process.terminate()
    assert running.end() == (143, "")


@posix
@pytest.mark.parametrize("name", ["photo.jpg", "a drawing.json", "missing.png", "no image.png", "no drawing.json"])
def test_a_file_is_opened_as_by_the_menu(open_window: OpenWindow, tmp_path: Path, name: str) -> None:
    picture(tmp_path / "photo.jpg")
    save_strokes(tmp_path / "a drawing.json", Strokes((Stroke(((10, 10), (10, 90)), 9),), (100, 100)))
    for wrong in ("no image.png", "no drawing.json"):
        (tmp_path / wrong).write_text("{}")
    said = []
    for file in (None, tmp_path / name):
        hand = open_window(file=file)
        if file is None:
            hand.window.files.open_path(tmp_path / name)
        else:
            hand.until(lambda hand=hand: hand.window.session.message.text != "")  # type: ignore[misc]
        hand.settle()
        said.append((hand.status.split(" ·")[0], hand.window.title(), hand.number))
        hand.window.destroy()
    assert said[0] == said[1] and (tmp_path / name).name in "".join(said[0])


@posix
def test_a_file_on_the_command_line_is_opened_from_any_folder(display: None, tmp_path: Path) -> None:
    picture(tmp_path / "photo.png")
    kept = tmp_path / "handwritten-digits" / "settings.json"
    command = [sys.executable, str(ROOT / "gui_digit_recognizer.py"), "photo.png", "--hand", "mine"]
    environment = os.environ | {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}
    with subprocess.Popen(command, cwd=tmp_path, env=environment) as process:
        deadline = time.monotonic() + PATIENCE
        while not load(kept).recent and time.monotonic() < deadline:
            time.sleep(0.1)
        process.terminate()
    assert load(kept).recent == (str(tmp_path / "photo.png"),)


@posix
def test_the_window_opens_with_closed_streams(display: None, tmp_path: Path) -> None:
    code = PROGRAM.replace('print("open"', "(open('said', 'w').write('open'), self.destroy()").replace(
        "flush=True", "0"
    )
    environment = os.environ | {
        "HOME": str(tmp_path),
        "XDG_CONFIG_HOME": str(tmp_path),
        "PYTHONPATH": str(ROOT),
        "THEN": "update",
    }
    command = ["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", sys.executable, "-c", code, "--hand", "mine"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, timeout=PATIENCE)
    assert done.returncode == 0
    assert (tmp_path / "said").read_text() == "open"


def test_no_home_is_one_line(display: None, tmp_path: Path) -> None:
    code = (
        "import pathlib, sys\n"
        "def nowhere():\n    raise RuntimeError('Could not determine home directory.')\n"
        "pathlib.Path.home = nowhere\n"
        "from gui_digit_recognizer import main\nsys.exit(main([]))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1 and "home directory" in done.stderr


#: Threads take memory at the same time; prints what the allocator says of its arenas.
SHARING = """
import ctypes, sys, threading
from digits.window.app import share_memory
if sys.argv[1] == "shared":
    share_memory()
barrier = threading.Barrier(6)
def take():
    taken = [bytearray(100_000) for _ in range(20)]
    barrier.wait()
threads = [threading.Thread(target=take) for _ in range(6)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
libc = ctypes.CDLL("libc.so.6")
libc.malloc_info(0, ctypes.c_void_p.in_dll(libc, "stdout"))
libc.fflush(None)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's allocator")
def test_all_threads_take_memory_from_one_place() -> None:
    found = {}
    for how in ("shared", "usual"):
        done = subprocess.run([sys.executable, "-c", SHARING, how], cwd=ROOT, capture_output=True, text=True)
        if "malloc_info" in done.stderr or "libc.so.6" in done.stderr:
            pytest.skip("another allocator")
        assert done.returncode == 0, done.stderr
        found[how] = done.stdout.count("<heap nr=")
    assert found["shared"] == 1 < found["usual"]
