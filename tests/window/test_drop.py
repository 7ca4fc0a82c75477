"""Files that are dropped onto a window, by a stand-in for tkinterdnd2 or without it."""

import sys
import tkinter as tk
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from digits.window import drop

#: What tkinterdnd2 makes Tcl understand, as far as it is used here: the package, and what a drop runs.
TCL = """
namespace eval tkdnd {}
proc tkdnd::drop_target {mode path types} { set ::registered [list $mode $path $types] }
proc dropped {path data} {
    uplevel #0 [string map [list %D [list $data]] [bind $path <<Drop:DND_Files>>]]
}
"""


@pytest.fixture
def root(display: None) -> Iterator[tk.Tk]:
    root = tk.Tk()
    yield root
    root.destroy()


@pytest.fixture
def library(root: tk.Tk, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    package, module = ModuleType("tkinterdnd2"), ModuleType("tkinterdnd2.TkinterDnD")
    module._require = lambda window: window.tk.eval(TCL)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "tkinterdnd2", package)
    monkeypatch.setitem(sys.modules, "tkinterdnd2.TkinterDnD", module)
    return module


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ("/digits.png", "/digits.png"),
        ("{/my digits.png} /other.png", "/my digits.png"),
        (r"/a\{b.png", "/a{b.png"),
        ("{/a [exit] $b.png}", "/a [exit] $b.png"),
        ("file:///my%20digits.png", "/my digits.png"),
        ("https://example.org/a.png {/my digits.png}", "/my digits.png"),
        ("", None),
        ("{/not closed", None),
        ("sftp://other/a.png", None),
        ("/a" * 600_000, None),
    ],
)
def test_the_first_file_is_given(root: tk.Tk, library: ModuleType, data: str, expected: str | None) -> None:
    found: list[Path] = []
    canvas = tk.Canvas(root)
    assert drop.accept_files(canvas, found.append) is True
    assert root.tk.eval("set registered") == f"register {canvas} DND_Files"
    assert root.tk.call("dropped", str(canvas), data) == "copy"
    assert found == ([Path(expected)] if expected else [])


def test_without_the_library_none_are_accepted(root: tk.Tk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tkinterdnd2", None)
    assert drop.accept_files(root, lambda _: None) is False


@pytest.mark.parametrize("error", [RuntimeError("Unable to load tkdnd library."), tk.TclError("no"), OSError("no")])
def test_without_its_tcl_package_none_are_accepted(root: tk.Tk, library: ModuleType, error: Exception) -> None:
    def fail(window: tk.Tk) -> None:
        raise error

    library._require = fail  # type: ignore[attr-defined]
    assert drop.accept_files(root, lambda _: None) is False


def test_another_library_of_that_name_is_no_error(root: tk.Tk, library: ModuleType) -> None:
    del library._require
    assert drop.accept_files(root, lambda _: None) is False
