"""How soon a digit is shown after the pen has left the paper, and how many pages are read in a second.

    python -m benchmarks.latency
    python -m benchmarks.latency --window
    python -m benchmarks.latency --pages 200

A canvas holds so many digits, and a stroke is added at the end of its last line. As in the window, only what has
changed is read again; each time, everything is also read anew, for comparison. With ``--window``, the strokes are drawn
on the canvas of a window, on a virtual display where there is Xvfb, and the time ends when their digits are shown: with
the number, the panel and the frames. Pages of six digits are read as ``--image`` reads them, with one process and with
two. The digits are drawn by the program; what they are read as is not of interest here.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks import display, published
from benchmarks.networks import file_of, open_lines
from digits import command_line, markdown
from digits.errors import UserError
from digits.networks import DEFAULT, MODELS
from digits.reading.classifier import Classifier, Network
from digits.reading.collection import Collection
from digits.reading.ink import Stroke, rasterise
from digits.reading.line_segmenter import LineSegmenter
from digits.reading.many import Reader, read_files
from digits.reading.recognizer import Reading, Remembered, read
from digits.reading.segmentation import Segment, stroke_components
from digits.window.document import State

if TYPE_CHECKING:
    from digits.window.main_window import MainWindow

SIZES, STEPS = (10, 100), 60  #: digits on the canvas, and strokes that are added to them
PAUSE = 0.4  #: s between two strokes in the window
STEP = 5  #: pixels from one event of the pen to the next
PEN, TALL = 8, 60  #: pixels, of the pen and of a digit
COLUMNS, WIDE, HIGH = 10, 58, 100  #: digits of a line, and pixels from one to the next and from line to line
SIX = 6  #: digits on a page
ROUND = np.linspace(0, 2 * np.pi, 40)
#: The strokes of some digits, in a box of 0.6 by 1.
SHAPES: Sequence[Sequence[NDArray[np.float64]]] = (
    [np.stack([0.3 + 0.3 * np.sin(ROUND), 0.5 - 0.5 * np.cos(ROUND)], axis=1)],
    [np.array([(0.1, 0.2), (0.35, 0), (0.3, 0.5), (0.3, 1)])],
    [np.array([(0.3, 0), (0.05, 0.6), (0.6, 0.58)]), np.array([(0.42, 0.3), (0.4, 1)])],
    [np.array([(0, 0.05), (0.6, 0), (0.3, 0.5), (0.2, 1)]), np.array([(0.1, 0.5), (0.5, 0.48)])],
)


class Canvas:
    """Reads a drawing again and again, as the window does; or, without a memory, anew each time."""

    def __init__(self, lines: LineSegmenter, network: Network, remember: bool) -> None:
        self._lines, self._network = lines, network
        self._answers: Remembered | None = {} if remember else None
        self._drawn: dict[int, tuple[Stroke, Segment]] = {}

    def read(self, strokes: Sequence[Stroke]) -> Reading:
        """Read the drawing."""
        known = {key: component for key, (_, component) in self._drawn.items()}
        components = stroke_components(strokes, known)
        remember = self._answers is not None
        if remember:
            self._drawn = {id(strokes[i]): (strokes[i], made) for made in components for i in made.strokes}
        segments = self._lines.segments(components, remember=remember)
        return read(segments, self._network, components.left_out, self._answers)


def digit(place: int, rng: np.random.Generator) -> list[Stroke]:
    """A digit at a place, counted from left to right and from top to bottom, drawn a little differently each time."""
    row, column = divmod(place, COLUMNS)
    at = np.array([40 + WIDE * column, 40 + HIGH * row])
    shape = SHAPES[int(rng.integers(len(SHAPES)))]
    return [
        Stroke(tuple((float(x), float(y)) for x, y in points * TALL * rng.uniform(0.9, 1.1) + at), PEN)
        for points in shape
    ]


def drawings(size: int, steps: int) -> Iterator[list[Stroke]]:
    """A drawing of so many digits, the last not counted, and then, for each step, one with a further stroke of that."""
    rng = np.random.default_rng(0)
    before = [stroke for place in range(size - 1) for stroke in digit(place, rng)]
    yield before
    while True:
        strokes = digit(size - 1, rng)
        for n in range(1, len(strokes) + 1):
            if not steps:
                return
            yield [*before, *strokes[:n]]
            steps -= 1


def latencies(size: int, steps: int, lines: LineSegmenter, network: Network) -> Mapping[str, NDArray[np.float64]]:
    """Milliseconds from each stroke's end to the digits, by way: "as in the window" and "everything anew".

    Args:
        size: digits on the canvas.
        steps: strokes that are added, both ways taking turns.
        lines: finds the digits.
        network: reads them.
    """
    ways = {"as in the window": Canvas(lines, network, True), "everything anew": Canvas(lines, network, False)}
    taken: dict[str, list[float]] = {way: [] for way in ways}
    for drawing in drawings(size, steps):
        for way, canvas in ways.items():
            start = time.perf_counter()
            canvas.read(drawing)
            taken[way].append(1000 * (time.perf_counter() - start))
    return {way: np.array(values[1:]) for way, values in taken.items()}  # the first is without a stroke


#: What a person waits for in the window: for the pen on the paper, for digits, and what the window can do meanwhile.
MOVE, SHOWN, STANDS = (
    "a move of the pen, until it is on the paper",
    "the pen's end, until its digits are shown",
    ("of that, the longest for which the window stands still"),
)


def in_window(size: int, steps: int, models: Path, name: str) -> Mapping[str, NDArray[np.float64]]:
    """Draw strokes in a window by the events of a pen, on a canvas that holds ``size`` digits.

    Args:
        size: digits on the canvas.
        steps: strokes that are drawn, each beside what was there.
        models: folder of the networks.
        name: of the network that reads.

    Returns:
        Milliseconds: :data:`MOVE` by event; :data:`SHOWN` and :data:`STANDS` by stroke.

    Raises:
        UserError: there is no display, or the network cannot be used.
    """
    from digits.window.main_window import MainWindow
    from digits.window.session import Session
    from digits.window.settings import Settings

    moved, shown, stood = [], [], []
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(network=name, theme="light", zoom=100)
        session = Session(MODELS, Collection(Path(folder, "mine")), settings)
        window = MainWindow(models, session, Path(folder, "settings.json"))
        try:
            _rest(window)
            if name in session.failures:
                raise UserError(session.failures[name])
            for drawing in drawings(size, steps):
                window.document.open(State(tuple(drawing[:-1])))
                window.undo()
                window.redo()  # shows it
                window.reset_view()
                _rest(window)
                moved += _moved(window, drawing[-1])
                time_taken, longest = _lifted(window, drawing[-1])
                shown.append(time_taken)
                stood.append(longest)
        finally:
            window.destroy()
    return {MOVE: np.array(moved), SHOWN: np.array(shown[1:]), STANDS: np.array(stood[1:])}  # not the first


def _rest(window: "MainWindow") -> None:
    """Let the window finish, and then rest as a hand does between two strokes."""
    end = None
    while end is None or time.perf_counter() < end:
        window.update()
        time.sleep(0.001)
        if end is None and not (window.jobs.busy or window.session.loading):
            end = time.perf_counter() + PAUSE


def _moved(window: "MainWindow", stroke: Stroke) -> list[float]:
    """Draw a stroke without its end; the milliseconds of each move."""
    taken = []
    for i, place in enumerate(pen_places(stroke)):
        x, y = map(round, window.canvas.view.to_screen(*place))
        start = time.perf_counter()
        if i:
            window.canvas.event_generate("<B1-Motion>", x=x, y=y, state=0x100)
        else:
            window.canvas.event_generate("<ButtonPress-1>", x=x, y=y)
        window.update()
        taken.append(1000 * (time.perf_counter() - start))
    return taken


def pen_places(stroke: Stroke) -> list[list[float]]:
    """The places at which a pen that draws a stroke is seen."""
    points = np.array(stroke.points)
    along = np.concatenate([[0.0], np.hypot(*np.diff(points, axis=0).T).cumsum()])
    seen = np.append(np.arange(0, along[-1], STEP), along[-1])
    places: list[list[float]] = np.stack([np.interp(seen, along, points[:, axis]) for axis in (0, 1)], axis=1).tolist()
    return places


def _lifted(window: "MainWindow", stroke: Stroke) -> tuple[float, float]:
    """End a stroke; milliseconds until its digits are shown, and the longest in which the window does nothing else."""
    x, y = map(round, window.canvas.view.to_screen(*stroke.points[-1]))
    start = time.perf_counter()
    window.canvas.event_generate("<ButtonRelease-1>", x=x, y=y, state=0x100)
    window.update()
    longest = time.perf_counter() - start
    while not window.session.up_to_date:
        time.sleep(0.0002)
        turn = time.perf_counter()
        window.update()
        longest = max(longest, time.perf_counter() - turn)
    return 1000 * (time.perf_counter() - start), 1000 * longest


def pages_a_second(pages: int, models: Path, name: str, processes: int) -> float:
    """Pages of six digits that are read in a second, with the time that processes take to start.

    Raises:
        UserError: a page cannot be read.
    """
    path = file_of(models, name)
    reader = Reader(path, Classifier(path), open_lines(models))
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder, f"{number}.png") for number in range(pages)]
        for number, path in enumerate(paths):
            Image.fromarray(page(number)).save(path)
        start = time.perf_counter()
        for _, answers in read_files(paths, reader, lambda _: (), processes):
            for answer in answers:
                if answer.error:
                    raise answer.error
        return pages / (time.perf_counter() - start)


def page(number: int) -> NDArray[np.uint8]:
    """A page of six digits, dark on light."""
    rng = np.random.default_rng(number)
    strokes = [stroke for place in range(SIX) for stroke in digit(place, rng)]
    return 255 - rasterise(strokes, 480, 160)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run with the given command line. Returns the exit code."""
    return command_line.run("benchmarks.latency", lambda: _work(arguments))


