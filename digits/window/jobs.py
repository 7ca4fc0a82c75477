"""Slow work: it runs on a thread, and its continuation in the window's thread. No widgets.

There are two threads, each with a resource of its own: the foreground reads the drawing, and the
background does everything that a new stroke must not wait for. A third writes files: what it has accepted
it finishes, one file after another.
"""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Generic, Protocol

from digits.errors import UserError
from digits.window.worker import Job, Resource, Value, Worker

INTERVAL = 2  #: ms between two checks for results while any is awaited
PATIENCE = 0.3  #: s after which the progress of a long job is shown


class Scheduler(Protocol):
    """Calls functions later in the window's thread, as a Tk widget does."""

    def after(self, ms: int, func: Callable[[], object], /) -> str:
        """Call a function in ``ms`` milliseconds; returns an identifier for :meth:`after_cancel`."""

    def after_cancel(self, id: str, /) -> None:
        """Cancel a call that has not been made yet."""


@dataclass(frozen=True, eq=False)
class _Write:
    future: Future[None]
    done: Callable[[], object]
    failed: Callable[[UserError], object]


class Jobs(Generic[Resource]):
    """Submits jobs and runs their continuations."""

    def __init__(
        self, make_resource: Callable[[], Resource], scheduler: Scheduler, show_progress: Callable[[bool], object]
    ) -> None:
        """Start both threads.

        Args:
            make_resource: called once in each thread; each job is given its thread's resource.
            scheduler: any widget, or a substitute in tests.
            show_progress: called with whether a job marked ``long`` has been awaited for some time.
        """
        self._foreground = Worker(make_resource)
        self._background = Worker(make_resource)
        self._workers = (self._foreground, self._background)
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="writer")
        self._writes: list[_Write] = []  # whose continuations have not run
        self._scheduler = scheduler
        self._show_progress = show_progress
        self._pumping: str | None = None
        self._closed = False

    def submit(
        self,
        kind: str,
        work: Callable[[Resource], Value],
        done: Callable[[Value], object],
        failed: Callable[[UserError], object],
        *,
        urgency: int = 0,
        long: bool = False,
        background: bool = False,
    ) -> None:
        """Run ``work`` on a thread, then ``done`` or ``failed`` in the window's thread.

        Args:
            kind: the job replaces an older one of the same kind on the same thread.
            work: given the thread's resource.
            done: given the value of ``work``.
            failed: given the UserError that ``work`` raised. Any other exception is raised in the window's thread.
            urgency: more urgent jobs run first.
            long: the job's progress is shown after 0.3 s, and :meth:`cancel` discards it.
            background: use the background thread.
        """
        worker = self._background if background else self._foreground
        worker.submit(Job(kind, work, done, failed, urgency, long))
        self._schedule()

    def write(
        self, work: Callable[[], None], done: Callable[[], object], failed: Callable[[UserError], object]
    ) -> None:
        """Write a file with ``work`` on a thread, then call ``done``, or ``failed`` with the UserError that it raised.

        Nothing replaces it or cancels it, and :meth:`close` waits for it.
        """
        self._writes.append(_Write(self._writer.submit(work), done, failed))
        self._schedule()

    @property
    def writing(self) -> bool:
        """Whether a file is not written yet, or ``done`` or ``failed`` not called."""
        return bool(self._writes)

    def drop(self, kind: str) -> None:
        """Discard the result of this kind of job, if one is awaited."""
        for worker in self._workers:
            worker.drop(kind)

    def cancel(self) -> None:
        """Discard all long jobs at once, without waiting for those that are running."""
        for worker in self._workers:
            worker.cancel_long()
        self._show_progress(False)

    @property
    def busy(self) -> bool:
        """Whether a result is awaited."""
        return self.writing or any(worker.busy for worker in self._workers)

    def close(self) -> list[UserError]:
        """Stop checking for results; each thread ends after its current job, but all files are written.

        Returns:
            Why some could not be.
        """
        self._closed = True
        if self._pumping is not None:
            self._scheduler.after_cancel(self._pumping)
            self._pumping = None
        for worker in self._workers:
            worker.close()
        self._writer.shutdown()
        errors = [write.future.exception() for write in self._writes]
        return [error for error in errors if isinstance(error, UserError)]

    def _schedule(self) -> None:
        if self._pumping is None and not self._closed:
            self._pumping = self._scheduler.after(INTERVAL, self._pump)

    def _pump(self) -> None:
        """Run the continuations of all jobs that have finished."""
        self._pumping = None
        try:
            for worker in self._workers:
                for proceed in worker.continuations():
                    proceed()
            while not self._closed and self._writes and self._writes[0].future.done():
                self._written(self._writes.pop(0))
        finally:
            if not self._closed:
                self._show_progress(any(worker.waiting_long() > PATIENCE for worker in self._workers))
            if self.busy:
                self._schedule()

    def _written(self, write: _Write) -> None:
        """Run the continuation of a file; a bug is raised here."""
        try:
            write.future.result()
        except UserError as error:
            write.failed(error)
        else:
            write.done()
