import numpy as np
import pytest

from benchmarks.pen_digits import drawing
from digits.line_image import NO_DIGIT
from digits.reading.line_segmenter import LineSegmenter
from tests.writers import LEFT_OUT, by_hand, people

ONE = by_hand(1, [(0, 0), (0, 100)], [(-10, 100), (10, 100.5)])


def test_a_digit_lies_at_the_same_place_with_every_pen() -> None:
    thin, thick = (drawing.draw(next(drawing.on_canvases([ONE], pen=pen))) for pen in (4, 12))
    assert thin.shape == thick.shape == (drawing.HEIGHT, drawing.WIDTH)
    centres = [np.argwhere(image > 127).mean(axis=0) for image in (thin, thick)]
    assert np.abs(centres[0] - centres[1]).max() < 12


def test_a_part_of_the_digits_is_drawn_as_in_all_of_them() -> None:
    every = list(drawing.on_canvases([ONE] * 5, edges=True))
    assert list(drawing.on_canvases([ONE] * 2, 3, edges=True)) == every[3:]


def test_digits_touch_each_edge_in_turn() -> None:
    images = [drawing.draw(strokes) for strokes in drawing.on_canvases([ONE] * 4, edges=True)]
    sides = [image.any() for image in (images[0][:, 0], images[1][0], images[2][:, -1], images[3][-1])]
    assert sides == [True] * 4
    free = (drawing.draw(strokes) for strokes in drawing.on_canvases([ONE] * 4))
    assert not any(image[0].any() or image[-1].any() for image in free)


def test_a_dot_can_be_drawn() -> None:
    assert drawing.draw(next(drawing.on_canvases([by_hand(NO_DIGIT, [(3, 3)])]))).any()


def test_numbers_are_of_the_digits_of_writers_with_enough_of_them() -> None:
    few = people(["Ada"], "123")
    every = drawing.hands({**people(LEFT_OUT).by_writer(), "Ada": few.characters})
    assert [sorted(one.label for one in hand) for hand in every] == [list(range(10))] * len(LEFT_OUT)


def test_a_number_has_two_to_six_digits_in_a_row(columns: LineSegmenter) -> None:
    rng, lengths = np.random.default_rng(0), set()
    for _ in range(40):
        text, strokes = drawing.number([ONE], (0.08, 0.35), rng)
        assert set(text) == {"1"} and len(strokes) == 2 * len(text)
        starts = [stroke.points[0][0] for stroke in strokes[::2]]
        assert starts == sorted(starts)
        lengths.add(len(text))
        tall = [stroke.points[1][1] - stroke.points[0][1] for stroke in strokes[::2]]
        assert min(tall) >= 54 and max(tall) <= 176 and max(tall) / min(tall) < 1.25
        assert 3 * min(tall) / 121 < strokes[0].width < 14 * max(tall) / 99
    assert lengths == {2, 3, 4, 5, 6}
    image = drawing.draw_wide(strokes)
    assert image.any() and not (image[:, -1].any() or image[-1].any() or image[:, 0].any() or image[0].any())
    assert len(columns.segments(drawing.components_of(image))) == len(text)


@pytest.mark.parametrize("gap", [(0.08, 0.35), (0.0, 0.05), (-0.14, -0.06)])
def test_the_gap_is_that_between_the_ink_of_neighbours(gap: tuple[float, float]) -> None:
    stem = by_hand(1, [(0, 0), (0, 100)])
    for seed in range(20):
        _, strokes = drawing.number([stem], gap, np.random.default_rng(seed))
        size = np.mean([stroke.points[1][1] - stroke.points[0][1] for stroke in strokes])
        between = np.diff([stroke.points[0][0] for stroke in strokes]) - strokes[0].width
        assert (between > min(gap[0], gap[0] * 1.15) * size / 1.12 - 1e-6).all() or gap[0] < 0
        assert (between > 1.12 * gap[0] * size - 1e-6).all() or gap[0] >= 0
        assert (between < max(gap[1] * 1.12, gap[1] / 1.12) * size + 1e-6).all()


def test_the_same_number_is_drawn_with_every_gap() -> None:
    hand = people(LEFT_OUT[:1]).characters[:10]
    drawn = [drawing.number(hand, gap, np.random.default_rng(4)) for gap in ((0.08, 0.35), (-0.14, -0.06))]
    assert drawn[0][0] == drawn[1][0] and drawn[0][1][0] == drawn[1][1][0]
    assert drawn[0][1][-1].points[0][0] > drawn[1][1][-1].points[0][0]
