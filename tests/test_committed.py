"""What is committed belongs together: models, cards, results and the README's table."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmarks import pen_digits
from digits.files import sha256
from digits.image_format import to_input
from digits.learning import export, report
from digits.learning.augmentation import AMOUNTS
from digits.learning.config import MNIST_RECIPE
from digits.networks import MODELS
from digits.crop import STROKE_WIDTH
from digits.reading.rejection import CONFIDENCE

ROOT = Path(__file__).resolve().parent.parent
RESULTS = json.loads((ROOT / "plots" / "results.json").read_text(encoding="utf-8"))


def test_results_are_of_all_networks_on_mnist_at_the_missions_recipe() -> None:
    assert RESULTS["dataset"] == "MNIST"
    assert tuple(RESULTS["models"]) == MODELS
    for card in RESULTS["models"].values():
        recipe = {"optimizer": "Adam", "epochs": 5, "batch_size": 32, "learning_rate": 1e-5, "seed": 0}
        assert card["recipe"] == recipe | {"distortion": AMOUNTS}
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
    measured = json.loads((ROOT / "plots" / "pen_digits.json").read_text(encoding="utf-8"))
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert pen_digits.with_summary(readme, measured) == readme
    assert (ROOT / "plots" / "pen_digits.md").read_text(encoding="utf-8") == pen_digits.as_markdown(measured)
    assert measured["digits"] == 7494
    assert (measured["stroke_width"], measured["confidence"]) == (STROKE_WIDTH, CONFIDENCE)
    for name, digest in measured["models"].items():
        assert sha256(ROOT / "models" / f"{name}.onnx") == digest


@pytest.mark.parametrize("name", MODELS)
def test_the_committed_twins_give_the_same_answers(name: str, arrays: dict[str, np.ndarray]) -> None:
    given = to_input(arrays["x_train"])
    expected = export.load_model(ROOT / "models" / f"{name}.keras").predict(given, verbose=0)
    network = cv2.dnn.readNetFromONNX(str(ROOT / "models" / f"{name}.onnx"))
    network.setInput(given)
    assert network.forward() == pytest.approx(expected, abs=5e-3)


@pytest.mark.parametrize("name", ["ANN", "CNN"])
def test_the_onnx_twin_has_the_cards_misses_on_mnist(name: str, mnist: Path) -> None:
    with np.load(mnist) as archive:
        images, labels = archive["x_test"], archive["y_test"]
    network = cv2.dnn.readNetFromONNX(str(ROOT / "models" / f"{name}.onnx"))
    misses = 0
    for start in range(0, len(images), 1000):
        network.setInput(to_input(images[start : start + 1000]))
        misses += int((network.forward().argmax(axis=1) != labels[start : start + 1000]).sum())
    assert misses == pytest.approx(RESULTS["models"][name]["scores"]["test"]["misses"], abs=1)
