"""A hand that does anything at all to the window: random events, whose exceptions are collected.

``python -m benchmarks.faults.events 20000 --seed 0`` needs a display and prints what it found.
"""

import argparse
import ctypes
import gc
import os
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from traceback import format_exception
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from digits.networks import MODELS
from digits.reading.ink import Stroke, Strokes, rasterise, save_strokes

if TYPE_CHECKING:
    import tkinter as tk

    from digits.window.main_window import MainWindow

ROOT = Path(__file__).resolve().parents[2]
DRAWING = Strokes(tuple(Stroke(((60 * i + 30, 40), (60 * i + 40, 120)), 10) for i in range(5)), (400, 200))
PATIENCE = 60.0  #: s that a job of the window may take
KEYS = (
    *(f"<Key-{digit}>" for digit in range(10)),
    *(f"<Control-Key-{number}>" for number in range(1, len(MODELS) + 2)),
    *("<Key-Tab>", "<<PrevWindow>>", "<Key-Left>", "<Key-Right>", "<Key-Return>", "<Key-KP_Enter>", "<Key-Delete>"),
    *("<Key-BackSpace>", "<Key-Escape>", "<Key-p>", "<Key-e>", "<Key-E>", "<Key-w>", "<Key-bracketleft>"),
    *("<Key-bracketright>", "<Control-Key-c>", "<Control-Key-v>", "<Control-Key-s>", "<Control-Shift-Key-S>"),
    *("<Control-Key-e>", "<Control-Key-o>", "<Control-Key-h>", "<Key-F1>", "<Control-Key-q>", "<Key-x>", "<Key-space>"),
    *("<Key-d>", "<Key-f>", "<Key-c>", "<Key-Next>", "<Key-Prior>", "<Control-Key-l>", "<Control-Key-equal>"),
    *("<Control-Key-minus>", "<Control-Key-0>", "<Control-Key-Delete>", "<Control-Key-bracketleft>"),
    *("<Control-Key-bracketright>", "<Control-Shift-Key-C>", "<Control-Key-n>"),
    *("<Control-Key-z>",) * 6, *("<Control-Key-y>",) * 3,
)  # fmt: skip


@dataclass
class Driven:
    """What a drive has found.

    Attributes:
        events: how many there were.
        exceptions: the traceback of each that reached Tk, a thread's end or the interpreter.
        memory: resident memory in MB after each tenth of the events.
        done: how often each kind of action was taken.
        window: the window that is open at the end; others may have closed.
    """

    window: "MainWindow"
    events: int = 0
    exceptions: list[str] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)
    done: Counter[str] = field(default_factory=Counter)


def drive(window: "MainWindow", models: Path, folder: Path, events: int, seed: int) -> Driven:
    """Use a window at random: draw, erase, type, click, resize, open, save, and open and close dialogs.

    Args:
        window: just opened; it may be closed and opened again.
        models: folder of its networks.
        folder: for the files that are opened and saved, and the settings.
        events: how many to generate, at least.
        seed: of the random numbers.

    Raises:
        TimeoutError: a job of the window did not end.
    """
    hand = _Hand(window, models, folder, seed)
    with hand.watching():
        for tenth in range(1, 11):
            while hand.driven.events < events * tenth / 10:
                hand.act()
            hand.driven.memory.append(hand.memory())
    return hand.driven


