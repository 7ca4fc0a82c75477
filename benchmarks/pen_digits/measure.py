#!/usr/bin/env python
"""How well what people draw is found and read: pen-drawn digits, whole numbers, edges, pens, junk.

    python benchmarks/pen_digits.py --strokes pen-digits.json.gz

The strokes are a JSON list (gzip or not) of {"digit": 0-9, "writer": int, "strokes": [[[x, y], ...], ...]}, y down.
UCI's Pen-Based Recognition of Handwritten Digits (Alimoglu & Alpaydin 1996; its original trajectories) can be
brought to that form. Each digit is drawn on a canvas of 640×480 pixels, 90 to 220 pixels large, and read
from the picture alone, as --image does. Writes plots/pen_digits.md, .json and three figures, and the summary in
README.md where the output is the project's own plots/. Nothing is trained on these digits.
"""

import argparse
import gzip
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray
from scipy.stats import binomtest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.voting import MAJORITY, SOFT, Voting
from digits.crop import STROKE_WIDTH, shape_of, to_crop
from digits.files import sha256, write_json, write_text
from digits.image_format import SIZE, to_mnist_format
from digits.learning import calibration, plots, report
from digits.learning.calibration import Reliability
from digits.learning.evaluation import worst_misses
from digits.learning.plots.calibration import coverage, reliability_diagram
from digits.networks import CORE, MODELS
from digits.reading.classifier import Classifier
from digits.reading.ink import Stroke, bounds, rasterise
from digits.reading.page import to_ink
from digits.reading.recognizer import Digit, Reading, read
from digits.reading.rejection import CONFIDENCE
from digits.reading.segmentation import Segment, image_components, segment, stroke_components

ROOT = Path(__file__).resolve().parent.parent
WIDTH, HEIGHT, PEN = 640, 480, 8
SMALLEST, LARGEST = 90, 220  #: of a digit, pixels
Entry = dict[str, Any]
Image = NDArray[np.uint8]
Rng = np.random.Generator


def main() -> None:
    """Parse, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--strokes", type=Path, required=True, metavar="FILE")
    parser.add_argument("--models", type=Path, default=ROOT / "models", metavar="DIR")
    parser.add_argument("--output", type=Path, default=ROOT / "plots", metavar="DIR")
    parser.add_argument("--limit", type=int, help="only this many digits, numbers and pieces of junk: a quick look")
    options = parser.parse_args()
    opened = gzip.open if options.strokes.suffix == ".gz" else open
    with opened(options.strokes, "rt", encoding="utf-8") as file:
        entries: list[Entry] = json.load(file)
    if options.limit:
        entries = entries[:: max(1, len(entries) // options.limit)]
    temperatures = {
        name: report.read_card(options.models / f"{name}.json")["calibration"]["temperature"] for name in MODELS
    }
    results, figures = measure(entries, options.models, temperatures, options.limit)
    results["models"] = {name: sha256(options.models / f"{name}.onnx") for name in MODELS}
    options.output.mkdir(parents=True, exist_ok=True)
    write_json(options.output / "pen_digits.json", results)
    write_text(options.output / "pen_digits.md", as_markdown(results))
    for kind, figure in figures.items():
        plots.save(figure, options.output / f"pen_digits_{kind}.png")
    if options.output.resolve() == ROOT / "plots":
        readme = ROOT / "README.md"
        write_text(readme, with_summary(readme.read_text(encoding="utf-8"), results))
    print(as_markdown(results))


def measure(
    entries: Sequence[Entry], models: Path, temperatures: dict[str, float], limit: int | None
) -> tuple[dict[str, Any], dict[str, Any]]:
    """All measurements, in as many processes as there are cores: the results as JSON's types, and the figures."""
    tasks = {"crops": delayed(crops)(entries, models)}
    tasks |= {f"pen {pen}": delayed(all_networks)(entries, models, pen) for pen in (3, 5, 14, 24)}
    tasks["edge"] = delayed(all_networks)(entries, models, PEN, edges=True)
    for title, gap in (("apart", (0.08, 0.35)), ("near", (0.0, 0.1))):
        tasks[f"numbers {title}"] = delayed(numbers)(entries, models, gap, limit or 2000)
    tasks |= {f"junk {name}": delayed(junk)(models, name, limit or 2000) for name in MODELS}
    results: dict[str, Any] = {"digits": len(entries), "stroke_width": STROKE_WIDTH, "confidence": CONFIDENCE}
    for title, result in zip(tasks, Parallel(n_jobs=-1, return_as="generator")(tasks.values()), strict=True):
        results[title] = result
        say(title)
    results["junk"] = {name: results.pop(f"junk {name}") for name in MODELS}
    networks = read_networks(models)
    labels = labels_of(entries)
    segments = [found(image) for image in drawings(entries)]
    results["found"] = counted(sum(len(parts) == 1 for parts in segments), len(segments))
    votes = {name: Voting(name, [networks[voter] for voter in CORE]) for name in (SOFT, MAJORITY)}
    readers = networks | votes
    readings = {name: [read(parts, reader) for parts in segments] for name, reader in readers.items()}
    results["singles"] = {name: singles(readings[name], labels) for name in networks}
    results["votes"] = {name: singles(readings[name], labels) for name in votes}
    results["wrong"] = {name: wrong(readings[name], labels) for name in readers}
    results["calibration"] = {
        name: calibrated(readings[name], labels, temperatures.get(name)) for name in (*networks, SOFT)
    }
    say("single digits")
    best = min(networks, key=lambda name: results["singles"][name]["misses"])
    results["rejection"] = {name: rejection(readings[name], labels) for name in (*networks, SOFT)}
    return results, {"misses": gallery(best, readings[best], labels), **figures(results)}


