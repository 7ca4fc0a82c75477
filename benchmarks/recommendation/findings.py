"""What the recommendation rests on: accuracy and cost of each network and vote, and tests of their differences."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

from benchmarks import published
from benchmarks.accuracy import Accuracy
from benchmarks.pen_digits.measure import Results
from benchmarks.recommendation.measure import Measured
from digits.errors import UserError
from digits.learning.card import Card
from digits.learning.statistics import LEVEL, McNemar, holm, mcnemar

GOAL = 0.99  #: accuracy
MNIST, PEN = "mnist", "pen"
PLACES = {MNIST: "MNIST's test images", PEN: "pen-drawn digits"}


@dataclass(frozen=True)
class Candidate:
    """A network, or several that vote.

    Attributes:
        name: the network's, or the kind of vote.
        votes: whether it is several networks.
        accuracy: on "mnist" (test images) and "pen" (pen-drawn digits).
        parameters, seconds: number of parameters and duration of training, summed over the voters.
        one, ten: median time for one digit and for ten in one call, milliseconds.
        size: of the files that the window loads, bytes.
    """

    name: str
    votes: bool
    accuracy: Mapping[str, Accuracy]
    parameters: int
    seconds: float
    one: float
    ten: float
    size: int


@dataclass(frozen=True)
class Pair:
    """McNemar's test of two candidates, and p adjusted by Holm's method for all pairs on these images."""

    first: str
    second: str
    test: McNemar
    adjusted: float


@dataclass(frozen=True)
class Differences:
    """Cochran's Q over all candidates with its degrees of freedom and p, and every pair."""

    q: float
    freedom: int
    p: float
    pairs: tuple[Pair, ...]

    def between(self, one: str, other: str) -> Pair:
        """The pair of these two, in whichever order."""
        return next(pair for pair in self.pairs if {pair.first, pair.second} == {one, other})

    def differ(self, one: str, other: str) -> bool:
        """Whether two differ significantly: both the test over all and that of the pair must say so."""
        return self.p < LEVEL and self.between(one, other).adjusted < LEVEL


def differences(wrong: Mapping[str, Sequence[int]], n: int) -> Differences:
    """Test which of several candidates differ on the same n images.

    Args:
        wrong: the indices of the misses by candidate; at least two candidates.
        n: images.
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
        wrong: shape (networks, n), True for a miss.
    """
    k = len(wrong)
    by_network, by_image = wrong.sum(axis=1), wrong.sum(axis=0)
    spread = int((by_image * (k - by_image)).sum())
    if not spread:  # on every image, either all are correct or all are wrong
        return 0.0, 1.0
    q = (k - 1) * (k * int((by_network**2).sum()) - int(by_network.sum()) ** 2) / spread
    return float(q), float(chi2.sf(q, k - 1))


@dataclass(frozen=True)
class Findings:
    """Everything the page is made of: the candidates, and the tests on "mnist" and "pen"."""

    candidates: tuple[Candidate, ...]
    tests: Mapping[str, Differences]

    @property
    def networks(self) -> list[Candidate]:
        """The candidates that are single networks."""
        return [candidate for candidate in self.candidates if not candidate.votes]

    @property
    def vote(self) -> Candidate:
        """The soft vote, which is the one that is tested."""
        return next(candidate for candidate in self.candidates if candidate.votes)

    def best(self, where: str, among: Sequence[Candidate] | None = None) -> Candidate:
        """The network with the fewest misses; of equals the fastest."""
        return min(among or self.networks, key=lambda candidate: (candidate.accuracy[where].misses, candidate.one))

    def reach_goal(self) -> list[Candidate]:
        """The networks whose whole 95% interval on MNIST is above 99%."""
        return [candidate for candidate in self.networks if candidate.accuracy[MNIST].interval[0] > GOAL]

    def recommended(self) -> Candidate | None:
        """Of these the most accurate on pen-drawn digits; None if there is none."""
        reaching = self.reach_goal()
        return self.best(PEN, reaching) if reaching else None


def findings(measured: Measured, cards: Mapping[str, Card], pen: Results) -> Findings:
    """Gather what was measured in three files.

    Args:
        measured: recommendation.json.
        cards: the model cards in results.json, by name.
        pen: pen_digits.json.

    Raises:
        UserError: they are not of the same networks.
    """
    readers = measured["readers"]
    tested = [name for name, reader in readers.items() if len(reader["voters"]) == 1]
    tested.append(next(name for name, reader in readers.items() if len(reader["voters"]) > 1))
    _check_together(measured, cards, pen, tested)
    found = []
    for name, reader in readers.items():
        voters = reader["voters"]
        drawn = (pen["votes"] if len(voters) > 1 else pen["singles"])[name]
        found.append(
            Candidate(
                name,
                len(voters) > 1,
                {
                    MNIST: Accuracy(measured["n"], len(reader["wrong"])),
                    PEN: Accuracy(drawn["n"], drawn["misses"]),
                },
                sum(cards[voter]["parameters"] for voter in voters),
                sum(cards[voter]["seconds"] for voter in voters),
                reader["milliseconds"]["1"],
                reader["milliseconds"]["10"],
                sum(readers[voter]["bytes"] for voter in voters),
            )
        )
    on_mnist = {name: readers[name]["wrong"] for name in tested}
    drawn_wrong = {name: pen["wrong"][name]["shipped"] for name in tested}
    tests = {MNIST: differences(on_mnist, measured["n"]), PEN: differences(drawn_wrong, pen["digits"])}
    return Findings(tuple(found), tests)


def _check_together(measured: Measured, cards: Mapping[str, Card], pen: Results, tested: Sequence[str]) -> None:
    for name, reader in measured["readers"].items():
        drawn = pen["votes"] if len(reader["voters"]) > 1 else pen["singles"]
        if (
            name not in drawn
            or (name in tested and name not in pen["wrong"])
            or not {*reader["voters"]} <= cards.keys()
        ):
            raise UserError(
                f"{name} is in recommendation.json, but not in pen_digits.json or results.json; make them again with: "
                f"{published.RESULTS}; {published.PEN_DIGITS}; {published.RECOMMENDATION}"
            )