class _Hand:
    def __init__(self, window: "MainWindow", models: Path, folder: Path, seed: int) -> None:
        self.driven = Driven(window)
        self._models, self._folder = models, folder
        self._random = random.Random(seed)
        self._files = _files(folder)
        self._targets = [
            *(
                folder / "saved" / name
                for name in ("a.json", "b.json", "a.png", "b.png", "all.zip", "all", "all/x/y.json")
            ),
            folder,
            folder / ("n" * 300 + ".json"),
            None,
        ]
        self._actions: dict[Callable[[], None], int] = {
            self._draw: 300, self._key: 500, self._click: 60, self._hover: 30, self._pen: 10, self._resize: 6,
            self._other_button: 40, self._wheel: 30, self._pan: 10, self._menu: 20, self._dialog: 80,
            self._settle: 30, self._focus: 10, self._cancel: 3, self._zoom: 1,
        }  # fmt: skip

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Answer the dialogs for files, and collect all exceptions."""
        from digits.window import dialogs

        asked = dialogs.ask_open, dialogs.ask_save, dialogs.ask_import, dialogs.ask_replace
        hooks = sys.unraisablehook, threading.excepthook
        dialogs.ask_open = lambda *_: self._random.choice(self._files)
        dialogs.ask_import = lambda *_: self._random.choice(self._files)
        dialogs.ask_save = lambda *_: self._random.choice(self._targets)
        dialogs.ask_replace = lambda *_: self._random.random() < 0.5
        sys.unraisablehook = lambda found: self._note(found.exc_value)
        threading.excepthook = lambda found: self._note(found.exc_value)
        self._watch()
        try:
            yield
        finally:
            dialogs.ask_open, dialogs.ask_save, dialogs.ask_import, dialogs.ask_replace = asked
            sys.unraisablehook, threading.excepthook = hooks

    def _watch(self) -> None:
        def note(kind: type[BaseException], error: BaseException, trace: Any) -> None:
            self._note(error)

        self.driven.window.report_callback_exception = note  # type: ignore[method-assign]

    def _note(self, error: BaseException | None) -> None:
        if error is not None:
            self.driven.exceptions.append("".join(format_exception(error)))

    def act(self) -> None:
        """One action: one event or several."""
        (action,) = self._random.choices(list(self._actions), list(self._actions.values()))
        self.driven.done[action.__name__.removeprefix("_")] += 1
        try:
            action()
            self._update()
        except Exception as error:  # of an event that is not delivered through Tk
            if self.driven.window.alive:  # else the hand has reached for a window that had just closed
                self._note(error)
        if not self.driven.window.alive:
            self._open_again()

    def memory(self) -> float:
        """Resident memory in MB with the same small drawing each time, once nothing is running."""
        from digits.window import worker
        from digits.window.document import State
        from digits.window.session import COMPARE

        window = self.driven.window
        chosen = window.session.chosen
        window.document.open(State(DRAWING.strokes))
        window.choose_network(COMPARE)  # each network keeps the memory that it needed for the last page it read
        window.undo()
        window.redo()
        self._settle()
        window.choose_network(chosen)
        self._settle()
        end = time.monotonic() + PATIENCE
        while len(worker._running) > 2 and time.monotonic() < end:
            time.sleep(0.01)  # threads whose jobs were cancelled
        gc.collect()
        with suppress(OSError, AttributeError):
            ctypes.CDLL("libc.so.6").malloc_trim(0)  # what the allocator keeps is not in use
        return resident()

    def _open_again(self) -> None:
        from digits.window.main_window import MainWindow

        session, path = self.driven.window.session, self._folder / "settings.json"
        gc.collect()
        self.driven.window = MainWindow(self._models, session, path)
        self._watch()
        self._update()

    def _update(self) -> None:
        if self.driven.window.alive:
            self.driven.window.update()

    def _event(self, widget: "tk.Misc", name: str, **options: Any) -> None:
        self.driven.events += 1
        if self.driven.window.alive and widget.winfo_exists():
            widget.event_generate(name, **options)

    # ---- actions

    def _place(self) -> tuple[int, int]:
        canvas, choice = self.driven.window.canvas, self._random
        return choice.randrange(-10, canvas.winfo_width() + 10), choice.randrange(-10, canvas.winfo_height() + 10)

    def _draw(self) -> None:
        canvas, choice = self.driven.window.canvas, self._random
        x, y = self._place()
        self._event(canvas, "<ButtonPress-1>", x=x, y=y)
        for _ in range(choice.randrange(8)):
            x, y = x + choice.randrange(-40, 41), y + choice.randrange(-40, 41)
            self._event(canvas, "<B1-Motion>", x=x, y=y, state=0x100)
            if choice.random() < 0.02:
                self._key()  # in the middle of a stroke
        self._event(canvas, "<ButtonRelease-1>", x=x, y=y, state=0x100)

    def _click(self) -> None:
        marks = self.driven.window.session.marks()
        x, y = self._place()
        if marks and self._random.random() < 0.8:
            box = self._random.choice(marks).box
            x, y = map(round, self.driven.window.canvas.view.to_screen(box[0] + box[2] / 2, box[1] + box[3] / 2))
        self._event(self.driven.window.canvas, "<ButtonPress-1>", x=x, y=y)
        self._event(self.driven.window.canvas, "<ButtonRelease-1>", x=x, y=y, state=0x100)

    def _other_button(self) -> None:
        """Erase with the right button, or open a menu, which is closed again."""
        canvas, choice = self.driven.window.canvas, self._random
        x, y = self._place()
        self._event(canvas, "<ButtonPress-3>", x=x, y=y)
        for _ in range(choice.choice((0, 4))):
            x, y = x + choice.randrange(-40, 41), y + choice.randrange(-40, 41)
            self._event(canvas, "<B3-Motion>", x=x, y=y, state=0x400)
        self._event(canvas, "<ButtonRelease-3>", x=x, y=y, state=0x400)
        for menu in [child for child in self.driven.window.winfo_children() if child.winfo_class() == "Menu"]:
            if str(menu) not in map(str, self.driven.window.menus.values()) and menu.winfo_ismapped():
                self.driven.window.tk.call("tk::MenuUnpost", str(menu))

    def _wheel(self) -> None:
        x, y = self._place()
        modifier = self._random.choice(("", "Shift-", "Control-"))
        self._event(self.driven.window.canvas, f"<{modifier}Button-{self._random.choice((4, 5))}>", x=x, y=y)

    def _pan(self) -> None:
        canvas = self.driven.window.canvas
        self._event(canvas, "<KeyPress-space>")
        self._draw()
        self._event(canvas, "<KeyRelease-space>")

    def _hover(self) -> None:
        x, y = self._place()
        self._event(self.driven.window.canvas, self._random.choice(("<Motion>", "<Leave>", "<Enter>")), x=x, y=y)

    def _key(self) -> None:
        self.driven.window.focus_force()
        self._event(self.driven.window, self._random.choice(KEYS))

    def _pen(self) -> None:
        self.driven.events += 1
        self.driven.window.toolbar.scale.set(self._random.randrange(2, 41))

    def _resize(self) -> None:
        self.driven.events += 1
        self.driven.window.geometry(f"{self._random.randrange(300, 1600)}x{self._random.randrange(200, 1000)}")

    def _menu(self) -> None:
        """Any entry of a menu but those that a key reaches."""
        self.driven.events += 1
        menu = self._random.choice(list(self.driven.window.menus.values()))
        last = menu.index("end")
        if last is not None:
            place = self._random.randrange(last + 1)
            label = str(menu.entrycget(place, "label")) if str(menu.type(place)) != "separator" else "Size"
            if "size" not in label.lower():  # those open the window again, which takes long
                menu.invoke(place)

    def _zoom(self) -> None:
        self.driven.events += 1
        self.driven.window.choose_zoom(self._random.choice((0, 100, 125, 150)))

    def _dialog(self) -> None:
        """Do something in a dialog, if one is open; else in the panel."""
        from digits.window import dialogs

        open_ones = [child for child in self.driven.window.winfo_children() if isinstance(child, dialogs.Dialog)]
        widget: tk.Misc = self._random.choice(open_ones) if open_ones else self.driven.window.panel
        below = list(_below(widget))
        if isinstance(widget, dialogs.Dialog) and self._random.random() < 0.3:
            self._event(widget, "<Escape>")
            return
        chosen = self._random.choice(below)
        if "folder" in str(
            getattr(chosen, "cget", lambda _: "")("text") if "button" in chosen.winfo_class().lower() else ""
        ):
            return  # it would open a file manager
        x, y = (
            self._random.randrange(max(1, chosen.winfo_width())),
            self._random.randrange(max(1, chosen.winfo_height())),
        )
        for name in ("<Enter>", "<ButtonPress-1>", "<ButtonRelease-1>", "<Leave>"):
            self._event(chosen, name, x=x, y=y)

    def _focus(self) -> None:
        self._event(self.driven.window, self._random.choice(("<FocusIn>", "<FocusOut>")))

    def _cancel(self) -> None:
        self.driven.events += 1
        self.driven.window.cancel()

    def _settle(self) -> None:
        end = time.monotonic() + PATIENCE
        while self.driven.window.alive and self.driven.window.jobs.busy:
            if time.monotonic() > end:
                raise TimeoutError(f"a job of the window has not ended within {PATIENCE:.0f} s")
            self.driven.window.update()
            time.sleep(0.001)


def _below(widget: "tk.Misc") -> Iterator["tk.Misc"]:
    yield widget
    for child in widget.winfo_children():
        yield from _below(child)


def _files(folder: Path) -> list[Path | None]:
    """Files to open: an image, strokes, what is neither, and a cancelled dialog."""
    (folder / "saved").mkdir(parents=True)
    save_strokes(folder / "strokes.json", DRAWING)
    Image.fromarray(255 - rasterise(DRAWING.strokes, *DRAWING.size)).save(folder / "scan.png")
    noise = np.random.default_rng(0).integers(0, 256, (300, 300)).astype(np.uint8)
    Image.fromarray(noise).save(folder / "noise.jpg")
    (folder / "broken.png").write_bytes((folder / "scan.png").read_bytes()[:200])
    (folder / "other.json").write_text("{}")
    names = (
        "strokes.json",
        "scan.png",
        "noise.jpg",
        "broken.png",
        "other.json",
        "missing.png",
        "saved/a.json",
        "saved/b.png",
    )
    return [*(folder / name for name in names), None]


def resident() -> float:
    """The process's resident memory in MB, where ``/proc`` tells it; else 0."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def main() -> int:
    """Open a window, use it, and print what was found."""
    from digits.command_line import print_anything
    from digits.reading.collection import Collection
    from digits.window import document
    from digits.window.app import share_memory
    from digits.window.main_window import MainWindow
    from digits.window.session import Session
    from digits.window.settings import Settings

    print_anything()
    parser = argparse.ArgumentParser(prog="python -m benchmarks.faults.events", description=__doc__)
    parser.add_argument("events", type=int)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--undo", type=int, metavar="MB", help="of photographs that undo keeps (default: the window's)")
    options = parser.parse_args()
    share_memory()
    if options.undo is not None:
        document.MOST_BYTES = options.undo << 20
    gc.disable()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        session = Session(MODELS, Collection(folder / "mine"), Settings(theme="light", zoom=100))
        models = ROOT / "models"
        driven = drive(
            MainWindow(models, session, folder / "settings.json"), models, folder, options.events, options.seed
        )
        driven.window.destroy()
    for found, n in Counter(driven.exceptions).most_common():
        print(f"{n} times:\n{found}")
    print(f"{driven.events:,} events, {len(driven.exceptions)} exceptions, MB:", *map(round, driven.memory))
    print(dict(driven.done))
    return 1 if driven.exceptions else 0


if __name__ == "__main__":
    sys.exit(main())
