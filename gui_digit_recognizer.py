#!/usr/bin/env python
"""Draw digits and see them read; with --image, read images without a window.

Without arguments: the window. Needs a display and no TensorFlow.
"""

import argparse
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from digits.command_line import OneLineParser
from digits.errors import UserError
from digits.networks import DEFAULT, MODELS

ROOT = Path(__file__).resolve().parent
EXAMPLES = """\
examples:
  python gui_digit_recognizer.py                              the window
  python gui_digit_recognizer.py --image four.png             what is written on it
  python gui_digit_recognizer.py --image scans/ --model VGG16 --json
"""


def main(arguments: list[str] | None = None) -> int:
    """Parse, call, print. Returns the exit code."""
    options = parse(arguments)
    try:
        if options.image:
            return read_images(options)
        from digits.window.app import run

        run(options.models, MODELS, options.collection)
        return 0
    except UserError as error:
        complain(error)
        return 2
    except BrokenPipeError:  # the reader of our output has gone, as with | head
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return 130


def read_images(options: argparse.Namespace) -> int:
    """Read every file, print a line each; 2 if one could not be read."""
    from digits.reading.classifier import Classifier
    from digits.reading.recognizer import read_file

    classifier = Classifier(options.models / f"{options.model}.onnx")
    failed = False
    for path in files(options.image):
        try:
            reading = read_file(path, classifier)
        except UserError as error:
            complain(error)
            failed = True
            continue
        if options.json:
            print(json.dumps({"image": str(path), **reading.as_json()}), flush=True)
        else:
            print(f"{path}: {reading.text}".replace("\n", " | "), flush=True)
    return 2 if failed else 0


def files(paths: list[Path]) -> Iterator[Path]:
    """The paths themselves, and in place of a folder its files in the order of their names, hidden ones left out.

    A folder that cannot be opened or has no files is passed on as it is, and named when it is read.
    """
    for path in paths:
        inside = []
        if path.is_dir() and os.access(path, os.R_OK | os.X_OK):
            inside = sorted(file for file in path.iterdir() if file.is_file() and not file.name.startswith("."))
        yield from inside or [path]


def complain(error: UserError) -> None:
    """One line on standard error."""
    print(f"gui_digit_recognizer.py: {error}", file=sys.stderr, flush=True)


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """The command line; a wrong option ends the program with one line and exit code 2."""
    parser = OneLineParser(
        "gui_digit_recognizer.py",
        description=__doc__,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--image", nargs="+", type=Path, metavar="PATH", help="images, folders of images, or strokes saved as JSON")
    add("--model", choices=MODELS, help=f"with --image: the network; default {DEFAULT}")
    add("--json", action="store_true", help="with --image: one JSON object a line, with boxes and probabilities")
    add("--models", type=Path, default=ROOT / "models", metavar="DIR", help="where the .onnx files are")
    add("--collection", type=Path, metavar="DIR", help="the window: where corrected digits are kept")
    options = parser.parse_args(arguments)
    if not options.image and (options.json or options.model):
        parser.error("--json and --model go with --image; the window has a menu for the network")
    options.model = options.model or DEFAULT
    return options


if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]  # any path can be printed
    sys.exit(main())
