"""Measures how pen-drawn digits and numbers are found and read, in as many processes as wanted."""

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypedDict

import cv2
import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray

from benchmarks.accuracy import Accuracy, AccuracyMetrics
from benchmarks.accuracy import check as check_accuracy
from benchmarks.networks import digests, probabilities, read_networks
from benchmarks.pen_digits.drawing import (
    HEIGHT,
    PEN,
    WIDTH,
    Entry,
    Image,
    draw_wide,
    drawings,
    labels_of,
    number,
    segments_of,
)
from benchmarks.pen_digits.junk import measure_junk
from benchmarks.voting import MAJORITY, SOFT, Voting
from digits.crop import STROKE_WIDTH, Shape, shape_of, to_crop
from digits.errors import UserError
from digits.image_format import BOX, SIZE, to_mnist_format
from digits.learning import calibration
from digits.learning.calibration import ReliabilityMetrics
from digits.learning.json_types import Count, Number, Share
from digits.networks import CORE, MODELS
from digits.processes import ending_with_this, starting
from digits.reading.classifier import Network
from digits.reading.recognizer import Digit, Reading, read
from digits.reading.rejection import CONFIDENCE
from digits.reading.segmentation import segment, stroke_components

PENS = (3, 5, 14, 24)  #: further diameters of the pen, pixels
APART, NEAR = (0.08, 0.35), (0.0, 0.1)  #: gaps between the digits of a number, in units of their size
SAMPLES = 2000  #: numbers for each gap, and drawings that are not digits
GALLERY = 48  #: misses shown
REFERENCE = "stretched to 28×28, as in the reference"


class Single(AccuracyMetrics):
    """Single digits: correct if found as one digit, not rejected, and read correctly.

    ``rejected`` of the ``rejected_of`` segments that were found are rejected.
    """

    rejected: Count
    rejected_of: Count


class Wrong(TypedDict):
    """The misses by their indices in the file: as shipped, and with no segment rejected."""

    shipped: list[Count]
    unrejected: list[Count]


class _AsSaved(TypedDict):
    after: ReliabilityMetrics


class Calibration(_AsSaved, total=False):
    """Reliability of what was found as one digit, before rejection: "before" and "after" temperature scaling."""

    before: ReliabilityMetrics


class Curve(TypedDict):
    """The arguments of :func:`digits.learning.calibration.risk_coverage`."""

    ranks: list[Count]
    n: Number


class RiskCoverage(TypedDict):
    """The curve of what was found as one digit, and coverage and risk with the rejection as shipped."""

    curve: Curve
    coverage: Share
    risk: Share


Accuracies = dict[str, AccuracyMetrics]
Singles = dict[str, Single]
#: Everything measured, as plots/pen_digits.json holds it.
Results = TypedDict(
    "Results",
    {
        "digits": Number,
        "stroke_width": float,
        "confidence": float,
        "crops": dict[str, Accuracies],
        "pen 3": Singles,
        "pen 5": Singles,
        "pen 14": Singles,
        "pen 24": Singles,
        "edge": Singles,
        "numbers apart": dict[str, Accuracies],
        "numbers near": dict[str, Accuracies],
        "junk": dict[str, Accuracies],
        "found": AccuracyMetrics,
        "singles": Singles,
        "votes": Singles,
        "wrong": dict[str, Wrong],
        "calibration": dict[str, Calibration],
        "risk_coverage": dict[str, RiskCoverage],
        "models": dict[str, str],
    },
)


