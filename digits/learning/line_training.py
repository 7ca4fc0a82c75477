"""Training the line network: the sequence, the middles and the reach of what is on a line.

The loss of the sequence is connectionist temporal classification (Graves et al. 2006), which leaves open in which
column a digit is seen. Since the lines are put together here, its middle is known, and a further loss asks for it
there; a third asks, around the middle, how far the digit reaches.
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from digits.learning.augmentation.lines import Hands, make_lines
from digits.learning.config import Lines, Recipe
from digits.learning.dataset import Dataset
from digits.learning.execution import TrainingModel
from digits.learning.handwriting import Handwriting
from digits.learning.precision import Precision
from digits.learning.training import Batch, Feed, Trained, fit
from digits.line_image import BLANK, HEIGHT, STRIDE, SYMBOLS, to_input

VALIDATION = 2000  #: lines by writers and of images that are not learned from
VALIDATION_SEED = 2**31  #: no epoch's


class LineTrainingModel(TrainingModel):
    """The line network while it is trained."""

    weights_of_losses = (Lines.middle, Lines.edges)

    def sums(self, labels: tf.Tensor, answers: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """The sums of the losses and of the lines read rightly of a batch.

        Args:
            labels: characters, shape (n, k, 4), as :func:`digits.learning.augmentation.lines.make_lines` gives them.
            answers: shape (n, 1, columns, 14).
        """
        answers = answers[:, 0]
        logits, reach = answers[..., :SYMBOLS], answers[..., SYMBOLS:]
        n, columns = tf.shape(answers)[0], tf.shape(answers)[1]
        there = tf.where(labels[..., 0] >= 0)
        wanted = tf.cast(tf.gather_nd(labels[..., 0], there), tf.int32)
        shape = tf.cast(tf.shape(labels)[:2], tf.int64)
        sequence = tf.SparseTensor(there, wanted, shape)
        lengths = tf.fill([n], columns)
        losses = tf.nn.ctc_loss(sequence, logits, None, lengths, logits_time_major=False, blank_index=BLANK)
        middle, edges = self._places(tf.gather_nd(labels, there), tf.cast(there[:, 0], tf.int32), wanted, logits, reach)
        weights = self.weights_of_losses
        decoded, _ = tf.nn.ctc_greedy_decoder(tf.transpose(logits, (1, 0, 2)), lengths)
        truth = tf.SparseTensor(there, tf.cast(wanted, tf.int64), shape)
        errors = tf.edit_distance(decoded[0], truth, normalize=False)
        right = tf.reduce_sum(tf.cast(errors == 0, tf.float32))
        return tf.reduce_sum(losses) + weights[0] * middle + weights[1] * edges, right

    def _places(
        self, found: tf.Tensor, line: tf.Tensor, wanted: tf.Tensor, logits: tf.Tensor, reach: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """The sums of the losses of the middles and of the reach of all characters; ``found`` has shape (m, 4)."""
        column = tf.cast(found[:, 1] / STRIDE, tf.int32)
        at_middle = tf.gather_nd(logits, tf.stack([line, column], axis=1))
        middle = tf.reduce_sum(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=wanted, logits=at_middle))
        edges = 0.0
        for beside in (-1, 0, 1):
            near = column + beside
            x = STRIDE * (tf.cast(near, tf.float32) + 0.5)
            true = tf.stack([x - found[:, 2], found[:, 3] - x], axis=1) / HEIGHT
            said = tf.gather_nd(reach, tf.stack([line, near], axis=1))
            edges += tf.reduce_sum(tf.abs(said - true))
        return middle, edges


def line_executions(hands: Hands, recipe: Recipe, first_epoch: int) -> Iterator[Batch]:
    """Endless batches of lines, each an execution and each line made once; the seed and the epoch alone decide them."""
    epoch = first_epoch
    n = (recipe.lines or Lines()).per_epoch
    while True:
        rng, width = np.random.default_rng([recipe.seed, epoch]), 0
        for begin in range(0, n, recipe.batch_size):
            lines, characters = make_lines(hands, recipe, min(recipe.batch_size, n - begin), rng)
            if lines.shape[2] == width:  # what neighbours have in common, Keras takes for fixed
                lines = np.pad(lines, ((0, 0), (0, 0), (0, STRIDE)))
            width = lines.shape[2]
            yield to_input(lines), characters
        epoch += 1


def validation_lines(handwriting: Handwriting, dataset: Dataset, recipe: Recipe) -> Batch:
    """Lines by the writers left out and of the validation images, always the same, padded to one width."""
    hands = Hands.of(handwriting.split()[1], *dataset.splits()["validation"])
    rng = np.random.default_rng(VALIDATION_SEED)
    parts = [make_lines(hands, recipe, 100, rng) for _ in range(VALIDATION // 100)]
    width = max(lines.shape[2] for lines, _ in parts)
    lines = [np.pad(lines, ((0, 0), (0, 0), (0, width - lines.shape[2]))) for lines, _ in parts]
    return to_input(np.concatenate(lines)), np.concatenate([characters for _, characters in parts])


def train_lines(
    name: str,
    build_model: Callable[[], keras.Model],
    dataset: Dataset,
    handwriting: Handwriting,
    recipe: Recipe,
    folder: Path,
    resume: bool = False,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    precision: Precision = "float32",
) -> Trained:
    """Train the line network on lines put together from handwriting and the dataset's training images.

    Arguments and errors as :func:`digits.learning.training.train`'s. What ``accuracy`` counts are whole lines.
    """
    hands = Hands.of(handwriting.split()[0], *dataset.splits()["train"])
    validation = validation_lines(handwriting, dataset, recipe)
    how = recipe.lines or Lines()
    sizes = {"train": how.per_epoch, "validation": len(validation[0])}
    feed = Feed(how.per_epoch, lambda epoch: line_executions(hands, recipe, epoch), 1, validation, sizes)
    twin = type("LineTrainingModel", (LineTrainingModel,), {"weights_of_losses": (how.middle, how.edges)})
    return fit(
        name, build_model, feed, recipe, folder, dataset.digest, resume, callbacks, precision, handwriting.files, twin
    )
