"""The comparison as a page that people read: ``plots/study/README.md``."""

from collections import Counter
from collections.abc import Mapping, Sequence

from digits import markdown
from digits.study.comparison import (
    BETTER,
    SAME,
    WORSE,
    Comparison,
    NetworkComparison,
    Row,
    Seeds,
    TrainedWith,
    with_baseline,
)


def summary(comparison: Comparison) -> str:
    """The answers in a few lines of Markdown, for clean and for corrupted images; says what is missing."""
    lines = [
        *_answer(comparison),
        "",
        "Where the test images are corrupted:",
        "",
        *_corrupted_answer(comparison),
    ]
    if comparison["missing"]:
        lines += ["", _unfinished(comparison["missing"])]
    return "\n".join(lines)


def page(comparison: Comparison, seeds: Seeds) -> str:
    """The whole page as Markdown."""
    lines = ["# Does preprocessing change the error rate?", "", *_answer(comparison), ""]
    if comparison["missing"]:
        lines += [_unfinished(comparison["missing"]), ""]
    lines += ["![Error by preprocessing](errors.png)", ""]
    for name, network in comparison["networks"].items():
        lines += [f"## {name}, clean test images", "", _clean_table(comparison, network), ""]
    lines += [
        "## Corrupted images",
        "",
        "The same networks, trained on clean images (augmented, as all training images are), read test images "
        "that were corrupted before preprocessing. Every variant is compared with the baseline on the same corrupted "
        "images.",
        "",
        *_corrupted_answer(comparison),
        "",
    ]
    for name in with_baseline(comparison):
        lines += [f"![{name}: error by preprocessing and corruption]({name}_corrupted.png)", ""]
    if seeds["networks"]:
        n = next(iter(seeds["networks"].values()))["n"]
        lines += [
            "## What the seed alone changes",
            "",
            f"Misses of the {n:,} test images with the published preprocessing and recipe; the seed decides the "
            "initial weights, the order of the images and their augmentation.",
            "",
            seeds_table(seeds),
            "",
        ]
    return "\n".join([*lines, *_method(comparison, seeds)]) + "\n"


# -- in words -------------------------------------------------------------------------------------


def _answer(comparison: Comparison) -> list[str]:
    """The question answered, network by network."""
    compared = {name: _verdicts(comparison, name, "clean") for name in comparison["networks"]}
    compared = {name: verdicts for name, verdicts in compared.items() if verdicts}
    if not compared:
        return ["Nothing to compare yet: the baseline and at least one other variant are needed."]
    lower = [name for name, verdicts in compared.items() if BETTER in verdicts.values()]
    higher = [name for name, verdicts in compared.items() if WORSE in verdicts.values()]
    if lower:
        start = f"**Yes: some methods lower the error significantly ({markdown.in_words(lower)})"
        start += f", others raise it ({markdown.in_words(higher)}).**" if higher else ".**"
    elif higher:
        start = f"**No method lowers the error significantly; some raise it ({markdown.in_words(higher)}).**"
    else:
        start = "**No significant difference could be shown.**"
    n = next(row["n"] for name in compared for row in comparison["networks"][name]["corruptions"]["clean"].values())
    start += (
        f" On clean test images of {comparison['dataset']}, compared with the baseline, pixels in [0, 1] "
        f"(in brackets: misses of {n:,}, mean over the seeds):"
    )
    return [start, "", *(f"- {_sentence(comparison, name, verdicts)}" for name, verdicts in compared.items())]


def _sentence(comparison: Comparison, network: str, verdicts: Mapping[str, str]) -> str:
    rows = comparison["networks"][network]["corruptions"]["clean"]
    phrases = []
    for verdict, word in ((BETTER, "lower"), (WORSE, "raise")):
        chosen = sorted(
            (name for name, given in verdicts.items() if given == verdict),
            key=lambda name: -abs((rows[name]["pooled"] or {})["difference"]),
        )
        if chosen:
            named = [f"{_title(comparison, name)} to {_share(rows[name])}" for name in chosen]
            phrases.append(
                f"{len(chosen)} {word}{'s' if len(chosen) == 1 else ''} the error, {markdown.in_words(named)}"
            )
    same = sum(verdict == SAME for verdict in verdicts.values())
    if same:
        phrases.append(f"{same} show{'s' if same == 1 else ''} no significant difference")
    counts = [len(row["seeds"]) for row in rows.values()]
    fewest, most = min(counts), max(counts)
    seeds = f"{fewest} to {most} seeds" if fewest < most else f"{most} {'seed' if most == 1 else 'seeds'}"
    start = f"**{network}**, {seeds}, with the baseline {_share(rows[comparison['baseline']])}:"
    if same == len(verdicts):
        return f"{start} {f'none of {same} methods shows a' if same > 1 else 'no'} significant difference."
    return f"{start} of {len(verdicts)} {'method' if len(verdicts) == 1 else 'methods'} {'; '.join(phrases)}."


