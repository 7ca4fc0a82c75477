#!/usr/bin/env python
"""Train, evaluate, save and plot ANN, CNN and VGG16 on MNIST, and ResNet when it is named.

Without arguments: all three at the published hyperparameters (Adam, learning rate 0.00001,
5 epochs, batch size 32), models into models/, plots and results into plots/.
"""

import argparse
import math
import sys
from collections.abc import Callable
from dataclasses import fields, replace
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from digits.command_line import OneLineParser
from digits.errors import UserError
from digits.learning.config import MNIST, MNIST_RECIPE, UCI, Recipe, digest, recipe_for
from digits.learning.preprocessing import VARIANTS
from digits.learning.start import start_keras
from digits.networks import CORE, MODELS

if TYPE_CHECKING:
    from digits.learning.dataset import Dataset

STUDIES = ("preprocessing", "seeds")
ROOT = Path(__file__).resolve().parent
EXAMPLES = """\
examples:
  python test.py                          the published run, about half an hour on two cores
  python test.py --data mnist.npz         the same, from a file instead of the download
  python test.py --dataset uci            1,797 embedded digits, two minutes, no download
  python test.py --models CNN --seed 1    one network, another seed (into runs/)
  python test.py --resume                 go on with an interrupted run
  python test.py --evaluate               the table again, from the saved models
  python test.py --study preprocessing    train and compare with each preprocessing; hours, goes on if interrupted
"""


