"""Inference with a saved network through OpenCV's DNN module, without TensorFlow."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from digits import network_file
from digits.errors import UserError
from digits.image_format import CLASSES, SIZE, to_input
from digits.networks import remedy

BATCH = 32  #: crops that are given to a network at once: with more VGG16 takes longer for each
MOST_OPERATIONS = 50e9  #: of floating point, for one drawing: one to two seconds of computing
WITHOUT_WEIGHTS = 50  #: operations for each value of a layer without weights: those of a hyperbolic tangent


class Network(Protocol):
    """What reads crops: a :class:`Classifier`, or several that vote.

    Attributes:
        name: in what it reads.
        most: digits that it reads of one drawing, so that it takes no more than seconds.
    """

    name: str
    most: int

    def probabilities(self, crops: NDArray[np.uint8], /) -> NDArray[np.float32]:
        """Crops, shape (n, 28, 28), to probabilities, shape (n, 10)."""


class Classifier:
    """A network loaded from its ``.onnx`` file.

    OpenCV networks keep state between calls, so a ``Classifier`` must not be shared between threads.

    Attributes:
        name: of the file, without ``.onnx``.
        most: digits that it reads of one drawing: fewer the more operations one takes.
        digest: SHA-256 of the bytes that were loaded, whatever has become of the file; 64 hexadecimal digits.
    """

    def __init__(self, path: Path) -> None:
        """Load the network in ``path`` and check it on an empty image.

        OpenCV is given nothing but a file that its card vouches for, or that was tried out in a process of its own
        (:mod:`digits.network_file`). Allocates 512 MB at most, and what the network needs.

        Raises:
            UserError: the file is missing, damaged, not what its card lists, or not a digit classifier.
        """
        self.name, self._path = path.stem, path
        content = network_file.read(path, "digits.reading.probe")
        self.digest = hashlib.sha256(content).hexdigest()
        try:
            self._net = open_network(content)
        except ValueError as error:
            raise UserError(f"{path} {error}; {remedy(path)}") from error
        self.most = max(1, int(MOST_OPERATIONS / operations(self._net)))
        self._features = features_of(self._net)
        one = forward(self._net, np.zeros((1, SIZE, SIZE, 1), np.float32), [self._features])
        self._none = [values[:0] for values in one]

    def probabilities(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Classify any number of crops.

        Args:
            crops: ``uint8`` array of shape (n, 28, 28) in MNIST's format, bright ink on a dark background.

        Returns:
            ``float32`` array of shape (n, 10); each row sums to 1.

        Raises:
            UserError: the network does not give probabilities for one of them.
        """
        return self._answers(crops, [])[0]

    def answers(self, crops: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """As :meth:`probabilities`, with the values from which the last layer computes them: shape (n, features).

        Raises:
            UserError: as above.
        """
        probabilities, features = self._answers(crops, [self._features])
        return probabilities, features

    def _answers(self, crops: NDArray[np.uint8], layers: list[str]) -> list[NDArray[np.float32]]:
        """The probabilities, and the values of layers, one row for each crop."""
        given = to_input(crops)
        parts = [self._none[: 1 + len(layers)]]
        try:
            parts += [forward(self._net, given[i : i + BATCH], layers) for i in range(0, len(given), BATCH)]
        except ValueError as error:
            raise UserError(f"{self._path} {error}; {remedy(self._path)}") from error
        return [np.concatenate(rows) for rows in zip(*parts, strict=True)]


def open_network(content: bytes) -> Any:
    """A network as OpenCV's, from the bytes of an ``.onnx`` file.

    Raises:
        ValueError: OpenCV cannot read it, or it does not classify digits.
    """
    try:
        network = cv2.dnn.readNetFromONNX(np.frombuffer(content, np.uint8))
    except cv2.error as error:
        raise ValueError("is damaged, or not a network that OpenCV can read") from error
    forward(network, np.zeros((2, SIZE, SIZE, 1), np.float32))
    return network


def operations(network: Any) -> float:
    """About how many operations of floating point an OpenCV network takes for a digit.

    OpenCV's own ``getFLOPS`` leaves products of matrices out and counts grouped convolutions once for each group.
    """
    layers, _, outputs = network.getLayersShapes((1, SIZE, SIZE, 1))
    total = 1.0
    for number, shapes in zip(np.ravel(layers).tolist(), outputs, strict=True):
        layer, values = network.getLayer(number), float(sum(np.prod(shape, dtype=float) for shape in shapes))
        if len(layer.blobs):
            weights = layer.blobs[0]
            features = weights.shape[0] if layer.type == "Convolution" else shapes[0][-1]
            total += 2 * weights.size * values / features  # each weight is used for each place
        else:
            total += WITHOUT_WEIGHTS * values
    return total


def features_of(network: Any) -> str:
    """The layer of an OpenCV network from whose values the last one with a matrix of weights computes its own."""
    names = network.getLayerNames()
    blobs = [network.getLayer(network.getLayerId(name)).blobs for name in names]
    weighty = [i for i, own in enumerate(blobs) if len(own) and np.squeeze(own[0]).ndim > 1]
    return str(names[max(0, weighty[-1] - 1 if weighty else 0)])


def forward(network: Any, given: NDArray[np.float32], layers: Sequence[str] = ()) -> list[NDArray[np.float32]]:
    """One call of an OpenCV network.

    Args:
        network: the network.
        given: images in [0, 1], shape (n, 28, 28, 1).
        layers: names of layers whose values are wanted, too.

    Returns:
        The probabilities, shape (n, 10), and the values of the layers, each of shape (n, values).

    Raises:
        ValueError: it does not give probabilities, or not as many rows as images.
    """
    n = len(given)
    try:
        network.setInput(given)
        answer, *values = network.forward([*network.getUnconnectedOutLayersNames(), *layers])
    except cv2.error as error:
        raise ValueError("is damaged, or not a network that OpenCV can read") from error
    if answer.shape != (n, CLASSES) or not _are_probabilities(answer):
        raise ValueError("does not return ten probabilities for a 28×28 image")
    return [answer.copy(), *(value.reshape(n, -1).copy() for value in values)]


def _are_probabilities(rows: NDArray[np.float32]) -> bool:
    return bool((rows >= 0).all() and np.allclose(rows.sum(axis=1), 1, atol=1e-3))  # of NaN neither is true
