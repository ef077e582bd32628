"""Files in chat: whose they are, what the model is shown, what the history shows (contract 2.4, 5.3, 6.1)."""

import base64
from typing import Any

import pytest

from parlour.http.signing import Signer
from parlour.ports.models import Image
from tests.contract.requirements import requirement
from tests.contract.uploading import PNG, Witness, local, taking, upload
from tests.front_door import Reply
from tests.houses import NOBODY, NOW, SECRET, Build, Place, chat_app, key_of, rules
from tests.rag import samples

pytestmark = pytest.mark.anyio

REMOTE: dict[str, object] = {"type": "image", "transfer_method": "remote_url", "url": "https://pictures.example/a.png"}


async def house(build: Build, app: str) -> tuple[Place, Witness]:
    witness = Witness()
    return await build(apps={"one": app, "two": app}, models=witness), witness


async def files_of(place: Place, reply: Reply) -> list[dict[str, Any]]:
    assert reply.status == 200, reply.body
    page = await place.door.get("/v1/messages", user="ann", conversation_id=reply.json()["conversation_id"])
    return page.json()["data"][-1]["message_files"]


def refused(reply: Reply) -> str:
    """What a refusal says."""
    assert (reply.status, reply.json()["code"]) == (400, "invalid_param"), reply.body
    return reply.json()["message"]


@requirement("check:13", "files:message")
async def test_an_uploaded_picture_is_shown_to_the_model_and_in_the_history(build: Build) -> None:
    place, model = await house(build, taking("image"))
    upload_id = await upload(place.door)
    sent = await place.door.send("look", files=[local(upload_id)], auto_generate_name=False)
    (file,) = await files_of(place, sent)
    assert model.shown.text == "look"
    assert model.shown.images == (Image(f"data:image/png;base64,{base64.b64encode(PNG).decode()}", "high"),)
    url = file.pop("url")
    assert url.startswith(f"http://127.0.0.1:8000/files/{upload_id}/file-preview?timestamp=")
    assert file.pop("id") != upload_id
    assert file == {
        "filename": "dot.png",
        "type": "image",
        "mime_type": "image/png",
        "size": len(PNG),
        "transfer_method": "local_file",
        "belongs_to": "user",
        "upload_file_id": upload_id,
    }
    later = await place.door.send("and now?", conversation_id=sent.json()["conversation_id"])
    assert await files_of(place, later) == []


@requirement("files:message", "files:content")
async def test_a_picture_is_shown_as_what_its_content_is_whatever_its_sender_called_it(build: Build) -> None:
    place, model = await house(build, taking("image"))
    upload_id = await upload(place.door, "a.JPG", "application/octet-stream")
    assert (await place.door.send(files=[local(upload_id)], auto_generate_name=False)).status == 200
    assert model.shown.images[0].url.startswith("data:image/png;base64,")


@requirement("files:content")
async def test_a_picture_whose_content_is_none_is_refused_by_name(build: Build) -> None:
    place, model = await house(build, taking("image"))
    for content in (b"%PDF-1.7", b"<html><script>", b"words"):
        upload_id = await upload(place.door, "cat.png", "image/png", content)
        assert "cat.png" in refused(await place.door.send(files=[local(upload_id)]))
    assert model.calls == []


@requirement("files:message")
@pytest.mark.parametrize(
    ("name", "mime_type", "content"),
    [
        ("notes.md", "text/markdown", "Die Größe: 漢字".encode()),
        ("notes.csv", "application/octet-stream", "Die Größe: 漢字".encode("utf-16")),
        ("notes", "text/plain", b"\xef\xbb\xbf" + "Die Größe: 漢字".encode()),
    ],
)
async def test_a_text_is_given_to_the_model_after_the_query(
    build: Build, name: str, mime_type: str, content: bytes
) -> None:
    place, model = await house(build, taking("document"))
    upload_id = await upload(place.door, name, mime_type, content)
    sent = await place.door.send("sum up", files=[local(upload_id, "document")], auto_generate_name=False)
    (file,) = await files_of(place, sent)
    assert model.shown.text.startswith("sum up\n\n")
    assert "Die Größe: 漢字" in model.shown.text
    assert name in model.shown.text
    assert file["type"] == "document"
    page = await place.door.get("/v1/messages", user="ann", conversation_id=sent.json()["conversation_id"])
    assert page.json()["data"][0]["query"] == "sum up"


