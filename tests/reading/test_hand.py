"""A hand that networks learn: a style they missed, mistakes, and collections that nobody would write."""

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import minimize

from digits.networks import MODELS as NAMES
from digits.reading import hand as module
from digits.reading.classifier import Classifier
from digits.reading.collection import Collection, Entry, Sample
from digits.reading.hand import Hand, Personal, Pupil, Samples, learn, newest
from digits.reading.ink import Stroke, Strokes
from digits.reading.line_segmenter import LineSegmenter
from digits.reading.recognizer import Digit, read
from digits.reading.segmentation import Segment, stroke_components, union
from tests.handwriting import strokes

MODELS = Path(__file__).resolve().parents[2] / "models"


@pytest.fixture(scope="module")
def lines() -> LineSegmenter:
    return LineSegmenter.open(MODELS)


@pytest.fixture(scope="module")
def cnn() -> Classifier:
    return Classifier(MODELS / "CNN.onnx")


@pytest.fixture
def pupil(cnn: Classifier, lines: LineSegmenter) -> Pupil:
    return Pupil(cnn, lines)


def ink(digit: str, seed: int) -> Segment:
    """A digit as ink, drawn a little differently with each seed."""
    return union(stroke_components([Stroke(tuple(points), 9) for points in strokes(digit, 40, 40, 120, seed=seed)]))


def entry(digit: str, seed: int, label: int | None = None) -> Entry:
    return Entry(f"{digit}{seed:015x}", int(digit) if label is None else label, ink(digit, seed).crop)


def sorted_by_label(entries: Sequence[Entry]) -> list[Entry]:
    """As a collection has them."""
    return sorted(entries, key=lambda one: one.label)


def own(each: int) -> list[Entry]:
    """So many samples of each digit."""
    return [entry(digit, seed) for digit in "0123456789" for seed in range(each)]


def learned(pupil: Pupil, entries: Sequence[Entry]) -> Hand:
    hand = pupil.learn(sorted_by_label(entries))
    assert hand is not None
    return hand


def answers(classifier: Classifier, lines: LineSegmenter, hand: Hand | None, seeds: Sequence[int]) -> list[Digit]:
    """What further digits by the same hand are read as, 0 to 9 for each seed."""
    segments = [replace(ink(digit, seed), line=0) for seed in seeds for digit in "0123456789"]
    seen = lines.seen(np.array([segment.crop for segment in segments]))
    assert seen is not None
    segments = [replace(segment, seen=row) for segment, row in zip(segments, seen, strict=True)]
    return list(read(segments, Personal(classifier, hand) if hand else classifier).digits)


def wrong(digits: Sequence[Digit]) -> list[tuple[int, int | None]]:
    return [(i % 10, digit.digit) for i, digit in enumerate(digits) if digit.digit != i % 10]


FURTHER = (100, 101, 102)


@pytest.mark.parametrize("name", NAMES)
def test_a_style_that_was_missed_is_learned_and_nothing_else_changes(name: str, lines: LineSegmenter) -> None:
    """Somebody writes 7s that everybody takes for 1s, or here: 1s that everybody takes for 7s."""
    classifier = Classifier(MODELS / f"{name}.onnx")
    assert not wrong(answers(classifier, lines, None, FURTHER))
    styled = [entry("7", seed, 1) for seed in range(5)]
    hand = learned(Pupil(classifier, lines), [*(one for one in own(2) if one.label not in (1, 7)), *styled])
    assert hand.helps and hand.before == 16 and hand.now >= 20
    read_as = answers(classifier, lines, hand, FURTHER)
    assert wrong(read_as) == [(7, 1)] * 3
    moved = [digit for digit in read_as if digit.moved]
    assert [digit.without for digit in moved] == [7] * 3


def test_what_was_learned_is_forgotten_with_the_samples(cnn: Classifier, lines: LineSegmenter, pupil: Pupil) -> None:
    styled = [entry("7", seed, 1) for seed in range(5)]
    hand = learned(pupil, styled)
    assert wrong(answers(cnn, lines, hand, (100,))) == [(7, 1)]
    hand = learned(pupil, [])
    assert (hand.n, hand.helps) == (0, True) and not hand.moves(np.ones((1, 256), np.float32)).any()
    assert not wrong(answers(cnn, lines, hand, (100,)))


@pytest.mark.parametrize("each", [0, 3])
@pytest.mark.parametrize("digit", "0123456789")
def test_one_wrong_label_spoils_nothing_and_is_doubtful(
    each: int, digit: str, cnn: Classifier, lines: LineSegmenter, pupil: Pupil
) -> None:
    mistaken = entry(digit, 50, (int(digit) + 5) % 10)
    hand = learned(pupil, [*own(each), mistaken])
    assert hand.doubtful == {mistaken.key}
    assert not wrong(answers(cnn, lines, hand if hand.helps else None, FURTHER))


@pytest.mark.parametrize("digit", "0123456789")
def test_ten_of_one_digit_and_none_of_the_others_spoil_nothing(
    digit: str, cnn: Classifier, lines: LineSegmenter, pupil: Pupil
) -> None:
    hand = learned(pupil, [entry(digit, seed) for seed in range(10)])
    assert (hand.before, hand.now, hand.doubtful) == (10, 10, frozenset())
    assert not wrong(answers(cnn, lines, hand, FURTHER))


def test_a_collection_that_contradicts_itself_changes_nothing(
    cnn: Classifier, lines: LineSegmenter, pupil: Pupil
) -> None:
    every = [replace_key(entry("4", 0, label), label) for label in range(10)]
    hand = learned(pupil, every)
    assert not wrong(answers(cnn, lines, hand if hand.helps else None, FURTHER))


