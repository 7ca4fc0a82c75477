"""Which files there are to read in the folders that a person names."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from digits.errors import UserError, reason
from digits.files import opened
from digits.reading import image_file
from digits.reading.ink import FORMAT

SUFFIXES = {".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".tif", ".tiff", ".bmp", ".gif", ".webp", ".avif"} | {
    ".ppm", ".pgm", ".pbm", ".pnm", ".pfm"
}  # fmt: skip
UNMISTAKABLE = {"PNG", "JPEG", "TIFF", "GIF", "WEBP", "AVIF"}  #: formats that no other file begins like


@dataclass
class Search:
    """The files to read in files and folders, and what is not to be read.

    Attributes:
        left_out: files in the folders that are neither images nor strokes, by name and by content.
    """

    left_out: list[Path] = field(default_factory=list)

    def files(self, paths: Sequence[Path]) -> Iterator[Path | UserError]:
        """Yield the files: each folder replaced with the images and strokes in it and in its sub-folders.

        They come in the order of their names; hidden ones are left out. A folder that is found again through a link is
        not searched again. A folder without images, or one that cannot be searched, is yielded as an error.
        """
        for path in paths:
            if os.path.isdir(path):
                yield from self._inside(path)
            else:
                yield path

    def _inside(self, folder: Path) -> Iterator[Path | UserError]:
        waiting, seen, empty = [folder], set[tuple[int, int]](), True
        while waiting:
            path = waiting.pop()
            try:
                if os.path.isdir(path):
                    found = os.stat(path)
                    if (found.st_dev, found.st_ino) not in seen:
                        seen.add((found.st_dev, found.st_ino))
                        names = sorted((name for name in os.listdir(path) if not name.startswith(".")), reverse=True)
                        waiting += [path / name for name in names]
                    continue
                readable = is_readable(path)
            except OSError as error:
                empty = False
                yield UserError(f"{path} cannot be searched: {reason(error, path)}; allow it, or move it away")
                continue
            if readable:
                empty = False
                yield path
            else:
                self.left_out.append(path)
        if empty:
            yield UserError(f"{folder} has no images in it; {image_file.GIVE}")


def is_readable(path: Path) -> bool:
    """Whether a file in a folder claims to be an image or strokes, by its name or, without a known one, its content.

    A file of another kind is no mistake: folders hold all sorts.
    """
    suffix = path.suffix.lower()
    if suffix in SUFFIXES:
        return True
    try:
        with opened(path) as file:
            start = file.read(4096)
    except (OSError, ValueError):  # a pipe, a link to nowhere
        return False
    if suffix == ".json":
        return FORMAT.encode() in start
    return image_file.kind_of(start) in UNMISTAKABLE
