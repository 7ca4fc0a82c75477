"""Network, data and recipe in, trained network and history out; resumable from the last finished epoch."""

import ctypes
import hashlib
import itertools
import json
import math
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypedDict

import keras
import numpy as np
from numpy.typing import NDArray

from digits.errors import UserError, reason, writing
from digits.files import read_json, replacing, write_json
from digits.image_format import CLASSES, to_input
from digits.learning import architecture
from digits.learning.augmentation import augment, write_some
from digits.learning.checkpoint import MOST_STATE, read_variables
from digits.learning.config import Recipe
from digits.learning.execution import TrainingModel
from digits.learning.fused import FusedAdam
from digits.learning.handwriting import Handwriting
from digits.learning.precision import Precision
from digits.markdown import duration, in_words, percent
from digits.publishing import UNCHANGED

Labelled = tuple[NDArray[np.uint8], NDArray[np.uint8]]
Batch = tuple[NDArray[np.float32], NDArray[Any]]
Preprocess = Callable[[NDArray[np.uint8]], NDArray[np.float32]]
STATE = "state.json"
HISTORY = ("loss", "accuracy", "val_loss", "val_accuracy")


@dataclass(frozen=True)
class Feed:
    """What a training run is given.

    Attributes:
        n: examples of an epoch.
        executions: of an epoch, and of all that follow, endlessly: the batches of one execution together.
        together: batches of one execution; the last of an epoch may have fewer.
        validation: what is validated on after each epoch.
        sizes: how many examples there are, by split.
    """

    n: int
    executions: Callable[[int], Iterator[Batch]]
    together: int
    validation: Batch
    sizes: Mapping[str, int]


@dataclass(frozen=True)
class Trained:
    """What a training run gives.

    Attributes:
        model: the trained network, not compiled.
        history: loss, accuracy, val_loss and val_accuracy, one value per epoch each.
        seconds: of training, those before an interruption included.
    """

    model: keras.Model
    history: dict[str, list[float]]
    seconds: float