def _corrupted_answer(comparison: Comparison) -> list[str]:
    """For each network and corruption, which variant helps most."""
    lines = []
    for name, network in comparison["networks"].items():
        phrases = []
        for corruption, rows in network["corruptions"].items():
            if corruption == "clean" or comparison["baseline"] not in rows:
                continue
            lower = [other for other, row in rows.items() if row.get("verdict") == BETTER]
            base, title = _share(rows[comparison["baseline"]]), comparison["corruptions"][corruption]["title"]
            if lower:
                best = min(lower, key=lambda other: rows[other]["error"])
                phrases.append(f"{title}: {_title(comparison, best)} helps most, {base} → {_share(rows[best])}")
            else:
                phrases.append(f"{title}: none is better than the baseline's {base}")
        if phrases:
            lines.append(f"- **{name}.** {'; '.join(phrases)}.")
    return lines


def _unfinished(missing: Sequence[str]) -> str:
    if len(missing) <= 12:
        shown = f"planned cells that are missing: {', '.join(missing)}"
    else:
        networks = Counter(cell.partition("-")[0] for cell in missing)
        counts = [f"{count} of {network}" for network, count in networks.items()]
        shown = f"{len(missing)} planned cells are missing, {markdown.in_words(counts)}"
    return f"**Not finished:** {shown}. `python test.py --study preprocessing` continues."


def _verdicts(comparison: Comparison, network: str, corruption: str) -> dict[str, str]:
    rows = comparison["networks"][network]["corruptions"][corruption]
    return {name: row["verdict"] for name, row in rows.items() if "verdict" in row}


# -- tables ---------------------------------------------------------------------------------------


def _clean_table(comparison: Comparison, network: NetworkComparison) -> str:
    """A row for each variant."""
    header = [
        "preprocessing",
        "seeds",
        "error",
        "95% interval",
        "misses / n",
        "difference, points",
        "McNemar p",
        "all seeds p",
        "odds ratio",
        "across seeds p",
        "d_z",
        "verdict",
    ]
    rows = []
    for name, row in network["corruptions"]["clean"].items():
        mcnemar, pooled, across = row.get("mcnemar") or {}, row.get("pooled") or {}, row.get("across_seeds") or {}
        difference = ""
        if pooled:
            difference = f"{_points(pooled['difference'])} ({_points(pooled['low'])} to {_points(pooled['high'])})"
        rows.append(
            [
                _title(comparison, name),
                str(len(row["seeds"])),
                markdown.percent(row["error"]),
                markdown.interval(row["low"], row["high"]),
                markdown.misses_of(_mean_misses(row), row["n"]),
                difference,
                _p(mcnemar.get("p_holm")),
                _p(pooled.get("p_holm")),
                _number(pooled.get("odds_ratio")),
                _p(across.get("p_holm")) if across else ("one seed" if pooled and len(row["seeds"]) == 1 else ""),
                _number(across.get("d_z")),
                row.get("verdict", "the baseline" if name == comparison["baseline"] else ""),
            ]
        )
    return markdown.table(header, rows, words=(0, 11))


def seeds_table(seeds: Seeds) -> str:
    """Misses of each seed, mean and spread, a row per network."""
    columns = list(dict.fromkeys(seed for network in seeds["networks"].values() for seed in network["misses"]))
    header = ["network", *(f"seed {seed}" for seed in columns), "mean accuracy", "standard deviation, points"]
    rows = [
        [
            name,
            *(f"{network['misses'][seed]:,}" if seed in network["misses"] else "" for seed in columns),
            markdown.percent(network["accuracy"]),
            f"{100 * network['deviation']:.2f}" if network["deviation"] is not None else "",
        ]
        for name, network in seeds["networks"].items()
    ]
    return markdown.table(header, rows)


