import itertools
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import keras
import numpy as np
import pytest

from digits.errors import UserError
from digits.image_format import to_input
from digits.learning import training
from digits.learning.config import Recipe
from digits.learning.training import STATE, batches, train

ROOT = Path(__file__).resolve().parents[2]
RECIPE = Recipe(epochs=3, batch_size=8, learning_rate=1e-3, seed=7)
Arrays = dict[str, np.ndarray]


def small() -> keras.Model:
    """Has everything that a resumed run must restore: moments, running statistics, random dropout."""
    pixels = keras.Input((28, 28, 1))
    x = keras.layers.Conv2D(4, 3, strides=2)(pixels)
    x = keras.layers.BatchNormalization()(x)
    x = keras.layers.Dropout(0.3)(keras.layers.Flatten()(x))
    return keras.Model(pixels, keras.layers.Dense(10, activation="softmax")(x))


def train_small(arrays: Arrays, folder: Path, recipe: Recipe = RECIPE, resume: bool = False) -> tuple:
    data = arrays["x_train"], arrays["y_train"]
    return train("small", small, data, (arrays["x_test"], arrays["y_test"]), recipe, folder, "digest", resume)


def test_each_epoch_shows_every_image_once_in_its_own_order(arrays: Arrays) -> None:
    numbers = np.arange(60, dtype=np.uint8)

    def shown(first_epoch: int) -> list[int]:
        eight = itertools.islice(batches(arrays["x_train"], numbers, RECIPE, first_epoch), 8)
        return np.concatenate([labels for _, labels in eight]).tolist()

    assert sorted(shown(0)) == sorted(shown(1)) == list(range(60))
    assert shown(0) != shown(1)


def test_batches_are_distorted_anew_in_each_epoch_and_the_same_when_resumed(arrays: Arrays) -> None:
    def image_0(first_epoch: int, skipped: int) -> np.ndarray:
        numbers = np.arange(60, dtype=np.uint8)
        epoch = itertools.islice(batches(arrays["x_train"], numbers, RECIPE, first_epoch), skipped, skipped + 8)
        return next(given[labels == 0][0] for given, labels in epoch if 0 in labels)

    assert image_0(0, 0).shape == (28, 28, 1)
    assert image_0(0, 0).dtype == np.float32
    assert not np.array_equal(image_0(0, 0), to_input(arrays["x_train"][:1])[0])
    assert not np.array_equal(image_0(0, 0), image_0(1, 0))
    assert np.array_equal(image_0(0, 8), image_0(1, 0))


def test_training_learns_and_the_seed_decides_everything(arrays: Arrays, tmp_path: Path) -> None:
    model, history, seconds = train_small(arrays, tmp_path / "a")
    again, history_again, _ = train_small(arrays, tmp_path / "b")
    assert history == history_again
    for first, second in zip(model.get_weights(), again.get_weights(), strict=True):
        assert np.array_equal(first, second)
    assert sorted(history) == ["accuracy", "loss", "val_accuracy", "val_loss"]
    assert all(len(values) == 3 for values in history.values())
    assert history["loss"][-1] < history["loss"][0]
    assert seconds > 0
    other, *_ = train_small(arrays, tmp_path / "c", Recipe(3, 8, 1e-3, seed=8))
    assert not np.array_equal(model.get_weights()[0], other.get_weights()[0])


def test_a_killed_run_goes_on_as_if_nothing_had_happened(arrays: Arrays, npz: Path, tmp_path: Path) -> None:
    """kill -9 in the second epoch, resume, and compare bit for bit with a run that was left alone."""
    code = f"""
import sys, time
sys.path[:0] = [{str(ROOT)!r}, {str(ROOT / "tests" / "learning")!r}, {str(ROOT / "tests")!r}]
import numpy as np, test_training, digits.learning.training as training
from pathlib import Path
quick = training.batches
def slow(*arguments, **options):
    for index, batch in enumerate(quick(*arguments, **options)):
        time.sleep(0.3 if index > 10 else 0)
        yield batch
training.batches = slow
arrays = dict(np.load({str(npz)!r}))
test_training.train_small(arrays, Path({str(tmp_path / "killed")!r}))
"""
    process = subprocess.Popen([sys.executable, "-c", code], env=os.environ | {"CUDA_VISIBLE_DEVICES": "-1"})
    state = tmp_path / "killed" / STATE
    deadline = time.monotonic() + 120
    while not state.exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert len(json.loads(state.read_text())["history"]["loss"]) == 1

    resumed, resumed_history, _ = train_small(arrays, tmp_path / "killed", resume=True)
    whole, history, _ = train_small(arrays, tmp_path / "whole")
    assert resumed_history == history
    for first, second in zip(resumed.get_weights(), whole.get_weights(), strict=True):
        assert np.array_equal(first, second)


