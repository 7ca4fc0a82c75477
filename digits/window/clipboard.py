"""Images and files from the clipboard, and pictures to it, on every platform."""

import io
import os
import shutil
import socket
import subprocess
import tempfile
import tkinter as tk
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from urllib.parse import unquote_to_bytes, urlsplit

from PIL import Image, ImageFile, ImageGrab

from digits.errors import UserError, reason
from digits.reading import image_file
from digits.reading.image_file import Source

NOTHING = "There is no image on the clipboard; copy one first, or open a file"
SILENT = "The program that has the clipboard does not answer; copy the image again, or open a file"
TOO_LARGE = "The image on the clipboard is larger than Tk takes from this program; save it and open the file"
FORMATS = ("image/png", "image/bmp", "image/jpeg")
FILES = ("x-special/gnome-copied-files", "text/uri-list")  #: what file managers offer on X11
MOST_BYTES = 30_000_000  #: of an image, which Tk gives as a text of five characters for each
PORTION = 1 << 20  #: characters that are converted at a time
MOST_LISTED = 1 << 16  #: bytes of a list of files that are looked at: the first is wanted
LIMIT = 10.0  #: seconds for the program that takes a picture
LARGEST = 25_000_000  #: most pixels of a picture that is copied
#: Programs that take a PNG on X11 from standard input; where both are installed, wl-copy on Wayland.
TAKERS = {
    "wl-copy": ("--type", "image/png"),
    "xclip": ("-selection", "clipboard", "-target", "image/png", "-in"),
}
MACOS = (
    *("-e", "on run arguments"),
    *("-e", "set the clipboard to (read (POSIX file (item 1 of arguments)) as «class PNGf»)"),
    *("-e", "end run"),
)
PICTURE = "COPIED_PICTURE"  #: names the environment variable that tells PowerShell the file
WINDOWS = (
    *("-NoProfile", "-NonInteractive", "-STA", "-Command"),
    "$ErrorActionPreference = 'Stop'; Add-Type -AssemblyName System.Windows.Forms, System.Drawing; "
    f"$picture = [System.Drawing.Image]::FromFile($env:{PICTURE}); "
    "[System.Windows.Forms.Clipboard]::SetImage($picture); $picture.Dispose()",
)


def image(widget: tk.Misc) -> Source:
    """What is on the clipboard: an image, or else the first file that was copied in a file manager.

    Neither is recognised or decoded yet: see :func:`digits.reading.image_file.opened`; a file need not exist, nor be an
    image. Allocates seven bytes for each of the image's, of which there may be 30 million; Tk, what it needs to give
    them.

    Raises:
        UserError: there is neither, or the image is damaged or too large.
    """
    if widget.tk.call("tk", "windowingsystem") == "x11":
        return _from_x11(widget)
    with image_file.guarded("The image on the clipboard"):
        grabbed = ImageGrab.grabclipboard()
    if isinstance(grabbed, list) and grabbed:  # copied in a file manager
        return Path(grabbed[0])
    if isinstance(grabbed, ImageFile.ImageFile):
        return grabbed
    raise UserError(NOTHING)


def _from_x11(widget: tk.Misc) -> Source:
    targets = _targets(widget)
    for media_type in (target for target in FORMATS if target in targets):
        try:
            text = widget.clipboard_get(type=media_type)
        except tk.TclError as error:
            if "too large" in str(error):
                raise UserError(TOO_LARGE) from error
            continue  # not offered in this format
        try:
            return _content(text)
        except ValueError as error:
            raise UserError("The image on the clipboard is damaged; copy it again") from error
    for target in (target for target in FILES if target in targets):
        try:
            path = first_file(_lines(widget.clipboard_get(type=target)))
        except tk.TclError:
            continue
        if path is not None:
            return path
    raise UserError(NOTHING)


def _targets(widget: tk.Misc) -> Collection[str]:
    """What the clipboard says that it offers: some programs answer every target with the same; all if it does not.

    Raises:
        UserError: the program that has it does not answer, for which Tk waits some seconds each time it is asked.
    """
    try:
        return widget.clipboard_get(type="TARGETS").split()
    except tk.TclError as error:
        if "respond" in str(error):
            raise UserError(SILENT) from error
        return (*FORMATS, *FILES)


