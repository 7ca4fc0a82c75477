"""Which network for whom, in words. No winner is named here: the figures choose."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from digits.learning import calibration
from digits.learning.recommendation import GOAL, MNIST, PEN, Candidate, Differences, Findings, Share
from digits.learning.report import Card, between, duration

PLACES = {MNIST: "MNIST's test images", PEN: "what people draw"}


def answer(found: Findings) -> str:
    """Which is to be recommended for 99 %, and whether that holds for what people draw."""
    chosen, reaching = found.recommended(), found.reach_goal()
    drawn = found.best(PEN)
    if drawn.right[PEN].interval[0] > GOAL:
        on_paper = f"On what people draw {drawn.name} is above 99 % too: {drawn.right[PEN]}."
    else:
        on_paper = f"On what people draw none is surely above 99 %; the best is {drawn.name}: {drawn.right[PEN]}."
    if chosen is None:
        best = found.best(MNIST)
        return (
            f"**For 99 % none can be recommended.** The best on MNIST's test images is {best.name}: "
            f"{best.right[MNIST]}, but its 95 % interval ({interval(best.right[MNIST])}) does not lie above 99 %. "
            f"{on_paper}"
        )
    names = listed([f"{candidate.name} ({interval(candidate.right[MNIST])})" for candidate in reaching])
    short = [candidate.name for candidate in found.networks if candidate not in reaching]
    said = [
        f"**For 99 % take {chosen.name}.** With the whole 95 % interval above 99 % on MNIST's test images: {names}"
        f"{f'; not with {listed(short)}' if short else ''}."
    ]
    if len(reaching) > 1:
        others = [candidate for candidate in reaching if candidate is not chosen]
        fastest = min(reaching, key=lambda candidate: candidate.one)
        said.append(
            f"Of these {chosen.name} reads the most of what people draw: {chosen.right[PEN]}"
            f"{told_from(found, PEN, chosen, others)}. The fastest of them is {fastest.name}."
        )
    return " ".join([*said, on_paper])


def verdicts(found: Findings) -> list[tuple[str, str, str]]:
    """For each kind of user: what is asked for, the answer, and why."""
    networks = found.networks
    rows = []
    for where, wish in ((MNIST, "the most accurate on MNIST"), (PEN, "the most accurate on what people draw")):
        best = found.best(where)
        others = [candidate for candidate in networks if candidate is not best]
        rows.append((wish, best.name, f"{best.right[where]}{told_from(found, where, best, others)}"))
    rows += [
        extreme(networks, "the fastest", lambda c: c.one, lambda c: f"{milliseconds(c.one)} a digit", "the time"),
        extreme(networks, "the smallest", lambda c: c.size, lambda c: megabytes(c.size), "the size"),
        extreme(networks, "the quickest to train", lambda c: c.seconds, lambda c: duration(c.seconds), "the time"),
        ("the best of all three voting", *worth(found)),
    ]
    return rows


def extreme(
    networks: Sequence[Candidate],
    wish: str,
    measure: Callable[[Candidate], float],
    told: Callable[[Candidate], str],
    what: str,
) -> tuple[str, str, str]:
    """The least of something, and what the others take of it."""
    least, *others = sorted(networks, key=measure)
    times = [f"{candidate.name} {ratio(measure(candidate), measure(least))}" for candidate in others]
    return wish, least.name, f"{told(least)}; {what} of others: {', '.join(times)}" if times else told(least)


def told_from(found: Findings, where: str, best: Candidate, others: Sequence[Candidate]) -> str:
    """Which of the others have more misses for sure, and which may by chance."""
    if not others:
        return ""
    surely = [other.name for other in others if found.tests[where].differ(best.name, other.name)]
    chance = [other.name for other in others if other.name not in surely]
    said = f"; significantly better than {listed(surely)}" if surely else ""
    return said + (f"; the difference to {listed(chance)} may be chance" if chance else "")


def worth(found: Findings) -> tuple[str, str]:
    """Whether the vote is worth it: significantly better than the best network somewhere, and nowhere worse."""
    vote = found.vote
    gained: list[str] = []
    lost: list[str] = []
    said = []
    for where, place in PLACES.items():
        best = found.best(where)
        pair = found.tests[where].between(best.name, vote.name)
        fewer = best.right[where].misses - vote.right[where].misses
        sure = found.tests[where].differ(best.name, vote.name)
        if sure:
            (gained if fewer > 0 else lost).append(place)
        how = (
            f"{abs(fewer):,} {'fewer' if fewer > 0 else 'more'} misses than {best.name}" if fewer else "as many misses"
        )
        chance = "" if sure else "may be chance, "
        said.append(f"on {place} {vote.right[where]}, {how} ({chance}{p_value(pair.adjusted)})")
    drawn = found.best(PEN)
    cost = f"{ratio(vote.one, drawn.one)} the time and {ratio(vote.size, drawn.size)} the size of {drawn.name}"
    verdict = f"worth it for accuracy on {listed(gained)}" if gained and not lost else "not worth it"
    return verdict, f"{'; '.join(said)}; it takes {cost}"


def as_markdown(found: Findings, measured: Mapping[str, Any], cards: Mapping[str, Card], pen: Mapping[str, Any]) -> str:
    """The page."""
    parts = ["# Which network?", answer(found), summary(found)]
    parts += ["## What each does and what it costs", figures(found, measured, cards, pen), MEASURED.format(**measured)]
    parts += ["![error against time and size](recommendation_pareto.png)", PARETO]
    parts += ["## Which differences are more than chance", TESTS]
    for where, place in PLACES.items():
        parts += [f"### On {place}", tests(found.tests[where])]
    return "\n\n".join(parts) + "\n"


def with_summary(page: str, found: Findings) -> str:
    """A Markdown page with answer and verdicts put between its two ``recommendation`` comments."""
    return between(page, "recommendation", f"{answer(found)}\n\n{summary(found)}")


def summary(found: Findings) -> str:
    return table(("wanted", "take", "because"), verdicts(found), "lll")


def figures(found: Findings, measured: Mapping[str, Any], cards: Mapping[str, Card], pen: Mapping[str, Any]) -> str:
    """Every figure, a column a candidate."""
    everyone = found.candidates
    least = min(candidate.one for candidate in everyone)
    own = {name: cards[name]["calibration"] for name in cards}
    on_mnist = {when: {name: own[name][when]["test"] for name in own} for when in ("before", "after")}
    drawn = {
        when: {name: value[when] for name, value in pen["calibration"].items() if when in value}
        for when in ("before", "after")
    }
    rows: list[tuple[str, Callable[[Candidate], str]]] = [
        ("MNIST, test", lambda c: str(c.right[MNIST])),
        ("95 % interval", lambda c: interval(c.right[MNIST])),
        ("what people draw", lambda c: str(c.right[PEN])),
        ("95 % interval", lambda c: interval(c.right[PEN])),
        ("one digit", lambda c: milliseconds(c.one)),
        ("ten digits at once", lambda c: milliseconds(c.ten)),
        ("one digit, to the fastest's", lambda c: ratio(c.one, least)),
        ("file (.onnx)", lambda c: megabytes(c.size)),
        ("parameters", lambda c: f"{c.parameters:,}"),
        ("training", lambda c: duration(c.seconds)),
        ("temperature", lambda c: "" if c.votes else f"{own[c.name]['temperature']:.2f}"),
        ("calibration error, MNIST, as trained", lambda c: calibrated(on_mnist["before"].get(c.name))),
        ("… at that temperature", lambda c: calibrated(on_mnist["after"].get(c.name))),
        ("calibration error, what people draw, as trained", lambda c: calibrated(drawn["before"].get(c.name))),
        ("… at that temperature", lambda c: calibrated(drawn["after"].get(c.name))),
        (
            "answers for 0.1 % error, MNIST",
            lambda c: "" if c.votes else surest(0.001, cards[c.name]["misses"]["surer"], measured["n"]),
        ),
        (
            "answers for 1 % error, what people draw",
            lambda c: surest(0.01, **pen["rejection"][c.name]["curve"]) if c.name in pen["rejection"] else "",
        ),
    ]
    lines = [(title, *(told(candidate) for candidate in everyone)) for title, told in rows]
    return table(("", *(candidate.name for candidate in everyone)), lines, "l" + "r" * len(everyone))


def calibrated(value: dict[str, Any] | None) -> str:
    """The expected calibration error, and to which side."""
    if value is None:
        return ""
    groups = calibration.Reliability.from_json(value)
    return f"{groups.ece:.2%}, too {'sure' if groups.excess > 0 else 'unsure'}"


def surest(error: float, surer: Sequence[int], n: int) -> str:
    """What part of n images may be answered, the surest first, for that error."""
    return f"{calibration.coverage_at(error, *calibration.coverage(surer, n)):.1%}"


def tests(found: Differences) -> str:
    """Cochran's Q, then a row a pair."""
    rows = [
        (
            f"{pair.first} – {pair.second}",
            f"{pair.test.only_first:,}",
            f"{pair.test.only_second:,}",
            f"{100 * pair.test.difference:+.2f} ({100 * pair.test.low:+.2f} to {100 * pair.test.high:+.2f})",
            p_value(pair.adjusted).removeprefix("p = ").removeprefix("p "),
            verdict(found, pair.first, pair.second),
        )
        for pair in found.pairs
    ]
    header = ("pair", "only the first wrong", "only the second wrong", "error, second less first, %", "p", "")
    overall = f"All of them: Cochran's Q = {found.q:.1f}, {found.freedom} degrees of freedom, {p_value(found.p)}."
    return f"{overall}\n\n{table(header, rows, 'lrrrrl')}"


