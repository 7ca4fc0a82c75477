"""My handwriting: the corrected and confirmed digits, in a folder of the user's own. No widgets.

A digit is two files named ``<label>-<key>``: a 28×28 PNG and, if it was drawn, its strokes as
JSON. Nothing leaves the computer.
"""

import csv
import io
import shutil
import zipfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from digits.errors import UserError, reason
from digits.files import replacing, write_text
from digits.image_format import CLASSES, SIZE
from digits.reading import image_file
from digits.reading.ink import save_strokes
from digits.window.document import Sample

MOST_PICTURE = 1 << 16  #: bytes of the image of a digit


@dataclass(frozen=True, eq=False)
class Entry:
    """One collected digit.

    Attributes:
        key: from :func:`digits.window.document.digit_key`.
        label: 0 to 9.
        crop: ``uint8`` array of shape (28, 28).
    """

    key: str
    label: int
    crop: NDArray[np.uint8]

    @property
    def stem(self) -> str:
        """The name of its files without their suffix."""
        return f"{self.label}-{self.key}"


def default_folder() -> Path:
    """The folder that is used unless another is given."""
    return Path.home() / "Handwritten digits"


class Collection:
    """The digits in one folder, which is created with the first digit."""

    def __init__(self, folder: Path) -> None:
        """Read the folder. Files other than 28×28 PNGs of digits are ignored."""
        self.folder = folder.absolute()
        self._entries: dict[str, Entry] = {}
        found = [(path.stat().st_mtime, path) for path in folder.glob("[0-9]-*.png") if path.is_file()]
        for _, path in sorted(found):  # of two labels for the same ink, the newer counts
            if (entry := _open(path)) is not None:
                self._entries[entry.key] = entry

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def entries(self) -> list[Entry]:
        """All digits, sorted by label."""
        return sorted(self._entries.values(), key=lambda entry: entry.label)

    def labels(self) -> list[int]:
        """The labels in the order of :attr:`entries`."""
        return [entry.label for entry in self.entries]

    def counts(self) -> list[int]:
        """The number of samples of each digit, 0 to 9."""
        counted = Counter(self.labels())
        return [counted[digit] for digit in range(CLASSES)]

    def keep(self, sample: Sample) -> None:
        """Add a digit, replacing an older label for the same ink.

        Raises:
            UserError: the folder cannot be written; its contents are unchanged.
        """
        entry = Entry(sample.key, sample.label, sample.crop)
        try:
            with replacing(self._path(entry, ".png")) as temporary:
                Image.fromarray(sample.crop).save(temporary, format="PNG")
            if sample.strokes.strokes:
                save_strokes(self._path(entry, ".json"), sample.strokes)
            before = self._entries.get(entry.key)
            if before is not None and before.stem != entry.stem:
                self._unlink(before)
        except OSError as error:
            raise UserError(f"the digit cannot be kept in {self.folder}: {reason(error)}") from error
        self._entries[entry.key] = entry

    def remove(self, key: str) -> None:
        """Remove a digit, if it is in the collection.

        Raises:
            UserError: its files cannot be removed.
        """
        entry = self._entries.get(key)
        if entry is None:
            return
        try:
            self._unlink(entry)
        except OSError as error:
            raise UserError(f"the digit cannot be removed from {self.folder}: {reason(error)}") from error
        del self._entries[key]

    def export(self, target: Path) -> None:
        """Copy all digits, their strokes and a table of labels to a new folder or a ``.zip`` file.

        Raises:
            UserError: the folder is not empty or cannot be written.
        """
        try:
            if target.suffix.lower() == ".zip":
                self._export_zip(target)
            else:
                self._export_folder(target)
        except OSError as error:
            raise UserError(f"cannot export to {target}: {reason(error)}") from error

    def _export_zip(self, target: Path) -> None:
        with replacing(target) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in self._files():
                archive.write(path, path.name)
            archive.writestr("labels.csv", self._table())

    def _export_folder(self, target: Path) -> None:
        if target.exists() and any(target.iterdir()):
            raise UserError(f"{target} is not empty; give a new folder or a .zip file")
        target.mkdir(parents=True, exist_ok=True)
        for path in self._files():
            shutil.copyfile(path, target / path.name)
        write_text(target / "labels.csv", self._table())

    def _files(self) -> list[Path]:
        paths = [self._path(entry, suffix) for entry in self.entries for suffix in (".png", ".json")]
        return [path for path in paths if path.exists()]

    def _table(self) -> str:
        table = io.StringIO()
        writer = csv.writer(table, lineterminator="\n")
        writer.writerow(("file", "label"))
        writer.writerows((f"{entry.stem}.png", entry.label) for entry in self.entries)
        return table.getvalue()

    def _path(self, entry: Entry, suffix: str) -> Path:
        return self.folder / f"{entry.stem}{suffix}"

    def _unlink(self, entry: Entry) -> None:
        for suffix in (".png", ".json"):
            self._path(entry, suffix).unlink(missing_ok=True)


def _open(path: Path) -> Entry | None:
    label, _, key = path.stem.partition("-")
    try:
        with image_file.opened(path, str(path), MOST_PICTURE) as pages:
            if pages.size != (SIZE, SIZE):
                return None
            crop = np.array(pages.decoded(0).convert("L"), np.uint8)
    except UserError:
        return None
    return Entry(key, int(label), crop)
