"""Random drawings, images and files: whatever comes, an answer or one clear line."""

import json
import os
from pathlib import Path

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from digits.errors import UserError
from digits.reading.classifier import Classifier
from digits.reading.ink import FARTHEST, Stroke, Strokes, erase, save_strokes
from digits.reading.page import to_ink
from digits.reading.recognizer import Reading, read, read_file
from digits.reading.segmentation import image_components, segment, stroke_components
from tests.reading.conftest import MODELS, on_paper, picture, written

NETWORK = Classifier(MODELS / "ANN.onnx")  # the quickest
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "200"))  # of each kind
SEARCH = settings(max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))

near = st.floats(-50, 700)
far = st.floats(-2 * FARTHEST / 10, 2 * FARTHEST / 10)
points = st.lists(st.tuples(near, near) | st.tuples(far, near), min_size=1, max_size=12).map(tuple)
strokes = st.lists(st.builds(Stroke, points, st.floats(0.1, 60)), max_size=8)
images = arrays.arrays(np.uint8, st.tuples(st.integers(1, 60), st.integers(1, 60), st.just(3)))


def check(reading: Reading) -> None:
    json.dumps(reading.as_json())
    assert len(reading.text.replace("\n", "")) == len(reading.digits)
    for digit in reading.digits:
        assert digit.crop.shape == (28, 28) and 0 <= digit.confidence <= 1.0001
        assert (digit.digit is None) == bool(digit.rejected)


@SEARCH
@given(strokes)
def test_any_drawing(drawing: list[Stroke]) -> None:
    reading = read(segment(stroke_components(drawing)), NETWORK)
    check(reading)
    used = [index for digit in reading.digits for index in digit.segment.strokes]
    assert len(used) == len(set(used)) and set(used) <= set(range(len(drawing)))


@SEARCH
@given(images)
def test_any_image(image: np.ndarray) -> None:
    ink = to_ink(image)
    assert ink.shape == image.shape[:2] and ink.dtype == np.uint8
    check(read(segment(image_components(ink)), NETWORK))


@SEARCH
@given(st.integers(0, 2**32 - 1), st.integers(1, 6), st.integers(0, 255))
def test_any_blots(seed: int, n: int, level: int) -> None:
    rng = np.random.default_rng(seed)
    image = np.full((*rng.integers(5, 200, 2), 3), level, np.uint8)
    for _ in range(n):
        y, x = rng.integers(0, image.shape[:2])
        image[y : y + rng.integers(1, 90), x : x + rng.integers(1, 90)] = rng.integers(0, 256, 3)
    check(read(segment([*image_components(to_ink(image)), *stroke_components(written("4"))]), NETWORK))


@SEARCH
@given(strokes, near, near, st.floats(0.5, 80))
def test_any_erasing(drawing: list[Stroke], x: float, y: float, radius: float) -> None:
    for stroke in drawing:
        parts = erase(stroke, x, y, radius)
        assert all(part.width == stroke.width and part.points for part in parts)


@SEARCH
@given(st.data())
def test_any_damage_to_a_file(tmp_path_factory, data: st.DataObject) -> None:
    from PIL import Image

    suffix = data.draw(st.sampled_from([".png", ".jpg", ".tif", ".gif", ".bmp", ".webp", ".json"]))
    path: Path = tmp_path_factory.mktemp("damaged") / f"file{suffix}"
    if suffix == ".json":
        save_strokes(path, Strokes(tuple(written("4")), (640, 480)))
    else:
        Image.fromarray(on_paper(picture(written("4", 40)))).save(path)
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content[: data.draw(st.integers(0, len(content)))])
    try:
        check(read_file(path, NETWORK))
    except UserError as error:
        assert path.name in str(error) and "\n" not in str(error)
