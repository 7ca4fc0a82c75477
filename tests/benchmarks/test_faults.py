import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from benchmarks.faults import driving, fuzz, inputs, kills, mutate, page
from benchmarks.faults.__main__ import FULL, main
from benchmarks.faults.driving import EventMetrics
from benchmarks.faults.inputs import KindMetrics
from benchmarks.faults.kills import KILLS, KillMetrics
from benchmarks.faults.page import Results
from benchmarks.faults.readers import KINDS
from tests.benchmarks.small_faults import CLEAN_EVENTS, CLEAN_INPUTS, CLEAN_KILLS, FAULTY_INPUTS, MIXED, clean


def results(**parts: object) -> Results:
    value: Results = {"seed": 3, "platform": "Linux x86_64, Python 3.11.7"}
    return {**value, **parts}  # type: ignore[typeddict-item]


def test_the_summary_counts_what_survived() -> None:
    found = results(kills=[CLEAN_KILLS, MIXED], inputs=[CLEAN_INPUTS, FAULTY_INPUTS], events=CLEAN_EVENTS)
    table = page.summary(found)
    assert "| SIGKILL before a call that writes | 12 | 10 | 1 |" in table
    assert "| killed in the middle of a write | 8 | 8 | 0 |" in table
    assert (
        "| damaged file given to a reader | 2,400 | 2,397 |  | read, or refused in one line; at most 900 MB and 0.5 s |"
        in table
    )
    memory = "memory +1 MB, first to last +2 MB"
    assert f"| random event in the window | 1,003 | 1,003 |  | no exception; {memory} |" in table
    assert len(table.splitlines()) == 2 + 3 + 2


def test_the_page_names_what_did_not_survive() -> None:
    text = page.page(results(kills=[CLEAN_KILLS, MIXED], inputs=[CLEAN_INPUTS, FAULTY_INPUTS], events=CLEAN_EVENTS))
    assert "seed 3" in text and "- study: mix: a is old (kill at 7)" in text
    assert "- image: ValueError page.py:12 (3 times, first in 17)" in text
    assert "| study | 200 | 6 | 4 | 2 | 10 / 12 | 1 | 1.2 s |" in text
    assert "300, 305, 302 MB" in text


@pytest.mark.parametrize(
    ("found", "clean"),
    [
        (clean(), True),
        (results(kills=[MIXED]), False),
        (results(refusals=[MIXED]), False),
        (results(inputs=[FAULTY_INPUTS]), False),
        (results(events={**CLEAN_EVENTS, "memory": [300.0, 351.0]}), False),
        (results(events={**CLEAN_EVENTS, "memory": [300.0, 310.0, 320.0, 330.0, 340.0, 370.0, 380.0, 390.0]}), False),
        ({**clean(), **results(events={**CLEAN_EVENTS, "memory": [300.0, 290.0, 310.0, 300.0, 310.0, 400.0]})}, True),
        (results(events={**CLEAN_EVENTS, "exceptions": [{"what": "x", "traceback": "x", "n": 1}]}), False),
    ],
)
def test_one_fault_is_enough(found: Results, clean: bool) -> None:
    assert page.clean(found) == clean


@pytest.mark.parametrize("part", ["kills", "refusals", "inputs", "events"])
def test_results_without_a_part_are_not_published(part: str) -> None:
    page.check(clean())
    without: Any = {name: value for name, value in clean().items() if name != part}
    with pytest.raises(LookupError):
        page.check(without)
    with pytest.raises(ValueError):
        page.check(without | {part: {"memory": []} if part == "events" else []})


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The parts answer at once; what was asked of them is listed."""
    asked: list[str] = []

    def killing(_: object, n: int, seed: int, found: Path, kinds: Sequence[str], report: object) -> list[KillMetrics]:
        asked.append(f"{'kills' if kinds == KILLS else 'refusals'} {n} {seed}")
        return [CLEAN_KILLS]

    def reading(_: object, n: int, seed: int, found: Path, report: object) -> list[KindMetrics]:
        asked.append(f"inputs {n} {seed}")
        return [FAULTY_INPUTS]

    def drive(n: int, seed: int) -> EventMetrics:
        asked.append(f"events {n} {seed}")
        return CLEAN_EVENTS

    monkeypatch.setattr(kills, "run", killing)
    monkeypatch.setattr(inputs, "run", reading)
    monkeypatch.setattr(driving, "run", drive)
    return asked


def test_the_parts_are_run_and_written(quick: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    counts = ["--kills", "50", "--inputs", "30", "--events", "20", "--seed", "4"]
    assert main([*counts, "--output", str(tmp_path)]) == 1  # an input had a fault
    assert quick == ["kills 50 4", "refusals 10 4", "inputs 30 4", "events 20 4"]
    written = json.loads((tmp_path / "faults.json").read_text(encoding="utf-8"))
    assert set(written) == set(Results.__annotations__)
    assert (tmp_path / "faults.md").read_text(encoding="utf-8") == page.page(written)
    assert "image: ValueError page.py:12" in capsys.readouterr().out


def test_a_part_alone_completes_what_is_there(quick: list[str], tmp_path: Path) -> None:
    assert main(["--only", "kills", "--output", str(tmp_path)]) == 0
    assert main(["--only", "events", "--output", str(tmp_path)]) == 0
    assert set(json.loads((tmp_path / "faults.json").read_text(encoding="utf-8"))) >= {"kills", "events"}
    assert main(["--only", "events", "--seed", "1", "--output", str(tmp_path)]) == 0
    assert "kills" not in json.loads((tmp_path / "faults.json").read_text(encoding="utf-8"))  # they were of seed 0


@pytest.mark.parametrize("options", [["--only", "kills"], ["--kills", "499"], ["--inputs", "5"], ["--events", "5"]])
def test_a_quick_look_never_replaces_the_published_results(
    options: list[str], quick: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(options)
    said = capsys.readouterr().err
    assert len(said.splitlines()) == 1 and "go with --output DIR" in said and not quick


@pytest.mark.parametrize("option", ["--kills", "--inputs", "--events"])
def test_a_bad_number_is_answered_in_one_line(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main([option, "0"])
    said = capsys.readouterr().err
    assert len(said.splitlines()) == 1 and "whole number of at least 1" in said


def test_the_published_numbers_of_tries() -> None:
    assert FULL == {"kills": 500, "inputs": 100_000, "events": 20_000}


def test_a_thousand_damaged_files_are_read_or_refused_in_one_line(tmp_path: Path) -> None:
    found = inputs.run(KINDS, 1000, 1, tmp_path / "found", longest=60)  # other tests run beside it
    assert {metrics["kind"] for metrics in found} == {kind.name for kind in KINDS}
    assert sum(metrics["n"] for metrics in found) >= 1000
    assert {metrics["kind"]: metrics["faults"] for metrics in found if metrics["faults"]} == {}
    assert max(metrics["peak"] for metrics in found) * 1e6 < inputs.MOST


def test_fuzzing_without_atheris_says_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "atheris", None)
    assert fuzz.main(["strokes"]) == 2
    said = capsys.readouterr().err
    assert len(said.splitlines()) == 1 and "atheris is missing; CONTRIBUTING.md says" in said


@pytest.mark.parametrize("target", fuzz.TARGETS)
def test_what_is_fuzzed_reads_whole_files(target: str, tmp_path: Path) -> None:
    prepare, draw = fuzz.TARGETS[target]
    for item in draw():
        prepare()(mutate.place(item, tmp_path))
