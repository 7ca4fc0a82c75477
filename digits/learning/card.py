"""Model cards: how a network was trained and how well it performs; for programs (JSON) and for people (tables)."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, TypedDict

import msgspec

from digits import markdown
from digits.errors import UserError, reason
from digits.files import read_json
from digits.learning import calibration
from digits.learning.calibration import ReliabilityMetrics
from digits.learning.config import MNIST, POST_ACCURACY, SPLITS, Split, Versions
from digits.learning.evaluation import ByClass, Metrics, MetricsJson
from digits.learning.json_types import ByEpoch, Count, Digit, Duration, Line, Loss, Number, Sha256, Share, Size, Table
from digits.network_file import MOST_CARD
from digits.networks import remedy

HEADER = ("model", "parameters", "training", "split", "loss", "accuracy", "misses / n", "95% interval", "the post")
WORDS = (0, 3)  #: columns of words; the others hold numbers


class Misses(TypedDict):
    """The misses on the test images, the most confident first.

    ``image`` are their indices, ``read`` what was read, ``rank`` how many images are read with more confidence.
    """

    image: list[Count]
    read: list[Digit]
    rank: list[Count]


class Calibration(TypedDict):
    """The temperature, what it was fitted on, and the reliability before and after by split."""

    temperature: Annotated[float, msgspec.Meta(ge=0.01, le=100)]
    fitted_on: Line
    before: dict[Split, ReliabilityMetrics]
    after: dict[Split, ReliabilityMetrics]


class Evaluated(TypedDict):
    """What evaluating a network gives."""

    metrics: dict[Split, MetricsJson]
    by_class: ByClass
    confusion: Table
    misses: Misses
    calibration: Calibration


class _Card(Evaluated):
    """A model card as it lies in models/ and, for all networks, in plots/results.json.

    ``recipe`` is :meth:`digits.learning.config.Recipe.identity`, ``parameters`` and ``architecture`` are
    :func:`digits.learning.architecture.identity`, ``history`` is by epoch, ``files`` are SHA-256 digests by name.
    """

    model: Line
    dataset: Line
    data_digest: Sha256
    date: Line
    recipe: dict[str, Any]
    parameters: Size
    architecture: Line
    seconds: Duration
    history: dict[str, ByEpoch]
    versions: Versions
    files: dict[str, Sha256]


class Card(_Card, total=False):
    """With the digests of the files of handwriting that the network has learned from, if there are any."""

    handwriting: dict[Line, Sha256]


class _Part(TypedDict):
    share: Share


class _Used(TypedDict):
    epochs: Number
    batch_size: Number
    learning_rate: Loss
    seed: Annotated[int, msgspec.Meta(ge=0, le=2**32 - 1)]
    restyle: _Part


class _Recipe(_Used, total=False):
    """What is used of a recipe that is read."""

    written: _Part


def read(path: Path) -> Card:
    """Read a model card written by an earlier run. Allocates 100 MB at most.

    Raises:
        UserError: missing, damaged, or not of the network that it is named after.
    """
    try:
        card = read_json(path, Card, MOST_CARD)
        check(card, path.stem)
    except FileNotFoundError as error:
        raise UserError(f"no model card at {path}; {remedy(path)}") from error
    except (OSError, ValueError) as error:
        raise UserError(f"{path} is not a valid model card ({reason(error, path)}); {remedy(path)}") from error
    return card


def check(card: Card, name: str) -> None:
    """Check that what was read as a card belongs together and is of the network of that name.

    Raises:
        ValueError: it does not, or is not.
    """
    if card["model"] != name:
        raise ValueError(f"it is the card of {card['model']}")
    msgspec.convert(card["recipe"], _Recipe)
    history, calibrated, misses = card["history"], card["calibration"], card["misses"]
    if not {"loss", "accuracy", "val_loss", "val_accuracy"} <= history.keys() or len({*map(len, history.values())}) > 1:
        raise ValueError("its history is not complete")
    for by_split in (card["metrics"], calibrated["before"], calibrated["after"]):
        if missing := [split for split in SPLITS if split not in by_split]:
            raise ValueError(f"it says nothing of the {missing[0]} images")
    for value in (*calibrated["before"].values(), *calibrated["after"].values()):
        calibration.check(value)
    for split, found in metrics(card).items():
        if found.misses > found.n or found.low > found.high:
            raise ValueError(f"it counts {found.misses} misses of {found.n} {split} images")
    n, missed = metrics(card)["test"].n, metrics(card)["test"].misses
    if {len(misses["image"]), len(misses["read"]), len(misses["rank"])} != {missed}:
        raise ValueError(f"it does not list the {missed} misses on the test images")
    if max((*misses["image"], *misses["rank"]), default=0) >= n:
        raise ValueError(f"it lists a miss beyond the {n} test images")


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
            f"{versions['cores']} cores, {versions.get('precision', 'float32')}."
        )
    return "\n".join(lines) + "\n"
