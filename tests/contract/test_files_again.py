"""Files of earlier turns, as a model is shown them again (dsl.md 8.3)."""

import pytest

from parlour.providers.pages import Pages, WebPage
from tests.contract.requirements import requirement
from tests.contract.test_files_chat import REMOTE, house
from tests.contract.uploading import PNG, Witness, local, taking, upload
from tests.front_door import Reply
from tests.houses import Build, Place, chat_app
from tests.rag import samples

pytestmark = pytest.mark.anyio

TAKING = {
    "enabled": True,
    "allowed_file_types": ["image", "document"],
    "allowed_file_upload_methods": ["local_file", "remote_url"],
    "image": {"enabled": True, "detail": "low"},
}


async def go_on(place: Place, sent: Reply, query: str = "and now?") -> Reply:
    assert sent.status == 200, sent.body
    return await place.door.send(query, conversation_id=sent.json()["conversation_id"])


def pictures(witness: Witness) -> list[int]:
    """How many each line of the last prompt has."""
    return [len(line.images) for line in witness.calls[-1].lines]


@requirement("files:again", "files:message")
async def test_a_picture_is_shown_again_with_the_query_that_it_came_with(build: Build) -> None:
    place, model = await house(build, taking("image"))
    sent = await place.door.send("look", files=[local(await upload(place.door))], auto_generate_name=False)
    for _ in range(2):
        assert (await go_on(place, sent)).status == 200
    lines = model.calls[-1].lines
    assert [(line.role, line.text, len(line.images)) for line in lines] == [
        ("user", "look", 1),
        ("assistant", "ok", 0),
        ("user", "and now?", 0),
        ("assistant", "ok", 0),
        ("user", "and now?", 0),
    ]
    assert lines[0].images == model.calls[0].lines[0].images


@requirement("files:again")
async def test_a_document_is_given_again_behind_the_query_that_it_came_with(build: Build) -> None:
    place, model = await house(build, taking("document"))
    upload_id = await upload(place.door, "a.pdf", "application/pdf", samples.pdf("Page one."))
    sent = await place.door.send("sum up", files=[local(upload_id, "document")], auto_generate_name=False)
    assert (await go_on(place, sent)).status == 200
    first, *_, last = model.calls[-1].lines
    assert first.text == model.calls[0].lines[0].text
    assert "Page one." in first.text
    assert last.text == "and now?"


@requirement("files:again")
async def test_pictures_come_again_in_the_detail_of_the_app_and_by_address_too(build: Build) -> None:
    model, web = Witness(), Pages({str(REMOTE["url"]): WebPage(PNG, headers=(("content-type", "image/png"),))})
    place = await build(apps={"first": chat_app(file_upload=TAKING)}, models=model, web=web)
    sent = await place.door.send(files=[REMOTE], auto_generate_name=False)
    assert (await go_on(place, sent)).status == 200
    (image,) = model.calls[-1].lines[0].images
    assert (image.url.partition(",")[0], image.detail) == ("data:image/png;base64", "low")


@requirement("files:again")
async def test_an_earlier_file_that_is_gone_does_not_end_the_conversation(build: Build) -> None:
    model, pages = Witness(), {str(REMOTE["url"]): WebPage(PNG, headers=(("content-type", "image/png"),))}
    place = await build(apps={"first": taking("image", limit=2)}, models=model, web=Pages(pages))
    upload_id = await upload(place.door)
    sent = await place.door.send("look", files=[local(upload_id), REMOTE], auto_generate_name=False)
    assert pictures(model) == [2]
    del pages[str(REMOTE["url"])]
    assert (await go_on(place, sent)).status == 200
    assert pictures(model)[0] == 1
    await place.house.blobs.delete(upload_id)
    assert (await go_on(place, sent)).status == 200
    assert sum(pictures(model)) == 0
    assert model.calls[-1].lines[0].text == "look"


@requirement("files:again")
async def test_a_model_that_reads_one_text_is_told_where_a_picture_was(build: Build) -> None:
    old: dict[str, object] = {"provider": "openai", "name": "davinci", "mode": "completion", "completion_params": {}}
    place, model = await house(build, chat_app(file_upload=TAKING, model=old))
    sent = await place.door.send("look", files=[local(await upload(place.door))], auto_generate_name=False)
    assert (await go_on(place, sent)).status == 200
    assert "Human: [image]\nlook\nAssistant: ok" in model.shown.text


@requirement("files:again")
async def test_the_newest_files_come_first_when_not_all_have_room(build: Build) -> None:
    place, model = await house(build, taking("image"))
    large = PNG + bytes(8 * 1024 * 1024)
    sent = await place.door.send("0", files=[local(await upload(place.door, content=PNG + b"old"))])
    for number in range(1, 3):
        files = [local(await upload(place.door, content=large + bytes(number)))]
        sent = await place.door.send(str(number), conversation_id=sent.json()["conversation_id"], files=files)
    assert (await go_on(place, sent)).status == 200
    assert pictures(model) == [0, 0, 0, 0, 1, 0, 0]
