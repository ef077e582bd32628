"""Calls as each wire wants them: what is sent, what is renamed, and what is left out. Pure: nothing is sent."""

import json
from typing import Any, Literal

import pytest
from msgspec import structs

from parlour.domain.app import Model
from parlour.ports.models import Call, Image, Line, Tool, ToolCall
from parlour.providers.anthropic_request import body
from parlour.providers.contexts import known_context
from parlour.providers.failures import Failure
from parlour.providers.openai_request import OpenAIQuestion
from tests.providers.fake_provider import Json

PNG = "data:image/png;base64,AAAA"
ADD = Tool("add", "Adds.", {"type": "object", "properties": {}})
TALK = (
    Line("system", "Be kind."),
    Line("user", "See:", images=(Image(PNG, "low"), Image("http://x/y.png"))),
    Line("assistant", "", tool_calls=(ToolCall("c1", "add", '{"a":1}'), ToolCall("c2", "add", "broken"))),
    Line("tool", "1", tool_call_id="c1"),
    Line("tool", "2", tool_call_id="c2"),
    Line("user", "Thanks."),
)


def on_openai(call: Call, refused: set[str] | None = None) -> Json:
    return json.loads(OpenAIQuestion(call, "http://p/v1", refused or set()).body())


def with_parameters(**parameters: object) -> Call:
    return Call(Model("p", "m", parameters=parameters), (Line("user", "q"),))


def test_a_talk_with_pictures_and_tools_on_the_chat_wire() -> None:
    sent = on_openai(Call(Model("p", "m", stop=("1", "2", "3", "4", "5")), TALK, (ADD,)))
    function = {"name": "add", "description": "Adds.", "parameters": ADD.parameters}
    calls = [("c1", '{"a":1}'), ("c2", "broken")]
    assert sent == {
        "model": "m",
        "stream": True,
        "stream_options": {"include_usage": True},
        "stop": ["1", "2", "3", "4"],
        "tools": [{"type": "function", "function": function}],
        "messages": [
            {"role": "system", "content": "Be kind."},
            {
                "role": "user",
                "content": [
                    {"type": "image_url", "image_url": {"url": PNG, "detail": "low"}},
                    {"type": "image_url", "image_url": {"url": "http://x/y.png", "detail": "high"}},
                    {"type": "text", "text": "See:"},
                ],
            },
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [
                    {"id": name, "type": "function", "function": {"name": "add", "arguments": text}}
                    for name, text in calls
                ],
            },
            {"role": "tool", "tool_call_id": "c1", "content": "1"},
            {"role": "tool", "tool_call_id": "c2", "content": "2"},
            {"role": "user", "content": "Thanks."},
        ],
    }


def test_a_talk_with_pictures_and_tools_on_the_messages_wire() -> None:
    sent = json.loads(body(Call(Model("p", "m", stop=("\n", "END")), TALK, (ADD,))))
    assert sent == {
        "model": "m",
        "stream": True,
        "max_tokens": 4096,
        "system": "Be kind.",
        "stop_sequences": ["END"],
        "tools": [{"name": "add", "description": "Adds.", "input_schema": ADD.parameters}],
        "messages": [
            {
                "role": "user",
                "content": [
                    {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}},
                    {"type": "image", "source": {"type": "url", "url": "http://x/y.png"}},
                    {"type": "text", "text": "See:"},
                ],
            },
            {
                "role": "assistant",
                "content": [
                    {"type": "tool_use", "id": "c1", "name": "add", "input": {"a": 1}},
                    {"type": "tool_use", "id": "c2", "name": "add", "input": {}},
                ],
            },
            {
                "role": "user",
                "content": [
                    {"type": "tool_result", "tool_use_id": "c1", "content": "1"},
                    {"type": "tool_result", "tool_use_id": "c2", "content": "2"},
                    {"type": "text", "text": "Thanks."},
                ],
            },
        ],
    }


def test_a_completion_model_gets_a_text() -> None:
    call = Call(Model("p", "m", mode="completion"), (Line("user", "Once upon"),))
    sent = on_openai(call)
    assert sent["prompt"] == "Once upon"
    assert "messages" not in sent
    assert OpenAIQuestion(call, "http://p/v1", set()).url == "http://p/v1/completions"


