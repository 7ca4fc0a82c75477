"""The one door for images: which formats are opened, how large they may be, and how to say no in one line.

A file is recognised by its content, never by its name, and given to the decoder of that one format. Everything else,
such as PostScript, which Pillow would hand to another program to run, is refused, by name where it is known.
"""

import io
import logging
import os
import re
import threading
import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Literal, NamedTuple

from PIL import GifImagePlugin, Image, ImageFile, TiffImagePlugin, UnidentifiedImageError

from digits.errors import UserError, reason
from digits.files import read_bytes


class Format(NamedTuple):
    """A format by its content.

    Attributes:
        name: Pillow's, if it is read; else what a person is told.
        start: regular expression for the first bytes.
    """

    name: str
    start: bytes


READ = (
    Format("PNG", rb"\x89PNG\r\n\x1a\n"),
    Format("JPEG", rb"\xff\xd8\xff"),
    Format("TIFF", rb"II\*\0|MM\0\*|II\+\0|MM\0\+"),
    Format("BMP", rb"BM"),
    Format("GIF", rb"GIF8[79]a"),
    Format("WEBP", rb"RIFF....WEBP"),
    Format("PPM", rb"P[1-6f]\s"),
    Format("AVIF", rb"....ftyp(avi[fs]|mi[af][1f].{0,60}avif)"),
)
REFUSED = (
    Format("PostScript", rb"[\x04\s]*%!|\xc5\xd0\xd3\xc6"),
    Format("PDF", rb".{0,1024}%PDF-"),
    Format("HEIC", rb"....ftyp(hei[cmsx]|hev[cmsx]|m[is]f1)"),
    Format("a video", rb"....ftyp|\x1a\x45\xdf\xa3|RIFF....AVI "),
    Format("SVG", rb"(\xef\xbb\xbf)?\s*(<[?!].{0,3000}?)?<(?i:svg)"),
    Format("a web page", rb"(\xef\xbb\xbf)?\s*<(?i:(!doctype )?html)"),
    Format("an icon", rb"\0\0[\x01\x02]\0|icns"),
    Format("Photoshop (PSD)", rb"8BPS"),
    Format("GIMP (XCF)", rb"gimp xcf"),
    Format("JPEG 2000", rb"\0\0\0\x0cjP  |\xff\x4f\xff\x51"),
    Format("JPEG XL", rb"\0\0\0\x0cJXL |\xff\x0a"),
    Format("OpenEXR", rb"\x76\x2f\x31\x01"),
    Format("DjVu", rb"AT&TFORM"),
    Format("DDS", rb"DDS "),
    Format("a Windows metafile", rb"\xd7\xcd\xc6\x9a|\x01\0\0\0.{36} EMF"),
    Format("a ZIP archive or an office document", rb"PK\x03\x04"),
    Format("compressed with gzip", rb"\x1f\x8b"),
)
FORMATS = tuple(form.name for form in READ)
GIVE = "give PNG, JPEG, TIFF, BMP, GIF, WebP or PNM"
WITH_PAGES = ("TIFF", "GIF")  #: the further frames of other formats are an animation, or the same picture again
CLIPBOARD = (*FORMATS, "DIB")  #: what Pillow takes from the clipboard of Windows has no file header

LARGEST = 50_000_000  #: most pixels of an image
MOST_BYTES = 400_000_000  #: of a file: 50 megapixels of four 16-bit channels, not compressed
MOST_PAGES = 1000  #: of a file
MOST_SCANS = 100  #: of a progressive JPEG, which has about ten; each goes through all pixels
MOST_TAGS = 4096  #: of a TIFF's page, or of the EXIF of a photograph
MOST_READS = 2_000_000  #: portions in which a file is read; a decoder of millions of tiny segments takes gigabytes
TILE_WIDTH, TILE_LENGTH = 322, 323  #: tags of a TIFF
MOST_SECONDS = 6.0  #: of computing, to decode a page

Source = Path | bytes | ImageFile.ImageFile

Image.MAX_IMAGE_PIXELS = LARGEST  # Pillow asks wherever a size comes from a file: pages, frames, tiles
logging.getLogger("PIL").addHandler(logging.NullHandler())  # else its messages are printed
_decoding = threading.RLock()