def _lines(text: str) -> list[str]:
    """The lines of a list of files, which is text or, from another program, the numbers that Tk makes of its bytes.

    What is beyond 65,536 bytes is not looked at, nor is a line that ends there.
    """
    width = 5 if text.startswith("0x") else 1
    listed, whole = text[: width * MOST_LISTED], len(text) <= width * MOST_LISTED
    if width > 1:
        try:
            listed = _content(listed if whole else listed[: listed.rfind(" ")]).decode(errors="replace")
        except ValueError:
            return []
    lines = listed.splitlines()
    return lines if whole else lines[:-1]


def first_file(uris: Iterable[str]) -> Path | None:
    """The first file of this machine among URIs; None if there is none."""
    return next((path for path in map(file_of, uris) if path is not None), None)


def file_of(uri: str) -> Path | None:
    """The file of a URI such as ``file:///home/me/my%20digits.png``; None for other text, and for other machines."""
    try:
        parts = urlsplit(uri.strip(), allow_fragments=False)
    except ValueError:
        return None
    path = unquote_to_bytes(parts.path)
    here = parts.netloc.lower() in ("", "localhost", socket.gethostname().lower())
    if parts.scheme != "file" or not here or parts.query or not path.startswith(b"/") or b"\0" in path:
        return None
    return Path(os.fsdecode(path))


def _content(text: str) -> bytes:
    """The bytes that Tk gives as numbers, such as "0x89 0x50".

    Raises:
        ValueError: they are no numbers.
        UserError: they are more than 30 million.
    """
    if len(text) > 5 * MOST_BYTES:
        raise UserError(f"The image on the clipboard has more than {MOST_BYTES:,} bytes; save it and open the file")
    content, start = bytearray(), 0
    while start < len(text):
        end = text.find(" ", start + PORTION)
        end = len(text) if end < 0 else end
        numbers = f"{text[start:end].lower()} ".replace("0xffffff", "0x")  # of a byte taken for a signed number
        for digit in "0123456789abcdef":
            numbers = numbers.replace(f"0x{digit} ", f"0{digit} ")
        content += bytes.fromhex(numbers.replace("0x", ""))
        start = end
    return bytes(content)


def copy_picture(widget: tk.Misc, image: Image.Image) -> None:
    """Put a picture onto the clipboard, where it stays when the window is closed.

    Tk can give pictures to no other program, so that one of the system's takes it: wl-copy or xclip, osascript, or
    PowerShell. Waits for it for 10 s at most. Allocates the size of the picture as a PNG.

    Args:
        widget: any of the window.
        image: in a mode that PNG has, of at most 25 million pixels.

    Raises:
        UserError: the picture is too large, or there is no such program, or it fails.
    """
    if image.width * image.height > LARGEST:
        raise UserError(
            f"The picture has {image.width}×{image.height} pixels, more than {LARGEST:,}, which are not copied; save it"
        )
    content = io.BytesIO()
    image.save(content, "PNG", compress_level=1)
    system = widget.tk.call("tk", "windowingsystem")
    if system == "x11":
        _run(_taker(), given=content.getvalue())
        return
    try:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "picture.png")
            path.write_bytes(content.getvalue())
            if system == "aqua":
                _run(["osascript", *MACOS, str(path)])
            else:
                _run(["powershell", *WINDOWS], {PICTURE: str(path)})
    except OSError as error:
        raise UserError(f"The picture cannot be copied ({reason(error)}); free some space, or save it") from error


def _taker() -> list[str]:
    """The command that takes a picture on X11."""
    wayland = bool(os.environ.get("WAYLAND_DISPLAY"))
    for name in TAKERS if wayland else ("xclip",):
        if shutil.which(name):
            return [name, *TAKERS[name]]
    name, package = ("wl-copy", "wl-clipboard") if wayland else ("xclip", "xclip")
    raise UserError(f"To copy a picture, {name} is needed, which is missing; install {package}, or save the picture")


def _run(command: Sequence[str], variables: Mapping[str, str] | None = None, given: bytes = b"") -> None:
    """Have a program take a picture.

    What it leaves running to give the picture to others holds none of this process's pipes, and outlives it.

    Raises:
        UserError: it is missing, fails, or takes too long.
    """
    name = command[0]
    try:
        done = subprocess.run(
            command,
            input=given,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=LIMIT,
            check=False,
            env={**os.environ, **(variables or {})},
            start_new_session=True,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
    except subprocess.TimeoutExpired as error:
        raise UserError(f"{name} has not taken the picture within {LIMIT:g} s; try again, or save it") from error
    except OSError as error:
        raise UserError(f"{name}, which copies pictures, cannot be run ({reason(error)}); save the picture") from error
    if done.returncode:
        raise UserError(f"{name} has not taken the picture (exit code {done.returncode}); try again, or save it")
