"""Pruning beside a server that answers."""

import pytest

from parlour.runs.pruning import PIECE, prune
from tests.conformance.samples import a_conversation, a_message, answered
from tests.contract.requirements import requirement
from tests.contract.uploading import local, upload
from tests.houses import Build, chat_app

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