def figures(results: dict[str, Any]) -> dict[str, Any]:
    """The figures that show what the results hold, by what they show."""
    withheld, calibrations = results["rejection"], results["calibration"]
    return {
        "rejection": coverage(
            {name: calibration.coverage(**value["curve"]) for name, value in withheld.items()},
            "Pen-drawn digits: coverage and error",
            "digits",
            {name: (value["answered"], value["wrong"]) for name, value in withheld.items()},
        ),
        "reliability": reliability_diagram(
            {name: Reliability.from_json(value["after"]) for name, value in calibrations.items()},
            "Pen-drawn digits: how often a network is right by how sure it is",
            "digits",
        ),
    }


def say(what: str) -> None:
    print(f"measured: {what}", file=sys.stderr, flush=True)


def read_networks(models: Path) -> dict[str, Classifier]:
    """Each process reads its own: OpenCV's networks cannot be sent to another."""
    return {name: Classifier(models / f"{name}.onnx") for name in MODELS}


def labels_of(entries: Sequence[Entry]) -> NDArray[np.uint8]:
    return np.array([entry["digit"] for entry in entries], np.uint8)


# Drawing


def drawings(entries: Sequence[Entry], pen: float = PEN, edges: bool = False) -> Iterator[Image]:
    """Each digit on a canvas of its own, at the same place whatever the pen; or touching the edges in turn."""
    for i, entry in enumerate(entries):
        yield draw(on_canvas(entry, pen, np.random.default_rng(i), i % 4 if edges else None))


def on_canvas(entry: Entry, pen: float, rng: Rng, edge: int | None = None) -> list[Stroke]:
    """A digit somewhere on the canvas, or touching its left, upper, right or lower edge (0 to 3)."""
    strokes, width, height = scaled(entry, rng.uniform(SMALLEST, LARGEST), pen)
    x, y = rng.uniform(pen, WIDTH - width - pen), rng.uniform(pen, HEIGHT - height - pen)
    if edge is not None:
        x, y = ((0, y), (x, 0), (WIDTH - 1 - width, y), (x, HEIGHT - 1 - height))[edge]
    return moved(strokes, x, y)


