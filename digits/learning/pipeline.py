"""The whole job: train, evaluate, save and plot; everything staged and put into place at the end."""

import os
import shutil
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from digits.errors import UserError, reason
from digits.files import sha256, write_json, write_text
from digits.image_format import to_input
from digits.learning import architecture, calibration, evaluation, export, plots, report
from digits.learning.augmentation import AMOUNTS
from digits.learning.config import MNIST, POST_ACCURACY, Recipe
from digits.learning.dataset import Dataset
from digits.learning.handwriting import CHANGES, WARP, redraw
from digits.learning.plots.calibration import coverage, reliability_diagram
from digits.learning.report import PARTS, Card, duration
from digits.learning.training import Labelled, train
from digits.networks import MODELS

Builder = Callable[[], keras.Model]
HALF_ABOVE = 8_000_000  #: parameters above which the ONNX twin keeps its weights as 16-bit floats
GALLERY = 32  #: misses shown in a gallery


@dataclass(frozen=True)
class Output:
    """Where a run's files go, and where they wait until all of them are whole."""

    folder: Path

    @property
    def models(self) -> Path:
        return self.folder / "models"

    @property
    def plots(self) -> Path:
        return self.folder / "plots"

    @property
    def work(self) -> Path:
        """State to resume from, and a folder laid out as this one: not for people."""
        return self.folder / ".unfinished"

    @property
    def staged(self) -> "Output":
        return Output(self.work / "staged")

    def publish(self) -> None:
        """Rename every staged file into its place, then forget the run's state."""
        for file in sorted(path for path in self.staged.folder.rglob("*") if path.is_file()):
            target = self.folder / file.relative_to(self.staged.folder)
            target.parent.mkdir(parents=True, exist_ok=True)
            os.replace(file, target)
        shutil.rmtree(self.work)


def run(
    builders: Mapping[str, Builder], dataset: Dataset, recipes: Mapping[str, Recipe], output: Output, resume: bool
) -> dict[str, Card]:
    """Train, evaluate, save and plot the given networks.

    Nothing in ``output.models`` and ``output.plots`` changes before everything is done. What an
    earlier run left there of other networks, on the same data, stays and enters the comparison.

    Args:
        builders, recipes: by the networks' names.
        dataset: to learn from.
        output: where the files go.
        resume: go on with an interrupted run.

    Returns:
        The model cards by name, those of earlier runs included.

    Raises:
        UserError: the folder cannot be written, or the state to resume does not fit.
    """
    with _told_plainly(output):
        if not resume and output.work.exists():
            print(
                "Starting anew: the unfinished run found here is discarded (--resume would go on with it)", flush=True
            )
            shutil.rmtree(output.work, ignore_errors=True)
        shutil.rmtree(output.staged.folder, ignore_errors=True)
        output.work.mkdir(parents=True, exist_ok=True)
        earlier = _earlier(dataset, output, builders)  # read before hours of training, not after
        parts = dataset.split()
        cards = {}
        for name, build_model in builders.items():
            model, history, seconds = train(
                name,
                build_model,
                parts["train"],
                parts["validation"],
                recipes[name],
                output.work / name,
                dataset.digest,
                resume,
            )
            print(f"{name}: trained in {duration(seconds)}; evaluating and saving", flush=True)
            temperature = calibrate(model, parts["validation"], recipes[name].redrawn)
            probabilities = predict(model, dataset)
            card = _card(name, model, dataset, recipes[name], history, seconds, temperature, probabilities)
            _stage_model(model, card, output.staged)
            _stage_plots(model, card, dataset, probabilities["test"], output.staged)
            cards[name] = card
            keras.utils.clear_session()
        cards = _in_order(earlier | cards)
        _stage_results(cards, dataset, output.staged)
        output.publish()
        return cards


