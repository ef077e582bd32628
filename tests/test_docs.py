"""What the operator's pages name is there. Knows no page's meaning."""

import re
from pathlib import Path

import pytest
from msgspec import Struct
from msgspec.structs import fields

from parlour.settings import AppEntry, DatasetEntry, Extension, Provider, Settings, ToolPlace

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


def test_every_setting_is_told() -> None:
    told = (ROOT / "docs" / "configuration.md").read_text()
    names = [f"{one.name}.{key}" for one in fields(Settings) for key in getattr(one.type, "__struct_fields__", ())]
    names += [key for entry in (AppEntry, Provider, Extension) for key in entry.__struct_fields__]
    assert len(names) > 60
    assert [name for name in names if f"`{name}`" not in told] == []


@pytest.mark.parametrize(("page", "entry"), [("knowledge", DatasetEntry), ("tools", ToolPlace)])
def test_every_key_of_a_table_stands_on_its_page(page: str, entry: type[Struct]) -> None:
    told = (ROOT / "docs" / f"{page}.md").read_text()
    assert [key for key in entry.__struct_fields__ if not re.search(rf"`{key}`|\b{key} = ", told)] == []
