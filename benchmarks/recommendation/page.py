"""The recommendation in words and tables. No network is named here: the results decide."""

from collections.abc import Callable, Mapping, Sequence

from benchmarks.accuracy import Accuracy
from benchmarks.pen_digits.measure import Results
from benchmarks.recommendation.findings import GOAL, MNIST, PEN, PLACES, Candidate, Differences, Findings
from benchmarks.recommendation.measure import Measured
from digits import markdown
from digits.learning import calibration
from digits.learning.calibration import ReliabilityMetrics
from digits.learning.card import Card
from digits.markdown import in_words
from digits.networks import LINE

MNIST_RISK, PEN_RISK = 0.001, 0.01  #: at which coverage is stated
MEASURED = """Each accuracy is followed by misses / n in brackets. Pen-drawn digits are read as shipped: correct if
found as one digit, not rejected, and read correctly ([pen_digits.md](pen_digits.md)). Time: OpenCV's DNN module, as in
the window; the median of {calls} calls, all networks taking turns ({versions[platform]}, {versions[cores]} cores,
OpenCV {versions[opencv]}; the milliseconds depend on the machine, the ratios less so). A vote needs the time, files,
parameters and training of all its voters: the soft vote is the mean of their probabilities, the majority vote the digit
that most of them read. Calibration error: the absolute difference between confidence and accuracy in {bins} bins of
equal width, averaged over the images. Coverage at 0.1% risk: the share of images that can be answered, most confident
first, with an error rate of at most 0.1%."""
PARETO = """The line joins the Pareto front: no other candidate is as good in both and better in one. Bars: 95%
intervals."""
TESTS = """The networks and the soft vote read the same images, so the tests are paired: Cochran's Q (1950) across all
of them, then McNemar's exact test (1947) for each pair, with p adjusted for the number of pairs (Holm 1979), at a
significance level of 5%. A negative difference means that the second has the lower error rate; 95% intervals in
brackets (Bonett & Price 2012). All this holds for these trained networks; another seed gives other networks."""


def page(found: Findings, measured: Measured, cards: Mapping[str, Card], pen: Results) -> str:
    """The page ``recommendation.md``.

    Args:
        found: what :func:`benchmarks.recommendation.findings.findings` made of the other three.
        measured: recommendation.json.
        cards: the model cards in results.json, by name.
        pen: pen_digits.json.
    """
    parts = [
        "# Which network?",
        summary(found),
        "## Accuracy and cost",
        figures_table(found, measured, cards, pen),
        MEASURED.format(bins=calibration.BINS, **measured),
        "![error by time and size](recommendation_pareto.png)",
        PARETO,
        "## Which differences are significant",
        TESTS,
    ]
    for where, place in PLACES.items():
        parts += [f"### On {place}", tests(found.tests[where])]
    return "\n\n".join(parts) + "\n"


def summary(found: Findings) -> str:
    """The answer and the verdicts, as the README shows them."""
    table = markdown.table(("wanted", "use", "because"), verdicts(found), words=(0, 1, 2))
    return f"{answer(found)}\n\n{table}"


# -- in words -------------------------------------------------------------------------------------


def answer(found: Findings) -> str:
    """Which network to use for 99%, and whether it reaches that on pen-drawn digits, too."""
    chosen, drawn = found.recommended(), found.best(PEN)
    if drawn.accuracy[PEN].interval[0] > GOAL:
        on_pen = f"On pen-drawn digits, {drawn.name} is above 99%, too: {drawn.accuracy[PEN]}."
    else:
        on_pen = (
            f"On pen-drawn digits, no network is significantly above 99%; the best is {drawn.name}: "
            f"{drawn.accuracy[PEN]}."
        )
    if chosen is None:
        best = found.best(MNIST)
        return (
            f"**No network can be recommended for 99%.** The best on MNIST's test images is {best.name}: "
            f"{best.accuracy[MNIST]}, but its 95% interval ({interval(best.accuracy[MNIST])}) is not entirely "
            f"above 99%. {on_pen}"
        )
    return " ".join([_recommendation(found, chosen), on_pen])


def _recommendation(found: Findings, chosen: Candidate) -> str:
    reaching = found.reach_goal()
    names = in_words([f"{candidate.name} ({interval(candidate.accuracy[MNIST])})" for candidate in reaching])
    short = [candidate.name for candidate in found.networks if candidate not in reaching]
    said = (
        f"**For 99%, use {chosen.name}.** On MNIST's test images, the whole 95% interval is above 99% for {names}"
        f"{f', but not for {in_words(short)}' if short else ''}."
    )
    if len(reaching) == 1:
        return said
    others = [candidate for candidate in reaching if candidate is not chosen]
    fastest = min(reaching, key=lambda candidate: candidate.one)
    return (
        f"{said} Of these, {chosen.name} is the most accurate on pen-drawn digits: {chosen.accuracy[PEN]}"
        f"{significance(found, PEN, chosen, others)}. The fastest of them is {fastest.name}."
    )


