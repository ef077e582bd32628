"""What apps look up, and what their answers say that they rest on: in blocking, stream and history alike."""

import json
from typing import Any

import pytest

from parlour.domain.dataset import TENANT, MetadataField, RetrievalSettings
from parlour.domain.dataset import Place as Shelf
from tests.contract.filling import fill
from tests.contract.flow_samples import llm, start
from tests.contract.requirements import requirement
from tests.dsl.graph_samples import Written, chain, flow_file, node
from tests.front_door import Reply
from tests.houses import Build, Place, agent_app, app_file, chat_app, rules

pytestmark = pytest.mark.anyio
D1, D2, GONE = (f"d0000000-0000-4000-8000-00000000000{number}" for number in (1, 2, 3))
HANDBOOK = {
    D1: {"leave.md": "Staff get thirty days of leave.\nLeave is asked for in writing.", "cat.md": "The cat sleeps."}
}
MEMBERS = {
    *("position", "dataset_id", "dataset_name", "document_id", "document_name", "data_source_type", "segment_id"),
    *("retriever_from", "score", "hit_count", "word_count", "segment_position", "index_node_hash", "content", "page"),
    *("title", "summary", "doc_metadata", "files"),
}
NOT_IN_HISTORY = {"retriever_from", "page", "title", "doc_metadata", "files"}
ONLY_IN_HISTORY = {"id", "message_id", "created_at"}
SAYS = {"say": ["<{prompt}>"]}


def looking(*datasets: str, **more: object) -> dict[str, object]:
    """What an easy app has that looks things up."""
    named = [{"dataset": {"enabled": True, "id": one}} for one in datasets]
    configs = {"retrieval_model": "multiple", "top_k": 4, "datasets": {"datasets": named}, **more}
    return {"dataset_configs": configs}


async def handbook(build: Build, app: str, *script: dict[str, Any], **plan: Any) -> Place:
    place = await build(apps={"first": app}, models=rules(*(script or (SAYS,))), **plan)
    await fill(place, HANDBOOK)
    return place


def cited(reply: Reply) -> list[dict[str, Any]]:
    """Those of a blocking answer, or of a stream's last event."""
    streamed = reply.headers["content-type"].startswith("text/event-stream")
    [last] = [event for event in reply.events if event["event"] == "message_end"] if streamed else [reply.json()]
    return last["metadata"]["retriever_resources"]


async def history(place: Place, conversation: str) -> list[dict[str, Any]]:
    body = (await place.door.get("/v1/messages", user="ann", conversation_id=conversation)).json()
    return body["data"][-1]["retriever_resources"]


def told(resources: list[dict[str, Any]], *, without: set[str] = NOT_IN_HISTORY) -> list[dict[str, Any]]:
    """Citations without what not all of their places have; they were found at different times."""
    return [{name: value for name, value in one.items() if name not in {*without, "hit_count"}} for one in resources]


@requirement("blocking:citations", "check:31", "chat:retriever-from")
async def test_citations_are_the_same_in_blocking_stream_and_history(build: Build) -> None:
    place = await handbook(build, chat_app(**looking(D1)))
    blocking = await place.door.send("How much leave?", retriever_from="portal")
    resources = cited(blocking)
    assert [one["content"] for one in resources] == [
        "Staff get thirty days of leave.",
        "Leave is asked for in writing.",
    ]
    assert [one["position"] for one in resources] == [1, 2]
    assert all(one.keys() == MEMBERS for one in resources)
    assert all(0 < one["score"] <= 1 for one in resources)
    assert {one["retriever_from"] for one in resources} == {"portal"}
    assert {one["data_source_type"] for one in resources} == {"upload_file"}
    first = resources[0]
    assert (first["dataset_name"], first["document_name"], first["doc_metadata"]) == (
        f"Dataset {D1}",
        "leave.md",
        {"kind": "leave.md"},
    )
    assert (first["segment_position"], first["word_count"], first["hit_count"]) == (1, 31, 1)
    stream = await place.door.streamed("How much leave?")
    assert told(cited(stream)) == told(resources)
    assert {one["retriever_from"] for one in cited(stream)} == {"dev"}
    for reply in (blocking, stream):
        conversation = reply.json()["conversation_id"] if reply is blocking else reply.events[0]["conversation_id"]
        kept = await history(place, conversation)
        assert told(kept, without=ONLY_IN_HISTORY) == told(resources)
        assert all(one.keys() == MEMBERS - NOT_IN_HISTORY | ONLY_IN_HISTORY for one in kept)


@requirement("check:31")
async def test_an_app_that_does_not_show_them_has_no_citations_and_knows_all_the_same(build: Build) -> None:
    app = chat_app(**looking(D1), retriever_resource={"enabled": False})
    place = await handbook(build, app)
    reply = await place.door.send("How much leave?")
    assert cited(reply) == []
    assert "thirty days of leave" in reply.json()["answer"]


