"""A display, a window on it, and a hand that draws: real events, real networks."""

import gc
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from digits.networks import MODELS as NAMES
from digits.window.collection import Collection
from digits.window.session import Session
from digits.window.settings import Settings, save

MODELS = Path(__file__).resolve().parents[2] / "models"
PATIENCE = 15  #: s; reached only when something is broken


def _display_works() -> bool:
    import tkinter

    try:
        tkinter.Tk().destroy()
    except tkinter.TclError:
        return False
    return True


@pytest.fixture(scope="session")
def display() -> Iterator[None]:
    """A display: the one at hand, or a virtual one of our own."""
    if _display_works():
        yield
        return
    program = shutil.which("Xvfb")
    if program is None:
        reason = "needs a display or Xvfb: sudo apt install xvfb"
        if os.environ.get("CI") or os.environ.get("REQUIRE_DISPLAY"):
            pytest.fail(reason)
        pytest.skip(reason)
    before = os.environ.get("DISPLAY")
    reading, writing = os.pipe()
    server = subprocess.Popen(
        [program, "-displayfd", str(writing), "-screen", "0", "1600x1000x24", "-nolisten", "tcp"],
        pass_fds=(writing,),
        stderr=subprocess.DEVNULL,
    )
    os.close(writing)
    with os.fdopen(reading) as pipe:
        number = pipe.readline().strip()  # the server chooses a free one and says so once it is ready
    os.environ["DISPLAY"] = f":{number}"
    yield
    server.terminate()
    server.wait()
    if before is None:
        del os.environ["DISPLAY"]
    else:
        os.environ["DISPLAY"] = before


class Hand:
    """Uses a window as a person does."""

    def __init__(self, window) -> None:
        self.window = window

    def until(self, condition: Callable[[], bool], what: str = "") -> None:
        """Let the window work until something has come true."""
        deadline = time.monotonic() + PATIENCE
        while not condition():
            if time.monotonic() > deadline:
                pytest.fail(f"waited {PATIENCE} s in vain{': ' + what if what else ''}")
            self.window.update()
            time.sleep(0.002)
        self.window.update()

    def settle(self) -> None:
        """Let the window finish what it is at."""
        self.until(lambda: not self.window.reader.waiting() and not self.window.helper.waiting(), "the workers")

    def draw(self, points) -> None:
        """Press, move, release, in logical pixels."""
        canvas, factor = self.window.canvas, self.window.factor
        screen = [(round(x * factor), round(y * factor)) for x, y in points]
        canvas.event_generate("<ButtonPress-1>", x=screen[0][0], y=screen[0][1])
        for x, y in screen[1:]:
            canvas.event_generate("<B1-Motion>", x=x, y=y, state=0x100)
        canvas.event_generate("<ButtonRelease-1>", x=screen[-1][0], y=screen[-1][1], state=0x100)
        self.window.update()

    def write(self, strokes) -> None:
        """Draw several strokes and wait until they are read."""
        for stroke in strokes:
            self.draw(stroke)
        self.settle()

    def press(self, key: str) -> None:
        """Press a key, such as ``<Control-Key-z>``."""
        self.window.canvas.focus_force()
        self.window.update()
        self.window.canvas.event_generate(key)
        self.window.update()

    @property
    def number(self) -> str:
        """The number as it stands on the screen."""
        return self.window.panel.number.text.get("1.0", "end-1c")

    @property
    def status(self) -> str:
        """The status line."""
        return str(self.window.status.message.cget("text"))


@pytest.fixture(scope="session")
def collected_here() -> Iterator[None]:
    """Closed windows are garbage that only this thread may collect: Tk breaks if a worker's thread does it."""
    gc.collect()
    gc.freeze()  # what other tests imported need not be looked through again and again
    gc.disable()
    yield
    gc.enable()
    gc.unfreeze()


@pytest.fixture
def open_window(display: None, collected_here: None, tmp_path: Path) -> Iterator[Callable[..., Hand]]:
    """Opens windows; they are closed at the end."""
    from digits.window.main_window import MainWindow

    opened = []

    def open_one(models: Path = MODELS, session: Session | None = None, **remembered) -> Hand:
        settings = tmp_path / "settings.json"
        if not settings.exists() or remembered:
            save(settings, Settings(**{"theme": "light", "zoom": 100, **remembered}))
        session = session or Session(NAMES, Collection(tmp_path / "my handwriting"))
        window = MainWindow(models, session, settings)
        opened.append(window)
        hand = Hand(window)
        hand.until(window.winfo_viewable)
        hand.settle()
        return hand

    gc.collect()  # the windows of earlier tests
    yield open_one
    for window in opened:
        if window.alive:
            window.destroy()


@pytest.fixture
def hand(open_window: Callable[..., Hand]) -> Hand:
    """A hand at a new window with all three networks."""
    return open_window()
