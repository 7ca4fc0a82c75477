from collections.abc import Callable

import numpy as np
import pytest

from digits.reading.classifier import Classifier
from digits.reading.ink import Stroke
from digits.reading.recognizer import read
from digits.reading.segmentation import INK, MOST_COMPONENTS, Segment, image_components, stroke_components
from tests.reading.conftest import found, picture, written

Way = Callable[[list[Stroke]], list[Segment]]


def from_image(strokes: list[Stroke]) -> list[Segment]:
    return found(image_components(picture(strokes)))


def from_strokes(strokes: list[Stroke]) -> list[Segment]:
    return found(stroke_components(strokes))


both = pytest.mark.parametrize("find", [from_image, from_strokes])


def stroke(text: str, pen: float = 8) -> Stroke:
    return Stroke(tuple((float(x), float(y)) for x, y in (pair.split(",") for pair in text.split())), pen)


def centres(segments: list[Segment]) -> list[float]:
    return [found.box[0] + found.box[2] / 2 for found in segments]


ONE_DIGIT = {
    "a 4 in two strokes that cross": ["60,10 15,70 100,70", "75,45 72,130"],
    "an open 4, its strokes apart": ["20,10 18,60 60,62", "70,38 68,120"],
    "the bar of a 5 apart from its body": ["30,24 28,60 70,60 80,95 30,120", "32,6 90,6"],
    "the crossing of a 7": ["20,10 90,10 50,130", "35,70 80,66"],
    "a 1 with its base apart": ["40,30 60,8 60,110", "35,124 86,124"],
    "an 8 of two rings": ["50,10 25,35 50,58 75,35 50,10", "50,68 20,98 50,128 80,98 50,68"],
    "a 0 drawn twice": ["50,10 20,60 50,120 80,60 50,10", "50,24 32,60 50,106 68,60 50,24"],
    "an 8 with a dot of ink beside it": ["75,20 45,8 25,35 75,90 50,120 25,95 75,30", "110,60"],
}


@both
@pytest.mark.parametrize("drawing", ONE_DIGIT.values(), ids=ONE_DIGIT)
def test_strokes_of_one_digit_are_grouped(drawing: list[str], find: Way) -> None:
    assert len(find([stroke(text) for text in drawing])) == 1


@both
@pytest.mark.parametrize("number", ["4072", "555555", "1234567890", "4444"])
@pytest.mark.parametrize("pen", [3, 8, 14])
def test_a_number_is_split_into_its_digits_in_order(number: str, pen: int, find: Way) -> None:
    digits = find(written(number, pen=pen))
    assert len(digits) == len(number)
    assert centres(digits) == sorted(centres(digits))
    assert {digit.line for digit in digits} == {0}


SEVERAL = {
    "a 7's roof over the next digit": (["10,10 120,10 60,130", "130,50 100,80 128,120 150,85 130,50"], 2),
    "digits that nearly touch": (["20,10 20,120", "32,10 32,120", "44,10 44,120"], 3),
    "two lines of digits, one below the other": (["20,10 20,100", "20,125 20,215"], 2),
    "two rings side by side": (["40,10 10,60 40,120 70,60 40,10", "120,10 90,60 120,120 150,60 120,10"], 2),
}


@both
@pytest.mark.parametrize(("drawing", "n"), SEVERAL.values(), ids=SEVERAL)
def test_digits_are_kept_apart(drawing: list[str], n: int, find: Way) -> None:
    assert len(find([stroke(text) for text in drawing])) == n


def test_strokes_that_touch_side_by_side_stay_two_digits() -> None:
    assert len(from_strokes([stroke("40,10 10,60 40,120 70,60 40,10"), stroke("75,10 77,120")])) == 2


def test_a_segment_has_no_ink_of_its_neighbour() -> None:
    seven, ring = from_strokes([stroke("10,10 120,10 60,130"), stroke("130,50 100,80 128,120 150,85 130,50")])
    assert seven.box[0] + seven.box[2] > ring.box[0]  # the boxes overlap
    alone = from_strokes([stroke("10,10 120,10 60,130")])[0]
    assert np.array_equal(seven.ink, alone.ink)
    assert ring.ink[:3, :5].max() == 0


def test_segments_list_their_strokes() -> None:
    digits = from_strokes([stroke("200,10 200,120"), stroke("60,10 15,70 100,70"), stroke("75,45 72,130")])
    assert [digit.strokes for digit in digits] == [(1, 2), (0,)]


@both
def test_lines_are_read_from_top_to_bottom(find: Way) -> None:
    lower = [Stroke(tuple((x, y + 170) for x, y in s.points), s.width) for s in written("56", seed=2)]
    digits = find([*lower, *written("123")])
    assert [digit.line for digit in digits] == [0, 0, 0, 1, 1]
    assert centres(digits[:3]) == sorted(centres(digits[:3])) and centres(digits[3:]) == sorted(centres(digits[3:]))


@both
def test_a_rising_line_is_one_line(find: Way) -> None:
    rising = [Stroke(tuple((x, y - 0.25 * x) for x, y in s.points), s.width) for s in written("123456")]
    assert {digit.line for digit in find(rising)} == {0}


