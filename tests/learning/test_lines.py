"""Lines put together to train the line network: what is on them, and where."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from digits.crop import shape_of, stroke_width_of, to_crop
from digits.image_format import to_input
from digits.learning.augmentation.lines import Hands, make_lines
from digits.learning.config import Lines, Recipe, Written
from digits.line_image import FLATTEST, HEIGHT, INK_HEIGHT, MARGIN, NO_DIGIT, PEN
from tests.conftest import drawn_digits
from tests.writers import by_hand, people

Image = NDArray[np.uint8]
Found = NDArray[np.float32]  #: characters of a line, shape (k, 4): label, middle, left, right

#: No distortion at all.
PLAIN = Written(rotation=0, shear=0, aspect=0, waves=0, bend=0, slash=0, lean=0)
#: Digits of one writer with one pen, apart from one another, as high as the line.
QUIET = Lines(
    per_epoch=8,
    lengths=(3,),
    images=0,
    strangers=0,
    apart=1,
    tight=0,
    touching=0,
    tight_gap=0.3,
    size=0,
    uneven=0,
    interlock=0,
    up_down=0,
    slant=0,
    own_slant=0,
    rise=0,
    signs=0,
    clutter=0,
    broken=0,
    min_pen=0.06,
    max_pen=0.06,
)
MNIST_LIKE = drawn_digits(60, 0)
HANDS = Hands.of(people(), *MNIST_LIKE)


def lines(
    n: int = 20, seed: int = 0, hands: Hands = HANDS, style: Written = PLAIN, **changes: Any
) -> tuple[Image, Any]:
    """Lines, and the characters of each."""
    recipe = Recipe(written=style, lines=replace(QUIET, **changes))
    made, characters = make_lines(hands, recipe, n, np.random.default_rng(seed))
    return made, [found[found[:, 0] >= 0] for found in characters]


def only(digits: str, *writers: str, labels: tuple[int, ...] = ()) -> Hands:
    """Hands that write some digits only; images of some digits only."""
    images, found = MNIST_LIKE
    chosen = np.isin(found, labels)
    return Hands.of(people(writers or ("Ada",), digits, signs=""), images[chosen], found[chosen])


def columns(line: Image) -> NDArray[np.intp]:
    """Where there is ink."""
    return np.flatnonzero(line.max(axis=0) > 100)


def unit(pen: float = QUIET.min_pen, height: float = 1.0) -> float:
    """Pixels of the usual digit's height, where no line is higher."""
    return INK_HEIGHT / max(height + pen, FLATTEST * pen)


# -- what is given --------------------------------------------------------------------------------


def test_lines_and_characters_have_the_networks_format() -> None:
    recipe = Recipe(lines=Lines(lengths=(2, 5)))
    for seed in range(4):
        made, characters = make_lines(HANDS, recipe, 16, np.random.default_rng(seed))
        assert made.dtype == np.uint8 and characters.dtype == np.float32
        assert made.shape[:2] == (16, HEIGHT) and made.shape[2] % 4 == 0
        assert characters.shape == (16, 5, 4)
        for line, found in zip(made, characters, strict=True):
            there = found[:, 0] >= 0
            label, middle, left, right = found[there].T
            assert (found[~there] == -1).all() and there[: len(label)].all()  # what is missing comes last
            assert set(label.tolist()) <= set(range(11))
            assert (left < middle).all() and (middle < right).all() and (np.diff(middle) > 0).all()
            assert left.min() > MARGIN - 1 and right.max() < made.shape[2] - MARGIN + 1
            assert line.max() > 200
            assert not line[:, : MARGIN - 4].any() and not line[[0, -1]].any()


def test_a_line_has_at_least_half_as_many_characters_as_are_allowed() -> None:
    for most, expected in ((1, {1}), (2, {1, 2}), (3, {2, 3}), (6, {3, 4, 5, 6})):
        _, found = lines(40, lengths=(most,))
        assert {len(characters) for characters in found} == expected


