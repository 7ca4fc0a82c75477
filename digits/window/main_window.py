"""The window: brings the parts together. Drawing and showing here, all else on the worker's thread."""

import contextlib
import tkinter as tk
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import ttkbootstrap as ttk

from digits.errors import UserError, reason
from digits.files import replacing
from digits.reading.ink import Stroke, Strokes, save_strokes
from digits.window import bars, clipboard, command_table, commands, dialogs, picture, settings, summary, theme
from digits.window.app import INSTEAD
from digits.window.canvas import DrawingCanvas, Handlers
from digits.window.commands import Command
from digits.window.document import Document, Photograph, Sample
from digits.window.engine import Engine, Result
from digits.window.palette import Palette
from digits.window.panel import COMPARE, Panel
from digits.window.session import Session
from digits.window.worker import Answer, Worker

PUMP = 8  #: ms between two looks at the worker while it is at something
PATIENCE = 0.3  #: s after which a job's progress is shown
LONG = ("open", "read", "save")  #: kinds of jobs that may take long
SIZE, SMALLEST = (1180, 740), (1020, 640)  #: logical px


class MainWindow(tk.Tk):
    """The desktop window of the digit recogniser."""

    def __init__(self, models: Path, session: Session, settings_path: Path) -> None:
        """Open the window on a session; the networks are loaded once it stands.

        Args:
            models: the folder with ``<name>.onnx``.
            session: what is shown.
            settings_path: the file of what is remembered between runs.

        Raises:
            UserError: there is no display.
        """
        theme.make_aware_of_screen()
        try:
            super().__init__(className="Handwritten digits")
        except tk.TclError as error:
            raise UserError(f"there is no display to open a window on ({reason(error)}); {INSTEAD}") from error
        self.withdraw()
        self.alive = True  #: until the window is closed
        self.again = False  #: whether it was closed only to be opened anew in another size
        self.session = session
        self._settings_path = settings_path
        self.settings = settings.load(settings_path)
        if self.settings.network in session.names:
            session.lead = self.settings.network
        self.reader: Worker[Engine] = Worker(lambda: Engine(models))
        self.helper: Worker[Engine] = Worker(lambda: Engine(models))  # slow work, so that no stroke waits for it
        self._pumping: str | None = None
        self._handwriting: dialogs.HandwritingDialog | None = None
        self._dress()
        self._build()
        self._apply_theme()
        self.protocol("WM_DELETE_WINDOW", self.close)
        if commands.is_mac(self):
            self.createcommand("tk::mac::Quit", self.close)
        self._load_networks()
        self._changed(fit=True)
        self.panel.show_comparison(session.comparing)
        self.deiconify()
        self.canvas.focus_set()

    # ---- building

    def _dress(self) -> None:
        self.factor = theme.scaling(self, self.settings.zoom)
        theme.apply_scaling(self, self.factor)
        theme.set_fonts(self)
        self._dark = theme.is_dark(self.settings.theme)
        self._style = theme.start(self._dark)
        self._icon = theme.icon(self)
        self.iconphoto(True, self._icon)

    def _build(self) -> None:
        self.commands = command_table.table(self)
        width, height = (round(side * self.factor) for side in SIZE)
        self.geometry(f"{min(width, self.winfo_screenwidth())}x{min(height, self.winfo_screenheight())}")
        self.minsize(*(round(side * self.factor) for side in SMALLEST))
        self.status = bars.StatusBar(self, self.factor, self.cancel)
        self.status.pack(side="bottom", fill="x")
        self.panel = Panel(
            self, self.factor, self.session.names, self.copy, self.choose_network, self._select_row,
            self._show_detail, self.correct,
        )  # fmt: skip
        self.panel.pack(side="right", fill="y")
        tools = bars.ToolHandlers(self.choose_tool, self.set_pen)
        self.toolbar = bars.Toolbar(self, self.factor, tools)
        self.toolbar.pack(side="top", fill="x")
        self.buttons = self._add_buttons()
        handlers = Handlers(self._drawn, self._erased, self._clicked)
        self.paper = tk.Frame(self, borderwidth=0)
        self.paper.pack(fill="both", expand=True, padx=(round(12 * self.factor), 0))
        self.canvas = DrawingCanvas(self.paper, handlers, self.factor)
        self.canvas.pack(fill="both", expand=True, padx=1, pady=1)
        self.canvas.pen = self.settings.pen
        self.toolbar.show(self.canvas.tool, self.canvas.pen)
        self.menus = commands.build_menus(self, self.commands)
        commands.bind(self, self.commands)
        self.bind("<Key>", self._typed)

    def _add_buttons(self) -> list[tuple[ttk.Button, Command]]:
        by_label = {command.label: command for command in self.commands}
        left = (("Undo", "arrow-counterclockwise"), ("Redo", "arrow-clockwise"), ("Clear", "trash3"))
        right = (("Save", "floppy"), ("Paste image", "clipboard-plus"), ("Open…", "folder2-open"))
        made = [(self.toolbar.add(by_label[label], icon), by_label[label]) for label, icon in left]
        made += [(self.toolbar.add(by_label[label], icon, "right"), by_label[label]) for label, icon in right]
        return made

    @property
    def document(self) -> Document:
        """The drawing that is open."""
        return self.session.document

    @property
    def chosen(self) -> str:
        """The network that is chosen, or "Compare"."""
        return COMPARE if self.session.comparing else self.session.lead

    def can_choose(self, name: str) -> bool:
        """Whether a network, or "Compare", can be chosen."""
        return bool(self.session.usable) if name == COMPARE else name in self.session.usable

    # ---- drawing

    def choose_tool(self, tool: str) -> None:
        """Take the pen or an eraser."""
        self.canvas.tool = tool
        self.canvas.delete("eraser")
        self.toolbar.show(tool, self.canvas.pen)

    def set_pen(self, diameter: int) -> None:
        """Set the pen's diameter, in logical pixels; an eraser is twice as wide."""
        self.canvas.pen = min(max(diameter, settings.SMALLEST_PEN), settings.LARGEST_PEN)
        self.toolbar.show(self.canvas.tool, self.canvas.pen)
        self._remember(pen=self.canvas.pen)

    def _drawn(self, stroke: Stroke) -> None:
        self.session.selected = None
        self.document.add(stroke)
        self._changed()

    def _erased(self, strokes: tuple[Stroke, ...]) -> None:
        self.document.set_strokes(strokes)
        self._changed()

    def _clicked(self, x: float, y: float) -> bool:
        hit = self.session.select_at(x, y, 6 * self.factor / self.canvas.view.scale)
        if hit:
            self._show()
        return hit

    def clear(self) -> None:
        """Let go of the selected digit; without one take everything off the paper."""
        if self._is_selected():
            self.session.selected = None
            self._show()
        else:
            self.document.clear()
            self._changed(fit=True)

    def undo(self) -> None:
        """Take the last step back."""
        self._travel(self.document.undo)

    def redo(self) -> None:
        """Do again what was undone."""
        self._travel(self.document.redo)

    def _travel(self, step: Callable[[], None]) -> None:
        if self.canvas.drawing:
            return  # the pen is down: the stroke belongs to the drawing as it is
        before = self.document.state.labels
        step()
        after = self.document.state.labels
        try:
            for key in before.keys() - after.keys():
                self.session.collection.remove(key)
            for key, sample in after.items():
                if before.get(key) is not sample:
                    self.session.collection.keep(sample)
        except UserError as error:
            self.status.say(f"⚠  {error}", alarm=True)
        if before is not after:
            self._count_misses()
        self._changed(fit=True)

    # ---- digits

    def select_next(self, step: int) -> None:
        """Select the next digit (1) or the previous one (-1)."""
        self.session.select_next(step)
        self._show()

    def _is_selected(self) -> bool:
        return self.session.selected_index is not None

    def _select_row(self, i: int) -> None:
        self.session.selected = self.session.keys[i]
        self._show()

    def _typed(self, event: "tk.Event[tk.Misc]") -> None:
        """A digit corrects the selected one; without one it chooses a network."""
        modified = isinstance(event.state, int) and event.state & 0x4  # Control
        if not (event.char and event.char in "0123456789") or modified:
            return
        digit, choices = int(event.char), (*self.session.names, COMPARE)
        if self._is_selected():
            self.correct(digit)
        elif 1 <= digit <= len(choices) and self.can_choose(choices[digit - 1]):
            self.choose_network(choices[digit - 1])

    def correct(self, digit: int) -> None:
        """Say what the digit is that is shown in detail."""
        i = self.session.shown_index
        if i is not None:
            self.session.selected = self.session.keys[i]
            self._keep(self.session.sample(digit, self.canvas.page_size))

    def confirm(self) -> None:
        """Keep the selected digit as it was read."""
        sample = self.session.sample(None, self.canvas.page_size)
        if sample is None:
            self.status.say("The network takes this for no digit: if it is one, type which")
        self._keep(sample)

    def _keep(self, sample: Sample | None) -> None:
        if sample is None:
            return
        try:
            self.session.collection.keep(sample)
        except UserError as error:
            self.status.say(f"⚠  {error}", alarm=True)
            return
        self.document.label(sample)
        self._count_misses()
        self._show()
        self.status.say(f"Kept as a {sample.label} in My handwriting")

    def delete_digit(self) -> None:
        """Take the selected digit off the drawing."""
        i, reading = self.session.selected_index, self.session.reading
        if i is not None and reading is not None and self.session.up_to_date:
            self.document.delete(reading.digits[i].segment)
            self._changed()

    # ---- networks

    def choose_network(self, name: str) -> None:
        """Read with another network, or compare all."""
        self.session.comparing = name == COMPARE
        if name != COMPARE:
            self.session.lead = name
            self._remember(network=name)
        self.panel.show_comparison(self.session.comparing)
        self.status.say("")
        self._read()
        self._show()

    def _load_networks(self) -> None:
        for name in self.session.names:
            self._submit(f"load {name}", lambda engine, name=name: engine.classifier(name) and None, 1)  # type: ignore[misc]
        self._count_misses()

    def _count_misses(self) -> None:
        self.session.misses.clear()
        for name in self.session.usable:
            self._count_misses_of(name)
        self._show_handwriting()

    def _count_misses_of(self, name: str) -> None:
        entries = self.session.collection.entries
        if entries:
            self._submit(f"misses {name}", lambda engine: engine.misses(name, entries), -1)

    # ---- reading

    def _changed(self, fit: bool = False) -> None:
        """Show the drawing as it is now and have it read."""
        state = self.document.state
        self.canvas.show(state.strokes, state.photograph, fit)
        self.status.say("")
        if state.empty:
            self.reader.drop("read")
            self.session.result = None
        else:
            self._read()
        self._show()

    def _read(self) -> None:
        state, asked = self.document.state, self.session.asked
        if not state.empty and self.session.usable:
            self._submit("read", lambda engine: engine.read(state, asked), 2)

    def _submit(self, kind: str, work: Callable[[Engine], object], urgency: int = 0) -> None:
        worker = self.reader if kind.partition(" ")[0] in ("load", "read") else self.helper
        worker.submit(kind, work, urgency)
        if self._pumping is None:
            self._pumping = self.after(PUMP, self._pump)

    def _pump(self) -> None:
        """Take what the worker has finished."""
        self._pumping = None
        workers = (self.reader, self.helper)
        try:
            for worker in workers:
                for answer in worker.answers():
                    self._take(answer)
        finally:
            self.status.show_progress(any(worker.waiting(*LONG) > PATIENCE for worker in workers))
            if any(worker.waiting() for worker in workers):
                self._pumping = self.after(PUMP, self._pump)

    def _take(self, answer: Answer) -> None:
        kind, _, name = answer.kind.partition(" ")
        if kind == "load":
            self.session.loading.discard(name)
            if answer.error is not None:
                self._failed(name, answer.error)
        elif kind == "misses":
            self._take_misses(name, answer)
        elif answer.error is not None:
            self.status.say(f"⚠  {answer.error}", alarm=True)
        elif kind == "read":
            self._take_result(answer.value)
        elif kind == "open":
            self._take_opened(*answer.value)
        elif kind == "save":
            self.status.say(f"Saved {answer.value}")
        elif kind == "decided":
            self.panel.detail.show_overlay(answer.value)

    def _failed(self, name: str, error: UserError) -> None:
        self.session.fail(name, str(error))
        self.session.misses.pop(name, None)
        self._read()
        self._show()

    def _take_misses(self, name: str, answer: Answer) -> None:
        if answer.error is not None:
            return  # its file cannot be used, which the panel says
        if answer.value is None:
            self._count_misses_of(name)
        else:
            self.session.misses[name] = answer.value
            self._show_handwriting()

    def _take_result(self, result: Result) -> None:
        self.session.take(result)
        if not self.status.message.cget("text"):
            self.status.say(summary.found(result, self.session.names))
        self._show()

    # ---- showing

    def _show(self) -> None:
        """Show what is known now."""
        session = self.session
        self.canvas.show_marks(session.marks(), session.selected_index)
        self.panel.number.show(session.number(), session.advice())
        self.panel.choice.show(self.chosen, session.failures)
        self.panel.show_lower(bool(session.usable))
        if session.comparing and session.result is not None:
            names = tuple(session.result.readings)
            times = [summary.milliseconds(session.result.readings[name].seconds) for name in names]
            self.panel.compare.show(names, times, session.rows(), session.selected_index)
        elif session.comparing:
            self.panel.compare.show(session.usable, [""] * len(session.usable), (), None)
        self._show_detail()
        bars.enable(self.buttons)
        self.title(f"{'• ' if self.document.dirty else ''}Handwritten digits")

    def _show_detail(self) -> None:
        shown = self.session.shown()
        digit, sample = shown or (None, None)
        self.panel.detail.show(digit, sample, self._is_selected())
        self.helper.drop("decided")
        if digit is not None and self.panel.detail.wants_overlay.get() and not self.session.comparing:
            name, crop, best = self.session.lead, digit.crop, int(digit.probabilities.argmax())
            self._submit("decided", lambda engine: engine.occlusion(name, crop, best))

    def toggle_what_decided(self) -> None:
        """Show or hide what decided."""
        wanted = self.panel.detail.wants_overlay
        wanted.set(not wanted.get())
        self._show_detail()

    def _show_handwriting(self) -> None:
        misses = {name: self.session.misses[name] for name in self.session.names if name in self.session.misses}
        self.status.show_handwriting(summary.handwriting(len(self.session.collection), misses))
        if self._handwriting is not None and self._handwriting.winfo_exists():
            self._handwriting.show(misses)

    def choose_theme(self, name: str) -> None:
        """Light, dark, or as the system."""
        self._remember(theme=name)
        self._dark = theme.is_dark(name)
        self._apply_theme()

    def _apply_theme(self) -> None:
        self.palette: Palette = theme.use(self._style, self._dark)
        self.configure(background=self.palette.window)
        self.paper.configure(background=self.palette.edge)
        for part in (self.panel, self.status, self.canvas):
            part.set_palette(self.palette)

    def choose_zoom(self, zoom: int) -> None:
        """Make everything on the screen larger or smaller: the window opens anew with the same drawing."""
        self._remember(zoom=zoom)
        self.again = True
        self.destroy()

    def _remember(self, **changes: str | int) -> None:
        self.settings = replace(self.settings, **changes)  # type: ignore[arg-type]

    # ---- files

    def open(self) -> None:
        """Open a drawing or an image that is asked for."""
        path = dialogs.ask_open(self)
        if path is not None:
            self.open_path(path)

    def open_path(self, path: Path) -> None:
        """Open a drawing or an image."""
        self.status.say(f"Opening {path.name} …")
        self._submit("open", lambda engine: (path, engine.open(path)), 3)

    def paste(self) -> None:
        """Read the image on the clipboard."""
        try:
            image = clipboard.image(self)
        except UserError as error:
            self.status.say(str(error), alarm=True)
            return
        self._submit("open", lambda engine: (None, engine.take(image)), 3)

    def _take_opened(self, path: Path | None, opened: Photograph | Strokes) -> None:
        if isinstance(opened, Photograph):
            self.document.open_photograph(opened)
        else:
            self.document.open_strokes(opened, path)
        self.session.selected = None
        self.session.result = None
        self._changed(fit=True)

    def save(self) -> bool:
        """Save the strokes where they were saved before, or where a dialog says; whether they are saved."""
        if self.document.path is None:
            return self.save_as()
        return self._save_strokes(self.document.path)

    def save_as(self) -> bool:
        """Ask for a place and save the strokes, or the drawing as PNG, by the name's suffix; whether strokes are."""
        types = (("Strokes", "*.json"), ("PNG picture", "*.png"))
        name = "drawing.json"
        if not self.document.state.strokes:  # a photograph alone
            types, name = types[::-1], "photograph.png"
        path = dialogs.ask_save(self, "Save the drawing", name, types)
        if path is None:
            return False
        if path.suffix.lower() == ".png":
            self._save_picture(path, annotated=False)
            return False
        return self._save_strokes(path)

    def save_annotated(self) -> None:
        """Ask for a place and save the drawing as PNG with boxes and digits."""
        path = dialogs.ask_save(self, "Save annotated PNG", "digits.png", (("PNG picture", "*.png"),))
        if path is not None:
            self._save_picture(path, annotated=True)

    def _save_strokes(self, path: Path) -> bool:
        try:
            save_strokes(path, Strokes(self.document.state.strokes, self.canvas.page_size))
        except OSError as error:
            self.status.say(f"⚠  {path} cannot be written: {reason(error)}", alarm=True)
            return False
        self.document.mark_saved(path)
        self._show()
        self.status.say(f"Saved {path}")
        return True

    def _save_picture(self, path: Path, annotated: bool) -> None:
        state, size = self.document.state, self.canvas.page_size
        marks = self.session.marks() if annotated else []

        def work(_: Engine) -> Path:
            try:
                with replacing(path) as temporary:
                    picture.render(state, size, marks).save(temporary, format="PNG")
            except OSError as error:
                raise UserError(f"{path} cannot be written: {reason(error)}") from error
            return path

        self._submit("save", work, 1)

    def copy(self) -> None:
        """Put the number on the clipboard."""
        text = summary.text(self.session.number())
        if text:
            self.clipboard_clear()
            self.clipboard_append(text)
            self.status.say(f"Copied {text.splitlines()[0]}{' …' if chr(10) in text else ''}")

    def cancel(self) -> None:
        """Give up the long job; what it would have answered is dropped."""
        for worker in (self.reader, self.helper):
            worker.cancel(*LONG)
        self.status.show_progress(False)
        self.status.say("Cancelled")

    # ---- dialogs

    def _standing(self, kind: type[dialogs.Dialog]) -> bool:
        """Whether such a dialog stands already; it is then brought to the front."""
        found = [child for child in self.winfo_children() if isinstance(child, kind)]
        for dialog in found:
            dialog.lift()
        return bool(found)

    def help(self) -> None:
        """Show the shortcuts."""
        if not self._standing(dialogs.HelpDialog):
            dialogs.HelpDialog(self, self.factor, self.commands)

    def handwriting(self) -> None:
        """Show the collected digits."""
        if self._standing(dialogs.HandwritingDialog):
            return
        self._handwriting = dialogs.HandwritingDialog(
            self, self.factor, self.palette, self.session.collection, self._remove_collected, self.export
        )
        self._show_handwriting()

    def _remove_collected(self, key: str) -> None:
        try:
            self.session.collection.remove(key)
        except UserError as error:
            self.status.say(f"⚠  {error}", alarm=True)
        self._count_misses()

    def export(self) -> None:
        """Copy the collected digits to a folder or a zip file that is asked for."""
        types = (("Zip file", "*.zip"), ("New folder", "*"))
        path = dialogs.ask_save(self, "Export my handwriting", "my handwriting.zip", types)
        if path is None:
            return
        try:
            self.session.collection.export(path)
        except UserError as error:
            self.status.say(f"⚠  {error}", alarm=True)
        else:
            self.status.say(f"Exported {summary.counted(len(self.session.collection), 'digit')} to {path}")

    # ---- the end

    def close(self) -> None:
        """Close the window; asks first if there are strokes that no file holds."""
        if not self.document.dirty:
            self.destroy()
        elif not self._standing(dialogs.UnsavedDialog):
            dialogs.UnsavedDialog(self, self.factor, self._answered)

    def _answered(self, answer: str) -> None:
        if answer == dialogs.DISCARD or (answer == dialogs.SAVE and self.save()):
            self.destroy()

    def destroy(self) -> None:
        """Take the window away and let the workers end."""
        self.alive = False
        if self._pumping is not None:
            self.after_cancel(self._pumping)
        self.reader.close()
        self.helper.close()
        with contextlib.suppress(OSError):  # a read-only home: the next run starts with the defaults
            settings.save(self._settings_path, self.settings)
        theme.stop()
        super().destroy()
