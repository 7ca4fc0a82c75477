"""From pieces of ink to digits: the line network says how many there are on a line, where, and what is no digit.

Each piece goes to the digit that it lies in; a piece that several digits share is cut between them along the path that
crosses the least ink. A piece that runs around or under digits which have ink of their own, such as a box, a ring or an
underline, belongs to none of them, and the line is read again without it.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from digits.crop import STROKE_WIDTH
from digits.errors import UserError
from digits.line_image import BLANK, NO_DIGIT, LineImage, line_image
from digits.networks import LINE, ROOT
from digits.reading.line_network import Candidate, LineNetwork, Symbol, probability_of
from digits.reading.marks import is_none, marks_among, none, with_marks
from digits.reading.segmentation import INK, Segment, coarser, pen_of, union, without_specks
from digits.reading.stroke_groups import IMPROBABLE, MOST_GROUPED, Group, Grouping, columns_of, groupings, groups_of
from digits.reading.text_lines import boxes_of, text_lines

SHARE = 0.55  #: a piece that covers this share of a digit's width is a part of it
OWN = 0.6  #: a digit whose other pieces are this share as high as its neighbours' has ink of its own
LEAST = 0.3  #: and they are at least this share as high as what runs around it
WIDER = 1.15  #: what runs around one digit is so many times as wide
LARGE = 0.35  #: a piece that no digit claims is shown as no digit if it is this share as high as the line
CUTTING = 96  #: pixels, the height in which the path of a cut is searched
STRAIGHT = 0.02  #: cost of a cut's pixel that is as far from the expected place as the ink is high; ink costs up to 1
ONE_STROKE = 0.01  #: a way to read a line is that much less probable for each stroke of the pen that it cuts
MARKED = 0.3  #: and that much for each part of a piece of an image that is no digit, beside a part that is one
NO_INK = 1e-4  #: and that much for each digit that has no ink of its own
TOGETHER = 0.5  #: pieces with so much of the narrower one's width in common are one digit's
SURE = 0.8  #: so probable must digits be, all of them, that are read each alone
CERTAIN = 0.9  #: a line that is read with this probability is only ever added to, and nothing if it is no digit
MOST_ALONE = 12  #: digits that are read each alone
REMEMBERED = 500  #: runs of a line whose segments are kept
COLUMNS = 280  #: columns of pixels, for each stroke, that the network may be given to group them
MOST_IN_ALL = 300  #: strokes of a drawing that are grouped, for the same reason: so that it takes a few seconds at most
WHOLE = 0.3  #: weight of how probable a line of groups of strokes is as a whole, beside each of them alone
COARSE = 200  #: pixels, about the height of a line whose groups of strokes are read


Key = tuple[int, ...]  #: the number of a line, and the identities of pieces on it
GroupKey = tuple[int, tuple[int, ...]]  #: side of a pixel of the ink of a group of strokes, and their identities


@dataclass(frozen=True)
class _Run:
    """Pieces that are read together."""

    components: tuple[Segment, ...]
    whole: Segment
    image: LineImage
    may_group: bool

    @classmethod
    def of(cls, components: Sequence[Segment], may_group: bool = False) -> "_Run":
        """Pieces as they are given to the network."""
        whole = union(components)
        return cls(tuple(components), whole, line_image(whole.ink, pen_of(components) / whole.step), may_group)

    @cached_property
    def boxes(self) -> NDArray[np.float64]:
        """Left, top, right and bottom of each piece, shape (n, 4)."""
        return boxes_of(self.components)

    @cached_property
    def groups(self) -> list[Group]:
        """The groups of strokes that may be a digit; none for pieces of an image, or if it would take too long."""
        n = len(self.components)
        if not self.may_group or n > MOST_GROUPED or not all(piece.strokes for piece in self.components):
            return []
        groups = groups_of(self.boxes)
        return groups if columns_of(self.boxes, groups, pen_of(self.components)) <= COLUMNS * n else []

    def x_of(self, x: float) -> float:
        """An x of the whole's ink in pixels of the drawing."""
        return self.whole.box[0] + x * self.whole.step


@dataclass(frozen=True)
class _Grouped:
    """The best way to group strokes, the logarithm of how probable it is, and how probable its number of groups."""

    way: Grouping
    value: float
    counted: float


