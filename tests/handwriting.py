"""Synthetic handwritten digits for the tests and the pictures in the documentation, taken from no data set."""

import numpy as np
from numpy.typing import NDArray

Points = list[tuple[float, float]]

#: The strokes of each digit as "x,y" in percent of its box; a point given twice is a corner.
SHAPES = {
    "0": ["60,4 28,14 12,50 26,88 55,96 84,70 86,30 58,4"],
    "1": ["36,18 58,2 58,2 54,50 50,98"],
    "2": ["14,26 36,5 74,10 78,36 46,68 10,95 10,95 50,90 90,94"],
    "3": ["16,12 50,3 80,20 62,42 40,48 40,48 74,54 84,76 55,97 12,88"],
    "4": ["42,3 26,34 8,62 8,62 50,60 92,57", "68,34 65,65 62,98"],
    "5": ["26,6 20,44 20,44 55,38 84,60 70,90 36,98 10,86", "26,6 55,7 86,3"],
    "6": ["68,3 36,28 16,64 28,93 62,95 80,72 60,54 22,68"],
    "7": ["10,8 50,7 88,5 88,5 64,46 42,97"],
    "8": ["76,16 46,3 20,18 40,42 72,62 75,86 46,98 20,84 34,58 68,38 77,16"],
    "9": ["80,20 50,3 20,20 34,46 68,40 81,18 81,18 78,58 68,98"],
}


def strokes(number: str, left: float, top: float, height: float, gap: float = 0.3, seed: int = 0) -> list[Points]:
    """Write a number with a random variation of each digit, as smooth strokes.

    Args:
        number: the digits to write.
        left: x of the first digit, pixels.
        top: y of the digits, pixels.
        height: height of a digit, pixels; its width is 0.6 times that.
        gap: space between two digits, as a fraction of the width.
        seed: seed of the variation.

    Returns:
        The points (x, y) of each stroke in pixels.
    """
    rng = np.random.default_rng(seed)
    width = 0.6 * height
    drawn = []
    for place, digit in enumerate(number):
        size = rng.uniform(0.92, 1.08)
        shift = rng.uniform(-0.03, 0.03, 2) * height
        slant = rng.uniform(0.0, 0.12)
        for shape in SHAPES[digit]:
            points = curve(_points(shape))
            across = points[:, 0] + slant * (0.5 - points[:, 1])
            x = left + place * width * (1 + gap) + shift[0] + across * width * size
            y = top + shift[1] + points[:, 1] * height * size
            drawn.append([(float(a), float(b)) for a, b in zip(x, y, strict=True)])
    return drawn


def curve(points: Points, steps: int = 10) -> NDArray[np.float64]:
    """Interpolate points with a smooth curve (Catmull-Rom): array of shape (n, 2)."""
    known = np.array([points[0], *points, points[-1]])
    arcs = []
    for a, b, c, d in zip(known, known[1:], known[2:], known[3:], strict=False):
        if np.array_equal(b, c):
            continue  # a corner: one curve ends here and another begins
        a = b if np.array_equal(a, b) else a
        d = c if np.array_equal(c, d) else d
        t = np.linspace(0, 1, steps)[:, np.newaxis]
        arcs.append(0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3))
    return np.concatenate(arcs)


def between(a: str, b: str, fraction: float, left: float, top: float, height: float) -> Points:
    """Blend the first strokes of two digits (``fraction`` 0 to 1) into an ambiguous one."""
    first, second = (_evenly(curve(_points(SHAPES[digit][0]))) for digit in (a, b))
    points = (first * (1 - fraction) + second * fraction) * (0.6 * height, height) + (left, top)
    return [(float(x), float(y)) for x, y in points]


def _evenly(points: NDArray[np.float64], n: int = 60) -> NDArray[np.float64]:
    """Resample a curve to n equidistant points."""
    way = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
    at = np.linspace(0, way[-1], n)
    return np.stack([np.interp(at, way, points[:, 0]), np.interp(at, way, points[:, 1])], axis=1)


def _points(shape: str) -> Points:
    pairs = (pair.split(",") for pair in shape.split())
    return [(int(x) / 100, int(y) / 100) for x, y in pairs]
