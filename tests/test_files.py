import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from digits.files import replacing, sha256, write_json, write_text


def test_a_file_is_written_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    write_json(tmp_path / "new" / "card.json", {"größe": 1})
    assert (tmp_path / "new" / "card.json").read_text(encoding="utf-8") == '{\n  "größe": 1\n}\n'
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["card.json"]


def test_the_old_file_stays_when_writing_fails(tmp_path: Path) -> None:
    path = tmp_path / "model.weights.h5"
    write_text(path, "old")
    with pytest.raises(ZeroDivisionError), replacing(path) as temporary:
        assert temporary.name.endswith(".weights.h5")
        temporary.write_text("ne")
        raise ZeroDivisionError
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_the_old_file_stays_when_the_process_is_killed_in_the_middle(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    write_text(path, "old")
    code = f"""
import time
from pathlib import Path
from digits.files import replacing
with replacing(Path({str(path)!r})) as temporary:
    temporary.write_text("half")
    time.sleep(60)
"""
    process = subprocess.Popen([sys.executable, "-c", code], cwd=Path(__file__).parent.parent)
    deadline = time.monotonic() + 30
    while not list(tmp_path.glob(".partial-*")) and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert len(list(tmp_path.glob(".partial-*"))) == 1
    assert path.read_text() == "old"


def test_sha256_of_known_bytes(tmp_path: Path) -> None:
    (tmp_path / "abc").write_bytes(b"abc")
    assert sha256(tmp_path / "abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
