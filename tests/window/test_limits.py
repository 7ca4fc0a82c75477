"""Names, paths, pictures and drawings at the limits of what there can be: refused in one line, or shown in time."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from digits.reading.ink import Picture, Stroke, Strokes, save_strokes
from digits.window import dialogs, summary
from digits.window.recovery import FOLDER
from tests.window.conftest import FOUR, Hand
from tests.window.test_nothing_lost import choose, picture

# ---- names


def test_a_drawing_with_a_picture_s_name_of_megabytes_is_refused(hand: Hand, tmp_path: Path) -> None:
    content = picture(tmp_path / "a.png").read_bytes()
    path = tmp_path / "a.json"
    save_strokes(path, Strokes((Stroke(((10, 10), (10, 90)), 9),), (100, 100), (), Picture("a.png", content)))
    path.write_text(json.dumps({**(kept := json.loads(path.read_text())),
                                "picture": {**kept["picture"], "name": "n" * (22 << 20)}}))  # fmt: skip
    hand.window.files.open_path(path)
    hand.settle()
    assert "its picture's name has 23,068,672 characters" in hand.status and hand.window.session.message.alarm
    assert hand.window.document.state.empty


def test_no_name_is_too_long_to_be_shown(hand: Hand, tmp_path: Path) -> None:
    hand.window.files.open_path(picture(tmp_path / "a.png"))
    hand.settle()
    photograph = hand.window.document.state.photograph
    assert photograph is not None
    state = replace(hand.window.document.state, photograph=replace(photograph, name="a" * (22 << 20) + ".png"))
    hand.window.document.open(state)
    hand.window.session.settings = hand.window.session.settings.used(tmp_path / ("f" * 4000) / ("n" * 4000))
    hand.window._show()
    hand.window.update()
    assert hand.window.title().endswith("aa.png – Handwritten digits") and len(hand.window.title()) < 120
    assert max(len(command.label) for command in hand.window._table()) < 200


@pytest.mark.parametrize("name", ["short.png", "n" * 80, "x" * 40 + "middle" + "y" * 40])
def test_a_long_name_loses_its_middle(name: str) -> None:
    shown = summary.shortened(name)
    assert len(shown) <= 80 and (shown[0], shown[-1]) == (name[0], name[-1])
    assert (shown == name) == (len(name) <= 80)
    assert summary.shortened("a\0\n\udcff b") == "a��� b"


# ---- paths


@pytest.mark.parametrize("name", ["a\0b", "\0", "a\0/b"])
def test_a_nul_in_a_name_is_one_line_wherever_a_file_is_chosen(
    hand: Hand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    hand.write(FOUR)
    hand.press("<Key-Tab>")
    hand.press("<Key-Return>")
    window = hand.window
    monkeypatch.setattr(dialogs, "ask_import", lambda *_: tmp_path / f"{name}.zip")
    acts: list[tuple[str, Callable[[], object]]] = [
        (".json", window.files.save_as),
        (".png", window.files.save_as),
        (".jpg", window.files.save_annotated),
        (".zip", window.export_digits),
        ("", window.export_digits),
        (".zip", window.import_digits),
    ]
    for ending, act in acts:
        window._report("")
        choose(monkeypatch, tmp_path / f"{name}{ending}")
        act()
        hand.settle()
        assert window.session.message.alarm and "\n" not in window.session.message.text, ending
    for ending in (".json", ".png", ""):
        window._report("")
        window.files.open_path(tmp_path / f"{name}{ending}")
        hand.dialog(dialogs.UnsavedDialog).discard.invoke()
        hand.settle()
        assert window.session.message.alarm and "\n" not in window.session.message.text, ending
    assert {path.name for path in tmp_path.iterdir()} <= {"settings.json", "my handwriting", FOLDER}


@pytest.mark.parametrize("name", ["a\0b.png", "\0", "..", "../a.png", "a\n.png", ".png"])
def test_the_name_that_is_proposed_is_one_that_a_file_can_have(
    hand: Hand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    content = picture(tmp_path / "a.png").read_bytes()
    save_strokes(tmp_path / "a.json", Strokes((Stroke(((10, 10), (10, 90)), 9),), (9, 9), (), Picture(name, content)))
    hand.window.files.open_path(tmp_path / "a.json")
    hand.settle()
    hand.window.document.path = None
    proposed: list[str] = []
    monkeypatch.setattr(dialogs, "ask_save", lambda *given: proposed.append(str(given[2])))
    hand.press("<Control-Shift-Key-S>")
    (only,) = proposed
    assert only.endswith(".json") and not set(only) & set("\0/\n") and "\0" not in hand.window.title()
