"""Trains a network as test.py does, or in plain Keras, whenever it is told to.

    python -m benchmarks.training_speed.keras_worker SETTINGS

SETTINGS is JSON: the network, how ("ours" or "plain"), the precision of ours, MNIST's file, how many steps, how many of
them are not timed, how many one execution takes, and how many rounds. For each line on
standard input it trains the steps and prints the seconds that a step took.
"""

import json
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from digits.image_format import to_input
from digits.learning import cli, dataset
from digits.learning.config import MNIST_RECIPE
from digits.learning.start import start_keras


def main() -> None:
    """Train whenever a line comes."""
    given = json.loads(sys.argv[1])
    start_keras()
    import keras

    class Turns(keras.callbacks.Callback):
        """Waits for a line before each epoch; afterwards prints how long a step took, the first ones left out."""

        _seconds = 0.0

        def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
            print("ready" if epoch == 0 else self._seconds, flush=True)
            if not sys.stdin.readline():
                sys.exit()
            self._start: tuple[int, float] | None = None if given["skipped"] else (0, time.perf_counter())

        def on_train_end(self, logs: dict[str, float] | None = None) -> None:
            print(self._seconds, flush=True)

        def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
            steps = (batch + 1) * given["together"]
            now = time.perf_counter()
            if self._start is None:
                if steps >= given["skipped"]:
                    self._start = steps, now
            else:
                self._seconds = (now - self._start[1]) / (min(steps, given["steps"]) - self._start[0])

    data = dataset.load(Path(given["data"]) if given["data"] else None).splits()["train"]
    images, labels = (array[: given["steps"] * MNIST_RECIPE.batch_size] for array in data)
    _train(given, images, labels, Turns())


def _train(given: dict[str, Any], images: Any, labels: Any, turns: Any) -> None:
    import keras

    from digits.learning.training import train

    build, epochs = cli.builder(given["network"]), given["rounds"] + 1
    if given["how"] == "plain":
        model = build()
        adam = keras.optimizers.Adam(MNIST_RECIPE.learning_rate)
        model.compile(adam, "sparse_categorical_crossentropy", metrics=["accuracy"], jit_compile=False)
        model.fit(to_input(images), labels, MNIST_RECIPE.batch_size, epochs, verbose=0, callbacks=[turns])
        return
    recipe = replace(MNIST_RECIPE, epochs=epochs)
    few = images[:10], labels[:10]
    with tempfile.TemporaryDirectory() as folder:
        train(
            given["network"],
            build,
            (images, labels),
            few,
            recipe,
            Path(folder),
            "",
            callbacks=[turns],
            precision=given["precision"],
        )


if __name__ == "__main__":
    main()
