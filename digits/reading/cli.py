"""The command line of ``gui_digit_recognizer.py``, and its ``--image`` mode: read files without a window."""

import argparse
import hashlib
import json
import os
import sys
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from digits.command_line import OneLineParser, as_path, complain, number, printable
from digits.errors import UserError
from digits.networks import DEFAULT, MODELS
from digits.processes import available_cores

if TYPE_CHECKING:
    from digits.reading.classifier import Classifier
    from digits.reading.hand import Hand
    from digits.reading.line_segmenter import LineSegmenter
    from digits.reading.many import Answer
    from digits.reading.results import Results

NAMED = 10  #: files that are named before the others are counted
PROGRAM = "gui_digit_recognizer.py"
MOST_WORKERS = 4 * (os.cpu_count() or 1)  #: each takes 2 GB at most
ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = """\
examples:
  python gui_digit_recognizer.py                              open the window
  python gui_digit_recognizer.py photo.jpg                    open an image, or a drawing, in it
  python gui_digit_recognizer.py --image four.png             print the digits in an image
  python gui_digit_recognizer.py --image scans/ --model VGG16 --json
  python gui_digit_recognizer.py --image scans/ --output read.jsonl
  python gui_digit_recognizer.py --image four.png --hand "~/Handwritten digits"
"""


