"""A recipe is everything that decides a training run: each of its values has an effect, and there is none elsewhere."""

import ast
import itertools
import json
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from numpy.typing import NDArray

from digits import crop, line_image
from digits.errors import UserError
from digits.learning import augmentation, config, dataset, line_training, training
from digits.learning.augmentation import restyle, write_some
from digits.learning.augmentation.affine import distort
from digits.learning.augmentation.lines import Hands, make_lines
from digits.learning.augmentation.restyle import STYLES
from digits.learning.config import (
    MNIST,
    MNIST_RECIPE,
    UCI,
    UCI_RECIPE,
    Affine,
    Lines,
    Recipe,
    Restyle,
    Written,
    recipe_for,
)
from digits.learning.line_training import train_lines
from digits.learning.training import train
from digits.networks import LINE, MODELS
from digits.study import cell
from digits.study.cell import Cell, Result, Task
from digits.study.preprocessing import CORRUPTIONS
from tests.writers import people

Arrays = dict[str, NDArray[np.uint8]]
ROOT = Path(__file__).resolve().parents[2]
PEOPLE = people()

#: Restyles most images, distorts the others, and puts handwriting into the places of many, so that every value has
#: something to act on; small enough for tests.
BASE = Recipe(
    epochs=2,
    batch_size=8,
    learning_rate=1e-3,
    average=0.9,
    execution=16,
    statistics_batches=3,
    restyle=Restyle(share=0.8),
    written=Written(share=0.3),
)

#: The same for the line network.
LINES = replace(
    BASE,
    lines=Lines(per_epoch=40, lengths=(2, 4), strangers=0.4, signs=0.8, clutter=0.6, broken=0.5),
)

#: Changed values of those fields for which a larger number or a different word would make no sense.
OTHER: dict[str, Any] = {
    "schedule": "one cycle",
    "average": 0.5,
    "execution": 32,
    "share": 0.5,
    "max_width": 2.0,
    "ink": 150,
    "short_stem": 1.0,
    "min_pen": 0.05,
    "lines": Lines(),
    "lengths": (1, 3),
    "room": 0.7,
    "widest": 0.8,
    "tight_gap": 0.1,
}


