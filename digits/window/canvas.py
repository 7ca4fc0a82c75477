"""The paper: takes strokes from mouse, pen or finger, and shows ink, photograph and results."""

import math
import tkinter as tk
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from tkinter import font

import cv2
import numpy as np
from PIL import Image, ImageTk

from digits.reading.ink import FARTHEST, Box, Stroke
from digits.window import picture, smooth
from digits.window.commands import wheel_step
from digits.window.document import Photograph
from digits.window.ink_filter import Point
from digits.window.labels import Rectangle
from digits.window.palette import LIGHT, ON_PHOTOGRAPH, Palette
from digits.window.picture import MARGIN, ROOM, Mark, colour_of
from digits.window.tools import Crop, Erase, Gesture, Tool, erase_ink
from digits.window.view import View, for_ink, for_photograph, for_strokes

Strokes = tuple[Stroke, ...]  #: that are shown as one image

HINT = "Draw digits here, or open or paste an image"
BESIDE = 16  #: logical px beside a photograph
CLICK = 3  #: logical px; the pointer moves less in a click
BUTTONS = 0x700  #: of the state of an event: the three buttons of the pointer
REST = 350  #: ms after which labels come back once the pen is lifted
PAUSE = 40  #: ms for which the eraser rests before many strokes are shown
SPACE = 60  #: ms within which a key that repeats is pressed again
WHEEL = 60  #: logical px by which a step of the wheel moves the paper
STEP = 1.25  #: by which a step of the zoom magnifies
MOST_ITEMS = 2000  #: strokes that are shown as an image each; more are shown as one image
MOST_PIXELS = 32_000_000  #: screen pixels of those images


@dataclass(frozen=True)
class Handlers:
    """What the canvas calls.

    Attributes:
        drawn: given a new stroke.
        erased: given all strokes that remain.
        clicked: given the x and y of a click; returns whether it was for a digit.
        cropped: given the box to which the photograph is cropped.
        menu: given the x and y of a click with the other button, and the same on the screen.
        zoomed: given how large the drawing is shown, in percent, and whether the user has just asked for that.
    """

    drawn: Callable[[Stroke], None]
    erased: Callable[[tuple[Stroke, ...]], None]
    clicked: Callable[[float, float], bool]
    cropped: Callable[[tuple[int, int, int, int]], None]
    menu: Callable[[float, float, int, int], None]
    zoomed: Callable[[int, bool], None]


@dataclass(frozen=True)
class _Frame:
    """A rectangle around a digit, in screen pixels: its "box", or a "ring" around that."""

    kind: str
    box: tuple[float, float, float, float]
    colour: str
    width: int
    dash: tuple[int, ...] = ()


