"""Thoughts told from text, however the text is cut (contract 4.4.10)."""

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parlour.llm.thoughts import Piece, Thoughts, Tidy, without_thoughts

BLOCK = re.compile(r"<think(?:\s[^<>]{0,200})?>(.*?)(?:</think\s{0,20}>|\Z)", re.IGNORECASE | re.DOTALL)
"""The same, said of a whole text."""
BITS = st.sampled_from(
    [
        *("<think>", "</think>", "<THINK a='b' c>", "</Think \n>", "<thinker>", "<think/>", "<think<think>", "</think"),
        *("<", ">", "<th", "ink>", "</", "think", " ", "\n", "\n\n \n", "a", "héllo", "1 < 2", "<think " + "x" * 199),
    ]
)
TEXTS = st.lists(BITS, max_size=12).map("".join)


def cut(text: str, places: list[int]) -> list[str]:
    at = sorted({0, len(text), *(place % (len(text) + 1) for place in places)})
    return [text[start:end] for start, end in pairwise(at)]


def told(pieces: list[str]) -> list[Piece]:
    thoughts = Thoughts()
    return [item for piece in pieces for item in thoughts.feed(piece)] + thoughts.end()


def joined(pieces: list[Piece]) -> tuple[str, list[str]]:
    """What is said, and each stretch of thoughts."""
    said = "".join(text for thinking, text in pieces if not thinking)
    stretches, going_on = list[str](), list[str]()
    for thinking, text in pieces:
        if thinking and text:
            going_on.append(text)
        elif thinking:
            stretches.append("".join(going_on))
            going_on.clear()
    assert not going_on, "a stretch without an end"
    return said, stretches


@given(text=TEXTS, places=st.lists(st.integers(0, 500), max_size=20))
def test_where_a_text_is_cut_makes_no_difference(text: str, places: list[int]) -> None:
    assert joined(told(cut(text, places))) == (BLOCK.sub("", text), BLOCK.findall(text))


@pytest.mark.parametrize("text", ["a", "1 < 2", "a <b>", "<thinker", "<think<", "</think", "<think " + "x" * 201])
def test_what_cannot_become_a_tag_is_told_at_once(text: str) -> None:
    assert Thoughts().feed(f"{text}.") == [(False, f"{text}.")]


@pytest.mark.parametrize("text", ["<", "<th", "<THINK", "<think a=1"])
def test_what_may_become_a_tag_is_told_at_the_end(text: str) -> None:
    thoughts = Thoughts()
    assert thoughts.feed(f"a{text}") == [(False, "a")]
    assert thoughts.end() == [(False, text)]


@given(text=TEXTS, places=st.lists(st.integers(0, 500), max_size=20))
def test_a_tidy_text_is_the_same_however_it_is_cut(text: str, places: list[int]) -> None:
    tidy = Tidy()
    assert "".join(tidy.feed(piece) for piece in cut(text, places)) == re.sub(r"\n\s*\n", "\n\n", text).strip()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("<think>no</think>yes", "yes"),
        ("a<think>no", "a"),
        ("</think>a", "</think>a"),
        ("a\n\n\n<think>no</think>\n\nb ", "a\n\nb"),
    ],
)
def test_what_is_said_without_the_thoughts(text: str, said: str) -> None:
    assert without_thoughts(text) == said
