"""A drawing as an image to save, plain or with boxes and digits. No widgets."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image, ImageColor, ImageDraw, ImageFont

from digits.reading.ink import bounds, rasterise, reduced
from digits.reading.segmentation import Box
from digits.window import labels
from digits.window.document import Photograph, State
from digits.window.labels import Rectangle
from digits.window.palette import DARK, LIGHT, ON_PHOTOGRAPH, Palette, contrast

LARGEST = 25_000_000  #: most pixels of a picture of strokes alone
LONGEST = 50_000  #: most pixels of its sides
MARGIN = 6  #: logical px between a digit's ink and its frame
ROOM = 11  #: logical px between its ink and its label: a ring around the frame has room, too
PAD, GAP = 3, 6  #: logical px around the text of a label, and between labels
LOOKED_AT = 32  #: pixels of a photograph, each way, of which its colour at a place is taken
PLAIN = {"≠": "or", " ✓": "", " ": "  "}  #: the picture's font has no such signs, and narrow spaces


@dataclass(frozen=True)
class Mark:
    """The annotation of one digit.

    Attributes:
        box: (x, y, width, height) in the drawing's pixels.
        text: the digit, or "?".
        note: next to the digit, such as the confidence.
        rejected: whether it is rejected, doubtful or disputed: in a different colour, with a dashed box.
        corrected: whether the user corrected or confirmed it.
        left_out: whether it is no digit, but stands beside them, or is deleted: pale.
        line: the line of text that it is on; None if it is on none.
    """

    box: Box
    text: str
    note: str = ""
    rejected: bool = False
    corrected: bool = False
    left_out: bool = False
    line: int | None = None

    @property
    def words(self) -> str:
        """The text and the note."""
        return " ".join(filter(None, (self.text, self.note)))

    @property
    def texts(self) -> list[str]:
        """What its label may say, the best first."""
        alone = f"{self.text} ✓" if self.corrected else self.text
        return [text for text in (replace(self, text=alone).words, alone, self.text) if text]


@dataclass(frozen=True)
class Label:
    """A label beside a digit: what it says, and where."""

    text: str
    where: Rectangle


def place_labels(
    marks: Sequence[Mark],
    inks: Sequence[Rectangle],
    measure: Callable[[Mark, str], tuple[float, float]],
    unit: float,
    screen: tuple[int, int],
) -> list[Label | None]:
    """The label of each mark, if there is room for one.

    Args:
        marks: the marks.
        inks: where the ink of each is, in pixels of the screen or the picture.
        measure: (width, height) of a mark's text.
        unit: pixels for each logical pixel.
        screen: (width, height) of what is seen.
    """
    wanted = []
    for mark, ink in zip(marks, inks, strict=True):
        sizes = [(width + 2 * PAD * unit, height) for width, height in (measure(mark, text) for text in mark.texts)]
        wanted.append(labels.Wanted(ink, ROOM * unit, sizes, MARGIN * unit, mark.line, mark.rejected))
    places = labels.arrange(wanted, screen, GAP * unit)
    return [
        None if place is None else Label(mark.texts[place.text], place.where)
        for mark, place in zip(marks, places, strict=True)
    ]


def colour_of(mark: Mark, palette: Palette) -> str:
    """The colour of a mark."""
    if mark.left_out:
        return palette.muted
    return palette.rejected if mark.rejected else palette.corrected if mark.corrected else palette.accent


def palette_on(photograph: Photograph, box: Box, beside: Palette = LIGHT) -> Palette:
    """The colours, light or dark, that have more contrast with what surrounds a place of a photograph.

    Ink fills most of some boxes, and frames and labels stand beside it. Those given are ``beside`` the photograph.
    """
    preview, shrunk = photograph.preview, photograph.preview.shape[1] / photograph.size[0]
    x, y, width, height = (round(side * shrunk) for side in box)
    margin = max(2, max(width, height) // 4)
    rows, columns = (
        np.arange(max(0, start - margin), min(whole, start + side + margin), max(1, side // LOOKED_AT))
        for start, side, whole in ((y, height, preview.shape[0]), (x, width, preview.shape[1]))
    )
    inside = np.outer((rows >= y) & (rows < y + height), (columns >= x) & (columns < x + width))
    if inside.all():  # or nothing is seen
        inside[:] = False
    seen = preview[np.ix_(rows, columns)][~inside]
    if not seen.size:
        return beside
    red, green, blue = np.median(seen, axis=0).astype(int).tolist()
    ground = f"#{red:02x}{green:02x}{blue:02x}"

    def least(palette: Palette) -> float:
        return min(contrast(colour, ground) for colour in (palette.accent, palette.rejected, palette.muted))

    return max((LIGHT, DARK), key=least)


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
    unit = max(1.0, max(image.size) / 1200)  # lines and text stay legible on a large scan
    moved = []
    for mark in marks:
        x, y, width, height = mark.box
        x, y = x - left, y - top
        moved.append(replace(mark, box=(x // step, y // step, -(-width // step), -(-height // step))))
    palettes = [palette_on(state.photograph, mark.box) if state.photograph is not None else LIGHT for mark in marks]
    _draw_marks(image, moved, palettes, unit)
    return image


def _page(state: State, size: tuple[int, int]) -> tuple[int, int, tuple[int, int]]:
    """Left, top and (width, height) of the paper, which is larger than ``size`` where the ink is."""
    x, y, width, height = bounds(state.strokes)
    left, top = min(0, x), min(0, y)
    return left, top, (max(size[0], x + width) - left, max(size[1], y + height) - top)


def _draw_marks(image: Image.Image, marks: Sequence[Mark], palettes: Sequence[Palette], unit: float) -> None:
    """Draw frames and labels."""
    draw = ImageDraw.Draw(image)
    sizes = {False: 18 * unit, True: 15 * unit}  # of a digit's text, and of one that is left out
    fonts = {left_out: ImageFont.load_default(round(size)) for left_out, size in sizes.items()}

    def measure(mark: Mark, text: str) -> tuple[float, float]:
        return fonts[mark.left_out].getlength(_plain(text)), sizes[mark.left_out]

    inks = [(float(x), float(y), float(x + width), float(y + height)) for x, y, width, height in (m.box for m in marks)]
    for mark, palette, ink in zip(marks, palettes, inks, strict=True):
        _draw_frame(draw, mark, ink, colour_of(mark, palette), unit)
    placed = place_labels(marks, inks, measure, unit, image.size)
    for mark, palette, label in zip(marks, palettes, placed, strict=True):
        if label is not None:
            left, top, right, bottom = label.where
            draw.rectangle(label.where, fill=palette.paper)
            middle, font = ((left + right) / 2, (top + bottom) / 2), fonts[mark.left_out]
            draw.text(middle, _plain(label.text), fill=colour_of(mark, palette), font=font, anchor="mm")


def _plain(text: str) -> str:
    for sign, plain in PLAIN.items():
        text = text.replace(sign, plain)
    return text


def _draw_frame(draw: ImageDraw.ImageDraw, mark: Mark, ink: Rectangle, colour: str, unit: float) -> None:
    margin, line = MARGIN * unit, max(1, round(2 * unit))
    left, top, right, bottom = ink[0] - margin, ink[1] - margin, ink[2] + margin, ink[3] + margin
    if mark.rejected or mark.left_out:
        for start, end in (((left, top), (right, top)), ((left, bottom), (right, bottom))):
            _dashed(draw, start, end, colour, line, unit)
        for start, end in (((left, top), (left, bottom)), ((right, top), (right, bottom))):
            _dashed(draw, start, end, colour, line, unit)
    else:
        draw.rectangle((left, top, right, bottom), outline=colour, width=line)


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
