"""Preprocessing variants and image corruptions that the study compares.

A :class:`Variant` turns ``uint8`` images of shape (n, 28, 28), ink bright on dark, into the network's input,
``float32`` of shape (n, 28, 28, 1). It is applied alike in training, validation and test. A :class:`Corruption`
changes raw ``uint8`` test images before the variant is applied. OpenCV and NumPy only.
"""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from digits.crop import measure, with_stroke_width
from digits.image_format import SIZE, TRAIN_MEAN, TRAIN_STD, to_input

Images = NDArray[np.uint8]
Input = NDArray[np.float32]

#: Of the code below. Raise it whenever a change of the code, rather than of an amount, changes what a variant or a
#: corruption gives: the cells made before are then run again.
VERSION = 1

#: The amounts that define the variants and corruptions, by name. A cell of the study records its own, and is run
#: again when they have changed.
AMOUNTS: dict[str, dict[str, float]] = {
    "median": {"side": 3},
    "specks": {"ink": 64, "smallest": 12},
    "centred-box": {"ink": 64},
    "stroke-width": {"ink": 127, "zoom": 4, "width": 2.5},
    "blurred": {"sigma": 1.0},
    "gaussian": {"sigma": 64},
    "salt-pepper": {"share": 0.05},
    "shift": {"pixels": 2},
    "rotation": {"degrees": 15},
}


@dataclass(frozen=True)
class Variant:
    """A way to preprocess images.

    Attributes:
        name: for options and file names.
        title: for tables and plots.
        description: what it does, a sentence for the page.
        apply: ``uint8`` (n, 28, 28) to a new ``float32`` (n, 28, 28, 1).
    """

    name: str
    title: str
    description: str
    apply: Callable[[Images], Input]


@dataclass(frozen=True)
class Corruption:
    """A way in which images are degraded.

    Attributes:
        name, title, description: as those of a variant.
        apply: ``uint8`` (n, 28, 28) and a generator to a new array of the same shape and type.
    """

    name: str
    title: str
    description: str
    apply: Callable[[Images, np.random.Generator], Images]


def corrupted(corruption: Corruption, images: Images) -> Images:
    """The images, corrupted always in the same way: the same pixels for every network, variant and seed."""
    return corruption.apply(images, np.random.default_rng(list(corruption.name.encode())))


# -- scaling: the networks' first layer standardises with fixed constants, which these undo --------


def _raw(images: Images) -> Input:
    return _past_standardising(images[..., np.newaxis].astype(np.float32))


def _plain(images: Images) -> Input:
    return _past_standardising(to_input(images))


def _standardised(images: Images) -> Input:
    pixels = to_input(images)
    mean, deviation = pixels.mean(axis=(1, 2, 3), keepdims=True), pixels.std(axis=(1, 2, 3), keepdims=True)
    return _past_standardising((pixels - mean) / np.maximum(deviation, np.float32(1e-3)))


def _past_standardising(values: Input) -> Input:
    """What the networks' first layer turns into ``values``."""
    return (values * np.float32(TRAIN_STD) + np.float32(TRAIN_MEAN)).astype(np.float32)


# -- cleaning -------------------------------------------------------------------------------------


def _median(image: Images) -> Images:
    return _uint8(cv2.medianBlur(image, int(_amount("median", "side"))))


def _clean(image: Images) -> Images:
    """Keep the components that are large enough, with their soft edges."""
    ink = (image > _amount("specks", "ink")).astype(np.uint8)
    _, components, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    large = stats[:, cv2.CC_STAT_AREA] >= _amount("specks", "smallest")
    large[0] = False  # the paper
    kept = cv2.dilate(large[components].astype(np.uint8), np.ones((3, 3), np.uint8))
    return image * _uint8(kept)


def _otsu(image: Images) -> Images:
    return _uint8(cv2.threshold(image, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)[1])


def _blur(image: Images) -> Images:
    return _uint8(cv2.GaussianBlur(image, (0, 0), _amount("blurred", "sigma")))


# -- geometry -------------------------------------------------------------------------------------


