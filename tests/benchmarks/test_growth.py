import io
from pathlib import Path

import pytest

from benchmarks.growth import measure
from benchmarks.growth.__main__ import main
from benchmarks.growth.measure import Series, exponents, sheet
from benchmarks.growth.plots import GrowthDisplay
from digits.reading.image_file import LARGEST
from tests.learning.plots.drawing import check_own_figure, points

SERIES: Series = {"of": "reading a page", "by": "digits", "sizes": [1, 10, 100], "seconds": [0.5, 5.0, 500.0]}


def test_the_power_of_growth() -> None:
    assert list(exponents(SERIES)) == pytest.approx([1, 2])


def test_the_figure_shows_what_was_measured() -> None:
    display = GrowthDisplay([SERIES] * 4).plot()
    assert display.axes_.shape == (2, 3) and len(display.lines_) == 4
    assert points(display.lines_[0]).tolist() == [[1, 0.5], [10, 5], [100, 500]]
    assert display.axes_[0, 0].get_title(loc="left") == "reading a page"
    assert [text.get_text() for text in display.axes_[0, 0].texts] == ["at the end ∝ size^2.00"]
    check_own_figure(GrowthDisplay([SERIES] * 6), "How cost grows")
    display.figure_.savefig(io.BytesIO())


def test_a_sheet_has_its_digits_and_its_pixels() -> None:
    assert sheet(20).size < 200_000 < 900_000 < sheet(20, 1_000_000).size <= 1_000_000


def test_the_largest_sheet_can_be_read() -> None:
    assert 0.99 * LARGEST < sheet(20, max(measure.SIZES["pixels"])).size <= LARGEST


@pytest.mark.usefixtures("columns")
def test_measuring_small_sizes(npz: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kinds = ["digits", "points", "pages"]
    command = ["--data", str(npz), "--only", *kinds, "--most", "10", "--repeats", "1", "--output", str(tmp_path)]
    assert main(command) == 0, capsys.readouterr().err
    assert {path.name for path in tmp_path.iterdir()} >= {"growth.json", "growth.md", "growth.png"}
    text = (tmp_path / "growth.md").read_text(encoding="utf-8")
    assert all(measure.KINDS[kind][0] in text for kind in kinds)
