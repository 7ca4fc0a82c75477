"""Room on the screen: how much there is, and what scrolls where there is too little."""

import tkinter as tk
from functools import partial

import ttkbootstrap as ttk

TITLE = 40  #: px of the screen that a title bar takes
STEP = 40  #: px by which a step of the wheel scrolls


def of_screen(widget: tk.Misc) -> tuple[int, int]:
    """(width, height) in pixels of the largest window that the screen has room for."""
    return widget.winfo_screenwidth(), widget.winfo_screenheight() - TITLE


def within(left: int, top: int, size: tuple[int, int], screen: tuple[int, int]) -> tuple[int, int]:
    """The place nearest to (left, top) at which all of a window of this size is on the screen."""
    width, height = (room - side for room, side in zip(screen, size, strict=True))
    return max(0, min(left, width)), max(0, min(top, height))


class Scrolled(ttk.Frame):
    """Asks for the room that ``inside`` needs; with less than that, it scrolls."""

    def __init__(self, parent: tk.Misc, padding: int | tuple[int, ...] = 0) -> None:
        """Create an empty frame; fill ``inside``, then call :meth:`take_wheel`."""
        super().__init__(parent)
        self._clip = ttk.Frame(self)
        self.inside = ttk.Frame(self._clip, padding=padding)
        self._place = [0, 0]  # of what is seen at the left and at the top
        self._bars = (
            ttk.Scrollbar(self, orient="horizontal", command=partial(self._moved, 0)),
            ttk.Scrollbar(self, command=partial(self._moved, 1)),
        )
        self._clip.grid(row=0, column=0, sticky="nsew")
        self.rowconfigure(0, weight=1)
        self.columnconfigure(0, weight=1)
        self.bind("<Configure>", lambda _: self._fit())
        self.inside.bind("<Configure>", lambda _: self._fit())
        self._wheel = f"Wheel{self}"
        for event, step in (("<Button-4>", -STEP), ("<Button-5>", STEP)):
            self.bind_class(self._wheel, event, lambda _, step=step: self.scroll(step))  # type: ignore[misc]
        self.bind_class(self._wheel, "<MouseWheel>", lambda event: self.scroll(-STEP if event.delta > 0 else STEP))

    @property
    def needed(self) -> tuple[int, int]:
        """(width, height) in pixels of all that is inside."""
        return self.inside.winfo_reqwidth(), self.inside.winfo_reqheight()

    def ask_for_room(self) -> None:
        """Ask for all the room that is needed, before anything is shown."""
        self._clip.configure(width=self.needed[0], height=self.needed[1])

    def take_wheel(self) -> None:
        """Scroll by the wheel over everything that is inside now, but for what scrolls itself."""
        waiting: list[tk.Misc] = [self.inside]
        while waiting:
            widget = waiting.pop()
            waiting += widget.winfo_children()
            if self._wheel not in widget.bindtags() and not widget.bind("<Button-4>"):
                widget.bindtags((*widget.bindtags(), self._wheel))

    def scroll(self, pixels: int) -> None:
        """Scroll down, or up by a negative number of pixels, as far as there is anything."""
        self._place[1] += pixels
        self._fit()

    def _moved(self, side: int, how: str, by: str, unit: str = "") -> None:
        """Follow a bar: the horizontal one (0) or the vertical one (1)."""
        if how == "moveto":
            self._place[side] = round(float(by) * self.needed[side])
        else:
            room = (self.winfo_width(), self.winfo_height())[side]
            self._place[side] += int(by) * (room if unit == "pages" else STEP)
        self._fit()

    def _fit(self) -> None:
        """Show the bars that are needed, and what is inside at its place, in all the room that there is."""
        self.ask_for_room()
        needed, whole = self.needed, (self.winfo_width(), self.winfo_height())
        across, down = self._bars
        thick = down.winfo_reqwidth(), across.winfo_reqheight()
        wanted = [whole[0] < needed[0], whole[1] < needed[1]]
        for side in (0, 1):  # a bar takes room from the other side
            wanted[side] |= wanted[1 - side] and whole[side] - thick[side] < needed[side]
        for side, place in enumerate(
            ({"row": 1, "column": 0, "sticky": "ew"}, {"row": 0, "column": 1, "sticky": "ns"})
        ):
            room = whole[side] - (thick[side] if wanted[1 - side] else 0)
            self._place[side] = max(0, min(self._place[side], needed[side] - room))
            if wanted[side]:
                self._bars[side].grid(**place)  # type: ignore[arg-type]
                self._bars[side].set(self._place[side] / needed[side], (self._place[side] + room) / needed[side])
            else:
                self._bars[side].grid_remove()
            whole = (room, whole[1]) if side == 0 else (whole[0], room)
        self.inside.place(
            x=-self._place[0], y=-self._place[1], width=max(needed[0], whole[0]), height=max(needed[1], whole[1])
        )
