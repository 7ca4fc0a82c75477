"""A photograph before it is read: cropped, and turned by quarters. No widgets."""

import numpy as np
from numpy.typing import NDArray

from digits.errors import UserError
from digits.reading.ink import Box


def cropped(rgb: NDArray[np.uint8], box: Box) -> NDArray[np.uint8]:
    """What is within a box, as an array of its own, so that the rest can be freed.

    Args:
        rgb: ``uint8``, shape (height, width, 3).
        box: within the image, 1 pixel wide and high at least.

    Raises:
        UserError: the box is empty, or not within the image.
    """
    x, y, width, height = box
    whole_height, whole_width = rgb.shape[:2]
    if not (0 <= x < x + width <= whole_width and 0 <= y < y + height <= whole_height):
        raise UserError(
            f"The box of {width}×{height} pixels at ({x}, {y}) is not within the image of {whole_width}×{whole_height}"
            "; choose one that is"
        )
    return rgb[y : y + height, x : x + width].copy()


def turned(rgb: NDArray[np.uint8], quarters: int) -> NDArray[np.uint8]:
    """An image turned clockwise, as an array of its own.

    Args:
        rgb: ``uint8``, shape (height, width, 3).
        quarters: by how many times 90°; below 0 for counterclockwise.

    Returns:
        ``uint8``, shape (height, width, 3), or (width, height, 3) after an odd number of quarters.
    """
    return np.rot90(rgb, -quarters % 4).copy()
