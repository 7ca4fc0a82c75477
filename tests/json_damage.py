"""Every way in which one value of a JSON file can be wrong."""

import copy
import os
import random
from collections.abc import Iterator
from typing import Any

ODD: tuple[Any, ...] = (
    None,
    True,
    -1,
    0,
    1,
    10,
    0.5,
    -0.5,
    10**15,
    10**400,
    1e308,
    "",
    "x",
    "a\nb",
    "9" * 300,
    [],
    [0],
    [[]],
    {},
    {"x": 1},
)
SHOWN = 2  #: elements of a list that are damaged


def some_damaged(value: Any, count: int = 400) -> list[tuple[str, Any]]:
    """So many of :func:`damaged`, always the same; more where the environment variable ``DAMAGE`` says how many."""
    every = [*damaged(value)]
    return random.Random(0).sample(every, min(int(os.environ.get("DAMAGE", count)), len(every)))


def damaged(value: Any) -> Iterator[tuple[str, Any]]:
    """Copies of a value with one part replaced, left out or repeated, and where that is."""
    for path in _paths(value):
        for odd in ODD:
            yield f"{path} is {str(odd)[:20]!r}", _with(value, path, lambda _, odd=odd: odd)
        if path:
            yield f"{path} is left out", _without(value, path)
        part = _part(value, path)
        if isinstance(part, list) and part:
            yield f"{path} is shorter", _with(value, path, lambda found: found[:-1])
            yield f"{path} is longer", _with(value, path, lambda found: [*found, found[-1]])


def _paths(value: Any, before: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield before
    keys: list[Any] = (
        [*value] if isinstance(value, dict) else [*range(len(value))][:SHOWN] if isinstance(value, list) else []
    )
    for key in keys:
        yield from _paths(value[key], (*before, key))


def _part(value: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        value = value[key]
    return value


def _with(value: Any, path: tuple[Any, ...], change: Any) -> Any:
    if not path:
        return change(value)
    changed = copy.copy(value)  # what is not on the path is shared
    changed[path[0]] = _with(value[path[0]], path[1:], change)
    return changed


def _without(value: Any, path: tuple[Any, ...]) -> Any:
    def without(found: Any) -> Any:
        found = copy.copy(found)
        del found[path[-1]]
        return found

    return _with(value, path[:-1], without)
