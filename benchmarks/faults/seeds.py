"""Whole files of every kind that the project reads, drawn here; the mutations start from them."""

import gzip
import hashlib
import io
import json
import struct
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, features

from benchmarks import published
from digits.line_image import HEIGHT, OUTPUTS, STRIDE

Content = bytes | str  #: of a file; as a str, the name of what lies there instead of one (see ``mutate.SPECIAL``)
TINY = "tiny"  #: the name of the small networks
LINES = "lines"  #: the folder of the line network
KEYS = ("x_train", "y_train", "x_test", "y_test")
IDX = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")


@dataclass(frozen=True)
class Item:
    """Something to be read.

    Attributes:
        files: by their paths relative to an empty folder.
        target: the path that the reader is given; "" for the folder itself.
        whole: whether it can be read as it is.
    """

    files: Mapping[str, Content]
    target: str
    whole: bool = True


def page(text: str = "407", width: int = 160, height: int = 70) -> NDArray[np.uint8]:
    """Dark digits on light paper: ``uint8``, shape (height, width, 3)."""
    image = np.full((height, width, 3), 235, np.uint8)
    cv2.putText(image, text, (12, height - 18), cv2.FONT_HERSHEY_SIMPLEX, 1.7, (40, 30, 60), 4, cv2.LINE_AA)
    return image


def pictures() -> list[Item]:
    """The same page in every format that is read, and in some variants of each."""
    rgb = Image.fromarray(page())
    second = Image.fromarray(page("12"))
    grey, alpha = rgb.convert("L"), rgb.convert("RGBA")
    deep = Image.fromarray(np.asarray(grey).astype(np.uint16) * 257)
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90°
    found: list[tuple[str, bytes]] = [
        ("page.png", _saved(rgb, "PNG")),
        ("palette.png", _saved(rgb.convert("P"), "PNG")),
        ("deep.png", _saved(deep, "PNG")),
        ("alpha.png", _saved(alpha, "PNG")),
        ("moving.png", _saved(rgb, "PNG", save_all=True, append_images=[second])),
        ("page.jpg", _saved(rgb, "JPEG")),
        ("progressive.jpg", _saved(grey, "JPEG", progressive=True, exif=exif)),
        ("page.bmp", _saved(rgb, "BMP")),
        ("palette.bmp", _saved(rgb.convert("P"), "BMP")),
        ("page.gif", _saved(rgb, "GIF")),
        ("moving.gif", _saved(rgb, "GIF", save_all=True, append_images=[second, rgb])),
        ("page.webp", _saved(rgb, "WEBP")),
        ("lossless.webp", _saved(alpha, "WEBP", lossless=True)),
        ("page.ppm", _saved(rgb, "PPM")),
        ("page.pgm", _saved(grey, "PPM")),
        ("page.pbm", _saved(rgb.convert("1"), "PPM")),
        ("pages.tif", _saved(rgb, "TIFF", save_all=True, append_images=[second, rgb])),
        ("fax.tif", _saved(rgb.convert("1"), "TIFF", compression="group4")),
    ]
    for compression in ("raw", "tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg"):
        found.append((f"{compression}.tif", _saved(rgb, "TIFF", compression=compression)))
    if features.check("avif"):
        found.append(("page.avif", _saved(rgb, "AVIF")))
    return [Item({name: content}, name) for name, content in found]


