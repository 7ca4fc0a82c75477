import contextlib
import errno
import io
import itertools
import json
import os
import shutil
import signal
import struct
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from numpy.typing import NDArray

from digits.errors import UserError
from digits.image_format import to_input
from digits.learning import training
from digits.learning.checkpoint import read_variables
from digits.learning.config import Recipe, Restyle, Written
from digits.learning.execution import TrainingModel
from digits.learning.fused import FusedAdam
from digits.learning.handwriting import Handwriting
from digits.learning.precision import Precision
from digits.learning.training import STATE, Batch, Progress, Trained, executions, train
from tests.writers import KNOWN, people

ROOT = Path(__file__).resolve().parents[2]
RECIPE = Recipe(epochs=3, batch_size=8, learning_rate=1e-3, seed=7, execution=16)
ONE_EPOCH = replace(RECIPE, epochs=1, seed=8)
Arrays = dict[str, NDArray[np.uint8]]

pytestmark = pytest.mark.xdist_group("training")  # two trained networks are shared


def small() -> keras.Model:
    """Has everything that a resumed run must restore: moments, running statistics, random dropout."""
    pixels = keras.Input((28, 28, 1))
    x = keras.layers.Conv2D(4, 3, strides=2)(pixels)
    x = keras.layers.BatchNormalization()(x)
    x = keras.layers.Dropout(0.3)(keras.layers.Flatten()(x))
    return keras.Model(pixels, keras.layers.Dense(10, activation="softmax")(x))


def train_small(
    arrays: Arrays,
    folder: Path,
    recipe: Recipe = RECIPE,
    resume: bool = False,
    digest: str = "digest",
    build: Callable[[], keras.Model] = small,
    callbacks: tuple[keras.callbacks.Callback, ...] = (),
) -> Trained:
    data, validation = (arrays["x_train"], arrays["y_train"]), (arrays["x_test"], arrays["y_test"])
    return train("small", build, data, validation, recipe, folder, digest, resume, callbacks=callbacks)


@pytest.fixture(scope="module")
def whole_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("whole")


@pytest.fixture(scope="module")
def whole_and_printed(arrays: Arrays, whole_folder: Path) -> tuple[Trained, str]:
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        trained = train_small(arrays, whole_folder)
    return trained, printed.getvalue()


@pytest.fixture(scope="module")
def whole(whole_and_printed: tuple[Trained, str]) -> Trained:
    """A run of three epochs that nothing interrupted; its state is in `whole_folder`."""
    return whole_and_printed[0]


