"""What every network and every vote reads wrong on MNIST's test images, and how long it takes."""

import platform
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, TypedDict

import cv2
import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from benchmarks.networks import digests, file_of, probabilities, read_networks
from benchmarks.voting import VOTES, Voting
from digits.learning.json_types import Count, Line, Number, Size, Time
from digits.networks import CORE
from digits.reading.classifier import Network

ROUNDS, CALLS = 10, 30  #: each reader is timed in so many rounds of so many calls
WARM_UP = 3  #: calls before each round that are not timed


class _Voted(TypedDict):
    voters: Annotated[list[str], Meta(min_length=1)]
    wrong: list[Count]
    milliseconds: dict[str, Time]


class Reader(_Voted, total=False):
    """A network or a vote.

    ``voters`` is the network alone or all that vote, ``wrong`` are the indices of the misses, ``milliseconds`` the
    median time of a call by the number of digits ("1", "10"), ``bytes`` the size of a network's file.
    """

    bytes: Size


class Versions(TypedDict):
    """What the times depend on."""

    opencv: Line
    platform: Line
    cores: Size


class Measured(TypedDict):
    """Everything measured, as plots/recommendation.json holds it."""

    n: Number
    calls: Size
    models: dict[str, str]
    versions: Versions
    readers: dict[str, Reader]
    data_digest: str


def check(measured: Measured) -> None:
    """Check that the parts of what was read from a file belong together.

    Raises:
        ValueError: counts contradict each other, or there is no vote or no network.
        LookupError: a voter or a time is missing.
    """
    readers = measured["readers"]
    if {len(reader["voters"]) > 1 for reader in readers.values()} != {False, True}:
        raise ValueError("it needs networks and a vote")
    for name, reader in readers.items():
        [readers[voter]["bytes"] for voter in reader["voters"]]
        reader["milliseconds"]["1"], reader["milliseconds"]["10"]
        if max(reader["wrong"], default=0) >= measured["n"] or len({*reader["wrong"]}) < len(reader["wrong"]):
            raise ValueError(f"{name} misses other images than there are")


def measure(
    models: Path,
    images: NDArray[np.uint8],
    labels: NDArray[np.uint8],
    data_digest: str,
    rounds: int = ROUNDS,
    calls: int = CALLS,
) -> Measured:
    """Read and time with every network and every vote.

    Args:
        models: the folder with the networks.
        images: shape (n, 28, 28).
        labels: shape (n,).
        data_digest: of the dataset that they are from.
        rounds, calls: how often each is timed.

    Raises:
        UserError: a network cannot be read.
    """
    networks = read_networks(models)
    rows = {name: probabilities(network, images) for name, network in networks.items()}
    rows |= {name: vote(np.stack([rows[voter] for voter in CORE])) for name, vote in VOTES.items()}
    votes = {name: Voting(name, [networks[voter] for voter in CORE]) for name in VOTES}
    readers: dict[str, Network] = {**networks, **votes}
    times = milliseconds(readers, images, rounds, calls)
    measured: dict[str, Reader] = {}
    for name in readers:
        measured[name] = {
            "voters": list(CORE) if name in votes else [name],
            "wrong": np.flatnonzero(rows[name].argmax(axis=1) != labels).tolist(),
            "milliseconds": times[name],
        }
        if name in networks:
            measured[name]["bytes"] = file_of(models, name).stat().st_size
    return {
        "n": len(labels),
        "calls": rounds * calls,
        "models": digests(models),
        "versions": {
            "opencv": cv2.__version__,
            "platform": f"{platform.system()} {platform.machine()}",
            "cores": cv2.getNumberOfCPUs(),
        },
        "readers": measured,
        "data_digest": data_digest,
    }


def milliseconds(
    readers: Mapping[str, Network], images: NDArray[np.uint8], rounds: int, calls: int
) -> dict[str, dict[str, float]]:
    """Median time of a call, by reader and by the number of digits in the call.

    The readers take turns, so that other load on the machine affects all of them alike. The first calls of each turn
    are not counted, because the weights of another network are still in the caches.
    """
    times: dict[str, dict[str, list[float]]] = {name: {"1": [], "10": []} for name in readers}
    for _ in range(rounds):
        for name, reader in readers.items():
            for digits, taken in times[name].items():
                taken += timed(reader, images[: int(digits)], calls)
    return {
        name: {digits: 1000 * float(np.median(taken)) for digits, taken in by_digits.items()}
        for name, by_digits in times.items()
    }


def timed(reader: Network, images: NDArray[np.uint8], calls: int) -> list[float]:
    """Seconds that each of so many calls takes."""
    taken = []
    for _ in range(WARM_UP + calls):
        start = time.perf_counter()
        reader.probabilities(images)
        taken.append(time.perf_counter() - start)
    return taken[WARM_UP:]
