"""Batch normalisation and Adam in TensorFlow's fused kernels, which nothing in Keras calls.

Their variables have Keras's names, shapes and meaning; only the way to compute is another. benchmarks/training_speed
measures what that gains.
"""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf


class FusedBatchNormalization(keras.layers.BatchNormalization):
    """Batch normalisation over the last axis in one operation, ``float32`` or ``bfloat16``.

    Scale, offset and statistics are ``float32``. ``momentum`` may also be a scalar tensor.
    """

    def call(self, inputs: Any, training: bool | None = None, mask: None = None) -> Any:
        """Normalise, shape (n, height, width, channels); with the batch's own moments if it is training.

        What a dense layer gives, shape (n, units), is so small that Keras's way is the faster one.
        """
        if inputs.shape.rank == 2:
            return super().call(inputs, training=training)
        moments = [] if training else [self.moving_mean, self.moving_variance]
        mean, variance = map(tf.convert_to_tensor, moments) if moments else ([], [])
        normalised, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
            x=inputs,
            scale=tf.convert_to_tensor(self.gamma),
            offset=tf.convert_to_tensor(self.beta),
            mean=mean,
            variance=variance,
            epsilon=self.epsilon,
            is_training=bool(training),
        )
        if training:
            n = tf.cast(tf.size(inputs) // inputs.shape[-1], tf.float32)
            biased = variance * ((n - 1) / n)  # the kernel's is the unbiased one, Keras's the other
            for moving, now in ((self.moving_mean, mean), (self.moving_variance, biased)):
                moving.value.assign_sub((moving.value - now) * (1.0 - self.momentum))
        return normalised


class ProductConvolution(keras.layers.Conv2D):
    """A convolution that is a product of matrices where the image is small, as deep inside a network.

    There TensorFlow's kernel for the gradient of the filters takes ten times as long. The patches around all pixels
    are the rows of a matrix (Chellapilla et al. 2006, *High Performance Convolutional Neural Networks for Document
    Processing*, section 3).
    """

    LARGEST = 16  #: pixels of an image for which the product is the faster one

    def convolution_op(self, inputs: Any, kernel: Any) -> Any:
        """The convolution, shape (n, height, width, filters)."""
        height, width = inputs.shape[1:3]
        ways = self.strides, self.dilation_rate, self.groups, self.padding, self.kernel_size
        small = None not in (height, width) and height * width <= self.LARGEST
        if ways != ((1, 1), (1, 1), 1, "same", (3, 3)) or not small:
            return super().convolution_op(inputs, kernel)
        return _product(inputs, tf.identity(keras.ops.convert_to_tensor(kernel, inputs.dtype)))  # no variable


@tf.custom_gradient  # type: ignore[untyped-decorator]
def _product(images: tf.Tensor, kernel: tf.Tensor) -> Any:
    """A 3×3 convolution that keeps the size, and its gradients."""
    _, height, width, channels = images.shape
    filters = kernel.shape[-1]
    padded = tf.pad(images, ((0, 0), (1, 1), (1, 1), (0, 0)))
    shifted = [padded[:, y : y + height, x : x + width] for y in range(3) for x in range(3)]
    patches = tf.reshape(tf.concat(shifted, axis=-1), (-1, 9 * channels))
    answer = tf.matmul(patches, tf.reshape(kernel, (-1, filters)))

    def gradients(wanted: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        of_images = tf.raw_ops.Conv2DBackpropInput(
            input_sizes=tf.shape(images), filter=kernel, out_backprop=wanted, strides=(1, 1, 1, 1), padding="SAME"
        )
        of_kernel = tf.matmul(patches, tf.reshape(wanted, (-1, filters)), transpose_a=True)
        return of_images, tf.reshape(of_kernel, kernel.shape)

    return tf.reshape(answer, (-1, height, width, filters)), gradients


class FusedAdam(keras.optimizers.Adam):
    """Adam (Kingma & Ba 2015, algorithm 1 as reordered at the end of section 2) in one operation a variable.

    The running mean of the weights is updated by :meth:`average`, not by each step.
    """

    def apply(self, grads: Sequence[Any], trainable_variables: Sequence[Any] | None = None) -> None:
        """Change the variables by their gradients."""
        step = tf.cast(self.iterations + 1, tf.float32)
        self._powers = tf.pow(self.beta_1, step), tf.pow(self.beta_2, step)
        super().apply(grads, trainable_variables)

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """Change a variable and its moments."""
        place = self._get_variable_index(variable)
        beta1_power, beta2_power = self._powers
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=self._momentums[place].value.handle,
            v=self._velocities[place].value.handle,
            beta1_power=beta1_power,
            beta2_power=beta2_power,
            lr=tf.cast(learning_rate, tf.float32),
            beta1=self.beta_1,
            beta2=self.beta_2,
            epsilon=self.epsilon,
            grad=gradient,
        )

    def average(self, steps: Any) -> None:
        """Bring the running mean of the weights up to date after some steps: as if all of them had ended here.

        Args:
            steps: how many, an integer tensor. After the first ones the mean is the weights.
        """
        change = 1 - tf.pow(tf.cast(self.ema_momentum, tf.float32), tf.cast(steps, tf.float32))
        change = tf.where(self.iterations.value > tf.cast(steps, self.iterations.dtype), change, 1.0)
        for weights, mean in zip(self._trainable_variables, self._model_variables_moving_average, strict=True):
            mean.value.assign_sub((mean.value - weights.value) * change)

    def _update_model_variables_moving_average(self, trainable_variables: Sequence[Any]) -> None:
        """Nothing: it is :meth:`average`'s."""
