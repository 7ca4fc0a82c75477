"""The study: do image-preprocessing methods change the error rate? Runs its cells and publishes its page.

The seeds study is a part of it: the baseline's cells only, several seeds of each network.
"""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tqdm import tqdm

from digits.errors import UserError, writing
from digits.files import write_json, write_text
from digits.learning.config import Recipe
from digits.learning.dataset import Dataset
from digits.learning.precision import Precision
from digits.markdown import duration, percent
from digits.publishing import Writer, staging
from digits.study import cell as cells
from digits.study import comparison, page
from digits.study.cell import Cell, Result, Task
from digits.study.preprocessing import VARIANTS
from digits.study.workers import Outcome, Pool

KEPT = "finished cells are kept"


@dataclass(frozen=True)
class Study:
    """What the cells of one study have in common, and where they are.

    Attributes:
        dataset: the training and test data.
        recipes: by network, of all that may be in the folder.
        identity: a network's, as :func:`digits.learning.architecture.identity` gives it, by its name.
        folder: ``plots/study``: the page, its figures and ``cells/``.
        precision: in which missing cells are trained; None for whatever is fastest where they are.
        handwriting: SHA-256 of the files of handwriting, by their names, that a network learns from, by its name.
    """

    dataset: Dataset
    recipes: Mapping[str, Recipe]
    identity: Callable[[str], Mapping[str, Any]]
    folder: Path
    precision: Precision | None = None
    handwriting: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def cells(self) -> Path:
        """Where the cells' files lie."""
        return self.folder / "cells"

    def task(self, cell: Cell) -> Task:
        """The cell with everything that decides its result."""
        return Task(
            cell,
            self.recipes[cell.network],
            self.dataset.digest,
            self.dataset.validation_fraction,
            self.identity(cell.network),
            self.precision,
            self.handwriting.get(cell.network, {}),
        )

    def finished(self) -> dict[Cell, Result]:
        """Every cell in the folder that fits these recipes and this data."""
        found = (_cell_of(path) for path in sorted(self.cells.glob("*.json")))
        return cells.read(self.cells, [self.task(cell) for cell in found if cell and cell.network in self.recipes])


def run(study: Study, planned: Sequence[Cell], pool: Pool, writer: Writer | None = None) -> list[Outcome]:
    """Run the missing cells and write each as it finishes.

    Args:
        study: the dataset, recipes and folder.
        planned: the cells that are wanted.
        pool: runs tasks and yields their outcomes in any order.
        writer: of the study's folder, to notice that it was deleted.

    Returns:
        The outcomes that failed.

    Raises:
        UserError: the folder cannot be written or was deleted, or the pool is lost. What was finished is kept.
    """
    if writer:
        writer.check(published_files(study.recipes))
    done = study.finished()
    tasks = [study.task(cell) for cell in planned if cell not in done]
    print(f"{len(planned)} cells, {len(planned) - len(tasks)} of them done, {len(tasks)} to run", flush=True)
    failed = []
    for number, outcome in enumerate(_with_bar(pool(tasks), len(tasks)) if tasks else (), start=1):
        cell = outcome.task.cell
        if outcome.result is not None and not cells.fits(outcome.result, outcome.task):
            outcome = Outcome(outcome.task, None, "the worker runs a different version of this project")
        if outcome.result is None:
            failed.append(outcome)
            message = f"failed: {outcome.error}"
        else:
            if writer:
                writer.check()
            with writing(study.folder, KEPT):
                cells.write(study.cells, cell, outcome.result)
            error = percent(len(outcome.result["test"]["clean"]["index"]) / outcome.result["n"])
            message = f"{error} wrong, {duration(outcome.result['seconds'])}"
        tqdm.write(f"{number}/{len(tasks)} {cell}: {message}", file=sys.stdout)
        print(end="", flush=True)
    return failed


def published_files(networks: Iterable[str]) -> list[str]:
    """The files that :func:`publish` may make of networks."""
    figures = ["variants.png", "errors.png", *(f"{name}_corrupted.png" for name in networks)]
    return ["preprocessing.json", "seeds.json", "README.md", *figures]


def publish(study: Study, planned: Iterable[Cell], writer: Writer) -> None:
    """Make the page, its figures and its JSON from whatever cells there are, and publish them in one step.

    Args:
        study: the dataset, recipes and folder.
        planned: the cells without which the page says that the study is unfinished.
        writer: of the study's folder.

    Raises:
        UserError: there is no cell, or the folder cannot be written.
    """
    from digits.learning.plots import style  # matplotlib, only at the end
    from digits.study import plots

    done = study.finished()
    if not done:
        raise UserError(f"no finished cell in {study.cells} fits this data and these recipes: nothing to show")
    missing = [str(cell) for cell in planned if cell not in done]
    compared = comparison.compare(study.dataset, done, missing)
    seeds = comparison.seeds(study.dataset, done)
    images, labels = study.dataset.splits()["test"]
    with staging(writer, published_files(study.recipes)) as staged, writing(study.folder, KEPT):
        write_json(staged.file("preprocessing.json"), compared)
        write_json(staged.file("seeds.json"), seeds)
        style.save(plots.variants(images, labels).plot().figure_, staged.file("variants.png"))
        style.save(plots.ErrorsDisplay(compared).plot().figure_, staged.file("errors.png"))
        for name in comparison.with_baseline(compared):
            style.save(plots.HeatMapDisplay(compared, name).plot().figure_, staged.file(f"{name}_corrupted.png"))
        write_text(staged.file("README.md"), page.page(compared, seeds))


def _with_bar(outcomes: Iterator[Outcome], total: int) -> Iterator[Outcome]:
    """With a progress bar on a terminal."""
    yield from tqdm(outcomes, total=total, unit="cell", file=sys.stdout, disable=None, smoothing=0)


def _cell_of(path: Path) -> Cell | None:
    network, _, rest = path.stem.partition("-")
    variant, _, seed = rest.rpartition("-")
    return Cell(network, variant, int(seed)) if variant in VARIANTS and seed.isdecimal() else None
