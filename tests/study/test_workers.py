"""Real processes and a real cluster, with a stand-in for the training."""

import contextlib
import gc
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import cloudpickle
import pytest
from distributed import Client, LocalCluster

from digits import processes
from digits.errors import UserError
from digits.learning.dataset import Dataset
from digits.learning.handwriting import Handwriting
from digits.study import runner, workers
from digits.study.cell import Cell, Misses, Result, Task
from digits.study.plan import preprocessing_plan, seeds_plan
from digits.study.preprocessing import BASELINE
from digits.study.runner import Study
from digits.study.workers import Outcome
from tests.study.stand_in import broken, slow, stand_in
from tests.writers import people

cloudpickle.register_pickle_by_value(sys.modules[__name__])  # workers cannot import a test

ROOT = Path(__file__).resolve().parents[2]
Process = subprocess.Popen[bytes]

pytestmark = pytest.mark.xdist_group("workers")  # of processes there are enough without running these side by side


def assert_as_in_this_process(study: Study) -> None:
    for cell, result in study.finished().items():
        assert result == stand_in(study.task(cell), study.dataset)


# -- processes --------------------------------------------------------------------------------


def test_processes_do_what_this_one_does(study: Study) -> None:
    planned = preprocessing_plan(["ANN"], ["otsu", "deskewed"], [0, 1])
    with workers.pool(None, 2, study.dataset, broken) as (pool, place):
        assert place == "2 processes"
        failed = runner.run(study, planned, pool)
    assert {outcome.task.cell.variant for outcome in failed} == {"otsu"}
    assert set(study.finished()) == {cell for cell in planned if cell.variant != "otsu"}
    assert_as_in_this_process(study)


def test_one_process_is_said_so(data: Dataset) -> None:
    with workers.pool(None, 1, data, stand_in) as (_, place):
        assert place == "1 process"


def test_a_process_that_is_killed_is_one_line_and_leaves_what_was_finished(study: Study) -> None:
    def killed(task: Task, dataset: Dataset, handwriting: Handwriting | None) -> Result:
        if task.cell.seed == 5:
            while not first.exists():  # the other process may be slow to start
                time.sleep(0.01)
            os.kill(os.getpid(), signal.SIGKILL)
        return stand_in(task, dataset)

    first = study.cells / f"ANN-{BASELINE}-0.json"
    with (
        workers.pool(None, 2, study.dataset, killed) as (pool, _),
        pytest.raises(UserError, match=r"a worker process was killed.*To continue, repeat the command"),
    ):
        runner.run(study, seeds_plan(["ANN"], range(6)), pool)
    assert Cell("ANN", BASELINE, 0) in study.finished()


STUDY = """
import sys, time
from pathlib import Path
from digits.learning.config import MNIST_RECIPE
from digits.learning.dataset import load_uci
from digits.study import runner, workers
from digits.study.plan import seeds_plan
from digits.command_line import run

def endless(task, dataset, handwriting):
    import os, time
    Path(sys.argv[1], str(os.getpid())).touch()
    time.sleep(600)

def work():
    data = load_uci()
    study = runner.Study(data, {"ANN": MNIST_RECIPE}, lambda name: {}, Path(sys.argv[1], "study"))
    with workers.pool(None, 2, data, endless) as (pool, _):
        runner.run(study, seeds_plan(["ANN"], range(2)), pool)
    return 0

sys.exit(run("test.py", work, "finished cells are kept"))
"""


