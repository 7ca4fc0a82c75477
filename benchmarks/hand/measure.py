"""Simulates people who correct and confirm digits: what is misread before and after, with every network."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated, TypedDict

import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from benchmarks.pen_digits.drawing import on_canvases
from digits.errors import UserError
from digits.image_format import SIZE
from digits.learning.calibration import reliability
from digits.learning.handwriting import Character
from digits.learning.json_types import Count, Line, Number, Sha256, Share
from digits.line_image import NO_DIGIT
from digits.networks import DEFAULT
from digits.reading.classifier import Classifier
from digits.reading.hand import Hand, Samples, learn
from digits.reading.line_segmenter import LineSegmenter
from digits.reading.opinions import logits, softmax
from digits.reading.recognizer import CONFIDENCE
from digits.reading.segmentation import stroke_components

EACH = (1, 2, 3, 5, 10)  #: samples of each digit
SHOWN = ("1", "3", "5")  #: of these, what README.md shows
TYPICAL = 3  #: samples of each digit in what is measured with one number of them
DRAWS = 5  #: choices of samples for each writer
HUNDRED = 100  #: digits of each half of the realistic course
ONE_SIDED = 10  #: samples of one digit and none of the others
ENOUGH = 20  #: digits that must remain to be tested
RESAMPLED = 10_000  #: times that writers are drawn for the interval


Relative = Annotated[float, Meta(ge=-1, le=1e12)]  #: of a rate, as a share of it


class Change(TypedDict):
    """Digits that are misread or rejected before and after, summed over writers and draws.

    ``rates`` are the means over writers, ``low`` and ``high`` the 95% interval of the relative change, by bootstrap
    over writers, ``worst`` the largest rise of a writer's rate.
    """

    n: Number
    writers: Number
    before: Count
    after: Count
    rates: tuple[Share, Share]
    low: Relative
    high: Relative
    worst: Annotated[float, Meta(ge=-1, le=1)]


class Side(TypedDict):
    """With three samples of each digit: before and after."""

    ece: tuple[Share, Share]
    signs: tuple[Count, Count]
    of_signs: Count
    rejected: tuple[Count, Count]


Each = Annotated[str, Meta(pattern="^[0-9]{1,3}$")]


class Network(TypedDict):
    """What is measured of a network."""

    each: Annotated[dict[Each, Change], Meta(min_length=1)]
    corrected: dict[Line, Change]
    mistakes: dict[Line, Change]
    side: Side


class Results(TypedDict):
    """Everything measured, as plots/hand.json holds it."""

    files: dict[Line, Sha256]
    writers: Number
    digits: Number
    not_found: Count
    networks: dict[Line, Network]
    models: dict[str, str]


def check(results: Results) -> None:
    """Check that what was read from a file belongs together, so that its page can be made.

    Raises:
        ValueError: more digits are misread than there are.
        LookupError: a number of samples that the page shows is missing.
    """
    results["networks"][DEFAULT]
    for value in results["networks"].values():
        for k in SHOWN:
            value["each"][k]
        for one in (*value["each"].values(), *value["corrected"].values(), *value["mistakes"].values()):
            if max(one["before"], one["after"]) > one["n"]:
                raise ValueError("more digits are misread than there are")


@dataclass(frozen=True)
class Page:
    """The digits, and letters and signs, of one writer, as the segmenter finds them.

    Attributes:
        labels: shape (n,), ``NO_DIGIT`` for a letter or sign.
        found: whether it was found as one thing, shape (n,).
        crops: shape (n, 28, 28).
        seen: what the line network says of it, shape (n, 11).
        alone: what it says of its crop, from which the hand is learned, shape (n, 11).
    """

    labels: NDArray[np.int64]
    found: NDArray[np.bool_]
    crops: NDArray[np.uint8]
    seen: NDArray[np.float32]
    alone: NDArray[np.float32]

    @classmethod
    def of(cls, characters: Sequence[Character], lines: LineSegmenter) -> "Page":
        """Draw each on a canvas of its own and find it."""
        n = len(characters)
        labels = np.array([character.label for character in characters], np.int64)
        found, seen = np.zeros(n, bool), np.full((n, NO_DIGIT + 1), 1 / (NO_DIGIT + 1), np.float32)
        crops = np.zeros((n, SIZE, SIZE), np.uint8)
        for i, strokes in enumerate(on_canvases(characters)):
            segments = lines.segments(stroke_components(strokes))
            if len(segments) == 1 and segments[0].seen is not None:
                found[i], crops[i], seen[i] = True, segments[0].crop, segments[0].seen
        alone = lines.seen(crops)
        assert alone is not None  # lines without a network are refused
        return cls(labels, found, crops, seen, alone)


@dataclass(frozen=True)
class Writer:
    """What was found of a writer's page, as one network sees it, in the order written.

    Attributes:
        labels: as :class:`Page`'s.
        shown: the logits of what is shown of each, shape (n, 10).
        none: whether the line network sees no digit, shape (n,).
        samples: from which the hand is learned.
    """

    labels: NDArray[np.int64]
    shown: NDArray[np.float64]
    none: NDArray[np.bool_]
    samples: Samples

    @classmethod
    def of(cls, page: Page, classifier: Classifier) -> "Writer":
        """Have a network read a page."""
        labels, seen = page.labels[page.found], page.seen[page.found]
        own, features = classifier.answers(page.crops[page.found])
        keys = tuple(map(str, range(len(labels))))
        samples = Samples(keys, labels, logits(own, page.alone[page.found], classifier.name), features)
        return cls(labels, logits(own, seen, classifier.name), seen.argmax(axis=1) == NO_DIGIT, samples)

    def learned(self, chosen: Sequence[int], labels: Sequence[int] | None = None) -> Hand:
        """The hand learned from some digits, with their own labels or with others."""
        at = np.array(chosen, int)
        given = self.labels[at] if labels is None else np.array(labels, np.int64)
        order = np.argsort(given, kind="stable")  # as a collection has them
        return learn(
            Samples(
                tuple(self.samples.keys[i] for i in at[order]),
                given[order],
                self.samples.logits[at[order]],
                self.samples.features[at[order]],
            )
        )

    def probabilities(self, hand: Hand | None) -> NDArray[np.float64]:
        """What is shown, with a hand or as it is, shape (n, 10)."""
        if hand is None or not hand.helps:
            return softmax(self.shown)
        return softmax(self.shown + hand.moves(self.samples.features))

    def rejected(self, shown: NDArray[np.float64]) -> NDArray[np.bool_]:
        """What is rejected, shape (n,)."""
        return np.asarray(self.none | (shown.max(axis=1) < CONFIDENCE))

    def wrong(self, hand: Hand | None) -> NDArray[np.bool_]:
        """What is rejected or misread, shape (n,)."""
        shown = self.probabilities(hand)
        return np.asarray(self.rejected(shown) | (shown.argmax(axis=1) != self.labels))

    def digits(self) -> NDArray[np.int64]:
        """The indices of the digits."""
        return np.flatnonzero(self.labels != NO_DIGIT)

    def some(self, each: int, rng: np.random.Generator) -> list[int] | None:
        """So many samples of each digit; None if there are not enough, or too few would remain."""
        chosen: list[int] = []
        for label in range(NO_DIGIT):
            own = np.flatnonzero(self.labels == label)
            if len(own) < each:
                return None
            chosen += rng.permutation(own)[:each].tolist()
        return chosen if len(self.digits()) - len(chosen) >= ENOUGH else None


#: By writer: digits tested, and how many of them are wrong before and after.
Counts = list[tuple[int, int, int]]


def network(writers: Sequence[Writer]) -> Network:
    """Everything that is measured of one network.

    Raises:
        UserError: nobody has written enough.
    """
    each = {str(k): change(_by_writer(writers, partial(_confirmed, k))) for k in EACH}
    mistakes = {
        "one digit with a wrong label, and nothing else": change(_by_writer(writers, partial(_mistaken, 0))),
        f"{TYPICAL} of each digit, and one with a wrong label": change(
            _by_writer(writers, partial(_mistaken, TYPICAL))
        ),
        f"{ONE_SIDED} of one digit, and nothing else": change(_by_writer(writers, _one_sided)),
    }
    halves = [_course(writer) for writer in writers]
    corrected = {
        name: change([half[i] for half in halves if half]) for i, name in enumerate(("first hundred", "second hundred"))
    }
    return Network(each=each, corrected=corrected, mistakes=mistakes, side=_side(writers))


def change(counts: Counts) -> Change:
    """Sums, rates and the interval from the counts of writers.

    Raises:
        UserError: there is nobody.
    """
    if not counts:
        raise UserError(f"nobody has written {2 * HUNDRED} digits, or enough of each; give more handwriting")
    n, before, after = (np.array(column, float) for column in zip(*counts, strict=True))
    rates = before / n, after / n
    rng = np.random.default_rng(0)
    drawn = rng.integers(len(n), size=(RESAMPLED, len(n)))
    totals = [rate[drawn].mean(axis=1) for rate in rates]
    relative = totals[1] / np.maximum(totals[0], 1e-9) - 1
    low, high = np.percentile(relative, (2.5, 97.5)).tolist()
    return Change(
        n=int(n.sum()),
        writers=len(n),
        before=int(before.sum()),
        after=int(after.sum()),
        rates=(float(rates[0].mean()), float(rates[1].mean())),
        low=low,
        high=high,
        worst=float((rates[1] - rates[0]).max()),
    )


Course = Callable[[Writer, np.random.Generator], tuple[Hand, NDArray[np.int64]] | None]


def _by_writer(writers: Sequence[Writer], course: Course) -> Counts:
    """The counts of each writer, summed over the draws; of those who have written enough."""
    counts = []
    for writer in writers:
        sums = np.zeros(3, int)
        for draw in range(DRAWS):
            made = course(writer, np.random.default_rng(draw))
            if made is not None:
                hand, tested = made
                sums += len(tested), writer.wrong(None)[tested].sum(), writer.wrong(hand)[tested].sum()
        if sums[0]:
            counts.append((int(sums[0]), int(sums[1]), int(sums[2])))
    return counts


def _confirmed(each: int, writer: Writer, rng: np.random.Generator) -> tuple[Hand, NDArray[np.int64]] | None:
    """So many samples of each digit, rightly labelled."""
    chosen = writer.some(each, rng)
    return None if chosen is None else (writer.learned(chosen), np.setdiff1d(writer.digits(), chosen))


def _mistaken(each: int, writer: Writer, rng: np.random.Generator) -> tuple[Hand, NDArray[np.int64]] | None:
    """So many samples of each digit, rightly labelled, and one more that is not."""
    chosen = writer.some(each, rng)
    if chosen is None:
        return None
    rest = np.setdiff1d(writer.digits(), chosen)
    mistaken = int(rng.choice(rest))
    label = int((writer.labels[mistaken] + rng.integers(1, NO_DIGIT)) % NO_DIGIT)
    labels = [*writer.labels[np.array(chosen, int)].tolist(), label]
    return writer.learned([*chosen, mistaken], labels), np.setdiff1d(writer.digits(), [*chosen, mistaken])


def _one_sided(writer: Writer, rng: np.random.Generator) -> tuple[Hand, NDArray[np.int64]] | None:
    """Many samples of one digit, and none of the others."""
    own = np.flatnonzero(writer.labels == rng.integers(NO_DIGIT))
    chosen = rng.permutation(own)[:ONE_SIDED].tolist()
    tested = np.setdiff1d(writer.digits(), chosen)
    return (writer.learned(chosen), tested) if len(chosen) == ONE_SIDED and len(tested) >= ENOUGH else None


def _course(writer: Writer) -> list[tuple[int, int, int]]:
    """Only what is misread is corrected, in the order written: the counts of the first hundred and of the second."""
    digits = writer.digits()[: 2 * HUNDRED]
    if len(digits) < 2 * HUNDRED:
        return []
    before = writer.wrong(None)[digits]
    after, corrected, wrong = np.zeros(len(digits), bool), [], writer.wrong(None)
    for place, i in enumerate(digits.tolist()):
        after[place] = wrong[i]
        if wrong[i]:
            corrected.append(i)
            wrong = writer.wrong(writer.learned(corrected))
    halves = np.s_[:HUNDRED], np.s_[HUNDRED:]
    return [(HUNDRED, int(before[half].sum()), int(after[half].sum())) for half in halves]


def _side(writers: Sequence[Writer]) -> Side:
    """Calibration and rejection with three samples of each digit, over one draw of each writer."""
    confidence: tuple[list[NDArray[np.float64]], ...] = ([], [])
    right: tuple[list[NDArray[np.bool_]], ...] = ([], [])
    signs, rejected, of_signs = [0, 0], [0, 0], 0
    for writer in writers:
        made = _confirmed(TYPICAL, writer, np.random.default_rng(0))
        if made is None:
            continue
        hand, tested = made
        other = np.flatnonzero(writer.labels == NO_DIGIT)
        of_signs += len(other)
        for i, shown in enumerate((writer.probabilities(None), writer.probabilities(hand))):
            confidence[i].append(shown[tested].max(axis=1))
            right[i].append(shown[tested].argmax(axis=1) == writer.labels[tested])
            signs[i] += int((~writer.rejected(shown)[other]).sum())
            rejected[i] += int(writer.rejected(shown)[tested].sum())
    ece = [reliability(np.concatenate(right[i]), np.concatenate(confidence[i])).ece for i in (0, 1)]
    return Side(
        ece=(ece[0], ece[1]), signs=(signs[0], signs[1]), of_signs=of_signs, rejected=(rejected[0], rejected[1])
    )
