import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from digits.networks import MODELS as NAMES
from digits.reading.classifier import Classifier
from digits.reading.ink import Stroke, Strokes, save_strokes
from digits.reading.line_segmenter import LineSegmenter
from digits.reading.recognizer import Remembered, read, read_file
from digits.reading.segmentation import MOST_COMPONENTS, image_components, stroke_components
from tests.reading.conftest import MODELS, found, line_segmenter, picture, written


@pytest.mark.parametrize("number", ["0123456789", "31415", "7"])
@pytest.mark.parametrize("pen", [3, 8, 14])
def test_numbers_are_read(number: str, pen: int, cnn: Classifier) -> None:
    strokes = written(number, pen=pen)
    assert read(found(stroke_components(strokes)), cnn).text == number
    assert read(found(image_components(picture(strokes))), cnn).text == number


def test_a_reading_describes_its_digits(cnn: Classifier) -> None:
    reading = read(found(stroke_components(written("42"))), cnn)
    assert (reading.model, reading.text) == ("CNN", "42") and reading.seconds > 0
    four, two = reading.digits
    assert (four.digit, two.digit) == (4, 2)
    assert four.probabilities.shape == (10,) and four.confidence == four.probabilities.max()
    assert four.crop.shape == (28, 28) and four.rejected == ""
    assert four.segment.strokes == (0, 1)
    x, _, width, height = two.box
    assert two.segment.ink.shape == (height, width) and x > four.box[0] + four.box[2]


def test_only_digits_that_have_changed_are_read_again_and_their_times_are_kept() -> None:
    class Counting:
        name, most, given = "ANN", 100, 0

        def probabilities(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
            self.given = len(crops)
            return np.full((len(crops), 10), 0.1, np.float32)

    lines, network, remembered = LineSegmenter.open(MODELS), Counting(), Remembered()
    strokes = written("314")
    pieces = stroke_components(strokes)
    first = read(lines.segments(pieces, remember=True), network, remembered=remembered)
    assert network.given == 3
    drawn = {id(stroke): piece for stroke, piece in zip(strokes, pieces, strict=True)}
    more = [*strokes, *written("1", left=300)]
    second = read(lines.segments(stroke_components(more, drawn), remember=True), network, remembered=remembered)
    assert network.given == 1 and len(second.digits) == 4
    assert second.seconds > first.seconds > 0
    assert all(one.crop is other.crop for one, other in zip(first.digits, second.digits, strict=False))
    again = read(lines.segments(stroke_components(more, drawn)), network, remembered=remembered)
    assert again.text == second.text


def test_the_text_has_lines_and_question_marks(cnn: Classifier) -> None:
    page = np.vstack([picture(written("12")), np.zeros((40, picture(written("12")).shape[1]), np.uint8)])
    page[-25:-5, 10:30] = 255
    assert read(found(image_components(page)), cnn).text == "12\n?"


def test_a_reading_can_be_written_as_json(cnn: Classifier) -> None:
    value = json.loads(json.dumps(read(found(stroke_components(written("60"))), cnn).as_json()))
    assert (value["model"], value["text"]) == ("CNN", "60")
    six = value["digits"][0]
    assert six["digit"] == 6 and len(six["box"]) == 4 and len(six["probabilities"]) == 10
    assert six["confidence"] == pytest.approx(max(six["probabilities"]))
    assert sum(six["probabilities"]) == pytest.approx(1, abs=1e-4)


def test_the_confidence_of_a_number_is_that_of_all_its_digits_and_of_their_count(cnn: Classifier) -> None:
    above, below = picture(written("604")), picture(written("315"))
    width = max(above.shape[1], below.shape[1])
    page = np.vstack([np.pad(part, ((0, 0), (0, width - part.shape[1]))) for part in (above, below)])
    segments = [replace(segment, counted=0.9 if segment.line else 1.0) for segment in found(image_components(page))]
    reading = read(segments, cnn)
    assert [[digit.text for digit in line] for line in reading.lines] == [["6", "0", "4"], ["3", "1", "5"]]
    first, second = (math.prod(digit.confidence for digit in line) for line in reading.lines)
    lines = reading.as_json()["lines"]
    assert [line["text"] for line in lines] == ["604", "315"]
    assert [line["confidence"] for line in lines] == [pytest.approx(first), pytest.approx(second * 0.9**3)]


def test_a_number_with_a_rejected_digit_is_not_read(cnn: Classifier) -> None:
    none = np.eye(11, dtype=np.float32)[10]
    segments = [replace(segment, seen=none) for segment in found(stroke_components(written("6")))]
    assert read(segments, cnn).as_json()["lines"] == [{"text": "?", "confidence": 0.0}]


def test_no_segments_give_an_empty_reading(cnn: Classifier) -> None:
    assert read([], cnn).as_json() == {"model": "CNN", "text": "", "lines": [], "digits": []}


def test_a_strokes_file_is_read(tmp_path: Path, cnn: Classifier) -> None:
    save_strokes(tmp_path / "n.json", Strokes(tuple(written("905")), (640, 480)))
    assert read_file(tmp_path / "n.json", cnn, line_segmenter()).text == "905"


def test_of_more_digits_than_a_slow_network_reads_the_largest_are_read(
    cnn: Classifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = [Stroke(tuple((400 + x / 2, 60 + y / 2) for x, y in s.points), 5) for s in written("3")]
    segments = found(stroke_components([*written("42"), *small]))
    assert read(segments, cnn).text == "423"
    monkeypatch.setattr(cnn, "most", 2)
    reading = read(segments, cnn, unread=5)
    assert (reading.text, reading.unread) == ("42?", 6)
    assert reading.digits[-1].rejected == "more digits than CNN reads" and not reading.digits[-1].is_read
    assert [digit.get("is_read", True) for digit in reading.as_json()["digits"]] == [True, True, False]


def test_a_1_is_no_smaller_than_what_is_as_high(cnn: Classifier, monkeypatch: pytest.MonkeyPatch) -> None:
    ring = [Stroke(tuple((260 + x / 2, 60 + y / 2) for x, y in s.points), 5) for s in written("0")]
    one = Stroke(((60.0, 20.0), (60.0, 140.0)), 8)
    monkeypatch.setattr(cnn, "most", 1)
    assert read(found(stroke_components([one, *ring])), cnn).text == "1?"


def test_how_many_digits_a_network_reads_follows_what_one_takes() -> None:
    most = {name: Classifier(MODELS / f"{name}.onnx").most for name in NAMES}
    assert most["VGG16"] == 91 and min(most[name] for name in NAMES if name != "VGG16") > MOST_COMPONENTS
