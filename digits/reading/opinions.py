"""What a network and the line network say of a digit, as one opinion."""

import numpy as np
from numpy.typing import NDArray

from digits.image_format import CLASSES

#: Powers of a network's probabilities and of the line network's in what is shown, fitted by maximum likelihood to
#: digits by writers left out of training (benchmarks/opinion_weights.py): for ResNet, which knows other people's
#: handwriting; for networks that know MNIST alone; and for ink that was cut, which no longer is what was written.
WEIGHTS = {"ResNet": (0.7, 0.2)}
OTHER_WEIGHTS, CUT_WEIGHTS = (0.2, 0.6), (0.1, 0.7)
LEAST = np.float32(1e-6)  #: probability that either grants any digit


def weights_of(name: str, is_cut: bool) -> tuple[float, float]:
    """The weights of a network and of the line network, for ink that is whole or was cut."""
    return CUT_WEIGHTS if is_cut else WEIGHTS.get(name, OTHER_WEIGHTS)


def logits(
    own: NDArray[np.float32], seen: NDArray[np.float32] | None, name: str, is_cut: bool = False
) -> NDArray[np.float64]:
    """Logarithms, up to a number of each digit's own, of how probable the answers are.

    Their product, each to the power of its weight, is a logarithmic opinion pool (Genest & Zidek 1986).

    Args:
        own: the network's probabilities, shape (..., 10).
        seen: the line network's, shape (..., 10 or more), of which the first ten count; None if it was not asked.
        name: of the network.
        is_cut: whether the ink was cut from a neighbour's.

    Returns:
        ``float64``, shape (..., 10).
    """
    logs: NDArray[np.float64] = np.log(np.maximum(own, LEAST)).astype(np.float64)
    if seen is None:
        return logs
    weights = weights_of(name, is_cut)
    return np.asarray(weights[0] * logs + weights[1] * np.log(np.maximum(seen[..., :CLASSES], LEAST)))


def softmax(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Logits to probabilities along the last axis."""
    shares = np.exp(values - values.max(axis=-1, keepdims=True))
    return np.asarray(shares / shares.sum(axis=-1, keepdims=True))
