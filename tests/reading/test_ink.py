import json
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from digits.errors import UserError
from digits.reading.ink import (
    FARTHEST,
    MOST_BYTES,
    MOST_POINTS,
    MOST_STROKES,
    THINNEST,
    Picture,
    Stroke,
    Strokes,
    bounds,
    open_strokes,
    rasterise,
    reduced,
    save_strokes,
)
from tests.reading.plain_eraser import erased

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


def test_a_reduced_drawing_is_the_drawing_with_larger_pixels() -> None:
    strokes = [Stroke(((40.0, 30.0), (300.0, 210.0), (80.0, 200.0)), 24), Stroke(((200.0, 60.0),), 40)]
    whole = rasterise(strokes, 400, 300).astype(np.float64).reshape(75, 4, 100, 4).mean(axis=(1, 3))
    small = rasterise([reduced(stroke, 4) for stroke in strokes], 100, 75)
    assert abs(whole - small).mean() < 1


def test_lines_that_lie_far_outside_are_clipped_as_near_ones_are() -> None:
    for x, y in ((3.0, 1.0), (-2.0, 7.0), (0.0, 1.0), (1.0, 0.0)):
        near, far = (
            rasterise([Stroke(((50 - x * scale, 40 - y * scale), (50 + x * scale, 40 + y * scale)), 9)], 100, 80)
            for scale in (100.0, FARTHEST / 10)
        )
        assert near.max() == 255 and np.mean(near != far) < 0.02


def test_saved_strokes_are_loaded_unchanged(tmp_path: Path) -> None:
    drawing = Strokes((LINE, Stroke(((1.25, -3.5),), 2.5)), (640, 480))
    save_strokes(tmp_path / "zwölf.json", drawing)
    assert open_strokes(tmp_path / "zwölf.json") == drawing


numbers = st.floats(-FARTHEST, FARTHEST)
any_stroke = st.builds(
    Stroke, st.lists(st.tuples(numbers, numbers), min_size=1, max_size=5).map(tuple), st.floats(THINNEST, FARTHEST)
)
any_drawing = st.builds(
    Strokes, st.lists(any_stroke, max_size=5).map(tuple), st.tuples(st.integers(1, FARTHEST), st.integers(1, FARTHEST))
)


