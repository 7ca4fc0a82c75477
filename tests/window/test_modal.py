"""One question at a time: while a dialog must be answered first, nothing opens another, and it keeps the focus."""

import sys
import tkinter as tk
from collections.abc import Callable, Iterator
from pathlib import Path
from tkinter import filedialog
from types import SimpleNamespace
from typing import Any, cast

import pytest
from PIL import Image

from digits.reading.ink import Stroke, Strokes, open_strokes, save_strokes
from digits.window import dialogs, modal
from digits.window.recovery import NOWHERE, Left
from digits.window.sheet import SheetDialog
from tests.window.conftest import FOUR, Hand

FOLDER = Path(dialogs.__file__).parent
TK_DIALOG = ".__tk_filedialog"
x11 = pytest.mark.skipif(sys.platform != "linux", reason="the system's dialogs are used elsewhere")


def open_dialogs(hand: Hand) -> list[dialogs.Dialog]:
    """All dialogs of the window, and of its dialogs."""
    above = [child for child in hand.window.winfo_children() if isinstance(child, dialogs.Dialog)]
    return above + [inner for each in above for inner in each.winfo_children() if isinstance(inner, dialogs.Dialog)]


def told_by_the_desktop(window: Any, protocol: str) -> None:
    """What a window manager's message does."""
    window.tk.eval(window.protocol(protocol))
    window.update()


def focus(hand: Hand) -> str:
    """The widget that has the keyboard's focus."""
    return str(hand.window.tk.call("focus"))


def do_everything(hand: Hand) -> None:
    """Whatever could open a dialog."""
    window = hand.window
    told_by_the_desktop(window, "WM_DELETE_WINDOW")
    for command in window.commands:
        if command.enabled() and command.title != "Undo":
            command.run()
            window.update()
    for button in window.toolbar.buttons.values():
        button.invoke()
    for dialog in open_dialogs(hand):
        if isinstance(dialog, SheetDialog):
            told_by_the_desktop(dialog, "WM_DELETE_WINDOW")
    dialogs.ask_import(window)
    dialogs.ask_replace(window, "a.json", window.factor)
    window.files.open_path(Path("/nowhere.png"))


def kept(hand: Hand) -> None:
    """Draw a four and keep it, which gives all commands something to do."""
    hand.write(FOUR)
    hand.press("<Key-4>")
    hand.settle()


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The titles of Tk's file dialogs; one over another would hang, and is not opened."""
    titles: list[str] = []
    for name in ("askopenfilename", "asksaveasfilename"):
        real = getattr(filedialog, name)

        def ask(real: Callable[..., str] = real, **options: Any) -> str:
            titles.append(options["title"])
            return real(**options) if len(titles) == 1 else ""

        monkeypatch.setattr(filedialog, name, ask)
    yield titles


@x11
@pytest.mark.parametrize("title", ["Open", "Save as", "Save annotated picture", "Import", "Export"])
def test_a_file_dialog_stays_the_only_one_and_gets_the_focus_back(hand: Hand, asked: list[str], title: str) -> None:
    window, failures = hand.window, list[BaseException]()
    kept(hand)
    window.show_help()

    def act() -> None:
        try:
            hand.until(lambda: focus(hand).startswith(TK_DIALOG), "the file dialog")
            before = open_dialogs(hand)
            do_everything(hand)
            assert window.alive and len(asked) == 1 and open_dialogs(hand) == before
            assert focus(hand).startswith(TK_DIALOG)
            for other in (window, *before):
                window.tk.call("focus", "")
                told_by_the_desktop(other, "WM_TAKE_FOCUS")
                assert focus(hand).startswith(TK_DIALOG)
        except BaseException as error:  # Tk would print it
            failures.append(error)
        finally:
            window.tk.eval(f"event generate {TK_DIALOG} <Key-Escape>")

    window.after(100, act)
    next(command for command in window.commands if command.title == title).run()
    assert not failures, failures
    told_by_the_desktop(window, "WM_DELETE_WINDOW")
    hand.dialog(dialogs.UnsavedDialog).cancel.invoke()
    window.update()
    assert window.alive and not modal.is_asking(window)


