"""The readers of the project, each with the kind of file that it is for."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks import published
from benchmarks.faults import seeds
from benchmarks.faults.seeds import Item

Reader = Callable[[Path], object]


@dataclass(frozen=True)
class Kind:
    """A kind of file.

    Attributes:
        name: of the files, in a few words.
        share: inputs of this kind among a thousand of all kinds: few where reading one takes long.
        draw: the whole inputs, given the folder that :func:`benchmarks.faults.seeds.draw` filled.
        prepare: imports and loads what reading needs, and returns the reader, which raises UserError for bad input.
    """

    name: str
    share: int
    draw: Callable[[Path], Sequence[Item]]
    prepare: Callable[[], Reader]


def _image() -> Reader:
    from digits.reading.classifier import Classifier
    from digits.reading.line_segmenter import LineSegmenter
    from digits.reading.recognizer import read_file

    network, lines = Classifier(published.MODELS / "ANN.onnx"), LineSegmenter.open(published.MODELS)
    return lambda path: read_file(path, network, lines)


def _window_image() -> Reader:
    """As the window opens an image."""
    from digits.window.engine import Engine

    return Engine(published.MODELS).open


def _clipboard() -> Reader:
    """As the window pastes an image."""
    import tkinter

    from digits.window import clipboard
    from digits.window.engine import Engine

    class Offering:
        """Stands in for a widget on X11: offers one file's bytes as image/png."""

        def __init__(self, content: bytes) -> None:
            self.tk = self
            self.content = content

        def call(self, *_: str) -> str:
            return "x11"

        def clipboard_get(self, type: str) -> str:
            if type != "image/png":
                raise tkinter.TclError
            return " ".join(map(hex, self.content))

    engine = Engine(published.MODELS)

    def read(path: Path) -> object:
        content = path.read_bytes() if path.is_file() else b""  # nothing else can be on a clipboard
        offering: Any = Offering(content)
        return engine.take(clipboard.image(offering))

    return read


def _data() -> Reader:
    from digits.learning import dataset

    return lambda path: dataset.load(path, {})


def _keras() -> Reader:
    from digits.learning.start import start_keras

    start_keras()
    from digits.learning import export

    return export.load_model


def _onnx() -> Reader:
    from digits.reading.classifier import Classifier

    return Classifier


def _line_network() -> Reader:
    from digits.reading.line_network import LineNetwork

    return LineNetwork


def _handwriting() -> Reader:
    from digits.learning import handwriting

    return lambda path: handwriting.load([path])


def _card() -> Reader:
    from digits.learning import card

    return card.read


def _settings() -> Reader:
    from digits.window import settings

    return settings.load


def _collection() -> Reader:
    from digits.reading.collection import Collection

    return Collection


def _journal() -> Reader:
    from digits import publishing

    return publishing.settle


def _results() -> Reader:
    from benchmarks import readme

    page = (published.ROOT / "README.md").read_text(encoding="utf-8")
    return lambda path: readme.with_tables(page, path)


def _drawn(draw: Callable[[], Sequence[Item]], _: Path) -> Sequence[Item]:
    return draw()


def _networks(suffix: str, folder: Path) -> Sequence[Item]:
    return seeds.networks(folder, suffix)


def _npz(folder: Path) -> Sequence[Item]:
    return [*seeds.npz() * 50, *seeds.bombs(folder, ".npz")]


def _pictures(folder: Path) -> Sequence[Item]:
    return [*seeds.pictures() * 50, *seeds.bombs(folder, ".png")]


KINDS: Sequence[Kind] = (
    Kind("image", 380, _pictures, _image),
    Kind("image in the window", 60, _pictures, _window_image),
    Kind("clipboard", 60, partial(_drawn, seeds.clipboard), _clipboard),
    Kind("strokes", 200, partial(_drawn, seeds.strokes), _image),
    Kind(".npz", 120, _npz, _data),
    Kind("IDX", 80, partial(_drawn, seeds.idx), _data),
    Kind(".keras", 4, partial(_networks, ".keras"), _keras),
    Kind(".onnx", 12, partial(_networks, ".onnx"), _onnx),
    Kind("line network", 6, seeds.line_networks, _line_network),
    Kind("handwriting", 120, partial(_drawn, seeds.handwriting), _handwriting),
    Kind("card", 30, partial(_drawn, seeds.cards), _card),
    Kind("published results", 10, partial(_drawn, seeds.results), _results),
    Kind("settings", 14, partial(_drawn, seeds.settings), _settings),
    Kind("collection", 20, partial(_drawn, seeds.collection), _collection),
    Kind("journal", 10, partial(_drawn, seeds.journal), _journal),
)