def check(results: Results) -> None:
    """Check that the parts of what was read from a file belong together, so that its page can be made.

    Raises:
        ValueError: counts contradict each other.
        LookupError: a network or a row is missing.
    """
    names, crops = [*results["singles"]], results["crops"]
    crops[REFERENCE], results["wrong"][SOFT]
    tables: list[Mapping[str, AccuracyMetrics]] = [*crops.values(), results["edge"], results["singles"]]
    tables += [results["pen 3"], results["pen 5"], results["pen 14"], results["pen 24"]]
    for numbers in (results["numbers apart"], results["numbers near"]):
        numbers["image"], *(row["count"] for row in numbers.values())
        tables += numbers.values()
    kinds = [*results["junk"][names[0]]]
    accuracies = [results["found"], *results["votes"].values()]
    for name in names:
        accuracies += [*(table[name] for table in tables), *(results["junk"][name][kind] for kind in kinds)]
        results["wrong"][name]
    for accuracy in [*accuracies, *(accuracy for table in tables for accuracy in table.values())]:
        check_accuracy(accuracy)
    for single in (*results["singles"].values(), *results["votes"].values()):
        if not single["rejected"] <= single["rejected_of"] > 0:
            raise ValueError("more is rejected than there is")
    for value in results["calibration"].values():
        calibration.check(value["after"])
        calibration.check(value.get("before", value["after"]))
    for curve in (value["curve"] for value in results["risk_coverage"].values()):
        if max(curve["ranks"], default=0) >= curve["n"]:
            raise ValueError("a curve has a miss beyond its answers")
    for wrong in results["wrong"].values():
        if max((*wrong["shipped"], *wrong["unrejected"]), default=0) >= results["digits"]:
            raise ValueError("a miss is beyond the digits")


@dataclass(frozen=True)
class Gallery:
    """The most confident misses among the digits that were found as one.

    Attributes:
        network: that reads them.
        images: their crops, shape (k, 28, 28).
        labels, read, confidence: shape (k,).
        misses, n: how many misses there are in all, of how many digits.
    """

    network: str
    images: Image
    labels: NDArray[np.uint8]
    read: NDArray[np.intp]
    confidence: NDArray[np.float32]
    misses: int
    n: int


def measure(
    entries: Sequence[Entry],
    models: Path,
    temperatures: Mapping[str, float],
    limit: int | None = None,
    jobs: int = -1,
    done: Callable[[str], None] = lambda title: None,
) -> tuple[Results, Gallery]:
    """Measure everything.

    Args:
        entries: the digits.
        models: the folder with the networks.
        temperatures: by network.
        limit: only so many numbers and drawings that are not digits.
        jobs: processes; -1 for as many as there are cores.
        done: called with the title of each measurement.

    Returns:
        The results, and the most confident misses of the network with the fewest.

    Raises:
        UserError: a network cannot be read, or no drawing is found as exactly one digit.
    """
    networks, labels = read_networks(models), labels_of(entries)
    measured = _in_processes(entries, models, limit or SAMPLES, jobs, done)
    segments = [segments_of(image) for image in drawings(entries)]
    votes = {name: Voting(name, [networks[voter] for voter in CORE]) for name in (SOFT, MAJORITY)}
    readers: dict[str, Network] = {**networks, **votes}
    readings = {name: [read(parts, reader) for parts in segments] for name, reader in readers.items()}
    singles = {name: single_metrics(readings[name], labels) for name in readers}
    alone = {name: found_as_one(readings[name], labels) for name in (*networks, SOFT)}
    results: Results = {
        "digits": len(entries),
        "stroke_width": STROKE_WIDTH,
        "confidence": CONFIDENCE,
        "crops": measured["crops"],
        "pen 3": measured["pen 3"],
        "pen 5": measured["pen 5"],
        "pen 14": measured["pen 14"],
        "pen 24": measured["pen 24"],
        "edge": measured["edge"],
        "numbers apart": measured["numbers apart"],
        "numbers near": measured["numbers near"],
        "junk": {name: measured[f"junk {name}"] for name in networks},
        "found": Accuracy.of(len(parts) == 1 for parts in segments).to_json(),
        "singles": {name: singles[name] for name in networks},
        "votes": {name: singles[name] for name in votes},
        "wrong": {name: wrong(readings[name], labels) for name in readers},
        "calibration": {name: calibrated(one, temperatures.get(name)) for name, one in alone.items()},
        "risk_coverage": {name: risk_coverage(one) for name, one in alone.items()},
        "models": digests(models),
    }
    done("single digits")
    best = min(networks, key=lambda name: singles[name]["misses"])
    return results, gallery(best, alone[best])


