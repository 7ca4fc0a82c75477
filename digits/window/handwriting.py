"""My handwriting in the window: labelled digits are kept, and the networks' misses on them counted."""

import tkinter as tk
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial

from digits.errors import UserError
from digits.window import dialogs, summary
from digits.window.collection import Entry
from digits.window.document import Sample
from digits.window.engine import Engine
from digits.window.jobs import Jobs
from digits.window.palette import Palette
from digits.window.session import Session


@dataclass(frozen=True)
class Handlers:
    """What the handwriting calls.

    Attributes:
        report: given a message, and whether it reports a failure.
        show_summary: given one line about how well the networks perform.
        export: the collection is to be exported.
    """

    report: Callable[[str, bool], None]
    show_summary: Callable[[str], None]
    export: Callable[[], None]


class Handwriting:
    """Changes the collection, has the networks read it, and shows it in a dialog."""

    def __init__(self, window: tk.Tk, factor: float, session: Session, jobs: Jobs[Engine], handlers: Handlers) -> None:
        """Set up; nothing is read or counted before :meth:`read_on`.

        Args:
            window: the parent of the dialog.
            factor: screen pixels per logical pixel.
            session: holds the collection and the misses.
            jobs: runs the networks.
            handlers: what the handwriting calls.
        """
        self._window = window
        self._factor = factor
        self._session = session
        self._jobs = jobs
        self._handlers = handlers
        self.dialog: dialogs.HandwritingDialog | None = None  #: the last that was opened

    def open(self, palette: Palette, keys: Mapping[str, str]) -> None:
        """Open the dialog, or raise it; ``keys`` are shortcuts by the title of their command."""
        if dialogs.raise_existing(self._window, dialogs.HandwritingDialog):
            return
        calls = dialogs.HandwritingHandlers(self._select, self._remove_selected, self._handlers.export)
        collection = self._session.collection
        self.dialog = dialogs.HandwritingDialog(self._window, self._factor, palette, collection, keys, calls)
        self._select(None)

    def refresh(self) -> None:
        """Look at the folder, which another window may have changed, and read what is new in it."""
        if self._session.collection.refresh():
            self.read_on()
        self._tell()

    def read_on(self) -> None:
        """Read the pictures that are not read yet, portion by portion; then have the networks read the collection."""
        collection = self._session.collection
        names = collection.unread()
        if not names:
            self._tell()
            self.count_misses()
            return

        def take(opened: Mapping[str, Entry | None]) -> None:
            collection.take(opened)
            self._show()
            self.read_on()

        self._jobs.submit("collection", lambda _: collection.open(names), take, self._fail, urgency=-1, background=True)

    def keep(self, sample: Sample) -> bool:
        """Label a digit in the drawing and keep it in the collection; returns whether it could be kept."""
        collection, key = self._session.collection, sample.key
        if key not in self._session.document.state.labels:
            self._session.earlier[key] = collection.label(key)
        self._session.document.label(sample)
        return self._change(partial(collection.keep, sample))

    def _select(self, key: str | None) -> None:
        """Select a digit of the collection, or none."""
        self._session.selected_entry = key
        self._show()

    def _remove_selected(self) -> None:
        """Remove the selected digit from the collection, if one is selected."""
        key, self._session.selected_entry = self._session.selected_entry, None
        if key is not None:
            self._change(lambda: self._session.collection.remove(key))

    def follow(self, before: Mapping[str, Sample], after: Mapping[str, Sample]) -> None:
        """Change the collection as an undo or redo has changed the drawing's labels."""
        if before is after:
            return
        collection = self._session.collection
        changes = [partial(collection.keep, sample) for key, sample in after.items() if before.get(key) is not sample]
        for key in before.keys() - after.keys():
            label = self._session.earlier.get(key)
            if label is None:
                changes.append(partial(collection.remove, key))
            else:
                changes.append(partial(collection.keep, replace(before[key], label=label)))
        self._change(*changes)

    def _change(self, *changes: Callable[[], None]) -> bool:
        """Change the collection, and have it read again; returns whether all changes succeeded."""
        failure: UserError | None = None
        for change in changes:
            try:
                change()
            except UserError as error:
                failure = error
        self.read_on()
        if failure is not None:
            self._fail(failure)
        return failure is None

    def count_misses(self) -> None:
        """Have all networks read the collection again."""
        self._session.misses.clear()
        for name in self._session.usable:
            self._count_misses_of(name)
        self._show()

    def _count_misses_of(self, name: str) -> None:
        entries = self._session.collection.entries

        def done(misses: int | None) -> None:
            if misses is None:
                self._count_misses_of(name)
            else:
                self._session.misses[name] = misses
                self._show()

        def failed(_: UserError) -> None:
            """Nothing to do: loading the network has failed too, and that is reported."""

        if entries:
            self._jobs.submit(
                f"misses {name}", lambda engine: engine.misses(name, entries), done, failed, urgency=-1, background=True
            )

    def _tell(self) -> None:
        """Report once what is left out."""
        if notice := self._session.collection.notice():
            self._handlers.report(notice, True)

    def _fail(self, error: UserError) -> None:
        self._handlers.report(str(error), True)

    def _show(self) -> None:
        misses = self._session.misses_by_network()
        self._handlers.show_summary(summary.handwriting(len(self._session.collection), misses))
        if self.dialog is not None and self.dialog.winfo_exists():
            self.dialog.show(misses, self._session.selected_entry)
