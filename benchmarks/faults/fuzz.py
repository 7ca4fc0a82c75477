"""Coverage-guided fuzzing of the readers that are written in Python: ``python -m benchmarks.faults.fuzz strokes``.

It needs atheris, which is in no requirements file (it installs on Linux, for some versions of Python only). In an
environment of its own, run ``pip install -r requirements.txt`` first, and let pip add atheris afterwards: in one
command it would be asked for a hash. Inputs are mutated by libFuzzer and, one time in two, by
:mod:`benchmarks.faults.mutate`. Each new fault, such as 10 s of processor time, is printed once and its input kept. A
hang of a minute or 4 GB end a process, libFuzzer keeps the input, and another process goes on with the corpus:
atheris never gives back arrays that were compared.
"""

import argparse
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from benchmarks.faults import inputs, mutate, seeds
from benchmarks.faults.readers import Reader
from benchmarks.faults.scratch import scratch
from benchmarks.faults.seeds import Item
from digits import command_line
from digits.errors import UserError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LARGEST = 1 << 18  #: bytes of an input
HANG = 60  #: seconds
SHORTEST = 5.0  #: seconds of a round
#: What counts coverage: not what computes with pixels, whose arrays would never be given back.
INSTRUMENTED = [
    *("digits.files", "digits.learning", "digits.reading.recognizer", "digits.reading.ink", "zipfile", "json"),
    *("numpy.lib.format", "numpy.lib._format_impl", "numpy.lib._npyio_impl"),
]


def _strokes() -> Reader:
    from digits.reading.line_segmenter import LineSegmenter
    from digits.reading.recognizer import read_file

    class Blank:
        """Finds every digit equally likely, at once."""

        name, most = "blank", 1000

        def probabilities(self, crops: "NDArray[np.uint8]", /) -> "NDArray[np.float32]":
            import numpy as np

            return np.full((len(crops), 10), 0.1, np.float32)

    network, lines = Blank(), LineSegmenter(None, "each piece of ink is a digit")
    return lambda path: read_file(path, network, lines)


def _card() -> Reader:
    from digits.learning import card

    return card.read


def _handwriting() -> Reader:
    from digits.learning import handwriting

    return lambda path: handwriting.load([path])


def _npz() -> Reader:
    from digits.learning import dataset

    return lambda path: dataset.load(path, {})


TARGETS: Mapping[str, tuple[Callable[[], Reader], Callable[[], Sequence[Item]]]] = {
    "strokes": (_strokes, seeds.strokes),
    "card": (_card, seeds.cards),
    "npz": (_npz, seeds.npz),
    "handwriting": (_handwriting, seeds.handwriting),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Fuzz with the given command line. Returns the exit code; libFuzzer ends the process itself."""
    return command_line.run("benchmarks.faults.fuzz", lambda: _work(arguments), "the corpus is kept")


def _work(arguments: Sequence[str] | None) -> int:
    parser = command_line.OneLineParser("python -m benchmarks.faults.fuzz", description=__doc__)
    parser.add_argument("target", choices=TARGETS, help="the reader")
    parser.add_argument("--seconds", type=command_line.number(int, 1), default=1200, metavar="N", help="default: 1200")
    parser.add_argument("--round", action="store_true", help="only until something ends the process")
    parser.add_argument("--seed", type=command_line.number(int, 0), default=0, metavar="N")
    parser.add_argument("--output", type=Path, default=Path("runs/fuzz"), metavar="DIR", help="corpus and faults")
    options = parser.parse_args(arguments)
    try:
        atheris = import_module("atheris")
    except ImportError as error:
        raise UserError(
            "atheris is missing; CONTRIBUTING.md says how to install it in an environment of its own"
        ) from error
    if options.round:
        _fuzz(atheris, options)
    end = time.monotonic() + options.seconds
    while (left := round(end - time.monotonic())) > 0:
        began = time.monotonic()
        place = ("--seconds", str(left), "--seed", str(options.seed), "--output", options.output)
        subprocess.run([sys.executable, "-m", "benchmarks.faults.fuzz", options.target, *place, "--round"])
        if time.monotonic() - began < SHORTEST < left:
            raise UserError("fuzzing ends at once; see above")
        options.seed += 1
    return 0


def _fuzz(atheris: Any, options: argparse.Namespace) -> None:
    prepare, draw = TARGETS[options.target]
    for module in [name for name in sys.modules if name.startswith(("digits.", "zipfile"))]:
        if module != "digits.errors":  # whose UserError is known here
            del sys.modules[module]  # to be imported again, with what counts coverage
    with atheris.instrument_imports(include=INSTRUMENTED):
        reader = prepare()
    output = options.output.absolute() / options.target
    (output / "corpus").mkdir(parents=True, exist_ok=True)
    whole = [(item.target, content) for item in draw() for content in item.files.values()]
    contents = [content for _, content in whole if isinstance(content, bytes)]
    name = whole[0][0]
    for number, content in enumerate(contents):
        (output / "corpus" / f"whole-{number}").write_bytes(content)
    known: set[tuple[str, str]] = set()
    with scratch() as folder:

        def test(content: bytes) -> None:
            path = folder / name
            path.write_bytes(content)
            began, fault = time.process_time(), ("", "")
            try:
                reader(path)
            except UserError:
                pass
            except Exception as error:
                fault = type(error).__name__, inputs.place_of(error)
            if time.process_time() - began > inputs.LONGEST:
                fault = "slow", ""
            if fault[0] and fault not in known:
                known.add(fault)
                kept = output / f"fault-{len(known)}-{name}"
                kept.write_bytes(content)
                print("FAULT", *fault, kept, file=sys.stderr, flush=True)

        def change(content: bytes, most: int, seed: int) -> bytes:
            if seed % 2:
                return bytes(atheris.Mutate(content, most))
            return mutate.damaged(content, Random(seed), contents)[:most]

        flags = {
            "max_total_time": options.seconds,
            "timeout": HANG,
            "rss_limit_mb": 2 * inputs.MOST // 1_000_000,
            "max_len": LARGEST,
            "seed": options.seed + 1,
            "artifact_prefix": f"{output}/ended-",
        }
        atheris.Setup(
            [sys.argv[0], *(f"-{key}={value}" for key, value in flags.items()), str(output / "corpus")],
            test,
            custom_mutator=change,
        )
        atheris.Fuzz()


if __name__ == "__main__":
    sys.exit(main())
