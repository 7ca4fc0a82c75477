"""Small results of three networks and their votes, in the form of the published JSON files."""

from typing import Any, cast

import numpy as np

from benchmarks.hand import measure as hand
from benchmarks.pages import measure as pages
from benchmarks.pen_digits.measure import Results
from benchmarks.recommendation.measure import Measured
from digits.learning.card import Card

N, DRAWN = 10_000, 5000
#: By name: misses on MNIST and on pen digits, milliseconds, bytes, seconds.
Networks = dict[str, tuple[int, int, float, int, float]]
NETWORKS: Networks = {
    "LeNet": (150, 500, 0.03, 1_000_000, 50.0),
    "ResNet": (60, 150, 0.5, 3_000_000, 900.0),
    "MobileNet": (65, 300, 0.2, 500_000, 400.0),
}
Files = tuple[Measured, dict[str, Card], Results]


def small_results(networks: Networks = NETWORKS, vote: tuple[int, int] = (58, 150)) -> Files:
    """``recommendation.json``, the cards in ``results.json``, and ``pen_digits.json``; the missed images are random.

    Args:
        networks: what is to be measured of each.
        vote: misses of each vote on MNIST and on pen digits.
    """
    rng = np.random.default_rng(0)

    def wrong(n: int, misses: int) -> list[int]:
        return [int(i) for i in sorted(rng.choice(n, misses, replace=False))]

    votes = {"soft vote": vote, "majority vote": vote}
    readers: dict[str, Any] = {
        name: {"voters": [name], "wrong": wrong(N, mnist), "milliseconds": {"1": one, "10": 8 * one}, "bytes": size}
        for name, (mnist, _, one, size, _) in networks.items()
    }
    together = sum(one for _, _, one, _, _ in networks.values())
    for name in votes:
        readers[name] = {
            "voters": list(networks),
            "wrong": wrong(N, vote[0]),
            "milliseconds": {"1": together, "10": 8 * together},
        }
    measured = {
        "n": N,
        "calls": 3,
        "models": {},
        "versions": {"opencv": "4", "platform": "Linux x86_64", "cores": 2},
        "readers": readers,
        "data_digest": "",
    }
    under = {"ece": 0.0123, "n": [100], "correct": [100], "confidence": [0.9877], "adaptive_ece": 0.01}
    over = {"ece": 0.0204, "n": [100], "correct": [95], "confidence": [0.9704], "adaptive_ece": 0.02}
    cards = {
        name: {
            "parameters": size // 4,
            "seconds": seconds,
            "misses": {"rank": [9000]},
            "calibration": {"temperature": 0.7, "before": {"test": under}, "after": {"test": over}},
        }
        for name, (*_, size, seconds) in networks.items()
    }

    def accuracy(misses: int, n: int = DRAWN) -> dict[str, float]:
        return {"share": 1 - misses / n, "n": n, "misses": misses, "low": 0.0, "high": 1.0}

    def single(misses: int) -> dict[str, float]:
        return {**accuracy(misses), "rejected": 10, "rejected_of": DRAWN}

    singles = {name: single(drawn) for name, (_, drawn, *_) in networks.items()}
    row = {name: accuracy(drawn) for name, (_, drawn, *_) in networks.items()}
    numbers = {known: {"count": accuracy(3, 200), **row} for known in ("image", "strokes")}
    everyone = {"Ada": accuracy(0, 4000), "Ben": accuracy(1, 500), "Cleo": accuracy(3, 300), "Kim": accuracy(40, 200)}
    ways = ("singles", "from strokes", "edge", "pen 2", "pen 3", "pen 14", "pen 24")
    pen = {
        "digits": DRAWN,
        "people": {"writers": 4, "files": {"test.tes": "a" * 64}},
        "left out": {"writers": 2, "files": {"people.json": "b" * 64}},
        "taught": ["ResNet"],
        "stroke_width": 1.3,
        "confidence": 0.4,
        "crops": {"stretched to 28×28, as in the reference": row, "20×20 box, centred by mass": row},
        **dict.fromkeys(ways, singles),
        "found": dict.fromkeys(ways, accuracy(2)),
        "numbers apart": numbers,
        "numbers tight": numbers,
        "numbers touching": numbers,
        "signs": {name: accuracy(12, 200) for name in networks},
        "by sign": {"T": accuracy(0, 90), "*": accuracy(4, 60), "h": accuracy(8, 50)},
        "junk": {name: {"blank": accuracy(0, 20), "letters": accuracy(15, 20)} for name in networks},
        "votes": {name: single(drawn) for name, (_, drawn) in votes.items()},
        "wrong": {
            name: {"shipped": wrong(DRAWN, misses), "unrejected": []}
            for name, misses in {
                **{name: drawn for name, (_, drawn, *_) in networks.items()},
                "soft vote": vote[1],
            }.items()
        },
        "by writer": dict.fromkeys(networks, everyone),
        "calibration": {name: {"alone": under, "together": over} for name in (*networks, "soft vote")},
        "number calibration": dict.fromkeys(networks, under),
        "risk_coverage": {
            name: {"curve": {"ranks": [4549, 4549 + 450], "n": DRAWN}, "coverage": 0.99, "risk": 0.01}
            for name in networks
        },
        "models": {},
    }
    return cast(Measured, measured), cast(dict[str, Card], cards), cast(Results, pen)


def small_pages() -> pages.Results:
    """``pages.json`` of four numbers of each condition, of which the n-th misses n of them, up to three."""
    conditions: dict[str, pages.Condition] = {
        name: {"n": 4, "missed": min(i, 3), "unread": 0, "beyond": i % 2} for i, name in enumerate(pages.NAMES)
    }
    return {"files": {"a.json": "b" * 64}, "writers": 2, "network": "c" * 64, "conditions": conditions}


def small_hand() -> hand.Results:
    """``hand.json`` of two networks."""

    def change(before: int, after: int) -> hand.Change:
        return {
            "n": 1000,
            "writers": 4,
            "before": before,
            "after": after,
            "rates": (before / 1000, after / 1000),
            "low": -0.8,
            "high": 0.1,
            "worst": 0.002,
        }

    one: hand.Network = {
        "each": {str(k): change(30, 30 // (k + 1)) for k in hand.EACH},
        "corrected": {"first hundred": change(3, 2), "second hundred": change(0, 0)},
        "mistakes": {"one digit with a wrong label, and nothing else": change(30, 31)},
        "side": {"ece": (0.01, 0.008), "signs": (5, 4), "of_signs": 40, "rejected": (2, 3)},
    }
    networks = {"ANN": one, "ResNet": one}
    return {
        "files": {"test.tes": "a" * 64},
        "writers": 4,
        "digits": 300,
        "not_found": 2,
        "networks": networks,
        "models": {},
    }
