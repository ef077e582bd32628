"""Files of a real server: what is kept over a kill, and what many large uploads at once take of memory."""

import asyncio
import re
import shutil
import urllib.request
from collections.abc import AsyncGenerator, Callable
from pathlib import Path

import aiohttp
import pytest

from tests.bucket import BUCKET, s3
from tests.process.conftest import KEY, Served, serving

pytestmark = pytest.mark.slow

MEGABYTE = 1024 * 1024
PIECE = b"x" * 65536


async def made(size: int) -> AsyncGenerator[bytes]:
    """That many bytes, none of which is held: two hundred uploads are three gigabytes."""
    for left in range(size, 0, -len(PIECE)):
        yield PIECE[:left]


async def half(size: int) -> AsyncGenerator[bytes]:
    """Half of it, and then silence."""
    async for piece in made(size // 2):
        yield piece
    await asyncio.Event().wait()


Content = Callable[[int], AsyncGenerator[bytes]]


async def uploads(address: str, count: int, size: int, content: Content = made) -> list[dict[str, str]]:
    """That many uploads at the same time; the answers."""
    headers = {"Authorization": f"Bearer {KEY}"}
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), headers=headers) as session:

        async def one(number: int) -> dict[str, str]:
            form = aiohttp.FormData({"user": f"user-{number}"})
            form.add_field("file", content(size), filename=f"{number}.txt", content_type="text/plain")
            async with session.post(f"{address}/v1/files/upload", data=form) as reply:
                assert reply.status == 201, await reply.text()
                return await reply.json()

        return await asyncio.gather(*map(one, range(count)))


def fetched(address: str) -> bytes:
    with urllib.request.urlopen(address, timeout=20) as reply:  # noqa: S310 -- the server under test
        return reply.read()


def test_files_and_their_addresses_outlive_a_kill(tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        (kept,) = asyncio.run(uploads(served.address, 1, 3000))
        before = served.address
        served.child.kill()
    with serving(tmp_path) as served:
        assert fetched(kept["source_url"].replace(before, served.address)) == b"x" * 3000
    assert [path.name for path in (tmp_path / "data" / "files").iterdir()] == [kept["id"]]


def test_files_may_lie_in_a_bucket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with s3() as environment:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        with serving(tmp_path, settings=f'[storage]\nfiles = "s3://{BUCKET}/parlour"') as served:
            (kept,) = asyncio.run(uploads(served.address, 1, 6 * MEGABYTE))
            assert fetched(kept["source_url"]) == b"x" * 6 * MEGABYTE
    assert not (tmp_path / "data" / "files").exists()


def peak(served: Served) -> int:
    """The most memory that the server has had, in megabytes."""
    lines = Path(f"/proc/{served.child.pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) * 1024 // 1_000_000


def test_large_uploads_at_once_are_never_whole_in_memory(tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        assert len(asyncio.run(uploads(served.address, 24, 14 * MEGABYTE))) == 24
        assert peak(served) < 140


def test_uploads_to_a_bucket_at_once_stay_small_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each has a part of five megabytes in memory, so that most of them must wait."""
    with s3() as environment:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        with serving(tmp_path, settings=f'[storage]\nfiles = "s3://{BUCKET}"') as served:
            assert len(asyncio.run(uploads(served.address, 60, 14 * MEGABYTE))) == 60
            assert peak(served) < 200


def test_two_hundred_uploads_of_fifteen_megabytes_at_once_stay_under_two_hundred_megabytes(tmp_path: Path) -> None:
    files = tmp_path / "data" / "files"
    with serving(tmp_path) as served:
        kept = asyncio.run(uploads(served.address, 200, 15 * MEGABYTE))
        assert peak(served) < 200
    try:
        assert {path.name: path.stat().st_size for path in files.iterdir()} == {
            one["id"]: 15 * MEGABYTE for one in kept
        }
    finally:
        shutil.rmtree(files)


async def cut(served: Served, files: Path, count: int, size: int) -> None:
    """Uploads whose server is killed when half of each has come."""
    asked = asyncio.create_task(uploads(served.address, count, size, half))

    def written() -> int:
        return sum(path.stat().st_size for path in files.iterdir())

    while await asyncio.to_thread(written) < count * (size // 2 - MEGABYTE):
        assert not asked.done(), "an upload ended early"
        await asyncio.sleep(0.05)
    served.child.kill()
    [failure] = await asyncio.gather(asked, return_exceptions=True)
    assert isinstance(failure, aiohttp.ClientError)


def test_a_kill_in_the_middle_of_uploads_leaves_no_half_file_that_can_be_read(tmp_path: Path) -> None:
    files = tmp_path / "data" / "files"
    size = 15 * MEGABYTE
    with serving(tmp_path) as served:
        whole = asyncio.run(uploads(served.address, 10, size))
        asyncio.run(cut(served, files, 40, size))
        before = served.address
    with serving(tmp_path) as served:
        for one in whole:
            assert len(fetched(one["source_url"].replace(before, served.address))) == size
        names = {path.name for path in files.iterdir()}
        assert len(names) > len(whole), "halves were on the disk"
        uuids = {name for name in names if re.fullmatch(r"[0-9a-f-]{36}", name)}
        assert uuids == {one["id"] for one in whole}, "and none of them under a name that is ever looked up"
        assert len(asyncio.run(uploads(served.address, 1, 3000))) == 1
    shutil.rmtree(files)
