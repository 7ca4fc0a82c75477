"""The theme: light and dark colours, fonts, and scaling for high-resolution screens."""

import io
import shutil
import subprocess
import sys
import tkinter as tk
from tkinter import font

import ttkbootstrap as ttk

from digits.window.icon import icon_image
from digits.window.palette import DARK, LIGHT, Palette

FAMILY = ttk.Theme(
    name="digits",
    primary=LIGHT.accent,
    success="#15803d",
    info="#0891b2",
    warning="#d97706",
    danger="#dc2626",
    neutral="#64748b",
    light={"background": LIGHT.window, "foreground": LIGHT.text},
    dark={"background": DARK.window, "foreground": DARK.text},
)
#: Tried in this order on X11, whose default font may be a bitmap.
FONTS = ("Inter", "Cantarell", "Ubuntu", "Noto Sans", "DejaVu Sans", "Liberation Sans", "Helvetica")
#: Named fonts: name, size in points, weight.
OWN_FONTS = (("Small", 9, "normal"), ("Strong", 10, "bold"), ("Title", 12, "bold"), ("Number", 40, "bold"))


def make_aware_of_screen() -> None:
    """Enable high DPI on Windows; to be called before the first window."""
    ttk.enable_high_dpi_awareness()


def start(dark: bool) -> ttk.Style:
    """Apply the theme to the window that was just created."""
    FAMILY.register()
    return ttk.Style(theme=_name(dark))


def stop() -> None:
    """Release the theme, so that the next window can start it again."""
    ttk.Style.instance = None


def use(style: ttk.Style, dark: bool) -> Palette:
    """Switch to light or dark; returns the colours of everything that the theme does not draw."""
    palette = DARK if dark else LIGHT
    style.theme_use(_name(dark))
    for name in ("primary.Toolbutton", "Toolbutton"):  # an unselected choice must not look disabled
        style.configure(name, foreground=palette.text, background=palette.paper, bordercolor=palette.edge)
        style.configure(name, lightcolor=palette.paper, darkcolor=palette.paper)
    style.configure("tooltip.TLabel", foreground=palette.text, background=palette.soft, bordercolor=palette.edge)
    style.configure("tooltip.TLabel", lightcolor=palette.soft, darkcolor=palette.soft)
    if style.master.tk.call("tk", "windowingsystem") == "x11":
        style.master.tk.eval(FILE_LIST.format(text=palette.text, paper=palette.paper))
    return palette


#: Tk's own list of files is white whatever the theme, and writes in black what is no longer selected; it shows hidden
#: files. Tk's Ctrl+A goes to the start of a line.
FILE_LIST = """
    event delete <<LineStart>> <Control-a>
    event add <<SelectAll>> <Control-a>
    catch {{tk_getOpenFile -nothing}}
    set ::tk::dialog::file::showHiddenVar 0
    set ::tk::dialog::file::showHiddenBtn 1
    option add *__tk_filedialog*Canvas.foreground {text} 90
    option add *__tk_choosedir*Canvas.foreground {text} 90
    bind Canvas <Map> {{if {{[string match *__tk_* %W]}} {{%W configure -background {paper}}}}}
    if {{[info commands ::tk::IconList] eq ""}} {{auto_load ::tk::IconList}}
    set body [lindex [info class definition ::tk::IconList DrawSelection] 1]
    oo::define ::tk::IconList method DrawSelection {{}} [string map {{{{-fill black}} {{-fill $fill}}}} $body]
"""


def _name(dark: bool) -> str:
    return f"{FAMILY.name}-{'dark' if dark else 'light'}"


def is_dark(choice: str) -> bool:
    """Whether the setting "light", "dark" or "system" means dark now; "system" asks the desktop, up to 0.5 s."""
    return _system_is_dark() if choice == "system" else choice == "dark"


def scaling(root: tk.Misc, zoom: int) -> float:
    """Screen pixels per logical pixel, 1.0 to 3.0.

    Args:
        root: any widget.
        zoom: percent; 0 follows the screen, in steps of 0.25.
    """
    if zoom:
        return zoom / 100
    standard = 1.0 if root.tk.call("tk", "windowingsystem") == "aqua" else 4 / 3
    measured = float(root.tk.call("tk", "scaling")) / standard
    return min(3.0, max(1.0, round(measured * 4) / 4))


def apply_scaling(root: tk.Misc, factor: float) -> None:
    """Scale points, and with them fonts and the theme's images, by ``factor``."""
    standard = 1.0 if root.tk.call("tk", "windowingsystem") == "aqua" else 4 / 3
    root.tk.call("tk", "scaling", standard * factor)


def set_fonts(root: tk.Misc) -> None:
    """Create the named fonts, in the system's family or, on X11, the first of :data:`FONTS` that is installed."""
    family = font.nametofont("TkDefaultFont", root).actual("family")
    if root.tk.call("tk", "windowingsystem") == "x11":
        families = set(font.families(root))
        family = next((name for name in FONTS if name in families), family)
    for name in ("TkDefaultFont", "TkTextFont", "TkMenuFont", "TkHeadingFont", "TkCaptionFont", "TkTooltipFont"):
        font.nametofont(name, root).configure(family=family, size=10, weight="normal")
    for name, size, weight in OWN_FONTS:
        change = "configure" if name in font.names(root) else "create"
        root.tk.call("font", change, name, "-family", family, "-size", size, "-weight", weight)


def icon(root: tk.Misc) -> tk.PhotoImage:
    """The window's icon."""
    content = io.BytesIO()
    icon_image().save(content, format="PNG")
    return tk.PhotoImage(master=root, data=content.getvalue())


def _system_is_dark() -> bool:
    if sys.platform == "win32":
        return _windows_is_dark()
    if sys.platform == "darwin":
        return "Dark" in _output_of("defaults", "read", "-g", "AppleInterfaceStyle")
    return "dark" in _output_of("gsettings", "get", "org.gnome.desktop.interface", "color-scheme")


def _windows_is_dark() -> bool:
    if sys.platform != "win32":
        return False
    import winreg

    place = r"Software\Microsoft\Windows\CurrentVersion\Themes\Personalize"
    try:
        with winreg.OpenKey(winreg.HKEY_CURRENT_USER, place) as key:
            return winreg.QueryValueEx(key, "AppsUseLightTheme")[0] == 0
    except OSError:
        return False  # no dark mode before Windows 10


def _output_of(*command: str) -> str:
    """What a command prints; "" if it is not installed or fails."""
    if shutil.which(command[0]) is None:
        return ""
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=0.5, check=False).stdout
    except (OSError, subprocess.TimeoutExpired):
        return ""