class DrawingCanvas(tk.Canvas):
    """Shows a drawing, and is the :class:`digits.window.tools.Paper` that the tools work on.

    Strokes are in logical pixels or, on a photograph, in the photograph's pixels.
    """

    def __init__(self, parent: tk.Misc, handlers: Handlers, factor: float, tool: Tool, pen: int) -> None:
        """Create an empty canvas.

        Args:
            parent: the widget around it.
            handlers: what it calls.
            factor: screen pixels per logical pixel.
            tool: the chosen tool.
            pen: the pen's diameter in logical pixels.
        """
        super().__init__(parent, highlightthickness=0, borderwidth=0, takefocus=True)
        self.view = View(factor)
        self._handlers = handlers
        self._factor = factor
        self._palette: Palette = LIGHT
        self._strokes: tuple[Stroke, ...] = ()
        self._photograph: Photograph | None = None
        self._marks: Sequence[Mark] = ()
        self._frames: dict[_Frame, int] = {}  # which are shown, with their items
        self._selected: int | None = None
        # Tk loses an image once Python frees it, so all that are shown are kept
        self._ink: dict[tuple[int, ...], tuple[Strokes, int, ImageTk.PhotoImage]] = {}  # by the ids of the strokes
        self._background: ImageTk.PhotoImage | None = None
        self._preview: list[ImageTk.PhotoImage] = []
        self._gesture: Gesture | None = None
        self._steady = True
        self._marked = True  # whether labels and frames are wanted
        self._current = True  # whether the marks are of the drawing as it is
        self._own_view = False  # whether the user has zoomed or moved the paper
        self._panned: tuple[int, int] | None = None  # where the pointer was while it moves the paper
        self._other: tuple[int, int] | None = None  # where the other button was pressed
        self._erasing = False  # whether it erases
        self._space = False  # whether the space bar is down
        self._later: dict[str, str] = {}  # what is scheduled, by name
        self.set_tool(tool, pen)
        self._bind_pointer()

    def _bind_pointer(self) -> None:
        other = 2 if str(self.tk.call("tk", "windowingsystem")) == "aqua" else 3
        middle = 5 - other
        self.bind("<ButtonPress-1>", self._press)
        self.bind("<B1-Motion>", self._move)
        self.bind("<ButtonRelease-1>", self._release)
        self.bind(f"<ButtonPress-{other}>", self._press_other)
        self.bind(f"<B{other}-Motion>", self._move_other)
        self.bind(f"<ButtonRelease-{other}>", self._release_other)
        self.bind(f"<ButtonPress-{middle}>", self._start_pan)
        self.bind(f"<B{middle}-Motion>", self._pan)
        self.bind(f"<ButtonRelease-{middle}>", lambda _: self._end_pan())
        self.bind("<Motion>", self._hover)
        self.bind("<Leave>", lambda _: self.delete("reach"))
        self.bind("<Configure>", lambda _: self._resized())
        self.bind("<KeyPress-space>", self._space_down)
        self.bind("<KeyRelease-space>", self._space_up)
        for modifier, act in (("", self._scroll), ("Shift-", self._scroll_aside), ("Control-", self._wheel_zoom)):
            self.bind(f"<{modifier}MouseWheel>", act)
            self.bind(f"<{modifier}Button-4>", act)
            self.bind(f"<{modifier}Button-5>", act)

    @property
    def drawing(self) -> bool:
        """Whether a tool is in use, between press and release."""
        return self._gesture is not None

    @property
    def moved(self) -> bool:
        """Whether the user has zoomed or moved the paper."""
        return self._own_view

    @property
    def page_size(self) -> tuple[int, int]:
        """(width, height) of the paper in the drawing's pixels."""
        if self._photograph is not None:
            return self._photograph.size
        scale = self._factor if self._own_view else self.view.scale  # zooming makes no other paper
        width, height = math.ceil(self.winfo_width() / scale), math.ceil(self.winfo_height() / scale)
        return min(width, FARTHEST), min(height, FARTHEST)

    def set_palette(self, palette: Palette) -> None:
        """Change all colours."""
        self._palette = palette
        self.configure(background=palette.paper)
        self._redraw()

    def set_tool(self, tool: Tool, pen: int) -> None:
        """Use another tool, or another diameter of the pen in logical pixels."""
        self._tool, self._pen = tool, pen
        self._eraser = replace(tool, start=erase_ink, reach=1.0)  # of the other button
        self.configure(cursor=tool.cursor)
        self.delete("reach")

    def show(self, strokes: tuple[Stroke, ...], photograph: Photograph | None, fit: bool = False) -> None:
        """Show a drawing; with ``fit``, scale it so that all of it is visible."""
        self._strokes = strokes
        if photograph is not self._photograph or fit:
            self._photograph = photograph
            self._fit()
        else:
            self._show_ink(strokes)
            self._show_hint()

    def show_marks(self, marks: Sequence[Mark], selected: int | None, current: bool = True) -> None:
        """Show a frame and a label for each digit, and a ring around the selected one.

        Labels wait until the pen rests, and the marks are ``current``: of the drawing as it is, so that they cover no
        ink that is not yet read.
        """
        self._marks, self._selected, self._current = marks, selected, current
        self._show_marks()

    def _show_marks(self) -> None:
        """Show frames and labels; a frame that is there stays, since Tk draws again whatever is below a new one."""
        self.delete("label")
        wanted = dict.fromkeys(
            frame
            for i, mark in enumerate(self._marks)
            if self._marked or i == self._selected
            for frame in self._frames_of(mark, i == self._selected)
        )
        for frame in self._frames.keys() - wanted.keys():
            self.delete(self._frames.pop(frame))
        for frame in wanted:
            if frame not in self._frames:
                self._frames[frame] = self.create_rectangle(
                    frame.box, outline=frame.colour, width=frame.width, dash=frame.dash, tags=("mark", frame.kind)
                )
        if not self.drawing and "rest" not in self._later:
            self._show_labels()

    def steady_pen(self, wanted: bool) -> None:
        """Average out the pen's jitter, or not."""
        self._steady = wanted

    def want_marks(self, wanted: bool) -> None:
        """Show labels and frames, or only the selected digit's frame."""
        self._marked = wanted
        self._show_marks()

    def fit(self) -> None:
        """Scale the drawing so that all of it is visible."""
        self._fit()
        self._say_zoom(asked=True)

    def _fit(self) -> None:
        """Scale the drawing so that all of it is visible, and redraw everything."""
        self._own_view = False
        if self._photograph is not None:
            beside = BESIDE * self._factor
            self.view = for_photograph(self._photograph.size, self._screen, beside, max(beside, self._below))
        else:
            self.view = for_strokes(self._strokes, self._screen, self._factor, ROOM * self._factor, self._below)
        self._redraw()

    @property
    def _below(self) -> float:
        """The room in screen pixels that a label takes below a digit."""
        return ROOM * self._factor + font.nametofont("Strong", self).metrics("ascent") + 2 * self._factor

    def fit_to_ink(self) -> None:
        """Show what is drawn as large as the paper allows; a photograph as a whole."""
        if self._photograph is not None or not self._strokes:
            self.fit()
            return
        self._own_view = True
        self.view = for_ink(self._strokes, self._screen, self._factor)
        self._redraw()
        self._say_zoom(asked=True)

    def zoom(self, steps: int, at: tuple[float, float] | None = None) -> None:
        """Magnify by some steps, or reduce; the place ``at``, in screen pixels, or the middle, stays where it is."""
        if self.drawing:
            return
        x, y = at or (self.winfo_width() / 2, self.winfo_height() / 2)
        view = self.view.zoomed(STEP**steps, x, y, self._factor)
        if view != self.view:
            self._own_view, self.view = True, view
            self._redraw()
        self._say_zoom(asked=True)

    def _say_zoom(self, asked: bool) -> None:
        self._handlers.zoomed(round(100 * self.view.scale / (self._factor if self._photograph is None else 1)), asked)

    def scroll(self, x: float, y: float) -> None:
        """Move the paper by some screen pixels."""
        if self.drawing:
            return
        self._own_view, self.view = True, self.view.moved(x, y)
        self.move("all", x, y)
        self._schedule("redraw", 80, self._redraw_idle)  # what has come into view

    def _redraw_idle(self) -> None:
        """Redraw, but not while something is drawn."""
        if self.drawing:
            self._schedule("redraw", 80, self._redraw_idle)
        else:
            self._redraw()

    # ---- the tools' paper

    @property
    def strokes(self) -> tuple[Stroke, ...]:
        """The strokes of the drawing."""
        return self._strokes

    @property
    def pixel(self) -> float:
        """The side of a screen pixel in the drawing's pixels."""
        return 1 / self.view.scale

    @property
    def pen_width(self) -> float:
        """The pen's diameter in the drawing's pixels; on the screen it is the same at every scale."""
        return min(self._pen * self._factor / self.view.scale, FARTHEST)

    @property
    def steady(self) -> bool:
        """Whether the pen's jitter is averaged out."""
        return self._steady

    @property
    def click_radius(self) -> float:
        """How far the pointer may move in a click, in the drawing's pixels."""
        return CLICK * self._factor / self.view.scale

    def preview_line(self, *points: Point) -> None:
        """Show a line in the pen's width until the pointer is released."""
        self._preview.append(self._add_item((Stroke(points, self.pen_width),), "preview")[1])

    def preview_strokes(self, strokes: tuple[Stroke, ...]) -> None:
        """Show these strokes in place of the drawing's; many of them once the pointer rests, as that takes long."""
        if self._are_many(strokes):
            self._schedule("preview", PAUSE, lambda: self._show_ink(strokes))
        else:
            self._show_ink(strokes)

    def preview_box(self, start: Point, end: Point) -> None:
        """Show a box between two corners until the pointer is released."""
        self.delete("preview")
        corners = (*self.view.to_screen(*start), *self.view.to_screen(*end))
        (left, right), (top, bottom) = (sorted(map(round, sides)) for sides in zip(start, end, strict=True))
        colour = self._palette_at((left, top, right - left, bottom - top)).accent
        self.create_rectangle(corners, outline=colour, width=max(1, round(self._factor)), tags="preview")

    def crop(self, box: tuple[int, int, int, int]) -> None:
        """Keep a part of the photograph."""
        self._handlers.cropped(box)

    def add_stroke(self, stroke: Stroke) -> None:
        """Add a stroke to the drawing."""
        self._handlers.drawn(stroke)

    def replace_strokes(self, strokes: tuple[Stroke, ...]) -> None:
        """Replace all strokes of the drawing."""
        self._handlers.erased(strokes)

    def click(self, point: Point) -> bool:
        """Select the digit at a point; returns whether there is one."""
        return self._handlers.clicked(*point)

    # ---- showing

    def _redraw(self) -> None:
        self.delete("all")
        self._frames.clear()
        self._ink.clear()
        self._background = None
        if self._photograph is not None:
            self._show_photograph(self._photograph)
        self._show_ink(self._strokes)
        self._show_hint()
        self._show_marks()

    def _show_photograph(self, photograph: Photograph) -> None:
        """Show what can be seen of a photograph: magnified, all of it may have a billion pixels."""
        preview = photograph.preview
        shrunk = np.array(preview.shape[1::-1]) / photograph.size
        start, end = np.array(self.view.to_page(0, 0)), np.array(self.view.to_page(*self._screen))
        left, top = np.maximum(np.floor(start * shrunk), 0).astype(int).tolist()
        right, bottom = np.minimum(np.ceil(end * shrunk), preview.shape[1::-1]).astype(int).tolist()
        if right <= left or bottom <= top:
            return  # it was moved out of sight
        seen = preview[top:bottom, left:right]
        width, height = np.maximum(np.round(seen.shape[1::-1] / shrunk * self.view.scale), 1).astype(int).tolist()
        interpolation = cv2.INTER_AREA if width <= seen.shape[1] else cv2.INTER_CUBIC
        pixels = np.asarray(cv2.resize(seen, (width, height), interpolation=interpolation), np.uint8)
        self._background = ImageTk.PhotoImage(Image.fromarray(pixels), master=self)
        x, y = self.view.to_screen(left / shrunk[0], top / shrunk[1])
        self.create_image(x, y, image=self._background, anchor="nw", tags="photograph")

    def _show_ink(self, strokes: Iterable[Stroke]) -> None:
        """Draw the strokes that are not shown yet, and remove all others."""
        self._cancel("preview")
        drawn = tuple(strokes)
        together = [drawn] if self._are_many(drawn) else [(stroke,) for stroke in drawn]
        wanted = {tuple(map(id, group)): group for group in together}
        for key in [key for key in self._ink if key not in wanted]:
            self.delete(self._ink.pop(key)[1])
        for key, group in wanted.items():
            if key not in self._ink:
                self._ink[key] = (group, *self._add_item(group, "ink"))
                if self._frames:
                    self.tag_lower(self._ink[key][1], "mark")  # below the frames, which need not be drawn again then

    def _are_many(self, strokes: Strokes) -> bool:
        """Whether the strokes would take too many images, or too large ones."""
        if len(strokes) > MOST_ITEMS:
            return True
        screen, pixels = self._screen, 0.0
        for stroke in strokes:
            (left, top), (right, bottom) = (
                self.view.to_screen(*corner) for corner in (stroke.edges[:2], stroke.edges[2:])
            )
            width, height = min(right, screen[0]) - max(left, 0), min(bottom, screen[1]) - max(top, 0)
            pixels += max(0, width) * max(0, height)
        return pixels > MOST_PIXELS

    @property
    def _screen(self) -> tuple[int, int]:
        """(width, height) of the canvas in screen pixels."""
        return max(1, self.winfo_width()), max(1, self.winfo_height())

    def _add_item(self, strokes: Strokes, tag: str) -> tuple[int, ImageTk.PhotoImage]:
        """Show strokes as an image from :func:`digits.reading.ink.rasterise`: anti-aliased and in their full width."""
        on_screen = [
            Stroke(tuple(self.view.to_screen(x, y) for x, y in stroke.points), stroke.width * self.view.scale)
            for stroke in strokes
        ]
        colour = self._palette.ink if self._photograph is None else ON_PHOTOGRAPH
        image, left, top = smooth.image(self, on_screen, colour, self._screen)
        return self.create_image(left, top, image=image, anchor="nw", tags=tag), image

    def _show_hint(self) -> None:
        self.delete("hint")
        if self._strokes or self._photograph is not None:
            return
        x, y = self.winfo_width() / 2, self.winfo_height() / 2
        self.create_text(
            x, y, text=HINT, fill=self._palette.muted, font="Title", width=0.8 * self.winfo_width(),
            justify="center", tags="hint",
        )  # fmt: skip

    def _frames_of(self, mark: Mark, selected: bool) -> Iterator["_Frame"]:
        palette, px = self._palette_at(mark.box), self._factor
        left, top, right, bottom = self._ink_of(mark)
        margin = MARGIN * px
        box = (left - margin, top - margin, right + margin, bottom + margin)
        colour = colour_of(mark, palette)
        dash = (max(2, round(4 * px)), max(2, round(3 * px))) if mark.rejected or mark.left_out else ()
        if selected:
            ring = 3 * px
            outer = (box[0] - ring, box[1] - ring, box[2] + ring, box[3] + ring)
            yield _Frame("ring", outer, palette.accent, max(2, round(3 * px)))
        yield _Frame("box", box, colour, max(1, int(1.5 * px)), dash)

    def _show_labels(self) -> None:
        """Show the digits and their notes beside the frames, where they cover nothing."""
        self.delete("label")
        if not self._marked or not self._current:
            return
        inks = [self._ink_of(mark) for mark in self._marks]
        placed = picture.place_labels(self._marks, inks, self._measure, self._factor, self._screen)
        for mark, label in zip(self._marks, placed, strict=True):
            if label is None:
                continue
            palette, (left, top, right, bottom) = self._palette_at(mark.box), label.where
            self.create_rectangle(label.where, fill=palette.paper, width=0, tags=("mark", "label"))
            self.create_text(
                (left + right) / 2, (top + bottom) / 2, text=label.text, fill=colour_of(mark, palette),
                font=_font(mark), tags=("mark", "label"),
            )  # fmt: skip

    def _ink_of(self, mark: Mark) -> Rectangle:
        """Where the ink of a digit is on the screen."""
        x, y, width, height = mark.box
        return (*self.view.to_screen(x, y), *self.view.to_screen(x + width, y + height))

    def _palette_at(self, box: Box) -> Palette:
        """The colours of what is shown at a place of the drawing, on paper or on a photograph."""
        if self._photograph is None:
            return self._palette
        return picture.palette_on(self._photograph, box, self._palette)

    def _measure(self, mark: Mark, text: str) -> tuple[float, float]:
        """(width, height) of the text of a label; digits have nothing below the baseline."""
        face = font.nametofont(_font(mark), self)
        return face.measure(text), face.metrics("ascent") + self._factor

    # ---- the pointer

    def finish(self) -> None:
        """End whatever the pointer does, as if it were released where it is; its release may never come.

        Only a photograph is not cropped by that.
        """
        if isinstance(self._gesture, Crop):
            self._gesture = None
        self._space = False
        self._end()

    def _end(self) -> None:
        self._other = None
        self._end_pan()
        gesture, self._gesture = self._gesture, None
        self._erasing = False
        if gesture is not None:
            self._schedule("rest", REST, self._show_labels)
            gesture.release()
        self.delete("preview")
        self._preview.clear()
        self._show_hint()

    def _press(self, event: "tk.Event[tk.Misc]") -> None:
        if self._gesture is not None:
            self.finish()  # of another button, or one whose release never came
        self.focus_set()
        self._other = None
        if self._space:
            self._start_pan(event)
            return
        self._begin(self._tool, event)

    def _begin(self, tool: Tool, event: "tk.Event[tk.Misc]") -> None:
        self._cancel("rest")
        self.delete("hint", "label")
        self._gesture = tool.start(self, self._place(event))
        self._show_reach(event)

    def _move(self, event: "tk.Event[tk.Misc]") -> None:
        if self._panned is not None:
            self._pan(event)
        elif self._gesture is not None:
            self._gesture.move(self._place(event))
            self._show_reach(event)

    def _release(self, event: "tk.Event[tk.Misc]") -> None:
        self._move(event)
        self._end()

    def _hover(self, event: "tk.Event[tk.Misc]") -> None:
        """The pointer moves and no button is down."""
        if (self._gesture is not None or self._panned is not None) and not int(event.state) & BUTTONS:
            self.finish()
        self._show_reach(event)

    def _press_other(self, event: "tk.Event[tk.Misc]") -> None:
        if self._gesture is None:
            self._other = event.x, event.y

    def _move_other(self, event: "tk.Event[tk.Misc]") -> None:
        """The other button erases, whatever the tool is, once it has moved farther than in a click."""
        if self._other is None:
            if self._erasing:
                self._move(event)
        elif math.dist(self._other, (event.x, event.y)) > CLICK * self._factor:
            self._other = None
            self._erasing = True
            self._begin(self._eraser, event)

    def _release_other(self, event: "tk.Event[tk.Misc]") -> None:
        if self._other is None:
            if self._erasing:
                self._release(event)
            return
        self._other = None
        self._handlers.menu(*self.view.to_page(event.x, event.y), event.x_root, event.y_root)

    # ---- moving the paper

    def _resized(self) -> None:
        if self.drawing:  # what is drawn stays where the pointer is
            self._schedule("resized", PAUSE, self._resized)
        elif self._own_view:
            self._redraw()
        else:
            self._fit()
            self._say_zoom(asked=False)

    def _start_pan(self, event: "tk.Event[tk.Misc]") -> None:
        if self._gesture is None:
            self._panned = event.x, event.y
            self.configure(cursor="fleur")

    def _pan(self, event: "tk.Event[tk.Misc]") -> None:
        if self._panned is not None:
            x, y = self._panned
            self._panned = event.x, event.y
            self.scroll(event.x - x, event.y - y)

    def _end_pan(self) -> None:
        if self._panned is not None:
            self._panned = None
            self.configure(cursor=self._tool.cursor)

    def _space_down(self, _: "tk.Event[tk.Misc]") -> None:
        self._cancel("space")
        self._space = True

    def _space_up(self, _: "tk.Event[tk.Misc]") -> None:
        def up() -> None:
            self._space = False

        self._schedule("space", SPACE, up)  # a key that repeats is released and pressed again and again

    def _scroll(self, event: "tk.Event[tk.Misc]") -> None:
        self.scroll(0, WHEEL * self._factor * wheel_step(event))

    def _scroll_aside(self, event: "tk.Event[tk.Misc]") -> None:
        self.scroll(WHEEL * self._factor * wheel_step(event), 0)

    def _wheel_zoom(self, event: "tk.Event[tk.Misc]") -> None:
        self.zoom(wheel_step(event), (event.x, event.y))

    def _schedule(self, name: str, ms: int, act: Callable[[], None]) -> None:
        """Do something later, in place of what was scheduled by the same name."""
        self._cancel(name)

        def now() -> None:
            self._later.pop(name, None)
            act()

        self._later[name] = self.after(ms, now)

    def _cancel(self, name: str) -> None:
        if name in self._later:
            self.after_cancel(self._later.pop(name))

    def _place(self, event: "tk.Event[tk.Misc]") -> Point:
        """The event's point in the drawing; outside the paper, the nearest point on its edge."""
        width, height = self.winfo_width(), self.winfo_height()
        x, y = self.view.to_page(min(max(event.x, 0), width - 1), min(max(event.y, 0), height - 1))
        if self._photograph is not None:
            width, height = self._photograph.size
            x, y = min(max(x, 0), width - 1), min(max(y, 0), height - 1)
        return min(max(x, -FARTHEST), FARTHEST), min(max(y, -FARTHEST), FARTHEST)

    def _show_reach(self, event: "tk.Event[tk.Misc]") -> None:
        """Show the ring of a tool that has one."""
        self.delete("reach")
        erases = self._gesture is not None and isinstance(self._gesture, Erase)
        radius = (1.0 if erases else self._tool.reach) * self._pen * self._factor
        if radius:
            ring = (event.x - radius, event.y - radius, event.x + radius, event.y + radius)
            (x, y), side = self.view.to_page(*ring[:2]), round(2 * radius / self.view.scale)
            colour = self._palette_at((round(x), round(y), side, side)).muted
            self.create_oval(ring, outline=colour, width=max(1, round(self._factor)), tags="reach")


def _font(mark: Mark) -> str:
    return "Small" if mark.left_out else "Strong"
