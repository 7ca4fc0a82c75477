"""Labels on the canvas cover no ink, whatever is drawn; and the paper moves and grows."""

import itertools
import time
from collections.abc import Sequence

import numpy as np
import pytest

from digits.window import dialogs
from digits.window.labels import Rectangle, Wanted, arrange
from digits.window.settings import Settings
from tests.handwriting import strokes
from tests.window.conftest import FOUR, NUMBER, Hand, OpenWindow, option

SCREEN = (1000, 700)
SIZES = [(60.0, 16.0), (16.0, 16.0)]


def overlap(a: Rectangle, b: Rectangle) -> bool:
    return a[0] < b[2] and a[2] > b[0] and a[1] < b[3] and a[3] > b[1]


def encloses(one: Wanted, others: Sequence[Wanted]) -> bool:
    """Whether it is drawn around another one, as a frame is."""
    left, top, right, bottom = one.ink
    return any(left < x and top < y and right > x1 and bottom > y1 for x, y, x1, y1 in (two.ink for two in others))


@pytest.mark.parametrize("seed", range(20))
def test_no_label_covers_ink_or_another_label(seed: int) -> None:
    random = np.random.default_rng(seed)
    wanted = []
    for _ in range(40):
        x, y = random.uniform(0, 950), random.uniform(0, 650)
        width, height = random.uniform(8, 60), random.uniform(20, 90)
        wanted.append(Wanted((x, y, x + width, y + height), 9, SIZES))
    placed = [place for place in arrange(wanted, SCREEN) if place is not None]
    assert placed
    for place in placed:
        left, top, right, bottom = place.where
        assert left >= 0 and top >= 0 and right <= SCREEN[0] and bottom <= SCREEN[1]
        assert not any(overlap(place.where, one.ink) for one in wanted if not encloses(one, wanted))
    assert not any(overlap(a.where, b.where) for a, b in itertools.combinations(placed, 2))


def test_a_label_gets_smaller_where_a_neighbour_is_near_and_goes_where_there_is_no_room() -> None:
    apart = [Wanted((x, 100, x + 40, 180), 9, SIZES) for x in (100, 300)]
    assert [place and place.text for place in arrange(apart, SCREEN)] == [0, 0]
    near = [Wanted((x, 100, x + 30, 180), 9, SIZES) for x in (100, 134, 168)]
    assert [place and place.text for place in arrange(near, SCREEN)] == [0, 1, 0], "there is paper at both ends"
    between = [Wanted((100, y, 130, y + 80), 9, SIZES) for y in (20, 104, 188)]
    assert arrange(between, (1000, 290))[1] is None


def test_what_is_drawn_around_others_covers_its_edges_only() -> None:
    digits = [Wanted((x, 100, x + 40, 180), 9, SIZES) for x in (100, 300)]
    frame = Wanted((40, 40, 460, 300), 9, [(60.0, 16.0)])
    placed = arrange([*digits, frame], SCREEN)
    assert all(placed)
    assert [place and place.text for place in placed[:2]] == [0, 0]


def shown(hand: Hand) -> list[str]:
    canvas = hand.window.canvas
    return [option(canvas, item, "text") for item in canvas.find_withtag("label") if str(canvas.type(item)) == "text"]


def test_labels_wait_until_the_pen_rests_and_can_be_switched_off(hand: Hand) -> None:
    hand.write(FOUR)
    hand.until(lambda: len(shown(hand)) == 1, "the label")
    hand.window.canvas.event_generate("<ButtonPress-1>", x=500, y=300)
    assert shown(hand) == []
    hand.window.canvas.event_generate("<B1-Motion>", x=500, y=400, state=0x100)
    hand.window.canvas.event_generate("<ButtonRelease-1>", x=500, y=400, state=0x100)
    hand.settle()
    hand.until(lambda: len(shown(hand)) == 2, "both labels")
    hand.press("<Control-Key-l>")
    assert shown(hand) == []
    assert not hand.window.session.settings.labels
    hand.press("<Control-Key-l>")
    assert len(shown(hand)) == 2


def test_eight_lines_of_digits_have_no_label_on_ink(open_window: OpenWindow) -> None:
    hand = open_window(settings=Settings(theme="light", pen=6))
    for line in range(6):
        for stroke in strokes("31415926", 20, 10 + 70 * line, 46, seed=line):
            hand.draw(stroke)
    hand.settle()
    hand.until(lambda: bool(shown(hand)), "labels")
    canvas = hand.window.canvas
    reading = hand.window.session.reading
    assert reading is not None
    inks = [(x, y, x + width, y + height) for x, y, width, height in (digit.box for digit in reading.digits)]
    for item in canvas.find_withtag("label"):
        left, top, right, bottom = canvas.bbox(item)
        assert not any(overlap((left + 2, top + 2, right - 2, bottom - 2), ink) for ink in inks)


