"""The pieces that the three builders are made of.

The learning rate of 0.00001 moves a weight by 0.075 at most in 7,500 steps, and far less in
practice. Two things make that enough. Batch normalisation follows every convolution and dense
layer, so that multiplying a layer's weights by a constant changes nothing of what the network
computes; and the weights start at a small fraction of He's initial scale, so that the same small
step turns them further. What counts for learning is the step relative to the weight (van Laarhoven
2017, *L2 Regularization versus Batch and Weight Normalization*). See the README, "What 1e-5 does
here", for what this gains.
"""

import keras

from digits.image_format import SIZE, TRAIN_MEAN, TRAIN_STD

#: Added to the variance in batch normalisation. Keras's 0.001 would drown the variance that small
#: initial weights leave, which is about the square of their scale.
EPSILON = 1e-6


def initializer(scale: float) -> keras.initializers.Initializer:
    """He's normal initialiser (He et al. 2015, eq. 10), its standard deviation times ``scale``."""
    return keras.initializers.VarianceScaling(2 * scale**2, mode="fan_in", distribution="truncated_normal")


def inputs() -> tuple[keras.KerasTensor, keras.KerasTensor]:
    """The input, 28×28×1 in [0, 1], and the same standardised with MNIST's training mean and deviation.

    ``Rescaling`` and not ``Normalization``: the latter's ONNX export has further graph inputs.
    """
    pixels = keras.Input((SIZE, SIZE, 1), name="pixels")
    standardised = keras.layers.Rescaling(1 / TRAIN_STD, -TRAIN_MEAN / TRAIN_STD, name="standardise")(pixels)
    return pixels, standardised


def convolution(x: keras.KerasTensor, filters: int, scale: float, name: str) -> keras.KerasTensor:
    """3×3 convolution that keeps the size, batch normalisation, ReLU."""
    layer = keras.layers.Conv2D(
        filters, 3, padding="same", use_bias=False, kernel_initializer=initializer(scale), name=name
    )
    return _normalised(layer(x), scale, name)


def dense(x: keras.KerasTensor, units: int, scale: float, name: str) -> keras.KerasTensor:
    """Fully connected layer, batch normalisation, ReLU."""
    layer = keras.layers.Dense(units, use_bias=False, kernel_initializer=initializer(scale), name=name)
    return _normalised(layer(x), scale, name)


def predictions(x: keras.KerasTensor, scale: float) -> keras.KerasTensor:
    """The output: ten probabilities."""
    return keras.layers.Dense(10, activation="softmax", kernel_initializer=initializer(scale), name="predictions")(x)


def _normalised(x: keras.KerasTensor, scale: float, name: str) -> keras.KerasTensor:
    """Batch normalisation, its running variance starting at what small initial weights give, and ReLU."""
    x = keras.layers.BatchNormalization(
        epsilon=EPSILON, moving_variance_initializer=keras.initializers.Constant(scale**2), name=f"{name}_norm"
    )(x)
    return keras.layers.ReLU(name=f"{name}_relu")(x)
