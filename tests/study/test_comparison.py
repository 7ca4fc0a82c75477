import copy
from typing import Any

import pytest
from matplotlib.text import Text

from digits.learning import statistics
from digits.learning.dataset import Dataset
from digits.study import comparison
from digits.study.cell import Cell, Result
from digits.study.comparison import Comparison, Row, compare
from digits.study.plan import preprocessing_plan, seeds_plan
from digits.study.plots import ErrorsDisplay, HeatMapDisplay
from digits.study.preprocessing import BASELINE, CORRUPTIONS, VARIANTS
from digits.study.runner import Study
from tests.study.stand_in import N, results


def each_test(row: Row) -> dict[str, dict[str, Any] | None]:
    return {"mcnemar": row["mcnemar"], "pooled": row["pooled"], "across_seeds": row["across_seeds"]}


def test_the_comparison_finds_what_was_put_in(compared: Comparison) -> None:
    rows = compared["networks"]["ANN"]["corruptions"]["clean"]
    assert {name: row.get("verdict") for name, row in rows.items()} == {
        name: {"deskewed": "better", "otsu": "worse", BASELINE: None}.get(name, "no difference shown")
        for name in VARIANTS
    }
    row, base = rows["deskewed"], rows[BASELINE]
    assert (row["seeds"], row["n"]) == ([0, 1, 2, 3, 4], N)
    assert row["error"] == pytest.approx(sum(row["misses"]) / 5 / N)
    assert row["low"] < row["error"] < row["high"]
    assert row["validation_error"] == 0.04
    tests = each_test(row)
    assert tests["pooled"] and tests["pooled"]["difference"] == pytest.approx(row["error"] - base["error"])
    assert tests["across_seeds"] and tests["across_seeds"]["difference"] == pytest.approx(row["error"] - base["error"])
    assert tests["mcnemar"] and tests["mcnemar"]["difference"] == pytest.approx(
        (row["misses"][0] - base["misses"][0]) / N
    )


@pytest.mark.parametrize("test", ["mcnemar", "pooled", "across_seeds"])
@pytest.mark.parametrize("corruption", CORRUPTIONS)
def test_every_p_is_adjusted_for_the_number_of_variants(test: str, corruption: str, compared: Comparison) -> None:
    rows = compared["networks"]["ANN"]["corruptions"][corruption]
    found = [made for name, row in rows.items() if name != BASELINE and (made := each_test(row)[test])]
    assert len(found) == len(VARIANTS) - 1
    smallest, largest = min(found, key=lambda made: made["p"]), max(found, key=lambda made: made["p"])
    assert smallest["p_holm"] == pytest.approx(min(1, len(found) * smallest["p"]))
    assert all(made["p"] <= made["p_holm"] <= 1 for made in found)
    assert largest["p_holm"] == max(made["p_holm"] for made in found)


def test_verdicts_rest_on_the_test_over_all_seeds(compared: Comparison) -> None:
    for network in compared["networks"].values():
        for rows in network["corruptions"].values():
            for row in rows.values():
                if pooled := row.get("pooled"):
                    significant = pooled["p_holm"] < statistics.LEVEL
                    assert (row["verdict"] != "no difference shown") == significant
                    assert not significant or (row["verdict"] == "better") == (pooled["difference"] < 0)


def test_the_baselines_further_seeds_are_left_to_the_seeds_table(study: Study) -> None:
    done = results(study, [*seeds_plan(["VGG16"]), *preprocessing_plan(["VGG16"], None, [0])])
    rows = compare(study.dataset, done, [])["networks"]["VGG16"]["corruptions"]["clean"]
    assert all(row["seeds"] == [0] for row in rows.values())
    tests = each_test(rows["deskewed"])
    assert tests["across_seeds"] is None
    assert tests["pooled"] and tests["mcnemar"]
    assert tests["pooled"]["p"] == pytest.approx(tests["mcnemar"]["p"])
    seeds = comparison.seeds(study.dataset, done)["networks"]["VGG16"]
    assert list(seeds["misses"]) == ["0", "1", "2"]
    assert seeds["accuracy"] == pytest.approx(1 - sum(seeds["misses"].values()) / 3 / N)
    assert seeds["deviation"] is not None and seeds["deviation"] > 0


def test_one_seed_has_no_deviation(study: Study) -> None:
    seeds = comparison.seeds(study.dataset, results(study, [Cell("ANN", BASELINE, 4)]))
    assert seeds["networks"]["ANN"]["deviation"] is None
    assert not comparison.seeds(study.dataset, results(study, [Cell("ANN", "otsu", 0)]))["networks"]


def test_without_the_baseline_there_is_nothing_to_compare_with(study: Study) -> None:
    compared = compare(study.dataset, results(study, [Cell("ANN", "otsu", 0)]), [])
    row = compared["networks"]["ANN"]["corruptions"]["clean"]["otsu"]
    assert "verdict" not in row and "pooled" not in row
    assert comparison.with_baseline(compared) == []


def test_only_seeds_that_both_have_are_compared(study: Study) -> None:
    done = results(study, [Cell("ANN", BASELINE, 1), Cell("ANN", "otsu", 1), Cell("ANN", "otsu", 2)])
    row = compare(study.dataset, done, [])["networks"]["ANN"]["corruptions"]["clean"]["otsu"]
    assert row["seeds"] == [1, 2]
    assert row["mcnemar"] is None  # its seed is 0
    assert row["pooled"] and row["pooled"]["seeds"] == 1
    assert row["across_seeds"] is None


def test_networks_are_in_the_projects_order_and_how_they_were_trained_is_kept(
    data: Dataset, done: dict[Cell, Result]
) -> None:
    reversed_ = dict(reversed(done.items()))
    other = copy.deepcopy(done[Cell("CNN", BASELINE, 0)])
    other["versions"]["cores"] = 4
    other["seconds"] = 96.0
    compared = compare(data, {**reversed_, Cell("CNN", BASELINE, 0): other}, ["CNN-unit-9"])
    assert list(compared["networks"]) == ["ANN", "CNN", "VGG16"]
    network = compared["networks"]["CNN"]
    assert [versions["cores"] for versions in network["versions"]] == [2, 4]
    assert network["seconds"] == pytest.approx(60 + 36 / (3 * len(VARIANTS)))
    assert network["parameters"] == 1000
    assert "seed" not in network["recipe"]
    assert network["recipe"]["restyle"]["share"] == 0.07
    assert (compared["cells"], compared["missing"]) == (8 * len(VARIANTS) + 3 * 5, ["CNN-unit-9"])


def test_the_plots_say_what_the_comparison_says(compared: Comparison) -> None:
    def texts(figure: Any) -> set[str]:
        return {text.get_text() for text in figure.findobj(Text)}

    said = texts(ErrorsDisplay(compared).plot().figure_)
    assert {*compared["networks"], *(variant.title for variant in VARIANTS.values()), "not run"} <= said
    rows = compared["networks"]["ANN"]["corruptions"]["clean"]
    said = texts(HeatMapDisplay(compared, "ANN").plot().figure_)
    assert any(f"{100 * rows['deskewed']['error']:.2f}" in text and "▼" in text for text in said)
    assert any(f"{100 * rows['otsu']['error']:.2f}" in text and "▲" in text for text in said)
    assert {how.title for how in CORRUPTIONS.values()} <= said
