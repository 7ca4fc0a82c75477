"""The image that Tk gives as a text of numbers."""

import tkinter as tk
from typing import cast

import pytest

from digits.errors import UserError
from digits.reading.image_file import Source
from digits.window import clipboard


class Clipboard:
    """What a widget of X11 says is on the clipboard."""

    def __init__(self, text: str) -> None:
        self.tk = self
        self._text = text

    def call(self, *_: str) -> str:
        return "x11"

    def clipboard_get(self, type: str) -> str:
        if type != "image/png":
            raise tk.TclError
        return self._text


def pasted(text: str) -> Source:
    return clipboard.image(cast(tk.Misc, Clipboard(text)))


@pytest.mark.parametrize("written", ["0x{:x}", "0x{:02x}", "0x{:X}"])
def test_bytes_are_read_however_they_are_written(written: str) -> None:
    content = bytes(range(256)) * 2
    assert pasted(" ".join(written.format(byte) for byte in content)) == content


def test_bytes_that_were_taken_for_signed_numbers() -> None:
    assert pasted("0x7f 0xffffff80 0xfffffff5 0xffffffff 0x0 ") == b"\x7f\x80\xf5\xff\0"


@pytest.mark.parametrize("text", ["0x89 0x5g", "0x89 0x123", "hello", "0x89 ä"])
def test_what_is_no_bytes_is_one_line(text: str) -> None:
    with pytest.raises(UserError, match="The image on the clipboard is damaged; copy it again"):
        pasted(text)


def test_a_large_image_is_refused_before_it_is_converted() -> None:
    with pytest.raises(UserError, match=r"more than 30,000,000 bytes; save it and open the file"):
        pasted("0x89 " * 30_000_001)
