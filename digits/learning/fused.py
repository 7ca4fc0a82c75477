"""Batch normalisation and Adam in TensorFlow's fused kernels, which nothing in Keras calls.

Their variables have Keras's names, shapes and meaning; only the way to compute is another, and a step takes half the
time (benchmarks/training_speed.py).
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
        """Normalise, shape (n, ..., channels); with the batch's own moments if it is training."""
        shape = tf.shape(inputs)
        x = tf.reshape(inputs, (-1, 1, 1, inputs.shape[-1])) if inputs.shape.rank == 2 else inputs
        given = [] if training else [tf.convert_to_tensor(self.moving_mean), tf.convert_to_tensor(self.moving_variance)]
        mean, variance = given or ([], [])
        y, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
            x=x,
            scale=tf.convert_to_tensor(self.gamma),
            offset=tf.convert_to_tensor(self.beta),
            mean=mean,
            variance=variance,
            epsilon=self.epsilon,
            is_training=bool(training),
        )
        if training:
            n = tf.cast(tf.size(x) // x.shape[-1], tf.float32)
            change = 1.0 - self.momentum
            biased = variance * ((n - 1) / n)  # the kernel's is the unbiased one, Keras's the other
            self.moving_mean.value.assign_sub((self.moving_mean.value - mean) * change)
            self.moving_variance.value.assign_sub((self.moving_variance.value - biased) * change)
        return tf.reshape(y, shape) if inputs.shape.rank == 2 else y


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
