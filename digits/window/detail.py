"""One digit in detail: the 28×28 input of the network and its ten probabilities."""

import tkinter as tk
from collections.abc import Callable, Mapping
from dataclasses import dataclass

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
WHOLE = 292  #: logical px, height of it all
LEAST = 0.005  #: the smallest probability that has a bar
FOR, AGAINST = (255, 140, 0), (60, 140, 255)  #: RGB of the evidence for and against the digit
PLAIN_CAPTION = "the network's input,\n28 × 28 pixels"
EVIDENCE_CAPTION = "orange: evidence for,\nblue: evidence against"


@dataclass(frozen=True)
class Look:
    """How one digit is shown. Lengths are logical pixels.

    Attributes:
        columns: of bars; 0 for no bars.
        width: of a column.
        bar: of the bars in it.
        row: height of a bar with its surroundings.
        magnified: pixels per pixel of the input.
    """

    columns: int
    width: int = 0
    bar: int = 0
    row: int = 0
    magnified: int = 0


#: Beside the paper, and there in a low window; below the paper, and there in a low window.
LOOKS = {
    "beside": Look(1, 196, 118, 22, 5),
    "short": Look(2, 124, 48, 20, 3),
    "below": Look(2, 124, 48, 18, 3),
    "line": Look(0, magnified=1),
}
GAP = 12  #: logical px between two columns


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
        self._bars: dict[tuple[int, str], tuple[ImageTk.PhotoImage, int, int]] = {}  # by length and colour
        self._input_image: ImageTk.PhotoImage | None = None
        self._ticked = tk.BooleanVar(self, False)
        self._look = LOOKS["beside"]
        self._arranged: tuple[Look, int] | None = None
        self._selected = self._wanted = False
        self._kept_in = ""
        self._words, self._side = ttk.Frame(self), ttk.Frame(self)  # below what they hold
        self.title = ttk.Label(self, font="Title", justify="left")
        self.bars = tk.Canvas(self, highlightthickness=0, cursor="hand2")
        self.bars.bind("<Button-1>", lambda event: self._click(event, correct))
        self.input = tk.Label(self, borderwidth=0, highlightthickness=0)
        self.caption = ttk.Label(self, font="Small", text=PLAIN_CAPTION, justify="left")
        self.tick = ttk.Checkbutton(
            self, text="Show evidence", variable=self._ticked, command=toggle_evidence, takefocus=False
        )
        self.hint = ttk.Label(self, font="Small", justify="left")
        self.lay_out("beside", self._px(WIDTH))

    def lay_out(self, name: str, width: int) -> None:
        """Arrange it in one of the :data:`LOOKS`, ``width`` screen pixels wide."""
        look = LOOKS[name]
        if (look, width) == self._arranged:
            return
        self._look, self._arranged = look, (look, width)
        for part in (self._words, self._side, self.bars, self.title, self.hint, self.caption, self.tick, self.input):
            part.grid_forget()
        px = self._px
        for column in range(3):
            self.columnconfigure(column, weight=0)
        if look.columns:
            across = look.columns * px(look.width) + (look.columns - 1) * px(GAP)
            self.bars.configure(width=across, height=px(look.row) * CLASSES // look.columns)
        side = px(look.magnified * SIZE)
        self.input.configure(width=side, height=side)
        if name == "beside":
            self._stand(width)
        elif name == "short":
            self._stand_short(width)
        else:
            self._lie(width)
        self._write()
        self._draw()

    def _stand(self, width: int) -> None:
        px = self._px
        self.title.configure(wraplength=min(width, px(WIDTH)))
        self.hint.configure(wraplength=min(width, px(WIDTH)))
        self.columnconfigure(0, weight=1)
        self.title.grid(row=0, column=0, columnspan=2, sticky="w", pady=(0, px(6)))
        self.bars.grid(row=1, column=0, sticky="nw", padx=(0, px(16)))
        self._side.grid(row=1, column=1, sticky="n")
        self.input.grid(in_=self._side, row=0, column=0, sticky="n")
        self.caption.grid(in_=self._side, row=1, column=0, sticky="nw", pady=(px(4), px(6)))
        self.tick.grid(in_=self._side, row=2, column=0, sticky="nw")
        self.hint.grid(row=2, column=0, columnspan=2, sticky="w", pady=(px(10), 0))

    def _stand_short(self, width: int) -> None:
        px = self._px
        self.title.configure(wraplength=min(width, px(WIDTH)))
        self.hint.configure(wraplength=min(width, px(WIDTH)))
        self.columnconfigure(0, weight=1)
        self.title.grid(row=0, column=0, columnspan=2, sticky="w", pady=(0, px(4)))
        self.bars.grid(row=1, column=0, sticky="nw", padx=(0, px(GAP)))
        self.input.grid(row=1, column=1, sticky="n")
        self._words.grid(row=2, column=0, columnspan=2, sticky="ew", pady=(px(4), 0))
        self._words.columnconfigure(0, weight=1)
        self.tick.grid(in_=self._words, row=0, column=0, sticky="w")
        self.caption.grid(in_=self._words, row=0, column=1, sticky="e")
        self.hint.grid(row=3, column=0, columnspan=2, sticky="w", pady=(px(4), 0))

    def _lie(self, width: int) -> None:
        px, look = self._px, self._look
        if not look.columns:
            left = width - px(SIZE + 2 * GAP)
            self.title.configure(wraplength=left * 9 // 20)
            self.hint.configure(wraplength=left * 11 // 20)
            self.title.grid(row=0, column=0, sticky="nw", padx=(0, px(GAP)))
            self.hint.grid(row=0, column=1, sticky="nw", padx=(0, px(GAP)))
            self.input.grid(row=0, column=2, sticky="ne")
            self.columnconfigure(1, weight=1)
            return
        self._side.grid(row=0, column=2, sticky="n")
        self.input.grid(in_=self._side, row=0, column=0, sticky="nw")
        self.caption.grid(in_=self._side, row=1, column=0, sticky="nw")
        self.bars.grid(row=0, column=1, sticky="n", padx=px(GAP))
        self._words.grid(row=0, column=0, sticky="new")
        self.columnconfigure(0, weight=1)
        left = width - px(16) - self.caption.winfo_reqwidth() - look.columns * (px(look.width) + px(GAP)) - px(GAP)
        self.title.configure(wraplength=left)
        self.hint.configure(wraplength=left)
        for row, part in enumerate((self.title, self.hint, self.tick)):
            part.grid(in_=self._words, row=row, column=0, sticky="w", pady=(0, px(3)))

    def _click(self, event: "tk.Event[tk.Misc]", correct: Callable[[int], None]) -> None:
        """Correct the digit to that whose bar was clicked."""
        look, rows = self._look, CLASSES // self._look.columns
        column = min(look.columns - 1, max(0, event.x // self._px(look.width + GAP)))
        correct(column * rows + min(rows - 1, max(0, event.y // self._px(look.row))))

    def set_palette(self, palette: Palette) -> None:
        """Change all colours."""
        self._palette = palette
        self.bars.configure(background=palette.window)
        self.input.configure(background=palette.window)
        for label in (self.caption, self.hint):
            label.configure(foreground=palette.muted)
        self._draw()

    def show(
        self, digit: Digit | None, sample: Sample | None, selected: bool, wants_evidence: bool, kept_in: str
    ) -> None:
        """Show a digit, or nothing.

        Args:
            digit: what was read; None for nothing.
            sample: its corrected or confirmed answer, if there is one.
            selected: whether it is selected, and not only the newest.
            wants_evidence: whether the box is ticked; the evidence follows with :meth:`show_evidence`.
            kept_in: what the collection is called, if it holds the digit.
        """
        shown = self._digit is digit and self._sample is sample and self._evidence is None
        how = selected, wants_evidence, kept_in
        if digit is not None and shown and (self._selected, self._wanted, self._kept_in) == how:
            return
        self._digit, self._sample, self._evidence = digit, sample, None
        self._selected, self._wanted, self._kept_in = how
        self._ticked.set(wants_evidence)
        self._write()
        self._draw()

    def show_evidence(self, lost: NDArray[np.float32]) -> None:
        """Tint the input by the evidence: ``float32`` array of shape (28, 28) in [-1, 1], positive for the digit."""
        self._evidence = lost
        self._draw()

    def _write(self) -> None:
        self.hint.configure(text=self._advice(self._selected).format_map(self._keys))
        self.title.configure(text=self._heading(self._selected))

    def _px(self, logical: float) -> int:
        return round(logical * self._factor)

    def _heading(self, selected: bool) -> str:
        if self._digit is None:
            return "No digit yet"
        if self._sample is not None:
            return f"Your answer: {self._sample.label} ✓"
        drawn = bool(self._digit.segment.strokes)
        which = "Selected" if selected else "Newest digit" if drawn else "Last digit"
        heading = f"{which}: {self._digit.text}   {confidence(self._digit) or self._digit.rejected}"
        if self._look.columns or self._digit.digit is None:
            return heading
        return f"{heading}, then {self._digit.probabilities.argsort()[-2]}"  # there are no bars that show it

    def _advice(self, selected: bool) -> str:
        """What can be done with the digit; shortcuts stand as ``{title of the command}``."""
        if self._digit is None:
            return "Each digit appears here as the network sees it, with a probability for each answer."
        without = "" if self._digit.without is None else str(self._digit.without)
        by_hand = f"By your hand; without it: {without or 'no digit'}. " if self._digit.moved else ""
        if not selected:
            or_click = ", or click its bar" if self._look.columns else ""
            return by_hand + f"Wrong? Type the right digit{or_click}. Go to another one with {{Next digit}}."
        if self._sample is not None:
            kept = f"Kept in {self._kept_in}. " if self._kept_in else ""
            return f"{kept}Type or click another digit to correct it again."
        if self._digit.digit is None:
            return "If this is a digit, type or click which one."
        return by_hand + "Wrong? Type or click the right digit. Right? Press {Confirm digit}."

    def _draw(self) -> None:
        self._draw_bars()
        self._draw_input()
        self.tick.configure(state="normal" if self._digit is not None else "disabled")

    def _draw_bars(self) -> None:
        self.bars.delete("all")
        palette, px, look = self._palette, self._px, self._look
        if not look.columns:
            return
        best = int(self._digit.probabilities.argmax()) if self._digit is not None else -1
        rows = CLASSES // look.columns
        for digit in range(CLASSES):
            left, middle = digit // rows * px(look.width + GAP), px(look.row * (digit % rows + 0.5))
            share = float(self._digit.probabilities[digit]) if self._digit is not None else 0.0
            text, face = (palette.text, "Strong") if digit == best else (palette.muted, "Small")
            self.bars.create_text(left + px(6), middle, text=str(digit), fill=text, font=face)
            self._draw_bar(left + px(22), middle, 1.0, palette.track)
            if share >= LEAST:
                self._draw_bar(left + px(22), middle, share, palette.accent if digit == best else palette.muted)
            if self._digit is not None:
                right = left + px(look.width - 1)
                self.bars.create_text(right, middle, text=percent(share), fill=text, font=face, anchor="e")

    def _draw_bar(self, left: int, middle: int, share: float, colour: str) -> None:
        length = round(self._px(self._look.bar) * share)
        if (length, colour) not in self._bars:
            bar = Stroke(((0.0, 0.0), (length, 0.0)), self._px(7))
            self._bars[length, colour] = smooth.image(self.bars, [bar], colour)
        image, x, y = self._bars[length, colour]
        self.bars.create_image(left + x, middle + y, image=image, anchor="nw")

    def _draw_input(self) -> None:
        crop = self._digit.crop if self._digit is not None else np.zeros((SIZE, SIZE), np.uint8)
        pixels = _tinted(crop, self._evidence)
        side = self._px(self._look.magnified * SIZE)
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
