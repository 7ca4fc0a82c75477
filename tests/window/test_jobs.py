"""Jobs and their continuations, without Tk."""

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from digits.errors import UserError
from digits.window import jobs as module
from digits.window.jobs import Jobs

PATIENCE = 10  #: s; reached only when something is broken


class Clock:
    """Stands in for Tk: keeps scheduled calls until they are run."""

    def __init__(self) -> None:
        self.calls: dict[str, Callable[[], object]] = {}
        self._n = 0

    def after(self, ms: int, func: Callable[[], object], /) -> str:
        assert ms > 0
        self._n += 1
        self.calls[f"after#{self._n}"] = func
        return f"after#{self._n}"

    def after_cancel(self, id: str, /) -> None:
        del self.calls[id]

    def tick(self) -> None:
        """Run what is scheduled now."""
        due, self.calls = self.calls, {}
        for func in due.values():
            func()


class Desk:
    """Jobs with a clock, and what their continuations were given."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.progress: list[bool] = []
        self.jobs: Jobs[list[int]] = Jobs(list, self.clock, self.progress.append)
        self.values: list[object] = []
        self.errors: list[str] = []

    def submit(
        self, kind: str, work: Callable[[list[int]], object], long: bool = False, background: bool = False
    ) -> None:
        def failed(error: UserError) -> None:
            self.errors.append(str(error))

        self.jobs.submit(kind, work, self.values.append, failed, long=long, background=background)

    def block(self, kind: str, long: bool = False, background: bool = False) -> threading.Event:
        """Occupy a thread until the returned event is set."""
        gate, started = threading.Event(), threading.Event()

        def work(_: list[int]) -> str:
            started.set()
            gate.wait(PATIENCE)
            return kind

        self.submit(kind, work, long, background)
        assert started.wait(PATIENCE)
        return gate

    def until(self, condition: Callable[[], bool]) -> None:
        """Let time pass until a condition holds."""
        end = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < end
            self.clock.tick()
            time.sleep(0.001)

    def finish(self) -> None:
        """Let time pass until no result is awaited."""
        self.until(lambda: not self.jobs.busy)


@pytest.fixture
def desk() -> Iterator[Desk]:
    made = Desk()
    yield made
    made.jobs.close()


def fail(_: list[int]) -> None:
    raise UserError("no such file")


def test_a_job_s_value_or_error_goes_to_its_own_continuation(desk: Desk) -> None:
    desk.submit("read", lambda resource: [*resource, "value"])
    desk.submit("open", fail)
    desk.finish()
    assert desk.values == [["value"]]
    assert desk.errors == ["no such file"]


def test_results_are_checked_for_only_while_one_is_awaited(desk: Desk) -> None:
    assert not desk.clock.calls
    gate = desk.block("read")
    desk.submit("other", lambda _: 1)
    assert len(desk.clock.calls) == 1
    desk.clock.tick()
    assert len(desk.clock.calls) == 1
    gate.set()
    desk.finish()
    assert not desk.clock.calls


def test_the_newest_job_of_a_kind_replaces_older_ones(desk: Desk) -> None:
    gate = desk.block("read")
    desk.submit("read", lambda _: "older")
    desk.submit("read", lambda _: "newest")
    gate.set()
    desk.finish()
    assert desk.values == ["newest"]


def test_a_dropped_result_is_discarded(desk: Desk) -> None:
    desk.submit("read", lambda _: 1)
    desk.submit("evidence", lambda _: 2, background=True)
    desk.jobs.drop("read")
    desk.jobs.drop("evidence")
    assert not desk.jobs.busy
    desk.submit("read", lambda _: 3)
    desk.finish()
    assert desk.values == [3]


def test_background_jobs_do_not_delay_the_others(desk: Desk) -> None:
    gate = desk.block("open", background=True)
    desk.submit("read", lambda _: "read")
    desk.until(lambda: desk.values == ["read"])
    assert not gate.is_set()
    gate.set()
    desk.finish()
    assert desk.values == ["read", "open"]


def test_a_continuation_may_submit_the_next_job(desk: Desk) -> None:
    def again(value: int) -> None:
        desk.values.append(value)
        if value < 3:
            desk.jobs.submit("count", lambda _: value + 1, again, print)

    desk.jobs.submit("count", lambda _: 1, again, print)
    desk.finish()
    assert desk.values == [1, 2, 3]


def test_a_bug_in_a_job_is_raised_in_the_window_s_thread_and_stops_nothing(desk: Desk) -> None:
    desk.submit("read", lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        desk.finish()
    desk.submit("read", lambda _: "still running")
    desk.finish()
    assert desk.values == ["still running"]


def test_progress_is_shown_for_long_jobs_that_take_a_while(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = desk.block("open", long=True)
    desk.clock.tick()
    assert desk.progress[-1] is False
    monkeypatch.setattr(module, "PATIENCE", 0)
    desk.clock.tick()
    assert desk.progress[-1] is True
    gate.set()
    desk.finish()
    assert desk.progress[-1] is False


def test_no_progress_is_shown_for_other_jobs(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0)
    gate = desk.block("load")
    desk.clock.tick()
    gate.set()
    desk.finish()
    assert set(desk.progress) == {False}


def test_cancelling_discards_long_jobs_and_keeps_the_others(desk: Desk) -> None:
    gate = desk.block("open", long=True, background=True)
    desk.submit("misses", lambda _: "misses", background=True)
    desk.jobs.cancel()
    assert desk.progress[-1] is False
    desk.finish()
    assert not gate.is_set()
    assert desk.values == ["misses"]
    gate.set()


def test_after_closing_nothing_is_scheduled_and_no_continuation_runs(desk: Desk) -> None:
    gate = desk.block("read")
    desk.jobs.close()
    assert not desk.clock.calls
    gate.set()
    desk.submit("read", lambda _: 1)
    assert not desk.clock.calls
    assert desk.values == []


def test_a_continuation_may_close(desk: Desk) -> None:
    desk.jobs.submit("read", lambda _: None, lambda _: desk.jobs.close(), print)
    desk.submit("other", lambda _: time.sleep(0.05))
    desk.until(lambda: not desk.clock.calls)