def scaled(entry: Entry, size: float, pen: float) -> tuple[list[Stroke], float, float]:
    """A digit whose longest side is ``size`` pixels, from (0, 0), with its width and height."""
    lines = [np.asarray(line, np.float64) for line in entry["strokes"]]
    points = np.concatenate(lines)
    low, extent = points.min(axis=0), np.ptp(points, axis=0)
    scale = size / max(*extent, 1)
    strokes = [Stroke(tuple(map(tuple, (line - low) * scale)), pen) for line in lines]
    return strokes, float(extent[0] * scale), float(extent[1] * scale)


def moved(strokes: Sequence[Stroke], x: float, y: float) -> list[Stroke]:
    return [Stroke(tuple((px + x, py + y) for px, py in stroke.points), stroke.width) for stroke in strokes]


def draw(strokes: Sequence[Stroke], width: int = WIDTH, height: int = HEIGHT) -> Image:
    """White ink on black."""
    return rasterise(strokes, width, height)


def found(image: Image) -> list[Segment]:
    """What --image finds on a picture of that drawing."""
    return segment(image_components(to_ink(cv2.cvtColor(image, cv2.COLOR_GRAY2RGB))))


# Single digits


def counted(right: int, n: int) -> dict[str, Any]:
    """A share with its n, its misses and its 95 % interval (Wilson)."""
    interval = binomtest(right, n).proportion_ci(0.95, method="wilson")
    return {"share": right / n, "n": n, "misses": n - right, "low": float(interval.low), "high": float(interval.high)}


def singles(readings: Sequence[Reading], labels: NDArray[np.uint8]) -> dict[str, Any]:
    """Found as one digit and right; and how many that were found are rejected."""
    right = sum(reading.text == str(label) for reading, label in zip(readings, labels, strict=True))
    digits = [digit for reading in readings for digit in reading.digits]
    rejected = sum(digit.digit is None for digit in digits)
    return {**counted(right, len(labels)), "rejected": rejected, "rejected_of": len(digits)}


def all_networks(entries: Sequence[Entry], models: Path, pen: float, edges: bool = False) -> dict[str, Any]:
    labels, networks = labels_of(entries), read_networks(models)
    segments = [found(image) for image in drawings(entries, pen, edges)]
    return {name: singles([read(parts, net) for parts in segments], labels) for name, net in networks.items()}


def crops(entries: Sequence[Entry], models: Path) -> dict[str, Any]:
    """Accuracy by network and by how the crop is made from all ink of a drawing."""
    labels, networks, drawn = labels_of(entries), read_networks(models), list(drawings(entries))
    inks = [cut(image) for image in drawn]
    shapes = [shape_of(ink) for ink in inks]
    ways: dict[str, Callable[[int], Image]] = {
        REFERENCE: lambda i: stretched(drawn[i]),
        "20×20 box, centred by the box": lambda i: boxed(inks[i]),
        "20×20 box, centred by mass": lambda i: to_mnist_format(inks[i]),
    }
    for width in (1.0, 1.3, 1.6, 2.0, 2.5, 3.0):
        ways[f"by mass, strokes {width:g} px"] = lambda i, width=width: to_crop(shapes[i], width)
    ways[f"by mass, strokes {STROKE_WIDTH:g} px, blurred"] = lambda i: cv2.GaussianBlur(to_crop(shapes[i]), (3, 3), 0.6)
    ways[f"by mass, strokes {STROKE_WIDTH:g} px, paler"] = lambda i: (to_crop(shapes[i]) * 0.8).astype(np.uint8)
    ways[f"by mass, strokes {STROKE_WIDTH:g} px, upright"] = lambda i: to_crop(shape_of(upright(inks[i])))
    table: dict[str, Any] = {}
    for way, make in ways.items():
        images = np.array([make(i) for i in range(len(drawn))])
        table[way] = {
            name: counted(int((probabilities(net, images).argmax(axis=1) == labels).sum()), len(labels))
            for name, net in networks.items()
        }
    return table


def probabilities(network: Classifier, images: Image) -> NDArray[np.float32]:
    return np.concatenate([network.probabilities(images[i : i + 500]) for i in range(0, len(images), 500)])


def cut(image: Image) -> Image:
    x, y, width, height = cv2.boundingRect(image)
    return image[y : y + height, x : x + width]


