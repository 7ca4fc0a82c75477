"""The line network's input: ink of any size and pen comes out alike, and what was where is known."""

from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from digits import line_image
from digits.crop import stroke_width_of
from digits.learning.augmentation.lines import Hands, make_lines
from digits.learning.augmentation.strokes import draw
from digits.learning.config import Lines, Recipe, Written
from digits.line_image import HEIGHT, INK_HEIGHT, MARGIN, PEN, STRIDE, WIDEST, LineImage, to_input, uniform
from tests.handwriting import strokes
from tests.writers import people

Image = NDArray[np.uint8]


def number(height: int, pen: int, digits: str = "3742") -> Image:
    """A number in black ink on a page, some way from its edges."""
    page = np.zeros((2 * height, (len(digits) + 1) * height), np.uint8)
    for stroke in strokes(digits, 0.4 * height, 0.5 * height, height):
        cv2.polylines(page, [np.round(stroke).astype(np.int32)], False, 255, pen, cv2.LINE_AA)
    return page


def alike(one: Image, other: Image) -> bool:
    """Whether the ink of each is that of the other, within a pixel."""
    width = max(one.shape[1], other.shape[1])
    padded = [np.pad(line, ((0, 0), (0, width - line.shape[1]))) for line in (one, other)]
    near = [cv2.dilate(line, np.ones((3, 3), np.uint8)) > 100 for line in padded]
    return all((near[1 - i][line > 127]).mean() > 0.98 for i, line in enumerate(padded))


def ink(line: LineImage | Image) -> Image:
    return ((line.pixels if isinstance(line, LineImage) else line) > 100).astype(np.uint8)


@pytest.mark.parametrize("height", [60, 150, 700])
@pytest.mark.parametrize("pen", [0.03, 0.08, 0.2])
def test_ink_of_any_size_and_pen_has_one_height_one_margin_and_one_pen(height: int, pen: float) -> None:
    width = max(1, round(height * pen))
    line = line_image.line_image(number(height, width), width)
    assert line.pixels.dtype == np.uint8
    assert line.pixels.shape[0] == HEIGHT and line.pixels.shape[1] % STRIDE == 0
    x, y, wide, high = cv2.boundingRect(ink(line))
    thinner = width * line.scale - PEN  # the pen loses so much, or gains it
    assert high == pytest.approx(INK_HEIGHT - thinner, abs=2.5)
    assert y + high / 2 == pytest.approx(HEIGHT / 2, abs=1.5)
    assert x == pytest.approx(MARGIN + thinner / 2, abs=1.5)
    assert -1.5 <= line.pixels.shape[1] - x - wide - (MARGIN + thinner / 2) < STRIDE + 1.5
    large = cv2.resize(line.pixels, None, fx=8, fy=8, interpolation=cv2.INTER_LINEAR)
    assert stroke_width_of((large > 127).astype(np.uint8)) / 8 == pytest.approx(PEN, rel=0.35)


