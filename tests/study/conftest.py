"""A study of three networks whose training is stood in for (see stand_in.py)."""

from pathlib import Path

import pytest

from digits.learning.config import MNIST_RECIPE
from digits.learning.dataset import Dataset, load_uci
from digits.study.cell import Cell, Result
from digits.study.comparison import Comparison, compare
from digits.study.plan import preprocessing_plan
from digits.study.runner import Study
from tests.study.stand_in import NETWORKS, results


def study_in(folder: Path, data: Dataset) -> Study:
    network = {"parameters": 1000, "architecture": "0123456789abcdef"}
    return Study(data, dict.fromkeys(NETWORKS, MNIST_RECIPE), lambda name: network, folder)


@pytest.fixture(scope="session")
def data() -> Dataset:
    return load_uci()


@pytest.fixture
def study(data: Dataset, tmp_path: Path) -> Study:
    """One of which nothing is done."""
    return study_in(tmp_path / "plots" / "study", data)


@pytest.fixture(scope="session")
def done(data: Dataset, tmp_path_factory: pytest.TempPathFactory) -> dict[Cell, Result]:
    """The finished cells of the whole preprocessing study, in the order of the plan."""
    return results(study_in(tmp_path_factory.mktemp("study"), data), preprocessing_plan(NETWORKS))


@pytest.fixture(scope="session")
def compared(data: Dataset, done: dict[Cell, Result]) -> Comparison:
    """The whole study compared; nobody may change it."""
    return compare(data, done, [])
