"""Every provider keeps the port's promises: the same scene, told on each wire, is heard the same."""

import json
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field

import anyio
import pytest

from parlour.domain.problems import CompletionRequestFailed, ModelNotSupported, Problem, ProviderQuotaExceeded
from parlour.ports.models import Counted, Ended, Models, Said, Sealed, Text, Thinking, ToolCall
from parlour.providers.anthropic import Anthropic
from parlour.providers.openai_compatible import OpenAICompatible
from parlour.providers.remote import Remote
from parlour.providers.scripted import Rule, Script, Scripted, ScriptedError, ScriptedTool, ScriptedUsage
from tests.providers.fake_provider import Answer, Json, a_call, all_of, chunk, event, outside, serving

pytestmark = pytest.mark.anyio


@dataclass
class Scene:
    """What a model does, whatever its wire."""

    think: tuple[str, ...] = ()
    say: tuple[str, ...] = ()
    tools: tuple[ToolCall, ...] = ()
    usage: tuple[int, int] | None = None
    fails: str = ""
    """`busy`, `spent` or `no model`, after what was said."""
    hang: bool = False
    """Keep the connection open after what was said."""
    cut: bool = False
    """Close it there, politely and without a word."""


CODES = {
    "busy": ("rate_limit_exceeded", "rate_limit_error", "completion_request_error", CompletionRequestFailed),
    "spent": ("insufficient_quota", "billing_error", "provider_quota_exceeded", ProviderQuotaExceeded),
    "no model": ("model_not_found", "not_found_error", "model_currently_not_support", ModelNotSupported),
}


def on_openai(scene: Scene) -> list[bytes]:
    pieces = [chunk({"role": "assistant", "content": ""})]
    pieces += [chunk({"reasoning_content": text}) for text in scene.think]
    pieces += [chunk({"content": text}) for text in scene.say]
    if scene.fails:
        return [*pieces, event({"error": {"message": "sorry", "code": CODES[scene.fails][0]}})]
    if scene.hang or scene.cut:
        return pieces
    for index, tool in enumerate(scene.tools):
        half = len(tool.arguments) // 2
        pieces += [
            chunk({"tool_calls": [{"index": index, "id": tool.id, "function": {"name": tool.name, "arguments": ""}}]}),
            chunk({"tool_calls": [{"index": index, "function": {"arguments": tool.arguments[:half]}}]}),
            chunk({"tool_calls": [{"index": index, "function": {"arguments": tool.arguments[half:]}}]}),
        ]
    pieces.append(chunk({}, "tool_calls" if scene.tools else "stop"))
    if scene.usage:
        prompt, completion = scene.usage
        pieces.append(event({"choices": [], "usage": {"prompt_tokens": prompt, "completion_tokens": completion}}))
    return [*pieces, event("[DONE]")]


def on_anthropic(scene: Scene) -> list[bytes]:
    counted: Json = {"input_tokens": scene.usage[0], "output_tokens": 1} if scene.usage else {}
    told: list[Json] = [{"type": "message_start", "message": {"role": "assistant", "content": [], "usage": counted}}]
    told.append({"type": "ping"})
    if scene.think:
        told.append({"type": "content_block_start", "index": 0, "content_block": {"type": "thinking", "thinking": ""}})
        told += [delta({"type": "thinking_delta", "thinking": text}) for text in scene.think]
        told.append(delta({"type": "signature_delta", "signature": "x"}))
        told.append({"type": "content_block_stop", "index": 0})
    told.append({"type": "content_block_start", "index": 1, "content_block": {"type": "text", "text": ""}})
    told += [delta({"type": "text_delta", "text": text}) for text in scene.say]
    if scene.fails:
        told.append({"type": "error", "error": {"type": CODES[scene.fails][1], "message": "sorry"}})
    if not (scene.fails or scene.hang or scene.cut):
        told.append({"type": "content_block_stop", "index": 1})
        for tool in scene.tools:
            block: Json = {"type": "tool_use", "id": tool.id, "name": tool.name, "input": {}}
            told.append({"type": "content_block_start", "index": 2, "content_block": block})
            told += [delta({"type": "input_json_delta", "partial_json": part}) for part in tool.arguments]
            told.append({"type": "content_block_stop", "index": 2})
        reason = "tool_use" if scene.tools else "end_turn"
        last: Json = {"type": "message_delta", "delta": {"stop_reason": reason}}
        if scene.usage:
            last["usage"] = {"output_tokens": scene.usage[1]}
        told.append(last)
        told.append({"type": "message_stop"})
    return [f"event: {one['type']}\n".encode() + event(one) for one in told]


def delta(piece: Json) -> Json:
    return {"type": "content_block_delta", "index": 0, "delta": piece}


@dataclass
class Stage:
    models: Models
    gone: Callable[[], bool] = field(default=lambda: True)


