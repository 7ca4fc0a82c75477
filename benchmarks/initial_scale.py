#!/usr/bin/env python
"""What the scale of the initial weights does at the mission's recipe: README, "What 1e-5 does here".

Trains one network once for every scale, all else alike, and prints accuracy on the 12,000
validation images. The test images are not looked at. Under batch normalisation the networks
compute the same at the start whatever the scale; only the step relative to the weights differs.

    python benchmarks/initial_scale.py ANN 1 0.3 0.1 0.03 0.01 --data mnist.npz
"""

import argparse
import sys
import tempfile
from importlib import import_module
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from digits.learning import dataset
from digits.learning.config import Recipe
from digits.learning.start import start_keras
from digits.networks import MODELS


def main() -> None:
    """Parse, train, print a line a scale."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", choices=MODELS)
    parser.add_argument("scales", nargs="+", type=float)
    parser.add_argument("--data", type=Path)
    options = parser.parse_args()
    data = dataset.load(options.data)
    start_keras()
    from digits.learning.training import train

    builder = import_module(options.model)
    parts = data.split()
    for scale in options.scales:
        builder.INITIAL_SCALE = scale
        with tempfile.TemporaryDirectory() as folder:
            _, history, seconds = train(
                options.model,
                builder.build_model,
                parts["train"],
                parts["validation"],
                Recipe(),
                Path(folder),
                data.digest,
            )
        n = len(parts["validation"][1])
        accuracy = history["val_accuracy"][-1]
        print(
            f"{options.model} initial weights ×{scale:g}: validation accuracy {accuracy:.2%} "
            f"({round((1 - accuracy) * n)} misses in {n:,}), training loss {history['loss'][-1]:.4f}, {seconds:.0f} s",
            flush=True,
        )


if __name__ == "__main__":
    main()
