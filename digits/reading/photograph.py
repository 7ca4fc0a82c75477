"""From a photograph or scan to pieces of ink: the sheet is found, straightened, and turned if it is read better so."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from digits.crop import stroke_width_of
from digits.line_image import NO_DIGIT
from digits.reading.binarisation import to_ink
from digits.reading.line_segmenter import LineSegmenter
from digits.reading.segmentation import INK, Box, Components, Segment, image_components
from digits.reading.sheet import Sheet, sheet_of
from digits.reading.skew import skew_of

Image = NDArray[np.uint8]
Matrix = NDArray[np.float64]

WORKING = 2_100_000  #: pixels to which an image is reduced, unless its pen is so thin that it would be lost
FINEST = 6_000_000  #: pixels to which an image is reduced if its pen is thin
THIN = 2.0  #: pixels of the reduced image: a thinner pen needs a finer one
LEVEL = 4.0  #: degrees by which lines rise or fall at most that are read as they are
WELL = 0.8  #: a page that is read with this share of its ink is not turned
BETTER, CLEAR = 0.2, 0.85  #: by so much more of its ink, and with so much of it, a page is read that is turned
FEWEST, MOST = 4, 250  #: pieces of ink, of a page that is turned


@dataclass(frozen=True)
class PageInk:
    """The ink of a page.

    Attributes:
        image: the page as it is read, ``uint8``, shape (height, width, 3): what the photograph shows or, if its sheet
            was straightened or turned, that sheet.
        levels: how much of each pixel is ink, ``uint8``, of an image that is ``step`` times smaller.
        step: side of a pixel of ``levels`` in pixels of ``image``.
        components: the pieces of ink, in pixels of ``image``.
        matrix: takes (x, y, 1) of ``image`` to the photograph, shape (3, 3); None if they are the same.
        segments: what the line network finds in it, in reading order.
    """

    image: Image
    levels: Image
    step: int
    components: Components
    matrix: Matrix | None = None
    segments: tuple[Segment, ...] = ()


def page_ink(image: Image, lines: LineSegmenter, as_it_is: bool = False) -> PageInk:
    """Find the ink of a photograph or scan, whose lines may rise or fall, and which may lie on its side or head.

    Allocates six bytes a pixel, and 400 MB.

    Args:
        image: ``uint8`` RGB array of shape (height, width, 3).
        lines: says which way the page is read best.
        as_it_is: whether a person has turned and cropped it, so that nothing is straightened or turned.
    """
    found = _segmented(ink_of(image, as_it_is), lines)
    if as_it_is or not FEWEST <= len(found.components) <= MOST:
        return found
    value = _read(found)
    if abs(skew := skew_of(found.components)) > LEVEL:
        level = max((_segmented(turn(found, skew), lines) for turn in (_turned, _sheared)), key=_read)
        if _read(level) >= value:
            found, value = level, _read(level)
    if value < WELL:
        turned = max((_segmented(_quarter(found, times), lines) for times in (1, 2, 3)), key=_read)
        if _read(turned) >= max(value + BETTER, CLEAR):
            found = turned
    return found


def ink_of(image: Image, as_it_is: bool = False) -> PageInk:
    """Find the ink of a photograph or scan as it lies there; as :func:`page_ink`."""
    step = _step(image, WORKING)
    finer = min(step, _step(image, FINEST))
    found = _ink_at(image, step, as_it_is)
    if finer < step and 0 < stroke_width_of((found.levels >= INK).astype(np.uint8)) < THIN:
        found = _ink_at(image, finer, as_it_is)
    return found


def boxes_in_photograph(boxes: Sequence[Box], matrix: Matrix | None) -> list[Box]:
    """Where boxes of a page are in its photograph: those that contain their corners."""
    if matrix is None or not boxes:
        return list(boxes)
    x, y, width, height = np.array(boxes, np.float64).T
    corners = np.stack([[x, y], [x + width, y], [x + width, y + height], [x, y + height]]).transpose(2, 0, 1)
    there = cv2.perspectiveTransform(corners, matrix)
    low, high = np.floor(there.min(axis=1)).astype(int), np.ceil(there.max(axis=1)).astype(int)
    return [
        (left, top, right - left, bottom - top)
        for (left, top), (right, bottom) in zip(low.tolist(), high.tolist(), strict=True)
    ]


def _ink_at(image: Image, step: int, as_it_is: bool) -> PageInk:
    small = _reduced(image, step)
    sheet = Sheet(small) if as_it_is else sheet_of(small)
    levels = to_ink(sheet.image)
    if sheet.matrix is None:
        return PageInk(image, levels, step, image_components(levels, step))
    scaled = np.diag([step, step, 1.0])
    return PageInk(sheet.image, levels, 1, image_components(levels), scaled @ sheet.matrix)


def _step(image: Image, pixels: int) -> int:
    return max(1, int(np.ceil((image.shape[0] * image.shape[1] / pixels) ** 0.5)))


def _reduced(image: Image, step: int) -> Image:
    if step == 1:
        return image
    height, width = (max(1, side // step) for side in image.shape[:2])
    small = cv2.resize(image[: height * step, : width * step], (width, height), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8)


def _segmented(page: PageInk, lines: LineSegmenter) -> PageInk:
    return replace(page, segments=tuple(lines.segments(page.components)))


def _read(page: PageInk) -> float:
    """How much of the ink is read as digits, and how surely: from 0 to 1."""
    if not page.segments:
        return 0.0
    sizes = [max(segment.box[2:]) for segment in page.segments]
    sure = [0.0 if segment.seen is None else float(segment.seen[:NO_DIGIT].max()) for segment in page.segments]
    return float(np.average(sure, weights=sizes))


def _moved(page: PageInk, matrix: Matrix, size: tuple[int, int]) -> PageInk:
    """A page whose (x, y, 1) are ``matrix`` times what they were, shape (3, 3), on paper of this width and height."""
    step = page.step
    small = _reduced(page.image, step)
    levels = np.asarray(cv2.warpPerspective(page.levels, matrix, size, flags=cv2.INTER_LINEAR), np.uint8)
    image = cv2.warpPerspective(small, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    back = np.diag([step, step, 1.0]) @ np.linalg.inv(matrix)
    whole = back if page.matrix is None else page.matrix @ back
    return PageInk(np.asarray(image, np.uint8), levels, 1, image_components(levels), whole)


def _turned(page: PageInk, degrees: float) -> PageInk:
    """A page whose lines rise by so much, turned so that they do not."""
    cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return _fitted(page, np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1.0]]))


def _sheared(page: PageInk, degrees: float) -> PageInk:
    """The same, but what is upright stays upright."""
    return _fitted(page, np.array([[1, 0, 0], [np.tan(np.radians(degrees)), 1, 0], [0, 0, 1.0]]))


def _quarter(page: PageInk, times: int) -> PageInk:
    """A page turned to the left by a right angle, as often as that. What lay across stands now, so it is found anew."""
    height, width = page.image.shape[:2]
    found = ink_of(np.ascontiguousarray(np.rot90(page.image, times)))
    back = (
        np.array([[0, -1, width - 1], [1, 0, 0], [0, 0, 1.0]]),
        np.array([[-1, 0, width - 1], [0, -1, height - 1], [0, 0, 1.0]]),
        np.array([[0, 1, 0], [-1, 0, height - 1], [0, 0, 1.0]]),
    )[times - 1]
    inner = back if found.matrix is None else back @ found.matrix
    return replace(found, matrix=inner if page.matrix is None else page.matrix @ inner)


def _fitted(page: PageInk, matrix: Matrix) -> PageInk:
    height, width = page.levels.shape
    corners = np.array([[[0, 0], [width - 1, 0], [width - 1, height - 1], [0, height - 1]]], np.float64)
    there = cv2.perspectiveTransform(corners, matrix)[0]
    low, high = there.min(axis=0), there.max(axis=0)
    placed = np.array([[1, 0, -low[0]], [0, 1, -low[1]], [0, 0, 1.0]]) @ matrix
    across, down = (int(value) for value in np.ceil(high - low + 0.999))
    return _moved(page, placed, (across, down))
