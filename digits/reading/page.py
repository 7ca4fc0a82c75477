"""Photographs and scans: loading image files."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image

from digits.reading import image_file

BAND = 1 << 20  #: pixels that are converted at a time


def open_image(source: image_file.Source, name: str = "") -> NDArray[np.uint8]:
    """Load an image; of a file of several pages, the first.

    Allocates 2 GB at most: see :func:`digits.reading.image_file.opened`.

    Args:
        source: a file, or see :func:`digits.reading.image_file.opened`.
        name: by which messages call it; the path if "".

    Returns:
        ``uint8`` RGB array of shape (height, width, 3), rotated according to its EXIF orientation, transparency
        replaced with paper.

    Raises:
        UserError: the file cannot be read, is not an image, or has more than 50 megapixels.
    """
    with image_file.opened(source, name or str(source)) as pages:
        return open_page(pages, 0)


def open_page(pages: image_file.Pages, number: int) -> NDArray[np.uint8]:
    """Load a page of an opened image file, ``number`` counted from 0, as :func:`open_image` does.

    Raises:
        UserError: the page is damaged or has more than 50 megapixels.
    """
    with image_file.guarded(pages.name_of(number)):
        return to_rgb(pages.decoded(number))


def to_rgb(image: Image.Image) -> NDArray[np.uint8]:
    """Convert a Pillow image of any mode to the array that :func:`open_image` returns.

    Allocates three bytes a pixel, and six if it must be rotated: the work is done in bands of rows.
    """
    if image.mode in ("I", "F") or image.mode.startswith("I;"):  # 16 bits or more, which Pillow would clip
        rgb = _stretched(image)
    elif "A" in image.getbands() or "transparency" in image.info:
        rgb = _on_paper(image)
    else:
        rgb = _filled(image, lambda band: np.asarray(band.convert("RGB")))
    return np.ascontiguousarray(_upright(rgb, image.getexif().get(ExifTags.Base.Orientation, 1)))


def _bands(image: Image.Image) -> Iterator[tuple[slice, Image.Image]]:
    """The image in bands of rows of about a million pixels: which rows, and the band."""
    rows = max(1, BAND // image.width)
    for top in range(0, image.height, rows):
        bottom = min(top + rows, image.height)
        yield slice(top, bottom), image.crop((0, top, image.width, bottom))


def _filled(image: Image.Image, convert: Callable[[Image.Image], NDArray[Any]]) -> NDArray[np.uint8]:
    """An RGB array of an image; ``convert`` makes a band of it, or one grey channel."""
    rgb = np.empty((image.height, image.width, 3), np.uint8)
    for rows, band in _bands(image):
        rgb[rows] = convert(band)
    return rgb


def _stretched(image: Image.Image) -> NDArray[np.uint8]:
    """Grey, from black for the least value to white for the greatest; what is no number counts as 0."""

    def values(band: Image.Image) -> NDArray[np.float64]:
        found = np.asarray(band, np.float64)
        return np.where(np.isfinite(found), found, 0)

    extremes = [(part.min(), part.max()) for part in (values(band) for _, band in _bands(image))]
    low, high = min(least for least, _ in extremes), max(most for _, most in extremes)
    scale = 255 / (high - low or 1)
    return _filled(image, lambda band: ((values(band) - low) * scale).astype(np.uint8)[..., np.newaxis])


def _on_paper(image: Image.Image) -> NDArray[np.uint8]:
    """Composite a transparent image onto white, or onto black if its opaque pixels are few and light."""
    opaque, brightness = 0, 0
    for _, band in _bands(image):
        rgba = np.asarray(band.convert("RGBA"))
        shown = rgba[rgba[..., 3] > 127]
        opaque += len(shown)
        brightness += int(shown[:, :3].sum(dtype=np.int64))
    few = opaque < image.width * image.height / 2
    paper = 0 if few and opaque > 0 and brightness / (3 * opaque) > 160 else 255

    def composite(band: Image.Image) -> NDArray[np.uint16]:
        rgba = np.asarray(band.convert("RGBA"))
        alpha = rgba[..., 3:].astype(np.uint16)
        return (rgba[..., :3] * alpha + paper * (255 - alpha)) // 255

    return _filled(image, composite)


def _upright(rgb: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    """A view, turned and mirrored by its EXIF orientation, 1 to 8."""
    mirrored = orientation in (2, 4, 5, 7)
    turned = np.rot90(rgb, {3: 2, 4: 2, 5: 3, 6: 3, 7: 1, 8: 1}.get(orientation, 0))
    return turned[:, ::-1] if mirrored else turned
