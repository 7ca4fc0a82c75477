"""Photographs, scans and forms, drawn: what people have on paper, one fault of each at a time."""

import io
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
import PIL.Image
from numpy.typing import NDArray

from digits.reading.ink import Stroke, rasterise
from digits.reading.page import open_image
from tests.reading.conftest import on_paper, picture, written

Image = NDArray[np.uint8]

INK = (40, 42, 50)
PAPER = (236, 233, 224)
DESK = (70, 52, 40)


@dataclass(frozen=True)
class Scene:
    """A picture, and what is written on it, with spaces and line breaks."""

    image: Image
    text: str


def number(text: str, seed: int, height: float = 90, pen: float = 7) -> Image:
    """A number as white ink on black."""
    return picture(written(text, height, pen, seed), margin=0)


def paper(height: int, width: int, colour: tuple[int, int, int] = PAPER) -> Image:
    """Blank paper."""
    page = np.empty((height, width, 3), np.uint8)
    page[:] = colour
    return page


def put(page: Image, ink: Image, x: int, y: int, colour: tuple[int, int, int] = INK, share: float = 1.0) -> None:
    """Draw ink on a page, with its left upper corner at a place."""
    part = page[y : y + ink.shape[0], x : x + ink.shape[1]]
    alpha = share * ink[: part.shape[0], : part.shape[1], np.newaxis] / 255
    part[:] = (part * (1 - alpha) + np.array(colour) * alpha).astype(np.uint8)


def line(page: Image, start: tuple[float, float], end: tuple[float, float], width: float = 3,
         colour: tuple[int, int, int] = INK) -> None:  # fmt: skip
    """Draw a straight line."""
    put(page, rasterise([Stroke((start, end), width)], page.shape[1], page.shape[0]), 0, 0, colour)


def noisy(page: Image, deviation: float = 3, seed: int = 0) -> Image:
    """A page with the noise of a camera."""
    noise = np.random.default_rng(seed).normal(0, deviation, page.shape)
    return np.clip(page + noise, 0, 255).astype(np.uint8)


def compressed(page: Image, quality: int) -> Image:
    """A page as a JPEG keeps it, with its colours at half the resolution."""
    coded = io.BytesIO()
    PIL.Image.fromarray(page).save(coded, "JPEG", quality=quality, subsampling="4:2:0")
    return open_image(coded.getvalue(), "a page")


def shaded(page: Image, darkest: float = 0.5) -> Image:
    """A page lit from one corner, with the shadow of a hand that has an edge."""
    y, x = (axis / max(axis.max(), 1) for axis in np.mgrid[: page.shape[0], : page.shape[1]])
    light = 1 - (1 - darkest) * (0.6 * x + 0.4 * y)
    light *= 1 - 0.35 / (1 + np.exp(np.clip((y + 0.4 * x - 0.8) / 0.02, -30, 30)))
    lit: Image = (page * light[..., np.newaxis]).astype(np.uint8)
    return lit


def on_desk(sheet: Image, margin: int = 90, turn: float = 4, tilt: float = 0.06, desk: tuple[int, int, int] = DESK,
            seed: int = 0) -> Image:  # fmt: skip
    """A sheet on a desk, turned by some degrees and seen from one side."""
    height, width = sheet.shape[:2]
    size = width + 2 * margin, height + 2 * margin
    given = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    cos, sin = np.cos(np.radians(turn)), np.sin(np.radians(turn))
    there = (given - (width / 2, height / 2)) @ np.array([[cos, sin], [-sin, cos]]) * 0.96
    there[:2, 0] *= 1 - 2 * tilt
    matrix = cv2.getPerspectiveTransform(given, (there + np.array(size) / 2).astype(np.float32))
    back = paper(size[1], size[0], desk)
    grain = cv2.GaussianBlur(np.random.default_rng(seed).normal(0, 60, size[::-1]), (0, 0), 8, sigmaY=1)
    back = np.clip(back + grain[..., np.newaxis], 0, 255).astype(np.uint8)
    inside = cv2.warpPerspective(np.full((height, width), 255, np.uint8), matrix, size)[..., np.newaxis] / 255
    seen = cv2.warpPerspective(sheet, matrix, size, borderMode=cv2.BORDER_REPLICATE)
    whole: Image = (back * (1 - inside) + seen * inside).astype(np.uint8)
    return whole


