"""What the scale of the initial weights changes under the core networks' recipe (README, "What 1e-5 does here").

    python -m benchmarks.initial_scale ANN 1 0.3 0.1 0.03 0.01 --data mnist.npz

Trains one network once for each scale, all else equal, and prints its accuracy on the 12,000 validation images. The
test images are not used. Under batch normalisation a network computes the same at the start whatever the scale; only
the size of a step relative to the weights differs.
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from digits import command_line, markdown
from digits.learning import dataset
from digits.learning.config import MNIST_RECIPE
from digits.learning.dataset import Dataset
from digits.learning.start import start_keras
from digits.networks import MODELS


def main(arguments: Sequence[str] | None = None) -> int:
    """Run with the given command line. Returns the exit code."""
    return command_line.run("benchmarks.initial_scale", lambda: _work(arguments))


def _work(arguments: Sequence[str] | None) -> int:
    options = _parser().parse_args(arguments)
    data = dataset.load(options.data)
    start_keras()
    builder = import_module(options.model)
    for scale in options.scales:
        print(validated(options.model, builder, scale, data), flush=True)
    return 0


def validated(name: str, builder: Any, scale: float, data: Dataset) -> str:
    """Train a network with initial weights of that scale and say how it does on the validation images.

    Args:
        name: of the network.
        builder: its module.
        scale: of the initial weights, as a factor of He's.
        data: to learn from.
    """
    from digits.learning.training import train  # imports Keras

    splits, usual = data.splits(), builder.INITIAL_SCALE
    try:
        builder.INITIAL_SCALE = scale
        with tempfile.TemporaryDirectory() as folder:
            trained = train(
                name,
                builder.build_model,
                splits["train"],
                splits["validation"],
                MNIST_RECIPE,
                Path(folder),
                data.digest,
            )
    finally:
        builder.INITIAL_SCALE = usual
    n, accuracy = len(splits["validation"][1]), trained.history["val_accuracy"][-1]
    return (
        f"{name}, initial weights × {scale:g}: validation accuracy {markdown.accuracy(round((1 - accuracy) * n), n)}, "
        f"training loss {trained.history['loss'][-1]:.4f}, {markdown.duration(trained.seconds)}"
    )


def _parser() -> argparse.ArgumentParser:
    parser = command_line.OneLineParser(
        "python -m benchmarks.initial_scale", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model", choices=MODELS)
    parser.add_argument(
        "scales",
        nargs="+",
        type=command_line.number(float, 0, above=True),
        help="factors of He's initialisation, above 0",
    )
    parser.add_argument("--data", type=Path, metavar="FILE", help="MNIST, as test.py takes it")
    return parser


if __name__ == "__main__":
    sys.exit(main())
