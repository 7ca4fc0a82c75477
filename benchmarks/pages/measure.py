"""How many numbers on photographed pages are read, condition by condition."""

from collections.abc import Callable, Mapping, Sequence
from difflib import SequenceMatcher
from functools import partial
from pathlib import Path
from typing import TypedDict

import cv2
import numpy as np

from benchmarks.networks import digests, file_of, open_lines
from benchmarks.pages.drawing import CONDITIONS, LINES, Image, PageImage, looks, photograph
from digits.errors import UserError
from digits.learning.handwriting import Character
from digits.learning.json_types import Count, Number, Sha256
from digits.networks import DEFAULT
from digits.processes import available_cores, mapped
from digits.reading.classifier import Classifier
from digits.reading.line_segmenter import LineSegmenter
from digits.reading.recognizer import read_photograph, read_segments
from digits.reading.segmentation import image_components

PAGES = 25  #: of each condition, with four numbers each
SEED = 7  #: of the published pages
MIXED = "mixed"
NAMES = (*CONDITIONS, MIXED)

Hands = Sequence[Sequence[Character]]


class Condition(TypedDict):
    """Numbers of one condition: ``missed`` in the photograph, ``unread`` in the same ink without a photograph.

    ``beyond`` counts lines that were read where none was written.
    """

    n: Number
    missed: Count
    unread: Count
    beyond: Count


class Results(TypedDict):
    """What was measured, with whose handwriting and which network."""

    files: dict[str, Sha256]
    writers: Number
    network: Sha256
    conditions: dict[str, Condition]


def check(results: Results) -> None:
    """Check that the conditions are those of this version.

    Raises:
        ValueError: they are not, or more is missed than was written.
    """
    if tuple(results["conditions"]) != NAMES:
        raise ValueError("the conditions are not those of this version")
    for name, one in results["conditions"].items():
        if max(one["missed"], one["unread"]) > one["n"]:
            raise ValueError(f"{name}: more numbers are missed than written")


def page_of(condition: str, hands: Hands, number: int) -> PageImage:
    """A page of a condition; those of the same number have the same numbers on them."""
    rng = np.random.default_rng([SEED, number, 1 + NAMES.index(condition)])
    return photograph(hands, looks(condition, rng), np.random.default_rng([SEED, number]), rng)


def measure(hands: Hands, files: Mapping[str, str], models: Path, pages: int, done: Callable[[str], None]) -> Results:
    """Photograph and read pages of every condition, in as many processes as there are cores.

    Args:
        hands: the digits of each writer.
        files: the SHA-256 of the files that they are from, by name.
        models: folder of the networks.
        pages: of each condition.
        done: called with each condition that has been measured.

    Raises:
        UserError: the network cannot be used, was replaced meanwhile, or a process was killed.
    """
    before = digests(models)[DEFAULT]
    found: dict[str, Condition] = {}
    try:
        for name, condition in zip(
            NAMES, mapped(partial(_condition, hands, models, pages), NAMES, available_cores()), strict=True
        ):
            found[name] = condition
            done(name)
    except ChildProcessError as error:
        raise UserError("a process that reads was killed, probably out of memory; close other programs") from error
    if digests(models)[DEFAULT] != before:
        raise UserError(f"the networks in {models} were replaced while they were measured; measure again")
    return Results(files=dict(files), writers=len(hands), network=before, conditions=found)


def _condition(hands: Hands, models: Path, pages: int, name: str) -> Condition:
    """One condition, in a process of its own."""
    cv2.setNumThreads(1)
    lines, network = open_lines(models), Classifier(file_of(models, DEFAULT))
    found = Condition(n=LINES * pages, missed=0, unread=0, beyond=0)
    for number in range(pages):
        page = page_of(name, hands, number)
        missed, beyond = missing(page.numbers, read_photograph(page.image, network, lines).text)
        found["missed"] += missed
        found["beyond"] += beyond
        found["unread"] += missing(page.numbers, _read_ink(page.ink, network, lines))[0]
    return found


def _read_ink(ink: Image, network: Classifier, lines: LineSegmenter) -> str:
    return read_segments(lines.segments(image_components(ink)), network).text


def missing(numbers: Sequence[str], text: str) -> tuple[int, int]:
    """How many numbers are not among the lines that were read, in their order; and how many further lines there are."""
    lines = [line.replace(" ", "") for line in text.split("\n") if line]
    blocks = SequenceMatcher(None, numbers, lines, autojunk=False).get_matching_blocks()
    return len(numbers) - sum(block.size for block in blocks), max(0, len(lines) - len(numbers))
