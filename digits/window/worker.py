"""One thread for all that takes time; it never touches the window.

The window submits jobs and looks now and then for answers. Of each kind of job only the newest
counts: older ones are not begun, and if one has begun, its answer is dropped.
"""

import atexit
import queue
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from digits.errors import UserError

Tool = TypeVar("Tool")


@dataclass(frozen=True)
class Answer:
    """What became of a job: its value, or the error that a person is shown."""

    kind: str
    value: Any
    error: UserError | None = None


@dataclass(frozen=True)
class _Job(Generic[Tool]):
    kind: str
    urgency: int
    submitted: float
    work: Callable[[Tool], Any]


@dataclass(frozen=True)
class _Done(Generic[Tool]):
    job: _Job[Tool]
    value: Any
    error: Exception | None


class Worker(Generic[Tool]):
    """Runs jobs with a tool that only its thread uses."""

    def __init__(self, make_tool: Callable[[], Tool]) -> None:
        """Start the thread, which begins by calling ``make_tool``."""
        self._make_tool = make_tool
        self._wanted: dict[str, _Job[Tool]] = {}
        self._start()

    def submit(self, kind: str, work: Callable[[Tool], Any], urgency: int = 0) -> None:
        """Ask for ``work(tool)``. It takes the place of an older job of its kind; more urgent kinds go first."""
        job = _Job(kind, urgency, time.monotonic(), work)
        self._wanted[kind] = job
        self._jobs.put(job)

    def drop(self, kind: str) -> None:
        """Say that the answer of this kind is no longer wanted."""
        self._wanted.pop(kind, None)

    def answers(self) -> Iterator[Answer]:
        """What has been finished since the last call and is still wanted.

        Raises:
            Exception: what a job raised that is no :class:`UserError`, a mistake in the program.
        """
        while True:
            try:
                done = self._done.get_nowait()
            except queue.Empty:
                return
            kind = done.job.kind
            if self._wanted.get(kind) is not done.job:
                continue
            del self._wanted[kind]
            if done.error is not None and not isinstance(done.error, UserError):
                raise done.error
            yield Answer(kind, done.value, done.error)

    def waiting(self, *kinds: str) -> float:
        """For how many seconds the oldest wanted answer of these kinds is due, of all kinds without any; 0 for none."""
        since = [job.submitted for kind, job in self._wanted.items() if not kinds or kind in kinds]
        return time.monotonic() - min(since) if since else 0.0

    def cancel(self, *kinds: str) -> None:
        """Drop these kinds, if they are wanted: the thread is left to its job, another takes over what is wanted."""
        if not self._wanted.keys() & set(kinds):
            return
        for kind in kinds:
            self.drop(kind)
        self.close()
        self._start()
        for job in self._wanted.values():
            self._jobs.put(job)

    def close(self) -> None:
        """Let the thread end after the job it is at."""
        self._stop.set()
        self._jobs.put(None)

    def _start(self) -> None:
        self._jobs: queue.Queue[_Job[Tool] | None] = queue.Queue()
        self._done: queue.Queue[_Done[Tool]] = queue.Queue()
        self._stop = threading.Event()
        parts = (self._make_tool, self._jobs, self._done, self._stop)
        thread = threading.Thread(target=_run, args=parts, name="worker", daemon=True)
        thread.start()
        atexit.register(_finish, thread, self._jobs, self._stop)


def _run(
    make_tool: Callable[[], Tool],
    jobs: "queue.Queue[_Job[Tool] | None]",
    done: "queue.Queue[_Done[Tool]]",
    stop: threading.Event,
) -> None:
    tool = make_tool()
    pending: dict[str, _Job[Tool]] = {}
    while not stop.is_set():
        if pending and jobs.empty():
            job = max(pending.values(), key=lambda job: (job.urgency, -job.submitted))
            del pending[job.kind]
            done.put(_work(tool, job))
        elif (newest := jobs.get()) is not None:
            pending[newest.kind] = newest


def _finish(thread: threading.Thread, jobs: "queue.Queue[_Job[Tool] | None]", stop: threading.Event) -> None:
    """At the program's end wait for the job at hand: a thread stopped within OpenCV would take the process down."""
    stop.set()
    jobs.put(None)
    thread.join()


def _work(tool: Tool, job: _Job[Tool]) -> _Done[Tool]:
    try:
        return _Done(job, job.work(tool), None)
    except Exception as error:  # handed over, and raised in the window's thread
        return _Done(job, None, error)