async def test_what_was_found_stands_before_the_instruction_and_what_was_not_leaves_no_trace(build: Build) -> None:
    place = await handbook(build, chat_app(**looking(D1), pre_prompt="Be kind."))
    answer = (await place.door.send("How much leave?")).json()["answer"]
    block, _, rest = answer.rpartition("</context>")
    assert "<context>\nStaff get thirty days of leave.\nLeave is asked for in writing.\n" in block
    assert rest.index("Be kind.") < rest.index("How much leave?")
    reply = await place.door.send("Zebra?")
    assert cited(reply) == []
    assert "<context>" not in reply.json()["answer"]


async def test_datasets_that_are_not_here_are_passed_over(build: Build) -> None:
    place = await handbook(build, chat_app(**looking(GONE, D1)))
    assert len(cited(await place.door.send("How much leave?"))) == 2
    other = await build(apps={"first": chat_app(**looking(GONE))}, models=rules(SAYS))
    assert cited(await other.door.send("How much leave?")) == []


async def test_another_tenants_dataset_is_never_looked_into(build: Build) -> None:
    place = await build(apps={"first": chat_app(**looking(D1))}, models=rules(SAYS))
    await fill(place, HANDBOOK, tenant="acme")
    assert cited(await place.door.send("How much leave?")) == []


async def test_thresholds_conditions_and_top_k_of_the_app_hold(build: Build) -> None:
    conditions = {"logical_operator": "and", "conditions": [written("kind", "is", "{{which}}")]}
    field = {"text-input": {"variable": "which", "label": "which", "required": False, "default": ""}}
    by_kind = looking(D1, top_k=1, metadata_filtering_mode="manual", metadata_filtering_conditions=conditions)
    place = await handbook(build, chat_app(**by_kind, user_input_form=[field]))
    asked = [cited(await place.door.send("leave cat", inputs={"which": which})) for which in ("cat.md", "leave.md")]
    assert [[one["document_name"] for one in found] for found in asked] == [["cat.md"], ["leave.md"]]
    strict = await handbook(build, chat_app(**looking(D1, score_threshold=0.99, score_threshold_enabled=True)))
    assert cited(await strict.door.send("How much leave?")) == []
    assert len(cited(await strict.door.send("The cat sleeps."))) == 1


def written(name: str, operator: str, value: object) -> dict[str, object]:
    return {"id": name, "name": name, "comparison_operator": operator, "value": value}


async def test_a_completion_app_looks_up_the_input_that_it_names(build: Build) -> None:
    field = {"text-input": {"variable": "topic", "label": "topic", "required": True, "default": ""}}
    app = app_file(
        "completion",
        **looking(D1),
        dataset_query_variable="topic",
        user_input_form=[field],
        pre_prompt="Tell of {{topic}}.",
    )
    place = await handbook(build, app)
    reply = await place.door.post("/v1/completion-messages", inputs={"topic": "cat"}, user="ann")
    assert [one["content"] for one in cited(reply)] == ["The cat sleeps."]
    assert "The cat sleeps." in reply.json()["answer"]


async def test_one_of_several_datasets_is_chosen_by_the_model_where_the_app_wants_one(build: Build) -> None:
    script = ({"match": '"places"', "say": ['{"number": 2}']}, SAYS)
    place = await build(apps={"first": chat_app(**looking(D1, D2, retrieval_model="single"))}, models=rules(*script))
    await fill(place, {**HANDBOOK, D2: {"law.md": "Leave the room."}})
    reply = await place.door.send("leave")
    assert [one["dataset_id"] for one in cited(reply)] == [D2]
    none = await build(
        apps={"first": chat_app(**looking(D1, D2, retrieval_model="single"))},
        models=rules({"match": '"places"', "say": ["I cannot tell."]}, SAYS),
    )
    await fill(none, {**HANDBOOK, D2: {"law.md": "Leave the room."}})
    assert cited(await none.door.send("leave")) == []


async def test_what_models_decide_on_the_way_is_paid_for(build: Build) -> None:
    usage = {"prompt_tokens": 100, "completion_tokens": 10}
    script = ({"match": '"places"', "say": ['{"number": 1}'], "usage": usage}, {"say": ["ok"], "usage": usage})
    app = chat_app(**looking(D1, D2, retrieval_model="single"))
    place = await build(apps={"first": app}, models=rules(*script))
    await fill(place, {**HANDBOOK, D2: {"law.md": "Leave the room."}})
    body = (await place.door.send("leave")).json()
    assert body["metadata"]["usage"]["prompt_tokens"] == 200


