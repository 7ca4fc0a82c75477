"""The dialogs: unsaved strokes, help, My handwriting, and which file to open or save."""

import tkinter as tk
import webbrowser
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from os.path import isfile
from pathlib import Path
from tkinter import filedialog
from typing import Any

import numpy as np
import ttkbootstrap as ttk
from PIL import Image, ImageTk

from digits.reading.collection import Collection, Entry
from digits.reading.hand import Hand
from digits.window import modal
from digits.window.commands import Command, accelerator, is_mac, plain, shortcuts
from digits.window.palette import Palette
from digits.window.room import TITLE, Scrolled, of_screen, within
from digits.window.summary import counted, gained, shortened

AGAIN = 50  #: ms after which a dialog takes over again: the desktop may give the focus to the window below it
SAVE, DISCARD, CANCEL, RESTORE, REPLACE = "save", "discard", "cancel", "restore", "replace"
CHOSEN = "chosen_kind_of_file"  #: Tk's variable
COLUMNS = 12  #: pictures per row in My handwriting
REST = 310  #: logical px, height of My handwriting without its pictures
#: Shortcuts stand as ``{title of the command}``.
ABOUT = (
    "Click a digit, or press {Next digit}, to see it as the network does. Type the right digit to correct the one that "
    "the panel shows, or press {Confirm digit} to confirm the selected one; the next one is selected then. "
    "{Next doubtful digit} goes to the next one that may be wrong."
)
DOUBTFUL = "{} marked with ? may be wrong: the digit looks more like others here. Such labels count for little."
KEEPING = "Digits that you correct, or confirm with {Confirm digit}, are kept here."
IMAGES = ("*.png", "*.jpg", "*.jpeg", "*.tif", "*.tiff", "*.bmp", "*.webp", "*.gif")


