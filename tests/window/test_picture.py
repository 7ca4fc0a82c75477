"""Drawings as images to save."""

import itertools

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import ImageColor

from digits.reading.ink import FARTHEST, Stroke, bounds, rasterise
from digits.window import picture
from digits.window.document import Photograph, State
from digits.window.palette import LIGHT
from digits.window.picture import Label, Mark, place_labels, render

DRAWN = (Stroke(((20, 20), (60, 80)), 10),)


def test_plain_is_the_ink_that_is_read_on_white_paper() -> None:
    grey = np.asarray(render(State(DRAWN), (100, 120)).convert("L"))
    ink = rasterise(DRAWN, 100, 120)
    assert grey.shape == (120, 100)
    assert np.array_equal(grey == 255, ink == 0)
    assert np.corrcoef(grey.ravel(), ink.ravel())[0, 1] < -0.999


def test_marks_are_drawn_solid_or_dashed() -> None:
    def top_edge(rejected: bool) -> NDArray[np.bool_]:
        image = render(State(DRAWN), (300, 300), [Mark((100, 100, 100, 100), "7", "96%", rejected)])
        inked: NDArray[np.bool_] = (np.asarray(image)[94, 94:206] != 255).any(axis=1)
        return inked

    assert top_edge(rejected=False).all()
    dashed = top_edge(rejected=True)
    assert dashed.any()
    assert not dashed.all()


def test_what_is_left_out_is_pale() -> None:
    image = np.asarray(render(State(DRAWN), (300, 300), [Mark((100, 100, 100, 100), "", "left out", left_out=True)]))
    colours = {tuple(colour) for colour in image[94, 94:206].tolist()}
    assert ImageColor.getrgb(LIGHT.muted) in colours and (255, 255, 255) in colours


@pytest.mark.parametrize("pitch", [30, 45, 60, 80])
def test_labels_are_whole_and_cover_nothing(pitch: int, monkeypatch: pytest.MonkeyPatch) -> None:
    placed: list[Label] = []

    def spied(*given: object) -> list[Label | None]:
        found = place_labels(*given)  # type: ignore[arg-type]
        placed.extend(label for label in found if label is not None)
        return found

    monkeypatch.setattr(picture, "place_labels", spied)
    drawn = [Stroke(((x, y), (x + 12, y + 60)), 8) for y in (40, 150, 230) for x in range(40, 40 + 6 * pitch, pitch)]
    boxes = [bounds([stroke]) for stroke in drawn]
    marks = [Mark(box, "7", ">99%", rejected=i == 3, line=i // 6) for i, box in enumerate(boxes)]
    plain = np.asarray(render(State(tuple(drawn)), (600, 320)).convert("L"))
    image = np.asarray(render(State(tuple(drawn)), (600, 320), marks).convert("L"))
    assert (image[plain < 128] < 128).all(), "the ink stays"
    assert placed
    frames = [(x - 6, y - 6, x + width + 6, y + height + 6) for x, y, width, height in boxes]
    for label in placed:
        left, top, right, bottom = label.where
        assert all(x >= right or x1 <= left or y >= bottom or y1 <= top for x, y, x1, y1 in frames)
        edge = image[int(top) : int(bottom) + 1, [int(left) + 1, int(right) - 1]]
        assert (edge == 255).all(), "the text ends within the label"
    for a, b in itertools.combinations([label.where for label in placed], 2):
        assert a[0] >= b[2] or a[2] <= b[0] or a[1] >= b[3] or a[3] <= b[1]


def test_the_picture_has_the_words_for_which_its_font_has_no_sign() -> None:
    def same(one: Mark, other: Mark) -> bool:
        return render(State(DRAWN), (300, 300), [one]) == render(State(DRAWN), (300, 300), [other])

    box = (100, 100, 100, 100)
    assert same(Mark(box, "7", "≠ 1", rejected=True), Mark(box, "7", "or 1", rejected=True))
    assert not same(Mark(box, "7", "≠ 1", rejected=True), Mark(box, "7", "\uffff 1", rejected=True))


def test_marks_on_a_dark_photograph_are_light() -> None:
    mark = Mark((20, 20, 30, 40), "7")
    for grey, light in ((20, True), (230, False)):
        rgb = np.full((100, 100, 3), grey, np.uint8)
        edge = np.asarray(render(State((), Photograph("p", rgb, (), rgb)), (1, 1), [mark]).convert("L"))[14, 14:56]
        assert (edge > 120).all() if light else (edge < 120).all()


def test_a_photograph_keeps_its_pixels_and_its_array() -> None:
    rgb = np.full((50, 60, 3), 90, np.uint8)
    state = State(DRAWN, Photograph("p", rgb, (), rgb))
    image = np.asarray(render(state, (1, 1)))
    assert image.shape == (50, 60, 3)
    assert tuple(image[0, 0]) == (90, 90, 90)
    assert tuple(image[30, 27]) != (90, 90, 90)
    assert (rgb == 90).all()


def test_a_picture_of_a_far_drawing_is_reduced() -> None:
    far = float(FARTHEST)
    for size in ((FARTHEST, FARTHEST // 2), (FARTHEST, 1), (10_000, 10_000)):
        state = State((Stroke(((0, 0), (far, far / 2)), far / 50), Stroke(((far / 2, 0),), 8)))
        image = render(state, size, [Mark((0, 0, FARTHEST, FARTHEST // 2), "1", "96%")])
        assert image.width * image.height <= 25_000_000
        x, y, width, height = bounds(state.strokes)
        page = max(size[0], x + width) - min(0, x), max(size[1], y + height) - min(0, y)  # with all of the ink
        assert image.width / image.height == pytest.approx(page[0] / page[1], rel=0.01)
        assert np.asarray(image.convert("L")).min() < 100
