"""Settings are kept between runs, and a damaged file is ignored."""

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
