"""Many files in several processes: the same answers in the same order."""

import sys
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from digits.errors import UserError
from digits.reading import many
from digits.reading.classifier import Classifier
from digits.reading.ink import Stroke, rasterise
from tests.handwriting import strokes
from tests.reading.conftest import line_segmenter

NETWORK = Path(__file__).resolve().parents[2] / "models" / "ANN.onnx"


@pytest.fixture(scope="module")
def network() -> Classifier:
    return Classifier(NETWORK)


def page(text: str) -> Image.Image:
    drawn = [Stroke(tuple(points), 8) for points in strokes(text, 20, 20, 60)]
    return Image.fromarray(255 - rasterise(drawn, 60 * len(text) + 60, 100))


@pytest.fixture
def files(tmp_path: Path) -> list[Path | UserError]:
    """Pages, one of which is damaged; a file of several pages, one of very many, and a folder that cannot be read."""
    found: list[Path | UserError] = []
    for i in range(30):
        path = tmp_path / f"{i:02}.png"
        page(f"{i}").save(path)
        found.append(path)
    (tmp_path / "03.png").write_bytes(b"\x89PNG\r\n\x1a\n damaged")
    for name, n in (("three", 3), ("many", many.MOST_PAGES + 3)):
        pages = [page(f"{i}") for i in range(n)]
        pages[0].save(tmp_path / f"{name}.tif", save_all=True, append_images=pages[1:])
        found.insert(20, tmp_path / f"{name}.tif")
    found.insert(25, UserError("a folder cannot be searched"))
    return found


def read(
    files: Iterable[Path | UserError], network: Classifier, processes: int, known: many.Known = lambda _: ()
) -> list[tuple[str, list[tuple[int, int, str, str]]]]:
    answers = many.read_files(files, many.Reader(NETWORK, network, line_segmenter()), known, processes)
    return [
        (path.name, [(page.number, page.count, page.text, str(page.error or "")) for page in pages])
        for path, pages in answers
    ]


def test_several_processes_read_what_one_reads(files: list[Path | UserError], network: Classifier) -> None:
    def known(path: Path) -> tuple[int, ...]:
        return (2,) if path.name == "three.tif" else ()

    alone = read(files, network, 1, known)
    assert [name for name, _ in alone] == [path.name if isinstance(path, Path) else "" for path in files]
    by_name = dict(alone)
    assert by_name["07.png"] == [(1, 1, "7", "")]
    assert "03.png" in by_name["03.png"][0][3]
    assert [number for number, *_ in by_name["three.tif"]] == [1, 3]
    assert len(by_name["many.tif"]) == many.MOST_PAGES + 3
    assert by_name[""] == [(1, 1, "", "a folder cannot be searched")]
    assert read(files, network, 2, known) == alone


def test_files_are_not_taken_far_ahead(files: list[Path | UserError], network: Classifier) -> None:
    """So that a million of them need no more memory than a few."""
    taken = 0

    def counted() -> Iterable[Path | UserError]:
        nonlocal taken
        for _ in range(10):
            for path in files:
                taken += 1
                yield path

    answers = many.read_files(counted(), many.Reader(NETWORK, network, line_segmenter()), lambda _: (), 2)
    for _ in range(20):
        list(next(answers)[1])
    assert taken < 120
    answers.close()  # type: ignore[attr-defined]


def test_few_files_start_no_process(
    files: list[Path | UserError], network: Classifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "digits.processes", None)
    assert len(read(files[: many.FEW - 1], network, 2)) == many.FEW - 1
    with pytest.raises(ImportError):
        read(files, network, 2)


def test_a_network_that_has_changed_is_one_line(
    files: list[Path | UserError], network: Classifier, tmp_path: Path
) -> None:
    answers = many.read_files(
        files, many.Reader(NETWORK.with_name("CNN.onnx"), network, line_segmenter()), lambda _: (), 2
    )
    with pytest.raises(UserError, match="has changed while files were being read; repeat the command"):
        list(answers)


def test_a_process_that_is_killed_is_one_line(
    files: list[Path | UserError], network: Classifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> None:
        raise ChildProcessError("a process was killed")

    monkeypatch.setattr("digits.processes.mapped", killed)
    with pytest.raises(UserError, match="--workers 1"):
        read(files, network, 2)
    assert np.all([len(pages) for _, pages in read(files[:3], network, 2)])
