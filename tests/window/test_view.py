"""From the drawing to the screen and back."""

import pytest

from digits.reading.ink import Stroke, bounds
from digits.window.view import View, for_photograph, for_strokes

SIDE, BELOW = 11, 26  #: room for frames and labels


def test_there_and_back() -> None:
    view = View(1.5, 10, 20)
    assert view.to_page(*view.to_screen(33, 44)) == pytest.approx((33, 44))


def test_a_photograph_fits_in_the_middle_above_the_room_for_labels() -> None:
    view = for_photograph((4000, 1000), (820, 630), 10, 20)
    assert view.to_screen(0, 0) == pytest.approx((10, 210))
    assert view.to_screen(4000, 1000) == pytest.approx((810, 410))
    view = for_photograph((1000, 4000), (820, 630), 10, 20)
    assert (view.to_screen(0, 0)[1], view.to_screen(0, 4000)[1]) == pytest.approx((10, 610))


def test_a_small_picture_is_magnified_three_times_at_most() -> None:
    assert for_photograph((28, 28), (800, 600), 10, 20).scale == 3


def test_strokes_stay_where_they_were_drawn() -> None:
    drawn = [Stroke(((20, 20), (700, 500)), 10)]
    for screen in ((1200, 900), (706 + SIDE, 506 + BELOW)):
        assert for_strokes(drawn, screen, 1, SIDE, BELOW) == View(1)
    assert for_strokes(drawn, (1500, 1100), 2, 2 * SIDE, 2 * BELOW) == View(2)
    assert for_strokes([], (10, 10), 1, SIDE, BELOW) == View(1)


def test_strokes_beside_which_there_is_room_are_as_large_as_they_were_drawn() -> None:
    drawn = [Stroke(((5, 0), (400, 300)), 10)]
    left, top, *_ = bounds(drawn)
    assert for_strokes(drawn, (1200, 900), 1, SIDE, BELOW) == View(1, SIDE - left, SIDE - top)


@pytest.mark.parametrize("zoom", [1, 1.5, 2])
@pytest.mark.parametrize(
    "points",
    [
        [(10, 10), (1990, 500)],
        [(0, 0), (990, 890)],
        [(900, 880), (970, 899)],
        [(-300, 20), (400, 2000)],
        [(-900, -800), (-700, -300)],
        [(5, 5), (5, 5)],
    ],
)
def test_frames_and_labels_have_room(points: list[tuple[float, float]], zoom: float) -> None:
    drawn = [Stroke(tuple(points), 20)]
    view = for_strokes(drawn, (1000, 900), zoom, SIDE, BELOW)
    x, y, width, height = bounds(drawn)
    (left, top), (right, bottom) = view.to_screen(x, y), view.to_screen(x + width, y + height)
    assert left >= SIDE - 1e-6 and top >= SIDE - 1e-6
    assert right <= 1000 - SIDE + 1e-6 and bottom <= 900 - BELOW + 1e-6
    assert view.scale <= zoom
