"""Ways to make a network's input of all ink of a drawing, compared: nothing is segmented, and nothing rejected."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.accuracy import Accuracy, AccuracyMetrics
from benchmarks.pen_digits.drawing import HEIGHT, WIDTH, Image, draw, on_canvases
from benchmarks.pen_digits.reading import Readers
from digits.crop import STROKE_WIDTH, Shape, shape_of, to_crop
from digits.image_format import BOX, SIZE, to_mnist_format
from digits.learning.handwriting import Character
from digits.networks import MODELS

REFERENCE = "stretched to 28×28, as in the reference"


@dataclass(frozen=True)
class Drawn:
    """A drawing, its ink cut out, and the shape of that."""

    image: Image
    ink: Image
    shape: Shape | None

    @classmethod
    def of(cls, image: Image) -> "Drawn":
        """Cut out and measure all ink of a drawing."""
        ink = cut(image)
        return cls(image, ink, shape_of(ink))


def crops(characters: Sequence[Character], first: int, readers: Readers) -> list[dict[str, dict[str, int]]]:
    """For each digit, by the way in which the crop is made of all ink of its drawing, what each network reads alone."""
    images = [Drawn.of(draw(strokes)) for strokes in on_canvases(characters, first)]
    read: list[dict[str, dict[str, int]]] = [{way: {} for way in WAYS} for _ in images]
    for way, crop in WAYS.items():
        made = np.array([crop(image) for image in images])
        for name, network in readers.networks.items():
            for i, digit in enumerate(network.probabilities(made).argmax(axis=1).tolist()):
                read[i][way][name] = digit
    return read


def crop_metrics(
    read: Sequence[Mapping[str, Mapping[str, int]]], labels: NDArray[np.uint8]
) -> dict[str, dict[str, AccuracyMetrics]]:
    """The accuracy of what :func:`crops` gives, by way and network. Nothing is rejected."""
    return {
        way: {
            name: Accuracy.of(one[way][name] == label for one, label in zip(read, labels, strict=True)).to_json()
            for name in MODELS
        }
        for way in WAYS
    }


def cut(image: Image) -> Image:
    """The box around the ink."""
    x, y, width, height = cv2.boundingRect(image)
    return image[y : y + height, x : x + width]


def stretched(drawn: Drawn) -> Image:
    """The reference's crop: the box with a margin of 5% of the canvas, its aspect ratio lost."""
    x, y, width, height = cv2.boundingRect(drawn.image)
    pad_x, pad_y = WIDTH // 20, HEIGHT // 20
    framed = cv2.copyMakeBorder(drawn.image, pad_y, pad_y, pad_x, pad_x, cv2.BORDER_CONSTANT, value=0)
    box = framed[y : y + height + 2 * pad_y, x : x + width + 2 * pad_x]
    small: Image = cv2.resize(box, (SIZE, SIZE), interpolation=cv2.INTER_AREA)
    return small


def boxed(drawn: Drawn) -> Image:
    """Scaled into 20×20 pixels and centred by the box."""
    ink = drawn.ink
    scale = BOX / max(ink.shape)
    size = (max(1, round(ink.shape[1] * scale)), max(1, round(ink.shape[0] * scale)))
    small = cv2.resize(ink, size, interpolation=cv2.INTER_AREA)
    image = np.zeros((SIZE, SIZE), np.uint8)
    top, left = (SIZE - size[1]) // 2, (SIZE - size[0]) // 2
    image[top : top + size[1], left : left + size[0]] = small
    return image


def centred(drawn: Drawn) -> Image:
    """Scaled into 20×20 pixels and centred by mass, as MNIST's images are."""
    return to_mnist_format(drawn.ink)


def uniform(drawn: Drawn) -> Image:
    """The same with all strokes of one width: this project's crop."""
    return to_crop(drawn.shape)


WAYS: dict[str, Callable[[Drawn], Image]] = {
    REFERENCE: stretched,
    "20×20 box, centred by the box": boxed,
    "20×20 box, centred by mass": centred,
    f"by mass, strokes {STROKE_WIDTH:g} px, as here": uniform,
}
