"""My handwriting in the window: labelled digits are kept, and the networks learn the hand from them."""

import tkinter as tk
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from digits.errors import UserError
from digits.reading.collection import Collection, Entry, Sample
from digits.reading.hand import Hand
from digits.window import dialogs, summary
from digits.window.engine import Engine
from digits.window.jobs import Jobs
from digits.window.palette import Palette
from digits.window.session import Session


@dataclass(frozen=True)
class Handlers:
    """What the handwriting calls.

    Attributes:
        report: given a message, and whether it reports a failure.
        show_summary: given one line about what was learned.
        learned: a network that reads the drawing has learned something else.
        actions: what else is done with the collection.
    """

    report: Callable[[str, bool], None]
    show_summary: Callable[[str], None]
    learned: Callable[[], None]
    actions: dialogs.HandActions


class Handwriting:
    """Changes the collection, has the networks read it, and shows it in a dialog."""

    def __init__(self, window: tk.Tk, factor: float, session: Session, jobs: Jobs[Engine], handlers: Handlers) -> None:
        """Set up; nothing is read or learned before :meth:`read_on`.

        Args:
            window: the parent of the dialog.
            factor: screen pixels per logical pixel.
            session: holds the collection and the hands.
            jobs: runs the networks.
            handlers: what the handwriting calls.
        """
        self._window = window
        self._factor = factor
        self._session = session
        self._jobs = jobs
        self._handlers = handlers
        self._removed: list[tuple[Path, Sample]] = []  # from which folder
        self._learning = object()  #: identifies the newest learning
        self.dialog: dialogs.HandwritingDialog | None = None  #: the last that was opened

    def open(self, palette: Palette, keys: Mapping[str, str]) -> None:
        """Open the dialog, or raise it; ``keys`` are shortcuts by the title of their command."""
        if dialogs.raise_existing(self._window, dialogs.HandwritingDialog):
            return
        calls = dialogs.HandwritingHandlers(self._select, self._remove_selected, self._put_back, self._handlers.actions)
        name, collection = self._session.collection_name, self._session.collection
        self.dialog = dialogs.HandwritingDialog(self._window, self._factor, palette, name, collection, keys, calls)
        self._select(None)

    def set_palette(self, palette: Palette) -> None:
        """Change the colours of the dialog, if it is open."""
        if self.dialog is not None and self.dialog.winfo_exists():
            self.dialog.set_palette(palette)

    def refresh(self) -> None:
        """Look at the folder, which another window may have changed, and read what is new in it."""
        if self._session.collection.refresh():
            self.read_on()
        self._tell()

    def read_on(self) -> None:
        """Read the pictures that are not read yet, portion by portion; then have the networks learn from them."""
        collection = self._session.collection
        names = collection.unread()
        if not names:
            self._tell()
            self.learn()
            return

        def take(opened: Mapping[str, Entry | None]) -> None:
            collection.take(opened)
            self.show()
            self.read_on()

        self._jobs.submit("collection", lambda _: collection.open(names), take, self._fail, urgency=-1, background=True)

    def keep(self, sample: Sample) -> bool:
        """Label a digit in the drawing and keep it in the collection; returns whether it could be kept."""
        collection, key = self._session.collection, sample.key
        earlier = self._session.earlier.setdefault(collection.folder, {})
        if key not in self._session.document.state.labels or key not in earlier:
            earlier[key] = collection.label(key)
        self._session.document.label(sample)
        return self._change(partial(collection.keep, sample))

    def _select(self, key: str | None) -> None:
        """Select a digit of the collection, or none."""
        self._session.selected_entry = key
        self.show()

    def _remove_selected(self) -> None:
        """Remove the selected digit from the collection, if one is selected."""
        key, self._session.selected_entry = self._session.selected_entry, None
        collection = self._session.collection
        removed = collection.sample(key) if key is not None else None
        if removed is not None and self._change(lambda: collection.remove(removed.key)):
            self._removed.append((collection.folder, removed))

    def _put_back(self) -> None:
        """Take back the last removal from this collection."""
        collection = self._session.collection
        mine = [pair for pair in self._removed if pair[0] == collection.folder]
        if mine and self._change(lambda: collection.keep(mine[-1][1])):
            self._removed.remove(mine[-1])
            self._select(mine[-1][1].key)

    def follow(self, before: Mapping[str, Sample], after: Mapping[str, Sample]) -> None:
        """Change the collection as an undo or redo has changed the drawing's labels, as far as they are this hand's."""
        if before is after:
            return
        collection = self._session.collection
        earlier = self._session.earlier.get(collection.folder, {})
        changed = [sample for key, sample in after.items() if before.get(key) is not sample and key in earlier]
        changes = [partial(collection.keep, sample) for sample in changed]
        for key in (before.keys() - after.keys()) & earlier.keys():
            label = earlier[key]
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

    def add(self, samples: Sequence[Sample], collection: Collection) -> bool:
        """Keep digits that are not in the drawing in a collection; returns whether they could be kept."""
        return self._change(partial(collection.keep, *samples))

    def use(self, folder: Path) -> None:
        """Go on with the collection in another folder."""
        if self.dialog is not None and self.dialog.winfo_exists():
            self.dialog.close()
        self._session.use(Collection(folder))
        self._handlers.learned()
        self.read_on()

    def learn(self) -> None:
        """Have all networks learn the hand, the one that leads first."""
        entries, self._learning = self._session.collection.entries, object()
        if not entries:
            before = dict(self._session.hands)
            self._session.hands.clear()
            if before:
                self._handlers.learned()
        for name in sorted(self._session.usable, key=lambda name: name != self._session.lead) if entries else ():
            self._learn_of(name, entries, self._learning)
        self.show()

    def _learn_of(self, name: str, entries: Sequence[Entry], learning: object) -> None:
        def done(hand: Hand | None) -> None:
            if self._learning is not learning:
                return  # the collection has changed
            if hand is None:
                self._learn_of(name, entries, learning)
                return
            self._session.unlearned.pop(name, None)
            changed = self._session.hands.get(name) is not hand
            self._session.hands[name] = hand
            self.show()
            if changed and name in self._session.asked:
                self._handlers.learned()

        def failed(error: UserError) -> None:
            self._session.hands.pop(name, None)
            self._session.unlearned[name] = str(error)
            self.show()

        urgency = -1 if name == self._session.lead else -2
        self._jobs.submit(
            f"learn {name}", lambda engine: engine.learn(name, entries), done, failed, urgency=urgency, background=True
        )

    def _tell(self) -> None:
        """Report once what is left out."""
        if notice := self._session.collection.notice():
            self._handlers.report(notice, True)

    def _fail(self, error: UserError) -> None:
        self._handlers.report(str(error), True)

    def show(self) -> None:
        """Show what is known of the collection."""
        session = self._session
        failed = session.lead if session.lead in session.unlearned else ""
        self._handlers.show_summary(
            summary.handwriting(
                len(session.collection), session.hand, session.settings.learns, session.settings.hand, failed
            )
        )
        if self.dialog is not None and self.dialog.winfo_exists():
            self.dialog.show(session.hands_by_network(), session.hand, session.selected_entry, session.unlearned)
