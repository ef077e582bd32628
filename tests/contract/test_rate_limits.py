"""Rates: how often one key, and one user, may ask (contract 1.5, 1.6)."""

import pytest

from parlour.runs.rates import AppRates, Rate
from tests.contract.repeating import CHAT
from tests.contract.requirements import requirement
from tests.front_door import FrontDoor, Reply
from tests.houses import NOBODY, Build, app_file, chat_app, key_of

pytestmark = pytest.mark.anyio

USER = AppRates(per_user=Rate(2, 60))
KEY = AppRates(per_key=Rate(2, 60))


def assert_limited(reply: Reply, seconds: int = 30) -> None:
    assert (reply.status, reply.json()["code"]) == (429, "rate_limit_error")
    assert reply.headers["retry-after"] == str(seconds)
    assert "2 requests in 60 s" in reply.json()["message"]


@requirement("rate:user")
async def test_a_user_who_asks_too_often_is_told_when_to_come_again(build: Build) -> None:
    place = await build(fixed=True, rates=USER)
    for _ in range(2):
        assert (await place.door.send()).status == 200
    assert_limited(await place.door.send())
    assert_limited(await place.door.streamed())
    assert (await place.door.send(user="bob")).status == 200


@requirement("rate:key")
async def test_a_key_that_asks_too_often_is_told_however_it_is_spelled(build: Build) -> None:
    place = await build(fixed=True, rates=KEY)
    for user in ("ann", "bob"):
        assert (await place.door.send(user=user)).status == 200
    assert_limited(await place.door.send(user="cleo"))
    spelled = {"Authorization": f"bearer   {key_of('first')}"}
    body = {"query": "hi", "user": "ann"}
    assert_limited(await place.door.request("POST", CHAT, json_body=body, headers=spelled))
    assert (await FrontDoor(place.app, key_of("first", 1)).send()).status == 200


@requirement("rate:app")
async def test_an_app_may_have_rates_of_its_own(build: Build) -> None:
    apps = {"first": chat_app(), "write": app_file("completion")}
    place = await build(apps=apps, fixed=True, rates_of={"write": USER})
    for _ in range(5):
        assert (await place.door.send()).status == 200
    body: dict[str, object] = {"inputs": {}, "user": "ann"}
    for status in (200, 200, 429):
        sent = place.door.request("POST", "/v1/completion-messages", json_body=body, key=key_of("write"))
        assert (await sent).status == status


@requirement("rate:order")
async def test_it_is_told_before_anything_is_looked_up_or_written_and_after_the_body_is_read(build: Build) -> None:
    place = await build(fixed=True, rates=USER)
    for _ in range(3):
        assert (await place.door.send(inputs=[])).status == 400, "a body that is refused does not count"
    for _ in range(2):
        assert (await place.door.send()).status == 200
    assert_limited(await place.door.send(conversation_id=NOBODY))
    assert_limited(await place.door.send(query=""))
    assert (await place.door.send(inputs=[])).status == 400
    listed = await place.door.get("/v1/conversations", user="ann")
    assert len(listed.json()["data"]) == 2


@requirement("rate:repeat")
async def test_a_repetition_does_not_count(build: Build) -> None:
    place = await build(fixed=True, rates=USER)
    sent = {"json_body": {"query": "hi", "user": "ann"}, "headers": {"Idempotency-Key": "k"}}
    for _ in range(5):
        assert (await place.door.request("POST", CHAT, **sent)).status == 200
    assert (await place.door.send()).status == 200
    assert_limited(await place.door.send())
    other = await place.door.request("POST", CHAT, **{**sent, "headers": {"Idempotency-Key": "other"}})
    assert_limited(other)


@requirement("rate:order")
async def test_reading_is_free(build: Build) -> None:
    place = await build(fixed=True, rates=AppRates(per_key=Rate(1, 60), per_user=Rate(1, 60)))
    sent = (await place.door.send()).json()
    for _ in range(3):
        path = "/v1/messages"
        page = await place.door.get(path, user="ann", conversation_id=sent["conversation_id"])
        assert page.status == 200
        assert (await place.door.post(f"/v1/chat-messages/{sent['task_id']}/stop", user="ann")).status == 200
