"""The sheet of paper in a photograph: found on its desk, and straightened."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]

COARSE = 400  #: longest side of the reduced image in which the sheet is looked for, pixels
SMALLEST = 150  #: pixels of an image's shorter side, below which it is no photograph of a sheet
THRESHOLDS = 12  #: levels of brightness that are tried
LEAST, MOST = 0.15, 0.985  #: share of the picture that a sheet covers
FULL = 0.92  #: share of the quadrilateral that is the sheet, and of the sheet that the quadrilateral is
SHOWN = 0.8  #: share of it that is paper: a hand may lie on it
PARALLEL = 0.3  #: sine of the angle in which two sides meet at least
EDGE = 0.02  #: of the picture's longer side: sides of the sheet that are nearer to its edge are cut off
STEP = 22  #: grey levels by which the desk is darker beside the sheet
SEEN, COVERED = 0.85, 0.45  #: share of all sides along which it is, and of each
DARK = 0.55  #: brightness of the desk, of the paper's: what is brighter may be a shadow, unless the whole sheet is seen
INSIDE = 0.012  #: of the sheet's sides that is cut off with the edge


@dataclass(frozen=True)
class Sheet:
    """A picture of paper alone.

    Attributes:
        image: ``uint8``, shape (height, width, 3).
        matrix: takes (x, y, 1) in it to the photograph's, shape (3, 3); None if they are the same.
    """

    image: Image
    matrix: NDArray[np.float64] | None = None


def sheet_of(image: Image) -> Sheet:
    """The sheet of paper in a photograph, straightened if all of it is seen; else what lies around it is made paper.

    Args:
        image: ``uint8`` RGB array of shape (height, width, 3).
    """
    if min(image.shape[:2]) < SMALLEST:
        return Sheet(image)
    scale = min(1.0, COARSE / max(image.shape[:2]))
    size = max(2, round(image.shape[1] * scale)), max(2, round(image.shape[0] * scale))
    coarse = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    found = _quadrilateral(coarse)
    if found is None:
        return Sheet(image)
    corners, whole = found
    corners = (corners + 0.5) * (image.shape[1] / size[0], image.shape[0] / size[1]) - 0.5
    return _straightened(image, corners) if whole else Sheet(_on_paper(image, coarse, corners))


def _quadrilateral(coarse: Image) -> tuple[NDArray[np.float64], bool] | None:
    """The corners of the sheet, from the left upper one clockwise, shape (4, 2), and whether all of it is seen."""
    grey = cv2.medianBlur(cv2.cvtColor(coarse, cv2.COLOR_RGB2GRAY), 3)
    reach = max(3, min(grey.shape) // 12) | 1
    padded = cv2.copyMakeBorder(grey, reach, reach, reach, reach, cv2.BORDER_CONSTANT, value=0)
    closed = cv2.morphologyEx(padded, cv2.MORPH_CLOSE, np.ones((reach, reach), np.uint8))  # without the ink
    paper = np.ascontiguousarray(closed[reach:-reach, reach:-reach])
    low, high = np.percentile(paper, (1, 99))
    best, highest = None, 0.0
    for level in np.linspace(low, high, THRESHOLDS + 2)[1:-1]:
        mask = (paper > level).astype(np.uint8)
        n, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=4)
        if n < 2:
            continue
        largest = 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
        found = _corners((labels == largest).astype(np.uint8))
        if found is None:
            continue
        area, whole = _edges(paper, found)
        shown = stats[largest, cv2.CC_STAT_AREA] / max(area, 1)
        value = area * (shown if whole else 0.5 * shown * (shown > FULL))
        if value > highest:
            best, highest = (found, whole), value
    return best


def _corners(mask: Image) -> NDArray[np.float64] | None:
    """The corners of a region that is a quadrilateral; they may be rounded, and a part of it hidden."""
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    contour = max(contours, key=cv2.contourArea)
    if not LEAST <= cv2.contourArea(contour) / mask.size <= MOST:
        return None
    hull = cv2.convexHull(contour)
    polygon = cv2.approxPolyDP(hull, 0.01 * cv2.arcLength(hull, True), True)[:, 0].astype(np.float64)
    corners = _where_sides_meet(polygon)
    if corners is None:
        return None
    area = cv2.contourArea(corners.astype(np.float32))
    if cv2.contourArea(hull) < FULL * area or area < FULL * cv2.contourArea(hull):
        return None
    if cv2.contourArea(contour) < SHOWN * area:
        return None
    corners = corners[np.argsort(np.arctan2(*(corners - corners.mean(axis=0)).T[::-1]))]
    return np.roll(corners, -int(corners.sum(axis=1).argmin()), axis=0)


def _where_sides_meet(polygon: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Where the four longest sides of a polygon, shape (n, 2), would meet; None if it has fewer, or some do not."""
    if len(polygon) < 4:
        return None
    along = np.roll(polygon, -1, axis=0) - polygon
    sides = np.sort(np.argsort(-np.hypot(*along.T), kind="stable")[:4])
    found = []
    for one, next_ in zip(sides, np.roll(sides, -1), strict=True):
        directions = np.stack([along[one], -along[next_]], axis=1)
        if abs(np.linalg.det(directions)) < PARALLEL * np.hypot(*along[one]) * np.hypot(*along[next_]):
            return None
        share = np.linalg.solve(directions, polygon[next_] - polygon[one])[0]
        found.append(polygon[one] + share * along[one])
    return np.array(found)


