"""The thread: newest first, superseded results dropped, errors handed over."""

import gc
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from digits.errors import UserError
from digits.window import worker as module
from digits.window.worker import Job, Worker

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 10  #: s; reached only when something is broken


class Log:
    """Submits jobs and collects what their continuations are given."""

    def __init__(self, worker: Worker[list[int]]) -> None:
        self.worker = worker
        self.values: dict[str, Any] = {}
        self.errors: dict[str, UserError] = {}

    def submit(self, kind: str, work: Callable[[list[int]], object], urgency: int = 0, long: bool = False) -> None:
        def done(value: object) -> None:
            self.values[kind] = value

        def failed(error: UserError) -> None:
            self.errors[kind] = error

        self.worker.submit(Job(kind, work, done, failed, urgency, long))

    def block(self, kind: str, long: bool = False) -> threading.Event:
        """Occupy the thread with a job until the returned event is set."""
        gate, started = threading.Event(), threading.Event()

        def work(_: list[int]) -> bool:
            started.set()
            return gate.wait(PATIENCE)

        self.submit(kind, work, long=long)
        assert started.wait(PATIENCE)
        return gate

    def finish(self) -> None:
        """Run continuations until no result is awaited."""
        end = time.monotonic() + PATIENCE
        while self.worker.busy:
            assert time.monotonic() < end
            for proceed in self.worker.continuations():
                proceed()
            time.sleep(0.001)


@pytest.fixture
def worker() -> Iterator[Worker[list[int]]]:
    made: Worker[list[int]] = Worker(list)
    yield made
    made.close()


@pytest.fixture
def log(worker: Worker[list[int]]) -> Log:
    return Log(worker)


def test_work_is_given_the_resource_and_its_value_to_the_continuation(log: Log) -> None:
    log.submit("read", lambda resource: [*resource, 1])
    assert log.worker.busy
    log.finish()
    assert log.values == {"read": [1]}
    assert log.errors == {}


def test_of_each_kind_only_the_newest_counts(log: Log) -> None:
    started: list[int] = []

    def work(i: int) -> Callable[[list[int]], int]:
        def run(_: list[int]) -> int:
            started.append(i)
            return i

        return run

    gate = log.block("read")
    for i in range(5):
        log.submit("read", work(i))
    log.submit("other", lambda _: "other")
    gate.set()
    log.finish()
    assert log.values == {"read": 4, "other": "other"}
    assert started == [4]


def test_urgent_jobs_run_first(log: Log) -> None:
    order: list[str] = []

    def work(kind: str) -> Callable[[list[int]], None]:
        return lambda _: order.append(kind)

    gate = log.block("first")
    for kind, urgency in (("slow", -1), ("soon", 1), ("now", 2)):
        log.submit(kind, work(kind), urgency)
    gate.set()
    log.finish()
    assert order == ["now", "soon", "slow"]


def test_a_dropped_result_never_comes(log: Log) -> None:
    log.submit("read", lambda _: 1)
    log.worker.drop("read")
    log.submit("other", lambda _: 2)
    log.finish()
    assert log.values == {"other": 2}
    assert not list(log.worker.continuations())


def test_user_errors_are_handed_over_and_others_raised(log: Log) -> None:
    def fail(_: list[int]) -> None:
        raise UserError("no such file")

    log.submit("open", fail)
    log.finish()
    assert str(log.errors["open"]) == "no such file"
    log.submit("open", lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        log.finish()
    log.submit("open", lambda _: "still running")
    log.finish()
    assert log.values["open"] == "still running"


def test_cancelling_does_not_wait_for_the_running_job(log: Log) -> None:
    gate = log.block("open", long=True)
    log.submit("read", lambda _: "read")
    assert log.worker.waiting_long() > 0
    log.worker.cancel_long()
    assert log.worker.waiting_long() == 0
    log.finish()
    assert not gate.is_set()
    assert log.values == {"read": "read"}
    gate.set()
    log.submit("read", lambda _: "again")
    log.finish()
    assert log.values == {"read": "again"}


def test_cancelling_leaves_a_thread_without_long_jobs_alone(log: Log) -> None:
    gate = log.block("read")
    log.worker.cancel_long()
    gate.set()
    log.finish()
    assert log.values == {"read": True}


def test_the_program_exits_cleanly_in_the_middle_of_a_job() -> None:
    code = (
        "import threading, cv2, numpy as np\n"
        "from digits.window.worker import Job, Worker\n"
        "started = threading.Event()\n"
        "def work(_):\n"
        "    started.set()\n"
        "    return [cv2.GaussianBlur(np.zeros((900, 900)), (31, 31), 0) for _ in range(20)]\n"
        "Worker(list).submit(Job('read', work, print, print))\n"
        "started.wait()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_closing_ends_the_thread_after_its_job() -> None:
    before = set(threading.enumerate())
    log = Log(Worker(list))
    (thread,) = set(threading.enumerate()) - before
    gate = log.block("read")
    log.worker.close()
    assert thread.is_alive()
    gate.set()
    thread.join(PATIENCE)
    assert not thread.is_alive()


class Large:
    """Stands for a photograph."""


def test_a_waiting_thread_holds_neither_its_last_job_nor_the_result(log: Log) -> None:
    large = Large()
    held = weakref.ref(large)
    log.worker.submit(Job("open", lambda _, large=large: Large(), lambda _: None, lambda _: None))  # type: ignore[misc]
    del large
    log.finish()
    end = time.monotonic() + PATIENCE
    while held() is not None and time.monotonic() < end:
        gc.collect()
        time.sleep(0.001)
    assert held() is None


def test_cancelled_threads_leave_nothing_behind(log: Log) -> None:
    before = set(module._running)
    for _ in range(5):
        gate = log.block("open", long=True)
        log.worker.cancel_long()
        gate.set()
    end = time.monotonic() + PATIENCE
    while len(set(module._running) - before) > 1 and time.monotonic() < end:
        time.sleep(0.001)
    assert len(set(module._running) - before) == 1, "the worker's new thread only"