def test_parameters_are_kept_unless_the_call_decides_them_or_they_are_no_value() -> None:
    sent = on_openai(
        with_parameters(
            temperature=0.2,
            top_p=1,
            seed=0,
            enable_thinking=False,
            n=5,
            stream=False,
            messages="x",
            empty=None,
            pairs=[1],
            logit_bias={"1": 2},
        )
    )
    expected = {"temperature": 0.2, "top_p": 1, "seed": 0, "enable_thinking": False, "logit_bias": {"1": 2}}
    assert {name: sent[name] for name in expected} == expected
    assert sent["stream"] is True
    assert not {"n", "empty", "pairs"} & sent.keys()
    assert isinstance(sent["messages"], list)


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ({"response_format": "text"}, None),
        ({"response_format": "json_object"}, {"type": "json_object"}),
        ({"response_format": {"type": "json_object"}}, {"type": "json_object"}),
        (
            {"response_format": "json_schema", "json_schema": '{"type": "object"}'},
            {"type": "json_schema", "json_schema": {"name": "answer", "schema": {"type": "object"}}},
        ),
        (
            {"response_format": "json_schema", "json_schema": {"name": "x", "schema": {}}},
            {"type": "json_schema", "json_schema": {"name": "x", "schema": {}}},
        ),
        ({"response_format": "json_schema", "json_schema": "broken"}, None),
        ({"json_schema": "{}"}, None),
    ],
)
def test_the_word_for_a_format_becomes_a_format(given: Json, sent: Json | None) -> None:
    made = on_openai(with_parameters(**given))
    assert made.get("response_format") == sent
    assert "json_schema" not in made


@pytest.mark.parametrize(("name", "field"), [("gpt-4o", "max_tokens"), ("gpt-5-mini", "max_completion_tokens")])
def test_newer_models_have_another_word_for_the_limit(name: str, field: str) -> None:
    sent = on_openai(Call(Model("p", name, parameters={"max_tokens": 9}), (Line("user", "q"),)))
    assert {key: value for key, value in sent.items() if key.startswith("max")} == {field: 9}


def test_a_model_that_refuses_the_limit_is_told_it_in_the_other_word() -> None:
    refused = set[str]()
    question = OpenAIQuestion(with_parameters(max_tokens=9), "http://p", refused)
    failure = Failure(400, "Use max_completion_tokens.", frozenset({"unsupported_parameter"}), "max_tokens")
    assert question.adapt(failure)
    assert not question.adapt(failure)
    assert json.loads(question.body())["max_completion_tokens"] == 9
    assert "max_tokens" not in json.loads(question.body())


def test_a_refusal_that_names_no_option_is_not_adapted_to() -> None:
    question = OpenAIQuestion(with_parameters(temperature=9), "http://p", set())
    assert not question.adapt(Failure(400, "temperature must be at most 2", frozenset({"invalid_value"})))
    assert not question.adapt(Failure(500, "stream_options"))


@pytest.mark.parametrize(
    "failure",
    [
        Failure(400, "Unrecognized request argument supplied: enable_thinking", frozenset({"invalid_request_error"})),
        Failure(400, "Unknown parameter: 'enable_thinking'.", frozenset({"unknown_parameter"}), "enable_thinking"),
        Failure(422, "body.enable_thinking: Extra inputs are not permitted"),
    ],
)
def test_a_parameter_of_another_provider_is_left_out_once_it_is_refused_as_unknown(failure: Failure) -> None:
    question = OpenAIQuestion(with_parameters(enable_thinking=False, temperature=1), "http://p", set())
    assert json.loads(question.body())["enable_thinking"] is False
    assert question.adapt(failure)
    sent = json.loads(question.body())
    assert "enable_thinking" not in sent
    assert sent["temperature"] == 1


SHAPE: Json = {
    "type": "object",
    "properties": {
        "city": {"type": "string"},
        "houses": {"type": "array", "items": {"type": "object", "properties": {"n": {"type": "integer"}}}},
    },
    "required": ["city"],
}
STRICT: Json = {
    "type": "object",
    "properties": {
        "city": {"type": "string"},
        "houses": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"n": {"type": "integer"}},
                "required": ["n"],
                "additionalProperties": False,
            },
        },
    },
    "required": ["city", "houses"],
    "additionalProperties": False,
}


def shaped(name: str, *lines: Line, schema: Json = SHAPE, mode: Literal["chat", "completion"] = "chat") -> Call:
    return Call(Model("p", name, mode), lines or (Line("user", "q"),), schema=schema)


def test_a_model_that_can_be_held_to_a_schema_is() -> None:
    sent: dict[str, Any] = on_openai(shaped("gpt-4o-mini"))
    assert sent["response_format"] == {
        "type": "json_schema",
        "json_schema": {"name": "answer", "schema": STRICT, "strict": True},
    }
    assert sent["messages"] == [{"role": "user", "content": "q"}]


def test_an_object_that_takes_any_member_is_not_closed() -> None:
    schema: Json = {"type": "object", "properties": {"more": {"type": "object"}}}
    sent: dict[str, Any] = on_openai(shaped("gpt-4o-mini", schema=schema))
    assert sent["response_format"]["json_schema"] == {"name": "answer", "schema": schema}


@pytest.mark.parametrize("name", ["deepseek-chat", "gpt-4o-2024-05-13", "o1-preview", "gpt-3.5-turbo"])
def test_every_other_model_is_told_of_the_schema_before_its_instruction(name: str) -> None:
    sent: dict[str, Any] = on_openai(shaped(name, Line("system", "Be kind."), Line("user", "q")))
    assert "response_format" not in sent
    first, second = sent["messages"]
    assert first["role"] == "system"
    assert first["content"].endswith(json.dumps(SHAPE, separators=(",", ":")) + "\n\nBe kind.")
    assert second == {"role": "user", "content": "q"}


