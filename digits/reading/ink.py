"""Pen strokes: rasterising, saving and loading. A drawing is its strokes, never a screenshot.

What anything here costs follows the ink: an image that would be too large, or take too long to draw, is drawn coarser.
Drawings of an ordinary size never are.
"""

import base64
import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Literal, TypedDict

import cv2
import numpy as np
from numpy.typing import NDArray

from digits.errors import UserError, reason
from digits.files import parse_json, read_bytes, write_text
from digits.image_format import CLASSES

Box = tuple[int, int, int, int]  #: x, y, width and height, pixels

FINER = 4  #: supersampling factor; OpenCV's own anti-aliased lines come out too wide
SHIFT = 4  #: fractional bits of the coordinates given to OpenCV: 1/16 pixel
FORMAT: Literal["handwritten-digits strokes"] = "handwritten-digits strokes"  #: identifies the JSON files written here

FARTHEST = 100_000_000  #: largest coordinate, width or canvas size in a file, pixels: more than the largest photograph
THINNEST = 0.1  #: smallest width in a file, pixels
MOST_STROKES = 20_000  #: in a file
MOST_POINTS = 400_000  #: in a file: an hour of drawing without a pause
MOST_LABELS = 20_000  #: in a file
MOST_PICTURE = 16 << 20  #: bytes, in a file
LONGEST_NAME = 255  #: characters of a picture's name, in a file: no file system allows more
MOST_BYTES = 24 << 20  #: of a file: more than the largest that is written

MOST_PIXELS = 1 << 26  #: of a supersampled image: 2048×2048 pixels of the drawing
MOST_SEPARATE = 100_000_000  #: pixels of all strokes' boxes, up to which each stroke is drawn on an image of its own
MOST_SECONDS = 2.0  #: estimated, for the drawing of all strokes on an image
THICKEST = 32_000  #: largest thickness that OpenCV draws
OUTSIDE = 1000  #: pixels outside an image, up to which lines are left to OpenCV to clip


@dataclass(frozen=True)
class Stroke:
    """The path of the pen from pen-down to pen-up.

    Attributes:
        points: (x, y) in pixels, y pointing down; a single point is a dot.
        width: diameter of the pen in pixels.
    """

    points: tuple[tuple[float, float], ...]
    width: float

    @cached_property
    def path(self) -> NDArray[np.float64]:
        """The points as an array of shape (n, 2), not to be written to."""
        path = np.array(self.points, np.float64).reshape(-1, 2)
        path.flags.writeable = False
        return path

    @cached_property
    def length(self) -> float:
        """The length of the path, pixels."""
        return _length(self.path[np.newaxis])

    @cached_property
    def edges(self) -> tuple[float, float, float, float]:
        """Left, top, right and bottom of the ink with a margin of a pixel."""
        margin = self.width / 2 + 1
        left, top = (self.path.min(axis=0) - margin).tolist()
        right, bottom = (self.path.max(axis=0) + margin).tolist()
        return left, top, right, bottom


@dataclass(frozen=True)
class Label:
    """A digit as a person corrected or confirmed it.

    Attributes:
        digit: 0 to 9.
        box: (x, y, width, height) of its ink in the drawing's pixels.
    """

    digit: int
    box: Box


@dataclass(frozen=True)
class Picture:
    """The photograph below a drawing.

    Attributes:
        name: of its file.
        content: of its file.
        deleted: boxes of what was deleted from it, in the drawing's pixels.
        as_it_is: whether a person has turned or cropped it, so that it is not straightened.
    """

    name: str
    content: bytes
    deleted: tuple[Box, ...] = ()
    as_it_is: bool = False


@dataclass(frozen=True)
class Strokes:
    """A drawing.

    Attributes:
        strokes: in the order in which they were drawn.
        size: (width, height) of the canvas in pixels.
        labels: what a person said that digits are.
        picture: the photograph that the strokes are drawn on, if there is one.
    """

    strokes: tuple[Stroke, ...]
    size: tuple[int, int]
    labels: tuple[Label, ...] = ()
    picture: Picture | None = None


