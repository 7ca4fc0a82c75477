"""The panel beside the paper: the number, the choice of the network, and one digit or the comparison."""

import tkinter as tk
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from tkinter import font

import ttkbootstrap as ttk

from digits.window.compare import CompareTable
from digits.window.detail import WHOLE, Detail
from digits.window.palette import LIGHT, Palette
from digits.window.room import Scrolled
from digits.window.session import COMPARE
from digits.window.summary import CORRECTED, DOUBTFUL, REJECTED, StyledDigit

WIDTH = 372  #: logical px, without the padding
SIZES = (40, 34, 28, 22, 18, 15, 12, 10)  #: points; the number is shown in the largest in which it fits
#: Logical px, height of the number: the same for any number, so that nothing moves while one draws.
LEAST, MOST, BELOW, LOW = 60, 190, 64, 44
SHARE = 0.2  #: of a panel's height that the number has, within these bounds
#: Logical px, height of what stands below the number: one digit and the comparison, in a low window and else.
DIGIT_BELOW, COMPARED_BELOW = {False: 118, True: 42}, {False: 134, True: 52}
LISTED, LONGEST = 5, 36  #: earlier numbers that are shown at most, and digits of each


@dataclass(frozen=True)
class Handlers:
    """What the panel calls.

    Attributes:
        copy: the number is to be copied.
        copy_text: given an earlier number that is to be copied.
        choose: given the chosen network, or "Compare".
        select: given the place of the row that was clicked in the comparison.
        toggle_evidence: the evidence is to be shown, or hidden.
        correct: given the right digit.
    """

    copy: Callable[[], None]
    copy_text: Callable[[str], None]
    choose: Callable[[str], None]
    select: Callable[[int], None]
    toggle_evidence: Callable[[], None]
    correct: Callable[[int], None]


