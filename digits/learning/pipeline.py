"""The whole job: train, evaluate, save and plot; everything is staged and put into place at the end."""

import sys
import time
from collections.abc import Callable, Collection, Container, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

from digits.errors import UserError, writing
from digits.files import PARTIAL, write_json, write_text
from digits.image_format import to_input
from digits.learning import architecture, calibration, card, evaluation, export, line_card
from digits.learning.augmentation import restyle, restyle_share, write_some
from digits.learning.calibration import Reliability, ReliabilityMetrics
from digits.learning.card import Card, Evaluated
from digits.learning.config import MNIST, POST_ACCURACY, SPLITS, Recipe, Restyle, Split
from digits.learning.dataset import Dataset
from digits.learning.handwriting import Handwriting
from digits.learning.line_training import train_lines
from digits.learning.plots import style
from digits.learning.plots.calibration import ReliabilityDisplay, RiskCoverageDisplay
from digits.learning.plots.network import (
    ArchitectureDisplay,
    ByClassDisplay,
    ConfusionDisplay,
    GalleryDisplay,
    HistoryDisplay,
)
from digits.learning.plots.results import SamplesDisplay, comparison
from digits.learning.precision import Precision
from digits.learning.training import STATE, Labelled, Progress, Trained, train
from digits.line_image import NO_DIGIT
from digits.markdown import duration
from digits.networks import LINE, MODELS
from digits.publishing import UNCHANGED, Staged, Writer, settle, staging

Builder = Callable[[], keras.Model]
Probabilities = Mapping[Split, NDArray[np.float32]]
HALF_ABOVE = 8_000_000  #: parameters above which the ONNX twin keeps its weights as 16-bit floats
GALLERY = 32  #: misses shown in a gallery
SAVED = ("keras", "onnx", "json")  #: files of a network
FIGURES = ("architecture", "misses", "history", "confusion", "by_class", "reliability")  #: of a network
RESULTS = ("samples.png", "comparison.png", "risk_coverage.png", "results.json", "results.md")  #: of all networks
WATCHED = 1.0  #: seconds after which a run looks again whether its folder is still there


@dataclass(frozen=True)
class Output:
    """Where a run's files go."""

    folder: Path

    @property
    def models(self) -> Path:
        return self.folder / "models"

    @property
    def plots(self) -> Path:
        return self.folder / "plots"

    @property
    def work(self) -> Path:
        """The state to resume from, and what is staged."""
        return self.folder / ".unfinished"


class Watch(keras.callbacks.Callback):
    """Ends a training run whose folder was deleted, at once instead of after hours."""

    def __init__(self, writer: Writer):
        super().__init__()
        self._writer, self._next = writer, 0.0

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        if time.monotonic() > self._next:
            self._writer.check()
            self._next = time.monotonic() + WATCHED

    def on_test_end(self, logs: dict[str, float] | None = None) -> None:
        self._writer.check()  # what follows writes the epoch's state


def run(
    builders: Mapping[str, Builder],
    dataset: Dataset,
    recipes: Mapping[str, Recipe],
    writer: Writer,
    resume: bool,
    precision: Precision = "float32",
    handwriting: Handwriting | None = None,
) -> dict[str, Card]:
    """Train, evaluate, save and plot the given networks.

    Nothing in ``models`` and ``plots`` changes before everything is done. What an
    earlier run left there of other networks, on the same data, stays and enters the comparison.

    Args:
        builders, recipes: by the networks' names.
        dataset: to learn from.
        writer: of the folder that the files go to.
        resume: continue an interrupted run.
        precision: to train in.
        handwriting: of other people, for the networks whose recipes ask for it. Writers that it leaves out are not
            learned from.

    Returns:
        The model cards by name, those of earlier runs included; the line network, which reads lines, has none of these.

    Raises:
        UserError: the folder cannot be written or is deleted, an earlier card is damaged, a loss is not finite, or the
            state to resume does not fit.
    """
    output = Output(writer.folder)
    planned = [*model_files(builders), *plot_files(builders)]
    writer.check(planned)
    _prepare(builders, output, writer, resume)
    earlier = _earlier(dataset, output, builders)  # read before hours of training, not after
    staged = Staged(output.work / "staged", planned)
    splits = dataset.splits()
    cards: dict[str, Card] = {}
    known, left_out = handwriting.split() if handwriting else (None, None)
    for name, build_model in builders.items():
        place, recipe = output.work / name, recipes[name]
        watching = [Watch(writer), Progress(name, bar=sys.stdout.isatty())]
        if name == LINE and handwriting:
            trained = train_lines(name, build_model, dataset, handwriting, recipe, place, resume, watching, precision)
        else:
            trained = train(
                name,
                build_model,
                splits["train"],
                splits["validation"],
                recipe,
                place,
                dataset.digest,
                resume,
                callbacks=watching,
                precision=precision,
                handwriting=known,
            )
        print(f"{name}: trained in {duration(trained.seconds)}; evaluating and saving", flush=True)
        writer.check()
        said = ""
        with writing(output.folder, UNCHANGED):
            if name == LINE and handwriting:
                found = line_card.stage(name, trained, dataset, handwriting, recipe, precision, staged)["validation"]
                said = f"{name}: {found['n'] - found['misses']:,} of {found['n']:,} lines read rightly\n"
            else:
                cards[name] = _evaluate_and_stage(name, trained, dataset, left_out, recipe, precision, staged)
        print(said, end="", flush=True)
        keras.utils.clear_session()
    cards = _in_order(earlier | cards)
    writer.check()
    if cards:
        with writing(output.folder, UNCHANGED):
            _stage_results(cards, dataset, staged)
    writer.publish(staged)
    for folder in (staged.folder, *(output.work / name for name in builders)):
        writer.discard(folder)
    if output.work.exists() and not any(output.work.iterdir()):
        writer.discard(output.work)
    return cards


