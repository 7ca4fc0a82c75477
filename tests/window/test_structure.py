"""The rules of the package: no import cycles, no state in widgets, shortcuts in their tables only."""

import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from digits.window import tools

PACKAGE = "digits.window"
FOLDER = Path(__file__).resolve().parents[2] / "digits" / "window"
PATHS = sorted(FOLDER.glob("*.py"))
TABLES = ("command_table", "tools", "commands")  #: where shortcuts are written and translated for Tk
READERS = {"cget", "itemcget", "entrycget", "tag_cget", "getvar", "instate"}  #: methods that read from a widget


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imports(path: Path) -> Iterator[str]:
    """All modules that a file imports, wherever the statement stands, TYPE_CHECKING blocks and functions included."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "the package uses absolute imports"
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def imported_within(path: Path) -> set[str]:
    names = {f"{PACKAGE}.{other.stem}": other.stem for other in PATHS if other.stem != "__init__"}
    return {names[name] for name in imports(path) if name in names}


def test_the_package_has_no_import_cycles() -> None:
    graph = {path.stem: imported_within(path) for path in PATHS}
    assert graph["__init__"] == set()
    assert {"main_window", "session"} <= graph["app"]
    assert list(TopologicalSorter(graph).static_order())  # raises CycleError


@pytest.mark.parametrize(
    "module", ["session", "jobs", "worker", "tools", "summary", "document", "engine", "hands", "settings"]
)
def test_logic_imports_no_toolkit(module: str) -> None:
    reached, waiting = set[str](), {module}
    while waiting:
        reached |= waiting
        waiting = set().union(*(imported_within(FOLDER / f"{name}.py") for name in waiting)) - reached
    for name in reached:
        assert not [found for found in imports(FOLDER / f"{name}.py") if found.startswith(("tkinter", "ttkbootstrap"))]


@pytest.mark.parametrize(
    "path", [path for path in PATHS if "tkinter" in set(imports(path))], ids=lambda path: path.stem
)
def test_no_state_is_read_from_a_widget(path: Path) -> None:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            of_variable = node.func.attr == "get" and not node.args and not node.keywords
            assert not of_variable and node.func.attr not in READERS, f"{path.name}, line {node.lineno}"


@pytest.mark.parametrize("path", [path for path in PATHS if path.stem not in TABLES], ids=lambda path: path.stem)
def test_shortcuts_stand_in_their_tables_only(path: Path) -> None:
    keys = {"Tab", "Return", "Esc", "F1", "Ctrl", "Shift", *(tool.key for tool in tools.TOOLS if len(tool.key) > 1)}
    nodes = list(ast.walk(tree(path)))
    docstrings = [node.value for node in nodes if isinstance(node, ast.Expr)]
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in docstrings:
            if node.value.startswith("<"):
                continue  # an event within a widget or a dialog
            words = set(node.value.replace(".", " ").replace(",", " ").replace(";", " ").split())
            assert not words & keys, f"{path.name}: {node.value}"
