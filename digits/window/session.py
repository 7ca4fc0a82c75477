"""What the window shows: the drawing, what was read from it, and which digit is selected. No widgets."""

from collections.abc import Sequence

from digits.networks import DEFAULT
from digits.reading.ink import Strokes
from digits.reading.recognizer import Digit, Reading
from digits.window import summary
from digits.window.collection import Collection
from digits.window.document import Document, Sample
from digits.window.engine import Result
from digits.window.picture import Mark


class Session:
    """The state behind the window.

    Attributes:
        names: of all networks, in the order in which they are offered.
        loading: the networks that are not read from their files yet.
        failures: why a network cannot be used, by name.
        lead: the network whose answer is the number.
        comparing: whether all networks are asked.
        result: what was last read; None if nothing is.
        selected: the key of the selected digit, if one is.
        misses: of each network on the collected digits, as far as they are read.
    """

    def __init__(self, names: Sequence[str], collection: Collection) -> None:
        self.names = tuple(names)
        self.collection = collection
        self.document = Document()
        self.loading = set(self.names)
        self.failures: dict[str, str] = {}
        self.lead = DEFAULT if DEFAULT in self.names else self.names[-1]
        self.comparing = False
        self.result: Result | None = None
        self.selected: str | None = None
        self.misses: dict[str, int] = {}

    @property
    def usable(self) -> tuple[str, ...]:
        """The networks that are not known to fail."""
        return tuple(name for name in self.names if name not in self.failures)

    @property
    def asked(self) -> tuple[str, ...]:
        """The networks that read the drawing now."""
        return self.usable if self.comparing else (self.lead,)

    @property
    def reading(self) -> Reading | None:
        """What the leading network reads."""
        return self.result.readings.get(self.lead) if self.result else None

    @property
    def keys(self) -> tuple[str, ...]:
        """The digits' keys in reading order; none as long as nothing is read."""
        return self.result.keys if self.result and self.reading else ()

    @property
    def up_to_date(self) -> bool:
        """Whether what was read is the drawing as it is now; a new reading is on its way otherwise."""
        return self.result is not None and self.result.state.strokes is self.document.state.strokes

    @property
    def selected_index(self) -> int | None:
        """The selected digit's place in reading order."""
        return self.keys.index(self.selected) if self.selected in self.keys else None

    def fail(self, name: str, reason: str) -> None:
        """Note that a network cannot be used; another leads if it did."""
        self.failures[name] = reason
        if name == self.lead and self.usable:
            self.lead = self.usable[-1]

    def take(self, result: Result) -> None:
        """Show a new result; a selected digit that is gone is no longer selected."""
        self.result = result
        if self.selected not in result.keys:
            self.selected = None

    @property
    def shown_index(self) -> int | None:
        """The place of the digit that is shown in detail: the selected one, or else the one with the newest ink."""
        if self.selected_index is not None or self.reading is None or not self.reading.digits:
            return self.selected_index
        digits = self.reading.digits
        return max(range(len(digits)), key=lambda i: (max(digits[i].segment.strokes, default=-1), i))

    def shown(self) -> tuple[Digit, Sample | None] | None:
        """The digit that is shown in detail, with the answer that a person gave."""
        i = self.shown_index
        if i is None or self.reading is None:
            return None
        return self.reading.digits[i], self.document.state.labels.get(self.keys[i])

    def select_next(self, step: int) -> None:
        """Select the digit after (1) or before (-1) the selected one; past the end none, then from the start again."""
        if not self.keys:
            return
        i = self.selected_index
        place = (-1 if step > 0 else len(self.keys)) if i is None else i
        place += step
        self.selected = self.keys[place] if 0 <= place < len(self.keys) else None

    def select_at(self, x: float, y: float, margin: float) -> bool:
        """Select the digit whose box, widened by ``margin``, holds a point; whether there is one."""
        if self.reading is None:
            return False
        for key, digit in zip(self.keys, self.reading.digits, strict=True):
            left, top, width, height = digit.box
            if left - margin <= x <= left + width + margin and top - margin <= y <= top + height + margin:
                self.selected = key
                return True
        return False

    def sample(self, label: int | None, size: tuple[int, int]) -> Sample | None:
        """The selected digit with its right answer: ``label``, or what was read if that is confirmed (None).

        Returns:
            None if no digit is selected, or a rejected one is to be confirmed.
        """
        i = self.selected_index
        if i is None or self.reading is None or self.result is None:
            return None
        digit = self.reading.digits[i]
        answer = digit.digit if label is None else label
        if answer is None:
            return None
        strokes = tuple(self.result.state.strokes[number] for number in digit.segment.strokes)
        return Sample(self.keys[i], answer, digit.crop, Strokes(strokes, size))

    def number(self) -> list[list[summary.Piece]]:
        """The number as it is shown, a list a line."""
        if self.reading is None:
            return []
        return summary.lines(self.reading, self.keys, self.document.state.labels)

    def rows(self) -> list[summary.Row]:
        """The comparison, a row a digit."""
        if self.result is None:
            return []
        return summary.rows(self.result, tuple(self.result.readings), self.document.state.labels)

    def marks(self) -> list[Mark]:
        """What is shown around each digit."""
        if self.reading is None or self.result is None:
            return []
        rows = self.rows() if self.comparing else []
        made = []
        for i, (key, digit) in enumerate(zip(self.keys, self.reading.digits, strict=True)):
            piece = summary.piece(digit, self.document.state.labels.get(key))
            answered = piece.style in (summary.CONFIRMED, summary.CORRECTED)
            note = summary.sureness(digit)
            doubtful = piece.style == summary.REJECTED
            if answered:
                note = f"was {digit.text}" if piece.style == summary.CORRECTED else ""
            elif self.comparing and not rows[i].agreed:
                others = [text for text in dict.fromkeys(rows[i].texts) if text != digit.text]
                note, doubtful = f"≠ {' '.join(others)}", True
            made.append(Mark(digit.box, piece.text, note, doubtful, answered))
        return made

    def advice(self) -> str:
        """What stands in the number's place while there is none."""
        if not self.usable:
            return "No network can be used."
        if self.document.state.empty:
            return "The number appears here."
        if self.result is None and self.lead in self.loading:
            return f"Loading {self.lead} …"
        return "Reading …" if self.result is None else "No digits found."
