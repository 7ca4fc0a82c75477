"""What learning a hand does, measured writer by writer, on invented people."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.hand import measure, page
from benchmarks.hand.__main__ import FILES, main
from benchmarks.hand.measure import Change, Writer, change, network
from digits.errors import UserError
from digits.line_image import NO_DIGIT
from digits.networks import MODELS
from digits.reading.hand import Samples
from tests.benchmarks.small_results import small_hand
from tests.json_damage import some_damaged
from tests.writers import entries

OTHERS = ("Yara", "Zoe")


def writer(styled: int | None, n: int = 24) -> Writer:
    """Somebody of whose digits a network knows all, but for one that it takes for the next; each has features alike."""
    rng = np.random.default_rng(0)
    labels = rng.permutation(np.repeat(np.arange(10), n))
    shown = np.full((len(labels), 10), -12.0)
    shown[np.arange(len(labels)), labels] = 0
    if styled is not None:
        own = labels == styled
        shown[own, (styled + 1) % 10] = 1
    features = np.eye(10, dtype=np.float32)[labels] + 0.02 * rng.random((len(labels), 10)).astype(np.float32)
    keys = tuple(map(str, range(len(labels))))
    return Writer(labels, shown, np.zeros(len(labels), bool), Samples(keys, labels, shown, features))


def test_a_style_is_learned_and_its_writer_counted_once() -> None:
    found = network([writer(3), writer(None)])
    one: Change = found["each"]["1"]
    assert (one["writers"], one["n"]) == (2, 2 * measure.DRAWS * 230)
    assert (one["before"], one["after"]) == (measure.DRAWS * 23, 0)
    assert one["rates"][0] == pytest.approx(0.05) and one["rates"][1] == one["worst"] == 0
    assert (one["low"], one["high"]) == (-1, -1)
    halves = found["corrected"]
    before = halves["first hundred"]["before"] + halves["second hundred"]["before"]
    after = halves["first hundred"]["after"] + halves["second hundred"]["after"]
    assert before == (writer(3).labels[:200] == 3).sum() and 1 <= after <= 2
    assert all(mistake["worst"] <= 0.01 for mistake in found["mistakes"].values())
    assert found["side"]["ece"][1] < found["side"]["ece"][0]


def test_what_is_rejected_is_wrong() -> None:
    known = writer(None)
    assert not known.wrong(None).any()
    known.none[6], known.shown[7] = True, 0
    assert known.wrong(None).nonzero()[0].tolist() == [6, 7]


def test_those_who_have_written_too_little_are_left_out() -> None:
    found = network([writer(3), writer(None, 4)])
    assert found["each"]["1"]["writers"] == 2 and found["each"]["5"]["writers"] == 1
    with pytest.raises(UserError, match="give more handwriting"):
        network([writer(3, 1)])


def test_the_interval_is_over_writers() -> None:
    counts = [(100, 10, 5), (1000, 10, 10)]
    found = change(counts)
    assert found["rates"] == pytest.approx((0.055, 0.03))
    assert (found["n"], found["before"], found["after"]) == (1100, 20, 15)
    assert found["low"] == pytest.approx(-0.5) and found["high"] == pytest.approx(0) and found["worst"] == 0


@pytest.mark.usefixtures("columns")
def test_the_benchmark_measures_invented_people(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(measure, "HUNDRED", 10)
    monkeypatch.setattr(measure, "EACH", (1, 3, 5))
    monkeypatch.setattr(measure, "ONE_SIDED", 3)
    monkeypatch.setattr(measure, "DRAWS", 1)
    written = [{**one, "writer": name} for i in range(4) for name in OTHERS for one in entries((f"{name}{i}", "x"))]
    (tmp_path / "test.json").write_text(json.dumps(written))
    code = main(["--strokes", str(tmp_path / "test.json"), "--output", str(tmp_path)])
    printed = capsys.readouterr()
    assert code == 0, printed.err
    measured = json.loads((tmp_path / "hand.json").read_text(encoding="utf-8"))
    measure.check(measured)
    assert (measured["writers"], measured["digits"]) == (2, 160)
    assert tuple(measured["networks"]) == MODELS
    assert measured["networks"]["CNN"]["side"]["of_signs"] > 0
    assert all((tmp_path / name).exists() for name in FILES)
    assert (tmp_path / "hand.md").read_text(encoding="utf-8") == page.page(measured) == printed.out[:-1]


def test_it_is_one_line_that_somebody_has_learned_from_the_strokes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from digits.learning import handwriting

    (tmp_path / "test.json").write_text(json.dumps(entries(OTHERS)))
    files = handwriting.load([tmp_path / "test.json"]).files
    monkeypatch.setattr("benchmarks.hand.__main__.card.read", lambda path: {"handwriting": dict(files)})
    assert main(["--strokes", str(tmp_path / "test.json"), "--output", str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert len(said.splitlines()) == 1 and "has learned from test.json; give digits by other people" in said


def test_the_page_and_the_figure() -> None:
    text = page.page(small_hand())
    assert "| ResNet | 3 | 3.00% (30 / 1,000) | 0.70% (7 / 1,000) | −77% | −80% to +10% | +0.20 |" in text
    assert "| ResNet | 1.00% → 0.80% | 2 → 3 | 5 → 4 of 40 |" in text
    assert page.summary(small_hand()).startswith("**With 3 samples of each digit, ResNet misreads 77% fewer")
    display = page.HandDisplay({name: one["each"] for name, one in small_hand()["networks"].items()}).plot()
    assert np.asarray(display.lines_["ANN"].get_xdata()).tolist() == list(measure.EACH)
    assert np.asarray(display.lines_["ANN"].get_ydata())[0] == 0.015


@pytest.mark.parametrize("draw", [lambda results: page.page(results), lambda results: page.summary(results)])
def test_a_damaged_result_is_refused_or_shown(draw: Callable[[Any], str]) -> None:
    """Whatever ``read`` takes can be shown."""
    import msgspec

    for _, odd in some_damaged(json.loads(json.dumps(small_hand())), 200):
        try:
            value = msgspec.json.decode(json.dumps(odd), type=measure.Results)
            measure.check(value)
        except (ValueError, LookupError):
            continue
        draw(value)


def test_no_digit_is_no_sample() -> None:
    some = writer(None)
    some.labels[:10] = NO_DIGIT
    chosen = some.some(3, np.random.default_rng(0))
    assert chosen is not None and min(chosen) >= 10 and len(chosen) == 30
