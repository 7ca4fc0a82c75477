"""What the stand-alone program is built of, and how it is measured, with stand-ins for the program."""

import configparser
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

import digits
from app import build, start
from benchmarks import app
from digits.errors import UserError
from digits.reading import image_file
from digits.window.about_text import NAME

ROOT = Path(__file__).resolve().parents[2]
WINDOW = """
import signal, sys, tkinter
root = tkinter.Tk()
root.geometry("1200x800")
for i in range(60):
    tkinter.Frame(root, background=f"#{i * 4:02x}80ff", width=1200, height=12).pack()
def end(*_): sys.exit(7)
signal.signal(signal.SIGTERM, end)
def look(): root.after(20, look)
look()
root.mainloop()
"""


def script(folder: Path, code: str) -> Path:
    """A program that runs some Python."""
    path = folder / "program"
    path.write_text(f"#!{sys.executable}\n{code}", encoding="utf-8")
    path.chmod(0o755)
    return path


def test_the_desktop_file_names_the_program() -> None:
    parser = configparser.ConfigParser(interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(ROOT / "app" / f"{build.NAME}.desktop", encoding="utf-8")
    entry = parser["Desktop Entry"]
    assert (entry["Type"], entry["Name"]) == ("Application", NAME)
    assert (entry["Exec"], entry["Icon"]) == (f"{build.NAME} %f", build.NAME)
    types = entry["MimeType"].removesuffix(";").split(";")
    images = {name for kind in types if (name := kind.removeprefix("image/")) != kind and "x-" not in name}
    assert images | {"ppm"} == {name.lower() for name in image_file.FORMATS} and "application/json" in types
    window = (ROOT / "digits" / "window" / "main_window.py").read_text(encoding="utf-8")
    assert f'className="{entry["StartupWMClass"]}"' in window


def test_packed_replaces_earlier_archives(tmp_path: Path) -> None:
    folder = tmp_path / build.NAME
    folder.mkdir()
    (folder / "file").write_bytes(b"content")
    old = tmp_path / f"{build.NAME}-0.0.1-linux-x86_64.tar.gz"
    old.write_bytes(b"")
    archive = build.packed(folder)
    assert not old.exists() and app.archive_of(folder / "program") == archive
    assert f"-{digits.__version__}-" in archive.name
    with tarfile.open(archive) as file:
        content = file.extractfile(f"{build.NAME}/file")
        assert content and content.read() == b"content"


def test_each_library_that_is_packed_comes_with_its_licence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build.copy_licences(tmp_path, {"cv2", "PIL", "json", "digits"})
    found = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    opencv = {f"opencv-python-headless/{name}.txt" for name in ("LICENSE", "LICENSE-3RD-PARTY")}
    assert found == {"Python/LICENSE.txt", "pillow/LICENSE", *opencv}
    monkeypatch.setattr("importlib.metadata.files", lambda _: [])
    with pytest.raises(UserError, match="numpy comes without its licence"):
        build.copy_licences(tmp_path, {"numpy"})


def test_without_pyinstaller_one_line_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "PyInstaller.__main__", None)
    with pytest.raises(UserError, match=r"pip install -r requirements-app\.txt"):
        build.build(tmp_path, tmp_path, tmp_path / "icon.png")


@pytest.mark.parametrize("module", start.MODULES[:2])
def test_the_processes_that_try_out_a_network_start(module: str) -> None:
    command = [sys.executable, "-m", "app.start", "-m", module]
    done = subprocess.run(command, input=b"no network", capture_output=True, cwd=ROOT, timeout=60)
    assert done.returncode == 3 and done.stdout and not done.stderr


def test_the_tracker_gets_what_joblib_calls_it_with(monkeypatch: pytest.MonkeyPatch) -> None:
    from joblib.externals.loky.backend import resource_tracker

    called: list[tuple[int, int]] = []
    monkeypatch.setattr(resource_tracker, "main", lambda *numbers: called.append(numbers))
    code = f"from {resource_tracker.__name__} import main; main(5, False)"
    assert start.main(["-B", "-S", "-I", "-c", code]) == 0
    assert called == [(5, 0)]


@pytest.mark.parametrize("arguments", [["-c", "print(1)"], ["-m", "this"]])
def test_no_other_code_is_run(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        start.main(arguments)
    out, err = capsys.readouterr()
    assert (end.value.code, out, err.count("\n")) == (2, "", 1)


def test_a_window_is_seen_and_closed(screen: None, tmp_path: Path) -> None:
    with app.opened(script(tmp_path, WINDOW), app.clean(tmp_path / "home")) as (process, seconds):
        assert 0.02 < seconds < app.PATIENCE
        assert app.closed(process) == 7


def test_an_empty_window_is_none(screen: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "PATIENCE", 1.5)
    empty = "import tkinter\nroot = tkinter.Tk()\nroot.geometry('1500x900')\nroot.mainloop()"
    with pytest.raises(UserError, match="shows no window"), app.opened(script(tmp_path, empty), app.clean(tmp_path)):
        pass


def test_a_program_that_ends_or_is_missing_is_reported(screen: None, tmp_path: Path) -> None:
    failing = script(tmp_path, "import sys; sys.exit('no library')")
    with pytest.raises(UserError, match="exit code 1: no library"), app.opened(failing, app.clean(tmp_path)):
        pass
    with pytest.raises(UserError, match="make app"), app.opened(tmp_path / "missing", app.clean(tmp_path)):
        pass


def test_size_counts_files_once(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "file").write_bytes(bytes(1000))
    (tmp_path / "link").symlink_to("folder/file")
    assert app.size(tmp_path) == 1000
    with pytest.raises(UserError, match="0 archives"):
        app.archive_of(tmp_path / "folder" / "program")


def test_a_display_stays_as_it_is_when_nobody_is_there(screen: None) -> None:
    def tk(code: str) -> str:
        command = [sys.executable, "-c", f"import tkinter; root = tkinter.Tk(); print({code})"]
        return subprocess.run(command, capture_output=True, check=True, text=True, timeout=60).stdout.strip()

    number = tk("root.winfo_atom('gone')")
    assert tk(f"root.winfo_atomname({number})") == "gone"
