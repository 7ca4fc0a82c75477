import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks import opinion_weights
from benchmarks.opinion_weights import Opinions, fitted
from tests.writers import entries


def opinions(weights: tuple[float, float], n: int = 4000) -> Opinions:
    """Digits that are distributed as these weights say."""
    rng = np.random.default_rng(0)
    own, seen = (np.log(rng.dirichlet(np.full(10, 0.3), n) + 1e-6) for _ in range(2))
    shares = np.exp(Opinions(own, seen, np.zeros(n, np.int64)).log_probabilities(weights))
    labels = np.array([rng.choice(10, p=row / row.sum()) for row in shares])
    return Opinions(own, seen, labels)


@pytest.mark.parametrize("weights", [(0.7, 0.2), (0.2, 1.4), (0.0, 0.5)])
def test_the_weights_of_which_digits_are_made_are_found(weights: tuple[float, float]) -> None:
    made = opinions(weights)
    found = fitted(made)
    assert found == pytest.approx(weights, abs=0.05)
    for other in ((found[0] + 0.05, found[1]), (found[0], found[1] - 0.05), (0.5, 0.5)):
        assert made.loss(found) < made.loss(other)


def test_misses_and_loss_are_counted() -> None:
    own = np.log(np.array([[0.6, *[0.4 / 9] * 9], [0.1] * 10]))
    made = Opinions(own, np.zeros((2, 10)), np.array([0, 3]))
    assert made.misses((1, 0)) == 1
    assert made.loss((1, 0)) == pytest.approx(-(np.log(0.6) + np.log(0.1)) / 2)


@pytest.mark.usefixtures("columns")
def test_it_prints_the_weights_of_each_network(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "people.json").write_text(json.dumps(entries()))
    assert opinion_weights.main(["--handwriting", str(tmp_path / "people.json"), "--numbers", "3"]) == 0
    rows = [line.strip("| ").split(" | ") for line in capsys.readouterr().out.splitlines()[2:]]
    assert [row[0] for row in rows if row[1:3] == ["whole", "shipped"]] == ["ANN", "CNN", "VGG16", "ResNet"]
    assert [row[3:5] for row in rows if row[0] == "ResNet" and row[2] == "shipped"] == [["0.70", "0.20"]]
    (bright,) = [row[5] for row in rows if row[0] == "ResNet" and row[2] == "fitted"]
    misses, n = map(int, bright.split("(")[1].strip(")").split(" / "))
    assert 0 <= misses <= n / 2 and bright.startswith(f"{100 - 100 * misses / n:.2f}%")


def test_handwriting_without_writers_left_out_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from tests.writers import KNOWN

    (tmp_path / "people.json").write_text(json.dumps(entries(KNOWN)))
    assert opinion_weights.main(["--handwriting", str(tmp_path / "people.json")]) == 2
    said = capsys.readouterr().err
    assert len(said.splitlines()) == 1 and said.startswith("benchmarks.opinion_weights: --handwriting has nobody")
