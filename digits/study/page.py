"""The study's figures to the page that people read: ``plots/study/README.md``."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from digits.learning.report import duration
from digits.learning.study_figures import BETTER, SAME, WORSE, Figures, with_baseline

MARKS = {BETTER: " ▼", WORSE: " ▲", SAME: ""}


def summary(figures: Figures) -> str:
    """The answers in a few lines of Markdown, for clean and for spoilt images; says what is not finished.

    Args:
        figures: as ``study_figures.preprocessing`` makes them.
    """
    lines = [*_answer(figures), "", "Where the test images are spoilt:", "", *_spoilt_answer(figures)]
    if figures["missing"]:
        lines += ["", _unfinished(figures["missing"])]
    return "\n".join(lines)


def page(figures: Figures, seeds: Figures) -> str:
    """The page as Markdown.

    Args:
        figures: as ``study_figures.preprocessing`` makes them.
        seeds: as ``study_figures.seeds`` makes them.
    """
    lines = ["# Does preprocessing change the error rate?", "", *_answer(figures), ""]
    if figures["missing"]:
        lines += [_unfinished(figures["missing"]), ""]
    lines += ["![Error by preprocessing](errors.png)", ""]
    for name, network in figures["networks"].items():
        lines += [f"## {name}, clean test images", "", *_clean_table(figures, network), ""]
    lines += [
        "## Where images are not clean",
        "",
        "The same networks, trained on clean images (distorted a little, as all training images are), read test images "
        "that were spoilt before the preprocessing. Every variant is compared with the baseline on the same spoilt "
        "images.",
        "",
        *_spoilt_answer(figures),
        "",
    ]
    for name in with_baseline(figures):
        lines += [f"![{name}: error by preprocessing and by what spoils the images]({name}_spoilt.png)", ""]
    if seeds["networks"]:
        n = next(iter(seeds["networks"].values()))["n"]
        lines += [
            "## What the seed alone changes",
            "",
            f"Misses of the {n:,} test images with the published preprocessing and recipe; the seed decides initial "
            "weights, order and distortion of the images.",
            "",
            seeds_table(seeds),
            "",
        ]
    return "\n".join([*lines, *_method(figures, seeds)]) + "\n"


# -- in words -------------------------------------------------------------------------------------


def _answer(figures: Figures) -> list[str]:
    """The question answered, network by network."""
    compared = {name: _verdicts(figures, name, "clean") for name in figures["networks"]}
    compared = {name: verdicts for name, verdicts in compared.items() if verdicts}
    if not compared:
        return ["Nothing to compare yet: the baseline and at least one other variant are needed."]
    lower = [name for name, verdicts in compared.items() if BETTER in verdicts.values()]
    higher = [name for name, verdicts in compared.items() if WORSE in verdicts.values()]
    if lower:
        start = f"**Yes: some lower the error significantly ({_listed(lower)})"
        start += f", others raise it ({_listed(higher)}).**" if higher else ".**"
    elif higher:
        start = f"**None lowers the error significantly; some raise it ({_listed(higher)}).**"
    else:
        start = "**No significant difference could be shown.**"
    n = next(row["n"] for name in compared for row in figures["networks"][name]["corruptions"]["clean"].values())
    start += (
        f" On clean test images of {figures['dataset']}, compared with pixels in [0, 1] as they are published "
        f"(in brackets: misses of {n:,}, mean over the seeds):"
    )
    return [start, "", *(f"- {_sentence(figures, name, verdicts)}" for name, verdicts in compared.items())]


def _sentence(figures: Figures, network: str, verdicts: Mapping[str, str]) -> str:
    rows = figures["networks"][network]["corruptions"]["clean"]
    said = []
    for verdict, word in ((BETTER, "lower"), (WORSE, "raise")):
        chosen = sorted(
            (name for name, given in verdicts.items() if given == verdict),
            key=lambda name: -abs(rows[name]["pooled"]["difference"]),
        )
        if chosen:
            named = [f"{_title(figures, name)} {_share(rows[name])}" for name in chosen]
            said.append(f"{len(chosen)} {word}{'s' if len(chosen) == 1 else ''} it, {_listed(named)}")
    same = sum(verdict == SAME for verdict in verdicts.values())
    if same:
        said.append(f"for {same} no difference is shown")
    counts = [len(row["seeds"]) for row in rows.values()]
    fewest, most = min(counts), max(counts)
    seeds = f"{fewest} to {most} seeds" if fewest < most else f"{most} {'seed' if most == 1 else 'seeds'}"
    start = f"**{network}**, {seeds}, with the baseline {_share(rows[figures['baseline']])}:"
    if same == len(verdicts):
        return f"{start} no difference is shown{f' for any of {same} methods' if same > 1 else ''}."
    return f"{start} of {len(verdicts)} {'method' if len(verdicts) == 1 else 'methods'} {'; '.join(said)}."


def _spoilt_answer(figures: Figures) -> list[str]:
    """For each network and corruption, which variant helps most."""
    lines = []
    for name, network in figures["networks"].items():
        said = []
        for corruption, rows in network["corruptions"].items():
            if corruption == "clean" or figures["baseline"] not in rows:
                continue
            lower = [other for other, row in rows.items() if row.get("verdict") == BETTER]
            base, title = _share(rows[figures["baseline"]]), figures["corruptions"][corruption]["title"]
            if lower:
                best = min(lower, key=lambda other: rows[other]["error"])
                said.append(f"{title}: {_title(figures, best)} helps most, {base} → {_share(rows[best])}")
            else:
                said.append(f"{title}: none is better than the baseline's {base}")
        if said:
            lines.append(f"- **{name}.** {'; '.join(said)}.")
    return lines


def _unfinished(missing: Sequence[str]) -> str:
    if len(missing) <= 12:
        shown = f"planned cells that are missing: {', '.join(missing)}"
    else:
        networks = Counter(cell.partition("-")[0] for cell in missing)
        counts = [f"{count} of {network}" for network, count in networks.items()]
        shown = f"{len(missing)} planned cells are missing, {_listed(counts)}"
    return f"**Not finished:** {shown}. `python test.py --study preprocessing` goes on."


def _verdicts(figures: Figures, network: str, corruption: str) -> dict[str, str]:
    rows = figures["networks"][network]["corruptions"][corruption]
    return {name: row["verdict"] for name, row in rows.items() if "verdict" in row}


# -- tables ---------------------------------------------------------------------------------------


def _clean_table(figures: Figures, network: Figures) -> list[str]:
    """A row for each variant."""
    header = [
        "preprocessing",
        "seeds",
        "error",
        "95 % interval",
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
        mcnemar, pooled, across = (row.get(test) or {} for test in ("mcnemar", "pooled", "across_seeds"))
        difference = ""
        if pooled:
            difference = f"{_points(pooled['difference'])} ({_points(pooled['low'])} to {_points(pooled['high'])})"
        rows.append(
            [
                _title(figures, name),
                str(len(row["seeds"])),
                _rate(row["error"]),
                f"{_rate(row['low'])} – {_rate(row['high'])}",
                f"{_misses(row)} / {row['n']:,}",
                difference,
                _p(mcnemar.get("p_holm")),
                _p(pooled.get("p_holm")),
                _number(pooled.get("odds_ratio")),
                _p(across.get("p_holm")) if across else ("one seed" if pooled and len(row["seeds"]) == 1 else ""),
                _number(across.get("d_z")),
                row.get("verdict", "the baseline" if name == figures["baseline"] else ""),
            ]
        )
    return _table(header, rows, words=(0, 11))


def seeds_table(seeds: Figures) -> str:
    """Misses of each seed, mean and spread, a row a network.

    Args:
        seeds: as ``study_figures.seeds`` makes them.
    """
    columns = list(dict.fromkeys(seed for network in seeds["networks"].values() for seed in network["misses"]))
    header = ["network", *(f"seed {seed}" for seed in columns), "mean accuracy", "standard deviation, points"]
    rows = [
        [
            name,
            *(f"{network['misses'][seed]:,}" if seed in network["misses"] else "" for seed in columns),
            f"{network['accuracy']:.2%}",
            f"{100 * network['deviation']:.2f}" if network["deviation"] is not None else "",
        ]
        for name, network in seeds["networks"].items()
    ]
    return "\n".join(_table(header, rows, words=(0,)))


def _table(header: Sequence[str], rows: Sequence[Sequence[str]], words: Sequence[int]) -> list[str]:
    alignment = ["---" if column in words else "---:" for column in range(len(header))]
    return [f"| {' | '.join(cells)} |" for cells in (header, alignment, *rows)]


# -- method ---------------------------------------------------------------------------------------


def _method(figures: Figures, seeds: Figures) -> list[str]:
    networks = seeds["networks"] | figures["networks"]  # as the latter has it where both have
    lines = [
        "## How it was done",
        "",
        "![What a network is given](variants.png)",
        "",
        "Each cell trains one network from one seed with one preprocessing, which is applied alike to the training "
        "images (after their mild distortion), the validation images and the test images. All cells of a seed start "
        "from the same weights and see the same images in the same order.",
        "",
        *_table(["preprocessing", "what it does"], [list(v.values()) for v in figures["variants"].values()], (0, 1)),
        "",
        *_table(["test images", "what was done"], [list(c.values()) for c in figures["corruptions"].values()], (0, 1)),
        "",
        "What spoils the images is drawn once: the same pixels for every network, preprocessing and seed. The networks "
        "normalise every layer's output, which takes away most of what the scale of the input could change.",
        "",
        "- **error**: mean over the seeds, with Wilson's interval for one run over n images.",
        "- **difference**: error minus the baseline's on the same seeds and images, in percentage points; its interval "
        "treats images, not answers, as the independent units.",
        f"- **McNemar p**: exact test on seed {figures['mcnemar_seed']}, named before anything was run.",
        "- **all seeds p**: exact test of all seeds together with the image as the unit: could the two be swapped, "
        "image by image? With one seed it is McNemar's. The verdict is by this one.",
        "- **odds ratio**: answers that only this preprocessing got wrong over those that only the baseline got wrong.",
        "- **across seeds p**, **d_z**: paired t-test with the seed as the unit, and Cohen's d of the differences. "
        "With three to five seeds it sees only large and steady effects.",
        f"- Every p is Holm's, adjusted for all the variants of that network; below {figures['level']:g} is called a "
        "difference. Clean images and each way of spoiling them are a family of their own.",
        "- Nothing was chosen on the test images here; preprocessing for a network of one's own should be chosen by "
        "the validation error, which is in [preprocessing.json](preprocessing.json) with everything else.",
        "",
        "```sh",
        "python test.py --study preprocessing      # goes on where it was interrupted",
        "python test.py --study seeds              # the table of seeds alone; other networks with --models",
        "python test.py --study preprocessing --cluster tcp://ADDRESS:8786      # on a Dask cluster",
        "```",
        "",
        f"{figures['cells']:,} cells, of {figures['dataset']} (data {figures['data_digest'][:12]}), in "
        "[cells/](cells).",
        "",
    ]
    return [*lines, *(_made(name, network) for name, network in networks.items())]


def _made(name: str, network: Figures) -> str:
    recipe = ", ".join(f"{key.replace('_', ' ')} {value}" for key, value in network["recipe"].items())
    machines = "; ".join(
        f"TensorFlow {v['tensorflow']}, Keras {v['keras']}, Python {v['python']}, {v['platform']}, {v['cores']} cores"
        for v in network["versions"]
    )
    return (
        f"- **{name}**: {network['parameters']:,} parameters; {recipe}; a cell trains for "
        f"{duration(network['seconds'])} on one core; {machines}."
    )


# -- words and numbers ----------------------------------------------------------------------------


def _title(figures: Figures, variant: str) -> str:
    title: str = figures["variants"][variant]["title"]
    return title


def _listed(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _rate(value: float) -> str:
    return f"{100 * value:.2f} %"


def _share(row: Figures) -> str:
    """Error and misses, means over the seeds."""
    return f"{_rate(row['error'])} ({_misses(row)})"


def _misses(row: Figures) -> str:
    mean = sum(row["misses"]) / len(row["misses"])
    return f"{mean:,.{0 if mean == int(mean) else 1}f}"


def _points(value: float) -> str:
    return f"{100 * value:+.2f}".replace("-", "−")


def _p(value: Any) -> str:
    if value is None:
        return ""
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def _number(value: Any) -> str:
    return "" if value is None else f"{value:.2f}".replace("-", "−")
