"""Figures of the networks and their results. They are given finished numbers; nothing is computed here.

Matplotlib is imported here first, as this project uses it: drawing into files, and with its own defaults. A
``matplotlibrc`` in the current folder or the user's would change the figures without a word, or let them fail once
everything else is done, so none is read. Whoever imports matplotlib imports this package before.
"""

import os
from importlib.util import find_spec
from pathlib import Path


def _start_matplotlib() -> None:
    """Import matplotlib where the first ``matplotlibrc`` that it looks for, in the current folder, is its own."""
    os.environ["MPLBACKEND"] = "agg"
    spec = find_spec("matplotlib")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("No module named 'matplotlib'", name="matplotlib")
    try:
        here = os.getcwd()
    except FileNotFoundError:  # it was deleted
        here = None
    os.chdir(Path(spec.origin).parent / "mpl-data")
    try:
        import matplotlib  # noqa: F401
    finally:
        if here is not None:
            os.chdir(here)


_start_matplotlib()
