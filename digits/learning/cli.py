"""The command line of training and evaluation: its options, what they change, and where the output goes."""

import argparse
import os
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from digits.command_line import number
from digits.errors import UserError
from digits.image_format import CLASSES, SIZE
from digits.learning.config import (
    MNIST,
    MNIST_RECIPE,
    OWN_RECIPES,
    SPLITS,
    UCI,
    UCI_RECIPE,
    Recipe,
    Written,
    digest,
    recipe_for,
)
from digits.learning.precision import PRECISIONS, Precision, fastest, has_bfloat16
from digits.learning.start import start_keras
from digits.line_image import HEIGHT, OUTPUTS
from digits.markdown import in_words
from digits.networks import CORE, LINE, MODELS
from digits.publishing import Writer, exclusive, settle

if TYPE_CHECKING:
    from digits.learning.dataset import Dataset
    from digits.learning.handwriting import Handwriting

MOST_SEED = 2**32 - 1  #: NumPy's
MOST_EPOCHS = 10_000
MOST_BATCH = 1024  #: images; VGG16's activations for as many take 3 GB
MOST_RATE = 10.0  #: at 1 no network here learns anything


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of training and evaluation to a parser."""
    add = parser.add_argument
    add(
        "--models",
        nargs="+",
        choices=(*MODELS, LINE),
        metavar="NAME",
        help=f"from {', '.join((*MODELS, LINE))}; default: {', '.join(CORE)}; with --evaluate, all saved ones",
    )
    add("--epochs", type=number(int, 1, most=MOST_EPOCHS), metavar="N", help=default_of("epochs"))
    add("--batch-size", type=number(int, 1, most=MOST_BATCH), metavar="N", help=default_of("batch_size"))
    add(
        "--learning-rate",
        type=number(float, 0, above=True, most=MOST_RATE),
        metavar="X",
        help=default_of("learning_rate"),
    )
    add(
        "--precision",
        choices=PRECISIONS,
        help="to train in; default: bfloat16 on processors that have it, which is faster, else float32",
    )
    add("--seed", type=number(int, 0, most=MOST_SEED), metavar="N", help=default_of("seed"))
    add("--dataset", choices=("mnist", "uci"), default="mnist", help="default: mnist; uci: embedded digits")
    add("--data", type=Path, metavar="FILE", help="an .npz as Keras lays out MNIST, or a folder of the four IDX files")
    add(
        "--handwriting",
        nargs="+",
        type=Path,
        metavar="FILE",
        help=f"pen strokes of other people, JSON or UNIPEN, files or folders: {WRITTEN} learn from them as well",
    )
    add(
        "--invert",
        action="store_true",
        help="the digits in --data are dark on light: turn them into MNIST's light on dark",
    )
    add(
        "--output",
        type=Path,
        metavar="DIR",
        help="where models/ and plots/ are; default: here for the published run, else in runs/",
    )
    add("--evaluate", action="store_true", help="evaluate the saved models instead of training; writes nothing")
    add("--replot", action="store_true", help="with --evaluate or --study: write the plots and tables again")
    add("--resume", action="store_true", help="continue an interrupted run from its last finished epoch")


#: Networks that learn from other people's handwriting.
WRITTEN = in_words([name for name, recipe in OWN_RECIPES.items() if recipe.needs_handwriting])


def default_of(name: str) -> str:
    """The help of an option that changes a recipe: its default for every network and dataset."""
    usual = getattr(MNIST_RECIPE, name)
    others = {network: getattr(recipe, name) for network, recipe in OWN_RECIPES.items()}
    others["--dataset uci"] = getattr(UCI_RECIPE, name)
    different = [f"{where} {value:g}" for where, value in others.items() if value != usual]
    return f"default: {usual:g}" + (f" ({', '.join(different)})" if different else "")


def check(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    """End the program with one line if options contradict each other."""
    options.models = tuple(dict.fromkeys(options.models or ()))
    if options.replot and not (options.evaluate or options.study):
        parser.error("--replot goes with --evaluate or --study")
    if options.evaluate and options.resume:
        parser.error("--resume goes with training, not with --evaluate")
    if options.evaluate and options.precision:
        parser.error("--precision goes with training, not with --evaluate, which computes in float32")
    if options.evaluate and options.handwriting:
        parser.error("--handwriting goes with training, not with --evaluate")
    if options.evaluate and LINE in options.models:
        parser.error(f"{LINE} reads lines, not images of single digits: leave it out of --models, or train it")
    if LINE in options.models and not options.handwriting:
        parser.error(f"{LINE} learns from handwriting: name it with --handwriting FILE …; the README says where it is")
    if (options.data or options.invert) and options.dataset == "uci":
        option = "--data" if options.data else "--invert"
        parser.error(f"{option} goes with --dataset mnist; the uci digits are embedded")


def load_data(options: argparse.Namespace) -> "Dataset":
    """The dataset that the options name.

    Raises:
        UserError: it cannot be read or downloaded.
    """
    from digits.learning import dataset

    return dataset.load_uci() if options.dataset == "uci" else dataset.load(options.data, invert=options.invert)


def load_handwriting(options: argparse.Namespace) -> "Handwriting | None":
    """The handwriting that the options name; None if they name none.

    Raises:
        UserError: it cannot be read, or is by too few people.
    """
    if not options.handwriting:
        return None
    from digits.learning import handwriting

    loaded = handwriting.load(options.handwriting)
    if not all(any(character.label < CLASSES for character in part.characters) for part in loaded.split()):
        raise UserError(
            f"there are digits by too few writers in {', '.join(map(str, options.handwriting))}: about one writer in "
            f"{handwriting.HELD_OUT}, chosen by name, is not learned from but chosen on; give more files"
        )
    return loaded


def changes(options: argparse.Namespace) -> dict[str, Any]:
    """What the options change of every recipe."""
    given = {field.name: getattr(options, field.name, None) for field in fields(Recipe)}
    return {name: value for name, value in given.items() if value is not None}


def precision(options: argparse.Namespace) -> Precision:
    """The precision to train in."""
    chosen: Precision = options.precision or fastest()
    return chosen


def differences(options: argparse.Namespace) -> dict[str, Any]:
    """What the options change of a run with none."""
    changed = changes(options)
    unwritten = not (options.handwriting or options.study)  # a study asks for it
    if unwritten and any(recipe_for(name, MNIST).needs_handwriting for name in options.models):
        changed["handwriting"] = "none"
    return changed if precision(options) == fastest() else {**changed, "precision": options.precision}


def recipes(
    names: tuple[str, ...], data_name: str, changed: Mapping[str, Any], mixed: bool = True
) -> dict[str, Recipe]:
    """The recipe of each network with what the options change; ``mixed`` with handwriting, if it asks for that."""
    made = {name: replace(recipe_for(name, data_name), **changed) for name in names}
    return made if mixed else {name: replace(recipe, written=Written()) for name, recipe in made.items()}


def default_models(folder: Path, evaluate: bool) -> tuple[str, ...]:
    """The networks where none is named: the core ones to be trained, those that are saved to be evaluated."""
    saved = tuple(name for name in MODELS if os.path.exists(folder / f"{name}.keras"))
    return saved if evaluate and saved else CORE


def default_output(root: Path, data_name: str, changed: Mapping[str, Any], evaluate: bool) -> Path:
    """The project itself for the published run, a folder in runs/ for other data or other recipes."""
    if data_name == UCI:
        return root / "runs" / "uci"
    if evaluate or (data_name == MNIST and not changed):
        return root
    return root / "runs" / (f"mnist-{digest(changed)}" if data_name == MNIST else data_name.replace(" ", "-"))


def output_folder(options: argparse.Namespace, data_name: str, root: Path) -> Path:
    """Where models/ and plots/ are to be found or written.

    Raises:
        UserError: networks trained on other data would replace the published ones.
    """
    folder: Path = options.output or default_output(root, data_name, differences(options), options.evaluate)
    if data_name != MNIST and not options.evaluate and os.path.realpath(folder) == os.path.realpath(root):
        raise UserError(
            f"networks trained on {data_name} would replace the published ones in {root}; "
            "give another folder with --output, or leave it out"
        )
    return folder


def builder(name: str) -> Callable[[], Any]:
    """A network's ``build_model``, which is imported, and TensorFlow with it, when it is called."""
    return partial(_build, name)


