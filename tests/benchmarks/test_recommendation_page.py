import itertools

import pytest

from benchmarks.recommendation import page
from benchmarks.recommendation.findings import Findings, findings
from tests.benchmarks.small_results import NETWORKS, Networks, small_results


def found(networks: Networks = NETWORKS, vote: tuple[int, int] = (58, 150)) -> Findings:
    return findings(*small_results(networks, vote))


@pytest.mark.parametrize("names", itertools.permutations(NETWORKS))
def test_the_results_choose_and_not_the_names(names: tuple[str, ...]) -> None:
    """Whatever the networks are called and in whatever order they come."""
    called = dict(zip(NETWORKS, names, strict=True))
    swapped = {called[name]: NETWORKS[name] for name in sorted(NETWORKS, key=names.index)}
    results = found(swapped)
    use = {wish: answer for wish, answer, _ in page.verdicts(results)}
    assert use == {
        "most accurate on MNIST": called["ResNet"],
        "most accurate on pen-drawn digits": called["ResNet"],
        "fastest": called["LeNet"],
        "smallest": called["MobileNet"],
        "fastest to train": called["LeNet"],
        "vote of the three core networks": "not worth it",
    }
    said = page.answer(results)
    assert said.startswith(f"**For 99%, use {called['ResNet']}.**")
    assert f", but not for {called['LeNet']}." in said
    assert f"The fastest of them is {called['MobileNet']}." in said


def test_significance_is_told_apart_from_chance() -> None:
    reasons = {wish: why for wish, _, why in page.verdicts(found())}
    assert reasons["most accurate on MNIST"] == (
        "99.40% (60 / 10,000); significantly better than LeNet; the difference from MobileNet is not significant"
    )
    assert reasons["most accurate on pen-drawn digits"] == (
        "97.00% (150 / 5,000); significantly better than LeNet and MobileNet"
    )
    assert reasons["fastest"] == "0.03 ms per digit; relative time: MobileNet 6.7 ×, ResNet 17 ×"
    assert reasons["smallest"] == "0.5 MB; relative size: LeNet 2.0 ×, ResNet 6.0 ×"
    assert reasons["fastest to train"] == "50 s; relative time: MobileNet 8.0 ×, ResNet 18 ×"


@pytest.mark.parametrize(
    ("vote", "worth"),
    [
        ((58, 150), "not worth it"),  # two misses fewer are not significant
        ((10, 150), "worth it for accuracy on MNIST's test images"),
        ((60, 60), "worth it for accuracy on pen-drawn digits"),
        ((10, 60), "worth it for accuracy on MNIST's test images and pen-drawn digits"),
        ((10, 400), "not worth it"),  # better on one and worse on the other
        ((60, 300), "not worth it"),
    ],
)
def test_a_vote_is_worth_it_if_significantly_better_somewhere_and_worse_nowhere(
    vote: tuple[int, int], worth: str
) -> None:
    verdict, why = page.worth(found(vote=vote))
    assert verdict == worth
    assert f"{vote[0]} / 10,000" in why and f"{vote[1]} / 5,000" in why
    assert "it takes 1.5 × the time and 1.5 × the size of ResNet" in why


def test_where_none_is_above_99_none_is_recommended() -> None:
    """98 of 10,000 misses are 99.02%, whose interval reaches below 99%."""
    said = page.answer(found({name: (98, *known[1:]) for name, known in NETWORKS.items()}))
    assert said.startswith("**No network can be recommended for 99%.**")
    assert "99.02% (98 / 10,000)" in said and "no network is significantly above 99%; the best is ResNet" in said


def test_it_is_said_when_a_network_reaches_99_on_pen_drawn_digits() -> None:
    said = page.answer(found({name: (60, 20, *known[2:]) for name, known in NETWORKS.items()}))
    assert "On pen-drawn digits, LeNet is above 99%, too: 99.60% (20 / 5,000)." in said  # of equals the fastest


def test_the_page_holds_every_result() -> None:
    measured, cards, pen = small_results()
    text = page.page(findings(measured, cards, pen), measured, cards, pen)
    assert text.startswith("# Which network?\n\n**For 99%, use ResNet.**")
    assert "|  | LeNet | ResNet | MobileNet | soft vote | majority vote |" in text
    assert "| MNIST, test | 98.50% (150 / 10,000) | 99.40% (60 / 10,000) |" in text
    assert "| one digit, relative to the fastest | 1.0 × | 17 × | 6.7 × | 24 × | 24 × |" in text
    assert "| calibration error on MNIST, as trained | 1.23%, underconfident | 1.23%, underconfident |" in text
    assert "| coverage at 0.1% risk, MNIST | 100.0% | 100.0% | 100.0% |  |  |" in text
    assert "| coverage at 1% risk, pen-drawn digits | 100.0% | 100.0% | 100.0% |  |  |" in text
    assert "| … after temperature scaling | 2.04%, overconfident |" in text
    assert "| calibration error on pen-drawn digits, the network alone | 1.23%, underconfident |" in text
    assert "| … together with LineNet, as shown | 2.04%, overconfident |" in text
    assert "| file (.onnx) | 1.0 MB | 3.0 MB | 0.5 MB | 4.5 MB | 4.5 MB |" in text
    assert text.count("| LeNet – ResNet |") == 2 and text.count("ResNet is better |") >= 2
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    assert all(line.count("|") in (4, 7) for line in rows)


def test_the_summary_is_the_answer_and_the_verdicts() -> None:
    results = found()
    said, _, table = page.summary(results).partition("\n\n")
    assert said == page.answer(results)
    assert table.splitlines()[0] == "| wanted | use | because |"
    assert len(table.splitlines()) == 2 + len(page.verdicts(results))
