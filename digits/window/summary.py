"""Results as words and tables. No widgets."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from digits.reading.collection import Sample
from digits.reading.hand import Hand
from digits.reading.recognizer import Digit, Reading
from digits.window import hands
from digits.window.engine import Result

PLAIN, DOUBTFUL, REJECTED, CONFIRMED, CORRECTED = "plain", "doubtful", "rejected", "confirmed", "corrected"
SURE = 0.95  #: confidence below which a digit is doubtful; confidences are calibrated, so that so many are right

LONGEST = 80  #: characters of a name that are shown
FEW = 10  #: digits of which it is not said how many are read correctly by the others


@dataclass(frozen=True)
class StyledDigit:
    """One digit of the number.

    Attributes:
        text: the digit, or "?".
        style: "plain", "doubtful", "rejected", "confirmed" or "corrected".
        spaced: whether a space precedes it.
    """

    text: str
    style: str
    spaced: bool = False


@dataclass(frozen=True)
class Row:
    """One digit in the comparison.

    Attributes:
        texts: each network's answer, in the order of the networks.
        notes: each network's confidence, such as "96%".
        agreed: whether all answers are the same, of the networks that were asked.
        label: the corrected or confirmed answer, if there is one.
    """

    texts: tuple[str, ...]
    notes: tuple[str, ...]
    agreed: bool
    label: int | None


def percent(share: float) -> str:
    """A share between 0 and 1 as a percentage: "96%"; ">99%" rather than "100%" for less than that.

    It is rounded down, so that no doubtful digit has the percentage from which on digits are sure.
    """
    return ">99%" if 0.995 <= share < 1 else f"{math.floor(100 * share + 1e-6)}%"


def confidence(digit: Digit) -> str:
    """A network's confidence in its answer as a percentage; "" for a rejected digit."""
    return "" if digit.digit is None else percent(digit.confidence)


def lines(reading: Reading, keys: Sequence[str], labels: Mapping[str, Sample]) -> list[list[StyledDigit]]:
    """The number as lines of digits; corrected answers replace those of the network."""
    made: dict[int, list[StyledDigit]] = {}
    for digit, key in zip(reading.digits, keys, strict=True):
        made.setdefault(digit.segment.line, []).append(styled(digit, labels.get(key)))
    return [made[line] for line in sorted(made)]


def styled(digit: Digit, sample: Sample | None) -> StyledDigit:
    """One digit of the number; ``sample`` is its corrected or confirmed answer, if there is one."""
    if sample is not None:
        style = CONFIRMED if sample.label == digit.digit else CORRECTED
        return StyledDigit(str(sample.label), style, digit.segment.spaced)
    style = REJECTED if digit.digit is None else DOUBTFUL if digit.confidence < SURE else PLAIN
    return StyledDigit(digit.text, style, digit.segment.spaced)


def text(number: Iterable[Iterable[StyledDigit]]) -> str:
    """The number as plain text, one line of text for each line of digits."""
    return "\n".join("".join(f" {digit.text}" if digit.spaced else digit.text for digit in line) for line in number)


def rows(result: Result, names: Sequence[str], labels: Mapping[str, Sample]) -> list[Row]:
    """The comparison of the networks ``names``, one row for each digit."""
    table = []
    for i, key in enumerate(result.keys):
        digits = [result.readings[name].digits[i] for name in names]
        texts = tuple(digit.text for digit in digits)
        notes = tuple(confidence(digit) for digit in digits)
        sample = labels.get(key)
        agreed = len({digit.text for digit in digits if digit.is_read}) <= 1
        table.append(Row(texts, notes, agreed, sample.label if sample else None))
    return table


def shortened(name: str) -> str:
    """A name as it is shown: without its middle, if it has more than 80 characters, and with "�" for what has no shape.

    A title of megabytes would end the program.
    """
    half = LONGEST // 2
    short = name if len(name) <= LONGEST else f"{name[: half - 1]}…{name[-half:]}"
    return "".join(character if character.isprintable() else "�" for character in short)


def counted(n: int, noun: str) -> str:
    """ "1 digit", "4 digits"."""
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"


def found(result: Result, names: Sequence[str]) -> str:
    """What was found, in which part of a file, and how long a network took, in one line.

    Of several networks ``names``, the comparison says how long each took.
    """
    if not result.readings:
        return ""
    readings = [result.readings[name] for name in names if name in result.readings]
    note = result.state.photograph.note if result.state.photograph else ""
    part = f" · {note}" if note else ""
    if not readings or not readings[0].digits:
        return f"No digits found{part}"
    n_lines = len({digit.segment.line for digit in readings[0].digits})
    time = f" · {readings[0].model} {milliseconds(readings[0].seconds)}" if len(readings) == 1 else ""
    labels = result.state.labels
    pairs = list(zip(result.keys, readings[0].digits, strict=True))
    rejected = sum(digit.digit is None and key not in labels for key, digit in pairs)
    text = counted(len(result.keys) - rejected, "digit")
    text += f"{f' and {rejected:,} ?' if rejected else ''} in {counted(n_lines, 'line')}{part}{time}"
    by_hand = [key for key, digit in pairs if digit.moved and key not in labels]
    if by_hand:
        text += f" · {len(by_hand):,} by your hand"
    if result.left_out:
        text += f" · {len(result.left_out):,} beside them left out"
    unread = max(reading.unread for reading in readings)
    return f"{text} · the {counted(unread, 'smallest piece')} not read" if unread else text


def milliseconds(seconds: float) -> str:
    """A duration as "0.4 ms" or "21 ms"."""
    value = seconds * 1000
    return f"{value:.1f} ms" if value < 9.95 else f"{value:,.0f} ms"


def handwriting(n: int, hand: Hand | None, learns: bool, name: str = "", failed: str = "") -> str:
    """What the network that leads has gained from the ``n`` collected digits, in one line.

    Args:
        n: digits.
        hand: what was learned of them; None while it is not known.
        learns: whether it is used.
        name: of the hand, "" for the first.
        failed: the name of the network if it cannot learn.
    """
    if n == 0:
        return f"{hands.collection_of(name)}: none yet"
    whose, digits = hands.whose(name), counted(n, "digit")
    own = f"{whose.capitalize() if whose == 'your' else whose} {digits}"
    if failed:
        return f"{own}: {failed} cannot learn them"
    if hand is None:
        return own
    of = own if hand.n == n else f"The newest {hand.n:,} of {whose} {digits}"
    if not learns:
        return f"{of}: {hand.before:,} read correctly, learning is off"
    if n < FEW and hand.helps:
        return f"{of}, learned"
    if hand.now == hand.before:
        of = f"{whose} {digits}" if hand.n == n else f"the newest {hand.n:,} of {whose} {digits}"
        return f"{hand.now:,} of {of} are read correctly, with or without what was learned"
    if hand.helps:
        return f"{of}: {hand.before:,} read correctly before, {hand.now:,} now"
    return f"{of}: {hand.before:,} read correctly; learning them does not help"


def gained(hand: Hand) -> str:
    """What a network has gained, for the dialog."""
    if hand.now == hand.before:
        return f"{hand.now:,} of {hand.n:,} right, with or without what was learned"
    unused = "" if hand.helps else ", which is not used"
    return f"{hand.before:,} of {hand.n:,} right as it is, {hand.now:,} with what was learned{unused}"
