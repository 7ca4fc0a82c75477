from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from digits import image_format
from digits.image_format import to_input, to_mnist_format


def centre_of_mass(image: NDArray[np.uint8]) -> tuple[float, float]:
    ys, xs = np.mgrid[: image.shape[0], : image.shape[1]]
    return float((xs * image).sum() / image.sum()), float((ys * image).sum() / image.sum())


def test_input_is_a_new_array_in_0_to_1() -> None:
    images = np.array([0, 51, 255], np.uint8).repeat(28 * 28).reshape(3, 28, 28)
    given = to_input(images)
    assert given.shape == (3, 28, 28, 1)
    assert given.dtype == np.float32
    assert given[:, 0, 0, 0].tolist() == pytest.approx([0, 0.2, 1])
    assert images[1, 0, 0] == 51


@pytest.mark.parametrize("wrong", [np.zeros((28, 28), np.uint8), np.zeros((1, 28, 28)), np.zeros((1, 8, 8), np.uint8)])
def test_input_of_another_shape_or_dtype_is_refused(wrong: NDArray[Any]) -> None:
    with pytest.raises(ValueError, match=r"expected uint8 images of shape \(n, 28, 28\), got"):
        to_input(wrong)


@pytest.mark.parametrize(("width", "height"), [(8, 8), (200, 100), (37, 300), (3, 90), (20, 20), (1, 1)])
def test_ink_of_any_size_fills_the_box_by_centre_of_mass(width: int, height: int) -> None:
    ink = np.zeros((400, 400), np.uint8)
    ink[17 : 17 + height, 90 : 90 + width] = 255
    image = to_mnist_format(ink)
    _, _, w, h = cv2.boundingRect(image)
    assert max(w, h) == 20
    assert min(w, h) == max(1, round(20 * min(width, height) / max(width, height)))
    assert centre_of_mass(image) == pytest.approx((14, 14), abs=0.51)


def test_lopsided_ink_stays_whole() -> None:
    ink = np.zeros((100, 100), np.uint8)
    ink[:, :2] = 40
    ink[90:, :] = 255
    image = to_mnist_format(ink)
    _, _, w, h = cv2.boundingRect(image)
    assert (w, h) == (20, 20)


@pytest.mark.parametrize("value", [0, 1])
def test_no_ink_or_hardly_any_gives_an_image(value: int) -> None:
    ink = np.zeros((500, 500), np.uint8)
    ink[::250, ::250] = value
    assert to_mnist_format(ink).shape == (28, 28)


def test_colour_is_refused() -> None:
    with pytest.raises(ValueError, match="expected a uint8 image of shape"):
        to_mnist_format(np.zeros((10, 10, 3), np.uint8))


def test_mnist_already_has_the_format(mnist: Path) -> None:
    """The format is MNIST's own: its images come out as they went in."""
    with np.load(mnist) as archive:
        images = archive["x_train"][:2000]
    same = [np.array_equal(to_mnist_format(image), image) for image in images]
    assert np.mean(same) > 0.998


def test_the_constants_are_those_of_the_training_images(mnist: Path) -> None:
    with np.load(mnist) as archive:
        pixels = to_input(archive["x_train"][:48_000]).astype(np.float64)
    assert pixels.mean() == pytest.approx(image_format.TRAIN_MEAN, abs=1e-5)
    assert pixels.std() == pytest.approx(image_format.TRAIN_STD, abs=1e-5)
