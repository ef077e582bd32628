"""Tools in plain text: what a model is told of them, and its answer told apart into text and action, cut anywhere."""

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from parlour.llm.react_text import Action, Reading, instructed
from parlour.ports.models import Tool

TOOL = Tool("weather", "Tells the weather.", {"type": "object", "properties": {"city": {"type": "string"}}})
ASKED = '```json\n{"action": "weather", "action_input": {"city": "Köln"}}\n```'
WEATHER = Action("weather", {"city": "Köln"})


def read(*pieces: str) -> tuple[str, Action | None]:
    reading = Reading()
    told = "".join(reading.feed(piece) for piece in pieces) + reading.end()
    return told, reading.action


@pytest.mark.parametrize(
    ("text", "told", "action"),
    [
        ("Just an answer.", "Just an answer.", None),
        (f"Thought: I look.\nAction:\n{ASKED}\nObservation: made up", "I look.\n", WEATHER),
        (f"thought: I look.\naction: {ASKED}", "I look.\n", WEATHER),
        ('{"action": "weather", "action_input": {"city": "Köln"}}', "", WEATHER),
        ('I look. {"tool": "weather", "tool_input": {"city": "Köln"}} and on', "I look. ", WEATHER),
        ('[{"action": "a", "action_input": 1}]', '[{"action": "a", "action_input": 1}]'[:1], Action("a", 1)),
        ('```\n[{"action": "a", "action_input": "x"}]\n```', "", Action("a", "x")),
        ('Action:\n```json\n{"action": "a", "action_input": "x"', "", Action("a", "x")),
        ("{a: 1} is a set", "{a: 1} is a set", None),
        ('{"a": 1, "b": 2}', '{"a": 1, "b": 2}', None),
        ('{"action": "a", "action_input": "x", "more": 1}', '{"action": "a", "action_input": "x", "more": 1}', None),
        ("```python\nx = {1: 2}\n```\nThat is it.", "```python\nx = {1: 2}\n```\nThat is it.", None),
        ("Use `code` and ``more``.", "Use `code` and ``more``.", None),
        ("My Thought: stays", "My Thought: stays", None),
        ("one\n\n  Thought: two", "one\n\ntwo", None),
        ("{", "{", None),
        ("", "", None),
    ],
)
def test_an_answer_is_told_apart(text: str, told: str, action: Action | None) -> None:
    assert read(text) == (told, action)
    assert read(*text) == (told, action), "letter by letter"


PARTS = st.sampled_from(
    [*"`{}\n\"' :", "Thought:", "Action:", "\nAction: ", "```json\n", "```", ASKED, '{"a": 1}', "word ", "é漢", "th"]
)


@given(st.lists(PARTS, max_size=12).map("".join), st.data())
@example(f"\n Thought: x\n{ASKED}", None)
def test_wherever_an_answer_is_cut_the_same_is_told(text: str, data: st.DataObject | None) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=6))) if data else [3, 9]
    pieces = [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    assert read(*pieces) == read(text)


def test_what_is_certainly_text_is_told_at_once() -> None:
    reading = Reading()
    assert reading.feed("Thought: I am ") == "I am "
    assert reading.feed("sure.") == "sure."
    assert reading.feed("\nAct") == "\n"
    assert reading.feed("ually") == "Actually"
    assert reading.feed(" {") == " "


@pytest.mark.parametrize(
    ("name", "given_", "final", "text"),
    [
        ("Final Answer", "Yes.", True, "Yes."),
        ("final answer", {"a": "ü"}, True, '{"a":"ü"}'),
        ("weather", {"city": "x"}, False, '{"city":"x"}'),
    ],
)
def test_a_final_answer_is_known_by_its_name(name: str, given_: object, final: object, text: str) -> None:
    action = Action(name, given_)
    assert (action.final, action.text) == (final, text)


def test_a_model_is_told_of_its_tools_and_of_the_instruction_in_one_text() -> None:
    text = instructed("", "Be {{tools}} kind.", [TOOL])
    assert text.startswith("Be {{tools}} kind.\n"), "what an author wrote is not filled again"
    assert json.dumps(TOOL.parameters).replace(" ", "") in text.replace(" ", "")
    assert "(one of: weather)" in text
    assert "no tool can be used" in instructed("", "Be kind.", [])
    own = "{{instruction}}|{{tool_names}}|{{tools}}"
    assert instructed(own, "A", [TOOL]).startswith("A|weather|[")
    assert "no tool can be used" in instructed(own, "A", [])