def png_chunk(kind: bytes, data: bytes) -> bytes:
    """A chunk of a PNG file with its length and checksum."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def strokes() -> list[Item]:
    """Drawings as the window saves them."""
    four = [[(42, 3), (26, 34), (8, 62), (50, 60), (92, 57)], [(68, 34), (65, 65), (62, 98)]]
    one = [[(36, 18), (58, 2), (54, 50), (50, 98)]]
    dot = [[(50, 50)]]
    drawings = [_drawing(one, 8), _drawing([*four, *dot], 6.5), _drawing([*_moved(four, 120), *one], 14)]
    return [Item({"drawing.json": json.dumps(drawing, indent=2).encode()}, "drawing.json") for drawing in drawings]


def npz() -> list[Item]:
    """Small data sets as Keras lays out MNIST."""
    found = []
    for save in (np.savez, np.savez_compressed):
        file = io.BytesIO()
        save(file, allow_pickle=False, **arrays())
        found.append(Item({"digits.npz": file.getvalue()}, "digits.npz"))
    return found


def idx() -> list[Item]:
    """The same as four IDX files, plain and gzipped."""
    files = {name: _idx(array) for name, array in zip(IDX, arrays().values(), strict=True)}
    return [Item(files, ""), Item({f"{name}.gz": gzip.compress(content, 1) for name, content in files.items()}, "")]


def arrays() -> dict[str, NDArray[np.uint8]]:
    """20 training and 10 test images, 28×28, and their labels."""
    digits = [cv2.resize(255 - page(str(i % 10), 70, 70)[..., 0], (28, 28)) for i in range(30)]
    images, labels = np.stack(digits).astype(np.uint8), np.arange(30, dtype=np.uint8) % 10
    return dict(zip(KEYS, (images[:20], labels[:20], images[20:], labels[20:]), strict=True))


def handwriting() -> list[Item]:
    """Handwriting as JSON, as UNIPEN's text, as UCI's, and as UNIPEN's folders."""
    four = [[(42, 3), (26, 34), (8, 62), (50, 60), (92, 57)], [(68, 34), (65, 65), (62, 98)]]
    one = [[(36, 18), (58, 2), (54, 50), (50, 98)]]
    entries = [
        {"digit": 4, "writer": 7, "strokes": four},
        {"digit": 1, "writer": "aga/w1", "strokes": one},
        {"sign": "T", "writer": "aga/w1", "strokes": four},
    ]
    packed = gzip.compress(json.dumps(entries * 20).encode(), mtime=0)
    first, both = _pen_runs(four), _pen_runs([*four, *one])
    segments = '.SEGMENT CHARACTER 0,2 OK "4"\n.SEGMENT CHARACTER 4:1-4:3 ? "1"\n.SEGMENT CHARACTER 0 ? "T"\n'
    texts = {
        "own.dat": f".VERSION 1.0\n.COORD X Y\n.WRITER_ID w1\n{both}{segments}",
        "uci.tes": f'.HIERARCHY DIGIT\n.SEGMENT DIGIT 0-2 ? "4"\n.COMMENT 4 6 138\n{first}',
    }
    folders: dict[str, Content] = {
        "data/1a/aga/w1.dat": f".INCLUDE aga/data/w1.dat\n{segments}".encode(),
        "include/aga/data/w1.dat": f".COORD X Y\n{both}".encode(),
    }
    files: list[tuple[str, bytes]] = [("digits.json", json.dumps(entries).encode()), ("digits.json.gz", packed)]
    files += [(name, text.encode()) for name, text in texts.items()]
    return [
        *(Item({name: content}, name) for name, content in files),
        Item(folders, "data/1a/aga/w1.dat"),
        Item(folders, ""),
    ]


def card() -> dict[str, Any]:
    """A network's card: a published one."""
    value: dict[str, Any] = json.loads((published.MODELS / "ANN.json").read_text(encoding="utf-8"))
    return value


def cards() -> list[Item]:
    """A card."""
    return [Item({"ANN.json": json.dumps(card(), indent=2).encode()}, "ANN.json")]


def settings() -> list[Item]:
    """The window's settings."""
    value = {"theme": "dark", "zoom": 125, "network": "CNN", "pen": 9}
    return [Item({"settings.json": json.dumps(value, indent=2).encode()}, "settings.json")]


def collection() -> list[Item]:
    """My handwriting: three digits, two of them with strokes."""
    files: dict[str, Content] = {}
    drawing = json.dumps(_drawing([[(36, 18), (58, 2), (54, 50), (50, 98)]], 8)).encode()
    for label, image in enumerate(arrays()["x_train"][:3]):
        stem = f"{label}-{label:016x}"
        files[f"{stem}.png"] = _saved(Image.fromarray(image), "PNG")
        if label:
            files[f"{stem}.json"] = drawing
    return [Item(files, "")]


def journal() -> list[Item]:
    """A folder whose publication was interrupted."""
    digest = hashlib.sha256(b"new").hexdigest()
    moved = {
        f"models/.incoming-1-{name}": {"file": f"models/{name}", "sha256": digest} for name in ("ANN.json", "ANN.onnx")
    }
    files: dict[str, Content] = {".publishing.json": json.dumps(moved, indent=2).encode()}
    return [Item({**files, **dict.fromkeys(moved, b"new"), "models/ANN.json": b"old"}, "")]


def results() -> list[Item]:
    """The published results from which README's tables are made."""
    paths = [path for folder in ("", "study") for path in sorted((published.PLOTS / folder).glob("*.json"))]
    return [Item({path.relative_to(published.PLOTS).as_posix(): path.read_bytes() for path in paths}, "")]


def clipboard() -> list[Item]:
    """What is offered on a clipboard."""
    rgb = Image.fromarray(page())
    found = [_saved(rgb, "PNG"), _saved(rgb, "BMP"), _saved(rgb, "JPEG"), _saved(rgb.convert("RGBA"), "PNG")]
    return [Item({"clipboard": content}, "clipboard") for content in found]