class Dialog(ttk.Toplevel):
    """A window above its parent. Escape closes it, and the focus returns to the parent.

    It is no larger than the screen: what has no room is scrolled to, and the buttons are always seen.
    """

    def __init__(self, parent: tk.Tk | tk.Toplevel, title: str, factor: float) -> None:
        """Create a dialog, empty and hidden; fill ``body`` and ``buttons``, then call :meth:`present`."""
        super().__init__(master=parent, title=title)
        self.withdraw()
        self._parent = parent
        self.transient(parent)
        self._factor = factor
        self.buttons = ttk.Frame(self, padding=(self.px(20), self.px(8), self.px(20), self.px(20)))
        self.buttons.pack(fill="x", side="bottom")  # before the body, which gets the room that is left
        self._buttons: list[tuple[ttk.Button, str]] = []  # each with its side
        self._size = (0, 0)
        self._scrolled = Scrolled(self, (self.px(20), self.px(20), self.px(20), self.px(12)))
        self._scrolled.pack(fill="both", expand=True)
        self.body = self._scrolled.inside
        self.buttons.lift()  # the keyboard's focus comes to them last
        for key, step in (("<Prior>", -1), ("<Next>", 1)):
            self.bind(key, lambda _, step=step: self._scrolled.scroll(step * self.px(200)))
        self.bind("<Escape>", plain(lambda _: self.close()))
        self.protocol("WM_DELETE_WINDOW", self.close)
        modal.give_way(self)

    def px(self, logical: float) -> int:
        """Logical pixels to screen pixels."""
        return round(logical * self._factor)

    def button(
        self, text: str, command: Callable[[], object], style: str = "neutral", side: str = "right"
    ) -> ttk.Button:
        """Add a button; those on the right from right to left."""
        made = ttk.Button(self.buttons, text=text, command=command, bootstyle=style)
        made.bind("<Return>", lambda _: made.invoke())
        made.pack(side="right" if side == "right" else "left", padx=(self.px(8), 0) if side == "right" else 0)
        self._buttons.append((made, side))
        return made

    def present(self, focus: tk.Misc) -> None:
        """Show the dialog centred over its parent, with the keyboard focus on ``focus``."""
        self.first = focus
        self._scrolled.take_wheel()
        screen = of_screen(self)
        self._wrap_buttons(screen[0])
        self.update_idletasks()
        self._scrolled.ask_for_room()
        self.update_idletasks()
        width, height = min(self.winfo_reqwidth(), screen[0]), min(self.winfo_reqheight(), screen[1])
        x = self._parent.winfo_rootx() + (self._parent.winfo_width() - width) // 2
        y = self._parent.winfo_rooty() + (self._parent.winfo_height() - height) // 2 - TITLE // 2
        self.maxsize(*screen)
        left, top = within(x, y, (width, height), screen)
        self.geometry(f"+{left}+{top}")
        self._size = width, height
        self.bind("<Configure>", self._stay)
        self.deiconify()
        self.lift()
        focus.focus_set()

    def _wrap_buttons(self, width: int) -> None:
        """Put the buttons into several rows if one is wider than the screen, the first ones into the lowest."""
        free, room, gap = width - 2 * self.px(20), 0, self.px(8)
        if sum(made.winfo_reqwidth() + gap for made, _ in self._buttons) <= free:
            return
        row: ttk.Frame | None = None
        for made, side in self._buttons:
            needed = made.winfo_reqwidth() + gap
            if row is None or needed > room:
                row, room = ttk.Frame(self.buttons), free
                row.pack(side="bottom", fill="x", pady=(gap, 0))
            room -= needed
            made.pack(in_=row, side="right" if side == "right" else "left", padx=(gap, 0))
            made.lift()

    def _stay(self, event: "tk.Event[tk.Misc]") -> None:
        """Stay on the screen when what is inside needs more room than before."""
        size, here = (event.width, event.height), (self.winfo_rootx(), self.winfo_rooty() - TITLE)
        if event.widget is self and size != self._size:
            self._size = size
            there = within(*here, size, of_screen(self))
            if there[0] < here[0] or there[1] < here[1]:
                move = f"+{there[0]}+{there[1]}"
                self.after_idle(lambda: self.winfo_exists() and self.geometry(move))  # Tk is not yet done with the size

    def close(self) -> None:
        """Close the dialog."""
        self.destroy()
        if not modal.raise_open(self._parent):
            (getattr(self._parent, "canvas", None) or self._parent).focus_set()


class QuestionDialog(Dialog):
    """Asks about what would be lost; nothing else can be done meanwhile."""

    def __init__(
        self,
        parent: tk.Tk | tk.Toplevel,
        factor: float,
        question: str,
        text: str,
        answered: Callable[[str], None],
        title: str = "Unsaved drawing",
    ) -> None:
        """Ask; ``answered`` is called with the answer that a button gives, or with "cancel"."""
        super().__init__(parent, title, factor)
        self._answered = answered
        wide = min(self.px(420), of_screen(self)[0] - self.px(48))
        ttk.Label(self.body, text=question, font="Title", wraplength=wide, justify="left").pack(anchor="w")
        said = ttk.Label(self.body, text=text, wraplength=wide, justify="left")
        said.pack(anchor="w", pady=(self.px(8), 0))
        self.bind("<Visibility>", lambda _: self._take_over())  # Tk refuses a grab before the dialog is visible
        self.bind("<ButtonPress>", self._beside)
        modal.begin(self, self)

    def answer(self, text: str, answer: str, style: str = "neutral", side: str = "right") -> ttk.Button:
        """Add a button that gives an answer."""
        return self.button(text, lambda: self._answer(answer), style, side)

    def close(self) -> None:
        """Answer "cancel": Escape, or the title bar's button."""
        self._answer(CANCEL)

    def _take_over(self) -> None:
        """Take all events of the program, at once or when the desktop, or a button that is held down, lets go."""
        if not self.winfo_exists():
            return
        try:
            self.grab_set()
        except tk.TclError:
            self.nametowidget(".").after(AGAIN, self._take_over)  # this dialog may be gone by then
        else:
            self.nametowidget(".").after(AGAIN, modal.raise_open, self.nametowidget("."))

    def destroy(self) -> None:
        """Destroy the dialog, answered or with the window below it."""
        modal.end(self, self)
        super().destroy()

    def _answer(self, answer: str) -> None:
        super().close()
        self._answered(answer)

    def _beside(self, event: "tk.Event[tk.Misc]") -> None:
        """Keep the focus after a click on another window, which Tk reports here."""
        if event.widget is self:
            modal.raise_open(self)


