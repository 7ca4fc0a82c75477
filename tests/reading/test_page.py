import io
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from digits.errors import UserError
from digits.reading.binarisation import to_ink
from digits.reading.classifier import Classifier
from digits.reading.image_file import LARGEST
from digits.reading.page import open_image, to_rgb
from digits.reading.recognizer import read, read_file
from digits.reading.segmentation import image_components
from tests.reading.conftest import found, line_segmenter, on_paper, picture, written

NUMBER = "4072"
INK = picture(written(NUMBER, pen=9), margin=40)


def text_of(image: NDArray[np.uint8], network: Classifier) -> str:
    return read(found(image_components(to_ink(image))), network).text


def shaded(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Lit from one corner, with the shadow of a hand."""
    y, x = np.mgrid[: image.shape[0], : image.shape[1]]
    light = 0.45 + 0.55 * (x / x.max() * 0.6 + y / y.max() * 0.4)
    light *= 1 - 0.3 * np.exp(-(((x - 0.3 * x.max()) / 90) ** 2 + ((y - 0.2 * y.max()) / 70) ** 2))
    lit: NDArray[np.uint8] = (image * light[..., np.newaxis]).astype(np.uint8)
    return lit


def noisy(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    noise = np.random.default_rng(0).normal(0, 6, image.shape)
    return np.clip(image + noise, 0, 255).astype(np.uint8)


def ruled(image: NDArray[np.uint8], squared: bool) -> NDArray[np.uint8]:
    paper = image.copy()
    for y in range(12, image.shape[0], 37):
        paper[y : y + 2] = np.minimum(paper[y : y + 2], (150, 170, 215))
    for x in range(15, image.shape[1], 37) if squared else ():
        paper[:, x : x + 2] = np.minimum(paper[:, x : x + 2], (150, 170, 215))
    return paper


def coloured(ink: NDArray[np.uint8], pen: tuple[int, int, int], paper: tuple[int, int, int]) -> NDArray[np.uint8]:
    opacity = ink[..., np.newaxis] / 255
    page: NDArray[np.uint8] = (opacity * np.array(pen) + (1 - opacity) * np.array(paper)).astype(np.uint8)
    return page


PAPERS = {
    "dark on light": on_paper(INK),
    "light on dark": 255 - on_paper(INK),
    "pencil": on_paper(INK, 200, 120),
    "blue on cream": coloured(INK, (40, 60, 170), (250, 245, 225)),
    "red on white": coloured(INK, (220, 30, 40), (255, 255, 255)),
    "white chalk on green": coloured(INK, (235, 240, 235), (30, 80, 60)),
    "uneven light": shaded(on_paper(INK)),
    "noise": noisy(on_paper(INK)),
    "uneven light and noise": noisy(shaded(on_paper(INK))),
    "uneven light, light on dark": 255 - shaded(on_paper(INK)),
    "ruled": ruled(on_paper(INK), squared=False),
    "ruled in uneven light": noisy(shaded(ruled(on_paper(INK), squared=False))),
    "squared": ruled(on_paper(INK), squared=True),
    "squared in uneven light": noisy(shaded(ruled(on_paper(INK), squared=True))),
}


@pytest.mark.parametrize("image", PAPERS.values(), ids=PAPERS)
def test_digits_are_read_on_any_paper(image: NDArray[np.uint8], cnn: Classifier) -> None:
    assert text_of(image, cnn) == NUMBER


@pytest.mark.parametrize("level", [0, 100, 255])
@pytest.mark.parametrize("noise", [0, 5])
def test_a_page_without_ink_has_no_digits(level: int, noise: float, cnn: Classifier) -> None:
    grey = np.clip(level + np.random.default_rng(1).normal(0, noise, (300, 400, 3)), 0, 255).astype(np.uint8)
    assert read(found(image_components(to_ink(grey))), cnn).digits == ()


def test_ink_keeps_its_soft_edges() -> None:
    ink = to_ink(on_paper(INK))
    assert ink.shape == INK.shape and ink.dtype == np.uint8
    assert ((ink > 0) & (ink < 255)).any()
    assert np.corrcoef(ink.ravel(), INK.ravel())[0, 1] > 0.98


@pytest.mark.parametrize("size", [(1, 1), (1, 50), (50, 1), (2, 2), (3, 900)])
def test_images_of_any_size(size: tuple[int, int]) -> None:
    image = np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)
    assert to_ink(image).shape == size


@pytest.mark.parametrize("suffix", ["png", "jpg", "tif", "bmp", "gif", "webp", "pgm"])
def test_file_formats_and_non_ascii_names(tmp_path: Path, suffix: str, cnn: Classifier) -> None:
    path = tmp_path / f"Zähler 数字.{suffix}"
    Image.fromarray(on_paper(INK)).convert("L").save(path)
    assert read_file(path, cnn, line_segmenter()).text == NUMBER


def saved(image: Image.Image, path: Path, **options: Any) -> Path:
    image.save(path, **options)
    return path


def test_an_image_is_rotated_by_its_exif_orientation(tmp_path: Path, cnn: Classifier) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # orientation: rotate by 90°
    lying = Image.fromarray(on_paper(INK)).rotate(90, expand=True)
    path = saved(lying, tmp_path / "photo.jpg", exif=exif, quality=95)
    assert open_image(path).shape[:2] == INK.shape
    assert read_file(path, cnn, line_segmenter()).text == NUMBER


@pytest.mark.parametrize("pen", [0, 255])
def test_a_transparent_background_is_paper(tmp_path: Path, pen: int, cnn: Classifier) -> None:
    rgba = np.dstack([np.full((*INK.shape, 3), pen, np.uint8), INK])
    assert read_file(saved(Image.fromarray(rgba), tmp_path / "alpha.png"), cnn, line_segmenter()).text == NUMBER


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "I;16", "CMYK"])
def test_colour_modes(tmp_path: Path, mode: str, cnn: Classifier) -> None:
    grey = Image.fromarray(on_paper(INK)).convert("L")
    image = Image.fromarray(np.asarray(grey).astype(np.uint16) * 200) if mode == "I;16" else grey.convert(mode)
    assert read_file(saved(image, tmp_path / "mode.tif"), cnn, line_segmenter()).text == NUMBER


def test_a_small_image_like_mnists(cnn: Classifier) -> None:
    small = np.asarray(Image.fromarray(picture(written("5", pen=14))).resize((28, 28), Image.Resampling.LANCZOS))
    assert text_of(np.repeat(small[..., np.newaxis], 3, axis=2), cnn) == "5"


def test_too_large_an_image_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    side = int(LARGEST**0.5) + 100
    path = saved(Image.new("1", (side, side)), tmp_path / "large.png")
    with pytest.raises(UserError, match="50 megapixels"):
        open_image(path)


def test_a_decompression_bomb_is_refused_without_a_warning(tmp_path: Path) -> None:
    content = io.BytesIO()
    Image.new("1", (10, 10)).save(content, "BMP")
    bomb = bytearray(content.getvalue())
    bomb[18:26] = (200_000).to_bytes(4, "little") * 2  # width and height in the header
    (tmp_path / "bomb.bmp").write_bytes(bomb)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(UserError, match=r"bomb\.bmp"):
            open_image(tmp_path / "bomb.bmp")


@pytest.mark.parametrize("kind", ["missing", "empty", "text", "truncated", "a folder"])
def test_a_file_that_is_not_an_image_is_named_in_one_line(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "a b.png"
    whole = io.BytesIO()
    Image.fromarray(on_paper(INK)).save(whole, "PNG")
    if kind == "a folder":
        path.mkdir()
    elif kind != "missing":
        path.write_bytes({"empty": b"", "text": b"hello", "truncated": whole.getvalue()[:200]}[kind])
    with pytest.raises(UserError, match=r"a b\.png") as error:
        open_image(path)
    assert "\n" not in str(error.value)


def test_to_rgb_returns_a_writable_array() -> None:
    rgb = to_rgb(Image.fromarray(on_paper(INK)))
    rgb[0, 0] = 0  # raises on a read-only view
    assert rgb.shape == (*INK.shape, 3)
