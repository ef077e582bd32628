"""What the operator's pages name is there. Knows no page's meaning."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted((ROOT / "docs").glob("*.md"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_test_that_a_page_names_is_there(page: Path) -> None:
    lost = [name for name in re.findall(r"`(tests/[\w/.-]+)`", page.read_text()) if not (ROOT / name).exists()]
    assert not lost


def test_each_threat_names_what_shows_its_answer() -> None:
    rows = re.findall(r"^\| (?!threat|---).*\| (.*) \|$", (ROOT / "docs" / "security.md").read_text(), re.MULTILINE)
    assert len(rows) > 20
    assert all("`tests/" in row for row in rows)
