import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from digits.crop import measure, shape_of, stroke_width_of, to_crop, with_stroke_width
from tests.handwriting import strokes

Image = NDArray[np.uint8]


def drawn(digit: str, height: float = 120, pen: int = 8) -> Image:
    """A digit's ink, white on black, with room around it."""
    image = np.zeros((round(height) + 80, round(height) + 80), np.uint8)
    for points in strokes(digit, 40, 40, height):
        cv2.polylines(image, [np.round(np.array(points)).astype(np.int32)], False, 255, pen, cv2.LINE_AA)
    x, y, width, height_ = cv2.boundingRect(image)
    return image[y - 20 : y + height_ + 20, x - 20 : x + width + 20]


def bar(width: int, length: int = 50) -> Image:
    """A mask of one upright stroke with room around it."""
    mask = np.zeros((length + 20, 60), np.uint8)
    mask[10 : 10 + length, 20 : 20 + width] = 1
    return mask


@pytest.mark.parametrize("digit", "0123456789")
@pytest.mark.parametrize("pen", [3, 14, 24])
def test_a_crop_hardly_depends_on_the_pen(digit: str, pen: int) -> None:
    crops = [to_crop(shape_of(drawn(digit, 180, width))) for width in (8, pen)]
    thin, other = (cv2.GaussianBlur(crop, (0, 0), 1) for crop in crops)  # thin strokes may lie a pixel apart
    assert np.corrcoef(thin.ravel(), other.ravel())[0, 1] > 0.7


@pytest.mark.parametrize("pen", [3, 8, 16])
def test_strokes_come_out_as_wide_as_asked(pen: int) -> None:
    line = np.zeros((200, 200), np.uint8)
    line[20:180, 100 : 100 + pen] = 255
    line[20 : 20 + pen, 40:180] = 255
    for wanted in (2.0, 3.0):
        crop = to_crop(shape_of(line), wanted)
        assert crop[16].astype(float).sum() / 255 == pytest.approx(wanted, abs=0.7)


def test_the_crop_is_in_mnists_format() -> None:
    crop = to_crop(shape_of(drawn("2")))
    assert crop.shape == (28, 28) and crop.dtype == np.uint8
    y, x = np.nonzero(crop > 40)
    assert max(np.ptp(x), np.ptp(y)) + 1 == pytest.approx(20, abs=1)
    weights = crop / crop.sum()
    assert (weights.sum(axis=0) * np.arange(28)).sum() == pytest.approx(14, abs=0.6)
    assert (weights.sum(axis=1) * np.arange(28)).sum() == pytest.approx(14, abs=0.6)


@pytest.mark.parametrize("shape", [(1, 1), (1, 500), (3, 3), (500, 2)])
def test_any_ink_gives_a_crop(shape: tuple[int, int]) -> None:
    assert to_crop(shape_of(np.full(shape, 255, np.uint8))).max() > 0
    assert to_crop(shape_of(np.zeros(shape, np.uint8))).max() == 0


def test_a_thread_on_a_huge_image_is_not_lost() -> None:
    ink = np.zeros((4000, 4000), np.uint8)
    ink[10:3990, 2000:2003] = 255
    assert to_crop(shape_of(ink)).max() > 100


@pytest.mark.parametrize("pen", [1, 2, 3])
@pytest.mark.parametrize("height", [100, 400, 1600])
@pytest.mark.parametrize("digit", "0236789")
def test_a_thin_pen_stays_unbroken_at_any_size(digit: str, height: int, pen: int) -> None:
    ink = drawn(digit, height, pen)
    shape = shape_of(ink)
    assert shape is not None
    parts, _ = cv2.connectedComponents(shape.mask)
    as_drawn, _ = cv2.connectedComponents((ink > 40).astype(np.uint8))
    assert parts == as_drawn


@pytest.mark.parametrize("width", [3, 5, 9])
def test_stroke_width_is_measured(width: int) -> None:
    assert stroke_width_of(bar(width)) == pytest.approx(width, abs=1.1)
    assert measure(bar(width)).stroke_width == stroke_width_of(bar(width))
    assert stroke_width_of(np.zeros((9, 9), np.uint8)) == 0


@pytest.mark.parametrize("shape", [(3000, 2000), (40, 200_000), (200_000, 40)])
def test_the_stroke_width_of_a_huge_mask_is_measured(shape: tuple[int, int]) -> None:
    mask = np.zeros(shape, np.uint8)
    for start in range(10, max(shape), 50):
        mask[start : start + 7] = 1
        mask[:, start : start + 7] = 1
    assert stroke_width_of(mask) == pytest.approx(7, abs=1.1)
    assert stroke_width_of(np.zeros(shape, np.uint8)) == 0


def test_ink_that_fills_its_mask_ends_at_the_border_or_continues() -> None:
    full = np.ones((41, 9), np.uint8)
    assert stroke_width_of(full) == pytest.approx(9, abs=1.1)
    assert measure(full).stroke_width > 20  # nothing but ink


def test_the_centre_line_is_in_the_middle() -> None:
    shape = measure(bar(9))
    ys, xs = np.nonzero(shape.middle)
    straight = (ys > 20) & (ys < 50)
    assert set(xs[straight]) == {24}


@pytest.mark.parametrize("now", [3, 5, 9])
@pytest.mark.parametrize("wanted", [1.0, 4.0, 8.0])
def test_ink_grows_and_shrinks_to_the_wanted_width(now: int, wanted: float) -> None:
    shape = measure(bar(now))
    drawn = with_stroke_width(shape, wanted)
    assert (drawn.shape, drawn.min()) == (shape.mask.shape, 0)
    assert drawn.max() <= 1
    assert drawn[35].sum() == pytest.approx(wanted, abs=1.1)


def test_a_thin_stroke_beside_thick_ones_does_not_vanish() -> None:
    mask = np.zeros((80, 100), np.uint8)
    mask[10:70, 10:24] = mask[10:70, 76:90] = 1
    mask[10:70, 49:52] = 1
    thin = with_stroke_width(measure(mask), 2) > 0.5
    components, _ = cv2.connectedComponents(thin.astype(np.uint8))
    assert components == 1 + 3  # paper and ink
    assert thin[:, 45:56].any(axis=1).sum() == pytest.approx(60, abs=2)
