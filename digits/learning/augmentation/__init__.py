"""Augmentation: a different version of each image in every epoch."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from digits.learning.augmentation.affine import distort
from digits.learning.augmentation.restyle import restyle as restyle
from digits.learning.augmentation.strokes import written_crop
from digits.learning.config import Recipe, Restyle, Written
from digits.learning.handwriting import Character


def augment(
    images: NDArray[np.uint8], labels: NDArray[np.uint8], recipe: Recipe, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Distort every image a little, and restyle the recipe's share of them instead.

    Args:
        images: ``uint8``, shape (n, 28, 28), ink bright on dark.
        labels: shape (n,), 0-9.
        recipe: says how much.
        rng: decides; the same state gives the same images.

    Returns:
        New images of the same shape and dtype.
    """
    shown = distort(images, recipe.affine, rng)
    _restyle_some(shown, images, labels, recipe.restyle, rng)
    return shown


def restyle_share(
    images: NDArray[np.uint8], labels: NDArray[np.uint8], style: Restyle, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Restyle the share ``style.share`` of the images and leave the others as they are; arguments as in `augment`."""
    shown = images.copy()
    _restyle_some(shown, images, labels, style, rng)
    return shown


def write_some(
    images: NDArray[np.uint8],
    labels: NDArray[np.uint8],
    characters: Sequence[Character],
    style: Written,
    rng: np.random.Generator,
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Put digits drawn from strokes in the places of a share of the images.

    Args:
        images: ``uint8``, shape (n, 28, 28).
        labels: shape (n,), 0-9.
        characters: to choose from.
        style: which share, and how they are distorted.
        rng: decides.

    Returns:
        New images and labels of the same shapes and dtypes.
    """
    shown, wanted = images.copy(), labels.copy()
    for place in np.flatnonzero(rng.random(len(images)) < style.share):
        character = characters[int(rng.integers(len(characters)))]
        shown[place], wanted[place] = written_crop(character, style, rng), character.label
    return shown, wanted


def _restyle_some(
    shown: NDArray[np.uint8],
    images: NDArray[np.uint8],
    labels: NDArray[np.uint8],
    style: Restyle,
    rng: np.random.Generator,
) -> None:
    chosen = rng.random(len(images)) < style.share
    if chosen.any():
        shown[chosen] = restyle(images[chosen], labels[chosen], style, rng)
