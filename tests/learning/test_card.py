import json
from pathlib import Path
from typing import Any

import pytest

from digits import network_file
from digits.errors import UserError
from digits.learning import calibration, card, config
from digits.learning.calibration import ReliabilityMetrics
from digits.learning.card import Card
from digits.learning.config import Recipe
from digits.learning.evaluation import Metrics
from tests.json_damage import some_damaged

SPLITS = {
    "train": Metrics(48_000, 480, 0.03, 0.989, 0.991),
    "validation": Metrics(12_000, 240, 0.06, 0.977, 0.982),
    "test": Metrics(10_000, 210, 0.07, 0.976, 0.982),
}
BINS: ReliabilityMetrics = {"ece": 0.01, "n": [9, 2], "correct": [8, 2], "confidence": [0.8, 0.9], "adaptive_ece": 0.0}
CARD: Card = {
    "model": "ANN",
    "dataset": "MNIST",
    "data_digest": "0123456789abcdef" * 4,
    "date": "2026-01-02",
    "recipe": Recipe().identity(),
    "parameters": 1_234_567,
    "architecture": "0123456789abcdef",
    "seconds": 61.0,
    "history": {"accuracy": [0.9], "loss": [0.3], "val_accuracy": [0.95], "val_loss": [0.2]},
    "metrics": {
        "train": SPLITS["train"].to_json(),
        "validation": SPLITS["validation"].to_json(),
        "test": SPLITS["test"].to_json(),
    },
    "by_class": {"precision": [0.97] * 10, "recall": [0.98] * 10, "f1": [0.975] * 10, "support": [1000] * 10},
    "confusion": [[0] * 10] * 10,
    "misses": {"image": [*range(210)], "read": [5] * 210, "rank": [*range(9790, 10_000)]},
    "calibration": {
        "temperature": 0.7,
        "fitted_on": "validation",
        "before": {"train": BINS, "validation": BINS, "test": BINS},
        "after": {"train": BINS, "validation": BINS, "test": BINS},
    },
    "versions": {
        "python": "3.13.1",
        "tensorflow": "2.21.0",
        "keras": "3.12.4",
        "numpy": "2.2.6",
        "platform": "Linux x86_64",
        "cores": 2,
    },
    "files": {"ANN.keras": "0123456789abcdef" * 4},
}


def test_table_has_three_rows_a_network_and_the_posts_figure() -> None:
    rows = card.rows({"ANN": CARD})
    assert [row[3] for row in rows] == ["train", "validation", "test"]
    assert rows[0][:3] == ("ANN", "1,234,567", "61 s")
    assert rows[2][4:] == ("0.0700", "97.90%", "210 / 10,000", "97.60% – 98.20%", "95.40%")


def test_other_data_is_not_set_beside_the_post() -> None:
    table = card.plain_table({"ANN": {**CARD, "dataset": "UCI digits"}})
    assert "the post" not in table
    assert "95.40%" not in table
    assert "the post" in card.plain_table({"ANN": CARD})


def test_plain_table_is_aligned() -> None:
    lines = card.plain_table({"ANN": CARD, "CNN": CARD}).splitlines()
    assert len(lines) == 1 + 2 * 4
    assert lines[1] == lines[5] == "─" * max(map(len, lines))
    assert len({line.index("/") for line in lines if " / 1" in line or "/ 4" in line}) == 1


def test_the_metrics_of_a_card() -> None:
    assert card.metrics(CARD) == SPLITS


def test_the_results_page_says_what_was_run() -> None:
    text = card.results_page({"ANN": CARD})
    assert text.startswith("# Results on MNIST\n")
    assert card.results_table({"ANN": CARD}) in text
    assert "| ANN | 1,234,567 | 61 s | train | 0.0300 | 99.00% |" in text
    assert "| ANN | 97.00% | 98.00% | 97.50% |" in text
    assert "learning rate 1e-05, 5 epochs, batch size 32, seed 0" in text


def test_a_card_is_read_back(tmp_path: Path) -> None:
    (tmp_path / "ANN.json").write_text(json.dumps(CARD))
    assert card.read(tmp_path / "ANN.json") == CARD


def without(*keys: str) -> Any:
    """The card without what these keys lead to."""
    damaged: Any = json.loads(json.dumps(CARD))
    part = damaged
    for key in keys[:-1]:
        part = part[key]
    del part[keys[-1]]
    return damaged


@pytest.mark.parametrize(
    "text",
    [
        None,
        "{",
        "[]",
        json.dumps(without("metrics", "test")),
        json.dumps(without("metrics", "train", "low")),
        json.dumps(without("calibration")),
        json.dumps(without("recipe", "restyle")),
        json.dumps({**CARD, "recipe": "Adam"}),
        json.dumps(without("data_digest")),
        json.dumps({**CARD, "files": []}),
        json.dumps({**CARD, "seconds": "long"}),
    ],
    ids=[
        "missing",
        "text",
        "list",
        "no test split",
        "no interval",
        "no calibration",
        "an older recipe",
        "no recipe",
        "no digest",
        "no files",
        "no duration",
    ],
)
def test_a_missing_or_damaged_card_names_the_command_that_makes_it(text: str | None, tmp_path: Path) -> None:
    path = tmp_path / "ANN.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(UserError, match=r"python test.py --models ANN") as caught:
        card.read(path)
    assert "\n" not in str(caught.value)


def test_whatever_is_odd_in_a_card_is_one_line_or_harmless(tmp_path: Path) -> None:
    """One value replaced by an odd one: what is read can be shown."""
    path, refused, used = tmp_path / "ANN.json", 0, 0
    for place, odd in some_damaged(CARD):
        path.write_text(json.dumps(odd), encoding="utf-8")
        try:
            made = card.read(path)
        except UserError as error:
            assert "\n" not in str(error), place
            refused += 1
        else:
            card.plain_table({"ANN": made})
            card.results_page({"ANN": made})
            calibration.risk_coverage(made["misses"]["rank"], made["metrics"]["test"]["n"])
            [
                calibration.Reliability.from_json(made["calibration"]["after"][split]).intervals()
                for split in config.SPLITS
            ]
            used += 1
    assert refused > 2 * used > 0


@pytest.mark.parametrize(
    "content", [b"\xff", b"[" * 100_000, b"NaN", b" " * (network_file.MOST_CARD + 1), b'{"loss": NaN}'], ids=range(5)
)
def test_what_is_no_card_is_one_line(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "ANN.json").write_bytes(content)
    with pytest.raises(UserError, match="not a valid model card") as caught:
        card.read(tmp_path / "ANN.json")
    assert "\n" not in str(caught.value)


def test_the_card_of_another_network_is_refused(tmp_path: Path) -> None:
    (tmp_path / "CNN.json").write_text(json.dumps(CARD))
    with pytest.raises(UserError, match="it is the card of ANN"):
        card.read(tmp_path / "CNN.json")
