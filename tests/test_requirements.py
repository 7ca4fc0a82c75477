"""What is installed: pinned, hashed, explained, licensed, and the same in every file that says so."""

import ast
import re
import sys
from collections.abc import Iterable
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import NamedTuple

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from digits.networks import MODELS
from docs import licences

ROOT = Path(__file__).resolve().parent.parent
NAMES = list(licences.FILES)
PYTHONS = ("3.10", "3.11", "3.12", "3.13")
PLATFORMS = [("linux", "x86_64"), ("linux", "aarch64"), ("darwin", "arm64"), ("win32", "AMD64")]
#: Where a module's name is not its distribution's.
DISTRIBUTIONS = {
    "PIL": "pillow",
    "cv2": "opencv-python-headless",
    "sklearn": "scikit-learn",
    "PyInstaller": "pyinstaller",
}
#: Required for what it does, not imported by name.
NOT_IMPORTED = {"tensorflow-cpu", "tf2onnx", "pytest-xdist", "ruff", "mypy", "uv"}
PERMISSIVE = {"Apache-2.0", "BSD", "BSD-2-Clause", "BSD-3-Clause", "MIT", "MIT-CMU", "PSF-2.0"}
COPYLEFT = {"MPL-2.0", "GPL-2.0-or-later"}  #: of which docs/licences.md says what they ask for
COPYLEFT_LIBRARIES = ("avcodec", "gfortran", "quadmath", "gomp", "fribidi", "mp3lame", "x264", "x265")


class Pinned(NamedTuple):
    """A requirement as a file made by ``make lock`` has it."""

    requirement: Requirement
    hashes: frozenset[str]

    @property
    def key(self) -> tuple[str, str, frozenset[str]]:
        return self.requirement.name, str(self.requirement.specifier), self.hashes


@cache
def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


@cache
def pinned(text: str) -> list[Pinned]:
    """Parse a file of pinned requirements, and fail at any line that is nothing else."""
    found: list[tuple[str, list[str]]] = []
    options = []
    for line in text.splitlines():
        if re.fullmatch(r"|#.*| {4}#.*", line):
            continue
        if line.startswith("--"):
            options.append(line)
        elif parts := re.fullmatch(r"([a-z0-9-]+==[\w.]+( ; [^\\#]+)?) \\", line):
            found.append((parts[1], []))
        elif (parts := re.fullmatch(r" {4}--hash=sha256:([0-9a-f]{64})( \\)?", line)) and found:
            found[-1][1].append(parts[1])
        else:
            raise ValueError(f"not a pinned requirement: {line}")
    if options != ["--only-binary :all:"]:
        raise ValueError(f"expected --only-binary :all:, found {options}")
    if bare := [requirement for requirement, hashes in found if not hashes]:
        raise ValueError(f"without a hash: {bare}")
    return [Pinned(Requirement(requirement), frozenset(hashes)) for requirement, hashes in found]


def direct(name: str) -> list[Requirement]:
    """The requirements in a .in file, without those that it includes."""
    lines = [line for line in text_of(f"{name}.in").splitlines() if line and line[0] not in "#-"]
    return [Requirement(line) for line in lines]


def applies(requirement: Requirement, python: str, platform: tuple[str, str]) -> bool:
    environment = {
        "python_version": python,
        "python_full_version": f"{python}.0",
        "sys_platform": platform[0],
        "platform_machine": platform[1],
        "platform_python_implementation": "CPython",
    }
    return requirement.marker is None or requirement.marker.evaluate(environment)


@pytest.mark.parametrize("name", NAMES)
def test_everything_that_pip_installs_is_pinned_and_has_hashes(name: str) -> None:
    assert len(pinned(text_of(f"{name}.txt"))) > 40