def outline(strokes: Iterable[Stroke]) -> None:
    """Find the paths and edges of strokes all at once, which takes a tenth of the time for many short ones."""
    new = [stroke for stroke in strokes if "edges" not in vars(stroke)]
    if not new:
        return
    count = np.array([len(stroke.points) for stroke in new], np.intp)
    numbers = chain.from_iterable(chain.from_iterable(stroke.points for stroke in new))
    points = np.fromiter(numbers, np.float64, 2 * int(count.sum())).reshape(-1, 2)
    points.flags.writeable = False
    start = np.cumsum(count) - count
    margin = np.array([stroke.width for stroke in new])[:, np.newaxis] / 2 + 1
    low, high = np.minimum.reduceat(points, start) - margin, np.maximum.reduceat(points, start) + margin
    edges = map(tuple, np.hstack([low, high]).tolist())
    for stroke, first, n, found in zip(new, start.tolist(), count.tolist(), edges, strict=True):
        vars(stroke).update(path=points[first : first + n], edges=found)  # where cached_property looks


# ---- rasterising


def rasterise(
    strokes: Iterable[Stroke], width: int, height: int, left: int = 0, top: int = 0, finer: float = FINER
) -> NDArray[np.uint8]:
    """Draw strokes with a round, anti-aliased pen.

    Allocates three times the image, and 130 MB.

    Args:
        strokes: the strokes to draw.
        width: width of the image, pixels.
        height: height of the image, pixels.
        left: x of the image's left edge in stroke coordinates.
        top: y of the image's top edge in stroke coordinates.
        finer: largest supersampling factor, from :func:`finest` where the strokes are drawn one at a time.

    Returns:
        ``uint8`` array of shape (height, width), ink 255 on background 0. Ink outside the image is clipped.
    """
    image = np.zeros((height, width), np.uint8)
    visible = []
    strokes = list(strokes)
    outline(strokes)
    for stroke in strokes:
        x, y, right, bottom = stroke.edges
        x0, y0 = max(math.floor(x), left), max(math.floor(y), top)
        x1, y1 = min(math.ceil(right), left + width), min(math.ceil(bottom), top + height)
        if x0 < x1 and y0 < y1:
            visible.append((stroke, (x0, y0, x1, y1)))
    if sum((x1 - x0) * (y1 - y0) for _, (x0, y0, x1, y1) in visible) > MOST_SEPARATE:
        return _drawn([stroke for stroke, _ in visible], width, height, left, top, finer)
    for stroke, (x0, y0, x1, y1) in visible:
        around = image[y0 - top : y1 - top, x0 - left : x1 - left]
        np.maximum(around, _drawn([stroke], x1 - x0, y1 - y0, x0, y0, finer), out=around)
    return image


def _drawn(strokes: Sequence[Stroke], width: int, height: int, left: int, top: int, finer: float) -> NDArray[np.uint8]:
    """Rasterise strokes on one supersampled image."""
    drawn = [(lines, stroke.width) for stroke in strokes for lines in _lines(stroke, width, height, left, top)]
    sizes = [(lines.shape[0] * lines.shape[1], _length(lines), pen) for lines, pen in drawn]
    finer = min(finer, _finest(sizes, width * height))
    large = np.zeros((math.ceil(height * finer), math.ceil(width * finer)), np.uint8)
    points = np.concatenate([np.empty((0, 2)), *(lines.reshape(-1, 2) for lines, _ in drawn)])
    points = np.round(((points - (left, top) + 0.5) * finer - 0.5) * 2**SHIFT).astype(np.int32)
    end = 0
    for lines, pen in drawn:
        start, end = end, end + lines.shape[0] * lines.shape[1]
        fixed = points[start:end].reshape(lines.shape)
        if (fixed == fixed[0, 0]).all():
            centre = (int(fixed[0, 0, 0]), int(fixed[0, 0, 1]))
            radius = max(1, round(pen / 2 * finer * 2**SHIFT))
            cv2.circle(large, centre, radius, 255, cv2.FILLED, cv2.LINE_8, SHIFT)
        else:
            cv2.polylines(large, list(fixed), False, 255, max(1, round(pen * finer)), cv2.LINE_8, SHIFT)
    interpolation = cv2.INTER_AREA if finer >= 1 else cv2.INTER_LINEAR
    small: NDArray[np.uint8] = cv2.resize(large, (width, height), interpolation=interpolation)
    return small


