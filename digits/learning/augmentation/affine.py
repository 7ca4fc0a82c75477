"""Affine distortions that do not change which digit an image shows."""

import cv2
import numpy as np
from numpy.typing import NDArray

from digits.image_format import SIZE
from digits.learning.config import Affine


def distort(images: NDArray[np.uint8], most: Affine, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Rotate, shear, stretch and shift each image by random amounts of its own.

    Args:
        images: ``uint8``, shape (n, 28, 28), ink bright on dark.
        most: the largest amounts, to either side; drawn uniformly.
        rng: draws the amounts; the same state gives the same images.

    Returns:
        New images of the same shape and dtype, interpolated linearly.
    """
    n = len(images)
    angle = np.deg2rad(most.rotation * rng.uniform(-1, 1, n))
    shear = most.shear * rng.uniform(-1, 1, n)
    width, height = 1 + most.stretch * rng.uniform(-1, 1, (2, n))
    shift = most.shift * rng.uniform(-1, 1, (n, 2))
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]).transpose(2, 0, 1)
    shear_stretch = np.array([[width, shear * height], [np.zeros(n), height]]).transpose(2, 0, 1)
    linear = rotation @ shear_stretch
    centre = np.full(2, SIZE / 2)
    maps = np.concatenate([linear, (centre + shift - linear @ centre)[..., np.newaxis]], axis=2)
    return np.stack([cv2.warpAffine(image, matrix, (SIZE, SIZE)) for image, matrix in zip(images, maps, strict=True)])
