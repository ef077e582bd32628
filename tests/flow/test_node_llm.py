"""The node `llm`: what the model is asked, and what is made of its answer (dsl.md 6.4, 11.9, 11.10)."""

from typing import Any, ClassVar

import pytest

from parlour.domain.events import ModelCalled, ModelFinished, ReasoningDelta
from parlour.domain.files import File
from parlour.domain.problems import CompletionRequestFailed, FileNotFound
from parlour.flow.node import Chunk, NodeFailed
from parlour.ports.models import Image
from parlour.providers.scripted import Script, Scripted
from tests.flow.model_samples import LETTER, MODEL, PICTURE, Answered, ask

pytestmark = pytest.mark.anyio

UPLOAD = File("image", "local_file", "b.jpg", ".jpg", "application/octet-stream", related_id="picture")
FOUND = [
    {"content": "Ada wrote it.", "summary": "Who", "metadata": {"_source": "knowledge", "document_id": "d"}},
    {"content": "{{#env.KEY#}} #histories#", "metadata": {"_source": "elsewhere"}},
]
WANTED = {"enabled": True, "variable_selector": ["search", "result"]}
SEEN = {"enabled": True}
CHOICE: dict[str, object] = {**MODEL, "mode": "completion"}
PREFIX = {"role_prefix": {"user": "Human", "assistant": "Bot"}}
SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "age": {"type": "integer"}},
    "required": ["city"],
}
HISTORY = [(f"question {n}", f"answer {n}") for n in (1, 2, 3)]


def said(role: str, text: str, **more: object) -> dict[str, object]:
    return {"role": role, "text": text, **more}


async def llm(*messages: dict[str, object], script: dict[str, Any] | None = None, **more: Any) -> Answered:
    values, history, model = more.pop("values", None), more.pop("history", ()), more.pop("model", None)
    data: dict[str, Any] = {"prompt_template": list(messages) or [said("user", "Hello")], **more}
    return await ask("llm", data, script or {"say": ["Fine"]}, values=values, history=history, model=model)


class TestPrompt:
    async def test_messages_come_in_their_order_with_their_references_filled_in(self) -> None:
        asked = await llm(
            said("system", "Be {{#start.tone#}}."),
            said("user", "{{#sys.query#}}"),
            values={"start": {"tone": "kind"}, "sys": {"query": "why?"}},
        )

        assert asked.lines == [("system", "Be kind."), ("user", "why?")]

    async def test_a_message_that_is_empty_in_the_end_is_left_out(self) -> None:
        asked = await llm(said("system", "{{#start.tone#}}"), said("user", "go"), values={"start": {"tone": None}})

        assert asked.lines == [("user", "go")]

    async def test_a_jinja_message_sees_native_objects_and_null_for_what_is_missing(self) -> None:
        asked = await llm(
            said("user", "unused {{#no.where#}}", edition_type="jinja2", jinja2_text="{{ rows[1].name }}{{ gone }}."),
            prompt_config={
                "jinja2_variables": [
                    {"variable": "rows", "value_selector": ["code", "rows"]},
                    {"variable": "gone", "value_selector": ["no", "where"]},
                ]
            },
            values={"code": {"rows": [{"name": "a"}, {"name": "b"}]}},
        )

        assert asked.lines == [("user", "bNone.")]

    async def test_a_reference_to_nothing_fails_before_the_model_is_asked(self) -> None:
        with pytest.raises(NodeFailed, match=r"Title: Variable no\.where not found") as failed:
            await llm(said("user", "{{#no.where#}}"))

        assert failed.value.kind == "VariableNotFoundError"

    async def test_a_prompt_of_which_nothing_is_left_fails(self) -> None:
        with pytest.raises(NodeFailed, match="No prompt"):
            await llm(said("user", ""))

    async def test_a_node_without_a_model_fails(self) -> None:
        with pytest.raises(NodeFailed, match="No model"):
            await ask("llm", {"model": {"provider": "", "name": ""}})


