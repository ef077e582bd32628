"""What a collector is told beside the run itself, and what replies say of their trace. No collector is behind it."""

from collections.abc import Sequence
from typing import Any

import pytest

from parlour.domain.trace import Origin, Span
from parlour.ports.traces import traceparent
from tests.contract.flow_samples import saying
from tests.contract.requirements import requirement
from tests.contract.test_citations import D1, handbook, looking
from tests.contract.test_suggested import ON, SUGGEST, THREE
from tests.front_door import until
from tests.houses import Build, Gate, agent_app, app_file, chat_app, key_of, rules, scripted

pytestmark = pytest.mark.anyio
TRACE, CALLER = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
PARENT = f"00-{TRACE}-{CALLER}-01"


class Telling:
    """One trace, to be kept once it has ended."""

    def __init__(self, kept: "Kept", origin: Origin) -> None:
        self._kept = kept
        self._origin = origin
        self.traceparent = f"00-{origin.trace}-{origin.span}-01"

    def end(self, spans: Sequence[Span]) -> None:
        self._kept.told.append((self._origin, list(spans)))


class Kept:
    """The port `Traces`: remembers."""

    def __init__(self) -> None:
        self.told: list[tuple[Origin, list[Span]]] = []

    def begin(self, origin: Origin, name: str, at: float) -> Telling:
        del name, at
        return Telling(self, origin)

    async def of(self, name: str) -> tuple[Origin, list[Span]]:
        """The trace whose first span is called so, as soon as it is told."""

        async def there() -> bool:
            return any(spans[0].name.startswith(name) for _, spans in self.told)

        await until(there)
        return next(one for one in self.told if one[1][0].name.startswith(name))


@requirement("http:x-trace-id")
@pytest.mark.parametrize("mode", ["streaming", "blocking", "async"])
@pytest.mark.parametrize("query", ["hi", "bad"])
async def test_a_reply_names_the_trace_and_the_span_of_its_run(build: Build, mode: str, query: str) -> None:
    traces = Kept()
    models = rules({"match": "bad", "error": {"message": "down"}})
    place = await build(traces=traces, models=models)
    body = {"query": query, "user": "ann", "response_mode": mode, "auto_generate_name": False}
    reply = await place.door.request("POST", "/v1/chat-messages", json_body=body, headers={"traceparent": PARENT})
    origin, spans = await traces.of("invoke_agent")
    assert (origin.trace, origin.parent) == (TRACE, CALLER)
    assert (reply.headers["x-trace-id"], reply.headers["x-span-id"]) == (TRACE, origin.span)
    assert bool(spans[0].error) == (query == "bad")


@requirement("http:x-trace-id")
async def test_so_do_those_of_completions_and_workflows_and_a_repeated_one_while_that_is_known(build: Build) -> None:
    traces = Kept()
    place = await build(apps={"write": app_file("completion"), "run": saying("hi")}, traces=traces)
    body: dict[str, Any] = {"inputs": {"query": "hi"}, "user": "ann"}
    for path, key in (("/v1/completion-messages", "write"), ("/v1/workflows/run", "run")):
        headers = {"x-trace-id": "order-17", "idempotency-key": "once"}
        replies = [
            await place.door.request("POST", path, json_body=body, key=key_of(key), headers=headers) for _ in range(2)
        ]
        origin, _ = await traces.of(f"invoke_agent {key}")
        assert {(one.headers["x-trace-id"], one.headers["x-span-id"]) for one in replies} == {
            (origin.trace, origin.span)
        }


@requirement("http:x-trace-id")
async def test_what_is_not_traced_has_no_span(build: Build) -> None:
    place = await build(traces=Kept())
    body = {"query": "hi", "user": "ann", "auto_generate_name": False}
    headers = {"traceparent": PARENT.removesuffix("01") + "00"}
    reply = await place.door.request("POST", "/v1/chat-messages", json_body=body, headers=headers)
    assert reply.headers["x-trace-id"] == TRACE
    assert "x-span-id" not in reply.headers
    assert "x-trace-id" not in (await place.door.get("/v1/info")).headers
    off = await build()
    assert "x-trace-id" not in (await off.door.request("POST", "/v1/chat-messages", json_body=body)).headers


@requirement("chat:trace-session")
@pytest.mark.parametrize("sent", ["header", "query", "body"])
async def test_the_session_of_a_request_is_told_with_its_run(build: Build, sent: str) -> None:
    traces = Kept()
    place = await build(traces=traces)
    body = {"query": "hi", "user": "ann", "auto_generate_name": False}
    await place.door.request(
        "POST",
        "/v1/chat-messages",
        json_body=body | ({"trace_session_id": "a tour"} if sent == "body" else {}),
        query={"trace_session_id": "a tour"} if sent == "query" else {},
        headers={"x-trace-session-id": "a tour"} if sent == "header" else {},
    )
    assert (await traces.of("invoke_agent"))[1][0].attributes["session.id"] == "a tour"


