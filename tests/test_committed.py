"""What is committed belongs together: networks, cards, results, studies, benchmarks and the README's tables."""

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from matplotlib.image import imread
from numpy.typing import NDArray

from benchmarks import readme
from benchmarks.faults import page as faults
from benchmarks.faults.__main__ import FULL
from benchmarks.growth import __main__ as growth
from benchmarks.growth.plots import GrowthDisplay
from benchmarks.hand import measure as hand_measure
from benchmarks.hand import page as hand
from benchmarks.pages import measure as pages_measure
from benchmarks.pages import page as pages
from benchmarks.pages.drawing import LINES
from benchmarks.pen_digits import page as pen_digits
from benchmarks.recommendation import findings
from benchmarks.recommendation import page as recommendation
from benchmarks.recommendation.plots import ParetoDisplay
from benchmarks.training_speed import page as training_speed
from digits.crop import STROKE_WIDTH
from digits.files import read_json, sha256
from digits.image_format import to_input
from digits.learning import calibration, card, dataset, export, line_card, pipeline
from digits.learning.card import Card
from digits.learning.config import MNIST_RECIPE, recipe_for
from digits.learning.dataset import Dataset
from digits.learning.plots import style
from digits.network_file import MOST_CARD
from digits.networks import CORE, LINE, MODELS
from digits.reading.classifier import Classifier
from digits.reading.recognizer import CONFIDENCE
from digits.study import comparison
from digits.study.page import page
from digits.study.plan import preprocessing_plan
from digits.study.plots import ErrorsDisplay, HeatMapDisplay
from digits.study.runner import Study

ROOT = Path(__file__).resolve().parent.parent
PLOTS = ROOT / "plots"


def read(name: str) -> Any:
    """A JSON file of plots/."""
    return json.loads((PLOTS / f"{name}.json").read_text(encoding="utf-8"))


RESULTS = read("results")
CARDS: dict[str, Card] = RESULTS["models"]
#: All networks but those that were added and not trained yet.
TRAINED = tuple(name for name in MODELS if (ROOT / "models" / f"{name}.json").exists())


def test_results_are_of_all_networks_on_mnist_at_their_recipes() -> None:
    assert RESULTS["dataset"] == "MNIST"
    assert tuple(CARDS) == TRAINED
    assert set(CORE) < set(TRAINED)
    for name, made in CARDS.items():
        assert made["recipe"] == recipe_for(name, "MNIST").identity()
        assert [found.n for found in card.metrics(made).values()] == [48_000, 12_000, 10_000]
    assert (MNIST_RECIPE.epochs, MNIST_RECIPE.batch_size, MNIST_RECIPE.learning_rate) == (5, 32, 1e-5)


@pytest.mark.parametrize("name", TRAINED)
def test_card_and_files_belong_together(name: str) -> None:
    made = card.read(ROOT / "models" / f"{name}.json")
    assert made == CARDS[name]
    assert set(made["files"]) == {f"{name}.keras", f"{name}.onnx"}
    for file, digest in made["files"].items():
        assert sha256(ROOT / "models" / file) == digest


def test_the_line_network_was_made_by_its_recipe_and_is_small() -> None:
    made = read_json(ROOT / "models" / "LineNet.json", line_card.LineCard, MOST_CARD)
    assert made["recipe"] == recipe_for(LINE, "MNIST").identity()
    assert made["data_digest"] == CARDS["CNN"]["data_digest"] and len(made["handwriting"]) == 3
    assert made["validation"]["n"] - made["validation"]["misses"] == round(
        made["validation"]["accuracy"] * made["validation"]["n"]
    )
    assert set(made["files"]) == {"LineNet.keras", "LineNet.onnx"}
    for file, digest in made["files"].items():
        assert sha256(ROOT / "models" / file) == digest
    assert (ROOT / "models" / "LineNet.onnx").stat().st_size <= 6e6


def test_the_models_are_small_enough_for_git() -> None:
    sizes = [path.stat().st_size for path in (ROOT / "models").iterdir()]
    assert max(sizes) < 64e6
    assert sum(sizes) < 128e6