@pytest.mark.parametrize("height", [40, 160, 640])
def test_the_same_number_looks_the_same_whatever_its_size(height: int) -> None:
    line, usual = (line_image.line_image(number(size, size // 10), size / 10).pixels for size in (height, 100))
    assert abs(line.shape[1] - usual.shape[1]) <= STRIDE
    assert alike(line, usual)
    assert not alike(line, line_image.line_image(number(100, 10, "3147"), 10).pixels)


@pytest.mark.parametrize("at", [0, 37, 420])
def test_where_something_is_on_the_line_is_known_in_the_ink(at: int) -> None:
    """Two bars, 200 pixels high and apart, the first at some x."""
    page = np.zeros((300, 700), np.uint8)
    page[50:250, at : at + 20] = page[50:250, at + 200 : at + 220] = 255
    line = line_image.line_image(page, 20)
    _, _, stats, centres = cv2.connectedComponentsWithStats(ink(line))
    assert len(stats) == 3
    found = sorted(line.x_of(float(x) + 0.5) for x, _ in centres[1:])
    assert found == pytest.approx([at + 10, at + 210], abs=0.5 / line.scale)
    assert line.scale == pytest.approx(INK_HEIGHT / 200)


def test_flat_ink_is_not_enlarged_to_the_lines_height() -> None:
    """A minus sign stays one, and so does a dot: at most as if it were so many strokes high."""
    for page, width in ((np.zeros((60, 200), np.uint8), 150), (np.zeros((60, 60), np.uint8), 12)):
        page[20:32, 10 : 10 + width] = 255
        line = line_image.line_image(page, 12)
        assert line.scale == pytest.approx(INK_HEIGHT / 48)
        _, _, wide, high = cv2.boundingRect(ink(line))
        assert high < 9
        assert wide == pytest.approx(width * line.scale, abs=6)


@pytest.mark.parametrize("height", [3, 400])
def test_no_line_is_wider_than_the_widest(height: int) -> None:
    page = np.zeros((height, 300_000), np.uint8)
    page[:, ::2000] = page[0] = 255
    line = line_image.line_image(page, 1.0)
    assert WIDEST - STRIDE <= line.pixels.shape[1] <= WIDEST + STRIDE
    assert cv2.boundingRect(ink(line))[2] > 0.95 * (WIDEST - 2 * MARGIN)  # nothing has vanished
    assert line.x_of(line.pixels.shape[1] - MARGIN) == pytest.approx(300_000, rel=0.01)


def test_hairlines_of_large_ink_do_not_vanish() -> None:
    page = number(1500, 1)
    pieces = cv2.connectedComponents(ink(line_image.line_image(number(1500, 100), 100.0)))[0]
    assert cv2.connectedComponents(ink(line_image.line_image(page, 1.0)))[0] == pieces


def test_faint_ink_is_ink() -> None:
    faint = (number(100, 8) // 5).astype(np.uint8)
    whole, line = (line_image.line_image(page, 8.0).pixels for page in (number(100, 8), faint))
    assert line.shape == whole.shape and line.max() > 200
    assert alike(line, whole)


@pytest.mark.parametrize("shape", [(1, 1), (5, 1), (1, 5), (40, 60)])
def test_a_page_full_of_ink_or_without_any_is_a_line(shape: tuple[int, int]) -> None:
    for value in (0, 255):
        line = line_image.line_image(np.full(shape, value, np.uint8), 1.0)
        assert line.pixels.shape[0] == HEIGHT and line.pixels.shape[1] % STRIDE == 0
        assert (line.pixels.max() > 100) == (value > 0)


def test_ink_is_left_as_it_is() -> None:
    page = number(100, 8)
    before = page.copy()
    line_image.line_image(page, 8.0)
    canvas = np.zeros((64, 80), np.uint8)
    canvas[20:40, 30:34] = 255
    copy = canvas.copy()
    uniform(canvas)
    assert np.array_equal(page, before) and np.array_equal(canvas, copy)


def test_a_canvas_without_ink_stays_empty_and_any_other_gets_one_pen() -> None:
    assert uniform(np.zeros((64, 80), np.uint8)).shape == (32, 40)
    assert not uniform(np.zeros((64, 80), np.uint8)).any()
    for width in (2, 6, 20):
        canvas = np.zeros((64, 200), np.uint8)
        cv2.line(canvas, (40, 32), (160, 32), 255, width)
        made = uniform(canvas)
        assert np.count_nonzero(made[:, 50] > 100) == pytest.approx(PEN, abs=1)


@pytest.mark.parametrize("pen", [0.04, 0.1, 0.25])
def test_training_and_reading_make_the_same_of_the_same_ink(pen: float) -> None:
    """Rule 4: the same pixels on both sides. One digit of one writer, put on a line, and drawn 400 pixels high."""
    plain = Written(rotation=0, shear=0, aspect=0, waves=0, bend=0, slash=0, lean=0)
    nothing: dict[str, Any] = dict.fromkeys(
        ("images", "strangers", "size", "up_down", "slant", "own_slant", "rise"), 0.0
    )
    nothing |= dict.fromkeys(("signs", "clutter", "broken"), 0.0)
    how = replace(Lines(lengths=(1,), min_pen=pen, max_pen=pen), **nothing)
    images = np.zeros((1, 28, 28), np.uint8)
    for digit in "0358":
        handwriting = people(["Ada"], digit, signs="")
        hands = Hands.of(handwriting, images, images[:, 0, 0])
        (trained,), _ = make_lines(hands, Recipe(written=plain, lines=how), 1, np.random.default_rng(0))
        points = np.concatenate(handwriting.characters[0].strokes)
        scale = 400 / float(np.ptp(points[:, 1]))
        page = np.zeros((600, 600), np.uint8)
        drawn = [
            (stroke - points.min(axis=0)) * np.float32(scale) + 100 for stroke in handwriting.characters[0].strokes
        ]
        draw(drawn, 400 * pen, page)
        read = line_image.line_image(page, 400 * pen).pixels
        assert abs(read.shape[1] - trained.shape[1]) <= STRIDE
        assert alike(read, trained)


# -- what the network is given --------------------------------------------------------------------


def test_a_networks_input_is_scaled_to_1() -> None:
    lines = np.zeros((2, HEIGHT, 8), np.uint8)
    lines[1, 3, 5], lines[0, 0, 0] = 255, 51
    made = to_input(lines)
    assert made.shape == (2, HEIGHT, 8, 1) and made.dtype == np.float32
    assert made[1, 3, 5, 0] == 1 and made[0, 0, 0, 0] == pytest.approx(0.2) and made.sum() == pytest.approx(1.2)
    assert to_input(lines[:0]).shape == (0, HEIGHT, 8, 1)


@pytest.mark.parametrize(
    "lines",
    [
        np.zeros((HEIGHT, 8), np.uint8),
        np.zeros((1, 28, 28), np.uint8),
        np.zeros((1, HEIGHT, 10), np.uint8),
        np.zeros((1, HEIGHT, 8), np.float32),
        np.zeros((1, HEIGHT, 8, 1), np.uint8),
    ],
    ids=["one line", "a digit", "a width that is no multiple of 4", "floats", "a channel"],
)
def test_what_is_no_line_is_refused(lines: NDArray[np.uint8]) -> None:
    with pytest.raises(ValueError, match="expected uint8 lines of shape"):
        to_input(lines)
