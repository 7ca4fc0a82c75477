"""Round lines with smooth edges, which Tk's own lines lack."""

import tkinter as tk
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageTk

from digits.reading.ink import Stroke, bounds, rasterise


def picture(master: tk.Misc, strokes: Sequence[Stroke], colour: str) -> tuple[ImageTk.PhotoImage, int, int]:
    """Strokes in screen pixels as a picture, and its left and top. Hold on to it: Tk shows nothing of a lost one."""
    left, top, width, height = bounds(strokes)
    pixels = np.empty((height, width, 4), np.uint8)
    pixels[..., :3] = [value >> 8 for value in master.winfo_rgb(colour)]
    pixels[..., 3] = rasterise(strokes, width, height, left, top)
    return ImageTk.PhotoImage(Image.fromarray(pixels), master=master), left, top