@requirement("files:message")
async def test_what_no_model_can_read_is_kept_and_not_shown_to_it(build: Build) -> None:
    place, model = await house(build, taking("document", "audio"))
    upload_id = await upload(place.door, "a.zip", "application/zip", b"PK")
    sound = await upload(place.door, "a.mp3", "audio/mpeg", b"la")
    files = [local(upload_id, "document"), local(sound, "audio")]
    sent = await place.door.send("sum up", files=files, auto_generate_name=False)
    assert len(await files_of(place, sent)) == 2
    assert (model.shown.text, model.shown.images) == ("sum up", ())
    vast = await upload(place.door, "a.txt", "text/plain", b"x" * (2 * 1024 * 1024 + 1))
    assert "too long" in refused(await place.door.send(files=[local(vast, "document")]))


@requirement("files:documents")
@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.pdf", samples.pdf("Page one."), "Page one."),
        ("a.docx", samples.docx(), "| Name | Age |"),
        ("a.csv", b"a,b\n1,2", "| 1 | 2 |"),
    ],
)
async def test_a_document_is_given_to_the_model_as_text(build: Build, name: str, content: bytes, words: str) -> None:
    place, model = await house(build, taking("document"))
    upload_id = await upload(place.door, name, "application/octet-stream", content)
    assert (await place.door.send(files=[local(upload_id, "document")], auto_generate_name=False)).status == 200
    assert words in model.shown.text
    assert name in model.shown.text


@requirement("files:documents")
async def test_a_document_that_cannot_be_read_is_refused_by_name(build: Build) -> None:
    place, model = await house(build, taking("document"))
    upload_id = await upload(place.door, "broken.pdf", "application/pdf", b"%PDF-1.7 and no more")
    assert "broken.pdf" in refused(await place.door.send(files=[local(upload_id, "document")]))
    assert model.calls == []


@requirement("check:13", "files:owner")
async def test_unknown_malformed_and_missing_ids_are_told_apart(build: Build) -> None:
    place, _ = await house(build, taking("image"))
    said = [refused(await place.door.send(files=[local(given)])) for given in (NOBODY, "abc", "")]
    assert len(set(said)) == 3
    assert all("invalid upload file" in one for one in said)
    listed = await place.door.get("/v1/conversations", user="ann")
    assert listed.json()["data"] == [], "a refused message leaves nothing"


@requirement("check:13", "files:owner")
async def test_an_upload_of_another_user_or_app_reads_as_one_that_is_not_there(build: Build) -> None:
    place, model = await house(build, taking("image"))
    unknown = refused(await place.door.send(files=[local(NOBODY)]))
    of_bob = await upload(place.door, user="bob")
    elsewhere = await upload(place.door, key=key_of("two"))
    fetched = {**REMOTE, "upload_file_id": of_bob}
    for upload_id, file in ((of_bob, local(of_bob)), (elsewhere, local(elsewhere)), (of_bob, fetched)):
        said = refused(await place.door.send(files=[file]))
        assert said.replace(upload_id, NOBODY) == unknown
    assert model.calls == []


