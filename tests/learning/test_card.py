import copy
import json
from pathlib import Path

import pytest

from digits.errors import UserError
from digits.learning import report
from digits.learning.evaluation import Score

CARD = {
    "model": "ANN",
    "dataset": "MNIST",
    "data_digest": "0123456789abcdef",
    "date": "2026-01-02",
    "recipe": {"optimizer": "Adam", "epochs": 5, "batch_size": 32, "learning_rate": 1e-5, "seed": 0},
    "parameters": 1_234_567,
    "seconds": 61.0,
    "scores": {
        "train": Score(48_000, 480, 0.03, 0.989, 0.991).to_json(),
        "validation": Score(12_000, 240, 0.06, 0.977, 0.982).to_json(),
        "test": Score(10_000, 210, 0.07, 0.976, 0.982).to_json(),
    },
    "calibration": {"temperature": 0.7},
    "by_class": {"precision": [0.97] * 10, "recall": [0.98] * 10, "f1": [0.975] * 10},
    "versions": {"tensorflow": "2.21.0", "keras": "3.12.4", "platform": "Linux x86_64", "cores": 2},
}


def test_table_has_three_rows_a_network_and_the_posts_figure() -> None:
    rows = report.rows({"ANN": CARD})
    assert [row[3] for row in rows] == ["train", "validation", "test"]
    assert rows[0][:3] == ("ANN", "1,234,567", "61 s")
    assert rows[2][4:] == ("0.0700", "97.90%", "210 / 10,000", "97.60% – 98.20%", "95.40%")


def test_other_data_is_not_set_beside_the_post() -> None:
    table = report.plain_table({"ANN": CARD | {"dataset": "UCI digits"}})
    assert "the post" not in table
    assert "95.40%" not in table
    assert "the post" in report.plain_table({"ANN": CARD})


def test_plain_table_is_aligned() -> None:
    lines = report.plain_table({"ANN": CARD, "CNN": CARD}).splitlines()
    assert len(lines) == 1 + 2 * 4
    assert lines[1] == lines[5] == "─" * max(map(len, lines))
    assert len({line.index("/") for line in lines if " / 1" in line or "/ 4" in line}) == 1


def test_markdown_says_what_was_run() -> None:
    text = report.markdown({"ANN": CARD})
    assert "| ANN | 1,234,567 | 61 s | train | 0.0300 | 99.00% |" in text
    assert "| ANN | 97.00% | 98.00% | 97.50% |" in text
    assert "learning rate 1e-05, 5 epochs, batch size 32, seed 0" in text


def test_a_card_is_read_back(tmp_path: Path) -> None:
    (tmp_path / "ANN.json").write_text(json.dumps(CARD))
    assert report.read_card(tmp_path / "ANN.json") == CARD


@pytest.mark.parametrize("damage", ["missing", "text", "half", "uncalibrated", "list"])
def test_a_missing_or_damaged_card_names_the_command_that_makes_it(damage: str, tmp_path: Path) -> None:
    path = tmp_path / "ANN.json"
    half = copy.deepcopy(CARD)
    del half["scores"]["test"]
    uncalibrated = {key: value for key, value in CARD.items() if key != "calibration"}
    if damage != "missing":
        texts = {"text": "{", "half": json.dumps(half), "uncalibrated": json.dumps(uncalibrated), "list": "[]"}
        path.write_text(texts[damage])
    with pytest.raises(UserError, match=r"python test.py --models ANN") as caught:
        report.read_card(path)
    assert "\n" not in str(caught.value)


def test_the_table_replaces_what_stands_between_the_comments() -> None:
    page = "before\n<!-- results -->\nold\n<!-- /results -->\nafter\n"
    new = report.with_table(page, {"ANN": CARD})
    assert new.startswith("before\n<!-- results -->\n| model |")
    assert new.endswith("|\n<!-- /results -->\nafter\n")
    assert "old" not in new
    assert report.with_table(new, {"ANN": CARD}) == new


@pytest.mark.parametrize("page", ["", "<!-- a -->", "<!-- a -->\n<!-- a -->\n<!-- /a -->\n"])
def test_a_page_without_just_one_place_for_a_text_loses_nothing(page: str) -> None:
    with pytest.raises(ValueError, match="expected one <!-- a --> and one <!-- /a -->"):
        report.between(page, "a", "text")


@pytest.mark.parametrize(("seconds", "said"), [(7.4, "7 s"), (89, "89 s"), (90, "2 min"), (3900, "1 h 5 min")])
def test_duration(seconds: float, said: str) -> None:
    assert report.duration(seconds) == said