def _build(name: str) -> Any:
    try:
        return import_module(name).build_model()
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        raise UserError(f"{name} is listed in digits/networks.py, but there is no folder {name}/; add it") from error


def run(options: argparse.Namespace, root: Path) -> int:
    """Train or evaluate, and print the table.

    Args:
        options: parsed and checked.
        root: the project's folder.

    Returns:
        The exit code.

    Raises:
        UserError: the data cannot be read, or the output cannot be written.
    """
    data, written = load_data(options), load_handwriting(options)
    folder = output_folder(options, data.name, root)
    if options.evaluate and not options.replot:
        settle(folder)
        return _work(options, data, written, folder, None)
    if options.evaluate and not os.path.isdir(folder / "models"):
        raise UserError(
            f"there is no {folder / 'models'} to replot from; choose another place with --output DIR, or train first"
        )
    with exclusive(folder) as writer:  # from here on, whatever happens, no other run changes these files
        return _work(options, data, written, folder, writer)


def _work(
    options: argparse.Namespace, data: "Dataset", written: "Handwriting | None", folder: Path, writer: Writer | None
) -> int:
    """Do it, and print the table; without a writer nothing is written."""
    names = options.models or default_models(folder / "models", options.evaluate)
    start_keras()  # takes seconds: after everything that may be wrong with the input
    from digits.learning import card, pipeline

    output = pipeline.Output(folder)
    builders = {name: builder(name) for name in names}
    wanted = recipes(names, data.name, changes(options), mixed=written is not None)
    print(_header(options, data, written, builders, wanted, folder), flush=True)
    if options.precision == "bfloat16" and not has_bfloat16():
        print("This processor has no bfloat16 and only imitates it, slowly: --precision float32 is faster", flush=True)
    if options.evaluate:
        cards = pipeline.evaluate(names, data, output, writer)
    elif writer:
        cards = pipeline.run(builders, data, wanted, writer, options.resume, precision(options), written)
    if cards:
        print(f"\n{data.name}\n\n{card.plain_table(cards)}", flush=True)
    if writer:
        table = f"\nplots   {output.plots}\ntable   {output.plots / 'results.md'}" if cards else ""
        print(f"\nmodels  {output.models}{table}", flush=True)
    return 0


