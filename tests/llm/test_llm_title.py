"""A title as a model gives it, made fit to be shown."""

import pytest

from parlour.llm.title import tidy


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ('"Capital of France."', "Capital of France"),
        ("\n\nCapital of France\nIt is Paris.", "Capital of France"),
        ("<think>\nWhat is asked?\n</think>\n\nCapital of France", "Capital of France"),
        ("<think>\nOkay, the user asks about the capital", ""),
        ("x" * 80, "x" * 75 + "..."),
    ],
)
def test_a_title_is_one_line_without_quotes_and_thoughts(said: str, shown: str) -> None:
    assert tidy(said) == shown
