"""A saved network to probabilities, through OpenCV's own DNN module: no TensorFlow."""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from digits.errors import UserError, reason
from digits.image_format import CLASSES, SIZE, to_input


class Classifier:
    """One network read from its ``.onnx`` twin.

    An OpenCV network keeps its state between calls: use one ``Classifier`` from one thread at a time.
    """

    def __init__(self, path: Path) -> None:
        """Read and try out the network in ``path``.

        Raises:
            UserError: the file is missing, damaged, or a network for something else.
        """
        self.name = path.stem
        again = f"make it again with: python test.py --models {self.name}"
        try:
            content = np.frombuffer(path.read_bytes(), np.uint8)  # OpenCV itself fails on non-ASCII paths
        except OSError as error:
            raise UserError(f"{path} cannot be read: {reason(error, path)}; {again}") from error
        try:
            self._net = cv2.dnn.readNetFromONNX(content)
            answer = self._forward(np.zeros((2, SIZE, SIZE), np.uint8))
        except cv2.error as error:
            raise UserError(f"{path} is damaged or no network that OpenCV reads; {again}") from error
        if answer.shape != (2, CLASSES) or not np.allclose(answer.sum(axis=1), 1, atol=1e-3):
            raise UserError(f"{path} does not give ten probabilities for an image of 28×28 pixels; {again}")

    def probabilities(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Read all crops of a drawing in one call.

        Args:
            crops: ``uint8`` array of shape (n, 28, 28), ink bright on dark, in MNIST's format.

        Returns:
            ``float32`` array of shape (n, 10); each row sums to 1.
        """
        if len(crops) == 0:
            return np.zeros((0, CLASSES), np.float32)
        return self._forward(crops)

    def _forward(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        self._net.setInput(to_input(crops))
        answer: NDArray[np.float32] = self._net.forward().copy()
        return answer
