"""Texts cut into passages, cleaned, and read as questions with answers."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from parlour.domain.passages import ProcessRule, Segmentation
from parlour.domain.problems import InvalidParam
from parlour.rag.clean import clean
from parlour.rag.questions import pairs
from parlour.rag.split import Piece, cut, split, weight

CUSTOM = ProcessRule("custom", segmentation=Segmentation("\\n\\n", 50))
LONG = " ".join(f"Sentence number {number} says little." for number in range(60))


def test_a_separator_of_the_rule_cuts_wherever_it_stands() -> None:
    assert split("One.\n\nTwo.\nThree.\n\n\n\n。Four", CUSTOM) == [Piece("One."), Piece("Two.\nThree."), Piece("Four")]


def test_what_is_too_long_is_cut_between_sentences() -> None:
    found = split(LONG, CUSTOM)
    assert len(found) > 5
    assert all(weight(one.text) <= 50 for one in found)
    assert all(one.text.startswith("Sentence") and one.text.endswith(".") for one in found)
    assert " ".join(one.text for one in found) == LONG


def test_each_joint_repeats_the_end_of_the_passage_before() -> None:
    rule = structs.replace(CUSTOM, segmentation=Segmentation("\n\n", 60, 20))
    found = [one.text for one in split(LONG, rule)]
    for before, after in pairwise(found):
        shared = after.split(". ")[0]
        assert shared in before
    assert all(weight(one) <= 60 for one in found)


def test_chinese_is_cut_after_its_full_stops() -> None:
    text = "图书馆每天九点开门。" * 20
    found = split(text, CUSTOM)
    assert "".join(one.text for one in found) == text
    assert all(one.text.endswith("。") and weight(one.text) <= 50 for one in found)


def test_a_document_without_a_rule_is_cut_at_five_hundred_tokens_with_overlap() -> None:
    found = split(LONG * 6, ProcessRule())
    assert 450 <= weight(found[0].text) <= 500
    assert found[1].text[:20] in found[0].text


def test_parts_are_cut_within_their_passage() -> None:
    rule = ProcessRule("hierarchical", segmentation=Segmentation("\n\n", 500), parts=Segmentation("\n", 60))
    assert split("a\nb\n\nc", rule) == [Piece("a\nb", ("a", "b")), Piece("c", ("c",))]
    whole = structs.replace(rule, parent="full-doc")
    assert split("a\nb\n\nc", whole) == [Piece("a\nb\n\nc", ("a", "b", "c"))]
    assert split(" \n ", whole) == []


@pytest.mark.parametrize("how", [Segmentation("\n", 49), Segmentation("\n", 4001), Segmentation("\n", 50, 50)])
def test_a_rule_that_cannot_be_kept_is_refused(how: Segmentation) -> None:
    with pytest.raises(InvalidParam):
        split("text", ProcessRule("custom", segmentation=how))


@given(st.text(alphabet="ab 。.\n图书", max_size=600), st.integers(5, 60), st.integers(0, 4))
def test_no_passage_is_too_long_and_nothing_but_gaps_is_lost(text: str, most: int, overlap: int) -> None:
    found = list(cut(text, Segmentation("\n\n", most, overlap)))
    assert all(weight(one) <= most for one in found)
    if not overlap:
        kept = [letter for one in found for letter in one if letter in "ab图书"]
        assert kept == [letter for letter in text if letter in "ab图书"]


@pytest.mark.parametrize(
    ("text", "rule", "cleaned"),
    [
        ("a\x00b\x1fc\ufffe", ProcessRule(remove_extra_spaces=False), "abc"),
        ("<|x|>", ProcessRule(), "<x>"),
        ("a\n\n\n\nb\u3000 c", ProcessRule(), "a\n\nb c"),
        ("a   b", ProcessRule(remove_extra_spaces=False), "a   b"),
        ("see https://a.b/c?d=e, mail x.y@z.org now", ProcessRule(remove_urls_emails=True), "see , mail  now"),
        (
            "[home](https://a.b) and https://a.b",
            ProcessRule(remove_urls_emails=True),
            "[home](https://a.b) and",
        ),
        ("see https://a.b", ProcessRule(), "see https://a.b"),
    ],
)
def test_what_no_reader_sees_is_cleaned_away(text: str, rule: ProcessRule, cleaned: str) -> None:
    assert clean(text, rule) == cleaned


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Q1: Why?\nA1: Because\nit is.\n\nQ2: When?\nA2: Now.", [("Why?", "Because\nit is."), ("When?", "Now.")]),
        ("问：为什么？\n答：因为。", [("为什么？", "因为。")]),
        ("| question | answer |\n| --- | --- |\n| Why? | So, so. |\n| | x |", [("Why?", "So, so.")]),
        ("| Why? | So. | more |\n| --- | --- | --- |", [("Why?", "So.")]),
    ],
)
def test_questions_are_found_with_their_answers(text: str, found: list[tuple[str, str]]) -> None:
    assert pairs(text) == found


@pytest.mark.timeout(10)
@pytest.mark.parametrize("text", ["Q:" + "\n" * 20_000, "\n" * 20_000, "Q: Why?\n" + " \n" * 20_000])
def test_blank_lines_cost_no_more_than_others(text: str) -> None:
    assert pairs(text) == []
