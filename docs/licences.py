"""Lists what pip installs, why, and under which licence: ``python -m docs.licences``.

Writes docs/licences.md and the table of direct requirements in CONTRIBUTING.md. Run it after ``make lock``, in an
environment installed from requirements-dev.txt, whose packages' metadata state their licences.
"""

import re
import sys
from collections import defaultdict
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import NamedTuple

from digits import command_line
from digits.errors import UserError
from digits.files import write_text
from digits.markdown import in_words, table, with_section

ROOT = Path(__file__).resolve().parent.parent
#: The direct requirements, and what is made of them, with what it is for. Each contains the first, the last all others.
FILES = {
    "requirements": "running",
    "requirements-cluster": "cluster (optional)",
    "requirements-app": "stand-alone program",
    "requirements-dev": "development",
}
#: How packages write licences that SPDX has a name for. "BSD" alone leaves open which, with two or three clauses.
SPELLINGS = {
    "Apache 2.0": "Apache-2.0",
    "Apache License 2.0": "Apache-2.0",
    "Apache License v2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "3-Clause BSD License": "BSD-3-Clause",
    "BSD 3-Clause": "BSD-3-Clause",
    "BSD License": "BSD",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
}
#: Of packages that no single system installs all of.
ELSEWHERE = {
    "colorama": "BSD",
    "exceptiongroup": "MIT",
    "importlib-metadata": "Apache-2.0",
    "lazy-importer": "Apache-2.0",
    "librt": "MIT",
    "macholib": "MIT",
    "pefile": "MIT",
    "pywin32-ctypes": "BSD-3-Clause",
    "tensorflow": "Apache-2.0",
    "tensorflow-cpu": "Apache-2.0",
    "tomli": "MIT",
    "zipp": "MIT",
}
#: By the package's licence file, where the metadata say nothing, or say it differently in the versions required.
BY_FILE = {
    "namex": "Apache-2.0",
    "pyinstaller": "GPL-2.0-or-later WITH Bootloader-exception",
    "pyinstaller-hooks-contrib": "GPL-2.0-or-later AND Apache-2.0",
    "python-dateutil": "BSD-3-Clause",
}
GCC = "GCC's runtime libraries (GPL-3.0 with the exception for compiled programs; libquadmath LGPL-2.1)"
#: Libraries under copyleft that a package's wheels contain.
CONTAINED = {
    "numpy": GCC,
    "opencv-python-headless": f"FFmpeg (LGPL-2.1), which the project does not use, and {GCC}",
    "scikit-learn": GCC,
    "scipy": GCC,
}


class Group(NamedTuple):
    """Direct requirements and their reason."""

    reason: str
    names: list[str]


class Locked(NamedTuple):
    """A package as requirements-dev.txt has it."""

    versions: list[str]  #: more than one where the newest does not support every Python
    needed_by: list[str]  #: packages that require it


def groups(text: str) -> list[Group]:
    """The direct requirements in the text of a .in file: blocks of a comment and requirements, between blank lines.

    Raises:
        ValueError: requirements without a comment above them.
    """
    found = []
    for block in text.split("\n\n"):
        lines = [line for line in block.splitlines() if line and not line.startswith("-r ")]
        comment = " ".join(line.strip("# ") for line in lines if line.startswith("#"))
        names = [re.split("[=; ]", line)[0] for line in lines if not line.startswith("#")]
        if names and not (comment and lines[0].startswith("#")):
            raise ValueError(f"{in_words(names)}: no reason")
        if names:
            found.append(Group(comment, names))
    return found


def direct() -> list[tuple[Group, str]]:
    """All groups of direct requirements, each with what it is for."""
    return [(group, use) for name, use in FILES.items() for group in groups(_text(f"{name}.in"))]


def locked(text: str) -> dict[str, Locked]:
    """The packages in the text of a file made by ``make lock``, by name."""
    packages: defaultdict[str, Locked] = defaultdict(lambda: Locked([], []))
    name = ""
    for line in text.splitlines():
        if pinned := re.match(r"([a-z0-9-]+)==(\S+)", line):
            name, version = pinned.groups()
            packages[name].versions.append(version)
        elif (by := re.fullmatch(r"    #(?: via|  ) ([a-z0-9-]+)", line)) and by[1] not in packages[name].needed_by:
            packages[name].needed_by.append(by[1])
    return dict(packages)


