"""The one door for images: what is opened, what is refused by name, and what a file may cost."""

import ast
import io
import os
import struct
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import GifImagePlugin, Image, PngImagePlugin, features

from digits.errors import UserError
from digits.reading import image_file
from digits.reading.collection import Collection
from digits.reading.image_file import FORMATS, LARGEST, MOST_PAGES, kind_of, opened
from digits.reading.page import open_image, to_rgb
from digits.window.engine import Engine

ROOT = Path(__file__).resolve().parents[2]
EPS = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 20 20\n(/tmp/written) (w) file closefile showpage\n%%EOF\n"
DOS_EPS = b"\xc5\xd0\xd3\xc6" + struct.pack("<IIIIIIH", 30, len(EPS), 0, 0, 0, 0, 0xFFFF) + EPS
REFUSED = {
    "PostScript": EPS,
    "PostScript with a DOS header": DOS_EPS,
    "PDF": b"%PDF-1.7\n",
    "HEIC": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic",
    "SVG": b'<?xml version="1.0"?>\n<!-- drawn -->\n<svg xmlns="http://www.w3.org/2000/svg"/>',
    "an icon": b"\0\0\1\0\1\0",
    "Photoshop": b"8BPS\0\1",
    "JPEG 2000": b"\0\0\0\x0cjP  \r\n\x87\n",
    "JPEG XL": b"\xff\x0a\0\0",
    "a ZIP archive": b"PK\3\4",
    "a web page": b"<!DOCTYPE html><html>",
    "not an image": b"hello",
    "empty": b"",
}


