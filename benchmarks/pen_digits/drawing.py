"""People's handwriting to drawings: characters and numbers as strokes, and strokes as a picture of the canvas."""

from collections.abc import Iterator, Mapping, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from digits.learning.handwriting import Character
from digits.line_image import NO_DIGIT
from digits.reading.ink import Stroke, bounds, rasterise
from digits.reading.photograph import ink_of
from digits.reading.segmentation import Components

WIDTH, HEIGHT = 640, 480  #: of the canvas, pixels
PEN = 8  #: diameter of the pen, pixels
SMALLEST, LARGEST = 90, 220  #: longest side of a single character, pixels

LENGTHS = (2, 6)  #: digits of a number
HEIGHTS = (60, 160)  #: of its digits, pixels
THIN, THICK, AT = 3, 14, 110  #: pens of a number, pixels, at this height of its digits; larger digits have thicker ones
SIZES, UP_DOWN = 0.1, 0.06  #: by how much its digits differ in size and place, as a share of their height
FLAT = 0.6  #: a digit is as high as it is, or this share of its width if that is more
ENOUGH = 10  #: digits that a writer must have written for numbers to be put together from them
MARGIN = 40  #: of paper around a number, pixels

Image = NDArray[np.uint8]
Points = NDArray[np.floating]
Rng = np.random.Generator
Gap = tuple[float, float]


def labels_of(characters: Sequence[Character]) -> NDArray[np.uint8]:
    """The digits, shape (n,)."""
    return np.array([character.label for character in characters], np.uint8)


def on_canvases(
    characters: Sequence[Character], first: int = 0, pen: float = PEN, edges: bool = False
) -> Iterator[list[Stroke]]:
    """The strokes of each character on a canvas of its own.

    Args:
        characters: each is drawn at the same place and size with every pen.
        first: number of the first of them, which with those that follow decides their places and sizes.
        pen: its diameter, pixels.
        edges: whether they touch the canvas's edges, each in turn.
    """
    for i, character in enumerate(characters, first):
        yield on_canvas(character, pen, np.random.default_rng(i), i % 4 if edges else None)


def on_canvas(character: Character, pen: float, rng: Rng, edge: int | None = None) -> list[Stroke]:
    """Place a character at random on the canvas, or against its left, upper, right or lower edge (0 to 3)."""
    low, extent = box_of(character)
    scale = rng.uniform(SMALLEST, LARGEST) / max(*extent, 1)
    width, height = extent * scale
    x, y = rng.uniform(pen, WIDTH - width - pen), rng.uniform(pen, HEIGHT - height - pen)
    if edge is not None:
        x, y = ((0, y), (x, 0), (WIDTH - 1 - width, y), (x, HEIGHT - 1 - height))[edge]
    return [stroke((line - low) * scale + (x, y), pen) for line in character.strokes]


def box_of(character: Character) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The left upper corner of a character's strokes, and their width and height."""
    points = np.concatenate(character.strokes).astype(np.float64)
    low = points.min(axis=0)
    return low, points.max(axis=0) - low


def stroke(points: Points, pen: float = PEN) -> Stroke:
    """Points, shape (n, 2), as a stroke."""
    return Stroke(tuple((float(x), float(y)) for x, y in points), pen)


def hands(by_writer: Mapping[str, Sequence[Character]]) -> list[list[Character]]:
    """The digits of each writer who has written enough for numbers."""
    digits = ([one for one in characters if one.label != NO_DIGIT] for characters in by_writer.values())
    return [own for own in digits if len(own) >= ENOUGH]


def number(hand: Sequence[Character], gap: Gap, rng: Rng) -> tuple[str, list[Stroke]]:
    """Put digits by one writer in a row.

    Args:
        hand: the writer's digits.
        gap: least and greatest distance between the ink of neighbours' boxes, in units of the digits' height; below 0
            for boxes that overlap.
        rng: chooses.

    Returns:
        The number and its strokes.
    """
    size, x, text = rng.uniform(*HEIGHTS), float(MARGIN), ""
    pen = float(rng.uniform(THIN, THICK) * size / AT)
    strokes: list[Stroke] = []
    for _ in range(rng.integers(LENGTHS[0], LENGTHS[1] + 1)):
        character = hand[int(rng.integers(len(hand)))]
        low, extent = box_of(character)
        scale = size * rng.uniform(1 - SIZES, 1 + SIZES) / max(extent[1], FLAT * extent[0], 1)
        width, height = extent * scale
        y = MARGIN + size + rng.uniform(-UP_DOWN, UP_DOWN) * size - height / 2
        strokes += [stroke((line - low) * scale + (x, y), pen) for line in character.strokes]
        x += width + pen + rng.uniform(*gap) * size
        text += str(character.label)
    return text, strokes


def draw(strokes: Sequence[Stroke]) -> Image:
    """Draw white ink on a black canvas."""
    return rasterise(strokes, WIDTH, HEIGHT)


def draw_wide(strokes: Sequence[Stroke]) -> Image:
    """Draw on a canvas that is as large as the strokes need."""
    left, top, width, height = bounds(strokes)
    return rasterise(strokes, left + width + MARGIN, top + height + MARGIN)


def components_of(image: Image) -> Components:
    """The pieces of ink that ``--image`` finds on a picture of a drawing."""
    return ink_of(np.asarray(cv2.cvtColor(image, cv2.COLOR_GRAY2RGB), np.uint8)).components
