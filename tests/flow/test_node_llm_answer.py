"""The node `llm`: how the model is asked, and what is made of its answer (dsl.md 6.4)."""

from typing import Any, ClassVar

import pytest

from parlour.domain.events import ModelCalled, ModelFinished, ReasoningDelta
from parlour.domain.problems import CompletionRequestFailed
from parlour.flow.node import Chunk, NodeFailed
from tests.flow.model_samples import MODEL, Answered, ask, llm, said

pytestmark = pytest.mark.anyio

SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "age": {"type": "integer"}},
    "required": ["city"],
}


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

    async def test_it_is_streamed_as_text_all_the_same(self) -> None:
        asked = await self.shaped('{"city": ', '"Rome"}')

        assert asked.streamed == ['{"city": ', '"Rome"}', ""]

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
