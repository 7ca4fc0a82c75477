"""Hands: a folder of collected digits for each person who uses the window. No widgets."""

import os
import re
import unicodedata
from contextlib import suppress
from pathlib import Path

from digits.errors import UserError, reason

FIRST = "My own"  #: the hand whose digits lie in the folder itself; those of the others lie in folders within it
LONGEST = 30  #: characters of a name
MOST = 100  #: hands that are offered
RESERVED = re.compile(r"con|prn|aux|nul|(com|lpt)[\d¹²³]", re.IGNORECASE)  # of Windows
BETWEEN = " -_'’"  #: that may stand between letters


def names(folder: Path) -> list[str]:
    """The hands in a folder, the first one first, the others by name."""
    found = []
    try:
        with os.scandir(folder) as inside:
            for entry in inside:
                with suppress(OSError):  # such as a link in a circle
                    if is_name(entry.name) and entry.is_dir():
                        found.append(entry.name)
    except OSError:
        pass  # what reads the first collection says so
    return [FIRST, *sorted(found, key=str.casefold)[: MOST - 1]]


def whose(name: str) -> str:
    """Whose a hand with this name is: "your" for the first one, which is also called ""."""
    return "your" if name in ("", FIRST) else f"{name}'s"


def collection_of(name: str) -> str:
    """What the collection of a hand is called wherever it is named: "My handwriting" for the first one."""
    return "My handwriting" if name in ("", FIRST) else f"{whose(name)} handwriting"


def is_name(text: str) -> bool:
    """Whether a hand, and thus a folder on any system, can be called so."""
    kinds = [unicodedata.category(character)[0] for character in text]  # letters, marks and numbers
    inside = all(kind in "LMN" or character in BETWEEN for kind, character in zip(kinds, text, strict=True))
    if not inside or not 0 < len(text) <= LONGEST or {kinds[0], kinds[-1]} - set("LMN") or RESERVED.fullmatch(text):
        return False
    return text.casefold() != FIRST.casefold()


def folder_of(folder: Path, name: str) -> Path:
    """Where a hand's digits lie; those of the first hand for a name that none can have."""
    return folder / name if is_name(name) else folder


def create(folder: Path, name: str) -> str:
    """Create a hand; returns its name, without spaces around it.

    Raises:
        UserError: it cannot be called so, there is one, or its folder cannot be made.
    """
    text = unicodedata.normalize("NFC", name.strip())
    same = [known for known in names(folder) if known.casefold() == text.casefold()]
    if same:
        raise UserError(f"there is a hand called {same[0]}; choose it in the menu, or give another name")
    if RESERVED.fullmatch(text):
        raise UserError(f"no folder can be called {text} on Windows; give another name")
    if not is_name(text):
        raise UserError(
            f"a name has 1 to {LONGEST} letters and digits, between which spaces, hyphens, underscores and apostrophes "
            f"may stand, got {text!r}; give another name"
        )
    try:
        folder_of(folder, text).mkdir(parents=True)
    except OSError as error:
        raise UserError(f"the hand {text} cannot be created in {folder}: {reason(error, folder)}") from error
    return text
