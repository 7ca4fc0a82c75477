"""Photographed pages: how they are made, and what counts as read."""

import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks.pages import measure, page
from benchmarks.pages.__main__ import FILES, main
from benchmarks.pages.drawing import CONDITIONS, LINES, Look, looks, photograph
from benchmarks.pen_digits.drawing import hands
from digits.reading.photograph import ink_of, page_ink
from digits.reading.recognizer import read_segments
from tests.benchmarks.small_results import small_pages
from tests.json_damage import some_damaged
from tests.reading.conftest import MODELS, line_segmenter
from tests.writers import LEFT_OUT, people


def by_hand() -> measure.Hands:
    return hands(people(LEFT_OUT).by_writer())


@pytest.mark.parametrize("condition", measure.NAMES)
def test_a_page_of_every_condition_can_be_made_and_is_not_the_clean_one(condition: str) -> None:
    made = measure.page_of(condition, by_hand(), 0)
    clean = measure.page_of("clean", by_hand(), 0)
    assert len(made.numbers) == LINES and made.numbers == clean.numbers
    assert made.image.dtype == np.uint8 and made.image.shape[:2] == made.ink.shape
    assert condition == "clean" or made.image.shape != clean.image.shape or (made.image != clean.image).any()
    again = measure.page_of(condition, by_hand(), 0)
    assert (again.image == made.image).all()


def test_what_a_look_asks_for_is_there() -> None:
    def seen(look: Look) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
        return photograph(by_hand(), look, np.random.default_rng(0), np.random.default_rng(0)).image

    plain = seen(Look(noise=0, megapixels=(0.3, 0.3)))
    assert plain.shape[0] * plain.shape[1] == pytest.approx(3e5, rel=0.02)
    assert seen(Look(noise=8, megapixels=(0.3, 0.3))).std() > plain.std()
    assert seen(Look(noise=0, megapixels=(0.3, 0.3), light=0.5)).mean() < 0.85 * plain.mean()
    desk = seen(Look(noise=0, megapixels=(0.3, 0.3), desk=(0.1, 0.12)))
    assert desk[:8].mean() < 0.6 * plain.mean()
    assert all(looks(name, np.random.default_rng(0)) == look for name, look in CONDITIONS.items())
    assert looks(measure.MIXED, np.random.default_rng(0)) != looks(measure.MIXED, np.random.default_rng(1))


def test_a_number_is_missed_unless_it_is_a_line_of_its_own_in_its_place() -> None:
    def missing(*lines: str) -> tuple[int, int]:
        return measure.missing(("123", "45", "678"), "\n".join(lines))

    assert missing("123", "45", "678") == (0, 0)
    assert missing("12 3", "45", "678") == (0, 0)
    assert missing("123", "?", "678") == (1, 0)
    assert missing("123", "45", "9", "678") == (0, 1)
    assert missing("45", "123", "678") == (1, 0)
    assert missing("") == (3, 0)


def test_the_page_and_the_table_name_every_condition() -> None:
    text = page.page(small_pages())
    assert [title for title in page.TITLES.values() if f"| {title} |" not in text] == []
    assert [*page.TITLES] == [*measure.NAMES]
    assert "| clean, as scanned | 100.00% (0 / 4) | 100.00% (0 / 4) | 0 |" in page.summary(small_pages())
    assert "| all of it, mixed | 25.00% (3 / 4)" in text


def test_damaged_results_are_refused() -> None:
    measure.check(small_pages())
    wrong = small_pages()
    wrong["conditions"]["clean"]["missed"] = 5
    with pytest.raises(ValueError, match="clean"):
        measure.check(wrong)
    del wrong["conditions"]["clean"]
    with pytest.raises(ValueError, match="conditions"):
        measure.check(wrong)
    assert len(some_damaged(json.loads(json.dumps(small_pages())), 5)) == 5


def test_the_picture_shows_the_photograph_and_the_page() -> None:
    image = measure.page_of(measure.MIXED, by_hand(), 1).image
    found = page_ink(image, line_segmenter())

    class Nobody:
        name, most = "nobody", 500

        def probabilities(
            self, crops: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]
        ) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
            return np.full((len(crops), 10), 0.1, np.float32)

    figure = page.figure(image, found, read_segments(found.segments, Nobody()))
    assert [ax.get_title(loc="left") or ax.get_title() for ax in figure.axes] == ["the photograph", "as it is read"]
    assert ink_of(image).components


def test_a_few_pages_are_not_published(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--handwriting", str(tmp_path / "a.json"), "--pages", "2"])
    assert "--output" in capsys.readouterr().err
    assert main(["--handwriting", str(tmp_path / "a.json"), "--models", str(MODELS)]) == 2
    assert "a.json" in capsys.readouterr().err
    assert set(FILES) == {"pages.json", "pages.md", "pages.png"}
