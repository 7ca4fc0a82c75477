"""The sheet on which a person writes each digit some times, which fills a collection in a minute."""

import tkinter as tk
from collections.abc import Callable, Sequence

import ttkbootstrap as ttk
from PIL import ImageTk

from digits.image_format import CLASSES
from digits.reading.collection import Sample
from digits.reading.ink import Stroke, Strokes
from digits.reading.segmentation import stroke_components, union
from digits.window import modal, smooth
from digits.window.commands import is_mac, plain
from digits.window.dialogs import CANCEL, DISCARD, SAVE, Dialog, QuestionDialog
from digits.window.document import digit_key
from digits.window.palette import Palette
from digits.window.room import of_screen
from digits.window.summary import counted

TIMES = 3  #: that each digit is written
BOX = 66  #: logical px, side of a box
GAP = 6  #: logical px between two boxes
EDGE = 20  #: logical px beside the boxes
HEADER = 30  #: logical px, height of the row that says which digit goes below
PEN = 5  #: logical px
NEAR = 1.0  #: logical px that the pen moves before there is another point

ADVICE = "Write each digit as you usually do, in the boxes below it. Leave out what you like."


class KeepDialog(QuestionDialog):
    """Asks whether to keep what was written before the sheet is closed."""

    def __init__(self, parent: "SheetDialog", factor: float, answered: Callable[[str], None]) -> None:
        """Ask; ``answered`` is called with "save", "discard" or "cancel"."""
        question = f"Keep the {counted(parent.written, 'digit')} that you wrote?"
        text = "The sheet is empty when it is opened again."
        super().__init__(parent, factor, question, text, answered, "Write samples")
        self.keep = self.answer("Keep", SAVE, "primary")
        self.cancel = self.answer("Cancel", CANCEL)
        self.discard = self.answer("Don't keep", DISCARD, side="left")
        self.present(self.keep)


