"""Photographs of pages with numbers that people have written: paper, pen, light, lens and desk, each as wanted."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
import PIL.Image
from numpy.typing import NDArray

from benchmarks.pen_digits.drawing import number
from digits.learning.handwriting import Character
from digits.reading.ink import Stroke, bounds, rasterise
from digits.reading.page import open_image

Image = NDArray[np.uint8]
Picture = NDArray[np.float32]
Rng = np.random.Generator
Range = tuple[float, float]

LINES = 4  #: numbers on a page, one on each line
GAP: Range = (0.08, 0.35)  #: between the boxes of a number's digits, in units of their height
MM = 1 / 210  #: of a page that is as wide as a sheet of A4, in units of its width
PAPERS = ((250, 249, 245), (240, 234, 218), (228, 232, 238), (252, 244, 190))
PENS: dict[str, tuple[int, int, int]] = {
    "black": (28, 28, 34),
    "blue": (35, 52, 140),
    "red": (186, 30, 42),
    "green": (20, 105, 62),
}
DESKS = ((74, 52, 38), (48, 50, 54), (120, 92, 66), (28, 26, 27))
FOCAL = 1.3  #: distance of the lens from a page, in units of its width


@dataclass(frozen=True)
class Look:
    """How a page looks, and how it is photographed.

    Attributes:
        paper: "plain", "ruled", "squared", "table", "form" (a box for each digit), "frame" or "underlined".
        height: of the digits, in units of the page's width.
        pen: its width in units of the digits' height.
        ink: a colour of ``PENS``, "pencil", or "any".
        megapixels: of the photograph.
        light: how much darker the darkest corner is, of 1.
        shadow: how much darker a shadow with an edge is.
        vignette: how much darker the corners are.
        blur: standard deviation in units of the pen's width.
        noise: standard deviation in grey levels.
        quality: of the JPEG; None for none.
        tilt: of the camera, degrees, to each side and up or down.
        turn: of the camera, degrees.
        desk: share of the picture's width that is desk, at each side.
    """

    paper: str = "plain"
    height: Range = (0.05, 0.08)
    pen: Range = (0.06, 0.12)
    ink: str = "black"
    megapixels: Range = (2, 2)
    light: float = 0
    shadow: float = 0
    vignette: float = 0
    blur: Range = (0, 0)
    noise: float = 1.5
    quality: tuple[int, int] | None = None
    tilt: float = 0
    turn: float = 0
    desk: Range = (0, 0)


CLEAN = Look(noise=0)
CONDITIONS: dict[str, Look] = {
    "clean": CLEAN,
    "ruled": Look("ruled"),
    "squared": Look("squared"),
    "table": Look("table"),
    "form": Look("form"),
    "frame": Look("frame"),
    "underlined": Look("underlined"),
    "light": Look(light=0.55),
    "shadow": Look(shadow=0.45),
    "vignette": Look(vignette=0.6),
    "blur": Look(blur=(0.3, 0.6)),
    "noise": Look(noise=9),
    "JPEG 40-90": Look(quality=(40, 90)),
    "perspective": Look(tilt=25),
    "turned": Look(turn=15),
    "desk": Look(desk=(0.06, 0.16), turn=4),
    "pencil": Look(ink="pencil", pen=(0.04, 0.08)),
    "thin pen": Look(pen=(0.012, 0.03)),
    "marker": Look(pen=(0.16, 0.24), ink="any"),
    "coloured pens": Look(ink="any"),
    "0.3 megapixels": Look(megapixels=(0.3, 0.3)),
    "12 megapixels": Look(megapixels=(12, 12)),
}
MIXED_PAPERS = ("plain", "plain", "ruled", "squared", "form")


def mixed(rng: Rng) -> Look:
    """A page as people photograph them: all at once, each as strong as it happens to be."""
    plain = bool(rng.random() < 0.5)
    return Look(
        paper=str(rng.choice(MIXED_PAPERS)),
        ink="pencil" if rng.random() < 0.2 else "any",
        pen=(0.05, 0.14),
        megapixels=(0.7, 8),
        light=float(rng.uniform(0, 0.45)),
        shadow=float(rng.choice([0, rng.uniform(0.1, 0.4)])),
        vignette=float(rng.uniform(0, 0.4)),
        blur=(0.0, 0.4),
        noise=float(rng.uniform(1, 6)),
        quality=(40, 90),
        tilt=float(rng.uniform(0, 20)),
        turn=float(rng.uniform(0, 6)),
        desk=(0, 0) if plain else (0.04, 0.12),
    )


@dataclass(frozen=True)
class PageImage:
    """A photograph of a page.

    Attributes:
        image: ``uint8``, shape (height, width, 3), RGB.
        ink: as it was drawn, of the same size, bright on 0: ``uint8``, shape (height, width).
        numbers: what is written, from top to bottom.
    """

    image: Image
    ink: Image
    numbers: tuple[str, ...]


def photograph(hands: Sequence[Sequence[Character]], look: Look, writing: Rng, rng: Rng) -> PageImage:
    """Write numbers on a page and photograph it.

    Args:
        hands: the digits of each writer; each number is by one.
        look: how it looks.
        writing: chooses the numbers.
        rng: chooses all else.
    """
    megapixels = float(np.exp(rng.uniform(*np.log(look.megapixels))))
    height = round((megapixels * 1e6 / 1.25) ** 0.5)
    width = round(1.25 * height)
    size = width * float(rng.uniform(*look.height))
    pen = size * float(rng.uniform(*look.pen))
    numbers, strokes, boxes = _written(hands, (width, height), size, pen, writing, rng)
    page = np.empty((height, width, 3), np.float32)
    page[:] = PAPERS[rng.integers(len(PAPERS))] if look.paper != "form" else PAPERS[0]
    _print(page, look.paper, boxes, size, rng)
    ink = rasterise(strokes, width, height)
    _ink(page, ink, look, pen, rng)
    page = _seen(page, look, rng)
    lit = _lit(page, look, rng)
    blur = pen * float(rng.uniform(*look.blur))
    if blur > 0.1:
        lit = cv2.GaussianBlur(lit, (0, 0), blur)
    lit += rng.normal(0, look.noise, lit.shape).astype(np.float32) if look.noise else 0
    image = np.clip(lit, 0, 255).astype(np.uint8)
    if look.quality:
        coded = io.BytesIO()
        quality = int(rng.integers(look.quality[0], look.quality[1] + 1))
        PIL.Image.fromarray(image).save(coded, "JPEG", quality=quality)
        image = open_image(coded.getvalue(), "a page")
    return PageImage(image, ink, numbers)


Boxes = list[list[tuple[float, float, float, float]]]  #: by number and digit: left, top, right, bottom


def _written(
    hands: Sequence[Sequence[Character]], shape: tuple[int, int], size: float, pen: float, writing: Rng, rng: Rng
) -> tuple[tuple[str, ...], list[Stroke], Boxes]:
    (width, height), numbers, strokes, boxes = shape, [], [], []
    room = height / LINES
    for line in range(LINES):
        text, drawn = number(hands[int(writing.integers(len(hands)))], GAP, writing)
        left, top, across, down = bounds(drawn)
        scale = min(size / max(_usual_height(drawn), 1), 0.8 * width / across, 0.7 * room / down)
        x = rng.uniform(0.06 * width, max(0.94 * width - across * scale, 0.07 * width))
        y = line * room + (room - down * scale) * rng.uniform(0.35, 0.65)
        placed = [
            Stroke(tuple(map(tuple, ((stroke.path - (left, top)) * scale + (x, y)).tolist())), pen) for stroke in drawn
        ]
        numbers.append(text)
        strokes += placed
        boxes.append(_digit_boxes(placed))
    return tuple(numbers), strokes, boxes


def _usual_height(strokes: Sequence[Stroke]) -> float:
    heights = [float(np.ptp(stroke.path[:, 1])) for stroke in strokes]
    return float(np.median([height for height in heights if height > 0] or [1.0]))


def _digit_boxes(strokes: Sequence[Stroke]) -> list[tuple[float, float, float, float]]:
    """Boxes around what stands above each other, from left to right."""
    edges = sorted(stroke.edges for stroke in strokes)
    found: list[tuple[float, float, float, float]] = []
    for left, top, right, bottom in edges:
        if found and left < found[-1][2]:
            a, b, c, d = found[-1]
            found[-1] = a, min(b, top), max(c, right), max(d, bottom)
        else:
            found.append((left, top, right, bottom))
    return found


def _print(page: Picture, paper: str, boxes: Boxes, size: float, rng: Rng) -> None:
    """Print, or rule, what is on the paper before anybody writes there."""
    height, width = page.shape[:2]
    thin = max(1.0, 0.35 * MM * width)
    lines: list[tuple[float, ...]] = []
    colour, thick = (150, 170, 205), thin
    if paper in ("ruled", "squared"):
        step = (8 if paper == "ruled" else 5) * MM * width * float(rng.uniform(0.9, 1.3))
        lines += [(0, y, width, y) for y in np.arange(step * rng.uniform(0.3, 1), height, step).tolist()]
        if paper == "squared":
            lines += [(x, 0, x, height) for x in np.arange(step * rng.uniform(0.3, 1), width, step).tolist()]
    elif paper == "table":
        colour, thick = (40, 40, 46), thin * float(rng.uniform(1, 2.2))
        ends = [min(min(box[1] for box in line) for line in boxes), max(max(box[3] for box in line) for line in boxes)]
        middles = [
            (max(box[3] for box in above) + min(box[1] for box in below)) / 2 for above, below in pairwise(boxes)
        ]
        top, bottom = max(ends[0] - 0.4 * size, 2), min(ends[1] + 0.4 * size, height - 3)
        left = max(min(line[0][0] for line in boxes) - 0.5 * size, 2)
        right = min(max(line[-1][2] for line in boxes) + 0.5 * size, width - 3)
        tilt = float(rng.uniform(-0.01, 0.01)) * width
        lines += [(left, y, right, y + tilt) for y in (top, *middles, bottom)]
        lines += [(x, top, x, bottom) for x in (left, right)]
    elif paper == "form":
        colour, thick = (60, 60, 66), thin * float(rng.uniform(1, 2))
        for line in boxes:
            top, bottom = min(box[1] for box in line) - 0.2 * size, max(box[3] for box in line) + 0.2 * size
            between = [(a[2] + b[0]) / 2 for a, b in pairwise(line)]
            xs = [line[0][0] - 0.25 * size, *between, line[-1][2] + 0.25 * size]
            lines += [(xs[0], y, xs[-1], y) for y in (top, bottom)] + [(x, top, x, bottom) for x in xs]
    elif paper == "frame":
        colour, thick = (20, 20, 24), thin * float(rng.uniform(0.6, 3))
        inset = float(rng.choice([0, rng.uniform(0.005, 0.03)])) * width
        lines += [(inset, y, width - 1 - inset, y) for y in (inset, height - 1 - inset)]
        lines += [(x, inset, x, height - 1 - inset) for x in (inset, width - 1 - inset)]
    elif paper == "underlined":
        colour, thick = (28, 28, 34), thin * float(rng.uniform(1.5, 3))
        for line in boxes:
            y = max(box[3] for box in line) + size * float(rng.uniform(0.12, 0.35))
            slope = float(rng.uniform(-0.03, 0.03)) * (line[-1][2] - line[0][0])
            lines.append((line[0][0] - 0.2 * size, y - slope / 2, line[-1][2] + 0.2 * size, y + slope / 2))
    if lines:
        drawn = rasterise([Stroke(((x, y), (x2, y2)), thick) for x, y, x2, y2 in lines], width, height)
        _cover(page, drawn.astype(np.float32) / np.float32(255), colour)


def _cover(page: Picture, alpha: Picture, colour: tuple[int, int, int]) -> None:
    for channel, value in enumerate(colour):
        page[..., channel] += alpha * (value - page[..., channel])


def _ink(page: Picture, ink: Image, look: Look, pen: float, rng: Rng) -> None:
    alpha: Picture = ink.astype(np.float32) / np.float32(255)
    if look.ink == "pencil":
        grain = rng.normal(0, 1, ink.shape).astype(np.float32)
        grain = cv2.GaussianBlur(grain, (0, 0), max(0.6, 0.12 * pen))
        grain /= max(float(grain.std()), 1e-6)
        grey = np.clip(np.float32(rng.uniform(0.45, 0.7)) + np.float32(0.15) * grain, 0.15, 1)
        _cover(page, alpha * grey, (60, 60, 64))
        return
    name = look.ink if look.ink != "any" else str(rng.choice([*PENS]))
    _cover(page, alpha * np.float32(rng.uniform(0.85, 1)), PENS[name])


def _seen(page: Picture, look: Look, rng: Rng) -> Picture:
    """The page as a camera sees it, on its desk if it is on one."""
    if not (look.tilt or look.turn or look.desk[1]):
        return page
    height, width = page.shape[:2]
    pitch, yaw = np.radians(rng.uniform(-look.tilt, look.tilt, 2))
    roll = np.radians(rng.uniform(-look.turn, look.turn))
    corners = np.array([[-width, -height], [width, -height], [width, height], [-width, height]]) / 2
    about_x = np.array([[1, 0, 0], [0, np.cos(pitch), -np.sin(pitch)], [0, np.sin(pitch), np.cos(pitch)]])
    about_y = np.array([[np.cos(yaw), 0, np.sin(yaw)], [0, 1, 0], [-np.sin(yaw), 0, np.cos(yaw)]])
    about_z = np.array([[np.cos(roll), -np.sin(roll), 0], [np.sin(roll), np.cos(roll), 0], [0, 0, 1]])
    there = np.c_[corners, np.zeros(4)] @ (about_z @ about_y @ about_x).T
    seen = there[:, :2] * (FOCAL * width / (FOCAL * width + there[:, 2:]))
    if look.desk[1]:
        margin = float(rng.uniform(*look.desk))
        low, high = seen.min(axis=0), seen.max(axis=0)
        scale = min((width, height) / (high - low)) * (1 - 2 * margin)
        seen = (seen - (low + high) / 2) * scale
        background = DESKS[rng.integers(len(DESKS))]
    else:  # the paper goes on
        red, green, blue = (int(value) for value in np.median(page[::7, ::7].reshape(-1, 3), axis=0))
        background = red, green, blue
        scale = min((width, height) / (seen.max(axis=0) - seen.min(axis=0)))
        seen *= scale
    placed = (seen + np.array([width / 2, height / 2])).astype(np.float32)
    given = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    matrix = cv2.getPerspectiveTransform(given, placed)
    picture: Picture = np.empty_like(page)
    picture[:] = background
    if look.desk[1]:
        texture = cv2.GaussianBlur(rng.normal(0, 1, (height, width)).astype(np.float32), (0, 0), 9, sigmaY=1.5)
        picture += (7 * texture / max(float(texture.std()), 1e-6))[..., np.newaxis]
    inside = cv2.warpPerspective(np.ones((height, width), np.float32), matrix, (width, height), flags=cv2.INTER_AREA)
    warped = cv2.warpPerspective(page, matrix, (width, height), flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE)
    picture += (warped - picture) * inside[..., np.newaxis]
    return picture


def _lit(page: Picture, look: Look, rng: Rng) -> Picture:
    height, width = page.shape[:2]
    y, x = np.mgrid[:height, :width].astype(np.float32)
    x, y = x / width - 0.5, y / height - 0.5
    light = np.ones((height, width), np.float32)
    if look.light:
        angle = rng.uniform(0, 2 * np.pi)
        light *= 1 - look.light * np.clip(0.5 + (x * np.cos(angle) + y * np.sin(angle)) / 1.4, 0, 1)
    if look.vignette:
        light *= 1 - look.vignette * (x * x + y * y) * 2
    if look.shadow:
        angle, offset = rng.uniform(0, 2 * np.pi), rng.uniform(-0.25, 0.25)
        softness = rng.uniform(0.01, 0.05)
        across = x * np.cos(angle) + y * np.sin(angle) - offset
        light *= 1 - look.shadow / (1 + np.exp(-np.clip(across / softness, -30, 30)))
    lit: Picture = page * light[..., np.newaxis]
    return lit


def looks(condition: str, rng: Rng) -> Look:
    """The look of a page of a condition of ``CONDITIONS``, or of "mixed"."""
    return mixed(rng) if condition == "mixed" else CONDITIONS[condition]
