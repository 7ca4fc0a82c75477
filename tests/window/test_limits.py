"""Names, paths, pictures and drawings at the limits of what there can be: refused in one line, or shown in time."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from digits.reading.collection import Collection, Sample
from digits.reading.ink import Picture, Stroke, Strokes, save_strokes
from digits.window import dialogs, smooth, summary
from digits.window import picture as pictures
from digits.window.canvas import MOST_ITEMS
from digits.window.recovery import FOLDER
from tests.window.conftest import FOUR, PATIENCE, Hand
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


# ---- pictures


def test_a_picture_too_long_for_a_jpeg_is_refused_by_name(
    hand: Hand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    Image.new("L", (70_000, 100), 255).save(tmp_path / "wide.png")
    Image.new("L", (65_500, 100), 255).save(tmp_path / "longest.png")
    for name, key in (("a.jpg", "<Control-Shift-Key-S>"), ("b.jpeg", "<Control-Key-e>")):
        hand.window.files.open_path(tmp_path / "wide.png")
        hand.settle()
        choose(monkeypatch, tmp_path / name)
        hand.press(key)
        hand.settle()
        assert hand.status.startswith(f"⚠  {name} cannot be saved: it is 70,000 pixels long, more than the 65,500")
        assert "save it as" in hand.status and not (tmp_path / name).exists()
        hand.window.files.open_path(tmp_path / "longest.png")
        hand.settle()
        hand.press(key)
        hand.settle()
        assert Image.open(tmp_path / name).size == (65_500, 100)
    assert capfd.readouterr().err == ""


def test_a_picture_too_long_to_be_kept_in_a_drawing_is_refused_by_name(
    hand: Hand, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    noise = np.random.default_rng(0).integers(200, 256, (150, 70_000, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / "wide.png", compress_level=1)
    hand.window.files.open_path(tmp_path / "wide.png")
    hand.settle()
    assert "wide.png is 70,000 pixels long, more than 65,500" in hand.status and hand.window.session.message.alarm
    assert capfd.readouterr().err == ""


# ---- what is being written


@pytest.fixture
def slowly(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Pictures are not written before this event is set."""
    gate, render = threading.Event(), pictures.render

    def later(*given: Any) -> Image.Image:
        assert gate.wait(PATIENCE)
        return render(*given)

    monkeypatch.setattr(pictures, "render", later)
    yield gate
    gate.set()


def save_pictures(hand: Hand, monkeypatch: pytest.MonkeyPatch, *paths: Path) -> None:
    for i, path in enumerate(paths):
        choose(monkeypatch, path)
        hand.press("<Control-Key-e>" if i % 2 else "<Control-Shift-Key-S>")


def test_all_pictures_are_written_however_quickly_they_are_saved(
    hand: Hand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, slowly: threading.Event
) -> None:
    hand.write(FOUR)
    paths = [tmp_path / name for name in ("a.png", "b.png", "c.jpg", "d.png")]
    save_pictures(hand, monkeypatch, *paths)
    hand.window.cancel()
    slowly.set()
    hand.settle()
    assert [path.exists() for path in paths] == [True] * 4
    assert hand.status == f"Saved {paths[-1]}"


