"""Is one error rate lower than another? Paired tests on the same images, with intervals and effect sizes.

Everywhere, "wrong" is a ``bool`` array, one value per image, True where the network read a digit other than
the label. Differences are the second's minus the first's: a negative one means that the second makes fewer errors.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray
from scipy import stats

CONFIDENCE = 0.95  #: of every interval
LEVEL = 0.05  #: a difference is called significant where its adjusted p is below this
Z = float(stats.norm.ppf((1 + CONFIDENCE) / 2))

Wrong = NDArray[np.bool_]


@dataclass(frozen=True)
class McNemar:
    """Two classifiers on the same images.

    Attributes:
        n: images.
        only_first, only_second: images that only the first, only the second gets wrong.
        difference: of the error rates, second minus first, in [-1, 1].
        low, high: its 95% interval (Bonett & Price 2012).
        odds_ratio: ``only_second / only_first``, the conditional odds ratio; None if ``only_first`` is 0.
        p: two-sided, exact (binomial over the images on which they differ); 1.0 where they differ on none.
    """

    n: int
    only_first: int
    only_second: int
    difference: float
    low: float
    high: float
    odds_ratio: float | None
    p: float


@dataclass(frozen=True)
class AcrossSeeds:
    """Two classifiers, each trained from the same seeds: the seed is the unit.

    Attributes:
        seeds: how many, at least 2.
        difference: mean difference of the error rates, second minus first.
        low, high: its 95% interval (Student's t).
        d_z: Cohen's d for paired values: mean difference over the standard deviation of the differences;
            None where they do not vary.
        p: two-sided paired t-test; with two to five seeds it detects only large effects.
    """

    seeds: int
    difference: float
    low: float
    high: float
    d_z: float | None
    p: float


@dataclass(frozen=True)
class Pooled:
    """Two classifiers over several seeds and the same images: the image is the unit.

    Attributes:
        n, seeds: images and seeds.
        only_first, only_second: wrong answers of only the first, only the second, counted over all seeds.
        difference: of the error rates over all seeds, second minus first.
        low, high: its 95% interval.
        odds_ratio: ``only_second / only_first``; None if ``only_first`` is 0.
        p: two-sided, exact, over all swaps of the two image by image.
    """

    n: int
    seeds: int
    only_first: int
    only_second: int
    difference: float
    low: float
    high: float
    odds_ratio: float | None
    p: float


def wilson(misses: int, n: int) -> tuple[float, float]:
    """95% interval of an error rate (Wilson 1927, *Probable Inference, the Law of Succession, …*).

    Args:
        misses: wrong answers, 0 to n.
        n: images, at least 1.

    Returns:
        Lower and upper end, in [0, 1].
    """
    interval = stats.binomtest(misses, n).proportion_ci(CONFIDENCE, method="wilson")
    return float(interval.low), float(interval.high)


def mcnemar(first: Wrong, second: Wrong) -> McNemar:
    """Exact McNemar test (McNemar 1947, *Note on the Sampling Error of the Difference …*).

    The interval of the difference is Wald's with one image added to each of the two discordant counts and two
    to n (Bonett & Price 2012, *Adjusted Wald Confidence Interval for a Difference of Binomial Proportions
    Based on Paired Data*).

    Args:
        first, second: wrong by each, shape (n,), the same images in the same order.
    """
    _check(first, second, 1)
    n = len(first)
    only_first, only_second = _discordant(first, second)
    differing = only_first + only_second
    p = float(stats.binomtest(only_first, differing, 0.5).pvalue) if differing else 1.0
    one, two = (only_first + 1) / (n + 2), (only_second + 1) / (n + 2)
    spread = Z * sqrt((one + two - (two - one) ** 2) / (n + 2))
    return McNemar(
        n,
        only_first,
        only_second,
        (only_second - only_first) / n,
        two - one - spread,
        two - one + spread,
        _odds_ratio(only_first, only_second),
        p,
    )


def across_seeds(first: Sequence[float], second: Sequence[float]) -> AcrossSeeds | None:
    """Paired t-test (Student 1908) over error rates that belong together by their seed.

    Args:
        first, second: error rates in [0, 1], one per seed, the same seeds in the same order.

    Returns:
        The comparison; None with fewer than two seeds, from which nothing can be concluded.
    """
    if len(first) != len(second):
        raise ValueError(f"expected as many seeds of both, got {len(first)} and {len(second)}")
    differences = np.asarray(second, np.float64) - np.asarray(first, np.float64)
    seeds = len(differences)
    if seeds < 2:
        return None
    mean = float(differences.mean())
    if np.allclose(differences, mean, rtol=0, atol=1e-12):  # no variation: t is 0/0 or infinite
        return AcrossSeeds(seeds, mean, mean, mean, None, 1.0 if abs(mean) < 1e-12 else 0.0)
    test = stats.ttest_rel(second, first)
    interval = test.confidence_interval(CONFIDENCE)
    d_z = mean / float(differences.std(ddof=1))
    return AcrossSeeds(seeds, mean, float(interval.low), float(interval.high), d_z, float(test.pvalue))


def pooled(first: Wrong, second: Wrong) -> Pooled:
    """Test all seeds at once with the image as the unit: is the mean over images of each one's difference 0?

    An image that one seed gets wrong is likely to be misread by others too, so the seeds' answers are not
    independent samples. Each image's difference is therefore summed over the seeds first. If both classifiers
    were alike, each image's sum could as well have the other sign: p is exact over all these signs (Fisher
    1935, *The Design of Experiments*, section 21), and with one seed it is McNemar's. The interval takes
    the standard error of the mean over images. All this is about these seeds and images like these;
    :func:`across_seeds` is about other seeds.

    Args:
        first, second: wrong by each, shape (seeds, n), seeds and images in the same order.
    """
    _check(first, second, 2)
    seeds, n = first.shape
    sums = second.sum(axis=0, dtype=np.int64) - first.sum(axis=0, dtype=np.int64)
    difference, spread = float(sums.mean() / seeds), Z * float(sums.std(ddof=1)) / seeds / sqrt(n)
    only_first, only_second = _discordant(first, second)
    return Pooled(
        n,
        seeds,
        only_first,
        only_second,
        difference,
        difference - spread,
        difference + spread,
        _odds_ratio(only_first, only_second),
        _sign_flips(sums),
    )


def holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """Adjust p-values for how many there are (Holm 1979, *A Simple Sequentially Rejective … Procedure*).

    From the smallest on, each is multiplied by the number of those not smaller; none may come out below its
    predecessor or above 1. Rejecting where the result is below 0.05 keeps the chance of any false rejection
    among all of them below 0.05.

    Args:
        p_values: by name, in [0, 1].

    Returns:
        Adjusted p-values by name, in the same order.
    """
    adjusted: dict[str, float] = {}
    largest = 0.0
    for rank, name in enumerate(sorted(p_values, key=p_values.__getitem__)):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[name]))
        adjusted[name] = largest
    return {name: adjusted[name] for name in p_values}


def _check(first: Wrong, second: Wrong, dimensions: int) -> None:
    if first.dtype != bool or second.dtype != bool or first.shape != second.shape or first.ndim != dimensions:
        raise ValueError(
            f"expected two bool arrays of one shape and {dimensions} dimension(s), "
            f"got {first.dtype} {first.shape} and {second.dtype} {second.shape}"
        )


def _discordant(first: Wrong, second: Wrong) -> tuple[int, int]:
    return int(np.count_nonzero(first & ~second)), int(np.count_nonzero(second & ~first))


def _odds_ratio(only_first: int, only_second: int) -> float | None:
    return only_second / only_first if only_first else None


def _sign_flips(sums: NDArray[np.int64]) -> float:
    """Chance of a total as far from 0 as this one, if each sum's sign were a fair coin.

    The total is twice the sum of the sizes that fall on heads, minus all sizes. Images of one size make a
    binomial distribution of that sum, stretched by the size; those of all sizes are convolved.
    """
    heads: NDArray[np.float64] = np.ones(1)
    for size, count in zip(*np.unique(np.abs(sums[sums != 0]), return_counts=True), strict=True):
        stretched = np.zeros(size * count + 1)
        stretched[::size] = stats.binom.pmf(np.arange(count + 1), count, 0.5)
        heads = np.convolve(heads, stretched).astype(np.float64)
    largest = len(heads) - 1
    totals = 2 * np.arange(largest + 1) - largest
    return min(1.0, float(heads[np.abs(totals) >= abs(int(sums.sum()))].sum()))
