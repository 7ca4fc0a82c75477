"""What a recommendation rests on: what each network and each vote does and costs, and which differences are chance."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

from digits.learning.report import Card
from digits.learning.statistics import McNemar, holm, mcnemar, wilson

GOAL = 0.99
LEVEL = 0.05  #: p below which a difference is taken for more than chance
MNIST, PEN = "mnist", "pen"
PLACES = {MNIST: "MNIST's test images", PEN: "what people draw"}


@dataclass(frozen=True)
class Share:
    """Right answers: n images, misses among them, and the 95 % interval of the accuracy (Wilson 1927)."""

    n: int
    misses: int

    @property
    def accuracy(self) -> float:
        return 1 - self.misses / self.n

    @property
    def interval(self) -> tuple[float, float]:
        return wilson(self.n - self.misses, self.n)

    def __str__(self) -> str:
        return f"{self.accuracy:.2%} ({self.misses:,} / {self.n:,})"


@dataclass(frozen=True)
class Candidate:
    """A network, or several that vote.

    Attributes:
        name: of it.
        votes: whether it is several.
        right: by "mnist" and "pen".
        parameters, seconds: how many, and of training; of all that vote together.
        one, ten: milliseconds for one digit and for ten in one call, median.
        size: bytes of what the window loads.
    """

    name: str
    votes: bool
    right: Mapping[str, Share]
    parameters: int
    seconds: float
    one: float
    ten: float
    size: int


@dataclass(frozen=True)
class Pair:
    """McNemar's test of two, and p after Holm's correction for all pairs on these images."""

    first: str
    second: str
    test: McNemar
    adjusted: float


@dataclass(frozen=True)
class Differences:
    """Cochran's Q over all, then every pair."""

    q: float
    freedom: int
    p: float
    pairs: tuple[Pair, ...]

    def between(self, one: str, other: str) -> Pair:
        return next(pair for pair in self.pairs if {pair.first, pair.second} == {one, other})

    def differ(self, one: str, other: str) -> bool:
        """Whether the difference of two is more than chance: overall, and of this pair."""
        return self.p < LEVEL and self.between(one, other).adjusted < LEVEL


def differences(wrong: Mapping[str, Sequence[int]], n: int) -> Differences:
    """Test which of several differ on the same n images.

    Args:
        wrong: by name the indices of the images that are not read rightly; two names at least.
    """
    table = {name: np.isin(np.arange(n), indices) for name, indices in wrong.items()}
    q, p = cochran(np.array(list(table.values())))
    tested = {pair: mcnemar(table[pair[0]], table[pair[1]]) for pair in combinations(table, 2)}
    adjusted = holm({" ".join(pair): test.p for pair, test in tested.items()})
    pairs = tuple(Pair(*pair, test, adjusted[" ".join(pair)]) for pair, test in tested.items())
    return Differences(q, len(table) - 1, p, pairs)


def cochran(wrong: NDArray[np.bool_]) -> tuple[float, float]:
    """Cochran's Q (1950, *The Comparison of Percentages in Matched Samples*) and its p from chi-squared.

    Args:
        wrong: shape (networks, n).
    """
    k = len(wrong)
    by_network, by_image = wrong.sum(axis=1), wrong.sum(axis=0)
    spread = int((by_image * (k - by_image)).sum())
    if not spread:  # they are all right or all wrong on every image
        return 0.0, 1.0
    q = (k - 1) * (k * int((by_network**2).sum()) - int(by_network.sum()) ** 2) / spread
    return float(q), float(chi2.sf(q, k - 1))


@dataclass(frozen=True)
class Findings:
    """Everything that the page is made of: the candidates, and the tests by "mnist" and "pen"."""

    candidates: tuple[Candidate, ...]
    tests: Mapping[str, Differences]

    @property
    def networks(self) -> list[Candidate]:
        return [candidate for candidate in self.candidates if not candidate.votes]

    @property
    def vote(self) -> Candidate:
        """The vote by mean probability, which is the one that is tested."""
        return next(candidate for candidate in self.candidates if candidate.votes)

    def best(self, where: str, among: Sequence[Candidate] | None = None) -> Candidate:
        """The fewest misses; of equals the faster."""
        return min(among or self.networks, key=lambda candidate: (candidate.right[where].misses, candidate.one))

    def reach_goal(self) -> list[Candidate]:
        """The networks whose whole 95 % interval on MNIST lies above 99 %."""
        return [candidate for candidate in self.networks if candidate.right[MNIST].interval[0] > GOAL]

    def recommended(self) -> Candidate | None:
        """Of these the one that reads the most of what people draw; None if there is none."""
        reaching = self.reach_goal()
        return self.best(PEN, reaching) if reaching else None


def findings(measured: Mapping[str, Any], cards: Mapping[str, Card], pen: Mapping[str, Any]) -> Findings:
    """Gather what was measured in three files.

    Args:
        measured: what benchmarks/recommendation.py measured.
        cards: the model cards by name, of results.json.
        pen: of benchmarks/pen_digits.py.
    """
    found = []
    for name, figures in measured["readers"].items():
        voters = figures["voters"]
        drawn = (pen["votes"] if len(voters) > 1 else pen["singles"])[name]
        found.append(
            Candidate(
                name,
                len(voters) > 1,
                {MNIST: Share(measured["n"], len(figures["wrong"])), PEN: Share(drawn["n"], drawn["misses"])},
                sum(cards[voter]["parameters"] for voter in voters),
                sum(cards[voter]["seconds"] for voter in voters),
                figures["milliseconds"]["1"],
                figures["milliseconds"]["10"],
                sum(measured["readers"][voter]["bytes"] for voter in voters),
            )
        )
    tested = [candidate.name for candidate in found if not candidate.votes]
    tested.append(next(candidate.name for candidate in found if candidate.votes))
    wrong = {
        MNIST: {name: measured["readers"][name]["wrong"] for name in tested},
        PEN: {name: pen["wrong"][name]["shipped"] for name in tested},
    }
    sizes = {MNIST: measured["n"], PEN: pen["digits"]}
    return Findings(tuple(found), {where: differences(wrong[where], sizes[where]) for where in wrong})