class TestContext:
    FOUND: ClassVar[Any] = [
        {"content": "Ada wrote it.", "summary": "Who", "metadata": {"_source": "knowledge", "document_id": "d"}},
        {"content": "{{#env.KEY#}} #histories#", "metadata": {"_source": "elsewhere"}},
    ]
    WANTED: ClassVar[Any] = {"enabled": True, "variable_selector": ["search", "result"]}

    async def test_it_stands_where_its_place_is_and_nothing_in_it_is_expanded(self) -> None:
        asked = await llm(
            said("system", "Know: {{#context#}}"),
            context=WANTED,
            values={"search": {"result": FOUND}, "env": {"KEY": "secret"}},
        )

        assert asked.lines == [("system", "Know: Who\nAda wrote it.\n{{#env.KEY#}} #histories#")]

    async def test_without_a_place_it_is_not_shown_but_cited(self) -> None:
        asked = await llm(context=WANTED, values={"search": {"result": FOUND}})

        assert asked.lines == [("user", "Hello")]
        assert [(cited.position, cited.document_id) for cited in asked.scope.course.citations] == [(1, "d")]

    @pytest.mark.parametrize(
        ("value", "text"), [("as it is ", "as it is "), (["a", "b"], "a\nb"), (5, ""), (None, ""), ([], "")]
    )
    async def test_every_kind_of_value_has_its_text(self, value: object, text: str) -> None:
        asked = await llm(said("user", "[{{#context#}}]"), context=WANTED, values={"search": {"result": value}})

        assert asked.lines == [("user", f"[{text}]")]

    async def test_a_missing_one_is_empty(self) -> None:
        asked = await llm(said("user", "[{{#context#}}]"), context=WANTED)

        assert asked.lines == [("user", "[]")]

    async def test_an_object_without_content_is_a_failure(self) -> None:
        with pytest.raises(NodeFailed, match="no content"):
            await llm(context=WANTED, values={"search": {"result": [{"text": "?"}]}})


class TestMemory:
    async def test_the_past_stands_before_the_question(self) -> None:
        asked = await llm(said("system", "Be kind."), memory={}, history=HISTORY[:1])

        assert asked.lines == [
            ("system", "Be kind."),
            ("user", "question 1"),
            ("assistant", "answer 1"),
            ("user", "hi"),
        ]

    @pytest.mark.parametrize(("size", "turns"), [(1, 0), (2, 1), (3, 2), (50, 3), (0, 3), (None, 3)])
    async def test_a_window_of_n_shows_one_turn_less(self, size: int | None, turns: int) -> None:
        asked = await llm(memory={"window": {"enabled": True, "size": size}}, history=HISTORY)

        assert len(asked.lines) == 1 + 2 * turns + 1

    async def test_a_window_that_is_off_shows_everything(self) -> None:
        asked = await llm(memory={"window": {"enabled": False, "size": 2}}, history=HISTORY)

        assert len(asked.lines) == 1 + 6 + 1

    async def test_without_memory_neither_past_nor_question_is_added(self) -> None:
        assert (await llm(history=HISTORY)).lines == [("user", "Hello")]

    async def test_the_question_has_a_template_of_its_own_and_its_text_is_not_expanded_again(self) -> None:
        asked = await llm(
            memory={"query_prompt_template": "Q: {{#sys.query#}}"},
            values={"sys": {"query": "{{#env.KEY#}}"}, "env": {"KEY": "secret"}},
        )

        assert asked.lines[-1] == ("user", "Q: {{#env.KEY#}}")

    async def test_a_template_that_refers_to_nothing_fails(self) -> None:
        with pytest.raises(NodeFailed, match=r"Variable a\.b not found"):
            await llm(memory={"query_prompt_template": "{{#a.b#}}"})

    async def test_pictures_that_the_template_refers_to_follow_the_question_and_are_shown_once(self) -> None:
        asked = await llm(
            memory={"query_prompt_template": "{{#sys.query#}} {{#sys.files#}}"},
            vision=SEEN,
            values={"sys": {"query": "hi", "files": [PICTURE]}},
        )

        assert asked.lines == [("user", "Hello"), ("user", "hi "), ("user", "")]
        assert [line.images for line in asked.calls[0].lines] == [(), (), (Image(PICTURE.url),)]

    async def test_no_question_is_added_where_there_is_none(self) -> None:
        assert (await llm(memory={}, values={"start": {}})).lines == [("user", "Hello")]

    async def test_single_messages_go_from_the_oldest_end_where_the_past_is_too_long(self) -> None:
        # a word is a token and each line weighs four more: three lines of six fit beside an answer of at most 80
        choice = {**MODEL, "completion_params": {"max_tokens": 80}}
        asked = await ask(
            "llm",
            {"model": choice, "prompt_template": [said("user", "long " * 500)], "memory": {}},
            history=[(f"question {n} " + "é" * 200, f"answer {n} " + "é" * 200) for n in (1, 2)],
            model=Scripted(Script(), context=80 + 21),
        )

        assert [text.split(" é")[0] for _, text in asked.lines[1:-1]] == ["answer 1", "question 2", "answer 2"]


