"""The one error that a person is shown: a single line, without a traceback."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
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


@contextmanager
def writing(folder: Path, kept: str = "", option: str = "--output DIR") -> Iterator[None]:
    """Turn what the operating system refuses while files are written into one line.

    Args:
        folder: that is written to.
        kept: what a person need not worry about, such as "finished cells are kept"; "" for nothing to say.
        option: with which another place is chosen.

    Raises:
        UserError: in place of an OSError.
    """
    try:
        yield
    except BrokenPipeError:
        raise  # of a stream, not of a file
    except OSError as error:
        problem = f"cannot write to {folder} ({reason(error)})"
        remedy = f"free some space or choose another place with {option}"
        raise UserError(f"{problem}; {kept}; {remedy}" if kept else f"{problem}; {remedy}") from error
