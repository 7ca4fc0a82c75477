"""Hands that are learned in the window: by real events, with the committed networks."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from digits.errors import UserError
from digits.reading.collection import Collection, Sample
from digits.reading.ink import Strokes
from digits.window import dialogs, hands
from digits.window.palette import DARK
from digits.window.settings import Settings, load, save
from digits.window.sheet import KeepDialog, SheetDialog
from tests.handwriting import strokes
from tests.window.conftest import FOUR, MODELS, Hand, OpenWindow, option, texts

SEVENS = [strokes("7", 60 + 120 * i, 80, 150, seed=i) for i in range(5)]


def teach(hand: Hand, n: int, label: int) -> None:
    """Write so many 7s and label each of them otherwise."""
    for drawn in SEVENS[:n]:
        hand.write(drawn)
    hand.press("<Key-Tab>")
    for _ in range(n):
        hand.press(f"<Key-{label}>")  # the next one is selected then
    hand.settle()


def seven(hand: Hand) -> None:
    """Write one more on an empty page."""
    hand.press("<Control-Key-Delete>")
    hand.write(strokes("7", 200, 120, 150, seed=50))
    hand.settle()


def test_a_style_is_read_as_it_was_corrected_and_the_window_says_so(open_window: OpenWindow, tmp_path: Path) -> None:
    hand = open_window()
    teach(hand, 5, 1)
    assert hand.window.status.handwriting.cget("text") == "Your 5 digits, learned"
    seven(hand)
    assert hand.number == "1"
    assert "By your hand; without it: 7." in hand.window.panel.detail.hint.cget("text")
    assert "1 by your hand" in hand.status
    hand.window.switch_learning()
    hand.settle()
    assert hand.number == "7"
    assert "learning is off" in hand.window.status.handwriting.cget("text")
    hand.window.destroy()
    again = open_window(settings=load(tmp_path / "settings.json"))
    again.write(strokes("7", 200, 120, 150, seed=50))
    again.settle()
    assert again.number == "7", "it is still off"
    again.window.switch_learning()
    again.settle()
    assert again.number == "1", "the same answer after a restart"


def test_it_is_forgotten_with_the_corrections(hand: Hand) -> None:
    teach(hand, 3, 1)
    seven(hand)
    assert hand.number == "1"
    for key in [entry.key for entry in hand.window.session.collection.entries]:
        hand.window.session.collection.remove(key)
    hand.window.handwriting.read_on()
    hand.settle()
    assert hand.number == "7"


def test_each_hand_has_digits_of_its_own(open_window: OpenWindow, tmp_path: Path) -> None:
    hand = open_window()
    teach(hand, 3, 1)
    hand.window.new_hand()
    dialog = hand.dialog(dialogs.NameDialog)
    dialog.entry.insert(0, "a/b")
    dialog.answer()
    assert "give another" in dialog.reason.cget("text")
    dialog.entry.delete(0, "end")
    dialog.entry.insert(0, " Maria ")
    dialog.answer()
    hand.settle()
    assert hand.window.hands() == [hands.FIRST, "Maria"]
    assert hand.window.session.collection.folder == tmp_path / "my handwriting" / "Maria"
    seven(hand)
    assert hand.number == "7"
    hand.window.choose_hand(hands.FIRST)
    hand.settle()
    assert hand.number == "1"
    listed = {one.label: one.chosen() for one in hand.window._table() if one.menu == "Hand" and one.chosen}
    assert listed == {hands.FIRST: True, "Maria": False}


@pytest.mark.parametrize("name", [hands.FIRST, "Anna"])
def test_a_collection_is_called_the_same_wherever_it_is_named(
    hand: Hand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    window, other = hand.window, "Anna's handwriting" if name == hands.FIRST else "My handwriting"
    called = "My handwriting" if name == hands.FIRST else "Anna's handwriting"
    hands.create(tmp_path / "my handwriting", "Anna")
    window.choose_hand("Anna" if name == hands.FIRST else hands.FIRST)
    window.choose_hand(name)
    hand.settle()
    said = [str(window.status.handwriting.cget("text")), window.session.message.text]
    hand.write(FOUR)
    hand.press("<Key-Tab>")
    hand.press("<Key-2>")
    assert hand.status == f"Kept in {called} as 2"
    hand.settle()
    said.append(str(window.panel.detail.hint.cget("text")))
    said += [command.label for command in window._table() if "handwriting" in command.label]
    window.show_handwriting()
    said.append(hand.dialog(dialogs.HandwritingDialog).title())
    window.write_samples()
    sheet = hand.dialog(SheetDialog)
    said.append(sheet.title())
    draw(sheet, 3, "3", 1)
    sheet.finish()
    said.append(window.session.message.text)
    asked: list[object] = []
    monkeypatch.setattr(dialogs, "ask_save", lambda *given: asked.append(given))
    window.export_digits()
    said.append(str(asked))
    assert len(said) == 8
    assert all(called in text and other not in text for text in said), said
    window.choose_hand("Anna" if name == hands.FIRST else hands.FIRST)
    hand.settle()
    assert "Kept in" not in str(window.panel.detail.hint.cget("text")), "the digit is in the other collection"


def test_the_hand_that_was_chosen_is_used_again(display: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from digits.window.app import run
    from digits.window.main_window import MainWindow

    seen = []

    def use(window: MainWindow) -> None:
        seen.append((window.session.collection.folder, window.hands()))
        window.choose_hand(hands.FIRST if len(seen) == 1 else "Maria")
        window.update()
        window.close()

    monkeypatch.setattr(MainWindow, "mainloop", use)
    (tmp_path / "Maria").mkdir()
    save(tmp_path / "settings.json", Settings(theme="light", zoom=100, hand="Maria"))
    for _ in range(2):
        run(MODELS, ("ANN",), tmp_path, tmp_path / "settings.json")
    both = [hands.FIRST, "Maria"]
    assert seen == [(tmp_path / "Maria", both), (tmp_path, both)]
    assert load(tmp_path / "settings.json").hand == "Maria"
    (tmp_path / "Maria").rmdir()
    run(MODELS, ("ANN",), tmp_path, tmp_path / "settings.json")
    assert seen[-1] == (tmp_path, both[:1]), "the hand that was chosen is gone"


def test_undo_changes_the_hand_in_which_a_digit_was_labelled(hand: Hand, tmp_path: Path) -> None:
    """The other hand has the same digit, since both have labelled the same drawing."""
    base = tmp_path / "my handwriting"
    hand.write(SEVENS[0])
    hand.press("<Key-Tab>")
    hand.press("<Key-5>")
    hand.press("<Key-1>")
    mine = hand.window.session.collection.entries[0]
    other = Collection(base / hands.create(base, "Maria"))
    other.keep(Sample(mine.key, 7, mine.crop, Strokes((), (28, 28))))
    hand.window.choose_hand("Maria")
    for event in ("<Control-Key-z>", "<Control-Key-z>", "<Control-Shift-Key-Z>", "<Control-Shift-Key-Z>"):
        hand.press(event)
        assert Collection(base / "Maria").labels() == [7] and Collection(base).labels() == [1]
    hand.window.choose_hand(hands.FIRST)
    hand.press("<Control-Key-z>")
    assert Collection(base).labels() == [5]
    hand.press("<Control-Key-z>")
    assert Collection(base).labels() == []


def test_a_hand_is_not_learned_from_digits_that_are_gone(hand: Hand) -> None:
    teach(hand, 3, 1)
    window = hand.window
    for entry in window.session.collection.entries:
        window.session.collection.remove(entry.key)
        window.handwriting.read_on()
    window.handwriting.read_on()
    hand.settle()
    assert not window.session.hands


def test_equal_names_of_files_are_different_digits(hand: Hand, tmp_path: Path) -> None:
    base = tmp_path / "my handwriting"
    teach(hand, 3, 1)
    (base / "Maria").mkdir()
    for i, entry in enumerate(hand.window.session.collection.entries):
        (base / f"{entry.stem}.png").rename(base / f"1-{i}.png")
        Image.fromarray(np.full((28, 28), 9 * i, np.uint8)).save(base / "Maria" / f"1-{i}.png")
    hand.window.handwriting.refresh()
    hand.settle()
    before = hand.window.session.hand
    hand.window.choose_hand("Maria")
    hand.settle()
    after = hand.window.session.hand
    assert before and after and before.digest != after.digest


def test_what_was_written_on_a_sheet_stays_if_it_cannot_be_kept(hand: Hand, tmp_path: Path) -> None:
    base = tmp_path / "my handwriting"
    hands.create(base, "Maria")
    hand.window.write_samples()
    dialog = hand.dialog(SheetDialog)
    draw(dialog, 3, "3", 1)
    hand.window.choose_hand("Maria")
    hand.settle()
    (base / ".lock").mkdir()
    dialog.finish()
    hand.settle()
    assert "cannot be kept" in hand.status and dialog.winfo_exists()
    (base / ".lock").rmdir()
    dialog.finish()
    hand.settle()
    assert Collection(base).labels() == [3] and not Collection(base / "Maria").labels(), "it is the hand's it was for"


def test_a_circle_of_links_hides_no_hand(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "Maria").mkdir()
    assert hands.names(tmp_path) == [hands.FIRST, "Maria"]


@pytest.mark.parametrize("name", ["O’Brien", "Jean-Luc", "नीता", "Zoe\u0308", "3b", "x" * 30])
def test_people_are_called_so(name: str, tmp_path: Path) -> None:
    assert hands.create(tmp_path, name) in hands.names(tmp_path)


def test_a_hand_that_is_gone_is_the_first(tmp_path: Path) -> None:
    assert hands.folder_of(tmp_path, "") == tmp_path
    assert hands.folder_of(tmp_path, "../x") == tmp_path


@pytest.mark.parametrize(
    "name", ["", " ", "a/b", "a\\b", "..", ".x", "x.", "CON", "my OWN", "x" * 31, "a\nb", "a:b", "COM¹", "3-abc.png"]
)
def test_names_that_no_folder_can_have_are_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="give another"):
        hands.create(tmp_path, name)
    assert not list(tmp_path.iterdir())


def test_it_is_said_why_a_name_is_refused(tmp_path: Path) -> None:
    for name, why in (
        (hands.FIRST, "^there is a hand called My own;"),
        ("con", "^no folder can be called con on Windows;"),
        ("a/b", "^a name has 1 to 30 letters and digits, between which spaces, hyphens, .* got 'a/b';"),
    ):
        with pytest.raises(UserError, match=why):
            hands.create(tmp_path, name)
    for between in hands.BETWEEN:
        assert hands.create(tmp_path, f"a{between}b")


def test_a_hand_is_created_once(tmp_path: Path) -> None:
    assert hands.create(tmp_path, " Zoë ") == "Zoë"
    with pytest.raises(UserError, match="there is a hand called Zoë"):
        hands.create(tmp_path, "zoë")
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot be created"):
        hands.create(tmp_path / "file", "Ann")
    assert hands.names(tmp_path) == [hands.FIRST, "Zoë"]


def draw(dialog: SheetDialog, box: int, digit: str, seed: int) -> None:
    x, y = dialog._corner(box)
    for points in strokes(digit, x + 16, y + 10, 44, seed=seed):
        places = [(round(a), round(b)) for a, b in points]
        dialog.paper.event_generate("<ButtonPress-1>", x=places[0][0], y=places[0][1])
        for a, b in places[1:]:
            dialog.paper.event_generate("<B1-Motion>", x=a, y=b)
        dialog.paper.event_generate("<ButtonRelease-1>", x=places[-1][0], y=places[-1][1])


def asked(dialog: SheetDialog) -> KeepDialog:
    """The question whether to keep what was written on a sheet."""
    (question,) = (child for child in dialog.winfo_children() if isinstance(child, KeepDialog))
    return question


def test_a_sheet_fills_the_collection(hand: Hand, tmp_path: Path) -> None:
    hand.window.write_samples()
    dialog = hand.dialog(SheetDialog)
    assert str(dialog.done.cget("state")) == "disabled"
    for box, digit in ((0, "0"), (4, "4"), (14, "4"), (29, "9")):
        draw(dialog, box, digit, box)
    assert dialog.done.cget("text") == "Keep 4 digits"
    dialog.undo()
    assert dialog.done.cget("text") == "Keep 3 digits"
    draw(dialog, 27, "7", 1)
    dialog.finish()
    hand.settle()
    collection = Collection(tmp_path / "my handwriting")
    assert collection.labels() == [0, 4, 4, 7]
    assert all((collection.folder / f"{entry.stem}.json").exists() for entry in collection.entries)
    learned = hand.window.session.hand
    assert learned is not None and learned.before == 4, "each is what a network would be given"


def test_a_sheet_that_is_cancelled_keeps_nothing(hand: Hand, tmp_path: Path) -> None:
    hand.window.write_samples()
    dialog = hand.dialog(SheetDialog)
    draw(dialog, 3, "3", 1)
    dialog.paper.event_generate("<ButtonPress-1>", x=1, y=5)  # above the boxes
    dialog.paper.event_generate("<ButtonRelease-1>", x=9, y=5)
    assert dialog.written == 1
    dialog.close()
    asked(dialog).cancel.invoke()
    assert dialog.written == 1
    hand.window.close()
    asked(dialog).discard.invoke()
    assert not hand.window.alive
    assert not (tmp_path / "my handwriting").exists()


@pytest.mark.parametrize("leave", ["sheet", "window", "size"])
def test_a_sheet_is_not_lost_without_a_question(hand: Hand, tmp_path: Path, leave: str) -> None:
    hand.window.write_samples()
    dialog = hand.dialog(SheetDialog)
    draw(dialog, 3, "3", 1)
    if leave == "sheet":
        dialog.event_generate("<Escape>")
    elif leave == "window":
        hand.window.close()
    else:
        hand.window.choose_zoom(125)
    assert hand.window.alive
    asked(dialog).keep.invoke()
    assert hand.window.alive is (leave == "sheet")
    assert Collection(tmp_path / "my handwriting").labels() == [3]


def test_what_is_on_the_sheet_is_kept_when_the_system_ends(hand: Hand, tmp_path: Path) -> None:
    hand.window.write_samples()
    draw(hand.dialog(SheetDialog), 3, "3", 1)
    hand.window.ended = True
    hand.window.destroy()
    assert Collection(tmp_path / "my handwriting").labels() == [3]


@pytest.mark.parametrize("how", ["close", "keep"])
def test_a_stroke_that_is_being_written_on_the_sheet_counts(hand: Hand, tmp_path: Path, how: str) -> None:
    hand.window.write_samples()
    dialog = hand.dialog(SheetDialog)
    x, y = dialog._corner(1)
    dialog.paper.event_generate("<ButtonPress-1>", x=x + 20, y=y + 10)
    dialog.paper.event_generate("<B1-Motion>", x=x + 20, y=y + 40, state=0x100)
    if how == "close":
        dialog.event_generate("<Escape>")
        asked(dialog).keep.invoke()
    else:
        dialog.finish()
    assert Collection(tmp_path / "my handwriting").labels() == [1]


def test_the_gallery_changes_its_colours_with_the_window(hand: Hand) -> None:
    hand.window.show_handwriting()
    dialog = hand.dialog(dialogs.HandwritingDialog)
    hand.window.choose_theme("dark")
    assert dialog.gallery.cget("background") == DARK.paper
    dialog.close()
    hand.window.choose_theme("light")


def test_a_sheet_changes_its_colours_with_the_window(hand: Hand) -> None:
    hand.window.write_samples()
    dialog = hand.dialog(SheetDialog)
    draw(dialog, 3, "3", 1)
    inks = len(dialog.paper.find_withtag("ink1"))
    hand.window.choose_theme("dark")
    assert dialog.paper.cget("background") == DARK.window
    assert {option(dialog.paper, item, "fill") for item in dialog.paper.find_all()[:3]} == {DARK.paper}
    assert len(dialog.paper.find_withtag("ink1")) == inks == 1
    dialog.undo()
    assert not dialog.paper.find_withtag("ink1") and dialog.written == 0
    hand.window.choose_theme("light")


def test_an_empty_sheet_closes_at_once(hand: Hand) -> None:
    hand.window.write_samples()
    dialog = hand.dialog(SheetDialog)
    dialog.event_generate("<Escape>")
    assert not dialog.winfo_exists()


def test_digits_are_imported(hand: Hand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    teach(hand, 2, 1)
    hand.window.session.collection.export(tmp_path / "hand.zip")
    hand.window.choose_hand(hands.create(tmp_path / "my handwriting", "Other"))
    monkeypatch.setattr(dialogs, "ask_import", lambda _: tmp_path / "hand.zip")
    hand.window.import_digits()
    hand.settle()
    assert hand.window.session.collection.labels() == [1, 1]
    assert hand.status == "2 new digits from hand.zip"
    (tmp_path / "hand.zip").write_bytes(b"no zip")
    hand.window.import_digits()
    hand.settle()
    assert "cannot be imported" in hand.status


def test_doubtful_labels_are_marked(hand: Hand) -> None:
    hand.write(strokes("7", 60, 80, 150, seed=1))
    hand.press("<Key-Tab>")
    hand.press("<Key-3>")
    hand.settle()
    hand.window.show_handwriting()
    hand.settle()
    dialog = hand.dialog(dialogs.HandwritingDialog)
    assert "1 label marked with ? may be wrong" in dialog.metrics.cget("text")
    assert texts(dialog.gallery) == ["3?"]