def encoded(image: Image.Image, form: str, **options: object) -> bytes:
    content = io.BytesIO()
    image.save(content, form, **options)
    return content.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    """A chunk of a PNG."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, more: bytes = b"") -> bytes:
    """A black PNG of one bit a pixel, and more chunks. Of a large one, the beginning."""
    data = zlib.compress(bytes(((width + 7) // 8 + 1) * height) if width * height < LARGEST else b"")
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + more + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def tiff(*tags: tuple[int, int, int], data: bytes = b"", following: bool = False) -> bytes:
    """A TIFF of one directory of (tag, count, value), each a 32-bit number, followed by its data."""
    at = 8 + 2 + 12 * len(tags) + 4
    entries = b"".join(
        struct.pack("<HHII", tag, 4, count, at if value < 0 else value) for tag, count, value in sorted(tags)
    )
    return struct.pack("<2sHIH", b"II", 42, 8, len(tags)) + entries + struct.pack("<I", 8 if following else 0) + data


def grey_tiff(width: int, height: int, *tags: tuple[int, int, int], data: bytes, compression: int) -> bytes:
    basic = ((256, 1, width), (257, 1, height), (258, 1, 8), (259, 1, compression), (262, 1, 1), (277, 1, 1))
    return tiff(*basic, *tags, data=data)


def gif(*frames: tuple[int, int, int, int], size: tuple[int, int] = (10, 10)) -> bytes:
    """A GIF with empty frames at (left, top, width, height)."""
    blocks = b"".join(b"," + struct.pack("<HHHHB", *frame, 0) + b"\2\2\x4c\1\0" for frame in frames)
    return b"GIF89a" + struct.pack("<HHBBB", *size, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff" + blocks + b";"


def webp(width: int, height: int) -> bytes:
    """An animation of this canvas whose frames have 8×8 pixels."""

    def part(kind: bytes, data: bytes) -> bytes:
        return kind + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)

    def three(*numbers: int) -> bytes:
        return b"".join(struct.pack("<I", number)[:3] for number in numbers)

    frame = three(0, 0, 7, 7, 100) + b"\0" + encoded(Image.new("RGB", (8, 8)), "WEBP", lossless=True)[12:]
    canvas = b"WEBP" + part(b"VP8X", b"\2\0\0\0" + three(width - 1, height - 1))
    body = canvas + part(b"ANIM", bytes(6)) + 2 * part(b"ANMF", frame)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def bmp(width: int, height: int) -> bytes:
    whole = bytearray(encoded(Image.new("1", (10, 10)), "BMP"))
    whole[18:26] = struct.pack("<ii", width, height)
    return bytes(whole)


def avif(width: int, height: int) -> bytes:
    whole = bytearray(encoded(Image.new("L", (16, 16)), "AVIF", speed=10))
    at = whole.index(b"ispe") + 8
    whole[at : at + 8] = struct.pack(">II", width, height)
    return bytes(whole)


def scans(n: int) -> bytes:
    """A progressive JPEG with its last scan n times."""
    whole = encoded(Image.new("L", (64, 64), 200), "JPEG", progressive=True)
    return whole[:-2] + whole[whole.rindex(b"\xff\xda") : -2] * n + whole[-2:]


def exif_in(form: str, content: bytes) -> bytes:
    return encoded(Image.new("L", (8, 8)), form, exif=b"Exif\0\0" + content)


JPEG = encoded(Image.new("L", (8, 8)), "JPEG")
MANY_TAGS = tiff(*((40_000 + i, 1_000_000, -1) for i in range(3000)), data=bytes(4_000_000))  # 12 GB
TOO_LARGE: dict[str, Callable[[], bytes]] = {
    "PNG": lambda: png(60_000, 60_000),
    "wide PNG": lambda: png(LARGEST // 2 + 1, 2),
    "high PNG": lambda: png(2, LARGEST // 2 + 1),
    "just too large": lambda: png(7072, 7072),
    "BMP": lambda: bmp(200_000, 200_000),
    "PNM": lambda: b"P5 60000 60000 255\n",
    "JPEG": lambda: encoded(Image.new("L", (8000, 8000)), "JPEG"),
    "TIFF": lambda: grey_tiff(
        60_000, 60_000, (278, 1, 60_000), (273, 1, -1), (279, 1, 9), data=bytes(9), compression=1
    ),
    "TIFF's tile": lambda: grey_tiff(
        10, 10, (322, 1, 30_000), (323, 1, 30_000), (324, 1, -1), (325, 1, 9), data=bytes(9), compression=8
    ),
    "GIF's screen": lambda: gif((0, 0, 10, 10), size=(60_000, 60_000)),
    "GIF's frame": lambda: gif((0, 0, 65_535, 65_535)),
    "WebP's canvas": lambda: webp(16_383, 16_383),
    "WebP's largest canvas": lambda: webp(1 << 16, 1 << 15),
    "AVIF": lambda: avif(8000, 8000),
}
TOO_MUCH: dict[str, Callable[[], bytes]] = {
    "tags of a TIFF": lambda: MANY_TAGS,
    "tags in a PNG": lambda: png(8, 8, chunk(b"eXIf", MANY_TAGS)),
    "tags in a WebP": lambda: exif_in("WEBP", MANY_TAGS),
    "number of tags": lambda: struct.pack("<2sHHHQQ", b"II", 43, 8, 0, 16, 1 << 40) + bytes(20_000_000),
    "scans of a JPEG": lambda: scans(5000),
    "segments of a JPEG": lambda: JPEG[:2] + b"\xff\xe5\0\2" * 1_000_000 + JPEG[2:],
    "chunks of a PNG": lambda: png(8, 8, chunk(b"abCd", b"") * 1_000_000),
    "comment of a GIF": lambda: gif()[:-1]
    + b"!\xfe"
    + (b"\xff" + b"a" * 255) * 60_000
    + b"\0"
    + gif((0, 0, 1, 1))[19:],
    "pixels one by one": lambda: b"P5 1500 1500 254\n" + bytes(1500 * 1500),
}


@pytest.mark.parametrize("content", REFUSED.values(), ids=REFUSED)
def test_what_is_not_read_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    named = next(name for name, value in REFUSED.items() if value is content).split(" with")[0]
    for source in (tmp_path / "image.png", content):
        if isinstance(source, Path):
            source.write_bytes(content)
        with pytest.raises(UserError, match=rf"is {named}.*give PNG, JPEG") as error:
            open_image(source, str(tmp_path / "image.png"))
        assert "\n" not in str(error.value)


@pytest.mark.skipif(sys.platform == "win32", reason="needs a shell")
@pytest.mark.parametrize("content", [EPS, DOS_EPS, b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n{} loop\n"])
def test_no_program_runs_for_an_image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    """Pillow would start Ghostscript, which this stands in for."""
    program, ran = tmp_path / "bin" / "gs", tmp_path / "ran"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\necho > '{ran}'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    path = tmp_path / "digits" / "4-0123456789abcdef.png"
    path.parent.mkdir()
    path.write_bytes(content)
    command = [sys.executable, "gui_digit_recognizer.py", "--model", "ANN", "--image", str(path)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert (ended.returncode, ended.stdout) == (2, "") and ended.stderr.count("\n") == 1
    engine = Engine(tmp_path)
    with pytest.raises(UserError, match="PostScript"):
        engine.open(path)
    for pasted in (path, content):
        with pytest.raises(UserError, match="PostScript"):
            engine.take(pasted)
    assert len(Collection(path.parent)) == 0
    assert not ran.exists()


def test_a_large_image_in_the_collection_is_passed_over(tmp_path: Path) -> None:
    Image.new("L", (28, 28), 9).save(tmp_path / "4-0123456789abcdef.png")
    for label, content in enumerate((png(60_000, 60_000), png(7000, 7000), png(28, 29), EPS, bytes(1 << 17))):
        (tmp_path / f"{label}-fedcba9876543210.png").write_bytes(content)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(image_file.Pages, "decoded", counted := Counted(image_file.Pages.decoded))
        assert [entry.label for entry in Collection(tmp_path).entries] == [4]
    assert counted.calls == 1


class Counted:
    """A method that counts its calls."""

    def __init__(self, method: Callable[[image_file.Pages, int], Image.Image]) -> None:
        self.calls = 0
        self._method = method

    def __get__(self, pages: image_file.Pages, _: object = None) -> Callable[[int], Image.Image]:
        def call(number: int) -> Image.Image:
            self.calls += 1
            return self._method(pages, number)

        return call


def test_what_the_clipboard_opened_is_of_the_same_formats() -> None:
    assert open_image(PngImagePlugin.PngImageFile(io.BytesIO(png(8, 8))), "pasted").shape == (8, 8, 3)
    other = Image.open(io.BytesIO(encoded(Image.new("L", (16, 16)), "ICO")))
    with pytest.raises(UserError, match="pasted is ICO, which is not read"):
        open_image(other, "pasted")
    with pytest.raises(UserError, match="60000×60000"), pytest.MonkeyPatch.context() as patch:
        patch.setattr(Image, "MAX_IMAGE_PIXELS", None)
        open_image(PngImagePlugin.PngImageFile(io.BytesIO(png(60_000, 60_000))), "pasted")


def test_only_the_door_opens_images() -> None:
    """By the call's name, wherever it is: in the project, the scripts, the benchmarks and the pictures' makers."""
    decoders = {"imread", "imdecode", "imreadmulti", "VideoCapture", "grabclipboard", "PngImageFile", "Parser"}
    found = []
    for path in ROOT.rglob("*.py"):
        inside = path.relative_to(ROOT)
        if inside.parts[0] in ("tests", "runs") or any(part.startswith(".") for part in inside.parts):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            owner = ast.unparse(node.func.value).split(".")[-1]
            if node.func.attr in decoders or (owner, node.func.attr) == ("Image", "open"):
                found.append((inside.as_posix(), node.func.attr, sorted(key.arg or "" for key in node.keywords)))
    assert sorted(found) == [
        ("digits/reading/image_file.py", "open", ["formats"]),
        ("digits/window/camera.py", "VideoCapture", []),  # of a number, never of a file
        ("digits/window/clipboard.py", "grabclipboard", []),
    ]


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_is_recognised_by_its_content(tmp_path: Path, form: str) -> None:
    if form == "AVIF" and not features.check("avif"):
        pytest.skip("this Pillow has no AVIF")
    content = encoded(Image.new("L", (40, 30), 200), form)
    assert kind_of(content) == form
    (tmp_path / "wrong.doc").write_bytes(content)
    assert open_image(tmp_path / "wrong.doc").shape == (30, 40, 3)


CHILD = """
import sys, time
from pathlib import Path
from benchmarks.memory import peak_memory
from digits.errors import UserError
from digits.reading import image_file
from digits.reading.page import open_image
image_file.MOST_READS, image_file.MOST_SECONDS = 200_000, 2.0  # a tenth and a third, so that the test is short
slowest = 0.0
for path in map(Path, sys.argv[1:]):
    start = time.process_time()
    try:
        open_image(path)
        print(f"{path.name} is read")
    except UserError as error:
        if str(error).count(path.name) != 1 or chr(10) in str(error):
            print(error)
    slowest = max(slowest, time.process_time() - start)
