"""Dots, commas and minus signs are seen, and so is what is drawn around and under digits."""

from collections.abc import Sequence

import numpy as np
import pytest

from digits.reading.classifier import Classifier
from digits.reading.ink import Stroke
from digits.reading.marks import COLON, COMMA, DOT, FRAME, MINUS, SPECK, UNDERLINE, marks_among, with_marks
from digits.reading.recognizer import Reading, read_photograph, read_segments
from digits.reading.segmentation import Segment, image_components, stroke_components
from tests.handwriting import strokes as strokes_of
from tests.reading.conftest import MODELS, found, line_segmenter, on_paper, picture, written

HEIGHT, FOOT, PEN = 120, 140, 8  #: of the digits of ``written``
MARKS: dict[str, list[list[tuple[float, float]]]] = {
    ".": [[(0, 0), (1, 1)]],
    ",": [[(4, -6), (4, 6), (-4, 20)]],
    ":": [[(0, -30), (1, -29)], [(0, -84), (1, -83)]],
    "-": [[(0, -60), (42, -62)]],
}  #: strokes by mark, from the foot of the line; y points down
ADVANCES = {".": 30, ",": 30, ":": 30, "-": 72}


@pytest.fixture(scope="module")
def resnet() -> Classifier:
    return Classifier(MODELS / "ResNet.onnx")


def line(*points: tuple[float, float], pen: float = PEN) -> Stroke:
    return Stroke(tuple((float(x), float(y)) for x, y in points), pen)


def with_signs(text: str) -> list[Stroke]:
    """Digits and marks as strokes."""
    strokes, x = [], 20.0
    for place, character in enumerate(text):
        if character in MARKS:
            strokes += [line(*((x + a, FOOT + b) for a, b in points)) for points in MARKS[character]]
            x += ADVANCES[character]
        else:
            strokes += written(character, HEIGHT, PEN, place, x)
            x += 94
    return strokes


def read_drawn(strokes: Sequence[Stroke], network: Classifier) -> Reading:
    components = stroke_components(strokes)
    return read_segments(line_segmenter().segments(components), network, components)


def read_photographed(strokes: list[Stroke], network: Classifier) -> Reading:
    return read_photograph(on_paper(picture(strokes, 60)), network, line_segmenter())


def named(reading: Reading) -> list[str]:
    return [one["why"] for one in reading.as_json().get("left_out", [])]


@pytest.mark.parametrize(
    ("text", "read", "why"),
    [
        ("3.14", "3?14", [DOT]),
        ("3,14", "3?14", [COMMA]),
        ("1:30", "1?30", [COLON]),
        ("2-3", "2?3", [MINUS]),
        ("-5", "?5", [MINUS]),
        ("25.", "25?", [DOT]),
        ("1.000.000", "1?000?000", [DOT, DOT]),
        ("-31.5", "?31?5", [MINUS, DOT]),
    ],
)
def test_a_mark_among_digits_is_a_rejected_digit_with_its_name(
    text: str, read: str, why: list[str], resnet: Classifier
) -> None:
    strokes = with_signs(text)
    for reading in (read_drawn(strokes, resnet), read_photographed(strokes, resnet)):
        assert (reading.text, named(reading)) == (read, why)
        assert [digit.rejected for digit in reading.digits if digit.text == "?"] == why


@pytest.mark.parametrize("above", [True, False])
def test_a_mark_stays_on_its_line_wherever_other_lines_have_their_digits(above: bool, resnet: Classifier) -> None:
    number = with_signs("3.14")
    for x in range(0, 150, 15):
        y = -190 if above else 190
        other = [line(*((a + x, b + y) for a, b in one.points)) for one in written("2026", HEIGHT, PEN)]
        expected = "2026\n3?14" if above else "3?14\n2026"
        assert read_drawn([*other, *number], resnet).text == expected, x


def test_the_box_of_a_mark_is_where_it_is_and_the_digits_are_without_it(resnet: Classifier) -> None:
    strokes = with_signs("3.14")
    reading = read_drawn(strokes, resnet)
    (mark,) = reading.as_json()["left_out"]
    x, y, width, height = mark["box"]
    (left, top), (right, bottom) = strokes[1].points
    assert x <= left and y <= top and x + width >= right and y + height >= bottom and max(width, height) < 2 * PEN
    assert [digit.segment.strokes for digit in reading.digits] == [(0,), (1,), (2,), (3, 4)]


EDGES = ((-30.0, -30.0), (30.0, -30.0), (30.0, 30.0), (-30.0, 30.0), (-30.0, -30.0))


