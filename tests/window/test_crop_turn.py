"""Photographs that are cropped and turned."""

import numpy as np
import pytest
from numpy.typing import NDArray

from digits.errors import UserError
from digits.reading.ink import Box
from digits.window.crop_turn import cropped, turned

RGB = np.arange(4 * 6 * 3, dtype=np.uint8).reshape(4, 6, 3)


def test_what_is_in_the_box_is_kept() -> None:
    part = cropped(RGB, (1, 2, 3, 2))
    assert np.array_equal(part, RGB[2:4, 1:4])
    assert part.flags.c_contiguous and part.flags.owndata
    assert np.array_equal(cropped(RGB, (0, 0, 6, 4)), RGB)


@pytest.mark.parametrize(
    "box", [(0, 0, 7, 4), (0, 0, 6, 5), (-1, 0, 3, 3), (0, -1, 3, 3), (2, 2, 0, 1), (2, 2, 1, -1), (6, 0, 1, 1)]
)
def test_a_box_that_is_not_within_the_image_is_refused(box: Box) -> None:
    with pytest.raises(UserError, match=r"not within the image of 6×4; choose one that is"):
        cropped(RGB, box)


def test_turned_clockwise() -> None:
    quarter = turned(RGB, 1)
    assert quarter.shape == (6, 4, 3) and quarter.dtype == np.uint8
    assert np.array_equal(quarter[0, -1], RGB[0, 0])  # the left upper corner is now the right upper one
    assert np.array_equal(quarter[0, 0], RGB[-1, 0])
    assert quarter.flags.c_contiguous and quarter.base is None


@pytest.mark.parametrize("quarters", [-5, -1, 0, 2, 3, 4, 7])
def test_any_number_of_quarters(quarters: int) -> None:
    expected: NDArray[np.uint8] = RGB
    for _ in range(quarters % 4):
        expected = turned(expected, 1)
    assert np.array_equal(turned(RGB, quarters), expected)
