import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks.recommendation.__main__ import main
from benchmarks.recommendation.measure import Measured
from digits.files import sha256
from digits.learning import dataset
from digits.networks import CORE, LINE, MODELS
from digits.publishing import exclusive
from digits.reading.classifier import Classifier
from digits.reading.line_segmenter import LineSegmenter
from tests.benchmarks.small_results import NETWORKS, small_results

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def plots(npz: Path, tmp_path: Path, columns: LineSegmenter) -> Path:
    """A folder with the results that must exist, of the committed networks and the small data."""
    digest = dataset.load(npz, {}).digest
    digests = {name: sha256(ROOT / "models" / f"{name}.onnx") for name in MODELS}
    _, _, pen = small_results(dict.fromkeys(MODELS, NETWORKS["ResNet"]))
    cards = {name: json.loads((ROOT / "models" / f"{name}.json").read_text(encoding="utf-8")) for name in MODELS}
    for card in cards.values():
        card["data_digest"], card["misses"] = digest, {"image": [], "read": [], "rank": []}
        card["metrics"]["test"] |= {"n": 20, "misses": 0}
    pen["models"] = digests | {LINE: columns.digest}
    (tmp_path / "results.json").write_text(json.dumps({"models": cards}), encoding="utf-8")
    (tmp_path / "pen_digits.json").write_text(json.dumps(pen), encoding="utf-8")
    return tmp_path


def run(npz: Path, plots: Path) -> int:
    return main(["--data", str(npz), "--plots", str(plots), "--rounds", "2", "--calls", "1"])


def test_networks_and_votes_are_measured_and_the_page_is_written(
    npz: Path, plots: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = run(npz, plots)
    printed = capsys.readouterr()
    assert code == 0, printed.err
    measured: Measured = json.loads((plots / "recommendation.json").read_text(encoding="utf-8"))
    assert list(measured["readers"]) == [*MODELS, "soft vote", "majority vote"]
    assert (measured["n"], measured["calls"]) == (20, 2)
    with np.load(npz) as archive:
        images, labels = archive["x_test"], archive["y_test"]
    rows = {name: Classifier(ROOT / "models" / f"{name}.onnx").probabilities(images) for name in MODELS}
    for name in MODELS:
        reader = measured["readers"][name]
        assert reader["wrong"] == np.flatnonzero(rows[name].argmax(axis=1) != labels).tolist()
        assert reader["bytes"] == (ROOT / "models" / f"{name}.onnx").stat().st_size
    for reader in measured["readers"].values():
        assert reader["milliseconds"]["1"] > 0 and reader["milliseconds"]["10"] > 0
    soft = np.mean([rows[name] for name in CORE], axis=0).argmax(axis=1)
    assert measured["readers"]["soft vote"]["wrong"] == np.flatnonzero(soft != labels).tolist()
    assert measured["readers"]["soft vote"]["voters"] == list(CORE)
    page = (plots / "recommendation.md").read_text(encoding="utf-8")
    assert printed.out == page + "\n" and page.startswith("# Which network?")
    assert (plots / "recommendation_pareto.png").stat().st_size > 5000


@pytest.mark.parametrize(
    ("file", "command"), [("results.json", "python test.py"), ("pen_digits.json", "python -m benchmarks.pen_digits")]
)
def test_results_of_other_networks_are_refused(
    file: str, command: str, npz: Path, plots: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (plots / file).read_text(encoding="utf-8")
    (plots / file).write_text(text.replace(sha256(ROOT / "models" / "CNN.onnx"), "0" * 64), encoding="utf-8")
    assert run(npz, plots) == 2
    said = capsys.readouterr().err
    assert len(said.splitlines()) == 1 and "of another CNN" in said and command in said
    assert not (plots / "recommendation.md").exists()


def test_drawings_found_by_another_line_network_are_refused(
    npz: Path, plots: Path, columns: LineSegmenter, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (plots / "pen_digits.json").read_text(encoding="utf-8")
    (plots / "pen_digits.json").write_text(text.replace(columns.digest, "0" * 64), encoding="utf-8")
    assert run(npz, plots) == 2
    said = capsys.readouterr().err
    assert len(said.splitlines()) == 1 and "pen_digits.json is of another LineNet" in said


def test_a_folder_that_does_not_exist_is_not_made(
    npz: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(npz, tmp_path / "plot") == 2
    said = capsys.readouterr().err
    assert len(said.splitlines()) == 1 and "there is no folder" in said and "check --plots" in said
    assert not (tmp_path / "plot").exists()


@pytest.mark.parametrize("content", [None, "no JSON", "[]", "3"])
def test_missing_and_damaged_results_are_named(
    content: str | None, npz: Path, plots: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (plots / "pen_digits.json").unlink()
    if content:
        (plots / "pen_digits.json").write_text(content, encoding="utf-8")
    assert run(npz, plots) == 2
    said = capsys.readouterr().err
    assert len(said.splitlines()) == 1 and "pen_digits.json" in said and "python -m benchmarks.pen_digits" in said


def test_it_is_refused_beside_a_run_and_leaves_the_results_as_they_are(
    npz: Path, plots: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {path: path.read_bytes() for path in plots.iterdir()}
    with exclusive(plots):
        assert run(npz, plots) == 2
    said = capsys.readouterr().err
    assert len(said.splitlines()) == 1 and f"another run is writing to {plots}" in said and "--plots DIR" in said
    assert {path: path.read_bytes() for path in before} == before


def test_results_are_published_together(
    npz: Path, plots: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One of them cannot be put there: none of them is, and nothing is measured."""
    monkeypatch.setattr("benchmarks.recommendation.__main__.measure", lambda *_: pytest.fail("it was measured"))
    (plots / "recommendation_pareto.png").mkdir()
    assert run(npz, plots) == 2
    said = capsys.readouterr().err
    assert len(said.splitlines()) == 1 and "recommendation_pareto.png is a folder; move it away" in said
    assert not (plots / "recommendation.json").exists() and not (plots / "recommendation.md").exists()
