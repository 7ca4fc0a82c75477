"""Drawings that are not digits."""

from collections.abc import Callable

import cv2
import numpy as np

from benchmarks.pen_digits.drawing import HEIGHT, LARGEST, PEN, SMALLEST, WIDTH, Image, Points, Rng, draw, stroke

FLAT = np.pi / 4  #: lines that are steeper may be a 1, or several


def blank(rng: Rng) -> Image:
    """Paper of any brightness with noise."""
    return np.clip(rng.integers(256) + rng.normal(0, rng.uniform(0, 6), (HEIGHT, WIDTH)), 0, 255).astype(np.uint8)


def dots(rng: Rng) -> Image:
    """One to eleven dots."""
    places = rng.uniform((10, 10), (WIDTH - 10, HEIGHT - 10), (rng.integers(1, 12), 2))
    return draw([stroke(place[np.newaxis]) for place in places])


def straight_line(rng: Rng) -> Image:
    """One straight line that is too flat for a 1."""
    return _straight_lines(rng, 1)


def straight_lines(rng: Rng) -> Image:
    """Two to four straight lines, each too flat for a 1."""
    return _straight_lines(rng, int(rng.integers(2, 5)))


def _straight_lines(rng: Rng, n: int) -> Image:
    strokes = []
    for _ in range(n):
        angle, half = rng.uniform(-FLAT, FLAT), rng.uniform(45, 200)
        along = np.linspace(-half, half, 20)[:, np.newaxis] * (np.cos(angle), np.sin(angle))
        wobble = rng.normal(0, 0.35, (20, 2)).cumsum(axis=0)
        strokes.append(stroke(rng.uniform((100, 100), (540, 380)) + along + wobble))
    return draw(strokes)


def zigzag(rng: Rng) -> Image:
    """A scribble back and forth."""
    centre, half = _place(rng)
    turns = int(rng.integers(8, 30))
    x, y = np.linspace(-1, 1, turns), np.where(np.arange(turns) % 2, 1, -1) * rng.uniform(0.4, 1, turns)
    turned = _turned(np.stack([x, y], axis=1), rng.uniform(0, np.pi))
    return draw([stroke(centre + half * turned)])


def wandering(rng: Rng) -> Image:
    """A scribble whose direction changes at random."""
    centre, half = _place(rng)
    steps = int(rng.integers(150, 500))
    direction = np.cumsum(rng.normal(0, 0.35, steps))
    path = np.cumsum(np.stack([np.cos(direction), np.sin(direction)], axis=1) * rng.uniform(4, 9), axis=0)
    path -= path.mean(axis=0)
    return draw([stroke(centre + path * min(1, 1.6 * half / np.abs(path).max()))])


def to_and_fro(rng: Rng) -> Image:
    """A scribble to and fro over one place, as something is struck out or a pen is tried."""
    centre, half = _place(rng)
    turns = int(rng.integers(6, 20))
    reach, spread = half * rng.uniform(0.6, 1), half * rng.uniform(0.12, 0.35)
    ends = np.where(np.arange(turns) % 2, reach, -reach) * rng.uniform(0.8, 1.1, turns)
    corners = _turned(np.stack([ends, rng.normal(0, spread, turns)], axis=1), rng.uniform(0, np.pi))
    return draw([stroke(centre + corners)])


def round_and_round(rng: Rng) -> Image:
    """A scribble of four to nine rounds, wide and narrow ones, over one place: no 0 that is gone over again."""
    centre, half = _place(rng)
    rounds = rng.uniform(4, 9)
    t = np.linspace(0, 2 * np.pi * rounds, int(40 * rounds))
    knots = np.linspace(0, t[-1], int(3 * rounds))
    radius = np.interp(t, knots, rng.uniform(0.2, 1, len(knots)))
    path = np.stack([np.cos(t), np.sin(t) * rng.uniform(0.5, 1)], axis=1) * (half * radius)[:, np.newaxis]
    drift = np.stack([np.interp(t, knots, rng.normal(0, 0.15 * half, len(knots))) for _ in range(2)], axis=1)
    return draw([stroke(centre + _turned(path + drift, rng.uniform(0, np.pi)))])


def hatching(rng: Rng) -> Image:
    """Parallel lines."""
    return _hatching(rng, 1)


def cross_hatching(rng: Rng) -> Image:
    """Parallel lines in two perpendicular directions."""
    return _hatching(rng, 2)


def _hatching(rng: Rng, directions: int) -> Image:
    centre, half = _place(rng)
    angle = rng.uniform(0, np.pi)
    strokes = []
    for turn in (angle, angle + np.pi / 2)[:directions]:
        along, across = np.array([np.cos(turn), np.sin(turn)]), np.array([-np.sin(turn), np.cos(turn)])
        for offset in np.arange(-half, half, rng.uniform(14, 26)):
            reach = half * rng.uniform(0.8, 1)
            middle = centre + across * offset
            strokes.append(stroke(np.stack([middle - along * reach, middle + along * reach])))
    return draw(strokes)


def letter(rng: Rng) -> Image:
    """A letter in one of four typefaces; none that looks like a digit."""
    image = np.zeros((HEIGHT, WIDTH), np.uint8)
    fonts = (
        cv2.FONT_HERSHEY_SIMPLEX,
        cv2.FONT_HERSHEY_DUPLEX,
        cv2.FONT_HERSHEY_COMPLEX,
        cv2.FONT_HERSHEY_SCRIPT_SIMPLEX,
    )
    place = (int(rng.integers(80, 440)), int(rng.integers(190, 410)))
    text = str(rng.choice(list("ACDEFGHKMNPRTUVWXYabdefhkmnprtuvwxy")))
    cv2.putText(image, text, place, int(rng.choice(fonts)), rng.uniform(3, 6), 255, PEN, cv2.LINE_AA)
    return image


def _turned(points: Points, angle: float) -> Points:
    """Points, shape (n, 2), turned about (0, 0)."""
    cos, sin = np.cos(angle), np.sin(angle)
    return np.asarray(points @ np.array([[cos, sin], [-sin, cos]]))


def _place(rng: Rng) -> tuple[Points, float]:
    """A centre on the canvas and half a size."""
    return np.array([rng.uniform(140, 500), rng.uniform(130, 350)]), rng.uniform(SMALLEST / 2, LARGEST / 2)


KINDS: dict[str, Callable[[Rng], Image]] = {
    "blank": blank,
    "dots": dots,
    "one straight line, flat": straight_line,
    "two to four straight lines, flat": straight_lines,
    "zigzag scribbles": zigzag,
    "to-and-fro scribbles": to_and_fro,
    "round scribbles": round_and_round,
    "winding scribbles": wandering,
    "hatching": hatching,
    "cross-hatching": cross_hatching,
    "printed letters": letter,
}
