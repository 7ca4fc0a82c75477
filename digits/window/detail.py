"""What the network sees of one digit and how sure it is: the 28×28 input and ten probabilities."""

import tkinter as tk
from collections.abc import Callable

import numpy as np
import ttkbootstrap as ttk
from numpy.typing import NDArray
from PIL import Image, ImageTk

from digits.image_format import CLASSES, SIZE
from digits.reading.ink import Stroke
from digits.reading.recognizer import Digit
from digits.window import smooth
from digits.window.document import Sample
from digits.window.palette import LIGHT, Palette
from digits.window.summary import percent, sureness

BARS = 196  #: logical px, the width of the bars with their figures
LEAST = 0.005  #: the smallest probability that has a bar
MAGNIFIED = 5  #: logical px a pixel of the input
ROW = 22  #: logical px, the height of a bar with its surroundings
FOR, AGAINST = (255, 140, 0), (60, 140, 255)  #: RGB of what speaks for and against the digit


class Detail(ttk.Frame):
    """Shows one digit; empty until there is one."""

    def __init__(
        self, parent: tk.Misc, factor: float, what_decided: Callable[[], None], correct: Callable[[int], None]
    ) -> None:
        """An empty view.

        Args:
            parent: where it stands.
            factor: screen pixels a logical pixel.
            what_decided: is called when the overlay is wanted or no longer so.
            correct: is called with the digit whose bar is clicked.
        """
        super().__init__(parent)
        self._factor = factor
        self._palette = LIGHT
        self._digit: Digit | None = None
        self._sample: Sample | None = None
        self._overlay: NDArray[np.float32] | None = None
        self._bar_pictures: list[ImageTk.PhotoImage] = []
        self._picture: ImageTk.PhotoImage | None = None
        self.wants_overlay = tk.BooleanVar(self, False)
        px = self._px
        self.title = ttk.Label(self, font="Title")
        self.title.grid(row=0, column=0, columnspan=2, sticky="w", pady=(0, px(6)))
        self.bars = tk.Canvas(self, width=px(BARS), height=px(ROW * CLASSES), highlightthickness=0, cursor="hand2")
        self.bars.grid(row=1, column=0, sticky="nsew", padx=(0, px(16)), rowspan=3)
        self.bars.bind("<Button-1>", lambda event: correct(min(CLASSES - 1, max(0, event.y // px(ROW)))))
        side = px(MAGNIFIED * SIZE)
        self.input = tk.Label(self, width=side, height=side, borderwidth=0, highlightthickness=0)
        self.input.grid(row=1, column=1, sticky="n")
        self.caption = ttk.Label(self, font="Small", text="what the network sees\n28 × 28 pixels", justify="left")
        self.caption.grid(row=2, column=1, sticky="nw", pady=(px(4), px(6)))
        self.tick = ttk.Checkbutton(
            self,
            text="What decided",
            variable=self.wants_overlay,
            command=what_decided,
            takefocus=False,
        )
        self.tick.grid(row=3, column=1, sticky="nw")
        self.hint = ttk.Label(self, font="Small", justify="left", wraplength=px(350))
        self.hint.grid(row=4, column=0, columnspan=2, sticky="w", pady=(px(10), 0))
        self.columnconfigure(0, weight=1)

    def set_palette(self, palette: Palette) -> None:
        """Change all colours."""
        self._palette = palette
        self.bars.configure(background=palette.window)
        self.input.configure(background=palette.window)
        for label in (self.caption, self.hint):
            label.configure(foreground=palette.muted)
        self._draw()

    def show(self, digit: Digit | None, sample: Sample | None, selected: bool) -> None:
        """Show a digit, or nothing."""
        self._digit, self._sample, self._overlay = digit, sample, None
        self.hint.configure(text=self._advice(selected))
        self.title.configure(text=self._heading(selected))
        self._draw()

    def show_overlay(self, lost: NDArray[np.float32]) -> None:
        """Colour the input by what decided: ``float32`` array of shape (28, 28) in [-1, 1]."""
        self._overlay = lost
        self._draw()

    def _px(self, logical: float) -> int:
        return round(logical * self._factor)

    def _heading(self, selected: bool) -> str:
        if self._digit is None:
            return "Nothing to see yet"
        if self._sample is not None:
            return f"A {self._sample.label}, as you said ✓"
        which = "Selected" if selected else "Newest digit"
        return f"{which}: {self._digit.text}   {sureness(self._digit) or self._digit.rejected}"

    def _advice(self, selected: bool) -> str:
        if self._digit is None:
            return "Each digit is shown here as the network gets it, with how sure the network is of it."
        if not selected:
            return "Wrong? Click the right digit above; or select this one with Tab and type it."
        if self._sample is not None:
            return "Kept in My handwriting. Another digit, typed or clicked, corrects it again."
        if self._digit.digit is None:
            return "If it is a digit, type or click which."
        return f"Not a {self._digit.text}? Type or click the right digit. Return confirms it."

    def _draw(self) -> None:
        self._draw_bars()
        self._draw_input()
        shown = "normal" if self._digit is not None else "disabled"
        self.tick.configure(state=shown)

    def _draw_bars(self) -> None:
        self.bars.delete("all")
        self._bar_pictures.clear()
        palette, px = self._palette, self._px
        best = int(self._digit.probabilities.argmax()) if self._digit is not None else -1
        for digit in range(CLASSES):
            middle = px(ROW * (digit + 0.5))
            share = float(self._digit.probabilities[digit]) if self._digit is not None else 0.0
            text, face = (palette.text, "Strong") if digit == best else (palette.muted, "Small")
            self.bars.create_text(px(6), middle, text=str(digit), fill=text, font=face)
            self._draw_bar(middle, 1.0, palette.track)
            if share >= LEAST:
                self._draw_bar(middle, share, palette.accent if digit == best else palette.muted)
            if self._digit is not None:
                self.bars.create_text(px(BARS - 1), middle, text=percent(share), fill=text, font=face, anchor="e")

    def _draw_bar(self, middle: float, share: float, colour: str) -> None:
        left, right = self._px(22), self._px(BARS - 50)
        bar = Stroke(((left, middle), (left + (right - left) * share, middle)), self._px(7))
        made, x, y = smooth.picture(self.bars, [bar], colour)
        self._bar_pictures.append(made)
        self.bars.create_image(x, y, image=made, anchor="nw")

    def _draw_input(self) -> None:
        crop = self._digit.crop if self._digit is not None else np.zeros((SIZE, SIZE), np.uint8)
        pixels = _coloured(crop, self._overlay)
        side = self._px(MAGNIFIED * SIZE)
        image = Image.fromarray(pixels).resize((side, side), Image.Resampling.NEAREST)
        self._picture = ImageTk.PhotoImage(image, master=self)
        self.input.configure(image=self._picture)
        if self._overlay is None or self._digit is None:
            self.caption.configure(text="what the network sees\n28 × 28 pixels")
        else:
            self.caption.configure(text="orange speaks for it,\nblue against it")


def _coloured(crop: NDArray[np.uint8], lost: NDArray[np.float32] | None) -> NDArray[np.uint8]:
    """The input in grey, tinted where a pixel speaks for or against the digit: (28, 28, 3), RGB."""
    grey = np.repeat(crop[..., np.newaxis], 3, axis=2).astype(np.float32)
    if lost is None:
        return grey.astype(np.uint8)
    strength = np.abs(lost) / max(float(np.abs(lost).max()), 0.02)  # below 2 % nothing decided
    tint = np.where(lost[..., np.newaxis] > 0, np.array(FOR, np.float32), np.array(AGAINST, np.float32))
    share = 0.75 * strength[..., np.newaxis]
    return np.clip(grey * (1 - share) + tint * share, 0, 255).astype(np.uint8)