def stretched(image: Image) -> Image:
    """The reference's crop: the box with 5 % of the canvas around it, its aspect ratio lost."""
    x, y, width, height = cv2.boundingRect(image)
    pad_x, pad_y = WIDTH // 20, HEIGHT // 20
    framed = cv2.copyMakeBorder(image, pad_y, pad_y, pad_x, pad_x, cv2.BORDER_CONSTANT, value=0)
    return cv2.resize(
        framed[y : y + height + 2 * pad_y, x : x + width + 2 * pad_x], (SIZE, SIZE), interpolation=cv2.INTER_AREA
    )


def boxed(ink: Image) -> Image:
    scale = 20 / max(ink.shape)
    size = (max(1, round(ink.shape[1] * scale)), max(1, round(ink.shape[0] * scale)))
    small = cv2.resize(ink, size, interpolation=cv2.INTER_AREA)
    image = np.zeros((SIZE, SIZE), np.uint8)
    top, left = (SIZE - size[1]) // 2, (SIZE - size[0]) // 2
    image[top : top + size[1], left : left + size[0]] = small
    return image


def upright(ink: Image) -> Image:
    """Slant removed, by the image's moments."""
    moments = cv2.moments(ink)
    slant = float(np.clip(moments["mu11"] / max(moments["mu02"], 1e-6), -0.6, 0.6))
    height, width = ink.shape
    room = int(abs(slant) * height) + 2
    shear = np.array([[1, -slant, room / 2 + slant * height / 2], [0, 1, 0]], np.float32)
    return cut(cv2.warpAffine(ink, shear, (width + room, height)))


# Numbers


def numbers(entries: Sequence[Entry], models: Path, gap: tuple[float, float], n: int) -> dict[str, Any]:
    """Three to six digits of one writer in a row: as many as there are in the right order, and each of them right.

    Args:
        gap: between the boxes of neighbours, from and to, in units of the digits' size.
    """
    rng, networks = np.random.default_rng(1), read_networks(models)
    by_writer: dict[int, list[Entry]] = {}
    for entry in entries:
        by_writer.setdefault(entry["writer"], []).append(entry)
    writers = [by_writer[key] for key in sorted(by_writer)]
    drawn = [number(writers[rng.integers(len(writers))], gap, rng) for _ in range(n)]
    results: dict[str, Any] = {}
    for kind in ("image", "strokes"):
        known = kind == "strokes"
        parts = [segment(stroke_components(strokes)) if known else found(draw_all(strokes)) for _, strokes in drawn]
        count = sum(
            len(digits) == len(text) and digits[-1].line == 0 for digits, (text, _) in zip(parts, drawn, strict=True)
        )
        results[kind] = {"count": counted(count, n)}
        for name, network in networks.items():
            exact = sum(read(digits, network).text == text for digits, (text, _) in zip(parts, drawn, strict=True))
            results[kind][name] = counted(exact, n)
    return results


def number(entries: Sequence[Entry], gap: tuple[float, float], rng: Rng) -> tuple[str, list[Stroke]]:
    size, x, text = rng.uniform(SMALLEST, LARGEST), 40.0, ""
    strokes: list[Stroke] = []
    for _ in range(rng.integers(3, 7)):
        entry = entries[rng.integers(len(entries))]
        digit, width, height = scaled(entry, size * rng.uniform(0.88, 1.12), PEN)
        strokes += moved(digit, x, LARGEST * 1.2 - height / 2 + rng.uniform(-0.08, 0.08) * size)
        x += width + PEN + rng.uniform(*gap) * size
        text += str(entry["digit"])
    return text, strokes


def draw_all(strokes: Sequence[Stroke]) -> Image:
    """On a canvas as wide as it needs to be."""
    left, _, width, _ = bounds(strokes)
    return rasterise(strokes, left + width + 40, HEIGHT + 60)


# What is no digit


