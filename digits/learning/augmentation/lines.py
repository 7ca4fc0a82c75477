"""Lines of digits, put together from people's strokes and from a dataset's images, to train the line network.

A line is by one hand: its characters are one writer's, its pen, its slant and its size are one. Among the digits there
may be letters, signs and scribbles, which are no digits; around them an underline, a box, a ring or specks, which are
no characters at all.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from digits.image_format import SIZE
from digits.learning.augmentation.strokes import distort_strokes, draw
from digits.learning.config import Lines, Recipe, Written
from digits.learning.handwriting import Character, Handwriting, Points
from digits.line_image import FINER, FLATTEST, HEIGHT, INK_HEIGHT, MARGIN, NO_DIGIT, PEN, STRIDE, uniform

Image = NDArray[np.uint8]
Rng = np.random.Generator
FINE_HEIGHT, FINE_INK = FINER * HEIGHT, FINER * INK_HEIGHT
PATCH = 56  #: side of the working copy of a dataset's image, pixels


@dataclass(frozen=True)
class Hands:
    """What lines are put together from.

    Attributes:
        digits: for each writer, the digits, each with its height beside the writer's usual one.
        signs: what is no digit, by the writers who have written any.
        images: ``uint8``, shape (n, 28, 28).
        labels: of the images, shape (n,).
    """

    digits: tuple[tuple[tuple[Character, float], ...], ...]
    signs: tuple[tuple[Character, ...], ...]
    images: Image
    labels: NDArray[np.uint8]

    @classmethod
    def of(cls, handwriting: Handwriting, images: Image, labels: NDArray[np.uint8]) -> "Hands":
        """The hands in some handwriting and a dataset's images."""
        digits, signs = [], []
        for characters in handwriting.by_writer().values():
            own = tuple(character for character in characters if character.label != NO_DIGIT)
            others = tuple(character for character in characters if character.label == NO_DIGIT)
            digits += [_with_heights(own)] if own else []
            signs += [others] if others else []
        return cls(tuple(digits), tuple(signs), images, labels)


@dataclass(frozen=True)
class Placed:
    """A character on a line.

    Attributes:
        label: 0 to 9, or ``NO_DIGIT``.
        size: width and height, the pen left out; a digit's usual height is 1.
        strokes: from (0, 0); none for an image.
        image: ``uint8``, its ink alone, for a character of the dataset.
    """

    label: int
    size: tuple[float, float]
    strokes: tuple[Points, ...] = ()
    image: Image | None = None


def make_lines(hands: Hands, recipe: Recipe, n: int, rng: Rng) -> tuple[Image, NDArray[np.float32]]:
    """Put lines together.

    Args:
        hands: from which.
        recipe: how.
        n: lines.
        rng: decides.

    Returns:
        The lines, ``uint8``, shape (n, 32, width), as wide as the widest needs; and their characters, ``float32``,
        shape (n, most characters of any line, 4): label (-1 for none), x of the middle, of the left and of the right
        edge in pixels.
    """
    how = recipe.lines or Lines()
    most = int(rng.choice(how.lengths))
    made = [_line(hands, how, recipe.written, most, rng) for _ in range(n)]
    width = max(line.shape[1] for line, _ in made)
    lines = np.zeros((n, HEIGHT, width), np.uint8)
    characters = np.full((n, max(how.lengths), 4), -1, np.float32)
    for i, (line, found) in enumerate(made):
        lines[i, :, : line.shape[1]] = line
        characters[i, : len(found)] = found
    return lines, characters


