"""The paper: takes strokes from mouse, pen or finger, and shows ink, photograph and what was read."""

import math
import tkinter as tk
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image, ImageTk

from digits.reading import ink
from digits.reading.ink import Stroke
from digits.window import smooth
from digits.window.document import Photograph
from digits.window.palette import LIGHT, ON_PHOTOGRAPH, Palette
from digits.window.picture import Mark
from digits.window.view import View, for_photograph, for_strokes

PEN, ERASER, STROKE_ERASER = "pen", "eraser", "stroke eraser"
HINT = "Draw digits here, or open or paste an image"
CLICK = 3  #: logical px; a pen that moves less was clicked


@dataclass(frozen=True)
class Handlers:
    """What the canvas calls: a stroke is finished, strokes are erased, a place is clicked (True: it was a digit)."""

    drawn: Callable[[Stroke], None]
    erased: Callable[[tuple[Stroke, ...]], None]
    clicked: Callable[[float, float], bool]


class DrawingCanvas(tk.Canvas):
    """Strokes are in logical pixels, or in the photograph's; the canvas is a picture of them."""

    def __init__(self, parent: tk.Misc, handlers: Handlers, factor: float) -> None:
        """An empty paper; ``factor`` screen pixels make a logical one."""
        super().__init__(parent, highlightthickness=0, borderwidth=0, cursor="crosshair", takefocus=True)
        self.tool = PEN
        self.pen = 14  #: diameter, logical px
        self.view = View(factor)
        self._handlers = handlers
        self._factor = factor
        self._palette: Palette = LIGHT
        self._strokes: tuple[Stroke, ...] = ()
        self._photograph: Photograph | None = None
        self._marks: Sequence[Mark] = ()
        self._selected: int | None = None
        self._shown: dict[int, tuple[Stroke, int, ImageTk.PhotoImage]] = {}
        self._pictures: list[ImageTk.PhotoImage] = []  # Tk drops an image that Python no longer holds
        self._live: list[ImageTk.PhotoImage] = []
        self._points: list[tuple[float, float]] = []
        self._erasing: tuple[Stroke, ...] | None = None
        self._rubbed: tuple[float, float] | None = None
        self.bind("<ButtonPress-1>", self._press)
        self.bind("<B1-Motion>", self._move)
        self.bind("<ButtonRelease-1>", self._release)
        self.bind("<Motion>", self._hover)
        self.bind("<Leave>", lambda _: self.delete("eraser"))
        self.bind("<Configure>", lambda _: self.fit())

    @property
    def drawing(self) -> bool:
        """Whether the pen or the eraser is down."""
        return bool(self._points) or self._erasing is not None

    @property
    def page_size(self) -> tuple[int, int]:
        """(width, height) of the paper in the strokes' pixels."""
        if self._photograph is not None:
            return self._photograph.size
        return math.ceil(self.winfo_width() / self.view.scale), math.ceil(self.winfo_height() / self.view.scale)

    def set_palette(self, palette: Palette) -> None:
        """Change all colours."""
        self._palette = palette
        self.configure(background=palette.paper)
        self._redraw()

    def show(self, strokes: tuple[Stroke, ...], photograph: Photograph | None, fit: bool = False) -> None:
        """Show a drawing; with ``fit`` all of it is brought into sight."""
        self._strokes = strokes
        if photograph is not self._photograph or fit:
            self._photograph = photograph
            self.fit()
        else:
            self._show_ink(strokes)
            self._show_hint()

    def show_marks(self, marks: Sequence[Mark], selected: int | None) -> None:
        """Show what was read: a box and a text a digit, and a ring around the selected one."""
        self._marks, self._selected = marks, selected
        self.delete("mark")
        for i, mark in enumerate(marks):
            self._show_mark(mark, i == selected)

    def fit(self) -> None:
        """Bring all ink into sight and draw everything anew."""
        screen = (max(1, self.winfo_width()), max(1, self.winfo_height()))
        if self._photograph is not None:
            view = for_photograph(self._photograph.size, screen, 16 * self._factor)
        else:
            view = for_strokes(self._strokes, screen, self._factor)
        self.view = view
        self._redraw()

    def _redraw(self) -> None:
        self.delete("all")
        self._shown.clear()
        self._pictures.clear()
        if self._photograph is not None:
            self._show_photograph(self._photograph)
        self._show_ink(self._strokes)
        self._show_hint()
        self.show_marks(self._marks, self._selected)

    # ---- showing

    def _show_photograph(self, photograph: Photograph) -> None:
        width, height = (max(1, round(side * self.view.scale)) for side in photograph.size)
        smaller = width <= photograph.preview.shape[1]
        how = cv2.INTER_AREA if smaller else cv2.INTER_CUBIC
        picture = ImageTk.PhotoImage(
            Image.fromarray(np.asarray(cv2.resize(photograph.preview, (width, height), interpolation=how), np.uint8)),
            master=self,
        )
        self._pictures.append(picture)
        self.create_image(self.view.left, self.view.top, image=picture, anchor="nw", tags="photograph")

    def _show_ink(self, strokes: Iterable[Stroke]) -> None:
        """Draw the strokes that are new, remove those that are gone."""
        wanted = {id(stroke): stroke for stroke in strokes}
        for key in [key for key in self._shown if key not in wanted]:
            self.delete(self._shown.pop(key)[1])
        for key, stroke in wanted.items():
            if key not in self._shown:
                item, picture = self._stroke_item(stroke, "ink")
                self._shown[key] = stroke, item, picture
        self.tag_raise("mark")

    def _stroke_item(self, stroke: Stroke, tag: str) -> tuple[int, ImageTk.PhotoImage]:
        """A stroke as a picture from :func:`digits.reading.ink.rasterise`: smooth, and as thick as it is read."""
        points = tuple(self.view.to_screen(x, y) for x, y in stroke.points)
        shown = Stroke(points, stroke.width * self.view.scale)
        colour = self._palette.ink if self._photograph is None else ON_PHOTOGRAPH
        picture, left, top = smooth.picture(self, [shown], colour)
        return self.create_image(left, top, image=picture, anchor="nw", tags=tag), picture

    def _show_hint(self) -> None:
        self.delete("hint")
        if self._strokes or self._photograph is not None:
            return
        x, y = self.winfo_width() / 2, self.winfo_height() / 2
        self.create_text(
            x, y, text=HINT, fill=self._palette.muted, font="Title", width=0.8 * self.winfo_width(),
            justify="center", tags="hint",
        )  # fmt: skip

    def _show_mark(self, mark: Mark, selected: bool) -> None:
        palette, px = self._palette, self._factor
        x, y, width, height = mark.box
        left, top = self.view.to_screen(x, y)
        right, bottom = self.view.to_screen(x + width, y + height)
        margin = 6 * px
        frame = (left - margin, top - margin, right + margin, bottom + margin)
        colour = palette.rejected if mark.rejected else palette.corrected if mark.corrected else palette.accent
        dash = (max(2, round(4 * px)), max(2, round(3 * px))) if mark.rejected else ()
        if selected:
            ring = 3 * px
            outer = (frame[0] - ring, frame[1] - ring, frame[2] + ring, frame[3] + ring)
            self.create_rectangle(outer, outline=palette.accent, width=max(2, round(3 * px)), tags=("mark", "ring"))
        self.create_rectangle(frame, outline=colour, width=max(1, int(1.5 * px)), dash=dash, tags=("mark", "box"))
        gap = (6 if selected else 3) * px
        self._show_label(mark, (left + right) / 2, frame[1] - gap, frame[3] + gap, colour)

    def _show_label(self, mark: Mark, middle: float, above: float, below: float, colour: str) -> None:
        """The digit and its confidence at the box, on a chip that keeps it legible over ink and photographs."""
        sign = " ✓" if mark.corrected else ""
        text = f"{mark.text}{sign}  {mark.note}" if mark.note else f"{mark.text}{sign}"
        item = self.create_text(middle, below, text=text, fill=colour, font="Strong", anchor="n", tags="mark")
        left, _, right, bottom = self.bbox(item)
        if bottom > self.winfo_height():
            self.coords(item, middle, above)
            self.itemconfigure(item, anchor="s")
        self.move(item, max(0, 4 - left) - max(0, right + 4 - self.winfo_width()), 0)
        left, top, right, bottom = self.bbox(item)
        pad = round(3 * self._factor)
        chip = (left - pad, top, right + pad, bottom)
        self.tag_lower(self.create_rectangle(chip, fill=self._palette.paper, width=0, tags="mark"), item)

    # ---- pen and eraser

    def _press(self, event: "tk.Event[tk.Misc]") -> None:
        self.focus_set()
        self.delete("hint")
        if self.tool == PEN:
            self._points = [self._place(event)]
            self._show_piece(self._points[0])
        else:
            self._erasing = self._strokes
            self._erase(event)

    def _move(self, event: "tk.Event[tk.Misc]") -> None:
        if self._points:
            point = self._place(event)
            if math.dist(point, self._points[-1]) * self.view.scale >= 1:
                self._show_piece(self._points[-1], point)
                self._points.append(point)
        elif self._erasing is not None:
            self._erase(event)

    def _release(self, event: "tk.Event[tk.Misc]") -> None:
        self._move(event)
        points, erased = tuple(self._points), self._erasing
        self._points, self._erasing, self._rubbed = [], None, None
        if points:
            far = max(math.dist(points[0], point) for point in points) * self.view.scale
            if far > CLICK * self._factor or not self._handlers.clicked(*points[0]):
                self._handlers.drawn(Stroke(points if far > CLICK * self._factor else points[:1], self._width()))
        elif erased is not None and erased is not self._strokes:
            self._handlers.erased(erased)
        self.delete("live")
        self._live.clear()
        self._show_hint()

    def _show_piece(self, *points: tuple[float, float]) -> None:
        """The newest piece of the stroke that is being drawn."""
        self._live.append(self._stroke_item(Stroke(points, self._width()), "live")[1])

    def _width(self) -> float:
        """The pen's diameter in the drawing's pixels; on the screen it is always the same."""
        return self.pen * self._factor / self.view.scale

    def _place(self, event: "tk.Event[tk.Misc]") -> tuple[float, float]:
        """The event's point on the drawing; a pen that leaves the paper draws along its edge."""
        width, height = self.winfo_width(), self.winfo_height()
        x, y = self.view.to_page(min(max(event.x, 0), width - 1), min(max(event.y, 0), height - 1))
        if self._photograph is not None:
            width, height = self._photograph.size
            x, y = min(max(x, 0), width - 1), min(max(y, 0), height - 1)
        return x, y

    def _erase(self, event: "tk.Event[tk.Misc]") -> None:
        """Erase along the way from the last event: a quick hand leaves gaps between its events."""
        x, y = self._place(event)
        from_x, from_y = self._rubbed or (x, y)
        self._rubbed = x, y
        radius = self._width()
        steps = max(1, math.ceil(math.hypot(x - from_x, y - from_y) / radius))
        before = left = self._erasing or ()
        for i in range(1, steps + 1):
            share = i / steps
            left = self._without(left, from_x + (x - from_x) * share, from_y + (y - from_y) * share, radius)
        if left is not before:
            self._erasing = left
            self._show_ink(left)
        self._hover(event)

    def _without(self, strokes: tuple[Stroke, ...], x: float, y: float, radius: float) -> tuple[Stroke, ...]:
        """What the eraser leaves at one place; ``strokes`` itself if it touches none."""
        if not any(ink.touches(stroke, x, y, radius) for stroke in strokes):
            return strokes
        left: list[Stroke] = []
        for stroke in strokes:
            if not ink.touches(stroke, x, y, radius):
                left.append(stroke)
            elif self.tool == ERASER:
                left += ink.erase(stroke, x, y, radius)
        return tuple(left)

    def _hover(self, event: "tk.Event[tk.Misc]") -> None:
        """Show how far the eraser reaches."""
        self.delete("eraser")
        if self.tool != PEN:
            radius = self.pen * self._factor
            ring = (event.x - radius, event.y - radius, event.x + radius, event.y + radius)
            self.create_oval(ring, outline=self._palette.muted, width=max(1, round(self._factor)), tags="eraser")
