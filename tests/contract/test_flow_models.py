"""Models in chatflows, as clients see them: thoughts apart, a stop in the middle of an answer."""

from typing import Any

import pytest
from anyio import fail_after

from tests.contract.requirements import requirement
from tests.dsl.graph_samples import chain, graph_file, node
from tests.houses import Build, rules

pytestmark = pytest.mark.anyio

MODEL: dict[str, Any] = {"provider": "openai", "name": "gpt-4o-mini", "mode": "chat", "completion_params": {}}


def asking(**data: Any) -> str:
    """A chatflow that asks a model, and says what it says."""
    prompt = [{"role": "user", "text": "{{#sys.query#}}"}]
    nodes = [
        node("start", "start", variables=[]),
        node("llm", "llm", model=MODEL, prompt_template=prompt, **data),
        node("answer", "answer", answer="So: {{#llm.text#}}"),
    ]
    return graph_file("advanced-chat", nodes, chain("start", "llm", "answer"))


@requirement("reasoning:separated")
async def test_separated_thoughts_go_out_before_the_text_that_they_precede(build: Build) -> None:
    said = ["<thi", "nk>Hm.</th", "ink>\n\nYes", "."]
    place = await build(apps={"first": asking(reasoning_format="separated")}, models=rules({"say": said}))
    async with place.door.chat("why?", auto_generate_name=False) as stream:
        events = await stream.rest()

    kinds = ("reasoning_chunk", "message", "message_end")
    heard = [event for event in events if event["event"] in kinds]
    assert [event["event"] for event in heard] == ["message", *["reasoning_chunk"] * 2, *["message"] * 3, "message_end"]
    chunks = [event["data"] for event in heard[1:3]]
    assert [(chunk["reasoning"], chunk["is_final"], chunk["node_id"]) for chunk in chunks] == [
        ("Hm.", False, "llm"),
        ("", True, "llm"),
    ]
    assert {chunk["message_id"] for chunk in chunks} == {heard[-1]["message_id"]}
    assert "".join(event["answer"] for event in heard[3:6]) == "Yes."
    (outputs,) = (
        event["data"]["outputs"]
        for event in events
        if event["event"] == "node_finished" and event["data"]["node_id"] == "llm"
    )
    assert (outputs["text"], outputs["reasoning_content"]) == ("Yes.", "Hm.")


RETRIES: dict[str, Any] = {"retry_config": {"retry_enabled": True, "max_retries": 1, "retry_interval": 0}}
DEFAULT = {"error_strategy": "default-value", "default_value": [{"key": "text", "type": "string", "value": "None."}]}


@pytest.mark.parametrize(("handling", "answer"), [(RETRIES, "So: Hello"), (DEFAULT, "So: None.")])
async def test_what_a_model_said_before_it_failed_is_taken_back(
    build: Build, handling: dict[str, Any], answer: str
) -> None:
    script = ({"say": ["P", "ar"], "once": True, "error": {"message": "broken", "after": 2}}, {"say": ["Hel", "lo"]})
    place = await build(apps={"first": asking(**handling)}, models=rules(*script))
    async with place.door.chat("why?", auto_generate_name=False) as stream:
        events = await stream.rest()

    heard = ""
    for event in events:
        match event["event"]:
            case "message":
                heard += event["answer"]
            case "message_replace":
                assert (heard, event["answer"], event["reason"]) == ("So: Par", "So: ", "")
                heard = event["answer"]
            case "workflow_finished":
                assert event["data"]["outputs"]["answer"] == answer
            case _:
                pass
    assert heard == answer
    kept = await place.door.get("/v1/messages", user="ann", conversation_id=events[0]["conversation_id"])
    assert kept.json()["data"][0]["answer"] == answer


async def test_a_stopped_chatflow_is_accounted_for_with_what_its_model_had_said(build: Build) -> None:
    place = await build(apps={"first": asking()}, models=rules({"say": ["One ", "two "], "hang": True}))
    async with place.door.chat("one two three", auto_generate_name=False) as stream:
        with fail_after(2):
            while (event := (await stream.take(1))[0])["event"] != "message" or event["answer"] != "two ":
                pass
            await place.door.post(f"/v1/chat-messages/{event['task_id']}/stop", user="ann")
            rest = await stream.rest()

    (end,) = (one for one in rest if one["event"] == "message_end")
    usage = end["metadata"]["usage"]
    assert (usage["prompt_tokens"], usage["completion_tokens"]) == (3, 2)
    (run,) = (one["data"] for one in rest if one["event"] == "workflow_finished")
    assert (run["status"], run["total_tokens"]) == ("stopped", 5)
