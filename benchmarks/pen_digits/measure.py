"""Measures how pen-drawn digits and numbers are found and read, in as many processes as wanted."""

import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Annotated, Any, TypedDict

import cv2
import numpy as np
from joblib import Parallel, delayed
from msgspec import Meta
from numpy.typing import NDArray

from benchmarks.accuracy import Accuracy, AccuracyMetrics
from benchmarks.accuracy import check as check_accuracy
from benchmarks.networks import digests, open_lines
from benchmarks.pen_digits import junk
from benchmarks.pen_digits.crops import REFERENCE, crop_metrics, crops
from benchmarks.pen_digits.drawing import (
    PEN,
    Gap,
    Image,
    components_of,
    draw,
    draw_wide,
    labels_of,
    number,
    on_canvases,
)
from benchmarks.pen_digits.reading import Answer, Found, Readers
from benchmarks.pen_digits.samples import People, Samples
from benchmarks.voting import SOFT, VOTES
from digits.crop import STROKE_WIDTH
from digits.errors import UserError
from digits.learning import calibration
from digits.learning.calibration import ReliabilityMetrics
from digits.learning.handwriting import Character
from digits.learning.json_types import Count, Line, Number, Share
from digits.networks import DEFAULT, LINE, MODELS
from digits.processes import ending_with_this, starting
from digits.reading.recognizer import CONFIDENCE
from digits.reading.segmentation import Components, stroke_components

#: Ways to draw single digits: the pen's diameter, whether they touch an edge, and whether their strokes are read.
SINGLES: dict[str, tuple[float, bool, bool]] = {
    "singles": (PEN, False, False),
    "from strokes": (PEN, False, True),
    "edge": (PEN, True, False),
    "pen 2": (2, False, False),
    "pen 3": (3, False, False),
    "pen 14": (14, False, False),
    "pen 24": (24, False, False),
}
#: Gaps between the digits of a number, in units of their height.
GAPS: dict[str, Gap] = {"apart": (0.08, 0.35), "tight": (0.0, 0.05), "touching": (-0.14, -0.06)}
NUMBERS = 400  #: numbers for each gap
DRAWINGS = 200  #: drawings of each kind that are not digits
PART = 900  #: digits, and a quarter of so many numbers, that a process is given at once
GALLERY = 48  #: misses shown


class Single(AccuracyMetrics):
    """Single digits: correct if found as one digit, not rejected, and read correctly.

    ``rejected`` of the ``rejected_of`` segments that were found are rejected.
    """

    rejected: Count
    rejected_of: Count


class Wrong(TypedDict):
    """The misses by their indices among the digits: as shipped, and with no segment rejected."""

    shipped: list[Count]
    unrejected: list[Count]


class Calibration(TypedDict):
    """Reliability of what was found as one digit, before rejection: of the network alone, and of what is shown."""

    alone: ReliabilityMetrics
    together: ReliabilityMetrics


class Curve(TypedDict):
    """The arguments of :func:`digits.learning.calibration.risk_coverage`."""

    ranks: list[Count]
    n: Number


class RiskCoverage(TypedDict):
    """The curve of what was found as one digit, and coverage and risk with the rejection as shipped."""

    curve: Curve
    coverage: Share
    risk: Share


