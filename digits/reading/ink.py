"""Pen strokes: rasterising, erasing, saving and loading. A drawing is its strokes, never a screenshot."""

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from digits.errors import UserError, reason
from digits.files import write_json

FINER = 4  #: supersampling factor; OpenCV's own anti-aliased lines come out too wide
SHIFT = 4  #: fractional bits of the coordinates given to OpenCV: 1/16 pixel
FARTHEST = 10_000  #: largest coordinate, width or canvas size accepted from a file, pixels
FORMAT = "handwritten-digits strokes"  #: identifies the JSON files written here


@dataclass(frozen=True)
class Stroke:
    """The path of the pen from pen-down to pen-up.

    Attributes:
        points: (x, y) in pixels, y pointing down; a single point is a dot.
        width: diameter of the pen in pixels.
    """

    points: tuple[tuple[float, float], ...]
    width: float


@dataclass(frozen=True)
class Strokes:
    """A drawing.

    Attributes:
        strokes: in the order in which they were drawn.
        size: (width, height) of the canvas in pixels.
    """

    strokes: tuple[Stroke, ...]
    size: tuple[int, int]


def rasterise(strokes: Iterable[Stroke], width: int, height: int, left: int = 0, top: int = 0) -> NDArray[np.uint8]:
    """Draw strokes with a round, anti-aliased pen.

    Args:
        strokes: the strokes to draw.
        width: width of the image, pixels.
        height: height of the image, pixels.
        left: x of the image's left edge in stroke coordinates.
        top: y of the image's top edge in stroke coordinates.

    Returns:
        ``uint8`` array of shape (height, width), ink 255 on background 0. Ink outside the image is clipped.
    """
    image = np.zeros((height, width), np.uint8)
    for stroke in strokes:
        x, y, box_width, box_height = bounds([stroke])
        x0, y0 = max(x, left), max(y, top)
        x1, y1 = min(x + box_width, left + width), min(y + box_height, top + height)
        if x0 < x1 and y0 < y1:
            around = image[y0 - top : y1 - top, x0 - left : x1 - left]
            np.maximum(around, _drawn(stroke, x1 - x0, y1 - y0, x0, y0), out=around)
    return image


def _drawn(stroke: Stroke, width: int, height: int, left: int, top: int) -> NDArray[np.uint8]:
    """Rasterise one stroke, supersampled."""
    large = np.zeros((height * FINER, width * FINER), np.uint8)
    points = (np.asarray(stroke.points, np.float64).reshape(-1, 2) - (left, top) + 0.5) * FINER - 0.5
    fixed = np.round(points * 2**SHIFT).astype(np.int32)
    if (fixed == fixed[0]).all():
        radius = max(1, round(stroke.width / 2 * FINER * 2**SHIFT))
        cv2.circle(large, (int(fixed[0, 0]), int(fixed[0, 1])), radius, 255, cv2.FILLED, cv2.LINE_8, SHIFT)
    else:
        thickness = max(1, round(stroke.width * FINER))
        cv2.polylines(large, [fixed.reshape(-1, 1, 2)], False, 255, thickness, cv2.LINE_8, SHIFT)
    small: NDArray[np.uint8] = cv2.resize(large, (width, height), interpolation=cv2.INTER_AREA)
    return small


def bounds(strokes: Iterable[Stroke]) -> tuple[int, int, int, int]:
    """Return the bounding box (x, y, width, height) of all ink in whole pixels; (0, 0, 0, 0) without strokes."""
    boxes = []
    for stroke in strokes:
        points = np.asarray(stroke.points, np.float64).reshape(-1, 2)
        margin = stroke.width / 2 + 1
        boxes.append((*(points.min(axis=0) - margin), *(points.max(axis=0) + margin)))
    if not boxes:
        return 0, 0, 0, 0
    all_boxes = np.array(boxes)
    left, top = (math.floor(value) for value in all_boxes[:, :2].min(axis=0))
    right, bottom = (math.ceil(value) for value in all_boxes[:, 2:].max(axis=0))
    return left, top, right - left, bottom - top


