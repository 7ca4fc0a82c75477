"""Model cards: how a network was trained and how well it performs; for programs (JSON) and for people (tables)."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypedDict

from digits import markdown
from digits.errors import UserError, reason
from digits.learning.calibration import ReliabilityMetrics
from digits.learning.config import MNIST, POST_ACCURACY, SPLITS, Split, Versions
from digits.learning.evaluation import ByClass, Metrics

HEADER = ("model", "parameters", "training", "split", "loss", "accuracy", "misses / n", "95% interval", "the post")
WORDS = (0, 3)  #: columns of words; the others hold numbers


class Misses(TypedDict):
    """The misses on the test images, the most confident first.

    ``image`` are their indices, ``read`` what was read, ``rank`` how many images are read with more confidence.
    """

    image: list[int]
    read: list[int]
    rank: list[int]


class Calibration(TypedDict):
    """The temperature, what it was fitted on, and the reliability before and after by split."""

    temperature: float
    fitted_on: str
    before: dict[Split, ReliabilityMetrics]
    after: dict[Split, ReliabilityMetrics]


class Evaluated(TypedDict):
    """What evaluating a network gives. ``metrics`` are as :meth:`Metrics.to_json` makes them, by split."""

    metrics: dict[Split, dict[str, Any]]
    by_class: ByClass
    confusion: list[list[int]]
    misses: Misses
    calibration: Calibration


class Card(Evaluated):
    """A model card as it lies in models/ and, for all networks, in plots/results.json.

    ``recipe`` is :meth:`digits.learning.config.Recipe.identity`, ``parameters`` and ``architecture`` are
    :func:`digits.learning.architecture.identity`, ``history`` is by epoch, ``files`` are SHA-256 digests by name.
    """

    model: str
    dataset: str
    data_digest: str
    date: str
    recipe: dict[str, Any]
    parameters: int
    architecture: str
    seconds: float
    history: dict[str, list[float]]
    versions: Versions
    files: dict[str, str]


def read(path: Path) -> Card:
    """Read a model card written by an earlier run.

    Raises:
        UserError: missing or damaged.
    """
    try:
        card: Card = json.loads(path.read_text(encoding="utf-8"))
        metrics(card)
        card["calibration"]["temperature"]
        card["recipe"]["restyle"]["share"]
        if missing := [key for key in Card.__required_keys__ if key not in card]:
            raise KeyError(missing[0])
        card["files"].items()
        sum((card["calibration"]["temperature"], card["seconds"], card["parameters"]))
    except FileNotFoundError as error:
        raise UserError(f"no model card at {path}; make it with: python test.py --models {path.stem}") from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(
            f"{path} is not a valid model card ({reason(error)}); "
            f"make it again with: python test.py --models {path.stem}"
        ) from error
    return card


def metrics(card: Card) -> dict[Split, Metrics]:
    """A card's metrics by split."""
    return {split: Metrics.from_json(card["metrics"][split]) for split in SPLITS}


def rows(cards: Mapping[str, Card]) -> list[tuple[str, ...]]:
    """The results table without its header: three rows per network."""
    table: list[tuple[str, ...]] = []
    for name, card in cards.items():
        for split, found in metrics(card).items():
            first = split == SPLITS[0]
            post = POST_ACCURACY.get(name) if split == "test" and card["dataset"] == MNIST else None
            table.append(
                (
                    name if first else "",
                    f"{card['parameters']:,}" if first else "",
                    markdown.duration(card["seconds"]) if first else "",
                    split,
                    f"{found.loss:.4f}",
                    markdown.percent(found.accuracy),
                    markdown.misses_of(found.misses, found.n),
                    markdown.interval(found.low, found.high),
                    markdown.percent(post) if post else "",
                )
            )
    return table


def plain_table(cards: Mapping[str, Card]) -> str:
    """The results table for a terminal."""
    table = [HEADER, *rows(cards)]
    if not any(row[-1] for row in table[1:]):
        table = [row[:-1] for row in table]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    rule = "─" * (sum(widths) + 2 * len(widths) - 2)
    lines: list[str] = []
    for row in table:
        if row[0] and lines:
            lines.append(rule)
        cells = [
            cell.ljust(width) if column in WORDS else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def results_table(cards: Mapping[str, Card]) -> str:
    """The results table in Markdown."""
    return markdown.table(HEADER, rows(cards), WORDS)


def results_page(cards: Mapping[str, Card]) -> str:
    """``results.md``: the table, precision, recall and F1, and what was run."""
    card = next(iter(cards.values()))
    means = [
        (name, *(markdown.percent(sum(values) / 10) for values in (by["precision"], by["recall"], by["f1"])))
        for name, by in ((name, card["by_class"]) for name, card in cards.items())
    ]
    lines = [f"# Results on {card['dataset']}", "", results_table(cards), ""]
    lines += [markdown.table(("model", "precision", "recall", "F1"), means), ""]
    lines += ["Means over the ten digits, on the test images.", ""]
    for name, card in cards.items():
        recipe, versions = card["recipe"], card["versions"]
        lines.append(
            f"- **{name}**: Adam, learning rate {recipe['learning_rate']:g}, {recipe['epochs']} epochs, batch size "
            f"{recipe['batch_size']}, seed {recipe['seed']}; data {card['data_digest'][:12]}; {card['date']}; "
            f"TensorFlow {versions['tensorflow']}, Keras {versions['keras']}, {versions['platform']}, "
            f"{versions['cores']} cores."
        )
    return "\n".join(lines) + "\n"