@pytest.mark.parametrize(("how", "code"), [(signal.SIGKILL, -signal.SIGKILL), (signal.SIGTERM, 128 + signal.SIGTERM)])
def test_workers_end_with_the_process_that_started_them(how: signal.Signals, code: int, tmp_path: Path) -> None:
    """It is killed, and could not tell them; or it is asked to end, and ends as with Ctrl-C."""
    command = [sys.executable, "-c", STUDY, str(tmp_path)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 120
    while len(found := [int(path.name) for path in tmp_path.iterdir() if path.name.isdecimal()]) < 2:
        assert process.poll() is None and time.monotonic() < deadline, process.communicate()
        time.sleep(0.05)
    process.send_signal(how)
    assert process.wait(30) == code
    end = time.monotonic() + 10
    while left := [worker for worker in found if Path(f"/proc/{worker}").exists()]:
        assert time.monotonic() < end, f"{left} go on"
        time.sleep(0.05)
    assert process.stderr is not None and process.stdout is not None
    said = process.stderr.read()  # after SIGKILL loky's, which tidies up
    assert how == signal.SIGKILL or said == "\ntest.py: interrupted; finished cells are kept\n"
    process.stderr.close()
    process.stdout.close()


@pytest.mark.skipif(sys.platform == "win32", reason="needs process groups")
@pytest.mark.parametrize("moment", [0.0, 0.1, 0.3, 0.5, 0.7, 1.2])
def test_ctrl_c_while_the_workers_start_is_one_line(moment: float, tmp_path: Path) -> None:
    """The terminal sends it to all of them; it ends the study soon, which alone says so."""
    command = [sys.executable, "-c", STUDY, str(tmp_path)]
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    assert process.stdout is not None
    assert any("to run" in line for line in process.stdout)
    time.sleep(moment)
    os.killpg(process.pid, signal.SIGINT)
    began = time.monotonic()
    _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (130, "\ntest.py: interrupted; finished cells are kept\n")
    assert time.monotonic() - began < 10


def test_ctrl_c_in_a_moment_in_which_it_is_held_back_is_not_lost() -> None:
    reached = []
    with pytest.raises(KeyboardInterrupt), processes.starting():
        os.kill(os.getpid(), signal.SIGINT)
        reached.append(1)
    assert reached
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert sys.platform == "win32" or signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, [])


# -- a cluster --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def cluster() -> Iterator[tuple[str, list[Process]]]:
    """A scheduler and two workers, processes of their own; its address and the workers."""
    processes: list[Process] = []

    def start(module: str, *arguments: str) -> Process:
        command = [sys.executable, "-m", f"distributed.cli.{module}", "--no-dashboard", *arguments]
        process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, env=os.environ | {"PYTHONPATH": "."})
        processes.append(process)
        return process

    try:
        scheduler = start("dask_scheduler", "--host", "127.0.0.1", "--port", "0")
        assert scheduler.stderr is not None
        address = next(found.group() for line in scheduler.stderr if (found := re.search(r"tcp://\S+", line.decode())))
        started = [start("dask_worker", address, "--nthreads", "1", "--no-nanny") for _ in range(2)]
        with Client(address, set_as_default=False) as client:
            client.wait_for_workers(2, timeout=60)
        yield address, started
    finally:
        for process in processes:
            process.kill()
            process.communicate()


def seen(task: Task, dataset: Dataset, handwriting: Handwriting | None) -> Result:
    """What a worker is given: the data's numbers, and the handwriting's, in place of misses."""
    numbers: dict[str, Misses] = {
        split: {"index": [*images.shape, int(images.sum()), int(labels.sum())], "read": str(images.dtype)}
        for split, (images, labels) in dataset.splits().items()
    }
    for number, character in enumerate(handwriting.characters if handwriting else ()):
        points = [stroke.astype(float).round(3).tolist() for stroke in character.strokes]
        read = f"{character.label} {character.writer} {character.sign!r} {points} {character.strokes[0].dtype}"
        numbers[f"character {number}"] = {"index": [*map(len, points)], "read": read}
    files = dict(handwriting.files) if handwriting else None
    return {**stand_in(task, dataset), "test": numbers, "dataset": f"{dataset.name} {dataset.digest} {files}"}


