"""Model cards and tables: the figures of a run, for programs and for people."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from digits.errors import UserError, reason
from digits.learning.config import MNIST, POST_ACCURACY
from digits.learning.evaluation import Score

Card = dict[str, Any]
PARTS = ("train", "validation", "test")
HEADER = ("model", "parameters", "training", "images", "loss", "accuracy", "misses / n", "95 % interval", "the post")
LEFT = (0, 3)  #: columns of words; the others hold figures


def read_card(path: Path) -> Card:
    """A model card written by an earlier run.

    Raises:
        UserError: missing or damaged.
    """
    try:
        card: Card = json.loads(path.read_text(encoding="utf-8"))
        scores(card)
        card["calibration"]["temperature"]
    except FileNotFoundError as error:
        raise UserError(f"no model card at {path}; make it with: python test.py --models {path.stem}") from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(
            f"{path} is no model card ({reason(error)}); make it anew with: python test.py --models {path.stem}"
        ) from error
    return card


def scores(card: Card) -> dict[str, Score]:
    """Scores by part of the data."""
    return {part: Score.from_json(card["scores"][part]) for part in PARTS}


def rows(cards: Mapping[str, Card]) -> list[tuple[str, ...]]:
    """The results table, without its header: three rows a network."""
    table: list[tuple[str, ...]] = []
    for name, card in cards.items():
        for part, score in scores(card).items():
            first = part == PARTS[0]
            post = POST_ACCURACY.get(name) if part == "test" and card["dataset"] == MNIST else None
            table.append(
                (
                    name if first else "",
                    f"{card['parameters']:,}" if first else "",
                    duration(card["seconds"]) if first else "",
                    part,
                    f"{score.loss:.4f}",
                    f"{score.accuracy:.2%}",
                    f"{score.misses:,} / {score.n:,}",
                    f"{score.low:.2%} – {score.high:.2%}",
                    f"{post:.2%}" if post else "",
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
            cell.ljust(width) if column in LEFT else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def duration(seconds: float) -> str:
    """Seconds as a person says them: "48 s", "7 min" or "1 h 5 min"."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def markdown(cards: Mapping[str, Card]) -> str:
    """``results.md``: what was run, the table, and precision, recall and F1."""
    card = next(iter(cards.values()))
    lines = [f"# Results on {card['dataset']}", "", *markdown_table(cards), ""]
    lines += ["| model | precision | recall | F1 |", "|---|---:|---:|---:|"]
    for name, card in cards.items():
        means = (sum(card["by_class"][key]) / 10 for key in ("precision", "recall", "f1"))
        lines.append(f"| {name} | {' | '.join(f'{mean:.2%}' for mean in means)} |")
    lines += ["", "Means over the ten digits, on the test images.", ""]
    for name, card in cards.items():
        recipe, versions = card["recipe"], card["versions"]
        lines.append(
            f"- **{name}**: Adam, learning rate {recipe['learning_rate']:g}, {recipe['epochs']} epochs, batch size "
            f"{recipe['batch_size']}, seed {recipe['seed']}; data {card['data_digest'][:12]}; {card['date']}; "
            f"TensorFlow {versions['tensorflow']}, Keras {versions['keras']}, {versions['platform']}, "
            f"{versions['cores']} cores."
        )
    return "\n".join(lines) + "\n"


def markdown_table(cards: Mapping[str, Card]) -> list[str]:
    """The results table as lines of Markdown."""

    def line(cells: Sequence[str]) -> str:
        return f"| {' | '.join(cells)} |"

    alignment = ["---" if column in LEFT else "---:" for column in range(len(HEADER))]
    return [line(HEADER), line(alignment), *map(line, rows(cards))]


def with_table(page: str, cards: Mapping[str, Card]) -> str:
    """A Markdown page with the results table put between its two ``results`` comments."""
    return between(page, "results", "\n".join(markdown_table(cards)))


def between(page: str, name: str, text: str) -> str:
    """A Markdown page with ``text`` put between the comments ``<!-- name -->`` and ``<!-- /name -->``.

    Raises:
        ValueError: the page has not just one of each.
    """
    first, last = f"<!-- {name} -->", f"<!-- /{name} -->"
    if page.count(first) != 1 or page.count(last) != 1:
        raise ValueError(f"expected one {first} and one {last} in the page")
    before, _, rest = page.partition(first)
    return f"{before}{first}\n{text}\n{last}{rest.partition(last)[2]}"