def _in_processes(
    entries: Sequence[Entry], models: Path, n: int, jobs: int, done: Callable[[str], None]
) -> dict[str, Any]:
    """The measurements that do not need each other, by title."""
    tasks = {"crops": delayed(crops)(entries, models)}
    tasks |= {f"pen {pen}": delayed(all_networks)(entries, models, pen) for pen in PENS}
    tasks["edge"] = delayed(all_networks)(entries, models, PEN, edges=True)
    for title, gap in (("apart", APART), ("near", NEAR)):
        tasks[f"numbers {title}"] = delayed(numbers)(entries, models, gap, n)
    tasks |= {f"junk {name}": delayed(measure_junk)(models, name, n) for name in MODELS}
    warnings.filterwarnings("ignore", "A worker stopped", UserWarning)  # joblib replaces one that has grown too large
    measured, parallel = {}, Parallel(n_jobs=jobs, return_as="generator", **ending_with_this())
    with starting():
        results = parallel(tasks.values())
    for title, result in zip(tasks, results, strict=True):
        measured[title] = result
        done(title)
    return measured


# -- single digits --------------------------------------------------------------------------------


def single_metrics(readings: Sequence[Reading], labels: NDArray[np.uint8]) -> Single:
    """The accuracy of single digits, and how many segments are rejected.

    Args:
        readings: of each drawing.
        labels: the digits, shape (n,).
    """
    accuracy = Accuracy.of(reading.text == str(label) for reading, label in zip(readings, labels, strict=True))
    digits = [digit for reading in readings for digit in reading.digits]
    rejected = sum(digit.digit is None for digit in digits)
    return {**accuracy.to_json(), "rejected": rejected, "rejected_of": len(digits)}


def all_networks(entries: Sequence[Entry], models: Path, pen: float, edges: bool = False) -> Singles:
    """Single digits by network, drawn with that pen, perhaps against the edges."""
    labels, networks = labels_of(entries), read_networks(models)
    segments = [segments_of(image) for image in drawings(entries, pen, edges)]
    return {name: single_metrics([read(parts, net) for parts in segments], labels) for name, net in networks.items()}


def wrong(readings: Sequence[Reading], labels: NDArray[np.uint8]) -> Wrong:
    """The indices of the digits that are not found as one digit and read correctly."""
    shipped = [i for i, (r, label) in enumerate(zip(readings, labels, strict=True)) if r.text != str(label)]
    read_as = [[int(digit.probabilities.argmax()) for digit in reading.digits] for reading in readings]
    unrejected = [i for i, (text, label) in enumerate(zip(read_as, labels, strict=True)) if text != [label]]
    return {"shipped": shipped, "unrejected": unrejected}


# -- digits found as one --------------------------------------------------------------------------


@dataclass(frozen=True)
class FoundAsOne:
    """The drawings in which exactly one segment was found.

    Attributes:
        digits: as they were read, n of them.
        labels: shape (n,).
        probabilities: shape (n, 10), before rejection.
    """

    digits: tuple[Digit, ...]
    labels: NDArray[np.uint8]
    probabilities: NDArray[np.float32]


def found_as_one(readings: Sequence[Reading], labels: NDArray[np.uint8]) -> FoundAsOne:
    """Choose the drawings in which exactly one segment was found.

    Raises:
        UserError: there is none.
    """
    pairs = [(r.digits[0], label) for r, label in zip(readings, labels, strict=True) if len(r.digits) == 1]
    if not pairs:
        raise UserError(f"none of {len(readings)} drawings is found as exactly one digit; give other or more strokes")
    return FoundAsOne(
        tuple(digit for digit, _ in pairs),
        np.array([label for _, label in pairs], np.uint8),
        np.array([digit.probabilities for digit, _ in pairs]),
    )


