"""What stands together on a line, and which of it is writing or a drawing beside the digits."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import groupby

import numpy as np

from digits.reading.line_segmenter import is_none
from digits.reading.segmentation import Box, Segment

SPACE = 1.5  #: widths of a digit: more paper than that is a space
FAR = 3.0  #: and more than that is one even between digits that are evenly spaced, as in the boxes of a form
UNEVEN = 1.5  #: gaps of a line, of which the others are so many times the least, are not even
SMALLEST = 0.15  #: usual heights of the digits: smaller ink is dirt
NEAR = 0.6  #: of their height: letters that are nearer are one word
NARROWEST = 0.6  #: of its height: the width that a digit takes, however narrow it is
DIGIT_LIKE = (0.6, 1.6)  #: usual heights of the digits: a single piece of such a height may be one that is not read
TEXT = (4, 0.5)  #: a word of so many pieces, of which more than that share are no digits, is text

Word = list[Segment]


def told_apart(segments: Sequence[Segment]) -> tuple[list[Segment], list[Segment]]:
    """Tell the digits from the printed text and drawings beside them.

    Words without a digit, on a page that has digits, are left out, unless one is a single piece of ink that is about as
    high as a digit and may be a badly written one. What was drawn stroke by stroke is never left out.

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
        kept = [[word for word in words if not _is_beside(word, usual)] for words in by_line]
    else:
        kept = by_line
    there = {id(segment) for words in kept for word in words for segment in word}
    stay = [replace(segment, spaced=i > 0 and k == 0) for words in kept for i, word in enumerate(words)
            for k, segment in enumerate(word)]  # fmt: skip
    return stay, [segment for segment in segments if id(segment) not in there]


def places_beside(components: Iterable[Segment], segments: Sequence[Segment], beside: Sequence[Segment]) -> list[Box]:
    """Where the printed text and drawings are that stand beside the digits: a box for each word.

    Args:
        components: the pieces of ink of an image; drawn strokes among them are passed over.
        segments: all that was found in them.
        beside: those of them that are left out.
    """
    if len(segments) == len(beside):
        return []
    usual = float(np.median([segment.box[3] for segment in segments if segment not in beside]))
    found = np.array([segment.box for segment in segments], np.float64).reshape(-1, 4)
    claimed = np.concatenate([found[:, :2], found[:, :2] + found[:, 2:]], axis=1)
    boxes = [segment.box for segment in beside]
    for piece in components:
        x, y, width, height = piece.box
        if piece.strokes or max(width, height) < SMALLEST * usual:
            continue
        common = np.minimum(claimed[:, 2:], (x + width, y + height)) - np.maximum(claimed[:, :2], (x, y))
        if not len(common) or float(common.clip(min=0).prod(axis=1).max()) < 0.5 * width * height:
            boxes.append(piece.box)
    return _joined(boxes)


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
    usual = float(np.median([max(segment.box[2], NARROWEST * segment.box[3]) for segment in line]))
    ends = np.maximum.accumulate([segment.box[0] + segment.box[2] for segment in line])
    gaps = [segment.box[0] - int(end) for segment, end in zip(line[1:], ends[:-1], strict=True)]
    evenly = min(gaps) * UNEVEN if len(gaps) > 1 else 0.0
    words = [[line[0]]]
    for segment, gap in zip(line[1:], gaps, strict=True):
        if gap > FAR * usual or (gap > SPACE * usual and gap > evenly):
            words.append([])
        words[-1].append(segment)
    return words


def _is_beside(word: Word, usual: float) -> bool:
    """Whether a word is no number; ``usual`` is the height of a digit."""
    if any(segment.strokes for segment in word):
        return False
    none = sum(map(is_none, word))
    if none < len(word):
        return len(word) >= TEXT[0] and none > TEXT[1] * len(word)
    return len(word) > 1 or not DIGIT_LIKE[0] * usual <= word[0].box[3] <= DIGIT_LIKE[1] * usual
