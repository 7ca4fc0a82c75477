"""The line network's training: what its loss asks for, what it is shown, and that it learns and can be resumed."""

import itertools
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from numpy.typing import NDArray

from digits.errors import UserError
from digits.learning import dataset, line_training
from digits.learning.augmentation.lines import Hands
from digits.learning.config import Lines, Recipe
from digits.learning.dataset import Dataset
from digits.learning.handwriting import Handwriting
from digits.learning.line_training import LineTrainingModel, line_executions, train_lines, validation_lines
from digits.learning.training import Trained
from digits.line_image import BLANK, HEIGHT, OUTPUTS, STRIDE, SYMBOLS
from tests.writers import FILES, KNOWN, LEFT_OUT, people

Characters = list[tuple[int, float, float, float]]  #: label, middle, left, right
RECIPE = Recipe(
    epochs=2, batch_size=8, learning_rate=1e-2, average=0.0, execution=8, lines=Lines(per_epoch=20, lengths=(1, 2))
)


def small() -> keras.Model:
    """Has everything that a resumed run must restore: moments, running statistics, random dropout."""
    pixels = keras.Input((HEIGHT, None, 1))
    x = keras.layers.Conv2D(8, (HEIGHT, STRIDE), strides=(HEIGHT, STRIDE), name="columns")(pixels)
    x = keras.layers.ReLU()(keras.layers.BatchNormalization()(x))
    x = keras.layers.Dropout(0.2)(keras.layers.Conv2D(8, (1, 3), padding="same")(x))
    return keras.Model(pixels, keras.layers.Conv2D(OUTPUTS, 1, name="answers")(x), name="small")


@pytest.fixture(scope="module")
def data(npz: Path) -> Dataset:
    return dataset.load(npz, {})


@pytest.fixture(autouse=True)
def few_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line_training, "VALIDATION", 100)


def train_small(
    data: Dataset,
    folder: Path,
    recipe: Recipe = RECIPE,
    resume: bool = False,
    handwriting: Handwriting | None = None,
    callbacks: tuple[keras.callbacks.Callback, ...] = (),
) -> Trained:
    return train_lines("small", small, data, handwriting or people(), recipe, folder, resume, callbacks)


# -- the loss -------------------------------------------------------------------------------------

COLUMNS = 30
ONE_LINE: Characters = [(4, 26, 18, 34), (4, 50, 42, 58), (10, 78, 62, 94)]


def labelled(*lines: Characters) -> NDArray[np.float32]:
    """As `make_lines` gives it."""
    labels = np.full((len(lines), 5, 4), -1, np.float32)
    for row, line in zip(labels, lines, strict=True):
        row[: len(line)] = line
    return labels


def answer(line: Characters, shift: int = 0, reach: float = 0.0) -> NDArray[np.float32]:
    """The right answers for a line, shape (1, columns, 14).

    Args:
        line: the truth.
        shift: columns by which symbols are seen too far to the right.
        reach: what is said of it too much, in units of the height.
    """
    answers = np.zeros((1, COLUMNS, OUTPUTS), np.float32)
    answers[0, :, BLANK] = 20
    for label, middle, left, right in line:
        column = int(middle / STRIDE)
        for near in (column - 1, column, column + 1):
            x = STRIDE * (near + 0.5)
            answers[0, near, SYMBOLS:] = (x - left) / HEIGHT + reach, (right - x) / HEIGHT + reach
        answers[0, column + shift, [label, BLANK]] = 20, 0
    return answers


def loss(labels: NDArray[np.float32], *answers: NDArray[np.float32], weights: tuple[float, float] = (1, 1)) -> Any:
    """The sums of losses and of lines read rightly; weights are those of middles and edges."""
    model = LineTrainingModel.of(small(), 8, "float32")
    model.weights_of_losses = weights
    total, right = model.sums(labels, np.stack(answers))
    return float(total), float(right)


def test_the_right_answers_cost_nothing() -> None:
    assert loss(labelled(ONE_LINE), answer(ONE_LINE)) == (pytest.approx(0, abs=1e-3), 1)