class Number(ttk.Frame):
    """The whole number, large, with a button that copies it."""

    def __init__(self, parent: tk.Misc, factor: float, copy: Callable[[], None]) -> None:
        """Create an empty number; ``factor`` is screen pixels per logical pixel."""
        super().__init__(parent)
        self._factor = factor
        self._lines: Sequence[Sequence[StyledDigit]] = ()
        self._advice = ""
        self._palette = LIGHT
        self._font = font.Font(self, name="Number", exists=True)
        self._size = 0  # in which the number is shown, points
        self._sizes: dict[int, tuple[font.Font, int]] = {}  # the same font, which is not shown, and its line's height
        self._widths: dict[tuple[int, str], int] = {}  # of the lines of the number, by size of the font
        px = round(12 * factor)
        self.text = tk.Text(
            self, height=1, width=1, font="Number", wrap="char", borderwidth=0, highlightthickness=0, padx=0, pady=0,
            state="disabled", cursor="arrow", takefocus=False,
        )  # fmt: skip
        self.text.pack(side="left", fill="both", expand=True)
        self.button = ttk.Button(self, text="Copy", icon="copy", bootstyle="ghost", command=copy, takefocus=False)
        self.button.pack(side="right", anchor="n", padx=(px, 0), pady=(px // 2, 0))
        self.bar = ttk.Scrollbar(self, command=self.text.yview)
        self.text.configure(yscrollcommand=self.bar.set)
        self.pack_propagate(False)
        self._height = 0
        self.set_height(round(LEAST * factor))
        self.text.bind("<Configure>", lambda _: self._write())

    def set_palette(self, palette: Palette) -> None:
        """Change all colours."""
        self._palette = palette
        self.text.configure(background=palette.window, foreground=palette.text, selectbackground=palette.soft)
        self.text.configure(highlightthickness=0, borderwidth=0, padx=0, pady=0)  # the theme has changed these
        for style in (REJECTED, DOUBTFUL):
            self.text.tag_configure(style, foreground=palette.rejected, underline=True)
        self.text.tag_configure(CORRECTED, foreground=palette.corrected)
        self.text.tag_configure("advice", foreground=palette.muted)

    def set_height(self, height: int) -> None:
        """Take this height, in screen pixels; what does not fit is scrolled to."""
        if height != self._height:
            self._height = height
            self.configure(height=height)
            self._write()

    def show(self, lines: Sequence[Sequence[StyledDigit]], advice: str) -> None:
        """Show the number, or ``advice`` where there is none."""
        if lines and lines == self._lines:
            return
        self._lines, self._advice = lines, advice
        self.button.configure(state="normal" if lines else "disabled")
        self._write()

    def _write(self) -> None:
        size, rows = self._fitting()
        if size != self._size:
            self._size = size
            self._font.configure(size=size)
        high = self._sized(size)[1]
        if high * rows > self._height:
            self.bar.pack(side="right", fill="y", before=self.text)
            self.text.pack_configure(pady=(0, self._height % high))  # whole lines only
        else:
            self.bar.pack_forget()
            self.text.pack_configure(pady=0)
        self.text.configure(state="normal")
        self.text.delete("1.0", "end")
        if self._lines:
            pieces = [part for line in self._lines for part in ("\n", "", *_pieces(line))]
            self.text.insert("end", *pieces[2:])
        else:
            wide = font.nametofont("Title", self).measure(self._advice) > self.text.winfo_width()
            self.text.tag_configure("advice", font="Strong" if wide else "Title")
            self.text.insert("end", self._advice, "advice")
        self.text.configure(state="disabled")

    def _fitting(self) -> tuple[int, int]:
        """The largest size in which the number fits, and its rows; the smallest, with broken lines, if it does not."""
        lines = ["".join(f" {digit.text}" if digit.spaced else digit.text for digit in line) for line in self._lines]
        if not lines:
            return SIZES[-1], 0  # a larger line would push the advice down
        width, rows = max(1, self.text.winfo_width()), len(lines)
        self._widths = {key: wide for key, wide in self._widths.items() if key[1] in lines}
        for size in SIZES:
            high = self._sized(size)[1]
            if high * rows <= self._height and max((self._width(size, line) for line in lines), default=0) <= width:
                return size, rows
        return SIZES[-1], sum(max(1, -(-self._width(SIZES[-1], line) // width)) for line in lines)

    def _sized(self, size: int) -> tuple[font.Font, int]:
        """The font of the number in a size, for measuring, and the height of a line in it."""
        if size not in self._sizes:
            sized = self._font.copy()  # to change one that is shown takes long
            sized.configure(size=size)
            self._sizes[size] = sized, sized.metrics("linespace")
        return self._sizes[size]

    def _width(self, size: int, line: str) -> int:
        """How wide a line is."""
        if (size, line) not in self._widths:
            self._widths[size, line] = self._sized(size)[0].measure(line)
        return self._widths[size, line]


def _pieces(line: Iterable[StyledDigit]) -> Iterator[str]:
    """The texts of a line's digits and spaces, each with its style."""
    for digit in line:
        yield from (" ", "", digit.text, digit.style) if digit.spaced else (digit.text, digit.style)


class NetworkChoice(ttk.Frame):
    """A button for each network and one that compares them, and why a network cannot be used."""

    def __init__(self, parent: tk.Misc, factor: float, names: Sequence[str], choose: Callable[[str], None]) -> None:
        """Create the buttons; ``choose`` is called with the chosen network, or with "Compare"."""
        super().__init__(parent)
        self.chosen = tk.StringVar(self)
        self.buttons: dict[str, ttk.Radiobutton] = {}
        row = ttk.Frame(self)
        row.pack(fill="x")
        for column, name in enumerate((*names, COMPARE)):
            button = ttk.Radiobutton(
                row, text=name, value=name, variable=self.chosen, command=lambda name=name: choose(name),
                bootstyle="primary-toolbutton", takefocus=False,
            )  # fmt: skip
            button.grid(row=0, column=column, sticky="ew")
            row.columnconfigure(column, weight=1)
            self.buttons[name] = button
        self.reason = ttk.Label(self, font="Small", justify="left", wraplength=round(WIDTH * factor))
        self._px = round(6 * factor)

    def set_palette(self, palette: Palette) -> None:
        """Change all colours."""
        self.reason.configure(foreground=palette.rejected)

    def show(self, chosen: str, usable: Callable[[str], bool], failures: Mapping[str, str]) -> None:
        """Show the choice.

        Args:
            chosen: the chosen network, or "Compare".
            usable: whether a choice is possible now; the others are greyed.
            failures: why networks cannot be used, by name.
        """
        self.chosen.set(chosen)
        for name, button in self.buttons.items():
            button.configure(state="normal" if usable(name) else "disabled")
        self.reason.configure(text="\n".join(f"{name}: {reason}" for name, reason in failures.items()))
        if failures:
            self.reason.pack(fill="x", pady=(self._px, 0))
        else:
            self.reason.pack_forget()


class History(ttk.Frame):
    """The numbers that were read before, the last one first; a click copies one."""

    def __init__(self, parent: tk.Misc, factor: float, copy: Callable[[str], None]) -> None:
        """Create an empty history; ``copy`` is called with the number that is clicked."""
        super().__init__(parent)
        self._palette = LIGHT
        self._copy = copy
        self.title = ttk.Label(self, text="Read before (a click copies)", font="Small")
        self._numbers: Sequence[str] = []
        self._room = 0
        self._rows: list[ttk.Label] = []
        self._px = round(4 * factor)

    def set_palette(self, palette: Palette) -> None:
        """Change all colours."""
        self._palette = palette
        self.title.configure(foreground=palette.muted)

    def show(self, numbers: Sequence[str]) -> None:
        """Show the numbers, as many as there is room for."""
        if numbers != self._numbers:
            self._numbers = [*numbers]
            self._write()

    def set_room(self, height: int) -> None:
        """Take no more than this height, in screen pixels: a line is shown as a whole or not at all."""
        if height != self._room:
            self._room = height
            self._write()

    def _write(self) -> None:
        for row in self._rows:
            row.destroy()
        self._rows = []
        gap = self._px // 2
        left = self._room - self.title.winfo_reqheight() - self._px
        for text in self._numbers[:LISTED]:
            whole = " / ".join(text.splitlines())
            shown = whole if len(whole) <= LONGEST else f"{whole[:LONGEST]}…"
            row = ttk.Label(self, text=shown, cursor="hand2")
            left -= row.winfo_reqheight() + 2 * gap
            if left < 0:
                row.destroy()
                break
            row.bind("<Button-1>", lambda _, text=text: self._copy(text))  # type: ignore[misc]
            row.pack(anchor="w", pady=gap)
            self._rows.append(row)
        if self._rows:
            self.title.pack(anchor="w", pady=(0, self._px), before=self._rows[0])
            self.pack(fill="x", pady=(4 * self._px, 0))
        else:
            self.pack_forget()


class Panel(ttk.Frame):
    """Everything in the panel beside the paper."""

    def __init__(
        self, parent: tk.Misc, factor: float, names: Sequence[str], keys: Mapping[str, str], handlers: Handlers
    ) -> None:
        """Create the panel, empty.

        Args:
            parent: the widget around it.
            factor: screen pixels per logical pixel.
            names: the networks, in the order in which they are offered.
            keys: shortcuts by the title of their command, for the advice.
            handlers: what the panel calls.
        """
        px = round(16 * factor)
        super().__init__(parent, padding=(px, px))
        self._factor = factor
        self.number = Number(self, factor, handlers.copy)
        self.choice = NetworkChoice(self, factor, names, handlers.choose)
        self._lower = ttk.Frame(self, width=round(WIDTH * factor), height=round(300 * factor))
        self._lower.pack_propagate(False)
        self._scrolled = Scrolled(self._lower)
        self.detail = Detail(self._scrolled.inside, factor, keys, handlers.toggle_evidence, handlers.correct)
        self.detail.pack(fill="x")
        self.history = History(self._scrolled.inside, factor, handlers.copy_text)
        self.compare = CompareTable(self._lower, factor, handlers.select)
        self._scrolled.take_wheel()
        self._lower.bind("<Configure>", lambda _: self._fit())
        self.detail.bind("<Configure>", lambda _: self._fit())
        self.bind("<Configure>", lambda event: self._fit_number(event.height))
        self._rule = ttk.Separator(self)
        self._px = px
        self._narrow = self._low = self._comparing = False
        self._useful = True
        self.lay_out(narrow=False, low=False)

    def set_palette(self, palette: Palette) -> None:
        """Change all colours."""
        for part in (self.number, self.choice, self.detail, self.compare, self.history):
            part.set_palette(palette)

    def lay_out(self, narrow: bool, low: bool) -> None:
        """Stand beside the paper or, in a narrow window, lie below it; in a low one, take as little as possible."""
        self._narrow, self._low = narrow, low
        px = self._px
        for part in (self.number, self._rule, self.choice, self._lower):
            part.pack_forget()
        if narrow:
            self.configure(padding=(px, px // 2, px, 0))
            self.choice.pack(side="right", anchor="n", padx=(px, 0))
            self.number.pack(side="left", fill="x", expand=True, anchor="n")
            self.number.set_height(round((LOW if low else BELOW) * self._factor))
        else:
            self.configure(padding=(px, px))
            self.number.pack(fill="x")
            self._rule.pack(fill="x", pady=px * 3 // 4)
            self.choice.pack(fill="x", pady=(0, px))
        self.compare.lay_out(narrow, low)
        self._show_lower()

    def _fit_number(self, height: int) -> None:
        """Give the number its share of the height."""
        if not self._narrow:
            least, most = (round(side * self._factor) for side in (LEAST, MOST))
            self.number.set_height(min(max(least, round(SHARE * height)), most))

    def _fit(self) -> None:
        """Arrange one digit, and as much of the history as fits, in the room that there is."""
        width, height = self._lower.winfo_width(), self._lower.winfo_height()
        if self._narrow:
            self.detail.lay_out("line" if self._low else "below", width)
            self.history.set_room(0)
        else:
            self.detail.lay_out("beside" if height >= round(WHOLE * self._factor) else "short", width)
            self.history.set_room(height - self.detail.winfo_reqheight() - self._px)

    def show_lower(self, wanted: bool) -> None:
        """Show or hide everything below the choice, which is of no use without any network."""
        if wanted != self._useful:
            self._useful = wanted
            self._show_lower()

    def show_comparison(self, wanted: bool) -> None:
        """Show the comparison, or else one digit in detail."""
        if wanted != self._comparing:
            self._comparing = wanted
            self._show_lower()

    def _show_lower(self) -> None:
        for part in (self._lower, self._scrolled, self.compare):
            part.pack_forget()
        if not self._useful:
            return
        (self.compare if self._comparing else self._scrolled).pack(fill="both", expand=True)
        if self._narrow:
            height = (COMPARED_BELOW if self._comparing else DIGIT_BELOW)[self._low]
            self._lower.configure(height=round(height * self._factor))
            self._lower.pack(side="bottom", fill="x", pady=(self._px // 4, 0), before=self.choice)
        else:
            self._lower.pack(fill="both", expand=True)