def model_files(names: Iterable[str]) -> list[str]:
    """The files in which networks are saved."""
    return [f"models/{name}.{suffix}" for name in names for suffix in SAVED]


def plot_files(names: Iterable[str]) -> list[str]:
    """The files that show networks and all results."""
    figures = [f"plots/{name}_{kind}.png" for name in names if name != LINE for kind in FIGURES]
    return figures + [f"plots/{file}" for file in RESULTS]


def _prepare(names: Collection[str], output: Output, writer: Writer, resume: bool) -> None:
    """Make room for a training run's state.

    Raises:
        UserError: the folder cannot be written.
    """
    if not resume and output.work.exists():
        print("Starting over: discarding the unfinished run found here (--resume would have continued it)", flush=True)
        writer.discard(output.work)
    if resume and not any((output.work / name / STATE).exists() for name in names):
        print(f"Nothing to resume in {output.folder}: starting from the beginning", flush=True)
    writer.discard(output.work / "staged")
    with writing(output.folder, UNCHANGED):
        output.work.mkdir(exist_ok=True)
        for left in output.work.glob(f"*/{PARTIAL}*"):
            left.unlink(missing_ok=True)


def evaluate(names: Iterable[str], dataset: Dataset, output: Output, writer: Writer | None = None) -> dict[str, Card]:
    """Evaluate saved networks again; what cannot be measured (recipe, history, time) is taken from their cards.

    Args:
        names: of the networks, in ``output.models``.
        dataset: any; the networks need not have learned from it.
        output: where the networks are.
        writer: of the same folder, to write ``output.plots`` again, too. Otherwise nothing is written.

    Raises:
        UserError: a model or its card is missing, damaged, or they do not belong together; the
            plots cannot be written, or would show other data than the networks learned from.
    """
    settle(output.folder)
    known = {name: card.read(output.models / f"{name}.json") for name in names}  # before a run can publish others
    if writer is None:
        return {name: _evaluate(name, known[name], dataset, output)[0] for name in known}
    for name, made in known.items():
        if made["data_digest"] != dataset.digest:
            raise UserError(
                f"{name} learned from {made['dataset']}, not from {dataset.name}, so its plots cannot be replotted"
            )
    earlier = _earlier(dataset, output, known)
    planned = plot_files(known)
    writer.check(planned)
    cards: dict[str, Card] = {}
    with staging(writer, planned) as staged:
        for name, made in known.items():
            cards[name], model, probabilities = _evaluate(name, made, dataset, output)
            with writing(output.folder, UNCHANGED):
                _stage_plots(model, cards[name], dataset, probabilities["test"], staged)
        with writing(output.folder, UNCHANGED):
            _stage_results(_in_order(earlier | cards), dataset, staged)
    return cards


def _evaluate(name: str, known: Card, dataset: Dataset, output: Output) -> tuple[Card, keras.Model, Probabilities]:
    """One network's card with what is found now, the network and its probabilities."""
    file = output.models / f"{name}.keras"
    model = export.load_model(file, known["files"].get(file.name, ""))
    print(f"{name}: evaluating {file}", flush=True)
    probabilities = predict(model, dataset)
    recipe = known["recipe"]
    shares = recipe["restyle"]["share"], recipe.get("written", {"share": 0})["share"]
    found = _evaluated(dataset, probabilities, known["calibration"]["temperature"], *shares)
    made: Card = {**known, "dataset": dataset.name, **found}
    return made, model, probabilities


