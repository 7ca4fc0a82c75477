"""Raw images and labels, checked, and where they came from.

Loading is not preprocessing: everything here is ``uint8``. What the networks are given is made from
it by :func:`digits.image_format.to_input`.
"""

import hashlib
import os
import shutil
import socket
import struct
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from digits.errors import UserError, reason
from digits.image_format import CLASSES, SIZE, to_mnist_format
from digits.learning.arrays import KEYS, Arrays, Bytes, read_arrays
from digits.learning.config import MNIST, UCI, Split
from digits.learning.start import start_keras

ORIGIN = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz"  # Keras's own address
TIMEOUT = 30.0  #: seconds without a byte after which a download is given up
ENVIRONMENT = "MNIST_NPZ"
#: MD5 of MNIST's four IDX files (header and bytes), uncompressed.
MNIST_MD5 = {
    "x_train": "6bbc9ace898e44ae57da46a324031adb",
    "y_train": "a25bea736e30d166cdddb491f175f624",
    "x_test": "2646ac647ad5339dbf082846283269ea",
    "y_test": "27ae3e4e09519cfbb04c329615203637",
}
BRIGHT = (
    128  #: mean of the images' borders from which they are light paper; half of 255, as far from light as from dark
)
IMAGES = ("x_train", "x_test")
BORDER = np.pad(np.zeros((SIZE - 2, SIZE - 2), np.bool_), 1, constant_values=True)  #: the outermost pixels
WAYS_OUT = f"give a file with --data FILE (or {ENVIRONMENT}), or use the embedded digits with --dataset uci"


@dataclass(frozen=True)
class Dataset:
    """Images and labels as they were loaded.

    Attributes:
        x_train, x_test: ``uint8``, shape (n, 28, 28), ink 255 on paper 0.
        y_train, y_test: ``uint8``, shape (n,), 0-9.
        name: what tables and plots call it: "MNIST", "UCI digits" or "data 1a2b3c4d".
        source: where it came from, for the header.
        digest: SHA-256 over the four arrays' bytes and shapes, 64 hexadecimal digits.
        validation_fraction: share of the training images, at their end, that is held out for validation.
    """

    x_train: Bytes
    y_train: Bytes
    x_test: Bytes
    y_test: Bytes
    name: str
    source: str
    digest: str
    validation_fraction: float

    def splits(self) -> dict[Split, tuple[Bytes, Bytes]]:
        """Images and labels for "train", "validation" and "test".

        Validation is the last ``validation_fraction`` of the training images, as Keras's
        ``validation_split`` takes it: MNIST becomes 48,000 / 12,000 / 10,000.
        """
        border = int(len(self.x_train) * (1 - self.validation_fraction))
        return {
            "train": (self.x_train[:border], self.y_train[:border]),
            "validation": (self.x_train[border:], self.y_train[border:]),
            "test": (self.x_test, self.y_test),
        }


def load(
    data: Path | None, environment: Mapping[str, str] = os.environ, origin: str = ORIGIN, invert: bool | None = None
) -> Dataset:
    """Load MNIST, or a user's own file of the same layout.

    Looked for in this order: ``data``, the environment variable ``MNIST_NPZ``, Keras's cache, the
    download through the Keras API. The first two may be any 28×28 digits, as an ``.npz`` with the
    arrays of Keras's ``mnist.npz`` or as a folder of four IDX files (gzipped or not); the last two
    are MNIST to the byte or are refused. Ink that seems to be dark on light is reported.

    Args:
        data: the user's file or folder.
        environment: of the process.
        origin: where MNIST is downloaded from.
        invert: turn dark ink on light paper into bright ink on dark: every pixel x becomes 255 - x;
            None where it cannot be asked for.

    Raises:
        UserError: a file is missing, damaged, of the wrong shape or larger than 512 MB; nothing can be downloaded.
    """
    arrays, source = _find(data, environment, origin)
    if invert:
        for key in IMAGES:
            np.subtract(255, arrays[key], out=arrays[key])
        source += ", inverted"
    if bright := _bright(arrays):
        remedy = {True: "; leave out --invert", False: "; --invert turns them", None: ""}[invert]
        print(f"Note: {bright}, so the ink seems to be dark on light, unlike MNIST's{remedy}", flush=True)
    digest = _digest(arrays)
    return _dataset(arrays, MNIST if is_mnist(arrays) else f"data {digest[:8]}", source, digest)


def load_uci() -> Dataset:
    """The 1,797 handwritten digits that scikit-learn carries, as 28×28 images.

    They are the test set of UCI *Optical Recognition of Handwritten Digits* (Alpaydin & Kaynak
    1998): 8×8 counts of ink, 0-16, here brought into MNIST's 20×20 box by centre of mass. Split
    60/20/20 in their own order, which keeps most writers apart.
    """
    from sklearn.datasets import load_digits

    bunch = load_digits()
    counts = np.rint(bunch.images * (255 / 16)).astype(np.uint8)
    images = np.stack([to_mnist_format(image) for image in counts])
    labels = bunch.target.astype(np.uint8)
    border = round(len(images) * 0.8)
    arrays = dict(zip(KEYS, (images[:border], labels[:border], images[border:], labels[border:]), strict=True))
    return _dataset(arrays, UCI, "embedded in scikit-learn (load_digits)", _digest(arrays), validation_fraction=0.25)


