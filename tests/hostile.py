"""What a test gives to :func:`digits.network_file.try_out` to run: it does as its standard input says."""

import os
import sys
import time

from digits.network_file import serve


def check(content: bytes) -> None:
    """Crash, wait, allocate, print, refuse, or find nothing wrong."""
    if content == b"crash":
        os.abort()
    elif content == b"wait":
        time.sleep(60)
    elif content == b"allocate":
        while True:
            kept.append(bytes(64 << 20))
    elif content == b"print":
        os.write(1, b"a library's line\n")
        os.write(2, b"a library's line\n" * 10_000)
    elif content != b"good":
        raise ValueError("two\nlines")


kept: list[bytes] = []

if __name__ == "__main__":
    sys.exit(serve(check))