class TestVision:
    SEEN: ClassVar[Any] = {"enabled": True}

    async def test_pictures_stand_with_the_last_message_of_the_user(self) -> None:
        asked = await llm(vision=SEEN, values={"sys": {"files": [PICTURE, UPLOAD, LETTER]}})

        (line,) = asked.calls[0].lines
        assert line.text == "Hello"
        assert line.images == (Image(PICTURE.url), Image("data:image/jpeg;base64,cG5n"))

    async def test_they_have_a_message_of_their_own_where_the_last_one_is_not_the_users(self) -> None:
        asked = await llm(
            said("system", "Look."),
            vision={"enabled": True, "configs": {"variable_selector": ["start", "it"], "detail": "low"}},
            values={"start": {"it": PICTURE}},
        )

        assert asked.lines == [("system", "Look."), ("user", "")]
        assert asked.calls[0].lines[1].images == (Image(PICTURE.url, "low"),)

    @pytest.mark.parametrize("value", [None, []])
    async def test_no_files_are_no_failure(self, value: object) -> None:
        asked = await llm(vision=SEEN, values={"sys": {"files": value}})

        assert asked.calls[0].lines[0].images == ()

    @pytest.mark.parametrize("value", ["text", ["text"], [PICTURE, "text"], {"a": 1}])
    async def test_something_else_than_files_is_a_failure(self, value: object) -> None:
        with pytest.raises(NodeFailed, match=r"sys\.files holds no files"):
            await llm(vision=SEEN, values={"sys": {"files": value}})

    async def test_a_file_in_a_reference_becomes_a_message_behind_its_own(self) -> None:
        asked = await llm(said("user", "See {{#start.it#}}"), said("user", "Now"), values={"start": {"it": [PICTURE]}})

        assert asked.lines == [("user", "See "), ("user", ""), ("user", "Now")]
        assert asked.calls[0].lines[1].images == (Image(PICTURE.url),)

    async def test_files_of_the_context_are_seen_too(self) -> None:
        found = [{"content": "a", "files": [PICTURE]}]
        asked = await llm(vision=SEEN, context=WANTED, values={"search": {"result": found}})

        assert asked.calls[0].lines[0].images == (Image(PICTURE.url),)

    async def test_an_upload_that_is_not_the_users_is_a_failure(self) -> None:
        other = File("image", "local_file", related_id="other")
        with pytest.raises((FileNotFound, KeyError)):
            await llm(vision=SEEN, values={"sys": {"files": [other]}})


class TestCompletion:
    CHOICE: ClassVar[Any] = {**MODEL, "mode": "completion"}
    PREFIX: ClassVar[Any] = {"role_prefix": {"user": "Human", "assistant": "Bot"}}

    async def complete(self, text: str, **more: Any) -> Answered:
        values, history = more.pop("values", {"sys": {"query": "hi"}}), more.pop("history", ())
        data: dict[str, Any] = {
            "model": CHOICE,
            "prompt_template": {"text": text, **more.pop("template", {})},
            **more,
        }
        return await ask("llm", data, {"say": ["Fine"]}, values=values, history=history)

    async def test_the_past_and_the_question_stand_in_their_places(self) -> None:
        asked = await self.complete("#histories#\nQ: #sys.query#", memory=PREFIX, history=HISTORY[:1])

        assert asked.lines == [("user", "Human: question 1\nBot: answer 1\nQ: hi")]
        assert asked.calls[0].model.mode == "completion"

    async def test_the_past_without_a_place_stands_before_the_prompt(self) -> None:
        asked = await self.complete("Go on.", memory=PREFIX, history=HISTORY[:1])

        assert asked.lines == [("user", "Human: question 1\nBot: answer 1\nGo on.")]

    async def test_what_a_user_writes_is_no_place(self) -> None:
        asked = await self.complete("Q: {{#sys.query#}}", memory=PREFIX, values={"sys": {"query": "#histories#"}})

        assert asked.lines == [("user", "Q: #histories#")]

    async def test_a_past_without_prefixes_is_a_failure(self) -> None:
        with pytest.raises(NodeFailed, match="role prefix"):
            await self.complete("x", memory={}, history=HISTORY[:1])

    async def test_jinja_knows_the_places_too_and_does_not_run_what_stands_there(self) -> None:
        template = {"edition_type": "jinja2", "jinja2_text": "#histories#|#sys.query#|{{ 1 + 1 }}"}
        past = [("{{ 7 * 7 }}", "{% if %}")]
        asked = await self.complete("", template=template, memory=PREFIX, history=past)

        assert asked.lines == [("user", "Human: {{ 7 * 7 }}\nBot: {% if %}|hi|2")]