def test_specks_are_dropped_relative_to_the_stroke_width() -> None:
    ink = picture(written("47", pen=10), margin=40)
    rng = np.random.default_rng(0)
    for x, y in rng.integers(0, (ink.shape[1] - 6, 30), (20, 2)):
        ink[y : y + 5, x : x + 6] = 255
    assert len(found(image_components(ink))) == 2


@pytest.mark.parametrize("edge", ["left", "top", "right", "bottom"])
def test_ink_at_the_very_edge(edge: str) -> None:
    ink = picture(written("3"), margin=0)
    y, x = np.nonzero(ink >= INK)
    ink = ink[y.min() : y.max() + 1, x.min() : x.max() + 1]
    room = {"left": (40, 40, 0, 40), "top": (0, 40, 40, 40), "right": (40, 40, 40, 0), "bottom": (40, 0, 40, 40)}[edge]
    digits = found(image_components(np.pad(ink, (room[:2], room[2:]))))
    assert len(digits) == 1
    assert digits[0].box[2:] == (ink.shape[1], ink.shape[0])


def test_strokes_drawn_on_an_image_are_grouped_with_its_ink() -> None:
    roof_and_stem = picture([stroke("20,10 90,10 50,130")], margin=0)
    left, top = 20 - 5, 10 - 5
    crossing = Stroke(((35.0 - left, 70.0 - top), (80.0 - left, 66.0 - top)), 8)
    assert len(found([*stroke_components([crossing]), *image_components(roof_and_stem)])) == 1


def test_no_ink_gives_no_segments() -> None:
    assert found([]) == []
    for nothing in (image_components(np.zeros((50, 60), np.uint8)), stroke_components([])):
        assert (len(nothing), nothing.left_out) == (0, 0)


def test_of_a_texture_the_largest_components_are_read_and_the_rest_is_counted(cnn: Classifier) -> None:
    noise = (np.random.default_rng(0).random((1500, 1500)) < 0.2).astype(np.uint8) * 255
    components = image_components(noise)
    assert len(components) == MOST_COMPONENTS
    digits = read(found(components), cnn).digits
    assert sum(digit.is_read for digit in digits) <= MOST_COMPONENTS
    assert components.left_out > 5000


def test_specks_beside_a_page_of_digits_are_not_counted_as_left_out() -> None:
    ink = np.zeros((1400, 1400), np.uint8)
    for i in range(MOST_COMPONENTS + 50):
        x, y = 30 * (i % 46), 30 * (i // 46)
        ink[y : y + 20, x : x + 4] = 255
    components = image_components(ink)
    assert (len(components), components.left_out) == (MOST_COMPONENTS, 50)
    specks = np.zeros((300, 1400), np.uint8)
    for x in range(0, 1400, 12):
        specks[::12, x : x + 6] = 255
    components = image_components(np.concatenate([ink, specks]))
    assert (len(components), components.left_out) == (MOST_COMPONENTS, 50)


def test_the_smallest_of_too_many_strokes_are_left_out_and_dots_are_not_counted() -> None:
    ones = [
        Stroke(((30.0 * (i % 50), 80.0 * (i // 50)), (30.0 * (i % 50), 80.0 * (i // 50) + 50)), 4)
        for i in range(MOST_COMPONENTS + 10)
    ]
    short = [Stroke(((9.0, 9.0), (9.0, 29.0)), 4)] * 7
    dots = [Stroke(((5.0, 5.0),), 4)] * 30
    components = stroke_components([*dots, *short, *ones])
    assert (len(components), components.left_out) == (MOST_COMPONENTS, 17)
    assert min(component.strokes[0] for component in components) == 37, "their numbers are those of the drawing"


def test_a_large_drawing_is_reduced_and_found_where_it_is() -> None:
    big = [Stroke(tuple((x * 200, y * 200) for x, y in s.points), s.width * 200) for s in written("42", pen=8)]
    normal, large = (from_strokes(strokes) for strokes in (written("42", pen=8), big))
    assert [digit.strokes for digit in large] == [digit.strokes for digit in normal]
    for digit, same in zip(large, normal, strict=True):
        assert digit.step > 1 and digit.ink.shape[0] * digit.step == digit.box[3]
        assert digit.box == pytest.approx([value * 200 for value in same.box], abs=500)
        assert np.corrcoef(digit.crop.ravel(), same.crop.ravel())[0, 1] > 0.98


def test_strokes_on_an_image_share_its_pixels_where_they_are_reduced() -> None:
    page = np.zeros((400, 400), np.uint8)
    page[100:200, 100:121] = 255
    far = Stroke(((1000.0, 1000.0), (40_000.0, 40_000.0)), 30)
    foot = Stroke(((110.0, 120.0), (110.0, 290.0)), 20)  # of the 1 that the page has the head of
    digits = found([*stroke_components([far, foot]), *image_components(page)])
    assert [digit.strokes for digit in digits] == [(1,), (0,)]
    assert digits[0].box == pytest.approx((100, 100, 21, 200), abs=2 * digits[0].step)
