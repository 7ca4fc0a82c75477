"""Random drawings, images and damaged files: each gives a reading or a one-line error."""

import json
import math
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray
from PIL import Image

from digits.errors import UserError
from digits.reading.binarisation import to_ink
from digits.reading.classifier import Classifier
from digits.reading.ink import Stroke, Strokes, save_strokes
from digits.reading.recognizer import Reading, read, read_file
from digits.reading.segmentation import image_components, stroke_components
from tests.reading.conftest import MODELS, found, line_segmenter, on_paper, picture, written
from tests.reading.plain_eraser import erased

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "200"))  # per test
SEARCH = settings(max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))

near = st.floats(-50, 350)
far = st.floats(-2000, 2000)
widths = st.floats(0.1, 60)
near_points = st.lists(st.tuples(near, near), min_size=1, max_size=12).map(tuple)
far_points = st.lists(st.tuples(near, near) | st.tuples(far, near), min_size=1, max_size=12).map(tuple)
strokes = st.lists(st.builds(Stroke, near_points, widths), max_size=8) | st.lists(
    st.builds(Stroke, far_points, widths),
    max_size=2,  # large strokes are slow to rasterise
)
images = arrays.arrays(np.uint8, st.tuples(st.integers(1, 60), st.integers(1, 60), st.just(3)))


@pytest.fixture(scope="module")
def ann() -> Classifier:
    """The fastest network."""
    return Classifier(MODELS / "ANN.onnx")


def check(reading: Reading) -> None:
    json.dumps(reading.as_json())
    assert len(reading.text.replace("\n", "")) == len(reading.digits)
    for digit in reading.digits:
        assert digit.crop.shape == (28, 28) and 0 <= digit.confidence <= 1.0001
        assert (digit.digit is None) == bool(digit.rejected)


@SEARCH
@given(drawing=strokes)
def test_any_drawing(ann: Classifier, drawing: list[Stroke]) -> None:
    reading = read(found(stroke_components(drawing)), ann)
    check(reading)
    used = [index for digit in reading.digits for index in digit.segment.strokes]
    shared = {index for digit in reading.digits if digit.segment.is_cut for index in digit.segment.strokes}
    assert set(used) <= set(range(len(drawing)))
    assert all(used.count(index) == 1 or index in shared for index in used)


@SEARCH
@given(image=images)
def test_any_image(ann: Classifier, image: NDArray[np.uint8]) -> None:
    ink = to_ink(image)
    assert ink.shape == image.shape[:2] and ink.dtype == np.uint8
    check(read(found(image_components(ink)), ann))


@SEARCH
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(1, 6), level=st.integers(0, 255))
def test_any_blots(ann: Classifier, seed: int, n: int, level: int) -> None:
    rng = np.random.default_rng(seed)
    image = np.full((*rng.integers(5, 200, 2), 3), level, np.uint8)
    for _ in range(n):
        y, x = rng.integers(0, image.shape[:2])
        image[y : y + rng.integers(1, 90), x : x + rng.integers(1, 90)] = rng.integers(0, 256, 3)
    check(read(found([*image_components(to_ink(image)), *stroke_components(written("4"))]), ann))


@SEARCH
@given(drawing=strokes, x=near, y=near, radius=st.floats(0.5, 80))
def test_any_erasing(drawing: list[Stroke], x: float, y: float, radius: float) -> None:
    for stroke in drawing:
        fragments = erased((stroke,), [(x, y)], radius)
        assert all(fragment.width == stroke.width and fragment.points for fragment in fragments)
        if fragments != (stroke,):
            reach = radius + stroke.width / 2
            assert all(math.dist(point, (x, y)) > reach for fragment in fragments for point in fragment.points)


@pytest.fixture(scope="module")
def whole_files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """A 4 in each format, by suffix."""
    folder = tmp_path_factory.mktemp("whole")
    save_strokes(folder / "file.json", Strokes(tuple(written("4")), (640, 480)))
    for suffix in (".png", ".jpg", ".tif", ".gif", ".bmp", ".webp"):
        Image.fromarray(on_paper(picture(written("4", 40)))).save(folder / f"file{suffix}")
    return {path.suffix: path.read_bytes() for path in sorted(folder.iterdir())}


@SEARCH
@given(data=st.data())
def test_any_damage_to_a_file(
    ann: Classifier, whole_files: dict[str, bytes], tmp_path: Path, data: st.DataObject
) -> None:
    suffix = data.draw(st.sampled_from([".png", ".jpg", ".tif", ".gif", ".bmp", ".webp", ".json"]))
    content = bytearray(whole_files[suffix])
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path / f"file{suffix}"
    path.write_bytes(content[: data.draw(st.integers(0, len(content)))])
    try:
        check(read_file(path, ann, line_segmenter()))
    except UserError as error:
        assert path.name in str(error) and "\n" not in str(error)
