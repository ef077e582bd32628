"""What stands beside the serving: given keys, the address, and the watch over other processes' writes."""

import asyncio
import time
from pathlib import Path
from typing import Any, cast

import anyio
import pytest

from parlour import serve, wiring
from parlour.listening import listen
from parlour.runs.lease import Lease
from parlour.settings import AppEntry, BadSettings, Settings, Storage
from parlour.sources import Source, given_keys
from parlour.stores.memory import Memory
from parlour.stores.memory_replicas import MemoryReplicas
from tests.rag.shelves import library

pytestmark = pytest.mark.anyio


class Shaky(Memory):
    """A store whose first look-up of changes fails."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0

    async def changed(self) -> bool:
        self.asked += 1
        if self.asked == 1:
            raise OSError("locked")
        return True


class Remembered:
    """Stands for the keyring and the catalogue: tells when it is asked to look again."""

    def __init__(self) -> None:
        self.looked = asyncio.Event()

    def forget(self) -> None:
        self.looked.set()

    async def refresh(self) -> None:
        pass


class Rooms:
    def __init__(self) -> None:
        self.keyring = self.catalogue = Remembered()


async def test_a_failed_look_for_revoked_keys_is_told_and_done_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(serve, "POLL_SECONDS", 0)
    rooms = Rooms()
    server = wiring.Server(cast("Any", rooms), Shaky(), Lease(MemoryReplicas(), time.monotonic), library().indexer, ())
    polling = asyncio.create_task(serve.poll(server))
    with anyio.fail_after(5):
        await rooms.keyring.looked.wait()
    polling.cancel()
    await asyncio.gather(polling, return_exceptions=True)
    assert "locked" in caplog.text


async def test_a_key_that_serve_makes_has_its_date() -> None:
    storage = Memory()
    before = time.time()
    await serve.new_key(
        wiring.Server(cast("Any", Rooms()), storage, Lease(MemoryReplicas(), time.monotonic), library().indexer, ()),
        "one",
    )
    [key] = await storage.keys.all()
    assert key.created_at >= before


def source(name: str, *keys: str) -> Source:
    return Source(Path(f"{name}.yml"), name, AppEntry(f"{name}.yml", keys=keys))


def test_one_key_for_two_apps_is_refused() -> None:
    with pytest.raises(BadSettings, match="one and two"):
        given_keys((source("one", "app-same"), source("two", "app-same")))


def test_a_key_that_stands_twice_at_one_app_is_taken() -> None:
    assert {key.app for key in given_keys((source("one", "app-a", "app-a", "app-b"),))} == {"one"}


def test_a_port_that_there_is_not_is_refused() -> None:
    with pytest.raises(BadSettings, match="--port"):
        listen("127.0.0.1", 70_000)


@pytest.mark.parametrize(
    ("mode", "route", "asked"),
    [
        ("chat", "chat-messages", '"query"'),
        ("advanced-chat", "chat-messages", '"query"'),
        ("completion", "completion-messages", '"inputs": {}'),
        ("workflow", "workflows/run", '"inputs": {}'),
    ],
)
def test_the_line_to_copy_fits_the_kind_of_app(mode: str, route: str, asked: str) -> None:
    line = serve.example("http://x", "app-key", mode)
    assert f"http://x/v1/{route} " in line
    assert "app-key" in line
    assert f"{{{asked}" in line


def test_of_several_servers_on_one_database_none_takes_anothers_documents() -> None:
    file, shared = Settings(), Settings(storage=Storage(database="postgresql://user@host/name"))
    assert wiring.worker_of(file) == wiring.worker_of(file)
    assert wiring.worker_of(shared) != wiring.worker_of(shared)
