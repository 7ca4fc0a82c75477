"""The line network as files: they belong together, and its card says how many lines it reads."""

import hashlib
import json
from pathlib import Path

import cv2
import keras
import msgspec
import numpy as np
import pytest

from digits.learning import architecture, dataset, export, line_card
from digits.learning.config import Lines, Recipe
from digits.learning.line_card import LineCard
from digits.learning.statistics import wilson
from digits.learning.training import Trained
from digits.line_image import HEIGHT, OUTPUTS, STRIDE
from digits.publishing import Staged
from tests.writers import FILES, people

RECIPE = Recipe(epochs=2, lines=Lines(per_epoch=20))
HISTORY = {"loss": [9.0, 8.0], "accuracy": [0.1, 0.2], "val_loss": [9.5, 8.5], "val_accuracy": [0.2, 0.97]}


@pytest.fixture(scope="module")
def staged(npz: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Staged, LineCard, keras.Model]:
    keras.utils.set_random_seed(0)
    pixels = keras.Input((HEIGHT, None, 1), name="pixels")
    answers = keras.layers.Conv2D(OUTPUTS, (HEIGHT, STRIDE), strides=(HEIGHT, STRIDE), name="answers")(pixels)
    model = keras.Model(pixels, answers, name="LineNet")
    made = Staged(tmp_path_factory.mktemp("staged"))
    trained = Trained(model, HISTORY, 12.345)
    data = dataset.load(npz, {})
    return made, line_card.stage("LineNet", trained, data, people(), RECIPE, "bfloat16", made), model


def test_the_network_its_twin_and_its_card_are_staged(staged: tuple[Staged, LineCard, keras.Model]) -> None:
    made, card, _ = staged
    assert {str(file) for file in made.files} == {f"models/LineNet.{suffix}" for suffix in ("keras", "onnx", "json")}
    models = made.folder / "models"
    assert json.loads((models / "LineNet.json").read_text(encoding="utf-8")) == card
    assert msgspec.convert(card, LineCard) == card
    assert set(card["files"]) == {"LineNet.keras", "LineNet.onnx"}
    for name, digest in card["files"].items():
        assert hashlib.sha256((models / name).read_bytes()).hexdigest() == digest


def test_the_card_says_what_was_done(staged: tuple[Staged, LineCard, keras.Model], npz: Path) -> None:
    _, card, model = staged
    assert card["model"] == "LineNet"
    assert card["recipe"] == RECIPE.identity()
    assert card["recipe"]["lines"]["per_epoch"] == 20
    assert card["handwriting"] == FILES
    assert card["data_digest"] == dataset.load(npz, {}).digest
    assert (card["parameters"], card["architecture"]) == tuple(architecture.identity(model).values())
    assert (card["seconds"], card["history"], card["versions"]["precision"]) == (12.3, HISTORY, "bfloat16")


@pytest.mark.parametrize(
    ("accuracy", "misses"), [(0.97, 60), (1.0, 0), (0.0, 2000), (float(np.float32(1883 / 2000)), 117)]
)
def test_lines_that_are_not_read_are_counted(
    accuracy: float, misses: int, npz: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last epoch's, whose weights are saved; with their interval."""
    monkeypatch.setattr(export, "save_keras", lambda _, path: path.write_bytes(b""))
    monkeypatch.setattr(export, "save_onnx", lambda _, path: path.write_bytes(b""))
    pixels = keras.Input((HEIGHT, None, 1))
    history = {**HISTORY, "val_accuracy": [0.5, accuracy]}
    trained = Trained(keras.Model(pixels, keras.layers.Conv2D(1, 1)(pixels)), history, 1.0)
    card = line_card.stage("LineNet", trained, dataset.load(npz, {}), people(), RECIPE, "float32", Staged(tmp_path))
    low, high = wilson(2000 - misses, 2000)
    share = (2000 - misses) / 2000
    assert card["validation"] == {
        "n": 2000,
        "misses": misses,
        "accuracy": pytest.approx(share),
        "low": low,
        "high": high,
    }
    assert low <= share <= high


def test_what_is_saved_is_the_network(staged: tuple[Staged, LineCard, keras.Model]) -> None:
    made, _, model = staged
    given = np.random.default_rng(0).random((2, HEIGHT, 48, 1), np.float32)
    expected = model.predict(given, verbose=0)
    loaded = keras.saving.load_model(made.folder / "models" / "LineNet.keras")
    assert loaded.predict(given, verbose=0) == pytest.approx(expected, abs=1e-5)
    twin = cv2.dnn.readNetFromONNX(str(made.folder / "models" / "LineNet.onnx"))
    twin.setInput(given)
    assert twin.forward() == pytest.approx(expected, abs=1e-4)
