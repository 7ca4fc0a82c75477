"""Tasks to processes of this machine (joblib) or to a Dask cluster; yields results as they arrive.

A task that fails comes back as its error, and the others continue. Results travel back to the caller, who is the only
one to write files: workers share no disk.
"""

import io
import logging
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import joblib
import numpy as np

from digits.errors import UserError, reason
from digits.learning.dataset import Dataset
from digits.learning.handwriting import Character, Handwriting
from digits.processes import mapped
from digits.study.cell import Result, Task

if TYPE_CHECKING:
    from distributed import Client

Runner = Callable[[Task, Dataset, Handwriting | None], Result]
Pool = Callable[[Sequence[Task]], Iterator["Outcome"]]
CONNECT = 5.0  #: seconds for a scheduler to answer
WAIT = 30.0  #: seconds for its first worker
START = "PYTHONPATH=. dask worker ADDRESS --nthreads 1"


@dataclass(frozen=True)
class Outcome:
    """What came back: a result, or what went wrong in one line."""

    task: Task
    result: Result | None
    error: str = ""


@contextmanager
def pool(
    cluster: str | None,
    processes: int | None,
    dataset: Dataset,
    runner: Runner,
    handwriting: Handwriting | None = None,
) -> Iterator[tuple[Pool, str]]:
    """What runs tasks, and where, in words: the Dask cluster at an address, or processes of this machine.

    Args:
        cluster: a scheduler's address; None for this machine.
        processes: of this machine; None for as many as there are cores.
        dataset, runner, handwriting: for every task.

    Raises:
        UserError: the cluster is not there.
    """
    given: dict[str, Any] = {"dataset": dataset, "handwriting": handwriting, "runner": runner}
    if cluster is not None:
        with connected(cluster) as client:
            yield partial(on_cluster, **given, client=client), f"the cluster at {cluster}"
    else:
        processes = processes or joblib.cpu_count()
        place = f"{processes} {'process' if processes == 1 else 'processes'}"
        yield partial(locally, **given, processes=processes), place


def locally(
    tasks: Sequence[Task], dataset: Dataset, handwriting: Handwriting | None, runner: Runner, processes: int
) -> Iterator[Outcome]:
    """Run the tasks in processes of their own, in the order given; outcomes come as they are ready.

    Raises:
        UserError: a process was killed, for example because the memory did not suffice.
    """
    try:
        guarded = partial(_guarded, runner, dataset, _packed_handwriting(handwriting))
        yield from mapped(guarded, tasks, min(processes, len(tasks)), ordered=False)
    except ChildProcessError as error:
        raise UserError(
            "a worker process was killed, probably out of memory; finished cells are kept. "
            "To continue, repeat the command, with --workers 1 if necessary"
        ) from error


def on_cluster(
    tasks: Sequence[Task], dataset: Dataset, handwriting: Handwriting | None, runner: Runner, client: "Client"
) -> Iterator[Outcome]:
    """Run the tasks on a Dask cluster; those of a worker that is lost are run by another.

    Through Dask's client and not ``joblib.parallel_config("dask")``: with joblib 1.6.0 and distributed 2026.8.0
    a task whose workers were killed more often than the scheduler allows never comes back, and the study
    would wait for it forever. The data is a task's result, too, which the scheduler can make again on
    another worker; what ``scatter`` has sent is lost with the worker that holds it.
    """
    from distributed import as_completed

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Sending large graph")
        data = client.submit(_unpacked, _packed(dataset), pure=False)
        written = client.submit(_unpacked_handwriting, _packed_handwriting(handwriting), pure=False)
        waiting = {
            client.submit(runner, task, data, written, pure=False, priority=-index): task
            for index, task in enumerate(tasks)
        }
    for future in as_completed(list(waiting), loop=client.loop):
        task = waiting.pop(future)
        try:
            yield Outcome(task, future.result())
        except Exception as error:  # whatever the task raised, or KilledWorker
            if client.status not in ("running", "connecting"):
                raise UserError("the cluster's scheduler is gone; finished cells are kept") from error
            yield Outcome(task, None, _message(error))


@contextmanager
def connected(address: str) -> Iterator["Client"]:
    """A client of the scheduler at ``address`` with at least one worker.

    Raises:
        UserError: Dask is not installed, no scheduler answers, or no worker comes.
    """
    try:
        from distributed import Client
    except ImportError as error:
        raise UserError("--cluster needs Dask: pip install -r requirements-cluster.txt") from error
    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # errors are reported in one line

    class Silent(Client):
        """One that never connected would complain when it is forgotten, after seconds."""

        def __del__(self) -> None:
            pass

    try:
        client = Silent(address, timeout=CONNECT, set_as_default=False)
    except Exception as error:  # whatever an address that makes no sense, or an answer that makes none, leads to
        raise UserError(
            f"no Dask scheduler answers at {address} ({reason(error)}); start one with: dask scheduler"
        ) from error
    with client:
        try:
            client.wait_for_workers(1, timeout=WAIT)
        except TimeoutError as error:
            start = START.replace("ADDRESS", address)
            raise UserError(f"the cluster at {address} has no worker; start one here with: {start}") from error
        yield client


def _guarded(runner: Runner, dataset: Dataset, packed: bytes, task: Task) -> Outcome:
    try:
        return Outcome(task, runner(task, dataset, _unpacked_handwriting(packed)))
    except Exception as error:  # one cell must not end the others
        return Outcome(task, None, _message(error))


def _message(error: Exception) -> str:
    return f"{type(error).__name__}: {reason(error)}"


def _packed(dataset: Dataset) -> bytes:
    """A dataset as compressed bytes: MNIST takes 11 MB instead of 55."""
    buffer = io.BytesIO()
    arrays: dict[str, Any] = {key: np.asarray(value) for key, value in asdict(dataset).items()}
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def _unpacked(packed: bytes) -> Dataset:
    with np.load(io.BytesIO(packed), allow_pickle=False) as archive:
        return Dataset(**{key: value if value.ndim else value.item() for key, value in archive.items()})


def _packed_handwriting(handwriting: Handwriting | None) -> bytes:
    """Handwriting as compressed bytes, of which pickling would make as many objects as it has strokes; b"" for none."""
    if handwriting is None:
        return b""
    characters = handwriting.characters
    strokes = [stroke for character in characters for stroke in character.strokes]
    buffer = io.BytesIO()
    arrays: dict[str, Any] = {
        "points": np.concatenate(strokes),
        "lengths": np.array([len(stroke) for stroke in strokes]),
        "strokes": np.array([len(character.strokes) for character in characters]),
        "labels": np.array([character.label for character in characters]),
        "texts": np.array([(character.writer, character.sign) for character in characters]),
        "files": np.array(list(handwriting.files.items())).reshape(-1, 2),
    }
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def _unpacked_handwriting(packed: bytes) -> Handwriting | None:
    if not packed:
        return None
    with np.load(io.BytesIO(packed), allow_pickle=False) as archive:
        given = dict(archive)
    strokes = np.split(given["points"], np.cumsum(given["lengths"])[:-1])
    ends = np.cumsum(given["strokes"])
    characters = tuple(
        Character(label, writer, tuple(strokes[end - n : end]), sign)
        for label, (writer, sign), n, end in zip(
            given["labels"].tolist(), given["texts"].tolist(), given["strokes"].tolist(), ends.tolist(), strict=True
        )
    )
    return Handwriting(characters, dict(given["files"].tolist()))
