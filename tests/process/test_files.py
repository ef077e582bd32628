"""Files of a real server: what is kept over a kill, and what 24 large uploads at once take of memory."""

import asyncio
import urllib.request
from io import BytesIO
from pathlib import Path

import aiohttp

from tests.process.conftest import KEY, Served, serving

MEGABYTE = 1024 * 1024


async def uploads(served: Served, count: int, size: int) -> list[dict[str, str]]:
    """That many uploads at the same time; the answers."""
    headers = {"Authorization": f"Bearer {KEY}"}
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), headers=headers) as session:

        async def one(number: int) -> dict[str, str]:
            form = aiohttp.FormData({"user": f"user-{number}"})
            form.add_field("file", BytesIO(b"x" * size), filename=f"{number}.txt", content_type="text/plain")
            async with session.post(f"{served.address}/v1/files/upload", data=form) as reply:
                assert reply.status == 201, await reply.text()
                return await reply.json()

        return await asyncio.gather(*map(one, range(count)))


def fetched(address: str) -> bytes:
    with urllib.request.urlopen(address, timeout=20) as reply:  # noqa: S310 -- the server under test
        return reply.read()


def test_files_and_their_addresses_outlive_a_kill(tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        (kept,) = asyncio.run(uploads(served, 1, 3000))
        before = served.address
        served.child.kill()
    with serving(tmp_path) as served:
        assert fetched(kept["source_url"].replace(before, served.address)) == b"x" * 3000
    secret = tmp_path / "data" / "signing.key"
    assert secret.stat().st_mode & 0o077 == 0
    assert [path.name for path in (tmp_path / "data" / "files").iterdir()] == [kept["id"]]


def test_large_uploads_at_once_are_never_whole_in_memory(tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        status = Path(f"/proc/{served.child.pid}/status")
        assert len(asyncio.run(uploads(served, 24, 14 * MEGABYTE))) == 24
        peak = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    assert int(peak.split()[1]) // 1024 < 200, peak