def note(text: str, seed: int, pen: float = 7, height: float = 90, colour: tuple[int, int, int] = INK) -> Image:
    """A note of one line, with room around it."""
    ink = number(text, seed, height, pen)
    page = paper(ink.shape[0] + 220, ink.shape[1] + 260)
    put(page, ink, 120, 110, colour)
    return page


def _thin(seed: int) -> Scene:
    page = paper(620, 1500)
    put(page, number("4726", seed, height=400, pen=2), 60, 100)
    return Scene(noisy(page), "4726")


def _pencil(seed: int) -> Scene:
    page = paper(900, 1200)
    ink = number("35218", seed, height=110, pen=6)
    grain = cv2.GaussianBlur(np.random.default_rng(seed).normal(0, 1, ink.shape), (0, 0), 1)
    put(page, (ink * np.clip(0.75 + 0.5 * grain, 0.3, 1)).astype(np.uint8), 200, 300, (110, 110, 114), 0.6)
    return Scene(noisy(page, 2), "35218")


def _faint_line(seed: int) -> Scene:
    page = paper(460, 900)
    put(page, number("40726", seed), 80, 60)
    put(page, number("81359", seed + 1), 80, 260, share=0.3)
    return Scene(noisy(page, 2), "40726\n81359")


def _ballpoint(seed: int) -> Scene:
    """Strokes whose middle has little ink."""
    ink = number("402867", seed, pen=10)
    core = cv2.GaussianBlur(cv2.erode(ink, np.ones((5, 5), np.uint8)), (0, 0), 1)
    page = paper(330, ink.shape[1] + 200)
    put(page, cv2.subtract(ink, (0.75 * core).astype(np.uint8)), 90, 110, (50, 60, 150))
    return Scene(noisy(page), "402867")


def _blurred(seed: int) -> Scene:
    return Scene(noisy(cv2.GaussianBlur(note("59264", seed), (0, 0), 4)), "59264")