def touches(stroke: Stroke, x: float, y: float, radius: float) -> bool:
    """Return whether a round eraser of ``radius`` pixels at (x, y) touches the ink of a stroke."""
    return bool(_distances(stroke, x, y).min() <= radius + stroke.width / 2)


def erase(stroke: Stroke, x: float, y: float, radius: float) -> list[Stroke]:
    """Erase from a stroke with a round eraser of ``radius`` pixels at (x, y).

    Returns:
        The fragments that remain, with the width of the stroke and round ends: the stroke itself if it is not
        touched, an empty list if nothing remains.
    """
    if not touches(stroke, x, y, radius):
        return [stroke]
    fragments: list[list[tuple[float, float]]] = [[]]
    reach = radius + stroke.width / 2
    for point in _dense(stroke, step=max(1.0, reach / 8)):
        if math.hypot(point[0] - x, point[1] - y) > reach:
            fragments[-1].append(point)
        elif fragments[-1]:
            fragments.append([])
    return [Stroke(tuple(fragment), stroke.width) for fragment in fragments if fragment]


def save_strokes(path: Path, drawing: Strokes) -> None:
    """Save a drawing as JSON, atomically: the canvas size, and the width and points of each stroke, in pixels."""
    strokes = [
        {"width": stroke.width, "points": [list(point) for point in stroke.points]} for stroke in drawing.strokes
    ]
    write_json(path, {"format": FORMAT, "version": 1, "size": list(drawing.size), "strokes": strokes})


def open_strokes(path: Path) -> Strokes:
    """Load a drawing saved by :func:`save_strokes`.

    Raises:
        UserError: the file cannot be read, is not a strokes file, or is damaged; the message says which.
    """
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise UserError(
            f"{path} cannot be read as strokes: {reason(error, path)}; give a drawing saved by this program"
        ) from error
    if not isinstance(value, dict) or value.get("format") != FORMAT or value.get("version") != 1:
        raise UserError(f"{path} is not a strokes file of version 1; give a drawing saved by this program")
    try:
        width, height = value["size"]
        strokes = tuple(_stroke(entry) for entry in value["strokes"])
        size = (_number(width, 1), _number(height, 1))
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(f"{path} is a damaged strokes file: {reason(error, path)}; save the drawing again") from error
    return Strokes(strokes, (round(size[0]), round(size[1])))


def _stroke(entry: Any) -> Stroke:
    points = tuple((_number(x), _number(y)) for x, y in entry["points"])
    if not points:
        raise ValueError("a stroke without points")
    return Stroke(points, _number(entry["width"], 0.1))


def _number(value: Any, least: float = -FARTHEST) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= FARTHEST:
        raise ValueError(f"expected a number from {least:g} to {FARTHEST}, got {value!r:.40}")
    return float(value)


def _distances(stroke: Stroke, x: float, y: float) -> NDArray[np.float64]:
    """Distances in pixels from (x, y) to each line segment of the path, or to its only point."""
    points = np.asarray(stroke.points, np.float64).reshape(-1, 2)
    starts = points[:-1] if len(points) > 1 else points
    along = points[1:] - starts if len(points) > 1 else np.zeros_like(points)
    length = np.maximum((along**2).sum(axis=1), 1e-12)
    fraction = np.clip((((x, y) - starts) * along).sum(axis=1) / length, 0, 1)
    nearest = starts + fraction[:, np.newaxis] * along
    distances: NDArray[np.float64] = np.hypot(nearest[:, 0] - x, nearest[:, 1] - y)
    return distances


def _dense(stroke: Stroke, step: float) -> Sequence[tuple[float, float]]:
    """Interpolate the path to points at most ``step`` pixels apart, keeping the original points."""
    dense = [stroke.points[0]]
    for (x0, y0), (x1, y1) in zip(stroke.points, stroke.points[1:], strict=False):
        n = max(1, math.ceil(math.hypot(x1 - x0, y1 - y0) / step))
        dense += [(x0 + (x1 - x0) * i / n, y0 + (y1 - y0) * i / n) for i in range(1, n + 1)]
    return dense
