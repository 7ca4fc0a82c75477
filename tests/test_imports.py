"""Who may import what: each module in a fresh process."""

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
    if module in LIGHT:
        assert not {"tensorflow", "keras"} & loaded
    if module not in ("digits.learning.plots", "digits.learning.pipeline"):
        assert "matplotlib" not in loaded
    if not module.startswith("digits.learning"):
        assert not {name for name in loaded if name.startswith("digits.learning.") and module.startswith("digits")}
