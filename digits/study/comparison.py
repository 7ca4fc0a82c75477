"""Finished cells compared: errors, intervals, paired tests and verdicts, in JSON's types."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, TypedDict

import numpy as np
from numpy.typing import NDArray

from digits.learning import statistics
from digits.learning.config import Versions
from digits.learning.dataset import Dataset
from digits.networks import MODELS
from digits.study.cell import Cell, Result, wrong
from digits.study.preprocessing import BASELINE, CORRUPTIONS, VARIANTS

#: The seed of McNemar's test, fixed in advance.
MCNEMAR_SEED = 0
BETTER, WORSE, SAME = "better", "worse", "no difference shown"


class Row(TypedDict, total=False):
    """One variant under one corruption.

    ``misses`` are by seed, ``error`` is their mean as a share of ``n``, ``low`` and ``high`` its 95% interval.
    Where there is a baseline to compare with, the tests are the fields of :class:`digits.learning.statistics.McNemar`,
    ``Pooled`` and ``AcrossSeeds`` with ``p_holm`` added, or None where a test cannot be made.
    ``validation_error`` is present for clean images only.
    """

    seeds: list[int]
    n: int
    misses: list[int]
    error: float
    low: float
    high: float
    validation_error: float
    mcnemar: dict[str, Any] | None
    pooled: dict[str, Any] | None
    across_seeds: dict[str, Any] | None
    verdict: str


class TrainedWith(TypedDict):
    """How one network's cells were trained; ``seconds`` are the mean, ``recipe`` is without the seed."""

    parameters: int
    recipe: dict[str, Any]
    seconds: float
    versions: list[Versions]


class NetworkComparison(TrainedWith):
    """One network: rows by corruption and variant."""

    corruptions: dict[str, dict[str, Row]]


class Description(TypedDict):
    """Title and description of a variant or a corruption."""

    title: str
    description: str


class Comparison(TypedDict):
    """The whole preprocessing study, as it lies in preprocessing.json."""

    dataset: str
    data_digest: str
    baseline: str
    level: float
    mcnemar_seed: int
    cells: int
    missing: list[str]
    variants: dict[str, Description]
    corruptions: dict[str, Description]
    networks: dict[str, NetworkComparison]


class NetworkSeeds(TrainedWith):
    """One network from several seeds: misses by seed, mean accuracy, and its standard deviation (None for one seed)."""

    n: int
    misses: dict[str, int]
    accuracy: float
    deviation: float | None


class Seeds(TypedDict):
    """The seeds study, as it lies in seeds.json."""

    dataset: str
    data_digest: str
    networks: dict[str, NetworkSeeds]


def compare(dataset: Dataset, done: Mapping[Cell, Result], missing: Sequence[str]) -> Comparison:
    """Compare every variant with the baseline.

    A network of which only the baseline's seeds were run is left to :func:`seeds` where others have more to show.

    Args:
        dataset: the training and test data.
        done: the finished cells, of any networks, variants and seeds.
        missing: names of cells that are planned and not there.
    """
    shown = _names(cell for cell in done if cell.variant != BASELINE) or _names(done)
    networks = {
        name: _network({cell: result for cell, result in done.items() if cell.network == name}) for name in shown
    }
    return {
        "dataset": dataset.name,
        "data_digest": dataset.digest,
        "baseline": BASELINE,
        "level": statistics.LEVEL,
        "mcnemar_seed": MCNEMAR_SEED,
        "cells": len(done),
        "missing": list(missing),
        "variants": {name: {"title": v.title, "description": v.description} for name, v in VARIANTS.items()},
        "corruptions": {name: {"title": c.title, "description": c.description} for name, c in CORRUPTIONS.items()},
        "networks": networks,
    }


def seeds(dataset: Dataset, done: Mapping[Cell, Result]) -> Seeds:
    """How each network does from different seeds with the published preprocessing: misses, mean and spread."""
    networks: dict[str, NetworkSeeds] = {}
    for name in _names(done):
        results = {cell.seed: done[cell] for cell in _sorted(done) if (cell.network, cell.variant) == (name, BASELINE)}
        if not results:
            continue
        n = next(iter(results.values()))["n"]
        misses = {str(seed): len(result["test"]["clean"]["index"]) for seed, result in results.items()}
        accuracies = [1 - count / n for count in misses.values()]
        networks[name] = {
            "n": n,
            "misses": misses,
            "accuracy": float(np.mean(accuracies)),
            "deviation": float(np.std(accuracies, ddof=1)) if len(misses) > 1 else None,
            **_trained_with(list(results.values())),
        }
    return {"dataset": dataset.name, "data_digest": dataset.digest, "networks": networks}