def licence(name: str) -> str:
    """A package's licence, by SPDX's name where it has one; "unknown" where its metadata state none.

    Raises:
        UserError: the package is not installed.
    """
    if name in BY_FILE:
        return BY_FILE[name]
    try:
        metadata = distribution(name).metadata
    except PackageNotFoundError as error:
        if name in ELSEWHERE:
            return ELSEWHERE[name]
        raise UserError(f"{name} is not installed: pip install -r requirements-dev.txt") from error
    expressions = metadata.get_all("License-Expression", [])
    short = [text for text in metadata.get_all("License", []) if len(text) < 40]  # others are the whole licence
    classifiers = [
        text.rpartition(" :: ")[2] for text in metadata.get_all("Classifier", []) if text.startswith("License ::")
    ]
    stated = next(iter([*expressions, *short, *classifiers]), "unknown")
    return SPELLINGS.get(stated, stated)


def direct_table() -> str:
    """Direct requirements with their reasons, for CONTRIBUTING.md."""
    return table(
        ("", "for", "why"), [(", ".join(group.names), use, group.reason) for group, use in direct()], (0, 1, 2)
    )


def page() -> str:
    """The text of docs/licences.md.

    Raises:
        UserError: a package is not installed, so that its licence cannot be read.
    """
    packages = locked(_text("requirements-dev.txt"))
    licences = {name: licence(name) for name in packages}
    stated = {name: (name, ", ".join(package.versions), licences[name]) for name, package in packages.items()}
    reasons = {name: (use, group.reason) for group, use in direct() for name in group.names}
    uses = {name: use for file, use in reversed(FILES.items()) for name in locked(_text(f"{file}.txt"))}
    first = [(*stated[name], *reason) for name, reason in reasons.items()]
    rest = [
        (*stated[name], uses[name], in_words(package.needed_by))
        for name, package in packages.items()
        if name not in reasons
    ]
    header = ("package", "version", "licence", "for")
    mozilla = [name for name, text in licences.items() if "MPL-2.0" in text]
    gpl = [name for name, text in licences.items() if "GPL-2.0" in text]
    contained = "\n".join(f"- **{name}**: {text}" for name, text in CONTAINED.items())
    return f"""# Licences of what is installed

The project is under the MIT licence and contains none of these packages: pip installs them, each file checked against
its hash. The stand-alone program contains those that the window needs, and this page. Where there are two versions,
Python's decides. Made by `python -m docs.licences` from requirements-dev.txt and the packages' metadata.

## Required directly

{table((*header, "why"), first, range(5))}

## Required by those

{table((*header, "needed by"), rest, range(5))}

## Copyleft

MPL-2.0, in whole or part: {in_words(mozilla)}. Whoever changes *their* files and passes them on must publish these
changes; to use them unchanged, as here, asks for nothing.

GPL-2.0: {in_words(gpl)}. They build the stand-alone program, which is not under
it: what becomes part of it, the bootloader and the hooks that run in it, is excepted or under Apache-2.0.

Some packages are under a permissive licence themselves, and their wheels contain libraries that are not:

{contained}
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Write both pages with the given command line. Returns the exit code."""
    return command_line.run("docs.licences", lambda: _work(arguments))


def _work(arguments: Sequence[str] | None) -> int:
    command_line.OneLineParser("python -m docs.licences", description=__doc__).parse_args(arguments)
    text = page()
    for name, package in locked(_text("requirements-dev.txt")).items():
        if name not in ELSEWHERE and (found := distribution(name).version) not in package.versions:
            raise UserError(
                f"{name} {found} is installed instead of {in_words(package.versions)}, and its licence may differ: "
                "pip install -r requirements-dev.txt"
            )
    write_text(ROOT / "docs" / "licences.md", text)
    contributing = ROOT / "CONTRIBUTING.md"
    write_text(contributing, with_section(_text(contributing.name), "dependencies", direct_table()))
    print("docs/licences.md and CONTRIBUTING.md have been written")
    return 0


def _text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
