"""What clients see of nodes that reach outside: requests over http, documents, and none of the app's secrets."""

from typing import Any

import pytest

from parlour.ports.web import WebRequest
from parlour.providers.pages import Pages, WebPage
from tests.contract.requirements import requirement
from tests.contract.uploading import local, upload
from tests.dsl.graph_samples import Written, chain, flow_file, node
from tests.front_door import Reply
from tests.houses import Build
from tests.rag import samples

pytestmark = pytest.mark.anyio
URL = "https://api.example/v1"
KEY = "sk-very-secret"
FILES = {"file_upload": {"enabled": True, "allowed_file_types": ["document"], "number_limits": 3}}


def finished(reply: Reply) -> dict[str, dict[str, Any]]:
    return {one["data"]["node_id"]: one["data"] for one in reply.events if one["event"] == "node_finished"}


def app(*nodes: Written, **workflow: Any) -> str:
    made = [node("start", "start", variables=[]), *nodes]
    return flow_file(graph={"nodes": made, "edges": chain(*(one["id"] for one in made))}, **workflow)


ASKING = node("web", "http-request", url=URL, method="post", params="q:{{#sys.query#}}", body=None)


@requirement("node:http-request")
async def test_what_a_flow_asks_over_http_is_shown_and_its_answer_said(build: Build) -> None:
    pages = Pages({URL: WebPage(b'{"ok": 1}', 404, (("content-type", "application/json"),))})
    say = node("say", "answer", answer="{{#web.status_code#}} {{#web.body#}}")
    place = await build(apps={"one": app(ASKING, say)}, web=pages)
    reply = await place.door.send("hi & bye", response_mode="streaming")
    told = finished(reply)["web"]
    assert told["process_data"]["request"].startswith("POST /v1?q=hi+%26+bye HTTP/1.1\r\nHost: api.example\r\n")
    assert told["outputs"]["status_code"] == 404
    assert (await place.door.send("x")).json()["answer"] == '404 {"ok": 1}'


@requirement("node:http-request")
async def test_an_answer_that_is_a_file_can_be_read_where_the_flow_says_it_is(build: Build) -> None:
    picture = WebPage(b"\x89PNG\r\n\x1a\nrest", headers=(("content-type", "image/png"),))
    place = await build(
        apps={"one": app(ASKING, node("say", "answer", answer="{{#web.files#}}"))}, web=Pages({URL: picture})
    )
    reply = await place.door.send("x", response_mode="streaming")
    [file] = finished(reply)["web"]["files"]
    assert (file["type"], file["mime_type"], file["size"]) == ("image", "image/png", 12)
    assert f"![{file['filename']}](" in "".join(one.get("answer", "") for one in reply.events)


@requirement("node:secrets")
async def test_no_event_holds_a_key_or_a_secret_of_the_environment(build: Build) -> None:
    asked: list[WebRequest] = []

    def answer(request: WebRequest) -> WebPage:
        asked.append(request)
        return WebPage(b"fine", headers=(("content-type", "text/plain"),))

    bearer = {"type": "api-key", "config": {"type": "bearer", "api_key": "{{#env.KEY#}}"}}
    ask = node("web", "http-request", url=URL, method="get", headers="X-Own: {{#env.KEY#}}", authorization=bearer)
    variables = [{"variable": "key", "value_selector": ["env", "KEY"]}]
    made = node("made", "template-transform", template="fine", variables=variables)
    environment = [{"name": "KEY", "value_type": "secret", "value": KEY}]
    source = app(made, ask, node("say", "answer", answer="{{#web.body#}}"), environment_variables=environment)
    place = await build(apps={"one": source}, web=Pages({URL: answer}))
    reply = await place.door.send("x", response_mode="streaming")
    assert dict(asked[0].headers) == {"X-Own": KEY, "Authorization": f"Bearer {KEY}"}
    assert KEY not in repr(reply.events)
    assert finished(reply)["made"]["inputs"] == {"key": "********"}
    assert "Authorization: ********" in finished(reply)["web"]["process_data"]["request"]


@requirement("node:secrets")
async def test_no_failure_says_a_secret(build: Build) -> None:
    environment = [{"name": "KEY", "value_type": "secret", "value": KEY}]
    extract = {"enabled": True, "serial": "{{#env.KEY#}}"}
    pick = node("pick", "list-operator", variable=["sys", "files"], extract_by=extract)
    filled = node("some", "list-operator", variable=["env", "WORDS"], extract_by=extract)
    words = {"name": "WORDS", "value_type": "array[string]", "value": ["a"]}
    source = app(pick, filled, environment_variables=[*environment, words])
    place = await build(apps={"one": source})
    reply = await place.door.send("x", response_mode="streaming")
    assert "There is no item '********'" in reply.events[-1]["message"]
    assert KEY not in repr(reply.events)
    blocking = await place.door.send("x")
    assert (blocking.status, KEY.encode() in blocking.body) == (400, False)


@requirement("node:document-extractor")
async def test_documents_that_come_with_a_message_are_read(build: Build) -> None:
    read = node("read", "document-extractor", variable_selector=["sys", "files"], is_array_file=True)
    place = await build(apps={"one": app(read, node("say", "answer", answer="{{#read.text#}}"), features=FILES)})
    ids = [
        await upload(place.door, "a.pdf", "application/pdf", samples.pdf("From a page")),
        await upload(place.door, "b.txt", "text/plain", b"From a text"),
    ]
    reply = await place.door.send("x", files=[local(id_) | {"type": "document"} for id_ in ids])
    assert reply.json()["answer"] == "- From a page\n- From a text"


@requirement("node:document-extractor")
async def test_a_document_that_is_broken_fails_the_run_by_its_name(build: Build) -> None:
    read = node("read", "document-extractor", variable_selector=["sys", "files"])
    place = await build(apps={"one": app(read, node("say", "answer", answer="x"), features=FILES)})
    id_ = await upload(place.door, "a.pdf", "application/pdf", b"%PDF-1.4 and no more")
    reply = await place.door.send("x", files=[local(id_) | {"type": "document"}])
    assert (reply.status, "Read: a.pdf: " in reply.json()["message"]) == (400, True)
