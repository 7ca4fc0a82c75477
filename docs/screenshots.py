"""Takes the pictures for the documentation from the real window: ``python -m docs.screenshots``.

Needs Xvfb and, for good-looking text, a good font. On Debian and Ubuntu:
``sudo apt install xvfb fonts-inter``.
"""

import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from itertools import count
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageGrab

from benchmarks import display
from digits.command_line import OneLineParser, print_anything, run
from digits.files import replacing
from digits.networks import DEFAULT, MODELS
from digits.reading.collection import Collection
from digits.reading.ink import Stroke, rasterise
from digits.window.main_window import MainWindow
from digits.window.session import Session
from digits.window.settings import Settings
from tests.handwriting import Points, between, curve, strokes

HERE = Path(__file__).resolve().parent
FILES = HERE.parent / "models"
SIZE = (1180, 720)
GIF_WIDTH = 940
FRAME = 40  #: ms between two frames of the animation


class Studio:
    """A window to draw in and to photograph."""

    def __init__(
        self,
        folder: Path,
        theme: str,
        network: str = DEFAULT,
        pen: int = 14,
        size: tuple[int, int] = SIZE,
        zoom: int = 100,
    ) -> None:
        """Open a window.

        Args:
            folder: for its settings and its collection.
            theme: "light" or "dark".
            network: the chosen network.
            pen: the pen's diameter in logical pixels.
            size: (width, height) of the window, screen pixels.
            zoom: size of everything in it, percent.
        """
        settings = Settings(theme=theme, zoom=zoom, network=network, pen=pen)
        session = Session(MODELS, Collection(folder / "my handwriting"), settings)
        self.window = MainWindow(FILES, session, folder / "settings.json")
        self.window.geometry(f"{size[0]}x{size[1]}+0+0")
        self.pause(0.5)
        self.settle()

    def pause(self, seconds: float) -> None:
        """Process the window's events for a while."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.window.update()
            time.sleep(0.005)

    def settle(self) -> None:
        """Wait until no job is running."""
        while self.window.jobs.busy:
            self.pause(0.02)
        self.pause(0.1)

    def draw(self, points: Points, each: Callable[[], None] = lambda: None) -> None:
        """Draw a stroke, calling ``each`` after every point."""
        canvas = self.window.canvas
        screen = [(round(x), round(y)) for x, y in points]
        canvas.event_generate("<ButtonPress-1>", x=screen[0][0], y=screen[0][1])
        for x, y in screen[1:]:
            canvas.event_generate("<B1-Motion>", x=x, y=y, state=0x100)
            each()
        canvas.event_generate("<ButtonRelease-1>", x=screen[-1][0], y=screen[-1][1], state=0x100)
        self.window.update()

    def write(self, number: list[Points]) -> None:
        """Draw strokes and wait until they are read."""
        for points in number:
            self.draw(points)
        self.settle()

    def press(self, key: str) -> None:
        """Press a key and wait for the effect."""
        self.window.canvas.focus_force()
        self.window.update()
        self.window.canvas.event_generate(key)
        self.settle()

    def photograph(self) -> Image.Image:
        """The window with its menu bar: everything to the left of and above its lower right corner."""
        self.window.update()
        right = self.window.winfo_rootx() + self.window.winfo_width()
        bottom = self.window.winfo_rooty() + self.window.winfo_height()
        return ImageGrab.grab(xdisplay=os.environ["DISPLAY"]).crop((0, 0, right, bottom))

    def keep(self, name: str) -> None:
        """Save a picture of the window as it is once the pen has rested."""
        self.pause(0.6)
        with replacing(HERE / name) as temporary:
            self.photograph().quantize(256, dither=Image.Dither.NONE).save(temporary, format="PNG", optimize=True)

    def close(self) -> None:
        """Close the window without asking about unsaved strokes."""
        self.window.destroy()


def light(folder: Path) -> None:
    """Four digits, one of them selected, with the evidence for it."""
    studio = Studio(folder, "light")
    studio.write(strokes("4072", 70, 190, 210, gap=0.32, seed=3))
    studio.press("<Key-Tab>")
    studio.press("<Key-w>")
    studio.keep("window-light.png")
    studio.close()


def dark(folder: Path) -> None:
    """Two lines of digits, one of them confirmed, and a rejected scribble."""
    studio = Studio(folder, "dark", pen=11)
    studio.write(strokes("31415", 60, 90, 150, gap=0.36, seed=5))
    studio.write(strokes("926", 60, 350, 150, gap=0.36, seed=6))
    studio.write([SCRIBBLE])
    studio.press("<Key-Tab>")
    studio.press("<Key-Return>")
    studio.press("<Key-Escape>")
    studio.keep("window-dark.png")
    studio.close()


def compare(folder: Path) -> None:
    """The networks compared, on ambiguous digits."""
    studio = Studio(folder, "light")
    studio.write(strokes("2586", 70, 90, 190, gap=0.36, seed=8))
    doubtful = (("1", "2", 0.35), ("1", "9", 0.55), ("2", "7", 0.6), ("9", "0", 0.4))
    studio.write([between(a, b, share, 80 + 165 * i, 370, 190) for i, (a, b, share) in enumerate(doubtful)])
    studio.press(f"<Control-Key-{len(MODELS) + 1}>")
    studio.press("<Key-Tab>")
    studio.keep("window-compare.png")
    studio.close()


def doubtful(folder: Path) -> None:
    """Digits that might be others, the first of them selected."""
    studio = Studio(folder, "light")
    studio.write(strokes("40", 70, 90, 190, gap=0.36, seed=8))
    pairs = (("1", "2", 0.35), ("1", "9", 0.55), ("2", "7", 0.6), ("9", "0", 0.4))
    studio.write([between(a, b, share, 80 + 165 * i, 370, 190) for i, (a, b, share) in enumerate(pairs)])
    studio.press("<Key-d>")
    studio.keep("window-doubtful.png")
    studio.close()


def many(folder: Path) -> None:
    """Ninety-six digits in eight lines."""
    studio = Studio(folder, "light", pen=5)
    for line in range(8):
        for points in strokes("314159265358", 30, 16 + 70 * line, 36, gap=0.75, seed=30 + line):
            studio.draw(points)
    studio.settle()
    studio.keep("window-many.png")
    studio.close()


def small(folder: Path) -> None:
    """A small window, whose panel lies below the paper."""
    studio = Studio(folder, "light", pen=12, size=(800, 600))
    studio.write(strokes("4072", 50, 60, 150, gap=0.4, seed=3))
    studio.press("<Key-Tab>")
    studio.keep("window-small.png")
    studio.close()


def large(folder: Path) -> None:
    """Everything twice as large, on a screen of 1600 by 1000 pixels."""
    studio = Studio(folder, "dark", pen=12, size=(1600, 900), zoom=200)
    studio.write(strokes("4072", 100, 80, 300, gap=0.4, seed=3))
    studio.press("<Key-Tab>")
    studio.keep("window-large.png")
    studio.close()


def scan(folder: Path) -> None:
    """A photograph of a sheet on a desk, in uneven light, opened from a file."""
    path = folder / "photograph.jpg"
    Image.fromarray(paper()).save(path, quality=90)
    studio = Studio(folder, "light")
    studio.window.files.open_path(path)
    studio.settle()
    studio.press("<Key-Tab>")
    studio.keep("window-photograph.png")
    studio.close()


def animation(folder: Path) -> None:
    """A number being drawn and read."""
    studio = Studio(folder, "light")
    frames: list[Image.Image] = []

    def shoot() -> None:
        studio.pause(0.03)
        image = studio.photograph()
        height = round(image.height * GIF_WIDTH / image.width)
        frames.append(image.resize((GIF_WIDTH, height), Image.Resampling.LANCZOS))

    for points in strokes("4072", 70, 190, 210, gap=0.32, seed=3):
        studio.draw(points, every(4, shoot))
        for _ in range(3):
            shoot()
    studio.settle()
    studio.pause(1)  # the labels come back
    shoot()
    write_gif(HERE / "window.gif", frames)
    studio.close()


def every(n: int, action: Callable[[], None]) -> Callable[[], None]:
    """A function that calls ``action`` the first time and then every n-th time that it is called."""
    calls = count()

    def call() -> None:
        if next(calls) % n == 0:
            action()

    return call


def drawing(_: Path) -> None:
    """A drawn number as an image, for ``make demo``; needs no window."""
    written = [Stroke(tuple(points), 12) for points in strokes("4072", 40, 40, 200, gap=0.32, seed=3)]
    ink = rasterise(written, 700, 280)
    with replacing(HERE / "drawing.png") as temporary:
        Image.fromarray(255 - ink).save(temporary, format="PNG", optimize=True)


def write_gif(path: Path, frames: list[Image.Image]) -> None:
    """Save frames as an endless animation that pauses on its last frame."""
    palette = frames[-1].quantize(128)
    reduced = [frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in frames]
    durations = [FRAME] * (len(frames) - 1) + [2500]
    with replacing(path) as temporary:
        reduced[0].save(
            temporary, format="GIF", save_all=True, append_images=reduced[1:], duration=durations, loop=0, optimize=True
        )


def paper() -> NDArray[np.uint8]:
    """A synthetic photograph: a sheet of squared paper with a frame and a printed word, on a desk, seen from one side.

    Returns:
        ``uint8`` array of shape (1080, 1600, 3), RGB.
    """
    rng = np.random.default_rng(1)
    width, height = 1600, 1080
    sheet = np.full((height, width, 3), (244, 241, 232), np.float32)
    sheet[::54] = sheet[:, ::54] = (206, 216, 228)
    cv2.rectangle(sheet, (70, 70), (width - 70, height - 70), (40, 40, 46), 5)
    cv2.putText(sheet, "Pump", (1190, 600), cv2.FONT_HERSHEY_DUPLEX, 2.6, (40, 40, 46), 5, cv2.LINE_AA)
    written = [
        *strokes("31415", 240, 200, 230, gap=0.42, seed=21),
        *strokes("92653", 250, 610, 230, gap=0.42, seed=22),
    ]
    ink = rasterise([Stroke(tuple(points), 13) for points in written], width, height)
    share = cv2.GaussianBlur(ink, (5, 5), 0)[..., np.newaxis] / 255 * 0.9
    sheet = sheet * (1 - share) + np.array((38, 44, 92), np.float32) * share
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    seen = np.array([[190, 60], [1350, 110], [1500, 1000], [110, 1020]], np.float32)
    matrix = cv2.getPerspectiveTransform(corners, seen)
    inside = cv2.warpPerspective(np.ones((height, width), np.float32), matrix, (width, height))[..., np.newaxis]
    grain = cv2.GaussianBlur(rng.normal(0, 90, (height, width)).astype(np.float32), (0, 0), 14, sigmaY=1.2)
    desk = np.array((92, 66, 46), np.float32) + grain[..., np.newaxis]
    page = desk * (1 - inside) + cv2.warpPerspective(sheet, matrix, (width, height)) * inside
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    lit = 1.02 - 0.38 * (x / width) - 0.16 * (y / height)
    shadow = 1 - 0.35 / (1 + np.exp(-(x + 0.5 * y - 1350) / 40))
    page = page * (lit * shadow)[..., np.newaxis]
    page += cv2.GaussianBlur(rng.normal(0, 9, page.shape).astype(np.float32), (3, 3), 0)
    photograph: NDArray[np.uint8] = np.clip(page, 0, 255).astype(np.uint8)
    return photograph


SCRIBBLE = curve([(480, 430), (512, 355), (538, 510), (564, 355), (590, 510), (616, 370)]).tolist()


PICTURES: dict[str, Callable[[Path], None]] = {
    "light": light,
    "dark": dark,
    "compare": compare,
    "doubtful": doubtful,
    "many": many,
    "small": small,
    "large": large,
    "photograph": scan,
    "gif": animation,
    "drawing": drawing,
}


def take(names: Sequence[str]) -> int:
    """Take pictures by their names in :data:`PICTURES`; returns the exit code.

    Raises:
        UserError: there is no display.
    """
    with display.virtual(), tempfile.TemporaryDirectory() as folder:
        for name in names:
            (Path(folder) / name).mkdir()
            PICTURES[name](Path(folder) / name)
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Take all pictures, or those that are named. Returns the exit code."""
    print_anything()
    parser = OneLineParser("python -m docs.screenshots", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"from {', '.join(PICTURES)}; default: all")
    names = parser.parse_args(arguments).names or list(PICTURES)
    if unknown := [name for name in names if name not in PICTURES]:
        parser.error(f"no picture is called {', '.join(unknown)}; there are {', '.join(PICTURES)}")
    return run("docs.screenshots", lambda: take(names))


if __name__ == "__main__":
    sys.exit(main())
