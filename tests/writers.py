"""Handwriting of invented people, for the tests of what learns from it."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from digits.learning.handwriting import Character, Handwriting
from digits.line_image import NO_DIGIT
from tests.handwriting import SHAPES, Points, strokes

KNOWN = ("Ada", "Ben", "Cleo")  #: their names let them be learned from
LEFT_OUT = ("Kim", "Nora")  #: and theirs do not
FILES = {"people.json": "5" * 64}
SIGNS: dict[str, list[Points]] = {
    "A": [[(0, 100), (30, 0), (60, 100)], [(15, 60), (45, 60)]],
    "+": [[(0, 50), (100, 50)], [(50, 0), (50, 100)]],
}


def entries(
    writers: Iterable[str] = (*KNOWN, *LEFT_OUT), digits: Iterable[str] = SHAPES, signs: Iterable[str] = SIGNS
) -> list[dict[str, Any]]:
    """What each has written, as a JSON file of handwriting has it."""
    written: list[dict[str, Any]] = []
    for seed, writer in enumerate(writers):
        written += [
            {"digit": int(digit), "writer": writer, "strokes": strokes(digit, 0, 0, 100, seed=seed)} for digit in digits
        ]
        written += [{"sign": sign, "writer": writer, "strokes": SIGNS[sign]} for sign in signs]
    return written


def people(
    writers: Iterable[str] = (*KNOWN, *LEFT_OUT), digits: Iterable[str] = SHAPES, signs: Iterable[str] = SIGNS
) -> Handwriting:
    """The same as it is read."""
    written = entries(writers, digits, signs)
    return Handwriting(tuple(map(_character, written)), FILES)


def by_hand(label: int, *drawn: Sequence[Sequence[float]]) -> Character:
    """A character of strokes given as points."""
    return Character(label, "Ada", tuple(np.array(stroke, np.float32) for stroke in drawn))


def _character(entry: dict[str, Any]) -> Character:
    drawn = tuple(np.array(stroke, np.float32) for stroke in entry["strokes"])
    return Character(entry.get("digit", NO_DIGIT), entry["writer"], drawn, entry.get("sign", ""))
