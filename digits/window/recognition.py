"""What the window asks of the networks: to be loaded, to read the drawing, and the evidence for one digit."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from digits.errors import UserError
from digits.window import summary
from digits.window.engine import Engine, Result
from digits.window.jobs import Jobs
from digits.window.session import Session


@dataclass(frozen=True)
class Handlers:
    """What the recognition calls.

    Attributes:
        report: given a message, and whether it reports a failure.
        changed: the session has changed.
        show_evidence: given a ``float32`` array of shape (28, 28), see :func:`digits.reading.saliency.occlusion`.
    """

    report: Callable[[str, bool], None]
    changed: Callable[[], None]
    show_evidence: Callable[[NDArray[np.float32]], None]


class Recognition:
    """Submits jobs to the networks and puts the results into the session."""

    def __init__(self, session: Session, jobs: Jobs[Engine], handlers: Handlers) -> None:
        """Set up; nothing is loaded before :meth:`load`."""
        self._session = session
        self._jobs = jobs
        self._handlers = handlers

    def load(self) -> None:
        """Load all networks; one that cannot be used becomes one of the session's failures."""
        self._jobs.submit("load lines", lambda engine: engine.lines.failure, self._lines_loaded, self._fail, urgency=3)
        for name in self._session.names:
            self._load(name)

    def _lines_loaded(self, failure: str) -> None:
        if failure:
            self._handlers.report(failure, True)

    def _load(self, name: str) -> None:
        def load(engine: Engine) -> None:
            engine.classifier(name)

        def loaded(_: None) -> None:
            self._session.loading.discard(name)

        def failed(error: UserError) -> None:
            self._session.loading.discard(name)
            self._session.fail(name, str(error))
            self.read()
            self._handlers.changed()

        self._jobs.submit(f"load {name}", load, loaded, failed, urgency=1)

    def read(self) -> None:
        """Read the drawing as it is now, with the networks that are chosen."""
        state, asked, hands = self._session.document.state, self._session.asked, self._session.hands_used
        self._session.unread = False
        if state.empty:
            self._jobs.drop("read")
            self._session.result = None
        elif self._session.usable:
            self._jobs.submit(
                "read", lambda engine: engine.read(state, asked, hands), self._take, self._fail, urgency=2, long=True
            )

    def _take(self, result: Result) -> None:
        self._session.take(result)
        if not self._session.message.text:
            self._handlers.report(summary.found(result, self._session.names), False)
        self._handlers.changed()

    def explain(self) -> None:
        """Show the evidence for the digit that is shown in detail, if it is wanted."""
        self._jobs.drop("evidence")
        shown = self._session.shown()
        if shown is None or not self._session.wants_evidence or self._session.comparing:
            return
        digit, name = shown[0], self._session.lead
        if not digit.is_read:
            return
        best = int(digit.probabilities.argmax())
        self._jobs.submit(
            "evidence", lambda engine: engine.occlusion(name, digit.crop, best), self._handlers.show_evidence,
            self._fail, background=True,
        )  # fmt: skip

    def _fail(self, error: UserError) -> None:
        self._handlers.report(str(error), True)
