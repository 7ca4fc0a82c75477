import numpy as np
import pytest
from numpy.typing import NDArray

from digits.learning.augmentation.affine import distort
from digits.learning.config import Affine

Arrays = dict[str, NDArray[np.uint8]]


def test_distorted_images_are_new_and_of_the_same_kind(arrays: Arrays) -> None:
    before = arrays["x_train"].copy()
    distorted = distort(before, Affine(), np.random.default_rng(0))
    assert np.array_equal(before, arrays["x_train"])
    assert distorted.shape == before.shape
    assert distorted.dtype == np.uint8
    changed = [not np.array_equal(one, other) for one, other in zip(distorted, before, strict=True)]
    assert all(changed)
    ink = distorted.sum(axis=(1, 2)) / before.sum(axis=(1, 2))
    assert 0.75 < ink.min() < ink.max() < 1.3


def test_the_random_state_decides(arrays: Arrays) -> None:
    first, again, other = (distort(arrays["x_train"], Affine(), np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_without_amounts_nothing_changes(arrays: Arrays) -> None:
    none = Affine(rotation=0, shear=0, stretch=0, shift=0)
    assert np.array_equal(distort(arrays["x_train"], none, np.random.default_rng(0)), arrays["x_train"])


@pytest.mark.parametrize("shift", [1.0, 2.5])
def test_a_dot_in_the_middle_moves_by_the_shift_alone(shift: float) -> None:
    images = np.zeros((200, 28, 28), np.uint8)
    images[:, 14, 14] = 255
    distorted = distort(images, Affine(shift=shift), np.random.default_rng(0)).astype(float)
    ys, xs = np.mgrid[:28, :28]
    mass = distorted.sum(axis=(1, 2))
    x, y = ((grid * distorted).sum(axis=(1, 2)) / mass for grid in (xs, ys))
    assert np.abs(x - 14).max() == pytest.approx(shift, abs=0.1)
    assert np.abs(y - 14).max() == pytest.approx(shift, abs=0.1)
