"""Labels on the canvas cover no ink, whatever is drawn; and the paper moves and grows."""

import itertools
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from digits.reading.ink import Stroke, Strokes, bounds, rasterise, save_strokes
from digits.window import dialogs
from digits.window.labels import Placed, Rectangle, Wanted, arrange
from digits.window.palette import contrast
from digits.window.settings import Settings
from tests.handwriting import strokes
from tests.window.conftest import FOUR, NUMBER, Hand, OpenWindow, option
from tests.window.test_photographs import opened, picture

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


MARGIN, ROOM, GAP = 6, 11, 6
LEVEL = 14  # px, within which the digits of a line have their labels on one level


def page(seed: int) -> list[Wanted]:
    """Lines of digits, near or far from one another; one digit in six is doubtful."""
    random = np.random.default_rng(seed)
    size, pitch, high = random.uniform(12, 90), random.uniform(1.0, 2.5), random.uniform(1.1, 2.5)
    wanted = []
    for line in range(4):
        for i in range(8):
            x, y = 20 + i * size * pitch * 0.7, 20 + line * size * high
            left, top, right, bottom = (random.uniform(-0.1, 0.1) * size for _ in range(4))
            ink = (x + left, y + top, x + 0.6 * size + right, y + size + bottom)
            wanted.append(Wanted(ink, ROOM, SIZES, MARGIN, line, bool(random.random() < 1 / 6)))
    return wanted


def with_labels(wanted: Sequence[Wanted]) -> list[tuple[Wanted, Placed]]:
    placed = arrange(wanted, SCREEN, GAP)
    return [(one, place) for one, place in zip(wanted, placed, strict=True) if place is not None]


def frame(one: Wanted) -> Rectangle:
    left, top, right, bottom = one.ink
    return left - one.margin, top - one.margin, right + one.margin, bottom + one.margin


@pytest.mark.parametrize("seed", range(30))
def test_it_is_plain_whose_a_label_is(seed: int) -> None:
    wanted = page(seed)
    labelled = with_labels(wanted)
    for one, place in labelled:
        left, top, right, bottom = place.where
        assert not any(overlap(place.where, frame(other)) for other in wanted)
        assert abs((left + right) - (one.ink[0] + one.ink[2])) / 2 <= (one.ink[2] - one.ink[0]) / 2 + 1e-6
        assert top >= one.ink[3] or bottom <= one.ink[1], "below or above"
        own = max(top - one.ink[3], one.ink[1] - bottom)
        over = [
            other.ink for other in wanted if other.line != one.line and left < other.ink[2] and right > other.ink[0]
        ]
        assert all(max(top - ink[3], ink[1] - bottom) >= min(own, ROOM) for ink in over), "not nearer to another line"
    for (_, a), (_, b) in itertools.combinations(labelled, 2):
        wider = (a.where[0] - GAP + 1e-6, a.where[1], a.where[2] + GAP - 1e-6, a.where[3])
        assert not overlap(wider, b.where)


@pytest.mark.parametrize("seed", range(30))
def test_a_line_has_one_form_and_most_of_its_labels_or_none(seed: int) -> None:
    wanted = page(seed)
    placed = arrange(wanted, SCREEN, GAP)
    for line in range(4):
        on_it = [i for i, one in enumerate(wanted) if one.line == line and overlap(one.ink, (0, 0, *SCREEN))]
        sure = [placed[i] for i in on_it if not wanted[i].doubtful]
        there = [place for place in sure if place is not None]
        assert len({place.text for place in there}) <= 1
        assert not there or 2 * len(there) >= len(sure)
        if there and there[0].text == 0:
            assert len(there) == len(sure), "the long form only if all have room"


@pytest.mark.parametrize("seed", range(30))
def test_a_doubtful_digit_has_its_label_as_if_sure_ones_had_none(seed: int) -> None:
    wanted = page(seed)
    alone = [one if one.doubtful else replace(one, sizes=()) for one in wanted]
    both = zip(arrange(wanted, SCREEN, GAP), arrange(alone, SCREEN, GAP), wanted, strict=True)
    assert all(place == by_itself for place, by_itself, one in both if one.doubtful)


def test_where_there_is_room_for_one_label_the_doubtful_digit_has_it() -> None:
    line = [Wanted((100 + 13.0 * n, 100, 111 + 13.0 * n, 130), ROOM, SIZES, MARGIN, 0, n == 1) for n in range(3)]
    above = Wanted((80, 20, 160, 90), ROOM, (), MARGIN, 1)
    sure = [replace(one, doubtful=False) for one in line]
    assert [place is not None for place in arrange([*sure, above], SCREEN, GAP)] == [True, False, True, False]
    assert [place is not None for place in arrange([*line, above], SCREEN, GAP)] == [False, True, False, False]


@pytest.mark.parametrize("i", range(10))
def test_of_crowded_digits_the_doubtful_one_has_a_label(i: int) -> None:
    line = [Wanted((100 + 13.0 * n, 100, 111 + 13.0 * n, 130), ROOM, SIZES, MARGIN, 0, n == i) for n in range(10)]
    assert [(one.doubtful, place.text) for one, place in with_labels(line)] == [(True, 1)]