def test_a_picture_is_written_while_another_file_is_opened(
    hand: Hand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand.write(FOUR)
    gate = threading.Event()
    hand.window.jobs.submit("open", lambda _: gate.wait(PATIENCE), print, print, background=True)
    save_pictures(hand, monkeypatch, tmp_path / "a.png")
    hand.until(lambda: (tmp_path / "a.png").exists())
    gate.set()


@pytest.mark.parametrize("how", ["close", "zoom"])
def test_a_window_closes_once_its_pictures_are_written(
    hand: Hand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, slowly: threading.Event, how: str
) -> None:
    hand.write(FOUR)
    choose(monkeypatch, tmp_path / "a.json")
    hand.press("<Control-Key-s>")
    save_pictures(hand, monkeypatch, tmp_path / "a.png", tmp_path / "b.png")

    def leave() -> None:
        if how == "close":
            hand.window.close()
        else:
            hand.window.choose_zoom(125)

    leave()
    leave()
    assert hand.window.alive and "closes then" in hand.status
    slowly.set()
    deadline = time.monotonic() + PATIENCE
    while hand.window.alive and time.monotonic() < deadline:
        hand.window.update()
    assert not hand.window.alive and hand.window.reopen == (how == "zoom")
    assert (tmp_path / "a.png").exists() and (tmp_path / "b.png").exists()


def test_a_window_stays_whose_picture_cannot_be_written(
    hand: Hand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, slowly: threading.Event
) -> None:
    hand.write(FOUR)
    choose(monkeypatch, tmp_path / "a.json")
    hand.press("<Control-Key-s>")
    (tmp_path / "b.png").mkdir()
    save_pictures(hand, monkeypatch, tmp_path / "a.png", tmp_path / "b.png")  # the second waits for the first
    hand.window.close()
    slowly.set()
    hand.settle()
    assert hand.window.alive and (tmp_path / "a.png").exists()
    hand.window.close()
    assert not hand.window.alive


def test_what_is_drawn_while_a_picture_is_written_is_asked_about(
    hand: Hand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, slowly: threading.Event
) -> None:
    hand.write(FOUR)
    save_pictures(hand, monkeypatch, tmp_path / "a.png")
    hand.window.close()
    slowly.set()
    hand.settle()
    hand.dialog(dialogs.UnsavedDialog).discard.invoke()
    assert not hand.window.alive and (tmp_path / "a.png").exists()


def test_a_signal_leaves_no_picture_half_written_and_says_what_is_lost(
    hand: Hand,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    slowly: threading.Event,
    capfd: pytest.CaptureFixture[str],
) -> None:
    hand.write(FOUR)
    (tmp_path / "b.png").mkdir()
    save_pictures(hand, monkeypatch, tmp_path / "a.png", tmp_path / "b.png")  # the second waits for the first
    hand.window.ended = True
    threading.Timer(0.2, slowly.set).start()
    hand.window.destroy()
    assert Image.open(tmp_path / "a.png").size > (100, 100)
    assert "b.png cannot be written" in capfd.readouterr().err


def test_two_imports_are_both_done(hand: Hand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = threading.Event()
    hand.window.jobs.submit("open", lambda _: gate.wait(PATIENCE), print, print, background=True)
    for name in ("a.zip", "b.zip"):
        other = Collection(tmp_path / f"of {name}")
        crop = np.full((28, 28), 100 + ord(name[0]), np.uint8)
        other.keep(Sample(f"{ord(name[0]):016x}", 3, crop, Strokes((), (28, 28))))
        other.export(tmp_path / name)
        monkeypatch.setattr(dialogs, "ask_import", lambda *_, path=tmp_path / name: path)
        hand.window.import_digits()
    gate.set()
    hand.settle()
    assert hand.window.session.collection.labels() == [3, 3]


# ---- many strokes


def test_many_strokes_are_drawn_again_only_once_the_eraser_rests(
    hand: Hand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    strokes = [Stroke(((x, y), (x + 6, y + 6)), 2) for x in range(20, 620, 10) for y in range(20, 470, 10)]
    assert len(strokes) > MOST_ITEMS
    save_strokes(tmp_path / "a.json", Strokes(tuple(strokes), (640, 480)))
    hand.window.files.open_path(tmp_path / "a.json")
    hand.settle()
    draw, drawn = smooth.image, []

    def count(*given: Any) -> Any:
        if len(given[1]) > MOST_ITEMS:
            drawn.append(len(given[1]))
        return draw(*given)

    monkeypatch.setattr(smooth, "image", count)
    canvas, before = hand.window.canvas, len(hand.window.document.state.strokes)
    hand.press("<Key-e>")
    canvas.event_generate("<ButtonPress-1>", x=50, y=50)
    for x in range(60, 460, 10):
        canvas.event_generate("<B1-Motion>", x=x, y=50, state=0x100)
    assert drawn == [], "the pointer does not wait for it"
    hand.until(lambda: bool(drawn), "what is left, once it rests")
    canvas.event_generate("<B1-Motion>", x=460, y=200, state=0x100)
    canvas.event_generate("<ButtonRelease-1>", x=460, y=200, state=0x100)
    left = len(hand.window.document.state.strokes)
    assert drawn[-1] == left < before
    hand.press("<Control-Key-z>")
    assert drawn[-1] == before
    time.sleep(0.1)
    hand.window.update()
    assert drawn[-1] == before and len(drawn) == 3, "no preview comes late"
