from dataclasses import replace

import numpy as np
import pytest

from digits.line_image import NO_DIGIT
from digits.reading.marks import DOT, NOT_A_DIGIT, SPECK, UNDERLINE, LeftOut
from digits.reading.segmentation import Segment
from digits.reading.words import places_beside, told_apart


def segment(x: int, label: int = 7, line: int = 0, height: int = 50, width: int = 30) -> Segment:
    seen = np.zeros(NO_DIGIT + 1, np.float32)
    seen[label] = 1
    return Segment((x, 100 * line, width, height), np.full((height, width), 255, np.uint8), line, seen=seen)


def spaces(xs: list[int], **options: int) -> list[bool]:
    return [found.spaced for found in told_apart([segment(x, **options) for x in xs])[0]]


@pytest.mark.parametrize(
    ("xs", "spaced"),
    [
        ([0, 36, 72], [False, False, False]),
        ([0, 36, 120, 156], [False, False, True, False]),
        ([0, 100], [False, True]),
        ([0, 36, 100], [False, False, False]),
        ([0, 90, 180, 270], [False, False, False, False]),
        ([0, 200, 400, 600], [False, True, True, True]),
        ([0, 36, 300, 336, 600, 636], [False, False, True, False, True, False]),
    ],
)  # fmt: skip
def test_a_gap_of_more_than_a_digit_and_a_half_is_a_space_unless_all_are_alike(
    xs: list[int], spaced: list[bool]
) -> None:
    assert spaces(xs) == spaced


@pytest.mark.parametrize(
    ("gaps", "spaced"),
    [
        ([6, 6, 34, 6, 6], [False, False, True, False, False]),
        ([6, 34, 5, 7, 34, 6], [False, True, False, False, True, False]),
        ([6, 6, 28, 6, 6], [False] * 5),  # less than a digit's width
        ([12, 16, 34, 10, 14], [False] * 5),  # as in a hand that writes wide
        ([6, 34], [False] * 2),  # too few to say what is usual
    ],
)
def test_a_gap_much_wider_than_the_others_is_a_space_if_a_digit_had_room_in_it(
    gaps: list[int], spaced: list[bool]
) -> None:
    xs = np.cumsum([0, *(30 + gap for gap in gaps)]).tolist()
    assert spaces(xs) == [False, *spaced]


def test_beside_writing_a_gap_says_less() -> None:
    line = [segment(x, NO_DIGIT if x == 36 else 7) for x in (0, 36, 100, 136, 172)]
    assert not any(found.spaced for found in told_apart(line)[0])


def test_narrow_digits_do_not_make_spaces() -> None:
    assert spaces([0, 30, 62], width=6) == [False, False, False]


def test_a_line_begins_without_a_space() -> None:
    stay, _ = told_apart([segment(0), segment(500), segment(900, line=1)])
    assert [found.spaced for found in stay] == [False, True, False]


def test_words_without_a_digit_are_left_out_beside_digits() -> None:
    word = [segment(x, NO_DIGIT, line=1) for x in (0, 36, 72)]
    stay, left_out = told_apart([segment(0), *word])
    assert len(stay) == 1 and left_out == word


def test_what_is_alone_on_a_page_stays() -> None:
    word = [segment(x, NO_DIGIT) for x in (0, 36, 72)]
    assert [len(part) for part in told_apart(word)] == [3, 0]


def test_a_piece_that_may_be_a_digit_stays_and_one_of_another_size_is_left_out() -> None:
    for height, there in ((50, 2), (20, 1), (120, 1)):
        stay, _ = told_apart([segment(0), segment(200, NO_DIGIT, height=height)])
        assert len(stay) == there


def test_text_in_which_some_letters_look_like_digits_is_left_out() -> None:
    text = [segment(36 * i, label, line=1) for i, label in enumerate((NO_DIGIT, 0, NO_DIGIT, NO_DIGIT, 1))]
    stay, left_out = told_apart([segment(0), segment(36), *text])
    assert (len(stay), len(left_out)) == (2, 5)
    doubtful = [segment(36 * i, label, line=1) for i, label in enumerate((4, 0, NO_DIGIT, NO_DIGIT))]
    assert not told_apart([segment(0), *doubtful])[1]


def test_what_was_drawn_stroke_by_stroke_is_not_left_out() -> None:
    word = [replace(segment(x, NO_DIGIT, line=1), strokes=(i,)) for i, x in enumerate((0, 36, 72))]
    assert not told_apart([segment(0), *word])[1]


def test_what_no_digit_claims_is_named_by_words() -> None:
    digits = [segment(0), segment(36)]
    letters = [segment(x, height=20, width=14, line=2) for x in (0, 18, 36, 90)]
    dirt = segment(300, height=6, width=6)
    drawn = replace(segment(400), strokes=(0,))
    found = places_beside([*digits, *letters, dirt, drawn], digits, [])
    boxes = [(0, 200, 50, 20), (90, 200, 14, 20), (400, 0, 30, 50)]
    assert found == [LeftOut(box, NOT_A_DIGIT) for box in boxes]
    assert places_beside(letters, letters, letters) == []


def test_a_drawn_digit_is_not_named() -> None:
    drawn = replace(segment(0), strokes=(0,))
    assert places_beside([drawn], [drawn], []) == []


@pytest.mark.parametrize("drawn", [True, False])
def test_a_piece_near_a_digit_is_a_dot_or_if_it_is_smaller_and_drawn_a_speck(drawn: bool) -> None:
    digits = [segment(0, width=6), segment(36, width=6)]
    pieces = [segment(30, height=size, width=size, line=1) for size in (6, 1)]
    near = [replace(piece, box=(30, 70, *piece.box[2:]), strokes=(9,) if drawn else ()) for piece in pieces]
    found = places_beside([*digits, *near], digits, [])
    assert found == [LeftOut((30, 70, 6, 6), DOT), *([LeftOut((30, 70, 1, 1), SPECK)] if drawn else [])]


def test_a_line_under_digits_is_left_out_even_if_it_was_drawn() -> None:
    digits = [replace(segment(x), strokes=(i,)) for i, x in enumerate((0, 36))]
    under = replace(segment(0, NO_DIGIT, line=1, height=8, width=66), strokes=(2,))
    under_nothing = replace(under, box=(300, 100, 66, 8), strokes=(3,))
    segments = [*digits, under, under_nothing]
    stay, beside = told_apart(segments)
    assert [segment.strokes for segment in stay] == [(0,), (1,), (3,)]
    assert places_beside(segments, segments, beside) == [LeftOut((0, 100, 66, 8), UNDERLINE)]


def test_marks_make_neither_spaces_nor_text() -> None:
    digits = [segment(x, width=12) for x in (0, 44, 88)]
    dots = [replace(segment(x, NO_DIGIT, height=6, width=6), why=DOT) for x in (20, 30, 64, 74)]
    line = sorted([*digits, *dots], key=lambda one: one.box[0])
    stay, beside = told_apart(line)
    assert not beside and not any(one.spaced for one in stay)


def test_nothing_is_told_apart_from_nothing() -> None:
    assert told_apart([]) == ([], [])
