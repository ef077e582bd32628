"""A server that starts alone with another file than the one it served last, be it older: the file is what counts."""

from pathlib import Path

import pytest

from tests.process.conftest import APP, Served, serving

pytestmark = pytest.mark.slow


def greeting(text: str) -> str:
    return APP.replace("  pre_prompt", f"  opening_statement: {text}\n  pre_prompt")


def greets(served: Served) -> str:
    return served.call("GET", "/v1/parameters?user=u")[1]["opening_statement"]


def test_a_file_that_was_taken_back_while_nothing_ran_is_served_again(tmp_path: Path) -> None:
    for text in ("First.", "Second.", "First."):
        (tmp_path / "test.yml").write_text(greeting(text))
        with serving(tmp_path) as served:
            assert greets(served) == text
            assert served.end() == 0
