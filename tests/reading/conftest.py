"""Drawings of the project's own and the committed networks."""

from pathlib import Path

import numpy as np
import pytest

from digits.reading.classifier import Classifier
from digits.reading.ink import Stroke, bounds, rasterise
from tests.handwriting import strokes as handwritten

MODELS = Path(__file__).resolve().parents[2] / "models"


def written(number: str, height: float = 120, pen: float = 8, seed: int = 0, left: float = 20) -> list[Stroke]:
    """A number in the project's own handwriting."""
    return [Stroke(tuple(points), pen) for points in handwritten(number, left, 20, height, 0.35, seed)]


def picture(strokes: list[Stroke], margin: int = 20) -> np.ndarray:
    """White ink on black, (height, width) ``uint8``."""
    left, top, width, height = bounds(strokes)
    return rasterise(strokes, width + 2 * margin, height + 2 * margin, left - margin, top - margin)


def on_paper(ink: np.ndarray, paper: int = 230, pen: int = 40) -> np.ndarray:
    """Dark on light RGB."""
    grey = paper - ink.astype(np.float64) / 255 * (paper - pen)
    return np.repeat(grey[..., np.newaxis], 3, axis=2).astype(np.uint8)


@pytest.fixture(scope="session")
def cnn() -> Classifier:
    return Classifier(MODELS / "CNN.onnx")
