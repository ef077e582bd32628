"""The node `parameter-extractor` (dsl.md 6.16, 11.12)."""

import json
from typing import Any

import msgspec
import pytest

from parlour.domain.events import ModelCalled, ModelFinished
from parlour.domain.graph import Node
from parlour.domain.problems import CompletionRequestFailed
from parlour.flow.nodes import parameter_extractor
from parlour.flow.parameters import Parameter, extracted, first_object
from parlour.ports.models import Image
from tests.flow.model_samples import MODEL, PICTURE, Answered, ask

pytestmark = pytest.mark.anyio

CITY: dict[str, object] = {"name": "city", "type": "string", "description": "Where to", "required": True}
DAYS: dict[str, object] = {"name": "days", "type": "number", "required": False}
TRIP = {"city": "Rome", "days": 3}


async def extract(script: dict[str, Any], *parameters: dict[str, object], **more: Any) -> Answered:
    history, values = more.pop("history", ()), more.pop("values", {"sys": {"query": "to Rome"}})
    data: dict[str, object] = {"query": ["sys", "query"], "parameters": list(parameters) or [CITY, DAYS], **more}
    return await ask("parameter-extractor", data, script, values=values, history=history)


def calling(arguments: object) -> dict[str, Any]:
    return {"tool_calls": [{"name": "extract_parameters", "arguments": arguments}]}


def told(asked: Answered) -> dict[str, object]:
    """The outputs, but for what they took."""
    return {name: value for name, value in asked.outputs.items() if name != "__usage"}


class TestAsking:
    async def test_the_model_gets_one_tool_with_the_schema_of_the_parameters(self) -> None:
        asked = await extract(
            calling(TRIP),
            CITY,
            DAYS,
            {"name": "class", "type": "select", "options": ["1st", "2nd"]},
            {"name": "with", "type": "array[object]"},
            {"name": "back", "type": "bool"},
        )

        (tool,) = asked.calls[0].tools
        assert tool.name == "extract_parameters"
        assert tool.parameters == {
            "type": "object",
            "properties": {
                "city": {"description": "Where to", "type": "string"},
                "days": {"description": "", "type": "number"},
                "class": {"description": "", "type": "string", "enum": ["1st", "2nd"]},
                "with": {"description": "", "type": "array", "items": {"type": "object"}},
                "back": {"description": "", "type": "boolean"},
            },
            "required": ["city"],
        }
        assert [role for role, _ in asked.lines] == ["system", "user"]
        assert "to Rome" in asked.lines[1][1]

    async def test_in_prompt_mode_it_writes_json_after_examples(self) -> None:
        asked = await extract({"say": [f"<json>{json.dumps(TRIP)}</json>"]}, reasoning_mode="prompt")

        assert asked.calls[0].tools == ()
        assert [role for role, _ in asked.lines] == ["system", "user", "assistant", "user", "assistant", "user"]
        assert told(asked) == {**TRIP, "__is_success": 1, "__reason": None}

    async def test_a_completion_model_gets_one_text_and_no_tool(self) -> None:
        asked = await extract({"say": [json.dumps(TRIP)]}, model={**MODEL, "mode": "completion"})

        assert asked.calls[0].tools == ()
        ((_, text),) = asked.lines
        assert text.endswith("\nReply: ")
        assert asked.outputs["city"] == "Rome"

    async def test_instruction_and_past_stand_in_the_task(self) -> None:
        asked = await extract(
            calling(TRIP),
            instruction="Only {{#start.where#}}",
            memory={},
            history=[("q1", "a1")],
            values={"sys": {"query": "x"}, "start": {"where": "{{#sys.query#}}"}},
        )

        assert "Only {{#sys.query#}}" in asked.lines[0][1]
        assert "Human: q1\nAssistant: a1" in asked.lines[0][1]

    async def test_pictures_stand_with_the_text(self) -> None:
        values = {"sys": {"query": "x", "files": [PICTURE]}}
        asked = await extract(calling(TRIP), vision={"enabled": True}, values=values)

        assert asked.calls[0].lines[-1].images == (Image(PICTURE.url),)

    async def test_a_query_that_is_missing_is_empty_and_has_another_name_in_files_written_by_hand(self) -> None:
        asked = await extract(calling(TRIP), query=["no", "where"])
        assert asked.scope.inputs is not None
        assert asked.scope.inputs["query"] == ""

        asked = await extract(calling(TRIP), query=None, query_variable_selector=["sys", "query"])
        assert asked.scope.inputs is not None
        assert asked.scope.inputs["query"] == "to Rome"

    async def test_a_model_that_knows_no_tools_is_asked_again_without(self) -> None:
        said = f"<json>{json.dumps(TRIP)}</json>"
        asked = await ask(
            "parameter-extractor",
            {"query": ["sys", "query"], "parameters": [CITY, DAYS]},
            {"error": {"message": "[ollama] this model does not support tools"}, "once": True},
            {"say": [said]},
        )

        assert [len(call.tools) for call in asked.calls] == [1, 0]
        assert asked.outputs["city"] == "Rome"
        assert asked.outputs["__is_success"] == 1

    async def test_a_model_that_fails_fails_the_node(self) -> None:
        with pytest.raises(CompletionRequestFailed, match="overloaded"):
            await extract({"error": {"message": "overloaded"}})

    async def test_nothing_is_streamed_and_its_costs_are_told(self) -> None:
        asked = await extract({**calling(TRIP), "usage": {"prompt_tokens": 8, "completion_tokens": 2}})

        assert [type(item) for item in asked.said] == [ModelCalled, ModelFinished]
        usage = asked.outputs["__usage"]
        assert isinstance(usage, dict)
        assert usage["total_tokens"] == 10
        assert asked.result.metadata["total_tokens"] == 10