def test_the_sequence_alone_leaves_open_where_a_digit_is_seen() -> None:
    shifted = answer(ONE_LINE, shift=1)
    assert loss(labelled(ONE_LINE), shifted, weights=(0, 0)) == (pytest.approx(0, abs=1e-3), 1)


def test_a_digit_that_is_not_seen_in_its_middle_costs() -> None:
    shifted = answer(ONE_LINE, shift=1)
    assert loss(labelled(ONE_LINE), shifted, weights=(1, 0)) == (pytest.approx(3 * 20, rel=0.01), 1)
    assert loss(labelled(ONE_LINE), shifted, weights=(0.5, 0)) == (pytest.approx(3 * 10, rel=0.01), 1)


@pytest.mark.parametrize("wrong", [-0.25, 0.1, 0.5])
def test_a_wrong_reach_costs_by_how_much_it_is_wrong(wrong: float) -> None:
    """On both sides of three characters, in the three columns around the middle of each."""
    said = answer(ONE_LINE, reach=wrong)
    assert loss(labelled(ONE_LINE), said, weights=(0, 1)) == (pytest.approx(18 * abs(wrong), abs=1e-3), 1)
    assert loss(labelled(ONE_LINE), said, weights=(0, 0.5)) == (pytest.approx(9 * abs(wrong), abs=1e-3), 1)
    assert loss(labelled(ONE_LINE), said, weights=(1, 0)) == (pytest.approx(0, abs=1e-3), 1)


def test_the_reach_is_that_of_each_side() -> None:
    wider = [(label, middle, left - 8, right) for label, middle, left, right in ONE_LINE]
    assert loss(labelled(ONE_LINE), answer(wider), weights=(0, 1))[0] == pytest.approx(9 * 8 / HEIGHT, abs=1e-3)
    elsewhere = answer(ONE_LINE)
    elsewhere[0, 0, SYMBOLS:] = 7  # where there is no character, nothing is asked for
    assert loss(labelled(ONE_LINE), elsewhere)[0] == pytest.approx(0, abs=1e-3)


@pytest.mark.parametrize(
    "read",
    [
        [(7, 26, 18, 34), *ONE_LINE[1:]],
        ONE_LINE[:2],
        ONE_LINE[1:],
        [*ONE_LINE, (0, 106, 98, 112)],
        [ONE_LINE[0], (4, 30, 22, 38), *ONE_LINE[2:]],
    ],
    ids=["another digit", "one too few", "another one too few", "one too many", "twice the same without a blank"],
)
def test_a_line_that_is_read_wrongly_costs_and_does_not_count(read: Characters) -> None:
    total, right = loss(labelled(ONE_LINE), answer(read), weights=(0, 0))
    assert (total > 10, right) == (True, 0)


def test_the_sums_are_over_lines_of_any_number_of_characters() -> None:
    five: Characters = [(n, 16 + 20.0 * n, 10 + 20.0 * n, 22 + 20.0 * n) for n in range(5)]
    lines = [ONE_LINE, ONE_LINE[:1], [(9, 60.0, 50.0, 70.0)], five]
    whole = [answer(line) for line in lines]
    assert loss(labelled(*lines), *whole) == (pytest.approx(0, abs=1e-3), 4)
    wrong = answer([(3, 60, 50, 70)])
    total, right = loss(labelled(*lines), *whole[:2], wrong, whole[3])
    assert right == 3
    assert total == pytest.approx(loss(labelled(lines[2]), wrong)[0], rel=1e-4)


def test_every_output_gets_a_gradient() -> None:
    import tensorflow as tf

    model = LineTrainingModel.of(small(), 8, "float32")
    answers = tf.Variable(np.random.default_rng(0).normal(size=(1, 1, COLUMNS, OUTPUTS)).astype(np.float32))
    with tf.GradientTape() as tape:
        total, _ = model.sums(labelled(ONE_LINE), answers)
    gradient = tape.gradient(total, answers).numpy()
    assert np.isfinite(gradient).all()
    assert (np.abs(gradient).max(axis=(0, 1, 2)) > 0).all()
    assert (np.abs(gradient[0, 0, :, :SYMBOLS]).max(axis=1) > 0).all()


