import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from digits.crop import stroke_width_of
from digits.image_format import TRAIN_MEAN, TRAIN_STD, to_input
from digits.learning import dataset
from digits.study import preprocessing
from digits.study.preprocessing import BASELINE, CORRUPTIONS, VARIANTS, VERSION, corrupted

Images = NDArray[np.uint8]
Pixels = NDArray[np.int_]


@pytest.fixture(scope="module")
def images() -> Images:
    """Handwritten digits, and an image without ink."""
    return np.concatenate([dataset.load_uci().x_test[:40], np.zeros((1, 28, 28), np.uint8)])


def pixels(name: str, *images: Images) -> Pixels:
    """What a variant makes of images, as whole numbers of 0 to 255."""
    return np.rint(VARIANTS[name].apply(np.stack(images))[..., 0] * 255).astype(int)


def stroke_width(image: Images) -> float:
    """Of one digit, pixels, measured at four times the size."""
    large = cv2.resize(image, None, fx=4, fy=4, interpolation=cv2.INTER_LINEAR)
    return stroke_width_of((large > 127).astype(np.uint8)) / 4


def slash(width: int = 3) -> Images:
    """A stroke that leans to the right."""
    image = np.zeros((28, 28), np.uint8)
    cv2.line(image, (10, 22), (18, 6), 255, width)
    return image


def centre_of_mass(image: Images | Pixels) -> tuple[float, float]:
    y, x = np.mgrid[:28, :28]
    return (x * image).sum() / image.sum(), (y * image).sum() / image.sum()


@pytest.mark.parametrize("name", VARIANTS)
def test_every_variant_keeps_the_contract(name: str, images: Images) -> None:
    before = images.copy()
    made = VARIANTS[name].apply(images)
    assert made.shape == (41, 28, 28, 1)
    assert made.dtype == np.float32
    assert np.isfinite(made).all()
    assert np.array_equal(images, before)
    assert np.array_equal(made[:3], VARIANTS[name].apply(images[:3]))  # an image's neighbours do not matter
    assert VARIANTS[name].apply(images[:0]).shape == (0, 28, 28, 1)
    if name not in ("raw", "plain", "standardised"):
        assert made.min() >= 0
        assert made.max() <= 1
        assert not made[40].any()


def test_the_baseline_is_what_the_published_networks_are_given(images: Images) -> None:
    assert VARIANTS[BASELINE].apply is to_input


def test_the_scalings_pass_the_networks_first_layer(images: Images) -> None:
    def first_weights_see(name: str) -> NDArray[np.float32]:
        return (VARIANTS[name].apply(images)[..., 0] - TRAIN_MEAN) / TRAIN_STD

    assert first_weights_see("raw") == pytest.approx(images.astype(float), abs=1e-3)
    assert first_weights_see("plain") == pytest.approx(images / 255, abs=1e-5)
    standardised = first_weights_see("standardised")[:40]
    assert standardised.mean(axis=(1, 2)) == pytest.approx(0, abs=1e-5)
    assert standardised.std(axis=(1, 2)) == pytest.approx(1, abs=1e-4)


def test_the_median_and_the_cleaning_remove_a_speck_and_leave_the_stroke() -> None:
    specked = slash()
    specked[2, 2] = specked[20, 24] = 255
    for name in ("median", "specks"):
        made = pixels(name, specked)[0]
        assert made[2, 2] == made[20, 24] == 0
        assert made[14, 14] == 255
    assert np.array_equal(pixels("specks", specked)[0], slash())


def test_otsu_leaves_black_and_white(images: Images) -> None:
    made = pixels("otsu", *images[:40])
    assert set(np.unique(made)) == {0, 255}
    threshold, _ = cv2.threshold(images[0], 0, 255, cv2.THRESH_OTSU)
    assert np.array_equal(made[0] == 255, images[0] > threshold)


