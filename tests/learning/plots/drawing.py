"""What the tests of all displays share."""

from typing import Any

import numpy as np
import pytest
from matplotlib import pyplot
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.lines import Line2D
from matplotlib.text import Text
from numpy.typing import NDArray


def texts(figure: Figure) -> set[str]:
    """Everything that is written in a figure."""
    return {text.get_text() for text in figure.findobj(Text) if isinstance(text, Text) and text.get_text()}


def points(line: Line2D) -> NDArray[Any]:
    """Where a line's points are, shape (n, 2)."""
    return np.asarray(line.get_xydata())


def pixels(image: AxesImage) -> NDArray[Any]:
    """What an image shows."""
    return np.asarray(image.get_array())


def check_own_figure(display: Any, title: str) -> None:
    """Without axes a display makes one figure under its title, and not pyplot's."""
    assert display.plot() is display
    assert isinstance(display.figure_, Figure)
    assert display.figure_.get_suptitle() == title
    assert set(_axes(display)) <= set(display.figure_.axes)
    assert not pyplot.get_fignums()


def check_given_axes(display: Any, needed: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A display draws on the caller's axes and nowhere else.

    Args:
        display: any.
        needed: axes that ``plot`` takes in one array; None if it takes a single one.
    """
    caller = Figure(figsize=(20, 20))
    every = caller.subplots(1, (needed or 1) + 1)
    *given, spare = every
    before = spare.get_children()
    with monkeypatch.context() as patched:
        patched.setattr(Figure, "__init__", _no_more)
        assert display.plot(np.array(given) if needed else given[0]) is display
    assert display.figure_ is caller
    assert _axes(display) == given
    assert all(ax.has_data() for ax in given)
    assert spare.get_children() == before and not spare.has_data() and not spare.get_title(loc="left")
    assert caller.axes == list(every)
    assert not (caller.get_suptitle() or caller.legends or caller.texts or caller.subfigs)
    assert not pyplot.get_fignums()
    caller.draw_without_rendering()


def _axes(display: Any) -> list[Axes]:
    return np.ravel(display.axes_).tolist() if hasattr(display, "axes_") else [display.ax_]


def _no_more(*_: object, **__: object) -> None:
    raise AssertionError("a figure was made apart from the caller's")