def _deskew(images: Images) -> Input:
    """Shear each image so that its ink leans neither way: no covariance of x and y, centre of mass unmoved."""
    moments = _moments(images)
    skew = moments.covariance / np.maximum(moments.height, 1e-2)
    back = np.zeros((len(images), 2, 3))
    back[:, 0, 0] = back[:, 1, 1] = 1
    back[:, 0, 1], back[:, 0, 2] = skew, -skew * moments.y
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return to_input(
        _stack(images, [cv2.warpAffine(*both, (SIZE, SIZE), flags=flags) for both in zip(images, back, strict=True)])
    )


def _centre_box(image: Images) -> Images:
    """Move the ink's bounding box to the middle, by whole pixels."""
    x, y, width, height = cv2.boundingRect((image > _amount("centred-box", "ink")).astype(np.uint8))
    return _moved(image, (SIZE - width) // 2 - x, (SIZE - height) // 2 - y) if width else image.copy()


def _centre_mass(images: Images) -> Input:
    """Move each centre of mass to the pixel (14, 14), where MNIST has it, by whole pixels."""
    moments = _moments(images)
    right, down = np.rint(SIZE // 2 - moments.x).astype(int), np.rint(SIZE // 2 - moments.y).astype(int)
    return to_input(_stack(images, [_moved(*each) for each in zip(images, right.tolist(), down.tolist(), strict=True)]))


@dataclass(frozen=True)
class _Moments:
    """Centre of mass, covariance of x and y, and variance of y, pixels; shape (n,) each."""

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    covariance: NDArray[np.float64]
    height: NDArray[np.float64]


def _moments(images: Images) -> _Moments:
    """Of all images at once (OpenCV's take ten times as long); an empty image's centre is the pixel (14, 14)."""
    y, x = np.mgrid[:SIZE, :SIZE].reshape(2, -1) - SIZE // 2
    sums = images.reshape(len(images), SIZE * SIZE) @ np.stack([np.ones_like(x), x, y, x * y, y * y], axis=1).astype(
        np.float64
    )
    mass = np.maximum(sums[:, :1], 1)
    mean_x, mean_y, mean_xy, mean_yy = (sums[:, 1:] / mass).T
    middle = SIZE // 2
    return _Moments(mean_x + middle, mean_y + middle, mean_xy - mean_x * mean_y, mean_yy - mean_y**2)


def _moved(image: Images, right: int, down: int) -> Images:
    move = np.array([[1, 0, right], [0, 1, down]], np.float64)
    return _uint8(cv2.warpAffine(image, move, (SIZE, SIZE), flags=cv2.INTER_NEAREST))


def _one_width(image: Images) -> Images:
    """Grow or shrink the ink until its strokes have one width, at an enlarged size."""
    zoom = int(_amount("stroke-width", "zoom"))
    large = cv2.resize(image, (SIZE * zoom, SIZE * zoom), interpolation=cv2.INTER_LINEAR)
    shape = measure((large > _amount("stroke-width", "ink")).astype(np.uint8))
    if not shape.stroke_width:
        return image.copy()
    drawn = with_stroke_width(shape, zoom * _amount("stroke-width", "width"))
    return _uint8(np.rint(cv2.resize(drawn * 255, (SIZE, SIZE), interpolation=cv2.INTER_AREA)))


# -- corruptions ----------------------------------------------------------------------------------


def _unchanged(images: Images, rng: np.random.Generator) -> Images:
    return images.copy()


def _gaussian(images: Images, rng: np.random.Generator) -> Images:
    noisy = images + rng.normal(0, _amount("gaussian", "sigma"), images.shape)
    return np.rint(np.clip(noisy, 0, 255)).astype(np.uint8)


def _salt_pepper(images: Images, rng: np.random.Generator) -> Images:
    drawn, share = rng.random(images.shape), _amount("salt-pepper", "share")
    noisy = images.copy()
    noisy[drawn < share / 2] = 0
    noisy[drawn >= 1 - share / 2] = 255
    return noisy


def _shift(images: Images, rng: np.random.Generator) -> Images:
    pixels = int(_amount("shift", "pixels"))
    steps = np.array([(x, y) for x in (-1, 0, 1) for y in (-1, 0, 1) if x or y])
    chosen = pixels * steps[rng.integers(len(steps), size=len(images))]
    return np.stack([_moved(image, int(x), int(y)) for image, (x, y) in zip(images, chosen, strict=True)])


def _rotate(images: Images, rng: np.random.Generator) -> Images:
    angles = _amount("rotation", "degrees") * rng.choice([-1, 1], len(images))
    middle = ((SIZE - 1) / 2, (SIZE - 1) / 2)
    maps = [cv2.getRotationMatrix2D(middle, float(angle), 1) for angle in angles]
    return np.stack([cv2.warpAffine(image, map_, (SIZE, SIZE)) for image, map_ in zip(images, maps, strict=True)])


# -- helpers and the two lists --------------------------------------------------------------------


def _amount(name: str, key: str) -> float:
    return AMOUNTS[name][key]


def _uint8(image: object) -> Images:
    return np.asarray(image, np.uint8)


def _stack(images: Images, done: list[Images]) -> Images:
    return np.stack(done) if done else images.copy()


def _each(function: Callable[[Images], Images]) -> Callable[[Images], Input]:
    """Apply ``function`` to one image after the other, then scale to [0, 1]."""

    def apply(images: Images) -> Input:
        return to_input(_stack(images, [function(image) for image in images]))

    return apply


#: The one that everything is compared with, and that the published networks are trained with.
BASELINE = "unit"

_WIDTH, _SIDE = AMOUNTS["stroke-width"]["width"], int(AMOUNTS["median"]["side"])
VARIANTS: dict[str, Variant] = {
    variant.name: variant
    for variant in (
        Variant(
            BASELINE,
            "[0, 1]",
            "Pixels divided by 255, the input of the published networks, whose first layer "
            "standardises them with the mean and the standard deviation of all training pixels. The baseline.",
            to_input,
        ),
        Variant("raw", "raw 0–255", "Pixels as they are; the first layer's standardisation is undone.", _raw),
        Variant(
            "plain",
            "[0, 1], not standardised",
            "Pixels divided by 255; the first layer's standardisation is undone.",
            _plain,
        ),
        Variant(
            "standardised",
            "standardisation per image",
            "Each image is standardised with its own mean and standard deviation instead of those of the training "
            "pixels.",
            _standardised,
        ),
        Variant("median", "median filter", f"Median of {_SIDE}×{_SIDE} pixels.", _each(_median)),
        Variant(
            "specks",
            "speck removal",
            f"Only connected components of at least {AMOUNTS['specks']['smallest']:g} pixels brighter than "
            f"{AMOUNTS['specks']['ink']:g} are kept, with a margin of one pixel.",
            _each(_clean),
        ),
        Variant("otsu", "binarisation (Otsu)", "Black and white at Otsu's threshold, image by image.", _each(_otsu)),
        Variant("deskewed", "de-skewing", "Sheared until the ink leans neither way (by its second moments).", _deskew),
        Variant("centred-box", "centring by box", "The ink's bounding box moved to the middle.", _each(_centre_box)),
        Variant(
            "centred-mass",
            "centring by mass",
            "The centre of mass moved to the pixel (14, 14). MNIST's own images already are; distorted and "
            "shifted ones are not.",
            _centre_mass,
        ),
        Variant(
            "stroke-width",
            "uniform stroke width",
            f"Ink grown or shrunk until its strokes are {_WIDTH:g} pixels wide.",
            _each(_one_width),
        ),
        Variant(
            "blurred",
            "Gaussian blur",
            f"Gaussian blur with a standard deviation of {AMOUNTS['blurred']['sigma']:g} pixel.",
            _each(_blur),
        ),
    )
}

CORRUPTIONS: dict[str, Corruption] = {
    corruption.name: corruption
    for corruption in (
        Corruption("clean", "clean", "The test images as they are.", _unchanged),
        Corruption(
            "gaussian",
            "Gaussian noise",
            f"Gaussian noise with a standard deviation of {AMOUNTS['gaussian']['sigma']:g} of 255 on every pixel.",
            _gaussian,
        ),
        Corruption(
            "salt-pepper",
            "salt and pepper",
            f"{100 * AMOUNTS['salt-pepper']['share']:g}% of the pixels made black or white.",
            _salt_pepper,
        ),
        Corruption(
            "shift",
            "2 px shift",
            f"Moved by {AMOUNTS['shift']['pixels']:g} pixels in one of eight directions.",
            _shift,
        ),
        Corruption(
            "rotation",
            "15° rotation",
            f"Turned by {AMOUNTS['rotation']['degrees']:g}° to the left or to the right.",
            _rotate,
        ),
    )
}
