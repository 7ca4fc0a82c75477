"""What is trained does not depend on the user's settings of Keras: in processes of their own."""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TRAIN = """
import hashlib, os
from digits.learning.start import start_keras
start_keras()
import keras, numpy as np
from ANN import build_model
keras.utils.set_random_seed(0)
model = build_model()
model.compile("adam", "sparse_categorical_crossentropy")
model.fit(np.ones((8, 28, 28, 1), "float32") / 3, np.arange(8), epochs=2, verbose=0)
weights = b"".join(weight.tobytes() for weight in model.get_weights())
c = keras.config
print(c.backend(), c.floatx(), c.epsilon(), c.image_data_format(), c.max_epochs(), hashlib.sha256(weights).hexdigest())
print(os.environ.get("KERAS_HOME"))
import matplotlib
print(matplotlib.rcParams["text.usetex"])
"""
HOSTILE = {"floatx": "float16", "epsilon": 0.1, "image_data_format": "channels_first", "backend": "torch"}
NONSENSE = {"floatx": "nonsense", "epsilon": "x", "image_data_format": 7, "backend": "nonsense", "nnx_enabled": True}
LIMITS = {"KERAS_BACKEND": "nonsense", "KERAS_MAX_EPOCHS": "1", "KERAS_MAX_STEPS_PER_EPOCH": "x"}

#: In a process, and all that it starts: Keras is imported by ``start_keras`` or not at all.
GUARD = """
import sys

class Guard:
    def find_spec(self, name, path=None, target=None):
        if name in ("keras", "tensorflow"):
            frame = sys._getframe()
            while frame and frame.f_code.co_name != "start_keras":
                frame = frame.f_back
            if not frame:
                raise ImportError(f"{name} is imported before start_keras")

sys.meta_path.insert(0, Guard())
"""


def environment(home: Path, **changed: str) -> dict[str, str]:
    """Of a process whose user has that home."""
    usual = {name: value for name, value in os.environ.items() if not name.startswith("KERAS_")}
    return usual | {"HOME": str(home), "USERPROFILE": str(home), "PYTHONPATH": str(ROOT)} | changed


def test_the_users_settings_of_keras_change_nothing(tmp_path: Path) -> None:
    for name, settings in {"hostile": HOSTILE, "nonsense": NONSENSE}.items():
        (tmp_path / name / ".keras").mkdir(parents=True)
        (tmp_path / name / ".keras" / "keras.json").write_text(json.dumps(settings))
    (tmp_path / "empty").mkdir()
    (tmp_path / "matplotlibrc").write_text("text.usetex: True")  # Keras imports matplotlib, too
    given = str(tmp_path / "nonsense" / ".keras")
    processes = [
        environment(tmp_path / "empty"),
        environment(tmp_path / "hostile"),
        environment(tmp_path / "empty", KERAS_HOME=given, **LIMITS),
    ]
    if hasattr(os, "mkfifo"):
        (tmp_path / "pipe" / ".keras").mkdir(parents=True)
        os.mkfifo(tmp_path / "pipe" / ".keras" / "keras.json")
        processes.append(environment(tmp_path / "pipe"))

    def trained(env: dict[str, str]) -> list[str]:
        command = [sys.executable, "-c", TRAIN]
        done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        (usual, *others) = pool.map(trained, processes)
    assert usual[0].startswith("tensorflow float32 1e-07 channels_last None ")
    assert {other[0] for other in others} == {usual[0]}
    assert [other[1] for other in (usual, *others)][:3] == ["None", "None", given]  # as the user has it
    assert not (tmp_path / "empty" / ".keras").exists()  # nor are settings written there
    assert {other[2] for other in (usual, *others)} == {"False"}


def test_nothing_imports_keras_before_it_is_started(npz: Path, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(GUARD)
    command = [sys.executable, "test.py", "--study", "seeds", "--models", "ANN", "--epochs", "1", "--seeds", "0", "1"]
    command += ["--data", str(npz), "--workers", "2", "--output", str(tmp_path / "output")]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=environment(tmp_path, PYTHONPATH=f"{tmp_path}{os.pathsep}{ROOT}"),
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert (done.returncode, done.stderr) == (0, "")