def steps_per_execution(recipe: Recipe) -> int:
    """Steps that one execution of the graph takes: so many that starting it costs little beside them."""
    return max(1, recipe.execution // recipe.batch_size)


def executions(
    images: NDArray[np.uint8],
    labels: NDArray[np.uint8],
    recipe: Recipe,
    first_epoch: int,
    preprocess: Preprocess = to_input,
    handwriting: Handwriting | None = None,
) -> Iterator[Batch]:
    """Endless training batches, those of one execution together; the seed and the epoch alone decide them.

    So a resumed run sees what an uninterrupted one would have seen. Every image comes once per epoch, but for the
    recipe's share, in whose places come digits by the writers in the handwriting. The last execution and the last batch
    of an epoch have what is left.
    """
    digits = [character for character in handwriting.characters if character.label < CLASSES] if handwriting else []
    size = steps_per_execution(recipe) * recipe.batch_size
    for epoch in itertools.count(first_epoch):
        rng = np.random.default_rng([recipe.seed, epoch])
        order = rng.permutation(len(images))
        for begin in range(0, len(order), size):
            chosen = order[begin : begin + size]
            parts = np.split(chosen, range(recipe.batch_size, len(chosen), recipe.batch_size))
            shown = []
            for part in parts:  # so that the size of an execution decides nothing
                given, wanted = augment(images[part], labels[part], recipe, rng), labels[part]
                if recipe.written.share:
                    given, wanted = write_some(given, wanted, digits, recipe.written, rng)
                shown.append((given, wanted))
            yield preprocess(np.concatenate([some for some, _ in shown])), np.concatenate([some for _, some in shown])


class State(TypedDict):
    """What a run is resumed from: ``identity`` is what must be the same, ``variables`` the name of a file beside it."""

    identity: dict[str, Any]
    history: dict[str, list[float]]
    seconds: float
    variables: str


class Checkpoint(keras.callbacks.Callback):
    """After each epoch: every variable of model and optimiser to one file, then the history to another.

    The second names the first and is written last, so that a run killed at any moment leaves a matching
    pair. Keras's ``BackupAndRestore`` keeps neither the history nor the random state of dropout,
    and HDF5, which it writes, crashes the process when the disk is full.
    """

    def __init__(self, folder: Path, state: State):
        super().__init__()
        self._folder, self._state = folder, state

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self._began = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        variables = self._folder / f"epoch-{epoch + 1}.npz"
        with writing(self._folder, UNCHANGED):
            with replacing(variables) as temporary:
                np.savez(temporary, *(variable.numpy() for variable in _variables(self.model)))
            for key, value in (logs or {}).items():
                self._state["history"].setdefault(key, []).append(float(value))
            self._state["seconds"] += time.perf_counter() - self._began
            self._state["variables"] = variables.name
            write_json(self._folder / STATE, self._state)
            for old in self._folder.glob("epoch-*.npz"):
                if old != variables:
                    old.unlink()


class KeepMemory(keras.callbacks.Callback):
    """Before each execution: has the C library keep what a step frees for the next one, instead of giving it back.

    Once TensorFlow has made a data pipeline, glibc maps and unmaps every larger block anew, and the system clears its
    pages each time: half of the time of a step of small convolutions.
    """

    M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  #: glibc's names for what mallopt sets
    LARGEST = 1 << 25  #: bytes of a block that is kept, the most that glibc allows
    KEPT = 1 << 30  #: bytes that may be free at the end of the heap

    def __init__(self) -> None:
        super().__init__()
        self._set = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None

    def on_train_batch_begin(self, batch: int, logs: dict[str, float] | None = None) -> None:
        if self._set:
            self._set(self.M_MMAP_THRESHOLD, self.LARGEST)
            self._set(self.M_TRIM_THRESHOLD, self.KEPT)


class Finite(keras.callbacks.Callback):
    """Ends a training run at the first loss that is not a number: no later step could mend the weights."""

    def __init__(self, name: str, recipe: Recipe):
        super().__init__()
        self._name, self._recipe = name, recipe

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        self._check(logs)

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self._check(logs)

    def _check(self, logs: dict[str, float] | None) -> None:
        for key, value in (logs or {}).items():
            if not math.isfinite(value):
                raise UserError(
                    f"{self._name}: {key} became {float(value)} in epoch {self._epoch + 1} at learning rate "
                    f"{self._recipe.learning_rate:g}; choose a lower one with --learning-rate; {UNCHANGED}"
                )


class FreshStatistics(keras.callbacks.Callback):
    """Before each validation: batch normalisation's statistics recomputed for the weights that are validated.

    These are the running mean of the weights (Keras's ``SwapEMAWeights``, which runs before), a
    different network from the one whose steps left the statistics behind (Izmailov et al. 2018, *Averaging Weights
    Leads to Wider Optima and Better Generalization*, section 3.2). Training itself does not use them.
    """

    def __init__(self, shown: Callable[[], Iterable[Batch]]):
        super().__init__()
        self._shown = shown

    def on_test_begin(self, logs: dict[str, float] | None = None) -> None:
        """Take the means over the batches shown."""
        seen = 0
        for images, labels in self._shown():
            self.model.observe(images, np.array(seen))
            seen += -(-len(labels) // self.model.batch_size)


class Progress(keras.callbacks.ProgbarLogger):
    """Prints the progress of a training run: Keras's progress bar on a terminal, otherwise a line per epoch.

    Once a few steps have run it says how long the training will take.
    """

    STEPS = 30

    def __init__(self, name: str, bar: bool):
        super().__init__()
        self._name, self._bar = name, bar

    def set_params(self, params: dict[str, Any]) -> None:
        self.params = params  # Keras's logger keeps none
        super().set_params({**params, "verbose": 1 if self._bar else 0})

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        super().on_train_begin(logs)
        self._steps = 0

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        if not self._steps:
            print(f"{self._name}: training, epoch {epoch + 1} to {self.params['epochs']}", flush=True)
        super().on_epoch_begin(epoch, logs)
        self._epoch = epoch
        self._epoch_began = time.perf_counter()

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        super().on_train_batch_end(batch, logs)
        self._steps += 1
        if self._steps == 5:  # the first steps include building the graph
            self._began = time.perf_counter()
        if self._steps == 5 + self.STEPS:
            step = (time.perf_counter() - self._began) / self.STEPS
            epochs = self.params["epochs"] - self._epoch
            left = duration(step * self.params["steps"] * epochs)
            line = "\n" if self._bar else ""  # below the progress bar
            print(f"{line}{self._name}: about {left} for {epochs} epochs, {step * 1000:.0f} ms per step", flush=True)

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        super().on_epoch_end(epoch, logs)
        if not self._bar and logs:
            print(
                f"{self._name}: epoch {epoch + 1}/{self.params['epochs']}, "
                f"{duration(time.perf_counter() - self._epoch_began)}, loss {logs['loss']:.4f}, "
                f"accuracy {percent(logs['accuracy'])}, validation loss {logs['val_loss']:.4f}, "
                f"accuracy {percent(logs['val_accuracy'])}",
                flush=True,
            )


def train(
    name: str,
    build_model: Callable[[], keras.Model],
    train_data: Labelled,
    validation_data: Labelled,
    recipe: Recipe,
    folder: Path,
    digest: str,
    resume: bool = False,
    preprocess: Preprocess = to_input,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    precision: Precision = "float32",
    handwriting: Handwriting | None = None,
) -> Trained:
    """Train one network of single digits with Adam and cross-entropy. Prints nothing; see :class:`Progress`.

    Args:
        name: the network's name.
        build_model: returns an uncompiled ``keras.Model``, 28×28×1 in, ten probabilities out.
        train_data, validation_data: ``uint8`` images of shape (n, 28, 28) and labels of shape (n,).
        recipe: everything else that decides the run.
        folder: where the state after each epoch is kept.
        digest: of the data; a state made with other data is not resumed.
        resume: continue from the state in ``folder``, if there is one.
        preprocess: ``uint8`` images of shape (n, 28, 28) to the network's input; training images are augmented first.
        callbacks: further callbacks, called after the ones that training itself needs.
        precision: in which convolutions and dense layers compute while training.
        handwriting: to learn from, where the recipe asks for any.

    Raises:
        UserError: the state to resume is damaged or was made with a different recipe, network or data; a loss is not
            finite; the state cannot be written; or the recipe asks for handwriting, and there is none.
    """
    if recipe.written.share and not handwriting:
        raise UserError(f"{name} learns from handwriting: name it with --handwriting FILE …")

    def given(first_epoch: int) -> Iterator[Batch]:
        return executions(*train_data, recipe, first_epoch, preprocess, handwriting)

    sizes = {"train": len(train_data[0]), "validation": len(validation_data[0])}
    validation = preprocess(validation_data[0]), validation_data[1]
    feed = Feed(len(train_data[0]), given, steps_per_execution(recipe), validation, sizes)
    files = handwriting.files if handwriting and recipe.written.share else {}
    return fit(name, build_model, feed, recipe, folder, digest, resume, callbacks, precision, files)


def fit(
    name: str,
    build_model: Callable[[], keras.Model],
    feed: Feed,
    recipe: Recipe,
    folder: Path,
    digest: str,
    resume: bool,
    callbacks: Sequence[keras.callbacks.Callback],
    precision: Precision,
    handwriting: Mapping[str, str],
    twin: type[TrainingModel] = TrainingModel,
) -> Trained:
    """Train a network of any kind; arguments and errors as :func:`train`'s, and

    Args:
        feed: what it is given.
        handwriting: digests of the files of handwriting that it learns from, by name.
        twin: the model that is trained in the network's place, which knows the loss.
    """
    steps = -(-feed.n // recipe.batch_size)
    network, model = _compiled(build_model, recipe, steps, precision, twin)
    identity = {
        "model": name,
        "recipe": recipe.identity(),
        "precision": precision,
        "data": digest,
        "split": dict(feed.sizes),
        **({"handwriting": dict(handwriting)} if handwriting else {}),
        **_identity(network, model.optimizer),
    }
    state: State = {"identity": identity, "history": {}, "seconds": 0.0, "variables": ""}
    if resume and (folder / STATE).exists():
        state = _restore(model, folder, identity)
    done = len(state["history"].get("loss", []))
    if done == recipe.epochs:
        model.optimizer.finalize_variable_values(model.trainable_variables)  # what fit() ends with
    else:

        def unseen() -> Iterator[Batch]:  # with augmentation that no epoch used
            left = min(recipe.statistics_batches * recipe.batch_size, feed.n)
            for shown, labels in feed.executions(recipe.epochs):
                yield shown[:left], labels[:left]
                left -= len(labels)
                if left <= 0:
                    return

        averaging = [keras.callbacks.SwapEMAWeights(), FreshStatistics(unseen)] if recipe.average else []
        model.fit(
            feed.executions(done),
            steps_per_epoch=-(-steps // feed.together),
            validation_data=feed.validation,
            validation_batch_size=500,
            initial_epoch=done,
            epochs=recipe.epochs,
            verbose=0,
            callbacks=[KeepMemory(), Finite(name, recipe), Checkpoint(folder, state), *averaging, *callbacks],
        )
    network.set_weights(model.get_weights())
    return Trained(network, state["history"], state["seconds"])


def _identity(network: keras.Model, adam: keras.optimizers.Adam) -> dict[str, Any]:
    """What a network is, and what it starts from."""
    weights = hashlib.sha256()
    for value in network.get_weights():
        weights.update(value.tobytes())
    optimizer = {key: value for key, value in adam.get_config().items() if key != "learning_rate"}
    return {
        **architecture.identity(network),
        "optimizer": json.loads(json.dumps(optimizer, default=str)),
        "initial weights": weights.hexdigest()[:16],
    }


def _compiled(
    build_model: Callable[[], keras.Model], recipe: Recipe, steps: int, precision: Precision, twin: type[TrainingModel]
) -> tuple[keras.Model, TrainingModel]:
    """A new network, and the twin that is trained in its place; ``steps`` are those of an epoch."""
    keras.utils.set_random_seed(recipe.seed)
    network = build_model()
    model = twin.of(network, recipe.batch_size, precision)
    adam = FusedAdam(_schedule(recipe, steps * recipe.epochs), use_ema=recipe.average > 0, ema_momentum=recipe.average)
    model.compile(optimizer=adam, jit_compile=False)  # XLA is no faster on a CPU and takes longer to build
    return network, model


def _schedule(recipe: Recipe, steps: int) -> float | keras.optimizers.schedules.LearningRateSchedule:
    """The learning rate at each step."""
    if recipe.schedule == "constant":
        return recipe.learning_rate
    warm = max(1, steps // 10)
    return keras.optimizers.schedules.CosineDecay(
        0.0, max(1, steps - warm), warmup_target=recipe.learning_rate, warmup_steps=warm
    )


def _restore(model: keras.Model, folder: Path, identity: dict[str, Any]) -> State:
    """Allocates twice the size of the variables, and 500 MB at most for anything else."""
    try:
        state = read_json(folder / STATE, State, MOST_STATE)
        if state["identity"] == identity:
            _check(state, identity["recipe"]["epochs"])
            model.optimizer.build(model.trainable_variables)
            variables = _variables(model)
            expected = [(np.dtype(variable.dtype), tuple(variable.shape)) for variable in variables]
            for variable, value in zip(variables, read_variables(folder / state["variables"], expected), strict=True):
                variable.assign(value)
            return state
        differing = [key for key, value in identity.items() if state["identity"].get(key) != value]
    except (OSError, ValueError, MemoryError) as error:
        raise UserError(
            f"the unfinished run in {folder} is damaged ({reason(error)}); start over without --resume"
        ) from error
    raise UserError(
        f"the unfinished run in {folder} was made with a different {in_words(differing)}; "
        "repeat the original options, or start over without --resume"
    )


def _check(state: State, epochs: int) -> None:
    """Check that a state is of as many epochs as it names.

    Raises:
        ValueError: it is not.
    """
    lengths = {len(state["history"].get(key, [])) for key in HISTORY}
    if len(lengths) != 1 or not 0 < (done := lengths.pop()) <= epochs:
        raise ValueError(f"its history is not of 1 to {epochs} epochs")
    if state["variables"] != f"epoch-{done}.npz":
        raise ValueError(f"it names {state['variables']} after {done} epochs")


def _variables(model: keras.Model) -> list[keras.Variable]:
    """Weights, running statistics, random states and the optimiser's moments, always in the same order."""
    return [*model.variables, *model.optimizer.variables]
