"""One digit in detail: the 28×28 input of the network and its ten probabilities."""

import tkinter as tk
from collections.abc import Callable, Mapping

import numpy as np
import ttkbootstrap as ttk
from numpy.typing import NDArray
from PIL import Image, ImageTk

from digits.image_format import CLASSES, SIZE
from digits.reading.collection import Sample
from digits.reading.ink import Stroke
from digits.reading.recognizer import Digit
from digits.window import smooth
from digits.window.palette import LIGHT, Palette
from digits.window.summary import confidence, percent

WIDTH = 360  #: logical px, of texts
BARS = 196  #: logical px, width of the bars with their numbers
LEAST = 0.005  #: the smallest probability that has a bar
MAGNIFIED = 5  #: logical px per pixel of the input
ROW = 22  #: logical px, height of a bar with its surroundings
FOR, AGAINST = (255, 140, 0), (60, 140, 255)  #: RGB of the evidence for and against the digit
PLAIN_CAPTION = "the network's input,\n28 × 28 pixels"
EVIDENCE_CAPTION = "orange: evidence for,\nblue: evidence against"


class Detail(ttk.Frame):
    """Shows one digit; empty until there is one."""

    def __init__(
        self,
        parent: tk.Misc,
        factor: float,
        keys: Mapping[str, str],
        toggle_evidence: Callable[[], None],
        correct: Callable[[int], None],
    ) -> None:
        """Create an empty view.

        Args:
            parent: the widget around it.
            factor: screen pixels per logical pixel.
            keys: shortcuts by the title of their command, for the advice.
            toggle_evidence: called when the tick box is clicked.
            correct: called with the digit whose bar is clicked.
        """
        super().__init__(parent)
        self._factor = factor
        self._keys = keys
        self._palette = LIGHT
        self._digit: Digit | None = None
        self._sample: Sample | None = None
        self._evidence: NDArray[np.float32] | None = None
        self._bar_images: list[ImageTk.PhotoImage] = []
        self._input_image: ImageTk.PhotoImage | None = None
        self._ticked = tk.BooleanVar(self, False)
        self.title = ttk.Label(self, font="Title", wraplength=self._px(WIDTH), justify="left")
        self.title.grid(row=0, column=0, columnspan=2, sticky="w", pady=(0, self._px(6)))
        self._build_bars(correct)
        self._build_input(toggle_evidence)
        self.hint = ttk.Label(self, font="Small", justify="left", wraplength=self._px(WIDTH))
        self.hint.grid(row=4, column=0, columnspan=2, sticky="w", pady=(self._px(10), 0))
        self.columnconfigure(0, weight=1)

    def _build_bars(self, correct: Callable[[int], None]) -> None:
        px = self._px
        self.bars = tk.Canvas(self, width=px(BARS), height=px(ROW * CLASSES), highlightthickness=0, cursor="hand2")
        self.bars.grid(row=1, column=0, sticky="nsew", padx=(0, px(16)), rowspan=3)
        self.bars.bind("<Button-1>", lambda event: correct(min(CLASSES - 1, max(0, event.y // px(ROW)))))

    def _build_input(self, toggle_evidence: Callable[[], None]) -> None:
        side = self._px(MAGNIFIED * SIZE)
        self.input = tk.Label(self, width=side, height=side, borderwidth=0, highlightthickness=0)
        self.input.grid(row=1, column=1, sticky="n")
        self.caption = ttk.Label(self, font="Small", text=PLAIN_CAPTION, justify="left")
        self.caption.grid(row=2, column=1, sticky="nw", pady=(self._px(4), self._px(6)))
        self.tick = ttk.Checkbutton(
            self, text="Show evidence", variable=self._ticked, command=toggle_evidence, takefocus=False
        )
        self.tick.grid(row=3, column=1, sticky="nw")

    def set_palette(self, palette: Palette) -> None:
        """Change all colours."""
        self._palette = palette
        self.bars.configure(background=palette.window)
        self.input.configure(background=palette.window)
        for label in (self.caption, self.hint):
            label.configure(foreground=palette.muted)
        self._draw()

    def show(self, digit: Digit | None, sample: Sample | None, selected: bool, wants_evidence: bool) -> None:
        """Show a digit, or nothing.

        Args:
            digit: what was read; None for nothing.
            sample: its corrected or confirmed answer, if there is one.
            selected: whether it is selected, and not only the newest.
            wants_evidence: whether the box is ticked; the evidence follows with :meth:`show_evidence`.
        """
        self._digit, self._sample, self._evidence = digit, sample, None
        self._ticked.set(wants_evidence)
        self.hint.configure(text=self._advice(selected).format_map(self._keys))
        self.title.configure(text=self._heading(selected))
        self._draw()

    def show_evidence(self, lost: NDArray[np.float32]) -> None:
        """Tint the input by the evidence: ``float32`` array of shape (28, 28) in [-1, 1], positive for the digit."""
        self._evidence = lost
        self._draw()

    def _px(self, logical: float) -> int:
        return round(logical * self._factor)

    def _heading(self, selected: bool) -> str:
        if self._digit is None:
            return "No digit yet"
        if self._sample is not None:
            return f"Your answer: {self._sample.label} ✓"
        drawn = bool(self._digit.segment.strokes)
        which = "Selected" if selected else "Newest digit" if drawn else "Last digit"
        return f"{which}: {self._digit.text}   {confidence(self._digit) or self._digit.rejected}"

    def _advice(self, selected: bool) -> str:
        """What can be done with the digit; shortcuts stand as ``{title of the command}``."""
        if self._digit is None:
            return "Each digit appears here as the network sees it, with a probability for each answer."
        without = "" if self._digit.without is None else str(self._digit.without)
        by_hand = f"By your hand; without it: {without or 'no digit'}. " if self._digit.moved else ""
        if not selected:
            return by_hand + "Wrong? Type the right digit, or click it above. Go to another one with {Next digit}."
        if self._sample is not None:
            return "Kept in My handwriting. Type or click another digit to correct it again."
        if self._digit.digit is None:
            return "If this is a digit, type or click which one."
        return by_hand + "Wrong? Type or click the right digit. Right? Press {Confirm digit}."

    def _draw(self) -> None:
        self._draw_bars()
        self._draw_input()
        self.tick.configure(state="normal" if self._digit is not None else "disabled")

    def _draw_bars(self) -> None:
        self.bars.delete("all")
        self._bar_images.clear()
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
        left, right = self._px(22), self._px(BARS - 56)
        bar = Stroke(((left, middle), (left + (right - left) * share, middle)), self._px(7))
        image, x, y = smooth.image(self.bars, [bar], colour)
        self._bar_images.append(image)
        self.bars.create_image(x, y, image=image, anchor="nw")

    def _draw_input(self) -> None:
        crop = self._digit.crop if self._digit is not None else np.zeros((SIZE, SIZE), np.uint8)
        pixels = _tinted(crop, self._evidence)
        side = self._px(MAGNIFIED * SIZE)
        image = Image.fromarray(pixels).resize((side, side), Image.Resampling.NEAREST)
        self._input_image = ImageTk.PhotoImage(image, master=self)
        self.input.configure(image=self._input_image)
        plain = self._evidence is None or self._digit is None
        self.caption.configure(text=PLAIN_CAPTION if plain else EVIDENCE_CAPTION)


def _tinted(crop: NDArray[np.uint8], lost: NDArray[np.float32] | None) -> NDArray[np.uint8]:
    """The input in grey, tinted by the evidence for and against the digit: (28, 28, 3), RGB."""
    grey = np.repeat(crop[..., np.newaxis], 3, axis=2).astype(np.float32)
    if lost is None:
        return grey.astype(np.uint8)
    strength = np.abs(lost) / max(float(np.abs(lost).max()), 0.02)  # changes below 2% are faint, not stretched
    tint = np.where(lost[..., np.newaxis] > 0, np.array(FOR, np.float32), np.array(AGAINST, np.float32))
    share = 0.75 * strength[..., np.newaxis]
    return np.clip(grey * (1 - share) + tint * share, 0, 255).astype(np.uint8)
