"""Whatever is sent to whatever route: a 2xx as the API's own document says, or an enveloped 4xx.

The document drives the first half (schemathesis: what it allows, and what it forbids); the second half knows only the
routes, and sends bytes, headers, query strings and multipart bodies of any kind.
"""

import json
from collections.abc import Iterator
from functools import cache
from typing import Any, cast
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema_rs import Draft202012Validator
from requests import Request
from schemathesis import APIOperation, GenerationMode, openapi
from schemathesis import Case as AnyCase
from starlette.routing import Route

from parlour.http import app as http_app
from parlour.wire.openapi import document
from tests.contract.flow_samples import RUN, end, start
from tests.contract.requirements import requirement
from tests.contract.test_bad_input import FILES, FORM, TELLING, assert_well_spoken
from tests.contract.test_variables_kept import counting, id_of
from tests.contract.uploading import BOUNDARY, PNG, local, multipart, upload
from tests.contract.walk_knowledge import Tenant, furnish
from tests.dsl.graph_samples import chain, flow_file
from tests.front_door import FrontDoor, Reply
from tests.houses import ADMIN, NOBODY, Build, Place, app_file, chat_app, key_of, knowledge_key

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

Operation = APIOperation[Any, Any, Any, Any]
Case = AnyCase[Any]
Body = dict[str, object]
NOT_DESCRIBED = {
    ("GET", "/openapi.json"): "the document itself",
    ("GET", "/docs"): "a page that shows it",
    ("GET", "/runs"): "a page for operators",
    ("GET", "/pages/{name}"): "what pages are made of",
    ("GET", "/metrics"): "numbers for Prometheus, behind an operator's key",
}
SPEC: dict[str, Any] = json.loads(document("1.0.0"))
FOUND: list[Any] = list(cast("Any", openapi.from_dict(SPEC)).get_all_operations())
OPERATIONS: dict[str, Operation] = {found.ok().label: found.ok() for found in FOUND}
NOTHING_TO_GET_WRONG = {"GET /v1/", "GET /health", "GET /ready"}
KNOWLEDGE = knowledge_key("acme")
FIRST = key_of("first")
KEYS = (ADMIN, KNOWLEDGE, FIRST, key_of("write"), key_of("run"), key_of("flow"))
ORDINARY = "application/json", f"multipart/form-data; boundary={BOUNDARY}", "text/plain", "", "é", "a/b;;"


def many(examples: int) -> settings:
    """As many examples, the same ones in every run."""
    return settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
    )


@pytest.fixture
async def place(build: Build) -> Place:
    features = {"suggested_questions_after_answer": {"enabled": True}, "file_upload": FILES, "user_input_form": FORM}
    apps = {
        "first": chat_app(**features),
        "write": app_file("completion", user_input_form=FORM),
        "run": flow_form(),
        "flow": counting(),
    }
    return await build(apps=apps, operated=True)


def flow_form() -> str:
    """A workflow with the same form."""
    fields = [{"type": kind, **declared} for field in FORM for kind, declared in field.items()]
    graph = {"nodes": [start(*fields), end(("text", ["start", "text"]))], "edges": chain("start", "end")}
    return flow_file("workflow", graph=graph, features={"file_upload": FILES})


async def what_is_there(door: FrontDoor) -> dict[str, str]:
    """An id of everything that a path or a body may name."""
    sent = await upload(door)
    said = (await door.send("hi", files=[local(sent)], auto_generate_name=False)).json()
    assert (await door.post(f"/v1/messages/{said['id']}/feedbacks", rating="like", user="ann")).status == 200
    (judged,) = (await door.get("/v1/app/feedbacks", limit=1)).json()["data"]
    kept = (await door.post("/v1/apps/annotations", question="q", answer="a")).json()
    asked: Body = {"inputs": {}, "user": "ann"}
    ran = (await door.request("POST", RUN, json_body=asked, key=key_of("run"))).json()
    return {
        "workflow_id": ran["data"]["workflow_id"],
        "workflow_run_id": ran["workflow_run_id"],
        "run_id": ran["workflow_run_id"],
        "task_id": said["task_id"],
        "message_id": said["id"],
        "first_id": said["id"],
        "parent_message_id": said["id"],
        "conversation_id": said["conversation_id"],
        "last_id": said["conversation_id"],
        "file_id": sent,
        "upload_file_id": sent,
        "annotation_id": kept["id"],
        "end_user_id": judged["from_end_user_id"],
        "user": "ann",
    }


async def what_a_flow_has(door: FrontDoor) -> dict[str, str]:
    """The same of a chatflow, with a variable."""
    asked = {"query": "hi", "user": "ann", "auto_generate_name": False}
    said = (await door.request("POST", "/v1/chat-messages", json_body=asked, key=key_of("flow"))).json()
    variable = {"last_id": id_of("count"), "variable_id": id_of("mixed")}
    return {
        "conversation_id": said["conversation_id"],
        "message_id": said["id"],
        "task_id": said["task_id"],
        **variable,
    }