def test_all_lines_of_a_batch_may_have_as_many_characters() -> None:
    seen = {max(map(len, lines(8, seed, lengths=(1, 8))[1])) for seed in range(20)}
    assert 1 in seen and max(seen) > 4 and not seen & {2, 3}


def test_the_random_state_decides() -> None:
    recipe = Recipe(lines=Lines())
    made = [make_lines(HANDS, recipe, 8, np.random.default_rng(seed)) for seed in (5, 5, 6)]
    assert np.array_equal(made[0][0], made[1][0]) and np.array_equal(made[0][1], made[1][1])
    assert not np.array_equal(made[0][1], made[2][1])


def test_what_lines_are_made_of_stays_as_it_is() -> None:
    images, labels = (values.copy() for values in MNIST_LIKE)
    handwriting = people()
    before = [stroke.copy() for character in handwriting.characters for stroke in character.strokes]
    make_lines(Hands.of(handwriting, images, labels), Recipe(lines=Lines()), 64, np.random.default_rng(0))
    after = [stroke for character in handwriting.characters for stroke in character.strokes]
    assert all(np.array_equal(*pair) for pair in zip(before, after, strict=True))
    assert np.array_equal(images, MNIST_LIKE[0]) and np.array_equal(labels, MNIST_LIKE[1])


# -- where everything is --------------------------------------------------------------------------


def assert_ink_is_where_it_is_said(line: Image, found: Found, inside: float, outside: float) -> None:
    """The ink of each begins and ends so many pixels within, or beyond, where its characters do, and nothing else is.

    Args:
        line: of which no two characters are nearer than 6 pixels.
        found: its characters.
        inside, outside: pixels.
    """
    ink = columns(line)
    unclaimed = set(ink.tolist())
    for _, middle, left, right in found:
        assert middle == pytest.approx((left + right) / 2, abs=1e-3)
        own = ink[(ink + 0.5 > left - 3) & (ink + 0.5 < right + 3)]
        unclaimed -= set(own.tolist())
        assert -outside <= own.min() - left <= inside
        assert -outside <= right - (own.max() + 1) <= inside
    assert not unclaimed


@pytest.mark.parametrize("pen", [0.012, 0.06, 0.15, 0.26])
def test_strokes_are_where_the_characters_are(pen: float) -> None:
    """Whatever making all strokes of one width takes from a thick pen and gives to a thin one."""
    for line, found in zip(*lines(min_pen=pen, max_pen=pen, style=Written()), strict=True):
        assert_ink_is_where_it_is_said(line, found, 2, 2)


@pytest.mark.parametrize("pen", [0.012, 0.06, 0.15])
def test_images_are_where_the_characters_are(pen: float) -> None:
    """Their strokes, which are as thick as they are, become thinner, too."""
    for line, found in zip(*lines(images=1, min_pen=pen, max_pen=pen, style=Written()), strict=True):
        assert_ink_is_where_it_is_said(line, found, 6, 1)


@pytest.mark.parametrize("images", [0, 1])
def test_the_labels_are_those_of_the_ink(images: float) -> None:
    """As a network of single digits, which is published with the project, reads what is between left and right."""
    path = Path(__file__).parents[2] / "models" / "ResNet.onnx"
    network = cv2.dnn.readNetFromONNX(str(path))
    crops, labels = [], []
    for line, found in zip(*lines(20, images=images), strict=True):
        for label, _, left, right in found:
            crops.append(to_crop(shape_of(line[:, int(left) - 2 : int(right) + 3])))
            labels.append(int(label))
    network.setInput(to_input(np.stack(crops)))
    read = network.forward().argmax(axis=1)
    assert len(set(labels)) == 10
    assert np.mean(read == labels) > 0.8


def test_every_stroke_has_one_width() -> None:
    widths = []
    for pen in (0.012, 0.05, 0.26):
        made, _ = lines(5, hands=only("17"), min_pen=pen, max_pen=pen)
        large = [cv2.resize(line, None, fx=8, fy=8, interpolation=cv2.INTER_LINEAR) for line in made]
        widths += [stroke_width_of((line > 127).astype(np.uint8)) / 8 for line in large]
    assert min(widths) > 0.7 * PEN and max(widths) < 1.3 * PEN