def test_the_readme_shows_the_published_figures() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert readme.with_tables(text, PLOTS) == text


def test_the_results_page_shows_the_cards() -> None:
    assert (PLOTS / "results.md").read_text(encoding="utf-8") == card.results_page(CARDS)


def test_the_pen_digit_page_shows_what_was_measured() -> None:
    measured = read("pen_digits")
    assert (PLOTS / "pen_digits.md").read_text(encoding="utf-8") == pen_digits.page(measured)
    assert measured["digits"] == 3498
    assert (measured["stroke_width"], measured["confidence"]) == (STROKE_WIDTH, CONFIDENCE)
    for name, digest in measured["models"].items():
        assert sha256(ROOT / "models" / f"{name}.onnx") == digest


def test_the_page_of_photographed_pages_shows_what_was_measured() -> None:
    measured = read("pages")
    pages_measure.check(measured)
    assert (PLOTS / "pages.md").read_text(encoding="utf-8") == pages.page(measured)
    assert {one["n"] for one in measured["conditions"].values()} == {pages_measure.PAGES * LINES}
    assert measured["network"] == CARDS["ResNet"]["files"]["ResNet.onnx"]


def test_the_page_of_hands_shows_what_was_measured() -> None:
    measured = read("hand")
    hand_measure.check(measured)
    assert (PLOTS / "hand.md").read_text(encoding="utf-8") == hand.page(measured)
    assert tuple(measured["networks"]) == TRAINED
    for name, digest in measured["models"].items():
        assert sha256(ROOT / "models" / f"{name}.onnx") == digest


def test_the_page_recommends_what_the_figures_say() -> None:
    measured, pen = read("recommendation"), read("pen_digits")
    found = findings.findings(measured, CARDS, pen)
    text = (PLOTS / "recommendation.md").read_text(encoding="utf-8")
    assert text == recommendation.page(found, measured, CARDS, pen)
    assert tuple(measured["models"]) == TRAINED
    for name, digest in measured["models"].items():
        assert sha256(ROOT / "models" / f"{name}.onnx") == digest
        misses = card.metrics(CARDS[name])["test"].misses
        assert len(measured["readers"][name]["wrong"]) == pytest.approx(misses, abs=1)


def test_the_page_of_faults_shows_what_was_found_and_everything_survived() -> None:
    found = read("faults")
    faults.check(found)
    assert (PLOTS / "faults.md").read_text(encoding="utf-8") == faults.page(found)
    assert faults.clean(found)
    assert sum(kind["n"] for kind in found["inputs"]) >= FULL["inputs"] and found["events"]["n"] >= FULL["events"]
    assert sum(scenario["n"] for scenario in found["kills"]) >= FULL["kills"]


def test_the_pages_of_speed_and_growth_show_what_was_measured() -> None:
    speed, grown = read("training_speed"), read("growth")
    assert (PLOTS / "training_speed.md").read_text(encoding="utf-8") == training_speed.page(speed)
    assert (PLOTS / "growth.md").read_text(encoding="utf-8") == growth.page(grown)
    assert speed["rounds"] >= 5
    for name in CORE:
        assert speed["networks"][name]["parameters"] == CARDS[name]["parameters"]


def test_the_figures_show_what_the_json_holds(tmp_path: Path) -> None:
    pen, study = read("pen_digits"), read("study/preprocessing")
    figures = pipeline.results_figures(CARDS, "MNIST")
    for name, made in CARDS.items():
        figures |= {f"{name}_{kind}": figure for kind, figure in pipeline.card_figures(made).items()}
    figures |= {f"pen_digits_{kind}": figure for kind, figure in pen_digits.figures(pen).items()}
    found = findings.findings(read("recommendation"), CARDS, pen)
    figures["recommendation_pareto"] = ParetoDisplay([*found.networks, found.vote]).plot().figure_
    figures["hand"] = (
        hand.HandDisplay({name: one["each"] for name, one in read("hand")["networks"].items()}).plot().figure_
    )
    figures["growth"] = GrowthDisplay(read("growth")["series"]).plot().figure_
    figures["study/errors"] = ErrorsDisplay(study).plot().figure_
    for name in comparison.with_baseline(study):
        figures[f"study/{name}_corrupted"] = HeatMapDisplay(study, name).plot().figure_
    for name, figure in figures.items():
        style.save(figure, tmp_path / "plotted.png")
        again, committed = imread(tmp_path / "plotted.png"), imread(PLOTS / f"{name}.png")
        assert again.shape == committed.shape, name
        assert np.abs(again - committed).mean() < 1e-3, name


