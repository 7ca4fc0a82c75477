"""Stands in for the training of a cell, which takes minutes."""

import sys
import time
from collections.abc import Iterable, Sequence

import cloudpickle
import numpy as np

from digits.learning.dataset import Dataset
from digits.learning.handwriting import Handwriting
from digits.study import runner, workers
from digits.study.cell import Cell, Misses, Result, Task
from digits.study.preprocessing import CORRUPTIONS
from digits.study.runner import Study
from digits.study.workers import Outcome, Runner

cloudpickle.register_pickle_by_value(sys.modules[__name__])  # workers cannot import a test

N = 2000  #: test images of the stand-in
NETWORKS = ("ANN", "CNN", "VGG16")
#: What a variant does to the chance of a miss; the rest do nothing.
EFFECT = {"deskewed": 0.3, "otsu": 2.0}


def stand_in(task: Task, dataset: Dataset, handwriting: Handwriting | None = None) -> Result:
    """A cell without training: images are hard or easy, and the variant makes them more or less so."""
    assert dataset.digest == task.data_digest  # the data arrives at the worker
    cell = task.cell
    hard = np.random.default_rng(0).random(N) ** 6 * 0.5
    common, own = np.random.default_rng(cell.seed), np.random.default_rng([cell.seed, *cell.variant.encode()])
    test: dict[str, Misses] = {}
    for place, name in enumerate(CORRUPTIONS):
        luck = np.where(own.random(N) < 0.1, own.random(N), common.random(N))
        missed = np.flatnonzero(luck < hard * (1 + place) * EFFECT.get(cell.variant, 1))
        test[name] = {"index": missed.tolist(), "read": "3" * len(missed)}
    return {
        "identity": task.identity(),
        "dataset": dataset.name,
        "validation": {"n": 1000, "misses": 40},
        "n": N,
        "test": test,
        "seconds": 60.0,
        "versions": {
            "python": "3.13",
            "tensorflow": "2",
            "keras": "3",
            "numpy": "2",
            "platform": "Linux",
            "cores": 2,
        },
    }


def slow(task: Task, dataset: Dataset, handwriting: Handwriting | None) -> Result:
    """The same, but not in an instant."""
    time.sleep(0.1)
    return stand_in(task, dataset)


def broken(task: Task, dataset: Dataset, handwriting: Handwriting | None) -> Result:
    """Fails for one variant."""
    if task.cell.variant == "otsu":
        raise ValueError("the threshold\nis gone")
    return stand_in(task, dataset)


def run(study: Study, planned: Sequence[Cell], how: Runner = stand_in) -> list[Outcome]:
    """Run cells in this process."""
    with workers.pool(None, 1, study.dataset, how) as (pool, _):
        return runner.run(study, planned, pool)


def results(study: Study, planned: Iterable[Cell]) -> dict[Cell, Result]:
    """What cells give, without files."""
    return {cell: stand_in(study.task(cell), study.dataset) for cell in planned}