def _work(arguments: Sequence[str] | None) -> int:
    options = _parser().parse_args(arguments)
    if options.pages:
        rows = []
        for processes in (1, 2):
            speed = pages_a_second(options.pages, options.models, options.network, processes)
            rows.append((str(processes), f"{speed:.0f}"))
        print(markdown.table(("processes", f"pages a second, of {options.pages:,}"), rows))
        return 0
    if options.window:
        with display.wherever(), ProcessPoolExecutor(1, get_context("spawn")) as apart:  # Tk ends with its display
            waits = {
                size: apart.submit(in_window, size, options.steps, options.models, options.network).result()
                for size in options.digits
            }
        print(table_of_waits(waits))
        return 0
    network, lines = Classifier(file_of(options.models, options.network)), open_lines(options.models)
    print(table({size: latencies(size, options.steps, lines, network) for size in options.digits}))
    return 0


def table(measured: Mapping[int, Mapping[str, NDArray[np.float64]]]) -> str:
    """Milliseconds by digits and way."""
    rows = []
    for size, ways in measured.items():
        most = max(float(np.percentile(taken, 95)) for taken in ways.values())
        for way, taken in ways.items():
            faster = most / float(np.percentile(taken, 95))
            rows.append((f"{size:,}", way, *_quantiles(taken), f"{faster:.1f} ×", f"{len(taken):,}"))
    header = ("digits", "read", "median, ms", "95% within, ms", "most, ms", "faster (95%)", "strokes")
    return markdown.table(header, rows, words=(1,))


