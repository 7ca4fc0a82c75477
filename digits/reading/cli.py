"""The command line of ``gui_digit_recognizer.py``, and its ``--image`` mode: read files without a window."""

import argparse
import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from digits.command_line import OneLineParser, complain
from digits.errors import UserError
from digits.networks import DEFAULT, MODELS

PROGRAM = "gui_digit_recognizer.py"
ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = """\
examples:
  python gui_digit_recognizer.py                              open the window
  python gui_digit_recognizer.py --image four.png             print the digits in an image
  python gui_digit_recognizer.py --image scans/ --model VGG16 --json
"""


def parse(arguments: Sequence[str] | None, description: str | None = None) -> argparse.Namespace:
    """Parse the command line; with a wrong option, print one line and exit with code 2.

    Args:
        arguments: the arguments after the name of the program; those of the process if None.
        description: the text at the top of ``--help``.

    Returns:
        ``image`` (list of paths or None), ``model`` (name), ``json`` (bool), ``models`` (folder) and
        ``collection`` (folder or None).
    """
    parser = OneLineParser(
        f"python {PROGRAM}",
        description=description,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--image", nargs="+", type=Path, metavar="PATH", help="images, folders of images, or strokes saved as JSON")
    add("--model", choices=MODELS, help=f"with --image: the network to use; default {DEFAULT}")
    add("--json", action="store_true", help="with --image: print a JSON object per file, with boxes and probabilities")
    add("--models", type=Path, default=ROOT / "models", metavar="DIR", help="folder with the .onnx files")
    add("--collection", type=Path, metavar="DIR", help="in the window: folder in which corrected digits are kept")
    options = parser.parse_args(arguments)
    if not options.image and (options.json or options.model):
        parser.error("--json and --model need --image; the window has a menu for the network")
    options.model = options.model or DEFAULT
    return options


def read_images(paths: Sequence[Path], network: Path, as_json: bool = False) -> int:
    """Read image and stroke files and print one line for each, as text or as a JSON object.

    A file that cannot be read is reported on standard error, and the others are read all the same.

    Args:
        paths: files and folders of files.
        network: the ``.onnx`` file of the network.
        as_json: whether to print JSON objects.

    Returns:
        The exit code: 0, or 2 if a file could not be read.

    Raises:
        UserError: the network cannot be loaded.
    """
    from digits.reading.classifier import Classifier  # here, so that --help does not load OpenCV
    from digits.reading.recognizer import read_file

    classifier = Classifier(network)
    failed = False
    for path in files(paths):
        try:
            reading = read_file(path, classifier)
        except UserError as error:
            complain(PROGRAM, error)
            failed = True
            continue
        if as_json:
            print(json.dumps({"image": str(path), **reading.as_json()}), flush=True)
        else:
            print(f"{path}: {reading.text}".replace("\n", " | "), flush=True)
    return 2 if failed else 0


def files(paths: Sequence[Path]) -> Iterator[Path]:
    """Yield the paths, each folder replaced with the files in it: sorted by name, hidden files left out.

    A folder that is empty or cannot be opened is yielded itself, so that reading it reports the error.
    """
    for path in paths:
        inside = []
        if path.is_dir() and os.access(path, os.R_OK | os.X_OK):
            inside = sorted(file for file in path.iterdir() if file.is_file() and not file.name.startswith("."))
        yield from inside or [path]