class TestReading:
    async def test_the_call_of_the_tool_counts(self) -> None:
        assert told(await extract(calling(TRIP))) == {**TRIP, "__is_success": 1, "__reason": None}

    async def test_text_counts_where_no_tool_was_called(self) -> None:
        asked = await extract({"say": ['<think>{"city": "Oslo"}</think>Sure: {"city": "Rome", "days": "3"} {"a": 1}']})

        assert told(asked) == {**TRIP, "__is_success": 1, "__reason": None}

    @pytest.mark.parametrize("said", ["no idea", "", '{"city": "Rome"', "[1]"])
    async def test_no_object_is_no_failure_but_defaults_and_a_reason(self, said: str) -> None:
        asked = await extract({"say": [said]})

        reason = asked.outputs["__reason"]
        assert told(asked) == {"city": "", "days": 0, "__is_success": 0, "__reason": reason}
        assert isinstance(reason, str)
        assert "no JSON object" in reason

    async def test_an_empty_list_keeps_its_kind(self) -> None:
        asked = await extract({"say": ["?"]}, {"name": "tags", "type": "array[number]"})

        assert asked.outputs["tags"] == []
        assert asked.result.kinds == {"tags": "array[number]"}


@pytest.mark.parametrize(
    ("type_", "given", "taken"),
    [
        ("string", "a", "a"),
        ("number", 5, 5),
        ("number", "5", 5),
        ("number", "-2.5", -2.5),
        ("boolean", True, True),
        ("bool", "TRUE", True),
        ("boolean", "false", False),
        ("boolean", 1, True),
        ("boolean", 0, False),
        ("select", "x", "x"),
        ("array[string]", ["a", 1, None, "b"], ["a", "b"]),
        ("array[number]", [1, "2", "x", True, 2.5], [1, 2, 2.5]),
        ("array[boolean]", [True, "false", "x", 3], [True, False]),
        ("array[object]", [{"a": 1}, "x", [2]], [{"a": 1}]),
        ("array[string]", [1], []),
    ],
)
def test_what_can_be_taken_for_its_type_is(type_: str, given: object, taken: object) -> None:
    found = extracted((Parameter("p", type_, ("x", "y")),), {"p": given})

    assert found.reason == ""
    assert found.values == {"p": taken}
    assert type(found.values["p"]) is type(taken)


@pytest.mark.parametrize(
    ("type_", "given", "zero"),
    [
        ("string", 5, ""),
        ("string", ["a"], ""),
        ("number", "many", 0),
        ("number", "nan", 0),
        ("number", True, 0),
        ("number", [1], 0),
        ("boolean", "perhaps", False),
        ("boolean", 2, False),
        ("array[string]", "a", []),
        ("array[object]", {"a": 1}, []),
    ],
)
def test_what_cannot_is_its_default_and_a_reason(type_: str, given: object, zero: object) -> None:
    found = extracted((Parameter("p", type_),), {"p": given})

    assert found.values == {"p": zero}
    assert found.reason == f"Invalid parameters: p is no {type_}."


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        ({"city": "Rome"}, "days is missing"),
        ({"days": 3}, "city is missing, and required"),
        ({"city": None, "days": 3}, "city is missing, and required"),
        ({**TRIP, "more": 1}, "not asked for: more"),
        ({"city": "Rome", "days": None}, ""),
    ],
)
def test_too_few_and_too_many_are_reasons(found: dict[str, object], reason: str) -> None:
    parameters = (Parameter("city", required=True), Parameter("days", "number"))
    taken = extracted(parameters, found)

    assert taken.values.keys() == {"city", "days"}
    assert taken.reason == (f"Invalid parameters: {reason}." if reason else "")


def test_a_choice_that_is_not_offered_is_a_reason() -> None:
    taken = extracted((Parameter("p", "select", ("x", "y")),), {"p": "z"})

    assert taken.reason == "Invalid parameters: p is none of x, y."


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('a {b} {"c": {"d": 1}} {"e": 2}', {"c": {"d": 1}}),
        ('{"a": 1', None),
        ('{"a": ' * 3000, None),
        ("{" * 100_000, None),
    ],
)
def test_the_first_complete_object_is_found(text: str, found: object) -> None:
    assert first_object(text) == found


@pytest.mark.parametrize("name", ["__reason", "__is_success"])
def test_a_reserved_name_is_refused_before_anything_runs(name: str) -> None:
    config = msgspec.convert({"parameters": [{"name": name}]}, parameter_extractor.Config)

    (fault,) = parameter_extractor.check(config, Node("n", "parameter-extractor", "", {}))
    assert (fault.level, fault.node_id) == ("refused", "n")
    assert name in fault.what
