from digits.study.cell import Cell
from digits.study.plan import preprocessing_plan, seeds_plan
from digits.study.preprocessing import BASELINE, VARIANTS


def test_the_plan_has_the_seeds_and_variants_that_are_promised() -> None:
    plan = preprocessing_plan(["ANN", "CNN", "VGG16"])
    assert len(plan) == len(set(plan)) == len(VARIANTS) * (5 + 3) + 5 * 3
    for network, seeds, variants in (("ANN", 5, set(VARIANTS)), ("CNN", 3, set(VARIANTS)), ("VGG16", 3, None)):
        assert {cell.seed for cell in plan if cell.network == network} == set(range(seeds))
        chosen = {cell.variant for cell in plan if cell.network == network}
        assert chosen == (variants or {"unit", "standardised", "deskewed", "stroke-width", "blurred"})


def test_one_seed_of_everything_comes_first_and_small_networks_before_large_ones() -> None:
    plan = preprocessing_plan(["ANN", "CNN", "VGG16"])
    first = plan[: 2 * len(VARIANTS) + 5]
    assert {cell.seed for cell in first} == {0}
    assert [cell.network for cell in first] == ["ANN"] * len(VARIANTS) + ["CNN"] * len(VARIANTS) + ["VGG16"] * 5
    assert first[0].variant == BASELINE


def test_a_further_network_has_every_variant_from_one_seed() -> None:
    assert preprocessing_plan(["Further"]) == [Cell("Further", variant, 0) for variant in VARIANTS]


def test_options_of_the_plan() -> None:
    plan = preprocessing_plan(["ANN"], ["otsu", "otsu"], [7, 3, 7])
    assert plan == [Cell("ANN", variant, seed) for seed in (7, 3) for variant in (BASELINE, "otsu")]
    assert seeds_plan(["VGG16"]) == [Cell("VGG16", BASELINE, seed) for seed in (0, 1, 2)]
    assert seeds_plan(["ANN"], [4]) == [Cell("ANN", BASELINE, 4)]
