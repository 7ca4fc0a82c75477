"""Strangers' ``.keras`` files, without a card: used, or refused in one line; never a crash, little memory."""

import io
import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import pytest

from digits.errors import UserError
from digits.learning import export, probe
from digits.networks import MODELS
from tests.small_networks import vouch

ROOT = Path(__file__).resolve().parents[2]
FLIPS = int(os.environ.get("FLIPS", "15"))
L = keras.layers


def network(*layers: keras.Layer) -> keras.Model:
    """A functional network of these layers, then global pooling and ten outputs."""
    pixels = x = keras.Input((28, 28, 1), name="pixels")
    for layer in layers:
        x = layer(x)
    x = L.GlobalAveragePooling2D(name="pooled")(x) if len(x.shape) == 4 else x
    return keras.Model(pixels, L.Dense(10, activation="softmax", name="predictions")(x))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A tiny network's file."""
    path = tmp_path_factory.mktemp("networks") / "tiny.keras"
    keras.utils.set_random_seed(0)
    network(L.Conv2D(4, 3, activation="relu", name="seen"), L.BatchNormalization(name="normal")).save(path)
    return path.read_bytes()


def members(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(parts: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return file.getvalue()


def with_config(content: bytes, change: Callable[[Any], object]) -> bytes:
    """The file with its configuration changed, and a correct checksum."""
    parts = members(content)
    config = json.loads(parts["config.json"])
    change(config)
    return zipped(parts | {"config.json": json.dumps(config).encode()})


def with_weights(content: bytes, change: Callable[[h5py.File], object]) -> bytes:
    """The file with its weights changed, and a correct checksum."""
    parts = members(content)
    file = io.BytesIO(parts["model.weights.h5"])
    with h5py.File(file, "r+") as weights:
        change(weights)
    return zipped(parts | {"model.weights.h5": file.getvalue()})


def replaced(file: h5py.File, value: Any, name: str = "layers/conv2d/vars/0", **options: Any) -> None:
    """Put something else in a weight's place."""
    shape = file[name].shape
    del file[name]
    if isinstance(value, h5py.SoftLink | h5py.ExternalLink):
        file[name] = value
    elif options or np.ndim(value):
        file.create_dataset(name, data=None if "shape" in options else value, **options)
    else:
        file.create_dataset(name, data=np.full(shape, value))


def virtual(file: h5py.File) -> None:
    layout = h5py.VirtualLayout((3, 3, 1, 4), "f4")
    layout[...] = h5py.VirtualSource("/etc/passwd", "x", (3, 3, 1, 4))
    del file["layers/conv2d/vars/0"]
    file.create_virtual_dataset("layers/conv2d/vars/0", layout)


def setting(**values: Any) -> Callable[[Any], object]:
    """Change settings of the convolution."""
    return lambda config: config["config"]["layers"][1]["config"].update(values)


def layer(**values: Any) -> Callable[[Any], object]:
    """Change what is said of the convolution."""
    return lambda config: config["config"]["layers"][1].update(values)


OBJECT: dict[str, Any] = {"module": "keras.initializers", "registered_name": None, "config": {}}
NESTED = {"module": "keras.src.models.functional", "class_name": "Functional", "registered_name": "Functional"}
CONFIGS: dict[str, Callable[[Any], object]] = {
    "10^9 filters": setting(filters=10**9),
    "10^9 filters, less with groups": setting(filters=10**9, groups=10**9),
    "a million filters": setting(filters=1_000_000),
    "half a filter": setting(filters=4.5),
    "-1 filters": setting(filters=-1),
    "a large kernel": setting(kernel_size=[10**6, 10**6], padding="same"),
    "a kernel larger than the image": setting(kernel_size=[60, 60]),
    "a stride of 0": setting(strides=[0, 0]),
    "three sides": setting(strides=[1, 1, 1]),
    "another order of axes": setting(data_format="channels_first"),
    "half precision": setting(dtype="float16"),
    "a quantised policy": setting(
        dtype={"module": "keras", "class_name": "DTypePolicy", "config": {"name": "int8_from_float32"}}
    ),
    "a slow initialiser": setting(kernel_initializer={**OBJECT, "class_name": "Orthogonal"}),
    "a slow initialiser by name": setting(kernel_initializer="orthogonal"),
    "a registered initialiser": setting(
        kernel_initializer={**OBJECT, "class_name": "Zeros", "registered_name": "evil>Zeros"}
    ),
    "a function as activation": setting(
        activation={"module": "os", "class_name": "function", "config": "system", "registered_name": "system"}
    ),
    "an unknown activation": setting(activation="system"),
    "a lambda as activation": setting(activation={"class_name": "__lambda__", "config": {"value": "4wEA"}}),
    "an array in the settings": setting(name={"class_name": "__numpy__", "config": {"value": [1], "dtype": "f4"}}),
    "NaN as a setting": setting(rate=float("nan")),
    "a Lambda layer": layer(class_name="Lambda"),
    "a layer that runs a saved model": layer(class_name="TFSMLayer"),
    "a layer of another module": layer(module="os", class_name="system"),
    "a private layer": layer(module="keras.src.layers.core.lambda_layer"),
    "a registered layer": layer(registered_name="evil>Layer"),
    "a nested network": layer(**NESTED),
    "a layer built for something else": layer(build_config={"input_shape": [None, 28, 28, 10**9]}),
    "a layer built in another way": layer(build_config={"shapes": 1, "input_shape": [None, 10**9]}),
    "a layer called twice": lambda c: c["config"]["layers"][1]["inbound_nodes"].append({"args": [], "kwargs": {}}),
    "a layer without an input": layer(inbound_nodes=[]),
    "a layer of its own output": lambda c: c["config"]["layers"][1]["inbound_nodes"][0]["args"][0]["config"].update(
        keras_history=["predictions", 0, 0]
    ),
    "a value as input": layer(inbound_nodes=[{"args": [{"class_name": "__numpy__", "config": {}}], "kwargs": {}}]),
    "two layers of one name": lambda c: c["config"]["layers"].insert(1, c["config"]["layers"][1]),
    "600 layers": lambda c: c["config"]["layers"].extend(c["config"]["layers"][1:2] * 600),
    "no layers": lambda c: c["config"].update(layers=[]),
    "layers that are none": lambda c: c["config"].update(layers=[1, 2, 3]),
    "another kind of model": lambda c: c.update(class_name="Lambda", module="keras.layers"),
    "a registered model": lambda c: c.update(registered_name="evil>Model"),
    "a further setting": lambda c: c["config"].update(evil=1),
    "other images": lambda c: c["config"]["layers"][0]["config"].update(batch_shape=[None, 10**5, 10**5, 1]),
    "images of a fixed number": lambda c: c["config"]["layers"][0]["config"].update(batch_shape=[10**9, 28, 28, 1]),
}
WEIGHTS: dict[str, Callable[[Any], object]] = {
    "NaN": lambda file: replaced(file, np.nan),
    "infinity": lambda file: replaced(file, -np.inf),
    "a link in the file": lambda file: replaced(file, h5py.SoftLink("/layers")),
    "a link to another file": lambda file: replaced(file, h5py.ExternalLink("/etc/passwd", "/")),
    "values in another file": lambda file: replaced(file, 0, shape=(9,), dtype="f4", external=[("/etc/passwd", 0, 36)]),
    "a virtual array": virtual,
    "compressed": lambda file: replaced(file, np.zeros((3, 3, 1, 4)), compression="gzip"),
    "10^12 zeros": lambda file: replaced(file, 0, shape=(10**12,), dtype="f4", compression="gzip"),
    "10^12 zeros that are not there": lambda file: replaced(file, 0, shape=(10**12,), dtype="f4"),
    "text": lambda file: replaced(file, np.array([b"a"] * 36).reshape(3, 3, 1, 4)),
    "text of any length": lambda file: replaced(file, 0, shape=(36,), dtype=h5py.string_dtype()),
    "a cycle": lambda file: file["layers"].__setitem__("again", file["layers"]),
}


def assert_refused(content: bytes) -> None:
    with pytest.raises(Exception):  # noqa: B017 - of whatever kind; the process that checks it catches all
        probe.check(content)


@pytest.mark.parametrize("name", MODELS)
def test_the_weights_of_the_projects_networks_are_counted_as_keras_does(name: str) -> None:
    content = (ROOT / "models" / f"{name}.keras").read_bytes()
    probe.check(content)
    counted = probe.check_structure(json.loads(members(content)["config.json"]))
    parameters = json.loads((ROOT / "models" / f"{name}.json").read_text("utf-8"))["parameters"]
    assert parameters <= counted <= 1.01 * parameters + 10_000


@pytest.mark.parametrize(
    "layers",
    [
        (L.ZeroPadding2D(2), L.Conv2D(8, 3, strides=2, padding="same"), L.MaxPooling2D(3, 2, "same")),
        (L.Conv2D(8, 3, dilation_rate=2), L.Conv2D(8, 3, groups=4), L.AveragePooling2D(2)),
        (L.DepthwiseConv2D(3, depth_multiplier=3), L.SeparableConv2D(8, 5), L.PReLU(), L.LayerNormalization()),
        (L.Rescaling(2.0), L.Flatten(), L.Dense(16, kernel_regularizer="l2"), L.BatchNormalization(), L.Dropout(0.5)),
        (L.Reshape((14, 14, 4)), L.Activation("gelu"), L.LeakyReLU(), L.SpatialDropout2D(0.1), L.GaussianNoise(0.1)),
    ],
)
def test_plain_networks_are_computed_as_keras_does(layers: tuple[keras.Layer, ...], tmp_path: Path) -> None:
    model = network(*layers)
    model.save(tmp_path / "plain.keras")
    counted = probe.check_structure(json.loads(members((tmp_path / "plain.keras").read_bytes())["config.json"]))
    assert model.count_params() <= counted <= 2 * model.count_params()


def test_a_sequential_network_that_was_trained_is_loaded(tmp_path: Path) -> None:
    model = keras.Sequential([keras.Input((28, 28, 1)), L.Flatten(), L.Dense(10, activation="softmax")])
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(np.zeros((4, 28, 28, 1)), np.zeros(4), verbose=0)
    model.save(tmp_path / "own.keras")
    assert export.load_model(tmp_path / "own.keras").count_params() == model.count_params()


def test_layers_that_meet_are_loaded(tmp_path: Path) -> None:
    pixels = keras.Input((28, 28, 1))
    one, other = (L.Conv2D(4, 3)(pixels) for _ in range(2))
    x = L.GlobalMaxPooling2D()(L.Concatenate()([L.Add()([one, other]), other]))
    model = keras.Model(pixels, L.Dense(10, activation="softmax")(x))
    model.save(tmp_path / "own.keras")
    assert export.load_model(tmp_path / "own.keras").count_params() == model.count_params()


@pytest.mark.parametrize("case", CONFIGS)
def test_another_structure_is_refused_before_it_is_built(case: str, whole: bytes) -> None:
    probe.check(whole)
    assert_refused(with_config(whole, CONFIGS[case]))


def test_the_number_of_weights_is_limited(tmp_path: Path) -> None:
    network(L.Flatten(), L.Dense(4, name="first"), L.Dense(4, name="second")).save(tmp_path / "own.keras")
    config = json.loads(members((tmp_path / "own.keras").read_bytes())["config.json"])
    for layer in config["config"]["layers"]:
        layer["build_config"] = None
        layer["config"].update({"first": {"units": 80_000}, "second": {"units": 1000}}.get(layer["config"]["name"], {}))
    with pytest.raises(ValueError, match="more than 64,000,000 weights"):
        probe.check_structure(config)


@pytest.mark.parametrize("case", WEIGHTS)
def test_weights_of_another_kind_are_refused(case: str, whole: bytes) -> None:
    assert_refused(with_weights(whole, WEIGHTS[case]))


@pytest.mark.parametrize(
    "case",
    ["text", "empty", "truncated", "deep", "a further member", "a missing member", "assets", "LZMA", "a large config"],
)
def test_archives_of_another_kind_are_refused(case: str, whole: bytes) -> None:
    parts = members(whole)
    content = {
        "text": b"hello",
        "empty": b"",
        "truncated": whole[:-500],
        "deep": zipped(parts | {"config.json": b'{"config": ' * 100_000}),
        "a further member": zipped(parts | {"evil.py": b"evil"}),
        "a missing member": zipped({name: parts[name] for name in ("config.json", "metadata.json")}),
        "assets": zipped(parts | {"assets/vocabulary.txt": b"evil"}),
        "LZMA": zipped(parts, zipfile.ZIP_LZMA),
        "a large config": zipped(parts | {"config.json": parts["config.json"] + b" " * probe.MOST_CONFIG}),
    }[case]
    assert_refused(content)


def test_a_packed_archive_is_read(whole: bytes) -> None:
    probe.check(zipped(members(whole), zipfile.ZIP_DEFLATED))


def test_a_zip_bomb_is_one_line_even_with_a_card(whole: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "MOST_UNPACKED", 1_000_000)
    path = tmp_path / "bomb.keras"
    path.write_bytes(zipped(members(whole) | {"model.weights.h5": bytes(2_000_000)}, zipfile.ZIP_DEFLATED))
    vouch(path)
    with pytest.raises(UserError, match="more than the 1,000,000 that are read") as caught:
        export.load_model(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("value", [np.nan, np.inf, -1e30])
def test_weights_without_an_answer_are_one_line_even_with_a_card(value: float, whole: bytes, tmp_path: Path) -> None:
    """A variance below zero gives no numbers, although every weight is one."""
    path = tmp_path / "own.keras"
    path.write_bytes(with_weights(whole, lambda file: replaced(file, value, "layers/batch_normalization/vars/3")))
    vouch(path)
    with pytest.raises(UserError, match="does not return ten probabilities") as caught:
        export.load_model(path)
    assert "\n" not in str(caught.value)


def test_a_strangers_network_is_loaded_or_refused_in_one_line(whole: bytes, tmp_path: Path) -> None:
    path = tmp_path / "stranger.keras"
    path.write_bytes(whole)
    assert export.load_model(path).output_shape == (None, 10)
    path.write_bytes(with_config(whole, CONFIGS["a Lambda layer"]))
    with pytest.raises(UserError, match=r"it has a layer keras\.layers\.Lambda") as caught:
        export.load_model(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("card", [True, False], ids=["with a card", "without"])
def test_a_flipped_bit_is_refused_or_harmless(card: bool, whole: bytes, tmp_path: Path) -> None:
    path, rng = tmp_path / "own.keras", np.random.default_rng(0)
    path.write_bytes(whole)
    if card:
        vouch(path)
    used = 0
    for _ in range(FLIPS):
        at = int(rng.integers(8 * len(whole)))
        path.write_bytes(whole[: at // 8] + bytes([whole[at // 8] ^ 1 << at % 8]) + whole[at // 8 + 1 :])
        try:
            export.load_model(path)
        except UserError as error:
            assert "\n" not in str(error)
        else:
            used += 1
    assert used == 0 if card else used < FLIPS
    print(f"{used} of {FLIPS} used")
