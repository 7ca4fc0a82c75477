import re
from collections.abc import Iterable, Sequence

import pytest

from digits.learning.dataset import Dataset
from digits.study import cell as cells
from digits.study import comparison, page
from digits.study.cell import Cell, Result
from digits.study.comparison import Comparison, Seeds, compare
from digits.study.plan import preprocessing_plan, seeds_plan
from digits.study.preprocessing import BASELINE, CORRUPTIONS, VARIANTS
from digits.study.runner import Study
from tests.study.stand_in import NETWORKS, results


@pytest.fixture(scope="module")
def seeds(data: Dataset, done: dict[Cell, Result]) -> Seeds:
    return comparison.seeds(data, done)


@pytest.fixture(scope="module")
def text(compared: Comparison, seeds: Seeds) -> str:
    """The page of the whole study."""
    return page.page(compared, seeds)


def page_of(study: Study, done: Iterable[Cell], planned: Sequence[Cell] = ()) -> str:
    """The page of a study of which these cells are finished."""
    found = results(study, done)
    missing = [str(cell) for cell in planned if cell not in found]
    return page.page(compare(study.dataset, found, missing), comparison.seeds(study.dataset, found))


def test_the_page_answers(text: str) -> None:
    answer = text.split("\n\n")[1]
    assert (
        "Yes: some methods lower the error significantly (ANN, CNN and VGG16), others raise it (ANN and CNN)." in answer
    )
    assert "Not finished" not in text
    assert f"{8 * len(VARIANTS) + 3 * 5:,} cells" in text


def test_the_page_shows_every_error_and_names_the_best(text: str, compared: Comparison) -> None:
    rows = compared["networks"]["CNN"]["corruptions"]["clean"]
    misses = f"{sum(rows['deskewed']['misses']) / 3:.1f}".removesuffix(".0")
    assert f"1 lowers the error, de-skewing to {rows['deskewed']['error']:.2%} ({misses});" in text
    assert f"{len(VARIANTS) - 3} show no significant difference." in text
    for name, row in rows.items():
        assert f"| {VARIANTS[name].title} | 3 | {row['error']:.2%} |" in text
    for description in (*compared["variants"].values(), *compared["corruptions"].values()):
        assert f"| {description['title']} | {description['description']} |" in text


def test_the_page_says_what_helps_corrupted_images(text: str, compared: Comparison) -> None:
    rows = compared["networks"]["ANN"]["corruptions"]["gaussian"]
    line = next(line for line in text.splitlines() if line.startswith("- **ANN.** "))
    assert f"Gaussian noise: de-skewing helps most, {rows[BASELINE]['error']:.2%} (" in line
    assert f") → {rows['deskewed']['error']:.2%} (" in line


def test_a_corruption_that_nothing_helps_against_is_said_so(study: Study) -> None:
    text = page_of(study, preprocessing_plan(["ANN"], ["otsu"], [0]))
    assert text.count("none is better than the baseline's") == len(CORRUPTIONS) - 1


def test_a_network_of_which_only_seeds_were_run_has_no_table_of_its_own(study: Study) -> None:
    text = page_of(study, [*seeds_plan(["CNN"]), *preprocessing_plan(["ANN"], ["otsu"], [0])])
    assert "## ANN, clean test images" in text
    assert "## CNN, clean test images" not in text
    assert re.search(r"^\| CNN +\| \d", text, re.MULTILINE)  # in the table of seeds
    assert re.search(r"^- \*\*CNN\*\*: [\d,]+ parameters; \d+ epochs", text, re.MULTILINE)  # and how it was trained
    assert "CNN_corrupted.png" not in text


def test_a_page_of_an_unfinished_study_says_what_is_missing(study: Study) -> None:
    planned = preprocessing_plan(["ANN"], ["otsu", "median"], [0])
    text = page_of(study, planned[1:2], planned)
    assert "Nothing to compare yet" in text
    assert "**Not finished:** planned cells that are missing: ANN-unit-0, ANN-median-0." in text
    text = page_of(study, planned[:2], planned)
    n, misses = 2000, cells.wrong(results(study, planned[:1])[planned[0]], "clean").sum()
    assert f"**ANN**, 1 seed, with the baseline {misses / n:.2%} ({misses}): no significant difference." in text
    assert "that are missing: ANN-median-0." in text


def test_many_missing_cells_are_counted(study: Study) -> None:
    planned, first = preprocessing_plan(["ANN", "CNN"]), 2 * len(VARIANTS)
    assert "**ANN**, 1 seed, with" in page_of(study, planned[:first], planned)
    text = page_of(study, [*planned[:first], Cell("ANN", "otsu", 1)], planned)
    assert "**ANN**, 1 to 2 seeds, with" in text
    ann, cnn = 4 * len(VARIANTS) - 1, 2 * len(VARIANTS)
    assert f"**Not finished:** {ann + cnn} planned cells are missing, {ann} of ANN and {cnn} of CNN." in text


def test_the_summary_says_nothing_that_the_page_does_not(compared: Comparison, seeds: Seeds) -> None:
    unfinished: Comparison = {**compared, "missing": ["ANN-unit-9"]}
    text, summary = page.page(unfinished, seeds), page.summary(unfinished)
    assert "**Not finished:** planned cells that are missing: ANN-unit-9." in summary
    assert {line for line in summary.splitlines() if line not in text} == {"Where the test images are corrupted:"}
    assert "Not finished" not in page.summary(compared)


def test_no_difference_is_said_so(study: Study) -> None:
    text = page_of(study, preprocessing_plan(["ANN"], ["plain", "median"], [0]))
    assert "**No significant difference could be shown.**" in text
    assert "none of 2 methods shows a significant difference." in text


def test_only_worse_is_said_so(study: Study) -> None:
    text = page_of(study, preprocessing_plan(["ANN"], ["otsu"], [0, 1, 2, 3, 4]))
    assert "**No method lowers the error significantly; some raise it (ANN).**" in text
    assert "of 1 method 1 raises the error, binarisation (Otsu) to " in text


def test_the_table_of_seeds(seeds: Seeds) -> None:
    table = page.seeds_table(seeds).splitlines()
    assert table[0] == (
        "| network | seed 0 | seed 1 | seed 2 | seed 3 | seed 4 | mean accuracy | standard deviation, points |"
    )
    assert [line.split(" | ")[0] for line in table[2:]] == [f"| {name}" for name in NETWORKS]
    assert all(line.count("|") == 9 for line in table)
    cells = table[4].split(" | ")
    assert cells[4:7] == ["", "", f"{seeds['networks']['VGG16']['accuracy']:.2%}"]  # it has three seeds


def test_one_seed_has_no_deviation_in_the_table(data: Dataset, done: dict[Cell, Result]) -> None:
    seeds = comparison.seeds(data, {Cell("VGG16", BASELINE, 0): done[Cell("VGG16", BASELINE, 0)]})
    assert page.seeds_table(seeds).splitlines()[2].endswith(f"| {seeds['networks']['VGG16']['accuracy']:.2%} |  |")
