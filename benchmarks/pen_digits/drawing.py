"""Pen-drawn digits from a file to drawings on a canvas, and the segments found on them."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, TypedDict

import cv2
import msgspec
import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from digits.errors import UserError, reason
from digits.files import read_bytes
from digits.learning.archive import Gzip
from digits.learning.json_types import Digit
from digits.reading.ink import Stroke, bounds, rasterise
from digits.reading.page import to_ink
from digits.reading.segmentation import Segment, image_components, segment

WIDTH, HEIGHT = 640, 480  #: of the canvas, pixels
PEN = 8  #: diameter of the pen, pixels
SMALLEST, LARGEST = 90, 220  #: longest side of a digit, pixels
FARTHEST = 1e6  #: largest coordinate accepted from a file
MOST = 32 << 20  #: bytes of the largest file accepted, uncompressed; lists of numbers take up to forty times as much
FORMAT = '[{"digit": 0-9, "writer": int, "strokes": [[[x, y], ...], ...]}, ...]'

Image = NDArray[np.uint8]
Points = NDArray[np.float64]
Rng = np.random.Generator


Coordinate = Annotated[float, Meta(ge=-FARTHEST, le=FARTHEST)]
Point = Annotated[list[Coordinate], Meta(min_length=2, max_length=2)]


class Entry(TypedDict):
    """One pen-drawn digit. Each stroke is a list of points [x, y], y downwards, in any unit."""

    digit: Digit
    writer: int
    strokes: Annotated[list[Annotated[list[Point], Meta(min_length=1)]], Meta(min_length=1)]


Entries = Annotated[list[Entry], Meta(min_length=1)]


def open_entries(path: Path) -> list[Entry]:
    """Read pen-drawn digits from a JSON file, gzipped or not. Allocates 1.5 GB at most.

    Raises:
        UserError: the file cannot be read, or holds something else.
    """
    try:
        content = read_bytes(path, MOST)
        if content.startswith(b"\x1f\x8b"):
            packed = Gzip(content)
            content = packed.read(MOST)
            if packed.read(1):
                raise ValueError(f"it has more than {MOST >> 20} MiB once it is unpacked")
        return msgspec.json.decode(content, type=Entries)
    except (OSError, ValueError, RecursionError) as error:
        raise UserError(
            f"{path} cannot be read as pen-drawn digits ({reason(error, path)}); "
            f"give a JSON file, gzipped or not, of the form {FORMAT}"
        ) from error


def labels_of(entries: Sequence[Entry]) -> NDArray[np.uint8]:
    """The digits, shape (n,)."""
    return np.array([entry["digit"] for entry in entries], np.uint8)


def drawings(entries: Sequence[Entry], pen: float = PEN, edges: bool = False) -> Iterator[Image]:
    """Draw each digit on a canvas of its own.

    Args:
        entries: the digits; each is drawn at the same place and size with every pen.
        pen: its diameter, pixels.
        edges: whether the digits touch the canvas's edges, each in turn.
    """
    for i, entry in enumerate(entries):
        yield draw(on_canvas(entry, pen, np.random.default_rng(i), i % 4 if edges else None))


def on_canvas(entry: Entry, pen: float, rng: Rng, edge: int | None = None) -> list[Stroke]:
    """Place a digit at random on the canvas, or against its left, upper, right or lower edge (0 to 3)."""
    strokes, width, height = scaled(entry, rng.uniform(SMALLEST, LARGEST), pen)
    x, y = rng.uniform(pen, WIDTH - width - pen), rng.uniform(pen, HEIGHT - height - pen)
    if edge is not None:
        x, y = ((0, y), (x, 0), (WIDTH - 1 - width, y), (x, HEIGHT - 1 - height))[edge]
    return moved(strokes, x, y)


def scaled(entry: Entry, size: float, pen: float) -> tuple[list[Stroke], float, float]:
    """A digit whose longest side is ``size`` pixels and whose box starts at (0, 0), with its width and height."""
    lines = [np.asarray(line, np.float64) for line in entry["strokes"]]
    points = np.concatenate(lines)
    low, extent = points.min(axis=0), np.ptp(points, axis=0)
    scale = size / max(*extent, 1)
    strokes = [stroke((line - low) * scale, pen) for line in lines]
    return strokes, float(extent[0] * scale), float(extent[1] * scale)


def stroke(points: Points, pen: float = PEN) -> Stroke:
    """Points, shape (n, 2), as a stroke."""
    return Stroke(tuple((float(x), float(y)) for x, y in points), pen)


def moved(strokes: Sequence[Stroke], x: float, y: float) -> list[Stroke]:
    """Strokes moved by (x, y) pixels."""
    return [Stroke(tuple((px + x, py + y) for px, py in line.points), line.width) for line in strokes]


def number(entries: Sequence[Entry], gap: tuple[float, float], rng: Rng) -> tuple[str, list[Stroke]]:
    """Put three to six of the digits in a row.

    Args:
        entries: to choose from.
        gap: least and greatest distance between the boxes of neighbours, in units of the digits' size.
        rng: chooses.

    Returns:
        The number and its strokes.
    """
    size, x, text = rng.uniform(SMALLEST, LARGEST), 40.0, ""
    strokes: list[Stroke] = []
    for _ in range(rng.integers(3, 7)):
        entry = entries[int(rng.integers(len(entries)))]
        digit, width, height = scaled(entry, size * rng.uniform(0.88, 1.12), PEN)
        strokes += moved(digit, x, LARGEST * 1.2 - height / 2 + rng.uniform(-0.08, 0.08) * size)
        x += width + PEN + rng.uniform(*gap) * size
        text += str(entry["digit"])
    return text, strokes


def draw(strokes: Sequence[Stroke]) -> Image:
    """Draw white ink on a black canvas."""
    return rasterise(strokes, WIDTH, HEIGHT)


def draw_wide(strokes: Sequence[Stroke]) -> Image:
    """Draw on a canvas that is as wide as the strokes need."""
    left, _, width, _ = bounds(strokes)
    return rasterise(strokes, left + width + 40, HEIGHT + 60)


def segments_of(image: Image) -> list[Segment]:
    """What ``--image`` finds on a picture of a drawing."""
    return segment(image_components(to_ink(cv2.cvtColor(image, cv2.COLOR_GRAY2RGB))))