def junk(models: Path, name: str, n: int) -> dict[str, Any]:
    """How often a network answers junk without a digit, by kind."""
    network = Classifier(models / f"{name}.onnx")
    kinds: dict[str, Callable[[Rng], Image]] = {
        "blank": blank,
        "dots": dots,
        "one straight line, any direction": lambda rng: straight_lines(rng, 1),
        "two to four straight lines": lambda rng: straight_lines(rng, int(rng.integers(2, 5))),
        "scribbles to and fro": zigzag,
        "scribbles round about": wandering,
        "hatching": lambda rng: hatching(rng, crossed=False),
        "hatching, crossed": lambda rng: hatching(rng, crossed=True),
        "letters": letter,
    }
    results = {}
    for kind, make in kinds.items():
        rng = np.random.default_rng(3)
        each = n // len(kinds)
        silent = sum(all(digit.digit is None for digit in read(found(make(rng)), network).digits) for _ in range(each))
        results[kind] = counted(silent, each)
    return results


def middle(rng: Rng) -> tuple[NDArray[np.float64], float]:
    """A place on the canvas and half a size."""
    return np.array([rng.uniform(140, 500), rng.uniform(130, 350)]), rng.uniform(SMALLEST / 2, LARGEST / 2)


def line(points: NDArray[np.float64]) -> Stroke:
    return Stroke(tuple(map(tuple, points)), PEN)


def blank(rng: Rng) -> Image:
    return np.clip(rng.integers(256) + rng.normal(0, rng.uniform(0, 6), (HEIGHT, WIDTH)), 0, 255).astype(np.uint8)


def dots(rng: Rng) -> Image:
    places = rng.uniform((10, 10), (WIDTH - 10, HEIGHT - 10), (rng.integers(1, 12), 2))
    return draw([line(place[np.newaxis]) for place in places])


def straight_lines(rng: Rng, n: int) -> Image:
    strokes = []
    for _ in range(n):
        angle, half = rng.uniform(0, np.pi), rng.uniform(45, 200)
        along = np.linspace(-half, half, 20)[:, np.newaxis] * (np.cos(angle), np.sin(angle))
        wobble = rng.normal(0, 0.35, (20, 2)).cumsum(axis=0)
        strokes.append(line(rng.uniform((100, 100), (540, 380)) + along + wobble))
    return draw(strokes)


def zigzag(rng: Rng) -> Image:
    place, half = middle(rng)
    turns = int(rng.integers(8, 30))
    x, y = np.linspace(-1, 1, turns), np.where(np.arange(turns) % 2, 1, -1) * rng.uniform(0.4, 1, turns)
    angle = rng.uniform(0, np.pi)
    turned = np.stack([x * np.cos(angle) - y * np.sin(angle), x * np.sin(angle) + y * np.cos(angle)], axis=1)
    return draw([line(place + half * turned)])


def wandering(rng: Rng) -> Image:
    place, half = middle(rng)
    steps = int(rng.integers(150, 500))
    direction = np.cumsum(rng.normal(0, 0.35, steps))
    path = np.cumsum(np.stack([np.cos(direction), np.sin(direction)], axis=1) * rng.uniform(4, 9), axis=0)
    path -= path.mean(axis=0)
    return draw([line(place + path * min(1, 1.6 * half / np.abs(path).max()))])


def hatching(rng: Rng, crossed: bool) -> Image:
    place, half = middle(rng)
    angle = rng.uniform(0, np.pi)
    strokes = []
    for turn in (angle, angle + np.pi / 2)[: 1 + crossed]:
        along, across = np.array([np.cos(turn), np.sin(turn)]), np.array([-np.sin(turn), np.cos(turn)])
        for offset in np.arange(-half, half, rng.uniform(14, 26)):
            reach = half * rng.uniform(0.8, 1)
            strokes.append(
                line(np.stack([place + across * offset - along * reach, place + across * offset + along * reach]))
            )
    return draw(strokes)


