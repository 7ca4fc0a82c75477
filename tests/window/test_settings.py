"""Settings are kept between runs, and a damaged file is ignored."""

import os
from pathlib import Path

import pytest

from digits.window.settings import Settings, default_path, load, save


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
