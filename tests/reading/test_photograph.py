import json
import os
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from digits.errors import UserError
from digits.reading.classifier import Classifier
from digits.reading.photograph import ink_of, page_ink
from digits.reading.recognizer import Reading, read_file, read_pages
from tests.reading.conftest import MODELS, line_segmenter
from tests.reading.scenes import DESK, PAPER, SCENES, Image, Scene, note, number, on_desk, paper, put


@pytest.fixture(scope="module")
def resnet() -> Classifier:
    return Classifier(MODELS / "ResNet.onnx")


def reading_of(image: Image, folder: Path, network: Classifier) -> Reading:
    """What is read in a picture, as from its file."""
    path = folder / "page.png"
    PIL.Image.fromarray(image).save(path)
    return read_file(path, network, line_segmenter())


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("kind", SCENES)
def test_what_a_person_reads_is_read(kind: str, seed: int, tmp_path: Path, resnet: Classifier) -> None:
    scene = SCENES[kind](seed)
    assert reading_of(scene.image, tmp_path, resnet).text == scene.text


def right_place(scene: Scene, reading: Reading, least: float = 0.6) -> None:
    """Check that the boxes of a reading lie on its ink, in pixels of the picture."""
    height, width = scene.image.shape[:2]
    for digit in reading.as_json()["digits"]:
        x, y, across, down = digit["box"]
        assert x >= 0 and y >= 0 and x + across <= width + 1 and y + down <= height + 1
        around = scene.image[max(0, y - 12) : y + down + 12, max(0, x - 12) : x + across + 12].max(axis=2)
        inside = scene.image[y : y + down, x : x + across].max(axis=2)
        dark = int((inside < 110).sum())
        assert dark and dark >= least * int((around < 110).sum())


@pytest.mark.parametrize(
    "kind", ["a sheet on a desk", "a line that rises", "on its head", "on its left side", "on its right side"]
)
def test_boxes_are_where_the_ink_is_in_the_file(kind: str, tmp_path: Path, resnet: Classifier) -> None:
    scene = SCENES[kind](1)
    reading = reading_of(scene.image, tmp_path, resnet)
    assert reading.text == scene.text and reading.matrix is not None
    right_place(scene, reading)


@pytest.mark.parametrize("kind", ["printed text", "a drawing beside the number"])
def test_what_stands_beside_the_digits_is_named_with_its_place(kind: str, tmp_path: Path, resnet: Classifier) -> None:
    left_out = reading_of(SCENES[kind](0).image, tmp_path, resnet).as_json()["left_out"]
    assert left_out and all(one["why"] == "not a digit" and len(one["box"]) == 4 for one in left_out)
    assert max(one["box"][0] for one in left_out) > 700, "it is at the right"


def test_two_hundred_digits_are_read_in_order(tmp_path: Path, resnet: Classifier) -> None:
    rng = np.random.default_rng(4)
    lines = ["".join(map(str, rng.integers(0, 10, 20))) for _ in range(10)]
    page = paper(1150, 1600)
    for i, text in enumerate(lines):
        put(page, number(text, seed=i, height=64, pen=5), 70, 40 + 108 * i)
    assert reading_of(page, tmp_path, resnet).text == "\n".join(lines)


def test_a_large_photograph_is_read_as_a_small_one_is(tmp_path: Path, resnet: Classifier) -> None:
    small = note("40726", seed=0)
    large = np.repeat(np.repeat(small, 6, axis=0), 6, axis=1)
    reading = reading_of(large, tmp_path, resnet)
    assert reading.text == "40726"
    for digit, other in zip(reading.digits, reading_of(small, tmp_path, resnet).digits, strict=True):
        assert np.abs(np.array(digit.box) / 6 - other.box).max() <= 4


def test_a_sheet_is_straightened_and_what_has_none_is_left_as_it_is() -> None:
    straight = ink_of(on_desk(note("13540", seed=0), turn=6, tilt=0.08))
    assert straight.matrix is not None and straight.image.reshape(-1, 3).min(axis=0)[0] < 90
    edge = np.concatenate([straight.image[:6].reshape(-1, 3), straight.image[-6:].reshape(-1, 3)])
    assert np.abs(np.median(edge, axis=0) - PAPER).max() < 12, "none of the desk is left"
    plain = note("13540", seed=0)
    assert ink_of(plain).matrix is None and ink_of(plain).image is plain


@pytest.mark.parametrize("colour", [PAPER, DESK, (128, 128, 128)])
def test_paper_without_ink_has_no_digits(colour: tuple[int, int, int], tmp_path: Path, resnet: Classifier) -> None:
    assert reading_of(paper(300, 420, colour), tmp_path, resnet).digits == ()
    assert page_ink(on_desk(paper(300, 420)), line_segmenter()).segments == ()


@pytest.mark.parametrize("size", [(1, 1), (1, 60), (60, 1), (3, 700), (700, 3), (160, 160)])
def test_pictures_of_any_size(size: tuple[int, int]) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)
    page_ink(noise, line_segmenter())


CASES = os.environ.get("HANDWRITING_CASES", "")


@pytest.mark.skipif(not CASES, reason="HANDWRITING_CASES names no folder of pictures that failed, with a labels.json")
def test_the_pictures_that_failed_are_read(resnet: Classifier) -> None:
    """All pictures of the folder; a space between numbers, which the labels do not have, is none here."""
    labels = json.loads((Path(CASES) / "labels.json").read_text(encoding="utf-8"))
    wrong = {}
    for name, case in labels.items():
        wanted = [case["text"]] if isinstance(case["text"], str) else case["text"]
        pages = [page.reading for page in read_pages(Path(CASES) / name, resnet, line_segmenter())]
        texts = ["" if isinstance(reading, UserError) else reading.text.replace(" ", "") for reading in pages]
        if wanted is not None and texts != wanted:
            wrong[name] = texts
    assert labels and not wrong
