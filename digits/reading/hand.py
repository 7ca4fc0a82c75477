"""What a person's own digits teach: every network's answers, moved towards one hand. NumPy and OpenCV alone.

To the logits of what is shown (:mod:`digits.reading.opinions`) are added ``W·φ``, where ``φ`` are the features of a
network's last layer but one. ``W`` is learned by multinomial logistic regression on the person's digits, pulled towards
0, that is, towards the network as it is (Kienzle & Chellapilla 2006, *Personalized handwriting recognition via biased
regularization*). A label may be wrong, and all the more the less it agrees with the network and with the person's other
digits: the likelihood has a share of noise (Bootkrajang & Kabán 2012, *Label-noise robust logistic regression and its
applications*). So one digit that is labelled by mistake changes little, until some others like it are labelled as it
is; the surer the network, the more it takes.

What is learned follows from the digits alone and is learned anew whenever they change; nothing else is kept.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digits.image_format import CLASSES, SIZE
from digits.reading.classifier import Classifier
from digits.reading.collection import Entry
from digits.reading.line_segmenter import LineSegmenter
from digits.reading.opinions import logits, softmax

#: The three were chosen on writers left out of training (benchmarks/hand.py): what is learned is much the same with
#: half or twice PULL and a NOISE of 0.4 to 0.8.
PULL = 0.02  #: weight of the squares of W
NOISE = 0.6  #: how often a label is no better than any other, as far as the likelihood goes
BIAS = 0.3  #: a feature that all digits share, beside features of length 1

MOST = 50  #: samples of each digit that are learned from, the newest
STEPS = 100  #: of accelerated gradient descent (Nesterov 1983), with which it has all but converged
FOLDS = 20  #: parts that are left out in turn where there are too many samples to leave out each alone
EACH = 100  #: samples of which each is left out alone
DOUBTFUL = 0.5  #: a label that is less probable than this to be right, by all other samples, is doubtful
HARDLY = 0.03  #: and one that is less probable than this is not learned


@dataclass(frozen=True)
class Samples:
    """Labelled digits, as a network sees them.

    Attributes:
        keys: of the digits, n of them.
        labels: ``int64``, shape (n,).
        logits: of what would be shown without a hand, ``float64``, shape (n, 10).
        features: ``float32``, shape (n, f).
    """

    keys: tuple[str, ...]
    labels: NDArray[np.int64]
    logits: NDArray[np.float64]
    features: NDArray[np.float32]


@dataclass(frozen=True)
class Hand:
    """What one network has learned of a hand.

    Attributes:
        weights: ``float32``, shape (f + 1, 10): W, the last row for the bias.
        n: samples that it was learned from.
        before: how many of them the network reads rightly as it is.
        now: how many it reads rightly with a hand learned from the others.
        doubtful: the keys of those whose labels contradict the network and the others.
        digest: SHA-256 of the samples and of what decides what is learned of them: 64 hexadecimal digits.
    """

    weights: NDArray[np.float32]
    n: int
    before: int
    now: int
    doubtful: frozenset[str]
    digest: str = ""

    @property
    def helps(self) -> bool:
        """Whether digits are read no worse with it: else it is not used."""
        return self.now >= self.before

    def moves(self, features: NDArray[np.float32]) -> NDArray[np.float64]:
        """What is added to the logits: features, shape (n, f), to ``float64``, shape (n, 10)."""
        return np.asarray(_scaled(features) @ self.weights, np.float64)


class Personal:
    """A network that reads with a hand; else like any other.

    Attributes:
        name, most: the network's.
    """

    def __init__(self, classifier: Classifier, hand: Hand) -> None:
        """Read with ``classifier`` and a hand that was learned with it."""
        self.name, self.most = classifier.name, classifier.most
        self._classifier, self._hand = classifier, hand

    def probabilities(self, crops: NDArray[np.uint8], /) -> NDArray[np.float32]:
        """Those of the network as it is, shape (n, 10)."""
        return self._classifier.probabilities(crops)

    def answers(self, crops: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
        """The network's probabilities as it is, and what the hand adds to the logits, both of shape (n, 10)."""
        own, features = self._classifier.answers(crops)
        return own, self._hand.moves(features)


class Pupil:
    """A network that learns a hand. It remembers what it has seen of each digit, so that little is computed anew."""

    def __init__(self, classifier: Classifier, lines: LineSegmenter) -> None:
        """Learn with ``classifier`` and ``lines``, neither of which may be used by another thread."""
        self._classifier, self._lines = classifier, lines
        self._known: dict[bytes, tuple[NDArray[np.float64], NDArray[np.float32]]] = {}  # by the pixels
        self._last: tuple[tuple[str, ...], Hand] | None = None

    def learn(self, entries: Sequence[Entry], at_once: int | None = None) -> Hand | None:
        """Learn from digits, of each the newest 50.

        Args:
            entries: the digits, the oldest first.
            at_once: how many new digits are looked at in this call; None for all.

        Returns:
            The hand; None if digits remain to be looked at by further calls.

        Raises:
            UserError: the network cannot be used.
        """
        chosen = newest(entries)
        unknown = [entry for entry in chosen if entry.crop.tobytes() not in self._known][:at_once]
        if unknown:
            self._look_at(unknown)
        if any(entry.crop.tobytes() not in self._known for entry in chosen):
            return None
        asked = digest_of(chosen), *(entry.key for entry in chosen)
        if self._last is None or self._last[0] != asked:
            self._known = {pixels: self._known[pixels] for pixels in (entry.crop.tobytes() for entry in chosen)}
            self._last = asked, replace(learn(self._samples(chosen)), digest=asked[0])
        return self._last[1]

    def _look_at(self, entries: Sequence[Entry]) -> None:
        crops = np.array([entry.crop for entry in entries], np.uint8).reshape(-1, SIZE, SIZE)
        own, features = self._classifier.answers(crops)
        values = logits(own, self._lines.seen(crops), self._classifier.name)
        for entry, value, feature in zip(entries, values, features, strict=True):
            self._known[entry.crop.tobytes()] = value, feature

    def _samples(self, entries: Sequence[Entry]) -> Samples:
        known = [self._known[entry.crop.tobytes()] for entry in entries]
        _, none = self._classifier.answers(np.zeros((0, SIZE, SIZE), np.uint8))
        return Samples(
            tuple(entry.key for entry in entries),
            np.array([entry.label for entry in entries], np.int64),
            np.array([value for value, _ in known], np.float64).reshape(-1, CLASSES),
            np.concatenate([none, *(feature[np.newaxis] for _, feature in known)]),
        )