def test_a_finished_run_is_resumed_without_training(arrays: Arrays, tmp_path: Path) -> None:
    model, history, seconds = train_small(arrays, tmp_path)
    again, *same = train_small(arrays, tmp_path, resume=True)
    assert same == [history, seconds]
    assert np.array_equal(model.get_weights()[0], again.get_weights()[0])


def test_another_recipe_is_not_gone_on_with(arrays: Arrays, tmp_path: Path) -> None:
    train_small(arrays, tmp_path, Recipe(1, 8, 1e-3, 7))
    with pytest.raises(UserError, match="made with another recipe; give the same options again"):
        train_small(arrays, tmp_path, resume=True)


@pytest.mark.parametrize("damage", ["state", "weights", "no weights"])
def test_a_damaged_state_is_one_line(damage: str, arrays: Arrays, tmp_path: Path) -> None:
    recipe = Recipe(1, 8, 1e-3, 7)
    train_small(arrays, tmp_path, recipe)
    file = tmp_path / STATE if damage == "state" else next(tmp_path.glob("epoch-*.npz"))
    file.write_bytes(file.read_bytes()[:100])
    if damage == "no weights":
        file.unlink()
    with pytest.raises(UserError, match=r"is damaged .* start anew without --resume") as caught:
        train_small(arrays, tmp_path, recipe, resume=True)
    assert "\n" not in str(caught.value)


class Weights(keras.callbacks.Callback):
    """Notes the weights after every step."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[np.ndarray] = []

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        self.seen.append(self.model.trainable_variables[0].numpy().copy())


def test_the_running_mean_of_the_weights_is_kept(
    arrays: Arrays, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    noted = Weights()
    fit = keras.Model.fit
    monkeypatch.setattr(
        keras.Model, "fit", lambda self, *a, callbacks, **k: fit(self, *a, callbacks=[*callbacks, noted], **k)
    )
    recipe = Recipe(epochs=1, batch_size=8, learning_rate=1e-2, average=0.8)
    model, _, _ = train_small(arrays, tmp_path, recipe)
    mean = noted.seen[0]
    for weights in noted.seen[1:]:
        mean = 0.8 * mean + 0.2 * weights
    kept = model.trainable_variables[0].numpy()
    assert np.allclose(kept, mean, atol=1e-6)
    assert not np.allclose(kept, noted.seen[-1], atol=1e-4)


def test_one_cycle_rises_for_a_tenth_of_the_steps_and_falls_to_nothing() -> None:
    recipe = Recipe(learning_rate=0.01, schedule="one cycle")
    rates = [float(training._schedule(recipe, 100)(step)) for step in range(101)]
    assert rates[0] == 0
    assert np.argmax(rates) == 10
    assert rates[10] == pytest.approx(0.01)
    assert rates[55] == pytest.approx(0.005)
    assert rates[100] == pytest.approx(0, abs=1e-6)
    assert training._schedule(Recipe(), 100) == Recipe().learning_rate


def test_a_part_of_the_images_is_drawn_anew(arrays: Arrays, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "redraw", lambda images, labels, rng: np.zeros_like(images))
    for part, least, most in ((0.0, 0, 0), (0.5, 15, 45), (1.0, 60, 60)):
        recipe = Recipe(batch_size=60, redrawn=part)
        images, _ = next(batches(arrays["x_train"], arrays["y_train"], recipe, 0))
        assert least <= sum(not image.any() for image in images) <= most


def test_statistics_are_the_means_over_the_batches_shown() -> None:
    pixels = keras.Input((28, 28, 1))
    model = keras.Model(pixels, keras.layers.BatchNormalization(momentum=0.9)(pixels))
    rng = np.random.default_rng(0)
    shown = [(rng.normal(3, 2, (8, 28, 28, 1)).astype(np.float32), np.zeros(8, np.uint8)) for _ in range(5)]
    fresh = training.FreshStatistics(lambda: shown)
    fresh.set_model(model)
    fresh.on_test_begin()
    layer = model.layers[-1]
    assert layer.momentum == 0.9
    assert layer.moving_mean.numpy() == pytest.approx(np.mean([images.mean() for images, _ in shown]), rel=1e-4)
    assert layer.moving_variance.numpy() == pytest.approx(np.mean([images.var() for images, _ in shown]), rel=1e-3)
