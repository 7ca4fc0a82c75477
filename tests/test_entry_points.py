"""What every entry point has in common: found by what it is, run as it is run."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FILES = [
    *ROOT.glob("*.py"),
    *(path for folder in ("benchmarks", "docs", "digits", "app") for path in (ROOT / folder).rglob("*.py")),
]
PROCESSES = (
    "probe.py",
    "line_probe.py",
    "keras_worker.py",
    "torch_worker.py",
)  #: of the project's own, which print for their parent
ENCODINGS = ("cp1252", "cp437", "ascii")


def is_entry_point(path: Path) -> bool:
    """Whether a file is run as a script or with ``python -m``."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    if path.name in PROCESSES:
        return False
    return any(isinstance(node, ast.If) and "__main__" in ast.dump(node.test) for node in tree.body)


ENTRY_POINTS = [path.relative_to(ROOT) for path in sorted(FILES) if is_entry_point(path)]


def how_to_run(path: Path) -> str:
    """The call of :mod:`runpy` that runs a file as a person does."""
    if len(path.parts) == 1:
        return f"runpy.run_path({str(path)!r}, run_name='__main__')"
    module = ".".join(path.with_suffix("").parts).removesuffix(".__main__")
    return f"runpy.run_module({module!r}, run_name='__main__', alter_sys=True)"


def test_all_entry_points_are_found() -> None:
    names = {path.as_posix() for path in ENTRY_POINTS}
    assert {"test.py", "gui_digit_recognizer.py", "docs/screenshots.py", "benchmarks/readme.py"} < names
    assert {f"benchmarks/{name}/__main__.py" for name in ("pen_digits", "recommendation")} < names


@pytest.mark.parametrize("place", range(len(ENTRY_POINTS)), ids=[path.as_posix() for path in ENTRY_POINTS])
def test_prints_any_character_on_a_console_of_any_encoding(place: int) -> None:
    """Help, and whatever else it may print: as on Windows, where a console knows 256 characters."""
    encoding = ENCODINGS[place % len(ENCODINGS)]
    code = "import runpy, sys\nsys.argv = ['program', '--help']\ntry:\n    "
    code += how_to_run(ENTRY_POINTS[place])
    code += "\nexcept SystemExit as end:\n    print('ended with', end.code)\n"
    code += "for stream in (sys.stdout, sys.stderr): print('\\u00d7 \\u2013 \\u2500 \\u6f22', file=stream)\n"
    result = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=os.environ | {"PYTHONUTF8": "0", "PYTHONIOENCODING": encoding},
        capture_output=True,
        timeout=120,
    )
    out, err = result.stdout.decode(encoding), result.stderr.decode(encoding)
    assert (result.returncode, "Traceback" in err) == (0, False), err
    assert "usage: " in out and "ended with 0" in out
    assert out.splitlines()[-1].endswith("?") and err.splitlines()[-1].endswith("?")
