"""The body of a blocking answer (contract 3.1)."""

import re
import uuid

import pytest

from tests.contract.requirements import requirement
from tests.houses import GPT, NOW, Build, rules

pytestmark = pytest.mark.anyio

USAGE = {
    "prompt_tokens",
    "prompt_unit_price",
    "prompt_price_unit",
    "prompt_price",
    "completion_tokens",
    "completion_unit_price",
    "completion_price_unit",
    "completion_price",
    "total_tokens",
    "total_price",
    "currency",
    "latency",
    "time_to_first_token",
    "time_to_generate",
}
PRICES = [name for name in sorted(USAGE) if "price" in name]


@requirement("blocking:members", "blocking:ids", "blocking:mode", "blocking:metadata", "check:16")
@requirement("blocking:no-citations")
async def test_a_blocking_answer_has_all_its_members(build: Build) -> None:
    place = await build(models=rules({"say": ["Bring an ", "umbrella."]}))
    body = (await place.door.send()).json()
    assert list(body) == [
        "event",
        "task_id",
        "id",
        "message_id",
        "conversation_id",
        "mode",
        "answer",
        "metadata",
        "created_at",
    ]
    assert (body["event"], body["mode"], body["answer"]) == ("message", "chat", "Bring an umbrella.")
    assert body["id"] == body["message_id"]
    ids = [body["task_id"], body["message_id"], body["conversation_id"]]
    assert [str(uuid.UUID(one)) for one in ids] == ids
    assert len(set(ids)) == 3
    assert type(body["created_at"]) is int
    assert body["metadata"].keys() == {"annotation_reply", "retriever_resources", "usage"}
    assert body["metadata"]["annotation_reply"] is None
    assert body["metadata"]["retriever_resources"] == []


@requirement("usage:members", "usage:plain-decimals", "check:16")
async def test_usage_has_its_fourteen_members(build: Build) -> None:
    place = await build(models=rules({"say": ["Bring an umbrella."]}), price=GPT)
    usage = (await place.door.send()).json()["metadata"]["usage"]
    assert usage.keys() == USAGE
    assert len(PRICES) == 7
    for name in PRICES:
        assert re.fullmatch(r"\d+(\.\d+)?", usage[name]), (name, usage[name])
    assert usage["currency"] == "USD"
    assert isinstance(usage["latency"], float | int)
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]
    for name in ("time_to_first_token", "time_to_generate"):
        assert usage[name] is None or isinstance(usage[name], float | int)


@requirement("usage:price")
async def test_a_price_is_tokens_times_unit_price_times_unit(build: Build) -> None:
    counted = {"prompt_tokens": 41, "completion_tokens": 6}
    place = await build(models=rules({"say": ["ok"], "usage": counted}), price=GPT)
    usage = (await place.door.send()).json()["metadata"]["usage"]
    assert (usage["prompt_tokens"], usage["completion_tokens"], usage["total_tokens"]) == (41, 6, 47)
    assert (usage["prompt_unit_price"], usage["completion_unit_price"]) == ("0.15", "0.60")
    assert usage["prompt_price_unit"] == usage["completion_price_unit"] == "0.000001"
    assert usage["prompt_price"] == "0.00000615"
    assert usage["completion_price"] == "0.0000036"
    assert usage["total_price"] == "0.00000975"


@requirement("usage:plain-decimals")
@pytest.mark.parametrize("mode", ["blocking", "streaming"])
async def test_a_free_model_costs_nothing_in_plain_digits(build: Build, mode: str) -> None:
    place = await build()
    reply = await place.door.send(response_mode=mode)
    body = reply.json() if mode == "blocking" else reply.events[-1]
    usage = body["metadata"]["usage"]
    assert (usage["prompt_price"], usage["completion_price"], usage["total_price"]) == ("0", "0", "0")
    assert b"0E" not in reply.body


@requirement("blocking:members", "usage:members")
async def test_tokens_that_nobody_counted_are_counted_here(build: Build) -> None:
    place = await build(models=rules({"say": ["one two ", "three"]}), fixed=True)
    body = (await place.door.send("four words in here")).json()
    assert body["metadata"]["usage"]["prompt_tokens"] == 4
    assert body["metadata"]["usage"]["completion_tokens"] == 3
    assert body["created_at"] == int(NOW)
