"""A function called in many processes of this machine, which end with this one; on joblib."""

import os
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from multiprocessing import resource_tracker
from typing import Any, TypeVar

Item = TypeVar("Item")
Value = TypeVar("Value")

WATCH = 0.5  #: seconds after which a process looks again whether the one that started it is still there
PATIENCE = 8.0  #: seconds after Ctrl-C in which joblib may tidy up


def available_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def mapped(
    function: Callable[[Item], Value], items: Iterable[Item], processes: int, ordered: bool = True
) -> Iterator[Value]:
    """Call a function for each item in processes of their own.

    Items are taken, in a thread of this process, two for each process ahead of those that are done; so as many values
    may wait.

    Args:
        function: to call; it can be pickled.
        items: that can be pickled.
        processes: how many.
        ordered: whether values come in the order of the items, or as they are ready.

    Raises:
        ChildProcessError: a process was killed, for example because the memory did not suffice.
    """
    import joblib  # takes a quarter of a second
    from joblib.externals.loky import get_reusable_executor
    from joblib.externals.loky.process_executor import TerminatedWorkerError

    warnings.filterwarnings("ignore", "A worker stopped", UserWarning)  # joblib replaces one that has grown too large
    warnings.filterwarnings("ignore", ".*tasks which were still being processed", UserWarning)  # after Ctrl-C
    parallel = joblib.Parallel(
        processes,
        backend="loky",
        return_as="generator" if ordered else "generator_unordered",
        batch_size=1,
        **ending_with_this(),
    )
    hook, done = threading.excepthook, False
    threading.excepthook = partial(_said_by_a_thread, hook)
    try:
        with starting():
            values = parallel(joblib.delayed(function)(item) for item in items)
        yield from values
        done = True
    except TerminatedWorkerError as error:
        raise ChildProcessError("a process was killed") from error
    except KeyboardInterrupt:
        _end_within(PATIENCE)
        raise
    finally:
        # Also what is running, after Ctrl-C; but processes that are killed leave files behind, of which joblib warns.
        # Without ``reuse`` this would first wait until joblib's pool is done.
        get_reusable_executor(reuse=True, kill_workers=not done).shutdown(kill_workers=not done)
        threading.excepthook = hook


@contextmanager
def starting() -> Iterator[None]:
    """Start worker processes in the block: Ctrl-C is for this process alone, and comes once they have been started.

    A worker would print where it was interrupted until it has come to :func:`_end_with`, so that it is started with
    SIGINT blocked, and so is one that later replaces it: joblib starts that in a thread that it starts here. A
    process whose threads all block the signal gets it when one no longer does; if another thread of this process
    receives it, it is raised again at the end.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    numbers = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {number: handler for number in numbers if callable(handler := signal.getsignal(number))}
    for number in before:
        signal.signal(number, lambda number, _: came.append(number))
    mask = None
    try:
        if sys.platform != "win32":
            resource_tracker.ensure_running()  # when Python 3.11 starts it, it lets SIGINT through again
            mask = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
        yield
    finally:
        if sys.platform != "win32" and mask is not None:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        for number, handler in before.items():
            signal.signal(number, handler)
        for number in came[:1]:
            signal.raise_signal(number)


def _said_by_a_thread(hook: Callable[[Any], Any], failure: Any) -> None:
    """Pass on what a thread fails with, but for loky's that stumbles over a task that was just given up."""
    flags = getattr(failure.thread, "executor_flags", None)
    if not (flags and flags.shutdown):
        hook(failure)


def _end_within(seconds: float) -> None:
    """End this process after that time if joblib still waits for something then."""

    def end() -> None:
        time.sleep(seconds)
        os._exit(128 + signal.SIGINT)

    threading.Thread(target=end, daemon=True).start()


def ending_with_this() -> dict[str, Any]:
    """Arguments of ``joblib.Parallel`` that let its processes end with this one, however it ends."""
    return {"initializer": _end_with, "initargs": (os.getpid(),)}


def _end_with(parent: int) -> None:
    """Let this process end when the one that started it has: it may have been killed, and could not say so."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the caller, who then ends this process
    threading.Thread(target=_watch, args=[parent], daemon=True).start()


def _watch(parent: int) -> None:
    if sys.platform == "win32":
        import _winapi

        handle = _winapi.OpenProcess(_winapi.SYNCHRONIZE, False, parent)
        _winapi.WaitForSingleObject(handle, _winapi.INFINITE)
    else:
        while os.getppid() == parent:
            time.sleep(WATCH)
    os._exit(1)