def leaves(part: Any = BASE, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The way to every value of a recipe through its nested parts."""
    for field in fields(part):
        value = getattr(part, field.name)
        if is_dataclass(value):
            yield from leaves(value, (*path, field.name))
        else:
            yield (*path, field.name)


LEAVES = {".".join(path): path for path in leaves()}
every_value = pytest.mark.parametrize("path", LEAVES.values(), ids=LEAVES)
LINE_LEAVES = {".".join(path): path for path in leaves(LINES)}
every_value_of_lines = pytest.mark.parametrize("path", LINE_LEAVES.values(), ids=LINE_LEAVES)


def changed(part: Any, path: tuple[str, ...]) -> Any:
    """The same with one value changed."""
    name, *rest = path
    value = getattr(part, name)
    if rest:
        return replace(part, **{name: changed(value, tuple(rest))})
    if name in OTHER:
        return replace(part, **{name: OTHER[name]})
    if type(value) not in (int, float):
        raise TypeError(f"say in OTHER what {name} may be changed to")
    step = 1 if isinstance(value, int) else 0.5 if value < 0.5 else -0.5
    return replace(part, **{name: value + step})


# -- the identity -----------------------------------------------------------------------------


@every_value
def test_every_value_is_in_the_identity(path: tuple[str, ...]) -> None:
    other = changed(BASE, path).identity()
    assert other != BASE.identity()
    assert json.loads(json.dumps(other)) == other


@every_value_of_lines
def test_every_value_of_the_line_networks_recipe_is_in_the_identity(path: tuple[str, ...]) -> None:
    other = changed(LINES, path).identity()
    assert other != LINES.identity()
    assert json.loads(json.dumps(other)) == other


@pytest.mark.parametrize("name", ["INK_HEIGHT", "PEN", "MARGIN", "FINER", "FLATTEST"])
def test_what_a_line_is_belongs_to_the_line_networks_identity_alone(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = LINES.identity(), BASE.identity()
    monkeypatch.setattr(line_image, name, getattr(line_image, name) + 1)
    assert (LINES.identity() == before[0], BASE.identity() == before[1]) == (False, True)


def test_handwriting_is_in_the_identity_only_where_it_takes_part() -> None:
    """Networks and cells of the time before it stay what they are, whatever it is."""
    assert not {"written", "lines", "line"} & Recipe().identity().keys()
    assert Recipe(written=Written(bend=0.5)).identity() == Recipe().identity()
    assert Recipe(written=Written(share=0.1)).identity().keys() == Recipe().identity().keys() | {"written"}
    assert Recipe(lines=Lines()).identity().keys() == Recipe().identity().keys() | {"written", "lines", "line"}
    asking = [recipe.needs_handwriting for recipe in (Recipe(), BASE, LINES, Recipe(lines=Lines()))]
    assert asking == [False, True, True, True]


@pytest.mark.parametrize("name", [*MODELS, LINE])
def test_no_card_is_invalid(name: str) -> None:
    """What was trained without handwriting is what its recipe gives, but for handwriting that it may ask for now."""
    path = ROOT / "models" / f"{name}.json"
    if path.exists():  # a further network has none before it is trained
        made = json.loads(path.read_text(encoding="utf-8"))["recipe"]
        recipe = recipe_for(name, MNIST)
        assert made in (recipe.identity(), replace(recipe, written=Written()).identity())


def test_an_execution_of_the_usual_size_is_not_in_the_identity() -> None:
    """Networks and cells of the time before there was one stay what they are."""
    assert "execution" not in Recipe().identity() and "execution" in BASE.identity()


def result_of(task: Task) -> Result:
    """As a cell's file holds it, of no image."""
    return {
        "identity": task.identity(),
        "dataset": "MNIST",
        "validation": {"n": 1, "misses": 0},
        "n": 0,
        "test": {name: {"index": [], "read": ""} for name in CORRUPTIONS},
        "seconds": 0.0,
        "versions": {"python": "", "tensorflow": "", "keras": "", "numpy": "", "platform": "", "cores": 1},
    }


TASK = Task(Cell("ANN", "unit", 0), BASE, "digest", 0.2, {"parameters": 1, "architecture": "abc"})


@every_value
def test_a_result_of_another_recipe_is_not_this_tasks(path: tuple[str, ...]) -> None:
    other = replace(TASK, recipe=changed(BASE, path))
    assert cell.fits(result_of(TASK), TASK)
    assert cell.fits(result_of(TASK), other) == (path == ("seed",))  # the cell's own seed is used


@pytest.mark.parametrize(
    "other",
    [
        replace(TASK, cell=Cell("ANN", "unit", 1)),
        replace(TASK, cell=Cell("ANN", "otsu", 0)),
        replace(TASK, cell=Cell("CNN", "unit", 0)),
        replace(TASK, data_digest="another"),
        replace(TASK, validation_fraction=0.25),
        replace(TASK, network={"parameters": 2, "architecture": "abc"}),
        replace(TASK, network={"parameters": 1, "architecture": "abd"}),
    ],
    ids=["seed", "variant", "network", "data", "split", "parameters", "architecture"],
)
def test_a_result_of_another_cell_data_or_network_is_not_this_tasks(other: Task) -> None:
    assert not cell.fits(result_of(TASK), other)


def test_a_result_without_a_new_corruption_is_not_this_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    result = result_of(TASK)
    assert cell.fits(result, TASK)
    monkeypatch.setitem(CORRUPTIONS, "upside-down", CORRUPTIONS["clean"])
    assert not cell.fits(result, TASK)


# -- resuming ---------------------------------------------------------------------------------


def tiny() -> keras.Model:
    pixels = keras.Input((28, 28, 1), name="pixels")
    x = keras.layers.Flatten(name="flatten")(pixels)
    return keras.Model(pixels, keras.layers.Dense(10, activation="softmax", name="predictions")(x), name="tiny")


def tiny_line_network() -> keras.Model:
    height, stride, outputs = line_image.HEIGHT, line_image.STRIDE, line_image.OUTPUTS
    pixels = keras.Input((height, None, 1), name="pixels")
    answers = keras.layers.Conv2D(outputs, (height, stride), strides=(height, stride), name="answers")(pixels)
    return keras.Model(pixels, answers, name="tiny")


class Stop(keras.callbacks.Callback):
    """Ends a run as Ctrl-C does, after its first epoch."""

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        raise KeyboardInterrupt


@pytest.fixture(scope="module")
def interrupted(arrays: Arrays, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The state of a run of which one epoch of two is done. Nothing may change it: a refused run does not."""
    folder = tmp_path_factory.mktemp("interrupted")
    data = arrays["x_train"], arrays["y_train"]
    with pytest.raises(KeyboardInterrupt):
        train("tiny", tiny, data, data, BASE, folder, "digest", callbacks=[Stop()], handwriting=PEOPLE)
    return folder


@every_value
def test_a_run_with_another_recipe_is_not_resumed(path: tuple[str, ...], interrupted: Path, arrays: Arrays) -> None:
    data = arrays["x_train"], arrays["y_train"]
    before = {file: file.read_bytes() for file in interrupted.iterdir()}
    with pytest.raises(UserError, match="was made with a different recipe"):
        train("tiny", tiny, data, data, changed(BASE, path), interrupted, "digest", resume=True, handwriting=PEOPLE)
    assert {file: file.read_bytes() for file in interrupted.iterdir()} == before


# -- every value is used ----------------------------------------------------------------------

#: What a value decides, where it is not what the training batches are: the key in `decided`; None for the version of
#: the code, which is a name for what no value says.
DECIDES = {
    "epochs": "epochs",
    "learning_rate": "learning rates",
    "schedule": "learning rates",
    "average": "averaging",
    "statistics_batches": "batches for the statistics",
    "execution": "steps of an execution",
    "version": None,
    "lines": None,  # what a network of single digits does not learn from
}

#: The same for the line network, which knows no images but those that lines are put together of.
DECIDES_LINES = {
    **DECIDES,
    **dict.fromkeys(name for name in LINE_LEAVES if name.startswith(("affine.", "restyle."))),
    **dict.fromkeys(f"written.{name}" for name in ("share", "shear", "min_pen", "max_pen", "min_width", "max_width")),
    "execution": None,  # is always a batch
    "lines.edges": "losses",
    "lines.middle": "losses",
}


@pytest.fixture(scope="module")
def decided(arrays: Arrays, npz: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[Recipe], dict[str, Any]]:
    """What a recipe decides, as shown by a training run that is started and takes no step."""
    data, folder = (arrays["x_train"], arrays["y_train"]), tmp_path_factory.mktemp("begun")
    of_lines = dataset.load(npz, {})
    given: dict[str, Any] = {}

    class Counted(keras.callbacks.Callback):
        """Stands in for `FreshStatistics`."""

        def __init__(self, shown: Callable[[], Any]):
            super().__init__()
            given["statistics"] = sum(len(labels) for _, labels in shown())

    def no_step(model: keras.Model, endless: Iterator[Any], **options: Any) -> None:
        given.update(options, batches=endless, optimizer=model.optimizer)
        given["losses"] = getattr(model, "weights_of_losses", None)

    def begin(recipe: Recipe) -> dict[str, Any]:
        given.clear()
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(training, "FreshStatistics", Counted)
            patched.setattr(keras.Model, "fit", no_step)
            if recipe.lines and recipe.lines != OTHER["lines"]:
                patched.setattr(line_training, "VALIDATION", 100)
                train_lines("tiny", tiny_line_network, of_lines, PEOPLE, recipe, folder)
            else:
                train("tiny", tiny, data, data, recipe, folder, "digest", handwriting=PEOPLE)
        optimizer = given["optimizer"]
        rates = []
        for step in range(10):
            optimizer.iterations.assign(step)
            rates.append(float(optimizer.learning_rate))
        shown, labels = zip(*itertools.islice(given["batches"], given["steps_per_epoch"]), strict=True)
        return {
            "epochs": given["epochs"],
            "learning rates": rates,
            "averaging": (optimizer.use_ema, optimizer.ema_momentum),
            "batches for the statistics": given["statistics"],
            "batches": [b"".join(map(np.ndarray.tobytes, values)) for values in (shown, labels)],
            "steps of an execution": [len(images) for images in shown],
            "losses": given["losses"],
        }

    return begin


@pytest.fixture(scope="module")
def unchanged(decided: Callable[[Recipe], dict[str, Any]]) -> dict[str, Any]:
    return decided(BASE)


@every_value
def test_every_value_decides_something(
    path: tuple[str, ...], decided: Callable[[Recipe], dict[str, Any]], unchanged: dict[str, Any]
) -> None:
    what = DECIDES.get(".".join(path), "batches")
    after = decided(changed(BASE, path))
    different = {key for key in unchanged if unchanged[key] != after[key]}
    assert different >= ({what} if what else set())
    if what != "batches":
        assert different <= {what}  # else it is in the wrong row of the table, or the run is not repeatable


@pytest.fixture(scope="module")
def unchanged_lines(decided: Callable[[Recipe], dict[str, Any]]) -> dict[str, Any]:
    return decided(LINES)


@every_value_of_lines
def test_every_value_decides_something_of_the_line_networks_training(
    path: tuple[str, ...], decided: Callable[[Recipe], dict[str, Any]], unchanged_lines: dict[str, Any]
) -> None:
    what = DECIDES_LINES.get(".".join(path), "batches")
    after = decided(changed(LINES, path))
    different = {key for key in unchanged_lines if unchanged_lines[key] != after[key]}
    assert different >= ({what} if what else set())
    if what != "batches":
        assert different <= {what}


def test_the_seed_decides_the_initial_weights(arrays: Arrays, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keras.Model, "fit", lambda *_, **__: None)
    data = arrays["x_train"], arrays["y_train"]

    def first_weights(seed: int) -> NDArray[np.float32]:
        recipe = replace(BASE, seed=seed)
        model = train("tiny", tiny, data, data, recipe, tmp_path, "digest", handwriting=PEOPLE).model
        weights: NDArray[np.float32] = model.get_weights()[0]
        return weights

    assert np.array_equal(first_weights(0), first_weights(0))
    assert not np.array_equal(first_weights(0), first_weights(1))


def numbers(tree: ast.Module) -> list[str]:
    """Names that a module gives to a number, or to a collection in which there are numbers."""

    def holds_number(node: ast.AST) -> bool:
        if isinstance(node, ast.Constant):
            return isinstance(node.value, int | float | complex)
        if isinstance(node, ast.Dict):  # the keys of a table by digit do not count
            return any(map(holds_number, node.values))
        return any(map(holds_number, ast.iter_child_nodes(node)))

    found = []
    for node in tree.body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value and holds_number(node.value):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found += [ast.unparse(target) for target in targets]
    return found


@pytest.mark.parametrize("name", ["WORK", "INK", "MARGIN"])
def test_the_crops_numbers_are_in_the_identity(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Restyled images are cropped by the function that crops what is drawn."""
    before = BASE.identity()
    monkeypatch.setattr(crop, name, getattr(crop, name) + 1)
    assert BASE.identity() != before


def test_the_crop_has_no_further_number() -> None:
    """STROKE_WIDTH is what recognition asks for; a recipe has a range of its own."""
    found = numbers(ast.parse(Path(crop.__file__).read_text(encoding="utf-8")))
    assert found == ["STROKE_WIDTH", "WORK", "INK", "MARGIN", "THINNEST"]


CODE = [Path(training.__file__), Path(line_training.__file__), *sorted(Path(augmentation.__file__).parent.glob("*.py"))]


#: Numbers that the version stands for, together with those within functions: how handwriting is drawn and put together.
OF_THE_VERSION = {
    "strokes.py": ["SHIFT"],
    "lines.py": ["PATCH", "BANDS", "REACH", "MIDDLES", "EQUALS", "SCRIBBLES"],
    "line_training.py": ["VALIDATION", "VALIDATION_SEED"],  # these decide what is measured, not what is learned
}


@pytest.mark.parametrize("file", CODE, ids=lambda file: file.name)
def test_training_has_no_number_of_its_own(file: Path) -> None:
    found = numbers(ast.parse(file.read_text(encoding="utf-8")))
    assert found == OF_THE_VERSION.get(file.name, []), (
        f"{', '.join(found)} in {file.name} would decide a run without being in its recipe"
    )


def test_a_number_of_its_own_would_be_found() -> None:
    code = """
A = 0.3
B: float = -1
C = {"flag": 0.5}
D = np.array((1, 2)) * 2
E = F = [Point(x=1)]
NAME = "state.json"
STYLES = {1: one, 4: four}
KINDS = (int, float)
"""
    assert numbers(ast.parse(code)) == ["A", "B", "C", "D", "E", "F"]


# -- the version ------------------------------------------------------------------------------

#: Mean brightness of the four quarters of the drawn digits, augmented; also of those whose strokes are changed.
RECORDED = {
    "distorted": [27.862, 36.471, 46.946, 53.743],
    "restyled": [20.605, 26.905, 22.024, 26.639],
    "restyled as 1s": [14.536, 25.364, 16.288, 21.328],
    "restyled as 4s": [13.324, 23.597, 20.334, 31.988],
    "restyled as 7s": [14.495, 25.578, 20.69, 23.997],
    "losses": [2.2896, 2.3322, 2.1125, 2.1621, 2.1319, 2.1178],
    "restyled as 9s": [21.047, 26.382, 29.348, 36.733],
    "written": [13.433, 15.441, 13.187, 18.884],
    "lines": [17.654, 59.394, 4.54, 25.81, 20.975, 30.646],
}


def losses(arrays: Arrays, folder: Path) -> list[float]:
    """Of a tiny network, in training and validation by epoch: they depend on all that training does."""
    data, validation = (arrays["x_train"], arrays["y_train"]), (arrays["x_test"], arrays["y_test"])
    pixels = keras.Input((28, 28, 1), name="pixels")
    x = keras.layers.Flatten(name="flatten")(pixels)
    x = keras.layers.Dense(16, use_bias=False, kernel_initializer="ones", name="dense")(x)
    x = keras.layers.BatchNormalization(momentum=0.9, name="norm")(x + 0.1 * keras.ops.arange(16, dtype="float32"))
    x = keras.layers.Dense(10, kernel_initializer="zeros", activation="softmax", name="predictions")(x)
    recipe = replace(BASE, epochs=3, learning_rate=0.03, written=Written())  # far enough for a difference to show
    trained = train("tiny", lambda: keras.Model(pixels, x), data, validation, recipe, folder, "digest")
    history = trained.history
    return [round(value, 4) for key in ("loss", "val_loss") for value in history[key]]


def test_the_version_stands_for_what_the_code_does(arrays: Arrays, tmp_path: Path) -> None:
    """Coarse numbers of augmented images and of a training run, as recorded for the version below."""
    images, labels = (np.concatenate([arrays[key]] * 5) for key in ("x_train", "y_train"))

    def quarters(shown: NDArray[np.uint8]) -> list[float]:
        return [round(float(value), 3) for value in shown.reshape(-1, 2, 14, 2, 14).mean(axis=(0, 2, 4)).ravel()]

    distorted = distort(images, Affine(), np.random.default_rng(0))
    restyled = restyle(images, labels, Restyle(), np.random.default_rng(0))
    found = {"distorted": quarters(distorted), "restyled": quarters(restyled)}
    found |= {f"restyled as {digit}s": quarters(restyled[labels == digit]) for digit in STYLES}
    written, _ = write_some(images, labels, PEOPLE.characters[:10], Written(share=1.0), np.random.default_rng(0))
    made, characters = make_lines(Hands.of(PEOPLE, images, labels), LINES, 200, np.random.default_rng(0))
    measured = [made.mean(), made.std(), *(characters.mean(axis=(0, 1)))]
    found |= {"written": quarters(written), "lines": [round(float(value), 3) for value in measured]}
    for kind, values in found.items():
        assert values == pytest.approx(RECORDED[kind], rel=1e-3), (
            f"Images are {kind} differently from what Recipe.version {Recipe().version} stands for. If the code was "
            "meant to change, raise Recipe.version in digits/learning/config.py, so that networks, unfinished runs and "
            "cells of the study made before can be distinguished (of the line network alone: the version of its own "
            f"recipe); and record here: {found}"
        )
    found["losses"] = losses(arrays, tmp_path)
    assert found["losses"] == pytest.approx(RECORDED["losses"], rel=2e-3), (
        "The same recipe trains differently from what its version stands for; see above, and record here: "
        f"{found['losses']}"
    )
    assert Recipe().version == 1, "the numbers are recorded for version 1: record them for the new one"


# -- the recipes ------------------------------------------------------------------------------


def test_networks_without_a_recipe_of_their_own_have_the_datasets() -> None:
    assert recipe_for(LINE, UCI) == recipe_for(LINE, MNIST) == config.OWN_RECIPES[LINE] != MNIST_RECIPE
    for name in MODELS:
        assert recipe_for(name, UCI) == UCI_RECIPE
        assert recipe_for(name, MNIST) == config.OWN_RECIPES.get(name, MNIST_RECIPE)
    assert recipe_for("ANN", "data 1a2b3c4d") == MNIST_RECIPE
    assert set(config.OWN_RECIPES) <= {*MODELS, LINE}
    assert [name for name, recipe in config.OWN_RECIPES.items() if recipe.lines] == [LINE]


def test_a_recipe_in_words() -> None:
    assert str(Recipe()) == "Adam, learning rate 1e-05, 5 epochs, batch size 32, seed 0"
    assert "learning rate 0.01 (one cycle)" in str(Recipe(learning_rate=0.01, schedule="one cycle"))


def test_a_digest_stands_for_the_changes_in_any_order() -> None:
    assert config.digest({"epochs": 1, "seed": 2}) == config.digest({"seed": 2, "epochs": 1})
    assert config.digest({"epochs": 1}) != config.digest({"epochs": 2})
    assert len(config.digest({})) == 8
