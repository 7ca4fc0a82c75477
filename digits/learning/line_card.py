"""The line network as files: ``.keras``, its ``.onnx`` twin and its card."""

from datetime import date
from typing import Any, TypedDict

from digits.files import write_json
from digits.learning import architecture, export
from digits.learning.config import Recipe, Versions
from digits.learning.dataset import Dataset
from digits.learning.handwriting import Handwriting
from digits.learning.json_types import ByEpoch, Count, Duration, Line, Number, Sha256, Share, Size
from digits.learning.line_training import VALIDATION
from digits.learning.precision import Precision
from digits.learning.statistics import wilson
from digits.learning.training import Trained
from digits.publishing import Staged


class Lines(TypedDict):
    """Lines by writers and of images that were not learned from: read rightly if every symbol is."""

    n: Number
    misses: Count
    accuracy: Share
    low: Share
    high: Share


class LineCard(TypedDict):
    """The card of the line network as it lies in models/; fields as in :class:`digits.learning.card.Card`."""

    model: Line
    dataset: Line
    data_digest: Sha256
    handwriting: dict[Line, Sha256]
    date: Line
    recipe: dict[str, Any]
    parameters: Size
    architecture: Line
    seconds: Duration
    history: dict[str, ByEpoch]
    validation: Lines
    versions: Versions
    files: dict[str, Sha256]


def stage(
    name: str,
    trained: Trained,
    dataset: Dataset,
    handwriting: Handwriting,
    recipe: Recipe,
    precision: Precision,
    staged: Staged,
) -> LineCard:
    """Stage a trained line network's files and its card."""
    files = staged.file("models", f"{name}.keras"), staged.file("models", f"{name}.onnx")
    export.save_keras(trained.model, files[0])
    export.save_onnx(trained.model, files[1])
    made: LineCard = {
        "model": name,
        "dataset": dataset.name,
        "data_digest": dataset.digest,
        "handwriting": dict(handwriting.files),
        "date": date.today().isoformat(),
        "recipe": recipe.identity(),
        **architecture.identity(trained.model),
        "seconds": round(trained.seconds, 1),
        "history": trained.history,
        "validation": _lines(trained),
        "versions": export.versions(precision),
        "files": export.file_digests(*files),
    }
    write_json(staged.file("models", f"{name}.json"), made)
    return made


def _lines(trained: Trained) -> Lines:
    """How many of the lines that are validated on are read rightly, with Wilson's interval."""
    misses = round((1 - trained.history["val_accuracy"][-1]) * VALIDATION)
    low, high = wilson(VALIDATION - misses, VALIDATION)
    return {"n": VALIDATION, "misses": misses, "accuracy": 1 - misses / VALIDATION, "low": low, "high": high}
