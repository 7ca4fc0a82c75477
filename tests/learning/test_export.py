import os
import zipfile
from importlib import import_module
from pathlib import Path

import cv2
import keras
import numpy as np
import pytest

from digits.errors import UserError
from digits.learning import export
from digits.networks import MODELS


def lived_in(name: str) -> keras.Model:
    """A network whose weights and running statistics are all of the size that training leaves."""
    keras.utils.set_random_seed(3)
    model = import_module(name).build_model()
    rng = np.random.default_rng(3)
    model.set_weights(
        [
            weights * (1 + 0.1 * rng.standard_normal(weights.shape)) + 1e-4 * rng.standard_normal(weights.shape)
            for weights in model.get_weights()
        ]
    )
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.moving_variance.assign(np.abs(layer.moving_variance.numpy()))
    model.get_layer("predictions").kernel.assign(rng.standard_normal(model.get_layer("predictions").kernel.shape))
    return model


def opencv_probabilities(path: Path, given: np.ndarray) -> np.ndarray:
    network = cv2.dnn.readNetFromONNX(str(path))
    network.setInput(given)
    return network.forward()


@pytest.mark.parametrize("half", [False, True])
@pytest.mark.parametrize("name", MODELS)
def test_the_twins_agree(name: str, half: bool, arrays: dict[str, np.ndarray], tmp_path: Path) -> None:
    model = lived_in(name)
    given = arrays["x_test"][..., None].astype(np.float32) / 255
    expected = model.predict(given, verbose=0)
    assert expected.max(axis=1).min() > 0.15  # decided answers, not ten times a tenth

    export.save_keras(model, tmp_path / f"{name}.keras")
    loaded = export.load_model(tmp_path / f"{name}.keras")
    assert loaded.predict(given, verbose=0) == pytest.approx(expected, abs=1e-6)

    export.save_onnx(model, tmp_path / f"{name}.onnx", half)
    assert opencv_probabilities(tmp_path / f"{name}.onnx", given) == pytest.approx(expected, abs=2e-2 if half else 1e-4)


def test_half_precision_halves_the_file(tmp_path: Path) -> None:
    model = lived_in("ANN")
    export.save_onnx(model, tmp_path / "whole.onnx")
    export.save_onnx(model, tmp_path / "half.onnx", half=True)
    ratio = os.path.getsize(tmp_path / "half.onnx") / os.path.getsize(tmp_path / "whole.onnx")
    assert 0.49 < ratio < 0.52


def test_saved_models_carry_no_optimiser(tmp_path: Path) -> None:
    model = lived_in("ANN")
    model.compile("adam", "sparse_categorical_crossentropy")
    model.optimizer.build(model.trainable_variables)
    export.save_keras(model, tmp_path / "ANN.keras")
    assert os.path.getsize(tmp_path / "ANN.keras") < 4.2 * model.count_params()


def test_a_missing_model_names_the_command_that_makes_it(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no model at .*CNN.keras; make it with: python test.py --models CNN"):
        export.load_model(tmp_path / "CNN.keras")


@pytest.mark.parametrize("damage", ["truncated", "text", "foreign zip"])
def test_a_damaged_model_is_one_line(damage: str, tmp_path: Path) -> None:
    path = tmp_path / "ANN.keras"
    export.save_keras(lived_in("ANN"), path)
    path.write_bytes(path.read_bytes()[:5000] if damage == "truncated" else b"not a model")
    if damage == "foreign zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("hello.txt", "hello")
    with pytest.raises(UserError, match="cannot be loaded as a Keras model") as caught:
        export.load_model(path)
    assert "\n" not in str(caught.value)


def test_another_networks_shape_is_refused(tmp_path: Path) -> None:
    keras.Sequential([keras.Input((8,)), keras.layers.Dense(3)]).save(tmp_path / "ANN.keras")
    with pytest.raises(UserError, match="expected a model of 28×28×1 to 10"):
        export.load_model(tmp_path / "ANN.keras")


def test_code_in_a_model_is_not_run(tmp_path: Path) -> None:
    """Keras's safe mode refuses a Lambda layer, whose Python bytecode loading would execute."""
    pixels = keras.Input((28, 28, 1))
    x = keras.layers.Lambda(lambda given: given * 2, output_shape=(28, 28, 1))(pixels)
    x = keras.layers.Dense(10)(keras.layers.Flatten()(x))
    keras.Model(pixels, x).save(tmp_path / "ANN.keras")
    with pytest.raises(UserError, match="cannot be loaded as a Keras model"):
        export.load_model(tmp_path / "ANN.keras")