def is_mnist(arrays: Arrays) -> bool:
    """Whether the four arrays are MNIST's, by the MD5 of the IDX files that they would make."""
    return all(_hashed(hashlib.md5(), arrays[key]).hexdigest() == MNIST_MD5[key] for key in KEYS)


def _find(data: Path | None, environment: Mapping[str, str], origin: str) -> tuple[Arrays, str]:
    """The arrays, and where they are from."""
    if data is not None:
        return _own(data, "--data")
    if environment.get(ENVIRONMENT):
        return _own(Path(environment[ENVIRONMENT]), ENVIRONMENT)
    cached = _keras_cache() / "mnist.npz"
    if os.path.exists(cached):
        try:
            return _official(cached), f"Keras's cache, {cached}"
        except UserError as error:
            print(f"Ignoring Keras's cache: {error}", flush=True)
    _download(cached, origin)
    return _official(cached), f"downloaded through Keras, now in {cached}"


def _own(path: Path, option: str) -> tuple[Arrays, str]:
    if not os.path.exists(path):
        raise UserError(f"{option}: no file or folder at {path}; {WAYS_OUT}")
    return _read(path), f"{option} {path}"


def _official(path: Path) -> Arrays:
    arrays = _read(path)
    if not is_mnist(arrays):
        raise UserError(f"{path} is not MNIST: its content differs from the published MD5s; {WAYS_OUT}")
    return arrays


def _dataset(arrays: Arrays, name: str, source: str, digest: str, validation_fraction: float = 0.2) -> Dataset:
    x_train, y_train, x_test, y_test = (arrays[key] for key in KEYS)
    return Dataset(x_train, y_train, x_test, y_test, name, source, digest, validation_fraction)


def _bright(arrays: Arrays) -> str:
    """Which images have a bright border on average; "" for none."""
    means = {key: float(arrays[key][:, BORDER].mean()) for key in IMAGES}
    bright = [f"{key}'s ({mean:.0f} of 255)" for key, mean in means.items() if mean >= BRIGHT]
    return f"the border is bright on average in {' and '.join(bright)} images" if bright else ""


def _read(path: Path) -> Arrays:
    """The four arrays of an ``.npz`` or a folder of IDX files, checked.

    Raises:
        UserError: unreadable, incomplete, or of a different shape, dtype or label range.
    """
    try:
        arrays = read_arrays(path)
    except (OSError, ValueError) as error:
        said = reason(error, path)
        raise UserError(f"{path} cannot be read as MNIST's .npz or IDX files ({said}); {WAYS_OUT}") from error
    for split in ("train", "test"):
        _check(path, split, arrays[f"x_{split}"], arrays[f"y_{split}"])
    return arrays


def _check(path: Path, split: str, images: Bytes, labels: Bytes) -> None:
    if labels.shape != images.shape[:1]:
        raise UserError(f"{path}: y_{split} must be uint8 of shape ({len(images)},), got {labels.dtype} {labels.shape}")
    if len(images) < CLASSES:
        raise UserError(f"{path}: x_{split} holds {len(images)} images; at least {CLASSES} are needed")
    if labels.max() >= CLASSES:
        raise UserError(f"{path}: y_{split} must hold labels 0-9, got {labels.max()}")


def _idx_header(array: Bytes) -> bytes:
    return bytes((0, 0, 8, array.ndim)) + struct.pack(f">{array.ndim}I", *array.shape)


def _digest(arrays: Arrays) -> str:
    digest = hashlib.sha256()
    for key in KEYS:
        _hashed(digest, arrays[key])
    return digest.hexdigest()


def _hashed(digest: "hashlib._Hash", array: Bytes) -> "hashlib._Hash":
    """Add an array's IDX header and bytes to a digest, without a copy of them."""
    digest.update(_idx_header(array))
    digest.update(np.ascontiguousarray(array).data)
    return digest


def _keras_cache() -> Path:
    """The folder in which ``keras.utils.get_file`` keeps datasets, found without importing Keras."""
    return Path(os.environ.get("KERAS_HOME") or os.path.expanduser("~/.keras")) / "datasets"


def _download(target: Path, origin: str) -> None:
    """Download MNIST through Keras; move it to ``target`` once it is known to be complete and MNIST.

    Raises:
        UserError: no connection, an error from the server, a time-out, or different content.
    """
    start_keras()
    import keras

    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(TIMEOUT)  # Keras downloads through urllib, which has no limit of its own
    folder = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=".download-", dir=target.parent))
        file = Path(keras.utils.get_file("mnist.npz", origin, cache_dir=folder))
        _official(file)
        os.replace(file, target)
    except UserError as error:
        raise UserError(f"the download from {origin} is damaged or is not MNIST, and is refused; {WAYS_OUT}") from error
    except Exception as error:  # Keras raises bare Exception where the server says no
        raise UserError(f"MNIST cannot be downloaded ({reason(error)}); {WAYS_OUT}") from error
    finally:
        socket.setdefaulttimeout(before)
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)
