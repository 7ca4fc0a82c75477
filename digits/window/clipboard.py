"""Images from the clipboard, on every platform."""

import io
import tkinter as tk

from PIL import Image, ImageGrab, UnidentifiedImageError

from digits.errors import UserError

NOTHING = "There is no image on the clipboard; copy one first, or open a file"
FORMATS = ("image/png", "image/bmp", "image/jpeg")


def image(widget: tk.Misc) -> Image.Image:
    """The image on the clipboard, opened but not decoded.

    Raises:
        UserError: there is no image, or it is damaged.
    """
    if widget.tk.call("tk", "windowingsystem") == "x11":
        return _from_x11(widget)
    try:
        grabbed = ImageGrab.grabclipboard()
        if isinstance(grabbed, list):  # copied in a file manager
            grabbed = Image.open(grabbed[0])
    except (OSError, NotImplementedError, IndexError) as error:
        raise UserError(NOTHING) from error
    if grabbed is None:
        raise UserError(NOTHING)
    return grabbed


def _from_x11(widget: tk.Misc) -> Image.Image:
    for media_type in FORMATS:
        try:
            text = widget.clipboard_get(type=media_type)
        except tk.TclError:
            continue  # not offered in this format
        try:
            content = bytes(int(number, 16) & 0xFF for number in text.split())
            return Image.open(io.BytesIO(content))
        except (ValueError, UnidentifiedImageError) as error:
            raise UserError("The image on the clipboard is damaged; copy it again") from error
    raise UserError(NOTHING)
