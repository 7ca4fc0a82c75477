"""The state that the window shows: the drawing, what was read from it, the selection and all choices. No widgets."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from digits.networks import DEFAULT
from digits.reading.collection import Collection, Sample
from digits.reading.hand import Hand
from digits.reading.ink import Label, Picture, Strokes
from digits.reading.recognizer import Digit, Reading
from digits.window import hands, summary, tools
from digits.window.document import Document
from digits.window.engine import Result, at
from digits.window.picture import Mark
from digits.window.recovery import Recovery, Stamp
from digits.window.settings import LARGEST_PEN, SMALLEST_PEN, Settings

MOST_NUMBERS = 20  #: that are remembered
COMPARE = "Compare"  #: the choice, next to the networks, that compares them


@dataclass(frozen=True)
class Message:
    """The line in the status bar; an alarm reports that something failed."""

    text: str = ""
    alarm: bool = False


class Session:
    """The state behind the window.

    Attributes:
        names: all networks, in the order in which they are offered.
        collection: the digits of the hand that is chosen, My handwriting or another person's.
        settings: what is kept between runs.
        document: the drawing.
        loading: the networks that are not loaded yet.
        failures: why a network cannot be used, by name.
        lead: the network whose answer is the number.
        comparing: whether all networks read the drawing.
        result: the last result; None before the first.
        selected: the key of the selected digit, if any.
        earlier: the label, or None, that a digit had in a hand before it was labelled in this drawing, by the hand's
            folder and the digit's key.
        hands: what each network has learned of the collected digits, as far as it has.
        unlearned: why a network cannot learn, by name.
        selected_entry: the key of the digit selected in the collection, if any.
        tools: the drawing tools, in the order of the toolbar.
        tool: the chosen one.
        wants_evidence: whether the evidence is shown over the network's input.
        message: the line in the status bar.
        recovery: the copy of the drawing, between a window and the next at another size.
        stamps: of files as they were opened or saved last.
        unread: whether the reading of the drawing was cancelled.
        earlier_numbers: what was read before the drawing was cleared or replaced, the last one first.
    """

    def __init__(self, names: Sequence[str], collection: Collection, settings: Settings | None = None) -> None:
        """Start with an empty drawing.

        Args:
            names: the networks, in the order in which they are offered.
            collection: the digits of the hand that is chosen.
            settings: from an earlier run; the defaults without them.
        """
        self.names = tuple(names)
        self.collection = collection
        self.settings = settings or Settings()
        self.document = Document()
        self.loading = set(self.names)
        self.failures: dict[str, str] = {}
        remembered = [name for name in (self.settings.network, DEFAULT) if name in self.names]
        self.lead = remembered[0] if remembered else self.names[-1]
        self.comparing = False
        self.result: Result | None = None
        self.selected: str | None = None
        self.earlier: dict[Path, dict[str, int | None]] = {}
        self.hands: dict[str, Hand] = {}
        self.unlearned: dict[str, str] = {}
        self.selected_entry: str | None = None
        self.tools = tools.TOOLS
        self.tool = self.tools[0]
        self.wants_evidence = False
        self.message = Message()
        self.recovery: Recovery | None = None
        self.stamps: dict[Path, Stamp | None] = {}
        self.unread = False
        self.earlier_numbers: list[str] = []

    # ---- choices

    @property
    def usable(self) -> tuple[str, ...]:
        """The networks that have not failed."""
        return tuple(name for name in self.names if name not in self.failures)

    @property
    def asked(self) -> tuple[str, ...]:
        """The networks that read the drawing now."""
        return self.usable if self.comparing else (self.lead,)

    @property
    def choices(self) -> tuple[str, ...]:
        """All networks, and "Compare"."""
        return (*self.names, COMPARE)

    @property
    def chosen(self) -> str:
        """The chosen network, or "Compare"."""
        return COMPARE if self.comparing else self.lead

    def can_choose(self, choice: str) -> bool:
        """Whether a network, or "Compare", can be chosen now."""
        return bool(self.usable) if choice == COMPARE else choice in self.usable

    def choose(self, choice: str) -> None:
        """Read with one network, or compare all."""
        self.comparing = choice == COMPARE
        if not self.comparing:
            self.lead = choice
            self.settings = replace(self.settings, network=choice)

    def fail(self, name: str, reason: str) -> None:
        """Mark a network as unusable; if it was the leading one, another takes the lead."""
        self.failures[name] = reason
        self.hands.pop(name, None)
        if name == self.lead and self.usable:
            self.lead = self.usable[-1]

    @property
    def pen(self) -> int:
        """The pen's diameter in logical pixels."""
        return self.settings.pen

    def set_pen(self, diameter: int) -> None:
        """Set the pen's diameter in logical pixels, limited to 2 to 40."""
        self.settings = replace(self.settings, pen=min(max(diameter, SMALLEST_PEN), LARGEST_PEN))

    @property
    def has_photograph(self) -> bool:
        """Whether there is a photograph below the ink."""
        return self.document.state.photograph is not None

    def can_use(self, tool: tools.Tool) -> bool:
        """Whether a tool can be used on the drawing as it is now."""
        return self.has_photograph or not tool.on_photograph

    # ---- results

    @property
    def reading(self) -> Reading | None:
        """What the leading network reads."""
        return self.result.readings.get(self.lead) if self.result else None

    @property
    def keys(self) -> tuple[str, ...]:
        """The digits' keys in reading order; empty before anything is read."""
        return self.result.keys if self.result and self.reading else ()

    @property
    def up_to_date(self) -> bool:
        """Whether the leading network has read the drawing as it is now; otherwise a new result is on its way."""
        if self.result is None or self.reading is None:
            return False
        read, now = self.result.state, self.document.state
        return read.strokes is now.strokes and read.photograph is now.photograph and read.hidden is now.hidden

    def take(self, result: Result) -> None:
        """Replace the result; a selected digit that no longer exists is deselected."""
        self.result = result
        if self.selected not in result.keys:
            self.selected = None

    def remember(self) -> None:
        """Remember the number, which is about to be replaced."""
        text = summary.text(self.number())
        if text.strip("?"):
            others = [other for other in self.earlier_numbers if other != text]
            self.earlier_numbers = [text, *others][:MOST_NUMBERS]

    # ---- selection

    @property
    def selected_index(self) -> int | None:
        """The selected digit's place in reading order."""
        return self.keys.index(self.selected) if self.selected in self.keys else None

    @property
    def shown_index(self) -> int | None:
        """The place of the digit shown in detail: the selected one, or else the one with the newest ink."""
        if self.selected_index is not None or self.reading is None or not self.reading.digits:
            return self.selected_index
        digits = self.reading.digits
        return max(range(len(digits)), key=lambda i: (max(digits[i].segment.strokes, default=-1), i))

    def shown(self) -> tuple[Digit, Sample | None] | None:
        """The digit shown in detail, and its corrected or confirmed answer if it has one."""
        i = self.shown_index
        if i is None or self.reading is None:
            return None
        return self.reading.digits[i], self.document.state.labels.get(self.keys[i])

    def select_next(self, step: int) -> None:
        """Select the digit after (1) or before (-1) the selected one; beyond the last none, then the first again."""
        if not self.keys:
            return
        i = self.selected_index
        place = (-1 if step > 0 else len(self.keys)) if i is None else i
        place += step
        self.selected = self.keys[place] if 0 <= place < len(self.keys) else None

    @property
    def doubtful(self) -> list[str]:
        """The keys of the digits that are rejected or doubtful, and not corrected or confirmed, in reading order."""
        if self.reading is None:
            return []
        styles = [summary.styled(digit, None).style for digit in self.reading.digits]
        labels = self.document.state.labels
        doubt = (summary.REJECTED, summary.DOUBTFUL)
        return [key for key, style in zip(self.keys, styles, strict=True) if style in doubt and key not in labels]

    def select_doubtful(self) -> None:
        """Select the next doubtful digit after the selected one; after the last, the first."""
        doubtful = self.doubtful
        if doubtful:
            i = self.selected_index
            after = [key for key in doubtful if i is not None and self.keys.index(key) > i]
            self.selected = (after or doubtful)[0]

    def move_on(self) -> None:
        """Select the digit after the selected one, if there is one."""
        i = self.selected_index
        if i is not None and i + 1 < len(self.keys):
            self.selected = self.keys[i + 1]

    def select_at(self, x: float, y: float, margin: float) -> bool:
        """Select the digit whose box, widened by ``margin``, contains a point; returns whether there is one."""
        if self.reading is None:
            return False
        for key, digit in zip(self.keys, self.reading.digits, strict=True):
            left, top, width, height = digit.box
            if left - margin <= x <= left + width + margin and top - margin <= y <= top + height + margin:
                self.selected = key
                return True
        return False

    def sample(self, label: int | None, size: tuple[int, int]) -> Sample | None:
        """The selected digit as a labelled sample.

        Args:
            label: 0 to 9; None confirms what is shown: what was read, unless it was labelled before.
            size: (width, height) of the canvas in the drawing's pixels.

        Returns:
            None if no digit is selected, or if a rejected one is to be confirmed.
        """
        i = self.selected_index
        if i is None or self.reading is None or self.result is None:
            return None
        digit = self.reading.digits[i]
        answer = label
        if label is None:  # what the panel shows
            known = self.document.state.labels.get(self.keys[i])
            answer = digit.digit if known is None else known.label
        if answer is None:
            return None
        strokes = tuple(self.result.state.strokes[number] for number in digit.segment.strokes)
        return Sample(self.keys[i], answer, digit.crop, Strokes(strokes, size), digit.box)

    def drawing(self, size: tuple[int, int]) -> Strokes:
        """The drawing as it is saved; ``size`` is (width, height) of the canvas in its pixels.

        Its labels are those of digits that are still there, so that it is opened as it is shown.
        """
        state, picture = self.document.state, None
        labels = [
            Label(sample.label, sample.box)
            for key, sample in state.labels.items()
            if sample.box is not None and self._is_there(key, sample)
        ]
        digits = self.reading.digits if self.reading is not None and self.up_to_date else ()
        segments = [digit.segment for digit in digits]
        labels += [label for label in state.unmatched if at(label.box, segments) is None]
        if state.photograph is not None:
            picture = Picture(
                state.photograph.name, state.photograph.content, tuple(state.hidden.values()), state.photograph.as_it_is
            )
        return Strokes(state.strokes, size, tuple(labels), picture)

    def _is_there(self, key: str, sample: Sample) -> bool:
        """Whether a labelled digit is still what was labelled; before that is known, whether its strokes are there."""
        if self.up_to_date:
            return key in self.keys
        return set(map(id, sample.strokes.strokes)) <= set(map(id, self.document.state.strokes))

    # ---- what is shown

    def number(self) -> list[list[summary.StyledDigit]]:
        """The number, as a list of digits for each line."""
        if self.reading is None:
            return []
        return summary.lines(self.reading, self.keys, self.document.state.labels)

    def rows(self) -> list[summary.Row]:
        """The comparison, one row for each digit."""
        if self.result is None:
            return []
        return summary.rows(self.result, tuple(self.result.readings), self.document.state.labels)

    def marks(self) -> list[Mark]:
        """The boxes and texts around the digits, and then those around what is left out or deleted."""
        if self.reading is None or self.result is None:
            return []
        rows: Sequence[summary.Row | None] = [None] * len(self.keys)
        if self.comparing:
            rows = self.rows()
        labels = self.document.state.labels
        digits = zip(self.keys, self.reading.digits, rows, strict=True)
        beside = [Mark(one.box, "", one.why, left_out=True) for one in self.result.left_out]
        beside += [Mark(box, "", "deleted", left_out=True) for box in self.result.state.hidden.values()]
        return [_mark(digit, labels.get(key), row) for key, digit, row in digits] + beside

    def advice(self) -> str:
        """The text in place of the number while there is none."""
        if not self.usable:
            return "No network can be used."
        if self.document.state.empty:
            return "The number appears here."
        if self.result is None and self.lead in self.loading:
            return f"Loading {self.lead} …"
        if self.unread:
            return "Not read. Draw on, or choose a network, to have it read."
        return "Reading …" if self.reading is None else "No digits found."

    # ---- the hand

    @property
    def collection_name(self) -> str:
        """What the collection is called."""
        return hands.collection_of(self.settings.hand)

    @property
    def hands_used(self) -> dict[str, Hand]:
        """The hands that the networks read with, by network."""
        return {name: hand for name, hand in self.hands.items() if hand.helps} if self.settings.learns else {}

    @property
    def hand(self) -> Hand | None:
        """What the leading network has learned, whether or not it is used."""
        return self.hands.get(self.lead)

    def hands_by_network(self) -> dict[str, Hand]:
        """:attr:`hands` in the order of :attr:`names`."""
        return {name: self.hands[name] for name in self.names if name in self.hands}

    def use(self, collection: Collection) -> None:
        """Go on with another collection, of which nothing is learned yet."""
        self.collection = collection
        self.hands.clear()
        self.selected_entry = None

    def switch_learning(self) -> None:
        """Let the networks use the hand, or read as they are."""
        self.settings = replace(self.settings, learns=not self.settings.learns)


def _mark(digit: Digit, sample: Sample | None, row: summary.Row | None) -> Mark:
    """The mark of one digit; ``row`` is its row in the comparison, if the networks are compared."""
    shown, line = summary.styled(digit, sample), digit.segment.line
    if sample is not None:
        note = f"was {digit.text}" if shown.style == summary.CORRECTED else ""
        return Mark(digit.box, shown.text, note, corrected=True, line=line)
    if row is not None and not row.agreed:
        others = [text for text in dict.fromkeys(row.texts) if text != digit.text]
        return Mark(digit.box, shown.text, f"≠ {' '.join(others)}", rejected=True, line=line)
    doubtful = shown.style in (summary.REJECTED, summary.DOUBTFUL)
    return Mark(digit.box, shown.text, summary.confidence(digit), rejected=doubtful, line=line)
