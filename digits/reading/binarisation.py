"""What is ink on a photograph or scan of a page, and what is paper, print, shadow or desk."""

import cv2
import numpy as np
from numpy.typing import NDArray

from digits.crop import stroke_width_of
from digits.reading.rules import without_rules

Image = NDArray[np.uint8]

CONTRAST = 20  #: least difference between ink and paper, in grey levels of 255
NOISE = 6  #: least difference between ink and paper, in standard deviations of the paper
WEAK = 0.28  #: share of the contrast of the ink around it that a pixel needs to be ink, if it is beside ink
STRONG = 0.55  #: share of it that some pixel of each piece needs
FAINT = 0.25  #: share of the contrast of a page's dark ink below which nothing is ink
AREA = 4.0  #: widths of the pen: what is thicker, and touches the border, is no ink
THINNEST_AREA = 12  #: pixels: and nothing thinner than that is such an area
STRIP = (
    1.5  #: widths of the pen: what is thicker, and is the border for BORDER of a side of the picture, is none either
)
BORDER = 0.8
AROUND = 6  #: widths of the pen within which ink is about as dark
COARSE = 400  #: longest side of the reduced image from which the paper is estimated, pixels
SMALL = 500_000  #: pixels of the image in which the thickest strokes are measured
COLOURED = 4.0  #: times by which ink differs more from paper in one colour than in brightness, at most
DIM = 1.5  #: times that paper is darker than usual where it is in the dark
DARKEST = 24  #: brightness below which paper is not told from the dark