HASH = "    --hash=sha256:" + "0" * 64
GOOD = f"--only-binary :all:\nsix==1.0 \\\n{HASH}\n"


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        ("==1.0", ">=1.0"),
        ("==1.0", "==1.*"),
        ("six==1.0", "six"),
        ("six==1.0", "six @ https://example.org/six.whl"),
        ("six==1.0", "-e ."),
        (HASH, ""),
        (HASH, HASH[:-1]),
        (HASH, HASH.replace("sha256", "md5")),
        ("--only-binary :all:", ""),
        ("--only-binary", "-i https://example.org\n--only-binary"),
        ("--only-binary", "--find-links wheels\n--only-binary"),
    ],
)
def test_anything_else_would_be_noticed(good: str, bad: str) -> None:
    assert pinned(GOOD)[0].requirement.name == "six"
    with pytest.raises(ValueError, match=r"pinned|hash|expected"):
        pinned(GOOD.replace(good, bad))


@pytest.mark.parametrize("name", [f"{name}.{suffix}" for name in NAMES for suffix in ("in", "txt")])
def test_no_address_and_no_path(name: str) -> None:
    assert not re.search(r"https?:|file:|://|@|index|find-links|trusted|\w[\\]\w|(?<!\w)[~/]\w", text_of(name))


def test_the_files_agree() -> None:
    running, *optional, development = ({package.key for package in pinned(text_of(f"{name}.txt"))} for name in NAMES)
    assert all(running < keys < development for keys in optional)


@pytest.mark.parametrize("name", NAMES)
def test_made_of_the_direct_requirements(name: str) -> None:
    files = NAMES if name == NAMES[-1] else list(dict.fromkeys([NAMES[0], name]))
    made = {package.key[:2] for package in pinned(text_of(f"{name}.txt"))}
    required = [requirement for file in files for requirement in direct(file)]
    assert {(requirement.name, str(requirement.specifier)) for requirement in required} <= made
    assert all(re.fullmatch(r"==[\d.]+", str(requirement.specifier)) for requirement in required)
    included = re.findall(r"^-r (\S+)\.in$", text_of(f"{name}.in"), re.MULTILINE)
    assert included == files[:-1]


@pytest.mark.parametrize("platform", PLATFORMS, ids="-".join)
@pytest.mark.parametrize("python", PYTHONS)
def test_one_version_of_each_package_on_every_python_and_system(python: str, platform: tuple[str, str]) -> None:
    for name in NAMES:
        here = [package.requirement for package in pinned(text_of(f"{name}.txt"))]
        names = [requirement.name for requirement in here if applies(requirement, python, platform)]
        assert len(names) == len(set(names))
        required = {requirement.name for requirement in direct(name) if applies(requirement, python, platform)}
        assert required <= set(names)
        assert ("tensorflow-cpu" in names) != ("tensorflow" in names)
        assert ("tensorflow-cpu" in names) == (platform == ("linux", "x86_64"))


def test_every_python_that_the_project_supports_is_tested() -> None:
    low, high = (Version(PYTHONS[0]), Version(PYTHONS[-1]))
    assert f'requires-python = ">={low},<{high.major}.{high.minor + 1}"' in text_of("pyproject.toml")
    assert f"--python-version {low} " in text_of("Makefile")
    assert f"({low.major}, {low.minor}) <= sys.version_info[:2] <= ({high.major}, {high.minor})" in text_of("Makefile")


CODE = [path for folder in ("digits", "benchmarks", "docs", "app", *MODELS) for path in ROOT.glob(f"{folder}/**/*.py")]
CODE += ROOT.glob("*.py")


def test_everything_installs_through_these_files() -> None:
    sources = [ROOT / name for name in ("Makefile", ".ci/run", "README.md", "CONTRIBUTING.md", "SECURITY.md")]
    texts = [path.read_text(encoding="utf-8") for path in [*sources, *CODE]]
    calls = [call.strip() for text in texts for call in re.findall(r"pip install\b([^`#\n;\"]*)", text)]
    assert len(calls) > 4
    allowed = r"-r requirements(-dev|-cluster|-app)?\.txt|--quiet --disable-pip-version-check --require-hashes"
    assert not [call for call in calls if not re.fullmatch(allowed, call)]
    assert re.findall(r"\$\(INSTALL\) (.*)", text_of("Makefile")) == [
        f"-r requirements{kind}.txt" for kind in ("", "-app", "-dev")
    ]
    assert re.findall(r"make (?:lint|test)", text_of(".ci/run")) == ["make lint", "make test"]
    conda = text_of("mnist_env_packages.yml").partition("- pip:\n")[2]
    assert re.sub("#.*", "", conda).split() == ["-", "-r", "requirements.txt"]
    assert 'dependencies = { file = ["requirements.in"] }' in text_of("pyproject.toml")


