"""What the port `Blobs` promises, in memory, in a folder and in a bucket; and that a folder never shows half a file."""

import asyncio
import signal
import sys
import uuid
from collections.abc import AsyncGenerator, Generator
from contextlib import aclosing
from pathlib import Path

import pytest
from anyio import fail_after
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from obstore.store import LocalStore

from parlour.domain.problems import StoreUnavailable
from parlour.ports.blobs import Blobs
from parlour.stores.blobs import BUCKET_BUFFER, LOCAL_AT_ONCE, LOCAL_BUFFER, MemoryBlobs, ObjectBlobs
from parlour.stores.late_blobs import LateBlobs
from tests.bucket import BUCKET, s3

pytestmark = pytest.mark.anyio

DYING = """
import asyncio, sys
from parlour.stores.blobs import ObjectBlobs

async def pieces():
    for _ in range(40):
        yield b"x" * 65536
    print("half", flush=True)
    await asyncio.sleep(60)

asyncio.run(ObjectBlobs.at(sys.argv[1]).put("one", pieces()))
"""


@pytest.fixture(scope="module")
def bucket() -> Generator[str]:
    """The address of a folder in a bucket."""
    with s3() as environment, pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        yield f"s3://{BUCKET}/some/prefix"


@pytest.fixture(params=["memory", "folder", "bucket"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> Blobs:
    if request.param == "memory":
        return MemoryBlobs()
    url = f"file://{tmp_path}/some%20files"
    if request.param == "bucket":
        url = f"{request.getfixturevalue('bucket')}/{uuid.uuid4()}"
        return ObjectBlobs.at(url)
    return LateBlobs(lambda: ObjectBlobs.at(url))


def names_in(folder: Path) -> set[str]:
    return {path.name for path in folder.rglob("*") if path.is_file()}


async def several(*pieces: bytes) -> AsyncGenerator[bytes, None]:
    for piece in pieces:
        yield piece


async def whole(blobs: Blobs, name: str) -> bytes | None:
    blob = await blobs.open(name)
    if blob is None:
        return None
    async with aclosing(blob.pieces) as pieces:
        found = b"".join([piece async for piece in pieces])
    assert len(found) == blob.size
    return found


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(pieces=st.lists(st.binary(max_size=50) | st.just(b"0123456789abcdef" * 9000), max_size=5))
async def test_what_is_put_reads_back_whole(blobs: Blobs, pieces: list[bytes]) -> None:
    assert await blobs.put("one", several(*pieces)) == sum(len(piece) for piece in pieces)
    assert await whole(blobs, "one") == b"".join(pieces)


@pytest.mark.parametrize("part", [(0, 1), (5, 9), (5, 10**9), (0, 10**9), (LOCAL_BUFFER, LOCAL_BUFFER * 2)])
async def test_a_part_reads_back_with_the_size_of_the_whole(blobs: Blobs, part: tuple[int, int]) -> None:
    content = bytes(range(250)) * 1000
    await blobs.put("one", several(content))
    blob = await blobs.open("one", part)
    assert blob is not None
    async with aclosing(blob.pieces) as pieces:
        assert b"".join([piece async for piece in pieces]) == content[slice(*part)]
    assert blob.size == len(content)
    assert await blobs.open("two", part) is None


async def test_what_is_not_there_or_deleted_is_none(blobs: Blobs) -> None:
    assert await blobs.open("one") is None
    await blobs.put("one", several(b"1"))
    await blobs.put("two", several(b"2"))
    for _ in range(2):
        await blobs.delete("one")
    assert (await whole(blobs, "one"), await whole(blobs, "two")) == (None, b"2")


@pytest.mark.parametrize("size", [1, LOCAL_BUFFER * 3, BUCKET_BUFFER + 1])
async def test_an_error_in_the_pieces_leaves_nothing(blobs: Blobs, size: int, tmp_path: Path) -> None:
    async def broken() -> AsyncGenerator[bytes, None]:
        yield b"x" * size
        raise ConnectionError

    with pytest.raises(ConnectionError):
        await blobs.put("one", broken())
    assert await blobs.open("one") is None
    assert "one" not in names_in(tmp_path)


async def test_only_so_many_are_written_at_once_and_all_get_their_turn(tmp_path: Path) -> None:
    going, most = 0, 0

    async def slow() -> AsyncGenerator[bytes, None]:
        nonlocal going, most
        going += 1
        most = max(most, going)
        for _ in range(10):
            yield b"x"
            await asyncio.sleep(0)
        going -= 1

    blobs = ObjectBlobs.at(tmp_path.as_uri())
    with fail_after(20):
        await asyncio.gather(*(blobs.put(f"{number}", slow()) for number in range(LOCAL_AT_ONCE * 2)))
    assert most == LOCAL_AT_ONCE
    assert len(names_in(tmp_path)) == LOCAL_AT_ONCE * 2


async def test_a_place_is_free_again_after_an_error_and_for_one_who_has_given_up(tmp_path: Path) -> None:
    blobs, begun = ObjectBlobs(LocalStore(tmp_path), LOCAL_BUFFER, 1), asyncio.Event()

    async def broken(error: Exception) -> AsyncGenerator[bytes, None]:
        yield b"x"
        raise error

    async def endless() -> AsyncGenerator[bytes, None]:
        begun.set()
        await asyncio.Event().wait()
        yield b""

    with fail_after(5):
        with pytest.raises(ConnectionError):
            await blobs.put("one", broken(ConnectionError()))
        first, second = (asyncio.create_task(blobs.put("two", endless())) for _ in range(2))
        await begun.wait()
        for task in (second, first):
            task.cancel()
        await asyncio.gather(first, second, return_exceptions=True)
        assert await blobs.put("three", several(b"3")) == 1


async def test_a_process_that_is_killed_leaves_no_half_file_to_be_read(tmp_path: Path) -> None:
    url = f"file://{tmp_path}"
    child = await asyncio.create_subprocess_exec(sys.executable, "-c", DYING, url, stdout=asyncio.subprocess.PIPE)
    assert child.stdout is not None
    with fail_after(20):
        assert await child.stdout.readline() == b"half\n"
        child.send_signal(signal.SIGKILL)
        await child.wait()
    there = names_in(tmp_path)
    assert there, "something was on the disk"
    assert "one" not in there
    after = ObjectBlobs.at(url)
    assert await after.open("one") is None
    await after.put("one", several(b"new"))
    assert await whole(after, "one") == b"new"


async def test_a_prefix_of_a_bucket_is_a_place_of_its_own(bucket: str) -> None:
    """And a file of more than one part comes back whole."""
    content = bytes(range(256)) * (BUCKET_BUFFER // 256 * 2 + 1)
    one, other = ObjectBlobs.at(f"{bucket}/one"), ObjectBlobs.at(f"{bucket}/other")
    with fail_after(20):
        await one.put("name", several(*(content[n : n + 65_536] for n in range(0, len(content), 65_536))))
        assert await whole(one, "name") == content
        assert await other.open("name") is None
        assert await whole(ObjectBlobs.at(bucket), "one/name") == content


async def test_a_bucket_that_is_not_there_is_told_by_an_error(bucket: str) -> None:
    missing = ObjectBlobs.at(bucket.replace(BUCKET, "nowhere", 1))
    for size in (1, BUCKET_BUFFER + 1):
        with pytest.raises((StoreUnavailable, FileNotFoundError)):
            await missing.put("one", several(b"1" * size))


async def test_a_place_that_does_not_answer_is_told_as_such(
    bucket: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    (tmp_path / "one").mkdir()
    silent, full = ObjectBlobs.at(bucket), ObjectBlobs.at(tmp_path.as_uri())
    for work in (
        silent.put("one", several(b"1")),
        silent.open("one"),
        silent.delete("one"),
        full.put("one", several()),
    ):
        with fail_after(20), pytest.raises(StoreUnavailable):
            await work
    assert len(caplog.records) == 4


async def test_an_address_of_no_known_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="gopher"):
        ObjectBlobs.at("gopher://old")


async def test_a_place_that_is_opened_late_is_opened_once_and_tried_again_where_it_could_not_be(tmp_path: Path) -> None:
    opened = 0
    (tmp_path / "files").write_text("in the way")

    def opening() -> Blobs:
        nonlocal opened
        found = ObjectBlobs.at((tmp_path / "files").as_uri())
        opened += 1
        return found

    late = LateBlobs(opening)
    with pytest.raises(StoreUnavailable):
        await late.put("one", several(b"1"))
    (tmp_path / "files").unlink()
    await asyncio.gather(*(late.put(f"{number}", several(b"x")) for number in range(5)))
    assert opened == 1
    assert len(names_in(tmp_path)) == 5
