"""Dots, commas and minus signs among digits, and frames and underlines around them: which they are, by their names."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from digits.line_image import NO_DIGIT
from digits.reading.segmentation import INK, Box, Segment, pen_of, union
from digits.reading.text_lines import Boxes, boxes_of

DOT, COMMA, COLON, MINUS = "a dot", "a comma", "a colon", "a minus sign"
UNDERLINE, FRAME, SPECK, NOT_A_DIGIT = "an underline", "a frame", "a speck", "not a digit"

PENS = 0.7  #: widths of the pen: smaller or thinner ink is no mark
LEAST = 0.04  #: of a digit's height: nor is lower and narrower ink
DOT_SIZE = 0.25  #: of a digit's height: a dot is no higher
COMMA_SIZE = 0.4  #: of a digit's height: a comma is no higher, and either is no wider
SLENDER = 1.5  #: a comma is so many times as high as wide, or higher than a dot
ABOVE, BELOW = 0.35, 0.45  #: of a digit's height: a mark is no farther above its foot, and ends no farther below it
LOW = 0.15  #: of a digit's height: nor is a dot's middle farther below
BESIDE = 0.8  #: of a digit's height: a mark is no farther from it
COVERED = 0.5  #: of a mark's width: no digit's box has more of it in common
CLEARANCE = 0.5  #: widths of the pen: so much paper is around a mark
FLAT, UNDER = 4.0, 1.5  #: an underline is so many times as wide as high, and no more heights of a digit below it
DASH = 2.0  #: a minus sign is so many times as wide as high
SHORTEST, LONGEST = 0.15, 1.0  #: of a digit's height: and no narrower and no wider than that
MIDDLE = 0.3  #: of a digit's height: and no farther from its middle
NEAR = 1.0  #: of a digit's height: what is farther away is neither a minus sign nor a dot
SMALLEST = 0.15  #: usual heights of the digits: smaller ink that is farther away is dirt


@dataclass(frozen=True)
class LeftOut:
    """Ink that is no digit and stands beside the digits.

    Attributes:
        box: (x, y, width, height) in pixels.
        why: what it is, in a few words.
    """

    box: Box
    why: str


def marks_among(pieces: Sequence[Segment]) -> list[tuple[Segment, list[int]]]:
    """Find the dots, commas, colons and minus signs that stand beside larger pieces, with paper around them.

    Args:
        pieces: of a drawing or an image, with the smallest.

    Returns:
        Each mark, named and marked as no digit, and the indices of its pieces. What it stands beside may be no digit:
        see :func:`with_marks`.
    """
    if len(pieces) < 2:
        return []
    boxes, pen = boxes_of(pieces), pen_of(pieces)
    width, height = (boxes[:, 2:] - boxes[:, :2]).T
    largest = height.max()
    maybe = ((height <= COMMA_SIZE * largest) & (width <= DOT_SIZE * largest)) | (width >= DASH * height)
    small = [i for i in np.flatnonzero(maybe).tolist() if _is_as_thick(pieces[i], pen)]
    own = boxes[small, np.newaxis]
    middle, foot = (
        _beside_middle(own, boxes),
        _beside_foot(own, boxes),
    )  # of all at once, which takes a third of the time
    names = {}
    for i, beside in zip(small, zip(middle, foot, strict=True), strict=True):
        name, _ = _named(boxes[i], boxes, *beside)
        if name and _is_alone(i, pieces, boxes, pen):
            names[i] = name
    found = []
    for i, name in names.items():
        above = (k for k in small if k not in names and name != MINUS and _is_dot_above(boxes[k], boxes[i], boxes))
        upper = [*above][:1]
        whole = union([pieces[k] for k in (i, *upper)]) if upper else pieces[i]
        found.append((replace(whole, seen=none(), why=COLON if upper else name), [i, *upper]))
    return found


def with_marks(segments: Sequence[Segment], marks: Sequence[Segment]) -> list[Segment]:
    """Put marks on the lines of the digits that they stand beside, and name the minus signs.

    Args:
        segments: in reading order, with their lines numbered.
        marks: from :func:`marks_among`; those that stand beside no digit are dropped.

    Returns:
        All in reading order.
    """
    digits = [segment for segment in segments if not is_none(segment)]
    if not digits:
        return list(segments)
    boxes = boxes_of(digits)
    found = [_named_minus(segment, boxes) if is_none(segment) else segment for segment in segments]
    for mark in marks:
        (own,) = boxes_of([mark])
        if mark.why == COLON:  # its lower dot
            own[1] = max(own[1], own[3] - own[2] + own[0])
        name, beside = _beside(own, boxes)
        if name:
            line = digits[beside].line
            middle = own[[0, 2]].mean()
            before = [i for i, other in enumerate(found) if (other.line, _middle(other)) <= (line, middle)]
            found.insert(before[-1] + 1 if before else 0, replace(mark, line=line))
    return found


def name_beside(box: Box, digits: Boxes, usual: float, pen: float) -> str:
    """What ink is that no digit has: its name; "" for dirt that is far from them.

    Args:
        box: of the ink.
        digits: left, top, right and bottom of each, shape (n, 4); at least one.
        usual: the height of a digit, pixels.
        pen: its width, pixels.
    """
    own = np.array(box, np.float64)
    own[2:] += own[:2]
    size = max(box[2:])
    over = np.maximum(digits[:, 1] - own[3], own[1] - digits[:, 3])
    near = bool((np.maximum(_aside(own, digits), over) <= NEAR * usual).any())
    if ((own[:2] <= digits[:, :2]) & (own[2:] >= digits[:, 2:])).all(axis=1).any():
        return FRAME
    if is_underline(box, digits):
        return UNDERLINE
    if size >= SMALLEST * usual:
        return NOT_A_DIGIT
    if not near:
        return ""
    return DOT if size >= max(LEAST * usual, PENS * pen) else SPECK


def is_underline(box: Box, digits: Boxes) -> bool:
    """Whether a box is flat, and not far under a digit; these are left, top, right, bottom, shape (n, 4)."""
    x, y, width, height = box
    heights = digits[:, 3] - digits[:, 1]
    below = y + height / 2 - digits[:, 3]
    common = np.minimum(digits[:, 2], x + width) - np.maximum(digits[:, 0], x)
    there = (common > COVERED * (digits[:, 2] - digits[:, 0])) & (below > -0.1 * heights) & (below < UNDER * heights)
    return bool(width >= FLAT * height and there.any())


def is_none(segment: Segment) -> bool:
    """Whether the line network takes a segment for no digit."""
    return segment.seen is not None and int(segment.seen.argmax()) == NO_DIGIT


def none() -> NDArray[np.float32]:
    """What is seen of ink that is no digit: shape (11,)."""
    seen = np.zeros(NO_DIGIT + 1, np.float32)
    seen[NO_DIGIT] = 1
    return seen


def _is_as_thick(piece: Segment, pen: float) -> bool:
    """Whether ink may have been written with the pen of the rest, which the remnants of rules were not."""
    return max(piece.box[2:]) >= PENS * pen and (bool(piece.strokes) or piece.stroke_width >= PENS * pen)


def _aside(own: NDArray[np.float64], boxes: Boxes) -> NDArray[np.float64]:
    """The paper between a box and others, from left to right: below 0 if they have columns in common."""
    aside: NDArray[np.float64] = np.maximum(boxes[:, 0] - own[..., 2], own[..., 0] - boxes[:, 2])
    return aside


def _beside(own: NDArray[np.float64], boxes: Boxes) -> tuple[str, int]:
    """The name of a piece that stands beside others as a mark does, and which is the nearest of these.

    ("", -1) for one that does not.
    """
    return _named(own, boxes, _beside_middle(own, boxes), _beside_foot(own, boxes))


def _named(
    own: NDArray[np.float64], boxes: Boxes, middle: NDArray[np.bool_], foot: NDArray[np.bool_]
) -> tuple[str, int]:
    """The same, given the boxes beside whose middle it is, and those at whose foot."""
    there = np.flatnonzero(middle)
    if len(there) and not _is_covered(own, boxes, boxes[there], 0):
        return MINUS, int(there[np.abs(_aside(own, boxes[there])).argmin()])
    there = np.flatnonzero(foot)
    if not len(there) or _is_covered(own, boxes, boxes[there], COVERED):
        return "", -1
    nearest = int(there[_aside(own, boxes[there]).argmin()])
    return COMMA if _is_comma(own, boxes[nearest]) else DOT, nearest


def _beside_foot(own: NDArray[np.float64], boxes: Boxes) -> NDArray[np.bool_]:
    """The boxes at whose foot another one stands, of shape (..., 4), like a dot or a comma: shape (..., n)."""
    heights = boxes[:, 3] - boxes[:, 1]
    top, bottom = own[..., 1], own[..., 3]
    width, height = own[..., 2] - own[..., 0], bottom - top
    there: NDArray[np.bool_] = (height <= COMMA_SIZE * heights) & (width <= DOT_SIZE * heights)
    there &= np.maximum(width, height) >= LEAST * heights
    there &= (top >= boxes[:, 3] - ABOVE * heights) & (bottom <= boxes[:, 3] + BELOW * heights)
    lowest = boxes[:, 3] + LOW * heights
    there &= ((top + bottom) / 2 <= lowest) | (_is_comma(own, boxes) & (top <= lowest))
    return there & (_aside(own, boxes) <= BESIDE * heights)


def _is_comma(own: NDArray[np.float64], boxes: Boxes) -> NDArray[np.bool_]:
    """Whether a piece has the size of a comma, and not of a dot, beside boxes."""
    width, height = own[..., 2] - own[..., 0], own[..., 3] - own[..., 1]
    tall: NDArray[np.bool_] = (height > SLENDER * width) | (height > DOT_SIZE * (boxes[..., 3] - boxes[..., 1]))
    return tall


def _is_alone(i: int, pieces: Sequence[Segment], boxes: Boxes, pen: float) -> bool:
    """Whether there is paper around a piece, which there is not around the end of a broken digit."""
    margin = max(CLEARANCE * pen, 1.0)
    left, top, right, bottom = boxes[i] + (-margin, -margin, margin, margin)
    over = (boxes[:, 0] < right) & (boxes[:, 2] > left) & (boxes[:, 1] < bottom) & (boxes[:, 3] > top)
    over[i] = False
    for k in np.flatnonzero(over).tolist():
        x, y, step = boxes[k, 0], boxes[k, 1], pieces[k].step
        rows = slice(max(0, int((top - y) / step)), max(0, int(np.ceil((bottom - y) / step))))
        columns = slice(max(0, int((left - x) / step)), max(0, int(np.ceil((right - x) / step))))
        if (pieces[k].ink[rows, columns] >= INK).any():
            return False
    return True


def _is_dot_above(upper: NDArray[np.float64], lower: NDArray[np.float64], boxes: Boxes) -> bool:
    """Whether a piece is the upper dot of a colon: above a mark, and within the height of what that stands beside."""
    size = max(upper[2:] - upper[:2])
    heights = boxes[:, 3] - boxes[:, 1]
    beside = (size <= DOT_SIZE * heights) & (np.abs(_aside(lower, boxes)) <= BESIDE * heights)
    beside &= (upper[1] > boxes[:, 1] - 0.1 * heights) & (upper[3] < lower[1]) & (_aside(upper, boxes) >= 0)
    common = min(upper[2], lower[2]) - max(upper[0], lower[0])
    return bool(common > 0 and beside.any())


def _named_minus(segment: Segment, digits: Boxes) -> Segment:
    """A segment that is no digit; with its name if it stands beside a digit like a minus sign."""
    (own,) = boxes_of([segment])
    return replace(segment, why=MINUS) if _beside_middle(own, digits).any() else segment


def _is_covered(own: NDArray[np.float64], boxes: Boxes, beside: Boxes, share: float) -> bool:
    """Whether a digit above or around a piece has more than a share of its width in common with it.

    What is drawn around the pieces that it stands beside is none.
    """
    heights = boxes[:, 3] - boxes[:, 1]
    on_line = (boxes[:, 1] < own[3]) & (boxes[:, 3] > own[1] - BELOW * heights)
    over = boxes[on_line & (heights * COMMA_SIZE > own[3] - own[1]) & (_aside(own, boxes) < -share * (own[2] - own[0]))]
    around = (over[:, np.newaxis, :2] < beside[:, :2]) & (over[:, np.newaxis, 2:] > beside[:, 2:])
    return not bool(around.all(axis=2).any(axis=1).all())


def _beside_middle(own: NDArray[np.float64], boxes: Boxes) -> NDArray[np.bool_]:
    """The boxes beside whose middle another one is, of shape (..., 4), that is flat like a minus sign: (..., n)."""
    width, height = own[..., 2] - own[..., 0], own[..., 3] - own[..., 1]
    heights = boxes[:, 3] - boxes[:, 1]
    middle = np.abs((boxes[:, 1] + boxes[:, 3]) / 2 - (own[..., 1] + own[..., 3]) / 2) <= MIDDLE * heights
    aside = _aside(own, boxes)
    there: NDArray[np.bool_] = middle & (aside > -COVERED * width) & (aside <= NEAR * heights)
    there &= (width >= SHORTEST * heights) & (width <= LONGEST * heights) & (width >= DASH * height)
    return there


def _middle(segment: Segment) -> float:
    return segment.box[0] + segment.box[2] / 2