def evaluate(names: Iterable[str], dataset: Dataset, output: Output, redraw: bool = False) -> dict[str, Card]:
    """Evaluate saved networks again; what cannot be measured (recipe, history, time) is their card's.

    Args:
        names: of the networks, in ``output.models``.
        dataset: any; the networks need not have learned from it.
        output: where the networks are.
        redraw: draw ``output.plots`` anew, too. Else nothing is written.

    Raises:
        UserError: a model or its card is missing, damaged, or they do not belong together; the
            plots cannot be written, or would show other data than the networks learned from.
    """
    cards = {}
    for name in names:
        file = output.models / f"{name}.keras"
        card = report.read_card(output.models / f"{name}.json")
        model = export.load_model(file)
        if card["files"].get(file.name) != sha256(file):
            raise UserError(
                f"{file} is not the file that {name}.json describes; "
                f"make both anew with: python test.py --models {name}"
            )
        if redraw and card["data_digest"] != dataset.digest:
            raise UserError(
                f"{name} learned from {card['dataset']}, not from {dataset.name}: its plots are not redrawn"
            )
        print(f"{name}: evaluating {file}", flush=True)
        probabilities = predict(model, dataset)
        card |= {"dataset": dataset.name} | _figures(
            dataset, probabilities, card["calibration"]["temperature"], card["recipe"]["redrawn"]
        )
        if redraw:
            with _told_plainly(output):
                _stage_plots(model, card, dataset, probabilities["test"], output.staged)
        cards[name] = card
    if redraw:
        with _told_plainly(output):
            _stage_results(_in_order(_earlier(dataset, output, cards) | cards), dataset, output.staged)
            output.publish()
    return cards


@contextmanager
def _told_plainly(output: Output) -> Iterator[None]:
    """Turn what the operating system refuses into one line."""
    try:
        yield
    except OSError as error:
        raise UserError(
            f"cannot write to {output.folder} ({reason(error)}); what stood in models/ and plots/ is as it was. "
            "Make room or give another folder with --output DIR"
        ) from error


def calibrate(model: keras.Model, validation: Labelled, redrawn: float) -> float:
    """Fit the temperature and divide the last layer's weights by it: every use of the network is then calibrated.

    Args:
        model: a trained network.
        validation: images and labels that it has not learned from.
        redrawn: part of them that is drawn anew, as in training: what people draw is to be calibrated, too.

    Returns:
        The temperature.
    """
    images, labels = partly_redrawn(validation, redrawn)
    temperature = calibration.fit_temperature(labels, model.predict(to_input(images), batch_size=250, verbose=0))
    last = model.get_layer("predictions")
    last.set_weights([weights / np.float32(temperature) for weights in last.get_weights()])
    return temperature


def partly_redrawn(shown: Labelled, part: float) -> Labelled:
    """Images and labels, a part of the images drawn anew; always the same."""
    images, labels = shown[0].copy(), shown[1]
    rng = np.random.default_rng(0)
    anew = rng.random(len(images)) < part
    if anew.any():
        images[anew] = redraw(images[anew], labels[anew], rng)
    return images, labels


def predict(model: keras.Model, dataset: Dataset) -> dict[str, NDArray[np.float32]]:
    """Probabilities, shape (n, 10), by part of the data."""
    return {
        part: model.predict(to_input(images), batch_size=250, verbose=0)
        for part, (images, _) in dataset.split().items()
    }


def _figures(
    dataset: Dataset, probabilities: Mapping[str, NDArray[np.float32]], temperature: float, redrawn: float
) -> Card:
    parts = dataset.split()
    labels, read = parts["test"][1], probabilities["test"].argmax(axis=1)
    surer = calibration.surer(labels, probabilities["test"])
    return {
        "scores": {part: evaluation.score(parts[part][1], probabilities[part]).to_json() for part in PARTS},
        "by_class": evaluation.by_class(labels, read),
        "confusion": evaluation.confusion(labels, read).tolist(),
        "misses": {"image": [*surer], "read": read[[*surer]].tolist(), "surer": [*surer.values()]},
        "calibration": {
            "temperature": temperature,
            "fitted_on": f"validation, n = {len(parts['validation'][1]):,}, {redrawn:.0%} of it drawn anew",
            "before": _reliabilities(dataset, probabilities, 1 / temperature),
            "after": _reliabilities(dataset, probabilities, 1),
        },
    }


def _reliabilities(
    dataset: Dataset, probabilities: Mapping[str, NDArray[np.float32]], temperature: float
) -> dict[str, Any]:
    return {
        part: calibration.measured(labels, calibration.rescale(probabilities[part], temperature))
        for part, (_, labels) in dataset.split().items()
    }


def _card(
    name: str,
    model: keras.Model,
    dataset: Dataset,
    recipe: Recipe,
    history: dict[str, list[float]],
    seconds: float,
    temperature: float,
    probabilities: Mapping[str, NDArray[np.float32]],
) -> Card:
    return {
        "model": name,
        "dataset": dataset.name,
        "data_digest": dataset.digest,
        "date": date.today().isoformat(),
        "recipe": {"optimizer": "Adam", **asdict(recipe), "distortion": AMOUNTS, "redrawing": CHANGES | WARP},
        "parameters": model.count_params(),
        "seconds": round(seconds, 1),
        "history": history,
        **_figures(dataset, probabilities, temperature, recipe.redrawn),
        "versions": export.versions(),
    }


