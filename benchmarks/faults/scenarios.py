"""What is killed: everything of the project that writes more than one file, or one that must not be lost."""

import contextlib
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from benchmarks import published
from benchmarks.faults import seeds
from benchmarks.faults.kills import MIX, NEW, OLD, Scenario, compare, visible
from benchmarks.faults.scratch import scratch
from digits import publishing
from digits.errors import UserError, writing
from digits.files import sha256, write_text

ANSWERED = (2, 130)  #: exit codes after one line


class Publishing:
    """Publishing alone: eight small files in two folders, two of them new."""

    name, share = "publishing", 40

    def __init__(self) -> None:
        import filelock  # noqa: F401 - here, not in every fork
        import msgspec  # noqa: F401

    def before(self, folder: Path) -> None:
        """Six old files."""
        for number in range(6):
            write_text(folder.joinpath(*_name(number)), "old" * 100 * number)

    def act(self, folder: Path) -> None:
        """Eight new ones."""
        with publishing.exclusive(folder) as writer, publishing.staging(writer) as staged, writing(folder):
            for number in range(8):
                write_text(staged.file(*_name(number)), "new" * 100 * number)

    again = act

    def check(self, folder: Path, before: Path, after: Path) -> str:
        """All files as before, or all as after."""
        publishing.settle(folder)
        return compare(visible(folder), visible(before), visible(after))


class MyHandwriting:
    """The collection: digits are kept, given another label and removed, one after the other."""

    name, share = "my handwriting", 25

    def __init__(self) -> None:
        from digits.reading.collection import Collection, Sample
        from digits.reading.ink import Stroke, Strokes

        self._open = Collection
        drawing = Strokes((Stroke(((10.0, 10.0), (20.0, 90.0)), 8.0),), (640, 480))
        crops = seeds.arrays()["x_train"]
        self._samples = [
            Sample(f"{number:016x}", int(number), crops[number], drawing if number != 2 else Strokes((), (640, 480)))
            for number in range(4)
        ]
        with scratch() as folder:  # imports what is imported late
            self.before(folder)
            self.act(folder)

    def before(self, folder: Path) -> None:
        """Three digits."""
        collection = self._open(folder / "mine")
        for sample in self._samples[:3]:
            collection.keep(sample)

    def act(self, folder: Path) -> None:
        """One more, one with another label, one less."""
        from dataclasses import replace

        collection = self._open(folder / "mine")
        collection.keep(self._samples[3])
        collection.keep(replace(self._samples[1], label=7))
        collection.remove(self._samples[0].key)

    again = act

    def check(self, folder: Path, before: Path, after: Path) -> str:
        """The digits after some of the three steps, each with one label, its own image and its own strokes."""
        from digits.reading.ink import open_strokes

        collection = self._open(folder / "mine")
        found = {entry.key: entry.label for entry in collection.entries}
        crops = {entry.key: entry.crop for entry in collection.entries}
        a, b, c, d = (sample.key for sample in self._samples)
        states = [{a: 0, b: 1, c: 2}, {a: 0, b: 1, c: 2, d: 3}, {a: 0, b: 7, c: 2, d: 3}, {b: 7, c: 2, d: 3}]
        if found not in states:
            return f"{MIX}: labels {sorted(found.values())}"
        for sample in self._samples:
            if sample.key in crops and not np.array_equal(crops[sample.key], sample.crop):
                return f"{MIX}: another image under {sample.key}"
            drawn = folder / "mine" / f"{found.get(sample.key)}-{sample.key}.json"
            if sample.key in found and bool(sample.strokes.strokes) != drawn.exists():
                return f"lost: the strokes of {found[sample.key]}"
            if drawn.exists() and open_strokes(drawn) != sample.strokes:
                return f"{MIX}: other strokes in {drawn.name}"
        return NEW if found == states[-1] else OLD


