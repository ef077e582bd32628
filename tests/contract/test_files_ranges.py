"""Parts of files, and files that a client has already (contract 5.7, RFC 9110)."""

from typing import Any
from urllib.parse import parse_qsl

import pytest

from tests.contract.requirements import requirement
from tests.contract.uploading import post
from tests.front_door import Reply
from tests.houses import Build, Place

pytestmark = pytest.mark.anyio

SOUND = bytes(range(200)) * 1000
SIZE = len(SOUND)


async def kept(build: Build) -> tuple[Place, str]:
    """A place, and the address of a file there."""
    place = await build()
    reply = await post(place.door, ("file", "a.mp3", "audio/mpeg", SOUND))
    return place, reply.json()["source_url"].removeprefix("http://127.0.0.1:8000")


async def ask(place: Place, address: str, method: str = "GET", **headers: Any) -> Reply:
    path, _, query = address.partition("?")
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return await place.door.request(method, path, query=dict(parse_qsl(query)), headers=named)


@requirement("files:range")
@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=10-19", 10, 20),
        ("bytes=70000-", 70_000, SIZE),
        ("bytes=-5", SIZE - 5, SIZE),
        (f"bytes=-{SIZE + 5}", 0, SIZE),
        (f"bytes=100-{SIZE + 100}", 100, SIZE),
        ("Bytes = 1 - 2", 1, 3),
    ],
)
async def test_a_part_of_a_file_is_told_as_one(build: Build, asked: str, start: int, end: int) -> None:
    place, address = await kept(build)
    reply = await ask(place, address, range=asked)
    assert (reply.status, reply.body) == (206, SOUND[start:end])
    assert reply.headers["content-range"] == f"bytes {start}-{end - 1}/{SIZE}"
    assert (reply.headers["content-length"], reply.headers["accept-ranges"]) == (str(end - start), "bytes")


@requirement("files:range")
@pytest.mark.parametrize("asked", [f"bytes={SIZE}-", f"bytes={SIZE}-{SIZE + 9}", "bytes=-0"])
async def test_a_part_beyond_the_end_is_416_with_the_size(build: Build, asked: str) -> None:
    place, address = await kept(build)
    reply = await ask(place, address, range=asked)
    assert (reply.status, reply.json()["code"]) == (416, "range_not_satisfiable")
    assert reply.headers["content-range"] == f"bytes */{SIZE}"


@requirement("files:range")
@pytest.mark.parametrize("asked", ["bytes=5-1", "bytes=0-1,5-6", "lines=0-1", "bytes=a-b", "bytes=", "bytes=-", "0-1"])
async def test_what_is_no_single_range_is_answered_with_the_whole(build: Build, asked: str) -> None:
    place, address = await kept(build)
    reply = await ask(place, address, range=asked)
    assert (reply.status, reply.body) == (200, SOUND)
    assert "content-range" not in reply.headers


@requirement("files:range", "files:caching")
async def test_a_part_is_sent_only_if_it_fits_what_the_client_has(build: Build) -> None:
    place, address = await kept(build)
    whole = await ask(place, address)
    for condition, status in (
        (whole.headers["etag"], 206),
        (whole.headers["last-modified"], 206),
        ('"other"', 200),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 200),
    ):
        assert (await ask(place, address, range="bytes=0-9", if_range=condition)).status == status


@requirement("files:caching")
async def test_a_client_that_has_the_file_is_told_so(build: Build) -> None:
    place, address = await kept(build)
    whole = await ask(place, address)
    tag, since = whole.headers["etag"], whole.headers["last-modified"]
    for has in ({"if_none_match": tag}, {"if_none_match": f'"x", W/{tag}'}, {"if_modified_since": since}):
        reply = await ask(place, address, **has)
        assert (reply.status, reply.body) == (304, b"")
        assert (reply.headers["etag"], reply.headers["cache-control"]) == (tag, "public, max-age=3600")
    for has in (
        {"if_none_match": '"x"'},
        {"if_none_match": '"x"', "if_modified_since": since},
        {"if_modified_since": "Thu, 01 Jan 1970 00:00:00 GMT"},
        {"if_modified_since": "yesterday"},
    ):
        assert (await ask(place, address, **has)).status == 200


@requirement("files:range")
async def test_a_head_tells_the_size_without_the_file(build: Build) -> None:
    place, address = await kept(build)
    reply = await ask(place, address, "HEAD")
    assert (reply.status, reply.headers["content-length"], reply.body) == (200, str(SIZE), b"")


@requirement("files:range")
async def test_an_empty_file_has_no_parts(build: Build) -> None:
    place = await build()
    reply = await post(place.door, ("file", "a.txt", "text/plain", b""))
    address = reply.json()["source_url"].removeprefix("http://127.0.0.1:8000")
    assert (await ask(place, address)).body == b""
    assert (await ask(place, address, range="bytes=0-")).status == 416
