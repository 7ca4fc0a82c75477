"""The tools above the paper and the line below it."""

import tkinter as tk
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import ttkbootstrap as ttk

from digits.window.canvas import ERASER, PEN, STROKE_ERASER
from digits.window.commands import Command, accelerator, is_mac
from digits.window.palette import LIGHT, Palette
from digits.window.settings import LARGEST_PEN, SMALLEST_PEN

TOOLS = (
    (PEN, "Pen", "pencil-fill", "Draw   P"),
    (ERASER, "Eraser", "eraser", "Rub ink out   E"),
    (STROKE_ERASER, "Strokes", "eraser-fill", "Erase whole strokes   Shift+E"),
)


@dataclass(frozen=True)
class ToolHandlers:
    """What the tools call: a tool is chosen, the pen's diameter is set."""

    choose: Callable[[str], None]
    resize: Callable[[int], None]


class Toolbar(ttk.Frame):
    """Pen, erasers, their size, and buttons for the most used commands."""

    def __init__(self, parent: tk.Misc, factor: float, handlers: ToolHandlers) -> None:
        """The tools; add the commands' buttons with :meth:`add`."""
        px = round(10 * factor)
        super().__init__(parent, padding=(px, px * 3 // 4))
        self._px = px
        self._resize = handlers.resize
        self.tool = tk.StringVar(self, PEN)
        self.tools: dict[str, ttk.Radiobutton] = {}
        for value, text, icon, tip in TOOLS:
            button = ttk.Radiobutton(
                self, text=text, value=value, variable=self.tool, icon=icon, bootstyle="primary-toolbutton",
                command=lambda value=value: handlers.choose(value), takefocus=False,
            )  # fmt: skip
            button.pack(side="left")
            ttk.ToolTip(button, text=tip)
            self.tools[value] = button
        self.diameter = tk.DoubleVar(self)
        self.scale = ttk.Scale(
            self, from_=SMALLEST_PEN, to=LARGEST_PEN, variable=self.diameter, length=round(84 * factor),
            command=lambda value: self._resize(round(float(value))), takefocus=False,
        )  # fmt: skip
        self.scale.pack(side="left", padx=(px * 2, px // 2))
        self.pixels = ttk.Label(self, width=5)
        self.pixels.pack(side="left", padx=(0, px))

    def add(self, command: Command, icon: str, side: str = "left") -> ttk.Button:
        """A button for a command; its name and shortcut appear when the mouse rests on it."""
        button = ttk.Button(self, icon=icon, icon_only=True, bootstyle="ghost", command=command.run, takefocus=False)
        button.pack(side="left" if side == "left" else "right")
        keys = f"   {accelerator(command.keys[0], is_mac(self))}" if command.keys else ""
        ttk.ToolTip(button, text=command.label.rstrip("…") + keys)
        return button

    def show(self, tool: str, pen: int) -> None:
        """Show the chosen tool and the pen's diameter."""
        self.tool.set(tool)
        self.diameter.set(pen)
        self.pixels.configure(text=f"{pen} px")


class StatusBar(ttk.Frame):
    """What was found, what happened, how far a long job is, and my handwriting."""

    def __init__(self, parent: tk.Misc, factor: float, cancel: Callable[[], None]) -> None:
        """An empty line; ``cancel`` is called to end a long job."""
        px = round(16 * factor)
        super().__init__(parent, padding=(px, px // 4))
        self._palette = LIGHT
        self._alarm = False
        self.message = ttk.Label(self, anchor="w")
        self.handwriting = ttk.Label(self, anchor="e")
        self.progress = ttk.Progressbar(self, mode="indeterminate", length=round(140 * factor))
        self.cancel = ttk.Button(self, text="Cancel", command=cancel, bootstyle="neutral", takefocus=False)
        self.configure(height=round(44 * factor))
        self.pack_propagate(False)  # the paper keeps its size when Cancel comes and goes
        self.handwriting.pack(side="right")
        self.message.pack(side="left", fill="x", expand=True)
        self._px = px

    @property
    def shows_progress(self) -> bool:
        """Whether the progress of a long job is shown."""
        return bool(self.progress.winfo_manager())

    def set_palette(self, palette: Palette) -> None:
        """Change all colours."""
        self._palette = palette
        self.handwriting.configure(foreground=palette.muted)
        self.say(str(self.message.cget("text")), self._alarm)

    def say(self, text: str, alarm: bool = False) -> None:
        """Show one line; an alarm says what went wrong."""
        self._alarm = alarm
        self.message.configure(text=text, foreground=self._palette.rejected if alarm else self._palette.muted)

    def show_handwriting(self, text: str) -> None:
        """Show how the networks do on the collected digits."""
        self.handwriting.configure(text=text)

    def show_progress(self, wanted: bool) -> None:
        """Show or hide the progress bar and its Cancel."""
        if wanted and not self.shows_progress:
            self.message.pack_forget()
            self.progress.pack(side="left")
            self.cancel.pack(side="left", padx=self._px // 2)
            self.message.pack(side="left", fill="x", expand=True)
            self.progress.start(15)
        elif not wanted and self.shows_progress:
            self.progress.stop()
            self.progress.pack_forget()
            self.cancel.pack_forget()


def enable(buttons: Sequence[tuple[ttk.Button, Command]]) -> None:
    """Grey the buttons whose command cannot be done now."""
    for button, command in buttons:
        button.configure(state="normal" if command.enabled() else "disabled")
