import json
import shutil
from collections import Counter
from pathlib import Path

import pytest

from benchmarks import published
from benchmarks.faults import page as faults_page
from benchmarks.hand import page as hand_page
from benchmarks.pages import page as pages_page
from benchmarks.pen_digits import page as pen_page
from benchmarks.readme import main, with_tables
from digits.networks import MODELS
from tests.benchmarks import small_faults
from tests.benchmarks.small_results import NETWORKS, small_hand, small_pages, small_results
from tests.json_damage import some_damaged

PUBLISHED = Path(__file__).resolve().parents[2] / "plots"
SECTIONS = ("results", "seeds", "study", "pen digits", "pages", "hand", "recommendation", "faults")
EMPTY = "".join(f"before {name}\n<!-- {name} -->\nold\n<!-- /{name} -->\n" for name in SECTIONS)


@pytest.fixture
def plots(tmp_path: Path) -> Path:
    """The committed results and the study, and small results of the benchmarks."""
    folder = tmp_path / "plots"
    (folder / "study").mkdir(parents=True)
    for name in ("results.json", "study/seeds.json", "study/preprocessing.json"):
        shutil.copy(PUBLISHED / name, folder / name)
    measured, _, pen = small_results(dict.fromkeys(MODELS, NETWORKS["ResNet"]))
    (folder / "pen_digits.json").write_text(json.dumps(pen), encoding="utf-8")
    (folder / "pages.json").write_text(json.dumps(small_pages()), encoding="utf-8")
    (folder / "hand.json").write_text(json.dumps(small_hand()), encoding="utf-8")
    (folder / "recommendation.json").write_text(json.dumps(measured), encoding="utf-8")
    (folder / "faults.json").write_text(json.dumps(small_faults.clean()), encoding="utf-8")
    return folder


def test_every_table_is_put_between_its_comments(plots: Path) -> None:
    page = with_tables(EMPTY, plots)
    assert "\nold\n" not in page and all(f"before {name}\n" in page for name in SECTIONS)
    assert with_tables(page, plots) == page
    shown = {name: page.partition(f"<!-- {name} -->")[2].partition(f"<!-- /{name} -->")[0] for name in SECTIONS}
    assert shown["results"].startswith("\n| model | parameters |")
    assert shown["seeds"].startswith("\n| network | seed 0 |")
    assert shown["study"].startswith("\n**")
    assert shown["pen digits"].strip() == pen_page.summary(json.loads((plots / "pen_digits.json").read_text("utf-8")))
    assert shown["pages"].strip() == pages_page.summary(small_pages())
    assert shown["hand"].strip() == hand_page.summary(small_hand())
    assert "| wanted | use | because |" in shown["recommendation"]
    assert shown["faults"].strip() == faults_page.summary(small_faults.clean())


def test_the_readme_is_rewritten(plots: Path, tmp_path: Path) -> None:
    path = tmp_path / "README.md"
    path.write_text(EMPTY, encoding="utf-8")
    assert main(["--plots", str(plots), "--readme", str(path)]) == 0
    assert path.read_text(encoding="utf-8") == with_tables(EMPTY, plots)


@pytest.mark.parametrize(
    "name",
    ["results.json", "study/seeds.json", "study/preprocessing.json", "pen_digits.json", "pages.json", "hand.json"],
)
def test_a_missing_result_is_named_and_the_readme_stays(
    name: str, plots: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "README.md"
    path.write_text(EMPTY, encoding="utf-8")
    (plots / name).unlink()
    assert main(["--plots", str(plots), "--readme", str(path)]) == 2
    said = capsys.readouterr().err
    assert len(said.splitlines()) == 1 and Path(name).name in said and "make it with: python" in said
    assert path.read_text(encoding="utf-8") == EMPTY


@pytest.mark.parametrize(
    "name",
    [
        "results.json",
        "study/seeds.json",
        "study/preprocessing.json",
        "pen_digits.json",
        "pages.json",
        "hand.json",
        "recommendation.json",
        "faults.json",
    ],
)
def test_whatever_is_odd_in_a_result_is_one_line_or_harmless(
    name: str, plots: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One value replaced by an odd one."""
    readme, path = tmp_path / "README.md", plots / name
    whole, ended = json.loads(path.read_text(encoding="utf-8")), Counter[int]()
    for place, odd in some_damaged(whole, 150):
        readme.write_text(EMPTY, encoding="utf-8")
        path.write_text(json.dumps(odd), encoding="utf-8")
        ended[code := main(["--plots", str(plots), "--readme", str(readme)])] += 1
        said = capsys.readouterr().err
        assert len(said.splitlines()) == (1 if code else 0), (place, said)
    assert ended.keys() <= {0, 2} and ended[2] > 20


def test_a_page_without_a_section_is_refused(plots: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "README.md"
    path.write_text(EMPTY.replace("<!-- /seeds -->", ""), encoding="utf-8")
    assert main(["--plots", str(plots), "--readme", str(path)]) == 2
    said = capsys.readouterr().err
    assert len(said.splitlines()) == 1 and said.startswith("benchmarks.readme: ") and "<!-- seeds -->" in said


def test_the_projects_own_readme_is_the_default() -> None:
    assert Path(__file__).is_relative_to(published.ROOT / "tests")
