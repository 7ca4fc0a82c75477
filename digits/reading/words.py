"""What stands together on a line, and which of it is writing or a drawing beside the digits."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from digits.reading.marks import NOT_A_DIGIT, SPECK, LeftOut, is_none, is_underline, name_beside
from digits.reading.segmentation import INK, Box, Segment, pen_of
from digits.reading.text_lines import boxes_of

SPACE = 1.5  #: widths of a digit: more paper than that is a space
FAR = 3.0  #: and more than that is one even between digits that are evenly spaced, as in the boxes of a form
CLEAR = 1.0, 2.5  #: so is that, beside so many times the usual gap, on a line of nothing but digits and marks
FEW = 3  #: gaps of a line, of which less is not said to be usual
UNEVEN = 1.5  #: gaps of a line, of which the others are so many times the least, are not even
NEAR = 0.6  #: of their height: letters that are nearer are one word
NARROWEST = 0.6  #: of its height: the width that a digit takes, however narrow it is
DIGIT_LIKE = (0.6, 1.6)  #: usual heights of the digits: a single piece of such a height may be one that is not read
TEXT = (4, 0.5)  #: a word of so many pieces, of which more than that share are no digits, is text

Word = list[Segment]


def told_apart(segments: Sequence[Segment]) -> tuple[list[Segment], list[Segment]]:
    """Tell the digits from the printed text and drawings beside them.

    Words without a digit, on a page that has digits, are left out, unless one is a single piece of ink that is about as
    high as a digit and may be a badly written one. Of what was drawn stroke by stroke only underlines are left out.

    Args:
        segments: in reading order, with their lines numbered, from
            :meth:`digits.reading.line_segmenter.LineSegmenter.segments`.

    Returns:
        The segments that stay, with those marked that have a space before them; and the others. Both in reading order.
    """
    by_line = [_words(list(line)) for _, line in groupby(segments, key=lambda segment: segment.line)]
    digits = [segment for segment in segments if not is_none(segment)]
    if digits:
        usual = float(np.median([segment.box[3] for segment in digits]))
        boxes = boxes_of(digits)
        kept = [
            [word for word in words if not (_is_beside(word, usual) or _underlines(word, boxes))] for words in by_line
        ]
    else:
        kept = by_line
    there = {id(segment) for words in kept for word in words for segment in word}
    stay = [_spaced(segment, i > 0 and k == 0) for words in kept for i, word in enumerate(words)
            for k, segment in enumerate(word)]  # fmt: skip
    return stay, [segment for segment in segments if id(segment) not in there]


def _spaced(segment: Segment, spaced: bool) -> Segment:
    """The same object wherever nothing changes, so that what is remembered of it is found."""
    return segment if segment.spaced is spaced else replace(segment, spaced=spaced)


def places_beside(
    components: Sequence[Segment], segments: Sequence[Segment], beside: Sequence[Segment]
) -> list[LeftOut]:
    """Where the ink is that stands beside the digits, and what it is: printed text and drawings word by word.

    Dirt that is smaller than a mark is named only near a digit, and only if it was drawn.

    Args:
        components: the pieces of ink of a drawing or an image.
        segments: all that was found in them.
        beside: those of them that are left out.
    """
    left = {id(segment) for segment in beside}
    digits = [segment for segment in segments if id(segment) not in left]
    if not digits:
        return []
    usual, pen = float(np.median([segment.box[3] for segment in digits])), pen_of(components)
    there = boxes_of([segment for segment in digits if not is_none(segment)] or digits)
    pieces = [*beside, *_unclaimed(components, segments)]
    named = [LeftOut(piece.box, name_beside(piece.box, there, usual, pen)) for piece in pieces]
    named = [one for one, piece in zip(named, pieces, strict=True) if piece.strokes or one.why != SPECK]
    words = _joined([one.box for one in named if one.why == NOT_A_DIGIT])
    others = [one for one in named if one.why not in ("", NOT_A_DIGIT)]
    return [*(LeftOut(box, NOT_A_DIGIT) for box in words), *others]


def _unclaimed(components: Iterable[Segment], segments: Sequence[Segment]) -> list[Segment]:
    """The pieces of ink of which no segment has been made."""
    claimed, strokes = boxes_of(segments), {index for segment in segments for index in segment.strokes}
    cut = [segment for segment in segments if segment.is_cut]
    found = []
    for piece in components:
        if piece.strokes:
            if not strokes.issuperset(piece.strokes):
                found.append(piece)
            continue
        x, y, width, height = piece.box
        common = np.minimum(claimed[:, 2:], (x + width, y + height)) - np.maximum(claimed[:, :2], (x, y))
        if (common.clip(min=0).prod(axis=1) < 0.5 * width * height).all() and not _is_cut_up(piece, cut):
            found.append(piece)
    return found


def _is_cut_up(piece: Segment, cut: Sequence[Segment]) -> bool:
    """Whether most ink of a piece was cut into segments."""
    ink, common = int((piece.ink >= INK).sum()), 0
    for segment in cut:
        if segment.step != piece.step:
            continue
        (x, y, width, height), (x2, y2, width2, height2) = (np.array(one.box) // one.step for one in (piece, segment))
        left, top, right, bottom = max(x, x2), max(y, y2), min(x + width, x2 + width2), min(y + height, y2 + height2)
        if right > left and bottom > top:
            own = piece.ink[top - y : bottom - y, left - x : right - x] >= INK
            common += int((own & (segment.ink[top - y2 : bottom - y2, left - x2 : right - x2] >= INK)).sum())
    return 2 * common > ink


def _joined(boxes: Sequence[Box]) -> list[Box]:
    """Boxes; those that stand beside each other, and are near, are one."""
    joined: list[Box] = []
    for x, y, width, height in sorted(boxes):
        for i, (left, top, across, down) in enumerate(joined):
            near = x - (left + across) <= NEAR * max(height, down)
            if near and min(y + height, top + down) - max(y, top) > 0:
                right, bottom = max(left + across, x + width), max(top + down, y + height)
                joined[i] = left, min(top, y), right - left, bottom - min(top, y)
                break
        else:
            joined.append((x, y, width, height))
    return joined


def _words(line: Sequence[Segment]) -> list[Word]:
    """A line's segments, split where there is a space."""
    digits = [segment for segment in line if not segment.why] or line
    usual = float(np.median([max(segment.box[2], NARROWEST * segment.box[3]) for segment in digits]))
    ends = np.maximum.accumulate([segment.box[0] + segment.box[2] for segment in line])
    gaps = [segment.box[0] - int(end) for segment, end in zip(line[1:], ends[:-1], strict=True)]
    evenly = min(gaps) * UNEVEN if len(gaps) > 1 else 0.0
    clear = np.inf
    if len(gaps) >= FEW and all(segment.why or not is_none(segment) for segment in line):
        clear = max(CLEAR[0] * usual, CLEAR[1] * float(np.median(gaps)))
    words = [[line[0]]]
    for segment, gap in zip(line[1:], gaps, strict=True):
        if gap > FAR * usual or gap > clear or (gap > SPACE * usual and gap > evenly):
            words.append([])
        words[-1].append(segment)
    return words


def _is_beside(word: Word, usual: float) -> bool:
    """Whether a word is no number; ``usual`` is the height of a digit."""
    if any(segment.strokes for segment in word):
        return False
    none = sum(map(is_none, word))
    if none < len(word):
        others = sum(not segment.why for segment in word)
        none -= len(word) - others
        return others >= TEXT[0] and none > TEXT[1] * others
    return len(word) > 1 or not DIGIT_LIKE[0] * usual <= word[0].box[3] <= DIGIT_LIKE[1] * usual


def _underlines(word: Word, digits: NDArray[np.float64]) -> bool:
    """Whether a word is a line under digits: left, top, right, bottom of each, shape (n, 4)."""
    return len(word) == 1 and is_none(word[0]) and is_underline(word[0].box, digits)