def verdicts(found: Findings) -> list[tuple[str, str, str]]:
    """For each wish: the wish, which network to use, and why."""
    networks = found.networks
    rows = []
    for where, wish in ((MNIST, "most accurate on MNIST"), (PEN, "most accurate on pen-drawn digits")):
        best = found.best(where)
        others = [candidate for candidate in networks if candidate is not best]
        rows.append((wish, best.name, f"{best.accuracy[where]}{significance(found, where, best, others)}"))
    rows += [
        least(networks, "fastest", lambda c: c.one, lambda c: f"{milliseconds(c.one)} per digit", "time"),
        least(networks, "smallest", lambda c: c.size, lambda c: megabytes(c.size), "size"),
        least(networks, "fastest to train", lambda c: c.seconds, lambda c: markdown.duration(c.seconds), "time"),
        ("vote of the three core networks", *worth(found)),
    ]
    return rows


def least(
    networks: Sequence[Candidate],
    wish: str,
    cost: Callable[[Candidate], float],
    shown: Callable[[Candidate], str],
    what: str,
) -> tuple[str, str, str]:
    """The network of the lowest cost, and the relative cost of the others."""
    first, *others = sorted(networks, key=cost)
    ratios = [f"{candidate.name} {ratio(cost(candidate), cost(first))}" for candidate in others]
    return wish, first.name, f"{shown(first)}; relative {what}: {', '.join(ratios)}" if ratios else shown(first)


def significance(found: Findings, where: str, best: Candidate, others: Sequence[Candidate]) -> str:
    """From which of the others the best differs significantly, and from which it may by chance."""
    if not others:
        return ""
    worse = [other.name for other in others if found.tests[where].differ(best.name, other.name)]
    chance = [other.name for other in others if other.name not in worse]
    said = f"; significantly better than {in_words(worse)}" if worse else ""
    return said + (f"; the difference from {in_words(chance)} is not significant" if chance else "")


def worth(found: Findings) -> tuple[str, str]:
    """Whether the vote is worth it: significantly better than the best network somewhere, and nowhere worse."""
    vote = found.vote
    gained: list[str] = []
    lost: list[str] = []
    said = []
    for where, place in PLACES.items():
        best = found.best(where)
        pair = found.tests[where].between(best.name, vote.name)
        fewer = best.accuracy[where].misses - vote.accuracy[where].misses
        significant = found.tests[where].differ(best.name, vote.name)
        if significant:
            (gained if fewer > 0 else lost).append(place)
        compared = f"{abs(fewer):,} {'fewer' if fewer > 0 else 'more'} misses than" if fewer else "as many misses as"
        chance = "" if significant else "not significant, "
        said.append(f"on {place} {vote.accuracy[where]}, {compared} {best.name} ({chance}{p_value(pair.adjusted)})")
    drawn = found.best(PEN)
    cost = f"{ratio(vote.one, drawn.one)} the time and {ratio(vote.size, drawn.size)} the size of {drawn.name}"
    verdict = f"worth it for accuracy on {in_words(gained)}" if gained and not lost else "not worth it"
    return verdict, f"{'; '.join(said)}; it takes {cost}"


# -- tables ---------------------------------------------------------------------------------------


def figures_table(found: Findings, measured: Measured, cards: Mapping[str, Card], pen: Results) -> str:
    """Every figure, a column for each candidate."""
    everyone = found.candidates
    lowest = min(candidate.one for candidate in everyone)
    rows: list[tuple[str, Callable[[Candidate], str]]] = [
        ("MNIST, test", lambda c: str(c.accuracy[MNIST])),
        ("95% interval", lambda c: interval(c.accuracy[MNIST])),
        ("pen-drawn digits", lambda c: str(c.accuracy[PEN])),
        ("95% interval", lambda c: interval(c.accuracy[PEN])),
        ("one digit", lambda c: milliseconds(c.one)),
        ("ten digits at once", lambda c: milliseconds(c.ten)),
        ("one digit, relative to the fastest", lambda c: ratio(c.one, lowest)),
        ("file (.onnx)", lambda c: megabytes(c.size)),
        ("parameters", lambda c: f"{c.parameters:,}"),
        ("training", lambda c: markdown.duration(c.seconds)),
        *_calibration_rows(measured["n"], cards, pen),
    ]
    lines = [(title, *(cell(candidate) for candidate in everyone)) for title, cell in rows]
    return markdown.table(("", *(candidate.name for candidate in everyone)), lines)