@pytest.mark.parametrize("kind", ["unsaved", "restore", "keep"])
def test_a_question_stays_the_only_one_and_keeps_the_focus(hand: Hand, asked: list[str], kind: str) -> None:
    window = hand.window
    kept(hand)
    if kind == "unsaved":
        hand.press("<Control-Key-n>")
    elif kind == "restore":
        dialogs.RestoreDialog(window, window.factor, "1 January 2026 at 12:00", lambda _: None)
    else:
        window.write_samples()
        sheet = hand.dialog(SheetDialog)
        for name, x in (("<ButtonPress-1>", 20), ("<B1-Motion>", 30), ("<ButtonRelease-1>", 30)):
            sheet.paper.event_generate(name, x=x, y=60)
        assert sheet.written == 1
        sheet.close()
    question = next(each for each in open_dialogs(hand) if isinstance(each, dialogs.QuestionDialog))
    hand.until(lambda: bool(question.grab_current()), "the question")
    before = open_dialogs(hand)
    do_everything(hand)
    assert window.alive and not asked and open_dialogs(hand) == before
    for other in (window, *before):
        window.tk.call("focus", "")
        told_by_the_desktop(other, "WM_TAKE_FOCUS")
        assert focus(hand).startswith(str(question))
    window.tk.call("focus", "")
    window.canvas.event_generate("<ButtonPress-1>", x=30, y=500)
    window.canvas.event_generate("<ButtonRelease-1>", x=30, y=500)
    window.update()
    assert focus(hand).startswith(str(question)) and len(window.document.state.strokes) == len(FOUR)
    question.event_generate("<Key-Escape>")
    window.update()
    assert not question.winfo_exists() and not modal.is_asking(window)


def test_what_comes_later_waits_for_the_answer(hand: Hand, tmp_path: Path) -> None:
    window = hand.window
    Image.new("L", (300, 200), 255).save(tmp_path / "a.png")
    window.canvas.event_generate("<ButtonPress-1>", x=100, y=100)
    window.files.open_path(tmp_path / "a.png")  # which waits for the end of the stroke
    window.canvas.event_generate("<B1-Motion>", x=100, y=200, state=0x100)
    hand.press("<Control-Key-n>")
    question = hand.dialog(dialogs.UnsavedDialog)
    released: list[bool] = []
    left = SimpleNamespace(when=0.0, origin=NOWHERE, path=tmp_path, release=lambda: released.append(True))
    window._offer_left(iter([cast(Left, left)]))
    hand.settle()
    over = list[bool]()
    window.after(600, lambda: over.append(True))
    hand.until(lambda: bool(over))
    assert open_dialogs(hand) == [question] and window.document.state.photograph is None
    question.cancel.invoke()
    for _ in range(2):  # what was opened, and what is to be restored
        hand.until(lambda: bool(open_dialogs(hand)), "the next question")
        (further,) = open_dialogs(hand)
        assert isinstance(further, dialogs.QuestionDialog)
        further.close()
    hand.until(lambda: released == [True])


def test_a_window_that_waits_for_its_pictures_waits_for_the_dialog_too(hand: Hand) -> None:
    closed: list[bool] = []
    with modal.asking(hand.window):
        hand.window.files.once_written(lambda: closed.append(True))
        hand.window.update()
        assert not closed
    hand.until(lambda: closed == [True])


def answer(hand: Hand, replace: bool) -> list[bool]:
    """Answer the question whether to replace a file, once it is open; the list says whether Cancel has the focus."""

    def now() -> None:
        dialog = hand.dialog(dialogs.ReplaceDialog)
        safe.append(dialog.focus_lastfor() is dialog.cancel)
        (dialog.replace if replace else dialog.cancel).invoke()

    safe: list[bool] = []
    hand.window.after(50, now)
    return safe


