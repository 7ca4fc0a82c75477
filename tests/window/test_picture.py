"""Drawings as images to save."""

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import ImageColor

from digits.reading.ink import FARTHEST, Stroke, bounds, rasterise
from digits.window.document import Photograph, State
from digits.window.palette import LIGHT
from digits.window.picture import Mark, render

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