def _calibration_rows(n: int, cards: Mapping[str, Card], pen: Results) -> list[tuple[str, Callable[[Candidate], str]]]:
    own = {name: made["calibration"] for name, made in cards.items()}
    pen_alone = {name: value["alone"] for name, value in pen["calibration"].items()}
    pen_together = {name: value["together"] for name, value in pen["calibration"].items()}
    mnist_before = {name: value["before"]["test"] for name, value in own.items()}
    mnist_after = {name: value["after"]["test"] for name, value in own.items()}
    mnist_ranks = {name: made["misses"]["rank"] for name, made in cards.items()}
    pen_curves = {name: value["curve"] for name, value in pen["risk_coverage"].items()}
    return [
        ("temperature", lambda c: f"{own[c.name]['temperature']:.2f}" if c.name in own else ""),
        ("calibration error on MNIST, as trained", lambda c: calibrated(mnist_before.get(c.name))),
        ("… after temperature scaling", lambda c: calibrated(mnist_after.get(c.name))),
        ("calibration error on pen-drawn digits, the network alone", lambda c: calibrated(pen_alone.get(c.name))),
        (f"… together with {LINE}, as shown", lambda c: calibrated(pen_together.get(c.name))),
        (
            f"coverage at {MNIST_RISK:.1%} risk, MNIST",
            lambda c: coverage(MNIST_RISK, mnist_ranks[c.name], n) if c.name in mnist_ranks else "",
        ),
        (
            f"coverage at {PEN_RISK:.0%} risk, pen-drawn digits",
            lambda c: coverage(PEN_RISK, **pen_curves[c.name]) if c.name in pen_curves else "",
        ),
    ]


def calibrated(value: ReliabilityMetrics | None) -> str:
    """The expected calibration error, and whether the network is over- or underconfident; "" for None."""
    if value is None:
        return ""
    bins = calibration.Reliability.from_json(value)
    return f"{markdown.percent(bins.ece)}, {'over' if bins.excess > 0 else 'under'}confident"


def coverage(risk: float, ranks: Sequence[int], n: int) -> str:
    """The greatest coverage at that risk."""
    return markdown.percent(calibration.coverage_at(risk, *calibration.risk_coverage(ranks, n)), 1)


def tests(found: Differences) -> str:
    """Cochran's Q, then a row for each pair."""
    rows = [
        (
            f"{pair.first} – {pair.second}",
            f"{pair.test.only_first:,}",
            f"{pair.test.only_second:,}",
            f"{points(pair.test.difference)} ({points(pair.test.low)} to {points(pair.test.high)})",
            p_value(pair.adjusted).removeprefix("p = ").removeprefix("p "),
            verdict(found, pair.first, pair.second),
        )
        for pair in found.pairs
    ]
    header = ("pair", "only the first wrong", "only the second wrong", "error, second − first, points", "p", "verdict")
    overall = f"Overall: Cochran's Q = {found.q:.1f}, {found.freedom} degrees of freedom, {p_value(found.p)}."
    return f"{overall}\n\n{markdown.table(header, rows, words=(0, 5))}"


def verdict(found: Differences, first: str, second: str) -> str:
    """Which of two is significantly better, if one is."""
    if not found.differ(first, second):
        return "not significant"
    return f"{second if found.between(first, second).test.difference < 0 else first} is better"


# -- numbers --------------------------------------------------------------------------------------


def interval(accuracy: Accuracy) -> str:
    """The 95% interval: "98.46% – 98.90%"."""
    return markdown.interval(*accuracy.interval)


def milliseconds(value: float) -> str:
    """Milliseconds with two digits: "0.39 ms", "12 ms"."""
    return f"{value:.2g} ms" if value < 10 else f"{value:.0f} ms"


def megabytes(value: float) -> str:
    """Bytes as "1.9 MB"."""
    return f"{value / 1e6:.1f} MB"


def ratio(value: float, least: float) -> str:
    """How many times the least a value is: "1.3 ×", "12 ×"."""
    times = value / least
    return f"{times:.1f} ×" if times < 10 else f"{times:.0f} ×"


def points(difference: float) -> str:
    """A difference of shares in percentage points: "−0.97"."""
    return f"{100 * difference:+.2f}".replace("-", "−")


def p_value(p: float) -> str:
    """A p-value: "p = 0.022", "p < 0.0001"."""
    return "p < 0.0001" if p < 1e-4 else f"p = {p:.2g}"
