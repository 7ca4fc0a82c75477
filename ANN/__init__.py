"""ANN: a multilayer perceptron of two hidden layers."""

import keras

from digits.learning import layers

#: Standard deviation of the initial weights, relative to He's.
INITIAL_SCALE = 0.015


def build_model() -> keras.Model:
    """Two dense layers of 1024 and 512 units and the output.

    Returns:
        An uncompiled model: (n, 28, 28, 1) ``float32`` in [0, 1] to (n, 10) probabilities.
    """
    pixels, x = layers.inputs()
    x = keras.layers.Flatten(name="flatten")(x)
    x = layers.dense(x, 1024, INITIAL_SCALE, "dense1")
    x = layers.dense(x, 512, INITIAL_SCALE, "dense2")
    return keras.Model(pixels, layers.predictions(x, INITIAL_SCALE), name="ANN")
