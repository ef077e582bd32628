"""Models in chatflows, as clients see them: thoughts apart, a stop in the middle of an answer."""

from typing import Any

import pytest
from anyio import fail_after

from tests.contract.requirements import requirement
from tests.contract.uploading import local, upload
from tests.dsl.graph_samples import chain, edge, flow_file, graph_file, node
from tests.flow.model_samples import Listening
from tests.houses import Build, rules

pytestmark = pytest.mark.anyio

MODEL: dict[str, Any] = {"provider": "openai", "name": "gpt-4o-mini", "mode": "chat", "completion_params": {}}


UPLOADS = {"enabled": True, "allowed_file_types": ["image"], "allowed_file_upload_methods": ["local_file"]}


def asking(*, files: bool = False, **data: Any) -> str:
    """A chatflow that asks a model, and says what it says."""
    prompt = [{"role": "user", "text": "{{#sys.query#}}"}]
    nodes = [
        node("start", "start", variables=[]),
        node("llm", "llm", model=MODEL, prompt_template=prompt, **data),
        node("answer", "answer", answer="So: {{#llm.text#}}"),
    ]
    features = {"file_upload": UPLOADS} if files else {}
    return flow_file(graph={"nodes": nodes, "edges": chain("start", "llm", "answer")}, features=features)


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


@requirement("flow:taken-back")
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


@requirement("flow:heard")
async def test_answers_are_put_out_in_the_order_of_their_ends_and_heard_in_that_of_their_turns(build: Build) -> None:
    prompt = [{"role": "user", "text": "{{#sys.query#}}"}]
    nodes = [
        node("start", "start", variables=[]),
        node("llm", "llm", model=MODEL, prompt_template=prompt),
        node("first", "answer", answer="{{#llm.text#}} "),
        node("if", "if-else", cases=[{"case_id": "true", "logical_operator": "and", "conditions": []}]),
        node("second", "answer", answer="Quick."),
    ]
    ways = [*chain("start", "llm", "first"), edge("start", "if"), edge("if", "second", sourceHandle="true")]
    slow = {"say": ["Slow", " and", " slower."], "delay_ms": 1}
    place = await build(apps={"first": graph_file("advanced-chat", nodes, ways)}, models=rules(slow))
    events = (await place.door.streamed("go", auto_generate_name=False)).events
    ended = [event["data"]["node_id"] for event in events if event["event"] == "node_finished"]
    (run,) = (event["data"] for event in events if event["event"] == "workflow_finished")

    assert ended.index("second") < ended.index("first")
    heard = "".join(event["answer"] for event in events if event["event"] == "message")
    assert heard == "Slow and slower. Quick."
    assert run["outputs"]["answer"] == "Quick.Slow and slower. "
    assert (await place.door.send("go")).json()["answer"] == heard
    kept = await place.door.get("/v1/messages", user="ann", conversation_id=events[0]["conversation_id"])
    assert kept.json()["data"][0]["answer"] == heard


@requirement("node:llm:pictures")
async def test_a_model_that_sees_and_remembers_is_shown_the_pictures_of_earlier_messages(build: Build) -> None:
    shown = {"say": ["{prompt}"]}
    app = asking(vision={"enabled": True}, memory={}, files=True)
    model = Listening(rules(shown))
    place = await build(apps={"first": app}, models=model)
    sent = await upload(place.door)
    first = (await place.door.send("look", files=[local(sent)], auto_generate_name=False)).json()
    await place.door.send("again", conversation_id=first["conversation_id"])

    lines = model.calls[-1].lines
    assert [line.text for line in lines] == ["again", "look", first["answer"], "again"]
    assert [len(line.images) for line in lines] == [0, 1, 0, 0]
    assert lines[1].images[0].url.startswith("data:image/png;base64,")


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
