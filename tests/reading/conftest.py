"""Synthetic drawings, and the committed networks."""

from collections.abc import Iterable
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from digits.reading.classifier import Classifier
from digits.reading.ink import Stroke, bounds, rasterise
from digits.reading.line_segmenter import LineSegmenter
from digits.reading.segmentation import Segment
from tests.handwriting import strokes as handwritten

MODELS = Path(__file__).resolve().parents[2] / "models"


def written(number: str, height: float = 120, pen: float = 8, seed: int = 0, left: float = 20) -> list[Stroke]:
    """A number as strokes, in synthetic handwriting."""
    return [Stroke(tuple(points), pen) for points in handwritten(number, left, 20, height, 0.35, seed)]


def picture(strokes: list[Stroke], margin: int = 20) -> NDArray[np.uint8]:
    """Strokes as white ink on black: ``uint8`` array of shape (height, width)."""
    left, top, width, height = bounds(strokes)
    return rasterise(strokes, width + 2 * margin, height + 2 * margin, left - margin, top - margin)


def on_paper(ink: NDArray[np.uint8], paper: int = 230, pen: int = 40) -> NDArray[np.uint8]:
    """Dark ink on light paper: ``uint8`` RGB array of shape (height, width, 3)."""
    grey = paper - ink.astype(np.float64) / 255 * (paper - pen)
    return np.repeat(grey[..., np.newaxis], 3, axis=2).astype(np.uint8)


@cache
def line_segmenter() -> LineSegmenter:
    """With the committed line network."""
    lines = LineSegmenter.open(MODELS)
    assert not lines.failure
    return lines


def found(components: Iterable[Segment]) -> list[Segment]:
    """The digits, and what is none, in pieces of ink."""
    return line_segmenter().segments(components)


@pytest.fixture(scope="session")
def cnn() -> Classifier:
    return Classifier(MODELS / "CNN.onnx")
