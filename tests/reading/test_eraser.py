"""What the eraser leaves."""

import time

import numpy as np
import pytest

from digits.reading.ink import FARTHEST, MOST_POINTS, MOST_STROKES, Stroke, rasterise
from tests.reading import plain_eraser
from tests.reading.plain_eraser import erased

LINE = Stroke(((20.0, 50.0), (120.0, 50.0)), 10)


def fragments(stroke: Stroke, x: float, y: float, radius: float) -> list[Stroke]:
    """What one place leaves of one stroke."""
    return list(erased((stroke,), [(x, y)], radius))


def touches(stroke: Stroke, x: float, y: float, radius: float) -> bool:
    """Whether an eraser touches a stroke."""
    return not erased((stroke,), [(x, y)], radius, whole=True)


def test_the_eraser_cuts_a_stroke_in_two() -> None:
    left = fragments(LINE, 70, 50, 8)
    assert len(left) == 2
    remaining = rasterise(left, 140, 100)
    assert remaining[45:55, 63:77].max() == 0
    assert remaining[50, 25] == 255 == remaining[50, 115]
    assert all(fragment.width == LINE.width for fragment in left)


def test_the_eraser_keeps_untouched_strokes_and_may_remove_a_whole_one() -> None:
    strokes = (LINE, Stroke(((70.0, 90.0),), 4))
    assert erased(strokes, [(70, 70)], 8) is strokes
    assert erased((), [(70, 70)], 8) == ()
    assert erased(strokes, [(71, 90)], 8) == (LINE,)
    assert erased(strokes, [(71, 90)], 8)[0] is LINE


def test_the_eraser_touches_a_stroke_between_its_points() -> None:
    assert touches(LINE, 70, 58, 4)
    assert not touches(LINE, 70, 62, 4)
    assert not touches(LINE, 140, 50, 4)


def test_what_the_eraser_left_it_does_not_touch_again_and_far_lines_stay_short() -> None:
    far = Stroke(((-float(FARTHEST), 3.0), (float(FARTHEST), -4.0), (0.0, 40.0)), 8)
    left = fragments(far, 0, 0, 20)
    assert [len(fragment.points) for fragment in left] == [2, 3]
    assert not any(touches(fragment, 0, 0, 20) for fragment in left)
    assert all(touches(fragment, 0, 0, 20.2) for fragment in left)


@pytest.mark.parametrize("x", [30, 20, 119.5])
def test_the_eraser_keeps_the_points_that_it_does_not_reach(x: float) -> None:
    bent = Stroke(((20.0, 50.0), (70.0, 50.0), (70.0, 52.0), (120.0, 50.0)), 4)
    kept = {point for fragment in fragments(bent, x, 50, 5) for point in fragment.points}
    assert kept >= {point for point in bent.points if abs(point[0] - x) > 10}


def some_strokes(draw: np.random.Generator, n: int, points: int, far: float, width: float) -> tuple[Stroke, ...]:
    """Strokes of up to so many points, dots and points on one place among them."""
    made = []
    for _ in range(n):
        path = draw.uniform(-far, far, (draw.integers(1, points + 1), 2)).round(draw.integers(0, 3))
        if draw.random() < 0.2:
            path = np.repeat(path, 2, axis=0)
        made.append(Stroke(tuple((x, y) for x, y in path.tolist()), float(draw.uniform(width / 4, width))))
    return tuple(made)


@pytest.mark.parametrize("whole", [False, True])
@pytest.mark.parametrize("far", [20.0, 300.0, 1e5, 1e8])
def test_it_leaves_what_the_plain_eraser_leaves(far: float, whole: bool) -> None:
    draw = np.random.default_rng(int(far))
    for _ in range(60):
        width = float(draw.choice([2, 12, far / 20]))
        strokes = some_strokes(draw, int(draw.integers(0, 12)), int(draw.choice([2, 8, 60])), far, width)
        start, end = draw.uniform(-far, far, (2, 2))
        places = [(x, y) for x, y in np.linspace(start, end, int(draw.integers(1, 12))).tolist()]
        radius = float(draw.choice([2, 14, far / 10]))
        found, expected = (
            erased(strokes, places, radius, whole),
            plain_eraser.erase_along(strokes, places, radius, whole),
        )
        assert [(len(stroke.points), stroke.width) for stroke in found] == [
            (len(stroke.points), stroke.width) for stroke in expected
        ]
        for one, other in zip(found, expected, strict=True):
            assert one is other if other in strokes else np.allclose(one.path, other.path, rtol=0, atol=1e-7 * far)
        assert (found is strokes) == (expected == strokes)


@pytest.mark.parametrize("far", [500.0, 1e8])
@pytest.mark.parametrize(("n", "points"), [(MOST_STROKES, MOST_POINTS // MOST_STROKES), (1, MOST_POINTS)])
def test_the_largest_drawing_is_erased_in_time(n: int, points: int, far: float) -> None:
    """The plain eraser takes more than a minute."""
    paths = np.random.default_rng(0).uniform(-far, far, (n, points, 2)).tolist()
    strokes = tuple(Stroke(tuple((x, y) for x, y in path), far / 50) for path in paths)
    places = [(x, x) for x in np.linspace(-far / 2, far / 2, 46).tolist()]
    start = time.process_time()
    assert len(erased(strokes, places, far / 40)) > 10_000
    assert time.process_time() - start < 12