# -- what is shown --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def hands(data: Dataset) -> Hands:
    return Hands.of(people(KNOWN), *data.splits()["train"])


def taken(hands: Hands, first_epoch: int, n: int, skipped: int = 0, recipe: Recipe = RECIPE) -> list[Any]:
    return list(itertools.islice(line_executions(hands, recipe, first_epoch), skipped, skipped + n))


def test_an_epoch_has_as_many_lines_as_said(hands: Hands) -> None:
    shown = taken(hands, 0, 6)
    assert [len(lines) for lines, _ in shown] == [len(labels) for _, labels in shown] == [8, 8, 4] * 2
    for lines, labels in shown:
        assert (lines.dtype, labels.dtype) == (np.float32, np.float32)
        assert lines.shape[1:] == (HEIGHT, lines.shape[2], 1) and lines.shape[2] % STRIDE == 0
        assert lines.min() == 0 and 0.8 < lines.max() <= 1
        assert (labels[..., 1] < lines.shape[2] - STRIDE).all()


def test_a_resumed_run_sees_what_an_uninterrupted_one_would_have_seen(hands: Hands) -> None:
    for (lines, labels), (again, same) in zip(taken(hands, 0, 5, skipped=3), taken(hands, 1, 5), strict=True):
        assert np.array_equal(lines, again) and np.array_equal(labels, same)


def test_epochs_and_seeds_differ(hands: Hands) -> None:
    labels = [
        np.concatenate([labels for _, labels in taken(hands, epoch, 3, recipe=replace(RECIPE, seed=seed))])
        for epoch, seed in ((0, 0), (1, 0), (0, 1))
    ]
    assert not any(np.array_equal(one, other) for one, other in itertools.combinations(labels, 2))


def test_neighbours_of_an_epoch_are_never_of_one_width(hands: Hands) -> None:
    """Else Keras would take the width for fixed, and have the graph made again for each further one."""
    recipe = replace(RECIPE, lines=Lines(per_epoch=480, lengths=(1,)))  # often of one width
    widths = [lines.shape[2] for lines, _ in taken(hands, 0, 60, recipe=recipe)]
    assert all(one != other for one, other in itertools.pairwise(widths))
    assert len(set(widths)) < 15


def test_validation_lines_are_by_others_and_of_other_images(data: Dataset) -> None:
    """Those that are left out write 3s only, and validation images show 5s only."""
    labels = np.where(np.arange(len(data.y_train)) >= len(data.splits()["train"][1]), 5, 8).astype(np.uint8)
    known, left_out = people(KNOWN, "7", signs=""), people(LEFT_OUT, "3", signs="")
    handwriting = Handwriting((*known.characters, *left_out.characters), FILES)
    recipe = replace(RECIPE, lines=Lines(signs=0))
    lines, characters = validation_lines(handwriting, replace(data, y_train=labels), recipe)
    assert len(lines) == len(characters) == 100
    assert set(characters[..., 0].ravel().tolist()) == {-1, 3, 5}
    again = validation_lines(handwriting, replace(data, y_train=labels), replace(recipe, seed=1, batch_size=5))
    assert np.array_equal(lines, again[0]) and np.array_equal(characters, again[1])


def test_validation_lines_of_several_widths_are_padded(data: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line_training, "VALIDATION", 300)
    lines, characters = validation_lines(people(), data, replace(RECIPE, lines=Lines(lengths=(1, 7))))
    assert len(lines) == len(characters) == 300 and characters.shape[1:] == (7, 4)
    reach = characters[..., 3].max(axis=1)
    assert all(not line[:, int(right) + 40 :].any() or right < 1 for line, right in zip(lines, reach, strict=True))


# -- training and resuming ------------------------------------------------------------------------


class Stop(keras.callbacks.Callback):
    """Ends a run as Ctrl-C does, after its first epoch."""

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        raise KeyboardInterrupt


