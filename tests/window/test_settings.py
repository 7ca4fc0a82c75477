"""Settings are kept between runs, and a damaged file is ignored."""

import json
import os
import random
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from digits.window.settings import Settings, default_path, load, save, save_changes
from tests.window.conftest import Hand, OpenWindow


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    settings = Settings(theme="dark", zoom=150, network="CNN", pen=20)
    save(tmp_path / "new" / "settings.json", settings)
    assert load(tmp_path / "new" / "settings.json") == settings


@pytest.mark.parametrize("content", ["", "{", "[]", "null", "\x00", "[" * 100_000])
def test_a_damaged_file_is_ignored(tmp_path: Path, content: str) -> None:
    path = tmp_path / "settings.json"
    path.write_text(content)
    assert load(path) == Settings()


def test_values_out_of_range_take_their_default(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    path.write_text('{"theme": "pink", "zoom": 7, "pen": true, "network": 3, "other": 1}')
    assert load(path) == Settings()
    path.write_text('{"theme": "dark", "zoom": "200", "pen": 41}')
    assert load(path) == Settings(theme="dark")


GOOD = Settings(
    "dark", 150, "CNN", 20, False, "Anna", (-5, 7, 800, 600), "/home", ("/home/a.png",), False, False, True
)  # fmt: skip
ODD: list[Any] = [None, True, 0, -1, -5, 1, 2, 41, 99_999, 100_000, 1 << 31, 1 << 62, 0.5, -1e9, "", "dark", "\0", "~",
                  "a\nb", "x" * 5000, [], [[]], [1], [0, 0, -5, -5], [0, 0, 0, 0], [0, 0, 1, 1], [1, 2, 3, None],
                  ["\0"], ["x" * 5000], ["a"] * 9, [3], {}, {"dark": 1}]  # fmt: skip


def test_each_odd_value_is_kept_or_takes_its_default_alone(tmp_path: Path) -> None:
    path, draw = tmp_path / "settings.json", random.Random(0)
    for _ in range(500):
        stored = json.loads(json.dumps(asdict(GOOD)))
        changed = draw.sample(sorted(stored), draw.randint(1, 3))
        for name in changed:
            stored[name] = draw.choice([*ODD, [draw.choice(ODD) for _ in range(4)]])
        path.write_text(json.dumps(stored))
        loaded = json.loads(json.dumps(asdict(load(path))))
        for name, value in loaded.items():
            default = json.loads(json.dumps(asdict(Settings())))[name]
            assert value == stored[name] or (name in changed and value == default), (name, stored[name])
        save(path, load(path))
        assert json.loads(path.read_text()) == loaded


def test_tk_takes_every_place_that_is_kept(hand: Hand, tmp_path: Path) -> None:
    path, draw = tmp_path / "place.json", random.Random(0)
    numbers = [-100_000, -99_999, -70_000, -5, -1, 0, 1, 5, 700, 32_767, 32_768, 65_536, 99_999, 100_000]
    kept = 0
    for _ in range(300):
        path.write_text(json.dumps({"place": [draw.choice(numbers) for _ in range(4)]}))
        hand.window.session.settings = load(path)
        kept += bool(load(path).place)
        hand.window.geometry(hand.window._first_place())
    assert kept > 50


@pytest.mark.parametrize("place", [[0, 0, -5, -5], [0, 0, 0, 0], [-3000, 0, 500, -1], [0, 0, 1, 1]])
def test_a_damaged_place_opens_a_window_all_the_same(open_window: OpenWindow, tmp_path: Path, place: list[int]) -> None:
    path = tmp_path / "settings.json"
    path.write_text(json.dumps({"place": place, "theme": "light"}))
    window = open_window(("ANN",), settings=load(path)).window
    assert window.winfo_viewable() and window.winfo_width() > 400


def test_a_missing_file_gives_the_defaults(tmp_path: Path) -> None:
    assert load(tmp_path / "nothing.json") == Settings()


def test_each_platform_has_its_folder() -> None:
    home = Path.home()
    assert default_path({}, "linux") == home / ".config/handwritten-digits/settings.json"
    assert default_path({"XDG_CONFIG_HOME": "/else"}, "linux") == Path("/else/handwritten-digits/settings.json")
    assert default_path({}, "darwin").is_relative_to(home / "Library")
    assert default_path({"APPDATA": "/roaming"}, "win32").is_relative_to("/roaming")


@pytest.mark.parametrize("content", ['{"network": "\\ud800"}', '{"zoom": 1e999}', '{"pen": NaN}', "[" * 10_000])
def test_what_is_loaded_can_be_saved(tmp_path: Path, content: str) -> None:
    path = tmp_path / "settings.json"
    path.write_text(content)
    save(path, load(path))
    assert load(path) == Settings()


def test_a_file_that_is_too_large_is_ignored(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    path.write_text('{"theme": "dark"}' + " " * (1 << 16))
    assert load(path) == Settings()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
@pytest.mark.parametrize("kind", ["folder", "pipe", "device", "dangling link", "circular link", "long name"])
def test_what_is_no_file_is_ignored(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "settings.json"
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "long name":
        path = tmp_path / ("n" * 300)
    else:
        target = {"device": Path("/dev/zero"), "dangling link": tmp_path / "gone", "circular link": path}[kind]
        path.symlink_to(target)
    assert load(path) == Settings()


def test_windows_change_no_settings_of_each_other(tmp_path: Path) -> None:
    path, first = tmp_path / "settings.json", Settings(theme="light")
    one, other = replace(first, pen=30, theme="dark"), replace(first, steady=False)
    save_changes(path, first, one)
    save_changes(path, first, other)
    assert load(path) == replace(first, pen=30, theme="dark", steady=False)
    path.write_text("damaged")
    save_changes(path, other, replace(other, pen=5))
    assert load(path) == replace(other, pen=5)


def test_settings_that_could_not_be_written_are_tried_again(open_window: OpenWindow, tmp_path: Path) -> None:
    hand = open_window()
    path = tmp_path / "settings.json"
    hand.until(path.exists, "the settings")
    path.unlink()
    path.mkdir()
    (path / "full").write_text("")
    hand.window.set_pen(31)
    hand.until(lambda: hand.window._ticks > 4)
    (path / "full").unlink()
    path.rmdir()
    hand.until(path.is_file, "the settings")
    assert load(path).pen == 31


def test_the_screen_s_own_size_is_known_after_another(open_window: OpenWindow) -> None:
    hand = open_window(settings=Settings(theme="light", zoom=200))
    own = hand.window._screens_factor
    hand.window.destroy()
    again = open_window(settings=Settings(theme="light", zoom=100))
    assert again.window._screens_factor == own == 1.0