@settings(max_examples=200, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(drawing=any_drawing, x=numbers, y=numbers, radius=st.floats(0.5, FARTHEST))
def test_any_drawing_that_is_saved_can_be_opened_before_and_after_erasing(
    tmp_path: Path, drawing: Strokes, x: float, y: float, radius: float
) -> None:
    left = erased(drawing.strokes, [(x, y)], radius)
    for state in (drawing, Strokes(left, drawing.size)):
        save_strokes(tmp_path / "any.json", state)
        assert open_strokes(tmp_path / "any.json") == state


def test_the_largest_drawing_fits_into_the_largest_file(tmp_path: Path) -> None:
    longest = -98765432.10987654  # no number within the limits is longer when written
    strokes = [Stroke(((longest, longest),), FARTHEST / 3)] * (MOST_STROKES - 1)
    strokes.append(Stroke(((longest, longest),) * (MOST_POINTS - MOST_STROKES + 1), FARTHEST / 3))
    save_strokes(tmp_path / "largest.json", Strokes(tuple(strokes), (FARTHEST, FARTHEST)))
    assert MOST_BYTES / 2 < (tmp_path / "largest.json").stat().st_size <= MOST_BYTES
    assert len(open_strokes(tmp_path / "largest.json").strokes) == MOST_STROKES


@pytest.mark.parametrize(
    ("strokes", "size", "limit"),
    [
        ([LINE] * (MOST_STROKES + 1), (9, 9), "20,001 strokes, more than the 20,000"),
        ([Stroke(((1.0, 1.0),) * (MOST_POINTS + 1), 8)], (9, 9), "400,001 points, more than the 400,000"),
        ([Stroke(((1.0, 1.5 * FARTHEST),), 8)], (9, 9), "stroke 1 has a coordinate beyond 100,000,000"),
        ([LINE], (9, 0), "not 1 to 100,000,000 pixels long"),
    ],
)
def test_what_could_not_be_opened_is_not_saved(
    tmp_path: Path, strokes: list[Stroke], size: tuple[int, int], limit: str
) -> None:
    (tmp_path / "old.json").write_text("old")
    with pytest.raises(UserError, match=limit):
        save_strokes(tmp_path / "old.json", Strokes(tuple(strokes), size))
    assert (tmp_path / "old.json").read_text() == "old"


def test_a_picture_s_name_is_no_longer_than_a_file_s(tmp_path: Path) -> None:
    for name in ("n" * 255, "é" * 255):
        save_strokes(tmp_path / "a.json", Strokes((LINE,), (9, 9), (), Picture(name, b"x")))
        assert open_strokes(tmp_path / "a.json").picture == Picture(name, b"x")
    with pytest.raises(UserError, match="name has 256 characters, more than the 255"):
        save_strokes(tmp_path / "a.json", Strokes((LINE,), (9, 9), (), Picture("n" * 256, b"x")))


GOOD = {"format": "handwritten-digits strokes", "version": 1, "size": [10, 10], "strokes": []}


def with_stroke(width: str, points: str) -> bytes:
    """A file with one stroke."""
    return json.dumps({**GOOD, "strokes": ["x"]}).replace('"x"', f'{{"width": {width}, "points": {points}}}').encode()


BAD = {
    "empty": b"",
    "a list": b"[]",
    "truncated": b"{",
    "zeros": bytes(1000),
    "nested": b"[" * 100_000,
    "nested in a key that is not read": b'{"x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "nested points": with_stroke("3", "[" * 100_000),
    "more after it": json.dumps(GOOD).encode() + b"{}",
    "UTF-16": json.dumps(GOOD).encode("utf-16"),
    "a byte order mark": b"\xef\xbb\xbf" + json.dumps(GOOD).encode(),
    "Latin-1": b'{"\xe9": 1}',
    "another format": json.dumps({**GOOD, "format": "x"}).encode(),
    "another version": json.dumps({**GOOD, "version": 2}).encode(),
    "a bool as version": json.dumps({**GOOD, "version": True}).encode(),
    "two versions": json.dumps(GOOD).encode()[:-1] + b', "version": 2}',
    "no size": json.dumps({key: value for key, value in GOOD.items() if key != "size"}).encode(),
    "a size of 0": json.dumps({**GOOD, "size": [0, 10]}).encode(),
    "a bool as size": json.dumps({**GOOD, "size": [True, 10]}).encode(),
    "three sizes": json.dumps({**GOOD, "size": [9, 9, 9]}).encode(),
    "a size of 400 digits": json.dumps({**GOOD, "size": [10**400, 9]}).encode(),
    "a size of a million digits": json.dumps(GOOD).replace("10,", "1" * 1_000_000 + ",").encode(),
    "a stroke without width": json.dumps({**GOOD, "strokes": [{"points": [[1, 1]]}]}).encode(),
    "a stroke that is null": json.dumps({**GOOD, "strokes": [None]}).encode(),
    "no points": with_stroke("3", "[]"),
    "points that are null": with_stroke("3", "null"),
    "a point of one number": with_stroke("3", "[[1]]"),
    "a point of three": with_stroke("3", "[[1, 2, 3]]"),
    "text as number": with_stroke("3", '[[1, "2"]]'),
    "a bool as number": with_stroke("3", "[[1, true]]"),
    "a coordinate of 1e300": with_stroke("3", "[[1, 1e300]]"),
    "a coordinate of 1e999": with_stroke("3", "[[1, 1e999]]"),
    "a coordinate of 400 digits": with_stroke("3", f"[[1, {10**400}]]"),
    "not a number": with_stroke("3", "[[1, NaN]]"),
    "infinity": with_stroke("Infinity", "[[1, 1]]"),
    "a width of 0": with_stroke("0", "[[1, 1]]"),
    "a negative width": with_stroke("-3", "[[1, 1]]"),
    "a width of 1e9": with_stroke("1e9", "[[1, 1]]"),
    "a width of 1e-320": with_stroke("1e-320", "[[1, 1]]"),
    "too many points": with_stroke("3", "[" + "[0,0]," * MOST_POINTS + "[0,0]]"),
    "a picture's name of megabytes": json.dumps(
        {**GOOD, "picture": {"name": "n" * (22 << 20), "content": ""}}
    ).encode(),
    "too many bytes": b" " * (MOST_BYTES + 1),
}


@pytest.mark.parametrize("content", BAD.values(), ids=BAD)
def test_a_file_without_valid_strokes_is_named_in_one_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "strokes.json"
    path.write_bytes(content)
    with pytest.raises(UserError) as error:
        open_strokes(path)
    assert str(error.value).startswith(f"{path} is not a drawing saved by this program (")
    assert "\n" not in str(error.value) and len(str(error.value)) < 600


@pytest.mark.skipif(os.name != "posix", reason="needs named pipes and devices")
def test_what_is_not_a_file_is_named(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.json")
    (tmp_path / "dangling.json").symlink_to(tmp_path / "nowhere")
    (tmp_path / "circle.json").symlink_to(tmp_path / "circle.json")
    (tmp_path / "folder.json").mkdir()
    names = (
        "pipe.json",
        "dangling.json",
        "circle.json",
        "folder.json",
        "a.json",
        "x" * 300,
        "/dev/zero",
        "/dev/random",
    )
    for name in names:
        with pytest.raises(UserError, match=name):
            open_strokes(tmp_path / name)
