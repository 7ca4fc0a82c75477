import numpy as np
import pytest

from benchmarks.pen_digits import junk
from benchmarks.pen_digits.drawing import HEIGHT, WIDTH


@pytest.mark.parametrize("kind", junk.KINDS)
def test_every_kind_is_drawn_alike_from_the_same_seed(kind: str) -> None:
    first, again, other = (junk.KINDS[kind](np.random.default_rng(seed)) for seed in (0, 0, 1))
    assert first.shape == (HEIGHT, WIDTH) and first.dtype == np.uint8
    assert np.array_equal(first, again) and not np.array_equal(first, other)
    assert kind == "blank" or (0 < (first > 0).mean() < 0.5 and first.max() == 255)


def test_no_straight_line_could_be_a_1() -> None:
    for seed in range(30):
        ys, xs = np.nonzero(junk.straight_line(np.random.default_rng(seed)) > 127)
        assert np.ptp(ys) <= 1.15 * np.ptp(xs)  # the hand trembles