@requirement("chat:trace-session")
@pytest.mark.parametrize("session", ["x" * 201, 5, ["a"]])
async def test_a_session_that_is_no_name_is_refused_with_or_without_traces(build: Build, session: object) -> None:
    place = await build()
    reply = await place.door.send(trace_session_id=session)
    assert (reply.status, reply.json()["code"], reply.json()["params"]) == (400, "bad_request", "trace_session_id")


async def test_the_naming_of_a_conversation_stands_under_its_run(build: Build) -> None:
    traces, gate = Kept(), Gate()
    script = {"rules": [{"purpose": "title", "say": ["A talk"], "delay_ms": 1}, {"say": ["Yes."]}]}
    place = await build(traces=traces, models=scripted(script, gate.sleep))
    body = {"query": "hi", "user": "ann"}
    await place.door.request("POST", "/v1/chat-messages", json_body=body, headers={"traceparent": PARENT})
    run, _ = await traces.of("invoke_agent")
    gate.opened.set()
    naming, [whole, call] = await traces.of("name_conversation")
    assert (naming.trace, naming.parent) == (TRACE, run.span)
    assert naming.span not in {run.span, CALLER}
    assert (whole.attributes["gen_ai.agent.name"], call.parent) == ("first", 0)
    assert (call.name, call.attributes["gen_ai.usage.output_tokens"]) == ("chat gpt-4o-mini", 2)

    async def named() -> bool:
        return (await place.door.get("/v1/conversations", user="ann")).json()["data"][0]["name"] == "A talk"

    await until(named)


async def test_suggested_questions_stand_in_the_trace_of_whoever_asks_for_them(build: Build) -> None:
    traces = Kept()
    place = await build(apps={"first": ON}, models=rules(SUGGEST), traces=traces)
    message = (await place.door.send(auto_generate_name=False)).json()["message_id"]
    path = f"/v1/messages/{message}/suggested"
    reply = await place.door.request("GET", path, query={"user": "ann"}, headers={"traceparent": PARENT})
    assert reply.json()["data"] == THREE
    asked, [whole, call] = await traces.of("suggest_questions")
    assert (asked.trace, asked.parent, whole.error) == (TRACE, CALLER, "")
    assert (reply.headers["x-trace-id"], reply.headers["x-span-id"]) == (TRACE, asked.span)
    assert call.attributes["gen_ai.operation.name"] == "chat"
    assert "What now?" not in str(traces.told), "texts are told although nobody asked for them"


async def test_a_model_that_fails_beside_a_run_fails_in_its_trace_alone(build: Build) -> None:
    traces = Kept()
    models = rules({"purpose": "title", "error": {"message": "down"}}, {"say": ["Yes."]})
    place = await build(traces=traces, models=models)
    assert (await place.door.send()).status == 200
    _, [whole, call] = await traces.of("name_conversation")
    assert whole.error == "CompletionRequestFailed"
    assert call.error == "the call failed"
    assert (await traces.of("invoke_agent"))[1][0].error == ""


async def test_what_a_chat_looks_up_by_itself_is_a_part_of_its_run(build: Build) -> None:
    traces = Kept()
    place = await handbook(build, chat_app(**looking(D1)), traces=traces)
    assert (await place.door.send("How much leave?", auto_generate_name=False)).status == 200
    _, spans = await traces.of("invoke_agent")
    [found] = [span for span in spans if span.name.startswith("retrieval")]
    assert found.attributes["gen_ai.operation.name"] == "retrieval"
    assert found.attributes["parlour.retrieval.found"] == 2
    assert (found.parent, found.ended >= found.began > 0) == (0, True)
    assert "leave" not in str(found)
    assert [span.name for span in spans if span.kind == "client"] == ["chat gpt-4o-mini"]


async def test_what_an_agent_looks_up_is_a_part_of_its_run_beside_its_tool(build: Build) -> None:
    traces = Kept()
    call = {"id": "c1", "name": f"dataset_{D1}".replace("-", "_"), "arguments": {"query": "leave"}}
    named = [{"dataset": {"enabled": True, "id": D1}}]
    app = agent_app(dataset_configs={"datasets": {"datasets": named}})
    place = await handbook(build, app, {"once": True, "tool_calls": [call]}, {"say": ["Thirty."]}, traces=traces)
    await place.door.streamed("How much leave?", auto_generate_name=False)
    _, spans = await traces.of("invoke_agent")
    assert [span.name.partition(" ")[0] for span in spans].count("retrieval") == 1
    assert any(span.name.startswith("execute_tool dataset_") for span in spans)


async def test_nothing_of_a_trace_is_left_to_the_next_request(build: Build) -> None:
    traces = Kept()
    place = await build(apps={"first": ON}, models=rules(SUGGEST), traces=traces)
    message = (await place.door.send(auto_generate_name=False)).json()["message_id"]
    await place.door.get(f"/v1/messages/{message}/suggested", user="ann")
    assert traceparent.get() == ""