class TestParameters:
    async def test_stop_words_are_passed_apart_and_references_become_values(self) -> None:
        params = {"stop": ["END"], "temperature": "{{#start.heat#}}", "tone": "{{#start.tone#}}!", "fixed": "0.5"}
        asked = await ask(
            "llm",
            {"model": {**MODEL, "completion_params": params}, "prompt_template": [said("user", "x")]},
            values={"start": {"heat": 0.5, "tone": "x" * 2000}},
        )

        model = asked.calls[0].model
        assert model.stop == ("END",)
        assert model.parameters == {"temperature": 0.5, "tone": "x" * 1024, "fixed": "0.5"}


class TestAnswer:
    async def test_its_text_is_streamed_and_ends_in_an_empty_piece(self) -> None:
        asked = await llm(script={"say": ["Hel", "lo"]})

        assert asked.streamed == ["Hel", "lo", ""]
        assert [item.selector for item in asked.said if isinstance(item, Chunk)] == [("n", "text")] * 3

    async def test_what_it_puts_out_and_tells_of_its_costs(self) -> None:
        asked = await llm(
            script={"say": ["Hello"], "usage": {"prompt_tokens": 41, "completion_tokens": 6}, "finish": "length"}
        )

        usage = asked.outputs.pop("usage")
        assert asked.outputs == {"text": "Hello", "reasoning_content": "", "finish_reason": "length", "files": []}
        assert isinstance(usage, dict)
        assert usage == {
            "prompt_tokens": 41,
            "prompt_unit_price": "0.15",
            "prompt_price_unit": "0.000001",
            "prompt_price": "0.00000615",
            "completion_tokens": 6,
            "completion_unit_price": "0.60",
            "completion_price_unit": "0.000001",
            "completion_price": "0.0000036",
            "total_tokens": 47,
            "total_price": "0.00000975",
            "currency": "USD",
            "latency": 2.0,
            "time_to_first_token": 1.0,
            "time_to_generate": 1.0,
        }
        assert asked.result.metadata == {"total_tokens": 47, "total_price": "0.00000975", "currency": "USD"}
        assert asked.result.kinds == {"files": "array[file]"}

    async def test_the_call_can_be_accounted_for(self) -> None:
        asked = await llm()

        kinds = [type(item) for item in asked.said if not isinstance(item, Chunk)]
        assert kinds == [ModelCalled, ModelFinished]

    async def test_its_event_shows_what_went_in_and_what_was_asked(self) -> None:
        asked = await llm(said("user", "{{#sys.query#}}"))

        assert asked.scope.inputs == {"#sys.query#": "hi"}
        assert asked.scope.process is not None
        assert asked.scope.process["prompts"] == [{"role": "user", "text": "hi", "images": 0}]

    async def test_a_model_that_fails_fails_the_node_with_the_providers_words(self) -> None:
        with pytest.raises(CompletionRequestFailed, match="broken"):
            await llm(script={"say": ["a", "b"], "error": {"message": "broken", "after": 1}})


