"""The toolbar above the paper and the status bar below it."""

import tkinter as tk
from bisect import bisect
from collections.abc import Callable, Sequence
from tkinter import font

import ttkbootstrap as ttk

from digits.window.commands import Button, Command, is_mac, tooltip, wheel_step
from digits.window.palette import LIGHT, Palette
from digits.window.session import Message
from digits.window.settings import LARGEST_PEN, SMALLEST_PEN

MARGIN = 6  #: px, around a text
SHARE = 2 / 3  #: of the status bar that the message has, if it needs it, before it is shortened


class Toolbar(ttk.Frame):
    """The tools, the pen's size, and buttons for the most used commands."""

    def __init__(
        self, parent: tk.Misc, factor: float, commands: Sequence[Command], resize: Callable[[int], None]
    ) -> None:
        """Build a button for every command that has one.

        Args:
            parent: the widget around it.
            factor: screen pixels per logical pixel.
            commands: all commands.
            resize: called with the pen's new diameter in logical pixels.
        """
        self._px = px = round(10 * factor)
        super().__init__(parent, padding=(px, px * 3 // 4))
        self._commands = [command for command in commands if command.button is not None]
        self._chosen = tk.StringVar(self)
        self._tips: list[ttk.ToolTip] = []
        self._diameter = tk.DoubleVar(self)
        self._pen = 0  # that is shown
        self.buttons: dict[str, ttk.Button | ttk.Radiobutton] = {}  #: by the command's label
        self._enabled: dict[str, bool] = {}  # the same, whether it can be pressed
        for command in self._commands:
            if command.button is not None and command.chosen is not None:
                self._add_choice(command, command.button)
        self._add_pen_size(factor, resize)
        plain = [(command, command.button) for command in self._commands if command.button and not command.chosen]
        plain.sort(key=lambda pair: abs(pair[1].place))
        for command, button in plain:
            self._add_button(command, button)
        self._after = self.buttons[plain[0][0].label]  # the first after the pen's size
        self._width = 0
        self.bind("<Configure>", lambda event: self._fit(event.width))

    def _add_choice(self, command: Command, button: Button) -> None:
        made = ttk.Radiobutton(
            self, text=button.text, value=command.label, variable=self._chosen, icon=button.icon,
            bootstyle="primary-toolbutton", command=command.run, takefocus=False,
        )  # fmt: skip
        made.pack(side="left")
        self._offer(command, made)

    def _add_button(self, command: Command, button: Button) -> None:
        made = ttk.Button(
            self, icon=button.icon, icon_only=True, bootstyle="ghost", command=command.run, takefocus=False
        )
        made.pack(side="left" if button.place > 0 else "right")
        self._offer(command, made)

    def _offer(self, command: Command, button: ttk.Button | ttk.Radiobutton) -> None:
        self._tips.append(ttk.ToolTip(button, text=tooltip(command, is_mac(self))))
        self.buttons[command.label] = button

    def _add_pen_size(self, factor: float, resize: Callable[[int], None]) -> None:
        def dragged(value: str) -> None:
            self._diameter.set(round(float(value)))
            resize(round(float(value)))

        self.scale = ttk.Scale(
            self, from_=SMALLEST_PEN, to=LARGEST_PEN, variable=self._diameter, length=round(84 * factor),
            command=dragged, takefocus=False,
        )  # fmt: skip
        self.scale.bind("<ButtonPress-1>", self._jump)
        for turn in ("<MouseWheel>", "<Button-4>", "<Button-5>"):
            self.scale.bind(turn, lambda event: resize(self._pen + wheel_step(event)))
        self.pixels = ttk.Label(self, width=5)

    def _jump(self, event: "tk.Event[tk.Misc]") -> str:
        """Move the knob to the pointer, which drags it from there: what Tk does for the other buttons."""
        self.tk.call("ttk::scale::Jump", str(self.scale), event.x, self.scale.winfo_height() // 2)  # the groove is thin
        return "break"

    def set_low(self, low: bool) -> None:
        """Take little height, or as much as is pleasant."""
        self.configure(padding=(self._px, self._px * 3 // (8 if low else 4)))

    def _fit(self, width: int) -> None:
        """Leave out what there is no room for: first the tools' names, then the pen's size in pixels and its slider."""
        if width == self._width:
            return
        self._width = width
        for names, pixels, slider in ((True, True, True), (False, True, True), (False, False, True), (False,) * 3):
            for command in self._commands:
                if command.button is not None and command.chosen is not None:
                    self.buttons[command.label].configure(text=command.button.text if names else "")
            needed = 2 * self._px + sum(button.winfo_reqwidth() for button in self.buttons.values())
            needed += (self.scale.winfo_reqwidth() + self._px * 2 + self._px // 2) if slider else 0
            needed += (self.pixels.winfo_reqwidth() + self._px) if pixels else 0
            if needed <= width:
                break
        self.scale.pack_forget()
        self.pixels.pack_forget()
        if slider:
            self.scale.pack(side="left", padx=(self._px * 2, self._px // 2), before=self._after)
        if pixels:
            self.pixels.pack(side="left", padx=(0, self._px), before=self._after)

    def hide_tips(self) -> None:
        """Hide what the pointer has shown, until it comes again."""
        for tip in self._tips:
            tip.leave()

    def show(self, pen: int) -> None:
        """Show the chosen tool, the pen's diameter in logical pixels, and which commands are possible now."""
        if pen != self._pen:
            self._pen = pen
            self._diameter.set(pen)
            self.pixels.configure(text=f"{pen} px")
        for command in self._commands:
            enabled = command.enabled()
            if self._enabled.get(command.label) is not enabled:  # else Tk would draw all buttons again
                self._enabled[command.label] = enabled
                self.buttons[command.label].configure(state="normal" if enabled else "disabled")
            if command.chosen is not None and command.chosen():
                self._chosen.set(command.label)


def shortened(text: str, measure: Callable[[str], int], width: int) -> str:
    """A text that is no wider than ``width``, if need be without its middle; whole before the width is known."""
    if width <= 1 or measure(text) <= width:
        return text

    def with_(n: int) -> str:
        return f"{text[: (n + 1) // 2].rstrip()}…{text[len(text) - n // 2 :].lstrip()}"

    return with_(max(0, bisect(range(len(text)), width, key=lambda n: measure(with_(n))) - 1))


class StatusBar(ttk.Frame):
    """The message, the progress of a long job, and how well each network performs on My handwriting."""

    def __init__(self, parent: tk.Misc, factor: float, cancel: Callable[[], None]) -> None:
        """Build an empty status bar; ``cancel`` is called by the button beside the progress."""
        self._px = px = round(16 * factor)
        super().__init__(parent, padding=(px, px // 4))
        self._palette = LIGHT
        self._shown = Message()
        self._learned = ""  # what is said of the handwriting
        self.shows_progress = False
        self.message = ttk.Label(self, anchor="w")
        self.handwriting = ttk.Label(self, anchor="e")
        self.progress = ttk.Progressbar(self, mode="indeterminate", length=round(140 * factor))
        self.cancel = ttk.Button(self, text="Cancel", command=cancel, bootstyle="neutral", takefocus=False)
        self.bind("<Configure>", lambda event: self._fit(event.width))
        self._width = 0  # screen pixels
        self._tips: dict[ttk.Label, ttk.ToolTip] = {}  # with all of a text, while there is no room for it
        self._factor = factor
        self.set_low(False)
        self.pack_propagate(False)  # the paper keeps its size when the Cancel button comes and goes
        self.handwriting.pack(side="right")
        self.message.pack(side="left", fill="x", expand=True)

    def set_low(self, low: bool) -> None:
        """Take little height, or as much as is pleasant."""
        self.configure(
            height=round((36 if low else 44) * self._factor), padding=(self._px, 0 if low else self._px // 4)
        )

    def set_palette(self, palette: Palette) -> None:
        """Change all colours."""
        self._palette = palette
        self.handwriting.configure(foreground=palette.muted)
        self.show(self._shown)

    def hide_tips(self) -> None:
        """Hide what the pointer has shown, until it comes again."""
        for tip in self._tips.values():
            tip.leave()

    def show(self, message: Message) -> None:
        """Show a message; an alarm with a sign and in a different colour."""
        self._shown = message
        self.message.configure(foreground=self._palette.rejected if message.alarm else self._palette.muted)
        if message.alarm:
            self.handwriting.pack_forget()  # what failed has all the room
        else:
            self.handwriting.pack(side="right")
        self._write()

    def _fit(self, width: int) -> None:
        if width != self._width:
            self._width = width
            self._write()

    def _write(self) -> None:
        """Show as much of the message and of what is said of the handwriting as there is room for."""
        shown, measure = self._shown, font.nametofont("TkDefaultFont", self).measure
        text = f"⚠  {shown.text}" if shown.alarm else shown.text
        room = self._width - 2 * self._px - MARGIN - (self._progress_width() if self.shows_progress else 0)
        beside = 0 if shown.alarm or not self._learned else measure(self._learned) + MARGIN + self._px
        message = max(room - beside, min(measure(text) + MARGIN, round(room * SHARE)))
        self._fill(self.message, text, shown.text, message)
        if not shown.alarm:
            self._fill(self.handwriting, self._learned, self._learned, room - message - self._px)

    def _progress_width(self) -> int:
        return self.progress.winfo_reqwidth() + self.cancel.winfo_reqwidth() + 2 * (self._px // 2)

    def _fill(self, label: ttk.Label, text: str, whole: str, width: int) -> None:
        """Show a text in so many pixels; if that is not all, the pointer shows the ``whole``."""
        measure = font.nametofont("TkDefaultFont", self).measure
        fitting = shortened(text, measure, width - MARGIN) if width - MARGIN > measure("…") else ""
        if self._width <= 1:  # it is not known yet
            fitting = text
        label.configure(text=fitting)
        if label in self._tips:
            self._tips.pop(label).destroy()
        if fitting != text:
            self._tips[label] = ttk.ToolTip(label, text=whole)

    def show_handwriting(self, text: str) -> None:
        """Show how well each network performs on the collected digits."""
        self._learned = text
        self._write()

    def show_progress(self, wanted: bool) -> None:
        """Show or hide the progress bar and its Cancel button."""
        if wanted == self.shows_progress:
            return
        self.shows_progress = wanted
        self._write()
        if wanted:
            self.message.pack_forget()
            self.progress.pack(side="left")
            self.cancel.pack(side="left", padx=self._px // 2)
            self.message.pack(side="left", fill="x", expand=True)
            self.progress.start(15)
        else:
            self.progress.stop()
            self.progress.pack_forget()
            self.cancel.pack_forget()
