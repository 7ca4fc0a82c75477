"""The mapping between the drawing and the screen. No widgets."""

from collections.abc import Iterable
from dataclasses import dataclass

from digits.reading.ink import Stroke


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


def for_photograph(photograph: tuple[int, int], screen: tuple[int, int], margin: float) -> View:
    """Centre a photograph, as large as fits, magnified three times at most.

    Args:
        photograph: (width, height) in its pixels.
        screen: (width, height) of the canvas in screen pixels.
        margin: around the photograph, screen pixels.
    """
    width, height = photograph
    scale = min(3.0, max(1, screen[0] - 2 * margin) / width, max(1, screen[1] - 2 * margin) / height)
    return View(scale, (screen[0] - width * scale) / 2, (screen[1] - height * scale) / 2)


def for_strokes(strokes: Iterable[Stroke], screen: tuple[int, int], zoom: float) -> View:
    """Show strokes where they were drawn, scaled down only if some would lie outside.

    Args:
        strokes: in logical pixels.
        screen: (width, height) of the canvas in screen pixels.
        zoom: screen pixels per logical pixel.
    """
    drawn = list(strokes)
    farthest = [stroke.path.max(axis=0).tolist() for stroke in drawn]
    right = max((x for x, _ in farthest), default=0) * zoom
    bottom = max((y for _, y in farthest), default=0) * zoom
    if right <= screen[0] and bottom <= screen[1]:
        return View(zoom)
    edge = max(stroke.width for stroke in drawn) * zoom
    return View(zoom * min(1.0, screen[0] / (right + edge), screen[1] / (bottom + edge)))