def test_deskewing_sets_a_leaning_stroke_upright_where_it_stands() -> None:
    made = pixels("deskewed", slash())[0]
    columns = np.flatnonzero(made.max(axis=0) > 60)
    assert np.ptp(columns) <= np.ptp(np.flatnonzero(slash().max(axis=0))) / 2
    assert centre_of_mass(made) == pytest.approx(centre_of_mass(slash()), abs=0.3)
    moments = cv2.moments(made.astype(np.uint8))
    assert abs(moments["mu11"] / moments["mu02"]) < 0.03


@pytest.mark.parametrize("name", ["centred-box", "centred-mass"])
def test_centring_undoes_a_shift(name: str, images: Images) -> None:
    for image in images[:10]:
        moved = np.roll(image, (2, -2), (0, 1))
        assert np.array_equal(pixels(name, moved), pixels(name, image))


def test_where_the_centre_comes_to_lie(images: Images) -> None:
    for image in pixels("centred-mass", *images[:40]):
        assert centre_of_mass(image) == pytest.approx((14, 14), abs=0.51)
    corner = np.zeros((28, 28), np.uint8)
    corner[1:11, 2:8] = 255
    x, y, width, height = cv2.boundingRect(pixels("centred-box", corner)[0].astype(np.uint8))
    assert (x, y, width, height) == (11, 9, 6, 10)


@pytest.mark.parametrize("pen", [1, 2, 4, 5])
def test_every_pen_comes_to_one_width(pen: int) -> None:
    drawn = slash(pen)
    made = pixels("stroke-width", drawn)[0].astype(np.uint8)
    assert stroke_width(made) == pytest.approx(2.5, abs=0.4)
    assert abs(stroke_width(drawn) - 2.5) > 0.4 or pen == 2
    assert cv2.connectedComponents((made > 100).astype(np.uint8))[0] == 2  # not torn
    assert stroke_width(np.zeros((28, 28), np.uint8)) == 0


def test_the_blur_spreads_the_ink_and_keeps_it() -> None:
    made = pixels("blurred", slash())[0]
    assert made.sum() == pytest.approx(int(slash().sum()), rel=0.02)
    assert np.count_nonzero(made) > 1.5 * np.count_nonzero(slash())
    assert made.max() < 255


# -- corruptions ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_corruptions_are_the_same_every_time_and_leave_the_input_alone(name: str, images: Images) -> None:
    before = images.copy()
    made = corrupted(CORRUPTIONS[name], images)
    assert np.array_equal(images, before)
    assert made.shape == images.shape
    assert made.dtype == np.uint8
    assert np.array_equal(made, corrupted(CORRUPTIONS[name], images))
    assert np.array_equal(made, images) == (name == "clean")
    assert not np.shares_memory(made, images)


def test_gaussian_noise_has_its_deviation() -> None:
    grey = np.full((50, 28, 28), 128, np.uint8)
    noise = corrupted(CORRUPTIONS["gaussian"], grey).astype(float) - 128
    within = np.abs(noise) < 127  # beyond, it is cut off
    assert within.mean() == pytest.approx(0.95, abs=0.01)
    assert noise.mean() == pytest.approx(0, abs=1.5)
    assert np.percentile(np.abs(noise), 68.27) == pytest.approx(64, abs=1.5)


def test_salt_and_pepper_are_as_frequent_as_said() -> None:
    grey = np.full((50, 28, 28), 128, np.uint8)
    made = corrupted(CORRUPTIONS["salt-pepper"], grey)
    assert (made == 0).mean() == pytest.approx(0.025, abs=0.003)
    assert (made == 255).mean() == pytest.approx(0.025, abs=0.003)
    assert (made == 128).mean() == pytest.approx(0.95, abs=0.005)


