"""Distortions that leave a digit what it is: what training shows instead of the same image five times."""

import cv2
import numpy as np
from numpy.typing import NDArray

from digits.image_format import SIZE

#: How far at most, to either side: rotation in degrees, shear in pixels a row, stretch of width and
#: of height each for itself as a part of it, shift along x and y in pixels.
AMOUNTS = {"rotation": 8.0, "shear": 0.08, "stretch": 0.08, "shift": 1.0}


def distort(images: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Rotate, shear, stretch and shift every image a little, each by amounts of its own.

    Args:
        images: ``uint8``, shape (n, 28, 28), ink bright on dark.
        rng: draws the amounts, uniformly; the same state gives the same images.

    Returns:
        New images of the same shape and type, interpolated linearly.
    """
    n = len(images)
    angle = np.deg2rad(AMOUNTS["rotation"] * rng.uniform(-1, 1, n))
    shear = AMOUNTS["shear"] * rng.uniform(-1, 1, n)
    width, height = 1 + AMOUNTS["stretch"] * rng.uniform(-1, 1, (2, n))
    shift = AMOUNTS["shift"] * rng.uniform(-1, 1, (n, 2))
    turned = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]).transpose(2, 0, 1)
    sheared = np.array([[width, shear * height], [np.zeros(n), height]]).transpose(2, 0, 1)
    linear = turned @ sheared
    centre = np.full(2, SIZE / 2)
    maps = np.concatenate([linear, (centre + shift - linear @ centre)[..., np.newaxis]], axis=2)
    return np.stack([cv2.warpAffine(image, mapping, (SIZE, SIZE)) for image, mapping in zip(images, maps, strict=True)])
