"""The study: do image-preprocessing methods change the error rate? Plans, runs and publishes its cells.

The seeds study is a part of it: the baseline's cells alone, of each network several seeds.
"""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from digits.errors import UserError, reason
from digits.files import write_json, write_text
from digits.learning import cells, study_figures, study_page
from digits.learning.cells import Cell, Result, Task
from digits.learning.config import Recipe
from digits.learning.dataset import Dataset
from digits.learning.preprocessing import BASELINE, VARIANTS
from digits.learning.report import duration
from digits.learning.workers import Outcome, Pool

#: Seeds of the preprocessing study; a network that is not named has the last one's.
SEEDS: dict[str, tuple[int, ...]] = {"ANN": (0, 1, 2, 3, 4), "CNN": (0, 1, 2), "VGG16": (0,)}
#: A VGG16 takes ten times as long as an ANN: only these variants, named before anything was run.
VGG16_VARIANTS = (BASELINE, "standardised", "deskewed", "stroke-width", "blurred")
#: Seeds of the seeds study, for every network.
THREE_SEEDS = (0, 1, 2)


@dataclass(frozen=True)
class Study:
    """What the cells of one study have in common, and where they are.

    Attributes:
        dataset: what is learned and read.
        recipes: by network, of all that may be in the folder.
        parameters: counts a network's.
        folder: ``plots/study``: the page, its figures and ``cells/``.
    """

    dataset: Dataset
    recipes: Mapping[str, Recipe]
    parameters: Callable[[str], int]
    folder: Path

    @property
    def cells(self) -> Path:
        return self.folder / "cells"

    def task(self, cell: Cell) -> Task:
        return Task(cell, self.recipes[cell.network], self.dataset.digest, self.parameters(cell.network))

    def finished(self) -> dict[Cell, Result]:
        """Every cell in the folder that fits these recipes and this data."""
        found = (_cell_of(path) for path in sorted(self.cells.glob("*.json")))
        return cells.read(self.cells, [self.task(cell) for cell in found if cell and cell.network in self.recipes])


def preprocessing_plan(
    networks: Iterable[str], variants: Sequence[str] | None = None, seeds: Sequence[int] | None = None
) -> list[Cell]:
    """The cells of the preprocessing study: first one seed of everything, small networks first.

    So what an interrupted study has left is a smaller study.

    Args:
        networks: in the order in which they are run.
        variants: instead of each network's own; the baseline is always among them.
        seeds: instead of each network's own.
    """
    planned = []
    for network in networks:
        own = VGG16_VARIANTS if network == "VGG16" else tuple(VARIANTS)
        chosen = dict.fromkeys((BASELINE, *(variants or own)))
        for place, seed in enumerate(dict.fromkeys(seeds or SEEDS.get(network, (0,)))):
            planned += [(place, Cell(network, variant, seed)) for variant in chosen]
    return [cell for place, cell in sorted(planned, key=lambda each: each[0] > 0)]  # stable


def seeds_plan(networks: Iterable[str], seeds: Sequence[int] | None = None) -> list[Cell]:
    """The cells of the seeds study: the baseline's."""
    return [Cell(network, BASELINE, seed) for network in networks for seed in dict.fromkeys(seeds or THREE_SEEDS)]


def run(study: Study, planned: Sequence[Cell], pool: Pool) -> list[Outcome]:
    """Run what is not there yet and write each cell as it comes.

    Args:
        study: the dataset, recipes and folder.
        planned: the cells that are wanted.
        pool: runs tasks and yields their outcomes in any order.

    Returns:
        The outcomes that failed.

    Raises:
        UserError: the folder cannot be written, or the pool is lost. What was finished is kept.
    """
    done = study.finished()
    tasks = [study.task(cell) for cell in planned if cell not in done]
    print(f"{len(planned)} cells, {len(planned) - len(tasks)} of them done, {len(tasks)} to run", flush=True)
    failed = []
    for number, outcome in enumerate(_with_bar(pool(tasks), len(tasks)) if tasks else (), start=1):
        cell = outcome.task.cell
        if outcome.result is not None and not cells.fits(outcome.result, outcome.task):
            outcome = Outcome(outcome.task, None, "the worker has another version of this project")
        if outcome.result is None:
            failed.append(outcome)
            told = f"failed: {outcome.error}"
        else:
            with _told_plainly(study.folder):
                cells.write(study.cells, cell, outcome.result)
            test = outcome.result["test"]
            told = f"{len(test['clean']['index']) / test['n']:.2%} wrong, {duration(outcome.result['seconds'])}"
        tqdm.write(f"{number}/{len(tasks)} {cell}: {told}", file=sys.stdout)
        sys.stdout.flush()
    return failed


def publish(study: Study, planned: Iterable[Cell]) -> None:
    """Make the page, its figures and JSON from whatever cells there are.

    Args:
        study: the dataset, recipes and folder.
        planned: the cells without which the page says that it is not finished.

    Raises:
        UserError: there is no cell, or the folder cannot be written.
    """
    from digits.learning import plots  # matplotlib, at the end alone
    from digits.learning.plots import study as drawn

    done = study.finished()
    if not done:
        raise UserError(f"no finished cell in {study.cells} fits this data and these recipes: nothing to show")
    missing = [str(cell) for cell in planned if cell not in done]
    preprocessing = study_figures.preprocessing(study.dataset, done, missing)
    seeds = study_figures.seeds(study.dataset, done)
    images, labels = study.dataset.split()["test"]
    with _told_plainly(study.folder):
        write_json(study.folder / "preprocessing.json", preprocessing)
        write_json(study.folder / "seeds.json", seeds)
        plots.save(drawn.variants(images, labels), study.folder / "variants.png")
        plots.save(drawn.errors(preprocessing), study.folder / "errors.png")
        for name in study_figures.with_baseline(preprocessing):
            plots.save(drawn.heat_map(preprocessing, name), study.folder / f"{name}_spoilt.png")
        write_text(study.folder / "README.md", study_page.page(preprocessing, seeds))


def _with_bar(outcomes: Iterator[Outcome], total: int) -> Iterator[Outcome]:
    """With a progress bar on a terminal."""
    yield from tqdm(outcomes, total=total, unit="cell", file=sys.stdout, disable=None, smoothing=0)


def _cell_of(path: Path) -> Cell | None:
    network, _, rest = path.stem.partition("-")
    variant, _, seed = rest.rpartition("-")
    return Cell(network, variant, int(seed)) if variant in VARIANTS and seed.isdecimal() else None


@contextmanager
def _told_plainly(folder: Path) -> Iterator[None]:
    """Turn what the operating system refuses into one line."""
    try:
        yield
    except OSError as error:
        raise UserError(
            f"cannot write to {folder} ({reason(error)}); finished cells are kept. "
            "Make room or give another folder with --output DIR"
        ) from error