def table_of_waits(measured: Mapping[int, Mapping[str, NDArray[np.float64]]]) -> str:
    """Milliseconds by digits and what is waited for in the window."""
    rows: list[Sequence[str]] = [
        (f"{size:,}", what, *_quantiles(taken), f"{len(taken):,}")
        for size, waits in measured.items()
        for what, taken in waits.items()
    ]
    header = ("digits", "in the window", "median, ms", "95% within, ms", "most, ms", "n")
    return markdown.table(header, rows, words=(1,))


def _quantiles(taken: NDArray[np.float64]) -> list[str]:
    """Median, what 95 of 100 take at most, and the most."""
    return [f"{value:.1f}" for value in np.percentile(taken, (50, 95, 100)).tolist()]


def _parser() -> argparse.ArgumentParser:
    parser = command_line.OneLineParser(
        "python -m benchmarks.latency", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--models", type=Path, default=published.MODELS, metavar="DIR", help="the networks")
    parser.add_argument("--network", choices=MODELS, default=DEFAULT, help="that reads (default: %(default)s)")
    whole = command_line.number(int, 1)
    parser.add_argument("--digits", type=whole, nargs="+", default=SIZES, metavar="N", help="default: 10 100")
    parser.add_argument("--steps", type=whole, default=STEPS, metavar="N", help="strokes (default: %(default)s)")
    other = parser.add_mutually_exclusive_group()
    other.add_argument("--window", action="store_true", help="instead: how soon they are shown in the window")
    other.add_argument("--pages", type=whole, metavar="N", help="instead: how fast so many pages are read")
    return parser


if __name__ == "__main__":
    sys.exit(main())
