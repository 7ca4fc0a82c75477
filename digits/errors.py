"""The one error that a person is shown: a single line, without a traceback."""

import os
from pathlib import Path


class UserError(Exception):
    """Bad input or an environment that does not allow the work.

    The message is one line that says what was wrong, what was received and what to do.
    Scripts print it to standard error and end with exit code 2.
    """


def reason(error: BaseException, path: Path | None = None) -> str:
    """What a library's error says, short and on one line; a file that it names only if that is not ``path``."""
    if isinstance(error, OSError) and error.errno:
        named = error.filename and str(error.filename) != str(path)
        place = f": {error.filename}" if named else ""
        return os.strerror(error.errno) + place
    return " ".join(str(error).split())[:200] or type(error).__name__