def test_ink_fills_the_lines_height() -> None:
    for line in lines(10, hands=only("08"))[0]:
        rows = np.flatnonzero(line.max(axis=1) > 100)
        assert (rows.min(), rows.max()) == (
            pytest.approx((HEIGHT - INK_HEIGHT) / 2, abs=1.5),
            pytest.approx((HEIGHT + INK_HEIGHT) / 2 - 1, abs=1.5),
        )


@pytest.mark.parametrize(
    ("shares", "least", "most"),
    [
        ({"apart": 1, "tight": 0, "touching": 0}, 0.1, 0.5),
        ({"apart": 0, "tight": 1, "touching": 0}, 0, 0.1),
        ({"apart": 0, "tight": 0, "touching": 1}, -0.2, 0),
        ({"apart": 0, "tight": 0, "touching": 0}, -0.2, 0.5),
    ],
    ids=["apart", "tight", "touching", "the rest"],
)
def test_gaps_are_as_wide_as_said(shares: dict[str, Any], least: float, most: float) -> None:
    """Of digits that are so wide that each has a column of its own in any case."""
    _, found = lines(60, hands=only("03"), widest=0.5, tight_gap=0.1, overlap=0.2, **shares)
    thinner = unit() * QUIET.min_pen - PEN  # the strokes, than the pen
    gaps = [float(b[2] - a[3] - thinner) / unit() for each in found for a, b in pairwise(each)]
    margin = 0.1 * (most - least)
    assert least - 0.02 <= min(gaps) < least + margin + 0.03
    assert most - margin - 0.03 < max(gaps) <= most + 0.02


def test_neighbours_have_columns_of_their_own_whatever_the_gap() -> None:
    _, found = lines(60, hands=only("1"), apart=0, touching=1, overlap=0.5)
    assert min(float(b[1] - a[1]) for each in found for a, b in pairwise(each)) > 4


# -- what is on a line ----------------------------------------------------------------------------


def test_a_line_is_by_one_writer_unless_they_are_strangers() -> None:
    threes, eights = (people([name], digit, signs="").characters for name, digit in (("Ada", "3"), ("Ben", "8")))
    hands = replace(HANDS, digits=tuple(tuple((each, 1.0) for each in own) for own in (threes, eights)))
    mixed = {}
    for share in (0.0, 0.5, 1.0):
        found = lines(40, hands=hands, strangers=share, lengths=(4,))[1]
        assert {label for each in found for label in each[:, 0].tolist()} == {3, 8}
        mixed[share] = sum(len({*each[:, 0].tolist()}) == 2 for each in found)
    assert mixed[0.0] == 0 < mixed[0.5] < mixed[1.0] and mixed[1.0] > 20


def test_the_share_of_images_takes_the_datasets_digits() -> None:
    hands = only("3", labels=(5, 6))
    for share, expected in ((0.0, {(3,)}), (1.0, {(5,), (6,), (5, 6)}), (0.5, {(3,), (5,), (6,), (5, 6)})):
        found = lines(60, hands=hands, images=share)[1]
        assert {tuple(sorted({*each[:, 0].astype(int).tolist()})) for each in found} == expected


def test_an_image_without_ink_is_a_dot_that_is_no_digit() -> None:
    hands = replace(HANDS, images=np.zeros((1, 28, 28), np.uint8), labels=np.zeros(1, np.uint8))
    made, found = lines(5, hands=hands, images=1)
    assert all((each[:, 0] == NO_DIGIT).all() for each in found)
    assert all(len(columns(line)) for line in made)


def labels_with(n: int = 60, **changes: Any) -> NDArray[np.int_]:
    return np.array([label for each in lines(n, **changes)[1] for label in each[:, 0]], int)


