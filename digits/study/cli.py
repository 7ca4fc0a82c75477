"""The command line of the studies, which adds to that of training."""

import argparse
import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from digits.command_line import complain, number
from digits.errors import UserError
from digits.learning import cli
from digits.learning.start import start_keras, use_one_thread
from digits.markdown import in_words
from digits.networks import CORE, LINE, MODELS
from digits.publishing import exclusive
from digits.study.plan import ONE_SEED, SEEDS, SOME_VARIANTS, THREE_SEEDS, preprocessing_plan, seeds_plan
from digits.study.preprocessing import VARIANTS

STUDIES = ("preprocessing", "seeds")
MOST_WORKERS = 4 * (os.cpu_count() or 1)  #: each computes on one core and takes 1 to 2 GB


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the studies to a parser."""
    add = parser.add_argument_group("studies: many training runs, and a page in plots/study/").add_argument
    add(
        "--study",
        choices=STUDIES,
        help="does preprocessing change the error rate, or does the seed? Repeat the command to continue",
    )
    add("--variants", nargs="+", choices=VARIANTS, metavar="NAME", help=default_variants())
    add("--seeds", nargs="+", type=number(int, 0, most=cli.MOST_SEED), metavar="N", help=default_seeds())
    add(
        "--workers",
        type=number(int, 1, most=MOST_WORKERS),
        metavar="N",
        help="processes, one core each; default: as many as cores",
    )
    add("--cluster", metavar="ADDRESS", help="address of a Dask scheduler (tcp://…:8786) whose workers run the cells")


def default_variants() -> str:
    """The help of ``--variants``."""
    some = ", ".join(f"{name} {', '.join(variants)}" for name, variants in SOME_VARIANTS.items())
    return f"from {', '.join(VARIANTS)}; default: all, for {some}"


def default_seeds() -> str:
    """The help of ``--seeds``: the default of each study."""
    own = ", ".join(f"{name} {_range(seeds)}" for name, seeds in SEEDS.items())
    return f"default: {_range(THREE_SEEDS)} (seeds); {own}, others {_range(ONE_SEED)} (preprocessing)"


def _range(seeds: tuple[int, ...]) -> str:
    return f"{seeds[0]} to {seeds[-1]}" if len(seeds) > 1 else str(seeds[0])


def check(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    """End the program with one line if options do not go with a study, or need one."""
    if not options.study:
        for name in ("variants", "seeds", "workers", "cluster"):
            if getattr(options, name) is not None:
                parser.error(f"--{name} goes with --study")
        return
    if options.evaluate or options.resume:
        parser.error("--evaluate and --resume do not go with --study, which continues by itself")
    if LINE in options.models:
        parser.error(f"{LINE} reads lines, and a study is of networks of single digits: leave it out of --models")
    if options.seed is not None:
        parser.error("--seed goes with training; the seeds of a study are --seeds N [N ...]")
    if options.study == "seeds" and options.variants:
        parser.error("--variants goes with --study preprocessing")
    if options.cluster is not None and options.workers:
        parser.error("--workers is for this machine; a cluster has its own")


def run(options: argparse.Namespace, root: Path) -> int:
    """Run a study's cells and make its page.

    Args:
        options: parsed and checked.
        root: the project's folder.

    Returns:
        The exit code: 1 if a cell failed.

    Raises:
        UserError: the data or the handwriting cannot be read, a network needs handwriting and none is given, the folder
            cannot be written, or the workers are lost.
    """
    from digits.study import plots, runner, workers  # noqa: F401 - the figures come last, but what fails, fails now
    from digits.study.cell import run_cell

    data, written = cli.load_data(options), cli.load_handwriting(options)
    output = cli.output_folder(options, data.name, root)
    folder, names = output / "plots" / "study", options.models or CORE
    recipes = cli.recipes(MODELS, data.name, cli.changes(options))
    asking = [name for name, recipe in recipes.items() if recipe.written.share]
    if not (written or options.replot) and (without := [name for name in names if name in asking]):
        raise UserError(f"{in_words(without)} cannot be trained without handwriting: name it with --handwriting FILE …")
    handwriting = {name: written.files if written else _learned_from(output, name) for name in asking}
    with (
        exclusive(folder) as writer,
        workers.pool(options.cluster, options.workers, data, run_cell, written) as (pool, place),
    ):
        start_keras()
        use_one_thread()  # a single process is this one
        study = runner.Study(data, recipes, cache(_identity), folder, options.precision, handwriting)
        if options.study == "seeds":
            planned = seeds_plan(names, options.seeds)
        else:
            planned = preprocessing_plan(names, options.variants, options.seeds)
        print(f"{data.name}, {data.source}\n{', '.join(names)} on {place}, into {folder}", flush=True)
        failed = [] if options.replot else runner.run(study, planned, pool, writer)
        for outcome in failed:
            complain("test.py", UserError(f"{outcome.task.cell} failed: {outcome.error}"))
        whole = dict.fromkeys([*preprocessing_plan(CORE), *planned])  # the page covers all of the study
        runner.publish(study, whole, writer)
        print(f"\npage  {folder / 'README.md'}", flush=True)
    return 1 if failed else 0


def _learned_from(output: Path, name: str) -> Mapping[str, str]:
    """Digests of the files of handwriting that the network in a folder has learned from, as its card says."""
    from digits.learning import card

    path = output / "models" / f"{name}.json"
    return card.read(path).get("handwriting", {}) if os.path.lexists(path) else {}


def _identity(name: str) -> dict[str, Any]:
    from digits.learning import architecture

    return {**architecture.identity(cli.checked(name, cli.builder(name)()))}
