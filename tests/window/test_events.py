"""Random events on the real window leave no exception behind."""

from pathlib import Path

from benchmarks.faults.events import drive
from digits.networks import MODELS as NAMES
from tests.window.conftest import MODELS, OpenWindow

EVENTS = 400


def test_random_events_leave_no_exception(open_window: OpenWindow, tmp_path: Path) -> None:
    driven = drive(open_window(NAMES).window, MODELS, tmp_path / "driven", EVENTS, seed=0)
    try:
        assert driven.events >= EVENTS
        assert driven.exceptions == []
        assert {"draw", "key", "click", "dialog"} <= set(driven.done)
    finally:
        driven.window.destroy()
