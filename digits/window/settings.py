"""The settings kept between runs, in a small JSON file. No widgets."""

import os
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from digits.files import read_json, write_json

THEMES = ("system", "light", "dark")
SMALLEST_PEN, LARGEST_PEN = 2, 40  #: logical px
MOST = 1 << 16  #: bytes of the file
MOST_RECENT = 8  #: files that are offered again
FAR = 100_000  #: pixels, farther than any screen reaches
LONGEST = 4096  #: characters of a path or a name
ZOOMS = (0, 100, 125, 150, 175, 200)  #: percent; 0 follows the screen


@dataclass(frozen=True)
class Settings:
    """The settings.

    Attributes:
        theme: "light", "dark", or "system" to follow the desktop.
        zoom: size of everything on the screen in percent; 0 follows the screen.
        network: the chosen network's name; "" for the default.
        pen: the pen's diameter in logical pixels, 2 to 40.
        learns: whether the networks read with the hand that they have learned.
        hand: name of the hand that was chosen; "" for the first.
        place: left, top, width and height of the window in screen pixels, unless it is maximised; empty before the
            first run.
        folder: of the file that was opened or saved last.
        recent: the files that were opened or saved, the last one first; 8 at most.
        steady: whether the pen's jitter is averaged out.
        labels: whether the digits on the canvas have labels and frames.
        maximised: whether the window is maximised.
    """

    theme: str = "system"
    zoom: int = 0
    network: str = ""
    pen: int = 14
    learns: bool = True
    hand: str = ""
    place: tuple[int, ...] = ()
    folder: str = ""
    recent: tuple[str, ...] = ()
    steady: bool = True
    labels: bool = True
    maximised: bool = False

    def used(self, path: Path) -> "Settings":
        """These settings after a file was opened or saved; one whose name is no text is not kept."""
        name = str(path.absolute())
        if not name.isascii() and name != name.encode(errors="ignore").decode():
            return self
        recent = (name, *(other for other in self.recent if other != name))[:MOST_RECENT]
        return replace(self, folder=str(path.absolute().parent), recent=recent)

    def without(self, path: Path) -> "Settings":
        """These settings without a file that is no longer there."""
        return replace(self, recent=tuple(name for name in self.recent if name != str(path.absolute())))


def default_path(environment: Mapping[str, str] = os.environ, platform: str = sys.platform) -> Path:
    """The file of the settings, by the conventions of each platform."""
    home = Path.home()
    if platform == "win32":
        folder = Path(environment.get("APPDATA") or home / "AppData" / "Roaming")
    elif platform == "darwin":
        folder = home / "Library" / "Application Support"
    else:
        folder = Path(environment.get("XDG_CONFIG_HOME") or home / ".config")
    return folder / "handwritten-digits" / "settings.json"


def load(path: Path) -> Settings:
    """Read the settings; what is missing, damaged or out of range gets its default.

    Reads 64 KiB at most, of a regular file only, and allocates 2 MB at most.
    """
    return _stored(path) or Settings()  # not worth an error message


def _stored(path: Path) -> Settings | None:
    """The settings in a file; None if it has none."""
    try:
        stored = read_json(path, dict[str, Any], MOST)
    except (OSError, ValueError):
        return None
    known: dict[str, Any] = {field.name: stored[field.name] for field in fields(Settings) if _valid(field.name, stored)}
    known.update((name, tuple(known[name])) for name in ("place", "recent") if name in known)
    return Settings(**known)


def save(path: Path, settings: Settings) -> None:
    """Write the settings, atomically.

    Raises:
        OSError: the folder cannot be written.
    """
    write_json(path, asdict(settings))


def save_changes(path: Path, before: Settings, now: Settings) -> None:
    """Write what has changed, atomically, and leave the rest as another window may have written it.

    Raises:
        OSError: the folder cannot be written.
    """
    pairs = ((field.name, getattr(now, field.name)) for field in fields(Settings))
    changed = {name: value for name, value in pairs if value != getattr(before, name)}
    save(path, replace(_stored(path) or now, **changed))


def _valid(name: str, stored: Mapping[str, Any]) -> bool:
    value = stored.get(name)
    if name == "theme":
        return value in THEMES
    if name == "zoom":
        return type(value) is int and value in ZOOMS
    if name == "pen":
        return type(value) is int and SMALLEST_PEN <= value <= LARGEST_PEN
    if name in ("learns", "labels", "steady", "maximised"):
        return type(value) is bool
    if name == "place":
        if not isinstance(value, list) or len(value) != 4:
            return False
        return all(type(each) is int and abs(each) < FAR for each in value) and min(value[2:]) > 0
    if name == "recent":
        return isinstance(value, list) and len(value) <= MOST_RECENT and all(map(_is_name, value))
    return _is_name(value)


def _is_name(value: object) -> bool:
    """Whether this is a text that can name a file."""
    return isinstance(value, str) and len(value) <= LONGEST and "\0" not in value
