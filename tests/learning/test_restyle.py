from collections.abc import Callable

import cv2
import numpy as np
import pytest
from digits.learning.handwriting import Pen, redraw

from digits.learning import handwriting


def line(*points: tuple[int, int]) -> np.ndarray:
    """Strokes of 3 pixels between points of a 28×28 image."""
    image = np.zeros((28, 28), np.uint8)
    cv2.polylines(image, [np.array(points, np.int32)], False, 255, 3, cv2.LINE_AA)
    return image


ONE = line((14, 4), (14, 23))
SEVEN = line((8, 5), (19, 5), (12, 23))
NINE = line((17, 8), (11, 5), (10, 11), (17, 11), (17, 8), (16, 23))
FOUR = line((7, 4), (7, 15), (21, 15), (18, 15), (18, 4), (18, 23))


@pytest.fixture()
def only(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Nothing but the named changes, always: no warping."""

    def choose(*names: str) -> None:
        monkeypatch.setattr(handwriting, "CHANGES", {name: float(name in names) for name in handwriting.CHANGES})
        monkeypatch.setattr(handwriting, "WARP", dict.fromkeys(handwriting.WARP, 0.0))

    return choose


def drawn(image: np.ndarray, label: int, seed: int = 0, n: int = 1) -> np.ndarray:
    return redraw(np.repeat(image[np.newaxis], n, axis=0), np.full(n, label, np.uint8), np.random.default_rng(seed))


def test_redrawn_images_are_new_of_the_same_kind_and_in_mnists_format(arrays: dict[str, np.ndarray]) -> None:
    before, labels = arrays["x_train"].copy(), arrays["y_train"]
    again = redraw(before, labels, np.random.default_rng(0))
    assert np.array_equal(before, arrays["x_train"])
    assert (again.shape, again.dtype) == (before.shape, np.uint8)
    assert not any(np.array_equal(one, other) for one, other in zip(again, before, strict=True))
    for image in again:
        _, _, width, height = cv2.boundingRect(image)
        assert max(width, height) == 20


def test_the_random_state_decides() -> None:
    assert np.array_equal(drawn(NINE, 9, seed=1, n=5), drawn(NINE, 9, seed=1, n=5))
    assert not np.array_equal(drawn(NINE, 9, seed=1, n=5), drawn(NINE, 9, seed=2, n=5))


def test_without_changes_every_drawing_is_alike_but_for_the_pen(
    only: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    only()
    monkeypatch.setattr(handwriting, "WIDTHS", (1.3, 1.3))
    images = drawn(SEVEN, 7, n=4)
    assert (images == images[0]).all()


def test_an_empty_image_stays_empty() -> None:
    assert not drawn(np.zeros((28, 28), np.uint8), 1).any()


def ink(image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    ys, xs = np.nonzero(image > 110)
    return xs, ys


def test_a_flag_is_at_the_left_of_the_upper_end_of_a_1(only: Callable[..., None]) -> None:
    only("flag")
    reach = []
    for image in drawn(ONE, 1, n=20):
        xs, ys = ink(image)
        stem = xs[ys >= ys.max() - 3].mean()
        reach.append(stem - xs[ys < np.median(ys)].min())
        assert xs.max() - stem < 4
    assert np.mean(reach) > 4


def test_a_foot_is_below_a_1(only: Callable[..., None]) -> None:
    only("foot")
    for image in drawn(ONE, 1, n=20):
        xs, ys = ink(image)
        assert np.ptp(xs[ys >= ys.max() - 4]) > 1.5 * np.ptp(xs[ys < ys.min() + 8])


def test_a_bar_crosses_a_7(only: Callable[..., None]) -> None:
    only()
    plain = drawn(SEVEN, 7)[0]
    only("bar")
    widths = []
    for image in drawn(SEVEN, 7, n=20):
        rows = [np.ptp(xs) if len(xs := np.flatnonzero(row > 110)) else 0 for row in image[12:22]]
        widths.append(max(rows))
    assert np.mean(widths) > 1.5 * max(np.ptp(np.flatnonzero(row > 110)) for row in plain[12:22] if (row > 110).any())


def test_a_9_ends_in_a_hook_to_the_left(only: Callable[..., None]) -> None:
    only("hook")
    for image in drawn(NINE, 9, n=20):
        xs, ys = ink(image)
        lower = ys > ys.min() + 0.7 * np.ptp(ys)
        assert np.ptp(xs[lower]) >= 5


def test_the_right_stem_of_a_4_is_cut_short_and_nothing_is_left_over(only: Callable[..., None]) -> None:
    only("short stem")
    for image in drawn(FOUR, 4, n=20):
        pieces, _ = cv2.connectedComponents((image > 110).astype(np.uint8))
        assert pieces == 2  # paper and one piece of ink
        xs, ys = ink(image)
        left, right = xs < np.median(xs), xs > xs.min() + 0.5 * np.ptp(xs)
        assert ys[right].min() > ys[left].min()


def test_a_gap_takes_ink_away(only: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handwriting, "WIDTHS", (1.3, 1.3))
    only()
    whole = drawn(NINE, 9)[0]
    only("gap")
    assert all(int(image.sum()) != int(whole.sum()) for image in drawn(NINE, 9, n=5))


def test_the_pen_knows_the_ends_and_draws_as_wide_as_the_ink() -> None:
    big = cv2.resize(ONE, (56, 56), interpolation=cv2.INTER_CUBIC)
    pen = Pen(big)
    assert pen.first() == pytest.approx([28.5, 10], abs=2)
    assert pen.last() == pytest.approx([28.5, 46], abs=2)
    paper = np.zeros((56, 56), np.uint8)
    pen._ink = paper
    pen.line(np.array([28.0, 28.0]), 30, 0)
    assert (paper[:, 28] > 110).sum() == pytest.approx(pen.width, abs=1.5)
