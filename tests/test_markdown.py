import pytest

from digits import markdown


def test_words_are_aligned_left_and_numbers_right() -> None:
    text = markdown.table(["network", "misses", "verdict"], [("ANN", "210", "worse")], words=(0, 2))
    assert text == "| network | misses | verdict |\n| --- | ---: | --- |\n| ANN | 210 | worse |"
    assert markdown.table(["network", "misses"], []).endswith("| --- | ---: |")


@pytest.mark.parametrize(
    ("items", "said"), [(["ANN"], "ANN"), (["ANN", "CNN"], "ANN and CNN"), (["a", "b", "c"], "a, b and c")]
)
def test_a_list_as_running_text(items: list[str], said: str) -> None:
    assert markdown.in_words(items) == said


def test_shares_as_percentages() -> None:
    assert markdown.percent(0.987) == "98.70%"
    assert markdown.percent(0.07, 0) == "7%"
    assert markdown.percent(1.0) == "100.00%"
    assert markdown.interval(0.98456, 0.989) == "98.46% – 98.90%"


@pytest.mark.parametrize(
    ("misses", "n", "said"),
    [(130, 10_000, "130 / 10,000"), (1300.0, 12_000, "1,300 / 12,000"), (127.8, 359, "127.8 / 359")],
)
def test_misses_are_stated_with_n(misses: float, n: int, said: str) -> None:
    assert markdown.misses_of(misses, n) == said


def test_an_accuracy_is_stated_with_its_misses() -> None:
    assert markdown.accuracy(130, 10_000) == "98.70% (130 / 10,000)"
    assert markdown.accuracy(0, 20) == "100.00% (0 / 20)"


@pytest.mark.parametrize(("value", "said"), [(0, "0"), (1300, "1,300"), (1300.0, "1,300"), (127.75, "127.8")])
def test_a_count_or_a_mean_of_counts(value: float, said: str) -> None:
    assert markdown.number(value) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "0 s"), (7.4, "7 s"), (89, "89 s"), (90, "2 min"), (3569, "59 min"), (3571, "1 h 0 min"), (3900, "1 h 5 min")],
)
def test_duration(seconds: float, said: str) -> None:
    assert markdown.duration(seconds) == said


def test_a_section_replaces_what_stands_between_its_comments() -> None:
    page = "before\n<!-- results -->\nold\n<!-- /results -->\nafter\n"
    new = markdown.with_section(page, "results", "| model |")
    assert new == "before\n<!-- results -->\n| model |\n<!-- /results -->\nafter\n"
    assert markdown.with_section(new, "results", "| model |") == new


@pytest.mark.parametrize("page", ["", "<!-- a -->", "<!-- a -->\n<!-- a -->\n<!-- /a -->\n"])
def test_a_page_without_just_one_place_for_a_section_loses_nothing(page: str) -> None:
    with pytest.raises(ValueError, match="expected one <!-- a --> and one <!-- /a -->"):
        markdown.with_section(page, "a", "text")
