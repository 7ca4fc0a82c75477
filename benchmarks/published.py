"""The published results: where they lie, and reading and writing them."""

from collections.abc import Callable
from pathlib import Path
from typing import TypedDict, TypeVar

import msgspec

from digits.errors import UserError, reason
from digits.files import read_json
from digits.learning import card
from digits.learning.card import Card
from digits.publishing import settle
from digits.study.comparison import Comparison, Seeds

Result = TypeVar("Result")

ROOT = Path(__file__).resolve().parents[1]
MODELS = ROOT / "models"
PLOTS = ROOT / "plots"

#: The commands that write the results.
RESULTS = "python test.py"
PEN_DIGITS = "python -m benchmarks.pen_digits --strokes FILE --handwriting FILE …"
PAGES = "python -m benchmarks.pages --handwriting FILE …"
HAND = "python -m benchmarks.hand --strokes FILE"
RECOMMENDATION = "python -m benchmarks.recommendation --data FILE"
STUDY = "python test.py --study"
FAULTS = "python -m benchmarks.faults"


MOST = 16 << 20  #: bytes; the largest, preprocessing.json, has 208,041


class _Tested(TypedDict):
    """What is used of a test."""

    difference: float


class Cards(TypedDict):
    """What is used of results.json."""

    models: dict[str, Card]


def read(path: Path, kind: type[Result], command: str, check: Callable[[Result], None] = lambda result: None) -> Result:
    """Read a result. Allocates 500 MB at most.

    Args:
        path: of a JSON file.
        kind: of what it holds: a TypedDict.
        command: which writes it.
        check: raises ValueError or LookupError if its parts do not belong together.

    Raises:
        UserError: missing, damaged, or of another kind.
    """
    settle(path.absolute().parent.parent)
    try:
        value = read_json(path, kind, MOST)
        check(value)
    except (OSError, ValueError, LookupError) as error:
        raise UserError(f"{path} cannot be read ({reason(error, path)}); make it with: {command}") from error
    return value


def read_cards(plots: Path) -> dict[str, Card]:
    """The model cards in results.json, by name.

    Raises:
        UserError: the file is missing, damaged, or one of its cards is.
    """
    return read(plots / "results.json", Cards, RESULTS, _check_cards)["models"]


def read_seeds(plots: Path) -> Seeds:
    """The seeds study.

    Raises:
        UserError: it is missing or damaged.
    """
    return read(plots / "study" / "seeds.json", Seeds, f"{STUDY} seeds")


def read_comparison(plots: Path) -> Comparison:
    """The preprocessing study.

    Raises:
        UserError: it is missing or damaged.
    """
    path = plots / "study" / "preprocessing.json"
    return read(path, Comparison, f"{STUDY} preprocessing", _check_comparison)


def _check_cards(results: Cards) -> None:
    if not results["models"]:
        raise ValueError("it has no networks")
    for name, made in results["models"].items():
        card.check(made, name)


def _check_comparison(comparison: Comparison) -> None:
    for network in comparison["networks"].values():
        for corruption, rows in {"clean": network["corruptions"]["clean"], **network["corruptions"]}.items():
            comparison["corruptions"][corruption]
            for variant, row in rows.items():
                comparison["variants"][variant]
                if not row["misses"] or len(row["misses"]) != len(row["seeds"]) or not 0 <= row["error"] <= 1:
                    raise ValueError(f"the row of {variant} is not complete")
                if row["n"] < 1 or not all(0 <= misses <= row["n"] for misses in row["misses"]):
                    raise ValueError(f"the row of {variant} has other misses than images")
                if "verdict" in row:
                    rows[comparison["baseline"]]
                    msgspec.convert(row["pooled"], _Tested)