@pytest.fixture(scope="module")
def one_epoch_folder(arrays: Arrays, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The state of a finished run of one epoch, from another seed."""
    folder = tmp_path_factory.mktemp("one epoch")
    train_small(arrays, folder, ONE_EPOCH)
    return folder


@pytest.fixture
def one_epoch(one_epoch_folder: Path, tmp_path: Path) -> Path:
    """A copy of it for one test."""
    return Path(shutil.copytree(one_epoch_folder, tmp_path / "one epoch"))


def assert_equal_weights(first: keras.Model, second: keras.Model) -> None:
    for one, other in zip(first.get_weights(), second.get_weights(), strict=True):
        assert np.array_equal(one, other)


# -- what is shown ----------------------------------------------------------------------------


def test_each_epoch_shows_every_image_once_in_its_own_order(arrays: Arrays) -> None:
    numbers = np.arange(60, dtype=np.uint8)

    def shown(first_epoch: int) -> list[int]:
        epoch = itertools.islice(executions(arrays["x_train"], numbers, RECIPE, first_epoch), 4)
        return [int(label) for _, labels in epoch for label in labels]

    assert sorted(shown(0)) == sorted(shown(1)) == list(range(60))
    assert shown(0) != shown(1)


def test_images_are_distorted_differently_in_each_epoch_and_the_same_when_resumed(arrays: Arrays) -> None:
    def image_0(first_epoch: int, skipped: int) -> NDArray[np.float32]:
        endless = executions(arrays["x_train"], np.arange(60, dtype=np.uint8), RECIPE, first_epoch)
        epoch = itertools.islice(endless, skipped, skipped + 4)
        return next(images[labels == 0][0] for images, labels in epoch if 0 in labels)

    assert image_0(0, 0).shape == (28, 28, 1)
    assert image_0(0, 0).dtype == np.float32
    assert not np.array_equal(image_0(0, 0), to_input(arrays["x_train"][:1])[0])
    assert not np.array_equal(image_0(0, 0), image_0(1, 0))
    assert np.array_equal(image_0(0, 4), image_0(1, 0))


@pytest.mark.parametrize(
    ("batch_size", "sizes"), [(8, [16, 16, 16, 12]), (9, [9] * 6 + [6]), (100, [60]), (30, [30] * 2)]
)
def test_an_execution_has_whole_batches_and_shows_the_same_images_whatever_its_size(
    batch_size: int, sizes: list[int], arrays: Arrays
) -> None:
    data, recipe = (arrays["x_train"], arrays["y_train"]), replace(RECIPE, batch_size=batch_size)
    whole, labels = next(executions(*data, replace(recipe, execution=640), 3))
    parts = list(itertools.islice(executions(*data, replace(recipe, execution=17), 3), len(sizes)))
    assert [len(images) for images, _ in parts] == sizes
    assert np.array_equal(np.concatenate([images for images, _ in parts]), whole)
    assert np.array_equal(np.concatenate([some for _, some in parts]), labels)


def test_a_share_of_the_images_is_restyled_and_the_others_are_distorted(arrays: Arrays) -> None:
    def shown(share: float) -> NDArray[np.float32]:
        recipe = Recipe(batch_size=60, restyle=Restyle(share=share))
        images, _ = next(executions(arrays["x_train"], arrays["y_train"], recipe, 0))
        return images

    distorted = shown(0.0)
    for share, least, most in ((0.0, 0, 0), (0.5, 15, 45), (1.0, 60, 60)):
        restyled = sum(not np.array_equal(*pair) for pair in zip(shown(share), distorted, strict=True))
        assert least <= restyled <= most


def shown(arrays: Arrays, recipe: Recipe, n: int = 4, skipped: int = 0, first_epoch: int = 0) -> list[Batch]:
    """Executions with handwriting of which there are 7s only."""
    sevens = people(KNOWN, "7")
    endless = executions(arrays["x_train"], arrays["y_train"], recipe, first_epoch, handwriting=sevens)
    return list(itertools.islice(endless, skipped, skipped + n))


def same(first: list[Batch], second: list[Batch]) -> bool:
    return all(
        np.array_equal(one, other) for pair in zip(first, second, strict=True) for one, other in zip(*pair, strict=True)
    )


def test_without_a_share_of_handwriting_everything_stays_as_it_was(arrays: Arrays) -> None:
    """To the bit, whether there is any or not."""
    without = list(itertools.islice(executions(arrays["x_train"], arrays["y_train"], RECIPE, 0), 5))
    assert same(shown(arrays, RECIPE, 5), without)
    assert same(shown(arrays, replace(RECIPE, written=Written(share=0.0, bend=0.5)), 5), without)


def test_a_share_of_the_images_is_handwriting_with_its_labels(arrays: Arrays) -> None:
    """Signs, which are no digits, are not among it."""
    for share, least, most in ((0.2, 4, 22), (1.0, 54, 54)):
        recipe = replace(RECIPE, execution=640, written=Written(share=share))
        labels = shown(arrays, recipe, 1)[0][1]
        assert (labels < 10).all() and labels.dtype == np.uint8
        before = shown(arrays, replace(recipe, written=Written()), 1)[0][1]
        assert least <= (labels != before).sum() <= most
        assert set(labels[labels != before].tolist()) == {7}


def test_handwriting_is_the_same_when_resumed_and_another_in_each_epoch(arrays: Arrays) -> None:
    recipe = replace(RECIPE, written=Written(share=0.5))
    assert same(shown(arrays, recipe, 4, skipped=4), shown(arrays, recipe, 4, first_epoch=1))
    assert not same(shown(arrays, recipe, 4), shown(arrays, recipe, 4, first_epoch=1))


def test_handwriting_does_not_depend_on_the_size_of_an_execution(arrays: Arrays) -> None:
    recipe = replace(RECIPE, written=Written(share=0.5))
    ((whole, labels),) = shown(arrays, replace(recipe, execution=640), 1)
    parts = shown(arrays, recipe, 4)
    assert np.array_equal(np.concatenate([images for images, _ in parts]), whole)
    assert np.array_equal(np.concatenate([some for _, some in parts]), labels)


# -- training and resuming --------------------------------------------------------------------


def test_training_learns(whole: Trained) -> None:
    assert sorted(whole.history) == ["accuracy", "loss", "val_accuracy", "val_loss"]
    assert all(len(values) == 3 for values in whole.history.values())
    assert whole.history["loss"][-1] < whole.history["loss"][0]
    assert whole.seconds > 0


def test_training_prints_nothing(whole_and_printed: tuple[Trained, str]) -> None:
    assert whole_and_printed[1] == ""


def test_the_seed_decides_everything(whole: Trained, one_epoch: Path, arrays: Arrays, tmp_path: Path) -> None:
    again = train_small(arrays, tmp_path)
    assert again.history == whole.history
    assert_equal_weights(again.model, whole.model)
    other = train_small(arrays, one_epoch, ONE_EPOCH, resume=True)
    assert other.history["loss"][0] != whole.history["loss"][0]
    assert not np.array_equal(other.model.get_weights()[0], whole.model.get_weights()[0])


def test_a_killed_run_continues_as_if_nothing_had_happened(
    whole: Trained, arrays: Arrays, npz: Path, tmp_path: Path
) -> None:
    """kill -9 in the second epoch, resume, and compare bit for bit with a run that was left alone."""
    code = f"""
import sys, time
sys.path.insert(0, {str(ROOT)!r})
from pathlib import Path
import numpy as np
import digits.learning.training as training
from tests.learning.test_training import train_small
quick = training.executions
def slow(*arguments, **options):
    for index, shown in enumerate(quick(*arguments, **options)):
        time.sleep(0.3 if index > 5 else 0)
        yield shown
training.executions = slow
arrays = dict(np.load({str(npz)!r}))
train_small(arrays, Path({str(tmp_path / "killed")!r}))
"""
    process = subprocess.Popen([sys.executable, "-c", code], env=os.environ | {"CUDA_VISIBLE_DEVICES": "-1"})
    state = tmp_path / "killed" / STATE
    deadline = time.monotonic() + 120
    while not state.exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert len(json.loads(state.read_text())["history"]["loss"]) == 1

    resumed = train_small(arrays, tmp_path / "killed", resume=True)
    assert resumed.history == whole.history
    assert_equal_weights(resumed.model, whole.model)


def test_a_finished_run_is_resumed_without_training(
    whole: Trained, whole_folder: Path, arrays: Arrays, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keras.Model, "fit", None)
    again = train_small(arrays, whole_folder, resume=True)
    assert (again.history, again.seconds) == (whole.history, whole.seconds)
    assert_equal_weights(again.model, whole.model)


def wider() -> keras.Model:
    pixels = keras.Input((28, 28, 1))
    return keras.Model(pixels, keras.layers.Dense(10, activation="softmax")(keras.layers.Flatten()(pixels)))


def more_dropout() -> keras.Model:
    """Of as many parameters as `small`."""
    pixels = keras.Input((28, 28, 1))
    x = keras.layers.Conv2D(4, 3, strides=2)(pixels)
    x = keras.layers.BatchNormalization()(x)
    x = keras.layers.Dropout(0.4)(keras.layers.Flatten()(x))
    return keras.Model(pixels, keras.layers.Dense(10, activation="softmax")(x))


def larger_weights() -> keras.Model:
    """`small`, with weights that its layers' settings do not tell."""
    model = small()
    model.set_weights([2 * weights for weights in model.get_weights()])
    return model


@pytest.mark.parametrize(
    ("build", "epochs", "digest", "said"),
    [
        (small, 2, "digest", "different recipe"),
        (small, 1, "other", "different data"),
        (wider, 1, "digest", "different parameters, architecture and initial weights"),
        (more_dropout, 1, "digest", "different architecture"),
        (small, 2, "other", "different recipe and data"),
        (larger_weights, 1, "digest", "different initial weights"),
    ],
)
def test_a_run_of_another_kind_is_not_resumed(
    build: Callable[[], keras.Model], epochs: int, digest: str, said: str, one_epoch: Path, arrays: Arrays
) -> None:
    with pytest.raises(UserError, match=rf"was made with a {said}; repeat the original options") as caught:
        train_small(arrays, one_epoch, replace(ONE_EPOCH, epochs=epochs), True, digest, build)
    assert "\n" not in str(caught.value)


def test_a_run_with_another_split_is_not_resumed(one_epoch: Path, arrays: Arrays) -> None:
    data = arrays["x_train"], arrays["y_train"]
    fewer = arrays["x_test"][:-1], arrays["y_test"][:-1]
    with pytest.raises(UserError, match="was made with a different split"):
        train("small", small, data, fewer, ONE_EPOCH, one_epoch, "digest", resume=True)


def test_a_run_with_other_handwriting_is_not_resumed(arrays: Arrays, tmp_path: Path) -> None:
    """Where it takes part; otherwise no state says anything of it."""
    data = arrays["x_train"], arrays["y_train"]
    recipe = replace(ONE_EPOCH, written=Written(share=0.5))
    arguments = "small", small, data, data
    other = Handwriting(people().characters, {"people.json": "6" * 64})
    train(*arguments, recipe, tmp_path / "written", "digest", handwriting=people())
    train(*arguments, recipe, tmp_path / "written", "digest", resume=True, handwriting=people())
    with pytest.raises(UserError, match="was made with a different handwriting; repeat"):
        train(*arguments, recipe, tmp_path / "written", "digest", resume=True, handwriting=other)
    train(*arguments, ONE_EPOCH, tmp_path / "plain", "digest", handwriting=people())
    assert "handwriting" not in json.loads((tmp_path / "plain" / STATE).read_text())["identity"]
    train(*arguments, ONE_EPOCH, tmp_path / "plain", "digest", resume=True)


def test_a_recipe_that_asks_for_handwriting_is_not_trained_without(arrays: Arrays, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"^small learns from handwriting: name it with --handwriting FILE …$"):
        train_small(arrays, tmp_path / "state", replace(RECIPE, written=Written(share=0.1)))
    assert not (tmp_path / "state").exists()


def test_a_run_in_another_precision_is_not_resumed(one_epoch: Path, arrays: Arrays) -> None:
    data = arrays["x_train"], arrays["y_train"]
    validation = arrays["x_test"], arrays["y_test"]
    with pytest.raises(UserError, match="was made with a different precision"):
        train("small", small, data, validation, ONE_EPOCH, one_epoch, "digest", resume=True, precision="bfloat16")


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_what_is_trained_is_a_plain_network(precision: Precision, arrays: Arrays, tmp_path: Path) -> None:
    """Its weights are float32, its layers Keras's own, and it gives what was validated while it was trained."""
    data, validation = (arrays["x_train"], arrays["y_train"]), (arrays["x_test"], arrays["y_test"])
    trained = train("small", small, data, validation, ONE_EPOCH, tmp_path, "digest", precision=precision)
    assert {type(layer).__module__.partition(".")[0] for layer in trained.model.layers} == {"keras"}
    assert {layer.compute_dtype for layer in trained.model.layers} == {"float32"}
    assert {weights.dtype for weights in trained.model.get_weights()} == {np.dtype("float32")}
    answers = trained.model.predict(to_input(validation[0]), verbose=0)
    loss = -np.log(answers[np.arange(20), validation[1]]).mean()
    assert loss == pytest.approx(trained.history["val_loss"][-1], rel=1e-4 if precision == "float32" else 0.03)


def test_a_run_with_another_optimiser_is_not_resumed(
    one_epoch: Path, arrays: Arrays, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "FusedAdam", partial(FusedAdam, beta_1=0.5))
    with pytest.raises(UserError, match="was made with a different optimizer"):
        train_small(arrays, one_epoch, ONE_EPOCH, resume=True)


@pytest.mark.parametrize(
    "damage",
    ["state", "weights", "no weights", "a pipe of weights", "too many weights", "a list", "no identity", "no history"],
)
def test_a_damaged_state_is_one_line(damage: str, arrays: Arrays, one_epoch: Path) -> None:
    state = one_epoch / STATE
    file = next(one_epoch.glob("epoch-*.npz")) if "weights" in damage else state
    if damage == "no weights":
        file.unlink()
    elif damage == "a pipe of weights":
        file.unlink()
        os.mkfifo(file)
    elif damage == "too many weights":
        np.savez_compressed(file, np.zeros(100_000_000, np.uint8), allow_pickle=False)
    elif damage == "no history":
        content = json.loads(file.read_text())
        file.write_text(json.dumps({**content, "history": []}))
    else:
        texts = {"a list": b"[]", "no identity": b"{}"}
        file.write_bytes(texts.get(damage, file.read_bytes()[:100]))
    with pytest.raises(UserError, match=r"is damaged .* start over without --resume") as caught:
        train_small(arrays, one_epoch, ONE_EPOCH, resume=True)
    assert "\n" not in str(caught.value)


def npy(header: str) -> bytes:
    text = header.encode() + b"\n"
    return b"\x93NUMPY\1\0" + struct.pack("<H", len(text)) + text


def saved(array: NDArray[Any]) -> bytes:
    file = io.BytesIO()
    np.save(file, array, allow_pickle=True)
    return file.getvalue()


#: What may stand in place of the first of a network's variables, of shape (3, 3, 1, 4).
FIRST: dict[str, bytes] = {
    "10^30 values": npy(f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({10**30},), }}"),
    "-1 values": npy("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }"),
    "open parentheses": npy("{'descr': '<f4', 'fortran_order': False, 'shape': (((, }"),
    "a string that does not end": npy("{'descr': '<f4"),
    "no type": npy("{'descr': 'zzzz', 'fortran_order': False, 'shape': (3, 3, 1, 4), }"),
    "deep nesting": npy("(" * 30_000),
    "nothing": b"",
    "nothing after the header": saved(np.zeros((3, 3, 1, 4), np.float32))[:128],
    "another type": saved(np.zeros((3, 3, 1, 4), np.float64)),
    "another shape": saved(np.zeros((3, 3, 4), np.float32)),
    "objects": saved(np.array([{}])),
    "NaN": saved(np.full((3, 3, 1, 4), np.nan, np.float32)),
    "infinity": saved(np.full((3, 3, 1, 4), np.inf, np.float32)),
}