def test_signs_and_scribbles_are_no_digits() -> None:
    assert NO_DIGIT not in labels_with(signs=0)
    assert (labels_with(signs=1, sign=1) == NO_DIGIT).all()
    assert np.mean(labels_with(signs=1, sign=0.4) == NO_DIGIT) == pytest.approx(0.4, abs=0.12)
    without = [NO_DIGIT not in each[:, 0] for each in lines(100, signs=0.3, sign=1)[1]]
    assert np.mean(without) == pytest.approx(0.7, abs=0.12)


def test_a_sign_is_what_somebody_has_written_unless_it_is_a_scribble() -> None:
    """A sign with a shape of its own is found again: a comb of five teeth."""
    comb = by_hand(NO_DIGIT, *([(x, 0), (x, 10)] for x in range(0, 25, 5)))
    hands = replace(HANDS, signs=((comb,),))

    def combs(scribble: float, hands: Hands) -> float:
        made, _ = lines(30, hands=hands, lengths=(1,), signs=1, sign=1, scribble=scribble, min_pen=0.03, max_pen=0.03)
        teeth = [cv2.connectedComponents((line[10:22] > 100).astype(np.uint8))[0] - 1 for line in made]
        straight = [(np.ptp(line[10:22].astype(int), axis=0) < 60).mean() > 0.95 for line in made]
        return float(np.mean([n == 5 and upright for n, upright in zip(teeth, straight, strict=True)]))

    assert combs(0, hands) == 1
    assert 0.2 < combs(0.5, hands) < 0.8
    assert combs(1, hands) == 0
    assert combs(0, replace(hands, signs=())) == 0  # nobody has written any


def test_signs_that_are_small_are_drawn_small() -> None:
    """Beside a digit, a point is smaller than the same strokes under the name of a letter."""
    stroke = [(0.0, 0.0), (5.0, 10.0), (10.0, 0.0)]
    sizes = {}
    for sign in ("V", "."):
        character = replace(by_hand(NO_DIGIT, stroke), sign=sign)
        hands = replace(only("8"), signs=((character,),))
        found = lines(80, hands=hands, lengths=(2,), signs=1, sign=0.5, scribble=0)[1]
        both = [each for each in found if {*each[:, 0].tolist()} == {8, NO_DIGIT}]
        ratios = [np.ptp(each[each[:, 0] == NO_DIGIT][0, 2:]) / np.ptp(each[each[:, 0] == 8][0, 2:]) for each in both]
        sizes[sign] = float(np.mean(ratios))
    assert sizes["."] < 0.6 * sizes["V"]


def test_clutter_is_no_character_and_leaves_room() -> None:
    plain = [float(each[0, 3] - each[0, 2]) for each in lines(60, hands=only("0"), lengths=(1,))[1]]
    made, found = lines(60, hands=only("0"), lengths=(1,), clutter=1, room=0.5)
    beyond = 0
    for line, each in zip(made, found, strict=True):
        assert each[:, 0].tolist() == [0]
        width = float(each[0, 3] - each[0, 2])
        assert width > 0.45 * np.mean(plain)
        ink = columns(line)
        inner = cv2.boundingRect((line > 100).astype(np.uint8))[3] > 1.3 * width / np.mean(plain) * INK_HEIGHT
        beyond += bool(ink.min() < each[0, 2] - 2 or ink.max() > each[0, 3] + 2 or inner)
    assert beyond > 40


@pytest.mark.parametrize("pen", [0.012, 0.06, 0.2])
def test_the_strokes_of_a_broken_line_have_gaps(pen: float) -> None:
    """Nothing else changes."""

    def pieces(line: Image) -> int:
        """Of ink, less the holes in it: a 0 with a gap has no hole."""
        ink = (line > 100).astype(np.uint8)
        return int(cv2.connectedComponents(ink)[0] - cv2.connectedComponents(1 - ink, connectivity=4)[0])

    more = 0
    for seed in range(20):
        (whole, found), (broken, same) = (lines(1, seed, broken=share, min_pen=pen, max_pen=pen) for share in (0, 1))
        assert np.array_equal(found[0], same[0])
        more += pieces(broken[0]) > pieces(whole[0])
    assert more > 4


