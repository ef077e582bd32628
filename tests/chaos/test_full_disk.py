"""A full disk under a server on SQLite: what was acknowledged stays, and it goes on once there is room again."""

import asyncio
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.chaos.apps import CHAT, SCRIPT, WHOLE
from tests.chaos.small_disk import small_disk
from tests.process.conftest import KEY, Served, serving, until

pytestmark = [pytest.mark.slow, pytest.mark.chaos, pytest.mark.xdist_group("chaos")]

UPLOADED = b"x" * 300_000


def ask(served: Served, query: str) -> tuple[int, dict[str, Any]]:
    return served.call("POST", "/v1/chat-messages", {"query": query, "user": "u"})


def upload(served: Served) -> tuple[int, dict[str, Any]]:
    async def sent() -> tuple[int, dict[str, Any]]:
        form = aiohttp.FormData({"user": "u"})
        form.add_field("file", UPLOADED, filename="a.txt", content_type="text/plain")
        async with (
            aiohttp.ClientSession(headers={"Authorization": f"Bearer {KEY}"}) as session,
            session.post(f"{served.address}/v1/files/upload", data=form) as reply,
        ):
            return reply.status, await reply.json()

    return asyncio.run(sent())


def stored(served: Served, conversation: str) -> dict[str, Any]:
    [message] = served.call("GET", f"/v1/messages?user=u&conversation_id={conversation}")[1]["data"]
    return message


def test_a_full_disk_loses_nothing_that_was_acknowledged_and_is_over_when_there_is_room(tmp_path: Path) -> None:
    (tmp_path / "test.yml").write_text(CHAT)
    with small_disk(tmp_path / "data", "4m") as disk:
        with serving(tmp_path, SCRIPT, within=disk.within) as served:
            accepted = [ask(served, f"before {number}") for number in range(3)]
            going = served.events("it is full before this ends")
            first = next(going)
            assert upload(served)[0] == 201
            disk.fill()
            refused = [ask(served, "x" * 50_000) for _ in range(20)]
            assert disk.full
            assert 200 not in [status for status, _ in refused[-10:]]
            accepted += [one for one in refused if one[0] == 200]
            for status, body in [one for one in refused if one[0] != 200]:
                assert (status, body["code"], body["status"]) == (503, "service_unavailable", 503)
                assert "full" in body["message"]
            assert upload(served)[0] == 503
            heard = [first, *going]
            assert served.call("GET", "/health")[0] == 200, "it lives"
            disk.make_room()
            until(lambda: ask(served, "there is room")[0] == 200)
            assert upload(served)[0] == 201
            until(lambda: stored(served, first["conversation_id"])["status"] != "running")
            holds(served, accepted, heard)
            served.child.kill()
        with serving(tmp_path, SCRIPT, within=disk.within) as served:
            holds(served, accepted, heard)


def holds(served: Served, accepted: list[tuple[int, dict[str, Any]]], heard: list[dict[str, Any]]) -> None:
    """All that was acknowledged, also after a crash."""
    for status, told in accepted:
        assert (status, told["answer"]) == (200, WHOLE)
        assert stored(served, told["conversation_id"])["answer"] == WHOLE
    message = stored(served, heard[0]["conversation_id"])
    assert message["query"] == "it is full before this ends"
    if heard[-1]["event"] == "message_end":
        assert message["answer"] == "".join(event.get("answer", "") for event in heard)
    else:
        assert heard[-1]["event"] == "error"
        assert message["status"] in {"normal", "error"}