def test_a_file_that_another_program_has_changed_is_replaced_only_if_wanted(hand: Hand, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    four = Strokes(tuple(Stroke(tuple(points), 14) for points in FOUR), (400, 400))
    save_strokes(path, four)
    hand.window.files.open_path(path)
    hand.settle()
    save_strokes(path, Strokes(four.strokes[:1], (400, 400)))
    hand.write([[(500, 300), (500, 400)]])
    safe = answer(hand, replace=False)
    assert not hand.window.files.save() and safe == [True]
    assert len(open_strokes(path).strokes) == 1
    answer(hand, replace=True)
    assert hand.window.files.save() and len(open_strokes(path).strokes) == len(FOUR) + 1


@x11
def test_a_name_that_is_taken_is_asked_about_and_can_be_changed(
    hand: Hand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.json").write_text("another")
    proposed: list[tuple[str, str]] = []
    given: list[str] = []

    def ask(**options: Any) -> str:
        assert not options["confirmoverwrite"], "it is asked here"
        proposed.append((options["initialfile"], options["initialdir"]))
        return given.pop(0)

    monkeypatch.setattr(filedialog, "asksaveasfilename", ask)
    hand.write(FOUR)
    given += [str(tmp_path / "a"), ""]
    answer(hand, replace=False)
    assert not hand.window.files.save()
    assert proposed[1:] == [("a.json", str(tmp_path))] and (tmp_path / "a.json").read_text() == "another"
    given += [str(tmp_path / "a.json")]
    answer(hand, replace=True)
    assert hand.window.files.save() and len(open_strokes(tmp_path / "a.json").strokes) == len(FOUR)
    given += [str(tmp_path / "b.json")]
    assert hand.window.files.save_as(), "not asked about"


def test_all_questions_are_the_program_s_own() -> None:
    assert not [path.name for path in FOLDER.glob("*.py") if "messagebox" in path.read_text(encoding="utf-8")]


def test_a_question_takes_over_once_another_program_lets_go(hand: Hand, monkeypatch: pytest.MonkeyPatch) -> None:
    grab, tried = dialogs.UnsavedDialog.grab_set, []

    def refuse_twice(dialog: dialogs.UnsavedDialog) -> None:
        tried.append(dialog)
        if len(tried) <= 2:
            raise tk.TclError("grab failed: another application has grab")
        grab(dialog)

    monkeypatch.setattr(dialogs.UnsavedDialog, "grab_set", refuse_twice)
    hand.write(FOUR)
    hand.window.close()
    dialog = hand.dialog(dialogs.UnsavedDialog)
    hand.until(lambda: dialog.grab_current() is dialog, "the grab")
    dialog.cancel.invoke()
    assert len(tried) >= 3


def test_digits_typed_beside_a_question_correct_nothing(hand: Hand) -> None:
    hand.write(FOUR)
    hand.window.show_help()
    help_dialog = hand.dialog(dialogs.HelpDialog)
    hand.window.close()
    question = hand.dialog(dialogs.UnsavedDialog)
    help_dialog.close()
    hand.window.update()
    assert str(hand.window.tk.call("focus", "-lastfor", ".")) != str(hand.window.canvas) or question.focus_displayof()
    hand.window.canvas.event_generate("<Key-7>")
    hand.window.event_generate("<Key-7>")
    assert hand.number == "4" and len(hand.window.session.collection) == 0
    question.cancel.invoke()


def test_nothing_is_asked_while_a_menu_is_open(hand: Hand) -> None:
    hand.write(FOUR)
    menu = hand.window.menus["File"]
    menu.post(hand.window.winfo_rootx() + 5, hand.window.winfo_rooty() + 5)
    hand.window.tk.call("grab", "set", "-global", str(menu))
    hand.window.files.before_closing(hand.window.destroy)
    hand.window.update()
    assert not open_dialogs(hand) and hand.window.alive
    hand.window.tk.call("grab", "release", str(menu))
    menu.unpost()
    hand.until(lambda: bool(open_dialogs(hand)), "the question")
    hand.dialog(dialogs.UnsavedDialog).cancel.invoke()


@x11
def test_the_file_dialog_after_a_question_has_the_keyboard_in_its_name(hand: Hand) -> None:
    window, seen = hand.window, list[str]()

    def look() -> None:
        window.tk.call("focus", "-force", TK_DIALOG)  # as a desktop does when the question has gone
        told_by_the_desktop(window, "WM_TAKE_FOCUS")
        seen.append(str(window.tk.call("focus", "-lastfor", TK_DIALOG)))
        window.tk.call("event", "generate", TK_DIALOG, "<Escape>")

    hand.write(FOUR)
    window.close()
    window.after(400, look)
    hand.dialog(dialogs.UnsavedDialog).save.invoke()
    (path,) = seen
    assert str(window.tk.eval("winfo exists .")) == "1" and path.startswith(TK_DIALOG) and path.endswith(".ent")


def test_a_question_has_the_keyboard_on_its_button_whenever_it_is_given_the_focus(hand: Hand) -> None:
    hand.write(FOUR)
    hand.window.close()
    question = hand.dialog(dialogs.UnsavedDialog)
    hand.until(lambda: question.grab_current() is question, "the grab")
    question.focus_force()
    told_by_the_desktop(hand.window, "WM_TAKE_FOCUS")
    assert question.focus_lastfor() is question.save
    question.cancel.invoke()