@pytest.mark.parametrize(
    "handwriting", [None, people(), Handwriting(people().characters)], ids=["none", "some", "unnamed"]
)
@pytest.mark.parametrize("where", ["a process", "a cluster"])
def test_the_data_and_the_handwriting_travel_as_they_are(
    where: str, handwriting: Handwriting | None, cluster: tuple[str, list[Process]], study: Study
) -> None:
    task = study.task(Cell("ANN", BASELINE, 0))
    address = cluster[0] if where == "a cluster" else None
    with workers.pool(address, None if address else 1, study.dataset, seen, handwriting) as (pool, place):
        assert place == (f"the cluster at {address}" if address else "1 process")
        (outcome,) = pool([task])
    assert outcome.error == ""
    assert outcome.result == seen(task, study.dataset, handwriting)


def test_a_task_that_fails_on_a_cluster_is_named_and_loses_no_other(
    cluster: tuple[str, list[Process]], study: Study
) -> None:
    with workers.pool(cluster[0], None, study.dataset, broken) as (pool, _):
        failed = runner.run(study, preprocessing_plan(["ANN"], ["otsu", "plain"], [0]), pool)
    assert [(str(outcome.task.cell), outcome.error) for outcome in failed] == [
        ("ANN-otsu-0", "ValueError: the threshold is gone")
    ]
    assert len(study.finished()) == 2


def test_a_cluster_of_which_a_worker_is_killed_loses_nothing(cluster: tuple[str, list[Process]], study: Study) -> None:
    address, processes = cluster
    planned = preprocessing_plan(["ANN"], None, [0])
    with workers.pool(address, None, study.dataset, slow) as (pool, _):

        def kill_in_the_middle(tasks: Sequence[Task]) -> Iterator[Outcome]:
            for number, outcome in enumerate(pool(tasks)):
                if number == 3:
                    processes[0].send_signal(signal.SIGKILL)
                yield outcome

        assert runner.run(study, planned, kill_in_the_middle) == []
    assert processes[0].wait(5) == -signal.SIGKILL
    assert processes[1].poll() is None
    assert set(study.finished()) == set(planned)
    assert_as_in_this_process(study)


ADDRESSES = ["tcp://127.0.0.1:9", "nonsense://x:1", "127.0.0.1:99999", "nonsense", "", "tcp://", "inproc://x", "ucx://"]


@pytest.fixture
def impostor() -> Iterator[str]:
    """The address of a server that is no scheduler."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    with connection:
                        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n" * 100)

        threading.Thread(target=answer, daemon=True).start()
        yield f"tcp://127.0.0.1:{server.getsockname()[1]}"


@pytest.mark.parametrize("address", [*ADDRESSES, "an impostor"])
def test_a_wrong_address_is_one_line(
    address: str,
    impostor: str,
    data: Dataset,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    recwarn: pytest.WarningsRecorder,
) -> None:
    """And Dask says nothing, not even when its client is forgotten."""
    monkeypatch.setattr(workers, "CONNECT", 0.5)
    address = impostor if address == "an impostor" else address
    with (
        pytest.raises(UserError, match=r"no Dask scheduler answers at .*; start one with: dask scheduler") as caught,
        workers.pool(address, None, data, stand_in),
    ):
        pass
    assert "\n" not in str(caught.value)
    del caught
    gc.collect()
    assert capfd.readouterr().err == ""
    assert not [warning for warning in recwarn if "Exception ignored" in str(warning.message)]


def test_a_cluster_without_a_worker_is_one_line(data: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "WAIT", 0.2)
    with (
        LocalCluster(n_workers=0, processes=False, dashboard_address=":0", protocol="tcp") as empty,
        pytest.raises(UserError, match=r"has no worker; start one here with: .* tcp://\S+ --nthreads 1") as caught,
        workers.pool(empty.scheduler_address, None, data, stand_in),
    ):
        pass
    assert "\n" not in str(caught.value)


def test_a_limit_on_the_search_for_a_cluster() -> None:
    """A wrong address is reported within seconds, and a worker has time to start."""
    assert 1 <= workers.CONNECT <= 15
    assert 10 <= workers.WAIT <= 60