def _edges(paper: Image, corners: NDArray[np.float64]) -> tuple[float, bool]:
    """How large the sheet is if its sides are edges, else 0; and whether none of them is the picture's."""
    height, width = paper.shape
    edge = EDGE * max(height, width)
    darker, seen, free = [], [], 0
    inwards = corners.mean(axis=0)
    for start, end in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        ends = np.array([start, end])
        if any(
            (abs(ends[:, axis] - at) <= edge).all() for axis, at in ((0, 0), (0, width - 1), (1, 0), (1, height - 1))
        ):
            continue
        free += 1
        points = start + np.linspace(0.08, 0.92, 40)[:, np.newaxis] * (end - start)
        normal = np.array([end[1] - start[1], start[0] - end[0]]) / max(float(np.hypot(*(end - start))), 1e-6)
        normal *= np.sign((inwards - start) @ normal) or 1
        inside, outside = (_values(paper, points + away * normal) for away in (4, -4))
        seen.append(float((inside - outside >= STEP).mean()))
        darker.append(float(np.median(outside) / max(float(np.median(inside)), 1)))
    if not free or min(seen) < COVERED or float(np.mean(seen)) < SEEN or (free < 4 and max(darker) > DARK):
        return 0.0, False
    return cv2.contourArea(corners.astype(np.float32)), free == 4


def _values(image: Image, points: NDArray[np.float64]) -> NDArray[np.float64]:
    columns, rows = np.round(points).astype(int).T
    found: NDArray[np.float64] = image[rows.clip(0, image.shape[0] - 1), columns.clip(0, image.shape[1] - 1)] * 1.0
    return found


def _straightened(image: Image, corners: NDArray[np.float64]) -> Sheet:
    """The sheet as if seen from above."""
    middle = corners.mean(axis=0)
    corners = middle + (corners - middle) * (1 - 2 * INSIDE)
    lengths = np.hypot(*(np.roll(corners, -1, axis=0) - corners).T)
    width, height = round(max(lengths[0], lengths[2])), round(max(lengths[1], lengths[3]))
    straight = np.array([[0, 0], [width - 1, 0], [width - 1, height - 1], [0, height - 1]], np.float32)
    matrix = cv2.getPerspectiveTransform(straight, corners.astype(np.float32))
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    picture = cv2.warpPerspective(image, matrix, (width, height), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return Sheet(np.asarray(picture, np.uint8), matrix)


def _on_paper(image: Image, coarse: Image, corners: NDArray[np.float64]) -> Image:
    """The picture with paper in place of all that is not on the sheet."""
    middle = corners.mean(axis=0)
    height, width = image.shape[:2]
    edge = EDGE * max(height, width)
    corners = corners.copy()
    for axis, last in ((0, width - 1), (1, height - 1)):
        near_start, near_end = corners[:, axis] <= edge, corners[:, axis] >= last - edge
        corners[:, axis] += np.sign(middle[axis] - corners[:, axis]) * INSIDE * last
        corners[near_start, axis], corners[near_end, axis] = 0, last
    mask = np.zeros((height, width), np.uint8)
    cv2.fillConvexPoly(mask, np.round(corners).astype(np.int32), 1)
    small = cv2.resize(mask, coarse.shape[1::-1], interpolation=cv2.INTER_NEAREST).astype(np.float32)
    small = cv2.erode(small, np.ones((5, 5), np.uint8))
    reach = max(coarse.shape[:2]) // 8 | 1
    share = cv2.blur(cv2.blur(small, (reach, reach)), (reach, reach))[..., np.newaxis]
    inked = cv2.morphologyEx(coarse, cv2.MORPH_CLOSE, np.ones((9, 9), np.uint8)).astype(np.float32)
    around = cv2.blur(cv2.blur(inked * small[..., np.newaxis], (reach, reach)), (reach, reach))
    usual = np.median(inked[small > 0], axis=0) if (small > 0).any() else np.full(3, 255.0)
    filled = np.where(share > 1e-3, around / np.maximum(share, 1e-3), usual).astype(np.uint8)
    paper = cv2.resize(filled, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.where(mask[..., np.newaxis] > 0, image, paper)
