"""What was read, put into words and tables. No widgets."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from digits.reading.recognizer import Digit, Reading
from digits.window.document import Sample
from digits.window.engine import Result

PLAIN, REJECTED, CONFIRMED, CORRECTED = "plain", "rejected", "confirmed", "corrected"


@dataclass(frozen=True)
class Piece:
    """One digit of the number: its text, and "plain", "rejected", "confirmed" or "corrected"."""

    text: str
    style: str


@dataclass(frozen=True)
class Row:
    """One digit in the comparison.

    Attributes:
        texts: what each network says, in the order of the networks.
        notes: how sure each is, such as "96 %".
        agreed: whether all say the same.
        label: the right digit where a person gave it.
    """

    texts: tuple[str, ...]
    notes: tuple[str, ...]
    agreed: bool
    label: int | None


def percent(share: float) -> str:
    """A share as people read it: "96 %"; ">99 %" rather than a "100 %" that no network means."""
    return ">99 %" if 0.995 <= share < 1 else f"{share:.0%}".replace("%", " %")


def sureness(digit: Digit) -> str:
    """How sure a network is of its answer; nothing where it takes the ink for no digit."""
    return "" if digit.digit is None else percent(digit.confidence)


def lines(reading: Reading, keys: Sequence[str], labels: Mapping[str, Sample]) -> list[list[Piece]]:
    """The number as lines of digits; what a person corrected takes the place of what was read."""
    made: dict[int, list[Piece]] = {}
    for digit, key in zip(reading.digits, keys, strict=True):
        made.setdefault(digit.segment.line, []).append(piece(digit, labels.get(key)))
    return [made[line] for line in sorted(made)]


def piece(digit: Digit, sample: Sample | None) -> Piece:
    """One digit of the number."""
    if sample is not None:
        return Piece(str(sample.label), CONFIRMED if sample.label == digit.digit else CORRECTED)
    return Piece(digit.text, REJECTED if digit.digit is None else PLAIN)


def text(number: Iterable[Iterable[Piece]]) -> str:
    """The number as plain text, a line a line."""
    return "\n".join("".join(part.text for part in line) for line in number)


def rows(result: Result, names: Sequence[str], labels: Mapping[str, Sample]) -> list[Row]:
    """The comparison of the networks that answered, a row a digit."""
    table = []
    for i, key in enumerate(result.keys):
        digits = [result.readings[name].digits[i] for name in names]
        texts = tuple(digit.text for digit in digits)
        notes = tuple(sureness(digit) for digit in digits)
        sample = labels.get(key)
        table.append(Row(texts, notes, len(set(texts)) <= 1, sample.label if sample else None))
    return table


def counted(n: int, thing: str) -> str:
    """ "1 digit", "4 digits"."""
    return f"{n:,} {thing}" if n == 1 else f"{n:,} {thing}s"


def found(result: Result, names: Sequence[str]) -> str:
    """The status line's first part: what was found and how long each network took."""
    if not result.readings:
        return ""
    readings = [result.readings[name] for name in names if name in result.readings]
    if not readings or not readings[0].digits:
        return "No digits found"
    n_lines = len({digit.segment.line for digit in readings[0].digits})
    times = ", ".join(f"{reading.model} {milliseconds(reading.seconds)}" for reading in readings)
    return f"{counted(len(result.keys), 'digit')} in {counted(n_lines, 'line')} · {times}"


def milliseconds(seconds: float) -> str:
    """A duration as "0.4 ms" or "21 ms"."""
    value = seconds * 1000
    return f"{value:.1f} ms" if value < 9.95 else f"{value:,.0f} ms"


def handwriting(n: int, misses: Mapping[str, int]) -> str:
    """The status line's last part: how each network does on the collected digits."""
    if n == 0:
        return "My handwriting: none yet"
    right = ", ".join(f"{name} {n - missed:,} right" for name, missed in misses.items())
    return f"My handwriting: {counted(n, 'digit')}" + (f", {right}" if right else "")
