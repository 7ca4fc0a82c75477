"""Inference with a saved network through OpenCV's DNN module, without TensorFlow."""

from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from digits.errors import UserError, reason
from digits.image_format import CLASSES, SIZE, to_input


class Network(Protocol):
    """What reads crops: a :class:`Classifier`, or several that vote."""

    name: str

    def probabilities(self, crops: NDArray[np.uint8], /) -> NDArray[np.float32]:
        """Crops, shape (n, 28, 28), to probabilities, shape (n, 10)."""


class Classifier:
    """A network loaded from its ``.onnx`` file.

    OpenCV networks keep state between calls, so a ``Classifier`` must not be shared between threads.
    """

    def __init__(self, path: Path) -> None:
        """Load the network in ``path`` and check it on an empty image.

        Raises:
            UserError: the file is missing, damaged, or not a digit classifier.
        """
        self.name = path.stem
        again = f"make it again with: python test.py --models {self.name}"
        try:
            content = np.frombuffer(path.read_bytes(), np.uint8)  # OpenCV cannot open non-ASCII paths itself
        except OSError as error:
            raise UserError(f"{path} cannot be read: {reason(error, path)}; {again}") from error
        try:
            self._net = cv2.dnn.readNetFromONNX(content)
            answer = self._forward(np.zeros((2, SIZE, SIZE), np.uint8))
        except cv2.error as error:
            raise UserError(f"{path} is damaged, or not a network that OpenCV can read; {again}") from error
        if answer.shape != (2, CLASSES) or not np.allclose(answer.sum(axis=1), 1, atol=1e-3):
            raise UserError(f"{path} does not return ten probabilities for a 28×28 image; {again}")

    def probabilities(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Classify a batch of crops.

        Args:
            crops: ``uint8`` array of shape (n, 28, 28) in MNIST's format, bright ink on a dark background.

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