def test_zooming_and_moving_keep_the_ink_and_the_drawing_grows(hand: Hand) -> None:
    hand.write(NUMBER)
    before = hand.window.document.state.strokes
    canvas = hand.window.canvas
    hand.press("<Control-Key-equal>")
    assert canvas.view.scale == pytest.approx(1.25)
    hand.press("<Control-Key-minus>")
    assert canvas.view.scale == pytest.approx(1)
    canvas.event_generate("<Button-5>", x=50, y=50)
    hand.window.update()
    assert canvas.view.top == -60
    canvas.event_generate("<Control-Button-4>", x=100, y=100)
    hand.window.update()
    assert canvas.view.scale == pytest.approx(1.25)
    hand.press("<Control-Key-0>")
    assert (canvas.view.scale, canvas.view.left, canvas.view.top) == (1, 0, 0)
    assert hand.window.document.state.strokes is before
    hand.press("<KeyPress-space>")
    hand.draw([(400, 300), (600, 100)])
    assert hand.window.document.state.strokes is before, "with the space bar, the pointer moves the paper"
    assert (canvas.view.left, canvas.view.top) == (200, -200)
    hand.press("<KeyRelease-space>")
    hand.until(lambda: not canvas._space)
    hand.draw([(100, 500), (100, 600)])
    assert hand.window.document.state.strokes[-1].points[0] == (-100, 700)
    hand.press("<Key-f>")
    hand.settle()
    for stroke in hand.window.document.state.strokes:
        for x, y in stroke.points:
            screen_x, screen_y = canvas.view.to_screen(x, y)
            assert 0 < screen_x < canvas.winfo_width() and 0 < screen_y < canvas.winfo_height()


def test_the_space_bar_moves_the_paper_after_a_dialog_too(hand: Hand) -> None:
    hand.window.show_help()
    dialog = next(child for child in hand.window.winfo_children() if isinstance(child, dialogs.HelpDialog))
    dialog.close()
    hand.window.update()
    assert hand.window.focus_get() is hand.window.canvas


def test_the_page_does_not_grow_with_the_zoom(hand: Hand) -> None:
    before = hand.window.canvas.page_size
    for _ in range(6):
        hand.window.canvas.zoom(-1)
    hand.window.canvas.scroll(-500, 300)
    assert hand.window.canvas.page_size == before


def test_moving_the_paper_does_not_hide_the_stroke_that_is_drawn(hand: Hand) -> None:
    canvas = hand.window.canvas
    canvas.scroll(10, 0)
    canvas.event_generate("<ButtonPress-1>", x=100, y=100)
    for i in range(1, 9):
        canvas.event_generate("<B1-Motion>", x=100 + 20 * i, y=100, state=0x100)
    n = len(canvas.find_withtag("preview"))
    end = time.monotonic() + 0.2
    while time.monotonic() < end:
        hand.window.update()
    assert len(canvas.find_withtag("preview")) == n > 1
    canvas.event_generate("<ButtonRelease-1>", x=260, y=100, state=0x100)


def test_the_right_button_erases_or_shows_a_menu(hand: Hand, monkeypatch: pytest.MonkeyPatch) -> None:
    from digits.window import commands

    shown: list[list[str]] = []

    def pop_up(_: object, given: list[commands.Command], further: list[tuple[str, object]], __: object) -> None:
        shown.append([label for label, _ in further] + [command.title for command in given])

    monkeypatch.setattr(commands, "pop_up", pop_up)
    hand.write(FOUR)
    canvas = hand.window.canvas
    canvas.event_generate("<ButtonPress-3>", x=150, y=220)
    canvas.event_generate("<ButtonRelease-3>", x=150, y=220, state=0x400)
    hand.window.update()
    assert "This is a 7" in shown[0] and "Delete digit" in shown[0]
    assert hand.window.session.selected_index == 0
    canvas.event_generate("<ButtonPress-3>", x=700, y=500)
    canvas.event_generate("<ButtonRelease-3>", x=700, y=500, state=0x400)
    assert "Fit to ink" in shown[1] and "Delete digit" not in shown[1]
    canvas.event_generate("<ButtonPress-3>", x=90, y=100)
    for x, y in ((200, 200), (300, 330)):
        canvas.event_generate("<B3-Motion>", x=x, y=y, state=0x400)
    canvas.event_generate("<ButtonRelease-3>", x=300, y=330, state=0x400)
    hand.settle()
    assert len(shown) == 2
    assert len(hand.window.document.state.strokes) > 2, "strokes are cut"


@pytest.mark.parametrize(("size", "narrow"), [((800, 600), True), ((960, 1000), False)])
def test_small_windows_show_everything_that_counts(hand: Hand, size: tuple[int, int], narrow: bool) -> None:
    window = hand.window
    window.geometry(f"{size[0]}x{size[1]}")
    hand.until(lambda: window.winfo_width() == size[0])
    hand.write(strokes("40", 30, 30, 90))
    assert hand.number == "40"
    assert (window.panel.winfo_rooty() > window.canvas.winfo_rooty()) == narrow
    for part in (
        window.canvas,
        window.panel.number,
        window.panel.choice,
        window.status,
        *window.toolbar.buttons.values(),
    ):
        assert part.winfo_ismapped() and part.winfo_width() > 1
        assert part.winfo_rootx() + part.winfo_width() <= window.winfo_rootx() + window.winfo_width()
        assert part.winfo_rooty() + part.winfo_height() <= window.winfo_rooty() + window.winfo_height()
    assert window.canvas.winfo_height() > 150