def _small(side: int) -> Callable[[int], Scene]:
    def scene(seed: int) -> Scene:
        ink = picture(written("7", 90, 9, seed), margin=25)
        square = np.pad(ink, [((max(ink.shape) - side_) // 2,) * 2 for side_ in ink.shape])
        return Scene(cv2.resize(on_paper(square), (side, side), interpolation=cv2.INTER_AREA), "7")

    return scene


def _desk(seed: int) -> Scene:
    return Scene(noisy(on_desk(note("13540", seed), turn=(-6, 3, 8)[seed % 3], seed=seed)), "13540")


def _strip(edge: int) -> Callable[[int], Scene]:
    def scene(seed: int) -> Scene:
        page = np.rot90(note("13540", seed), edge).copy()
        page[-(page.shape[0] * (4, 8, 12)[seed % 3] // 100) :] = DESK
        return Scene(noisy(np.rot90(page, -edge)), "13540")

    return scene


def _light_desk(seed: int) -> Scene:
    """A light desk, of which narrow strips are seen below and at the right."""
    page = note("13540", seed)
    width = (14, 20, 26)[seed % 3]
    page[-width:] = page[:, -width:] = (170, 138, 110)
    return Scene(noisy(page), "13540")


def _rounded(seed: int) -> Scene:
    sheet, radius = note("13540", seed), 40
    mask = np.zeros(sheet.shape[:2], np.uint8)
    height, width = mask.shape
    cv2.rectangle(mask, (radius, 0), (width - radius, height), 255, -1)
    cv2.rectangle(mask, (0, radius), (width, height - radius), 255, -1)
    for x in (radius, width - radius):
        for y in (radius, height - radius):
            cv2.circle(mask, (x, y), radius, 255, -1)
    sheet[mask == 0] = DESK
    return Scene(noisy(on_desk(sheet, turn=2, tilt=0, seed=seed)), "13540")


def _hand(seed: int) -> Scene:
    """A hand that holds the sheet at its lower edge."""
    page = on_desk(note("13540", seed), margin=110, turn=0, tilt=0)
    cv2.ellipse(page, (page.shape[1] // 2, page.shape[0] - 30), (110, 120), 0, 0, 360, (198, 150, 122), -1)
    return Scene(noisy(page), "13540")


def _shadow(seed: int) -> Scene:
    return Scene(noisy(shaded(note("86420", seed))), "86420")


def _dark_corner(seed: int) -> Scene:
    """Something dark that reaches into the picture."""
    page = note("86420", seed)
    cv2.fillPoly(page, [np.array([[0, 0], [95, 0], [0, 70]])], (30, 30, 34))
    return Scene(noisy(page), "86420")


def _frame(inset: int, width: int) -> Callable[[int], Scene]:
    def scene(seed: int) -> Scene:
        page = note("40726", seed)
        bottom, right = page.shape[0] - 1 - inset, page.shape[1] - 1 - inset
        cv2.rectangle(page, (inset, inset), (right, bottom), INK, width)
        return Scene(page, "40726")

    return scene


def _black_edge(seed: int) -> Scene:
    page = note("40726", seed)
    page[:, : 12 + 6 * (seed % 3)] = 8
    return Scene(page, "40726")


def _boxes(joined: bool) -> Callable[[int], Scene]:
    def scene(seed: int) -> Scene:
        text, side, x = "407269", 120, 40
        page = paper(240, 1000)
        for i, digit in enumerate(text):
            ink = number(digit, seed + i, height=80)
            cv2.rectangle(page, (x, 60), (x + side, 60 + side), (60, 60, 66), 2)
            put(page, ink, x + (side - ink.shape[1]) // 2, 60 + (side - ink.shape[0]) // 2)
            x += side if joined else side + 24
        return Scene(page, text)

    return scene


def _table(seed: int) -> Scene:
    """A table ruled by hand, a number in each cell."""
    rng = np.random.default_rng(seed)
    page = paper(560, 900)
    rows = ("43 53 24", "56 21 68", "79 64 88", "50 59 96")
    for i in range(5):
        y = 40 + 120 * i + rng.uniform(-4, 4)
        line(page, (30, y), (870, y + rng.uniform(-8, 8)), 3, (120, 120, 128))
    for i in range(4):
        x = 30 + 280 * i + rng.uniform(-4, 4)
        line(page, (x, 30), (x + rng.uniform(-8, 8), 530), 3, (120, 120, 128))
    for i, row in enumerate(rows):
        for k, text in enumerate(row.split()):
            put(page, number(text, seed + 3 * i + k, height=70, pen=6), 95 + 280 * k, 62 + 120 * i)
    return Scene(noisy(page), "\n".join(rows))


def _ring(seed: int) -> Scene:
    page = note("375", seed)
    x, y = page.shape[1] // 2, page.shape[0] // 2
    cv2.ellipse(page, (x, y), (x - 30, y - 25), 0, 0, 360, INK, 5)
    return Scene(page, "375")


def _underlined(seed: int) -> Scene:
    page = note("37526", seed)
    y = page.shape[0] - 92 + 6 * (seed % 3)
    line(page, (100, y), (page.shape[1] - 100, y + 8), 6)
    return Scene(page, "37526")


def _between(seed: int) -> Scene:
    """A line that is drawn between two numbers."""
    page = paper(460, 800)
    put(page, number("4072", seed), 100, 50)
    line(page, (60, 205), (700, 212), 6)
    put(page, number("815", seed + 1), 100, 270)
    return Scene(page, "4072\n815")


def _broken_rule(seed: int) -> Scene:
    page = note("40726", seed)
    for x in range(20, page.shape[1] - 20, 46):
        cv2.line(page, (x, page.shape[0] - 70), (x + 30, page.shape[0] - 70), (90, 90, 100), 2)
    return Scene(page, "40726")


def _rising(degrees: float) -> Callable[[int], Scene]:
    def scene(seed: int) -> Scene:
        strokes = [Stroke(stroke.points, stroke.width) for stroke in written("4072615", 80, 7, seed)]
        rise = np.tan(np.radians(degrees))
        risen = [Stroke(tuple((x, y - rise * x) for x, y in stroke.points), stroke.width) for stroke in strokes]
        ink = picture(risen, margin=0)
        page = paper(ink.shape[0] + 200, ink.shape[1] + 200)
        put(page, ink, 100, 100)
        return Scene(page, "4072615")

    return scene


def _columns(seed: int) -> Scene:
    page = paper(420, 1100)
    for i, (one, other) in enumerate((("407", "86"), ("93", "152"), ("618", "74"))):
        put(page, number(one, seed + i, height=70, pen=6), 70, 40 + 125 * i)
        put(page, number(other, seed + i + 5, height=70, pen=6), 700, 40 + 125 * i)
    return Scene(page, "407 86\n93 152\n618 74")


def _broken_digit(seed: int) -> Scene:
    """A digit in two pieces, that belong to one line."""
    ink = number("52615", seed, height=100)
    middle = ink.shape[0] // 2
    ink[middle + 12 : middle + 16, ink.shape[1] * 4 // 10 : ink.shape[1] * 6 // 10] = 0
    page = paper(340, ink.shape[1] + 200)
    put(page, ink, 100, 110)
    return Scene(page, "52615")


def _print(seed: int) -> Scene:
    """A printed heading and a printed word beside the number."""
    page = paper(420, 1150)
    cv2.putText(page, "Reading of the meter", (70, 80), cv2.FONT_HERSHEY_SIMPLEX, 1.6, (40, 40, 44), 3, cv2.LINE_AA)
    cv2.putText(page, "kWh", (850, 290), cv2.FONT_HERSHEY_SIMPLEX, 2, (40, 40, 44), 4, cv2.LINE_AA)
    put(page, number("40726", seed), 70, 200)
    return Scene(page, "40726")


def _doodle(seed: int) -> Scene:
    """A house beside the number."""
    page = paper(420, 1100)
    put(page, number("40726", seed), 70, 200)
    house = [(820, 330), (820, 190), (920, 90), (1020, 190), (1020, 330), (820, 330)]
    door = [(890, 330), (890, 250), (950, 250), (950, 330)]
    roof = [(820, 190), (1020, 190)]
    strokes = [Stroke(tuple((float(x), float(y)) for x, y in points), 6) for points in (house, door, roof)]
    put(page, rasterise(strokes, 1100, 420), 0, 0)
    return Scene(page, "40726")


def _turned(times: int) -> Callable[[int], Scene]:
    def scene(seed: int) -> Scene:
        page = paper(420, 900)
        put(page, number("40725", seed), 90, 60)
        put(page, number("81347", seed + 1), 90, 240)
        return Scene(np.ascontiguousarray(np.rot90(page, times)), "40725\n81347")

    return scene


def _ruled(step: int, quality: int | None, margin: bool = False) -> Callable[[int], Scene]:
    """Ruled paper of an exercise book, with digits that stand between its rules."""

    def scene(seed: int) -> Scene:
        page = paper(620, 900, (250, 249, 245))
        for y in range(40, 620, step):
            cv2.line(page, (0, y), (899, y), (150, 180, 220), 2)
        if margin:
            cv2.line(page, (110, 0), (110, 619), (220, 110, 120), 2)
        rows = ("4072", "815", "1160")
        for i, text in enumerate(rows):
            put(page, number(text, seed + i, height=90, pen=6), 160, 50 + 180 * i, (40, 45, 110))
        return Scene(compressed(page, quality) if quality else page, "\n".join(rows))

    return scene


SCENES: dict[str, Callable[[int], Scene]] = {
    "a thin pen": _thin,
    "pencil": _pencil,
    "a line that is fainter than the other": _faint_line,
    "a ballpoint whose strokes have light cores": _ballpoint,
    "blur": _blurred,
    "28 pixels": _small(28),
    "32 pixels": _small(32),
    "a sheet on a desk": _desk,
    "a strip of the desk below": _strip(0),
    "a strip of the desk at the left": _strip(1),
    "a strip of the desk above": _strip(2),
    "a strip of the desk at the right": _strip(3),
    "a light desk on two sides": _light_desk,
    "a sheet with rounded corners": _rounded,
    "a hand that holds the sheet": _hand,
    "a shadow with an edge": _shadow,
    "something dark in a corner": _dark_corner,
    "a frame of one pixel at the edge": _frame(0, 1),
    "a frame": _frame(18, 4),
    "the black edge of a scan": _black_edge,
    "boxes apart": _boxes(joined=False),
    "boxes joined": _boxes(joined=True),
    "a table ruled by hand": _table,
    "wide rules": _ruled(100, None),
    "wide rules, compressed": _ruled(100, 85),
    "narrow rules, compressed": _ruled(60, 60),
    "rules and a margin": _ruled(80, None, margin=True),
    "rules and a margin, compressed": _ruled(60, 85, margin=True),
    "a ring": _ring,
    "underlined": _underlined,
    "a line between numbers": _between,
    "a broken rule": _broken_rule,
    "a line that rises": _rising(18),
    "a line that falls": _rising(-18),
    "columns": _columns,
    "a digit in two pieces": _broken_digit,
    "printed text": _print,
    "a drawing beside the number": _doodle,
    "on its head": _turned(2),
    "on its left side": _turned(1),
    "on its right side": _turned(3),
}
