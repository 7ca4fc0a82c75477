from pathlib import Path

import matplotlib
import matplotlib.image
import pytest
from matplotlib.figure import Figure

from digits.learning.plots.style import STYLE, blank, grid_of, new_figure, save, styled


def test_saving_is_repeatable_and_makes_a_picture(tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        figure = new_figure(6, 4, "a title")
        figure.subplots().plot([1, 2])
        save(figure, tmp_path / name)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    assert matplotlib.image.imread(tmp_path / "a.png").shape[0] > 300


def test_the_style_holds_while_drawing_and_ends_with_it() -> None:
    before = dict(matplotlib.rcParams)

    @styled
    def dpi() -> float:
        return float(new_figure(1, 1).dpi)

    assert dpi() == STYLE["figure.dpi"] == dpi()
    assert dict(matplotlib.rcParams) == before


def test_blank_axes_have_no_ticks_and_no_frame_unless_wanted() -> None:
    framed, bare = Figure().subplots(1, 2)
    blank(framed)
    blank(bare, frame=False)
    assert [list(ax.get_xticks()) + list(ax.get_yticks()) for ax in (framed, bare)] == [[], []]
    assert [ax.spines["left"].get_visible() for ax in (framed, bare)] == [True, False]


def test_axes_come_in_any_shape_but_must_be_as_many_as_needed() -> None:
    axes = Figure().subplots(2, 3)
    assert grid_of(axes.ravel().tolist(), 3, 2).ravel().tolist() == axes.ravel().tolist()
    with pytest.raises(ValueError, match="expected 4 axes, got 6"):
        grid_of(axes, 4)