async def test_an_agent_looks_things_up_by_a_tool_of_each_dataset(build: Build) -> None:
    named = [{"dataset": {"enabled": True, "id": D1}}]
    app = agent_app(dataset_configs={"datasets": {"datasets": named}})
    call = {"id": "c1", "name": f"dataset_{D1}".replace("-", "_"), "arguments": {"query": "leave"}}
    place = await handbook(build, app, {"once": True, "tool_calls": [call]}, {"say": ["Thirty."]})
    reply = await place.door.streamed("How much leave?")
    seen = [event["observation"] for event in reply.events if event["event"] == "agent_thought"]
    assert any("thirty days of leave" in one for one in seen)
    assert [one["position"] for one in cited(reply)] == [1, 2]
    assert cited(reply)[0]["dataset_name"] == f"Dataset {D1}"


async def test_an_agent_is_held_to_conditions_only_where_they_are_switched_on(build: Build) -> None:
    named = [{"dataset": {"enabled": True, "id": D1}}]
    one = {"name": "kind", "comparison_operator": "is", "value": "{{kind}}"}
    only = {"logical_operator": "and", "conditions": [one]}
    call = {"id": "c1", "name": f"dataset_{D1}".replace("-", "_"), "arguments": {"query": "leave"}}
    for mode, kind, found in (("disabled", "none", True), ("manual", "none", False), ("manual", "leave.md", True)):
        configs = {"datasets": {"datasets": named}, "metadata_filtering_mode": mode}
        form = [{"text-input": {"variable": "kind", "label": "Kind", "required": False}}]
        app = agent_app(dataset_configs={**configs, "metadata_filtering_conditions": only}, user_input_form=form)
        place = await handbook(build, app, {"once": True, "tool_calls": [call]}, {"say": ["Thirty."]})
        reply = await place.door.streamed("How much leave?", inputs={"kind": kind})
        assert bool(cited(reply)) is found, (mode, kind)


def retrieving(*datasets: str, **data: Any) -> Written:
    usual = {
        "query_variable_selector": ["sys", "query"],
        "dataset_ids": list(datasets),
        "retrieval_mode": "multiple",
        "multiple_retrieval_config": {"top_k": 2, "score_threshold": None, "reranking_enable": False},
    }
    return node("find", "knowledge-retrieval", **{**usual, **data})


def chatflow(find: Written, **features: object) -> str:
    context = {"enabled": True, "variable_selector": ["find", "result"]}
    nodes = [start(), find, llm("ask", "{{#context#}} {{#sys.query#}}", context=context)]
    nodes.append(node("say", "answer", answer="{{#ask.text#}}"))
    return flow_file(graph={"nodes": nodes, "edges": chain("start", "find", "ask", "say")}, features=features)


CITES: dict[str, object] = {"retriever_resource": {"enabled": True}}


@requirement("node:knowledge-retrieval", "check:31")
async def test_a_node_finds_passages_and_the_model_that_uses_them_cites_them(build: Build) -> None:
    place = await handbook(build, chatflow(retrieving(D1), **CITES))
    reply = await place.door.streamed("How much leave?")
    finished = {event["data"]["node_id"]: event["data"] for event in reply.events if event["event"] == "node_finished"}
    assert finished["find"]["inputs"] == {"query": "How much leave?"}
    result = finished["find"]["outputs"]["result"]
    assert [one["content"] for one in result] == ["Staff get thirty days of leave.", "Leave is asked for in writing."]
    first = result[0]
    assert first.keys() == {"content", "title", "files", "metadata"}
    about = first["metadata"]
    assert (about["_source"], about["retriever_from"], about["position"]) == ("knowledge", "workflow", 1)
    assert (about["document_name"], about["segment_position"], about["child_chunks"]) == ("leave.md", 1, [])
    resources = cited(reply)
    assert [one["position"] for one in resources] == [1, 2]
    assert [one["content"] for one in resources] == [one["content"] for one in result]
    assert resources[0]["score"] == about["score"]
    assert told(await history(place, reply.events[0]["conversation_id"]), without=ONLY_IN_HISTORY) == told(resources)
    blocking = await place.door.send("How much leave?")
    assert told(cited(blocking)) == told(resources)
    assert "Staff get thirty days of leave." in blocking.json()["answer"]


async def test_a_chatflow_that_does_not_show_them_has_no_citations(build: Build) -> None:
    place = await handbook(build, chatflow(retrieving(D1), retriever_resource={"enabled": False}))
    assert cited(await place.door.send("How much leave?")) == []