class TestReasoning:
    async def test_tagged_thoughts_stay_in_the_text(self) -> None:
        asked = await llm(script={"think": ["Hm."], "say": ["Yes"]}, reasoning_format="tagged")

        assert asked.outputs["text"] == "<think>\nHm.\n</think>Yes"
        assert asked.outputs["reasoning_content"] == ""
        assert "".join(asked.streamed) == asked.outputs["text"]

    async def test_separated_thoughts_go_their_own_way_before_the_text(self) -> None:
        asked = await llm(
            script={"say": ["<thi", 'nk a="b">Hm', ", well.</THI", "NK>\n\n\n\nYes", ".\n \n\nNo. ", "\n"]},
            reasoning_format="separated",
        )

        assert [item for item in asked.said if isinstance(item, ReasoningDelta)] == [
            ReasoningDelta("Hm", "n"),
            ReasoningDelta(", well.", "n"),
            ReasoningDelta("", "n", final=True),
        ]
        assert asked.outputs["text"] == "Yes.\n\nNo."
        assert asked.outputs["reasoning_content"] == "Hm, well."
        assert "".join(asked.streamed) == asked.outputs["text"]
        assert [type(item) for item in asked.said if isinstance(item, Chunk | ReasoningDelta)][:3] == [
            ReasoningDelta
        ] * 3

    async def test_thoughts_that_the_provider_keeps_apart_are_separated_too(self) -> None:
        asked = await llm(script={"think": ["One. ", "Two."], "say": ["Yes"]}, reasoning_format="separated")

        assert asked.outputs["reasoning_content"] == "One. Two."
        assert asked.outputs["text"] == "Yes"
        finals = [item.final for item in asked.said if isinstance(item, ReasoningDelta)]
        assert finals == [False, False, True]

    async def test_several_thoughts_are_joined_and_an_open_one_is_a_thought(self) -> None:
        asked = await llm(script={"say": ["<think>a</think>x<think>b"]}, reasoning_format="separated")

        assert (asked.outputs["text"], asked.outputs["reasoning_content"]) == ("x", "a\nb")


class TestStructuredOutput:
    SCHEMA: ClassVar[Any] = {
        "type": "object",
        "properties": {"city": {"type": "string"}, "age": {"type": "integer"}},
        "required": ["city"],
    }

    async def shaped(self, *say: str, switch: str = "structured_output_enabled", **more: Any) -> Answered:
        schema = more.pop("schema", SCHEMA)
        return await llm(script={"say": list(say)}, structured_output={"schema": schema}, **{switch: True}, **more)

    @pytest.mark.parametrize(
        "text",
        [
            '{"city": "Rome"}',
            '```json\n{"city": "Rome",}\n```',
            'Here: {"city": "Rome"} as asked',
            '<think>{"city": "Oslo"}</think>{"city": "Rome"}',
            '[{"city": "Rome"}, {"city": "Oslo"}]',
            '{"city": "Rome"',
        ],
    )
    async def test_the_object_is_found_however_it_is_wrapped(self, text: str) -> None:
        asked = await self.shaped(text)

        assert asked.outputs["structured_output"] == {"city": "Rome"}
        assert asked.outputs["text"] == text
        assert asked.calls[0].schema == SCHEMA

    @pytest.mark.parametrize(
        ("text", "why"),
        [
            ("Rome", "no JSON object"),
            ("", "no JSON object"),
            ("[1, 2]", "no JSON object"),
            ('{"age": 3}', "city"),
            ('{"city": "Rome", "age": "old"}', "at age"),
        ],
    )
    async def test_an_answer_out_of_shape_is_a_failure_that_says_why(self, text: str, why: str) -> None:
        with pytest.raises(NodeFailed, match=f"Failed to parse structured output: .*{why}"):
            await self.shaped(text)

    async def test_the_newest_name_of_the_switch_counts_too(self) -> None:
        asked = await self.shaped('{"city": "Rome"}', switch="structured_output_switch_on")

        assert asked.outputs["structured_output"] == {"city": "Rome"}

    async def test_a_schema_that_points_elsewhere_fetches_nothing(self) -> None:
        with pytest.raises(NodeFailed, match="schema cannot be used"):
            await self.shaped('{"city": "Rome"}', schema={"$ref": "http://127.0.0.1:1/schema.json"})

    async def test_without_the_switch_there_is_no_such_output(self) -> None:
        asked = await llm(structured_output={"schema": SCHEMA})

        assert "structured_output" not in asked.outputs
        assert asked.calls[0].schema is None
