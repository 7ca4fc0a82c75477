import itertools
from typing import Any

import numpy as np
import pytest

from digits.learning import recommendation, verdicts

N, DRAWN = 10_000, 5000
#: By name: misses on MNIST and on pen digits, milliseconds, bytes, seconds.
NETWORKS = {
    "LeNet": (150, 500, 0.03, 1_000_000, 50.0),
    "ResNet": (60, 150, 0.5, 3_000_000, 900.0),
    "MobileNet": (65, 300, 0.2, 500_000, 400.0),
}


def files(
    networks: dict[str, tuple[int, int, float, int, float]], vote: tuple[int, int] = (58, 150)
) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """What benchmarks/recommendation.py measures, the cards, and pen_digits.json; misses are drawn at random."""
    rng = np.random.default_rng(0)

    def wrong(n: int, misses: int) -> list[int]:
        return sorted(rng.choice(n, misses, replace=False).tolist())

    reading = {"soft vote": vote, "majority vote": vote}
    readers = {
        name: {
            "voters": [name],
            "wrong": wrong(N, mnist),
            "milliseconds": {"1": one, "10": 8 * one},
            "bytes": size,
        }
        for name, (mnist, _, one, size, _) in networks.items()
    }
    together = sum(one for _, _, one, _, _ in networks.values())
    for name in reading:
        readers[name] = {
            "voters": list(networks),
            "wrong": wrong(N, vote[0]),
            "milliseconds": {"1": together, "10": 8 * together},
        }
    measured = {
        "n": N,
        "calls": 3,
        "versions": {"opencv": "4", "platform": "Linux x86_64", "cores": 2},
        "readers": readers,
    }
    unsure = {"n": [100], "right": [100], "confidence": [0.9877]}
    sure = {"n": [100], "right": [95], "confidence": [0.9704]}
    cards = {
        name: {
            "parameters": size // 4,
            "seconds": seconds,
            "misses": {"surer": [9000]},
            "calibration": {"temperature": 0.7, "before": {"test": unsure}, "after": {"test": sure}},
        }
        for name, (*_, size, seconds) in networks.items()
    }
    counted = {name: {"n": DRAWN, "misses": drawn} for name, (_, drawn, *_) in networks.items()}
    pen = {
        "digits": DRAWN,
        "singles": counted,
        "votes": {name: {"n": DRAWN, "misses": drawn} for name, (_, drawn) in reading.items()},
        "wrong": {
            name: {"shipped": wrong(DRAWN, value["misses"])}
            for name, value in (counted | {"soft vote": {"misses": vote[1]}}).items()
        },
        "calibration": {name: {"before": unsure, "after": sure} for name in networks},
        "rejection": {name: {"curve": {"surer": [4549, 4549 + 450], "n": DRAWN}} for name in networks},
    }
    return measured, cards, pen


def found(*arguments: Any, **options: Any) -> recommendation.Findings:
    return recommendation.findings(*files(*arguments, **options))


@pytest.mark.parametrize("names", itertools.permutations(NETWORKS))
def test_the_figures_choose_and_not_the_names(names: tuple[str, ...]) -> None:
    """Whatever the networks are called and in whatever order they come."""
    called = dict(zip(NETWORKS, names, strict=True))
    swapped = {called[name]: NETWORKS[name] for name in sorted(NETWORKS, key=names.index)}
    results = found(swapped)
    take = {wish: answer for wish, answer, _ in verdicts.verdicts(results)}
    assert take == {
        "the most accurate on MNIST": called["ResNet"],
        "the most accurate on what people draw": called["ResNet"],
        "the fastest": called["LeNet"],
        "the smallest": called["MobileNet"],
        "the quickest to train": called["LeNet"],
        "the best of all three voting": "not worth it",
    }
    said = verdicts.answer(results)
    assert said.startswith(f"**For 99 % take {called['ResNet']}.**")
    assert f"; not with {called['LeNet']}." in said
    assert f"The fastest of them is {called['MobileNet']}." in said