def checked(name: str, model: Any) -> Any:
    """The network itself.

    Raises:
        UserError: it does not take 28×28×1 to ten probabilities in a last layer called "predictions", or, if it is the
            line network, lines to what :mod:`digits.line_image` says.
    """
    if name == LINE:
        if (model.input_shape, model.output_shape) != ((None, HEIGHT, None, 1), (None, 1, None, OUTPUTS)):
            raise UserError(f"{name}/__init__.py: expected a network of lines, got {model.input_shape}")
        return model
    shapes = model.input_shape, model.output_shape
    if shapes != ((None, SIZE, SIZE, 1), (None, CLASSES)) or model.layers[-1].name != "predictions":
        raise UserError(
            f"{name}/__init__.py: expected a network of 28×28×1 to 10 whose last layer is called predictions, got "
            f"{shapes[0]} to {shapes[1]} and {model.layers[-1].name}; see CONTRIBUTING.md"
        )
    return model


def _header(
    options: argparse.Namespace,
    data: "Dataset",
    written: "Handwriting | None",
    builders: Mapping[str, Callable[[], Any]],
    wanted: Mapping[str, Recipe],
    folder: Path,
) -> str:
    """What is about to be done."""
    from digits.learning import export

    computed: Precision = "float32" if options.evaluate else precision(options)
    versions, splits = export.versions(computed), data.splits()
    images = ", ".join(f"{len(splits[split][1]):,} {split}" for split in SPLITS)
    sizes = ", ".join(f"{name} {checked(name, build()).count_params():,}" for name, build in builders.items())
    writers = f"\n            handwriting of {len(written.by_writer()):,} writers" if written else ""
    lines = "\n            ".join(f"{name}: {recipe}" for name, recipe in wanted.items())
    return f"""\
{"Evaluating" if options.evaluate else "Training"} {", ".join(builders)}
  data      {data.name}, {data.source}
            {images} images{writers}
  recipe    {"as each model card says" if options.evaluate else lines}
  machine   {versions["platform"]}, {versions["cores"]} cores, Python {versions["python"]}, \
TensorFlow {versions["tensorflow"]}, Keras {versions["keras"]}
  precision {computed}
  networks  {sizes} parameters
  folder    {folder}
"""
