#!/usr/bin/env python
"""Train, evaluate, save and plot ANN, CNN and VGG16 on MNIST, and other networks if named.

Without arguments: all three at the published hyperparameters (Adam, learning rate 0.00001,
5 epochs, batch size 32), models into models/, plots and results into plots/.
"""

import sys
from argparse import Namespace, RawDescriptionHelpFormatter
from collections.abc import Sequence
from pathlib import Path

from digits.command_line import OneLineParser, print_anything, run
from digits.learning import cli as training
from digits.study import cli as study

ROOT = Path(__file__).resolve().parent
EXAMPLES = """\
examples:
  python test.py                          the published run, about half an hour on two cores
  python test.py --data mnist.npz         the same, from a file instead of the download
  python test.py --dataset uci            1,797 embedded digits, two minutes, no download
  python test.py --models CNN --seed 1    one network, another seed (into runs/)
  python test.py --models LineNet --handwriting FILE ...    the network that reads lines, from pen strokes
  python test.py --resume                 continue an interrupted run
  python test.py --evaluate               the table again, from the saved models
  python test.py --study preprocessing    train with each preprocessing and compare: hours, can be interrupted
"""
KEPT = "finished cells are kept. To continue, repeat the command"
UNCHANGED = "nothing published has changed"


def main(arguments: Sequence[str] | None = None, root: Path = ROOT) -> int:
    """Parse, call, print. Returns the exit code."""
    print_anything()
    options = parse(arguments)
    command = study.run if options.study else training.run
    resume = "" if options.evaluate else ". To continue, repeat the command with --resume"
    return run("test.py", lambda: command(options, root), KEPT if options.study else UNCHANGED + resume)


def parse(arguments: Sequence[str] | None) -> Namespace:
    """The command line; a wrong one ends the program with one line and exit code 2."""
    parser = OneLineParser(
        "python test.py", description=__doc__, epilog=EXAMPLES, formatter_class=RawDescriptionHelpFormatter
    )
    training.add_options(parser)
    study.add_options(parser)
    options = parser.parse_args(arguments)
    training.check(parser, options)
    study.check(parser, options)
    return options


if __name__ == "__main__":
    sys.exit(main())
