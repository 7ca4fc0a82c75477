"""The thread: newest first, old answers dropped, errors handed over."""

import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from digits.errors import UserError
from digits.window.worker import Worker

ROOT = Path(__file__).resolve().parents[2]


def answers(worker, n=1, within=5.0):
    """The next n answers."""
    got = []
    end = time.monotonic() + within
    while len(got) < n and time.monotonic() < end:
        got += worker.answers()
        time.sleep(0.001)
    return got


@pytest.fixture
def worker():
    made = Worker(list)
    yield made
    made.close()


def test_a_job_gets_the_tool_and_is_answered(worker):
    worker.submit("read", lambda tool: [*tool, 1])
    (answer,) = answers(worker)
    assert (answer.kind, answer.value, answer.error) == ("read", [1], None)
    assert worker.waiting() == 0


def test_of_each_kind_only_the_newest_is_answered(worker):
    gate = threading.Event()
    done = []
    worker.submit("read", lambda _: gate.wait(5))
    time.sleep(0.05)
    for i in range(5):
        worker.submit("read", lambda _, i=i: done.append(i) or i)
    worker.submit("other", lambda _: "other")
    gate.set()
    got = answers(worker, 2)
    assert {answer.kind: answer.value for answer in got} == {"read": 4, "other": "other"}
    assert done == [4]


def test_urgent_jobs_go_first(worker):
    gate = threading.Event()
    order = []
    worker.submit("first", lambda _: gate.wait(5))
    time.sleep(0.05)
    for kind, urgency in (("slow", -1), ("soon", 1), ("now", 2)):
        worker.submit(kind, lambda _, kind=kind: order.append(kind), urgency)
    gate.set()
    answers(worker, 4)
    assert order == ["now", "soon", "slow"]


def test_a_dropped_answer_never_comes(worker):
    worker.submit("read", lambda _: 1)
    worker.drop("read")
    worker.submit("other", lambda _: 2)
    assert [answer.kind for answer in answers(worker)] == ["other"]
    assert not list(worker.answers())


def test_user_errors_are_answers_and_others_are_raised(worker):
    def fail(_):
        raise UserError("no such file")

    worker.submit("open", fail)
    (answer,) = answers(worker)
    assert str(answer.error) == "no such file"
    worker.submit("open", lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        answers(worker)
    worker.submit("open", lambda _: "still at work")
    assert answers(worker)[0].value == "still at work"


def test_cancelling_waits_for_nobody(worker):
    gate = threading.Event()
    worker.submit("open", lambda _: gate.wait(10))
    time.sleep(0.05)
    worker.submit("read", lambda _: "read")
    assert worker.waiting("open") > 0.04
    worker.cancel("open", "save")
    (answer,) = answers(worker)
    assert answer.value == "read"
    gate.set()
    time.sleep(0.05)
    assert not list(worker.answers())


def test_the_program_ends_in_peace_in_the_middle_of_a_job():
    code = (
        "import time, cv2, numpy as np; from digits.window.worker import Worker; w = Worker(list);"
        "w.submit('read', lambda _: [cv2.GaussianBlur(np.zeros((900, 900)), (31, 31), 0) for _ in range(20)]);"
        "time.sleep(0.05)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_closing_ends_the_thread():
    before = threading.active_count()
    worker = Worker(list)
    worker.close()
    end = time.monotonic() + 5
    while threading.active_count() > before and time.monotonic() < end:
        time.sleep(0.001)
    assert threading.active_count() == before
