"""The panel beside the paper: the number, the choice of the network, and one digit or the comparison."""

import tkinter as tk
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from tkinter import font

import ttkbootstrap as ttk

from digits.window.compare import CompareTable
from digits.window.detail import Detail
from digits.window.palette import LIGHT, Palette
from digits.window.session import COMPARE
from digits.window.summary import CORRECTED, DOUBTFUL, REJECTED, StyledDigit

WIDTH = 372  #: logical px, without the padding
SIZES = (40, 34, 28, 22, 18, 15, 12)  #: points; the number is shown in the largest in which it fits
NARROW = 170  #: logical px, height of the comparison below the paper
LISTED, LONGEST = 5, 36  #: earlier numbers that are shown, and digits of each
LEAST, MOST = 84, 190  #: logical px, height of the number; what does not fit is scrolled to


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
        self.configure(height=round(LEAST * factor))
        self.text.bind("<Configure>", lambda _: self._write())

    def set_palette(self, palette: Palette) -> None:
        """Change all colours."""
        self._palette = palette
        self.text.configure(background=palette.window, foreground=palette.text, selectbackground=palette.soft)
        self.text.configure(highlightthickness=0, borderwidth=0, padx=0, pady=0)  # the theme has changed these
        for style in (REJECTED, DOUBTFUL):
            self.text.tag_configure(style, foreground=palette.rejected, underline=True)
        self.text.tag_configure(CORRECTED, foreground=palette.corrected)
        self.text.tag_configure("advice", foreground=palette.muted, font="Title")

    def show(self, lines: Sequence[Sequence[StyledDigit]], advice: str) -> None:
        """Show the number, or ``advice`` where there is none."""
        self._lines, self._advice = lines, advice
        self.button.configure(state="normal" if lines else "disabled")
        self._write()

    def _write(self) -> None:
        size, rows = self._fitting()
        self._font.configure(size=size)
        least, most = (round(side * self._factor) for side in (LEAST, MOST))
        needed = self._font.metrics("linespace") * rows
        self.configure(height=min(max(least, needed), most))
        if needed > most:
            self.bar.pack(side="right", fill="y", before=self.text)
        else:
            self.bar.pack_forget()
        self.text.configure(state="normal")
        self.text.delete("1.0", "end")
        if not self._lines:
            self.text.insert("end", self._advice, "advice")
        for i, line in enumerate(self._lines):
            self.text.insert("end", "\n" if i else "")
            for digit in line:
                self.text.insert("end", " " if digit.spaced else "")
                self.text.insert("end", digit.text, digit.style)
        self.text.configure(state="disabled")

    def _fitting(self) -> tuple[int, int]:
        """The largest size in which the number fits, and its rows; the smallest, with broken lines, if it does not."""
        lines = ["".join(f" {digit.text}" if digit.spaced else digit.text for digit in line) for line in self._lines]
        width, most = max(1, self.text.winfo_width()), round(MOST * self._factor)
        rows = len(lines)
        for size in SIZES:
            self._font.configure(size=size)
            if max(map(self._font.measure, lines), default=0) <= width:
                limit = most if size < SIZES[0] else round(LEAST * self._factor)
                if self._font.metrics("linespace") * rows <= limit:
                    return size, rows
        return SIZES[-1], sum(max(1, -(-self._font.measure(line) // width)) for line in lines)


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
        self._rows: list[ttk.Label] = []
        self._px = round(4 * factor)

    def set_palette(self, palette: Palette) -> None:
        """Change all colours."""
        self._palette = palette
        self.title.configure(foreground=palette.muted)

    def show(self, numbers: Sequence[str]) -> None:
        """Show the numbers, as many as there is room for."""
        for row in self._rows:
            row.destroy()
        self._rows = []
        if not numbers:
            self.title.pack_forget()
            return
        self.title.pack(anchor="w", pady=(0, self._px))
        for text in numbers[:LISTED]:
            first, *others = text.splitlines()
            shown = first if len(first) <= LONGEST else f"{first[:LONGEST]}…"
            row = ttk.Label(self, text=f"{shown} …" if others else shown, cursor="hand2")
            row.bind("<Button-1>", lambda _, text=text: self._copy(text))  # type: ignore[misc]
            row.pack(anchor="w", pady=self._px // 2)
            self._rows.append(row)


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
        self.detail = Detail(self._lower, factor, keys, handlers.toggle_evidence, handlers.correct)
        self.compare = CompareTable(self._lower, factor, handlers.select)
        self.history = History(self._lower, factor, handlers.copy_text)
        self._rule = ttk.Separator(self)
        self._px = px
        self._narrow = self._comparing = False
        self._useful = True
        self.lay_out(False)

    def set_palette(self, palette: Palette) -> None:
        """Change all colours."""
        for part in (self.number, self.choice, self.detail, self.compare, self.history):
            part.set_palette(palette)

    def lay_out(self, narrow: bool) -> None:
        """Stand beside the paper or, in a narrow window, lie below it, without one digit in detail."""
        self._narrow = narrow
        px = self._px
        for part in (self.number, self._rule, self.choice):
            part.pack_forget()
        if narrow:
            self.configure(padding=(px, px // 2, px, 0))
            self.choice.pack(side="bottom", fill="x")
            self.number.pack(fill="x")
        else:
            self.configure(padding=(px, px))
            self.number.pack(fill="x")
            self._rule.pack(fill="x", pady=px * 3 // 4)
            self.choice.pack(fill="x", pady=(0, px))
        self._show_lower()

    def show_lower(self, wanted: bool) -> None:
        """Show or hide everything below the choice, which is of no use without any network."""
        self._useful = wanted
        self._show_lower()

    def show_comparison(self, wanted: bool) -> None:
        """Show the comparison, or else one digit in detail."""
        self._comparing = wanted
        self._show_lower()

    def _show_lower(self) -> None:
        shown, other = (self.compare, self.detail) if self._comparing else (self.detail, self.compare)
        other.pack_forget()
        self.history.pack_forget()
        shown.pack(fill="both", expand=self._comparing)
        if not self._comparing:
            self.history.pack(fill="x", pady=(self._px, 0))
        if self._useful and (self._comparing or not self._narrow):
            self._lower.configure(height=round((NARROW if self._narrow else 300) * self._factor))
            self._lower.pack(fill="both", expand=True)
        else:
            self._lower.pack_forget()
