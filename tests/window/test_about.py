"""Help ▸ About: the text, the dialog, and the icon."""

import re
from pathlib import Path

import numpy as np
import pytest

import digits
from digits.window.about_text import about
from digits.window.icon import icon_image
from tests.window.conftest import Hand, OpenWindow

ROOT = Path(__file__).resolve().parents[2]


def test_the_text_states_name_version_and_licence() -> None:
    title, *paragraphs = about().split("\n\n")
    assert title == f"Handwritten digits {digits.__version__}"
    assert any("MIT licence" in paragraph for paragraph in paragraphs)
    assert (ROOT / "LICENSE").read_text(encoding="utf-8").startswith("MIT License")


def test_the_version_is_written_once() -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+", digits.__version__)
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert 'version = { attr = "digits.__version__" }' in project
    assert not re.search(r'^version = "', project, re.MULTILINE)


def labels(widget: object) -> list[str]:
    """The texts of all labels within a widget."""
    found = [str(widget.cget("text"))] if widget.winfo_class() == "TLabel" else []  # type: ignore[attr-defined]
    return found + [text for child in widget.winfo_children() for text in labels(child)]  # type: ignore[attr-defined]


def test_the_dialog_shows_the_text_and_closes(hand: Hand) -> None:
    from digits.window.about import AboutDialog

    AboutDialog(hand.window, hand.window.factor)
    dialog = hand.dialog(AboutDialog)
    assert "\n\n".join(text for text in labels(dialog) if text) == about()
    dialog.close()
    assert not [child for child in hand.window.winfo_children() if isinstance(child, AboutDialog)]


@pytest.mark.parametrize("zoom", [100, 200])
def test_the_dialog_fits_on_the_screen(open_window: OpenWindow, zoom: int) -> None:
    from digits.window.about import AboutDialog
    from digits.window.settings import Settings

    hand = open_window(settings=Settings(theme="dark", zoom=zoom))
    AboutDialog(hand.window, hand.window.factor)
    dialog = hand.dialog(AboutDialog)
    assert dialog.winfo_reqwidth() < hand.window.winfo_screenwidth()
    assert dialog.winfo_reqheight() < hand.window.winfo_screenheight()


@pytest.mark.parametrize("side", [64, 128, 256])
def test_the_icon_is_white_on_a_coloured_square_at_every_size(side: int) -> None:
    image = np.asarray(icon_image(side))
    assert image.shape == (side, side, 4)
    assert image[0, 0, 3] == 0 and image[side // 2, side // 8, 3] == 255
    white = (image == 255).all(axis=2)
    rows, columns = np.nonzero(white)
    assert 0.05 < white.mean() < 0.25
    assert abs(np.array([rows.min(), columns.min()]) / side - (0.23, 0.25)).max() < 0.05