@requirement("files:signed-again")
async def test_an_address_in_an_answer_opens_again_whenever_the_history_is_read(build: Build) -> None:
    place = await build(models=rules({"match": "mine", "say": ["{prompt}"]}))
    old = Signer(SECRET, lambda: NOW)
    own, foreign = await upload(place.door), await upload(place.door, user="bob")
    said = [f"mine: ![a]({old.address('https://files.example', one)}) is here" for one in (own, foreign)]
    for text, opens in zip(said, (True, False), strict=True):
        sent = await place.door.send(text, auto_generate_name=False)
        page = await place.door.get("/v1/messages", user="ann", conversation_id=sent.json()["conversation_id"])
        kept = page.json()["data"][0]["answer"]
        assert kept.startswith("user: mine: ![a](https://files.example/files/")
        assert kept.endswith(") is here")
        path, _, query = kept[kept.index("/files/") : kept.index(")")].partition("?")
        reply = await place.door.request("GET", path, query=query.encode(), key="")
        assert (reply.status == 200) is opens


@requirement("check:13")
async def test_too_many_files_and_files_of_another_type_are_refused(build: Build) -> None:
    place, _ = await house(build, taking("image", limit=2))
    upload_id = await upload(place.door)
    assert "2" in refused(await place.door.send(files=[local(upload_id)] * 3))
    assert "document" in refused(await place.door.send(files=[local(upload_id, "document")]))
    assert (await place.door.send(files=[local(upload_id)] * 2)).status == 200


@requirement("check:13")
async def test_a_custom_file_goes_by_its_extension(build: Build) -> None:
    place, model = await house(build, taking("custom", extensions=(".png",)))
    good, bad = await upload(place.door), await upload(place.door, "a.exe", "image/png")
    sent = await place.door.send(files=[local(good, "custom")], auto_generate_name=False)
    (file,) = await files_of(place, sent)
    assert file["type"] == "image"
    assert len(model.shown.images) == 1
    said = refused(await place.door.send(files=[local(bad, "custom")]))
    assert "a.exe" in said
    assert "exe is not allowed" in said


@requirement("check:14")
@pytest.mark.parametrize(
    "placeholder",
    [{}, {"type": "image"}, {"type": "image", "transfer_method": "remote_url", "url": ""}, {"transfer_method": ""}],
)
async def test_placeholders_are_passed_over(build: Build, placeholder: dict[str, object]) -> None:
    place, model = await house(build, taking("image", limit=1))
    upload_id = await upload(place.door)
    sent = await place.door.send(files=[placeholder, local(upload_id), placeholder], auto_generate_name=False)
    assert len(await files_of(place, sent)) == 1
    assert len(model.shown.images) == 1


def form_app(kind: str, **rules: object) -> str:
    return chat_app(user_input_form=[{kind: {"variable": "doc", "label": "Doc", "required": False, **rules}}])


@requirement("form:file")
async def test_a_file_variable_takes_one_file_of_its_user(build: Build) -> None:
    place, _ = await house(build, form_app("file", allowed_file_types=["image"]))
    own, foreign = await upload(place.door), await upload(place.door, user="bob")
    sent = await place.door.send(inputs={"doc": local(own)})
    assert sent.status == 200, sent.body
    assert (await place.door.send(inputs={"doc": ""})).status == 200
    assert "invalid upload file" in refused(await place.door.send(inputs={"doc": local(foreign)}))
    assert "document" in refused(await place.door.send(inputs={"doc": local(own, "document")}))
    refused(await place.door.send(inputs={"doc": [local(own)]}))
    page = await place.door.get("/v1/messages", user="ann", conversation_id=sent.json()["conversation_id"])
    assert page.json()["data"][0]["inputs"]["doc"]["related_id"] == own


@requirement("form:file-list")
async def test_a_list_of_files_takes_up_to_its_most(build: Build) -> None:
    place, _ = await house(build, form_app("file-list", allowed_file_types=["image"], max_length=2))
    own, foreign = await upload(place.door), await upload(place.door, user="bob")
    assert (await place.door.send(inputs={"doc": [local(own), local(own)]})).status == 200
    assert (await place.door.send(inputs={"doc": []})).status == 200
    refused(await place.door.send(inputs={"doc": [local(own)] * 3}))
    refused(await place.door.send(inputs={"doc": [local(own), local(foreign)]}))
