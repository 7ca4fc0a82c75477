"""Images from the clipboard, on every platform."""

import tkinter as tk
from pathlib import Path

from PIL import ImageFile, ImageGrab

from digits.errors import UserError
from digits.reading import image_file
from digits.reading.image_file import Source

NOTHING = "There is no image on the clipboard; copy one first, or open a file"
FORMATS = ("image/png", "image/bmp", "image/jpeg")
MOST_BYTES = 30_000_000  #: of an image, which Tk gives as a text of five characters for each
PORTION = 1 << 20  #: characters that are converted at a time


def image(widget: tk.Misc) -> Source:
    """The image on the clipboard, neither recognised nor decoded: see :func:`digits.reading.image_file.opened`.

    Allocates seven bytes for each of the image's, of which there may be 30 million; Tk, what it needs to give them.

    Raises:
        UserError: there is no image, or it is damaged or too large.
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


def _from_x11(widget: tk.Misc) -> bytes:
    for media_type in FORMATS:
        try:
            text = widget.clipboard_get(type=media_type)
        except tk.TclError:
            continue  # not offered in this format
        try:
            return _content(text)
        except ValueError as error:
            raise UserError("The image on the clipboard is damaged; copy it again") from error
    raise UserError(NOTHING)


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