def calibrate(
    model: keras.Model, validation: Labelled, recipe: Recipe, handwriting: Handwriting | None = None
) -> float:
    """Fit the temperature and divide the last layer's weights by it, so that every use of the network is calibrated.

    Args:
        model: a trained network.
        validation: images and labels that it has not learned from.
        recipe: a share of the images is restyled, and a share drawn from handwriting, as in training, so that people's
            drawings are calibrated, too.
        handwriting: of writers that it has not learned from.

    Returns:
        The temperature.
    """
    images, labels = partly_restyled(validation, recipe.restyle)
    if handwriting and recipe.written.share:
        digits = [character for character in handwriting.characters if character.label != NO_DIGIT]
        images, labels = write_some(images, labels, digits, recipe.written, np.random.default_rng(0))
    temperature = calibration.fit_temperature(labels, model.predict(to_input(images), batch_size=250, verbose=0))
    last = model.get_layer("predictions")
    last.set_weights([weights / np.float32(temperature) for weights in last.get_weights()])
    return temperature


def partly_restyled(shown: Labelled, style: Restyle) -> Labelled:
    """Images and labels with a share of the images restyled; always the same."""
    return restyle_share(*shown, style, np.random.default_rng(0)), shown[1]


def predict(model: keras.Model, dataset: Dataset) -> dict[Split, NDArray[np.float32]]:
    """Probabilities, shape (n, 10), by split."""
    return {
        split: model.predict(to_input(images), batch_size=250, verbose=0)
        for split, (images, _) in dataset.splits().items()
    }


def _evaluated(
    dataset: Dataset, probabilities: Probabilities, temperature: float, restyled: float, written: float
) -> Evaluated:
    """What a card says of a network; ``restyled`` and ``written`` are the shares that it was calibrated with."""
    splits = dataset.splits()
    shares = f"{restyled:.0%} of it restyled" + (f", {written:.0%} drawn from handwriting" if written else "")
    labels, read = splits["test"][1], probabilities["test"].argmax(axis=1)
    ranks = calibration.miss_ranks(labels, probabilities["test"])
    return {
        "metrics": {split: evaluation.metrics(splits[split][1], probabilities[split]).to_json() for split in SPLITS},
        "by_class": evaluation.by_class(labels, read),
        "confusion": evaluation.confusion(labels, read).tolist(),
        "misses": {"image": [*ranks], "read": read[[*ranks]].tolist(), "rank": [*ranks.values()]},
        "calibration": {
            "temperature": temperature,
            "fitted_on": f"validation, n = {len(splits['validation'][1]):,}, {shares}",
            "before": _reliabilities(dataset, probabilities, 1 / temperature),
            "after": _reliabilities(dataset, probabilities, 1),
        },
    }


def _reliabilities(
    dataset: Dataset, probabilities: Probabilities, temperature: float
) -> dict[Split, ReliabilityMetrics]:
    return {
        split: calibration.metrics(labels, calibration.rescale(probabilities[split], temperature))
        for split, (_, labels) in dataset.splits().items()
    }


def _evaluate_and_stage(
    name: str,
    trained: Trained,
    dataset: Dataset,
    left_out: Handwriting | None,
    recipe: Recipe,
    precision: Precision,
    staged: Staged,
) -> Card:
    """Calibrate and evaluate a trained network; stage its files, its card and its plots."""
    model = trained.model
    temperature = calibrate(model, dataset.splits()["validation"], recipe, left_out)
    probabilities = predict(model, dataset)
    files = staged.file("models", f"{name}.keras"), staged.file("models", f"{name}.onnx")
    export.save_keras(model, files[0])
    export.save_onnx(model, files[1], half=model.count_params() > HALF_ABOVE)
    made: Card = {
        "model": name,
        "dataset": dataset.name,
        "data_digest": dataset.digest,
        "date": date.today().isoformat(),
        "recipe": recipe.identity(),
        **architecture.identity(model),
        "seconds": round(trained.seconds, 1),
        "history": trained.history,
        **_evaluated(dataset, probabilities, temperature, recipe.restyle.share, recipe.written.share),
        "versions": export.versions(precision),
        "files": export.file_digests(*files),
        "handwriting": dict(left_out.files) if left_out and recipe.written.share else {},
    }
    write_json(staged.file("models", f"{name}.json"), made)
    _stage_plots(model, made, dataset, probabilities["test"], staged)
    return made


