"""From the drawing to the screen and back."""

import pytest

from digits.reading.ink import Stroke
from digits.window.view import View, for_photograph, for_strokes


def test_there_and_back() -> None:
    view = View(1.5, 10, 20)
    assert view.to_page(*view.to_screen(33, 44)) == pytest.approx((33, 44))


def test_a_photograph_fits_in_the_middle() -> None:
    view = for_photograph((4000, 1000), (820, 620), 10)
    assert view.to_screen(0, 0) == pytest.approx((10, 210))
    assert view.to_screen(4000, 1000) == pytest.approx((810, 410))


def test_a_small_picture_is_magnified_three_times_at_most() -> None:
    assert for_photograph((28, 28), (800, 600), 10).scale == 3


def test_strokes_stay_where_they_were_drawn() -> None:
    drawn = [Stroke(((10, 10), (700, 500)), 10)]
    for screen in ((1200, 900), (701, 501)):
        assert for_strokes(drawn, screen, 1) == View(1)
    assert for_strokes(drawn, (1500, 1100), 2) == View(2)
    assert for_strokes([], (10, 10), 1) == View(1)


def test_strokes_outside_the_screen_are_scaled_to_fit() -> None:
    view = for_strokes([Stroke(((10, 10), (1990, 500)), 20)], (1000, 900), 1)
    x, y = view.to_screen(2000, 510)
    assert x <= 1000
    assert y <= 900
