from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from digits.learning.augmentation import restyle, restyle_share
from digits.learning.augmentation.restyle import Pen
from digits.learning.config import Restyle

Image = NDArray[np.uint8]

#: No change and no warping.
PLAIN = Restyle(
    flag=0,
    foot=0,
    bar=0,
    serif=0,
    hook=0,
    short_stem=0,
    gap=0,
    rotation=0,
    shear=0,
    aspect=0,
    bend=0,
    elastic=0,
    lean=0,
)
ONE_PEN = replace(PLAIN, min_width=1.3, max_width=1.3)


def line(*points: tuple[int, int]) -> Image:
    """Strokes of 3 pixels between points of a 28×28 image."""
    image = np.zeros((28, 28), np.uint8)
    cv2.polylines(image, [np.array(points, np.int32)], False, 255, 3, cv2.LINE_AA)
    return image


ONE = line((14, 4), (14, 23))
SEVEN = line((8, 5), (19, 5), (12, 23))
NINE = line((17, 8), (11, 5), (10, 11), (17, 11), (17, 8), (16, 23))
FOUR = line((7, 4), (7, 15), (21, 15), (18, 15), (18, 4), (18, 23))


def drawn(image: Image, label: int, style: Restyle = PLAIN, seed: int = 0, n: int = 1) -> Image:
    images, labels = np.repeat(image[np.newaxis], n, axis=0), np.full(n, label, np.uint8)
    return restyle(images, labels, style, np.random.default_rng(seed))


def test_restyled_images_are_new_of_the_same_kind_and_in_mnists_format(arrays: dict[str, Image]) -> None:
    before, labels = arrays["x_train"].copy(), arrays["y_train"]
    restyled = restyle(before, labels, Restyle(), np.random.default_rng(0))
    assert np.array_equal(before, arrays["x_train"])
    assert restyled.shape == before.shape
    assert restyled.dtype == np.uint8
    assert not any(np.array_equal(one, other) for one, other in zip(restyled, before, strict=True))
    for image in restyled:
        _, _, width, height = cv2.boundingRect(image)
        assert max(width, height) == 20


def test_the_random_state_decides() -> None:
    nines = drawn(NINE, 9, Restyle(), seed=1, n=5)
    assert np.array_equal(nines, drawn(NINE, 9, Restyle(), seed=1, n=5))
    assert not np.array_equal(nines, drawn(NINE, 9, Restyle(), seed=2, n=5))


def test_a_share_of_the_images_is_restyled(arrays: dict[str, Image]) -> None:
    images, labels = arrays["x_train"], arrays["y_train"]
    for share, least, most in ((0.0, 0, 0), (0.5, 15, 45), (1.0, 60, 60)):
        shown = restyle_share(images, labels, Restyle(share=share), np.random.default_rng(0))
        assert least <= sum((one != other).any() for one, other in zip(shown, images, strict=True)) <= most
        assert not np.shares_memory(shown, images)


def test_without_changes_every_drawing_is_alike() -> None:
    images = drawn(SEVEN, 7, ONE_PEN, n=4)
    assert (images == images[0]).all()


def test_the_pens_differ_within_their_range() -> None:
    ink = [int(image.sum()) for image in drawn(SEVEN, 7, replace(PLAIN, min_width=1.0, max_width=2.0), n=30)]
    thin, thick = (int(drawn(SEVEN, 7, replace(PLAIN, min_width=width, max_width=width))[0].sum()) for width in (1, 2))
    assert thin <= min(ink) < 1.3 * thin
    assert 0.8 * thick < max(ink) <= thick


def test_an_empty_image_stays_empty() -> None:
    assert not drawn(np.zeros((28, 28), np.uint8), 1, Restyle()).any()


def ink(image: Image) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    ys, xs = np.nonzero(image > 110)
    return xs, ys