def verdict(found: Differences, first: str, second: str) -> str:
    if not found.differ(first, second):
        return "may be chance"
    return f"{second if found.between(first, second).test.difference < 0 else first} is better"


MEASURED = """In brackets misses / n. What people draw is read as shipped: found as one digit, not rejected, and right
([pen_digits.md](pen_digits.md)). Time: OpenCV's DNN module, as the window uses it; the median of {calls} calls,
in turns with the others' ({versions[platform]}, {versions[cores]} cores, OpenCV {versions[opencv]}; the ratios say more
than the milliseconds, which are this machine's). A vote takes the time, files, parameters and training of all who
vote: the soft vote is the mean of their probabilities, the majority vote what most of them read. Calibration error: by
how much confidence and share of right answers differ, in 15 groups of equal width. "Answers for 0.1 % error": how many
of the images may be answered, the surest first, for one answer in a thousand to be wrong."""
PARETO = "The line joins what nothing else beats in both. Bars: 95 % intervals."
TESTS = """All have read the same images, so the tests are paired: Cochran's Q (1950) over all, then for each pair
McNemar's exact test (1947), p after Holm's correction (1979) for all pairs, at the level of 5 %. Negative differences
mean that the second errs less; in brackets their 95 % intervals (Bonett & Price 2012). They speak of these trained
networks: another seed gives others."""


# Words


def table(header: Sequence[str], rows: Sequence[Sequence[str]], alignment: str) -> str:
    rule = ["---:" if side == "r" else "---" for side in alignment]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (header, rule, *rows))


def interval(share: Share) -> str:
    low, high = share.interval
    return f"{low:.2%} – {high:.2%}"


def listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def milliseconds(value: float) -> str:
    return f"{value:.2g} ms" if value < 10 else f"{value:.0f} ms"


def megabytes(value: float) -> str:
    return f"{value / 1e6:.1f} MB"


def ratio(value: float, least: float) -> str:
    times = value / least
    return f"{times:.1f} ×" if times < 10 else f"{times:.0f} ×"


def p_value(p: float) -> str:
    return "p < 0.0001" if p < 1e-4 else f"p = {p:.2g}"
