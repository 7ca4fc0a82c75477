"""The mapping between the drawing and the screen. No widgets."""

from collections.abc import Iterable
from dataclasses import dataclass

from digits.reading.ink import Stroke, bounds

MARGIN = 40  #: logical px around ink that fills the screen, in which frames and labels have room
MOST = 20.0  #: times that the paper is magnified, or reduced, by hand


@dataclass(frozen=True)
class View:
    """Scale and offset from the drawing's pixels to the screen's: ``screen = scale * page + (left, top)``."""

    scale: float = 1.0
    left: float = 0.0
    top: float = 0.0

    def to_screen(self, x: float, y: float) -> tuple[float, float]:
        """From the drawing to the screen."""
        return x * self.scale + self.left, y * self.scale + self.top

    def to_page(self, x: float, y: float) -> tuple[float, float]:
        """From the screen to the drawing."""
        return (x - self.left) / self.scale, (y - self.top) / self.scale

    def moved(self, x: float, y: float) -> "View":
        """The view after the paper was moved by some screen pixels."""
        return View(self.scale, self.left + x, self.top + y)

    def zoomed(self, by: float, x: float, y: float, unit: float) -> "View":
        """The view magnified around a place on the screen, within a twentieth and twenty times of ``unit``."""
        scale = min(max(self.scale * by, min(unit / MOST, self.scale)), max(unit * MOST, self.scale))
        by = scale / self.scale
        return View(scale, x - (x - self.left) * by, y - (y - self.top) * by)


def for_photograph(photograph: tuple[int, int], screen: tuple[int, int], side: float, below: float) -> View:
    """Centre a photograph, as large as fits, magnified three times at most.

    Args:
        photograph: (width, height) in its pixels.
        screen: (width, height) of the canvas in screen pixels.
        side: room above it and beside it, screen pixels.
        below: room below it, for labels.
    """
    (width, height), (across, down) = photograph, (screen[0] - 2 * side, screen[1] - side - below)
    scale = min(3.0, max(1, across) / width, max(1, down) / height)
    return View(scale, side + (across - width * scale) / 2, side + (down - height * scale) / 2)


def for_strokes(strokes: Iterable[Stroke], screen: tuple[int, int], zoom: float, side: float, below: float) -> View:
    """Show strokes where they were drawn, scaled down or moved only if some would lie outside, or their labels would.

    Args:
        strokes: in logical pixels.
        screen: (width, height) of the canvas in screen pixels.
        zoom: screen pixels per logical pixel.
        side: room for frames above the ink and beside it, screen pixels.
        below: room for labels below it.
    """
    left, top, width, height = bounds(strokes)
    if not width:
        return View(zoom)
    scale = zoom
    for start, length, most, after in ((left, width, screen[0], side), (top, height, screen[1], below)):
        scale = min(scale, max(1, most - side - after) / length, max(1, most - after) / max(1, start + length))
    return View(scale, max(0, side - left * scale), max(0, side - top * scale))


def for_ink(strokes: Iterable[Stroke], screen: tuple[int, int], zoom: float, most: float = 4.0) -> View:
    """Show all ink in the middle of the screen, as large as fits.

    Args:
        strokes: in logical pixels, one at least.
        screen: (width, height) of the canvas in screen pixels.
        zoom: screen pixels per logical pixel.
        most: times that it is magnified at most.
    """
    left, top, width, height = bounds(strokes)
    free = [max(1.0, side - 2 * MARGIN * zoom) for side in screen]
    scale = min(most * zoom, free[0] / width, free[1] / height)
    return View(scale, screen[0] / 2 - (left + width / 2) * scale, screen[1] / 2 - (top + height / 2) * scale)
