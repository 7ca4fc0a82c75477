"""The published results: where they lie, and reading and writing them."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from digits.errors import UserError, reason

ROOT = Path(__file__).resolve().parents[1]
MODELS = ROOT / "models"
PLOTS = ROOT / "plots"

#: The commands that write the results.
RESULTS = "python test.py"
PEN_DIGITS = "python -m benchmarks.pen_digits --strokes FILE"
RECOMMENDATION = "python -m benchmarks.recommendation --data FILE"
STUDY = "python test.py --study"


def read(path: Path, keys: Iterable[str], command: str) -> Any:
    """Read a result.

    Args:
        path: of a JSON file.
        keys: that it must have.
        command: which writes it.

    Raises:
        UserError: missing, damaged, or without one of the keys.
    """
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
        missing = list(keys) if not isinstance(value, dict) else [key for key in keys if key not in value]
    except (OSError, ValueError, RecursionError) as error:
        raise UserError(f"{path} cannot be read ({reason(error, path)}); make it with: {command}") from error
    if missing:
        raise UserError(f"{path} has no '{missing[0]}'; make it again with: {command}")
    return value
