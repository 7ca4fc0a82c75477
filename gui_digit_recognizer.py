#!/usr/bin/env python
"""Draw digits and see them recognised; with --image, read images without opening a window.

The window needs a display; only training needs TensorFlow.
"""

import sys
from collections.abc import Sequence

from digits.command_line import run
from digits.networks import MODELS
from digits.reading import cli


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program and return its exit code."""
    return run(cli.PROGRAM, lambda: work(arguments))


def work(arguments: Sequence[str] | None) -> int:
    """Read images if --image is given; otherwise open the window until the user closes it."""
    options = cli.parse(arguments, __doc__)
    if options.image:
        network = options.models / f"{options.model}.onnx"
        return cli.read_images(options.image, network, options.json, options.output, options.workers, options.hand)
    from digits.window import app  # here, so that --image never loads the window

    app.run(options.models, MODELS, options.hand, file=options.file)
    return 0


if __name__ == "__main__":
    sys.exit(main())
