"""A drawing as an image to save, plain or with boxes and digits. No widgets."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image, ImageColor, ImageDraw, ImageFont

from digits.reading.ink import bounds, rasterise, reduced
from digits.reading.segmentation import Box
from digits.window.document import State
from digits.window.palette import LIGHT, ON_PHOTOGRAPH, Palette

LARGEST = 25_000_000  #: most pixels of a picture of strokes alone
LONGEST = 50_000  #: most pixels of its sides


@dataclass(frozen=True)
class Mark:
    """The annotation of one digit.

    Attributes:
        box: (x, y, width, height) in the drawing's pixels.
        text: the digit, or "?".
        note: next to the digit, such as the confidence.
        rejected: whether it is rejected, doubtful or disputed: in a different colour, with a dashed box.
        corrected: whether the user corrected or confirmed it.
        left_out: whether it is no digit, but stands beside them: pale.
    """

    box: Box
    text: str
    note: str = ""
    rejected: bool = False
    corrected: bool = False
    left_out: bool = False

    @property
    def words(self) -> str:
        """The text and the note."""
        return "  ".join(filter(None, (self.text, self.note)))


def colour_of(mark: Mark, palette: Palette) -> str:
    """The colour of a mark."""
    if mark.left_out:
        return palette.muted
    return palette.rejected if mark.rejected else palette.corrected if mark.corrected else palette.accent


def render(state: State, size: tuple[int, int], marks: Sequence[Mark] = ()) -> Image.Image:
    """Draw a drawing as an RGB image.

    Allocates up to twelve bytes for each pixel of the image, and as much as :func:`digits.reading.ink.rasterise`.

    Args:
        state: the drawing.
        size: (width, height) in pixels of white paper, reduced to 25 megapixels where it has more; ignored where there
            is a photograph, whose size is kept.
        marks: what is drawn over it.
    """
    step, left, top = 1, 0, 0
    if state.photograph is not None:
        paper = state.photograph.rgb.astype(np.uint8)
        ink = ImageColor.getrgb(ON_PHOTOGRAPH)
    else:
        left, top, size = _page(state, size)
        step = math.ceil(max(1.0, math.sqrt(size[0] * size[1] / LARGEST), max(size) / LONGEST))
        paper = np.full((max(1, size[1] // step), max(1, size[0] // step), 3), 255, np.uint8)
        ink = ImageColor.getrgb(LIGHT.ink)
    image = Image.fromarray(paper)
    if state.strokes:
        strokes = [reduced(stroke, step) for stroke in state.strokes]
        alpha = rasterise(strokes, image.width, image.height, left // step, top // step)
        image.paste(ink[:3], mask=Image.fromarray(alpha))
    draw = ImageDraw.Draw(image)
    unit = max(1.0, max(image.size) / 1200)  # lines and text stay legible on a large scan
    for mark in marks:
        x, y, width, height = mark.box
        x, y = x - left, y - top
        _draw_mark(draw, replace(mark, box=(x // step, y // step, -(-width // step), -(-height // step))), unit)
    return image


def _page(state: State, size: tuple[int, int]) -> tuple[int, int, tuple[int, int]]:
    """Left, top and (width, height) of the paper, which is larger than ``size`` where the ink is."""
    x, y, width, height = bounds(state.strokes)
    left, top = min(0, x), min(0, y)
    return left, top, (max(size[0], x + width) - left, max(size[1], y + height) - top)


def _draw_mark(draw: ImageDraw.ImageDraw, mark: Mark, unit: float) -> None:
    colour = colour_of(mark, LIGHT)
    x, y, width, height = mark.box
    margin, line = 6 * unit, max(1, round(2 * unit))
    left, top, right, bottom = x - margin, y - margin, x + width + margin, y + height + margin
    if mark.rejected or mark.left_out:
        for start, end in (((left, top), (right, top)), ((left, bottom), (right, bottom))):
            _dashed(draw, start, end, colour, line, unit)
        for start, end in (((left, top), (left, bottom)), ((right, top), (right, bottom))):
            _dashed(draw, start, end, colour, line, unit)
    else:
        draw.rectangle((left, top, right, bottom), outline=colour, width=line)
    font = ImageFont.load_default(round(18 * unit))
    text = mark.words
    place = ((left + right) / 2, bottom + 3 * unit)
    chip = draw.textbbox(place, text, font=font, anchor="ma")
    draw.rectangle((chip[0] - 3 * unit, chip[1] - unit, chip[2] + 3 * unit, chip[3] + unit), fill="#ffffff")
    draw.text(place, text, fill=colour, font=font, anchor="ma")


def _dashed(
    draw: ImageDraw.ImageDraw,
    start: tuple[float, float],
    end: tuple[float, float],
    colour: str,
    line: int,
    unit: float,
) -> None:
    """Draw a horizontal or vertical dashed line, which Pillow cannot."""
    (x0, y0), (x1, y1) = start, end
    length = max(abs(x1 - x0), abs(y1 - y0))
    step = 9 * unit
    for i in range(int(length / step) + 1):
        a, b = i * step / length, min(1.0, (i * step + 5 * unit) / length)
        draw.line((x0 + (x1 - x0) * a, y0 + (y1 - y0) * a, x0 + (x1 - x0) * b, y0 + (y1 - y0) * b), colour, line)
