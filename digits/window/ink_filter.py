"""Smooth ink: what the pen's jitter adds is averaged out, and a curve is laid through what is left. No widgets.

A symmetric moving average over the pen's points comes first. It waits for a few points, fewer the faster the pen is,
is taken only where they are nearly on a line, moves none by more than 1.25 screen pixels, and leaves corners where they
are. A curve with the tangents of a centripetal Catmull-Rom spline goes through the averaged points. A tangent is known
only once the next point is: up to the last quarter of the way to a point the curve is the parabola that ends there, and
in that quarter it turns to the tangent.
"""

import math
from collections.abc import Sequence

Point = tuple[float, float]  #: x, y in the drawing's pixels

AHEAD = 3  #: most points on either side that a point is averaged with
WOBBLE = 2.25  #: screen px; averaged are points no farther from the line between the ends: more would round curves
LAG = 12  #: screen px; the ink is about that far behind the pen at most
QUARTER = 0.25  #: of the way to the newest averaged point is left out at first
FARTHEST = 1.25  #: screen px by which the average moves a point at most
ARMS = (2, 10)  #: screen px; least and greatest length on either side of a corner along which its turn is measured
SHARP = math.cos(math.radians(80))  #: cosine of the least turn at a corner
TOLERANCE = 0.15  #: screen px between the curve and the lines that are drawn for it
SPACING = 2  #: screen px; points are closer only where the curve turns


