"""Strokes as anti-aliased Tk images: Tk's own lines have jagged edges."""

import tkinter as tk
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageTk

from digits.reading.ink import Stroke, bounds, rasterise


def image(
    master: tk.Misc, strokes: Sequence[Stroke], colour: str, screen: tuple[int, int] | None = None
) -> tuple[ImageTk.PhotoImage, int, int]:
    """Draw strokes as an image.

    Args:
        master: the widget that shows it.
        strokes: in screen pixels.
        colour: any that Tk knows.
        screen: (width, height) in screen pixels of what is shown, without which all of the strokes is drawn.

    Returns:
        The image, transparent around the strokes, and the x and y of its upper left corner. Tk shows it only while
        the caller holds it.
    """
    left, top, width, height = bounds(strokes)
    if screen is not None:
        right, bottom = min(left + width, screen[0]), min(top + height, screen[1])
        left, top = max(0, left), max(0, top)
        width, height = max(1, right - left), max(1, bottom - top)
    pixels = np.empty((height, width, 4), np.uint8)
    pixels[..., :3] = [value >> 8 for value in master.winfo_rgb(colour)]
    pixels[..., 3] = rasterise(strokes, width, height, left, top)
    return ImageTk.PhotoImage(Image.fromarray(pixels), master=master), left, top
