"""What a newcomer sees first: the page of the demo, with the real small model."""

import re
import sys
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.pages.browsing import browsing, visiting
from tests.pages.test_chat_page import answers
from tests.process.test_install import DATA, started

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.timeout(300), pytest.mark.xdist_group("demo")]


def test_a_newcomer_talks_to_the_demo(tmp_path: Path) -> None:
    """`parlour serve`, and nothing else: the address that it prints, and the small model itself."""
    DATA.mkdir(parents=True, exist_ok=True)
    (tmp_path / "parlour.toml").write_text(f'data = "{DATA}"\n[storage]\ndatabase = "memory:"\n')
    words = [str(Path(sys.executable).with_name("parlour")), "serve", "--port", "0"]
    with started(words, tmp_path) as served, browsing() as browser, visiting(browser) as (page, seen):
        [shown] = [found for line in served.said for found in re.findall(r"http\S+/chat/demo$", line.strip())]
        page.goto(shown)
        expect(page.get_by_role("note")).to_contain_text("The tiny demo model answers here")
        page.get_by_role("button", name="What is the capital of France?").click()
        expect(answers(page).last).to_contain_text("Paris", timeout=60_000)
        expect(page.get_by_role("button", name="Send")).to_be_visible(timeout=60_000)
        assert seen.wrong == []