@pytest.mark.parametrize(
    ("data", "found"),
    [
        ({"dataset_ids": [GONE]}, 0),
        ({"dataset_ids": []}, 0),
        ({"multiple_retrieval_config": {"top_k": 1, "reranking_enable": False}}, 1),
        ({"multiple_retrieval_config": {"top_k": 9, "score_threshold": 0.99, "reranking_enable": False}}, 0),
        ({"retrieval_mode": "single", "single_retrieval_config": {}}, 3),
        (
            {
                "metadata_filtering_mode": "manual",
                "metadata_filtering_conditions": {"conditions": [written("kind", "is", "{{#sys.user_id#}}.md")]},
            },
            1,
        ),
        (
            {
                "multiple_retrieval_config": {
                    "top_k": 9,
                    "reranking_enable": True,
                    "reranking_mode": "weighted_score",
                    "weights": {
                        "vector_setting": {"vector_weight": 0, "embedding_model_name": "x"},
                        "keyword_setting": {"keyword_weight": 1},
                    },
                    "score_threshold": 0.5,
                }
            },
            1,
        ),
    ],
)
@requirement("node:knowledge-retrieval")
async def test_a_node_looks_as_it_is_set(build: Build, data: dict[str, Any], found: int) -> None:
    place = await handbook(build, chatflow(retrieving(D1, **data), **CITES))
    reply = await place.door.send("leave cat leave", user="cat" if "metadata_filtering_mode" in data else "ann")
    assert reply.status == 200
    assert len(cited(reply)) == found


async def test_a_model_reads_conditions_out_of_the_question_where_a_node_wants_that(build: Build) -> None:
    from_question = {"conditions": [{"name": "kind", "operator": "is", "value": "cat.md"}]}
    model: dict[str, object] = {"provider": "openai", "name": "gpt-4o-mini", "mode": "chat", "completion_params": {}}
    find = retrieving(D1, metadata_filtering_mode="automatic", metadata_model_config=model)
    script = ({"match": '"fields"', "say": [json.dumps(from_question)]}, SAYS)
    place = await handbook(build, chatflow(find, **CITES), *script)
    await place.house.knowledge.store.fields.create(Shelf(TENANT, D1), MetadataField("f", "kind", "string"))
    assert [one["document_name"] for one in cited(await place.door.send("leave cat"))] == ["cat.md"]


@requirement("node:knowledge-retrieval")
async def test_a_query_that_is_no_text_fails_the_node(build: Build) -> None:
    place = await handbook(build, chatflow(retrieving(D1, query_variable_selector=["sys", "files"]), **CITES))
    reply = await place.door.send("leave")
    assert reply.status == 400
    assert "Query variable is not string type" in reply.json()["message"]


@requirement("citations:passages")
async def test_several_nodes_cite_each_passage_once_and_count_through(build: Build) -> None:
    context = [{"enabled": True, "variable_selector": [name, "result"]} for name in ("one", "two")]
    nodes = [
        start(),
        retrieving(D1, multiple_retrieval_config={"top_k": 1, "reranking_enable": False}) | {"id": "one"},
        retrieving(D1, multiple_retrieval_config={"top_k": 2, "reranking_enable": False}) | {"id": "two"},
        llm("first", "{{#context#}}", context=context[0]),
        llm("second", "{{#context#}}", context=context[1]),
        node("say", "answer", answer="{{#second.text#}}"),
    ]
    edges = chain("start", "one", "two", "first", "second", "say")
    place = await handbook(build, flow_file(graph={"nodes": nodes, "edges": edges}, features=CITES))
    resources = cited(await place.door.send("How much leave?"))
    assert [one["position"] for one in resources] == [1, 2]
    assert len({one["segment_id"] for one in resources}) == 2


@requirement("citations:passages")
async def test_two_passages_of_one_document_are_both_cited(build: Build) -> None:
    find = retrieving(D1, multiple_retrieval_config={"top_k": 4, "reranking_enable": False})
    place = await build(apps={"first": chatflow(find, **CITES)}, models=rules(SAYS))
    await fill(place, {D1: {"leave.md": "Leave is thirty days.\nLeave is asked for in writing."}})
    resources = cited(await place.door.send("leave"))
    assert sorted(one["content"] for one in resources) == ["Leave is asked for in writing.", "Leave is thirty days."]
    assert len({one["document_id"] for one in resources}) == 1
    assert [one["position"] for one in resources] == [1, 2]


@requirement("citations:passages")
async def test_a_dataset_of_few_good_passages_gives_few(build: Build) -> None:
    place = await build(apps={"first": chat_app(**looking(D1))}, models=rules(SAYS))
    await fill(place, HANDBOOK, settings=RetrievalSettings("hybrid_search", 9, threshold=0.6))
    assert [one["content"] for one in cited(await place.door.send("cat sleeps"))] == ["The cat sleeps."]
