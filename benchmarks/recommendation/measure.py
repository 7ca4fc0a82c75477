#!/usr/bin/env python
"""Which network for whom: plots/recommendation.md, with its figures as .json and a picture of what accuracy costs.

    python benchmarks/recommendation.py --data mnist.npz

Reads MNIST's test images with every network and with the mission's three voting, as the window does (OpenCV), and
times them. Everything else is taken from plots/results.json (python test.py) and plots/pen_digits.json
(benchmarks/pen_digits.py), which must be of the same networks. Puts the summary into README.md where the output
is the project's own plots/.
"""

import argparse
import json
import platform
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.voting import VOTES, Voting
from digits.errors import UserError
from digits.files import sha256, write_json, write_text
from digits.learning import dataset, plots, recommendation, verdicts
from digits.learning.plots.recommendation import pareto
from digits.networks import CORE, MODELS
from digits.reading.classifier import Classifier

ROOT = Path(__file__).resolve().parent.parent
ROUNDS, CALLS = 10, 30  #: each is timed this often, in rounds of so many calls
Reader = Classifier | Voting


def main() -> int:
    """Parse, measure, write. Returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, metavar="FILE", help="MNIST, as test.py takes it")
    parser.add_argument("--models", type=Path, default=ROOT / "models", metavar="DIR")
    parser.add_argument("--plots", type=Path, default=ROOT / "plots", metavar="DIR", help="read from and written into")
    options = parser.parse_args()
    try:
        print(work(options.data, options.models, options.plots))
    except UserError as error:
        print(f"recommendation.py: {error}", file=sys.stderr)
        return 2
    return 0


def work(data: Path | None, models: Path, folder: Path) -> str:
    """Measure, write, and return the page."""
    cards = json.loads((folder / "results.json").read_text(encoding="utf-8"))["models"]
    pen = json.loads((folder / "pen_digits.json").read_text(encoding="utf-8"))
    images = dataset.load(data)
    for name in MODELS:
        known = sha256(models / f"{name}.onnx")
        if cards[name]["files"][f"{name}.onnx"] != known or cards[name]["data_digest"] != images.digest:
            raise UserError(
                f"{folder / 'results.json'} is of another {name} or other data; make it with: python test.py"
            )
        if pen["models"][name] != known:
            raise UserError(
                f"{folder / 'pen_digits.json'} is of another {name}; make it with: python benchmarks/pen_digits.py"
            )
    measured = measure(models, *images.split()["test"]) | {"data_digest": images.digest}
    found = recommendation.findings(measured, cards, pen)
    page = verdicts.as_markdown(found, measured, cards, pen)
    write_json(folder / "recommendation.json", measured)
    write_text(folder / "recommendation.md", page)
    plots.save(pareto([*found.networks, found.vote]), folder / "recommendation_pareto.png")
    if folder.resolve() == ROOT / "plots":
        readme = ROOT / "README.md"
        write_text(readme, verdicts.with_summary(readme.read_text(encoding="utf-8"), found))
    return page


def measure(models: Path, images: NDArray[np.uint8], labels: NDArray[np.uint8]) -> dict[str, Any]:
    """What every network and every vote reads wrong, and how long one digit and ten take."""
    networks = {name: Classifier(models / f"{name}.onnx") for name in MODELS}
    votes = {name: Voting(name, [networks[voter] for voter in CORE]) for name in VOTES}
    readers: dict[str, Reader] = {**networks, **votes}
    rows = {name: probabilities(network, images) for name, network in networks.items()}
    rows |= {name: vote(np.stack([rows[voter] for voter in CORE])) for name, vote in VOTES.items()}
    times = milliseconds(readers, images)
    return {
        "n": len(labels),
        "calls": ROUNDS * CALLS,
        "models": {name: sha256(models / f"{name}.onnx") for name in networks},
        "versions": {
            "opencv": cv2.__version__,
            "platform": f"{platform.system()} {platform.machine()}",
            "cores": cv2.getNumberOfCPUs(),
        },
        "readers": {
            name: {
                "voters": list(CORE) if name in votes else [name],
                "wrong": np.flatnonzero(rows[name].argmax(axis=1) != labels).tolist(),
                "milliseconds": times[name],
                **({} if name in votes else {"bytes": (models / f"{name}.onnx").stat().st_size}),
            }
            for name in readers
        },
    }


def probabilities(network: Classifier, images: NDArray[np.uint8]) -> NDArray[np.float32]:
    return np.concatenate([network.probabilities(images[i : i + 500]) for i in range(0, len(images), 500)])


def milliseconds(readers: Mapping[str, Reader], images: NDArray[np.uint8]) -> dict[str, dict[str, float]]:
    """Median time of a call, by reader and by how many digits are read in it.

    All are timed in turns, so that what else the machine does meets all of them alike; the first calls of a
    turn, with another's weights still in the caches, do not count.
    """
    times: dict[str, dict[str, list[float]]] = {name: {"1": [], "10": []} for name in readers}
    for _ in range(ROUNDS):
        for name, reader in readers.items():
            for digits, taken in times[name].items():
                taken += timed(reader, images[: int(digits)])
    return {
        name: {digits: 1000 * float(np.median(taken)) for digits, taken in by_digits.items()}
        for name, by_digits in times.items()
    }


def timed(reader: Reader, images: NDArray[np.uint8]) -> list[float]:
    """Seconds of each of some calls."""
    taken = []
    for _ in range(3 + CALLS):
        start = time.perf_counter()
        reader.probabilities(images)
        taken.append(time.perf_counter() - start)
    return taken[3:]


if __name__ == "__main__":
    sys.exit(main())
