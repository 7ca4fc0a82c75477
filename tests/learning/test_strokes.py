"""Strokes distorted, drawn with any pen, and cropped for the networks of single digits."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from digits.crop import shape_of, stroke_width_of, to_crop
from digits.learning.augmentation import write_some
from digits.learning.augmentation.strokes import distort_strokes, draw, written_crop
from digits.learning.config import Written
from digits.learning.handwriting import Character, Points
from digits.line_image import NO_DIGIT
from tests.writers import by_hand, people

Image = NDArray[np.uint8]

#: No distortion, one pen, and the stroke width of recognition.
PLAIN = Written(
    share=1.0,
    rotation=0,
    shear=0,
    aspect=0,
    waves=0,
    bend=0,
    slash=0,
    lean=0,
    min_pen=0.06,
    max_pen=0.06,
    min_width=1.3,
    max_width=1.3,
)
STEM = by_hand(1, [(3, 10), (3, 20), (3, 30)])
DIGITS = people(["Ada"], signs=()).characters


def distorted(character: Character, seed: int = 0, asked: float | None = None, **changes: Any) -> list[Points]:
    style = replace(PLAIN, **changes)
    return distort_strokes(character.label, character.strokes, style, np.random.default_rng(seed), asked)


def lean(strokes: list[Points]) -> float:
    """X from the lower end of a stem to its upper one, for each y upwards."""
    (x0, y0), (x1, y1) = strokes[0][0], strokes[0][-1]
    return float((x0 - x1) / (y1 - y0))


# -- distortion -----------------------------------------------------------------------------------


@pytest.mark.parametrize("character", DIGITS, ids=lambda character: str(character.label))
def test_undistorted_strokes_keep_their_form(character: Character) -> None:
    points = np.concatenate(character.strokes)
    low, high = points.min(axis=0), points.max(axis=0)
    for stroke, made in zip(character.strokes, distorted(character), strict=True):
        assert made == pytest.approx((stroke - low) / (high - low)[1], abs=1e-4)
        assert made.dtype == np.float32


@pytest.mark.parametrize("seed", range(3))
def test_distorted_strokes_have_the_same_points_within_a_box_of_height_1(seed: int) -> None:
    for character in DIGITS:
        before = [stroke.copy() for stroke in character.strokes]
        style = replace(Written(), slash=0)
        made = distort_strokes(character.label, character.strokes, style, np.random.default_rng(seed))
        assert [stroke.shape for stroke in made] == [stroke.shape for stroke in before]
        assert all(np.array_equal(*pair) for pair in zip(before, character.strokes, strict=True))
        points = np.concatenate(made)
        assert points.min(axis=0) == pytest.approx([0, 0], abs=1e-6)
        assert points[:, 1].max() == pytest.approx(1, abs=1e-6)


def test_ink_that_is_much_wider_than_high_is_measured_by_its_width() -> None:
    points = np.concatenate(distorted(by_hand(NO_DIGIT, [(0, 7), (50, 7)])))
    assert np.ptp(points, axis=0) == pytest.approx([1 / 0.6, 0], abs=1e-6)


def test_a_single_point_is_no_division_by_nothing() -> None:
    (point,) = distorted(by_hand(NO_DIGIT, [(7, 7)]), **vars(Written()))
    assert point.tolist() == [[0, 0]]


def test_the_random_state_decides() -> None:
    made = [np.concatenate(distorted(DIGITS[3], seed, **vars(Written()))) for seed in (1, 1, 2)]
    assert np.array_equal(made[0], made[1])
    assert not np.array_equal(made[0], made[2])


def test_a_shear_that_is_asked_for_leans_to_the_right() -> None:
    assert lean(distorted(STEM, asked=0.5)) == pytest.approx(0.5, abs=1e-5)
    assert lean(distorted(STEM, asked=-0.25, shear=0.9)) == pytest.approx(-0.25, abs=1e-5)


@pytest.mark.parametrize(
    ("changes", "most"),
    [({"shear": 0.3}, 0.3), ({"rotation": 20.0}, np.tan(np.deg2rad(20)))],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_shear_and_rotation_go_as_far_as_said_to_either_side(changes: dict[str, float], most: float) -> None:
    stem = replace(STEM, label=4)
    leans = [lean(distorted(stem, seed, **changes)) for seed in range(60)]
    assert -most <= min(leans) < -0.8 * most
    assert 0.8 * most < max(leans) <= most


def test_the_ratio_of_width_to_height_goes_as_far_as_said() -> None:
    square = by_hand(NO_DIGIT, [(0, 0), (1, 0), (1, 1), (0, 1)])
    extents = [np.ptp(np.concatenate(distorted(square, seed, aspect=0.4)), axis=0) for seed in range(60)]
    ratios = [float(np.log(width / height)) for width, height in extents]
    assert -0.4 <= min(ratios) < -0.32
    assert 0.32 < max(ratios) <= 0.4


def test_waves_bend_a_straight_stroke() -> None:
    straight = by_hand(4, [(0, y) for y in range(30)])
    deviations = []
    for bend in (0.0, 0.01, 0.04):
        made = [distorted(straight, seed, waves=3, bend=bend)[0] for seed in range(30)]
        deviations.append(float(np.mean([np.ptp(stroke[:, 0] - stroke[:, 1] * lean([stroke])) for stroke in made])))
    assert deviations[0] < 1e-6
    assert 0.003 < deviations[1] < deviations[2] / 2


def test_only_a_1_has_a_lean_of_its_own() -> None:
    leans = {
        label: [lean(distorted(replace(STEM, label=label), seed, lean=0.3)) for seed in range(200)]
        for label in (1, 7, NO_DIGIT)
    }
    assert np.std(leans[1]) == pytest.approx(0.3, rel=0.2)
    assert np.allclose(leans[7], 0, atol=1e-5) and np.allclose(leans[NO_DIGIT], 0, atol=1e-5)


def test_only_a_0_is_slashed_upwards_to_the_right() -> None:
    circle = [(np.cos(t), np.sin(t)) for t in np.linspace(0, 2 * np.pi, 30)]
    for label, n in ((0, 2), (6, 1), (8, 1), (NO_DIGIT, 1)):
        assert len(distorted(by_hand(label, circle), slash=1.0)) == n
    assert len(distorted(by_hand(0, circle), slash=0.0)) == 1
    for seed in range(20):
        ring, slash = distorted(by_hand(0, circle), seed, slash=1.0)
        assert len(slash) == 2 and slash[0, 0] < slash[1, 0] and slash[0, 1] > slash[1, 1]
        assert abs(slash.mean(axis=0) - ring.mean(axis=0)).max() < 0.4  # it crosses the ring
    slashed = sum(len(distorted(by_hand(0, circle), seed, slash=0.3)) - 1 for seed in range(200))
    assert 35 < slashed < 85


# -- drawing --------------------------------------------------------------------------------------


@pytest.mark.parametrize("pen", [1, 3, 8, 15])
def test_a_stroke_is_as_wide_as_the_pen_and_a_point_is_a_dot(pen: int) -> None:
    canvas = np.zeros((40, 80), np.uint8)
    draw([np.array([(20, 20), (60, 20)], np.float32)], pen, canvas)
    assert set(np.unique(canvas)) == {0, 255}
    assert np.count_nonzero(canvas[:, 40]) == pytest.approx(pen, abs=2)  # OpenCV's lines are a little wider
    dot = np.zeros((40, 80), np.uint8)
    draw([np.array([(20, 20)], np.float32)], pen, dot)
    x, y, width, height = cv2.boundingRect(dot)
    assert (width, height) == (pytest.approx(pen, abs=1), pytest.approx(pen, abs=1))
    assert (x + width / 2, y + height / 2) == pytest.approx((20.5, 20.5), abs=0.6)


def test_strokes_beyond_the_canvas_are_cut_off() -> None:
    canvas = np.zeros((20, 20), np.uint8)
    draw([np.array([(-30, 10), (50, 10)], np.float32), np.array([(90, 90)], np.float32)], 3, canvas)
    assert canvas[10].all() and not canvas[:7].any()


# -- crops ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("pen", [0.06, 0.15])
@pytest.mark.parametrize("character", DIGITS, ids=lambda character: str(character.label))
def test_a_crop_is_what_recognition_makes_of_the_same_drawing(character: Character, pen: float) -> None:
    made = written_crop(character, replace(PLAIN, min_pen=pen, max_pen=pen), np.random.default_rng(0))
    points = np.concatenate(character.strokes)
    scale = 300 * (1 - pen) / float(np.ptp(points, axis=0).max())
    canvas = np.zeros((400, 400), np.uint8)
    draw([(stroke - points.min(axis=0)) * np.float32(scale) + 50 for stroke in character.strokes], 300 * pen, canvas)
    x, y, width, height = cv2.boundingRect(canvas)
    recognised = to_crop(shape_of(canvas[y : y + height, x : x + width]))
    assert made.shape == (28, 28) and made.dtype == np.uint8
    shifted = [np.roll(recognised, (dx, dy), (1, 0)) for dx in (-1, 0, 1) for dy in (-1, 0, 1)]  # as mass is rounded
    assert min(np.abs(made.astype(int) - other).mean() for other in shifted) < 0.15 * made.mean() + 2


def test_crops_differ_in_stroke_width_within_the_range() -> None:
    def width(least: float, most: float, seed: int) -> float:
        made = written_crop(DIGITS[7], replace(PLAIN, min_width=least, max_width=most), np.random.default_rng(seed))
        large = cv2.resize(made, None, fx=8, fy=8, interpolation=cv2.INTER_LINEAR)
        return stroke_width_of((large > 127).astype(np.uint8)) / 8

    thin, thick = width(1, 1, 0), width(3, 3, 0)
    assert thick > thin + 1
    some = [width(1, 3, seed) for seed in range(20)]
    assert thin <= min(some) < thin + 0.5 and thick - 0.5 < max(some) < thick + 0.1


def test_a_dot_and_a_hairline_have_ink() -> None:
    for character in (by_hand(1, [(7, 7)]), by_hand(1, [(7, 7), (7, 7)]), by_hand(7, [(0, 0), (1e6, 1e-3)])):
        for seed in range(3):
            assert written_crop(character, Written(), np.random.default_rng(seed)).max() > 100


# -- a share of a data set's images ---------------------------------------------------------------


def count(values: NDArray[np.bool_]) -> int:
    return int(values.sum())


def test_a_share_of_the_images_is_written_and_labels_go_with_them(arrays: dict[str, Image]) -> None:
    images, labels = arrays["x_train"], arrays["y_train"]
    sevens = [character for character in DIGITS if character.label == 7]
    for share, least, most in ((0.0, 0, 0), (0.5, 15, 45), (1.0, 60, 60)):
        before = images.copy(), labels.copy()
        style = replace(PLAIN, share=share)
        shown, wanted = write_some(images, labels, sevens, style, np.random.default_rng(0))
        assert np.array_equal(images, before[0]) and np.array_equal(labels, before[1])
        assert shown.dtype == wanted.dtype == np.uint8
        written = (shown != images).any(axis=(1, 2))
        assert least <= count(written) <= most
        assert (wanted[written] == 7).all() and np.array_equal(wanted[~written], labels[~written])


def test_every_character_is_written_sometime(arrays: dict[str, Image]) -> None:
    given = np.repeat(arrays["x_train"], 5, axis=0), np.full(300, 0, np.uint8)
    _, wanted = write_some(*given, DIGITS, PLAIN, np.random.default_rng(0))
    assert set(wanted.tolist()) == set(range(10))


def repeated(made: Callable[[int], tuple[Image, Image]]) -> list[bool]:
    return [all(np.array_equal(*pair) for pair in zip(made(0), made(seed), strict=True)) for seed in (0, 1)]


def test_the_random_state_decides_what_is_written(arrays: dict[str, Image]) -> None:
    given, style = (arrays["x_train"], arrays["y_train"]), Written(share=0.4)
    assert repeated(lambda seed: write_some(*given, DIGITS, style, np.random.default_rng(seed))) == [True, False]
