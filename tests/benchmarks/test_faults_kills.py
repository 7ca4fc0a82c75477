import os
from pathlib import Path

import pytest

from benchmarks.faults import kills
from benchmarks.faults.kills import KILLS, REFUSALS, KillMetrics, Scenario, compare, leftovers
from benchmarks.faults.scenarios import Headless, MyHandwriting, Publishing, scenarios
from digits.errors import UserError
from tests.benchmarks import planted

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs a POSIX system")


def killed(make: type[Scenario], n: int, found: Path, kinds: tuple[str, ...] = KILLS) -> KillMetrics:
    (metrics,) = kills.run([make], n, 0, found, kinds)
    assert sum(metrics["at"].values()) == metrics["n"] >= min(n, metrics["changes"])
    return metrics


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (planted.Careless, "mix: ['two.txt'] are old, ['one.txt'] are new"),
        (planted.Overwriting, "lost: one.txt"),
        (planted.Stubborn, "repeating it ends with 1: UserError: no"),
        (planted.Littering, "leftovers: .partial-"),
    ],
)
def test_a_planted_fault_is_found_and_what_it_left_is_kept(make: type[Scenario], said: str, tmp_path: Path) -> None:
    metrics = killed(make, 20, tmp_path)
    assert any(fault["what"].startswith(said) for fault in metrics["faults"])
    assert sum(metrics["wrong"].values()) >= 1
    assert bool(sum(metrics["mixed"].values())) == said.startswith(("mix", "lost"))
    assert any(path.read_text(encoding="utf-8").startswith(said) for path in tmp_path.glob("*/what.txt"))


def test_half_a_file_is_found_where_a_process_is_killed_in_a_write(tmp_path: Path) -> None:
    metrics = killed(planted.Overwriting, 10, tmp_path, ("cut",))
    assert metrics["mixed"]["cut"] and "lost: one.txt" in metrics["faults"][0]["what"]


def test_a_command_that_does_not_work_is_not_killed(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"broken: the undisturbed change ends with 1 \(ValueError: a mistake"):
        killed(planted.Broken, 10, tmp_path)


def test_a_traceback_is_no_answer_to_a_full_disk(tmp_path: Path) -> None:
    metrics = killed(planted.Careless, 9, tmp_path, REFUSALS)
    assert metrics["wrong"]["full"] and "a traceback: OSError" in str(metrics["faults"])


def test_old_and_new_are_told_apart() -> None:
    old, new = {"a": b"1", "b": b"1", "c": b"0"}, {"a": b"2", "b": b"2", "c": b"0"}
    assert compare(old, old, new) == "old" and compare(new, old, new) == "new"
    assert compare({**new, "a": b"1"}, old, new).startswith("mix: ['a'] are old, ['b'] are new")
    assert compare({"a": b"2", "c": b"0"}, old, new) == "lost: b"
    assert compare({**new, "a": b""}, old, new).startswith("lost: a is neither")


def test_leftovers_are_named(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / ".incoming-1-a").touch()
    (tmp_path / ".lock").touch()
    assert leftovers(tmp_path) == [os.path.join("models", ".incoming-1-a")]


@pytest.mark.parametrize("make", [Publishing, MyHandwriting])
def test_whatever_kills_a_process_leaves_all_old_or_all_new(make: type[Scenario], tmp_path: Path) -> None:
    metrics = killed(make, 24, tmp_path)
    assert metrics["faults"] == [] and min(metrics["at"][kind] for kind in ("kill", "cut")) >= 3


@pytest.mark.parametrize("make", [Publishing, MyHandwriting])
def test_ctrl_c_and_a_disk_that_refuses_leave_all_old_or_all_new(make: type[Scenario], tmp_path: Path) -> None:
    metrics = killed(make, 12, tmp_path, REFUSALS)
    assert metrics["faults"] == [] and min(metrics["at"].values()) >= 1


@pytest.mark.skipif(Headless not in scenarios(), reason="there is no --output yet")
def test_a_killed_reading_of_many_pages_goes_on_without_reading_one_twice(tmp_path: Path) -> None:
    assert killed(Headless, 12, tmp_path)["faults"] == []
