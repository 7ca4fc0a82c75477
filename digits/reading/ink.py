"""Strokes: the truth of a drawing. Rasterised, erased, saved and opened here; never a screenshot."""

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

FINER = 4  #: strokes are drawn this many times larger and shrunk, as OpenCV's own anti-aliased lines are too wide
SHIFT = 4  #: OpenCV draws at 1/16 pixel
FARTHEST = 10_000  #: px; a point beyond is no drawing
FORMAT = "handwritten-digits strokes"


@dataclass(frozen=True)
class Stroke:
    """What a pen left from pen-down to pen-up.

    Attributes:
        points: (x, y) in pixels, y downwards; one point is a dot.
        width: the pen's diameter in pixels.
    """

    points: tuple[tuple[float, float], ...]
    width: float


@dataclass(frozen=True)
class Strokes:
    """A drawing: strokes in the order in which they were drawn, on a canvas of ``size`` = (width, height) pixels."""

    strokes: tuple[Stroke, ...]
    size: tuple[int, int]


def rasterise(strokes: Iterable[Stroke], width: int, height: int, left: int = 0, top: int = 0) -> NDArray[np.uint8]:
    """Draw strokes round and anti-aliased.

    Args:
        strokes: what to draw.
        width: of the image, pixels.
        height: of the image, pixels.
        left: x of the image's left edge in the strokes' coordinates.
        top: y of the image's top edge.

    Returns:
        ``uint8`` array of shape (height, width), ink 255 on 0. What lies outside is cut off.
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
    """One stroke on an image of its own."""
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
    """The box (x, y, width, height), in whole pixels, that holds all ink; (0, 0, 0, 0) without strokes."""
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
    """Whether a round eraser of ``radius`` pixels at (x, y) touches the stroke's ink."""
    return bool(_distances(stroke, x, y).min() <= radius + stroke.width / 2)


def erase(stroke: Stroke, x: float, y: float, radius: float) -> list[Stroke]:
    """What a round eraser of ``radius`` pixels at (x, y) leaves of a stroke: itself, parts of it, or nothing.

    The eraser cuts the pen's path; the parts keep the pen's width and round ends.
    """
    if not touches(stroke, x, y, radius):
        return [stroke]
    parts: list[list[tuple[float, float]]] = [[]]
    reach = radius + stroke.width / 2
    for point in _dense(stroke, step=max(1.0, reach / 8)):
        if math.hypot(point[0] - x, point[1] - y) > reach:
            parts[-1].append(point)
        elif parts[-1]:
            parts.append([])
    return [Stroke(tuple(part), stroke.width) for part in parts if part]


def save_strokes(path: Path, drawing: Strokes) -> None:
    """Write a drawing as JSON, atomically: the canvas's size and every stroke's width and points in pixels."""
    strokes = [
        {"width": stroke.width, "points": [list(point) for point in stroke.points]} for stroke in drawing.strokes
    ]
    write_json(path, {"format": FORMAT, "version": 1, "size": list(drawing.size), "strokes": strokes})


def open_strokes(path: Path) -> Strokes:
    """Read a drawing that :func:`save_strokes` wrote.

    Raises:
        UserError: the file cannot be read or is something else; the message says which.
    """
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise UserError(
            f"{path} cannot be read as strokes: {reason(error, path)}; give a file saved as strokes"
        ) from error
    if not isinstance(value, dict) or value.get("format") != FORMAT or value.get("version") != 1:
        raise UserError(f"{path} holds no strokes of this program (version 1); give a file saved as strokes")
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
        raise ValueError(f"expected a number of {least:g} to {FARTHEST}, got {value!r:.40}")
    return float(value)


def _distances(stroke: Stroke, x: float, y: float) -> NDArray[np.float64]:
    """Distance in pixels from (x, y) to each straight piece of the pen's path (or to its one point)."""
    points = np.asarray(stroke.points, np.float64).reshape(-1, 2)
    starts = points[:-1] if len(points) > 1 else points
    along = points[1:] - starts if len(points) > 1 else np.zeros_like(points)
    length = np.maximum((along**2).sum(axis=1), 1e-12)
    share = np.clip((((x, y) - starts) * along).sum(axis=1) / length, 0, 1)
    nearest = starts + share[:, np.newaxis] * along
    distances: NDArray[np.float64] = np.hypot(nearest[:, 0] - x, nearest[:, 1] - y)
    return distances


def _dense(stroke: Stroke, step: float) -> Sequence[tuple[float, float]]:
    """The pen's path with points at most ``step`` pixels apart, its own points among them."""
    dense = [stroke.points[0]]
    for (x0, y0), (x1, y1) in zip(stroke.points, stroke.points[1:], strict=False):
        pieces = max(1, math.ceil(math.hypot(x1 - x0, y1 - y0) / step))
        dense += [(x0 + (x1 - x0) * i / pieces, y0 + (y1 - y0) * i / pieces) for i in range(1, pieces + 1)]
    return dense
