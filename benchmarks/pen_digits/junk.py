"""Drawings that are not digits, and how often the networks read no digit in them."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from benchmarks.accuracy import Accuracy, AccuracyMetrics
from benchmarks.networks import file_of
from benchmarks.pen_digits.drawing import (
    HEIGHT,
    LARGEST,
    PEN,
    SMALLEST,
    WIDTH,
    Image,
    Points,
    Rng,
    draw,
    segments_of,
    stroke,
)
from digits.reading.classifier import Classifier
from digits.reading.recognizer import read


def measure_junk(models: Path, name: str, n: int) -> dict[str, AccuracyMetrics]:
    """How often a network reads no digit, by kind of drawing.

    Args:
        models: the folder with the networks.
        name: of the network.
        n: drawings of all kinds together.
    """
    network = Classifier(file_of(models, name))
    results = {}
    for kind, make in KINDS.items():
        rng = np.random.default_rng(3)
        readings = (read(segments_of(make(rng)), network) for _ in range(max(1, n // len(KINDS))))
        results[kind] = Accuracy.of(all(digit.digit is None for digit in each.digits) for each in readings).to_json()
    return results


def blank(rng: Rng) -> Image:
    """Paper of any brightness with noise."""
    return np.clip(rng.integers(256) + rng.normal(0, rng.uniform(0, 6), (HEIGHT, WIDTH)), 0, 255).astype(np.uint8)


def dots(rng: Rng) -> Image:
    """One to eleven dots."""
    places = rng.uniform((10, 10), (WIDTH - 10, HEIGHT - 10), (rng.integers(1, 12), 2))
    return draw([stroke(place[np.newaxis]) for place in places])


def straight_line(rng: Rng) -> Image:
    """One straight line in any direction."""
    return _straight_lines(rng, 1)


def straight_lines(rng: Rng) -> Image:
    """Two to four straight lines in any direction."""
    return _straight_lines(rng, int(rng.integers(2, 5)))


def _straight_lines(rng: Rng, n: int) -> Image:
    strokes = []
    for _ in range(n):
        angle, half = rng.uniform(0, np.pi), rng.uniform(45, 200)
        along = np.linspace(-half, half, 20)[:, np.newaxis] * (np.cos(angle), np.sin(angle))
        wobble = rng.normal(0, 0.35, (20, 2)).cumsum(axis=0)
        strokes.append(stroke(rng.uniform((100, 100), (540, 380)) + along + wobble))
    return draw(strokes)


def zigzag(rng: Rng) -> Image:
    """A scribble back and forth."""
    centre, half = _place(rng)
    turns = int(rng.integers(8, 30))
    x, y = np.linspace(-1, 1, turns), np.where(np.arange(turns) % 2, 1, -1) * rng.uniform(0.4, 1, turns)
    angle = rng.uniform(0, np.pi)
    turned = np.stack([x * np.cos(angle) - y * np.sin(angle), x * np.sin(angle) + y * np.cos(angle)], axis=1)
    return draw([stroke(centre + half * turned)])


def wandering(rng: Rng) -> Image:
    """A scribble whose direction changes at random."""
    centre, half = _place(rng)
    steps = int(rng.integers(150, 500))
    direction = np.cumsum(rng.normal(0, 0.35, steps))
    path = np.cumsum(np.stack([np.cos(direction), np.sin(direction)], axis=1) * rng.uniform(4, 9), axis=0)
    path -= path.mean(axis=0)
    return draw([stroke(centre + path * min(1, 1.6 * half / np.abs(path).max()))])


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


def _place(rng: Rng) -> tuple[Points, float]:
    """A centre on the canvas and half a size."""
    return np.array([rng.uniform(140, 500), rng.uniform(130, 350)]), rng.uniform(SMALLEST / 2, LARGEST / 2)


KINDS: dict[str, Callable[[Rng], Image]] = {
    "blank": blank,
    "dots": dots,
    "one straight line, any direction": straight_line,
    "two to four straight lines": straight_lines,
    "zigzag scribbles": zigzag,
    "winding scribbles": wandering,
    "hatching": hatching,
    "cross-hatching": cross_hatching,
    "letters": letter,
}