def imported(files: Iterable[Path]) -> set[str]:
    """The distributions whose modules some files import."""
    modules = set()
    for node in (node for path in files for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))):
        if isinstance(node, ast.Import):
            modules |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            modules.add(node.module.split(".")[0])
    own = {path.stem for path in [*CODE, *ROOT.glob("tests/**/*.py")]} | {path.name for path in ROOT.iterdir()}
    modules -= own | set(sys.stdlib_module_names) | {"_typeshed"}
    return {DISTRIBUTIONS.get(module, module) for module in modules}


def test_what_is_imported_is_required_directly_and_the_reverse() -> None:
    code, tests = imported(CODE), imported(ROOT.glob("tests/**/*.py"))
    running = {requirement.name for name in NAMES[:-1] for requirement in direct(name)}
    development = {requirement.name for requirement in direct(NAMES[-1])}
    assert code | NOT_IMPORTED >= running and code <= running
    assert tests | NOT_IMPORTED >= development and tests <= running | development


@pytest.mark.parametrize("name", NAMES)
def test_each_direct_requirement_has_its_reason(name: str) -> None:
    found = licences.groups(text_of(f"{name}.in"))
    assert [entry for group in found for entry in group.names] == [requirement.name for requirement in direct(name)]
    assert all(re.search(r"\w{4}", group.reason) for group in found)


@pytest.mark.parametrize("text", ["six==1.0\n", "# why\n\nsix==1.0\n", "six==1.0\n# why\n"])
def test_one_without_a_reason_would_be_noticed(text: str) -> None:
    assert licences.groups(f"# first\n-r other.in\n\n# why\n# indeed\n{GOOD.splitlines()[1]}\n") == [
        ("why indeed", ["six"])
    ]
    with pytest.raises(ValueError, match="six"):
        licences.groups(text)


def test_contributing_lists_them() -> None:
    assert f"<!-- dependencies -->\n{licences.direct_table()}\n<!-- /dependencies -->" in text_of("CONTRIBUTING.md")


def test_licences_are_listed() -> None:
    page = text_of("docs/licences.md")
    assert page == licences.page(), "run python -m docs.licences"
    rows = re.findall(r"^\| ([a-z0-9-]+) \| (\d[^|]*) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", page, re.MULTILINE)
    listed = {(name, version) for name, versions, *_ in rows for version in versions.split(", ")}
    assert {package.key[:2] for package in pinned(text_of("requirements-dev.txt"))} == {
        (name, f"=={version}") for name, version in listed
    }
    for name, _, licence, _, why in rows:
        names = set(re.findall(r"[\w.-]+", licence)) - {"AND", "OR", "WITH", "Bootloader-exception"}
        assert names <= PERMISSIVE | COPYLEFT, f"{name}: a licence that is new to the project"
        assert not names & COPYLEFT or re.search(rf"^(MPL|GPL)-2.0[,:] .*\b{name}\b", page, re.MULTILINE)
        assert why.strip()


def test_libraries_under_copyleft_within_packages_are_named() -> None:
    checked = 0
    for name in licences.locked(text_of("requirements-dev.txt")):
        try:
            files = [path.name for path in distribution(name).files or [] if not path.name.endswith((".py", ".pyc"))]
        except PackageNotFoundError:
            continue
        checked += 1
        found = {
            library for library in COPYLEFT_LIBRARIES for file in files if file.startswith((f"lib{library}", library))
        }
        assert not found or name in licences.CONTAINED, f"{name} contains {found}"
    assert checked > 70


@pytest.mark.parametrize("name", licences.ELSEWHERE)
def test_licences_of_what_is_not_installed_everywhere(name: str) -> None:
    """Those written down agree with the metadata wherever there are any."""
    requirements = [package.requirement for package in pinned(text_of("requirements-dev.txt"))]
    markers = [requirement.marker for requirement in requirements if requirement.name == name]
    assert markers and all(markers)
    assert licences.licence(name) == licences.ELSEWHERE[name]