def test_some_underlines_are_two() -> None:
    """One above the other."""
    rows = set()
    for line, (found,) in zip(*lines(200, hands=only("0"), lengths=(1,), clutter=1), strict=True):
        left, right = round(float(found[2])), round(float(found[3]))
        ends = np.flatnonzero(np.diff((line[:, (left + right) // 2] > 100).astype(int), prepend=0, append=0))
        rows.add(len(ends) // 2)  # roof and foot of the 0, and what is below, or around it
    assert {3, 4} <= rows


def test_the_ink_of_digits_that_interlock_is_apart_where_their_boxes_are_not() -> None:
    """A line that leans to and fro would be too easy: these are 7s and 4s and 1s, and not far apart."""
    style, gaps = replace(PLAIN, lean=0.6), {"apart": 1, "tight_gap": 0.15, "widest": 0.15}
    over = 0
    for seed in range(40):
        (line,), (found,) = lines(1, seed, hands=only("147"), style=style, interlock=1, **gaps)
        over += any(float(b[2]) < float(a[3]) for a, b in pairwise(found))
        assert cv2.connectedComponents((line > 100).astype(np.uint8))[0] > len(found)
    assert over > 10


def test_a_line_may_rise_and_fall() -> None:
    def slope(line: Image) -> float:
        """Degrees, upwards to the right."""
        ys, xs = np.nonzero(line > 100)
        return float(np.rad2deg(np.arctan(-np.polyfit(xs, ys, 1)[0])))

    level, uneven = (
        [slope(line) for line in lines(30, hands=only("0"), lengths=(6,), rise=rise)[0]] for rise in (0, 8)
    )
    assert max(map(abs, level)) < 1.2
    assert -9.2 < min(uneven) < -4 and 4 < max(uneven) < 9.2


def test_digits_differ_in_size_and_place() -> None:
    def spread(**changes: Any) -> float:
        """Of the widths of digits that are alike, beside one another."""
        found = lines(40, hands=only("0"), **changes)[1]
        return float(np.mean([np.std(each[:, 3] - each[:, 2]) / np.mean(each[:, 3] - each[:, 2]) for each in found]))

    assert spread() < 0.005
    assert 0.05 < spread(size=0.1) < spread(size=0.3)
    assert spread(uneven=0.5, unequal=0.3) < spread(uneven=1, unequal=0.3) == spread(size=0.3)
    heights = [
        float(np.mean([np.mean(each[:, 3] - each[:, 2]) for each in lines(40, hands=only("0"), up_down=value)[1]]))
        for value in (0, 0.1, 0.3)
    ]  # the line becomes higher, and everything on it smaller
    assert heights[0] > heights[1] > heights[2]


# -- hands ----------------------------------------------------------------------------------------


def test_hands_keep_writers_apart_and_signs_from_digits() -> None:
    handwriting = people(("Ada", "Ben"))
    hands = Hands.of(handwriting, *MNIST_LIKE)
    assert [[character.label for character, _ in own] for own in hands.digits] == [list(range(10))] * 2
    assert [{character.writer for character, _ in own} for own in hands.digits] == [{"Ada"}, {"Ben"}]
    assert [{character.sign for character in own} for own in hands.signs] == [{"A", "+"}] * 2
    assert Hands.of(people(("Ada",), digits=""), *MNIST_LIKE).digits == ()
    assert Hands.of(people(("Ada",), signs=""), *MNIST_LIKE).signs == ()


def test_a_writers_digits_keep_their_heights_within_reason() -> None:
    heights = (10, 10, 12, 1, 90)
    characters = people(("Ada",), "1", signs="").characters * len(heights)
    some = [
        replace(character, strokes=tuple(stroke * np.float32(height / 100) for stroke in character.strokes))
        for character, height in zip(characters, heights, strict=True)
    ]
    hands = Hands.of(replace(people(), characters=tuple(some)), *MNIST_LIKE)
    assert [height for _, height in hands.digits[0]] == pytest.approx([1, 1, 1.2, 0.6, 1.4])
