"""CNN: convolution, max pooling, fully connected."""

import keras

from digits.learning import layers

#: Standard deviation of the initial weights, relative to He's.
INITIAL_SCALE = 0.015


def build_model() -> keras.Model:
    """Six 3×3 convolutions in three blocks, each closed by max pooling, and a dense layer.

    Returns:
        An uncompiled model: (n, 28, 28, 1) ``float32`` in [0, 1] to (n, 10) probabilities.
    """
    pixels, x = layers.inputs()
    for block, filters in enumerate((32, 64, 128), start=1):
        for place in (1, 2):
            x = layers.convolution(x, filters, INITIAL_SCALE, f"block{block}_conv{place}")
        x = keras.layers.MaxPooling2D(name=f"block{block}_pool")(x)
    x = keras.layers.Flatten(name="flatten")(x)
    x = layers.dense(x, 256, INITIAL_SCALE, "dense1")
    return keras.Model(pixels, layers.predictions(x, INITIAL_SCALE), name="CNN")
