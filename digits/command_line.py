"""What the scripts' command lines have in common."""

import argparse
import os
import sys
from collections.abc import Callable
from typing import NoReturn

from digits.errors import UserError


class OneLineParser(argparse.ArgumentParser):
    """Says what is wrong in one line instead of after the usage; exit code 2."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}; see python {self.prog} --help\n")


def run(program: str, work: Callable[[], int], interrupted: str = "") -> int:
    """Call ``work`` and turn its errors into an exit code."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    try:
        return work()
    except UserError as error:
        print(f"{program}: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        if interrupted:
            print(f"\n{program}: {interrupted}", file=sys.stderr)
        return 130