def test_a_completion_model_is_told_of_the_schema_before_its_prompt() -> None:
    sent: dict[str, Any] = on_openai(shaped("gpt-4o-mini", mode="completion"))
    assert sent["prompt"].endswith("}\nq")
    assert "JSON Schema" in sent["prompt"]


def test_a_model_whose_server_refuses_the_schema_is_told_of_it() -> None:
    refused = set[str]()
    question = OpenAIQuestion(shaped("gpt-4o-mini"), "http://p", refused)
    assert question.adapt(Failure(400, "This response_format type is unavailable now"))
    assert not question.adapt(Failure(400, "This response_format type is unavailable now"))
    sent: dict[str, Any] = json.loads(question.body())
    assert "response_format" not in sent
    assert sent["messages"][0]["role"] == "system"
    assert "response_format" in on_openai(with_parameters(response_format="json_object"), refused)


def test_a_schema_is_told_on_the_messages_wire() -> None:
    sent: dict[str, Any] = json.loads(body(shaped("claude", Line("system", "Be kind."), Line("user", "q"))))
    assert sent["system"].endswith("Be kind.")
    assert '"city"' in sent["system"]
    assert not {"response_format", "json_schema"} & sent.keys()


def test_only_parameters_that_the_messages_wire_knows_are_sent() -> None:
    sent = json.loads(body(with_parameters(temperature=1.7, top_p=0.5, presence_penalty=1, max_tokens=7, top_k=None)))
    assert sent["temperature"] == 1
    assert sent["max_tokens"] == 7
    assert not {"top_p", "top_k", "presence_penalty"} & sent.keys()


def test_thinking_has_a_budget_within_the_limit() -> None:
    sent = json.loads(body(with_parameters(thinking=True, thinking_budget=2000, max_tokens=100, temperature=1)))
    assert sent["thinking"] == {"type": "enabled", "budget_tokens": 2000}
    assert sent["max_tokens"] > 2000
    assert "temperature" not in sent


def test_an_instruction_alone_is_a_question() -> None:
    sent = json.loads(body(Call(Model("p", "m"), (Line("system", "Say hello."),))))
    assert sent["messages"] == [{"role": "user", "content": [{"type": "text", "text": "Say hello."}]}]
    assert "system" not in sent


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("gpt-4o-mini", 128_000),
        ("openai/gpt-4", 8_192),
        ("gpt-4.1", 1_047_576),
        ("o3", 200_000),
        ("claude-sonnet-4-5", 200_000),
        ("my-own", None),
    ],
)
def test_well_known_windows_are_known(name: str, size: int | None) -> None:
    assert known_context(name) == size


def test_earlier_calls_are_explained_on_the_messages_wire_where_no_tool_may_be_asked_for_any_more() -> None:
    sent = json.loads(body(Call(Model("p", "m"), TALK)))
    assert sent["tools"] == [{"name": "add", "description": "", "input_schema": {"type": "object"}}]
    assert sent["tool_choice"] == {"type": "none"}
    assert "tools" not in json.loads(body(with_parameters()))
    assert "tools" not in on_openai(Call(Model("p", "m"), TALK))


THOUGHT = '{"type":"thinking","thinking":"Hm.","signature":"s"}'
SECRET_THOUGHT = '{"type":"redacted_thinking","data":"x"}'
ASKED = Line("assistant", "Look.", tool_calls=(ToolCall("c1", "add", "{}"),))
SEEN = Line("tool", "1", tool_call_id="c1")


def thinking(*lines: Line) -> Json:
    return json.loads(body(Call(Model("p", "m", parameters={"thinking": True}), lines)))


def test_thoughts_stand_before_what_was_said_and_asked_after_them() -> None:
    asked = structs.replace(ASKED, sealed=(THOUGHT, SECRET_THOUGHT))
    sent: dict[str, Any] = thinking(Line("user", "q"), asked, SEEN)
    assert sent["thinking"]["type"] == "enabled"
    assert sent["messages"][1]["content"] == [
        json.loads(THOUGHT),
        json.loads(SECRET_THOUGHT),
        {"type": "text", "text": "Look."},
        {"type": "tool_use", "id": "c1", "name": "add", "input": {}},
    ]
    assert "Hm." not in str(on_openai(Call(Model("p", "m"), (Line("user", "q"), asked, SEEN))))


def test_results_of_calls_whose_thoughts_are_gone_are_gone_on_with_without_thinking() -> None:
    assert "thinking" not in thinking(Line("user", "q"), ASKED, SEEN)
    assert "thinking" not in thinking(Line("user", "q"), ASKED, SEEN, Line("user", "and?"))
    assert "thinking" in thinking(Line("user", "q"), ASKED, SEEN, Line("assistant", "1."), Line("user", "and?"))
