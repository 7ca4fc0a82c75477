"""The committed results and the study put into the README: ``python -m digits.learning.readme``."""

import json
from pathlib import Path
from typing import Any

from digits.files import write_text
from digits.learning import report, study_page

ROOT = Path(__file__).resolve().parents[2]


def with_figures(page: str, plots: Path) -> str:
    """A Markdown page with the table of results and the study's answer between their comments.

    Args:
        page: has the comments ``results``, ``study`` and ``seeds``.
        plots: the folder with ``results.json``, ``study/preprocessing.json`` and ``study/seeds.json``.
    """

    def read(name: str) -> dict[str, Any]:
        figures: dict[str, Any] = json.loads((plots / name).read_text(encoding="utf-8"))
        return figures

    page = report.with_table(page, read("results.json")["models"])
    page = report.between(page, "study", study_page.summary(read("study/preprocessing.json")))
    return report.between(page, "seeds", study_page.seeds_table(read("study/seeds.json")))


def main() -> None:
    """Rewrite the project's README."""
    path = ROOT / "README.md"
    write_text(path, with_figures(path.read_text(encoding="utf-8"), ROOT / "plots"))


if __name__ == "__main__":
    main()
