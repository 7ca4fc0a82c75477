"""The dialog that says what the program is, and which version."""

import tkinter as tk

import ttkbootstrap as ttk

from digits.window import theme
from digits.window.about_text import about
from digits.window.dialogs import Dialog


class AboutDialog(Dialog):
    """Name, version, what it is and the licence, beside the icon."""

    def __init__(self, parent: tk.Tk | tk.Toplevel, factor: float) -> None:
        """Show :func:`digits.window.about_text.about`."""
        super().__init__(parent, "About", factor)
        title, _, text = about().partition("\n\n")
        self._icon = theme.icon(self)
        ttk.Label(self.body, image=self._icon).pack(side="left", anchor="n", padx=(0, self.px(20)))
        ttk.Label(self.body, text=title, font="Title").pack(anchor="w")
        said = ttk.Label(self.body, text=text, wraplength=self.px(420), justify="left")
        said.pack(anchor="w", pady=(self.px(8), 0))
        self.present(self.button("Close", self.close, "primary"))
