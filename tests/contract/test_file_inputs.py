"""Files in a form's inputs, as a history and a list of conversations show them (contract 5.3, 4.3)."""

import math
from collections.abc import Mapping
from typing import Any

import pytest

from tests.contract.requirements import requirement
from tests.contract.test_files_chat import form_app
from tests.contract.uploading import PNG, local, upload
from tests.houses import Build, Place, chat_app

pytestmark = pytest.mark.anyio

FILE = {
    *("dify_model_identity", "id", "tenant_id", "type", "transfer_method", "remote_url", "related_id", "filename"),
    *("extension", "mime_type", "size", "url"),
}


async def inputs(place: Place, sent: Mapping[str, object]) -> list[Any]:
    """What was given for `doc`, as each place shows it."""
    said = await place.door.send(inputs={"doc": sent}, auto_generate_name=False)
    assert said.status == 200, said.body
    conversation = said.json()["conversation_id"]
    history = await place.door.get("/v1/messages", user="ann", conversation_id=conversation)
    listed = await place.door.get("/v1/conversations", user="ann", limit=1)
    renamed = await place.door.post(f"/v1/conversations/{conversation}/name", name="New", user="ann")
    found = [history.json()["data"][0], listed.json()["data"][0], renamed.json()]
    return [each["inputs"]["doc"] for each in found]


@requirement("files:inputs")
async def test_an_upload_in_the_inputs_is_shown_as_a_file_object_with_a_signed_address(build: Build) -> None:
    place = await build(apps={"first": form_app("file", allowed_file_types=["image"])})
    own = await upload(place.door)
    for shown in await inputs(place, local(own)):
        assert shown.keys() == FILE
        assert shown["dify_model_identity"] == "__dify__file__"
        assert (shown["type"], shown["transfer_method"], shown["related_id"]) == ("image", "local_file", own)
        assert (shown["filename"], shown["extension"], shown["mime_type"]) == ("dot.png", ".png", "image/png")
        assert (shown["size"], shown["id"], shown["remote_url"]) == (len(PNG), None, None)
        path, _, query = shown["url"].removeprefix("http://127.0.0.1:8000").partition("?")
        reply = await place.door.request("GET", path, query=query.encode(), key="")
        assert (reply.status, reply.body) == (200, PNG)


@requirement("files:inputs")
async def test_a_list_of_uploads_is_shown_as_file_objects(build: Build) -> None:
    place = await build(apps={"first": form_app("file-list", allowed_file_types=["image"], max_length=2)})
    one, two = await upload(place.door), await upload(place.door)
    said = await place.door.send(inputs={"doc": [local(one), local(two)]}, auto_generate_name=False)
    history = await place.door.get("/v1/messages", user="ann", conversation_id=said.json()["conversation_id"])
    shown = history.json()["data"][0]["inputs"]["doc"]
    assert [each["related_id"] for each in shown] == [one, two]
    assert all(each.keys() == FILE for each in shown)


@requirement("files:held")
async def test_an_upload_in_the_inputs_can_be_previewed_and_stays_as_long_as_its_message(build: Build) -> None:
    place = await build(apps={"first": form_app("file", allowed_file_types=["image"])})
    own, unused = await upload(place.door), await upload(place.door)
    said = await place.door.send(inputs={"doc": local(own)}, auto_generate_name=False)
    assert said.status == 200
    assert (await place.door.get(f"/v1/files/{own}/preview")).body == PNG
    assert (await place.door.get(f"/v1/files/{unused}/preview")).status == 404
    assert await place.storage.retention.uploads(math.inf, 9) == (unused,)
    history = await place.door.get("/v1/messages", user="ann", conversation_id=said.json()["conversation_id"])
    assert history.json()["data"][0]["message_files"] == [], "it is an input, no file of the message"


@requirement("files:inputs", "files:owner")
async def test_nobody_gets_an_address_of_a_strangers_file_by_writing_what_a_file_looks_like(build: Build) -> None:
    form = [{"json_object": {"variable": "doc", "label": "Doc", "required": False}}]
    place = await build(apps={"first": chat_app(user_input_form=form)})
    foreign = await upload(place.door, user="bob")
    file = {"type": "image", "transfer_method": "local_file", "url": "", "upload_file_id": foreign}
    forged = {**file, "name": "a.png", "mime_type": "image/png", "size": 1, "data": ""}
    for shown in await inputs(place, forged):
        assert "sign=" not in str(shown)
