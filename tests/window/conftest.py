"""A display, windows on it, and a hand that uses them: real events, real networks."""

import gc
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

import pytest

from benchmarks import display as virtual_display
from digits.networks import DEFAULT
from digits.networks import MODELS as NAMES
from digits.reading.collection import Collection
from digits.window.session import Session
from digits.window.settings import Settings
from tests.handwriting import Points, strokes

if TYPE_CHECKING:
    import tkinter as tk

    from digits.window.main_window import MainWindow

MODELS = Path(__file__).resolve().parents[2] / "models"
TWO = ("ANN", DEFAULT)  #: enough networks for most tests, and quickly loaded
PATIENCE = 15  #: s; reached only when something is broken
FOUR = strokes("4", 100, 120, 200)
NUMBER = strokes("4072", 60, 150, 180)

Widget = TypeVar("Widget", bound="tk.Misc")


def _display_works() -> bool:
    import tkinter

    try:
        tkinter.Tk().destroy()
    except tkinter.TclError:
        return False
    return True


@pytest.fixture(scope="session")
def display() -> Iterator[None]:
    """The display that is available, or else a virtual one for this process."""
    if _display_works():
        yield
        return
    if not virtual_display.available():
        reason = "needs a display or Xvfb: sudo apt install xvfb"
        if os.environ.get("CI") or os.environ.get("REQUIRE_DISPLAY"):
            pytest.fail(reason)
        pytest.skip(reason)
    with virtual_display.virtual():
        yield


class Hand:
    """Uses a window as the user does."""

    def __init__(self, window: "MainWindow") -> None:
        self.window = window

    def until(self, condition: Callable[[], bool], what: str = "") -> None:
        """Process the window's events until a condition holds."""
        deadline = time.monotonic() + PATIENCE
        while not condition():
            if time.monotonic() > deadline:
                pytest.fail(f"waited {PATIENCE} s in vain{': ' + what if what else ''}")
            self.window.update()
            time.sleep(0.001)
        self.window.update()

    def settle(self) -> None:
        """Wait until no job is running."""
        self.until(lambda: not self.window.jobs.busy, "the jobs")

    def draw(self, points: Points) -> None:
        """Press, move and release, at points in logical pixels."""
        canvas, factor = self.window.canvas, self.window.factor
        screen = [(round(x * factor), round(y * factor)) for x, y in points]
        canvas.event_generate("<ButtonPress-1>", x=screen[0][0], y=screen[0][1])
        for x, y in screen[1:]:
            canvas.event_generate("<B1-Motion>", x=x, y=y, state=0x100)
        canvas.event_generate("<ButtonRelease-1>", x=screen[-1][0], y=screen[-1][1], state=0x100)
        self.window.update()

    def write(self, strokes: Sequence[Points]) -> None:
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

    def dialog(self, kind: type[Widget]) -> Widget:
        """The open dialog of a kind, once it is visible."""
        found = next(child for child in self.window.winfo_children() if isinstance(child, kind))
        self.until(lambda: bool(found.winfo_viewable()), kind.__name__)
        return found

    @property
    def number(self) -> str:
        """The number as it is shown."""
        return self.window.panel.number.text.get("1.0", "end-1c")

    @property
    def model(self) -> str:
        """The network that read the number."""
        reading = self.window.session.reading
        assert reading is not None
        return reading.model

    @property
    def status(self) -> str:
        """The message as it is shown where there is room for all of it; else the line loses its middle."""
        message, shown = self.window.session.message, str(self.window.status.message.cget("text"))
        whole = f"⚠  {message.text}" if message.alarm else message.text
        start, dots, end = shown.partition("…") if shown != whole else (shown, "", "")
        assert whole.startswith(start) and whole.endswith(end) and (dots or shown == whole), "another message is shown"
        return whole


def texts(canvas: "tk.Canvas") -> list[str]:
    """The texts on a canvas."""
    return [option(canvas, item, "text") for item in canvas.find_all() if str(canvas.type(item)) == "text"]


def option(canvas: "tk.Canvas", item: int, name: str) -> str:
    """An option of an item on a canvas."""
    return str(canvas.tk.call(str(canvas), "itemcget", item, f"-{name}"))


class OpenWindow(Protocol):
    """Opens a window with these networks, or on an existing session, and waits until it is ready."""

    def __call__(
        self,
        names: Sequence[str] = TWO,
        models: Path = MODELS,
        session: Session | None = None,
        settings: Settings | None = None,
        file: Path | None = None,
    ) -> Hand: ...


@pytest.fixture(scope="session")
def collected_here() -> Iterator[None]:
    """Only this thread frees closed windows: Tk crashes if a worker's thread does."""
    gc.collect()
    gc.freeze()  # later collections need not examine what is imported by now
    gc.disable()
    yield
    gc.enable()
    gc.unfreeze()


@pytest.fixture
def open_window(display: None, collected_here: None, tmp_path: Path) -> Iterator[OpenWindow]:
    """Opens windows, which are closed after the test."""
    from digits.window.main_window import MainWindow

    opened: list[MainWindow] = []

    def open_one(
        names: Sequence[str] = TWO,
        models: Path = MODELS,
        session: Session | None = None,
        settings: Settings | None = None,
        file: Path | None = None,
    ) -> Hand:
        if session is None:
            given = settings or Settings(theme="light")
            given = replace(given, zoom=given.zoom or 100)
            session = Session(names, Collection(tmp_path / "my handwriting"), given)
        window = MainWindow(models, session, tmp_path / "settings.json", file=file)
        if not opened:
            window.clipboard_clear()  # of what an earlier test has copied
        opened.append(window)
        hand = Hand(window)
        hand.until(lambda: bool(window.winfo_viewable()), "the window")
        hand.settle()
        return hand

    gc.collect()  # the windows of earlier tests
    yield open_one
    for window in opened:
        if window.alive:
            window.destroy()


@pytest.fixture
def hand(open_window: OpenWindow) -> Hand:
    """A hand at a new window with two networks."""
    return open_window()


@pytest.fixture
def hand_with_all(open_window: OpenWindow) -> Hand:
    """A hand at a new window with all networks."""
    return open_window(NAMES)
