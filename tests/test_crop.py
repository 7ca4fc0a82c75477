import cv2
import numpy as np
import pytest

from digits.crop import shape_of, stroke_width_of, to_crop
from tests.reading.conftest import picture, written


@pytest.mark.parametrize("digit", "0123456789")
@pytest.mark.parametrize("pen", [3, 8, 14, 24])
def test_a_crop_hardly_depends_on_the_pen(digit: str, pen: int) -> None:
    crops = [to_crop(shape_of(picture(written(digit, 180, width)))) for width in (8, pen)]
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
    crop = to_crop(shape_of(picture(written("2"))))
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


def test_stroke_width_is_measured() -> None:
    bar = np.zeros((60, 60), np.uint8)
    bar[5:55, 20:29] = 1
    assert stroke_width_of(bar) == pytest.approx(9, abs=1.1)
    assert stroke_width_of(np.zeros((9, 9), np.uint8)) == 0