def calibrated(found: FoundAsOne, temperature: float | None) -> Calibration:
    """Reliability before rejection; with the temperature undone as "before" where there is one."""
    result: Calibration = {"after": calibration.metrics(found.labels, found.probabilities)}
    if temperature:
        undone = calibration.rescale(found.probabilities, 1 / temperature)
        result["before"] = calibration.metrics(found.labels, undone)
    return result


def risk_coverage(found: FoundAsOne) -> RiskCoverage:
    """The risk–coverage curve by confidence, and coverage and risk with the rejection as shipped."""
    n = len(found.digits)
    kept = [(d.digit, label) for d, label in zip(found.digits, found.labels, strict=True) if d.digit is not None]
    ranks = calibration.miss_ranks(found.labels, found.probabilities)
    return {
        "curve": {"ranks": [*ranks.values()], "n": n},
        "coverage": len(kept) / n,
        "risk": sum(bool(digit != label) for digit, label in kept) / max(1, len(kept)),
    }


def gallery(network: str, found: FoundAsOne) -> Gallery:
    """The most confident misses before rejection."""
    misses = [*calibration.miss_ranks(found.labels, found.probabilities)]
    shown = misses[:GALLERY]
    crops = np.array([found.digits[i].crop for i in shown], np.uint8).reshape(-1, SIZE, SIZE)
    rows = found.probabilities[shown]
    return Gallery(
        network, crops, found.labels[shown], rows.argmax(axis=1), rows.max(axis=1), len(misses), len(found.digits)
    )


# -- crops ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Drawn:
    """A drawing, its ink cut out, and the shape of that."""

    image: Image
    ink: Image
    shape: Shape | None

    @classmethod
    def of(cls, image: Image) -> "Drawn":
        """Cut out and measure all ink of a drawing."""
        ink = cut(image)
        return cls(image, ink, shape_of(ink))


def crops(entries: Sequence[Entry], models: Path) -> dict[str, Accuracies]:
    """Accuracy by the way in which the crop is made of all ink of a drawing, and by network. Nothing is rejected."""
    labels, networks = labels_of(entries), read_networks(models)
    drawn = [Drawn.of(image) for image in drawings(entries)]
    table: dict[str, Accuracies] = {}
    for way, crop in WAYS.items():
        images = np.array([crop(drawing) for drawing in drawn])
        table[way] = {
            name: Accuracy.of(probabilities(network, images).argmax(axis=1) == labels).to_json()
            for name, network in networks.items()
        }
    return table


def cut(image: Image) -> Image:
    """The box around the ink."""
    x, y, width, height = cv2.boundingRect(image)
    return image[y : y + height, x : x + width]


def stretched(drawn: Drawn) -> Image:
    """The reference's crop: the box with a margin of 5% of the canvas, its aspect ratio lost."""
    x, y, width, height = cv2.boundingRect(drawn.image)
    pad_x, pad_y = WIDTH // 20, HEIGHT // 20
    framed = cv2.copyMakeBorder(drawn.image, pad_y, pad_y, pad_x, pad_x, cv2.BORDER_CONSTANT, value=0)
    box = framed[y : y + height + 2 * pad_y, x : x + width + 2 * pad_x]
    small: Image = cv2.resize(box, (SIZE, SIZE), interpolation=cv2.INTER_AREA)
    return small


def boxed(drawn: Drawn) -> Image:
    """Scaled into 20×20 pixels and centred by the box."""
    ink = drawn.ink
    scale = BOX / max(ink.shape)
    size = (max(1, round(ink.shape[1] * scale)), max(1, round(ink.shape[0] * scale)))
    small = cv2.resize(ink, size, interpolation=cv2.INTER_AREA)
    image = np.zeros((SIZE, SIZE), np.uint8)
    top, left = (SIZE - size[1]) // 2, (SIZE - size[0]) // 2
    image[top : top + size[1], left : left + size[0]] = small
    return image


