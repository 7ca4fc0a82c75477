import json
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from random import Random

import numpy as np
import pytest

from benchmarks.faults import inputs, mutate, seeds
from benchmarks.faults.inputs import KindMetrics
from benchmarks.faults.readers import KINDS, Reader
from benchmarks.faults.seeds import Item
from digits.errors import UserError
from digits.learning import handwriting
from digits.line_image import NO_DIGIT
from tests.benchmarks import planted


def tried(
    prepare: Callable[[], Reader], found: Path, n: int = 8, seconds: float = 10, most: int = 2 << 30
) -> KindMetrics:
    (metrics,) = inputs.run([planted.kind(prepare)], n, 0, found, longest=seconds, most=most, draw=planted.nothing)
    assert metrics["n"] == n == metrics["read"] + metrics["refused"] + sum(fault["n"] for fault in metrics["faults"])
    return metrics


def test_what_is_read_or_refused_in_one_line_is_no_fault(tmp_path: Path) -> None:
    metrics = tried(planted.careful, tmp_path / "found", 40)
    assert metrics["read"] and metrics["refused"] and not metrics["faults"]
    assert not (tmp_path / "found").exists()
    assert metrics["peak"] > 10 or sys.platform == "win32"


@pytest.mark.parametrize(
    ("prepare", "what", "where"),
    [
        (planted.raising, "LookupError", "planted.py:"),
        (planted.crashing, "crash", "signal 11"),
        (planted.printing, "printed", "libwhole: warning #"),
        (planted.talkative, "several lines", "planted.py:"),
    ],
)
def test_a_planted_fault_is_found_and_its_input_kept(
    prepare: Callable[[], Reader], what: str, where: str, tmp_path: Path
) -> None:
    metrics = tried(prepare, tmp_path)
    (fault,) = metrics["faults"]
    assert fault["what"] == what and where in fault["where"] and fault["n"] > inputs.KEPT
    kept = tmp_path / f"{prepare.__name__}-{fault['first']}"
    assert (kept / "what.txt").read_text().startswith(what)
    again = inputs.made(planted.kind(prepare), 0, fault["first"], planted.whole(tmp_path))
    content = again.files["whole.txt"]
    assert not isinstance(content, bytes) or (kept / "whole.txt").read_bytes() == content != planted.WHOLE
    assert len(list(tmp_path.iterdir())) == inputs.KEPT


def test_a_planted_hang_is_found_and_the_run_goes_on(tmp_path: Path) -> None:
    metrics = tried(planted.hanging, tmp_path, n=3, seconds=0.3)
    (fault,) = metrics["faults"]
    assert (fault["what"], fault["n"]) == ("hang", 3) and metrics["seconds"] >= 0.3


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
def test_a_planted_bomb_is_found_before_it_takes_all_memory(tmp_path: Path) -> None:
    metrics = tried(planted.growing, tmp_path, n=2, most=300_000_000)
    (fault,) = metrics["faults"]
    assert (fault["what"], fault["n"]) == ("memory", 2)
    assert 300 < metrics["peak"] < 1000


def test_a_reader_that_refuses_whole_files_is_no_reader(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="blind: whole files are not read"):
        tried(planted.blind, tmp_path)


def test_an_input_is_decided_by_the_seed_and_its_number(tmp_path: Path) -> None:
    kind = next(kind for kind in KINDS if kind.name == "strokes")
    whole = kind.draw(tmp_path)
    first = [inputs.made(kind, 1, index, whole) for index in range(50)]
    assert first == [inputs.made(kind, 1, index, whole) for index in range(50)]
    others = [inputs.made(kind, 2, index, whole) for index in range(50)]
    assert sum(one == other for one, other in zip(first, others, strict=True)) < 5


@pytest.mark.parametrize(
    "draw",
    [seeds.pictures, seeds.strokes, seeds.npz, seeds.idx, seeds.cards, seeds.collection, seeds.handwriting],
)
def test_damage_changes_files_within_bounds(draw: Callable[[], list[Item]], tmp_path: Path) -> None:
    whole = draw()
    others = [content for item in whole for content in item.files.values() if isinstance(content, bytes)]
    many = 3000 if draw is seeds.strokes else 200
    changed = [mutate.mutated(whole, Random(number), others) for number in range(many)]
    assert sum(item not in whole for item in changed) > 0.95 * many
    for item in changed:
        assert all(len(content) <= mutate.LARGEST for content in item.files.values())


def test_damage_reaches_what_lies_behind_checksums_and_syntax(tmp_path: Path) -> None:
    """Not everything is refused at the first byte."""
    (drawing, *_), rng = seeds.strokes(), Random(0)
    content = drawing.files["drawing.json"]
    assert isinstance(content, bytes)
    valid = 0
    for _ in range(100):
        try:
            valid += json.loads(mutate.damaged(content, rng, [content])) != json.loads(content)
        except (ValueError, RecursionError):
            continue
    assert valid > 50
    picture = seeds.pictures()[0].files["page.png"]
    assert isinstance(picture, bytes)
    checked = 0
    for _ in range(100):
        damaged = mutate.damaged(picture, rng, [picture])
        size = int.from_bytes(damaged[8:12], "big")
        if damaged != picture and size == 13 and len(damaged) > 33:
            checked += zlib.crc32(damaged[12:29]) == int.from_bytes(damaged[29:33], "big")
    assert checked > 50


def test_every_kind_of_special_file_is_placed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for kind in mutate.SPECIAL:
        path = mutate.place(Item({f"{kind}.png": kind}, f"{kind}.png"), tmp_path)
        assert path.is_symlink() or path.exists()


def test_the_whole_files_are_what_they_say() -> None:
    assert {item.target.rpartition(".")[2] for item in seeds.pictures()} >= {
        "png",
        "jpg",
        "tif",
        "bmp",
        "gif",
        "webp",
        "ppm",
    }
    assert seeds.arrays()["x_train"].shape == (20, 28, 28)
    assert np.array_equal(np.unique(seeds.arrays()["y_train"]), np.arange(10))


def test_handwriting_is_drawn_in_every_form(tmp_path: Path) -> None:
    """JSON, packed JSON, UNIPEN's text, UCI's, UNIPEN's file with an include, and UNIPEN's folders."""
    read = []
    for number, item in enumerate(seeds.handwriting()):
        path = mutate.place(item, tmp_path / str(number))
        read.append(
            [(one.label, one.writer.split()[-1], len(one.strokes)) for one in handwriting.load([path]).characters]
        )
    four, one, letter = (4, "aga/w1", 2), (1, "aga/w1", 1), (NO_DIGIT, "aga/w1", 1)
    assert read[0] == [(4, "7", 2), (1, "aga/w1", 1), (NO_DIGIT, "aga/w1", 2)] and read[1] == 20 * read[0]
    assert read[2] == [(4, "w1", 2), (1, "w1", 1), (NO_DIGIT, "w1", 1)] and read[3] == [(4, "6", 2)]
    assert read[4] == read[5] == [four, one, letter]