@asynccontextmanager
async def staged(kind: str, scene: Scene) -> AsyncGenerator[Stage, None]:
    if kind == "scripted":
        rule = Rule(
            think=scene.think,
            say=scene.say,
            tool_calls=tuple(ScriptedTool(tool.name, json.loads(tool.arguments), tool.id) for tool in scene.tools),
            usage=ScriptedUsage(*scene.usage) if scene.usage else None,
            error=ScriptedError(CODES[scene.fails][2], "[acme] sorry", len(scene.say)) if scene.fails else None,
            hang=scene.hang,
        )
        yield Stage(Scripted(Script((rule,))))
        return
    pieces = on_openai(scene) if kind == "openai" else on_anthropic(scene)
    async with serving(Answer(pieces, hang=scene.hang)) as fake, outside() as client:
        dialect = OpenAICompatible() if kind == "openai" else Anthropic()
        yield Stage(Remote(dialect, client, fake.url, "k-secret"), fake.gone.is_set)


every_kind = pytest.mark.parametrize("kind", ["openai", "anthropic", "scripted"])


async def heard(kind: str, scene: Scene) -> list[Said]:
    with anyio.fail_after(5):
        async with staged(kind, scene) as stage:
            return await all_of(stage.models.stream(a_call()))


@every_kind
async def test_text_is_heard_in_order(kind: str) -> None:
    words = tuple(f"word {number} " for number in range(100))
    said = await heard(kind, Scene(say=words))
    assert said == [*map(Text, words), Ended("stop")]


@every_kind
async def test_thoughts_are_kept_apart_from_text(kind: str) -> None:
    said = await heard(kind, Scene(think=("Hm", "m."), say=("Yes.",)))
    assert [one for one in said if not isinstance(one, Sealed)] == [
        *map(Thinking, ("Hm", "m.")),
        Text("Yes."),
        Ended("stop"),
    ]


@every_kind
async def test_tool_calls_come_whole(kind: str) -> None:
    tools = (ToolCall("c1", "add", '{"a":1,"b":2}'), ToolCall("c2", "now", "{}"))
    said = await heard(kind, Scene(say=("Let me see.",), tools=tools))
    assert [one for one in said if isinstance(one, ToolCall)] == list(tools)
    assert said[0] == Text("Let me see.")
    assert Ended("tool_calls") in said


@every_kind
async def test_what_the_provider_counted_is_told_once(kind: str) -> None:
    said = await heard(kind, Scene(say=("a", "b"), usage=(12, 34)))
    assert [one for one in said if isinstance(one, Counted)] == [Counted(12, 34)]


@every_kind
@pytest.mark.parametrize("fault", list(CODES))
async def test_a_failure_in_mid_answer_has_its_own_problem_after_the_text_so_far(kind: str, fault: str) -> None:
    expected: type[Problem] = CODES[fault][3]
    with anyio.fail_after(5):
        async with (
            staged(kind, Scene(say=("Par", "t"), fails=fault)) as stage,
            aclosing(stage.models.stream(a_call())) as stream,
        ):
            assert [await anext(stream), await anext(stream)] == [Text("Par"), Text("t")]
            with pytest.raises(Problem) as caught:
                await anext(stream)
    assert type(caught.value) is expected
    assert str(caught.value) == "[acme] sorry"


@pytest.mark.parametrize("kind", ["openai", "anthropic"])
async def test_an_answer_that_does_not_say_it_is_complete_has_broken_off(kind: str) -> None:
    with anyio.fail_after(5):
        async with (
            staged(kind, Scene(say=("Par", "t"), cut=True)) as stage,
            aclosing(stage.models.stream(a_call())) as stream,
        ):
            assert [await anext(stream), await anext(stream)] == [Text("Par"), Text("t")]
            with pytest.raises(CompletionRequestFailed, match=r"^\[acme\] The provider's answer broke off\.$"):
                await anext(stream)


@every_kind
async def test_closing_the_generator_ends_the_call_at_once(kind: str) -> None:
    with anyio.fail_after(5):
        async with staged(kind, Scene(say=("one",), hang=True)) as stage:
            async with aclosing(stage.models.stream(a_call())) as stream:
                assert await anext(stream) == Text("one")
            with anyio.fail_after(1):
                while not stage.gone():
                    await anyio.lowlevel.checkpoint()


@every_kind
async def test_cancelling_the_reader_ends_the_call_at_once(kind: str) -> None:
    async def read(models: Models, started: anyio.Event) -> None:
        async with aclosing(models.stream(a_call())) as stream:
            async for _ in stream:
                started.set()

    with anyio.fail_after(5):
        async with staged(kind, Scene(say=("one",), hang=True)) as stage:
            started = anyio.Event()
            async with anyio.create_task_group() as group:
                group.start_soon(read, stage.models, started)
                await started.wait()
                group.cancel_scope.cancel()
            with anyio.fail_after(1):
                while not stage.gone():
                    await anyio.lowlevel.checkpoint()


@every_kind
async def test_one_provider_serves_many_streams_at_once(kind: str) -> None:
    heard_by: list[list[Said]] = []

    async def read(models: Models) -> None:
        heard_by.append(await all_of(models.stream(a_call())))

    with anyio.fail_after(10):
        async with staged(kind, Scene(say=("a", "b"))) as stage, anyio.create_task_group() as group:
            for _ in range(50):
                group.start_soon(read, stage.models)
    assert heard_by == [[Text("a"), Text("b"), Ended("stop")]] * 50
