"""What is measured: digits by other people, and numbers and signs by those whom training left out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypedDict

from benchmarks.pen_digits.drawing import ENOUGH, hands
from digits.errors import UserError
from digits.learning.handwriting import Character, Handwriting
from digits.learning.json_types import Line, Number, Sha256
from digits.line_image import NO_DIGIT


class People(TypedDict):
    """Whose writing it is: how many writers, and the SHA-256 of the files by name."""

    writers: Number
    files: dict[Line, Sha256]


@dataclass(frozen=True)
class Samples:
    """What is measured.

    Attributes:
        digits: by people whose handwriting nothing has learned from.
        hands: the digits of each writer left out who has written enough of them.
        signs: letters and signs by writers left out.
        people, left_out: whose.
        taught: the networks that have learned from handwriting.
    """

    digits: Sequence[Character]
    hands: Sequence[Sequence[Character]]
    signs: Sequence[Character]
    people: People
    left_out: People
    taught: Sequence[str]

    @classmethod
    def of(cls, strokes: Handwriting, learned_from: Handwriting, taught: Sequence[str], limit: int = 0) -> "Samples":
        """Take the samples from handwriting.

        Args:
            strokes: by other people.
            learned_from: whose writers that were left out are used.
            taught: networks that have learned from it.
            limit: at most so many digits, and signs; 0 for all.

        Raises:
            UserError: there are no digits, numbers or signs, or there is writing that was learned from in ``strokes``.
        """
        both = strokes.by_writer().keys() & learned_from.by_writer().keys()
        if both or {*strokes.files.values()} & {*learned_from.files.values()}:
            what = f"{min(both)}, a writer" if both else f"{', '.join(strokes.files)}, a file"
            raise UserError(f"--strokes has {what} of --handwriting; give digits by people of whom nothing was learned")
        digits = [character for character in strokes.characters if character.label != NO_DIGIT]
        others = learned_from.split()[1]
        found = hands(others.by_writer())
        signs = [character for character in others.characters if character.label == NO_DIGIT]
        for what, some in ((f"{ENOUGH} digits", found), ("letters or signs", signs)):
            if not some:
                raise UserError(f"--handwriting has nobody with {what} left out of training; give more files")
        people = People(writers=len({character.writer for character in digits}), files=dict(strokes.files))
        used = {character.writer for characters in (*found, signs) for character in characters}
        left_out = People(writers=len(used), files=dict(learned_from.files))
        return cls(_some(digits, limit), found, _some(signs, limit), people, left_out, taught)


def _some(characters: Sequence[Character], limit: int) -> Sequence[Character]:
    return characters[:: max(1, len(characters) // limit)][:limit] if limit else characters