# -- method ---------------------------------------------------------------------------------------


def _method(comparison: Comparison, seeds: Seeds) -> list[str]:
    trained: dict[str, TrainedWith] = {**seeds["networks"], **comparison["networks"]}  # the latter where both have it
    variants = [(v["title"], v["description"]) for v in comparison["variants"].values()]
    corruptions = [(c["title"], c["description"]) for c in comparison["corruptions"].values()]
    lines = [
        "## How it was done",
        "",
        "![Network input by preprocessing](variants.png)",
        "",
        "Each cell of the study trains one network from one seed with one preprocessing, which is applied alike to the "
        "training images (after augmentation), the validation images and the test images. All cells of a seed "
        "start from the same weights and see the same images in the same order.",
        "",
        markdown.table(["preprocessing", "what it does"], variants, (0, 1)),
        "",
        markdown.table(["test images", "what was done"], corruptions, (0, 1)),
        "",
        "Images are corrupted once: the pixels are the same for every network, preprocessing and seed. The networks "
        "normalise the output of every layer, which removes most of what the scale of the input could change.",
        "",
        "- **error**: mean over the seeds, with Wilson's interval for one run over n images.",
        "- **difference**: error minus the baseline's on the same seeds and images, in percentage points; its interval "
        "treats images, not answers, as the independent units.",
        f"- **McNemar p**: exact test on seed {comparison['mcnemar_seed']}, which was fixed in advance.",
        "- **all seeds p**: exact permutation test over all seeds with the image as the unit: are the two "
        "exchangeable, image by image? With one seed it is McNemar's test. The verdict rests on it.",
        "- **odds ratio**: answers that only this preprocessing got wrong, divided by those that only the baseline got "
        "wrong.",
        "- **across seeds p**, **d_z**: paired t-test with the seed as the unit, and Cohen's d of the differences. "
        "With three to five seeds it detects only large and consistent effects.",
        f"- Every p is adjusted by Holm's method for all variants of that network; below {comparison['level']:g} a "
        "difference is called significant. Clean images and each corruption each form a separate family.",
        "- Nothing was chosen on the test images here. Choose the preprocessing for a network of your own by the "
        "validation error, which is in [preprocessing.json](preprocessing.json) with everything else.",
        "",
        "```sh",
        "python test.py --study preprocessing      # continues where it was interrupted",
        "python test.py --study seeds              # only the table of seeds; other networks with --models",
        "python test.py --study preprocessing --cluster tcp://ADDRESS:8786      # on a Dask cluster",
        "```",
        "",
        f"{comparison['cells']:,} cells on {comparison['dataset']} (data {comparison['data_digest'][:12]}), in "
        "[cells/](cells).",
        "",
    ]
    return [*lines, *(_trained_with(name, network) for name, network in trained.items())]


def _trained_with(name: str, network: TrainedWith) -> str:
    recipe = network["recipe"]
    machines = "; ".join(
        f"TensorFlow {v['tensorflow']}, Keras {v['keras']}, Python {v['python']}, {v['platform']}, {v['cores']} cores, "
        f"{v.get('precision', 'float32')}"
        for v in network["versions"]
    )
    return (
        f"- **{name}**: {network['parameters']:,} parameters; {recipe['epochs']} epochs, batch size "
        f"{recipe['batch_size']}, learning rate {recipe['learning_rate']:g} ({recipe['schedule']}), weight average "
        f"{recipe['average']:g}, {recipe['restyle']['share']:.0%} of the images restyled; a cell trains for "
        f"{markdown.duration(network['seconds'])} on one core; {machines}."
    )


# -- words and numbers ----------------------------------------------------------------------------


def _title(comparison: Comparison, variant: str) -> str:
    return comparison["variants"][variant]["title"]


def _share(row: Row) -> str:
    """Error and misses, means over the seeds."""
    return f"{markdown.percent(row['error'])} ({markdown.number(_mean_misses(row))})"


def _mean_misses(row: Row) -> float:
    return sum(row["misses"]) / len(row["misses"])


def _points(value: float) -> str:
    return f"{100 * value:+.2f}".replace("-", "−")


def _p(value: float | None) -> str:
    if value is None:
        return ""
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}".replace("-", "−")