class InkFilter:
    """Filters one stroke, point by point, in time and memory that do not grow with the stroke.

    The stroke is ``start`` and all points that the methods return.
    """

    def __init__(self, start: Point, pixel: float, steady: bool = True) -> None:
        """Begin where the pen is put down.

        Args:
            start: in the drawing's pixels.
            pixel: side of a screen pixel in the drawing's pixels, above 0.
            steady: whether jitter is averaged out; else the curve goes through the pen's own points.
        """
        self._most = AHEAD if steady else 0  # points on either side
        self._pixel = pixel
        self._pen = [start]  # the newest points, as they came
        self._waiting = 0  # how many of them, at the end, are not averaged yet
        self._before = self._newest = start  # averaged points
        self._corner = True  # whether the newest of them is a corner
        self._end = start  # of the curve
        self._direction: Point = (0.0, 0.0)  # of the curve there
        self._last = start  # point of the stroke
        self._held: Point | None = None  # a point of the curve that may not be needed

    def move(self, point: Point) -> list[Point]:
        """The pen has moved; what is closer than a screen pixel to the last point is left out.

        Args:
            point: where it is, in the drawing's pixels.

        Returns:
            The points to append to the stroke, in the drawing's pixels; often none.
        """
        if math.dist(point, self._pen[-1]) < self._pixel:
            return []
        self._append(point)
        new: list[Point] = []
        while self._waiting and (
            self._waiting > max(1, self._most) or math.dist(self._last, point) > LAG * self._pixel
        ):
            new += self._advance()
        return new

    def release(self, point: Point) -> list[Point]:
        """The pen was lifted.

        Args:
            point: where, in the drawing's pixels.

        Returns:
            The last points to append to the stroke, which then ends at ``point``; none if the pen was not moved.
        """
        if point != self._pen[-1]:
            self._append(point)
        new: list[Point] = []
        while self._waiting:
            new += self._advance()
        control = _ahead(self._end, self._direction, math.dist(self._end, point) / 2)
        new += self._thinned(_parabola(self._end, control, point, self._pixel))
        if self._held is not None and self._last != point:
            new.append(point)
        return new

    def _append(self, point: Point) -> None:
        self._pen.append(point)
        self._waiting += 1

    def _advance(self) -> list[Point]:
        """Extend the curve towards the oldest waiting point, averaged with as many behind it as ahead of it."""
        at = len(self._pen) - self._waiting
        n = min(at, self._waiting - 1, self._most)
        while n and self._bends(at - n, at + n):
            n -= 1
        window = self._pen[at - n : at + n + 1]
        self._waiting -= 1
        del self._pen[: max(0, at + 1 - AHEAD)]
        corner = _is_corner(window[0], window[n], window[-1], self._pixel)
        return self._thinned(self._curve_to(window[n] if corner else self._averaged(window), corner))

    def _bends(self, first: int, last: int) -> bool:
        """Whether the pen's path between two points is no straight line that wobbles."""
        start, end = self._pen[first], self._pen[last]
        return any(_aside(point, start, end) > WOBBLE * self._pixel for point in self._pen[first + 1 : last])

    def _averaged(self, window: Sequence[Point]) -> Point:
        """The point in the middle of a window, moved towards the mean."""
        x, y = window[len(window) // 2]
        dx = sum(point[0] for point in window) / len(window) - x
        dy = sum(point[1] for point in window) / len(window) - y
        share = min(1.0, FARTHEST * self._pixel / max(math.hypot(dx, dy), 1e-12))
        return x + dx * share, y + dy * share

    def _curve_to(self, point: Point, corner: bool) -> list[Point]:
        """Extend the curve through the newest averaged point and towards the next one."""
        before, middle = self._before, self._newest
        step = math.dist(middle, point)
        if step < 1e-6 * self._pixel:
            return []
        leaving = _difference(point, middle)
        tangent = leaving if self._corner else _tangent(before, middle, point)
        arriving = _difference(middle, before) if self._corner else tangent
        third = math.dist(self._end, middle) / 3
        turn = (self._end, _ahead(self._end, self._direction, third), _ahead(middle, arriving, -third), middle)
        share = 1 - min(QUARTER, LAG * self._pixel / step)
        whole = middle[0] + tangent[0] / 2, middle[1] + tangent[1] / 2
        control = _between(middle, whole, share)
        end = _between(control, _between(whole, point, share), share)
        curve = _curve(turn, self._pixel) if third else []
        self._before, self._newest, self._corner = middle, point, corner
        self._end, self._direction = end, _difference(end, control)
        return curve + _parabola(middle, control, end, self._pixel)

    def _thinned(self, curve: Sequence[Point]) -> list[Point]:
        """Leave out points that are close to the last one and on the line to the next."""
        new: list[Point] = []
        for point in curve:
            held = self._held
            if held is not None and _aside(held, self._last, point) > TOLERANCE * self._pixel:
                new.append(held)
                self._last = held
            if math.dist(self._last, point) >= SPACING * self._pixel:
                new.append(point)
                self._last, self._held = point, None
            else:
                self._held = point
        return new


def _difference(point: Point, other: Point) -> Point:
    return point[0] - other[0], point[1] - other[1]


def _between(start: Point, end: Point, share: float) -> Point:
    return start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share


def _ahead(point: Point, direction: Point, distance: float) -> Point:
    """The point so far ahead in a direction of any length; the point itself for none."""
    share = distance / max(math.hypot(*direction), 1e-12)
    return point[0] + direction[0] * share, point[1] + direction[1] * share


def _tangent(before: Point, point: Point, after: Point) -> Point:
    """The derivative of the centripetal Catmull-Rom spline at a point, in units of the way to the one after it."""
    a, b = math.sqrt(math.dist(before, point)), math.sqrt(math.dist(point, after))
    to, on, over = _difference(point, before), _difference(after, point), _difference(after, before)
    x, y = (b * (p / a - r / (a + b)) + q for p, q, r in zip(to, on, over, strict=True))
    return x, y


def _is_corner(start: Point, point: Point, end: Point, pixel: float) -> bool:
    """Whether a slow pen turns sharply at a point."""
    before, after = math.dist(start, point), math.dist(point, end)
    along = (point[0] - start[0]) * (end[0] - point[0]) + (point[1] - start[1]) * (end[1] - point[1])
    shortest, longest = ARMS
    slow = shortest * pixel <= min(before, after) and max(before, after) <= longest * pixel
    return slow and along < SHARP * before * after


def _parabola(start: Point, control: Point, end: Point, pixel: float) -> list[Point]:
    """The same on a quadratic Bézier curve."""
    first, second = _between(start, control, 2 / 3), _between(end, control, 2 / 3)
    return _curve((start, first, second, end), pixel)


def _curve(controls: Sequence[Point], pixel: float) -> list[Point]:
    """Points on a cubic Bézier curve without its start: as few as the tolerance allows, its end the last."""
    (x0, y0), (x1, y1), (x2, y2), (x3, y3) = controls
    bend = max(math.hypot(x0 - 2 * x1 + x2, y0 - 2 * y1 + y2), math.hypot(x1 - 2 * x2 + x3, y1 - 2 * y2 + y3))
    n = math.ceil(math.sqrt(0.75 * bend / (TOLERANCE * pixel)))
    points = []
    for i in range(1, n):
        t = i / n
        s = 1 - t
        a, b, c, d = s * s * s, 3 * s * s * t, 3 * s * t * t, t * t * t
        points.append((a * x0 + b * x1 + c * x2 + d * x3, a * y0 + b * y1 + c * y2 + d * y3))
    return [*points, controls[-1]]


def _aside(point: Point, start: Point, end: Point) -> float:
    """Distance of a point from the line segment between two others."""
    along_x, along_y = _difference(end, start)
    x, y = _difference(point, start)
    share = (x * along_x + y * along_y) / max(along_x**2 + along_y**2, 1e-12)
    share = min(1.0, max(0.0, share))
    return math.hypot(x - share * along_x, y - share * along_y)
