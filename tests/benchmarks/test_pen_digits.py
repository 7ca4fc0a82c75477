import gzip
import json
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmarks.pen_digits import junk, measure, page
from benchmarks.pen_digits.__main__ import FILES, main
from benchmarks.pen_digits.reading import Answer, Found, Readers
from benchmarks.pen_digits.samples import Samples
from digits.errors import UserError
from digits.learning import handwriting
from digits.learning.handwriting import Handwriting
from digits.networks import MODELS
from digits.publishing import exclusive
from digits.reading.line_segmenter import LineSegmenter
from tests.benchmarks.small_results import small_results
from tests.benchmarks.stand_ins import Bright
from tests.handwriting import SHAPES, strokes
from tests.writers import KNOWN, LEFT_OUT, by_hand, entries, people

OTHERS = ("Yara", "Zoe")


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    """The options that name handwriting, of which the strokes are by other people."""
    (tmp_path / "people.json").write_text(json.dumps(entries()))
    (tmp_path / "test.json.gz").write_bytes(gzip.compress(json.dumps(entries(OTHERS)).encode()))
    return ["--strokes", str(tmp_path / "test.json.gz"), "--handwriting", str(tmp_path / "people.json")]


@pytest.mark.usefixtures("columns")
def test_the_benchmark_measures_the_handwriting_of_invented_people(
    files: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    threads = cv2.getNumThreads()
    code = main([*files, "--output", str(tmp_path), "--limit", "3", "--jobs", "1"])
    printed = capsys.readouterr()
    assert code == 0, printed.err
    assert printed.err.splitlines()[0] == "measured: singles" and cv2.getNumThreads() == threads
    measured = json.loads((tmp_path / "pen_digits.json").read_text(encoding="utf-8"))
    assert set(measured) == measure.Results.__required_keys__
    measure.check(measured)
    assert measured["digits"] == 3 and {found["misses"] for found in measured["found"].values()} == {0}
    assert measured["people"]["writers"] == 2 and measured["left out"]["writers"] == len(LEFT_OUT)
    assert measured["people"]["files"] == handwriting.load([tmp_path / "test.json.gz"]).files
    assert measured["left out"]["files"] == handwriting.load([tmp_path / "people.json"]).files
    assert measured["models"]["LineNet"] == "c" * 64
    for way in measure.SINGLES:
        assert measured[way]["CNN"]["misses"] == 0
    assert measured["numbers apart"]["image"]["count"]["n"] == 3
    assert measured["signs"]["ResNet"]["n"] == 3 and set(measured["by sign"]) == {"A", "+"}
    assert list(measured["junk"]["CNN"]) == list(junk.KINDS)
    assert (measured["junk"]["CNN"]["blank"]["n"], measured["junk"]["CNN"]["blank"]["misses"]) == (3, 0)
    assert measured["votes"]["soft vote"]["misses"] == len(measured["wrong"]["soft vote"]["shipped"])
    assert set(measured["wrong"]["ANN"]["unrejected"]) <= set(range(3))
    assert [sum(bins["n"]) for bins in measured["calibration"]["CNN"].values()] == [3, 3]
    whole = measured["number calibration"]["CNN"]
    right = sum(3 - measured[f"numbers {gap}"]["image"]["CNN"]["misses"] for gap in measure.GAPS)
    assert (sum(whole["n"]), sum(whole["correct"])) == (9, right)
    text = (tmp_path / "pen_digits.md").read_text(encoding="utf-8")
    assert text == printed.out.removesuffix("\n") and "100.00% (0 / 3)" in text
    for name in ("misses", "risk_coverage", "reliability"):
        assert (tmp_path / f"pen_digits_{name}.png").stat().st_size > 5000


def test_a_quick_look_never_replaces_the_published_results(
    files: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main([*files, "--limit", "5"])
    assert "--limit goes with --output DIR" in capsys.readouterr().err


@pytest.mark.usefixtures("columns")
@pytest.mark.parametrize("file", FILES)
def test_what_is_in_the_way_is_reported_before_measuring(
    file: str,
    files: list[str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("benchmarks.pen_digits.__main__.measure", lambda *_: pytest.fail("it was measured"))
    (tmp_path / "look" / file).mkdir(parents=True)
    assert main([*files, "--output", str(tmp_path / "look")]) == 2
    said = capsys.readouterr().err
    assert len(said.splitlines()) == 1 and f"{file} is a folder; move it away" in said


@pytest.mark.parametrize("option", ["--limit", "--jobs"])
@pytest.mark.parametrize("value", ["0", "-1", "1.5", "many"])
def test_a_bad_number_is_answered_in_one_line(
    option: str, value: str, files: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main([*files, option, value])
    said = capsys.readouterr().err
    assert len(said.splitlines()) == 1 and "whole number of at least 1" in said and repr(value) in said


@pytest.mark.usefixtures("columns")
def test_it_is_refused_beside_a_run(files: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of the folder that plots/ is in."""
    with exclusive(tmp_path):
        assert main([*files, "--output", str(tmp_path / "plots")]) == 2
    said = capsys.readouterr().err
    assert len(said.splitlines()) == 1 and f"another run is writing to {tmp_path}" in said


@pytest.mark.usefixtures("columns")
def test_networks_that_are_replaced_meanwhile_are_noticed(
    files: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("benchmarks.pen_digits.__main__.measure", lambda *_: ({"models": {"ANN": "another"}}, None))
    assert main([*files, "--output", str(tmp_path / "plots")]) == 2
    said = capsys.readouterr().err
    assert len(said.splitlines()) == 1 and "were replaced while they were measured; measure again" in said


def test_without_a_line_network_nothing_is_measured(
    files: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LineSegmenter, "open", lambda models: LineSegmenter(None, f"no network at {models}"))
    assert main(files) == 2
    said = capsys.readouterr().err
    assert len(said.splitlines()) == 1 and said.startswith("benchmarks.pen_digits: no network at ")


@pytest.mark.parametrize("missing", ["test.json.gz", "people.json"])
def test_a_missing_file_is_answered_in_one_line(
    missing: str, files: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / missing).unlink()
    assert main(files) == 2
    said = capsys.readouterr().err
    assert len(said.splitlines()) == 1 and said.startswith("benchmarks.pen_digits: ") and missing in said


def test_digits_that_a_network_has_learned_from_are_refused(
    files: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    learned = {"handwriting": dict(handwriting.load([tmp_path / "test.json.gz"]).files)}
    monkeypatch.setattr("digits.learning.card.read", lambda path: learned if path.stem == "ResNet" else {})
    assert main(files) == 2
    said = capsys.readouterr().err
    assert len(said.splitlines()) == 1 and "ResNet has learned from test.json.gz; give digits by other people" in said


# -- samples --------------------------------------------------------------------------------------


def by(writers: Sequence[str], digest: str) -> Handwriting:
    return Handwriting(people(writers).characters, {"file.json": digest * 64})


def test_only_writers_that_are_left_out_make_numbers_and_signs() -> None:
    samples = Samples.of(by(OTHERS, "a"), by([*KNOWN, *LEFT_OUT], "b"), ["ResNet"])
    assert [one.writer for one in samples.digits] == [name for name in OTHERS for _ in SHAPES]
    assert (
        {one.writer for hand in samples.hands for one in hand} == {one.writer for one in samples.signs} == {*LEFT_OUT}
    )
    assert samples.people == {"writers": 2, "files": {"file.json": "a" * 64}} and samples.taught == ["ResNet"]
    assert len(samples.digits) == 20 and len(samples.signs) == 4
    few = Samples.of(by(OTHERS, "a"), by(LEFT_OUT, "b"), [], limit=5)
    assert [one.label for one in few.digits] == [0, 4, 8, 2, 6] and len(few.signs) == 4


@pytest.mark.parametrize(
    ("known", "digest", "says"),
    [
        ([*LEFT_OUT, OTHERS[1]], "b", "Zoe, a writer of --handwriting; give digits by people"),
        (LEFT_OUT, "a", "file.json, a file of --handwriting; give digits by people"),
        (KNOWN, "b", "has nobody with 10 digits left out of training; give more files"),
    ],
)
def test_samples_that_would_not_say_what_they_should_are_refused(known: Sequence[str], digest: str, says: str) -> None:
    with pytest.raises(UserError, match=says):
        Samples.of(by(OTHERS, "a"), by(known, digest), [])


def test_without_signs_it_is_said() -> None:
    digits = Handwriting(people(LEFT_OUT, signs=()).characters, {"file.json": "b" * 64})
    with pytest.raises(UserError, match="nobody with letters or signs left out of training"):
        Samples.of(by(OTHERS, "a"), digits, [])


# -- reading --------------------------------------------------------------------------------------


def readers(columns: LineSegmenter) -> Readers:
    return Readers(columns, {name: Bright(name) for name in MODELS})


def test_every_network_reads_the_same_segments_of_every_drawing(columns: LineSegmenter) -> None:
    """A dark and a bright crop are two digits for the stand-ins, which are asked for many drawings at once."""
    digits = [by_hand(1, *strokes(digit, 0, 0, 100)) for digit in "10" * 40]
    found = measure.drawn(digits, 0, readers(columns), votes=True)
    assert len(found) == 80 and all(len(one.crops) == 1 and one.is_line for one in found)
    for name in (*MODELS, "soft vote", "majority vote"):
        assert [one.answers[name].text for one in found] == ["1", "0"] * 40
    alone = found[0].answers["CNN"].alone
    assert alone.shape == (1, 10) and not np.array_equal(found[0].answers["CNN"].probabilities, alone)


def test_numbers_are_read_both_ways_and_counted(columns: LineSegmenter) -> None:
    hand = [by_hand(0, *strokes("0", 0, 0, 100))]
    apart, touching = (
        measure.number_metrics(measure.numbers([hand], measure.GAPS[gap], range(4), readers(columns)))
        for gap in ("apart", "touching")
    )
    assert {known: row["count"]["misses"] for known, row in apart.items()} == {"image": 0, "strokes": 0}
    assert apart["image"]["ANN"]["misses"] == 0 and touching["image"]["count"]["misses"] == 4


def test_what_is_no_digit_is_answered_without_one_if_every_segment_is(columns: LineSegmenter) -> None:
    found = measure.drawings("one straight line, flat", 5, readers(columns))
    share = measure.junk_metrics(found, "ANN")
    assert share["n"] == 5 and share["misses"] == sum(one.answers["ANN"].has_digit for one in found) < 5
    assert measure.junk_metrics(measure.drawings("blank", 2, readers(columns)), "ANN")["misses"] == 0


# -- metrics --------------------------------------------------------------------------------------


def answer(text: str, *read: int) -> Answer:
    rows = np.full((len(read), 10), 0.05, np.float32)
    rows[np.arange(len(read)), read] = 0.55
    return Answer(text, rows, np.full((len(read), 10), 0.1, np.float32), 0.5)


#: One correct, one rejected that would be correct, one misread, one found as two digits on two lines.
ANSWERS = [answer("3", 3), answer("?", 4), answer("5", 5), answer("7\n7", 7, 7)]
FOUND = [Found(np.zeros((len(one.alone), 28, 28), np.uint8), True, {"A": one}) for one in ANSWERS]
LABELS = np.array([3, 4, 6, 7], np.uint8)


def test_misses_are_known_by_index_with_and_without_rejection() -> None:
    assert measure.wrong(ANSWERS, LABELS) == {"shipped": [1, 2, 3], "unrejected": [2, 3]}
    single = measure.single_metrics(ANSWERS, LABELS)
    assert (single["n"], single["misses"], single["rejected"], single["rejected_of"]) == (4, 3, 1, 5)
    assert [one.has_digit for one in ANSWERS] == [True, False, True, True] and not answer("").has_digit


def test_misses_are_counted_by_writer_and_by_sign() -> None:
    counted = measure.grouped([True, False, False, True], ["b", "a", "b", "b"])
    assert {name: (own["misses"], own["n"]) for name, own in counted.items()} == {"a": (1, 1), "b": (1, 3)}
    assert list(counted) == ["a", "b"]


def test_confidence_and_rejection_are_measured_on_what_was_found_as_one() -> None:
    found = measure.found_as_one(FOUND, "A", LABELS)
    assert found.texts == ("3", "?", "5") and found.labels.tolist() == [3, 4, 6]
    assert measure.risk_coverage(found) == {
        "curve": {"ranks": [2], "n": 3},  # of equals the first counts as more confident
        "coverage": pytest.approx(2 / 3),
        "risk": pytest.approx(1 / 2),
    }
    result = measure.calibrated(found)
    assert result["together"]["ece"] == pytest.approx(abs(2 / 3 - 0.55), abs=1e-6)
    assert result["alone"]["confidence"] == [pytest.approx(0.1, abs=1e-6)]
    gallery = measure.gallery("A", found)
    assert (gallery.labels.tolist(), gallery.read.tolist(), gallery.misses, gallery.n) == ([6], [5], 1, 3)
    assert gallery.images.shape == (1, 28, 28) and gallery.confidence == pytest.approx(0.55)


def test_where_nothing_is_found_as_one_digit_it_is_said() -> None:
    with pytest.raises(UserError, match="none of 1 drawings"):
        measure.found_as_one(FOUND[3:], "A", LABELS[3:])


# -- pages ----------------------------------------------------------------------------------------


def test_the_page_and_the_summary_hold_the_results() -> None:
    *_, pen = small_results()
    measure.check(pen)
    text, summary = page.page(pen), page.summary(pen)
    assert "|  | the network alone | as shown |" in text
    assert text.count("| 90.00% (500 / 5,000) | 97.00% (150 / 5,000) | 94.00% (300 / 5,000) |") == 7 + 2 + 6
    assert "The 5,000 single digits are by\n4 people" in text and "signs by 2 people" in text
    assert "LeNet and MobileNet learned from MNIST alone; ResNet and LineNet from MNIST and the handwriting" in text
    assert "| touching, −0.14 to −0.06 | strokes | 98.50% (3 / 200) | 90.00% (500 / 5,000) |" in text
    assert "| 8 px pen | strokes | 0.20% (10 / 5,000) | 0.20% (10 / 5,000) | 0.20% (10 / 5,000) | 0.04% (2 /" in text
    assert "| ResNet | 1 | 1 | 1 | 1 | 40 / 200 |" in text
    assert "| letters and signs | 94.00% (12 / 200) |" in text and "| letters | 25.00% (15 / 20) |" in text
    assert "Signs in which ResNet most often reads a digit: `h` 8 / 50, `*` 4 / 60.\n" in text
    assert "| **digits, rejected** (should be few) | 0.20% (10 / 5,000) |" in text
    assert "| soft vote | 1.23% | 2.04% | 2.00% | 100 |" in text
    assert "soft vote 97.00% (150 / 5,000); majority vote 97.00% (150 / 5,000)" in text
    assert len(summary.splitlines()) == 2 + 9
    assert "| single digit | 90.00% (500 / 5,000) | 97.00% (150 / 5,000) | 94.00% (300 / 5,000) |" in summary


def test_no_sign_is_listed_where_none_is_taken_for_a_digit() -> None:
    *_, pen = small_results()
    pen["by sign"] = {"T": pen["by sign"]["T"]}
    assert "Signs in which" not in page.page(pen)


def test_results_whose_writers_do_not_add_up_are_refused() -> None:
    *_, pen = small_results()
    del pen["by writer"]["ResNet"]["Kim"]
    with pytest.raises(ValueError, match="another number of digits"):
        measure.check(pen)