def test_the_study_is_of_these_recipes_and_its_page_shows_its_cells() -> None:
    folder, compared, seeds = PLOTS / "study", read("study/preprocessing"), read("study/seeds")
    assert (folder / "README.md").read_text(encoding="utf-8") == page(compared, seeds)

    none = np.empty(0, np.uint8)
    data = Dataset(none, none, none, none, "MNIST", "", CARDS["ANN"]["data_digest"], 0.2)
    recipes = {name: recipe_for(name, "MNIST") for name in TRAINED}
    done = Study(data, recipes, identity, folder).finished()
    assert {str(cell) for cell in done} == {path.stem for path in (folder / "cells").iterdir()}
    missing = [str(cell) for cell in preprocessing_plan(CORE) if cell not in done]
    assert same(compared, comparison.compare(data, done, missing))
    assert same(seeds, comparison.seeds(data, done))


def identity(name: str) -> dict[str, Any]:
    """What a network's card knows of its architecture."""
    return {"parameters": CARDS[name]["parameters"], "architecture": CARDS[name]["architecture"]}


def same(saved: Any, made: Any) -> bool:
    """Whether values are those of a file, except for the last digits of their numbers."""
    if isinstance(saved, dict):
        return saved.keys() == made.keys() and all(same(saved[key], made[key]) for key in saved)
    if isinstance(saved, list):
        return len(saved) == len(made) and all(map(same, saved, made))
    return bool(saved == (pytest.approx(made, rel=1e-9) if isinstance(saved, float) else made))


@pytest.mark.parametrize("name", TRAINED)
def test_the_committed_twins_give_the_same_answers(name: str, arrays: dict[str, NDArray[np.uint8]]) -> None:
    given = to_input(arrays["x_train"])
    expected = export.load_model(ROOT / "models" / f"{name}.keras").predict(given, verbose=0)
    network = cv2.dnn.readNetFromONNX(str(ROOT / "models" / f"{name}.onnx"))
    network.setInput(given)
    assert network.forward() == pytest.approx(expected, abs=5e-3)


@pytest.fixture(scope="module")
def data(mnist: Path) -> Dataset:
    return dataset.load(mnist)


@pytest.mark.parametrize("name", ["ANN", "CNN"])
def test_the_onnx_twin_has_the_cards_misses_on_mnist(name: str, data: Dataset) -> None:
    images, labels = data.splits()["test"]
    misses = int((probabilities(name, images).argmax(axis=1) != labels).sum())
    assert misses == pytest.approx(card.metrics(CARDS[name])["test"].misses, abs=1)


@pytest.mark.parametrize("name", ["ANN", "CNN"])
def test_the_temperature_is_in_the_file(name: str, data: Dataset) -> None:
    """Fitted again on the same images, it is 1."""
    validation = data.splits()["validation"]
    images, labels = pipeline.partly_restyled(validation, recipe_for(name, "MNIST").restyle)
    restyled = (images != validation[0]).any(axis=(1, 2))  # the others are read once for both
    plain = probabilities(name, validation[0])
    rows = plain.copy()
    rows[restyled] = probabilities(name, images[restyled])
    assert calibration.fit_temperature(labels, rows) == pytest.approx(1, abs=0.01)
    published = CARDS[name]["calibration"]["after"]["validation"]["ece"]
    assert calibration.reliability_of(labels, plain).ece == pytest.approx(published, abs=1e-4)


def probabilities(name: str, images: NDArray[np.uint8]) -> NDArray[np.float32]:
    network = Classifier(ROOT / "models" / f"{name}.onnx")
    return np.concatenate([network.probabilities(images[i : i + 1000]) for i in range(0, len(images), 1000)])
