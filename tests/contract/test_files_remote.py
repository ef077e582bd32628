"""Files in chat that are named by their address: looked up, read for the model, and never inside (contract 2.4)."""

import base64
from collections.abc import Callable
from typing import Any

import pytest

from parlour.ports.models import Image
from parlour.ports.web import WebRequest
from parlour.providers.pages import Pages, WebPage
from tests.contract.requirements import requirement
from tests.contract.uploading import PNG, Witness, taking
from tests.front_door import Reply
from tests.houses import Build, Place, chat_app, key_of
from tests.rag import samples
from tests.web_site import guarded, served

pytestmark = pytest.mark.anyio

BASE = "https://files.example"
PICTURE = WebPage(PNG, headers=(("Content-Type", "image/png"),))
PDF = samples.pdf("Page one.")


def only(method: str, page: WebPage) -> Callable[[WebRequest], WebPage]:
    """An address that knows one method, as signed ones do."""
    return lambda request: page if request.method == method else WebPage(b"", 403)


def a_byte(request: WebRequest) -> WebPage:
    """An address that serves ranges, and refuses HEAD."""
    if request.method == "HEAD":
        return WebPage(b"", 405)
    if dict(request.headers).get("Range"):
        return WebPage(PDF[:1], 206, (("Content-Range", f"bytes 0-0/{len(PDF)}"), ("Content-Type", "application/pdf")))
    return WebPage(PDF, 200, (("Content-Type", "application/pdf"),))


def as_(name: str, body: bytes = PDF, kind: str = "application/pdf") -> WebPage:
    return WebPage(body, headers=(("Content-Type", kind), ("Content-Disposition", f"attachment; {name}")))


SITE: dict[str, WebPage | Callable[[WebRequest], WebPage]] = {
    "/a%20cat.png": PICTURE,
    "/moved": WebPage(status=302, headers=(("Location", "/a%20cat.png"),)),
    "/signed.png": only("GET", PICTURE),
    "/bytes": a_byte,
    "/named": as_('filename="the report.pdf"'),
    "/starred": as_("filename*=UTF-8''Gr%C3%BC%C3%9Fe.pdf"),
    "/folder": as_('filename="../../etc/report.pdf"'),
    "/untyped.md": WebPage("Größe".encode()),
    "/page.png": WebPage(b"<html>no cat</html>", headers=(("Content-Type", "image/png"),)),
    "/gone.png": WebPage(b"", 404),
    "/failing.png": lambda request: PICTURE if request.method == "HEAD" else WebPage(b"", 500),
    "/vast.png": WebPage(PNG + bytes(11 * 1024 * 1024), headers=(("Content-Type", "image/png"),)),
    "/broken.pdf": WebPage(b"%PDF-1.7", headers=(("Content-Type", "application/pdf"),)),
    "/round.png": WebPage(status=302, headers=(("Location", "/round.png"),)),
    "/song.mp3": only("HEAD", WebPage(bytes(40 * 1024 * 1024), headers=(("Content-Type", "audio/mpeg"),))),
    "/tool.exe": WebPage(b"MZ"),
}


def at(path: str, kind: str = "image", base: str = BASE) -> dict[str, object]:
    return {"type": kind, "transfer_method": "remote_url", "url": base + path}


async def house(build: Build, app: str) -> tuple[Place, Witness, Pages]:
    witness, pages = Witness(), Pages({BASE + path: page for path, page in SITE.items()})
    return await build(apps={"one": app}, models=witness, web=pages), witness, pages


async def files_of(place: Place, reply: Reply) -> list[dict[str, Any]]:
    assert reply.status == 200, reply.body
    page = await place.door.get("/v1/messages", user="ann", conversation_id=reply.json()["conversation_id"])
    return page.json()["data"][-1]["message_files"]


@requirement("files:message", "files:remote")
@pytest.mark.parametrize(
    ("path", "name"), [("/a%20cat.png", "a cat.png"), ("/moved", "moved.png"), ("/signed.png", "signed.png")]
)
async def test_a_picture_is_fetched_for_the_model_and_the_history_keeps_its_address(
    build: Build, path: str, name: str
) -> None:
    place, model, pages = await house(build, taking("image"))
    sent = await place.door.send("look", files=[at(path)], auto_generate_name=False)
    (file,) = await files_of(place, sent)
    assert model.shown.images == (Image(f"data:image/png;base64,{base64.b64encode(PNG).decode()}", "high"),)
    assert (file["url"], file["filename"], file["upload_file_id"]) == (BASE + path, name, None)
    assert (file["type"], file["transfer_method"]) == ("image", "remote_url")
    assert (file["mime_type"], file["size"]) == ("image/png", len(PNG))
    assert {request.app for request in pages.asked} == {"one"}


