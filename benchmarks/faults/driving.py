"""Uses the window at random, in a process and on a display of its own, and watches exceptions and memory."""

import gc
import statistics
from collections import Counter
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Annotated, TypedDict

from msgspec import Meta

from benchmarks import display, published
from benchmarks.faults.scratch import scratch
from digits.errors import UserError
from digits.learning.json_types import Count, Line, Number
from digits.networks import MODELS

Megabytes = Annotated[float, Meta(ge=0, le=1e6)]
GROWTH = 50.0  #: MB from the first half of the events to the second, within which memory is flat


class Raised(TypedDict):
    """An exception: its last line, the traceback of the first, and how many there were."""

    what: Line
    traceback: str
    n: Number


class EventMetrics(TypedDict):
    """``n`` events, what they raised, and the resident memory in MB after each tenth of them."""

    n: Number
    exceptions: list[Raised]
    memory: list[Megabytes]
    actions: dict[str, Count]


def run(n: int, seed: int) -> EventMetrics:
    """Generate at least ``n`` events in a window.

    Raises:
        UserError: there is no display and no Xvfb, or the process that had the window is gone.
    """
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    with display.wherever():
        process = context.Process(target=_drive, args=(theirs, n, seed), daemon=True)
        process.start()
        theirs.close()
        try:
            outcome: EventMetrics | str = ours.recv()
        except EOFError:
            outcome = "it crashed"
        process.join()
    if isinstance(outcome, str):
        raise UserError(f"the window's process ended with {process.exitcode}: {outcome}")
    return outcome


def grown(metrics: EventMetrics) -> float:
    """The growth of the memory from the first half of the events to the second, MB: between the halves' medians.

    A single sample differs by tens of MB from the next, up or down: what is freed is not always given back at once.
    """
    memory = metrics["memory"]
    return statistics.median(memory[len(memory) // 2 :]) - statistics.median(memory[: (len(memory) + 1) // 2])


def _drive(connection: Connection, n: int, seed: int) -> None:
    from benchmarks.faults.events import drive
    from digits.reading.collection import Collection
    from digits.window.app import share_memory
    from digits.window.main_window import MainWindow
    from digits.window.session import Session
    from digits.window.settings import Settings

    share_memory()
    gc.disable()  # Tk objects must be freed by this thread, not by a worker's
    try:
        with scratch() as folder:
            session = Session(MODELS, Collection(folder / "mine"), Settings(theme="light", zoom=100))
            window = MainWindow(published.MODELS, session, folder / "settings.json")
            driven = drive(window, published.MODELS, folder, n, seed)
            driven.window.destroy()
    except Exception as error:
        connection.send(f"{type(error).__name__}: {error}")
        return
    counted: dict[str, Raised] = {}
    for text in driven.exceptions:
        what = " ".join(text.strip().splitlines()[-1].split())[:200]
        counted.setdefault(what, {"what": what, "traceback": text, "n": 0})["n"] += 1
    connection.send(
        EventMetrics(
            n=driven.events,
            exceptions=sorted(counted.values(), key=lambda raised: -raised["n"]),
            memory=[round(megabytes, 1) for megabytes in driven.memory],
            actions=dict(Counter(driven.done).most_common()),
        )
    )