def kind_of(start: bytes) -> str:
    """The name of the format that a file of these first bytes is in; "" if it is not known."""
    found = (form.name for form in (*READ, *REFUSED) if re.match(form.start, start[:4096], re.DOTALL))
    return next(found, "")


class Pages:
    """The pages of an opened image file, which are decoded one by one.

    Attributes:
        count: number of pages that can be read, at least 1, at most 1,000.
        left_out: what the file has beyond them, in a few words; "" if nothing.
    """

    def __init__(self, image: ImageFile.ImageFile, name: str) -> None:
        self._image = image
        self._name = name
        self._file = image.fp if isinstance(image.fp, _Bounded) else None  # Pillow forgets it once a frame is decoded
        self._started = False
        self.count, self.left_out = _count(image)

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels of the page that was decoded last, or of the first."""
        return self._image.size

    def name_of(self, number: int) -> str:
        """How messages call a page, ``number`` counted from 0."""
        return f"{self._name}, page {number + 1}" if self.count > 1 else self._name

    def decoded(self, number: int) -> Image.Image:
        """Decode a page; its pixels are valid until the next is asked for.

        Allocates four bytes a pixel; a GIF or WebP, about five times as much.

        Args:
            number: from 0.

        Raises:
            UserError: the page is damaged, has more than 50 megapixels, or takes too long to decode.
        """
        with guarded(self.name_of(number)):
            for frame in self._frames_to(number):
                if self._file and self._started:
                    self._file.allow_more()
                self._started = True  # opening it and the first frame share what is allowed
                if self.count > 1:
                    self._image.seek(frame)
            _check_size(self._image)
            self._image.load()
        return self._image

    def _frames_to(self, number: int) -> Sequence[int]:
        """The frames to go to one after another: a GIF decodes all that come before a page, as if they were read."""
        if not isinstance(self._image, GifImagePlugin.GifImageFile):
            return [number]
        at = self._image.tell()
        return range(at + 1 if at < number else 0, number + 1)


@contextmanager
def opened(source: Source, name: str, most: int = MOST_BYTES) -> Iterator[Pages]:
    """Open an image; nothing is decoded yet.

    Allocates the size of the file.

    Args:
        source: a file, the content of one, or what :func:`PIL.ImageGrab.grabclipboard` returned.
        name: by which messages call it.
        most: bytes that are read of a file.

    Raises:
        UserError: it cannot be read, is in none of the formats, is damaged or too large.
    """
    with guarded(name):
        if isinstance(source, ImageFile.ImageFile):
            image = source
            if image.format not in CLIPBOARD:
                raise UserError(f"{name} is {image.format}, which is not read; {GIVE}")
        else:
            image = _opened(read_bytes(source, most) if isinstance(source, Path) else source, name)
        _check_size(image)
        pages = Pages(image, name)
    with image:
        yield pages


def content_of(path: Path, name: str) -> bytes:
    """The content of an image's file, whatever it is. Allocates its size.

    Raises:
        UserError: it cannot be read or is too large.
    """
    with guarded(name):
        return read_bytes(path, MOST_BYTES)


def _opened(content: bytes, name: str) -> ImageFile.ImageFile:
    found = kind_of(content[:4096])
    if found not in FORMATS:
        what = f"is {found}, which is not read" if found else "is not an image" if content else "is empty"
        raise UserError(f"{name} {what}; {GIVE}")
    if len(content) > MOST_BYTES:
        raise UserError(f"{name} has {len(content):,} bytes; give an image of at most {MOST_BYTES:,}")
    if found == "JPEG" and (scans := content.count(b"\xff\xda")) > MOST_SCANS:
        raise UserError(f"{name} is a JPEG of {scans} scans; give one of at most {MOST_SCANS}")
    return Image.open(_Bounded(content), formats=[found])


def _count(image: ImageFile.ImageFile) -> tuple[int, str]:
    """Count the pages; and say what is beyond them."""
    if image.format not in WITH_PAGES:
        frames = getattr(image, "n_frames", 1)
        return 1, f"{frames - 1:,} further frame{'s' * (frames > 2)}" if frames > 1 else ""
    found = 1
    if isinstance(image, GifImagePlugin.GifImageFile):
        found = image.n_frames
    else:
        try:
            while found <= MOST_PAGES:
                image.seek(found)
                found += 1
        except EOFError:
            pass
        except Exception:  # as in guarded
            found += 1  # a damaged page, which is reported when it is decoded
        image.seek(0)
    return min(found, MOST_PAGES), f"pages after the first {MOST_PAGES:,}" if found > MOST_PAGES else ""


def _check_size(image: Image.Image) -> None:
    sizes = [image.size]
    if isinstance(image, TiffImagePlugin.TiffImageFile):  # its tiles may be larger than itself
        sizes.append((int(image.tag_v2.get(TILE_WIDTH, 1)), int(image.tag_v2.get(TILE_LENGTH, 1))))
    for width, height in sizes:
        if width * height > LARGEST:
            raise _TooLargeError(f"{width}×{height}")


class _TooLargeError(Exception):
    """An image of too many pixels; the message is its size."""


class _Bounded(io.BytesIO):
    """The content of a file, read in a bounded number of portions and a bounded time."""

    def __init__(self, content: bytes) -> None:
        super().__init__(content)
        self.allow_more()

    def allow_more(self) -> None:
        """Another page is going to be read."""
        self._reads = MOST_READS
        self._end = time.thread_time() + MOST_SECONDS

    def read(self, size: int | None = -1, /) -> bytes:
        """Read as a file does.

        Raises:
            ValueError: that was enough.
        """
        self._reads -= 1
        if self._reads < 0:
            raise ValueError("it consists of too many parts")
        if time.thread_time() > self._end:
            raise ValueError("it takes too long to decode")
        return super().read(size)


def _load_bounded(tags: TiffImagePlugin.ImageFileDirectory_v2, file: IO[bytes]) -> None:
    """Read the tags of a TIFF, or of EXIF. Pillow copies what a tag points to, however large and however often that is.

    Raises:
        ValueError: there are too many, or they hold more bytes than the file does.
    """
    order: Literal["little", "big"] = "little" if tags._endian == "<" else "big"
    wide = 4 if tags._bigtiff else 0  # further bytes of a number
    start = file.tell()
    size = file.seek(0, os.SEEK_END)
    file.seek(start)
    count, held = int.from_bytes(file.read(2 + wide + wide // 2), order), 0
    if count > MOST_TAGS:
        raise ValueError(f"it has {count:,} tags")
    for _ in range(count):
        entry = file.read(12 + 2 * wide)
        unit = tags._load_dispatch.get(int.from_bytes(entry[2:4], order), (0,))[0]
        held += unit * int.from_bytes(entry[4 : 8 + wide], order)
    if held > 4 * size + 65536:
        raise ValueError("its tags hold more than the file does")
    file.seek(start)
    _load_tags(tags, file)


_load_tags = TiffImagePlugin.ImageFileDirectory_v2.load
TiffImagePlugin.ImageFileDirectory_v2.load = _load_bounded  # type: ignore[method-assign, assignment]


@contextmanager
def guarded(name: str) -> Iterator[None]:
    """Let a library decode an image: what it prints is dropped, and what it raises becomes one line.

    One thread at a time: standard error belongs to the whole process.

    Raises:
        UserError: the image, called ``name``, is damaged or too large.
    """
    try:
        with _decoding, _silence(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            yield
    except UserError:
        raise
    except (_TooLargeError, Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        size = f"{error} pixels" if isinstance(error, _TooLargeError) else "too many pixels"
        raise UserError(f"{name} has {size}; give an image of at most {LARGEST // 1_000_000} megapixels") from error
    except Exception as error:  # whatever a decoder comes up with
        what = "it is damaged" if isinstance(error, UnidentifiedImageError) else reason(error, Path(name))
        raise UserError(f"{name} cannot be read as an image: {what}; {GIVE}") from error


@contextmanager
def _silence() -> Iterator[None]:
    """Drop what C libraries print to standard error."""
    try:
        kept = os.dup(2)
    except OSError:  # it is closed
        yield
        return
    try:
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, 2)
        os.close(nothing)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
