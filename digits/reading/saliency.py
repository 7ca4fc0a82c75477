"""Which pixels decided: occlusion, which needs no gradient and so no TensorFlow."""

import cv2
import numpy as np
from numpy.typing import NDArray

from digits.image_format import SIZE
from digits.reading.classifier import Classifier

PATCH = 5  #: side of the covered square, pixels


def occlusion(classifier: Classifier, crop: NDArray[np.uint8], digit: int) -> NDArray[np.float32]:
    """How much each pixel speaks for a digit (Zeiler & Fergus 2014, section 4.2).

    Every pixel in turn is covered with empty paper, with a square around it, and the network asked again.

    Args:
        classifier: the network.
        crop: ``uint8`` array of shape (28, 28).
        digit: 0 to 9, whose probability is looked at.

    Returns:
        ``float32`` array of shape (28, 28) in [-1, 1]: what the probability loses when the pixel is
        covered; negative where the pixel speaks against the digit.
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
