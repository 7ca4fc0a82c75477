"""The state behind the window: number, marks, comparison, selection and choices."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from digits.networks import CORE as NAMES
from digits.reading.collection import Collection, Sample
from digits.reading.hand import Hand
from digits.reading.ink import Stroke
from digits.reading.marks import LeftOut
from digits.reading.recognizer import Digit, Reading
from digits.reading.segmentation import Segment
from digits.window import summary
from digits.window.document import digit_key
from digits.window.engine import Result
from digits.window.session import COMPARE, Session
from digits.window.settings import Settings


def segments(lines: Sequence[str] = ("47",)) -> list[Segment]:
    made: list[Segment] = []
    for line, digits in enumerate(lines):
        for place in range(len(digits)):
            made.append(Segment((place * 50, line * 100, 40, 80), np.full((80, 40), 255, np.uint8), line, (len(made),)))
    return made


def reading(name: str, digits: str, confidence: float = 0.9, lines: Sequence[str] = ("47",)) -> Reading:
    made = []
    for text, segment in zip(digits, segments(lines), strict=True):
        answer = None if text == "?" else int(text)
        probabilities = np.full(10, (1 - confidence) / 9, np.float32)
        probabilities[answer or 0] = confidence
        made.append(Digit(answer, confidence, probabilities, segment))
    return Reading(name, tuple(made), 0.012)


@pytest.fixture
def session(tmp_path: Path) -> Session:
    made = Session(NAMES, Collection(tmp_path))
    made.lead = "VGG16"
    for i in range(2):
        made.document.add(Stroke(((i * 50.0, 10.0),), 8))
    keys = tuple(map(digit_key, segments()))
    made.take(Result(made.document.state, keys, {"ANN": reading("ANN", "41"), "VGG16": reading("VGG16", "4?", 0.4)}))
    return made


def shown_strokes(session: Session) -> tuple[int, ...]:
    """The strokes of the digit shown in detail."""
    shown = session.shown()
    assert shown is not None
    return shown[0].segment.strokes


def labelled(session: Session, label: int | None) -> Sample:
    """The selected digit with a label."""
    sample = session.sample(label, (9, 9))
    assert sample is not None
    return sample


def test_the_number_and_its_marks(session: Session) -> None:
    assert summary.text(session.number()) == "4?"
    assert session.result is not None
    assert summary.found(session.result, session.asked).startswith("1 digit and 1 ? in 1 line"), "as many as are read"
    assert [digit.style for digit in session.number()[0]] == ["doubtful", "rejected"]
    marks = session.marks()
    assert [(mark.text, mark.note, mark.rejected) for mark in marks] == [("4", "40%", True), ("?", "", True)]


def test_what_is_left_out_is_marked_after_the_digits(session: Session) -> None:
    assert session.result is not None
    session.take(replace(session.result, left_out=(LeftOut((5, 6, 70, 8), "an underline"),)))
    mark = session.marks()[-1]
    assert (len(session.marks()), mark.box, mark.text, mark.note) == (3, (5, 6, 70, 8), "", "an underline")
    assert mark.left_out and not mark.rejected and mark.words == "an underline"


def test_what_is_deleted_from_a_photograph_is_marked_as_left_out(session: Session) -> None:
    assert session.result is not None
    session.take(replace(session.result, state=replace(session.result.state, hidden={"key": (5, 6, 70, 8)})))
    mark = session.marks()[-1]
    assert (mark.box, mark.words, mark.left_out) == ((5, 6, 70, 8), "deleted", True)


def test_a_space_stands_between_numbers(session: Session) -> None:
    digits = session.number()[0]
    assert summary.text([[digits[0], replace(digits[1], spaced=True)]]) == "4 ?"


def test_lines_are_kept_apart(session: Session) -> None:
    lines = ("47", "1")
    keys = tuple(map(digit_key, segments(lines)))
    session.take(Result(session.document.state, keys, {"VGG16": reading("VGG16", "471", lines=lines)}))
    assert summary.text(session.number()) == "47\n1"
    assert session.result is not None
    assert summary.found(session.result, NAMES) == "3 digits in 2 lines · VGG16 12 ms"
    full = replace(session.result.readings["VGG16"], unread=300)
    session.take(Result(session.document.state, keys, {"VGG16": full}))
    assert session.result is not None
    assert summary.found(session.result, NAMES).endswith(" · the 300 smallest pieces not read")


def test_the_comparison_marks_disagreement(session: Session) -> None:
    session.comparing = True
    rows = session.rows()
    assert [row.agreed for row in rows] == [True, False]
    assert rows[1].texts == ("1", "?")
    assert rows[0].notes == ("90%", "40%")
    assert session.marks()[1].note == "≠ 1"


def test_selecting_goes_round(session: Session) -> None:
    places = []
    for _ in range(4):
        session.select_next(1)
        places.append(session.selected_index)
    assert places == [0, 1, None, 0]
    session.select_next(-1)
    assert session.selected_index is None
    session.select_next(-1)
    assert session.selected_index == 1


def test_selecting_at_a_place(session: Session) -> None:
    assert session.select_at(45, 40, 6)
    assert session.selected_index == 0
    assert not session.select_at(300, 300, 6)


def test_the_newest_digit_is_shown_unless_one_is_selected(session: Session) -> None:
    assert shown_strokes(session) == (1,)
    session.select_next(1)
    assert shown_strokes(session) == (0,)


def test_labels(session: Session) -> None:
    assert session.sample(7, (9, 9)) is None
    session.select_next(1)
    sample = labelled(session, None)
    assert (sample.label, sample.strokes.strokes) == (4, session.document.state.strokes[:1])
    session.document.label(labelled(session, 9))
    assert summary.text(session.number()) == "9?"
    assert session.marks()[0].note == "was 4"
    session.select_next(1)
    assert session.sample(None, (9, 9)) is None
    session.document.label(labelled(session, 7))
    assert summary.text(session.number()) == "97"


def test_a_selected_digit_that_no_longer_exists_is_deselected(session: Session) -> None:
    session.select_next(1)
    session.take(Result(session.document.state, ("other",), {"VGG16": reading("VGG16", "4", lines=("4",))}))
    assert session.selected is None


def test_when_the_leading_network_fails_another_leads(session: Session) -> None:
    session.fail("VGG16", "missing")
    assert session.lead == "CNN"
    assert session.usable == ("ANN", "CNN")
    session.fail("CNN", "missing")
    session.fail("ANN", "missing")
    assert "No network" in session.advice()


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.0, "0%"),
        (0.004, "0%"),
        (0.5, "50%"),
        (0.29, "29%"),
        (0.9497, "94%"),
        (0.95, "95%"),
        (0.994, "99%"),
        (0.9999, ">99%"),
        (1.0, "100%"),
    ],
)
def test_percent(share: float, text: str) -> None:
    assert summary.percent(share) == text


def test_words() -> None:
    assert summary.counted(1, "digit") == "1 digit"
    assert summary.milliseconds(0.0004) == "0.4 ms"
    assert summary.milliseconds(1.2345) == "1,234 ms"
    assert summary.handwriting(0, None, True) == "My handwriting: none yet"
    assert summary.handwriting(57, None, True) == "Your 57 digits"


@pytest.mark.parametrize(
    ("n", "before", "now", "learns", "text"),
    [
        (31, 27, 31, True, "Your 31 digits: 27 read correctly before, 31 now"),
        (31, 27, 31, False, "Your 31 digits: 27 read correctly, learning is off"),
        (1, 0, 0, True, "Your 1 digit, learned"),
        (10, 9, 9, True, "9 of your 10 digits are read correctly, with or without what was learned"),
        (31, 27, 26, True, "Your 31 digits: 27 read correctly; learning them does not help"),
        (900, 27, 31, True, "The newest 31 of your 900 digits: 27 read correctly before, 31 now"),
    ],
)
def test_what_was_gained_is_said_in_one_line(n: int, before: int, now: int, learns: bool, text: str) -> None:
    hand = Hand(np.zeros((2, 10), np.float32), min(n, 31), before, now, frozenset())
    assert summary.handwriting(n, hand, learns) == text


@pytest.mark.parametrize(
    ("n", "before", "now", "text"),
    [
        (0, 0, 0, "Anna's handwriting: none yet"),
        (1, 0, 0, "Anna's 1 digit, learned"),
        (10, 9, 9, "9 of Anna's 10 digits are read correctly, with or without what was learned"),
        (900, 31, 31, "31 of the newest 31 of Anna's 900 digits are read correctly, with or without what was learned"),
        (900, 27, 31, "The newest 31 of Anna's 900 digits: 27 read correctly before, 31 now"),
    ],
)
def test_another_person_s_digits_are_called_theirs(n: int, before: int, now: int, text: str) -> None:
    hand = Hand(np.zeros((2, 10), np.float32), min(n, 31), before, now, frozenset())
    assert summary.handwriting(n, hand, True, "Anna") == text


def test_a_label_for_an_older_reading_keeps_that_reading_s_strokes(session: Session) -> None:
    session.select_next(-1)
    drawn = session.document.state.strokes
    assert session.up_to_date
    session.document.set_strokes([])
    assert not session.up_to_date
    assert labelled(session, 7).strokes.strokes == drawn[1:]


def test_choices_and_settings(tmp_path: Path) -> None:
    session = Session(NAMES, Collection(tmp_path), Settings(network="CNN", pen=20))
    assert (session.chosen, session.asked, session.pen) == ("CNN", ("CNN",), 20)
    session.choose("ANN")
    session.choose(COMPARE)
    assert (session.chosen, session.asked, session.settings.network) == (COMPARE, NAMES, "ANN")
    session.fail("CNN", "missing")
    assert [choice for choice in session.choices if session.can_choose(choice)] == ["ANN", "VGG16", COMPARE]
    for diameter, expected in ((1, 2), (41, 40), (7, 7)):
        session.set_pen(diameter)
        assert session.settings.pen == expected


def test_an_unknown_network_in_the_settings_is_ignored(tmp_path: Path) -> None:
    assert Session(NAMES, Collection(tmp_path), Settings(network="gone")).lead == NAMES[-1]


def test_a_network_that_was_not_asked_disagrees_with_nobody(session: Session) -> None:
    assert session.result is not None
    unread = session.result.readings["VGG16"]
    digits = [replace(digit, is_read=digit.digit is not None) for digit in unread.digits]
    readings = {"ANN": reading("ANN", "41"), "VGG16": replace(unread, digits=tuple(digits))}
    session.take(replace(session.result, readings=readings))
    assert [row.agreed for row in session.rows()] == [True, True]