def _line(hands: Hands, how: Lines, style: Written, most: int, rng: Rng) -> tuple[Image, NDArray[np.float32]]:
    """One line, and its characters, shape (k, 4)."""
    k = int(rng.integers((most + 1) // 2, most + 1)) if most > 1 else 1
    pen = float(np.exp(rng.uniform(np.log(how.min_pen), np.log(how.max_pen))))
    placed = _characters(hands, how, style, k, rng)
    places = _places(placed, how, pen, rng)
    boxes = np.array([(x, y, x + item.size[0], y + item.size[1]) for item, (x, y) in zip(placed, places, strict=True)])
    extra = _clutter(boxes, how, pen, rng) if rng.random() < how.clutter else []
    every = np.concatenate([boxes[:, :2], boxes[:, 2:], *extra])
    low, high = every.min(axis=0) - pen / 2, every.max(axis=0) + pen / 2
    scale = FINE_INK / max(float(high[1] - low[1]), FLATTEST * pen)
    columns = round(float(high[0] - low[0]) * scale) + 2 * FINER * MARGIN
    canvas = np.zeros((FINE_HEIGHT, -(-columns // (FINER * STRIDE)) * FINER * STRIDE), np.uint8)
    origin = np.array([FINER * MARGIN, (FINE_HEIGHT - (high[1] - low[1]) * scale) / 2], np.float32) - low * scale
    for item, place in zip(placed, places, strict=True):
        at = np.asarray(place * scale + origin, np.float32)
        if item.image is None:
            draw([stroke * np.float32(scale) + at for stroke in item.strokes], pen * scale, canvas)
        else:
            _paste(item.image, at, np.array(item.size) * scale, pen * scale, canvas)
    draw([np.asarray(stroke * scale + origin, np.float32) for stroke in extra], pen * scale, canvas)
    if rng.random() < how.broken:
        _break(canvas, pen * scale, rng)
    edges = boxes[:, [0, 2]] * scale + origin[0] + np.array([-1, 1]) * (FINER * PEN / 2)  # as all strokes are drawn
    labels = np.array([item.label for item in placed])
    found = np.stack([labels, edges.mean(axis=1) / FINER, edges[:, 0] / FINER, edges[:, 1] / FINER], axis=1)
    return uniform(canvas), found[np.argsort(found[:, 1])].astype(np.float32)


def _characters(hands: Hands, how: Lines, style: Written, k: int, rng: Rng) -> list[Placed]:
    """The characters of a line, each distorted on its own."""
    slant = how.slant * rng.normal()
    signs = rng.random() < how.signs
    images = rng.random() < how.images
    strangers = rng.random() < how.strangers
    spread = how.unequal if rng.random() < how.uneven else how.size
    writer = hands.digits[rng.integers(len(hands.digits))]
    placed = []
    for _ in range(k):
        lean = slant + how.own_slant * rng.normal()
        size = float(np.exp(spread * rng.normal()))
        if signs and rng.random() < how.sign:
            placed.append(_sign(hands, how, style, lean, size, rng))
        elif images:
            i = rng.integers(len(hands.labels))
            placed.append(_of_image(hands.images[i], int(hands.labels[i]), lean, size, style, rng))
        else:
            if strangers:
                writer = hands.digits[rng.integers(len(hands.digits))]
            character, height = writer[rng.integers(len(writer))]
            size *= height**0.5
            placed.append(_of_strokes(character.label, character.strokes, lean, size, style, rng))
    return placed


def _with_heights(characters: Sequence[Character]) -> tuple[tuple[Character, float], ...]:
    """Characters with their heights relative to the usual one, within reason: some were written on another day."""
    ys = [np.concatenate(character.strokes)[:, 1] for character in characters]
    heights = np.array([np.ptp(values) for values in ys])
    relative = np.clip(heights / max(float(np.median(heights)), 1e-6), 0.6, 1.4)
    return tuple(zip(characters, relative.tolist(), strict=True))


def _of_strokes(label: int, strokes: Sequence[Points], lean: float, size: float, style: Written, rng: Rng) -> Placed:
    drawn = tuple(stroke * np.float32(size) for stroke in distort_strokes(label, strokes, style, rng, lean))
    width, height = np.concatenate(drawn).max(axis=0).tolist()
    return Placed(label, (width, height), drawn)


def _of_image(image: Image, label: int, lean: float, size: float, style: Written, rng: Rng) -> Placed:
    """A dataset's image, enlarged, turned and sheared."""
    angle = np.deg2rad(style.rotation * rng.uniform(-1, 1))
    stretch = np.exp(style.aspect / 2 * rng.uniform(-1, 1))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    linear = 1.6 * turn @ np.array([[stretch, -lean], [0, 1 / stretch]])
    shift = PATCH / 2 - linear @ np.full(2, SIZE / 2)
    patch = cv2.warpAffine(image, np.column_stack([linear, shift]), (PATCH, PATCH))
    patch[patch < 32] = 0
    x, y, width, height = cv2.boundingRect(patch)
    if not width:
        return Placed(NO_DIGIT, (0.1, 0.1), (np.zeros((1, 2), np.float32),))
    unit = size / max(height, 0.6 * width)
    ink = np.asarray(patch[y : y + height, x : x + width])
    return Placed(label, (width * unit, height * unit), image=ink)


def _sign(hands: Hands, how: Lines, style: Written, lean: float, size: float, rng: Rng) -> Placed:
    """What is no digit: a letter or sign that somebody has written, or a scribble."""
    if not hands.signs or rng.random() < how.scribble:
        scribble, least, largest = SCRIBBLES[rng.integers(len(SCRIBBLES))]
        return _of_strokes(NO_DIGIT, scribble(rng), 0.0, size * rng.uniform(least, largest), style, rng)
    writer = hands.signs[rng.integers(len(hands.signs))]
    character = writer[rng.integers(len(writer))]
    if character.sign in SMALL:
        size *= rng.uniform(0.1, 0.5)
    return _of_strokes(NO_DIGIT, character.strokes, lean, size, style, rng)


#: Signs that are much smaller than digits.
SMALL = frozenset('.:;-=_~^*+<>"')


def _places(placed: Sequence[Placed], how: Lines, pen: float, rng: Rng) -> NDArray[np.float64]:
    """Where the boxes' left upper corners are, shape (k, 2)."""
    rise = np.tan(np.deg2rad(how.rise * rng.uniform(-1, 1)))
    kind, interlock = rng.random(), rng.random() < how.interlock
    aligned = rng.choice((0.0, 0.5, 1.0), p=(0.1, 0.6, 0.3))  # at the tops, the middles or the feet
    places = np.zeros((len(placed), 2))
    ends, middle, last = np.full(BANDS, -np.inf), -np.inf, -1
    for i, item in enumerate(placed):
        width, height = item.size
        y = aligned - 0.5 - aligned * height + how.up_down * rng.normal()
        if item.label == NO_DIGIT and height < 0.5:
            y += rng.uniform(-0.1, 0.5)
        begin, end = _outline(item, y) if interlock else (np.zeros(BANDS), np.full(BANDS, width))
        apart = EQUALS if item.label == last else MIDDLES
        x = max(float((ends - begin).max()), middle + apart - width / 2)  # each has a column of its own
        x = x if np.isfinite(x) else 0.0
        places[i] = x, y - rise * (x + width / 2)
        middle, last = x + width / 2, item.label
        ends = np.maximum(ends, x + end) + pen + _gap(kind, how, rng)
    return places


BANDS = 12  #: in which the outlines of neighbours that interlock are compared
REACH = 0.75  #: of the bands, above and below the middle of a line


def _outline(item: Placed, y: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Where the ink of a character begins and ends in each band, from its box's left edge; far away if there is none.

    Two bands next to its ink count as having some.
    """
    if item.image is not None:
        rows, columns = np.nonzero(item.image)
        points = np.stack([columns, rows], axis=1) * (np.array(item.size) / (item.image.shape[1], item.image.shape[0]))
    else:
        points = np.concatenate([_denser(stroke) for stroke in item.strokes])
    bands = ((points[:, 1] + y + REACH) / (2 * REACH) * BANDS).astype(int)
    begin, end = np.full(BANDS, np.inf), np.full(BANDS, -np.inf)
    for beside in (-1, 0, 1):
        there = np.clip(bands + beside, 0, BANDS - 1)
        np.minimum.at(begin, there, points[:, 0])
        np.maximum.at(end, there, points[:, 0])
    return begin, end


def _denser(stroke: Points) -> NDArray[np.float64]:
    """A stroke with three points more between each two."""
    at = np.arange(len(stroke), dtype=np.float64)
    between = np.linspace(0, len(stroke) - 1, 4 * len(stroke) - 3)
    return np.stack([np.interp(between, at, stroke[:, 0]), np.interp(between, at, stroke[:, 1])], axis=1)


MIDDLES = 0.24  #: least distance of the middles of two neighbours
EQUALS = 0.36  #: and of two of the same label, between which a column of paper is needed


def _gap(kind: float, how: Lines, rng: Rng) -> float:
    if kind < how.apart:
        return rng.uniform(how.tight_gap, how.widest)
    if kind < how.apart + how.tight:
        return rng.uniform(0, how.tight_gap)
    if kind < how.apart + how.tight + how.touching:
        return rng.uniform(-how.overlap, 0)
    return rng.uniform(-how.overlap, how.widest)


def _clutter(boxes: NDArray[np.float64], how: Lines, pen: float, rng: Rng) -> list[NDArray[np.float64]]:
    """Strokes that are no characters, at a line's characters' boxes: left, top, right, bottom, shape (k, 4)."""
    low, high = boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)
    room = max(0.02, (1 / how.room - float(high[1] - low[1])) / 2 - pen)
    space = pen + rng.uniform(0.02, 0.3)
    kind = rng.integers(5)
    if kind == 0:  # an underline
        y = high[1] + min(space, room)
        ends = np.array([low[0] - rng.uniform(-0.2, 0.4), high[0] + rng.uniform(-0.2, 0.4)])
        xs = np.linspace(float(ends[0]), float(ends[1]), 12)
        strokes = [np.stack([xs, y + rng.normal(0, 0.008, 12).cumsum() + rng.normal(0, 0.03) * (xs - xs[0])], axis=1)]
        lower = [line + np.array([0, pen + rng.uniform(0.03, 0.12)]) for line in strokes] if rng.random() < 0.15 else []
        return strokes + lower
    if kind == 1:  # a box
        return [_box(low - min(space, room), high + min(space, room), rng)]
    if kind == 2:  # a ring
        t = np.linspace(0, 2 * np.pi * rng.uniform(0.92, 1.1), 40) + rng.uniform(0, 6)
        middle, reach = (low + high) / 2, (high - low) / 2
        half = np.array([reach[0] * rng.uniform(1.1, 1.4) + space, min(reach[1] + room, reach[1] * 1.25 + space)])
        return [middle + np.stack([np.cos(t), np.sin(t)], axis=1) * half]
    if kind == 3 and len(boxes) < 8:  # a box around each, as on a form
        space = min(space, room, 0.5 * max(0.06, float((boxes[1:, 0] - boxes[:-1, 2]).min(initial=0.4))))
        tops, bottoms = low[1] - space, high[1] + space
        return [
            _box(np.array([left - space, tops]), np.array([right + space, bottoms]), rng) for left, _, right, _ in boxes
        ]
    at = rng.uniform(low - min(room, 0.3), high + min(room, 0.3), (rng.integers(1, 6), 2))
    return [np.stack([place, place + rng.uniform(-0.02, 0.02, 2)]) for place in at]


def _box(low: NDArray[np.float64], high: NDArray[np.float64], rng: Rng) -> NDArray[np.float64]:
    corners = np.array([low, (high[0], low[1]), high, (low[0], high[1]), low])
    return corners + rng.normal(0, 0.015, (5, 2))


def _paste(image: Image, at: NDArray[np.float32], size: NDArray[np.float64], pen: float, canvas: Image) -> None:
    """Put an image's ink, enlarged by the pen that its place was planned with, on the canvas."""
    left, top = (at - pen / 2).round().astype(int).tolist()
    width, height = np.maximum((size + pen).round().astype(int), 1).tolist()
    shown = cv2.resize(image, (width, height), interpolation=cv2.INTER_LINEAR)
    x0, y0 = max(left, 0), max(top, 0)
    around = canvas[y0 : top + height, x0 : left + width]
    np.maximum(around, shown[y0 - top :, x0 - left :][: around.shape[0], : around.shape[1]], out=around)


def _break(canvas: Image, pen: float, rng: Rng) -> None:
    """Gaps where the pen hardly touched the paper."""
    ys, xs = np.nonzero(canvas)
    widest = max(pen, FINER * PEN)  # all strokes are drawn as wide afterwards, which closes smaller gaps
    for at in rng.integers(len(xs), size=rng.integers(1, 4)):
        cv2.circle(canvas, (int(xs[at]), int(ys[at])), max(1, round(widest * rng.uniform(0.5, 1))), 0, cv2.FILLED)


# ---- scribbles: strokes within about a unit's square


def _zigzag(rng: Rng) -> list[Points]:
    turns = int(rng.integers(5, 30))
    x = np.linspace(0, rng.uniform(0.3, 2), turns)
    y = np.where(np.arange(turns) % 2, 1, 0) + rng.normal(0, rng.uniform(0, 0.2), turns)
    return [_turned(np.stack([x, y], axis=1), rng)]


def _winding(rng: Rng) -> list[Points]:
    steps = int(rng.integers(60, 400))
    direction = np.cumsum(rng.normal(0, rng.uniform(0.2, 0.45), steps))
    path = np.cumsum(np.stack([np.cos(direction), np.sin(direction)], axis=1), axis=0)
    return [(path / max(float(np.ptp(path, axis=0).max()), 1e-6)).astype(np.float32)]


def _curve(rng: Rng) -> list[Points]:
    """A smooth line through many places."""
    places = rng.uniform(0, 1, (int(rng.integers(9, 20)), 2)) * (rng.uniform(0.4, 1), 1)
    at = np.linspace(0, len(places) - 1, 8 * len(places))
    path = np.stack([np.interp(at, np.arange(len(places)), values) for values in places.T], axis=1)
    smooth = np.stack([np.convolve(values, np.hanning(9) / np.hanning(9).sum(), "valid") for values in path.T], axis=1)
    return [_turned(smooth / max(float(np.ptp(smooth, axis=0).max()), 1e-6), rng)]


def _round(rng: Rng) -> list[Points]:
    """Round and round, as a pen is tried out."""
    t = np.linspace(0, 2 * np.pi * rng.uniform(2.5, 9), 120)
    drift = rng.uniform(0, 0.12) * t
    spiral = 1 + rng.uniform(-0.06, 0.06) * t
    xy = np.stack([np.cos(t) * spiral + drift, np.sin(t) * spiral], axis=1) + rng.normal(0, 0.05, (120, 2))
    return [_turned(xy / max(float(np.ptp(xy, axis=0).max()), 1e-6), rng)]


def _uneven_rounds(rng: Rng) -> list[Points]:
    """Rounds that are now wide and now narrow, as something is made unreadable."""
    rounds = rng.uniform(3, 10)
    t = np.linspace(0, 2 * np.pi * rounds, int(30 * rounds))
    slow = rng.uniform(0, 2 * np.pi, 6)[:, np.newaxis] + rng.uniform(0.1, 0.6, 6)[:, np.newaxis] * t
    radius = np.clip(0.6 + rng.uniform(0.1, 0.5) * np.sin(slow[:2]).sum(axis=0), 0.1, None)
    xy = np.stack([np.cos(t), rng.uniform(0.4, 1) * np.sin(t)], axis=1) * radius[:, np.newaxis]
    xy += rng.uniform(0, 0.3) * np.stack([np.sin(slow[2:4]).sum(axis=0), np.sin(slow[4:]).sum(axis=0)], axis=1)
    return [_turned(xy / max(float(np.ptp(xy, axis=0).max()), 1e-6), rng)]


def _over_and_over(rng: Rng) -> list[Points]:
    """To and fro over one place, as something is struck out, with corners or without."""
    turns = int(rng.integers(5, 24))
    along = np.where(np.arange(turns) % 2, 1, -1) * rng.uniform(0.5, 1.1, turns)
    across = rng.uniform(0.1, 0.5) * rng.normal(size=turns) + rng.uniform(0, 0.06) * np.arange(turns)
    xy = np.stack([along, across], axis=1)
    if rng.random() < 0.4:
        at = np.linspace(0, turns - 1, 6 * turns)
        smooth = [np.interp(at, np.arange(turns), values) for values in xy.T]
        xy = np.stack([np.convolve(values, np.ones(5) / 5, "valid") for values in smooth], axis=1)
    return [_turned(xy / max(float(np.ptp(xy, axis=0).max()), 1e-6), rng)]


def _hatching(rng: Rng) -> list[Points]:
    strokes, angle = [], rng.uniform(0, np.pi)
    for turn in (angle, angle + np.pi / 2)[: rng.integers(1, 3)]:
        along, across = np.array([np.cos(turn), np.sin(turn)]), np.array([-np.sin(turn), np.cos(turn)])
        for offset in np.arange(-0.5, 0.5, rng.uniform(0.1, 0.24)):
            half = 0.5 * rng.uniform(0.7, 1)
            strokes.append(np.array([offset * across - half * along, offset * across + half * along], np.float32))
    return strokes


def _flat_line(rng: Rng) -> list[Points]:
    """A line that is too flat for a 1."""
    angle = np.deg2rad(rng.uniform(-45, 45))
    along = np.linspace(0, rng.uniform(0.4, 2.5), 12)
    wobble = rng.normal(0, 0.006, 12).cumsum()
    return [np.stack([along * np.cos(angle), along * np.sin(angle) + wobble], axis=1).astype(np.float32)]


def _crossing_lines(rng: Rng) -> list[Points]:
    """Lines in any direction, so many that they are no digit."""
    ends = rng.uniform(0, 1, (rng.integers(3, 6), 2, 2))
    return [line.astype(np.float32) for line in ends]


def _dot(rng: Rng) -> list[Points]:
    t = np.linspace(0, 6 * np.pi, 30)
    radius = np.linspace(0, 1, 30)
    return [np.stack([np.cos(t) * radius, np.sin(t) * radius], axis=1).astype(np.float32)]


def _turned(points: NDArray[np.float64], rng: Rng) -> Points:
    angle = rng.uniform(0, np.pi)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return np.asarray(points @ turn.T, np.float32)


#: With the least and the largest size.
SCRIBBLES: tuple[tuple[Callable[[Rng], list[Points]], float, float], ...] = (
    (_zigzag, 0.6, 1.3),
    (_winding, 0.6, 1.3),
    (_curve, 0.6, 1.3),
    (_round, 0.5, 1.3),
    (_uneven_rounds, 0.5, 1.3),
    (_over_and_over, 0.5, 1.3),
    (_hatching, 0.6, 1.3),
    (_flat_line, 0.2, 1.2),
    (_flat_line, 0.6, 1.2),
    (_crossing_lines, 0.6, 1.3),
    (_dot, 0.05, 0.3),
)
