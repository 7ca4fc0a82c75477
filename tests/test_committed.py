"""What is committed belongs together: models, cards, results and the README's table."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from matplotlib.image import imread

from benchmarks import pen_digits
from digits.crop import STROKE_WIDTH
from digits.files import sha256
from digits.image_format import to_input
from digits.learning import (
    calibration,
    dataset,
    export,
    pipeline,
    plots,
    recommendation,
    report,
    study_figures,
    study_page,
    verdicts,
)
from digits.learning.augmentation import AMOUNTS
from digits.learning.config import MNIST_RECIPE, recipe_for
from digits.learning.dataset import Dataset
from digits.learning.handwriting import CHANGES, WARP
from digits.learning.plots import study as drawn
from digits.learning.plots.recommendation import pareto
from digits.learning.readme import with_figures
from digits.learning.study import Study, preprocessing_plan
from digits.networks import CORE, MODELS
from digits.reading.classifier import Classifier
from digits.reading.rejection import CONFIDENCE

ROOT = Path(__file__).resolve().parent.parent
RESULTS = json.loads((ROOT / "plots" / "results.json").read_text(encoding="utf-8"))


def test_results_are_of_all_networks_on_mnist_at_their_recipes() -> None:
    assert RESULTS["dataset"] == "MNIST"
    assert tuple(RESULTS["models"]) == MODELS
    for name, card in RESULTS["models"].items():
        recipe = {"optimizer": "Adam", **asdict(recipe_for(name, "MNIST"))}
        assert card["recipe"] == recipe | {"distortion": AMOUNTS, "redrawing": CHANGES | WARP}
        assert [score.n for score in report.scores(card).values()] == [48_000, 12_000, 10_000]
    assert (MNIST_RECIPE.epochs, MNIST_RECIPE.batch_size, MNIST_RECIPE.learning_rate) == (5, 32, 1e-5)


@pytest.mark.parametrize("name", MODELS)
def test_card_and_files_belong_together(name: str) -> None:
    card = report.read_card(ROOT / "models" / f"{name}.json")
    assert card == RESULTS["models"][name]
    assert set(card["files"]) == {f"{name}.keras", f"{name}.onnx"}
    for file, digest in card["files"].items():
        assert sha256(ROOT / "models" / file) == digest


def test_the_models_are_small_enough_for_git() -> None:
    sizes = [path.stat().st_size for path in (ROOT / "models").iterdir()]
    assert max(sizes) < 64e6
    assert sum(sizes) < 128e6


def test_the_readme_and_the_results_page_show_these_figures() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert report.with_table(readme, RESULTS["models"]) == readme
    assert (ROOT / "plots" / "results.md").read_text(encoding="utf-8") == report.markdown(RESULTS["models"])


def test_the_readme_and_the_page_show_what_was_measured_on_pen_digits() -> None:
    measured = read("pen_digits")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert pen_digits.with_summary(readme, measured) == readme
    assert (ROOT / "plots" / "pen_digits.md").read_text(encoding="utf-8") == pen_digits.as_markdown(measured)
    assert measured["digits"] == 7494
    assert (measured["stroke_width"], measured["confidence"]) == (STROKE_WIDTH, CONFIDENCE)
    for name, digest in measured["models"].items():
        assert sha256(ROOT / "models" / f"{name}.onnx") == digest


def test_the_readme_and_the_page_recommend_what_the_figures_say() -> None:
    measured, pen = read("recommendation"), read("pen_digits")
    found = recommendation.findings(measured, RESULTS["models"], pen)
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert verdicts.with_summary(readme, found) == readme
    page = (ROOT / "plots" / "recommendation.md").read_text(encoding="utf-8")
    assert page == verdicts.as_markdown(found, measured, RESULTS["models"], pen)
    assert tuple(measured["models"]) == MODELS
    for name, digest in measured["models"].items():
        assert sha256(ROOT / "models" / f"{name}.onnx") == digest
        misses = RESULTS["models"][name]["scores"]["test"]["misses"]
        assert len(measured["readers"][name]["wrong"]) == pytest.approx(misses, abs=1)


def test_the_figures_show_what_the_json_holds(tmp_path: Path) -> None:
    cards, pen = RESULTS["models"], read("pen_digits")
    figures = pipeline.results_figures(cards, "MNIST")
    for name, card in cards.items():
        figures |= {f"{name}_{kind}": figure for kind, figure in pipeline.card_figures(card).items()}
    figures |= {f"pen_digits_{kind}": figure for kind, figure in pen_digits.figures(pen).items()}
    found = recommendation.findings(read("recommendation"), cards, pen)
    figures["recommendation_pareto"] = pareto([*found.networks, found.vote])
    study = read("study/preprocessing")
    figures["study/errors"] = drawn.errors(study)
    figures |= {f"study/{name}_spoilt": drawn.heat_map(study, name) for name in study_figures.with_baseline(study)}
    for name, figure in figures.items():
        plots.save(figure, tmp_path / "drawn.png")
        again, committed = imread(tmp_path / "drawn.png"), imread(ROOT / "plots" / f"{name}.png")
        assert again.shape == committed.shape, name
        assert np.abs(again - committed).mean() < 1e-3, name


def test_the_study_is_of_these_recipes_and_its_page_and_the_readme_show_its_figures() -> None:
    folder, found, seeds = ROOT / "plots" / "study", read("study/preprocessing"), read("study/seeds")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert with_figures(readme, ROOT / "plots") == readme
    assert (folder / "README.md").read_text(encoding="utf-8") == study_page.page(found, seeds)

    cards = RESULTS["models"]
    data = Dataset(*4 * [np.empty(0, np.uint8)], "MNIST", "", cards["ANN"]["data_digest"], 0.2)
    recipes = {name: recipe_for(name, "MNIST") for name in MODELS}
    done = Study(data, recipes, lambda name: int(cards[name]["parameters"]), folder).finished()
    assert {str(cell) for cell in done} == {path.stem for path in (folder / "cells").iterdir()}
    missing = [str(cell) for cell in preprocessing_plan(CORE) if cell not in done]
    assert same(found, study_figures.preprocessing(data, done, missing))
    assert same(seeds, study_figures.seeds(data, done))


def same(saved: Any, made: Any) -> bool:
    """Whether figures are those of a file, but for the last digits of their numbers."""
    if isinstance(saved, dict):
        return saved.keys() == made.keys() and all(same(saved[key], made[key]) for key in saved)
    if isinstance(saved, list):
        return len(saved) == len(made) and all(map(same, saved, made))
    return saved == pytest.approx(made, rel=1e-9) if isinstance(saved, float) else bool(saved == made)


def read(name: str) -> dict[str, Any]:
    """A file of plots/."""
    measured: dict[str, Any] = json.loads((ROOT / "plots" / f"{name}.json").read_text(encoding="utf-8"))
    return measured


@pytest.mark.parametrize("name", MODELS)
def test_the_committed_twins_give_the_same_answers(name: str, arrays: dict[str, np.ndarray]) -> None:
    given = to_input(arrays["x_train"])
    expected = export.load_model(ROOT / "models" / f"{name}.keras").predict(given, verbose=0)
    network = cv2.dnn.readNetFromONNX(str(ROOT / "models" / f"{name}.onnx"))
    network.setInput(given)
    assert network.forward() == pytest.approx(expected, abs=5e-3)


@pytest.mark.parametrize("name", ["ANN", "CNN"])
def test_the_onnx_twin_has_the_cards_misses_on_mnist(name: str, mnist: Path) -> None:
    images, labels = dataset.load(mnist).split()["test"]
    misses = int((probabilities(name, images).argmax(axis=1) != labels).sum())
    assert misses == pytest.approx(RESULTS["models"][name]["scores"]["test"]["misses"], abs=1)


@pytest.mark.parametrize("name", ["ANN", "CNN"])
def test_the_temperature_is_in_the_file(name: str, mnist: Path) -> None:
    """Fitted again on the same images, it is 1."""
    validation, card = dataset.load(mnist).split()["validation"], RESULTS["models"][name]
    images, labels = pipeline.partly_redrawn(validation, card["recipe"]["redrawn"])
    assert calibration.fit_temperature(labels, probabilities(name, images)) == pytest.approx(1, abs=0.01)
    images, labels = validation
    card, rows = card["calibration"], probabilities(name, images)
    assert calibration.of(labels, rows).ece == pytest.approx(card["after"]["validation"]["ece"], abs=1e-4)


def probabilities(name: str, images: np.ndarray) -> np.ndarray:
    network = Classifier(ROOT / "models" / f"{name}.onnx")
    return np.concatenate([network.probabilities(images[i : i + 1000]) for i in range(0, len(images), 1000)])
