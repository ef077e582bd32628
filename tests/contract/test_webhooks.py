"""Webhooks: a receiver is told of the end of a run that nobody waits for, and can tell that it comes from us."""

import logging
import secrets
from typing import Any

import pytest
import standardwebhooks

from parlour.domain.message import Owner
from parlour.domain.webhook import Webhook
from parlour.http.house import PageRules
from parlour.ports.web import WebRequest
from parlour.providers.pages import Pages, WebPage
from parlour.runs.deliveries import Receiver
from parlour.stores.memory_bus import MemoryBus
from tests.contract.flow_samples import saying
from tests.contract.requirements import requirement
from tests.contract.test_later import asked, later
from tests.contract.test_metrics import numbers
from tests.contract.test_pages import browser
from tests.front_door import until
from tests.houses import NOBODY, Build, Place, rules
from tests.web_site import guarded, served

pytestmark = pytest.mark.anyio
KEY, OLD_KEY = secrets.token_bytes(32), secrets.token_bytes(24)
HOOK = "https://hooks.example/here?token=t"
HERE = {"first": Receiver((KEY,), HOOK)}


def verified(request: WebRequest, key: bytes = KEY) -> Any:
    """What it says, if the library that receivers have takes it for ours."""
    assert isinstance(request.body, bytes)
    return standardwebhooks.Webhook(key).verify(request.body, {name.lower(): value for name, value in request.headers})


class Answers:
    """A receiver that answers with these, one after the other, the last one again and again."""

    def __init__(self, *statuses: int) -> None:
        self._statuses = list(statuses)
        self.web = Pages({HOOK.partition("?")[0]: self._page})

    def _page(self, request: WebRequest) -> WebPage:
        del request
        status = self._statuses.pop(0) if len(self._statuses) > 1 else self._statuses[0]
        return WebPage(status=status, headers=(("location", "https://hooks.example/elsewhere"),))

    async def told(self, times: int = 1) -> list[WebRequest]:
        async def enough() -> bool:
            return len(self.web.asked) >= times

        await until(enough)
        return self.web.asked


async def counted(place: Place, outcome: str, times: int = 1) -> None:
    async def so_many() -> bool:
        return (await numbers(place)).get(("parlour_webhooks_total", "first", outcome)) == times

    await until(so_many)


@requirement("later:webhook")
@pytest.mark.parametrize("query", ["hi", "bad"])
async def test_a_receiver_is_told_what_who_polls_is_told_and_can_tell_who_says_it(build: Build, query: str) -> None:
    async with served({"/": WebPage()}) as site, guarded("127.0.0.1") as web:
        receivers = {"first": Receiver((KEY, OLD_KEY), site.at("127.0.0.1"))}
        models = rules({"match": "bad", "error": {"message": "down"}})
        place = await build(receivers=receivers, web=web, models=models)
        reply = await place.door.send(query, response_mode="async")
        await counted(place, "delivered")
        [request] = site.asked
        told = verified(request)
        assert told == verified(request, OLD_KEY) == (await asked(place, reply.json()["run_id"])).json()
        assert told["status"] == ("failed" if query == "bad" else "succeeded")
        headers = {name.lower(): value for name, value in request.headers}
        assert (headers["webhook-id"], headers["content-type"]) == (told["run_id"], "application/json")
        with pytest.raises(standardwebhooks.WebhookVerificationError):
            verified(request, secrets.token_bytes(32))


@requirement("later:webhook")
async def test_the_end_of_a_workflow_is_told_too(build: Build) -> None:
    receiver = Answers(200)
    place = await build(apps={"first": saying("hi")}, receivers=HERE, web=receiver.web)
    body: dict[str, object] = {"inputs": {}, "user": "ann", "response_mode": "async"}
    begun = (await place.door.request("POST", "/v1/workflows/run", json_body=body)).json()
    [request] = await receiver.told()
    assert verified(request) == (await asked(place, begun["run_id"])).json()
    assert verified(request)["result"]["data"]["status"] == "succeeded"


@requirement("later:webhook")
async def test_who_waits_for_the_answer_is_told_by_it_alone(build: Build) -> None:
    receiver = Answers(200)
    place = await build(receivers=HERE, web=receiver.web)
    assert (await place.door.send(webhook_url="not an address")).status == 200
    assert (await place.door.streamed()).status == 200
    run = await later(place)
    assert [verified(request)["run_id"] for request in await receiver.told()] == [run["run_id"]]


@requirement("later:webhook:where")
@pytest.mark.parametrize(
    ("hosts", "address"),
    [
        (("hooks.example",), "https://HOOKS.example/here"),
        (("*.example",), "http://hooks.example:80/here?a=b"),
        (("*",), "https://hooks.example/here"),
    ],
)
async def test_a_request_may_name_a_host_that_the_operator_lets_it(
    build: Build, hosts: tuple[str, ...], address: str
) -> None:
    web = Pages({address.partition("?")[0]: WebPage()})
    place = await build(receivers={"first": Receiver((KEY,), HOOK, hosts)}, web=web)
    await later(place, webhook_url=address)
    await counted(place, "delivered")
    assert [request.url for request in web.asked] == [address]


