"""Builds the stand-alone program: ``python -m app.build``, which ``make app`` calls.

Writes dist/handwritten-digits/, a folder with the program, its libraries and the networks, for the system that it runs
on, and an archive of it beside it. TensorFlow is no part of it.
"""

import argparse
import os
import platform
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
from collections.abc import Iterable, Sequence
from importlib import metadata
from pathlib import Path

import digits
from digits import command_line
from digits.errors import UserError, writing
from digits.files import replacing
from digits.window.icon import icon_image

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
NAME = "handwritten-digits"
ICON = 256  #: pixels
#: What the window needs nothing of, though some library would use it.
WITHOUT = (
    *("tensorflow", "keras", "tf2onnx", "h5py", "matplotlib", "sklearn", "scipy", "pandas", "distributed", "dask"),
    *("yaml", "sqlite3", "pytest", "IPython", "setuptools"),
)
LICENCE = re.compile(r"licen[cs]e|copying|notice", re.IGNORECASE)  #: how the names of files with a licence start
#: What is imported only by name.
BY_NAME = (
    *("digits.reading.probe", "digits.reading.line_probe"),
    *("joblib.externals.loky.backend.popen_loky_posix", "joblib.externals.loky.backend.popen_loky_win32"),
    "PIL._tkinter_finder",
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Build with the given command line. Returns the exit code."""
    return command_line.run("app.build", lambda: _work(arguments))


def _work(arguments: Sequence[str] | None) -> int:
    parser = command_line.OneLineParser("python -m app.build", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--output", type=Path, default=ROOT / "dist", metavar="DIR", help="default: dist/")
    output = parser.parse_args(arguments).output.absolute()
    with writing(output):
        folder = _written(output)
        print(f"{command_line.printable(str(folder))} and {packed(folder).name} have been written")
    return 0


def _written(output: Path) -> Path:
    """The program's folder, with everything that belongs into it."""
    work = ROOT / "build"
    work.mkdir(exist_ok=True)
    icon = work / f"{NAME}.png"
    icon_image(ICON).save(icon)
    folder = build(output, work, icon)
    _strip(folder)
    copy_licences(folder / "licences", modules(folder))
    for path in (icon, HERE / f"{NAME}.desktop", ROOT / "LICENSE", ROOT / "docs" / "licences.md"):
        shutil.copy(path, folder)
    return folder


def build(output: Path, work: Path, icon: Path) -> Path:
    """Let PyInstaller build the program; returns its folder, in ``output``.

    Args:
        output: folder for the program's folder, which is replaced.
        work: folder for what PyInstaller keeps.
        icon: of the program on Windows and macOS.

    Raises:
        UserError: PyInstaller is not installed.
    """
    try:
        from PyInstaller.__main__ import run
    except ImportError as error:
        raise UserError("PyInstaller is missing: pip install -r requirements-app.txt") from error
    data = [f"{ROOT / 'models' / f'*.{suffix}'}:models" for suffix in ("onnx", "json")]
    run(
        [
            *("--name", NAME, "--noconfirm", "--log-level", "WARN", "--paths", str(ROOT), "--icon", str(icon)),
            *("--distpath", str(output), "--workpath", str(work), "--specpath", str(work)),
            *("--hide-console", "hide-early"),  # on Windows; not that of a terminal in which --image is typed
            *(f"--add-data={what}" for what in data),
            *(f"--hidden-import={module}" for module in BY_NAME),
            *(f"--exclude-module={module}" for module in WITHOUT),
            str(HERE / "start.py"),
        ]
    )
    return output / NAME


def modules(folder: Path) -> set[str]:
    """The modules in a program's folder, a package by its own name, and the other files and folders among them."""
    from PyInstaller.archive.readers import CArchiveReader

    program = folder / f"{NAME}{'.exe' if sys.platform == 'win32' else ''}"
    names = [*CArchiveReader(str(program)).open_embedded_archive("PYZ.pyz").toc, *os.listdir(folder / "_internal")]
    return {name.split(".")[0] for name in names}


def copy_licences(folder: Path, packed: Iterable[str]) -> None:
    """Copy the licences of Python and of the libraries that modules belong to, each into a folder of its own.

    Raises:
        UserError: a library has no licence among its files.
        OSError: one cannot be copied.
    """
    owners = metadata.packages_distributions()
    found = {"Python": [Path(sysconfig.get_path("stdlib"), "LICENSE.txt")]}
    for library in {library for module in packed for library in owners.get(module, ())}:
        files = [file for file in metadata.files(library) or () if file.parts[0].endswith(".dist-info")]
        found[library] = [Path(str(file.locate())) for file in files if LICENCE.match(file.name)]
        if not found[library]:
            raise UserError(f"{library} comes without its licence; look for it, and install it again")
    for library, paths in found.items():
        for path in paths:
            (folder / library).mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, folder / library / path.name)


def packed(folder: Path) -> Path:
    """Pack the program's folder into an archive beside it, named after version and system; returns the archive.

    Archives of earlier versions are removed.

    Raises:
        OSError: it cannot be written.
    """
    system = f"{platform.system()}-{platform.machine()}".lower()
    archive = folder.with_name(f"{folder.name}-{digits.__version__}-{system}.tar.gz")
    with replacing(archive) as temporary, tarfile.open(temporary, "w:gz") as file:
        file.add(folder, folder.name)
    for old in folder.parent.glob(f"{folder.name}-*.tar.gz"):
        if old != archive:
            old.unlink()
    return archive


def _strip(folder: Path) -> None:
    """Remove debugging symbols from Python's own libraries, 20 MB of some; those of wheels could break."""
    program = shutil.which("strip")
    if program is None or not sys.platform.startswith("linux"):
        return
    for path in [*folder.glob("_internal/libpython*"), *folder.glob("_internal/python*/lib-dynload/*.so")]:
        subprocess.run([program, "--strip-unneeded", path], check=True)


if __name__ == "__main__":
    sys.exit(main())
