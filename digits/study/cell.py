"""A cell of the study: one network trained with one preprocessing from one seed, and its file.

TensorFlow is imported when a cell is run, not with this module.
"""

import contextlib
import io
import json
import tempfile
import threading
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from digits.files import write_text
from digits.learning.augmentation import AMOUNTS as DISTORTION
from digits.learning.config import Recipe
from digits.learning.dataset import Dataset
from digits.learning.handwriting import CHANGES, WARP
from digits.learning.preprocessing import AMOUNTS, CORRUPTIONS, VARIANTS, corrupted
from digits.learning.start import start_keras

Result = dict[str, Any]

_TRAINING = threading.Lock()  # seeds are the process's own: one training at a time


@dataclass(frozen=True)
class Cell:
    """Which network, which preprocessing (a key of ``VARIANTS``), which seed."""

    network: str
    variant: str
    seed: int

    def __str__(self) -> str:
        return f"{self.network}-{self.variant}-{self.seed}"


@dataclass(frozen=True)
class Task:
    """A cell and everything that decides its result, beside the machine.

    Attributes:
        cell: what to train.
        recipe: of the network, any seed; the cell's seed is used.
        data_digest: of the dataset.
        parameters: of the network.
    """

    cell: Cell
    recipe: Recipe
    data_digest: str
    parameters: int

    def identity(self) -> dict[str, Any]:
        """By which a result is known as this task's; as it comes back from JSON."""
        chosen = {name: AMOUNTS[name] for name in (self.cell.variant, *CORRUPTIONS) if name in AMOUNTS}
        value = {
            "cell": asdict(self.cell),
            "recipe": asdict(replace(self.recipe, seed=self.cell.seed)),
            "distortion": DISTORTION,
            "redrawing": CHANGES | WARP,
            "amounts": chosen,
            "data_digest": self.data_digest,
            "parameters": self.parameters,
        }
        copy: dict[str, Any] = json.loads(json.dumps(value))
        return copy


def run_cell(task: Task, dataset: Dataset) -> Result:
    """Train the cell's network in this process, on one core, and read the test images clean and spoilt.

    Two processes of one thread do 1.3 (CNN) to 2 times (ANN) the work of one with two threads.

    Returns:
        What the cell's file holds: identity, misses of the validation images, and of the test images under
        each corruption the indices of the misses with what was read; seconds of training; versions.
    """
    with _TRAINING, contextlib.redirect_stdout(io.StringIO()):  # its progress is told cell by cell
        start_keras()
        use_one_thread()
        import keras

        from digits.learning import export
        from digits.learning.training import train

        cell, parts = task.cell, dataset.split()
        preprocess = VARIANTS[cell.variant].apply
        keras.utils.clear_session()
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            model, _, seconds = train(
                cell.network,
                import_module(cell.network).build_model,
                parts["train"],
                parts["validation"],
                replace(task.recipe, seed=cell.seed),
                Path(folder),
                dataset.digest,
                preprocess=preprocess,
            )

        def misses(images: NDArray[np.uint8], labels: NDArray[np.uint8]) -> dict[str, Any]:
            read = model.predict(preprocess(images), batch_size=250, verbose=0).argmax(axis=1)
            return _sparse(read, labels)

        images, labels = parts["test"]
        return {
            "identity": task.identity(),
            "dataset": dataset.name,
            "validation": {
                "n": len(parts["validation"][1]),
                "misses": len(misses(*parts["validation"])["read"]),
            },
            "test": {
                "n": len(labels),
                **{name: misses(corrupted(how, images), labels) for name, how in CORRUPTIONS.items()},
            },
            "seconds": round(seconds, 1),
            "versions": export.versions(),
        }


def wrong(result: Result, corruption: str) -> NDArray[np.bool_]:
    """Which test images the cell got wrong under a corruption: shape (n,)."""
    values = np.zeros(result["test"]["n"], np.bool_)
    values[result["test"][corruption]["index"]] = True
    return values


def path_of(folder: Path, cell: Cell) -> Path:
    return folder / f"{cell}.json"


def write(folder: Path, cell: Cell, result: Result) -> None:
    """Write a cell's file, compactly and atomically."""
    write_text(path_of(folder, cell), json.dumps(result, separators=(",", ":")) + "\n")


def read(folder: Path, tasks: Iterable[Task]) -> dict[Cell, Result]:
    """The results that are there and were made by just these tasks; whatever else is there does not count."""
    found = {}
    for task in tasks:
        try:
            result = json.loads(path_of(folder, task.cell).read_text(encoding="utf-8"))
            if fits(result, task):
                found[task.cell] = result
        except (OSError, ValueError, KeyError, TypeError):
            continue  # missing or damaged: it is run
    return found


def fits(result: Result, task: Task) -> bool:
    """Whether a result is this task's."""
    return bool(result["identity"] == task.identity())


def _sparse(read: NDArray[np.intp], labels: NDArray[np.uint8]) -> dict[str, Any]:
    missed = np.flatnonzero(read != labels)
    return {"index": missed.tolist(), "read": "".join(map(str, read[missed]))}


def use_one_thread() -> None:
    """Let OpenCV and TensorFlow compute on one core in this process; only before TensorFlow has computed."""
    import tensorflow as tf

    cv2.setNumThreads(1)
    with contextlib.suppress(RuntimeError):  # TensorFlow has computed in this process already
        tf.config.threading.set_intra_op_parallelism_threads(1)
        tf.config.threading.set_inter_op_parallelism_threads(1)