class UnsavedDialog(QuestionDialog):
    """Asks whether to save before the drawing is closed or replaced."""

    def __init__(
        self,
        parent: tk.Tk | tk.Toplevel,
        factor: float,
        answered: Callable[[str], None],
        before: str = "closing",
        asks: bool = True,
    ) -> None:
        """Ask.

        Args:
            parent: the window below.
            factor: screen pixels per logical pixel.
            answered: called with "save", "discard" or "cancel".
            before: before what it is asked.
            asks: whether Save asks where to.
        """
        text = "What you have drawn and corrected since it was last saved will be lost otherwise."
        super().__init__(parent, factor, f"Save the drawing before {before}?", text, answered)
        self.save = self.answer("Save…" if asks else "Save", SAVE, "primary")
        self.cancel = self.answer("Cancel", CANCEL)
        self.discard = self.answer("Don't save", DISCARD, side="left")
        self.present(self.save)


class RestoreDialog(QuestionDialog):
    """Offers a drawing that was in no file when its window ended."""

    def __init__(
        self, parent: tk.Tk, factor: float, when: str, answered: Callable[[str], None], name: str = ""
    ) -> None:
        """Offer it, of the file with a name if there is one.

        ``answered`` is called with "restore", "discard", or "cancel" to be asked again later.
        """
        what = f"what had changed in {name}" if name else "the drawing"
        text = f"The window ended on {when}, before {what} was saved."
        super().__init__(parent, factor, "Restore the drawing that was not saved?", text, answered)
        self.restore = self.answer("Restore", RESTORE, "primary")
        self.later = self.answer("Not now", CANCEL)
        self.discard = self.answer("Discard it", DISCARD, side="left")
        self.present(self.restore)


class ReplaceDialog(QuestionDialog):
    """Asks whether to replace a file."""

    def __init__(
        self, parent: tk.Tk | tk.Toplevel, factor: float, name: str, why: str, answered: Callable[[str], None]
    ) -> None:
        """Ask; ``answered`` is called with "replace" or "cancel"."""
        super().__init__(parent, factor, f"Replace {shortened(name)}?", why, answered, "Save")
        self.replace = self.answer("Replace", REPLACE)
        self.cancel = self.answer("Cancel", CANCEL, "primary")
        self.present(self.cancel)


class HelpDialog(Dialog):
    """How to use the window, all shortcuts, and what the pointer does."""

    def __init__(
        self,
        parent: tk.Tk | tk.Toplevel,
        factor: float,
        commands: Sequence[Command],
        gestures: Sequence[tuple[str, str]],
    ) -> None:
        """Show the help for commands, and for gestures such as ("Ctrl+wheel", "Zoom")."""
        super().__init__(parent, "Help", factor)
        ttk.Label(self.body, text="Draw a number; it is read as you draw.", font="Title").grid(
            row=0, column=0, columnspan=2, sticky="w"
        )
        mac = is_mac(self)
        wide = of_screen(self)[0] - self.px(60)
        text = ABOUT.format_map(shortcuts(commands, mac))
        about = ttk.Label(self.body, text=text, wraplength=min(self.px(600), wide), justify="left")
        about.grid(row=1, column=0, columnspan=2, sticky="w", pady=(self.px(8), self.px(16)))
        shown = [
            ("   ".join(accelerator(key, mac) for key in command.keys), command.title)
            for command in commands
            if command.keys
        ]
        shown += gestures
        half = (len(shown) + 1) // 2
        tables = [self._table(part, wide) for part in (shown[:half], shown[half:])]
        gap = self.px(32)
        if sum(table.winfo_reqwidth() for table in tables) + gap > wide:
            for table in tables:
                table.destroy()
            tables = [self._table(shown, wide)]
        for column, table in enumerate(tables):
            table.grid(row=2, column=column, sticky="nw", padx=(gap if column else 0, 0))
        self.present(self.button("Close", self.close, "primary"))

    def _table(self, rows: Sequence[tuple[str, str]], wide: int) -> ttk.Frame:
        """Keys and what they do, no wider than some pixels."""
        table, gap = ttk.Frame(self.body), self.px(16)
        labels = [(ttk.Label(table, text=keys, font="Strong"), ttk.Label(table, text=what)) for keys, what in rows]
        room = wide - gap - max(keys.winfo_reqwidth() for keys, _ in labels)
        for row, (keys, what) in enumerate(labels):
            what.configure(wraplength=room, justify="left")
            keys.grid(row=row, column=0, sticky="nw", pady=self.px(2))
            what.grid(row=row, column=1, sticky="w", padx=(gap, 0))
        self.update_idletasks()
        return table


