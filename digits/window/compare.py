"""The comparison of the networks: a row for each digit, a column for each network."""

import tkinter as tk
from collections.abc import Callable, Sequence

import ttkbootstrap as ttk

from digits.window.palette import LIGHT, Palette
from digits.window.summary import Row

ROW = 30  #: logical px
WIDTH, BESIDE = 360, 190  #: logical px, of the title above the table and beside it
HEADER, LOW = 44, 20  #: logical px, height of the names with the times, and without them in a low window
FIRST = 46  #: logical px, width of the column with the digit's place


class CompareTable(ttk.Frame):
    """A table that scrolls. Disagreement is marked by a sign and a colour; a click selects a digit."""

    def __init__(self, parent: tk.Misc, factor: float, select: Callable[[int], None]) -> None:
        """Create an empty table; ``select`` is called with the place of the row that is clicked."""
        super().__init__(parent)
        self._factor = factor
        self._palette = LIGHT
        self._select = select
        self._names: Sequence[str] = ()
        self._times: Sequence[str] = ()
        self._rows: Sequence[Row] = ()
        self._selected: int | None = None
        self._low = False
        self._words = ttk.Frame(self)  # below what it holds
        self.title = ttk.Label(self, font="Title", text="Nothing to compare yet", justify="left")
        self.whose = ttk.Label(self, font="Small", justify="left")
        self.header = tk.Canvas(self, highlightthickness=0)
        self.header.grid(row=1, column=1, sticky="ew")
        self._room = ttk.Frame(self)  # of which the table takes what whole rows need
        self._room.grid(row=2, column=1, sticky="nsew")
        self.table = tk.Canvas(self._room, highlightthickness=0, height=self._px(ROW), yscrollincrement=self._px(ROW))
        self._room.bind("<Configure>", lambda event: self._fit(event.height))
        self.bar = ttk.Scrollbar(self, command=self.table.yview)
        self.table.configure(yscrollcommand=self.bar.set)
        self.columnconfigure(1, weight=1)
        self.rowconfigure(2, weight=1)
        self.lay_out(narrow=False, low=False)
        self.table.bind("<Button-1>", self._click)
        self.table.bind("<Configure>", lambda _: self._draw())
        self.table.bind("<MouseWheel>", lambda event: self.table.yview_scroll(-1 if event.delta > 0 else 1, "units"))
        self.table.bind("<Button-4>", lambda _: self.table.yview_scroll(-1, "units"))
        self.table.bind("<Button-5>", lambda _: self.table.yview_scroll(1, "units"))

    def lay_out(self, narrow: bool, low: bool) -> None:
        """Show what is said about the table above and below it or, in a narrow window, beside it."""
        self._low = low
        wide, gap = self._px(BESIDE if narrow else WIDTH), self._px(6)
        for label in (self.title, self.whose):
            label.configure(wraplength=wide)
            label.grid_forget()
        self._words.grid_forget()
        self.header.configure(height=self._px(LOW if low else HEADER))
        if narrow:
            self.columnconfigure(0, minsize=wide + 2 * gap)
            self._words.grid(row=1, column=0, rowspan=2, sticky="nw")
            self.title.grid(in_=self._words, row=0, column=0, sticky="w")
            if not low:
                self.whose.grid(in_=self._words, row=1, column=0, sticky="w", pady=(gap, 0))
        else:
            self.columnconfigure(0, minsize=0)
            self.title.grid(row=0, column=1, columnspan=2, sticky="w", pady=(0, gap))
            self.whose.grid(row=3, column=1, columnspan=2, sticky="w", pady=(gap, 0))
        self._draw()

    def _fit(self, height: int) -> None:
        """Show whole rows only."""
        row = self._px(ROW)
        self.table.place(x=0, y=0, relwidth=1, height=max(1, height // row) * row)

    def set_palette(self, palette: Palette) -> None:
        """Change all colours."""
        self._palette = palette
        for canvas in (self.header, self.table):
            canvas.configure(background=palette.window)
        self.whose.configure(foreground=palette.muted)
        self._draw()

    def show(
        self, names: Sequence[str], times: Sequence[str], rows: Sequence[Row], selected: int | None, lead: str
    ) -> None:
        """Show the comparison, scrolled to the selected row.

        Args:
            names: the networks.
            times: how long each took, as text.
            rows: the digits.
            selected: the place of the selected digit, if any.
            lead: the network whose answers are the number.
        """
        self._names, self._times, self._rows, self._selected = names, times, rows, selected
        wrong = sum(row.label is not None and any(text != str(row.label) for text in row.texts) for row in rows)
        differing = sum(not row.agreed for row in rows)
        if not rows:
            title = "Nothing to compare yet"
        elif len(names) < 2:
            title = "Only one network is available"
        elif differing:
            title = f"≠  {differing} of {len(rows)} read differently"
        elif wrong:
            title = f"✗  {wrong} of {len(rows)} read otherwise than you say"
        else:
            title = "All networks agree"
        self.title.configure(text=title)
        self.whose.configure(text=f"The number above is what {lead} reads." if lead in names else "")
        self._draw()
        self._scroll_to_selected()

    def _px(self, logical: float) -> int:
        return round(logical * self._factor)

    def _columns(self) -> list[float]:
        """The middle of each network's column, in screen pixels."""
        left, right = self._px(FIRST), self.table.winfo_width()
        width = (right - left) / max(1, len(self._names))
        return [left + width * (i + 0.5) for i in range(len(self._names))]

    def _draw(self) -> None:
        palette = self._palette
        self.header.delete("all")
        self.table.delete("all")
        for middle, name, time in zip(self._columns(), self._names, self._times, strict=True):
            self.header.create_text(middle, self._px(10), text=name, font="Strong", fill=palette.text)
            if not self._low:
                self.header.create_text(middle, self._px(28), text=time, font="Small", fill=palette.muted)
        bottom = self._px(LOW if self._low else HEADER) - self._px(1)
        self.header.create_line(0, bottom, self.table.winfo_width(), bottom, fill=palette.edge)
        for i, row in enumerate(self._rows):
            self._draw_row(i, row)
        height = self._px(ROW * len(self._rows))
        self.table.configure(scrollregion=(0, 0, self.table.winfo_width(), max(height, self.table.winfo_height())))
        if height > self.table.winfo_height():
            self.bar.grid(row=2, column=2, sticky="ns")
        else:
            self.bar.grid_remove()

    def _draw_row(self, i: int, row: Row) -> None:
        palette, px = self._palette, self._px
        top, middle, width = px(ROW * i), px(ROW * (i + 0.5)), self.table.winfo_width()
        if i == self._selected:
            self.table.create_rectangle(0, top, width, top + px(ROW), fill=palette.soft, width=0)
            self.table.create_rectangle(0, top, px(3), top + px(ROW), fill=palette.accent, width=0)
        place, font = (f"{i + 1}", "Small") if row.agreed else (f"≠ {i + 1}", "Strong")
        colour = palette.muted if row.agreed else palette.rejected
        self.table.create_text(px(36), middle, text=place, font=font, fill=colour, anchor="e")
        right = str(row.label) if row.label is not None else None
        for x, text, note in zip(self._columns(), row.texts, row.notes, strict=True):
            if right is not None:
                sign, fill = ("✓", palette.corrected) if text == right else ("✗", palette.rejected)
            else:
                sign, fill = "", palette.text if row.agreed else palette.rejected
            self.table.create_text(x - px(22), middle, text=text, font="Title", fill=fill)
            self.table.create_text(x - px(13), middle, text=sign or note, font="Small", fill=palette.muted, anchor="w")

    def _scroll_to_selected(self) -> None:
        if self._selected is None or not self._rows:
            return
        first, last = self.table.yview()
        top, bottom = self._selected / len(self._rows), (self._selected + 1) / len(self._rows)
        if top < first or bottom > last:
            self.table.yview_moveto(max(0.0, top - (last - first) / 2))

    def _click(self, event: "tk.Event[tk.Misc]") -> None:
        i = int(self.table.canvasy(event.y) // self._px(ROW))  # type: ignore[no-untyped-call]
        if 0 <= i < len(self._rows):
            self._select(i)
