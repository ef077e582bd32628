"""A real server tells a collector, over OTLP, what a chatflow did: every node and every call of a model, a tool and a
dataset, under the trace of whoever asked; and what it asks of others says so, too."""

import itertools
import json
import re
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from parlour.domain.trace import origin
from tests.process.conftest import command, serving
from tests.process.test_knowledge_command import run
from tests.small_server import Quiet, answering

pytestmark = pytest.mark.slow

DATASET = "d0000000-0000-4000-8000-000000000100"
SECRET = "Staff get thirty days of leave."
TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


class Outside:
    """All that the server asks: a collector, a model and a page; and with what header it came."""

    def __init__(self) -> None:
        self.spans: list[Any] = []
        self.parents: dict[str, list[str]] = {}
        self.port = 0


def speech(text: str) -> bytes:
    pieces: list[dict[str, Any]] = [{"choices": [{"index": 0, "delta": {"content": word}}]} for word in text.split(" ")]
    pieces.append({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
    pieces.append({"choices": [], "usage": {"prompt_tokens": 11, "completion_tokens": 3}})
    return b"".join(b"data: %s\n\n" % json.dumps(piece).encode() for piece in pieces) + b"data: [DONE]\n\n"


@contextmanager
def outside() -> Generator[Outside]:
    known = Outside()

    class Answers(Quiet, BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            if self.path == "/v1/traces":
                told = ExportTraceServiceRequest.FromString(body)
                known.spans += [span for one in told.resource_spans for two in one.scope_spans for span in two.spans]
                self.reply("application/x-protobuf", b"")
            else:
                self.reply("text/event-stream", speech("thirty days"))

        def do_GET(self) -> None:
            self.reply("text/plain", b"a page")

        def reply(self, kind: str, body: bytes) -> None:
            known.parents.setdefault(self.path, []).append(self.headers.get("traceparent", ""))
            self.send_response(200)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    with answering(Answers) as known.port:
        yield known


def flow(port: int) -> str:
    data: list[tuple[str, dict[str, Any]]] = [
        ("start", {"type": "start", "title": "Start", "variables": []}),
        (
            "find",
            {
                "type": "knowledge-retrieval",
                "title": "Find",
                "query_variable_selector": ["sys", "query"],
                "dataset_ids": [DATASET],
                "retrieval_mode": "multiple",
                "multiple_retrieval_config": {"top_k": 2, "reranking_enable": False},
            },
        ),
        (
            "clock",
            {
                "type": "tool",
                "title": "Clock",
                "provider_id": "time",
                "provider_name": "time",
                "provider_type": "builtin",
                "tool_name": "current_time",
                "tool_label": "Current Time",
                "tool_configurations": {},
                "tool_parameters": {},
            },
        ),
        (
            "page",
            {
                "type": "http-request",
                "title": "Page",
                "method": "get",
                "url": f"http://127.0.0.1:{port}/page",
                "authorization": {"type": "no-auth"},
                "headers": "",
                "params": "",
                "body": {"type": "none", "data": []},
            },
        ),
        (
            "ask",
            {
                "type": "llm",
                "title": "Ask",
                "model": {"provider": "openai", "name": "gpt-4o-mini", "mode": "chat", "completion_params": {}},
                "context": {"enabled": True, "variable_selector": ["find", "result"]},
                "prompt_template": [{"role": "user", "text": "{{#context#}} {{#sys.query#}} {{#clock.text#}}"}],
            },
        ),
        ("answer", {"type": "answer", "title": "Answer", "answer": "{{#ask.text#}}"}),
    ]
    names = [name for name, _ in data]
    graph = {
        "nodes": [{"id": name, "data": members} for name, members in data],
        "edges": [{"source": one, "target": two} for one, two in itertools.pairwise(names)],
    }
    about = {"mode": "advanced-chat", "name": "Test"}
    return json.dumps({"app": about, "kind": "app", "version": "0.3.0", "workflow": {"features": {}, "graph": graph}})


def settings(port: int) -> str:
    return f"""
[telemetry]
traces = "http://127.0.0.1:{port}"
[web]
allow = ["127.0.0.1"]
[knowledge]
embedding = "default/words"
[datasets."{DATASET}"]
name = "Handbook"
[providers.openai]
kind = "openai_compatible"
base_url = "http://127.0.0.1:{port}/v1"
api_key = "k"
"""


def attributes(span: Any) -> dict[str, object]:
    return {one.key: getattr(one.value, one.value.WhichOneof("value")) for one in span.attributes}


def test_a_chatflow_is_told_under_the_trace_of_whoever_asked(tmp_path: Path) -> None:
    with outside() as known:
        (tmp_path / "test.yml").write_text(flow(known.port))
        (tmp_path / "leave.md").write_text(SECRET)
        with serving(tmp_path, None, settings(known.port)):
            pass  # makes the settings' file and the database
        added = run(tmp_path, "knowledge", "add", "Handbook", "leave.md", "--config", "parlour.toml", "--data", "data")
        assert added.returncode == 0, added.stdout + added.stderr
        with serving(tmp_path, None, settings(known.port)) as served:
            asked: dict[str, object] = {
                "query": "How much leave do staff get?",
                "user": "ann",
                "inputs": {},
                "auto_generate_name": False,
            }
            parent = f"00-{TRACE}-{SPAN}-01"
            status, said = served.call("POST", "/v1/chat-messages", asked, traceparent=parent)
            assert (status, said.get("answer")) == (200, "thirtydays"), said
            other = "0123456789abcdef0123456789abcdef"
            served.call("POST", "/v1/chat-messages", asked, **{"X-Trace-Id": other})
            unsampled = f"00-{'a' * 32}-{SPAN}-00"
            served.call("POST", "/v1/chat-messages", asked, traceparent=unsampled)
            assert served.end() == 0
        assert known.parents["/v1/chat/completions"][-1] == unsampled
        spans = [span for span in known.spans if span.trace_id.hex() == TRACE]
        assert {span.trace_id.hex() for span in known.spans} == {TRACE, other}
    by_id = {span.span_id.hex(): span for span in spans}
    names = {span.name: span for span in spans}
    whole = names["invoke_agent test"]
    assert whole.parent_span_id.hex() == SPAN
    assert whole.span_id.hex() == origin(f"{TRACE}-{SPAN}-01", said["task_id"]).span, "as the reply has named it"
    lines = [
        f"{span.name}  <-  {by_id[span.parent_span_id.hex()].name if span is not whole else 'the caller'}"
        for span in sorted(spans, key=lambda span: span.start_time_unix_nano)
    ]
    print(f"trace {TRACE}:", *lines, sep="\n  ")  # noqa: T201 -- `pytest -s` shows the trace
    nodes = {"start Start", "knowledge-retrieval Find", "tool Clock", "http-request Page", "llm Ask", "answer Answer"}
    assert names.keys() == nodes | {"invoke_agent test", "chat gpt-4o-mini"}
    assert all(names[node].parent_span_id == whole.span_id for node in nodes)
    assert names["chat gpt-4o-mini"].parent_span_id == names["llm Ask"].span_id
    assert all(span.end_time_unix_nano >= span.start_time_unix_nano > 0 for span in spans)
    call = attributes(names["chat gpt-4o-mini"])
    assert (call["gen_ai.usage.input_tokens"], call["gen_ai.usage.output_tokens"]) == (11, 3)
    assert attributes(names["knowledge-retrieval Find"])["gen_ai.operation.name"] == "retrieval"
    assert attributes(names["tool Clock"])["gen_ai.operation.name"] == "execute_tool"
    assert attributes(whole)["gen_ai.conversation.id"] == said["conversation_id"]
    asking = f"00-{TRACE}-{whole.span_id.hex()}-01"
    assert known.parents["/page"][0] == known.parents["/v1/chat/completions"][0] == asking
    assert not re.search("leave|thirty", str(spans)), "texts are told although nobody asked for them"


def test_a_server_with_traces_and_without_their_extra_says_what_to_install(tmp_path: Path) -> None:
    hidden = "import sys; sys.modules['opentelemetry.sdk.resources'] = None; from parlour.cli import main; main()"
    (tmp_path / "parlour.toml").write_text(
        '[telemetry]\ntraces = "http://127.0.0.1:9"\n[providers.default]\nkind = "scripted"\n'
    )
    words = [command()[0], "-c", hidden, "serve", "--port", "0"]
    said = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, timeout=30, check=False)
    assert said.returncode == 1
    assert "pip install 'parlour[otel]'" in said.stderr