def main(arguments: list[str] | None = None) -> int:
    """Parse, call, print. Returns the exit code."""
    options = parse(arguments)
    try:
        return work(options)
    except UserError as error:
        print(f"test.py: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        left = "nothing published has changed. Go on with the same command and --resume"
        if options.study:
            left = "finished cells are kept. Go on with the same command"
        print(f"\ntest.py: interrupted; {left}", file=sys.stderr)
        return 130


def work(options: argparse.Namespace) -> int:
    """Load the data, then train or evaluate, then print the table."""
    from digits.learning import dataset

    data = dataset.load_uci() if options.dataset == "uci" else dataset.load(options.data)
    folder = options.output or default_output(data.name, changes(options), options.evaluate)
    options.models = options.models or default_models(folder / "models", options.evaluate)
    recipes = {name: replace(recipe_for(name, data.name), **changes(options)) for name in options.models}
    if data.name != MNIST and not options.evaluate and folder.resolve() == ROOT:
        raise UserError(
            f"networks trained on {data.name} would replace the published ones in {ROOT}; "
            "give another folder with --output, or leave it out"
        )

    if options.study:
        return study(options, data, folder / "plots" / "study")

    start_keras()  # takes seconds: after everything that may be wrong with the input
    from digits.learning import export, pipeline, report

    output = pipeline.Output(folder)
    builders = {name: import_module(name).build_model for name in options.models}
    versions = export.versions()
    images = ", ".join(f"{len(labels):,} {part}" for part, (_, labels) in data.split().items())
    sizes = ", ".join(f"{name} {build().count_params():,}" for name, build in builders.items())
    told = "\n            ".join(f"{name}: {recipe}" for name, recipe in recipes.items())
    print(
        f"""\
{"Evaluating" if options.evaluate else "Training"} {", ".join(builders)}
  data      {data.name}, {data.source}
            {images} images
  recipe    {"as each model card says" if options.evaluate else told}
  machine   {versions["platform"]}, {versions["cores"]} cores, Python {versions["python"]}, \
TensorFlow {versions["tensorflow"]}, Keras {versions["keras"]}
  networks  {sizes} parameters
  folder    {output.folder}
""",
        flush=True,
    )
    if options.evaluate:
        cards = pipeline.evaluate(builders, data, output, options.redraw)
    else:
        cards = pipeline.run(builders, data, recipes, output, options.resume)
    print(f"\n{data.name}\n\n{report.plain_table(cards)}")
    if not options.evaluate or options.redraw:
        print(f"\nmodels  {output.models}\nplots   {output.plots}\ntable   {output.plots / 'results.md'}")
    return 0


def study(options: argparse.Namespace, data: "Dataset", folder: Path) -> int:
    """Run a study's cells and make its page. Exit code 1 if a cell failed."""
    from digits.learning import workers
    from digits.learning.cells import run_cell, use_one_thread
    from digits.learning.study import Study, preprocessing_plan, publish, run, seeds_plan

    with workers.pool(options.cluster, options.workers, data, run_cell) as (pool, place):
        start_keras()
        use_one_thread()  # a single process is this one
        recipes = {name: replace(recipe_for(name, data.name), **changes(options)) for name in MODELS}
        made = Study(data, recipes, cache(lambda name: import_module(name).build_model().count_params()), folder)
        if options.study == "seeds":
            planned = seeds_plan(options.models, options.seeds)
        else:
            planned = preprocessing_plan(options.models, options.variants, options.seeds)
        print(f"{data.name}, {data.source}\n{', '.join(options.models)} on {place}, into {folder}", flush=True)
        failed = [] if options.redraw else run(made, planned, pool)
    for outcome in failed:
        print(f"test.py: {outcome.task.cell} failed: {outcome.error}", file=sys.stderr)
    publish(made, dict.fromkeys([*preprocessing_plan(CORE), *planned]))  # the page knows the whole, not this part
    print(f"\npage  {folder / 'README.md'}")
    return 1 if failed else 0


def default_models(folder: Path, evaluate: bool) -> tuple[str, ...]:
    """The networks where none is named: to be trained the mission's, to be evaluated those that are there."""
    there = tuple(name for name in MODELS if (folder / f"{name}.keras").exists())
    return there if evaluate and there else CORE


def changes(options: argparse.Namespace) -> dict[str, Any]:
    """What the options change of every recipe."""
    given = {field.name: getattr(options, field.name, None) for field in fields(Recipe)}
    return {name: value for name, value in given.items() if value is not None}


def default_output(data_name: str, changed: dict[str, Any], evaluate: bool) -> Path:
    """The project itself for the published run, a folder in runs/ for other data or other recipes."""
    if data_name == UCI:
        return ROOT / "runs" / "uci"
    if evaluate or (data_name == MNIST and not changed):
        return ROOT
    return ROOT / "runs" / (f"mnist-{digest(changed)}" if data_name == MNIST else data_name.replace(" ", "-"))


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """The command line; a wrong option ends the program with one line and exit code 2."""
    parser = OneLineParser(
        "test.py", description=__doc__, epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add(
        "--models",
        nargs="+",
        choices=MODELS,
        metavar="NAME",
        help=f"from {', '.join(MODELS)}; default: {', '.join(CORE)}",
    )
    add("--epochs", type=number(int, 1), help=f"default {MNIST_RECIPE.epochs}")
    add("--batch-size", type=number(int, 1), help=f"default {MNIST_RECIPE.batch_size}")
    add("--learning-rate", type=number(float, 0, above=True), help=f"default {MNIST_RECIPE.learning_rate:g}")
    add("--seed", type=number(int, 0), help=f"default {MNIST_RECIPE.seed}")
    add("--dataset", choices=("mnist", "uci"), default="mnist", help="uci: embedded digits, a schedule of their own")
    add("--data", type=Path, metavar="FILE", help="an .npz as Keras lays out MNIST, or a folder of the four IDX files")
    add("--output", type=Path, metavar="DIR", help="where models/ and plots/ are; default: here for the published run")
    add("--evaluate", action="store_true", help="no training: evaluate the saved models; writes nothing")
    add("--redraw", action="store_true", help="with --evaluate: draw the plots and tables anew")
    add("--resume", action="store_true", help="go on with an interrupted run from its last finished epoch")
    add = parser.add_argument_group("studies: many trainings, and a page in plots/study/").add_argument
    add("--study", choices=STUDIES, help="does preprocessing change the error rate? does the seed? Goes on if repeated")
    add("--variants", nargs="+", choices=VARIANTS, metavar="NAME", help=f"from {', '.join(VARIANTS)}")
    add("--seeds", nargs="+", type=number(int, 0), metavar="N", help="default: ANN 0 to 4, CNN 0 to 2, VGG16 0")
    add("--workers", type=number(int, 1), metavar="N", help="processes, one core each; default: as many as cores")
    add("--cluster", metavar="ADDRESS", help="of a Dask scheduler (tcp://…:8786), whose workers run the cells instead")
    options = parser.parse_args(arguments)
    options.models = tuple(dict.fromkeys(options.models or ()))
    if options.redraw and not (options.evaluate or options.study):
        parser.error("--redraw goes with --evaluate or --study")
    if options.evaluate and options.resume:
        parser.error("--resume goes with training, not with --evaluate")
    if options.data and options.dataset == "uci":
        parser.error("--data goes with --dataset mnist; the uci digits are embedded")
    check_study(parser, options)
    return options


def check_study(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    """What goes with a study and what does not."""
    if not options.study:
        for name in ("variants", "seeds", "workers", "cluster"):
            if getattr(options, name) is not None:
                parser.error(f"--{name} goes with --study")
        return
    if options.evaluate or options.resume:
        parser.error("--evaluate and --resume do not go with --study, which goes on by itself")
    if options.seed is not None:
        parser.error("--seed goes with training; the seeds of a study are --seeds N [N ...]")
    if options.study == "seeds" and options.variants:
        parser.error("--variants goes with --study preprocessing")
    if options.cluster and options.workers:
        parser.error("--workers is for this machine; a cluster has its own")


def number(kind: type[int] | type[float], least: float, above: bool = False) -> Callable[[str], float]:
    """A type for argparse: a finite number of at least (or above) ``least``."""

    def convert(text: str) -> float:
        try:
            value: float = kind(text)
        except ValueError:
            value = math.nan
        if not math.isfinite(value) or value < least or (above and value == least):
            what = f"{'a whole number' if kind is int else 'a number'} {'above' if above else 'of at least'} {least}"
            raise argparse.ArgumentTypeError(f"must be {what}, got {text!r}")
        return value

    return convert


if __name__ == "__main__":
    sys.exit(main())
