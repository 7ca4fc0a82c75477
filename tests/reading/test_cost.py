"""What a hostile drawing or page costs: each is read in a process of its own, within 10 s of computing and 2 GB."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from digits.reading.ink import FARTHEST, MOST_POINTS, MOST_STROKES

ROOT = Path(__file__).resolve().parents[2]
SECONDS, BYTES = 10, 2 << 30
AROUND = """
import sys, time
from pathlib import Path
from benchmarks.memory import peak_memory
if sys.platform == "linux":
    import resource
    resource.setrlimit(resource.RLIMIT_AS, (6 << 30, 6 << 30))  # a machine survives what fails here
"""
READ = f"""{AROUND}
from digits.reading.classifier import Classifier
from digits.reading.line_segmenter import LineSegmenter
from digits.reading.recognizer import read_file
from digits.errors import UserError
network = Classifier(Path(sys.argv[2]))
lines = LineSegmenter.open(Path(sys.argv[2]).parent)
start = time.process_time()
try:
    reading = read_file(Path(sys.argv[1]), network, lines)
except UserError as error:
    found = str(error)
else:
    found = f"{{len(reading.digits)}} digits, {{reading.unread}} left out"
print(time.process_time() - start, peak_memory(), found)
"""
COMPONENTS = f"""{AROUND}
import numpy as np
from digits.reading.line_segmenter import LineSegmenter
from digits.reading.segmentation import image_components
ink = np.zeros((7000, 7100), np.uint8)
lines = LineSegmenter.open(Path("models"))
start = time.process_time()
exec(sys.argv[1])
found = image_components(ink)
digits = lines.segments(found)
for digit in digits:
    digit.crop