def test_the_labels_of_a_line_are_on_one_level_where_its_digits_nearly_are() -> None:
    feet = [180, 186, 176, 183, 260]
    line = [Wanted((100.0 * i, 100, 100.0 * i + 40, foot), ROOM, SIZES, MARGIN, 0) for i, foot in enumerate(feet)]
    tops = [place.where[1] for _, place in with_labels(line)]
    assert tops == [186 + ROOM] * 4 + [260 + ROOM], "far below the others, a digit has it near"
    low = [replace(one, ink=(one.ink[0], 100.0, one.ink[2], 180.0)) for one in line]
    beneath = [Wanted((100.0 * i, 184, 100.0 * i + 40, 240), ROOM, [], MARGIN, 1) for i in range(5)]
    assert {place.where[3] for _, place in with_labels([*low, *beneath])} == {100 - ROOM}, "all above"


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


def write_three_lines(hand: Hand) -> None:
    for number, top, height in (("4072", 30, 75), ("13986", 150, 60), ("1234567890", 250, 50)):
        for stroke in strokes(number, 40, top, height, gap=0.12, seed=3):
            hand.draw(stroke)
    hand.settle()
    hand.until(lambda: bool(shown(hand)), "labels")


@pytest.mark.parametrize("steps", range(0, 7, 2))
def test_labels_of_a_reduced_drawing_are_over_or_under_their_digits(open_window: OpenWindow, steps: int) -> None:
    hand = open_window(settings=Settings(theme="light", pen=10))
    write_three_lines(hand)
    canvas = hand.window.canvas
    for _ in range(steps):
        canvas.event_generate("<Control-Button-5>", x=200, y=200)
    hand.window.update()
    reading = hand.window.session.reading
    assert reading is not None
    frames = [canvas.bbox(item) for item in canvas.find_withtag("box")]
    assert shown(hand)
    for item in canvas.find_withtag("label"):
        if str(canvas.type(item)) == "text":
            digit = option(canvas, item, "text")[0]
            x, y = canvas.coords(item)
            near = [
                (max(top - y, y - bottom), found.text)
                for (left, top, right, bottom), found in zip(frames, reading.digits, strict=True)
                if left <= x <= right
            ]
            assert digit in [text for distance, text in near if distance <= min(near)[0] + LEVEL]
        else:
            left, top, right, bottom = canvas.coords(item)
            inner = (left + 1, top + 1, right - 1, bottom - 1)
            assert not any(overlap(inner, (x + 1, y + 1, x1 - 1, y1 - 1)) for x, y, x1, y1 in frames)


def test_without_labels_and_frames_only_the_selected_digit_is_framed(hand: Hand) -> None:
    hand.write(NUMBER)
    canvas = hand.window.canvas
    hand.until(lambda: bool(shown(hand)), "labels")
    hand.press("<Control-Key-l>")
    assert not canvas.find_withtag("mark")
    hand.press("<Key-Tab>")
    assert len(canvas.find_withtag("box")) == len(canvas.find_withtag("ring")) == 1
    hand.press("<Control-Key-l>")
    assert len(canvas.find_withtag("box")) == 4
    assert "Labels and frames" in [command.title for command in hand.window.commands]


def test_labels_wait_until_the_drawing_is_read(hand: Hand, monkeypatch: pytest.MonkeyPatch) -> None:
    hand.write(FOUR)
    hand.until(lambda: bool(shown(hand)), "the label")
    unread: list[object] = []
    with monkeypatch.context() as patch:
        patch.setattr(hand.window.jobs, "submit", lambda *given, **_: unread.append(given))
        hand.draw([(100, 330), (300, 340)])
        hand.until(lambda: "rest" not in hand.window.canvas._later, "the pen to rest")
        assert unread and not shown(hand), "a label might cover the stroke"
    hand.window.recognition.read()
    hand.settle()
    hand.until(lambda: bool(shown(hand)), "labels")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("negative", [False, True])
def test_frames_and_labels_are_seen_on_any_photograph(
    open_window: OpenWindow, tmp_path: Path, theme: str, negative: bool
) -> None:
    hand = open_window(settings=Settings(theme=theme))
    image = picture("407")
    (ImageOps.invert(image) if negative else image).save(tmp_path / "a.png")
    opened(hand, tmp_path / "a.png")
    canvas, paper = hand.window.canvas, "#000000" if negative else "#ffffff"
    assert len(canvas.find_withtag("box")) == 3
    hand.press("<Key-Tab>")
    for item in (*canvas.find_withtag("box"), *canvas.find_withtag("ring")):
        assert contrast(option(canvas, item, "outline"), paper) > 4.5
    x, y = canvas.winfo_width() // 2, canvas.winfo_height() // 2
    for key, tag in (("<Key-e>", "reach"), ("<Key-c>", "preview")):
        hand.press(key)
        canvas.event_generate("<ButtonPress-1>", x=x, y=y)
        canvas.event_generate("<B1-Motion>", x=x + 2, y=y, state=0x100)
        (item,) = canvas.find_withtag(tag)
        assert contrast(option(canvas, item, "outline"), paper) > 4.5
        canvas.event_generate("<ButtonRelease-1>", x=x, y=y, state=0x100)
    hand.press("<Key-e>")
    canvas.event_generate("<Motion>", x=x, y=2)
    (ring,) = canvas.find_withtag("reach")
    assert contrast(option(canvas, ring, "outline"), hand.window.palette.paper) > 4.5, "beside the photograph, too"
    hand.until(lambda: bool(shown(hand)), "labels")
    items = canvas.find_withtag("label")
    for chip, text in zip(items[::2], items[1::2], strict=True):
        assert contrast(option(canvas, text, "fill"), option(canvas, chip, "fill")) > 4.5


