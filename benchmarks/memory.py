"""How much memory a process has taken."""

import sys
from pathlib import Path


def peak_memory() -> int:
    """The most memory that this program has held, bytes; 0 where it is not known.

    On Linux it is read from ``/proc``: what ``getrusage`` says there is inherited from the process that started this
    one, and a large one makes all its children look large (``getrusage(2)``, ``ru_maxrss``).
    """
    if sys.platform == "win32":
        return 0
    if sys.platform == "linux":
        lines = Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines()
        return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:")), 0)
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
