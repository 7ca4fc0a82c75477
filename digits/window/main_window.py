"""The main window: builds the widgets, and connects them to the session, the jobs and the files."""

import contextlib
import re
import time
import tkinter as tk
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from digits.command_line import complain
from digits.errors import UserError, reason
from digits.image_format import CLASSES
from digits.reading.cli import PROGRAM
from digits.reading.collection import Sample
from digits.reading.ink import Stroke
from digits.window import (
    WITHOUT_WINDOW,
    about,
    bars,
    canvas,
    clipboard,
    command_table,
    commands,
    dialogs,
    drop,
    files,
    hands,
    handwriting,
    modal,
    panel,
    picture,
    recognition,
    recovery,
    settings,
    sheet,
    summary,
    theme,
)
from digits.window.document import Document, State
from digits.window.engine import Engine
from digits.window.jobs import Jobs
from digits.window.palette import LIGHT, Palette
from digits.window.room import of_screen, within
from digits.window.session import Message, Session
from digits.window.tools import Tool

SIZE, SMALLEST = (1180, 740), (680, 440)  #: logical px
MENUS = 32  #: logical px of the screen that the menus take
NARROW = 900  #: logical px, width of a window below which the panel lies below the paper
LOW = 530  #: logical px, height of a narrow window below which the panel takes as little as possible
FRAME = 16  #: px between the edge of a window's frame and that of the window, at most
MARGIN = 6  #: logical px around a digit's box in which a click selects it
PLACE = re.compile(r"-?\d+")  #: the numbers in a geometry such as 800x600+10+-20
TICK = 250  #: ms after which what has changed is written: the settings, and a copy of the drawing
ON_DIGIT = ("Confirm digit", "Delete digit", "Deselect", "Show evidence")  #: commands of its context menu
ON_PAPER = ("Undo", "Redo", "Copy number", "Paste image", "Clear", "Fit to ink", "Labels and frames")
LOOK = 8  #: ticks after which the collection is looked at, which another window may have changed


