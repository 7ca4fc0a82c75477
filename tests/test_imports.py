"""Who may import what: each module in a fresh process."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
MODULES = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    for folder in ("digits", "ANN", "CNN", "VGG16")
    for path in (ROOT / folder).rglob("*.py")
)
LIGHT = {"digits", "digits.errors", "digits.files", "digits.image_format", "digits.learning"} | {
    f"digits.learning.{name}" for name in ("config", "dataset", "evaluation", "plots", "report", "start")
}


def loaded_by(module: str) -> set[str]:
    code = f"import sys, importlib; importlib.import_module({module!r}); print(*sys.modules)"
    return set(subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True).stdout.split())


@pytest.mark.parametrize("module", MODULES)
def test_module_imports_only_what_its_wing_may(module: str) -> None:
    loaded = loaded_by(module)
    assert module in loaded
    assert "tkinter" not in loaded
    if module in LIGHT:  # Keras itself imports matplotlib where it finds it
        assert not {"tensorflow", "keras"} & loaded
        assert "matplotlib" not in loaded or module == "digits.learning.plots"
    if not module.startswith("digits.learning"):
        assert not {name for name in loaded if name.startswith("digits.learning.") and module.startswith("digits")}


@pytest.mark.parametrize("path", sorted((ROOT / "digits").rglob("*.py")), ids=lambda path: path.name)
def test_matplotlib_is_imported_by_plots_alone(path: Path) -> None:
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    imported = [node for node in nodes if isinstance(node, ast.Import | ast.ImportFrom)]
    names = {getattr(node, "module", None) or alias.name for node in imported for alias in node.names}
    assert any(name.startswith("matplotlib") for name in names) == (path.name == "plots.py")