def test_a_flag_is_at_the_left_of_the_upper_end_of_a_1() -> None:
    reach = []
    for image in drawn(ONE, 1, replace(PLAIN, flag=1), n=20):
        xs, ys = ink(image)
        stem = xs[ys >= ys.max() - 3].mean()
        reach.append(stem - xs[ys < np.median(ys)].min())
        assert xs.max() - stem < 4
    assert np.mean(reach) > 4


def test_a_foot_is_below_a_1() -> None:
    for image in drawn(ONE, 1, replace(PLAIN, foot=1), n=20):
        xs, ys = ink(image)
        assert np.ptp(xs[ys >= ys.max() - 4]) > 1.5 * np.ptp(xs[ys < ys.min() + 8])


def widest_row(image: Image) -> int:
    """Of the lower part, pixels."""
    return max(int(np.ptp(xs)) if len(xs := np.flatnonzero(row > 110)) else 0 for row in image[12:22])


def test_a_bar_crosses_a_7() -> None:
    widths = [widest_row(image) for image in drawn(SEVEN, 7, replace(PLAIN, bar=1), n=20)]
    assert np.mean(widths) > 1.5 * widest_row(drawn(SEVEN, 7)[0])


def test_a_serif_hangs_from_the_left_end_of_a_7() -> None:
    def left_end(image: Image) -> int:
        """How far down the ink reaches at the left, pixels."""
        xs, ys = ink(image)
        return int(np.ptp(ys[xs < xs.min() + 3]))

    plain = left_end(drawn(SEVEN, 7)[0])
    assert np.mean([left_end(image) for image in drawn(SEVEN, 7, replace(PLAIN, serif=1), n=20)]) > plain + 1


def test_a_9_ends_in_a_hook_to_the_left() -> None:
    for image in drawn(NINE, 9, replace(PLAIN, hook=1), n=20):
        xs, ys = ink(image)
        lower = ys > ys.min() + 0.7 * np.ptp(ys)
        assert np.ptp(xs[lower]) >= 5


def test_the_right_stem_of_a_4_is_cut_short_and_nothing_is_left_over() -> None:
    for image in drawn(FOUR, 4, replace(PLAIN, short_stem=1), n=20):
        components, _ = cv2.connectedComponents((image > 110).astype(np.uint8))
        assert components == 2  # paper and ink
        xs, ys = ink(image)
        left, right = xs < np.median(xs), xs > xs.min() + 0.5 * np.ptp(xs)
        assert ys[right].min() > ys[left].min()


def test_a_gap_takes_ink_away() -> None:
    whole = int(drawn(NINE, 9, ONE_PEN)[0].sum())
    gaps = [int(image.sum()) for image in drawn(NINE, 9, replace(ONE_PEN, gap=1), n=20)]
    assert all(ink != whole for ink in gaps)  # a gap at an end makes the digit smaller and its crop larger
    assert np.mean(gaps) < whole


def test_a_flag_may_lean_a_1_to_the_right() -> None:
    def lean(image: Image) -> float:
        xs, ys = ink(image)
        return float(np.polyfit(ys, xs, 1)[0])

    upright, leaning = (
        np.mean([lean(image) for image in drawn(ONE, 1, replace(PLAIN, flag=1, lean=most), n=20)]) for most in (0, 0.7)
    )
    assert leaning < upright - 0.1


def test_the_pen_knows_the_ends_and_draws_as_wide_as_the_ink() -> None:
    big = cv2.resize(ONE, (56, 56), interpolation=cv2.INTER_CUBIC)
    pen = Pen(big, PLAIN)
    assert pen.first() == pytest.approx([28.5, 10], abs=2)
    assert pen.last() == pytest.approx([28.5, 46], abs=2)
    paper = np.zeros((56, 56), np.uint8)
    pen.ink = paper
    pen.line(np.array([28.0, 28.0]), 30, 0)
    assert (paper[:, 28] > 110).sum() == pytest.approx(pen.width, abs=1.5)