@pytest.mark.parametrize("negative", [False, True])
def test_ink_that_fills_its_box_is_framed_like_all_others(hand: Hand, tmp_path: Path, negative: bool) -> None:
    image = picture("407")
    image.paste(0, (20, 40, 50, 200))  # a 1 in a pen as wide as its box
    (ImageOps.invert(image) if negative else image).save(tmp_path / "a.png")
    opened(hand, tmp_path / "a.png")
    canvas, paper = hand.window.canvas, "#000000" if negative else "#ffffff"
    frames = canvas.find_withtag("box")
    assert len(frames) == 4
    for item in frames:
        assert contrast(option(canvas, item, "outline"), paper) > 4.5
    hand.until(lambda: bool(shown(hand)), "labels")
    chips = {option(canvas, item, "fill") for item in canvas.find_withtag("label")[::2]}
    assert len(chips) == 1


def test_a_digit_deleted_from_a_photograph_is_marked(
    hand: Hand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture("407").save(tmp_path / "a.png")
    opened(hand, tmp_path / "a.png")
    hand.press("<Key-Tab>")
    hand.press("<Key-Delete>")
    hand.settle()
    assert hand.number == "07"
    hand.until(lambda: "deleted" in shown(hand), "the word")
    assert len(hand.window.canvas.find_withtag("box")) == 3
    assert [mark.left_out for mark in hand.window.session.marks()] == [False, False, True]
    x, y, width, _ = hand.window.session.marks()[-1].box
    monkeypatch.setattr(dialogs, "ask_save", lambda *_: tmp_path / "read.png")
    hand.press("<Control-Key-e>")
    hand.settle()
    saved = np.asarray(Image.open(tmp_path / "read.png").convert("RGB")).astype(int)
    assert (np.ptp(saved[y - 8 : y, x : x + width], axis=2) > 10).any(), "a coloured frame"
    hand.press("<Control-Key-z>")
    hand.settle()
    hand.until(lambda: "deleted" not in shown(hand), "the word to go")
    assert hand.number == "407"


@pytest.mark.parametrize("fitted", ["strokes", "ink", "photograph"])
@pytest.mark.parametrize(
    ("zoom", "size"),
    [(100, (960, 740)), (100, (680, 740)), (150, (1366, 700)), (200, (1366, 700)), (200, (1590, 940))],
)
def test_frames_and_labels_are_on_the_paper(
    open_window: OpenWindow, tmp_path: Path, zoom: int, size: tuple[int, int], fitted: str
) -> None:
    digits = [*strokes("4072", 20, 8, 120), *strokes("583", 300, 500, 140), *strokes("2", 780, 300, 120)]
    drawn = tuple(Stroke(tuple(points), 12) for points in digits)
    hand = open_window(settings=Settings(theme="light", zoom=zoom))
    hand.window.geometry(f"{size[0]}x{size[1]}")
    hand.until(lambda: hand.window.winfo_width() == size[0])
    if fitted == "photograph":  # down to its edges
        x, y, width, height = bounds(drawn)
        Image.fromarray(255 - rasterise(drawn, width + 8, height + 8, x - 4, y - 4)).save(tmp_path / "a.png")
        hand.window.files.open_path(tmp_path / "a.png")
    else:
        save_strokes(tmp_path / "a.json", Strokes(drawn, (900, 700)))
        hand.window.files.open_path(tmp_path / "a.json")
    hand.settle()
    if fitted == "ink":
        hand.press("<Key-f>")
        hand.settle()
    hand.press("<Key-Tab>")
    canvas = hand.window.canvas
    shown = [canvas.bbox(item) for item in canvas.find_withtag("mark")]
    assert len(canvas.find_withtag("box")) == 8 and len(canvas.find_withtag("label")) == 2 * 8
    for left, top, right, bottom in shown:
        assert left >= 0 and top >= 0 and right <= canvas.winfo_width() + 1 and bottom <= canvas.winfo_height() + 1


def test_what_is_drawn_at_the_edge_stays_when_other_strokes_are_undone(hand: Hand) -> None:
    canvas = hand.window.canvas
    bottom = canvas.winfo_height() - 5
    hand.write([[(300, bottom - 120), (300, bottom)], [(400, 100), (400, 300)]])
    hand.press("<Control-Key-z>")
    assert (canvas.view.scale, canvas.view.left, canvas.view.top) == (1, 0, 0)


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
