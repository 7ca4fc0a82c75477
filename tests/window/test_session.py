"""What the window shows, without a window: the number, the marks, the comparison, the selection."""

import numpy as np
import pytest

from digits.networks import CORE as NAMES
from digits.reading.ink import Stroke
from digits.reading.recognizer import Digit, Reading
from digits.reading.segmentation import Segment
from digits.window import summary
from digits.window.collection import Collection
from digits.window.document import digit_key
from digits.window.engine import Result
from digits.window.session import Session


def segments(lines=("47",)):
    made = []
    for line, digits in enumerate(lines):
        for place in range(len(digits)):
            made.append(Segment((place * 50, line * 100, 40, 80), np.full((80, 40), 255, np.uint8), line, (len(made),)))
    return made


def reading(name, digits, confidence=0.9, lines=("47",)):
    made = []
    for text, segment in zip(digits, segments(lines), strict=True):
        answer = None if text == "?" else int(text)
        probabilities = np.full(10, (1 - confidence) / 9, np.float32)
        probabilities[answer or 0] = confidence
        made.append(Digit(answer, confidence, probabilities, segment))
    return Reading(name, tuple(made), 0.012)


@pytest.fixture
def session(tmp_path):
    made = Session(NAMES, Collection(tmp_path))
    made.lead = "VGG16"
    for i in range(2):
        made.document.add(Stroke(((i * 50.0, 10.0),), 8))
    keys = tuple(map(digit_key, segments()))
    made.take(Result(made.document.state, keys, {"ANN": reading("ANN", "41"), "VGG16": reading("VGG16", "4?", 0.4)}))
    return made


def test_the_number_and_its_marks(session):
    assert summary.text(session.number()) == "4?"
    assert [piece.style for piece in session.number()[0]] == ["plain", "rejected"]
    marks = session.marks()
    assert [(mark.text, mark.note, mark.rejected) for mark in marks] == [("4", "40 %", False), ("?", "", True)]


def test_lines_are_kept_apart(session):
    lines = ("47", "1")
    keys = tuple(map(digit_key, segments(lines)))
    session.take(Result(session.document.state, keys, {"VGG16": reading("VGG16", "471", lines=lines)}))
    assert summary.text(session.number()) == "47\n1"
    assert summary.found(session.result, NAMES) == "3 digits in 2 lines · VGG16 12 ms"


def test_the_comparison_marks_disagreement(session):
    session.comparing = True
    rows = session.rows()
    assert [row.agreed for row in rows] == [True, False]
    assert rows[1].texts == ("1", "?")
    assert rows[0].notes == ("90 %", "40 %")
    assert session.marks()[1].note == "≠ 1"


def test_selecting_goes_round(session):
    places = []
    for _ in range(4):
        session.select_next(1)
        places.append(session.selected_index)
    assert places == [0, 1, None, 0]
    session.select_next(-1)
    assert session.selected_index is None
    session.select_next(-1)
    assert session.selected_index == 1


def test_selecting_at_a_place(session):
    assert session.select_at(45, 40, 6)
    assert session.selected_index == 0
    assert not session.select_at(300, 300, 6)


def test_the_newest_digit_is_shown_unless_one_is_selected(session):
    assert session.shown()[0].segment.strokes == (1,)
    session.select_next(1)
    assert session.shown()[0].segment.strokes == (0,)


def test_answers(session):
    assert session.sample(7, (9, 9)) is None
    session.select_next(1)
    sample = session.sample(None, (9, 9))
    assert (sample.label, sample.strokes.strokes) == (4, session.document.state.strokes[:1])
    session.document.label(session.sample(9, (9, 9)))
    assert summary.text(session.number()) == "9?"
    assert session.marks()[0].note == "was 4"
    session.select_next(1)
    assert session.sample(None, (9, 9)) is None
    session.document.label(session.sample(7, (9, 9)))
    assert summary.text(session.number()) == "97"


def test_a_selected_digit_that_is_gone_is_let_go(session):
    session.select_next(1)
    session.take(Result(session.document.state, ("other",), {"VGG16": reading("VGG16", "4", lines=("4",))}))
    assert session.selected is None


def test_failures_pass_the_lead_on(session):
    session.fail("VGG16", "missing")
    assert session.lead == "CNN"
    assert session.usable == ("ANN", "CNN")
    session.fail("CNN", "missing")
    session.fail("ANN", "missing")
    assert "No network" in session.advice()


@pytest.mark.parametrize(
    ("share", "text"), [(0.0, "0 %"), (0.004, "0 %"), (0.5, "50 %"), (0.994, "99 %"), (0.9999, ">99 %"), (1.0, "100 %")]
)
def test_percent(share, text):
    assert summary.percent(share) == text


def test_words():
    assert summary.counted(1, "digit") == "1 digit"
    assert summary.milliseconds(0.0004) == "0.4 ms"
    assert summary.milliseconds(1.2345) == "1,234 ms"
    assert summary.handwriting(0, {}) == "My handwriting: none yet"
    assert summary.handwriting(57, {"VGG16": 1}) == "My handwriting: 57 digits, VGG16 56 right"


def test_an_answer_to_an_older_reading_keeps_that_reading_s_strokes(session):
    session.select_next(-1)
    drawn = session.document.state.strokes
    assert session.up_to_date
    session.document.set_strokes([])
    assert not session.up_to_date
    assert session.sample(7, (9, 9)).strokes.strokes == drawn[1:]
