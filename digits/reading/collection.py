"""My handwriting: the corrected and confirmed digits, in a folder of the user's own. No widgets.

A digit is two files named ``<label>-<key>``: a 28×28 PNG and, if it was drawn, its strokes as
JSON. Nothing leaves the computer.

Several windows may share a folder. Whoever changes a digit locks the folder meanwhile, and trusts the folder rather
than its own memory. The picture decides which label a digit has, and changing the label is one renaming; the strokes
are there before the picture and go after it. So whatever ends a process, each digit has one label, and its strokes
with it. Strokes without a picture are left over, and the next change removes them.
"""

import csv
import io
import os
import re
import secrets
import shutil
import time
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from digits.archive import Archive
from digits.errors import UserError, reason
from digits.files import PARTIAL, lock, read_bytes, replacing
from digits.image_format import CLASSES, SIZE
from digits.reading import image_file
from digits.reading.ink import Box, Strokes, open_strokes, read_strokes, save_strokes

if TYPE_CHECKING:
    from filelock import BaseFileLock

MOST = 100_000  #: digits in a folder; further ones are left out
MOST_PICTURE = 1 << 16  #: bytes of a PNG; those written here have less than 1,000
MOST_STROKES = 1 << 24  #: bytes of the strokes of a digit
PORTION = 500  #: pictures that are read in one go, in less than 0.1 s
LOCK = ".lock"
PATIENCE = 5.0  #: s, for another process to end its change of the folder, which takes milliseconds, or its export
BUSY = "another window is changing or exporting it; try again"
PICTURE = re.compile(r"[0-9]-.+\.png", re.DOTALL)
STROKES = re.compile(r"[0-9]-[0-9a-f]{16}\.json")
IMPORTED = re.compile(r"[0-9]-[0-9a-f]{16}\.png")
TABLE = "labels.csv"
MOST_ZIP, MOST_UNPACKED = 100 << 20, 200 << 20  #: bytes of a file to import, and of all that is in it
MOST_DRAWN = 1 << 20  #: bytes of the strokes of a digit that is imported
MOST_POINTS = 2_000_000  #: of all strokes that are imported together
TOGETHER, PAUSE = 25, 0.1  #: digits that are imported while the folder is locked, and seconds before the next
MOST_LIST = 2 << 20  #: bytes of its list of files: about 15,000 digits with strokes
TEMPORARY = re.compile(r"\.partial-.+\.(png|json)", re.DOTALL)


