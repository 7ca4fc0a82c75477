"""Which pixels matter to a prediction: occlusion maps, which need no gradients and therefore no TensorFlow."""

import cv2
import numpy as np
from numpy.typing import NDArray

from digits.image_format import SIZE
from digits.reading.classifier import Classifier

PATCH = 5  #: side of the occluding square, pixels


def occlusion(classifier: Classifier, crop: NDArray[np.uint8], digit: int) -> NDArray[np.float32]:
    """Measure how much each pixel contributes to a digit's probability (Zeiler & Fergus 2014, section 4.2).

    A square of background is centred on each pixel in turn, and the crop is classified again.

    Args:
        classifier: the network.
        crop: ``uint8`` array of shape (28, 28).
        digit: the class, 0 to 9, whose probability is measured.

    Returns:
        ``float32`` array of shape (28, 28) in [-1, 1], slightly blurred: the drop in probability when the pixel
        is occluded; negative where the pixel is evidence against the digit.
    """
    covered = np.repeat(crop[np.newaxis], SIZE * SIZE, axis=0)
    half = PATCH // 2
    for y in range(SIZE):
        for x in range(SIZE):
            covered[y * SIZE + x, max(0, y - half) : y + half + 1, max(0, x - half) : x + half + 1] = 0
    changed = (covered != crop).any(axis=(1, 2))
    lost = np.zeros(SIZE * SIZE, np.float32)
    if changed.any():
        before = classifier.probabilities(crop[np.newaxis])[0, digit]
        lost[changed] = before - classifier.probabilities(covered[changed])[:, digit]
    smooth: NDArray[np.float32] = cv2.GaussianBlur(lost.reshape(SIZE, SIZE), (3, 3), 0)
    return smooth
