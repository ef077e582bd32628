"""The browser of the tests of pages. Knows no page."""

from collections.abc import Generator

import pytest
from playwright.sync_api import Browser

from tests.pages.browsing import browsing


@pytest.fixture(scope="module")
def browser() -> Generator[Browser]:
    with browsing() as found:
        yield found
