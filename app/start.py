"""Where the stand-alone program starts: the same as ``gui_digit_recognizer.py``, and the processes that it starts.

Python's ``-m`` and ``-c`` do not exist there, since the program is its own interpreter. What the project and joblib
call with them is answered here, and nothing else.
"""

import multiprocessing
import re
import runpy
import sys

#: What is run as ``-m``: those that try out a stranger's network, and joblib's process that reads files.
MODULES = ("digits.reading.probe", "digits.reading.line_probe", "joblib.externals.loky.backend.popen_loky_posix")
#: What is run as ``-c``: joblib's process that removes what others have left behind.
TRACKER = re.compile(r"from joblib\.externals\.loky\.backend\.resource_tracker import main; main\((\d+), (\w+)\)")


def main(arguments: list[str]) -> int:
    """Run with the arguments after the name of the program. Returns the exit code."""
    multiprocessing.freeze_support()
    kind, what = (*arguments, "", "")[:2]
    if kind == "-m" and what in MODULES:
        sys.argv = arguments[1:]
        runpy.run_module(what, run_name="__main__", alter_sys=True)
        return 0
    if arguments[-2:-1] == ["-c"] and (call := TRACKER.fullmatch(arguments[-1])):
        from joblib.externals.loky.backend import resource_tracker

        resource_tracker.main(int(call[1]), int(call[2] == "True"))
        return 0
    import gui_digit_recognizer

    return gui_digit_recognizer.main(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
