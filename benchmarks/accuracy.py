"""How many of n answers are correct, with the interval."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypedDict

from digits import markdown
from digits.learning.json_types import Count, Number, Share
from digits.learning.statistics import wilson


class AccuracyMetrics(TypedDict):
    """An :class:`Accuracy` as JSON's types; ``low`` and ``high`` are the 95% interval of the share."""

    share: Share
    n: Number
    misses: Count
    low: Share
    high: Share


def check(value: AccuracyMetrics) -> None:
    """Check what was read from a file.

    Raises:
        ValueError: it has more misses than answers.
    """
    if value["misses"] > value["n"]:
        raise ValueError(f"it counts {value['misses']:,} misses of {value['n']:,}")


@dataclass(frozen=True)
class Accuracy:
    """The accuracy of n answers, ``misses`` of them wrong."""

    n: int
    misses: int

    @classmethod
    def of(cls, correct: Iterable[bool]) -> "Accuracy":
        """Count the answers that are correct."""
        answers = [bool(answer) for answer in correct]
        return cls(len(answers), answers.count(False))

    @property
    def share(self) -> float:
        """Share of the answers that are correct, in [0, 1]."""
        return (self.n - self.misses) / self.n

    @property
    def interval(self) -> tuple[float, float]:
        """95% interval of the share (Wilson 1927)."""
        return wilson(self.n - self.misses, self.n)

    def to_json(self) -> AccuracyMetrics:
        """All of it as JSON's types."""
        low, high = self.interval
        return {"share": self.share, "n": self.n, "misses": self.misses, "low": low, "high": high}

    def __str__(self) -> str:
        return markdown.accuracy(self.misses, self.n)