def newest(entries: Sequence[Entry]) -> list[Entry]:
    """The newest 50 of each digit, in their order; ``entries`` come with the oldest first."""
    of_digit: dict[int, list[Entry]] = {}
    for entry in entries:
        of_digit.setdefault(entry.label, []).append(entry)
    kept = {entry.key for some in of_digit.values() for entry in some[-MOST:]}
    return [entry for entry in entries if entry.key in kept]


def digest_of(entries: Sequence[Entry]) -> str:
    """SHA-256 of the digits and of what decides what is learned of them."""
    digest = hashlib.sha256(repr((PULL, NOISE, BIAS, MOST, STEPS, [entry.label for entry in entries])).encode())
    for entry in entries:
        digest.update(np.ascontiguousarray(entry.crop).tobytes())
    return digest.hexdigest()


def learn(samples: Samples) -> Hand:
    """Learn a hand, and how well it does by leaving samples out."""
    n = len(samples.labels)
    features = _scaled(samples.features)
    gram = (features @ features.T / np.float32(PULL)).astype(np.float32)
    left_out = _left_out(gram, samples)
    believed = _believed(softmax(left_out)[np.arange(n), samples.labels])
    used = (believed >= HARDLY).astype(np.float32)  # else a sample may come to be believed by what is learned from it
    weights = features.T @ _fitted(gram, samples, used[np.newaxis])[0] / np.float32(PULL)
    right = samples.logits.argmax(axis=1) == samples.labels
    with_hand = left_out.argmax(axis=1) == samples.labels
    doubtful = frozenset(key for key, share in zip(samples.keys, believed, strict=True) if share < DOUBTFUL)
    return Hand(weights.astype(np.float32), n, int(right.sum()), int(with_hand.sum()), doubtful)


def _scaled(features: NDArray[np.float32]) -> NDArray[np.float32]:
    """Features of length 1, and the bias: shape (n, f) to (n, f + 1)."""
    length = np.linalg.norm(features, axis=1, keepdims=True)
    bias = np.full((len(features), 1), BIAS, np.float32)
    scaled: NDArray[np.float32] = np.concatenate([features / np.maximum(length, np.float32(1e-6)), bias], axis=1)
    return scaled


def _left_out(gram: NDArray[np.float32], samples: Samples) -> NDArray[np.float64]:
    """The logits of each sample with a hand learned without it, shape (n, 10)."""
    n = len(gram)
    parts = n if n <= EACH else FOLDS
    part = np.arange(n) % max(parts, 1)  # samples come sorted by label: each part has some of each
    used = (part != np.arange(parts)[:, np.newaxis]).astype(np.float32)
    moves = _times(gram, _fitted(gram, samples, used))
    return np.asarray(samples.logits + moves[part, np.arange(n)])


def _fitted(gram: NDArray[np.float32], samples: Samples, used: NDArray[np.float32]) -> NDArray[np.float32]:
    """Learn several times at once, each time from the samples that are used.

    Args:
        gram: products of the samples' features, divided by the pull, shape (n, n).
        samples: the samples.
        used: 1 for the samples to learn from, 0 for the others, shape (times, n).

    Returns:
        By how much each sample's features are in W, ``float32``, shape (times, n, 10).
    """
    times, n = used.shape
    rows, labels = np.arange(n), samples.labels
    wanted = np.eye(CLASSES, dtype=np.float32)[labels]
    known = samples.logits.astype(np.float32)
    steepest = 0.5 * float(np.linalg.norm(gram, 2)) + 1 if n else 1.0  # at most, by Lipschitz
    at = shares = np.zeros((times, n, CLASSES), np.float32)
    pace = 1.0
    for _ in range(STEPS):
        values = known + _times(gram, at)
        likely = np.exp(values - values.max(axis=2, keepdims=True))
        likely /= likely.sum(axis=2, keepdims=True)
        believed = used * _believed(likely[:, rows, labels])
        slope = believed[..., np.newaxis] * (likely - wanted) + at
        before, shares = shares, at - slope / np.float32(steepest)
        pace, last = (1 + (1 + 4 * pace**2) ** 0.5) / 2, pace
        at = (shares + np.float32((last - 1) / pace) * (shares - before)).astype(np.float32)
    return shares


def _times(gram: NDArray[np.float32], values: NDArray[np.float32]) -> NDArray[np.float32]:
    """A matrix, shape (n, n), times each of several, shape (times, n, 10), as one product."""
    times, n, _ = values.shape
    product: NDArray[np.float32] = gram @ values.transpose(1, 0, 2).reshape(n, times * CLASSES)
    return product.reshape(n, times, CLASSES).transpose(1, 0, 2)


def _believed(likely: Any) -> Any:
    """How probable labels are to be meant, by how probable they are to the network and the hand."""
    return (1 - NOISE) * likely / ((1 - NOISE) * likely + NOISE / CLASSES)