def _length(lines: NDArray[np.float64]) -> float:
    """The length of lines, shape (lines, points of each, 2)."""
    steps = lines[:, 1:] - lines[:, :-1]
    return float(np.hypot(steps[..., 0], steps[..., 1]).sum())


def _lines(stroke: Stroke, width: int, height: int, left: int, top: int) -> list[NDArray[np.float64]]:
    """The path of a stroke as lines, shape (lines, points of each, 2), without what lies far outside an image."""
    x0, y0, x1, y1 = stroke.edges
    if x0 >= left - OUTSIDE and y0 >= top - OUTSIDE and x1 <= left + width + OUTSIDE and y1 <= top + height + OUTSIDE:
        return [stroke.path[np.newaxis]]
    reach = stroke.width / 2 + 2
    low, high = np.array([left, top]) - reach, np.array([left + width, top + height]) + reach
    starts = stroke.path[:-1] if len(stroke.path) > 1 else stroke.path
    along = (stroke.path[1:] if len(stroke.path) > 1 else stroke.path) - starts
    slope = np.where(along == 0, 1e-12, along)
    at_low, at_high = (low - starts) / slope, (high - starts) / slope
    enter = np.minimum(at_low, at_high).max(axis=1).clip(min=0)
    leave = np.maximum(at_low, at_high).min(axis=1).clip(max=1)
    inside = enter <= leave
    starts, along, enter, leave = starts[inside], along[inside], enter[inside, np.newaxis], leave[inside, np.newaxis]
    return [np.stack([starts + along * enter, starts + along * leave], axis=1)] if len(starts) else []


def finest(strokes: Sequence[Stroke]) -> float:
    """The supersampling factor with which all of the strokes can be drawn, one at a time, within two seconds."""
    return _finest([(len(stroke.points), stroke.length, stroke.width) for stroke in strokes], 0)


def _finest(drawn: Sequence[tuple[int, float, float]], pixels: int) -> float:
    """The supersampling factor, 4, 2, 1, ½ …, for lines on an image of so many pixels.

    Args:
        drawn: points, length and the pen's diameter of each.
        pixels: of the image.
    """
    points = sum(n for n, _, _ in drawn)
    thickest = max((pen for _, _, pen in drawn), default=0.0)
    rows = sum(length + pen * n for n, length, pen in drawn)  # that OpenCV fills, without supersampling
    covered = sum((length + pen * n) * pen for n, length, pen in drawn)
    finer: float = FINER
    while finer > 2**-24 and (
        pixels * finer**2 > MOST_PIXELS
        or thickest * finer > THICKEST
        or 1e-7 * points + 1e-8 * rows * finer + 6e-11 * covered * finer**2 > MOST_SECONDS
    ):
        finer /= 2
    return finer


def reduced(stroke: Stroke, step: int) -> Stroke:
    """A stroke on paper whose pixels are ``step`` times as large, one of them wide at least; itself for a step of 1."""
    if step == 1:
        return stroke
    points = ((stroke.path + 0.5) / step - 0.5).tolist()
    return Stroke(tuple((x, y) for x, y in points), max(1.0, stroke.width / step))


def bounds(strokes: Iterable[Stroke]) -> tuple[int, int, int, int]:
    """Return the bounding box (x, y, width, height) of all ink in whole pixels; (0, 0, 0, 0) without strokes."""
    drawn = list(strokes)
    outline(drawn)
    edges = [stroke.edges for stroke in drawn]
    if not edges:
        return 0, 0, 0, 0
    lefts, tops, rights, bottoms = zip(*edges, strict=True)
    left, top, right, bottom = (
        math.floor(min(lefts)),
        math.floor(min(tops)),
        math.ceil(max(rights)),
        math.ceil(max(bottoms)),
    )
    return left, top, right - left, bottom - top


# ---- files


class _File(TypedDict):
    """The content of a strokes file."""

    format: Literal["handwritten-digits strokes"]
    version: Literal[1]
    size: tuple[int, int]
    strokes: list[Stroke]


class _Whole(_File, total=False):
    """What it may have besides."""

    labels: list[Label]
    picture: Picture


