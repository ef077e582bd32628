"""An agent on the Messages wire, end to end: its thoughts go back with what its tools said, as the wire demands."""

from typing import Any

import pytest
from anyio import fail_after

from parlour.providers.anthropic import Anthropic
from parlour.providers.remote import Remote
from parlour.tools.tool import Builtin
from tests.contract.requirements import requirement
from tests.contract.test_agents import kinds, thoughts
from tests.houses import Build, agent_app
from tests.providers.fake_provider import Answer, Json, event, outside, serving
from tests.trial_tools import Slow, alone

pytestmark = pytest.mark.anyio


def block(number: int, begun: Json, *deltas: Json) -> list[Json]:
    return [
        {"type": "content_block_start", "index": number, "content_block": begun},
        *({"type": "content_block_delta", "index": number, "delta": delta} for delta in deltas),
        {"type": "content_block_stop", "index": number},
    ]


def answer(reason: str, *told: list[Json]) -> Answer:
    end: Json = {"type": "message_delta", "delta": {"stop_reason": reason}, "usage": {"output_tokens": 5}}
    begun: Json = {"type": "message_start", "message": {"usage": {"input_tokens": 5}}}
    events: list[Json] = [begun, *(one for piece in told for one in piece), end, {"type": "message_stop"}]
    return Answer([event(one) for one in events])


def thought(text: str, signature: str) -> list[Json]:
    told: Json = {"type": "thinking_delta", "thinking": text}
    return block(0, {"type": "thinking", "thinking": ""}, told, {"type": "signature_delta", "signature": signature})


def asks(tool: str, word: str = "") -> list[Json]:
    given: Json = {"type": "input_json_delta", "partial_json": f'{{"word": "{word}"}}'}
    return block(1, {"type": "tool_use", "id": f"t_{word}", "name": tool, "input": {}}, given)


MODEL = {"provider": "anthropic", "name": "claude", "mode": "chat", "completion_params": {"thinking": True}}
SAYS = block(0, {"type": "text", "text": ""}, {"type": "text_delta", "text": "Done."})


@requirement("agent:thinking")
async def test_each_step_is_shown_the_thoughts_of_all_steps_before_it(build: Build) -> None:
    answers = (
        answer("tool_use", thought("First.", "s1"), asks("say", "a")),
        answer("tool_use", thought("Then.", "s2"), asks("say", "b")),
        answer("end_turn", SAYS),
    )
    async with serving(*answers) as fake, outside() as client:
        remote = Remote(Anthropic(), client, fake.url, "key")
        place = await build(apps={"first": agent_app("say", model=MODEL)}, models=remote)
        reply = await place.door.streamed("hi", auto_generate_name=False)
        asked: list[Any] = fake.asked[:3]
    assert kinds(reply)[-1] == "message_end"
    assert [versions[-1]["tool"] for versions in thoughts(reply.events)] == ["say", "say", ""]
    assert all(one["thinking"]["type"] == "enabled" for one in asked)
    said = [one["content"] for one in asked[2]["messages"] if one["role"] == "assistant"]
    assert [content[0] for content in said] == [
        {"type": "thinking", "thinking": "First.", "signature": "s1"},
        {"type": "thinking", "thinking": "Then.", "signature": "s2"},
    ]
    assert [content[-1]["id"] for content in said] == ["t_a", "t_b"]
    assert "First." not in str(said[0][1:]), "a thought is told once"
    assert "s1" not in reply.body.decode()


@requirement("agent:thinking")
async def test_the_turn_after_a_stopped_tool_is_asked_without_thinking_for_its_thoughts_are_gone(build: Build) -> None:
    slow = Slow()
    async with (
        serving(answer("tool_use", thought("Hm.", "s"), asks("wait")), answer("end_turn", SAYS)) as fake,
        outside() as out,
    ):
        place = await build(
            apps={"first": agent_app("wait", model=MODEL)},
            models=Remote(Anthropic(), out, fake.url, "key"),
            tools=alone(Builtin("wait", "Wait", "", slow.run)),
        )
        async with place.door.chat("hi", auto_generate_name=False) as stream:
            [first] = await stream.take(1)
            with fail_after(5):
                await slow.begun.wait()
            await place.door.post(f"/v1/chat-messages/{first['task_id']}/stop", user="ann")
            await stream.rest()
        again = await place.door.streamed("and?", conversation_id=first["conversation_id"])
        asked: Any = fake.asked[1]
    assert kinds(again)[-1] == "message_end"
    assert "thinking" not in asked
    roles = [(one["role"], [piece["type"] for piece in one["content"]]) for one in asked["messages"]]
    assert roles == [("user", ["text"]), ("assistant", ["tool_use"]), ("user", ["tool_result", "text"])]