Sign = Annotated[str, Meta(min_length=1, max_length=1, pattern=r"^[^\s`|\x00-\x1f\x7f]$")]
Accuracies = dict[str, AccuracyMetrics]
Singles = dict[str, Single]
#: Everything measured, as plots/pen_digits.json holds it. Numbers and signs are by the writers left out.
Results = TypedDict(
    "Results",
    {
        "digits": Number,
        "people": People,
        "left out": People,
        "taught": list[Line],
        "stroke_width": float,
        "confidence": float,
        "crops": dict[str, Accuracies],
        "singles": Singles,
        "from strokes": Singles,
        "edge": Singles,
        "pen 2": Singles,
        "pen 3": Singles,
        "pen 14": Singles,
        "pen 24": Singles,
        "found": Accuracies,
        "numbers apart": dict[str, Accuracies],
        "numbers tight": dict[str, Accuracies],
        "numbers touching": dict[str, Accuracies],
        "signs": Accuracies,
        "by sign": dict[Sign, AccuracyMetrics],
        "junk": dict[str, Accuracies],
        "votes": Singles,
        "wrong": dict[str, Wrong],
        "by writer": dict[str, dict[Line, AccuracyMetrics]],
        "calibration": dict[str, Calibration],
        "number calibration": dict[str, ReliabilityMetrics],
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
    names, by_way = [*results["singles"]], results["crops"]
    by_way[REFERENCE], results["wrong"][SOFT]
    in_ways: list[Singles] = [results[key] for key in SINGLES]  # type: ignore[literal-required]
    tables: list[Mapping[str, AccuracyMetrics]] = [*by_way.values(), *in_ways, results["signs"]]
    for gap in GAPS:
        numbers: dict[str, Accuracies] = results[f"numbers {gap}"]  # type: ignore[literal-required]
        tables += [numbers["image"], *numbers.values()]
        [row["count"] for row in numbers.values()]
    kinds = [*results["junk"][names[0]]]
    accuracies = [*results["votes"].values(), *results["by sign"].values(), *(results["found"][key] for key in SINGLES)]
    for name in names:
        accuracies += [*(table[name] for table in tables), *(results["junk"][name][kind] for kind in kinds)]
        results["wrong"][name]
        if sum(own["n"] for own in results["by writer"][name].values()) != results["digits"]:
            raise ValueError("the writers have written another number of digits")
        accuracies += results["by writer"][name].values()
    for accuracy in [*accuracies, *(accuracy for table in tables for accuracy in table.values())]:
        check_accuracy(accuracy)
    for single in (single for table in (*in_ways, results["votes"]) for single in table.values()):
        if not single["rejected"] <= single["rejected_of"] > 0:
            raise ValueError("more is rejected than there is")
    for value in results["calibration"].values():
        calibration.check(value["alone"])
        calibration.check(value["together"])
    for reliability in (results["number calibration"][name] for name in names):
        calibration.check(reliability)
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
    samples: Samples,
    models: Path,
    limit: int | None = None,
    jobs: int = -1,
    done: Callable[[str], None] = lambda title: None,
) -> tuple[Results, Gallery]:
    """Measure everything.

    Args:
        samples: what is measured.
        models: the folder with the networks.
        limit: only so many numbers, and drawings of each kind that are not digits.
        jobs: processes; -1 for as many as there are cores.
        done: called with the title of each measurement.

    Returns:
        The results, and the most confident misses of the network with the fewest.

    Raises:
        UserError: a network cannot be read, or no drawing is found as exactly one digit.
    """
    labels = labels_of(samples.digits)
    measured = _in_processes(_tasks(samples, limit or NUMBERS, limit or DRAWINGS), models, jobs, done)
    found: list[Found] = measured["singles"]
    answers = {name: [one.answers[name] for one in found] for name in (*MODELS, *VOTES)}
    alone = {name: found_as_one(found, name, labels) for name in (*MODELS, SOFT)}
    tables = {key: singles(measured[key], labels) for key in SINGLES}
    best = min(MODELS, key=lambda name: tables["singles"][name]["misses"])
    answered: dict[str, list[bool]] = {
        name: [not one.answers[name].has_digit for one in measured["signs"]] for name in MODELS
    }
    results: Results = {
        "digits": len(samples.digits),
        "people": samples.people,
        "left out": samples.left_out,
        "taught": list(samples.taught),
        "stroke_width": STROKE_WIDTH,
        "confidence": CONFIDENCE,
        "crops": crop_metrics(measured["crops"], labels),
        "singles": {name: tables["singles"][name] for name in MODELS},
        "from strokes": tables["from strokes"],
        "edge": tables["edge"],
        "pen 2": tables["pen 2"],
        "pen 3": tables["pen 3"],
        "pen 14": tables["pen 14"],
        "pen 24": tables["pen 24"],
        "found": {key: Accuracy.of(len(one.crops) == 1 for one in measured[key]).to_json() for key in SINGLES},
        "numbers apart": number_metrics(measured["numbers apart"]),
        "numbers tight": number_metrics(measured["numbers tight"]),
        "numbers touching": number_metrics(measured["numbers touching"]),
        "signs": {name: Accuracy.of(own).to_json() for name, own in answered.items()},
        "by sign": grouped(answered[DEFAULT], [character.sign for character in samples.signs]),
        "junk": {name: {kind: junk_metrics(measured[kind], name) for kind in junk.KINDS} for name in MODELS},
        "votes": {name: tables["singles"][name] for name in VOTES},
        "wrong": {name: wrong(own, labels) for name, own in answers.items()},
        "by writer": {name: by_writer(answers[name], samples.digits) for name in MODELS},
        "calibration": {name: calibrated(one) for name, one in alone.items()},
        "number calibration": {
            name: number_calibration([one for gap in GAPS for one in measured[f"numbers {gap}"]], name)
            for name in MODELS
        },
        "risk_coverage": {name: risk_coverage(one) for name, one in alone.items()},
        "models": files_of(models),
    }
    return results, gallery(best, alone[best])


def files_of(models: Path) -> dict[str, str]:
    """The SHA-256 of each network's file, and of the line network's.

    Raises:
        UserError: one is missing or cannot be read.
    """
    return {**digests(models), LINE: open_lines(models).digest}


# -- processes ------------------------------------------------------------------------------------

#: What a process does with the networks: a list, which is continued by those of the same title.
Task = Callable[[Readers], list[Any]]


def _tasks(samples: Samples, n_numbers: int, n_drawings: int) -> list[tuple[str, Task]]:
    """The measurements in parts that do not need each other, with their titles."""
    digits, signs = samples.digits, samples.signs
    tasks: list[tuple[str, Task]] = []
    for key, (pen, edge, from_strokes) in SINGLES.items():
        read = partial(drawn, pen=pen, edges=edge, from_strokes=from_strokes, votes=key == "singles")
        tasks += [(key, partial(read, digits[i : i + PART], i)) for i in range(0, len(digits), PART)]
    tasks += [("crops", partial(crops, digits[i : i + PART], i)) for i in range(0, len(digits), PART)]
    tasks += [("signs", partial(drawn, signs[i : i + PART], i)) for i in range(0, len(signs), PART)]
    for title, gap in GAPS.items():
        parts = (range(i, min(i + PART // 4, n_numbers)) for i in range(0, n_numbers, PART // 4))
        tasks += [(f"numbers {title}", partial(numbers, samples.hands, gap, part)) for part in parts]
    return [*tasks, *((kind, partial(drawings, kind, n_drawings)) for kind in junk.KINDS)]


def _in_processes(
    tasks: Sequence[tuple[str, Task]], models: Path, jobs: int, done: Callable[[str], None]
) -> dict[str, list[Any]]:
    """What the tasks return, by title."""
    warnings.filterwarnings("ignore", "A worker stopped", UserWarning)  # joblib replaces one that has grown too large
    parallel = Parallel(n_jobs=jobs, return_as="generator", **ending_with_this())
    measured: dict[str, list[Any]] = {title: [] for title, _ in tasks}
    left = Counter(title for title, _ in tasks)
    files = tuple(files_of(models).values())
    with starting():
        results = parallel(delayed(_done)(task, models, files) for _, task in tasks)
    for (title, _), result in zip(tasks, results, strict=True):
        measured[title] += result
        left[title] -= 1
        if not left[title]:
            done(title)
    return measured


def _done(task: Task, models: Path, files: tuple[str, ...]) -> list[Any]:
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)  # there are as many processes as cores
    try:
        return task(_opened(models, files))
    finally:
        cv2.setNumThreads(threads)


@lru_cache(maxsize=1)
def _opened(models: Path, _: tuple[str, ...]) -> Readers:
    """The networks of a folder, opened once in a process, as long as their digests stay the same."""
    return Readers.open(models)


# -- single characters ----------------------------------------------------------------------------


def drawn(
    characters: Sequence[Character],
    first: int,
    readers: Readers,
    pen: float = PEN,
    edges: bool = False,
    from_strokes: bool = False,
    votes: bool = False,
) -> list[Found]:
    """What is found and read in single characters; arguments as of :func:`on_canvases` and :meth:`Readers.read`."""
    components: Iterable[Components] = (
        stroke_components(strokes) if from_strokes else components_of(draw(strokes))
        for strokes in on_canvases(characters, first, pen, edges)
    )
    return list(readers.read(components, votes))


def singles(found: Sequence[Found], labels: NDArray[np.uint8]) -> Singles:
    """:func:`single_metrics` by network, and by vote if they have voted."""
    return {name: single_metrics([one.answers[name] for one in found], labels) for name in found[0].answers}


def single_metrics(answers: Sequence[Answer], labels: NDArray[np.uint8]) -> Single:
    """The accuracy of single digits, and how many segments are rejected.

    Args:
        answers: for each drawing.
        labels: the digits, shape (n,).
    """
    accuracy = Accuracy.of(_correct(answers, labels))
    segments = "".join(answer.segments for answer in answers)
    return {**accuracy.to_json(), "rejected": segments.count("?"), "rejected_of": len(segments)}


def _correct(answers: Sequence[Answer], labels: Iterable[int]) -> list[bool]:
    return [answer.text == str(label) for answer, label in zip(answers, labels, strict=True)]


def wrong(answers: Sequence[Answer], labels: NDArray[np.uint8]) -> Wrong:
    """The indices of the digits that are not found as one digit and read correctly."""
    read_as = [answer.probabilities.argmax(axis=1).tolist() for answer in answers]
    return {
        "shipped": [i for i, correct in enumerate(_correct(answers, labels)) if not correct],
        "unrejected": [i for i, (read, label) in enumerate(zip(read_as, labels, strict=True)) if read != [label]],
    }


def by_writer(answers: Sequence[Answer], digits: Sequence[Character]) -> Accuracies:
    """The accuracy of single digits for each writer."""
    correct = _correct(answers, (character.label for character in digits))
    return grouped(correct, [character.writer for character in digits])


def grouped(correct: Sequence[bool], names: Sequence[str]) -> Accuracies:
    """The accuracy of what has the same name."""
    groups: dict[str, list[bool]] = {}
    for is_correct, name in zip(correct, names, strict=True):
        groups.setdefault(name, []).append(is_correct)
    return {name: Accuracy.of(group).to_json() for name, group in sorted(groups.items())}


# -- digits found as one --------------------------------------------------------------------------


@dataclass(frozen=True)
class FoundAsOne:
    """The drawings in which exactly one segment was found, n of them.

    Attributes:
        texts: how each was read: a digit, or "?" if it was rejected.
        crops: shape (n, 28, 28).
        labels: shape (n,).
        probabilities: shape (n, 10), before rejection.
        alone: shape (n, 10), without what the line network says.
    """

    texts: tuple[str, ...]
    crops: Image
    labels: NDArray[np.uint8]
    probabilities: NDArray[np.float32]
    alone: NDArray[np.float32]


def found_as_one(found: Sequence[Found], name: str, labels: NDArray[np.uint8]) -> FoundAsOne:
    """Choose the drawings in which exactly one segment was found, as one network has read them.

    Raises:
        UserError: there is none.
    """
    chosen = [i for i, one in enumerate(found) if len(one.crops) == 1]
    if not chosen:
        raise UserError(f"none of {len(found)} drawings is found as exactly one digit; give other or more strokes")
    answers = [found[i].answers[name] for i in chosen]
    return FoundAsOne(
        tuple(answer.text for answer in answers),
        np.concatenate([found[i].crops for i in chosen]),
        labels[chosen],
        np.concatenate([answer.probabilities for answer in answers]),
        np.concatenate([answer.alone for answer in answers]),
    )


def calibrated(found: FoundAsOne) -> Calibration:
    """Reliability before rejection."""
    return {
        "alone": calibration.metrics(found.labels, found.alone),
        "together": calibration.metrics(found.labels, found.probabilities),
    }


def risk_coverage(found: FoundAsOne) -> RiskCoverage:
    """The risk–coverage curve by confidence, and coverage and risk with the rejection as shipped."""
    n = len(found.texts)
    kept = [text == str(label) for text, label in zip(found.texts, found.labels, strict=True) if text != "?"]
    ranks = calibration.miss_ranks(found.labels, found.probabilities)
    return {
        "curve": {"ranks": [*ranks.values()], "n": n},
        "coverage": len(kept) / n,
        "risk": kept.count(False) / max(1, len(kept)),
    }


def gallery(network: str, found: FoundAsOne) -> Gallery:
    """The most confident misses before rejection."""
    misses = [*calibration.miss_ranks(found.labels, found.probabilities)]
    shown = misses[:GALLERY]
    rows = found.probabilities[shown]
    return Gallery(
        network,
        found.crops[shown],
        found.labels[shown],
        rows.argmax(axis=1),
        rows.max(axis=1),
        len(misses),
        len(found.texts),
    )


# -- numbers --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Numeral:
    """A number, and what was found in it, from the image and from the strokes."""

    text: str
    found: Mapping[str, Found]


def numbers(by_hand: Sequence[Sequence[Character]], gap: Gap, which: range, readers: Readers) -> list[Numeral]:
    """Numbers of two to six digits in a row, each by one writer.

    Args:
        by_hand: the digits of each writer.
        gap: as :func:`benchmarks.pen_digits.drawing.number` takes it.
        which: their numbers, which decide writer, digits, sizes and pen, whatever the gap.
        readers: read them.
    """
    made = []
    for i in which:
        rng = np.random.default_rng(i)
        made.append(number(by_hand[int(rng.integers(len(by_hand)))], gap, rng))
    from_image = readers.read(components_of(draw_wide(strokes)) for _, strokes in made)
    from_strokes = readers.read(stroke_components(strokes) for _, strokes in made)
    return [
        Numeral(text, {"image": image, "strokes": strokes})
        for (text, _), image, strokes in zip(made, from_image, from_strokes, strict=True)
    ]


def number_metrics(measured: Sequence[Numeral]) -> dict[str, Accuracies]:
    """By "image" and "strokes": the "count" (as many digits as there are, in one line), and all correct by network."""
    results: dict[str, Accuracies] = {}
    for known in ("image", "strokes"):
        pairs = [(one.found[known], one.text) for one in measured]
        counted = (len(found.crops) == len(text) and found.is_line for found, text in pairs)
        results[known] = {"count": Accuracy.of(counted).to_json()}
        for name in MODELS:
            results[known][name] = Accuracy.of(found.answers[name].text == text for found, text in pairs).to_json()
    return results


def number_calibration(measured: Sequence[Numeral], name: str) -> ReliabilityMetrics:
    """The reliability of whole numbers, read from the image."""
    answers = [one.found["image"].answers[name] for one in measured]
    correct = [answer.text == one.text for answer, one in zip(answers, measured, strict=True)]
    return calibration.metrics_of(np.array(correct), np.array([answer.confidence for answer in answers]))


# -- what is no digit -----------------------------------------------------------------------------


def drawings(kind: str, n: int, readers: Readers) -> list[Found]:
    """What is found and read in drawings of a kind that are not digits."""
    rng = np.random.default_rng(3)
    return list(readers.read(components_of(junk.KINDS[kind](rng)) for _ in range(n)))


def junk_metrics(found: Sequence[Found], name: str) -> AccuracyMetrics:
    """How often a network reads no digit."""
    return Accuracy.of(not one.answers[name].has_digit for one in found).to_json()
