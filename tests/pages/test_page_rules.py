"""Which apps have a page, by what the operator says."""

from pathlib import Path

import pytest

from parlour import wiring
from parlour.settings import AppEntry, Settings, read

ENTRIES = {"open": AppEntry("open.yml"), "closed": AppEntry("closed.yml", page=False)}


def settings(folder: Path, text: str, **environment: str) -> Settings:
    (folder / "parlour.toml").write_text(text)
    return read(folder / "parlour.toml", environment)


@pytest.mark.parametrize(
    ("text", "there", "local"),
    [
        ("", True, True),
        ('[server]\nhost = "::1"\n', True, True),
        ('[server]\nhost = "0.0.0.0"\n', False, True),
        ('[server]\npublic_url = "https://ai.example.com"\n', False, True),
        ('pages = true\n[server]\nhost = "0.0.0.0"\n', True, False),
        ("pages = true\n", True, False),
        ("pages = false\n", False, False),
    ],
)
def test_pages_are_where_nobody_else_can_come_unless_the_operator_says_so(
    tmp_path: Path, text: str, *, there: bool, local: bool
) -> None:
    rules = wiring.pages(settings(tmp_path, text), ENTRIES)
    assert rules.apps == ({"open"} if there else set())
    assert not rules.apps or rules.local is local


def test_the_environment_says_it_too(tmp_path: Path) -> None:
    found = settings(tmp_path, "", PARLOUR_PAGES="false", PARLOUR_SERVER_EMBED_IN="https://a.test,https://b.test")
    assert found.pages is False
    assert found.server.embed_in == ("https://a.test", "https://b.test")


@pytest.mark.parametrize(
    ("text", "demo"),
    [
        ("", True),
        ('[providers.default]\nkind = "local"\npath = "mine.gguf"\n', False),
        ('[providers.openai]\nkind = "scripted"\n[providers.default]\nkind = "local"\n', False),
        ('[providers.other]\nkind = "scripted"\n[providers.default]\nkind = "local"\n', True),
        ('[providers.other]\nkind = "local"\n', False),
    ],
)
def test_a_page_knows_whether_the_small_model_answers(tmp_path: Path, text: str, *, demo: bool) -> None:
    assert wiring.pages(settings(tmp_path, text), ENTRIES).demo("langgenius/openai/openai") is demo