@dataclass(frozen=True)
class HandActions:
    """What can be done with a collection.

    Attributes:
        write: a sheet is to be written.
        add: a file with digits is to be imported.
        export: all digits are to be exported.
    """

    write: Callable[[], None]
    add: Callable[[], None]
    export: Callable[[], None]


@dataclass(frozen=True)
class HandwritingHandlers:
    """What :class:`HandwritingDialog` calls.

    Attributes:
        select: given the key of the digit that was clicked, or None for a click outside all digits.
        remove: the selected digit is to be removed.
        put_back: the last removal is to be taken back.
        actions: what else can be done.
    """

    select: Callable[[str | None], None]
    remove: Callable[[], None]
    put_back: Callable[[], None]
    actions: HandActions


class HandwritingDialog(Dialog):
    """A person's collection: the number of digits, what each network has learned from them, and their pictures."""

    def __init__(
        self,
        parent: tk.Tk | tk.Toplevel,
        factor: float,
        palette: Palette,
        name: str,
        collection: Collection,
        keys: Mapping[str, str],
        handlers: HandwritingHandlers,
    ) -> None:
        """Build the dialog; :meth:`show` fills it.

        Args:
            parent: the window below.
            factor: screen pixels per logical pixel.
            palette: the colours.
            name: what the collection is called.
            collection: what is shown.
            keys: shortcuts by the title of their command.
            handlers: what the dialog calls.
        """
        super().__init__(parent, name, factor)
        self._collection, self._palette, self._keys, self._handlers = collection, palette, keys, handlers
        self._picture: ImageTk.PhotoImage | None = None
        self._entries: list[Entry] = []
        self._selected: str | None = None
        self._doubtful: frozenset[str] = frozenset()
        self.title_label = ttk.Label(self.body, font="Title")
        self.title_label.pack(anchor="w")
        self.metrics = ttk.Label(self.body, justify="left", wraplength=self.px(620))
        self.metrics.pack(anchor="w", pady=(self.px(6), self.px(12)))
        self.counts = ttk.Frame(self.body)
        self.counts.pack(fill="x", pady=(0, self.px(12)))
        self._build_gallery()
        text = f"The digits are stored in {collection.folder}. Nothing leaves this computer."
        ttk.Label(self.body, text=text, font="Small", wraplength=self.px(620), justify="left").pack(
            anchor="w", pady=(self.px(10), 0)
        )
        closing = self.button("Close", self.close, "primary")
        self.export = self.button("Export…", handlers.actions.export)
        self.button("Import…", handlers.actions.add)
        self.button("Write samples…", handlers.actions.write)
        self.button("Show the folder", lambda: webbrowser.open(collection.folder.as_uri()))
        self.delete = self.button("Delete digit", handlers.remove, side="left")
        for key in ("<Delete>", "<BackSpace>"):
            self.bind(key, plain(lambda _: handlers.remove()))
        self.bind("<Command-Key-z>" if is_mac(self) else "<Control-Key-z>", lambda _: handlers.put_back())
        for key, step in (("<Left>", -1), ("<Right>", 1), ("<Up>", -COLUMNS), ("<Down>", COLUMNS)):
            self.bind(key, plain(partial(self._move_selection, step)))
        self.present(closing)

    def set_palette(self, palette: Palette) -> None:
        """Change all colours."""
        self._palette = palette
        self.gallery.configure(background=palette.paper)
        self._draw()

    def _build_gallery(self) -> None:
        frame = ttk.Frame(self.body)
        frame.pack(fill="both", expand=True)
        size = self.px(52)
        rows = min(4, max(1, (of_screen(self)[1] - self.px(REST)) // size))
        self.gallery = tk.Canvas(
            frame, width=COLUMNS * size, height=rows * size, highlightthickness=0, background=self._palette.paper
        )
        bar = ttk.Scrollbar(frame, command=self.gallery.yview)

        def scrolled(first: float, last: float) -> None:
            bar.set(first, last)
            self._draw()

        self.gallery.configure(yscrollcommand=scrolled)
        self.gallery.pack(side="left", fill="both", expand=True)
        bar.pack(side="right", fill="y")
        self.gallery.bind("<Button-1>", self._click)
        self.gallery.bind("<Button-4>", lambda _: self.gallery.yview_scroll(-1, "units"))
        self.gallery.bind("<Button-5>", lambda _: self.gallery.yview_scroll(1, "units"))
        self.gallery.bind("<MouseWheel>", lambda e: self.gallery.yview_scroll(-1 if e.delta > 0 else 1, "units"))

    def show(
        self, hands: Mapping[str, Hand], hand: Hand | None, selected: str | None, unlearned: Mapping[str, str]
    ) -> None:
        """Show the collection as it is now.

        Args:
            hands: what each network has learned, as far as it has.
            hand: what the one that leads has learned.
            selected: the key of the selected digit, if any.
            unlearned: why a network cannot learn, by name.
        """
        self._selected = selected
        self._doubtful = hand.doubtful if hand else frozenset()
        n = len(self._collection)
        self.title_label.configure(text=counted(n, "digit") if n else "No digits yet")
        if n:
            metrics = [f"{name}: {gained(learned)}" for name, learned in hands.items()]
            metrics += [f"⚠ {name} cannot learn: {why}" for name, why in unlearned.items()]
            if self._doubtful:
                metrics.append(DOUBTFUL.format(counted(len(self._doubtful), "label")))
            self.metrics.configure(text="\n".join(metrics) or "The networks are learning …")
        else:
            self.metrics.configure(text=KEEPING.format_map(self._keys))
        for child in self.counts.winfo_children():
            child.destroy()
        for digit, count in enumerate(self._collection.counts()):
            ttk.Label(self.counts, text=f"{digit}", font="Strong").grid(row=0, column=digit)
            ttk.Label(self.counts, text=f"{count:,}").grid(row=1, column=digit)
            self.counts.columnconfigure(digit, weight=1, uniform="digits")
        self.delete.configure(state="normal" if selected else "disabled")
        self.export.configure(state="normal" if n else "disabled")
        self._entries = self._collection.entries
        size = self.px(52)
        n_rows = max(1, -(-len(self._entries) // COLUMNS))
        self.gallery.configure(scrollregion=(0, 0, COLUMNS * size, n_rows * size))
        self._draw()

    def _draw(self) -> None:
        """Draw the digits in the visible rows, as one image: of 10,000 digits all together would take 2 GB."""
        size = self.px(52)
        top = max(0, int(self.gallery.canvasy(0) // size))  # type: ignore[no-untyped-call]
        n_rows = max(self.gallery.winfo_height(), self.gallery.winfo_reqheight()) // size + 2
        start = top * COLUMNS
        entries = self._entries[start : start + n_rows * COLUMNS]
        sheet = Image.new("L", (COLUMNS * size, n_rows * size), 0)
        inner = size - self.px(8)
        for i, entry in enumerate(entries):
            picture = Image.fromarray(entry.crop).resize((inner, inner), Image.Resampling.BICUBIC)
            sheet.paste(picture, self._corner(i, self.px(4)))
        ink = np.asarray(sheet, np.float32)[..., np.newaxis] / 255
        paper, dark = (np.array([v >> 8 for v in self.winfo_rgb(c)]) for c in (self._palette.paper, self._palette.ink))
        coloured = Image.fromarray((paper * (1 - ink) + dark * ink).astype(np.uint8))
        self._picture = ImageTk.PhotoImage(coloured, master=self)
        self.gallery.delete("all")
        self.gallery.create_image(0, top * size, image=self._picture, anchor="nw")
        for i, entry in enumerate(entries, start):
            self._draw_label(i, entry)

    def _draw_label(self, i: int, entry: Entry) -> None:
        x, y = self._corner(i, 0)
        size = self.px(52)
        if entry.key == self._selected:
            frame = (x + 2, y + 2, x + size - 2, y + size - 2)
            self.gallery.create_rectangle(frame, outline=self._palette.accent, width=self.px(2))
        doubtful = entry.key in self._doubtful
        self.gallery.create_text(
            x + self.px(5), y + self.px(3), text=f"{entry.label}{'?' if doubtful else ''}", font="Small", anchor="nw",
            fill=self._palette.rejected if doubtful else self._palette.accent,
        )  # fmt: skip

    def _corner(self, i: int, inset: int) -> tuple[int, int]:
        size = self.px(52)
        return i % COLUMNS * size + inset, i // COLUMNS * size + inset

    def _move_selection(self, step: int, _: "tk.Event[tk.Misc]") -> None:
        """Select another digit, and scroll to it."""
        keys = [entry.key for entry in self._entries]
        if not keys:
            return
        i = keys.index(self._selected) + step if self._selected in keys else 0
        i = min(max(i, 0), len(keys) - 1)
        self._handlers.select(keys[i])
        n_rows = -(-len(keys) // COLUMNS)
        first, last = self.gallery.yview()
        row = i // COLUMNS
        if not first <= row / n_rows <= (row + 1) / n_rows <= last:
            self.gallery.yview_moveto(max(0.0, (row - 1) / n_rows))

    def _click(self, event: "tk.Event[tk.Misc]") -> None:
        size = self.px(52)
        column, row = int(event.x // size), int(self.gallery.canvasy(event.y) // size)  # type: ignore[no-untyped-call]
        i = row * COLUMNS + column
        found = column < COLUMNS and i < len(self._entries)
        self._handlers.select(self._entries[i].key if found else None)


class NameDialog(Dialog):
    """Asks for the name of a new hand."""

    def __init__(self, parent: tk.Tk, factor: float, answered: Callable[[str], str]) -> None:
        """Ask; ``answered`` is given the name, and returns why it cannot be taken, or ""."""
        super().__init__(parent, "New hand", factor)
        self._answered = answered
        ttk.Label(self.body, text="Whose hand is it?", font="Title").pack(anchor="w")
        text = "Each hand has digits of its own, from which the networks learn. Choose one in the menu Hand."
        ttk.Label(self.body, text=text, wraplength=self.px(380), justify="left").pack(anchor="w", pady=self.px(8))
        self._name = ""
        self.entry = ttk.Entry(self.body, width=32)
        noted = self.register(self._note)
        self.entry.configure(validate="key", validatecommand=(noted, "%P"))  # type: ignore[arg-type]  # the new text
        self.entry.pack(anchor="w", fill="x")
        self.reason = ttk.Label(self.body, wraplength=self.px(380), justify="left")
        self.reason.pack(anchor="w", pady=(self.px(6), 0))
        self.entry.bind("<Return>", lambda _: self.answer())
        self.button("Create", self.answer, "primary")
        self.button("Cancel", self.close)
        self.present(self.entry)

    def answer(self) -> None:
        """Take the name, or say why not."""
        reason = self._answered(self._name)
        self.reason.configure(text=reason[:1].upper() + reason[1:])
        if not reason:
            self.close()

    def _note(self, text: str) -> bool:
        self._name = text
        return True


def raise_existing(parent: tk.Misc, kind: type[Dialog]) -> bool:
    """Raise the dialogs of this kind that are open; returns whether there are any."""
    found = [child for child in parent.winfo_children() if isinstance(child, kind)]
    for dialog in found:
        dialog.lift()
    return bool(found)


def ask_open(parent: tk.Misc, folder: str = "") -> Path | None:
    """Ask for a file to open, in a folder at first; None if the dialog is cancelled."""
    every = ("*.json", *IMAGES)
    types = (("Drawings and images", every), ("Drawings", ("*.json",)), ("Images", IMAGES), ("All files", ("*",)))
    where = folder or str(Path.home())
    title = "Open a drawing or an image"
    return _path(parent, filedialog.askopenfilename, title=title, filetypes=types, initialdir=where)


def ask_import(parent: tk.Misc) -> Path | None:
    """Ask for exported digits; None if the dialog is cancelled."""
    types = (("Exported digits", ("*.zip",)), ("All files", ("*",)))
    return _path(parent, filedialog.askopenfilename, title="Import digits", filetypes=types)


def ask_save(
    parent: tk.Tk, title: str, name: str, types: Sequence[tuple[str, str]], folder: str, factor: float
) -> Path | None:
    """Ask for a file to save to; a name without an ending gets that of the chosen kind.

    Args:
        parent: the window below.
        title: of the dialog.
        name: the suggested name of the file.
        types: kinds of files as (name, "*.suffix"), the default first.
        folder: in which it is saved unless another is chosen; "" for the user's.
        factor: screen pixels per logical pixel.

    Returns:
        None if the dialog is cancelled.
    """
    own = str(parent.tk.call("tk", "windowingsystem")) == "x11"  # the system's dialog asks about the name itself
    more: dict[str, Any] = {"confirmoverwrite": False} if own else {}
    while True:
        parent.tk.call("set", CHOSEN, types[0][0])
        given = _path(
            parent, filedialog.asksaveasfilename, title=title, initialfile=name, filetypes=list(types),
            typevariable=CHOSEN, initialdir=folder or str(Path.home()), **more,
        )  # fmt: skip
        if given is None:
            return None
        path = with_ending(given, types, str(parent.tk.call("set", CHOSEN)))
        unasked = own or path != given
        if not (unasked and isfile(path)) or ask_replace(parent, path.name, factor, "There is a file of this name."):
            return path
        name, folder = path.name, str(path.parent)  # another name can be given


def ask_replace(
    parent: tk.Tk,
    name: str,
    factor: float,
    why: str = "It was changed by another program or window after it was opened here.",
) -> bool:
    """Ask whether to replace a file, by default one that somebody else has changed."""
    if modal.raise_open(parent):
        return False
    answers: list[str] = []
    parent.wait_window(ReplaceDialog(parent, factor, name, why, answers.append))
    return answers == [REPLACE]  # none, if the window below was closed


def with_ending(path: Path, types: Sequence[tuple[str, str]], chosen: str) -> Path:
    """A path with the ending of the chosen kind of file, if it has none of its own."""
    ending = dict(types).get(chosen, types[0][1]).lstrip("*")
    return path if path.suffix or not ending else path.with_name(path.name + ending)


def _path(parent: tk.Misc, ask: Callable[..., str | tuple[str, ...]], **options: Any) -> Path | None:
    """What a file dialog is answered; None if it is cancelled, or if another dialog must be answered first."""
    if modal.raise_open(parent):
        return None
    with modal.asking(parent):
        later = [parent.after(ms, modal.raise_open, parent) for ms in (AGAIN, 5 * AGAIN)]
        try:
            answer = ask(parent=parent, **options)
        finally:
            for one in later:
                parent.after_cancel(one)
    return Path(answer) if answer and isinstance(answer, str) else None
