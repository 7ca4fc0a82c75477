"""The slow work, with the committed networks."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from digits.errors import UserError
from digits.networks import MODELS as NAMES
from digits.reading.collection import Entry
from digits.reading.ink import Stroke, Strokes, rasterise, save_strokes
from digits.reading.segmentation import MOST_COMPONENTS
from digits.window import engine as module
from digits.window import summary
from digits.window.document import Photograph, State
from digits.window.engine import BATCH, Engine
from tests.handwriting import strokes
from tests.reading.scenes import SCENES, note, on_desk
from tests.window.conftest import MODELS, Hand

DRAWN = tuple(Stroke(tuple(points), 12) for points in strokes("402", 40, 40, 150))


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(MODELS)


def test_all_networks_read_the_same_digits(engine: Engine) -> None:
    result = engine.read(State(DRAWN), NAMES)
    assert {name: reading.text for name, reading in result.readings.items()} == dict.fromkeys(NAMES, "402")
    assert len(set(result.keys)) == 3


def test_the_key_of_a_digit_stays_when_another_comes(engine: Engine) -> None:
    before = engine.read(State(DRAWN), ["CNN"]).keys
    after = engine.read(State((*DRAWN, Stroke(((600, 60), (600, 200)), 12))), ["CNN"]).keys
    assert set(before) < set(after)


def test_hidden_digits_are_not_read(engine: Engine) -> None:
    state = State(DRAWN)
    result = engine.read(state, ["CNN"])
    hidden = State(state.strokes, None, {result.keys[0]: (0, 0, 1, 1)})
    assert engine.read(hidden, ["CNN"]).readings["CNN"].text == "02"


def test_networks_that_cannot_be_used_are_left_out(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    assert engine.read(State(DRAWN), NAMES).readings == {}
    with pytest.raises(UserError, match=r"python test\.py --models CNN"):
        engine.classifier("CNN")


def test_what_is_left_out_of_strokes_and_photograph_is_counted(engine: Engine) -> None:
    many = tuple(Stroke(((20.0 * i, 0.0), (20.0 * i, 60.0)), 4) for i in range(MOST_COMPONENTS + 3))
    image = np.zeros((9, 9, 3), np.uint8)
    state = State(many, Photograph("p", image, (), image, unread=4))
    assert engine.read(state, ["ANN"]).readings["ANN"].unread == 7


def test_a_photograph_is_straightened_and_what_stands_beside_the_digits_is_named(
    engine: Engine, tmp_path: Path
) -> None:
    sheet = on_desk(note("13540", seed=0), turn=6, tilt=0.05)
    Image.fromarray(sheet).save(tmp_path / "desk.png")
    opened = engine.open(tmp_path / "desk.png").photograph
    assert opened is not None and opened.rgb[:9].mean() > 200 > sheet[:9].mean()
    found = engine.read(State(photograph=opened), ["ResNet"])
    assert (found.readings["ResNet"].text, found.left_out) == ("13540", ())

    Image.fromarray(SCENES["printed text"](0).image).save(tmp_path / "print.png")
    opened = engine.open(tmp_path / "print.png").photograph
    found = engine.read(State(photograph=opened), ["ResNet"])
    assert found.readings["ResNet"].text == "40726" and len(found.left_out) >= 2
    assert " left out" in summary.found(found, ["ResNet"])


def test_opening_either_kind(engine: Engine, tmp_path: Path) -> None:
    save_strokes(tmp_path / "drawing.json", Strokes(DRAWN, (640, 480)))
    assert engine.open(tmp_path / "drawing.json").strokes == DRAWN
    Image.fromarray(255 - rasterise(DRAWN, 500, 300)).save(tmp_path / "picture.png")
    opened = engine.open(tmp_path / "picture.png").photograph
    assert opened is not None
    assert opened.size == (500, 300)
    assert engine.read(State(photograph=opened), ["CNN"]).readings["CNN"].text == "402"


def test_a_large_photograph_has_a_small_preview(engine: Engine) -> None:
    content = io.BytesIO()
    Image.new("RGB", (4800, 1200), "white").save(content, "PNG")
    photograph = engine.take(content.getvalue()).photograph
    assert photograph is not None and photograph.preview.shape == (600, 2400, 3)


@pytest.mark.parametrize("size", [(1, 1), (2, 30_000), (30_000, 2), (1, 4800), (4800, 1)])
def test_a_photograph_as_narrow_as_a_line_is_opened_and_read(size: tuple[int, int], engine: Engine) -> None:
    content = io.BytesIO()
    Image.new("1", size, 1).save(content, "PNG")
    photograph = engine.take(content.getvalue()).photograph
    assert (
        photograph is not None
        and photograph.size == size
        and 1 <= min(photograph.preview.shape) <= max(photograph.preview.shape) <= 2400
    )
    assert engine.read(State(photograph=photograph), ["ANN"]).readings["ANN"].text == ""


def test_a_photograph_as_narrow_as_a_line_is_shown(engine: Engine, hand: Hand) -> None:
    for size in ((2, 30_000), (30_000, 2)):
        content = io.BytesIO()
        Image.new("1", size, 1).save(content, "PNG")
        hand.window.canvas.show((), engine.take(content.getvalue()).photograph, fit=True)
        assert hand.window.canvas.find_withtag("photograph")


def test_the_part_of_a_file_that_is_open_is_said(engine: Engine, tmp_path: Path) -> None:
    page = Image.fromarray(255 - rasterise(DRAWN, 500, 300))
    page.save(tmp_path / "pages.tif", save_all=True, append_images=[page, page])
    page.save(tmp_path / "frames.png", save_all=True, append_images=[Image.new("L", page.size)])
    for name, said in (("pages.tif", "page 1 of 3"), ("frames.png", "without 1 further frame")):
        opened = engine.open(tmp_path / name).photograph
        assert opened is not None and opened.note == said
        assert said in summary.found(engine.read(State(photograph=opened), ["ANN"]), ["ANN"])


def test_a_hand_is_learned_in_portions(engine: Engine) -> None:
    crops = [digit.crop for digit in engine.read(State(DRAWN), ["CNN"]).readings["CNN"].digits]
    marked = [crops[i % 3].copy() for i in range(BATCH + 3)]
    for i, crop in enumerate(marked):
        crop[0, 0] = i  # what is equal is looked at once
    entries = [Entry(f"{i}", (4, 0, 2)[i % 3], crop) for i, crop in enumerate(marked)]
    assert engine.learn("CNN", entries) is None
    hand = engine.learn("CNN", entries)
    assert hand is not None and (hand.n, hand.before, hand.now, hand.doubtful) == (35, 35, 35, frozenset())
    assert engine.learn("CNN", entries) is hand, "nothing has changed"
    other = engine.learn("CNN", [Entry("0", 9, crops[0]), *entries[1:]])
    assert other is not None and (other.before, other.doubtful) == (34, frozenset("0"))
    none = engine.learn("CNN", [])
    assert none is not None and none.n == 0


def test_what_was_read_with_another_hand_is_read_again(engine: Engine) -> None:
    state = State(tuple(Stroke(tuple(points), 12) for points in strokes("742", 40, 40, 150)))
    crop = engine.read(state, ["CNN"]).readings["CNN"].digits[0].crop
    hand = engine.learn("CNN", [Entry(f"{i}", 1, crop) for i in range(5)])
    assert hand is not None and hand.helps
    assert engine.read(state, ["CNN"], {"CNN": hand}).readings["CNN"].text == "142"
    assert engine.read(state, ["CNN"]).readings["CNN"].text == "742"


def test_evidence_has_the_crop_s_shape(engine: Engine) -> None:
    crop = engine.read(State(DRAWN), ["ANN"]).readings["ANN"].digits[0].crop
    lost = engine.occlusion("ANN", crop, 4)
    assert lost.shape == (28, 28)
    assert np.abs(lost).max() > 0.02


def test_an_error_that_is_raised_again_and_again_does_not_grow(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    lengths = set()
    for _ in range(5):
        with pytest.raises(UserError) as caught:
            engine.classifier("CNN")
        lengths.add(len(caught.traceback))
    assert len(lengths) <= 2, "the first one reads the file"


def test_removed_digits_are_forgotten(engine: Engine) -> None:
    crop = np.zeros((28, 28), np.uint8)
    for i in range(5):
        engine.learn("ANN", [Entry(f"{i}", 0, crop)])
    assert len(engine._pupils["ANN"]._known) == 1


def test_a_photograph_is_made_small_enough_to_be_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (400, 600, 3), np.uint8)
    sizes = {}
    for quality in module.QUALITIES:
        content = io.BytesIO()
        Image.fromarray(noise).save(content, format="JPEG", quality=quality)
        sizes[quality] = content.tell()
    monkeypatch.setattr(module, "MOST_PICTURE", sizes[70])
    content_kept, rgb = module._encoded("noise", noise)
    assert len(content_kept) == sizes[70] and rgb.shape == noise.shape