def _stage_model(model: keras.Model, card: Card, staged: Output) -> None:
    name = card["model"]
    files = staged.models / f"{name}.keras", staged.models / f"{name}.onnx"
    export.save_keras(model, files[0])
    export.save_onnx(model, files[1], half=card["parameters"] > HALF_ABOVE)
    card["files"] = export.file_digests(*files)
    write_json(staged.models / f"{name}.json", card)


def _stage_plots(
    model: keras.Model, card: Card, dataset: Dataset, probabilities: NDArray[np.float32], staged: Output
) -> None:
    """One network's figures, from its card and its probabilities on the test images."""
    name, title = card["model"], card["dataset"]
    images, labels = dataset.split()["test"]
    worst = evaluation.worst_misses(labels, probabilities, GALLERY)
    test = report.scores(card)["test"]
    figures = card_figures(card) | {
        "architecture": plots.architecture(
            architecture.blocks(model), name, card["parameters"], architecture.caption(model)
        ),
        "misses": plots.misses(images[worst], labels[worst], probabilities[worst], (test.misses, test.n), name, title),
    }
    for kind, figure in figures.items():
        plots.save(figure, staged.plots / f"{name}_{kind}.png")


def card_figures(card: Card) -> dict[str, Any]:
    """The figures that show what a card holds, by kind."""
    name, title, calibrated = card["model"], card["dataset"], card["calibration"]
    reliability = {
        when: calibration.Reliability.from_json(calibrated[key]["test"])
        for key, when in (("before", "as trained"), ("after", f"at T = {calibrated['temperature']:.2f}"))
    }
    return {
        "history": plots.history(card["history"], name, title),
        "confusion": plots.confusion(np.array(card["confusion"]), name, title),
        "by_class": plots.per_class(card["by_class"], name, title),
        "reliability": reliability_diagram(reliability, f"{name} on {title}: how often it is right by how sure it is"),
    }


def results_figures(cards: Mapping[str, Card], dataset: str) -> dict[str, Any]:
    """The figures that set the networks beside each other, by kind."""
    tests = {name: report.scores(card)["test"] for name, card in cards.items()}
    curves = {name: calibration.coverage(card["misses"]["surer"], tests[name].n) for name, card in cards.items()}
    return {
        "comparison": plots.comparison(
            tests,
            POST_ACCURACY if dataset == MNIST else {},
            {name: card["parameters"] for name, card in cards.items()},
            {name: card["seconds"] for name, card in cards.items()},
            dataset,
        ),
        "coverage": coverage(curves, f"{dataset}: coverage and error", "test images"),
    }


def _stage_results(cards: Mapping[str, Card], dataset: Dataset, staged: Output) -> None:
    """Samples, comparison, coverage and error, and the results of all networks."""
    samples = plots.samples(_samples(dataset), dataset.name)
    for kind, figure in {"samples": samples, **results_figures(cards, dataset.name)}.items():
        plots.save(figure, staged.plots / f"{kind}.png")
    write_json(staged.plots / "results.json", {"dataset": dataset.name, "models": dict(cards)})
    write_text(staged.plots / "results.md", report.markdown(cards))


def _samples(dataset: Dataset) -> dict[str, Labelled]:
    """Images to show, by title: for training, for testing, and the former drawn anew."""
    parts = dataset.split()
    images, labels = (values[:200] for values in parts["train"])
    return {
        f"Training: {len(parts['train'][1]):,} images": parts["train"],
        "The same, drawn anew as other people might": (redraw(images, labels, np.random.default_rng(0)), labels),
        f"Test: {len(parts['test'][1]):,} images": parts["test"],
    }


def _earlier(dataset: Dataset, output: Output, made_anew: Container[str]) -> dict[str, Card]:
    """The cards of other networks that earlier runs left in ``output``, if they learned from the same data."""
    paths = (path for path in output.models.glob("*.json") if path.stem not in made_anew)
    cards = {path.stem: report.read_card(path) for path in paths}
    return {name: card for name, card in cards.items() if card["data_digest"] == dataset.digest}


def _in_order(cards: Mapping[str, Card]) -> dict[str, Card]:
    """As the project lists its networks; others follow by name."""
    return {name: cards[name] for name in [*MODELS, *sorted(cards.keys() - set(MODELS))] if name in cards}