class LineSegmenter:
    """Finds the digits in pieces of ink with the line network; or, without one, takes each piece for a digit.

    Attributes:
        failure: why there is no line network; "" if there is one.
    """

    def __init__(self, network: LineNetwork | None, failure: str = "") -> None:
        """Use a line network, which may be None for a reason."""
        self._network = network
        self.failure = failure
        self._known: OrderedDict[Key, tuple[tuple[Segment, ...], list[Segment]]] = OrderedDict()
        self._alone: dict[GroupKey, tuple[list[Segment], NDArray[np.float64]]] = {}
        self._unions: dict[tuple[int, ...], tuple[list[Segment], Segment]] = {}

    @classmethod
    def open(cls, models: Path) -> "LineSegmenter":
        """Load the line network of a folder of models, or this project's; without a usable one, do without."""
        path = models / f"{LINE}.onnx"
        if not path.exists():
            path = ROOT / "models" / path.name
        try:
            return cls(LineNetwork(path))
        except UserError as error:
            return cls(None, f"{error}; until then each piece of ink is taken for a digit")

    @property
    def digest(self) -> str:
        """SHA-256 of the network's file; "" without one."""
        return self._network.digest if self._network else ""

    def segments(self, components: Iterable[Segment], remember: bool = False) -> list[Segment]:
        """Find the digits.

        Args:
            components: pieces from :func:`digits.reading.segmentation.stroke_components`, or
                :func:`digits.reading.segmentation.image_components`, or both in the same coordinates.
            remember: keep what was found, for the same objects given again.

        Returns:
            The digits and what is none, in reading order, with their lines numbered; marks among digits have their
            names. The same pieces give the same objects, if they are remembered, but for marks.
        """
        pieces = list(components)
        if not pieces:
            return []
        marks = marks_among(pieces) if self._network else []
        marked = {i for _, of in marks for i in of}
        kept = list(without_specks([piece for i, piece in enumerate(pieces) if i not in marked]))
        lines = enumerate(text_lines(kept))
        groups = [(number, _in_time([kept[i] for i in run])) for number, line in lines for run in line]
        keys = [(number, *map(id, group)) for number, group in groups]
        unknown = [place for place, key in enumerate(keys) if key not in self._known]
        found = {key: self._known[key][1] for key in keys if key in self._known}
        before = self._alone, self._unions
        self._alone, self._unions = before[0].copy(), before[1].copy()
        read = self._read([groups[place][1] for place in unknown], len(kept) <= MOST_IN_ALL)
        for place, segments in zip(unknown, read, strict=True):
            number, group = groups[place]
            found[keys[place]] = [replace(segment, line=number) for segment in segments]
            if remember:
                self._known[keys[place]] = group, found[keys[place]]  # with what keeps identities from being reused
        if remember:
            self._forget(keys)
            there = set(map(id, kept))
            self._alone = {key: value for key, value in self._alone.items() if there.issuperset(key[1])}
            self._unions = {key: value for key, value in self._unions.items() if there.issuperset(key)}
        else:
            self._alone, self._unions = before
        return with_marks([segment for key in keys for segment in found[key]], [mark for mark, _ in marks])

    def seen(self, crops: NDArray[np.uint8]) -> NDArray[np.float32] | None:
        """What the line network says of digits, each of which is alone on a line.

        Args:
            crops: shape (n, 28, 28).

        Returns:
            As :attr:`digits.reading.segmentation.Segment.seen`, shape (n, 11), nothing where it is not one thing that
            is seen; None without a line network.
        """
        if self._network is None:
            return None
        rows = np.full((len(crops), BLANK), 1 / BLANK, np.float32)
        read = self._network.read([line_image(crop, STROKE_WIDTH) for crop in crops])
        for row, (best, *_) in zip(rows, read, strict=True):
            if len(best.labels) == 1:
                row[:] = best.symbols[0].seen
        return rows

    def _forget(self, used: Sequence[Key]) -> None:
        """Forget what has not been used for longest."""
        for key in used:
            self._known.move_to_end(key)
        while len(self._known) > max(REMEMBERED, len(used)):
            self._known.popitem(last=False)

    def _read(self, groups: Sequence[Sequence[Segment]], may_group: bool) -> list[list[Segment]]:
        if self._network is None:
            return [list(group) for group in groups]
        made = [_Run.of(group, may_group) for group in groups]
        read = self._network.read([run.image for run in made])
        return [self._assigned(run, candidates) for run, candidates in zip(made, read, strict=True)]

    def _assigned(self, run: _Run, candidates: Sequence[Candidate]) -> list[Segment]:
        """The segments of a run from the ways to read it."""
        if apart := self._each_alone(run, candidates[0]):
            return apart
        best = [_moved(symbol, run) for symbol in candidates[0].symbols]
        around = _drawn_around(run.components, best)
        if around and len(around) < len(run.components) and self._network:
            inner = _Run.of([piece for i, piece in enumerate(run.components) if i not in around], run.may_group)
            without = self._network.read([inner.image])[0]
            better = without[0].labels == candidates[0].labels or without[0].probability > candidates[0].probability
            if better and not self._are_parts(run, candidates, around, inner, without):
                return self._assigned(inner, without)  # else it was a part of a digit, such as the bar of a 4
        grouping = None
        if run.groups and not (
            len(candidates) == 1 and _is_clear(run, *_segments(run.components, best, self._union)[:2])
        ):
            grouping = self._grouped(run, candidates)
        found, highest, n = [], -np.inf if grouping is None else grouping.value, 0
        for candidate in candidates:
            if candidate.probability <= highest:  # no better, even if it cuts no stroke
                break
            symbols = best if candidate is candidates[0] else [_moved(symbol, run) for symbol in candidate.symbols]
            segments, n_cut, without_ink = _segments(run.components, symbols, self._union)
            value = candidate.probability + n_cut * np.log(ONE_STROKE) + without_ink * np.log(NO_INK)
            if len(segments) <= MOST_ALONE:  # more ways to cut a long line would take too long
                value += sum(segment.is_cut and is_none(segment) for segment in segments) * np.log(MARKED)
            if value > highest and (n_cut or grouping is None):
                found, highest, n = segments, value, len(candidate.labels)
        if grouping and not found:
            return self._segments_of(run, grouping, candidates[0])
        share = _counted(candidates, n) ** (1 / max(len(found), 1))
        return [replace(segment, counted=share) for segment in found]

    def _grouped(self, run: _Run, candidates: Sequence[Candidate]) -> _Grouped | None:
        """The best way to group the strokes of a run; None if none is possible, such as too few for what is seen."""
        alone = dict(zip(run.groups, self._read_alone(run, run.groups), strict=True))
        ways = groupings(run.boxes, alone, [candidate.labels for candidate in candidates])
        whole = [probability_of(way.labels, candidates[0].logs) for way in ways]
        possible = [(way, way.value + WHOLE * value) for way, value in zip(ways, whole, strict=True) if value > -np.inf]
        if not possible:
            return None
        best, highest = max(possible, key=lambda one: one[1])
        counted = np.exp([value - highest for _, value in possible])
        same = [len(way.labels) == len(best.labels) for way, _ in possible]
        return _Grouped(best, highest, float(counted[same].sum() / counted.sum()))

    def _are_parts(
        self,
        run: _Run,
        candidates: Sequence[Candidate],
        around: set[int],
        inner: _Run,
        without: Sequence[Candidate],
    ) -> bool:
        """Whether strokes that may be drawn around digits are more probably parts of them, or digits themselves."""
        if not (run.groups and inner.groups):
            return False
        whole, rest = self._grouped(run, candidates), self._grouped(inner, without)
        if whole is None or rest is None:
            return False
        alone = self._read_alone(run, [(i,) for i in around])
        none = sum(max(float(logs[BLANK]), IMPROBABLE) for logs in alone)
        return whole.value > rest.value + none

    def _segments_of(self, run: _Run, found: _Grouped, line: Candidate) -> list[Segment]:
        """The segments of strokes that were grouped.

        What was seen is of the whole line: the places where its network sees these labels, in this order.
        """
        symbols = replace(line, labels=found.way.labels).symbols
        share = found.counted ** (1 / len(symbols))
        return [
            replace(self._union([run.components[i] for i in group]), seen=symbol.seen, counted=share)
            for group, symbol in zip(found.way.groups, symbols, strict=True)
        ]

    def _union(self, pieces: list[Segment]) -> Segment:
        """The pieces as one; the same pieces give the same ink."""
        key = tuple(map(id, pieces))
        if key not in self._unions:
            self._unions[key] = pieces, union(pieces)  # the pieces keep identities from being reused
        return self._unions[key][1]

    def _read_alone(self, run: _Run, groups: Sequence[Group]) -> list[NDArray[np.float64]]:
        """How probable each group of strokes is to be each symbol, or no digit at all: logarithms of shape (12,)."""
        step = run.whole.step * max(1, run.whole.ink.shape[0] // COARSE)
        keys = [(step, tuple(id(run.components[i]) for i in group)) for group in groups]
        unknown = [group for group, key in zip(groups, keys, strict=True) if key not in self._alone]
        if unknown and self._network:
            coarse = [coarser(piece, step) for piece in run.components]
            images = []
            for group in unknown:
                whole = union([coarse[i] for i in group])
                images.append(line_image(whole.ink, pen_of([run.components[i] for i in group]) / whole.step))
            for group, logs in zip(unknown, self._network.alone(images), strict=True):
                pieces = [run.components[i] for i in group]
                self._alone[step, tuple(map(id, pieces))] = pieces, logs  # the pieces keep identities from being reused
        return [self._alone[key][1] for key in keys]

    def _each_alone(self, run: _Run, best: Candidate) -> list[Segment]:
        """The segments of pieces that stand beside each other, if more of them are digits by themselves than were seen.

        Neighbours that are very near, or of very unequal size, are one to a network that sees the whole line.
        """
        digits = [label for label in best.labels if label != NO_DIGIT]
        none = not digits and best.probability > np.log(CERTAIN)
        groups = _beside(run.components)
        few = max(len(digits), 1) < len(groups) <= MOST_ALONE  # one alone is what was read
        if none or not few or not self._network:
            return []
        runs = [_Run.of(group) for group in groups]
        alone = [candidates[0] for candidates in self._network.read([one.image for one in runs])]
        labels = [candidate.labels for candidate in alone]
        if any(len(found) != 1 or found[0] == NO_DIGIT for found in labels):
            return []
        if sum(candidate.probability for candidate in alone) < np.log(SURE):
            return []
        seen = [label for (label,) in labels]
        if best.probability > np.log(CERTAIN) and not _adds_to(digits, seen):
            return []  # such as the halves of a 0, either of which may be a 1
        return [replace(one.whole, seen=candidate.symbols[0].seen) for one, candidate in zip(runs, alone, strict=True)]


def _is_clear(run: _Run, segments: Sequence[Segment], n_cut: int) -> bool:
    """Whether the segments of strokes have all of them, whole, and each is to the right of those before it."""
    boxes = boxes_of(segments)
    boxes = boxes[np.argsort(boxes[:, 0])]
    whole = sum(len(segment.strokes) for segment in segments) == len(run.components)
    return whole and not n_cut and bool((boxes[1:, 0] >= boxes[:-1, 2]).all())


def _in_time(pieces: list[Segment]) -> tuple[Segment, ...]:
    """Strokes in the order drawn; pieces of an image, which have none, as they are, before them."""
    return tuple(sorted(pieces, key=lambda piece: piece.strokes))


def _counted(candidates: Sequence[Candidate], n: int) -> float:
    """How probable it is that there are n digits."""
    logs = np.array([candidate.probability for candidate in candidates])
    probabilities = np.exp(logs - logs.max())  # those of a long line may be too small for a number
    same = [len(candidate.labels) == n for candidate in candidates]
    return float(probabilities[same].sum() / probabilities.sum())


def _adds_to(few: Sequence[int], many: Sequence[int]) -> bool:
    """Whether a sequence is what another one is without some of its labels."""
    rest = iter(many)
    return all(label in rest for label in few)


def _beside(components: Sequence[Segment]) -> list[list[Segment]]:
    """Pieces from left to right; those that stand above, below or in one another are together."""
    boxes = boxes_of(components)
    groups: list[list[Segment]] = []
    left = right = 0.0
    for i in np.argsort(boxes[:, 0], kind="stable").tolist():
        start, end = boxes[i, [0, 2]].tolist()
        common = (min(right, end) - start) / max(min(right - left, end - start), 1)
        if not groups or common < TOGETHER:
            groups.append([])
            left, right = start, end
        groups[-1].append(components[i])
        right = max(right, end)
    return groups


def _moved(symbol: Symbol, run: _Run) -> Symbol:
    """A symbol in pixels of the drawing."""
    return replace(symbol, middle=run.x_of(symbol.middle), left=run.x_of(symbol.left), right=run.x_of(symbol.right))


def _shares(components: Sequence[Segment], symbols: Sequence[Symbol]) -> NDArray[np.float64]:
    """Which share of each symbol's width each piece covers, shape (pieces, symbols)."""
    boxes = boxes_of(components)
    lefts, rights = np.array([symbol.left for symbol in symbols]), np.array([symbol.right for symbol in symbols])
    common = np.minimum(boxes[:, 2:3], rights) - np.maximum(boxes[:, 0:1], lefts)
    shares: NDArray[np.float64] = common.clip(min=0) / np.maximum(rights - lefts, 1)
    return shares


def _drawn_around(components: Sequence[Segment], symbols: Sequence[Symbol]) -> set[int]:
    """The pieces that run along symbols which have ink of their own: boxes, rings, underlines."""
    if not symbols or len(components) < 2:
        return set()
    boxes, shares = boxes_of(components), _shares(components, symbols)
    middles = np.array([symbol.middle for symbol in symbols])
    over = (shares > SHARE) & (boxes[:, 0:1] < middles) & (boxes[:, 2:3] > middles)
    sizes = boxes[:, 2:] - boxes[:, :2]
    centres = boxes[:, [0, 2]].mean(axis=1, keepdims=True)
    lefts, rights = np.array([symbol.left for symbol in symbols]), np.array([symbol.right for symbol in symbols])
    nearest = np.abs(centres - middles).argmin(axis=1)  # no piece is the own ink of two
    within = (centres > lefts) & (centres < rights) & (nearest[:, np.newaxis] == np.arange(len(symbols)))
    around = set()
    for i in np.flatnonzero(over.any(axis=1)).tolist():
        heights = []
        for symbol in np.flatnonzero(over[i]).tolist():
            others = np.flatnonzero(within[:, symbol] & (sizes[:, 0] < 0.9 * sizes[i, 0]))
            heights.append(boxes[others, 3].max() - boxes[others, 1].min() if len(others) else 0.0)
        owned = np.array(heights) >= max(OWN * float(np.median(heights)), LEAST * sizes[i, 1], 1)
        widest = max(symbols[s].right - symbols[s].left for s in np.flatnonzero(over[i]))
        if owned.all() and (len(heights) > 1 or sizes[i, 0] > WIDER * widest):
            around.add(i)
    return around


def _segments(
    components: Sequence[Segment], symbols: Sequence[Symbol], joined: Callable[[list[Segment]], Segment]
) -> tuple[list[Segment], int, int]:
    """Give each piece to its symbol, or cut it; what belongs to no symbol is no digit, unless it is small.

    Args:
        components: the pieces.
        symbols: from left to right.
        joined: makes one piece of several.

    Returns:
        The segments; how often a pen's stroke is cut; how many symbols have no ink.
    """
    if not symbols:
        return [replace(joined([*components]), seen=none())], 0, 0
    shares, boxes = _shares(components, symbols), boxes_of(components)
    owners: list[list[int]] = []  # of each piece
    for i, piece in enumerate(components):
        inside = [s for s in range(len(symbols)) if shares[i, s] > SHARE and _holds_middle(boxes[i], symbols[s])]
        if len(inside) > 1 and piece.strokes:  # a stroke is one digit's, unless another would have no ink
            inside.sort(key=lambda s: -_alike(boxes[i], symbols[s]))
        nearest = _nearest(boxes[i], symbols) if not inside else None
        owners.append(inside or ([] if nearest is None else [nearest]))
    alone = {inside[0] for inside in owners if inside}
    owned: list[list[Segment]] = [[] for _ in symbols]
    is_cut = [False] * len(symbols)
    left_over, n_cut = [], 0
    highest = float(boxes[:, 3].max() - boxes[:, 1].min())
    for i, (piece, inside) in enumerate(zip(components, owners, strict=True)):
        if piece.strokes:
            inside = inside[:1] + [symbol for symbol in inside[1:] if symbol not in alone]
            n_cut += len(inside[1:])
        if len(inside) > 1:
            inside.sort()
            for symbol, part in zip(inside, _cut(piece, [symbols[s] for s in inside]), strict=True):
                if part is not None:
                    owned[symbol].append(part)
                    is_cut[symbol] = True
        elif inside:
            owned[inside[0]].append(piece)
        elif boxes[i, 3] - boxes[i, 1] >= LARGE * highest:
            left_over.append(piece)
    found = [
        replace(joined(parts), seen=symbol.seen, is_cut=was_cut)
        for parts, symbol, was_cut in zip(owned, symbols, is_cut, strict=True)
        if parts
    ]
    without_ink = len(symbols) - len(found)
    if left_over:
        found += [replace(piece, seen=none()) for piece in left_over]
        found.sort(key=lambda segment: segment.box[0] + segment.box[2] / 2)
    return found, n_cut, without_ink


def _holds_middle(box: NDArray[np.float64], symbol: Symbol) -> bool:
    return bool(box[0] <= symbol.middle <= box[2])


def _alike(box: NDArray[np.float64], symbol: Symbol) -> float:
    """The length that a piece and a symbol have in common, as a share of what they take together."""
    common = min(box[2], symbol.right) - max(box[0], symbol.left)
    return float(common / max(box[2] - box[0] + symbol.right - symbol.left - common, 1e-6))


def _nearest(box: NDArray[np.float64], symbols: Sequence[Symbol]) -> int | None:
    """The symbol in whose width most of a piece lies; None if it lies beside all of them."""
    left, right = box[0], box[2]
    width = max(right - left, 1.0)
    common = [(min(right, symbol.right) - max(left, symbol.left)) / width for symbol in symbols]
    middle = (left + right) / 2
    scores = [
        share - 0.3 * abs(middle - symbol.middle) / max(symbol.right - symbol.left, width)
        for share, symbol in zip(common, symbols, strict=True)
    ]
    best = int(np.argmax(scores))
    return best if common[best] > -0.3 else None


def _cut(piece: Segment, symbols: Sequence[Symbol]) -> list[Segment | None]:
    """Cut a piece's ink into one part for each symbol, from left to right; None for a part without ink."""
    x0, _, width, _ = piece.box
    begins: NDArray[np.int64] = np.zeros(len(piece.ink), np.int64)
    parts = []
    for left, right in pairwise(symbols):
        low = (max(left.middle, x0) - x0) / piece.step
        high = (min(right.middle, x0 + width) - x0) / piece.step
        expected = ((left.right + right.left) / 2 - x0) / piece.step
        path = np.maximum(_path(piece.ink, low, high, min(max(expected, low), high)), begins)
        parts.append(_part(piece, begins, path))
        begins = path
    return [*parts, _part(piece, begins, np.full_like(begins, piece.ink.shape[1]))]


def _part(piece: Segment, begins: NDArray[np.int64], ends: NDArray[np.int64]) -> Segment | None:
    """A piece's ink from one column to another in each row; None if there is none."""
    first, last = int(begins.min()), int(ends.max())
    columns = np.arange(first, last)
    here = (columns >= begins[:, np.newaxis]) & (columns < ends[:, np.newaxis])
    ink = piece.ink[:, first:last] * here
    x, y, width, height = cv2.boundingRect((ink >= INK).astype(np.uint8)) if last > first else (0, 0, 0, 0)
    if not width:
        return None
    step = piece.step
    box = (piece.box[0] + (first + x) * step, piece.box[1] + y * step, width * step, height * step)
    return replace(piece, box=box, ink=np.ascontiguousarray(ink[y : y + height, x : x + width]))


def _path(ink: NDArray[np.uint8], low: float, high: float, expected: float) -> NDArray[np.int64]:
    """Where to cut each row of ink: the path from top to bottom that crosses the least ink (Avidan & Shamir 2007).

    Args:
        ink: shape (height, width).
        low, high: the columns between which it stays.
        expected: the column that is preferred where there is no ink.

    Returns:
        For each row the first column of the right part, shape (height,).
    """
    first, last = max(0, int(low)), min(ink.shape[1] - 1, max(int(high), int(low) + 1))
    scale = min(1.0, CUTTING / ink.shape[0])
    part = ink[:, first : last + 1]
    size = max(1, round(part.shape[1] * scale)), max(1, round(part.shape[0] * scale))
    small = cv2.resize(part, size, interpolation=cv2.INTER_AREA).reshape(size[1], size[0])
    away = np.abs(np.arange(size[0]) - (expected - first) * scale) / size[1]
    costs = small.astype(np.float64) / 255 + STRAIGHT * away
    total = np.pad(costs, ((0, 0), (1, 1)), constant_values=np.inf)
    for before, here in pairwise(total):
        here[1:-1] += np.minimum(np.minimum(before[:-2], before[2:]) + 0.01, before[1:-1])
    path = np.zeros(size[1], np.int64)
    path[-1] = int(total[-1].argmin())
    for row in range(size[1] - 2, -1, -1):
        start = path[row + 1] - 1
        path[row] = start + int(total[row, start : start + 3].argmin())
    path -= 1  # the first column was infinite
    rows = np.minimum((np.arange(ink.shape[0]) * scale).astype(np.int64), size[1] - 1)
    columns: NDArray[np.int64] = first + np.round((path[rows] + 0.5) / scale).astype(np.int64)
    return columns