@dataclass(frozen=True, eq=False)
class Sample:
    """One digit with its corrected or confirmed label.

    Attributes:
        key: identifies the ink, from :func:`digits.window.document.digit_key`.
        label: 0 to 9.
        crop: ``uint8`` array of shape (28, 28).
        strokes: its strokes; none for ink from an image.
        box: (x, y, width, height) of its ink in the drawing's pixels, where it is from one.
    """

    key: str
    label: int
    crop: NDArray[np.uint8]
    strokes: Strokes
    box: Box | None = None


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
        """List the folder and read its first 500 pictures; the others are to be read in portions.

        Files with other names are ignored. What is named as a digit but is none, or cannot be read, is left out:
        :meth:`notice`.
        """
        self.folder = folder.absolute()
        self._listed: dict[str, int] = {}  # pictures by name, the oldest first, with their times
        self._read: dict[str, Entry | None] = {}  # None: it cannot be read
        self._entries: dict[str, Entry] = {}
        self._too_many = False
        self._problem = self._noticed = ""
        self.refresh()
        self.read_portion()

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def entries(self) -> list[Entry]:
        """All digits that are read, sorted by label."""
        return sorted(self._entries.values(), key=lambda entry: entry.label)

    def labels(self) -> list[int]:
        """The labels in the order of :attr:`entries`."""
        return [entry.label for entry in self.entries]

    def label(self, key: str) -> int | None:
        """The label of a digit; None if it is not in the collection."""
        return self._entries[key].label if key in self._entries else None

    def sample(self, key: str) -> Sample | None:
        """A digit with its strokes, as far as they can be read; None if it is not in the collection."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        try:
            strokes = open_strokes(self._path(entry, ".json"))
        except UserError:
            strokes = Strokes((), (SIZE, SIZE))
        return Sample(key, entry.label, entry.crop, strokes)

    def counts(self) -> list[int]:
        """The number of samples of each digit, 0 to 9."""
        counted = Counter(self.labels())
        return [counted[digit] for digit in range(CLASSES)]

    # ---- reading

    def refresh(self) -> bool:
        """List the folder, as another window may have changed it; returns whether it has.

        Lists 100,000 pictures at most, about 200 bytes each.
        """
        before, self._problem = self._listed, ""
        try:
            self._listed = self._list()
        except FileNotFoundError:
            self._listed = {}
        except OSError as error:
            self._problem = f"The digits in {self.folder} cannot be read: {reason(error, self.folder)}"
        if self._listed == before:
            return False
        self._read = {name: entry for name, entry in self._read.items() if name in self._listed}
        self._arrange()
        return True

    def unread(self) -> list[str]:
        """The names of the next pictures that are to be read, 500 at most."""
        return [name for name in self._listed if name not in self._read][:PORTION]

    def open(self, names: Sequence[str]) -> dict[str, Entry | None]:
        """Read pictures, on any thread: 64 KiB at most of each. None for one that cannot be read."""
        return {name: _open(self.folder / name) for name in names}

    def take(self, opened: Mapping[str, Entry | None]) -> None:
        """Add what :meth:`open` has read, but for what has been removed since."""
        for name, entry in opened.items():
            if entry is None and not os.path.lexists(self.folder / name):
                self._listed.pop(name, None)
            elif name in self._listed:
                self._read[name] = entry
        self._arrange()

    def read_portion(self) -> None:
        """Read the next pictures."""
        self.take(self.open(self.unread()))

    def read_newest(self, each: int) -> None:
        """Read the newest so many pictures of each label."""
        of_label: dict[str, list[str]] = {}
        for name in self._listed:
            of_label.setdefault(name[0], []).append(name)
        wanted = {name for names in of_label.values() for name in names[-each:]}
        self.take(self.open([name for name in self._listed if name in wanted and name not in self._read]))

    def notice(self) -> str:
        """What is left out, in one line; "" if nothing is, or if that was said before."""
        n = sum(entry is None for entry in self._read.values())
        files = "1 file" if n == 1 else f"{n:,} files"
        said = [f"{files} in {self.folder} cannot be read and {'is' if n == 1 else 'are'} left out"] if n else []
        if self._too_many:
            said.append(f"only {MOST:,} of the digits in {self.folder} are read")
        text = self._problem or "; ".join(said)
        if text == self._noticed:
            return ""
        self._noticed = text
        return text

    def _list(self) -> dict[str, int]:
        found: list[tuple[int, str]] = []
        with os.scandir(self.folder) as inside:
            for file in inside:
                if PICTURE.fullmatch(file.name):
                    found.append((self._listed.get(file.name) or _time(file), file.name))
                    if len(found) > MOST:
                        break
        self._too_many = len(found) > MOST
        return {name: when for when, name in sorted(found[:MOST])}

    def _arrange(self) -> None:
        read = (self._read.get(name) for name in self._listed)
        self._entries = {entry.key: entry for entry in read if entry is not None}  # of two labels the newer counts

    # ---- changing

    def keep(self, *samples: Sample) -> None:
        """Add digits, replacing an older label for the same ink.

        Raises:
            UserError: the folder cannot be written; of one digit nothing is changed, of several the first are kept.
        """
        with self._changing("kept in"):
            pictures = [self._keep(sample) for sample in samples]
        self.take(self.open(pictures))

    def _keep(self, sample: Sample) -> str:
        """Add a digit while the folder is locked; returns the name of its picture."""
        entry = Entry(sample.key, sample.label, sample.crop)
        picture = self._path(entry, ".png")
        before = self._labelled(entry.key)
        if sample.strokes.strokes:
            save_strokes(self._path(entry, ".json"), sample.strokes)
        if not before:
            with replacing(picture) as temporary:
                temporary.write_bytes(_png(entry.crop))
        elif before[-1].stem != entry.stem:
            os.replace(self._path(before[-1], ".png"), picture)  # one step: never two labels, never none
        for other in before:
            if other.stem != entry.stem:
                self._unlink(other)
        return picture.name

    def remove(self, key: str) -> None:
        """Remove a digit, if it is in the collection.

        Raises:
            UserError: its files cannot be removed.
        """
        if key in self._entries:
            with self._changing("removed from"):
                for entry in self._labelled(key):
                    self._unlink(entry)

    @contextmanager
    def _changing(self, done: str) -> Iterator[None]:
        """Lock the folder, remove what a killed process has left there, and look at it again after the change.

        Raises:
            UserError: in place of an OSError, or if another process does not end its change.
        """
        from filelock import Timeout  # here: the window starts without it

        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with self._lock():
                self._clean()
                yield
        except Timeout as error:
            raise UserError(f"the digit cannot be {done} {self.folder}: {BUSY}") from error
        except OSError as error:
            raise UserError(f"the digit cannot be {done} {self.folder}: {reason(error, self.folder)}") from error
        finally:
            self.refresh()

    def _lock(self) -> "BaseFileLock":
        """The lock of the folder."""
        return lock(self.folder / LOCK, PATIENCE)

    def _clean(self) -> None:
        names = set(os.listdir(self.folder))
        for name in names:
            alone = STROKES.fullmatch(name) and f"{name.removesuffix('.json')}.png" not in names
            if alone or TEMPORARY.fullmatch(name):
                with suppress(OSError):
                    os.unlink(self.folder / name)

    def _labelled(self, key: str) -> list[Entry]:
        """The digits in the folder with this key: none or one, or more if a person has copied them; the last counts."""
        names = [f"{label}-{key}.png" for label in range(CLASSES)]
        opened = [(name, entry) for name, entry in self.open(names).items() if entry is not None]
        return [entry for _, entry in sorted(opened, key=lambda each: os.stat(self.folder / each[0]).st_mtime_ns)]

    def _unlink(self, entry: Entry) -> None:
        for suffix in (".png", ".json"):
            self._path(entry, suffix).unlink(missing_ok=True)

    def _path(self, entry: Entry, suffix: str) -> Path:
        return self.folder / f"{entry.stem}{suffix}"

    # ---- exporting

    def export(self, target: Path) -> int:
        """Copy all digits, their strokes and a table of labels to a new folder or a ``.zip`` file, or nothing of it.

        No other window changes a digit meanwhile.

        Returns:
            The number of digits whose strokes cannot be read; their pictures are exported without them.

        Raises:
            UserError: the folder is not empty or cannot be written; another process does not end its change; or, where
                the collection cannot be locked, a digit was changed meanwhile.
        """
        unreadable: list[Path] = []
        try:
            self.read_all()  # most of it before others have to wait
            with self._unchanged():
                self.read_all()
                if target.suffix.lower() == ".zip":
                    with replacing(target) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as file:
                        for name, content in self._contents(unreadable):
                            file.writestr(name, content)
                else:
                    self._export_folder(target, unreadable)
        except (OSError, ValueError) as error:  # such as a NUL in the name
            raise UserError(f"cannot export to {target}: {reason(error)}") from error
        return len(unreadable)

    def read_all(self) -> None:
        """List the folder and read all pictures."""
        self.refresh()
        while self.unread():
            self.read_portion()

    @contextmanager
    def _unchanged(self) -> Iterator[None]:
        """Lock the folder where that is possible: one that is read-only, or does not exist, can be exported as well.

        Raises:
            UserError: another process does not end its change.
        """
        from filelock import Timeout

        with ExitStack() as stack:
            try:
                if self.folder.is_dir():
                    stack.enter_context(self._lock())
            except Timeout as error:
                raise UserError(f"{self.folder} cannot be exported: {BUSY}") from error
            except OSError:
                pass  # what is changed nevertheless is noticed
            yield

    def _export_folder(self, target: Path, unreadable: list[Path]) -> None:
        if target.exists() and any(target.iterdir()):
            raise UserError(f"{target} is not empty; give a new folder or a .zip file")
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = target.with_name(f"{PARTIAL}{os.getpid()}-{secrets.token_hex(4)}")
        temporary.mkdir()  # fails if it exists: what is removed below is this export's own
        try:
            for name, content in self._contents(unreadable):
                (temporary / name).write_bytes(content)
            if target.is_dir():
                target.rmdir()
            temporary.rename(target)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)

    # ---- importing

    def add(self, path: Path) -> int:
        """Add the digits of a ``.zip`` file that :meth:`export` has written; those that are there already stay.

        Allocates 700 MB at most: 200 bytes a point.

        Returns:
            The number of digits that are new.

        Raises:
            UserError: the file cannot be read or holds anything else, and nothing is added; or the folder cannot be
                written.
        """
        try:
            samples = _imported(path)
        except (OSError, ValueError) as error:
            raise UserError(
                f"{path} cannot be imported: {reason(error, path)}; give a .zip file that this program has exported"
            ) from error
        self.read_all()
        new = [sample for sample in samples if sample.key not in self._entries]
        try:
            for start in range(0, len(new), TOGETHER):
                self.keep(*new[start : start + TOGETHER])
                time.sleep(PAUSE)  # whoever waits for the folder may have it
        finally:
            self.read_all()
        return len(new)

    def _contents(self, unreadable: list[Path]) -> Iterator[tuple[str, bytes]]:
        """Yield the name and content of each file to export; add to the list what cannot be read.

        Raises:
            UserError: a digit was given another label, or removed, since its picture was read.
        """
        for entry in self.entries:
            yield f"{entry.stem}.png", _png(entry.crop)
            strokes, content = self._path(entry, ".json"), b""
            try:
                content = read_bytes(strokes, MOST_STROKES)
            except FileNotFoundError:
                if os.path.lexists(self._path(entry, ".png")):
                    continue  # it is from an image
                raise UserError(f"{self.folder} was changed while it was exported; export it again") from None
            except (OSError, ValueError):
                unreadable.append(strokes)
                continue
            yield strokes.name, content
        yield TABLE, self._table().encode()

    def _table(self) -> str:
        table = io.StringIO()
        writer = csv.writer(table, lineterminator="\n")
        writer.writerow(("file", "label"))
        writer.writerows((f"{entry.stem}.png", entry.label) for entry in self.entries)
        return table.getvalue()


def _imported(path: Path) -> list[Sample]:
    """The digits in an exported file, each of them checked.

    Raises:
        OSError: it cannot be read.
        ValueError: it holds anything else.
    """
    archive = Archive(read_bytes(path, MOST_ZIP), MOST_UNPACKED, MOST_LIST)
    pictures = [name for name in archive.members if IMPORTED.fullmatch(name)]
    strokes = {f"{name[:-4]}.json" for name in pictures}
    others = archive.members.keys() - {*pictures, *strokes, TABLE}
    if others or not pictures:
        raise ValueError(f"{min(others)!r} is no digit" if others else "it holds no digits")
    keys = Counter(name[2:-4] for name in pictures)
    if len(keys) < len(pictures):
        raise ValueError(f"{keys.most_common(1)[0][0]} has two labels")
    crops: dict[str, NDArray[np.uint8]] = {}
    drawn: dict[str, Strokes] = {}
    points = 0
    for name, content in archive.each([*pictures, *(strokes & archive.members.keys())]):
        stem, _, suffix = name.partition(".")
        if suffix == "png":
            crops[stem] = _crop_of(name, content)
            continue
        if len(content) > MOST_DRAWN:
            raise ValueError(f"{name} has {len(content):,} bytes, more than the {MOST_DRAWN:,} of a digit")
        drawn[stem] = read_strokes(content)
        points += sum(len(stroke.points) for stroke in drawn[stem].strokes)
        if points > MOST_POINTS:
            raise ValueError(f"its strokes have more than the {MOST_POINTS:,} points that are read")
    nothing = Strokes((), (SIZE, SIZE))
    return [Sample(stem[2:], int(stem[0]), crop, drawn.get(stem, nothing)) for stem, crop in crops.items()]


def _crop_of(name: str, content: bytes) -> NDArray[np.uint8]:
    """A digit from the content of its picture.

    Raises:
        ValueError: it is none.
    """
    if len(content) > MOST_PICTURE:
        raise ValueError(f"{name} has {len(content):,} bytes, more than the {MOST_PICTURE:,} of a picture")
    try:
        with image_file.opened(content, name) as pages:
            crop = _crop(pages)
    except UserError as error:
        raise ValueError(str(error)) from error
    if crop is None:
        raise ValueError(f"{name} is not {SIZE} by {SIZE} pixels large")
    return crop


def _crop(pages: "image_file.Pages") -> NDArray[np.uint8] | None:
    """A digit's picture; None if it has another size."""
    return np.array(pages.decoded(0).convert("L"), np.uint8) if pages.size == (SIZE, SIZE) else None


def _time(file: os.DirEntry[str]) -> int:
    """When a file was written, in ns; 0 if that cannot be found out."""
    try:
        return file.stat().st_mtime_ns
    except OSError:
        return 0


def _png(crop: NDArray[np.uint8]) -> bytes:
    content = io.BytesIO()
    Image.fromarray(crop).save(content, format="PNG")
    return content.getvalue()


def _open(path: Path) -> Entry | None:
    """Read a digit; None if that is impossible, for whatever reason. Allocates 64 KiB at most."""
    label, _, key = path.stem.partition("-")
    try:
        key.encode()
        with image_file.opened(path, str(path), MOST_PICTURE) as pages:
            crop = _crop(pages)
    except (UserError, UnicodeEncodeError):
        return None
    return None if crop is None else Entry(key, int(label), crop)