def to_ink(image: Image) -> Image:
    """Separate the ink from the paper.

    Ink is whatever differs from the paper around it in any colour channel, dark on light or light on dark. Uneven
    lighting is divided out; the rules of ruled paper, tables and forms are removed.

    Args:
        image: ``uint8`` RGB array of shape (height, width, 3).

    Returns:
        ``uint8`` array of shape (height, width): 0 for paper, 255 for ink, soft edges in between.
    """
    if image.shape[0] < 2 or image.shape[1] < 2:
        return np.zeros(image.shape[:2], np.uint8)
    if not is_dark_on_light(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)):
        image = 255 - image
    farthest = max(3, min(_coarse_size(image)) // 4)
    difference, noise = _from_paper(image, min(farthest, _reach(image, farthest)))
    least = _least(noise)
    pen = _pen_of(difference, least)
    if not pen:
        return np.zeros_like(difference)
    difference = _without_areas(difference, least, pen)
    difference = without_rules(difference, least, noise, pen)
    pen = _pen_of(difference, least)
    return _levelled(difference, least, pen) if pen else np.zeros_like(difference)


def _pen_of(difference: Image, least: float) -> float:
    """The width of the strokes that are dark, pixels; 0 without ink."""
    inked = difference[difference > least]
    if not len(inked):
        return 0.0
    return stroke_width_of((difference > max(least, 0.65 * float(np.percentile(inked, 99)))).astype(np.uint8))


def _reach(image: Image, farthest: int) -> int:
    """How far paper must be looked for, so that it is found beside the thickest ink, in pixels of the coarse image."""
    scale = min(1.0, (SMALL / (image.shape[0] * image.shape[1])) ** 0.5)
    size = max(2, round(image.shape[1] * scale)), max(2, round(image.shape[0] * scale))
    small = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
    difference, noise = _from_paper(small, farthest)
    least = _least(noise)
    pen = _pen_of(difference, least)
    if not pen:
        return farthest
    thickest = _thickest((difference > least).astype(np.uint8), pen)
    return max(7, int(np.ceil(2.5 * thickest * max(_coarse_size(small)) / max(small.shape[:2]))))


def _thickest(mask: Image, pen: float) -> float:
    """The width of the thickest strokes of a page, but for areas, such as a desk."""
    inside = cv2.distanceTransform(mask, cv2.DIST_L2, 3)
    ridges = inside[inside > 0.4 * pen]
    return 2 * float(np.percentile(ridges, 98)) if len(ridges) else pen


def is_dark_on_light(grey: Image) -> bool:
    """Whether the ink is dark on light paper rather than light on dark.

    The border is taken to be paper; where it is unevenly lit, each pixel is compared with its surroundings instead.
    The sign of the sum of cubed differences (the skewness) decides.
    """
    height, width = grey.shape
    frame = max(1, min(height, width) // 40)
    border = np.concatenate(
        [grey[:frame].ravel(), grey[-frame:].ravel(), grey[:, :frame].ravel(), grey[:, -frame:].ravel()]
    )
    coarse = cv2.resize(grey, _coarse_size(grey)[::-1], interpolation=cv2.INTER_AREA)
    low, paper, high = np.percentile(border, (10, 50, 90))
    if high - low < 28:
        around: NDArray[np.float64] = np.full(coarse.shape, paper)
    else:  # a frame along the edge is not what is around it
        reach = max(3, min(min(coarse.shape) // 3, 255)) | 1
        room = reach // 2
        padded = cv2.copyMakeBorder(coarse, room, room, room, room, cv2.BORDER_REFLECT)
        around = cv2.medianBlur(padded, reach)[room:-room, room:-room].astype(np.float64)
    away = coarse - around
    return float((away * away * away).sum()) <= 0  # NumPy's power takes twenty times as long


def _coarse_size(image: Image) -> tuple[int, int]:
    """(height, width) of the reduced image from which the paper is estimated."""
    height, width = image.shape[:2]
    scale = min(1.0, COARSE / max(height, width))
    return max(2, round(height * scale)), max(2, round(width * scale))


def _from_paper(image: Image, reach: int) -> tuple[Image, float]:
    """How much darker than the paper each pixel is (0 to 255), as the maximum over the channels; and its noise.

    The brightness of the paper is estimated on a reduced image in which a morphological closing, of ``reach`` pixels,
    removes the ink and keeps the light. What differs in colour and hardly in brightness is none: JPEG smears colours.
    """
    height, width = image.shape[:2]
    coarse = cv2.resize(image, _coarse_size(image)[::-1], interpolation=cv2.INTER_AREA)
    kernel = np.ones((reach | 1, reach | 1), np.uint8)  # OpenCV is fast with a rectangular kernel
    paper = cv2.morphologyEx(cv2.medianBlur(coarse, 3), cv2.MORPH_CLOSE, kernel)
    paper = cv2.blur(paper, (max(3, reach // 4) | 1,) * 2)
    grey, paper_grey = (cv2.cvtColor(one, cv2.COLOR_RGB2GRAY) for one in (image, paper))
    most = np.zeros((height, width), np.uint8)
    for channel in range(3):  # one at a time, to limit memory
        there = cv2.resize(paper[..., channel], (width, height), interpolation=cv2.INTER_LINEAR)
        lit = cv2.divide(image[..., channel], cv2.max(there, DARKEST), scale=255)
        cv2.max(most, cv2.bitwise_not(lit), dst=most)
    sample = most[:: max(1, height // 1000), :: max(1, width // 1000)]
    middle = float(np.median(sample))
    noise = 1.4826 * float(np.median(np.abs(sample - middle)))
    if middle >= 1:
        most = cv2.subtract(most, np.full_like(most, round(middle)))
    dimmer = cv2.divide(grey, cv2.max(cv2.resize(paper_grey, (width, height)), DARKEST), scale=255)
    cv2.min(most, cv2.convertScaleAbs(cv2.bitwise_not(dimmer), alpha=COLOURED), dst=most)
    light = paper.min(axis=2).astype(np.float32)
    darker = float(np.median(light)) / np.maximum(light, DARKEST)
    if noise and float(darker.max()) > DIM:  # where there is less light, the same noise is a larger share of it
        louder = np.clip(NOISE * noise * darker * (darker > DIM), 0, 255).astype(np.uint8)
        threshold = cv2.resize(louder, (width, height), interpolation=cv2.INTER_LINEAR)
        most[most < threshold] = 0
    return most, noise


def _least(noise: float) -> float:
    return max(CONTRAST, NOISE * noise)


def _without_areas(difference: Image, least: float, pen: float) -> Image:
    """Remove dark areas that reach into the picture from its border, such as a hand or the desk."""
    side = max(THINNEST_AREA, round(AREA * pen))
    step = max(1, side // 6)
    size = max(1, difference.shape[1] // step), max(1, difference.shape[0] // step)
    mask = (cv2.resize(difference, size, interpolation=cv2.INTER_AREA) > least).astype(np.uint8)
    kernel = np.ones((max(3, side // step),) * 2, np.uint8)
    room = kernel.shape[0]  # of paper, so that strokes along the border are not thick
    padded = cv2.copyMakeBorder(mask, room, room, room, room, cv2.BORDER_CONSTANT, value=0)
    thick = cv2.morphologyEx(padded, cv2.MORPH_OPEN, kernel)[room:-room, room:-room]
    narrow = max(3, round(STRIP * pen / step))
    strips = cv2.morphologyEx(padded, cv2.MORPH_OPEN, np.ones((narrow, narrow), np.uint8))[room:-room, room:-room]
    there = cv2.bitwise_or(_along_border(thick, 0.0), _along_border(strips, BORDER))
    if not there.any():
        return difference
    grown = cv2.dilate(there, np.ones((5, 5), np.uint8))
    whole = cv2.resize(grown, difference.shape[::-1], interpolation=cv2.INTER_NEAREST)
    kept: Image = difference * (1 - whole)
    return kept


def _along_border(mask: Image, share: float) -> Image:
    """The pieces of a mask that are more than a share of one side of the picture."""
    _, labels = cv2.connectedComponents(np.ascontiguousarray(mask), connectivity=8)
    long = [
        label
        for side in (labels[0], labels[-1], labels[:, 0], labels[:, -1])
        for label, count in zip(*np.unique(side, return_counts=True), strict=True)
        if label and count > share * len(side)
    ]
    return np.isin(labels, long).astype(np.uint8)


def _levelled(difference: Image, least: float, pen: float) -> Image:
    """Stretch the contrast so that paper is 0 and ink 255, by how dark the ink around each pixel is.

    Ink is what is WEAK beside what is STRONG (hysteresis, Canny 1986), so that a stroke is not broken where it is faint
    and faint traces beside dark ink are none.
    """
    block = max(1, round(pen))
    height, width = difference.shape
    rows = np.maximum.reduceat(difference, np.arange(0, height, block), axis=0)
    coarse = np.maximum.reduceat(rows, np.arange(0, width, block), axis=1)
    inked = coarse[coarse > least]
    if not len(inked):
        return np.zeros_like(difference)
    faintest = max(FAINT * float(np.percentile(inked, 95)), least)
    size = 2 * AROUND + 1
    darkest = cv2.blur(cv2.dilate(coarse, np.ones((size, size), np.uint8)), (size, size))
    ink = cv2.resize(darkest, (width, height), interpolation=cv2.INTER_LINEAR).astype(np.float32)
    low, high = np.maximum(WEAK * ink, 0.8 * faintest), np.maximum(STRONG * ink, faintest)
    share = (difference - low) / (high - low)
    levels: Image = (np.clip(0.25 + 0.75 * share, 0, 1) * 255 * (difference > low)).astype(np.uint8)
    return _connected(levels, share >= 1)


def _connected(levels: Image, strong: NDArray[np.bool_]) -> Image:
    """What is connected with something strong."""
    n, labels = cv2.connectedComponents((levels > 0).astype(np.uint8), connectivity=8, ltype=cv2.CV_32S)
    kept = np.zeros(n, bool)
    kept[labels[strong]] = True
    kept[0] = False
    connected: Image = levels * kept[labels]
    return connected
