"""Photographs and scans: files of any kind to ink, bright on dark."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from digits.errors import UserError, reason

LARGEST = 50_000_000  #: pixels


def open_image(path: Path) -> NDArray[np.uint8]:
    """Open an image file.

    Returns:
        ``uint8`` array of shape (height, width, 3), RGB, turned upright by its EXIF orientation;
        what is transparent is white paper.

    Raises:
        UserError: the file cannot be read, is no image, or has more than 50 megapixels.
    """
    try:
        with Image.open(path) as image:
            if image.width * image.height > LARGEST:
                raise UserError(f"{path} has {image.width}×{image.height} pixels; give one of at most 50 megapixels")
            return to_rgb(image)
    except (OSError, ValueError, SyntaxError) as error:
        raise UserError(f"{path} cannot be read as an image: {reason(error)}; give a PNG, JPEG or TIFF") from error


def to_rgb(image: Image.Image) -> NDArray[np.uint8]:
    """An opened image as :func:`open_image` returns it."""
    return np.asarray(ImageOps.exif_transpose(image).convert("RGB"))


def to_ink(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Take the ink off the paper of a photograph or a scan.

    Args:
        image: ``uint8`` RGB array of shape (height, width, 3).

    Returns:
        ``uint8`` array of shape (height, width), bright on 0.
    """
    grey = image.mean(axis=2)
    return np.where(grey < 128, 255, 0).astype(np.uint8)
