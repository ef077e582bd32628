"""The node `question-classifier` (dsl.md 6.6, 11.11)."""

import json
from typing import Any

import pytest

from parlour.domain.events import ModelCalled, ModelFinished
from parlour.flow.node import NodeFailed
from parlour.ports.models import Image
from tests.flow.model_samples import MODEL, PICTURE, Answered, ask

pytestmark = pytest.mark.anyio

CLASSES = [
    {"id": "1", "name": "Delivery"},
    {"id": "2", "name": "Bills of {{#start.firm#}}", "label": "Money"},
    {"id": "3", "name": "Rest"},
]
VALUES = {"sys": {"query": "Where is my bill?"}, "start": {"firm": "Acme"}}


def naming(id_: object, name: str = "?") -> str:
    return json.dumps({"category_id": id_, "category_name": name})


async def classify(said: str, **more: Any) -> Answered:
    history = more.pop("history", ())
    script = {"say": [said], "usage": {"prompt_tokens": 8, "completion_tokens": 2}}
    data: dict[str, object] = {"query_variable_selector": ["sys", "query"], "classes": CLASSES, **more}
    return await ask("question-classifier", data, script, values=VALUES, history=history)


async def test_the_class_that_the_model_names_is_the_way_out() -> None:
    asked = await classify(naming("2"))

    usage = asked.outputs.pop("usage")
    assert asked.outputs == {"class_name": "Bills of Acme", "class_id": "2", "class_label": "Money"}
    assert asked.result.handle == "2"
    assert isinstance(usage, dict)
    assert usage["total_tokens"] == 10
    assert asked.result.metadata["total_tokens"] == 10


async def test_nothing_is_streamed_and_the_call_can_be_accounted_for() -> None:
    asked = await classify(naming("2"))

    assert [type(item) for item in asked.said] == [ModelCalled, ModelFinished]


@pytest.mark.parametrize(
    "said",
    [
        f"```json\n{naming('3')}\n```",
        f"```\n{naming('3')}```",
        f"It is {naming('3')}.",
        f'<think>{{"category_id": "1"}}</think>{naming("3")}',
        naming(3),
    ],
)
async def test_the_name_of_a_class_is_found_however_it_is_wrapped(said: str) -> None:
    assert (await classify(said)).result.handle == "3"


@pytest.mark.parametrize("said", [naming("9"), "{}", '{"category_id": "3"}', '```json\n["3"]\n```', naming(None)])
async def test_an_unknown_class_is_the_first_one(said: str) -> None:
    asked = await classify(said)

    assert (asked.result.handle, asked.outputs["class_name"], asked.outputs["class_label"]) == ("1", "Delivery", "")


@pytest.mark.parametrize("said", ["Bills", "", '{"category_id": "2", "category_name": ', "```json\nno\n```"])
async def test_an_answer_without_json_or_with_broken_json_fails_the_node(said: str) -> None:
    with pytest.raises(NodeFailed, match=r"Title: .*no JSON") as failed:
        await classify(said)

    assert failed.value.kind == "OutputParserError"


async def test_the_model_is_asked_after_examples_with_the_query_the_classes_and_the_instruction() -> None:
    asked = await classify(naming("2"), instruction="For {{#start.firm#}}", instructions="ignored", topics=["x"])

    roles = [role for role, _ in asked.lines]
    assert roles == ["system", "user", "assistant", "user", "assistant", "user"]
    assert json.loads(asked.lines[-1][1]) == {
        "text": "Where is my bill?",
        "categories": [
            {"category_id": "1", "category_name": "Delivery"},
            {"category_id": "2", "category_name": "Bills of Acme"},
            {"category_id": "3", "category_name": "Rest"},
        ],
        "instructions": "For Acme",
    }
    assert "ignored" not in str(asked.lines)
    assert asked.scope.inputs == {"query": "Where is my bill?"}


async def test_with_memory_the_past_stands_in_the_task() -> None:
    past = [("q1", "a1"), ("q2", "a2")]
    asked = await classify(naming("2"), memory={"window": {"enabled": True, "size": 2}}, history=past)

    assert "Human: q2\nAssistant: a2" in asked.lines[0][1]
    assert "q1" not in asked.lines[0][1]
    assert len(asked.lines) == 6


async def test_with_vision_the_pictures_stand_with_the_question() -> None:
    asked = await ask(
        "question-classifier",
        {"query_variable_selector": ["sys", "query"], "classes": CLASSES, "vision": {"enabled": True}},
        {"say": [naming("2")]},
        values={**VALUES, "sys": {"query": "q", "files": [PICTURE]}},
    )

    assert asked.calls[0].lines[-1].images == (Image(PICTURE.url),)


async def test_a_completion_model_reads_it_all_as_one_text() -> None:
    asked = await classify(naming("2"), model={**MODEL, "mode": "completion"})

    ((role, text),) = asked.lines
    assert role == "user"
    assert text.endswith("\nReply: ")
    assert "Where is my bill?" in text


async def test_without_classes_there_is_nothing_to_choose() -> None:
    with pytest.raises(NodeFailed, match="no classes"):
        await classify(naming("2"), classes=[])
