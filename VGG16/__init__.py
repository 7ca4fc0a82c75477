"""VGG16: Simonyan & Zisserman 2015, configuration D, fitted to 28×28 grey."""

import keras

from digits.learning import layers

#: Standard deviation of the initial weights, relative to He's.
INITIAL_SCALE = 0.03

#: Filters of each convolution, block by block, as in the original.
BLOCKS = ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512), (512, 512, 512))


def build_model() -> keras.Model:
    """Thirteen 3×3 convolutions in five blocks, each closed by max pooling, and three dense layers.

    Returns:
        An uncompiled model: (n, 28, 28, 1) ``float32`` in [0, 1] to (n, 10) probabilities.
    """
    pixels, x = layers.inputs()
    for block, widths in enumerate(BLOCKS, start=1):
        for place, filters in enumerate(widths, start=1):
            first = block == place == 1  # has only one channel
            x = layers.convolution(x, filters, INITIAL_SCALE, f"block{block}_conv{place}", identity=not first)
        x = keras.layers.MaxPooling2D(padding="same", name=f"block{block}_pool")(x)  # 28, 14, 7, 4, 2, 1
    x = keras.layers.Flatten(name="flatten")(x)
    for place in (1, 2):
        x = layers.dense(x, 512, INITIAL_SCALE, f"dense{place}", identity=True)
    return keras.Model(pixels, layers.predictions(x, INITIAL_SCALE), name="VGG16")
