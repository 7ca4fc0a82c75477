"""Where labels have room beside digits, so that they cover no ink. No widgets."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

EDGE = 0.04  #: of a frame's shorter side: how thick its edges may be
Rectangle = tuple[float, float, float, float]  #: left, top, right and bottom, in screen pixels


@dataclass(frozen=True)
class Wanted:
    """A digit that wants a label.

    Attributes:
        ink: where its ink is.
        room: pixels between its ink and the label.
        sizes: (width, height) of the texts that it may have, the best first.
    """

    ink: Rectangle
    room: float
    sizes: Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Placed:
    """A label: which of the texts it is, and where."""

    text: int
    where: Rectangle


def arrange(wanted: Sequence[Wanted], screen: tuple[int, int], ink: Sequence[Rectangle] = ()) -> list[Placed | None]:
    """Place a label below or above each digit: the best text that covers no ink and no other label, or none.

    A label reaches no farther to the side than half of the way to the next digit of its line, so that it is not taken
    for that one's.

    Args:
        wanted: the digits.
        screen: (width, height) of what is seen.
        ink: what else must not be covered.
    """
    taken = _array([side for one in wanted for side in _inked(one.ink, wanted)] + list(ink))
    inks = _array([one.ink for one in wanted])
    sides = [_sides(i, inks, screen) for i in range(len(wanted))]
    found: list[Placed | None] = []
    for one, (least, most) in zip(wanted, sides, strict=True):
        place = _place(one, least, most, screen, taken)
        found.append(place)
        if place is not None:
            taken = np.vstack([taken, _array([place.where])])
    return found


def _inked(ink: Rectangle, wanted: Sequence[Wanted]) -> list[Rectangle]:
    """Where ink is: the edges of what is drawn around others, such as a frame; else all of its box."""
    left, top, right, bottom = ink
    around = any(
        left < one.ink[0] and top < one.ink[1] and right > one.ink[2] and bottom > one.ink[3] for one in wanted
    )
    if not around:
        return [ink]
    edge = EDGE * min(right - left, bottom - top)
    return [
        (left, top, right, top + edge),
        (left, bottom - edge, right, bottom),
        (left, top, left + edge, bottom),
        (right - edge, top, right, bottom),
    ]


def _place(
    one: Wanted, least: float, most: float, screen: tuple[int, int], taken: NDArray[np.float64]
) -> Placed | None:
    left, top, right, bottom = one.ink
    for text, (width, height) in enumerate(one.sizes):
        if width > most - least:
            continue
        x = min(max((left + right - width) / 2, least), most - width)
        for y in (bottom + one.room, top - one.room - height):
            where = (x, y, x + width, y + height)
            if y >= 0 and y + height <= screen[1] and not _covers(where, taken):
                return Placed(text, where)
    return None


def _sides(i: int, inks: NDArray[np.float64], screen: tuple[int, int]) -> tuple[float, float]:
    """How far to the left and right the label of a digit may reach."""
    left, top, right, bottom = inks[i]
    others = np.delete(inks, i, axis=0)
    around = (others[:, 0] < left) & (others[:, 1] < top) & (others[:, 2] > right) & (others[:, 3] > bottom)
    beside = others[(others[:, 1] < bottom) & (others[:, 3] > top) & ~around]
    middle = (left + right) / 2
    middles = (beside[:, 0] + beside[:, 2]) / 2
    before, after = beside[middles < middle], beside[middles > middle]
    least = max(0.0, float(((np.minimum(before[:, 2], left) + left) / 2).max(initial=0.0)))
    most = min(float(screen[0]), float(((np.maximum(after[:, 0], right) + right) / 2).min(initial=float(screen[0]))))
    return least, most


def _covers(where: Rectangle, taken: NDArray[np.float64]) -> bool:
    left, top, right, bottom = where
    over = (taken[:, 0] < right) & (taken[:, 2] > left) & (taken[:, 1] < bottom) & (taken[:, 3] > top)
    return bool(over.any())


def _array(rectangles: Sequence[Rectangle]) -> NDArray[np.float64]:
    return np.array(rectangles, np.float64).reshape(-1, 4)