def centred(drawn: Drawn) -> Image:
    """Scaled into 20×20 pixels and centred by mass, as MNIST's images are."""
    return to_mnist_format(drawn.ink)


def with_strokes(drawn: Drawn, width: float) -> Image:
    """The same with all strokes of one width, in pixels of the crop."""
    return to_crop(drawn.shape, width)


def blurred(drawn: Drawn) -> Image:
    """The project's crop, blurred."""
    soft: Image = cv2.GaussianBlur(to_crop(drawn.shape), (3, 3), 0.6)
    return soft


def paler(drawn: Drawn) -> Image:
    """The project's crop with ink of 80% brightness."""
    return (to_crop(drawn.shape) * 0.8).astype(np.uint8)


def upright(drawn: Drawn) -> Image:
    """The project's crop of ink whose slant is removed by the moments of the image."""
    moments = cv2.moments(drawn.ink)
    slant = float(np.clip(moments["mu11"] / max(moments["mu02"], 1e-6), -0.6, 0.6))
    height, width = drawn.ink.shape
    room = int(abs(slant) * height) + 2
    shear = np.array([[1, -slant, room / 2 + slant * height / 2], [0, 1, 0]], np.float32)
    sheared: Image = cv2.warpAffine(drawn.ink, shear, (width + room, height))
    return to_crop(shape_of(cut(sheared)))


WAYS: dict[str, Callable[[Drawn], Image]] = {
    REFERENCE: stretched,
    "20×20 box, centred by the box": boxed,
    "20×20 box, centred by mass": centred,
    **{
        f"by mass, strokes {width:g} px": partial(with_strokes, width=width) for width in (1.0, 1.3, 1.6, 2.0, 2.5, 3.0)
    },
    f"by mass, strokes {STROKE_WIDTH:g} px, blurred": blurred,
    f"by mass, strokes {STROKE_WIDTH:g} px, paler": paler,
    f"by mass, strokes {STROKE_WIDTH:g} px, upright": upright,
}


# -- numbers --------------------------------------------------------------------------------------


def numbers(entries: Sequence[Entry], models: Path, gap: tuple[float, float], n: int) -> dict[str, Accuracies]:
    """Three to six digits of one writer in a row, read from the image and from the strokes.

    Args:
        entries: the digits.
        models: the folder with the networks.
        gap: as :func:`benchmarks.pen_digits.drawing.number` takes it.
        n: numbers.

    Returns:
        By "image" and "strokes": the "count" (as many digits as there are, in one line), and by network how often
        every digit is correct.
    """
    rng, networks = np.random.default_rng(1), read_networks(models)
    by_writer: dict[int, list[Entry]] = {}
    for entry in entries:
        by_writer.setdefault(entry["writer"], []).append(entry)
    writers = [by_writer[key] for key in sorted(by_writer)]
    drawn = [number(writers[rng.integers(len(writers))], gap, rng) for _ in range(n)]
    texts = [text for text, _ in drawn]
    found = {
        "image": [segments_of(draw_wide(strokes)) for _, strokes in drawn],
        "strokes": [segment(stroke_components(strokes)) for _, strokes in drawn],
    }
    results: dict[str, Accuracies] = {}
    for known, parts in found.items():
        counted = (len(digits) == len(text) and digits[-1].line == 0 for digits, text in zip(parts, texts, strict=True))
        results[known] = {"count": Accuracy.of(counted).to_json()}
        for name, network in networks.items():
            correct = (read(digits, network).text == text for digits, text in zip(parts, texts, strict=True))
            results[known][name] = Accuracy.of(correct).to_json()
    return results