def variables(folder: Path) -> tuple[Path, dict[str, bytes]]:
    """The file of a state's variables and its members."""
    path = next(folder.glob("epoch-*.npz"))
    with zipfile.ZipFile(path) as archive:
        return path, {name: archive.read(name) for name in archive.namelist()}


def write_zip(path: Path, members: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> None:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def assert_damaged(folder: Path, arrays: Arrays) -> None:
    began = time.monotonic()
    with pytest.raises(UserError, match=r"is damaged .* start over without --resume") as caught:
        train_small(arrays, folder, ONE_EPOCH, resume=True)
    assert "\n" not in str(caught.value)
    assert time.monotonic() - began < 10


@pytest.mark.parametrize("case", FIRST)
def test_a_variable_of_another_kind_is_one_line(case: str, arrays: Arrays, one_epoch: Path) -> None:
    path, members = variables(one_epoch)
    write_zip(path, {**members, "arr_0.npy": FIRST[case]})
    assert_damaged(one_epoch, arrays)


@pytest.mark.parametrize("method", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_variables_that_are_packed_in_another_way_are_one_line(method: int, arrays: Arrays, one_epoch: Path) -> None:
    write_zip(*variables(one_epoch), method)
    assert_damaged(one_epoch, arrays)


@pytest.mark.parametrize("change", [{"history": {}}, {"history": {"loss": [1.0]}}, {"variables": "../epoch-1.npz"}])
def test_a_state_that_contradicts_itself_is_one_line(change: dict[str, Any], arrays: Arrays, one_epoch: Path) -> None:
    state = json.loads((one_epoch / STATE).read_text())
    (one_epoch / STATE).write_text(json.dumps(state | change))
    assert_damaged(one_epoch, arrays)


def test_variables_in_which_bytes_have_changed_are_read_or_refused(one_epoch: Path) -> None:
    path, members = variables(one_epoch)
    shown = [np.load(io.BytesIO(content)) for content in members.values()]
    expected = [(array.dtype, array.shape) for array in shown]
    for read, array in zip(read_variables(path, expected), shown, strict=True):
        assert np.array_equal(read, array)
    whole, rng, refused = path.read_bytes(), np.random.default_rng(0), 0
    for number in range(60):
        content = bytearray(whole)
        # anywhere, in the headers of the first member, and in the list of all of them
        for at in rng.integers(*((0, len(whole)), (0, 200), (len(whole) - 600, len(whole)))[number % 3], 3):
            content[at] = rng.integers(256)
        path.write_bytes(content[: rng.integers(len(whole))] if number % 10 == 9 else content)
        try:
            read_variables(path, expected)
        except ValueError:
            refused += 1
    assert refused > 40


# -- what a recipe asks for -------------------------------------------------------------------


class Weights(keras.callbacks.Callback):
    """Notes the weights after every execution."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[NDArray[np.float32]] = []

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        self.seen.append(self.model.trainable_variables[0].numpy().copy())


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_loss_that_is_no_number_ends_the_run_at_once(value: float, arrays: Arrays, tmp_path: Path) -> None:
    def spoilt() -> keras.Model:
        model = small()
        model.layers[-1].set_weights([np.full_like(weights, value) for weights in model.layers[-1].get_weights()])
        return model

    message = r"small: loss became (nan|inf) in epoch 1 at learning rate 0.001; choose a lower one .*nothing published"
    with pytest.raises(UserError, match=message):
        train_small(arrays, tmp_path, build=spoilt)
    assert not list(tmp_path.iterdir())


def test_a_learning_rate_that_is_far_too_large_ends_the_run(arrays: Arrays, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="at learning rate 1e\\+30; choose a lower one with --learning-rate"):
        train_small(arrays, tmp_path, replace(RECIPE, learning_rate=1e30))


def test_a_state_that_cannot_be_written_is_one_line(arrays: Arrays, tmp_path: Path) -> None:
    """And what is printed elsewhere is not blamed on it."""
    (tmp_path / "folder").write_text("a file")
    with pytest.raises(UserError, match=r"cannot write to .*folder .*; nothing published has changed; free some space"):
        train_small(arrays, tmp_path / "folder")

    class Full(keras.callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OSError, match="No space left on device"):
        train_small(arrays, tmp_path / "state", callbacks=(Full(),))


@pytest.mark.parametrize("steps", [1, 3])
def test_the_running_mean_of_the_weights_is_kept(steps: int, arrays: Arrays, tmp_path: Path) -> None:
    """As if all steps of an execution had ended where the last one did; the last execution may have fewer."""
    noted = Weights()
    recipe = Recipe(epochs=1, batch_size=8, learning_rate=1e-2, average=0.8, execution=8 * steps)
    model = train_small(arrays, tmp_path, recipe, callbacks=(noted,)).model
    assert len(noted.seen) == -(-8 // steps)
    mean = noted.seen[0]
    for weights, taken in zip(noted.seen[1:], [*[steps] * (8 // steps - 1), 8 % steps], strict=False):
        mean = 0.8**taken * mean + (1 - 0.8**taken) * weights
    kept = model.trainable_variables[0].numpy()
    assert np.allclose(kept, mean, atol=1e-6)
    assert not np.allclose(kept, noted.seen[-1], atol=1e-4)


@pytest.mark.parametrize(("schedule", "steps"), [("one cycle", 100), ("constant", 100), ("one cycle", 2)])
def test_one_cycle_rises_for_a_tenth_of_the_steps_and_falls_to_nothing(
    schedule: str, steps: int, arrays: Arrays, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fitted: list[keras.Model] = []
    monkeypatch.setattr(keras.Model, "fit", lambda model, *_, **__: fitted.append(model))
    recipe = Recipe(epochs=steps // 2, batch_size=30, learning_rate=0.01, schedule=schedule)
    train_small(arrays, tmp_path, recipe)
    optimizer = fitted[0].optimizer
    rates = []
    for step in range(steps + 1):
        optimizer.iterations.assign(step)
        rates.append(float(optimizer.learning_rate))
    if schedule == "constant":
        assert rates == pytest.approx([0.01] * (steps + 1))
    else:
        assert rates[0] == 0
        assert np.argmax(rates) == max(1, steps // 10)
        assert max(rates) == pytest.approx(0.01)
        assert rates[steps] == pytest.approx(0, abs=1e-6)
        if steps == 100:
            assert rates[5] == pytest.approx(0.005)
            assert rates[55] == pytest.approx(0.005)


def test_statistics_are_the_means_over_the_batches_shown() -> None:
    pixels = keras.Input((28, 28, 1))
    normalised = keras.layers.BatchNormalization(momentum=0.9)(pixels)
    network = keras.Model(pixels, keras.layers.Dense(10)(keras.layers.Flatten()(normalised)))
    model = TrainingModel.of(network, 8, "float32")
    rng = np.random.default_rng(0)
    images = [rng.normal(3, 2, (size, 28, 28, 1)).astype(np.float32) for size in (8, 8, 4, 8, 8)]
    shown = [(np.concatenate(images[:3]), np.zeros(20, np.uint8)), (np.concatenate(images[3:]), np.zeros(16, np.uint8))]
    fresh = training.FreshStatistics(lambda: shown)
    fresh.set_model(model)
    fresh.on_test_begin()
    layer = model.layers[1]
    assert layer.momentum == 0.9
    assert layer.moving_mean.numpy() == pytest.approx(np.mean([batch.mean() for batch in images]), rel=1e-4)
    assert layer.moving_variance.numpy() == pytest.approx(np.mean([batch.var() for batch in images]), rel=1e-3)


# -- progress ---------------------------------------------------------------------------------


def follow_a_run(progress: Progress, steps: int, first_epoch: int = 0, epochs: int = 2) -> None:
    """Let the progress follow a run without training anything."""
    metrics = {"loss": 0.5, "accuracy": 0.875, "val_loss": 0.25, "val_accuracy": 0.9}
    progress.set_params({"epochs": epochs, "steps": steps})
    progress.on_train_begin()
    for epoch in range(first_epoch, epochs):
        progress.on_epoch_begin(epoch)
        for step in range(steps):
            progress.on_train_batch_begin(step)
            progress.on_train_batch_end(step, metrics)
        progress.on_epoch_end(epoch, metrics)


FAULTS = """
import resource, sys, tempfile
from dataclasses import replace
from pathlib import Path
import numpy as np
from digits.learning.config import Recipe
from digits.learning.start import start_keras
start_keras()
import keras
from digits.learning.training import train

def build():
    pixels = keras.Input((28, 28, 1))
    x = keras.layers.Conv2D(16, 3, activation="relu")(pixels)
    x = keras.layers.GlobalAveragePooling2D()(keras.layers.Conv2D(16, 3)(x))
    return keras.Model(pixels, keras.layers.Dense(10, activation="softmax")(x))

class Faults(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt, flush=True)

images, labels = np.zeros((1280, 28, 28), np.uint8), np.zeros(1280, np.uint8)
recipe = Recipe(epochs=6, batch_size=64, execution=64, average=0.0)
with tempfile.TemporaryDirectory() as folder:
    train("ANN", build, (images, labels), (images[:8], labels[:8]), recipe, Path(folder), "", callbacks=[Faults()])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="counts as Linux does")
def test_a_step_takes_the_memory_that_the_last_one_has_freed() -> None:
    done = subprocess.run([sys.executable, "-c", FAULTS], cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    counts = [int(line) for line in done.stdout.split()]
    by_epoch = [(after - before) / 20 for before, after in itertools.pairwise(counts)]  # the heap may grow in some
    assert min(by_epoch) < 1000  # pages that the system had to clear in a step; 6,000 are used


def test_progress_is_a_line_per_epoch_where_there_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    follow_a_run(Progress("ANN", bar=False), steps=40)
    first, estimate, *epochs = capsys.readouterr().out.splitlines()
    assert first == "ANN: training, epoch 1 to 2"
    assert estimate.startswith("ANN: about ")
    assert "for 2 epochs" in estimate
    assert len(epochs) == 2
    for number, line in enumerate(epochs, start=1):
        assert line.startswith(f"ANN: epoch {number}/2, ")
        assert line.endswith("loss 0.5000, accuracy 87.50%, validation loss 0.2500, accuracy 90.00%")


def test_progress_of_a_resumed_run_counts_what_is_left(capsys: pytest.CaptureFixture[str]) -> None:
    follow_a_run(Progress("ANN", bar=False), steps=40, first_epoch=3, epochs=5)
    out = capsys.readouterr().out
    assert out.startswith("ANN: training, epoch 4 to 5\n")
    assert "for 2 epochs" in out
    assert "ANN: epoch 5/5" in out


def test_a_run_of_few_steps_has_no_estimate(capsys: pytest.CaptureFixture[str]) -> None:
    follow_a_run(Progress("ANN", bar=False), steps=8)
    assert "about" not in capsys.readouterr().out


def test_progress_on_a_terminal_is_kerass_bar(capsys: pytest.CaptureFixture[str]) -> None:
    follow_a_run(Progress("ANN", bar=True), steps=40)
    out = capsys.readouterr().out
    assert "40/40" in out
    assert "ANN: epoch 1/2" not in out