def parse(arguments: Sequence[str] | None, description: str | None = None) -> argparse.Namespace:
    """Parse the command line; with a wrong option, print one line and exit with code 2.

    Args:
        arguments: the arguments after the name of the program; those of the process if None.
        description: the text at the top of ``--help``.

    Returns:
        ``file`` (path or None), ``image`` (list of paths or None), ``model`` (name), ``json`` (bool), ``output`` (path
        or None), ``models`` (folder) and ``hand`` (folder or None).
    """
    parser = OneLineParser(
        f"python {PROGRAM}",
        description=description,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("file", nargs="?", type=Path, metavar="FILE", help="image, or drawing saved as JSON, to open in the window")
    add("--image", nargs="+", type=Path, metavar="PATH", help="images, folders of images, or strokes saved as JSON")
    add("--model", choices=MODELS, help=f"with --image: the network to use; default {DEFAULT}")
    add("--json", action="store_true", help="with --image: print a JSON object per page, with boxes and probabilities")
    add("--output", type=Path, metavar="FILE.jsonl", help="with --image: write these objects to a file, which the same "
        "command continues")  # fmt: skip
    add("--workers", type=number(int, 1, most=MOST_WORKERS), metavar="N", help="with --image: processes that read many "
        "files; default: as many as cores")  # fmt: skip
    add("--models", type=Path, default=ROOT / "models", metavar="DIR", help="folder with the .onnx files")
    add("--hand", type=_folder, metavar="DIR", help="folder of a person's corrected digits, from which the networks "
        "learn the hand; in the window default: Handwritten digits in your home; with --image none")  # fmt: skip
    options = parser.parse_args(arguments)
    if not options.image and (options.json or options.model or options.output or options.workers):
        parser.error("--json, --output, --model and --workers need --image; the window has a menu for the network")
    if options.image and options.file:
        parser.error(f"{options.file} is opened in the window, which --image does not open; name it after --image")
    if options.json and options.output:
        parser.error("--json prints what --output writes; give one of them")
    options.model = options.model or DEFAULT
    return options


def read_images(
    paths: Sequence[Path],
    network: Path,
    as_json: bool = False,
    output: Path | None = None,
    workers: int | None = None,
    hand: Path | None = None,
) -> int:
    """Read image and stroke files and print, or write to a file, one line for each page, as text or a JSON object.

    A file that cannot be read is reported on standard error, and the others are read all the same. Whatever is not
    read is named there.

    Args:
        paths: files, and folders of files.
        network: the ``.onnx`` file of the network.
        as_json: whether to print JSON objects.
        output: file of JSON lines; pages that it holds are not read again.
        workers: processes that read many files; None for as many as there are cores.
        hand: folder of a person's digits, from which the network learns; None to read as it is.

    Returns:
        The exit code: 0, or 2 if a file could not be read.

    Raises:
        UserError: the network cannot be loaded, there is no digit in ``hand``, or the output cannot be written.
        KeyboardInterrupt: of Ctrl-C; says what is kept.
    """
    from digits.reading.classifier import Classifier  # here, so that --help does not load OpenCV
    from digits.reading.folders import Search
    from digits.reading.line_segmenter import LineSegmenter
    from digits.reading.many import Reader, read_files
    from digits.reading.results import continued

    classifier, lines = Classifier(network), LineSegmenter.open(network.parent)
    learned = _learned(hand, classifier, lines) if hand else None
    digests = f"{classifier.digest}{lines.digest}{learned.digest if learned else ''}"
    both = hashlib.sha256(digests.encode()).hexdigest()
    search = Search()
    with ExitStack() as stack:
        results = stack.enter_context(continued(output, both)) if output else None
        run = _Run(as_json, results)
        if lines.failure:
            run.say(lines.failure)
        try:
            bar = sys.stderr.isatty() and (bool(output) or not sys.stdout.isatty())
            files = run.to_read(_with_progress(search.files(paths), bar))
            reader = Reader(network, classifier, lines, learned)
            for path, pages in read_files(files, reader, run.known, workers or available_cores()):
                run.take(path, pages)
        except KeyboardInterrupt as error:
            kept = f"{_pages(run.n_read)} read"
            raise KeyboardInterrupt(
                f"{kept} and kept in {output}; the same command goes on from there" if output else kept
            ) from error
    if search.left_out:
        run.say(_not_images(search.left_out))
    if output:
        print(f"{printable(str(output))}: {_pages(run.n_read)} added")
    return 2 if run.failed else 0


def _learned(folder: Path, classifier: "Classifier", lines: "LineSegmenter") -> "Hand | None":
    """The hand of a folder, which is said where it is of no use; None then.

    Raises:
        UserError: there is no digit in it.
    """
    from digits.reading.collection import Collection
    from digits.reading.hand import MOST, Pupil

    collection = Collection(folder)
    collection.read_newest(MOST)
    notice = collection.notice()
    if not collection.entries:
        why = f" ({notice})" if notice else ""
        raise UserError(
            f"--hand {folder} holds no digits{why}; give the folder in which the window keeps corrected digits"
        )
    if notice:
        complain(PROGRAM, UserError(notice))
    hand = Pupil(classifier, lines).learn(collection.entries)
    if hand is None or hand.helps:
        return hand
    before, now, n = f"{hand.before:,}", f"{hand.now:,}", f"{hand.n:,}"
    why = f"of its {n} digits {classifier.name} reads {now} rightly by the others, and {before} without"
    complain(PROGRAM, UserError(f"--hand {folder} is not used: {why}"))
    return None


def _folder(text: str) -> Path:
    """A folder from the command line, in which ~ stands for a home even in quotes."""
    try:
        return as_path(text).expanduser()
    except RuntimeError as error:
        raise argparse.ArgumentTypeError(f"there is no home called {text.partition('/')[0]}; give a folder") from error


class _Run:
    """Takes what one file after another says.

    Attributes:
        failed: whether a file could not be read.
    """

    def __init__(self, as_json: bool, results: "Results | None") -> None:
        self._n_printed = 0
        self.failed = False
        self._as_json = as_json
        self._results = results

    @property
    def n_read(self) -> int:
        """Number of pages that were read, and printed or written."""
        return self._results.written if self._results else self._n_printed

    def to_read(self, paths: Iterator[Path | UserError]) -> Iterator[Path | UserError]:
        """The files of which a page is to be read, and errors."""
        for path in paths:
            if isinstance(path, UserError) or not (self._results and self._results.known(path)[1]):
                yield path

    def known(self, path: Path) -> Collection[int]:
        """The pages of a file that need not be read."""
        return self._results.known(path)[0] if self._results else ()

    def take(self, path: Path, pages: "Iterable[Answer]") -> None:
        """Print or write what a file says; report what is not read."""
        beyond = ""
        for page in pages:
            beyond = page.beyond
            if page.error:
                self._fail(page.error)
            else:
                self._show(path, page)
        if beyond:
            self.say(f"{path} has more than is read: {beyond}")

    def _show(self, path: Path, page: "Answer") -> None:
        name = printable(f"{path}, page {page.number}" if page.count > 1 else f"{path}")
        if self._results:
            self._results.add(path, page.number, page.count, page.found)
        elif self._as_json:
            place = {"page": page.number, "pages": page.count} if page.count > 1 else {}
            print(json.dumps({"image": str(path), **place, **page.found}), flush=True)
        else:
            print(f"{name}: {page.text.replace(chr(10), ' | ')}", flush=True)
        self._n_printed += not self._results
        if page.unread:
            model = page.found["model"]
            self.say(f"{name} has too much ink: {page.unread:,} pieces are not read by {model}, but the largest are")

    def _fail(self, error: UserError) -> None:
        self.say(str(error))
        self.failed = True

    def say(self, line: str) -> None:
        """Print a line to standard error, above the progress bar if there is one."""
        from tqdm import tqdm

        with tqdm.external_write_mode(file=sys.stderr):
            complain(PROGRAM, UserError(line))


def _with_progress(paths: Iterator[Path | UserError], shown: bool) -> Iterator[Path | UserError]:
    """Pass the paths on, with a progress bar on standard error if it is ``shown``."""
    if not shown:
        yield from paths
        return
    from tqdm import tqdm

    yield from tqdm(list(paths), unit=" files", file=sys.stderr, leave=False, dynamic_ncols=True)


def _pages(n: int) -> str:
    return f"{n:,} page{'' if n == 1 else 's'}"


def _not_images(paths: Sequence[Path]) -> str:
    """Name files that were left out, in one line."""
    named = ", ".join(map(str, paths[:NAMED]))
    more = f" and {len(paths) - NAMED:,} more" if len(paths) > NAMED else ""
    return f"left out, because they are neither images that can be read nor strokes: {named}{more}"
