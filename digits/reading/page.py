"""Photographs and scans: loading image files and separating the ink from the paper."""

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image

from digits.reading import image_file

BAND = 1 << 20  #: pixels that are converted at a time

CONTRAST = 28  #: minimum difference between ink and paper, in grey levels of 255
NOISE = 6  #: minimum difference between ink and paper, in standard deviations of the paper
COLUMNS = 16  #: the page is divided into this many columns; within one, ruled lines are taken as horizontal
COARSE = 400  #: longest side of the reduced image from which the paper is estimated, pixels


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


def to_ink(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Separate the ink from the paper of a photograph or scan.

    Ink is whatever differs from the paper around it in any colour channel, dark on light or light on dark. Uneven
    lighting is divided out, and the lines of ruled or squared paper are removed.

    Args:
        image: ``uint8`` RGB array of shape (height, width, 3).

    Returns:
        ``uint8`` array of shape (height, width): 0 for paper, 255 for ink, soft edges in between.
    """
    if image.shape[0] < 2 or image.shape[1] < 2:
        return np.zeros(image.shape[:2], np.uint8)
    dark_ink = _is_dark_on_light(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY))
    difference = _from_paper(image if dark_ink else 255 - image)
    for _ in range(2):  # horizontal lines, then vertical ones as the transpose
        difference = np.ascontiguousarray(_without_ruling(difference).T)
    return _levelled(difference)


def _is_dark_on_light(grey: NDArray[np.uint8]) -> bool:
    """Return whether the ink is dark on light paper rather than light on dark.

    The border is taken to be paper; where it is unevenly lit, each pixel is compared with its surroundings instead.
    The sign of the sum of cubed differences (the skewness) decides.
    """
    height, width = grey.shape
    frame = max(1, min(height, width) // 40)
    border = np.concatenate(
        [grey[:frame].ravel(), grey[-frame:].ravel(), grey[:, :frame].ravel(), grey[:, -frame:].ravel()]
    )
    scale = min(1.0, COARSE / max(height, width))
    size = (max(2, round(width * scale)), max(2, round(height * scale)))
    coarse = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
    low, paper, high = np.percentile(border, (10, 50, 90))
    if high - low < CONTRAST:
        around: NDArray[np.float64] = np.full(coarse.shape, paper)
    else:
        around = cv2.medianBlur(coarse, max(3, min(min(size) // 3, 255)) | 1).astype(np.float64)
    difference = coarse - around
    return float((difference * difference * difference).sum()) <= 0  # NumPy's power takes twenty times as long


def _from_paper(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return how much darker than the local paper each pixel is (0 to 255), as the maximum over the channels.

    The brightness of the paper is estimated on a reduced image in which a morphological closing removes the ink.
    """
    height, width = image.shape[:2]
    scale = min(1.0, COARSE / max(height, width))
    size = (max(2, round(width * scale)), max(2, round(height * scale)))
    coarse = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    reach = max(3, min(size) // 4) | 1
    kernel = np.ones((reach, reach), np.uint8)  # OpenCV is fast with a rectangular kernel
    coarse = cv2.medianBlur(coarse, 3)
    paper = cv2.blur(cv2.morphologyEx(coarse, cv2.MORPH_CLOSE, kernel), (reach, reach))
    most = np.zeros((height, width), np.uint8)
    for channel in range(3):  # one at a time, to limit memory at 50 megapixels
        there = cv2.resize(paper[..., channel], (width, height), interpolation=cv2.INTER_LINEAR)
        there = np.maximum(there, 32)
        lit = cv2.divide(image[..., channel], there, scale=255)
        np.maximum(most, 255 - lit, out=most)
    return most


def _levelled(difference: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Stretch the contrast so that paper is 0 and ink 255; all 0 if no pixel stands out from the noise of the paper."""
    sample = difference[:: max(1, difference.shape[0] // 1000), :: max(1, difference.shape[1] // 1000)]
    middle = float(np.median(sample))
    noise = 1.4826 * float(np.median(np.abs(sample - middle)))
    least = middle + max(CONTRAST, NOISE * noise)
    standing_out = difference[difference > least]
    if len(standing_out) == 0:
        return np.zeros_like(difference)
    ink = float(np.percentile(standing_out, 95))  # high, because printed lines are fainter and may be many
    low, high = max(least - CONTRAST / 2, 0.35 * ink), max(0.75 * ink, least + 1)
    stretched = cv2.subtract(difference, np.full_like(difference, round(low)))
    levelled: NDArray[np.uint8] = cv2.convertScaleAbs(stretched, alpha=255 / (high - low))
    return levelled


def _without_ruling(difference: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Remove ruling: three or more thin lines across most of the width of the page. Strokes across them are kept.

    The page is divided into sixteen columns. Within a column, the median of a row is ruling rather than ink.
    """
    height, width = difference.shape
    if width < 10 * COLUMNS or height < 40:
        return difference
    thickest = max(3, height // 100)
    edges = np.linspace(0, width, COLUMNS + 1).astype(int)
    common = [np.median(difference[:, a : b : max(1, (b - a) // 50)], axis=1) for a, b in pairwise(edges)]
    profile = np.stack(common, axis=1).astype(np.uint8)
    around = cv2.morphologyEx(profile, cv2.MORPH_OPEN, np.ones((thickest + 1, 1), np.uint8))
    level = _crossing_lines(cv2.subtract(profile, around))
    if level is None:
        return difference
    level = cv2.dilate(level, np.ones((3, 1), np.uint8))
    cleaned = difference.copy()
    for (left, right), on in zip(
        pairwise(edges), level.T[..., np.newaxis], strict=True
    ):  # each on its own: to save memory
        column = difference[:, left:right]
        on_line = (on > 0) & (column < 1.35 * on + CONTRAST / 2)
        without = np.where(on_line, np.uint8(0), column)
        bridged = cv2.morphologyEx(without, cv2.MORPH_CLOSE, np.ones((thickest + 2, 1), np.uint8))
        cleaned[:, left:right] = np.where(on_line, np.minimum(bridged, column), without)
    return cleaned


def _crossing_lines(level: NDArray[np.uint8]) -> NDArray[np.uint8] | None:
    """Keep the lines, in an array of (rows, columns), that continue across the page; None if fewer than three do."""
    shown = (level >= CONTRAST / 2).astype(np.uint8)
    n, labels, stats, _ = cv2.connectedComponentsWithStats(cv2.dilate(shown, np.ones((3, 1), np.uint8)))
    long = [i for i in range(1, n) if stats[i, cv2.CC_STAT_WIDTH] >= 0.85 * COLUMNS]
    if len(long) < 3:
        return None
    kept = np.zeros_like(level)
    for i in long:
        line = (labels == i) & (shown > 0)
        kept[line] = np.minimum(level[line], 1.2 * np.median(level[line]))  # not a stroke along it
    return kept
