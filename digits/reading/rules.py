"""Rules: the straight lines of ruled paper, tables, forms and frames, and underlines. What crosses them stays."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
Places = NDArray[np.int64]

LONG = 2.2  #: usual heights of what is written: a straight line that is longer is a rule
THICK = 1.7  #: widths of the pen: a thicker line is none
CROSSED = 5.0  #: widths of the pen: a line goes on behind what crosses it in so much of its length
BROKEN = 4  #: pixels: and is interrupted by less paper
AS_THICK, LONGER = 0.7, 1.5  #: a line of so many widths of the pen may be a stroke, unless it is so much longer
STEEP = 0.45  #: of a line's length: how far it rises at most
MOSTLY = 0.6  #: share of pixels that are near the line, and of columns that have one
THICKNESSES = (4, 8, 16, 32)  #: pixels: of lines that are looked for one after another
MOST_LINES = 400  #: of a thickness, that are looked at: the longest
SLENDER = 8.0  #: of its thickness: a line is longer
ROUGH = 0.005  #: of its length: how far its pixels are from its middle, besides its thickness
CROWDED = 0.5  #: share of its pixels that are near a line which strokes touch
ASIDE = 0.01  #: of a line's length: how far its pixels are at first from a straight line along most of them
BENT = 0.25  #: how much its slope changes from its middle to its ends
STRAIGHT = 0.004  #: of a rule's length: how far it may be from where a straight line would go on
SHORTEST, LEAST_LONG = 4.0, 12  #: widths of the pen, and pixels: shorter lines are not looked at
CROSSING, RULED = 0.5, 3  #: of the page's side: so many lines that are longer are rules, whatever is written
AS_DARK = 0.35  #: share by which lines that are drawn alike differ in how dark they are
DARKER, PLUS = 1.4, 14  #: times, and grey levels, by which ink on a rule is darker than the rule
FREE = 1.3  #: usual heights of what is written: a straight line across that touches nothing is a rule if it is longer
BOXES = 3  #: so many lines end on one side of boxes that are beside each other; on strokes of a digit do fewer
OPPOSITE = 0.15  #: of their length: opposite sides of boxes begin and end so near each other
WRITTEN = 10.0  #: squares of the pen's width: ink in a box that is none of its sides
HIGHEST = 3.0  #: usual heights of what is written: a box is not higher
SLOPES = np.linspace(-0.24, 0.24, 25)  #: of lines that are looked for between the sides of boxes
INKED = 0.94  #: share of their length that is ink
SMOOTHED = 3.0  #: widths of the pen over which faint lines are averaged
FAINTEST = 9  #: grey levels of a line that is looked for
ABOVE = 5.0  #: standard deviations of the noise
HEAVY = 0.5  #: of the pen's ink over its length: lighter pieces are what is left of rules, or dirt
LEAST = 3.0  #: widths of the pen: smaller ink says nothing of how high writing is


@dataclass(frozen=True, eq=False)
class _Line:
    """A straight line of ink that may be a rule.

    Attributes:
        rows, columns: of its pixels, shape (n,), but for those where something crosses it.
        slope, offset: its row is slope × column + offset.
        length, thickness: in pixels.
        width: in pixels, of as much ink as dark as its darkest: less than ``thickness`` if its edges are soft.
        dark: how dark it is, grey levels.
        drawn: rows and columns of all of its pixels.
    """

    rows: Places
    columns: Places
    slope: float
    offset: float
    length: float
    thickness: float
    width: float
    dark: float
    drawn: tuple[Places, Places]

    def goes_on_in(self, other: "_Line") -> bool:
        """Whether another line is on the same straight line, and as thick."""
        near = self.thickness + STRAIGHT * self.length
        away = (abs((self.slope - other.slope) * end + self.offset - other.offset) for _, end in other.ends)
        return self.is_as_thick_as(other) and all(distance <= near for distance in away)

    def with_(self, other: "_Line") -> "_Line":
        """This line and another one on the same straight line."""
        rows, columns = np.append(self.rows, other.rows), np.append(self.columns, other.columns)
        slope, offset = np.polyfit(columns, rows, 1)
        length = float(np.ptp(columns) * (1 + slope * slope) ** 0.5)
        drawn = np.append(self.drawn[0], other.drawn[0]), np.append(self.drawn[1], other.drawn[1])
        wider = self if self.length >= other.length else other
        thickness = wider.thickness
        return _Line(rows, columns, float(slope), float(offset), length, thickness, wider.width, wider.dark, drawn)

    def is_as_thick_as(self, other: "_Line") -> bool:
        """Whether another line is about as thick, and as dark: with another pen, it is none of the same."""
        darker = max(self.dark, other.dark)
        alike = abs(self.dark - other.dark) <= AS_DARK * darker
        return alike and abs(other.thickness - self.thickness) <= max(1, 0.3 * self.thickness)

    def is_like(self, other: "_Line") -> bool:
        """Whether another line is parallel and as thick."""
        return self.is_as_thick_as(other) and abs(self.slope - other.slope) * self.length <= 1 + self.thickness / 2

    def ends_at(self, others: Sequence["_Line"]) -> bool:
        """Whether both ends are on lines of the other direction that are as thick: it is the side of a box."""
        there = [line for line in others if self.is_as_thick_as(line)]
        near = self.thickness + 2
        return all(any(line.is_at(column, row, near) for line in there) for row, column in self.ends)

    def is_opposite(self, other: "_Line") -> bool:
        """Whether another line may be the opposite side of the same boxes: it begins and ends near this one's ends."""
        room = OPPOSITE * min(self.length, other.length)
        return self.is_as_thick_as(other) and all(
            abs(one[1] - two[1]) <= room for one, two in zip(self.ends, other.ends, strict=True)
        )

    def is_met_by(self, others: Sequence["_Line"]) -> int:
        """How many lines of the other direction that are as thick end on it."""
        near = 2 * self.thickness + 2
        return sum(
            self.is_as_thick_as(line) and any(self.is_at(column, row, near) for row, column in line.ends)
            for line in others
        )

    @cached_property
    def ends(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """Row and column of the pixels at its left and its right end."""
        first, last = int(self.columns.argmin()), int(self.columns.argmax())
        return (
            (float(self.rows[first]), float(self.columns[first])),
            (float(self.rows[last]), float(self.columns[last])),
        )

    def is_at(self, row: float, column: float, near: float) -> bool:
        """Whether a place is on the line."""
        within = self.ends[0][1] - near <= column <= self.ends[1][1] + near
        return bool(within and abs(row - self.slope * column - self.offset) <= near + STRAIGHT * self.length)


def without_rules(difference: Image, least: float, noise: float, pen: float) -> Image:
    """Remove rules from how dark each pixel is.

    Args:
        difference: ``uint8``, shape (height, width), 0 for paper.
        least: of what may be ink.
        noise: standard deviation where there is none.
        pen: usual width of what is drawn, pixels.

    Returns:
        The same, 0 where there is a rule and nothing else.
    """
    mask = (difference > least).astype(np.uint8)
    turned = np.ascontiguousarray(mask.T)
    across = _lines(difference, noise, pen)
    down = _lines(np.ascontiguousarray(difference.T), noise, pen)
    if not across and not down:
        return difference
    rows, columns, usual = _told_apart(mask, across, down, pen)
    rows += [line for line in across if line not in rows and line.length > usual and line.is_met_by(down) >= BOXES]
    rows += _closed([line for line in across if line not in rows], [*down], mask, pen)
    rows += _alone([line for line in across if line not in rows and line.length > FREE * usual], mask)
    rows, columns = (
        [*rows, *(line for line in across if line not in rows and line.ends_at(columns))],
        [*columns, *(line for line in down if line not in columns and line.ends_at(rows))],
    )
    boxes = [line for line in rows if line.length < CROSSING * mask.shape[1] and line.is_met_by(down) > 1]
    columns += _between(boxes, mask, usual)
    without_columns, without_rows = mask.copy(), turned.copy()
    for line in columns:
        without_columns[line.columns, line.rows] = 0
    for line in rows:
        without_rows[line.columns, line.rows] = 0
    if not rows and not columns:
        return difference
    there = np.zeros_like(mask)
    if rows:
        difference = _erased(difference, without_columns, rows)
        for line in rows:
            there[line.drawn] = 1
    if columns:
        difference = np.ascontiguousarray(_erased(np.ascontiguousarray(difference.T), without_rows, columns).T)
        for line in columns:
            there[line.drawn[::-1]] = 1
    return _without_remains(difference, there, least, float(np.median([line.thickness for line in (*rows, *columns)])))


def _without_remains(difference: Image, there: Image, least: float, thickness: float) -> Image:
    """Remove what is on or beside rules alone, such as where they cross."""
    reach = 2 * round(0.5 * thickness) + 3
    beside = cv2.dilate(there, np.ones((reach, reach), np.uint8))
    n, labels = cv2.connectedComponents((difference > least).astype(np.uint8), connectivity=8)
    elsewhere = np.zeros(n, bool)
    elsewhere[labels[beside == 0]] = True
    kept: Image = difference * elsewhere[labels]
    return kept


def _alone(lines: list[_Line], mask: Image) -> list[_Line]:
    """Those of the lines that touch nothing: what is drawn under, over or between numbers."""
    if not lines:
        return []
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    found = []
    for line in lines:
        here = labels[line.rows, line.columns]
        _, _, width, height, _ = stats[int(np.median(here))].tolist()
        room = 2 * line.thickness + 2
        if height <= abs(line.slope) * width + STRAIGHT * width + room and width <= line.length + room:
            found.append(line)
    return found


def _closed(across: list[_Line], down: list[_Line], mask: Image, pen: float) -> list[_Line]:
    """Those of the lines across that are sides of boxes which are closed, and in which something is written."""
    while True:
        before = len(across), len(down)
        across = [line for line in across if line.ends_at(down)]
        down = [line for line in down if line.ends_at(across)]
        if (len(across), len(down)) == before:
            break
    rest = mask.copy()
    for line in across:
        rest[line.drawn] = 0
    for line in down:
        rest[line.drawn[::-1]] = 0
    found = []
    for line in across:
        others = [other for other in across if other is not line and other.is_opposite(line)]
        for other in others:
            (top, left), (_, right) = line.ends
            bottom = other.ends[0][0]
            inside = rest[int(min(top, bottom)) : int(max(top, bottom)), int(left) : int(right)]
            if int(inside.sum()) >= WRITTEN * pen * pen:
                found.append(line)
                break
    return found


def _between(rows: list[_Line], mask: Image, usual: float) -> list[_Line]:
    """The lines that run all the way from one side of boxes to the opposite one, even if something touches them."""
    found = []
    rows = sorted(rows, key=lambda line: line.ends[0][0])
    for i, top in enumerate(rows):
        bottom = next((line for line in rows[i + 1 :] if line.is_opposite(top)), None)
        if bottom is None or bottom.ends[0][0] - top.ends[0][0] > HIGHEST * usual:
            continue
        room = round(top.thickness)
        first, last = int(max(top.ends[0][1], bottom.ends[0][1])), int(min(top.ends[1][1], bottom.ends[1][1]))
        x = np.arange(max(first - 4 * room, 0), min(last + 4 * room, mask.shape[1] - 1) + 1)
        start = top.slope * x + top.offset + room
        height = bottom.slope * x + bottom.offset - room - start
        steps = int(height.max())
        if steps < 2 * room or height.min() <= 0:
            continue
        shares = []
        for slope in SLOPES:
            y = start[:, np.newaxis] + np.linspace(0, 1, steps) * height[:, np.newaxis]
            at = x[:, np.newaxis] + slope * (y - start[:, np.newaxis])
            shares.append(
                mask[y.astype(int).clip(0, mask.shape[0] - 1), at.astype(int).clip(0, mask.shape[1] - 1)].mean(1)
            )
        best = np.array(shares)
        inked = best.max(axis=0) >= INKED
        for group in np.split(np.flatnonzero(inked), np.flatnonzero(np.diff(np.flatnonzero(inked)) > 1) + 1):
            if len(group) and len(group) <= 2 * top.thickness + 1:
                middle = int(group[len(group) // 2])
                slope = SLOPES[int(best[:, group].max(axis=1).argmax())]
                found.append(_drawn_line(float(x[middle]), slope, start[middle], height[middle], top, mask))
    return found


def _drawn_line(x: float, slope: float, top: float, height: float, like: _Line, mask: Image) -> _Line:
    """A line that runs down, with the ink on it, as thick as another one; turned, as lines that run down are."""
    y = np.arange(int(top), int(top + height) + 1)
    half = max(1, round(like.thickness / 2))
    at = (x + slope * (y - top)).astype(int)[:, np.newaxis] + np.arange(-half, half + 1)
    rows, columns = np.broadcast_to(y[:, np.newaxis], at.shape).ravel(), at.ravel()
    there = (columns >= 0) & (columns < mask.shape[1]) & (rows < mask.shape[0])
    there[there] = mask[rows[there], columns[there]] > 0
    drawn = columns[there], rows[there]
    return _Line(*drawn, slope, x - slope * top, height, like.thickness, like.width, like.dark, drawn)


def _rules(lines: list[_Line], least: float, pen: float) -> list[_Line]:
    """The rules among straight lines: those that are long, and shorter ones that continue them."""
    long = [line for line in lines if line.length > least * (LONGER if line.width >= AS_THICK * pen else 1)]
    return long + [line for line in lines if line not in long and any(one.goes_on_in(line) for one in long)]


def _lines(difference: Image, noise: float, pen: float) -> list[_Line]:
    """The straight lines that run more across than down; along them, faint ones stand out from the noise."""
    along = max(5, round(SMOOTHED * pen)) | 1
    lowest = max(FAINTEST, ABOVE * noise / along**0.5)
    mask = ((cv2.blur(difference, (along, 1)) > lowest) & (cv2.blur(difference, (3, 1)) > lowest / 2)).astype(np.uint8)
    lines: list[_Line] = []
    for thinner, thickest in pairwise((0, *THICKNESSES)):
        if thinner >= max(THICKNESSES[0], THICK * pen):
            break
        found = _lines_of(mask, difference, thickest, pen)
        lines += found
        for line in found:
            mask[line.drawn] = 0
    return _joined(lines, CROSSED * pen)


def _joined(lines: list[_Line], gap: float) -> list[_Line]:
    """The lines, but pieces of one that something touches between them are one."""
    whole: list[_Line] = []
    for line in sorted(lines, key=lambda line: line.ends[0][1]):
        for i, before in enumerate(whole):
            if 0 < line.ends[0][1] - before.ends[1][1] <= gap and before.goes_on_in(line):
                whole[i] = before.with_(line)
                break
        else:
            whole.append(line)
    return whole


def _lines_of(mask: Image, difference: Image, thickest: int, pen: float) -> list[_Line]:
    """The straight lines that are no thicker than so many pixels."""
    thin = mask & ~cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((thickest + 1, 1), np.uint8))
    gap = max(2, round(CROSSED * pen)) | 1
    crossed = cv2.morphologyEx(thin, cv2.MORPH_CLOSE, np.ones((1, gap), np.uint8)) & mask
    joined = _coarser(crossed)  # which closes gaps as well
    _, labels, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    stats[:, [cv2.CC_STAT_LEFT, cv2.CC_STAT_WIDTH]] *= BROKEN
    lines = []
    widths = stats[:, cv2.CC_STAT_WIDTH].copy()
    widths[0] = 0  # the paper
    longest = np.argsort(-widths, kind="stable")[:MOST_LINES]
    for i in np.sort(longest[widths[longest] >= max(SHORTEST * pen, LEAST_LONG)]).tolist():
        left, top, width, height = stats[i, :4].tolist()
        if height > STEEP * width + 2 * thickest:
            continue
        around = np.s_[top : top + height, left : left + width]
        own = np.repeat(labels[top : top + height, left // BROKEN : (left + width) // BROKEN] == i, BROKEN, axis=1)
        own = own[:, : mask.shape[1] - left]
        rows, columns = np.nonzero(own & (thin[around] > 0))
        drawn = np.nonzero(own & (crossed[around] > 0))
        dark = difference[rows + top, columns + left]
        if len(rows) and (line := _line(rows + top, columns + left, dark, (drawn[0] + top, drawn[1] + left))):
            lines.append(line)
    return lines


def _coarser(mask: Image) -> Image:
    """A mask with wider pixels, each 1 where any of its pixels is."""
    height, width = mask.shape
    padded = cv2.copyMakeBorder(mask, 0, 0, 0, -width % BROKEN, cv2.BORDER_CONSTANT, value=0)
    size = padded.shape[1] // BROKEN, height
    return np.asarray(cv2.resize(255 * padded, size, interpolation=cv2.INTER_AREA) > 0, np.uint8)


def _line(rows: Places, columns: Places, dark: Image, drawn: tuple[Places, Places]) -> _Line | None:
    """A line of these pixels, without those that are beside it; None if they are no straight line."""
    every = np.ones(len(rows), np.bool_)
    found = _along(rows, columns, every, MOSTLY) or _along(rows, columns, _about(rows, columns), CROWDED)
    if found is None:
        return None
    first, (near, there, middles, bent, thickness) = int(columns.min()), found
    width = int(there[-1] - there[0]) + 1
    if len(there) < MOSTLY * width or width < SLENDER * thickness or abs(bent[0]) * width > BENT:
        return None
    slope, offset = _fitted(there, middles, 1)
    beside = np.abs(drawn[0] - np.polyval(bent, drawn[1] - first)) <= _room(thickness, width)
    length = float(width * (1 + slope * slope) ** 0.5)
    drawn = drawn[0][beside], drawn[1][beside]
    if not dark[near].any():
        return None
    darkest = max(float(np.percentile(dark[near], 90)), 1.0)
    inked = float(dark[near].sum() / len(there) / darkest)
    in_columns = np.zeros(int(columns.max()) - first + 1, np.uint8)  # the darkest of each: under half are strokes
    np.maximum.at(in_columns, columns[near] - first, dark[near])
    usual = float(np.median(in_columns[in_columns > 0]))
    place = float(slope), float(offset - slope * first)
    return _Line(rows[near], columns[near], *place, length, thickness, inked, usual, drawn)


_Along = tuple[NDArray[np.bool_], Places, NDArray[np.float64], NDArray[np.float64], float]


def _along(rows: Places, columns: Places, near: NDArray[np.bool_], share: float) -> _Along | None:
    """The curve along pixels, of which those that are ``near`` count at first; None if less than a share is on it.

    Returns:
        Which pixels are on it; the columns, from the first, that have any; their middles; the curve's coefficients;
        and its thickness.
    """
    first = int(columns.min())
    for _ in range(2):  # first of all, then of those near it
        counts = np.bincount(columns[near] - first)
        there = np.flatnonzero(counts)
        if len(there) < SHORTEST:
            return None
        middles = np.bincount(columns[near] - first, weights=rows[near])[there] / counts[there]
        bent = _fitted(there, middles, 2)  # paper is not quite flat
        width = int(there[-1] - there[0]) + 1
        thickness = float(np.median(counts[there[:: 1 + width // 400]]))
        near = np.abs(rows - np.polyval(bent, columns - first)) <= _room(thickness, width)
        if near.sum() < share * len(rows):
            return None
    return near, there, middles, bent, thickness


def _about(rows: Places, columns: Places) -> NDArray[np.bool_]:
    """Which pixels are about where most are: a resistant line (Tukey 1977), which few strokes do not draw aside."""
    counts = np.bincount(columns - columns.min())
    there = np.flatnonzero(counts)
    middles = np.bincount(columns - columns.min(), weights=rows)[there] / counts[there]
    (x0, y0), (x1, y1) = (
        (float(np.median(there[part]) + columns.min()), float(np.median(middles[part])))
        for part in (slice(len(there) // 3 + 1), slice(-(len(there) // 3) - 1, None))
    )
    slope = (y1 - y0) / max(x1 - x0, 1.0)
    away = np.abs(rows - y0 - slope * (columns - x0))
    return np.asarray(away <= ASIDE * np.ptp(columns) + 2)


def _fitted(x: Places, y: NDArray[np.float64], degree: int) -> NDArray[np.float64]:
    """The coefficients, the highest first, of the polynomial nearest to points; NumPy's polyfit takes longer."""
    scale = max(float(x[-1]), 1.0)
    powers = (x[:, np.newaxis] / scale) ** np.arange(degree, -1, -1)
    found: NDArray[np.float64] = np.linalg.lstsq(powers, y, rcond=None)[0] / scale ** np.arange(degree, -1, -1)
    return found


def _room(thickness: float, width: int) -> float:
    """How far from the middle of a line its pixels are at most: lines are not quite straight."""
    return 0.7 * thickness + 0.5 + ROUGH * width


def _told_apart(
    mask: Image, across: list[_Line], down: list[_Line], pen: float
) -> tuple[list[_Line], list[_Line], float]:
    """The rules among straight lines, across and down, and the usual height of what is written; infinite if nothing is.

    Which lines are too long to be written depends on how high writing is, and that on which are rules.
    """
    height, width = mask.shape
    printed = _ruling(across, width, mask, pen), _ruling(down, height, mask, pen)
    rows, columns, usual = *printed, np.inf
    for _ in range(5):
        rest = mask.copy()
        for line in rows:
            rest[line.rows, line.columns] = 0
        for line in columns:
            rest[line.columns, line.rows] = 0
        _, _, stats, _ = cv2.connectedComponentsWithStats(rest, connectivity=8)
        sizes = stats[1:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]].max(axis=1)
        heavy = stats[1:, cv2.CC_STAT_AREA] >= HEAVY * pen * sizes
        heights = stats[1:, cv2.CC_STAT_HEIGHT]
        heights = heights[(heights > LEAST * pen) & heavy]
        if not len(heights):
            return *printed, np.inf
        before, usual = usual, float(np.median(heights))
        if usual == before:
            break
        rows, columns = (
            [*known, *(line for line in _rules(lines, LONG * usual, pen) if line not in known)]
            for known, lines in zip(printed, (across, down), strict=True)
        )
    return rows, columns, usual


def _ruling(lines: list[_Line], side: int, mask: Image, pen: float) -> list[_Line]:
    """The lines of ruled paper, which cross most of the page, whose ``side`` is so long; none if they are few."""
    thin = [line for line in lines if line.width < AS_THICK * pen and line.length > CROSSING * side]
    thick = [line for line in lines if line not in thin and line.length > CROSSING * max(mask.shape)]
    if len(thin) + len(thick) < RULED:
        return []
    pieces = [  # of others, along which something is drawn
        line
        for line in lines
        if line not in thin and line.width < AS_THICK * pen and any(line.is_like(one) for one in thin)
    ]
    return [*thin, *thick, *pieces]


def _erased(difference: Image, mask: Image, rules: list[_Line]) -> Image:
    """Erase rules that run across, and mend what crossed them."""
    rule = np.zeros_like(mask)  # how dark its ink may be
    for line in rules:
        rule[line.drawn] = min(255, round(DARKER * line.dark + PLUS))
    thickest = max(2, round(max(line.thickness for line in rules)))
    rule = cv2.dilate(rule, np.ones((3, 3), np.uint8))
    beside = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((round(1.5 * thickest) + 3, 1), np.uint8))
    on_rule = (difference < rule) & (beside == 0)
    without = np.where(on_rule, np.uint8(0), difference)
    bridged = cv2.morphologyEx(without, cv2.MORPH_CLOSE, np.ones((thickest + 4, 1), np.uint8))
    return np.where(on_rule, np.minimum(bridged, difference), without)