print(peak_memory() // 10**6, "MB", slowest)
"""


def cost(tmp_path: Path, contents: dict[str, Callable[[], bytes]]) -> tuple[list[str], int, float]:
    """What a process says that reads these files, its peak of memory in MB, and the seconds of the slowest."""
    for i, make in enumerate(contents.values()):
        (tmp_path / f"image {i}.png").write_bytes(make())
    command = [sys.executable, "-c", CHILD, *map(str, sorted(tmp_path.iterdir()))]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert run.stderr == ""
    *lines, last = run.stdout.splitlines()
    return lines, int(last.split()[0]), float(last.split()[2])


@pytest.mark.skipif(sys.platform == "win32", reason="its peak of memory is not known there")
def test_a_size_is_refused_before_its_pixels_are_decoded(tmp_path: Path) -> None:
    lines, megabytes, _ = cost(tmp_path, TOO_LARGE)
    assert lines == [] and megabytes < 400


@pytest.mark.skipif(sys.platform == "win32", reason="its peak of memory is not known there")
def test_nothing_in_a_file_multiplies(tmp_path: Path) -> None:
    lines, megabytes, seconds = cost(tmp_path, TOO_MUCH)
    assert lines == [] and megabytes < 1000 and seconds < 10


@pytest.mark.parametrize("kind", ["JPEG in a tile", "JPEG in a strip", "old JPEG in a strip"])
def test_an_image_in_an_image_has_its_size(kind: str) -> None:
    inner = encoded(Image.new("L", (6000, 6000)), "JPEG")
    place = ((322, 1, 16), (323, 1, 16), (324, 1, -1), (325, 1, len(inner)))
    if "strip" in kind:
        place = ((278, 1, 16), (273, 1, -1), (279, 1, len(inner)), (284, 1, 1))
    content = grey_tiff(16, 16, *place, data=inner, compression=6 if "old" in kind else 7)
    with pytest.raises(UserError, match="cannot be read"):
        open_image(content, "nested")


@pytest.mark.parametrize(
    "compression", ["tiff_lzw", "packbits", "tiff_adobe_deflate", "jpeg", "group3", "group4", "tiff_ccitt", "zstd"]
)
def test_decoders_print_nothing(compression: str, capfd: pytest.CaptureFixture[str]) -> None:
    rng = np.random.default_rng(0)
    image = Image.fromarray(rng.integers(0, 256, (120, 90, 3), np.uint8))
    mode = "1" if compression in ("group3", "group4", "tiff_ccitt") else "RGB"
    whole = encoded(image.convert(mode), "TIFF", compression=compression)
    capfd.readouterr()
    for _ in range(60):
        damaged = np.frombuffer(whole, np.uint8).copy()
        damaged[rng.integers(8, len(whole), 6)] = rng.integers(0, 256, 6)
        try:
            open_image(damaged.tobytes()[: rng.integers(len(whole) // 2, len(whole))], "damaged")
        except UserError as error:
            assert "\n" not in str(error)
    assert capfd.readouterr() == ("", "")


def test_standard_error_is_there_again_afterwards(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UserError):
        open_image(b"\x89PNG\r\n\x1a\n", "damaged")
    os.write(2, b"still there\n")
    assert capfd.readouterr().err == "still there\n"


def test_several_threads_may_open_images(capfd: pytest.CaptureFixture[str]) -> None:
    content = encoded(Image.new("L", (300, 300), 90), "TIFF", compression="tiff_lzw")
    damaged, failures = content[: len(content) // 2], []

    def work() -> None:
        for _ in range(50):
            if open_image(content, "whole").max() != 90:
                failures.append("wrong")
            try:
                open_image(damaged, "half")
            except UserError:
                continue
            failures.append("read")

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    os.write(2, b"still there\n")
    assert failures == [] and capfd.readouterr().err == "still there\n"


@pytest.mark.parametrize("form", ["TIFF", "GIF"])
def test_pages_are_decoded_one_by_one(form: str) -> None:
    levels = [10, 200, 90]
    first, *others = [Image.new("L", (30 + level, 20), level) for level in levels]
    if form == "GIF":
        first, *others = [Image.new("L", (30, 20), level) for level in levels]
    content = encoded(first, form, save_all=True, append_images=others)
    with opened(content, "pages") as pages:
        assert (pages.count, pages.left_out) == (3, "")
        for number in (0, 1, 2, 0):
            assert to_rgb(pages.decoded(number)).mean() == levels[number]
        assert pages.name_of(1) == "pages, page 2"


def test_a_page_that_is_asked_for_first_may_take_as_long_as_in_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """A GIF decodes all frames before it, in two seconds each here."""
    seconds, load = 0.0, GifImagePlugin.GifImageFile.load_prepare

    def slow(image: GifImagePlugin.GifImageFile) -> None:
        nonlocal seconds
        seconds += 2
        load(image)

    monkeypatch.setattr(GifImagePlugin.GifImageFile, "load_prepare", slow)
    monkeypatch.setattr(time, "thread_time", lambda: seconds)
    frames = [Image.new("L", (30, 20), 20 * i) for i in range(9)]
    content = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    for order in (range(9), [8], [2, 8, 8], [8, 3]):
        with opened(content, "pages") as pages:
            for number in order:
                assert to_rgb(pages.decoded(number)).mean() == 20 * number
    monkeypatch.setattr(image_file, "MOST_SECONDS", 1.0)
    with opened(content, "pages") as pages, pytest.raises(UserError, match=r"page 9 .*takes too long to decode"):
        pages.decoded(8)


@pytest.mark.parametrize("form", ["PNG", "WEBP", "AVIF"])
def test_the_frames_of_an_animation_are_no_pages(form: str) -> None:
    if not features.check(form.lower() if form != "PNG" else "zlib"):
        pytest.skip(f"this Pillow has no {form}")
    frames = [Image.new("RGB", (40, 40), (level, 9, 9)) for level in (10, 120, 230)]
    content = encoded(frames[0], form, save_all=True, append_images=frames[1:])
    with opened(content, "animation") as pages:
        assert (pages.count, pages.left_out) == (1, "2 further frames")
        assert abs(float(to_rgb(pages.decoded(0))[..., 0].mean()) - 10) < 5


@pytest.mark.parametrize("form", ["TIFF", "GIF"])
def test_pages_beyond_the_limit_are_named(monkeypatch: pytest.MonkeyPatch, form: str) -> None:
    monkeypatch.setattr(image_file, "MOST_PAGES", 4)
    frames = [Image.new("L", (9, 9), 9 * i) for i in range(6)]
    with opened(encoded(frames[0], form, save_all=True, append_images=frames[1:]), "many") as pages:
        assert (pages.count, pages.left_out) == (4, "pages after the first 4")
    assert MOST_PAGES == 1000


def test_pages_in_a_circle_end() -> None:
    content = tiff((256, 1, 4), (257, 1, 4), (258, 1, 8), (262, 1, 1), (273, 1, 0), (279, 1, 16), following=True)
    with opened(content, "circle") as pages:
        assert pages.count == 1


def test_a_damaged_page_does_not_hide_the_others() -> None:
    frames = [Image.fromarray(np.full((40, 50), 50 * i, np.uint8)) for i in range(3)]
    content = bytearray(encoded(frames[0], "TIFF", save_all=True, append_images=frames[1:], compression="tiff_lzw"))
    with opened(bytes(content), "pages") as pages:
        pages.decoded(1)
        tags = pages._image.tag_v2  # type: ignore[attr-defined]
        at = tags[273][0]
    content[at : at + 4] = b"\xff\xff\xff\xff"
    with opened(bytes(content), "pages") as pages:
        with pytest.raises(UserError, match="pages, page 2 cannot be read"):
            pages.decoded(1)
        assert to_rgb(pages.decoded(2)).mean() == 100


BANDED = {
    "RGB": np.uint8, "RGBA": np.uint8, "L": np.uint8, "LA": np.uint8, "P": np.uint8, "1": np.uint8, "CMYK": np.uint8,
    "I;16": np.uint16, "I": np.int32, "F": np.float32,
}  # fmt: skip


@pytest.mark.parametrize("mode", BANDED)
def test_bands_of_rows_give_what_the_whole_gives(monkeypatch: pytest.MonkeyPatch, mode: str) -> None:
    rng = np.random.default_rng(3)
    if mode in ("I;16", "I", "F"):
        image = Image.fromarray((rng.integers(0, 60_000, (61, 47))).astype(BANDED[mode]))
        values = np.asarray(image, np.float64)
        low, high = values.min(), values.max()
        wanted = np.repeat(((values - low) * (255 / (high - low))).astype(np.uint8)[..., np.newaxis], 3, 2)
    else:
        rgba = rng.integers(0, 256, (61, 47, 4), np.uint8)
        image = Image.fromarray(rgba).convert(mode)
        wanted = np.asarray(image.convert("RGB"))
        if "A" in mode:
            alpha = np.asarray(image.convert("RGBA"))[..., 3:].astype(int)
            colour = np.asarray(image.convert("RGBA"))[..., :3]
            few = (alpha > 127).mean() < 0.5 and colour[alpha[..., 0] > 127].mean() > 160
            wanted = ((colour * alpha + (0 if few else 255) * (255 - alpha)) // 255).astype(np.uint8)
    assert image.mode == mode
    monkeypatch.setattr("digits.reading.page.BAND", 47 * 5)
    np.testing.assert_array_equal(to_rgb(image), wanted)


@pytest.mark.parametrize("values", [[np.nan, 0, 1], [np.inf, 0, 1], [-np.inf, np.nan, 1], [3e38, -3e38, 0], [5, 5, 5]])
def test_numbers_of_any_size(values: list[float]) -> None:
    assert to_rgb(Image.fromarray(np.array([values], np.float32))).shape == (1, 3, 3)


@pytest.mark.parametrize("orientation", range(9))
def test_every_orientation(orientation: int) -> None:
    from PIL import ImageOps

    exif = Image.Exif()
    exif[0x0112] = orientation
    content = encoded(Image.fromarray(np.arange(60, dtype=np.uint8).reshape(4, 5, 3)), "PNG", exif=exif)
    wanted = ImageOps.exif_transpose(Image.open(io.BytesIO(content)))
    np.testing.assert_array_equal(open_image(content, "turned"), np.asarray(wanted))
