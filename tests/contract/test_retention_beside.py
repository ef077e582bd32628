"""Pruning beside a server that answers."""

import pytest

from parlour.runs.pruning import PIECE, prune
from tests.conformance.samples import a_conversation, a_message, answered
from tests.contract.flow_samples import run
from tests.contract.pausing import asks, followed, submit
from tests.contract.requirements import requirement
from tests.contract.uploading import local, upload
from tests.dsl.graph_samples import chain, edge, graph_file, node
from tests.houses import NOW, Build, chat_app

pytestmark = pytest.mark.anyio


@requirement("retention:beside")
async def test_chats_are_answered_between_the_pieces(build: Build) -> None:
    place = await build()
    conversation = a_conversation()
    for number in range(2 * PIECE + 1):
        message = a_message(conversation, float(number))
        await place.storage.messages.open(message, None if number else conversation)
        await place.storage.messages.close(answered(message))
    statuses: list[int] = []

    async def chat(seconds: float) -> None:
        del seconds
        statuses.append((await place.door.send(auto_generate_name=False)).status)

    total = await prune(place.storage.retention, place.house.blobs, 1e6, 0.0, sleep=chat)
    assert (total.messages, total.conversations) == (2 * PIECE + 1, 1)
    assert statuses == [200] * 3
    assert len((await place.door.get("/v1/conversations", user="ann")).json()["data"]) == 3


@requirement("retention:gone")
async def test_what_was_pruned_is_gone_for_clients_files_too(build: Build) -> None:
    place = await build(apps={"first": chat_app(file_upload={"enabled": True, "allowed_file_types": ["image"]})})
    sent = await upload(place.door)
    said = (await place.door.send(files=[local(sent)])).json()
    assert (await place.door.get(f"/v1/files/{sent}/preview")).status == 200
    await place.house.guests.settled()
    total = await prune(place.storage.retention, place.house.blobs, place.house.now() + 1, 0.0)
    assert (total.messages, total.conversations, total.uploads) == (1, 1, 1)
    assert await place.house.blobs.open(sent) is None
    assert (await place.door.get(f"/v1/files/{sent}/preview")).status == 404
    again = await place.door.send(conversation_id=said["conversation_id"])
    assert (again.status, again.json()["code"]) == (404, "not_found")
    page = await place.door.get("/v1/messages", user="ann", conversation_id=said["conversation_id"])
    assert page.status == 404


@requirement("retention:held")
async def test_a_file_that_a_waiting_run_has_to_read_is_there_when_it_goes_on(build: Build) -> None:
    methods = ["local_file", "remote_url"]
    doc = {"variable": "doc", "label": "Doc", "type": "file", "required": True, "allowed_file_types": ["document"]}
    nodes = [
        node("start", "start", variables=[{**doc, "allowed_file_upload_methods": methods}]),
        asks(),
        node("read", "document-extractor", variable_selector=["start", "doc"]),
        node("end", "end", outputs=[{"variable": "text", "value_selector": ["read", "text"]}]),
    ]
    ways = [edge("start", "ask"), edge("ask", "read", sourceHandle="yes"), *chain("read", "end")]
    times = [NOW]
    place = await build(apps={"first": graph_file("workflow", nodes, ways)}, clock=lambda: times[-1])
    held, other = [await upload(place.door, "a.txt", "text/plain", text) for text in (b"Kept.", b"Not.")]
    times.append(NOW + 3600)
    events = (await run(place.door, inputs={"doc": local(held, "document")}, response_mode="streaming")).events
    total = await prune(place.storage.retention, place.house.blobs, NOW + 60, NOW)
    assert (total.uploads, await place.house.blobs.open(other)) == (1, None)
    form = next(event["data"]["form_token"] for event in events if event["event"] == "human_input_required")
    assert (await submit(place.door, form)).status == 200
    after = (await followed(place.door, events[0]["workflow_run_id"])).events
    assert after[-1]["data"]["outputs"] == {"text": "Kept."}
    times.append(NOW + 7200)
    total = await prune(place.storage.retention, place.house.blobs, NOW + 7000, NOW)
    assert (total.runs, total.uploads) == (1, 1)
