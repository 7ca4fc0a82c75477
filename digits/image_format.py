"""The contract between training and recognition: what a network is given.

One digit is a 28×28 ``uint8`` image, ink bright (255) on dark paper (0). As in MNIST, the ink fits
a 20×20 box, aspect ratio kept, and its centre of mass lies at the pixel (14, 14) (LeCun et
al., *Gradient-Based Learning Applied to Document Recognition*, 1998, section III-A). A network is
given such images as ``float32`` in [0, 1] with a channel axis. Only NumPy and OpenCV are needed.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

SIZE = 28  #: side of an image, pixels
BOX = 20  #: longest side of the ink, pixels
CLASSES = 10

#: Mean and standard deviation of all pixels in [0, 1] of MNIST's 48,000 training images. The
#: networks' first layer standardises with these, so that what they are given stays in [0, 1].
TRAIN_MEAN = 0.13087
TRAIN_STD = 0.30840


def to_input(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Scale images to what a network is given.

    Args:
        images: ``uint8`` array of shape (n, 28, 28), ink bright on dark.

    Returns:
        A new ``float32`` array of shape (n, 28, 28, 1) in [0, 1].

    Raises:
        ValueError: the shape or dtype is different.
    """
    if images.ndim != 3 or images.shape[1:] != (SIZE, SIZE) or images.dtype != np.uint8:
        raise ValueError(f"expected uint8 images of shape (n, 28, 28), got {images.dtype} {images.shape}")
    return images[..., np.newaxis].astype(np.float32) / np.float32(255)


def to_mnist_format(ink: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Bring the ink of one digit, of any size, into MNIST's format.

    Args:
        ink: ``uint8`` array of shape (height, width), ink bright on dark (0).

    Returns:
        A new ``uint8`` array of shape (28, 28): the ink's longest side 20 pixels, aspect ratio
        kept, its centre of mass at the pixel (14, 14). MNIST's own images come out as they went
        in. An image without ink gives an empty one.

    Raises:
        ValueError: the array is not two-dimensional ``uint8``.
    """
    if ink.ndim != 2 or ink.dtype != np.uint8:
        raise ValueError(f"expected a uint8 image of shape (height, width), got {ink.dtype} {ink.shape}")
    image = np.zeros((SIZE, SIZE), np.uint8)
    x, y, width, height = cv2.boundingRect(ink)
    if width == 0 or height == 0:
        return image
    scale = BOX / max(width, height)
    box = cv2.resize(
        ink[y : y + height, x : x + width],
        (max(1, round(width * scale)), max(1, round(height * scale))),
        interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC,
    )
    columns, rows = (
        box.sum(axis=0, dtype=np.int64),
        box.sum(axis=1, dtype=np.int64),
    )
    mass = int(columns.sum())
    if mass == 0:  # ink so faint that shrinking rounded it away
        return image
    middle = SIZE / 2  # the pixel with index 14, not the image's edge-to-edge middle, as in MNIST
    left = round(middle - int(columns @ np.arange(box.shape[1])) / mass)
    top = round(middle - int(rows @ np.arange(box.shape[0])) / mass)
    left = min(max(left, 0), SIZE - box.shape[1])  # lopsided ink stays whole
    top = min(max(top, 0), SIZE - box.shape[0])
    image[top : top + box.shape[0], left : left + box.shape[1]] = box
    return image