class MainWindow(tk.Tk):
    """The desktop window of the digit recogniser.

    Attributes:
        alive: whether it is open.
        ended: whether it is closed by a signal, so that the drawing must be offered again.
        reopen: whether it was closed only to be opened again at another size.
        session: the state that it shows.
    """

    def __init__(
        self,
        models: Path,
        session: Session,
        settings_path: Path,
        hand_folder: Path | None = None,
        file: Path | None = None,
    ) -> None:
        """Open the window; the networks are loaded afterwards.

        Args:
            models: folder with ``<name>.onnx``.
            session: the state to show.
            settings_path: file that the settings are saved to when the window closes.
            hand_folder: folder of the first hand, and of those of the others; default: that of the session's.
            file: a drawing or an image to open, after what an ended window has left is offered.

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
        self.ended = False
        self.session = session
        self._ticks = 0
        self._said_zoom: Message | None = None  # the last message that said it
        self._warned = False  # that no copy of the drawing can be written
        self._arranged: tuple[bool, bool] | None = None  # whether the panel lies below the paper, and the window is low
        self._copied: tuple[State, bool, Path | None, bool] | None = None  # of what there is a copy
        self._file = file  # to open at first
        self._restored: recovery.Left | None = None  # of which there may be no other copy yet
        self._written = session.settings
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
        if session.settings.maximised:
            self._maximise()
        self.deiconify()
        self.canvas.focus_set()
        self.after(TICK, self._tick)
        self.after(TICK, self._offer_left)

    # ---- building

    def _apply_settings(self) -> None:
        """Set up scaling, fonts and theme, which the widgets need when they are built."""
        self._screens_factor = theme.scaling(self, 0)
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
            self._report, lambda: self._drawing_changed(fit=True), self._show, lambda: self.canvas.page_size,
            lambda: self.canvas.drawing or modal.is_busy(self),
        )  # fmt: skip
        self.recovery = session.recovery or recovery.Recovery(self._settings_path.parent / recovery.FOLDER)
        session.recovery = None
        self.files = files.Files(self, factor, session, self.jobs, filing)
        hand = self.write_samples, self.import_digits, self.export_digits
        actions = dialogs.HandActions(*(partial(self._unless_asked, action) for action in hand))
        keeping = handwriting.Handlers(self._report, self.status.show_handwriting, self._learned, actions)
        self.handwriting = handwriting.Handwriting(self, factor, session, self.jobs, keeping)
        self.commands = self._table()
        self._keys = commands.shortcuts(self.commands, commands.is_mac(self))

    def _table(self) -> list[commands.Command]:
        """All commands; each ends the stroke that is being drawn, and raises a dialog that must be answered first."""
        table = command_table.table(self, self.files, self.session)
        return [replace(command, run=partial(self._run, command.run)) for command in table]

    def _run(self, run: Callable[[], object]) -> None:
        self.canvas.finish()
        self._unless_asked(run)

    def _unless_asked(self, run: Callable[[], object]) -> None:
        if not modal.raise_open(self):
            run()

    def _build(self) -> None:
        """Build the widgets and bind the events."""
        session, factor = self.session, self.factor
        self.minsize(*self._within_screen(SMALLEST))
        self.geometry(self._first_place())
        self.status.pack(side="bottom", fill="x")
        calls = panel.Handlers(
            self.copy, self._copy_text, self.choose_network, self._select_row, self.toggle_evidence, self.correct
        )
        self.panel = panel.Panel(self, factor, session.names, self._keys, calls)
        self.toolbar = bars.Toolbar(self, factor, self.commands, self.set_pen)
        self.paper = tk.Frame(self, borderwidth=0)
        gestures = canvas.Handlers(
            self._drawn, self._erased, self._clicked, self.files.crop, self._show_menu, self._zoomed
        )
        self.canvas = canvas.DrawingCanvas(self.paper, gestures, factor, session.tool, session.pen)
        self.canvas.pack(fill="both", expand=True, padx=1, pady=1)
        self.canvas.want_marks(session.settings.labels)
        self.canvas.steady_pen(session.settings.steady)
        self.canvas.bind("<Key>", lambda _: self._hide_tips())
        drop.accept_files(self, lambda path: self._unless_asked(partial(self.files.open_path, path)))
        self.menus = commands.build_menus(self, self._table)
        commands.bind(self, self.commands, self.canvas.finish)
        self.bind("<Key>", commands.plain(self._typed))
        self.bind("<FocusIn>", lambda _: self.handwriting.refresh())
        width, height, *_ = map(int, PLACE.findall(self.geometry()))
        self._lay_out(width, height)
        self.bind("<Configure>", self._resized)
        self.protocol("WM_DELETE_WINDOW", self.close)
        modal.give_way(self)
        if commands.is_mac(self):
            self.createcommand("tk::mac::Quit", self.close)

    def _resized(self, event: "tk.Event[tk.Misc]") -> None:
        if event.widget is self:
            self._lay_out(event.width, event.height)

    def _hide_tips(self) -> None:
        for bar in (self.toolbar, self.status):
            bar.hide_tips()

    def _lay_out(self, width: int, height: int) -> None:
        """Put the panel beside the paper or, in a narrow window, below it."""
        narrow = width < NARROW * self.factor
        low = narrow and height < LOW * self.factor
        if (narrow, low) == self._arranged:
            return
        self._arranged = narrow, low
        for part in (self.panel, self.toolbar, self.paper):
            part.pack_forget()
        for bar in (self.toolbar, self.status):
            bar.set_low(low)
        self.panel.lay_out(narrow, low)
        if not narrow:
            self.panel.pack(side="right", fill="y")
        self.toolbar.pack(side="top", fill="x")
        if narrow:
            self.panel.pack(side="bottom", fill="x")
        room = round(12 * self.factor)
        self.paper.pack(fill="both", expand=True, padx=(room, room if narrow else 0))

    @property
    def _screen(self) -> tuple[int, int]:
        """(width, height) in pixels of the largest window that the screen has room for, without its menus."""
        width, height = of_screen(self)
        return width, height - round(MENUS * self.factor)

    def _within_screen(self, size: tuple[int, int]) -> tuple[int, int]:
        """A size in logical pixels as screen pixels, or as much of it as the screen has room for."""
        width, height = (min(round(side * self.factor), most) for side, most in zip(size, self._screen, strict=True))
        return width, height

    def _first_place(self) -> str:
        """Where the window was the last time, within the screen; or its usual size."""
        screen, least = self._screen, self._within_screen(SMALLEST)
        usual = (round(side * self.factor) for side in SIZE)
        place, size = self.session.settings.place[:2], self.session.settings.place[2:] or tuple(usual)
        width, height = (max(low, min(side, most)) for low, side, most in zip(least, size, screen, strict=True))
        self._reduced = (width, height), size
        if not place:
            return f"{width}x{height}"
        left, top = within(place[0], place[1], (width, height), screen)
        return f"{width}x{height}+{left}+{top}"

    @property
    def _on_x11(self) -> bool:
        return str(self.tk.call("tk", "windowingsystem")) == "x11"

    def _maximise(self) -> None:
        if self._on_x11:
            self.wm_attributes("-zoomed", True)
        else:
            self.wm_state("zoomed")

    def _is_maximised(self) -> bool:
        return self.wm_state() == "zoomed" or (self._on_x11 and bool(self.wm_attributes("-zoomed")))

    @property
    def document(self) -> Document:
        """The drawing."""
        return self.session.document

    # ---- drawing

    def choose_tool(self, tool: Tool) -> None:
        """Choose a drawing tool."""
        self.session.tool = tool
        self._show_tool()
        if tool.reach and self.session.has_photograph:
            self._report("Erasers remove what you draw; a digit of the photograph is clicked and deleted with Delete")

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
        """Select the digit at a place; on empty paper, deselect the selected one."""
        was_selected = self._is_selected()
        hit = self.session.select_at(x, y, MARGIN * self.factor / self.canvas.view.scale)
        if hit:
            self._show()
        elif was_selected:
            self.deselect()
        return hit or was_selected

    def _show_menu(self, x: float, y: float, screen_x: int, screen_y: int) -> None:
        """Show what can be done with the digit at a place, or with the drawing."""
        hit = self.session.select_at(x, y, MARGIN * self.factor / self.canvas.view.scale)
        self._show()
        shown = [command for command in self.commands if command.title in (ON_DIGIT if hit else ON_PAPER)]
        labels = [(f"This is a {digit}", partial(self.correct, digit)) for digit in range(CLASSES)] if hit else []
        commands.pop_up(self, shown, labels, (screen_x, screen_y))

    def _zoomed(self, percent: int, asked: bool) -> None:
        """Say how large the drawing is shown, if the user has asked for it or reads it now."""
        if asked or self.session.message is self._said_zoom:
            self._report(f"Zoom {percent}%")
            self._said_zoom = self.session.message

    def deselect(self) -> None:
        """Deselect the selected digit."""
        self.session.selected = None
        self._show()

    def clear(self) -> None:
        """Clear the drawing."""
        self.session.remember()
        self.document.clear()
        self.session.selected = None
        self._drawing_changed(fit=True)

    def undo(self) -> None:
        """Undo the last step."""
        self._travel(self.document.undo)

    def redo(self) -> None:
        """Redo the last undone step."""
        self._travel(self.document.redo)

    def _travel(self, step: Callable[[], None]) -> None:
        left, before = self.document.state, self.document.state.labels
        step()
        after = self.document.state.labels
        changed = [key for key in {**before, **after} if before.get(key) is not after.get(key)]
        if changed and self.document.state.strokes is left.strokes:
            self.session.selected = changed[-1]
        stay = {id(stroke) for stroke in left.strokes} & {id(stroke) for stroke in self.document.state.strokes}
        self._drawing_changed(fit=not stay and not self.canvas.moved)  # what stays does not move
        if self.document.state.strokes is left.strokes and self.document.state.photograph is left.photograph:
            self.handwriting.follow(before, after)

    def _drawing_changed(self, fit: bool = False) -> None:
        """Show the drawing and have it read; with ``fit``, scale it so that all of it is visible."""
        state = self.document.state
        self.recognition.read()  # first: it goes on while the drawing is shown
        self.canvas.show(state.strokes, state.photograph, fit)
        if not self.session.can_use(self.session.tool):
            self.choose_tool(self.session.tools[0])
        self._report("")
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

    def select_doubtful(self) -> None:
        """Select the next doubtful digit."""
        if not self._is_read():
            return
        self.session.select_doubtful()
        self._show()
        if not self.session.doubtful:
            self._report("No digit is doubtful")

    def _typed(self, event: "tk.Event[tk.Misc]") -> None:
        """A digit corrects the one that the panel shows, and the next one is selected."""
        if modal.is_asking(self):
            return
        modified = isinstance(event.state, int) and event.state & commands.CONTROL
        if event.char and event.char in "0123456789" and not modified:
            self.correct(int(event.char), move_on=True)

    def correct(self, digit: int, move_on: bool = False) -> None:
        """Label the digit that is shown in detail; with ``move_on``, select the next one."""
        self.canvas.finish()
        i = self.session.shown_index
        if i is not None and self._is_read():
            self.session.selected = self.session.keys[i]
            self._label(digit, move_on)

    def confirm(self) -> None:
        """Label the selected digit as it is shown, and select the next one."""
        self._label(None, move_on=True)

    def _is_read(self) -> bool:
        """Whether what is shown is of the drawing as it is; says so if not."""
        if not self.session.up_to_date and not self.document.state.empty:
            self._report("The drawing is still being read; try again once it is")
            return False
        return True

    def _label(self, digit: int | None, move_on: bool) -> None:
        if not self._is_read():
            return
        sample = self.session.sample(digit, self.canvas.page_size)
        if sample is None:
            self._report("The network sees no digit here; if there is one, type it")
            return
        kept = self.handwriting.keep(sample)
        if move_on:
            self.session.move_on()
        self._show()
        if kept:
            self._report(f"Kept in {self.session.collection_name} as {sample.label}")

    def delete_digit(self) -> None:
        """Delete the selected digit from the drawing, and select the next one or, after the last, the one before."""
        i, reading = self.session.selected_index, self.session.reading
        if i is not None and reading is not None and self.session.up_to_date:
            others = [*self.session.keys[i + 1 : i + 2], *self.session.keys[max(0, i - 1) : i]]
            self.document.delete(reading.digits[i].segment)
            self.session.selected = others[0] if others else None
            self._drawing_changed()

    def copy(self) -> None:
        """Copy the number to the clipboard."""
        if self._is_read():
            self._copy_text(summary.text(self.session.number()))

    def _copy_text(self, text: str) -> None:
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
        self._report(f"{self.session.collection_name} is used from now on")
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

        collection, name = self.session.collection, self.session.collection_name

        def keep(samples: Sequence[Sample]) -> bool:
            kept = self.handwriting.add(samples, collection)
            if kept:
                self._report(f"Kept {summary.counted(len(samples), 'digit')} in {name}")
            return kept

        if not dialogs.raise_existing(self, sheet.SheetDialog):
            sheet.SheetDialog(self, self.factor, self.palette, name, keep)

    def import_digits(self) -> None:
        """Ask for a file of digits and add them to the collection."""
        self.files.import_collection(self.handwriting.read_on)

    def export_digits(self) -> None:
        """Ask where to and export the collection."""
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
        session = self.session
        self.jobs.cancel()
        self.files.cancel()
        if session.usable and not session.up_to_date and not self.document.state.empty:
            session.result, session.unread = None, True  # what was read before is of another drawing
        self._report("Cancelled")
        self._show()

    # ---- showing

    def _report(self, text: str, alarm: bool = False) -> None:
        """Show a message in the status bar; an alarm reports that something failed."""
        self.session.message = Message(text, alarm)
        self.status.show(self.session.message)

    def _show(self) -> None:
        """Show the session as it is now."""
        session = self.session
        self.canvas.show_marks(session.marks(), session.selected_index, session.up_to_date)
        self.panel.number.show(session.number(), session.advice())
        self.panel.history.show(session.earlier_numbers)
        self.panel.choice.show(session.chosen, session.can_choose, session.failures)
        self.panel.show_lower(bool(session.usable))
        if session.comparing and session.result is not None:
            names = tuple(session.result.readings)
            times = [summary.milliseconds(session.result.readings[name].seconds) for name in names]
            self.panel.compare.show(names, times, session.rows(), session.selected_index, session.lead)
        elif session.comparing:
            self.panel.compare.show(session.usable, [""] * len(session.usable), (), None, session.lead)
        self._show_detail()
        self.toolbar.show(session.pen)
        name = f"{summary.shortened(self.document.name)} – " if self.document.name else ""
        self.title(f"{'• ' if self.document.dirty else ''}{name}Handwritten digits")

    def _show_detail(self) -> None:
        """Show one digit, and request the evidence if it is wanted."""
        session, (digit, sample) = self.session, self.session.shown() or (None, None)
        is_kept = sample is not None and session.collection.label(sample.key) == sample.label
        kept_in = session.collection_name if is_kept else ""
        self.panel.detail.show(digit, sample, self._is_selected(), session.wants_evidence, kept_in)
        self.recognition.explain()

    def toggle_evidence(self) -> None:
        """Show or hide the evidence for the digit that is shown in detail."""
        self.session.wants_evidence = not self.session.wants_evidence
        self._show_detail()

    def show_help(self) -> None:
        """Show the shortcuts."""
        if not dialogs.raise_existing(self, dialogs.HelpDialog):
            dialogs.HelpDialog(self, self.factor, self._table(), command_table.GESTURES)

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
        for written in self._sheets():
            written.set_palette(self.palette)
        self.handwriting.set_palette(self.palette)

    def choose_zoom(self, zoom: int) -> None:
        """Change the size of everything on the screen: the window closes to be opened again."""

        def reopen() -> None:
            if self.files.opening:  # it would be lost
                self._report("Opening … The size changes then.")
                self.after(TICK, reopen)
                return
            self._note_place()
            place = self.session.settings.place
            by = (zoom / 100 or self._screens_factor) / self.factor
            place = (*place[:2], *(round(side * by) for side in place[2:]))
            self.session.settings = replace(self.session.settings, zoom=zoom, place=place)
            self.reopen = True
            self.destroy()

        self._leave_sheet(lambda: self.files.once_written(reopen))

    def zoom_in(self) -> None:
        """Magnify the drawing."""
        self.canvas.zoom(1)

    def zoom_out(self) -> None:
        """Reduce the drawing."""
        self.canvas.zoom(-1)

    def reset_view(self) -> None:
        """Show the drawing as it is shown at first."""
        self.canvas.fit()

    def fit_to_ink(self) -> None:
        """Show all ink, as large as the paper allows."""
        self.canvas.fit_to_ink()

    def switch_steady(self) -> None:
        """Average out the pen's jitter, or not."""
        wanted = not self.session.settings.steady
        self.session.settings = replace(self.session.settings, steady=wanted)
        self.canvas.steady_pen(wanted)

    def copy_picture(self) -> None:
        """Copy a picture of the drawing to the clipboard."""
        try:
            clipboard.copy_picture(self, picture.render(self.document.state, self.canvas.page_size))
        except UserError as error:
            self._report(str(error), alarm=True)
        else:
            self._report("Copied the picture")

    def show_about(self) -> None:
        """Show name and version."""
        if not dialogs.raise_existing(self, about.AboutDialog):
            about.AboutDialog(self, self.factor)

    def switch_labels(self) -> None:
        """Show or hide the labels and frames of the digits on the canvas."""
        wanted = not self.session.settings.labels
        self.session.settings = replace(self.session.settings, labels=wanted)
        self.canvas.want_marks(wanted)

    # ---- what must not be lost

    def _tick(self) -> None:
        """Regularly write what has changed, and look at what another window may have changed."""
        self.after(TICK, self._tick)  # first: whatever fails once does not end it
        self._ticks += 1
        self._note_place()
        self._write_settings()
        self._copy(again=self._ticks % LOOK == 0)
        if self._ticks % LOOK == 0 and not self.canvas.drawing:
            self.handwriting.refresh()

    def _note_place(self) -> None:
        """Note whether the window is maximised, or else where it is; of one that is not seen, nothing."""
        if self.wm_state() not in ("normal", "zoomed") or not self.winfo_viewable():
            return
        maximised = self._is_maximised()
        if maximised != self.session.settings.maximised:
            self.session.settings = replace(self.session.settings, maximised=maximised)
        if maximised or self.wm_attributes("-fullscreen"):
            return
        width, height, left, top = map(int, PLACE.findall(self.geometry()))
        if not 0 <= self.winfo_rootx() - left <= FRAME:  # a window manager has put it elsewhere, and Tk has not noticed
            left, top = self.winfo_rootx(), self.winfo_rooty() - self._menus_height()
        shown, wanted = self._reduced
        place = (left, top, *(wanted if (width, height) == shown else (width, height)))
        if place != self.session.settings.place:
            self.session.settings = replace(self.session.settings, place=place)

    def _menus_height(self) -> int:
        """The height in pixels of the menu bar, if it stands in the window; Tk's name of it is no widget's here."""
        names = str(self.tk.eval("winfo children .")).split()
        return max((int(self.tk.call("winfo", "height", name)) for name in names if name.startswith(".#")), default=0)

    def _write_settings(self) -> None:
        """Write what has changed; without a writable home, it is tried again, and the next run starts without it."""
        if self._written != self.session.settings:
            with contextlib.suppress(OSError, ValueError):
                settings.save_changes(self._settings_path, self._written, self.session.settings)
                self._written = self.session.settings

    def _copy(self, again: bool = False) -> None:
        """Have a copy of an unsaved drawing written, or removed once it is saved.

        With ``again``, one that could not be written is tried again.
        """
        if self.recovery.busy and not (self.ended or self.reopen):
            return
        if (failure := self.recovery.failure) and not self._warned:
            self._warned = True
            self._report(f"An unsaved drawing could not be restored after a crash: {failure}", alarm=True)
        now = self.document.state, self.document.dirty, self.document.path, self.session.up_to_date
        if now == self._copied and not (failure and again):  # states are compared by identity
            if self._restored is not None and not failure:  # what it was restored from is no longer needed
                self._restored.discard()
                self._restored = None
            return
        self._copied = now
        if self.document.dirty:
            self.recovery.write(self.session.drawing(self.canvas.page_size), self.files.origin)
        else:
            self.recovery.remove()

    def _offer_left(self, others: Iterator[recovery.Left] | None = None) -> None:
        """Offer a drawing that an ended window has left, of ``others`` if some were offered before.

        The file to open at first is opened after that.
        """
        others = self.recovery.left() if others is None else others
        if self.canvas.drawing or modal.is_busy(self):
            self.after(TICK, self._offer_left, others)
            return
        left = next(others, None)
        if left is None:
            self._open_first()
            return
        when = time.strftime("%d %B %Y at %H:%M", time.localtime(left.when))

        def damaged(_: UserError) -> None:
            self._report(f"The drawing of {when} is damaged; it is kept as {left.set_aside()}", alarm=True)
            self._offer_left(others)

        def answered(answer: str) -> None:
            if answer == dialogs.RESTORE:
                self.files.restore(left.path, left.origin, restored, damaged)
            elif answer == dialogs.DISCARD:
                left.discard()
                self._offer_left(others)
            else:
                left.release()
                self._open_first()

        def restored() -> None:
            self._restored = left  # until there is another copy
            self._open_first()

        file = left.origin.file or left.origin.photograph
        name = summary.shortened(file.name) if file else ""
        dialogs.RestoreDialog(self, self.factor, when, answered, name)

    def _open_first(self) -> None:
        """Open the file that the window was started with; a restored drawing is asked about before."""
        if self._file is not None:
            self.files.open_path(self._file)
            self._file = None

    # ---- closing

    def report_callback_exception(self, kind: type[BaseException], error: BaseException, trace: Any) -> None:
        """Print a bug's traceback; but what a dialog says that was open while the window closed is none."""
        if self.alive or kind is not tk.TclError:
            super().report_callback_exception(kind, error, trace)

    def close(self) -> None:
        """Close the window; asks first if the drawing is unsaved, or digits on the sheet are not kept."""
        self._run(lambda: self._leave_sheet(lambda: self.files.before_closing(self.destroy)))

    def _leave_sheet(self, proceed: Callable[[], None]) -> None:
        """Proceed once what is written on the sheet for samples is kept or discarded."""
        written = self._sheets()
        if written:
            written[0].leave(proceed)
        else:
            proceed()

    def _sheets(self) -> list[sheet.SheetDialog]:
        return [child for child in self.winfo_children() if isinstance(child, sheet.SheetDialog)]

    def destroy(self) -> None:
        """Destroy the window, end the jobs and save the settings."""
        self.alive = False
        if self.ended:
            for written in self._sheets():
                written.finish()
        if self.ended or self.reopen:
            self.canvas.finish()
            self._copied = None
            self._copy()
        if not self.reopen:
            self._note_place()
        self._write_settings()
        keep = (self.ended or self.reopen) and self.document.dirty
        if self.reopen:
            self.recovery.wait()
            self.session.recovery = self.recovery  # the next window goes on with it
        else:
            self.recovery.close(keep)
        if self._restored is not None and not (keep and self.recovery.failure):
            self._restored.discard()
        for error in self.jobs.close():
            complain(PROGRAM, error)
        theme.stop()
        theme.apply_scaling(self, self._screens_factor)  # which the next window asks for
        super().destroy()
        # Tk's own timers, such as a button's that repeats, would find no window
        self.tk.eval("foreach timer [after info] {after cancel $timer}")
