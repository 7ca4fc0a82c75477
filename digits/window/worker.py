"""A thread for slow work; it never touches the window.

Only the newest job of each kind counts: an older one is skipped if it has not started, and its
result is discarded if it has.
"""

import atexit
import os
import queue
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Generic, TypeVar

from digits.errors import UserError

Resource = TypeVar("Resource")
Value = TypeVar("Value")


@dataclass(frozen=True, eq=False)
class Job(Generic[Resource, Value]):
    """Work for the thread, and what to do with its result.

    Attributes:
        kind: a newer job replaces an older one of the same kind.
        work: called in the worker's thread with the thread's resource.
        done: called in the window's thread with the value of ``work``.
        failed: called in the window's thread with the UserError that ``work`` raised.
        urgency: the job with the highest runs first; among equals the oldest.
        long: may take long, so that its progress is shown and it can be cancelled.
        submitted: when, in seconds of the monotonic clock.
    """

    kind: str
    work: Callable[[Resource], Value]
    done: Callable[[Value], object]
    failed: Callable[[UserError], object]
    urgency: int = 0
    long: bool = False
    submitted: float = field(default_factory=time.monotonic)


#: The threads that have not ended, with what ends them.
_running: "dict[threading.Thread, tuple[queue.Queue[Any], threading.Event]]" = {}


@dataclass(frozen=True, eq=False)
class _Outcome(Generic[Resource]):
    job: Job[Resource, Any]
    value: Any = None
    error: Exception | None = None


class Worker(Generic[Resource]):
    """Runs jobs on a thread, with a resource that only this thread uses."""

    def __init__(self, make_resource: Callable[[], Resource]) -> None:
        """Start the thread, which first calls ``make_resource``."""
        self._make_resource = make_resource
        self._wanted: dict[str, Job[Resource, Any]] = {}
        self._start()

    def submit(self, job: Job[Resource, Any]) -> None:
        """Run a job, in place of an older one of its kind."""
        self._wanted[job.kind] = job
        self._jobs.put(job)

    def drop(self, kind: str) -> None:
        """Discard the result of this kind of job, if one is awaited."""
        self._wanted.pop(kind, None)

    def continuations(self) -> Iterator[Callable[[], object]]:
        """For each awaited job that has finished since the last call: ``done`` or ``failed`` with its argument.

        Raises:
            Exception: what a job raised other than UserError, that is, a bug.
        """
        while True:
            try:
                outcome = self._outcomes.get_nowait()
            except queue.Empty:
                return
            job, error = outcome.job, outcome.error
            if self._wanted.get(job.kind) is not job:
                continue
            del self._wanted[job.kind]
            if error is None:
                yield partial(job.done, outcome.value)
            elif isinstance(error, UserError):
                yield partial(job.failed, error)
            else:
                raise error

    @property
    def busy(self) -> bool:
        """Whether a result is awaited."""
        return bool(self._wanted)

    def waiting_long(self) -> float:
        """Seconds since the oldest awaited job marked ``long`` was submitted; 0 without one."""
        submitted = [job.submitted for job in self._wanted.values() if job.long]
        return time.monotonic() - min(submitted) if submitted else 0.0

    def cancel_long(self) -> None:
        """Discard all jobs marked ``long``. The thread is abandoned, and a new one takes over the other jobs."""
        remaining = {kind: job for kind, job in self._wanted.items() if not job.long}
        if len(remaining) == len(self._wanted):
            return
        self._wanted = remaining
        self.close()
        self._start()
        for job in remaining.values():
            self._jobs.put(job)

    def close(self) -> None:
        """End the thread after its current job."""
        self._stop.set()
        self._jobs.put(None)

    def _start(self) -> None:
        self._jobs: queue.Queue[Job[Resource, Any] | None] = queue.Queue()
        self._outcomes: queue.Queue[_Outcome[Resource]] = queue.Queue()
        self._stop = threading.Event()
        arguments = (self._make_resource, self._jobs, self._outcomes, self._stop)
        thread = threading.Thread(target=_run, args=arguments, name="worker", daemon=True)
        _running[thread] = self._jobs, self._stop
        thread.start()


def _run(
    make_resource: Callable[[], Resource],
    jobs: "queue.Queue[Job[Resource, Any] | None]",
    outcomes: "queue.Queue[_Outcome[Resource]]",
    stop: threading.Event,
) -> None:
    """Run jobs until ``stop``; while it waits for one, it holds none of those before, which may be large."""
    try:
        resource = make_resource()
        pending: dict[str, Job[Resource, Any]] = {}
        while not stop.is_set():
            if pending and jobs.empty():
                kind = max(pending, key=lambda kind: (pending[kind].urgency, -pending[kind].submitted))
                outcomes.put(_outcome(resource, pending.pop(kind)))
            else:
                pending.update(_received(jobs))
    finally:
        del _running[threading.current_thread()]


def _received(jobs: "queue.Queue[Job[Resource, Any] | None]") -> dict[str, Job[Resource, Any]]:
    """Wait for a job."""
    job = jobs.get()
    return {} if job is None else {job.kind: job}


def _outcome(resource: Resource, job: Job[Resource, Any]) -> _Outcome[Resource]:
    try:
        return _Outcome(job, job.work(resource))
    except Exception as error:  # raised again, or reported, in the window's thread
        return _Outcome(job, error=error)


@atexit.register
def _finish() -> None:
    """Wait for the current jobs at exit: a thread killed inside OpenCV would crash the process."""
    for thread, (jobs, stop) in list(_running.items()):
        stop.set()
        jobs.put(None)
        try:
            thread.join()
        except KeyboardInterrupt:  # asked for twice
            os._exit(130)