def save_strokes(path: Path, drawing: Strokes) -> None:
    """Save a drawing as JSON, atomically: the canvas size, and the width and points of each stroke, in pixels.

    Labels and a picture follow where there are any.

    Raises:
        OSError: the file cannot be written.
        UserError: the drawing is larger than a file may be, and could not be opened again.
    """
    try:
        _check(drawing)
    except ValueError as error:
        raise UserError(f"{path} cannot be saved: {error}; erase some of it") from error
    strokes = [{"width": stroke.width, "points": stroke.points} for stroke in drawing.strokes]
    content: dict[str, object] = {"format": FORMAT, "version": 1, "size": drawing.size, "strokes": strokes}
    if drawing.labels:
        content["labels"] = [asdict(label) for label in drawing.labels]
    if drawing.picture is not None:
        encoded = base64.b64encode(drawing.picture.content).decode()
        content["picture"] = {**asdict(drawing.picture), "content": encoded}
    text = json.dumps(content, separators=(",", ":")) + "\n"
    if len(text) > MOST_BYTES:
        raise UserError(f"{path} cannot be saved: it would have more than {MOST_BYTES:,} bytes; save it as a picture")
    write_text(path, text)


def open_strokes(path: Path) -> Strokes:
    """Load a drawing saved by :func:`save_strokes`: the one place where strokes files are opened.

    Allocates at most about twenty times the file, which may have 24 MiB.

    Raises:
        UserError: the file cannot be read, is not a strokes file, is damaged or too large; the message says which.
    """
    try:
        return read_strokes(read_bytes(path, MOST_BYTES))
    except OSError as error:
        raise UserError(
            f"{path} cannot be read: {reason(error, path)}; give a drawing saved by this program"
        ) from error
    except ValueError as error:
        why = reason(error, path)
        raise UserError(f"{path} is not a drawing saved by this program ({why}); give one, or an image") from error


def read_strokes(content: bytes) -> Strokes:
    """A drawing from the content of its file.

    Raises:
        ValueError: it is not of a strokes file, is damaged or too large.
    """
    found = parse_json(content, _Whole)
    drawing = Strokes(tuple(found["strokes"]), found["size"], tuple(found.get("labels", ())), found.get("picture"))
    _check(drawing)
    return drawing


def _check(drawing: Strokes) -> None:
    """Check a drawing against the limits of a file.

    Raises:
        ValueError: which limit it breaks.
    """
    points = sum(len(stroke.points) for stroke in drawing.strokes)
    for found, most, what in ((len(drawing.strokes), MOST_STROKES, "strokes"), (points, MOST_POINTS, "points")):
        if found > most:
            raise ValueError(f"it has {found:,} {what}, more than the {most:,} that a file may have")
    if len(drawing.labels) > MOST_LABELS:
        raise ValueError(f"it has {len(drawing.labels):,} labels, more than the {MOST_LABELS:,} that a file may have")
    for label in drawing.labels:
        if label.digit not in range(CLASSES):
            raise ValueError(f"one of its labels is no digit from 0 to 9, but {label.digit}")
    if drawing.picture is not None and len(drawing.picture.content) > MOST_PICTURE:
        size = len(drawing.picture.content)
        raise ValueError(f"its picture has {size:,} bytes, more than the {MOST_PICTURE:,} that a file may have")
    if drawing.picture is not None and len(drawing.picture.name) > LONGEST_NAME:
        length = len(drawing.picture.name)
        raise ValueError(f"its picture's name has {length:,} characters, more than the {LONGEST_NAME} of any file's")
    if not all(1 <= side <= FARTHEST for side in drawing.size):
        raise ValueError(f"the sides of its canvas are not 1 to {FARTHEST:,} pixels long, but {drawing.size}")
    for number, stroke in enumerate(drawing.strokes, 1):
        if not stroke.points:
            raise ValueError(f"stroke {number:,} has no points")
        if not THINNEST <= stroke.width <= FARTHEST:
            raise ValueError(f"stroke {number:,} is not {THINNEST} to {FARTHEST:,} pixels wide, but {stroke.width}")
        if not (far := float(abs(stroke.path).max())) <= FARTHEST:
            raise ValueError(f"stroke {number:,} has a coordinate beyond {FARTHEST:,} pixels: ±{far}")
