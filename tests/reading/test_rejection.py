import numpy as np
import pytest

from digits.crop import shape_of
from digits.reading.classifier import Classifier
from digits.reading.ink import Stroke, rasterise
from digits.reading.recognizer import read
from digits.reading.rejection import straight_lean, why_rejected
from digits.reading.segmentation import image_components, segment, stroke_components
from tests.reading.conftest import written


def line(*points: tuple[float, float], pen: float = 8) -> Stroke:
    return Stroke(tuple((float(x), float(y)) for x, y in points), pen)


ZIGZAG = line(*((20 + 7 * i, 30 if i % 2 else 150) for i in range(24)))
JUNK = {
    "a dot": [line((50, 50))],
    "a large dot": [line((60, 60), pen=60)],
    "three dots": [line((50, 50)), line((90, 120)), line((150, 60))],
    "a level line": [line((20, 60), (180, 64))],
    "a slanting line": [line((20, 20), (150, 110))],
    "a line leaning left": [line((20, 20), (90, 150))],
    "a scribble": [ZIGZAG],
    "upright hatching": [line((40 + 16 * i, 30), (40 + 16 * i, 150)) for i in range(8)],
    "level hatching": [line((30, 40 + 16 * i), (150, 40 + 16 * i)) for i in range(8)],
    "slanting hatching": [line((30 + 16 * i, 30), (130 + 16 * i, 130)) for i in range(8)],
    "crossed hatching": [line((40 + 16 * i, 30), (40 + 16 * i, 150)) for i in range(8)]
    + [line((30, 40 + 16 * i), (160, 40 + 16 * i)) for i in range(7)],
}


@pytest.mark.parametrize("junk", JUNK.values(), ids=JUNK)
def test_junk_is_no_digit(junk: list[Stroke], cnn: Classifier) -> None:
    for parts in (stroke_components(junk), image_components(rasterise(junk, 320, 240))):
        digits = read(segment(parts), cnn).digits
        assert digits and all(digit.digit is None and digit.rejected and digit.text == "?" for digit in digits)


@pytest.mark.parametrize("lean", [-12, 0, 15, 35])
def test_a_straight_line_that_a_1_may_be_is_read(lean: float, cnn: Classifier) -> None:
    foot = 130 * np.tan(np.radians(lean))
    assert read(segment(stroke_components([line((100 + foot, 20), (100, 150))])), cnn).text == "1"


@pytest.mark.parametrize("number", ["1111", "4072", "8888"])
def test_digits_are_no_junk(number: str, cnn: Classifier) -> None:
    assert read(segment(stroke_components(written(number))), cnn).text == number


def test_the_lean_of_a_straight_line_is_measured() -> None:
    for lean in (-60, -20, 0, 30, 80):
        x, y = 60 * np.sin(np.radians(lean)), 60 * np.cos(np.radians(lean))
        shape = shape_of(rasterise([line((100 - x, 100 + y), (100 + x, 100 - y))], 200, 200))
        assert shape is not None
        assert straight_lean(shape) == pytest.approx(lean, abs=3)
    bent = shape_of(rasterise([line((20, 20), (100, 20), (60, 150))], 200, 200))
    assert bent is not None and straight_lean(bent) is None


def test_a_network_that_is_not_sure_is_not_believed() -> None:
    shape = shape_of(rasterise(written("3"), 120, 160))
    assert why_rejected(shape, 0.99) == ""
    assert why_rejected(shape, 0.2) == "the network is not sure"
    assert why_rejected(None, 0.99) == "no ink"