async def what_a_shelf_has(door: FrontDoor) -> dict[str, str]:
    """The same of a tenant's knowledge."""
    tenant = Tenant(FrontDoor(door.app, KNOWLEDGE))
    await furnish(tenant)
    return {"target_id": tenant.has["dataset_id"], **tenant.has}


def of_knowledge(label: str) -> bool:
    return "/v1/datasets" in label or "/v1/workspaces" in label


def named(value: object, there: dict[str, str]) -> Any:
    """The same, with what is there in the place of what was made up."""
    if isinstance(value, dict):
        return {name: there.get(name, named(member, there)) for name, member in cast("Body", value).items()}
    return [named(member, there) for member in cast("list[object]", value)] if isinstance(value, list) else value


async def send(door: FrontDoor, case: Case, key: str) -> Reply:
    """A case over the front door, written out as an HTTP client does."""
    given = case.as_transport_kwargs(base_url="http://parlour")
    ready = Request(case.method, given["url"], data=given.get("data"), json=given.get("json"), files=given.get("files"))
    prepared = ready.prepare()
    prepared.prepare_url(given["url"], given.get("params"))
    address = urlsplit(prepared.url or "")
    body = prepared.body.encode() if isinstance(prepared.body, str) else prepared.body
    headers = {"content-type": prepared.headers["content-type"]} if "content-type" in prepared.headers else {}
    path = unquote(address.path, errors="replace")
    return await door.request(case.method, path, body=body, query=address.query.encode(), headers=headers, key=key)


@cache
def validator(label: str, status: int) -> Draft202012Validator | None:
    """Of the body that the document promises; None where it promises none in JSON."""
    method, _, path = label.partition(" ")
    content = SPEC["paths"][path][method.lower()]["responses"][str(status)].get("content", {})
    if "application/json" not in content:
        return None
    return Draft202012Validator({**content["application/json"]["schema"], "components": SPEC["components"]})


def assert_as_described(label: str, reply: Reply) -> None:
    assert reply.status < 500, reply.body
    kind = reply.headers.get("content-type", "")
    if reply.status >= 400 or kind.startswith("text/event-stream"):
        assert_well_spoken(reply)
        return
    promised = validator(label, reply.status)
    if promised is not None and kind.startswith("application/json"):
        promised.validate(reply.json())
    else:
        assert "html" not in kind


Drawn = tuple[Case, bool, str]
"""A request to one operation, whether it is to name what is there, and whose key it comes with."""


def drawn(label: str, examples: int) -> list[Drawn]:
    """What the document allows, and what it forbids. Drawn first, sent later: hypothesis draws in no running loop."""
    modes = [GenerationMode.POSITIVE] if label in NOTHING_TO_GET_WRONG else list(GenerationMode)
    operation: Any = OPERATIONS[label]
    strategies: list[st.SearchStrategy[Case]] = [operation.as_strategy(mode) for mode in modes]
    found: list[Drawn] = []
    own = "run" if "/workflow" in label else "flow" if "/variables" in label else "first"
    keys = (*KEYS, *[ADMIN if "/v1/admin" in label else KNOWLEDGE if of_knowledge(label) else key_of(own)] * 4)

    @many(examples)
    @given(case=st.one_of(strategies), there=st.booleans(), key=st.sampled_from(keys))
    def gather(*, case: Case, there: bool, key: str) -> None:
        found.append((case, there, key))

    gather()
    return found


async def drive(place: Place, label: str, examples: int) -> None:
    for case, there, key in drawn(label, examples):
        if there:
            ids = await what_is_there(place.door)
            if key == key_of("flow"):
                ids |= await what_a_flow_has(place.door)
            if key == KNOWLEDGE:
                ids = await what_a_shelf_has(place.door)
            case.path_parameters = named(case.path_parameters, ids)
            case.query = {**named(case.query or {}, ids), "user": "ann"}
            body: object = case.body
            case.body = {**named(cast("Body", body), ids), "user": "ann"} if isinstance(body, dict) else body
        assert_as_described(label, await send(place.door, case, key))


@requirement("error:never-html", "error:invalid-param", "error:envelope")
@pytest.mark.parametrize("label", OPERATIONS)
async def test_what_the_document_allows_or_forbids_is_answered_or_refused(place: Place, label: str) -> None:
    await drive(place, label, 15)


@requirement("error:never-html", "error:invalid-param", "error:envelope")
@pytest.mark.timeout(300)
@pytest.mark.parametrize("label", OPERATIONS)
async def test_much_more_that_the_document_allows_or_forbids_is_answered_or_refused(place: Place, label: str) -> None:
    await drive(place, label, 150)


