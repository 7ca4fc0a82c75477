"""The building blocks of the networks.

A learning rate of 0.00001 moves a weight by 0.075 at most in 7,500 steps. Three choices make that
enough (see README, "What 1e-5 does here"):

- Batch normalisation follows every convolution and dense layer, so that multiplying a layer's
  weights by a constant changes nothing of what the network computes.
- The weights start at a small fraction of He's initial scale. What counts for learning is then the step
  relative to the weight (van Laarhoven 2017, *L2 Regularization versus Batch and Weight
  Normalization*), and the same small step turns small weights further.
- In a deep network the weights start as random numbers plus the identity, so that at first every
  convolution passes on what it is given (Zagoruyko & Komodakis 2017, *DiracNets*).
"""

import math

import keras
import numpy as np

from digits.image_format import SIZE, TRAIN_MEAN, TRAIN_STD

#: Added to the variance in batch normalisation. Keras's 0.001 would drown the variance that small
#: initial weights leave, which is about the square of their scale.
EPSILON = 1e-6

#: Of the running mean and variance: a memory of 10 steps. Within the 100 of Keras's 0.99 small weights
#: change direction so much that a deep network is evaluated with outdated statistics (a VGG16 of half the width,
#: trained at 0.98, had 137 misses in the 12,000 validation images, and 90 with statistics recomputed for the same
#: weights).
MOMENTUM = 0.9

#: Norm of a filter's identity, as a multiple of its random part's.
IDENTITY = 3.0


def inputs() -> tuple[keras.KerasTensor, keras.KerasTensor]:
    """The input, 28×28×1 in [0, 1], and the same standardised with MNIST's training mean and deviation.

    ``Rescaling`` and not ``Normalization``: the latter's ONNX export has further graph inputs.
    """
    pixels = keras.Input((SIZE, SIZE, 1), name="pixels")
    standardised = keras.layers.Rescaling(1 / TRAIN_STD, -TRAIN_MEAN / TRAIN_STD, name="standardise")(pixels)
    return pixels, standardised


def convolution(
    x: keras.KerasTensor,
    filters: int,
    scale: float,
    name: str,
    identity: bool = False,
    kernel: tuple[int, int] = (3, 3),
    strides: int = 1,
    padding: str = "same",
) -> keras.KerasTensor:
    """Convolution, batch normalisation, ReLU; 3×3 and keeping the size unless told otherwise.

    Args:
        x: shape (n, height, width, channels).
        filters: output channels.
        scale: of the initial weights, relative to He's.
        name: of the layer.
        identity: add the identity to the initial weights: filter i passes on channel i (modulo channels).
        kernel: height and width of the filters.
        strides: pixels between two places of a filter.
        padding: "same", or "valid" for no zeros around the input.
    """
    layer = keras.layers.Conv2D(
        filters, kernel, strides, padding, use_bias=False, kernel_initializer=initializer(scale), name=name
    )
    return _normalised(x, layer, scale, identity)


def dense(x: keras.KerasTensor, units: int, scale: float, name: str, identity: bool = False) -> keras.KerasTensor:
    """Fully connected layer, batch normalisation, ReLU; arguments as :func:`convolution`'s."""
    layer = keras.layers.Dense(units, use_bias=False, kernel_initializer=initializer(scale), name=name)
    return _normalised(x, layer, scale, identity)


def predictions(x: keras.KerasTensor, scale: float) -> keras.KerasTensor:
    """The output: ten probabilities."""
    return keras.layers.Dense(10, activation="softmax", kernel_initializer=initializer(scale), name="predictions")(x)


def initializer(scale: float) -> keras.initializers.Initializer:
    """He's normal initialiser (He et al. 2015, eq. 10), its standard deviation times ``scale``."""
    return keras.initializers.VarianceScaling(2 * scale**2, mode="fan_in", distribution="truncated_normal")


def _normalised(x: keras.KerasTensor, layer: keras.Layer, scale: float, identity: bool) -> keras.KerasTensor:
    """The layer, batch normalisation, ReLU. The running variance starts at what the weights give."""
    y = layer(x)
    if identity:
        _add_identity(layer.kernel, IDENTITY * scale * math.sqrt(2))
    variance = keras.initializers.Constant(scale**2 * (1 + IDENTITY**2 * identity))
    y = keras.layers.BatchNormalization(
        momentum=MOMENTUM, epsilon=EPSILON, moving_variance_initializer=variance, name=f"{layer.name}_norm"
    )(y)
    return keras.layers.ReLU(name=f"{layer.name}_relu")(y)


def _add_identity(kernel: keras.Variable, weight: float) -> None:
    """Add ``weight`` where output i meets input i modulo inputs, in the middle of a convolution's kernel."""
    weights = keras.ops.convert_to_numpy(kernel).copy()
    *sides, inputs, outputs = weights.shape
    out = np.arange(outputs)
    weights[(*(side // 2 for side in sides), out % inputs, out)] += weight
    kernel.assign(weights)