class Pipeline:
    """``test.py`` as a person runs it, with a tiny network and 90 images."""

    name, share = "training", 10
    seeds = ("1", "0")

    def __init__(self) -> None:
        from digits.learning.start import start_keras

        start_keras()
        import keras

        from digits.learning import pipeline  # noqa: F401 - here, not in every fork

        _draw("new")

        def small() -> keras.Model:
            pixels = keras.Input((28, 28, 1))
            x = keras.layers.MaxPooling2D(4)(pixels)
            x = keras.layers.Dense(10, activation="softmax", name="predictions")(keras.layers.Flatten()(x))
            return keras.Model(pixels, x)

        for name in ("ANN", "CNN"):
            sys.modules[name] = SimpleNamespace(build_model=small)  # type: ignore[assignment]
        self._main = _driver().main

    def before(self, folder: Path) -> None:
        """The published results of another seed."""
        _draw("old")
        images, labels = seeds.arrays()["x_train"], seeds.arrays()["y_train"]
        (folder / ".data").mkdir()
        more = {"x_train": np.concatenate([images] * 3), "y_train": np.concatenate([labels] * 3)}
        np.savez(folder / ".data" / "digits.npz", **{**seeds.arrays(), **more}, allow_pickle=False)
        self._run(folder, "--seed", "1")

    def act(self, folder: Path) -> None:
        """Train and publish."""
        self._run(folder)

    def again(self, folder: Path) -> None:
        """Continue."""
        self._run(folder, "--resume")

    def check(self, folder: Path, before: Path, after: Path) -> str:
        """All files old or none, and cards, networks and results that belong together."""
        publishing.settle(folder)
        return _state_of_a_run(folder, before, after)

    def _run(self, folder: Path, *options: str) -> None:
        data = ("--data", str(folder / ".data" / "digits.npz"), "--output", str(folder))
        usual = ("--models", "ANN", "--epochs", "1", "--batch-size", "10", "--learning-rate", "0.01")
        given = options if "--evaluate" in options else (*usual, *options)
        try:
            code = self._main([*data, *given])
        except SystemExit as error:  # of argparse
            code = error.code
        if code in ANSWERED:
            raise UserError(f"test.py ends with {code}")
        if code:
            raise RuntimeError(f"test.py ends with {code}")


class Resuming(Pipeline):
    """``--resume`` after one of two networks was trained."""

    name, share = "resuming", 5

    def before(self, folder: Path) -> None:
        """Published results, and the state of a run that was interrupted before its second network."""
        super().before(folder)
        build = sys.modules["CNN"].build_model
        calls = iter((build,))  # the first one is for the header

        def interrupted() -> Any:
            for once in calls:
                return once()
            raise KeyboardInterrupt

        sys.modules["CNN"].build_model = interrupted  # type: ignore[attr-defined]
        with contextlib.suppress(UserError):
            self._run(folder, "--models", "ANN", "CNN")
        sys.modules["CNN"].build_model = build  # type: ignore[attr-defined]
        if not (folder / ".unfinished").exists():
            raise UserError("the interrupted run left no state")

    def act(self, folder: Path) -> None:
        """Continue."""
        self._run(folder, "--models", "ANN", "CNN", "--resume")

    again = act


class Replotting(Pipeline):
    """``--evaluate --replot`` where every plot is out of date."""

    name, share = "replotting", 5

    def before(self, folder: Path) -> None:
        """Published results with other plots."""
        super().before(folder)
        (folder / "plots" / "results.md").write_text("old", encoding="utf-8")

    def act(self, folder: Path) -> None:
        """Plot again."""
        self._run(folder, "--evaluate", "--replot")

    again = act

    def check(self, folder: Path, before: Path, after: Path) -> str:
        """All plots old or all new."""
        publishing.settle(folder)
        found, old, new = (
            {name: content for name, content in visible(one).items() if name.endswith((".png", ".md"))}
            for one in (folder, before, after)
        )
        return compare(found, old, new)


class StudyCells:
    """The study: two cells are written, then its page, figures and tables."""

    name, share = "study", 10

    def __init__(self) -> None:
        from digits.learning.config import MNIST_RECIPE
        from digits.learning.dataset import load_uci
        from digits.study.cell import Cell
        from digits.study.runner import Study

        _draw("new")
        self._cells = [Cell("ANN", variant, 0) for variant in ("unit", "otsu", "blurred")]
        network = {"parameters": 1000, "architecture": "0123456789abcdef"}
        data = load_uci()
        self._study: Callable[[Path], Study] = lambda folder: Study(
            data, {"ANN": MNIST_RECIPE}, lambda _: network, folder / "plots" / "study"
        )

    def before(self, folder: Path) -> None:
        """A page of one cell."""
        _draw("old")
        self._run(folder, self._cells[:1])

    def act(self, folder: Path) -> None:
        """Two more cells, and the page."""
        self._run(folder, self._cells)

    again = act

    def check(self, folder: Path, before: Path, after: Path) -> str:
        """Every cell is whole or not there; the page and what it shows are all old or all new."""
        publishing.settle(folder / "plots" / "study")
        study = self._study(folder)
        whole = {path.name for path in (before / "plots/study/cells").iterdir()}
        cells = {name for name in os.listdir(study.cells) if not name.startswith(".")}
        if not whole <= cells or len(study.finished()) != len(cells):
            return f"lost: {len(study.finished())} of {len(cells)} cells can be read"
        pages = [
            {name: content for name, content in visible(one).items() if "cells" not in Path(name).parts}
            for one in (folder, before, after)
        ]
        state = compare(*pages)
        return OLD if state == NEW and len(cells) < len(self._cells) else state

    def _run(self, folder: Path, planned: Sequence[Any]) -> None:
        from digits.study import runner

        study = self._study(folder)
        with publishing.exclusive(study.folder) as writer:
            if runner.run(study, planned, self._pool, writer):
                raise RuntimeError("a cell failed")
            runner.publish(study, planned, writer)

    def _pool(self, tasks: Sequence[Any]) -> Iterator[Any]:
        """Answers at once."""
        from digits.study.preprocessing import CORRUPTIONS
        from digits.study.workers import Outcome

        versions = {"python": "3", "tensorflow": "2", "keras": "3", "numpy": "2", "platform": "Linux", "cores": 2}
        for task in tasks:
            missed = list(range(3 + self._cells.index(task.cell)))
            result: Any = {
                "identity": task.identity(),
                "dataset": "UCI digits",
                "validation": {"n": 100, "misses": 4},
                "n": 359,
                "test": {name: {"index": missed, "read": "3" * len(missed)} for name in CORRUPTIONS},
                "seconds": 1.0,
                "versions": versions,
            }
            yield Outcome(task, result)


