"""Which cells a study trains: networks, variants and seeds, fixed in advance."""

from collections.abc import Iterable, Sequence

from digits.study.cell import Cell
from digits.study.preprocessing import BASELINE, VARIANTS

#: Seeds of the preprocessing study; a network that is not named has one, 0.
SEEDS: dict[str, tuple[int, ...]] = {"ANN": (0, 1, 2, 3, 4), "CNN": (0, 1, 2), "VGG16": (0, 1, 2)}
ONE_SEED = (0,)
#: Networks that are trained with some variants only, fixed in advance: VGG16 takes twenty times as long as ANN.
SOME_VARIANTS = {"VGG16": (BASELINE, "standardised", "deskewed", "stroke-width", "blurred")}
#: Seeds of the seeds study, for every network.
THREE_SEEDS = (0, 1, 2)


def preprocessing_plan(
    networks: Iterable[str], variants: Sequence[str] | None = None, seeds: Sequence[int] | None = None
) -> list[Cell]:
    """The cells of the preprocessing study: first one seed of everything, small networks first.

    So an interrupted study leaves a smaller study behind.

    Args:
        networks: in the order in which they are run.
        variants: instead of each network's own; the baseline is always among them.
        seeds: instead of each network's own.
    """
    planned = []
    for network in networks:
        own = variants or SOME_VARIANTS.get(network) or list(VARIANTS)
        chosen = dict.fromkeys((BASELINE, *own))
        for place, seed in enumerate(dict.fromkeys(seeds or SEEDS.get(network, ONE_SEED))):
            planned += [(place, Cell(network, variant, seed)) for variant in chosen]
    return [cell for place, cell in sorted(planned, key=lambda each: each[0] > 0)]  # stable


def seeds_plan(networks: Iterable[str], seeds: Sequence[int] | None = None) -> list[Cell]:
    """The cells of the seeds study: the baseline's."""
    return [Cell(network, BASELINE, seed) for network in networks for seed in dict.fromkeys(seeds or THREE_SEEDS)]
