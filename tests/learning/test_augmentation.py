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


def middles(distorted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The ink's centre of mass by image, as how far it is from (14, 14): x and y."""
    ys, xs = np.mgrid[:28, :28]
    mass = distorted.sum(axis=(1, 2), dtype=float)
    x, y = ((grid * distorted).sum(axis=(1, 2)) / mass for grid in (xs, ys))
    return x - 14, y - 14


@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_a_dot_in_the_middle_moves_by_the_shift_alone(scale: float) -> None:
    images = np.zeros((200, 28, 28), np.uint8)
    images[:, 14, 14] = 255
    for moved in middles(distort(images, np.random.default_rng(0), scale)):
        assert np.abs(moved).max() == pytest.approx(scale * augmentation.AMOUNTS["shift"], abs=0.1 * scale)


def test_with_hardly_any_elastic_part_the_affine_part_is_the_same(arrays: dict[str, np.ndarray]) -> None:
    plain, bent = (distort(arrays["x_train"], np.random.default_rng(0), 1.5, elastic) for elastic in (0.0, 1e-6))
    assert np.abs(plain.astype(int) - bent).max() <= 16  # OpenCV rounds coordinates to 32nds of a pixel


def test_the_elastic_part_moves_each_place_for_itself_and_as_far_as_asked() -> None:
    ramp = np.broadcast_to(
        9 * np.arange(28, dtype=np.uint8), (1000, 28, 28)
    )  # its brightness says where a pixel is from
    along_x, along_y = (
        (distort(images, np.random.default_rng(0), 0.0, 0.8).astype(float) - images) / 9
        for images in (ramp, ramp.transpose(0, 2, 1))
    )
    for moved in (along_x, along_y):
        for at in (8, 14):  # next to points of the grid
            assert moved[:, at, at].mean() == pytest.approx(0, abs=0.1)
            assert moved[:, at, at].std() == pytest.approx(0.8, rel=0.1)
        assert abs(np.corrcoef(moved[:, 8, 8], moved[:, 14, 14])[0, 1]) < 0.2
    assert abs(np.corrcoef(along_x[:, 14, 14], along_y[:, 14, 14])[0, 1]) < 0.2