class Headless:
    """``--image … --output FILE.jsonl``: many pictures, one line each, continued without reading one twice."""

    name, share = "headless", 5

    def __init__(self) -> None:
        import gui_digit_recognizer
        from digits.reading import recognizer  # noqa: F401 - here, not in every fork

        self._main: Callable[[Sequence[str]], int] = gui_digit_recognizer.main

    def before(self, folder: Path) -> None:
        """Twelve pictures and no output."""
        (folder / "pages").mkdir()
        for number, item in enumerate(seeds.pictures()[:1] * 12):
            (content,) = item.files.values()
            assert isinstance(content, bytes)
            (folder / "pages" / f"{number:02}.png").write_bytes(content)

    def act(self, folder: Path) -> None:
        """Read them all."""
        output = folder / "read.jsonl"
        code = self._main(["--image", str(folder / "pages"), "--model", "ANN", "--output", str(output)])
        if code in ANSWERED:
            raise UserError(f"it ends with {code}")
        if code:
            raise RuntimeError(f"it ends with {code}")

    again = act

    def check(self, folder: Path, before: Path, after: Path) -> str:
        """The lines of the pictures from the first on, each whole and only once; a last one may be cut short."""
        if not (folder / "read.jsonl").exists():
            return OLD
        *whole, last = (folder / "read.jsonl").read_text(encoding="utf-8").split("\n")
        names = [Path(json.loads(line)["image"]).name for line in whole]
        expected = [f"{number:02}.png" for number in range(12)]
        if names != expected[: len(names)]:
            return f"{MIX}: {names}"
        return NEW if len(names) == 12 and not last else OLD


def scenarios() -> Sequence[type[Scenario]]:
    """All that this version of the project has."""
    found: list[type[Scenario]] = [Publishing, MyHandwriting, Pipeline, Resuming, Replotting, StudyCells]
    from digits.reading.cli import parse

    with contextlib.suppress(SystemExit), contextlib.redirect_stderr(None):
        parse(["--image", "x.png", "--output", "x.jsonl"])
        found.append(Headless)
    return found


def _draw(what: str) -> None:
    """Have figures written as a word from now on: drawing one takes half a second."""
    from digits.learning.plots import style

    def save(figure: Any, path: Path) -> None:
        write_text(path, f"{path.name}: {what}")

    style.save = save


def _name(number: int) -> tuple[str, str]:
    return ("models" if number % 2 else "plots"), f"{number}.json"


def _driver() -> Any:
    """``test.py`` as a module; its name is the standard library's."""
    spec = spec_from_file_location("driver", published.ROOT / "test.py")
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _state_of_a_run(folder: Path, before: Path, after: Path) -> str:
    """Whether the files of a run are all old or all new, where new ones differ from run to run, and belong together."""
    found, old, new = visible(folder), visible(before), visible(after)
    if missing := sorted(old.keys() - found.keys()):
        return f"lost: {missing[0]}"
    changing = [name for name in new if old.get(name) != new[name]]
    stay = [name for name in changing if found.get(name) == old.get(name)]
    if problem := _do_not_belong_together(folder, found):
        return problem
    if not stay:
        return NEW
    return OLD if len(stay) == len(changing) else f"{MIX}: {stay[0]} is old, {sorted({*changing} - {*stay})[0]} is new"


def _do_not_belong_together(folder: Path, found: Mapping[str, bytes]) -> str:
    from digits.learning import card

    cards = {
        Path(name).stem: card.read(folder / name) for name in found if name.startswith("models") and ".json" in name
    }
    for name, made in cards.items():
        for file, digest in made["files"].items():
            if sha256(folder / "models" / file) != digest:
                return f"{MIX}: {file} is not the one of {name}.json"
    results = json.loads(found["plots/results.json"])["models"]
    if {**results, **cards} != results:
        return f"{MIX}: results.json is not of the cards"
    if found["plots/results.md"].decode() != card.results_page(results):
        return f"{MIX}: results.md is not of results.json"
    return ""
