"""Seconds by size: of training and of reading."""

import itertools
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypedDict

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks import published
from benchmarks.networks import open_lines
from digits.learning import cli
from digits.learning.config import MNIST_RECIPE
from digits.learning.dataset import Dataset
from digits.learning.json_types import Line, Size, Time
from digits.learning.precision import fastest
from digits.reading.classifier import Classifier
from digits.reading.ink import Stroke
from digits.reading.recognizer import read, read_pages
from digits.reading.segmentation import stroke_components

NETWORK = "CNN"  #: that is trained, and that reads
DIGIT = 60  #: height of a drawn digit, pixels

Timed = Callable[[], object]


class Series(TypedDict):
    """Seconds, the least of all repeats, for each size; ``of`` says what was done and ``by`` what the sizes count."""

    of: Line
    by: Line
    sizes: list[Size]
    seconds: list[Time]


#: What grows, with the sizes of the published measurement.
SIZES: dict[str, Sequence[int]] = {
    "training images": (1_500, 3_000, 6_000, 12_000, 24_000, 48_000),
    "batch size": (8, 16, 32, 64, 128, 256),
    "digits": (1, 3, 10, 30, 100, 300, 1_000),
    "pixels": (100_000, 300_000, 1_000_000, 3_000_000, 10_000_000, 50_000_000),
    "points": (10, 100, 1_000, 10_000, 100_000),
    "pages": (1, 3, 10, 30, 100),
}


def measured(kind: str, sizes: Sequence[int], repeats: int, data: Dataset) -> Series:
    """Time one kind of work at these sizes.

    Args:
        kind: a key of ``SIZES``.
        sizes: how many of them.
        repeats: of each size, all sizes taking turns; the least time of each counts.
        data: to train with.
    """
    of, make = KINDS[kind]
    with tempfile.TemporaryDirectory() as folder:
        jobs = [make(size, Path(folder), data) for size in sizes]
        taken = [[_seconds(job) for job in jobs] for _ in range(repeats + 1)][1:]  # the first warms up
    return {"of": of, "by": kind, "sizes": list(sizes), "seconds": [min(one) for one in zip(*taken, strict=True)]}


def _seconds(job: Timed) -> float:
    start = time.perf_counter()
    job()
    return time.perf_counter() - start


def _training(images: int, batch_size: int, folder: Path, data: Dataset) -> Timed:
    """An epoch."""
    splits = data.splits()
    some = splits["train"][0][:images], splits["train"][1][:images]
    few = splits["validation"][0][:100], splits["validation"][1][:100]
    recipe = replace(MNIST_RECIPE, epochs=1, batch_size=batch_size)
    places = (folder / f"{images}-{batch_size}-{number}" for number in itertools.count())

    def job() -> None:
        from digits.learning.training import train

        build = cli.builder(NETWORK)
        train(NETWORK, build, some, few, recipe, next(places), data.digest, precision=fastest())

    return job


def _reading(image: NDArray[np.uint8], path: Path, pages: int = 1) -> Timed:
    sheets = [Image.fromarray(image)] * pages
    sheets[0].save(path, save_all=True, append_images=sheets[1:])
    network, lines = Classifier(published.MODELS / f"{NETWORK}.onnx"), open_lines(published.MODELS)

    def job() -> None:
        for page in read_pages(path, network, lines):
            assert not isinstance(page.reading, Exception)

    return job


def _drawing(points: int, _: Path, __: Dataset) -> Timed:
    """Strokes of a hundred points each, as a hand draws a 1 and a 0."""
    network, lines = Classifier(published.MODELS / f"{NETWORK}.onnx"), open_lines(published.MODELS)
    per_stroke = min(points, 100)
    strokes = []
    for i in range(points // per_stroke):
        along = np.linspace(0, 2 * np.pi, per_stroke)
        x, y = 100 * (i % 40) + 25 * np.sin(along) * (i % 2) + 40, 100 * (i // 40) + 35 * np.cos(along) + 50
        strokes.append(Stroke(tuple(zip(x.tolist(), y.tolist(), strict=True)), 8))

    def job() -> None:
        found = stroke_components(strokes)
        read(lines.segments(found), network, found.left_out)

    return job


def sheet(digits: int, pixels: int = 0) -> NDArray[np.uint8]:
    """A grey page, shape (height, width), of so many digits, and of so many pixels at most if that is more."""
    columns = max(1, round((digits * 1.4) ** 0.5))
    rows = -(-digits // columns)
    page = np.full((2 * DIGIT * rows + DIGIT, DIGIT * columns + DIGIT), 255, np.uint8)
    for number in range(digits):
        row, column = divmod(number, columns)
        at = (DIGIT // 2 + DIGIT * column, 2 * DIGIT * row + 2 * DIGIT)
        cv2.putText(page, str(number * 7 % 10), at, cv2.FONT_HERSHEY_SIMPLEX, 1.8, 0, 5, cv2.LINE_AA)
    factor = max(1.0, (pixels / page.size) ** 0.5)
    size = (int(page.shape[1] * factor), int(page.shape[0] * factor))  # at most so many
    return np.asarray(cv2.resize(page, size, interpolation=cv2.INTER_LINEAR), np.uint8)


#: By what grows: what is done, and what makes it ready.
KINDS: dict[str, tuple[str, Callable[[int, Path, Dataset], Timed]]] = {
    "training images": (f"an epoch of {NETWORK}", lambda n, folder, data: _training(n, 32, folder, data)),
    "batch size": (f"an epoch of {NETWORK}, 6,000 images", lambda n, folder, data: _training(6_000, n, folder, data)),
    "digits": ("reading a page", lambda n, folder, _: _reading(sheet(n), folder / f"digits-{n}.png")),
    "pixels": (
        "reading a page of 20 digits",
        lambda n, folder, _: _reading(sheet(20, n), folder / f"{n}.png"),
    ),
    "points": ("reading strokes", _drawing),
    "pages": (
        "reading a TIFF, 20 digits a page",
        lambda n, folder, _: _reading(sheet(20), folder / f"{n}.tif", n),
    ),
}


def exponents(series: Series) -> Iterator[float]:
    """Between each size and the next, to which power of the size the time grows: 1 is linear; nothing for one size."""
    for (size, seconds), (larger, more) in itertools.pairwise(zip(series["sizes"], series["seconds"], strict=True)):
        yield float(np.log(more / seconds) / np.log(larger / size))
