import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.training_speed import page
from benchmarks.training_speed.__main__ import main
from benchmarks.training_speed.page import NetworkSpeed, Speed

ROOT = Path(__file__).resolve().parents[2]
NETWORK: NetworkSpeed = {
    "parameters": 1_000,
    "flops": 2_000_000_000,
    "milliseconds": {
        "ours": [4.0, 5.0, 90.0],
        "plain Keras": [10.0, 9.0, 11.0],
        "PyTorch float32": [8.0, 8.0, 8.0],
        "PyTorch bfloat16": [20.0, 6.25, 1.0],
    },
}
SPEED: Speed = {
    "platform": "Linux x86_64, Python 3.11.7",
    "processor": "a processor, 2 cores",
    "versions": {"Keras": "3"},
    "precision": "bfloat16",
    "rounds": 3,
    "peak": {"float32": 300.0, "bfloat16": 1600.0},
    "networks": {"ANN": NETWORK},
}


def test_ratios_are_of_medians_and_to_the_fastest() -> None:
    assert page.row("ANN", SPEED) == ("ANN", "1,000", "**5.0**", "10.0", "6.2", "0.50", "0.80", "25%")
    text = page.page(SPEED)
    assert "| ours | 5.0 (4.0 – 90.0) |" in text and "3 rounds" in text and "1,600 GFLOP/s in bfloat16" in text


def test_without_pytorch_its_columns_are_empty() -> None:
    milliseconds = {name: taken for name, taken in NETWORK["milliseconds"].items() if "PyTorch" not in name}
    speed: Speed = {**SPEED, "networks": {"ANN": {**NETWORK, "milliseconds": milliseconds}}}
    assert page.row("ANN", speed) == ("ANN", "1,000", "**5.0**", "10.0", "", "0.50", "", "25%")


@pytest.mark.parametrize("how", ["ours", "plain"])
def test_a_worker_trains_when_it_is_told_to(how: str, npz: Path) -> None:
    settings: dict[str, object] = {"network": "ANN", "how": how, "precision": "float32", "data": str(npz)}
    settings |= {"steps": 2, "skipped": 0, "together": 1, "rounds": 1}
    command = [sys.executable, "-m", "benchmarks.training_speed.keras_worker", json.dumps(settings)]
    done = subprocess.run(command, cwd=ROOT, input="\n\n", capture_output=True, text=True, timeout=100)
    ready, *seconds = done.stdout.split()
    assert ready == "ready" and len(seconds) == 2, done.stderr


@pytest.mark.parametrize("python", ["/none/python", sys.executable])
def test_a_python_without_torch_is_one_line(
    python: str, npz: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(["--data", str(npz), "--torch", python, "--output", str(tmp_path)])
    err = capsys.readouterr().err
    assert code == 2 and err.count("\n") == 1 and "torch" in err
    assert not list(tmp_path.glob("*.json"))
