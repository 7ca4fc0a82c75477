"""A stand-in for the line network, wherever a benchmark opens it."""

import pytest

from digits.reading.line_segmenter import LineSegmenter
from tests.benchmarks.stand_ins import Columns


@pytest.fixture
def columns(monkeypatch: pytest.MonkeyPatch) -> LineSegmenter:
    """Finds digits between columns without ink."""
    lines = LineSegmenter(Columns())
    monkeypatch.setattr(LineSegmenter, "open", lambda models: lines)
    return lines