def beside(strokes: Sequence[Stroke], what: str) -> list[Stroke]:
    """What is drawn beside digits."""
    points = np.concatenate([stroke.path for stroke in strokes])
    (left, top), (right, bottom) = points.min(axis=0).tolist(), points.max(axis=0).tolist()
    corners = [(left if x < 0 else right, top if y < 0 else bottom) for x, y in EDGES]
    return {
        "a dot above": [line((left + 90, top - 45))],
        "a dot below": [line((left + 90, bottom + 60))],
        "a speck": [line(((left + right) / 2, bottom + 10), pen=2)],
        "an underline": [line((left - 10, bottom + 22), (right + 12, bottom + 18))],
        "an underline far below": [line((left - 10, bottom + 122), (right + 12, bottom + 118))],
        "a frame": [line(*((x + a, y + b) for (x, y), (a, b) in zip(corners, EDGES, strict=True)))],
    }[what]


@pytest.mark.parametrize(
    ("what", "why"),
    [
        ("a dot above", DOT),
        ("a dot below", DOT),
        ("a speck", SPECK),
        ("an underline", UNDERLINE),
        ("an underline far below", UNDERLINE),
        ("a frame", FRAME),
    ],
)
def test_what_is_drawn_beside_a_number_is_named_and_leaves_it_as_it_is(what: str, why: str, resnet: Classifier) -> None:
    strokes = written("374")
    drawn = beside(strokes, what)
    reading = read_drawn([*strokes, *drawn], resnet)
    assert (reading.text, named(reading)) == ("374", [why])
    (place,) = reading.as_json()["left_out"]
    assert np.abs(np.array(place["box"]) - stroke_components(drawn)[0].box).max() == 0
    assert read_photographed([*strokes, *drawn], resnet).text == "374"


@pytest.mark.parametrize(
    ("text", "read", "mark"), [("3.14", "3?14", DOT), ("3,14", "3?14", COMMA), ("2-3", "2?3", MINUS)]
)
def test_marks_are_seen_in_a_frame(text: str, read: str, mark: str, resnet: Classifier) -> None:
    strokes = with_signs(text)
    reading = read_drawn([*strokes, *beside(strokes, "a frame")], resnet)
    assert (reading.text, named(reading)) == (read, [mark, FRAME])


@pytest.mark.parametrize("number", ["123", "4072", "58031"])
@pytest.mark.parametrize("overlap", [4, 8, 12])
def test_digits_that_touch_are_no_frame_of_themselves(number: str, overlap: int, resnet: Classifier) -> None:
    drawn: list[Stroke] = []
    right = 60.0
    for digit in number:
        parts = np.array([point for stroke in strokes_of(digit, 0, 80, 90) for point in stroke])
        left = right - overlap - parts[:, 0].min()
        drawn += [line(*((x + left, y) for x, y in stroke), pen=10) for stroke in strokes_of(digit, 0, 80, 90)]
        right += np.ptp(parts[:, 0]) + 10 - overlap
    reading = read_photographed(drawn, resnet)
    assert (reading.text, named(reading)) == (number, [])


def test_digits_have_no_marks(resnet: Classifier) -> None:
    for seed in range(3):
        strokes = written("4075", seed=seed)
        for reading in (read_drawn(strokes, resnet), read_photographed(strokes, resnet)):
            assert (reading.text, reading.as_json().get("left_out")) == ("4075", None)


def block(x: int, y: int, width: int, height: int) -> Segment:
    return Segment((x, y, width, height), np.full((height, width), 255, np.uint8))


@pytest.mark.parametrize(
    ("box", "why"),
    [
        ((30, 90, 10, 10), DOT),
        ((30, 88, 8, 24), COMMA),
        ((30, 10, 10, 10), ""),
        ((30, 45, 10, 10), ""),
        ((30, 120, 10, 10), ""),
        ((200, 90, 10, 10), ""),
        ((12, 90, 10, 10), ""),
        ((30, 60, 10, 50), ""),
        ((30, 97, 3, 3), ""),
        ((30, 46, 30, 8), MINUS),
        ((30, 5, 30, 8), ""),
        ((5, 46, 30, 8), ""),
    ],
)
def test_a_mark_stands_at_the_foot_or_beside_the_middle_of_a_digit_as_large_as_marks_are(
    box: tuple[int, int, int, int], why: str
) -> None:
    pieces = [block(0, 0, 10, 100), block(*box)]
    assert [mark.why for mark, _ in marks_among(pieces)] == ([why] if why else [])


def test_a_mark_beside_no_digit_is_dropped_and_the_others_are_in_their_places() -> None:
    marks = [mark for mark, _ in marks_among([block(0, 0, 10, 100), block(30, 90, 10, 10), block(400, 0, 10, 100)])]
    assert [mark.box for mark in marks] == [(30, 90, 10, 10)]
    left, right = found([block(0, 0, 10, 100), block(60, 0, 10, 100)])
    assert [one.box[0] for one in with_marks([left, right], marks)] == [0, 30, 60]
    assert with_marks([], marks) == []


def test_the_end_of_a_broken_digit_is_no_mark() -> None:
    ink = np.zeros((120, 80), np.uint8)
    ink[5:105, 10:18] = ink[97:105, 10:40] = ink[97:105, 42:52] = 255
    pieces = image_components(ink)
    assert len(pieces) == 2 and not marks_among(pieces)