def letter(rng: Rng) -> Image:
    image = np.zeros((HEIGHT, WIDTH), np.uint8)
    fonts = (
        cv2.FONT_HERSHEY_SIMPLEX,
        cv2.FONT_HERSHEY_DUPLEX,
        cv2.FONT_HERSHEY_COMPLEX,
        cv2.FONT_HERSHEY_SCRIPT_SIMPLEX,
    )
    place = (int(rng.integers(80, 440)), int(rng.integers(190, 410)))
    text = str(rng.choice(list("ACDEFGHKMNPRTUVWXYabdefhkmnprtuvwxy")))
    return cv2.putText(image, text, place, int(rng.choice(fonts)), rng.uniform(3, 6), 255, PEN, cv2.LINE_AA)


# Results


def single(readings: Sequence[Reading], labels: NDArray[np.uint8]) -> tuple[list[Digit], NDArray[np.uint8]]:
    """What was found as exactly one digit, with its labels."""
    pairs = [(r.digits[0], label) for r, label in zip(readings, labels, strict=True) if len(r.digits) == 1]
    return [digit for digit, _ in pairs], np.array([label for _, label in pairs], np.uint8)


def wrong(readings: Sequence[Reading], labels: NDArray[np.uint8]) -> dict[str, list[int]]:
    """Which digits, by their place in the file, are not found as one and read rightly: as shipped, and unrejected."""
    shipped = [i for i, (r, label) in enumerate(zip(readings, labels, strict=True)) if r.text != str(label)]
    read_as = [[int(digit.probabilities.argmax()) for digit in reading.digits] for reading in readings]
    unrejected = [i for i, (text, label) in enumerate(zip(read_as, labels, strict=True)) if text != [label]]
    return {"shipped": shipped, "unrejected": unrejected}


def calibrated(
    readings: Sequence[Reading], labels: NDArray[np.uint8], temperature: float | None
) -> dict[str, dict[str, Any]]:
    """Confidence and accuracy of what was found as one digit, rejected or not; "before" with the temperature undone."""
    digits, truth = single(readings, labels)
    rows = np.array([digit.probabilities for digit in digits])
    result = {"after": calibration.measured(truth, rows)}
    if temperature:
        result["before"] = calibration.measured(truth, calibration.rescale(rows, 1 / temperature))
    return result


def rejection(readings: Sequence[Reading], labels: NDArray[np.uint8]) -> dict[str, Any]:
    """What withholding the unsure answers gains among what was found as one digit: by confidence, and as shipped.

    Returns:
        "curve", the arguments of :func:`digits.learning.calibration.coverage`; "answered" and "wrong", the parts of
        all and of those answered with the rejection as shipped.
    """
    digits, truth = single(readings, labels)
    rows = np.array([digit.probabilities for digit in digits])
    kept = [(digit.digit, label) for digit, label in zip(digits, truth, strict=True) if digit.digit is not None]
    return {
        "curve": {"surer": [*calibration.surer(truth, rows).values()], "n": len(digits)},
        "answered": len(kept) / len(digits),
        "wrong": sum(digit != label for digit, label in kept) / max(1, len(kept)),
    }


def gallery(name: str, readings: Sequence[Reading], labels: NDArray[np.uint8]) -> Any:
    """The figure of the most confident misses among digits that were found as one."""
    digits, truth = single(readings, labels)
    rows = np.array([digit.probabilities for digit in digits])
    images = np.array([digit.crop for digit in digits])
    worst = worst_misses(truth, rows, 48)
    total = (int((rows.argmax(axis=1) != truth).sum()), len(truth))
    return plots.misses(images[worst], truth[worst], rows[worst], total, name, "pen-drawn digits", "digits")


