"""LineNet: reads a whole line of ink; decides how many digits there are, where, and what is no digit."""

import keras

from digits.image_format import TRAIN_MEAN, TRAIN_STD
from digits.learning import layers
from digits.line_image import HEIGHT, OUTPUTS

#: Standard deviation of the initial weights, relative to He's: its recipe takes steps of the usual size.
INITIAL_SCALE = 1.0

#: Filters of the layers that see neighbouring columns only.
COLUMN_FILTERS = 256

#: Share of the features before the output that dropout hides in each training step.
DROPOUT = 0.2


def build_model() -> keras.Model:
    """Five convolutions in three blocks, one over what is left of the height, two along the line.

    The first convolution and the pooling after the second halve the image, so that a column is left for every four of
    the input.

    Returns:
        An uncompiled model: (n, 32, width, 1) ``float32`` in [0, 1], any width that is a multiple of 4, to
        (n, 1, width / 4, 14): see :mod:`digits.line_image`.
    """
    pixels = keras.Input((HEIGHT, None, 1), name="pixels")
    x = keras.layers.Rescaling(1 / TRAIN_STD, -TRAIN_MEAN / TRAIN_STD, name="standardise")(pixels)
    x = layers.convolution(x, 32, INITIAL_SCALE, "block1_conv1", kernel=(5, 5), strides=2)
    x = layers.convolution(x, 56, INITIAL_SCALE, "block1_conv2")
    x = keras.layers.MaxPooling2D(name="block1_pool")(x)
    x = shortcut = layers.convolution(x, 112, INITIAL_SCALE, "block2_conv1")
    x = layers.convolution(x, 112, INITIAL_SCALE, "block2_conv2")
    x = keras.layers.Add(name="block2_add")([shortcut, x])
    x = keras.layers.MaxPooling2D((2, 1), name="block2_pool")(x)
    x = layers.convolution(x, 176, INITIAL_SCALE, "block3_conv1")
    x = layers.convolution(x, COLUMN_FILTERS, INITIAL_SCALE, "columns", kernel=(HEIGHT // 8, 1), padding="valid")
    x = layers.convolution(x, COLUMN_FILTERS, INITIAL_SCALE, "line_conv1", kernel=(1, 3))
    x = layers.convolution(x, COLUMN_FILTERS, INITIAL_SCALE, "line_conv2", kernel=(1, 3))
    x = keras.layers.Dropout(DROPOUT, name="dropout")(x)
    x = keras.layers.Conv2D(OUTPUTS, 1, kernel_initializer=layers.initializer(INITIAL_SCALE), name="answers")(x)
    return keras.Model(pixels, x, name="LineNet")
