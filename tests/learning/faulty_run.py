"""Lets every fault come while two networks are trained and published, with stand-ins for what takes long.

    python -m tests.learning.faulty_run FOLDER STRIDE

TensorFlow computes nothing here: it could not do so in a process that is forked.
"""

import sys
import warnings
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from digits.errors import writing
from digits.files import write_json, write_text
from digits.learning.start import start_keras

start_keras()

from digits.learning import pipeline  # noqa: E402
from digits.learning.config import MNIST_RECIPE  # noqa: E402
from digits.learning.training import STATE  # noqa: E402
from digits.publishing import UNCHANGED, Staged, exclusive  # noqa: E402
from tests.faulty import Contents, Scenario, all_lost, put  # noqa: E402

NAMES = ("ANN", "CNN")


def train(name: str, *arguments: Any, callbacks: Any, precision: str, handwriting: None) -> SimpleNamespace:
    """Leaves the state of a finished epoch, or finds it."""
    folder, resume = arguments[4], arguments[6]
    if not resume or not (folder / STATE).exists():
        with writing(folder, UNCHANGED):
            write_text(folder / "epoch-1.npz", name)
            write_json(folder / STATE, {"model": name, "variables": "epoch-1.npz"})
    assert (folder / "epoch-1.npz").read_text() == name  # a state is whole
    return SimpleNamespace(seconds=1.0)


def stage(name: str, *arguments: Any) -> dict[str, str]:
    """A network's files."""
    staged: Staged = arguments[-1]
    for file, text in files(name, "new").items():
        write_text(staged.file(*file.split("/")), text)
    return {"model": name}


def stage_results(cards: Any, dataset: Any, staged: Staged) -> None:
    """Those of all."""
    write_text(staged.file("plots", "results.md"), f"new {[*cards]}")


def files(name: str, age: str) -> Contents:
    """What a run publishes of a network."""
    models = {f"models/{name}.{suffix}": f"{age} {suffix} of {name}, longer" for suffix in ("keras", "onnx", "json")}
    return {**models, f"plots/{name}_history.png": age}


def both(age: str) -> Contents:
    """What a run publishes."""
    return {**files("ANN", age), **files("CNN", age), "plots/results.md": f"{age} {[*NAMES]}"}


def run(folder: Path, resume: bool = False) -> None:
    """A run of both networks."""
    data: Any = SimpleNamespace(digest="", splits=lambda: {"train": None, "validation": None})
    with exclusive(folder) as writer:
        builders: Any = dict.fromkeys(NAMES)
        pipeline.run(builders, data, dict.fromkeys(NAMES, MNIST_RECIPE), writer, resume)


if __name__ == "__main__":
    place, stride = sys.argv[1:]
    warnings.simplefilter("ignore")  # of forking where there are threads
    stand_ins = {
        "train": train,
        "_evaluate_and_stage": stage,
        "_stage_results": stage_results,
        "print": lambda *_, **__: None,
        "keras": SimpleNamespace(utils=SimpleNamespace(clear_session=lambda: None)),
    }
    for name, stand_in in stand_ins.items():
        setattr(pipeline, name, stand_in)
    old, new = both("old"), both("new")
    for again in (run, partial(run, resume=True)):
        scenario = Scenario({"old": old, "new": new}, partial(put, files=old), run, again)
        print(*all_lost(scenario, Path(place), int(stride), int(stride)), sep="\n", end="")
