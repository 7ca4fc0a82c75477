import json
from pathlib import Path

import numpy as np
import pytest

from digits.errors import UserError
from digits.reading.ink import Stroke, Strokes, bounds, erase, open_strokes, rasterise, save_strokes, touches

LINE = Stroke(((20.0, 50.0), (120.0, 50.0)), 10)


def test_a_stroke_is_as_wide_as_the_pen_and_anti_aliased() -> None:
    column = rasterise([Stroke(((10.0, 20.3), (60.0, 20.3)), 9)], 70, 40)[:, 35]
    assert column.astype(float).sum() / 255 == pytest.approx(9, abs=1)
    assert ((column > 0) & (column < 255)).any()


@pytest.mark.parametrize("points", [((30.0, 30.0),), ((30.0, 30.0), (30.0, 30.0))])
def test_one_point_is_a_dot(points: tuple[tuple[float, float], ...]) -> None:
    ink = rasterise([Stroke(points, 12)], 60, 60) > 127
    y, x = np.nonzero(ink)
    assert (x.min() + x.max()) / 2 == pytest.approx(30, abs=1) == (y.min() + y.max()) / 2
    assert ink.sum() == pytest.approx(np.pi * 36, rel=0.2)


def test_bounds_contain_all_ink_and_little_else() -> None:
    left, top, width, height = bounds([LINE, Stroke(((-7.5, 80.0),), 4)])
    ink = rasterise([LINE, Stroke(((-7.5, 80.0),), 4)], width + 20, height + 20, left - 10, top - 10)
    y, x = np.nonzero(ink)
    assert 10 <= x.min() <= 13 and 10 <= y.min() <= 13
    assert width + 6 <= x.max() < width + 10 and height + 6 <= y.max() < height + 10
    assert bounds([]) == (0, 0, 0, 0)


def test_ink_outside_the_image_is_clipped() -> None:
    assert rasterise([Stroke(((-500.0, -500.0), (900.0, 900.0)), 5)], 20, 20).max() == 255
    assert rasterise([Stroke(((500.0, 500.0),), 5)], 20, 20).max() == 0


def test_the_area_eraser_cuts_a_stroke_in_two() -> None:
    fragments = erase(LINE, 70, 50, 8)
    assert len(fragments) == 2
    remaining = rasterise(fragments, 140, 100)
    assert remaining[45:55, 63:77].max() == 0
    assert remaining[50, 25] == 255 == remaining[50, 115]
    assert all(fragment.width == LINE.width for fragment in fragments)


def test_the_area_eraser_keeps_untouched_strokes_and_may_remove_a_whole_one() -> None:
    assert erase(LINE, 70, 80, 8) == [LINE]
    assert erase(Stroke(((70.0, 50.0),), 4), 71, 50, 8) == []


def test_an_eraser_touches_a_stroke_between_its_points() -> None:
    assert touches(LINE, 70, 58, 4)
    assert not touches(LINE, 70, 62, 4)
    assert not touches(LINE, 140, 50, 4)


def test_saved_strokes_are_loaded_unchanged(tmp_path: Path) -> None:
    drawing = Strokes((LINE, Stroke(((1.25, -3.5),), 2.5)), (640, 480))
    save_strokes(tmp_path / "zwölf.json", drawing)
    assert open_strokes(tmp_path / "zwölf.json") == drawing


GOOD = {"format": "handwritten-digits strokes", "version": 1, "size": [10, 10], "strokes": []}


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{",
        "[" * 100_000,
        json.dumps({**GOOD, "format": "x"}),
        json.dumps({**GOOD, "version": 2}),
        json.dumps({**GOOD, "size": [0, 10]}),
        json.dumps({**GOOD, "strokes": [{"width": 3, "points": []}]}),
        json.dumps({**GOOD, "strokes": [{"width": 0, "points": [[1, 1]]}]}),
        json.dumps({**GOOD, "strokes": [{"width": 3, "points": [[1, 1e300]]}]}),
        json.dumps({**GOOD, "strokes": [{"width": 3, "points": [[1, "2"]]}]}),
        json.dumps({**GOOD, "strokes": [{"width": 3, "points": [[1, True]]}]}),
        json.dumps({**GOOD, "strokes": [{"width": 3, "points": [[1]]}]}),
        json.dumps({**GOOD, "strokes": [{"width": float("nan"), "points": [[1, 1]]}]}),
    ],
)
def test_a_file_without_valid_strokes_is_named_in_one_line(tmp_path: Path, content: str) -> None:
    path = tmp_path / "strokes.json"
    path.write_text(content)
    with pytest.raises(UserError) as error:
        open_strokes(path)
    assert str(path) in str(error.value) and "\n" not in str(error.value)


def test_missing_and_binary_files_are_named(tmp_path: Path) -> None:
    (tmp_path / "b.json").write_bytes(b"\xff\xfe\x00")
    for name in ("a.json", "b.json"):
        with pytest.raises(UserError, match=name):
            open_strokes(tmp_path / name)
