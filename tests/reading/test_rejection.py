from collections.abc import Callable, Sequence

import numpy as np
import pytest
from digits.reading.rejection import straight_lean, why_rejected

from digits.crop import shape_of
from digits.reading.classifier import Classifier
from digits.reading.ink import Stroke, rasterise
from digits.reading.recognizer import read
from digits.reading.segmentation import Segment, image_components, stroke_components
from tests.reading.conftest import found, picture, written


def line(*points: tuple[float, float], pen: float = 8) -> Stroke:
    return Stroke(tuple((float(x), float(y)) for x, y in points), pen)


ZIGZAG = line(*((20 + 7 * i, 30 if i % 2 else 150) for i in range(24)))
JUNK = {
    "a dot": [line((50, 50))],
    "a large dot": [line((60, 60), pen=60)],
    "three dots": [line((50, 50)), line((90, 120)), line((150, 60))],
    "a horizontal line": [line((20, 60), (180, 64))],
    "a diagonal line": [line((20, 20), (150, 110))],
    "a line leaning left": [line((20, 20), (90, 150))],
    "a scribble": [ZIGZAG],
    "vertical hatching": [line((40 + 16 * i, 30), (40 + 16 * i, 150)) for i in range(8)],
    "horizontal hatching": [line((30, 40 + 16 * i), (150, 40 + 16 * i)) for i in range(8)],
    "diagonal hatching": [line((30 + 16 * i, 30), (130 + 16 * i, 130)) for i in range(8)],
    "cross-hatching": [line((40 + 16 * i, 30), (40 + 16 * i, 150)) for i in range(8)]
    + [line((30, 40 + 16 * i), (160, 40 + 16 * i)) for i in range(7)],
}


@pytest.mark.parametrize("junk", JUNK.values(), ids=JUNK)
def test_junk_is_rejected(junk: list[Stroke], cnn: Classifier) -> None:
    for components in (stroke_components(junk), image_components(rasterise(junk, 320, 240))):
        digits = read(found(components), cnn).digits
        assert digits and all(digit.digit is None and digit.rejected and digit.text == "?" for digit in digits)


def components_of_strokes(strokes: list[Stroke]) -> Sequence[Segment]:
    return stroke_components(strokes)


def components_of_picture(strokes: list[Stroke]) -> Sequence[Segment]:
    return image_components(picture(strokes))


def ones(x: Sequence[float], top: float = 20, lean: float = 0) -> list[Stroke]:
    """Straight 1s, 110 pixels tall, with their feet at these x."""
    return [line((foot + lean, top), (foot, top + 110)) for foot in x]


CLOSE, APART = (40, 65, 90, 115), (40, 100, 160, 220)  # under and over 0.3 of their height from each other
UPRIGHT = {
    "a column of four": ([*ones([50]), *ones([50], 170), *ones([50], 320), *ones([50], 470)], "1\n1\n1\n1"),
    "a column of four, lines close": (
        [*ones([50]), *ones([50], 145), *ones([50], 270), *ones([50], 395)],
        "1\n1\n1\n1",
    ),
    "a ragged column of five": (
        [*ones([50]), *ones([62], 170), *ones([45], 320), *ones([58], 470), *ones([50], 620)],
        "1\n1\n1\n1\n1",
    ),
    "a column of four that lean": (
        [*ones([50], 20, 30), *ones([50], 170, 30), *ones([50], 320, 30), *ones([50], 470, 30)],
        "1\n1\n1\n1",
    ),
    "two close pairs, one beneath the other": ([*ones(CLOSE[:2]), *ones(CLOSE[:2], 170)], "11\n11"),
    "two close triples, one beneath the other": ([*ones(CLOSE[:3]), *ones(CLOSE[:3], 170)], "111\n111"),
    "a pair at the end of a line, a pair at the start of the next": (
        [*ones([200, 225]), *ones([212, 237], 170)],
        "11\n11",
    ),
    "four apart": (ones(APART), "1111"),
    "four apart in each of two lines": ([*ones(APART), *ones(APART, 170)], "1111\n1111"),
    "four close: hatching": (ones(CLOSE), "????"),
    "four close in each of two lines: hatching": ([*ones(CLOSE), *ones(CLOSE, 170)], "????\n????"),
    "hatching, and 1s beneath its end": ([*ones(CLOSE), *ones([115, 175, 235], 170)], "????\n111"),
    "1s, and hatching beneath their end": ([*ones([40, 100]), *ones([100, 125, 150, 175], 170)], "11\n????"),
}


@pytest.mark.parametrize("components_of", [components_of_strokes, components_of_picture])
@pytest.mark.parametrize(("strokes", "text"), UPRIGHT.values(), ids=UPRIGHT)
def test_hatching_lies_within_one_line(
    strokes: list[Stroke], text: str, components_of: Callable[[list[Stroke]], Sequence[Segment]], cnn: Classifier
) -> None:
    reading = read(found(components_of(strokes)), cnn)
    assert reading.text == text
    assert {digit.rejected for digit in reading.digits} == {
        {"1": "", "?": "hatching"}[character] for character in text if character != "\n"
    }


@pytest.mark.parametrize("lean", [-12, 0, 15, 35])
def test_a_straight_line_is_read_as_a_1_if_it_stands_like_one(lean: float, cnn: Classifier) -> None:
    offset = 130 * np.tan(np.radians(lean))
    assert read(found(stroke_components([line((100 + offset, 20), (100, 150))])), cnn).text == "1"


@pytest.mark.parametrize("number", ["1111", "4072", "8888"])
def test_digits_are_not_rejected(number: str, cnn: Classifier) -> None:
    assert read(found(stroke_components(written(number))), cnn).text == number


def test_the_lean_of_a_straight_line_is_measured() -> None:
    for lean in (-60, -20, 0, 30, 80):
        x, y = 60 * np.sin(np.radians(lean)), 60 * np.cos(np.radians(lean))
        shape = shape_of(rasterise([line((100 - x, 100 + y), (100 + x, 100 - y))], 200, 200))
        assert shape is not None
        assert straight_lean(shape) == pytest.approx(lean, abs=3)
    bent = shape_of(rasterise([line((20, 20), (100, 20), (60, 150))], 200, 200))
    assert bent is not None and straight_lean(bent) is None


def test_the_answer_of_an_unsure_network_is_rejected() -> None:
    shape = shape_of(rasterise(written("3"), 120, 160))
    assert why_rejected(shape, 0.99) == ""
    assert why_rejected(shape, 0.2) == "the network is not sure"
    assert why_rejected(None, 0.99) == "no ink"