def with_baseline(comparison: Comparison) -> list[str]:
    """The networks that have the baseline, so that the other variants can be compared with it."""
    return [name for name, of in comparison["networks"].items() if comparison["baseline"] in of["corruptions"]["clean"]]


def _names(done: Iterable[Cell]) -> list[str]:
    """The networks that have cells, in the project's order."""
    found = {cell.network for cell in done}
    return [name for name in MODELS if name in found]


def _sorted(done: Iterable[Cell]) -> list[Cell]:
    order = list(VARIANTS)
    return sorted(done, key=lambda cell: (cell.network, order.index(cell.variant), cell.seed))


def _network(done: Mapping[Cell, Result]) -> NetworkComparison:
    """One network: every variant under every corruption, compared with the baseline under the same corruption.

    The baseline is shown for those seeds that some other variant has, too (the seeds study has more of them).
    """
    by_variant: dict[str, dict[int, Result]] = {}
    for cell in _sorted(done):
        by_variant.setdefault(cell.variant, {})[cell.seed] = done[cell]
    others = {seed for name, results in by_variant.items() if name != BASELINE for seed in results}
    if others and BASELINE in by_variant:
        by_variant[BASELINE] = {seed: r for seed, r in by_variant[BASELINE].items() if seed in others}
    return {
        **_trained_with(list(done.values())),
        "corruptions": {corruption: _under(corruption, by_variant) for corruption in CORRUPTIONS},
    }


def _trained_with(results: Sequence[Result]) -> TrainedWith:
    identity, versions = results[0]["identity"], [result["versions"] for result in results]
    return {
        "parameters": identity["parameters"],
        "recipe": {key: value for key, value in identity["recipe"].items() if key != "seed"},
        "seconds": float(np.mean([result["seconds"] for result in results])),
        "versions": [version for index, version in enumerate(versions) if version not in versions[:index]],
    }


def _under(corruption: str, by_variant: Mapping[str, Mapping[int, Result]]) -> dict[str, Row]:
    """Every variant's row under one corruption; Holm's adjustment over all of them, test by test."""
    base = by_variant.get(BASELINE)
    rows: dict[str, Row] = {}
    for name, results in by_variant.items():
        if results:
            rows[name] = _row(corruption, results)
            if base and name != BASELINE:
                rows[name] = {**rows[name], **_compared(corruption, base, results)}
    for tested in (
        {name: row["mcnemar"] for name, row in rows.items() if row.get("mcnemar")},
        {name: row["pooled"] for name, row in rows.items() if row.get("pooled")},
        {name: row["across_seeds"] for name, row in rows.items() if row.get("across_seeds")},
    ):
        tests = {name: test for name, test in tested.items() if test}
        for name, p in statistics.holm({name: test["p"] for name, test in tests.items()}).items():
            tests[name]["p_holm"] = p
    for row in rows.values():
        if test := row.get("pooled"):
            row["verdict"] = _verdict(test)
    return rows


def _row(corruption: str, results: Mapping[int, Result]) -> Row:
    n = next(iter(results.values()))["n"]
    misses = [len(result["test"][corruption]["index"]) for result in results.values()]
    low, high = statistics.wilson(round(float(np.mean(misses))), n)
    row: Row = {
        "seeds": list(results),
        "n": n,
        "misses": misses,
        "error": float(np.mean(misses)) / n,
        "low": low,
        "high": high,
    }
    if corruption == "clean":
        row["validation_error"] = float(
            np.mean([result["validation"]["misses"] / result["validation"]["n"] for result in results.values()])
        )
    return row


def _compared(corruption: str, base: Mapping[int, Result], results: Mapping[int, Result]) -> Row:
    """The three tests against the baseline, on the seeds that both have."""
    shared = [seed for seed in results if seed in base]
    compared: Row = {"mcnemar": None, "pooled": None, "across_seeds": None}
    if MCNEMAR_SEED in shared:
        first, second = (wrong(of[MCNEMAR_SEED], corruption) for of in (base, results))
        compared["mcnemar"] = asdict(statistics.mcnemar(first, second))
    if shared:
        first, second = (_stacked(of, shared, corruption) for of in (base, results))
        compared["pooled"] = asdict(statistics.pooled(first, second))
        across = statistics.across_seeds(first.mean(axis=1).tolist(), second.mean(axis=1).tolist())
        compared["across_seeds"] = asdict(across) if across else None
    return compared


def _stacked(results: Mapping[int, Result], seeds: Sequence[int], corruption: str) -> NDArray[np.bool_]:
    return np.stack([wrong(results[seed], corruption) for seed in seeds])


def _verdict(pooled: Mapping[str, Any]) -> str:
    if pooled["p_holm"] >= statistics.LEVEL:
        return SAME
    return BETTER if pooled["difference"] < 0 else WORSE
