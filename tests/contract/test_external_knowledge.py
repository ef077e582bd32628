"""Knowledge of somebody else's stands in for a dataset that an app's file names (Dify's External Knowledge API)."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from parlour.domain.message import Owner
from parlour.ports.web import WebRequest
from parlour.providers.pages import Pages, WebPage
from parlour.settings import DatasetEntry
from tests.contract.filling import fill
from tests.contract.requirements import requirement
from tests.contract.test_citations import (
    D1,
    HANDBOOK,
    ONLY_IN_HISTORY,
    chatflow,
    cited,
    history,
    looking,
    retrieving,
    told,
)
from tests.houses import Build, Place, agent_app, app_file, chat_app, rules

pytestmark = pytest.mark.anyio
WIKI = "6T5CpDnnkQ=="
"""Ids of exported files need be no UUIDs."""
RECORDS: list[dict[str, Any]] = [
    {"content": "Cats may not.", "score": 0.4, "title": "cats.md", "metadata": {"path": "s3://x", "pages": 3}},
    {"content": "Staff may leave at five.", "score": 0.9, "title": "leave.md", "metadata": {"document_id": "w-7"}},
]
ADDRESS = "https://wiki.example.com/knowledge"
ENTRY = DatasetEntry(name="Wiki", external=f"{ADDRESS}/", api_key="wiki-key", knowledge_id="AAA-BBB")
SAYS = {"say": ["<{prompt}>"]}


def service(answer: object = None, status: int = 200) -> Pages:
    body = json.dumps({"records": RECORDS} if answer is None else answer).encode()
    return Pages({f"{ADDRESS}/retrieval": WebPage(body if answer != "no JSON" else b"<html>", status)})


async def house(build: Build, app: str, web: Pages, entry: DatasetEntry = ENTRY) -> Place:
    return await build(apps={"first": app}, models=rules(SAYS), web=web, datasets={WIKI: entry})


def asked(web: Pages) -> tuple[WebRequest, dict[str, Any]]:
    [request] = web.asked
    assert isinstance(request.body, bytes)
    return request, json.loads(request.body)


@requirement("knowledge:external", "knowledge:external:request")
async def test_the_service_is_asked_in_its_form_and_its_passages_are_cited(build: Build) -> None:
    web = service()
    place = await house(build, chat_app(**looking(WIKI, top_k=3)), web)
    reply = await place.door.send("When may I leave?")
    assert "Staff may leave at five.\nCats may not." in reply.json()["answer"]
    request, body = asked(web)
    assert (request.method, request.url) == ("POST", f"{ADDRESS}/retrieval")
    assert dict(request.headers) == {"content-type": "application/json", "authorization": "Bearer wiki-key"}
    assert body == {
        "knowledge_id": "AAA-BBB",
        "query": "When may I leave?",
        "retrieval_setting": {"top_k": 4, "score_threshold": 0.0},
    }
    first, second = cited(reply)
    assert {name: first[name] for name in ("position", "dataset_id", "dataset_name", "document_id")} == {
        "position": 1,
        "dataset_id": WIKI,
        "dataset_name": "Wiki",
        "document_id": "w-7",
    }
    assert (first["document_name"], first["data_source_type"], first["score"]) == ("leave.md", "external", 0.9)
    assert (first["segment_id"], first["hit_count"], first["content"]) == (None, None, "Staff may leave at five.")
    assert (second["document_id"], second["doc_metadata"]) == ("cats.md", {"path": "s3://x", "pages": 3})
    kept = await history(place, reply.json()["conversation_id"])
    assert told(kept, without=ONLY_IN_HISTORY) == told([first, second])


@requirement("knowledge:external")
async def test_it_is_asked_beside_datasets_that_are_here(build: Build) -> None:
    web = service()
    place = await house(build, chat_app(**looking(WIKI, D1)), web)
    await fill(place, HANDBOOK)
    reply = await place.door.send("leave")
    assert {one["dataset_id"] for one in cited(reply)} == {WIKI, D1}
    assert [one["position"] for one in cited(reply)] == [1, 2, 3, 4]


@requirement("knowledge:external", "knowledge:external:request")
async def test_what_the_app_wants_reaches_the_service_and_holds(build: Build) -> None:
    web = service()
    conditions = [{"name": "category", "comparison_operator": "is", "value": "{{#sys.query#}}"}]
    data = retrieving(
        WIKI,
        multiple_retrieval_config={"top_k": 1, "score_threshold": 0.5, "reranking_enable": False},
        metadata_filtering_mode="manual",
        metadata_filtering_conditions={"logical_operator": "or", "conditions": conditions},
    )
    entry = DatasetEntry(external=ADDRESS, top_k=1, score_threshold=0.3)
    place = await house(build, chatflow(data), web, entry)
    reply = await place.door.streamed("leave")
    [finished] = [e["data"] for e in reply.events if e["event"] == "node_finished" and e["data"]["node_id"] == "find"]
    [record] = finished["outputs"]["result"]
    assert (record["title"], record["content"]) == ("leave.md", "Staff may leave at five.")
    assert record["metadata"]["data_source_type"] == "external"
    assert record["metadata"]["document_id"] == "w-7"
    request, body = asked(web)
    assert "authorization" not in dict(request.headers)
    assert body == {
        "knowledge_id": WIKI,
        "query": "leave",
        "retrieval_setting": {"top_k": 1, "score_threshold": 0.3},
        "metadata_condition": {
            "logical_operator": "or",
            "conditions": [{"name": "category", "comparison_operator": "is", "value": "leave"}],
        },
    }


@requirement("knowledge:external:failure")
@pytest.mark.parametrize(
    ("web", "why"),
    [
        (lambda: service({"error_code": 1002, "error_msg": "Authorization failed"}, 403), "403: Authorization failed"),
        (lambda: service("no JSON", 500), "500: <html>"),
        (lambda: service("no JSON"), "cannot be read"),
        (lambda: service({"records": "many"}), "cannot be read"),
        (lambda: Pages({}), "Wiki"),
    ],
)
async def test_a_service_that_fails_is_told_of(build: Build, web: Callable[[], Pages], why: str) -> None:
    place = await house(build, chat_app(**looking(WIKI)), web())
    reply = await place.door.send("leave")
    assert reply.status == 400
    assert why in reply.json()["message"]
    assert "'Wiki'" in reply.json()["message"]
    assert "wiki-key" not in reply.json()["message"]


USAGE = {"prompt_tokens": 100, "completion_tokens": 10}


@requirement("knowledge:external:failure")
@pytest.mark.parametrize("mode", ["chat", "advanced-chat"])
async def test_what_a_model_took_before_a_look_up_that_fails_is_not_forgotten(build: Build, mode: str) -> None:
    app = chat_app(**looking(WIKI, D1, retrieval_model="single"))
    if mode == "advanced-chat":
        model: dict[str, object] = {
            "provider": "openai",
            "name": "gpt-4o-mini",
            "mode": "chat",
            "completion_params": {},
        }
        app = chatflow(retrieving(WIKI, D1, retrieval_mode="single", single_retrieval_config={"model": model}))
    place = await build(
        apps={"first": app},
        models=rules({"match": '"places"', "say": ['{"number": 1}'], "usage": USAGE}),
        web=service("no JSON", 500),
        datasets={WIKI: ENTRY},
    )
    await fill(place, HANDBOOK)
    events = (await place.door.streamed("leave")).events
    assert events[-1]["event"] == "error"
    app_id = place.house.catalogue.all()[0].card.id
    run = place.house.runs.find(events[-1]["task_id"], Owner(app_id, "ann"))
    assert run is not None
    assert [usage.total_tokens for usage in run.record.spent] == [110]
    if mode == "advanced-chat":
        assert events[-2]["data"]["total_tokens"] == 110


@requirement("knowledge:external")
@pytest.mark.parametrize("answer", [{}, {"records": None}, {"records": []}, {"records": [{"score": 1}, {"x": None}]}])
async def test_a_service_that_knows_nothing_is_no_failure(build: Build, answer: object) -> None:
    place = await house(build, chat_app(**looking(WIKI)), service(answer))
    reply = await place.door.send("leave")
    assert (reply.status, cited(reply)) == (200, [])


@requirement("knowledge:external")
async def test_a_number_that_is_too_large_for_one_is_told_as_text(build: Build) -> None:
    known = {"small": 7, "large": 10**400, "several": [10**400]}
    place = await house(build, chat_app(**looking(WIKI)), service({"records": [RECORDS[0] | {"metadata": known}]}))
    [source] = cited(await place.door.send("leave"))
    assert source["doc_metadata"] == {"small": 7, "large": f"{10**400}", "several": f"[{10**400}]"}


@requirement("knowledge:external")
async def test_completions_and_agents_ask_it_as_well(build: Build) -> None:
    web = service()
    app = app_file("completion", **looking(WIKI), dataset_query_variable="topic", **form("topic"))
    place = await house(build, app, web)
    reply = await place.door.post("/v1/completion-messages", inputs={"topic": "leave"}, user="ann")
    assert len(cited(reply)) == 2
    call = {"id": "c1", "name": "dataset_6T5CpDnnkQ__", "arguments": {"query": "leave"}}
    agent = agent_app(dataset_configs={"datasets": {"datasets": [{"dataset": {"enabled": True, "id": WIKI}}]}})
    place = await build(
        apps={"first": agent},
        models=rules({"once": True, "tool_calls": [call]}, {"say": ["At five."]}),
        web=service(),
        datasets={WIKI: ENTRY},
    )
    reply = await place.door.streamed("leave")
    assert [one["document_name"] for one in reply.events[-1]["metadata"]["retriever_resources"]] == [
        "leave.md",
        "cats.md",
    ]


def form(name: str) -> dict[str, object]:
    return {"user_input_form": [{"text-input": {"variable": name, "label": name, "required": True}}]}
