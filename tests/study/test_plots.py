from typing import Any, cast

import numpy as np
import pytest
from numpy.typing import NDArray

from digits.study.comparison import Comparison
from digits.study.plots import ErrorsDisplay, HeatMapDisplay, VariantsDisplay, variants
from digits.study.preprocessing import BASELINE, CORRUPTIONS, VARIANTS
from tests.learning.plots.drawing import check_given_axes, check_own_figure, pixels, points, texts

N = 1000
#: What a variant does to the misses, and what the tests say of it.
EFFECT = {"deskewed": (0.3, "better"), "otsu": (2.0, "worse")}
FEW = (BASELINE, "standardised", "deskewed", "stroke-width", "blurred")


def row(variant: str, place: int) -> dict[str, Any]:
    """A variant under one corruption, from three seeds."""
    factor, verdict = EFFECT.get(variant, (1.0, "no difference shown"))
    misses = [round(factor * (20 + seed) * (1 + place)) for seed in range(3)]
    error = float(np.mean(misses)) / N
    row = {"n": N, "misses": misses, "error": error, "low": 0.8 * error, "high": 1.2 * error}
    return row if variant == BASELINE else {**row, "verdict": verdict}


@pytest.fixture
def comparison() -> Comparison:
    """What the plots use of a comparison: a network of all variants and one of a few."""
    made: Any = {
        "dataset": "MNIST",
        "baseline": BASELINE,
        "level": 0.05,
        "corruptions": {name: {"title": how.title} for name, how in CORRUPTIONS.items()},
        "networks": {
            network: {
                "corruptions": {
                    corruption: {name: row(name, place) for name in names}
                    for place, corruption in enumerate(CORRUPTIONS)
                }
            }
            for network, names in {"ANN": tuple(VARIANTS), "VGG16": FEW}.items()
        },
    }
    return cast(Comparison, made)


def test_each_draws_on_the_axes_it_is_given_or_on_its_own(
    comparison: Comparison, arrays: dict[str, NDArray[np.uint8]], monkeypatch: pytest.MonkeyPatch
) -> None:
    title = "ANN on MNIST: error by preprocessing and corruption"
    rows = variants(arrays["x_test"], arrays["y_test"]).rows
    few = VariantsDisplay({name: rows[name] for name in list(rows)[:2]}, [""] * (len(CORRUPTIONS) - 1), "title")
    for display, needed, expected in (
        (few, 2 * (4 + len(CORRUPTIONS)), "title"),
        (ErrorsDisplay(comparison), 2, "MNIST: error on clean test images by preprocessing"),
        (HeatMapDisplay(comparison, "ANN"), None, title),
    ):
        check_given_axes(display, needed, monkeypatch)
        check_own_figure(display, expected)


def test_errors_have_a_panel_per_network_and_a_row_per_variant(comparison: Comparison) -> None:
    shown = ErrorsDisplay(comparison).plot()
    ann, vgg16 = shown.axes_
    assert [ax.get_title(loc="left") for ax in (ann, vgg16)] == ["ANN", "VGG16"]
    assert [label.get_text() for label in ann.get_yticklabels()] == [variant.title for variant in VARIANTS.values()]
    assert sum(text.get_text() == "not run" for text in vgg16.texts) == len(VARIANTS) - len(FEW)
    assert list(shown.points_["VGG16"]) == [name for name in VARIANTS if name in FEW]
    ((mean, _),) = points(shown.points_["ANN"]["deskewed"].lines[0])
    assert mean == pytest.approx(100 * comparison["networks"]["ANN"]["corruptions"]["clean"]["deskewed"]["error"])
    assert {"better than the baseline", "error, % (lower is better)"} <= texts(shown.figure_)


def test_the_heat_map_writes_every_error_and_marks_what_differs(comparison: Comparison) -> None:
    shown = HeatMapDisplay(comparison, "ANN").plot()
    rows = comparison["networks"]["ANN"]["corruptions"]["clean"]
    assert {f"{rows['deskewed']['error']:.2%} ▼", f"{rows['otsu']['error']:.2%} ▲"} <= texts(shown.figure_)
    assert {how.title for how in CORRUPTIONS.values()} <= texts(shown.figure_)
    assert shown.text_.shape == (len(VARIANTS), len(CORRUPTIONS))
    names, ratio = list(VARIANTS), pixels(shown.im_)
    assert ratio[names.index(BASELINE)].tolist() == [0] * len(CORRUPTIONS)
    assert ratio[names.index("otsu"), 0] == pytest.approx(1)


def test_no_error_at_all_has_a_colour_too(comparison: Comparison) -> None:
    comparison["networks"]["VGG16"]["corruptions"]["clean"]["blurred"].update({"error": 0.0, "misses": [0, 0, 0]})
    shown = HeatMapDisplay(comparison, "VGG16").plot()
    assert pixels(shown.im_)[-1, 0] == pytest.approx(np.log2(0.5 / 21))
    assert shown.text_[-1, 0].get_text() == "0.00%"


def test_variants_show_clean_digits_and_every_corruption(arrays: dict[str, NDArray[np.uint8]]) -> None:
    shown = variants(arrays["x_test"], arrays["y_test"]).plot()
    written = {text.replace("\n", " ") for text in texts(shown.figure_)}
    assert {variant.title for variant in VARIANTS.values()} | {how.title for how in CORRUPTIONS.values()} <= written
    assert (
        len([ax for ax in shown.figure_.axes if ax.images])
        == len(shown.images_)
        == len(VARIANTS) * (4 + len(CORRUPTIONS))
    )
    first = arrays["x_test"][arrays["y_test"] == 2][0]
    assert np.allclose(pixels(shown.axes_[0, 0].images[0]), first / 255)
