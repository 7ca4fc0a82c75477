"""A cell of the study: one network trained with one preprocessing from one seed, and its file.

TensorFlow is imported when a cell is run, not with this module.
"""

import json
import tempfile
import threading
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from importlib import import_module
from pathlib import Path
from typing import Any, TypedDict

import numpy as np
from numpy.typing import NDArray

from digits.files import read_json, write_text
from digits.learning.config import Recipe, Versions
from digits.learning.dataset import Dataset
from digits.learning.handwriting import Handwriting
from digits.learning.json_types import Count, Duration, Line, Number
from digits.learning.precision import Precision, fastest
from digits.learning.start import forget_networks, start_keras, use_one_thread
from digits.study.preprocessing import AMOUNTS, CORRUPTIONS, VARIANTS, VERSION, corrupted

MOST = 4 << 20  #: bytes of a cell's file; the largest published one has 56,719
_TRAINING = threading.Lock()  # random seeds are set per process: one training at a time


class Misses(TypedDict):
    """Indices of the misses, and what was read, one character each."""

    index: list[Count]
    read: str


class Validation(TypedDict):
    """Validation images, and how many of them were missed."""

    n: Number
    misses: Count


class Result(TypedDict):
    """What a cell's file holds.

    ``identity`` is the task's, ``test`` the misses by corruption of the ``n`` test images, ``seconds`` those of
    training.
    """

    identity: dict[str, Any]
    dataset: Line
    validation: Validation
    n: Number
    test: dict[str, Misses]
    seconds: Duration
    versions: Versions


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
    """A cell and everything that decides its result apart from the machine.

    Attributes:
        cell: what to train.
        recipe: of the network, any seed; the cell's seed is used.
        data_digest: of the dataset.
        validation_fraction: of the dataset's training images.
        network: the network's identity, as :func:`digits.learning.architecture.identity` gives it.
        precision: to train in; None for whatever is fastest where it is trained.
        handwriting: SHA-256 of the files of handwriting that the network learns from, by name; only what a recipe
            asks for decides anything.
    """

    cell: Cell
    recipe: Recipe
    data_digest: str
    validation_fraction: float
    network: Mapping[str, Any]
    precision: Precision | None = None
    handwriting: Mapping[str, str] = field(default_factory=dict)

    def identity(self) -> dict[str, Any]:
        """What a result is recognised by as this task's, in JSON's types."""
        chosen = {name: AMOUNTS[name] for name in (self.cell.variant, *CORRUPTIONS) if name in AMOUNTS}
        value = {
            "cell": asdict(self.cell),
            "recipe": replace(self.recipe, seed=self.cell.seed).identity(),
            "preprocessing": {"version": VERSION, "amounts": chosen},
            "data_digest": self.data_digest,
            "validation_fraction": self.validation_fraction,
            **self.network,
            **({"handwriting": dict(self.handwriting)} if self.recipe.written.share else {}),
        }
        copy: dict[str, Any] = json.loads(json.dumps(value))
        return copy


def run_cell(task: Task, dataset: Dataset, handwriting: Handwriting | None = None) -> Result:
    """Train the cell's network in this process, on one core, and read the test images clean and corrupted.

    Two processes of one thread do 1.3 (CNN) to 2 times (ANN) the work of one with two threads.

    Args:
        task: what to train.
        dataset: to learn from and to be tested on.
        handwriting: of other people, where the recipe asks for it; the writers that it leaves out are not learned from.

    Raises:
        UserError: the recipe asks for handwriting, and there is none.
    """
    with _TRAINING:
        start_keras()
        use_one_thread()
        from digits.learning import architecture, export
        from digits.learning.training import train

        cell, splits = task.cell, dataset.splits()
        precision = task.precision or fastest()
        preprocess = VARIANTS[cell.variant].apply
        forget_networks()
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            trained = train(
                cell.network,
                import_module(cell.network).build_model,
                splits["train"],
                splits["validation"],
                replace(task.recipe, seed=cell.seed),
                Path(folder),
                dataset.digest,
                preprocess=preprocess,
                precision=precision,
                handwriting=handwriting and handwriting.split()[0],
            )

        def misses(images: NDArray[np.uint8], labels: NDArray[np.uint8]) -> Misses:
            read = trained.model.predict(preprocess(images), batch_size=250, verbose=0).argmax(axis=1)
            return _misses(read, labels)

        here = replace(
            task,
            recipe=replace(task.recipe, version=Recipe().version),
            network=architecture.identity(trained.model),
            validation_fraction=dataset.validation_fraction,
            handwriting=handwriting.files if handwriting else {},
        )
        images, labels = splits["test"]
        return {
            "identity": here.identity(),  # of what was trained here, which may be another version of this project
            "dataset": dataset.name,
            "validation": {
                "n": len(splits["validation"][1]),
                "misses": len(misses(*splits["validation"])["read"]),
            },
            "n": len(labels),
            "test": {name: misses(corrupted(how, images), labels) for name, how in CORRUPTIONS.items()},
            "seconds": round(trained.seconds, 1),
            "versions": export.versions(precision),
        }


def wrong(result: Result, corruption: str) -> NDArray[np.bool_]:
    """Which test images the cell got wrong under a corruption: shape (n,)."""
    values = np.zeros(result["n"], np.bool_)
    values[result["test"][corruption]["index"]] = True
    return values


def path_of(folder: Path, cell: Cell) -> Path:
    """Where a cell's file lies."""
    return folder / f"{cell}.json"


def write(folder: Path, cell: Cell, result: Result) -> None:
    """Write a cell's file, compactly and atomically."""
    write_text(path_of(folder, cell), json.dumps(result, separators=(",", ":")) + "\n")


def read(folder: Path, tasks: Iterable[Task]) -> dict[Cell, Result]:
    """The existing results of exactly these tasks; other and damaged files are ignored. Allocates 130 MB at most."""
    found: dict[Cell, Result] = {}
    for task in tasks:
        try:
            result = read_json(path_of(folder, task.cell), Result, MOST)
            if fits(result, task) and _counts(result):
                found[task.cell] = result
        except (OSError, ValueError):
            continue  # missing or damaged: it will be run
    return found


def fits(result: Result, task: Task) -> bool:
    """Whether a result is this task's, and knows of every corruption."""
    return result["identity"] == task.identity() and result["test"].keys() >= CORRUPTIONS.keys()


def _counts(result: Result) -> bool:
    """Whether a result counts no more misses than images."""
    return result["validation"]["misses"] <= result["validation"]["n"] and all(
        len({*missed["index"]}) == len(missed["index"]) == len(missed["read"])
        and max(missed["index"], default=0) < result["n"]
        for missed in result["test"].values()
    )


def _misses(read: NDArray[np.intp], labels: NDArray[np.uint8]) -> Misses:
    missed = np.flatnonzero(read != labels)
    return {"index": missed.tolist(), "read": "".join(map(str, read[missed]))}