def test_significance_is_told_apart_from_chance() -> None:
    reasons = {wish: why for wish, _, why in verdicts.verdicts(found(NETWORKS))}
    assert reasons["the most accurate on MNIST"] == (
        "99.40% (60 / 10,000); significantly better than LeNet; the difference to MobileNet may be chance"
    )
    assert reasons["the most accurate on what people draw"] == (
        "97.00% (150 / 5,000); significantly better than LeNet and MobileNet"
    )
    assert reasons["the fastest"] == "0.03 ms a digit; the time of others: MobileNet 6.7 ×, ResNet 17 ×"
    assert reasons["the smallest"] == "0.5 MB; the size of others: LeNet 2.0 ×, ResNet 6.0 ×"
    assert reasons["the quickest to train"] == "50 s; the time of others: MobileNet 8.0 ×, ResNet 18 ×"


@pytest.mark.parametrize(
    ("vote", "worth"),
    [
        ((58, 150), "not worth it"),  # two misses fewer may be chance
        ((10, 150), "worth it for accuracy on MNIST's test images"),
        ((60, 60), "worth it for accuracy on what people draw"),
        ((10, 60), "worth it for accuracy on MNIST's test images and what people draw"),
        ((10, 400), "not worth it"),  # better on one and worse on the other
        ((60, 300), "not worth it"),
    ],
)
def test_a_vote_is_worth_it_if_surely_better_somewhere_and_worse_nowhere(vote: tuple[int, int], worth: str) -> None:
    verdict, why = verdicts.worth(found(NETWORKS, vote=vote))
    assert verdict == worth
    assert f"{vote[0]} / 10,000" in why and f"{vote[1]} / 5,000" in why
    assert "it takes 1.5 × the time and 1.5 × the size of ResNet" in why


def test_where_none_is_above_99_none_is_recommended() -> None:
    """98 of 10,000 misses are 99.02 %, whose interval goes down below 99 %."""
    said = verdicts.answer(found({name: (98, *rest) for name, (_, *rest) in NETWORKS.items()}))
    assert said.startswith("**For 99 % none can be recommended.**")
    assert "99.02% (98 / 10,000)" in said and "none is surely above 99 %; the best is ResNet" in said


def test_reaching_99_on_what_people_draw_is_told() -> None:
    said = verdicts.answer(found({name: (60, 20, *rest) for name, (_, _, *rest) in NETWORKS.items()}))
    assert "On what people draw LeNet is above 99 % too: 99.60% (20 / 5,000)." in said  # of equals the fastest


def test_the_page_holds_every_figure() -> None:
    given = files(NETWORKS)
    page = verdicts.as_markdown(recommendation.findings(*given), *given)
    assert page.startswith("# Which network?\n\n**For 99 % take ResNet.**")
    assert "|  | LeNet | ResNet | MobileNet | soft vote | majority vote |" in page
    assert "| MNIST, test | 98.50% (150 / 10,000) | 99.40% (60 / 10,000) |" in page
    assert "| one digit, to the fastest's | 1.0 × | 17 × | 6.7 × | 24 × | 24 × |" in page
    assert "| calibration error, MNIST, as trained | 1.23%, too unsure | 1.23%, too unsure |" in page
    assert "| answers for 0.1 % error, MNIST | 100.0% | 100.0% | 100.0% |  |  |" in page
    assert page.count("| … at that temperature | 2.04%, too sure |") == 2
    assert "| file (.onnx) | 1.0 MB | 3.0 MB | 0.5 MB | 4.5 MB | 4.5 MB |" in page
    assert page.count("| LeNet – ResNet |") == 2 and page.count("ResNet is better |") >= 2
    rows = [line for line in page.splitlines() if line.startswith("| ")]
    assert all(line.count("|") in (4, 7) for line in rows)


def test_the_summary_replaces_what_stands_between_the_comments() -> None:
    results = found(NETWORKS)
    page = verdicts.with_summary("a\n<!-- recommendation -->\nold\n<!-- /recommendation -->\nb\n", results)
    assert page.startswith("a\n<!-- recommendation -->\n**For 99 %") and page.endswith("<!-- /recommendation -->\nb\n")
    assert "old" not in page
    assert verdicts.with_summary(page, results) == page
