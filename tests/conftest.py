"""Shared fixtures: small drawn digits that stand in for MNIST, and MNIST itself where it is available."""

import os
import signal
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

import digits.learning.plots  # noqa: F401 - before matplotlib
from digits.learning.start import start_keras

start_keras()

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as a background job of a shell, and so would be what it starts
    signal.signal(signal.SIGINT, signal.default_int_handler)


def drawn_digits(n: int, seed: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Digits in a typeface at jittered places and sizes: (n, 28, 28) and (n,), ``uint8``."""
    rng = np.random.default_rng(seed)
    images, labels = np.zeros((n, 28, 28), np.uint8), (np.arange(n) % 10).astype(np.uint8)
    for image, label in zip(images, labels, strict=True):
        x, y = rng.integers((5, 21), (10, 25)).tolist()
        cv2.putText(image, str(label), (x, y), cv2.FONT_HERSHEY_SIMPLEX, rng.uniform(0.55, 0.75), 255, 2, cv2.LINE_AA)
    return images, labels


@pytest.fixture(scope="session")
def arrays() -> dict[str, NDArray[np.uint8]]:
    """60 training and 20 test images, laid out as Keras's ``mnist.npz``."""
    x_train, y_train = drawn_digits(60, 0)
    x_test, y_test = drawn_digits(20, 1)
    return {"x_train": x_train, "y_train": y_train, "x_test": x_test, "y_test": y_test}


@pytest.fixture(scope="session")
def npz(arrays: dict[str, NDArray[np.uint8]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same in a file."""
    path = tmp_path_factory.mktemp("data") / "own digits.npz"
    np.savez_compressed(path, allow_pickle=False, **arrays)
    return path


@pytest.fixture(scope="session")
def mnist() -> Path:
    """MNIST, for the few tests that measure something on it."""
    path = os.environ.get("MNIST_NPZ")
    if not path:
        pytest.skip("needs MNIST: set MNIST_NPZ to a file")
    return Path(path)