def test_the_shift_moves_by_two_pixels_in_all_directions() -> None:
    dots = np.zeros((200, 28, 28), np.uint8)
    dots[:, 14, 14] = 255
    moved = {tuple(np.argwhere(image)[0] - 14) for image in corrupted(CORRUPTIONS["shift"], dots)}
    assert moved == {(y, x) for y in (-2, 0, 2) for x in (-2, 0, 2)} - {(0, 0)}


def test_the_rotation_is_by_15_degrees_to_either_side_about_the_middle() -> None:
    lines = np.zeros((40, 28, 28), np.uint8)
    lines[:, 4:24, 13:15] = 255
    angles = []
    for image in corrupted(CORRUPTIONS["rotation"], lines):
        assert centre_of_mass(image) == pytest.approx((13.5, 13.5), abs=0.1)
        moments = cv2.moments(image)
        angles.append(np.rad2deg(np.arctan2(2 * moments["mu11"], moments["mu02"] - moments["mu20"]) / 2))
    assert np.abs(angles) == pytest.approx(15, abs=0.5)
    assert min(angles) < 0 < max(angles)


def test_what_may_be_chosen_belongs_to_a_variant_or_a_corruption() -> None:
    assert set(preprocessing.AMOUNTS) <= set(VARIANTS) | set(CORRUPTIONS)


# -- the version ------------------------------------------------------------------------------

#: Mean of each quarter of the drawn digits, by variant (the network's input) and by corruption (pixels).
RECORDED: dict[str, list[float]] = {
    "unit": [0.1265, 0.1627, 0.1943, 0.2255],
    "raw": [10.0807, 12.9294, 15.4074, 17.8636],
    "plain": [0.1699, 0.1811, 0.1908, 0.2004],
    "standardised": [0.0886, 0.1186, 0.1451, 0.1711],
    "median": [0.109, 0.1461, 0.1785, 0.2134],
    "specks": [0.1091, 0.1439, 0.1779, 0.2105],
    "otsu": [0.1282, 0.1645, 0.1934, 0.2251],
    "deskewed": [0.1283, 0.1607, 0.1917, 0.2278],
    "centred-box": [0.142, 0.1599, 0.1962, 0.2109],
    "centred-mass": [0.1486, 0.1845, 0.1605, 0.208],
    "stroke-width": [0.2114, 0.2509, 0.2911, 0.3162],
    "blurred": [0.127, 0.162, 0.1948, 0.2259],
    "clean image": [28.0206, 36.6742, 45.7783, 54.2425],
    "gaussian image": [47.7485, 55.1325, 62.1985, 69.3275],
    "salt-pepper image": [32.2629, 41.4997, 49.5349, 57.4991],
    "shift image": [28.193, 36.1282, 44.8237, 55.4166],
    "rotation image": [28.5279, 36.2191, 44.1585, 55.807],
}


def test_the_version_stands_for_what_the_code_does(arrays: dict[str, Images]) -> None:
    """Coarse numbers of preprocessed and of corrupted images, as recorded for the version below."""
    images = np.concatenate([arrays["x_train"], arrays["x_test"]])

    def quarters(shown: Images | NDArray[np.float32]) -> list[float]:
        means = shown.reshape(-1, 2, 14, 2, 14).astype(np.float64).mean(axis=(0, 2, 4)).ravel()
        return [round(float(value), 4) for value in means]

    specks = corrupted(CORRUPTIONS["salt-pepper"], images)  # clean images would not tell all variants apart
    found = {name: quarters(variant.apply(specks)) for name, variant in VARIANTS.items()}
    found |= {f"{name} image": quarters(corrupted(how, images)) for name, how in CORRUPTIONS.items()}
    for name, values in RECORDED.items():
        assert found[name] == pytest.approx(values, rel=2e-3), (
            f"{name} gives something else than it did at version {VERSION}. If the code was meant to change, raise "
            "VERSION in digits/study/preprocessing.py, so that the cells made before are run again; and record here: "
            f"{found[name]}"
        )
    assert VERSION == 1, "the numbers are recorded for version 1: record them for the new one"