print(time.process_time() - start, peak_memory(), f"{{len(digits)}} digits, {{found.left_out}} left out")
"""

Points = NDArray[np.float64]


def run(code: str, argument: str, network: str = "ANN") -> str:
    """Run code in a process of its own; returns what it found."""
    command = [sys.executable, "-c", code, argument, f"models/{network}.onnx"]
    process = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, encoding="utf-8")
    assert process.returncode == 0, process.stderr[-1000:]
    seconds, peak, found = process.stdout.strip().split(" ", 2)
    assert float(seconds) < SECONDS and int(peak) < BYTES, process.stdout
    return found


def lines(*points: list[tuple[float, float]], width: float = 8) -> list[tuple[Points, float]]:
    return [(np.array(path, np.float64), width) for path in points]


def scattered(n: int, extent: float, size: float, points: int = 4) -> list[tuple[Points, float]]:
    rng = np.random.default_rng(0)
    return [(rng.uniform(0, extent, 2) + rng.uniform(-size, size, (points, 2)), 8.0) for _ in range(n)]


def crosses(n: int) -> list[tuple[Points, float]]:
    return [
        stroke for i in range(n) for stroke in lines([(0, 9 * i), (4000, 9 * i)], [(4 * i, 0), (4 * i, 4000)], width=1)
    ]


def scribbles(n: int, rows: int, width: float, height: float, pen: float) -> list[tuple[Points, float]]:
    """Rows of flat scribbles, each over the others, with an upright line through every row."""
    rng, drawn = np.random.default_rng(0), []
    for row in range(rows):
        middle = 3000 + 10 * height * row
        for _ in range(n):
            x = np.linspace(-0.5, 0.5, 6) * width * rng.uniform(0.3, 1) + 3000
            y = rng.permutation(np.linspace(-0.5, 0.5, 6)) * height + middle
            drawn.append((np.stack([x, y], axis=1), pen))
        drawn += lines([(3000, middle - 3 * height), (3005, middle + 3 * height)], width=pen)
    return drawn


FAR = float(FARTHEST)
DRAWINGS: dict[str, tuple[Callable[[], list[tuple[Points, float]]], str]] = {
    "a far diagonal": (lambda: lines([(0, 0), (10_000, 10_000)], width=14), "1 digits, 0 left out"),
    "the farthest diagonals": (lambda: lines([(-FAR, -FAR), (FAR, FAR)], [(-FAR, FAR), (FAR, -FAR)]), "1 digits"),
    "the farthest hairlines": (lambda: lines([(0, FAR / 2), (FAR, FAR / 2)], [(0, 0), (0, FAR)], width=0.1), "digits"),
    "pens of 9,999 pixels": (lambda: lines([(0, 0), (100, 100)], [(5, 5)], width=9999), "1 digits"),
    "the widest pens": (lambda: lines([(0, 0), (100, 100)], [(5, 5)], width=FAR), "1 digits"),
    "5,000 strokes": (lambda: scattered(5000, 3000, 40), "4500 left out"),
    "500 strokes on one spot": (lambda: scattered(500, 1, 50), "1 digits, 0 left out"),
    "1,000 strokes that cross": (lambda: crosses(500), "0 left out"),
    "rows of wide scribbles": (lambda: scribbles(47, 10, 290, 100, 4), "0 left out"),
    "flat scribbles over each other": (lambda: scribbles(47, 6, 2000, 40, 2), "0 left out"),
    "the most strokes, each large": (lambda: scattered(MOST_STROKES, 1000, 4000, 10), "19500 left out"),
    "the most points, far apart": (lambda: scattered(1, 1, FAR / 2, MOST_POINTS), "1 digits"),
    "the most points of a wide pen": (lambda: [(path, 600.0) for path, _ in scattered(1, 1, 300, MOST_POINTS)], "1 "),
}


@pytest.mark.parametrize(("drawing", "expected"), DRAWINGS.values(), ids=DRAWINGS)
def test_a_drawing(tmp_path: Path, drawing: Callable[[], list[tuple[Points, float]]], expected: str) -> None:
    strokes = [{"width": width, "points": np.round(path, 2).tolist()} for path, width in drawing()]
    content = {"format": "handwritten-digits strokes", "version": 1, "size": [640, 480], "strokes": strokes}
    (tmp_path / "drawing.json").write_text(json.dumps(content, separators=(",", ":")))
    assert expected in run(READ, str(tmp_path / "drawing.json"))


def test_a_file_of_points_alone(tmp_path: Path) -> None:
    start = '{"format":"handwritten-digits strokes","version":1,"size":[9,9],"strokes":[{"width":3,"points":[[0,0]'
    (tmp_path / "points.json").write_text(start + ",[0,0]" * 4_100_000 + "]}]}")
    assert "4,100,001 points, more than the 400,000" in run(READ, str(tmp_path / "points.json"))


@pytest.mark.parametrize("network", ["ResNet", "VGG16"])
def test_the_largest_page_of_the_most_digits(tmp_path: Path, network: str) -> None:
    page, rng = np.full((7000, 7100), 255, np.uint8), np.random.default_rng(0)
    blob = np.where(rng.random((40, 30)) < 0.6, 0, 255).astype(np.uint8)
    for i in range(2000):
        y, x = 30 + 150 * (i // 46), 30 + 150 * (i % 46)
        page[y : y + 40, x : x + 30] = blob
    Image.fromarray(page).save(tmp_path / "page.png", compress_level=1)
    assert "left out" in run(READ, str(tmp_path / "page.png"), network)


PAGES = {
    "28 lines of joined digits": (
        "import cv2\n"
        "for y in range(200, 7000, 260):\n"
        "    cv2.putText(ink, '0123456789' * 6, (0, y), 0, 5.5, 255, 9)\n"
        "    ink[y - 60 : y - 52] = 255",
        "0 left out",
    ),
    "one piece that is cut into many": ("ink[1000:6000, ::70] = 255; ink[3500] = 255", "0 left out"),
    "12 million specks": ("ink[::2, ::2] = 255", "0 digits, 0 left out"),
    "4 million dashes": ("ink[::2] = 255; ink[:, ::7] = 0", "500 digits, 3548500 left out"),
    "1,700 frames within each other": (
        "for i in range(0, 3400, 2): ink[i, i:-i or None] = ink[-1 - i, i:-i or None] = 255; "
        "ink[i:-i or None, i] = ink[i:-i or None, -1 - i] = 255",
        "left out",
    ),
}


@pytest.mark.parametrize(("page", "expected"), PAGES.values(), ids=PAGES)
def test_a_page(page: str, expected: str) -> None:
    assert expected in run(COMPONENTS, page)


SPECKS = """
import sys
import cv2
import numpy as np
from benchmarks.memory import peak_memory
from digits.reading.segmentation import image_components
cv2.setNumThreads(2)
ink = np.zeros((int(sys.argv[1]), 1024), np.uint8)
ink[::2, ::2] = 255
before = peak_memory()
image_components(ink)
print((peak_memory() - before) / ink.size)
"""


@pytest.mark.parametrize("rows", [1023, 1024, 1025, 4096])
def test_an_image_of_specks_takes_what_is_said_of_any_size(rows: int) -> None:
    """Twenty times the image and 100 MB, on either side of the size from which on OpenCV gets one thread."""
    command = [sys.executable, "-c", SPECKS, str(rows)]
    process = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, encoding="utf-8")
    assert process.returncode == 0, process.stderr
    assert float(process.stdout) * rows * 1024 < 20 * rows * 1024 + 100e6
