from pathlib import Path

import numpy as np
import pytest

from benchmarks.pen_digits import junk
from benchmarks.pen_digits.drawing import HEIGHT, WIDTH

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("kind", junk.KINDS)
def test_every_kind_is_drawn_alike_from_the_same_seed(kind: str) -> None:
    first, again, other = (junk.KINDS[kind](np.random.default_rng(seed)) for seed in (0, 0, 1))
    assert first.shape == (HEIGHT, WIDTH) and first.dtype == np.uint8
    assert np.array_equal(first, again) and not np.array_equal(first, other)
    assert kind == "blank" or (0 < (first > 0).mean() < 0.5 and first.max() == 255)


def test_each_kind_is_measured_at_least_once() -> None:
    measured = junk.measure_junk(ROOT / "models", "CNN", 1)
    assert list(measured) == list(junk.KINDS)
    assert {value["n"] for value in measured.values()} == {1}
    assert measured["blank"]["misses"] == 0