def test_noise_with_labels_changes_nothing(cnn: Classifier, lines: LineSegmenter, pupil: Pupil) -> None:
    rng = np.random.default_rng(0)
    noise = [Entry(f"{i:016x}", i % 10, rng.integers(0, 256, (28, 28)).astype(np.uint8)) for i in range(100)]
    blank = [Entry(f"b{i:015x}", i % 10, np.full((28, 28), 255 * (i % 2), np.uint8)) for i in range(40)]
    hand = learned(pupil, [*noise, *blank])
    assert np.isfinite(hand.weights).all()
    assert not wrong(answers(cnn, lines, hand if hand.helps else None, FURTHER))


def replace_key(one: Entry, number: int) -> Entry:
    return Entry(f"{number:016x}", one.label, one.crop)


def test_the_same_samples_give_the_same_answers_after_a_restart(
    cnn: Classifier, lines: LineSegmenter, tmp_path: Path
) -> None:
    collection = Collection(tmp_path)
    collection.keep(
        *(Sample(one.key, one.label, one.crop, Strokes((), (28, 28))) for one in [*own(2), entry("7", 9, 1)])
    )
    digests = []
    for _ in range(2):
        entries = Collection(tmp_path).entries
        hand = Pupil(cnn, lines).learn(entries)
        assert hand is not None and hand.n == 21
        digests.append(hand.digest)
    assert digests[0] == digests[1]


def test_thousands_of_samples_are_learned_in_a_second() -> None:
    """Of CPU time, on one thread; of each digit the newest count."""
    rng, n = np.random.default_rng(0), 3000
    labels = np.sort(np.arange(n) % 10)
    entries = [Entry(f"{i:016x}", int(label), np.zeros((28, 28), np.uint8)) for i, label in enumerate(labels)]
    chosen = newest(entries)
    assert len(chosen) == 10 * module.MOST
    assert [int(one.key, 16) for one in chosen[: module.MOST]] == list(range(300 - module.MOST, 300))
    labels = np.array([one.label for one in chosen])
    features = np.abs(rng.normal(size=(10, 1152)))[labels] + np.abs(rng.normal(size=(len(labels), 1152)))
    samples = Samples(tuple(one.key for one in chosen), labels, rng.normal(size=(len(labels), 10)), _f32(features))
    taken = []
    for _ in range(3):
        start = time.thread_time()
        hand = learn(samples)
        taken.append(time.thread_time() - start)
    assert hand.now > 450 > 100 > hand.before
    assert min(taken) <= 1


def _f32(values: NDArray[np.float64]) -> NDArray[np.float32]:
    return values.astype(np.float32)


def test_without_noise_it_is_the_logistic_regression_that_scipy_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "NOISE", 0.0)
    monkeypatch.setattr(module, "STEPS", 2000)
    rng = np.random.default_rng(0)
    labels, logits = np.array([0, 1, 2, 2, 3, 1]), rng.normal(size=(6, 10))
    samples = Samples(tuple("abcdef"), labels, logits, _f32(rng.random((6, 4))))
    scaled = samples.features / np.linalg.norm(samples.features, axis=1, keepdims=True)
    with_bias = np.concatenate([scaled, np.full((6, 1), module.BIAS)], axis=1)

    def loss(flat: NDArray[np.float64]) -> float:
        weights = flat.reshape(5, 10)
        values = logits + with_bias @ weights
        likely = values - np.logaddexp.reduce(values, axis=1, keepdims=True)
        return float(-likely[np.arange(6), labels].sum() + module.PULL / 2 * (weights**2).sum())

    expected = minimize(loss, np.zeros(50), method="L-BFGS-B", options={"maxiter": 5000, "ftol": 1e-14}).x
    assert learn(samples).weights == pytest.approx(expected.reshape(5, 10), abs=0.05)


def test_leaving_out_is_learning_without() -> None:
    """What is said of each sample is what a hand learned from the others says, however many are learned at once."""
    rng = np.random.default_rng(1)
    labels = np.sort(rng.integers(0, 10, 12))
    samples = Samples(tuple("abcdefghijkl"), labels, rng.normal(size=(12, 10)), _f32(rng.random((12, 6))))
    right = 0
    for i in range(12):
        rest = np.arange(12) != i
        keys = tuple(key for key, kept in zip(samples.keys, rest, strict=True) if kept)
        hand = learn(Samples(keys, labels[rest], samples.logits[rest], samples.features[rest]))
        shown = samples.logits[i] + hand.moves(samples.features[i : i + 1])[0]
        right += int(shown.argmax() == labels[i])
    assert learn(samples).now == right


def test_a_hand_that_makes_it_worse_is_not_used() -> None:
    hand = Hand(np.zeros((2, 10), np.float32), 10, 9, 8, frozenset())
    assert not hand.helps and replace(hand, now=9).helps


def test_a_network_without_a_line_network_learns_too(cnn: Classifier) -> None:
    pupil = Pupil(cnn, LineSegmenter(None, "missing"))
    hand = learned(pupil, [entry("7", seed, 1) for seed in range(5)])
    own_rows, moves = Personal(cnn, hand).answers(ink("7", 100).crop[np.newaxis])
    assert own_rows.argmax() == 7 and (np.log(own_rows) + moves).argmax() == 1


def test_the_json_says_what_it_would_be_without(cnn: Classifier, lines: LineSegmenter, pupil: Pupil) -> None:
    hand = learned(pupil, [entry("7", seed, 1) for seed in range(5)])
    segments = lines.segments(stroke_components([Stroke(tuple(p), 9) for p in strokes("74", 40, 40, 120, seed=100)]))
    found = read(segments, Personal(cnn, hand)).as_json()
    assert (found["text"], found["digits"][0]["without_hand"]) == ("14", 7)
    assert "without_hand" not in found["digits"][1]