class SheetDialog(Dialog):
    """Boxes for three of each digit; what is written in them is given as samples."""

    def __init__(
        self, parent: tk.Tk, factor: float, palette: Palette, kept_in: str, keep: Callable[[Sequence[Sample]], bool]
    ) -> None:
        """Show an empty sheet.

        Args:
            parent: the window below.
            factor: screen pixels per logical pixel.
            palette: the colours.
            kept_in: what the collection is called.
            keep: called with what was written once the button says so; returns whether that could be kept.
        """
        room = of_screen(parent)[0] / (CLASSES * (BOX + GAP) + 2 * EDGE)
        super().__init__(parent, f"Write samples: {kept_in}", min(factor, room))
        self._palette, self._keep = palette, keep
        self._strokes: list[tuple[int, Stroke]] = []  # each with the number of its box, by rows
        self._images: list[ImageTk.PhotoImage] = []
        self._points: list[tuple[float, float]] = []
        self._box: int | None = None
        ttk.Label(self.body, text=ADVICE).pack(anchor="w", pady=(0, self.px(12)))
        step = self.px(BOX + GAP)
        width, height = CLASSES * step, self.px(HEADER) + TIMES * step
        self.paper = tk.Canvas(self.body, width=width, height=height, highlightthickness=0, cursor="pencil")
        self.paper.pack()
        self.set_palette(palette)
        self.paper.bind("<ButtonPress-1>", self._press)
        self.paper.bind("<B1-Motion>", self._move)
        self.paper.bind("<ButtonRelease-1>", self._release)
        self.bind("<Control-Key-z>", lambda _: self.undo())
        if is_mac(self):
            self.bind("<Command-Key-z>", lambda _: self.undo())
        else:
            self.bind("<BackSpace>", plain(lambda _: self.undo()))
        self.done = self.button("Keep", self.finish, "primary")
        self.button("Cancel", self.close)
        self.back = self.button("Undo", self.undo, side="left")
        self._show()
        self.present(self.done)

    def set_palette(self, palette: Palette) -> None:
        """Change all colours."""
        self._palette = palette
        self.paper.configure(background=palette.window)
        self.paper.delete("all")
        self._draw_boxes()
        strokes, self._strokes = self._strokes, []
        self._images.clear()
        for box, stroke in strokes:
            self._add(box, stroke)

    @property
    def written(self) -> int:
        """The number of boxes with ink."""
        return len({box for box, _ in self._strokes})

    def finish(self) -> bool:
        """Give what was written, and close if it was kept; returns whether it was."""
        self._end_stroke()
        samples = self.samples()
        if samples and not self._keep(samples):
            return False
        super().close()
        return True

    def close(self) -> None:
        """Close the sheet; asks first whether to keep what was written."""
        if not modal.raise_open(self):
            self.leave(lambda: None)

    def leave(self, proceed: Callable[[], None]) -> None:
        """Proceed once the sheet is closed, which asks first whether to keep what was written."""

        def answered(answer: str) -> None:
            if answer == DISCARD:
                super(SheetDialog, self).close()
                proceed()
            elif answer == SAVE and self.finish():
                proceed()

        self._end_stroke()
        if not self._strokes:
            answered(DISCARD)
        elif not modal.raise_open(self):
            KeepDialog(self, self._factor, answered)

    def samples(self) -> list[Sample]:
        """A sample for each box with ink, in logical pixels."""
        size = (round(CLASSES * (BOX + GAP)), round(HEADER + TIMES * (BOX + GAP)))
        found = []
        for box in sorted({box for box, _ in self._strokes}):
            strokes = tuple(stroke for number, stroke in self._strokes if number == box)
            digit = union(stroke_components(strokes))
            found.append(Sample(digit_key(digit), box % CLASSES, digit.crop, Strokes(strokes, size)))
        return found

    def undo(self) -> None:
        """Take the last stroke back."""
        if self._strokes:
            self._strokes.pop()
            self._images.pop()
            self._show()

    # ---- drawing

    def _draw_boxes(self) -> None:
        side = self.px(BOX)
        for box in range(CLASSES * TIMES):
            x, y = self._corner(box)
            self.paper.create_rectangle(
                x, y, x + side, y + side, fill=self._palette.paper, outline=self._palette.edge, width=self.px(1)
            )
        for digit in range(CLASSES):
            x, _ = self._corner(digit)
            self.paper.create_text(
                x + side / 2, self.px(HEADER) / 2, text=str(digit), font="Title", fill=self._palette.muted
            )

    def _corner(self, box: int) -> tuple[int, int]:
        row, column = divmod(box, CLASSES)
        step = self.px(BOX + GAP)
        return column * step + self.px(GAP / 2), self.px(HEADER) + row * step + self.px(GAP / 2)

    def box_at(self, x: float, y: float) -> int | None:
        """The number of the box at a place on the paper, by rows; None between them."""
        step = self.px(BOX + GAP)
        column, row = int(x // step), int((y - self.px(HEADER)) // step)
        return row * CLASSES + column if 0 <= column < CLASSES and 0 <= row < TIMES else None

    def _press(self, event: "tk.Event[tk.Misc]") -> None:
        self._box = self.box_at(event.x, event.y)
        self._points = [(event.x, event.y)]
        self._preview()

    def _move(self, event: "tk.Event[tk.Misc]") -> None:
        if self._box is None:
            return
        x, y = self._points[-1]
        if abs(event.x - x) + abs(event.y - y) >= NEAR * self._factor:
            self._points.append((event.x, event.y))
            self._preview()

    def _release(self, _: "tk.Event[tk.Misc]") -> None:
        self._end_stroke()

    def _end_stroke(self) -> None:
        """Keep the stroke that is being drawn, if there is one."""
        if self._box is not None:
            factor = self._factor
            self._add(self._box, Stroke(tuple((x / factor, y / factor) for x, y in self._points), PEN))
        self._box = None
        self._show()

    def _add(self, box: int, stroke: Stroke) -> None:
        """Show a stroke, in logical pixels, in a box."""
        factor = self._factor
        self._strokes.append((box, stroke))
        drawn = Stroke(tuple((x * factor, y * factor) for x, y in stroke.points), PEN * factor)
        image, x, y = smooth.image(self.paper, [drawn], self._palette.ink)
        self._images.append(image)
        self.paper.create_image(x, y, image=image, anchor="nw", tags=f"ink{len(self._images)}")

    def _preview(self) -> None:
        self.paper.delete("preview")
        if self._box is not None:
            points = [*self._points, *self._points[-1:]]
            self.paper.create_line(
                *points, width=PEN * self._factor, fill=self._palette.ink, capstyle="round", joinstyle="round",
                tags="preview",
            )  # fmt: skip

    def _show(self) -> None:
        self.paper.delete("preview")
        self.paper.delete(f"ink{len(self._images) + 1}")
        n = self.written
        self.done.configure(text=f"Keep {counted(n, 'digit')}" if n else "Keep", state="normal" if n else "disabled")
        self.back.configure(state="normal" if n else "disabled")
