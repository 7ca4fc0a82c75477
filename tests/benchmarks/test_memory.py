import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PEAK = "from benchmarks.memory import peak_memory; print(peak_memory())"
HOLDING = """
import subprocess, sys
held = b"x" * {held}
child = subprocess.run([sys.executable, "-c", sys.argv[1]], capture_output=True, text=True).stdout
held = None
exec(sys.argv[1])
print(child)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="not known there")
def test_the_peak_is_what_a_program_held_itself() -> None:
    """Neither what it has given back is forgotten, nor what its parent held counted."""
    command = [sys.executable, "-c", HOLDING.format(held=300_000_000), PEAK]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    own, child = map(int, done.stdout.split())
    assert 300_000_000 < own < 500_000_000 and 1_000_000 < child < 150_000_000
