"""Distortions that leave a digit what it is: what training shows instead of the same image five times."""

import cv2
import numpy as np
from numpy.typing import NDArray

from digits.image_format import SIZE

#: How far at most, to either side: rotation in degrees, shear in pixels a row, stretch of width and
#: of height each for itself as a part of it, shift along x and y in pixels.
AMOUNTS = {"rotation": 8.0, "shear": 0.08, "stretch": 0.08, "shift": 1.0}


GRID = 5  #: points of the elastic field to either side

_coordinates = np.stack(np.meshgrid(*2 * [np.arange(SIZE, dtype=np.float32)]), axis=-1)
_spread = cv2.resize(np.eye(GRID, dtype=np.float32), (GRID, SIZE), interpolation=cv2.INTER_CUBIC)


def distort(
    images: NDArray[np.uint8], rng: np.random.Generator, scale: float = 1.0, elastic: float = 0.0
) -> NDArray[np.uint8]:
    """Rotate, shear, stretch and shift every image a little, each by amounts of its own; bend it, too, where asked.

    Args:
        images: ``uint8``, shape (n, 28, 28), ink bright on dark.
        rng: draws the amounts, uniformly; the same state gives the same images.
        scale: multiplies ``AMOUNTS``.
        elastic: standard deviation, in pixels and along either axis, of the shift at each of ``GRID`` × ``GRID``
            points; between them it is interpolated (Simard et al. 2003, with a grid in place of a blurred field).

    Returns:
        New images of the same shape and type, interpolated linearly.
    """
    n = len(images)
    amounts = {name: scale * amount for name, amount in AMOUNTS.items()}
    angle = np.deg2rad(amounts["rotation"] * rng.uniform(-1, 1, n))
    shear = amounts["shear"] * rng.uniform(-1, 1, n)
    width, height = 1 + amounts["stretch"] * rng.uniform(-1, 1, (2, n))
    shift = amounts["shift"] * rng.uniform(-1, 1, (n, 2))
    turned = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]).transpose(2, 0, 1)
    sheared = np.array([[width, shear * height], [np.zeros(n), height]]).transpose(2, 0, 1)
    linear = turned @ sheared
    centre = np.full(2, SIZE / 2)
    maps = np.concatenate([linear, (centre + shift - linear @ centre)[..., np.newaxis]], axis=2)
    if not elastic:
        return np.stack([cv2.warpAffine(image, map_, (SIZE, SIZE)) for image, map_ in zip(images, maps, strict=True)])
    field = elastic * rng.standard_normal((n, GRID, GRID, 2), np.float32)
    sources = _sources(maps, field)
    return np.stack(
        [cv2.remap(image, map_, None, cv2.INTER_LINEAR) for image, map_ in zip(images, sources, strict=True)]
    )


def _sources(maps: NDArray[np.float64], field: NDArray[np.float32]) -> NDArray[np.float32]:
    """Where each pixel comes from, (n, 28, 28, 2) as (x, y): the affine maps turned round, and the field added."""
    back = np.linalg.inv(maps[..., :2])
    origin = -back @ maps[..., 2:]
    sources = np.einsum("hwj,nij->nhwi", _coordinates, back.astype(np.float32))
    sources += origin.astype(np.float32).transpose(0, 2, 1)[:, np.newaxis]
    sources += np.einsum("hi,wj,nijk->nhwk", _spread, _spread, field, optimize=True)
    return np.ascontiguousarray(sources, np.float32)
