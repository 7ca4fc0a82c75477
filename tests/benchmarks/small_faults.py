"""What the harness found, made up."""

from benchmarks.faults.driving import EventMetrics
from benchmarks.faults.inputs import KindMetrics
from benchmarks.faults.kills import KillMetrics
from benchmarks.faults.page import Results

CLEAN_KILLS: KillMetrics = {
    "scenario": "training",
    "changes": 200,
    "n": 12,
    "at": {"kill": 6, "cut": 4, "moment": 2},
    "wrong": {"kill": 0, "cut": 0, "moment": 0},
    "mixed": {"kill": 0, "cut": 0, "moment": 0},
    "faults": [],
    "longest": 1.25,
}
MIXED: KillMetrics = {
    **CLEAN_KILLS,
    "scenario": "study",
    "wrong": {"kill": 2, "cut": 0, "moment": 0},
    "mixed": {"kill": 1, "cut": 0, "moment": 0},
    "faults": [{"what": "mix: a is old", "how": "kill at 7", "n": 1}, {"what": "no", "how": "kill at 8", "n": 1}],
}
CLEAN_INPUTS: KindMetrics = {
    "kind": "strokes",
    "n": 1200,
    "read": 400,
    "refused": 800,
    "faults": [],
    "peak": 140,
    "seconds": 0.5,
}
FAULTY_INPUTS: KindMetrics = {
    **CLEAN_INPUTS,
    "kind": "image",
    "refused": 797,
    "faults": [{"what": "ValueError", "where": "page.py:12", "n": 3, "first": 17}],
    "peak": 900,
}
CLEAN_EVENTS: EventMetrics = {"n": 1003, "exceptions": [], "memory": [300.0, 305.0, 302.0], "actions": {"draw": 9}}
CLEAN_REFUSALS: KillMetrics = {
    **CLEAN_KILLS,
    "at": {"interrupt": 5, "full": 4, "denied": 3},
    "wrong": {"interrupt": 0, "full": 0, "denied": 0},
    "mixed": {"interrupt": 0, "full": 0, "denied": 0},
}


def clean() -> Results:
    """Everything has survived."""
    return {
        "seed": 3,
        "platform": "Linux x86_64, Python 3.11.7",
        "kills": [CLEAN_KILLS],
        "refusals": [CLEAN_REFUSALS],
        "inputs": [CLEAN_INPUTS],
        "events": CLEAN_EVENTS,
    }
