"""Finished cells to the study's figures: errors, intervals, paired tests, verdicts. Plain values, as JSON has them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digits.learning import statistics
from digits.learning.cells import Cell, Result, wrong
from digits.learning.dataset import Dataset
from digits.learning.preprocessing import BASELINE, CORRUPTIONS, VARIANTS
from digits.networks import MODELS

Figures = dict[str, Any]

#: Below this, Holm's adjusted p is taken for a difference.
LEVEL = 0.05
#: McNemar's test is on this seed, named before anything was run.
MCNEMAR_SEED = 0
BETTER, WORSE, SAME = "better", "worse", "no difference shown"
TESTS = ("mcnemar", "pooled", "across_seeds")


def preprocessing(dataset: Dataset, done: Mapping[Cell, Result], missing: Sequence[str]) -> Figures:
    """All figures of the preprocessing study.

    A network of which only the baseline's seeds were run is left to :func:`seeds` where others have more to show.

    Args:
        dataset: what the cells learned and read.
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
        "level": LEVEL,
        "mcnemar_seed": MCNEMAR_SEED,
        "cells": len(done),
        "missing": list(missing),
        "variants": {name: {"title": v.title, "description": v.description} for name, v in VARIANTS.items()},
        "corruptions": {name: {"title": c.title, "description": c.description} for name, c in CORRUPTIONS.items()},
        "networks": networks,
    }


def seeds(dataset: Dataset, done: Mapping[Cell, Result]) -> Figures:
    """How the published preprocessing does from different seeds: misses of each, mean and spread."""
    networks = {}
    for name in _names(done):
        results = {cell.seed: done[cell] for cell in _sorted(done) if (cell.network, cell.variant) == (name, BASELINE)}
        if not results:
            continue
        n = next(iter(results.values()))["test"]["n"]
        misses = {str(seed): len(result["test"]["clean"]["index"]) for seed, result in results.items()}
        accuracies = [1 - count / n for count in misses.values()]
        networks[name] = {
            "n": n,
            "misses": misses,
            "accuracy": float(np.mean(accuracies)),
            "deviation": float(np.std(accuracies, ddof=1)) if len(misses) > 1 else None,
            **_made(list(results.values())),
        }
    return {"dataset": dataset.name, "data_digest": dataset.digest, "networks": networks}


def with_baseline(figures: Figures) -> list[str]:
    """The networks of which the baseline is there, so that others can be compared with it."""
    return [name for name, of in figures["networks"].items() if figures["baseline"] in of["corruptions"]["clean"]]


def _names(done: Iterable[Cell]) -> list[str]:
    """The networks that have cells, in the project's order."""
    found = {cell.network for cell in done}
    return [name for name in MODELS if name in found]


def _sorted(done: Iterable[Cell]) -> list[Cell]:
    order = list(VARIANTS)
    return sorted(done, key=lambda cell: (cell.network, order.index(cell.variant), cell.seed))


def _network(done: Mapping[Cell, Result]) -> Figures:
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
        **_made(list(done.values())),
        "corruptions": {corruption: _under(corruption, by_variant) for corruption in CORRUPTIONS},
    }


def _made(results: Sequence[Result]) -> Figures:
    """How one network's cells were trained; seconds are the mean."""
    identity = results[0]["identity"]
    return {
        "parameters": identity["parameters"],
        "recipe": {key: value for key, value in identity["recipe"].items() if key != "seed"},
        "distortion": identity["distortion"],
        "seconds": float(np.mean([result["seconds"] for result in results])),
        "versions": _distinct([result["versions"] for result in results]),
    }


def _distinct(versions: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return [version for index, version in enumerate(versions) if version not in versions[:index]]


def _under(corruption: str, by_variant: Mapping[str, Mapping[int, Result]]) -> Figures:
    """Every variant's row under one corruption; Holm's adjustment over all of them, test by test."""
    rows = {name: _row(corruption, results) for name, results in by_variant.items() if results}
    if BASELINE not in rows:
        return rows
    base = by_variant[BASELINE]
    for name, results in by_variant.items():
        if name != BASELINE and results:
            rows[name] |= _compared(corruption, base, results)
    for test in TESTS:
        tested = {name: row[test]["p"] for name, row in rows.items() if row.get(test)}
        for name, p in statistics.holm(tested).items():
            rows[name][test]["p_holm"] = p
    for row in rows.values():
        if row.get("pooled"):
            row["verdict"] = _verdict(row["pooled"])
    return rows


def _row(corruption: str, results: Mapping[int, Result]) -> Figures:
    n = next(iter(results.values()))["test"]["n"]
    misses = [len(result["test"][corruption]["index"]) for result in results.values()]
    low, high = statistics.wilson(round(float(np.mean(misses))), n)
    row = {
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


def _compared(corruption: str, base: Mapping[int, Result], results: Mapping[int, Result]) -> Figures:
    """The three tests against the baseline, on the seeds that both have."""
    shared = [seed for seed in results if seed in base]
    compared: Figures = dict.fromkeys(TESTS)
    if MCNEMAR_SEED in shared:
        pair = (wrong(of[MCNEMAR_SEED], corruption) for of in (base, results))
        compared["mcnemar"] = asdict(statistics.mcnemar(*pair))
    if shared:
        first, second = (_stacked(of, shared, corruption) for of in (base, results))
        compared["pooled"] = asdict(statistics.pooled(first, second))
        across = statistics.across_seeds(first.mean(axis=1).tolist(), second.mean(axis=1).tolist())
        compared["across_seeds"] = asdict(across) if across else None
    return compared


def _stacked(results: Mapping[int, Result], seeds: Sequence[int], corruption: str) -> NDArray[np.bool_]:
    return np.stack([wrong(results[seed], corruption) for seed in seeds])


def _verdict(pooled: Figures) -> str:
    if pooled["p_holm"] >= LEVEL:
        return SAME
    return BETTER if pooled["difference"] < 0 else WORSE
