"""The colours of everything that the theme does not draw, light and dark. No widgets."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Palette:
    """Colours as ``#rrggbb``."""

    window: str  #: background of the controls, as in the theme
    paper: str
    edge: str
    ink: str
    text: str
    muted: str
    track: str
    accent: str
    soft: str  #: background of the selection
    rejected: str
    corrected: str


LIGHT = Palette(
    window="#f7f8fa",
    paper="#ffffff",
    edge="#dfe3ea",
    ink="#1e2330",
    text="#1e2330",
    muted="#5f6b7e",
    track="#e8ebf0",
    accent="#4f46e5",
    soft="#e9e8fd",
    rejected="#b45309",
    corrected="#15803d",
)
DARK = Palette(
    window="#1c1f27",
    paper="#12141a",
    edge="#333845",
    ink="#f1f3f7",
    text="#e7e9ee",
    muted="#9aa5b8",
    track="#2e333f",
    accent="#8b87ff",
    soft="#2c2c52",
    rejected="#fbbf24",
    corrected="#4ade80",
)
ON_PHOTOGRAPH = "#2563eb"  #: ink on a photograph, whose paper may be light or dark


def contrast(one: str, other: str) -> float:
    """How well two colours are told apart: 1 for the same to 21 for black and white, as WCAG defines it."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