def _stage_plots(
    model: keras.Model, made: Card, dataset: Dataset, probabilities: NDArray[np.float32], staged: Staged
) -> None:
    """One network's figures, from its card and its probabilities on the test images."""
    name, images, labels = made["model"], *dataset.splits()["test"]
    worst, test = made["misses"]["image"][:GALLERY], card.metrics(made)["test"]
    shown = f"the {len(worst)} most confident of" if len(worst) < test.misses else "all"
    plotted = {
        "architecture": ArchitectureDisplay(
            architecture.blocks(model), f"{name}: {made['parameters']:,} parameters", architecture.caption(model)
        ),
        "misses": GalleryDisplay(
            images[worst],
            labels[worst],
            probabilities[worst].argmax(axis=1),
            probabilities[worst].max(axis=1),
            f"{name} on {made['dataset']}: {shown} {test.misses:,} misses in {test.n:,} test images",
        ),
    }
    figures = card_figures(made) | {kind: display.plot().figure_ for kind, display in plotted.items()}
    for kind, figure in figures.items():
        style.save(figure, staged.file("plots", f"{name}_{kind}.png"))


def card_figures(made: Card) -> dict[str, style.Figure]:
    """The figures that show what a card holds, by kind."""
    on, calibrated, test = f"{made['model']} on {made['dataset']}", made["calibration"], card.metrics(made)["test"]
    reliability = {
        "as trained": Reliability.from_json(calibrated["before"]["test"]),
        f"at T = {calibrated['temperature']:.2f}": Reliability.from_json(calibrated["after"]["test"]),
    }
    displays = {
        "history": HistoryDisplay(made["history"], f"{on}: accuracy and loss by epoch"),
        "confusion": ConfusionDisplay(np.array(made["confusion"]), test.n, test.misses, f"{on}: confusion matrix"),
        "by_class": ByClassDisplay(made["by_class"], f"{on}: precision, recall and F1 by digit (test)"),
        "reliability": ReliabilityDisplay(reliability, f"{on}: accuracy by confidence"),
    }
    return {kind: display.plot().figure_ for kind, display in displays.items()}


def results_figures(cards: Mapping[str, Card], dataset: str) -> dict[str, style.Figure]:
    """The figures that compare the networks, by kind."""
    tests = {name: card.metrics(made)["test"] for name, made in cards.items()}
    curves = {name: calibration.risk_coverage(made["misses"]["rank"], tests[name].n) for name, made in cards.items()}
    return {
        "comparison": comparison(
            tests,
            POST_ACCURACY if dataset == MNIST else {},
            {name: made["parameters"] for name, made in cards.items()},
            {name: made["seconds"] for name, made in cards.items()},
            f"The networks compared on {dataset}",
        ),
        "risk_coverage": RiskCoverageDisplay(curves, f"{dataset}: risk–coverage curve", "test images").plot().figure_,
    }


def _stage_results(cards: Mapping[str, Card], dataset: Dataset, staged: Staged) -> None:
    """Samples, comparison, risk–coverage curve, and the results of all networks."""
    samples = SamplesDisplay(_samples(dataset), f"{dataset.name}: two of each digit").plot().figure_
    for kind, figure in {"samples": samples, **results_figures(cards, dataset.name)}.items():
        style.save(figure, staged.file("plots", f"{kind}.png"))
    write_json(staged.file("plots", "results.json"), {"dataset": dataset.name, "models": dict(cards)})
    write_text(staged.file("plots", "results.md"), card.results_page(cards))


def _samples(dataset: Dataset) -> dict[str, Labelled]:
    """Images to show, by title: for training, the same restyled, and for testing."""
    splits = dataset.splits()
    images, labels = (values[:200] for values in splits["train"])
    return {
        f"Training: {len(splits['train'][1]):,} images": splits["train"],
        "Training images restyled as other people might write them": (
            restyle(images, labels, Restyle(), np.random.default_rng(0)),
            labels,
        ),
        f"Test: {len(splits['test'][1]):,} images": splits["test"],
    }


def _earlier(dataset: Dataset, output: Output, made_again: Container[str]) -> dict[str, Card]:
    """The cards of other networks that earlier runs left in ``output``, if they learned from the same data.

    A card lies beside its network. What else is called ``.json`` there is left alone, and named.

    Raises:
        UserError: a card is damaged.
    """
    cards: dict[str, Card] = {}
    for path in sorted(output.models.glob("*.json")):
        if path.stem in made_again or path.stem == LINE:
            continue
        if path.with_suffix(".keras").exists():
            cards[path.stem] = card.read(path)
        else:
            print(f"{path} is ignored: there is no {path.stem}.keras beside it", flush=True)
    return {name: made for name, made in cards.items() if made["data_digest"] == dataset.digest}


def _in_order(cards: Mapping[str, Card]) -> dict[str, Card]:
    """In the project's order of its networks; others follow by name."""
    return {name: cards[name] for name in [*MODELS, *sorted(cards.keys() - set(MODELS))] if name in cards}
