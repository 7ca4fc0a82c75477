"""ResNet: residual convolutions (He et al. 2016), sized for 28×28 grey. Reads what people draw best."""

import keras

from digits.learning import layers

#: Standard deviation of the initial weights, relative to He's: its recipe takes steps of the usual size.
INITIAL_SCALE = 1.0

#: Share of the features before the output that dropout hides in each training step.
DROPOUT = 0.3


def build_model() -> keras.Model:
    """Eight 3×3 convolutions in three stages, of which each halves the image; the later two with a shortcut.

    Returns:
        An uncompiled model: (n, 28, 28, 1) ``float32`` in [0, 1] to (n, 10) probabilities.
    """
    pixels, x = layers.inputs()
    x = layers.convolution(x, 24, INITIAL_SCALE, "stage1_conv1")
    x = layers.convolution(x, 64, INITIAL_SCALE, "stage1_conv2", strides=2)
    for stage, filters in ((2, 64), (3, 128)):
        x = layers.convolution(x, filters, INITIAL_SCALE, f"stage{stage}_conv1")
        shortcut = x
        x = layers.convolution(x, filters, INITIAL_SCALE, f"stage{stage}_conv2")
        x = layers.convolution(x, filters, INITIAL_SCALE, f"stage{stage}_conv3")
        x = keras.layers.Add(name=f"stage{stage}_add")([shortcut, x])
        x = keras.layers.MaxPooling2D(name=f"stage{stage}_pool")(x)
    x = keras.layers.Flatten(name="flatten")(x)
    x = keras.layers.Dropout(DROPOUT, name="dropout")(x)
    return keras.Model(pixels, layers.predictions(x, INITIAL_SCALE), name="ResNet")
