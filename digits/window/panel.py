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
from digits.window.summary import CORRECTED, REJECTED, StyledDigit

WIDTH = 372  #: logical px, without the padding
SIZES = (40, 30, 22, 16, 12)  #: points; the number is shown in the largest in which it fits


@dataclass(frozen=True)
class Handlers:
    """What the panel calls.

    Attributes:
        copy: the number is to be copied.
        choose: given the chosen network, or "Compare".
        select: given the place of the row that was clicked in the comparison.
        toggle_evidence: the evidence is to be shown, or hidden.
        correct: given the right digit.
    """

    copy: Callable[[], None]
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
            self, height=1, width=1, font="Number", wrap="none", borderwidth=0, highlightthickness=0, padx=0, pady=0,
            state="disabled", cursor="arrow", takefocus=False,
        )  # fmt: skip
        self.text.pack(side="left", fill="both", expand=True)
        self.button = ttk.Button(self, text="Copy", icon="copy", bootstyle="ghost", command=copy, takefocus=False)
        self.button.pack(side="right", anchor="n", padx=(px, 0), pady=(px // 2, 0))
        self.pack_propagate(False)
        self.configure(height=round(84 * factor))
        self.text.bind("<Configure>", lambda _: self._write())

    def set_palette(self, palette: Palette) -> None:
        """Change all colours."""
        self._palette = palette
        self.text.configure(background=palette.window, foreground=palette.text, selectbackground=palette.soft)
        self.text.configure(highlightthickness=0, borderwidth=0, padx=0, pady=0)  # the theme has changed these
        self.text.tag_configure(REJECTED, foreground=palette.rejected, underline=True)
        self.text.tag_configure(CORRECTED, foreground=palette.corrected)
        self.text.tag_configure("advice", foreground=palette.muted, font="Title")

    def show(self, lines: Sequence[Sequence[StyledDigit]], advice: str) -> None:
        """Show the number, or ``advice`` where there is none."""
        self._lines, self._advice = lines, advice
        self.button.configure(state="normal" if lines else "disabled")
        self._write()

    def _write(self) -> None:
        self._font.configure(size=self._fitting_size())
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

    def _fitting_size(self) -> int:
        widest = max(
            ("".join(" 0" if digit.spaced else "0" for digit in line) for line in self._lines), key=len, default=""
        )
        for size in SIZES:
            self._font.configure(size=size)
            height = self._font.metrics("linespace") * len(self._lines)
            if self._font.measure(widest) <= self.text.winfo_width() and height <= self.text.winfo_height():
                return size
        return SIZES[-1]


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
        self.number = Number(self, factor, handlers.copy)
        self.choice = NetworkChoice(self, factor, names, handlers.choose)
        self._lower = ttk.Frame(self, width=round(WIDTH * factor), height=round(300 * factor))
        self._lower.pack_propagate(False)
        self.detail = Detail(self._lower, factor, keys, handlers.toggle_evidence, handlers.correct)
        self.compare = CompareTable(self._lower, factor, handlers.select)
        self.number.pack(fill="x")
        ttk.Separator(self).pack(fill="x", pady=px * 3 // 4)
        self.choice.pack(fill="x", pady=(0, px))
        self._lower.pack(fill="both", expand=True)
        self.show_comparison(False)

    def set_palette(self, palette: Palette) -> None:
        """Change all colours."""
        for part in (self.number, self.choice, self.detail, self.compare):
            part.set_palette(palette)

    def show_lower(self, wanted: bool) -> None:
        """Show or hide everything below the choice, which is of no use without any network."""
        if wanted:
            self._lower.pack(fill="both", expand=True)
        else:
            self._lower.pack_forget()

    def show_comparison(self, wanted: bool) -> None:
        """Show the comparison, or else one digit in detail."""
        shown, other = (self.compare, self.detail) if wanted else (self.detail, self.compare)
        other.pack_forget()
        shown.pack(fill="both", expand=True)
