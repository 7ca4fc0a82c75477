import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from digits.files import sha256
from digits.learning import dataset
from digits.networks import CORE, MODELS

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def plots(npz: Path, tmp_path: Path) -> Path:
    """A folder with what the two other scripts leave there, of the committed networks and the small data."""
    digest = dataset.load(npz, {}).digest
    digests = {name: sha256(ROOT / "models" / f"{name}.onnx") for name in MODELS}
    groups = {"n": [20], "right": [19], "confidence": [0.97]}
    cards = {
        name: {
            "data_digest": digest,
            "files": {f"{name}.onnx": digests[name]},
            "parameters": 1000,
            "seconds": 60.0,
            "misses": {"surer": []},
            "calibration": {"temperature": 0.8, "before": {"test": groups}, "after": {"test": groups}},
        }
        for name in MODELS
    }
    counted = {"n": 50, "misses": 2}
    readers = (*MODELS, "soft vote")
    pen: dict[str, Any] = {
        "digits": 50,
        "models": digests,
        "singles": dict.fromkeys(MODELS, counted),
        "votes": dict.fromkeys(("soft vote", "majority vote"), counted),
        "wrong": {name: {"shipped": [3, 4]} for name in readers},
        "calibration": {name: {"after": groups} for name in readers},
        "rejection": {name: {"curve": {"surer": [30], "n": 50}} for name in readers},
    }
    (tmp_path / "results.json").write_text(json.dumps({"models": cards}))
    (tmp_path / "pen_digits.json").write_text(json.dumps(pen))
    return tmp_path


def run(npz: Path, plots: Path) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "benchmarks/recommendation.py", "--data", str(npz), "--plots", str(plots)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)


def test_networks_and_votes_are_measured_and_the_page_is_written(npz: Path, plots: Path) -> None:
    result = run(npz, plots)
    assert result.returncode == 0, result.stderr
    measured = json.loads((plots / "recommendation.json").read_text())
    assert list(measured["readers"]) == [*MODELS, "soft vote", "majority vote"]
    assert measured["n"] == 20
    with np.load(npz) as archive:
        images, labels = archive["x_test"], archive["y_test"]
    from digits.reading.classifier import Classifier

    rows = {name: Classifier(ROOT / "models" / f"{name}.onnx").probabilities(images) for name in MODELS}
    for name in MODELS:
        reader = measured["readers"][name]
        assert reader["wrong"] == np.flatnonzero(rows[name].argmax(axis=1) != labels).tolist()
        assert reader["bytes"] == (ROOT / "models" / f"{name}.onnx").stat().st_size
        assert reader["milliseconds"]["1"] > 0
    slow = measured["readers"]["VGG16"]["milliseconds"]
    assert measured["readers"]["ANN"]["milliseconds"]["1"] < slow["1"] < slow["10"]
    soft = np.mean([rows[name] for name in CORE], axis=0).argmax(axis=1)
    assert measured["readers"]["soft vote"]["wrong"] == np.flatnonzero(soft != labels).tolist()
    assert measured["readers"]["soft vote"]["voters"] == list(CORE)
    page = (plots / "recommendation.md").read_text()
    assert result.stdout == page + "\n" and page.startswith("# Which network?")
    assert (plots / "recommendation_pareto.png").stat().st_size > 5000


@pytest.mark.parametrize(
    ("file", "said"), [("results.json", "python test.py"), ("pen_digits.json", "python benchmarks/pen_digits.py")]
)
def test_figures_of_other_networks_are_refused(file: str, said: str, npz: Path, plots: Path) -> None:
    text = (plots / file).read_text()
    (plots / file).write_text(text.replace(sha256(ROOT / "models" / "CNN.onnx"), "0" * 64))
    result = run(npz, plots)
    assert result.returncode == 2
    assert len(result.stderr.splitlines()) == 1 and "of another CNN" in result.stderr and said in result.stderr
    assert not (plots / "recommendation.md").exists()
