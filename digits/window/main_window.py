"""The main window: builds the widgets, and connects them to the session, the jobs and the files."""

import contextlib
import tkinter as tk
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from digits.errors import UserError, reason
from digits.reading.collection import Sample
from digits.reading.ink import Stroke
from digits.window import (
    WITHOUT_WINDOW,
    bars,
    canvas,
    command_table,
    commands,
    dialogs,
    files,
    hands,
    handwriting,
    panel,
    recognition,
    settings,
    sheet,
    summary,
    theme,
)
from digits.window.document import Document
from digits.window.engine import Engine
from digits.window.jobs import Jobs
from digits.window.palette import LIGHT, Palette
from digits.window.session import Message, Session
from digits.window.tools import Tool

SIZE, SMALLEST = (1180, 740), (1020, 640)  #: logical px
MARGIN = 6  #: logical px around a digit's box in which a click selects it


class MainWindow(tk.Tk):
    """The desktop window of the digit recogniser.

    Attributes:
        alive: whether it is open.
        reopen: whether it was closed only to be opened again at another size.
        session: the state that it shows.
    """

    def __init__(self, models: Path, session: Session, settings_path: Path, hand_folder: Path | None = None) -> None:
        """Open the window; the networks are loaded afterwards.

        Args:
            models: folder with ``<name>.onnx``.
            session: the state to show.
            settings_path: file that the settings are saved to when the window closes.
            hand_folder: folder of the first hand, and of those of the others; default: that of the session's.

        Raises:
            UserError: there is no display.
        """
        theme.make_aware_of_screen()
        try:
            super().__init__(className="Handwritten digits")
        except tk.TclError as error:
            why = f"there is no display to open a window on ({reason(error)})"
            raise UserError(f"{why}; {WITHOUT_WINDOW}") from error
        self.withdraw()
        self.alive = True
        self.reopen = False
        self.session = session
        self._settings_path = settings_path
        self._hands = hand_folder or session.collection.folder
        self._apply_settings()
        self._connect(models)
        self._build()
        self._apply_theme()
        self.recognition.load()
        self._drawing_changed(fit=True)
        self.handwriting.read_on()
        self.panel.show_comparison(session.comparing)
        self.deiconify()
        self.canvas.focus_set()

    # ---- building

    def _apply_settings(self) -> None:
        """Set up scaling, fonts and theme, which the widgets need when they are built."""
        self.factor = theme.scaling(self, self.session.settings.zoom)
        theme.apply_scaling(self, self.factor)
        theme.set_fonts(self)
        self._dark = theme.is_dark(self.session.settings.theme)
        self._style = theme.start(self._dark)
        self._icon = theme.icon(self)
        self.iconphoto(True, self._icon)
        self.palette: Palette = LIGHT

    def _connect(self, models: Path) -> None:
        """Create the parts behind the widgets, and the table of commands."""
        session, factor = self.session, self.factor
        self.status = bars.StatusBar(self, factor, self.cancel)
        self.jobs: Jobs[Engine] = Jobs(lambda: Engine(models), self, self.status.show_progress)
        reading = recognition.Handlers(self._report, self._show, lambda lost: self.panel.detail.show_evidence(lost))
        self.recognition = recognition.Recognition(session, self.jobs, reading)
        filing = files.Handlers(
            self._report, lambda: self._drawing_changed(fit=True), self._show, lambda: self.canvas.page_size
        )
        self.files = files.Files(self, factor, session, self.jobs, filing)
        actions = dialogs.HandActions(self.write_samples, self.import_digits, self.export_digits)
        keeping = handwriting.Handlers(self._report, self.status.show_handwriting, self._learned, actions)
        self.handwriting = handwriting.Handwriting(self, factor, session, self.jobs, keeping)
        self.commands = self._table()
        self._keys = commands.shortcuts(self.commands, commands.is_mac(self))

    def _table(self) -> list[commands.Command]:
        return command_table.table(self, self.files, self.session)

    def _build(self) -> None:
        """Build the widgets and bind the events."""
        session, factor = self.session, self.factor
        width, height = (round(side * factor) for side in SIZE)
        self.geometry(f"{min(width, self.winfo_screenwidth())}x{min(height, self.winfo_screenheight())}")
        self.minsize(*(round(side * factor) for side in SMALLEST))
        self.status.pack(side="bottom", fill="x")
        calls = panel.Handlers(self.copy, self.choose_network, self._select_row, self.toggle_evidence, self.correct)
        self.panel = panel.Panel(self, factor, session.names, self._keys, calls)
        self.panel.pack(side="right", fill="y")
        self.toolbar = bars.Toolbar(self, factor, self.commands, self.set_pen)
        self.toolbar.pack(side="top", fill="x")
        self.paper = tk.Frame(self, borderwidth=0)
        self.paper.pack(fill="both", expand=True, padx=(round(12 * factor), 0))
        gestures = canvas.Handlers(self._drawn, self._erased, self._clicked)
        self.canvas = canvas.DrawingCanvas(self.paper, gestures, factor, session.tool, session.pen)
        self.canvas.pack(fill="both", expand=True, padx=1, pady=1)
        self.menus = commands.build_menus(self, self._table)
        commands.bind(self, self.commands)
        self.bind("<Key>", self._typed)
        self.bind("<FocusIn>", lambda _: self.handwriting.refresh())
        self.protocol("WM_DELETE_WINDOW", self.close)
        if commands.is_mac(self):
            self.createcommand("tk::mac::Quit", self.close)

    @property
    def document(self) -> Document:
        """The drawing."""
        return self.session.document

    # ---- drawing

    def choose_tool(self, tool: Tool) -> None:
        """Choose a drawing tool."""
        self.session.tool = tool
        self._show_tool()

    def set_pen(self, diameter: int) -> None:
        """Set the pen's diameter in logical pixels; erasers are twice as wide."""
        self.session.set_pen(diameter)
        self._show_tool()

    def _show_tool(self) -> None:
        self.canvas.set_tool(self.session.tool, self.session.pen)
        self.toolbar.show(self.session.pen)

    def _drawn(self, stroke: Stroke) -> None:
        self.session.selected = None
        self.document.add(stroke)
        self._drawing_changed()

    def _erased(self, strokes: tuple[Stroke, ...]) -> None:
        self.document.set_strokes(strokes)
        self._drawing_changed()

    def _clicked(self, x: float, y: float) -> bool:
        hit = self.session.select_at(x, y, MARGIN * self.factor / self.canvas.view.scale)
        if hit:
            self._show()
        return hit

    def clear(self) -> None:
        """Deselect the selected digit; without one, clear the drawing."""
        if self._is_selected():
            self.session.selected = None
            self._show()
        else:
            self.document.clear()
            self._drawing_changed(fit=True)

    def undo(self) -> None:
        """Undo the last step."""
        self._travel(self.document.undo)

    def redo(self) -> None:
        """Redo the last undone step."""
        self._travel(self.document.redo)

    def _travel(self, step: Callable[[], None]) -> None:
        if self.canvas.drawing:
            return  # the stroke that is being drawn belongs to the drawing as it is
        before = self.document.state.labels
        step()
        self._drawing_changed(fit=True)
        self.handwriting.follow(before, self.document.state.labels)

    def _drawing_changed(self, fit: bool = False) -> None:
        """Show the drawing and have it read; with ``fit``, scale it so that all of it is visible."""
        state = self.document.state
        self.canvas.show(state.strokes, state.photograph, fit)
        self._report("")
        self.recognition.read()
        self._show()

    # ---- digits

    def select_next(self, step: int) -> None:
        """Select the next digit (1) or the previous one (-1)."""
        self.session.select_next(step)
        self._show()

    def _is_selected(self) -> bool:
        return self.session.selected_index is not None

    def _select_row(self, i: int) -> None:
        if i < len(self.session.keys):  # else the rows are of networks that no longer lead
            self.session.selected = self.session.keys[i]
            self._show()

    def _typed(self, event: "tk.Event[tk.Misc]") -> None:
        """A digit corrects the selected one; if none is selected, it chooses a network."""
        modified = isinstance(event.state, int) and event.state & 0x4  # with Ctrl
        if not (event.char and event.char in "0123456789") or modified:
            return
        digit, choices = int(event.char), self.session.choices
        if self._is_selected():
            self.correct(digit)
        elif 1 <= digit <= len(choices) and self.session.can_choose(choices[digit - 1]):
            self.choose_network(choices[digit - 1])

    def correct(self, digit: int) -> None:
        """Label the digit that is shown in detail."""
        i = self.session.shown_index
        if i is not None:
            self.session.selected = self.session.keys[i]
            self._label(digit)

    def confirm(self) -> None:
        """Label the selected digit as it was read."""
        self._label(None)

    def _label(self, digit: int | None) -> None:
        sample = self.session.sample(digit, self.canvas.page_size)
        if sample is None:
            self._report("The network sees no digit here; if there is one, type it")
            return
        kept = self.handwriting.keep(sample)
        self._show()
        if kept:
            self._report(f"Kept in My handwriting as {sample.label}")

    def delete_digit(self) -> None:
        """Delete the selected digit from the drawing."""
        i, reading = self.session.selected_index, self.session.reading
        if i is not None and reading is not None and self.session.up_to_date:
            self.document.delete(reading.digits[i].segment)
            self._drawing_changed()

    def copy(self) -> None:
        """Copy the number to the clipboard."""
        text = summary.text(self.session.number())
        if text:
            self.clipboard_clear()
            self.clipboard_append(text)
            first, *others = text.splitlines()
            self._report(f"Copied {first}{' …' if others else ''}")

    # ---- the hand

    def hands(self) -> list[str]:
        """The hands that can be chosen, the first one first."""
        return hands.names(self._hands)

    def choose_hand(self, name: str) -> None:
        """Go on with another hand."""
        self.session.settings = replace(self.session.settings, hand="" if name == hands.FIRST else name)
        self._report(f"Hand: {name}")
        self.handwriting.use(hands.folder_of(self._hands, self.session.settings.hand))

    def new_hand(self) -> None:
        """Ask for the name of a new hand and go on with it."""

        def answered(name: str) -> str:
            try:
                self.choose_hand(hands.create(self._hands, name))
            except UserError as error:
                return str(error)
            return ""

        if not dialogs.raise_existing(self, dialogs.NameDialog):
            dialogs.NameDialog(self, self.factor, answered)

    def write_samples(self) -> None:
        """Show a sheet on which each digit is written some times."""

        collection, name = self.session.collection, self.session.settings.hand or hands.FIRST

        def keep(samples: Sequence[Sample]) -> bool:
            kept = self.handwriting.add(samples, collection)
            if kept:
                self._report(f"Kept {summary.counted(len(samples), 'digit')}: {name}")
            return kept

        if not dialogs.raise_existing(self, sheet.SheetDialog):
            sheet.SheetDialog(self, self.factor, self.palette, name, keep)

    def import_digits(self) -> None:
        """Ask for a file of digits and add them to My handwriting."""
        self.files.import_collection(self.handwriting.read_on)

    def export_digits(self) -> None:
        """Ask where to and export My handwriting."""
        self.files.export_collection()

    def switch_learning(self) -> None:
        """Read with the hand that was learned, or without."""
        self.session.switch_learning()
        self._report("Read with your hand" if self.session.settings.learns else "Read as the networks are")
        self.handwriting.show()
        self.recognition.read()

    def _learned(self) -> None:
        """A network that reads the drawing has learned something else."""
        self.recognition.read()

    # ---- networks

    def choose_network(self, choice: str) -> None:
        """Read with a different network, or compare all."""
        self.session.choose(choice)
        self.panel.show_comparison(self.session.comparing)
        self._report("")
        self.handwriting.show()
        self.recognition.read()
        self._show()

    def cancel(self) -> None:
        """Cancel all long jobs."""
        self.jobs.cancel()
        self._report("Cancelled")

    # ---- showing

    def _report(self, text: str, alarm: bool = False) -> None:
        """Show a message in the status bar; an alarm reports that something failed."""
        self.session.message = Message(text, alarm)
        self.status.show(self.session.message)

    def _show(self) -> None:
        """Show the session as it is now."""
        session = self.session
        self.canvas.show_marks(session.marks(), session.selected_index)
        self.panel.number.show(session.number(), session.advice())
        self.panel.choice.show(session.chosen, session.can_choose, session.failures)
        self.panel.show_lower(bool(session.usable))
        if session.comparing and session.result is not None:
            names = tuple(session.result.readings)
            times = [summary.milliseconds(session.result.readings[name].seconds) for name in names]
            self.panel.compare.show(names, times, session.rows(), session.selected_index)
        elif session.comparing:
            self.panel.compare.show(session.usable, [""] * len(session.usable), (), None)
        self._show_detail()
        self.toolbar.show(session.pen)
        self.title(f"{'• ' if self.document.dirty else ''}Handwritten digits")

    def _show_detail(self) -> None:
        """Show one digit, and request the evidence if it is wanted."""
        digit, sample = self.session.shown() or (None, None)
        self.panel.detail.show(digit, sample, self._is_selected(), self.session.wants_evidence)
        self.recognition.explain()

    def toggle_evidence(self) -> None:
        """Show or hide the evidence for the digit that is shown in detail."""
        self.session.wants_evidence = not self.session.wants_evidence
        self._show_detail()

    def show_help(self) -> None:
        """Show the shortcuts."""
        if not dialogs.raise_existing(self, dialogs.HelpDialog):
            dialogs.HelpDialog(self, self.factor, self.commands)

    def show_handwriting(self) -> None:
        """Show the collected digits, those of another window too."""
        self.handwriting.refresh()
        self.handwriting.open(self.palette, self._keys)

    def choose_theme(self, name: str) -> None:
        """Choose "light", "dark" or "system"."""
        self.session.settings = replace(self.session.settings, theme=name)
        self._dark = theme.is_dark(name)
        self._apply_theme()

    def _apply_theme(self) -> None:
        self.palette = theme.use(self._style, self._dark)
        self.configure(background=self.palette.window)
        self.paper.configure(background=self.palette.edge)
        for part in (self.panel, self.status, self.canvas):
            part.set_palette(self.palette)

    def choose_zoom(self, zoom: int) -> None:
        """Change the size of everything on the screen: the window closes to be opened again."""
        self.session.settings = replace(self.session.settings, zoom=zoom)
        self.reopen = True
        self.destroy()

    # ---- closing

    def report_callback_exception(self, kind: type[BaseException], error: BaseException, trace: Any) -> None:
        """Print a bug's traceback; but what a dialog says that was open while the window closed is none."""
        if self.alive or kind is not tk.TclError:
            super().report_callback_exception(kind, error, trace)

    def close(self) -> None:
        """Close the window; asks first if there are unsaved strokes."""
        self.files.before_closing(self.destroy)

    def destroy(self) -> None:
        """Destroy the window, end the jobs and save the settings."""
        self.alive = False
        self.jobs.close()
        with contextlib.suppress(OSError):  # without a writable home, the next run starts with the defaults
            settings.save(self._settings_path, self.session.settings)
        theme.stop()
        super().destroy()
        # Tk's own timers, such as a button's that repeats, would find no window
        self.tk.eval("foreach timer [after info] {after cancel $timer}")