def draw(folder: Path) -> None:
    """Draw what takes seconds, for the networks and :func:`bombs`; needs Keras, so in a process of its own."""
    from digits.learning.start import start_keras

    for width, height in ((30_000, 30_000), (2, 25_000_000), (7_000, 7_000)):
        (folder / f"{width}.png").write_bytes(_png_bomb(width, height))
    (folder / "bomb.npz").write_bytes(_npz_bomb(3 << 30))
    start_keras()
    import keras

    from digits.learning import export

    keras.utils.set_random_seed(0)
    pixels = keras.Input((28, 28, 1))
    x = keras.layers.Conv2D(2, 5, strides=3)(pixels)
    x = keras.layers.BatchNormalization()(x)
    x = keras.layers.MaxPooling2D()(keras.layers.Activation("relu")(x))
    x = keras.layers.Dense(10, activation="softmax", name="predictions")(keras.layers.Flatten()(x))
    model = keras.Model(pixels, x, name=TINY)
    export.save_keras(model, folder / f"{TINY}.keras")
    export.save_onnx(model, folder / f"{TINY}.onnx")
    export.save_onnx(model, folder / "half.onnx", half=True)
    line = keras.Input((HEIGHT, None, 1))
    x = keras.layers.Conv2D(4, (HEIGHT // 4, STRIDE), strides=(HEIGHT // 4, STRIDE), activation="relu")(line)
    answers = keras.layers.Conv2D(OUTPUTS, (4, 1))(x)
    (folder / LINES).mkdir()
    export.save_onnx(keras.Model(line, answers, name=TINY), folder / LINES / f"{TINY}.onnx")


def networks(folder: Path, suffix: str) -> list[Item]:
    """The tiny network, without its card, and with it."""
    content = {path.name: path.read_bytes() for path in sorted(folder.glob(f"*{suffix}"))}
    name = f"{TINY}{suffix}"
    own = {file: hashlib.sha256(inside).hexdigest() for file, inside in content.items()}
    described = json.dumps({**card(), "model": TINY, "files": own}).encode()
    alone = [Item({file: inside}, file) for file, inside in content.items()]
    return [*alone, *alone, Item({name: content[name], f"{TINY}.json": described}, name)]


def line_networks(folder: Path) -> list[Item]:
    """The tiny line network, without its card, and with it."""
    name = f"{TINY}.onnx"
    content = (folder / LINES / name).read_bytes()
    own = {"model": TINY, "files": {name: hashlib.sha256(content).hexdigest()}}
    return [
        Item({name: content}, name),
        Item({name: content, f"{TINY}.json": json.dumps(own, indent=2).encode()}, name),
    ]


def bombs(folder: Path, suffix: str) -> list[Item]:
    """Small files that unpack to gigabytes."""
    found = sorted(folder.glob(f"*{suffix}"))
    return [Item({path.name: path.read_bytes()}, path.name, whole=False) for path in found]


def _png_bomb(width: int, height: int) -> bytes:
    """A picture of one bit a pixel, all black."""
    packer, row = zlib.compressobj(9), bytes(-(-width // 8) + 1)
    many = max(1, (1 << 20) // len(row))
    data = b"".join(packer.compress(row * min(many, height - y)) for y in range(0, height, many)) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", data), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(png_chunk(*chunk) for chunk in chunks)


def _npz_bomb(size: int) -> bytes:
    """A data set whose training images unpack to ``size`` bytes, all black."""
    file, zeros = io.BytesIO(), bytes(1 << 24)
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for key in KEYS:
            n = size // 784 if key == "x_train" else 10
            left = n * 784 if key.startswith("x") else n
            header = {"descr": "|u1", "fortran_order": False, "shape": (n, 28, 28) if key.startswith("x") else (n,)}
            with archive.open(f"{key}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array_header_1_0(member, header)  # type: ignore[no-untyped-call]
                while left > 0:
                    member.write(zeros[:left])
                    left -= len(zeros)
    return file.getvalue()


def _saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def _idx(array: NDArray[np.uint8]) -> bytes:
    return bytes((0, 0, 8, array.ndim)) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


def _drawing(lines: list[list[tuple[int, int]]], width: float) -> dict[str, Any]:
    drawn = [{"width": width, "points": [[3.0 * x + 40, 3.0 * y + 30] for x, y in line]} for line in lines]
    return {"format": "handwritten-digits strokes", "version": 1, "size": [640, 480], "strokes": drawn}


def _pen_runs(lines: list[list[tuple[int, int]]]) -> str:
    """Strokes as runs of UNIPEN's text, which has y upwards, and runs of the raised pen between them."""
    runs = []
    for line in lines:
        points = "".join(f"{5 * x} {-5 * y}\n" for x, y in line)
        x, y = line[-1]
        runs.append(f".PEN_DOWN\n{points}.PEN_UP\n{5 * x} {-5 * y}\n")
    return "".join(runs)


def _moved(lines: list[list[tuple[int, int]]], right: int) -> list[list[tuple[int, int]]]:
    return [[(x + right, y) for x, y in line] for line in lines]
