"""A network as it is trained: its fast twin, which takes many steps in one execution of the graph."""

from typing import Any

import keras
import tensorflow as tf

from digits.learning.fused import FusedBatchNormalization, ProductConvolution
from digits.learning.precision import Precision

#: What takes the place of Keras's layers.
FAST: dict[type[keras.Layer], type[keras.Layer]] = {
    keras.layers.BatchNormalization: FusedBatchNormalization,
    keras.layers.Conv2D: ProductConvolution,
}


class TrainingModel(keras.Model):
    """A twin of a network that trains faster. :meth:`fit` is given the batches of one execution as one.

    The variables are the network's, in the same order. The layers are those of :mod:`digits.learning.fused`, all but
    the last with weights compute in the precision, and :meth:`train_step` takes as many steps as there are batches in
    what it is given.

    Attributes:
        batch_size: images of one step; the last of an execution may have fewer.
        observe: given images of shape (n, 28, 28, 1) and how many batches were observed before, makes batch
            normalisation's statistics the means over all of these batches.
    """

    def __init__(self, inputs: Any, outputs: Any, batch_size: int, name: str):
        super().__init__(inputs=inputs, outputs=outputs, name=name)
        self.batch_size = batch_size
        self.observe = tf.function(self._observe, reduce_retracing=True)
        self._loss, self._accuracy = keras.metrics.Mean("loss"), keras.metrics.Mean("accuracy")

    @classmethod
    def of(cls, network: keras.Model, batch_size: int, precision: Precision) -> "TrainingModel":
        """The twin of a network, with its weights."""
        policy = "mixed_bfloat16" if precision == "bfloat16" else "float32"
        layers = network.layers
        last = max(place for place, layer in enumerate(layers) if layer.weights)
        exact = {id(layer) for layer in layers[last:]}

        def fused(layer: keras.Layer) -> keras.Layer:
            config = layer.get_config()
            computes = isinstance(layer, keras.Layer) and not isinstance(layer, keras.layers.InputLayer)
            if computes and id(layer) not in exact:  # an operation such as + is given here, too, and has no type
                config["dtype"] = policy
            kind: type[keras.Layer] = type(layer)
            return FAST.get(kind, kind).from_config(config)

        copy = keras.models.clone_model(network, clone_function=fused)
        twin = cls(copy.input, copy.output, batch_size, network.name)
        twin.set_weights(network.get_weights())
        return twin

    @property
    def metrics(self) -> list[keras.metrics.Metric]:
        """Loss and accuracy, means over the images since the epoch began."""
        return [self._loss, self._accuracy]

    def train_step(self, data: tuple[tf.Tensor, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Take a step for each batch of these images and labels."""
        images, labels = data
        n = tf.shape(labels)[0]

        def step(start: tf.Tensor, loss: tf.Tensor, right: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
            batch = slice(start, start + self.batch_size)
            more_loss, more_right = self._step(images[batch], labels[batch])
            return start + self.batch_size, loss + more_loss, right + more_right

        _, loss, right = tf.while_loop(lambda start, *_: start < n, step, (0, 0.0, 0.0), parallel_iterations=1)
        if self.optimizer.use_ema:
            self.optimizer.average(-(-n // self.batch_size))
        return self._updated(loss, right, n)

    def test_step(self, data: tuple[tf.Tensor, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Count loss and right answers of a batch."""
        images, labels = data
        loss, right = self.sums(labels, self(images, training=False))
        return self._updated(loss, right, tf.shape(labels)[0])

    def _observe(self, images: tf.Tensor, seen: tf.Tensor) -> None:
        layers = [layer for layer in self.layers if isinstance(layer, FusedBatchNormalization)]
        momenta = [layer.momentum for layer in layers]

        def batch(start: tf.Tensor, seen: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            for layer in layers:
                layer.momentum = seen / (seen + 1)
            self(images[start : start + self.batch_size], training=True)
            return start + self.batch_size, seen + 1

        n = tf.shape(images)[0]
        tf.while_loop(lambda start, _: start < n, batch, (0, tf.cast(seen, tf.float32)), parallel_iterations=1)
        for layer, momentum in zip(layers, momenta, strict=True):
            layer.momentum = momentum

    def _step(self, images: tf.Tensor, labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        with tf.GradientTape() as tape:
            loss, right = self.sums(labels, self(images, training=True))
            mean = loss / tf.cast(tf.shape(labels)[0], tf.float32)
        gradients = tape.gradient(mean, self.trainable_variables)
        self.optimizer.apply(gradients, self.trainable_variables)
        return loss, right

    def sums(self, labels: tf.Tensor, answers: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """The sums of the losses and of the right answers of a batch: labels of shape (n,), probabilities (n, 10)."""
        losses = keras.losses.sparse_categorical_crossentropy(labels, answers)
        right = tf.argmax(answers, 1, tf.int32) == tf.cast(labels, tf.int32)
        return tf.reduce_sum(losses), tf.reduce_sum(tf.cast(right, tf.float32))

    def _updated(self, loss: tf.Tensor, right: tf.Tensor, n: tf.Tensor) -> dict[str, tf.Tensor]:
        images = tf.cast(n, tf.float32)
        self._loss.update_state(loss / images, images)
        self._accuracy.update_state(right / images, images)
        return {metric.name: metric.result() for metric in self.metrics}