class Steps(keras.callbacks.Callback):
    """Counts what is executed."""

    def __init__(self) -> None:
        super().__init__()
        self.n = 0

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        self.n += 1


@pytest.fixture(scope="module")
def whole(data: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Trained, Path]]:
    """A run that nothing interrupted, and the state that it leaves."""
    folder = tmp_path_factory.mktemp("whole")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(line_training, "VALIDATION", 100)
        yield train_small(data, folder), folder


def test_a_line_network_learns(data: Dataset, tmp_path: Path) -> None:
    recipe = replace(RECIPE, epochs=4, lines=Lines(per_epoch=64, lengths=(1,), signs=0))
    trained = train_small(data, tmp_path, recipe)
    assert sorted(trained.history) == ["accuracy", "loss", "val_accuracy", "val_loss"]
    assert trained.history["loss"][-1] < 0.7 * trained.history["loss"][0]
    assert trained.history["val_loss"][-1] < trained.history["val_loss"][0]
    assert {type(layer).__module__.partition(".")[0] for layer in trained.model.layers} == {"keras"}


def test_accuracy_counts_lines_of_the_trained_network(whole: tuple[Trained, Path], data: Dataset) -> None:
    """As it answers them itself, in one batch."""
    trained, _ = whole
    model = LineTrainingModel.of(trained.model, 8, "float32")
    model.weights_of_losses = (Lines.middle, Lines.edges)
    lines, characters = validation_lines(people(), data, RECIPE)
    total, right = model.sums(characters, trained.model.predict(lines, verbose=0))
    assert float(total) / 100 == pytest.approx(trained.history["val_loss"][-1], rel=1e-3)
    assert float(right) / 100 == pytest.approx(trained.history["val_accuracy"][-1], abs=1e-6)


def test_a_stopped_run_continues_as_if_nothing_had_happened(
    whole: tuple[Trained, Path], data: Dataset, tmp_path: Path
) -> None:
    with pytest.raises(KeyboardInterrupt):
        train_small(data, tmp_path, callbacks=(Stop(),))
    resumed = train_small(data, tmp_path, resume=True)
    assert resumed.history == whole[0].history
    for one, other in zip(resumed.model.get_weights(), whole[0].model.get_weights(), strict=True):
        assert np.array_equal(one, other)


@pytest.mark.parametrize(
    ("recipe", "handwriting", "said"),
    [
        (replace(RECIPE, lines=Lines(per_epoch=21, lengths=(1, 2))), None, "recipe and split"),
        (replace(RECIPE, lines=Lines(per_epoch=20, lengths=(1, 2), edges=0.4)), None, "recipe"),
        (RECIPE, replace(people(), files={"people.json": "6" * 64}), "handwriting"),
    ],
)
def test_a_run_of_another_kind_is_not_resumed(
    recipe: Recipe, handwriting: Handwriting | None, said: str, whole: tuple[Trained, Path], data: Dataset
) -> None:
    with pytest.raises(UserError, match=f"was made with a different {said}; repeat the original options"):
        train_small(data, whole[1], recipe, resume=True, handwriting=handwriting)


@pytest.mark.parametrize(("batch_size", "steps"), [(8, 3), (5, 4), (64, 1)])
def test_every_line_is_shown_whatever_the_batch_size(
    batch_size: int, steps: int, data: Dataset, tmp_path: Path
) -> None:
    """An execution is a batch: batches differ in width, and the recipe's executions are of a larger size."""
    counted = Steps()
    recipe = replace(RECIPE, epochs=1, batch_size=batch_size, execution=64)
    train_small(data, tmp_path, recipe, callbacks=(counted,))
    assert counted.n == steps


def test_weights_may_be_averaged(data: Dataset, tmp_path: Path) -> None:
    """With statistics of the mean weights, from lines that no epoch showed."""
    kept = train_small(data, tmp_path / "mean", replace(RECIPE, average=0.9, statistics_batches=2))
    last = train_small(data, tmp_path / "last")
    for one, other in zip(kept.model.get_weights(), last.model.get_weights(), strict=True):
        assert np.isfinite(one).all() and not np.array_equal(one, other)
