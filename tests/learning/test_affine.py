import numpy as np
import pytest

from digits.learning import augmentation
from digits.learning.augmentation import distort


def test_distorted_images_are_new_and_of_the_same_kind(arrays: dict[str, np.ndarray]) -> None:
    before = arrays["x_train"].copy()
    distorted = distort(before, np.random.default_rng(0))
    assert np.array_equal(before, arrays["x_train"])
    assert (distorted.shape, distorted.dtype) == (before.shape, np.uint8)
    changed = [not np.array_equal(one, other) for one, other in zip(distorted, before, strict=True)]
    assert all(changed)
    ink = distorted.sum(axis=(1, 2)) / before.sum(axis=(1, 2))
    assert 0.75 < ink.min() < ink.max() < 1.3


def test_the_random_state_decides(arrays: dict[str, np.ndarray]) -> None:
    first, again, other = (distort(arrays["x_train"], np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_without_amounts_nothing_changes(arrays: dict[str, np.ndarray], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(augmentation, "AMOUNTS", dict.fromkeys(augmentation.AMOUNTS, 0.0))
    assert np.array_equal(distort(arrays["x_train"], np.random.default_rng(0)), arrays["x_train"])


def test_a_dot_in_the_middle_moves_by_the_shift_alone() -> None:
    images = np.zeros((200, 28, 28), np.uint8)
    images[:, 14, 14] = 255
    distorted = distort(images, np.random.default_rng(0)).astype(float)
    ys, xs = np.mgrid[:28, :28]
    mass = distorted.sum(axis=(1, 2))
    x, y = ((grid * distorted).sum(axis=(1, 2)) / mass for grid in (xs, ys))
    assert np.abs(x - 14).max() == pytest.approx(augmentation.AMOUNTS["shift"], abs=0.1)
    assert np.abs(y - 14).max() == pytest.approx(augmentation.AMOUNTS["shift"], abs=0.1)