@requirement("later:webhook:where")
@pytest.mark.parametrize(
    "address",
    [
        "https://example/",
        "https://hooks.example.evil.example.org/",
        "https://evilhooks.example/",
        "https://hooks.example@evil.org/",
        "https://evil.org\\@hooks.example/",
        "https://evil.org#@hooks.example/",
        "ftp://hooks.example/",
        "https://hooks.example /",
        "https://hooks.example/\r\nX-A: b",
        "hooks.example",
        5,
        "https://hooks.example/" + "a" * 2000,
    ],
)
async def test_another_address_is_refused_and_nothing_begins(build: Build, address: object) -> None:
    place = await build(receivers={"first": Receiver((KEY,), "", ("hooks.example",))})
    reply = await place.door.send(response_mode="async", webhook_url=address)
    assert (reply.status, reply.json()["code"], reply.json()["params"]) == (400, "invalid_param", "webhook_url")
    assert (await place.door.get("/v1/conversations", user="ann")).json()["data"] == []


@requirement("later:webhook:where")
async def test_where_an_app_has_no_webhooks_no_address_may_be_named(build: Build) -> None:
    for receivers in ({}, {"other": Receiver((KEY,), "", ("*",))}, HERE):
        place = await build(receivers=receivers)
        reply = await place.door.send(response_mode="async", webhook_url="https://hooks.example/there")
        assert (reply.status, reply.json()["params"]) == (400, "webhook_url")


@requirement("later:webhook:where")
async def test_a_visitor_of_a_page_has_no_say_in_it(build: Build) -> None:
    receivers = {"first": Receiver((KEY,), "", ("*",))}
    place = await build(receivers=receivers, pages=PageRules(frozenset({"first"})))
    visitor = await browser(place)
    reply = await visitor.say("hi", response_mode="async", webhook_url="https://hooks.example/there")
    assert (reply.status, reply.json()["params"]) == (400, "webhook_url")


@requirement("later:webhook:where")
async def test_nothing_inside_is_told_unless_the_operator_lets_it(build: Build) -> None:
    async with served({"/": WebPage()}) as site, guarded() as web:
        place = await build(receivers={"first": Receiver((KEY,), "", ("*",))}, web=web)
        await later(place, webhook_url=site.at("127.0.0.1"))
        await counted(place, "given up")
        assert site.connections == 0


@requirement("later:webhook:again")
async def test_what_is_not_taken_comes_again_under_the_same_id(build: Build) -> None:
    receiver = Answers(500, 302, 204)
    place = await build(receivers=HERE, web=receiver.web)
    run = await later(place)
    await counted(place, "delivered")
    assert [verified(request)["run_id"] for request in await receiver.told()] == [run["run_id"]] * 3
    assert {request.url for request in receiver.web.asked} == {HOOK}, "a redirect is followed by nobody"
    assert {dict(request.headers)["webhook-id"] for request in receiver.web.asked} == {run["run_id"]}
    assert (await numbers(place))["parlour_webhooks_total", "first", "failed"] == 2


@requirement("later:webhook:again")
async def test_the_numbers_tell_of_what_is_owed(build: Build) -> None:
    place = await build(receivers=HERE, web=Answers(503).web)
    assert place.house.deliveries is not None
    place.house.deliveries.pauses = (3600.0,)
    await later(place)
    await counted(place, "failed")
    await later(place)

    async def told() -> bool:
        found = await numbers(place)
        return (found["parlour_webhooks_owed", "waiting"], found["parlour_webhooks_owed", "failing"]) == (0, 2)

    await until(told)


@requirement("later:webhook:again")
@pytest.mark.parametrize(("status", "times"), [(500, 4), (410, 1)])
async def test_in_the_end_it_is_given_up_and_the_operator_told(build: Build, status: int, times: int) -> None:
    receiver = Answers(status)
    place = await build(receivers=HERE, web=receiver.web)
    run = await later(place)
    await counted(place, "given up")
    assert len(receiver.web.asked) == times
    [said] = [entry.getMessage() for entry in place.logs if entry.levelno == logging.WARNING]
    assert run["run_id"] in said
    assert f"hooks.example: it answered {status}" in said
    assert "token" not in said, "an address may hold secrets"


@requirement("later:webhook:again")
async def test_of_a_run_that_is_deleted_nobody_is_told(build: Build) -> None:
    receiver = Answers(200)
    place = await build(receivers=HERE, web=receiver.web)
    await place.storage.webhooks.add(Webhook(NOBODY, Owner("app", "ann"), "first", HOOK, 1.0))
    await later(place)
    await counted(place, "delivered")
    await counted(place, "gone")
    assert len(receiver.web.asked) == 1


@requirement("later:webhook:once")
async def test_a_repeated_request_is_told_of_once(build: Build) -> None:
    receiver = Answers(200)
    place = await build(receivers=HERE, web=receiver.web)
    for _ in range(3):
        body = {"query": "hi", "user": "ann", "response_mode": "async"}
        await place.door.request("POST", "/v1/chat-messages", json_body=body, headers={"Idempotency-Key": "k"})
        await counted(place, "delivered")
    await later(place)
    await counted(place, "delivered", 2)
    assert len(receiver.web.asked) == 2


@requirement("later:webhook:once")
async def test_of_two_processes_one_tells_of_each_run(build: Build) -> None:
    receiver = Answers(200)
    plan: dict[str, Any] = {"receivers": HERE, "web": receiver.web, "bus": MemoryBus()}
    here = await build(**plan)
    there = await build(beside=here, **plan)
    begun = [(await later(place))["run_id"] for _ in range(10) for place in (here, there)]
    await receiver.told(20)
    await later(here)
    told = [verified(request)["run_id"] for request in await receiver.told(21)]
    assert sorted(told[:20]) == sorted(begun)
    assert len(told) == 21
