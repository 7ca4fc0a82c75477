"""A screen for the stand-alone program."""

from collections.abc import Iterator

import pytest

from benchmarks import display


@pytest.fixture
def screen() -> Iterator[None]:
    """A virtual display, on which there is nothing else."""
    if not display.available():
        pytest.skip("needs Xvfb: sudo apt install xvfb")
    with display.virtual():
        yield
