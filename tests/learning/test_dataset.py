import gzip
import hashlib
import http.server
import io
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from digits.errors import UserError
from digits.learning import dataset
from digits.learning.arrays import IDX_FILES, KEYS
from digits.learning.dataset import load, load_uci

Arrays = dict[str, NDArray[Any]]


def idx(array: NDArray[Any]) -> bytes:
    return struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.tobytes()


@pytest.fixture
def is_mnist(arrays: Arrays, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the drawn digits pass for MNIST, so that a good download needs no MNIST."""
    monkeypatch.setattr(dataset, "MNIST_MD5", {key: hashlib.md5(idx(arrays[key])).hexdigest() for key in KEYS})


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    return tmp_path / "keras" / "datasets"


# -- a user's own file ------------------------------------------------------------------------


def test_own_npz_keeps_its_bytes_and_is_called_by_its_digest(npz: Path, arrays: Arrays) -> None:
    data = load(npz, {})
    assert data.name == f"data {data.digest[:8]}"
    assert str(npz) in data.source
    for key in KEYS:
        assert np.array_equal(getattr(data, key), arrays[key])
        assert getattr(data, key).dtype == np.uint8


@pytest.mark.parametrize("gzipped", [False, True])
def test_idx_folder_is_the_same_data_as_the_npz(gzipped: bool, npz: Path, arrays: Arrays, tmp_path: Path) -> None:
    for key, name in IDX_FILES.items():
        content = idx(arrays[key])
        (tmp_path / (name + ".gz" * gzipped)).write_bytes(gzip.compress(content) if gzipped else content)
    assert load(tmp_path, {}).digest == load(npz, {}).digest


@pytest.mark.parametrize("gzipped", [False, True])
@pytest.mark.parametrize("form", ["{dotted}", "{name}/{dotted}", "{name}/{name}", "{dotted}/{name}"])
def test_idx_files_are_found_under_kaggles_names(
    form: str, gzipped: bool, npz: Path, arrays: Arrays, tmp_path: Path
) -> None:
    for key, name in IDX_FILES.items():
        path = tmp_path / (form.format(name=name, dotted=name.replace("-idx", ".idx")) + ".gz" * gzipped)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(gzip.compress(idx(arrays[key])) if gzipped else idx(arrays[key]))
    assert load(tmp_path, {}).digest == load(npz, {}).digest


def test_environment_variable_comes_after_the_option(npz: Path, tmp_path: Path) -> None:
    assert "MNIST_NPZ" in load(None, {"MNIST_NPZ": str(npz)}).source
    assert "--data" in load(npz, {"MNIST_NPZ": str(tmp_path / "none")}).source
    with pytest.raises(UserError, match=r"MNIST_NPZ: no file or folder at .*none"):
        load(None, {"MNIST_NPZ": str(tmp_path / "none")})


def test_mnist_is_known_by_its_content(mnist: Path) -> None:
    data = load(mnist, {})
    assert data.name == "MNIST"
    assert {split: len(labels) for split, (_, labels) in data.splits().items()} == {
        "train": 48_000,
        "validation": 12_000,
        "test": 10_000,
    }


def test_one_other_pixel_is_not_mnist(arrays: Arrays, is_mnist: None, tmp_path: Path) -> None:
    changed = arrays | {"x_test": arrays["x_test"] ^ np.eye(28, dtype=np.uint8)}
    np.savez(tmp_path / "same.npz", allow_pickle=False, **arrays)
    np.savez(tmp_path / "changed.npz", allow_pickle=False, **changed)
    assert load(tmp_path / "same.npz", {}).name == "MNIST"
    assert load(tmp_path / "changed.npz", {}).name.startswith("data ")


def wrong_arrays(arrays: Arrays) -> dict[str, tuple[Arrays, str]]:
    return {
        "shape": (
            arrays | {"x_train": arrays["x_train"][:, :20]},
            r"x_train must be uint8 of shape \(n, 28, 28\), got",
        ),
        "dtype": (arrays | {"x_test": arrays["x_test"] / 255}, "x_test must be uint8, got float64"),
        "labels of letters": (arrays | {"y_test": arrays["y_test"] + np.uint8(1)}, "labels 0-9, got 10"),
        "label dtype": (arrays | {"y_train": arrays["y_train"].astype(int)}, "got int64"),
        "label count": (arrays | {"y_train": arrays["y_train"][:-1]}, r"shape \(60,\), got uint8 \(59,\)"),
        "too few": (arrays | {"x_test": arrays["x_test"][:3], "y_test": arrays["y_test"][:3]}, "holds 3 images"),
        "missing": ({key: arrays[key] for key in KEYS[:3]}, "y_test"),
        "pickle": (arrays | {"y_test": np.array([{}] * 20)}, "y_test must be uint8, got Python objects"),
    }


@pytest.mark.parametrize("case", wrong_arrays(dict.fromkeys(KEYS, np.zeros((60, 28, 28), np.uint8))))
def test_arrays_of_another_kind_are_refused_in_one_line(case: str, arrays: Arrays, tmp_path: Path) -> None:
    wrong, said = wrong_arrays(arrays)[case]
    path = tmp_path / "wrong.npz"
    np.savez(path, allow_pickle=True, **wrong)
    with pytest.raises(UserError, match=said) as caught:
        load(path, {})
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("case", ["truncated", "text", "empty", "bare npy"])
def test_damaged_files_are_refused_in_one_line(case: str, npz: Path, tmp_path: Path) -> None:
    path = tmp_path / "damaged.npz"
    whole = npz.read_bytes()
    bare = io.BytesIO()
    np.save(bare, np.zeros(3))
    contents = {"truncated": whole[: len(whole) // 2], "text": b"hello", "empty": b"", "bare npy": bare.getvalue()}
    path.write_bytes(contents[case])
    with pytest.raises(UserError, match="cannot be read as MNIST's") as caught:
        load(path, {})
    assert "--dataset uci" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("case", ["missing", "short", "not idx", "broken gzip"])
def test_damaged_idx_files_are_refused_in_one_line(case: str, arrays: Arrays, tmp_path: Path) -> None:
    for key, name in IDX_FILES.items():
        (tmp_path / name).write_bytes(idx(arrays[key]))
    labels = tmp_path / IDX_FILES["y_test"]
    whole = labels.read_bytes()
    labels.unlink()
    if case == "broken gzip":
        labels.with_name(labels.name + ".gz").write_bytes(gzip.compress(whole)[:-9])
    elif case != "missing":
        labels.write_bytes(whole[:-1] if case == "short" else b"labels")
    with pytest.raises(UserError, match="cannot be read as MNIST's") as caught:
        load(tmp_path, {})
    assert "\n" not in str(caught.value)


# -- dark ink on light ------------------------------------------------------------------------


def inverted(arrays: Arrays) -> Arrays:
    return {key: 255 - array if key.startswith("x") else array for key, array in arrays.items()}


def test_dark_ink_on_light_is_noticed_and_turned_only_when_asked(
    arrays: Arrays, npz: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "dark on light.npz"
    np.savez(path, allow_pickle=False, **inverted(arrays))
    as_it_is = load(path, {}, invert=False)
    said = capsys.readouterr().out
    assert "--invert turns them" in said and "x_train's (255 of 255) and x_test's" in said and said.count("\n") == 1
    assert np.array_equal(as_it_is.x_test, 255 - arrays["x_test"])
    turned, usual = load(path, {}, invert=True), load(npz, {})
    assert capsys.readouterr().out == ""
    assert (turned.digest, turned.name) == (usual.digest, usual.name) != (as_it_is.digest, as_it_is.name)
    assert turned.source.endswith("inverted") and np.array_equal(turned.y_test, arrays["y_test"])


def test_where_there_is_no_invert_it_is_not_advised(
    arrays: Arrays, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "inverted.npz"
    np.savez(path, allow_pickle=False, **inverted(arrays))
    load(path, {})
    said = capsys.readouterr().out
    assert "seems to be dark on light, unlike MNIST's\n" in said and "--invert" not in said


def test_a_needless_invert_is_noticed(npz: Path, capsys: pytest.CaptureFixture[str]) -> None:
    load(npz, {}, invert=True)
    assert "leave out --invert" in capsys.readouterr().out


def test_mnist_that_someone_has_inverted_is_mnist_when_it_is_turned(
    arrays: Arrays, is_mnist: None, tmp_path: Path
) -> None:
    np.savez(tmp_path / "inverted.npz", allow_pickle=False, **inverted(arrays))
    assert load(tmp_path / "inverted.npz", {}).name != "MNIST"
    assert load(tmp_path / "inverted.npz", {}, invert=True).name == "MNIST"


# -- split and embedded digits ----------------------------------------------------------------


def test_validation_is_the_last_fifth_of_the_training_images(npz: Path, arrays: Arrays) -> None:
    splits = load(npz, {}).splits()
    assert {split: len(labels) for split, (_, labels) in splits.items()} == {"train": 48, "validation": 12, "test": 20}
    assert np.array_equal(splits["train"][0], arrays["x_train"][:48])
    assert np.array_equal(splits["validation"][1], arrays["y_train"][48:])
    assert np.array_equal(splits["test"][0], arrays["x_test"])


def test_embedded_digits_have_mnists_format_and_are_split_60_20_20() -> None:
    data = load_uci()
    splits = data.splits()
    assert {split: len(labels) for split, (_, labels) in splits.items()} == {
        "train": 1078,
        "validation": 360,
        "test": 359,
    }
    images = np.concatenate([images for images, _ in splits.values()])
    assert images.shape == (1797, 28, 28)
    assert images.dtype == np.uint8
    assert images.max() == 255
    for _, labels in splits.values():
        assert set(labels) == set(range(10))


# -- Keras's cache and the download -----------------------------------------------------------


@contextmanager
def served(status: int, body: bytes, length: int | None = None, hang: float = 0) -> Iterator[str]:
    """A local server that answers every request so; yields the address of its file."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body) if length is None else length))
            self.end_headers()
            self.wfile.write(body)
            time.sleep(hang)

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/mnist.npz"
    finally:
        server.shutdown()
        server.server_close()


def test_a_good_download_lands_in_kerass_cache_and_is_found_there_again(npz: Path, cache: Path, is_mnist: None) -> None:
    with served(200, npz.read_bytes()) as origin:
        first = load(None, {}, origin)
    assert first.name == "MNIST"
    assert "downloaded" in first.source
    assert [path.name for path in cache.iterdir()] == ["mnist.npz"]
    again = load(None, {}, "http://127.0.0.1:9/never-asked")
    assert "cache" in again.source
    assert again.digest == first.digest


@pytest.mark.parametrize(
    ("case", "said"),
    [
        ("wrong content", "is not MNIST"),
        ("truncated", "cannot be downloaded"),
        ("cut short", "is not MNIST"),
        ("404", "404"),
        ("hangs", "timed out"),
        ("no server", "cannot be downloaded"),
    ],
)
def test_a_bad_download_is_one_line_and_leaves_the_cache_alone(
    case: str, said: str, npz: Path, arrays: Arrays, cache: Path, is_mnist: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dataset, "TIMEOUT", 0.5)
    other = io.BytesIO()
    np.savez(other, allow_pickle=False, **(arrays | {"y_test": arrays["y_test"][::-1]}))
    whole = npz.read_bytes()
    answers = {
        "wrong content": served(200, other.getvalue()),
        "truncated": served(200, whole[:900], length=len(whole)),
        "cut short": served(200, whole[:900]),
        "404": served(404, b"no such file"),
        "hangs": served(200, whole[:900], length=len(whole), hang=3),
        "no server": served(200, whole),
    }
    with answers[case] as origin, pytest.raises(UserError, match=said) as caught:
        load(None, {}, "http://127.0.0.1:9/mnist.npz" if case == "no server" else origin)
    message = str(caught.value)
    assert "--data FILE" in message
    assert "--dataset uci" in message
    assert "\n" not in message
    assert not list(cache.iterdir())


def test_a_damaged_cache_is_ignored(npz: Path, cache: Path, is_mnist: None, capsys: pytest.CaptureFixture[str]) -> None:
    cache.mkdir(parents=True)
    (cache / "mnist.npz").write_bytes(b"half a file")
    with served(200, npz.read_bytes()) as origin:
        assert load(None, {}, origin).name == "MNIST"
    assert "Ignoring Keras's cache" in capsys.readouterr().out
    assert (cache / "mnist.npz").read_bytes() == npz.read_bytes()