def as_markdown(results: dict[str, Any]) -> str:
    """Every result with its n and its misses."""
    names = list(results["singles"])
    parts = ["# What people draw", HEAD.format(n=f"{results['digits']:,}", stroke=results["stroke_width"])]
    singles_rows = [
        (title, *(share(results[key][name]) for name in names))
        for key, title in (("singles", "pen 8 px"), ("edge", "pen 8 px, touching an edge"))
    ]
    singles_rows += [
        (f"pen {pen} px", *(share(results[f"pen {pen}"][name]) for name in names)) for pen in (3, 5, 14, 24)
    ]
    parts += ["## Single digits, found as one digit and right", table(("", *names), singles_rows)]
    parts.append(f"Found as exactly one digit (pen 8 px): {share(results['found'])}.")
    votes = "; ".join(f"{name}: {share(value)}" for name, value in results["votes"].items())
    parts.append(f"{', '.join(CORE)} voting (pen 8 px): {votes}.")
    parts += ["## Numbers of three to six digits in a row"]
    rows = [
        (
            title,
            kind,
            share(results[f"numbers {key}"][kind]["count"]),
            *(share(results[f"numbers {key}"][kind][name]) for name in names),
        )
        for key, title in (("apart", "0.08 – 0.35"), ("near", "0 – 0.1, some touch"))
        for kind in ("image", "strokes")
    ]
    parts.append(
        table(("gap, of a digit's size", "known", "right count and order", *(f"{n}, all right" for n in names)), rows)
    )
    parts += [
        "## Which crop",
        table(("crop", *names), [(way, *(share(row[n]) for n in names)) for way, row in results["crops"].items()]),
    ]
    rows = [(kind, *(share(results["junk"][name][kind]) for name in names)) for kind in results["junk"][names[0]]]
    rejected = [
        (f"{s['rejected'] / s['rejected_of']:.2%} ({s['rejected']:,} / {s['rejected_of']:,})")
        for s in results["singles"].values()
    ]
    parts += [
        "## Answered without a digit",
        table(("drawn", *names), [*rows, ("**digits** (should be few)", *rejected)]),
    ]
    errors = [(name, value.get("before"), value["after"]) for name, value in results["calibration"].items()]
    rows = [
        (
            name,
            f"{before['ece']:.2%}" if before else "",
            f"{after['ece']:.2%}",
            f"{after['adaptive_ece']:.2%}",
            f"{sum(after['n']):,}",
        )
        for name, before, after in errors
    ]
    header = ("", "as trained", "as saved", "as saved, groups of equal size", "n")
    parts += ["## How sure and how right", CALIBRATION.format(bins=calibration.BINS), table(header, rows)]
    parts += ["![reliability](pen_digits_reliability.png)"]
    parts += ["## Coverage and error", "![coverage and error](pen_digits_rejection.png)"]
    parts += ["## What stays wrong", "![misses](pen_digits_misses.png)"]
    return "\n\n".join(parts) + "\n"


def with_summary(page: str, results: dict[str, Any]) -> str:
    """A Markdown page with the summary put between its two ``pen digits`` comments."""
    names = list(results["singles"])
    lines = [
        ("a digit, as the reference crops it", *(share(results["crops"][REFERENCE][name]) for name in names)),
        ("a digit", *(share(results["singles"][name]) for name in names)),
        ("a digit that touches an edge", *(share(results["edge"][name]) for name in names)),
        ("a number of 3 to 6 digits, all right", *(share(results["numbers apart"]["image"][name]) for name in names)),
        *((f"a digit, {pen} px pen", *(share(results[f"pen {pen}"][name]) for name in names)) for pen in (3, 24)),
    ]
    return report.between(page, "pen digits", table(("drawn", *names), lines))


REFERENCE = "stretched to 28×28, as in the reference"
HEAD = """Made by `python benchmarks/pen_digits.py --strokes FILE`. {n} digits that people drew with a pen, on a canvas
of 640×480 pixels at 90 to 220 pixels, read from the picture as `--image` reads it. In brackets: misses / n.
The networks were trained on MNIST alone. The stroke width of the crop ({stroke:g} of 28 pixels) and the thresholds
of the rejection were chosen on these digits, so these figures flatter them a little."""
CALIBRATION = """Expected calibration error: by how much the confidence and the share of right answers differ, mean over
the digits that were found as one, before rejection, in {bins} groups of equally wide confidence. The temperature of
each network was fitted on MNIST's validation images, not on these."""


def share(value: dict[str, Any]) -> str:
    return f"{value['share']:.2%} ({value['misses']:,} / {value['n']:,})"


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [header, ["---", *["---:"] * (len(header) - 1)], *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


if __name__ == "__main__":
    main()
