"""Who may import what: each module in a fresh process, those that import TensorFlow in one."""

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from digits.networks import LINE, MODELS

ROOT = Path(__file__).resolve().parent.parent
FILES = sorted(path for folder in ("digits", *MODELS, LINE) for path in (ROOT / folder).rglob("*.py"))
MODULES = [".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for path in FILES]
MODULES.append("gui_digit_recognizer")
TRAINING = {*MODELS, LINE} | {
    f"digits.learning.{name}"
    for name in (
        *("architecture", "execution", "export", "fused", "layers", "line_card", "line_training"),
        *("pipeline", "training"),
    )
}
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
LEARNING, READING, WINDOW, STUDY = "digits.learning", "digits.reading", "digits.window", "digits.study"
FORBIDDEN = {
    LEARNING: (READING, WINDOW, STUDY, "benchmarks"),
    READING: (LEARNING, WINDOW, STUDY, "benchmarks"),
    WINDOW: (LEARNING, STUDY, "benchmarks"),
    STUDY: (READING, WINDOW, "benchmarks"),
}
CONTRACT = {"digits", *(f"digits.{path.stem}" for path in (ROOT / "digits").glob("*.py"))}


def loaded_by(*modules: str) -> set[str]:
    code = f"import sys, importlib; [*map(importlib.import_module, {modules!r})]; print(*sys.modules)"
    return set(subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True).stdout.split())


@pytest.fixture(scope="module")
def loaded() -> dict[str, set[str]]:
    """What each module loads, as many processes at once as there are cores."""
    alone = [module for module in MODULES if module not in TRAINING]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        together = pool.submit(loaded_by, *sorted(TRAINING))
        found = dict(zip(alone, pool.map(loaded_by, alone), strict=True))
        return found | dict.fromkeys(TRAINING, together.result())


@pytest.mark.parametrize("module", MODULES)
def test_module_imports_only_what_its_wing_may(module: str, loaded: dict[str, set[str]]) -> None:
    names = loaded[module]
    assert module in names
    wing = ".".join(module.split(".")[:2])
    if module not in TRAINING:
        assert not {"tensorflow", "keras"} & names
        assert "matplotlib" not in names or "plots" in module.split(".")
    if wing in (READING, WINDOW) or module == "gui_digit_recognizer":
        assert not {"onnx", "h5py"} & names  # a stranger's network is tried out in a process of its own
    if wing != WINDOW:
        assert "tkinter" not in names
    assert not {name for name in names if name.startswith(FORBIDDEN.get(wing, "-"))}
    if module in CONTRACT:
        assert not {name for name in names if name.startswith("digits")} - CONTRACT
    if module in ("gui_digit_recognizer", "digits.window.app"):
        assert "tkinter" not in names and "cv2" not in names  # --help, --image and a missing display need neither


def imported_by(paths: Iterable[Path]) -> set[str]:
    """The modules and the names in them that some files import anywhere: "digits.files", "digits.files.opened"."""
    names = set()
    for node in (node for path in paths for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


@pytest.mark.parametrize("wing", ["digits", "digits/reading"])
def test_contributing_names_what_a_wing_imports(wing: str) -> None:
    row = re.search(rf"^\| [^|]*`{wing}/(\*\.py)?`[^|]*\| (.*) \|$", CONTRIBUTING, re.MULTILINE)
    assert row
    tops = {name.split(".")[0] for name in imported_by((ROOT / wing).glob("*.py"))}
    tops -= {*sys.stdlib_module_names, "digits", "_typeshed"}
    called = {{"cv2": "opencv", "PIL": "pillow"}.get(top, top) for top in tops}
    assert "numpy" in called
    assert called <= set(re.findall(r"\w+", row[2].lower()))


def test_the_window_is_imported_by_no_benchmark_but_those_of_it() -> None:
    using = {
        path.relative_to(ROOT / "benchmarks").parts[0]
        for path in (ROOT / "benchmarks").rglob("*.py")
        if any(name.startswith(WINDOW) for name in imported_by([path]))
    }
    assert using == {"faults", "latency.py"}
    assert "the window in `benchmarks/faults/` and `benchmarks/latency.py` only" in CONTRIBUTING


def test_contributing_lists_the_doors() -> None:
    section = CONTRIBUTING.partition("### Doors")[2].partition("\n## ")[0]
    listed = set(re.findall(r"^\| [^|]+ \| `([\w/]+\.py)`", section, re.MULTILINE))
    readers = {f"digits.files.{name}" for name in ("read_bytes", "read_json", "opened")}
    doors = {path.relative_to(ROOT).as_posix() for path in FILES if readers & imported_by([path])}
    assert listed == doors | {"digits/files.py"}


@pytest.mark.parametrize("path", [path for path in FILES if "digits" in path.parts], ids=lambda path: path.name)
def test_matplotlib_is_imported_only_by_plots(path: Path) -> None:
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    imported = [node for node in nodes if isinstance(node, ast.Import | ast.ImportFrom)]
    names = {getattr(node, "module", None) or alias.name for node in imported for alias in node.names}
    assert any(name.startswith("matplotlib") for name in names) <= ("plots" in path.with_suffix("").parts)


EVERYTHING = [*FILES, *sorted((ROOT / "benchmarks").rglob("*.py")), ROOT / "test.py"]


@pytest.mark.parametrize("path", EVERYTHING, ids=lambda path: str(path.relative_to(ROOT)))
def test_keras_and_matplotlib_are_imported_through_their_door(path: Path) -> None:
    """Directly, Keras only after ``start_keras`` and matplotlib only after ``digits.learning.plots``.

    The modules that training consists of are imported after ``start_keras``, as the runs in test_start.py show.
    """
    plots, started, module = "plots" in path.parts, False, path.relative_to(ROOT).with_suffix("")
    nodes = [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if hasattr(node, "lineno")]
    for node in sorted(nodes, key=lambda node: node.lineno):
        started |= isinstance(node, ast.Call) and getattr(node.func, "id", "") == "start_keras"
        names = []
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [getattr(node, "module", None) or alias.name for alias in node.names]
        plots |= any(name.startswith("digits.learning.plots") for name in names)
        roots = {name.split(".")[0] for name in names}
        assert plots or "matplotlib" not in roots
        if ".".join(module.parts).removesuffix(".__init__") not in {*TRAINING, "digits.learning.start"}:
            assert started or not {"keras", "tensorflow"} & roots
