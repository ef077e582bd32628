"""POST /files/upload, and reading files again: by key, and by signed address (contract 5.7, 1.5)."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from anyio import fail_after
from starlette.types import Message

from parlour.http.signing import VALID_SECONDS, Signer
from tests.contract.requirements import requirement
from tests.contract.uploading import BOUNDARY, PNG, Part, local, multipart, post, taking, upload
from tests.front_door import FrontDoor, Reply
from tests.houses import NOBODY, NOW, Build, Place, chat_app, key_of
from tests.rag.samples import DOCX

pytestmark = pytest.mark.anyio

MEMBERS = {
    "id",
    "reference",
    "name",
    "size",
    "extension",
    "mime_type",
    "created_by",
    "created_at",
    "preview_url",
    "source_url",
    "original_url",
    "user_id",
    "tenant_id",
    "conversation_id",
    "file_key",
}
FILE: Part = ("file", "dot.png", "image/png", PNG)
MEGABYTE = 1024 * 1024


async def shown(build: Build, name: str = "dot.png", mime_type: str = "image/png", content: bytes = PNG) -> Any:
    """A place with an upload that a message shows, and its id."""
    place = await build(apps={"one": taking("document"), "two": chat_app()})
    upload_id = await upload(place.door, name, mime_type, content)
    sent = await place.door.send(files=[local(upload_id, "document")], auto_generate_name=False)
    assert sent.status == 200, sent.body
    return place, upload_id


def kept_in(folder: Path) -> list[Path]:
    """The files that could be read there."""
    return [path for path in folder.rglob("files/*") if "#" not in path.name]


async def open_address(door: FrontDoor, address: str, **changed: str) -> Reply:
    parts = urlsplit(address)
    return await door.request("GET", parts.path, query={**dict(parse_qsl(parts.query)), **changed}, key="")


@requirement("files:upload", "check:13")
async def test_an_upload_answers_with_exactly_its_members(build: Build) -> None:
    place = await build()
    reply = await post(place.door, FILE, ("user", None, "", b"ann"))
    found = reply.json()
    assert reply.status == 201
    assert found.keys() == MEMBERS
    assert (found["name"], found["size"], found["extension"], found["mime_type"]) == (
        "dot.png",
        len(PNG),
        "png",
        "image/png",
    )
    assert type(found["created_at"]) is int
    for name in ("reference", "preview_url", "original_url", "user_id", "conversation_id", "file_key"):
        assert found[name] is None
    again = await open_address(place.door, found["source_url"])
    assert (again.status, again.body) == (200, PNG)


@requirement("files:upload")
@pytest.mark.parametrize(
    ("fields", "user"),
    [([], "DEFAULT-USER"), ([""], "DEFAULT-USER"), (["", "ann"], "ann"), (["bob", "ann", ""], "ann"), (["5"], "5")],
)
async def test_the_last_user_that_is_not_empty_counts(build: Build, fields: list[str], user: str) -> None:
    place = await build(apps={"one": taking("image")})
    reply = await post(place.door, FILE, *(("user", None, "", name.encode()) for name in fields))
    sent = await place.door.send(user=user, files=[local(reply.json()["id"])])
    assert sent.status == 200, sent.body


@requirement("files:named")
@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        ("filename=\"=?utf-8?B?5ZCNLnR4dA==?=\"; filename*=utf-8''%E5%90%8D.txt", "名.txt"),  # as .NET writes it
        ("filename*=UTF-8''%E5%90%8D.txt", "名.txt"),  # as older releases of Python's requests do
        ("filename*=utf-8'en'%E2%82%AC%20rates.txt; filename=\"x.txt\"", "€ rates.txt"),
        ("filename*=iso-8859-1''%A3.txt", "£.txt"),
        ("filename*=no-such''%A3.txt; filename=\"x.txt\"", "x.txt"),
        ("filename=\"a; filename*=utf-8''b.txt\"", "a; filename*=utf-8''b.txt"),
        ("filename=plain.txt", "plain.txt"),
    ],
)
async def test_a_name_is_read_in_either_of_its_forms(build: Build, disposition: str, name: str) -> None:
    place = await build()
    body = multipart(FILE).replace(b'filename="dot.png"', disposition.encode())
    headers = {"content-type": f"multipart/form-data; boundary={BOUNDARY}"}
    reply = await place.door.request("POST", "/v1/files/upload", body=body, headers=headers)
    assert (reply.status, reply.json()["name"]) == (201, name), reply.body
    assert reply.json()["extension"] == "txt"


@requirement("files:named")
@pytest.mark.parametrize("name", ["..%2Fx.txt", "a%5Cb.txt"])
async def test_a_name_with_folders_is_refused_in_either_of_its_forms(build: Build, name: str) -> None:
    place = await build()
    body = multipart(FILE).replace(b'filename="dot.png"', f"filename*=utf-8''{name}".encode())
    headers = {"content-type": f"multipart/form-data; boundary={BOUNDARY}"}
    reply = await place.door.request("POST", "/v1/files/upload", body=body, headers=headers)
    assert (reply.status, reply.json()["code"]) == (400, "invalid_param")


@requirement("error:upload")
@pytest.mark.parametrize(
    ("parts", "status", "code"),
    [
        ([], 400, "no_file_uploaded"),
        ([("user", None, "", b"ann")], 400, "no_file_uploaded"),
        ([("file", None, "", b"just text")], 400, "no_file_uploaded"),
        ([("picture", "a.png", "image/png", PNG)], 400, "no_file_uploaded"),
        ([FILE, FILE], 400, "too_many_files"),
        ([FILE, ("other", "b.png", "image/png", PNG)], 400, "too_many_files"),
        ([("file", "", "image/png", PNG)], 400, "filename_not_exists_error"),
        ([("file", "a/b.png", "image/png", PNG)], 400, "invalid_param"),
        ([("file", "a.png", "", PNG)], 415, "unsupported_file_type"),
        ([("file", "a.png", "nonsense", PNG)], 415, "unsupported_file_type"),
    ],
)
async def test_what_is_no_single_file_is_refused_by_its_code(
    build: Build, parts: list[Part], status: int, code: str, tmp_path: Path
) -> None:
    place = await build()
    reply = await post(place.door, *parts)
    assert (reply.status, reply.json()["code"]) == (status, code)
    assert kept_in(tmp_path) == []


@requirement("error:upload")
@pytest.mark.parametrize(
    ("content_type", "body", "code"),
    [
        ("application/json", b"{}", "no_file_uploaded"),
        ("", b"", "no_file_uploaded"),
        ("multipart/form-data", b"x", "no_file_uploaded"),
        (f"multipart/form-data; boundary={'b' * 300}", b"x", "bad_request"),
        (f"multipart/form-data; boundary={BOUNDARY}", b"no boundary here", "bad_request"),
        (f"multipart/form-data; boundary={BOUNDARY}", multipart(FILE)[:-20], "bad_request"),
        (f"multipart/form-data; boundary={BOUNDARY}", b"", "bad_request"),
        (f"multipart/form-data; boundary={BOUNDARY}", multipart(("x", None, "", b"y" * 70_000), FILE), "bad_request"),
        (f"multipart/form-data; boundary={BOUNDARY}", multipart(*[("x", None, "", b"y")] * 200, FILE), "bad_request"),
    ],
)
async def test_a_body_that_is_no_whole_form_is_a_clear_400(
    build: Build, content_type: str, body: bytes, code: str
) -> None:
    place = await build()
    reply = await place.door.request("POST", "/v1/files/upload", body=body, headers={"content-type": content_type})
    assert (reply.status, reply.json()["code"]) == (400, code)


@requirement("error:upload")
@pytest.mark.parametrize(("name", "limit"), [("a.PNG", 10), ("a.txt", 15), ("noextension", 15)])
async def test_a_file_beyond_the_limit_of_its_kind_is_refused_with_the_limit(
    build: Build, name: str, limit: int
) -> None:
    place = await build()
    fitting = await post(place.door, ("file", name, "image/png", bytes(limit * MEGABYTE)))
    assert (fitting.status, fitting.json()["size"]) == (201, limit * MEGABYTE)
    reply = await post(place.door, ("file", name, "image/png", bytes(limit * MEGABYTE + 1)))
    assert (reply.status, reply.json()["code"]) == (413, "file_too_large")
    assert f"{limit} MB" in reply.json()["message"]


@requirement("files:upload")
async def test_a_long_name_is_cut_and_keeps_its_extension(build: Build) -> None:
    place = await build()
    reply = await post(place.door, ("file", "ü" * 250 + ".TXT", "text/plain; charset=utf-8", b"x"))
    found = reply.json()
    assert (found["name"], found["extension"], found["mime_type"]) == ("ü" * 200 + ".TXT", "txt", "text/plain")


@requirement("files:upload")
async def test_a_client_that_goes_away_in_the_middle_leaves_nothing(build: Build, tmp_path: Path) -> None:
    place = await build()
    body = multipart(("file", "a.txt", "text/plain", b"x" * 400_000))
    said: list[Message] = [
        {"type": "http.request", "body": body[:300_000], "more_body": True},
        {"type": "http.disconnect"},
    ]
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/v1/files/upload",
        "query_string": b"",
        "headers": [
            (b"authorization", f"Bearer {place.door.key}".encode()),
            (b"content-type", f"multipart/form-data; boundary={BOUNDARY}".encode()),
        ],
    }

    async def receive() -> Message:
        return said.pop(0)

    async def send(message: Message) -> None:
        pytest.fail(f"said {message} to nobody")

    with fail_after(5):
        await place.app(scope, receive, send)
    assert kept_in(tmp_path) == []
    assert not said


@requirement("files:upload")
async def test_an_upload_needs_a_key(build: Build) -> None:
    place = await build()
    assert (await post(place.door, FILE, key="app-wrong")).status == 401


@requirement("files:preview")
async def test_a_file_that_no_message_shows_is_not_found(build: Build) -> None:
    place = await build()
    unused = await upload(place.door)
    for file_id in (unused, NOBODY):
        reply = await place.door.get(f"/v1/files/{file_id}/preview")
        assert (reply.status, reply.json()["code"]) == (404, "file_not_found")
    assert (await place.door.get("/v1/files/abc/preview")).status == 404


@requirement("files:preview")
async def test_a_file_reads_back_through_its_app_only(build: Build) -> None:
    place, upload_id = await shown(build)
    reply = await place.door.get(f"/v1/files/{upload_id}/preview", user="whoever")
    assert (reply.status, reply.body) == (200, PNG)
    headers = reply.headers
    assert (headers["content-type"], headers["content-length"]) == ("image/png", str(len(PNG)))
    assert headers["cache-control"] == "public, max-age=3600"
    assert not {"accept-ranges", "content-disposition"} & headers.keys()
    foreign = await place.door.request("GET", f"/v1/files/{upload_id}/preview", key=key_of("two"))
    assert (foreign.status, foreign.json()["code"]) == (403, "file_access_denied")


@requirement("files:preview")
async def test_a_file_may_be_asked_for_to_be_saved(build: Build) -> None:
    place, upload_id = await shown(build, "Grüße.png")
    headers = (await place.door.get(f"/v1/files/{upload_id}/preview", as_attachment="true")).headers
    assert headers["content-disposition"] == "attachment; filename*=UTF-8''Gr%C3%BC%C3%9Fe.png"
    assert headers["content-type"] == "application/octet-stream"


PAGE = b"<script>steal()</script>"
DRAWING = b'<?xml version="1.0"?>\n<!-- drawn --><svg xmlns="http://www.w3.org/2000/svg" onload="steal()"/>'


@requirement("files:preview", "files:content")
@pytest.mark.parametrize(
    ("name", "mime_type", "content"),
    [
        ("a.html", "text/html", PAGE),
        ("a.html", "image/png", PAGE),
        ("a.png", "text/html", PAGE),
        ("a.png", "image/png", PAGE),
        ("a.png", "image/png", b"\xef\xbb\xbf  <!DOCTYPE html><p>"),
        ("a.pdf", "application/pdf", PAGE),
        ("a.svg", "image/svg+xml", DRAWING),
        ("a.png", "image/png", DRAWING),
        ("a", "application/xhtml+xml", b"x"),
        ("a", "text/xml", b"x"),
        ("a.js", "text/plain", b"steal()"),
        ("a", "text/javascript", b"steal()"),
        ("a", "multipart/x-mixed-replace", b"x"),
        ("a.png", "image/png", b"%PDF-1.7"),
        ("a.pdf", "application/pdf", PNG),
        ("a.mp3", "audio/mpeg", PNG),
    ],
)
async def test_what_could_run_or_is_not_what_it_says_is_only_saved(
    build: Build, name: str, mime_type: str, content: bytes
) -> None:
    place = await build()
    address = (await post(place.door, ("file", name, mime_type, content))).json()["source_url"]
    headers = (await open_address(place.door, address)).headers
    assert headers["content-disposition"].startswith("attachment;")
    assert headers["content-type"] == "application/octet-stream"
    assert headers["x-content-type-options"] == "nosniff"


@requirement("files:preview", "files:content")
@pytest.mark.parametrize(
    ("name", "mime_type", "content"),
    [
        ("a.png", "image/png", PNG),
        ("a.png", "image/jpeg", PNG),
        ("a.txt", "text/plain", PAGE),
        ("a.mp3", "audio/mpeg", b"la"),
        ("a.m4a", "audio/mp4", b"\0\0\0\x20ftypisom" + bytes(40)),
        ("a.pdf", "application/pdf", b"%PDF-1.7"),
        ("a.docx", DOCX, b"PK\x03\x04" + bytes(40)),
        ("a.bin", "application/octet-stream", b"x"),
    ],
)
async def test_what_is_what_it_says_is_shown(build: Build, name: str, mime_type: str, content: bytes) -> None:
    place = await build()
    address = (await post(place.door, ("file", name, mime_type, content))).json()["source_url"]
    reply = await open_address(place.door, address)
    assert (reply.headers["content-type"], reply.body) == (mime_type, content)
    assert "content-disposition" not in reply.headers
    assert reply.headers["x-content-type-options"] == "nosniff"


@requirement("files:preview")
async def test_sound_says_that_it_is_bytes(build: Build) -> None:
    place, upload_id = await shown(build, "a.mp3", "audio/mpeg", b"la")
    assert (await place.door.get(f"/v1/files/{upload_id}/preview")).headers["accept-ranges"] == "bytes"


async def source_url(place: Place) -> str:
    return (await post(place.door, FILE)).json()["source_url"]


@requirement("files:signed")
@pytest.mark.parametrize(
    "changed",
    [
        {"sign": "x"},
        {"sign": "ü"},
        {"nonce": "other"},
        {"timestamp": "9999999999"},
        {"timestamp": "soon"},
        {"sign": ""},
    ],
)
async def test_an_address_that_was_changed_is_not_found(build: Build, changed: dict[str, str]) -> None:
    place = await build()
    address = await source_url(place)
    reply = await open_address(place.door, address, **changed)
    assert (reply.status, reply.json()["code"]) == (404, "file_not_found")
    other = address.replace(address.split("/")[-2], NOBODY)
    assert (await open_address(place.door, other)).status == 404


@requirement("files:address")
@pytest.mark.parametrize("base", ["", "https://ai.example", "https://ai.example/parlour/"])
async def test_addresses_begin_as_clients_find_the_server(build: Build, base: str) -> None:
    form = [{"file": {"variable": "doc", "label": "Doc", "required": False, "allowed_file_types": ["image"]}}]
    app = chat_app(user_input_form=form, file_upload=json.loads(taking("image"))["model_config"]["file_upload"])
    place = await build(apps={"one": app}, public_url=base)
    own = (await post(place.door, FILE, ("user", None, "", b"ann"))).json()
    await place.door.send(files=[local(own["id"])], inputs={"doc": local(own["id"])}, auto_generate_name=False)
    (conversation,) = (await place.door.get("/v1/conversations", user="ann")).json()["data"]
    page = await place.door.get("/v1/messages", user="ann", conversation_id=conversation["id"])
    (message,) = page.json()["data"]
    told = own["source_url"], conversation["inputs"]["doc"]["url"], message["message_files"][0]["url"]
    expected = f"{base.rstrip('/') or 'http://127.0.0.1:8000'}/files/{own['id']}/file-preview?"
    assert all(address.startswith(expected) for address in (*told, message["inputs"]["doc"]["url"])), told


@requirement("files:signed")
async def test_an_address_holds_for_five_minutes(build: Build) -> None:
    place = await build(fixed=True)
    file_id = (await post(place.door, FILE)).json()["id"]
    clock_set_back = -VALID_SECONDS - 1
    for age, status in ((0, 200), (VALID_SECONDS, 200), (VALID_SECONDS + 1, 404), (clock_set_back, 404)):
        earlier = Signer(b"the secret of a test", lambda age=age: NOW - age)
        reply = await open_address(place.door, earlier.address("http://127.0.0.1:8000/", file_id))
        assert reply.status == status, age
