import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.pen_digits import drawing
from benchmarks.pen_digits.drawing import Entry
from digits.errors import UserError

ONE: Entry = {"digit": 1, "writer": 7, "strokes": [[[0, 0], [0, 100]], [[-10, 100], [10, 100.5]]]}


def write(path: Path, value: Any) -> Path:
    path.write_text(json.dumps(value), encoding="utf-8")
    return path


def test_a_file_is_read_gzipped_or_not_whatever_it_is_called(tmp_path: Path) -> None:
    plain = write(tmp_path / "strokes.gz", [ONE, ONE])
    zipped = tmp_path / "strokes.json"
    zipped.write_bytes(gzip.compress(plain.read_bytes()))
    assert drawing.open_entries(plain) == drawing.open_entries(zipped) == [ONE, ONE]
    assert drawing.labels_of([ONE, ONE]).tolist() == [1, 1]


@pytest.mark.parametrize(
    ("value", "place"),
    [
        ([], "length >= 1"),
        ({"digits": []}, "`array`, got `object`"),
        ([ONE, 3], "$[1]"),
        ([{**ONE, "digit": 10}], "$[0].digit"),
        ([{**ONE, "digit": True}], "$[0].digit"),
        ([{**ONE, "writer": "me"}], "$[0].writer"),
        ([{**ONE, "strokes": []}], "$[0].strokes"),
        ([{**ONE, "strokes": [[]]}], "$[0].strokes[0]"),
        ([{**ONE, "strokes": [[[1, 2, 3]]]}], "$[0].strokes[0][0]"),
        ([{**ONE, "strokes": [[[1, "2"]]]}], "$[0].strokes[0][0][1]"),
        ([{**ONE, "strokes": [[[1, float("nan")]]]}], "malformed"),
        ([{**ONE, "strokes": [[[1, 1e9]]]}], "$[0].strokes[0][0][1]"),
    ],
)
def test_what_is_not_pen_drawn_digits_is_refused_in_one_line(value: Any, place: str, tmp_path: Path) -> None:
    path = write(tmp_path / "strokes.json", value)
    with pytest.raises(UserError) as caught:
        drawing.open_entries(path)
    message = str(caught.value)
    assert place in message and str(path) in message and '"strokes"' in message and "\n" not in message


@pytest.mark.parametrize("packed", [False, True])
def test_a_large_file_is_refused(packed: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, content = tmp_path / "strokes.json", b" " * 2000
    path.write_bytes(gzip.compress(content) if packed else content)
    monkeypatch.setattr(drawing, "MOST", 1000)
    with pytest.raises(UserError, match=r"more than") as caught:
        drawing.open_entries(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "content", [b"", b"no JSON", b"\xff\xfe", b"\x1f\x8b damaged", gzip.compress(b"[]", mtime=0)[:-9]]
)
def test_a_damaged_file_is_refused_in_one_line(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "strokes.json.gz"
    path.write_bytes(content)
    with pytest.raises(UserError, match="cannot be read as pen-drawn digits") as caught:
        drawing.open_entries(path)
    assert "\n" not in str(caught.value)


def test_a_digit_lies_at_the_same_place_with_every_pen() -> None:
    thin, thick = (next(drawing.drawings([ONE], pen)) for pen in (4, 12))
    assert thin.shape == thick.shape == (drawing.HEIGHT, drawing.WIDTH)
    centres = [np.argwhere(image > 127).mean(axis=0) for image in (thin, thick)]
    assert np.abs(centres[0] - centres[1]).max() < 12


def test_digits_touch_each_edge_in_turn() -> None:
    images = list(drawing.drawings([ONE] * 4, edges=True))
    sides = [image.any() for image in (images[0][:, 0], images[1][0], images[2][:, -1], images[3][-1])]
    assert sides == [True] * 4
    assert not any(image[0].any() or image[-1].any() for image in drawing.drawings([ONE] * 4))


def test_a_number_has_three_to_six_digits_in_a_row() -> None:
    rng = np.random.default_rng(0)
    for _ in range(10):
        text, strokes = drawing.number([ONE], (0.08, 0.35), rng)
        assert 3 <= len(text) <= 6 and set(text) == {"1"} and len(strokes) == 2 * len(text)
        starts = [stroke.points[0][0] for stroke in strokes[::2]]
        assert starts == sorted(starts)
        image = drawing.draw_wide(strokes)
        assert image.any() and not image[:, -1].any()
        assert len(drawing.segments_of(image)) == len(text)