def served(place: Place) -> Iterator[tuple[str, str]]:
    for route in http_app.routes(place.house):
        assert isinstance(route, Route)
        yield from ((method, route.path) for method in sorted((route.methods or set()) - {"HEAD"}))


async def test_the_document_describes_every_route_and_no_other(place: Place) -> None:
    described = {(method.upper(), path) for path, methods in SPEC["paths"].items() for method in methods}
    assert set(served(place)) == described | NOT_DESCRIBED.keys()


texts = st.text(max_size=30) | st.sampled_from(TELLING)
empty: Body = {}
nothing: list[object] = [None, True, 0, -1, empty, [empty]]
values: st.SearchStrategy[object] = st.one_of(st.sampled_from(nothing), texts)
names = (
    "user",
    "query",
    "inputs",
    "files",
    "conversation_id",
    "rating",
    "value",
    "name",
    "question",
    "answer",
    "limit",
    "tag_id",
    "tag_ids",
    "target_id",
    "dataset_id",
    "document_ids",
    "segments",
    "segment",
    "retrieval_model",
    "process_rule",
    "operation_data",
    "data",
)
objects = st.dictionaries(st.sampled_from(names), values, max_size=6).map(lambda found: json.dumps(found).encode())
parts = st.tuples(
    st.sampled_from(["file", "user", "data", "", "é", 'a"b']),
    st.none() | st.sampled_from(["a.png", "", "a/b", "é.txt", "a" * 400 + ".png", "..", ".png", 'a"b.png']),
    st.sampled_from(["image/png", "", "x", "a/b; c=d", "text/html"]),
    st.binary(max_size=40) | st.just(PNG),
)
forms = st.lists(parts, max_size=4).map(lambda found: multipart(*found))
bodies = st.just(b"") | st.binary(max_size=200) | objects | forms | forms.map(lambda body: body[: len(body) // 2])
odd = st.text(st.characters(max_codepoint=255, exclude_characters="\r\n\0"), max_size=40)
headers = st.dictionaries(
    st.sampled_from(["authorization", "x-trace-id", "traceparent", "accept", "idempotency-key", "host", "cookie"]),
    odd
    | st.sampled_from(["Bearer", f"bearer  {key_of('first')}", "Basic eA==", "*/*", "::1", "[", "a:b:c", "0" * 5000]),
    max_size=2,
)
queries = st.binary(max_size=60) | st.dictionaries(
    st.sampled_from([*names, "after", "first_id", "last_id", "sort_by", "page"]), texts, max_size=4
).map(lambda found: "&".join(f"{name}={value}" for name, value in found.items()).encode("utf-8", "replace"))


@requirement("error:never-html", "error:envelope", "error:malformed-json", "check:02", "check:10")
@pytest.mark.timeout(300)
@many(60)
@given(body=bodies, kind=st.sampled_from(ORDINARY), sent=headers, query=queries, there=st.booleans())
async def test_any_bytes_headers_and_query_on_any_route_are_answered_or_refused(
    place: Place, body: bytes, kind: str, sent: dict[str, str], query: bytes, *, there: bool
) -> None:
    await everywhere(place, body, {"content-type": kind, **sent}, query, there=there)


@requirement("error:never-html", "error:envelope", "error:malformed-json", "check:02", "check:10")
@pytest.mark.timeout(600)
@many(500)
@given(body=bodies, kind=st.sampled_from(ORDINARY), sent=headers, query=queries, there=st.booleans())
async def test_many_more_bytes_headers_and_queries_are_answered_or_refused(
    place: Place, body: bytes, kind: str, sent: dict[str, str], query: bytes, *, there: bool
) -> None:
    await everywhere(place, body, {"content-type": kind, **sent}, query, there=there)


async def everywhere(place: Place, body: bytes, sent: dict[str, str], query: bytes, *, there: bool) -> None:
    ids = {**await what_is_there(place.door), **await what_a_shelf_has(place.door)} if there else {}
    for method, path in served(place):
        if (method, path) == ("GET", "/docs"):
            continue
        whole = path.format_map(
            {**dict.fromkeys(("job_id", "variable_id", "form_token"), NOBODY), **WORDS, **ids} if there else Unknown()
        )
        key = ADMIN if "/v1/admin" in path else KNOWLEDGE if of_knowledge(path) else None
        reply = await place.door.request(method, whole, body=body, query=query, headers=sent, key=key)
        assert_as_described(f"{method} {path}", reply) if (method, path) not in NOT_DESCRIBED else None


WORDS = {"action": "enable", "model_type": "text-embedding", "name": "none.js"}


class Unknown(dict[str, str]):
    """An id of nothing for every name."""

    def __missing__(self, name: str) -> str:
        return NOBODY