@requirement("files:remote", "files:documents")
@pytest.mark.parametrize(
    ("path", "name", "words"),
    [
        ("/bytes", "bytes.pdf", "Page one."),
        ("/named", "the report.pdf", "Page one."),
        ("/starred", "Grüße.pdf", "Page one."),
        ("/folder", "report.pdf", "Page one."),
        ("/untyped.md", "untyped.md", "Größe"),
    ],
)
async def test_a_document_is_read_for_the_model_under_the_name_that_its_address_gives(
    build: Build, path: str, name: str, words: str
) -> None:
    place, model, _ = await house(build, taking("document"))
    sent = await place.door.send("sum up", files=[at(path, "document")], auto_generate_name=False)
    (file,) = await files_of(place, sent)
    assert file["filename"] == name
    assert file["size"] == len(PDF if words == "Page one." else "Größe".encode())
    assert words in model.shown.text
    assert name in model.shown.text


@requirement("files:remote", "files:content")
@pytest.mark.parametrize(
    ("path", "kind", "why"),
    [
        ("/gone.png", "image", "404"),
        ("/failing.png", "image", "500"),
        ("/page.png", "image", "no picture"),
        ("/vast.png", "image", "10 MB"),
        ("/broken.pdf", "document", "broken"),
        ("/round.png", "image", "redirects"),
    ],
)
async def test_what_cannot_be_had_or_used_is_refused_by_name_and_leaves_nothing(
    build: Build, path: str, kind: str, why: str
) -> None:
    place, model, _ = await house(build, taking("image", "document"))
    reply = await place.door.send(files=[at(path, kind)])
    assert (reply.status, reply.json()["code"], reply.json()["params"]) == (400, "invalid_param", "files")
    assert path[1:] in reply.json()["message"]
    assert why in reply.json()["message"]
    assert model.calls == []
    assert (await place.door.get("/v1/conversations", user="ann")).json()["data"] == []


@requirement("files:remote")
async def test_what_no_model_is_given_is_not_fetched(build: Build) -> None:
    place, _, pages = await house(build, taking("audio"))
    sent = await place.door.send(files=[at("/song.mp3", "audio")], auto_generate_name=False)
    (file,) = await files_of(place, sent)
    assert (file["mime_type"], file["size"]) == ("audio/mpeg", 40 * 1024 * 1024)
    assert [request.method for request in pages.asked] == ["HEAD"]


@requirement("files:remote", "check:13")
async def test_a_custom_file_goes_by_the_extension_that_its_address_tells(build: Build) -> None:
    place, model, _ = await house(build, taking("custom", extensions=(".pdf",)))
    sent = await place.door.send(files=[at("/named", "custom")], auto_generate_name=False)
    (file,) = await files_of(place, sent)
    assert file["type"] == "document"
    assert "Page one." in model.shown.text
    reply = await place.door.send(files=[at("/tool.exe", "custom")])
    assert "tool.exe: the extension exe is not allowed" in reply.json()["message"]


@requirement("files:remote", "form:file")
async def test_a_file_of_the_form_is_looked_up_too(build: Build) -> None:
    field: dict[str, object] = {"variable": "doc", "label": "Doc", "required": False, "allowed_file_types": ["image"]}
    place, _, _ = await house(build, chat_app(user_input_form=[{"file": field}]))
    assert (await place.door.send(inputs={"doc": at("/a%20cat.png")})).status == 200
    reply = await place.door.send(inputs={"doc": at("/gone.png")})
    assert (reply.status, reply.json()["params"]) == (400, "doc")


@requirement("files:remote-inside")
async def test_no_address_inside_is_asked(build: Build) -> None:
    async with guarded() as web, served({"/": PICTURE}) as site:
        place = await build(apps={"one": taking("image")}, models=Witness(), web=web)
        for host in ("127.0.0.1", "localhost", "0x7f.1", "[::ffff:127.0.0.1]"):
            reply = await place.door.send(files=[at("/", base=site.at(host, ""))])
            assert (reply.status, reply.json()["code"]) == (400, "invalid_param")
            assert "private" in reply.json()["message"]
        assert site.connections == 0


@requirement("files:remote-inside")
async def test_an_operator_opens_a_place_inside_for_one_app(build: Build) -> None:
    async with guarded(allow_of={"one": ["127.0.0.1"]}) as web, served({"/": PICTURE}) as site:
        place = await build(apps={"one": taking("image"), "two": taking("image")}, models=Witness(), web=web)
        file = at("/", base=site.at("127.0.0.1", ""))
        assert (await place.door.send(files=[file], auto_generate_name=False)).status == 200
        body = {"query": "hi", "user": "ann", "files": [file]}
        other = await place.door.request("POST", "/v1/chat-messages", json_body=body, key=key_of("two"))
        assert (other.status, other.json()["code"]) == (400, "invalid_param")
