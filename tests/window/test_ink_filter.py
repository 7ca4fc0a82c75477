"""Smooth ink from the pen's points."""

import math
import time

import numpy as np
import pytest
from numpy.typing import NDArray

from digits.window.ink_filter import InkFilter, Point

Path = NDArray[np.float64]  #: (x, y) of points in a row, shape (n, 2)


def filtered(points: Path, pixel: float = 1.0) -> Path:
    """The stroke that is drawn for the pen's points."""
    start, *others = map(point_of, points)
    ink = InkFilter(start, pixel)
    stroke = [start]
    for point in others:
        stroke += ink.move(point)
    return np.array(stroke + ink.release(point_of(points[-1])))


def point_of(xy: Path) -> Point:
    return float(xy[0]), float(xy[1])


def along(path: Path) -> Path:
    """Points on the path, a quarter of a pixel apart."""
    at = np.concatenate([[0], np.hypot(*np.diff(path, axis=0).T).cumsum()])
    places = np.arange(0, at[-1], 0.25)
    return np.stack([np.interp(places, at, path[:, i]) for i in range(2)], axis=1)


def turns(path: Path) -> Path:
    """How far the path turns at each point, degrees."""
    directions = np.arctan2(*np.diff(path, axis=0).T[::-1])
    found: Path = np.degrees(np.abs((np.diff(directions) + np.pi) % (2 * np.pi) - np.pi))
    return found


def corner(angle: float, step: float, turned: float) -> Path:
    """A pen that comes to (0, 0) and goes away at an angle, both in degrees, with so many pixels between points."""
    away = np.arange(0, 100, step)[:, np.newaxis]
    first, second = np.radians(turned), np.radians(turned + angle)
    coming, going = away * (math.cos(first), math.sin(first)), away * (math.cos(second), math.sin(second))
    return np.concatenate([coming[::-1], going[1:]])


def test_a_stroke_begins_and_ends_where_the_pen_does() -> None:
    path = np.array([(3.2, 4.1), (9, 4), (30, 8), (31, 9), (31.5, 40.25)])
    stroke = filtered(path)
    assert stroke[0].tolist() == [3.2, 4.1] and stroke[-1].tolist() == [31.5, 40.25]
    ink = InkFilter((0, 0), 1)
    ink.move((10, 0))
    assert ink.release((10.3, 0.2))[-1] == (10.3, 0.2)


def test_a_dot_has_no_further_points() -> None:
    ink = InkFilter((5, 5), 1)
    assert ink.move((5.6, 5)) == []
    assert ink.release((5, 5)) == []


def test_a_stroke_that_returns_ends_at_its_start() -> None:
    assert filtered(np.array([(0, 0), (20, 0), (20, 20), (0, 0)]))[-1].tolist() == [0, 0]


def test_no_point_comes_twice() -> None:
    rng = np.random.default_rng(0)
    for _ in range(50):
        stroke = filtered(rng.uniform(0, 4, (30, 2)).cumsum(axis=0).round())
        assert np.hypot(*np.diff(stroke, axis=0).T).min() > 0


@pytest.mark.parametrize("step", [1.0, 2.0, 3.0])
def test_half_the_wobble_of_a_straight_line_goes(step: float) -> None:
    rng, before, after = np.random.default_rng(0), 0.0, 0.0
    for angle in np.linspace(0, np.pi, 12):
        direction, aside = np.array([math.cos(angle), math.sin(angle)]), np.array([-math.sin(angle), math.cos(angle)])
        path = np.arange(0, 400, step)[:, np.newaxis] * direction
        path += rng.uniform(-1, 1, path.shape)
        before += float(((along(path) @ aside) ** 2).mean())
        after += float(((along(filtered(path)) @ aside) ** 2).mean())
    assert math.sqrt(after / before) < 0.5


@pytest.mark.parametrize("step", [1.0, 2.0, 3.0])
def test_a_slow_pen_keeps_its_corners(step: float) -> None:
    for angle in range(10, 100, 10):
        for turned in range(0, 360, 30):
            path = corner(angle, step, turned).round()
            assert np.hypot(*along(filtered(path)).T).min() < 1.5


@pytest.mark.parametrize("step", [8.0, 16.0])
def test_a_fast_circle_has_no_corners_and_keeps_its_size(step: float) -> None:
    at = np.arange(0, 4 * np.pi, step / 40)[:, np.newaxis]
    path = 40 * np.concatenate([np.cos(at), np.sin(at)], axis=1)
    stroke = filtered(path)
    assert turns(path).max() > 11.4
    assert turns(stroke).max() < 0.75 * turns(path).max()
    assert np.hypot(*along(stroke)[50:-50].T).mean() == pytest.approx(40, abs=0.8)


@pytest.mark.parametrize("step", [1.0, 3.0, 6.0, 10.0, 20.0, 60.0])
def test_the_ink_is_close_behind_the_pen(step: float) -> None:
    ink, last = InkFilter((0, 0), 1), (0.0, 0.0)
    for i in range(1, 60):
        point = (i * step, 0.2 * (i % 2))
        last = [last, *ink.move(point)][-1]
        assert math.dist(last, point) <= 12.5


def test_points_are_no_more_than_needed() -> None:
    line = np.stack([np.arange(0, 400.0), np.arange(0, 400.0)], axis=1)
    assert len(filtered(line)) < 0.8 * len(line)
    assert len(filtered(line[::10])) <= 2 * len(line[::10]) + 2


def test_all_lengths_are_in_screen_pixels() -> None:
    path = np.random.default_rng(1).uniform(-1, 5, (80, 2)).cumsum(axis=0)
    assert filtered(path * 8, pixel=8.0) == pytest.approx(filtered(path) * 8)


def test_time_and_memory_for_a_point_do_not_grow() -> None:
    path = np.random.default_rng(2).normal(1, 6, (20_000, 2)).cumsum(axis=0)
    start = time.process_time()
    filtered(path)
    assert (time.process_time() - start) / len(path) < 3e-4  # in seconds, three times what is wanted
    ink = InkFilter((0, 0), 1)
    for xy in path:
        ink.move(point_of(xy))
    assert len(ink._pen) < 10
