"""JSON as models write it, mended; and what no library can make anything of."""

import pytest

from parlour.llm.mending import read


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('{"a": [1, 2.5, null]}', {"a": [1, 2.5, None]}),
        ("{'a': 1,}", {"a": 1}),
        ('```json\n{"a": 1}\n```', {"a": 1}),
        ('{"a": "x', {"a": "x"}),
        ("no JSON", ""),
        ('Thought:\']{"```json\n {```"', ""),  # the library that mends stumbles over it
        ("\ud800", ""),
    ],
)
def test_what_a_model_wrote_is_read(text: str, found: object) -> None:
    assert read(text) == found
