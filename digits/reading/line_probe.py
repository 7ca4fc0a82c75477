"""Tries out a line network that no card vouches for: ``python -m digits.reading.line_probe``, see :mod:`.probe`."""

import sys

import numpy as np

from digits.line_image import HEIGHT
from digits.network_file import serve
from digits.reading.probe import check_structure


def check(content: bytes) -> None:
    """Check a network's structure and weights, then run it on lines of several widths.

    Raises:
        Exception: what is wrong with it, of whatever kind the library raises that finds it.
    """
    import cv2

    from digits.reading.line_network import forward, open_network

    check_structure(content, (HEIGHT, 0, 1))
    cv2.setNumThreads(2)  # each takes room from the limit
    network, rng = open_network(content), np.random.default_rng(0)
    for width in (64, 1024, 4096):
        forward(network, rng.random((1, HEIGHT, width, 1), np.float32))


if __name__ == "__main__":
    sys.exit(serve(check))
